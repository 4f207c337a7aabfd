//! Labelled outcomes: what somebody says had really happened, beside what the draft would have said.
//!
//! A label is a stretch of time in which a term was met, or a norm was triggered or came out in some way. An alarm is a
//! stretch in which the replay says so. An alarm that touches no label is false, a label that no alarm touches is missed.
//!
//! Invariants
//! - a label outside the replayed period is counted as outside, never as a miss;
//! - every fault of a file of labels names its line.

use crate::figures::{Replay, decides};
use crate::past::Past;
use servanda_lang::{closest, literal};
use servanda_model::agreement::Trigger;
use servanda_model::verdict::Performance;
use servanda_model::{Agreement, Instant, Name, Period};
use std::collections::BTreeMap;

/// What is said to have happened to a norm or term.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outcome {
    /// It was triggered; of a term: it was met.
    Triggered,
    /// It came out like this; of something lasting that is broken: it was broken then.
    Came(Performance),
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Triggered => "triggered",
            Outcome::Came(performance) => performance.word(),
        }
    }

    fn parse(word: &str) -> Option<Outcome> {
        match word {
            "triggered" => Some(Outcome::Triggered),
            word => Performance::parse(word).filter(|p| decides(*p)).map(Outcome::Came),
        }
    }
}

/// A labelled outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// A norm or a term of the draft.
    pub name: Name,
    /// From when to when.
    pub period: Period,
    /// What.
    pub outcome: Outcome,
    /// Line of the file, from 1.
    pub line: usize,
}

/// A line of a file of labels that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub words: String,
}

/// Reads labels: a table with commas, whose head is `name,from,to` or `name,from,to,outcome`. Dates are days of the
/// agreement's zone; `to` may be empty, which is the end of the day of `from`, or `from` itself where that is a time.
///
/// # Errors
/// Every line that cannot be used, at most a hundred.
pub fn parse(text: &str, agreement: &Agreement) -> Result<Vec<Label>, Vec<Fault>> {
    let mut lines =
        text.lines().enumerate().map(|(i, line)| (i + 1, line)).filter(|(_, l)| !l.trim().is_empty());
    let fault = |line: usize, words: String| Fault { line, words };
    let Some((first, head)) = lines.next() else {
        return Err(vec![fault(1, "the file is empty; its first line is `name,from,to,outcome`".into())]);
    };
    let columns: Vec<String> = cells(head).iter().map(|c| c.to_lowercase()).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    if !matches!(
        columns[..],
        ["name" | "norm" | "term", "from", "to"] | ["name" | "norm" | "term", "from", "to", "outcome"]
    ) {
        let words = format!(
            "the columns are `{}`; they are to be `name,from,to` or `name,from,to,outcome`",
            columns.join(",")
        );
        return Err(vec![fault(first, words)]);
    }
    let (mut labels, mut faults) = (Vec::new(), Vec::new());
    for (line, text) in lines.filter(|(_, l)| !l.trim_start().starts_with('#')) {
        match label(line, &cells(text), columns.len(), agreement) {
            Ok(label) => labels.push(label),
            Err(words) if faults.len() < 100 => faults.push(fault(line, words)),
            Err(_) => {}
        }
    }
    if labels.is_empty() && faults.is_empty() {
        faults.push(fault(first, "there is no label below the head".into()));
    }
    if faults.is_empty() { Ok(labels) } else { Err(faults) }
}

fn cells(line: &str) -> Vec<String> {
    line.trim_end_matches('\r').split(',').map(|c| c.trim().trim_matches('"').trim().to_string()).collect()
}

fn label(line: usize, cells: &[String], columns: usize, agreement: &Agreement) -> Result<Label, String> {
    if cells.len() > columns || cells.len() < 3 {
        return Err(format!("it has {} cells, and the head has {columns}", cells.len()));
    }
    let (name, from, to) = (&cells[0], &cells[1], &cells[2]);
    let norm = agreement.norm(name);
    if norm.is_none() && !agreement.terms.contains_key(name.as_str()) {
        let known =
            agreement.norms.iter().map(|n| n.name.as_str()).chain(agreement.terms.keys().map(Name::as_str));
        let near = closest(name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        return Err(format!("the draft has no norm or term `{name}`{near}"));
    }
    let moment = |text: &str, end: bool| {
        literal::instant(text, &agreement.calendar, end)
            .map_err(|e| format!("`{text}`: {}; {}", e.message, e.remedy))
    };
    let period =
        Period { from: moment(from, false)?, to: moment(if to.is_empty() { from } else { to }, true)? };
    if period.to < period.from {
        return Err(format!("it ends (`{to}`) before it begins (`{from}`)"));
    }
    let outcome = match cells.get(3).map(String::as_str).unwrap_or_default() {
        "" => match norm {
            Some(norm) if matches!(norm.when, Trigger::Always | Trigger::At(_)) => Outcome::Came(Performance::Violated),
            _ => Outcome::Triggered,
        },
        word => Outcome::parse(word).ok_or_else(|| {
            format!("`{word}` is no outcome; write `triggered`, `satisfied`, `violated`, `missed`, or leave it empty")
        })?,
    };
    if norm.is_none() && outcome != Outcome::Triggered {
        return Err(format!("`{name}` is a term: it can be `triggered`, and not `{}`", outcome.word()));
    }
    Ok(Label { name: name.as_str().into(), period, outcome, line })
}

/// All labels beside the replay.
#[derive(Clone, PartialEq, Debug)]
pub struct Scored {
    /// By how many milliseconds an alarm may lie beside a label and still be its.
    pub tolerance: i64,
    /// A score for each norm or term and outcome that has labels.
    pub scores: Vec<Score>,
}

/// The labels of one norm or term and outcome.
#[derive(Clone, PartialEq, Debug)]
pub struct Score {
    /// Norm or term.
    pub name: Name,
    /// Outcome.
    pub outcome: Outcome,
    /// Labels that lie within the period.
    pub labels: usize,
    /// Labels that lie outside, and are not counted.
    pub outside: usize,
    /// Labels that an alarm touches.
    pub hits: usize,
    /// Labels that none touches, by line of the file.
    pub missed: Vec<(usize, Period)>,
    /// Alarms; under rival readings of a term, those of any reading.
    pub alarms: usize,
    /// Alarms that touch no label.
    pub false_alarms: Vec<Period>,
}

/// Compares a replay with labels.
pub fn score(replay: &Replay, past: &Past, labels: &[Label], tolerance: i64) -> Scored {
    let mut groups: BTreeMap<(&Name, Outcome), Vec<&Label>> = BTreeMap::new();
    for label in labels {
        groups.entry((&label.name, label.outcome)).or_default().push(label);
    }
    let scores = groups.into_iter().map(|((name, outcome), labels)| {
        let within = |l: &&&Label| l.period.from <= past.period.to && past.period.from <= l.period.to;
        let counted: Vec<&Label> = labels.iter().filter(within).copied().collect();
        let alarms = alarms(replay, past, name, outcome);
        let touch = |a: &Period, l: &Period| a.from <= l.to + tolerance && l.from + -tolerance <= a.to;
        let missed: Vec<(usize, Period)> = counted
            .iter()
            .filter(|l| !alarms.iter().any(|a| touch(a, &l.period)))
            .map(|l| (l.line, l.period))
            .collect();
        let false_alarms: Vec<Period> =
            alarms.iter().filter(|a| !labels.iter().any(|l| touch(a, &l.period))).copied().collect();
        Score {
            name: name.clone(),
            outcome,
            labels: counted.len(),
            outside: labels.len() - counted.len(),
            hits: counted.len() - missed.len(),
            missed,
            alarms: alarms.len(),
            false_alarms,
        }
    });
    Scored { tolerance, scores: scores.collect() }
}

/// The stretches in which the replay says so; several bearers of one trigger are one alarm.
fn alarms(replay: &Replay, past: &Past, name: &Name, outcome: Outcome) -> Vec<Period> {
    let end = |to: Option<Instant>| to.unwrap_or(past.period.to);
    let mut found: Vec<Period> = Vec::new();
    for episode in replay.terms.iter().filter(|t| t.term == *name).flat_map(|t| &t.episodes) {
        if outcome == Outcome::Triggered {
            found.push(Period {
                from: episode.began.earliest,
                to: end(episode.ended).max(episode.began.latest),
            });
        }
    }
    for i in replay.instances.iter().filter(|i| i.norm == *name) {
        match outcome {
            Outcome::Triggered => {
                found.extend(i.triggered.map(|t| Period { from: t.earliest, to: t.latest }));
            }
            Outcome::Came(Performance::Violated) => {
                let stretch = |(from, to): &(servanda_model::When, Option<Instant>)| Period {
                    from: from.earliest,
                    to: end(*to).max(from.latest),
                };
                found.extend(i.breaches.iter().map(stretch));
            }
            Outcome::Came(performance) if i.performance == performance => {
                let when = i.due.or(i.triggered);
                found.extend(when.map(|w| Period { from: w.earliest, to: w.latest }));
            }
            Outcome::Came(_) => {}
        }
    }
    found.retain(|p| p.from <= past.period.to && past.period.from <= p.to);
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement() -> Agreement {
        let text = "# A\n\n> They stop.\n\n```pact\nagreement a\n  time zone UTC\n  in force 2024-01-01\n\nparty A\nparty B\n\n\
             event fire\n  says \"{by} fires\"\n  carries by: party\n\nban stop\n  bearer each of A, B\n  owed to A\n  \
             must not do fire by bearer\n  per \"They stop\"\n\nterm wave\n  means count of fire in any 24 hours >= 2\n```\n";
        let checked = servanda_lang::check(text);
        assert_eq!(checked.agreement.norms.len(), 1, "{:?}", checked.diagnostics);
        checked.agreement
    }

    #[test]
    fn labels_are_read_with_their_days() {
        let text = "name,from,to,outcome\nstop,2024-02-01,2024-02-03,\nwave,2024-02-01T10:00,,triggered\n";
        let labels = parse(text, &agreement()).unwrap();
        assert_eq!(labels[0].outcome, Outcome::Came(Performance::Violated));
        assert_eq!(labels[0].period.to.to_string(), "2024-02-03T23:59:59.999Z");
        assert_eq!((labels[1].outcome, labels[1].line), (Outcome::Triggered, 3));
    }

    #[test]
    fn every_fault_names_its_line() {
        let text = "name,from,to,outcome\nstopp,2024-02-01,2024-02-03,\nstop,2024-02-31,2024-02-03,\nstop,2024-02-05,2024-02-03,\n\
             wave,2024-02-01,2024-02-02,violated\nstop,2024-02-01,2024-02-02,wild\nstop\n";
        let faults = parse(text, &agreement()).unwrap_err();
        let said: Vec<String> = faults.iter().map(|f| format!("{}: {}", f.line, f.words)).collect();
        assert_eq!(said.len(), 6, "{said:?}");
        assert!(
            said[0].starts_with("2: the draft has no norm or term `stopp`; did you mean `stop`?"),
            "{said:?}"
        );
        assert!(said[1].starts_with("3: `2024-02-31`"), "{said:?}");
        assert!(said[2].contains("before it begins"), "{said:?}");
        assert!(said[3].contains("`wave` is a term"), "{said:?}");
        assert!(said[4].contains("`wild` is no outcome"), "{said:?}");
        assert!(said[5].contains("it has 1 cells"), "{said:?}");
        assert!(parse("a,b\n", &agreement()).unwrap_err()[0].words.contains("they are to be"));
        assert!(parse("", &agreement()).unwrap_err()[0].words.contains("empty"));
    }
}
