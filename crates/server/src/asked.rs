//! What an address asks: the moment, the moment of knowledge, readings, a row, a party.
//!
//! Invariants
//! - a parameter that is not known is refused, so that a misspelt `knwon` never answers another question;
//! - a civil time that the clocks skip or repeat is refused; an offset makes it plain;
//! - without `known`, what is known is what was known at `at`.

use crate::Problem;
use jiff::civil::{Date, DateTime};
use servanda_model::time::Resolved;
use servanda_model::{Agreement, Calendar, Instant, Name, Question};
use std::collections::BTreeMap;

/// A request, read.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// The question for the engine.
    pub question: Question,
    /// The other parameters, those that the path allows.
    pub rest: BTreeMap<&'static str, String>,
}

/// Reads the query part of an address. `allowed` are the parameters that the path takes besides `at`, `known` and
/// `reading`.
///
/// # Errors
/// `unknown-parameter`, `repeated-parameter`, `bad-time`, `unknown-reading`, `unknown-option`.
pub fn asked(
    query: &str,
    agreement: &Agreement,
    default: &Question,
    allowed: &[&'static str],
) -> Result<Asked, Problem> {
    let mut question = default.clone();
    let mut known = None;
    let mut moved = false;
    let mut seen = Vec::new();
    let mut rest = BTreeMap::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if key != "reading" {
            if seen.contains(&key) {
                return Err(Problem::bad("repeated-parameter", format!("`{key}` is given twice")));
            }
            seen.push(key.clone());
        }
        match &*key {
            "at" => {
                question.at = moment(&value, &agreement.calendar)?;
                moved = true;
            }
            "known" => known = Some(moment(&value, &agreement.calendar)?),
            "reading" => {
                let (reading, option) = chosen(&value, agreement)?;
                question.readings.insert(reading, option);
            }
            other => match allowed.iter().find(|a| **a == other) {
                Some(name) => {
                    rest.insert(*name, value.into_owned());
                }
                None => {
                    let mut names = vec!["at", "known", "reading"];
                    names.extend(allowed);
                    let message = format!("`{other}` is not asked here; there is `{}`", names.join("`, `"));
                    return Err(Problem::bad("unknown-parameter", message));
                }
            },
        }
    }
    match (known, moved) {
        (Some(known), _) => question.known_at = known,
        (None, true) => question.known_at = question.at,
        (None, false) => {}
    }
    Ok(Asked { question, rest })
}

fn chosen(text: &str, agreement: &Agreement) -> Result<(Name, Name), Problem> {
    let Some((reading, option)) = text.split_once('=') else {
        return Err(Problem::bad("unknown-reading", format!("write `reading=NAME=OPTION`, not `{text}`")));
    };
    let Some((name, found)) = agreement.readings.get_key_value(reading) else {
        let names: Vec<&str> = agreement.readings.keys().map(Name::as_str).collect();
        let there =
            if names.is_empty() { "it has none".into() } else { format!("it has `{}`", names.join("`, `")) };
        return Err(Problem::bad(
            "unknown-reading",
            format!("the agreement has no reading `{reading}`; {there}"),
        ));
    };
    match found.options.iter().find(|(o, _)| *o == *option) {
        Some((option, _)) => Ok((name.clone(), option.clone())),
        None => {
            let names: Vec<&str> = found.options.iter().map(|(o, _)| o.as_str()).collect();
            let message = format!("`{reading}` has no option `{option}`; it has `{}`", names.join("`, `"));
            Err(Problem::bad("unknown-option", message))
        }
    }
}

/// A moment: RFC 3339 with an offset, or a civil date and time in the agreement's zone, or a date for its end (24:00).
///
/// # Errors
/// `bad-time`, with what would be right.
pub fn moment(text: &str, calendar: &Calendar) -> Result<Instant, Problem> {
    // A plus sign that was not escaped arrives as a blank.
    let text = text.trim().replace(' ', "+");
    if let Some(at) = Instant::parse_utc(&text) {
        return Ok(at);
    }
    let zone = calendar.zone_name();
    let bad = |why: String| {
        Problem::bad("bad-time", format!("{why}; write `2026-05-01T12:00` ({zone}) or `2026-05-01T09:00Z`"))
    };
    let civil: DateTime = match text.parse::<DateTime>() {
        Ok(_) if !text.contains('T') => {
            let date: Date = text.parse().map_err(|_| bad(format!("`{text}` is not a time")))?;
            return Ok(calendar.end_of_day(date));
        }
        Ok(civil) => civil,
        Err(_) => return Err(bad(format!("`{text}` is not a time"))),
    };
    match calendar.resolve(civil) {
        Resolved::Once(at) => Ok(at),
        Resolved::Never(_) => Err(bad(format!("the clocks in {zone} skip `{text}`"))),
        Resolved::Twice(..) => Err(bad(format!("`{text}` comes twice in {zone}: say which with an offset"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use servanda_model::time::HOUR;

    fn kyiv() -> Agreement {
        Agreement { calendar: Calendar::of_zone("Europe/Kyiv").unwrap(), ..Agreement::default() }
    }

    fn at(text: &str) -> Result<String, &'static str> {
        moment(text, &kyiv().calendar).map(|i| i.to_string()).map_err(|p| p.code())
    }

    #[test]
    fn times_are_read_in_the_agreements_zone() {
        assert_eq!(at("2026-06-01T12:00").unwrap(), "2026-06-01T09:00:00Z");
        assert_eq!(at("2026-06-01T12:00:30Z").unwrap(), "2026-06-01T12:00:30Z");
        assert_eq!(at("2026-06-01T12:00:00+02:00").unwrap(), "2026-06-01T10:00:00Z");
        assert_eq!(at("2026-06-01T12:00:00 02:00").unwrap(), "2026-06-01T10:00:00Z");
        assert_eq!(at("2026-06-01").unwrap(), "2026-06-01T20:59:59.999Z");
    }

    #[test]
    fn doubtful_and_broken_times_are_refused() {
        // Clocks go forward on 29 March 2026 at 03:00, back on 25 October at 04:00.
        for text in [
            "2026-03-29T03:30",
            "2026-10-25T03:30",
            "2026-02-30",
            "soon",
            "",
            "2026",
            "9999999999-01-01T00:00Z",
        ] {
            assert_eq!(at(text), Err("bad-time"), "{text}");
        }
    }

    #[test]
    fn known_follows_at_unless_it_is_given() {
        let default = Question::at(Instant(0));
        let ask = |query: &str| asked(query, &kyiv(), &default, &[]).unwrap().question;
        assert_eq!(ask("at=1970-01-01T01:00Z"), Question::at(Instant(HOUR)));
        assert_eq!(ask("known=1970-01-01T01:00Z").at, Instant(0));
        assert_eq!(ask("known=1970-01-01T01:00Z").known_at, Instant(HOUR));
        let code = |query: &str| asked(query, &kyiv(), &default, &["norm"]).unwrap_err().code();
        assert_eq!(code("knwon=1970-01-01T01:00Z"), "unknown-parameter");
        assert_eq!(code("norm=a&norm=b"), "repeated-parameter");
        assert_eq!(code("reading=x=y"), "unknown-reading");
    }
}
