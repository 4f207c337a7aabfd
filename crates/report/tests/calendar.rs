//! The calendar feed, read back by a strict parser of RFC 5545's content lines.

mod hand_built;

use hand_built::{at, hand_built};
use proptest::prelude::*;
use servanda_report::Owed;
use servanda_report::ics::{Entry, Feed, calendar, escape, folded};
use std::collections::BTreeSet;

/// A content line: name with its parameters, value as written.
type Line = (String, String);

/// Content lines of a feed. Whatever the RFC forbids is a panic.
fn lines(feed: &str) -> Vec<Line> {
    assert!(feed.ends_with("\r\n"), "the last line ends too");
    let mut logical: Vec<String> = Vec::new();
    for line in feed.strip_suffix("\r\n").unwrap().split("\r\n") {
        assert!(!line.contains(['\r', '\n']), "a bare line break in {line:?}");
        assert!(line.len() <= 75, "{} octets in {line:?}", line.len());
        assert!(!line.chars().any(|c| c.is_control()), "a control character in {line:?}");
        match line.strip_prefix(' ') {
            Some(rest) => logical.last_mut().expect("a first line is not a continuation").push_str(rest),
            None => logical.push(line.to_string()),
        }
    }
    let parts = |line: String| {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no colon in {line:?}"));
        let own = name.split(';').next().unwrap();
        assert!(own.bytes().all(|b| b.is_ascii_uppercase() || b == b'-'), "{own:?}");
        (name.to_string(), value.to_string())
    };
    logical.into_iter().map(parts).collect()
}

fn unescaped(value: &str) -> String {
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(c @ ('\\' | ';' | ',')) => out.push(c),
                other => panic!("a backslash before {other:?}"),
            },
            ';' | ',' => panic!("{c:?} stands unescaped in {value:?}"),
            c => out.push(c),
        }
    }
    out
}

/// Components under the calendar: name and lines.
fn components(feed: &str) -> Vec<(String, Vec<Line>)> {
    let mut stack: Vec<String> = Vec::new();
    let mut found: Vec<(String, Vec<Line>)> = Vec::new();
    for (name, value) in lines(feed) {
        match name.as_str() {
            "BEGIN" => {
                if stack.len() == 1 {
                    found.push((value.clone(), Vec::new()));
                }
                stack.push(value);
            }
            "END" => assert_eq!(stack.pop(), Some(value)),
            _ if stack.len() == 2 => found.last_mut().unwrap().1.push((name, value)),
            _ => {}
        }
    }
    assert!(stack.is_empty());
    found
}

fn one<'a>(lines: &'a [Line], name: &str) -> &'a str {
    let found: Vec<&Line> = lines.iter().filter(|(n, _)| n == name).collect();
    assert_eq!(found.len(), 1, "{name} in {lines:?}");
    &found[0].1
}

fn feed(entry: Entry) -> String {
    let built = hand_built();
    let view = built.view();
    calendar(&view, &view.duties(&Owed::default()), &Feed { entry, remind_hours: vec![24] })
}

#[test]
fn every_duty_with_a_due_time_is_an_entry() {
    for (entry, component, due) in [(Entry::Event, "VEVENT", "DTSTART"), (Entry::Task, "VTODO", "DUE")] {
        let found = components(&feed(entry));
        assert_eq!(found.len(), 7);
        let mut identities = BTreeSet::new();
        for (name, lines) in &found {
            assert_eq!(name, component);
            assert_eq!(one(lines, "DTSTAMP"), "20260601T090000Z", "the moment of knowledge");
            assert!(identities.insert(one(lines, "UID").to_string()), "identities differ");
            assert!(unescaped(one(lines, "SUMMARY")).starts_with("EXERCISE: "));
            assert!(unescaped(one(lines, "DESCRIPTION")).contains("a human body finds"));
        }
        let year = found.iter().find(|(_, l)| one(l, "UID").contains("force-level")).unwrap();
        assert_eq!(one(&year.1, due), "20261231T215959Z", "a due time is never shown later than it is");
        let marked = found.iter().find(|(_, l)| one(l, "UID").contains("howitzer")).unwrap();
        assert_eq!(one(&marked.1, "CLASS"), "CONFIDENTIAL");
    }
}

#[test]
fn a_later_feed_updates_the_same_entries() {
    let identities = |feed: &str| -> BTreeSet<String> {
        components(feed).iter().map(|(_, lines)| one(lines, "UID").to_string()).collect()
    };
    let mut built = hand_built();
    let before = feed(Entry::Event);
    built.board.question.known_at = at("2026-06-03T09:00:00Z");
    let view = built.view();
    let after = calendar(&view, &view.duties(&Owed::default()), &Feed::default());
    assert_eq!(identities(&before), identities(&after));
    assert!(after.contains("DTSTAMP:20260603T090000Z") && !after.contains("DTSTAMP:20260601T090000Z"));
}

proptest! {
    #[test]
    fn whatever_stands_in_a_text_comes_back(text in "(\\PC|[\\n;,\\\\: é–Щ中🏳])*") {
        let written = folded(&format!("DESCRIPTION:{}", escape(&text)));
        let read = lines(&written);
        prop_assert_eq!(read.len(), 1);
        prop_assert_eq!(unescaped(&read[0].1), text);
    }

    #[test]
    fn control_characters_never_come_through(text in "(?s).*") {
        lines(&folded(&format!("SUMMARY:{}", escape(&text))));
    }
}
