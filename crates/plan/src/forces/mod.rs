//! Force growth: people by category, month by month, in many futures drawn from stated ranges.
//!
//! It knows numbers of people and nothing else of a force: no units, no places, no readiness. It is no forecast: a range is
//! what whoever wrote the plan states, and a probability is the share of drawn futures in which something holds.
//!
//! Invariants
//! - nobody appears or vanishes: everybody who was there or was recruited is in exactly one place at the end of every month;
//! - one seed gives one set of futures, whatever the number of threads; a parameter's draws do not depend on other parameters
//!   or categories, so that two plans that differ in one number are compared future by future;
//! - more training places never lower the number of people trained by any month, where training takes in whoever waits.
//!   Of people *serving* that does not hold: whoever is trained earlier is exposed to losses earlier.
//!
//! Where to start reading: [`Plan`] (`plan.rs`), then [`month_by_month`] (`people.rs`), then [`answer`]; real forces
//! beside a plan: [`calibration`]; what the engine is asked with: [`records`].

pub mod calibration;
pub(crate) mod chance;
mod people;
pub(crate) mod plan;
pub mod records;

pub use chance::each_future;
pub use people::{History, People, month_by_month};
pub use plan::{Category, Each, Measure, Milestone, Parameter, Plan, Range, Steps, Terms};

use crate::answer::{Cell, Shown};
use crate::month::Month;
use crate::{Answer, Basis, Refusal};
use chance::draw;
use servanda_model::Number;
use std::collections::BTreeMap;

/// How futures are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Drawing {
    /// The seed.
    pub seed: u64,
    /// How many futures.
    pub futures: u32,
    /// Threads; they change nothing but the time that it takes.
    pub threads: u16,
}

/// No more numbers of people are kept at a time.
const LIMIT: u64 = 30_000_000;

/// What came of one future.
struct Future {
    /// By milestone: whether it was kept, the first month in which its bound held, what was missing when it was due.
    milestones: Vec<(bool, Option<u32>, u64)>,
    /// People serving by category and month; empty where it was not asked for.
    serving: Vec<Vec<u64>>,
}

/// A parameter held at one of its ends, for the question what a milestone hangs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Held {
    category: usize,
    parameter: Parameter,
    high: bool,
}

fn future(plan: &Plan, seed: u64, number: u32, held: Option<Held>, bands: bool) -> Future {
    let drawn = records::value(plan, seed, Some(number));
    let history = month_by_month(plan, |category, parameter, step, range| {
        match held.filter(|held| held.category == category && held.parameter == parameter) {
            Some(Held { high: true, .. }) => range.high,
            Some(_) => range.low,
            None => drawn(category, parameter, step, range),
        }
    });
    let milestones = plan
        .milestones
        .iter()
        .map(|milestone| {
            let value = |month: usize| history.measured(milestone.category, milestone.measure, month);
            let due = milestone.by.since(plan.from) as usize;
            let first = milestone.from.map_or(due, |from| from.since(plan.from) as usize);
            let kept = (first..=due).all(|month| milestone.holds(value(month)));
            let reached = (0..plan.months as usize).find(|month| milestone.holds(value(*month)));
            let missing = (first..=due).map(|month| milestone.missing(value(month))).max();
            (kept, reached.map(|month| month as u32), missing.unwrap_or(0))
        })
        .collect();
    let serving = |category: &Vec<People>| category.iter().map(|people| people.serving).collect();
    let serving = if bands { history.by_category.iter().map(serving).collect() } else { Vec::new() };
    Future { milestones, serving }
}

fn futures(plan: &Plan, drawing: Drawing, held: Option<Held>, bands: bool) -> Vec<Future> {
    chance::each_future(drawing.futures, drawing.threads, |number| {
        future(plan, drawing.seed, number, held, bands)
    })
}

/// Share of futures in which each milestone was kept.
///
/// # Units
/// Kept futures of all futures, as an exact fraction.
pub fn probabilities(plan: &Plan, drawing: Drawing) -> Vec<Number> {
    kept(&futures(plan, drawing, None, false), plan.milestones.len())
}

fn kept(futures: &[Future], milestones: usize) -> Vec<Number> {
    let share = |index: usize| {
        let n = futures.iter().filter(|future| future.milestones[index].0).count();
        Number::ratio(n as i64, futures.len() as i64).unwrap_or_default()
    };
    (0..milestones).map(share).collect()
}

/// The value that a share of the values (in thousandths) do not exceed, of sorted values.
pub(crate) fn quantile<T: Copy>(sorted: &[T], thousandths: usize) -> Option<T> {
    let rank = (sorted.len() * thousandths).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied()
}

pub(crate) fn percent(n: &Number) -> Cell {
    Cell::Number(n.clone() * Number::from(100), 1)
}

/// Draws the futures and says what came of them.
///
/// # Errors
/// Where futures, categories and months multiplied are more than can be kept.
pub fn answer(plan: &Plan, drawing: Drawing, sources: Vec<String>) -> Result<Answer, Refusal> {
    let kept_numbers = u64::from(drawing.futures) * plan.categories.len() as u64 * u64::from(plan.months);
    if kept_numbers > LIMIT {
        return Err(Refusal::new(
            format!("{} futures of {} months are too many to keep", drawing.futures, plan.months),
            format!(
                "at most {} with this plan",
                LIMIT / (plan.categories.len() as u64 * u64::from(plan.months)).max(1)
            ),
        ));
    }
    let all = futures(plan, drawing, None, true);
    let probabilities = kept(&all, plan.milestones.len());
    let mut gaps = Vec::new();
    let certain = plan.uncertain().is_empty();
    if certain {
        gaps.push("no range is stated, so that all futures are the same".into());
    }
    if plan.milestones.is_empty() {
        gaps.push("the plan has no milestone".into());
    }
    gaps.push("ranges are as stated in the plan; they were not fitted to any series".into());
    Ok(Answer {
        asked: "forces",
        basis: Basis::Simulated,
        seed: Some(drawing.seed),
        sources,
        assumptions: assumptions(plan, drawing.futures),
        gaps,
        tables: vec![
            milestones(plan, &all, &probabilities),
            first_late(plan, &all),
            hangs_on(plan, drawing, &probabilities),
            bands(plan, &all),
            flows(plan),
        ],
    })
}

fn assumptions(plan: &Plan, futures: u32) -> Vec<String> {
    let mut said = vec![
        format!("{futures} futures of {} months from {}; all numbers are people at the end of a month", plan.months, plan.from),
        "a range is drawn as a triangle from low over likely to high; what is drawn for a future holds in all of its months, unless the range says each month".into(),
        "nothing that is drawn depends on anything else that is drawn".into(),
        "a month: losses and ends of service of those who serve, returns, ends of training, recruits, then training takes in whoever waits, as places are free".into(),
    ];
    for category in &plan.categories {
        for (parameter, _, range) in category.ranges() {
            let shown = |n: u64| parameter.shown(n);
            let text = match range.low == range.high {
                true => shown(range.low),
                false => format!(
                    "{} to {}, likely {}{}",
                    shown(range.low),
                    shown(range.high),
                    shown(range.likely),
                    if range.each == Each::Month { ", each month anew" } else { "" }
                ),
            };
            said.push(format!("{}: {} {text}", category.name, parameter.word()));
        }
        said.push(format!(
            "{}: training takes {} months, recovery {} months",
            category.name, category.training_months, category.recovery_months
        ));
    }
    said
}

fn milestones(plan: &Plan, all: &[Future], probabilities: &[Number]) -> Shown {
    let month = |n: Option<u32>| n.map_or(Cell::Missing, |n| Cell::text(plan.from.plus(n).to_string()));
    let rows = plan
        .milestones
        .iter()
        .enumerate()
        .map(|(index, milestone)| {
            // A future in which it is never reached sorts behind every month.
            let mut reached: Vec<u32> =
                all.iter().map(|f| f.milestones[index].1.unwrap_or(u32::MAX)).collect();
            reached.sort_unstable();
            let mut missing: Vec<u64> = all.iter().map(|f| f.milestones[index].2).collect();
            missing.sort_unstable();
            let at = |q| month(quantile(&reached, q).filter(|n| *n != u32::MAX));
            let short = |q| quantile(&missing, q).map_or(Cell::Missing, |n| Cell::whole(n as i64));
            let (low, high) = wilson(&probabilities[index], all.len());
            vec![
                Cell::text(&milestone.name),
                Cell::text(milestone.category.map_or("all", |c| &plan.categories[c].name)),
                Cell::text(milestone.measure.word()),
                Cell::text(milestone.bound()),
                Cell::text(milestone.by.to_string()),
                percent(&probabilities[index]),
                low,
                high,
                at(100),
                at(500),
                at(900),
                short(500),
                short(900),
            ]
        })
        .collect();
    Shown {
        name: "milestones",
        title: "milestones: percent of futures in which each is kept (with what chance in drawing leaves open, 95 percent); month in which it is reached; people missing when it is due".into(),
        columns: vec![
            "milestone", "category", "measure", "bound", "by", "kept_pct", "kept_low", "kept_high", "reached_p10", "reached_p50",
            "reached_p90", "missing_p50", "missing_p90",
        ],
        rows,
    }
}

/// The interval of Wilson for a share, 95 percent: what so many draws leave open.
///
/// # Units
/// `share` from 0 to 1; the ends in percent.
///
/// # Source
/// E. B. Wilson, J. Am. Stat. Assoc. 22 (1927).
pub fn wilson(share: &Number, n: usize) -> (Cell, Cell) {
    let (p, n, z) = (share.to_f64(), n as f64, 1.96);
    let middle = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    let cell = |value: f64| Cell::approximate((value / scale * 100.0).clamp(0.0, 100.0), 1);
    (cell(middle - half), cell(middle + half))
}

fn first_late(plan: &Plan, all: &[Future]) -> Shown {
    let mut by: BTreeMap<Option<(Month, usize)>, i64> = BTreeMap::new();
    for future in all {
        let missed = plan.milestones.iter().enumerate().filter(|(index, _)| !future.milestones[*index].0);
        *by.entry(missed.map(|(index, m)| (m.by, index)).min()).or_default() += 1;
    }
    let mut sum = Number::zero();
    let mut rows = Vec::new();
    for (first, n) in
        by.iter().filter(|(first, _)| first.is_some()).chain(by.iter().filter(|(first, _)| first.is_none()))
    {
        let share = Number::ratio(*n, all.len() as i64).unwrap_or_default();
        sum = sum + share.clone();
        rows.push(match first {
            Some((month, index)) => vec![
                Cell::text(month.to_string()),
                Cell::text(&plan.milestones[*index].name),
                percent(&share),
                percent(&sum),
            ],
            None => vec![Cell::Missing, Cell::text("nothing is late"), percent(&share), percent(&sum)],
        });
    }
    Shown {
        name: "first-late",
        title: "the first date that is missed: percent of futures, and summed up".into(),
        columns: vec!["date", "milestone", "pct", "summed_pct"],
        rows,
    }
}

fn hangs_on(plan: &Plan, drawing: Drawing, probabilities: &[Number]) -> Shown {
    let mut rows = Vec::new();
    for (category, parameter) in plan.uncertain() {
        let [low, high] = [false, true].map(|high| {
            let held = Held { category, parameter, high };
            let futures = futures(plan, drawing, Some(held), false);
            let missing: Vec<Option<u64>> = (0..plan.milestones.len())
                .map(|index| {
                    let mut missing: Vec<u64> = futures.iter().map(|f| f.milestones[index].2).collect();
                    missing.sort_unstable();
                    quantile(&missing, 500)
                })
                .collect();
            (kept(&futures, plan.milestones.len()), missing)
        });
        for (index, milestone) in plan.milestones.iter().enumerate() {
            let swing = high.0[index].clone() - low.0[index].clone();
            let missing = |of: &[Option<u64>]| of[index].map_or(Cell::Missing, |n| Cell::whole(n as i64));
            let turned = low.1[index].unwrap_or(0).abs_diff(high.1[index].unwrap_or(0));
            rows.push((
                index,
                (swing.abs(), turned),
                vec![
                    Cell::text(&milestone.name),
                    Cell::text(&plan.categories[category].name),
                    Cell::text(parameter.word()),
                    percent(&low.0[index]),
                    percent(&probabilities[index]),
                    percent(&high.0[index]),
                    percent(&swing),
                    missing(&low.1),
                    missing(&high.1),
                ],
            ));
        }
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
    Shown {
        name: "hangs-on",
        title: "what each milestone hangs on: percent kept and people missing (median) with one range held at its low or high end (one that is drawn each month: in all months at once, which is more than chance does), the rest drawn as before".into(),
        columns: vec![
            "milestone", "category", "parameter", "at_low", "drawn", "at_high", "swing", "missing_low", "missing_high",
        ],
        rows: rows.into_iter().map(|(_, _, row)| row).collect(),
    }
}

fn bands(plan: &Plan, all: &[Future]) -> Shown {
    let mut rows = Vec::new();
    for (index, category) in plan.categories.iter().enumerate() {
        for month in 0..plan.months {
            let mut values: Vec<u64> = all.iter().map(|f| f.serving[index][month as usize]).collect();
            values.sort_unstable();
            let mut row = vec![Cell::text(plan.from.plus(month).to_string()), Cell::text(&category.name)];
            row.extend(
                [25, 100, 500, 900, 975]
                    .map(|q| quantile(&values, q).map_or(Cell::Missing, |n| Cell::whole(n as i64))),
            );
            rows.push(row);
        }
    }
    Shown {
        name: "bands",
        title: "people serving: 95 percent of futures lie from p2.5 to p97.5, 80 percent from p10 to p90"
            .into(),
        columns: vec!["month", "category", "p2.5", "p10", "p50", "p90", "p97.5"],
        rows,
    }
}

/// One future with every range at its likely value: where everybody is.
fn flows(plan: &Plan) -> Shown {
    let history = month_by_month(plan, records::value(plan, 0, None));
    let mut rows = Vec::new();
    for (category, months) in plan.categories.iter().zip(&history.by_category) {
        for (month, people) in months.iter().enumerate() {
            let mut row =
                vec![Cell::text(plan.from.plus(month as u32).to_string()), Cell::text(&category.name)];
            let numbers = [
                people.waiting,
                people.training,
                people.serving,
                people.recovering,
                people.recruited,
                people.trained,
                people.failed,
                people.left_waiting,
                people.lost,
                people.ended,
            ];
            row.extend(numbers.map(|n| Cell::whole(n as i64)));
            rows.push(row);
        }
    }
    Shown {
        name: "flows",
        title: "where everybody is with every range at its likely value; from `recruited` on summed up since the beginning".into(),
        columns: vec![
            "month", "category", "waiting", "training", "serving", "recovering", "recruited", "trained", "failed",
            "left_waiting", "lost", "ended",
        ],
        rows,
    }
}

#[cfg(test)]
mod tests;
