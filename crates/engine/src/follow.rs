//! How a world follows the clock and what is known: where the clock is looked at, what is kept of what was computed, and
//! which of it others read.
//!
//! Nothing here says what a rule means; that is [`reference`](mod@crate::reference).

use crate::incremental::learning::Turned;
use crate::kept::{Differ, Node, Table};
use crate::reference::known::Known;
use crate::reference::moments::Moment_;
use crate::reference::{Env, Memo, World};
use crate::signal::{Run, Signal};
use servanda_model::agreement::{Agreement, Cond, FactPattern, Moment, Value};
use servanda_model::{Instant, Name, Record, RecordId};
use std::collections::BTreeSet;

/// A value that others read.
#[derive(Clone, Debug)]
pub enum Derived {
    Term(Name),
    Norm(Name),
    Acts,
    Force,
}

/// What of an instance the matches of a pattern hang on; see [`Env::key`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EnvKey {
    pub bearer: Vec<Name>,
    pub owed_to: Vec<Name>,
    pub trigger: Option<RecordId>,
    /// The exceptions, by address.
    pub except: usize,
}

impl Env<'_> {
    /// What of it the matches of a pattern hang on.
    pub fn key(&self, agreement: &Agreement, pattern: &FactPattern) -> EnvKey {
        self.key_by(agreement, Leans::of_pattern(agreement, pattern))
    }

    /// What of it something hangs on that names so much of it.
    pub fn key_by(&self, agreement: &Agreement, mut leans: Leans) -> EnvKey {
        self.except.iter().for_each(|e| leans.on_cond(agreement, &e.covers));
        EnvKey {
            bearer: if leans.bearer { self.bearer.clone() } else { Vec::new() },
            owed_to: if leans.owed_to { self.owed_to.clone() } else { Vec::new() },
            trigger: self.trigger_record.as_ref().filter(|_| leans.trigger).map(|r| r.id.clone()),
            except: if self.except.is_empty() { 0 } else { self.except.as_ptr() as usize },
        }
    }
}

impl Env<'_> {
    /// All of it that matches can hang on.
    pub fn whole_key(&self) -> EnvKey {
        EnvKey {
            bearer: self.bearer.clone(),
            owed_to: self.owed_to.clone(),
            trigger: self.trigger_record.as_ref().map(|r| r.id.clone()),
            except: if self.except.is_empty() { 0 } else { self.except.as_ptr() as usize },
        }
    }
}

/// What of an instance a pattern or a condition names.
#[derive(Default)]
pub struct Leans {
    pub bearer: bool,
    pub owed_to: bool,
    pub trigger: bool,
}

impl Leans {
    pub fn of_pattern(agreement: &Agreement, pattern: &FactPattern) -> Leans {
        let mut leans = Leans::default();
        leans.on_pattern(agreement, pattern);
        leans
    }

    pub fn on_pattern(&mut self, agreement: &Agreement, pattern: &FactPattern) {
        for (_, value) in &pattern.roles {
            self.on_value(agreement, value);
        }
        pattern.filter.iter().for_each(|c| self.on_cond(agreement, c));
    }

    pub fn on_cond(&mut self, agreement: &Agreement, cond: &Cond) {
        match cond {
            Cond::And(all) | Cond::Or(all) => all.iter().for_each(|c| self.on_cond(agreement, c)),
            Cond::Not(c) => self.on_cond(agreement, c),
            Cond::Compare(a, _, b) => [a, b].into_iter().for_each(|v| self.on_value(agreement, v)),
            Cond::Inside(v, zone) => {
                self.on_value(agreement, v);
                zone.args.iter().for_each(|v| self.on_value(agreement, v));
                self.on_value(agreement, &Value::Name(zone.zone.clone()));
            }
            Cond::Reading(_) => self.on_all(),
            _ => {}
        }
    }

    fn on_all(&mut self) {
        (self.bearer, self.owed_to, self.trigger) = (true, true, true);
    }

    fn on_value(&mut self, agreement: &Agreement, value: &Value) {
        match value {
            Value::Bearer => self.bearer = true,
            Value::Beneficiary => self.owed_to = true,
            Value::OfTrigger(_) => self.trigger = true,
            Value::Reading(_) => self.on_all(),
            Value::Attribute(_, v) => self.on_value(agreement, v),
            Value::Arith(a, _, b) => [&**a, &**b].into_iter().for_each(|v| self.on_value(agreement, v)),
            // The extent of a zone may itself name the bearer.
            Value::Name(name) if agreement.zones.get(name).is_some_and(|z| z.is_relative()) => self.on_all(),
            _ => {}
        }
    }
}

/// The clock is looked at here and nowhere else, so that whoever looks at it turns when the answer does.
impl World<'_, '_> {
    /// Whether an instant has come.
    pub fn reached(&self, t: Instant) -> bool {
        if t > self.at {
            self.memo.tracker.turns_at(t);
        }
        t <= self.at
    }

    /// Whether an instant is over.
    pub fn passed(&self, t: Instant) -> bool {
        if t >= self.at {
            self.memo.tracker.turns_at(t.next());
        }
        t < self.at
    }

    /// An instant, or the moment asked for where that is earlier.
    pub fn up_to(&self, t: Instant) -> Instant {
        if self.reached(t) { t } else { self.drifting() }
    }

    /// The moment asked for, in an answer that moves on with it.
    pub fn drifting(&self) -> Instant {
        self.memo.tracker.drifts();
        self.at
    }

    /// Whether the moment asked for lies in a stretch.
    pub fn lies_in_run(&self, run: &Run) -> bool {
        self.reached(run.from) && !self.reached(run.to)
    }

    /// What a signal is at the moment asked for.
    pub fn now<'s, T: Clone + PartialEq>(&self, signal: &'s Signal<T>) -> &'s T {
        if let Some(next) = signal.next_after(self.at) {
            self.memo.tracker.turns_at(next);
        }
        signal.at(self.at)
    }

    /// The maximal stretches that have begun.
    pub fn begun(&self, runs: Vec<Run>) -> impl Iterator<Item = Run> {
        let begun = runs.partition_point(|run| run.from <= self.at);
        if let Some(next) = runs.get(begun) {
            self.memo.tracker.turns_at(next.from);
        }
        runs.into_iter().take(begun)
    }

    /// The moment asked for, for who belongs to a group then.
    pub fn membership_now(&self) -> Instant {
        let next = self.memo.epochs.get(self.epoch(self.at)).copied();
        next.into_iter().for_each(|t| self.memo.tracker.turns_at(t));
        self.at
    }

    /// How many changes of memberships and zones lie before an instant.
    pub fn epoch(&self, at: Instant) -> usize {
        self.memo.epochs.partition_point(|t| *t <= at)
    }
}

/// A moment may lie long before or after the record that tells it: what is read for it bears on every time.
impl<'w> World<'w, '_> {
    /// A moment for an instance; `None` where it has not come, or is not known to have.
    pub fn moment(&self, moment: &Moment, env: &Env<'w>) -> Option<Moment_> {
        self.memo.tracker.at_large(|| self.moment_of(moment, env))
    }

    /// Findings that a term is met.
    pub fn found(&self, term: &Name) -> Vec<Moment_> {
        self.memo.tracker.at_large(|| self.findings(term))
    }
}

impl<'w> World<'w, '_> {
    /// A kept value, or the same computed now.
    pub fn keep<K: Ord + Clone, V: Clone + Differ>(
        &self,
        table: impl for<'m> Fn(&'m Memo<'w>) -> &'m Table<K, V>,
        key: K,
        guard: Option<V>,
        compute: impl FnOnce(Node) -> V,
    ) -> V {
        let refresh = |node| self.refresh(node);
        self.memo.tracker.keep(table(&self.memo), key, self.at, guard, refresh, compute)
    }

    /// A kept value, computed anew only over the time that what it read has changed: `compute` is given the old value
    /// and that time, or nothing where it has to begin at the beginning.
    pub fn keep_in_part<K: Ord + Clone, V: Clone + Differ>(
        &self,
        table: impl for<'m> Fn(&'m Memo<'w>) -> &'m Table<K, V>,
        key: K,
        compute: impl FnOnce(Option<(&V, Instant, Instant)>) -> V,
    ) -> V {
        let refresh = |node| self.refresh(node);
        let anew = |_, old: Option<(&V, Instant, Instant)>| compute(old);
        self.memo.tracker.keep_if(table(&self.memo), key, self.at, None, refresh, |_| true, anew)
    }

    /// Brings a derived value that was read up to date.
    pub fn refresh(&self, node: Node) {
        let derived = self.memo.derived.borrow().get(&node).cloned();
        match derived {
            Some(Derived::Term(name)) => drop(self.term(&name)),
            Some(Derived::Norm(name)) => drop(self.instances(&name)),
            Some(Derived::Acts) => drop(self.acts()),
            Some(Derived::Force) => drop(self.in_force()),
            None => {}
        }
    }

    /// The norms that became doubtful since this was last asked.
    pub fn doubted_norms(&self) -> BTreeSet<Name> {
        let derived = self.memo.derived.borrow();
        let doubted = self.memo.tracker.take_doubted();
        let norms = doubted.into_iter().filter_map(|node| match derived.get(&node) {
            Some(Derived::Norm(name)) => Some(name.clone()),
            _ => None,
        });
        norms.collect()
    }

    /// From which instant on the clock alone may change a norm's verdicts.
    pub fn turn_of(&self, norm: &Name) -> Instant {
        let node = self.memo.norms.borrow().get(norm).map(|kept| kept.node());
        node.map_or(Instant::MAX, |node| self.memo.tracker.turn(node))
    }

    pub fn derives(&self, node: Node, what: impl FnOnce() -> Derived) {
        if self.memo.tracker.follows() {
            self.memo.derived.borrow_mut().entry(node).or_insert_with(what);
        }
    }
}

impl Known {
    /// What turns where a record came or went, and others stand or fall with it.
    pub(crate) fn touched_by(
        &mut self,
        agreement: &Agreement,
        r: &Record,
        ended: &[RecordId],
    ) -> Vec<Turned> {
        let mut touched: BTreeSet<RecordId> = ended.iter().cloned().collect();
        let mut disputed: BTreeSet<RecordId> = BTreeSet::new();
        for one in ended.iter().filter_map(|id| self.recorded.get(id).map(|r| &**r)).chain([r]) {
            touched.extend(one.disputes.clone());
            disputed.extend(one.disputes.clone());
            let told = one.incident.as_ref().and_then(|i| self.incidents.get(i));
            touched.extend(told.into_iter().flatten().map(|(_, id)| id.clone()));
        }
        let mut open = vec![r.id.clone()];
        while let Some(id) = open.pop() {
            for heir in self.heirs.get(&id).into_iter().flatten() {
                if touched.insert(heir.clone()) {
                    open.push(heir.clone());
                }
            }
        }
        let recounted = touched.into_iter().filter_map(|id| {
            let disputed = disputed.contains(&id);
            self.recount(agreement, id, disputed)
        });
        recounted.collect()
    }
}
