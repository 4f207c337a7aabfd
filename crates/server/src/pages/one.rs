//! Everything that is on file about one incident, for a page: what `servanda incident ID` says, and besides it what changed from version
//! to version, which verdicts cite it, and which other reports may speak of the same event.
//!
//! What it deliberately does not do: join reports (a person rules with `servanda links`), or give a file out (`attached.rs` does).
//!
//! Invariants
//! - what is proposed stands apart from what was ruled, and counts for nothing.
//!
//! Where to start reading: [`document`].

use super::seen::{Item, Seen};
use crate::{Problem, attached};
use serde_json::{Map, Value, json};
use servanda_evidence::corroborate::{self, Weights, propose::odds};
use servanda_evidence::incident::{self, Ground, Incident};
use servanda_evidence::record_json;
use servanda_model::place::{Shape, distance_m};
use servanda_model::time::DAY;
use servanda_model::{Place, Point, Record};
use servanda_report::json::Header;
use servanda_report::{State, wording};
use std::collections::BTreeSet;

/// Other reports are looked for within so many milliseconds, metres, and among so many.
const NEAR_MS: i64 = 3 * DAY;
const NEAR_M: f64 = 150_000.0;
const NEIGHBOURS: usize = 1_500;

/// The document `incident-page/1`.
pub(crate) fn document(seen: &Seen, name: &str) -> Result<Value, Problem> {
    let missing = || {
        Problem::missing(
            "no-such-incident",
            format!("no incident is called `{name}`, as known at this moment; the list is at `/incidents`"),
        )
    };
    let item = seen.find(name).ok_or_else(missing)?;
    let records: Vec<Record> =
        item.records.iter().map(|r| (*seen.matter.records[*r as usize]).clone()).collect();
    let all = incident::incidents(&records, seen.board.question.known_at);
    let found = all.iter().find(|i| i.id == item.id).ok_or_else(missing)?;
    let zones: Vec<(String, Shape)> =
        seen.zones.iter().map(|(called, _, shape)| (called.clone(), shape.clone())).collect();
    let calendar = &seen.matter.agreement.calendar;
    let ground = Ground { zones: &zones, places: &seen.matter.places, calendar };
    let mut about = incident::json(found, &ground);
    if let Some(about) = about.as_object_mut() {
        about.remove("record");
        about.remove("servanda");
        about.insert("attachments".into(), attachments(found));
        for relation in about.get_mut("relations").and_then(Value::as_array_mut).into_iter().flatten() {
            let called = relation["zone"].as_str().unwrap_or_default().to_string();
            let (zone, rest) = called.split_at(called.find('(').unwrap_or(called.len()));
            relation["phrase"] = json!(format!("{}{rest}", seen.zone_phrase(zone)));
        }
    }
    let mut out =
        serde_json::to_value(Header::of("incident-page/1", &seen.view())).map_err(|e| Problem::bug(&e))?;
    out["incident"] = about;
    out["line"] = serde_json::to_value(seen.line(item)).map_err(|e| Problem::bug(&e))?;
    out["history"] = history(seen, found);
    out["verdicts"] = verdicts(seen, item);
    out["proposed"] = proposed(seen, item);
    Ok(out)
}

/// The files that its reports name as they stand, each with the report that does.
fn attachments(found: &Incident<'_>) -> Value {
    let standing = found.reports.iter().filter(|report| report.withdrawn.is_none());
    let of = |record: &Record| -> Vec<Value> {
        let named = |hash: &String| json!({"hash": hash, "name": attached::name_in(record, hash), "report": record.id.as_str(), "source": record.source});
        record.attachments.iter().map(named).collect()
    };
    standing.flat_map(|report| of(report.current())).collect()
}

/// What a record says beyond who recorded it when, key by key.
fn fields(record: &Record) -> Map<String, Value> {
    let mut map = match serde_json::from_str::<Value>(&record_json::to_json(record)) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    };
    for key in ["v", "id", "recorded", "supersedes"] {
        map.remove(key);
    }
    map
}

fn shown(value: Option<&Value>) -> Value {
    match value {
        None | Some(Value::Null) => Value::Null,
        Some(Value::String(text)) => json!(text),
        Some(other) => json!(other.to_string()),
    }
}

/// All that was recorded about it, in order: what, by whom, when, and what it changed.
fn history(seen: &Seen, found: &Incident<'_>) -> Value {
    let calendar = &seen.matter.agreement.calendar;
    let mut steps: Vec<(&Record, Value)> = Vec::new();
    for report in &found.reports {
        for (i, record) in report.versions.iter().enumerate() {
            let mut changes = Vec::new();
            if let Some(before) = i.checked_sub(1).map(|i| report.versions[i]) {
                let (old, new) = (fields(before), fields(record));
                let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
                for key in keys.into_iter().filter(|key| old.get(*key) != new.get(*key)) {
                    changes.push(
                        json!({"field": key, "before": shown(old.get(key)), "after": shown(new.get(key))}),
                    );
                }
            }
            let step = if i == 0 { "reported" } else { "corrected" };
            steps.push((
                record,
                json!({"step": step, "report": report.versions[0].id.as_str(), "changes": changes}),
            ));
        }
        if let Some(gone) = report.withdrawn {
            steps.push((
                gone,
                json!({"step": "withdrawn", "report": report.versions[0].id.as_str(), "changes": []}),
            ));
        }
    }
    for entry in &found.entries {
        steps.push((entry.record, json!({"step": entry.kind.word(), "report": null, "changes": []})));
        if let Some(gone) = entry.withdrawn {
            steps.push((
                gone,
                json!({"step": "entry-withdrawn", "report": entry.record.id.as_str(), "changes": []}),
            ));
        }
    }
    steps.sort_by(|(a, _), (b, _)| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    steps
        .into_iter()
        .map(|(record, mut step)| {
            step["id"] = json!(record.id.as_str());
            step["by"] = json!(record.source);
            step["recorded"] = json!(record.recorded.to_string());
            step["recorded_local"] = json!(calendar.show(record.recorded));
            step["title"] = json!(record.title);
            step["marking"] = json!(wording::marking(&seen.matter.agreement, &record.marking));
            step
        })
        .collect()
}

/// Verdicts that cite one of its records.
fn verdicts(seen: &Seen, item: &Item) -> Value {
    let records: BTreeSet<&str> =
        item.records.iter().map(|r| seen.matter.records[*r as usize].id.as_str()).collect();
    let agreement = &seen.matter.agreement;
    item.verdicts
        .iter()
        .map(|number| {
            let verdict = &seen.board.verdicts[*number as usize];
            let state = State::of(verdict);
            let norm = agreement.norm(verdict.norm.as_str());
            let clause = norm.and_then(|n| agreement.clauses.get(n.clause?));
            let decides = verdict.reasons().decided_by.iter().any(|c| records.contains(c.record.as_str()));
            json!({
                "norm": verdict.norm.as_str(),
                "phrase": wording::norm(norm, &verdict.norm),
                "bearer": verdict.bearer.to_string(),
                "bearer_phrase": wording::bearer(agreement, &verdict.bearer),
                "instance": verdict.instance.as_str(),
                "state": {"word": state.word, "tone": state.tone.word()},
                "clause": clause.map(|c| json!({"id": c.id.as_str(), "heading": c.heading, "words": c.words})),
                "how": if decides { "decides" } else { "against" },
            })
        })
        .collect()
}

fn spot(seen: &Seen, record: &Record) -> Option<Point> {
    match record.place.as_ref()? {
        Place::Point { at, .. } => Some(*at),
        Place::Named(name) => seen.matter.places.points.get(name).copied(),
    }
}

/// Reports that may speak of the same event: the same comparison as `servanda links`, in the neighbourhood of this one.
fn proposed(seen: &Seen, item: &Item) -> Value {
    let main = seen.main(item);
    let own: BTreeSet<&str> =
        item.records.iter().map(|r| seen.matter.records[*r as usize].id.as_str()).collect();
    let at = spot(seen, main);
    let known = seen.view().known();
    let near = known.into_iter().filter(|r| {
        own.contains(r.id.as_str())
            || (r.when.earliest <= main.when.latest + NEAR_MS
                && r.when.latest + NEAR_MS >= main.when.earliest
                && match (at, spot(seen, r)) {
                    (Some(a), Some(b)) => distance_m(a, b) <= NEAR_M,
                    _ => true,
                })
    });
    let mut near: Vec<&Record> = near.collect();
    near.sort_by_key(|r| {
        (!own.contains(r.id.as_str()), (r.when.earliest - main.when.earliest).abs(), r.id.clone())
    });
    let cut = near.len().saturating_sub(NEIGHBOURS);
    let near: Vec<Record> = near.into_iter().take(NEIGHBOURS).cloned().collect();
    let ruled = corroborate::incidents(&near, &[], seen.board.question.known_at);
    let made = corroborate::propose(&near, &seen.matter.places.points, &ruled, &Weights::shipped());
    let others = |records: &[servanda_model::RecordId]| -> Vec<Value> {
        let others = records.iter().filter(|id| !own.contains(id.as_str()));
        others
            .filter_map(|id| near.iter().find(|r| r.id == *id))
            .map(|r| {
                json!({
                    "id": r.id.as_str(),
                    "title": wording::record_line(&seen.matter.agreement, r),
                    "source": r.source,
                    "local": seen.matter.agreement.calendar.show_when(r.when),
                })
            })
            .collect()
    };
    let mine = made.proposals.iter().filter(|p| p.records.iter().any(|id| own.contains(id.as_str())));
    let list: Vec<Value> = mine
        .map(|p| (p, others(&p.records)))
        .filter(|(_, others)| !others.is_empty())
        .map(|(p, others)| {
            let card =
                p.cards.iter().find(|c| own.contains(c.pair.0.as_str()) || own.contains(c.pair.1.as_str()));
            let mut lines: Vec<_> = card.map(|c| c.lines.clone()).unwrap_or_default();
            lines.sort_by(|a, b| b.adds.total_cmp(&a.adds));
            let because: Vec<Value> = lines
                .iter()
                .filter(|l| l.adds != 0.0)
                .map(|l| json!({"words": l.words, "adds": (l.adds * 100.0).round() / 100.0}))
                .collect();
            json!({"proposal": p.id.as_str(), "odds": odds(p.score), "reports": others, "because": because})
        })
        .collect();
    json!({"proposals": list, "looked_at": near.len(), "left_out": cut})
}
