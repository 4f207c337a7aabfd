//! Incidents as rows: for a list, as CSV and as GeoJSON (RFC 7946).
//!
//! What it deliberately does not do: say what an incident is (`evidence` does; whoever serves fills the rows), choose which are shown.
//! Places are given as they were reported, with the radius of doubt beside them: the local view, which is not fit for the public.
//!
//! Invariants
//! - every row says when, where as far as it is known, who reported, how sure, and its marking;
//! - a text that a spreadsheet would compute is kept a text: it gets an apostrophe in front ([`cell`]);
//! - the CSV has the columns of [`COLUMNS`], in that order, one line a row, RFC 4180, UTF-8.
//!
//! Where to start reading: [`Line`].

use crate::document::csv::is_formula;
use serde::Serialize;
use serde_json::{Value, json};

/// An incident, flat.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Line {
    /// Its name.
    pub id: String,
    /// How many records have made it what it is.
    pub version: usize,
    /// One line for people.
    pub title: String,
    /// The fact that it speaks of.
    pub fact: String,
    /// The same in the words of the agreement.
    pub kind: String,
    /// Class of the incident vocabulary; empty where none was given.
    pub class: String,
    /// Subclass.
    pub subclass: String,
    /// Where its checking stands.
    pub status: String,
    /// First moment at which it may have happened, UTC.
    pub earliest: String,
    /// Last moment, UTC.
    pub latest: String,
    /// Both in the agreement's zone.
    pub local: String,
    /// Latitude in degrees, where it can be drawn.
    pub lat: Option<f64>,
    /// Longitude in degrees.
    pub lon: Option<f64>,
    /// Radius of doubt in metres.
    pub radius_m: Option<f64>,
    /// The place in words.
    pub place: String,
    /// Who reported.
    pub source: String,
    /// How many reports speak of it.
    pub reports: usize,
    /// Grade of the evidence.
    pub grade: String,
    /// Grades of source and item.
    pub admiralty: String,
    /// To whom it is attributed by an assessment or finding; empty: not attributed.
    pub attributed_to: String,
    /// Clauses that it may concern, and clauses of verdicts that cite it.
    pub clauses: Vec<String>,
    /// When it was first on record, UTC.
    pub recorded: String,
    /// When anything about it was last recorded, UTC.
    pub changed: String,
    /// Who may see it; empty for what everybody may.
    pub marking: String,
    /// Part of an exercise.
    pub exercise: bool,
}

/// Columns of the CSV.
pub const COLUMNS: [&str; 25] = [
    "id",
    "version",
    "title",
    "fact",
    "kind",
    "class",
    "subclass",
    "status",
    "earliest",
    "latest",
    "local",
    "lat",
    "lon",
    "radius_m",
    "place",
    "source",
    "reports",
    "grade",
    "admiralty",
    "attributed_to",
    "clauses",
    "recorded",
    "changed",
    "marking",
    "exercise",
];

impl Line {
    /// The fields in the order of [`COLUMNS`], as texts; a number that is not there is empty.
    pub fn fields(&self) -> [String; 25] {
        let number = |n: Option<f64>| n.map_or(String::new(), |n| format!("{n}"));
        [
            self.id.clone(),
            self.version.to_string(),
            self.title.clone(),
            self.fact.clone(),
            self.kind.clone(),
            self.class.clone(),
            self.subclass.clone(),
            self.status.clone(),
            self.earliest.clone(),
            self.latest.clone(),
            self.local.clone(),
            number(self.lat),
            number(self.lon),
            number(self.radius_m),
            self.place.clone(),
            self.source.clone(),
            self.reports.to_string(),
            self.grade.clone(),
            self.admiralty.clone(),
            self.attributed_to.clone(),
            self.clauses.join("; "),
            self.recorded.clone(),
            self.changed.clone(),
            self.marking.clone(),
            self.exercise.to_string(),
        ]
    }
}

/// A field of a CSV: quoted where it has to be. A text that begins like a formula gets an apostrophe in front, numbers do not.
///
/// # Source
/// RFC 4180; OWASP, "CSV injection".
pub fn cell(text: &str) -> String {
    let formula = is_formula(text) && text.parse::<f64>().is_err();
    let text = if formula { format!("'{text}") } else { text.to_string() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// The rows as CSV, with a head.
pub fn csv(lines: &[Line]) -> String {
    let mut out = COLUMNS.join(",");
    out.push_str("\r\n");
    for line in lines {
        out.push_str(&line.fields().map(|field| cell(&field)).join(","));
        out.push_str("\r\n");
    }
    out
}

/// One incident as a GeoJSON feature; without a place its geometry is `null`.
pub fn feature(line: &Line) -> Value {
    let geometry = match (line.lat, line.lon) {
        (Some(lat), Some(lon)) => json!({"type": "Point", "coordinates": [lon, lat]}),
        _ => Value::Null,
    };
    let mut properties = serde_json::to_value(line).unwrap_or_default();
    if let Some(properties) = properties.as_object_mut() {
        properties.remove("id");
        properties.remove("lat");
        properties.remove("lon");
        properties.insert("clauses".into(), json!(line.clauses.join("; ")));
    }
    json!({"type": "Feature", "id": line.id, "geometry": geometry, "properties": properties})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_stay_texts_and_numbers_numbers() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2+3", "'-2+3"),
            ("-2.5", "-2.5"),
            ("+48", "+48"),
            ("\tx", "'\tx"),
            (" =1+1", "' =1+1"),
            ("\u{a0}@SUM(A1)", "'\u{a0}@SUM(A1)"),
            ("＝1+1", "'＝1+1"),
            ("=\"a\"", "\"'=\"\"a\"\"\""),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("плain", "плain"),
        ] {
            assert_eq!(cell(text), written, "{text:?}");
        }
    }

    #[test]
    fn a_row_is_the_same_in_each_form() {
        let line = Line {
            id: "a-1".into(),
            title: "=HYPERLINK(\"x\")".into(),
            lat: Some(48.5),
            lon: Some(-37.25),
            clauses: vec!["art-1".into(), "art-2".into()],
            ..Line::default()
        };
        let text = csv(std::slice::from_ref(&line));
        let mut rows = text.split("\r\n");
        assert_eq!(rows.next().unwrap().split(',').count(), COLUMNS.len());
        assert!(rows.next().unwrap().starts_with("a-1,0,\"'=HYPERLINK(\"\"x\"\")\","));
        assert!(text.contains(",48.5,-37.25,"));
        let feature = feature(&line);
        assert_eq!(feature["geometry"]["coordinates"], json!([-37.25, 48.5]));
        assert_eq!(feature["properties"]["clauses"], "art-1; art-2");
        assert_eq!(super::feature(&Line::default())["geometry"], Value::Null);
    }
}
