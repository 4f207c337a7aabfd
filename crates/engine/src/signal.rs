//! Functions of time that are constant between steps, and quantities known within bounds.
//!
//! A [`Signal`] says for every instant what a condition's support or a quantity is. A [`Quantity`] says, for each
//! grade, what is established as its least value and what the recorded facts allow as its greatest.
//!
//! Invariants
//! - the first step of a signal stands at [`Instant::MIN`]; steps are strictly ascending and differ from each other;
//! - nothing here knows an agreement.

use servanda_model::agreement::{ArithOp, Function, Op};
use servanda_model::grade::Truth;
use servanda_model::{Grade, Instant, Number, Support, When};
use std::collections::BTreeSet;

/// A function of time that is constant between steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal<T> {
    steps: Vec<(Instant, T)>,
}

/// A maximal stretch `[from, to)` over which something is the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First instant.
    pub from: Instant,
    /// First instant after it; [`Instant::MAX`] where it does not end.
    pub to: Instant,
}

impl<T: Clone + PartialEq> Signal<T> {
    /// The same at all times.
    pub fn constant(value: T) -> Signal<T> {
        Signal { steps: vec![(Instant::MIN, value)] }
    }

    /// `value_at` evaluated at the beginning and at every instant of `steps`.
    pub fn sampled(mut steps: Vec<Instant>, mut value_at: impl FnMut(Instant) -> T) -> Signal<T> {
        steps.push(Instant::MIN);
        steps.sort_unstable();
        steps.dedup();
        let mut signal = Signal { steps: Vec::with_capacity(steps.len()) };
        for at in steps {
            signal.push(at, value_at(at));
        }
        signal
    }

    /// These steps, the first at [`Instant::MIN`], in order.
    pub fn of_steps(steps: Vec<(Instant, T)>) -> Signal<T> {
        let mut signal = Signal { steps: Vec::with_capacity(steps.len()) };
        steps.into_iter().for_each(|(at, value)| signal.push(at, value));
        signal
    }

    /// A value for the runs that each instant lies in, by their number; a run that ends before it begins is nowhere.
    pub fn over(runs: &[Run], mut value_of: impl FnMut(&BTreeSet<usize>) -> T) -> Signal<T> {
        let mut turns: Vec<(Instant, bool, usize)> = Vec::with_capacity(2 * runs.len());
        for (i, run) in runs.iter().enumerate().filter(|(_, run)| run.from < run.to) {
            turns.extend([(run.from, true, i), (run.to, false, i)]);
        }
        turns.sort_unstable();
        let mut active = BTreeSet::new();
        let mut signal = Signal { steps: Vec::new() };
        if turns.first().is_none_or(|(first, ..)| *first > Instant::MIN) {
            signal.push(Instant::MIN, value_of(&active));
        }
        for together in turns.chunk_by(|a, b| a.0 == b.0) {
            for (_, begins, i) in together {
                if *begins {
                    active.insert(*i)
                } else {
                    active.remove(i)
                };
            }
            signal.push(together[0].0, value_of(&active));
        }
        signal
    }

    /// This signal, but another's steps from one instant up to another, where this one goes on.
    pub fn spliced(&self, with: &Signal<T>, from: Instant, to: Instant) -> Signal<T> {
        let mut out = Signal { steps: Vec::with_capacity(self.steps.len() + with.steps.len()) };
        let before = self.steps.partition_point(|(at, _)| *at < from);
        out.steps.extend_from_slice(&self.steps[..before]);
        out.push(from, with.at(from).clone());
        let inside = with.steps.iter().filter(|(at, _)| from < *at && *at < to);
        inside.for_each(|(at, value)| out.push(*at, value.clone()));
        if to < Instant::MAX {
            out.push(to, self.at(to).clone());
            let after = self.steps.partition_point(|(at, _)| *at <= to);
            self.steps[after..].iter().for_each(|(at, value)| out.push(*at, value.clone()));
        }
        out
    }

    fn push(&mut self, at: Instant, value: T) {
        if self.steps.last().is_none_or(|(_, last)| *last != value) {
            self.steps.push((at, value));
        }
    }

    /// The value at an instant.
    pub fn at(&self, at: Instant) -> &T {
        &self.steps[self.step_at(at)].1
    }

    fn step_at(&self, at: Instant) -> usize {
        self.steps.partition_point(|(from, _)| *from <= at).max(1) - 1
    }

    /// When it changes next after an instant.
    pub fn next_after(&self, at: Instant) -> Option<Instant> {
        self.steps.get(self.steps.partition_point(|(from, _)| *from <= at)).map(|(from, _)| *from)
    }

    /// First and last instant at which two signals differ; `None`: nowhere.
    pub fn differ(&self, other: &Signal<T>) -> Option<(Instant, Instant)> {
        let (a, b) = (&self.steps, &other.steps);
        let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        if same == a.len() && same == b.len() {
            return None;
        }
        let begins = |steps: &[(Instant, T)]| steps.get(same).map_or(Instant::MAX, |(at, _)| *at);
        let rest = a.len().min(b.len()) - same;
        let alike = a.iter().rev().zip(b.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
        let ends = |steps: &[(Instant, T)]| match alike {
            0 => Instant::MAX,
            n => steps[steps.len() - n].0 + -1,
        };
        Some((begins(a).min(begins(b)), ends(a).max(ends(b))))
    }

    /// The instants at which it changes.
    pub fn instants(&self) -> impl Iterator<Item = Instant> + '_ {
        self.steps.iter().map(|(at, _)| *at)
    }

    /// Another signal, value by value.
    pub fn map<U: Clone + PartialEq>(&self, mut f: impl FnMut(&T) -> U) -> Signal<U> {
        let mut out = Signal { steps: Vec::with_capacity(self.steps.len()) };
        for (at, value) in &self.steps {
            out.push(*at, f(value));
        }
        out
    }

    /// Two signals, value by value.
    pub fn with<U: Clone + PartialEq, V: Clone + PartialEq>(
        &self,
        other: &Signal<U>,
        mut f: impl FnMut(&T, &U) -> V,
    ) -> Signal<V> {
        let (mut i, mut j) = (0, 0);
        let mut out = Signal { steps: Vec::new() };
        loop {
            let at = self.steps[i].0.max(other.steps[j].0);
            out.push(at, f(&self.steps[i].1, &other.steps[j].1));
            match (self.steps.get(i + 1), other.steps.get(j + 1)) {
                (None, None) => return out,
                (Some(_), None) => i += 1,
                (None, Some(_)) => j += 1,
                (Some(a), Some(b)) => {
                    if a.0 <= b.0 {
                        i += 1;
                    }
                    if b.0 <= a.0 {
                        j += 1;
                    }
                }
            }
        }
    }

    /// Maximal stretches over which `holds` says so.
    pub fn runs(&self, mut holds: impl FnMut(&T) -> bool) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (i, (from, value)) in self.steps.iter().enumerate() {
            if holds(value) {
                let to = self.steps.get(i + 1).map_or(Instant::MAX, |next| next.0);
                match runs.last_mut() {
                    Some(last) if last.to == *from => last.to = to,
                    _ => runs.push(Run { from: *from, to }),
                }
            }
        }
        runs
    }
}

impl Signal<Support> {
    /// Stretches over which it is of this truth under a standard.
    pub fn stretches(&self, standard: Grade, truth: Truth) -> Vec<Run> {
        self.runs(|s| s.truth(standard) == truth)
    }

    /// Those of them that end after an instant, one after the other.
    pub fn stretches_after(
        &self,
        standard: Grade,
        truth: Truth,
        after: Instant,
    ) -> impl Iterator<Item = Run> + '_ {
        let is = move |i: usize| self.steps.get(i).is_some_and(|(_, s)| s.truth(standard) == truth);
        let mut i = self.step_at(after);
        while i > 0 && is(i) && is(i - 1) {
            i -= 1;
        }
        std::iter::from_fn(move || {
            while i < self.steps.len() && !is(i) {
                i += 1;
            }
            let from = self.steps.get(i)?.0;
            while is(i) {
                i += 1;
            }
            Some(Run { from, to: self.steps.get(i).map_or(Instant::MAX, |(at, _)| *at) })
        })
    }

    /// Since when it is of the truth that it is of at an instant.
    pub fn so_since(&self, at: Instant, standard: Grade) -> Instant {
        let mut i = self.step_at(at);
        let truth = self.steps[i].1.truth(standard);
        while i > 0 && self.steps[i - 1].1.truth(standard) == truth {
            i -= 1;
        }
        self.steps[i].0
    }

    /// When a true stretch that goes on at `from` began: at the earliest where the doubts of recorded events, falling in
    /// favour, would already have made it true, though not before the end of the true stretch before it.
    pub fn began(&self, from: Instant, standard: Grade) -> When {
        let might = |i: usize| self.steps[i].1.supported_at_best >= standard;
        let is_true = |i: usize| self.steps[i].1.truth(standard) == Truth::True;
        let mut i = self.step_at(from);
        if !might(i) {
            return When::exact(from);
        }
        // Its own true steps, then those that might be, as far as the true stretch before.
        while i > 0 && is_true(i) && is_true(i - 1) {
            i -= 1;
        }
        while i > 0 && might(i - 1) && !is_true(i - 1) {
            i -= 1;
        }
        When { earliest: self.steps[i].0, latest: from }
    }
}

/// A quantity as far as it is known: for each grade of [`Grade::CHAIN`] a least and a greatest value.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Established at that grade to be at least this; `None`: nothing is.
    pub least: [Option<Number>; 3],
    /// What it would be established to be at least, if every doubt of a record of that grade fell that way.
    pub reach: [Option<Number>; 3],
    /// By what is recorded at most this; `None`: without limit.
    pub most: [Option<Number>; 3],
    /// Up to which grade the record is complete, so that `most` is a limit at all.
    pub complete: Grade,
}

impl Quantity {
    /// Known exactly.
    pub fn exact(value: Number) -> Quantity {
        let all = [Some(value.clone()), Some(value.clone()), Some(value)];
        Quantity { least: all.clone(), reach: all.clone(), most: all, complete: Grade::Confirmed }
    }

    /// Not known at all.
    pub fn unknown() -> Quantity {
        Quantity {
            least: [const { None }; 3],
            reach: [const { None }; 3],
            most: [const { None }; 3],
            complete: Grade::None,
        }
    }

    fn is_exact(&self) -> Option<&Number> {
        let value = self.least[0].as_ref()?;
        (*self == Quantity::exact(value.clone())).then_some(value)
    }

    /// What is established at a grade to be its least value.
    pub fn least_at(&self, grade: Grade) -> Option<&Number> {
        Grade::CHAIN
            .iter()
            .position(|g| *g == grade.max(Grade::Possible))
            .and_then(|i| self.least[i].as_ref())
    }

    /// The bounds of a function of two quantities: `f` maps least and greatest of both to least and greatest. What it
    /// would reach at best is the same function with the reach in place of the least.
    fn bounds(&self, other: &Quantity, f: impl Fn([Option<&Number>; 4]) -> [Option<Number>; 2]) -> Quantity {
        let mut out = Quantity { complete: self.complete.min(other.complete), ..Quantity::unknown() };
        for i in 0..3 {
            let of = [&self.least[i], &self.most[i], &other.least[i], &other.most[i]].map(Option::as_ref);
            [out.least[i], out.most[i]] = f(of);
            let at_best =
                [&self.reach[i], &self.most[i], &other.reach[i], &other.least[i]].map(Option::as_ref);
            [out.reach[i], _] = f(at_best);
        }
        out
    }

    /// Arithmetic on bounds. A product or quotient of two quantities neither of which is exact takes the outermost of
    /// the four combinations; a division by what may be zero is unknown.
    pub fn arith(&self, op: ArithOp, other: &Quantity) -> Quantity {
        let two = |a: Option<&Number>, b: Option<&Number>, f: fn(Number, Number) -> Number| {
            Some(f(a?.clone(), b?.clone()))
        };
        match op {
            ArithOp::Add => {
                self.bounds(other, |[al, ah, bl, bh]| [two(al, bl, |a, b| a + b), two(ah, bh, |a, b| a + b)])
            }
            ArithOp::Sub => {
                self.bounds(other, |[al, ah, bl, bh]| [two(al, bh, |a, b| a - b), two(ah, bl, |a, b| a - b)])
            }
            ArithOp::Div => match other.is_exact().and_then(|by| Number::from(1).over(by)) {
                Some(inverse) => self.arith(ArithOp::Mul, &Quantity::exact(inverse)),
                None => match (self.is_exact(), other) {
                    (_, other)
                        if Grade::CHAIN
                            .iter()
                            .all(|g| other.least_at(*g).is_some_and(|l| *l > Number::zero())) =>
                    {
                        self.bounds(other, |[al, ah, bl, bh]| {
                            [al.and_then(|a| a.over(bh?)), ah.and_then(|a| a.over(bl?))]
                        })
                    }
                    _ => Quantity::unknown(),
                },
            },
            ArithOp::Mul => match (self.is_exact(), other.is_exact()) {
                (Some(_), None) => other.arith(ArithOp::Mul, self),
                (_, Some(by)) => {
                    let times = |a: Option<&Number>| a.map(|a| a.clone() * by.clone());
                    let negative = *by < Number::zero();
                    self.bounds(
                        other,
                        |[l, h, ..]| if negative { [times(h), times(l)] } else { [times(l), times(h)] },
                    )
                }
                (None, None) => self.bounds(other, |ends| match ends {
                    [Some(al), Some(ah), Some(bl), Some(bh)] => {
                        let mut all =
                            [(al, bl), (al, bh), (ah, bl), (ah, bh)].map(|(a, b)| a.clone() * b.clone());
                        all.sort();
                        [Some(all[0].clone()), Some(all[3].clone())]
                    }
                    _ => [None, None],
                }),
            },
        }
    }

    /// A function of one or two quantities.
    pub fn call(function: Function, args: &[Quantity]) -> Quantity {
        let Some(first) = args.first() else { return Quantity::unknown() };
        let each = |f: fn(&Number) -> Number| first.bounds(first, |[l, h, ..]| [l.map(f), h.map(f)]);
        match function {
            Function::Ceil => each(Number::ceil),
            Function::Floor => each(Number::floor),
            Function::Abs => first.bounds(first, |[l, h, ..]| match (l, h) {
                (Some(l), Some(h)) if *l >= Number::zero() => [Some(l.clone()), Some(h.clone())],
                (Some(l), Some(h)) if *h <= Number::zero() => [Some(-h.clone()), Some(-l.clone())],
                (Some(l), Some(h)) => [Some(Number::zero()), Some(l.abs().max(h.abs()))],
                _ => [None, None],
            }),
            Function::Min | Function::Max => args[1..].iter().fold(first.clone(), |a, b| {
                let pick = move |x: Option<&Number>, y: Option<&Number>| {
                    let (x, y) = (x?, y?);
                    Some(if function == Function::Min { x.min(y) } else { x.max(y) }.clone())
                };
                a.bounds(b, |[al, ah, bl, bh]| [pick(al, bl), pick(ah, bh)])
            }),
        }
    }

    fn at_least(&self, other: &Quantity) -> Support {
        let best = |holds: &dyn Fn(usize, Grade) -> bool| {
            let found = Grade::CHAIN.into_iter().enumerate().rev().find(|(i, g)| holds(*i, *g));
            found.map_or(Grade::None, |(_, g)| g)
        };
        let ge = |a: &Option<Number>, b: &Option<Number>| matches!((a, b), (Some(a), Some(b)) if a >= b);
        let lt = |a: &Option<Number>, b: &Option<Number>| matches!((a, b), (Some(a), Some(b)) if a < b);
        let supported = best(&|i, g| ge(&self.least[i], &other.most[i]) && other.complete >= g);
        let opposed = best(&|i, g| lt(&self.most[i], &other.least[i]) && self.complete >= g);
        let might = best(&|i, _| ge(&self.reach[i], &other.least[i]));
        let might_not = best(&|i, g| lt(&self.least[i], &other.most[i]) && self.complete >= g);
        Support {
            supported,
            supported_at_best: supported.max(might),
            opposed,
            opposed_at_best: opposed.max(might_not),
        }
    }

    /// A comparison: supported at the best grade at which the bounds establish it, opposed at the best at which they
    /// exclude it.
    pub fn compare(&self, op: Op, other: &Quantity) -> Support {
        match op {
            Op::Ge => self.at_least(other),
            Op::Le => other.at_least(self),
            Op::Lt => self.at_least(other).not(),
            Op::Gt => other.at_least(self).not(),
            Op::Eq => self.at_least(other).and(other.at_least(self)),
            Op::Ne => self.compare(Op::Eq, other).not(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(least: i64, most: i64, complete: Grade) -> Quantity {
        let all = |n: i64| [Some(n.into()), Some(n.into()), Some(n.into())];
        Quantity { least: all(least), reach: all(most), most: all(most), complete }
    }

    #[test]
    fn a_bound_decides_only_where_the_record_is_complete() {
        let five = Quantity::exact(5.into());
        assert_eq!(between(6, 9, Grade::None).compare(Op::Ge, &five).truth(Grade::Confirmed), Truth::True);
        assert_eq!(between(1, 3, Grade::None).compare(Op::Ge, &five).truth(Grade::Possible), Truth::Unknown);
        assert_eq!(
            between(1, 3, Grade::Probable).compare(Op::Ge, &five).truth(Grade::Probable),
            Truth::False
        );
        assert_eq!(
            between(1, 9, Grade::Confirmed).compare(Op::Ge, &five).truth(Grade::Possible),
            Truth::Unknown
        );
        assert_eq!(
            between(5, 5, Grade::Confirmed).compare(Op::Eq, &five).truth(Grade::Confirmed),
            Truth::True
        );
    }

    #[test]
    fn sources_that_disagree_are_contested() {
        let two = Quantity {
            least: [Some(16.into()), Some(16.into()), Some(14.into())],
            reach: [Some(16.into()), Some(16.into()), Some(14.into())],
            most: [Some(14.into()), Some(14.into()), Some(14.into())],
            complete: Grade::Confirmed,
        };
        assert_eq!(two.compare(Op::Ge, &Quantity::exact(15.into())).truth(Grade::Probable), Truth::Contested);
    }

    #[test]
    fn runs_merge_and_signals_join() {
        let at = Instant;
        let a = Signal::sampled(vec![at(10), at(20), at(30)], |t| t >= at(10) && t < at(30));
        let b = Signal::sampled(vec![at(15)], |t| t >= at(15));
        let both = a.with(&b, |a, b| *a && *b);
        assert_eq!(both.runs(|x| *x), vec![Run { from: at(15), to: at(30) }]);
        assert!(*both.at(at(29)) && !*both.at(at(30)) && !*both.at(at(14)));
    }
}
