//! Communities: housing, schools, water and roads near bases and training areas, displaced people and returns, jobs and rents, complaints
//! and their answers; by oblast or hromada, and never finer.
//!
//! It knows no base by name and no place but those; it says nothing of a person, divides no national figure among communities, and does
//! not judge a duty of the agreement: it makes records ([`records`]) with which the engine is asked.
//!
//! Invariants
//! - a place is no finer than a hromada ([`place`]); a finer one is refused, or counted in its hromada, and said;
//! - a count below the stated bound is not shown, nor what would give it ([`small`]);
//! - displaced people neither appear nor vanish; what is not stated is missing, and named;
//! - the same plan, seed and number of futures give the same bytes, whatever the number of threads.
//!
//! Where to start reading: [`Plan`] (`plan.rs`), then [`month_by_month`] (`load.rs`), then [`answer`]; what is known already:
//! [`known`], [`complaints`].

pub mod complaints;
pub mod known;
mod load;
pub mod place;
mod plan;
pub mod records;
pub mod small;

pub use complaints::Complaints;
pub use known::{Displaced, Hromadas};
pub use load::{Case, State, What, answered, month_by_month};
pub use place::{Code, Level};
pub use plan::{Community, Desk, Kind, Parameter, Plan, Promised, Site, Steps, Terms};

use crate::answer::{Cell, Shown};
use crate::forces::chance::{drawn, each_future};
use crate::forces::{Drawing, Each, Range, percent, quantile, wilson};
use crate::{Answer, Basis, Refusal};
use plan::WHOLE;
use servanda_model::Number;

/// No more numbers are kept at a time.
const LIMIT: u64 = 20_000_000;

/// Everything that is asked with.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What is known of displaced people of a country, with its code.
    pub displaced: Option<(String, Displaced)>,
    /// Who had crossed into other countries in 2022.
    pub abroad: Option<(Shown, Vec<String>)>,
    /// The hromadas.
    pub hromadas: Option<Hromadas>,
    /// Complaints that came.
    pub complaints: Option<Complaints>,
}

/// What a range is in a future; its likely value in the plan itself.
pub fn value(seed: u64, future: Option<u32>) -> impl Fn(&str, Parameter, u32, &Range) -> u64 {
    move |subject, parameter, step, range| match future {
        None => range.likely,
        Some(future) => drawn(seed, future, subject, parameter as u64, step, range),
    }
}

/// Puts the load beside what there is, draws the futures where a range is stated, and says what came of them.
///
/// # Errors
/// Where futures, communities and months multiplied are more than can be kept; where a hromada of the plan is not in the table of hromadas.
pub fn answer(plan: &Plan, drawing: Drawing, known: &Known, sources: Vec<String>) -> Result<Answer, Refusal> {
    let simulated = plan.is_uncertain();
    let futures = if simulated { drawing.futures } else { 1 };
    let kept = u64::from(futures) * plan.communities.len() as u64 * u64::from(plan.months) * 8;
    if kept > LIMIT {
        let each = plan.communities.len() as u64 * u64::from(plan.months) * 8;
        return Err(Refusal::new(
            format!(
                "{futures} futures of {} months and {} communities are too many to keep",
                plan.months,
                plan.communities.len()
            ),
            format!("at most {} with this plan", (LIMIT / each).max(1)),
        ));
    }
    let of = |value: &dyn Fn(&str, Parameter, u32, &Range) -> u64| -> Vec<Vec<State>> {
        (0..plan.communities.len())
            .map(|n| month_by_month(plan, n, &|s: &str, p, step, r: &Range| value(s, p, step, r)))
            .collect()
    };
    let likely = of(&value(drawing.seed, None));
    let all: Vec<Vec<Vec<State>>> = match simulated {
        true => each_future(futures, drawing.threads, |future| of(&value(drawing.seed, Some(future)))),
        false => vec![likely.clone()],
    };
    let mut gaps = gaps(plan, &likely);
    let mut tables = vec![
        shortages(plan, &likely, &all),
        load(plan, &likely, &all),
        displaced(plan, &likely, &all),
        jobs_and_rents(plan, &likely, &all),
        answers(plan),
    ];
    let mut assumptions = assumptions(plan, simulated.then_some(futures));
    if let Some(complaints) = &known.complaints {
        assumptions.push(format!(
            "{} complaints were read; {} named a place finer than a hromada, and are counted in their hromada",
            complaints.counted, complaints.finer
        ));
        tables.push(complaints.shown(plan.below));
    }
    if let Some((country, displaced)) = &known.displaced {
        gaps.extend(displaced.gaps.iter().cloned());
        tables.push(displaced.shown(country, plan.below));
    }
    if let Some((table, more)) = &known.abroad {
        gaps.extend(more.iter().cloned());
        tables.push(table.clone());
    }
    if let Some(hromadas) = &known.hromadas {
        gaps.extend(at_war(plan, hromadas)?);
        tables.push(hromadas.shown());
    }
    Ok(Answer {
        asked: "communities",
        basis: if simulated { Basis::Simulated } else { Basis::Planned },
        seed: simulated.then_some(drawing.seed),
        sources,
        assumptions,
        gaps,
        tables,
    })
}

fn shown(range: &Range, is_share: bool) -> String {
    let one = |n: u64| match is_share {
        false => n.to_string(),
        true => {
            let share = Number::ratio(n as i64, WHOLE as i64).unwrap_or_default() * Number::from(100);
            format!("{} %", crate::answer::decimal(&share, 2))
        }
    };
    match range.low == range.high {
        true => one(range.low),
        false => format!(
            "{} to {}, likely {}{}",
            one(range.low),
            one(range.high),
            one(range.likely),
            if range.each == Each::Month { ", each month anew" } else { "" }
        ),
    }
}

fn assumptions(plan: &Plan, futures: Option<u32>) -> Vec<String> {
    let below = plan.below;
    let mut said = vec![
        format!(
            "a place is an oblast, a raion or a hromada; bases and training areas of a community are one sum, without name or place; {}",
            "who is stationed lives on the base, and their families among the others"
        ),
        format!(
            "a count of people or complaints below {below} is shown as `<{below}`, with whatever would give it; no sum over communities or months is given"
        ),
        "a month: who goes home, then who comes; needed at its end; nobody looks for a place, a school or work elsewhere because it is short here".into(),
    ];
    if let Some(futures) = futures {
        said.push(format!(
            "{futures} futures of {} months from {}; a range is drawn as a triangle from low over likely to high, and nothing that is drawn depends on anything else",
            plan.months, plan.from
        ));
    }
    for of in &plan.communities {
        // The number of displaced people at the beginning may be too small to be said.
        for (word, range) in of.ranges() {
            let is_share = word != "arrivals";
            if range.high > 0 && (is_share || !small::is_small(range.likely, below)) {
                said.push(format!("{}: {word} {}", of.name, shown(&range, is_share)));
            }
        }
        if of.rent_rise.is_some() {
            said.push(format!(
                "{}: a rent rises by `rent-rise` for each hundredth of the residents that finds no place; the plan states it, no series bears it out",
                of.name
            ));
        }
    }
    for promised in &plan.promised {
        if promised.late.high > 0 {
            said.push(format!(
                "housing of {} in {}: months late {}",
                promised.by,
                plan.communities[promised.community].name,
                shown(&promised.late, false)
            ));
        }
    }
    if !plan.desks.is_empty() {
        said.push("complaints of a month come evenly over its days, and answers are given evenly, the oldest first; those that wait at the beginning are answered before, and stand in no table".into());
    }
    said
}

fn gaps(plan: &Plan, likely: &[Vec<State>]) -> Vec<String> {
    let mut gaps = Vec::new();
    for (of, states) in plan.communities.iter().zip(likely) {
        let has_sites = plan.sites.iter().any(|site| plan.communities[site.community].name == of.name);
        let stated: Vec<(What, Vec<(&str, bool)>)> = vec![
            (
                What::Housing,
                vec![
                    ("displaced", of.displaced.is_some()),
                    ("in-need", of.in_need.is_some()),
                    ("housing", of.housing.is_some()),
                ],
            ),
            (
                What::Schools,
                vec![
                    ("displaced", of.displaced.is_some()),
                    ("pupils", of.pupils.is_some()),
                    ("school-age", of.school_age.is_some()),
                    ("schools", of.schools.is_some()),
                ],
            ),
            (
                What::Water,
                vec![
                    ("displaced", of.displaced.is_some()),
                    ("residents", of.residents.is_some()),
                    ("litres", of.litres.is_some()),
                    ("water", of.water.is_some()),
                ],
            ),
            (What::Roads, vec![("vehicles", of.vehicles.is_some()), ("roads", of.roads.is_some())]),
        ];
        for (what, keys) in stated {
            let missing: Vec<&str> = keys.iter().filter(|(_, is)| !is).map(|(key, _)| *key).collect();
            if !missing.is_empty() {
                gaps.push(format!(
                    "{}: nothing is said of {}; not stated: `{}`",
                    of.name,
                    what.word(),
                    missing.join("`, `")
                ));
            }
        }
        let first = states.first();
        if first.is_some_and(|state| state.loads[4].is_none())
            && plan.sites.iter().any(|site| {
                site.kind == Kind::TrainingArea && plan.communities[site.community].name == of.name
            })
        {
            gaps.push(format!(
                "{}: nothing is said of days of training areas; not stated: `days-at-most`",
                of.name
            ));
        }
        if !has_sites {
            gaps.push(format!(
                "{}: no site is stated; the load is that of residents and displaced people alone",
                of.name
            ));
        }
        if of.code.is_none() {
            gaps.push(format!("{}: no code of the register is stated, so that it is not checked that it is a {} and lies in no other", of.name, of.level.word()));
        }
    }
    gaps.push(
        "the figures of a community are those of the plan; no public series has them by oblast or hromada"
            .into(),
    );
    gaps
}

/// Whether the communities are in the table of hromadas, and how they stood.
fn at_war(plan: &Plan, hromadas: &Hromadas) -> Result<Vec<String>, Refusal> {
    let mut gaps = Vec::new();
    for of in &plan.communities {
        let Some(code) = &of.code else { continue };
        match hromadas.at_war(code) {
            Some((0, _)) => {}
            Some((n, all)) => gaps.push(format!(
                "{}: {n} of its {all} hromadas were in the war zone on 2022-10-10; how it stands today is not known here",
                of.name
            )),
            None if code.level() == Level::Hromada => {
                return Err(Refusal::new(
                    format!("community `{}`: the table of hromadas has no `{}`", of.name, code.shown()),
                    "look at the code in the register",
                ));
            }
            None => gaps.push(format!("{}: the table of hromadas has none of it", of.name)),
        }
    }
    let without = hromadas.without();
    if !without.is_empty() {
        gaps.push(format!("the table of hromadas has none of: {}", without.join(", ")));
    }
    Ok(gaps)
}

/// Whether a load of a community would show a small number of displaced people.
fn is_hidden(plan: &Plan, state: &State, what: What) -> bool {
    let small = state.displaced.is_some_and(|n| small::is_small(n, plan.below));
    small && !matches!(what, What::Roads | What::Training)
}

/// Values of all futures, sorted.
fn sorted(all: &[Vec<Vec<State>>], of: impl Fn(&Vec<Vec<State>>) -> Option<u64>) -> Vec<u64> {
    let mut values: Vec<u64> = all.iter().filter_map(of).collect();
    values.sort_unstable();
    values
}

fn number(n: Option<u64>) -> Cell {
    n.map_or(Cell::Missing, |n| Cell::whole(i64::try_from(n).unwrap_or(i64::MAX)))
}

fn shortages(plan: &Plan, likely: &[Vec<State>], all: &[Vec<Vec<State>>]) -> Shown {
    let mut rows = Vec::new();
    for (n, of) in plan.communities.iter().enumerate() {
        for (w, what) in What::ALL.into_iter().enumerate() {
            if likely[n].iter().all(|state| state.loads[w].is_none()) {
                continue;
            }
            let is_short = |state: &State| state.loads[w].is_some_and(|(needed, there)| needed > there);
            let by = |state: &State| state.loads[w].map_or(0, |(needed, there)| needed.saturating_sub(there));
            let first = likely[n].iter().position(is_short);
            let months = likely[n].iter().filter(|state| is_short(state)).count();
            let worst = likely[n].iter().map(by).max().unwrap_or(0);
            let ever = all.iter().filter(|future| future[n].iter().any(is_short)).count();
            let share = Number::ratio(ever as i64, all.len() as i64).unwrap_or_default();
            let worsts = sorted(all, |future| future[n].iter().map(by).max());
            let hidden = likely[n].iter().any(|state| is_hidden(plan, state, what));
            let (low, high) = wilson(&share, all.len());
            let mut row = vec![Cell::text(&of.name), Cell::text(what.word()), Cell::text(what.unit())];
            row.push(first.map_or(Cell::Missing, |n| Cell::text(plan.from.plus(n as u32).to_string())));
            row.push(Cell::whole(months as i64));
            row.push(if hidden { small::hidden(plan.below) } else { number(Some(worst)) });
            if all.len() > 1 {
                row.extend([percent(&share), low, high]);
                row.push(if hidden { small::hidden(plan.below) } else { number(quantile(&worsts, 900)) });
            } else {
                row.extend([Cell::Missing, Cell::Missing, Cell::Missing, Cell::Missing]);
            }
            rows.push(row);
        }
    }
    Shown {
        name: "shortages",
        title: "what is short where, with every range at its likely value: from when, in how many months, by how much at worst; and the percent of futures in which it is ever short (with what chance in drawing leaves open, 95 percent)".into(),
        columns: vec![
            "community", "what", "unit", "first_short", "months_short", "worst", "short_pct", "short_low", "short_high", "worst_p90",
        ],
        rows,
    }
}

fn load(plan: &Plan, likely: &[Vec<State>], all: &[Vec<Vec<State>>]) -> Shown {
    let mut rows = Vec::new();
    for (n, of) in plan.communities.iter().enumerate() {
        for (w, what) in What::ALL.into_iter().enumerate() {
            for (month, state) in likely[n].iter().enumerate() {
                let Some((needed, there)) = state.loads[w] else { continue };
                let values = sorted(all, |future| future[n][month].loads[w].map(|(needed, _)| needed));
                let mut row = vec![
                    Cell::text(plan.from.plus(month as u32).to_string()),
                    Cell::text(format!("{}, {}: {}", of.name, what.word(), what.unit())),
                ];
                if is_hidden(plan, state, what) {
                    row.extend([
                        small::hidden(plan.below),
                        Cell::Missing,
                        Cell::Missing,
                        number(Some(there)),
                        Cell::Missing,
                    ]);
                } else {
                    row.extend([
                        number(Some(needed)),
                        number(quantile(&values, 100)),
                        number(quantile(&values, 900)),
                        number(Some(there)),
                        number(Some(needed.saturating_sub(there))),
                    ]);
                }
                rows.push(row);
            }
        }
    }
    Shown {
        name: "load",
        title: "what is needed, likely and in the middle 80 percent of futures, against what there is".into(),
        columns: vec!["month", "of", "needed", "p10", "p90", "there", "short"],
        rows,
    }
}

fn displaced(plan: &Plan, likely: &[Vec<State>], all: &[Vec<Vec<State>>]) -> Shown {
    let below = plan.below;
    let mut rows = Vec::new();
    for (n, of) in plan.communities.iter().enumerate() {
        for (month, state) in likely[n].iter().enumerate() {
            let Some(here) = state.displaced else { continue };
            let values = sorted(all, |future| future[n][month].displaced);
            let before =
                month.checked_sub(1).and_then(|m| likely[n][m].displaced).or(of.displaced).unwrap_or(0);
            // Of the number before, who came, who went and the number after, three give the fourth.
            let hide = [before, here, state.came, state.went].iter().any(|n| small::is_small(*n, below));
            let flow = |n: u64| if hide { small::hidden(below) } else { number(Some(n)) };
            let mut row = vec![Cell::text(plan.from.plus(month as u32).to_string()), Cell::text(&of.name)];
            row.push(small::count(here, below));
            row.extend(
                [100, 900].map(|q| quantile(&values, q).map_or(Cell::Missing, |n| small::count(n, below))),
            );
            row.extend([flow(state.came), flow(state.went)]);
            rows.push(row);
        }
    }
    Shown {
        name: "displaced",
        title: "displaced people at the end of each month, likely and in the middle 80 percent of futures; who came and who went home in it, likely".into(),
        columns: vec!["month", "community", "displaced", "p10", "p90", "came", "went_home"],
        rows,
    }
}

fn jobs_and_rents(plan: &Plan, likely: &[Vec<State>], all: &[Vec<Vec<State>>]) -> Shown {
    let below = plan.below;
    let mut rows = Vec::new();
    for (n, of) in plan.communities.iter().enumerate() {
        for (month, state) in likely[n].iter().enumerate() {
            if of.seeking.is_none() && state.jobs == 0 && state.rent.is_none() {
                continue;
            }
            let rents = sorted(all, |future| future[n][month].rent);
            let hidden = is_hidden(plan, state, What::Housing);
            let rent = |n: Option<u64>| if hidden { Cell::Missing } else { number(n) };
            rows.push(vec![
                Cell::text(plan.from.plus(month as u32).to_string()),
                Cell::text(&of.name),
                small::count(state.jobs, below),
                of.seeking.map_or(Cell::Missing, |n| small::count(n, below)),
                rent(state.rent),
                rent(quantile(&rents, 100)),
                rent(quantile(&rents, 900)),
                if of.currency.is_empty() { Cell::Missing } else { Cell::text(&of.currency) },
            ]);
        }
    }
    Shown {
        name: "jobs-and-rents",
        title: "jobs at bases and training areas for people of the community, people who look for work, and the rent of a month, likely and in the middle 80 percent of futures".into(),
        columns: vec!["month", "community", "jobs", "seeking", "rent", "rent_p10", "rent_p90", "currency"],
        rows,
    }
}

fn answers(plan: &Plan) -> Shown {
    let below = plan.below;
    let mut rows = Vec::new();
    for (n, desk) in plan.desks.iter().enumerate() {
        let cases = records::cases(plan, n, &value(0, None));
        for month in (0..plan.months).map(|m| plan.from.plus(m)) {
            let of: Vec<&Case> =
                cases.iter().filter(|case| crate::Month::of_day(case.received) == Some(month)).collect();
            let mut days: Vec<i64> = of
                .iter()
                .filter_map(|case| Some(i64::from(case.received.until(case.answered?).ok()?.get_days())))
                .collect();
            days.sort_unstable();
            let (received, answered) = (of.len() as u64, days.len() as u64);
            let [answered, open] = match small::is_small(received, below) {
                true => [small::hidden(below), small::hidden(below)],
                false => small::parts(answered, received - answered, below),
            };
            let day = |at: Option<&i64>| at.map_or(Cell::Missing, |days| Cell::whole(*days));
            let told = answered != small::hidden(below);
            rows.push(vec![
                Cell::text(month.to_string()),
                Cell::text(format!("{}, {}", plan.communities[desk.community].name, desk.to)),
                small::count(received, below),
                number(Some(desk.answers.at(month, 0))),
                answered,
                open,
                day(days.get(days.len().saturating_sub(1) / 2).filter(|_| told)),
                day(days.last().filter(|_| told)),
            ]);
        }
    }
    Shown {
        name: "answers",
        title: "complaints that the plan expects, by the month in which they are received, with every range at its likely value: answered within the plan and open, and days until the answer (median and longest)".into(),
        columns: vec!["month", "desk", "received", "can_answer", "answered", "open", "median_days", "longest_days"],
        rows,
    }
}

#[cfg(test)]
mod tests;
