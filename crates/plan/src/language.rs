//! What the planner words, in a language: sentences, heads of columns, words in cells.
//!
//! Whatever computes words in English; here each sentence has its Ukrainian by its shape, in a book of phrases
//! (`crates/plan/data/uk.json`; [`servanda_report::phrases`] says how shapes are matched). What is somebody's own stays as it stands: names of
//! partners and categories, files, notes. It touches no document for programs: CSV and JSON have one language.
//!
//! Invariants
//! - every sentence in the sources of this crate that an answer can hold has its Ukrainian, and so has every head (`tests/ukrainian.rs`);
//! - a cell is looked up only in a column whose words are the planner's own, so that no name is ever translated.
//!
//! Where to start reading: [`Language::say`].

use crate::answer::{Cell, Shown};
use serde::Deserialize;
use servanda_report::phrases::Book;
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(Deserialize, Default)]
struct Written {
    /// Heads by column, or by `table.column` where one table means something else.
    columns: BTreeMap<String, String>,
    /// Columns with the planner's own words, each with those that are said otherwise there.
    cells: BTreeMap<String, BTreeMap<String, String>>,
    phrases: Vec<(String, String)>,
}

struct Ukrainian {
    columns: BTreeMap<String, String>,
    cells: BTreeMap<String, BTreeMap<String, String>>,
    book: Book,
}

static UKRAINIAN: LazyLock<Ukrainian> = LazyLock::new(|| {
    let written: Written = serde_json::from_str(include_str!("../data/uk.json")).unwrap_or_default();
    // What a plot says names columns.
    let heads = written.columns.iter().filter(|(name, _)| !name.contains('.'));
    let heads: Vec<(String, String)> = heads.map(|(name, head)| (name.clone(), head.clone())).collect();
    let book = Book::of(written.phrases.into_iter().chain(heads).collect());
    Ukrainian { columns: written.columns, cells: written.cells, book }
});

/// A language of answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// As it is computed.
    #[default]
    English,
    /// By the book of phrases.
    Ukrainian,
}

/// What an entry that may be by table is, by table first.
fn by_table<'b, T>(all: &'b BTreeMap<String, T>, table: &str, column: &str) -> Option<&'b T> {
    all.get(&format!("{table}.{column}")).or_else(|| all.get(column))
}

impl Language {
    /// Reads its code.
    pub fn parse(code: &str) -> Option<Language> {
        match code {
            "en" => Some(Language::English),
            "uk" => Some(Language::Ukrainian),
            _ => None,
        }
    }

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Ukrainian => "uk",
        }
    }

    /// A sentence of the planner in this language; `None` where the book does not have it.
    ///
    /// # Example
    /// ```
    /// use servanda_plan::Language;
    /// let said = Language::Ukrainian.said("3 incidents have no region, and are left out");
    /// assert_eq!(said.unwrap(), "3 інциденти не мають регіону: їх вилучено");
    /// ```
    pub fn said(self, text: &str) -> Option<String> {
        match self {
            Language::English => Some(text.to_string()),
            Language::Ukrainian => UKRAINIAN.book.said(text),
        }
    }

    /// A sentence of the planner in this language, or as it stands where it is somebody's own.
    pub fn say(self, text: &str) -> String {
        self.said(text).unwrap_or_else(|| text.to_string())
    }

    /// The head of a column.
    pub fn column(self, table: &Shown, column: &str) -> String {
        match self {
            Language::English => column.to_string(),
            Language::Ukrainian => by_table(&UKRAINIAN.columns, table.name, column)
                .map_or_else(|| column.to_string(), String::clone),
        }
    }

    /// A cell of the column with this number, as it is shown; empty where it is missing.
    pub fn cell(self, table: &Shown, column: usize, cell: &Cell) -> String {
        let plain = cell.plain();
        if self == Language::English {
            return plain;
        }
        match cell {
            Cell::Missing => plain,
            Cell::Number(..) => plain.replace('.', ",").replace('-', "\u{2212}"),
            Cell::Text(text) => {
                let name = table.columns.get(column).copied().unwrap_or_default();
                match by_table(&UKRAINIAN.cells, table.name, name) {
                    None => plain,
                    Some(own) => own.get(text).cloned().unwrap_or_else(|| self.say(text)),
                }
            }
        }
    }

    /// Whether a column of a table holds words of the planner, of which each has its Ukrainian; names may stand among them.
    pub fn has_words(table: &str, column: &str) -> bool {
        by_table(&UKRAINIAN.cells, table, column).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use servanda_model::Number;

    #[test]
    fn heads_and_words_are_of_their_column_and_names_are_left() {
        let table = Shown {
            name: "tours",
            title: String::new(),
            columns: vec!["partner", "unit", "state"],
            rows: vec![],
        };
        let uk = Language::Ukrainian;
        assert_eq!(uk.column(&table, "partner"), "партнер");
        assert_eq!(uk.column(&table, "unit"), "№");
        assert_eq!(uk.column(&Shown { name: "waiting", ..table.clone() }, "unit"), "одиниця");
        assert_eq!(uk.cell(&table, 0, &Cell::text("begun")), "begun", "a partner may be called so");
        assert_eq!(uk.cell(&table, 2, &Cell::text("begun")), "розпочата");
        assert_eq!(uk.cell(&table, 1, &Cell::of(Number::ratio(-5, 4), 2)), "\u{2212}1,25");
        assert_eq!(Language::English.cell(&table, 2, &Cell::text("begun")), "begun");
        let scores = Shown { name: "scores", columns: vec!["state"], ..table.clone() };
        assert_eq!(uk.cell(&scores, 0, &Cell::text("shipped")), "обрано");
        let entries = Shown { name: "entries", columns: vec!["stage"], ..table };
        assert_eq!(uk.cell(&entries, 0, &Cell::text("shipped")), "відвантажено");
    }

    #[test]
    fn a_language_that_is_none_is_none() {
        assert_eq!(Language::parse("uk").map(Language::code), Some("uk"));
        assert_eq!(Language::parse("UK"), None);
        assert_eq!(Language::parse(""), None);
    }
}
