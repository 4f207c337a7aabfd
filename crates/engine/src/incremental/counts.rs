//! Counts and sums compared with a number, at every instant: whole numbers in place of quantities, what enters a window
//! added and what leaves it taken away, and only the time that a change touches.
//!
//! The definition is `reference/conditions.rs`, "An aggregate at every instant": this is the same for
//! `count of … >= n`, without a quantity for each step, and for `sum ROLE of …`, without adding up each window anew. Who
//! reads it is told over what time it changed.

use crate::follow::EnvKey;
use crate::kept::Differ;
use crate::reference::conditions::Presence;
use crate::reference::matching::{Hit, Scalar};
use crate::reference::{Env, World};
use crate::signal::{Quantity, Run, Signal};
use servanda_model::agreement::{Agg, Aggregate, FactKind, FactPattern, Op, Value, Window};
use servanda_model::time::DAY;
use servanda_model::{Grade, Instant, Name, Number, Span, Support};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A comparison, by the address of its pattern, and what of the instance it hangs on.
pub type CountKey = (usize, EnvKey, bool, Number);

/// Counts at an instant, for each grade of [`Grade::CHAIN`]: established, at best, at most.
#[derive(Clone, Copy, PartialEq, Default)]
struct Counts {
    least: [i64; 3],
    reach: [i64; 3],
    most: [i64; 3],
}

/// How many records speak of an event, by grade and bound.
type Speaking = [[u32; 3]; 3];

impl Counts {
    /// `self >= n` as a support, each bound of the count scaled like `n`.
    fn at_least(&self, n: i64, scale: i64, complete: Grade) -> Support {
        let best = |holds: &dyn Fn(usize, Grade) -> bool| {
            let found = Grade::CHAIN.into_iter().enumerate().rev().find(|(i, g)| holds(*i, *g));
            found.map_or(Grade::None, |(_, g)| g)
        };
        let reaches = |count: i64| count.saturating_mul(scale) >= n;
        let supported = best(&|i, _| reaches(self.least[i]));
        let opposed = best(&|i, g| !reaches(self.most[i]) && complete >= g);
        let might = best(&|i, _| reaches(self.reach[i]));
        let might_not = best(&|i, g| !reaches(self.least[i]) && complete >= g);
        Support {
            supported,
            supported_at_best: supported.max(might),
            opposed,
            opposed_at_best: opposed.max(might_not),
        }
    }

    /// `n >= self`, likewise.
    fn at_most(&self, n: i64, scale: i64, complete: Grade) -> Support {
        let best = |holds: &dyn Fn(usize, Grade) -> bool| {
            let found = Grade::CHAIN.into_iter().enumerate().rev().find(|(i, g)| holds(*i, *g));
            found.map_or(Grade::None, |(_, g)| g)
        };
        let exceeds = |count: i64| count.saturating_mul(scale) > n;
        let supported = best(&|i, g| !exceeds(self.most[i]) && complete >= g);
        let opposed = best(&|i, _| exceeds(self.least[i]));
        let might = best(&|i, _| !exceeds(self.least[i]));
        let might_not = best(&|i, _| exceeds(self.most[i]));
        Support {
            supported,
            supported_at_best: supported.max(might),
            opposed,
            opposed_at_best: opposed.max(might_not),
        }
    }

    fn compare(&self, op: Op, n: i64, scale: i64, complete: Grade) -> Support {
        match op {
            Op::Ge => self.at_least(n, scale, complete),
            Op::Le => self.at_most(n, scale, complete),
            Op::Lt => self.at_least(n, scale, complete).not(),
            Op::Gt => self.at_most(n, scale, complete).not(),
            Op::Eq => self.at_least(n, scale, complete).and(self.at_most(n, scale, complete)),
            Op::Ne => self.compare(Op::Eq, n, scale, complete).not(),
        }
    }
}

impl<'w> World<'w, '_> {
    /// `count of … OP n`, `sum ROLE of … OP n` and their like; `None` where only the definition will do.
    pub fn aggregate_compared(
        &self,
        agg: &Aggregate,
        op: Op,
        n: &Number,
        env: &Env<'w>,
    ) -> Option<Arc<Signal<Support>>> {
        let (pattern, window) = (&agg.of, &agg.window);
        match agg.what {
            Agg::Count => self.count_compared(pattern, window, op, n, env),
            Agg::First | Agg::Last => None,
            what => {
                let number = Quantity::exact(n.clone());
                let standing = self.memo.fast && self.is_standing(window, env);
                standing.then(|| {
                    self.compared_in_part(pattern, window, env, |only| {
                        let look = only.map(|only| self.look_back(window, only));
                        let quantity = self.aggregate_at(what, agg.role.as_ref(), pattern, window, env, look);
                        quantity.map(|q| q.compare(op, &number))
                    })
                })
            }
        }
    }

    /// `count of … OP n`, where it can be counted so; `None` where only the definition will do.
    pub fn count_compared(
        &self,
        pattern: &FactPattern,
        window: &Window,
        op: Op,
        n: &Number,
        env: &Env<'w>,
    ) -> Option<Arc<Signal<Support>>> {
        if !self.memo.fast {
            return None;
        }
        let n = n.as_ratio()?;
        let counted = |only| self.counted(pattern, window, op, n, env, only);
        Some(match self.is_standing(window, env) {
            true => self.compared_in_part(pattern, window, env, counted),
            false => Arc::new(counted(None)),
        })
    }

    /// A quantity at the moment asked about.
    pub fn quantity_now(&self, value: &Value, env: &Env<'w>) -> Quantity {
        match value {
            Value::Aggregate(agg) => self.aggregate_now(agg, env),
            _ => self.now(&self.quantity(value, env)).clone(),
        }
    }

    /// An aggregate at the moment asked about. Where its window says what that hangs on, nothing else is looked at.
    fn aggregate_now(&self, agg: &Aggregate, env: &Env<'w>) -> Quantity {
        let (pattern, window) = (&agg.of, &agg.window);
        let in_part = self.memo.fast
            && self.is_standing(window, env)
            && self.is_local(pattern, env)
            && !matches!(agg.what, Agg::First | Agg::Last);
        // What lies ahead is looked at too: it says when this turns.
        let look = in_part.then(|| self.look_back(window, (self.at, Instant::MAX)));
        self.now(&self.aggregate_at(agg.what, agg.role.as_ref(), pattern, window, env, look)).clone()
    }

    /// An aggregate at every instant, or at those that `look` needs.
    fn aggregate_at(
        &self,
        what: Agg,
        role: Option<&Name>,
        pattern: &FactPattern,
        window: &Window,
        env: &Env<'w>,
        look: Option<(Instant, Instant)>,
    ) -> Signal<Quantity> {
        match what {
            Agg::Sum if self.memo.fast => {
                let summed = Sums::over(self.present(role, pattern, window, env, look));
                let complete = self.completeness(pattern, window, env);
                summed.with(&complete, |q, c| Quantity { complete: *c, ..q.clone() })
            }
            _ => self.aggregate(what, role, pattern, window, env, look),
        }
    }

    /// Whether a record changes nothing but the windows that it lies in. A report of a thing that is somewhere lapses when its source
    /// denies it, however much later; and of exceptions up to a number the first ones use it up.
    fn is_local(&self, pattern: &FactPattern, env: &Env<'w>) -> bool {
        let object = self.agreement.facts.get(&pattern.fact).is_some_and(|f| f.kind == FactKind::Object);
        !object && env.except.iter().all(|e| e.up_to.is_none())
    }

    /// Whether all time is looked at, so that what follows serves more than one instance.
    fn is_standing(&self, window: &Window, env: &Env<'w>) -> bool {
        env.looks_at_all() && !matches!(window, Window::Since(_))
    }

    /// A kept comparison. `compared` gives it at every instant, or at those between two instants alone.
    fn compared_in_part(
        &self,
        pattern: &FactPattern,
        window: &Window,
        env: &Env<'w>,
        compared: impl Fn(Option<(Instant, Instant)>) -> Signal<Support>,
    ) -> Arc<Signal<Support>> {
        let key = (
            std::ptr::from_ref(pattern) as usize,
            env.key(self.agreement, pattern),
            env.seen,
            env.watched.clone(),
        );
        let local = self.is_local(pattern, env);
        let calendar = &self.agreement.calendar;
        let touched = |from: Instant, to: Instant| match *window {
            Window::InAny(span) if local => Some((from, calendar.window_end(to, span).next())),
            Window::InEach(period) if local => Some((from, calendar.next_period_start(to, period).next())),
            _ => None,
        };
        let compute = |old: Option<(&Arc<Signal<Support>>, Instant, Instant)>| {
            self.memo.tracker.causal();
            let part = old.and_then(|(old, from, to)| Some((old, touched(from, to)?)));
            match part {
                Some((old, (from, to))) => {
                    // The whole list is what it hangs on, however little of it is looked at now.
                    self.hits(pattern, env);
                    Arc::new(old.spliced(&compared(Some((from, to))), from, to))
                }
                None => Arc::new(compared(None)),
            }
        };
        self.memo.tracker.aside(|| self.completeness(pattern, window, env));
        self.keep_in_part(|memo| &memo.counts, key, compute)
    }

    /// What has to be looked at for the windows that end between two instants.
    pub fn look_back(&self, window: &Window, (from, to): (Instant, Instant)) -> (Instant, Instant) {
        let calendar = &self.agreement.calendar;
        match window {
            Window::InAny(span @ Span::Exact(_)) => (calendar.window_start(from, *span) + -1, to),
            // Windows of months do not run back as they run on: a few days more do no harm.
            Window::InAny(span) => (calendar.window_start(from, *span) + -4 * DAY, to),
            Window::InEach(period) => (calendar.period_start(from, *period), to),
            Window::All | Window::Since(_) => (Instant::MIN, to),
        }
    }

    /// The comparison at every instant, or at those between two instants alone.
    fn counted(
        &self,
        pattern: &FactPattern,
        window: &Window,
        op: Op,
        (n, scale): (i64, i64),
        env: &Env<'w>,
        only: Option<(Instant, Instant)>,
    ) -> Signal<Support> {
        let look = only.map(|only| self.look_back(window, only));
        let present = self.present(None, pattern, window, env, look);
        let mut turns: Vec<(Instant, bool, bool, usize)> = Vec::with_capacity(4 * present.len());
        let runs = |begins: bool| {
            let at = move |run: Run| if begins { run.from } else { run.to };
            let sure =
                present.iter().enumerate().filter_map(move |(i, p)| Some((at(p.surely?), begins, true, i)));
            let perhaps = present.iter().enumerate().map(move |(i, p)| (at(p.perhaps), begins, false, i));
            sure.chain(perhaps)
        };
        turns.extend(runs(true));
        turns.extend(runs(false));
        // Four sequences that are nearly in order each.
        turns.sort();
        let joined = joined(&present);
        let mut together: BTreeMap<u32, Speaking> = BTreeMap::new();
        let mut counts = Counts::default();
        let mut steps: Vec<(Instant, Counts)> = vec![(Instant::MIN, counts)];
        for (at, begins, sure, i) in turns {
            let seen = &present[i].hit.seen;
            let shared = joined.contains(&seen.event).then(|| together.entry(seen.event).or_default());
            count(&mut counts, shared, &present[i].hit, begins, sure);
            match steps.last_mut() {
                Some(last) if last.0 == at => last.1 = counts,
                _ => steps.push((at, counts)),
            }
        }
        let complete = self.completeness(pattern, window, env);
        let mut compared = Compared { op, n, scale, last: None };
        Signal::of_steps(steps).with(&complete, |counts, complete| compared.support(counts, *complete))
    }
}

/// The events that several of these records may speak of.
fn joined(present: &[Presence]) -> BTreeSet<u32> {
    let joined = present.iter().map(|p| &p.hit.seen);
    let joined = joined.filter(|s| s.record.incident.is_some() || s.record.supersedes.is_some());
    joined.map(|s| s.event).collect()
}

/// One record enters a window, or leaves it.
fn count(counts: &mut Counts, mut shared: Option<&mut Speaking>, hit: &Hit, begins: bool, sure: bool) {
    let seen = &hit.seen;
    for (k, g) in Grade::CHAIN.into_iter().enumerate() {
        let speaks = [sure && seen.grade >= g, !sure && seen.against < g, !sure && seen.grade >= g];
        for bound in (0..3).filter(|bound| speaks[*bound]) {
            // Records that were ruled to speak of one event count once.
            let decides = match &mut shared {
                None => true,
                Some(speaking) => {
                    let told = &mut speaking[k][bound];
                    *told = if begins { *told + 1 } else { *told - 1 };
                    *told == u32::from(begins)
                }
            };
            let count = match bound {
                0 => &mut counts.least[k],
                1 => &mut counts.most[k],
                _ => &mut counts.reach[k],
            };
            if decides {
                *count += if begins { 1 } else { -1 };
            }
        }
    }
}

/// Sums at an instant, for each grade of [`Grade::CHAIN`]: established, at most, at best.
#[derive(Default)]
struct Sums {
    of: [[Number; 3]; 3],
    /// By grade: how many in the window have no number.
    open: [usize; 3],
    /// Of events that several records speak of: their numbers, by grade and bound.
    together: BTreeMap<u32, [[BTreeMap<Number, u32>; 3]; 3]>,
}

impl Sums {
    /// The sum at every instant.
    fn over(present: Vec<Presence>) -> Signal<Quantity> {
        let mut turns: Vec<(Instant, bool, bool, usize)> = Vec::with_capacity(4 * present.len());
        for (i, p) in present.iter().enumerate() {
            let runs = p.surely.iter().map(|run| (true, run)).chain([(false, &p.perhaps)]);
            for (sure, run) in runs.filter(|(_, run)| run.from < run.to) {
                turns.extend([(run.from, true, sure, i), (run.to, false, sure, i)]);
            }
        }
        turns.sort();
        let joined = joined(&present);
        let mut sums = Sums::default();
        let mut steps = vec![(Instant::MIN, sums.quantity())];
        for at_once in turns.chunk_by(|a, b| a.0 == b.0) {
            for (_, begins, sure, i) in at_once {
                let p = &present[*i];
                sums.turn(p, joined.contains(&p.hit.seen.event), *begins, *sure);
            }
            match steps.last_mut() {
                Some(last) if last.0 == at_once[0].0 => last.1 = sums.quantity(),
                _ => steps.push((at_once[0].0, sums.quantity())),
            }
        }
        Signal::of_steps(steps)
    }

    /// One record enters a window, or leaves it.
    fn turn(&mut self, p: &Presence, joined: bool, begins: bool, sure: bool) {
        let seen = &p.hit.seen;
        let number = match &p.value {
            Some(Scalar::Number(n)) => Some(n),
            _ => None,
        };
        for (k, g) in Grade::CHAIN.into_iter().enumerate() {
            let speaks = [sure && seen.grade >= g, !sure && seen.against < g, !sure && seen.grade >= g];
            for bound in (0..3).filter(|bound| speaks[*bound]) {
                let Some(n) = number else {
                    if bound == 1 {
                        self.open[k] = if begins { self.open[k] + 1 } else { self.open[k] - 1 };
                    }
                    continue;
                };
                let sum = std::mem::take(&mut self.of[k][bound]);
                self.of[k][bound] = match (joined, begins) {
                    (false, true) => sum + n.clone(),
                    (false, false) => sum - n.clone(),
                    (true, _) => {
                        // Of one event that several records speak of, the greatest value counts.
                        let told = &mut self.together.entry(seen.event).or_default()[k][bound];
                        let greatest = |told: &BTreeMap<Number, u32>| told.keys().next_back().cloned();
                        let before = greatest(told).unwrap_or_default();
                        match begins {
                            true => *told.entry(n.clone()).or_default() += 1,
                            false => {
                                let left = told.get(n).copied().unwrap_or_default().saturating_sub(1);
                                match left {
                                    0 => drop(told.remove(n)),
                                    left => drop(told.insert(n.clone(), left)),
                                }
                            }
                        }
                        sum - before + greatest(told).unwrap_or_default()
                    }
                };
            }
        }
    }

    fn quantity(&self) -> Quantity {
        let all = |bound: usize| [0, 1, 2].map(|k: usize| Some(self.of[k][bound].clone()));
        let most = [0, 1, 2].map(|k: usize| Some(self.of[k][1].clone()).filter(|_| self.open[k] == 0));
        Quantity { least: all(0), most, reach: all(2), complete: Grade::Confirmed }
    }
}

/// A comparison that remembers its last answer: counts seldom change the side.
struct Compared {
    op: Op,
    n: i64,
    scale: i64,
    last: Option<(Counts, Grade, Support)>,
}

impl Compared {
    fn support(&mut self, counts: &Counts, complete: Grade) -> Support {
        if let Some((then, completed, support)) = &self.last
            && then == counts
            && *completed == complete
        {
            return *support;
        }
        let support = counts.compare(self.op, self.n, self.scale, complete);
        self.last = Some((*counts, complete, support));
        support
    }
}

impl<'w> World<'w, '_> {
    /// Up to which grade nothing is missing from a window, kept where it does not hang on one instance alone.
    pub fn completeness(&self, pattern: &FactPattern, window: &Window, env: &Env<'w>) -> Arc<Signal<Grade>> {
        if !self.memo.fast || !self.is_standing(window, env) {
            return Arc::new(self.complete(pattern, window, env));
        }
        let key = (
            std::ptr::from_ref(pattern) as usize,
            env.key(self.agreement, pattern),
            env.seen,
            env.watched.clone(),
        );
        self.keep(
            |memo| &memo.complete,
            key,
            None,
            |_| {
                // Of a window that ends at an instant, nothing later is seen.
                if matches!(window, Window::InAny(_) | Window::InEach(_)) {
                    self.memo.tracker.causal();
                }
                Arc::new(self.complete(pattern, window, env))
            },
        )
    }
}

impl Differ for Arc<Signal<Grade>> {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        Signal::differ(self, other)
    }
}
