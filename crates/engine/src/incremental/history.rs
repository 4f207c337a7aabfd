//! The change log: what was said of each instance, from when to when it was said.
//!
//! A row is a verdict as it stood at a moment as known at that same moment. "As known at k" is therefore a filter.
//!
//! Invariants
//! - rows are appended in order of `known_from`, at one moment in the order of the norms in the text; a row is never changed but for being closed once;
//! - of one instance, the stretches of its rows neither overlap nor leave a hole once it has appeared;
//! - two rows of an instance that follow each other differ in what is said, not only in words about coverage so far.

use serde::{Deserialize, Serialize};
use servanda_model::verdict::{Bearer, Episode, Standing, Verdict};
use servanda_model::{Agreement, Instant, Name, Number, RecordId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One stretch of knowledge over which one thing was said of an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was said, as it stood at `known_from`.
    pub verdict: Arc<Verdict>,
    /// From when it was said.
    pub known_from: Instant,
    /// From when something else was said; `None`: it still stands.
    pub known_to: Option<Instant>,
    /// The records that came in at that moment, the first hundred; none where only time had passed.
    pub cause: Vec<RecordId>,
    /// Where the instance is gone: nothing is said of it any more.
    pub gone: bool,
}

/// Identity of an instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Norm.
    pub norm: Name,
    /// Who owes it.
    pub bearer: Bearer,
    /// Which of its instances.
    pub instance: Name,
}

impl Key {
    /// The identity of a verdict's instance.
    pub fn of(verdict: &Verdict) -> Key {
        Key { norm: verdict.norm.clone(), bearer: verdict.bearer.clone(), instance: verdict.instance.clone() }
    }
}

/// All rows so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    rows: Vec<Row>,
    /// Bytes, estimated.
    weight: u64,
}

impl History {
    /// All rows, in order of `known_from`.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What stood at a moment as known at that moment, in order of the instances' first appearance.
    pub fn as_known_at(&self, at: Instant) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |r| r.known_from <= at && r.known_to.is_none_or(|to| at < to) && !r.gone)
    }

    /// The history of a whole agreement out of the rows of engines that share its norms, as each of them said them. A
    /// row comes before the later ones of its norm; beyond that, their order makes no difference.
    pub fn gathered(agreement: &Agreement, rows: impl IntoIterator<Item = Row>) -> History {
        let number: BTreeMap<&Name, usize> =
            agreement.norms.iter().enumerate().map(|(i, norm)| (&norm.name, i)).collect();
        let mut rows: Vec<Row> = rows.into_iter().collect();
        rows.sort_by_key(|row| (row.known_from, number.get(&row.verdict.norm).copied()));
        let mut open: BTreeMap<Key, usize> = BTreeMap::new();
        let mut history = History::of(rows);
        for i in 0..history.rows.len() {
            let at = history.rows[i].known_from;
            history.rows[i].known_to = None;
            if let Some(before) = open.insert(Key::of(&history.rows[i].verdict), i) {
                history.close(before, at);
            }
        }
        history
    }

    /// As bytes: equal histories give equal bytes.
    pub fn bytes(&self) -> Vec<u8> {
        #[allow(
            clippy::expect_used,
            reason = "no type of the model refuses to be written, and memory has no end"
        )]
        postcard::to_stdvec(&self.rows).expect("every row can be written")
    }

    /// Bytes that the rows take, estimated.
    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    pub(super) fn of(rows: Vec<Row>) -> History {
        let weight = rows.iter().map(super::room::of_row).sum();
        History { rows, weight }
    }

    pub(super) fn push(&mut self, row: Row) {
        self.weight += super::room::of_row(&row);
        self.rows.push(row);
    }

    pub(super) fn close(&mut self, index: usize, at: Instant) {
        self.rows[index].known_to = Some(at);
    }
}

/// Whether two verdicts on an instance say the same. What moves on with the clock alone is left aside: the words about
/// how far the watch reached so far, the length of an episode that lasts, the deadline of what is suspended.
pub fn says_the_same(a: &Verdict, b: &Verdict) -> bool {
    let codes = |v: &Verdict| v.reasons().because.iter().map(|b| b.code).collect::<Vec<_>>();
    let episodes = |v: &Verdict| {
        let settled =
            |e: &Episode| Episode { size: e.to.map_or(Number::zero(), |_| e.size.clone()), ..e.clone() };
        v.episodes.iter().map(settled).collect::<Vec<_>>()
    };
    let rests = |v: &Verdict| matches!(v.standing, Standing::Suspended(_));
    a.performance == b.performance
        && a.standing == b.standing
        && a.grade == b.grade
        && a.triggered == b.triggered
        && (a.due == b.due || (rests(a) && rests(b)))
        && a.fulfilled == b.fulfilled
        && a.breached == b.breached
        && a.performed_late == b.performed_late
        && episodes(a) == episodes(b)
        && a.marking == b.marking
        && codes(a) == codes(b)
        && a.reasons().decided_by == b.reasons().decided_by
        && a.reasons().against == b.reasons().against
}
