//! Rotations: which contingents are where from when to when, so that the agreed presence is kept at all times.
//!
//! It knows numbers of people by partner and region, a region being a zone of the agreement and never finer. It decides no
//! verdict: a schedule becomes records marked planned ([`records`]), and the engine is asked. A schedule is made with a
//! mixed-integer program (`build.rs`), and checked by a way of its own in days ([`check()`]); what does not pass the check is
//! not given out.
//!
//! Invariants
//! - the same plan, solver and effort give the same schedule, unless the clock cut the solver short, which is then said;
//! - a tour that had begun when the plan was decided is never moved;
//! - "impossible" is only said where the solver proved it.
//!
//! Where to start reading: [`Plan`] (`plan.rs`), then `build.rs`, then [`schedule`]. Why there is none stands in `why.rs`.

mod build;
mod check;
mod greedy;
mod plan;
pub mod records;
mod why;

pub use build::{Before, Clause};
pub use check::{Checked, Stay, check};
pub use plan::{Contingent, Partner, Plan, Presence, Stretch, Terms, Tour};
pub use why::{Relaxation, Why};

use crate::answer::{Cell, Shown};
use crate::month::Month;
use crate::program::{Effort, Found, Program, Solver, Stopped};
use crate::table::Table;
use crate::{Answer, Basis, Refusal};
use build::{Aim, Built, Stands, build};
use servanda_model::Number;
use std::collections::{BTreeMap, BTreeSet};

/// A schedule.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    /// Stays, by arrival.
    pub stays: Vec<Stay>,
    /// Its cost within the plan.
    pub cost: Number,
    /// What no schedule costs less than; none where nothing was proved.
    pub bound: Option<f64>,
    /// Why the solver stopped.
    pub stopped: Stopped,
    /// Tours that are new or no longer there; none where there was no schedule before.
    pub changes: Option<u32>,
    /// Whether fewer changes were proved impossible.
    pub fewest: bool,
    /// Nodes of the search.
    pub nodes: u64,
}

impl Schedule {
    /// What is left between the cost and what is proved to be the least, as a share of the cost.
    pub fn gap(&self) -> Option<f64> {
        let cost = self.cost.to_f64();
        let bound = self.bound?;
        Some(if cost <= 0.0 { 0.0 } else { ((cost - bound) / cost).max(0.0) })
    }
}

/// What came of a plan.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// A schedule.
    Kept(Schedule),
    /// There is none, and why.
    Impossible(Box<why::Why>),
    /// The solver gave up.
    NotFound(Stopped),
}

/// The program of a plan whose sum is the cost, for another solver.
pub fn program(plan: &Plan, before: Option<&Before>) -> Program {
    let none = Before::default();
    build(plan, before.unwrap_or(&none), &Clause::all(plan), Aim::Cost).program
}

/// Makes a schedule; with one `before`, with as few changes to it as may be, and then at the least cost.
///
/// # Errors
/// Where the solver fails by itself, or a schedule does not pass the check, which is a bug of ours.
pub fn schedule(
    plan: &Plan,
    before: Option<&Before>,
    solver: &dyn Solver,
    effort: Effort,
) -> Result<Outcome, Refusal> {
    let all = Clause::all(plan);
    let none = Before::default();
    let earlier = before.unwrap_or(&none);
    let mut hint: Option<Vec<f64>> = None;
    let (mut aim, mut fewest) = (Aim::Cost, true);
    if before.is_some() {
        let built = build(plan, earlier, &all, Aim::Changes(None));
        match solver.solve(&built.program, Effort { gap: 0.0, ..effort }, None)? {
            Found::Impossible => return impossible(plan, earlier, solver, effort),
            Found::NothingYet(stopped) => return Ok(Outcome::NotFound(stopped)),
            Found::Solution { values, stopped, .. } => {
                fewest = stopped == Stopped::Proved;
                let of = |(column, value): (usize, &f64)| built.program.columns[column].cost * value.round();
                let changes: f64 = values.iter().enumerate().map(of).sum();
                aim = Aim::Changes(Some(changes + built.changes));
                hint = Some(values);
            }
        }
    }
    let built = build(plan, earlier, &all, aim);
    if before.is_none() {
        let first = greedy::greedy(plan, earlier).map(|tours| build::values(plan, &built, &tours));
        hint = first.filter(|values| built.program.broken_by(values).is_none());
    }
    let found = match (solver.solve(&built.program, effort, hint.as_deref())?, hint) {
        // What it was to begin with is a schedule, if no good one.
        (Found::NothingYet(stopped), Some(values)) => {
            Found::Solution { values, bound: None, stopped, nodes: 0 }
        }
        (found, _) => found,
    };
    let Found::Solution { values, bound, stopped, nodes } = found else {
        return match found {
            Found::NothingYet(stopped) => Ok(Outcome::NotFound(stopped)),
            _ => impossible(plan, earlier, solver, effort),
        };
    };
    let tours = tours(&built, &values);
    let changes = before.map(|before| changes(plan, before, &tours));
    let stays = stays(plan, earlier, &tours)?;
    let end = plan.last().plus(1).first_day();
    let cost = check::cost(plan, &stays, end).into_values().fold(Number::zero(), |a, b| a + b);
    let checked = check(plan, &stays);
    let told = earlier.tours.keys().map(|tour| {
        let of = &plan.contingents[tour.contingent];
        (
            of.partner.clone(),
            of.name.clone(),
            plan.month(tour.from).first_day(),
            plan.month(tour.end()).first_day(),
        )
    });
    let mut findings = checked.findings;
    findings.extend(check::notice(plan, &stays, &told.collect::<BTreeSet<_>>()));
    if let Some(first) = findings.first() {
        return Err(Refusal::new(
            format!("the schedule does not pass its own check: {first} ({} findings)", findings.len()),
            "this is a bug of ours, or a plan whose running tours break its clauses: look at `[[running]]` and the schedule before",
        ));
    }
    Ok(Outcome::Kept(Schedule { stays, cost, bound, stopped, changes, fewest, nodes }))
}

fn impossible(plan: &Plan, before: &Before, solver: &dyn Solver, effort: Effort) -> Result<Outcome, Refusal> {
    why::why(plan, before, solver, effort).map(|why| Outcome::Impossible(Box::new(why)))
}

fn tours(built: &Built, values: &[f64]) -> BTreeMap<Tour, u32> {
    let mut tours: BTreeMap<Tour, u32> = BTreeMap::new();
    for (stands, value) in built.stands.iter().zip(values) {
        if let (Stands::Tour(tour), n) = (stands, value.round())
            && n >= 1.0
        {
            *tours.entry(*tour).or_default() += n as u32;
        }
    }
    tours
}

/// Tours that are new, and tours that are no longer there.
fn changes(plan: &Plan, before: &Before, tours: &BTreeMap<Tour, u32>) -> u32 {
    let begun = build::begun(plan, before);
    let all: BTreeSet<&Tour> = before.tours.keys().chain(tours.keys()).collect();
    let of = |list: &BTreeMap<Tour, u32>, tour: &Tour| list.get(tour).copied().unwrap_or(0);
    all.into_iter()
        .filter(|tour| !plan.running.contains_key(*tour))
        .filter(|tour| plan.arrival(tour) > plan.decided || !begun.contains_key(*tour))
        .map(|tour| of(&before.tours, tour).abs_diff(of(tours, tour)))
        .sum()
}

/// Says which unit goes on which tour.
fn stays(plan: &Plan, before: &Before, tours: &BTreeMap<Tour, u32>) -> Result<Vec<Stay>, Refusal> {
    let begun = build::begun(plan, before);
    let mut in_order: Vec<(&Tour, u32)> = tours.iter().map(|(tour, n)| (tour, *n)).collect();
    in_order.sort_by_key(|(tour, _)| (tour.from, **tour));
    let mut ready: Vec<Vec<i64>> =
        plan.contingents.iter().map(|c| vec![i64::MIN; c.there_are as usize]).collect();
    let mut stays = Vec::new();
    for (tour, n) in in_order {
        let of = &plan.contingents[tour.contingent];
        for _ in 0..n {
            let units = &mut ready[tour.contingent];
            let Some(unit) = units.iter().position(|free| *free <= tour.from) else {
                return Err(Refusal::new(
                    format!("{}: no unit is ready for {}", of.title(), plan.month(tour.from)),
                    "running tours or the schedule before need more contingents than there are",
                ));
            };
            units[unit] = tour.end() + i64::from(of.home());
            stays.push(Stay {
                partner: of.partner.clone(),
                name: of.name.clone(),
                unit: unit as u32 + 1,
                region: plan.regions[tour.region].clone(),
                arrives: plan.arrival(tour),
                takes_over: plan.month(tour.from).first_day(),
                leaves: plan.month(tour.end()).first_day(),
                begun: begun.contains_key(tour),
            });
        }
    }
    stays.sort_by(|a, b| (a.takes_over, a).cmp(&(b.takes_over, b)));
    Ok(stays)
}

impl Before {
    /// Reads the table `tours` of an answer of before.
    ///
    /// # Errors
    /// Where it is no such table, or names what the plan does not have.
    pub fn read(name: &str, text: &str, plan: &Plan) -> Result<Before, Refusal> {
        let text: String = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .fold(String::new(), |all, line| all + line + "\n");
        let table = Table::read(name, &text)?.with(&["partner", "contingent", "region", "from", "until"])?;
        let mut before = Before::default();
        for row in table.rows() {
            let of = |c: &Contingent| c.partner == row.text("partner") && c.name == row.text("contingent");
            let Some(contingent) = plan.contingents.iter().position(of) else {
                return Err(row.refused(
                    "contingent",
                    "is no contingent of the plan",
                    "keep it in the plan, and let its partner leave",
                ));
            };
            let Some(region) = plan.regions.iter().position(|r| r == row.text("region")) else {
                return Err(row.refused(
                    "region",
                    "is no region of the plan",
                    "the regions are those of the presences",
                ));
            };
            let month = |column: &str| {
                Month::parse(row.text(column))
                    .ok_or_else(|| row.refused(column, "is no month", "write it like `2027-06`"))
            };
            let (from, until) = (month("from")?, month("until")?);
            if until < from || until.since(from) > 120 {
                return Err(row.refused("until", "is no end of it", "the last month of the tour"));
            }
            let tour =
                Tour { contingent, region, from: plan.number(from), months: (until.since(from) + 1) as u32 };
            // What was there already when the schedule was made stands in the plan.
            if !plan.running.contains_key(&tour) {
                *before.tours.entry(tour).or_default() += 1;
            }
        }
        Ok(before)
    }
}

/// What is said of a plan.
///
/// # Errors
/// Those of [`schedule`].
pub fn answer(
    plan: &Plan,
    before: Option<&Before>,
    solver: &dyn Solver,
    effort: Effort,
    sources: Vec<String>,
) -> Result<(Answer, Option<Schedule>), Refusal> {
    let mut answer = Answer {
        asked: "rotations",
        basis: Basis::Planned,
        seed: None,
        sources,
        assumptions: assumptions(plan),
        gaps: Vec::new(),
        tables: Vec::new(),
    };
    answer.sources.push(format!("schedule made by {}", solver.name()));
    let schedule = match schedule(plan, before, solver, effort)? {
        Outcome::Kept(schedule) => schedule,
        Outcome::NotFound(stopped) => {
            answer.gaps.push(format!(
                "no schedule was found, and none was proved impossible: {} were used up",
                if stopped == Stopped::Clock { "the seconds" } else { "the nodes of the search" }
            ));
            return Ok((answer, None));
        }
        Outcome::Impossible(why) => {
            answer.gaps.push(why.words(plan));
            answer.gaps.extend(why.open.iter().cloned());
            answer.tables.push(why.conflict_table(plan));
            answer.tables.push(why.relaxations_table(plan));
            return Ok((answer, None));
        }
    };
    answer.tables.push(summary(plan, &schedule));
    answer.tables.push(strength(plan, &schedule));
    answer.tables.push(tours_table(&schedule));
    answer.tables.push(notices(plan, &schedule));
    answer.tables.push(costs(plan, &schedule));
    if schedule.stopped == Stopped::Clock {
        answer.gaps.push("the clock cut the search short: another run may give another schedule".into());
    }
    if schedule.bound.is_none() {
        answer.gaps.push("nothing is known of how much cheaper a schedule can be: write the program with --program, and have another solver solve it".into());
    }
    if !schedule.fewest {
        answer.gaps.push("fewer changes were not proved impossible".into());
    }
    Ok((answer, Some(schedule)))
}

fn assumptions(plan: &Plan) -> Vec<String> {
    let mut all = vec![
        format!("who comes arrives {} days before the month in which it takes over, and counts from that month on", plan.overlap),
        "the days of hand-over are the last days of training".into(),
        "a tour that goes on after the plan costs nothing after it; the days of hand-over cost a thirtieth of a month each".into(),
        format!("partners are told on {}; nobody arrives before its notice has run", plan.decided),
        "a share is of those who have taken over, in every month".into(),
    ];
    for (name, partner) in &plan.partners {
        if let Some(leaves) = partner.leaves {
            all.push(format!("{name} is no longer there from {leaves} on"));
        }
    }
    all
}

fn summary(plan: &Plan, schedule: &Schedule) -> Shown {
    let checked = check(plan, &schedule.stays);
    let row = |what: &str, value: Cell, unit: &str| vec![Cell::text(what), value, Cell::text(unit)];
    let mut rows = vec![
        row("cost", Cell::Number(schedule.cost.clone(), 2), &plan.currency),
        row(
            "no schedule costs less than",
            schedule.bound.map_or(Cell::Missing, |b| Cell::approximate(b, 2)),
            &plan.currency,
        ),
        row(
            "remaining gap",
            schedule.gap().map_or(Cell::Missing, |gap| Cell::approximate(gap * 100.0, 2)),
            "percent of the cost",
        ),
        row("tours", Cell::whole(schedule.stays.len() as i64), ""),
        row("days checked one by one, apart from the solver", Cell::whole(checked.days as i64), ""),
        row("findings of that check", Cell::whole(checked.findings.len() as i64), ""),
    ];
    if let Some(changes) = schedule.changes {
        rows.push(row("changes to the schedule before", Cell::whole(i64::from(changes)), "tours"));
    }
    let proof = match schedule.stopped {
        Stopped::Proved => "proved: nothing is cheaper",
        Stopped::Gap => "stopped at the gap that was asked for",
        Stopped::Nodes => "stopped when the nodes of the search were used up",
        Stopped::Clock => "stopped by the clock",
        Stopped::Told => "found elsewhere, and checked here; the bound is as it was told",
    };
    Shown {
        name: "summary",
        title: format!("the schedule as a whole; {proof}"),
        columns: vec!["what", "value", "unit"],
        rows,
    }
}

fn persons(plan: &Plan, stay: &Stay) -> u64 {
    plan.contingents
        .iter()
        .find(|c| c.partner == stay.partner && c.name == stay.name)
        .map_or(0, |c| c.persons)
}

fn strength(plan: &Plan, schedule: &Schedule) -> Shown {
    let mut rows = Vec::new();
    for presence in &plan.presences {
        for n in 0..plan.months {
            let month = plan.from.plus(n);
            if !presence.during.holds(month) {
                continue;
            }
            let (first, next) = (month.first_day(), month.plus(1).first_day());
            let of = |there: &dyn Fn(&Stay) -> bool| -> i64 {
                let here = |s: &&Stay| presence.regions.contains(&s.region) && there(s);
                schedule.stays.iter().filter(here).map(|s| persons(plan, s) as i64).sum()
            };
            let watch = of(&|s| s.takes_over <= first && first < s.leaves);
            let most = of(&|s| s.arrives < next && first < s.leaves);
            rows.push(vec![
                Cell::text(month.to_string()),
                Cell::text(&presence.name),
                Cell::whole(presence.at_least as i64),
                Cell::whole(watch),
                Cell::whole(most),
            ]);
        }
    }
    Shown {
        name: "strength",
        title: "people who have taken over, against what is agreed, and most people on the ground while two hand over".into(),
        columns: vec!["month", "presence", "agreed", "there", "with_hand_over"],
        rows,
    }
}

fn tours_table(schedule: &Schedule) -> Shown {
    let of = |stay: &Stay| {
        let word = |month: Option<Month>| month.map_or(Cell::Missing, |m| Cell::text(m.to_string()));
        vec![
            Cell::text(&stay.partner),
            Cell::text(&stay.name),
            Cell::whole(i64::from(stay.unit)),
            Cell::text(&stay.region),
            Cell::text(stay.arrives.to_string()),
            word(Month::of_day(stay.takes_over)),
            word(Month::of_day(stay.leaves).map(|m| m.minus(1))),
            Cell::text(stay.leaves.to_string()),
            Cell::text(if stay.begun { "begun" } else { "" }),
        ]
    };
    Shown {
        name: "tours",
        title: "who is where from when to when; `from` is the first month after the hand-over".into(),
        columns: vec!["partner", "contingent", "unit", "region", "arrives", "from", "until", "gone", "state"],
        rows: schedule.stays.iter().map(of).collect(),
    }
}

fn notices(plan: &Plan, schedule: &Schedule) -> Shown {
    let mut rows: Vec<(jiff::civil::Date, Vec<Cell>)> = schedule
        .stays
        .iter()
        .filter(|stay| !stay.begun)
        .filter_map(|stay| {
            let of = plan.contingents.iter().find(|c| c.partner == stay.partner && c.name == stay.name)?;
            let by = plan::days(stay.arrives, -i64::from(of.notice));
            Some((
                by,
                vec![
                    Cell::text(by.to_string()),
                    Cell::text(&stay.partner),
                    Cell::text(&stay.name),
                    Cell::whole(i64::from(stay.unit)),
                    Cell::text(stay.arrives.to_string()),
                    Cell::whole(i64::from(of.notice)),
                ],
            ))
        })
        .collect();
    rows.sort_by_key(|(by, _)| *by);
    Shown {
        name: "notices",
        title: "by when each partner has to be told".into(),
        columns: vec!["tell_by", "partner", "contingent", "unit", "arrives", "notice_days"],
        rows: rows.into_iter().map(|(_, row)| row).collect(),
    }
}

fn costs(plan: &Plan, schedule: &Schedule) -> Shown {
    let end = plan.last().plus(1).first_day();
    let mut months: BTreeMap<&str, i64> = BTreeMap::new();
    let mut all = 0;
    for stay in &schedule.stays {
        let mut month = plan.from;
        while month <= plan.last() {
            let first = month.first_day();
            if stay.takes_over <= first && first < stay.leaves {
                let n = persons(plan, stay) as i64;
                *months.entry(&stay.partner).or_default() += n;
                all += n;
            }
            month = month.plus(1);
        }
    }
    let by = check::cost(plan, &schedule.stays, end);
    let rows = by.into_iter().map(|((partner, year), cost)| {
        let n = months.get(partner.as_str()).copied().unwrap_or(0);
        let share = Number::ratio(n * 100, all.max(1));
        vec![Cell::text(&partner), Cell::whole(i64::from(year)), Cell::Number(cost, 2), Cell::of(share, 1)]
    });
    Shown {
        name: "costs",
        title: format!(
            "cost by partner and year in {}, and the partner's percent of all person-months of the plan",
            plan.currency
        ),
        columns: vec!["partner", "year", "cost", "share_pct"],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests;
