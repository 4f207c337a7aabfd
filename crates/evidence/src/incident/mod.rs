//! The incident: everything that is on file about one event, seen together and kept apart.
//!
//! It stores nothing. An incident is a view over records: the reports that speak of one event, and the *entries* about it
//! (a status, a party's reply, dissent, an assessment, a finding, an action, a link, a grade). Each of these is a record of its own
//! that names the incident; nothing is ever changed by another. It decides no verdict and merges no report.
//!
//! Invariants
//! - what was recorded after the moment of knowledge is not seen;
//! - allegation, report, observation, assessment and finding are never counted or shown as one another ([`Voice`]);
//! - an incident is verified, or attributed to anybody, only where a record says so, and then that record is shown;
//! - a party's words are given back as they were recorded;
//! - a withdrawn entry counts no more and stays in the history.
//!
//! Where to start reading: [`incidents`], then [`Incident`]; [`details`] for what its records say; [`entry`] for how one is made.
//! For users: `docs/reference/incident.md`.

pub mod details;
pub mod entry;
mod json;
mod text;

pub use json::json;
pub use text::{line, text};

use servanda_model::place::{Shape, distance_to_line_m};
use servanda_model::record::{Basis, COVERAGE, EXPLANATION, FINDING, RoleValue, Says};
use servanda_model::{Calendar, Instant, Name, Place, Places, Record, Records, Within};
use std::collections::{BTreeMap, BTreeSet};

/// The role by which an entry names its incident.
pub const ABOUT: &str = "about";

macro_rules! kinds {
    ($($name:ident $fact:literal $what:literal;)*) => {
        /// What an entry about an incident is.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Kind {
            $(#[doc = $what] $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Kind] = &[$(Kind::$name),*];

            /// The built-in fact of its records.
            pub fn fact(self) -> &'static str {
                match self { $(Kind::$name => $fact,)* }
            }
        }
    };
}

kinds! {
    Status "incident-status" "Where its checking stands.";
    Reply "incident-reply" "A party's reply in its own words.";
    Dissent "incident-dissent" "Dissent of a member of the body or team.";
    Assessment "incident-assessment" "An analyst's judgement, perhaps of who it was.";
    Finding "incident-finding" "A body's conclusion, perhaps of who it was.";
    Action "incident-action" "What was done, and who was told.";
    Link "incident-link" "A report that was ruled to speak of it, with the reason.";
    Clause "incident-clause" "A clause that it may concern.";
    Grade "incident-grade" "Grades of source and item, given by a person.";
}

impl Kind {
    /// The kind of an entry's record; `None` for every other record.
    pub fn of(record: &Record) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.fact() == record.fact.as_str())
    }

    /// Its short word: `status`, `reply`.
    pub fn word(self) -> &'static str {
        self.fact().trim_start_matches("incident-")
    }
}

/// Where the checking of an incident stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Status {
    /// Reported, and nobody has begun to check it.
    #[default]
    Reported,
    /// Somebody checks it.
    UnderCheck,
    /// It was checked, and it was so.
    Verified,
    /// It was checked, and could not be shown to have been so.
    NotVerified,
    /// Taken back by who reported it.
    Withdrawn,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 5] =
        [Status::Reported, Status::UnderCheck, Status::Verified, Status::NotVerified, Status::Withdrawn];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Reported => "reported",
            Status::UnderCheck => "under-check",
            Status::Verified => "verified",
            Status::NotVerified => "not-verified",
            Status::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word; blanks may stand for hyphens.
    pub fn parse(word: &str) -> Option<Status> {
        let plain = word.trim().to_lowercase().replace([' ', '_'], "-");
        Status::ALL.into_iter().find(|status| status.word() == plain)
    }
}

/// What kind of statement a record makes about an event. The words are not to be exchanged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Voice {
    /// One side about the other, not checked.
    Allegation,
    /// A party about itself.
    Declaration,
    /// What somebody was told.
    Report,
    /// What a person or a sensor perceived.
    Observation,
    /// An analyst's judgement.
    Assessment,
    /// A body's conclusion.
    Finding,
    /// A plan or a simulation: no statement about the world.
    Plan,
}

impl Voice {
    /// The kind of a record's statement: by its basis, and of what was observed by its means.
    pub fn of(record: &Record) -> Voice {
        match record.basis {
            Basis::Claimed => Voice::Allegation,
            Basis::Declared => Voice::Declaration,
            Basis::Assessed => Voice::Assessment,
            Basis::Found => Voice::Finding,
            Basis::Planned | Basis::Simulated => Voice::Plan,
            Basis::Observed => match details::of(record).get("means") {
                Some(means) if means.split(';').all(|m| m == "told") => Voice::Report,
                _ => Voice::Observation,
            },
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Voice::Allegation => "allegation",
            Voice::Declaration => "declaration",
            Voice::Report => "report",
            Voice::Observation => "observation",
            Voice::Assessment => "assessment",
            Voice::Finding => "finding",
            Voice::Plan => "plan",
        }
    }
}

/// One report of an incident, with its corrections.
#[derive(Clone, PartialEq, Debug)]
pub struct Reported<'r> {
    /// As it was first recorded, and every correction, in order.
    pub versions: Vec<&'r Record>,
    /// The record that takes it back.
    pub withdrawn: Option<&'r Record>,
    /// Why it is counted to this incident; `None` for the report that the incident began with.
    pub joined: Option<Joined<'r>>,
}

/// Why a report is counted to an incident.
#[derive(Clone, PartialEq, Debug)]
pub enum Joined<'r> {
    /// Its own record names the incident.
    ByItself,
    /// Somebody ruled so.
    ByRuling(&'r Record),
}

impl<'r> Reported<'r> {
    /// As it stands.
    pub fn current(&self) -> &'r Record {
        self.versions[self.versions.len() - 1]
    }
}

/// An entry about an incident.
#[derive(Clone, PartialEq, Debug)]
pub struct Entered<'r> {
    /// What it is.
    pub kind: Kind,
    /// Its record.
    pub record: &'r Record,
    /// The record that takes it back.
    pub withdrawn: Option<&'r Record>,
}

/// Everything that is on file about one event.
#[derive(Clone, PartialEq, Debug)]
pub struct Incident<'r> {
    /// Its name: the first record's own, or the one that its reports name.
    pub id: Name,
    /// The reports, the one that it began with first. Never empty.
    pub reports: Vec<Reported<'r>>,
    /// The entries about it, in the order in which they were recorded.
    pub entries: Vec<Entered<'r>>,
}

/// A name that fills a role.
fn name_in<'r>(record: &'r Record, role: &str) -> Option<&'r Name> {
    match record.roles.get(role) {
        Some(RoleValue::Name(name)) => Some(name),
        _ => None,
    }
}

/// A text that fills a role.
fn text_in<'r>(record: &'r Record, role: &str) -> Option<&'r str> {
    match record.roles.get(role) {
        Some(RoleValue::Text(text)) => Some(text),
        _ => None,
    }
}

/// The incidents of these records, as known at a moment, in the order in which they happened.
pub fn incidents<'r>(records: impl Into<Records<'r>>, known_at: Instant) -> Vec<Incident<'r>> {
    let known: Vec<&Record> = records.into().iter().filter(|r| r.recorded <= known_at).collect();
    let corrected = known.iter().filter_map(|r| Some((&r.id, r.supersedes.as_ref()?)));
    let corrected: BTreeMap<&Name, &Name> = corrected.collect();
    let mut withdrawals: BTreeMap<&Name, &Record> = BTreeMap::new();
    for record in &known {
        if let Some(taken_back) = &record.withdraws {
            withdrawals.entry(taken_back).or_insert(record);
        }
    }
    // What a record corrects, back to the first; a circle of corrections, which only a broken store has, ends somewhere.
    fn root<'n>(record: &'n Record, corrected: &BTreeMap<&Name, &'n Name>) -> &'n Name {
        let (mut at, mut before) = (&record.id, record.supersedes.as_ref());
        let mut seen = BTreeSet::new();
        while let Some(earlier) = before {
            if !seen.insert(at) {
                break;
            }
            at = earlier;
            before = corrected.get(at).copied();
        }
        at
    }
    let built_in = [COVERAGE, FINDING, EXPLANATION];
    let mut chains: BTreeMap<&Name, Vec<&Record>> = BTreeMap::new();
    let mut entries: BTreeMap<&Name, Vec<Entered<'_>>> = BTreeMap::new();
    for record in known.iter().filter(|r| r.withdraws.is_none()) {
        match Kind::of(record) {
            Some(kind) => {
                let Some(about) = name_in(record, ABOUT) else { continue };
                let withdrawn = withdrawals.get(&record.id).copied();
                entries.entry(about).or_default().push(Entered { kind, record, withdrawn });
            }
            None if built_in.contains(&record.fact.as_str()) || record.disputes.is_some() => {}
            None => chains.entry(root(record, &corrected)).or_default().push(record),
        }
    }
    let mut ruled: BTreeMap<&Name, (&Name, &Record)> = BTreeMap::new();
    for entry in entries.values().flatten().filter(|e| e.kind == Kind::Link && e.withdrawn.is_none()) {
        if let (Some(about), Some(report)) = (name_in(entry.record, ABOUT), name_in(entry.record, "report")) {
            match entry.record.says {
                Says::Affirms => ruled.insert(report, (about, entry.record)),
                Says::Denies => ruled.remove(report),
            };
        }
    }
    let mut found: BTreeMap<&Name, Vec<Reported<'_>>> = BTreeMap::new();
    for (first, mut versions) in chains {
        // Of two of one moment the one that was entered later counts: records come in the order in which they were entered.
        versions.sort_by_key(|r| r.recorded);
        let current = versions[versions.len() - 1];
        let withdrawn = versions.iter().rev().find_map(|r| withdrawals.get(&r.id)).copied();
        let own = current.incident.as_ref();
        let (incident, joined) = match (ruled.get(first), own) {
            (Some((about, ruling)), _) => (*about, Some(Joined::ByRuling(ruling))),
            (None, Some(named)) if named != first => (named, Some(Joined::ByItself)),
            (None, _) => (first, None),
        };
        found.entry(incident).or_default().push(Reported { versions, withdrawn, joined });
    }
    let mut all: Vec<Incident<'_>> = found
        .into_iter()
        .map(|(id, mut reports)| {
            reports.sort_by_key(|r| (r.joined.is_some(), r.versions[0].recorded, r.versions[0].id.clone()));
            let mut entries = entries.remove(id).unwrap_or_default();
            entries.sort_by_key(|e| e.record.recorded);
            Incident { id: id.clone(), reports, entries }
        })
        .collect();
    all.sort_by(|a, b| (a.main().when.earliest, &a.id).cmp(&(b.main().when.earliest, &b.id)));
    all
}

/// An attribution that somebody made.
#[derive(Clone, PartialEq, Debug)]
pub struct Attribution<'r> {
    /// To whom; several where it is one of them.
    pub to: Vec<&'r Name>,
    /// How sure they are, in their words or as a number from 0 to 100.
    pub confidence: Option<&'r str>,
    /// The assessment or finding.
    pub record: &'r Record,
    /// Which of the two.
    pub kind: Kind,
}

impl<'r> Incident<'r> {
    /// The report that its details are taken from: the first that was not withdrawn, else the first.
    pub fn main(&self) -> &'r Record {
        self.reports.iter().find(|r| r.withdrawn.is_none()).unwrap_or(&self.reports[0]).current()
    }

    /// How many records have made it what it is: it grows with every correction and entry.
    pub fn version(&self) -> usize {
        let reports: usize =
            self.reports.iter().map(|r| r.versions.len() + usize::from(r.withdrawn.is_some())).sum();
        reports + self.entries.iter().map(|e| 1 + usize::from(e.withdrawn.is_some())).sum::<usize>()
    }

    /// Entries of a kind that stand, in order.
    pub fn standing(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &'r Record> + '_ {
        self.entries.iter().filter(move |e| e.kind == kind && e.withdrawn.is_none()).map(|e| e.record)
    }

    /// Where its checking stands, and the entry that says so.
    pub fn status(&self) -> (Status, Option<&'r Record>) {
        if let Some(last) =
            self.reports.iter().all(|r| r.withdrawn.is_some()).then(|| self.reports[0].withdrawn).flatten()
        {
            return (Status::Withdrawn, Some(last));
        }
        let said = self.standing(Kind::Status).next_back();
        let status = said.and_then(|record| Status::parse(name_in(record, "status")?.as_str()));
        (status.unwrap_or_default(), said)
    }

    /// To whom it is attributed: by the last finding that names somebody, else by the last assessment. `None`: not
    /// attributed.
    pub fn attribution(&self) -> Option<Attribution<'r>> {
        [Kind::Finding, Kind::Assessment].into_iter().find_map(|kind| {
            self.standing(kind).rev().find_map(|record| {
                let to = match record.roles.get("attributed-to")? {
                    RoleValue::Name(name) => vec![name],
                    RoleValue::OneOf(names) => names.iter().collect(),
                    _ => return None,
                };
                Some(Attribution { to, confidence: text_in(record, "confidence"), record, kind })
            })
        })
    }

    /// Replies with the moment by which they were due, and whether they were late; `None` where no moment was set.
    pub fn replies(&self) -> Vec<(&'r Record, Option<Instant>, Option<bool>)> {
        self.standing(Kind::Reply)
            .map(|record| {
                let due = match record.roles.get("due") {
                    Some(RoleValue::Time(when)) => Some(when.latest),
                    _ => None,
                };
                let came = record.received.unwrap_or(record.recorded);
                (record, due, due.map(|due| came > due))
            })
            .collect()
    }

    /// The last grades that a person gave apart from the report's own: the entry.
    pub fn regraded(&self) -> Option<&'r Record> {
        self.standing(Kind::Grade).next_back()
    }

    /// Clauses that its reports and entries name, each once.
    pub fn clauses(&self) -> Vec<&'r str> {
        let of_reports = self.reports.iter().filter_map(|r| details::of(r.current()).get("clauses").copied());
        let of_entries = self.standing(Kind::Clause).filter_map(|r| name_in(r, "clause").map(Name::as_str));
        let mut all: Vec<&str> = of_reports.flat_map(|all| all.split(';')).chain(of_entries).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether any of its records is part of an exercise.
    pub fn is_exercise(&self) -> bool {
        self.reports.iter().flat_map(|r| &r.versions).any(|r| r.exercise)
            || self.entries.iter().any(|e| e.record.exercise)
    }

    /// How many of its reports that stand, and of its assessments and findings, speak in each voice.
    pub fn voices(&self) -> BTreeMap<Voice, usize> {
        let mut voices = BTreeMap::new();
        for report in self.reports.iter().filter(|r| r.withdrawn.is_none()) {
            *voices.entry(Voice::of(report.current())).or_default() += 1;
        }
        for (kind, voice) in [(Kind::Assessment, Voice::Assessment), (Kind::Finding, Voice::Finding)] {
            let more = self.standing(kind).count();
            if more > 0 {
                *voices.entry(voice).or_default() += more;
            }
        }
        voices
    }
}

/// What surrounds incidents: computed and never recorded.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// The zones of the agreement with their shapes at that date, each with its arguments in words.
    pub zones: &'a [(String, Shape)],
    /// Points and shapes of names.
    pub places: &'a Places,
    /// Zone of civil times.
    pub calendar: &'a Calendar,
}

/// How a place lies to one of the agreement's zones.
#[derive(Clone, PartialEq, Debug)]
pub struct Relation<'a> {
    /// The zone, with its arguments.
    pub zone: &'a str,
    /// Whether it lies inside; for a line outside.
    pub within: Within,
    /// Metres to a line, not finer than the doubt of the place.
    pub distance_m: Option<f64>,
}

impl Ground<'_> {
    /// How a place lies to each zone and line. A zone of which it certainly lies outside is left out, a line is not.
    pub fn relations(&self, place: &Place) -> Vec<Relation<'_>> {
        let (at, radius_m) = match place {
            Place::Point { at, radius_m } => (*at, *radius_m),
            Place::Named(name) => match self.places.points.get(name) {
                Some(at) => (*at, 0.0),
                None => return self.named(name),
            },
        };
        let relation = |(zone, shape): &'_ (String, Shape)| match shape {
            Shape::Line(parts) => {
                let (distance, _) = distance_to_line_m(at, parts)?;
                Some((zone.clone(), Within::Outside, Some(distance)))
            }
            shape => match shape.contains(at, radius_m) {
                Within::Outside => None,
                within => Some((zone.clone(), within, None)),
            },
        };
        self.zones
            .iter()
            .filter_map(|zone| {
                let (_, within, distance_m) = relation(zone)?;
                Some(Relation { zone: &zone.0, within, distance_m })
            })
            .collect()
    }

    /// A named area: it lies in the zone of its own name and, for what else, it is not known here.
    fn named(&self, name: &Name) -> Vec<Relation<'_>> {
        let same = self.zones.iter().filter(|(zone, _)| zone == name.as_str());
        same.map(|(zone, _)| Relation { zone, within: Within::Inside, distance_m: None }).collect()
    }
}

#[cfg(test)]
mod tests;
