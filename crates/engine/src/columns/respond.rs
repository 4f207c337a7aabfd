//! Triggers and what answers them, side by side in lanes: one lane for each bearer and shared key.
//!
//! A trigger is answered by the first act from it on, or by the state as it is at the deadline. So an act at t touches
//! the triggers between the act before it and t; a change of a state those whose deadline lies between it and the next
//! change. No product of both sides is ever built.

use super::column::{Column, Spot, Timed};

/// A trigger of an instance.
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

/// Both sides of one bearer and key.
#[derive(Clone, Debug, Default)]
pub(super) struct Lane {
    pub starts: Column<Start>,
    pub acts: Column<Act>,
}

impl Lane {
    /// The first act at the standard from a start on: in time, late, or none.
    pub fn answer(&self, start: i64, due: i64, standard: u8) -> (Said, i64) {
        let mut weaker = false;
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
        let last = self.acts.previous(self.acts.after(at)).and_then(|s| self.acts.get(s));
        let change = last.map(|last| {
            let same = self.acts.iter_from(self.acts.from(last.time)).take_while(|a| a.time == last.time);
            same.map(|a| a.says).max().unwrap_or(last.says)
        });
        match change {
            Some(says) if says & 3 < standard => (Said::Doubtful, NO_TIME),
            change if change.is_some_and(|says| says & BEGINS > 0) == holds => (Said::Done, at),
            _ => (Said::NotDone, NO_TIME),
        }
    }

    /// The starts that an act at `time`, which stands or stood at `spot`, may answer: after the act at the standard before
    /// it, up to it.
    pub fn answered_by(&self, time: i64, spot: Spot, standard: u8) -> impl Iterator<Item = u32> {
        let mut before = self.acts.previous(spot);
        let mut since = i64::MIN;
        while let Some((spot, act)) = before.and_then(|s| Some((s, self.acts.get(s)?))) {
            if act.says & 3 >= standard {
                since = act.time;
                break;
            }
            before = self.acts.previous(spot);
        }
        let any = self.starts.last().is_some_and(|last| last.time > since);
        let starts = any.then(|| self.starts.iter_from(self.starts.after(since)));
        starts.into_iter().flatten().take_while(move |s| s.time <= time).map(|s| s.instance)
    }

    /// The starts whose deadline, a span after them, lies between a change of the state and the next.
    pub fn decided_by(&self, time: i64, span: i64) -> impl Iterator<Item = u32> {
        let next = self.acts.get(self.acts.after(time)).map_or(i64::MAX, |a| a.time - span);
        let starts = self.starts.iter_from(self.starts.from(time - span));
        starts.take_while(move |s| s.time < next).map(|s| s.instance)
    }
}

/// Lanes by bearer and key.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    places: Vec<u32>,
    lanes: Vec<Lane>,
}

impl Lanes {
    /// The number of a lane, which is opened if it is not there.
    #[inline]
    pub fn of(&mut self, bearer: u16, bearers: usize, key: u32) -> u32 {
        let place = key as usize * bearers + bearer as usize;
        if place >= self.places.len() {
            self.places.resize(place + 1, u32::MAX);
        }
        if self.places[place] == u32::MAX {
            self.places[place] = self.lanes.len() as u32;
            self.lanes.push(Lane::default());
        }
        self.places[place]
    }

    #[inline]
    pub fn get(&self, lane: u32) -> &Lane {
        &self.lanes[lane as usize]
    }

    #[inline]
    pub fn get_mut(&mut self, lane: u32) -> &mut Lane {
        &mut self.lanes[lane as usize]
    }
}
