//! A seeded exercise world for the Berlin framework of `examples/berlin-framework`: what really happened, and what several
//! imperfect sources reported of it.
//!
//! It feeds the demo, tests and benchmarks. Because the truth stands beside the records, whatever reads the records can be
//! measured against what they speak of.
//!
//! What it deliberately does not do: pass for real, decide a verdict, place anything finer than a named town. There are no
//! positions, no units and no routes in it, and there is nothing to aim at: a place is one of a short list of towns, with a
//! doubt of at least five kilometres, or a whole oblast.
//!
//! Invariants
//! - [`generate`] is a pure function of its [`Settings`]: one seed, one world, on every machine;
//! - every record is marked as an exercise, in a field and in its title;
//! - no record was entered before what it tells had happened;
//! - every report of an incident stands in the truth, with its incident or as false;
//! - random streams are apart by subject: more incidents change no delivery and no report of strength.
//!
//! Where to start reading: [`Settings`], [`generate`], then `violence` for what happens, `reports` for who tells it and
//! `promises` for what the parties do. Tests stand in `tests/`.

pub mod chance;
mod ground;
mod promises;
mod reports;
mod truth;
mod violence;

pub use ground::{TOWNS, Town};
pub use truth::{Aggression, Duty, Incident, Kind, Report, Truth};

use servanda_model::time::DAY;
use servanda_model::{Calendar, Instant, Name, Record};
use std::collections::BTreeMap;

/// What a world depends on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// Another seed, another world.
    pub seed: u64,
    /// Days from the ceasefire on, 30 to 3,650.
    pub days: u32,
    /// True incidents a day, in the mean, outside offensives; 0 to 5,000.
    pub incidents_per_day: f64,
    /// Times at which a hundred or more strikes fall within three days.
    pub offensives: u32,
}

impl Default for Settings {
    /// Two years with some 3,400 records.
    fn default() -> Settings {
        Settings { seed: 1, days: 730, incidents_per_day: 0.4, offensives: 2 }
    }
}

impl Settings {
    /// Two years that make about so many records, give or take a tenth. Fewer than about 2,900 cannot be had in two years.
    pub fn for_records(seed: u64, records: u32) -> Settings {
        let base = Settings { seed, ..Settings::default() };
        let incidents = (f64::from(records) - FIXED_RECORDS).max(0.0) / RECORDS_PER_INCIDENT;
        Settings { incidents_per_day: incidents / f64::from(base.days), ..base }
    }
}

/// Records of two years that have nothing to do with the number of incidents, two offensives included.
const FIXED_RECORDS: f64 = 2_800.0;
/// Reports of an incident, in the mean.
const RECORDS_PER_INCIDENT: f64 = 2.23;

/// What was recorded, and what was so.
#[derive(Clone, PartialEq, Debug)]
pub struct World {
    /// Records, in the order in which they were entered.
    pub records: Vec<Record>,
    /// What really happened.
    pub truth: Truth,
}

/// Makes the world of some settings. Settings out of their range are moved into it.
pub fn generate(settings: &Settings) -> World {
    let settings = Settings {
        days: settings.days.clamp(30, 3_650),
        incidents_per_day: if settings.incidents_per_day.is_finite() {
            settings.incidents_per_day.clamp(0.0, 5_000.0)
        } else {
            0.0
        },
        offensives: settings.offensives.min(100),
        ..*settings
    };
    let span = Span::new(settings.days);
    let mut truth = Truth::default();
    let mut drafts = Vec::new();
    violence::incidents(&settings, &span, &mut truth);
    reports::reports(&settings, &span, &mut truth, &mut drafts);
    promises::promises(&settings, &span, &mut truth, &mut drafts);
    finish(drafts, truth)
}

/// The time that a world covers.
pub(crate) struct Span {
    pub calendar: Calendar,
    /// The ceasefire: 1 March 2026, midnight in Kyiv.
    pub ceasefire: Instant,
    /// The end.
    pub end: Instant,
}

impl Span {
    fn new(days: u32) -> Span {
        // The time zone database is compiled in; without it UTC is as good for an exercise.
        let calendar = Calendar::of_zone("Europe/Kyiv").unwrap_or_default();
        let ceasefire = Instant(1_772_316_000_000);
        Span { calendar, ceasefire, end: ceasefire + i64::from(days) * DAY }
    }

    /// So many days and hours after the ceasefire.
    pub fn day(&self, day: i64, hours: f64) -> Instant {
        self.ceasefire + day * DAY + (hours * 3_600_000.0) as i64
    }
}

/// People report to the minute: what happened is told down to it, what was sent and entered up to it. An end of a day
/// stays one.
fn to_the_minute(record: &mut Record) {
    const MINUTE: i64 = 60_000;
    let down =
        |t: Instant| if t.0 % MINUTE == MINUTE - 1 { t } else { Instant(t.0 - t.0.rem_euclid(MINUTE)) };
    let up = |t: Instant| Instant(t.0 + (-t.0).rem_euclid(MINUTE));
    let exact = record.when.is_exact();
    record.when.earliest = down(record.when.earliest);
    record.when.latest = if exact { record.when.earliest } else { down(record.when.latest) };
    record.until = record.until.map(down);
    record.sent = record.sent.map(up);
    record.received = record.received.map(up);
    record.recorded = up(record.recorded);
}

/// Sorts the records by when they were entered, and gives them names that tell nothing.
fn finish(mut drafts: Vec<Record>, mut truth: Truth) -> World {
    drafts.iter_mut().for_each(to_the_minute);
    drafts.sort_by(|a, b| (a.recorded, a.when, &a.id).cmp(&(b.recorded, b.when, &b.id)));
    let width = drafts.len().to_string().len();
    let names: BTreeMap<Name, Name> = drafts
        .iter()
        .enumerate()
        .map(|(index, record)| (record.id.clone(), Name::from(format!("x{:0width$}", index + 1))))
        .collect();
    let renamed = |id: &Name| names.get(id).cloned().unwrap_or_else(|| id.clone());
    for record in &mut drafts {
        record.id = renamed(&record.id);
        for other in
            [&mut record.supersedes, &mut record.withdraws, &mut record.disputes].into_iter().flatten()
        {
            *other = renamed(other);
        }
    }
    for report in &mut truth.reports {
        report.record = renamed(&report.record);
    }
    truth.reports.sort_by(|a, b| a.record.cmp(&b.record));
    for duty in &mut truth.duties {
        for id in &mut duty.records {
            *id = renamed(id);
        }
    }
    truth.duties.sort_by(|a, b| (a.due, &a.norm, &a.bearer).cmp(&(b.due, &b.norm, &b.bearer)));
    World { records: drafts, truth }
}
