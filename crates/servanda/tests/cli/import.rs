//! `import`: the reports of others, whole or not at all, with what was refused and why.

use crate::terminal::{everything_below, servanda};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const HEADER: &str = "report,what,start,end,party,number,lat,lon,grade,entered\n";

fn workspace() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    servanda(folder.path(), &["new", "truce"]).ends_with(0);
    let root = folder.path().join("truce");
    (folder, root)
}

fn write(root: &Path, rows: &str) {
    fs::write(root.join("records/more.csv"), format!("{HEADER}{rows}")).unwrap();
}

const IMPORT: [&str; 5] = ["import", "csv", "records/more.csv", "--map", "reports"];

#[test]
fn the_same_file_twice_makes_nothing_twice() {
    let (_folder, root) = workspace();
    servanda(&root, &["import", "csv", "records/reports.csv", "--map", "maps/reports.map.toml"])
        .ends_with(0)
        .says(&["11 rows read", "0 records made", "11 unchanged"]);
    let row = |time: &str, grade: &str| format!("S-9,shot,{time},,North,,0.5,0.5,{grade},2025-04-12\n");
    write(
        &root,
        &(row("2025-04-11T10:00", "possible") + "S-8,shot,2025-04-10,,South,,0.5,0.5,possible,2025-04-12\n"),
    );
    servanda(&root, &IMPORT).ends_with(0).says(&["2 rows read", "2 records made"]);
    write(&root, &row("2025-04-11T10:00", "probable"));
    servanda(&root, &IMPORT).ends_with(0).says(&["1   supersede", "1   withdraw"]);
    servanda(&root, &IMPORT).ends_with(0).says(&["0 records made", "1 unchanged"]);
    let other = fs::read_to_string(root.join("records/reports.csv")).unwrap();
    assert!(other.contains("W-1"), "a source is never written");
    let ran = servanda(&root, &["status", "--at", "2025-04-30"]);
    ran.ends_with(0);
}

#[test]
fn refused_rows_lie_in_a_file_with_line_and_remedy() {
    let (_folder, root) = workspace();
    write(
        &root,
        "S-20,shot,2025-02-30,,North,,0.5,0.5,probable,2025-04-12\nS-21,shot,2025-04-11,,North,,95.0,0.5,probable,2025-04-12\n\
         S-22,shot,2025-04-11T10:00,,North,,\"0,5\",0.5,probable,2025-04-12\nS-23,shot,2025-04-11,,North,,0.5,0.5,sure,2025-04-12\n\
         S-24,shoot,2025-04-11,,North,,0.5,0.5,probable,2025-04-12\nS-25,shot,2025-04-11,,North,,0.5,0.5,probable,2025-04-12\n",
    );
    let ran = servanda(&root, &IMPORT);
    ran.ends_with(0).says(&[
        "6 rows read",
        "1 record made",
        "5 refused",
        "quarantine/more-csv-",
        "line 2",
        "2025-02-30",
    ]);
    let files = everything_below(&root.join("quarantine"));
    assert_eq!(files.len(), 1);
    let quarantine = fs::read_to_string(root.join("quarantine").join(&files[0])).unwrap();
    for words in ["2025-02-30", "95.0", "0,5", "sure", "shoot", "did you mean", "remedy"] {
        assert!(quarantine.contains(words), "no {words} in\n{quarantine}");
    }
    let code = quarantine.lines().nth(1).unwrap().split(',').nth(1).unwrap().trim_matches('"').to_string();
    servanda(&root, &["explain", &code]).ends_with(0).says(&[&code]);
}

#[test]
fn records_from_the_future_are_refused() {
    let (_folder, root) = workspace();
    write(&root, "S-30,shot,2925-04-11T10:00,,North,,0.5,0.5,probable,\n");
    let ran = servanda(&root, &IMPORT);
    assert!(ran.out.contains("refused") || ran.code == 2, "{}\n{}", ran.out, ran.err);
    assert!(!ran.out.contains("1 record made"), "{}", ran.out);
}

#[test]
fn a_file_of_which_nothing_can_be_used_changes_nothing() {
    let (_folder, root) = workspace();
    let before = everything_below(&root);
    let status = |root: &Path| servanda(root, &["status", "--known-at", "2026-01-01"]).out;
    let board = status(&root);
    let bad = root.parent().unwrap().join("bad.csv");
    let mapping = root.join("maps/reports.map.toml").display().to_string();
    let refuse = |bytes: &[u8], words: &[&str]| {
        fs::write(&bad, bytes).unwrap();
        let line = ["import", "csv", bad.to_str().unwrap(), "--map", &mapping];
        servanda(&root, &line).ends_with(2).complains(words).complains(&["bad.csv", "help:"]);
        assert_eq!(everything_below(&root), before);
    };
    refuse(b"", &["E0101"]);
    refuse(b"report,what\nS-1,shot\n", &["no column `start`", "it has `report`, `what`"]);
    refuse(
        &[HEADER.as_bytes(), b"S-1,shot,2025-04-11,,N\xf6rd,,0.5,0.5,probable,\n"].concat(),
        &["E0102", "line 2"],
    );
    refuse(b"PK\x03\x04\0\0\0\0", &["E0103"]);
    refuse(&vec![b'x'; 100 << 20], &["E01"]);
    servanda(&root, &["import", "csv", "gone.csv"]).ends_with(2).complains(&["cannot read `gone.csv`"]);
    servanda(&root, &["import", "csv", "records"]).ends_with(2).complains(&["it is a folder"]);
    servanda(&root, &["import", "jsonl", "records/reports.csv"]).ends_with(2).complains(&["reports.csv"]);
    servanda(&root, &["import", "xlsx", "records/reports.csv"]).ends_with(2).complains(&["csv", "geojson"]);
    servanda(&root, &["import", "csv", "records/reports.csv", "--into", "zones"])
        .ends_with(2)
        .complains(&["no workspace", "servanda new"]);
    assert_eq!(everything_below(&root), before);
    assert_eq!(status(&root), board);
}

#[test]
fn a_broken_mapping_is_told_with_its_lines() {
    let (_folder, root) = workspace();
    let path = root.join("maps/reports.map.toml");
    let mapping = fs::read_to_string(&path).unwrap();
    fs::write(&path, mapping.replace("start = { column", "start = { colum").replace("grade = {", "grad = {"))
        .unwrap();
    servanda(&root, &["import", "csv", "records/reports.csv", "--map", "reports"]).ends_with(2).complains(&[
        "reports.map.toml",
        "did you mean",
        "`column`",
        "`grade`",
        "line ",
    ]);
}

#[test]
fn facts_and_parties_that_the_agreement_does_not_have_are_pointed_out() {
    let (_folder, root) = workspace();
    write(&root, "S-40,shot,2025-04-11,,North,,0.5,0.5,probable,2025-04-12\n");
    let line = [&IMPORT[..], &["--fact", "fires", "--dry-run"]].concat();
    let ran = servanda(&root, &line);
    ran.ends_with(0).says(&["would be made", "nothing was entered"]);
    ran.complains(&["1 record speaks of `fires`", "did you mean `fire`?"]);
    let ran = servanda(&root, &IMPORT);
    ran.ends_with(0).says(&["1 record made"]);
    assert_eq!(ran.err, "");
    write(&root, "S-40,shot,2025-04-11,,Nroth,,0.5,0.5,probable,2025-04-12\n");
    servanda(&root, &IMPORT).ends_with(0).complains(&["1 record speaks of `Nroth`", "did you mean `North`?"]);
}

#[test]
fn hxl_rows_semicolons_and_decimal_commas_are_a_matter_of_the_mapping() {
    let (_folder, root) = workspace();
    let rows = "id;date;lat;lon\n#meta+id;#date;#geo+lat;#geo+lon\n7;2025-04-11;0,5;0,25\n";
    fs::write(root.join("records/more.csv"), rows).unwrap();
    let mapping = "delimiter = \";\"\ndecimal = \",\"\nfact = \"fire\"\nid = { column = \"id\" }\nsource = \"press\"\n[when]\n\
                   start = { column = \"date\" }\n[place]\nlat = { column = \"lat\" }\nlon = { column = \"lon\" }\nradius = \"5 km\"\n";
    fs::write(root.join("maps/press.map.toml"), mapping).unwrap();
    servanda(&root, &["import", "csv", "records/more.csv", "--map", "press"]).ends_with(0).says(&[
        "1 row read",
        "1 tag row skipped",
        "1 record made",
        "1   in doubt of their place",
    ]);
}

#[test]
fn the_projects_own_form_goes_out_and_in() {
    let (folder, root) = workspace();
    servanda(folder.path(), &["exercise", "--days", "30", "--out", "x.jsonl"])
        .ends_with(0)
        .says(&["EXERCISE"]);
    // The exercise speaks of days to come; what is to come cannot have been recorded.
    let ran = servanda(&root, &["import", "jsonl", "../x.jsonl", "--dry-run"]);
    assert!([0, 2].contains(&ran.code), "{}", ran.err);
    servanda(folder.path(), &["exercise", "--days", "30", "--out", "x.jsonl"])
        .ends_with(2)
        .complains(&["--force"]);
    let one = fs::read(folder.path().join("x.jsonl")).unwrap();
    servanda(folder.path(), &["exercise", "--days", "30", "--out", "x.jsonl", "--force"]).ends_with(0);
    assert_eq!(fs::read(folder.path().join("x.jsonl")).unwrap(), one, "one seed, one world");
    servanda(folder.path(), &["exercise", "--days", "30", "--seed", "2", "--out", "y.jsonl"]).ends_with(0);
    assert_ne!(fs::read(folder.path().join("y.jsonl")).unwrap(), one);
    assert_eq!(everything_below(folder.path()).iter().filter(|f| f.ends_with(".truth.jsonl")).count(), 2);
}

#[test]
fn a_clock_that_jumped_back_records_nothing_in_the_past() {
    use servanda_model::{Instant, Name, Record, When};
    use servanda_store::{Intake, StoredRecord, Workspace};
    let (_folder, root) = workspace();
    let row = |id: &str| format!("{id},shot,2025-04-11,,North,,0.5,0.5,probable,2025-04-12\n");
    write(&root, &(row("S-30") + &row("S-31")));
    servanda(&root, &IMPORT).ends_with(0).says(&["2 records made"]);
    // Recorded when the clock said 2100.
    let ahead = Instant(4_102_444_800_000);
    let record = Record::new("later", "shot", When::exact(Instant(0)), ahead);
    let stored = StoredRecord {
        id: Name::from("later"),
        fact: Name::from("shot"),
        earliest: Instant(0),
        recorded: ahead,
        source: String::new(),
        marking: Default::default(),
        supersedes: None,
        json: servanda_evidence::record_json::to_json(&record),
    };
    let intake = Intake {
        file: "later".to_string(),
        sha256: String::new(),
        entered: ahead,
        read: 1,
        made: 1,
        refused: 0,
        quarantine: None,
    };
    let store = Workspace::open(&root).unwrap();
    let seen = store.records().unwrap().len();
    store.enter(&intake, &[stored], None, seen).unwrap();
    // The source no longer has S-31: that is known from now on, and now is not before 2100.
    write(&root, &row("S-30"));
    let ran = servanda(&root, &IMPORT);
    ran.ends_with(0).says(&["1   withdraw"]).complains(&["the clock says", "2100-01-01T00:00:00Z already"]);
    let records = store.records().unwrap();
    assert_eq!((records.len(), records.last().unwrap().recorded), (seen + 2, ahead));
}
