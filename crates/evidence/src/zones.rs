//! The shapes and points that an agreement and its records name: from zone files, else from the gazetteer.
//!
//! It computes nothing on shapes: strips, unions and differences stay rules of the agreement and are the engine's.
//!
//! Invariants
//! - every name of `Extent::Given` and every named place of a record is in [`Places`] under that very name, is a zone of
//!   the agreement, or has a [`ZoneProblem`];
//! - a zone file is used as a whole or not at all.

use crate::{codes, gazetteer, geo};
use servanda_model::agreement::Extent;
use servanda_model::{Agreement, Name, Place, Places, Record, Records};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A name without a shape, or a file that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneProblem {
    /// Stable code, with a page: [`codes`].
    pub code: &'static str,
    /// Name or file, as the agreement or the record has it.
    pub name: Name,
    /// The agreement's zones that need it; empty where only records do.
    pub zones: Vec<Name>,
    /// How many records need it.
    pub records: usize,
    /// The feature of a file, from 1.
    pub feature: Option<usize>,
    /// Why.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for ZoneProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] `{}`", self.code, self.name)?;
        if let Some(feature) = self.feature {
            write!(f, ", feature {feature}")?;
        }
        match (self.zones.as_slice(), self.records) {
            ([], 0) => {}
            ([], n) => write!(f, " (named by {n} records)")?,
            (zones, _) => {
                let zones: Vec<&str> = zones.iter().map(Name::as_str).collect();
                write!(f, " (for {})", zones.join(", "))?;
            }
        }
        write!(f, ": {}; {}", self.reason, self.remedy)
    }
}

/// Names that an extent takes from outside the agreement.
fn given<'a>(extent: &'a Extent, names: &mut Vec<&'a Name>) {
    match extent {
        Extent::Given(name) => names.push(name),
        Extent::Zone(_) | Extent::Strip { .. } | Extent::Disc { .. } => {}
        Extent::Union(parts) => parts.iter().for_each(|part| given(part, names)),
        Extent::Difference(from, what) => {
            given(from, names);
            given(what, names);
        }
    }
}

/// Every shape and point that the agreement's zones and the records need.
///
/// `files` are zone files by the name that the agreement gives them.
pub fn places(
    agreement: &Agreement,
    files: &BTreeMap<String, Vec<u8>>,
    records: &[Record],
) -> (Places, Vec<ZoneProblem>) {
    places_of(agreement, files, records.into())
}

/// The same, of records that others may hold too.
pub fn places_of(
    agreement: &Agreement,
    files: &BTreeMap<String, Vec<u8>>,
    records: Records<'_>,
) -> (Places, Vec<ZoneProblem>) {
    let mut wanted: BTreeMap<&Name, (BTreeSet<&Name>, usize)> = BTreeMap::new();
    for (zone, declared) in &agreement.zones {
        let mut names = Vec::new();
        declared.cases.iter().for_each(|case| given(&case.extent, &mut names));
        for name in names {
            wanted.entry(name).or_default().0.insert(zone);
        }
    }
    for record in records.iter() {
        if let Some(Place::Named(name)) = &record.place
            && !agreement.zones.contains_key(name)
        {
            wanted.entry(name).or_default().1 += 1;
        }
    }
    let mut places = Places::default();
    let mut problems = Vec::new();
    for (name, (zones, records)) in wanted {
        let mut problem = |code, feature, reason: String, remedy: String| {
            problems.push(ZoneProblem {
                code,
                name: name.clone(),
                zones: zones.iter().map(|z| (*z).clone()).collect(),
                records,
                feature,
                reason,
                remedy,
            });
        };
        let lower = name.as_str().to_lowercase();
        if lower.ends_with(".geojson") || lower.ends_with(".json") {
            match files.get(name.as_str()).map(|bytes| geo::shape_of_file(bytes)) {
                Some(Ok(shape)) => {
                    places.shapes.insert(name.clone(), shape);
                }
                Some(Err(fault)) => problem(codes::ZONE_FILE, fault.feature, fault.reason, fault.remedy),
                None => {
                    let found: Vec<&str> = files.keys().map(String::as_str).collect();
                    let else_say = "put the file beside the agreement";
                    let remedy = crate::spelling::remedy(name.as_str(), found, else_say);
                    problem(codes::ZONE_FILE, None, "there is no such file".to_string(), remedy);
                }
            }
            continue;
        }
        match gazetteer::lookup(name.as_str()) {
            Some(gazetteer::Extent::Shape(shape)) => {
                places.shapes.insert(name.clone(), shape);
            }
            Some(gazetteer::Extent::Point(point)) => {
                places.points.insert(name.clone(), point);
                if !zones.is_empty() {
                    let remedy = format!(
                        "write `within N km of point {} {}`, or give a `.geojson` file",
                        point.lat, point.lon
                    );
                    problem(
                        codes::ZONE_NAME,
                        None,
                        "this is a town: the gazetteer has its point and no area".to_string(),
                        remedy,
                    );
                }
            }
            None => {
                let near = gazetteer::suggest(name.as_str());
                let zone_names = agreement.zones.keys().map(Name::as_str);
                let else_say =
                    "name a region of Ukraine, a country, a town with its region, or give a `.geojson` file";
                let known = near.iter().map(String::as_str).chain(zone_names);
                let remedy = match near.first() {
                    Some(first) if first.contains(',') => {
                        let all: Vec<String> = near.iter().map(|n| format!("`{n}`")).collect();
                        format!("several places have this name: write {}", all.join(" or "))
                    }
                    _ => crate::spelling::remedy(name.as_str(), known, else_say),
                };
                problem(codes::ZONE_NAME, None, "the gazetteer does not have this name".to_string(), remedy);
            }
        }
    }
    (places, problems)
}
