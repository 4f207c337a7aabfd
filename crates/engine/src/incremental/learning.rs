//! What is known, record by record: a record comes in, or the moment asked for moves on, and what that turns is told.
//!
//! What counts, and how, is `reference/known.rs`.

use crate::reference::known::{Known, Seen};
use servanda_model::record::Says;
use servanda_model::{Agreement, Instant, Record, RecordId};
use std::sync::Arc;

/// How what is known of one record changed.
#[derive(Debug)]
pub struct Turned {
    /// As it counted before; `None`: it did not.
    pub before: Option<Arc<Seen>>,
    /// As it counts now; `None`: it does not.
    pub after: Option<Arc<Seen>>,
}

impl Known {
    /// One more record is known: what that turns, itself among it. A record whose identity is known already is left
    /// aside.
    pub fn learn(&mut self, agreement: &Agreement, r: &Arc<Record>) -> Vec<Turned> {
        if self.recorded.contains_key(&r.id) {
            return Vec::new();
        }
        let named = || [&r.supersedes, &r.withdraws].into_iter().flatten();
        let mut ended: Vec<RecordId> = named().filter(|id| !self.gone.contains(*id)).cloned().collect();
        ended.push(r.id.clone());
        self.enter(r);
        self.touched_by(agreement, r, &ended)
    }

    /// `disputed`: who disputes it changed, which those who cite it tell.
    pub(crate) fn recount(&mut self, agreement: &Agreement, id: RecordId, disputed: bool) -> Option<Turned> {
        let after = self.counts(agreement, &id).map(Arc::new);
        let before = match &after {
            Some(seen) => self.counted.insert(id, seen.clone()),
            None => self.counted.remove(&id),
        };
        if before == after && !disputed {
            return None;
        }
        let ahead = |seen: &Arc<Seen>| (seen.when.earliest, seen.record.id.clone());
        let gone = before.filter(|seen| {
            let seen_now = !self.ahead.remove(&ahead(seen));
            if seen_now {
                self.take_out(seen);
            }
            seen_now
        });
        let come = after.filter(|seen| {
            let seen_now = seen.when.earliest <= self.at;
            match seen_now {
                true => self.put_in(seen),
                false => drop(self.ahead.insert(ahead(seen))),
            }
            seen_now
        });
        (gone.is_some() || come.is_some()).then_some(Turned { before: gone, after: come })
    }

    /// The moment asked for moves on: what that reveals.
    pub fn pass(&mut self, at: Instant) -> Vec<Turned> {
        self.at = at;
        let mut turned = Vec::new();
        while let Some((begins, _)) = self.ahead.first().filter(|(begins, _)| *begins <= at) {
            let begins = *begins;
            let Some((_, id)) = self.ahead.pop_first() else { break };
            debug_assert!(begins <= at);
            if let Some(seen) = self.counted.get(&id).cloned() {
                self.put_in(&seen);
                turned.push(Turned { before: None, after: Some(seen) });
            }
        }
        turned
    }

    /// When the next record that is known begins.
    pub fn next_ahead(&self) -> Option<Instant> {
        self.ahead.first().map(|(begins, _)| *begins)
    }

    fn lists(&mut self, seen: &Seen) -> impl Iterator<Item = &mut Vec<Arc<Seen>>> {
        let fact = &seen.record.fact;
        let denies = seen.record.says == Says::Denies;
        let denials = denies.then(|| self.denials.entry(fact.clone()).or_default());
        [self.by_fact.entry(fact.clone()).or_default()].into_iter().chain(denials).map(Arc::make_mut)
    }

    fn put_in(&mut self, seen: &Arc<Seen>) {
        for list in self.lists(seen) {
            let place = list.partition_point(|other| other.order() < seen.order());
            list.insert(place, seen.clone());
        }
    }

    fn take_out(&mut self, seen: &Arc<Seen>) {
        for list in self.lists(seen) {
            let place = list.partition_point(|other| other.order() < seen.order());
            if list.get(place).is_some_and(|other| other.record.id == seen.record.id) {
                list.remove(place);
            }
        }
    }
}
