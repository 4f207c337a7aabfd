//! Conditions and quantities as functions of time.
//!
//! # Source
//! `docs/reference/language.md`, "Conditions", "Windows", "Lasting facts", "Absence".

use super::known::Seen;
use super::matching::{Hit, Match, Scalar};
use super::{Env, World};
use crate::ground;
use crate::kept::{Differ, wholly};
use crate::signal::{Quantity, Run, Signal};
use servanda_model::agreement::*;
use servanda_model::grade::Truth;
use servanda_model::record::{COVERAGE, Phase, Says};
use servanda_model::time::Span;
use servanda_model::verdict::Watched;
use servanda_model::{Grade, Instant, Name, Number, Period, Place, Support};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Share watched at every instant, for each grade of [`Grade::CHAIN`].
pub type Shares = Signal<[Number; 3]>;

impl Differ for Option<Arc<Shares>> {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        match (self, other) {
            (Some(a), Some(b)) => Signal::differ(a, b),
            (a, b) => wholly(a.is_none() && b.is_none()),
        }
    }
}

/// What one civil day says of a condition.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Day {
    /// Its first instant.
    day: Instant,
    /// Its last instant.
    pub last: Instant,
    /// At its end.
    support: Support,
    /// Where it is false: since when.
    reset: Option<Instant>,
}

/// A hit and the stretches over which it counts: surely, and possibly.
pub(crate) struct Presence {
    pub hit: Hit,
    pub surely: Option<Run>,
    pub perhaps: Run,
    pub value: Option<Scalar>,
    /// The number of that value among those of the same list.
    word: Option<usize>,
}

/// What happens to a change of a state, in the order in which it is to be heard.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Doubtful(usize),
    Settles(usize),
    Lapses,
}

impl<'w> World<'w, '_> {
    /// Support of a condition at every instant.
    pub fn signal(&self, cond: &Cond, env: &Env<'w>) -> Signal<Support> {
        match cond {
            Cond::And(all) => self.joined(all, env, Support::and, Support::holds(Grade::Confirmed)),
            Cond::Or(any) => self.joined(any, env, Support::or, Support::fails(Grade::Confirmed)),
            Cond::Not(c) => self.signal(c, env).map(|s| s.not()),
            Cond::Compare(a, op, b) => self.comparison(a, *op, b, env),
            Cond::CompareBy(value, reading, target) => {
                let (value, target) = (self.quantity(value, env), self.quantity(target, env));
                let compare = |op, by: Number| {
                    let by = Quantity::exact(by);
                    value.with(&target, |v, t| v.compare(op, &t.arith(ArithOp::Mul, &by)))
                };
                match self.option(reading) {
                    Some(Meaning::Compare(Comparator::AtLeast)) => compare(Op::Ge, 1.into()),
                    Some(Meaning::Compare(Comparator::AtMost)) => compare(Op::Le, 1.into()),
                    Some(Meaning::Compare(Comparator::Within(share))) => {
                        let low = compare(Op::Ge, Number::from(1) - share.clone());
                        low.with(&compare(Op::Le, Number::from(1) + share.clone()), |a, b| a.and(*b))
                    }
                    _ => Signal::constant(Support::default()),
                }
            }
            Cond::Inside(..) => Signal::constant(Support::default()),
            Cond::Fact(pattern) => match self.agreement.facts.get(&pattern.fact).map(|f| f.kind) {
                Some(FactKind::State) => (*self.state_kept(pattern, env)).clone(),
                Some(FactKind::Measure) => {
                    self.measure(pattern, env).map(|q| q.compare(Op::Gt, &Quantity::exact(Number::zero())))
                }
                kind => {
                    let window = match (kind, env.since) {
                        (Some(FactKind::Object), _) | (_, None) => Window::All,
                        (_, Some(since)) => Window::Since(Moment::Instant(since)),
                    };
                    let one = Number::from(1);
                    if let Some(compared) = self.count_compared(pattern, &window, Op::Ge, &one, env) {
                        return (*compared).clone();
                    }
                    let count = self.aggregate(Agg::Count, None, pattern, &window, env, None);
                    count.map(|q| q.compare(Op::Ge, &Quantity::exact(one.clone())))
                }
            },
            Cond::Run(days, inner, unwatched) => self.run_of_days(*days, inner, *unwatched, env),
            Cond::Term(name) => (*self.term(name)).clone(),
            Cond::Found(name) => {
                let first = self.found(name).into_iter().map(|f| (f.when.latest, f.grade)).min();
                Signal::sampled(first.iter().map(|f| f.0).collect(), |t| match first {
                    Some((from, grade)) if t >= from => Support::holds(grade),
                    _ => Support::fails(Grade::Confirmed),
                })
            }
            Cond::Norm(event) => {
                let first = self.norm_moments(event, env).into_iter().map(|m| (m.when, m.grade)).min();
                Signal::sampled(first.iter().flat_map(|(w, _)| [w.earliest, w.latest]).collect(), |t| {
                    match first {
                        Some((when, grade)) if t >= when.latest => Support::holds(grade),
                        Some((when, _)) if t >= when.earliest => Support::default(),
                        _ => Support::fails(Grade::Confirmed),
                    }
                })
            }
            Cond::Reading(name) => match self.option(name) {
                Some(Meaning::Cond(c)) => self.signal(c, env),
                Some(Meaning::Moment(m)) => {
                    let known = self.moment(m, env);
                    Signal::sampled(known.iter().map(|k| k.when.latest).collect(), |t| match &known {
                        Some(k) if t >= k.when.latest => Support::holds(k.grade),
                        _ => Support::fails(Grade::Confirmed),
                    })
                }
                _ => Signal::constant(Support::default()),
            },
        }
    }

    fn joined(
        &self,
        conds: &[Cond],
        env: &Env<'w>,
        f: fn(Support, Support) -> Support,
        unit: Support,
    ) -> Signal<Support> {
        conds.iter().fold(Signal::constant(unit), |acc, c| acc.with(&self.signal(c, env), |a, b| f(*a, *b)))
    }

    fn comparison(&self, a: &Value, op: Op, b: &Value, env: &Env<'w>) -> Signal<Support> {
        if let (Value::Aggregate(agg), Value::Number(n, _)) = (a, b)
            && let Some(compared) = self.aggregate_compared(agg, op, n, env)
        {
            return (*compared).clone();
        }
        let names = |v: &Value| match self.scalar(v, None, env) {
            Some(Scalar::Number(_)) | None => None,
            scalar => scalar,
        };
        match (names(a), names(b)) {
            (Some(a), Some(b)) => Signal::constant(match self.compared(&a, op, &b, self.membership_now()) {
                Match::Yes => Support::holds(Grade::Confirmed),
                Match::No => Support::fails(Grade::Confirmed),
                Match::Perhaps => Support::default(),
            }),
            _ => self.quantity(a, env).with(&self.quantity(b, env), |a, b| a.compare(op, b)),
        }
    }

    /// A value at every instant, within its bounds.
    pub fn quantity(&self, value: &Value, env: &Env<'w>) -> Signal<Quantity> {
        match value {
            Value::Aggregate(agg) => {
                self.aggregate(agg.what, agg.role.as_ref(), &agg.of, &agg.window, env, None)
            }
            Value::Measure(pattern) => self.measure(pattern, env),
            Value::Coverage(zone, by) => {
                let by: Option<Vec<Name>> = by.as_ref().map(|by| match by {
                    PartyRef::Name(name) => vec![name.clone()],
                    PartyRef::Bearer => env.bearer.clone(),
                });
                match self.coverage(&zone.zone, by.as_deref()) {
                    None => Signal::constant(Quantity::unknown()),
                    Some(shares) => shares.map(|s| {
                        let best = s.iter().max().cloned().unwrap_or_default();
                        let most = [Some(best.clone()), Some(best.clone()), Some(best)];
                        Quantity {
                            least: s.clone().map(Some),
                            reach: s.clone().map(Some),
                            most,
                            complete: Grade::Confirmed,
                        }
                    }),
                }
            }
            Value::Arith(a, op, b) => {
                self.quantity(a, env).with(&self.quantity(b, env), |a, b| a.arith(*op, b))
            }
            Value::Call(function, args) => {
                let none = Signal::constant(Vec::new());
                let all = args.iter().fold(none, |acc, arg| {
                    acc.with(&self.quantity(arg, env), |list: &Vec<Quantity>, q| {
                        list.iter().cloned().chain([q.clone()]).collect::<Vec<_>>()
                    })
                });
                all.map(|list| Quantity::call(*function, list))
            }
            Value::Reading(name) => match self.option(name) {
                Some(Meaning::Value(v)) => self.quantity(v, env),
                _ => Signal::constant(Quantity::unknown()),
            },
            value => Signal::constant(match self.scalar(value, None, env) {
                Some(Scalar::Number(n)) => Quantity::exact(n),
                _ => Quantity::unknown(),
            }),
        }
    }

    /// An aggregate at every instant t over the hits in the window that ends at t, of those alone that may lie between
    /// two instants.
    pub(crate) fn aggregate(
        &self,
        what: Agg,
        role: Option<&Name>,
        pattern: &FactPattern,
        window: &Window,
        env: &Env<'w>,
        look: Option<(Instant, Instant)>,
    ) -> Signal<Quantity> {
        let present = self.present(role, pattern, window, env, look);
        let mut changes: BTreeMap<Instant, Vec<(usize, bool, bool)>> = BTreeMap::new();
        for (i, p) in present.iter().enumerate() {
            for (sure, run) in p.surely.iter().map(|r| (true, r)).chain([(false, &p.perhaps)]) {
                changes.entry(run.from).or_default().push((i, sure, true));
                changes.entry(run.to).or_default().push((i, sure, false));
            }
        }
        let (mut surely, mut perhaps) = (BTreeSet::new(), BTreeSet::new());
        let instants = changes.keys().copied().collect();
        // Records that were ruled to speak of one event count once: by event, grade and bound, how many speak of it.
        let mut speaking: BTreeMap<u32, [[u32; 3]; 3]> = BTreeMap::new();
        let mut totals = [[0i64; 3]; 3];
        let counted = Signal::sampled(instants, |t| {
            for (i, sure, enters) in changes.get(&t).into_iter().flatten() {
                let set = if *sure { &mut surely } else { &mut perhaps };
                if *enters {
                    set.insert(*i)
                } else {
                    set.remove(i)
                };
                let seen = &present[*i].hit.seen;
                let speaking = speaking.entry(seen.event).or_default();
                for (k, g) in Grade::CHAIN.into_iter().enumerate() {
                    let speaks =
                        [*sure && seen.grade >= g, !*sure && seen.against < g, !*sure && seen.grade >= g];
                    for bound in (0..3).filter(|bound| speaks[*bound]) {
                        let n = &mut speaking[k][bound];
                        *n = if *enters { *n + 1 } else { *n - 1 };
                        match (*enters, *n) {
                            (true, 1) => totals[k][bound] += 1,
                            (false, 0) => totals[k][bound] -= 1,
                            _ => {}
                        }
                    }
                }
            }
            if what == Agg::Count {
                let all = |end: usize| [0, 1, 2].map(|k| Some(Number::from(totals[k][end])));
                return Quantity { least: all(0), reach: all(2), most: all(1), complete: Grade::Confirmed };
            }
            computed(what, &present, &surely, &perhaps)
        });
        if matches!(what, Agg::First | Agg::Last) {
            return counted;
        }
        let complete = self.completeness(pattern, window, env);
        counted.with(&complete, |q, c| Quantity { complete: *c, ..q.clone() })
    }

    /// The stretches over which each hit lies in the window; of those alone that may lie between two instants.
    pub(crate) fn present(
        &self,
        role: Option<&Name>,
        pattern: &FactPattern,
        window: &Window,
        env: &Env<'w>,
        look: Option<(Instant, Instant)>,
    ) -> Vec<Presence> {
        let calendar = &self.agreement.calendar;
        let object = self.agreement.facts.get(&pattern.fact).filter(|f| f.kind == FactKind::Object);
        let since = match window {
            Window::Since(m) => match self.moment(m, env) {
                Some(known) => Some(known.when),
                None => return Vec::new(),
            },
            _ => None,
        };
        let mut capped: Vec<(&Exception, Number)> =
            env.except.iter().filter_map(|e| Some((e, e.up_to.clone()?))).collect();
        let mut present = Vec::new();
        let mut words: BTreeMap<String, usize> = BTreeMap::new();
        let from = since.map_or(Instant::MIN, |s| s.earliest);
        let to = env.horizon.into_iter().chain(env.limit).min().unwrap_or(Instant::MAX);
        let (from, to) = look.map_or((from, to), |(f, t)| (from.max(f), to.min(t)));
        let hits = self.hits_within(pattern, env, from, to);
        for hit in hits.iter().filter(|h| h.seen.grade > Grade::None) {
            let when = hit.seen.when;
            let open = capped
                .iter_mut()
                .find(|(e, left)| *left >= Number::from(1) && self.excepted(e, &hit.seen, env));
            if let Some((_, left)) = open {
                *left = left.clone() - 1.into();
                continue;
            }
            let leaves = |from: Instant| match window {
                Window::InAny(span) => calendar.window_end(from, *span),
                Window::InEach(period) => calendar.next_period_start(from, *period),
                Window::All | Window::Since(_) => Instant::MAX,
            };
            let ends = |from: Instant| match object {
                Some(fact) => self.lapses(fact, hit, from, env, pattern).min(leaves(from)),
                None => leaves(from),
            };
            let sure = hit.sure && since.is_none_or(|s| when.earliest >= s.latest);
            let run = Run { from: when.latest, to: ends(when.earliest) };
            let surely = (sure && run.from < run.to).then_some(run);
            let perhaps = Run { from: when.earliest, to: ends(when.latest) };
            if perhaps.from >= perhaps.to {
                continue;
            }
            let value = role.and_then(|r| self.role(&hit.seen.record, r));
            let next = words.len();
            let word = value.as_ref().map(|v| *words.entry(format!("{v:?}")).or_insert(next));
            present.push(Presence { hit: hit.clone(), surely, perhaps, value, word });
        }
        present
    }

    /// When a report of a lasting thing stops being good: by its own end, else by the fact's `good for`; or because the
    /// same source denied it.
    fn lapses(&self, fact: &Fact, hit: &Hit, from: Instant, env: &Env<'w>, pattern: &FactPattern) -> Instant {
        let own = hit.seen.record.until.map(Instant::next);
        let good = || fact.good_for.map(|span| self.agreement.calendar.window_end(from, span));
        let good = own.or_else(good).unwrap_or(Instant::MAX);
        let denied = self.denials(pattern.fact.as_str()).find(|d| {
            d.record.source == hit.seen.record.source
                && d.when.earliest > hit.seen.when.latest
                && self.denial_covers(&d.record, pattern, d.when.earliest, env)
        });
        good.min(denied.map_or(Instant::MAX, |d| d.when.earliest))
    }

    /// Up to which grade nothing is missing from the window that ends at t: by the register, by coverage throughout, or
    /// by a denial that covers it.
    pub(crate) fn complete(&self, pattern: &FactPattern, window: &Window, env: &Env<'w>) -> Signal<Grade> {
        let fact = self.agreement.facts.get(&pattern.fact);
        if env.unfinished {
            return Signal::constant(Grade::None);
        }
        if fact.is_none_or(|f| f.absence == Absence::Register) && env.seen {
            return Signal::constant(Grade::Confirmed);
        }
        let upto = env.limit.into_iter().chain(env.horizon).min().unwrap_or(Instant::MAX);
        let from = env.since.filter(|_| matches!(window, Window::All)).unwrap_or(Instant::MIN);
        let shares = self.memo.tracker.narrowed(from, upto, || self.shares(pattern, env));
        let Some(shares) = shares else { return Signal::constant(Grade::None) };
        let calendar = &self.agreement.calendar;
        let lasting = fact.is_some_and(|f| f.kind == FactKind::Object);
        let beginning = env.since.or_else(|| self.in_force().map(|k| k.when.latest)).unwrap_or(Instant::MIN);
        let since = match window {
            Window::Since(m) => self.moment(m, env).map_or(Instant::MAX, |k| k.when.earliest),
            _ => beginning,
        };
        if let (Window::All | Window::Since(_), Some(horizon), false) = (window, env.horizon, lasting) {
            let watched = self.watched(pattern, env, Period { from: since.min(horizon), to: horizon });
            return Signal::constant(watched.grade);
        }
        let mut complete = Signal::constant(Grade::None);
        for (i, grade) in Grade::CHAIN.into_iter().enumerate() {
            let bad = shares.runs(|s| s[i] < env.watched);
            let spoilt: Vec<Run> = bad
                .iter()
                .filter_map(|run| {
                    let last = run.to + -1;
                    let (from, to) = match window {
                        _ if lasting => (run.from, run.to),
                        Window::InAny(span) => (run.from, calendar.window_end(last, *span)),
                        Window::InEach(period) => (run.from, calendar.next_period_start(last, *period)),
                        Window::All | Window::Since(_) if run.to <= since => return None,
                        Window::All | Window::Since(_) => (run.from.max(since), Instant::MAX),
                    };
                    Some(Run { from, to: if run.to == Instant::MAX { run.to } else { to } })
                })
                .collect();
            let level = Signal::over(&spoilt, BTreeSet::is_empty);
            complete = complete.with(&level, |c, ok| if *ok { grade } else { *c });
        }
        complete
    }

    /// Share of a pattern's zone that was watched, by grade, with covering denials as watching; `None` where the
    /// pattern names no zone and nothing denies it.
    fn shares(&self, pattern: &FactPattern, env: &Env<'w>) -> Option<Arc<Shares>> {
        let key = (std::ptr::from_ref(pattern) as usize, env.key(self.agreement, pattern));
        self.keep(|memo| &memo.shares, key, None, |_| self.shares_computed(pattern, env))
    }

    fn shares_computed(&self, pattern: &FactPattern, env: &Env<'w>) -> Option<Arc<Shares>> {
        self.memo.tracker.causal();
        let mut zones: Vec<Name> = Vec::new();
        fn collect(cond: &Cond, zones: &mut Vec<Name>) {
            match cond {
                Cond::And(all) => all.iter().for_each(|c| collect(c, zones)),
                Cond::Inside(_, zone) => zones.push(zone.zone.clone()),
                _ => {}
            }
        }
        zones.extend(pattern.roles.iter().filter(|(r, _)| *r == "at").filter_map(|(_, v)| match v {
            Value::Name(zone) => Some(zone.clone()),
            _ => None,
        }));
        pattern.filter.iter().for_each(|f| collect(f, &mut zones));
        let watched = zones.first().and_then(|zone| self.coverage(zone, None));
        let fact = self.agreement.facts.get(&pattern.fact);
        let denials: Vec<(Run, Grade)> = self
            .denials(pattern.fact.as_str())
            .filter(|d| self.denial_covers(&d.record, pattern, d.when.earliest, env))
            .map(|d| {
                let good = fact.and_then(|f| f.good_for).filter(|_| d.record.until.is_none());
                let end = match (d.record.until, good) {
                    (Some(until), _) => until.next(),
                    (None, Some(span)) => self.agreement.calendar.window_end(d.when.latest, span),
                    (None, None) if fact.is_some_and(|f| f.kind == FactKind::Object) => Instant::MAX,
                    (None, None) => d.when.latest.next(),
                };
                (Run { from: d.when.earliest, to: end }, d.undisputed())
            })
            .collect();
        if denials.is_empty() {
            return watched;
        }
        let (runs, grades): (Vec<Run>, Vec<Grade>) = denials.into_iter().unzip();
        let denied = Signal::over(&runs, |active| {
            let best = active.iter().map(|i| grades[*i]).max().unwrap_or_default();
            Grade::CHAIN.map(|g| Number::from(i64::from(best >= g)))
        });
        Some(Arc::new(match watched {
            None => denied,
            Some(watched) => watched.with(&denied, |a, b| [0, 1, 2].map(|i| a[i].clone().max(b[i].clone()))),
        }))
    }

    /// Share of a zone that observers watched, by grade; the greatest of the observers' shares. `None` where no record
    /// speaks of coverage of it.
    fn coverage(&self, zone: &Name, by: Option<&[Name]>) -> Option<Arc<Shares>> {
        let key = (zone.clone(), by.map(<[Name]>::to_vec));
        self.keep(|memo| &memo.coverage, key, None, |_| self.coverage_computed(zone, by))
    }

    fn coverage_computed(&self, zone: &Name, by: Option<&[Name]>) -> Option<Arc<Shares>> {
        let wanted: Option<BTreeSet<Name>> = by.map(|names| {
            let members = names.iter().flat_map(|n| self.agreement.parties_of(n, self.membership_now()));
            members.chain(names.iter().cloned()).collect()
        });
        let all = match by {
            None => self.records_of_coverage(zone),
            Some(_) => self.records_of(COVERAGE),
        };
        let records: Vec<_> = all
            .iter()
            .filter(|s| matches!(&s.record.place, Some(Place::Named(z)) if ground::is_part_of(self.agreement, zone, z)))
            .filter(|s| match (&wanted, self.role(&s.record, &"by".into())) {
                (None, _) => true,
                (Some(wanted), Some(Scalar::Names(is))) => is.iter().all(|n| wanted.contains(n)),
                _ => false,
            })
            .collect();
        if records.is_empty() {
            let cases = self.agreement.zones.get(zone).map(|z| &z.cases[..])?;
            let [ZoneCase { extent: Extent::Union(parts), .. }] = cases else { return None };
            let parts: Option<Vec<_>> = parts
                .iter()
                .map(|part| match part {
                    Extent::Zone(z) => self.coverage(&z.zone, by),
                    Extent::Given(name) => self.coverage(name, by),
                    _ => None,
                })
                .collect();
            return parts?.into_iter().reduce(|a, b| {
                Arc::new(a.with(&b, |a, b| [0, 1, 2].map(|i| a[i].clone().min(b[i].clone()))))
            });
        }
        let told: Vec<(Grade, Number)> = records
            .iter()
            .map(|s| match s.record.says {
                Says::Denies => (s.undisputed(), Number::zero()),
                Says::Affirms => (s.undisputed(), s.record.value.clone().unwrap_or(1.into())),
            })
            .collect();
        let runs: Vec<Run> = records
            .iter()
            .map(|s| Run { from: s.when.earliest, to: s.record.until.unwrap_or(s.when.latest).next() })
            .collect();
        Some(Arc::new(Signal::over(&runs, |active| {
            Grade::CHAIN.map(|g| {
                let shares = active.iter().map(|i| &told[*i]).filter(|(grade, _)| *grade >= g);
                shares.map(|(_, share)| share).max().cloned().unwrap_or_default()
            })
        })))
    }

    /// Coverage of a pattern over a period: the share weighted by time, the grade at which it reaches the minimum, the
    /// stretches in which nobody watched.
    pub fn watched(&self, pattern: &FactPattern, env: &Env<'w>, period: Period) -> Watched {
        let register = self.agreement.facts.get(&pattern.fact).is_none_or(|f| f.absence == Absence::Register);
        let what = match (register, env.seen) {
            (true, _) => format!("the register of `{}`", pattern.fact),
            (false, _) => format!("`{}`", pattern.fact),
        };
        let whole = |share: i64, grade| {
            let gaps = if share == 0 { vec![period] } else { Vec::new() };
            Watched { what: what.clone(), period, share: share.into(), grade, gaps }
        };
        if register && env.seen {
            return whole(1, Grade::Confirmed);
        }
        let shares =
            self.memo.tracker.narrowed(period.from.min(period.to), period.to.max(period.from), || {
                self.shares(pattern, env)
            });
        let Some(shares) = shares else { return whole(0, Grade::None) };
        let end = period.to.next();
        let length = Number::from((end - period.from).max(1));
        let mut steps: Vec<Instant> = shares.instants().filter(|t| period.from < *t && *t < end).collect();
        steps.insert(0, period.from);
        steps.push(end);
        let mean = |i: usize| {
            let sum = steps.windows(2).map(|w| shares.at(w[0])[i].clone() * Number::from(w[1] - w[0]));
            sum.fold(Number::zero(), |a, b| a + b).over(&length).unwrap_or_default()
        };
        let means = [mean(0), mean(1), mean(2)];
        let reached = Grade::CHAIN.into_iter().enumerate().rev().find(|(i, _)| means[*i] >= env.watched);
        let blind = shares.runs(|s| s[0].is_zero());
        let gaps = blind.iter().filter_map(|r| clipped(*r, period)).take(20).collect();
        let standard = Grade::CHAIN.iter().position(|g| *g == env.standard).unwrap_or(0);
        let grade = reached.map_or(Grade::None, |(_, g)| g);
        Watched { what, period, share: means[standard].clone(), grade, gaps }
    }

    /// A state: as the text and the records say that it begins and ends.
    pub fn state(&self, pattern: &FactPattern, env: &Env<'w>) -> Signal<Support> {
        let affirmed = self.hits(pattern, env);
        self.state_of(pattern, env, affirmed.iter())
    }

    /// A state as these records and all denials tell it.
    pub fn state_of<'h>(
        &self,
        pattern: &FactPattern,
        env: &Env<'w>,
        affirmed: impl Iterator<Item = &'h Hit>,
    ) -> Signal<Support> {
        let Some(fact) = self.agreement.facts.get(&pattern.fact) else {
            return Signal::constant(Support::default());
        };
        let declared = fact.begins.iter().map(|t| (*t, true)).chain(fact.ends.iter().map(|t| (*t, false)));
        let mut changes: Vec<(Instant, Instant, bool, Grade, Instant)> =
            declared.map(|(t, on)| (t, t, on, Grade::Confirmed, Instant::MAX)).collect();
        let affirmed = affirmed.filter(|h| h.sure).map(|h| h.seen.clone());
        let denied = self
            .denials(pattern.fact.as_str())
            .filter(|d| self.denial_covers(&d.record, pattern, d.when.earliest, env));
        for seen in affirmed.chain(denied).filter(|s| tells(s, env)) {
            let on = seen.record.says == Says::Affirms && seen.record.phase != Phase::Ends;
            let good = fact.good_for.filter(|_| seen.record.phase == Phase::Stands);
            let lapse =
                good.map_or(Instant::MAX, |span| self.agreement.calendar.window_end(seen.when.latest, span));
            changes.push((seen.when.earliest, seen.when.latest, on, seen.grade, lapse));
            if let Some(until) = seen.record.until {
                changes.push((until.next(), until.next(), !on, seen.grade, Instant::MAX));
            }
        }
        changes.sort();
        let before = match (changes.is_empty(), fact.absence) {
            (true, Absence::Register) if env.seen => Support::fails(Grade::Confirmed),
            (false, _) => Support::fails(Grade::Confirmed),
            _ => Support::default(),
        };
        // A change is settled from its latest instant on, and in doubt from its earliest; the last settled one decides.
        let mut settled: Option<usize> = None;
        let mut doubtful: BTreeSet<usize> = BTreeSet::new();
        let mut turns: Vec<(Instant, Turn)> = Vec::with_capacity(3 * changes.len());
        for (i, c) in changes.iter().enumerate() {
            turns.push((c.1, Turn::Settles(i)));
            if c.0 < c.1 {
                turns.push((c.0, Turn::Doubtful(i)));
            }
            if c.4 < Instant::MAX {
                turns.push((c.4, Turn::Lapses));
            }
        }
        turns.sort_unstable();
        let mut next = turns.iter().peekable();
        let steps = turns.iter().map(|(at, _)| *at).collect();
        Signal::sampled(steps, |t| {
            while let Some((_, turn)) = next.next_if(|(at, _)| *at <= t) {
                match turn {
                    Turn::Settles(i) => {
                        settled = settled.max(Some(*i));
                        doubtful.remove(i);
                    }
                    Turn::Doubtful(i) => drop(doubtful.insert(*i)),
                    Turn::Lapses => {}
                }
            }
            let now = match settled.map(|i| &changes[i]) {
                None => before,
                Some(c) if t >= c.4 => Support::default(),
                Some((_, _, true, grade, _)) => Support::holds(*grade),
                Some((_, _, false, grade, _)) => Support::fails(*grade),
            };
            match doubtful.first().map(|i| &changes[*i]) {
                Some((_, _, on, grade, _)) => {
                    let turned = if *on { Support::holds(*grade) } else { Support::fails(*grade) };
                    Support {
                        supported: now.supported.min(turned.supported),
                        supported_at_best: now.supported_at_best.max(turned.supported_at_best),
                        opposed: now.opposed.min(turned.opposed),
                        opposed_at_best: now.opposed_at_best.max(turned.opposed_at_best),
                    }
                }
                None => now,
            }
        })
    }

    /// A measure: per key and source the last report as long as it is good, keys added up. A key whose reports have
    /// lapsed makes the sum unknown upwards.
    fn measure(&self, pattern: &FactPattern, env: &Env<'w>) -> Signal<Quantity> {
        let good = self.agreement.facts.get(&pattern.fact).and_then(|f| f.good_for);
        let mut keys: BTreeMap<String, (bool, BTreeMap<String, Vec<Hit>>)> = BTreeMap::new();
        for hit in self
            .hits(pattern, env)
            .iter()
            .filter(|h| h.seen.record.value.is_some() && h.seen.grade > Grade::None)
        {
            let r = &hit.seen.record;
            let key = keys.entry(format!("{:?} {:?}", r.roles, r.place)).or_insert((true, BTreeMap::new()));
            key.0 &= hit.sure;
            key.1.entry(format!("{} {:?}", r.source, r.basis)).or_default().push(hit.clone());
        }
        let start = keys.values().flat_map(|k| k.1.values().flatten()).map(|h| h.seen.when.latest).min();
        let Some(start) = start else { return Signal::constant(Quantity::unknown()) };
        let mut total = Signal::sampled(vec![start], |t| {
            if t < start { Quantity::unknown() } else { Quantity::exact(Number::zero()) }
        });
        let mut capped: Vec<Signal<Quantity>> =
            vec![Signal::constant(Quantity::exact(Number::zero())); env.except.len()];
        for (sure, sources) in keys.values() {
            let mut stretches: Vec<(Run, Hit)> = Vec::new();
            for reports in sources.values() {
                for (i, hit) in reports.iter().enumerate() {
                    let next = reports.get(i + 1).map_or(Instant::MAX, |n| n.seen.when.latest);
                    let own = hit.seen.record.until.map(Instant::next);
                    let good = || good.map(|g| self.agreement.calendar.window_end(hit.seen.when.latest, g));
                    let lapse = own.or_else(good).unwrap_or(Instant::MAX);
                    stretches.push((Run { from: hit.seen.when.latest, to: next.min(lapse) }, hit.clone()));
                }
            }
            let first = stretches.iter().map(|(r, _)| r.from).min().unwrap_or(Instant::MAX);
            let begun = Run { from: first, to: Instant::MAX };
            let runs: Vec<Run> = stretches.iter().map(|(r, _)| *r).chain([begun]).collect();
            let value = Signal::over(&runs, |active| {
                if active.is_empty() {
                    return Quantity::exact(Number::zero());
                }
                let current: Vec<_> =
                    active.iter().filter_map(|i| stretches.get(*i)).map(|(_, h)| &h.seen).collect();
                let zero = || Some(Number::zero());
                let nothing = [zero(), zero(), zero()];
                let mut q = Quantity { least: nothing.clone(), reach: nothing, ..Quantity::unknown() };
                for (i, g) in Grade::CHAIN.into_iter().enumerate() {
                    let values = || {
                        current
                            .iter()
                            .filter(|s| s.grade >= g && s.against < g)
                            .filter_map(|s| s.record.value.clone())
                    };
                    if let (Some(max), Some(min)) = (values().max(), values().min()) {
                        q.reach[i] = Some(max.clone());
                        q.least[i] = Some(if *sure { max } else { Number::zero() });
                        q.most[i] = Some(min);
                        q.complete = g;
                    }
                }
                for i in 1..3 {
                    q.most[i] = q.most[i].clone().or(q.most[i - 1].clone());
                }
                q
            });
            let covered =
                |e: &Exception| sources.values().flatten().all(|hit| self.covered(e, &hit.seen, env));
            let excepted = env.except.iter().position(covered);
            let Some(e) = excepted else {
                total = total.with(&value, |a, b| a.arith(ArithOp::Add, b));
                continue;
            };
            let lapses = env.except[e].until.map_or(Instant::MAX, Instant::next);
            let zero = Quantity::exact(Number::zero());
            let before = Signal::sampled(vec![lapses], |t| t < lapses);
            let part =
                |when: bool| value.with(&before, |v, b| if *b == when { v.clone() } else { zero.clone() });
            total = total.with(&part(false), |a, b| a.arith(ArithOp::Add, b));
            capped[e] = capped[e].with(&part(true), |a, b| a.arith(ArithOp::Add, b));
        }
        for (exception, sum) in env.except.iter().zip(capped) {
            let Some(cap) = exception.up_to.clone().map(Quantity::exact) else { continue };
            let zero = Quantity::exact(Number::zero());
            let excess =
                sum.map(|s| Quantity::call(Function::Max, &[s.arith(ArithOp::Sub, &cap), zero.clone()]));
            total = total.with(&excess, |a, b| a.arith(ArithOp::Add, b));
        }
        total
    }

    /// What one civil day says of a condition: at its end, and since when that is false.
    pub(crate) fn day(&self, inner: &Cond, env: &Env<'w>, day: Instant, last: Instant) -> Day {
        let unfinished = !self.reached(last);
        let of_day = Env { since: Some(day), horizon: Some(last), unfinished, ..env.clone() };
        let support = self.memo.tracker.narrowed(Instant::MIN, last, || self.signal(inner, &of_day));
        let falls = support.stretches(env.standard, Truth::False).into_iter().find(|r| r.to > day);
        Day { day, last, support: *support.at(last), reset: falls.map(|r| r.from) }
    }

    /// N consecutive civil days on each of which a condition holds: a day on which it is false resets, a day of which it
    /// is not known neither counts nor resets unless the text says so. True from the end of the Nth day.
    fn run_of_days(&self, days: i64, inner: &Cond, unwatched: Unwatched, env: &Env<'w>) -> Signal<Support> {
        let calendar = &self.agreement.calendar;
        // What reaches back without limit is counted from the entry into force, or from the first report.
        let begun = |t: &Instant| *t > Instant::MIN;
        let in_force = || self.in_force().map(|k| k.when.latest).filter(begun);
        let reported = || {
            let mut patterns = Vec::new();
            patterns_of(inner, &mut patterns);
            let first = |p: &&FactPattern| self.hits(p, env).iter().map(|h| h.seen.when.earliest).min();
            patterns.iter().filter_map(first).min()
        };
        let Some(first) = env.since.filter(begun).or_else(in_force).or_else(reported) else {
            return Signal::constant(Support::default());
        };
        let from = calendar.date(first);
        let skip = calendar.event_day == servanda_model::time::EventDay::Excluded
            && calendar.start_of_day(from) != first;
        let mut day = calendar.start_of_day(from);
        if skip {
            day = calendar.end_of_day(from).next();
        }
        let mut steps = vec![(Instant::MIN, Support::fails(Grade::Confirmed))];
        let (mut count, mut grade) = (0, Grade::Confirmed);
        for Day { day, last, support, reset } in self.days(inner, env, day) {
            let over = self.reached(last);
            let truth = support.truth(env.standard);
            match truth {
                Truth::False => {
                    steps.push((reset.map_or(day, |r| r.max(day)), Support::fails(support.opposed)));
                    (count, grade) = (0, Grade::Confirmed);
                }
                Truth::True if over => {
                    count += 1;
                    grade = grade.min(support.supported);
                }
                Truth::True => {}
                Truth::Unknown | Truth::Contested if over => match unwatched {
                    Unwatched::Neither => {}
                    Unwatched::Counts => count += 1,
                    Unwatched::Resets => {
                        steps.push((day, Support::fails(Grade::Confirmed)));
                        (count, grade) = (0, Grade::Confirmed);
                    }
                },
                Truth::Unknown | Truth::Contested => {}
            }
            if count == days && over && truth != Truth::False {
                steps.push((last.next(), Support::holds(grade)));
            }
        }
        // Of what is said of one instant, the last counts.
        let last = steps.chunk_by(|a, b| a.0 == b.0).filter_map(|together| together.last().copied());
        Signal::of_steps(last.collect())
    }
}

/// Whether a record of a state tells what the state is, whatever is said against it.
pub fn tells(seen: &Seen, env: &Env<'_>) -> bool {
    seen.against < env.standard || seen.against < seen.grade
}

/// Patterns of facts in a condition, in order.
pub fn patterns_of<'c>(cond: &'c Cond, into: &mut Vec<&'c FactPattern>) {
    fn of_value<'c>(value: &'c Value, into: &mut Vec<&'c FactPattern>) {
        match value {
            Value::Aggregate(agg) => into.push(&agg.of),
            Value::Measure(pattern) => into.push(pattern),
            Value::Arith(a, _, b) => [a, b].into_iter().for_each(|v| of_value(v, into)),
            Value::Call(_, args) => args.iter().for_each(|v| of_value(v, into)),
            _ => {}
        }
    }
    match cond {
        Cond::And(all) | Cond::Or(all) => all.iter().for_each(|c| patterns_of(c, into)),
        Cond::Not(c) | Cond::Run(_, c, _) => patterns_of(c, into),
        Cond::Compare(a, _, b) | Cond::CompareBy(a, _, b) => {
            [a, b].into_iter().for_each(|v| of_value(v, into))
        }
        Cond::Fact(pattern) => into.push(pattern),
        _ => {}
    }
}

/// The longest window that a condition looks back over.
pub fn longest_window(cond: &Cond) -> Option<Span> {
    fn of_value(value: &Value) -> Option<Span> {
        match value {
            Value::Aggregate(agg) => match agg.window {
                Window::InAny(span) => Some(span),
                _ => None,
            },
            Value::Arith(a, _, b) => of_value(a).max(of_value(b)),
            Value::Call(_, args) => args.iter().filter_map(of_value).max(),
            _ => None,
        }
    }
    match cond {
        Cond::And(all) | Cond::Or(all) => all.iter().filter_map(longest_window).max(),
        Cond::Not(c) | Cond::Run(_, c, _) => longest_window(c),
        Cond::Compare(a, _, b) | Cond::CompareBy(a, _, b) => of_value(a).max(of_value(b)),
        _ => None,
    }
}

/// The part of a stretch that lies in a period.
pub fn clipped(run: Run, period: Period) -> Option<Period> {
    let part = Period { from: run.from.max(period.from), to: (run.to + -1).min(period.to) };
    (part.from <= part.to).then_some(part)
}

fn computed<'a>(
    what: Agg,
    present: &'a [Presence],
    surely: &BTreeSet<usize>,
    perhaps: &BTreeSet<usize>,
) -> Quantity {
    let mut q = Quantity { complete: Grade::Confirmed, ..Quantity::unknown() };
    for (i, g) in Grade::CHAIN.into_iter().enumerate() {
        let sure = || surely.iter().map(|k| &present[*k]).filter(move |p| p.hit.seen.grade >= g);
        let any = || perhaps.iter().map(|k| &present[*k]).filter(move |p| p.hit.seen.against < g);
        let graded = || perhaps.iter().map(|k| &present[*k]).filter(move |p| p.hit.seen.grade >= g);
        let number = |p: &Presence| match &p.value {
            Some(Scalar::Number(n)) => Some(n.clone()),
            _ => None,
        };
        [q.least[i], q.most[i], q.reach[i]] = match what {
            Agg::Count => {
                let counts = [sure().count(), any().count(), graded().count()];
                counts.map(|n| Some((n as i64).into()))
            }
            Agg::Sum => {
                // Of one event that several records speak of, the greatest value counts.
                let mut each: [BTreeMap<u32, Number>; 3] = Default::default();
                let mut tell = |bound: usize, p: &'a Presence, n: Number| {
                    let told = each[bound].entry(p.hit.seen.event).or_insert_with(|| n.clone());
                    *told = told.clone().max(n);
                };
                sure().for_each(|p| number(p).into_iter().for_each(|n| tell(0, p, n)));
                any().for_each(|p| number(p).into_iter().for_each(|n| tell(1, p, n)));
                graded().for_each(|p| number(p).into_iter().for_each(|n| tell(2, p, n)));
                let open = any().any(|p| number(p).is_none());
                let sum = |m: &BTreeMap<u32, Number>| m.values().cloned().fold(Number::zero(), |a, b| a + b);
                [Some(sum(&each[0])), Some(sum(&each[1])).filter(|_| !open), Some(sum(&each[2]))]
            }
            Agg::Distinct => {
                let least = sure().filter_map(|p| p.word).collect::<BTreeSet<_>>().len() as i64;
                let most = any().map(|p| p.word).collect::<BTreeSet<_>>().len() as i64;
                let reach = graded().filter_map(|p| p.word).collect::<BTreeSet<_>>().len() as i64;
                [least, most, reach].map(|n| Some(n.into()))
            }
            // The greatest of nothing is 0.
            Agg::Max => {
                let greatest = |n: Option<Number>| n.or(Some(Number::zero()));
                let reach = graded().filter_map(number).max();
                [sure().filter_map(number).max(), any().filter_map(number).max(), reach].map(greatest)
            }
            Agg::Min => {
                let least = any().filter_map(number).min();
                [least, sure().filter_map(number).min(), sure().filter_map(number).min()]
            }
            Agg::First | Agg::Last => {
                let list: Vec<_> = sure().filter(|p| p.hit.seen.against < g).collect();
                let one = if what == Agg::First { list.first() } else { list.last() }.and_then(|p| number(p));
                [one.clone(), one.clone(), one]
            }
        };
        if matches!(what, Agg::First | Agg::Last) && q.most[i].is_none() {
            q.complete = if i == 0 { Grade::None } else { Grade::CHAIN[i - 1] };
            break;
        }
    }
    q
}
