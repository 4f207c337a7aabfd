//! Where zones lie: an agreement's extents made into shapes, and the question whether a place lies in a zone.
//!
//! What it does not do: decide anything but containment. A zone that cannot be resolved contains everything only
//! possibly.

use servanda_model::agreement::{Agreement, Extent, Zone, ZoneCase};
use servanda_model::place::{LineSide, Shape};
use servanda_model::{Instant, Name, Number, Place, Places, Point, Within};

/// A value that a zone's extent needs: a length in metres, or a name.
pub enum Needed {
    /// Metres.
    Length(Number),
    /// A party or class value.
    Name(Name),
}

/// Values of an extent's expressions, given by the caller who knows the instance and the record.
pub trait Given {
    /// The value of an expression; `None` where it is not known.
    fn given(&self, value: &servanda_model::agreement::Value) -> Option<Needed>;
}

/// The case of a zone that stands for these arguments at an instant.
pub fn case<'z>(
    zone: &'z Zone,
    args: &[Option<Name>],
    agreement: &Agreement,
    at: Instant,
) -> Option<&'z ZoneCase> {
    zone.cases.iter().find(|case| {
        let valid = case.from.is_none_or(|f| f <= at) && case.until.is_none_or(|u| at <= u);
        valid
            && case.guards.iter().all(|(param, wanted)| {
                let index = zone.params.iter().position(|(p, _)| p == param);
                let value = index.and_then(|i| args.get(i)).and_then(Option::as_ref);
                value.is_some_and(|v| v == wanted || agreement.parties_of(wanted, at).contains(v))
            })
    })
}

/// The shape of an extent; `None` where something that it needs is not known.
pub fn shape(
    agreement: &Agreement,
    places: &Places,
    extent: &Extent,
    given: &dyn Given,
    at: Instant,
) -> Option<Shape> {
    match extent {
        Extent::Given(name) => places.shapes.get(name).cloned(),
        Extent::Zone(zone) => of_zone(agreement, places, &zone.zone, &[], given, at),
        Extent::Strip { line, within, side } => {
            let zone = agreement.zones.get(&line.zone)?;
            let Shape::Line(parts) = of_zone(agreement, places, &line.zone, &[], given, at)? else {
                return None;
            };
            let Needed::Length(metres) = given.given(within)? else { return None };
            let side = match side {
                None => None,
                Some(value) => {
                    let Needed::Name(whose) = given.given(value)? else { return None };
                    let (left, right) = zone.sides.as_ref()?;
                    let is = |name: &Name| *name == whose || agreement.parties_of(name, at).contains(&whose);
                    Some(match (is(left), is(right)) {
                        (true, _) => LineSide::Left,
                        (_, true) => LineSide::Right,
                        _ => return None,
                    })
                }
            };
            Some(Shape::Strip { line: parts, within_m: metres.to_f64(), side })
        }
        Extent::Disc { at: middle, within } => match given.given(within)? {
            Needed::Length(metres) => Some(Shape::Disc { at: *middle, radius_m: metres.to_f64() }),
            Needed::Name(_) => None,
        },
        Extent::Union(all) => {
            let shapes: Option<Vec<Shape>> =
                all.iter().map(|e| shape(agreement, places, e, given, at)).collect();
            Some(Shape::Union(shapes?))
        }
        Extent::Difference(a, b) => Some(Shape::Difference(
            Box::new(shape(agreement, places, a, given, at)?),
            Box::new(shape(agreement, places, b, given, at)?),
        )),
    }
}

/// The shape of a zone for its arguments at an instant.
pub fn of_zone(
    agreement: &Agreement,
    places: &Places,
    zone: &Name,
    args: &[Option<Name>],
    given: &dyn Given,
    at: Instant,
) -> Option<Shape> {
    let case = case(agreement.zones.get(zone)?, args, agreement, at)?;
    shape(agreement, places, &case.extent, given, at)
}

/// Whether a zone is another or, by its union, one of its parts.
pub fn is_part_of(agreement: &Agreement, part: &Name, whole: &Name) -> bool {
    fn holds(agreement: &Agreement, part: &Name, extent: &Extent, depth: u8) -> bool {
        match extent {
            Extent::Given(name) => name == part,
            Extent::Zone(zone) => {
                zone.zone == *part || (depth > 0 && within(agreement, part, &zone.zone, depth - 1))
            }
            Extent::Union(all) => all.iter().any(|e| holds(agreement, part, e, depth)),
            _ => false,
        }
    }
    fn within(agreement: &Agreement, part: &Name, whole: &Name, depth: u8) -> bool {
        agreement
            .zones
            .get(whole)
            .is_some_and(|z| z.cases.iter().any(|c| holds(agreement, part, &c.extent, depth)))
    }
    part == whole || within(agreement, part, whole, 8)
}

/// Whether a place lies in a shape. A named area lies inside where a sample of points within it does, outside where none
/// of them lies in the shape and none of the shape's in it. The sample is taken near its corners, a little inwards, so
/// that a border which both share decides nothing.
pub fn contains(places: &Places, shape: &Shape, place: &Place) -> Within {
    match place {
        Place::Point { at, radius_m } => shape.contains(*at, *radius_m),
        Place::Named(name) => match (places.points.get(name), places.shapes.get(name)) {
            (Some(point), _) => shape.contains(*point, 0.0),
            (None, Some(area)) => {
                let within = sample(area);
                let inside = within.iter().filter(|p| shape.covers(**p)).count();
                match inside {
                    0 if !sample(shape).iter().any(|p| area.covers(*p)) => Within::Outside,
                    n if n == within.len() && n > 0 => Within::Inside,
                    _ => Within::Unknown,
                }
            }
            (None, None) => Within::Unknown,
        },
    }
}

/// At most sixty-four points inside a shape: corners moved a fiftieth of the way to their middle.
fn sample(shape: &Shape) -> Vec<Point> {
    let corners = corners(shape);
    if corners.len() < 2 {
        return corners;
    }
    let n = corners.len() as f64;
    let sum = corners.iter().fold((0.0, 0.0), |(lat, lon), p| (lat + p.lat, lon + p.lon));
    let middle = Point { lat: sum.0 / n, lon: sum.1 / n };
    let step = corners.len().div_ceil(64);
    let inwards = |p: &Point| Point {
        lat: p.lat + (middle.lat - p.lat) / 50.0,
        lon: p.lon + (middle.lon - p.lon) / 50.0,
    };
    corners.iter().step_by(step).map(inwards).filter(|p| shape.covers(*p)).collect()
}

fn corners(shape: &Shape) -> Vec<Point> {
    match shape {
        Shape::Area(polygons) => polygons.iter().filter_map(|p| p.first()).flatten().copied().collect(),
        Shape::Line(parts) | Shape::Strip { line: parts, .. } => parts.iter().flatten().copied().collect(),
        Shape::Disc { at, .. } => vec![*at],
        Shape::Union(all) => all.iter().flat_map(corners).collect(),
        Shape::Difference(a, _) => corners(a),
    }
}
