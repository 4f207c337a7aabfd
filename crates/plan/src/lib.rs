//! Futures, and what they stand on: what partners promised and what came of it, who carries the cost, how a force may grow, what
//! arrives against crews and workshops, who rotates when, what communities near bases need, how many incidents may come.
//!
//! What it deliberately does not do: decide a verdict, guess a figure that a source does not have, read a file or the clock,
//! solve a program (a [`Solver`](program::Solver) is handed in), or know anything of a force but numbers of people and pieces by category, month and
//! zone of the agreement. There are no units in the field, no sides, no movements and no weapons in use in it, and there is
//! nothing to aim at.
//!
//! Invariants
//! - every [`Answer`] says whether it is planned or simulated, what it assumes, its seed where something was drawn, and what
//!   is missing;
//! - amounts of money and quantities are exact ([`Number`](servanda_model::Number)); people are whole;
//! - what two sources tell of the same aid (the European Union's and its members') is added once;
//! - the same input, seed and number of futures give the same bytes, whatever the number of threads;
//! - a schedule is given out only where [`rotations::check()`], which shares nothing with what made it, has no finding.
//!
//! Where to start reading: [`answer`], then [`support`] (the ledger) with [`kiel`] and [`iati`] (its imports), [`burden`] with [`economy`],
//! then [`forces`], [`communities`], [`deliveries`], [`rotations`] with [`program`], and [`watch`]. Tests stand beside the code and in `tests/`; those of schedules in
//! `crates/solve/tests`.

pub mod answer;
pub mod burden;
pub mod communities;
pub mod compare;
pub mod deliveries;
pub mod economy;
pub mod forces;
pub mod iati;
pub mod kiel;
pub mod language;
pub mod month;
mod page;
pub mod program;
pub mod rotations;
pub mod support;
mod supposed;
pub mod table;
pub mod watch;

pub use answer::{Answer, Basis};
pub use language::Language;
pub use month::Month;

/// Why something cannot be computed, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What is wrong and where, in lower case.
    pub message: String,
    /// What to do next.
    pub help: String,
}

impl Refusal {
    /// A refusal with its remedy.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), help: help.into() }
    }
}

/// Reads a plan: TOML of a shape, and what `read` makes of it. `name` is what the file is called in a refusal, which names the line or the
/// key.
fn plan<T: serde::de::DeserializeOwned, P>(
    name: &str,
    text: &str,
    read: impl FnOnce(&T) -> Result<P, Refusal>,
) -> Result<P, Refusal> {
    read(&written(name, text)?)
        .map_err(|refusal| Refusal { message: format!("`{name}`: {}", refusal.message), ..refusal })
}

/// A month that a plan names; `what` is what it is for.
fn named_month(what: &str, text: &str) -> Result<Month, Refusal> {
    Month::parse(text)
        .ok_or_else(|| Refusal::new(format!("{what} `{text}` is no month"), "write it like `2027-06`"))
}

fn written<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, Refusal> {
    toml::from_str(text).map_err(|error| {
        let before = &text[..error.span().map_or(0, |span| span.start).min(text.len())];
        let line = before.matches('\n').count() + 1;
        Refusal::new(
            format!("`{name}`, line {line}: {}", error.message().trim()),
            "`docs/guides/planning.md` shows the keys of a plan",
        )
    })
}
