//! Moments: when something was, how well that is known, and by which records.
//!
//! # Source
//! `docs/reference/language.md`, "Moments" and "Findings".

use super::conditions::{longest_window, patterns_of};
use super::matching::Hit;
use super::{Env, Memo, World, known::Known};
use crate::kept::{Differ, wholly};
use crate::signal::Run;
use servanda_model::agreement::*;
use servanda_model::grade::Truth;
use servanda_model::record::{COVERAGE, EXPLANATION, FINDING, Says};
use servanda_model::verdict::{Bearer, Cited, Performance};
use servanda_model::{Grade, Instant, Name, Number, Question, Record, Span, When};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// The facts that every agreement knows.
const BUILT_IN: [&str; 3] = [COVERAGE, FINDING, EXPLANATION];

/// A moment as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment_ {
    /// When.
    pub when: When,
    /// How well it is known.
    pub grade: Grade,
    /// By which records.
    pub cited: Vec<Cited>,
    /// The record that first spoke of it.
    pub anchor: Name,
}

/// A stretch over which a condition is true, and how it began.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// From when to when.
    pub run: Run,
    /// Its beginning.
    pub moment: Moment_,
    /// The record that gives it its identity; another stretch may have it too.
    pub anchor: Name,
    /// When the stretch before ended.
    pub before: Instant,
    /// From when on what happened makes a difference to its beginning.
    pub looked_from: Instant,
}

impl Differ for Option<Moment_> {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        wholly(self == other)
    }
}

impl Moment_ {
    fn fixed(at: Instant) -> Moment_ {
        Moment_ { when: When::exact(at), grade: Grade::Confirmed, cited: Vec::new(), anchor: "-".into() }
    }
}

impl<'w> World<'w, '_> {
    /// A moment for an instance; `None` where it has not come, or is not known to have.
    pub(crate) fn moment_of(&self, moment: &Moment, env: &Env<'w>) -> Option<Moment_> {
        let calendar = &self.agreement.calendar;
        let moved = |of: &Moment, f: &dyn Fn(Instant) -> Instant| {
            let known = self.moment(of, env)?;
            let when = When { earliest: f(known.when.earliest), latest: f(known.when.latest) };
            Some(Moment_ { when, ..known })
        };
        match moment {
            Moment::Instant(at) => Some(Moment_::fixed(*at)),
            Moment::EndOfDate(date) => Some(Moment_::fixed(calendar.end_of_day(calendar.moved(*date)))),
            Moment::StartOfDate(date) => Some(Moment_::fixed(calendar.start_of_day(*date))),
            Moment::Signed => Some(Moment_::fixed(calendar.start_of_day(self.agreement.signed?))),
            Moment::InForce => self.in_force(),
            Moment::Trigger => env.trigger.clone(),
            Moment::Breach => env.breach.clone().or_else(|| env.trigger.clone()),
            Moment::Begins(cond) => self.stretches(cond, env).first().map(|s| s.moment.clone()),
            Moment::Ends(cond) => {
                let stretches = self.stretches(cond, env);
                let over = stretches.iter().find(|s| self.reached(s.run.to))?;
                Some(Moment_ { when: When::exact(over.run.to), ..over.moment.clone() })
            }
            Moment::First(pattern) => self.firsts(pattern, env).into_iter().next(),
            Moment::AllOf(pattern, who) => {
                let mut last: Option<Moment_> = None;
                let firsts = self.established(pattern, env);
                for name in self.leaves(who) {
                    let by = |h: &&Hit| self.names_in(&h.seen.record, "by") == [name.clone()];
                    let own = firsts.iter().find(by)?;
                    let own = self.of_hit(own);
                    last = Some(match last {
                        None => own,
                        Some(other) => {
                            let mut later =
                                if own.when.latest > other.when.latest { own.clone() } else { other.clone() };
                            later.grade = own.grade.min(other.grade);
                            later.cited = other.cited.into_iter().chain(own.cited).collect();
                            later
                        }
                    });
                }
                last
            }
            Moment::Found(term) => self.found(term).into_iter().next(),
            Moment::Norm(event) => self.norm_moments(event, env).into_iter().min_by_key(|m| m.when.latest),
            Moment::Detected(of) => self.first_known(of, env, None),
            Moment::Verified(of) => self.first_known(of, env, Some(Grade::Confirmed)),
            Moment::After(span, of) => moved(of, &|t| calendar.deadline_after(t, *span)),
            Moment::Before(span, of) => moved(of, &|t| calendar.deadline_before(t, *span)),
            Moment::StartOfDay(n, of) => {
                moved(of, &|t| calendar.start_of_day(calendar.nth_day_after(calendar.date(t), *n)))
            }
            Moment::EndOfDay(n, of) => moved(of, &|t| {
                calendar.end_of_day(calendar.moved(calendar.nth_day_after(calendar.date(t), *n)))
            }),
            Moment::AfterReading(name, of) => match self.option(name)? {
                Meaning::Span(span) => moved(of, &|t| calendar.deadline_after(t, *span)),
                _ => None,
            },
            Moment::Reading(name) => match self.option(name)? {
                Meaning::Moment(m) => self.moment(m, env),
                Meaning::Cond(c) => self.stretches(c, env).first().map(|s| s.moment.clone()),
                _ => None,
            },
        }
    }

    /// Stretches over which a condition is true at the standard, each with its beginning, from the trigger on where
    /// there is one.
    pub fn stretches(&self, cond: &Cond, env: &Env<'w>) -> Arc<Vec<Arc<Stretch>>> {
        let env = &Env { standard: self.standard_of(cond, env), ..env.clone() };
        self.stretches_kept(cond, env, |signal, begins, known| {
            let runs = self.begun(signal.stretches_after(env.standard, Truth::True, begins).collect());
            let after = env.trigger.as_ref().map_or(Instant::MIN, |t| t.when.earliest);
            let mut over = begins;
            runs.map(|run| (std::mem::replace(&mut over, run.to), run))
                .filter(|(_, run)| run.to > after)
                .map(|(before, run)| {
                    known(run, before).unwrap_or_else(|| {
                        let when = signal.began(run.from, env.standard);
                        let (anchor, cited, looked_from) = self.support_of(cond, env, run, before);
                        let grade = signal.at(run.from).supported;
                        let looked_from = looked_from.min(when.earliest) + -1;
                        let moment = Moment_ { when, grade, cited, anchor: anchor.clone() };
                        Arc::new(Stretch { run, moment, anchor, before, looked_from })
                    })
                })
                .collect()
        })
    }

    /// A term's own standard where the condition is just that term.
    pub fn standard_of(&self, cond: &Cond, env: &Env<'w>) -> Grade {
        match cond {
            Cond::Term(name) => self.agreement.terms.get(name).map_or(env.standard, |t| t.standard),
            _ => env.standard,
        }
    }

    /// The records that support a condition's stretch: those in its longest window at its beginning, of a state without a
    /// window those that say what it is then; and the first of all that ever spoke of it and not already of the stretch
    /// `before` it, which gives the stretch its identity whatever arrives later. And from when on records were looked at.
    fn support_of(
        &self,
        cond: &Cond,
        env: &Env<'w>,
        run: Run,
        before: Instant,
    ) -> (Name, Vec<Cited>, Instant) {
        let (looked_at, back) = self.looked_at(cond, env);
        let start = back.map_or(Instant::MIN, |span| self.agreement.calendar.window_start(run.from, span));
        let (mut hits, mut cited, mut looked_from) = (Vec::new(), Vec::new(), Instant::MAX);
        for (pattern, env) in &looked_at {
            let told = match back {
                None => self.told_since(pattern, env, run.from),
                Some(_) => start.next(),
            };
            let from = told.min(if back.is_none() { before } else { told });
            looked_from = looked_from.min(from);
            let within = self.hits_within(pattern, env, from, run.to + -1);
            let supports = |h: &&Hit| h.sure && h.seen.when.latest <= run.from && h.seen.when.latest >= told;
            let cite = |h: &Hit| Cited { record: h.seen.record.id.clone(), grade: h.seen.grade };
            cited.extend(within.iter().filter(supports).map(cite));
            hits.extend(within);
        }
        let first = |hits: &mut dyn Iterator<Item = &Hit>| {
            let first = hits.min_by_key(|h| (h.seen.first_recorded, &h.seen.anchor));
            first.map(|h| h.seen.anchor.clone())
        };
        let own = first(&mut hits.iter().filter(|h| h.seen.when.latest >= before));
        let anchor = own.or_else(|| {
            looked_from = start;
            let all = |(pattern, env): &(&FactPattern, Env<'w>)| {
                self.hits_within(pattern, env, start.next(), run.to + -1)
            };
            first(&mut looked_at.iter().flat_map(all).collect::<Vec<_>>().iter())
        });
        cited.sort();
        cited.dedup();
        (anchor.unwrap_or_else(|| "-".into()), cited, looked_from)
    }

    /// The patterns that a condition and its terms look at, and their longest window.
    pub fn looked_at<'c>(
        &'c self,
        cond: &'c Cond,
        env: &Env<'w>,
    ) -> (Vec<(&'c FactPattern, Env<'w>)>, Option<Span>) {
        let mut back = longest_window(cond);
        let mut conds = vec![(cond, env.clone())];
        let mut terms = Vec::new();
        terms_of(cond, &mut terms);
        while let Some(name) = terms.pop() {
            if let Some(means) = self.agreement.terms.get(name).and_then(|t| t.means.as_ref()) {
                conds.push((means, self.term_env(name)));
                back = back.max(longest_window(means));
                terms_of(means, &mut terms);
            }
        }
        let mut all = Vec::new();
        for (cond, env) in conds {
            let mut patterns = Vec::new();
            patterns_of(cond, &mut patterns);
            all.extend(patterns.into_iter().map(|p| (p, env.clone())));
        }
        (all, back)
    }

    /// From when on records say what a lasting thing is at an instant: of a state, since it is so; of others, from the
    /// beginning.
    pub fn told_since(&self, pattern: &FactPattern, env: &Env<'w>, at: Instant) -> Instant {
        match self.agreement.facts.get(&pattern.fact).map(|f| f.kind) {
            Some(FactKind::State) => {
                let since = || self.state_kept(pattern, env).so_since(at, env.standard);
                self.memo.tracker.narrowed(Instant::MIN, at, since)
            }
            _ => Instant::MIN,
        }
    }

    /// Hits that are sure and established at the standard, in order of time.
    pub fn established(&self, pattern: &FactPattern, env: &Env<'w>) -> Vec<Hit> {
        let hits = self.hits(pattern, env);
        let holds = |h: &&Hit| h.sure && h.seen.grade >= env.standard && h.seen.against < env.standard;
        hits.iter().filter(holds).cloned().collect()
    }

    /// Matching events as moments: those from the trigger on, in order of time, then those before it, the last first.
    fn firsts(&self, pattern: &FactPattern, env: &Env<'w>) -> Vec<Moment_> {
        let after = env.trigger.as_ref().map_or(Instant::MIN, |t| t.when.earliest);
        let kind = self.agreement.facts.get(&pattern.fact).map(|f| f.kind);
        if kind == Some(FactKind::State) {
            let state = self.state(pattern, env).stretches(env.standard, Truth::True);
            let begun = self.begun(state).filter(|r| r.to > after);
            return begun.map(|r| Moment_::fixed(r.from)).collect();
        }
        let all = self.established(pattern, env);
        let (later, earlier): (Vec<_>, Vec<_>) = all.iter().partition(|h| h.seen.when.latest >= after);
        later.into_iter().chain(earlier.into_iter().rev()).map(|h| self.of_hit(h)).collect()
    }

    /// The moment of a record.
    pub fn of_hit(&self, hit: &Hit) -> Moment_ {
        let cited = vec![Cited { record: hit.seen.record.id.clone(), grade: hit.seen.grade }];
        Moment_ { when: hit.seen.when, grade: hit.seen.grade, cited, anchor: hit.seen.anchor.clone() }
    }

    /// When a moment was first known (at a standard): the first time of receipt at which the records received by then
    /// establish it.
    fn first_known(&self, of: &Moment, env: &Env<'w>, standard: Option<Grade>) -> Option<Moment_> {
        let reached = self.moment(of, env)?;
        let env = Env { standard: standard.unwrap_or(env.standard), ..env.clone() };
        // Only what speaks of something that the rule hangs on, or of another record, can make a difference.
        let uses = env.norm.map(|norm| self.uses(norm));
        let facts = uses.as_ref().map(|uses| &uses.facts);
        match facts {
            Some(facts) => facts.iter().for_each(|fact| drop(self.records_of(fact.as_str()))),
            None => self.reads_everything(),
        }
        BUILT_IN.iter().for_each(|fact| drop(self.records_of(fact)));
        let matters = |r: &&Arc<Record>| {
            let of_other = r.supersedes.is_some() || r.withdraws.is_some() || r.disputes.is_some();
            let fact = facts.is_none_or(|f| f.contains(&r.fact)) || BUILT_IN.contains(&r.fact.as_str());
            (fact || of_other || r.incident.is_some()) && r.recorded <= self.known_at
        };
        let told = |r: &Record| r.received.unwrap_or(r.recorded);
        let records: Vec<Arc<Record>> = self.records.iter().filter(matters).cloned().collect();
        // What was told before it happened is known when it happens.
        let known_from = |r: &Record| told(r).max(reached.when.earliest);
        let mut received: Vec<Instant> = records.iter().map(|r| known_from(r)).collect();
        received.sort_unstable();
        received.dedup();
        received.iter().take_while(|t| self.reached(**t)).find_map(|t| {
            let by_then: Vec<_> = records.iter().filter(|r| told(r) <= *t).cloned().collect();
            let question = Question { at: self.at, known_at: Instant::MAX, readings: BTreeMap::new() };
            let known = Known::at(self.agreement, &by_then, &question);
            let memo = Rc::new(Memo::new(self.agreement, false, self.memo.fast));
            let (agreement, places, choice) = (self.agreement, self.places, self.choice.clone());
            let (at, records, known) = (self.at, &by_then[..], &known);
            let world = World { agreement, places, records, known, at, known_at: *t, choice, memo };
            let env = world.adopted(&env);
            let found = match (of, env.norm, &env.trigger) {
                (Moment::Trigger, Some(norm), Some(trigger)) => world
                    .starts(norm, &Env { trigger: None, trigger_record: None, ..env.clone() })
                    .iter()
                    .find(|s| s.established && s.moment.anchor == trigger.anchor)
                    .map(|s| s.moment.clone()),
                _ => world.moment(of, &env),
            };
            self.memo.tracker.turns_at(world.memo.tracker.loose());
            let found = found.filter(|m| m.grade >= env.standard)?;
            Some(Moment_ { when: When::exact(*t), ..found })
        })
    }

    /// Findings that a term is met: by a record of the body itself, or by its members as the body decides.
    pub(crate) fn findings(&self, term: &Name) -> Vec<Moment_> {
        let Some(body) = self.agreement.terms.get(term).and_then(|t| t.found_by.as_ref()) else {
            return Vec::new();
        };
        let name = |record: &Record, role| match <[Name; 1]>::try_from(self.names_in(record, role)) {
            Ok([name]) => Some(name),
            Err(_) => None,
        };
        let findings: Vec<_> = self
            .records_of(FINDING)
            .iter()
            .filter(|s| s.record.says == Says::Affirms && name(&s.record, "of").as_ref() == Some(term))
            .filter(|s| s.against == Grade::None)
            .filter_map(|s| Some((name(&s.record, "by")?, Hit { seen: s.clone(), sure: true })))
            .collect();
        let mut found: Vec<Moment_> =
            findings.iter().filter(|(who, _)| who == body).map(|(_, hit)| self.of_hit(hit)).collect();
        let mut decision = self.agreement.bodies.get(body).and_then(|b| b.decides.as_ref());
        let mut not_before: Option<Instant> = None;
        while let Some(rule) = decision {
            let requests =
                rule.request.as_ref().map(|p| self.established(p, &self.term_env(term))).unwrap_or_default();
            let deadline = rule.within.map(|span| {
                let last = requests.iter().map(|h| h.seen.when.latest).next();
                last.map(|t| self.agreement.calendar.deadline_after(t, span))
            });
            let mut votes: BTreeMap<Name, &Hit> = BTreeMap::new();
            for (who, hit) in &findings {
                let in_time = deadline.is_none_or(|d| d.is_some_and(|d| hit.seen.when.latest <= d));
                if self.voters(body, rule).contains(who) && in_time {
                    votes.entry(who.clone()).or_insert(hit);
                }
                if self.quorum_met(body, rule, votes.len()) {
                    let mut moment = self.of_hit(hit);
                    moment.when.latest = moment.when.latest.max(not_before.unwrap_or(Instant::MIN));
                    moment.when.earliest = moment.when.earliest.max(not_before.unwrap_or(Instant::MIN));
                    moment.cited = votes.values().flat_map(|h| self.of_hit(h).cited).collect();
                    moment.grade = votes.values().map(|h| h.seen.grade).min().unwrap_or_default();
                    if self.reached(moment.when.latest) {
                        found.push(moment);
                    }
                    break;
                }
            }
            let passed = deadline.flatten().filter(|d| self.passed(*d));
            decision = rule.failing.as_deref().filter(|_| passed.is_some() || rule.within.is_none());
            not_before = passed.map(Instant::next).or(not_before);
        }
        found.sort_by_key(|m| m.when);
        found
    }

    fn voters(&self, body: &Name, rule: &Decision) -> BTreeSet<Name> {
        match &rule.quorum {
            Quorum::AnyOf(_, group) => self.agreement.parties_of(group, self.membership_now()),
            _ => self.members_of(body),
        }
    }

    fn members_of(&self, body: &Name) -> BTreeSet<Name> {
        let members = self.agreement.bodies.get(body).map(|b| &b.members[..]).unwrap_or_default();
        let now = self.membership_now();
        let then =
            members.iter().filter(|m| m.from.is_none_or(|f| f <= now) && m.until.is_none_or(|u| now <= u));
        then.flat_map(|m| self.agreement.parties_of(&m.who, now)).collect()
    }

    fn quorum_met(&self, body: &Name, rule: &Decision, votes: usize) -> bool {
        let votes = votes as i64;
        let members = self.members_of(body).len() as i64;
        match &rule.quorum {
            Quorum::Share(share) => votes > 0 && Number::from(votes) >= share.clone() * Number::from(members),
            Quorum::Majority => votes * 2 > members,
            Quorum::All => votes > 0 && votes == members,
            Quorum::AnyOf(n, _) => votes >= i64::from(*n),
        }
    }

    /// When a norm was fulfilled or breached, or is due: for one bearer, or, where none is named, for the instance's own
    /// bearer if it bears that norm too, else for all: fulfilled once all have, breached once one has.
    pub fn norm_moments(&self, event: &NormEvent, env: &Env<'w>) -> Vec<Moment_> {
        let verdicts = self.instances(&event.norm);
        let of = |bearer: &Bearer, names: &[Name]| match bearer {
            Bearer::Party(name) => names
                .iter()
                .any(|n| n == name || self.agreement.parties_of(n, self.membership_now()).contains(name)),
            Bearer::Jointly(list) => list.iter().any(|n| names.contains(n)),
            Bearer::Unstated | Bearer::NotEstablished(_) => false,
        };
        let wanted: Option<Vec<Name>> = match &event.of {
            Some(PartyRef::Name(name)) => Some(vec![name.clone()]),
            Some(PartyRef::Bearer) => Some(env.bearer.clone()),
            None if verdicts.iter().any(|v| of(&v.bearer, &env.bearer)) => Some(env.bearer.clone()),
            None => None,
        };
        let asked = verdicts.iter().filter(|v| wanted.as_ref().is_none_or(|names| of(&v.bearer, names)));
        let moments: Vec<(Bearer, Option<Moment_>)> = asked
            .map(|v| {
                let when = match event.what {
                    NormMoment::Fulfilled => {
                        v.fulfilled.filter(|_| v.performance == Performance::Satisfied).or(v.performed_late)
                    }
                    NormMoment::Breached => v.breached.filter(|_| v.performance == Performance::Violated),
                    NormMoment::Due => v.due.filter(|d| self.reached(d.latest)),
                };
                let cited = v.reasons().decided_by.clone();
                (
                    v.bearer.clone(),
                    when.map(|when| Moment_ { when, grade: v.grade, cited, anchor: v.instance.clone() }),
                )
            })
            .collect();
        if wanted.is_none() && event.what == NormMoment::Fulfilled {
            let bearers: BTreeSet<&Bearer> = moments.iter().map(|(b, _)| b).collect();
            let first = |b: &Bearer| {
                moments
                    .iter()
                    .filter(|(o, _)| o == b)
                    .filter_map(|(_, m)| m.clone())
                    .min_by_key(|m| m.when.latest)
            };
            let all: Option<Vec<Moment_>> = bearers.into_iter().map(first).collect();
            return all.and_then(|all| all.into_iter().max_by_key(|m| m.when.latest)).into_iter().collect();
        }
        let mut all: Vec<Moment_> = moments.into_iter().filter_map(|(_, m)| m).collect();
        all.sort_by(|a, b| (a.when, &a.anchor).cmp(&(b.when, &b.anchor)));
        // Of what several bear, the first to breach, or to be due, decides.
        let mut told = BTreeSet::new();
        all.retain(|m| told.insert(m.anchor.clone()));
        all
    }
}

/// Terms that a condition names.
fn terms_of<'c>(cond: &'c Cond, into: &mut Vec<&'c Name>) {
    match cond {
        Cond::And(all) | Cond::Or(all) => all.iter().for_each(|c| terms_of(c, into)),
        Cond::Not(c) | Cond::Run(_, c, _) => terms_of(c, into),
        Cond::Term(name) => into.push(name),
        _ => {}
    }
}
