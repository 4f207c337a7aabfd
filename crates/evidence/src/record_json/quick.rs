//! The usual line, read in one go: what has no oddity, no escape and no fault.
//!
//! What it deliberately does not do: say what is wrong. Whatever it does not take, `from_json` reads field by field, and answers.
//!
//! Invariants
//! - what it reads is what `from_json` reads of the same line field by field.

use super::{VERSION, instant, marking, number, role, when};
use serde::Deserialize;
use serde_json::Value;
use servanda_model::record::{Basis, ItemGrade, Phase, Says, SourceGrade};
use servanda_model::{Grade, Name, Place, Point, Record};
use std::collections::BTreeMap;

/// Every text as it stands in the line: one with an escape is not taken.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'l> {
    v: u64,
    id: &'l str,
    fact: &'l str,
    says: Option<&'l str>,
    phase: Option<&'l str>,
    roles: Option<BTreeMap<&'l str, Value>>,
    #[serde(borrow)]
    place: Option<Spot<'l>>,
    value: Option<&'l str>,
    when: Value,
    until: Option<&'l str>,
    sent: Option<&'l str>,
    received: Option<&'l str>,
    recorded: &'l str,
    source: Option<&'l str>,
    sources: Option<u32>,
    incident: Option<&'l str>,
    source_grade: Option<&'l str>,
    item_grade: Option<u64>,
    grade: Option<&'l str>,
    basis: Option<&'l str>,
    marking: Option<Value>,
    supersedes: Option<&'l str>,
    withdraws: Option<&'l str>,
    disputes: Option<&'l str>,
    attachments: Option<Vec<&'l str>>,
    title: Option<&'l str>,
    exercise: Option<bool>,
    extra: Option<BTreeMap<&'l str, &'l str>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spot<'l> {
    name: Option<&'l str>,
    lat: Option<f64>,
    lon: Option<f64>,
    radius_m: Option<f64>,
}

/// A field that may be missing, but not be something else.
fn maybe<'l, T>(text: Option<&'l str>, parse: impl FnOnce(&'l str) -> Option<T>) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => parse(text).map(Some),
    }
}

fn name(text: &str) -> Option<Name> {
    (!text.is_empty()).then(|| Name::from(text))
}

fn place(spot: &Spot<'_>) -> Option<Place> {
    let within = |degrees: f64, limit: f64| degrees.is_finite() && degrees.abs() <= limit;
    match (spot.name, spot.lat, spot.lon, spot.radius_m) {
        (Some(called), None, None, None) => name(called).map(Place::Named),
        (None, Some(lat), Some(lon), radius_m) => {
            let radius_m = radius_m.unwrap_or(0.0);
            let fits = within(lat, 90.0) && within(lon, 180.0) && within(radius_m, 20_100_000.0);
            (fits && radius_m >= 0.0).then_some(Place::Point { at: Point { lat, lon }, radius_m })
        }
        _ => None,
    }
}

/// The record of a usual line; `None` for any other.
pub(super) fn read(line: &str) -> Option<Record> {
    let l: Line<'_> = serde_json::from_str(line).ok()?;
    if l.v != VERSION {
        return None;
    }
    let mut record = Record::new(name(l.id)?, name(l.fact)?, when(&l.when)?, instant(l.recorded)?);
    record.says = match l.says {
        None | Some("affirms") => Says::Affirms,
        Some("denies") => Says::Denies,
        Some(_) => return None,
    };
    record.phase = match l.phase {
        None | Some("stands") => Phase::Stands,
        Some("begins") => Phase::Begins,
        Some("ends") => Phase::Ends,
        Some(_) => return None,
    };
    for (key, value) in l.roles.unwrap_or_default() {
        record.roles.insert(Name::from(key), role(value)?);
    }
    record.place = match &l.place {
        None => None,
        Some(spot) => Some(place(spot)?),
    };
    record.value = maybe(l.value, number)?;
    record.until = maybe(l.until, instant)?;
    record.sent = maybe(l.sent, instant)?;
    record.received = maybe(l.received, instant)?;
    record.source = l.source.unwrap_or_default().to_string();
    record.sources = l.sources.unwrap_or(record.sources);
    record.incident = maybe(l.incident, name)?;
    record.supersedes = maybe(l.supersedes, name)?;
    record.withdraws = maybe(l.withdraws, name)?;
    record.disputes = maybe(l.disputes, name)?;
    record.source_grade = maybe(l.source_grade, SourceGrade::parse)?;
    record.item_grade = match l.item_grade {
        None => None,
        Some(digit) => Some(ItemGrade::parse(&digit.to_string())?),
    };
    record.stated = maybe(l.grade, Grade::parse)?;
    record.basis = maybe(l.basis, Basis::parse)?.unwrap_or_default();
    if let Some(value) = l.marking {
        record.marking = marking(value).ok()?;
    }
    record.attachments = l.attachments.unwrap_or_default().into_iter().map(String::from).collect();
    record.title = l.title.unwrap_or_default().to_string();
    record.exercise = l.exercise.unwrap_or_default();
    let extra = l.extra.unwrap_or_default().into_iter();
    record.extra = extra.map(|(key, value)| (key.to_string(), value.to_string())).collect();
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::super::{by_field, from_json, from_lines};
    use super::read;

    const LINES: [&str; 6] = [
        r#"{"exercise":true,"extra":{"dataset":"x","incident.class":"attack"},"fact":"fire","id":"r1","incident":"i1","place":{"lat":48,"lon":37.123456789,"radius_m":50.5},"recorded":"2026-03-02T00:00:00Z","roles":{"at":"North","by":{"one_of":["a","b"]},"n":{"number":"14/3"},"t":{"text":"x y"}},"source":"dron 7","v":1,"when":"2026-03-01T10:00:00.123Z"}"#,
        r#"{"v":1,"id":"r2","fact":"coverage","when":["2026-03-01T10:00:00Z","2026-03-01T11:00:00Z"],"recorded":"2026-03-02T00:00:00Z","place":{"name":"zone-a"},"value":"1/3","until":"2026-03-01T12:00:00Z","says":"denies","phase":"begins","source_grade":"B","item_grade":2,"grade":"probable","basis":"claimed","marking":{"level":"TLP:AMBER","caveats":["medical"]}}"#,
        r#"{"v":1,"id":"r3","fact":"fire","when":"2026-03-01T10:00:00Z","recorded":"2026-03-02T00:00:00Z","supersedes":"r1","withdraws":null,"sources":0,"sent":"2026-03-01T10:00:00Z","received":"2026-03-01T10:30:00Z","attachments":["00ff"],"title":"market","extra":{}}"#,
        r#"{"v":1,"id":"r4","fact":"fire","when":"2026-03-01T10:00:00Z","recorded":"2026-03-02T00:00:00Z","title":"a \"word\" at \u0416","disputes":"r2"}"#,
        r#"{"v":1,"id":"r5","id":"r6","fact":"fire","when":"2026-03-01T10:00:00Z","recorded":"2026-03-02T00:00:00Z","place":{"lat":-0,"lon":-0.0}}"#,
        r#"{"v":1,"id":"r7","fact":"fire","when":"2026-03-01T10:00:00Z","recorded":"2026-03-02T00:00:00Z","roles":{"by":{"time":["2026-03-01T10:00:00Z","2026-03-01T11:00:00Z"]}},"place":{"lat":4.8e1,"lon":1e-7}}"#,
    ];

    /// What of lines is put into lines, to make others of them.
    const PIECES: [&str; 24] = [
        "null",
        "true",
        "1",
        "-1",
        "0.5",
        "1e999",
        "\"\"",
        "\"x\"",
        "[]",
        "{}",
        "[1]",
        "\"r1\"",
        "\"North\"",
        "{\"name\":\"a\"}",
        "\"TLP:RED\"",
        "\"2026-03-01T10:00:00Z\"",
        "\"9999999-03-01T10:00:00Z\"",
        "91",
        "\"id\"",
        "\"fakt\"",
        "\\u0041",
        "\u{0416}",
        ",",
        ":",
    ];

    #[test]
    fn the_usual_line_is_taken_in_one_go() {
        for line in [LINES[0], LINES[1], LINES[2], LINES[5]] {
            assert_eq!(read(line), Some(by_field(line).unwrap()), "{line}");
        }
        assert!(read(LINES[3]).is_none() && read(LINES[4]).is_none(), "what is odd is read field by field");
    }

    #[test]
    fn what_is_read_in_one_go_is_what_is_read_field_by_field() {
        let mut drawn = 7_u64;
        let mut below = |n: usize| {
            drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (drawn >> 33) as usize % n.max(1)
        };
        let (mut taken, mut faults) = (0, 0);
        for _ in 0..60_000 {
            let mut line = LINES[below(LINES.len())].to_string();
            for _ in 0..below(3) {
                // From one edge of a token to another, something else.
                let edges: Vec<usize> =
                    line.char_indices().filter(|(_, c)| ",:{}[]\"".contains(*c)).map(|(i, _)| i).collect();
                let from = edges[below(edges.len())];
                let to = edges[below(edges.len())];
                let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 40));
                let to = (to..=line.len()).find(|at| line.is_char_boundary(*at)).unwrap();
                line.replace_range(from..to, PIECES[below(PIECES.len())]);
            }
            let slow = by_field(&line);
            if let Some(quick) = read(&line) {
                taken += 1;
                assert_eq!(Ok(&quick), slow.as_ref(), "{line}");
            }
            faults += usize::from(slow.is_err());
            assert_eq!(from_json(&line), slow, "{line}");
        }
        assert!(taken > 5_000 && faults > 5_000, "{taken} {faults}");
    }

    #[test]
    fn many_lines_are_read_as_each_of_them_is() {
        let many: Vec<String> = (0..5_000)
            .map(|n| {
                // Of every seventh the identity holds an escape that JSON has not.
                let id = format!("\"id\":\"{}r{n}", if n % 7 == 0 { "\\q" } else { "" });
                LINES[n % LINES.len()].replace("\"id\":\"r", &id)
            })
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let each: Vec<_> = many.iter().map(|line| from_json(line)).collect();
        assert!(each.iter().any(Result::is_err) && each.iter().any(Result::is_ok));
        assert_eq!(from_lines(&many), each);
    }
}
