//! `plan`: what the guide shows runs, each form says what it is, and bad input is refused with what to do.

use crate::terminal::servanda;
use std::fs;

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
        .says(&["answer-complaint,Germany,0.0,100.0,0.0,2026-0", ",simulated"]);
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
    servanda(here.path(), &[&ask[..], &["--hold-out", "25"]].concat())
        .ends_with(2)
        .complains(&["too short to hold out 25 years"]);
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
