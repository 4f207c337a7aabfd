//! Access and coverage: the register of restrictions, what was watched by hour (or day) and zone, and which verdicts wait because of it.
//!
//! A restriction is a record of the classes `movement-restriction` and `interference`, or of a fact whose name has one of [`WORDS`]
//! in it. Nothing here lowers what a verdict needs: a denial explains why something was not seen, and no more.
//!
//! Invariants
//! - a zone of which nobody reported coverage is not given as watched 0 %: it is not given;
//! - a verdict stands here only where its own reasons name a stretch that was not watched, or say that nobody watched.
//!
//! Where to start reading: [`document`].

use super::list::hours;
use super::seen::Seen;
use crate::Problem;
use crate::asked::{Asked, moment};
use serde_json::{Value, json};
use servanda_evidence::incident::details;
use servanda_model::record::{RoleValue, Says};
use servanda_model::time::{DAY, HOUR};
use servanda_model::verdict::Code;
use servanda_model::{Instant, Number, Record, Within};
use servanda_report::extents::Drawn;
use servanda_report::json::Header;
use servanda_report::{State, Tone, View, map, wording};

/// Parts of names of facts that say that somebody was kept from watching.
pub(crate) const WORDS: [&str; 8] = [
    "denial",
    "denied",
    "restriction",
    "refusal",
    "obstruction",
    "delay-of-access",
    "jamming",
    "interference",
];

/// Days that are shown unless more are asked for; up to so many, by the hour.
const SHOWN_DAYS: i64 = 7;
const BY_THE_HOUR_DAYS: i64 = 14;
/// Columns by the day at most; beyond that a column has several days.
const COLUMNS: usize = 400;
/// Verdicts at most, and gaps of each.
const EFFECTS: usize = 300;
const GAPS: usize = 20;

/// Whether a record says that somebody was kept from watching.
pub(super) fn is_restriction(record: &Record) -> bool {
    let class = record.extra.get("incident.class").map(String::as_str);
    record.says == Says::Affirms
        && (matches!(class, Some("movement-restriction" | "interference"))
            || WORDS.iter().any(|word| record.fact.as_str().contains(word)))
}

/// The zones that a record lies in, or may: the one that it names, or those that its place and its doubt reach.
pub(super) fn zones_of(seen: &Seen, view: &View<'_>, drawn: &[Drawn], record: &Record) -> Vec<String> {
    if let Some(servanda_model::Place::Named(name)) = &record.place {
        return vec![name.to_string()];
    }
    let Some((point, radius_m, _)) = map::located(view, drawn, record) else { return Vec::new() };
    let inside = seen.zones.iter().filter(|(_, _, shape)| shape.contains(point, radius_m) != Within::Outside);
    let mut names: Vec<String> = inside.map(|(_, zone, _)| zone.to_string()).collect();
    names.dedup();
    names
}

/// The document `access/1`.
pub(crate) fn document(seen: &Seen, asked: &Asked) -> Result<Value, Problem> {
    let view = seen.view();
    let agreement = &seen.matter.agreement;
    let calendar = &agreement.calendar;
    let at = seen.board.question.at;
    let edge = |name: &str| asked.rest.get(name).map(|text| moment(text, calendar)).transpose();
    let to = edge("to")?.unwrap_or(at).min(at);
    let from = edge("from")?.unwrap_or(to + -SHOWN_DAYS * DAY);
    if from >= to {
        return Err(Problem::bad(
            "empty-time",
            "`from` must lie before `to`, and `to` not after the moment asked for",
        ));
    }
    let drawn = view.zones();
    let mut kept: Vec<&Record> = view.known().into_iter().filter(|r| is_restriction(r)).collect();
    kept.retain(|r| r.when.earliest <= to && r.until.unwrap_or(r.when.latest) >= from);
    kept.sort_by(|a, b| (b.when.earliest, &b.id).cmp(&(a.when.earliest, &a.id)));
    let placed: Vec<(&Record, Vec<String>)> =
        kept.into_iter().map(|r| (r, zones_of(seen, &view, &drawn, r))).collect();

    let by_the_hour = to - from <= BY_THE_HOUR_DAYS * DAY;
    let days = ((to - from) / DAY / COLUMNS as i64 + 1).max(1);
    let mut starts = Vec::new();
    let mut next = match by_the_hour {
        true => Instant(from.0.div_euclid(HOUR) * HOUR),
        false => calendar.start_of_day(calendar.date(from)),
    };
    while next < to {
        starts.push(next);
        next = match by_the_hour {
            true => next + HOUR,
            // Noon of the day meant, whatever the clocks do; and never back.
            false => calendar.start_of_day(calendar.date(next + (days * DAY + DAY / 2))).max(next + HOUR),
        };
    }
    let columns: Vec<(Instant, Instant)> = starts
        .iter()
        .enumerate()
        .map(|(i, start)| ((*start).max(from), starts.get(i + 1).copied().unwrap_or(next).min(to)))
        .collect();
    let shown_to = columns.last().map_or(to, |(_, end)| *end);
    let zone = |zone: &servanda_model::Name| {
        let share = seen.watched.share(zone.as_str(), from, shown_to)?;
        let cells: Vec<Option<f64>> = columns
            .iter()
            .map(|(f, t)| {
                seen.watched.share(zone.as_str(), *f, *t).map(|s| (s.to_f64() * 1000.0).round() / 1000.0)
            })
            .collect();
        Some(json!({
            "zone": zone.as_str(),
            "phrase": seen.zone_phrase(zone.as_str()),
            "share": share.to_f64(),
            "watched": wording::percent(&share),
            "hours_watched": hours(&share, shown_to - from),
            "hours": hours(&Number::from(1), shown_to - from),
            "cells": cells,
        }))
    };
    let coverage: Vec<Value> = seen.watched.zones().filter_map(zone).collect();
    let silent: Vec<Value> = {
        let mut names: Vec<&str> = seen.zones.iter().map(|(_, zone, _)| zone.as_str()).collect();
        names.dedup();
        let known: Vec<&str> = seen.watched.zones().map(|z| z.as_str()).collect();
        names.retain(|name| !known.contains(name));
        names.iter().map(|z| json!({"zone": z, "phrase": seen.zone_phrase(z)})).collect()
    };
    let mut out = serde_json::to_value(Header::of("access/1", &view)).map_err(|e| Problem::bug(&e))?;
    out["from"] = json!(from.to_string());
    out["to"] = json!(shown_to.to_string());
    out["local"] = json!(format!("{} to {}", calendar.show(from), calendar.show(shown_to)));
    out["per"] = json!(match (by_the_hour, days) {
        (true, _) => "hour".to_string(),
        (false, 1) => "day".to_string(),
        (false, days) => format!("{days} days"),
    });
    out["columns"] =
        columns.iter().map(|(f, _)| json!({"from": f.to_string(), "local": calendar.show(*f)})).collect();
    out["coverage"] = Value::Array(coverage);
    out["nobody_reports"] = Value::Array(silent);
    out["restrictions"] = placed.iter().map(|(r, zones)| restriction(seen, r, zones)).collect();
    out["effects"] = effects(seen, &placed);
    Ok(out)
}

fn restriction(seen: &Seen, record: &Record, zones: &[String]) -> Value {
    let agreement = &seen.matter.agreement;
    let found = details::of(record);
    let detail = |key: &str| found.get(key).map(|text| text.to_string());
    let role = |names: &[&str]| {
        let held = names.iter().find_map(|name| record.roles.get(*name));
        held.map(|value| wording::role(agreement, value))
    };
    let text = |names: &[&str]| {
        role(names).or_else(|| names.iter().find_map(|name| record.extra.get(*name).cloned()))
    };
    let kind = match (detail("class"), detail("subclass")) {
        (Some(class), Some(sub)) => format!("{class}: {sub}"),
        (Some(class), None) => class,
        _ => role(&["kind", "type"]).unwrap_or_else(|| seen.phrase(&record.fact).to_string()),
    };
    let ends = record.until.or(match record.roles.get("until") {
        Some(RoleValue::Time(when)) => Some(when.latest),
        _ => None,
    });
    let hours = ends.map(|end| hours(&Number::from(1), end - record.when.earliest));
    json!({
        "id": record.incident.as_ref().unwrap_or(&record.id).as_str(),
        "record": record.id.as_str(),
        "kind": kind,
        "title": wording::record_line(agreement, record),
        "local": agreement.calendar.show_when(record.when),
        "earliest": record.when.earliest.to_string(),
        "until": ends.map(|end| agreement.calendar.show(end)),
        "hours": hours,
        "place": detail("place-name").or_else(|| record.place.as_ref().map(wording::place)),
        "zones": zones.iter().map(|z| seen.zone_phrase(z)).collect::<Vec<_>>(),
        "by": role(&["by"]),
        "reason": text(&["reason", "grounds"]).or_else(|| detail("remark")),
        "told": detail("told").or_else(|| text(&["told", "notified"])),
        "result": detail("action").or_else(|| text(&["result", "resolved", "outcome"])),
        "source": record.source,
        "grade": record.grade().word(),
        "exercise": record.exercise,
    })
}

/// Verdicts whose reasons name what was not watched.
fn effects(seen: &Seen, restrictions: &[(&Record, Vec<String>)]) -> Value {
    let agreement = &seen.matter.agreement;
    let calendar = &agreement.calendar;
    let mut list = Vec::new();
    let mut left_off = 0;
    for verdict in &seen.board.verdicts {
        let reasons = verdict.reasons();
        let state = State::of(verdict);
        let unwatched = reasons.because.iter().any(|b| matches!(b.code, Code::NotWatched | Code::NobodySees));
        if state.tone != Tone::Unseen && !unwatched {
            continue;
        }
        if list.len() >= EFFECTS {
            left_off += 1;
            continue;
        }
        let mut because_of: Vec<&str> = Vec::new();
        let watched: Vec<Value> = reasons
            .coverage
            .iter()
            .map(|watched| {
                for (record, zones) in restrictions {
                    let end = record.until.unwrap_or(record.when.latest);
                    let hits = watched.gaps.iter().any(|gap| record.when.earliest <= gap.to && end >= gap.from);
                    if hits && zones.iter().any(|z| watched.what.contains(z.as_str())) {
                        because_of.push(record.id.as_str());
                    }
                }
                let gaps = watched.gaps.iter().take(GAPS);
                json!({
                    "what": seen.zone_phrase(&watched.what),
                    "local": format!("{} to {}", calendar.show(watched.period.from), calendar.show(watched.period.to)),
                    "watched": wording::percent(&watched.share),
                    "gaps": gaps.map(|g| format!("{} to {}", calendar.show(g.from), calendar.show(g.to))).collect::<Vec<_>>(),
                })
            })
            .collect();
        because_of.sort_unstable();
        because_of.dedup();
        let norm = agreement.norm(verdict.norm.as_str());
        let clause = norm.and_then(|n| agreement.clauses.get(n.clause?));
        list.push(json!({
            "norm": verdict.norm.as_str(),
            "phrase": wording::norm(norm, &verdict.norm),
            "bearer": verdict.bearer.to_string(),
            "bearer_phrase": wording::bearer(agreement, &verdict.bearer),
            "instance": verdict.instance.as_str(),
            "clause": clause.map(|c| c.heading.clone()),
            "state": {"word": state.word, "tone": state.tone.word()},
            "missing": reasons.missing,
            "watched": watched,
            "restrictions": because_of,
        }));
    }
    json!({"verdicts": list, "left_off": left_off})
}
