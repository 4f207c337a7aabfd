//! The annex map as SVG: zones and points in a plain projection, no base map, nothing fetched.
//!
//! What it deliberately does not do: draw a frontier, a unit or a direction.
//!
//! Invariants
//! - no text of a record stands in it; the table beside it is its text alternative.
//!
//! Where to start reading: [`svg`]. Tests: `tests/document.rs` of this crate.

use super::Spot;
use crate::extents::Drawn;
use crate::map;
use servanda_model::Point;
use servanda_model::place::Shape;

const WIDTH: f64 = 720.0;

/// The picture; `None` where there is nothing to draw.
pub fn svg(zones: &[Drawn], points: &[Spot]) -> Option<String> {
    let mut areas: Vec<Vec<Vec<Point>>> = Vec::new();
    let mut lines: Vec<Vec<Point>> = Vec::new();
    for zone in zones {
        match &zone.shape {
            Shape::Line(parts) => lines.extend(parts.iter().cloned()),
            other => areas.extend(map::polygons(other)),
        }
    }
    let spots = points.iter().map(|p| Point { lat: p.lat, lon: p.lon });
    let all: Vec<Point> =
        areas.iter().flatten().flatten().chain(lines.iter().flatten()).copied().chain(spots).collect();
    let first = all.first()?;
    let (mut west, mut east, mut south, mut north) = (first.lon, first.lon, first.lat, first.lat);
    for p in &all {
        (west, east) = (west.min(p.lon), east.max(p.lon));
        (south, north) = (south.min(p.lat), north.max(p.lat));
    }
    let edge = ((east - west).max(north - south) * 0.04).max(0.05);
    (west, east, south, north) = (west - edge, east + edge, south - edge, north + edge);
    let shrink = libm::cos(((south + north) / 2.0).to_radians()).abs().max(0.05);
    let scale = WIDTH / ((east - west) * shrink);
    let height = ((north - south) * scale).clamp(60.0, 1200.0);
    let at = |p: &Point| (((p.lon - west) * shrink * scale), ((north - p.lat) * scale));
    let path = |ring: &[Point], close: bool| {
        let mut d = String::new();
        let mut last = (f64::MIN, f64::MIN);
        for (i, p) in ring.iter().enumerate() {
            let (x, y) = at(p);
            // Half a pixel is not seen, and a coast has many points.
            if (x - last.0).abs() + (y - last.1).abs() > 0.7 || i + 1 == ring.len() {
                d.push_str(&format!("{}{x:.1} {y:.1}", if d.is_empty() { "M" } else { "L" }));
                last = (x, y);
            }
        }
        if close { d + "Z" } else { d }
    };
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" aria-hidden=\"true\">"
    );
    for polygon in &areas {
        let d: String = polygon.iter().map(|ring| path(ring, true)).collect();
        out.push_str(&format!(
            "<path class=\"z\" fill=\"#2b6cb0\" fill-opacity=\"0.12\" stroke=\"#2b6cb0\" fill-rule=\"evenodd\" d=\"{d}\"/>"
        ));
    }
    for line in &lines {
        out.push_str(&format!(
            "<path class=\"l\" fill=\"none\" stroke=\"#2b6cb0\" stroke-width=\"2\" d=\"{}\"/>",
            path(line, false)
        ));
    }
    for p in points {
        let (x, y) = at(&Point { lat: p.lat, lon: p.lon });
        let r = (2.5 + libm::sqrt(p.events.clamp(1, 400) as f64) / 2.0).min(10.0);
        out.push_str(&format!(
            "<circle class=\"p\" fill=\"#b3261e\" fill-opacity=\"0.7\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r:.1}\"/>"
        ));
    }
    out.push_str("</svg>");
    Some(out)
}
