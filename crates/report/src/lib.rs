//! Verdicts and duties as people and programs read them: text for a terminal, JSON documents, iCalendar, GeoJSON and
//! a timeline.
//!
//! What it deliberately does not do: decide a verdict, fetch a record, read a clock. It words what the engine found.
//!
//! Invariants
//! - every document says first which moment it speaks of and at which moment that was known;
//! - an exercise is called one wherever it shows;
//! - a state is never told by colour alone: it has a word and a sign;
//! - the same view gives the same bytes.
//!
//! Where to start reading: [`View`], then [`rows`](View::rows) and [`State`], then [`text`].
//! Tests: `tests/` of this crate, on a board that is built by hand.

pub mod atom;
pub mod change_set;
pub mod document;
pub mod duties;
pub mod explained;
pub mod extents;
pub mod ics;
pub mod incidents;
pub mod json;
pub mod map;
pub mod notice;
pub mod phrases;
pub mod rows;
pub mod sorted;
pub mod state;
pub mod text;
pub mod timeline;
pub mod watched;
pub mod wording;

pub use duties::{Duty, Owed};
pub use rows::{NotFound, Row};
pub use sorted::Sorted;
pub use state::{Answer, State, Tone};

use servanda_model::{Agreement, Board, Instant, Places, Record, RecordId, Records};
use std::collections::{BTreeMap, BTreeSet};

/// What is shown: an agreement, its places and records, and the board that the engine made of them.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// Shapes and points of its places.
    pub places: &'a Places,
    /// All records; those that were not known yet at the question's `known_at` are left out here.
    pub records: Records<'a>,
    /// The verdicts.
    pub board: &'a Board,
    /// Which records are known and which are incidents, where that is at hand.
    pub sorted: Option<&'a Sorted>,
}

impl<'a> View<'a> {
    /// The record of that identity, whether known by then or not.
    pub fn record(&self, id: &RecordId) -> Option<&'a Record> {
        self.records.iter().find(|r| r.id == *id)
    }

    /// All records by identity, for whoever looks up many.
    pub fn by_id(&self) -> BTreeMap<&'a str, &'a Record> {
        self.records.iter().map(|r| (r.id.as_str(), r)).collect()
    }

    /// The records as known at the moment asked for: entered by then, not corrected or taken back by another that was
    /// entered by then; without the records that only take back or correct nothing of their own.
    pub fn known(&self) -> Vec<&'a Record> {
        if let Some(sorted) = self.sorted() {
            return self.at(sorted.known());
        }
        self.known_by(self.board.question.known_at)
    }

    /// The same, as known at another moment.
    pub fn known_by(&self, by: Instant) -> Vec<&'a Record> {
        let entered = || self.records.iter().filter(move |r| r.recorded <= by);
        let gone: BTreeSet<&RecordId> =
            entered().flat_map(|r| r.supersedes.iter().chain(r.withdraws.iter())).collect();
        entered().filter(|r| r.withdraws.is_none() && !gone.contains(&r.id)).collect()
    }

    /// Whether any of this is an exercise: the agreement says so, or a record that decided a verdict does.
    pub fn is_exercise(&self) -> bool {
        if self.agreement.exercise {
            return true;
        }
        let reasons = self.board.verdicts.iter().map(|verdict| verdict.reasons());
        let cited: BTreeSet<&RecordId> =
            reasons.flat_map(|all| all.decided_by.iter().chain(&all.against)).map(|c| &c.record).collect();
        !cited.is_empty() && self.records.iter().any(|r| r.exercise && cited.contains(&r.id))
    }

    fn sorted(&self) -> Option<&'a Sorted> {
        self.sorted.filter(|sorted| sorted.fits(&self.board.question, self.records.len()))
    }

    fn at(&self, places: &[u32]) -> Vec<&'a Record> {
        places.iter().filter_map(|place| self.records.get(*place as usize)).collect()
    }

    /// Known records that say that something happened somewhere, in order of time: what a map and a timeline show.
    /// Coverage, findings, explanations and disputes are not among them, nor are events that have no place by their
    /// nature, such as notices and ratifications.
    pub fn incidents(&self) -> Vec<&'a Record> {
        if let Some(sorted) = self.sorted() {
            return self.at(sorted.incidents());
        }
        let mut found: Vec<&Record> = self
            .known()
            .into_iter()
            .filter(|r| r.when.earliest <= self.board.question.at && sorted::is_incident(self.agreement, r))
            .collect();
        found.sort_by(|a, b| {
            (a.when.earliest, a.when.latest, &a.id).cmp(&(b.when.earliest, b.when.latest, &b.id))
        });
        found
    }
}
