//! What is heard about a norm: the records that its verdicts can hang on, sorted by what may be asked about them.
//!
//! Found once for a norm, for all its verdicts at one question. What deliberately does not stand here: any verdict. A
//! record that is heard may still make no difference; one that is not heard makes none.
//!
//! Where to start reading: [`relevant`], then [`Heard::of`].

use servanda_model::agreement::*;
use servanda_model::record::{COVERAGE, EXPLANATION, FINDING, RoleValue, Says};
use servanda_model::uses::Uses;
use servanda_model::{Agreement, Grade, Name, Place, Question, Record, RecordId};
use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A record without what no verdict looks at.
pub fn lean(r: &Record) -> Record {
    Record { title: String::new(), attachments: Vec::new(), extra: BTreeMap::new(), ..r.clone() }
}

/// The known records that a norm's verdicts can hang on, in the order in which they were recorded.
pub fn relevant(agreement: &Agreement, records: &[Record], question: &Question, norm: &Norm) -> Vec<Record> {
    let mut known: Vec<&Record> = records.iter().filter(|r| r.recorded <= question.known_at).collect();
    known.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    among(agreement, &known, norm).into_iter().map(|i| lean(known[i])).collect()
}

/// The places of those that a norm's verdicts can hang on.
fn among<R: Borrow<Record>>(agreement: &Agreement, known: &[R], norm: &Norm) -> Vec<usize> {
    let mut uses = Uses::of_norm(agreement, norm);
    for p in agreement.priorities.iter().filter(|p| uses.norms.contains(&p.yields)).collect::<Vec<_>>() {
        if let Some(over) = agreement.norm(p.over.as_str()) {
            uses = uses.and(Uses::of_norm(agreement, over));
        }
    }
    for power in &agreement.powers {
        uses = uses.and(Uses::of_pattern(agreement, &power.act));
        for c in power.only_if.iter().chain(&power.unless) {
            uses = uses.and(Uses::of_cond(agreement, c));
        }
        if let Some(p) = &power.objection {
            uses = uses.and(Uses::of_pattern(agreement, p));
        }
    }
    for moment in agreement.in_force.iter().chain(&agreement.ends) {
        uses = uses.and(Uses::of_moment(agreement, moment));
    }
    for body in agreement.bodies.values() {
        let mut rule = body.decides.as_ref();
        while let Some(decision) = rule {
            if let Some(request) = &decision.request {
                uses = uses.and(Uses::of_pattern(agreement, request));
            }
            rule = decision.failing.as_deref();
        }
    }
    for norm in agreement.norms.iter().filter(|n| uses.norms.contains(&n.name)) {
        if let Force::SubjectTo(fact) = &norm.force {
            uses.facts.insert(fact.clone());
        }
    }
    uses.facts.extend([COVERAGE, FINDING, EXPLANATION].map(Name::from));
    let known: Vec<&Record> = known.iter().map(Borrow::borrow).collect();
    let mut heard: Vec<bool> = known.iter().map(|r| uses.facts.contains(&r.fact)).collect();
    let named =
        |r: &Record| [&r.supersedes, &r.withdraws, &r.disputes].into_iter().flatten().cloned().collect();
    let mut ids: BTreeSet<RecordId> = BTreeSet::new();
    let mut incidents: BTreeSet<Name> = BTreeSet::new();
    let mut corrected: BTreeSet<RecordId> = BTreeSet::new();
    // Of those that name no other and are named by none, nothing more can be found.
    let linked: Vec<usize> = (0..known.len())
        .filter(|i| {
            let r = known[*i];
            r.incident.is_some() || r.supersedes.is_some() || r.withdraws.is_some() || r.disputes.is_some()
        })
        .collect();
    let about: BTreeSet<RecordId> =
        linked.iter().flat_map(|i| -> Vec<RecordId> { named(known[*i]) }).collect();
    let linked: BTreeSet<usize> =
        linked.into_iter().chain((0..known.len()).filter(|i| about.contains(&known[*i].id))).collect();
    loop {
        for i in linked.iter().filter(|i| heard[**i]) {
            ids.insert(known[*i].id.clone());
            incidents.extend(known[*i].incident.clone());
            corrected.extend(known[*i].supersedes.clone());
        }
        let mut more = false;
        for i in linked.iter().copied() {
            let r = known[i];
            let is_heard = || {
                [&r.supersedes, &r.withdraws, &r.disputes].into_iter().flatten().any(|id| ids.contains(id))
                    || r.incident.as_ref().is_some_and(|i| incidents.contains(i))
                    || corrected.contains(&r.id)
            };
            if !heard[i] && is_heard() {
                (heard[i], more) = (true, true);
            }
        }
        if !more {
            return (0..known.len()).filter(|i| heard[*i]).collect();
        }
    }
}

/// So many records of a fact are few.
const FEW: usize = 40;

/// What is heard about a norm. Records are given by their places among those that are known.
pub struct Heard {
    /// What counts, the best and latest first: neither superseded nor withdrawn, and no withdrawal itself.
    pub live: Vec<usize>,
    /// The same, first what suffices soonest: well supported, long, early.
    pub by_worth: Vec<usize>,
    /// What is there whatever else is left out: withdrawals, and what they withdraw.
    pub always: Vec<usize>,
    /// By a correction, what it corrects.
    corrects: BTreeMap<usize, Vec<usize>>,
    /// Those that are not confirmed, or fall under a rule on evidence, and affirm.
    pub affirming: Vec<usize>,
    /// The same, of those that deny or dispute.
    pub opposing: Vec<usize>,
    /// Those that deny or dispute, well or badly supported.
    pub contrary: BTreeSet<usize>,
    /// Those that are disputed.
    pub disputed: BTreeSet<usize>,
    /// Those whose time is not known exactly.
    pub vague: Vec<usize>,
    /// Those of which an actor is one of several.
    pub unnamed: Vec<usize>,
    /// Those whose place has a radius of doubt.
    pub around: Vec<usize>,
    /// Reports of what was watched.
    pub coverage: Vec<usize>,
    /// Facts of which there are but few records, such as ratifications: whatever hangs on them hangs on them for long.
    pub rare: BTreeSet<Name>,
}

impl Heard {
    /// About one norm; about everything where there is none.
    pub fn of(agreement: &Agreement, known: &[Arc<Record>], norm: Option<&Norm>) -> Heard {
        let which = match norm {
            Some(norm) => among(agreement, known, norm),
            None => (0..known.len()).collect(),
        };
        let place: BTreeMap<&RecordId, usize> = which.iter().map(|i| (&known[*i].id, *i)).collect();
        let gone: BTreeSet<&RecordId> =
            which.iter().flat_map(|i| [&known[*i].supersedes, &known[*i].withdraws]).flatten().collect();
        let lives = |i: &usize| !gone.contains(&known[*i].id) && known[*i].withdraws.is_none();
        let mut live: Vec<usize> = which.iter().copied().filter(lives).collect();
        let mut by_worth = live.clone();
        live.sort_by_cached_key(|i| {
            let r = &known[*i];
            (Reverse(r.grade()), Reverse(r.when.earliest), r.id.clone())
        });
        by_worth.sort_by_cached_key(|i| {
            let r = &known[*i];
            let long = r.until.map_or(0, |u| u - r.when.earliest);
            (Reverse(r.grade()), Reverse(long), r.when.earliest, Reverse(r.id.clone()))
        });
        let among: Vec<&Record> = which.iter().map(|i| &*known[*i]).collect();
        let all: BTreeSet<usize> = (0..which.len()).filter(|k| lives(&which[*k])).collect();
        let out = left_out(&among, &all);
        let always = (0..which.len()).filter(|k| !out.contains(k)).map(|k| which[k]).collect();
        let corrected = |i: usize| known[i].supersedes.as_ref().and_then(|id| place.get(id).copied());
        let corrects = live.iter().filter(|i| corrected(**i).is_some()).map(|i| {
            let mut chain: Vec<usize> = Vec::new();
            let mut last = *i;
            while let Some(next) = corrected(last).filter(|next| !chain.contains(next)) {
                chain.push(next);
                last = next;
            }
            (*i, chain)
        });
        let of = |which: &dyn Fn(&Record) -> bool| -> Vec<usize> {
            live.iter().copied().filter(|i| which(&known[*i])).collect()
        };
        let (opposing, affirming) =
            of(&|r| doubtful(agreement, r)).into_iter().partition(|i| contrary(&known[*i]));
        let disputed = |r: &Record| r.disputes.as_ref().and_then(|id| place.get(id).copied());
        let mut many: BTreeMap<&Name, usize> = BTreeMap::new();
        live.iter().for_each(|i| *many.entry(&known[*i].fact).or_default() += 1);
        let rare = many.into_iter().filter(|(_, n)| *n <= FEW).map(|(fact, _)| fact.clone()).collect();
        Heard {
            rare,
            always,
            corrects: corrects.collect(),
            affirming,
            opposing,
            contrary: of(&contrary).into_iter().collect(),
            disputed: live.iter().filter_map(|i| disputed(&known[*i])).collect(),
            vague: of(&|r| !r.when.is_exact()),
            unnamed: of(&|r| r.roles.values().any(|v| matches!(v, RoleValue::OneOf(_)))),
            around: of(&in_doubt_of_place),
            coverage: of(&|r| *r.fact.as_str() == *COVERAGE && r.says == Says::Affirms),
            live,
            by_worth,
        }
    }

    /// What is there where some are kept of what counts: they, what they correct, and what is there always.
    pub fn present(&self, kept: &BTreeSet<usize>) -> BTreeSet<usize> {
        let corrected = kept.iter().filter_map(|i| self.corrects.get(i)).flatten();
        kept.iter().chain(corrected).chain(&self.always).copied().collect()
    }

    /// What goes where one is left out: it, and what none but it corrects.
    pub fn goes_with(&self, i: usize) -> impl Iterator<Item = usize> {
        let kept = move |c: &usize| {
            let others = self.corrects.iter().filter(|(other, _)| **other != i);
            self.always.contains(c) || others.into_iter().any(|(_, chain)| chain.contains(c))
        };
        let chain = self.corrects.get(&i).into_iter().flatten().filter(move |c| !kept(c));
        [i].into_iter().chain(chain.copied())
    }
}

/// Whether to believe a record would make a difference to how it counts.
pub fn doubtful(agreement: &Agreement, r: &Record) -> bool {
    let ruled = || agreement.facts.get(&r.fact).is_some_and(|f| !f.evidence.is_empty());
    r.grade() < Grade::Confirmed || ruled()
}

/// Whether a record denies or disputes.
pub fn contrary(r: &Record) -> bool {
    r.disputes.is_some() || r.says == Says::Denies
}

/// Whether a record's place has a radius of doubt.
pub fn in_doubt_of_place(r: &Record) -> bool {
    matches!(&r.place, Some(Place::Point { radius_m, .. }) if *radius_m > 0.0)
}

/// Indices of the records that go when these are left out: they, and what none but they corrected.
pub fn left_out<R: Borrow<Record>>(records: &[R], out: &BTreeSet<usize>) -> BTreeSet<usize> {
    let records: Vec<&Record> = records.iter().map(Borrow::borrow).collect();
    let mut out = out.clone();
    loop {
        let mut kept: BTreeSet<&RecordId> = BTreeSet::new();
        let mut lost: BTreeSet<&RecordId> = BTreeSet::new();
        for (i, r) in records.iter().enumerate() {
            kept.extend(r.withdraws.as_ref());
            match &r.supersedes {
                Some(id) if out.contains(&i) => drop(lost.insert(id)),
                Some(id) => drop(kept.insert(id)),
                None => {}
            }
        }
        let goes = |r: &Record| lost.contains(&r.id) && !kept.contains(&r.id);
        let more: Vec<usize> = (0..records.len()).filter(|i| !out.contains(i) && goes(records[*i])).collect();
        if more.is_empty() {
            return out;
        }
        out.extend(more);
    }
}
