//! Rows of `records` fences → records: `WHEN  FACT role value …  [; attribute value, …]`.
//!
//! A row is read against the agreement: a word that it does not have is an error with the nearest word that it has. The
//! form stands in `docs/guides/scenarios.md`.
//!
//! Invariants
//! - the same rows give the same records with the same identities, whatever the expectations are;
//! - a row that cannot be read gives a failure and no record.

use crate::Failure;
use crate::document::Line;
use crate::words::{Word, Words, Written, did_you_mean, quantity, span, time, time_or_stretch};
use servanda_lang::literal;
use servanda_model::agreement::{Dimension, Fact, FactKind, RoleType};
use servanda_model::record::{
    Basis, COVERAGE, EXPLANATION, FINDING, ItemGrade, Marking, Phase, RoleValue, Says, SourceGrade, Tlp,
};
use servanda_model::{Agreement, Grade, Instant, Name, Number, Place, Record, When};
use std::collections::BTreeMap;

/// The fact of a record that takes another back or disputes it: no agreement's fact, so that it matches no rule.
const WITHDRAW: &str = "withdraw";
const DISPUTE: &str = "dispute";

const ATTRIBUTES: [&str; 18] = [
    "id",
    "grade",
    "source",
    "source-grade",
    "item-grade",
    "basis",
    "recorded",
    "sent",
    "received",
    "until",
    "supersedes",
    "incident",
    "sources",
    "mark",
    "times",
    "every",
    "title",
    "exercise",
];

/// Records of the rows of `records` fences, and what is wrong with those that cannot be read. The rows' numbers are the
/// lines that a failure names.
pub fn records(agreement: &Agreement, rows: &[Line]) -> (Vec<Record>, Vec<Failure>) {
    let (mut records, mut failures) = (Vec::new(), Vec::new());
    let mut lines: BTreeMap<Name, u32> = BTreeMap::new();
    let mut number = 0;
    for row in rows {
        let read = Words::of(&row.text).and_then(|words| {
            if words.is_empty() {
                return Ok(Vec::new());
            }
            number += 1;
            Row { agreement, words, number }.read()
        });
        match read {
            Ok(read) => {
                for record in read {
                    if let Some(other) = lines.insert(record.id.clone(), row.number) {
                        let message = format!("the record `{}` stands in line {other} already", record.id);
                        failures.push(Failure::new(row.number, message).help("give it another `id`"));
                    }
                    records.push(record);
                }
            }
            Err(message) => failures.push(Failure::new(row.number, message)),
        }
    }
    let known: Vec<&str> = lines.keys().map(Name::as_str).collect();
    for record in &records {
        for other in [&record.supersedes, &record.withdraws, &record.disputes].into_iter().flatten() {
            if !lines.contains_key(other) {
                let message =
                    format!("there is no record `{other}`{}", did_you_mean(other.as_str(), known.clone()));
                failures.push(Failure::new(lines[&record.id], message));
            }
        }
    }
    failures.sort_by_key(|f| f.line);
    (records, failures)
}

/// Named places that neither the agreement nor the world has.
pub(crate) fn unknown_places(
    agreement: &Agreement,
    places: &servanda_model::Places,
    records: &[Record],
) -> Vec<(Name, String)> {
    let known: Vec<&str> = agreement
        .zones
        .keys()
        .chain(places.shapes.keys())
        .chain(places.points.keys())
        .map(Name::as_str)
        .collect();
    let mut out = BTreeMap::new();
    for record in records {
        if let Some(Place::Named(name)) = &record.place
            && !known.contains(&name.as_str())
        {
            let near = crate::words::suggest(name.as_str(), known.iter().copied());
            let near = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            out.insert(name.clone(), format!("no place or zone is called `{name}`{near}"));
        }
    }
    out.into_iter().collect()
}

struct Row<'a> {
    agreement: &'a Agreement,
    words: Words,
    number: usize,
}

/// What the attributes after the semicolon say about the row as a whole.
struct Repeats {
    times: i64,
    every: servanda_model::Span,
    moves_recorded: bool,
    moves_sent: bool,
    moves_received: bool,
}

impl Row<'_> {
    fn read(mut self) -> Result<Vec<Record>, String> {
        let mut attributes = Words::of("")?;
        if let Some(head) = self.words.split_after(';') {
            attributes = std::mem::replace(&mut self.words, head);
        }
        let written = time_or_stretch(&mut self.words, &self.agreement.calendar)?;
        let denies = self.words.take("no");
        let word = self.words.need("a fact")?;
        let start = Record::new("", word.text.as_str(), written.0.when, Instant(0));
        let says = if denies { Says::Denies } else { Says::Affirms };
        let mut record = Record { says, stated: Some(Grade::Confirmed), source: "scenario".into(), ..start };
        let lasts = match word.text.as_str() {
            WITHDRAW | DISPUTE => {
                let other = Some(Name::from(self.words.need("the record's `id`")?.text));
                if word.text == WITHDRAW {
                    record.withdraws = other;
                } else {
                    record.disputes = other;
                }
                self.roles(&mut record, None)?;
                false
            }
            COVERAGE | FINDING | EXPLANATION => {
                self.roles(&mut record, None)?;
                self.built_in(&mut record)?
            }
            _ => {
                let known: Vec<&str> = self.agreement.facts.keys().map(Name::as_str).collect();
                let built_in = [COVERAGE, FINDING, EXPLANATION, WITHDRAW, DISPUTE];
                let Some(fact) = self.agreement.facts.get(word.text.as_str()) else {
                    let known: Vec<&str> = known.into_iter().chain(built_in).collect();
                    return Err(format!(
                        "the agreement has no fact `{}`{}",
                        word.text,
                        did_you_mean(&word.text, known)
                    ));
                };
                if fact.kind != FactKind::Event {
                    for (word, phase) in
                        [("begins", Phase::Begins), ("ends", Phase::Ends), ("holds", Phase::Stands)]
                    {
                        if self.words.take(word) {
                            record.phase = phase;
                        }
                    }
                }
                self.roles(&mut record, Some(fact))?;
                if fact.kind == FactKind::Measure && record.value.is_none() && !denies {
                    return Err(format!("`{}` is a measure and needs its `value`", word.text));
                }
                (fact.kind != FactKind::Event && record.phase == Phase::Stands) || denies
            }
        };
        let whole_day = denies || record.fact == COVERAGE;
        stretch(&mut record, written, lasts, whole_day);
        let latest = record.until.filter(|_| lasts).unwrap_or(record.when.latest).max(record.when.latest);
        record.recorded = latest;
        record.id = Name::from(format!("r{}", self.number));
        let repeats = self.attributes(&mut record, attributes, latest)?;
        Ok(self.repeated(record, &repeats))
    }

    /// Whether the built-in fact lasts.
    fn built_in(&self, record: &mut Record) -> Result<bool, String> {
        let of = match record.roles.get("of") {
            Some(RoleValue::Name(name)) => Some(name.clone()),
            _ => None,
        };
        match (record.fact.as_str(), of) {
            (COVERAGE, _) => {
                if record.place.is_none() {
                    return Err("`coverage` needs `at` and a zone".into());
                }
                record.value.get_or_insert_with(|| Number::from(1));
                Ok(true)
            }
            (FINDING, Some(of)) => {
                let known: Vec<&str> = self.agreement.terms.keys().map(Name::as_str).collect();
                if !self.agreement.terms.contains_key(&of) {
                    return Err(format!(
                        "the agreement has no term `{of}`{}",
                        did_you_mean(of.as_str(), known)
                    ));
                }
                Ok(false)
            }
            (EXPLANATION, Some(of)) => {
                let known: Vec<&str> = self.agreement.norms.iter().map(|n| n.name.as_str()).collect();
                if self.agreement.norm(of.as_str()).is_none() {
                    return Err(format!(
                        "the agreement has no norm `{of}`{}",
                        did_you_mean(of.as_str(), known)
                    ));
                }
                Ok(false)
            }
            (fact, _) => Err(format!("`{fact}` needs `of` and a name")),
        }
    }

    fn roles(&mut self, record: &mut Record, fact: Option<&Fact>) -> Result<(), String> {
        let measure = fact.is_some_and(|f| f.kind == FactKind::Measure);
        let unit = fact.map_or(Dimension::Plain, |f| f.unit.clone());
        while let Some(role) = self.words.next() {
            let name = Name::from(role.text.as_str());
            let declared =
                fact.and_then(|f| f.roles.iter().find(|(n, _)| *n == name)).map(|(_, t)| t.clone());
            let coverage = record.fact == COVERAGE;
            if name == "value" && declared.is_none() && (measure || coverage) {
                let word = self.words.need("the value")?;
                record.value = Some(quantity(&word, &mut self.words, &unit)?);
                continue;
            }
            let kind = match (declared, fact) {
                (Some(kind), _) => kind,
                (None, None) if name == "at" && coverage => RoleType::Place,
                (None, None) if name == "by" || (name == "of" && !coverage) => RoleType::Text,
                _ => return Err(self.no_such_role(&role, record, fact)),
            };
            let word = self.words.need(&format!("what fills `{name}`"))?;
            if kind == RoleType::Place && name == "at" {
                record.place = Some(place(&word)?);
                continue;
            }
            let value = match (fact, kind) {
                (None, _) => RoleValue::Name(Name::from(word.text)),
                (_, RoleType::Number(dimension)) => {
                    RoleValue::Number(quantity(&word, &mut self.words, &dimension)?)
                }
                (_, RoleType::Text) => RoleValue::Text(word.text),
                (_, RoleType::Time) => RoleValue::Time(time(&word.text, &self.agreement.calendar)?.when),
                (_, kind) => self.named(&word, &kind)?,
            };
            if record.roles.insert(name.clone(), value).is_some() {
                return Err(format!("`{name}` is given twice"));
            }
        }
        Ok(())
    }

    fn no_such_role(&self, role: &Word, record: &Record, fact: Option<&Fact>) -> String {
        let mut known: Vec<&str> = match fact {
            Some(fact) => fact.roles.iter().map(|(n, _)| n.as_str()).collect(),
            None if record.fact == COVERAGE => vec!["at", "by", "value"],
            None => vec!["of", "by"],
        };
        if fact.is_some_and(|f| f.kind == FactKind::Measure) {
            known.push("value");
        }
        format!("`{}` has no role `{}`{}", record.fact, role.text, did_you_mean(&role.text, known))
    }

    /// A party, a body, a class value or a place by name, or `A|B`. In quotes it need not be in the agreement.
    fn named(&self, word: &Word, kind: &RoleType) -> Result<RoleValue, String> {
        if word.quoted {
            return Ok(RoleValue::Name(Name::from(word.text.as_str())));
        }
        let a = self.agreement;
        let (what, known): (&str, Vec<&str>) = match kind {
            RoleType::Class(class) => {
                let values = a.classes.get(class).map(|c| c.values.keys().map(Name::as_str).collect());
                (class.as_str(), values.unwrap_or_default())
            }
            RoleType::Place => return Ok(RoleValue::Name(Name::from(word.text.as_str()))),
            _ => {
                let all = a.parties.keys().chain(a.bodies.keys()).chain(a.groups.keys());
                ("party or body", all.map(Name::as_str).collect())
            }
        };
        let mut names = Vec::new();
        for name in word.text.split('|') {
            if !known.contains(&name) {
                return Err(format!("the agreement has no {what} `{name}`{}", did_you_mean(name, known)));
            }
            names.push(Name::from(name));
        }
        Ok(if names.len() == 1 { RoleValue::Name(names.remove(0)) } else { RoleValue::OneOf(names) })
    }

    fn attributes(&self, record: &mut Record, mut words: Words, latest: Instant) -> Result<Repeats, String> {
        let calendar = &self.agreement.calendar;
        let mut repeats = Repeats {
            times: 1,
            every: servanda_model::Span::Exact(0),
            moves_recorded: true,
            moves_sent: false,
            moves_received: false,
        };
        let mut graded = false;
        while let Some(attribute) = words.next() {
            if attribute.text == "exercise" {
                record.exercise = true;
                continue;
            }
            if !ATTRIBUTES.contains(&attribute.text.as_str()) {
                let near = did_you_mean(&attribute.text, ATTRIBUTES);
                return Err(format!("a record has no attribute `{}`{near}", attribute.text));
            }
            let what = format!("what `{}` is", attribute.text);
            // `recorded +3 days`: counted from the latest moment of the row's time.
            let moment = |words: &mut Words| -> Result<(Instant, bool), String> {
                if words.peek().is_some_and(|w| w.text.starts_with('+')) {
                    return Ok((calendar.window_end(latest, span(words)?), true));
                }
                let written = time(&words.need(&what)?.text, calendar)?;
                Ok((written.when.latest, false))
            };
            match attribute.text.as_str() {
                "recorded" => (record.recorded, repeats.moves_recorded) = moment(&mut words)?,
                "sent" => {
                    let (at, moves) = moment(&mut words)?;
                    (record.sent, repeats.moves_sent) = (Some(at), moves);
                }
                "received" => {
                    let (at, moves) = moment(&mut words)?;
                    (record.received, repeats.moves_received) = (Some(at), moves);
                }
                "until" => record.until = Some(moment(&mut words)?.0),
                "every" => repeats.every = span(&mut words)?,
                "mark" => record.marking = self.marking(&mut words)?,
                name => {
                    let word = words.need(&what)?;
                    let refused = |why: &str| format!("`{name} {}`: {why}", word.text);
                    let count = || word.text.parse::<u32>().ok().filter(|n| (1..=1_000_000).contains(n));
                    let count = || count().ok_or_else(|| refused("a whole number from 1 up is needed"));
                    match name {
                        "id" => record.id = Name::from(word.text.as_str()),
                        "source" => record.source = word.text.clone(),
                        "title" => record.title = word.text.clone(),
                        "supersedes" => record.supersedes = Some(Name::from(word.text.as_str())),
                        "incident" => record.incident = Some(Name::from(word.text.as_str())),
                        "sources" => record.sources = count()?,
                        "times" => repeats.times = i64::from(count()?),
                        "grade" => {
                            let grade = Grade::parse(&word.text);
                            record.stated =
                                Some(grade.ok_or_else(|| refused("there is possible, probable, confirmed"))?);
                            graded = true;
                        }
                        "source-grade" => {
                            record.source_grade = SourceGrade::parse(&word.text);
                            record.source_grade.ok_or_else(|| refused("there is A to F"))?;
                        }
                        "item-grade" => {
                            record.item_grade = ItemGrade::parse(&word.text);
                            record.item_grade.ok_or_else(|| refused("there is 1 to 6"))?;
                        }
                        _ => {
                            let words = Basis::ALL.map(Basis::word);
                            let basis = Basis::parse(&word.text);
                            record.basis =
                                basis.ok_or_else(|| refused(&format!("there is {}", words.join(", "))))?;
                        }
                    }
                }
            }
        }
        if !graded && (record.source_grade.is_some() || record.item_grade.is_some()) {
            record.stated = None;
        }
        Ok(repeats)
    }

    /// `mark TLP:AMBER`, `mark restricted to Ukraine and Poland`, `mark "TLP:RED restricted to Ukraine, Poland"`.
    fn marking(&self, words: &mut Words) -> Result<Marking, String> {
        let mut parts = Vec::new();
        loop {
            let word = words.need("the marking")?;
            if word.quoted {
                let mut inner = Words::of(&word.text)?;
                parts.extend(std::iter::from_fn(|| inner.next()));
            } else {
                parts.push(word.clone());
            }
            if word.then == Some(',') || words.is_empty() {
                break;
            }
        }
        let mut marking = Marking::default();
        let mut parties = Vec::new();
        for word in parts {
            match word.text.as_str() {
                "restricted" | "releasable" | "to" | "and" => {}
                text => match Tlp::parse(text) {
                    Some(level) => marking.level = level,
                    None => match self.named(&Word { quoted: false, ..word }, &RoleType::Party)? {
                        RoleValue::Name(name) => parties.push(name),
                        RoleValue::OneOf(names) => parties.extend(names),
                        _ => {}
                    },
                },
            }
        }
        if !parties.is_empty() {
            marking.releasable_to = Some(parties.into_iter().collect());
        }
        Ok(marking)
    }

    fn repeated(&self, record: Record, repeats: &Repeats) -> Vec<Record> {
        if repeats.times == 1 {
            return vec![record];
        }
        let calendar = &self.agreement.calendar;
        let moved = |at: Instant, k: i64| match repeats.every {
            servanda_model::Span::Exact(ms) => at + ms.saturating_mul(k),
            servanda_model::Span::Days(n) => calendar.window_end(at, servanda_model::Span::Days(n * k)),
            servanda_model::Span::Months(n) => calendar.window_end(at, servanda_model::Span::Months(n * k)),
            servanda_model::Span::WorkingDays(n) => {
                calendar.window_end(at, servanda_model::Span::WorkingDays(n * k))
            }
        };
        let one = |k: i64| {
            let mut next = record.clone();
            next.id = Name::from(format!("{}.{}", record.id, k + 1));
            next.when =
                When { earliest: moved(record.when.earliest, k), latest: moved(record.when.latest, k) };
            next.until = record.until.map(|at| moved(at, k));
            if repeats.moves_recorded {
                next.recorded = moved(record.recorded, k);
            }
            if repeats.moves_sent {
                next.sent = record.sent.map(|at| moved(at, k));
            }
            if repeats.moves_received {
                next.received = record.received.map(|at| moved(at, k));
            }
            next
        };
        (0..repeats.times).map(one).collect()
    }
}

/// What `DATE` and `A .. B` mean: a doubt for what happens at a moment, a stretch for what lasts.
fn stretch(record: &mut Record, (first, second): (Written, Option<Written>), lasts: bool, day_lasts: bool) {
    match second {
        Some(second) if lasts => {
            record.when = When::exact(first.when.earliest);
            record.until = Some(second.when.latest);
        }
        Some(second) => record.when.latest = second.when.latest,
        None if lasts && first.day => {
            record.when = When::exact(first.when.earliest);
            if day_lasts {
                record.until = Some(first.when.latest);
            }
        }
        None => {}
    }
}

/// `Kharkiv`, `48.5,37.2` or `48.5,37.2~25km`.
fn place(word: &Word) -> Result<Place, String> {
    let numeric = word.text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && word.text.contains(',');
    if word.quoted || !numeric {
        return Ok(Place::Named(Name::from(word.text.as_str())));
    }
    let (at, radius_m) = literal::coordinates(&word.text).map_err(|e| e.to_string())?;
    Ok(Place::Point { at, radius_m })
}
