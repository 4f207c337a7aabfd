//! Tables with known columns: what has to be computed from their cells before a mapping can read them.
//!
//! A known format adds columns of its own making, each with `@` in front so that no file has one of that name; its mapping
//! names them like any other column. Nothing else is decided here: what a column means stays in the mapping.
//!
//! Invariants
//! - a computed column says no more than the cells that it was made of;
//! - a cell that cannot be computed with refuses its row, with the cell's own column and value.

use super::{Context, Format, Refused, acled, firms, osce};
use crate::codes;
use crate::mapping::Cells;
use std::collections::BTreeMap;

/// Computed columns with their values.
pub(super) type Computed = Result<BTreeMap<String, String>, Refused>;

/// What a known format computes.
pub(super) struct Derive {
    /// Columns that the file needs for it.
    pub needs: &'static [&'static str],
    /// The columns of a row that are computed.
    pub columns: fn(&dyn Cells, &Context) -> Computed,
    /// Name under which a column of the header is known.
    pub canonical: fn(&str) -> String,
}

/// What is computed for a format; `None` where nothing is.
pub(super) fn derive(format: Option<Format>) -> Option<&'static Derive> {
    match format? {
        Format::Acled => Some(&acled::DERIVE),
        Format::Firms => Some(&firms::DERIVE),
        Format::Osce => Some(&osce::DERIVE),
        _ => None,
    }
}

/// A header as it stands.
pub(super) fn as_it_stands(header: &str) -> String {
    header.trim().to_string()
}

/// The cells of a row, and those that were computed.
pub(super) struct With<'a> {
    pub row: &'a dyn Cells,
    pub computed: BTreeMap<String, String>,
}

impl Cells for With<'_> {
    fn cell(&self, column: &str) -> Option<&str> {
        match self.computed.get(column) {
            Some(cell) => Some(cell.trim()).filter(|cell| !cell.is_empty()),
            None => self.row.cell(column),
        }
    }
}

/// A refusal of a cell.
pub(super) fn refuse(code: &'static str, column: &str, value: &str, reason: &str, remedy: &str) -> Refused {
    Refused {
        column: column.to_string(),
        value: value.to_string(),
        ..Refused::of_file(code, 0, reason, remedy)
    }
}

/// A fault for each column that a known format computes with and the file does not have.
pub(super) fn missing(derive: Option<&'static Derive>, header: &[String]) -> Vec<Refused> {
    let needs = derive.map_or(&[][..], |d| d.needs);
    let missing = needs.iter().filter(|name| !header.iter().any(|h| h == *name));
    let listed: Vec<String> = header.iter().take(40).map(|c| format!("`{c}`")).collect();
    missing
        .map(|name| {
            let reason = format!("the file has no column `{name}`; it has {}", listed.join(", "));
            refuse(codes::NO_COLUMN, name, "", &reason, "check that the file is of this format")
        })
        .collect()
}
