//! Directions and distances as monitors write them, and the place that they give: `3-5km ESE` of a position.
//!
//! It knows no town: the position comes as a point with its doubt. It never sharpens: the radius of what comes out covers
//! the whole span of the distance, the whole sector of the wind's name, and the doubt of the position.
//!
//! Invariants
//! - a direction is one of sixteen winds, read as the sector of 22.5° around it, or degrees, read as ± 5°;
//! - what cannot be read is `None`, never a guess.
//!
//! Where to start reading: [`Seen::parse`], then [`Seen::place`].

use servanda_model::{Place, Point};

const WINDS: [&str; 16] =
    ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"];
const METRES_PER_DEGREE: f64 = 6_371_008.8 * std::f64::consts::PI / 180.0;
/// No eye, ear or camera of a monitor reaches farther; a mistyped unit does.
const FARTHEST_M: f64 = 100_000.0;

/// A direction: its middle and how far it may be off, in degrees clockwise from north.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Direction {
    /// Degrees, 0 to 360.
    pub degrees: f64,
    /// Degrees to either side.
    pub doubt: f64,
}

/// Where something was, as seen from somewhere.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Seen {
    /// `None`: only that it was near.
    pub direction: Option<Direction>,
    /// Nearest, in metres.
    pub from_m: f64,
    /// Farthest, in metres.
    pub to_m: f64,
}

impl Direction {
    /// Reads `ESE`, `south-east`, `southeast`, `112` or `112°`.
    ///
    /// # Example
    /// ```
    /// use servanda_evidence::bearing::Direction;
    /// assert_eq!(Direction::parse("ESE").unwrap().degrees, 112.5);
    /// assert_eq!(Direction::parse("south-east").unwrap().degrees, 135.0);
    /// assert_eq!(Direction::parse("400"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Direction> {
        let plain: String =
            text.trim().to_lowercase().chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '°')).collect();
        if let Some(degrees) = crate::geo::decimal(&plain) {
            return (0.0..=360.0).contains(&degrees).then_some(Direction { degrees, doubt: 5.0 });
        }
        if plain.len() > 24 {
            return None;
        }
        let short =
            plain.replace("north", "n").replace("south", "s").replace("east", "e").replace("west", "w");
        let short = short.strip_suffix("ern").unwrap_or(&short).to_uppercase();
        let wind = WINDS.iter().position(|wind| *wind == short)?;
        Some(Direction { degrees: wind as f64 * 22.5, doubt: 11.25 })
    }
}

/// A distance or a span of them in metres: `3km`, `3-5 km`, `150m`, `within 300m`, `about 2 km`.
pub fn distance_m(text: &str) -> Option<(f64, f64)> {
    let text = text.trim().to_lowercase().replace(['–', '—'], "-");
    let about = ["about ", "approximately ", "approx. ", "approx ", "ca. ", "~"];
    let vague = about.iter().find_map(|word| text.strip_prefix(word));
    let within = ["within ", "up to ", "less than ", "<"].iter().find_map(|word| text.strip_prefix(word));
    let body = vague.or(within).unwrap_or(&text).trim();
    let (numbers, factor) = match (body.strip_suffix("km"), body.strip_suffix('m')) {
        (Some(numbers), _) => (numbers, 1000.0),
        (None, Some(numbers)) => (numbers, 1.0),
        (None, None) => return None,
    };
    let metres = |text: &str| {
        let number = crate::geo::decimal(text.trim())? * factor;
        (0.0..=FARTHEST_M).contains(&number).then_some(number)
    };
    let (from, to) = match numbers.trim().split_once('-') {
        Some((from, to)) => (metres(from)?, metres(to)?),
        None => {
            let one = metres(numbers)?;
            match (vague, within) {
                (Some(_), _) => (one * 0.75, one * 1.25),
                (_, Some(_)) => (0.0, one),
                _ => (one, one),
            }
        }
    };
    (from <= to).then_some((from, to))
}

impl Seen {
    /// Reads `3-5km ESE`, `within 300m`, `about 2km south`. What follows (`of Horlivka`) is not read here.
    ///
    /// # Example
    /// ```
    /// use servanda_evidence::bearing::Seen;
    /// let seen = Seen::parse("3-5km ESE").unwrap();
    /// assert_eq!((seen.from_m, seen.to_m, seen.direction.unwrap().degrees), (3000.0, 5000.0, 112.5));
    /// assert_eq!(Seen::parse("somewhere"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Seen> {
        let text = text.trim();
        let lower = text.to_lowercase();
        // The distance ends with its unit; after it stands the direction.
        let end = ["km", "m"].iter().find_map(|unit| {
            lower.match_indices(unit).find(|(at, _)| {
                let before = lower[..*at].trim_end();
                let after = lower[at + unit.len()..].chars().next();
                before.ends_with(|c: char| c.is_ascii_digit()) && after.is_none_or(|c| !c.is_alphanumeric())
            })
        });
        let (at, unit) = end?;
        let split = at + unit.len();
        let (from_m, to_m) = distance_m(lower.get(..split)?)?;
        let rest = lower.get(split..)?.trim().trim_matches(',').trim();
        let direction = if rest.is_empty() { None } else { Some(Direction::parse(rest)?) };
        if direction.is_none() && from_m == to_m {
            // A distance without a direction is a ring: all within it may be meant.
            return Some(Seen { direction, from_m: 0.0, to_m });
        }
        Some(Seen { direction, from_m, to_m })
    }

    /// The point in the middle of what may be meant, with a radius that covers all of it.
    pub fn place(&self, position: Point, doubt_m: f64) -> Place {
        let Some(direction) = self.direction else {
            return Place::Point { at: position, radius_m: self.to_m + doubt_m };
        };
        let middle_m = (self.from_m + self.to_m) / 2.0;
        let at = beside(position, direction.degrees, middle_m);
        // The corners of the sector are farthest from its middle: the law of cosines, at its nearer and farther end.
        let turn = libm::cos(direction.doubt.to_radians());
        let corner = |reach: f64| {
            (middle_m * middle_m + reach * reach - 2.0 * middle_m * reach * turn).max(0.0).sqrt()
        };
        let radius_m = corner(self.from_m).max(corner(self.to_m)) + doubt_m;
        // Whole metres: nobody knows it finer, and the number is the same on every machine.
        Place::Point { at, radius_m: radius_m.ceil() }
    }
}

/// The point at a distance in a direction.
pub fn beside(from: Point, degrees: f64, metres: f64) -> Point {
    let (north, east) = (libm::cos(degrees.to_radians()) * metres, libm::sin(degrees.to_radians()) * metres);
    let lat = (from.lat + north / METRES_PER_DEGREE).clamp(-90.0, 90.0);
    let across = METRES_PER_DEGREE * libm::cos(from.lat.to_radians()).max(0.01);
    let mut lon = from.lon + east / across;
    if lon > 180.0 {
        lon -= 360.0;
    } else if lon < -180.0 {
        lon += 360.0;
    }
    // Six digits are a tenth of a metre.
    Point { lat: libm::round(lat * 1e6) / 1e6, lon: libm::round(lon * 1e6) / 1e6 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use servanda_model::place::distance_m as between;

    #[test]
    fn what_monitors_write_is_read() {
        for (text, from, to, degrees) in [
            ("3-5km ESE", 3000.0, 5000.0, Some(112.5)),
            ("3 – 5 km ESE", 3000.0, 5000.0, Some(112.5)),
            ("150m W", 150.0, 150.0, Some(270.0)),
            ("within 300m", 0.0, 300.0, None),
            ("about 2km south-south-west", 1500.0, 2500.0, Some(202.5)),
            ("1.5km N", 1500.0, 1500.0, Some(0.0)),
            ("500m", 0.0, 500.0, None),
        ] {
            let seen = Seen::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (seen.from_m, seen.to_m, seen.direction.map(|d| d.degrees)),
                (from, to, degrees),
                "{text}"
            );
        }
        for text in ["", "N/K", "far", "5km X", "-5km N", "5-3km N", "1e9km N", "km N", "300 km N", "5 N"] {
            assert_eq!(Seen::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_radius_covers_all_that_may_be_meant() {
        let position = Point { lat: 48.14, lon: 37.74 };
        let seen = Seen::parse("3-5km ESE").unwrap();
        let Place::Point { at, radius_m } = seen.place(position, 50.0) else { panic!() };
        assert!((between(position, at) - 4000.0).abs() < 10.0);
        for (degrees, metres) in
            [(101.25, 3000.0), (101.25, 5000.0), (123.75, 3000.0), (123.75, 5000.0), (112.5, 4500.0)]
        {
            let there = beside(position, degrees, metres);
            assert!(
                between(at, there) <= radius_m,
                "{degrees} {metres}: {} > {radius_m}",
                between(at, there)
            );
        }
        assert!(radius_m < 1500.0, "{radius_m}");
    }
}
