//! What would be said if: the world of one question as it is, and beside it, with records left out or supposed.
//!
//! A [`Lived`] world follows what becomes of its records as the incremental engine does: to leave one out or to suppose
//! one costs what hangs on it, and to take that back as well. There is one that begins with all that is on record, and one
//! that begins with nothing, for whoever asks what a handful of records would do alone. Where a supposition speaks of very
//! many records at once, a world of its own is kept for it.
//!
//! What deliberately does not stand here: which suppositions are worth asking about.
//!
//! Invariants
//! - every answer is what [`reference`](mod@crate::reference) says of the same records;
//! - what was asked before makes no difference.
//!
//! Tests: `crates/servanda/tests/explanations.rs`, which tries what is said with the reference.

use crate::incremental::cells::{Instances, Own};
use crate::incremental::learning::Turned;
use crate::readings::{Choice, combinations, merged};
use crate::reference::known::Known;
use crate::reference::{Memo, World, chosen};
use servanda_model::agreement::Norm;
use servanda_model::uses::Uses;
use servanda_model::verdict::{Bearer, Standing};
use servanda_model::{Agreement, Name, Places, Question, Record, RecordId, Verdict};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// What differs from what is on record: by identity, the record that stands there instead, or none where it is left out.
pub type Differences = BTreeMap<RecordId, Option<Arc<Record>>>;

/// After so many changes a lived world is begun anew: what it remembers of each of them takes room.
const MOST_CHANGES: usize = 20_000;

/// The verdict among those of a norm that answers for one that was given: the same instance; where its identity hung on a
/// record that is not there, the one of the same times; where it was dormant, whatever its bearer has instead.
pub fn instead_of(mut own: Vec<Verdict>, wanted: &Verdict) -> Option<Verdict> {
    own.retain(|v| v.bearer == wanted.bearer);
    let at = |v: &Verdict| (v.triggered, v.due) == (wanted.triggered, wanted.due);
    let awake = |v: &Verdict| v.standing != Standing::Dormant;
    let found = own
        .iter()
        .position(|v| v.instance == wanted.instance)
        .or_else(|| own.iter().position(at))
        .or_else(|| own.iter().position(|v| !awake(v)))
        .or_else(|| (!awake(wanted)).then(|| own.iter().position(awake)).flatten());
    found.map(|i| own.swap_remove(i))
}

/// The worlds of one question.
pub struct Worlds<'a> {
    agreement: &'a Agreement,
    places: &'a Places,
    question: Question,
    records: Vec<Arc<Record>>,
    by_id: BTreeMap<RecordId, usize>,
    /// For each choice of readings, what hangs on neither records nor clock, for all worlds.
    common: RefCell<BTreeMap<Choice, Rc<Memo<'a>>>>,
    choices: RefCell<BTreeMap<Name, Rc<Vec<Choice>>>>,
    as_it_is: RefCell<Option<Lived<'a>>>,
    /// One that begins with nothing on record.
    empty: RefCell<Option<Lived<'a>>>,
    elsewise: RefCell<BTreeMap<String, Lived<'a>>>,
}

/// A world that follows what becomes of its records.
struct Lived<'a> {
    known: Known,
    recorded: Vec<Arc<Record>>,
    /// Whether it begins with all that is on record, or with nothing.
    whole: bool,
    memos: BTreeMap<Choice, Rc<Memo<'a>>>,
    differences: Differences,
    changes: usize,
}

impl<'a> Worlds<'a> {
    /// The worlds of a question, of records in the order in which they were recorded.
    pub fn new(
        agreement: &'a Agreement,
        places: &'a Places,
        records: Vec<Arc<Record>>,
        question: &Question,
    ) -> Worlds<'a> {
        let by_id = records.iter().enumerate().map(|(i, r)| (r.id.clone(), i)).collect();
        Worlds {
            agreement,
            places,
            question: question.clone(),
            records,
            by_id,
            common: RefCell::default(),
            choices: RefCell::default(),
            as_it_is: RefCell::default(),
            empty: RefCell::default(),
            elsewise: RefCell::default(),
        }
    }

    /// All records that are known for the question.
    pub fn records(&self) -> &[Arc<Record>] {
        &self.records
    }

    /// The place of a record among them.
    pub fn place_of(&self, id: &RecordId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// With these records and no others.
    pub fn with_only(&self, norm: &'a Norm, wanted: &Verdict, records: &[Arc<Record>]) -> Option<Verdict> {
        let there = records.iter().map(|r| (r.id.clone(), Some(r.clone()))).collect();
        let mut empty = self.empty.borrow_mut();
        if empty.as_ref().is_none_or(|lived| lived.changes > MOST_CHANGES) {
            *empty = Some(self.lived(Vec::new(), false));
        }
        let lived = empty.as_mut()?;
        self.differ(lived, &there);
        instead_of(self.asked(lived, norm, &wanted.bearer), wanted)
    }

    /// With all that is on record, but for some differences.
    pub fn with(&self, norm: &'a Norm, wanted: &Verdict, differences: &Differences) -> Option<Verdict> {
        let mut as_it_is = self.as_it_is.borrow_mut();
        if as_it_is.as_ref().is_none_or(|lived| lived.changes > MOST_CHANGES) {
            *as_it_is = Some(self.lived(self.records.clone(), true));
        }
        let lived = as_it_is.as_mut()?;
        self.differ(lived, differences);
        instead_of(self.asked(lived, norm, &wanted.bearer), wanted)
    }

    /// With every record put through `edit`, in a world that is kept under a name.
    pub fn with_each(
        &self,
        name: &str,
        norm: &'a Norm,
        wanted: &Verdict,
        edit: impl Fn(&Arc<Record>) -> Arc<Record>,
    ) -> Option<Verdict> {
        let mut elsewise = self.elsewise.borrow_mut();
        let lived = elsewise
            .entry(name.to_string())
            .or_insert_with(|| self.lived(self.records.iter().map(edit).collect(), true));
        instead_of(self.asked(lived, norm, &wanted.bearer), wanted)
    }

    fn lived(&self, recorded: Vec<Arc<Record>>, whole: bool) -> Lived<'a> {
        Lived {
            known: Known::at(self.agreement, &recorded, &self.question),
            recorded,
            whole,
            memos: BTreeMap::new(),
            differences: Differences::new(),
            changes: 0,
        }
    }

    fn asked(&self, lived: &mut Lived<'a>, norm: &'a Norm, bearer: &Bearer) -> Vec<Verdict> {
        let Lived { known, recorded, memos, .. } = lived;
        let memos = RefCell::new(memos);
        self.judged(norm, bearer, recorded, known, |choice| {
            let new = || Rc::new(self.memo(choice, true));
            memos.borrow_mut().entry(choice.clone()).or_insert_with(new).clone()
        })
    }

    fn memo(&self, choice: &Choice, follows: bool) -> Memo<'a> {
        let mut common = self.common.borrow_mut();
        let new = || Rc::new(Memo::new(self.agreement, false, true));
        Memo::new(self.agreement, follows, true).sharing(common.entry(choice.clone()).or_insert_with(new))
    }

    fn world<'k>(
        &self,
        records: &'k [Arc<Record>],
        known: &'k Known,
        choice: &Choice,
        memo: Rc<Memo<'a>>,
    ) -> World<'a, 'k> {
        World {
            agreement: self.agreement,
            places: self.places,
            records,
            known,
            at: self.question.at,
            known_at: self.question.known_at,
            choice: chosen(&self.question, choice),
            memo,
        }
    }

    fn judged(
        &self,
        norm: &'a Norm,
        bearer: &Bearer,
        records: &[Arc<Record>],
        known: &Known,
        memo: impl Fn(&Choice) -> Rc<Memo<'a>>,
    ) -> Vec<Verdict> {
        let find = || {
            let readings = Uses::of_norm(self.agreement, norm).readings;
            Rc::new(combinations(self.agreement, &readings, &self.question))
        };
        let choices = self.choices.borrow_mut().entry(norm.name.clone()).or_insert_with(find).clone();
        let results = choices.iter().map(|choice| {
            let world = self.world(records, known, choice, memo(choice));
            (choice.clone(), world.instances_of(norm, bearer).iter().map(|v| (**v).clone()).collect())
        });
        merged(norm, results.collect())
    }

    /// Lets a world differ from what is on record in these things, and in no others.
    fn differ(&self, lived: &mut Lived<'a>, differences: &Differences) {
        let mut turned: Vec<Turned> = Vec::new();
        let back: Vec<RecordId> =
            lived.differences.keys().filter(|id| !differences.contains_key(*id)).cloned().collect();
        for id in back {
            let as_it_was = self.place_of(&id).filter(|_| lived.whole).map(|i| self.records[i].clone());
            self.put(lived, &id, as_it_was, &mut turned);
            lived.differences.remove(&id);
        }
        for (id, record) in differences {
            if lived.differences.get(id) != Some(record) {
                self.put(lived, id, record.clone(), &mut turned);
                lived.differences.insert(id.clone(), record.clone());
            }
        }
        if turned.is_empty() {
            return;
        }
        lived.changes += turned.len();
        for (choice, memo) in &lived.memos {
            let world = self.world(&lived.recorded, &lived.known, choice, memo.clone());
            world.memo.tracker.revise();
            turned.iter().for_each(|t| world.turned(t));
            world.memo.tracker.take_doubted();
        }
    }

    fn put(
        &self,
        lived: &mut Lived<'a>,
        id: &RecordId,
        record: Option<Arc<Record>>,
        turned: &mut Vec<Turned>,
    ) {
        let place = |recorded: &[Arc<Record>], r: &Record| {
            recorded.partition_point(|o| (o.recorded, &o.id) < (r.recorded, &r.id))
        };
        if let Some(old) = lived.known.record(id).cloned() {
            turned.extend(lived.known.forget(self.agreement, id));
            let at = place(&lived.recorded, &old);
            lived.recorded.remove(at);
        }
        if let Some(new) = record {
            turned.extend(lived.known.learn(self.agreement, &new));
            let at = place(&lived.recorded, &new);
            lived.recorded.insert(at, new);
        }
    }
}

impl Known {
    /// As if a record had never been known: what that turns, itself among it.
    fn forget(&mut self, agreement: &Agreement, id: &RecordId) -> Vec<Turned> {
        let Some(r) = self.recorded.remove(id) else { return Vec::new() };
        for (index, of) in [(&mut self.heirs, &r.supersedes), (&mut self.disputes, &r.disputes)] {
            if let Some(named) = of.as_ref().and_then(|of| index.get_mut(of)) {
                named.remove(id);
            }
        }
        if let Some(told) = r.incident.as_ref().and_then(|i| self.incidents.get_mut(i)) {
            told.remove(&(r.recorded, id.clone()));
        }
        let mut ended = vec![id.clone()];
        for of in [&r.supersedes, &r.withdraws].into_iter().flatten() {
            let names =
                |o: &Arc<Record>| [&o.supersedes, &o.withdraws].into_iter().flatten().any(|n| n == of);
            if !self.recorded.values().any(names) {
                self.gone.remove(of);
            }
            ended.push(of.clone());
        }
        self.touched_by(agreement, &r, &ended)
    }
}

impl<'w> Memo<'w> {
    /// The same, with what hangs on neither records nor clock shared with others of the same agreement and places.
    pub fn sharing(self, others: &Memo<'w>) -> Memo<'w> {
        Memo { same: others.same.clone(), within: others.within.clone(), ..self }
    }
}

impl<'w> World<'w, '_> {
    /// The instances of a norm for one bearer; where nobody knows which of several it was, those of all of them.
    fn instances_of(&self, norm: &'w Norm, bearer: &Bearer) -> Vec<Arc<Verdict>> {
        let bearers = self.bearers(norm);
        let own: Vec<Own> = match bearer {
            Bearer::NotEstablished(_) => vec![self.by_whom_unknown(norm, &bearers)],
            _ => {
                let own = bearers.iter().filter(|(b, _)| b == bearer || *b == Bearer::Unstated);
                own.map(|(b, names)| self.cell(norm, b, names)).collect()
            }
        };
        let mut all = Instances::of(own).to_vec();
        all.retain(|v| v.bearer == *bearer);
        all
    }
}
