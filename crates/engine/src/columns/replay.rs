//! Rows go in as they become known, what is said of each instance comes out, from when to when it was said.
//!
//! The clock decides nothing here: a row of the log says what was done, and by when it was due. How an instance stands
//! at a moment is a matter of reading it ([`Log::performance`]).
//!
//! Invariants
//! - rows of the log ascend by `known_from`; of one instance they do not overlap;
//! - the same rows of a table give the same log, whatever the step.

use super::after::{After, Ascending, NO_TIME};
use super::column::{Column, Timed};
use super::plan::{Content, MOST_RULES, Plan, Refused, Rule, Scan, Source, Spoken};
use super::respond::{Act, BEGINS, Lanes, Said, Start, Ways};
use super::table::{ENDS, FOR_EVER, Table};
use super::window::{Entry, Turn, Window};
use servanda_model::verdict::Performance;
use servanda_model::{Calendar, Instant, Name, Span};
use std::ops::Range;

/// An instance: a norm, a bearer, and the row that first spoke of what triggers it.
#[derive(Clone, Copy, Debug)]
struct Instance {
    /// When the trigger was; an episode that began before the entry into force counts from there.
    from: i64,
    anchor: u32,
    /// Where the acts are that may answer it.
    lane: u32,
    /// Its open row of the log.
    row: u32,
    bearer: u16,
    /// The rule, and above it [`TOUCHED`] and the status.
    marks: u16,
}

/// Bit of [`Instance::marks`]: what is said of it may have changed.
const TOUCHED: u16 = 1 << 15;
/// Bits of the status.
const STATUS: u16 = 3 << 13;
/// Bits of the rule.
const RULE: u16 = MOST_RULES - 1;

impl Instance {
    #[inline]
    fn rule(&self) -> usize {
        (self.marks & RULE).into()
    }

    #[inline]
    fn status(&self) -> Status {
        match (self.marks & STATUS) >> 13 {
            0 => Status::Gone,
            1 => Status::Doubtful,
            _ => Status::There,
        }
    }

    #[inline]
    fn set(&mut self, status: Status) {
        self.marks = self.marks & !STATUS | (status as u16) << 13;
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Status {
    Gone = 0,
    Doubtful = 1,
    There = 2,
}

const NO_ROW: u32 = u32::MAX;

/// What the log has to know of a norm.
#[derive(Clone, Debug)]
struct Norm {
    name: Name,
    bearers: Vec<Name>,
    /// Whether single events trigger it.
    by_event: bool,
    due: Due,
}

/// When what a trigger asks for is due.
#[derive(Clone, Copy, Debug)]
enum Due {
    Never,
    /// So many milliseconds later.
    Exactly(i64),
    /// As the calendar says.
    Calendar(Span),
}

impl Due {
    fn of(content: &Content) -> Due {
        match content {
            Content::Nothing => Due::Never,
            Content::Act(_, Span::Exact(span)) | Content::State(_, _, span) => Due::Exactly(*span),
            Content::Act(_, span) => Due::Calendar(*span),
        }
    }

    #[inline]
    fn after(self, triggered: i64, calendar: &Calendar) -> i64 {
        match self {
            Due::Never => NO_TIME,
            Due::Exactly(span) => triggered + span,
            Due::Calendar(span) => calendar.deadline_after(Instant(triggered), span).0,
        }
    }
}

/// What was said, as columns; one entry of each is one row.
#[derive(Clone, Debug, Default)]
pub struct Log {
    instances: Vec<Instance>,
    norms: Vec<Norm>,
    calendar: Calendar,
    instance: Vec<u32>,
    triggered: Vec<i64>,
    /// From when it was triggered.
    done: After,
    said: Vec<Said>,
    known_from: Ascending,
    /// From when it was said.
    known_to: After,
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

    /// When the instance of a row was triggered, in milliseconds since 1970.
    pub fn triggered(&self, row: usize) -> i64 {
        self.triggered[row]
    }

    /// When it was done; [`NO_TIME`] where it was not.
    #[inline]
    pub fn done(&self, row: usize) -> i64 {
        self.done.get(row as u32, self.triggered[row])
    }

    /// What was said.
    pub fn said(&self, row: usize) -> Said {
        self.said[row]
    }

    /// From when this was said.
    pub fn known_from(&self, row: usize) -> i64 {
        self.known_from.get(row as u32)
    }

    /// From when it was no longer said; [`NO_TIME`] where it still is.
    #[inline]
    pub fn known_to(&self, row: usize) -> i64 {
        self.known_to.get(row as u32, self.known_from(row))
    }

    /// Norm and bearer of a row, and the row of the table that gives its instance its identity.
    pub fn whose(&self, row: usize) -> (&Name, &Name, u32) {
        let of = &self.instances[self.instance[row] as usize];
        let norm = &self.norms[of.rule()];
        (&norm.name, &norm.bearers[of.bearer as usize], of.anchor)
    }

    /// When the instance of a row was due, in milliseconds since 1970; [`NO_TIME`] where it is not.
    pub fn due(&self, row: usize) -> i64 {
        match self.said[row] {
            Said::NotEstablished | Said::Exceeded => NO_TIME,
            _ => {
                let norm = &self.norms[self.instances[self.instance[row] as usize].rule()];
                norm.due.after(self.triggered[row], &self.calendar)
            }
        }
    }

    /// Whether the instance of a row was triggered by one event, and not by an episode.
    pub fn by_event(&self, row: usize) -> bool {
        self.norms[self.instances[self.instance[row] as usize].rule()].by_event
    }

    /// The rows that were said at a moment, as known at that moment.
    pub fn as_known_at(&self, known_at: Instant) -> impl Iterator<Item = usize> {
        let end = self.known_from.up_to(known_at.0);
        let from = self.known_from.iter().take(end).enumerate();
        let open = from.filter(move |(row, from)| known_at.0 < self.known_to.get(*row as u32, *from));
        open.map(|(row, _)| row)
    }

    /// How the instance of a row stands at a moment that is not before what was known. In the very millisecond of its
    /// deadline what is not done is still pending.
    pub fn performance(&self, row: usize, at: Instant) -> Performance {
        match self.said[row] {
            Said::NotEstablished => Performance::PendingEvidence,
            Said::Exceeded => Performance::Violated,
            Said::Done if self.done(row) <= at.0 => Performance::Satisfied,
            _ if at.0 <= self.due(row) => Performance::Pending,
            Said::Doubtful => Performance::PendingEvidence,
            _ => Performance::Violated,
        }
    }
}

/// One side of a rule, reading a fact.
#[derive(Clone, Debug)]
struct Port<'p> {
    rule: usize,
    side: Side,
    scan: &'p Scan,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    /// Each event triggers.
    Event,
    /// What lies in a window triggers; the role that it counts or adds up.
    Window(Option<usize>),
    Content,
}

/// What is known of one rule.
#[derive(Clone, Debug)]
struct State<'p> {
    rule: &'p Rule,
    bearers: u16,
    /// Whether a trigger binds all bearers, and stands in a lane once for all of them.
    all: bool,
    /// Whether each bearer has lanes of its own.
    apart: bool,
    due: Due,
    lanes: Lanes,
    ways: Ways,
    /// Where triggers are, if they bind all and each bearer's acts lie apart.
    triggers: Option<Ways>,
    windows: Vec<Window>,
    /// The greatest anchor so far; -1: none.
    newest: i64,
    /// The instances by anchor; made when one is first asked for that is not the newest.
    known: Option<Column<Known>>,
}

/// The instances of an anchor: one of a bearer, or one after the other of all bearers.
#[derive(Clone, Copy, Debug)]
struct Known {
    anchor: u32,
    bearer: u16,
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

impl<'p> State<'p> {
    fn new(rule: &'p Rule) -> State<'p> {
        let lanes = rule.lanes();
        let (all, windows) = match &rule.trigger {
            Source::Each(scan) => (scan.bearer.is_none(), Vec::new()),
            Source::Window { span, need, apart, .. } => {
                (!apart, vec![Window::new(*span, *need); if *apart { rule.bearers.len() } else { 1 }])
            }
        };
        State {
            rule,
            bearers: rule.bearers.len() as u16,
            all,
            apart: lanes > 1,
            due: Due::of(&rule.content),
            lanes: Lanes::default(),
            ways: Ways::new(lanes),
            triggers: (all && lanes > 1).then(|| Ways::new(1)),
            windows,
            newest: -1,
            known: None,
        }
    }

    /// Looks at the end of a lane; what it says is of no use.
    #[inline]
    fn glance(&self, spoken: Spoken) -> u32 {
        let bearer = if self.apart { spoken.bearer.unwrap_or(0) } else { 0 };
        self.ways.find(bearer, spoken.key).map_or(0, |lane| self.lanes.glance(lane))
    }

    /// The lane with the acts of a bearer.
    #[inline]
    fn lane(&mut self, bearer: u16, key: u32) -> u32 {
        self.ways.of(if self.apart { bearer } else { 0 }, key, &mut self.lanes)
    }

    /// The first instance of an anchor and bearer, in force or free.
    fn find(&mut self, instances: &[Instance], number: usize, spoken: Spoken, turn: Turn) -> Option<u32> {
        let known = self.known.get_or_insert_with(|| {
            let mut known = Column::default();
            let own = instances.iter().zip(0..).filter(|(i, _)| i.rule() == number);
            let firsts = own.filter(|(i, _)| !self.all || i.bearer == 0);
            for (Instance { anchor, bearer, .. }, first) in firsts {
                known.insert(Known { anchor: *anchor, bearer: *bearer, first });
            }
            known
        });
        let anchor = i64::from(turn.anchor);
        let bearer = spoken.bearer.unwrap_or(0);
        let own = known.iter_from(known.from(anchor)).take_while(|k| k.anchor == turn.anchor);
        let fits = |k: &&Known| {
            let first = &instances[k.first as usize];
            let free = first.status() == Status::Gone;
            k.bearer == bearer && if turn.begins { free } else { !free && first.from == turn.from }
        };
        own.into_iter().find(fits).map(|k| k.first)
    }
}

impl State<'_> {
    /// What is said of an instance that is triggered.
    #[inline]
    fn said(&self, lane: u32, triggered: i64, calendar: &Calendar) -> (Said, i64) {
        let standard = self.rule.standard as u8;
        match &self.rule.content {
            Content::Nothing => (Said::Exceeded, NO_TIME),
            Content::Act(..) => {
                let due = self.due.after(triggered, calendar);
                self.lanes.answer(lane, triggered, due, standard)
            }
            Content::State(_, holds, span) => self.lanes.state(lane, triggered + span, *holds, standard),
        }
    }
}

/// What is known so far, and what follows from it.
#[derive(Clone, Debug)]
pub struct Live<'p> {
    plan: &'p Plan,
    ports: Vec<Vec<Port<'p>>>,
    states: Vec<State<'p>>,
    log: Log,
    touched: Vec<u32>,
    turns: Vec<Turn>,
    /// The moment of knowledge that [`Live::insert_all`] has reached.
    now: i64,
}

/// Rows that are looked at together.
const AHEAD: u32 = 16;

#[inline]
fn touch(instances: &mut [Instance], touched: &mut Vec<u32>, instance: u32) {
    let own = &mut instances[instance as usize];
    if own.marks & TOUCHED == 0 {
        own.marks |= TOUCHED;
        touched.push(instance);
    }
}

impl<'p> Live<'p> {
    /// Nothing is known yet.
    pub fn new(plan: &'p Plan) -> Live<'p> {
        let mut ports = vec![Vec::new(); plan.facts().len()];
        for (number, rule) in plan.rules.iter().enumerate() {
            let (scan, side) = match &rule.trigger {
                Source::Each(scan) => (scan, Side::Event),
                Source::Window { scan, cell, .. } => (scan, Side::Window(*cell)),
            };
            ports[scan.fact].push(Port { rule: number, side, scan });
            if let Content::Act(scan, _) | Content::State(scan, ..) = &rule.content {
                ports[scan.fact].push(Port { rule: number, side: Side::Content, scan });
            }
        }
        let states: Vec<State<'p>> = plan.rules.iter().map(State::new).collect();
        let norms = states.iter().map(|s| Norm {
            name: s.rule.norm.clone(),
            bearers: s.rule.bearers.clone(),
            by_event: matches!(s.rule.trigger, Source::Each(_)),
            due: s.due,
        });
        let log = Log { norms: norms.collect(), calendar: plan.calendar.clone(), ..Log::default() };
        Live { plan, ports, states, log, touched: Vec::new(), turns: Vec::new(), now: i64::MIN }
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
        let (time, root) = (table.time[at], table.root(row));
        let grade = table.state[at] & 3;
        for port in 0..self.ports[fact].len() {
            let Port { rule: number, side, scan } = self.ports[fact][port];
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
            let rule = self.states[number].rule;
            let established = grade >= rule.trigger_standard as u8;
            match side {
                Side::Event if grade == 0 || time < rule.in_force => {}
                Side::Event => {
                    let turn = Turn { begins: comes, from: time, anchor: root };
                    self.turned(number, spoken, turn, established);
                }
                Side::Window(of) => {
                    if rule.content_is_cap() && (!established || time < rule.in_force) {
                        return Err(doubt(
                            "counts towards a cap and is below the standard, or before its time".into(),
                        ));
                    }
                    let entry = Entry { time, root, cell: of.map_or(0, cell) };
                    let window = &mut self.states[number].windows[spoken.bearer.unwrap_or(0) as usize];
                    match comes {
                        true => window.insert(entry, established, &mut self.turns),
                        false => window.remove(entry, established, &mut self.turns),
                    }
                    if !self.turns.is_empty() {
                        let mut turns = std::mem::take(&mut self.turns);
                        for turn in turns.drain(..) {
                            self.turned(number, spoken, turn, true);
                        }
                        self.turns = turns;
                    }
                }
                Side::Content => {
                    let begins = if table.state[at] & ENDS == 0 { BEGINS } else { 0 };
                    self.acted(number, spoken, Act { time, root, says: grade | begins }, comes);
                }
            }
        }
        Ok(())
    }

    /// A trigger comes or goes.
    fn turned(&mut self, number: usize, spoken: Spoken, turn: Turn, established: bool) {
        let state = &mut self.states[number];
        let rule = state.rule;
        let time = turn.from.max(rule.in_force);
        let whom = spoken.bearer.map_or(0..state.bearers, |b| b..b + 1);
        let instances = &mut self.log.instances;
        let anchor = i64::from(turn.anchor);
        let found = match anchor > state.newest {
            true => None,
            false => state.find(instances, number, spoken, turn),
        };
        let first = match (found, turn.begins) {
            (Some(first), _) => first,
            (None, false) => return,
            (None, true) => {
                let first = instances.len() as u32;
                state.newest = state.newest.max(anchor);
                if let Some(known) = &mut state.known {
                    known.insert(Known { anchor: turn.anchor, bearer: whom.start, first });
                }
                instances.extend(whom.clone().map(|bearer| Instance {
                    from: turn.from,
                    anchor: turn.anchor,
                    lane: NO_ROW,
                    row: NO_ROW,
                    bearer,
                    marks: number as u16,
                }));
                first
            }
        };
        let joined = established && !rule.content_is_cap();
        if joined && turn.begins {
            // A correction may have moved it to another key.
            for (bearer, instance) in whom.clone().zip(first..) {
                instances[instance as usize].lane = state.lane(bearer, spoken.key);
            }
        }
        if joined {
            let lane = match &mut state.triggers {
                Some(ways) => ways.of(0, spoken.key, &mut state.lanes),
                None => instances[first as usize].lane,
            };
            let start = Start { time, instance: first };
            match turn.begins {
                true => state.lanes.insert_start(lane, start),
                false => state.lanes.remove_start(lane, start),
            }
        }
        for instance in first..first + whom.len() as u32 {
            let own = &mut instances[instance as usize];
            own.set(match (turn.begins, established) {
                (true, true) => Status::There,
                (true, false) => Status::Doubtful,
                (false, _) => Status::Gone,
            });
            if turn.begins {
                own.from = turn.from;
            }
            touch(instances, &mut self.touched, instance);
        }
    }

    /// An act, or a change of a state, comes or goes.
    fn acted(&mut self, number: usize, spoken: Spoken, act: Act, comes: bool) {
        let state = &mut self.states[number];
        let bearer = spoken.bearer.unwrap_or(0);
        let lane = state.lane(bearer, spoken.key);
        let standard = state.rule.standard as u8;
        let since = match comes {
            true => state.lanes.insert_act(lane, act, standard),
            false => state.lanes.remove_act(lane, act, standard),
        };
        let triggers = match &state.triggers {
            Some(ways) => ways.find(0, spoken.key),
            None => Some(lane),
        };
        let Some(triggers) = triggers else { return };
        // An act may answer the triggers after the act before it, up to it; a change of the state decides those whose
        // deadline, a span after them, lies between it and the next.
        let (from, to) = match state.rule.content {
            Content::State(_, _, span) => {
                (act.time - span, state.lanes.next_act(lane, act.time).saturating_sub(span))
            }
            _ => (since.saturating_add(1), act.time + 1),
        };
        let (all, apart, bearers) = (state.all, state.apart, u32::from(state.bearers));
        let (instances, touched) = (&mut self.log.instances, &mut self.touched);
        let touch = |first: u32| match (all, apart) {
            (false, _) => touch(instances, touched, first),
            (true, true) => touch(instances, touched, first + u32::from(bearer)),
            (true, false) => (first..first + bearers).for_each(|i| touch(instances, touched, i)),
        };
        state.lanes.started(triggers, from, to, touch);
    }

    /// What changed since the last time is said as known at `known_at`: the rows that this adds to the log.
    pub fn settle(&mut self, known_at: Instant) -> Range<usize> {
        let before = self.log.len();
        let log = &mut self.log;
        for instance in self.touched.drain(..) {
            let own = &mut log.instances[instance as usize];
            own.marks &= !TOUCHED;
            let old = own.row as usize;
            let state = &self.states[own.rule()];
            let triggered = own.from.max(state.rule.in_force);
            let now = match own.status() {
                Status::Gone => None,
                Status::Doubtful => Some((Said::NotEstablished, NO_TIME)),
                Status::There => Some(state.said(own.lane, triggered, &self.plan.calendar)),
            };
            if own.row != NO_ROW {
                let said = (log.triggered[old], log.said[old], log.done.get(own.row, log.triggered[old]));
                if now.is_some_and(|(word, done)| (triggered, word, done) == said) {
                    continue;
                }
                log.known_to.set(own.row, log.known_from.get(own.row), known_at.0);
            }
            own.row = match now {
                None => NO_ROW,
                Some((said, done)) => {
                    log.instance.push(instance);
                    log.triggered.push(triggered);
                    log.done.push(triggered, done);
                    log.said.push(said);
                    log.known_from.push(known_at.0);
                    log.known_to.push(known_at.0, NO_TIME);
                    log.instance.len() as u32 - 1
                }
            };
        }
        before..self.log.len()
    }

    /// Rows become known, one after the other: what changes at one moment of knowledge is said as known then. The last of
    /// them is not settled.
    ///
    /// # Errors
    /// As for [`Live::insert`].
    pub fn insert_all(&mut self, table: &Table, rows: Range<u32>) -> Result<(), Refused> {
        let mut next = rows.start;
        while next < rows.end {
            let end = rows.end.min(next + AHEAD);
            // What a few rows will ask for is looked at together, so that they wait for memory together.
            std::hint::black_box((next..end).fold(0, |seen, row| seen ^ self.glance(table, row)));
            for row in next..end {
                let known_at = table.recorded(row);
                if known_at > self.now {
                    self.settle(Instant(self.now));
                    self.now = known_at;
                }
                self.insert(table, row)?;
            }
            next = end;
        }
        Ok(())
    }

    /// Looks at the lanes that a row will touch.
    #[inline]
    fn glance(&self, table: &Table, row: u32) -> u32 {
        let at = row as usize;
        let seen = self.ports[table.fact[at] as usize].iter().filter(|port| port.side != Side::Window(None));
        let seen = seen.map(|port| match port.scan.reads(|role| table.roles[role][at]) {
            Ok(Some(spoken)) => self.states[port.rule].glance(spoken),
            _ => 0,
        });
        seen.fold(0, |seen, one| seen ^ one)
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
        let counts = |row: u32, to: i64| table.recorded(row) < to;
        let gone = table.gone.iter().filter(|(row, to)| **to != FOR_EVER && counts(**row, **to));
        let mut gone: Vec<(i64, u32)> = gone.map(|(row, to)| (*to, *row)).collect();
        gone.sort_unstable();
        // Rows that were taken back before they were recorded never count.
        let void = table.gone.iter().filter(|(row, to)| !counts(**row, **to));
        let mut void = void.map(|(row, _)| *row as usize);
        let mut next_void = void.next();
        let end_of = |at: i64| (at + step - 1).div_euclid(step) * step;
        let (mut next, mut back, mut now) = (0, 0, i64::MIN);
        while next < table.len() || back < gone.len() {
            let comes = if next < table.len() { table.recorded(next as u32) } else { FOR_EVER };
            let goes = gone.get(back).map_or(FOR_EVER, |(to, _)| *to);
            let at = comes.min(goes);
            if at > now {
                if !self.touched.is_empty() {
                    self.settle(Instant(now));
                }
                now = end_of(at);
            }
            if goes <= comes {
                self.remove(table, gone[back].1)?;
                back += 1;
            } else {
                if next_void == Some(next) {
                    next_void = void.next();
                } else {
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
