//! Norms: what starts their instances, where each stands, how each was performed, and why.
//!
//! # Source
//! `docs/reference/language.md`, "Norms and their instances"; `docs/reference/verdicts.md`.

use super::conditions::{clipped, patterns_of};
use super::matching::Hit;
use super::moments::{Moment_, Stretch};
use super::powers::Changes;
use super::{Derived, Env, World};
use crate::incremental::cells::{Instances, Own};
use crate::kept::{Differ, wholly};
use crate::signal::{Run, Signal};
use servanda_model::agreement::*;
use servanda_model::grade::Truth;
use servanda_model::record::{EXPLANATION, Says};
use servanda_model::time::DAY;
use servanda_model::verdict::*;
use servanda_model::{Calendar, Grade, Instant, Name, Number, Period, Span, Support, When};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What starts an instance.
#[derive(Clone, PartialEq)]
pub struct Start {
    /// When, and which records say so.
    pub moment: Moment_,
    pub record: Option<Arc<servanda_model::Record>>,
    /// Whether it reaches the standard.
    pub established: bool,
    why: Because,
    /// For a remedy: the breached instance.
    pub breached: Option<Arc<Verdict>>,
}

impl Start {
    /// Starts are in the order of their moments, then of their anchors.
    pub fn order(&self) -> (When, &Name) {
        (self.moment.when, &self.moment.anchor)
    }
}

/// An instance as it was judged, with what it was made of.
#[derive(Clone)]
pub struct Judged {
    made_of: (Arc<Start>, Option<(Instant, Instant)>),
    verdict: Arc<Verdict>,
}

impl Differ for Judged {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        wholly(self.verdict == other.verdict)
    }
}

/// How one part of a norm was performed.
struct Outcome {
    performance: Performance,
    grade: Grade,
    because: Vec<Because>,
    decided_by: Vec<Cited>,
    against: Vec<Cited>,
    missing: Vec<String>,
    coverage: Vec<Watched>,
    fulfilled: Option<When>,
    breached: Option<When>,
    late: Option<When>,
    episodes: Vec<Episode>,
}

impl Outcome {
    fn new(performance: Performance, grade: Grade, code: Code, text: impl Into<String>) -> Outcome {
        Outcome {
            performance,
            grade,
            because: vec![Because { code, text: text.into() }],
            decided_by: Vec::new(),
            against: Vec::new(),
            missing: Vec::new(),
            coverage: Vec::new(),
            fulfilled: None,
            breached: None,
            late: None,
            episodes: Vec::new(),
        }
    }

    fn also(mut self, code: Code, text: impl Into<String>) -> Outcome {
        self.because.push(Because { code, text: text.into() });
        self
    }
}

/// The time over which a part is judged.
struct Scope {
    start: Instant,
    deadline: Option<Instant>,
    until: Option<Instant>,
}

/// How many records of one pattern a verdict cites at most.
const MOST_CITED: usize = 100;

fn because(code: Code, text: impl Into<String>) -> Because {
    Because { code, text: text.into() }
}

impl<'w> World<'w, '_> {
    /// All instances of a norm, by bearer, then trigger. A norm that depends on itself within one instant has none: the
    /// language refuses such texts.
    pub fn instances(&self, name: &Name) -> Instances {
        self.keep(
            |memo| &memo.norms,
            name.clone(),
            Some(Instances::default()),
            |node| {
                self.derives(node, || Derived::Norm(name.clone()));
                let norm = self.agreement.norm(name.as_str());
                norm.map(|n| self.judged(n)).unwrap_or_default()
            },
        )
    }

    fn judged(&self, norm: &'w Norm) -> Instances {
        let bearers = self.bearers(norm);
        let own = bearers.iter().map(|(bearer, names)| self.cell(norm, bearer, names));
        Instances::of(own.chain([self.by_whom_unknown(norm, &bearers)]).collect())
    }

    /// Breaches of a ban by one of its bearers, and by which is not established.
    pub fn by_whom_unknown(&self, norm: &'w Norm, bearers: &[(Bearer, Vec<Name>)]) -> Own {
        if norm.parts.iter().any(|p| p.verb == Verb::NotDo) && bearers.len() > 1 {
            let group: Vec<Name> = bearers.iter().flat_map(|(_, names)| names.clone()).collect();
            let found = self.cell(norm, &Bearer::NotEstablished(group.clone()), &group);
            let broken = found.iter().flat_map(|sheet| sheet.iter());
            let broken = broken.filter(|v| v.performance == Performance::Violated).cloned();
            return Arc::new(vec![Arc::new(broken.collect())]);
        }
        Own::default()
    }

    /// The instances that one start gives for a bearer.
    pub fn instances_started(
        &self,
        norm: &'w Norm,
        bearer: &Bearer,
        env: &Env<'w>,
        start: &Arc<Start>,
    ) -> Vec<Arc<Verdict>> {
        let mut own = Vec::new();
        match &start.breached {
            Some(_) if matches!(bearer, Bearer::NotEstablished(_)) => {}
            Some(breached) => {
                let env = Env { bearer: self.names_of(&breached.bearer), ..env.clone() };
                self.instances_from(norm, &breached.bearer, &env, start, &mut own);
            }
            None => self.instances_from(norm, bearer, env, start, &mut own),
        }
        own
    }

    fn names_of(&self, bearer: &Bearer) -> Vec<Name> {
        match bearer {
            Bearer::Party(name) => vec![name.clone()],
            Bearer::Jointly(names) | Bearer::NotEstablished(names) => names.clone(),
            Bearer::Unstated => Vec::new(),
        }
    }

    /// Who bears a norm: each party that is ever among those named, or those named together.
    pub fn bearers(&self, norm: &Norm) -> Vec<(Bearer, Vec<Name>)> {
        match &norm.bearer {
            Who::EachOf(_) | Who::EveryOtherOf(_) => {
                self.leaves(&norm.bearer).into_iter().map(|n| (Bearer::Party(n.clone()), vec![n])).collect()
            }
            Who::Jointly(names) => match &names[..] {
                [one] if !self.agreement.groups.contains_key(one) => {
                    vec![(Bearer::Party(one.clone()), names.clone())]
                }
                _ => vec![(Bearer::Jointly(names.clone()), names.clone())],
            },
            Who::BreachingParty | Who::Unstated => vec![(Bearer::Unstated, Vec::new())],
        }
    }

    pub fn norm_env(&self, norm: &'w Norm, bearer: &[Name]) -> Env<'w> {
        let owed_to = match &norm.owed_to {
            Who::Jointly(names) => names.clone(),
            Who::EveryOtherOf(_) => {
                self.leaves(&norm.owed_to).into_iter().filter(|n| !bearer.contains(n)).collect()
            }
            who => self.leaves(who).into_iter().collect(),
        };
        Env {
            norm: Some(norm),
            bearer: bearer.to_vec(),
            owed_to,
            seen: !norm.seen_by.is_empty(),
            standard: norm.standard,
            watched: norm.watched.clone(),
            except: &norm.except,
            ..self.plain_env()
        }
    }

    /// What starts instances of a norm for a bearer: nothing before the entry into force.
    pub fn starts(&self, norm: &Norm, env: &Env<'w>) -> Vec<Start> {
        let Some((in_force, ends)) = self.bounds() else { return Vec::new() };
        let triggered = |moment: Moment_, what: &str| self.triggered(moment, what);
        let plain = Env { except: &[], ..env.clone() };
        let mut starts: Vec<Start> = match &norm.when {
            Trigger::Always => {
                vec![triggered(Moment_ { anchor: "-".into(), ..in_force.clone() }, "applies from")]
            }
            Trigger::At(moment) => {
                let known = self.moment(moment, &plain);
                known.map(|m| triggered(m, "triggered")).into_iter().collect()
            }
            Trigger::Begins(cond) => {
                let stretches = self.stretches(cond, &plain);
                stretches.iter().filter_map(|s| self.triggered_by(s, &in_force)).collect()
            }
            Trigger::Ends(cond) => {
                let stretches = self.stretches(cond, &plain);
                let over = stretches.iter().filter(|s| self.reached(s.run.to));
                over.map(|s| {
                    let moment = Moment_ { when: When::exact(s.run.to), ..s.moment.clone() };
                    triggered(moment, "what triggers it ended")
                })
                .collect()
            }
            Trigger::Each(pattern) => {
                let mut by_event: BTreeMap<Name, Vec<Hit>> = BTreeMap::new();
                for hit in self.hits(pattern, &plain).iter().filter(|h| h.seen.grade > Grade::None) {
                    by_event.entry(hit.seen.anchor.clone()).or_default().push(hit.clone());
                }
                let mut starts: Vec<Start> = Vec::new();
                for hits in by_event.into_values() {
                    let holds =
                        |h: &&Hit| h.sure && h.seen.grade >= env.standard && h.seen.against < env.standard;
                    let best = hits.iter().filter(holds).max_by_key(|h| h.seen.grade);
                    let Some(hit) = best.or(hits.first()) else { continue };
                    let what = format!("`{}` on record", pattern.fact);
                    let start = triggered(self.of_hit(hit), &what);
                    starts.push(Start {
                        record: Some(hit.seen.record.clone()),
                        established: best.is_some(),
                        ..start
                    });
                }
                starts
            }
            Trigger::Found(term) => {
                self.found(term).into_iter().take(1).map(|m| triggered(m, "found")).collect()
            }
            Trigger::Norm(event) => self
                .norm_moments(event, &plain)
                .into_iter()
                .map(|m| triggered(m, &format!("`{}`:", event.norm)))
                .collect(),
            Trigger::Breach => {
                let breached = self.agreement.norms.iter().filter(|n| n.on_breach.contains(&norm.name));
                let verdicts = breached.flat_map(|n| self.instances(&n.name).to_vec());
                let known = verdicts.filter(|v| matches!(v.performance, Performance::Violated));
                known
                    .filter(|v| !matches!(v.bearer, Bearer::NotEstablished(_)))
                    .filter_map(|v| {
                        let anchor = match v.instance.as_str() {
                            "-" => v.norm.clone(),
                            instance => Name::from(format!("{}:{instance}", v.norm)),
                        };
                        let cited = v.reasons().decided_by.clone();
                        let moment = Moment_ { when: v.breached?, grade: v.grade, cited, anchor };
                        let start =
                            triggered(moment, &format!("breach of `{}` by {} established", v.norm, v.bearer));
                        let why = because(Code::BreachOf, start.why.text.clone());
                        Some(Start { breached: Some(v), why, ..start })
                    })
                    .collect()
            }
        };
        starts.retain_mut(|s| self.admits(norm, env, (&in_force, ends), s));
        starts.sort_by(|a, b| a.order().cmp(&b.order()));
        starts
    }

    /// The entry into force, and when the agreement ends; `None`: it is not in force.
    pub fn bounds(&self) -> Option<(Moment_, Instant)> {
        let in_force = self.in_force()?;
        let ends = self.agreement.ends.as_ref().and_then(|e| self.moment(e, &self.plain_env()));
        Some((in_force, ends.map_or(Instant::MAX, |e| e.when.latest)))
    }

    fn triggered(&self, moment: Moment_, what: &str) -> Start {
        let text = format!("{what} {} ({})", self.agreement.calendar.show_when(moment.when), moment.grade);
        let why = because(Code::Triggered, text);
        Start { moment, record: None, established: true, why, breached: None }
    }

    /// What was over before the entry into force triggers nothing; what lasts then triggers then.
    pub fn triggered_by(&self, stretch: &Stretch, in_force: &Moment_) -> Option<Start> {
        let lasts = stretch.run.to > in_force.when.latest;
        lasts.then(|| self.triggered(stretch.moment.clone(), "what triggers it began"))
    }

    /// Whether a start counts: within the time of the agreement and of the bearer's membership, to which the beginning
    /// of what lasts is moved.
    pub fn admits(
        &self,
        norm: &Norm,
        env: &Env<'w>,
        (in_force, ends): (&Moment_, Instant),
        s: &mut Start,
    ) -> bool {
        let calendar = &self.agreement.calendar;
        let force = in_force.when.latest;
        let lasting = matches!(norm.when, Trigger::Begins(_) | Trigger::Always | Trigger::At(_));
        if s.moment.when.latest < force && lasting {
            s.moment.when = in_force.when;
            s.why.text += &format!("; in force since {}", calendar.show_when(in_force.when));
        }
        if let Some(held) = self.memberships(norm, &env.bearer) {
            let at = s.moment.when.latest;
            let joins = held.iter().find(|p| p.to >= at).filter(|p| p.from <= at || lasting);
            match joins {
                Some(p) if p.from > at => {
                    s.moment.when = When::exact(p.from);
                    s.why.text += &format!("; a member since {}", calendar.show(p.from));
                }
                Some(_) => {}
                None => return false,
            }
        }
        let (force_came, earliest) = (s.moment.when.latest >= force, s.moment.when.earliest);
        force_came && earliest <= ends && self.reached(earliest)
    }

    fn ruling(&self, norm: &Norm, bearer: &Bearer, env: &Env<'w>) -> Ruling {
        Ruling {
            norm: norm.name.clone(),
            kind: norm.kind,
            bearer: bearer.clone(),
            owed_to: env.owed_to.clone(),
            instance: "-".into(),
            triggered: None,
            due: None,
            standing: Standing::Dormant,
            performance: Performance::NotApplicable,
            grade: Grade::Confirmed,
            fulfilled: None,
            breached: None,
            performed_late: None,
            episodes: Vec::new(),
            marking: norm.marking.clone(),
        }
    }

    fn verdict(&self, norm: &Norm, mut ruling: Ruling, outcome: Outcome, mut cited: Vec<Cited>) -> Verdict {
        cited.extend(outcome.decided_by);
        let mut seen = BTreeSet::new();
        cited.retain(|c| seen.insert(c.record.clone()));
        for c in cited.iter().chain(&outcome.against) {
            if let Some(record) = self.known.record(&c.record) {
                ruling.marking = ruling.marking.join(&record.marking);
            }
        }
        ruling.performance = outcome.performance;
        ruling.grade = outcome.grade;
        ruling.fulfilled = outcome.fulfilled;
        ruling.breached = outcome.breached;
        ruling.performed_late = outcome.late;
        ruling.episodes = outcome.episodes;
        let used = self.uses(norm);
        let open = |t: &Name| self.agreement.terms.get(t).is_some_and(|t| t.open);
        let judgement: Vec<Name> = used.terms.iter().filter(|t| open(t)).cloned().collect();
        let mut steps = outcome.because;
        if !judgement.is_empty() {
            let names: Vec<&str> = judgement.iter().map(Name::as_str).collect();
            steps.push(because(
                Code::LeftToJudgement,
                format!("rests on words left to judgement: {}", names.join(", ")),
            ));
        }
        let chosen = |r: &Name| Some((r.clone(), self.choice.get(r)?.clone()));
        let readings = used.readings.iter().filter_map(chosen).collect();
        let reasons = Reasons {
            clause: norm.clause,
            words: norm.per.clone(),
            rule: norm.readback.clone(),
            readings,
            because: steps,
            decided_by: cited,
            against: outcome.against,
            missing: outcome.missing,
            coverage: outcome.coverage,
            elsewhere: Vec::new(),
            judgement,
        };
        Verdict::new(ruling, reasons)
    }

    /// No instance: not in force, not triggered, or a trigger that is on record and not established.
    pub fn dormant(&self, norm: &Norm, bearer: &Bearer, env: &Env<'w>) -> Verdict {
        let ruling = self.ruling(norm, bearer, env);
        let none = |code, text: &str| Outcome::new(Performance::NotApplicable, Grade::Confirmed, code, text);
        if norm.kind == NormKind::Right && norm.parts.is_empty() {
            return self.verdict(
                norm,
                ruling,
                none(Code::RightNotObstructed, "a right; nothing obstructs it"),
                vec![],
            );
        }
        if self.in_force().is_none_or(|m| !self.reached(m.when.latest)) {
            let ruling = Ruling { standing: Standing::Waiting("entry into force".into()), ..ruling };
            return self.verdict(
                norm,
                ruling,
                none(Code::NotInForce, "the agreement is not in force"),
                vec![],
            );
        }
        if let Trigger::Begins(cond) = &norm.when {
            let env = Env { standard: self.standard_of(cond, env), except: &[], ..env.clone() };
            let now = *self.now(&self.signal(cond, &env));
            let unsettled = match now.truth(env.standard) {
                Truth::Contested => Some((Code::Contested, "what would trigger it is contested")),
                Truth::Unknown if now.supported_at_best > Grade::None => Some((
                    Code::BelowStandard,
                    "what would trigger it is on record, not established at the standard",
                )),
                _ => None,
            };
            if let Some((code, text)) = unsettled {
                let outcome = Outcome::new(Performance::PendingEvidence, now.supported_at_best, code, text);
                return self.verdict(norm, ruling, outcome, vec![]);
            }
        }
        self.verdict(norm, ruling, none(Code::NotTriggered, "nothing on record triggers it"), vec![])
    }

    /// The instances that one start gives: one, or for a recurring duty one for each period that has begun.
    fn instances_from(
        &self,
        norm: &'w Norm,
        bearer: &Bearer,
        env: &Env<'w>,
        start: &Arc<Start>,
        into: &mut Vec<Arc<Verdict>>,
    ) {
        let env = Env {
            trigger: Some(start.moment.clone()),
            trigger_record: start.record.clone(),
            breach: start.breached.as_ref().map(|_| start.moment.clone()),
            ..env.clone()
        };
        let anchor = match norm.when {
            Trigger::Always | Trigger::At(_) => Name::from("-"),
            _ => start.moment.anchor.clone(),
        };
        let Some(Deadline::Every(span, from)) = norm.parts.first().map(|p| &p.deadline) else {
            into.push(self.instance(norm, bearer, &env, start, anchor, None));
            return;
        };
        // What begins with time itself has no first period, and so none.
        let from = self.moment(from, &env).filter(|m| m.when.latest > Instant::MIN);
        let Some(from) = from else {
            into.push(self.instance(norm, bearer, &env, start, anchor, None));
            return;
        };
        let base = from.when.latest;
        let mut begins = base;
        let force = self.in_force().map_or(Instant::MAX, |m| m.when.latest);
        let until = norm.until.as_ref().and_then(|u| self.moment(u, &env));
        let ends = self.agreement.ends.as_ref().and_then(|e| self.moment(e, &self.plain_env()));
        let last = [until, ends].into_iter().flatten().map(|m| m.when.latest).min();
        for k in 1..100_000 {
            let ends = self.agreement.calendar.deadline_after(base, times(*span, k));
            if ends >= force {
                let instance = Name::from(format!("{anchor}/{k}"));
                into.push(self.instance(norm, bearer, &env, start, instance, Some((begins, ends))));
            }
            begins = ends.next();
            let ended = self.changes(norm, &env.bearer, begins).ended;
            if last.is_some_and(|l| begins > l)
                || !self.reached(begins)
                || ended.is_some_and(|(when, _)| when < begins)
            {
                break;
            }
        }
    }

    /// An instance, judged once for its start.
    fn instance(
        &self,
        norm: &'w Norm,
        bearer: &Bearer,
        env: &Env<'w>,
        start: &Arc<Start>,
        instance: Name,
        period: Option<(Instant, Instant)>,
    ) -> Arc<Verdict> {
        let made_of = (start.clone(), period);
        let key = (norm.name.clone(), bearer.clone(), instance.clone());
        let fits = |judged: &Judged| {
            let (then, of) = &judged.made_of;
            *of == period && (Arc::ptr_eq(then, start) || then == start)
        };
        let judged = self.memo.tracker.keep_if(
            &self.memo.instances,
            key,
            self.at,
            None,
            |node| self.refresh(node),
            fits,
            |_, _| {
                let verdict = Arc::new(self.judged_instance(norm, bearer, env, start, instance, period));
                Judged { made_of: made_of.clone(), verdict }
            },
        );
        judged.verdict
    }

    fn judged_instance(
        &self,
        norm: &'w Norm,
        bearer: &Bearer,
        env: &Env<'w>,
        start: &Start,
        instance: Name,
        period: Option<(Instant, Instant)>,
    ) -> Verdict {
        let calendar = &self.agreement.calendar;
        let trigger = start.moment.when;
        let mut ruling = self.ruling(norm, bearer, env);
        ruling.instance = instance;
        ruling.triggered = Some(trigger);
        let done = |ruling: Ruling, standing: Standing, mut outcome: Outcome| {
            outcome.because.insert(0, start.why.clone());
            outcome.grade = outcome.grade.min(start.moment.grade);
            self.verdict(norm, Ruling { standing, ..ruling }, outcome, start.moment.cited.clone())
        };
        let none =
            |code, text: String| Outcome::new(Performance::NotApplicable, Grade::Confirmed, code, text);
        if !start.established {
            let text = "what would trigger it is on record, but not established at the standard";
            let (code, grade) = (Code::BelowStandard, start.moment.grade);
            return done(
                ruling,
                Standing::Dormant,
                Outcome::new(Performance::PendingEvidence, grade, code, text),
            );
        }
        let env = &Env { since: Some(trigger.earliest), ..env.clone() };
        if let Some(unless) = &norm.unless
            && self.signal(unless, env).at(trigger.latest).truth(env.standard) == Truth::True
        {
            return done(
                ruling,
                Standing::Dormant,
                none(Code::Excepted, "what excludes it held when it was triggered".into()),
            );
        }
        // Preconditions: it waits until all hold; then a span runs from that moment.
        let mut active = trigger;
        let subject = self.memo.subjects.get(&norm.name);
        let needs: Vec<&Cond> = norm.only_if.iter().chain(&norm.needs).chain(subject).collect();
        if !needs.is_empty() {
            let free = Env { since: None, except: &[], seen: true, ..env.clone() };
            let all = needs.iter().fold(Signal::constant(Support::holds(Grade::Confirmed)), |acc, c| {
                acc.with(&self.signal(c, &free), |a, b| a.and(*b))
            });
            let held = all.stretches(env.standard, Truth::True).into_iter().find(|r| r.to > trigger.latest);
            match held.filter(|r| self.reached(r.from)) {
                Some(run) => {
                    if run.from > trigger.latest {
                        active = all.began(run.from, env.standard);
                    }
                }
                None => {
                    let what = match &norm.force {
                        Force::SubjectTo(fact) => format!("`{fact}`"),
                        _ => "its precondition".to_string(),
                    };
                    let text = format!("triggered; waits for {what}");
                    let mut outcome =
                        Outcome::new(Performance::Pending, Grade::Confirmed, Code::Awaiting, text);
                    outcome.missing.push(format!("{what}, established at least as {}", env.standard));
                    return done(ruling, Standing::Waiting(what), outcome);
                }
            }
        }
        if let Some(from) = &norm.from {
            match self.moment(from, env) {
                Some(from) if self.reached(from.when.latest) => {
                    active = When {
                        earliest: active.earliest.max(from.when.earliest),
                        latest: active.latest.max(from.when.latest),
                    };
                }
                Some(from) => {
                    let text = format!("applies from {}", calendar.show_when(from.when));
                    let outcome =
                        Outcome::new(Performance::Pending, Grade::Confirmed, Code::PeriodOpen, text);
                    return done(ruling, Standing::Waiting("its beginning".into()), outcome);
                }
                None => {
                    let outcome = Outcome::new(
                        Performance::Pending,
                        Grade::Confirmed,
                        Code::Awaiting,
                        "its beginning has not come",
                    );
                    return done(ruling, Standing::Waiting("its beginning".into()), outcome);
                }
            }
        }
        if let Some((begins, _)) = period {
            active = When { earliest: active.earliest.max(begins), latest: active.latest.max(begins) };
        }
        let mut changes = self.changes(norm, &env.bearer, active.latest);
        changes.yields = self.yields(norm, &env.bearer);
        if let Some(started) = &changes.started {
            match started.iter().find(|s| **s >= trigger.earliest) {
                Some(started) => active = When::exact((*started).max(active.latest)),
                None => {
                    return done(
                        ruling,
                        Standing::Dormant,
                        none(Code::Awaiting, "no power has started it".into()),
                    );
                }
            }
        }
        if let Some((when, power)) = changes.ended.as_ref().filter(|(when, _)| *when <= active.latest) {
            let text = format!("ended on {} under `{power}`, before it applied", calendar.show(*when));
            return done(ruling, Standing::Ended(Ended::Terminated), none(Code::Terminated, text));
        }
        if let Some((when, power)) = &changes.waived {
            let text = format!("waived on {} under `{power}`", calendar.show(*when));
            return done(ruling, Standing::Ended(Ended::Waived), none(Code::Waived, text));
        }
        // The deadline at both ends of a doubtful start; where the answers differ, evidence is missing.
        let until = norm.until.as_ref().and_then(|u| self.moment(u, env)).map(|u| u.when.latest);
        let ends = self
            .agreement
            .ends
            .as_ref()
            .and_then(|e| self.moment(e, &self.plain_env()))
            .map(|e| e.when.latest);
        let ended = changes.ended.as_ref().map(|(when, _)| *when + -1);
        let until =
            [until, ends, ended, self.membership_end(norm, env, active.latest)].into_iter().flatten().min();
        let mut parts: Vec<(Outcome, Option<When>)> = Vec::new();
        for part in &norm.parts {
            let from_activation =
                if active.latest > trigger.latest && norm.from.is_none() { active } else { trigger };
            let base = Env {
                trigger: Some(Moment_ { when: from_activation, ..start.moment.clone() }),
                ..env.clone()
            };
            let due = match (&part.deadline, period) {
                (Deadline::None, _) => None,
                (Deadline::Every(..), Some((_, ends))) => Some(When::exact(ends)),
                (Deadline::Every(..), None) => None,
                (Deadline::By(moment), _) => self.moment(moment, &base).map(|m| m.when),
            };
            let due = due.map(|d| self.moved_by(&changes, active, d));
            let before = matches!(&part.deadline, Deadline::By(Moment::Before(..)));
            let judge = |start: Instant, deadline: Option<Instant>| {
                let start = if before { Instant::MIN } else { start };
                let env = Env { since: Some(start), ..base.clone() };
                self.judge(norm, part, &env, &changes, Scope { start, deadline, until })
            };
            let unknown = due.is_none() && part.deadline != Deadline::None;
            let far = unknown.then_some(Instant::MAX);
            let mut outcome = judge(active.latest, due.map(|d| d.latest).or(far));
            if unknown && outcome.performance == Performance::Pending {
                let text = "its time runs from something that is not on record yet";
                outcome.because = vec![because(Code::Awaiting, text)];
            }
            if !active.is_exact() || due.is_some_and(|d| !d.is_exact()) {
                let other = judge(active.earliest, due.map(|d| d.earliest));
                if other.performance != outcome.performance {
                    let text = format!(
                        "the start is known only as {}: the answer differs at its ends",
                        calendar.show_when(active)
                    );
                    let grade = outcome.grade.min(other.grade);
                    let mut doubt =
                        Outcome::new(Performance::PendingEvidence, grade, Code::TimeInDoubt, text);
                    doubt.decided_by = outcome.decided_by;
                    doubt.missing.push("the exact time of what started it".into());
                    outcome = doubt;
                }
            }
            parts.push((outcome, due));
        }
        let Some((mut outcome, due)) = combined(parts) else {
            return done(
                ruling,
                Standing::Active,
                none(Code::NoDeadline, "nothing that can be judged is asked".into()),
            );
        };
        ruling.due = due;
        let standing = self.standing(norm, &changes, &outcome, due, until);
        if let Some((when, _)) = changes.extended.first() {
            outcome = outcome
                .also(Code::Extended, format!("its deadline was extended on {}", calendar.show(*when)));
        }
        if let Some((when, power)) = &changes.ended {
            let text = format!("ended on {} under `{power}`", calendar.show(*when));
            outcome = outcome.also(Code::Terminated, text);
        }
        let acts = norm.parts.iter().all(|p| p.verb != Verb::NotDo);
        let decisive = due.filter(|d| acts && self.passed(d.latest)).map(|d| d.latest);
        let yields = changes.yields.iter().find(|(run, ..)| match decisive {
            Some(moment) => run.from <= moment && moment < run.to,
            None => self.lies_in_run(run),
        });
        if let Some((_, _, over)) = yields.filter(|_| outcome.performance != Performance::Satisfied) {
            let standing = Standing::Suspended(format!("yields to `{over}`"));
            let text = format!("yields to `{over}`, which applies to the same bearer");
            return done(ruling, standing, none(Code::Yields, text));
        }
        if norm.force.is_soft() && outcome.performance == Performance::Violated {
            outcome.performance = Performance::Missed;
            let told = self.records_of(EXPLANATION);
            let stated = told.iter().find(|s| {
                let names = |role| self.names_in(&s.record, role);
                s.record.says == Says::Affirms
                    && names("of").contains(&norm.name)
                    && names("by").iter().all(|n| env.bearer.contains(n))
            });
            let text = match stated {
                Some(s) => {
                    outcome.decided_by.push(Cited { record: s.record.id.clone(), grade: s.grade });
                    format!("a soft duty: missed, not violated; its reason is on record as `{}`", s.record.id)
                }
                None => "a soft duty: missed, not violated; no reason on record".to_string(),
            };
            outcome = outcome.also(Code::SoftMissed, text);
        }
        if let Bearer::NotEstablished(_) = bearer
            && outcome.performance == Performance::Violated
        {
            outcome = outcome
                .also(Code::BearerNotEstablished, "broken; which of the bearers broke it is not established");
        }
        done(ruling, standing, outcome)
    }

    /// A deadline moved by extensions, and by suspensions under which the clock stops.
    fn moved_by(&self, changes: &Changes, active: When, due: When) -> When {
        let move_one = |mut due: Instant| {
            for (from, span) in &changes.extended {
                if *from <= due {
                    due = match span {
                        Span::Exact(ms) => due + *ms,
                        span => self.agreement.calendar.window_end(due.next(), *span) + -1,
                    };
                }
            }
            let stopped = |until: Instant| -> i64 {
                let period = Period { from: active.latest, to: until };
                let runs = changes.suspended.iter().filter(|(_, clock_runs, _)| !clock_runs);
                let upto_now = |run: &Run| Run { from: run.from, to: self.up_to(run.to + -1).next() };
                runs.filter_map(|(run, ..)| clipped(upto_now(run), period))
                    .map(|p| p.to.next() - p.from)
                    .sum()
            };
            let mut moved = due;
            for _ in 0..changes.suspended.len() + 1 {
                moved = due + stopped(moved);
            }
            moved
        };
        When { earliest: move_one(due.earliest), latest: move_one(due.latest) }
    }

    /// Where the membership that the bearer holds its norm by ends.
    fn membership_end(&self, norm: &Norm, env: &Env<'w>, from: Instant) -> Option<Instant> {
        self.memberships(norm, &env.bearer)?
            .into_iter()
            .find(|p| p.from <= from && from <= p.to)
            .map(|p| p.to)
    }

    /// The times at which a bearer is among those whom `each of` names; `None` where it is named itself.
    fn memberships(&self, norm: &Norm, bearer: &[Name]) -> Option<Vec<Period>> {
        let (Who::EachOf(names), [bearer]) = (&norm.bearer, bearer) else { return None };
        if names.contains(bearer) {
            return None;
        }
        let all = Period { from: Instant::MIN, to: Instant::MAX };
        let mut open: Vec<(Name, Period, u8)> = names.iter().map(|n| (n.clone(), all, 0)).collect();
        let mut found = Vec::new();
        while let Some((name, held, depth)) = open.pop() {
            if name == *bearer {
                found.push(held);
            } else if let Some(group) = self.agreement.groups.get(&name).filter(|_| depth < 16) {
                open.extend(group.members.iter().map(|m| {
                    let from = m.from.map_or(held.from, |f| f.max(held.from));
                    let to = m.until.map_or(held.to, |u| u.min(held.to));
                    (m.who.clone(), Period { from, to }, depth + 1)
                }));
            }
        }
        found.sort();
        Some(found)
    }

    /// The stretches over which a stronger rule was owed by the same bearer: this one rests meanwhile.
    fn yields(&self, norm: &Norm, bearer: &[Name]) -> Vec<(Run, bool, Name)> {
        let over = self.agreement.priorities.iter().filter(|p| p.yields == norm.name).map(|p| &p.over);
        let mut runs = Vec::new();
        for over in over.filter_map(|over| self.agreement.norm(over.as_str())) {
            let act = over.parts.iter().all(|p| matches!(p.verb, Verb::Do | Verb::Ensure));
            for v in self.instances(&over.name).iter().filter(|v| self.names_of(&v.bearer) == bearer) {
                let owed = matches!(v.standing, Standing::Active | Standing::Ended(_));
                let (Some(from), true) = (v.triggered, owed) else { continue };
                let end = v.fulfilled.or(v.performed_late).filter(|_| act || v.standing != Standing::Active);
                let to = end.map_or(Instant::MAX, |e| e.latest.next());
                runs.push((Run { from: from.latest, to }, true, over.name.clone()));
            }
        }
        runs
    }

    /// Where an instance stands, once it is known how it was performed.
    fn standing(
        &self,
        norm: &Norm,
        changes: &Changes,
        outcome: &Outcome,
        due: Option<When>,
        until: Option<Instant>,
    ) -> Standing {
        let replaces = |r: &Name| self.agreement.norm(r.as_str()).is_some_and(|r| r.replaces);
        let suspended = changes.suspended.iter().find(|(run, ..)| self.lies_in_run(run));
        let act = norm.parts.iter().all(|p| matches!(p.verb, Verb::Do | Verb::Ensure));
        let over = |t: Instant| self.passed(t);
        if changes.ended.is_some() {
            Standing::Ended(Ended::Terminated)
        } else if outcome.performance == Performance::Violated && norm.on_breach.iter().any(replaces) {
            Standing::Ended(Ended::Superseded)
        } else if let Some((_, _, power)) = suspended {
            Standing::Suspended(format!("under `{power}`"))
        } else if act && outcome.performance == Performance::Satisfied {
            Standing::Ended(Ended::Discharged)
        } else if until.is_some_and(over) || (!act && due.is_some_and(|d| over(d.latest))) {
            Standing::Ended(Ended::Expired)
        } else {
            Standing::Active
        }
    }

    /// One part of a norm, judged over its scope.
    fn judge(
        &self,
        norm: &'w Norm,
        part: &'w Part,
        env: &Env<'w>,
        changes: &Changes,
        scope: Scope,
    ) -> Outcome {
        match part.verb {
            Verb::Do | Verb::Ensure => self.judge_act(norm, part, env, changes, &scope),
            Verb::Keep | Verb::NotKeep => self.judge_kept(norm, part, env, changes, &scope),
            Verb::NotDo => self.judge_ban(norm, part, env, changes, &scope),
        }
    }

    /// An act or a result by a deadline.
    fn judge_act(
        &self,
        norm: &Norm,
        part: &Part,
        env: &Env<'w>,
        changes: &Changes,
        scope: &Scope,
    ) -> Outcome {
        let calendar = &self.agreement.calendar;
        let act = part.verb == Verb::Do;
        let due = scope.deadline;
        let first_by = |limit: Option<Instant>| {
            let env = Env { limit, ..env.clone() };
            self.memo.tracker.narrowed_to(|| {
                let signal = self.signal_shared(&part.cond, &env);
                let run = signal.stretches_after(env.standard, Truth::True, scope.start).next();
                let run = run.filter(|r| self.reached(r.from) && limit.is_none_or(|l| r.from <= l));
                let first = run.map(|run| {
                    let from = run.from.max(scope.start);
                    (signal.began(from, env.standard), signal.at(from).supported)
                });
                // What comes later makes no difference to the first.
                let upto = first.map_or(Instant::MAX, |(when, _)| when.latest);
                (first, upto.min(limit.unwrap_or(Instant::MAX)))
            })
        };
        // What was done in time is found by looking no further than the deadline.
        let first = due.and_then(|d| first_by(Some(d))).or_else(|| first_by(None));
        let cite = |from: Instant, to: Instant| self.cited(&part.cond, env, from, to);
        let shown = |when: When| calendar.show_when(when);
        let decided = |when: When, grade: Grade, code: Code, text: String| {
            let mut outcome = Outcome::new(Performance::Satisfied, grade, code, text);
            (outcome.decided_by, outcome.against) = cite(scope.start, when.latest);
            outcome.fulfilled = Some(when);
            outcome
        };
        if let Some(until) = scope.until.filter(|u| due.is_none_or(|d| *u < d) && self.passed(*u)) {
            return match &first {
                Some((when, grade)) if when.latest <= until => {
                    decided(*when, *grade, Code::DoneInTime, format!("done {}", shown(*when)))
                }
                _ => {
                    let text = format!("ended {}, before it was due", calendar.show(until));
                    Outcome::new(Performance::NotApplicable, Grade::Confirmed, Code::Expired, text)
                }
            };
        }
        match (due, &first) {
            (_, Some((when, grade))) if act && due.is_none_or(|d| when.latest <= d) => {
                return decided(*when, *grade, Code::DoneInTime, format!("done {}", shown(*when)));
            }
            (None, Some((when, grade))) => {
                return decided(*when, *grade, Code::Holds, format!("holds since {}", shown(*when)));
            }
            (None, None) => {
                let mut outcome = Outcome::new(
                    Performance::Pending,
                    Grade::Confirmed,
                    Code::NoDeadline,
                    "not done yet; no deadline is stated",
                );
                (outcome.decided_by, outcome.against) = cite(scope.start, Instant::MAX);
                return outcome;
            }
            (Some(due), _) if !self.reached(due) || (!self.passed(due) && (act || first.is_none())) => {
                if let Some((run, _, power)) = changes.suspended.iter().find(|(r, ..)| self.lies_in_run(r)) {
                    let text = format!("suspended since {} under `{power}`", calendar.show(run.from));
                    return Outcome::new(Performance::Pending, Grade::Confirmed, Code::Suspended, text);
                }
                let text = format!(
                    "due {}; {}",
                    calendar.show(due),
                    if act { "not done yet" } else { "judged then" }
                );
                let mut outcome =
                    Outcome::new(Performance::Pending, Grade::Confirmed, Code::DeadlineAhead, text);
                (outcome.decided_by, outcome.against) = cite(scope.start, Instant::MAX);
                return outcome;
            }
            _ => {}
        }
        let Some(due) = due else {
            return Outcome::new(
                Performance::Pending,
                Grade::Confirmed,
                Code::NoDeadline,
                "no deadline is stated",
            );
        };
        let then = Env { horizon: Some(due), ..env.clone() };
        let by_then = self.memo.tracker.narrowed(Instant::MIN, due, || self.signal_shared(&part.cond, &then));
        let support = *by_then.at(due);
        let stopped = changes.suspended.iter().find(|(r, ..)| r.from <= due && !self.reached(r.to));
        if let Some((run, _, power)) = stopped {
            let text = format!("suspended since {} under `{power}`", calendar.show(run.from));
            return Outcome::new(Performance::Pending, Grade::Confirmed, Code::Suspended, text);
        }
        let (decided_by, against) = cite(scope.start, due);
        let mut outcome = match support.truth(env.standard) {
            Truth::True if act => decided(
                When::exact(due),
                support.supported,
                Code::DoneInTime,
                format!("done by {}", calendar.show(due)),
            ),
            Truth::True => decided(
                When::exact(due),
                support.supported,
                Code::Holds,
                format!("held at {}", calendar.show(due)),
            ),
            Truth::False => {
                let (code, text) = match act {
                    true => (
                        Code::NotDone,
                        format!("due {}; nothing on record shows it done by then", calendar.show(due)),
                    ),
                    false => (Code::DoesNotHold, format!("did not hold at {}", calendar.show(due))),
                };
                let mut outcome = Outcome::new(Performance::Violated, support.opposed, code, text);
                outcome.breached = Some(When::exact(due));
                let late = self.memo.tracker.narrowed_to(|| {
                    let signal = self.signal_shared(&part.cond, env);
                    let mut runs = signal.stretches_after(env.standard, Truth::True, due);
                    let run = runs.find(|r| r.from > due).filter(|r| self.reached(r.from));
                    let late = run.map(|run| signal.began(run.from, env.standard));
                    (late, late.map_or(Instant::MAX, |when| when.latest))
                });
                if let Some(when) = late {
                    outcome.late = Some(when);
                    outcome = outcome.also(Code::DoneLate, format!("performed late: {}", shown(when)));
                    outcome.decided_by = cite(scope.start, when.latest).0;
                }
                outcome
            }
            truth => {
                let (code, text) = self.unsettled(truth, support, norm, &part.cond, env, due);
                let mut outcome = Outcome::new(
                    Performance::PendingEvidence,
                    support.supported.max(support.opposed),
                    code,
                    text,
                );
                outcome.missing.push(match code {
                    Code::Contested => "a record that settles the dispute".to_string(),
                    Code::NobodySees => "somebody named to establish it (`seen by`)".to_string(),
                    Code::NotWatched => {
                        format!("coverage from {} to {}", calendar.show(scope.start), calendar.show(due))
                    }
                    _ => format!(
                        "evidence at least {} for the time up to {}",
                        env.standard,
                        calendar.show(due)
                    ),
                });
                outcome
            }
        };
        if outcome.decided_by.is_empty() {
            outcome.decided_by = decided_by;
        }
        outcome.against = against;
        let mut patterns = Vec::new();
        patterns_of(&part.cond, &mut patterns);
        if outcome.performance != Performance::Satisfied {
            let period = Period {
                from: scope.start.max(self.in_force().map_or(Instant::MIN, |m| m.when.earliest)),
                to: due,
            };
            outcome.coverage = patterns.iter().map(|p| self.watched(p, env, period)).collect();
        }
        outcome
    }

    fn unsettled(
        &self,
        truth: Truth,
        support: Support,
        norm: &Norm,
        cond: &Cond,
        env: &Env<'w>,
        due: Instant,
    ) -> (Code, String) {
        let mut patterns = Vec::new();
        patterns_of(cond, &mut patterns);
        let coverage = |p: &&FactPattern| {
            self.agreement.facts.get(&p.fact).is_some_and(|f| f.absence == Absence::Coverage)
        };
        let doubtful = |h: &Hit| h.sure && !h.seen.when.is_exact();
        let doubtful_time =
            || patterns.iter().any(|p| self.hits_within(p, env, Instant::MIN, due).iter().any(doubtful));
        if truth == Truth::Contested {
            (Code::Contested, "contested: records for and against reach the standard".into())
        } else if support.supported_at_best >= env.standard && doubtful_time() {
            (Code::TimeInDoubt, "the time on record is too uncertain to say".into())
        } else if support.supported_at_best >= env.standard {
            (Code::DoubtOfPlaceOrActor, "the place or the actor on record is too uncertain to say".into())
        } else if support.supported > Grade::None || support.supported_at_best > Grade::None {
            (Code::BelowStandard, format!("what is on record does not reach the standard ({})", env.standard))
        } else if patterns.iter().any(coverage) {
            (Code::NotWatched, "not observed: nobody watched closely enough to say".into())
        } else if norm.seen_by.is_empty() {
            (Code::NobodySees, "nobody is named to establish it, so its absence is not established".into())
        } else {
            (Code::BelowStandard, format!("nothing on record decides it at the standard ({})", env.standard))
        }
    }

    /// Records for and against a condition between two instants: of each pattern the first hundred in order of time.
    fn cited(&self, cond: &Cond, env: &Env<'w>, from: Instant, to: Instant) -> (Vec<Cited>, Vec<Cited>) {
        let mut patterns = Vec::new();
        patterns_of(cond, &mut patterns);
        let (mut decided_by, mut against) = (BTreeSet::new(), BTreeSet::new());
        for pattern in patterns {
            let lasting = self.agreement.facts.get(&pattern.fact).is_some_and(|f| f.kind != FactKind::Event);
            let from = if lasting { from.min(self.told_since(pattern, env, from)) } else { from };
            // What is asked up to now moves on with the clock.
            let now = to == self.at;
            let hits =
                self.first_hits_within(pattern, env, from, if now { Instant::MAX } else { to }, MOST_CITED);
            for hit in hits.iter().take_while(|h| !now || self.reached(h.seen.when.earliest)) {
                decided_by.insert(Cited { record: hit.seen.record.id.clone(), grade: hit.seen.grade });
                for dispute in self.known.disputes(&hit.seen.record.id) {
                    against.insert(Cited { record: dispute.id.clone(), grade: dispute.grade() });
                }
            }
            let within = |when: When| when.latest >= from && when.earliest <= to;
            let denials = self.denials(pattern.fact.as_str()).filter(|d| within(d.when));
            let covering = denials.filter(|d| self.denial_covers(&d.record, pattern, d.when.earliest, env));
            against.extend(
                covering.take(MOST_CITED).map(|d| Cited { record: d.record.id.clone(), grade: d.grade }),
            );
        }
        (decided_by.into_iter().collect(), against.into_iter().collect())
    }

    /// A state kept, or not kept, throughout.
    fn judge_kept(
        &self,
        norm: &Norm,
        part: &Part,
        env: &Env<'w>,
        changes: &Changes,
        scope: &Scope,
    ) -> Outcome {
        let calendar = &self.agreement.calendar;
        let end = [scope.deadline, scope.until].into_iter().flatten().min();
        let over = end.is_some_and(|e| self.reached(e));
        let period = Period { from: scope.start, to: end.map_or_else(|| self.drifting(), |e| self.up_to(e)) };
        let signal = self.signal(&part.cond, &Env { since: None, ..env.clone() });
        let signal = if part.verb == Verb::NotKeep { signal.map(|s| s.not()) } else { signal };
        let begun = self.reached(period.from);
        let now = if over { signal.at(period.to) } else { self.now(&signal) }.truth(env.standard);
        let open = |truth| {
            let runs = signal.stretches(env.standard, truth).into_iter();
            let resting = |t: Instant| changes.rests(t);
            runs.filter_map(move |run| clipped(run, period))
                .filter(move |p| !resting(p.from))
                .collect::<Vec<_>>()
        };
        let failing: Vec<Run> =
            open(Truth::False).iter().map(|p| Run { from: p.from, to: p.to.next() }).collect();
        let broken = match norm.gap {
            None => failing.clone(),
            Some(gap) => self.beyond_gap(&failing, gap, period.to, over),
        };
        let (decided_by, against) = self.cited(&part.cond, env, period.from, period.to);
        let mut outcome = if let Some(first) = broken.first() {
            let grade = broken.iter().map(|r| signal.at(r.from).opposed).max().unwrap_or_default();
            let what = if part.verb == Verb::Keep { "not kept" } else { "kept though banned" };
            let text = format!("{what} from {}", calendar.show(first.from));
            let mut outcome = Outcome::new(Performance::Violated, grade, Code::NotKept, text);
            outcome.breached = Some(When::exact(first.from));
            outcome.episodes = broken
                .iter()
                .map(|run| {
                    let lasts = run.to > period.to;
                    let (records, _) = self.cited(&part.cond, env, run.from, run.from);
                    Episode {
                        from: When::exact(run.from),
                        to: (!lasts || end.is_some_and(|e| self.passed(e))).then(|| When::exact(run.to + -1)),
                        size: Number::from(run.to - run.from).over(&DAY.into()).unwrap_or_default(),
                        grade: signal.at(run.from).opposed,
                        records: records.into_iter().map(|c| c.record).take(100).collect(),
                    }
                })
                .collect();
            outcome
        } else {
            let unknown: Vec<Period> = [open(Truth::Unknown), open(Truth::Contested)].concat();
            let missing: Vec<String> = unknown
                .iter()
                .take(20)
                .map(|p| format!("reports for {} to {}", calendar.show(p.from), calendar.show(p.to.next())))
                .collect();
            if let Some(first) = unknown.first().filter(|_| begun && (over || now != Truth::True)) {
                let told = if now == Truth::True { first.from } else { period.to };
                let support = *signal.at(told);
                let truth = support.truth(env.standard);
                let (code, text) = match truth {
                    Truth::Contested => {
                        (Code::Contested, "contested: records for and against reach the standard")
                    }
                    _ => (Code::NotWatched, "not observed throughout: no report that is still good"),
                };
                let mut outcome = Outcome::new(
                    Performance::PendingEvidence,
                    support.supported.max(support.opposed),
                    code,
                    text,
                );
                outcome.missing = missing;
                outcome
            } else {
                let kept = signal.runs(|s| s.supported >= env.standard);
                let weakest = kept
                    .iter()
                    .filter_map(|r| clipped(*r, period))
                    .map(|p| signal.at(p.from).supported)
                    .min();
                let performance = if over { Performance::Satisfied } else { Performance::Pending };
                let (code, text) = match over {
                    true => (
                        Code::Kept,
                        format!("kept from {} to {}", calendar.show(period.from), calendar.show(period.to)),
                    ),
                    false => (Code::PeriodOpen, format!("kept so far, from {}", calendar.show(period.from))),
                };
                let mut outcome = Outcome::new(performance, weakest.unwrap_or(Grade::Confirmed), code, text);
                outcome.fulfilled = over.then(|| When::exact(period.to));
                outcome.missing = missing;
                if !failing.is_empty() {
                    outcome = outcome.also(
                        Code::WithinGap,
                        format!("{} failing stretches lie within the allowed gap", failing.len()),
                    );
                }
                outcome
            }
        };
        (outcome.decided_by, outcome.against) = (decided_by, against);
        outcome
    }

    /// What of the failing stretches exceeds the allowed total in a trailing window: from the instant at which the total
    /// is exceeded to the end of that stretch.
    fn beyond_gap(&self, failing: &[Run], gap: Gap, to: Instant, over: bool) -> Vec<Run> {
        let calendar = &self.agreement.calendar;
        let allowed = match gap.total {
            Span::Exact(ms) => ms,
            Span::Days(n) | Span::WorkingDays(n) => n * DAY,
            Span::Months(n) => n * 30 * DAY,
        };
        // A stretch that still lasts: when its going on would exceed what is allowed.
        if let Some((last, earlier)) = failing.split_last().filter(|(last, _)| !over && last.to > to) {
            let going_on = Run { to: to + allowed + 1, ..*last };
            let would: Vec<Run> = earlier.iter().copied().chain([going_on]).collect();
            let turns = exceeding(calendar, &would, gap.window, allowed).into_iter().map(|r| r.from);
            turns.filter(|t| *t >= to).for_each(|t| self.memo.tracker.turns_at(t.max(to.next())));
        }
        exceeding(calendar, failing, gap.window, allowed)
    }

    /// A ban on acts: each matching act is a breach; acts less than 24 hours apart are one episode.
    fn judge_ban(
        &self,
        norm: &Norm,
        part: &'w Part,
        env: &Env<'w>,
        changes: &Changes,
        scope: &Scope,
    ) -> Outcome {
        let calendar = &self.agreement.calendar;
        let end = [scope.deadline, scope.until].into_iter().flatten().min();
        let over = end.is_some_and(|e| self.reached(e));
        let period = Period { from: scope.start, to: end.map_or_else(|| self.drifting(), |e| self.up_to(e)) };
        let mut patterns = Vec::new();
        patterns_of(&part.cond, &mut patterns);
        let reads_to = end.unwrap_or(Instant::MAX);
        let within = |p: &&FactPattern| self.hits_within(p, env, period.from, reads_to);
        let mut acts: Vec<Hit> = patterns.iter().flat_map(within).collect();
        acts.retain(|h| h.seen.grade > Grade::None && !changes.rests(h.seen.when.latest));
        if patterns.len() > 1 {
            acts.sort_by(|a, b| (a.seen.when, &a.seen.record.id).cmp(&(b.seen.when, &b.seen.record.id)));
        }
        let mut left: Vec<(&Exception, Number)> =
            env.except.iter().filter_map(|e| Some((e, e.up_to.clone()?))).collect();
        acts.retain(|h| {
            let open = left.iter_mut().find(|(e, n)| *n >= Number::from(1) && self.excepted(e, &h.seen, env));
            open.map(|(_, n)| *n = n.clone() - 1.into()).is_none()
        });
        if env.bearer.len() > 1 && matches!(norm.bearer, Who::EachOf(_) | Who::EveryOtherOf(_)) {
            for one in &env.bearer {
                let own = Env { bearer: vec![one.clone()], ..env.clone() };
                for pattern in &patterns {
                    let theirs = self.hits_within(pattern, &own, period.from, reads_to);
                    let mut theirs = theirs.iter().filter(|h| h.sure).map(Hit::order).peekable();
                    acts.retain(|h| {
                        while theirs.next_if(|order| *order < h.order()).is_some() {}
                        theirs.peek() != Some(&h.order())
                    });
                }
            }
        }
        let surely_within = |h: &Hit| {
            let when = h.seen.when;
            when.earliest >= period.from && when.latest <= reads_to && self.reached(when.latest)
        };
        let clear = |h: &&Hit| h.sure && h.seen.grade >= env.standard && surely_within(h);
        let breaches: Vec<&Hit> =
            acts.iter().filter(clear).filter(|h| h.seen.against < env.standard).collect();
        let coverage: Vec<Watched> = patterns.iter().map(|p| self.watched(p, env, period)).collect();
        let (decided_by, against) = self.cited(&part.cond, env, period.from, period.to);
        // What is cited is the first of what each pattern matches, so of one pattern it is among the first acts.
        let few = if patterns.len() == 1 { MOST_CITED } else { usize::MAX };
        let ids: BTreeSet<_> = acts.iter().take(few).map(|h| &h.seen.record.id).collect();
        let mut outcome = if let Some(first) = breaches.first() {
            let grade = breaches.iter().map(|h| h.seen.grade).max().unwrap_or_default();
            let events = distinct(breaches.iter().map(|h| h.seen.event).collect());
            let text = format!("{events} on record, the first {}", calendar.show_when(first.seen.when));
            let mut outcome = Outcome::new(Performance::Violated, grade, Code::Breach, text);
            outcome.breached = Some(first.seen.when);
            let mut members: Vec<Vec<u32>> = Vec::new();
            for hit in &breaches {
                let when = hit.seen.when;
                match outcome.episodes.last_mut() {
                    Some(last) if when.earliest - last.to.map_or(when.earliest, |t| t.latest) < DAY => {
                        last.to = Some(last.to.filter(|t| t.latest >= when.latest).unwrap_or(when));
                        last.grade = last.grade.max(hit.seen.grade);
                        if last.records.len() < MOST_CITED {
                            last.records.push(hit.seen.record.id.clone());
                        }
                        members.last_mut().into_iter().for_each(|m| m.push(hit.seen.event));
                    }
                    _ => {
                        let records = vec![hit.seen.record.id.clone()];
                        members.push(vec![hit.seen.event]);
                        outcome.episodes.push(Episode {
                            from: when,
                            to: Some(when),
                            size: 1.into(),
                            grade: hit.seen.grade,
                            records,
                        });
                    }
                }
            }
            for (episode, members) in outcome.episodes.iter_mut().zip(members) {
                episode.size = (distinct(members) as i64).into();
            }
            outcome
        } else {
            let contested = acts.iter().filter(clear).count() > 0;
            let doubtful = acts.iter().any(|h| h.seen.against < env.standard);
            let watched = coverage.iter().all(|w| w.grade >= env.standard);
            let pending = |code, text: String, missing: &str| {
                let mut outcome = Outcome::new(Performance::PendingEvidence, Grade::None, code, text);
                outcome.missing.push(missing.into());
                outcome
            };
            if !over && !contested {
                let text = format!("no breach established so far, from {}", calendar.show(period.from));
                Outcome::new(Performance::Pending, Grade::Confirmed, Code::PeriodOpen, text)
            } else if contested {
                pending(
                    Code::Contested,
                    "an act on record is contested".into(),
                    "a record that settles the dispute",
                )
            } else if doubtful {
                let low = acts.iter().any(|h| h.sure && h.seen.grade < env.standard);
                let when = acts.iter().any(|h| h.sure && !surely_within(h));
                let (code, what) = match (low, when) {
                    (true, _) => (Code::BelowStandard, "its grade is below the standard"),
                    (_, true) => (Code::TimeInDoubt, "its time is too uncertain"),
                    _ => (Code::DoubtOfPlaceOrActor, "its place or actor is too uncertain"),
                };
                pending(code, format!("an act is on record; {what}"), "evidence that settles it")
            } else if !watched {
                let gaps: Vec<String> = coverage
                    .iter()
                    .flat_map(|w| {
                        w.gaps.iter().map(|g| {
                            format!(
                                "coverage of {} from {} to {}",
                                w.what,
                                calendar.show(g.from),
                                calendar.show(g.to)
                            )
                        })
                    })
                    .collect();
                let none = coverage.iter().any(|w| w.what.starts_with("the register"));
                let code = if none && !env.seen { Code::NobodySees } else { Code::NotWatched };
                let mut outcome =
                    pending(code, "not observed: the watch did not reach its minimum".into(), "coverage");
                if !gaps.is_empty() {
                    outcome.missing = gaps;
                }
                outcome
            } else {
                let grade = coverage.iter().map(|w| w.grade).min().unwrap_or(Grade::Confirmed);
                let text =
                    format!("no breach from {} to {}", calendar.show(period.from), calendar.show(period.to));
                let mut outcome = Outcome::new(Performance::Satisfied, grade, Code::NoBreach, text);
                outcome.fulfilled = Some(When::exact(period.to));
                outcome
            }
        };
        outcome.decided_by = decided_by.into_iter().filter(|c| ids.contains(&c.record)).collect();
        outcome.against = against;
        outcome.coverage = coverage;
        outcome
    }
}

/// What of the failing stretches exceeds the allowed total in a trailing window.
fn exceeding(calendar: &Calendar, failing: &[Run], window: Span, allowed: i64) -> Vec<Run> {
    let mut broken = Vec::new();
    for run in failing {
        let total = |t: Instant| -> i64 {
            let from = calendar.window_start(t, window);
            failing.iter().map(|r| (r.to.min(t) - r.from.max(from)).max(0)).sum()
        };
        let mut turns: Vec<Instant> = vec![run.from, run.to];
        turns.extend(failing.iter().flat_map(|r| [r.from, r.to]).map(|t| calendar.window_end(t, window)));
        turns.retain(|t| run.from <= *t && *t <= run.to);
        turns.sort_unstable();
        let crossing = turns.windows(2).find_map(|pair| {
            let (a, b) = (total(pair[0]), total(pair[1]));
            if a > allowed {
                return Some(pair[0]);
            }
            (b > allowed).then(|| {
                // A stretch without a beginning is long: the product needs more than 64 bits.
                let long = i128::from(allowed - a) * i128::from(pair[1] - pair[0]) / i128::from(b - a);
                pair[0] + long as i64
            })
        });
        if let Some(from) = crossing.filter(|t| *t < run.to) {
            broken.push(Run { from, to: run.to });
        }
    }
    broken
}

/// How many different events.
fn distinct(mut events: Vec<u32>) -> usize {
    events.sort_unstable();
    events.dedup();
    events.len()
}

/// Several parts together: the worst decides, and its steps come last; the others' steps stay on record.
fn combined(parts: Vec<(Outcome, Option<When>)>) -> Option<(Outcome, Option<When>)> {
    let several = parts.len() > 1;
    let told = parts.into_iter().enumerate().map(|(i, (mut outcome, due))| {
        if several {
            outcome.because.iter_mut().for_each(|b| b.text = format!("part {}: {}", i + 1, b.text));
        }
        (outcome, due)
    });
    told.reduce(|a, b| {
        let (lesser, (mut worse, due)) = if b.0.performance > a.0.performance { (a.0, b) } else { (b.0, a) };
        worse.because.splice(0..0, lesser.because);
        worse.decided_by.extend(lesser.decided_by);
        worse.missing.extend(lesser.missing);
        worse.fulfilled =
            worse.fulfilled.max(lesser.fulfilled).filter(|_| worse.performance == Performance::Satisfied);
        (worse, due)
    })
}

fn times(span: Span, k: i64) -> Span {
    match span {
        Span::Exact(n) => Span::Exact(n * k),
        Span::Days(n) => Span::Days(n * k),
        Span::Months(n) => Span::Months(n * k),
        Span::WorkingDays(n) => Span::WorkingDays(n * k),
    }
}
