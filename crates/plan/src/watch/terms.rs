//! Thresholds that the terms of an agreement speak of: how far each is, and the chance of reaching it in the next 7 and 28 days.
//!
//! It decides no term: whether one has begun, the engine says, of records. Here incidents of a table are counted over all its regions, whoever
//! was in them, as many as the term asks for in its own span of time; of where, of sides and of movements it says nothing.
//!
//! Invariants
//! - a threshold is read out of the agreement or not at all; a term without one is named;
//! - two baselines are scored on the past, week by week, each knowing the days before it only; the better is what is shown.

use super::{AHEAD, Counts, Dist, LEARNT, Past, Way};
use crate::answer::{Cell, Shown};
use servanda_model::agreement::{Agg, Cond, Op, Value, Window};
use servanda_model::{Agreement, Number};
use std::collections::BTreeMap;

/// A number of incidents in a span of time that a term speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agreed {
    /// The term.
    pub term: String,
    /// What is counted, in the agreement's name.
    pub fact: String,
    /// So many, or more.
    pub incidents: usize,
    /// In so many days in a row.
    pub days: usize,
    /// The term in plain words.
    pub words: String,
}

/// No term looks further back, and none counts more.
const DAYS: i64 = 366;
const INCIDENTS: i64 = 20_000;

/// The thresholds of an agreement's terms, and the terms that have none, named.
pub fn agreed(agreement: &Agreement) -> (Vec<Agreed>, Vec<String>) {
    let (mut all, mut gaps) = (Vec::new(), Vec::new());
    for (name, term) in &agreement.terms {
        let mut found = Vec::new();
        if let Some(means) = &term.means {
            look(means, &mut found);
        }
        if found.is_empty() {
            gaps.push(format!("the term `{name}` has no number of incidents in a span of time: nothing is said of how far it is"));
        }
        all.extend(found.into_iter().map(|(fact, incidents, days)| Agreed {
            term: name.to_string(),
            fact,
            incidents,
            days,
            words: term.readback.clone(),
        }));
    }
    (all, gaps)
}

/// Counts in a span that are compared with a number, wherever they stand but under a `not`.
fn look(cond: &Cond, found: &mut Vec<(String, usize, usize)>) {
    match cond {
        Cond::And(all) | Cond::Or(all) => all.iter().for_each(|cond| look(cond, found)),
        Cond::Compare(Value::Aggregate(of), op @ (Op::Ge | Op::Gt), Value::Number(n, _))
        | Cond::Compare(Value::Number(n, _), op @ (Op::Le | Op::Lt), Value::Aggregate(of)) => {
            let (Agg::Count, Window::InAny(span)) = (of.what, &of.window) else { return };
            // More than 99.5 and 99.5 or more are both 100 or more.
            let least = if matches!(op, Op::Gt | Op::Lt) { n.floor() + Number::from(1) } else { n.ceil() };
            let least = least.to_i64().filter(|n| (1..=INCIDENTS).contains(n));
            let days = span.least_hours().saturating_add(23) / 24;
            if let (Some(least), true) = (least, (1..=DAYS).contains(&days)) {
                found.push((of.of.fact.to_string(), least as usize, days as usize));
            }
        }
        _ => {}
    }
}

/// By week: the most incidents in so many days in a row that end in the weeks `week..week + ahead`.
fn most(days: &[u32], span: usize, ahead: usize) -> Vec<usize> {
    let mut sums = Vec::with_capacity(days.len());
    let mut sum = 0_usize;
    for (n, count) in days.iter().enumerate() {
        sum += *count as usize;
        if n >= span {
            sum -= days[n - span] as usize;
        }
        sums.push(sum);
    }
    let weeks = days.len() / 7;
    (0..weeks.saturating_sub(ahead - 1))
        .map(|week| sums[week * 7..(week + ahead) * 7].iter().copied().max().unwrap_or(0))
        .collect()
}

/// Ways, and what they were worth.
struct Scored {
    /// By way: mean CRPS.
    crps: BTreeMap<Way, f64>,
    best: Way,
    forecast: Dist,
    /// By tenth of the chance that the best gave: forecasts, sum of chances, how often it came.
    bins: BTreeMap<usize, (usize, f64, usize)>,
    forecasts: usize,
}

const WAYS: [Way; 2] = [Way::Persistence, Way::Mean];

fn of(past: &Past, way: Way) -> Dist {
    match way {
        Way::Persistence => past.persistence(),
        _ => past.mean(),
    }
}

fn score(days: &[u32], threshold: &Agreed, ahead: usize) -> Scored {
    let values = most(days, threshold.days, ahead);
    let mut past = Past::of(ahead);
    let mut sums: BTreeMap<Way, f64> = BTreeMap::new();
    let mut bins: BTreeMap<Way, BTreeMap<usize, (usize, f64, usize)>> = BTreeMap::new();
    let mut forecasts = 0;
    for week in 0..days.len() / 7 {
        // What began `ahead` weeks before this one is known now.
        if let Some(known) = week.checked_sub(ahead).and_then(|start| values.get(start)) {
            past.note(*known);
        }
        let Some(came) = values.get(week).filter(|_| week >= LEARNT) else { continue };
        forecasts += 1;
        for way in WAYS {
            let dist = of(&past, way);
            *sums.entry(way).or_default() += dist.crps(*came);
            let chance = dist.at_least(threshold.incidents);
            let bin = bins.entry(way).or_default().entry(((chance * 10.0) as usize).min(9)).or_default();
            *bin = (bin.0 + 1, bin.1 + chance, bin.2 + usize::from(*came >= threshold.incidents));
        }
    }
    // The weeks up to the last are known for the forecast of what comes.
    let mut known = Past::of(ahead);
    values.iter().for_each(|value| known.note(*value));
    let n = f64::from(u32::try_from(forecasts.max(1)).unwrap_or(u32::MAX));
    let crps: BTreeMap<Way, f64> = sums.into_iter().map(|(way, sum)| (way, sum / n)).collect();
    let of_way = |way: &Way| crps.get(way).copied().unwrap_or(f64::INFINITY);
    let best = WAYS.into_iter().min_by(|a, b| of_way(a).total_cmp(&of_way(b))).unwrap_or(Way::Mean);
    Scored { best, forecast: of(&known, best), bins: bins.remove(&best).unwrap_or_default(), crps, forecasts }
}

/// The tables of the thresholds, and what is assumed.
pub(super) fn tables(counts: &Counts, agreed: &[Agreed]) -> (Vec<Shown>, Vec<String>) {
    let (mut terms, mut calibration) = (Vec::new(), Vec::new());
    for threshold in agreed {
        let last: usize = counts.days.iter().rev().take(threshold.days).map(|n| *n as usize).sum();
        for ahead in AHEAD {
            let scored = score(&counts.days, threshold, ahead);
            let crps =
                |way: Way| scored.crps.get(&way).map_or(Cell::Missing, |crps| Cell::approximate(*crps, 3));
            terms.push(vec![
                Cell::text(&threshold.term),
                Cell::text(&threshold.fact),
                Cell::whole(threshold.incidents as i64),
                Cell::whole(threshold.days as i64),
                Cell::whole(last as i64),
                Cell::whole(threshold.incidents as i64 - last as i64),
                Cell::whole(ahead as i64 * 7),
                Cell::approximate(scored.forecast.at_least(threshold.incidents) * 100.0, 1),
                Cell::text(scored.best.word()),
                crps(Way::Persistence),
                crps(Way::Mean),
            ]);
            for (bin, (n, chance, came)) in &scored.bins {
                calibration.push(vec![
                    Cell::text(&threshold.term),
                    Cell::whole(ahead as i64 * 7),
                    Cell::text(format!("{} to {}", bin * 10, bin * 10 + 10)),
                    Cell::whole(*n as i64),
                    Cell::whole(scored.forecasts as i64),
                    Cell::approximate(chance / *n as f64 * 100.0, 1),
                    Cell::Number(Number::ratio(*came as i64 * 100, *n as i64).unwrap_or_default(), 1),
                ]);
            }
        }
    }
    let mut assumed: Vec<String> = agreed
        .iter()
        .map(|of| {
            format!(
                "`{}`: {} or more `{}` in {} days in a row; every incident of the table, in all its regions, is taken as one that the term counts. The term: {}",
                of.term, of.incidents, of.fact, of.days, of.words
            )
        })
        .collect();
    if !agreed.is_empty() {
        assumed.push("a span of hours is counted in whole days; of persistence and the historical mean, the better by CRPS says the chance of a term, and no model is tried for it".into());
    }
    let shown = vec![
        Shown {
            name: "terms",
            title: "thresholds of the agreement's terms: incidents in the last days and missing to the threshold, and the percent chance of reaching it in the next days, by the better of two baselines".into(),
            columns: vec![
                "term", "counts", "threshold", "in_days", "last", "distance", "next_days", "chance_pct", "by", "crps_persistence",
                "crps_mean",
            ],
            rows: terms,
        },
        Shown {
            name: "terms-calibration",
            title: "chances of reaching a term's threshold that were given in the past, and how often it came: percent".into(),
            columns: vec!["term", "next_days", "chance_pct", "forecasts", "of", "mean_chance_pct", "came_pct"],
            rows: calibration,
        },
    ];
    (shown, assumed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_in_a_span_is_what_trying_says() {
        let days: Vec<u32> = (0..63_u32).map(|n| n.wrapping_mul(2_654_435_761) >> 29).collect();
        for (span, ahead) in [(1, 1), (3, 1), (3, 4), (10, 1), (10, 4)] {
            let found = most(&days, span, ahead);
            assert_eq!(found.len(), 9 - (ahead - 1));
            for (week, most) in found.iter().enumerate() {
                let tried = (week * 7..(week + ahead) * 7).map(|end| {
                    days[(end + 1).saturating_sub(span)..=end].iter().map(|n| *n as usize).sum::<usize>()
                });
                assert_eq!(Some(*most), tried.max(), "{span} {ahead} {week}");
            }
        }
    }

    #[test]
    fn a_forecast_of_a_term_knows_nothing_of_what_comes() {
        let threshold =
            Agreed { term: "t".into(), fact: "f".into(), incidents: 4, days: 3, words: String::new() };
        let quiet: Vec<u32> = vec![1; 160 * 7];
        let scored = score(&quiet, &threshold, 1);
        assert_eq!((scored.forecasts, scored.bins.len()), (160 - LEARNT, 1));
        assert!(scored.bins[&0].1 < 1e-9 && scored.forecast.at_least(4) < 1e-9);
        // A storm in the last week: no forecast that is scored had seen it, and the next has.
        let mut storm = quiet.clone();
        storm.iter_mut().skip(159 * 7).for_each(|n| *n = 9);
        let after = score(&storm, &threshold, 1);
        assert_eq!((after.bins[&0].0, after.bins[&0].2), (160 - LEARNT, 1));
        assert!(after.bins[&0].1 < 1e-9 && after.forecast.at_least(4) > 0.0);
    }

    #[test]
    fn chances_that_are_given_come_as_often_as_they_say() {
        // Each week is a draw of its own: the historical mean is right, and is calibrated.
        let days: Vec<u32> = (0..1200_u32)
            .flat_map(|week| {
                let drawn = week.wrapping_mul(2_654_435_761) >> 16;
                let high = drawn % 10 < 3;
                (0..7).map(move |day| if day == 3 && high { 5 } else { 0 })
            })
            .collect();
        let threshold =
            Agreed { term: "t".into(), fact: "f".into(), incidents: 5, days: 1, words: String::new() };
        let scored = score(&days, &threshold, 1);
        assert_eq!(scored.best, Way::Mean);
        let (n, chance, came) =
            scored.bins.values().fold((0, 0.0, 0), |sum, bin| (sum.0 + bin.0, sum.1 + bin.1, sum.2 + bin.2));
        assert_eq!(n, 1200 - LEARNT);
        assert!((chance / n as f64 - came as f64 / n as f64).abs() < 0.03, "{chance} {came}");
    }
}
