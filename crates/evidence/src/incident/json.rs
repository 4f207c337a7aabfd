//! An incident as a document for programs, `incident/1`: described in `docs/reference/incident.md`.
//!
//! It is written by hand and does not follow the types of `model`.

use super::{Ground, Incident, Joined, Kind, Voice, details, name_in, text_in};
use crate::record_json;
use serde_json::{Map, Value, json as value};
use servanda_model::record::{ItemGrade, RoleValue};
use servanda_model::{Instant, Place, Record, When, Within};

fn when_json(when: When, ground: &Ground<'_>) -> Value {
    value!({
        "earliest": when.earliest.to_string(),
        "latest": when.latest.to_string(),
        "local": ground.calendar.show_when(when),
        "zone": ground.calendar.zone_name(),
        "exact": when.is_exact(),
    })
}

fn moment(at: Option<Instant>) -> Value {
    at.map_or(Value::Null, |at| value!(at.to_string()))
}

fn grades(record: &Record) -> Value {
    value!({
        "source": record.source_grade.map(|g| format!("{g:?}")),
        "item": record.item_grade.map(|ItemGrade(n)| n),
        "stated": record.stated.map(|g| g.word()),
    })
}

fn names(role: Option<&RoleValue>) -> Value {
    match role {
        Some(RoleValue::Name(name)) => value!([name.as_str()]),
        Some(RoleValue::OneOf(all)) => value!(all.iter().map(|n| n.as_str()).collect::<Vec<_>>()),
        _ => value!([]),
    }
}

/// People harmed, as they were checked when they were entered.
fn people(text: &str) -> Value {
    let group = |group: &str| {
        let mut words = group.trim().splitn(4, ' ');
        let mut word = || words.next().unwrap_or("").to_string();
        value!({"outcome": word(), "sex": word(), "age": word(), "count": word()})
    };
    value!(text.split(';').map(group).collect::<Vec<_>>())
}

fn list(text: Option<&&str>) -> Value {
    value!(text.map_or(Vec::new(), |t| t.split(';').map(str::trim).filter(|p| !p.is_empty()).collect()))
}

/// The document.
pub fn json(incident: &Incident<'_>, ground: &Ground<'_>) -> Value {
    let main = incident.main();
    let found = details::of(main);
    let one = |key: &str| found.get(key).map_or(Value::Null, |text| value!(text));
    let (status, said) = incident.status();
    let place = main.place.as_ref().map(|place| match place {
        Place::Named(name) => value!({"name": name.as_str()}),
        Place::Point { at, radius_m } => value!({"lat": at.lat, "lon": at.lon, "radius_m": radius_m}),
    });
    let relations: Vec<Value> = main.place.iter().flat_map(|place| ground.relations(place)).map(|relation| {
        let within = match relation.within {
            Within::Inside => "inside",
            Within::Outside => "outside",
            Within::Unknown => "unknown",
        };
        value!({"zone": relation.zone, "within": within, "distance_m": relation.distance_m.map(f64::round)})
    }).collect();
    let attachments: Vec<Value> = main
        .attachments
        .iter()
        .map(|hash| {
            let name = main.extra.iter().find(|(key, held)| *held == hash && key.starts_with("attachment:"));
            value!({"hash": hash, "name": name.map(|(key, _)| &key["attachment:".len()..])})
        })
        .collect();
    let reports: Vec<Value> = incident
        .reports
        .iter()
        .map(|report| {
            let record = report.current();
            let (by, because) = match &report.joined {
                None => (Value::Null, Value::Null),
                Some(Joined::ByItself) => (value!(record.source), value!("its record names the incident")),
                Some(Joined::ByRuling(ruling)) => (value!(ruling.source), value!(text_in(ruling, "words"))),
            };
            value!({
                "id": record.id.as_str(),
                "voice": Voice::of(record).word(),
                "source": record.source,
                "title": record.title,
                "when": when_json(record.when, ground),
                "recorded": record.recorded.to_string(),
                "versions": report.versions.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(),
                "withdrawn_by": report.withdrawn.map(|w| w.id.as_str()),
                "joined_by": by,
                "joined_because": because,
            })
        })
        .collect();
    let mut entries: Map<String, Value> = Map::new();
    for kind in Kind::ALL {
        let of_kind: Vec<Value> = incident
            .entries
            .iter()
            .filter(|e| e.kind == *kind)
            .map(|entry| {
                let record = entry.record;
                let mut out = value!({
                    "id": record.id.as_str(),
                    "by": record.source,
                    "recorded": record.recorded.to_string(),
                    "words": text_in(record, "words"),
                    "withdrawn_by": entry.withdrawn.map(|w| w.id.as_str()),
                });
                let mut put = |key: &str, value: Value| {
                    out[key] = value;
                };
                match kind {
                    Kind::Status => put("status", value!(name_in(record, "status").map(|n| n.as_str()))),
                    Kind::Reply => {
                        let reply = incident.replies().into_iter().find(|(reply, ..)| reply.id == record.id);
                        let (due, late) = reply.map_or((None, None), |(_, due, late)| (due, late));
                        put("due", moment(due));
                        put("late", value!(late));
                    }
                    Kind::Assessment | Kind::Finding => {
                        put("attributed_to", names(record.roles.get("attributed-to")));
                        put("confidence", value!(text_in(record, "confidence")));
                    }
                    Kind::Action => put("told", value!(text_in(record, "told"))),
                    Kind::Link => put("report", value!(name_in(record, "report").map(|n| n.as_str()))),
                    Kind::Clause => put("clause", value!(name_in(record, "clause").map(|n| n.as_str()))),
                    Kind::Grade => put("grades", grades(record)),
                    Kind::Dissent => {}
                }
                out
            })
            .collect();
        entries.insert(kind.word().to_string(), Value::Array(of_kind));
    }
    let attribution = incident.attribution().map(|made| {
        value!({
            "to": made.to.iter().map(|n| n.as_str()).collect::<Vec<_>>(),
            "confidence": made.confidence,
            "kind": made.kind.word(),
            "by": made.record.source,
            "record": made.record.id.as_str(),
        })
    });
    let voices: Map<String, Value> =
        incident.voices().into_iter().map(|(voice, n)| (voice.word().to_string(), value!(n))).collect();
    let mut document = value!({
        "servanda": "incident/1",
        "id": incident.id.as_str(),
        "version": incident.version(),
        "title": main.title,
        "fact": main.fact.as_str(),
        "class": one("class"),
        "subclass": one("subclass"),
        "status": {"is": status.word(), "by": said.map(|r| r.source.as_str()), "since": moment(said.map(|r| r.recorded))},
        "when": when_json(main.when, ground),
        "until": moment(main.until),
        "place": place,
        "place_name": one("place-name"),
        "controlled_by": one("controlled-by"),
        "bearing": one("bearing"),
        "distance": one("distance"),
        "relations": relations,
        "observer": one("observer"),
        "sensor": one("sensor"),
        "observer_at": one("observer-at"),
    });
    let rest = value!({
        "means": list(found.get("means")),
        "count": found.get("count").map(|n| value!({"number": n, "is": found.get("count-is").copied().unwrap_or("exact")})),
        "weapon": found.get("weapon").copied().unwrap_or("not known"),
        "calibre": found.get("calibre").copied().unwrap_or("not known"),
        "direction_from": one("direction-from"),
        "direction_to": one("direction-to"),
        "people": found.get("people").map_or(value!([]), |text| people(text)),
        "damage": one("damage"),
        "infrastructure": list(found.get("infrastructure")),
        "remark": one("remark"),
        "reported_by": main.source,
        "received": moment(main.received),
        "recorded": main.recorded.to_string(),
        "grades": grades(main),
        "graded_anew": incident.regraded().map(grades),
        "clauses": incident.clauses(),
        "names": names(main.roles.get("by")),
        "attribution": attribution,
        "action": one("action"),
        "told": one("told"),
        "marking": main.marking.show(),
        "attachments": attachments,
        "voices": voices,
        "reports": reports,
        "entries": entries,
        "exercise": incident.is_exercise(),
        "record": serde_json::from_str::<Value>(&record_json::to_json(main)).unwrap_or(Value::Null),
    });
    if let (Some(document), Value::Object(rest)) = (document.as_object_mut(), rest) {
        document.extend(rest);
    }
    document
}
