//! Duties as a calendar feed (iCalendar, RFC 5545).
//!
//! It writes what a treaty desk's calendar needs and no more: an entry for each duty that has a due time, and reminders.
//! No crate does it, because the two things that matter here are stable identities and a stamp that is not the clock's,
//! and they fit on a page.
//!
//! Invariants
//! - lines end in CRLF and have at most 75 octets; no character is cut in two;
//! - the UID of a duty is made of agreement, norm, bearer and instance: a later feed updates the entry;
//! - DTSTAMP and LAST-MODIFIED are the moment of knowledge, never the clock;
//! - a due time is never shown later than it is: milliseconds are cut off, and of an interval the earliest counts.

use crate::{Duty, View, wording};
use servanda_model::Instant;
use servanda_model::record::{Marking, Tlp};
use servanda_model::verdict::Performance;
use std::fmt::Write;

/// As what a duty appears in a calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Entry {
    /// An event at the due time: every calendar program shows it.
    #[default]
    Event,
    /// A task: right in its meaning, but many calendar programs leave tasks out.
    Task,
}

/// What the feed is to look like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feed {
    /// Events or tasks.
    pub entry: Entry,
    /// Reminders, in hours before the due time.
    pub remind_hours: Vec<u32>,
}

impl Default for Feed {
    fn default() -> Feed {
        Feed { entry: Entry::Event, remind_hours: vec![72, 24] }
    }
}

/// The calendar of these duties. Duties without a due time are not in it.
pub fn calendar(view: &View<'_>, duties: &[Duty<'_>], feed: &Feed) -> String {
    let question = &view.board.question;
    let mut out = Lines::default();
    out.line("BEGIN", "VCALENDAR");
    out.line("VERSION", "2.0");
    out.line("PRODID", "-//servanda//duties//EN");
    out.line("CALSCALE", "GREGORIAN");
    out.line("METHOD", "PUBLISH");
    let banner = if view.is_exercise() { "EXERCISE: " } else { "" };
    let title = if view.agreement.title.is_empty() { &view.agreement.name } else { &view.agreement.title };
    out.text("X-WR-CALNAME", &format!("{banner}Duties under {title}"));
    for duty in duties {
        let v = duty.verdict;
        let Some(due) = v.due else { continue };
        let component = match feed.entry {
            Entry::Event => "VEVENT",
            Entry::Task => "VTODO",
        };
        out.line("BEGIN", component);
        let name =
            [view.agreement.name.as_str(), v.norm.as_str(), &v.bearer.to_string(), v.instance.as_str()];
        out.text("UID", &uid(&name));
        out.line("DTSTAMP", &stamp(question.known_at));
        out.line("LAST-MODIFIED", &stamp(question.known_at));
        match feed.entry {
            Entry::Event => {
                out.line("DTSTART", &stamp(due.earliest));
                out.line("TRANSP", "TRANSPARENT");
                out.line("STATUS", if due.is_exact() { "CONFIRMED" } else { "TENTATIVE" });
            }
            Entry::Task => {
                out.line("DUE", &stamp(due.earliest));
                out.line(
                    "STATUS",
                    match v.performance {
                        Performance::Satisfied => "COMPLETED",
                        Performance::NotApplicable => "CANCELLED",
                        _ => "NEEDS-ACTION",
                    },
                );
            }
        }
        out.text("SUMMARY", &format!("{banner}{}: {} ({})", duty.bearer, duty.title, duty.state.word));
        out.text("DESCRIPTION", &description(view, duty));
        out.line("CLASS", class(&v.marking));
        // Commas part the list of categories, so each is escaped on its own.
        let mut categories = vec![wording::kind(v.kind), duty.state.word];
        if view.is_exercise() {
            categories.push("EXERCISE");
        }
        let categories: Vec<String> = categories.into_iter().map(escape).collect();
        out.line("CATEGORIES", &categories.join(","));
        let open = matches!(v.performance, Performance::Pending | Performance::DependsOnReading);
        for hours in feed.remind_hours.iter().filter(|_| open) {
            out.line("BEGIN", "VALARM");
            out.line("ACTION", "DISPLAY");
            // A task has no start that a trigger could refer to by default.
            let trigger = if feed.entry == Entry::Task { "TRIGGER;RELATED=END" } else { "TRIGGER" };
            out.line(trigger, &format!("-PT{hours}H"));
            out.text("DESCRIPTION", &format!("{banner}due in {hours} hours: {}", duty.title));
            out.line("END", "VALARM");
        }
        out.line("END", component);
    }
    out.line("END", "VCALENDAR");
    out.0
}

fn description(view: &View<'_>, duty: &Duty<'_>) -> String {
    let v = duty.verdict;
    let calendar = &view.agreement.calendar;
    let question = &view.board.question;
    let zone = calendar.zone_name();
    let mut text = String::new();
    let mut line = |l: String| text.push_str(&(l + "\n"));
    if let Some(due) = v.due {
        line(format!("Due {} {zone}", calendar.show_when(due)));
    }
    if let Some(clause) = duty.clause {
        line(format!("Clause: {clause}"));
    }
    if !v.reasons().rule.is_empty() {
        line(format!("Rule: {}", v.reasons().rule));
    }
    if !duty.owed_to.is_empty() {
        line(format!("Owed to: {}", duty.owed_to));
    }
    if let Some(what) = duty.open_precondition {
        line(format!("Waits for: {what}"));
    }
    for needed in &duty.evidence {
        line(format!("Evidence: {needed}"));
    }
    line(format!(
        "As of {}, as known at {} {zone}.",
        calendar.show(question.at),
        calendar.show(question.known_at)
    ));
    text + wording::CAVEAT
}

fn class(marking: &Marking) -> &'static str {
    match (marking.level, &marking.releasable_to) {
        (Tlp::Clear, None) => "PUBLIC",
        (Tlp::Red, _) => "PRIVATE",
        _ => "CONFIDENTIAL",
    }
}

/// A moment in UTC to the second, the milliseconds cut off: `20261231T215959Z`.
fn stamp(at: Instant) -> String {
    let text = Instant(at.0.div_euclid(1000) * 1000).to_string();
    text.chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

/// Parts that hold the mark between them get it doubled, so that no two lists of parts give one identity.
fn uid(parts: &[&str]) -> String {
    let parts: Vec<String> = parts.iter().map(|p| p.replace('~', "~~")).collect();
    format!("{}@servanda", parts.join("~-"))
}

/// A value of the type TEXT: backslash, semicolon, comma and line break are escaped, other control characters left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' | '\r' => out.push_str("\\n"),
            '\t' => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A content line with its line end: folded where it is longer than 75 octets.
pub fn folded(line: &str) -> String {
    let mut out = String::with_capacity(line.len() + 8);
    let mut octets = 0;
    for c in line.chars() {
        if octets + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            octets = 1;
        }
        out.push(c);
        octets += c.len_utf8();
    }
    out + "\r\n"
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, name: &str, value: &str) {
        self.0.push_str(&folded(&format!("{name}:{value}")));
    }

    fn text(&mut self, name: &str, value: &str) {
        let mut line = String::new();
        let _ = write!(line, "{name}:{}", escape(value));
        self.0.push_str(&folded(&line));
    }
}
