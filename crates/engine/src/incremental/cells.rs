//! The instances of one norm and one bearer, kept start by start: a visit judges those alone that something has changed
//! for, or whose time has come.
//!
//! A cell is a node with a member for each start. What a member hangs on marks the member as doubtful, and the cell with
//! it; so the work of a visit goes with what changed, and what goes with the number of instances is a walk over a list.
//! Whoever follows what is said, and not what holds now, leaves what only moves on with the clock as it was
//! (`Tracker::leaving`): a board brings it up to date.
//!
//! What an instance is stands in `reference/norms.rs`.

use crate::incremental::stretches::{Starts, alike};
use crate::kept::{Differ, Lightly, Node, Tracker, wholly};
use crate::reference::World;
use crate::reference::norms::Start;
use servanda_model::agreement::Norm;
use servanda_model::verdict::Bearer;
use servanda_model::{Instant, Name, Verdict};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The instances of a norm for one bearer, by trigger, in sheets: what does not change is shared sheet by sheet.
pub type Own = Arc<Vec<Sheet>>;

/// Some instances that follow each other.
type Sheet = Arc<Vec<Arc<Verdict>>>;

/// The instances of so many starts stand on one sheet.
const SHEET: usize = 8;

/// The instances of a norm: bearer by bearer.
#[derive(Clone, Default)]
pub struct Instances(Arc<Vec<Own>>);

impl Instances {
    /// Of these bearers.
    pub fn of(all: Vec<Own>) -> Instances {
        Instances(Arc::new(all))
    }

    /// Of one list.
    pub fn of_list(all: Vec<Arc<Verdict>>) -> Instances {
        Instances::of(vec![Arc::new(vec![Arc::new(all)])])
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Verdict>> + Clone {
        self.0.iter().flat_map(|own| own.iter()).flat_map(|sheet| sheet.iter())
    }

    /// All of them, in order.
    pub fn to_vec(&self) -> Vec<Arc<Verdict>> {
        self.iter().cloned().collect()
    }

    /// Those on sheets that the other does not have: here, and there.
    pub fn where_they_differ<'a>(
        &'a self,
        other: &'a Instances,
    ) -> (Vec<&'a Arc<Verdict>>, Vec<&'a Arc<Verdict>>) {
        if self.0.len() != other.0.len() {
            return (self.iter().collect(), other.iter().collect());
        }
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for (a, b) in self.0.iter().zip(&*other.0).filter(|(a, b)| !Arc::ptr_eq(a, b)) {
            let head = a.iter().zip(&**b).take_while(|(a, b)| Arc::ptr_eq(a, b)).count();
            here.extend(a[head..].iter().flat_map(|sheet| sheet.iter()));
            there.extend(b[head..].iter().flat_map(|sheet| sheet.iter()));
        }
        (here, there)
    }
}

impl Differ for Instances {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        let same = |(a, b): (&Own, &Own)| Arc::ptr_eq(a, b) || same_sheets(a, b);
        wholly(self.0.len() == other.0.len() && self.0.iter().zip(&*other.0).all(same))
    }
}

fn same_sheets(a: &[Sheet], b: &[Sheet]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b) || alike(a, b))
}

/// By norm and bearer.
pub type Cells = RefCell<BTreeMap<(Name, Bearer), Cell>>;

/// What is kept of a cell.
pub struct Cell {
    node: Node,
    own: Own,
    starts: Arc<Starts>,
    /// What starts them.
    shell: Lightly,
    /// One for each start, in their order.
    members: Vec<Member>,
    /// That there is no instance, where there is none.
    dormant: Option<(Lightly, Arc<Verdict>)>,
    /// When the clock alone may change a member.
    turns: BTreeSet<(Instant, Node)>,
    /// Members whose answer moves on with the clock.
    drifting: BTreeSet<Node>,
    /// The moment that they were last looked at for.
    at: Instant,
}

struct Member {
    start: Arc<Start>,
    how: Lightly,
    verdicts: Vec<Arc<Verdict>>,
}

impl Cell {
    fn noted(&mut self, how: &Lightly, turn_before: Instant) {
        self.turns.remove(&(turn_before, how.node()));
        self.drifting.remove(&how.node());
        if how.turn() < Instant::MAX {
            self.turns.insert((how.turn(), how.node()));
        }
        if how.drifts() {
            self.drifting.insert(how.node());
        }
    }

    fn retire(&mut self, tracker: &Tracker, how: &Lightly) {
        self.turns.remove(&(how.turn(), how.node()));
        self.drifting.remove(&how.node());
        tracker.retire(how);
    }

    /// What is due to be looked at; what only moves on with the clock is left out where it may be left as it was.
    fn due(&mut self, tracker: &Tracker, at: Instant, leaves: bool) -> BTreeSet<Node> {
        let mut due = tracker.take_touched(self.node);
        while let Some(first) = self.turns.first().copied().filter(|(turn, _)| *turn <= at) {
            self.turns.remove(&first);
            due.insert(first.1);
        }
        if self.at != at && !leaves {
            due.extend(self.drifting.iter().copied());
        }
        // What is left as it was is still of the moment before.
        if self.drifting.is_subset(&due) {
            self.at = at;
        }
        due
    }
}

impl<'w> World<'w, '_> {
    /// The instances of a norm for a bearer; a bearer without any has one that says so.
    pub fn cell(&self, norm: &'w Norm, bearer: &Bearer, names: &[Name]) -> Own {
        let tracker = &self.memo.tracker;
        if !tracker.follows() {
            let env = self.norm_env(norm, names);
            let starts = self.starts(norm, &env).into_iter().map(Arc::new);
            let mut own: Vec<_> =
                starts.flat_map(|s| self.instances_started(norm, bearer, &env, &s)).collect();
            if own.is_empty() && !matches!(bearer, Bearer::NotEstablished(_)) {
                own.push(Arc::new(self.dormant(norm, bearer, &env)));
            }
            return Arc::new(vec![Arc::new(own)]);
        }
        let key = (norm.name.clone(), bearer.clone());
        // Taken out while it is looked at: nothing asks for a norm that is being looked at.
        let found = self.memo.cells.borrow_mut().remove(&key);
        let mut cell = found.unwrap_or_else(|| {
            let node = tracker.node();
            Cell {
                node,
                own: Own::default(),
                starts: Arc::default(),
                shell: tracker.member(node),
                members: Vec::new(),
                dormant: None,
                turns: BTreeSet::new(),
                drifting: BTreeSet::new(),
                at: Instant::MIN,
            }
        });
        let leaves = tracker.may_leave();
        let moves = cell.at != self.at && !cell.drifting.is_empty();
        if !tracker.is_settled(cell.node, self.at) || (moves && !leaves) {
            self.look_into(&mut cell, norm, bearer, names, leaves);
        }
        if cell.at != self.at && !cell.drifting.is_empty() {
            tracker.left();
        }
        let (node, own) = (cell.node, cell.own.clone());
        self.memo.cells.borrow_mut().insert(key, cell);
        tracker.hand(node);
        own
    }

    fn look_into(&self, cell: &mut Cell, norm: &'w Norm, bearer: &Bearer, names: &[Name], leaves: bool) {
        let tracker = &self.memo.tracker;
        let env = self.norm_env(norm, names);
        let mut due = cell.due(tracker, self.at, leaves);
        // The first member of whom something else may be said.
        let mut first = cell.members.len();
        while !due.is_empty() {
            if due.remove(&cell.shell.node()) {
                let before = cell.shell.turn();
                let starts = tracker.light(&mut cell.shell, || self.starts_kept(norm, bearer, &env));
                let shell = cell.shell.clone();
                cell.noted(&shell, before);
                if !Arc::ptr_eq(&starts, &cell.starts) {
                    first = first.min(self.aligned(cell, norm, &starts, &mut due));
                    cell.starts = starts;
                }
            }
            let mut members = std::mem::take(&mut cell.members);
            for (i, member) in members.iter_mut().enumerate().filter(|(_, m)| due.contains(&m.how.node())) {
                first = first.min(i);
                let before = member.how.turn();
                let judge = || self.instances_started(norm, bearer, &env, &member.start);
                member.verdicts = tracker.light(&mut member.how, judge);
                cell.noted(&member.how, before);
            }
            cell.members = members;
            if let Some((mut how, _)) = cell.dormant.take_if(|(how, _)| due.contains(&how.node())) {
                let before = how.turn();
                let verdict = tracker.light(&mut how, || Arc::new(self.dormant(norm, bearer, &env)));
                cell.noted(&how, before);
                cell.dormant = Some((how, verdict));
            }
            // What was looked at on the way may have changed what was looked at before it.
            due = tracker.take_touched(cell.node);
        }
        let kept = if cell.dormant.is_none() { (first / SHEET).min(cell.own.len()) } else { 0 };
        let mut own: Vec<Sheet> = cell.own[..kept].to_vec();
        own.extend(cell.members[kept * SHEET..].chunks(SHEET).enumerate().map(|(i, members)| {
            let sheet: Vec<_> = members.iter().flat_map(|m| m.verdicts.iter().cloned()).collect();
            // An equal sheet is the old one.
            let old = cell.own.get(kept + i).filter(|old| alike(old, &sheet));
            old.cloned().unwrap_or_else(|| Arc::new(sheet))
        }));
        let none = own.iter().all(|sheet| sheet.is_empty());
        if none && !matches!(bearer, Bearer::NotEstablished(_)) {
            if cell.dormant.is_none() {
                let mut how = tracker.member(cell.node);
                let verdict = tracker.light(&mut how, || Arc::new(self.dormant(norm, bearer, &env)));
                cell.noted(&how, Instant::MAX);
                cell.dormant = Some((how, verdict));
            }
            own = vec![Arc::new(cell.dormant.iter().map(|(_, verdict)| verdict.clone()).collect())];
        } else if let Some((how, _)) = cell.dormant.take() {
            cell.retire(tracker, &how);
        }
        let changed = !same_sheets(&cell.own, &own);
        if changed {
            cell.own = Arc::new(own);
        }
        let turn = cell.turns.first().map_or(Instant::MAX, |(turn, _)| *turn);
        tracker.settle(cell.node, turn, !cell.drifting.is_empty());
        if changed {
            tracker.changed(cell.node, Instant::MIN, Instant::MAX);
        }
    }

    /// A member for each start: the old one where the start is the old one, else one that is due. How many are where
    /// they were.
    fn aligned(&self, cell: &mut Cell, norm: &Norm, starts: &Starts, due: &mut BTreeSet<Node>) -> usize {
        let tracker = &self.memo.tracker;
        let retire = |cell: &mut Cell, member: &Member| {
            cell.retire(tracker, &member.how);
            for verdict in &member.verdicts {
                let key = (norm.name.clone(), verdict.bearer.clone(), verdict.instance.clone());
                tracker.release(&self.memo.instances, &key);
            }
        };
        let mut members = std::mem::take(&mut cell.members);
        let same = |(m, start): &(&Member, &Arc<Start>)| Arc::ptr_eq(&m.start, start);
        let head = members.iter().zip(&starts.all).take_while(same).count();
        let mut old = members.split_off(head).into_iter().peekable();
        for start in &starts.all[head..] {
            let gone = |m: &Member| !Arc::ptr_eq(&m.start, start) && m.start.order() <= start.order();
            while let Some(member) = old.next_if(gone) {
                retire(cell, &member);
            }
            let same = old.next_if(|m| Arc::ptr_eq(&m.start, start));
            members.push(same.unwrap_or_else(|| {
                let how = tracker.member(cell.node);
                due.insert(how.node());
                Member { start: start.clone(), how, verdicts: Vec::new() }
            }));
        }
        old.for_each(|member| retire(cell, &member));
        cell.members = members;
        head
    }
}
