//! Lists of the records that a pattern matches, kept up to date record by record.
//!
//! A list is made once for a pattern and what of an instance its matches hang on. It is made of those records alone
//! that bear the names, the texts and the place which the pattern asks for, found by an [`Index`]; and a record that
//! turns is shown to those lists alone that ask for what it bears.

use crate::follow::EnvKey;
use crate::ground;
use crate::incremental::index::{Asked, Asking, By, Index, Key};
use crate::incremental::learning::Turned;
use crate::kept::Node;
use crate::reference::known::{Seen, Series};
use crate::reference::matching::{Hit, Match, Scalar, Spot};
use crate::reference::{Env, World};
use servanda_model::agreement::{Cond, FactKind, FactPattern, Op, Value, ZoneRef};
use servanda_model::record::{COVERAGE, Says};
use servanda_model::{Instant, Name, Place};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A zone and, where some observers alone count, those.
pub type WatchedBy = (Name, Option<Vec<Name>>);

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

/// A list with what it is kept up to date by; nothing where nobody follows what changes.
struct Held<'w> {
    list: List,
    made_for: Option<Box<(FactPattern, Env<'w>)>>,
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

/// By fact, and by what is asked by.
type ByFact<T> = RefCell<BTreeMap<Name, BTreeMap<Vec<By>, T>>>;

/// Lists by pattern (its address) and by what of an instance its matches hang on; each with the pattern and the
/// instance, so that it can be kept up to date.
#[derive(Default)]
pub struct Lists<'w> {
    by_key: RefCell<BTreeMap<ListKey, Held<'w>>>,
    /// By fact, and by what they ask by and for.
    asking: ByFact<Asking<ListKey>>,
    /// By fact, and by what is asked by.
    indexes: ByFact<Index>,
    /// What is read of a fact beside the lists: its denials, or all its records.
    facts: RefCell<BTreeMap<(Name, Part), Node>>,
    /// Zones whose coverage is read, and whether a record spoke of it when it last was.
    coverage: RefCell<BTreeMap<Name, (Node, bool)>>,
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
        let (by, asked) = if self.memo.fast { self.needs(pattern, env) } else { Default::default() };
        let all = match by.is_empty() {
            true => {
                let mut matched = Matched::default();
                let all = self.known.affirmed(pattern.fact.as_str());
                all.filter_map(|seen| self.remembered(pattern, env, seen, &mut matched)).collect()
            }
            false => self.sought(pattern, env, &by, &asked),
        };
        let widest = all.iter().map(|h| h.seen.when.latest - h.seen.when.earliest).max().unwrap_or(0);
        let longest = all.iter().map(|h| lasts_to(&h.seen) - h.seen.when.earliest).max().unwrap_or(0);
        let follows = self.memo.tracker.follows();
        let node = if follows { self.memo.tracker.node() } else { 0 };
        let list = List { all: Arc::new(all), widest, longest, node };
        if follows {
            let mut asking = self.memo.hits.asking.borrow_mut();
            let of_fact = asking.entry(pattern.fact.clone()).or_default();
            of_fact.entry(by).or_default().put_in(&asked, key.clone());
        }
        let made_for = follows.then(|| Box::new((pattern.clone(), env.clone())));
        self.memo.hits.by_key.borrow_mut().insert(key, Held { list: list.clone(), made_for });
        list
    }

    /// The records that a pattern matches, in order of time, of those that an index finds.
    fn sought(&self, pattern: &FactPattern, env: &Env<'w>, by: &[By], asked: &[Asked]) -> Vec<Hit> {
        let mut indexes = self.memo.hits.indexes.borrow_mut();
        let of_fact = indexes.entry(pattern.fact.clone()).or_default();
        if !of_fact.contains_key(by) {
            let mut index = Index::new(by.to_vec());
            self.known.affirmed(pattern.fact.as_str()).for_each(|seen| index.put_in(&seen));
            of_fact.insert(by.to_vec(), index);
        }
        let Some(index) = of_fact.get_mut(by) else { return Vec::new() };
        let told_by = self.told_by(pattern, by);
        let mut all = Vec::new();
        let parts = index.asked(asked, |key, asked| self.may_be_asked(key, asked));
        let several = parts.len() > 1;
        for part in parts {
            // Of those that are alike in all that the pattern looks at, one tells for all, until a membership or a zone
            // changes.
            let mut told: Option<(usize, Match)> = None;
            for seen in part.records {
                let epoch = self.epoch(seen.when.earliest);
                let how = match told.filter(|(then, _)| *then == epoch) {
                    Some((_, how)) => how,
                    None => self.matches(pattern, &seen.record, seen.when.earliest, env),
                };
                told = (told_by && part.alike).then_some((epoch, how));
                all.extend(self.as_hit(pattern, env, seen.clone(), how));
            }
        }
        if several {
            all.sort_by(|a, b| a.order().cmp(&b.order()));
        }
        all
    }

    /// Whether a pattern looks at nothing else in a record.
    fn told_by(&self, pattern: &FactPattern, by: &[By]) -> bool {
        let has = |role: &Name| by.iter().any(|by| matches!(by, By::Role(name) if name == role));
        let placed = |zone: &ZoneRef| {
            let relative = self.agreement.zones.get(&zone.zone).is_some_and(|z| z.is_relative());
            by.contains(&By::Place) && !relative && zone.args.is_empty()
        };
        let beside = |role: &Name| *role == "at" || *role == "value";
        let value = |value: &Value| match value {
            Value::Number(..)
            | Value::Instant(_)
            | Value::Text(_)
            | Value::Name(_)
            | Value::OfTrigger(_)
            | Value::Bearer
            | Value::Beneficiary => true,
            Value::Role(role) => has(role) && !beside(role),
            _ => false,
        };
        fn holds(cond: &Cond, value: &dyn Fn(&Value) -> bool, placed: &dyn Fn(&ZoneRef) -> bool) -> bool {
            match cond {
                Cond::And(all) | Cond::Or(all) => all.iter().all(|c| holds(c, value, placed)),
                Cond::Not(c) => holds(c, value, placed),
                Cond::Inside(_, zone) => placed(zone),
                Cond::Compare(a, _, b) => value(a) && value(b),
                _ => false,
            }
        }
        let role = |(role, wanted): &(Name, Value)| match wanted {
            Value::Name(zone) if *role == "at" => placed(&ZoneRef { zone: zone.clone(), args: Vec::new() }),
            wanted => has(role) && !beside(role) && value(wanted),
        };
        pattern.roles.iter().all(role) && pattern.filter.iter().all(|c| holds(c, &value, &placed))
    }

    /// What a pattern asks by, and for: texts first, then names, then a zone.
    fn needs(&self, pattern: &FactPattern, env: &Env<'w>) -> (Vec<By>, Vec<Asked>) {
        let mut asked: Vec<(&Name, &Value)> = Vec::new();
        let mut zones: Vec<&Name> = Vec::new();
        for (role, value) in &pattern.roles {
            match value {
                Value::Name(zone) if *role == "at" => zones.push(zone),
                _ => asked.push((role, value)),
            }
        }
        fn of_cond<'c>(cond: &'c Cond, asked: &mut Vec<(&'c Name, &'c Value)>, zones: &mut Vec<&'c Name>) {
            match cond {
                Cond::And(all) => all.iter().for_each(|c| of_cond(c, asked, zones)),
                Cond::Compare(Value::Role(role), Op::Eq, value) => asked.push((role, value)),
                Cond::Inside(_, zone) if zone.args.is_empty() => zones.push(&zone.zone),
                _ => {}
            }
        }
        pattern.filter.iter().for_each(|c| of_cond(c, &mut asked, &mut zones));
        // What fills these two need not stand among the roles of a record.
        let beside = |role: &Name| *role == "at" || *role == "value";
        let named =
            asked.into_iter().filter(|(role, value)| !beside(role) && !matches!(value, Value::Role(_)));
        let named = named.filter_map(|(role, value)| match self.scalar(value, None, env)? {
            Scalar::Names(names) => Some((By::Role(role.clone()), Asked::Names(names))),
            Scalar::Text(text) => Some((By::Role(role.clone()), Asked::Text(text))),
            _ => None,
        });
        let mut needs: Vec<(By, Asked)> = named.collect();
        // The extent of a zone that names the instance is not the same for all who ask.
        let fixed = |zone: &&&Name| self.agreement.zones.get(zone.as_str()).is_some_and(|z| !z.is_relative());
        let zone = zones.iter().find(fixed).map(|zone| (By::Place, Asked::Zone((*zone).clone())));
        needs.extend(zone);
        let rank = |asked: &Asked| match asked {
            Asked::Text(_) => 0,
            Asked::Names(_) => 1,
            Asked::Zone(_) => 2,
        };
        needs.sort_by(|(a, x), (b, y)| (rank(x), a).cmp(&(rank(y), b)));
        let mut once = BTreeSet::new();
        needs.retain(|(by, _)| once.insert(by.clone()));
        needs.into_iter().unzip()
    }

    /// Whether what a record has can ever be what is asked for.
    fn may_be_asked(&self, has: &Key, asked: &Asked) -> bool {
        match (has, asked) {
            (Key::Name(is), Asked::Names(wanted)) => self.may_be(is, wanted),
            (Key::Name(is), Asked::Text(wanted)) => is.as_str() == wanted,
            (Key::Text(is), Asked::Names(wanted)) => wanted.iter().any(|wanted| wanted.as_str() == is),
            (Key::Text(is), Asked::Text(wanted)) => is == wanted,
            (Key::Spot(spot), Asked::Zone(zone)) => self.may_lie_in(spot, zone),
            _ => true,
        }
    }

    /// Whether a name in a record can ever be what is asked for.
    fn may_be(&self, is: &Name, wanted: &[Name]) -> bool {
        wanted.iter().any(|wanted| self.times().any(|at| self.same_name(is, wanted, at) != Match::No))
    }

    fn may_lie_in(&self, spot: &Spot, zone: &Name) -> bool {
        let (place, zone) = (spot.place(), ZoneRef { zone: zone.clone(), args: Vec::new() });
        let env = self.plain_env();
        self.times().any(|at| self.place_lies_in(&place, None, &zone, at, &env) != Match::No)
    }

    /// An instant of every epoch.
    fn times(&self) -> impl Iterator<Item = Instant> {
        [Instant::MIN].into_iter().chain(self.memo.epochs.iter().copied())
    }

    /// A record as a hit, where it is one; what was matched before is not matched again.
    fn remembered(
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
        self.as_hit(pattern, env, seen, how)
    }

    fn as_hit(&self, pattern: &FactPattern, env: &Env<'w>, seen: Arc<Seen>, how: Match) -> Option<Hit> {
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
        let mut indexes = self.memo.hits.indexes.borrow_mut();
        for index in indexes.get_mut(fact).into_iter().flat_map(BTreeMap::values_mut) {
            before.filter(affirms).into_iter().for_each(|seen| index.take_out(seen));
            after.filter(affirms).into_iter().for_each(|seen| index.put_in(seen));
        }
        drop(indexes);
        let mut by_key = self.memo.hits.by_key.borrow_mut();
        let asking = self.memo.hits.asking.borrow();
        let may_be = |key: &Key, asked: &Asked| self.may_be_asked(key, asked);
        for (by, lists) in asking.get(fact).into_iter().flatten() {
            let met = |seen: Option<&Arc<Seen>>| {
                let mut found = Vec::new();
                if let Some(seen) = seen {
                    let keys: Vec<Key> = by.iter().map(|by| by.key(&seen.record)).collect();
                    lists.met(&keys, &may_be, &mut found);
                }
                found
            };
            let (gone, come) = (before.filter(affirms), after.filter(affirms));
            for key in met(gone) {
                let Some(seen) = gone else { continue };
                let Some(Held { list, .. }) = by_key.get_mut(key) else { continue };
                let place = list.all.partition_point(|h| h.order() < seen.order());
                if list.all.get(place).is_some_and(|h| h.seen.record.id == seen.record.id) {
                    Arc::make_mut(&mut list.all).remove(place);
                    self.memo.tracker.changed(list.node, seen.when.earliest, told_to(seen));
                }
            }
            for key in met(come) {
                let Some(seen) = come else { continue };
                let Some(Held { list, made_for: Some(made_for) }) = by_key.get_mut(key) else { continue };
                let (pattern, env) = &**made_for;
                let how = self.matches(pattern, &seen.record, seen.when.earliest, env);
                let Some(hit) = self.as_hit(pattern, env, seen.clone(), how) else { continue };
                let (when, told_to) = (hit.seen.when, told_to(&hit.seen));
                list.widest = list.widest.max(when.latest - when.earliest);
                list.longest = list.longest.max(lasts_to(&hit.seen) - when.earliest);
                let place = list.all.partition_point(|h| h.order() < hit.order());
                Arc::make_mut(&mut list.all).insert(place, hit);
                self.memo.tracker.changed(list.node, when.earliest, told_to);
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
        if *fact == *COVERAGE {
            self.coverage_turned([before, after]);
        }
    }

    /// Who read the coverage of a zone is told over what time a record speaks of it.
    fn coverage_turned(&self, records: [Option<&Arc<Seen>>; 2]) {
        for (zone, (node, spoken)) in &*self.memo.hits.coverage.borrow() {
            let mut told = records.into_iter().flatten().filter(|seen| self.covers(seen, zone)).peekable();
            // Of what nobody speaks, something else is said than of what is watched at other times.
            if told.peek().is_some() && !(*spoken && self.is_covered(zone)) {
                self.memo.tracker.changed(*node, Instant::MIN, Instant::MAX);
            }
            for seen in told {
                let to = seen.record.until.unwrap_or(seen.when.latest);
                self.memo.tracker.changed(*node, seen.when.earliest, to.next());
            }
        }
    }

    fn covers(&self, seen: &Seen, zone: &Name) -> bool {
        matches!(&seen.record.place, Some(Place::Named(of)) if ground::is_part_of(self.agreement, zone, of))
    }

    fn is_covered(&self, zone: &Name) -> bool {
        self.known.of(COVERAGE).iter().any(|seen| self.covers(seen, zone))
    }

    /// All records of coverage, for whoever reads those of one zone.
    pub fn records_of_coverage(&self, zone: &Name) -> Series {
        if self.memo.tracker.follows() {
            let mut zones = self.memo.hits.coverage.borrow_mut();
            let (node, spoken) =
                zones.entry(zone.clone()).or_insert_with(|| (self.memo.tracker.node(), false));
            *spoken = self.is_covered(zone);
            self.memo.tracker.read(*node, Instant::MIN, Instant::MAX);
        }
        self.known.of(COVERAGE)
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
