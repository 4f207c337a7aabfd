//! A report as a document: title, headline, ordered sections with their tables, annexes and sources; and its forms.
//!
//! What it deliberately does not do: decide a verdict (the engine's words come in with the [`View`](crate::View)), or read a
//! clock (the day a report is dated comes in).
//!
//! Invariants
//! - nothing is rendered that was not [`Document::checked`]: a headline is the sum of its table, or there is no report;
//! - a section with nothing in it says so, it never vanishes;
//! - text of records is a value everywhere, never markup or a formula;
//! - the same input gives the same bytes.
//!
//! Where to start reading: [`Document`], then [`build`], then [`html`].
//! Tests: `tests/document.rs` of this crate.

pub mod build;
pub mod csv;
pub mod enforceability;
pub mod feeds;
pub mod html;
pub mod messages;
pub mod picture;
pub mod plain;

pub use build::{Asked, Kind};
pub use feeds::Feeds;
pub use messages::Messages;

use serde::{Deserialize, Serialize};
use std::fmt;

/// A report, in one language, for one release.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Document {
    /// Always `report/1`.
    pub schema: String,
    /// BCP 47 tag of its language.
    pub lang: String,
    /// Which report: `daily`, `spot`, `bulletin`, `case`, `audit`.
    pub kind: String,
    /// Title.
    pub title: String,
    /// Part of an exercise; then the banner says so.
    pub exercise: Option<String>,
    /// The day it is dated, `2026-03-01`.
    pub dated: String,
    /// What stands at its head: number, issued, as of, marking.
    pub head: Vec<(String, String)>,
    /// Summary of at most ten lines.
    pub summary: Vec<String>,
    /// Figures of the headline, each with the table that it sums.
    pub headline: Vec<Figure>,
    /// Sections in their order.
    pub sections: Vec<Section>,
    /// The word above the summary, and others that a renderer needs.
    pub words: Words,
    /// Points of the annex map.
    pub points: Vec<Spot>,
}

/// Words that renderers put themselves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Words {
    /// Heading of the summary.
    pub summary: String,
    /// Word for the sum of a table.
    pub total: String,
    /// Title of the list of sections.
    pub contents: String,
    /// `page`.
    pub page: String,
}

/// A number of the headline.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What it counts.
    pub label: String,
    /// How many.
    pub value: i64,
    /// [`Table::key`] of the tables that it must be the sum of.
    pub tables: Vec<(String, usize)>,
}

/// A section.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Section {
    /// Stable name, used as an anchor.
    pub id: String,
    /// Heading.
    pub heading: String,
    /// Paragraphs.
    pub text: Vec<String>,
    /// Tables.
    pub tables: Vec<Table>,
    /// A picture as SVG, with its text alternative.
    pub picture: Option<(String, String)>,
}

/// A table.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Table {
    /// Stable name.
    pub key: String,
    /// Caption.
    pub caption: String,
    /// Headings of the columns.
    pub columns: Vec<String>,
    /// Rows; the first cell heads its row.
    pub rows: Vec<Vec<Cell>>,
    /// Columns that are summed below the table.
    pub summed: Vec<usize>,
}

/// A cell.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// A count, shown in the language's form.
    Count {
        /// The number.
        n: i64,
        /// As it is shown.
        shown: String,
    },
    /// Words.
    Text(String),
}

impl Cell {
    /// As it is shown.
    pub fn shown(&self) -> &str {
        match self {
            Cell::Count { shown, .. } => shown,
            Cell::Text(text) => text,
        }
    }
}

/// A point of the annex map.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Spot {
    /// Longitude, degrees.
    pub lon: f64,
    /// Latitude, degrees.
    pub lat: f64,
    /// Radius of doubt, or half the width of the grid it was put on, metres.
    pub radius_m: f64,
    /// The record; empty for the public.
    pub record: String,
    /// What.
    pub title: String,
    /// When.
    pub when: String,
    /// How many events stand for this point.
    pub events: i64,
}

/// A headline that is not the sum of its table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// What is counted.
    pub label: String,
    /// What the headline says.
    pub headline: i64,
    /// Which table.
    pub table: String,
    /// What its rows come to; `None` where there is no such table.
    pub sum: Option<i64>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sum {
            Some(sum) => write!(
                f,
                "the headline `{}` says {}, its table `{}` comes to {sum}",
                self.label, self.headline, self.table
            ),
            None => write!(
                f,
                "the headline `{}` says {}, and its table `{}` is missing",
                self.label, self.headline, self.table
            ),
        }
    }
}

impl std::error::Error for Mismatch {}

/// A document whose headline was found to be the sum of its tables: the only thing that renders.
#[derive(Clone, Debug)]
pub struct Checked(Document);

impl Checked {
    /// The document.
    pub fn document(&self) -> &Document {
        &self.0
    }

    /// As JSON, with a line break at the end.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.0).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The annex map's points as GeoJSON (RFC 7946).
    pub fn geojson(&self) -> String {
        let features: Vec<serde_json::Value> = self
            .0
            .points
            .iter()
            .map(|p| {
                serde_json::json!({
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [p.lon, p.lat]},
                    "properties": {
                        "record": p.record, "title": p.title, "when": p.when, "events": p.events,
                        "radius_m": p.radius_m, "exercise": self.0.exercise.is_some(),
                    },
                })
            })
            .collect();
        let all = serde_json::json!({
            "type": "FeatureCollection", "schema": "report-points/1", "title": self.0.title,
            "head": self.0.head, "features": features,
        });
        let mut text = serde_json::to_string_pretty(&all).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl Table {
    /// The sum of a column's counts; words count nothing.
    pub fn sum(&self, column: usize) -> i64 {
        let count = |row: &Vec<Cell>| match row.get(column) {
            Some(Cell::Count { n, .. }) => *n,
            _ => 0,
        };
        self.rows.iter().map(count).fold(0, i64::saturating_add)
    }
}

impl Document {
    /// The table of that key.
    pub fn table(&self, key: &str) -> Option<&Table> {
        self.sections.iter().flat_map(|s| &s.tables).find(|t| t.key == key)
    }

    /// Compares every headline with the sum of each of its tables.
    ///
    /// # Errors
    /// The first that differs, with both numbers.
    pub fn checked(self) -> Result<Checked, Mismatch> {
        for figure in &self.headline {
            for (key, column) in &figure.tables {
                let sum = self.table(key).map(|t| t.sum(*column));
                if sum != Some(figure.value) {
                    return Err(Mismatch {
                        label: figure.label.clone(),
                        headline: figure.value,
                        table: key.clone(),
                        sum,
                    });
                }
            }
        }
        Ok(Checked(self))
    }
}
