//! ACLED exports: what of their cells is computed.
//!
//! The mapping is data (`crates/evidence/data/acled.map.toml`). This module holds its choices:
//!
//! - `time_precision` 1 is the day; 2 (a week or the like, dated to its middle) is every day within six of it; 3 is the
//!   month. `geo_precision` 1 is the named place, taken as 5 km; 2 (near it, or a small region) 30 km; 3 (only the larger
//!   region) the first administrative level where the gazetteer knows it, else 150 km. ACLED gives no distances: these are
//!   our choice, on the wide side.
//! - battles and remote violence name the sides, and the order of the two says nothing about who fired: `by` is one of
//!   both. In violence against civilians the first actor is the one that used it.
//! - `timestamp` is when ACLED last changed the row. ACLED is a living base: the column is kept as the record's
//!   snapshot, in UTC, and a changed row supersedes the one before.
//! - the basis is *assessed*: researchers coded it from the reports of others.
//!
//! ACLED may not be passed on. The rows of our tests are invented.
//!
//! # Source
//! ACLED Codebook, Armed Conflict Location & Event Data.

use super::table::{Derive, as_it_stands, refuse};
use super::{Context, Refused};
use crate::codes;
use crate::mapping::Cells;
use crate::moment::{self, Stamp};
use servanda_model::Instant;
use std::collections::BTreeMap;

pub(super) static DERIVE: Derive =
    Derive { needs: &["event_date", "source"], columns, canonical: as_it_stands };

fn columns(row: &dyn Cells, _: &Context) -> Result<BTreeMap<String, String>, Refused> {
    let mut out = BTreeMap::new();
    if let Some(cell) = row.cell("event_date") {
        // Exports from the site write `05 January 2024`, those from the API `2024-01-05`.
        let read =
            ["%d %B %Y", "%d %b %Y", "%d-%b-%Y"].into_iter().find_map(|f| moment::parse(cell, Some(f)).ok());
        let date = match read {
            Some(Stamp::Day(date)) => date.to_string(),
            _ => cell.to_string(),
        };
        out.insert("@date".to_string(), date);
    }
    if let Some(cell) = row.cell("source") {
        let sources = cell.split(';').filter(|part| !part.trim().is_empty()).count();
        out.insert("@sources".to_string(), sources.max(1).to_string());
    }
    if let Some(cell) = row.cell("timestamp") {
        let seconds = cell.parse::<i64>().ok().filter(|s| (0..=4_102_444_800).contains(s));
        let Some(seconds) = seconds else {
            return Err(refuse(
                codes::DATE,
                "timestamp",
                cell,
                "this is no moment in seconds of 1970",
                "export the file again; the column holds when ACLED last changed the row",
            ));
        };
        out.insert("@snapshot".to_string(), Instant(seconds * 1000).to_string());
    }
    Ok(out)
}
