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
pub mod state;
pub mod text;
pub mod timeline;
pub mod watched;
pub mod wording;

pub use duties::{Duty, Owed};
pub use rows::{NotFound, Row};
pub use state::{Answer, State, Tone};

use servanda_model::record::Says;
use servanda_model::{Agreement, Board, Places, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// What is shown: an agreement, its places and records, and the board that the engine made of them.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// Shapes and points of its places.
    pub places: &'a Places,
    /// All records; those that were not known yet at the question's `known_at` are left out here.
    pub records: &'a [Record],
    /// The verdicts.
    pub board: &'a Board,
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
        let by = self.board.question.known_at;
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
        let exercise: BTreeSet<&RecordId> =
            self.records.iter().filter(|r| r.exercise).map(|r| &r.id).collect();
        !exercise.is_empty()
            && self.board.verdicts.iter().any(|v| {
                let reasons = v.reasons();
                reasons.decided_by.iter().chain(&reasons.against).any(|c| exercise.contains(&c.record))
            })
    }

    /// Known records that say that something happened somewhere, in order of time: what a map and a timeline show.
    /// Coverage, findings, explanations and disputes are not among them, nor are events that have no place by their
    /// nature, such as notices and ratifications.
    pub fn incidents(&self) -> Vec<&'a Record> {
        use servanda_model::agreement::{FactKind, RoleType};
        use servanda_model::record::{Basis, COVERAGE, EXPLANATION, FINDING};
        let builtin = [COVERAGE, FINDING, EXPLANATION];
        let mut found: Vec<&Record> = self
            .known()
            .into_iter()
            .filter(|r| !builtin.contains(&r.fact.as_str()))
            .filter(|r| r.says == Says::Affirms && r.disputes.is_none())
            .filter(|r| !matches!(r.basis, Basis::Planned | Basis::Simulated))
            .filter(|r| {
                self.agreement.facts.get(&r.fact).map_or(r.place.is_some(), |f| {
                    f.kind == FactKind::Event && f.roles.iter().any(|(_, role)| *role == RoleType::Place)
                })
            })
            .filter(|r| r.when.earliest <= self.board.question.at)
            .collect();
        found.sort_by(|a, b| {
            (a.when.earliest, a.when.latest, &a.id).cmp(&(b.when.earliest, b.when.latest, &b.id))
        });
        found
    }
}
