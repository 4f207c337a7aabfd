//! A world as text: an agreement, what was reported, and what is asked. Every world is readable, and can be written as a
//! scenario.
//!
//! It decides nothing. What it is read into is what a user's own files are read into: the text goes through the language,
//! the rows through the crate `scenario`.
//!
//! Invariants
//! - a world is text and numbers: the same world is the same bytes on every machine;
//! - taking a declaration, a field, a row or an attribute away leaves a world.

use servanda_lang::diagnostic::Severity;
use servanda_model::place::Shape;
use servanda_model::{Agreement, Instant, Name, Places, Point, Question, Record};
use servanda_scenario::Line;
use std::fmt::Write;

/// A declaration: its head and its fields, a line each.
#[derive(Clone, PartialEq, Debug)]
pub struct Declaration {
    /// `duty answer-it`.
    pub head: String,
    /// `bearer  each of sides`.
    pub fields: Vec<String>,
}

/// A row of a `records` fence, in its parts.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Its identity.
    pub id: String,
    /// When, and which fact.
    pub what: String,
    /// `by Alba`.
    pub roles: Vec<String>,
    /// `grade possible`, without the identity.
    pub attributes: Vec<String>,
}

impl Row {
    /// The row as it stands in a fence.
    pub fn text(&self) -> String {
        let mut line = self.what.clone();
        for role in &self.roles {
            line.push(' ');
            line.push_str(role);
        }
        let _ = write!(line, "  ; id {}", self.id);
        for attribute in &self.attributes {
            let _ = write!(line, ", {attribute}");
        }
        line
    }
}

/// A question, with the readings that it chooses.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// The moment that is asked for.
    pub at: Instant,
    /// The moment of knowledge.
    pub known_at: Instant,
    /// Reading and option.
    pub readings: Vec<(String, String)>,
}

impl Ask {
    /// The question as the engine takes it.
    pub fn question(&self) -> Question {
        let name = |text: &String| Name::from(text.as_str());
        let readings = self.readings.iter().map(|(reading, option)| (name(reading), name(option))).collect();
        Question { at: self.at, known_at: self.known_at, readings }
    }
}

/// An agreement, records and questions.
#[derive(Clone, PartialEq, Debug)]
pub struct World {
    /// What it is called: the seed and its number.
    pub name: String,
    /// Declarations, the agreement's own first.
    pub declarations: Vec<Declaration>,
    /// What was reported.
    pub rows: Vec<Row>,
    /// What is asked.
    pub asks: Vec<Ask>,
    /// Instants at which the clock is looked at.
    pub clocks: Vec<Instant>,
    /// From which the orders of arrival are made.
    pub order: u64,
}

/// A world as the engine sees it.
#[derive(Clone, Debug)]
pub struct Read {
    /// Its agreement.
    pub agreement: Agreement,
    /// Where its zones lie.
    pub places: Places,
    /// Its records, in order of the rows.
    pub records: Vec<Record>,
}

/// The line that zones of generated worlds may lie along: latitude and longitude of its ends.
pub const LINE: [(f64, f64); 3] = [(48.0, 36.0), (48.5, 37.0), (49.5, 37.5)];
/// The name that a zone gives the file of that line.
pub const LINE_FILE: &str = "line.geojson";

impl World {
    /// The agreement's text.
    pub fn agreement_text(&self) -> String {
        let mut text = format!("# World {}\n\n> These are the words.\n\n```pact\n", self.name);
        for (i, declaration) in self.declarations.iter().enumerate() {
            let gap = if i > 0 { "\n" } else { "" };
            let _ = writeln!(text, "{gap}{}", declaration.head);
            for field in &declaration.fields {
                let _ = writeln!(text, "  {field}");
            }
        }
        text.push_str("```\n");
        text
    }

    /// The world as the engine sees it.
    ///
    /// # Errors
    /// What the language or the rows find wrong: codes of the errors, or the rows' first problem.
    pub fn read(&self) -> Result<Read, Vec<String>> {
        let checked = servanda_lang::check(&self.agreement_text());
        let errors: Vec<String> = checked
            .diagnostics
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .map(|d| format!("{} {}", d.code, d.message))
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let agreement = checked.agreement;
        if agreement.in_force.is_none() && agreement.signed.is_none() {
            // In force from the beginning of time: what recurs from there has no end.
            return Err(vec!["beginning: neither signed nor in force".into()]);
        }
        let lines: Vec<Line> = self
            .rows
            .iter()
            .zip(1..)
            .map(|(row, number)| Line { number, start: 0, text: row.text() })
            .collect();
        let (records, wrong) = servanda_scenario::records(&agreement, &lines);
        if !wrong.is_empty() {
            let row = |line: u32| lines.get(line as usize - 1).map_or("", |l| l.text.as_str()).to_string();
            return Err(wrong.iter().map(|w| format!("row: {} in `{}`", w.message, row(w.line))).collect());
        }
        Ok(Read { agreement, places: places(), records })
    }

    /// The world as a scenario file that expects `?` of every verdict of `board`s at its questions.
    pub fn scenario(&self, what_happened: &str, expectations: &str) -> String {
        let mut text = format!("# Found in world {}\n\n{what_happened}\n\n", self.name);
        let agreement = self.agreement_text();
        let fence = agreement.find("> ").unwrap_or(0);
        text.push_str(&agreement[fence..]);
        let _ = write!(text, "\n## World {}\n\n", self.name);
        if agreement.contains(LINE_FILE) {
            let points: Vec<String> = LINE.iter().map(|(lat, lon)| format!("[{lon}, {lat}]")).collect();
            let _ = write!(
                text,
                "```zones {LINE_FILE}\n{{\"type\": \"Feature\", \"properties\": {{}}, \"geometry\": {{\"type\": \"LineString\", \
                 \"coordinates\": [{}]}}}}\n```\n\n",
                points.join(", ")
            );
        }
        if !self.rows.is_empty() {
            text.push_str("```records\n");
            for row in &self.rows {
                let _ = writeln!(text, "{}", row.text());
            }
            text.push_str("```\n\n");
        }
        let _ = write!(text, "```expect\n{expectations}```\n");
        text
    }
}

/// The shapes that generated worlds use beside discs: one line.
pub fn places() -> Places {
    let line = LINE.iter().map(|(lat, lon)| Point { lat: *lat, lon: *lon }).collect();
    let mut places = Places::default();
    places.shapes.insert(Name::from(LINE_FILE), Shape::Line(vec![line]));
    places
}
