//! Importing again: what of a file is new, what is unchanged, what was changed or has vanished upstream.
//!
//! It decides nothing about truth. A record is never changed: a changed row becomes a record that supersedes the one
//! before, a vanished row a record that withdraws it.
//!
//! Invariants
//! - importing the same file twice gives no record the second time;
//! - versions of `x` are `x~2`, `x~3`, …; each is recorded at the moment of the import, because only then was it known;
//! - a row that was refused has not vanished; where a refused row's identity is unknown, nothing is withdrawn;
//! - only records of the same data set are withdrawn, and never by a file in the project's own form or by a feed, which only
//!   ever has the newest;
//! - what a row itself says to supersede or withdraw stands.

use crate::import::{DATASET, Import};
use servanda_model::{Instant, Name, Record, When};
use std::collections::{BTreeMap, BTreeSet};

/// What an import changes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Changes {
    /// Rows that were not there.
    pub new: Vec<Record>,
    /// How many rows are as they were.
    pub unchanged: usize,
    /// Rows that say something else than before.
    pub superseding: Vec<Record>,
    /// Withdrawals of rows that have vanished.
    pub withdrawn: Vec<Record>,
    /// Why nothing was withdrawn, where that is so though something may have vanished.
    pub not_withdrawn: Option<String>,
}

impl Changes {
    /// All records to be added, in a fixed order.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.new.iter().chain(&self.superseding).chain(&self.withdrawn)
    }
}

/// `x~3` is version 3 of `x`.
fn version_of(id: &Name) -> (&str, u32) {
    match id.as_str().rsplit_once('~') {
        Some((root, version)) => match version.parse() {
            Ok(version) if version >= 2 => (root, version),
            _ => (id.as_str(), 1),
        },
        None => (id.as_str(), 1),
    }
}

/// Whether two records say the same, whatever they are called and whenever they were recorded.
fn same(a: &Record, b: &Record) -> bool {
    let bare = |r: &Record| {
        let mut bare = r.clone();
        bare.id = Name::from("");
        bare.recorded = Instant(0);
        bare.supersedes = None;
        bare.incident = None;
        bare.extra.remove(DATASET);
        bare
    };
    bare(a) == bare(b)
}

/// Compares an import with what is recorded. `now` is the moment of the import.
pub fn diff(existing: &[Record], import: &Import, now: Instant) -> Changes {
    let mut chains: BTreeMap<&str, Vec<(u32, &Record)>> = BTreeMap::new();
    let by_id: BTreeMap<&Name, &Record> = existing.iter().map(|r| (&r.id, r)).collect();
    for record in existing {
        let (root, version) = version_of(&record.id);
        chains.entry(root).or_default().push((version, record));
    }
    chains.values_mut().for_each(|chain| chain.sort_by_key(|(version, _)| *version));
    let mut changes = Changes::default();
    let mut listed: BTreeSet<&str> = BTreeSet::new();
    for record in &import.records {
        if import.own_form {
            match by_id.get(&record.id).copied() {
                None => changes.new.push(record.clone()),
                Some(known) if known == record || same(known, record) => changes.unchanged += 1,
                Some(_) => {
                    let (root, _) = version_of(&record.id);
                    changes.superseding.push(next_version(record, root, &chains, now));
                }
            }
            continue;
        }
        listed.insert(record.id.as_str());
        let Some((_, last)) = chains.get(record.id.as_str()).and_then(|chain| chain.last()) else {
            changes.new.push(record.clone());
            continue;
        };
        if last.withdraws.is_some() && record.withdraws.is_none() {
            let back = next_version(record, record.id.as_str(), &chains, now);
            changes.new.push(Record { supersedes: None, ..back });
        } else if same(last, record) {
            changes.unchanged += 1;
        } else {
            changes.superseding.push(next_version(record, record.id.as_str(), &chains, now));
        }
    }
    if import.own_form || import.is_feed {
        return changes;
    }
    let of_this_set = |record: &Record| record.extra.get(DATASET) == Some(&import.dataset);
    let vanished = chains.iter().filter(|(root, chain)| {
        let (_, last) = chain[chain.len() - 1];
        !listed.contains(*root)
            && !import.refused_ids.contains(**root)
            && last.withdraws.is_none()
            && of_this_set(last)
    });
    for (root, chain) in vanished {
        let (version, last) = chain[chain.len() - 1];
        let id = Name::from(format!("{root}~{}", version + 1));
        let mut withdrawal = Record::new(id, last.fact.clone(), When::exact(now), now.max(last.recorded));
        withdrawal.withdraws = Some(last.id.clone());
        withdrawal.source = last.source.clone();
        withdrawal.marking = last.marking.clone();
        withdrawal.exercise = last.exercise;
        withdrawal.title = "no longer in the source".to_string();
        withdrawal.extra.insert(DATASET.to_string(), import.dataset.clone());
        changes.withdrawn.push(withdrawal);
    }
    if import.refused_without_id > 0 && !changes.withdrawn.is_empty() {
        changes.not_withdrawn = Some(format!(
            "{} records are not in the file any more, but {} refused rows have no readable identity and may be among \
             them: nothing is withdrawn until the file reads without them",
            changes.withdrawn.len(),
            import.refused_without_id
        ));
        changes.withdrawn.clear();
    }
    changes
}

fn next_version(
    record: &Record,
    root: &str,
    chains: &BTreeMap<&str, Vec<(u32, &Record)>>,
    now: Instant,
) -> Record {
    let mut next = record.clone();
    if let Some((version, last)) = chains.get(root).and_then(|chain| chain.last()) {
        next.id = Name::from(format!("{root}~{}", version + 1));
        next.supersedes = Some(last.id.clone());
        next.incident = next.incident.or_else(|| last.incident.clone());
        next.recorded = now.max(last.recorded);
    }
    next
}
