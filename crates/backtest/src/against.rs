//! Two drafts on one history: norms of one name side by side, what changed in them, and whose verdicts differ from when on.
//!
//! Instances are the same where norm, bearer and anchor are the same; an anchor is the record that first spoke of the
//! trigger, so a change of a deadline keeps it and a change of the trigger mostly does not.

use crate::figures::{NormFigures, Replay, TermFigures};
use servanda_engine::incremental::history::{Key, Row};
use servanda_model::agreement::Norm;
use servanda_model::uses::Uses;
use servanda_model::verdict::{Bearer, Performance, Standing};
use servanda_model::{Agreement, Instant, Name};
use std::collections::{BTreeMap, BTreeSet};

/// Differences shown for a norm.
const EXAMPLES: usize = 10;

/// Another draft beside the first.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Norms of both, in the order of the first draft, then those of the other alone.
    pub norms: Vec<Pair>,
    /// Terms of both by name and readings: how often each was met, `None` where it has no such term.
    pub terms: Vec<(String, Option<TermFigures>, Option<TermFigures>)>,
    /// Replay of the other draft.
    pub other: Replay,
}

/// A norm in both drafts.
#[derive(Clone, PartialEq, Debug)]
pub struct Pair {
    /// Its name.
    pub norm: Name,
    /// In the draft.
    pub here: Option<NormFigures>,
    /// In the other.
    pub there: Option<NormFigures>,
    /// What changed in the text: each time what, as it is here, as it is there.
    pub changed: Vec<Changed>,
    /// Instances of both whose verdicts differed at some time.
    pub differ: usize,
    /// Instances that only the draft has.
    pub only_here: usize,
    /// Instances that only the other has.
    pub only_there: usize,
    /// From when on the two say different things, first of all instances.
    pub from: Option<Instant>,
    /// The first ten differences.
    pub examples: Vec<Difference>,
}

/// Something that the drafts say differently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// What: `rule`, `words`, `term NAME`, `reading NAME`.
    pub what: String,
    /// Here.
    pub here: String,
    /// There.
    pub there: String,
}

/// An instance of which the two say different things.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// Who owes it.
    pub bearer: Bearer,
    /// Which instance.
    pub instance: Name,
    /// From when on.
    pub from: Instant,
    /// What the draft says then; `None`: nothing.
    pub here: Option<Performance>,
    /// What the other says then.
    pub there: Option<Performance>,
    /// What the draft says at the end.
    pub here_at_end: Option<Performance>,
    /// What the other says at the end.
    pub there_at_end: Option<Performance>,
}

/// Compares two drafts that were replayed over the same history.
pub fn compare(here: (&Agreement, &Replay), there: (&Agreement, Replay)) -> Compared {
    let (agreement, replay) = here;
    let (other_agreement, other) = there;
    let mut names: Vec<&Name> = agreement.norms.iter().map(|n| &n.name).collect();
    names.extend(
        other_agreement.norms.iter().map(|n| &n.name).filter(|n| agreement.norm(n.as_str()).is_none()),
    );
    let (said_here, said_there) = (said(replay), said(&other));
    let norms = names
        .into_iter()
        .map(|name| {
            let figures = |r: &Replay| r.norms.iter().find(|f| f.norm == *name).cloned();
            let both = (agreement.norm(name.as_str()), other_agreement.norm(name.as_str()));
            let changed = match both {
                (Some(a), Some(b)) => changed((agreement, a), (other_agreement, b)),
                _ => Vec::new(),
            };
            let mut pair = Pair {
                norm: name.clone(),
                here: both.0.and_then(|_| figures(replay)),
                there: both.1.and_then(|_| figures(&other)),
                changed,
                differ: 0,
                only_here: 0,
                only_there: 0,
                from: None,
                examples: Vec::new(),
            };
            if both.0.is_some() && both.1.is_some() {
                differences(name, &said_here, &said_there, &mut pair);
            }
            pair
        })
        .collect();
    let key = |t: &TermFigures| {
        let readings = servanda_report::text::readings_words(&t.readings);
        if readings.is_empty() { t.term.to_string() } else { format!("{} ({readings})", t.term) }
    };
    let mut terms: BTreeMap<String, (Option<TermFigures>, Option<TermFigures>)> = BTreeMap::new();
    for t in &replay.terms {
        terms.entry(key(t)).or_default().0 = Some(t.clone());
    }
    for t in &other.terms {
        terms.entry(key(t)).or_default().1 = Some(t.clone());
    }
    let terms = terms.into_iter().map(|(name, (a, b))| (name, a, b)).collect();
    let (name, title) = (other_agreement.name.clone(), other_agreement.title.clone());
    Compared { name, title, norms, terms, other }
}

type Said<'r> = BTreeMap<Key, Vec<&'r Row>>;

fn said(replay: &Replay) -> Said<'_> {
    let mut said: Said<'_> = BTreeMap::new();
    for row in replay.log.iter().filter(|r| r.verdict.standing != Standing::Dormant) {
        said.entry(Key::of(&row.verdict)).or_default().push(row);
    }
    said
}

fn differences(name: &Name, here: &Said<'_>, there: &Said<'_>, pair: &mut Pair) {
    let keys: BTreeSet<&Key> = here.keys().chain(there.keys()).filter(|k| k.norm == *name).collect();
    let mut found: Vec<Difference> = Vec::new();
    for key in keys {
        let (a, b) = match (here.get(key), there.get(key)) {
            (Some(a), Some(b)) => (a, b),
            (Some(a), None) => {
                pair.only_here += 1;
                pair.from = pair.from.into_iter().chain(a.first().map(|r| r.known_from)).min();
                continue;
            }
            (None, b) => {
                pair.only_there += 1;
                let first = b.and_then(|b| b.first()).map(|r| r.known_from);
                pair.from = pair.from.into_iter().chain(first).min();
                continue;
            }
        };
        let at = |rows: &[&Row], t: Instant| {
            let row = rows.iter().find(|r| r.known_from <= t && r.known_to.is_none_or(|to| t < to));
            row.filter(|r| !r.gone).map(|r| r.verdict.performance)
        };
        let steps: BTreeSet<Instant> = a.iter().chain(b.iter()).map(|r| r.known_from).collect();
        let last = steps.last().copied().unwrap_or(Instant::MAX);
        if let Some(from) = steps.into_iter().find(|t| at(a, *t) != at(b, *t)) {
            pair.differ += 1;
            found.push(Difference {
                bearer: key.bearer.clone(),
                instance: key.instance.clone(),
                from,
                here: at(a, from),
                there: at(b, from),
                here_at_end: at(a, last),
                there_at_end: at(b, last),
            });
        }
    }
    found.sort_by(|a, b| (a.from, &a.bearer, &a.instance).cmp(&(b.from, &b.bearer, &b.instance)));
    pair.from = pair.from.into_iter().chain(found.first().map(|d| d.from)).min();
    found.truncate(EXAMPLES);
    pair.examples = found;
}

/// What the two texts of a norm say differently, itself first, then what it rests on.
fn changed(here: (&Agreement, &Norm), there: (&Agreement, &Norm)) -> Vec<Changed> {
    let ((a_all, a), (b_all, b)) = (here, there);
    let mut found = Vec::new();
    let mut tell = |what: String, here: String, there: String| {
        if here != there {
            found.push(Changed { what, here, there });
        }
    };
    let words = |n: &Norm| n.per.join("; ");
    tell("words".into(), words(a), words(b));
    if a.readback != b.readback {
        tell("rule".into(), a.readback.clone(), b.readback.clone());
    } else if bare(a) != bare(b) {
        tell(
            "rule".into(),
            format!("{} (as counted here)", a.readback),
            "the same words, counted differently".into(),
        );
    }
    let (uses, other) = (Uses::of_norm(a_all, a), Uses::of_norm(b_all, b));
    for term in uses.terms.union(&other.terms) {
        let readback =
            |all: &Agreement| all.terms.get(term).map_or("–".to_string(), |t| t.readback.clone());
        tell(format!("term {term}"), readback(a_all), readback(b_all));
    }
    for reading in uses.readings.union(&other.readings) {
        let options = |all: &Agreement| {
            let reading = all.readings.get(reading);
            reading.map_or("–".to_string(), |r| {
                let names: Vec<&str> = r.options.iter().map(|(o, _)| o.as_str()).collect();
                names.join(", ")
            })
        };
        tell(format!("reading {reading}"), options(a_all), options(b_all));
    }
    found
}

/// A norm without what only says where it stands in its file.
fn bare(norm: &Norm) -> Norm {
    Norm { clause: None, line: 0, readback: String::new(), per: Vec::new(), ..norm.clone() }
}
