//! What was computed is kept, together with what it was read from.
//!
//! A table keeps values by key. While nothing is followed, that is all. While changes are followed, every kept value
//! is a *node*: it knows which nodes it read and over what time, and from which instant on the clock alone may change
//! it. A change marks what hangs on it as doubtful; a doubtful value is computed again only if something it read has
//! changed within the time that it read.
//!
//! Invariants
//! - a value that is handed out is what computing it now would give; in what [`Tracker::leaving`] gives to who asks by it,
//!   what only moves on with the clock may be of an earlier moment;
//! - a node is said to have changed only where the new value differs from the old.

use crate::signal::Signal;
use servanda_model::{Instant, Support};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A node's number.
pub type Node = usize;

/// What was read: a node, over a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Read {
    /// The node.
    pub node: Node,
    /// First instant.
    pub from: Instant,
    /// Last instant.
    pub to: Instant,
}

/// Something that reads: what it read so far, and from when on the clock may change its answer.
#[derive(Debug)]
struct Frame {
    reads: BTreeMap<Node, (Instant, Instant)>,
    /// Which of them bear on every time, and cannot be narrowed.
    at_large: BTreeSet<Node>,
    /// By the clock being looked at here.
    own_turn: Instant,
    /// By that, or by the clock being looked at in something that was read.
    turn: Instant,
    /// Whether the answer moves on with the clock, such as "kept so far".
    drifts: bool,
    /// Whether what it says of an instant hangs on nothing later.
    causal: bool,
    /// Whether something in the answer should have moved on with the clock and was left as it was.
    left: bool,
}

#[derive(Debug)]
struct State {
    /// By revision: over what time it changed.
    changes: Vec<(u64, Instant, Instant)>,
    /// Who read it, over what time.
    dependents: BTreeMap<Node, (Instant, Instant)>,
    doubtful: bool,
    /// Where it is doubtful: from which instant on what it says is.
    doubt_from: Instant,
    causal: bool,
    /// From which instant on the clock alone may change it; `None`: never.
    turn: Option<Instant>,
    drifts: bool,
    /// The group that it is a member of.
    of: Option<Node>,
}

/// A member of a group: what it reads makes it doubtful, and the group with it.
#[derive(Clone, Debug, Default)]
pub struct Lightly {
    node: Node,
    reads: Arc<[Node]>,
    turn: Option<Instant>,
    drifts: bool,
}

impl Lightly {
    /// Its node.
    pub fn node(&self) -> Node {
        self.node
    }

    /// From which instant on the clock alone may change it.
    pub fn turn(&self) -> Instant {
        self.turn.unwrap_or(Instant::MAX)
    }

    /// Whether it moves on with the clock.
    pub fn drifts(&self) -> bool {
        self.drifts
    }
}

/// Who read what, and what changed.
#[derive(Debug)]
pub struct Tracker {
    follows: bool,
    revision: Cell<u64>,
    nodes: RefCell<Vec<State>>,
    frames: RefCell<Vec<Frame>>,
    doubted: RefCell<Vec<Node>>,
    /// By group: its members that became doubtful.
    touched: RefCell<BTreeMap<Node, BTreeSet<Node>>>,
    members: Cell<usize>,
    /// The least turn that was told while nobody computed.
    loose: Cell<Instant>,
    /// Whether what only moves on with the clock may be left as it was by who is asked first.
    leaves: Cell<bool>,
    /// How many look at a part of the time alone, one within the other.
    narrowing: Cell<usize>,
}

/// A kept value's standing.
#[derive(Clone, Debug)]
pub struct Kept<V> {
    value: V,
    node: Node,
    reads: Arc<[Read]>,
    own_turn: Instant,
    /// For one that drifts: the moment that it was computed for.
    drifted_to: Option<Instant>,
    verified: u64,
    busy: bool,
}

impl<V> Kept<V> {
    /// Its node.
    pub fn node(&self) -> Node {
        self.node
    }

    /// The value, whether it still stands or not.
    pub fn value(&self) -> &V {
        &self.value
    }
}

/// Values by key.
pub type Table<K, V> = RefCell<BTreeMap<K, Kept<V>>>;

/// Over what time two values differ.
pub trait Differ {
    /// First and last instant; `None`: they do not.
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)>;
}

/// Values that differ at all times where they differ.
pub fn wholly(same: bool) -> Option<(Instant, Instant)> {
    (!same).then_some((Instant::MIN, Instant::MAX))
}

impl Differ for Arc<Signal<Support>> {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        Signal::differ(self, other)
    }
}

impl Tracker {
    /// A tracker that follows changes, or one that does not.
    pub fn new(follows: bool) -> Tracker {
        Tracker {
            follows,
            revision: Cell::new(1),
            nodes: RefCell::default(),
            frames: RefCell::default(),
            doubted: RefCell::default(),
            touched: RefCell::default(),
            members: Cell::new(0),
            loose: Cell::new(Instant::MAX),
            leaves: Cell::new(false),
            narrowing: Cell::new(0),
        }
    }

    /// Whether changes are followed.
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// A new node.
    pub fn node(&self) -> Node {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(State {
            changes: Vec::new(),
            dependents: BTreeMap::new(),
            doubtful: false,
            doubt_from: Instant::MAX,
            causal: false,
            turn: None,
            drifts: false,
            of: None,
        });
        nodes.len() - 1
    }

    /// How many nodes there are, members of groups aside.
    pub fn nodes(&self) -> usize {
        self.nodes.borrow().len() - self.members.get()
    }

    /// How many members groups have, and ever had.
    pub fn members(&self) -> usize {
        self.members.get()
    }

    /// A new member of a group, doubtful until it is looked at.
    pub fn member(&self, group: Node) -> Lightly {
        let node = self.node();
        self.members.set(self.members.get() + 1);
        let mut nodes = self.nodes.borrow_mut();
        (nodes[node].of, nodes[node].doubtful, nodes[group].doubtful) = (Some(group), true, true);
        nodes[node].dependents.insert(group, (Instant::MIN, Instant::MAX));
        self.touched.borrow_mut().entry(group).or_default().insert(node);
        Lightly { node, ..Lightly::default() }
    }

    /// Looks at a member of a group: what is read from now on makes it doubtful.
    pub fn light<T>(&self, member: &mut Lightly, look: impl FnOnce() -> T) -> T {
        self.frame();
        let answer = look();
        let Some(frame) = self.frames.borrow_mut().pop() else { return answer };
        let mut nodes = self.nodes.borrow_mut();
        for read in member.reads.iter().filter(|read| !frame.reads.contains_key(read)) {
            nodes[*read].dependents.remove(&member.node);
        }
        for (read, over) in &frame.reads {
            nodes[*read].dependents.insert(member.node, *over);
        }
        let state = &mut nodes[member.node];
        (state.doubtful, state.doubt_from) = (false, Instant::MAX);
        (state.turn, state.drifts) = (Some(frame.turn), frame.drifts);
        member.reads = frame.reads.keys().copied().collect();
        (member.turn, member.drifts) = (Some(frame.turn), frame.drifts);
        self.forget_touched(state.of, member.node);
        answer
    }

    /// A member that is no more.
    pub fn retire(&self, member: &Lightly) {
        let mut nodes = self.nodes.borrow_mut();
        for read in member.reads.iter() {
            nodes[*read].dependents.remove(&member.node);
        }
        let group = nodes[member.node].of.take();
        nodes[member.node].dependents.clear();
        self.forget_touched(group, member.node);
    }

    /// Lets a kept value go where nobody reads it any more.
    pub fn release<K: Ord, V>(&self, table: &Table<K, V>, key: &K) {
        let mut table = table.borrow_mut();
        let read = |kept: &Kept<V>| !self.nodes.borrow()[kept.node].dependents.is_empty();
        if table.get(key).is_none_or(|kept| kept.busy || read(kept)) {
            return;
        }
        let Some(kept) = table.remove(key) else { return };
        let mut nodes = self.nodes.borrow_mut();
        for read in kept.reads.iter() {
            nodes[read.node].dependents.remove(&kept.node);
        }
    }

    fn forget_touched(&self, group: Option<Node>, member: Node) {
        let mut touched = self.touched.borrow_mut();
        if let Some(of) = group.and_then(|of| touched.get_mut(&of)) {
            of.remove(&member);
        }
    }

    /// The members of a group that became doubtful since this was last asked.
    pub fn take_touched(&self, group: Node) -> BTreeSet<Node> {
        self.touched.borrow_mut().remove(&group).unwrap_or_default()
    }

    /// Whether neither a change nor the clock can have changed a node.
    pub fn is_settled(&self, node: Node, at: Instant) -> bool {
        let nodes = self.nodes.borrow();
        !nodes[node].doubtful && nodes[node].turn.is_none_or(|turn| turn > at)
    }

    /// All members of a group have been looked at.
    pub fn settle(&self, group: Node, turn: Instant, drifts: bool) {
        let state = &mut self.nodes.borrow_mut()[group];
        (state.doubtful, state.doubt_from) = (false, Instant::MAX);
        (state.turn, state.drifts) = (Some(turn), drifts);
    }

    /// Whoever computes at this moment reads a node over a time.
    pub fn read(&self, node: Node, from: Instant, to: Instant) {
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            let read = frame.reads.entry(node).or_insert((from, to));
            *read = (read.0.min(from), read.1.max(to));
        }
    }

    /// Whoever computes at this moment may answer differently from an instant on.
    pub fn turns_at(&self, at: Instant) {
        match self.frames.borrow_mut().last_mut() {
            Some(frame) => (frame.own_turn, frame.turn) = (frame.own_turn.min(at), frame.turn.min(at)),
            None => self.loose.set(self.loose.get().min(at)),
        }
    }

    /// The least turn that was told while nobody computed.
    pub fn loose(&self) -> Instant {
        self.loose.get()
    }

    /// Asks for what a change or a turn of the clock makes different. Whoever is asked by `ask` itself may leave what only
    /// moves on with the clock as it was; whoever is asked on the way may not.
    pub fn leaving<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.leaves.set(true);
        let answer = ask();
        self.leaves.set(false);
        answer
    }

    /// Whether whoever computes at this moment may leave what only moves on with the clock as it was.
    pub fn may_leave(&self) -> bool {
        self.leaves.get() && self.frames.borrow().len() == 1
    }

    /// Whoever computes at this moment left something as it was: the answer is not to be handed to anyone else.
    pub fn left(&self) {
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            frame.left = true;
        }
    }

    /// What whoever computes at this moment says of an instant hangs on nothing that happens later.
    pub fn causal(&self) {
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            frame.causal = true;
        }
    }

    /// The answer of whoever computes at this moment moves on with the clock.
    pub fn drifts(&self) {
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            frame.drifts = true;
        }
    }

    /// A new revision begins.
    pub fn revise(&self) {
        self.revision.set(self.revision.get() + 1);
    }

    /// A node changed over a time: all that hangs on it is doubtful.
    pub fn changed(&self, node: Node, from: Instant, to: Instant) {
        let revision = self.revision.get();
        {
            let changes = &mut self.nodes.borrow_mut()[node].changes;
            if changes.last().is_none_or(|last| *last != (revision, from, to)) {
                changes.push((revision, from, to));
            }
        }
        self.doubt(node, from, to);
    }

    /// What hangs on what a node says of a time is doubtful.
    fn doubt(&self, node: Node, from: Instant, to: Instant) {
        let mut nodes = self.nodes.borrow_mut();
        let mut doubted = self.doubted.borrow_mut();
        let mut open = vec![(node, from, to)];
        while let Some((node, from, to)) = open.pop() {
            let read = |over: &(Instant, Instant)| over.0 <= to && from <= over.1;
            let dependents: Vec<Node> =
                nodes[node].dependents.iter().filter(|(_, over)| read(over)).map(|(next, _)| *next).collect();
            for next in dependents {
                let state = &mut nodes[next];
                let from = if state.causal { from } else { Instant::MIN };
                if state.doubtful && state.doubt_from <= from {
                    continue;
                }
                if !state.doubtful {
                    doubted.push(next);
                    if let Some(group) = state.of {
                        self.touched.borrow_mut().entry(group).or_default().insert(next);
                    }
                }
                (state.doubtful, state.doubt_from) = (true, from);
                open.push((next, from, Instant::MAX));
            }
        }
    }

    /// What became doubtful since this was last asked.
    pub fn take_doubted(&self) -> Vec<Node> {
        std::mem::take(&mut self.doubted.borrow_mut())
    }

    fn changed_within(&self, read: &Read, since: u64) -> bool {
        let nodes = self.nodes.borrow();
        let later = nodes[read.node].changes.iter().rev().take_while(|(revision, ..)| *revision > since);
        later.into_iter().any(|(_, from, to)| *from <= read.to && read.from <= *to)
    }

    /// The value of a key: the kept one where it still stands, else computed anew. `guard` is the answer to a value
    /// that asks for itself; `refresh` brings a node that was read up to date.
    pub fn keep<K: Ord + Clone, V: Clone + Differ>(
        &self,
        table: &Table<K, V>,
        key: K,
        at: Instant,
        guard: Option<V>,
        refresh: impl Fn(Node),
        compute: impl FnOnce(Node) -> V,
    ) -> V {
        self.keep_if(table, key, at, guard, refresh, |_| true, |node, _| compute(node))
    }

    /// The same, for a value that was made of something handed in: it stands only where `fits` says so. `compute` is given
    /// the old value and over what time something that it read has changed, where that is all that changed.
    #[allow(clippy::too_many_arguments, reason = "one place that keeps")]
    pub fn keep_if<K: Ord + Clone, V: Clone + Differ>(
        &self,
        table: &Table<K, V>,
        key: K,
        at: Instant,
        guard: Option<V>,
        refresh: impl Fn(Node),
        fits: impl FnOnce(&V) -> bool,
        compute: impl FnOnce(Node, Option<(&V, Instant, Instant)>) -> V,
    ) -> V {
        let found = table.borrow().get(&key).cloned();
        if let Some(kept) = &found {
            if kept.busy {
                return kept.value.clone();
            }
            if fits(&kept.value) && (!self.follows || self.stands(kept, at, &refresh)) {
                if let Some(kept) = table.borrow_mut().get_mut(&key) {
                    kept.verified = self.revision.get();
                }
                if self.follows {
                    self.hand(kept.node);
                }
                return kept.value.clone();
            }
        }
        if !self.follows {
            let kept = |value, busy| Kept {
                value,
                node: 0,
                reads: Arc::default(),
                own_turn: Instant::MAX,
                drifted_to: None,
                verified: 0,
                busy,
            };
            if let Some(guard) = guard {
                table.borrow_mut().insert(key.clone(), kept(guard, true));
            }
            let value = compute(0, None);
            table.borrow_mut().insert(key, kept(value.clone(), false));
            return value;
        }
        let node = found.as_ref().map_or_else(|| self.node(), |kept| kept.node);
        let revision = self.revision.get();
        if let Some(guard) = guard {
            let (value, reads) = (guard, Arc::default());
            let busy = Kept {
                value,
                node,
                reads,
                own_turn: Instant::MAX,
                drifted_to: None,
                verified: revision,
                busy: true,
            };
            table.borrow_mut().insert(key.clone(), busy);
        }
        let since = found.as_ref().and_then(|kept| self.changes_since(kept, at, &refresh));
        self.frame();
        let old = found.as_ref().zip(since).map(|(kept, (from, to))| (&kept.value, from, to));
        let value = compute(node, old);
        let frame = self.frames.borrow_mut().pop();
        let Some(Frame { reads, own_turn, turn, drifts, causal, left, .. }) = frame else { return value };
        let mut nodes = self.nodes.borrow_mut();
        let before = found.as_ref().map(|kept| &kept.reads[..]).unwrap_or_default();
        for read in before.iter().filter(|b| !reads.contains_key(&b.node)) {
            nodes[read.node].dependents.remove(&node);
        }
        for (read, over) in &reads {
            nodes[*read].dependents.insert(node, *over);
        }
        let state = &mut nodes[node];
        (state.doubtful, state.doubt_from) = (false, Instant::MAX);
        let sooner = turn < state.turn.unwrap_or(Instant::MAX);
        (state.turn, state.drifts) = (Some(turn), drifts);
        // Who did not have to doubt it does not know yet that the clock may change it.
        let unheard = std::mem::replace(&mut state.causal, causal && turn == Instant::MAX && !drifts);
        drop(nodes);
        if unheard && sooner {
            self.doubt(node, Instant::MIN, Instant::MAX);
        }
        if let Some((from, to)) = found.as_ref().and_then(|kept| kept.value.differ(&value)) {
            self.changed(node, from, to);
        }
        let kept = Kept {
            value: value.clone(),
            node,
            reads: reads.into_iter().map(|(node, (from, to))| Read { node, from, to }).collect(),
            own_turn,
            // What was left as it was is of no moment that anybody asks for.
            drifted_to: if left { Some(Instant::MIN) } else { drifts.then_some(at) },
            verified: revision,
            busy: false,
        };
        table.borrow_mut().insert(key, kept);
        self.hand(node);
        value
    }

    /// Whoever computes at this moment was handed a node, and turns when it turns.
    pub fn hand(&self, node: Node) {
        self.read(node, Instant::MIN, Instant::MAX);
        let (turn, drifts) = (self.turn(node), self.nodes.borrow()[node].drifts);
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            frame.turn = frame.turn.min(turn);
            frame.drifts |= drifts;
        }
    }

    /// Whoever computes at this moment looks at nothing outside a time of what is read here.
    pub fn narrowed<T>(&self, from: Instant, to: Instant, read: impl FnOnce() -> T) -> T {
        if !self.follows {
            return read();
        }
        self.frame();
        self.narrowing.set(self.narrowing.get() + 1);
        let answer = read();
        self.narrowing.set(self.narrowing.get() - 1);
        let inner = self.frames.borrow_mut().pop();
        self.pass_on(inner, from, to);
        answer
    }

    /// The same up to an instant that only the answer tells: what is read after it made no difference.
    pub fn narrowed_to<T>(&self, read: impl FnOnce() -> (T, Instant)) -> T {
        if !self.follows {
            return read().0;
        }
        self.frame();
        self.narrowing.set(self.narrowing.get() + 1);
        let (answer, upto) = read();
        self.narrowing.set(self.narrowing.get() - 1);
        let inner = self.frames.borrow_mut().pop();
        self.pass_on(inner, Instant::MIN, upto);
        answer
    }

    /// A record that is read here may change the answer for times long before it or after it, as a request does that lets
    /// votes count which were given earlier: what is read here is not narrowed by whoever looks at a part of the time.
    pub fn at_large<T>(&self, read: impl FnOnce() -> T) -> T {
        if self.narrowing.get() == 0 {
            return read();
        }
        self.frame();
        let answer = read();
        let mut inner = self.frames.borrow_mut().pop();
        if let Some(inner) = &mut inner {
            inner.at_large = inner.reads.keys().copied().collect();
        }
        self.pass_on(inner, Instant::MIN, Instant::MAX);
        answer
    }

    fn pass_on(&self, inner: Option<Frame>, from: Instant, to: Instant) {
        let mut frames = self.frames.borrow_mut();
        if let (Some(inner), Some(outer)) = (inner, frames.last_mut()) {
            for (node, (f, t)) in inner.reads {
                let (f, t) = match inner.at_large.contains(&node) {
                    true => (Instant::MIN, Instant::MAX),
                    false => (f.max(from), t.min(to)),
                };
                let read = outer.reads.entry(node).or_insert((f, t));
                *read = (read.0.min(f), read.1.max(t));
            }
            outer.own_turn = outer.own_turn.min(inner.own_turn);
            outer.turn = outer.turn.min(inner.turn);
            outer.drifts |= inner.drifts;
            outer.at_large.extend(inner.at_large);
        }
    }

    /// Brings something up to date that whoever computes at this moment does not read by that.
    pub fn aside<T>(&self, update: impl FnOnce() -> T) -> T {
        self.frame();
        let answer = update();
        self.frames.borrow_mut().pop();
        answer
    }

    fn frame(&self) {
        self.frames.borrow_mut().push(Frame {
            reads: BTreeMap::new(),
            at_large: BTreeSet::new(),
            own_turn: Instant::MAX,
            turn: Instant::MAX,
            drifts: false,
            causal: false,
            left: false,
        });
    }

    /// Over what time anything that a kept value read has changed, where nothing else can have changed it.
    fn changes_since<V>(
        &self,
        kept: &Kept<V>,
        at: Instant,
        refresh: impl Fn(Node),
    ) -> Option<(Instant, Instant)> {
        if kept.drifted_to.is_some() || kept.own_turn <= at {
            return None;
        }
        self.aside(|| kept.reads.iter().for_each(|read| refresh(read.node)));
        let nodes = self.nodes.borrow();
        let mut all: Option<(Instant, Instant)> = None;
        for read in kept.reads.iter() {
            let state = &nodes[read.node];
            if state.doubtful || state.turn.is_some_and(|turn| turn <= at) {
                return None;
            }
            let later = state.changes.iter().rev().take_while(|(revision, ..)| *revision > kept.verified);
            for (_, from, to) in later {
                all = Some(all.map_or((*from, *to), |(f, t)| (f.min(*from), t.max(*to))));
            }
        }
        all
    }

    fn stands<V>(&self, kept: &Kept<V>, at: Instant, refresh: impl Fn(Node)) -> bool {
        if kept.drifted_to.is_some_and(|then| then != at) || kept.own_turn <= at {
            return false;
        }
        if kept.verified == self.revision.get() {
            return true;
        }
        if self.turn(kept.node) > at && !self.nodes.borrow()[kept.node].doubtful {
            return true;
        }
        // What is read to see whether it stands is not read by whoever asks.
        self.frame();
        let stands = kept.reads.iter().all(|read| {
            refresh(read.node);
            let doubtful = self.nodes.borrow()[read.node].doubtful || self.turn(read.node) <= at;
            !doubtful && !self.changed_within(read, kept.verified)
        });
        self.frames.borrow_mut().pop();
        if stands {
            let turns = kept.reads.iter().map(|read| self.turn(read.node));
            let turn = turns.fold(kept.own_turn, Instant::min);
            let sooner = {
                let state = &mut self.nodes.borrow_mut()[kept.node];
                let sooner = state.causal && turn < state.turn.unwrap_or(Instant::MAX);
                (state.doubtful, state.doubt_from, state.turn) = (false, Instant::MAX, Some(turn));
                state.causal &= turn == Instant::MAX;
                sooner
            };
            if sooner {
                self.doubt(kept.node, Instant::MIN, Instant::MAX);
            }
        }
        stands
    }

    /// From which instant on the clock alone may change a node.
    pub fn turn(&self, node: Node) -> Instant {
        self.nodes.borrow()[node].turn.unwrap_or(Instant::MAX)
    }
}
