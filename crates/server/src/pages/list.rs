//! The list of incidents, newest first, with counts and the coverage beside them; and the same rows as CSV, GeoJSON and Parquet.
//!
//! Invariants
//! - every count stands beside what was watched in the same time; where nobody said, that is said;
//! - a download has at most [`MOST`] rows, the newest, and says how many were left off.
//!
//! Where to start reading: [`document`].

use super::asking::{self, Filter};
use super::seen::{Item, Seen};
use crate::Problem;
use crate::asked::Asked;
use serde_json::{Value, json};
use servanda_backtest::parquet_rows::{Column, written};
use servanda_evidence::incident::Status;
use servanda_model::time::HOUR;
use servanda_model::{Instant, Name, Number};
use servanda_report::incidents::{self as rows, Line};
use servanda_report::json::Header;
use servanda_report::{map, wording};
use std::collections::BTreeMap;

/// Rows of a page unless more are asked for, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 500;
/// Rows of a download at most.
pub(crate) const MOST: usize = 200_000;

/// The document `incident-list/1`.
pub(crate) fn document(seen: &Seen, asked: &Asked) -> Result<Value, Problem> {
    let filter = Filter::of(asked, seen)?;
    let limit = asking::limit(asked, PAGE, LARGEST_PAGE)?;
    let cursor = asking::cursor(asked)?;
    let row = match asked.rest.get("row") {
        None => None,
        Some(text) => {
            let found = text.parse::<usize>().ok().and_then(|n| seen.items.get(n));
            let missing = || Problem::missing("no-such-row", format!("there is no incident number `{text}`"));
            Some(found.ok_or_else(missing)?)
        }
    };
    let meant: Vec<&Item> = match row {
        Some(item) => vec![item],
        None => seen.items.iter().rev().filter(|item| filter.fits(seen, item)).collect(),
    };
    let mut kinds: BTreeMap<&Name, usize> = BTreeMap::new();
    let mut statuses: BTreeMap<Status, usize> = BTreeMap::new();
    let (mut new, mut unplaced) = (0, 0);
    for item in &meant {
        *kinds.entry(&seen.main(item).fact).or_default() += 1;
        *statuses.entry(item.status).or_default() += 1;
        new += usize::from(filter.since.is_some_and(|since| item.first > since));
        unplaced += usize::from(item.spot.is_none());
    }
    let mut kinds: Vec<(&Name, usize)> = kinds.into_iter().collect();
    kinds.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let start = cursor.map_or(0, |(ms, id)| {
        meant.partition_point(|item| (item.when.earliest, item.id.as_str()) >= (ms, id))
    });
    let page = &meant[start..(start + limit).min(meant.len())];
    let left = meant.len() - start - page.len();
    let next = page.last().filter(|_| left > 0).map(|last| {
        let next = asking::query(seen, asked, &[("after", asking::after(last))]);
        format!("/api/incidents?{next}")
    });
    let change = |item: &Item| {
        let since = filter.since?;
        Some(match item.status {
            _ if item.changed <= since => return None,
            _ if item.first > since => "new",
            Status::Withdrawn => "withdrawn",
            _ => "changed",
        })
    };
    let listed: Vec<Value> = page
        .iter()
        .map(|item| {
            let mut line = serde_json::to_value(seen.line(item)).unwrap_or_default();
            line["changed_local"] = json!(seen.matter.agreement.calendar.show(item.changed));
            line["change"] = json!(change(item));
            line["verdicts"] = json!(item.verdicts.len());
            line
        })
        .collect();
    let mut out =
        serde_json::to_value(Header::of("incident-list/1", &seen.view())).map_err(|e| Problem::bug(&e))?;
    out["count"] = json!(meant.len());
    out["in_all"] = json!(seen.items.len());
    out["new"] = json!(filter.since.map(|_| new));
    out["unplaced"] = json!(unplaced);
    out["by_kind"] = kinds
        .iter()
        .map(|(fact, n)| json!({"kind": fact.as_str(), "phrase": seen.phrase(fact), "count": n}))
        .collect();
    out["by_status"] = Status::ALL
        .iter()
        .map(|s| json!({"status": s.word(), "count": statuses.get(s).unwrap_or(&0)}))
        .collect();
    out["coverage"] = coverage(seen, &filter, &meant);
    out["choices"] = choices(seen);
    out["left"] = json!(left);
    out["next"] = json!(next);
    out["incidents"] = Value::Array(listed);
    Ok(out)
}

/// What may be chosen in the filters: kinds that are there, zones with a shape, clauses, classes.
fn choices(seen: &Seen) -> Value {
    let mut kinds: BTreeMap<&Name, usize> = BTreeMap::new();
    for item in &seen.items {
        *kinds.entry(&seen.main(item).fact).or_default() += 1;
    }
    let mut zones: Vec<&Name> = seen.zones.iter().map(|(_, zone, _)| zone).collect();
    zones.dedup();
    let clauses = seen.matter.agreement.clauses.iter();
    json!({
        "kinds": kinds.keys().map(|f| json!({"kind": f.as_str(), "phrase": seen.phrase(f)})).collect::<Vec<_>>(),
        "zones": zones.iter().map(|z| json!({"zone": z.as_str(), "phrase": seen.zone_phrase(z.as_str())})).collect::<Vec<_>>(),
        "clauses": clauses.map(|c| json!({"clause": c.id.as_str(), "heading": c.heading})).collect::<Vec<_>>(),
    })
}

/// Hours with one digit.
pub(crate) fn hours(share: &Number, ms: i64) -> f64 {
    (share.to_f64() * ms as f64 / HOUR as f64 * 10.0).round() / 10.0
}

/// How much was watched in the time of a count, zone by zone.
fn coverage(seen: &Seen, filter: &Filter<'_>, meant: &[&Item]) -> Value {
    let at = seen.board.question.at;
    let first = meant.last().map(|item| item.when.earliest);
    let known = seen.watched.span();
    let from = filter.from.or(first).or(known.map(|(from, _)| from)).unwrap_or(at);
    let to = filter.to.map_or(at, |to| to.min(at));
    let calendar = &seen.matter.agreement.calendar;
    let zone = |zone: &Name| {
        let share = seen.watched.share(zone.as_str(), from, to)?;
        let whole = to - from;
        Some(json!({
            "zone": zone.as_str(),
            "phrase": seen.zone_phrase(zone.as_str()),
            "share": share.to_f64(),
            "watched": wording::percent(&share),
            "hours_watched": hours(&share, whole),
            "hours": hours(&Number::from(1), whole),
        }))
    };
    let zones: Vec<Value> = seen.watched.zones().filter_map(zone).collect();
    let local = |at: Instant| calendar.show(at);
    json!({"from": from.to_string(), "to": to.to_string(), "local": format!("{} to {}", local(from), local(to)), "reported": !zones.is_empty(), "zones": zones})
}

/// The rows of a download, and how many are left off.
fn lines(seen: &Seen, asked: &Asked) -> Result<(Vec<Line>, usize), Problem> {
    let filter = Filter::of(asked, seen)?;
    let meant: Vec<&Item> = seen.items.iter().rev().filter(|item| filter.fits(seen, item)).collect();
    let left_off = meant.len().saturating_sub(MOST);
    Ok((meant.iter().take(MOST).map(|item| seen.line(item)).collect(), left_off))
}

/// As CSV.
pub(crate) fn csv(seen: &Seen, asked: &Asked) -> Result<Vec<u8>, Problem> {
    let (lines, left_off) = lines(seen, asked)?;
    refuse_a_part(left_off)?;
    Ok(rows::csv(&lines).into_bytes())
}

/// A file that cannot say that it is a part must not be one.
fn refuse_a_part(left_off: usize) -> Result<(), Problem> {
    match left_off {
        0 => Ok(()),
        n => Err(Problem::bad(
            "too-many",
            format!(
                "these are {} incidents, and a file has at most {MOST}: narrow the time or the place",
                n + MOST
            ),
        )),
    }
}

/// As GeoJSON, the zones first.
pub(crate) fn geojson(seen: &Seen, asked: &Asked) -> Result<Value, Problem> {
    let (lines, left_off) = lines(seen, asked)?;
    let mut out =
        serde_json::to_value(Header::of("incident-map/1", &seen.view())).map_err(|e| Problem::bug(&e))?;
    let incidents = lines.iter().map(|line| {
        let mut feature = rows::feature(line);
        feature["properties"]["layer"] = json!("incident");
        feature
    });
    out["type"] = json!("FeatureCollection");
    out["left_off"] = json!(left_off);
    out["features"] = map::zones(&seen.view()).into_iter().chain(incidents).collect();
    Ok(out)
}

/// As Parquet: the columns of the CSV, times as instants, coordinates as numbers.
pub(crate) fn parquet(seen: &Seen, asked: &Asked) -> Result<Vec<u8>, Problem> {
    let (lines, left_off) = lines(seen, asked)?;
    refuse_a_part(left_off)?;
    let moment = |text: &str| Instant::parse_utc(text).map(|at| at.0);
    let columns = rows::COLUMNS.iter().enumerate().map(|(i, name)| {
        let column = match *name {
            "version" => Column::Whole(lines.iter().map(|l| Some(l.version as i64)).collect()),
            "reports" => Column::Whole(lines.iter().map(|l| Some(l.reports as i64)).collect()),
            "lat" => Column::Measure(lines.iter().map(|l| l.lat).collect()),
            "lon" => Column::Measure(lines.iter().map(|l| l.lon).collect()),
            "radius_m" => Column::Measure(lines.iter().map(|l| l.radius_m).collect()),
            "exercise" => Column::Flag(lines.iter().map(|l| Some(l.exercise)).collect()),
            "earliest" => Column::Moment(lines.iter().map(|l| moment(&l.earliest)).collect()),
            "latest" => Column::Moment(lines.iter().map(|l| moment(&l.latest)).collect()),
            "recorded" => Column::Moment(lines.iter().map(|l| moment(&l.recorded)).collect()),
            "changed" => Column::Moment(lines.iter().map(|l| moment(&l.changed)).collect()),
            _ => Column::Text(
                lines.iter().map(|l| Some(l.fields()[i].clone()).filter(|t| !t.is_empty())).collect(),
            ),
        };
        (*name, column)
    });
    written(columns.collect()).map_err(|e| Problem::bug(&e))
}
