//! Why a verdict stands, what stands against it, and what would change it: asked, not guessed.
//!
//! An explanation is made for one verdict, when somebody asks. Records are left out, or supposed ones put in, and the
//! verdict is asked for again; nothing here knows how verdicts are made. Who answers are the `Worlds` of the question:
//! one with all that is on record, in which a supposition costs what hangs on it, and small ones of a few records.
//!
//! What deliberately does not stand here: words for people, and any guess at what is likely.
//!
//! Invariants
//! - a statement of an explanation was tried, or its search is said to be capped;
//! - a correction left out takes what it corrected along; withdrawals stay;
//! - the same verdict, records and question give the same explanation, whatever was explained before;
//! - where very many records are doubtful in one way, they are asked about together first: what all of them together do
//!   not change is not asked of each.
//!
//! Where to start reading: [`Explainer`], then `explained`. `heard.rs` sorts the records, `worlds.rs` answers,
//! `supposed.rs` makes the records that are not there.
//! Tests: `crates/servanda/tests/explanations.rs` over all scenarios and over a real history.

mod heard;
mod supposed;
mod worlds;

pub use heard::{left_out, relevant};

use crate::ground::is_part_of;
use crate::reference;
use heard::{Heard, contrary, doubtful, in_doubt_of_place, lean};
use servanda_model::agreement::*;
use servanda_model::explanation::{Change, Explanation, Watch, What};
use servanda_model::record::RoleValue;
use servanda_model::uses::Uses;
use servanda_model::verdict::{Bearer, Cited, Code, Performance, Standing};
use servanda_model::{
    Agreement, Instant, Name, Number, Period, Place, Places, Question, Record, Records, Verdict, When,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
pub(crate) use supposed::as_good_as_can_be;
use supposed::{Setting, Stretch, Supposed, gaps};
use worlds::{Differences, Worlds, instead_of};

/// How much may be asked in one search: how many times, and about how many records all in all.
#[derive(Clone, Copy)]
struct Allowance {
    questions: usize,
    records: usize,
}

/// For what a verdict rests on.
const RESTS_ON: Allowance = Allowance { questions: 1_000, records: 200_000 };
/// For each of the searches for what would change it.
const CHANGES: Allowance = Allowance { questions: 200, records: 40_000 };
/// Most records of one kind that are each tried on their own.
const MOST_TRIED: usize = 24;
/// So many changes of one kind are told, each of them enough.
const MOST_TOLD: usize = 12;
/// Most gaps in what was watched that are told apart.
const MOST_GAPS: usize = 60;
/// So many records differ at most from what is on record; for more, a world of their own is kept.
const MOST_APART: usize = 48;

/// Whoever says what the verdict in question would be.
pub trait Judge {
    /// The verdict in question, with these records alone; `None` where its instance would not be there.
    fn verdict(&self, records: &[Record]) -> Option<Verdict>;
}

/// The reference, restricted to the norm in question: for whoever doubts a statement of an explanation.
pub struct Reference<'a> {
    agreement: &'a Agreement,
    places: &'a Places,
    question: &'a Question,
    norm: &'a Norm,
    wanted: &'a Verdict,
}

impl<'a> Reference<'a> {
    /// For one verdict; `None` where its norm is not in the agreement.
    pub fn of(
        agreement: &'a Agreement,
        places: &'a Places,
        question: &'a Question,
        verdict: &'a Verdict,
    ) -> Option<Reference<'a>> {
        let norm = agreement.norm(verdict.norm.as_str())?;
        Some(Reference { agreement, places, question, norm, wanted: verdict })
    }
}

impl Judge for Reference<'_> {
    /// The same instance; where its identity hung on a record that is not there, the one of the same times; where it
    /// was dormant, whatever its bearer has instead.
    fn verdict(&self, records: &[Record]) -> Option<Verdict> {
        let Reference { agreement, places, question, norm, wanted } = *self;
        instead_of(reference::evaluate_norm(agreement, places, records, question, norm), wanted)
    }
}

/// Explains the verdicts of one question. What it learnt for one of them, it keeps for the others.
pub struct Explainer<'a> {
    agreement: &'a Agreement,
    question: Question,
    worlds: Worlds<'a>,
    heard: RefCell<BTreeMap<Name, Rc<Heard>>>,
}

impl<'a> Explainer<'a> {
    /// For a question, of all records.
    ///
    /// # Example
    /// ```
    /// use servanda_engine::explain::Explainer;
    /// use servanda_model::{Agreement, Instant, Places, Question};
    /// let (agreement, places, question) = (Agreement::default(), Places::default(), Question::at(Instant(0)));
    /// let explainer = Explainer::new(&agreement, &places, &[], &question);
    /// let board = servanda_engine::evaluate(&agreement, &places, &[], &question);
    /// for verdict in &board.verdicts {
    ///     println!("{:?}", explainer.explain(verdict));
    /// }
    /// ```
    pub fn new(
        agreement: &'a Agreement,
        places: &'a Places,
        records: &[Record],
        question: &Question,
    ) -> Explainer<'a> {
        Explainer::of(agreement, places, records.into(), question)
    }

    /// The same, of records that others may hold too.
    pub fn of(
        agreement: &'a Agreement,
        places: &'a Places,
        records: Records<'_>,
        question: &Question,
    ) -> Explainer<'a> {
        let known = records.iter().filter(|r| r.recorded <= question.known_at);
        let mut known: Vec<Arc<Record>> = known.map(|r| Arc::new(lean(r))).collect();
        known.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
        known.dedup_by(|a, b| a.id == b.id);
        Explainer {
            agreement,
            question: question.clone(),
            worlds: Worlds::new(agreement, places, known, question),
            heard: RefCell::default(),
        }
    }

    /// The explanation of a verdict of [`evaluate`](crate::evaluate) for the same records and question.
    pub fn explain(&self, verdict: &Verdict) -> Explanation {
        let Some(norm) = self.agreement.norm(verdict.norm.as_str()) else {
            return Explanation { elsewhere: verdict.reasons().elsewhere.clone(), ..Explanation::default() };
        };
        let heard = self.heard(&norm.name, Some(norm));
        let inquiry = Inquiry {
            worlds: &self.worlds,
            agreement: self.agreement,
            question: &self.question,
            verdict,
            norm,
            heard,
            cited: cited(&self.worlds, verdict),
            left: Cell::new(CHANGES),
            resting: Cell::new(false),
            more: Cell::new(false),
            less: Cell::new(false),
        };
        inquiry.explained(|| self.heard(&"".into(), None))
    }

    fn heard(&self, name: &Name, norm: Option<&Norm>) -> Rc<Heard> {
        let find = || Rc::new(Heard::of(self.agreement, self.worlds.records(), norm));
        self.heard.borrow_mut().entry(name.clone()).or_insert_with(find).clone()
    }
}

/// The places of the records that a verdict cites.
fn cited(worlds: &Worlds<'_>, verdict: &Verdict) -> BTreeSet<usize> {
    let reasons = verdict.reasons();
    let all = reasons.decided_by.iter().chain(&reasons.against);
    all.filter_map(|c| worlds.place_of(&c.record)).collect()
}

/// The explanation of a verdict of [`evaluate`](crate::evaluate), given the records and the question that it came from.
/// For one verdict; [`Explainer`] is for many.
pub fn explain(
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    question: &Question,
    verdict: &Verdict,
) -> Explanation {
    Explainer::new(agreement, places, records, question).explain(verdict)
}

/// Whether two verdicts come to the same: performance, standing and all times; where evidence is missing, also why.
pub fn same(a: &Verdict, b: &Verdict) -> bool {
    let elsewhere = |v: &Verdict| -> Vec<_> {
        v.reasons().elsewhere.iter().map(|e| (e.readings.clone(), e.performance, e.due)).collect()
    };
    let open = |v: &Verdict| match v.performance {
        Performance::PendingEvidence => v.reasons().because.last().map(|b| b.code),
        _ => None,
    };
    (a.performance, &a.standing, open(a)) == (b.performance, &b.standing, open(b))
        && (a.triggered, a.due, a.fulfilled, a.breached) == (b.triggered, b.due, b.fulfilled, b.breached)
        && elsewhere(a) == elsewhere(b)
}

/// Whether what is supposed changes a verdict: its performance, or whether and how it stands.
pub fn moved(from: &Verdict, to: Option<&Verdict>) -> bool {
    to.is_none_or(|to| {
        let word = |v: &Verdict| v.standing.word();
        (from.performance, word(from)) != (to.performance, word(to))
    })
}

/// One verdict, and all that is asked about it. Records are given by their places among those that are known.
struct Inquiry<'a, 'b> {
    worlds: &'b Worlds<'a>,
    agreement: &'a Agreement,
    question: &'b Question,
    verdict: &'b Verdict,
    norm: &'a Norm,
    heard: Rc<Heard>,
    cited: BTreeSet<usize>,
    left: Cell<Allowance>,
    /// Whether what it rests on is sought, and not what would change it.
    resting: Cell<bool>,
    /// More may change it than is told.
    more: Cell<bool>,
    /// It may rest on less than is told.
    less: Cell<bool>,
}

impl Inquiry<'_, '_> {
    fn explained(mut self, all: impl Fn() -> Rc<Heard>) -> Explanation {
        let undecided =
            matches!(self.verdict.performance, Performance::PendingEvidence | Performance::DependsOnReading);
        let settled = self.settled(undecided);
        let against = if undecided { Vec::new() } else { settled.clone() };
        let mut would_change = if undecided { settled } else { Vec::new() };
        self.left.set(CHANGES);
        would_change.extend(self.watched());
        would_change.extend(self.deeds());
        self.left.set(RESTS_ON);
        self.resting.set(true);
        let rests_on = self.rests_on(undecided, &against).or_else(|| {
            self.heard = all();
            self.rests_on(undecided, &against)
        });
        if rests_on.is_none() {
            self.less.set(true);
        }
        Explanation {
            rests_on: rests_on.unwrap_or_default(),
            against,
            would_change,
            elsewhere: self.verdict.reasons().elsewhere.clone(),
            may_rest_on_less: self.less.get(),
            more_may_change: self.more.get(),
        }
    }

    fn record(&self, i: usize) -> &Arc<Record> {
        &self.worlds.records()[i]
    }

    /// Whether one more question may be asked, about so many records.
    fn may_ask(&self, about: usize) -> bool {
        let left = self.left.get();
        let cut = if self.resting.get() { &self.less } else { &self.more };
        let (questions, records) = (left.questions.checked_sub(1), left.records.checked_sub(about));
        match (questions, records) {
            (Some(questions), Some(records)) => self.left.set(Allowance { questions, records }),
            _ => cut.set(true),
        }
        questions.is_some() && records.is_some()
    }

    /// Whether two records say the same of two events, and nothing tells them apart but their names.
    fn alike(&self, a: usize, b: usize) -> bool {
        let (a, b) = ((a, self.record(a)), (b, self.record(b)));
        let lone = |(i, r): &(usize, &Arc<Record>)| {
            let named = [&r.incident, &r.supersedes, &r.disputes];
            named.iter().all(|n| n.is_none()) && !self.heard.disputed.contains(i)
        };
        let bare = |r: &Record| Record { id: "".into(), ..r.clone() };
        (a.1.fact == b.1.fact && a.1.when == b.1.when) && lone(&a) && lone(&b) && bare(a.1) == bare(b.1)
    }

    /// What some differences from what is on record lead to; `None` where they change nothing.
    fn change(&self, differences: &Differences, what: What) -> Option<Change> {
        if !self.may_ask(differences.len()) {
            return None;
        }
        self.moved_to(self.worlds.with(self.norm, self.verdict, differences), what)
    }

    fn moved_to(&self, to: Option<Verdict>, what: What) -> Option<Change> {
        if !moved(self.verdict, to.as_ref()) {
            return None;
        }
        let (performance, standing, due) = match to {
            Some(v) => (v.performance, v.standing, v.due),
            None => (Performance::NotApplicable, Standing::Dormant, None),
        };
        Some(Change { what, performance, standing, due })
    }

    /// The change that supposed records make beside all that are there.
    fn beside(&self, more: Vec<Record>, what: What) -> Option<Change> {
        let added = more.into_iter().map(|r| (r.id.clone(), Some(Arc::new(r))));
        self.change(&added.collect(), what)
    }

    fn edited(&self, which: &[usize], edit: impl Fn(&mut Record)) -> Differences {
        let edited = |i: &usize| {
            let mut r = (**self.record(*i)).clone();
            edit(&mut r);
            (r.id.clone(), Some(Arc::new(r)))
        };
        which.iter().map(edited).collect()
    }

    /// What it leads to if all of a kind are edited at once.
    fn together(
        &self,
        kind: &str,
        which: &[usize],
        is_of_kind: impl Fn(&Record) -> bool,
        edit: impl Fn(&mut Record),
    ) -> Option<Change> {
        let what = What::Confirmed(Vec::new());
        if which.len() <= MOST_APART {
            return if which.is_empty() { None } else { self.change(&self.edited(which, edit), what) };
        }
        let edited = |r: &Arc<Record>| match is_of_kind(r) {
            true => {
                let mut edited = (**r).clone();
                edit(&mut edited);
                Arc::new(edited)
            }
            false => r.clone(),
        };
        self.may_ask(0)
            .then(|| self.worlds.with_each(kind, self.norm, self.verdict, edited))
            .and_then(|to| self.moved_to(to, what))
    }

    /// Those that the verdict cites, then those nearest in time to what decides it.
    fn nearest(&self, all: &[usize]) -> Vec<usize> {
        let (mut near, mut rest): (Vec<usize>, Vec<usize>) = all.iter().partition(|i| self.cited.contains(i));
        rest.sort_by_cached_key(|i| self.distance(*i));
        near.append(&mut rest);
        near
    }

    /// The changes that records make each on its own, the nearest first. Where one makes none, all that follow are asked
    /// about together, and then the first part of them that makes one.
    fn singly(
        &self,
        which: &[usize],
        differ: impl Fn(&[usize]) -> Differences,
        what: impl Fn(usize) -> Option<What>,
    ) -> Vec<Change> {
        let mut found = Vec::new();
        let tried = &which[..which.len().min(MOST_TRIED)];
        let change = |some: &[usize]| self.change(&differ(some), what(some[0])?);
        let mut rest = tried;
        while let [one, others @ ..] = rest {
            if found.len() == MOST_TOLD {
                self.more.set(true);
                return found;
            }
            rest = others;
            match change(&[*one]) {
                Some(made) => found.push(made),
                None if others.len() < 2 => {}
                None if change(others).is_none() => break,
                None => {
                    let (mut low, mut high) = (0, others.len());
                    while low + 1 < high {
                        let middle = low.midpoint(high);
                        match change(&others[..middle]) {
                            Some(_) => high = middle,
                            None => low = middle,
                        }
                    }
                    rest = &others[low..];
                }
            }
        }
        if which.len() > tried.len() {
            self.more.set(true);
        }
        found
    }

    /// What is on record, were it believed, settled or dropped.
    fn settled(&self, undecided: bool) -> Vec<Change> {
        let heard = &*self.heard;
        let mut found = self.confirmed("affirming", &heard.affirming, |r| !contrary(r));
        found.extend(self.confirmed("opposing", &heard.opposing, contrary));
        if undecided {
            let contested = self.verdict.because(Code::Contested);
            let in_dispute = |i: &&usize| {
                heard.contrary.contains(i)
                    || heard.disputed.contains(i)
                    || contested && self.cited.contains(i)
            };
            let in_dispute: Vec<usize> = heard.live.iter().filter(in_dispute).copied().collect();
            let left_out = |some: &[usize]| {
                let out = some.iter().flat_map(|i| heard.goes_with(*i));
                out.map(|k| (self.record(k).id.clone(), None)).collect()
            };
            let dropped = |i: usize| Some(What::Dropped(self.record(i).id.clone()));
            found.extend(self.singly(&self.nearest(&in_dispute), left_out, dropped));
            for (kind, end) in
                [("earliest", (|w| w.earliest) as fn(&When) -> Instant), ("latest", |w| w.latest)]
            {
                let shown = |r: &mut Record| {
                    let at = end(&r.when);
                    r.when = When::exact(at);
                    r.sent = r.sent.map(|_| at);
                    r.received = r.received.map(|_| at);
                };
                let what =
                    |i: usize| Some(What::Moment(self.record(i).id.clone(), end(&self.record(i).when)));
                found.extend(self.each(kind, &heard.vague, |r| !r.when.is_exact(), shown, what));
            }
        }
        found.extend(self.named());
        let exact = |r: &mut Record| {
            if let Some(Place::Point { radius_m, .. }) = &mut r.place {
                *radius_m = 0.0;
            }
        };
        let what = |i: usize| Some(What::Place(self.record(i).id.clone()));
        found.extend(self.each("places", &heard.around, in_doubt_of_place, exact, what));
        found
    }

    /// What records of a kind lead to, each edited on its own.
    fn each(
        &self,
        kind: &str,
        which: &[usize],
        is_of_kind: impl Fn(&Record) -> bool,
        edit: impl Fn(&mut Record),
        what: impl Fn(usize) -> Option<What>,
    ) -> Vec<Change> {
        if which.len() > MOST_TRIED && self.together(kind, which, is_of_kind, &edit).is_none() {
            return Vec::new();
        }
        self.singly(&self.nearest(which), |some| self.edited(some, &edit), what)
    }

    /// What it leads to if an actor who is one of several is the bearer.
    fn named(&self) -> Vec<Change> {
        let bearer = match &self.verdict.bearer {
            Bearer::Party(name) => std::slice::from_ref(name),
            Bearer::Jointly(names) => &names[..],
            Bearer::Unstated | Bearer::NotEstablished(_) => return Vec::new(),
        };
        let own = |value: &RoleValue| match value {
            RoleValue::OneOf(names) => names.iter().find(|n| bearer.contains(n)).cloned(),
            _ => None,
        };
        let may_be = |r: &Record| r.roles.values().find_map(own);
        let shown = |r: &mut Record| {
            for value in r.roles.values_mut() {
                if let Some(name) = own(value) {
                    *value = RoleValue::Name(name);
                }
            }
        };
        let unnamed: Vec<usize> =
            self.heard.unnamed.iter().copied().filter(|i| may_be(self.record(*i)).is_some()).collect();
        let kind = format!("by {}", self.verdict.bearer);
        let what = |i: usize| Some(What::Actor(self.record(i).id.clone(), may_be(self.record(i))?));
        self.each(&kind, &unnamed, |r| may_be(r).is_some(), shown, what)
    }

    /// Records that would change the verdict if they were confirmed: each that does alone; where only several do
    /// together, a least set that does.
    fn confirmed(&self, kind: &str, weak: &[usize], is_of_kind: impl Fn(&Record) -> bool) -> Vec<Change> {
        let believed = |r: &mut Record| as_good_as_can_be(r, self.agreement.facts.get(&r.fact));
        let is_weak = |r: &Record| doubtful(self.agreement, r) && is_of_kind(r);
        let Some(all) = self.together(kind, weak, is_weak, believed) else { return Vec::new() };
        let near = self.nearest(weak);
        let suppose = |which: &[usize]| {
            let ids = which.iter().map(|i| self.record(*i).id.clone()).collect();
            self.change(&self.edited(which, believed), What::Confirmed(ids))
        };
        match least(&near, all.performance, suppose, |a, b| self.alike(*a, *b)) {
            Some(change) if matches!(&change.what, What::Confirmed(ids) if ids.len() == 1) => {
                let what = |i: usize| Some(What::Confirmed(vec![self.record(i).id.clone()]));
                self.singly(&near, |some| self.edited(some, believed), what)
            }
            one => one.into_iter().collect(),
        }
    }

    /// A least set of records that the verdict rests on; `None` where it does not stand on all that is heard.
    fn rests_on(&self, undecided: bool, against: &[Change]) -> Option<Vec<Cited>> {
        let opposing = against.iter().flat_map(|c| match &c.what {
            What::Confirmed(ids) => &ids[..],
            What::Dropped(id) | What::Actor(id, _) | What::Place(id) | What::Moment(id, _) => {
                std::slice::from_ref(id)
            }
            What::Watched(_) | What::Deeds(_) => &[],
        });
        let mut stays: BTreeSet<usize> = BTreeSet::new();
        if !undecided {
            stays.extend(opposing.filter_map(|id| self.worlds.place_of(id)));
            let disputes = |i: &&usize| self.record(**i).disputes.is_some();
            stays.extend(self.heard.contrary.iter().filter(disputes));
        }
        // What suffices soonest: what happened when it was decided, then what is cited, then of what there is little,
        // then the rest by time.
        let v = self.verdict;
        let decisive = |i: &usize| {
            let when = Some(self.record(*i).when);
            when == v.breached || when == v.fulfilled || when == v.triggered
        };
        let near: Vec<usize> = self
            .heard
            .by_worth
            .iter()
            .copied()
            .filter(|i| self.cited.contains(i) && !stays.contains(i))
            .collect();
        let (first, then): (Vec<usize>, Vec<usize>) = near.into_iter().partition(decisive);
        let mut order = [first, then].concat();
        let mut sieve = Sieve { inquiry: self, stays, there: BTreeSet::new(), drops: 0, kept: Vec::new() };
        let mut enough = 0;
        let mut whole = false;
        loop {
            sieve.there = order[..enough].iter().copied().collect();
            match sieve.stands(&sieve.there) {
                Some(true) => break,
                // No more may be asked: what is cited is what can be said.
                None => return Some(self.cited_as(self.cited.iter().copied().collect())),
                Some(false) => {}
            }
            if enough == order.len() {
                if whole {
                    return None;
                }
                let rest = |i: &usize| !self.cited.contains(i) && !sieve.stays.contains(i);
                let mut rest: Vec<usize> = self.heard.by_worth.iter().copied().filter(rest).collect();
                let rare = |i: &usize| self.heard.rare.contains(&self.record(*i).fact);
                rest.sort_by_cached_key(|i| (!rare(i), self.distance(*i)));
                order.extend(rest);
                whole = true;
            }
            enough = (enough * 2).clamp(enough + 1, order.len().max(enough + 1)).min(order.len());
        }
        // The last half was too little; the least that is enough, in this order, lies between.
        let mut too_few = enough / 2;
        while too_few + 1 < enough {
            let middle = too_few.midpoint(enough);
            match sieve.stands(&order[..middle].iter().copied().collect()) {
                Some(true) => enough = middle,
                _ => too_few = middle,
            }
        }
        order.truncate(enough);
        sieve.there = order.iter().copied().collect();
        order.reverse();
        sieve.sift(&order);
        sieve.settle();
        Some(self.cited_as(sieve.kept.iter().map(|(i, _)| *i).collect()))
    }

    /// How far in time a record lies from what decides the verdict.
    fn distance(&self, i: usize) -> i64 {
        let (r, v) = (self.record(i), self.verdict);
        let (from, to) = (r.when.earliest, r.until.unwrap_or(r.when.latest).max(r.when.latest));
        let moments = [v.breached, v.fulfilled, v.triggered, v.due].into_iter().flatten();
        let moments = moments.flat_map(|when| [when.earliest, when.latest]).filter(|t| *t > Instant::MIN);
        moments.map(|t| (from - t).max(t - to).max(0)).min().unwrap_or_default()
    }

    fn cited_as(&self, mut found: Vec<usize>) -> Vec<Cited> {
        found.sort_by_key(|i| (self.record(*i).when, self.record(*i).id.clone()));
        let decided = &self.verdict.reasons().decided_by;
        let grade = |r: &Record| decided.iter().find(|c| c.record == r.id).map_or(r.grade(), |c| c.grade);
        let one = |i: usize| Cited { record: self.record(i).id.clone(), grade: grade(self.record(i)) };
        found.into_iter().map(one).collect()
    }

    /// Over what time the verdict looks.
    fn span(&self) -> Stretch {
        let v = self.verdict;
        let due = v.due.map(|d| d.latest);
        let due =
            due.or_else(|| v.reasons().elsewhere.iter().filter_map(|e| e.due).map(|d| d.earliest).min());
        let at = self.question.at;
        let to = due.map_or(at, |d| d.min(at));
        let watched = v.reasons().coverage.iter().map(|w| w.period.from).min();
        let from = watched.or(v.triggered.map(|t| t.latest)).filter(|f| *f > Instant::MIN);
        let records = || self.worlds.records().iter();
        let first = || records().map(|r| r.when.earliest).filter(|t| *t > Instant::MIN).min();
        let signed = || self.agreement.signed.map(|d| self.agreement.calendar.start_of_day(d));
        let from = from.or_else(signed).or_else(first).unwrap_or(to).min(to);
        Stretch { from, to, until: due }
    }

    /// What would change it if zones had been watched where nobody watched.
    fn watched(&self) -> Vec<Change> {
        if self.verdict.performance == Performance::Satisfied {
            return Vec::new();
        }
        let (norm, span, setting) = (self.norm, self.span(), self.setting());
        let by = norm.seen_by.first();
        let suppose = |some: &[Watch]| {
            let made = some.iter().enumerate().map(|(k, w)| setting.coverage(k, w, by)).collect();
            self.beside(made, What::Watched(some.to_vec()))
        };
        let minimum = norm.watched.clone().max(Number::zero());
        let open = |zone: &Name| {
            let held = self.heard.coverage.iter().map(|i| self.record(*i)).filter(|r| {
                r.grade() >= norm.standard
                    && r.value.as_ref().is_none_or(|v| *v >= minimum)
                    && matches!(&r.place, Some(Place::Named(z)) if is_part_of(self.agreement, zone, z))
            });
            let held = held.map(|r| Period { from: r.when.earliest, to: r.until.unwrap_or(r.when.latest) });
            let mut gaps = gaps(Period { from: span.from, to: span.to }, held.collect());
            if gaps.len() > MOST_GAPS {
                self.more.set(true);
                gaps = vec![Period { from: gaps[0].from, to: gaps[gaps.len() - 1].to }];
            }
            gaps.into_iter().map(|over| Watch { zone: zone.clone(), over }).collect::<Vec<_>>()
        };
        let zones = Uses::of_norm(self.agreement, norm).zones;
        let each: Vec<Vec<Watch>> = zones.iter().map(open).filter(|g| !g.is_empty()).collect();
        let all = each.concat();
        let least_of = |gaps: &[Watch]| {
            let whole = suppose(gaps)?;
            if gaps.len() == 1 { Some(whole) } else { least(gaps, whole.performance, suppose, |_, _| false) }
        };
        let singly: Vec<Change> = each.iter().filter_map(|gaps| least_of(gaps)).collect();
        if singly.is_empty() && each.len() > 1 {
            return least_of(&all).into_iter().collect();
        }
        singly
    }

    fn setting(&self) -> Setting<'_> {
        let anchor = self.verdict.instance.as_str();
        let anchor = anchor.rsplit_once('/').map_or(anchor, |(a, _)| a);
        let named = [self.verdict.instance.as_str(), anchor];
        let by_id = named.into_iter().filter_map(|id| self.worlds.place_of(&id.into())).max();
        let told = |r: &&Arc<Record>| r.incident.as_ref().is_some_and(|i| *i == *anchor);
        let trigger = by_id.map(|i| self.record(i)).or_else(|| self.worlds.records().iter().rev().find(told));
        let bearer = match &self.verdict.bearer {
            Bearer::Party(name) => vec![name.clone()],
            Bearer::Jointly(names) => names.clone(),
            Bearer::Unstated | Bearer::NotEstablished(_) => Vec::new(),
        };
        Setting {
            agreement: self.agreement,
            bearer,
            owed_to: self.verdict.owed_to.clone(),
            trigger: trigger.map(|r| &**r),
            recorded: self.question.known_at,
        }
    }

    /// What would change it if it were on record: what the bearer owes, what is waited for, what a body would find.
    fn deeds(&self) -> Vec<Change> {
        let norm = self.norm;
        let (v, at, setting, span) = (self.verdict, self.question.at, self.setting(), self.span());
        let mut found = Vec::new();
        let now = Stretch { from: at, to: at, until: None };
        let undecided = matches!(v.performance, Performance::PendingEvidence | Performance::DependsOnReading);
        let waits = matches!(v.standing, Standing::Waiting(_));
        if v.standing == Standing::Dormant || waits {
            let force = self.agreement.in_force.as_ref().filter(|_| v.because(Code::NotInForce));
            found.extend(force.and_then(|m| self.least_deeds(setting.of_moment(m, now))));
            let trigger = match &norm.when {
                Trigger::Each(p) => setting.of_pattern(p, now, 1, None).map(|s| vec![s]),
                Trigger::Begins(c) => setting.of_cond(c, now),
                Trigger::Found(t) => setting.finding(t, at).map(|s| vec![s]),
                Trigger::At(m) => setting.of_moment(m, now),
                Trigger::Ends(_) | Trigger::Always | Trigger::Norm(_) | Trigger::Breach => None,
            };
            if found.is_empty() && !waits {
                found.extend(self.least_deeds(trigger));
            }
            let subject = match &norm.force {
                Force::SubjectTo(fact) => {
                    let own = self.agreement.facts.get(fact);
                    let own = own.is_some_and(|f| f.roles.iter().any(|(role, _)| *role == "by"));
                    let roles = if own { vec![("by".into(), Value::Bearer)] } else { Vec::new() };
                    Some(Cond::Fact(FactPattern { roles, ..FactPattern::any(fact.clone()) }))
                }
                _ => None,
            };
            let needs: Vec<Cond> = norm.only_if.iter().chain(&norm.needs).chain(&subject).cloned().collect();
            if waits && !needs.is_empty() {
                found.extend(self.least_deeds(setting.of_cond(&Cond::And(needs), now)));
            }
            if let Some(from) = norm.from.as_ref().filter(|_| waits) {
                found.extend(self.least_deeds(setting.of_moment(from, now)));
            }
        }
        if v.standing != Standing::Dormant && !waits && v.performance != Performance::Satisfied {
            for part in &norm.parts {
                let over = match part.verb {
                    Verb::Keep | Verb::NotKeep => span,
                    _ => Stretch { from: span.to, ..span },
                };
                match part.verb {
                    Verb::Do | Verb::Ensure => {
                        found.extend(self.least_deeds(setting.of_cond(&part.cond, over)));
                    }
                    Verb::Keep if undecided => {
                        found.extend(self.least_deeds(setting.of_cond(&part.cond, over)));
                    }
                    _ => {}
                }
                if let (Cond::Fact(p), true) = (&part.cond, undecided) {
                    let over = if part.verb == Verb::Ensure { over } else { span };
                    found.extend(self.least_deeds(setting.denied(p, over).map(|d| vec![d])));
                }
            }
        }
        if v.performance != Performance::Satisfied {
            for term in Uses::of_norm(self.agreement, norm).terms {
                found.extend(self.least_deeds(setting.finding(&term, span.to).map(|f| vec![f])));
            }
        }
        let mut told: Vec<Change> = Vec::new();
        found.into_iter().for_each(|c| {
            if !told.iter().any(|t| t.what == c.what) {
                told.push(c);
            }
        });
        told
    }

    /// The change that supposed deeds make, with no more of them than are needed.
    fn least_deeds(&self, deeds: Option<Vec<Supposed>>) -> Option<Change> {
        let deeds = deeds.filter(|d| !d.is_empty())?;
        let suppose = |some: &[Supposed]| {
            let mut made: Vec<Record> = some.iter().flat_map(|s| s.records.clone()).collect();
            for (k, r) in made.iter_mut().enumerate() {
                r.id = format!("supposed/{k}").into();
            }
            self.beside(made, What::Deeds(some.iter().map(|s| s.deed.clone()).collect()))
        };
        let whole = suppose(&deeds)?;
        let [only] = &deeds[..] else { return least(&deeds, whole.performance, suppose, |_, _| false) };
        // Of many copies, those that are already there need not be done again.
        let (mut low, mut high, mut best) = (0, only.deed.times, whole);
        while low + 1 < high {
            let middle = low.midpoint(high);
            let mut fewer = only.clone();
            fewer.records.truncate(middle as usize);
            fewer.deed.times = middle;
            match suppose(&[fewer]).filter(|c| c.performance == best.performance) {
                Some(enough) => (high, best) = (middle, enough),
                None => low = middle,
            }
        }
        Some(best)
    }
}

/// A least part of some suppositions that leads to what all of them lead to: the first of them that are enough, without
/// those that can go. Of those that are alike and follow each other, what goes for one goes for all.
fn least<T: Clone>(
    all: &[T],
    wanted: Performance,
    suppose: impl Fn(&[T]) -> Option<Change>,
    alike: impl Fn(&T, &T) -> bool,
) -> Option<Change> {
    let leads = |some: &[T]| suppose(some).filter(|c| c.performance == wanted);
    let mut enough = 1.min(all.len());
    let mut best = loop {
        match leads(&all[..enough]) {
            Some(change) => break change,
            None if enough == all.len() => return None,
            None => enough = (enough * 2).min(all.len()),
        }
    };
    let mut kept = all[..enough].to_vec();
    // What was enough before the last doubling was not, so half cannot go at once.
    let (mut i, mut many) = (0, enough / 4);
    while i < kept.len() && kept.len() > 1 {
        let end = (i + many.clamp(1, kept.len() - 1)).min(kept.len());
        let fewer = [&kept[..i], &kept[end..]].concat();
        match leads(&fewer) {
            Some(change) => (kept, best, many) = (fewer, change, many * 2),
            None if end - i == 1 => {
                let like = kept[end..].iter().take_while(|other| alike(&kept[i], other)).count();
                (i, many) = (end + like, 1);
            }
            None => many = (end - i) / 2,
        }
    }
    Some(best)
}

/// Records being left out until the verdict would change.
struct Sieve<'a, 'b, 'c> {
    inquiry: &'c Inquiry<'a, 'b>,
    /// What is never left out.
    stays: BTreeSet<usize>,
    /// What was not left out so far.
    there: BTreeSet<usize>,
    /// How many times something could be left out.
    drops: usize,
    /// What is needed, each with the drops at the time when it was found to be.
    kept: Vec<(usize, usize)>,
}

impl Sieve<'_, '_, '_> {
    /// Whether the verdict is the same with these, and what always stays; `None` where no more may be asked.
    fn stands(&self, there: &BTreeSet<usize>) -> Option<bool> {
        let inquiry = self.inquiry;
        let present = inquiry.heard.present(&there.union(&self.stays).copied().collect());
        if !inquiry.may_ask(present.len()) {
            return None;
        }
        let records: Vec<Arc<Record>> = present.into_iter().map(|i| inquiry.record(i).clone()).collect();
        let then = inquiry.worlds.with_only(inquiry.norm, inquiry.verdict, &records);
        Some(then.is_some_and(|v| same(&v, inquiry.verdict)))
    }

    fn can_go(&mut self, some: &[usize]) -> bool {
        let there = self.there.iter().copied().filter(|i| !some.contains(i)).collect();
        let goes = self.stands(&there) == Some(true);
        if goes {
            self.there = there;
            self.drops += 1;
        }
        goes
    }

    /// Leaves out what can go of some: many at once where that goes, one by one where it does not.
    fn sift(&mut self, some: &[usize]) {
        let (mut rest, mut many) = (some, 1);
        while let [one, others @ ..] = rest {
            let (chunk, after) = rest.split_at(many.min(rest.len()));
            if self.can_go(chunk) {
                (rest, many) = (after, many * 2);
            } else if chunk.len() == 1 {
                // What is its like in all but name cannot go either.
                let alike = 1 + others.iter().take_while(|o| self.inquiry.alike(*one, **o)).count();
                self.kept.extend(rest[..alike].iter().map(|i| (*i, self.drops)));
                (rest, many) = (&rest[alike..], 1);
            } else {
                many = chunk.len() / 2;
            }
        }
    }

    /// Asks again about what was needed while more was there, until nothing more can go.
    fn settle(&mut self) {
        while let Some(k) = self.kept.iter().position(|(_, drops)| *drops < self.drops) {
            let (one, _) = self.kept.remove(k);
            if !self.can_go(&[one]) {
                self.kept.push((one, self.drops));
            }
        }
    }
}
