//! A change of what is said of an instance, as a line of JSON. `docs/reference/change-set.md` describes each field.
//!
//! Who gathers the changes and puts them in order is the caller.

use serde::Serialize;
use servanda_model::verdict::Cited;
use servanda_model::{Instant, Name, RecordId, Verdict, When};

/// One change of what is said of an instance.
pub struct Changed<'a> {
    /// What was said from then on.
    pub verdict: &'a Verdict,
    /// From when it was said.
    pub known_from: Instant,
    /// From when something else was said.
    pub known_to: Option<Instant>,
    /// Records that came in at that moment.
    pub cause: &'a [RecordId],
    /// The instance is gone: nothing is said of it any more.
    pub gone: bool,
}

/// A line; moments are in UTC.
#[derive(Serialize)]
struct ChangeLine {
    known_from: String,
    known_to: Option<String>,
    gone: bool,
    cause: Vec<String>,
    norm: String,
    bearer: String,
    owed_to: Vec<String>,
    instance: String,
    performance: &'static str,
    standing: &'static str,
    grade: &'static str,
    triggered: Option<Stretch>,
    due: Option<Stretch>,
    fulfilled: Option<Stretch>,
    breached: Option<Stretch>,
    performed_late: Option<Stretch>,
    because: Vec<Step>,
    decided_by: Vec<String>,
    against: Vec<String>,
    missing: Vec<String>,
    marking: String,
}

#[derive(Serialize)]
struct Step {
    code: String,
    text: String,
}

#[derive(Serialize)]
struct Stretch {
    earliest: String,
    latest: String,
}

/// One change as one line.
pub fn line(changed: &Changed<'_>) -> String {
    let verdict = changed.verdict;
    let stretch = |when: Option<When>| {
        when.map(|w| Stretch { earliest: w.earliest.to_string(), latest: w.latest.to_string() })
    };
    let because = verdict.reasons().because.iter();
    let cited = |list: &[Cited]| list.iter().map(|c| c.record.to_string()).collect();
    let line = ChangeLine {
        known_from: changed.known_from.to_string(),
        known_to: changed.known_to.map(|to| to.to_string()),
        gone: changed.gone,
        cause: names(changed.cause),
        norm: verdict.norm.to_string(),
        bearer: verdict.bearer.to_string(),
        owed_to: names(&verdict.owed_to),
        instance: verdict.instance.to_string(),
        performance: verdict.performance.word(),
        standing: verdict.standing.word(),
        grade: verdict.grade.word(),
        triggered: stretch(verdict.triggered),
        due: stretch(verdict.due),
        fulfilled: stretch(verdict.fulfilled),
        breached: stretch(verdict.breached),
        performed_late: stretch(verdict.performed_late),
        because: because.map(|b| Step { code: b.code.word(), text: b.text.clone() }).collect(),
        decided_by: cited(&verdict.reasons().decided_by),
        against: cited(&verdict.reasons().against),
        missing: verdict.reasons().missing.clone(),
        marking: verdict.marking.show(),
    };
    // No value of a line refuses to be written.
    let mut text = serde_json::to_string(&line).unwrap_or_default();
    text.push('\n');
    text
}

fn names(names: &[Name]) -> Vec<String> {
    names.iter().map(Name::to_string).collect()
}
