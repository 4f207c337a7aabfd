//! What of a record is compared: times, place with its doubt, who, what, words, numbers, source.
//!
//! It reads records of the project's own form, whatever they were imported from. What a role means is told by its name and
//! its value: a role `kind…` is the kind; a role of dead or injured with a number is a number of people; other names are
//! actors; other texts are circumstances. It decides nothing.
//!
//! Invariants
//! - reports stand in the order of their records' identities, whatever the order in which they were handed in;
//! - only standing records that affirm an event are reports: what is superseded, withdrawn, denied, planned or a measure is not.

use servanda_model::record::{Basis, COVERAGE, EXPLANATION, FINDING, RoleValue, Says};
use servanda_model::time::HOUR;
use servanda_model::{Name, Place, Point, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Keys of [`Record::extra`] whose words are words for the place.
pub const PLACE_KEYS: [&str; 11] = [
    "location",
    "place",
    "city",
    "town",
    "village",
    "settlement",
    "adm_1",
    "adm_2",
    "where_coordinates",
    "where_description",
    "district",
];
/// Keys of [`Record::extra`] that name the text in which a report stands.
pub const DOCUMENT_KEYS: [&str; 4] = ["document", "article", "url", "source_article"];
/// Roles whose number is a number of dead.
pub const DEAD_ROLES: [&str; 4] = ["dead", "deaths", "killed", "fatalities"];
/// Roles whose number is a number of injured.
pub const HURT_ROLES: [&str; 4] = ["injured", "injuries", "wounded", "hurt"];

/// Words that say nothing about an event, in the languages of the reports that we know.
const EMPTY_WORDS: &[&str] = &[
    "the", "and", "for", "from", "with", "over", "after", "are", "its", "not", "has", "have", "was", "were",
    "that", "this", "into", "two", "more", "but", "who", "says", "said", "update", "against", "amid", "his",
    "her", "their", "near", "been", "will", "than", "when", "где", "как", "что", "для", "при", "это", "або",
    "що", "від", "про", "під", "los", "las", "del", "por", "con", "que", "una", "les", "des", "dans", "sur",
    "pour", "une",
];

/// A place that states no radius is taken as known to this, in metres.
const LEAST_DOUBT_M: f64 = 200.0;
/// A named place whose point is known is taken as known to this, in metres.
const NAMED_DOUBT_M: f64 = 5_000.0;
/// No doubt is taken as greater than this, in metres.
const MOST_DOUBT_M: f64 = 300_000.0;
/// How a word's rarity is drawn to that of a rare word while few reports are there: as if so many more had been read.
const READ_BEFORE: f64 = 20.0;
/// The share of those in which a word stood.
const SHARE_BEFORE: f64 = 0.005;

/// One report.
#[derive(Debug)]
pub(super) struct Report {
    pub fact: u32,
    /// Milliseconds.
    pub start: i64,
    pub end: i64,
    pub at: Option<Point>,
    pub named: Option<u32>,
    /// Metres.
    pub radius: f64,
    pub dead: f64,
    pub hurt: f64,
    pub source: u32,
    pub document: u32,
    pub actors: Range<u32>,
    pub kinds: Range<u32>,
    pub places: Range<u32>,
    pub words: Range<u32>,
    /// Role and what fills it.
    pub circumstances: Vec<(u32, u32)>,
    /// Summed rarity of kinds, places, words.
    pub weight: [f64; 3],
}

/// Numbers for texts, and in how many reports each stands.
#[derive(Default, Debug)]
pub(super) struct Words {
    number: BTreeMap<String, u32>,
    seen: Vec<u32>,
    pub rarity: Vec<f64>,
    /// Sorted numbers of each report, one report after another.
    pub all: Vec<u32>,
}

impl Words {
    fn of(&mut self, text: &str) -> u32 {
        if let Some(number) = self.number.get(text) {
            return *number;
        }
        let number = self.seen.len() as u32;
        self.number.insert(text.to_string(), number);
        self.seen.push(0);
        number
    }

    fn keep(&mut self, found: &mut Vec<u32>) -> Range<u32> {
        found.sort_unstable();
        found.dedup();
        let from = self.all.len() as u32;
        for number in found.iter() {
            self.seen[*number as usize] += 1;
        }
        self.all.append(found);
        from..self.all.len() as u32
    }

    fn weigh(&mut self, reports: usize) {
        let all = reports as f64 + READ_BEFORE;
        let rarity = |n: &u32| -libm::log((f64::from(*n) + READ_BEFORE * SHARE_BEFORE) / all);
        self.rarity = self.seen.iter().map(rarity).collect();
    }

    /// The numbers of one report.
    pub fn of_report(&self, range: &Range<u32>) -> &[u32] {
        &self.all[range.start as usize..range.end as usize]
    }

    /// In how many reports a text stands.
    pub fn seen(&self, number: u32) -> u32 {
        self.seen[number as usize]
    }

    fn sum(&self, range: &Range<u32>) -> f64 {
        self.of_report(range).iter().map(|n| self.rarity[*n as usize]).sum()
    }
}

/// Reports, ready to be compared.
#[derive(Default, Debug)]
pub struct Reports {
    pub(super) ids: Vec<RecordId>,
    pub(super) all: Vec<Report>,
    pub(super) actors: Words,
    pub(super) kinds: Words,
    pub(super) places: Words,
    pub(super) words: Words,
}

/// The records that still stand: neither superseded nor withdrawn, and no withdrawals or disputes themselves.
pub fn standing(records: &[Record]) -> BTreeMap<&RecordId, &Record> {
    let named = |r: &'_ Record| [r.supersedes.clone(), r.withdraws.clone()];
    let gone: BTreeSet<RecordId> = records.iter().flat_map(named).flatten().collect();
    let stands = |r: &&Record| r.withdraws.is_none() && r.disputes.is_none() && !gone.contains(&r.id);
    records.iter().filter(stands).map(|r| (&r.id, r)).collect()
}

/// Whether a standing record reports an event that another may speak of as well.
fn is_report(record: &Record) -> bool {
    record.says == Says::Affirms
        && record.value.is_none()
        && !matches!(record.basis, Basis::Planned | Basis::Simulated)
        && ![COVERAGE, FINDING, EXPLANATION].contains(&record.fact.as_str())
}

impl Reports {
    /// The reports among records; `points` are places by name, where they are known.
    pub fn of(records: &[Record], points: &BTreeMap<Name, Point>) -> Reports {
        let mut reports = Reports::default();
        let [mut facts, mut sources, mut documents, mut names, mut others] =
            std::array::from_fn(|_| Words::default());
        let mut found = Vec::new();
        for (id, record) in standing(records) {
            if !is_report(record) {
                continue;
            }
            let mut report = Report {
                fact: facts.of(&format!("{}{}", record.fact, if record.exercise { "\u{1}" } else { "" })),
                start: record.when.earliest.0,
                end: record.until.map_or(record.when.latest.0, |until| until.0.max(record.when.latest.0)),
                at: None,
                named: None,
                radius: 0.0,
                dead: number(record, &DEAD_ROLES),
                hurt: number(record, &HURT_ROLES),
                source: sources.of(&record.source),
                document: documents.of(&document(record)),
                actors: 0..0,
                kinds: 0..0,
                places: 0..0,
                words: 0..0,
                circumstances: Vec::new(),
                weight: [0.0; 3],
            };
            match &record.place {
                None => {}
                Some(Place::Point { at, radius_m }) => {
                    report.at = Some(*at);
                    report.radius = radius_m.clamp(LEAST_DOUBT_M, MOST_DOUBT_M);
                }
                Some(Place::Named(name)) => {
                    report.named = Some(names.of(name.as_str()));
                    report.at = points.get(name).copied();
                    report.radius = NAMED_DOUBT_M;
                    tokens(name.as_str(), |word| found.push(reports.places.of(word)));
                }
            }
            for key in PLACE_KEYS {
                if let Some(text) = record.extra.get(key) {
                    tokens(text, |word| found.push(reports.places.of(word)));
                }
            }
            report.places = reports.places.keep(&mut found);
            for (role, value) in &record.roles {
                match value {
                    _ if role.as_str().starts_with("kind") => {}
                    RoleValue::Name(name) => found.push(reports.actors.of(name.as_str())),
                    RoleValue::OneOf(names) => {
                        found.extend(names.iter().map(|name| reports.actors.of(name.as_str())))
                    }
                    RoleValue::Number(_) | RoleValue::Time(_) | RoleValue::Text(_) => {}
                }
            }
            report.actors = reports.actors.keep(&mut found);
            for (_, value) in record.roles.iter().filter(|(role, _)| role.as_str().starts_with("kind")) {
                match value {
                    RoleValue::Name(name) => found.push(reports.kinds.of(name.as_str())),
                    RoleValue::OneOf(names) => {
                        found.extend(names.iter().map(|name| reports.kinds.of(name.as_str())))
                    }
                    RoleValue::Text(text) => {
                        let parts = text.split([';', ',', '/']).map(|part| part.trim().to_lowercase());
                        found.extend(
                            parts.filter(|part| says_something(part)).map(|part| reports.kinds.of(&part)),
                        )
                    }
                    RoleValue::Number(_) | RoleValue::Time(_) => {}
                }
            }
            report.kinds = reports.kinds.keep(&mut found);
            let mut own = BTreeSet::new();
            tokens(&record.source, |word| {
                own.insert(word.to_string());
            });
            tokens(&record.title, |word| {
                if !own.contains(word) {
                    found.push(reports.words.of(word));
                }
            });
            report.words = reports.words.keep(&mut found);
            for (role, value) in &record.roles {
                if let RoleValue::Text(text) = value
                    && !role.as_str().starts_with("kind")
                    && says_something(&text.trim().to_lowercase())
                {
                    let what = others.of(&text.trim().to_lowercase());
                    report.circumstances.push((others.of(role.as_str()), what));
                }
            }
            reports.ids.push(id.clone());
            reports.all.push(report);
        }
        let count = reports.all.len();
        for words in [&mut reports.actors, &mut reports.kinds, &mut reports.places, &mut reports.words] {
            words.weigh(count);
        }
        for report in &mut reports.all {
            report.weight = [
                reports.kinds.sum(&report.kinds),
                reports.places.sum(&report.places),
                reports.words.sum(&report.words),
            ];
        }
        reports
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The record of a report.
    pub fn id(&self, report: u32) -> &RecordId {
        &self.ids[report as usize]
    }

    /// The report of a record.
    pub fn find(&self, id: &RecordId) -> Option<u32> {
        self.ids.binary_search(id).ok().map(|at| at as u32)
    }

    /// Roles with text that both state, and how many of them agree.
    pub(super) fn circumstances(&self, a: u32, b: u32) -> (usize, usize) {
        let (a, b) = (&self.all[a as usize].circumstances, &self.all[b as usize].circumstances);
        let (mut both, mut alike) = (0, 0);
        for (role, what) in a {
            if let Some((_, other)) = b.iter().find(|(of, _)| of == role) {
                both += 1;
                alike += usize::from(what == other);
            }
        }
        (both, alike)
    }
}

fn says_something(text: &str) -> bool {
    !matches!(text, "" | "unknown" | "other" | "n/a" | "na" | "none" | "not known" | "-")
}

fn number(record: &Record, roles: &[&str]) -> f64 {
    let of = |role: &&str| match record.roles.get(*role) {
        Some(RoleValue::Number(number)) => Some(number.to_f64()).filter(|n| n.is_finite() && *n > 0.0),
        _ => None,
    };
    roles.iter().find_map(of).unwrap_or(0.0)
}

/// The text that a report stands in: what a key says, else its title where that is a line of its own; with its source.
fn document(record: &Record) -> String {
    let stated = DOCUMENT_KEYS.iter().find_map(|key| record.extra.get(*key));
    let mut words = Vec::new();
    tokens(&record.title, |word| words.push(word.to_string()));
    match stated {
        Some(text) => format!("{}\u{1}{text}", record.source),
        None if words.len() >= 4 => format!("{}\u{1}{}", record.source, words.join(" ")),
        None => format!("\u{1}{}", record.id),
    }
}

/// The words of a text: letters in lower case, three or more of them; numbers that are no part of a date.
pub(super) fn tokens(text: &str, mut each: impl FnMut(&str)) {
    let mut word = String::new();
    for piece in text.split(|c: char| !(c.is_alphanumeric() || c == '-')) {
        if piece.starts_with(|c: char| c.is_ascii_digit()) && piece.contains('-') {
            continue;
        }
        for part in piece.split('-') {
            word.clear();
            word.extend(part.chars().flat_map(char::to_lowercase));
            let is_number = word.starts_with(|c: char| c.is_ascii_digit());
            let is_word = is_number || word.chars().nth(2).is_some();
            if is_word && !word.is_empty() && !EMPTY_WORDS.contains(&word.as_str()) {
                each(&word);
            }
        }
    }
}

impl Report {
    /// Known to a day or better.
    pub fn is_short(&self) -> bool {
        self.end - self.start < 12 * HOUR
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_leave_out_dates_and_empty_words() {
        let mut found = Vec::new();
        tokens(
            "The Nation (2008-01-02) Raid On Church Leaves 35 Dead as mob-rule spreads to Київ",
            |w| found.push(w.to_string()),
        );
        assert_eq!(
            found,
            ["nation", "raid", "church", "leaves", "35", "dead", "mob", "rule", "spreads", "київ"]
        );
    }
}
