//! Rulings: what people said about proposals, and what counts because of them.
//!
//! A ruling says that reports speak of one event, or that they do not, or takes an earlier ruling back. It is itself never
//! changed: who, when, why, at which score and by which weights stay on record.
//!
//! Invariants
//! - [`incidents`] depends on the set of records and rulings, not on their order;
//! - only rulings made by the moment asked about count, as only records recorded by then do;
//! - "not one event" is the stronger word: while it stands, no other ruling brings the two together, and the clash is named;
//! - a ruling on a report holds for its corrections too;
//! - `from_json(to_json(r)) == r`.

use super::clusters::Sets;
use super::wire;
use crate::record_json::RecordFault;
use serde_json::{Map, Value, json};
use servanda_model::{Instant, Name, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the written form.
pub const VERSION: u64 = 1;

/// What a person said, and when.
#[derive(Clone, PartialEq, Debug)]
pub struct Ruling {
    /// Identity, unique in a workspace.
    pub id: Name,
    /// When it was made: it counts from then on.
    pub at: Instant,
    /// Who made it.
    pub by: String,
    /// What was said.
    pub said: Said,
    /// Why, in the person's words; may be empty.
    pub why: String,
    /// The version of the weights whose proposal was looked at; empty where nothing was proposed.
    pub weights: String,
    /// The score that was shown, in thousandths of natural log-odds.
    pub score: Option<i64>,
}

/// What a ruling says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// These reports speak of one event.
    One(BTreeSet<RecordId>),
    /// No two of these speak of one event; or where `from` names any, none of these speaks of the event of one of those.
    Apart {
        /// The reports.
        records: BTreeSet<RecordId>,
        /// May be empty.
        from: BTreeSet<RecordId>,
    },
    /// An earlier ruling no longer stands.
    Undone(Name),
}

impl Said {
    /// Pairs that are held apart.
    fn apart(&self) -> Vec<(&RecordId, &RecordId)> {
        let Said::Apart { records, from } = self else { return Vec::new() };
        let others = if from.is_empty() { records } else { from };
        let pairs = records.iter().flat_map(|a| others.iter().map(move |b| (a, b)));
        pairs.filter(|(a, b)| a != b).collect()
    }

    /// Every record that it names.
    pub fn records(&self) -> BTreeSet<&RecordId> {
        match self {
            Said::One(records) => records.iter().collect(),
            Said::Apart { records, from } => records.iter().chain(from).collect(),
            Said::Undone(_) => BTreeSet::new(),
        }
    }
}

/// A ruling as one line of JSON, version 1. The same ruling is the same bytes.
pub fn to_json(ruling: &Ruling) -> String {
    let mut out = Map::new();
    let list = |ids: &BTreeSet<RecordId>| json!(ids.iter().map(Name::as_str).collect::<Vec<_>>());
    out.insert("v".into(), json!(VERSION));
    out.insert("ruling".into(), json!(ruling.id.as_str()));
    out.insert("at".into(), json!(ruling.at.to_string()));
    out.insert("by".into(), json!(ruling.by));
    match &ruling.said {
        Said::One(records) => {
            out.insert("said".into(), json!("one-event"));
            out.insert("records".into(), list(records));
        }
        Said::Apart { records, from } => {
            out.insert("said".into(), json!("not-one-event"));
            out.insert("records".into(), list(records));
            if !from.is_empty() {
                out.insert("from".into(), list(from));
            }
        }
        Said::Undone(id) => {
            out.insert("said".into(), json!("undone"));
            out.insert("undoes".into(), json!(id.as_str()));
        }
    }
    for (key, text) in [("why", &ruling.why), ("weights", &ruling.weights)] {
        if !text.is_empty() {
            out.insert(key.into(), json!(text));
        }
    }
    if let Some(score) = ruling.score {
        out.insert("score".into(), json!(score));
    }
    Value::Object(out).to_string()
}

/// The ruling of one line.
///
/// # Errors
/// Says what cannot be used and what it needs.
pub fn from_json(line: &str) -> Result<Ruling, RecordFault> {
    let fault = |reason: String, remedy: &str| RecordFault { reason, remedy: remedy.to_string() };
    let value: Value = serde_json::from_str(line)
        .map_err(|e| fault(format!("the line is not JSON: {e}"), "a ruling is one JSON object on a line"))?;
    let Value::Object(mut left) = value else {
        return Err(fault("the line is no ruling".into(), "a ruling is one JSON object on a line"));
    };
    match left.remove("v").and_then(|v| v.as_u64()) {
        Some(VERSION) => {}
        Some(v) => {
            let reason = format!("the ruling has the version {v}, and this program reads version {VERSION}");
            return Err(fault(reason, "use a later version of the program"));
        }
        None => return Err(fault("the line is no ruling".into(), "a ruling begins with `\"v\":1`")),
    }
    let mut text = |key: &str, needed: bool| match left.remove(key) {
        Some(Value::String(text)) if !needed || !text.trim().is_empty() => Ok(text),
        None if !needed => Ok(String::new()),
        _ => Err(fault(format!("`{key}` of the ruling cannot be used"), "it needs a text")),
    };
    let (id, at, by) = (text("ruling", true)?, text("at", true)?, text("by", true)?);
    let (said, why, weights) = (text("said", true)?, text("why", false)?, text("weights", false)?);
    let at =
        Instant::parse_utc(&at).filter(|at| (Instant::MIN..=Instant::MAX).contains(at)).ok_or_else(|| {
            fault(
                "`at` of the ruling cannot be used".into(),
                "it needs a time such as `2026-03-01T10:00:00Z`",
            )
        })?;
    let mut ids = |key: &str, least: usize| -> Result<BTreeSet<RecordId>, RecordFault> {
        let wrong = || fault(format!("`{key}` of the ruling cannot be used"), "it needs a list of records");
        let list = match left.remove(key) {
            None if least == 0 => return Ok(BTreeSet::new()),
            Some(Value::Array(list)) => list,
            _ => return Err(wrong()),
        };
        let ids: Option<BTreeSet<RecordId>> =
            list.iter().map(|id| id.as_str().filter(|t| !t.is_empty()).map(Name::from)).collect();
        ids.filter(|ids| ids.len() >= least).ok_or_else(wrong)
    };
    let said = match said.as_str() {
        "one-event" => Said::One(ids("records", 2)?),
        "not-one-event" => {
            let from = ids("from", 0)?;
            Said::Apart { records: ids("records", if from.is_empty() { 2 } else { 1 })?, from }
        }
        "undone" => match left.remove("undoes") {
            Some(Value::String(id)) if !id.is_empty() => Said::Undone(Name::from(id)),
            _ => {
                return Err(fault(
                    "`undoes` of the ruling cannot be used".into(),
                    "it needs the ruling that is taken back",
                ));
            }
        },
        other => {
            let other: String = other.chars().take(60).collect();
            let remedy = "there is `one-event`, `not-one-event` and `undone`";
            return Err(fault(format!("a ruling cannot say `{other}`"), remedy));
        }
    };
    let score = match left.remove("score") {
        None => None,
        Some(score) => {
            let wrong = || fault("`score` of the ruling cannot be used".into(), "it needs a whole number");
            Some(score.as_i64().ok_or_else(wrong)?)
        }
    };
    if let Some(key) = left.keys().next() {
        let key: String = key.chars().take(60).collect();
        return Err(fault(
            format!("a ruling has no field `{key}`"),
            "docs/reference/rulings.md has every field",
        ));
    }
    Ok(Ruling { id: Name::from(id), at, by, said, why, weights, score })
}

/// The rulings that stand at a moment, by time and identity: made by then, and not taken back by one that stands.
pub fn standing(rulings: &[Ruling], known_at: Instant) -> Vec<&Ruling> {
    let known: BTreeMap<&Name, &Ruling> =
        rulings.iter().rev().filter(|r| r.at <= known_at).map(|r| (&r.id, r)).collect();
    // Of one moment, what takes back comes after what it takes back.
    let steps = |ruling: &Ruling| {
        let (mut at, mut steps) = (ruling, 0);
        while let Said::Undone(id) = &at.said
            && let Some(before) = known.get(id)
            && steps < known.len()
        {
            (at, steps) = (before, steps + 1);
        }
        steps
    };
    let made: BTreeMap<(Instant, usize, &Name), &Ruling> =
        known.values().map(|ruling| ((ruling.at, steps(ruling), &ruling.id), *ruling)).collect();
    // From the last back: what is taken back later no longer takes back anything itself.
    let mut undone: BTreeSet<&Name> = BTreeSet::new();
    let mut stands: Vec<&Ruling> = Vec::new();
    for ruling in made.values().rev() {
        if undone.contains(&ruling.id) {
            continue;
        }
        if let Said::Undone(id) = &ruling.said {
            undone.insert(id);
        }
        stands.push(ruling);
    }
    stands.reverse();
    stands
}

/// Two rulings that cannot both be followed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Clash {
    /// The ruling that is not followed, or the incident that its records were imported with.
    pub not_followed: Name,
    /// The ruling that holds apart what it would bring together.
    pub because_of: Name,
}

/// What counts as one event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Incidents {
    /// The incident of each record that has one.
    pub of: BTreeMap<RecordId, Name>,
    /// The records of each incident that a ruling took part in; corrected and withdrawn ones among them.
    pub ruled: BTreeMap<Name, BTreeSet<RecordId>>,
    /// Pairs of records that a standing ruling holds apart; roots of their corrections.
    pub apart: BTreeSet<(RecordId, RecordId)>,
    /// Rulings that were not followed.
    pub clashes: Vec<Clash>,
}

/// The first report of each chain of corrections.
pub fn roots(records: &[Record]) -> BTreeMap<RecordId, RecordId> {
    let up: BTreeMap<&RecordId, &RecordId> =
        records.iter().filter_map(|r| Some((&r.id, r.supersedes.as_ref()?))).collect();
    let root = |id: &RecordId| {
        let (mut at, mut steps) = (id, 0);
        while let Some(next) = up.get(at) {
            (at, steps) = (next, steps + 1);
            if steps > records.len() {
                return id.clone();
            }
        }
        at.clone()
    };
    records.iter().map(|r| (r.id.clone(), root(&r.id))).collect()
}

/// Which records are one event, as known at a moment.
///
/// An incident keeps the name that its records were imported with; else it has the name of its first report, so that
/// what hung on that report alone hangs on it still.
pub fn incidents(records: &[Record], rulings: &[Ruling], known_at: Instant) -> Incidents {
    let known: Vec<&Record> = records.iter().filter(|r| r.recorded <= known_at).collect();
    let roots = roots(records);
    let number: BTreeMap<&RecordId, u32> = {
        let ids: BTreeSet<&RecordId> = known.iter().map(|r| &roots[&r.id]).collect();
        ids.into_iter().enumerate().map(|(i, id)| (id, i as u32)).collect()
    };
    let of = |id: &RecordId| number.get(roots.get(id)?).copied();
    let stands = standing(rulings, known_at);
    let mut apart: BTreeMap<(u32, u32), &Name> = BTreeMap::new();
    for ruling in &stands {
        for (a, b) in ruling.said.apart() {
            if let (Some(a), Some(b)) = (of(a), of(b))
                && a != b
            {
                apart.entry((a.min(b), a.max(b))).or_insert(&ruling.id);
            }
        }
    }
    let mut sets = Sets::new(number.len());
    let mut members: BTreeMap<u32, Vec<u32>> = (0..number.len() as u32).map(|n| (n, vec![n])).collect();
    let mut found = Incidents::default();
    let mut join = |sets: &mut Sets, group: &[u32], name: &Name, clashes: &mut Vec<Clash>| {
        for pair in group.windows(2) {
            let (a, b) = (sets.root(pair[0]), sets.root(pair[1]));
            if a == b {
                continue;
            }
            let held =
                members[&a].iter().flat_map(|x| members[&b].iter().map(move |y| (*x.min(y), *x.max(y))));
            if let Some(by) = held.filter_map(|pair| apart.get(&pair)).min() {
                clashes.push(Clash { not_followed: name.clone(), because_of: (*by).clone() });
                continue;
            }
            sets.join(a, b);
            let (keep, gone) = (sets.root(a), if sets.root(a) == a { b } else { a });
            let moved = members.remove(&gone).unwrap_or_default();
            members.entry(keep).or_default().extend(moved);
        }
    };
    let mut imported: BTreeMap<&Name, BTreeSet<u32>> = BTreeMap::new();
    for record in &known {
        if let (Some(incident), Some(n)) = (&record.incident, of(&record.id)) {
            imported.entry(incident).or_default().insert(n);
        }
    }
    for (incident, group) in &imported {
        let group: Vec<u32> = group.iter().copied().collect();
        join(&mut sets, &group, incident, &mut found.clashes);
    }
    for ruling in &stands {
        if let Said::One(ids) = &ruling.said {
            let group: Vec<u32> = ids.iter().filter_map(of).collect();
            join(&mut sets, &group, &ruling.id, &mut found.clashes);
        }
    }
    let first: BTreeMap<u32, (Instant, &RecordId)> = {
        let mut first: BTreeMap<u32, (Instant, &RecordId)> = BTreeMap::new();
        for record in &known {
            if let Some(n) = of(&record.id) {
                let this = (record.recorded, &roots[&record.id]);
                first.entry(sets.root(n)).and_modify(|f| *f = (*f).min(this)).or_insert(this);
            }
        }
        first
    };
    let mut names: BTreeMap<u32, Name> = BTreeMap::new();
    for (incident, group) in &imported {
        // Of an incident that a ruling took apart, the part with the first report keeps the name.
        let heirs: BTreeSet<u32> = group.iter().map(|n| sets.root(*n)).collect();
        if let Some(heir) = heirs.into_iter().min_by_key(|n| first.get(n)) {
            names.entry(heir).or_insert_with(|| (*incident).clone());
        }
    }
    for (root, group) in &members {
        if group.len() > 1
            && let Some((_, id)) = first.get(root)
        {
            names.entry(*root).or_insert_with(|| (*id).clone());
        }
    }
    let named: BTreeSet<u32> = stands.iter().flat_map(|r| r.said.records()).filter_map(of).collect();
    for record in &known {
        let Some(n) = of(&record.id) else { continue };
        let Some(name) = names.get(&sets.root(n)) else { continue };
        found.of.insert(record.id.clone(), name.clone());
    }
    for n in named {
        let root = sets.root(n);
        if let (Some(name), true) = (names.get(&root), members[&root].len() > 1) {
            found.ruled.entry(name.clone()).or_default();
        }
    }
    for (id, name) in &found.of {
        if let Some(ids) = found.ruled.get_mut(name) {
            ids.insert(id.clone());
        }
    }
    let by_number: BTreeMap<u32, &RecordId> = number.iter().map(|(id, n)| (*n, *id)).collect();
    found.apart = apart.keys().map(|(a, b)| (by_number[a].clone(), by_number[b].clone())).collect();
    found.clashes.sort();
    found.clashes.dedup();
    found
}

/// The records as the engine is to read them: each with the incident that counts, and of the sources of a ruled event only
/// the independent ones counted. Without rulings, the records as they are.
pub fn applied(records: Vec<Record>, rulings: &[Ruling], known_at: Instant) -> Vec<Record> {
    if rulings.iter().all(|r| r.at > known_at) {
        return records;
    }
    let found = incidents(&records, rulings, known_at);
    let known: Vec<Record> = records.iter().filter(|r| r.recorded <= known_at).cloned().collect();
    let standing = super::reports::standing(&known);
    let mut repeating: BTreeSet<RecordId> = BTreeSet::new();
    for ids in found.ruled.values() {
        let group: Vec<&Record> = ids.iter().filter_map(|id| standing.get(id).copied()).collect();
        repeating.extend(wire::repeating(&group));
    }
    let apply = |mut record: Record| {
        if record.recorded <= known_at {
            record.incident = found.of.get(&record.id).cloned();
        }
        if repeating.contains(&record.id) {
            record.sources = 0;
        }
        record
    };
    records.into_iter().map(apply).collect()
}
