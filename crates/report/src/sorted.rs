//! Which records are known, and which of these are incidents, in order: worked out once for a board, and kept up to date with the records
//! that come, in place of being worked out for each document.
//!
//! What it deliberately does not do: hold the records. It names them by their places, and is good for the records that it was made of alone.
//!
//! Invariants
//! - [`Sorted::grown`] gives what [`Sorted::of`] gives of the same records at the same question, in whatever order they came: late ones,
//!   corrections, withdrawals, and those that lie ahead;
//! - a [`View`](crate::View) with another question, or with more or fewer records, does without it.
//!
//! Where to start reading: [`Sorted`]. Tests: `tests/sorted.rs` of this crate.

use servanda_model::agreement::{FactKind, RoleType};
use servanda_model::record::{Basis, COVERAGE, EXPLANATION, FINDING, Says};
use servanda_model::{Agreement, Instant, Question, Record, RecordId, Records};
use std::collections::BTreeSet;

/// So many new ones are put in their places one by one; more are sorted with the others.
const ONE_BY_ONE: usize = 64;

/// The known records and the incidents among them, by their places among all records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sorted {
    /// For which moment.
    at: Instant,
    /// As known when.
    known_at: Instant,
    /// Of so many records, the first ones.
    count: usize,
    /// Those that are known, by place.
    known: Vec<u32>,
    /// The incidents among them, by time.
    incidents: Vec<u32>,
    /// What known entries correct or take back.
    gone: BTreeSet<RecordId>,
    /// Not entered yet at `known_at`, by place.
    unentered: Vec<u32>,
    /// Known incidents that lie after `at`, by place.
    ahead: Vec<u32>,
}

impl Sorted {
    /// From nothing.
    pub fn of(agreement: &Agreement, records: Records<'_>, question: &Question) -> Sorted {
        let (at, known_at) = (question.at, question.known_at);
        let nothing = Sorted {
            at,
            known_at,
            count: 0,
            known: Vec::new(),
            incidents: Vec::new(),
            gone: BTreeSet::new(),
            unentered: Vec::new(),
            ahead: Vec::new(),
        };
        nothing.grown(agreement, records, question)
    }

    /// With the records that came since behind those that it was made of, at a later question. At an earlier one, or of fewer records, from
    /// nothing.
    pub fn grown(mut self, agreement: &Agreement, records: Records<'_>, question: &Question) -> Sorted {
        let (at, known_at) = (question.at, question.known_at);
        if at < self.at || known_at < self.known_at || records.len() < self.count {
            return Sorted::of(agreement, records, question);
        }
        let mut entered: Vec<(u32, &Record)> = Vec::new();
        let waiting = std::mem::take(&mut self.unentered);
        let fresh = self.count as u32..records.len() as u32;
        for place in waiting.into_iter().chain(fresh) {
            match records.get(place as usize) {
                Some(record) if record.recorded <= known_at => entered.push((place, record)),
                _ => self.unentered.push(place),
            }
        }
        let mut news: BTreeSet<&RecordId> = BTreeSet::new();
        for (_, record) in &entered {
            news.extend([&record.supersedes, &record.withdraws].into_iter().flatten());
        }
        news.retain(|id| !self.gone.contains(*id));
        if !news.is_empty() {
            let stays = |place: &u32| records.get(*place as usize).is_some_and(|r| !news.contains(&r.id));
            self.known.retain(stays);
            self.incidents.retain(stays);
            self.ahead.retain(stays);
            self.gone.extend(news.into_iter().cloned());
        }
        entered.retain(|(_, record)| record.withdraws.is_none() && !self.gone.contains(&record.id));
        let places = entered.iter().map(|(place, _)| *place);
        insert(&mut self.known, places, |place| Some(*place));

        let mut open = std::mem::take(&mut self.ahead);
        open.extend(entered.iter().filter(|(_, r)| is_incident(agreement, r)).map(|(place, _)| *place));
        open.sort_unstable();
        let mut happened = Vec::new();
        for place in open {
            match records.get(place as usize) {
                Some(record) if record.when.earliest <= at => happened.push(place),
                _ => self.ahead.push(place),
            }
        }
        let key = |place: &u32| records.get(*place as usize).map(|r| (r.when.earliest, r.when.latest, &r.id));
        insert(&mut self.incidents, happened.into_iter(), key);
        (self.at, self.known_at, self.count) = (at, known_at, records.len());
        self
    }

    /// Whether it is about this question, of so many records.
    pub(crate) fn fits(&self, question: &Question, count: usize) -> bool {
        (self.at, self.known_at, self.count) == (question.at, question.known_at, count)
    }

    /// Places of the known records, in order.
    pub(crate) fn known(&self) -> &[u32] {
        &self.known
    }

    /// Places of the incidents, by time.
    pub(crate) fn incidents(&self) -> &[u32] {
        &self.incidents
    }
}

/// Puts each in its place among those that are in order by the key.
fn insert<K: Ord>(all: &mut Vec<u32>, new: impl ExactSizeIterator<Item = u32>, key: impl Fn(&u32) -> K) {
    if new.len() > ONE_BY_ONE {
        all.extend(new);
        all.sort_by_key(key);
        return;
    }
    for place in new {
        let of = key(&place);
        let at = all.partition_point(|other| key(other) <= of);
        all.insert(at, place);
    }
}

/// Whether a known record says that something happened somewhere. Coverage, findings, explanations and disputes do not, nor do events that
/// have no place by their nature, such as notices and ratifications.
pub(crate) fn is_incident(agreement: &Agreement, record: &Record) -> bool {
    let builtin = [COVERAGE, FINDING, EXPLANATION];
    record.says == Says::Affirms
        && record.disputes.is_none()
        && !matches!(record.basis, Basis::Planned | Basis::Simulated)
        && !builtin.contains(&record.fact.as_str())
        && agreement.facts.get(&record.fact).map_or(record.place.is_some(), |f| {
            f.kind == FactKind::Event && f.roles.iter().any(|(_, role)| *role == RoleType::Place)
        })
}
