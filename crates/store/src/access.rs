//! Who looked at which marked material, when and why: entries of the log, so that nobody can leave one out afterwards.
//!
//! Looks are gathered and entered together, so that reading waits for no disk, and so that the log, whose leaves anybody may see,
//! tells of a stretch of time that somebody looked at something, and not of each look. What is public needs no note.
//!
//! It does not decide who may look ([`crate::policy`] does), and it does not see reading that nobody tells it of: whoever hands
//! marked material to somebody says so with [`Store::looked_at`], or [`Store::viewed`] where it is a page made of many.
//!
//! Invariants
//! - a look is in the log at the latest when the next one is told [`EVERY_MS`] after it, or when [`Store::settle_looks`] is called;
//!   a crash before that loses it, so what is handed out as a file is settled first;
//! - what was looked at is read by auditors and by the keeper, and by nobody else.
//!
//! Where to start reading: [`Store::looked_at`], then [`View::looks`].

use crate::accounts::hidden;
use crate::entry::{Entry, Statement, StoredRecord};
use crate::error::{Error, Kind};
use crate::policy::Viewer;
use crate::store::{Draft, Receipt, Store, lock};
use crate::view::View;
use serde::{Deserialize, Serialize};
use servanda_model::{Instant, Name};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of statements on looks.
pub(crate) const ACCESS: &str = "access";
/// Looks are entered together at least so often, while there are any.
pub const EVERY_MS: i64 = 5 * 60 * 1000;
/// So many records and looks wait at most; then they are entered at once.
const WAITING: usize = 20_000;
/// So many records stand in one entry at most.
const TOGETHER: usize = 5_000;

/// That somebody looked at marked records, once or several times for one reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Who.
    pub who: String,
    /// Why, or by which way: `bundle: request 7`, `the page`.
    pub why: String,
    /// The first time, in milliseconds since 1970.
    pub first: i64,
    /// The last time.
    pub last: i64,
    /// The records; none where it was something made of all that they may see.
    pub records: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    looks: Vec<Look>,
}

/// What waits to be entered.
#[derive(Default)]
pub(crate) struct Looks {
    waiting: BTreeMap<(String, String), Look>,
    since: Option<Instant>,
    count: usize,
}

impl Looks {
    /// What could not be entered waits again, beside what came meanwhile.
    fn put_back(&mut self, before: Looks) {
        self.since = before.since.or(self.since);
        self.count += before.count;
        for (key, look) in before.waiting {
            let there = self.waiting.entry(key).or_insert_with(|| look.clone());
            there.first = there.first.min(look.first);
            there.last = there.last.max(look.last);
            there.records.extend(look.records);
        }
    }
}

pub(crate) fn parse(entry: u64, json: &str) -> Result<Vec<Look>, Error> {
    let said: Said = serde_json::from_str(json)
        .map_err(|e| Error::integrity(format!("the access log of entry {entry} cannot be read: {e}")))?;
    Ok(said.looks)
}

impl Store {
    /// Notes that these records were handed to somebody, and why. Those that the public may see are left out.
    ///
    /// # Errors
    /// Where what waits has to be entered and cannot be: then it waits on, and nothing more ought to be handed out.
    pub fn looked_at<'r>(
        &self,
        who: &Viewer,
        why: &str,
        records: impl IntoIterator<Item = &'r StoredRecord>,
        now: Instant,
    ) -> Result<(), Error> {
        let public = Viewer::public();
        let ids: BTreeSet<String> =
            records.into_iter().filter(|r| !public.may_see(&r.marking)).map(|r| r.id.to_string()).collect();
        match ids.is_empty() {
            true => self.settle_looks_in_time(now),
            false => self.viewed(&who.name, why, ids, now),
        }
    }

    /// Notes that somebody was shown what is made of marked records, and why: of these, or, where none is named, of all that they may
    /// see.
    ///
    /// # Errors
    /// As [`Store::looked_at`].
    pub fn viewed(&self, who: &str, why: &str, records: BTreeSet<String>, now: Instant) -> Result<(), Error> {
        let mut looks = lock(&self.looks);
        let there = looks.waiting.len();
        let look = looks.waiting.entry((who.to_string(), why.to_string())).or_insert_with(|| Look {
            who: who.to_string(),
            why: why.to_string(),
            first: now.0,
            last: now.0,
            records: BTreeSet::new(),
        });
        look.last = look.last.max(now.0);
        let before = look.records.len();
        look.records.extend(records);
        let more = look.records.len() - before;
        looks.count += more + (looks.waiting.len() - there);
        looks.since.get_or_insert(now);
        drop(looks);
        self.settle_looks_in_time(now)
    }

    fn settle_looks_in_time(&self, now: Instant) -> Result<(), Error> {
        let looks = lock(&self.looks);
        let due = looks.since.is_some_and(|since| now.0.saturating_sub(since.0) >= EVERY_MS);
        let due = due || looks.count >= WAITING;
        drop(looks);
        if due { self.settle_looks(now).map(drop) } else { Ok(()) }
    }

    /// Enters the looks that wait; nothing where none do.
    ///
    /// # Errors
    /// Where nothing can be entered; they wait on then.
    pub fn settle_looks(&self, now: Instant) -> Result<Vec<Receipt>, Error> {
        // One enters at a time, and all that waits with it. Who waits for that finds its own entered, or enters it with what came since;
        // who only adds a look waits for nobody.
        let _turn = lock(&self.settling);
        let looks = std::mem::take(&mut *lock(&self.looks));
        if looks.waiting.is_empty() {
            return Ok(Vec::new());
        }
        let entered = self.enter_looks(&looks, now);
        if entered.is_err() {
            lock(&self.looks).put_back(looks);
        }
        entered
    }

    fn enter_looks(&self, looks: &Looks, now: Instant) -> Result<Vec<Receipt>, Error> {
        let mut statements = Vec::new();
        for look in looks.waiting.values() {
            let all: Vec<&String> = look.records.iter().collect();
            // Also one that names no record is a look.
            for some in all.chunks(TOGETHER).chain(all.is_empty().then_some(&[][..])) {
                let part = Look { records: some.iter().map(|id| (*id).clone()).collect(), ..look.clone() };
                let json = serde_json::to_string(&Said { looks: vec![part] })
                    .map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
                statements.push(Statement {
                    kind: ACCESS.into(),
                    subject: ACCESS.into(),
                    marking: hidden(),
                    json,
                });
            }
        }
        let keeper = Viewer::keeper();
        let (receipts, _) = self.write(|writer| {
            let drafts = statements.into_iter().map(|s| Draft::own(Entry::Statement(s), &keeper)).collect();
            writer.put_for_receipts(drafts, now)
        })?;
        Ok(receipts)
    }
}

impl View<'_> {
    /// Who looked at which marked records, when and why: with the entry of the log that says so, in order.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no auditor; as [`View::records`].
    pub fn looks(&self) -> Result<Vec<(u64, Look)>, Error> {
        self.auditor()?;
        let mut said = Vec::new();
        self.store().read(|connection| {
            let sql = "SELECT number, json FROM statement WHERE kind = 'access' ORDER BY number";
            connection.query(sql, &[], |mut row| {
                said.push((row.count()?, row.text()?));
                Ok(())
            })
        })?;
        let mut looks = Vec::new();
        for (entry, json) in said {
            looks.extend(parse(entry, &json)?.into_iter().map(|look| (entry, look)));
        }
        Ok(looks)
    }
}

impl Look {
    /// Whether it names this record.
    pub fn names(&self, id: &Name) -> bool {
        self.records.contains(id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Role;
    use crate::store::tests::{intake, record, workspace};
    use servanda_model::record::Tlp;

    #[test]
    fn a_view_of_what_is_made_of_all_is_a_look_that_names_none() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        store.enter(&intake(1), &[record("a", Tlp::Red)], 0, &Viewer::keeper(), || Ok(())).unwrap();
        store.viewed("anna", "page /api/board", BTreeSet::new(), Instant(5_000)).unwrap();
        store.viewed("anna", "page /api/board", BTreeSet::new(), Instant(6_000)).unwrap();
        store.viewed("anna", "page /api/incidents/a", ["a".to_string()].into(), Instant(7_000)).unwrap();
        assert_eq!(store.settle_looks(Instant(8_000)).unwrap().len(), 2);
        let told = store.view(&Viewer::keeper()).looks().unwrap();
        let short: Vec<_> = told.iter().map(|(_, l)| (&*l.why, l.first, l.last, l.records.len())).collect();
        assert_eq!(short, [("page /api/board", 5_000, 6_000, 0), ("page /api/incidents/a", 7_000, 7_000, 1)]);
    }

    #[test]
    fn looks_at_what_is_marked_are_entered_together_and_read_by_auditors() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        let keeper = Viewer::keeper();
        let all = [record("a", Tlp::Clear), record("b", Tlp::Amber), record("c", Tlp::Red)];
        store.enter(&intake(3), &all, 0, &keeper, || Ok(())).unwrap();
        let size = store.log().unwrap().size();
        let anna = Viewer::named("anna");
        store.looked_at(&anna, "the page", &all[..1], Instant(5_000)).unwrap();
        assert_eq!(store.settle_looks(Instant(5_000)).unwrap(), [], "what is public needs no note");
        store.looked_at(&anna, "the page", &all[..2], Instant(5_000)).unwrap();
        store.looked_at(&anna, "the page", &all[1..], Instant(6_000)).unwrap();
        store.looked_at(&Viewer::named("ben"), "request 7", &all[2..], Instant(7_000)).unwrap();
        assert_eq!(store.log().unwrap().size(), size, "a look waits");
        // The next one after the time is up takes all with it.
        store.looked_at(&anna, "the page", &all[..1], Instant(5_000 + EVERY_MS)).unwrap();
        assert_eq!(store.log().unwrap().size(), size + 2);
        let look = |who: &str, why: &str, first, last, records: &[&str]| Look {
            who: who.into(),
            why: why.into(),
            first,
            last,
            records: records.iter().map(|id| id.to_string()).collect(),
        };
        let told = store.view(&keeper).looks().unwrap();
        assert_eq!(
            told,
            [
                (size, look("anna", "the page", 5_000, 6_000, &["b", "c"])),
                (size + 1, look("ben", "request 7", 7_000, 7_000, &["c"])),
            ]
        );
        let mut auditor = Viewer::named("eve");
        assert!(store.view(&auditor).looks().unwrap_err().is_denied());
        auditor.roles = [Role::Auditor].into();
        assert_eq!(store.view(&auditor).looks().unwrap(), told);
        auditor.clearances = [(crate::policy::TLP.into(), Tlp::Red)].into();
        assert_eq!(store.view(&auditor).statements("access").unwrap(), []);
        assert_eq!(store.compare().unwrap().different, 0);
    }
}
