//! What is known at a moment: the records that count, each with its grade after the rule on sources, what disputes it,
//! and the time at which it counts.
//!
//! # Source
//! `docs/reference/language.md`, "Facts and what is known".

use servanda_model::agreement::{Agreement, Fact, Notices};
use servanda_model::record::{Basis, Says};
use servanda_model::{Grade, Instant, Name, Question, Record, RecordId, When};
use std::collections::{BTreeMap, BTreeSet};

/// A record as it counts.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The record.
    pub record: &'a Record,
    /// Its grade after the rule on sources.
    pub grade: Grade,
    /// Grade of the best record that disputes it.
    pub against: Grade,
    /// When it counts: when it happened, or for a notice when it was sent or received.
    pub when: When,
    /// The event that it speaks of: its incident, or the first record of its chain of corrections.
    pub anchor: Name,
    /// When the first record of that chain was recorded.
    pub first_recorded: Instant,
}

impl Seen<'_> {
    /// Its grade, or none where anything disputes it.
    pub fn undisputed(&self) -> Grade {
        if self.against == Grade::None { self.grade } else { Grade::None }
    }
}

/// All that is known, by fact, in order of time.
#[derive(Debug)]
pub struct Known<'a> {
    by_fact: BTreeMap<Name, Vec<Seen<'a>>>,
    by_id: BTreeMap<&'a RecordId, &'a Record>,
    disputes: BTreeMap<&'a RecordId, Vec<&'a Record>>,
}

impl<'a> Known<'a> {
    /// Known(k) = recorded by `k`, not superseded and not withdrawn by a record recorded by `k`. What had not begun at
    /// the moment asked for is left out; plans and simulations are no facts.
    pub fn at(agreement: &Agreement, records: &'a [Record], question: &Question) -> Known<'a> {
        let recorded: Vec<&Record> = records.iter().filter(|r| r.recorded <= question.known_at).collect();
        let by_id: BTreeMap<&'a RecordId, &'a Record> = recorded.iter().map(|r| (&r.id, *r)).collect();
        let gone: BTreeSet<&RecordId> =
            recorded.iter().flat_map(|r| [&r.supersedes, &r.withdraws]).flatten().collect();
        let stands = |r: &&&Record| !gone.contains(&r.id) && r.withdraws.is_none();
        let mut disputes: BTreeMap<&'a RecordId, Vec<&'a Record>> = BTreeMap::new();
        for r in recorded.iter().filter(stands) {
            if let Some(id) = &r.disputes {
                disputes.entry(id).or_default().push(*r);
            }
        }
        let mut incidents: BTreeMap<&Name, BTreeMap<&str, u32>> = BTreeMap::new();
        for r in recorded.iter().filter(stands) {
            if let Some(incident) = &r.incident {
                incidents.entry(incident).or_default().insert(&r.source, r.sources);
            }
        }
        let mut by_fact: BTreeMap<Name, Vec<Seen<'a>>> = BTreeMap::new();
        for r in recorded.iter().filter(stands) {
            let fact = agreement.facts.get(&r.fact);
            let when = counts_when(r, fact, agreement.notices);
            let no_fact = matches!(r.basis, Basis::Planned | Basis::Simulated) || r.disputes.is_some();
            if no_fact || when.earliest > question.at {
                continue;
            }
            let sources =
                r.incident.as_ref().and_then(|i| incidents.get(i)).map_or(r.sources, |s| s.values().sum());
            let enough = fact.is_none_or(|f| f.evidence.is_empty() || evidence_met(f, r, sources));
            let grade = if enough { r.grade() } else { r.grade().min(Grade::Possible) };
            let mut root = *r;
            for _ in 0..recorded.len() {
                match root.supersedes.as_ref().and_then(|id| by_id.get(id)) {
                    Some(earlier) => root = earlier,
                    None => break,
                }
            }
            let anchor = r.incident.clone().unwrap_or_else(|| root.id.clone());
            let against =
                disputes.get(&r.id).into_iter().flatten().map(|d| d.grade()).max().unwrap_or_default();
            let seen = Seen { record: r, grade, against, when, anchor, first_recorded: root.recorded };
            by_fact.entry(r.fact.clone()).or_default().push(seen);
        }
        for seen in by_fact.values_mut() {
            seen.sort_by(|a, b| (a.when, &a.record.id).cmp(&(b.when, &b.record.id)));
        }
        Known { by_fact, by_id, disputes }
    }

    /// The record of that identity.
    pub fn record(&self, id: &RecordId) -> Option<&'a Record> {
        self.by_id.get(id).copied()
    }

    /// The records that dispute a record.
    pub fn disputes(&self, id: &RecordId) -> impl Iterator<Item = &'a Record> {
        self.disputes.get(id).into_iter().flatten().copied()
    }

    /// Records of a fact that affirm it.
    pub fn affirmed(&self, fact: &str) -> impl Iterator<Item = &Seen<'a>> {
        self.of(fact).filter(|s| s.record.says == Says::Affirms)
    }

    /// Records of a fact that deny it.
    pub fn denied(&self, fact: &str) -> impl Iterator<Item = &Seen<'a>> {
        self.of(fact).filter(|s| s.record.says == Says::Denies)
    }

    /// Records of a fact.
    pub fn of(&self, fact: &str) -> impl Iterator<Item = &Seen<'a>> {
        self.by_fact.get(fact).into_iter().flatten()
    }
}

fn counts_when(r: &Record, fact: Option<&Fact>, notices: Notices) -> When {
    let moved = match notices {
        Notices::Sent => r.sent,
        Notices::Received => r.received,
    };
    match (fact.is_some_and(|f| f.notice), moved) {
        (true, Some(at)) => When::exact(at),
        _ => r.when,
    }
}

fn evidence_met(fact: &Fact, r: &Record, sources: u32) -> bool {
    fact.evidence.iter().any(|rule| {
        let graded = rule.grade.is_none_or(|least| r.source_grade.is_some_and(|g| g <= least));
        graded && sources >= rule.sources && rule.from.as_ref().is_none_or(|from| *from == r.source)
    })
}
