//! A report as text for a terminal or a mail: headings, paragraphs, and each row of a table as its columns with their values, since a wide
//! table has no room there.
//!
//! Invariants
//! - control characters of a record do not reach the terminal.
//!
//! Where to start reading: [`plain`]. Tests: `tests/enforceability.rs` of this crate.

use super::{Checked, Table};
use crate::text::{clean, wrapped};

const WIDTH: usize = 96;

/// The text.
pub fn plain(checked: &Checked) -> String {
    let d = checked.document();
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    if let Some(exercise) = &d.exercise {
        line(&clean(exercise));
        line("");
    }
    line(&clean(&d.title));
    line("");
    for (name, value) in &d.head {
        line(&format!("{}: {}", clean(name), clean(value)));
    }
    line("");
    for words in &d.summary {
        line(wrapped(&format!("- {}", clean(words)), WIDTH, 2).trim_end());
    }
    for section in &d.sections {
        line("");
        line(&clean(&section.heading).to_uppercase());
        for words in &section.text {
            line(wrapped(&clean(words), WIDTH, 0).trim_end());
        }
        for table in &section.tables {
            line("");
            line(&of_table(table, &d.words.total));
        }
    }
    out
}

fn of_table(table: &Table, total: &str) -> String {
    let mut out = format!("{}\n", clean(&table.caption));
    for row in &table.rows {
        let mut cells = row.iter().map(|c| clean(c.shown()));
        out.push('\n');
        out.push_str(&wrapped(&cells.next().unwrap_or_default(), WIDTH, 2));
        for (column, value) in table.columns.iter().skip(1).zip(cells) {
            if !value.is_empty() {
                out.push_str(&wrapped(&format!("{}: {value}", clean(column)), WIDTH, 4));
            }
        }
    }
    for column in &table.summed {
        let name = table.columns.get(*column).map(|c| clean(c.as_str())).unwrap_or_default();
        out.push_str(&format!("\n  {total}, {name}: {}\n", table.sum(*column)));
    }
    out.trim_end().to_string()
}
