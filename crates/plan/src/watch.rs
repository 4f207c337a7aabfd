//! Escalation watch: how many incidents in a region in the next 7 and 28 days, as a distribution, scored against baselines.
//!
//! A region is an oblast or what the source calls the first level of administration, never finer. It counts incidents, whoever was
//! in them: there are no sides, no units and no movements here, and nothing is said about where within a region. Where the model
//! does not beat the baselines on the past, the better baseline is shipped, and the answer says so.
//!
//! Invariants
//! - a forecast for a week is made of the weeks before it and of nothing else, in the scores as in the answer;
//! - an incident that cannot be dated to a week, or has no region, is left out and counted among the gaps;
//! - every distribution sums to one, and is over whole numbers of incidents.
//!
//! # Source
//! The continuous ranked probability score of a distribution over whole numbers: the sum of `(F(k) - [y <= k])²` over all `k`
//! (Gneiting and Raftery, JASA 2007). Lower is better; of a single number it is the absolute error.

mod terms;

pub use terms::{Agreed, agreed};

use crate::answer::{Cell, Shown};
use crate::table::Table;
use crate::{Answer, Basis, Refusal};
use jiff::civil::{Date, Weekday};
use std::collections::{BTreeMap, BTreeSet};

/// Weeks that are looked ahead: 7 and 28 days.
pub const AHEAD: [usize; 2] = [1, 4];
/// Weeks before the first forecast that is scored.
const LEARNT: usize = 104;
/// How fast the model forgets: candidates, of which the past chooses.
const MEMORY: [f64; 4] = [0.05, 0.15, 0.3, 0.6];
/// No count of a week or month is larger; more is a broken table.
const MOST: usize = 20_000;

/// Counts of incidents by region and week.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counts {
    /// The Monday of the first week.
    pub first: Date,
    /// By region, a count for each week.
    pub regions: BTreeMap<String, Vec<u32>>,
    /// Of all regions, a count for each day of these weeks.
    pub days: Vec<u32>,
    /// What was left out, and why.
    pub gaps: Vec<String>,
    /// Incidents that are counted.
    pub counted: usize,
}

fn monday(date: Date) -> Date {
    let back = i64::from(date.weekday().since(Weekday::Monday));
    date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date)
}

fn weeks_between(first: Date, date: Date) -> usize {
    first.until(date).map_or(0, |span| span.get_days().max(0) as usize / 7)
}

impl Counts {
    /// Reads UCDP GED as it is published, or a table `date,region`.
    ///
    /// # Errors
    /// Where it is neither, a date cannot be read, or nothing is left.
    pub fn read(name: &str, text: &str) -> Result<Counts, Refusal> {
        let table = Table::read(name, text)?;
        let ucdp = table.has("date_prec");
        let (date, region) = if ucdp { ("date_start", "adm_1") } else { ("date", "region") };
        let table = table.with(&[date, region])?;
        let mut found: Vec<(Date, String)> = Vec::new();
        let (mut vague, mut nowhere, mut loose) = (0, 0, 0);
        for row in table.rows() {
            let text = row.text(date);
            // The second row of UCDP's tables has tags.
            if text.starts_with('#') {
                continue;
            }
            let day: Option<Date> = text.get(..10).and_then(|day| day.parse().ok());
            let Some(day) = day else {
                return Err(row.refused(date, "is no date", "write it like `2027-06-30`"));
            };
            let precision = row.text("date_prec");
            if ucdp && !["1", "2", "3"].contains(&precision) {
                vague += 1;
            } else if row.text(region).is_empty() {
                nowhere += 1;
            } else {
                loose += usize::from(ucdp && precision != "1");
                found.push((day, row.text(region).to_string()));
            }
        }
        let (Some(first), Some(last)) =
            (found.iter().map(|(d, _)| *d).min(), found.iter().map(|(d, _)| *d).max())
        else {
            return Err(Refusal::new(
                format!("`{name}` has no incident with a week and a region"),
                "is it the right file?",
            ));
        };
        let first = monday(first);
        let weeks = weeks_between(first, last) + 1;
        if weeks > 5_200 {
            return Err(Refusal::new(
                format!("`{name}` reaches over {weeks} weeks"),
                "at most 5200; repair the dates",
            ));
        }
        let mut regions: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut days = vec![0_u32; weeks * 7];
        for (day, region) in &found {
            let since = first.until(*day).map_or(0, |span| span.get_days().max(0) as usize);
            days.iter_mut().skip(since).take(1).for_each(|n| *n += 1);
            regions.entry(region.clone()).or_insert_with(|| vec![0; weeks])[weeks_between(first, *day)] += 1;
        }
        let told = [
            (vague, "incidents are not dated to a week, and are left out"),
            (nowhere, "incidents have no region, and are left out"),
            (loose, "incidents are dated to a few days, and are counted in the week in which those begin"),
        ];
        let gaps = told.iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}")).collect();
        Ok(Counts { first, regions, days, gaps, counted: found.len() })
    }

    fn weeks(&self) -> usize {
        self.regions.values().map(Vec::len).max().unwrap_or(0)
    }

    fn week(&self, n: usize) -> Date {
        self.first.checked_add(jiff::Span::new().weeks(n.min(10_000) as i64)).unwrap_or(self.first)
    }
}

/// A distribution over whole numbers from 0.
#[derive(Clone, PartialEq, Debug)]
pub struct Dist(Vec<f64>);

impl Dist {
    /// Each value as often as it was.
    fn of_values(values: impl Iterator<Item = (usize, u32)>) -> Dist {
        let mut mass: Vec<f64> = Vec::new();
        let mut n = 0.0;
        for (value, times) in values {
            let value = value.min(MOST);
            if mass.len() <= value {
                mass.resize(value + 1, 0.0);
            }
            mass[value] += f64::from(times);
            n += f64::from(times);
        }
        if n == 0.0 {
            return Dist(vec![1.0]);
        }
        mass.iter_mut().for_each(|m| *m /= n);
        Dist(mass)
    }

    /// Negative binomial with that mean and variance; Poisson where the variance is not above the mean.
    fn of_moments(mean: f64, variance: f64) -> Dist {
        if mean <= 0.0 {
            return Dist(vec![1.0]);
        }
        let mut mass = Vec::new();
        let mut sum = 0.0;
        let is_poisson = variance <= mean * 1.000_001;
        let p = mean / variance;
        let size = mean * p / (1.0 - p);
        // From the logarithm of one number's share to the next one's.
        let mut log = if is_poisson { -mean } else { size * libm::log(p) };
        for k in (0..=MOST).map(|k| k as f64) {
            let m = libm::exp(log);
            mass.push(m);
            sum += m;
            if sum > 1.0 - 1e-10 && k > mean {
                break;
            }
            log += match is_poisson {
                true => libm::log(mean / (k + 1.0)),
                false => libm::log((k + size) / (k + 1.0) * (1.0 - p)),
            };
        }
        mass.iter_mut().for_each(|m| *m /= sum);
        Dist(mass)
    }

    /// The chance of so many or more.
    pub fn at_least(&self, n: usize) -> f64 {
        1.0 - self.0.iter().take(n).sum::<f64>().clamp(0.0, 1.0)
    }

    /// The least number that so much of the distribution does not exceed.
    pub fn quantile(&self, share: f64) -> usize {
        let mut sum = 0.0;
        for (k, m) in self.0.iter().enumerate() {
            sum += m;
            if sum >= share - 1e-9 {
                return k;
            }
        }
        self.0.len().saturating_sub(1)
    }

    /// The score of what came.
    pub fn crps(&self, came: usize) -> f64 {
        let (mut below, mut score) = (0.0, 0.0);
        for k in 0..self.0.len().max(came) {
            below += self.0.get(k).copied().unwrap_or(0.0);
            let step = if came <= k { 1.0 } else { 0.0 };
            score += (below - step) * (below - step);
        }
        score
    }
}

/// Ways to forecast.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Way {
    /// As many as last, with the changes that there have been.
    Persistence,
    /// As often as it has been, all weeks alike.
    Mean,
    /// A mean that forgets, and a spread learnt from its own errors.
    Model,
}

impl Way {
    const ALL: [Way; 3] = [Way::Persistence, Way::Mean, Way::Model];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Way::Persistence => "persistence",
            Way::Mean => "historical mean",
            Way::Model => "model",
        }
    }
}

fn came(series: &[u32], from: usize, ahead: usize) -> usize {
    series[from..from + ahead].iter().map(|n| *n as usize).sum()
}

/// What the baselines know of a series before a week, kept up from week to week.
struct Past {
    ahead: usize,
    /// Sums of all whole runs of so many weeks.
    sums: Vec<usize>,
    /// How often each sum was.
    often: BTreeMap<usize, u32>,
    /// How often each change was, from a run to the next that does not overlap it.
    moved: BTreeMap<i64, u32>,
}

impl Past {
    fn of(ahead: usize) -> Past {
        Past { ahead, sums: Vec::new(), often: BTreeMap::new(), moved: BTreeMap::new() }
    }

    /// One more week is known: those of the series before `week`.
    fn learn(&mut self, series: &[u32], week: usize) {
        let Some(first) = week.checked_sub(self.ahead) else { return };
        self.note(came(series, first, self.ahead));
    }

    /// What came of one more run is known.
    fn note(&mut self, sum: usize) {
        if let Some(before) = self.sums.len().checked_sub(self.ahead).and_then(|i| self.sums.get(i)) {
            *self.moved.entry(sum as i64 - *before as i64).or_default() += 1;
        }
        self.sums.push(sum);
        *self.often.entry(sum).or_default() += 1;
    }

    fn all(series: &[u32], ahead: usize) -> Past {
        let mut past = Past::of(ahead);
        (1..=series.len()).for_each(|week| past.learn(series, week));
        past
    }

    fn mean(&self) -> Dist {
        Dist::of_values(self.often.iter().map(|(sum, n)| (*sum, *n)))
    }

    fn persistence(&self) -> Dist {
        let Some(last) = self.sums.last().filter(|_| !self.moved.is_empty()) else { return self.mean() };
        Dist::of_values(self.moved.iter().map(|(by, n)| ((*last as i64 + by).max(0) as usize, *n)))
    }
}

/// The model along a series: its mean before each week, by memory, and what its errors were.
struct Model {
    /// By memory and week: the mean of a week, known before it.
    means: Vec<Vec<f64>>,
    /// By memory, look ahead and week: squared errors over means of all forecasts that had come due before that week.
    spread: Vec<[Vec<f64>; 2]>,
}

impl Model {
    fn of(series: &[u32]) -> Model {
        let mut model = Model { means: Vec::new(), spread: Vec::new() };
        for memory in MEMORY {
            let mut means = vec![0.0];
            for n in series {
                let last = means.last().copied().unwrap_or(0.0);
                means.push(last + memory * (f64::from(*n) - last));
            }
            let spread = AHEAD.map(|ahead| {
                let (mut errors, mut sum, mut all) = (0.0, 0.0, vec![1.0; series.len() + 1]);
                for (now, slot) in all.iter_mut().enumerate().skip(ahead) {
                    let mean = means[now - ahead] * ahead as f64;
                    let error = came(series, now - ahead, ahead) as f64 - mean;
                    errors += error * error;
                    sum += mean;
                    *slot = if sum > 0.0 { (errors / sum).max(1.0) } else { 1.0 };
                }
                all
            });
            model.means.push(means);
            model.spread.push(spread);
        }
        model
    }

    fn forecast(&self, memory: usize, look: usize, week: usize) -> Dist {
        let mean = self.means[memory][week] * AHEAD[look] as f64;
        Dist::of_moments(mean, mean * self.spread[memory][look][week])
    }
}

/// What the past says of the ways to forecast, for one look ahead.
#[derive(Clone, PartialEq, Debug, Default)]
struct Scored {
    /// By way: mean score.
    score: BTreeMap<Way, f64>,
    /// By way: years in which it was the best.
    years: BTreeMap<Way, u32>,
    /// By way: how much of what came lay in the middle 80 and 95 percent.
    covered: BTreeMap<Way, [f64; 2]>,
    /// Forecasts that were scored.
    forecasts: usize,
    /// By threshold, way and tenth of the chance: forecasts, sum of chances, and how often it came.
    bins: BTreeMap<(usize, Way, usize), (usize, f64, usize)>,
    /// Which memory the past chooses at the end.
    memory: usize,
}

fn score(counts: &Counts, models: &BTreeMap<&str, Model>, look: usize, thresholds: &[Threshold]) -> Scored {
    let ahead = AHEAD[look];
    let weeks = counts.weeks();
    let mut by_memory = [0.0; MEMORY.len()];
    let mut sums: BTreeMap<(Way, i16), f64> = BTreeMap::new();
    let mut scored = Scored::default();
    let mut inside: BTreeMap<Way, [usize; 2]> = BTreeMap::new();
    // What each memory would have scored, to be known only once it came.
    let mut due: BTreeMap<usize, [f64; MEMORY.len()]> = BTreeMap::new();
    let mut pasts: BTreeMap<&str, Past> = models.keys().map(|region| (*region, Past::of(ahead))).collect();
    for week in 1..=weeks.saturating_sub(ahead) {
        if let Some(known) = due.remove(&week) {
            (0..MEMORY.len()).for_each(|m| by_memory[m] += known[m]);
        }
        let best = best_memory(&by_memory);
        let mut of_memory = [0.0; MEMORY.len()];
        for (region, series) in &counts.regions {
            let came = came(series, week, ahead);
            let model = &models[region.as_str()];
            let forecasts: Vec<Dist> = (0..MEMORY.len()).map(|m| model.forecast(m, look, week)).collect();
            (0..MEMORY.len()).for_each(|m| of_memory[m] += forecasts[m].crps(came));
            let Some(past) = pasts.get_mut(region.as_str()) else { continue };
            past.learn(series, week);
            if week < LEARNT {
                continue;
            }
            scored.forecasts += 1;
            for way in Way::ALL {
                let dist = match way {
                    Way::Persistence => past.persistence(),
                    Way::Mean => past.mean(),
                    Way::Model => forecasts[best].clone(),
                };
                *sums.entry((way, counts.week(week).year())).or_default() += dist.crps(came);
                for (i, tail) in [0.1, 0.025].into_iter().enumerate() {
                    let within = dist.quantile(tail) <= came && came <= dist.quantile(1.0 - tail);
                    inside.entry(way).or_default()[i] += usize::from(within);
                }
                for (i, of) in thresholds.iter().enumerate().filter(|(_, of)| of.days == ahead * 7) {
                    let chance = dist.at_least(of.incidents);
                    let bin = scored.bins.entry((i, way, ((chance * 10.0) as usize).min(9))).or_default();
                    *bin = (bin.0 + 1, bin.1 + chance, bin.2 + usize::from(came >= of.incidents));
                }
            }
        }
        due.insert(week + ahead, of_memory);
    }
    due.into_values().for_each(|known| (0..MEMORY.len()).for_each(|m| by_memory[m] += known[m]));
    scored.memory = best_memory(&by_memory);
    let n = scored.forecasts.max(1) as f64;
    let years: BTreeSet<i16> = sums.keys().map(|(_, year)| *year).collect();
    for year in years {
        let of = |way: Way| sums.get(&(way, year)).copied().unwrap_or(0.0);
        let best = Way::ALL.into_iter().min_by(|a, b| of(*a).total_cmp(&of(*b)));
        best.into_iter().for_each(|way| *scored.years.entry(way).or_default() += 1);
    }
    for ((way, _), sum) in sums {
        *scored.score.entry(way).or_default() += sum / n;
    }
    scored.covered = inside.into_iter().map(|(way, both)| (way, both.map(|k| k as f64 / n))).collect();
    scored
}

fn best_memory(scores: &[f64]) -> usize {
    scores.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(m, _)| m)
}

impl Scored {
    /// The way that is shipped: the model only where it beats both baselines.
    fn best(&self) -> Way {
        let of = |way: &Way| self.score.get(way).copied().unwrap_or(f64::INFINITY);
        Way::ALL.into_iter().min_by(|a, b| of(a).total_cmp(&of(b))).unwrap_or(Way::Mean)
    }
}

/// A number of incidents in some weeks that a term of the agreement speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Threshold {
    /// The term.
    pub term: String,
    /// So many incidents or more, in one region.
    pub incidents: usize,
    /// In 7 or in 28 days.
    pub days: usize,
}

impl Threshold {
    /// Reads `TERM=INCIDENTS/DAYS`.
    ///
    /// # Errors
    /// Where it is none, or its days are not 7 or 28.
    pub fn read(text: &str) -> Result<Threshold, Refusal> {
        let parts = text.rsplit_once('=').and_then(|(term, rest)| {
            let (incidents, days) = rest.split_once('/')?;
            Some((term.trim(), incidents.trim().parse::<usize>().ok()?, days.trim().parse::<usize>().ok()?))
        });
        match parts {
            Some((term, incidents, days))
                if !term.is_empty() && incidents > 0 && AHEAD.contains(&(days / 7)) && days % 7 == 0 =>
            {
                Ok(Threshold { term: term.into(), incidents, days })
            }
            _ => Err(Refusal::new(
                format!("`{text}` is no threshold"),
                "write `TERM=INCIDENTS/DAYS`, with 7 or 28 days: `large-scale-aggression=20/7`",
            )),
        }
    }
}

/// Forecasts, what they were worth in the past, and how far each threshold is.
///
/// # Errors
/// Where the history is too short for the scores.
pub fn answer(counts: &Counts, thresholds: &[Threshold], sources: Vec<String>) -> Result<Answer, Refusal> {
    answer_of(counts, thresholds, &[], sources)
}

/// The same, with the thresholds of an agreement's terms ([`agreed`]).
///
/// # Errors
/// As for [`answer`].
pub fn answer_of(
    counts: &Counts,
    thresholds: &[Threshold],
    agreed: &[Agreed],
    sources: Vec<String>,
) -> Result<Answer, Refusal> {
    let weeks = counts.weeks();
    if weeks < LEARNT + 52 {
        return Err(Refusal::new(
            format!("the history has {weeks} weeks, too few to score a forecast"),
            format!("at least {} weeks are needed: two years to learn from, and one to score", LEARNT + 52),
        ));
    }
    let models: BTreeMap<&str, Model> =
        counts.regions.iter().map(|(region, series)| (region.as_str(), Model::of(series))).collect();
    let scored: Vec<Scored> = (0..AHEAD.len()).map(|look| score(counts, &models, look, thresholds)).collect();
    let mut gaps = counts.gaps.clone();
    gaps.push(
        "a source counts what it hears of: a week without incidents may be a week without reports".into(),
    );
    for (look, of) in scored.iter().enumerate() {
        if of.best() != Way::Model {
            gaps.push(format!(
                "for {} days the model does not beat the baselines: the forecast is the {}",
                AHEAD[look] * 7,
                of.best().word()
            ));
        }
    }
    let (of_terms, assumed) = match agreed.is_empty() {
        true => (Vec::new(), Vec::new()),
        false => terms::tables(counts, agreed),
    };
    let mut tables = of_terms;
    tables.extend([
        forecasts(counts, &models, &scored),
        distances(counts, &models, &scored, thresholds),
        scores(&scored),
        calibration(&scored, thresholds),
        weekly(counts),
    ]);
    let mut assumptions = vec![
        format!(
            "{} incidents in weeks from Monday, {} to {}",
            counts.counted,
            counts.week(0),
            counts.week(weeks - 1)
        ),
        format!(
            "scored from the week of {} on; each forecast knows the weeks before it only",
            counts.week(LEARNT)
        ),
        "what comes is like what came: no forecast knows of an order, a plan or a side".into(),
    ];
    assumptions.extend(assumed);
    Ok(Answer { asked: "watch", basis: Basis::Simulated, seed: None, sources, assumptions, gaps, tables })
}

fn ahead_of(
    counts: &Counts,
    models: &BTreeMap<&str, Model>,
    scored: &[Scored],
    region: &str,
    look: usize,
) -> Dist {
    let series = &counts.regions[region];
    match scored[look].best() {
        Way::Persistence => Past::all(series, AHEAD[look]).persistence(),
        Way::Mean => Past::all(series, AHEAD[look]).mean(),
        Way::Model => models[region].forecast(scored[look].memory, look, series.len()),
    }
}

fn forecasts(counts: &Counts, models: &BTreeMap<&str, Model>, scored: &[Scored]) -> Shown {
    let mut rows = Vec::new();
    for (region, series) in &counts.regions {
        for (look, ahead) in AHEAD.into_iter().enumerate() {
            let dist = ahead_of(counts, models, scored, region, look);
            let mut row = vec![
                Cell::text(region),
                Cell::whole(ahead as i64 * 7),
                Cell::whole(came(series, series.len() - ahead, ahead) as i64),
            ];
            row.extend([0.025, 0.1, 0.5, 0.9, 0.975].map(|share| Cell::whole(dist.quantile(share) as i64)));
            row.push(Cell::text(scored[look].best().word()));
            rows.push(row);
        }
    }
    Shown {
        name: "forecasts",
        title: format!(
            "incidents in the days after the week of {}: 95 percent of the distribution lie from p2.5 to p97.5",
            counts.week(counts.weeks() - 1)
        ),
        columns: vec!["region", "days", "last", "p2.5", "p10", "p50", "p90", "p97.5", "by"],
        rows,
    }
}

fn distances(
    counts: &Counts,
    models: &BTreeMap<&str, Model>,
    scored: &[Scored],
    thresholds: &[Threshold],
) -> Shown {
    let mut rows = Vec::new();
    for threshold in thresholds {
        let Some(look) = AHEAD.iter().position(|ahead| ahead * 7 == threshold.days) else { continue };
        for (region, series) in &counts.regions {
            let last = came(series, series.len() - AHEAD[look], AHEAD[look]);
            let chance = ahead_of(counts, models, scored, region, look).at_least(threshold.incidents);
            rows.push(vec![
                Cell::text(&threshold.term),
                Cell::text(region),
                Cell::whole(threshold.incidents as i64),
                Cell::whole(threshold.days as i64),
                Cell::whole(last as i64),
                Cell::whole(threshold.incidents as i64 - last as i64),
                Cell::approximate(chance * 100.0, 1),
            ]);
        }
    }
    Shown {
        name: "thresholds",
        title:
            "how far each threshold is, in incidents, and the percent chance of reaching it in the next days"
                .into(),
        columns: vec!["term", "region", "threshold", "days", "last", "distance", "chance_pct"],
        rows,
    }
}

fn scores(scored: &[Scored]) -> Shown {
    let mut rows = Vec::new();
    for (look, of) in scored.iter().enumerate() {
        let base = [Way::Persistence, Way::Mean]
            .iter()
            .filter_map(|way| of.score.get(way))
            .fold(f64::INFINITY, |a, b| a.min(*b));
        for way in Way::ALL {
            let crps = of.score.get(&way).copied().unwrap_or(0.0);
            let covered = of.covered.get(&way).copied().unwrap_or_default();
            rows.push(vec![
                Cell::whole(AHEAD[look] as i64 * 7),
                Cell::text(way.word()),
                Cell::approximate(crps, 4),
                Cell::approximate(if base > 0.0 { (1.0 - crps / base) * 100.0 } else { 0.0 }, 1),
                Cell::whole(i64::from(of.years.get(&way).copied().unwrap_or(0))),
                Cell::approximate(covered[0] * 100.0, 1),
                Cell::approximate(covered[1] * 100.0, 1),
                Cell::whole(of.forecasts as i64),
                Cell::text(if way == of.best() { "shipped" } else { "" }),
            ]);
        }
    }
    Shown {
        name: "scores",
        title: "what each way was worth in the past: mean CRPS (lower is better), percent better than the better baseline, years in which it was best, and percent of what came in its middle 80 and 95 percent".into(),
        columns: vec!["days", "way", "crps", "better_pct", "years_best", "in_80_pct", "in_95_pct", "forecasts", "state"],
        rows,
    }
}

fn calibration(scored: &[Scored], thresholds: &[Threshold]) -> Shown {
    let mut rows = Vec::new();
    for of in scored {
        for ((i, way, bin), (n, chance, came)) in &of.bins {
            if *way == of.best() {
                rows.push(vec![
                    Cell::text(&thresholds[*i].term),
                    Cell::whole(thresholds[*i].days as i64),
                    Cell::text(format!("{} to {}", bin * 10, bin * 10 + 10)),
                    Cell::whole(*n as i64),
                    Cell::approximate(chance / *n as f64 * 100.0, 1),
                    Cell::approximate(*came as f64 / *n as f64 * 100.0, 1),
                ]);
            }
        }
    }
    Shown {
        name: "calibration",
        title: "chances that were given in the past, and how often it came: percent".into(),
        columns: vec!["term", "days", "chance_pct", "forecasts", "mean_chance_pct", "came_pct"],
        rows,
    }
}

fn weekly(counts: &Counts) -> Shown {
    let rows = counts.regions.iter().flat_map(|(region, series)| {
        series.iter().enumerate().map(move |(n, count)| {
            vec![Cell::text(counts.week(n).to_string()), Cell::text(region), Cell::whole(i64::from(*count))]
        })
    });
    Shown {
        name: "weeks",
        title: "incidents by region and week, by the Monday on which it begins".into(),
        columns: vec!["week", "region", "incidents"],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_what_its_definition_says() {
        // Of a single number: the absolute error.
        assert_eq!(Dist::of_values([(3, 1)].into_iter()).crps(7), 4.0);
        assert_eq!(Dist::of_values([(7, 2)].into_iter()).crps(3), 4.0);
        // By the other form of its definition: E|X - y| - E|X - X'| / 2.
        let values = [0_usize, 0, 1, 4, 9];
        for y in [0_usize, 2, 9, 20] {
            let n = values.len() as f64;
            let near: f64 = values.iter().map(|x| x.abs_diff(y) as f64).sum::<f64>() / n;
            let apart: f64 =
                values.iter().flat_map(|a| values.iter().map(|b| a.abs_diff(*b) as f64)).sum::<f64>() / n / n;
            let crps = Dist::of_values(values.into_iter().map(|v| (v, 1))).crps(y);
            assert!((crps - (near - apart / 2.0)).abs() < 1e-12, "{y}: {crps}");
        }
    }

    #[test]
    fn the_baselines_are_what_they_say() {
        let past = Past::all(&[1, 4, 4, 2], 1);
        assert_eq!(past.mean().0, [0.0, 0.25, 0.25, 0.0, 0.5]);
        // The last was 2; the changes were +3, 0 and -2.
        let third = 1.0 / 3.0;
        assert_eq!(past.persistence().0, [third, 0.0, third, 0.0, 0.0, third]);
        // Two weeks: sums 5, 8, 6, and one change from the first two weeks to the last two.
        let past = Past::all(&[1, 4, 4, 2], 2);
        assert_eq!((past.sums.clone(), past.moved.clone()), (vec![5, 8, 6], BTreeMap::from([(1, 1)])));
        assert_eq!(past.persistence().quantile(0.5), 7);
    }

    #[test]
    fn distributions_have_their_moments_and_sum_to_one() {
        for (mean, variance) in [(0.3, 0.3), (4.0, 4.0), (4.0, 12.0), (150.0, 900.0), (0.05, 0.4)] {
            let dist = Dist::of_moments(mean, variance);
            let sum: f64 = dist.0.iter().sum();
            let m: f64 = dist.0.iter().enumerate().map(|(k, p)| k as f64 * p).sum();
            let v: f64 = dist.0.iter().enumerate().map(|(k, p)| (k as f64 - m) * (k as f64 - m) * p).sum();
            assert!((sum - 1.0).abs() < 1e-9 && (m - mean).abs() < 1e-3 * mean.max(1.0), "{mean} {m}");
            assert!((v - variance).abs() < 1e-2 * variance.max(1.0), "{variance} {v}");
            assert!((dist.at_least(0) - 1.0).abs() < 1e-12 && dist.at_least(1) <= 1.0);
        }
        assert_eq!(Dist::of_moments(0.0, 0.0).quantile(0.99), 0);
    }

    fn table(weeks: usize, of: impl Fn(usize) -> usize) -> String {
        let first: Date = "2018-01-01".parse().unwrap();
        let mut text = String::from("date,region\n");
        for week in 0..weeks {
            let day = first.checked_add(jiff::Span::new().weeks(week as i64)).unwrap();
            text.extend((0..of(week)).map(|_| format!("{day},North\n")));
        }
        text
    }

    #[test]
    fn a_forecast_knows_nothing_of_what_comes() {
        // Two histories that differ in the last weeks only: every forecast before them is the same.
        let counts = |text: &str| Counts::read("i.csv", text).unwrap();
        let one = counts(&table(220, |w| 1 + w % 5));
        let other = counts(&table(220, |w| if w < 200 { 1 + w % 5 } else { 50 }));
        let models = [Model::of(&one.regions["North"]), Model::of(&other.regions["North"])];
        for week in 1..=200 {
            for look in 0..AHEAD.len() {
                for memory in 0..MEMORY.len() {
                    assert_eq!(
                        models[0].forecast(memory, look, week),
                        models[1].forecast(memory, look, week),
                        "{week}"
                    );
                }
            }
        }
        assert_ne!(models[0].forecast(0, 0, 210), models[1].forecast(0, 0, 210));
    }

    #[test]
    fn where_the_model_does_not_beat_a_baseline_the_baseline_is_shipped() {
        // A level that does not move, and noise that a mean over all weeks knows best.
        let noise = |w: usize| [2, 9, 4, 0, 7, 3, 8, 1, 5, 6][(w * w + 3 * w) % 10];
        let counts = Counts::read("i.csv", &table(260, noise)).unwrap();
        let said = answer(&counts, &[], vec![]).unwrap();
        let steady: Vec<&String> =
            said.gaps.iter().filter(|g| g.contains("does not beat the baselines")).collect();
        let shipped: Vec<String> = said.tables[2]
            .rows
            .iter()
            .filter(|r| r[8] == Cell::text("shipped"))
            .map(|r| r[1].plain())
            .collect();
        assert_eq!(steady.len(), shipped.iter().filter(|way| *way != "model").count());
        assert!(shipped.iter().any(|way| way == "historical mean"), "{shipped:?}");
    }

    #[test]
    fn thresholds_and_tables_are_refused_with_what_to_do() {
        assert_eq!(
            Threshold::read("a b=20/28").unwrap(),
            Threshold { term: "a b".into(), incidents: 20, days: 28 }
        );
        for text in ["a=20", "a=x/7", "a=0/7", "a=20/14", "=20/7"] {
            assert!(Threshold::read(text).unwrap_err().help.contains("7 or 28 days"), "{text}");
        }
        let short = Counts::read("i.csv", &table(100, |_| 1)).unwrap();
        assert!(answer(&short, &[], vec![]).unwrap_err().message.contains("100 weeks"));
        for (text, words) in [
            ("date,region\nsoon,North\n", "column `date`"),
            ("date,place\n2018-01-01,North\n", "has no column `region`"),
            ("date,region\n2018-01-01,\n", "no incident with a week and a region"),
        ] {
            assert!(Counts::read("i.csv", text).unwrap_err().message.contains(words), "{words}");
        }
    }

    #[test]
    fn what_cannot_be_dated_or_placed_is_left_out_and_counted() {
        let text = "date_prec,date_start,adm_1\n,#date+start,#adm1+name\n1,2018-01-03 00:00:00.000,North\n\
                    2,2018-01-09 00:00:00.000,North\n4,2018-01-09 00:00:00.000,North\n1,2018-01-10 00:00:00.000,\n";
        let counts = Counts::read("u.csv", text).unwrap();
        assert_eq!((counts.counted, counts.regions["North"].as_slice()), (2, &[1, 1][..]));
        assert_eq!(counts.first.to_string(), "2018-01-01");
        assert_eq!(counts.gaps.len(), 3);
    }
}
