//! How far to trust whom: Dawid and Skene's model of sources that err, with priors, by side.
//!
//! The question is whether an event was so. Each source has four shares: how often it says so when it was and when it was not.
//! They are learned together with the answers. What a party says of itself and what it says of the other side are two
//! sources: a party that admits is believed sooner than a party that accuses.
//!
//! The result is shown beside the grades and never written into one. It names sources, no persons.
//!
//! Invariants
//! - the same statements in any order give the same result;
//! - a source with nothing to compare it with keeps its prior.
//!
//! # Source
//! Dawid and Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm" (1979); Beta priors as in
//! Raykar et al., "Learning from crowds" (2010).

use super::wire;
use servanda_model::record::{Basis, RoleValue, Says};
use servanda_model::{Name, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// Of whom a source speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Side {
    /// A party about its own acts.
    Itself,
    /// A party about the acts of another.
    Other,
    /// Somebody who is no party, or about nobody's acts.
    Neither,
}

impl Side {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Side::Itself => "about itself",
            Side::Other => "about the other side",
            Side::Neither => "as no party to it",
        }
    }

    /// The share of statements "it was so" when it was, and when it was not, before anything is learned.
    fn before(self) -> (f64, f64) {
        match self {
            Side::Itself => (0.5, 0.03),
            Side::Other => (0.9, 0.45),
            Side::Neither => (0.85, 0.15),
        }
    }
}

/// How many statements a prior is worth.
const WORTH: f64 = 12.0;

/// One statement: a source says of an event that it was so, or that it was not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Statement {
    /// The event: its incident, or the record where it has none.
    pub event: Name,
    /// Who says so.
    pub source: String,
    /// Of whom.
    pub side: Side,
    /// Whether it was so.
    pub so: bool,
}

/// What was learned of a source.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Trust {
    /// The share of events that were so of which it says that they were.
    pub says_so_when_so: f64,
    /// The share of events that were not so of which it says that they were.
    pub says_so_when_not: f64,
    /// Its statements.
    pub statements: usize,
}

/// What came of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fused {
    /// The probability that each event was so.
    pub events: BTreeMap<Name, f64>,
    /// The sources.
    pub sources: BTreeMap<(String, Side), Trust>,
}

/// The statements that records make. `party` says which party a source is, if any.
///
/// A record that affirms an event says so; a record that disputes another says that it was not. Sources that repeat each
/// other make one statement. A record that denies a whole stretch of time and place says nothing of one event.
pub fn statements(
    records: &[Record],
    incidents: &BTreeMap<RecordId, Name>,
    party: impl Fn(&str) -> Option<Name>,
) -> Vec<Statement> {
    let standing = super::reports::standing(records);
    let gone: BTreeSet<&RecordId> =
        records.iter().flat_map(|r| [&r.supersedes, &r.withdraws]).flatten().collect();
    let event = |id: &RecordId| incidents.get(id).cloned().unwrap_or_else(|| id.clone());
    let mut by_event: BTreeMap<Name, Vec<&Record>> = BTreeMap::new();
    for (id, record) in &standing {
        let counts =
            record.says == Says::Affirms && !matches!(record.basis, Basis::Planned | Basis::Simulated);
        if counts && record.value.is_none() {
            by_event.entry(event(id)).or_default().push(record);
        }
    }
    let side = |speaker: &Record, of: &Record| {
        let who = match of.roles.get("by") {
            Some(RoleValue::Name(name)) => Some(name),
            _ => None,
        };
        match (party(&speaker.source), who, speaker.basis) {
            (Some(party), Some(who), _) if party == *who => Side::Itself,
            (Some(_), Some(_), _) | (_, _, Basis::Claimed) => Side::Other,
            (_, _, Basis::Declared) => Side::Itself,
            _ => Side::Neither,
        }
    };
    let mut out: BTreeSet<Statement> = BTreeSet::new();
    for (event, group) in &by_event {
        let repeating = wire::repeating(group);
        for record in group.iter().filter(|r| !repeating.contains(&r.id)) {
            let side = side(record, record);
            out.insert(Statement { event: event.clone(), source: record.source.clone(), side, so: true });
        }
    }
    for record in records.iter().filter(|r| !gone.contains(&r.id)) {
        if let Some(disputed) = record.disputes.as_ref().and_then(|id| standing.get(id)) {
            let event = event(&disputed.id);
            let side = side(record, disputed);
            out.insert(Statement { event, source: record.source.clone(), side, so: false });
        }
    }
    out.into_iter().collect()
}

/// A source, and whether it says that the event was so.
type Said<'a> = (&'a (String, Side), bool);

/// Learns sources and events together.
pub fn fuse(statements: &[Statement]) -> Fused {
    let told: BTreeSet<&Statement> = statements.iter().collect();
    let mut sources: BTreeMap<(String, Side), Trust> = BTreeMap::new();
    let mut by_event: BTreeMap<&Name, Vec<Said>> = BTreeMap::new();
    for statement in &told {
        let (so, not) = statement.side.before();
        let trust = Trust { says_so_when_so: so, says_so_when_not: not, statements: 0 };
        sources.entry((statement.source.clone(), statement.side)).or_insert(trust).statements += 1;
    }
    let names: Vec<(String, Side)> = sources.keys().cloned().collect();
    for statement in &told {
        let at = names.binary_search(&(statement.source.clone(), statement.side)).unwrap_or_default();
        by_event.entry(&statement.event).or_default().push((&names[at], statement.so));
    }
    let mut events: BTreeMap<Name, f64> = BTreeMap::new();
    let mut usual = 0.5;
    for _ in 0..200 {
        let mut most = 0.0f64;
        for (event, said) in &by_event {
            let mut odds = libm::log(usual / (1.0 - usual));
            for (source, so) in said {
                let trust = &sources[*source];
                odds += match so {
                    true => libm::log(trust.says_so_when_so / trust.says_so_when_not),
                    false => libm::log((1.0 - trust.says_so_when_so) / (1.0 - trust.says_so_when_not)),
                };
            }
            let p = 1.0 / (1.0 + libm::exp(-odds));
            most = most.max((p - events.insert((*event).clone(), p).unwrap_or(-1.0)).abs());
        }
        if most < 1e-9 {
            break;
        }
        let mut counts: BTreeMap<&(String, Side), [f64; 4]> = BTreeMap::new();
        // What one source alone says of an event teaches nothing about that source.
        for (event, said) in by_event.iter().filter(|(_, said)| said.len() > 1) {
            let p = events[*event];
            for (source, so) in said {
                let count = counts.entry(source).or_default();
                let at = if *so { 0 } else { 1 };
                count[at] += p;
                count[2 + at] += 1.0 - p;
            }
        }
        for (source, [so_so, not_so, so_not, not_not]) in counts {
            let (so, not) = source.1.before();
            if let Some(trust) = sources.get_mut(source) {
                trust.says_so_when_so = (WORTH * so + so_so) / (WORTH + so_so + not_so);
                trust.says_so_when_not = (WORTH * not + so_not) / (WORTH + so_not + not_not);
            }
        }
        // How many events are so at all is hardly known: reports are of what was, denials are few.
        let mut all = [0.0, 0.0];
        for (event, _) in by_event.iter().filter(|(_, said)| said.len() > 1) {
            all[0] += events[*event];
            all[1] += 1.0;
        }
        usual = ((WORTH * 0.5 + all[0]) / (WORTH + all[1])).clamp(0.05, 0.7);
    }
    Fused { events, sources }
}
