//! One future: people of each category, month by month, in whole numbers.
//!
//! It draws nothing; whoever calls it says what each range is. Shares of a stock are taken with the remainder carried over to
//! the next month, so that small stocks lose people too, and no rounding adds up.
//!
//! Invariants
//! - at the end of every month, those who were there plus those recruited are those who wait, train, serve and recover plus
//!   those who failed, left, were lost or ended their service; the assertion stays on.

use super::plan::{Category, Each, Measure, Parameter, Plan, Range};
use std::collections::VecDeque;

/// One category at the end of a month. From `recruited` on, numbers are summed up since the beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct People {
    /// Recruited, and waiting for a training place.
    pub waiting: u64,
    /// In training.
    pub training: u64,
    /// Trained and serving.
    pub serving: u64,
    /// Out, and coming back.
    pub recovering: u64,
    /// Recruited.
    pub recruited: u64,
    /// Trained with success.
    pub trained: u64,
    /// Trained without success.
    pub failed: u64,
    /// Left while they waited.
    pub left_waiting: u64,
    /// Lost for good.
    pub lost: u64,
    /// Their service ended.
    pub ended: u64,
}

impl People {
    fn everybody(&self) -> u64 {
        self.waiting
            + self.training
            + self.serving
            + self.recovering
            + self.failed
            + self.left_waiting
            + self.lost
            + self.ended
    }
}

/// A future.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct History {
    /// By category, then by month.
    pub by_category: Vec<Vec<People>>,
}

impl History {
    /// What a milestone measures at the end of a month, of one category or of all.
    pub fn measured(&self, category: Option<usize>, measure: Measure, month: usize) -> u64 {
        let of = |people: &[People]| match measure {
            Measure::Serving => people[month].serving,
            Measure::Trained => people[month].trained,
        };
        match category {
            Some(index) => of(&self.by_category[index]),
            None => self.by_category.iter().map(|people| of(people)).sum(),
        }
    }
}

/// A billion: shares are whole billionths.
pub(super) const WHOLE: u64 = 1_000_000_000;

/// What a share takes of a stock, with the remainder kept.
#[derive(Default)]
struct Taken(u64);

impl Taken {
    fn of(&mut self, stock: u64, share: u64) -> u64 {
        let all = u128::from(stock) * u128::from(share) + u128::from(self.0);
        self.0 = (all % u128::from(WHOLE)) as u64;
        (all / u128::from(WHOLE)) as u64
    }
}

/// Runs a plan. `value(category, parameter, step, range)` says what a range is; `step` is the month where a range is drawn anew
/// each month, the number of the step for training places, and else 0.
///
/// # Panics
/// Where somebody appeared or vanished, which is a bug of ours.
pub fn month_by_month(plan: &Plan, value: impl Fn(usize, Parameter, u32, &Range) -> u64) -> History {
    let by_category = plan
        .categories
        .iter()
        .enumerate()
        .map(|(index, category)| {
            of_category(plan, category, |parameter, step, range| value(index, parameter, step, range))
        })
        .collect();
    History { by_category }
}

fn of_category(
    plan: &Plan,
    category: &Category,
    value: impl Fn(Parameter, u32, &Range) -> u64,
) -> Vec<People> {
    let mut people = People {
        waiting: category.waiting,
        training: category.in_training.iter().sum(),
        serving: category.serving,
        ..People::default()
    };
    let begun = people.everybody();
    // Who ends training, and who comes back, in the month that comes next, the one after it, …
    let mut training: VecDeque<u64> = category.in_training.iter().copied().collect();
    training.resize(category.training_months as usize, 0);
    let mut recovering: VecDeque<u64> = VecDeque::from(vec![0; category.recovery_months as usize]);
    let [mut out, mut back, mut end, mut fail, mut leave] =
        [Taken::default(), Taken::default(), Taken::default(), Taken::default(), Taken::default()];
    let mut months = Vec::with_capacity(plan.months as usize);
    for month in 0..plan.months {
        let of = |parameter: Parameter, range: &Range| {
            value(parameter, if range.each == Each::Month { month + 1 } else { 0 }, range)
        };
        // Losses, and ends of service, of those who serve.
        let casualties = out.of(people.serving, of(Parameter::Losses, &category.losses));
        let will_return = back.of(casualties, of(Parameter::Recover, &category.recover));
        people.serving -= casualties;
        let ended = end.of(people.serving, of(Parameter::Ends, &category.ends));
        people.serving -= ended;
        people.ended += ended;
        people.lost += casualties - will_return;
        // Returns.
        recovering.push_back(will_return);
        people.recovering += will_return;
        let returned = recovering.pop_front().unwrap_or(0);
        people.recovering -= returned;
        people.serving += returned;
        // Ends of training.
        let finished = training.pop_front().unwrap_or(0);
        let failed = fail.of(finished, of(Parameter::Fails, &category.fails));
        people.training -= finished;
        people.failed += failed;
        people.trained += finished - failed;
        people.serving += finished - failed;
        // Recruits; some of those who wait leave.
        let left = leave.of(people.waiting, of(Parameter::LeaveWaiting, &category.leave_waiting));
        people.waiting -= left;
        people.left_waiting += left;
        let pool = category.pool.unwrap_or(u64::MAX).saturating_sub(people.recruited);
        let recruits = of(Parameter::Recruits, &category.recruits).min(pool);
        people.recruited += recruits;
        people.waiting += recruits;
        // Training takes in whoever waits.
        let step = category.places.at(plan.from.plus(month));
        let places = step.map_or(0, |(number, range)| value(Parameter::Places, number, range));
        let taken = people.waiting.min(places.saturating_sub(people.training));
        people.waiting -= taken;
        people.training += taken;
        training.push_back(taken);
        assert_eq!(people.everybody(), begun + people.recruited, "somebody appeared or vanished");
        months.push(people);
    }
    months
}
