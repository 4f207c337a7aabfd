//! The trace tool: text in, verdicts out, with rules that compile to columns; and seeded data for what is timed.
//!
//! ```text
//! servanda-bench trace PACT [--norm NAME] [--known-at SECONDS] < TRACE     violations, one line each
//! servanda-bench generate KIND N SEED LATE                               a trace on standard output
//! servanda-bench plain KIND [--known-at SECONDS] < TRACE                   the same answers, computed another way
//! servanda-bench history PACT N SEED FILE                                  a long history as stored columns
//! servanda-bench measure PACT FILE                                         figures of one process over such a history
//! servanda-bench text PACT FILE                                            such a history as a trace
//! servanda-bench csv PACT FILE                                             what of it stands in the end, as CSV
//! servanda-bench sweep N                                                   a sweep over N events
//! servanda-bench links measure|folds|train CSV MAP                         which reports speak of one event, on labelled reports
//! servanda-bench links speed N SEED                                        the same among N seeded reports
//! servanda-bench intake BINARY EXAMPLE FOLDER RECORDS RATE SENSORS         signed detections over HTTP; FOLDER is made anew
//! servanda-bench users BINARY EXAMPLE FOLDER USERS INCIDENTS WITHIN SEED AUDIENCES CUT_OFF   people at the cut-off; FOLDER is made anew
//! servanda-bench ledger make FOLDER N SEED                                a log of N entries; FOLDER is not there yet
//! servanda-bench ledger verify FOLDER SEED                                the time of its whole check
//! servanda-bench keys CLAUSES PARTIES SEED N                               N keystrokes in an editor on such an agreement
//! servanda-bench norms WHAT CLAUSES PARTIES YEARS RECORDS SEED             the general engine; WHAT: text, board, live, walk, reference
//! ```
//!
//! Never: part of what a user gets. `cargo xtask bench` runs it.
//!
//! Start at [`trace`](mod@trace) for the format and at `bench/rules.pact.md` for the rules.

#![allow(clippy::disallowed_methods, reason = "the edge: what is timed is timed here")]

mod data;
mod intake;
mod keys;
mod ledger;
mod links;
mod measure;
mod norms;
mod plain;
mod serving;
mod trace;
mod users;
mod verdicts;

use servanda_engine::columns::{Live, Plan};
use servanda_model::Instant;
use std::io::{Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).and_then(|out| told(&out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn told(out: &[u8]) -> Result<(), String> {
    std::io::stdout().lock().write_all(out).map_err(|e| format!("cannot write: {e}"))
}

fn run(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let (plain, options) = split(arguments)?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no number"));
    let known_at =
        options.iter().find(|(name, _)| *name == "--known-at").map(|(_, at)| number(at)).transpose()?;
    match &plain[..] {
        ["trace", pact] => {
            let norm = options.iter().find(|(name, _)| *name == "--norm").map(|(_, norm)| *norm);
            let plan = plan(pact, norm)?;
            let (mut live, mut next) = (Live::new(&plan), 0);
            let mut reader = trace::Reader::new(&plan);
            reader.read(std::io::stdin().lock(), |table| {
                let rows = next..table.len() as u32;
                next = rows.end;
                live.insert_all(table, rows).map_err(|e| e.to_string())
            })?;
            let table = reader.table;
            let last = table.len().checked_sub(1).map_or(0, |row| table.recorded(row as u32));
            live.settle(Instant(last));
            let at = known_at.map_or(last, |s| s as i64 * trace::SECOND);
            told(&verdicts::violations(&plan, &table, live.log(), Instant(at)))?;
            if std::env::var_os("SERVANDA_BENCH_FIGURES").is_some() {
                eprint!("{}", measure::of_process());
            }
            // Nothing is taken apart that ends anyway.
            std::process::exit(0)
        }
        ["plain", kind] => plain::violations(kind, &input()?, known_at).ok_or_else(|| format!("no rule `{kind}`")),
        ["generate", kind, n, seed, late] => {
            let trace = data::trace(kind, number(n)?, number(seed)?, number(late)?);
            trace.map(String::into_bytes).ok_or_else(|| format!("no rule `{kind}`; there are {:?}", data::KINDS))
        }
        ["history", pact, n, seed, file] => {
            let plan = plan(pact, Some("consult"))?;
            let table = data::history(&plan, number(n)?, number(seed)?);
            let written = std::fs::write(file, table.to_bytes(&plan));
            written.map(|()| Vec::new()).map_err(|e| format!("cannot write {file}: {e}"))
        }
        [form @ ("text" | "csv"), pact, file] => {
            let plan = plan(pact, Some("consult"))?;
            let table = measure::stored(&plan, file)?;
            if *form == "csv" {
                return Ok(measure::csv(&plan, &table));
            }
            let mut out = Vec::new();
            trace::write(&plan, &table, &mut out).map_err(|e| e.to_string())?;
            Ok(out)
        }
        ["measure", pact, file] => measure::history(&plan(pact, Some("consult"))?, file),
        ["links", "measure", csv, map] => links::measured(csv, map, false),
        ["links", "folds", csv, map] => links::measured(csv, map, true),
        ["links", "speed", n, seed] => Ok(links::speed(number(n)?, number(seed)?)),
        ["links", "train", csv, map] => links::trained(csv, map),
        ["intake", binary, example, folder, records, rate, sensors] => {
            let load = intake::Load { records: number(records)?, rate: number(rate)?, sensors: number(sensors)? };
            intake::measured(binary, example, folder, &load)
        }
        ["users", binary, example, folder, users, incidents, within, seed, audiences, cut_off] => {
            let load = users::Load {
                users: number(users)?,
                incidents: number(incidents)?,
                within: number(within)?,
                seed: number(seed)?,
                audiences: number(audiences)?,
                cut_off: number(cut_off)?,
            };
            users::measured(binary, example, folder, &load)
        }
        ["norms", what, clauses, parties, years, records, seed] => {
            let size = norms::Size {
                clauses: number(clauses)?,
                parties: number(parties)?,
                years: number(years)?,
                records: number(records)?,
                seed: number(seed)?,
            };
            norms::measured(what, size)
        }
        ["ledger", "make", folder, n, seed] => ledger::made(folder, number(n)?, number(seed)?),
        ["ledger", "verify", folder, seed] => ledger::verified(folder, number(seed)?),
        ["keys", clauses, parties, seed, n] => {
            keys::measured(number(clauses)?, number(parties)?, number(seed)?, number(n)?)
        }
        ["sweep", n] => Ok(measure::sweep(number(n)?)),
        _ => Err("trace PACT, plain KIND, generate KIND N SEED LATE, history PACT N SEED FILE, text PACT FILE, csv PACT FILE, measure PACT FILE, sweep N, links measure CSV MAP, links folds CSV MAP, links train CSV MAP, links speed N SEED, intake BINARY EXAMPLE FOLDER RECORDS RATE SENSORS, users BINARY EXAMPLE FOLDER USERS INCIDENTS WITHIN SEED AUDIENCES CUT_OFF, ledger make FOLDER N SEED, ledger verify FOLDER SEED, keys CLAUSES PARTIES SEED N, or norms WHAT CLAUSES PARTIES YEARS RECORDS SEED".into()),
    }
}

/// Plain arguments, and options with their values.
#[allow(clippy::type_complexity, reason = "two lists")]
fn split<'a>(arguments: &[&'a str]) -> Result<(Vec<&'a str>, Vec<(&'a str, &'a str)>), String> {
    let (mut plain, mut options) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match (*argument, argument.starts_with("--")) {
            (name @ ("--norm" | "--known-at"), _) => {
                options.push((name, *rest.next().ok_or_else(|| format!("`{name}` takes a value"))?));
            }
            (name, true) => return Err(format!("the option `{name}` is not known")),
            (argument, false) => plain.push(argument),
        }
    }
    Ok((plain, options))
}

fn input() -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let length = std::fs::metadata("/dev/stdin").map_or(0, |m| m.len() as usize);
    bytes.reserve(length + 1);
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|e| format!("cannot read the trace: {e}"))?;
    Ok(bytes)
}

fn plan(pact: &str, norm: Option<&str>) -> Result<Plan, String> {
    let text = std::fs::read_to_string(pact).map_err(|e| format!("cannot read {pact}: {e}"))?;
    let checked = servanda_lang::check(&text);
    if let Some(error) =
        checked.diagnostics.iter().find(|d| d.severity == servanda_lang::diagnostic::Severity::Error)
    {
        return Err(format!("{pact}: {}", error.message));
    }
    let agreement = &checked.agreement;
    let wanted = agreement.norms.iter().filter(|n| norm.is_none_or(|name| n.name == *name));
    let norms: Vec<_> = wanted.collect();
    if norms.is_empty() {
        return Err(format!("{pact} has no norm `{}`", norm.unwrap_or_default()));
    }
    Plan::of_norms(agreement, &norms).map_err(|e| e.to_string())
}
