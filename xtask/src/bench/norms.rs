//! A long agreement over ten years in the general engine: 600 clauses of all kinds and 40 parties. First the board as the
//! semantics has it, in small, against that of every way there is to it; then the time and memory of one process for each.

use super::table::Table;
use super::{Bench, figure};

/// Clauses, parties, years, records, seed: small enough for the semantics.
const SMALL: [&str; 5] = ["60", "6", "1", "2000", "3"];
/// Megabytes.
const MOST: &str = "4096 MB";

pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let of = |what: &str, size: &[&str; 5]| bench.told(&[&["norms", what], &size[..]].concat(), None);
    let right = said(&of("reference", &SMALL)?)?;
    for what in ["board", "live", "walk"] {
        if said(&of(what, &SMALL)?)? != right {
            return Err(format!("`norms {what} {}` differs from the semantics", SMALL.join(" ")));
        }
    }
    let sizes: &[(&str, &str)] = match bench.long {
        true => &[("200000", "200,000"), ("1000000", "1,000,000")],
        false => &[("200000", "200,000")],
    };
    for (records, name) in sizes {
        let told = of("board", &["600", "40", "10", records, "1"])?;
        let reach = if *records == "1000000" { ("60 s", MOST) } else { ("-", "-") };
        let whole = format!("600 clauses, 40 parties, 10 years, {name} records");
        let seconds = |name: &str| figure(&told, name).map(|us| vec![us / 1e6]);
        table.row(format!("{whole}: first board, CPU"), reach.0, "s", seconds("board")?);
        table.row(format!("{whole}: first board, by the clock"), reach.0, "s", seconds("board-wall")?);
        table.row(format!("{whole}: memory"), reach.1, "MB", vec![figure(&told, "peak")? / 1024.0]);
        table.row(format!("{whole}: verdicts on that board"), "-", "", vec![figure(&told, "verdicts")?]);
    }
    Ok(())
}

/// What tells one board from another.
fn said(text: &[u8]) -> Result<(f64, String), String> {
    let text_of = String::from_utf8_lossy(text);
    let digest = text_of.lines().find_map(|line| line.strip_prefix("digest "));
    Ok((figure(text, "verdicts")?, digest.ok_or("no digest")?.to_string()))
}
