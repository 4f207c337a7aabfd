//! A record as one line of JSON, version 1: the form of exports, of `import jsonl` without a mapping, and of the store.
//!
//! It is written by hand and does not follow the types of `model`: a field keeps its name here whatever it is called there.
//! What has its usual value is left out. Reading gives exactly the record that was written.
//!
//! Invariants
//! - `from_json(to_json(r)) == r` for every record within the range of times and places;
//! - the same record is the same bytes;
//! - an unknown field or a later version is an error, never skipped.
//!
//! The fields stand in `docs/reference/mapping.md`, "The project's own records".

mod quick;

use crate::spelling;
use serde_json::{Map, Value, json};
use servanda_model::record::{Basis, ItemGrade, Marking, Phase, RoleValue, Says, SourceGrade, Tlp};
use servanda_model::{Grade, Instant, Name, Number, Place, Point, Record, When};
use std::collections::BTreeSet;
use std::fmt;

/// The version that is written.
pub const VERSION: u64 = 1;

/// Why a line is no record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordFault {
    /// Why.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for RecordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.reason, self.remedy)
    }
}

impl std::error::Error for RecordFault {}

const FIELDS: &[&str] = &[
    "v",
    "id",
    "fact",
    "says",
    "phase",
    "roles",
    "place",
    "value",
    "when",
    "until",
    "sent",
    "received",
    "recorded",
    "source",
    "sources",
    "incident",
    "source_grade",
    "item_grade",
    "grade",
    "basis",
    "marking",
    "supersedes",
    "withdraws",
    "disputes",
    "attachments",
    "title",
    "exercise",
    "extra",
];

fn when_json(when: When) -> Value {
    if when.is_exact() {
        json!(when.earliest.to_string())
    } else {
        json!([when.earliest.to_string(), when.latest.to_string()])
    }
}

fn marking_json(marking: &Marking) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_string(), value);
    };
    let list = |names: &BTreeSet<Name>| json!(names.iter().map(Name::as_str).collect::<Vec<_>>());
    put("level", json!(marking.level.word()));
    if let Some(policy) = &marking.policy {
        put("policy", json!(policy.as_str()));
    }
    if let Some(to) = &marking.releasable_to {
        put("releasable_to", list(to));
    }
    for (key, names) in [
        ("caveats", &marking.caveats),
        ("originators", &marking.originators),
        ("releasers", &marking.releasers),
    ] {
        if !names.is_empty() {
            put(key, list(names));
        }
    }
    if let Some(at) = marking.review {
        put("review", json!(at.to_string()));
    }
    if !marking.reason.is_empty() {
        put("reason", json!(marking.reason));
    }
    Value::Object(out)
}

/// A record as one line, without a line break.
pub fn to_json(record: &Record) -> String {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_string(), value);
    };
    put("v", json!(VERSION));
    put("id", json!(record.id.as_str()));
    put("fact", json!(record.fact.as_str()));
    if record.says == Says::Denies {
        put("says", json!("denies"));
    }
    match record.phase {
        Phase::Stands => {}
        Phase::Begins => put("phase", json!("begins")),
        Phase::Ends => put("phase", json!("ends")),
    }
    if !record.roles.is_empty() {
        let role = |value: &RoleValue| match value {
            RoleValue::Name(name) => json!(name.as_str()),
            RoleValue::OneOf(names) => json!({"one_of": names.iter().map(Name::as_str).collect::<Vec<_>>()}),
            RoleValue::Number(number) => json!({"number": number.to_string()}),
            RoleValue::Text(text) => json!({"text": text}),
            RoleValue::Time(when) => json!({"time": when_json(*when)}),
        };
        let roles: Map<String, Value> = record.roles.iter().map(|(k, v)| (k.to_string(), role(v))).collect();
        put("roles", Value::Object(roles));
    }
    match &record.place {
        None => {}
        Some(Place::Named(name)) => put("place", json!({"name": name.as_str()})),
        Some(Place::Point { at, radius_m }) => {
            put("place", json!({"lat": at.lat, "lon": at.lon, "radius_m": radius_m}));
        }
    }
    if let Some(value) = &record.value {
        put("value", json!(value.to_string()));
    }
    put("when", when_json(record.when));
    for (key, at) in [("until", record.until), ("sent", record.sent), ("received", record.received)] {
        if let Some(at) = at {
            put(key, json!(at.to_string()));
        }
    }
    put("recorded", json!(record.recorded.to_string()));
    if !record.source.is_empty() {
        put("source", json!(record.source));
    }
    if record.sources != 1 {
        put("sources", json!(record.sources));
    }
    for (key, name) in [
        ("incident", &record.incident),
        ("supersedes", &record.supersedes),
        ("withdraws", &record.withdraws),
        ("disputes", &record.disputes),
    ] {
        if let Some(name) = name {
            put(key, json!(name.as_str()));
        }
    }
    if let Some(grade) = record.source_grade {
        put("source_grade", json!(format!("{grade:?}")));
    }
    if let Some(ItemGrade(digit)) = record.item_grade {
        put("item_grade", json!(digit));
    }
    if let Some(grade) = record.stated {
        put("grade", json!(grade.word()));
    }
    if record.basis != Basis::Observed {
        put("basis", json!(record.basis.word()));
    }
    if record.marking != Marking::default() {
        put("marking", marking_json(&record.marking));
    }
    if !record.attachments.is_empty() {
        put("attachments", json!(record.attachments));
    }
    if !record.title.is_empty() {
        put("title", json!(record.title));
    }
    if record.exercise {
        put("exercise", json!(true));
    }
    if !record.extra.is_empty() {
        put("extra", json!(record.extra));
    }
    Value::Object(out).to_string()
}

fn fault(reason: impl Into<String>, remedy: impl Into<String>) -> RecordFault {
    RecordFault { reason: reason.into(), remedy: remedy.into() }
}

/// The members of an object, taken one by one; what is left at the end is unknown.
struct Fields {
    of: &'static str,
    known: &'static [&'static str],
    left: Map<String, Value>,
}

impl Fields {
    fn of(of: &'static str, known: &'static [&'static str], value: Value) -> Result<Fields, RecordFault> {
        match value {
            Value::Object(left) => {
                if let Some(key) = left.keys().find(|key| !known.contains(&key.as_str())) {
                    let all = format!("{of} has {}", known.join(", "));
                    let key: String = key.chars().take(60).collect();
                    let remedy = spelling::remedy(&key, known.iter().copied(), &all);
                    return Err(fault(format!("{of} has no field `{key}`"), remedy));
                }
                Ok(Fields { of, known, left })
            }
            _ => Err(fault(format!("{of} must be an object"), format!("give it {}", known.join(", ")))),
        }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        debug_assert!(self.known.contains(&key), "{key} is missing from the known fields");
        self.left.remove(key).filter(|v| !v.is_null())
    }

    fn wrong(&self, key: &str, needs: &str) -> RecordFault {
        fault(format!("`{key}` of {} cannot be used", self.of), format!("it needs {needs}"))
    }

    fn text(&mut self, key: &str) -> Result<Option<String>, RecordFault> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(key, "a text")),
        }
    }

    fn name(&mut self, key: &str) -> Result<Option<Name>, RecordFault> {
        match self.text(key)? {
            Some(text) if text.is_empty() => Err(self.wrong(key, "a name that is not empty")),
            text => Ok(text.map(Name::from)),
        }
    }

    fn parsed<T>(
        &mut self,
        key: &str,
        needs: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, RecordFault> {
        match self.text(key)? {
            None => Ok(None),
            Some(text) => parse(&text).map(Some).ok_or_else(|| self.wrong(key, needs)),
        }
    }

    fn instant(&mut self, key: &str) -> Result<Option<Instant>, RecordFault> {
        self.parsed(key, "a time such as `2026-03-01T10:00:00Z`", instant)
    }
}

fn instant(text: &str) -> Option<Instant> {
    Instant::parse_utc(text).filter(|at| (Instant::MIN..=Instant::MAX).contains(at))
}

fn number(text: &str) -> Option<Number> {
    if text.len() <= 1000 { Number::parse(text) } else { None }
}

fn when(value: &Value) -> Option<When> {
    match value {
        Value::String(text) => instant(text).map(When::exact),
        Value::Array(both) => match both.as_slice() {
            [Value::String(earliest), Value::String(latest)] => {
                let when = When { earliest: instant(earliest)?, latest: instant(latest)? };
                (when.earliest <= when.latest).then_some(when)
            }
            _ => None,
        },
        _ => None,
    }
}

fn names(value: &Value) -> Option<Vec<Name>> {
    value.as_array()?.iter().map(|v| v.as_str().filter(|t| !t.is_empty()).map(Name::from)).collect()
}

fn role(value: Value) -> Option<RoleValue> {
    if let Value::String(name) = &value {
        return (!name.is_empty()).then(|| RoleValue::Name(Name::from(name.as_str())));
    }
    let fields = value.as_object().filter(|o| o.len() == 1)?;
    let (key, value) = fields.iter().next()?;
    match key.as_str() {
        "one_of" => names(value).filter(|n| !n.is_empty()).map(RoleValue::OneOf),
        "number" => value.as_str().and_then(number).map(RoleValue::Number),
        "text" => value.as_str().map(|t| RoleValue::Text(t.to_string())),
        "time" => when(value).map(RoleValue::Time),
        _ => None,
    }
}

const WHEN_NEEDS: &str =
    "a time such as `2026-03-01T10:00:00Z`, or a list of the earliest and the latest one";

/// The record of one line.
///
/// # Errors
/// Says what cannot be used and what it needs.
///
/// # Example
/// ```
/// use servanda_evidence::record_json::{from_json, to_json};
/// let line = r#"{"fact":"fire","id":"r1","recorded":"2026-03-02T00:00:00Z","v":1,"when":"2026-03-01T10:00:00Z"}"#;
/// assert_eq!(to_json(&from_json(line).unwrap()), line);
/// assert!(from_json(&line.replace("fact", "fakt")).unwrap_err().remedy.contains("`fact`"));
/// ```
pub fn from_json(line: &str) -> Result<Record, RecordFault> {
    quick::read(line).map_or_else(|| by_field(line), Ok)
}

/// From so many lines on it is worth to read half of them on another thread.
const WORTH_HALVING: usize = 2_000;

/// The records of many lines, in order: what [`from_json`] says of each, on two threads.
pub fn from_lines(lines: &[&str]) -> Vec<Result<Record, RecordFault>> {
    let read = |lines: &[&str]| -> Vec<_> { lines.iter().map(|line| from_json(line)).collect() };
    if lines.len() < WORTH_HALVING {
        return read(lines);
    }
    let (first, second) = lines.split_at(lines.len() / 2);
    std::thread::scope(|scope| {
        let other = std::thread::Builder::new().spawn_scoped(scope, || read(second));
        let mut all = read(first);
        match other.map(|other| other.join()) {
            Ok(Ok(rest)) => all.extend(rest),
            // Without another thread, here.
            _ => all.extend(read(second)),
        }
        all
    })
}

fn by_field(line: &str) -> Result<Record, RecordFault> {
    let value: Value = serde_json::from_str(line)
        .map_err(|e| fault(format!("the line is not JSON: {e}"), "write one JSON object on each line"))?;
    match value.get("v") {
        Some(v) if v.as_u64() == Some(VERSION) => {}
        Some(v) => {
            let v: String = v.to_string().chars().take(20).collect();
            let reason = format!("the record has the version {v}, and this program reads version {VERSION}");
            return Err(fault(reason, "use a later version of the program"));
        }
        None => {
            let remedy = "a record begins with `\"v\":1`; for other JSON give a mapping with `--map`";
            return Err(fault("the line is no record in the project's own form", remedy));
        }
    }
    let mut fields = Fields::of("a record", FIELDS, value)?;
    fields.take("v");
    let missing = |key: &str| fault(format!("the record has no `{key}`"), "add it");
    let id = fields.name("id")?.ok_or_else(|| missing("id"))?;
    let fact = fields.name("fact")?.ok_or_else(|| missing("fact"))?;
    let at = fields.take("when").ok_or_else(|| missing("when"))?;
    let at = when(&at).ok_or_else(|| fields.wrong("when", WHEN_NEEDS))?;
    let recorded = fields.instant("recorded")?.ok_or_else(|| missing("recorded"))?;
    let mut record = Record::new(id, fact, at, recorded);
    let says = |w: &str| match w {
        "affirms" => Some(Says::Affirms),
        "denies" => Some(Says::Denies),
        _ => None,
    };
    record.says = fields.parsed("says", "`affirms` or `denies`", says)?.unwrap_or_default();
    let phase = |w: &str| match w {
        "stands" => Some(Phase::Stands),
        "begins" => Some(Phase::Begins),
        "ends" => Some(Phase::Ends),
        _ => None,
    };
    record.phase = fields.parsed("phase", "`stands`, `begins` or `ends`", phase)?.unwrap_or_default();
    match fields.take("roles") {
        None => {}
        Some(Value::Object(roles)) => {
            for (key, value) in roles {
                let needs = "a name, or an object with one of one_of, number (as text), text, time";
                let value = role(value).ok_or_else(|| fields.wrong("roles", needs))?;
                record.roles.insert(Name::from(key), value);
            }
        }
        Some(_) => return Err(fields.wrong("roles", "an object")),
    }
    if let Some(value) = fields.take("place") {
        record.place = Some(place(value)?);
    }
    record.value = fields.parsed("value", "a number as text, such as `\"14000\"` or `\"1/3\"`", number)?;
    record.until = fields.instant("until")?;
    record.sent = fields.instant("sent")?;
    record.received = fields.instant("received")?;
    record.source = fields.text("source")?.unwrap_or_default();
    if let Some(count) = fields.take("sources") {
        let count = count.as_u64().and_then(|n| u32::try_from(n).ok());
        record.sources = count.ok_or_else(|| fields.wrong("sources", "a whole number"))?;
    }
    record.incident = fields.name("incident")?;
    record.supersedes = fields.name("supersedes")?;
    record.withdraws = fields.name("withdraws")?;
    record.disputes = fields.name("disputes")?;
    record.source_grade = fields.parsed("source_grade", "a letter from A to F", SourceGrade::parse)?;
    if let Some(digit) = fields.take("item_grade") {
        let digit = digit.as_u64().and_then(|n| ItemGrade::parse(&n.to_string()));
        record.item_grade = Some(digit.ok_or_else(|| fields.wrong("item_grade", "a digit from 1 to 6"))?);
    }
    record.stated = fields.parsed("grade", "`none`, `possible`, `probable` or `confirmed`", Grade::parse)?;
    if let Some(text) = fields.text("basis")? {
        record.basis = Basis::parse(&text).ok_or_else(|| {
            let bases = Basis::ALL.map(Basis::word).join(", ");
            fields.wrong("basis", &format!("one of {bases}"))
        })?;
    }
    if let Some(value) = fields.take("marking") {
        record.marking = marking(value)?;
    }
    if let Some(list) = fields.take("attachments") {
        let list: Option<Vec<String>> =
            list.as_array().and_then(|l| l.iter().map(|v| v.as_str().map(String::from)).collect());
        record.attachments = list.ok_or_else(|| fields.wrong("attachments", "a list of texts"))?;
    }
    record.title = fields.text("title")?.unwrap_or_default();
    if let Some(yes) = fields.take("exercise") {
        record.exercise = yes.as_bool().ok_or_else(|| fields.wrong("exercise", "true or false"))?;
    }
    match fields.take("extra") {
        None => {}
        Some(Value::Object(extra)) => {
            for (key, value) in extra {
                let Value::String(value) = value else { return Err(fields.wrong("extra", "texts only")) };
                record.extra.insert(key, value);
            }
        }
        Some(_) => return Err(fields.wrong("extra", "an object")),
    }
    Ok(record)
}

const MARKING_FIELDS: &[&str] =
    &["level", "policy", "releasable_to", "caveats", "originators", "releasers", "review", "reason"];

fn marking(value: Value) -> Result<Marking, RecordFault> {
    let mut fields = Fields::of("a marking", MARKING_FIELDS, value)?;
    let needs = "a level of TLP 2.0 such as `TLP:AMBER`";
    let mut set = |key: &str| match fields.take(key) {
        None => Ok(None),
        Some(list) => match names(&list) {
            Some(list) => Ok(Some(list.into_iter().collect::<BTreeSet<Name>>())),
            None => Err(fields.wrong(key, "a list of names")),
        },
    };
    let releasable_to = set("releasable_to")?;
    let caveats = set("caveats")?.unwrap_or_default();
    let originators = set("originators")?.unwrap_or_default();
    let releasers = set("releasers")?.unwrap_or_default();
    Ok(Marking {
        policy: fields.name("policy")?,
        level: fields.parsed("level", needs, Tlp::parse)?.unwrap_or_default(),
        releasable_to,
        caveats,
        originators,
        releasers,
        review: fields.instant("review")?,
        reason: fields.text("reason")?.unwrap_or_default(),
    })
}

fn place(value: Value) -> Result<Place, RecordFault> {
    let mut fields = Fields::of("a place", &["name", "lat", "lon", "radius_m"], value)?;
    let name = fields.name("name")?;
    let mut degrees = |key: &str, limit: f64| match fields.take(key) {
        None => Ok(None),
        Some(number) => number
            .as_f64()
            .filter(|n| n.is_finite() && n.abs() <= limit)
            .map(Some)
            .ok_or_else(|| fields.wrong(key, &format!("a number up to {limit}"))),
    };
    let (lat, lon) = (degrees("lat", 90.0)?, degrees("lon", 180.0)?);
    let radius_m = degrees("radius_m", 20_100_000.0)?;
    match (name, lat, lon) {
        (Some(name), None, None) if radius_m.is_none() => Ok(Place::Named(name)),
        (None, Some(lat), Some(lon)) if radius_m.is_none_or(|r| r >= 0.0) => {
            Ok(Place::Point { at: Point { lat, lon }, radius_m: radius_m.unwrap_or(0.0) })
        }
        _ => Err(fault(
            "the place cannot be used",
            "give either `name`, or `lat` and `lon` with an optional `radius_m`",
        )),
    }
}
