//! Complaints and their answers, as a table has them: by month and community, and nobody in it.
//!
//! It keeps no case number in what it shows, reads no text of a complaint, and does not say whether an answer was in time: that is the
//! engine's, on records.
//!
//! Invariants
//! - every row of the table is counted in one cell, or the whole is refused;
//! - a place that is finer than a hromada is counted in its hromada;
//! - small counts are not shown (`small.rs`), and received, answered and open are of the same complaints, so that no difference between two
//!   months gives a hidden one.

use super::known::Hromadas;
use super::place::{self, Code, oblast_named};
use super::plan::Plan;
use super::small;
use crate::Refusal;
use crate::answer::{Cell, Shown};
use crate::month::Month;
use crate::table::{Row, Table};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

const COLUMNS: [&str; 6] = ["case", "place", "to", "received", "acknowledged", "answered"];

/// Complaints of one place and month.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Cases {
    received: u64,
    acknowledged: u64,
    /// Days that each answer took.
    took: Vec<i64>,
}

/// What a table of complaints says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Complaints {
    by: BTreeMap<(Month, String), Cases>,
    /// Rows of places finer than a hromada, which were added to their hromadas.
    pub finer: usize,
    /// Complaints.
    pub counted: usize,
}

fn day(row: &Row<'_>, column: &str) -> Result<Option<Date>, Refusal> {
    match row.text(column) {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| row.refused(column, "is no date", "write it like `2026-06-30`")),
    }
}

impl Complaints {
    /// Reads a table `case,place,received` with `to,acknowledged,answered` where they are known. A place is a community of the plan, a code of the
    /// register, or the name of a hromada where `hromadas` knows it.
    ///
    /// # Errors
    /// Where a column is not known, a case stands twice, a date comes before the one before it, or a place is none or several.
    pub fn read(
        name: &str,
        text: &str,
        plan: &Plan,
        hromadas: Option<&Hromadas>,
    ) -> Result<Complaints, Refusal> {
        let table = Table::read(name, text)?.with(&["case", "place", "received"])?;
        if let Some(column) = table.columns().find(|column| !COLUMNS.contains(column)) {
            return Err(place::refused(&format!("`{name}`, column"), column));
        }
        let (mut all, mut cases) = (Complaints::default(), BTreeSet::new());
        for row in table.rows() {
            let case = row.text("case");
            if case.is_empty() || !cases.insert(case) {
                return Err(row.refused(
                    "case",
                    "is no number of its own",
                    "each complaint has one, and stands once",
                ));
            }
            let (place, finer) = placed(&row, plan, hromadas)?;
            let Some(received) = day(&row, "received")? else {
                return Err(row.refused(
                    "received",
                    "is empty",
                    "a complaint counts from when it is received",
                ));
            };
            let [acknowledged, answered] = ["acknowledged", "answered"].map(|column| day(&row, column));
            let (acknowledged, answered) = (acknowledged?, answered?);
            for (column, when) in [("acknowledged", acknowledged), ("answered", answered)] {
                if when.is_some_and(|when| when < received) {
                    return Err(row.refused(
                        column,
                        "comes before the complaint",
                        "repair one of the two dates",
                    ));
                }
            }
            let Some(month) = Month::of_day(received) else {
                return Err(row.refused("received", "is out of range", "a year from 1 to 9999"));
            };
            let of = all.by.entry((month, place)).or_default();
            of.received += 1;
            of.acknowledged += u64::from(acknowledged.is_some());
            if let Some(answered) = answered {
                of.took.push(received.until(answered).map_or(0, |span| i64::from(span.get_days())));
            }
            all.finer += usize::from(finer);
            all.counted += 1;
        }
        all.by.values_mut().for_each(|of| of.took.sort_unstable());
        Ok(all)
    }

    /// As a table.
    pub fn shown(&self, below: u64) -> Shown {
        let row = |((month, place), of): (&(Month, String), &Cases)| {
            let answered = of.took.len() as u64;
            let mut row =
                vec![Cell::text(month.to_string()), Cell::text(place), small::count(of.received, below)];
            let few = small::is_small(of.received, below);
            let [known, open] = match few {
                true => [small::hidden(below), small::hidden(below)],
                false => small::parts(answered, of.received - answered, below),
            };
            let known_days = known != small::hidden(below) && answered > 0;
            let acknowledged = match few || small::is_small(of.received - of.acknowledged, below) {
                true => small::hidden(below),
                false => small::count(of.acknowledged, below),
            };
            let days = |at: usize| of.took.get(at).map_or(Cell::Missing, |days| Cell::whole(*days));
            let median = if known_days { days((of.took.len() - 1) / 2) } else { Cell::Missing };
            row.extend([acknowledged, known, open, median]);
            row
        };
        Shown {
            name: "complaints",
            title: "complaints by the month in which they were received, and what became of them; median of days until the answer".into(),
            columns: vec!["month", "place", "received", "acknowledged", "answered", "open", "median_days"],
            rows: self.by.iter().map(row).collect(),
        }
    }
}

/// Which place a row means, and whether it named something finer.
fn placed(row: &Row<'_>, plan: &Plan, hromadas: Option<&Hromadas>) -> Result<(String, bool), Refusal> {
    let text = row.text("place");
    if plan.communities.iter().any(|c| c.name == text) {
        return Ok((text.into(), false));
    }
    if let Some((code, finer)) = Code::read(text) {
        // A community of the plan in which it lies, else its hromada.
        let of_plan = plan.communities.iter().find(|c| c.code.as_ref().is_some_and(|of| code.is_in(of)));
        let name = match of_plan {
            Some(of) => of.name.clone(),
            None => match hromadas.and_then(|all| all.name(&code)) {
                Some(name) => format!("{name} ({})", code.shown()),
                None => oblast_named(code.oblast())
                    .filter(|_| code.level() == place::Level::Oblast)
                    .map_or_else(|| code.shown(), String::from),
            },
        };
        return Ok((name, finer));
    }
    let named = hromadas.map(|all| all.named(text)).unwrap_or_default();
    match named[..] {
        [code] => Ok((format!("{text} ({})", code.shown()), false)),
        [] => Err(row.refused(
            "place",
            "is no community of the plan, no code, and no hromada that is known",
            "write the code of its hromada; with --hromadas names are known too; an address is not read",
        )),
        _ => {
            let codes: Vec<String> = named.iter().map(|code| code.shown()).collect();
            Err(row.refused(
                "place",
                &format!("is the name of {} hromadas", named.len()),
                &format!("write the code: {}", codes.join(", ")),
            ))
        }
    }
}
