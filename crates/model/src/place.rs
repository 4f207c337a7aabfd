//! Where things are: points with a doubt, shapes, and the question whether one lies within the other.
//!
//! Containment has three answers, because a place is often known only to a radius. Distances use the mean earth
//! radius on a plane that touches the globe at the point in question, with trigonometry from `libm`: the same bits on
//! every machine, good to 0.5 % within 500 km.

use crate::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A point on the globe, WGS 84.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Serialize, Deserialize)]
pub struct Point {
    /// Degrees north, −90 to 90.
    pub lat: f64,
    /// Degrees east, −180 to 180.
    pub lon: f64,
}

/// Where a record says that something was.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Place {
    /// A zone or a place by name.
    Named(Name),
    /// A point known to a radius.
    Point {
        /// The middle.
        at: Point,
        /// Doubt in metres; 0 where the point is taken as exact.
        radius_m: f64,
    },
}

/// Whether one place lies in another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Within {
    /// Certainly inside.
    Inside,
    /// Certainly outside.
    Outside,
    /// The doubt of the place crosses the border, or the place is not known.
    Unknown,
}

/// One polygon: the outer ring first, then holes. Rings are closed (last point = first).
pub type Polygon = Vec<Vec<Point>>;

/// A side of a directed line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LineSide {
    /// To the left when walking along it.
    Left,
    /// To the right.
    Right,
}

/// The extent of a zone.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Shape {
    /// Polygons; a point in any of them is inside.
    Area(Vec<Polygon>),
    /// A line, in one or more parts. Nothing is inside a line; strips lie along it.
    Line(Vec<Vec<Point>>),
    /// All within a distance of a line, on one side of it or on both.
    Strip {
        /// The line.
        line: Vec<Vec<Point>>,
        /// Metres.
        within_m: f64,
        /// `None` for both sides.
        side: Option<LineSide>,
    },
    /// Within a distance of a point.
    Disc {
        /// Middle.
        at: Point,
        /// Metres.
        radius_m: f64,
    },
    /// In any of them.
    Union(Vec<Shape>),
    /// In the first and not in the second.
    Difference(Box<Shape>, Box<Shape>),
}

/// Shapes and points of names: what the gazetteer and the zone files gave for one agreement.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Places {
    /// Shape of each name that an agreement's zones or records use: oblasts, files, lines.
    pub shapes: BTreeMap<Name, Shape>,
    /// Points of named places (towns), for records that name one.
    pub points: BTreeMap<Name, Point>,
}

const METRES_PER_DEGREE: f64 = 6_371_008.8 * std::f64::consts::PI / 180.0;

/// The plane that touches the globe at a point, in metres from that point.
struct Plane {
    origin: Point,
    metres_per_degree_east: f64,
}

impl Plane {
    fn at(origin: Point) -> Plane {
        Plane { origin, metres_per_degree_east: METRES_PER_DEGREE * libm::cos(origin.lat.to_radians()) }
    }

    fn metres(&self, p: Point) -> (f64, f64) {
        let mut east = p.lon - self.origin.lon;
        if east > 180.0 {
            east -= 360.0;
        } else if east < -180.0 {
            east += 360.0;
        }
        (east * self.metres_per_degree_east, (p.lat - self.origin.lat) * METRES_PER_DEGREE)
    }
}

/// Distance in metres from the origin to the segment `a`–`b`, and the cross product that tells the side
/// (positive: the origin lies to the left of `a → b`).
fn to_segment(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length2 = dx * dx + dy * dy;
    let t = if length2 == 0.0 { 0.0 } else { (-(a.0 * dx + a.1 * dy) / length2).clamp(0.0, 1.0) };
    let (x, y) = (a.0 + t * dx, a.1 + t * dy);
    ((x * x + y * y).sqrt(), dx * -a.1 - dy * -a.0)
}

/// Metres between two points.
pub fn distance_m(a: Point, b: Point) -> f64 {
    let plane = Plane::at(Point { lat: (a.lat + b.lat) / 2.0, lon: a.lon });
    let ((ax, ay), (bx, by)) = (plane.metres(a), plane.metres(b));
    ((ax - bx) * (ax - bx) + (ay - by) * (ay - by)).sqrt()
}

/// Metres from a point to the nearest part of a line, and the side of the line it lies on.
pub fn distance_to_line_m(p: Point, line: &[Vec<Point>]) -> Option<(f64, LineSide)> {
    let plane = Plane::at(p);
    let mut best: Option<(f64, f64)> = None;
    for pair in line.iter().flat_map(|part| part.windows(2)) {
        let (d, cross) = to_segment(plane.metres(pair[0]), plane.metres(pair[1]));
        if best.is_none_or(|(b, c)| d < b - 1e-6 || (d < b + 1e-6 && cross.abs() > c.abs())) {
            best = Some((d, cross));
        }
    }
    best.map(|(d, cross)| (d, if cross > 0.0 { LineSide::Left } else { LineSide::Right }))
}

/// Metres from a point to a ring, where that is at most `limit_m`; else infinity.
fn distance_if_within(p: Point, ring: &[Point], limit_m: f64) -> f64 {
    let plane = Plane::at(p);
    let degrees = limit_m / METRES_PER_DEGREE;
    let mut best = f64::INFINITY;
    for pair in ring.windows(2) {
        let (a, b) = (pair[0].lat - p.lat, pair[1].lat - p.lat);
        if a.min(b) <= degrees && a.max(b) >= -degrees {
            best = best.min(to_segment(plane.metres(pair[0]), plane.metres(pair[1])).0);
        }
    }
    best
}

/// Thirty-two points on the rim of a disc.
fn rim(p: Point, radius_m: f64) -> Vec<Point> {
    let east = METRES_PER_DEGREE * libm::cos(p.lat.to_radians());
    let at = |i: i32| {
        let angle = f64::from(i) * std::f64::consts::PI / 16.0;
        Point {
            lat: p.lat + radius_m * libm::sin(angle) / METRES_PER_DEGREE,
            lon: p.lon + radius_m * libm::cos(angle) / east,
        }
    };
    (0..32).map(at).collect()
}

fn in_ring(p: Point, ring: &[Point]) -> bool {
    let mut inside = false;
    for pair in ring.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if (a.lat > p.lat) != (b.lat > p.lat)
            && p.lon < (b.lon - a.lon) * (p.lat - a.lat) / (b.lat - a.lat) + a.lon
        {
            inside = !inside;
        }
    }
    inside
}

impl Shape {
    /// Whether a point lies inside.
    pub fn covers(&self, p: Point) -> bool {
        match self {
            Shape::Area(polygons) => polygons.iter().any(|rings| {
                let Some((outer, holes)) = rings.split_first() else { return false };
                in_ring(p, outer) && !holes.iter().any(|hole| in_ring(p, hole))
            }),
            Shape::Line(_) => false,
            Shape::Strip { line, within_m, side } => distance_to_line_m(p, line)
                .is_some_and(|(d, on)| d <= *within_m && side.is_none_or(|s| s == on)),
            Shape::Disc { at, radius_m } => distance_m(*at, p) <= *radius_m,
            Shape::Union(shapes) => shapes.iter().any(|s| s.covers(p)),
            Shape::Difference(a, b) => a.covers(p) && !b.covers(p),
        }
    }

    /// Whether a point known to a radius lies inside.
    pub fn contains(&self, p: Point, radius_m: f64) -> Within {
        let inside = |yes| if yes { Within::Inside } else { Within::Outside };
        if radius_m <= 0.0 {
            return inside(self.covers(p));
        }
        let border = |yes: bool, distance_m: f64| match yes {
            true if distance_m >= radius_m => Within::Inside,
            false if distance_m > radius_m => Within::Outside,
            _ => Within::Unknown,
        };
        match self {
            Shape::Area(polygons) => {
                let rings = polygons.iter().flatten();
                border(
                    self.covers(p),
                    rings.map(|r| distance_if_within(p, r, radius_m)).fold(f64::INFINITY, f64::min),
                )
            }
            Shape::Line(_) => Within::Outside,
            Shape::Strip { line, within_m, side } => match distance_to_line_m(p, line) {
                None => Within::Outside,
                Some((d, _)) if side.is_none() => border(d <= *within_m, (d - within_m).abs()),
                Some((d, on)) if *side == Some(on) => border(d <= *within_m, d.min((d - within_m).abs())),
                Some((d, _)) => border(false, d),
            },
            Shape::Disc { at, radius_m: own } => {
                let d = distance_m(*at, p);
                border(d <= *own, (d - own).abs())
            }
            Shape::Union(shapes) => {
                let each: Vec<Within> = shapes.iter().map(|s| s.contains(p, radius_m)).collect();
                if each.contains(&Within::Inside) {
                    Within::Inside
                } else if each.iter().all(|w| *w == Within::Outside) {
                    Within::Outside
                } else {
                    // It may lie across a border that two parts share: inside where its middle and its rim are.
                    let rim = rim(p, radius_m);
                    if self.covers(p) && rim.iter().all(|q| self.covers(*q)) {
                        Within::Inside
                    } else {
                        Within::Unknown
                    }
                }
            }
            Shape::Difference(a, b) => match (a.contains(p, radius_m), b.contains(p, radius_m)) {
                (Within::Outside, _) | (_, Within::Inside) => Within::Outside,
                (Within::Inside, Within::Outside) => Within::Inside,
                _ => Within::Unknown,
            },
        }
    }

    /// West, south, east, north in degrees, for drawing; `None` for an empty shape.
    pub fn bounds(&self) -> Option<[f64; 4]> {
        let grow = |b: Option<[f64; 4]>, p: Point| {
            let b = b.unwrap_or([p.lon, p.lat, p.lon, p.lat]);
            Some([b[0].min(p.lon), b[1].min(p.lat), b[2].max(p.lon), b[3].max(p.lat)])
        };
        match self {
            Shape::Area(polygons) => polygons.iter().flatten().flatten().fold(None, |b, p| grow(b, *p)),
            Shape::Line(parts) | Shape::Strip { line: parts, .. } => {
                parts.iter().flatten().fold(None, |b, p| grow(b, *p))
            }
            Shape::Disc { at, .. } => grow(None, *at),
            Shape::Union(shapes) => shapes
                .iter()
                .filter_map(Shape::bounds)
                .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]),
            Shape::Difference(a, _) => a.bounds(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(lat: f64, lon: f64) -> Point {
        Point { lat, lon }
    }

    fn square() -> Shape {
        Shape::Area(vec![vec![vec![
            p(48.0, 37.0),
            p(48.0, 39.0),
            p(50.0, 39.0),
            p(50.0, 37.0),
            p(48.0, 37.0),
        ]]])
    }

    #[test]
    fn a_doubt_that_crosses_the_border_is_unknown() {
        assert_eq!(square().contains(p(49.0, 38.0), 0.0), Within::Inside);
        assert_eq!(square().contains(p(49.0, 38.0), 25_000.0), Within::Inside);
        assert_eq!(square().contains(p(48.1, 38.0), 25_000.0), Within::Unknown);
        assert_eq!(square().contains(p(47.9, 38.0), 25_000.0), Within::Unknown);
        assert_eq!(square().contains(p(47.0, 38.0), 25_000.0), Within::Outside);
    }

    #[test]
    fn strips_lie_along_a_line_on_a_side() {
        let line = vec![vec![p(48.0, 38.0), p(50.0, 38.0)]];
        let west = Shape::Strip { line: line.clone(), within_m: 25_000.0, side: Some(LineSide::Left) };
        assert_eq!(west.contains(p(49.0, 37.8), 0.0), Within::Inside);
        assert_eq!(west.contains(p(49.0, 38.2), 0.0), Within::Outside);
        assert_eq!(west.contains(p(49.0, 37.0), 0.0), Within::Outside);
        let both = Shape::Strip { line, within_m: 25_000.0, side: None };
        assert_eq!(both.contains(p(49.0, 38.2), 0.0), Within::Inside);
    }

    #[test]
    fn difference_and_union() {
        let hole = Shape::Disc { at: p(49.0, 38.0), radius_m: 10_000.0 };
        let ring = Shape::Difference(Box::new(square()), Box::new(hole.clone()));
        assert_eq!(ring.contains(p(49.0, 38.0), 0.0), Within::Outside);
        assert_eq!(ring.contains(p(49.5, 38.0), 0.0), Within::Inside);
        assert_eq!(Shape::Union(vec![ring, hole]).contains(p(49.0, 38.0), 0.0), Within::Inside);
    }

    #[test]
    fn a_disc_across_a_shared_border_is_inside_the_union() {
        let east = Shape::Area(vec![vec![vec![
            p(48.0, 39.0),
            p(48.0, 41.0),
            p(50.0, 41.0),
            p(50.0, 39.0),
            p(48.0, 39.0),
        ]]]);
        let both = Shape::Union(vec![square(), east]);
        assert_eq!(both.contains(p(49.0, 39.01), 25_000.0), Within::Inside);
        assert_eq!(both.contains(p(48.05, 39.01), 25_000.0), Within::Unknown);
    }

    #[test]
    fn kyiv_to_odesa_is_441_km() {
        let d = distance_m(p(50.4501, 30.5234), p(46.4825, 30.7233));
        assert!((d - 441_500.0).abs() < 2_000.0, "{d}");
    }
}
