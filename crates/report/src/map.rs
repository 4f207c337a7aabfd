//! Zones and incidents as GeoJSON (RFC 7946), for the local page.
//!
//! This is the local view: places as they were reported, with their radius of doubt. It is not fit for the public,
//! which gets a coarse and delayed picture or none.
//!
//! Invariants
//! - coordinates are longitude, latitude, to four digits (11 m); the radius of doubt goes along, always;
//! - incidents only: no coverage, no objects, no positions of units.
//!
//! A strip is given as pieces that overlap (a box for each stretch of the line, a disc at each corner), which is right
//! for drawing them in one colour and for nothing else.

use crate::extents::Drawn;
use crate::json::{self, Header};
use crate::{View, wording};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use servanda_model::place::{LineSide, Polygon, Shape};
use servanda_model::record::COVERAGE;
use servanda_model::{Instant, Name, Number, Place, Point, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// Incidents that one document holds at most; the latest are kept, and the number left off is said.
pub const INCIDENTS: usize = 20_000;

/// Days before the moment asked for over which a zone's share watched is given.
const WATCHED_DAYS: i64 = 7;

/// The document `map/1`.
#[derive(Serialize)]
pub struct MapJson<F = Value> {
    #[serde(flatten)]
    header: Header,
    /// Always `FeatureCollection`: the whole is GeoJSON.
    r#type: &'static str,
    features: Vec<F>,
    /// Incidents whose place is not known to the gazetteer or not given.
    unplaced: usize,
    /// Incidents beyond [`INCIDENTS`].
    left_off: usize,
}

/// The agreement's zones as GeoJSON features, each with the share of it that was watched lately.
pub fn zones(view: &View<'_>) -> Vec<Value> {
    let coverage = Coverage::of(view);
    view.zones().iter().map(|z| zone_feature(view, z, &coverage)).collect()
}

/// Features of incidents as they were written for the last map of the same agreement, so that the next one writes those that are others.
/// Where the agreement or the records are others, one begins with a new one.
#[derive(Default)]
pub struct Pieces(BTreeMap<RecordId, Piece>);

/// Point, radius of doubt in metres, and how it was placed.
type Placed = (Point, f64, &'static str);

struct Piece {
    /// What it depends on besides the record.
    at: Point,
    radius_m: f64,
    how: &'static str,
    decides: Vec<[String; 2]>,
    text: Box<RawValue>,
}

impl Pieces {
    /// The feature, as it was written where nothing that it depends on is another, else written now.
    fn take(
        &mut self,
        view: &View<'_>,
        record: &Record,
        (at, radius_m, how): Placed,
        decides: Vec<[String; 2]>,
    ) -> serde_json::Result<Piece> {
        let same = |p: &Piece| (p.at, p.radius_m, p.how) == (at, radius_m, how) && p.decides == decides;
        match self.0.remove(&record.id).filter(same) {
            Some(kept) => Ok(kept),
            None => {
                let text = to_raw_value(&feature(view, record, (at, radius_m, how), &decides))?;
                Ok(Piece { at, radius_m, how, decides, text })
            }
        }
    }
}

fn feature(view: &View<'_>, record: &Record, (at, radius_m, how): Placed, decides: &[[String; 2]]) -> Value {
    json!({
        "type": "Feature",
        "id": record.id.as_str(),
        "geometry": {"type": "Point", "coordinates": position(at)},
        "properties": {
            "layer": "incident",
            "fact": record.fact.as_str(),
            "title": wording::record_line(view.agreement, record),
            "when": json::when(view, record.when),
            "recorded": record.recorded.to_string(),
            "radius_m": radius_m.round(),
            "placed": how,
            "grade": record.grade().word(),
            "source": record.source,
            "decides": decides,
            "exercise": record.exercise,
        },
    })
}

/// Zones, and incidents with their radius of doubt.
pub fn map(view: &View<'_>) -> MapJson {
    let Ok(map) = whole::<_, Infallible>(view, Ok, |record, placed, decides| {
        Ok(feature(view, record, placed, &decides))
    });
    map
}

/// The same document, byte for byte, with what stands since the last one.
///
/// # Errors
/// Where a feature cannot be written as JSON, which is a bug.
pub fn map_of(view: &View<'_>, pieces: &mut Pieces) -> serde_json::Result<MapJson<Box<RawValue>>> {
    let mut kept = BTreeMap::new();
    let made = whole(
        view,
        |zone| to_raw_value(&zone),
        |record, placed, decides| {
            let piece = pieces.take(view, record, placed, decides)?;
            let text = piece.text.clone();
            kept.insert(record.id.clone(), piece);
            Ok(text)
        },
    )?;
    pieces.0 = kept;
    Ok(made)
}

fn whole<F, E>(
    view: &View<'_>,
    mut of_zone: impl FnMut(Value) -> Result<F, E>,
    mut of_incident: impl FnMut(&Record, Placed, Vec<[String; 2]>) -> Result<F, E>,
) -> Result<MapJson<F>, E> {
    let zones = view.zones();
    let coverage = Coverage::of(view);
    let mut features = Vec::new();
    for zone in &zones {
        features.push(of_zone(zone_feature(view, zone, &coverage))?);
    }
    let mut decides: BTreeMap<&Name, BTreeSet<(String, String)>> = BTreeMap::new();
    for v in &view.board.verdicts {
        let reasons = v.reasons();
        for cited in reasons.decided_by.iter().chain(&reasons.against) {
            decides.entry(&cited.record).or_default().insert((v.norm.to_string(), v.bearer.to_string()));
        }
    }
    let mut unplaced = 0;
    let mut placed = Vec::new();
    for record in view.incidents() {
        match located(view, &zones, record) {
            Some(where_) => placed.push((record, where_)),
            None => unplaced += 1,
        }
    }
    let left_off = placed.len().saturating_sub(INCIDENTS);
    for (record, where_) in placed.drain(left_off..) {
        let cited = decides.get(&record.id);
        let cited = cited.map(|set| set.iter().map(|(n, b)| [n.clone(), b.clone()]).collect());
        features.push(of_incident(record, where_, cited.unwrap_or_default())?);
    }
    Ok(MapJson {
        header: Header::of("map/1", view),
        r#type: "FeatureCollection",
        features,
        unplaced,
        left_off,
    })
}

/// Where a record lies for drawing: point, radius of doubt in metres, and how it was placed.
pub fn located(view: &View<'_>, zones: &[Drawn], record: &Record) -> Option<Placed> {
    match record.place.as_ref()? {
        Place::Point { at, radius_m } => Some((*at, *radius_m, "point")),
        Place::Named(name) => {
            if let Some(at) = view.places.points.get(name) {
                return Some((*at, 0.0, "named place"));
            }
            let shape = match view.places.shapes.get(name) {
                Some(shape) => shape,
                None => &zones.iter().find(|z| z.zone == *name)?.shape,
            };
            let [west, south, east, north] = shape.bounds()?;
            let middle = Point { lat: (south + north) / 2.0, lon: (west + east) / 2.0 };
            let corner = Point { lat: north, lon: east };
            Some((middle, servanda_model::place::distance_m(middle, corner), "somewhere in a zone"))
        }
    }
}

/// What was reported to be watched: for each zone, stretches with their shares.
pub struct Coverage(BTreeMap<Name, Vec<(Instant, Instant, Number)>>);

impl Coverage {
    /// As known at the moment asked for.
    pub fn of(view: &View<'_>) -> Coverage {
        let mut zones: BTreeMap<Name, Vec<(Instant, Instant, Number)>> = BTreeMap::new();
        for record in view.known() {
            if let (true, Some(Place::Named(zone)), Some(share)) =
                (record.fact == *COVERAGE, &record.place, &record.value)
            {
                let until = record.until.unwrap_or(record.when.latest);
                zones.entry(zone.clone()).or_default().push((record.when.earliest, until, share.clone()));
            }
        }
        Coverage(zones)
    }

    /// Zones of which it was reported.
    pub fn zones(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// The share of a zone that was watched over a stretch, by anybody, by time: at each moment the best report counts.
    /// `None` where no coverage of it was ever reported.
    pub fn watched(&self, zone: &Name, from: Instant, to: Instant) -> Option<Number> {
        let all = self.0.get(zone).filter(|_| from < to)?;
        let reports: Vec<_> = all.iter().filter(|(f, u, _)| *f < to && from < *u).collect();
        let ends = reports.iter().flat_map(|(f, u, _)| [*f, *u]).filter(|t| from < *t && *t < to);
        let cuts: BTreeSet<Instant> = ends.chain([from, to]).collect();
        let cuts: Vec<Instant> = cuts.into_iter().collect();
        let mut seen = Number::zero();
        for pair in cuts.windows(2) {
            let over = reports.iter().filter(|(f, u, _)| *f <= pair[0] && pair[1] <= *u);
            if let Some(best) = over.map(|(_, _, share)| share).max() {
                seen = seen + best.clone() * Number::from(pair[1] - pair[0]);
            }
        }
        seen.over(&Number::from(to - from))
    }
}

fn zone_feature(view: &View<'_>, drawn: &Drawn, coverage: &Coverage) -> Value {
    let zone = view.agreement.zones.get(&drawn.zone);
    let phrase = zone.map(|z| z.phrase.as_str()).filter(|p| !p.is_empty()).unwrap_or(drawn.zone.as_str());
    let marking = zone.map(|z| wording::marking(view.agreement, &z.marking)).unwrap_or_default();
    let args: Vec<String> = drawn.args.iter().map(|(p, v)| format!("{p} {v}")).collect();
    let at = view.board.question.at;
    let share = coverage.watched(&drawn.zone, at + -WATCHED_DAYS * servanda_model::time::DAY, at);
    let (geometry, minus) = geometry(&drawn.shape);
    json!({
        "type": "Feature",
        "id": drawn.zone.as_str(),
        "geometry": geometry,
        "properties": {
            "layer": "zone",
            "name": drawn.zone.as_str(),
            "phrase": phrase,
            "args": args.join(", "),
            "marking": marking,
            "minus": minus,
            "watched": share.as_ref().map(wording::percent),
            "watched_share": share.map(|s| s.to_f64()),
            "watched_days": WATCHED_DAYS,
        },
    })
}

fn geometry(shape: &Shape) -> (Value, Option<Value>) {
    match shape {
        Shape::Line(parts) => {
            let lines: Vec<Vec<[f64; 2]>> =
                parts.iter().map(|l| l.iter().map(|p| position(*p)).collect()).collect();
            (json!({"type": "MultiLineString", "coordinates": lines}), None)
        }
        Shape::Difference(a, b) => (polygons_json(&polygons(a)), Some(polygons_json(&polygons(b)))),
        other => (polygons_json(&polygons(other)), None),
    }
}

fn polygons_json(polygons: &[Polygon]) -> Value {
    let coordinates: Vec<Vec<Vec<[f64; 2]>>> = polygons
        .iter()
        .map(|rings| rings.iter().map(|ring| ring.iter().map(|p| position(*p)).collect()).collect())
        .collect();
    json!({"type": "MultiPolygon", "coordinates": coordinates})
}

pub(crate) fn polygons(shape: &Shape) -> Vec<Polygon> {
    match shape {
        Shape::Area(polygons) => polygons.clone(),
        Shape::Line(_) => Vec::new(),
        Shape::Disc { at, radius_m } => vec![vec![circle(*at, *radius_m)]],
        Shape::Strip { line, within_m, side } => {
            line.iter().flat_map(|part| strip(part, *within_m, *side)).collect()
        }
        Shape::Union(shapes) => shapes.iter().flat_map(polygons).collect(),
        // Inside a union the part taken away cannot be drawn as a hole; the whole is, which is too much, not too little.
        Shape::Difference(a, _) => polygons(a),
    }
}

const METRES_PER_DEGREE: f64 = 111_195.08;

fn offset(p: Point, east_m: f64, north_m: f64) -> Point {
    let shrink = libm::cos(p.lat.to_radians()).abs().max(0.01);
    Point { lat: p.lat + north_m / METRES_PER_DEGREE, lon: p.lon + east_m / (METRES_PER_DEGREE * shrink) }
}

fn circle(at: Point, radius_m: f64) -> Vec<Point> {
    let step = std::f64::consts::TAU / 48.0;
    (0..=48)
        .map(|i| {
            let angle = step * f64::from(i % 48);
            offset(at, radius_m * libm::cos(angle), radius_m * libm::sin(angle))
        })
        .collect()
}

fn strip(line: &[Point], within_m: f64, side: Option<LineSide>) -> Vec<Polygon> {
    let (left, right) = match side {
        None => (within_m, within_m),
        Some(LineSide::Left) => (within_m, 0.0),
        Some(LineSide::Right) => (0.0, within_m),
    };
    let mut pieces: Vec<Polygon> = Vec::new();
    let mut before: Option<(f64, f64)> = None;
    for pair in line.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let shrink = libm::cos(a.lat.to_radians());
        let (dx, dy) = ((b.lon - a.lon) * shrink, b.lat - a.lat);
        let length = (dx * dx + dy * dy).sqrt();
        if length == 0.0 {
            continue;
        }
        // To the left of a → b.
        let normal = (-dy / length, dx / length);
        let out = |p: Point, m: f64| offset(p, normal.0 * m, normal.1 * m);
        pieces.push(vec![vec![out(a, left), out(b, left), out(b, -right), out(a, -right), out(a, left)]]);
        match (side, before) {
            (None, _) => pieces.push(vec![circle(a, within_m)]),
            // At a corner of a one-sided strip: the wedge between the two boxes.
            (Some(_), Some(last)) => {
                let m = if left > 0.0 { left } else { -right };
                pieces.push(vec![vec![a, offset(a, last.0 * m, last.1 * m), out(a, m), a]]);
            }
            (Some(_), None) => {}
        }
        before = Some(normal);
    }
    if let (None, Some(end)) = (side, line.last()) {
        pieces.push(vec![circle(*end, within_m)]);
    }
    pieces
}

/// Longitude and latitude to four digits.
pub fn position(p: Point) -> [f64; 2] {
    let round = |x: f64| (x * 10_000.0).round() / 10_000.0;
    [round(p.lon), round(p.lat)]
}
