//! `backtest`: what it prints and writes, and what it says to bad input.

use crate::terminal::{everything_below, servanda};
use std::fs;
use tempfile::TempDir;

const DRAFT: &str = "# Draft\n\n> They stop, and meet soon.\n\n```pact\nagreement a\n  time zone UTC\n  in force 2024-01-01\n\n\
    party A\nparty B\nbody board\n  members A, B\n\nevent strike\n  says \"{by} strikes\"\n  carries by: party\n\n\
    event meeting\n  says \"a meeting\"\n\nterm wave\n  means count of strike by B in any 24 hours >= 2\n\n\
    duty meet\n  bearer A\n  owed to B\n  when wave begins\n  must do meeting\n  within 24 hours\n  seen by board\n  \
    per \"They stop, and meet soon\"\n```\n";

const RECORDS: &str = "id,fact,when,by,grade\n1,strike,2024-02-01T10:00,B,probable\n2,strike,2024-02-01T12:00,B,probable\n\
    3,meeting,2024-02-01T20:00,,probable\n4,strike,2024-03-01T10:00,B,probable\n5,strike,2024-03-01T11:00,B,probable\n\
    6,strike,2024-03-09T11:00,B,probable\n";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("draft.pact.md"), DRAFT).unwrap();
    fs::write(folder.path().join("other.pact.md"), DRAFT.replace("within 24 hours", "within 6 hours"))
        .unwrap();
    fs::write(folder.path().join("records.csv"), RECORDS).unwrap();
    fs::write(
        folder.path().join("labels.csv"),
        "name,from,to\nwave,2024-02-01,2024-02-02\nwave,2024-04-01,2024-04-02\n",
    )
    .unwrap();
    folder
}

const HISTORY: [&str; 4] = ["backtest", "draft.pact.md", "--records", "records.csv"];

#[test]
fn the_answer_says_what_the_history_is_and_what_would_have_been_said() {
    let folder = folder();
    let ran = servanda(folder.path(), &HISTORY);
    ran.ends_with(0).says(&[
        "2024-02-01 10:00 to 2024-03-09 11:00",
        "as it happened",
        "No record says what was watched",
        "meet          2          2     1       1",
        "no ranking of parties",
    ]);
    let later = servanda(folder.path(), &[&HISTORY[..], &["--delay", "2 days", "--format", "json"]].concat());
    later.ends_with(0).says(&["\"servanda\": \"backtest/1\"", "\"delay_ms\": 172800000"]);
}

#[test]
fn files_are_written_beside_the_answer() {
    let folder = folder();
    let extra = [
        "--html",
        "page.html",
        "--parquet",
        "log.parquet",
        "--vary",
        "wave.count=1..3",
        "--labels",
        "labels.csv",
    ];
    let ran = servanda(folder.path(), &[&HISTORY[..], &extra[..], &["--against", "other.pact.md"]].concat());
    ran.ends_with(0).says(&[
        "Variants (3)",
        "the draft",
        "Beside the labelled outcomes",
        "Beside the other draft",
        "within 6 hours",
    ]);
    let there = everything_below(folder.path());
    for file in ["log.parquet", "log.variants.parquet", "page.html"] {
        assert!(there.contains(&file.to_string()), "{there:?}");
    }
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("<table>") && page.ends_with("</html>\n"));
    assert_eq!(&fs::read(folder.path().join("log.parquet")).unwrap()[..4], b"PAR1");
}

#[test]
fn what_can_be_varied_is_listed() {
    let folder = folder();
    servanda(folder.path(), &["backtest", "draft.pact.md", "--vary", "?"]).ends_with(0).says(&[
        "wave.count ",
        "wave.count-window",
        "meet.within",
        "24 hours",
    ]);
    let counted =
        servanda(folder.path(), &[&HISTORY[..], &["--vary", "wave.count=1..3", "--count-only"]].concat());
    counted.ends_with(0).says(&["Counted in one pass", "Variants (3)"]);
}

#[test]
fn bad_input_names_place_and_remedy() {
    let folder = folder();
    let path = folder.path();
    let with = |extra: &[&str]| servanda(path, &[&HISTORY[..], extra].concat());
    with(&["--vary", "wave.cuont=1..3"])
        .ends_with(2)
        .complains(&["`wave.cuont`", "did you mean `wave.count`?"]);
    with(&["--vary", "wave.count=3..1"])
        .ends_with(2)
        .complains(&["ends before it begins", "write wave.count=1..10"]);
    with(&["--vary", "meet.within=1h..500h"]).ends_with(2).complains(&["500 variants", "at most 200"]);
    with(&["--vary", "meet.within=1h..9h", "--count-only"])
        .ends_with(2)
        .complains(&["cannot be counted without a replay"]);
    with(&["--delay", "1 month"]).ends_with(2).complains(&["--delay 1 month", "write 24h"]);
    with(&["--from", "2024-05-01", "--to", "2024-04-01"])
        .ends_with(2)
        .complains(&["before it begins", "--from and --to"]);
    with(&["--reading", "soon=x"]).ends_with(2).complains(&["no reading `soon`"]);
    with(&["--as-recorded", "--delay", "1h"]).ends_with(2).complains(&["cannot be used with"]);

    fs::write(path.join("bad.csv"), "name,from,to\nwaves,2024-02-01,2024-02-02\nwave,2024-02-30,\n").unwrap();
    with(&["--labels", "bad.csv"]).ends_with(2).complains(&[
        "`bad.csv` cannot be used",
        "line 2: the draft has no norm or term `waves`; did you mean `wave`?",
        "line 3:",
    ]);
    fs::write(path.join("none.csv"), "id,fact,when,by\n").unwrap();
    servanda(path, &["backtest", "draft.pact.md", "--records", "none.csv"])
        .ends_with(2)
        .complains(&["`none.csv` cannot be used", "no rows of data"]);
    servanda(path, &["backtest", "draft.pact.md"])
        .ends_with(2)
        .complains(&["no history was named", "--records FILE"]);
    fs::write(path.join("broken.pact.md"), DRAFT.replace("bearer A", "bearer C")).unwrap();
    servanda(path, &["backtest", "broken.pact.md", "--records", "records.csv"]).ends_with(2).complains(&[
        "broken.pact.md:",
        "has an error",
        "servanda check",
    ]);
    with(&["--against", "broken.pact.md"]).ends_with(2).complains(&["has an error"]);
    servanda(path, &["backtest", "gone.pact.md", "--records", "records.csv"])
        .ends_with(2)
        .complains(&["no such file"]);
}

#[test]
fn a_draft_of_the_future_is_told_how_to_be_replayed() {
    let folder = folder();
    fs::write(folder.path().join("draft.pact.md"), DRAFT.replace("2024-01-01", "2030-01-01")).unwrap();
    servanda(folder.path(), &HISTORY)
        .ends_with(0)
        .complains(&["not in force within the history", "--in-force"]);
    let ran = servanda(folder.path(), &[&HISTORY[..], &["--in-force", "2024-01-01"]].concat());
    ran.ends_with(0).says(&["taken as signed and in force from 2024-01-01", "meet          2"]);
}
