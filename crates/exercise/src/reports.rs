//! Who tells what of the true incidents: five sources, each with its own hours, delays, errors, repeats and falsehoods; and
//! the times at which monitors were turned away.
//!
//! A source knows only what it perceived; only this module knows which incident that was, and writes it into the truth.

use crate::chance::Chance;
use crate::ground::{TOWNS, oblasts};
use crate::promises::named;
use crate::truth::{Duty, Incident, Kind, Report, Truth};
use crate::{Settings, Span};
use servanda_model::record::{Basis, COVERAGE, ItemGrade, RoleValue, SourceGrade};
use servanda_model::time::{DAY, HOUR};
use servanda_model::{Instant, Name, Number, Place, Record, When};
use std::collections::{BTreeMap, BTreeSet};

/// A source and its habits.
struct Source {
    name: &'static str,
    grade: SourceGrade,
    basis: Basis,
    /// Chance to perceive an incident by day (07 to 19) and by night.
    by_day: f64,
    by_night: f64,
    /// Hours to the report: median, and the factor of one standard deviation.
    delay_hours: (f64, f64),
    /// Doubt of the time, in hours to each side, by day and by night.
    doubt_hours: (f64, f64),
    /// Chance that the time is wrong beyond the stated doubt, and that the place is.
    wrong_time: f64,
    wrong_place: f64,
    /// Doubt of the place in kilometres; `None`: it names the oblast only.
    radius_km: Option<f64>,
    /// Factor by which it counts persons, least and greatest.
    counts: (f64, f64),
    /// Chance to tell the same twice.
    repeats: f64,
    /// False reports for each true one.
    falsehoods: f64,
    /// Whom it names.
    names: Names,
}

#[derive(Clone, Copy, PartialEq)]
enum Names {
    /// Who did it, now and then; else one of the two, not known which.
    Sometimes(f64),
    /// Always the other side.
    TheOther(&'static str),
}

const MISSION: &str = "monitoring mission";

const SOURCES: [Source; 5] = [
    Source {
        name: MISSION,
        grade: SourceGrade::B,
        basis: Basis::Observed,
        by_day: 0.6,
        by_night: 0.25,
        delay_hours: (10.0, 1.8),
        doubt_hours: (0.5, 3.0),
        wrong_time: 0.02,
        wrong_place: 0.02,
        radius_km: Some(8.0),
        counts: (0.8, 1.2),
        repeats: 0.02,
        falsehoods: 0.003,
        names: Names::Sometimes(0.45),
    },
    Source {
        name: "Ukraine",
        grade: SourceGrade::C,
        basis: Basis::Claimed,
        by_day: 0.75,
        by_night: 0.75,
        delay_hours: (3.0, 1.6),
        doubt_hours: (0.25, 0.5),
        wrong_time: 0.04,
        wrong_place: 0.04,
        radius_km: Some(5.0),
        counts: (1.0, 1.6),
        repeats: 0.05,
        falsehoods: 0.02,
        names: Names::TheOther("Russia"),
    },
    Source {
        name: "Russia",
        grade: SourceGrade::C,
        basis: Basis::Claimed,
        by_day: 0.1,
        by_night: 0.1,
        delay_hours: (6.0, 1.8),
        doubt_hours: (0.5, 1.0),
        wrong_time: 0.05,
        wrong_place: 0.08,
        radius_km: Some(10.0),
        counts: (0.5, 1.0),
        repeats: 0.05,
        falsehoods: 0.1,
        names: Names::TheOther("Ukraine"),
    },
    Source {
        name: "press",
        grade: SourceGrade::D,
        basis: Basis::Observed,
        by_day: 0.4,
        by_night: 0.3,
        delay_hours: (8.0, 2.2),
        doubt_hours: (12.0, 12.0),
        wrong_time: 0.05,
        wrong_place: 0.05,
        radius_km: None,
        counts: (0.5, 2.0),
        repeats: 0.15,
        falsehoods: 0.03,
        names: Names::Sometimes(0.6),
    },
    Source {
        name: "sensor network",
        grade: SourceGrade::A,
        basis: Basis::Observed,
        by_day: 0.55,
        by_night: 0.65,
        delay_hours: (0.3, 2.0),
        doubt_hours: (0.02, 0.02),
        wrong_time: 0.005,
        wrong_place: 0.03,
        radius_km: Some(12.0),
        counts: (1.0, 1.0),
        repeats: 0.03,
        falsehoods: 0.01,
        names: Names::Sometimes(0.7),
    },
];

/// Chance that reports of one incident were ruled to speak of one event.
const JOINED: f64 = 0.9;
/// Chance that the other party disputes a report of the mission.
const DISPUTED: f64 = 0.02;

pub(crate) fn reports(settings: &Settings, span: &Span, truth: &mut Truth, drafts: &mut Vec<Record>) {
    let denied = denials(settings, span, truth, drafts);
    mission_coverage(span, settings, &denied, drafts);
    let mut chance = Chance::of(settings.seed, 2);
    let mut tell = Teller { span, drafts, reports: Vec::new(), serial: 0 };
    for incident in &truth.incidents {
        for source in &SOURCES {
            if let Names::TheOther(other) = source.names
                && other != incident.by
            {
                continue;
            }
            if source.name == MISSION
                && denied.contains(&(TOWNS[incident.town].oblast, day_of(span, incident.when)))
            {
                continue;
            }
            let hour = hour_of(span, incident.when);
            let by_day = (7.0..19.0).contains(&hour);
            let seen = if by_day { source.by_day } else { source.by_night };
            // What belongs to an offensive is seldom overlooked.
            let seen = if incident.offensive { seen + 0.2 } else { seen };
            if !chance.happens(seen) {
                continue;
            }
            let id = tell.one(&mut chance, source, incident, Some(incident.number), false);
            if source.name == MISSION && chance.happens(DISPUTED) {
                tell.dispute(&mut chance, &id, incident.by);
            }
            if chance.happens(source.repeats) {
                tell.one(&mut chance, source, incident, Some(incident.number), true);
            }
        }
    }
    let mut chance = Chance::of(settings.seed, 3);
    for source in &SOURCES {
        let told =
            tell.reports.iter().filter(|(name, r)| *name == source.name && r.incident.is_some()).count();
        for _ in 0..chance.count(told as f64 * source.falsehoods) {
            let when = span.day(chance.whole(0, i64::from(settings.days) - 1), chance.between(0.0, 23.9));
            let by = match source.names {
                Names::TheOther(other) => other,
                Names::Sometimes(_) => *chance.pick(&["Russia", "Ukraine"]),
            };
            let town = chance.whole(0, TOWNS.len() as i64 - 1) as usize;
            let persons = chance.whole(5, 40) as u32;
            let kind = if chance.happens(0.9) { Kind::Strike } else { Kind::Incursion };
            let invented = Incident { number: 0, when, kind, by, town, persons, offensive: false };
            tell.one(&mut chance, source, &invented, None, false);
        }
    }
    truth.reports = tell.reports.into_iter().map(|(_, report)| report).collect();
}

struct Teller<'a> {
    span: &'a Span,
    drafts: &'a mut Vec<Record>,
    reports: Vec<(&'static str, Report)>,
    serial: u64,
}

impl Teller<'_> {
    fn id(&mut self) -> Name {
        self.serial += 1;
        Name::from(format!("report-{:09}", self.serial))
    }

    fn one(
        &mut self,
        chance: &mut Chance,
        source: &Source,
        incident: &Incident,
        number: Option<u32>,
        repeats: bool,
    ) -> Name {
        let id = self.id();
        let hour = hour_of(self.span, incident.when);
        let doubt = if (7.0..19.0).contains(&hour) { source.doubt_hours.0 } else { source.doubt_hours.1 };
        let mut told = incident.when;
        if chance.happens(source.wrong_time) {
            told = told + (chance.between(-6.0, 6.0) * HOUR as f64) as i64;
        }
        let when = match source.radius_km {
            // The press knows the day.
            None => self.span.calendar.day(self.span.calendar.date(told)),
            Some(_) => {
                let part = chance.between(0.2, 0.8);
                let to_minute =
                    |at: f64| Instant((told.0 + (at * HOUR as f64) as i64).div_euclid(60_000) * 60_000);
                When { earliest: to_minute(-doubt * part), latest: to_minute(doubt * (1.0 - part)) + 60_000 }
            }
        };
        let mut town = incident.town;
        if chance.happens(source.wrong_place) {
            let same: Vec<usize> =
                (0..TOWNS.len()).filter(|t| TOWNS[*t].oblast == TOWNS[town].oblast && *t != town).collect();
            town = if same.is_empty() || chance.happens(0.3) {
                chance.whole(0, TOWNS.len() as i64 - 1) as usize
            } else {
                *chance.pick(&same)
            };
        }
        let delay =
            chance.delay(source.delay_hours.0, source.delay_hours.1) * if repeats { 2.0 } else { 1.0 };
        let reported = Instant(incident.when.0 + (delay * HOUR as f64) as i64);
        let mut record = Record::new(id.clone(), "armed-attack", when, reported.max(when.latest));
        record.received = Some(record.recorded);
        record.place = Some(match source.radius_km {
            Some(km) => TOWNS[town].place(km * 1000.0),
            None => Place::Named(Name::from(format!("{} oblast", TOWNS[town].oblast))),
        });
        let by = match source.names {
            Names::TheOther(other) => named(other),
            // Whose offensive it is nobody doubts.
            Names::Sometimes(share) if chance.happens(share) || incident.offensive => named(incident.by),
            Names::Sometimes(_) => RoleValue::OneOf(vec!["Russia".into(), "Ukraine".into()]),
        };
        record.roles.insert("by".into(), by);
        record.roles.insert("kind".into(), named(incident.kind.word()));
        if incident.kind == Kind::Incursion {
            let counted = f64::from(incident.persons) * chance.between(source.counts.0, source.counts.1);
            record
                .roles
                .insert("persons".into(), RoleValue::Number(Number::from(counted.round().max(1.0) as i64)));
        }
        record.source = source.name.into();
        record.source_grade = Some(source.grade);
        record.item_grade = Some(ItemGrade(match source.grade {
            SourceGrade::A => 1 + chance.weighted(&[3.0, 6.0, 1.0]) as u8,
            SourceGrade::B => 1 + chance.weighted(&[2.0, 6.0, 2.0]) as u8,
            SourceGrade::C => 2 + chance.weighted(&[2.0, 6.0, 2.0]) as u8,
            _ => 3 + chance.weighted(&[5.0, 2.0, 0.5, 2.5]) as u8,
        }));
        record.basis = source.basis;
        if let Some(number) = number
            && chance.happens(JOINED)
        {
            record.incident = Some(Name::from(format!("event-{number}")));
        }
        let where_to = match source.radius_km {
            Some(_) => TOWNS[town].name.to_string(),
            None => format!("{} oblast", TOWNS[town].oblast),
        };
        record.title = format!("EXERCISE {}, {where_to} ({})", incident.kind.word(), source.name);
        record.exercise = true;
        self.drafts.push(record);
        self.reports.push((source.name, Report { record: id.clone(), incident: number, repeats }));
        id
    }

    fn dispute(&mut self, chance: &mut Chance, of: &Name, by: &'static str) {
        let Some(last) = self.drafts.last() else { return };
        let at = last.recorded + (chance.between(2.0, 48.0) * HOUR as f64) as i64;
        let mut record = Record::new(self.id(), "dispute", When::exact(at), at);
        record.disputes = Some(of.clone());
        record.roles.insert("by".into(), named(by));
        record.source = by.into();
        record.source_grade = Some(SourceGrade::C);
        record.item_grade = Some(ItemGrade(4));
        record.basis = Basis::Claimed;
        record.title = format!("EXERCISE {by} disputes a report of the {MISSION}");
        record.exercise = true;
        self.drafts.push(record);
    }
}

/// Days on which the mission had no access, by oblast; with the records of the denials and what came of them.
fn denials(
    settings: &Settings,
    span: &Span,
    truth: &mut Truth,
    drafts: &mut Vec<Record>,
) -> BTreeSet<(&'static str, i64)> {
    let mut chance = Chance::of(settings.seed, 4);
    let mut denied = BTreeSet::new();
    let mut serial = 0;
    for (oblast, towns) in oblasts() {
        let mut day = 0;
        loop {
            day += (chance.wait(90.0) as i64).max(1);
            if day >= i64::from(settings.days) {
                break;
            }
            serial += 1;
            let length = chance.whole(1, 5);
            denied.extend((day..day + length).map(|day| (oblast, day)));
            let by = if chance.happens(0.15) { "Ukraine" } else { "Russia" };
            let town = &TOWNS[*chance.pick(&towns)];
            let at = span.day(day, (chance.between(7.0, 16.0) * 4.0).round() / 4.0);
            let id = Name::from(format!("denial-{serial:04}"));
            let recorded = at + (chance.between(1.0, 10.0) * HOUR as f64) as i64;
            let mut record = Record::new(id.clone(), "access-denial", When::exact(at), recorded);
            record.roles.insert("by".into(), named(by));
            record.place = Some(town.place(5_000.0));
            record.source = MISSION.into();
            record.source_grade = Some(SourceGrade::B);
            record.item_grade = Some(ItemGrade(1));
            record.title = format!("EXERCISE access denied by {by}, {}", town.name);
            record.exercise = true;
            drafts.push(record);
            if by != "Ukraine" {
                continue;
            }
            // Ukraine owes an explanation in writing within 48 hours; a later one may come within that time too.
            let hours = chance.delay(28.0, 1.7);
            let done = at + (hours * HOUR as f64) as i64;
            let letter = Name::from(format!("denial-{serial:04}-letter"));
            let mut record =
                Record::new(letter.clone(), "written-explanation", When::exact(done), done + HOUR);
            record.roles.insert("by".into(), named(by));
            record.source = "Ukraine".into();
            record.source_grade = Some(SourceGrade::B);
            record.item_grade = Some(ItemGrade(1));
            record.basis = Basis::Declared;
            record.title = "EXERCISE Ukraine explains a denial of access".into();
            record.exercise = true;
            drafts.push(record);
            let duty = |norm: &str, due: Instant, kept: bool, at: Instant, record: Name| Duty {
                norm: norm.into(),
                bearer: by.into(),
                about: format!("denial of access, {}", town.name),
                due,
                kept,
                at: Some(at),
                records: vec![record],
            };
            truth.duties.push(duty("no-obstruction", span.end, false, at, id));
            let due = at + 48 * HOUR;
            truth.duties.push(duty("explain-denial", due, done <= due, done, letter));
        }
    }
    denied
}

/// Week by week, what share of the country the mission watched.
fn mission_coverage(
    span: &Span,
    settings: &Settings,
    denied: &BTreeSet<(&'static str, i64)>,
    drafts: &mut Vec<Record>,
) {
    let mut by_day: BTreeMap<i64, i64> = BTreeMap::new();
    for (_, day) in denied {
        *by_day.entry(*day).or_default() += 1;
    }
    let all = oblasts().len() as i64;
    for week in 0..i64::from(settings.days) / 7 {
        let lost: i64 = (week * 7..week * 7 + 7).filter_map(|day| by_day.get(&day)).sum();
        // In the mean of day and night it perceives two in five.
        let share = Number::ratio(2 * (all * 7 - lost), 5 * all * 7).unwrap_or_default();
        let (from, to) = (span.day(week * 7, 0.0), span.day(week * 7 + 7, 0.0) + -1);
        let mut record =
            Record::new(format!("coverage-{week:04}"), COVERAGE, When::exact(from), to + 1 + 12 * HOUR);
        record.until = Some(to);
        record.value = Some(share);
        record.place = Some(Place::Named("Ukraine-territory".into()));
        record.source = MISSION.into();
        record.source_grade = Some(SourceGrade::B);
        record.item_grade = Some(ItemGrade(2));
        record.title = "EXERCISE weekly account of coverage".into();
        record.exercise = true;
        drafts.push(record);
    }
}

fn day_of(span: &Span, at: Instant) -> i64 {
    (at - span.ceasefire).div_euclid(DAY)
}

/// Hour of the day in Kyiv, the clock of winter.
fn hour_of(span: &Span, at: Instant) -> f64 {
    (at - span.ceasefire).rem_euclid(DAY) as f64 / HOUR as f64
}
