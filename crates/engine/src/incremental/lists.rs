//! Lists of the records that a pattern matches, kept up to date record by record.
//!
//! A list is made once for a pattern and what of an instance its matches hang on. It is made of those records alone
//! that bear a name which the pattern asks for, found by [`Postings`]; and a record that turns is shown to those lists
//! alone that ask for its names.

use crate::follow::EnvKey;
use crate::incremental::learning::Turned;
use crate::kept::Node;
use crate::reference::known::{Seen, Series};
use crate::reference::matching::{Hit, Match, Scalar};
use crate::reference::{Env, World};
use servanda_model::agreement::{Cond, FactKind, FactPattern, Op, Value};
use servanda_model::record::{RoleValue, Says};
use servanda_model::{Instant, Name};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The records that a pattern matches for an instance, in order of time.
#[derive(Clone, Debug)]
pub struct List {
    /// All of them.
    pub all: Arc<Vec<Hit>>,
    /// Greatest doubt about the time of one of them, in milliseconds.
    widest: i64,
    /// Longest time for which one of them says that something lasts, in milliseconds.
    longest: i64,
    node: Node,
}

/// A list with what it is kept up to date by.
struct Held<'w> {
    pattern: FactPattern,
    env: Env<'w>,
    list: List,
    matched: Matched,
}

/// What was matched before, by the number of what a record tells and by epoch.
#[derive(Default)]
struct Matched(BTreeMap<(u32, usize), Match>);

/// Where every record tells something else, there is nothing to be remembered.
const MOST_MATCHED: usize = 4_096;

/// What of a fact's records is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Part {
    Denials,
    All,
}

/// A pattern by its address, and what of an instance its matches hang on.
type ListKey = (usize, EnvKey);

/// A role, and the names that a pattern asks for in it.
type Need = (Name, Vec<Name>);

/// Records by the number of what they tell, each in order of time.
type Bodies = BTreeMap<u32, Vec<Arc<Seen>>>;

/// The records of a fact that affirm it, by the name that fills one of their roles.
#[derive(Default)]
struct Postings {
    by_name: BTreeMap<Name, Bodies>,
    /// Those in which it is missing, one of several, or no name.
    others: Bodies,
}

impl Postings {
    fn of(&mut self, seen: &Seen, role: &Name) -> &mut Vec<Arc<Seen>> {
        let bodies = match seen.record.roles.get(role) {
            Some(RoleValue::Name(name)) => self.by_name.entry(name.clone()).or_default(),
            _ => &mut self.others,
        };
        bodies.entry(seen.body).or_default()
    }

    fn put_in(&mut self, seen: &Arc<Seen>, role: &Name) {
        let list = self.of(seen, role);
        let place = list.partition_point(|other| other.order() < seen.order());
        list.insert(place, seen.clone());
    }

    fn take_out(&mut self, seen: &Seen, role: &Name) {
        let list = self.of(seen, role);
        let place = list.partition_point(|other| other.order() < seen.order());
        if list.get(place).is_some_and(|other| other.record.id == seen.record.id) {
            list.remove(place);
        }
    }

    /// Those that may be what is asked for.
    fn asked<'p>(&'p self, may_be: impl Fn(&Name) -> bool + 'p) -> impl Iterator<Item = &'p Vec<Arc<Seen>>> {
        let named = self.by_name.iter().filter(move |(is, _)| may_be(is));
        named.flat_map(|(_, bodies)| bodies.values()).chain(self.others.values())
    }
}

/// Lists by pattern (its address) and by what of an instance its matches hang on; each with the pattern and the
/// instance, so that it can be kept up to date.
#[derive(Default)]
pub struct Lists<'w> {
    by_key: RefCell<BTreeMap<ListKey, Held<'w>>>,
    /// By fact and by what they ask for.
    #[allow(clippy::type_complexity, reason = "as the words above say")]
    by_need: RefCell<BTreeMap<Name, BTreeMap<Option<Need>, Vec<ListKey>>>>,
    postings: RefCell<BTreeMap<(Name, Name), Postings>>,
    /// What is read of a fact beside the lists: its denials, or all its records.
    facts: RefCell<BTreeMap<(Name, Part), Node>>,
}

/// Until when a record tells of something.
fn lasts_to(seen: &Seen) -> Instant {
    seen.record.until.map_or(seen.when.latest, |until| until.next().max(seen.when.latest))
}

impl<'w> World<'w, '_> {
    /// Records that match a pattern for an instance, in order of time, exceptions without a cap left out.
    pub fn hits(&self, pattern: &FactPattern, env: &Env<'w>) -> Arc<Vec<Hit>> {
        let list = self.list(pattern, env);
        self.memo.tracker.read(list.node, Instant::MIN, Instant::MAX);
        list.all
    }

    /// The same; with the greatest doubt about the time of one of them, and the longest time that one of them says that
    /// something lasts, in milliseconds.
    pub fn hits_and_lengths(&self, pattern: &FactPattern, env: &Env<'w>) -> (Arc<Vec<Hit>>, i64, i64) {
        let list = self.list(pattern, env);
        self.memo.tracker.read(list.node, Instant::MIN, Instant::MAX);
        (list.all, list.widest, list.longest)
    }

    /// Those of them that may lie between two instants.
    pub fn hits_within(&self, pattern: &FactPattern, env: &Env<'w>, from: Instant, to: Instant) -> Vec<Hit> {
        self.first_hits_within(pattern, env, from, to, usize::MAX)
    }

    /// The first so many of those.
    pub fn first_hits_within(
        &self,
        pattern: &FactPattern,
        env: &Env<'w>,
        from: Instant,
        to: Instant,
        most: usize,
    ) -> Vec<Hit> {
        let list = self.list(pattern, env);
        self.memo.tracker.read(list.node, from, to);
        let begins = list.all.partition_point(|h| h.seen.when.earliest < from + -list.widest);
        let near = list.all[begins..].iter().take_while(|h| h.seen.when.earliest <= to);
        near.filter(|h| h.seen.when.latest >= from).take(most).cloned().collect()
    }

    fn list(&self, pattern: &FactPattern, env: &Env<'w>) -> List {
        let key = (std::ptr::from_ref(pattern) as usize, env.key(self.agreement, pattern));
        if let Some(held) = self.memo.hits.by_key.borrow().get(&key) {
            return held.list.clone();
        }
        let (need, candidates) = self.candidates(pattern, env);
        let mut matched = Matched::default();
        let hit = |seen| self.hit(pattern, env, seen, &mut matched);
        let all: Vec<Hit> = candidates.into_iter().filter_map(hit).collect();
        let widest = all.iter().map(|h| h.seen.when.latest - h.seen.when.earliest).max().unwrap_or(0);
        let longest = all.iter().map(|h| lasts_to(&h.seen) - h.seen.when.earliest).max().unwrap_or(0);
        let node = if self.memo.tracker.follows() { self.memo.tracker.node() } else { 0 };
        let list = List { all: Arc::new(all), widest, longest, node };
        if self.memo.tracker.follows() {
            let mut by_need = self.memo.hits.by_need.borrow_mut();
            let of_fact = by_need.entry(pattern.fact.clone()).or_default();
            of_fact.entry(need).or_default().push(key.clone());
        }
        let held = Held { pattern: pattern.clone(), env: env.clone(), list: list.clone(), matched };
        self.memo.hits.by_key.borrow_mut().insert(key, held);
        list
    }

    /// The records that a pattern may match, in order of time, and what they were chosen by: of all that the pattern
    /// asks for, that which fewest records bear.
    fn candidates(&self, pattern: &FactPattern, env: &Env<'w>) -> (Option<Need>, Vec<Arc<Seen>>) {
        let fact = pattern.fact.as_str();
        let everything = || (None, self.known.affirmed(fact).collect());
        if !self.memo.fast {
            return everything();
        }
        let mut postings = self.memo.hits.postings.borrow_mut();
        let mut best: Option<(usize, Need)> = None;
        for need in self.needs(pattern, env) {
            let of_role = postings.entry((pattern.fact.clone(), need.0.clone())).or_insert_with(|| {
                let mut postings = Postings::default();
                self.known.affirmed(fact).for_each(|seen| postings.of(&seen, &need.0).push(seen.clone()));
                postings
            });
            let size = of_role.asked(|is| self.may_be(is, &need.1)).map(Vec::len).sum::<usize>();
            if best.as_ref().is_none_or(|(least, _)| size < *least) {
                best = Some((size, need));
            }
        }
        let Some((_, need)) = best else { return everything() };
        let Some(of_role) = postings.get(&(pattern.fact.clone(), need.0.clone())) else {
            return everything();
        };
        // Who belongs to whom never changes: what one of them tells, all of them tell.
        let alike = self.memo.epochs.is_empty();
        let mut all = Vec::new();
        for told in of_role.asked(|is| self.may_be(is, &need.1)) {
            let matches =
                |seen: &Arc<Seen>| self.matches(pattern, &seen.record, seen.when.earliest, env) != Match::No;
            if !alike || told.first().is_some_and(matches) {
                all.extend(told.iter().cloned());
            }
        }
        all.sort_by(|a, b| a.order().cmp(&b.order()));
        (Some(need), all)
    }

    /// The roles that a pattern asks for by name.
    fn needs(&self, pattern: &FactPattern, env: &Env<'w>) -> Vec<Need> {
        let mut asked: Vec<(&Name, &Value)> =
            pattern.roles.iter().map(|(role, value)| (role, value)).collect();
        fn of_cond<'c>(cond: &'c Cond, asked: &mut Vec<(&'c Name, &'c Value)>) {
            match cond {
                Cond::And(all) => all.iter().for_each(|c| of_cond(c, asked)),
                Cond::Compare(Value::Role(role), Op::Eq, value) => asked.push((role, value)),
                _ => {}
            }
        }
        pattern.filter.iter().for_each(|c| of_cond(c, &mut asked));
        let named =
            asked.into_iter().filter(|(role, value)| **role != "at" && !matches!(value, Value::Role(_)));
        named
            .filter_map(|(role, value)| match self.scalar(value, None, env)? {
                Scalar::Names(names) => Some((role.clone(), names)),
                _ => None,
            })
            .collect()
    }

    /// Whether a name in a record can ever be what is asked for.
    fn may_be(&self, is: &Name, wanted: &[Name]) -> bool {
        let times = || [Instant::MIN].into_iter().chain(self.memo.epochs.iter().copied());
        wanted.iter().any(|wanted| times().any(|at| self.same_name(is, wanted, at) != Match::No))
    }

    fn asks_for(&self, need: &Option<Need>, seen: &Seen) -> bool {
        match need.as_ref().map(|(role, wanted)| (seen.record.roles.get(role), wanted)) {
            Some((Some(RoleValue::Name(is)), wanted)) => self.may_be(is, wanted),
            _ => true,
        }
    }

    fn hit(
        &self,
        pattern: &FactPattern,
        env: &Env<'w>,
        seen: Arc<Seen>,
        matched: &mut Matched,
    ) -> Option<Hit> {
        let told = (seen.body, self.epoch(seen.when.earliest));
        let how = match matched.0.get(&told) {
            Some(how) => *how,
            None => {
                let how = self.matches(pattern, &seen.record, seen.when.earliest, env);
                if self.memo.fast && matched.0.len() < MOST_MATCHED {
                    matched.0.insert(told, how);
                }
                how
            }
        };
        let measure = || self.agreement.facts.get(&pattern.fact).is_some_and(|f| f.kind == FactKind::Measure);
        let removed = |seen| {
            let without_cap = env.except.iter().filter(|e| e.up_to.is_none());
            !measure() && without_cap.into_iter().any(|e| self.excepted(e, seen, env))
        };
        (how != Match::No && !removed(&seen)).then(|| Hit { sure: how == Match::Yes, seen })
    }

    /// What is known of a record turned: brings the lists up to date, and tells who read them.
    pub fn turned(&self, turned: &Turned) {
        let affirms = |seen: &&Arc<Seen>| seen.record.says == Says::Affirms;
        // A report of a state tells of its end, too.
        let told_to = |seen: &Seen| {
            let fact = self.agreement.facts.get(&seen.record.fact);
            if fact.is_some_and(|f| f.kind == FactKind::State) { lasts_to(seen) } else { seen.when.latest }
        };
        let (before, after) = (turned.before.as_ref(), turned.after.as_ref());
        let Some(fact) = before.or(after).map(|seen| &seen.record.fact) else { return };
        for ((_, role), postings) in
            self.memo.hits.postings.borrow_mut().iter_mut().filter(|((of, _), _)| of == fact)
        {
            before.filter(affirms).into_iter().for_each(|seen| postings.take_out(seen, role));
            after.filter(affirms).into_iter().for_each(|seen| postings.put_in(seen, role));
        }
        let mut by_key = self.memo.hits.by_key.borrow_mut();
        let by_need = self.memo.hits.by_need.borrow();
        for (need, keys) in by_need.get(fact).into_iter().flatten() {
            let gone = before.filter(affirms).filter(|seen| self.asks_for(need, seen));
            let come = after.filter(affirms).filter(|seen| self.asks_for(need, seen));
            for key in keys.iter().filter(|_| gone.is_some() || come.is_some()) {
                let Some(Held { pattern, env, list, matched }) = by_key.get_mut(key) else { continue };
                if let Some(seen) = gone {
                    let place = list.all.partition_point(|h| h.order() < seen.order());
                    if list.all.get(place).is_some_and(|h| h.seen.record.id == seen.record.id) {
                        Arc::make_mut(&mut list.all).remove(place);
                        self.memo.tracker.changed(list.node, seen.when.earliest, told_to(seen));
                    }
                }
                if let Some(hit) = come.and_then(|seen| self.hit(pattern, env, seen.clone(), matched)) {
                    let (when, told_to) = (hit.seen.when, told_to(&hit.seen));
                    list.widest = list.widest.max(when.latest - when.earliest);
                    list.longest = list.longest.max(lasts_to(&hit.seen) - when.earliest);
                    let place = list.all.partition_point(|h| h.order() < hit.order());
                    Arc::make_mut(&mut list.all).insert(place, hit);
                    self.memo.tracker.changed(list.node, when.earliest, told_to);
                }
            }
        }
        let denies = |seen: Option<&Arc<Seen>>| seen.is_some_and(|s| s.record.says == Says::Denies);
        let facts = self.memo.hits.facts.borrow();
        let all = facts.get(&(fact.clone(), Part::All));
        let denials = facts.get(&(fact.clone(), Part::Denials)).filter(|_| denies(before) || denies(after));
        let everything = facts.get(&(Name::from(""), Part::All));
        for node in all.into_iter().chain(denials).chain(everything) {
            self.memo.tracker.changed(*node, Instant::MIN, Instant::MAX);
        }
    }

    fn reads(&self, fact: &str, part: Part) {
        if self.memo.tracker.follows() {
            let mut facts = self.memo.hits.facts.borrow_mut();
            let node = *facts.entry((fact.into(), part)).or_insert_with(|| self.memo.tracker.node());
            self.memo.tracker.read(node, Instant::MIN, Instant::MAX);
        }
    }

    /// Whoever computes at this moment hangs on every record.
    pub fn reads_everything(&self) {
        self.reads("", Part::All);
    }

    /// All records of a fact, in order of time.
    pub fn records_of(&self, fact: &str) -> Series {
        self.reads(fact, Part::All);
        self.known.of(fact)
    }

    /// Records of a fact that deny it, in order of time.
    pub fn denials(&self, fact: &str) -> impl Iterator<Item = Arc<Seen>> + use<> {
        self.reads(fact, Part::Denials);
        self.known.denied(fact)
    }
}
