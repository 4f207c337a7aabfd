//! Filters of incidents, as an address has them.
//!
//! Invariants
//! - what is not understood is refused with what would be right, never left out;
//! - a doubtful time or place fits where it may fit: nothing is hidden because it is not exact.
//!
//! Where to start reading: [`Filter`].

use super::seen::{Item, Seen};
use crate::Problem;
use crate::asked::{Asked, moment};
use servanda_evidence::incident::Status;
use servanda_evidence::incident::details;
use servanda_model::place::Shape;
use servanda_model::{Calendar, Instant, Within};
use servanda_report::wording;

/// What a download may be asked.
pub(crate) const FILTERS: &[&str] =
    &["from", "to", "bbox", "zone", "kind", "class", "status", "clause", "text", "since"];
/// What the list may be asked.
pub(crate) const LIST: &[&str] = &[
    "from", "to", "bbox", "zone", "kind", "class", "status", "clause", "text", "since", "limit", "after",
    "row",
];
/// What items of OGC API Features may be asked.
pub(crate) const ITEMS: &[&str] = &["bbox", "datetime", "limit", "after", "f"];

/// Which incidents are meant.
#[derive(Default)]
pub(crate) struct Filter<'a> {
    pub from: Option<Instant>,
    pub to: Option<Instant>,
    /// West, south, east, north in degrees.
    pub bbox: Option<[f64; 4]>,
    /// Shapes of the zone; it may have several by its arguments.
    pub zone: Option<Vec<&'a Shape>>,
    pub kind: Option<String>,
    pub class: Option<String>,
    pub status: Option<Status>,
    pub clause: Option<String>,
    /// In lower case.
    pub text: Option<String>,
    /// Only what changed after this moment of knowledge.
    pub since: Option<Instant>,
}

/// Four numbers of degrees.
pub(crate) fn bbox(text: &str) -> Result<[f64; 4], Problem> {
    let parts: Vec<Option<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    let numbers: Option<Vec<f64>> = parts.into_iter().collect();
    match numbers.as_deref() {
        Some([west, south, east, north])
            if [west, south, east, north].iter().all(|n| n.is_finite())
                && south <= north
                && (-90.0..=90.0).contains(south)
                && (-90.0..=90.0).contains(north)
                && (-180.0..=180.0).contains(west)
                && (-180.0..=180.0).contains(east) =>
        {
            Ok([*west, *south, *east, *north])
        }
        _ => Err(Problem::bad(
            "bad-bbox",
            format!("`{text}` is no box; write `bbox=WEST,SOUTH,EAST,NORTH` in degrees"),
        )),
    }
}

/// Whether a point lies in a box; one whose west is greater than its east crosses the date line.
pub(crate) fn in_box([west, south, east, north]: [f64; 4], lon: f64, lat: f64) -> bool {
    let across = if west <= east { west <= lon && lon <= east } else { lon >= west || lon <= east };
    across && south <= lat && lat <= north
}

/// An end of an OGC interval: RFC 3339, or a date.
fn edge(text: &str, calendar: &Calendar, end: bool) -> Result<Option<Instant>, Problem> {
    if text.is_empty() || text == ".." {
        return Ok(None);
    }
    match text.parse::<jiff::civil::Date>() {
        Ok(date) if !text.contains('T') => {
            Ok(Some(if end { calendar.end_of_day(date) } else { calendar.start_of_day(date) }))
        }
        _ => moment(text, calendar).map(Some),
    }
}

impl<'a> Filter<'a> {
    /// As the address has it.
    pub(crate) fn of(asked: &Asked, seen: &'a Seen) -> Result<Filter<'a>, Problem> {
        let part = |name: &str| asked.rest.get(name).filter(|text| !text.is_empty());
        let calendar = &seen.matter.agreement.calendar;
        let mut filter = Filter::default();
        let time = |text: &String| moment(text, calendar);
        // The day that something begins on counts from its first moment.
        filter.from = part("from").map(|text| edge(text, calendar, false)).transpose()?.flatten();
        filter.to = part("to").map(time).transpose()?;
        filter.since = part("since").map(time).transpose()?;
        filter.bbox = part("bbox").map(|text| bbox(text)).transpose()?;
        if let Some(name) = part("zone") {
            let fits = |(called, zone, _): &&(String, _, Shape)| called == name || *zone == *name.as_str();
            let shapes: Vec<&Shape> = seen.zones.iter().filter(fits).map(|(_, _, shape)| shape).collect();
            if shapes.is_empty() {
                let mut known: Vec<&str> = seen.zones.iter().map(|(_, zone, _)| zone.as_str()).collect();
                known.dedup();
                let there = if known.is_empty() {
                    "no zone of the agreement has a shape".to_string()
                } else {
                    format!("there is `{}`", known.join("`, `"))
                };
                return Err(Problem::bad(
                    "no-such-zone",
                    format!("there is no zone `{name}` with a shape; {there}"),
                ));
            }
            filter.zone = Some(shapes);
        }
        if let Some(word) = part("status") {
            filter.status = Some(Status::parse(word).ok_or_else(|| {
                let known: Vec<&str> = Status::ALL.iter().map(|s| s.word()).collect();
                Problem::bad(
                    "no-such-status",
                    format!("`{word}` is no status; write one of `{}`", known.join("`, `")),
                )
            })?);
        }
        if let Some(interval) = part("datetime") {
            let (from, to) = interval.split_once('/').unwrap_or((interval, interval));
            (filter.from, filter.to) = (edge(from, calendar, false)?, edge(to, calendar, true)?);
        }
        filter.kind = part("kind").cloned();
        filter.class = part("class").cloned();
        filter.clause = part("clause").cloned();
        filter.text = part("text").map(|text| text.to_lowercase());
        Ok(filter)
    }

    /// Whether an incident is meant.
    pub(crate) fn fits(&self, seen: &Seen, item: &Item) -> bool {
        let main = seen.main(item);
        self.from.is_none_or(|from| item.when.latest >= from)
            && self.to.is_none_or(|to| item.when.earliest <= to)
            && self.since.is_none_or(|since| item.changed > since)
            && self.status.is_none_or(|status| item.status == status)
            && self.kind.as_ref().is_none_or(|kind| main.fact == *kind.as_str())
            && self.class.as_ref().is_none_or(|class| {
                let found = details::of(main);
                ["class", "subclass"].iter().any(|key| found.get(key) == Some(&class.as_str()))
            })
            && self.clause.as_ref().is_none_or(|clause| item.clauses.iter().any(|c| c.as_str() == clause))
            && self.bbox.is_none_or(|b| item.spot.is_some_and(|(p, _)| in_box(b, p.lon, p.lat)))
            && self.zone.as_ref().is_none_or(|shapes| {
                let Some((point, radius_m)) = item.spot else { return false };
                shapes.iter().any(|shape| shape.contains(point, radius_m) != Within::Outside)
            })
            && self.text.as_ref().is_none_or(|text| {
                let agreement = &seen.matter.agreement;
                let place = main.place.as_ref().map(wording::place).unwrap_or_default();
                let words = [item.id.as_str(), &main.source, &place, seen.phrase(&main.fact)];
                wording::record_line(agreement, main).to_lowercase().contains(text)
                    || words.iter().any(|word| word.to_lowercase().contains(text))
                    || main.extra.values().any(|value| value.to_lowercase().contains(text))
            })
    }
}

/// A number of rows, within bounds.
pub(crate) fn limit(asked: &Asked, default: usize, most: usize) -> Result<usize, Problem> {
    match asked.rest.get("limit") {
        None => Ok(default),
        Some(text) => match text.parse::<usize>() {
            Ok(n) if n >= 1 => Ok(n.min(most)),
            _ => Err(Problem::bad("bad-limit", format!("`{text}` is no number of rows; write 1 to {most}"))),
        },
    }
}

/// A cursor: the milliseconds and the name of the last row that was given.
pub(crate) fn cursor(asked: &Asked) -> Result<Option<(Instant, &str)>, Problem> {
    let Some(text) = asked.rest.get("after") else { return Ok(None) };
    let read = text.split_once('~').and_then(|(ms, id)| Some((Instant(ms.parse().ok()?), id)));
    let bad = || {
        Problem::bad("bad-cursor", "`after` is not a place in this list; take the link that the list gives")
    };
    read.map(Some).ok_or_else(bad)
}

/// The cursor after an item.
pub(crate) fn after(item: &Item) -> String {
    format!("{}~{}", item.when.earliest.0, item.id)
}

/// The query part of an address: the question, what is asked besides, and some that replaces it.
pub(crate) fn query(seen: &Seen, asked: &Asked, replaced: &[(&'static str, String)]) -> String {
    let question = &seen.board.question;
    let mut out = form_urlencoded::Serializer::new(String::new());
    out.append_pair("at", &question.at.to_string()).append_pair("known", &question.known_at.to_string());
    for (reading, option) in &question.readings {
        out.append_pair("reading", &format!("{reading}={option}"));
    }
    for (name, value) in &asked.rest {
        if !replaced.iter().any(|(n, _)| n == name) {
            out.append_pair(name, value);
        }
    }
    for (name, value) in replaced {
        out.append_pair(name, value);
    }
    out.finish()
}
