//! Triggers and what answers them, side by side in lanes: one lane for each bearer and shared key.
//!
//! A trigger is answered by the first act from it on, or by the state as it is at the deadline. So an act at t touches
//! the triggers between the act before it and t; a change of a state those whose deadline lies between it and the next
//! change. No product of both sides is ever built.

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

/// No moment: not due, not done.
pub const NO_TIME: i64 = i64::MAX;

/// Both sides of one bearer and key. Where one trigger binds all bearers, it stands in a lane of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub starts: Column<Start>,
    pub acts: Column<Act>,
}

impl Lane {
    /// The first act at the standard from a start on: in time, late, or none.
    #[inline]
    pub fn answer(&self, start: i64, due: i64, standard: u8) -> (Said, i64) {
        let mut weaker = false;
        if self.acts.last().is_none_or(|last| last.time < start) {
            return (Said::NotDone, NO_TIME);
        }
        for act in self.acts.iter_from(self.acts.from(start)) {
            if act.says & 3 >= standard {
                return match (act.time <= due, weaker) {
                    (true, _) => (Said::Done, act.time),
                    (false, true) => (Said::Doubtful, NO_TIME),
                    (false, false) => (Said::Late, act.time),
                };
            }
            weaker |= act.says & 3 > 0 && act.time <= due;
        }
        (if weaker { Said::Doubtful } else { Said::NotDone }, NO_TIME)
    }

    /// Whether a state holds, or does not, at a moment. Of changes at the same millisecond a beginning goes before an end,
    /// then the better grade.
    pub fn state(&self, at: i64, holds: bool, standard: u8) -> (Said, i64) {
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
        let change = change.map(|act| act.says);
        match change {
            Some(says) if says & 3 < standard => (Said::Doubtful, NO_TIME),
            change if change.is_some_and(|says| says & BEGINS > 0) == holds => (Said::Done, at),
            _ => (Said::NotDone, NO_TIME),
        }
    }

    /// The time of the last act at the standard before a spot.
    #[inline]
    pub fn act_before(&self, spot: Spot, standard: u8) -> i64 {
        let mut before = self.acts.previous(spot);
        while let Some((spot, act)) = before.and_then(|s| Some((s, self.acts.get(s)?))) {
            if act.says & 3 >= standard {
                return act.time;
            }
            before = self.acts.previous(spot);
        }
        i64::MIN
    }

    /// The starts that an act at `time` may answer: after the act at the standard before it, up to it.
    #[inline]
    pub fn answered_by(&self, since: i64, time: i64) -> impl Iterator<Item = u32> {
        let any = self.starts.last().is_some_and(|last| last.time > since);
        let starts = any.then(|| self.starts.iter_from(self.starts.after(since)));
        starts.into_iter().flatten().take_while(move |s| s.time <= time).map(|s| s.instance)
    }

    /// From when to before when starts are decided by a change of the state: from a deadline, a span after them, at the
    /// change until the next.
    #[inline]
    pub fn decides(&self, time: i64, span: i64) -> (i64, i64) {
        let next = match self.acts.last() {
            Some(last) if last.time > time => self.acts.get(self.acts.after(time)).map_or(i64::MAX, |a| a.time),
            _ => return (time - span, i64::MAX),
        };
        (time - span, next.saturating_sub(span))
    }

    /// The starts from a time on, and before another.
    #[inline]
    pub fn started(&self, from: i64, to: i64) -> impl Iterator<Item = u32> {
        let any = self.starts.last().is_some_and(|last| last.time >= from);
        let starts = any.then(|| self.starts.iter_from(self.starts.from(from)));
        starts.into_iter().flatten().take_while(move |s| s.time < to).map(|s| s.instance)
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
    pub fn of(&mut self, bearer: u16, key: u32, lanes: &mut Vec<Lane>) -> u32 {
        let key = key as usize;
        if key >= self.places.len() {
            self.places.resize(key + 1, (NONE, NONE));
        }
        let (whose, at) = self.places[key];
        if whose == u32::from(bearer) {
            return at;
        }
        if whose == NONE {
            self.places[key] = (bearer.into(), open(lanes));
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
            self.blocks[place] = open(lanes);
        }
        self.blocks[place]
    }
}

fn open(lanes: &mut Vec<Lane>) -> u32 {
    lanes.push(Lane::default());
    lanes.len() as u32 - 1
}
