//! GeoJSON: one record for each feature of a `FeatureCollection`, with its properties as columns.
//!
//! A feature's point fills `lat` and `lon` where the mapping or the properties give none (columns `geometry.lat` and
//! `geometry.lon`); its `id` is the column `id` where no property has that name. Other geometries belong into zone files.

use super::{Builder, Context, Import, MAX_COLUMNS, MAX_ROW, Refused, jsonl};
use crate::codes;
use crate::geo;
use crate::mapping::{Case, Column, From, Mapping, Otherwise, Pick};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn column(name: &str) -> Case {
    Case {
        guards: Vec::new(),
        from: From::Column(Column { name: name.to_string(), optional: true }),
        split: None,
        pick: Pick::First,
        table: BTreeMap::new(),
        otherwise: Otherwise::Refuse,
        prefix: String::new(),
    }
}

pub(super) fn read(text: &str, mapping: &Mapping, context: &Context) -> Result<Import, Vec<Refused>> {
    let mut mapping = mapping.clone();
    mapping.place.lat.push(column("geometry.lat"));
    mapping.place.lon.push(column("geometry.lon"));
    let features = geo::features(text).map_err(|reason| {
        let remedy = "give a GeoJSON file whose type is `FeatureCollection`";
        vec![Refused::of_file(codes::NOT_JSON, 0, &reason, remedy)]
    })?;
    let mut builder = Builder::new(&mapping, context);
    let mut found: BTreeSet<String> = BTreeSet::new();
    let (mut line, mut counted) = (1u64, 0usize);
    for raw in features {
        // The raw text is a part of `text`: its place there gives the line.
        let at = (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
        line += text.as_bytes()[counted.min(at)..at].iter().filter(|b| **b == b'\n').count() as u64;
        counted = at;
        match cells(raw.get(), &mapping) {
            Err((reason, remedy)) => {
                let refused = Refused::of_file(codes::NOT_JSON, line, &reason, remedy);
                let value = raw.get().chars().take(200).collect();
                builder.refuse(line, Refused { value, ..refused }, None)?;
            }
            Ok(cells) => {
                if found.len() < MAX_COLUMNS {
                    found.extend(cells.keys().filter(|k| !found.contains(*k)).cloned().collect::<Vec<_>>());
                }
                builder.row(line, &cells, &|| cells.clone().into_iter().collect())?;
            }
        }
    }
    if builder.out.records.is_empty() && builder.out.rows_read > 0 {
        let faults = mapping.missing_columns(&found.into_iter().collect::<Vec<_>>());
        if !faults.is_empty() {
            return Err(faults);
        }
    }
    builder.finish()
}

fn cells(raw: &str, mapping: &Mapping) -> Result<BTreeMap<String, String>, (String, &'static str)> {
    if raw.len() > MAX_ROW {
        let reason = format!("the feature has more than {MAX_ROW} bytes");
        return Err((reason, "a shape belongs into a zone file; a record lies at a point"));
    }
    let feature: Value = serde_json::from_str(raw)
        .map_err(|e| (format!("the feature is not JSON: {e}"), "write it as RFC 7946 says"))?;
    if feature.get("type").and_then(Value::as_str) != Some("Feature") {
        return Err((
            "this is no feature".to_string(),
            "each member of `features` has `\"type\": \"Feature\"`",
        ));
    }
    let mut cells = BTreeMap::new();
    if let Some(id) = feature.get("id") {
        jsonl::flatten(id, "id", &mut cells);
    }
    if let Some(properties) = feature.get("properties") {
        jsonl::flatten(properties, "", &mut cells);
    }
    match feature.get("geometry") {
        None | Some(Value::Null) => {}
        Some(geometry) => match geometry.get("type").and_then(Value::as_str) {
            Some("Point") => {
                let position = geometry.get("coordinates").and_then(Value::as_array);
                if let Some([lon, lat, ..]) = position.map(Vec::as_slice) {
                    cells.insert("geometry.lon".to_string(), lon.to_string());
                    cells.insert("geometry.lat".to_string(), lat.to_string());
                }
            }
            other if mapping.place.name.is_empty() => {
                let reason = format!("the geometry is a `{}`", other.unwrap_or("nothing known"));
                return Err((
                    reason,
                    "a record lies at a `Point` or at a named place (`name` under `[place]`)",
                ));
            }
            _ => {}
        },
    }
    Ok(cells)
}
