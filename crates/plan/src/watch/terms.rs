//! Thresholds that the terms of an agreement speak of: how far each is, and the chance of reaching it in the next 7 and 28 days.
//!
//! It decides no term: whether one has begun, the engine says, of records. Here incidents of a table are counted over all its regions, whoever
//! was in them, as many as the term asks for in its own span of time; of where, of sides and of movements it says nothing.
//!
//! Invariants
//! - a threshold is read out of the agreement or not at all; a term without one is named;
//! - one that a reading gives says under which option; where nobody has chosen, every option is shown;
//! - two baselines are scored on the past, week by week, each knowing the days before it only; the better is what is shown.

use super::{AHEAD, Counts, Dist, LEARNT, Past, Way};
use crate::answer::{Cell, Shown};
use servanda_model::agreement::{Agg, Aggregate, Comparator, Cond, Meaning, Op, Value, Window};
use servanda_model::{Agreement, Name, Number};
use std::collections::{BTreeMap, BTreeSet};

/// A number of incidents in a span of time that a term speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Agreed {
    /// The term.
    pub term: String,
    /// Under which options of the readings that give it: `NAME=OPTION`, with ` and ` between them; empty where no reading does.
    pub reading: String,
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
/// Readings within readings that are taken apart.
const DEEP: usize = 8;

/// The thresholds of an agreement's terms; and what is to be known of them: terms and options that have none, and readings that nobody chose.
///
/// A threshold that a reading gives is read by the option that is `chosen`, and where none is, once for each option.
pub fn agreed(agreement: &Agreement, chosen: &BTreeMap<Name, Name>) -> (Vec<Agreed>, Vec<String>) {
    let (mut all, mut gaps) = (Vec::new(), Vec::new());
    let mut open: BTreeSet<Name> = BTreeSet::new();
    for (name, term) in &agreement.terms {
        let mut search =
            Search { agreement, chosen, taken: Vec::new(), found: Vec::new(), none: BTreeSet::new() };
        if let Some(means) = &term.means {
            search.cond(means);
        }
        if search.found.is_empty() {
            gaps.push(format!("the term `{name}` has no number of incidents in a span of time: nothing is said of how far it is"));
        } else {
            gaps.extend(search.none.iter().map(|(reading, option)| {
                format!("with `{reading}={option}` the term `{name}` has no number of incidents in a span of time that is reached from below: of that option nothing is said")
            }));
        }
        for found in search.found {
            open.extend(found.taken.iter().map(|(reading, _)| reading.clone()));
            let options: Vec<String> =
                found.taken.iter().map(|(reading, option)| format!("{reading}={option}")).collect();
            all.push(Agreed {
                term: name.to_string(),
                reading: options.join(" and "),
                fact: found.fact,
                incidents: found.incidents,
                days: found.days,
                words: term.readback.clone(),
            });
        }
    }
    for reading in open.iter().filter(|reading| !chosen.contains_key(*reading)) {
        gaps.push(format!(
            "nobody has chosen the reading `{reading}`: each of its options has a row of its own; --reading {reading}=OPTION chooses one"
        ));
    }
    (all, gaps)
}

/// A threshold, and the options under which it is one.
struct Found {
    taken: Vec<(Name, Name)>,
    fact: String,
    incidents: usize,
    days: usize,
}

/// The search for counts in a span that are compared with a number, wherever they stand but under a `not`.
struct Search<'a> {
    agreement: &'a Agreement,
    chosen: &'a BTreeMap<Name, Name>,
    /// The options that are taken where the search is.
    taken: Vec<(Name, Name)>,
    found: Vec<Found>,
    /// Options that were taken, and under which nothing was found.
    none: BTreeSet<(Name, Name)>,
}

impl<'a> Search<'a> {
    fn cond(&mut self, cond: &'a Cond) {
        match cond {
            Cond::And(all) | Cond::Or(all) => all.iter().for_each(|cond| self.cond(cond)),
            Cond::Compare(one, op, other) => self.compare(one, *op, other),
            Cond::CompareBy(count, reading, target) => self.each(reading, |search, meaning| {
                if let Meaning::Compare(Comparator::AtLeast) = meaning {
                    search.compare(count, Op::Ge, target);
                }
            }),
            Cond::Reading(reading) => self.each(reading, |search, meaning| {
                if let Meaning::Cond(cond) = meaning {
                    search.cond(cond);
                }
            }),
            _ => {}
        }
    }

    /// Either side may be what a reading gives.
    fn compare(&mut self, one: &'a Value, op: Op, other: &'a Value) {
        match (one, other) {
            (Value::Reading(reading), other) => self.each(reading, |search, meaning| {
                if let Meaning::Value(value) = meaning {
                    search.compare(value, op, other);
                }
            }),
            (one, Value::Reading(reading)) => self.each(reading, |search, meaning| {
                if let Meaning::Value(value) = meaning {
                    search.compare(one, op, value);
                }
            }),
            (Value::Aggregate(of), Value::Number(n, _)) if matches!(op, Op::Ge | Op::Gt) => {
                self.note(of, n, op == Op::Gt);
            }
            (Value::Number(n, _), Value::Aggregate(of)) if matches!(op, Op::Le | Op::Lt) => {
                self.note(of, n, op == Op::Lt);
            }
            _ => {}
        }
    }

    fn note(&mut self, of: &Aggregate, n: &Number, above: bool) {
        let (Agg::Count, Window::InAny(span)) = (of.what, &of.window) else { return };
        // More than 99.5 and 99.5 or more are both 100 or more.
        let least = if above { n.floor() + Number::from(1) } else { n.ceil() };
        let least = least.to_i64().filter(|n| (1..=INCIDENTS).contains(n));
        let days = span.least_hours().saturating_add(23) / 24;
        if let (Some(least), true) = (least, (1..=DAYS).contains(&days)) {
            let (fact, taken) = (of.of.fact.to_string(), self.taken.clone());
            self.found.push(Found { taken, fact, incidents: least as usize, days: days as usize });
        }
    }

    /// What a reading means, under the option that is taken already, else the one that is chosen, else under each.
    fn each(&mut self, reading: &Name, mut search: impl FnMut(&mut Search<'a>, &'a Meaning)) {
        let agreement = self.agreement;
        let Some(all) = agreement.readings.get(reading).filter(|_| self.taken.len() < DEEP) else { return };
        let taken = self.taken.iter().find(|(name, _)| name == reading).map(|(_, option)| option);
        let only = taken.or(self.chosen.get(reading)).cloned();
        for (option, meaning) in
            all.options.iter().filter(|(option, _)| only.as_ref().is_none_or(|only| only == option))
        {
            let before = self.found.len();
            self.taken.push((reading.clone(), option.clone()));
            search(self, meaning);
            self.taken.pop();
            if self.found.len() == before {
                self.none.insert((reading.clone(), option.clone()));
            }
        }
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

/// Under which options a threshold is one.
fn reading(of: &Agreed) -> Cell {
    if of.reading.is_empty() { Cell::Missing } else { Cell::text(&of.reading) }
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
                reading(threshold),
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
                    reading(threshold),
                ]);
            }
        }
    }
    let mut assumed: Vec<String> = agreed
        .iter()
        .map(|of| {
            format!(
                "`{}`{}: {} or more `{}` in {} days in a row; every incident of the table, in all its regions, is taken as one that the term counts. The term: {}",
                of.term,
                if of.reading.is_empty() { String::new() } else { format!(", as `{}` reads it", of.reading) },
                of.incidents,
                of.fact,
                of.days,
                of.words
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
                "crps_mean", "reading",
            ],
            rows: terms,
        },
        Shown {
            name: "terms-calibration",
            title: "chances of reaching a term's threshold that were given in the past, and how often it came: percent".into(),
            columns: vec!["term", "next_days", "chance_pct", "forecasts", "of", "mean_chance_pct", "came_pct", "reading"],
            rows: calibration,
        },
    ];
    (shown, assumed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(term: &str, incidents: usize, days: usize) -> Agreed {
        let (reading, words) = (String::new(), String::new());
        Agreed { term: term.into(), reading, fact: "f".into(), incidents, days, words }
    }

    /// Terms whose numbers, sides and conditions readings give.
    const TEXT: &str = "# T\n\n> Many: many strikes within a week.\n\n```pact\nparty A\nevent strike\n  says \"a strike\"\n\
        reading many \"many strikes\"\n  option few: 20\n  option most: 50\n\
        reading week \"within a week\"\n  option rolling: count of strike in any 7 days >= 30\n  option never: count of strike since signed >= 30\n\
        term storm\n  means count of strike in any 72 hours >= many\n\
        term calm\n  means many > count of strike in any 72 hours\n\
        term wave\n  means week or (count of strike in any 24 hours > many)\n\
        term gust\n  means count of strike in any 24 hours >= 5\n```\n";

    /// Term, reading, incidents, days.
    type Row = (String, String, usize, usize);

    fn read(chosen: &[(&str, &str)]) -> (Vec<Row>, Vec<String>) {
        let checked = servanda_lang::check(TEXT);
        let errors =
            checked.diagnostics.iter().filter(|d| d.severity == servanda_lang::diagnostic::Severity::Error);
        assert_eq!(errors.collect::<Vec<_>>(), Vec::<&servanda_lang::diagnostic::Diagnostic>::new());
        let chosen = chosen.iter().map(|(name, option)| (Name::from(*name), Name::from(*option))).collect();
        let (all, gaps) = agreed(&checked.agreement, &chosen);
        (all.into_iter().map(|of| (of.term, of.reading, of.incidents, of.days)).collect(), gaps)
    }

    #[test]
    fn a_threshold_that_a_reading_gives_is_shown_under_each_option() {
        let row = |term: &str, reading: &str, incidents, days| {
            (term.to_string(), reading.to_string(), incidents, days)
        };
        let (all, gaps) = read(&[]);
        assert_eq!(
            all,
            [
                row("gust", "", 5, 1),
                row("storm", "many=few", 20, 3),
                row("storm", "many=most", 50, 3),
                row("wave", "week=rolling", 30, 7),
                row("wave", "many=few", 21, 1),
                row("wave", "many=most", 51, 1),
            ]
        );
        let said = |words: &str| gaps.iter().filter(|gap| gap.contains(words)).count();
        assert_eq!(
            said("the term `calm` has no number of incidents"),
            1,
            "fewer than a number is no threshold: {gaps:?}"
        );
        assert_eq!(said("with `week=never` the term `wave` has no number"), 1, "{gaps:?}");
        assert_eq!(
            (said("nobody has chosen the reading `many`"), said("nobody has chosen the reading `week`")),
            (1, 1),
            "{gaps:?}"
        );
    }

    #[test]
    fn the_chosen_option_alone_is_read_and_is_named() {
        let (all, gaps) = read(&[("many", "most"), ("week", "never")]);
        let of: Vec<(&str, &str, usize)> =
            all.iter().map(|(term, reading, n, _)| (term.as_str(), reading.as_str(), *n)).collect();
        assert_eq!(of, [("gust", "", 5), ("storm", "many=most", 50), ("wave", "many=most", 51)]);
        assert!(gaps.iter().any(|gap| gap.contains("with `week=never` the term `wave`")), "{gaps:?}");
        assert!(!gaps.iter().any(|gap| gap.contains("nobody has chosen")), "{gaps:?}");
    }

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
        let threshold = of("t", 4, 3);
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
        let threshold = of("t", 5, 1);
        let scored = score(&days, &threshold, 1);
        assert_eq!(scored.best, Way::Mean);
        let (n, chance, came) =
            scored.bins.values().fold((0, 0.0, 0), |sum, bin| (sum.0 + bin.0, sum.1 + bin.1, sum.2 + bin.2));
        assert_eq!(n, 1200 - LEARNT);
        assert!((chance / n as f64 - came as f64 / n as f64).abs() < 0.03, "{chance} {came}");
    }
}
