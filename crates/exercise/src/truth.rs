//! What really happened: the other half of an exercise.

use servanda_model::{Instant, Name, RecordId};
use std::fmt::Write;

/// What really happened.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Truth {
    /// Armed attacks, in order of time.
    pub incidents: Vec<Incident>,
    /// What each report of an incident speaks of, by record.
    pub reports: Vec<Report>,
    /// When large-scale aggression really lasted.
    pub aggressions: Vec<Aggression>,
    /// Which duties were really kept or broken, by their deadlines.
    pub duties: Vec<Duty>,
}

/// A true incident.
#[derive(Clone, PartialEq, Debug)]
pub struct Incident {
    /// Its number, from 1.
    pub number: u32,
    /// When.
    pub when: Instant,
    /// What.
    pub kind: Kind,
    /// Who did it.
    pub by: &'static str,
    /// Where: an index into [`TOWNS`](crate::TOWNS).
    pub town: usize,
    /// How many persons took part, for an incursion.
    pub persons: u32,
    /// Part of an offensive.
    pub offensive: bool,
}

/// Kinds of incidents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Missile or drone.
    Strike,
    /// On the ground.
    Incursion,
}

impl Kind {
    /// As the agreement's class calls it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Strike => "strike",
            Kind::Incursion => "incursion",
        }
    }
}

/// A report of an incident.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// The record.
    pub record: RecordId,
    /// The incident that it speaks of; `None`: it is false.
    pub incident: Option<u32>,
    /// The same source had reported the incident before.
    pub repeats: bool,
}

/// A time of large-scale aggression: a hundred strikes, or a thousand persons, by Russia within 72 hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Aggression {
    /// When it was reached.
    pub began: Instant,
    /// When it was no longer reached; `None`: it lasts.
    pub ended: Option<Instant>,
}

/// A duty or a ban as it was really kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Duty {
    /// The norm of the agreement.
    pub norm: Name,
    /// Who owed it.
    pub bearer: Name,
    /// What it was about, where the norm has several instances: a trigger, an item, a period.
    pub about: String,
    /// Last instant in time, or the end of the period looked at.
    pub due: Instant,
    /// Whether it was kept.
    pub kept: bool,
    /// When it was done, in time or late; for a breach of a ban or of a lasting duty, when it was broken.
    pub at: Option<Instant>,
    /// The records that tell of it.
    pub records: Vec<RecordId>,
}

impl Truth {
    /// One JSON object a line, each with a `what`: `incident`, `report`, `aggression` or `duty`. Times are UTC.
    ///
    /// # Example
    /// ```
    /// let world = servanda_exercise::generate(&servanda_exercise::Settings::default());
    /// assert!(world.truth.to_json_lines().starts_with("{\"exercise\":true,\"what\":\"incident\",\"number\":1,"));
    /// ```
    pub fn to_json_lines(&self) -> String {
        let mut out = String::new();
        let time = |at: Option<Instant>| at.map_or_else(|| "null".to_string(), |at| format!("\"{at}\""));
        for i in &self.incidents {
            let town = &crate::TOWNS[i.town];
            let _ = writeln!(
                out,
                "{{\"exercise\":true,\"what\":\"incident\",\"number\":{},\"when\":\"{}\",\"kind\":\"{}\",\"by\":{},\
                 \"town\":{},\"oblast\":{},\"persons\":{},\"offensive\":{}}}",
                i.number,
                i.when,
                i.kind.word(),
                text(i.by),
                text(town.name),
                text(town.oblast),
                i.persons,
                i.offensive
            );
        }
        for r in &self.reports {
            let incident = r.incident.map_or_else(|| "null".to_string(), |n| n.to_string());
            let _ = writeln!(
                out,
                "{{\"exercise\":true,\"what\":\"report\",\"record\":{},\"incident\":{incident},\"repeats\":{}}}",
                text(r.record.as_str()),
                r.repeats
            );
        }
        for a in &self.aggressions {
            let _ = writeln!(
                out,
                "{{\"exercise\":true,\"what\":\"aggression\",\"began\":\"{}\",\"ended\":{}}}",
                a.began,
                time(a.ended)
            );
        }
        for d in &self.duties {
            let records: Vec<String> = d.records.iter().map(|id| text(id.as_str())).collect();
            let _ = writeln!(
                out,
                "{{\"exercise\":true,\"what\":\"duty\",\"norm\":{},\"bearer\":{},\"about\":{},\"due\":\"{}\",\"kept\":{},\
                 \"at\":{},\"records\":[{}]}}",
                text(d.norm.as_str()),
                text(d.bearer.as_str()),
                text(&d.about),
                d.due,
                d.kept,
                time(d.at),
                records.join(",")
            );
        }
        out
    }
}

/// A JSON string.
fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
