//! Rulings on which reports speak of one event: where a workspace keeps them, and what counts because of them.
//!
//! Each is an entry of the log, of the kind `ruling`, said by whoever made it and marked as the records that it speaks of. It is
//! never changed: to take one back is another ruling. All that knows this place is [`read`] and [`add`].
//! Whoever shows records while they come keeps a [`Followed`].
//!
//! Invariants
//! - a ruling that cannot be read stops everything that counts: a ruling is followed or nothing is said;
//! - a ruling is entered only where nobody ruled since the others were read.

use crate::failure::Failure;
use servanda_evidence::corroborate::rulings::{Ruling, applied, from_json, to_json};
use servanda_model::record::Marking;
use servanda_model::{Instant, Name, Record};
use servanda_store::policy::Viewer;
use servanda_store::{Statement, Store, Workspace};
use std::collections::BTreeSet;
use std::sync::Arc;

const KIND: &str = "ruling";

/// All rulings of a workspace, as they were made.
pub fn read(workspace: &Workspace) -> Result<Vec<Ruling>, Failure> {
    read_for(&workspace.store(), &Viewer::keeper())
}

/// The rulings that this viewer may see: those of which it may see every record that they speak of.
fn read_for(store: &Store, viewer: &Viewer) -> Result<Vec<Ruling>, Failure> {
    let statements = store.view(viewer).statements(KIND)?;
    statements
        .into_iter()
        .map(|(said, _)| {
            from_json(&said.json).map_err(|fault| {
                Failure::new(format!("the ruling `{}` cannot be read: {}", said.subject, fault.reason))
                    .help(fault.remedy)
            })
        })
        .collect()
}

/// Adds a ruling to those that were read before. `marking` is that of the records that it speaks of, taken together.
pub fn add(
    workspace: &Workspace,
    before: &[Ruling],
    ruling: &Ruling,
    marking: Marking,
) -> Result<(), Failure> {
    if read(workspace)? != before {
        return Err(Failure::new("somebody made another ruling meanwhile; yours was not entered")
            .help("look at `servanda links show`, then run this again"));
    }
    let mut by = Viewer::keeper();
    by.name = ruling.by.clone();
    let said =
        Statement { kind: Name::from(KIND), subject: ruling.id.clone(), marking, json: to_json(ruling) };
    workspace.store().say(&[said], ruling.at, &by)?;
    Ok(())
}

/// The workspace's records as the engine is to read them.
pub fn counted(
    workspace: &Workspace,
    records: Vec<Record>,
    known_at: Instant,
) -> Result<Vec<Record>, Failure> {
    Ok(applied(records, &read(workspace)?, known_at))
}

/// How many rulings there are: more than before, where somebody ruled.
pub fn count(store: &Store) -> Result<u64, Failure> {
    Ok(store.view(&Viewer::keeper()).statement_count(KIND)?)
}

/// The rulings that somebody is shown records by, and which records are read otherwise because of them, or might be.
#[derive(Default)]
pub struct Followed {
    rulings: Vec<Ruling>,
    /// Records and incidents.
    touched: BTreeSet<Name>,
}

impl Followed {
    /// What this viewer may see, as the engine is to read it: its own records, and what was ruled on them.
    pub fn counted(
        store: &Store,
        viewer: &Viewer,
        records: Vec<Record>,
        known_at: Instant,
    ) -> Result<(Vec<Record>, Followed), Failure> {
        let rulings = read_for(store, viewer)?;
        if rulings.is_empty() {
            return Ok((records, Followed::default()));
        }
        let counted = applied(records.clone(), &rulings, known_at);
        let touched = touched(&records, &counted, &rulings);
        Ok((counted, Followed { rulings, touched }))
    }

    /// The same of records that others may hold too: what counts as it was entered is not copied.
    pub fn counted_of(
        store: &Store,
        viewer: &Viewer,
        records: Vec<Arc<Record>>,
        known_at: Instant,
    ) -> Result<(Vec<Arc<Record>>, Followed), Failure> {
        let rulings = read_for(store, viewer)?;
        if rulings.is_empty() {
            return Ok((records, Followed::default()));
        }
        let entered: Vec<Record> = records.iter().map(|record| (**record).clone()).collect();
        let counted = applied(entered.clone(), &rulings, known_at);
        let touched = touched(&entered, &counted, &rulings);
        let same = |(there, counts): (Arc<Record>, Record)| match *there == counts {
            true => there,
            false => Arc::new(counts),
        };
        Ok((records.into_iter().zip(counted).map(same).collect(), Followed { rulings, touched }))
    }

    /// Whether this viewer, of those who are shown records by these rulings, would be shown them by the same.
    pub fn still_stand(&self, store: &Store, viewer: &Viewer) -> Result<bool, Failure> {
        Ok(read_for(store, viewer)? == self.rulings)
    }

    /// Whether a record that comes now counts as it was entered, and changes nothing in how others count. Whoever is told that it does
    /// keeps it from then on.
    pub fn leaves_alone(&mut self, record: &Record) -> bool {
        if self.rulings.is_empty() {
            return true;
        }
        let changed = [&record.supersedes, &record.withdraws].into_iter().flatten();
        let named = [Some(&record.id), record.incident.as_ref()].into_iter().flatten();
        let corrects_with_an_incident = record.supersedes.is_some() && record.incident.is_some();
        if corrects_with_an_incident || named.chain(changed).any(|name| self.touched.contains(name)) {
            return false;
        }
        if record.incident.is_some() {
            self.touched.insert(record.id.clone());
        }
        true
    }
}

/// The records that a later one cannot change, correct or join without more being read otherwise than that one, and their incidents:
/// those that rulings name, those that are of one incident with them, and those that were entered as an incident.
fn touched(records: &[Record], counted: &[Record], rulings: &[Ruling]) -> BTreeSet<Name> {
    let mut touched: BTreeSet<Name> =
        rulings.iter().flat_map(|ruling| ruling.said.records()).cloned().collect();
    let mut incidents: BTreeSet<&Name> = BTreeSet::new();
    for (entered, counts) in records.iter().zip(counted) {
        let is_named = touched.contains(&entered.id);
        if is_named || entered.incident != counts.incident || entered.sources != counts.sources {
            incidents.extend([&entered.incident, &counts.incident].into_iter().flatten());
        }
    }
    for (entered, counts) in records.iter().zip(counted) {
        let is_inside = counts.incident.as_ref().is_some_and(|incident| incidents.contains(incident));
        if is_inside || entered.incident.is_some() {
            touched.insert(entered.id.clone());
        }
    }
    touched.extend(incidents.into_iter().cloned());
    touched
}

#[cfg(test)]
mod tests {
    use super::*;
    use servanda_evidence::corroborate::rulings::Said;
    use servanda_model::When;

    /// Numbers that look drawn and are the same every time.
    struct Drawn(u64);

    impl Drawn {
        fn below(&mut self, n: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((self.0 >> 33) as usize) % n
        }
    }

    /// A record of a small world: some correct or take back earlier ones, some belong to an incident, some repeat one text.
    fn record(drawn: &mut Drawn, number: usize) -> Record {
        let mut record = Record::new(
            format!("r{number}"),
            "fire",
            When::exact(Instant(number as i64)),
            Instant(number as i64),
        );
        let mut earlier = |share: usize| -> Option<Name> {
            (number > 0 && drawn.below(share) == 0).then(|| Name::from(format!("r{}", drawn.below(number))))
        };
        record.supersedes = earlier(4);
        record.withdraws = earlier(8).filter(|_| record.supersedes.is_none());
        if drawn.below(3) == 0 {
            record.incident = Some(Name::from(format!("i{}", drawn.below(4))));
        }
        if drawn.below(3) == 0 {
            record.extra.insert("title".into(), "shells hit the market of westford on friday morning".into());
        }
        record
    }

    fn ruling(drawn: &mut Drawn, number: usize, records: usize) -> Ruling {
        let mut some = |n: usize| -> BTreeSet<Name> {
            (0..n).map(|_| Name::from(format!("r{}", drawn.below(records)))).collect()
        };
        let (few, from) = (some(3), some(2));
        let said = match drawn.below(4) {
            0 => Said::Apart { records: few, from },
            1 if number > 0 => Said::Undone(Name::from(format!("u{}", drawn.below(number)))),
            _ => Said::One(few),
        };
        let (by, why, weights) = ("desk".into(), String::new(), String::new());
        Ruling { id: Name::from(format!("u{number}")), at: Instant(500), by, said, why, weights, score: None }
    }

    #[test]
    fn what_is_left_alone_counts_as_it_was_entered_and_changes_nothing_else() {
        let (mut alone, mut touches, mut changed) = (0, 0, 0);
        for seed in 0..3_000 {
            let mut drawn = Drawn(seed);
            let there = 4 + drawn.below(8);
            let all: Vec<Record> = (0..there).map(|n| record(&mut drawn, n)).collect();
            let rulings: Vec<Ruling> =
                (0..1 + drawn.below(3)).map(|n| ruling(&mut drawn, n, there)).collect();
            let counted = applied(all.clone(), &rulings, Instant(1_000));
            let mut followed =
                Followed { touched: touched(&all, &counted, &rulings), rulings: rulings.clone() };
            // Several, one after the other: each of those before may have been left alone.
            let (mut entered, mut counts) = (all, counted);
            for n in there..there + 4 {
                let new = record(&mut drawn, n);
                entered.push(new.clone());
                let truth = applied(entered.clone(), &rulings, Instant(1_000));
                let (old, last) = truth.split_at(truth.len() - 1);
                if followed.leaves_alone(&new) {
                    alone += 1;
                    assert_eq!(last, std::slice::from_ref(&new), "seed {seed}: it counts otherwise");
                    assert_eq!(old, counts, "seed {seed}: others count otherwise");
                } else {
                    touches += 1;
                    changed += usize::from(last != [new] || old != counts);
                    followed.touched = touched(&entered, &truth, &rulings);
                }
                counts = truth;
            }
        }
        // The question is worth asking: both answers occur, and few of those that are read anew need not be.
        assert!(alone > 2_000 && changed > 2_000 && touches < 4 * changed, "{alone} {touches} {changed}");
    }

    #[test]
    fn without_rulings_everything_is_left_alone() {
        let mut one = Record::new("a", "fire", When::exact(Instant(1)), Instant(1));
        one.incident = Some("i".into());
        one.supersedes = Some("b".into());
        assert!(Followed::default().leaves_alone(&one));
    }
}
