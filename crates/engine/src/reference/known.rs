//! What is known at a moment: the records that count, each with its grade after the rule on sources, what disputes it,
//! and the time at which it counts.
//!
//! Known(k) = recorded by `k`, not superseded and not withdrawn by a record recorded by `k`. What had not begun at the
//! moment asked for is left out; plans and simulations are no facts.
//!
//! [`Known::at`] has all of them at once. One record after the other, and what each of them changes, is
//! `incremental/learning.rs`. The order makes no difference.
//!
//! # Source
//! `docs/reference/language.md`, "Facts and what is known".

use servanda_model::agreement::{Agreement, Fact, Notices};
use servanda_model::record::{Basis, RoleValue, Says};
use servanda_model::{Grade, Instant, Name, Place, Question, Record, RecordId, When};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A record as it counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The record.
    pub record: Arc<Record>,
    /// Its grade after the rule on sources.
    pub grade: Grade,
    /// Grade of the best record that disputes it.
    pub against: Grade,
    /// When it counts: when it happened, or for a notice when it was sent or received.
    pub when: When,
    /// The event that it speaks of: its incident, or the first record of its chain of corrections.
    pub anchor: Name,
    /// That event's number, to be compared and nothing else.
    pub event: u32,
    /// When the first record of that chain was recorded.
    pub first_recorded: Instant,
    /// The number of what it tells: of its roles, its place and its value. Records that tell the same bear the same.
    pub body: u32,
}

impl Seen {
    /// Its grade, or none where anything disputes it.
    pub fn undisputed(&self) -> Grade {
        if self.against == Grade::None { self.grade } else { Grade::None }
    }

    /// Records are in the order of the time at which they count, then of their identity.
    pub fn order(&self) -> (When, &RecordId) {
        (self.when, &self.record.id)
    }
}

/// Records of one fact, in order of time.
pub type Series = Arc<Vec<Arc<Seen>>>;

/// All that is known, by fact, in order of time.
#[derive(Debug, Clone)]
pub struct Known {
    pub(crate) at: Instant,
    pub(crate) by_fact: BTreeMap<Name, Series>,
    /// Those of them that deny it.
    pub(crate) denials: BTreeMap<Name, Series>,
    pub(crate) recorded: BTreeMap<RecordId, Arc<Record>>,
    /// As they count, the moment asked for left aside.
    pub(crate) counted: BTreeMap<RecordId, Arc<Seen>>,
    /// What begins after the moment asked for.
    pub(crate) ahead: BTreeSet<(Instant, RecordId)>,
    pub(crate) gone: BTreeSet<RecordId>,
    pub(crate) disputes: BTreeMap<RecordId, BTreeSet<RecordId>>,
    pub(crate) incidents: BTreeMap<Name, BTreeSet<(Instant, RecordId)>>,
    pub(crate) heirs: BTreeMap<RecordId, BTreeSet<RecordId>>,
    events: BTreeMap<Name, u32>,
    /// What records tell, by a digest of it: number, and a record that tells it.
    bodies: BTreeMap<u64, Vec<(u32, Arc<Record>)>>,
    told: u32,
}

impl Known {
    /// All that is known for a question.
    pub fn at(agreement: &Agreement, records: &[Arc<Record>], question: &Question) -> Known {
        let mut known = Known::nothing(question.at);
        let recorded: Vec<&Arc<Record>> =
            records.iter().filter(|r| r.recorded <= question.known_at).collect();
        recorded.iter().for_each(|r| known.enter(r));
        for r in recorded {
            if let Some(seen) = known.counts(agreement, &r.id) {
                known.counted.insert(r.id.clone(), Arc::new(seen));
            }
        }
        let mut by_fact: BTreeMap<Name, Vec<Arc<Seen>>> = BTreeMap::new();
        for (id, seen) in &known.counted {
            match seen.when.earliest > question.at {
                true => drop(known.ahead.insert((seen.when.earliest, id.clone()))),
                false => by_fact.entry(seen.record.fact.clone()).or_default().push(seen.clone()),
            }
        }
        by_fact.values_mut().for_each(|list| list.sort_by(|a, b| a.order().cmp(&b.order())));
        let denies = |list: &Vec<Arc<Seen>>| {
            list.iter().filter(|s| s.record.says == Says::Denies).cloned().collect::<Vec<_>>()
        };
        known.denials = by_fact.iter().map(|(fact, list)| (fact.clone(), Arc::new(denies(list)))).collect();
        known.by_fact = by_fact.into_iter().map(|(fact, list)| (fact, Arc::new(list))).collect();
        known
    }

    /// Nothing, at a moment.
    pub fn nothing(at: Instant) -> Known {
        Known {
            at,
            by_fact: BTreeMap::new(),
            denials: BTreeMap::new(),
            recorded: BTreeMap::new(),
            counted: BTreeMap::new(),
            ahead: BTreeSet::new(),
            gone: BTreeSet::new(),
            disputes: BTreeMap::new(),
            incidents: BTreeMap::new(),
            heirs: BTreeMap::new(),
            events: BTreeMap::new(),
            bodies: BTreeMap::new(),
            told: 0,
        }
    }

    pub(crate) fn enter(&mut self, r: &Arc<Record>) {
        self.gone.extend([&r.supersedes, &r.withdraws].into_iter().flatten().cloned());
        if let Some(id) = &r.supersedes {
            self.heirs.entry(id.clone()).or_default().insert(r.id.clone());
        }
        if let Some(id) = &r.disputes {
            self.disputes.entry(id.clone()).or_default().insert(r.id.clone());
        }
        if let Some(incident) = &r.incident {
            self.incidents.entry(incident.clone()).or_default().insert((r.recorded, r.id.clone()));
        }
        self.recorded.insert(r.id.clone(), r.clone());
    }

    fn stands(&self, r: &Record) -> bool {
        !self.gone.contains(&r.id) && r.withdraws.is_none()
    }

    /// A record as it counts; `None` where it is no fact.
    pub(crate) fn counts(&mut self, agreement: &Agreement, id: &RecordId) -> Option<Seen> {
        let r = &self.recorded.get(id)?.clone();
        let no_fact = matches!(r.basis, Basis::Planned | Basis::Simulated) || r.disputes.is_some();
        if no_fact || !self.stands(r) {
            return None;
        }
        let fact = agreement.facts.get(&r.fact);
        let sources = match r.incident.as_ref().and_then(|i| self.incidents.get(i)) {
            Some(told) => {
                let mut by_source: BTreeMap<&str, u32> = BTreeMap::new();
                let told = told.iter().filter_map(|(_, id)| self.recorded.get(id));
                by_source.extend(told.filter(|o| self.stands(o)).map(|o| (o.source.as_str(), o.sources)));
                by_source.values().sum()
            }
            None => r.sources,
        };
        let enough = fact.is_none_or(|f| f.evidence.is_empty() || evidence_met(f, r, sources));
        let grade = if enough { r.grade() } else { r.grade().min(Grade::Possible) };
        let (mut root, mut passed) = (r, BTreeSet::new());
        while let Some(earlier) = root.supersedes.as_ref().and_then(|id| self.recorded.get(id)) {
            if !passed.insert(&root.id) {
                break;
            }
            root = earlier;
        }
        let anchor = r.incident.clone().unwrap_or_else(|| root.id.clone());
        let against = self.disputes(id).map(|d| d.grade()).max().unwrap_or_default();
        let when = counts_when(r, fact, agreement.notices);
        let (record, first_recorded) = (r.clone(), root.recorded);
        let next = self.events.len() as u32;
        let event = *self.events.entry(anchor.clone()).or_insert(next);
        let body = self.body(&record);
        Some(Seen { record, grade, against, when, anchor, event, first_recorded, body })
    }

    fn body(&mut self, r: &Arc<Record>) -> u32 {
        let same = |o: &Record| o.roles == r.roles && o.place == r.place && o.value == r.value;
        let alike = self.bodies.entry(digest(r)).or_default();
        if let Some((number, _)) = alike.iter().find(|(_, o)| same(o)) {
            return *number;
        }
        self.told += 1;
        alike.push((self.told, r.clone()));
        self.told
    }

    /// The record of that identity.
    pub fn record(&self, id: &RecordId) -> Option<&Arc<Record>> {
        self.recorded.get(id)
    }

    /// The records that dispute a record.
    pub fn disputes(&self, id: &RecordId) -> impl Iterator<Item = &Arc<Record>> {
        let all = self.disputes.get(id).into_iter().flatten();
        all.filter_map(|id| self.recorded.get(id)).filter(|d| self.stands(d))
    }

    /// Records of a fact.
    pub fn of(&self, fact: &str) -> Series {
        self.by_fact.get(fact).cloned().unwrap_or_default()
    }

    /// Records of a fact that affirm it.
    pub fn affirmed(&self, fact: &str) -> impl Iterator<Item = Arc<Seen>> + use<> {
        listed(self.of(fact)).filter(|s| s.record.says == Says::Affirms)
    }

    /// Records of a fact that deny it.
    pub fn denied(&self, fact: &str) -> impl Iterator<Item = Arc<Seen>> + use<> {
        listed(self.denials.get(fact).cloned().unwrap_or_default())
    }
}

/// FNV-1a over the names in a record's roles, and its place where it has a name: few records with another body share it.
fn digest(r: &Record) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |text: &str| {
        for byte in text.bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for (role, value) in &r.roles {
        add(role.as_str());
        match value {
            RoleValue::Name(name) => add(name.as_str()),
            RoleValue::OneOf(names) => names.iter().for_each(|n| add(n.as_str())),
            RoleValue::Text(text) => add(text),
            RoleValue::Number(n) => add(&n.to_i64().unwrap_or(-1).to_string()),
            RoleValue::Time(when) => add(&when.earliest.0.to_string()),
        }
    }
    match &r.place {
        Some(Place::Named(name)) => add(name.as_str()),
        Some(Place::Point { at, .. }) => add(&at.lat.to_bits().to_string()),
        None => {}
    }
    if let Some(value) = &r.value {
        add(&value.to_i64().unwrap_or(-1).to_string());
    }
    hash
}

fn listed(series: Series) -> impl Iterator<Item = Arc<Seen>> {
    (0..series.len()).map(move |i| series[i].clone())
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
