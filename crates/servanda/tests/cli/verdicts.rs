//! `new`, `status`, `why`, `duties`: commands that give verdicts.

use crate::terminal::{everything_below, servanda};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// A workspace made by `servanda new`.
fn workspace() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    servanda(folder.path(), &["new", "truce"]).ends_with(0).says(&["made truce", "servanda status"]);
    let root = folder.path().join("truce");
    (folder, root)
}

#[test]
fn a_new_workspace_runs_at_once() {
    let (folder, root) = workspace();
    servanda(&root, &["check"]).ends_with(0).says(&["no errors, no warnings"]);
    servanda(&root, &["fmt", "--check", "."]).ends_with(0);
    servanda(&root, &["test"]).ends_with(0).says(&["3 passed, 0 failed"]);
    servanda(&root, &["test", "scenarios"]).ends_with(0).says(&["3 passed, 0 failed"]);
    let ran = servanda(&root, &["status"]);
    ran.ends_with(0).says(&["EXERCISE", "violated"]);
    servanda(&root.join("records"), &["status"]).ends_with(0).says(&["EXERCISE"]);
    servanda(folder.path(), &["status", "--workspace", "truce"]).ends_with(0).says(&["EXERCISE"]);
    assert_eq!(
        everything_below(folder.path()),
        [
            "truce",
            "truce/keys",
            "truce/log",
            "truce/log/checkpoint",
            "truce/log/lock",
            "truce/log/tile",
            "truce/log/tile/0",
            "truce/log/tile/0/000.p",
            "truce/log/tile/0/000.p/13",
            "truce/log/tile/entries",
            "truce/log/tile/entries/000.p",
            "truce/log/tile/entries/000.p/13",
            "truce/log/vkey",
            "truce/maps",
            "truce/maps/reports.map.toml",
            "truce/payload",
            "truce/payload/000000.pack",
            "truce/records",
            "truce/records/reports.csv",
            "truce/river-truce.pact.md",
            "truce/scenarios",
            "truce/scenarios/river-truce.md",
            "truce/secret",
            "truce/secret/intake.key",
            "truce/secret/log.key",
            "truce/servanda.db",
            "truce/servanda.toml",
            "truce/zones",
            "truce/zones/river.geojson"
        ]
    );
}

#[test]
fn new_makes_a_whole_folder_or_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("full")).unwrap();
    fs::write(folder.path().join("full/letter.txt"), "mine").unwrap();
    servanda(folder.path(), &["new", "full"]).ends_with(2).complains(&["is not empty", "help:"]);
    servanda(folder.path(), &["new", "full/letter.txt"]).ends_with(2).complains(&["is a file"]);
    assert_eq!(everything_below(folder.path()), ["full", "full/letter.txt"]);
    fs::create_dir(folder.path().join("empty")).unwrap();
    servanda(&folder.path().join("empty"), &["new", "."]).ends_with(0);
    servanda(&folder.path().join("empty"), &["status"]).ends_with(0);
}

#[test]
fn the_first_two_lines_are_the_two_moments() {
    let (_folder, root) = workspace();
    for command in [&["status"][..], &["why", "no-fire", "North"], &["duties"]] {
        let line = [command, &["--at", "2025-03-06T12:00", "--known-at", "2025-03-05"]].concat();
        let ran = servanda(&root, &line);
        ran.ends_with(0);
        let lines: Vec<&str> = ran.out.lines().take(2).collect();
        assert!(lines[0].contains("2025-03-06 12:00") && lines[0].contains("At"), "{}", ran.out);
        assert!(lines[1].contains("2025-03-05 24:00") && lines[1].contains("known at"), "{}", ran.out);
        assert!(!ran.out.contains('\x1b'), "no colour in a pipe");
        assert_eq!(ran.err, "", "no progress in a pipe");
    }
}

#[test]
fn known_at_leaves_out_what_was_not_recorded_yet() {
    let (_folder, root) = workspace();
    // The shot of 10:00 was recorded at 18:00.
    let why = |known: &str| {
        let ran = servanda(&root, &["why", "no-fire", "North", "--at", "2025-03-06", "--known-at", known]);
        ran.ends_with(0);
        ran.out
    };
    assert!(!why("2025-03-05T17:59").contains("violated"));
    assert!(why("2025-03-05T18:00").contains("violated"));
}

#[test]
fn a_verdict_says_why() {
    let (_folder, root) = workspace();
    servanda(&root, &["why", "no-fire", "North"]).ends_with(0).says(&[
        "violated",
        "neither Party fires in the river zone",
        "S-1",
        "Article 1. No fire",
    ]);
    servanda(&root, &["why", "explain-fire", "North#1"]).ends_with(0).says(&["L-1", "2025-03-07 10:00"]);
    servanda(&root, &["why", "explain-fire", "North", "1"]).ends_with(0).says(&["L-1"]);
    servanda(&root, &["why", "explain-fire", "North#7"]).ends_with(2).complains(&["no instance 7"]);
    servanda(&root, &["why", "explain-fire", "North", "x"])
        .ends_with(2)
        .complains(&["`x` is no number", "BEARER#2"]);
    servanda(&root, &["why", "no-fier"])
        .ends_with(2)
        .complains(&["no norm `no-fier`", "did you mean `no-fire`?"]);
    servanda(&root, &["why", "elephants"]).ends_with(2).complains(&["declare-guns", "no-fire"]);
    servanda(&root, &["why", "no-fire", "Nroth"]).ends_with(2).complains(&["did you mean `North`?"]);
}

#[test]
fn duties_are_listed_by_party_and_day() {
    let (_folder, root) = workspace();
    let at = ["--at", "2025-03-05"];
    let line = |more: &[&'static str]| [&["duties"][..], &at, more].concat();
    servanda(&root, &line(&[])).ends_with(0).says(&["2025-03-11 24:00", "North", "South"]);
    let ran = servanda(&root, &line(&["--party", "South"]));
    ran.ends_with(0).says(&["South"]);
    assert!(!ran.out.contains("explain"), "the letter is North's: {}", ran.out);
    let ran = servanda(&root, &line(&["--until", "2025-03-08"]));
    ran.ends_with(0).says(&["2025-03-07 10:00"]);
    assert!(!ran.out.contains("2025-03-11"), "{}", ran.out);
    servanda(&root, &line(&["--format", "ics"])).ends_with(0).says(&[
        "BEGIN:VCALENDAR\r\n",
        "EXERCISE",
        "DTSTART",
    ]);
    servanda(&root, &line(&["--format", "json"]))
        .ends_with(0)
        .says(&["\"servanda\": \"duties/1\"", "\"exercise\": true"]);
    servanda(&root, &line(&["--party", "Souht"]))
        .ends_with(2)
        .complains(&["`Souht`", "did you mean `South`?"]);
    servanda(&root, &line(&["--until", "soon"])).ends_with(2).complains(&["--until soon", "help:"]);
}

#[test]
fn documents_for_programs_are_whole_and_the_same_every_time() {
    let (_folder, root) = workspace();
    let at = ["--known-at", "2026-01-01", "--format", "json"];
    for (command, kind) in [(&["status"][..], "board/1"), (&["why", "no-fire"], "card/1")] {
        let line = [command, &at].concat();
        let (one, two) = (servanda(&root, &line), servanda(&root, &line));
        one.ends_with(0).says(&[&format!("\"servanda\": \"{kind}\""), "\"exercise\": true"]);
        assert_eq!(one.out, two.out);
    }
}

#[test]
fn the_exit_code_says_no_only_where_that_was_asked() {
    let (_folder, root) = workspace();
    servanda(&root, &["status"]).ends_with(0);
    servanda(&root, &["status", "--fail-on", "violated"]).ends_with(1);
    servanda(&root, &["status", "--fail-on"]).ends_with(1);
    servanda(&root, &["status", "--fail-on", "depends-on-reading"]).ends_with(0);
    servanda(&root, &["why", "no-fire", "North", "--fail-on", "violated"]).ends_with(1);
    servanda(&root, &["status", "--fail-on", "rain"]).ends_with(2);
}

#[test]
fn questions_that_make_no_sense_are_refused() {
    let (_folder, root) = workspace();
    for (line, words) in [
        (&["--at", "2025-02-30"][..], "2025-02-30"),
        (&["--at", "yesterday"], "--at yesterday"),
        (&["--known-at", "2025-13-01"], "2025-13-01"),
        (&["--reading", "level"], "NAME=OPTION"),
        (&["--reading", "level=floor"], "no reading `level`"),
        (&["--agreement", "gone.pact.md"], "cannot read `gone.pact.md`"),
        (&["--records", "gone.jsonl"], "cannot read `gone.jsonl`"),
        (&["--workspace", "gone"], "no servanda.toml"),
    ] {
        servanda(&root, &[&["status"][..], line].concat()).ends_with(2).complains(&[words, "help:"]);
    }
    let error = servanda(&root, &["status", "--format", "pdf"]);
    error.ends_with(2).complains(&["human", "json"]);
}

#[test]
fn an_agreement_with_errors_gives_no_verdicts() {
    let (_folder, root) = workspace();
    let path = root.join("river-truce.pact.md");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("bearer      each of parties", "bearer      each of partys")).unwrap();
    servanda(&root, &["status"]).ends_with(2).complains(&[
        "river-truce.pact.md:",
        "did you mean",
        "gives no verdicts",
    ]);
}

#[test]
fn broken_settings_and_databases_are_named() {
    let (_folder, root) = workspace();
    let settings = fs::read_to_string(root.join("servanda.toml")).unwrap();
    fs::write(root.join("servanda.toml"), settings.replace("[readings]", "[readngs]")).unwrap();
    servanda(&root, &["status"]).ends_with(2).complains(&["servanda.toml", "line 9", "readngs"]);
    fs::write(root.join("servanda.toml"), settings.replace("[readings]", "[readings]\nlevel = \"floor\""))
        .unwrap();
    servanda(&root, &["status"]).ends_with(2).complains(&["no reading `level`", "servanda.toml"]);
    fs::write(root.join("servanda.toml"), &settings).unwrap();
    fs::write(root.join("servanda.db"), "x".repeat(9000)).unwrap();
    servanda(&root, &["status"]).ends_with(2).complains(&["servanda.db", "damaged", "help:"]);
}

#[test]
fn loose_files_need_no_workspace() {
    let (folder, root) = workspace();
    let line = [
        "status",
        "--agreement",
        "truce/river-truce.pact.md",
        "--map",
        "truce/maps/reports.map.toml",
        "--at",
        "2025-04-20",
        "--records",
        "truce/records/reports.csv",
    ];
    let loose = servanda(folder.path(), &line);
    loose.ends_with(0).says(&["violated"]);
    let inside = servanda(&root, &["status", "--at", "2025-04-20"]);
    let after = |text: &str| text.lines().skip(2).map(|l| format!("{l}\n")).collect::<String>();
    assert_eq!(after(&loose.out), after(&inside.out), "the same records, the same board");
    servanda(folder.path(), &["status", "--agreement", "truce/river-truce.pact.md"]).ends_with(0);
    assert!(!folder.path().join("servanda.db").exists());
}
