//! Runs of civil days: what each day says is kept, and what many days that are over say is kept together.
//!
//! What a day says is `reference/conditions.rs`, "What one civil day says of a condition". A run of years is then read
//! block by block, and a change of one day is a change of its block alone.

use crate::follow::EnvKey;
use crate::kept::{Differ, wholly};
use crate::reference::conditions::Day;
use crate::reference::{Env, World};
use servanda_model::agreement::Cond;
use servanda_model::{Grade, Instant, Number};
use std::sync::Arc;

/// A condition by its address and the first instant of a day, the instance, and how it is looked at.
pub type DayKey = ((usize, Instant), EnvKey, (bool, Number, Grade));

/// So many days that are over are kept together.
const BLOCK: i64 = 32;

impl Differ for Day {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        wholly(self == other)
    }
}

impl Differ for Arc<Vec<Day>> {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        wholly(self == other)
    }
}

impl<'w> World<'w, '_> {
    /// What each civil day that has begun says of a condition, from the one that begins at `first`.
    pub fn days(&self, inner: &Cond, env: &Env<'w>, first: Instant) -> Vec<Day> {
        let calendar = &self.agreement.calendar;
        // What hangs on the trigger is of one instance alone.
        let keeps = self.memo.fast && env.trigger.is_none() && env.limit.is_none();
        let key = |day| {
            let how = (env.seen, env.watched.clone(), env.standard);
            ((std::ptr::from_ref(inner) as usize, day), env.whole_key(), how)
        };
        let one = |day: Instant| {
            let last = calendar.end_of_day(calendar.date(day));
            match keeps {
                true => self.keep(|m| &m.days, key(day), None, |_| self.day(inner, env, day, last)),
                false => self.day(inner, env, day, last),
            }
        };
        let mut all: Vec<Day> = Vec::new();
        let mut day = first;
        while keeps && self.reached(calendar.end_of_day(calendar.nth_day_after(calendar.date(day), BLOCK))) {
            let block = self.keep(
                |m| &m.blocks,
                key(day),
                None,
                |_| {
                    let mut block: Vec<Day> = Vec::with_capacity(BLOCK as usize);
                    for _ in 0..BLOCK {
                        block.push(one(block.last().map_or(day, |d| d.last.next())));
                    }
                    Arc::new(block)
                },
            );
            all.extend_from_slice(&block);
            day = block.last().map_or(day, |d| d.last.next());
        }
        while self.reached(day) {
            let told = one(day);
            day = told.last.next();
            all.push(told);
        }
        all
    }
}
