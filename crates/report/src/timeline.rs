//! Incidents over time: bars per day, week or month, the share watched under them, and what a term counts beside its
//! threshold.
//!
//! The figure that decides is the gauge, which the engine computed for the moment asked for. The curve before it is
//! drawn from the records of the gauge's fact and the plain equalities of its pattern; conditions on places are not
//! applied to it, so it may lie above what the term counts, and says so.

use crate::json::Header;
use crate::map::Coverage;
use crate::{View, wording};
use serde::Serialize;
use servanda_model::agreement::{Agg, Aggregate, Cond, FactPattern, Op, Value, Window};
use servanda_model::record::{RoleValue, Says};
use servanda_model::time::{CalendarPeriod, DAY};
use servanda_model::uses::Uses;
use servanda_model::{Instant, Name, Number, Record};
use std::collections::{BTreeMap, BTreeSet};

/// Bars at most; with more, the bars get coarser.
const BARS: usize = 140;

/// The document `timeline/1`.
#[derive(Serialize)]
pub struct TimelineJson {
    #[serde(flatten)]
    header: Header,
    /// `day`, `week` or `month`.
    per: &'static str,
    /// Facts that the bars count, the most frequent first.
    facts: Vec<FactJson>,
    bars: Vec<BarJson>,
    curves: Vec<CurveJson>,
    /// How much was watched is known for these zones.
    watched_zones: Vec<String>,
}

#[derive(Serialize)]
struct FactJson {
    fact: String,
    phrase: String,
    count: usize,
}

#[derive(Serialize)]
struct BarJson {
    from: String,
    to: String,
    local: String,
    /// Incidents whose earliest time lies in the bar.
    count: usize,
    /// Of these, the ones that may have happened after the bar.
    in_doubt: usize,
    /// By fact, in the order of `facts`.
    by_fact: Vec<usize>,
    /// Least share watched among the zones for which there is one, 0 to 1; `null`: nobody said.
    watched: Option<f64>,
}

#[derive(Serialize)]
struct CurveJson {
    term: String,
    phrase: String,
    /// What is counted, in words.
    what: String,
    /// Length of the trailing window.
    window: String,
    threshold: f64,
    threshold_text: String,
    /// The engine's figure at the moment asked for; `null` where it gave none.
    value: Option<f64>,
    value_text: Option<String>,
    /// Time and height: the curve keeps its height until the next point.
    points: Vec<PointJson>,
    /// `true`: conditions of the term are left out, and the curve may lie too high.
    at_most: bool,
}

#[derive(Serialize)]
struct PointJson {
    at: String,
    value: f64,
}

/// Bars, coverage and curves up to the moment asked for.
pub fn timeline(view: &View<'_>) -> TimelineJson {
    let incidents = view.incidents();
    let calendar = &view.agreement.calendar;
    let at = view.board.question.at;
    let mut facts: BTreeMap<&Name, usize> = BTreeMap::new();
    for record in &incidents {
        *facts.entry(&record.fact).or_default() += 1;
    }
    let mut facts: Vec<(&Name, usize)> = facts.into_iter().collect();
    facts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));

    let first = incidents.first().map_or(at, |r| r.when.earliest);
    let per = [CalendarPeriod::Day, CalendarPeriod::Week, CalendarPeriod::Month, CalendarPeriod::Quarter]
        .into_iter()
        .find(|p| (at - first) / length(*p) < BARS as i64)
        .unwrap_or(CalendarPeriod::Year);
    let coverage = Coverage::of(view);

    let mut bars = Vec::new();
    let mut rest = incidents.as_slice();
    let mut from = calendar.period_start(first, per);
    while !incidents.is_empty() && from <= at && bars.len() < BARS * 8 {
        let next = calendar.next_period_start(from, per);
        let split = rest.partition_point(|r| r.when.earliest < next);
        let (mine, later) = rest.split_at(split);
        rest = later;
        let by_fact = facts.iter().map(|(f, _)| mine.iter().filter(|r| r.fact == **f).count()).collect();
        let until = next.min(at);
        let watched = coverage.zones().filter_map(|z| coverage.watched(z, from, until)).min();
        bars.push(BarJson {
            from: from.to_string(),
            to: next.to_string(),
            local: calendar.date(from).to_string(),
            count: mine.len(),
            in_doubt: mine.iter().filter(|r| r.when.latest >= next).count(),
            by_fact,
            watched: watched.map(|n| n.to_f64()),
        });
        from = next;
    }
    let phrase = |f: &Name| {
        let phrase = view.agreement.facts.get(f).map(|f| f.phrase.as_str()).filter(|p| !p.is_empty());
        phrase.unwrap_or(f.as_str()).to_string()
    };
    TimelineJson {
        header: Header::of("timeline/1", view),
        per: per.word(),
        facts: facts
            .iter()
            .map(|(f, n)| FactJson { fact: f.to_string(), phrase: phrase(f), count: *n })
            .collect(),
        bars,
        curves: curves(view),
        watched_zones: coverage.zones().map(Name::to_string).collect(),
    }
}

fn length(period: CalendarPeriod) -> i64 {
    match period {
        CalendarPeriod::Day => DAY,
        CalendarPeriod::Week => 7 * DAY,
        CalendarPeriod::Month => 30 * DAY,
        CalendarPeriod::Quarter => 91 * DAY,
        CalendarPeriod::Year => 365 * DAY,
    }
}

fn curves(view: &View<'_>) -> Vec<CurveJson> {
    let mut curves = Vec::new();
    for (name, term) in &view.agreement.terms {
        let mut compared = Vec::new();
        term.means.iter().for_each(|c| comparisons(c, &mut compared));
        let state = view.board.terms.iter().find(|t| t.term == *name);
        for (i, (aggregate, threshold)) in compared.into_iter().enumerate() {
            let Window::InAny(span) = &aggregate.window else { continue };
            let gauge = state.and_then(|s| {
                let fits = s.gauges.iter().filter(|g| g.threshold == *threshold);
                fits.clone()
                    .find(|g| g.what.contains(aggregate.of.fact.as_str()))
                    .or(fits.clone().next())
                    .or(s.gauges.get(i))
            });
            let (exact, points) =
                trailing(view, aggregate, |at| view.agreement.calendar.window_end(at, *span));
            let phrase = if term.phrase.is_empty() { name.as_str() } else { &term.phrase };
            curves.push(CurveJson {
                term: name.to_string(),
                phrase: phrase.to_string(),
                what: counted(view, aggregate),
                window: span.to_string(),
                threshold: threshold.to_f64(),
                threshold_text: wording::number(threshold),
                value: gauge.map(|g| g.value.to_f64()),
                value_text: gauge.map(|g| wording::number(&g.value)),
                points,
                at_most: !exact,
            });
        }
    }
    curves
}

/// What an aggregate counts, in words.
fn counted(view: &View<'_>, aggregate: &Aggregate) -> String {
    let fact = view.agreement.facts.get(&aggregate.of.fact).map(|f| f.phrase.as_str());
    let fact = fact.filter(|p| !p.is_empty()).unwrap_or(aggregate.of.fact.as_str());
    let window = match &aggregate.window {
        Window::InAny(span) => format!(" in {span}"),
        _ => String::new(),
    };
    match &aggregate.role {
        Some(role) => format!("{fact}: sum of {role}{window}"),
        None => format!("{fact}{window}"),
    }
}

/// Aggregates that a condition compares with a number from below.
fn comparisons<'c>(cond: &'c Cond, found: &mut Vec<(&'c Aggregate, &'c Number)>) {
    match cond {
        Cond::And(all) | Cond::Or(all) => all.iter().for_each(|c| comparisons(c, found)),
        Cond::Compare(Value::Aggregate(a), Op::Ge | Op::Gt, Value::Number(n, _)) => found.push((a, n)),
        _ => {}
    }
}

fn trailing(
    view: &View<'_>,
    aggregate: &Aggregate,
    leaves: impl Fn(Instant) -> Instant,
) -> (bool, Vec<PointJson>) {
    let mut exact = true;
    let mut steps: BTreeMap<Instant, Number> = BTreeMap::new();
    // Records that were ruled to speak of one event count once.
    let mut told: BTreeSet<&Name> = BTreeSet::new();
    for record in view.known() {
        if record.fact != aggregate.of.fact || record.says != Says::Affirms || record.disputes.is_some() {
            continue;
        }
        let Some(matched) = matches(view, &aggregate.of, record) else { continue };
        exact &= matched;
        if record.incident.as_ref().is_some_and(|incident| !told.insert(incident)) {
            continue;
        }
        let size = match (aggregate.what, &aggregate.role) {
            (Agg::Count, _) => Number::from(1),
            (Agg::Sum, Some(role)) => match record.roles.get(role) {
                Some(RoleValue::Number(n)) => n.clone(),
                _ if *role == "value" => record.value.clone().unwrap_or_default(),
                _ => continue,
            },
            _ => return (true, Vec::new()),
        };
        let enters = record.when.latest;
        for (at, change) in [(enters, size.clone()), (leaves(enters), -size)] {
            let step = steps.entry(at).or_default();
            *step = step.clone() + change;
        }
    }
    let end = view.board.question.at;
    let mut level = Number::zero();
    let mut points = Vec::new();
    for (at, change) in steps.range(..=end) {
        level = level + change.clone();
        points.push(PointJson { at: at.to_string(), value: level.to_f64() });
    }
    (exact, points)
}

/// Whether a record fits a pattern as far as its equalities tell: `None` no; `Some(true)` fully; `Some(false)` so far.
fn matches(view: &View<'_>, pattern: &FactPattern, record: &Record) -> Option<bool> {
    let mut fully = true;
    for (role, value) in &pattern.roles {
        fully &= role_is(view, record, role, value)?;
    }
    let mut open: Vec<&Cond> = pattern.filter.iter().map(|c| &**c).collect();
    while let Some(cond) = open.pop() {
        match cond {
            Cond::And(all) => open.extend(all),
            Cond::Compare(Value::Role(role), Op::Eq, value) => fully &= role_is(view, record, role, value)?,
            _ => fully = false,
        }
    }
    Some(fully)
}

fn role_is(view: &View<'_>, record: &Record, role: &Name, value: &Value) -> Option<bool> {
    let Value::Name(wanted) = value else { return Some(false) };
    if *role == "at" {
        return Some(false);
    }
    match record.roles.get(role) {
        Some(RoleValue::Name(name)) => {
            let is = name == wanted || view.agreement.parties_of(wanted, record.when.latest).contains(name);
            is.then_some(true)
        }
        _ => Some(false),
    }
}

/// The terms that a norm rests on, with their states.
pub fn terms_of<'a>(view: &View<'a>, norm: &str) -> Vec<&'a servanda_model::verdict::TermState> {
    let Some(norm) = view.agreement.norm(norm) else { return Vec::new() };
    let uses = Uses::of_norm(view.agreement, norm);
    view.board.terms.iter().filter(|t| uses.terms.contains(&t.term)).collect()
}
