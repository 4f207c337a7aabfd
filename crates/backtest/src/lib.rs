//! A draft replayed over a history: how often each clause would have triggered, what would have been said of it, how soon,
//! and what could not have been decided.
//!
//! Records go in with a rule on when each would have been known; out comes a [`Replay`], which is data: the command line
//! prints it, writes it as JSON, Parquet or a page, and a server can hand it on. Verdicts are the engine's; nothing here
//! decides one.
//!
//! Invariants
//! - what would not have been known yet has no effect: a record counts from the moment that the rule gives it;
//! - a variant of a draft gives what the varied draft gives when it is replayed alone;
//! - parties stand in the order of the text, never in the order of their counts;
//! - the same draft, history and question give the same bytes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`past`] | the history, and the rule on when its records were known |
//! | [`figures`] | the figures of one replay |
//! | [`labels`] | labelled outcomes: false alarms and misses |
//! | [`vary`] | what of a draft can be varied, and the variants |
//! | [`against`] | two drafts on one history |
//! | [`lab`] | what a page with sliders needs besides: the cases behind the figures, the knobs |
//! | [`text`], [`json`], [`html`], [`parquet_rows`] | for a terminal, for programs, as a page, as Parquet |
//!
//! Where to start reading: [`replay`], then [`figures`]. Tests: beside each module, and `crates/servanda/tests` on real data.

pub mod against;
pub mod figures;
pub mod html;
pub mod json;
pub mod lab;
pub mod labels;
pub mod parquet_rows;
pub mod past;
mod plot;
pub mod text;
pub mod vary;

pub use figures::{Replay, replay};
pub use past::{Knowledge, Past};

use against::Compared;
use labels::Scored;
use servanda_model::{Agreement, Places};
use vary::Sweep;

/// Everything that a back-test found.
pub struct Backtest<'a> {
    /// The draft.
    pub agreement: &'a Agreement,
    /// Its shapes and points.
    pub places: &'a Places,
    /// The history.
    pub past: &'a Past,
    /// What the draft says of it.
    pub replay: Replay,
    /// Beside labelled outcomes, where there are any.
    pub scored: Option<Scored>,
    /// Variants of the draft, where any were asked for.
    pub sweep: Option<Sweep>,
    /// Beside another draft, where one was named.
    pub compared: Option<Compared>,
}

/// A question that makes no sense, and what to ask instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What is wrong, in lower case, the user's words in backticks.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Refusal {
    /// What is wrong, and what to do.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), help: help.into() }
    }
}
