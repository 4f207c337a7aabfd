//! The values that a knob is to take: `a..b`, `a..b:step`, `a,b,c`, `all`.

use super::slots::{Knob, Setting};
use crate::Refusal;
use servanda_lang::{closest, literal};
use servanda_model::time::HOUR;
use servanda_model::{Number, Span};

/// Values of one knob at most.
const MOST: usize = 40_000;

/// Reads the values of a knob.
pub fn values(knob: &Knob, text: &str) -> Result<Vec<Setting>, Refusal> {
    if text.is_empty() {
        return Err(Refusal::new(format!("`{}=` names no value", knob.name), example(knob)));
    }
    if !knob.options.is_empty() {
        return words(knob, text);
    }
    if text == "all" {
        return Err(Refusal::new(
            format!("`{}` has no list of options to take all of", knob.name),
            example(knob),
        ));
    }
    if !text.contains("..") {
        let mut found: Vec<Setting> = Vec::new();
        for one in text.split(',') {
            let value = one_value(knob, one.trim())?;
            if !found.contains(&value) {
                found.push(value);
            }
        }
        return Ok(found);
    }
    let wrong = |why: String| Refusal::new(format!("`{}={text}`: {why}", knob.name), example(knob));
    let (ends, step) = text.split_once(':').map_or((text, None), |(e, s)| (e, Some(s.trim())));
    let (from, to) = ends.split_once("..").ok_or_else(|| wrong("it is no range".into()))?;
    if from.trim().is_empty() || to.trim().is_empty() {
        return Err(wrong("a range has a beginning and an end".into()));
    }
    // `12..72 hours`: the unit stands once, behind.
    let unit = to.trim().trim_start_matches(|c: char| !c.is_alphabetic());
    let with_unit = |part: &str| {
        let bare = !part.chars().any(char::is_alphabetic);
        if bare && !unit.is_empty() && unit != "percent" {
            format!("{part} {unit}")
        } else {
            part.to_string()
        }
    };
    let (from, to) = (one_value(knob, &with_unit(from.trim()))?, one_value(knob, to.trim())?);
    let step = step.map(|s| one_value(knob, &with_unit(s))).transpose()?;
    let (kind, first) = line(&from).ok_or_else(|| wrong("it is no range of numbers".into()))?;
    let same = |s: &Setting| {
        line(s).filter(|(k, _)| *k == kind).map(|(_, n)| n).ok_or_else(|| {
            wrong("beginning, end and step have different units; hours and days do not mix, because a day of the calendar is no 24 hours".into())
        })
    };
    let last = same(&to)?;
    let step = match &step {
        Some(step) => same(step)?,
        None => usual_step(kind, &first, &last, knob.share),
    };
    if step <= Number::zero() {
        return Err(wrong("the step is to be more than 0".into()));
    }
    if last < first {
        return Err(wrong("it ends before it begins".into()));
    }
    let mut found = Vec::new();
    let mut at = first;
    while at <= last {
        if found.len() == MOST {
            return Err(wrong(format!("it has more than {} values", crate::text::grouped(MOST))));
        }
        found.push(back(kind, &at).ok_or_else(|| wrong("the step leads between whole numbers".into()))?);
        at = at + step.clone();
    }
    Ok(found)
}

fn words(knob: &Knob, text: &str) -> Result<Vec<Setting>, Refusal> {
    if text == "all" {
        return Ok(knob.options.clone());
    }
    let known: Vec<String> = knob.options.iter().map(Setting::to_string).collect();
    let find = |word: &str| {
        known.iter().position(|k| k == word).ok_or_else(|| {
            let near = closest(word, known.iter().map(String::as_str));
            let help = near.map_or(format!("write `all`, or some of {}", known.join(", ")), |near| {
                format!("did you mean `{near}`?")
            });
            Refusal::new(format!("`{}` has no option `{word}`", knob.name), help)
        })
    };
    if let Some((from, to)) = text.split_once("..") {
        let (from, to) = (find(from.trim())?, find(to.trim())?);
        if to < from {
            return Err(Refusal::new(format!("`{}={text}` ends before it begins", knob.name), example(knob)));
        }
        return Ok(knob.options[from..=to].to_vec());
    }
    text.split(',').map(|word| find(word.trim()).map(|i| knob.options[i].clone())).collect()
}

fn one_value(knob: &Knob, text: &str) -> Result<Setting, Refusal> {
    let refuse = |e: literal::LiteralError| {
        Refusal::new(format!("`{}`: {}", knob.name, e.message), format!("{}; {}", e.remedy, example(knob)))
    };
    match &knob.stands {
        Some(Setting::Span(stands)) => {
            let text = spelled_out(text, *stands);
            literal::span(&text).map(Setting::Span).map_err(refuse)
        }
        Some(Setting::Whole(_)) => {
            let n = literal::number(text.trim_end_matches(|c: char| c.is_alphabetic() || c == ' '))
                .map_err(refuse)?;
            n.to_i64().filter(|n| *n >= 0).map(Setting::Whole).ok_or_else(|| {
                Refusal::new(
                    format!("`{}`: `{text}` is to be a whole number, 0 or more", knob.name),
                    example(knob),
                )
            })
        }
        _ if knob.share && text.trim_end().ends_with(['%', 't']) => {
            literal::percent(text).map(Setting::Number).map_err(refuse)
        }
        _ => literal::number(text).map(Setting::Number).map_err(refuse),
    }
}

/// `24h`, `24 h`, and a bare `24` in the unit that the draft has.
fn spelled_out(text: &str, stands: Span) -> String {
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic() || c == ' ').trim();
    let unit = match text[digits.len()..].trim() {
        "" => match stands {
            Span::Exact(ms) if ms % HOUR == 0 => "hours",
            Span::Exact(ms) if ms % 60_000 == 0 => "minutes",
            Span::Exact(_) => "seconds",
            Span::Days(_) => "days",
            Span::Months(_) => "months",
            Span::WorkingDays(_) => "working days",
        },
        "s" => "seconds",
        "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "w" => "weeks",
        "mo" => "months",
        "y" => "years",
        other => other,
    };
    format!("{digits} {unit}")
}

/// Kind of line that values lie on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Number,
    Whole,
    Exact,
    Days,
    Months,
    WorkingDays,
}

fn line(value: &Setting) -> Option<(Line, Number)> {
    Some(match value {
        Setting::Number(n) => (Line::Number, n.clone()),
        Setting::Whole(n) => (Line::Whole, (*n).into()),
        Setting::Span(Span::Exact(ms)) => (Line::Exact, (*ms).into()),
        Setting::Span(Span::Days(n)) => (Line::Days, (*n).into()),
        Setting::Span(Span::Months(n)) => (Line::Months, (*n).into()),
        Setting::Span(Span::WorkingDays(n)) => (Line::WorkingDays, (*n).into()),
        Setting::Grade(_) | Setting::Option(_) => return None,
    })
}

fn back(line: Line, n: &Number) -> Option<Setting> {
    let whole = || n.to_i64();
    Some(match line {
        Line::Number => Setting::Number(n.clone()),
        Line::Whole => Setting::Whole(whole()?),
        Line::Exact => Setting::Span(Span::Exact(whole()?)),
        Line::Days => Setting::Span(Span::Days(whole()?)),
        Line::Months => Setting::Span(Span::Months(whole()?)),
        Line::WorkingDays => Setting::Span(Span::WorkingDays(whole()?)),
    })
}

/// One; an hour, where both ends are hours, else a minute; of shares five hundredths.
fn usual_step(line: Line, first: &Number, last: &Number, share: bool) -> Number {
    let divides = |unit: i64| [first, last].iter().all(|n| n.to_i64().is_some_and(|n| n % unit == 0));
    match line {
        Line::Exact if divides(HOUR) => HOUR.into(),
        Line::Exact if divides(60_000) => 60_000.into(),
        Line::Exact => 1000.into(),
        Line::Number if share => Number::ratio(1, 20).unwrap_or_default(),
        _ => 1.into(),
    }
}

/// What can be written, for this knob.
fn example(knob: &Knob) -> String {
    let name = &knob.name;
    match &knob.stands {
        _ if !knob.options.is_empty() => {
            let some: Vec<String> = knob.options.iter().map(Setting::to_string).collect();
            format!("write {name}=all, or {name}={}", some.join(","))
        }
        Some(Setting::Span(Span::Exact(_))) => format!("write {name}=12h..72h:12h, or {name}=24h,48h"),
        Some(Setting::Span(Span::Days(_) | Span::WorkingDays(_))) => {
            format!("write {name}=7..28:7 (days), or {name}=7,14")
        }
        Some(Setting::Span(Span::Months(_))) => format!("write {name}=1..12 (months), or {name}=3,6"),
        _ if knob.share => format!("write {name}=50%..100%:10%, or {name}=50%,90%"),
        _ => format!("write {name}=1..10, {name}=10..100:10, or {name}=5,20"),
    }
}
