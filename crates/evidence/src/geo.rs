//! Shapes out of GeoJSON and TopoJSON, and coordinates out of text.
//!
//! It checks that a shape can be used (ranges, sizes, closed rings) and does not judge whether it is sensible: rings that
//! cross themselves are taken as they are. A ring whose last point is not its first is closed.
//!
//! Limits: [`MAX_BYTES`] of a file, [`MAX_FEATURES`], [`MAX_POINTS`].

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use servanda_model::Point;
use servanda_model::place::{Polygon, Shape};
use std::collections::BTreeMap;
use std::fmt;

/// Largest zone file.
pub const MAX_BYTES: usize = 32 << 20;
/// Most features of a file.
pub const MAX_FEATURES: usize = 2_000_000;
/// Most points of a zone.
pub const MAX_POINTS: usize = 200_000;

/// A finite decimal number, as JSON writes one; no comma, no blank, no words.
pub fn decimal(text: &str) -> Option<f64> {
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    let plain = text.len() <= 64 && text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    (digits && plain).then(|| text.parse::<f64>().ok())?.filter(|n| n.is_finite())
}

/// The members of a list, unread, up to [`MAX_FEATURES`].
struct Members<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Vec<&'de RawValue>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of features")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(raw) = seq.next_element()? {
                    if all.len() == MAX_FEATURES {
                        return Err(serde::de::Error::custom(format!("more than {MAX_FEATURES} features")));
                    }
                    all.push(raw);
                }
                Ok(all)
            }
        }
        deserializer.deserialize_seq(List).map(Members)
    }
}

/// The two members of the outermost object that count here.
#[derive(Default)]
struct Outer<'a> {
    kind: Option<String>,
    features: Option<Vec<&'a RawValue>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Outer<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Outer<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a GeoJSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outer<'de>, A::Error> {
                let mut outer = Outer::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "type" => outer.kind = Some(map.next_value()?),
                        "features" => outer.features = Some(map.next_value::<Members<'de>>()?.0),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(outer)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The members of a JSON list, unread.
pub fn members(text: &str) -> Result<Vec<&str>, String> {
    let all: Members<'_> = serde_json::from_str(text).map_err(|e| format!("the list is not JSON: {e}"))?;
    Ok(all.0.into_iter().map(RawValue::get).collect())
}

/// A circle that holds all of these circles: around the middle of their bounds. `None` where there are none.
pub fn circle_around(circles: &[(Point, f64)]) -> Option<(Point, f64)> {
    let first = circles.first()?.0;
    let (mut south, mut north, mut west, mut east) = (first.lat, first.lat, first.lon, first.lon);
    for (at, _) in circles {
        (south, north) = (south.min(at.lat), north.max(at.lat));
        (west, east) = (west.min(at.lon), east.max(at.lon));
    }
    let middle = Point { lat: (south + north) / 2.0, lon: (west + east) / 2.0 };
    let reach = |(at, radius): &(Point, f64)| servanda_model::place::distance_m(middle, *at) + radius;
    let radius = circles.iter().map(reach).fold(0.0, f64::max);
    Some((middle, if circles.len() == 1 { radius } else { radius.ceil() }))
}

fn outer(text: &str) -> Result<Outer<'_>, String> {
    serde_json::from_str(text).map_err(|e| format!("the file is not GeoJSON: {e}"))
}

/// The features of a collection, unread.
pub fn features(text: &str) -> Result<Vec<&RawValue>, String> {
    let outer = outer(text)?;
    match (outer.kind.as_deref(), outer.features) {
        (Some("FeatureCollection"), Some(features)) => Ok(features),
        (kind, _) => Err(format!("the file is a `{}`", kind.unwrap_or("JSON object without a type"))),
    }
}

/// Why a shape cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ShapeFault {
    /// Feature, from 1, where the file has several.
    pub feature: Option<usize>,
    /// Why.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

fn fault(feature: Option<usize>, reason: impl Into<String>, remedy: impl Into<String>) -> ShapeFault {
    ShapeFault { feature, reason: reason.into(), remedy: remedy.into() }
}

/// The shape of a whole file: all of its polygons, or all of its lines.
pub fn shape_of_file(bytes: &[u8]) -> Result<Shape, ShapeFault> {
    if bytes.len() > MAX_BYTES {
        let reason = format!("the file has {} MB and may have {}", bytes.len() >> 20, MAX_BYTES >> 20);
        return Err(fault(None, reason, "simplify the shape"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|e| {
        fault(None, format!("byte {} of the file is not UTF-8", e.valid_up_to()), "save the file as UTF-8")
    })?;
    let kind = outer(text).map_err(|reason| fault(None, reason, "write it as RFC 7946 says"))?;
    let mut parts = Parts::default();
    match (kind.kind.as_deref(), kind.features) {
        (Some("FeatureCollection"), Some(features)) => {
            for (i, raw) in features.iter().enumerate() {
                parts.feature(raw.get(), Some(i + 1))?;
            }
        }
        (Some("FeatureCollection"), None) => {
            return Err(fault(None, "the collection has no `features`", "write it as RFC 7946 says"));
        }
        _ => parts.feature(text, None)?,
    }
    parts.shape()
}

#[derive(Deserialize)]
struct RawFeature<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(borrow)]
    geometry: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawGeometry<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    coordinates: Option<&'a RawValue>,
    #[serde(borrow)]
    geometries: Option<Vec<&'a RawValue>>,
}

type Positions = Vec<Vec<f64>>;

#[derive(Default)]
struct Parts {
    polygons: Vec<Polygon>,
    lines: Vec<Vec<Point>>,
    points: usize,
}

impl Parts {
    fn feature(&mut self, raw: &str, number: Option<usize>) -> Result<(), ShapeFault> {
        let unreadable = |e: serde_json::Error| {
            fault(number, format!("it cannot be read: {e}"), "write it as RFC 7946 says")
        };
        let feature: RawFeature<'_> = serde_json::from_str(raw).map_err(unreadable)?;
        if feature.kind.as_deref() != Some("Feature") {
            return self.geometry(raw, number, 0);
        }
        match feature.geometry {
            Some(geometry) if geometry.get() != "null" => self.geometry(geometry.get(), number, 0),
            _ => Ok(()),
        }
    }

    fn geometry(&mut self, raw: &str, number: Option<usize>, depth: usize) -> Result<(), ShapeFault> {
        let unreadable = |e: serde_json::Error| {
            fault(
                number,
                format!("its geometry cannot be read: {e}"),
                "write it as RFC 7946 says: `[longitude, latitude]`",
            )
        };
        let geometry: RawGeometry<'_> = serde_json::from_str(raw).map_err(unreadable)?;
        let coordinates = geometry.coordinates.map_or("null", RawValue::get);
        match geometry.kind.as_str() {
            "Polygon" => {
                let rings: Vec<Positions> = serde_json::from_str(coordinates).map_err(unreadable)?;
                self.polygon(rings, number)
            }
            "MultiPolygon" => {
                let polygons: Vec<Vec<Positions>> = serde_json::from_str(coordinates).map_err(unreadable)?;
                polygons.into_iter().try_for_each(|rings| self.polygon(rings, number))
            }
            "LineString" => {
                let line: Positions = serde_json::from_str(coordinates).map_err(unreadable)?;
                self.line(line, number)
            }
            "MultiLineString" => {
                let lines: Vec<Positions> = serde_json::from_str(coordinates).map_err(unreadable)?;
                lines.into_iter().try_for_each(|line| self.line(line, number))
            }
            "GeometryCollection" if depth < 8 => {
                let members = geometry.geometries.unwrap_or_default();
                members.into_iter().try_for_each(|g| self.geometry(g.get(), number, depth + 1))
            }
            other => {
                let remedy = "a zone is a Polygon, a MultiPolygon, a LineString or a MultiLineString; for a circle write \
                              `within N km of point LAT LON`";
                Err(fault(
                    number,
                    format!("its geometry is a `{}`", other.chars().take(40).collect::<String>()),
                    remedy,
                ))
            }
        }
    }

    fn position(&mut self, position: &[f64], number: Option<usize>) -> Result<Point, ShapeFault> {
        self.points += 1;
        if self.points > MAX_POINTS {
            let reason = format!("the shape has more than {MAX_POINTS} points");
            return Err(fault(number, reason, "simplify it: 100 m is finer than most borders are known"));
        }
        let &[lon, lat, ..] = position else {
            return Err(fault(
                number,
                "a position has fewer than two numbers",
                "write `[longitude, latitude]`",
            ));
        };
        let fits = |lat: f64, lon: f64| (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
        if fits(lat, lon) {
            return Ok(Point { lat, lon });
        }
        let remedy = if fits(lon, lat) {
            "GeoJSON writes the longitude first: exchange the two numbers"
        } else {
            "give degrees of WGS 84, the longitude first; other projections have to be converted"
        };
        Err(fault(number, format!("the position [{lon}, {lat}] is not on the globe"), remedy))
    }

    fn ring(&mut self, positions: Positions, number: Option<usize>) -> Result<Vec<Point>, ShapeFault> {
        let mut ring = Vec::with_capacity(positions.len().min(MAX_POINTS));
        for position in positions {
            ring.push(self.position(&position, number)?);
        }
        if let (Some(first), Some(last)) = (ring.first().copied(), ring.last().copied())
            && first != last
        {
            ring.push(first);
        }
        if ring.len() < 4 {
            return Err(fault(
                number,
                "a ring has fewer than three corners",
                "a polygon needs three or more",
            ));
        }
        Ok(ring)
    }

    fn polygon(&mut self, rings: Vec<Positions>, number: Option<usize>) -> Result<(), ShapeFault> {
        let polygon =
            rings.into_iter().map(|ring| self.ring(ring, number)).collect::<Result<Polygon, ShapeFault>>()?;
        if polygon.is_empty() {
            return Err(fault(number, "a polygon has no ring", "give its outer ring"));
        }
        self.polygons.push(polygon);
        Ok(())
    }

    fn line(&mut self, positions: Positions, number: Option<usize>) -> Result<(), ShapeFault> {
        let mut line = Vec::with_capacity(positions.len().min(MAX_POINTS));
        for position in positions {
            line.push(self.position(&position, number)?);
        }
        if line.len() < 2 {
            return Err(fault(number, "a line has fewer than two points", "give two or more"));
        }
        self.lines.push(line);
        Ok(())
    }

    fn shape(self) -> Result<Shape, ShapeFault> {
        match (self.polygons.is_empty(), self.lines.is_empty()) {
            (false, true) => Ok(Shape::Area(self.polygons)),
            (true, false) => Ok(Shape::Line(self.lines)),
            (true, true) => Err(fault(None, "the file has no shape", "give at least one polygon or line")),
            (false, false) => Err(fault(
                None,
                "the file has polygons and lines",
                "put them into two files: one zone is one of both",
            )),
        }
    }
}

/// The named features of an embedded collection, each with its properties. For data that ships with the program.
pub fn named_shapes(text: &str, property: &str) -> Vec<(String, Shape)> {
    #[derive(Deserialize)]
    struct Named {
        properties: BTreeMap<String, Value>,
    }
    let mut out = Vec::new();
    for raw in features(text).unwrap_or_default() {
        let named = serde_json::from_str::<Named>(raw.get()).ok();
        let name = named.and_then(|f| f.properties.get(property)?.as_str().map(String::from));
        let mut parts = Parts::default();
        if let (Some(name), Ok(())) = (name, parts.feature(raw.get(), None))
            && let Ok(shape) = parts.shape()
        {
            out.push((name, shape));
        }
    }
    out
}

#[derive(Deserialize)]
struct Topology {
    transform: Transform,
    objects: BTreeMap<String, TopologyObject>,
    arcs: Vec<Vec<[f64; 2]>>,
}

#[derive(Deserialize)]
struct Transform {
    scale: [f64; 2],
    translate: [f64; 2],
}

#[derive(Deserialize)]
struct TopologyObject {
    geometries: Vec<TopologyGeometry>,
}

#[derive(Deserialize)]
struct TopologyGeometry {
    #[serde(rename = "type")]
    kind: String,
    arcs: Value,
    properties: BTreeMap<String, Value>,
}

/// The named areas of an object of an embedded TopoJSON file.
pub fn topology_areas(text: &str, object: &str) -> BTreeMap<String, Shape> {
    let Ok(topology) = serde_json::from_str::<Topology>(text) else { return BTreeMap::new() };
    let (scale, translate) = (topology.transform.scale, topology.transform.translate);
    let arcs: Vec<Vec<Point>> = topology
        .arcs
        .iter()
        .map(|arc| {
            let (mut x, mut y) = (0.0, 0.0);
            arc.iter()
                .map(|[dx, dy]| {
                    x += dx;
                    y += dy;
                    Point { lat: y * scale[1] + translate[1], lon: x * scale[0] + translate[0] }
                })
                .collect()
        })
        .collect();
    let ring = |indices: &Vec<i64>| {
        let mut ring: Vec<Point> = Vec::new();
        for index in indices {
            let (at, backwards) = if *index < 0 { (!*index, true) } else { (*index, false) };
            let mut arc = usize::try_from(at).ok().and_then(|at| arcs.get(at)).cloned().unwrap_or_default();
            if backwards {
                arc.reverse();
            }
            ring.extend(arc.into_iter().skip(usize::from(!ring.is_empty())));
        }
        ring
    };
    let mut out = BTreeMap::new();
    for geometry in topology.objects.get(object).map_or(&[][..], |o| &o.geometries) {
        let polygons: Vec<Vec<Vec<i64>>> = match geometry.kind.as_str() {
            "Polygon" => serde_json::from_value(geometry.arcs.clone()).map(|p| vec![p]).unwrap_or_default(),
            _ => serde_json::from_value(geometry.arcs.clone()).unwrap_or_default(),
        };
        let polygons = polygons.iter().map(|rings| rings.iter().map(&ring).collect()).collect();
        if let Some(name) = geometry.properties.get("name").and_then(Value::as_str) {
            out.insert(name.to_string(), Shape::Area(polygons));
        }
    }
    out
}

/// One outline around areas that share their borders point by point: edges that two of them have are inside.
pub fn dissolve<'a>(areas: impl IntoIterator<Item = &'a Shape>) -> Shape {
    /// A position as a key: units of 10⁻⁹ degrees, in which the source's last digits do not differ any more.
    type Key = (i64, i64);
    let key = |p: &Point| -> Key { ((p.lon * 1e9).round() as i64, (p.lat * 1e9).round() as i64) };
    let mut edges: BTreeMap<(Key, Key), usize> = BTreeMap::new();
    let mut points: BTreeMap<Key, Point> = BTreeMap::new();
    for shape in areas {
        let Shape::Area(polygons) = shape else { continue };
        for pair in polygons.iter().flatten().flat_map(|ring| ring.windows(2)) {
            let (a, b) = (key(&pair[0]), key(&pair[1]));
            points.insert(a, pair[0]);
            points.insert(b, pair[1]);
            if a != b {
                *edges.entry((a.min(b), a.max(b))).or_default() += 1;
            }
        }
    }
    let mut neighbours: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
    for ((a, b), _) in edges.into_iter().filter(|(_, times)| *times == 1) {
        neighbours.entry(a).or_default().push(b);
        neighbours.entry(b).or_default().push(a);
    }
    let mut polygons = Vec::new();
    while let Some((&start, _)) = neighbours.iter().find(|(_, next)| !next.is_empty()) {
        let mut ring = vec![points[&start]];
        let mut at = start;
        while let Some(next) = neighbours.get_mut(&at).and_then(Vec::pop) {
            if let Some(back) = neighbours.get_mut(&next)
                && let Some(i) = back.iter().position(|k| *k == at)
            {
                back.swap_remove(i);
            }
            ring.push(points[&next]);
            at = next;
        }
        neighbours.retain(|_, next| !next.is_empty());
        polygons.push(vec![ring]);
    }
    Shape::Area(polygons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        for (text, number) in [("48.5", 48.5), ("-0.1", -0.1), ("1e1", 10.0), ("+3", 3.0), (".5", 0.5)] {
            assert_eq!(decimal(text), Some(number), "{text}");
        }
        for text in ["", "-", "48,5", "nan", "inf", "1e999", "48.5N", " 1", "e"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn two_squares_with_a_common_side_are_one_outline() {
        let square = |lon: f64| {
            let p = |lat, lon| Point { lat, lon };
            Shape::Area(vec![vec![vec![
                p(0.0, lon),
                p(0.0, lon + 1.0),
                p(1.0, lon + 1.0),
                p(1.0, lon),
                p(0.0, lon),
            ]]])
        };
        let Shape::Area(polygons) = dissolve([&square(0.0), &square(1.0)]) else { panic!("no area") };
        assert_eq!(polygons.len(), 1);
        assert_eq!(polygons[0][0].len(), 7);
        assert_eq!(polygons[0][0].first(), polygons[0][0].last());
    }
}
