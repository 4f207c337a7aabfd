//! Scenarios in Markdown: an agreement, records as aligned rows, and the verdicts that they must come to, with reasons.
//!
//! The project's own harness and `servanda test` are this crate: [`parse`] takes a file apart, [`run`] asks the engine and
//! compares, [`update`] writes what the engine says into the `expect` lines. A right verdict for a wrong reason is a
//! failed scenario.
//!
//! What it deliberately does not do: decide a verdict, touch a disk. Files, places and the engine come in through
//! [`World`].
//!
//! Invariants
//! - a word, norm, bearer, code or record that is not there fails the scenario, with the nearest one that is;
//! - a scenario that expects nothing fails;
//! - each question is asked four ways: records in the file's order, reversed, shuffled, and without those that were not
//!   recorded yet (a scenario of many records less thoroughly); boards that differ fail the scenario;
//! - nothing rewrites a file under `tests/agreed` ([`is_agreed`]).
//!
//! Where to start reading: [`Document`], then [`run`]. The form stands in `docs/guides/scenarios.md`. Tests stand beside
//! the code and in `tests/`.

mod document;
mod expect;
mod rows;
mod run;
mod update;
mod words;

pub use document::{Document, Line, Scenario, holds_expectations, parse};
pub use rows::records;
pub use run::{Failure, Outcome, run, show};
pub use update::update;

use servanda_lang::diagnostic::Diagnostic;
use servanda_lang::findings::Finding;
use servanda_model::{Agreement, Board, Name, Places, Question, Record};
use std::collections::BTreeMap;

/// All that a scenario needs from outside. The language and the engine are the house's own unless a test puts others in
/// their place.
pub trait World {
    /// The bytes of a file; the path is relative to the scenario file, with `/`.
    ///
    /// # Errors
    /// Why there are none, in words for the user.
    fn file(&self, path: &str) -> Result<Vec<u8>, String>;

    /// Shapes and points of the names that an agreement and its records use; and the names that have none, each with the
    /// reason and what to do. `files` are by the names that the agreement's zones use.
    fn places(
        &self,
        agreement: &Agreement,
        files: &BTreeMap<String, Vec<u8>>,
        records: &[Record],
    ) -> (Places, Vec<(Name, String)>);

    /// Checks and lowers a text.
    fn check(&self, text: &str) -> (Agreement, Vec<Diagnostic>) {
        let checked = servanda_lang::check(text);
        (checked.agreement, checked.diagnostics)
    }

    /// What the analyses find in a text.
    fn findings(&self, text: &str) -> Vec<Finding> {
        servanda_lang::findings::findings(text, &servanda_lang::check(text)).findings
    }

    /// Asks the engine.
    fn evaluate(
        &self,
        agreement: &Agreement,
        places: &Places,
        records: &[Record],
        question: &Question,
    ) -> Board {
        servanda_engine::evaluate(agreement, places, records, question)
    }
}

/// Whether a path lies under `tests/agreed`: its expectations were written by hand from the words of a text, and no tool
/// rewrites them.
///
/// # Example
/// ```
/// assert!(servanda_scenario::is_agreed("tests/agreed/day-counting.md"));
/// assert!(servanda_scenario::is_agreed("../x/tests/./agreed/a/b.md"));
/// assert!(!servanda_scenario::is_agreed("tests/scenarios/agreed.md"));
/// ```
pub fn is_agreed(path: &str) -> bool {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    let parts: Vec<String> = parts.iter().map(|part| part.to_lowercase()).collect();
    parts.windows(2).any(|pair| pair[0] == "tests" && pair[1] == "agreed")
}
