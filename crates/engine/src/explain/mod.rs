//! Why a verdict stands, what stands against it, and what would change it: asked, not guessed.
//!
//! An explanation is made for one verdict, when somebody asks. Records are left out, or supposed ones put in, and the
//! verdict is asked for again; nothing here knows how verdicts are made. Who answers is a [`Judge`].
//!
//! What deliberately does not stand here: words for people, and any guess at what is likely.
//!
//! Invariants
//! - a statement of an explanation was tried, or its search is said to be capped;
//! - a correction left out takes what it corrected along; withdrawals stay;
//! - the same verdict, records and judge give the same explanation.
//!
//! Where to start reading: [`explain`], then [`explain_with`]. `supposed.rs` makes the records that are not there.
//! Tests: `crates/servanda/tests/explanations.rs` over all scenarios.

mod supposed;

use crate::ground::is_part_of;
use crate::reference;
use servanda_model::agreement::*;
use servanda_model::explanation::{Change, Explanation, Watch, What};
use servanda_model::record::{COVERAGE, EXPLANATION, FINDING, RoleValue, Says};
use servanda_model::uses::Uses;
use servanda_model::verdict::{Bearer, Cited, Code, Performance, Standing};
use servanda_model::{
    Agreement, Grade, Instant, Name, Number, Period, Place, Places, Question, Record, RecordId, Verdict, When,
};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use supposed::{Setting, Stretch, Supposed, as_good_as_can_be, gaps};

/// How much may be asked in one search: how many times, and about how many records all in all.
#[derive(Clone, Copy)]
struct Allowance {
    questions: usize,
    records: usize,
}

/// For what a verdict rests on.
const RESTS_ON: Allowance = Allowance { questions: 400, records: 40_000 };
/// For each of the searches for what would change it.
const CHANGES: Allowance = Allowance { questions: 200, records: 10_000 };
/// Most records of one kind that are each tried on their own.
const MOST_TRIED: usize = 24;
/// Most gaps in what was watched that are told apart.
const MOST_GAPS: usize = 60;

/// Whoever says what the verdict in question would be.
pub trait Judge {
    /// The verdict in question, with these records alone; `None` where its instance would not be there.
    fn verdict(&self, records: &[Record]) -> Option<Verdict>;
}

impl<F: Fn(&[Record]) -> Option<Verdict>> Judge for F {
    fn verdict(&self, records: &[Record]) -> Option<Verdict> {
        self(records)
    }
}

/// The reference, restricted to the norm in question.
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
        let mut own = reference::evaluate_norm(agreement, places, records, question, norm);
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
}

/// The explanation of a verdict of [`evaluate`](crate::evaluate), given the records and the question that it came from.
pub fn explain(
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    question: &Question,
    verdict: &Verdict,
) -> Explanation {
    let Some(judge) = Reference::of(agreement, places, question, verdict) else {
        return Explanation { elsewhere: verdict.reasons().elsewhere.clone(), ..Explanation::default() };
    };
    let mut heard = relevant(agreement, records, question, judge.norm);
    if !judge.verdict(&heard).is_some_and(|v| same(&v, verdict)) {
        heard = records.iter().filter(|r| r.recorded <= question.known_at).map(lean).collect();
    }
    explain_with(&judge, agreement, &heard, question, verdict)
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

/// A record without what no verdict looks at.
fn lean(r: &Record) -> Record {
    Record { title: String::new(), attachments: Vec::new(), extra: BTreeMap::new(), ..r.clone() }
}

/// The known records that a norm's verdicts can hang on, in the order in which they were recorded.
pub fn relevant(agreement: &Agreement, records: &[Record], question: &Question, norm: &Norm) -> Vec<Record> {
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
    let known: Vec<&Record> = records.iter().filter(|r| r.recorded <= question.known_at).collect();
    let mut heard: BTreeSet<&Name> =
        known.iter().filter(|r| uses.facts.contains(&r.fact)).map(|r| &r.id).collect();
    loop {
        let before = heard.len();
        let incidents: BTreeSet<&Name> =
            known.iter().filter(|r| heard.contains(&r.id)).filter_map(|r| r.incident.as_ref()).collect();
        for r in &known {
            let about = [&r.supersedes, &r.withdraws, &r.disputes];
            if about.into_iter().flatten().any(|id| heard.contains(id))
                || r.incident.as_ref().is_some_and(|i| incidents.contains(i))
            {
                heard.insert(&r.id);
            }
            if heard.contains(&r.id) {
                heard.extend(r.supersedes.as_ref());
            }
        }
        if heard.len() == before {
            break;
        }
    }
    let mut heard: Vec<Record> = known.into_iter().filter(|r| heard.contains(&r.id)).map(lean).collect();
    heard.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    heard
}

/// The explanation of a verdict that a judge gives on these records.
pub fn explain_with(
    judge: &dyn Judge,
    agreement: &Agreement,
    records: &[Record],
    question: &Question,
    verdict: &Verdict,
) -> Explanation {
    let norm = agreement.norm(verdict.norm.as_str());
    let standard = norm.map_or(agreement.standard, |n| n.standard);
    let inquiry = Inquiry {
        judge,
        agreement,
        records,
        question,
        verdict,
        norm,
        standard,
        live: live(records),
        left: Cell::new(CHANGES),
        capped: Cell::new(false),
    };
    let undecided =
        matches!(verdict.performance, Performance::PendingEvidence | Performance::DependsOnReading);
    let settled = inquiry.settled(undecided);
    let against = if undecided { Vec::new() } else { settled.clone() };
    let mut would_change = if undecided { settled } else { Vec::new() };
    inquiry.left.set(CHANGES);
    would_change.extend(inquiry.watched());
    would_change.extend(inquiry.deeds());
    inquiry.left.set(RESTS_ON);
    let rests_on = inquiry.rests_on(undecided, &against);
    Explanation {
        rests_on,
        against,
        would_change,
        elsewhere: verdict.reasons().elsewhere.clone(),
        capped: inquiry.capped.get(),
    }
}

/// For each record, whether it counts: neither superseded nor withdrawn, and no withdrawal itself.
fn live(records: &[Record]) -> Vec<bool> {
    let gone: BTreeSet<&RecordId> =
        records.iter().flat_map(|r| [&r.supersedes, &r.withdraws]).flatten().collect();
    records.iter().map(|r| !gone.contains(&r.id) && r.withdraws.is_none()).collect()
}

/// Indices of the records that go when these are left out: they, and what none but they corrected.
pub fn left_out(records: &[Record], out: &BTreeSet<usize>) -> BTreeSet<usize> {
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
        let more: Vec<usize> =
            (0..records.len()).filter(|i| !out.contains(i) && goes(&records[*i])).collect();
        if more.is_empty() {
            return out;
        }
        out.extend(more);
    }
}

/// One verdict, and all that is asked about it.
struct Inquiry<'a> {
    judge: &'a dyn Judge,
    agreement: &'a Agreement,
    records: &'a [Record],
    question: &'a Question,
    verdict: &'a Verdict,
    norm: Option<&'a Norm>,
    standard: Grade,
    live: Vec<bool>,
    left: Cell<Allowance>,
    capped: Cell<bool>,
}

impl Inquiry<'_> {
    /// The judge's answer; `None` where no more may be asked.
    fn ask(&self, records: &[Record]) -> Option<Option<Verdict>> {
        let left = self.left.get();
        let (Some(questions), Some(rest)) =
            (left.questions.checked_sub(1), left.records.checked_sub(records.len()))
        else {
            self.capped.set(true);
            return None;
        };
        self.left.set(Allowance { questions, records: rest });
        Some(self.judge.verdict(records))
    }

    /// Whether two records say the same of two events, and nothing tells them apart but their names.
    fn alike(&self, a: usize, b: usize) -> bool {
        let bare = |i: usize| {
            let r = &self.records[i];
            let named = [&r.incident, &r.supersedes, &r.disputes];
            named.iter().all(|n| n.is_none()).then(|| Record { id: "".into(), ..r.clone() })
        };
        let disputed =
            |i: usize| self.records.iter().any(|r| r.disputes.as_ref() == Some(&self.records[i].id));
        bare(a).is_some_and(|a| Some(a) == bare(b)) && !disputed(a) && !disputed(b)
    }

    /// Whether the verdict is the same without these records.
    fn stands_without(&self, out: &BTreeSet<usize>) -> bool {
        let out = left_out(self.records, out);
        let rest: Vec<Record> =
            (0..self.records.len()).filter(|i| !out.contains(i)).map(|i| self.records[i].clone()).collect();
        self.ask(&rest).flatten().is_some_and(|v| same(&v, self.verdict))
    }

    /// The change that supposed records make beside all that are there; `None` where they make none.
    fn with(&self, more: Vec<Record>, what: What) -> Option<Change> {
        let mut records = self.records.to_vec();
        records.extend(more);
        self.change(&records, what)
    }

    fn change(&self, records: &[Record], what: What) -> Option<Change> {
        let to = self.ask(records)?;
        if !moved(self.verdict, to.as_ref()) {
            return None;
        }
        let (performance, standing, due) = match to {
            Some(v) => (v.performance, v.standing, v.due),
            None => (Performance::NotApplicable, Standing::Dormant, None),
        };
        Some(Change { what, performance, standing, due })
    }

    /// A least set of records that the verdict rests on.
    fn rests_on(&self, undecided: bool, against: &[Change]) -> Vec<Cited> {
        let cited: BTreeMap<&RecordId, Grade> =
            self.verdict.reasons().decided_by.iter().map(|c| (&c.record, c.grade)).collect();
        let opposing: BTreeSet<&RecordId> = against
            .iter()
            .flat_map(|c| match &c.what {
                What::Confirmed(ids) => &ids[..],
                What::Dropped(id) | What::Actor(id, _) | What::Place(id) | What::Moment(id, _) => {
                    std::slice::from_ref(id)
                }
                What::Watched(_) | What::Deeds(_) => &[],
            })
            .collect();
        let stays = |r: &Record| !undecided && (r.disputes.is_some() || opposing.contains(&r.id));
        let mut candidates: Vec<usize> =
            (0..self.records.len()).filter(|i| self.live[*i] && !stays(&self.records[*i])).collect();
        // The first to go: what is not cited, is weak, is short, is late.
        let worth = |i: &usize| {
            let r = &self.records[*i];
            let long = r.until.map_or(0, |u| u - r.when.earliest);
            let is_cited = cited.contains_key(&r.id);
            (is_cited, r.grade(), long, std::cmp::Reverse(r.when.earliest), r.id.clone())
        };
        candidates.sort_by_key(worth);
        let mut sieve = Sieve { inquiry: self, out: BTreeSet::new(), drops: 0, kept: Vec::new() };
        let (cited_ones, rest): (Vec<usize>, Vec<usize>) =
            candidates.into_iter().partition(|i| cited.contains_key(&self.records[*i].id));
        sieve.sift(&rest);
        sieve.sift(&cited_ones);
        sieve.settle();
        let mut found: Vec<&Record> = sieve.kept.iter().map(|(i, _)| &self.records[*i]).collect();
        found.sort_by(|a, b| (a.when, &a.id).cmp(&(b.when, &b.id)));
        let grade = |r: &Record| cited.get(&r.id).copied().unwrap_or(r.grade());
        found.into_iter().map(|r| Cited { record: r.id.clone(), grade: grade(r) }).collect()
    }

    /// What is on record, were it believed, settled or dropped.
    fn settled(&self, undecided: bool) -> Vec<Change> {
        let mut found = Vec::new();
        let near = |i: &usize| {
            let r = &self.records[*i];
            let reasons = self.verdict.reasons();
            let cited = reasons.decided_by.iter().chain(&reasons.against).any(|c| c.record == r.id);
            (!cited, std::cmp::Reverse(r.grade()), std::cmp::Reverse(r.when.earliest), r.id.clone())
        };
        let mut live: Vec<usize> = (0..self.records.len()).filter(|i| self.live[*i]).collect();
        live.sort_by_key(near);
        let fact = |i: &usize| self.agreement.facts.get(&self.records[*i].fact);
        let doubtful = |i: &usize| {
            let ruled = fact(i).is_some_and(|f| !f.evidence.is_empty());
            self.records[*i].grade() < Grade::Confirmed || ruled
        };
        let opposes =
            |i: &usize| self.records[*i].disputes.is_some() || self.records[*i].says == Says::Denies;
        let weak: Vec<usize> = live.iter().copied().filter(doubtful).collect();
        let (opposing, affirming): (Vec<usize>, Vec<usize>) = weak.into_iter().partition(opposes);
        found.extend(self.confirmed(&affirming));
        found.extend(self.confirmed(&opposing));
        if undecided {
            let disputed: BTreeSet<&RecordId> =
                live.iter().filter_map(|i| self.records[*i].disputes.as_ref()).collect();
            let contested = self.verdict.because(Code::Contested);
            let uncited = |i: &usize| near(i).0;
            let in_dispute: Vec<usize> = live
                .iter()
                .copied()
                .filter(|i| {
                    opposes(i) || disputed.contains(&self.records[*i].id) || (contested && !uncited(i))
                })
                .collect();
            for i in self.first(&in_dispute) {
                let out = left_out(self.records, &BTreeSet::from([i]));
                let rest: Vec<Record> = (0..self.records.len())
                    .filter(|k| !out.contains(k))
                    .map(|k| self.records[k].clone())
                    .collect();
                found.extend(self.change(&rest, What::Dropped(self.records[i].id.clone())));
            }
            let vague: Vec<usize> =
                live.iter().copied().filter(|i| !self.records[*i].when.is_exact()).collect();
            for i in self.first(&vague) {
                let r = &self.records[i];
                for at in [r.when.earliest, r.when.latest] {
                    let exact = |r: &mut Record| {
                        r.when = When::exact(at);
                        r.sent = r.sent.map(|_| at);
                        r.received = r.received.map(|_| at);
                    };
                    let what = What::Moment(r.id.clone(), at);
                    found.extend(self.change(&self.edited(&[i], exact), what));
                }
            }
        }
        let bearer = match &self.verdict.bearer {
            Bearer::Party(name) => std::slice::from_ref(name),
            Bearer::Jointly(names) => &names[..],
            Bearer::Unstated | Bearer::NotEstablished(_) => &[],
        };
        let one_of = |i: &usize| {
            self.records[*i].roles.values().any(|v| match v {
                RoleValue::OneOf(names) => names.iter().any(|n| bearer.contains(n)),
                _ => false,
            })
        };
        let unnamed: Vec<usize> = live.iter().copied().filter(one_of).collect();
        for i in self.first(&unnamed) {
            let own = |names: &[Name]| names.iter().find(|n| bearer.contains(n)).cloned();
            let mut actor = None;
            let records = self.edited(&[i], |r| {
                for value in r.roles.values_mut() {
                    if let RoleValue::OneOf(names) = value
                        && let Some(name) = own(names)
                    {
                        *value = RoleValue::Name(name.clone());
                        actor = Some(name);
                    }
                }
            });
            if let Some(actor) = actor {
                found.extend(self.change(&records, What::Actor(self.records[i].id.clone(), actor)));
            }
        }
        let round = |i: &usize| matches!(&self.records[*i].place, Some(Place::Point { radius_m, .. }) if *radius_m > 0.0);
        let around: Vec<usize> = live.iter().copied().filter(round).collect();
        for i in self.first(&around) {
            let records = self.edited(&[i], |r| {
                if let Some(Place::Point { radius_m, .. }) = &mut r.place {
                    *radius_m = 0.0;
                }
            });
            found.extend(self.change(&records, What::Place(self.records[i].id.clone())));
        }
        found
    }

    /// So many as are tried one by one.
    fn first(&self, all: &[usize]) -> Vec<usize> {
        if all.len() > MOST_TRIED {
            self.capped.set(true);
        }
        all.iter().copied().take(MOST_TRIED).collect()
    }

    fn edited(&self, which: &[usize], mut edit: impl FnMut(&mut Record)) -> Vec<Record> {
        let mut records = self.records.to_vec();
        which.iter().for_each(|i| edit(&mut records[*i]));
        records
    }

    /// Records that would change the verdict if they were confirmed: each that does alone; where only several do
    /// together, a least set that does.
    fn confirmed(&self, weak: &[usize]) -> Vec<Change> {
        let suppose = |which: &[usize]| {
            let records = self.edited(which, |r| as_good_as_can_be(r, self.agreement.facts.get(&r.fact)));
            let ids = which.iter().map(|i| self.records[*i].id.clone()).collect();
            self.change(&records, What::Confirmed(ids))
        };
        let together = least(weak, suppose, |a, b| self.alike(*a, *b));
        let alone = |change: &Change| matches!(&change.what, What::Confirmed(ids) if ids.len() == 1);
        match together {
            Some(change) if alone(&change) && weak.len() > 1 => {
                self.first(weak).into_iter().filter_map(|i| suppose(&[i])).collect()
            }
            one => one.into_iter().collect(),
        }
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
        let first = || self.records.iter().map(|r| r.when.earliest).filter(|t| *t > Instant::MIN).min();
        let signed = || self.agreement.signed.map(|d| self.agreement.calendar.start_of_day(d));
        let from = from.or_else(signed).or_else(first).unwrap_or(to).min(to);
        Stretch { from, to, until: due }
    }

    /// What would change it if zones had been watched where nobody watched.
    fn watched(&self) -> Vec<Change> {
        if self.verdict.performance == Performance::Satisfied {
            return Vec::new();
        }
        let (Some(norm), span) = (self.norm, self.span()) else { return Vec::new() };
        let setting = self.setting();
        let by = norm.seen_by.first();
        let suppose = |some: &[Watch]| {
            let made = some.iter().enumerate().map(|(k, w)| setting.coverage(k, w, by)).collect();
            self.with(made, What::Watched(some.to_vec()))
        };
        let minimum = norm.watched.clone().max(Number::zero());
        let open = |zone: &Name| {
            let held = self.records.iter().zip(&self.live).filter(|(r, live)| {
                **live
                    && *r.fact.as_str() == *COVERAGE
                    && r.grade() >= self.standard
                    && r.says == Says::Affirms
                    && r.value.as_ref().is_none_or(|v| *v >= minimum)
                    && matches!(&r.place, Some(Place::Named(z)) if is_part_of(self.agreement, zone, z))
            });
            let held =
                held.map(|(r, _)| Period { from: r.when.earliest, to: r.until.unwrap_or(r.when.latest) });
            let mut gaps = gaps(Period { from: span.from, to: span.to }, held.collect());
            if gaps.len() > MOST_GAPS {
                self.capped.set(true);
                gaps = vec![Period { from: gaps[0].from, to: gaps[gaps.len() - 1].to }];
            }
            gaps.into_iter().map(|over| Watch { zone: zone.clone(), over }).collect::<Vec<_>>()
        };
        let zones = Uses::of_norm(self.agreement, norm).zones;
        let each: Vec<Vec<Watch>> = zones.iter().map(open).filter(|g| !g.is_empty()).collect();
        let all = each.concat();
        if all.is_empty() {
            return Vec::new();
        }
        let singly: Vec<Change> = each.iter().filter_map(|gaps| least(gaps, suppose, |_, _| false)).collect();
        if singly.is_empty() && each.len() > 1 {
            return least(&all, suppose, |_, _| false).into_iter().collect();
        }
        singly
    }

    fn setting(&self) -> Setting<'_> {
        let anchor = self.verdict.instance.as_str();
        let anchor = anchor.rsplit_once('/').map_or(anchor, |(a, _)| a);
        let is_trigger = |r: &&Record| {
            [self.verdict.instance.as_str(), anchor].contains(&r.id.as_str())
                || r.incident.as_ref().is_some_and(|i| *i == *anchor)
        };
        let bearer = match &self.verdict.bearer {
            Bearer::Party(name) => vec![name.clone()],
            Bearer::Jointly(names) => names.clone(),
            Bearer::Unstated | Bearer::NotEstablished(_) => Vec::new(),
        };
        Setting {
            agreement: self.agreement,
            bearer,
            owed_to: self.verdict.owed_to.clone(),
            trigger: self.records.iter().rev().find(is_trigger),
            recorded: self.question.known_at,
        }
    }

    /// What would change it if it were on record: what the bearer owes, what is waited for, what a body would find.
    fn deeds(&self) -> Vec<Change> {
        let Some(norm) = self.norm else { return Vec::new() };
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
            self.with(made, What::Deeds(some.iter().map(|s| s.deed.clone()).collect()))
        };
        let change = least(&deeds, suppose, |_, _| false)?;
        let What::Deeds(named) = &change.what else { return Some(change) };
        let ([one], [only]) = (&named[..], &deeds[..]) else { return Some(change) };
        // Of many copies, those that are already there need not be done again.
        let (mut low, mut high, mut best) = (0, one.times, change.clone());
        while low + 1 < high {
            let middle = low.midpoint(high);
            let mut fewer = only.clone();
            fewer.records.truncate(middle as usize);
            fewer.deed.times = middle;
            match suppose(&[fewer]).filter(|c| c.performance == change.performance) {
                Some(enough) => (high, best) = (middle, enough),
                None => low = middle,
            }
        }
        Some(best)
    }
}

/// A least part of some suppositions that leads to what all of them lead to; `None` where all of them change nothing.
/// Of those that are alike and follow each other, what goes for one goes for all.
fn least<T: Clone>(
    all: &[T],
    suppose: impl Fn(&[T]) -> Option<Change>,
    alike: impl Fn(&T, &T) -> bool,
) -> Option<Change> {
    if all.is_empty() {
        return None;
    }
    let mut best = suppose(all)?;
    let mut kept = all.to_vec();
    let (mut i, mut many) = (0, all.len() / 2);
    while i < kept.len() && kept.len() > 1 {
        let end = (i + many.clamp(1, kept.len() - 1)).min(kept.len());
        let fewer = [&kept[..i], &kept[end..]].concat();
        match suppose(&fewer).filter(|c| c.performance == best.performance) {
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
struct Sieve<'a> {
    inquiry: &'a Inquiry<'a>,
    out: BTreeSet<usize>,
    /// How many times something could be left out.
    drops: usize,
    /// What is needed, each with the drops at the time when it was found to be.
    kept: Vec<(usize, usize)>,
}

impl Sieve<'_> {
    fn can_go(&mut self, some: &[usize]) -> bool {
        let out: BTreeSet<usize> = self.out.iter().chain(some).copied().collect();
        let goes = self.inquiry.stands_without(&out);
        if goes {
            self.out = out;
            self.drops += 1;
        }
        goes
    }

    /// Leaves out what can go of some: many at once where that goes, one by one where it does not.
    fn sift(&mut self, some: &[usize]) {
        let (mut rest, mut many) = (some, some.len());
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
