//! The stretches over which a condition is true, and what they start: kept, and of a change only those looked at anew
//! that it touches.

use crate::follow::{EnvKey, Leans};
use crate::kept::{Differ, wholly};
use crate::reference::conditions::patterns_of;
use crate::reference::moments::{Moment_, Stretch};
use crate::reference::norms::Start;
use crate::reference::{Env, World};
use crate::signal::{Run, Signal};
use servanda_model::agreement::{Agreement, Cond, FactKind, Norm, Trigger, Value};
use servanda_model::verdict::Bearer;
use servanda_model::{Grade, Instant, Name, Number, Support};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A condition by its address, the instance, and how it is looked at.
pub type CondKey = (usize, EnvKey, (bool, Number, Grade));

/// A stretch that is known already, by its run and the end of the stretch before.
pub type Known<'a> = dyn Fn(Run, Instant) -> Option<Arc<Stretch>> + 'a;

/// So many new stretches are told apart one by one.
const FEW: usize = 8;

/// A stretch, and the start that was made of it, if it starts anything.
type Made = (Arc<Stretch>, Option<Arc<Start>>);

/// What starts instances of a norm for a bearer, and what of it was made of what.
#[derive(Default)]
pub struct Starts {
    bounds: Option<(Moment_, Instant)>,
    made: Vec<Made>,
    /// Whether they were made in order.
    as_made: bool,
    /// All starts, in order.
    pub all: Vec<Arc<Start>>,
}

impl Differ for Arc<Starts> {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        wholly(alike(&self.all, &other.all))
    }
}

/// The stretches of a condition.
pub struct Stretches {
    all: Arc<Vec<Arc<Stretch>>>,
    /// A digest of the anchor of each.
    anchors: Vec<u64>,
    /// Whether two have the same anchor.
    numbered: bool,
}

impl Stretches {
    fn of(mut all: Vec<Arc<Stretch>>) -> Stretches {
        tell_apart(&mut all);
        let anchors = all.iter().map(|s| digest(&s.anchor)).collect();
        let numbered = all.iter().any(|s| s.anchor != s.moment.anchor);
        Stretches { all: Arc::new(all), anchors, numbered }
    }
}

impl Differ for Arc<Stretches> {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        wholly(alike(&self.all, &other.all))
    }
}

/// FNV-1a: few names share it.
fn digest(name: &Name) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, step)
}

/// Whether two lists hold the same; what is one and the same is not looked into.
pub fn alike<T: PartialEq>(a: &[Arc<T>], b: &[Arc<T>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b) || a == b)
}

impl<'w> World<'w, '_> {
    /// Support of a condition at every instant, shared where it is kept.
    pub fn signal_shared(&self, cond: &Cond, env: &Env<'w>) -> Arc<Signal<Support>> {
        let plainly = || Arc::new(self.signal(cond, env));
        if !self.memo.fast {
            return plainly();
        }
        match cond {
            Cond::Term(name) => self.term(name),
            Cond::Fact(pattern) if is_state(self.agreement, &pattern.fact) => self.state_kept(pattern, env),
            Cond::Compare(Value::Aggregate(agg), op, Value::Number(n, _)) => {
                self.aggregate_compared(agg, *op, n, env).unwrap_or_else(plainly)
            }
            _ if of_states(self.agreement, cond) => {
                let key = cond_key(self.agreement, cond, env, env.key_of(self.agreement, cond));
                self.keep(
                    |memo| &memo.conds,
                    key,
                    None,
                    |_| {
                        self.memo.tracker.causal();
                        plainly()
                    },
                )
            }
            _ => plainly(),
        }
    }

    /// Stretches of a condition, kept. `compute` makes those that end after an instant, of the condition's signal and of
    /// those already known: by the run and the end of the stretch before.
    pub fn stretches_kept(
        &self,
        cond: &Cond,
        env: &Env<'w>,
        compute: impl Fn(&Signal<Support>, Instant, &Known<'_>) -> Vec<Arc<Stretch>>,
    ) -> Arc<Vec<Arc<Stretch>>> {
        let plainly = || {
            let all = compute(&self.signal_shared(cond, env), Instant::MIN, &|_, _| None);
            Arc::new(Stretches::of(all))
        };
        if !self.memo.tracker.follows() || env.trigger.is_some() || !env.looks_at_all() {
            return plainly().all.clone();
        }
        self.memo.tracker.aside(|| self.signal_shared(cond, env));
        let key = cond_key(self.agreement, cond, env, env.whole_key());
        let kept = self.keep_in_part(
            |memo| &memo.stretches,
            key,
            |old| {
                let Some((before, from, to)) = old else { return plainly() };
                let old = &before.all;
                let signal = self.signal_shared(cond, env);
                // All that was ever looked at is what it hangs on, however little is looked at now.
                self.looked_at(cond, env).0.iter().for_each(|(pattern, env)| drop(self.hits(pattern, env)));
                let known = |run: Run, before: Instant| {
                    let place = old.partition_point(|s| s.run.from < run.from);
                    let same = old.get(place).filter(|s| s.run == run && s.before == before)?;
                    (to < same.looked_from || same.run.to <= from).then(|| same.clone())
                };
                // What was over before anything changed stays what it is.
                let over = old.partition_point(|s| s.run.to < from);
                let begins = over.checked_sub(1).map_or(Instant::MIN, |last| old[last].run.to);
                let rest = compute(&signal, begins, &known);
                let fresh = rest.iter().filter(|s| {
                    let place = old.partition_point(|o| o.run.from < s.run.from);
                    !old.get(place).is_some_and(|o| Arc::ptr_eq(s, o))
                });
                let fresh: Vec<&Arc<Stretch>> = fresh.collect();
                let mut anchors = before.anchors[..over].to_vec();
                anchors.extend(rest.iter().map(|s| digest(&s.anchor)));
                let lone = |s: &&Arc<Stretch>| {
                    let own = digest(&s.anchor);
                    anchors.iter().filter(|other| **other == own).take(2).count() == 1
                };
                let apart = !before.numbered && fresh.len() <= FEW && fresh.iter().all(lone);
                let mut all = Vec::with_capacity(over + rest.len());
                all.extend_from_slice(&old[..over]);
                all.extend(rest);
                Arc::new(match apart {
                    true => Stretches { all: Arc::new(all), anchors, numbered: false },
                    false => Stretches::of(all),
                })
            },
        );
        kept.all.clone()
    }

    /// What starts instances of a norm for a bearer, kept.
    pub fn starts_kept(&self, norm: &Norm, bearer: &Bearer, env: &Env<'w>) -> Arc<Starts> {
        let key = (norm.name.clone(), bearer.clone());
        let old = || self.memo.starts.borrow().get(&key).map(|kept| kept.value().clone()).unwrap_or_default();
        self.keep(
            |memo| &memo.starts,
            key.clone(),
            None,
            |_| {
                let old = old();
                Arc::new(match &norm.when {
                    Trigger::Begins(cond) => self.starts_of_stretches(norm, cond, env, &old),
                    _ => {
                        let all = self.starts(norm, env).into_iter();
                        let all = all.map(|start| same_or_new(&old.all, start)).collect();
                        Starts { all, ..Starts::default() }
                    }
                })
            },
        )
    }

    fn starts_of_stretches(&self, norm: &Norm, cond: &Cond, env: &Env<'w>, old: &Starts) -> Starts {
        let bounds = self.bounds();
        let Some((in_force, ends)) = &bounds else { return Starts::default() };
        let plain = Env { except: &[], ..env.clone() };
        let stretches = self.stretches(cond, &plain);
        let same = |((a, start), b): &(&Made, &Arc<Stretch>)| start.is_some() && Arc::ptr_eq(a, b);
        let head = match old.bounds == bounds {
            true => old.made.iter().zip(&*stretches).take_while(same).count(),
            false => 0,
        };
        let mut made = Vec::with_capacity(stretches.len());
        made.extend_from_slice(&old.made[..head]);
        made.extend(stretches[head..].iter().map(|stretch| {
            let place = old.made.partition_point(|(s, _)| s.run.from < stretch.run.from);
            let known = old.made.get(place).filter(|(s, _)| Arc::ptr_eq(s, stretch));
            let known = known.filter(|_| old.bounds == bounds).and_then(|(_, start)| start.clone());
            let start = known.or_else(|| {
                let mut start = self.triggered_by(stretch, in_force)?;
                let admitted = self.admits(norm, env, (in_force, *ends), &mut start);
                admitted.then(|| same_or_new(&old.all, start))
            });
            (stretch.clone(), start)
        }));
        let mut all: Vec<Arc<Start>> = made.iter().filter_map(|(_, start)| start.clone()).collect();
        // What was in order before is in order still.
        let sorted = if old.as_made { head.saturating_sub(1) } else { 0 };
        let as_made = all[sorted..].is_sorted_by(|a, b| a.order() <= b.order());
        if !as_made {
            all.sort_by(|a, b| a.order().cmp(&b.order()));
        }
        Starts { bounds, made, all, as_made }
    }
}

/// The old start where it is the same.
fn same_or_new(old: &[Arc<Start>], start: Start) -> Arc<Start> {
    let place = old.partition_point(|s| s.order() < start.order());
    let mut alike = old[place..].iter().take_while(|s| s.order() == start.order());
    alike.find(|s| ***s == start).cloned().unwrap_or_else(|| Arc::new(start))
}

/// A second stretch with the same anchor gets a number behind it.
fn tell_apart(all: &mut [Arc<Stretch>]) {
    let mut taken: BTreeMap<Name, usize> = BTreeMap::new();
    for stretch in all {
        let times = taken.entry(stretch.anchor.clone()).or_default();
        *times += 1;
        let told = match *times {
            1 => stretch.anchor.clone(),
            times => Name::from(format!("{}+{times}", stretch.anchor)),
        };
        if stretch.moment.anchor != told {
            let moment = Moment_ { anchor: told, ..stretch.moment.clone() };
            *stretch = Arc::new(Stretch { moment, ..(**stretch).clone() });
        }
    }
}

fn cond_key(agreement: &Agreement, cond: &Cond, env: &Env<'_>, of: EnvKey) -> CondKey {
    let address = match cond {
        // Whoever asks for a term may do so by a condition made on the spot.
        Cond::Term(name) => {
            agreement.terms.get_key_value(name).map_or(0, |(name, _)| std::ptr::from_ref(name) as usize)
        }
        cond => std::ptr::from_ref(cond) as usize,
    };
    (address, of, (env.seen, env.watched.clone(), env.standard))
}

fn is_state(agreement: &Agreement, fact: &Name) -> bool {
    agreement.facts.get(fact).is_some_and(|f| f.kind == FactKind::State)
}

/// Whether a condition is about states and terms alone, whatever time an instance looks at.
fn of_states(agreement: &Agreement, cond: &Cond) -> bool {
    match cond {
        Cond::And(all) | Cond::Or(all) => all.iter().all(|c| of_states(agreement, c)),
        Cond::Not(c) => of_states(agreement, c),
        Cond::Fact(pattern) => is_state(agreement, &pattern.fact),
        Cond::Term(_) => true,
        _ => false,
    }
}

impl Env<'_> {
    /// What of it the matches of all patterns of a condition hang on.
    pub fn key_of(&self, agreement: &Agreement, cond: &Cond) -> EnvKey {
        let mut patterns = Vec::new();
        patterns_of(cond, &mut patterns);
        let mut leans = Leans::default();
        patterns.iter().for_each(|p| leans.on_pattern(agreement, p));
        self.key_by(agreement, leans)
    }
}
