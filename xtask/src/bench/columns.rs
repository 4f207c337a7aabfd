//! Replay, late records, questions, start and sweep over a stored history, and DuckDB with the same rule on its final state.

use super::table::Table;
use super::{Bench, figure, told};
use std::path::{Path, PathBuf};
use std::process::Command;

const RULES: &str = "bench/rules.pact.md";
/// The yardstick, from PyPI.
const DUCKDB: &str = "duckdb==1.4.2";

pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let sizes = if bench.long { &["1", "10"][..] } else { &["1"] };
    for millions in sizes {
        let file = bench.folder.join(format!("history-{millions}.columns"));
        let path = file.display().to_string();
        bench.told(&["history", RULES, &format!("{millions}000000"), "3", &path], None)?;
        let all: Vec<Vec<u8>> = (0..bench.runs.min(3))
            .map(|_| bench.told(&["measure", RULES, &path], None))
            .collect::<Result<_, _>>()?;
        let of = |name: &str| all.iter().map(|text| figure(text, name)).collect::<Result<Vec<f64>, _>>();
        let records = of("records")?[0];
        let rate = |all: Vec<f64>| all.into_iter().map(|us| records / us).collect::<Vec<f64>>();
        let size = format!("{millions} million records");
        table.row(
            format!("replay, every second of knowledge, {size}"),
            "10 M/s",
            "M/s",
            rate(of("replay-second")?),
        );
        table.row(format!("replay, every day of knowledge, {size}"), "-", "M/s", rate(of("replay-day")?));
        table.row(format!("rows of the change log, {size}"), "-", "rows", of("rows-second")?);
        let ms = |all: Vec<f64>| all.into_iter().map(|us| us / 1000.0).collect();
        table.row(format!("one question as known at, {size}"), "50 ms", "ms", ms(of("as-known-at")?));
        table.row(format!("start from stored columns, {size}"), "2000 ms", "ms", ms(of("start")?));
        for (name, reach) in
            [("in-order-p50", "2 µs"), ("in-order-p99", "20 µs"), ("late-p50", "-"), ("late-p99", "100 µs")]
        {
            table.row(format!("one record, {name}, {size}"), reach, "µs", of(name)?);
        }
        table.row(
            format!("memory at the end of the replays, {size}"),
            "-",
            "MB",
            of("peak")?.iter().map(|kb| kb / 1024.0).collect(),
        );
        let ours = of("replay-second")?.into_iter().fold(f64::INFINITY, f64::min) / 1e6;
        match yardstick(bench, &file, &all[0]) {
            Ok(seconds) => {
                table.row(format!("DuckDB, the final state alone, {size}: CPU"), "-", "s", vec![seconds]);
                table.row(
                    format!("the whole history in columns against it, {size}"),
                    "20 times",
                    "times",
                    vec![seconds / ours],
                );
            }
            Err(why) => {
                eprintln!("DuckDB was not measured: {why}");
                table.row(format!("DuckDB, the final state alone, {size}: CPU"), "-", "s", vec![]);
            }
        }
    }
    let swept: Vec<Vec<u8>> =
        (0..bench.runs).map(|_| bench.told(&["sweep", "1000000"], None)).collect::<Result<_, _>>()?;
    let times =
        swept.iter().map(|text| Ok(figure(text, "sweep")? / 1000.0)).collect::<Result<_, String>>()?;
    table.row("sweep of 10,000 variants over 1 million records", "2000 ms", "ms", times);
    Ok(())
}

/// CPU seconds that DuckDB needs for the final state, with the same answer as ours.
fn yardstick(bench: &Bench, file: &Path, ours: &[u8]) -> Result<f64, String> {
    let python = environment(bench)?;
    let script = bench.root.join("bench/yardstick.py");
    let (csv, base) = (file.with_extension("csv"), file.with_extension("duckdb"));
    let rows = bench.told(&["csv", RULES, &file.display().to_string()], None)?;
    std::fs::write(&csv, rows).map_err(|e| format!("cannot write {}: {e}", csv.display()))?;
    if base.exists() {
        std::fs::remove_file(&base).map_err(|e| format!("cannot remove {}: {e}", base.display()))?;
    }
    told(Command::new(&python).arg(&script).arg("load").args([&csv, &base]))?;
    let mut times = Vec::new();
    for _ in 0..2 {
        let answer = told(Command::new(&python).arg(&script).arg("ask").arg(&base))?;
        times.push(figure(&answer, "cpu")?);
        for name in ["violated", "violated-due"] {
            let (theirs, ours) = (figure(&answer, name)?, figure(ours, name)?);
            if theirs != ours {
                return Err(format!("its answer differs: {name} {theirs}, not {ours}"));
            }
        }
    }
    Ok(times.into_iter().fold(f64::INFINITY, f64::min))
}

/// A Python of the bench's own, with DuckDB in it.
fn environment(bench: &Bench) -> Result<PathBuf, String> {
    let folder = bench.folder.join("venv");
    let python = folder.join("bin/python");
    if !python.exists() {
        told(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    told(Command::new(&python).args(["-m", "pip", "install", "--quiet", DUCKDB]))?;
    Ok(python)
}
