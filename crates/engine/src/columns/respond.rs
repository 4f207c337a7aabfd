//! Triggers and what answers them, side by side in lanes: one lane for each bearer and shared key.
//!
//! A trigger is answered by the first act from it on, or by the state as it is at the deadline. So an act at t touches
//! the triggers between the act before it and t; a change of a state those whose deadline lies between it and the next
//! change. No product of both sides is ever built.

use super::after::NO_TIME;
use super::column::{Column, Spot, Timed};

/// A trigger of an instance, or of one of each bearer, one number after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub time: i64,
    pub instance: u32,
}

/// An act, or a change of a state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Act {
    pub time: i64,
    pub root: u32,
    /// Grade, and [`BEGINS`] where a state begins.
    pub says: u8,
}

/// Bit of [`Act::says`] beside the grade.
pub(super) const BEGINS: u8 = 4;

impl Timed for Start {
    fn time(&self) -> i64 {
        self.time
    }
    fn root(&self) -> u32 {
        self.instance
    }
}

impl Timed for Act {
    fn time(&self) -> i64 {
        self.time
    }
    fn root(&self) -> u32 {
        self.root
    }
}

/// What is said of an instance, whatever the clock: with it, [`performance`](super::replay::Log::performance) is a
/// matter of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Said {
    /// Done in time, or so at the deadline.
    Done,
    /// Done after the deadline.
    Late,
    /// Not done, or not so at the deadline.
    NotDone,
    /// On record, below the standard.
    Doubtful,
    /// What would trigger it is on record, below the standard.
    NotEstablished,
    /// More than the cap.
    Exceeded,
}

/// Both sides of one bearer and key. Where one trigger binds all bearers, it stands in a lane of its own.
///
/// A lane with one trigger and one act at most, as with the number of a request, is no more than this; one with more has
/// its entries in columns.
#[derive(Clone, Copy, Debug)]
struct Lane {
    start_time: i64,
    act_time: i64,
    /// [`NONE`] where there is no trigger.
    start: u32,
    /// [`NONE`] where there is no act.
    act: u32,
    /// Where its columns are; [`NONE`] where it needs none.
    many: u32,
    says: u8,
}

const EMPTY: Lane = Lane { start_time: 0, act_time: 0, start: NONE, act: NONE, many: NONE, says: 0 };

impl Lane {
    #[inline]
    fn start(&self) -> Option<Start> {
        (self.start != NONE).then_some(Start { time: self.start_time, instance: self.start })
    }

    #[inline]
    fn act(&self) -> Option<Act> {
        (self.act != NONE).then_some(Act { time: self.act_time, root: self.act, says: self.says })
    }
}

/// The columns of a lane with several triggers or acts.
#[derive(Clone, Debug, Default)]
struct Many {
    starts: Column<Start>,
    acts: Column<Act>,
}

impl Many {
    /// The time of the last act at the standard before a spot.
    #[inline]
    fn act_before(&self, spot: Spot, standard: u8) -> i64 {
        let mut before = self.acts.previous(spot);
        while let Some((spot, act)) = before.and_then(|s| Some((s, self.acts.get(s)?))) {
            if act.says & 3 >= standard {
                return act.time;
            }
            before = self.acts.previous(spot);
        }
        i64::MIN
    }

    fn answer(&self, start: i64, due: i64, standard: u8) -> (Said, i64) {
        let mut weaker = false;
        if self.acts.last().is_none_or(|last| last.time < start) {
            return (Said::NotDone, NO_TIME);
        }
        for act in self.acts.iter_from(self.acts.from(start)) {
            if act.says & 3 >= standard {
                return answered(act, due, weaker);
            }
            weaker |= act.says & 3 > 0 && act.time <= due;
        }
        unanswered(weaker)
    }

    /// The change of the state that counts at a moment. Of changes at the same millisecond a beginning goes before an end,
    /// then the better grade.
    fn change(&self, at: i64) -> Option<u8> {
        let mut spot = self.acts.up_to(at);
        let mut change = spot.and_then(|s| self.acts.get(s)).copied();
        while let Some(before) = spot.and_then(|s| self.acts.previous(s)) {
            let Some((found, act)) = change.as_mut().zip(self.acts.get(before)) else { break };
            if act.time != found.time {
                break;
            }
            found.says = found.says.max(act.says);
            spot = Some(before);
        }
        change.map(|act| act.says)
    }
}

#[inline]
fn answered(act: &Act, due: i64, weaker: bool) -> (Said, i64) {
    match (act.time <= due, weaker) {
        (true, _) => (Said::Done, act.time),
        (false, true) => (Said::Doubtful, NO_TIME),
        (false, false) => (Said::Late, act.time),
    }
}

#[inline]
fn unanswered(weaker: bool) -> (Said, i64) {
    (if weaker { Said::Doubtful } else { Said::NotDone }, NO_TIME)
}

/// The lanes of a rule, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    many: Vec<Many>,
}

impl Lanes {
    #[inline]
    fn open(&mut self) -> u32 {
        self.lanes.push(EMPTY);
        self.lanes.len() as u32 - 1
    }

    /// The columns of a lane, which it gets if it has none.
    fn columns(&mut self, lane: u32) -> &mut Many {
        let lane = &mut self.lanes[lane as usize];
        if lane.many == NONE {
            let mut many = Many::default();
            if let Some(start) = lane.start() {
                many.starts.insert(start);
            }
            if let Some(act) = lane.act() {
                many.acts.insert(act);
            }
            *lane = Lane { many: self.many.len() as u32, ..EMPTY };
            self.many.push(many);
        }
        &mut self.many[lane.many as usize]
    }

    /// Looks at a lane where the next entries will stand.
    #[inline]
    pub fn glance(&self, lane: u32) -> u32 {
        let own = &self.lanes[lane as usize];
        match own.many {
            NONE => own.act,
            many => {
                let many = &self.many[many as usize];
                let (start, act) = (many.starts.last(), many.acts.last());
                start.map_or(0, |s| s.instance) ^ act.map_or(0, |a| a.root)
            }
        }
    }

    /// A trigger comes.
    #[inline]
    pub fn insert_start(&mut self, lane: u32, start: Start) {
        let own = &mut self.lanes[lane as usize];
        if own.many == NONE && own.start == NONE {
            (own.start_time, own.start) = (start.time, start.instance);
        } else {
            self.columns(lane).starts.insert(start);
        }
    }

    /// A trigger goes.
    pub fn remove_start(&mut self, lane: u32, start: Start) {
        let own = &mut self.lanes[lane as usize];
        if own.many != NONE {
            self.many[own.many as usize].starts.remove(start.time, start.instance);
        } else if (own.start_time, own.start) == (start.time, start.instance) {
            own.start = NONE;
        }
    }

    /// An act comes: the time of the last act at the standard before it, [`i64::MIN`] where there is none.
    #[inline]
    pub fn insert_act(&mut self, lane: u32, act: Act, standard: u8) -> i64 {
        let own = &mut self.lanes[lane as usize];
        if own.many == NONE && own.act == NONE {
            (own.act_time, own.act, own.says) = (act.time, act.root, act.says);
            return i64::MIN;
        }
        let many = self.columns(lane);
        let spot = many.acts.insert(act).0;
        many.act_before(spot, standard)
    }

    /// An act goes: the time of the last act at the standard before it.
    pub fn remove_act(&mut self, lane: u32, act: Act, standard: u8) -> i64 {
        let own = &mut self.lanes[lane as usize];
        if own.many != NONE {
            let many = &mut self.many[own.many as usize];
            many.acts.remove(act.time, act.root);
            return many.act_before(many.acts.from(act.time), standard);
        }
        if (own.act_time, own.act) == (act.time, act.root) {
            own.act = NONE;
        }
        i64::MIN
    }

    /// The first act at the standard from a start on: in time, late, or none.
    #[inline]
    pub fn answer(&self, lane: u32, start: i64, due: i64, standard: u8) -> (Said, i64) {
        let own = &self.lanes[lane as usize];
        if own.many != NONE {
            return self.many[own.many as usize].answer(start, due, standard);
        }
        match own.act() {
            Some(act) if act.time < start => unanswered(false),
            Some(act) if act.says & 3 >= standard => answered(&act, due, false),
            act => unanswered(act.is_some_and(|act| act.says & 3 > 0 && act.time <= due)),
        }
    }

    /// Whether a state holds, or does not, at a moment.
    #[inline]
    pub fn state(&self, lane: u32, at: i64, holds: bool, standard: u8) -> (Said, i64) {
        let own = &self.lanes[lane as usize];
        let change = match own.many {
            NONE => own.act().filter(|act| act.time <= at).map(|act| act.says),
            many => self.many[many as usize].change(at),
        };
        match change {
            Some(says) if says & 3 < standard => (Said::Doubtful, NO_TIME),
            change if change.is_some_and(|says| says & BEGINS > 0) == holds => (Said::Done, at),
            _ => (Said::NotDone, NO_TIME),
        }
    }

    /// The first change later than a time.
    #[inline]
    pub fn next_act(&self, lane: u32, time: i64) -> i64 {
        let own = &self.lanes[lane as usize];
        let next = match own.many {
            NONE => own.act().map(|act| act.time).filter(|next| *next > time),
            many => {
                let acts = &self.many[many as usize].acts;
                match acts.last() {
                    Some(last) if last.time > time => acts.get(acts.after(time)).map(|act| act.time),
                    _ => None,
                }
            }
        };
        next.unwrap_or(i64::MAX)
    }

    /// The triggers from a time on, and before another.
    #[inline]
    pub fn started(&self, lane: u32, from: i64, to: i64, mut each: impl FnMut(u32)) {
        let own = &self.lanes[lane as usize];
        if own.many == NONE {
            own.start().filter(|s| from <= s.time && s.time < to).into_iter().for_each(|s| each(s.instance));
            return;
        }
        let starts = &self.many[own.many as usize].starts;
        if starts.last().is_some_and(|last| last.time >= from) {
            let within = starts.iter_from(starts.from(from)).take_while(|s| s.time < to);
            within.for_each(|s| each(s.instance));
        }
    }
}

/// Which lane belongs to a bearer and key. Where one key is one bearer's alone, as with the number of a request, it costs
/// one place and not one for each bearer.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    bearers: usize,
    /// For each key: nothing yet, one bearer and its lane, or [`SEVERAL`] and where their lanes begin in `blocks`.
    places: Vec<(u32, u32)>,
    blocks: Vec<u32>,
}

const NONE: u32 = u32::MAX;
const SEVERAL: u32 = u32::MAX - 1;

impl Ways {
    pub fn new(bearers: usize) -> Ways {
        Ways { bearers, places: Vec::new(), blocks: Vec::new() }
    }

    /// The number of a lane, if it is open.
    #[inline]
    pub fn find(&self, bearer: u16, key: u32) -> Option<u32> {
        let lane = match *self.places.get(key as usize)? {
            (SEVERAL, block) => self.blocks[block as usize + bearer as usize],
            (whose, lane) if whose == u32::from(bearer) => lane,
            _ => NONE,
        };
        (lane != NONE).then_some(lane)
    }

    /// The number of a lane, which is opened at the end of `lanes` if it is not there.
    #[inline]
    pub fn of(&mut self, bearer: u16, key: u32, lanes: &mut Lanes) -> u32 {
        let key = key as usize;
        if key >= self.places.len() {
            self.places.resize(key + 1, (NONE, NONE));
        }
        let (whose, at) = self.places[key];
        if whose == u32::from(bearer) {
            return at;
        }
        if whose == NONE {
            self.places[key] = (bearer.into(), lanes.open());
            return self.places[key].1;
        }
        if whose != SEVERAL {
            let block = self.blocks.len();
            self.blocks.resize(block + self.bearers, NONE);
            self.blocks[block + whose as usize] = at;
            self.places[key] = (SEVERAL, block as u32);
        }
        let place = self.places[key].1 as usize + bearer as usize;
        if self.blocks[place] == NONE {
            self.blocks[place] = lanes.open();
        }
        self.blocks[place]
    }
}
