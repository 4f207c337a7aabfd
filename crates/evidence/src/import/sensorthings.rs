//! Observations of the OGC SensorThings API: a sensor measured something. Nothing else is made of it.
//!
//! Nested objects are columns with points between (`Datastream.Sensor.name`). Computed from them:
//!
//! - `@id`: the observation's `@iot.id`, with its datastream's; without one, datastream, phenomenon time and result together;
//! - `@start`, `@end`: the phenomenon time, which may be a moment or an interval `a/b`;
//! - `@lat`, `@lon`, `@radius`: the *feature of interest*, where it is a point, a polygon or a circle around one. Where the
//!   sensor itself stands (`Thing`, `Location`) is no place of the event: it becomes `@sensor-at`;
//! - `@number`: the result where it is a number; `@stream`, `@sensor`, `@property`: what the datastream is called.
//!
//! # Source
//! OGC SensorThings API Part 1: Sensing, version 1.1 (15-078r6, 18-088), sections 8.2.4 to 8.2.8.

use super::{Builder, Context, Import, Refused, json_rows, jsonl};
use crate::codes;
use crate::geo;
use crate::mapping::Mapping;
use serde_json::Value;
use servanda_model::{Name, Point};
use std::collections::BTreeMap;

/// Most corners of a feature of interest.
pub const MAX_CORNERS: usize = 10_000;

pub(super) fn read(text: &str, mapping: &Mapping, context: &Context) -> Result<Import, Vec<Refused>> {
    let mut builder = Builder::new(mapping, context);
    for (line, row) in json_rows::rows(text, &["value"])? {
        match row.and_then(|value| cells(&value)) {
            Err(refused) => builder.refuse(line, refused, None)?,
            Ok(cells) => builder.row(line, &cells, &|| cells.clone().into_iter().collect())?,
        }
    }
    builder.finish()
}

fn cells(observation: &Value) -> Result<BTreeMap<String, String>, Refused> {
    let mut out = BTreeMap::new();
    let mut flat = observation.clone();
    if let Some(members) = flat.as_object_mut() {
        // Shapes are read below; as cells they would be long and of no use.
        for shape in ["FeatureOfInterest", "Datastream", "MultiDatastream", "Thing"] {
            if let Some(value) = members.get_mut(shape) {
                without_shapes(value);
            }
        }
    }
    jsonl::flatten(&flat, "", &mut out);
    let word =
        |names: &[&str]| names.iter().find_map(|n| out.get(*n)).cloned().filter(|t| !t.trim().is_empty());
    if !out.contains_key("result") && word(&["resultTime", "phenomenonTime"]).is_none() {
        return Err(Refused {
            value: observation.to_string().chars().take(200).collect(),
            ..Refused::of_file(
                codes::NOT_JSON,
                0,
                "this is no observation: it has neither a result nor a time",
                "give observations, each with `phenomenonTime` and `result`",
            )
        });
    }
    let time = word(&["phenomenonTime", "resultTime"]).unwrap_or_default();
    let (start, end) = match time.split_once('/') {
        Some((start, end)) => (start.to_string(), Some(end.to_string())),
        None => (time.clone(), None),
    };
    let stream = word(&["Datastream.name", "MultiDatastream.name", "@stream"])
        .or_else(|| {
            word(&["Datastream.@iot.id", "MultiDatastream.@iot.id"]).map(|id| format!("datastream-{id}"))
        })
        .or_else(|| word(&["Datastream@iot.navigationLink"]));
    let stream_id =
        word(&["Datastream.@iot.id", "Datastream.name"]).or_else(|| stream.clone()).unwrap_or_default();
    let id = match word(&["@iot.id"]) {
        Some(id) => format!("{stream_id} {id}"),
        None => format!("{stream_id} {time} {}", out.get("result").map_or("", String::as_str)),
    };
    let sensor =
        word(&["Datastream.Sensor.name", "Datastream.Thing.name", "Thing.name"]).or_else(|| stream.clone());
    let property = word(&["Datastream.ObservedProperty.name"]);
    let number = out.get("result").filter(|text| geo::decimal(text).is_some()).cloned();
    let radius = word(&["parameters.radius_m", "parameters.accuracy_m", "parameters.accuracy"]);
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.trim().is_empty()) {
            out.insert(key.to_string(), value);
        }
    };
    put("@id", Some(Name::slug(&id).to_string()));
    put("@start", Some(start));
    put("@end", end);
    put("@stream", stream);
    put("@sensor", sensor);
    put("@property", property);
    put("@number", number);
    if let Some((at, own)) = place(observation.get("FeatureOfInterest").and_then(|f| f.get("feature")))? {
        put("@lat", Some(at.lat.to_string()));
        put("@lon", Some(at.lon.to_string()));
        put("@radius", radius.or(Some(own.to_string())));
    }
    let thing = observation.get("Datastream").and_then(|d| d.get("Thing")).or(observation.get("Thing"));
    let location =
        thing.and_then(|t| t.get("Locations")).and_then(|l| l.get(0)).and_then(|l| l.get("location"));
    if let Ok(Some((at, _))) = place(location) {
        put("@sensor-at", Some(format!("{}, {}", at.lat, at.lon)));
    }
    Ok(out)
}

/// Takes the coordinates out.
fn without_shapes(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for shape in ["feature", "location", "observedArea", "coordinates", "geometry"] {
                members.remove(shape);
            }
            members.values_mut().for_each(without_shapes);
        }
        Value::Array(items) => items.iter_mut().for_each(without_shapes),
        _ => {}
    }
}

/// A point with its doubt, or the circle around a shape. `None` where there is none.
fn place(feature: Option<&Value>) -> Result<Option<(Point, f64)>, Refused> {
    let Some(feature) = feature.filter(|f| !f.is_null()) else { return Ok(None) };
    let geometry = if feature.get("type").and_then(Value::as_str) == Some("Feature") {
        feature.get("geometry").unwrap_or(&Value::Null)
    } else {
        feature
    };
    let Some(coordinates) = geometry.get("coordinates") else { return Ok(None) };
    let mut corners = Vec::new();
    if !collect(coordinates, &mut corners, 0) {
        let reason =
            format!("the feature of interest is no shape of GeoJSON, or has more than {MAX_CORNERS} corners");
        return Err(Refused {
            column: "FeatureOfInterest".to_string(),
            value: coordinates.to_string().chars().take(200).collect(),
            ..Refused::of_file(
                codes::COORDINATE,
                0,
                &reason,
                "give longitude and latitude in degrees of WGS 84",
            )
        });
    }
    Ok(geo::circle_around(&corners))
}

fn collect(value: &Value, corners: &mut Vec<(Point, f64)>, depth: usize) -> bool {
    let Some(items) = value.as_array().filter(|_| depth < 6) else { return false };
    if let (Some(lon), Some(lat)) =
        (items.first().and_then(Value::as_f64), items.get(1).and_then(Value::as_f64))
    {
        corners.push((Point { lat, lon }, 0.0));
        return corners.len() <= MAX_CORNERS
            && (-90.0..=90.0).contains(&lat)
            && (-180.0..=180.0).contains(&lon);
    }
    items.iter().all(|item| collect(item, corners, depth + 1))
}
