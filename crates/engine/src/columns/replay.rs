//! Rows go in as they become known, what is said of each instance comes out, from when to when it was said.
//!
//! The clock decides nothing here: a row of the log says what was done, and by when it was due. How an instance stands
//! at a moment is a matter of reading it ([`Log::performance`]).
//!
//! Invariants
//! - rows of the log ascend by `known_from`; of one instance they do not overlap;
//! - the same rows of a table give the same log, whatever the step.

use super::column::{Column, Timed};
use super::plan::{Content, Plan, Refused, Rule, Source, Spoken};
use super::respond::{Act, BEGINS, Lanes, NO_TIME, Said, Start};
use super::table::{ENDS, FOR_EVER, Table};
use super::window::{Entry, Turn, Window};
use servanda_model::verdict::Performance;
use servanda_model::{Instant, Name};
use std::ops::Range;

/// An instance: a norm, a bearer, and the row that first spoke of what triggers it.
#[derive(Clone, Copy, Debug)]
struct Instance {
    rule: u16,
    bearer: u16,
    anchor: u32,
    /// When the trigger was; an episode that began before the entry into force counts from there.
    from: i64,
    lane: u32,
    /// Its open row of the log.
    row: u32,
    status: Status,
    touched: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Status {
    Gone,
    Doubtful,
    There,
}

const NO_ROW: u32 = u32::MAX;

/// What was said, as columns; one entry of each is one row.
#[derive(Clone, Debug, Default)]
pub struct Log {
    instances: Vec<Instance>,
    /// Name and bearers of each rule, and whether single events trigger it.
    norms: Vec<(Name, Vec<Name>, bool)>,
    /// Number of the instance.
    pub instance: Vec<u32>,
    /// When it was triggered, in milliseconds since 1970.
    pub triggered: Vec<i64>,
    /// When it was due; [`NO_TIME`] where it is not.
    pub due: Vec<i64>,
    /// When it was done; [`NO_TIME`] where it was not.
    pub done: Vec<i64>,
    /// What was said.
    pub said: Vec<Said>,
    /// From when this was said.
    pub known_from: Vec<i64>,
    /// From when it was no longer said; [`NO_TIME`] where it still is.
    pub known_to: Vec<i64>,
}

impl Log {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.instance.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.instance.is_empty()
    }

    /// Norm and bearer of a row, and the row of the table that gives its instance its identity.
    pub fn whose(&self, row: usize) -> (&Name, &Name, u32) {
        let of = &self.instances[self.instance[row] as usize];
        let (norm, bearers, _) = &self.norms[of.rule as usize];
        (norm, &bearers[of.bearer as usize], of.anchor)
    }

    /// Whether the instance of a row was triggered by one event, and not by an episode.
    pub fn by_event(&self, row: usize) -> bool {
        self.norms[self.instances[self.instance[row] as usize].rule as usize].2
    }

    /// The rows that were said at a moment, as known at that moment.
    pub fn as_known_at(&self, known_at: Instant) -> impl Iterator<Item = usize> {
        let end = self.known_from.partition_point(|from| *from <= known_at.0);
        let open = self.known_to[..end].iter().enumerate();
        open.filter(move |(_, to)| known_at.0 < **to).map(|(row, _)| row)
    }

    /// How the instance of a row stands at a moment that is not before what was known. In the very millisecond of its
    /// deadline what is not done is still pending.
    pub fn performance(&self, row: usize, at: Instant) -> Performance {
        let (due, done) = (self.due[row], self.done[row]);
        match self.said[row] {
            Said::NotEstablished => Performance::PendingEvidence,
            Said::Exceeded => Performance::Violated,
            Said::Done if done <= at.0 => Performance::Satisfied,
            _ if at.0 <= due => Performance::Pending,
            Said::Doubtful => Performance::PendingEvidence,
            _ => Performance::Violated,
        }
    }
}

/// Which side of a rule reads a fact.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Trigger,
    Content,
}

#[derive(Clone, Debug, Default)]
struct State {
    lanes: Lanes,
    windows: Vec<Window>,
    known: Column<Known>,
}

/// The instances of an anchor: one of a bearer, or one after the other of all bearers.
#[derive(Clone, Copy, Debug)]
struct Known {
    anchor: u32,
    /// `None`: of all.
    bearer: Option<u16>,
    first: u32,
}

impl Timed for Known {
    fn time(&self) -> i64 {
        self.anchor.into()
    }
    fn root(&self) -> u32 {
        self.first
    }
}

/// What is known so far, and what follows from it.
#[derive(Clone, Debug)]
pub struct Live<'p> {
    plan: &'p Plan,
    ports: Vec<Vec<(usize, Side)>>,
    states: Vec<State>,
    log: Log,
    touched: Vec<u32>,
    turns: Vec<Turn>,
}

impl<'p> Live<'p> {
    /// Nothing is known yet.
    pub fn new(plan: &'p Plan) -> Live<'p> {
        let mut ports = vec![Vec::new(); plan.facts().len()];
        let mut states = Vec::new();
        for (i, rule) in plan.rules.iter().enumerate() {
            let mut state = State::default();
            match &rule.trigger {
                Source::Each(scan) => ports[scan.fact].push((i, Side::Trigger)),
                Source::Window { scan, span, need, apart, .. } => {
                    ports[scan.fact].push((i, Side::Trigger));
                    let windows = if *apart { rule.bearers.len() } else { 1 };
                    state.windows = vec![Window::new(*span, *need); windows];
                }
            }
            if let Content::Act(scan, _) | Content::State(scan, ..) = &rule.content {
                ports[scan.fact].push((i, Side::Content));
            }
            states.push(state);
        }
        let norms = plan
            .rules
            .iter()
            .map(|r| (r.norm.clone(), r.bearers.clone(), matches!(r.trigger, Source::Each(_))))
            .collect();
        let log = Log { norms, ..Log::default() };
        Live { plan, ports, states, log, touched: Vec::new(), turns: Vec::new() }
    }

    /// A row becomes known.
    ///
    /// # Errors
    /// The row's record, where it only perhaps speaks of what a rule asks for.
    pub fn insert(&mut self, table: &Table, row: u32) -> Result<(), Refused> {
        self.change(table, row, true)
    }

    /// A row is taken back.
    ///
    /// # Errors
    /// As for [`Live::insert`].
    pub fn remove(&mut self, table: &Table, row: u32) -> Result<(), Refused> {
        self.change(table, row, false)
    }

    fn change(&mut self, table: &Table, row: u32, comes: bool) -> Result<(), Refused> {
        let at = row as usize;
        let fact = table.fact[at] as usize;
        let cell = |role: usize| table.roles[role][at];
        let doubt = |why: String| Refused {
            of: table.id(row).cloned().unwrap_or_else(|| format!("row {row}").into()),
            clause: None,
            why,
        };
        let (time, root) = (table.time[at], table.root[at]);
        let grade = table.state[at] & 3;
        for port in 0..self.ports[fact].len() {
            let (number, side) = self.ports[fact][port];
            let rule = &self.plan.rules[number];
            let scan = match (&rule.trigger, &rule.content, side) {
                (Source::Each(scan) | Source::Window { scan, .. }, _, Side::Trigger) => scan,
                (_, Content::Act(scan, _) | Content::State(scan, ..), Side::Content) => scan,
                (_, Content::Nothing, Side::Content) => continue,
            };
            let spoken = match scan.reads(cell) {
                Ok(Some(spoken)) => spoken,
                Ok(None) => continue,
                Err(role) => {
                    let role = &self.plan.facts()[fact].roles[role].0;
                    return Err(doubt(format!(
                        "its role `{role}` names a group of which only some are meant"
                    )));
                }
            };
            let established = grade >= rule.trigger_standard as u8;
            match (&rule.trigger, side) {
                (Source::Each(_), Side::Trigger) if grade == 0 || time < rule.in_force => {}
                (Source::Each(_), Side::Trigger) => {
                    let turn = Turn { begins: comes, from: time, anchor: root };
                    self.turned(number, spoken, turn, established);
                }
                (Source::Window { cell: of, .. }, Side::Trigger) => {
                    let cap = rule.content_is_cap();
                    if cap && (!established || time < rule.in_force) {
                        return Err(doubt(
                            "counts towards a cap and is below the standard, or before its time".into(),
                        ));
                    }
                    let entry = Entry { time, root, cell: of.map_or(0, cell) };
                    let mut turns = std::mem::take(&mut self.turns);
                    let window = &mut self.states[number].windows[spoken.bearer.unwrap_or(0) as usize];
                    match comes {
                        true => window.insert(entry, established, &mut turns),
                        false => window.remove(entry, established, &mut turns),
                    }
                    for turn in turns.drain(..) {
                        self.turned(number, spoken, turn, true);
                    }
                    self.turns = turns;
                }
                (_, Side::Content) => {
                    let begins = if table.state[at] & ENDS == 0 { BEGINS } else { 0 };
                    self.acted(number, spoken, Act { time, root, says: grade | begins }, comes);
                }
            }
        }
        Ok(())
    }

    /// A trigger comes or goes.
    fn turned(&mut self, number: usize, spoken: Spoken, turn: Turn, established: bool) {
        let rule = &self.plan.rules[number];
        let bearers = rule.bearers.len();
        let time = turn.from.max(rule.in_force);
        let whom = spoken.bearer.map_or(0..bearers as u16, |b| b..b + 1);
        let state = &mut self.states[number];
        let instances = &mut self.log.instances;
        let anchor = i64::from(turn.anchor);
        let new = state.known.last().is_none_or(|last| last.time() < anchor);
        let own = (!new).then(|| state.known.iter_from(state.known.from(anchor)));
        let found = own.into_iter().flatten().take_while(|k| k.anchor == turn.anchor).find(|k| {
            let first = &instances[k.first as usize];
            let free = first.status == Status::Gone;
            k.bearer == spoken.bearer && if turn.begins { free } else { !free && first.from == turn.from }
        });
        let first = match (found, turn.begins) {
            (Some(known), _) => known.first,
            (None, false) => return,
            (None, true) => {
                let first = instances.len() as u32;
                state.known.insert(Known { anchor: turn.anchor, bearer: spoken.bearer, first });
                instances.extend(whom.clone().map(|bearer| Instance {
                    rule: number as u16,
                    bearer,
                    anchor: turn.anchor,
                    from: turn.from,
                    lane: 0,
                    row: NO_ROW,
                    status: Status::Gone,
                    touched: false,
                }));
                first
            }
        };
        for (bearer, instance) in whom.zip(first..) {
            let own = &mut instances[instance as usize];
            let joined = !rule.content_is_cap() && established;
            if turn.begins {
                own.from = turn.from;
                own.status = if established { Status::There } else { Status::Doubtful };
                if joined {
                    own.lane = state.lanes.of(rule.lane(bearer), rule.lanes(), spoken.key);
                    state.lanes.get_mut(own.lane).starts.insert(Start { time, instance });
                }
            } else {
                own.status = Status::Gone;
                if joined {
                    state.lanes.get_mut(own.lane).starts.remove(time, instance);
                }
            }
            if !own.touched {
                own.touched = true;
                self.touched.push(instance);
            }
        }
    }

    /// An act, or a change of a state, comes or goes.
    fn acted(&mut self, number: usize, spoken: Spoken, act: Act, comes: bool) {
        let rule = &self.plan.rules[number];
        let lanes = rule.lanes();
        for bearer in spoken.bearer.map_or(0..lanes as u16, |b| rule.lane(b)..rule.lane(b) + 1) {
            let all = &mut self.states[number].lanes;
            let lane = all.of(bearer, lanes, spoken.key);
            let lane = all.get_mut(lane);
            let spot = match comes {
                true => lane.acts.insert(act).0,
                false => {
                    lane.acts.remove(act.time, act.root);
                    lane.acts.from(act.time)
                }
            };
            let mut touch = |instance: u32| {
                let own = &mut self.log.instances[instance as usize];
                if !own.touched {
                    own.touched = true;
                    self.touched.push(instance);
                }
            };
            match rule.content {
                Content::State(_, _, span) => lane.decided_by(act.time, span).for_each(&mut touch),
                _ => lane.answered_by(act.time, spot, rule.standard as u8).for_each(&mut touch),
            }
        }
    }

    /// What changed since the last time is said as known at `known_at`: the rows that this adds to the log.
    pub fn settle(&mut self, known_at: Instant) -> Range<usize> {
        let before = self.log.len();
        let mut touched = std::mem::take(&mut self.touched);
        for instance in touched.drain(..) {
            let own = &mut self.log.instances[instance as usize];
            own.touched = false;
            let own = *own;
            let rule = &self.plan.rules[own.rule as usize];
            let triggered = own.from.max(rule.in_force);
            let now = match own.status {
                Status::Gone => None,
                Status::Doubtful => Some((NO_TIME, Said::NotEstablished, NO_TIME)),
                Status::There => Some(self.said(&own, rule, triggered)),
            };
            let log = &mut self.log;
            let old = own.row as usize;
            if own.row != NO_ROW {
                let said = (log.triggered[old], log.due[old], log.said[old], log.done[old]);
                if now.is_some_and(|(due, word, done)| (triggered, due, word, done) == said) {
                    continue;
                }
                log.known_to[old] = known_at.0;
            }
            log.instances[instance as usize].row = match now {
                None => NO_ROW,
                Some((due, said, done)) => {
                    log.instance.push(instance);
                    log.triggered.push(triggered);
                    log.due.push(due);
                    log.done.push(done);
                    log.said.push(said);
                    log.known_from.push(known_at.0);
                    log.known_to.push(NO_TIME);
                    log.len() as u32 - 1
                }
            };
        }
        self.touched = touched;
        before..self.log.len()
    }

    fn said(&self, own: &Instance, rule: &Rule, triggered: i64) -> (i64, Said, i64) {
        let lane = || self.states[own.rule as usize].lanes.get(own.lane);
        let standard = rule.standard as u8;
        match &rule.content {
            Content::Nothing => (NO_TIME, Said::Exceeded, NO_TIME),
            Content::Act(_, span) => {
                let due = self.plan.calendar.deadline_after(Instant(triggered), *span).0;
                let (said, done) = lane().answer(triggered, due, standard);
                (due, said, done)
            }
            Content::State(_, holds, span) => {
                let due = triggered + span;
                let (said, done) = lane().state(due, *holds, standard);
                (due, said, done)
            }
        }
    }

    /// All rows of a table in the order in which they became known, or were taken back: what changes within one `step`
    /// (milliseconds) is said as known at its end.
    ///
    /// # Errors
    /// The record that only perhaps speaks of what a rule asks for.
    ///
    /// # Panics
    /// Where `step` is not positive.
    pub fn replay(&mut self, table: &Table, step: i64) -> Result<(), Refused> {
        assert!(step > 0, "a replay goes on");
        let known_to = |row: u32| table.known_to[row as usize];
        let all = 0..table.len() as u32;
        let mut gone: Vec<u32> =
            all.filter(|row| known_to(*row) != FOR_EVER && table.counts(*row as usize)).collect();
        gone.sort_by_key(|row| known_to(*row));
        let end_of = |at: i64| (at + step - 1).div_euclid(step) * step;
        let (mut next, mut back, mut now) = (0, 0, i64::MIN);
        while next < table.len() || back < gone.len() {
            let comes = table.recorded.get(next).copied().unwrap_or(FOR_EVER);
            let goes = gone.get(back).map_or(FOR_EVER, |row| known_to(*row));
            let at = comes.min(goes);
            if at > now {
                if !self.touched.is_empty() {
                    self.settle(Instant(now));
                }
                now = end_of(at);
            }
            if goes <= comes {
                self.remove(table, gone[back])?;
                back += 1;
            } else {
                if table.counts(next) {
                    self.insert(table, next as u32)?;
                }
                next += 1;
            }
        }
        self.settle(Instant(now));
        Ok(())
    }

    /// What was said so far.
    pub fn log(&self) -> &Log {
        &self.log
    }
}

/// The whole history of what was said of each instance: see [`Live::replay`].
///
/// # Errors
/// The record that only perhaps speaks of what a rule asks for.
///
/// # Panics
/// Where `step` is not positive.
pub fn replay(plan: &Plan, table: &Table, step: i64) -> Result<Log, Refused> {
    let mut live = Live::new(plan);
    live.replay(table, step)?;
    Ok(live.log)
}
