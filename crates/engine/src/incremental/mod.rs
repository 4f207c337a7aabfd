//! The engine that stays up to date: records come in, in any order; what they change is computed again and nothing else.
//!
//! It answers what [`reference`](mod@crate::reference) answers, and keeps the [`History`] of what it said.

pub mod history;

use history::{History, Key, Row, says_the_same};
use servanda_model::{Agreement, Board, Instant, Name, Places, Question, Record, RecordId, Verdict};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What an engine is set up with besides its agreement.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Reading → option, for readings that somebody chose.
    pub readings: BTreeMap<Name, Name>,
    /// The part of the agreement that this engine answers for; `None`: the whole.
    pub share: Option<Share>,
}

/// One of several engines that answer for an agreement together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which, from 0.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

/// Agreement, records so far, and what follows from them.
pub struct Engine<'a> {
    agreement: &'a Agreement,
    places: &'a Places,
    settings: Settings,
    records: Vec<Record>,
    frontier: Instant,
    history: History,
    open: BTreeMap<Key, usize>,
}

impl<'a> Engine<'a> {
    /// An engine that knows nothing yet.
    pub fn new(agreement: &'a Agreement, places: &'a Places, settings: Settings) -> Engine<'a> {
        Engine {
            agreement,
            places,
            settings,
            records: Vec::new(),
            frontier: Instant::MIN,
            history: History::default(),
            open: BTreeMap::new(),
        }
    }

    /// Takes in records, in any order. Nothing is evaluated yet.
    pub fn add(&mut self, records: impl IntoIterator<Item = Record>) {
        self.records.extend(records);
    }

    /// The board for a question: what the reference answers, whatever was asked before.
    pub fn board(&mut self, question: &Question) -> Board {
        crate::reference::evaluate(self.agreement, self.places, &self.records, question)
    }

    /// Lets knowledge and clock go on together to `to`, and returns the rows that this added to the history.
    pub fn advance(&mut self, to: Instant) -> &[Row] {
        let before = self.history.rows().len();
        loop {
            let recorded = self.records.iter().map(|r| r.recorded);
            let due = self.open.values().flat_map(|i| {
                let v = &self.history.rows()[*i].verdict;
                [v.due.map(|d| d.latest.next()), v.due.map(|d| d.latest)].into_iter().flatten()
            });
            let next = recorded.chain(due).filter(|t| *t > self.frontier).min().unwrap_or(to).min(to);
            self.step(next);
            if next >= to {
                return &self.history.rows()[before..];
            }
        }
    }

    fn step(&mut self, at: Instant) {
        self.frontier = at;
        let question = Question { at, known_at: at, readings: self.settings.readings.clone() };
        let board = self.board(&question);
        let cause: Vec<RecordId> =
            self.records.iter().filter(|r| r.recorded == at).map(|r| r.id.clone()).collect();
        let mut now: BTreeMap<Key, Verdict> = board.verdicts.into_iter().map(|v| (Key::of(&v), v)).collect();
        let keys: Vec<Key> = self.open.keys().chain(now.keys()).cloned().collect();
        for key in keys {
            let old = self.open.get(&key).copied();
            let new = now.remove(&key).map(Rc::new);
            let (verdict, gone) = match (old, new) {
                (Some(i), Some(new)) if says_the_same(&self.history.rows()[i].verdict, &new) => continue,
                (_, Some(new)) => (new, false),
                (Some(i), None) if !self.history.rows()[i].gone => {
                    (self.history.rows()[i].verdict.clone(), true)
                }
                (_, None) => continue,
            };
            if let Some(i) = old {
                self.history.close(i, at);
            }
            self.open.insert(key, self.history.rows().len());
            self.history.push(Row { verdict, known_from: at, known_to: None, cause: cause.clone(), gone });
        }
    }

    /// What was said when.
    pub fn history(&self) -> &History {
        &self.history
    }
}
