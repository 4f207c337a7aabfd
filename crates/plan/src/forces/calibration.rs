//! How far the size of real forces moved in so many years, how well that was foretold in years that were held out, and how a plan stands to it.
//!
//! It knows yearly totals of states: no cohorts, no training, no losses. So it does not fit the ranges of a plan one by one; it says how wide
//! the band of a whole force has to be, and ships the wider of the two. It takes no state for the force of the plan.
//!
//! Invariants
//! - a forecast of a year is made of the years that had come by its origin, and of nothing else;
//! - which way is shipped, and how much it is widened, is decided on the years before those that are held out;
//! - a year without a figure is no year; a zero is no figure.
//!
//! # Source
//! The continuous ranked probability score of a sample: the mean distance to what came, less half the mean distance within the sample
//! (Gneiting and Raftery, JASA 2007). It is taken on the logarithm of the ratio, so that each state counts alike; a hundredth of it is about one
//! percent. Series: Correlates of War, National Material Capabilities (`ccode,year,milper`, thousands); World Bank, World Development
//! Indicators (armed forces personnel).

use super::chance::each_future;
use super::{Drawing, Plan, future, quantile};
use crate::answer::{Cell, Shown};
use crate::table::{Row, Table};
use crate::{Answer, Refusal};
use std::collections::{BTreeMap, BTreeSet};

/// The column of the World Bank's table.
pub const PERSONNEL: &str = "average_value_Armed forces personnel, total";
/// Years ahead.
pub const AHEAD: [i16; 5] = [1, 2, 3, 4, 5];
/// Years before the first forecast.
const LEARNT: i16 = 10;
/// A smaller force is left out: a table in thousands knows it too coarsely for a ratio.
const LEAST: f64 = 10_000.0;
/// By how much the bands may be widened.
const WIDER: [f64; 9] = [1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0];
/// A state's own past is asked where it has so many changes.
const OWN: usize = 5;
/// Groups of states in the World Bank's tables (its own list of aggregates).
const GROUPS: &str = " AFE AFW ARB CEB CSS EAP EAR EAS ECA ECS EMU EUU FCS HIC HPC IBD IBT IDA IDB IDX INX LAC LCN LDC LIC LMC LMY LTE MEA \
    MIC MNA NAC OED OSS PRE PSS PST SAS SSA SSF SST TEA TEC TLA TMN TSA TSS UMC WLD ";

/// People in the forces of states, by year.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Strengths {
    /// Where they come from.
    pub name: String,
    by: BTreeMap<String, BTreeMap<i16, f64>>,
    /// What was left out, and why.
    pub gaps: Vec<String>,
}

fn year_of(row: &Row<'_>, column: &str) -> Result<i16, Refusal> {
    let year = row.needed(column)?.to_i64().and_then(|year| i16::try_from(year).ok());
    year.filter(|year| (1..=9999).contains(year))
        .ok_or_else(|| row.refused(column, "is no year", "write it like `2024`"))
}

impl Strengths {
    /// Reads the table of Correlates of War, that of the World Bank, or one of your own with `state,year,persons`.
    ///
    /// # Errors
    /// Where it is none of them, a cell is no number, or a state has two figures for a year.
    pub fn read(name: &str, text: &str) -> Result<Strengths, Refusal> {
        let table = Table::read(name, text)?;
        let (state, year, persons, scale) = if table.has("milper") {
            ("ccode", "year", "milper", 1000.0)
        } else if table.has(PERSONNEL) {
            ("Country Code", "Year", PERSONNEL, 1.0)
        } else {
            ("state", "year", "persons", 1.0)
        };
        let table = table.with(&[state, year, persons])?;
        let mut all = Strengths { name: name.to_string(), ..Strengths::default() };
        let (mut empty, mut zero, mut groups) = (0, 0, BTreeSet::new());
        for row in table.rows() {
            let code = row.text(state).trim_end_matches(".0").to_string();
            if persons == PERSONNEL && GROUPS.contains(&format!(" {code} ")) {
                groups.insert(code);
                continue;
            }
            let when = year_of(&row, year)?;
            let n = match row.number(persons)? {
                None => {
                    empty += 1;
                    continue;
                }
                Some(n) => n.to_f64() * scale,
            };
            if n < 0.0 || !n.is_finite() {
                return Err(row.refused(
                    persons,
                    "is no number of people",
                    "zero or more; an empty cell where it is not known",
                ));
            }
            if n == 0.0 {
                zero += 1;
                continue;
            }
            if all.by.entry(code).or_default().insert(when, n).is_some() {
                return Err(row.refused(year, "has two figures for this state", "take out one of the rows"));
            }
        }
        if empty > 0 {
            all.gaps.push(format!("{name}: {empty} years of states have no figure, and are no years"));
        }
        if zero > 0 {
            all.gaps
                .push(format!("{name}: {zero} years of states have 0, which has no ratio, and are left out"));
        }
        if !groups.is_empty() {
            all.gaps.push(format!("{name}: {} groups of states are left out", groups.len()));
        }
        let (mut same, mut pairs) = (0, 0);
        for years in all.by.values() {
            for (when, n) in years {
                if let Some(before) = years.get(&(when - 1)) {
                    pairs += 1;
                    same += usize::from(before == n);
                }
            }
        }
        if pairs > 0 && same * 4 > pairs {
            all.gaps.push(format!(
                "{name}: in {same} of {pairs} cases a year has the very figure of the year before: many are carried over, and the changes of a year are understated"
            ));
        }
        Ok(all)
    }

    /// How many states.
    pub fn states(&self) -> usize {
        self.by.len()
    }

    fn last(&self) -> Option<i16> {
        self.by.values().filter_map(|years| years.last_key_value().map(|(year, _)| *year)).max()
    }

    fn first(&self) -> Option<i16> {
        self.by.values().filter_map(|years| years.first_key_value().map(|(year, _)| *year)).min()
    }

    /// The change of a state in so many years from a year on, as the logarithm of the ratio.
    fn change(&self, state: &str, from: i16, ahead: i16) -> Option<f64> {
        let years = self.by.get(state)?;
        let before = years.get(&from).filter(|n| **n >= LEAST)?;
        Some(libm::log(years.get(&from.checked_add(ahead)?)? / before))
    }

    /// All changes over so many years that had come by a year, sorted, with who they are of.
    fn changes(&self, ahead: i16, until: i16) -> Vec<(f64, &str)> {
        let mut all = Vec::new();
        for (state, years) in &self.by {
            for from in years.keys().filter(|from| from.saturating_add(ahead) <= until) {
                all.extend(self.change(state, *from, ahead).map(|x| (x, state.as_str())));
            }
        }
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
        all
    }
}

/// Sorted values, with what the score of a sample needs.
struct Sample {
    values: Vec<f64>,
    sums: Vec<f64>,
    within: f64,
}

impl Sample {
    fn of(values: Vec<f64>) -> Sample {
        let mut sums = vec![0.0];
        let mut within = 0.0;
        for (i, v) in values.iter().enumerate() {
            within += v * i as f64 - sums[i];
            sums.push(sums[i] + v);
        }
        let n = values.len() as f64;
        Sample { values, sums, within: within / (n * n) }
    }

    fn crps(&self, came: f64) -> f64 {
        let n = self.values.len();
        let below = self.values.partition_point(|v| *v < came);
        let (low, all) = (self.sums[below], self.sums[n]);
        let distance = came * below as f64 - low + (all - low) - came * (n - below) as f64;
        distance / n as f64 - self.within
    }

    fn at(&self, thousandths: usize) -> f64 {
        quantile(&self.values, thousandths).unwrap_or(0.0)
    }

    /// Whether what came lies between two of its values, widened about the median.
    fn covers(&self, came: f64, tail: usize, wider: f64) -> bool {
        let middle = self.at(500);
        let low = middle + (self.at(tail) - middle) * wider;
        let high = middle + (self.at(1000 - tail) - middle) * wider;
        (low - 1e-12..=high + 1e-12).contains(&came)
    }
}

/// Ways to foretell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Way {
    /// As many as now, and nothing else.
    Persistence,
    /// As the state itself has changed before.
    Own,
    /// As all states have changed before.
    All,
}

impl Way {
    const ALL: [Way; 3] = [Way::Persistence, Way::Own, Way::All];

    /// Its words.
    pub fn word(self) -> &'static str {
        match self {
            Way::Persistence => "persistence",
            Way::Own => "own past",
            Way::All => "all states",
        }
    }
}

/// What a way was worth for one look ahead in one part of the years.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Score {
    /// Forecasts.
    pub forecasts: usize,
    /// Their mean score, in hundredths of the logarithm.
    pub crps: f64,
    /// Percent of what came in the middle 80 and 95 percent, as they are and widened.
    pub covered: [f64; 4],
}

/// What a series says.
#[derive(Clone, PartialEq, Debug)]
pub struct Calibrated {
    /// Which series.
    pub name: String,
    /// The first year that is held out.
    pub held_from: i16,
    /// Its last year.
    pub last: i16,
    /// By look ahead, way and whether it is held out.
    pub scores: BTreeMap<(i16, Way, bool), Score>,
    /// By look ahead: what is shipped, and how much it is widened for 80 and 95 percent.
    pub shipped: BTreeMap<i16, (Way, [f64; 2])>,
    /// By look ahead: changes of all states until the last year, sorted.
    changes: BTreeMap<i16, Vec<f64>>,
    /// By look ahead: states that these are of.
    states: BTreeMap<i16, usize>,
    /// What came outside of the widened 95 percent in the years held out, the farthest first: state, origin, years, percent.
    outside: Vec<(String, i16, i16, f64)>,
    gaps: Vec<String>,
}

impl Calibrated {
    /// What is missing, or does not hold.
    pub fn gaps(&self) -> &[String] {
        &self.gaps
    }
}

struct Case {
    ahead: i16,
    held: bool,
    came: f64,
    state: String,
    from: i16,
}

/// Scores the ways on a series with its last years held out, chooses on the years before, and learns how wide a band has to be.
///
/// # Errors
/// Where the series is too short.
pub fn calibrated(series: &Strengths, hold_out: i16) -> Result<Calibrated, Refusal> {
    let (Some(first), Some(last)) = (series.first(), series.last()) else {
        return Err(Refusal::new(
            format!("`{}` has no figure of a force", series.name),
            "is it the right file?",
        ));
    };
    let held_from = last.saturating_sub(hold_out - 1);
    if held_from <= first.saturating_add(LEARNT + AHEAD[4]) {
        return Err(Refusal::new(
            format!(
                "`{}` reaches from {first} to {last}: too short to hold out {hold_out} years",
                series.name
            ),
            format!("at least {} years before those that are held out", LEARNT + AHEAD[4] + 1),
        ));
    }
    let mut cases: Vec<(Case, Option<Sample>, usize)> = Vec::new();
    let mut pools: Vec<Sample> = Vec::new();
    for from in first + LEARNT..last {
        for ahead in AHEAD.into_iter().filter(|ahead| from + ahead <= last) {
            let known = series.changes(ahead, from);
            if known.len() < 50 {
                continue;
            }
            pools.push(Sample::of(known.iter().map(|(x, _)| *x).collect()));
            for state in series.by.keys() {
                let Some(came) = series.change(state, from, ahead) else { continue };
                let own: Vec<f64> = known.iter().filter(|(_, of)| of == state).map(|(x, _)| *x).collect();
                let own = (own.len() >= OWN).then(|| Sample::of(own));
                let held = from + ahead >= held_from;
                cases.push((Case { ahead, held, came, state: state.clone(), from }, own, pools.len() - 1));
            }
        }
    }
    let mut calibrated = Calibrated {
        name: series.name.clone(),
        held_from,
        last,
        scores: BTreeMap::new(),
        shipped: BTreeMap::new(),
        changes: BTreeMap::new(),
        states: BTreeMap::new(),
        outside: Vec::new(),
        gaps: series.gaps.clone(),
    };
    for ahead in AHEAD {
        let of: Vec<_> = cases.iter().filter(|(case, ..)| case.ahead == ahead).collect();
        // A state without a past of its own is foretold by all.
        let with = |way: Way, (case, own, pool): &(Case, Option<Sample>, usize), wider: [f64; 2]| {
            let of = match own {
                Some(own) if way == Way::Own => own,
                _ => &pools[*pool],
            };
            let crps = if way == Way::Persistence { case.came.abs() } else { of.crps(case.came) };
            let point = case.came.abs() < 1e-12;
            let covers =
                |tail, wider| if way == Way::Persistence { point } else { of.covers(case.came, tail, wider) };
            (crps, [covers(100, 1.0), covers(25, 1.0), covers(100, wider[0]), covers(25, wider[1])])
        };
        let scored = |way: Way, held: bool, wider: [f64; 2]| {
            let mut score = Score::default();
            for case in of.iter().filter(|(case, ..)| case.held == held) {
                let (crps, covered) = with(way, case, wider);
                score.forecasts += 1;
                score.crps += crps * 100.0;
                for (sum, is) in score.covered.iter_mut().zip(covered) {
                    *sum += if is { 100.0 } else { 0.0 };
                }
            }
            let n = score.forecasts.max(1) as f64;
            score.crps /= n;
            score.covered.iter_mut().for_each(|sum| *sum /= n);
            score
        };
        let plain: BTreeMap<Way, Score> =
            Way::ALL.into_iter().map(|way| (way, scored(way, false, [1.0, 1.0]))).collect();
        let best = [Way::Own, Way::All].into_iter().min_by(|a, b| plain[a].crps.total_cmp(&plain[b].crps));
        let best = best.unwrap_or(Way::All);
        let wide = |at: usize, claim: f64| {
            WIDER.into_iter().find(|w| scored(best, false, [*w, *w]).covered[at] >= claim).unwrap_or(WIDER[8])
        };
        let wider = [wide(2, 80.0), wide(3, 95.0)];
        calibrated.shipped.insert(ahead, (best, wider));
        for way in Way::ALL {
            for held in [false, true] {
                let score = scored(way, held, if way == best { wider } else { [1.0, 1.0] });
                calibrated.scores.insert((ahead, way, held), score);
            }
        }
        let worse = |held: bool| {
            calibrated.scores[&(ahead, Way::Persistence, held)].crps
                < calibrated.scores[&(ahead, best, held)].crps
        };
        let parts = [(false, "before the years held out"), (true, "in the years held out")];
        let parts: Vec<&str> =
            parts.into_iter().filter(|(held, _)| worse(*held)).map(|(_, words)| words).collect();
        if !parts.is_empty() {
            calibrated.gaps.push(format!(
                "{}: for {ahead} years `{}` does not beat persistence {}; it is shipped for its band alone, about what the plan says",
                series.name,
                best.word(),
                parts.join(" and ")
            ));
        }
        let held = calibrated.scores[&(ahead, best, true)];
        if held.forecasts > 0 && (held.covered[2] < 80.0 || held.covered[3] < 95.0) {
            calibrated.gaps.push(format!(
                "{}: for {ahead} years the bands cover less than they claim in the years held out: {:.1} percent in the 80, {:.1} in the 95",
                series.name, held.covered[2], held.covered[3]
            ));
        }
        for case in of.iter().filter(|(case, ..)| case.held) {
            if !with(best, case, wider).1[3] {
                let percent = (libm::exp(case.0.came) - 1.0) * 100.0;
                calibrated.outside.push((case.0.state.clone(), case.0.from, ahead, percent));
            }
        }
        let all = series.changes(ahead, last);
        calibrated.states.insert(ahead, all.iter().map(|(_, state)| *state).collect::<BTreeSet<_>>().len());
        calibrated.changes.insert(ahead, all.into_iter().map(|(x, _)| x).collect());
    }
    calibrated.outside.sort_by(|a, b| {
        b.3.abs().total_cmp(&a.3.abs()).then_with(|| (&a.0, a.1, a.2).cmp(&(&b.0, b.1, b.2)))
    });
    Ok(calibrated)
}

/// What is said of a plan, with real forces beside it: the tables of [`super::answer`], then how wide a band real forces had, how often one grew
/// as each milestone asks, and what such bands were worth in the years held out.
///
/// The first series is the one that the bands are of.
///
/// # Errors
/// As for [`super::answer`], and where a series is too short.
pub fn answer(
    plan: &Plan,
    drawing: Drawing,
    sources: Vec<String>,
    series: &[Strengths],
    hold_out: i16,
) -> Result<Answer, Refusal> {
    let mut answer = super::answer(plan, drawing, sources)?;
    let all: Vec<Calibrated> =
        series.iter().map(|one| calibrated(one, hold_out)).collect::<Result<_, _>>()?;
    let Some(first) = all.first() else { return Ok(answer) };
    answer.gaps.retain(|gap| !gap.starts_with("ranges are as stated"));
    answer.gaps.push(
        "ranges are as stated in the plan; how wide the band of a whole force has to be is learnt from real forces, whose series know yearly totals and no recruits, training or losses"
            .into(),
    );
    for one in &all {
        answer.sources.push(format!("{}, forces of states until {}", one.name, one.last));
        answer.gaps.extend(one.gaps.iter().cloned());
    }
    answer.assumptions.push(format!(
        "real forces of {} people or more, all states alike, until {} by {}; the years from {} on were held out when the way and its width were chosen",
        LEAST, first.last, first.name, first.held_from
    ));
    let totals = each_future(drawing.futures, drawing.threads, |number| {
        let serving = future(plan, drawing.seed, number, None, true).serving;
        (0..plan.months as usize).map(|month| serving.iter().map(|of| of[month]).sum()).collect::<Vec<u64>>()
    });
    let begun: u64 = plan.categories.iter().map(|category| category.serving).sum();
    if begun == 0 {
        answer.gaps.push("nobody serves at the beginning, so that nothing is set beside real forces".into());
    } else {
        let tables = [reality(plan, first, &totals), history(plan, first, begun)];
        answer.tables.splice(1..1, tables);
    }
    answer.tables.push(scores(&all));
    answer.tables.push(outside(&all));
    Ok(answer)
}

fn reality(plan: &Plan, of: &Calibrated, totals: &[Vec<u64>]) -> Shown {
    let mut rows = Vec::new();
    for ahead in AHEAD.into_iter().filter(|ahead| u32::from(ahead.unsigned_abs()) * 12 <= plan.months) {
        let month = ahead.unsigned_abs() as usize * 12 - 1;
        let mut values: Vec<u64> = totals.iter().map(|future| future[month]).collect();
        values.sort_unstable();
        let at = |q| quantile(&values, q).unwrap_or(0) as f64;
        let (_, wider) = of.shipped[&ahead];
        let sample = Sample { values: of.changes[&ahead].clone(), sums: Vec::new(), within: 0.0 };
        let middle = sample.at(500);
        // The plan's own median, and about it what real forces moved about theirs.
        let real = |q: usize, wider: f64| at(500) * libm::exp((sample.at(q) - middle) * wider);
        let band = |low: usize, wider: f64| {
            let (real_low, real_high) = (real(low, wider), real(1000 - low, wider));
            (at(low).min(real_low), at(1000 - low).max(real_high))
        };
        let ((low95, high95), (low80, high80)) = (band(25, wider[1]), band(100, wider[0]));
        let own = at(900) - at(100);
        let times = if own > 0.0 {
            Cell::approximate((real(900, wider[0]) - real(100, wider[0])) / own, 1)
        } else {
            Cell::Missing
        };
        let whole = |n: f64| Cell::approximate(n, 0);
        rows.push(vec![
            Cell::text(plan.from.plus(month as u32).to_string()),
            Cell::text("all"),
            whole(at(500)),
            whole(at(100)),
            whole(at(900)),
            whole(low80),
            whole(high80),
            whole(low95),
            whole(high95),
            times,
        ]);
    }
    Shown {
        name: "real-bands",
        title: "all who serve: the plan's own middle 80 percent, and the wider band that is shipped, as wide about the plan's median as real forces moved about theirs in so many years (80 and 95 percent); how many times wider theirs is".into(),
        columns: vec!["month", "category", "p50", "p10", "p90", "low_80", "high_80", "low_95", "high_95", "times_wider"],
        rows,
    }
}

fn history(plan: &Plan, of: &Calibrated, begun: u64) -> Shown {
    let mut rows = Vec::new();
    for milestone in &plan.milestones {
        let (Some(least), None, super::Measure::Serving) =
            (milestone.at_least, milestone.category, milestone.measure)
        else {
            continue;
        };
        let months = milestone.by.since(plan.from) + 1;
        // A longer time is kinder: the whole year that it ends in.
        let ahead = i16::try_from((months + 11) / 12).unwrap_or(i16::MAX).clamp(1, AHEAD[4]);
        let needed = least as f64 / begun as f64;
        let changes = &of.changes[&ahead];
        let grew = changes.len() - changes.partition_point(|x| *x < libm::log(needed) - 1e-12);
        rows.push(vec![
            Cell::text(&milestone.name),
            Cell::approximate((needed - 1.0) * 100.0, 1),
            Cell::whole(ahead.into()),
            Cell::approximate(grew as f64 * 100.0 / changes.len().max(1) as f64, 2),
            Cell::whole(grew as i64),
            Cell::whole(changes.len() as i64),
            Cell::whole(of.states[&ahead] as i64),
        ]);
    }
    Shown {
        name: "real-growth",
        title: "how often a real force grew as much as a milestone of all who serve asks, in as many years (at most five): percent, periods, of how many periods and states. Periods overlap, most are of peace, and no state is the one of the plan"
            .into(),
        columns: vec!["milestone", "growth_pct", "years", "grew_pct", "grew", "periods", "states"],
        rows,
    }
}

fn scores(all: &[Calibrated]) -> Shown {
    let mut rows = Vec::new();
    for of in all {
        for ((ahead, way, held), score) in &of.scores {
            let (best, wider) = of.shipped[ahead];
            let number = |n: f64| Cell::approximate(n, 1);
            let bands = *way != Way::Persistence;
            let wide = |n: f64| if *way == best { number(n) } else { Cell::Missing };
            rows.push(vec![
                Cell::text(&of.name),
                Cell::whole((*ahead).into()),
                Cell::text(way.word()),
                Cell::text(if *held {
                    format!("held out, {} to {}", of.held_from, of.last)
                } else {
                    format!("before {}", of.held_from)
                }),
                Cell::whole(score.forecasts as i64),
                Cell::approximate(score.crps, 2),
                if bands { number(score.covered[0]) } else { Cell::Missing },
                if bands { number(score.covered[1]) } else { Cell::Missing },
                wide(score.covered[2]),
                wide(score.covered[3]),
                if *way == best {
                    Cell::text(format!("{} and {}", wider[0], wider[1]))
                } else {
                    Cell::Missing
                },
                Cell::text(if *way == best { "shipped" } else { "" }),
            ]);
        }
    }
    Shown {
        name: "back-test",
        title: "how well the size of real forces was foretold so many years ahead, each year from the years before it: mean CRPS (hundredths of the logarithm, about percent), percent of what came in the middle 80 and 95 percent, and in those as widened before the years held out".into(),
        columns: vec![
            "series", "years", "way", "part", "forecasts", "crps", "in_80", "in_95", "in_80_wide", "in_95_wide", "widened", "shipped",
        ],
        rows,
    }
}

fn outside(all: &[Calibrated]) -> Shown {
    let mut rows = Vec::new();
    for of in all {
        for (state, from, ahead, percent) in of.outside.iter().take(20) {
            rows.push(vec![
                Cell::text(&of.name),
                Cell::text(state),
                Cell::text(from.to_string()),
                Cell::whole((*ahead).into()),
                Cell::approximate(*percent, 1),
            ]);
        }
    }
    Shown {
        name: "outside",
        title: "in the years held out, the 20 farthest of what came outside of the widened 95 percent: state by the code of its series, from which year, in how many years, change in percent".into(),
        columns: vec!["series", "state", "from", "years", "change_pct"],
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty states whose forces grow by a tenth or fall by a tenth, in turn or alike, over so many years.
    fn series(years: i16, step: impl Fn(usize, i16) -> f64) -> Strengths {
        let mut text = "state,year,persons\n".to_string();
        for state in 0..40 {
            let mut n = 100_000.0_f64;
            for year in 0..years {
                text += &format!("s{state},{},{}\n", 1980 + year, n.round());
                n *= step(state, year);
            }
        }
        Strengths::read("s.csv", &text).unwrap()
    }

    #[test]
    fn the_score_of_a_sample_in_closed_form() {
        // Of 0 and 1: mean distance to 0.5 is 0.5, half the mean distance within is 0.25.
        let sample = Sample::of(vec![0.0, 1.0]);
        assert!((sample.crps(0.5) - 0.25).abs() < 1e-12);
        assert!((sample.crps(2.0) - (1.5 - 0.25)).abs() < 1e-12);
        // A sample of one value is a point: the absolute error.
        assert!((Sample::of(vec![0.3]).crps(-0.2) - 0.5).abs() < 1e-12);
        // Against the sum over all pairs.
        let values: Vec<f64> = vec![-2.0, -0.5, 0.0, 0.25, 3.0];
        let pairs: f64 = values.iter().flat_map(|a| values.iter().map(move |b| (a - b).abs())).sum();
        let direct: f64 = values.iter().map(|v| (v - 0.7).abs()).sum::<f64>() / 5.0 - pairs / 50.0;
        assert!((Sample::of(values).crps(0.7) - direct).abs() < 1e-12);
    }

    #[test]
    fn a_force_that_always_grows_alike_is_foretold_exactly() {
        let all = calibrated(&series(30, |_, _| 1.1), 5).unwrap();
        for ahead in AHEAD {
            let score = all.scores[&(ahead, Way::All, true)];
            assert!(score.crps < 0.01 && score.forecasts > 0, "{score:?}");
            // Persistence misses all of the growth: the logarithm of 1.1 for each year.
            let missed = all.scores[&(ahead, Way::Persistence, true)].crps;
            assert!((missed - 100.0 * f64::from(ahead) * libm::log(1.1)).abs() < 0.1, "{missed}");
        }
    }

    #[test]
    fn what_is_held_out_decides_nothing() {
        // Calm for 25 years; in the last five every other force doubles each year.
        let wild = |state: usize, year: i16| {
            if year >= 25 && state.is_multiple_of(2) {
                2.0
            } else {
                1.0 + 0.01 * ((state * 7 + year as usize) % 5) as f64
            }
        };
        let (calm, stormy) = (series(30, |s, y| wild(s, y.min(24))), series(31, wild));
        let (a, b) = (calibrated(&calm, 5).unwrap(), calibrated(&stormy, 6).unwrap());
        for ahead in AHEAD {
            assert_eq!(a.shipped[&ahead], b.shipped[&ahead], "{ahead}");
            assert_eq!(a.scores[&(ahead, Way::All, false)], b.scores[&(ahead, Way::All, false)]);
        }
        // And where the bands do not cover what came, it is said.
        assert!(b.gaps.iter().any(|gap| gap.contains("cover less than they claim")), "{:?}", b.gaps);
        assert!(!b.outside.is_empty());
    }

    #[test]
    fn tables_are_read_as_they_are_published_and_what_is_missing_is_named() {
        let cow =
            Strengths::read("cow", "ccode,year,milper\n2.0,1990.0,2180.0\n2.0,1991.0,\n41.0,1990.0,0.0\n")
                .unwrap();
        assert_eq!(cow.by["2"][&1990], 2_180_000.0);
        assert_eq!(cow.states(), 1);
        assert!(
            cow.gaps.iter().any(|gap| gap.contains("1 years of states have no figure")),
            "{:?}",
            cow.gaps
        );
        assert!(cow.gaps.iter().any(|gap| gap.contains("1 years of states have 0")));
        let wdi = format!("Country Code,Year,\"{PERSONNEL}\"\nDEU,2000,221100\nSAS,2000,4113600\n");
        let wdi = Strengths::read("wdi", &wdi).unwrap();
        assert_eq!((wdi.states(), wdi.gaps.len()), (1, 1), "a group of states is no state");
        for (text, words) in [
            ("state,year,persons\nA,2000,-1\n", "is no number of people"),
            ("state,year,persons\nA,2000,1\nA,2000,2\n", "two figures for this state"),
            ("state,year,persons\nA,2000.5,1\n", "is no year"),
            ("a,b\n1,2\n", "has no column `state`"),
        ] {
            assert!(Strengths::read("t", text).unwrap_err().message.contains(words), "{words}");
        }
        let short = calibrated(&series(12, |_, _| 1.0), 5).unwrap_err();
        assert!(short.message.contains("too short to hold out 5 years"), "{short:?}");
    }

    #[test]
    fn the_band_that_is_shipped_is_never_narrower_than_the_plans_own() {
        let plan = Plan::read(
            "t",
            "from='2026-01'\nmonths=36\n[[category]]\nname='a'\nserving=100000\nrecruits={low=0,likely=2000,high=9000}\nplaces=30000\n\
             training-months=3\nlosses=0.005\n[[milestone]]\nname='m'\nmeasure='serving'\nat-least=120000\nby='2027-12'\n",
        )
        .unwrap();
        let of = |threads, step: fn(usize, i16) -> f64| {
            let drawing = Drawing { seed: 2, futures: 101, threads };
            answer(&plan, drawing, vec![], &[series(30, step)], 5).unwrap()
        };
        let calm: fn(usize, i16) -> f64 = |_, _| 1.001;
        let wild: fn(usize, i16) -> f64 =
            |state, year| if (state + year as usize).is_multiple_of(3) { 1.6 } else { 0.8 };
        for step in [calm, wild] {
            let said = of(1, step);
            assert_eq!(said.json(), of(7, step).json(), "one seed, one answer at any number of threads");
            let table = said.tables.iter().find(|table| table.name == "real-bands").unwrap();
            assert_eq!(table.rows.len(), 3, "one to three years");
            for row in &table.rows {
                let n: Vec<f64> = row[2..9].iter().map(|cell| cell.plain().parse().unwrap()).collect();
                let [p50, p10, p90, low80, high80, low95, high95] = n[..] else { panic!("{n:?}") };
                assert!(low95 <= low80 && low80 <= p10 && p10 <= p50, "{n:?}");
                assert!(p50 <= p90 && p90 <= high80 && high80 <= high95, "{n:?}");
            }
        }
        // Every force of the calm series grew by a thousandth a year: none by a fifth in two.
        let table =
            |answer: &Answer| answer.tables.iter().find(|t| t.name == "real-growth").unwrap().rows[0].clone();
        assert_eq!(
            table(&of(1, calm))[1..5].iter().map(Cell::plain).collect::<Vec<_>>(),
            ["20.0", "2", "0.00", "0"]
        );
        assert!(table(&of(1, wild))[4].plain() != "0");
    }
}
