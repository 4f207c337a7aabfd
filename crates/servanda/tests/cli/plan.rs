//! `plan`: what the guide shows runs, each form says what it is, and bad input is refused with what to do.

use crate::terminal::{self, Ran};
use servanda_plan::Language;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Runs `servanda`; of a plan that was made it hears, in whatever form it was asked for, that each of its sentences has its Ukrainian.
#[track_caller]
fn servanda(folder: &Path, line: &[&str]) -> Ran {
    let ran = terminal::servanda(folder, line);
    let has = |word: &str| line.contains(&word);
    if ran.code < 2 && !has("uk") {
        let mut said = Vec::new();
        if has("json") {
            said = of_json(&ran.out);
        } else {
            let mut before = "the head";
            for text in ran.out.lines() {
                let of = text.trim_start_matches("# ");
                let sentence = ["PLANNED: ", "SIMULATED: ", "planned: ", "simulated: ", "assumed: ", "gap: "]
                    .into_iter()
                    .find_map(|head| of.strip_prefix(head));
                // A title stands after an empty line, with the name of its table behind it.
                let title = of.rsplit_once(" (").map(|(title, _)| title).filter(|_| before.is_empty());
                said.extend(sentence.or(title).map(String::from));
                before = text;
            }
        }
        let missing: BTreeSet<&String> =
            said.iter().filter(|text| Language::Ukrainian.said(text).is_none()).collect();
        assert!(!said.is_empty(), "nothing was heard of {line:?}: {}", ran.out);
        assert!(missing.is_empty(), "no Ukrainian for {missing:#?} of {line:?}");
    }
    ran
}

/// All that the planner words in an answer, cells too. Names stand in some columns among the planner's own words.
fn of_json(out: &str) -> Vec<String> {
    let answer: serde_json::Value = serde_json::from_str(out).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_string();
    let mut said = Vec::new();
    for list in ["assumptions", "gaps"] {
        said.extend(answer[list].as_array().unwrap().iter().map(text));
    }
    for (name, table) in answer["tables"].as_object().unwrap() {
        said.push(text(&table["title"]));
        for (column, cell) in
            table["rows"].as_array().unwrap().iter().flat_map(|row| row.as_object().unwrap())
        {
            let names = [
                "scenario",
                "milestone",
                "category",
                "unit",
                "different",
                "what",
                "base_what",
                "year",
                "price_basis",
            ];
            let Some(words) = cell.as_str().filter(|_| !names.contains(&column.as_str())) else { continue };
            if Language::has_words(name, column) && !words.is_empty() {
                said.push(words.to_string());
            }
        }
    }
    said
}

/// A fenced block of the guide.
fn of_guide(language: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/planning.md");
    let guide = fs::read_to_string(path).unwrap();
    let (_, rest) = guide.split_once(&format!("```{language}\n")).expect("the guide shows it");
    rest.split_once("```").unwrap().0.to_string()
}

#[test]
fn the_guides_ledger_runs() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("ours.csv"), of_guide("csv")).unwrap();
    let ask = ["plan", "support", "--entries", "ours.csv", "--at", "2026-09-30"];
    servanda(here.path(), &ask).ends_with(0).says(&[
        "PLANNED: nothing is drawn by chance",
        "source: ours.csv, 4 entries",
        "Union      fund       EUR m         –        500",
        "p1  Freedonia  howitzers  2026-06-30       12     4  pieces     –         92  confirmed",
    ]);
    servanda(here.path(), &[&ask[..], &["--format", "json"]].concat()).ends_with(0);
    let csv = [&ask[..], &["--format", "csv", "--table", "late"]].concat();
    servanda(here.path(), &csv)
        .ends_with(0)
        .says(&["# planned: ", "p1,Freedonia,howitzers,2026-06-30,12,4,pieces,,92,confirmed,planned"]);
    let table = [&ask[..], &["--format", "csv", "--table", "soon"]].concat();
    servanda(here.path(), &table).ends_with(2).complains(&["no table `soon`", "stages, waiting, late"]);
    servanda(here.path(), &["plan", "support", "--entries", "ours.csv", "--stage", "sent"])
        .ends_with(2)
        .complains(&["`sent` is no stage", "operational"]);
    servanda(here.path(), &["plan", "support", "--entries", "ours.csv", "--partner", "Sylvania"])
        .ends_with(2)
        .complains(&["`Sylvania` has no entry", "Freedonia; Union"]);
    servanda(here.path(), &["plan", "support"]).ends_with(2).complains(&["--entries"]);
    servanda(here.path(), &["plan", "support", "--kiel", "nowhere"])
        .ends_with(2)
        .complains(&["data_explorer.csv", "there is no such file"]);
}

#[test]
fn the_guides_force_runs_and_its_seed_decides() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("force.toml"), with_words("[[category]]")).unwrap();
    let ask = ["plan", "forces", "force.toml", "--futures", "200"];
    servanda(here.path(), &ask).ends_with(0).says(&[
        "SIMULATED: drawn by chance from stated ranges, seed 1",
        "assumed: 200 futures of 48 months from 2026-01",
        "800,000 serving",
        "gap: ranges are as stated in the plan",
    ]);
    let json = |more: &[&str]| {
        let line = [&ask[..], &["--format", "json"], more].concat();
        let run = servanda(here.path(), &line);
        run.ends_with(0);
        run.out.clone()
    };
    assert_eq!(json(&["--threads", "1"]), json(&["--threads", "5"]));
    assert_ne!(json(&[]), json(&["--seed", "2"]));
    fs::write(here.path().join("broken.toml"), with_words("[[category]]").replace("recover =", "recovr ="))
        .unwrap();
    servanda(here.path(), &["plan", "forces", "broken.toml"]).ends_with(2).complains(&[
        "`broken.toml`, line ",
        "unknown field `recovr`",
        "docs/guides/planning.md",
    ]);
    servanda(here.path(), &["plan", "forces", "force.toml", "--futures", "0"]).ends_with(2);
}

#[test]
fn the_burden_of_the_real_tables() {
    let here = tempfile::tempdir().unwrap();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let (kiel, economy) = (format!("{data}/support/kiel-release-29"), format!("{data}/economy"));
    assert!(
        fs::exists(&kiel).unwrap(),
        "{kiel} is missing. The real data belongs beside the repository in ../shared/data"
    );
    let ask = |more: &[&str]| servanda(here.path(), &[&["plan", "burden", "--kiel", &kiel], more].concat());
    ask(&["--without", "United States"]).ends_with(0).says(&[
        "3513 of 3515 sums agree with the source's own",
        "gap: no GDP for EU (Commission and Council)",
        "  United States  115.380650       32.19",
    ]);
    ask(&["--without", "United States", "--format", "json"]).ends_with(0);
    ask(&["--economy", &economy, "--gdp", "economy"])
        .ends_with(0)
        .says(&["gap: no rate from USD to EUR: 2022, 2023"]);
    ask(&[
        "--economy",
        &economy,
        "--rule",
        "population",
        "--eu",
        "members",
        "--format",
        "csv",
        "--table",
        "fairness",
    ])
    .ends_with(0)
    .says(&["# assumed: rule: each by its share of all partners' population"]);
    ask(&["--rule", "population"]).ends_with(2).complains(&["--rule population needs", "--economy DIR"]);
    ask(&["--without", "Atlantis"]).ends_with(2).complains(&["`Atlantis` is not known"]);
    ask(&["--need", "2027", "--prices-of", "2025"]).ends_with(2).complains(&["--need `2027` cannot be read"]);
    // 60 at prices of 2025 are 62.424 two years later at 2 percent, and two partners carry all of it.
    let two =
        ["--among", "Germany", "--among", "France", "--inflation", "2", "--format", "csv", "--table", "need"];
    let run = ask(&[&["--need", "2027=60", "--prices-of", "2025"][..], &two].concat());
    run.ends_with(0).says(&["# assumed: only among: France, Germany"]);
    let costs = run.out.lines().filter(|l| l.ends_with(",planned")).map(|l| l.split(',').nth(2).unwrap());
    let sum: f64 = costs.map(|cost| cost.parse::<f64>().unwrap()).sum();
    assert!((sum - 62.424).abs() < 0.00001, "{sum}");
    let two_ways = ["--need", "2027=60", "--prices-of", "2025", "--scenario", "dear=0.5/6"];
    ask(&[&two_ways[..], &two].concat()).ends_with(0).says(&[
        "need, scenario `dear`: at prices of 2025, prices rise by 6 percent a year",
        ",dear,planned",
    ]);
    ask(&["--need", "2027=60", "--prices-of", "2025", "--scenario", "dear=6"])
        .ends_with(2)
        .complains(&["--scenario `dear=6` cannot be read", "`dear=0.5/6`"]);
    ask(&["--html", "burden.html"]).ends_with(0);
    let page = fs::read_to_string(here.path().join("burden.html")).unwrap();
    assert!(page.contains("PLANNED: ") && page.contains("<svg") && page.contains("Gaps"));
}

/// The fenced block of the guide in which some words stand.
fn with_words(words: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guides/planning.md");
    let guide = fs::read_to_string(path).unwrap();
    let mut blocks =
        guide.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0.to_string()));
    blocks.find(|block| block.contains(words)).expect("the guide shows it")
}

#[test]
fn the_guides_deliveries_run() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("deliveries.toml"), with_words("[[item]]")).unwrap();
    let ask = ["plan", "deliveries", "deliveries.toml"];
    servanda(here.path(), &ask).ends_with(0).says(&[
        "PLANNED: nothing is drawn by chance",
        "24 howitzers that operate  howitzers",
        "howitzers  deliveries",
        "howitzers  training places",
    ]);
    servanda(here.path(), &[&ask[..], &["--format", "json"]].concat()).ends_with(0);
    servanda(here.path(), &[&ask[..], &["--lang", "uk"]].concat()).ends_with(0).says(&[
        "ЗАПЛАНОВАНО: нічого не розіграно випадково",
        "припущення: що заплановано на місяць",
        "рубіж  ",
        "howitzers  навчальні місця",
    ]);
    servanda(here.path(), &[&ask[..], &["--lang", "xx"]].concat())
        .ends_with(2)
        .complains(&["no words for the language `xx`", "--lang en or uk"]);
    let csv = [&ask[..], &["--format", "csv", "--table", "arrivals"]].concat();
    servanda(here.path(), &csv).ends_with(0).says(&["2027-04,howitzers,Freedonia,18,planned"]);
    let page = [&ask[..], &["--html", "page.html"]].concat();
    servanda(here.path(), &page).ends_with(0);
    let page = fs::read_to_string(here.path().join("page.html")).unwrap();
    assert!(page.contains("howitzers: operating (solid) and fit (dashed)"));
}

#[test]
fn the_guides_rotations_run_and_the_engine_is_asked() {
    let here = tempfile::tempdir().unwrap();
    let text = with_words("[[contingent]]");
    fs::write(here.path().join("rotations.toml"), &text).unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/berlin-framework");
    let agreement = format!("{folder}/berlin-framework.pact.md");
    let ratified: String = ["United-Kingdom", "Poland", "Germany", "France", "United-States"]
        .map(|party| {
            format!(
                "{{\"v\":1,\"id\":\"{party}\",\"fact\":\"ratification\",\"when\":\"2026-01-20T10:00:00Z\",\
                 \"recorded\":\"2026-01-20T12:00:00Z\",\"roles\":{{\"by\":\"{party}\"}},\"grade\":\"confirmed\"}}\n"
            )
        })
        .concat();
    fs::write(here.path().join("ours.jsonl"), ratified).unwrap();
    let ask = ["plan", "rotations", "rotations.toml", "--gap", "10", "--seconds", "20"];
    let more =
        ["--ask", "--agreement", &agreement, "--records", "ours.jsonl", "--html", "page.html", "--all"];
    let run = servanda(here.path(), &[&ask[..], &more].concat());
    run.ends_with(0).says(&[
        "PLANNED: nothing is drawn by chance",
        "findings of that check",
        "rotational force",
        "planned, and no verdict about what happened",
        "european-presence",
    ]);
    let page = fs::read_to_string(here.path().join("page.html")).unwrap();
    assert!(page.contains("rotational force: there (solid) and agreed (dashed)"));
    // Nothing of it is known without being asked for.
    servanda(here.path(), &[&ask[..], &["--ask"]].concat()).ends_with(2).complains(&["workspace"]);

    // Half of Poland's contingents: which clauses conflict, and what would do.
    let few = text.replace("there-are = 9", "there-are = 2").replace("there-are = 6", "there-are = 3");
    fs::write(here.path().join("few.toml"), few).unwrap();
    servanda(here.path(), &["plan", "rotations", "few.toml", "--seconds", "20"]).ends_with(1).says(&[
        "impossible, because these conflict: `rotational force`, at-least",
        "how many contingents there are",
    ]);
    let few = ["plan", "rotations", "few.toml", "--seconds", "20"];
    servanda(here.path(), &[&few[..], &["--lang", "uk", "--html", "uk.html"]].concat()).ends_with(1).says(&[
        "бракує: неможливо, бо суперечать одна одній такі умови: `rotational force`, нижня межа (at-least)",
        "вистачило б at-least = ",
    ]);
    let page = fs::read_to_string(here.path().join("uk.html")).unwrap();
    assert!(page.contains("<html lang=\"uk\">") && page.contains("<h1>План: ротації</h1>"));
    for english in ["lang=\"en\"", "would do", "proved", "clauses", "not decided"] {
        assert!(!page.contains(english), "{english}: {page}");
    }
    servanda(here.path(), &["plan", "rotations", "rotations.toml", "--gap", "101"])
        .ends_with(2)
        .complains(&["--gap 101 is no gap"]);
}

#[test]
fn a_watch_without_enough_history_is_refused() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("i.csv"), "date,region\n2027-01-04,North\n2027-03-04,North\n").unwrap();
    let ask = ["plan", "watch", "--incidents", "i.csv"];
    servanda(here.path(), &ask).ends_with(2).complains(&["the history has 9 weeks", "at least 156 weeks"]);
    let bad = [&ask[..], &["--threshold", "aggression=20"]].concat();
    servanda(here.path(), &bad).ends_with(2).complains(&["`aggression=20` is no threshold", "7 or 28 days"]);
}

#[test]
fn the_guides_scenario_stands_beside_the_base() {
    let here = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(here.path().join(name), text).unwrap();
    write("force.toml", &with_words("[[category]]"));
    write("deliveries.toml", &with_words("[[item]]"));
    write("talks.toml", &with_words("[[change]]"));
    write("same.toml", "name = \"nothing\"\n");
    let ask = [
        "plan",
        "compare",
        "talks.toml",
        "same.toml",
        "--forces",
        "force.toml",
        "--deliveries",
        "deliveries.toml",
        "--futures",
        "60",
    ];
    servanda(here.path(), &ask).ends_with(0).says(&[
        "SIMULATED: drawn by chance from stated ranges, seed 1",
        "assumed: one seed for base and scenarios",
        "Freedonia is no longer there from 2027-09 on",
        "forces, category (name = \"soldiers\"): losses × 0.8, places × 1.2",
        "nothing is different",
        "at least 800000 by 2029-06",
        "at least 20 by 2027-12",
    ]);
    let form = |more: &[&str]| {
        let run = servanda(here.path(), &[&ask[..], more].concat());
        run.ends_with(0);
        run.out.clone()
    };
    assert_eq!(form(&["--format", "json"]), form(&["--format", "json", "--threads", "3"]));
    let chances = form(&["--format", "csv", "--table", "chances"]);
    let same: Vec<Vec<&str>> = chances
        .lines()
        .filter(|line| line.contains(",nothing,"))
        .map(|line| line.rsplit(',').collect())
        .collect();
    assert_eq!(same.len(), 2);
    assert!(same.iter().all(|row| row[0] == "simulated" && row[5] == "0.0"), "{chances}");
    form(&["--save", "compared", "--html", "page.html"]);
    let saved = |name: &str| fs::read_to_string(here.path().join("compared").join(name)).unwrap();
    assert_eq!(saved("compare.html"), fs::read_to_string(here.path().join("page.html")).unwrap());
    assert_eq!(saved("chances.csv"), chances);
    assert!(
        saved("chances-1.svg").starts_with("<svg xmlns")
            && saved("chances-1.svg").contains("simulated, seed 1")
    );
    assert!(
        saved("due.ics").contains("SUMMARY:Freedonia leaves\\, more places: 800\\,000 serving (simulated)")
    );
    assert!(!here.path().join("compared/planned.jsonl").exists(), "no schedule was asked about");

    for (scenario, words) in [
        (
            "name = \"a\"\n[[leaves]]\npartner = \"Atlantis\"\nfrom = \"2027-09\"\n",
            &["`Atlantis` is in none of the plans", "Freedonia; Sylvania"][..],
        ),
        (
            "name = \"a\"\n[[change]]\nplan = \"rotations\"\nto = { overlap-days = 5 }\n",
            &["`bad.toml`, change 1", "--rotations FILE.toml"],
        ),
        (
            "name = \"a\"\n[[change]]\nplan = \"forces\"\nlist = \"category\"\nwhere = { name = \"soldiers\" }\ntimes = { fails = 50 }\n",
            &["`bad.toml`, change 1 of `force.toml`", "is no share"],
        ),
        ("name = \"nothing\"\n", &["two scenarios have the name `nothing`"]),
    ] {
        write("bad.toml", scenario);
        servanda(here.path(), &[&["plan", "compare", "bad.toml"], &ask[3..]].concat())
            .ends_with(2)
            .complains(words);
    }
    servanda(here.path(), &["plan", "compare", "talks.toml"]).ends_with(2).complains(&["--forces"]);
    servanda(here.path(), &["plan", "compare", "--forces", "force.toml"])
        .ends_with(2)
        .complains(&["SCENARIO.toml"]);
}

/// Two partners that hold a post for two years; one of them is told in the second that it may go.
const POST: &str = r#"
from = "2026-05"
months = 24
decided = "2026-01-06"
currency = "EUR m"
[[presence]]
name = "post"
regions = ["western-oblasts"]
at-least = 500
[[contingent]]
partner = "France"
persons = 500
there-are = 3
tour-months = 6
recovery-months = 6
training-months = 0
notice-days = 30
cost-month = 2
cost-move = 1
[[contingent]]
partner = "Poland"
persons = 500
there-are = 3
tour-months = 6
recovery-months = 6
training-months = 0
notice-days = 30
cost-month = 3
cost-move = 1
[records]
measure = "troops-present"
of = "of"
with = { role = "rotation" }
"#;

#[test]
fn a_partner_drops_out_and_the_engine_is_asked_of_both() {
    let here = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(here.path().join(name), text).unwrap();
    write("post.toml", POST);
    write(
        "leaves.toml",
        "name = \"France leaves\"\n[[leaves]]\npartner = \"France\"\nfrom = \"2027-05\"\ndecided = \"2027-01-10\"\n",
    );
    write(
        "dear.toml",
        "name = \"dear\"\n[[change]]\nplan = \"rotations\"\nlist = \"contingent\"\ntimes = { cost-month = 1.5 }\n",
    );
    write(
        "none.toml",
        "name = \"all leave\"\n[[leaves]]\npartner = \"France\"\nfrom = \"2026-05\"\n[[leaves]]\npartner = \"Poland\"\nfrom = \"2026-05\"\n",
    );
    let agreement =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/berlin-framework/berlin-framework.pact.md");
    let ratified: String = ["United-Kingdom", "Poland", "Germany", "France", "United-States"]
        .map(|party| {
            format!(
                "{{\"v\":1,\"id\":\"{party}\",\"fact\":\"ratification\",\"when\":\"2026-01-20T10:00:00Z\",\
                 \"recorded\":\"2026-01-20T12:00:00Z\",\"roles\":{{\"by\":\"{party}\"}},\"grade\":\"confirmed\"}}\n"
            )
        })
        .concat();
    write("ours.jsonl", &ratified);
    let base = [
        "plan",
        "compare",
        "--rotations",
        "post.toml",
        "leaves.toml",
        "dear.toml",
        "none.toml",
        "--gap",
        "0",
    ];
    let ask = [&base[..], &["--ask", "--agreement", agreement, "--records", "ours.jsonl", "--save", "out"]]
        .concat();
    servanda(here.path(), &ask).ends_with(0).says(&[
        "PLANNED: nothing is drawn by chance",
        "source: `France leaves` changes the base's schedule",
        "planned, and no verdict about what happened",
    ]);
    servanda(here.path(), &[&base[..], &["--format", "json"]].concat()).ends_with(0);
    let saved = |name: &str| fs::read_to_string(here.path().join("out").join(name)).unwrap();
    // Four tours of six months: 4 × (1 + 12). France's two of the second year are Poland's then: 2 × 6 more, two gone and two new.
    let schedules = saved("schedules.csv");
    let row = |name: &str| {
        let line = schedules.lines().find(|line| line.starts_with(name)).unwrap();
        line.split(',').map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(row("France leaves")[1..4], ["52.00", "64.00", "12.00"]);
    assert_eq!(row("France leaves")[9..11], ["4", "0"]);
    assert_eq!(row("dear")[1..4], ["52.00", "76.00", "24.00"]);
    assert_eq!(row("all leave")[1..4], ["52.00", "", ""]);
    assert!(saved("conflict.csv").contains("all leave,\"`post`, at-least\""), "{}", saved("conflict.csv"));
    assert!(
        saved("partners.csv")
            .contains("rotations,France,EUR m,France leaves,52.00,26.00,-26.00,-50.0,planned")
    );
    assert!(saved("partners.csv").contains("rotations,Poland,EUR m,France leaves,0.00,38.00,38.00,,planned"));
    let verdicts = saved("verdicts.csv");
    assert!(
        verdicts
            .lines()
            .any(|line| line.starts_with("european-presence,") && line.contains(",France leaves,"))
    );
    assert!(
        verdicts.lines().any(|line| line.contains(",all leave,") && line.ends_with(",not asked,planned")),
        "{verdicts}"
    );
    let planned = saved("planned.jsonl");
    for world in ["post.toml, base", "post.toml, France leaves", "post.toml, dear"] {
        assert!(planned.contains(&format!("\"source\":\"{world}\"")), "{world}");
    }
    assert!(planned.lines().all(|line| line.contains("\"basis\":\"planned\"")));
    assert!(saved("due.ics").contains("tell Poland by today (planned)"));
}

#[test]
fn a_burden_is_compared_by_the_options_of_its_command() {
    let here = tempfile::tempdir().unwrap();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/support/kiel-release-29");
    assert!(
        fs::exists(data).unwrap(),
        "{data} is missing. The real data belongs beside the repository in ../shared/data"
    );
    let write = |name: &str, text: &str| fs::write(here.path().join(name), text).unwrap();
    write("burden.toml", &with_words("prices-of = 2025").replace("kiel-release-29", data));
    write("price.toml", "name = \"dear\"\n[[change]]\nplan = \"burden\"\ntimes = { inflation = 2 }\n");
    write("leaves.toml", "name = \"France leaves\"\n[[leaves]]\npartner = \"France\"\nfrom = \"2027-01\"\n");
    let ask = [
        "plan",
        "compare",
        "price.toml",
        "leaves.toml",
        "--burden",
        "burden.toml",
        "--format",
        "csv",
        "--table",
        "costs",
    ];
    servanda(here.path(), &[&ask[..6], &["--format", "json"]].concat()).ends_with(0);
    let run = servanda(here.path(), &ask);
    run.ends_with(0).says(&["# planned: nothing is drawn by chance"]);
    let sum = |year: &str, scenario: &str, column: usize| -> f64 {
        let rows = run
            .out
            .lines()
            .filter(|line| line.starts_with("need to come,"))
            .map(|line| line.split(',').collect::<Vec<_>>());
        rows.filter(|row| row[2] == year && row[4] == scenario)
            .filter_map(|row| row[column].parse::<f64>().ok())
            .sum()
    };
    // 60 at prices of 2025, two years later at 2 and at 4 percent; and whoever leaves, the others carry all of it.
    for (scenario, column, is) in
        [("dear", 5, 62.424), ("dear", 6, 64.896), ("France leaves", 5, 62.424), ("France leaves", 6, 62.424)]
    {
        let found = sum("2027", scenario, column);
        assert!((found - is).abs() < 0.0001, "{scenario} {column}: {found}");
    }
    assert!(run.out.contains("need to come,France,2027,EUR bn,France leaves,"));
    write("bad.toml", "name = \"a\"\n[[change]]\nplan = \"burden\"\nto = { inflaton = 2 }\n");
    let bad = [&["plan", "compare", "bad.toml"], &ask[4..6]].concat();
    servanda(here.path(), &bad)
        .ends_with(2)
        .complains(&["`bad.toml`, change 1 of `burden.toml`", "--inflaton"]);
}

#[test]
fn deliveries_beside_the_ledger_say_what_is_late() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("deliveries.toml"), with_words("[[item]]")).unwrap();
    fs::write(here.path().join("ours.csv"), of_guide("csv")).unwrap();
    let ask = ["plan", "deliveries", "deliveries.toml", "--entries", "ours.csv", "--at", "2027-02-15"];
    servanda(here.path(), &ask).ends_with(0).says(&[
        "source: ours.csv, 4 entries",
        "gap: howitzers: the plan has 18 of Freedonia to arrive, and 4 are pledged and have not come by 2027-02-15",
        "howitzers  Freedonia  p1      2026-06-30     4        230",
    ]);
    let bad = [&ask[..5], &["--at", "soon"]].concat();
    servanda(here.path(), &bad).ends_with(2).complains(&["--at `soon` is no date"]);
    servanda(here.path(), &[&ask[..3], &["--at", "2027-02-15"]].concat())
        .ends_with(2)
        .complains(&["--entries"]);
}

#[test]
fn thresholds_of_the_agreements_terms_are_read_and_scored() {
    let here = tempfile::tempdir().unwrap();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/incidents");
    let table = fs::read_dir(data)
        .unwrap_or_else(|_| {
            panic!("{data} is missing. The real data belongs beside the repository in ../shared/data")
        })
        .flatten()
        .map(|entry| entry.path())
        .find(|path| {
            path.file_name().is_some_and(|name| {
                name.to_string_lossy().starts_with("ucdp-ged") && name.to_string_lossy().contains("ukraine")
            })
        })
        .expect("UCDP's events in Ukraine");
    let agreement =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/berlin-framework/berlin-framework.pact.md");
    let ask = [
        "plan",
        "watch",
        "--incidents",
        table.to_str().unwrap(),
        "--agreement",
        agreement,
        "--format",
        "csv",
        "--table",
        "terms",
    ];
    servanda(here.path(), &[&ask[..6], &["--format", "json"]].concat()).ends_with(0);
    let run = servanda(here.path(), &ask);
    run.ends_with(0)
        .says(&["# assumed: `large-scale-aggression`: 100 or more `armed-attack` in 3 days in a row"]);
    for days in [7, 28] {
        let row = run.out.lines().find(|line| {
            line.starts_with("large-scale-aggression,armed-attack,100,3,")
                && line.contains(&format!(",{days},"))
        });
        assert!(row.is_some(), "{}", run.out);
    }
}

#[test]
fn the_guides_communities_run_and_the_engine_is_asked() {
    let here = tempfile::tempdir().unwrap();
    let text = with_words("[[community]]");
    fs::write(here.path().join("communities.toml"), &text).unwrap();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let (displaced, hromadas) =
        (format!("{data}/displacement"), format!("{data}/places/kse/minregion-war-status.csv"));
    assert!(
        fs::exists(&hromadas).unwrap(),
        "{hromadas} is missing. The real data belongs beside the repository in ../shared/data"
    );
    let agreement =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/berlin-framework/berlin-framework.pact.md");
    let record = |id: &str, fact: &str, more: &str| {
        format!(
            "{{\"v\":1,\"id\":\"{id}\",\"fact\":\"{fact}\",\"when\":\"2026-01-20T10:00:00Z\",\"recorded\":\"2026-01-20T12:00:00Z\",             \"grade\":\"confirmed\",{more}}}\n"
        )
    };
    let mut records: String = ["United-Kingdom", "Poland", "Germany", "France", "United-States"]
        .map(|party| record(party, "ratification", &format!("\"roles\":{{\"by\":\"{party}\"}}")))
        .concat();
    records += &record("protocol", "protocol-ratification", "\"roles\":{\"by\":\"Germany\"}");
    fs::write(here.path().join("ours.jsonl"), records).unwrap();
    fs::write(
        here.path().join("complaints.csv"),
        "case,place,received,answered\n1,UA46060250010015970,2026-07-02,2026-07-09\n2,Volyn,2026-07-02,\n",
    )
    .unwrap();
    let ask = ["plan", "communities", "communities.toml", "--futures", "200"];
    let known = ["--displacement", &displaced, "--hromadas", &hromadas, "--complaints", "complaints.csv"];
    let engine = ["--ask", "--agreement", agreement, "--records", "ours.jsonl", "--ask-futures", "5"];
    let run = servanda(here.path(), &[&ask[..], &known, &engine, &["--html", "page.html", "--all"]].concat());
    run.ends_with(0).says(&[
        "SIMULATED: drawn by chance from stated ranges, seed 1",
        "assumed: 2 complaints were read; 1 named a place finer than a hromada",
        "gap: the series of the countries end on different days, from 2022-03-11 to 2022-09-06",
        "planned, and no verdict about what happened",
        "of 5 futures, the percent in which the engine would say",
        "answer-complaint",
        "2026-07  Lviv   <10",
        "Volyn      training area",
    ]);
    let page = fs::read_to_string(here.path().join("page.html")).unwrap();
    assert!(
        page.contains("Lviv, housing: places: needed (solid) with the middle 80 percent")
            && page.contains("SIMULATED")
    );
    let json = |threads: &str| {
        let run = servanda(here.path(), &[&ask[..], &["--format", "json", "--threads", threads]].concat());
        run.ends_with(0);
        run.out.clone()
    };
    assert_eq!(json("1"), json("3"));
    // A desk that answers nothing breaks the duty to answer, and the engine says so.
    let slow = text.replace(
        "answers = [{ from = \"2026-07\", is = 35 }, { from = \"2026-10\", is = 50 }]",
        "answers = 0",
    );
    fs::write(here.path().join("slow.toml"), slow).unwrap();
    let slow = ["plan", "communities", "slow.toml", "--futures", "10"];
    let table = ["--format", "csv", "--table", "chances"];
    servanda(here.path(), &[&slow[..], &engine, &table].concat())
        .ends_with(0)
        .says(&["answer-complaint,Germany,0.0,0.0,43.4,100.0,0.0,0.0,2026-0", ",simulated"]);
    fs::write(here.path().join("fine.toml"), text.replacen("level = \"oblast\"", "level = \"street\"", 1))
        .unwrap();
    servanda(here.path(), &["plan", "communities", "fine.toml"])
        .ends_with(2)
        .complains(&["`street` is none that is planned with", "nothing is finer"]);
    servanda(here.path(), &[&ask[..], &["--ask"]].concat()).ends_with(2).complains(&["workspace"]);
}

#[test]
fn real_forces_stand_beside_the_guides_force() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("force.toml"), with_words("[[category]]")).unwrap();
    let series = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/forces/cow-nmc-1990-2022.csv");
    assert!(
        fs::exists(series).unwrap(),
        "{series} is missing. The real data belongs beside the repository in ../shared/data"
    );
    let ask = ["plan", "forces", "force.toml", "--futures", "200", "--calibrate", series];
    servanda(here.path(), &[&ask[..], &["--all", "--html", "page.html"]].concat()).ends_with(0).says(&[
        "assumed: real forces of 10000 people or more",
        "the years from 2015 on were held out",
        "have 0, which has no ratio",
        "held out, 2015 to 2022",
        "shipped",
    ]);
    let page = fs::read_to_string(here.path().join("page.html")).unwrap();
    assert!(
        page.contains("how often a real force grew") && page.contains("the wider 80 percent that is shipped")
    );
    servanda(here.path(), &[&ask[..], &["--format", "json"]].concat()).ends_with(0);
    servanda(here.path(), &[&ask[..], &["--hold-out", "25"]].concat())
        .ends_with(2)
        .complains(&["too short to hold out 25 years"]);
}

/// The ratifications with which the Berlin framework is in force.
fn ratified() -> String {
    ["United-Kingdom", "Poland", "Germany", "France", "United-States"]
        .map(|party| {
            format!(
                "{{\"v\":1,\"id\":\"{party}\",\"fact\":\"ratification\",\"when\":\"2026-01-20T10:00:00Z\",\
                 \"recorded\":\"2026-01-20T12:00:00Z\",\"roles\":{{\"by\":\"{party}\"}},\"grade\":\"confirmed\"}}\n"
            )
        })
        .concat()
}

const BERLIN: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/berlin-framework/berlin-framework.pact.md");

/// Eleven months' recruits serve by the end of December: 690,000 become 700,000 with 910 a month or more, and never with 909.
const LEVEL: &str = r#"
from = "2026-01"
months = 12
[[category]]
name = "soldiers"
serving = 690000
recruits = { low = 0, likely = 1000, high = 2000 }
places = 5000
training-months = 1
[[milestone]]
name = "level"
measure = "serving"
at-least = 700000
by = "2026-12"
[[records]]
measure = "force-strength"
counts = "serving"
roles = { of = "Ukraine" }
"#;

/// The cells of a table of an answer in CSV, without its head.
fn cells(csv: &str) -> Vec<Vec<&str>> {
    csv.lines().filter(|line| !line.starts_with('#')).skip(1).map(|line| line.split(',').collect()).collect()
}

#[test]
fn the_engine_says_in_how_many_futures_a_strength_is_kept() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("level.toml"), LEVEL).unwrap();
    fs::write(here.path().join("ours.jsonl"), ratified()).unwrap();
    let ask = ["plan", "forces", "level.toml", "--futures", "400", "--ask-futures", "400", "--threads", "2"];
    let engine = ["--ask", "--agreement", BERLIN, "--records", "ours.jsonl"];
    let table = |name: &str, more: &[&str]| {
        let line = [&ask[..], &engine, &["--format", "csv", "--table", name], more].concat();
        let run = servanda(here.path(), &line);
        run.ends_with(0);
        run.out.clone()
    };
    let chances = table("chances", &["--reading", "level=floor"]);
    let of = |norm: &str| cells(&chances).into_iter().find(|row| row[0] == norm).unwrap()[2..8].to_vec();
    let level = of("force-level/2026-12-31");
    let kept: f64 = level[0].parse().unwrap();
    // Recruits are triangular from 0 over 1,000 to 2,000, rounded: below 909.5 lies 909.5² / 2,000,000 of them. The standard error is 2.5.
    let closed = 100.0 * (1.0 - 909.5 * 909.5 / 2_000_000.0);
    assert!((kept - closed).abs() < 7.5, "{kept} and {closed}");
    // The planner counts the same futures, by a milestone of its own.
    let milestones = table("milestones", &["--reading", "level=floor"]);
    assert_eq!(cells(&milestones)[0][5..8], level[..3], "{milestones}");
    assert_eq!(level[3].parse::<f64>().unwrap(), 100.0 - kept, "what is not kept is broken");
    // Nobody is lost, so that nobody falls below 600,000; what falls due after the plan is open.
    assert_eq!(of("force-floor/floor-2026-12-31")[0], "100.0");
    assert_eq!(of("force-level/2027-12-31")[5], "100.0");
    // No eleventh of 10,000 is whole: at most 700,000 holds where at least 700,000 does not.
    let by_reading = table("by-reading", &[]);
    let under = |option: &str| -> f64 {
        let rows = cells(&by_reading);
        let row = rows.iter().find(|row| row[0] == "force-level/2026-12-31" && row[2] == option);
        row.unwrap_or_else(|| panic!("{option}: {by_reading}"))[3].parse().unwrap()
    };
    assert_eq!((under("level=floor"), under("level=ceiling")), (kept, 100.0 - kept));
    // From 690,000 to 712,000 all lie within 2 percent of 700,000.
    assert_eq!(under("level=band"), 100.0);
    let open = table("chances", &[]);
    assert!(
        open.contains(
            "# gap: in some futures it hangs on the reading `level` whether `force-level/2026-12-31`"
        ),
        "{open}"
    );
    assert!(open.contains("force-level/2026-12-31,Ukraine,0.0,0.0,1.0,0.0,100.0,0.0,,,simulated"), "{open}");
    // The plan itself: 690,000 and 11,000.
    let foreseen = table("foreseen", &["--reading", "level=floor"]);
    assert!(
        foreseen.contains("force-level/2026-12-31,Ukraine,satisfied,1,,\"holds, triggered\",planned"),
        "{foreseen}"
    );
}

#[test]
fn asking_about_the_futures_of_a_force_is_reproducible_and_says_what_it_cannot() {
    let here = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(here.path().join(name), text).unwrap();
    write("level.toml", LEVEL);
    write("ours.jsonl", &ratified());
    let ask = ["plan", "forces", "level.toml", "--futures", "60", "--ask-futures", "30", "--ask"];
    let json = |more: &[&str]| {
        let engine = ["--agreement", BERLIN, "--records", "ours.jsonl", "--format", "json"];
        let run = servanda(here.path(), &[&ask[..], &engine, more].concat());
        run.ends_with(0);
        run.out.clone()
    };
    let one = json(&["--threads", "1"]);
    for threads in ["2", "7", "64"] {
        assert_eq!(one, json(&["--threads", threads]), "{threads} threads");
    }
    assert_ne!(one, json(&["--seed", "2"]));
    // The guide's force has what is needed.
    write("force.toml", &with_words("[[category]]"));
    let guide = ["plan", "forces", "force.toml", "--futures", "40", "--ask", "--ask-futures", "10"];
    let page =
        ["--agreement", BERLIN, "--records", "ours.jsonl", "--reading", "level=floor", "--html", "page.html"];
    servanda(here.path(), &[&guide[..], &page].concat()).ends_with(0).says(&[
        "of 10 futures, the percent in which the engine would say on 2029-12-31T22:00:00Z",
        "force-floor/floor-2026-12-31  Ukraine",
        "planned, and no verdict about what happened",
        "simulated, and no verdict about what happened",
    ]);
    let page = fs::read_to_string(here.path().join("page.html")).unwrap();
    assert!(page.contains("percent of futures: kept (filled), hangs on a reading (dashed), broken (hollow)"));

    // A measure that no duty asks for, a duty that nobody owes, a plan and names that do not fit.
    let text = "# T\n\n```pact\nagreement t \"T\"\n  in force 2026-01-01\nparty Ukraine\nmeasure force-strength\n  says \"strength of {of}\"\n  \
         carries of: party\n  unit persons\nevent parade\n  says \"{by} parades\"\n  carries by: party\nduty parade-held\n  bearer Ukraine\n  must do parade by bearer\n  within 3 days of in-force\n```\n";
    write("none.pact.md", text);
    let other = ["--agreement", "none.pact.md", "--records", "ours.jsonl"];
    write(
        "fact.jsonl",
        &ratified().lines().next().unwrap().replace("\"fact\":\"ratification\"", "\"fact\":\"parade\""),
    );
    let other = [other[0], other[1], other[2], "fact.jsonl"];
    servanda(here.path(), &[&ask[..], &other].concat()).ends_with(0).says(&[
        "gap: no duty of the agreement asks for `force-strength`: of this number of the plan the engine has nothing to say",
        "(foreseen)\n  none",
    ]);
    write("one.jsonl", ratified().lines().next().unwrap());
    servanda(here.path(), &[&ask[..], &["--agreement", BERLIN, "--records", "one.jsonl"]].concat())
        .ends_with(0)
        .says(&[
            "gap: with the records that there are nobody owes `force-floor/floor-2026-12-31`",
            "(not-in-force)",
        ]);
    for (from, to, words) in [
        (
            "[[records]]\nmeasure = \"force-strength\"\ncounts = \"serving\"\nroles = { of = \"Ukraine\" }\n",
            "",
            ["does not say what its numbers are called", "`[[records]]`"],
        ),
        ("of = \"Ukraine\"", "of = \"Ukrane\"", ["no `Ukrane`", "Ukraine"]),
        ("\"force-strength\"", "\"strength\"", ["no measure `strength`", "force-strength"]),
        ("counts = \"serving\"", "counts = \"present\"", ["unknown variant `present`", "trained"]),
    ] {
        assert!(LEVEL.contains(from));
        write("bad.toml", &LEVEL.replace(from, to));
        let line =
            [&["plan", "forces", "bad.toml", "--ask", "--agreement", BERLIN, "--records", "ours.jsonl"][..]]
                .concat();
        servanda(here.path(), &line).ends_with(2).complains(&words);
    }
    servanda(here.path(), &["plan", "forces", "level.toml", "--ask-futures", "5"])
        .ends_with(2)
        .complains(&["--ask"]);
}

#[test]
fn a_threshold_that_a_reading_gives_is_read_by_the_option_that_is_chosen() {
    let here = tempfile::tempdir().unwrap();
    let text = "# T\n\n> A storm is many strikes.\n\n```pact\nparty A\nevent strike\n  says \"a strike\"\nreading many \"many strikes\"\n  option few: 4\n  option most: 9\n\
                term storm\n  means count of strike in any 72 hours >= many\n```\n";
    fs::write(here.path().join("t.pact.md"), text).unwrap();
    let first = jiff::civil::date(2018, 1, 1);
    let rows: String = (0..1400_i64)
        .filter(|n| n % 2 == 0)
        .map(|n| format!("{},North\n", first + jiff::Span::new().days(n)))
        .collect();
    fs::write(here.path().join("i.csv"), format!("date,region\n{rows}")).unwrap();
    let ask = [
        "plan",
        "watch",
        "--incidents",
        "i.csv",
        "--agreement",
        "t.pact.md",
        "--format",
        "csv",
        "--table",
        "terms",
    ];
    let of = |more: &[&str]| {
        let run = servanda(here.path(), &[&ask[..], more].concat());
        run.ends_with(0);
        run.out.clone()
    };
    let options = |csv: &str| -> Vec<(String, String)> {
        cells(csv).iter().map(|row| (row[2].to_string(), row[11].to_string())).collect()
    };
    let pair = |n: &str, option: &str| (n.to_string(), option.to_string());
    let both = of(&[]);
    assert_eq!(
        options(&both),
        [pair("4", "many=few"), pair("4", "many=few"), pair("9", "many=most"), pair("9", "many=most")]
    );
    assert!(both.contains("# gap: nobody has chosen the reading `many`"), "{both}");
    let one = of(&["--reading", "many=most"]);
    assert_eq!(options(&one), [pair("9", "many=most"), pair("9", "many=most")]);
    assert!(
        !one.contains("nobody has chosen") && one.contains("as `many=most` reads it: 9 or more `strike`"),
        "{one}"
    );
    servanda(here.path(), &[&ask[..], &["--reading", "many=some"]].concat())
        .ends_with(2)
        .complains(&["no option `some`"]);
    servanda(here.path(), &["plan", "watch", "--incidents", "i.csv", "--reading", "many=few"])
        .ends_with(2)
        .complains(&["--agreement"]);
}

#[test]
fn iati_stands_in_the_ledger_once() {
    let here = tempfile::tempdir().unwrap();
    let flow = |code: &str, amount: &str, more: &str| {
        format!(
            "<transaction><transaction-type code=\"{code}\"/><transaction-date iso-date=\"2026-03-01\"/>             <value currency=\"EUR\" value-date=\"2026-03-01\">{amount}</value>{more}</transaction>"
        )
    };
    let activity = |id: &str, flows: &str| {
        format!(
            "<iati-activity><iati-identifier>{id}</iati-identifier><reporting-org ref=\"XX-1\" type=\"10\"><narrative>Freedonia             </narrative></reporting-org><title><narrative>Grid</narrative></title><recipient-country code=\"UA\"/>{flows}</iati-activity>"
        )
    };
    let gives = activity(
        "XX-1-A",
        &(flow("2", "150", "") + &flow("3", "100", "<receiver-org receiver-activity-id=\"XX-1-B\"/>")),
    );
    let spends = activity("XX-1-B", &flow("4", "120", ""));
    let file = |inner: &str| format!("<iati-activities version=\"2.03\">{inner}</iati-activities>");
    fs::write(here.path().join("a.xml"), file(&gives)).unwrap();
    fs::write(here.path().join("b.xml"), file(&spends)).unwrap();
    let ask = ["plan", "support", "--iati", "a.xml", "--iati", "b.xml", "--at", "2026-04-30"];
    servanda(here.path(), &[&ask[..], &["--recipient", "UA"]].concat()).ends_with(0).says(&[
        "source: IATI, 2 activities in a.xml, b.xml",
        "Freedonia  Grid  EUR         –        150           –        –       120",
        "are counted in it",
    ]);
    fs::write(here.path().join("b.xml"), file(&spends.replace(" value-date=\"2026-03-01\"", ""))).unwrap();
    servanda(here.path(), &ask)
        .ends_with(2)
        .complains(&["`b.xml`, line 1, activity `XX-1-B`", "value-date="]);
    servanda(here.path(), &["plan", "support", "--entries", "x.csv", "--recipient", "UA"])
        .ends_with(2)
        .complains(&["--iati"]);
}
