//! The annex table as CSV (RFC 4180, UTF-8), safe to open in a spreadsheet.
//!
//! Invariants
//! - a cell that a spreadsheet would take for a formula gets an apostrophe before it; counts are plain numbers;
//! - one header row, then one row for each event.
//!
//! Where to start reading: [`csv`]. Tests: `tests/document.rs` of this crate.

use super::{Cell, Checked};

/// The table of that key, or the first one with rows; nothing where there is no table at all.
pub fn csv(document: &Checked, key: &str) -> String {
    let document = document.document();
    let all = || document.sections.iter().flat_map(|s| &s.tables);
    let Some(table) = document.table(key).or_else(|| all().next()) else { return String::new() };
    let mut out = line(table.columns.iter().map(|c| safe(c)));
    for row in &table.rows {
        out.push_str(&line(row.iter().map(|cell| match cell {
            Cell::Count { n, .. } => n.to_string(),
            Cell::Text(text) => safe(text),
        })));
    }
    out
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}

/// Whether a spreadsheet would take a text for a formula: it starts one at these signs, also behind blanks and in their wide forms.
///
/// # Source
/// OWASP, "CSV injection".
pub(crate) fn is_formula(text: &str) -> bool {
    let first = text.trim_start().chars().next();
    matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'))
        || text.starts_with(['\t', '\r', '\n'])
}

/// Quoted, and no formula.
fn safe(text: &str) -> String {
    let text = if is_formula(text) { format!("'{text}") } else { text.to_string() };
    if text.contains([',', '"', '\n', '\r', ';', '\t']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
