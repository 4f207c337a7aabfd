//! 600 people at the cut-off, each opening board, map and report, over TLS: how long each page takes, and what the server uses.
//! Within a minute; with `--long` within ten seconds too. Never less than the whole chain: the binary that a user gets, accounts of twelve
//! audiences, a month of 2,000 incidents a day.

use super::table::Table;
use super::{Bench, figure};

const USERS: &str = "600";
const INCIDENTS: &str = "2000";
const SEED: &str = "7";
const AUDIENCES: &str = "12";
/// The cut-off is the next full five minutes.
const CUT_OFF: &str = "300";

pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let times: &[&str] = if bench.long { &["60", "10"] } else { &["60"] };
    times.iter().try_for_each(|within| within_seconds(bench, table, within))
}

fn within_seconds(bench: &Bench, table: &mut Table, within: &str) -> Result<(), String> {
    let (binary, folder) = (bench.release.join("servanda"), bench.folder.join("users"));
    let (binary, folder) = (binary.to_string_lossy(), folder.to_string_lossy());
    let example = "examples/berlin-framework";
    let arguments = ["users", &binary, example, &folder, USERS, INCIDENTS, within, SEED, AUDIENCES, CUT_OFF];
    // It takes minutes, and says on standard error how far it is.
    let mut command = bench.tool(&arguments, None)?;
    let told = super::told(command.stderr(std::process::Stdio::inherit()))?;
    let one = |name: &str| figure(&told, name).map(|n| vec![n]);
    let whole = format!("{USERS} people within {within} s, {INCIDENTS} incidents a day for 30 days");
    for (name, about, most, unit) in [
        ("records", "records", "-", ""),
        ("audiences", "audiences", "-", ""),
        ("requests", "requests", "-", ""),
        ("errors", "errors", "0", ""),
        ("page-board-p50", "until the board is there, median", "-", "ms"),
        ("page-board-p90", "until the board is there, 90 of 100", "-", "ms"),
        ("page-board-p99", "until the board is there, 99 of 100", "1000 ms", "ms"),
        ("page-map-p50", "until the map is there, median", "-", "ms"),
        ("page-map-p90", "until the map is there, 90 of 100", "-", "ms"),
        ("page-map-p99", "until the map is there, 99 of 100", "1000 ms", "ms"),
        ("page-report-p50", "until the report is there, median", "-", "ms"),
        ("page-report-p90", "until the report is there, 90 of 100", "-", "ms"),
        ("page-report-p99", "until the report is there, 99 of 100", "1000 ms", "ms"),
        ("page-p99", "until any of the three is there, 99 of 100", "1000 ms", "ms"),
        ("answer-p50", "one answer, median", "-", "ms"),
        ("answer-p90", "one answer, 90 of 100", "-", "ms"),
        ("answer-p99", "one answer, 99 of 100", "1000 ms", "ms"),
        ("answer-max", "one answer, the slowest", "-", "ms"),
        ("page-max", "any of the three, the slowest", "-", "ms"),
        ("per-request", "CPU of the server for one request", "-", "ms"),
        ("user", "CPU of the server, program", "-", "s"),
        ("system", "CPU of the server, system for it", "-", "s"),
        ("cores", "cores of the server", "2", ""),
        ("beside", "cores that others had meanwhile, the people among them", "-", ""),
        ("peak", "greatest memory", "-", "MB"),
        ("sign-in-p50", "signing in, eight at a time, median", "-", "ms"),
        ("signed-in", "signing in, all of them", "-", "s"),
    ] {
        table.row(format!("{whole}: {about}"), most, unit, one(name)?);
    }
    Ok(())
}
