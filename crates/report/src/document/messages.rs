//! The words of a report in one language, with its plurals, dates and numbers. A further language is a file.
//!
//! Invariants
//! - a language has every message, or it is refused with the names of those that are missing;
//! - messages that stand in no built-in table are refused too: they would never show.
//!
//! Where to start reading: [`Messages`]. Tests: `tests/document.rs` of this crate.

use servanda_model::{Calendar, Instant, When};
use std::collections::BTreeMap;

/// A language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Messages(BTreeMap<String, String>);

const EN: &str = include_str!("../../data/en.toml");
const UK: &str = include_str!("../../data/uk.toml");

impl Messages {
    /// A built-in language: `en` or `uk`.
    pub fn of(lang: &str) -> Option<Messages> {
        match lang {
            "en" => toml::from_str(EN).ok().map(Messages),
            "uk" => toml::from_str(UK).ok().map(Messages),
            _ => None,
        }
    }

    /// Reads a language of a file.
    ///
    /// # Errors
    /// What is missing, or not a message.
    pub fn parse(text: &str) -> Result<Messages, String> {
        let own: BTreeMap<String, String> =
            toml::from_str(text).map_err(|e| e.to_string().trim().to_string())?;
        let model: BTreeMap<String, String> = toml::from_str(EN).map_err(|e| e.to_string())?;
        let missing: Vec<&str> = model.keys().filter(|k| !own.contains_key(*k)).map(String::as_str).collect();
        if !missing.is_empty() {
            return Err(format!("messages are missing: {}", missing.join(", ")));
        }
        match own.keys().find(|k| !model.contains_key(*k)) {
            Some(other) => Err(format!("there is no message `{other}`")),
            None => Ok(Messages(own)),
        }
    }

    /// A message.
    pub fn text(&self, key: &str) -> String {
        self.0.get(key).cloned().unwrap_or_else(|| key.to_string())
    }

    /// The message for a word of the model, or that word with what it would take.
    pub fn word(&self, kind: &str, word: &str) -> String {
        self.0
            .get(&format!("{kind}-{}", word.replace(", ", "-").replace(' ', "-")))
            .cloned()
            .unwrap_or_else(|| word.to_string())
    }

    /// A message with its gaps `{name}` filled, once and from left to right: what is filled in is never filled again.
    pub fn with(&self, key: &str, gaps: &[(&str, &str)]) -> String {
        let text = self.text(key);
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                out.push('{');
                rest = after;
                continue;
            };
            out.push_str(gaps.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| v));
            rest = tail;
        }
        out + rest
    }

    /// A message that counts something: `KEY-one`, `KEY-few`, `KEY-many`.
    pub fn count(&self, key: &str, n: i64) -> String {
        let form = match self.text("plural").as_str() {
            "slavic" => match (n.unsigned_abs() % 10, n.unsigned_abs() % 100) {
                (1, rest) if rest != 11 => "one",
                (2..=4, rest) if !(12..=14).contains(&rest) => "few",
                _ => "many",
            },
            "none" => "many",
            _ if n.unsigned_abs() == 1 => "one",
            _ => "many",
        };
        self.with(&format!("{key}-{form}"), &[("n", &self.number(n))])
    }

    /// A whole number, in groups of three.
    pub fn number(&self, n: i64) -> String {
        let digits = n.unsigned_abs().to_string();
        let mut out = String::new();
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
                out.push_str(&self.text("group"));
            }
            out.push(c);
        }
        if n < 0 { format!("\u{2212}{out}") } else { out }
    }

    /// A number of tenths: 15 is 1.5.
    pub fn tenths(&self, tenths: i64) -> String {
        let whole = self.number(tenths.abs() / 10);
        let sign = if tenths < 0 { "\u{2212}" } else { "" };
        format!("{sign}{whole}{}{}", self.text("decimal"), tenths.abs() % 10)
    }

    /// A day: `1 March 2026`.
    pub fn day(&self, calendar: &Calendar, at: Instant) -> String {
        let date = calendar.date(at);
        self.with(
            "date",
            &[
                ("d", &date.day().to_string()),
                ("month", &self.text(&format!("month-{}", date.month()))),
                ("y", &date.year().to_string()),
            ],
        )
    }

    /// A moment: day and time of day.
    pub fn moment(&self, calendar: &Calendar, at: Instant) -> String {
        let civil = calendar.civil(at);
        format!("{}, {:02}:{:02}", self.day(calendar, at), civil.hour(), civil.minute())
    }

    /// Short, for tables: `2026-03-01 19:30`, a whole day as its date.
    pub fn when(&self, calendar: &Calendar, when: When) -> String {
        calendar.show_when(when).replace(" to ", " – ")
    }
}
