//! `links`: the guide's example, word for word; nothing counts before it is accepted, and what is taken back counts no more.

use crate::record::{ask, serve, shows};
use crate::terminal::servanda;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The block of the guide that holds records.
fn example() -> String {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/corroboration.md");
    let guide = fs::read_to_string(guide).unwrap();
    let block = guide.split("```json\n").nth(1).unwrap();
    block.split("```").next().unwrap().to_string()
}

fn workspace() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    servanda(folder.path(), &["new", "truce"]).ends_with(0);
    let root = folder.path().join("truce");
    servanda(&root, &["import", "csv", "records/reports.csv", "--map", "reports"]).ends_with(0);
    fs::write(root.join("more.jsonl"), example()).unwrap();
    servanda(&root, &["import", "jsonl", "more.jsonl"]).ends_with(0).says(&["3 records made"]);
    (folder, root)
}

/// The word of the output that begins so.
fn word(text: &str, begins: &str) -> String {
    let is = |word: &&str| word.starts_with(begins);
    let found = text.split_whitespace().find(is).unwrap_or_else(|| panic!("no {begins} in\n{text}"));
    found.to_string()
}

/// The proposal that holds the example's records.
fn proposal(root: &Path) -> String {
    let listed = servanda(root, &["links", "propose"]);
    listed.ends_with(0);
    let block = listed
        .out
        .split("\n\n")
        .find(|block| block.contains("n1  "))
        .unwrap_or_else(|| panic!("{}", listed.out));
    assert!(block.contains("3 reports") && block.contains("n2  ") && block.contains("n3  "), "{block}");
    word(block, "p-")
}

#[test]
fn the_guide_s_example_runs() {
    let (_folder, root) = workspace();
    let proposal = proposal(&root);
    let short = &proposal[..8];
    servanda(&root, &["links", "show", short]).ends_with(0).says(&[
        "2 sources that are independent",
        "`Morning Post` repeats `Reuters`: 100 % of one text is the other's",
        "before anything is compared",
        "the stated times overlap",
        "(no grade)",
    ]);
    let shown = servanda(&root, &["links", "show"]);
    shown.ends_with(0);
    let line =
        |text: &str| text.lines().find(|l| l.trim_start().starts_with("shot:")).unwrap().trim().to_string();
    let before = line(&shown.out);
    let number = |line: &str, at: usize| line.split_whitespace().nth(at).unwrap().parse::<usize>().unwrap();
    assert!(number(&before, 1) >= number(&before, 3) + 2, "{before}");

    let ruled = servanda(&root, &["links", "accept", short, "--by", "desk officer", "--why", "one market"]);
    ruled.ends_with(0).says(&["one event: n1, n2, n3", "3 records have now another event"]);
    let ruling = word(&ruled.out, "ruling-");
    let after = servanda(&root, &["links", "show"]);
    after.says(&[&ruling, "desk officer: one market"]);
    assert_eq!(number(&line(&after.out), 1), number(&before, 1) - 2, "{}", after.out);
    assert!(!servanda(&root, &["links", "propose"]).out.contains("n1  "));

    // The incident says why its reports are one, and to what the ruling had been proposed.
    let incident = servanda(&root, &["incident", "n2"]);
    incident.ends_with(0).says(&[
        "Why these reports are one incident",
        &ruling,
        "desk officer: one market",
        "one event: n1, n2, n3",
        "proposed at +",
        "by the weights shipped",
        "How they compare",
        "before anything is compared",
        "the stated times overlap",
    ]);
    let document = servanda(&root, &["incident", "n2", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&document.out).unwrap();
    let joined = &document["joined"];
    assert_eq!(
        (&joined["rulings"][0]["ruling"], &joined["rulings"][0]["by"]),
        (&ruling.as_str().into(), &"desk officer".into())
    );
    assert_eq!(joined["cards"].as_array().unwrap().len(), 3, "{joined}");
    // One that stands alone has nothing to say about that, and before the ruling neither had this one.
    let alone = servanda(&root, &["incident", "S-1"]);
    assert!(!alone.out.contains("Why these reports"), "{}", alone.out);
    let before_it = servanda(&root, &["incident", "n2", "--known-at", "2025-04-13"]);
    assert!(!before_it.out.contains("Why these reports"), "{}", before_it.out);

    // What is held apart contradicts what was accepted.
    let clash = servanda(&root, &["links", "reject", "n1", "n3", "--by", "reviewer"]);
    clash.ends_with(2);
    assert!(clash.err.contains("nothing was entered") && clash.err.contains("undo"), "{}", clash.err);
    servanda(&root, &["links", "fit", "--dry-run"])
        .ends_with(0)
        .says(&["3 ruled pairs", "Nothing was written"]);
    servanda(&root, &["links", "measure"])
        .ends_with(0)
        .says(&["3 ruled pairs: 3 of one event, 0 not", "of 3"]);

    servanda(&root, &["links", "undo", &ruling[..12], "--by", "desk officer"])
        .ends_with(0)
        .says(&["taken back"]);
    assert_eq!(line(&servanda(&root, &["links", "show"]).out), before);
    // Both are entries of the log, and stay: the database is made of it again and is the same.
    servanda(&root, &["rebuild", "--check"]).ends_with(0);
    servanda(&root, &["links", "reject", &self::proposal(&root), "--only", "n3", "--by", "reviewer"])
        .ends_with(0);
    let listed = servanda(&root, &["links", "propose"]).out;
    let block = listed.split("\n\n").find(|block| block.contains("n1  ")).unwrap();
    assert!(!block.contains("n3  "), "{block}");

    servanda(&root, &["links", "fit"]).ends_with(0).says(&["2 ruled pairs: 0 of one event, 2 not"]);
    servanda(&root, &["links", "propose"]).ends_with(0).says(&["weights fitted-"]);
}

#[test]
fn mistakes_are_named_and_change_nothing() {
    let (_folder, root) = workspace();
    for (arguments, words) in [
        (&["links", "accept", "n1", "gone", "--by", "x"][..], "there is no record `gone`"),
        (&["links", "accept", "n1", "n1", "--by", "x"], "two different records"),
        (&["links", "accept", "p-zzz", "--by", "x"], "there is no proposal `p-zzz`"),
        (&["links", "accept", "n1", "n2", "--by", " "], "needs who made it"),
        (&["links", "accept", "n1", "n2"], "--by"),
        (&["links", "reject", "n1", "n2", "--only", "n3", "--by", "x"], "`n3` is none of the records"),
        (&["links", "undo", "ruling-1", "--by", "x"], "no ruling `ruling-1` stands"),
        (&["links", "fit"], "nothing to learn from"),
        (&["links", "measure"], "nothing to measure on"),
        (&["links", "propose", "--weights", "more.jsonl"], "more.jsonl"),
    ] {
        let ran = servanda(&root, arguments);
        ran.ends_with(2);
        assert!(ran.err.contains(words), "{arguments:?} gave {}", ran.err);
    }
    assert!(!servanda(&root, &["links", "show"]).out.contains("ruling-"), "nothing was ruled");
}

#[test]
fn labels_measure_the_weights() {
    let (_folder, root) = workspace();
    fs::write(root.join("labels.csv"), "record,event,group\nn1,a,w\nn2,a,w\nn3,b,w\n").unwrap();
    servanda(&root, &["links", "measure", "--labels", "labels.csv"])
        .ends_with(0)
        .says(&["3 reports with a label", "pair F1"]);
    fs::write(root.join("labels.csv"), "record,event\nn1,a\n").unwrap();
    let ran = servanda(&root, &["links", "measure", "--labels", "labels.csv"]);
    ran.ends_with(2);
    assert!(ran.err.contains("no column `group`"), "{}", ran.err);
}

#[test]
fn a_ruling_shows_on_the_page_while_it_is_served_and_so_does_what_takes_it_back() {
    let here = tempfile::tempdir().unwrap();
    servanda(here.path(), &["new", "w"]).ends_with(0);
    // A case that does not stand still.
    let root = here.path().join("w");
    let settings = root.join("servanda.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("\nat = ", "\n# at = ")).unwrap();
    let import = |name: &str, lines: &str, words: &str| {
        fs::write(root.join(name), lines).unwrap();
        servanda(&root, &["import", "jsonl", name]).ends_with(0).says(&[words]);
    };
    import("more.jsonl", &example().replace("\"shot\"", "\"fire\""), "3 records made");
    let serving = serve(here.path(), &[]);
    // Two incidents are there from the beginning.
    let list = "/api/incidents";
    let counts = |n: usize| format!("\"in_all\":{n},");
    let told = |n: usize| {
        assert!(
            shows(&serving, list, &counts(n)),
            "{n}: {}",
            ask(&serving, "GET /api/incidents HTTP/1.1", b"")
        )
    };
    told(5);
    let ruled = servanda(&root, &["links", "accept", "n1", "n2", "n3", "--by", "desk officer"]);
    ruled.ends_with(0);
    told(3);
    // What corrects a report of it belongs to it, and what has nothing to do with it does not.
    let lines = example();
    let line = |from: &str, to: &str| {
        let line = lines.lines().find(|line| line.contains(&format!("\"{from}\""))).unwrap();
        line.replace("\"shot\"", "\"fire\"")
            .replace(&format!("\"id\":\"{from}\""), &format!("\"id\":\"{to}\""))
    };
    let corrected = line("n3", "n3b").replacen("{", "{\"supersedes\":\"n3\",", 1);
    import("late.jsonl", &format!("{corrected}\n{}\n", line("n2", "n9")), "2 records made");
    assert!(shows(&serving, list, "n9"));
    told(4);
    let ruling = word(&ruled.out, "ruling-");
    servanda(&root, &["links", "undo", &ruling[..12], "--by", "desk officer"]).ends_with(0);
    told(6);
}
