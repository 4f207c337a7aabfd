//! OGC API Features: incidents and zones for whatever reads them, such as QGIS and GDAL.
//!
//! Coordinates are CRS84, as GeoJSON has them. Links are whole addresses, made of the name that the asker used. Besides the standard's
//! parameters every address takes `at`, `known` and `reading`; links carry them on.
//!
//! Invariants
//! - a parameter that is not known is refused, as the standard asks;
//! - pages are walked by a cursor: every incident comes once.
//!
//! Where to start reading: [`items`]. Tests: `tests/ogc.rs`, one of them with GDAL's `ogrinfo`.
//!
//! # Source
//! OGC 17-069r4, OGC API - Features - Part 1: Core.

use super::asking::{self, Filter};
use super::seen::{Item, Seen};
use crate::Problem;
use crate::asked::Asked;
use serde_json::{Value, json};
use servanda_report::incidents as rows;
use servanda_report::map;

/// Items of a page unless more are asked for, and at most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 10_000;

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
const GEOJSON: &str = "application/geo+json";

/// Collections: name, title, description.
const COLLECTIONS: [(&str, &str, &str); 2] = [
    (
        "incidents",
        "Incidents",
        "Events that were reported to have happened, each with its radius of doubt. Reported is not found.",
    ),
    (
        "zones",
        "Zones",
        "Zones and lines of the agreement that have a shape, with the share that was watched lately.",
    ),
];

fn link(rel: &str, mime: &str, href: String, title: &str) -> Value {
    json!({"rel": rel, "type": mime, "href": href, "title": title})
}

/// Refuses a form that there is not.
pub(crate) fn form(asked: &Asked) -> Result<(), Problem> {
    match asked.rest.get("f").filter(|f| !matches!(f.as_str(), "json" | "geojson")) {
        Some(form) => {
            Err(Problem::bad("no-such-form", format!("there is no form `{form}`; there is `json`")))
        }
        None => Ok(()),
    }
}

/// Makes every link a whole address.
pub(crate) fn whole(document: &mut Value, root: &str) {
    match document {
        Value::Array(all) => all.iter_mut().for_each(|one| whole(one, root)),
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(href) if key == "href" && href.starts_with('/') => {
                        *href = format!("{root}{href}")
                    }
                    // What a record says is no link.
                    _ if key == "properties" || key == "geometry" => {}
                    other => whole(other, root),
                }
            }
        }
        _ => {}
    }
}

/// Where it begins.
pub(crate) fn landing(seen: &Seen) -> Value {
    let agreement = &seen.matter.agreement;
    let title = if agreement.title.is_empty() { &agreement.name } else { &agreement.title };
    json!({
        "title": title,
        "description": "Incidents and zones of an agreement. Assessed by software rules; a human body finds.",
        "links": [
            link("self", "application/json", "/ogc/".into(), "this document"),
            link("service-desc", "application/vnd.oai.openapi+json;version=3.0", "/api/openapi.json".into(), "the description of this service"),
            link("conformance", "application/json", "/ogc/conformance".into(), "what it conforms to"),
            link("data", "application/json", "/ogc/collections".into(), "its collections"),
            link("alternate", "text/html", "/incidents".into(), "the page"),
        ],
    })
}

/// What it conforms to.
pub(crate) fn conformance() -> Value {
    json!({"conformsTo": [
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    ]})
}

fn described(seen: &Seen, asked: &Asked, (name, title, about): (&str, &str, &str)) -> Value {
    let grow = |b: Option<[f64; 4]>, lon: f64, lat: f64| {
        let [w, s, e, n] = b.unwrap_or([lon, lat, lon, lat]);
        Some([w.min(lon), s.min(lat), e.max(lon), n.max(lat)])
    };
    let mut bounds = None;
    let mut times = [json!(null), json!(null)];
    if name == "incidents" {
        for item in &seen.items {
            if let Some((point, _)) = item.spot {
                let [lon, lat] = map::position(point);
                bounds = grow(bounds, lon, lat);
            }
        }
        if let (Some(first), Some(last)) = (seen.items.first(), seen.items.last()) {
            times = [json!(first.when.earliest.to_string()), json!(last.when.latest.to_string())];
        }
    } else {
        for [w, s, e, n] in seen.zones.iter().filter_map(|(_, _, shape)| shape.bounds()) {
            bounds = grow(grow(bounds, w, s), e, n);
        }
    }
    let bounds = bounds.unwrap_or([-180.0, -90.0, 180.0, 90.0]);
    let query = asking::query(seen, asked, &[]);
    json!({
        "id": name,
        "title": title,
        "description": about,
        "itemType": "feature",
        "extent": {
            "spatial": {"bbox": [bounds], "crs": CRS84},
            "temporal": {"interval": [times], "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"},
        },
        "crs": [CRS84],
        "links": [
            link("self", "application/json", format!("/ogc/collections/{name}?{query}"), title),
            link("items", GEOJSON, format!("/ogc/collections/{name}/items?{query}"), title),
        ],
    })
}

/// The collections.
pub(crate) fn collections(seen: &Seen, asked: &Asked) -> Value {
    json!({
        "links": [link("self", "application/json", "/ogc/collections".into(), "this document")],
        "collections": COLLECTIONS.iter().map(|c| described(seen, asked, *c)).collect::<Vec<_>>(),
    })
}

fn known(name: &str) -> Result<(&'static str, &'static str, &'static str), Problem> {
    COLLECTIONS.into_iter().find(|(id, ..)| *id == name).ok_or_else(|| {
        Problem::missing(
            "no-such-collection",
            format!("there is no collection `{name}`; there is `incidents` and `zones`"),
        )
    })
}

/// One collection.
pub(crate) fn collection(seen: &Seen, asked: &Asked, name: &str) -> Result<Value, Problem> {
    Ok(described(seen, asked, known(name)?))
}

/// Items of a collection.
pub(crate) fn items(seen: &Seen, asked: &Asked, name: &str) -> Result<Value, Problem> {
    known(name)?;
    let filter = Filter::of(asked, seen)?;
    let limit = asking::limit(asked, PAGE, LARGEST_PAGE)?;
    let here = |query: String| format!("/ogc/collections/{name}/items?{query}");
    let mut links = vec![link("self", GEOJSON, here(asking::query(seen, asked, &[])), "this page")];
    let (features, matched) = if name == "zones" {
        let drawn = map::zones(&seen.view());
        let touches = |shape: &servanda_model::place::Shape| {
            filter.bbox.is_none_or(|[w, s, e, n]| {
                shape.bounds().is_some_and(|[zw, zs, ze, zn]| {
                    let across = if w <= e { zw <= e && ze >= w } else { ze >= w || zw <= e };
                    across && zs <= n && zn >= s
                })
            })
        };
        let shapes = seen.zones.iter().map(|(called, _, shape)| (called, shape));
        let all: Vec<Value> = drawn
            .into_iter()
            .zip(shapes)
            .filter(|(_, (_, shape))| touches(shape))
            .map(|(mut feature, (called, _))| {
                feature["id"] = json!(called);
                flat(&mut feature);
                feature
            })
            .collect();
        let start: usize = asked.rest.get("after").and_then(|n| n.parse().ok()).unwrap_or(0);
        let matched = all.len();
        let page: Vec<Value> = all.into_iter().skip(start).take(limit).collect();
        let end = start.saturating_add(page.len());
        if end < matched && !page.is_empty() {
            let next = asking::query(seen, asked, &[("after", end.to_string())]);
            links.push(link("next", GEOJSON, here(next), "the next page"));
        }
        (page, matched)
    } else {
        let cursor = asking::cursor(asked)?;
        let meant: Vec<&Item> = seen.items.iter().rev().filter(|item| filter.fits(seen, item)).collect();
        let start = cursor.map_or(0, |(ms, id)| {
            meant.partition_point(|item| (item.when.earliest, item.id.as_str()) >= (ms, id))
        });
        let page = &meant[start..(start + limit).min(meant.len())];
        if let Some(last) = page.last().filter(|_| start + page.len() < meant.len()) {
            let next = asking::query(seen, asked, &[("after", asking::after(last))]);
            links.push(link("next", GEOJSON, here(next), "the next page"));
        }
        (page.iter().map(|item| rows::feature(&seen.line(item))).collect(), meant.len())
    };
    Ok(json!({
        "type": "FeatureCollection",
        "numberMatched": matched,
        "numberReturned": features.len(),
        "timeStamp": seen.board.question.known_at.to_string(),
        "links": links,
        "features": features,
    }))
}

/// Leaves out of a zone's feature what is not flat.
fn flat(feature: &mut Value) {
    if let Some(properties) = feature["properties"].as_object_mut() {
        properties.remove("minus");
        properties.remove("layer");
    }
}

/// One item.
pub(crate) fn item(seen: &Seen, asked: &Asked, name: &str, id: &str) -> Result<Value, Problem> {
    known(name)?;
    let missing = || Problem::missing("no-such-item", format!("`{name}` has no item `{id}`"));
    let mut feature = if name == "zones" {
        let number = seen.zones.iter().position(|(called, ..)| called == id).ok_or_else(missing)?;
        let mut feature = map::zones(&seen.view()).into_iter().nth(number).ok_or_else(missing)?;
        feature["id"] = json!(id);
        flat(&mut feature);
        feature
    } else {
        rows::feature(&seen.line(seen.items.iter().find(|item| item.id.as_str() == id).ok_or_else(missing)?))
    };
    let query = asking::query(seen, asked, &[]);
    let encoded: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    feature["links"] = json!([
        link("self", GEOJSON, format!("/ogc/collections/{name}/items/{encoded}?{query}"), "this item"),
        link("collection", "application/json", format!("/ogc/collections/{name}?{query}"), "its collection"),
    ]);
    Ok(feature)
}
