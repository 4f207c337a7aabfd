//! Due dates of a comparison as a calendar (iCalendar, RFC 5545): milestones, and by when partners have to be told.
//!
//! Every entry says planned or simulated, and of which scenario it is; nothing in it is a duty that was found. Whole days, and no reminders.
//!
//! Invariants
//! - the UID is made of scenario, plan and what is due: a later calendar updates the entry;
//! - the stamp is given by whoever asks; no clock is read.

use super::{Kind, Outcome, Scenario, rows};
use crate::answer::Cell;
use crate::month::Month;
use crate::support::Dated;
use jiff::civil::Date;
use servanda_model::Instant;
use servanda_report::ics::{escape, folded};
use std::collections::BTreeMap;

/// What is due on a day.
struct Due {
    day: Date,
    /// What it is: part of its identity.
    id: String,
    title: String,
    words: String,
}

fn compact(day: Date) -> String {
    day.to_string().replace('-', "")
}

/// The calendar of base and scenarios. `stamp` is when it was made.
pub fn ics(base: &Outcome, scenarios: &[(Scenario, Outcome)], seed: Option<u64>, stamp: Instant) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &str| out.push_str(&folded(&format!("{name}:{value}")));
    line("BEGIN", "VCALENDAR");
    line("VERSION", "2.0");
    line("PRODID", "-//servanda//plan//EN");
    line("CALSCALE", "GREGORIAN");
    line("METHOD", "PUBLISH");
    line("X-WR-CALNAME", &escape("Plans: planned and simulated, and no duty that was found"));
    let made: String = stamp.to_string().chars().take(19).filter(|c| !"-:".contains(*c)).collect();
    for (name, outcome) in std::iter::once(("base", base))
        .chain(scenarios.iter().map(|(of, outcome)| (of.name.as_str(), outcome)))
    {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for due in due(outcome, seed) {
            let n = seen.entry(due.id.clone()).or_default();
            *n += 1;
            line("BEGIN", "VEVENT");
            line("UID", &escape(&format!("{name}~-{}~-{n}@servanda-plan", due.id)));
            line("DTSTAMP", &format!("{made}Z"));
            line("DTSTART;VALUE=DATE", &compact(due.day));
            line("DTEND;VALUE=DATE", &compact(due.day.tomorrow().unwrap_or(due.day)));
            line("SUMMARY", &escape(&format!("{name}: {}", due.title)));
            line("DESCRIPTION", &escape(&due.words));
            line("TRANSP", "TRANSPARENT");
            line("END", "VEVENT");
        }
    }
    line("END", "VCALENDAR");
    out
}

fn due(outcome: &Outcome, seed: Option<u64>) -> Vec<Due> {
    let mut all = Vec::new();
    let last = |text: &str| Month::parse(text).map(|month| Dated::Within(month).latest());
    for row in rows(outcome.table(Kind::Forces, "milestones")) {
        let (name, category) = (row.cell("milestone").plain(), row.cell("category").plain());
        let Some(day) = last(&row.cell("by").plain()) else { continue };
        let words = format!(
            "SIMULATED: kept in {} percent of futures, seed {}. {} ({category}), {}. A share of drawn futures, and no verdict.",
            row.cell("kept_pct").plain(),
            seed.map_or("none".to_string(), |seed| seed.to_string()),
            row.cell("bound").plain(),
            row.cell("measure").plain(),
        );
        all.push(Due {
            day,
            id: format!("forces~-{name}~-{category}"),
            title: format!("{name} (simulated)"),
            words,
        });
    }
    for row in rows(outcome.table(Kind::Deliveries, "milestones")) {
        let (name, item) = (row.cell("milestone").plain(), row.cell("item").plain());
        let Some(day) = last(&row.cell("by").plain()) else { continue };
        let words = format!(
            "PLANNED: {} of {} {item} operate by then in the plan. A plan's figure, and no verdict.",
            row.cell("there").plain(),
            row.cell("at_least").plain(),
        );
        all.push(Due {
            day,
            id: format!("deliveries~-{name}~-{item}"),
            title: format!("{name} (planned)"),
            words,
        });
    }
    for row in rows(outcome.table(Kind::Rotations, "notices")) {
        let Ok(day) = row.cell("tell_by").plain().parse::<Date>() else { continue };
        let of =
            ["partner", "contingent", "unit"].map(|column| row.cell(column)).map(|cell: Cell| cell.plain());
        let words = format!(
            "PLANNED: {} {} {} arrives on {}; it has to be told {} days before. A plan's date, and no notice.",
            of[0],
            of[1],
            of[2],
            row.cell("arrives").plain(),
            row.cell("notice_days").plain(),
        );
        all.push(Due {
            day,
            id: format!("rotations~-{}~-{}", of.join("~-"), row.cell("arrives").plain()),
            title: format!("tell {} by today (planned)", of[0]),
            words,
        });
    }
    all.sort_by(|a, b| (a.day, &a.id).cmp(&(b.day, &b.id)));
    all
}
