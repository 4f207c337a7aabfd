//! The places of the exercise: a short list of towns, each with its oblast. Nothing is ever placed finer.

use servanda_model::{Place, Point};

/// A town.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Town {
    /// Its name in the gazetteer.
    pub name: &'static str,
    /// Its oblast.
    pub oblast: &'static str,
    /// Its middle, to a hundredth of a degree.
    pub at: Point,
    /// How much happens there when something happens somewhere.
    weight: f64,
}

/// The least doubt of a place, in metres.
pub const LEAST_RADIUS_M: f64 = 5_000.0;

const fn town(name: &'static str, oblast: &'static str, lat: f64, lon: f64, weight: f64) -> Town {
    Town { name, oblast, at: Point { lat, lon }, weight }
}

/// All towns, oblast by oblast.
pub const TOWNS: [Town; 16] = [
    town("Kharkiv", "Kharkiv", 49.98, 36.25, 3.0),
    town("Kupiansk", "Kharkiv", 49.71, 37.62, 2.0),
    town("Izium", "Kharkiv", 49.21, 37.25, 1.0),
    town("Kramatorsk", "Donetsk", 48.72, 37.56, 3.0),
    town("Pokrovsk", "Donetsk", 48.28, 37.18, 3.0),
    town("Zaporizhzhia", "Zaporizhzhia", 47.85, 35.12, 2.0),
    town("Orikhiv", "Zaporizhzhia", 47.57, 35.79, 1.0),
    town("Kherson", "Kherson", 46.66, 32.62, 3.0),
    town("Sumy", "Sumy", 50.91, 34.80, 2.0),
    town("Konotop", "Sumy", 51.24, 33.21, 1.0),
    town("Chernihiv", "Chernihiv", 51.51, 31.28, 1.0),
    town("Dnipro", "Dnipropetrovsk", 48.45, 34.98, 2.0),
    town("Nikopol", "Dnipropetrovsk", 47.57, 34.41, 1.0),
    town("Mykolaiv", "Mykolaiv", 46.97, 32.00, 1.0),
    town("Odesa", "Odesa", 46.48, 30.73, 1.0),
    town("Poltava", "Poltava", 49.59, 34.55, 0.5),
];

/// Oblasts and the indices of their towns.
pub(crate) fn oblasts() -> Vec<(&'static str, Vec<usize>)> {
    let mut out: Vec<(&str, Vec<usize>)> = Vec::new();
    for (index, town) in TOWNS.iter().enumerate() {
        match out.last_mut() {
            Some((oblast, towns)) if *oblast == town.oblast => towns.push(index),
            _ => out.push((town.oblast, vec![index])),
        }
    }
    out
}

impl Town {
    pub(crate) fn weight(&self) -> f64 {
        self.weight
    }

    /// The town as a place, known to a radius that is never below five kilometres.
    pub(crate) fn place(&self, radius_m: f64) -> Place {
        Place::Point { at: self.at, radius_m: radius_m.max(LEAST_RADIUS_M) }
    }
}
