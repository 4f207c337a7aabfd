//! Literals: times, dates, spans, numbers, percentages and coordinates, read from text exactly as they stand.
//!
//! Nothing is guessed: `05/06/2027` is refused, because it is two days in two countries. Fields, names and units of
//! counted things are the parser's business.
//!
//! Invariants
//! - no input makes it panic, and none is read with a value near to what was written;
//! - every [`LiteralError`] says what is wrong *and* what to write instead.
//!
//! Where to start reading: [`time`], then [`span`].

use jiff::civil::{Date, DateTime, Time};
use servanda_model::time::{HOUR, Resolved};
use servanda_model::{Calendar, Instant, Number, Point, Span, When};
use std::fmt;

/// Why a text is not the literal that it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiteralError {
    /// What kind of mistake it is.
    pub kind: LiteralMistake,
    /// What is wrong, in lower case, the user's text in backticks.
    pub message: String,
    /// What to write instead.
    pub remedy: String,
}

/// Kinds of mistakes in a literal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LiteralMistake {
    /// It is not written as such a literal is written.
    Form,
    /// A date or a time of day that no calendar has.
    DoesNotExist,
    /// A time that the clocks jump over in the zone.
    Skipped,
    /// A time that happens twice in the zone, because the clocks are put back.
    Twice,
    /// Well written, and out of the range that is allowed.
    Range,
}

impl fmt::Display for LiteralError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.remedy)
    }
}

impl std::error::Error for LiteralError {}

fn error<T>(
    kind: LiteralMistake,
    message: impl Into<String>,
    remedy: impl Into<String>,
) -> Result<T, LiteralError> {
    Err(LiteralError { kind, message: message.into(), remedy: remedy.into() })
}

/// The user's text for a message: no control characters, not too long.
fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        out.push('…');
    }
    out
}

/// The years that instants reach.
const YEARS: std::ops::RangeInclusive<i16> = 1..=9_800;

/// A date, `2026-12-31`.
///
/// # Errors
/// Where it is not written so, or does not exist.
pub fn date(text: &str) -> Result<Date, LiteralError> {
    let text = text.trim();
    let Some((year, month, day)) = date_digits(text) else {
        return error(LiteralMistake::Form, format!("`{}` is not a date", shown(text)), date_remedy(text));
    };
    if !YEARS.contains(&year) {
        return error(
            LiteralMistake::Range,
            format!("the year of `{text}` is out of range"),
            "years go from 0001 to 9800; where no end is meant, leave the date out",
        );
    }
    if let Ok(date) = Date::new(year, month, day) {
        return Ok(date);
    }
    let remedy = match Date::new(year, month, 1) {
        Ok(first) if day > 0 => {
            let last = first.last_of_month();
            let next = last.tomorrow().unwrap_or(last);
            format!(
                "{} {year} has {} days: write {last}, or {next} for the day after",
                month_name(month),
                last.day()
            )
        }
        Ok(_) => "days are counted from 01".to_string(),
        Err(_) => format!("months go from 01 to 12{}", swapped(year, month, day)),
    };
    error(LiteralMistake::DoesNotExist, format!("the date `{text}` does not exist"), remedy)
}

fn swapped(year: i16, month: i8, day: i8) -> String {
    match Date::new(year, day, month) {
        Ok(date) => format!("; the order is year, month, day: did you mean {date}?"),
        Err(_) => String::new(),
    }
}

fn date_digits(text: &str) -> Option<(i16, i8, i8)> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
    shape.then(|| Some((text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)))?
}

/// The name of a month, 1 to 12.
pub(crate) fn month_name(month: i8) -> &'static str {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    usize::try_from(month - 1).ok().and_then(|i| NAMES.get(i)).copied().unwrap_or("month")
}

const ANY_DATE: &str = "write year, month and day: 2026-12-31";

/// How a date in another form would be written here, where that is certain; else both ways.
fn date_remedy(text: &str) -> String {
    let parts: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).take(4).collect();
    let number = |part: &str| part.parse::<i16>().ok();
    let month = |part: &str| {
        let part = part.to_lowercase();
        (1..=12).find(|m| {
            part.len() >= 3 && part.is_char_boundary(3) && month_name(*m).to_lowercase().starts_with(&part)
        })
    };
    let write = |year: i16, month: i8, day: i16| {
        i8::try_from(day).ok().and_then(|day| Date::new(year, month, day).ok()).map(|date| date.to_string())
    };
    let candidates: Vec<String> = match parts[..] {
        [a, b, c] => match (number(a), number(b), number(c)) {
            (Some(y), Some(m), Some(d)) if y > 31 => {
                i8::try_from(m).ok().and_then(|m| write(y, m, d)).into_iter().collect()
            }
            (Some(a), Some(b), Some(y)) if y > 31 => {
                let one = i8::try_from(b).ok().and_then(|m| write(y, m, a));
                let two = i8::try_from(a).ok().and_then(|m| write(y, m, b));
                if one == two { one.into_iter().collect() } else { one.into_iter().chain(two).collect() }
            }
            (Some(d), None, Some(y)) => month(b).and_then(|m| write(y, m, d)).into_iter().collect(),
            (None, Some(d), Some(y)) => month(a).and_then(|m| write(y, m, d)).into_iter().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    match &candidates[..] {
        [] => ANY_DATE.to_string(),
        [one] => format!("write year, month and day as {one}"),
        both => format!("write year, month and day as {}", both.join(" or ")),
    }
}

/// A time or a whole day: `2026-12-31` (the whole civil day of the calendar's zone), `2026-03-01T00:00`,
/// `2026-03-01T00:00:30`, `2026-03-01T00:00+02:00`, `2026-02-28T22:00Z`. Without an offset a time is civil time of the
/// calendar's zone. `T24:00` is the last instant of the day. A blank in place of the `T` is read too.
///
/// # Errors
/// Where it is not written so; where the date does not exist; where the clocks jump over the time, or it happens twice
/// (the remedy names both offsets).
///
/// # Example
/// ```
/// use servanda_lang::literal::time;
/// use servanda_model::Calendar;
/// let kyiv = Calendar::of_zone("Europe/Kyiv").unwrap();
/// assert!(time("2026-03-01T00:00", &kyiv).unwrap().is_exact());
/// let twice = time("2027-10-31T03:30", &kyiv).unwrap_err();
/// assert!(twice.remedy.contains("+03:00") && twice.remedy.contains("+02:00"));
/// ```
pub fn time(text: &str, calendar: &Calendar) -> Result<When, LiteralError> {
    let text = text.trim();
    match text.char_indices().find(|(_, c)| matches!(c, 'T' | 't' | ' ')) {
        None => Ok(calendar.day(date(text)?)),
        Some((at, _)) if date_digits(&text[..at]).is_none() => {
            let remedy = match date_remedy(text) {
                remedy if remedy == ANY_DATE => {
                    "write a date, 2026-12-31, or a date and a time, 2026-12-31T18:00".to_string()
                }
                remedy => remedy,
            };
            error(LiteralMistake::Form, format!("`{}` is not a time", shown(text)), remedy)
        }
        Some((at, _)) => moment(text, date(&text[..at])?, &text[at + 1..], calendar).map(When::exact),
    }
}

/// One instant: a time, or of a whole day its first or its last instant.
///
/// # Errors
/// As [`time`].
pub fn instant(text: &str, calendar: &Calendar, end_of_day: bool) -> Result<Instant, LiteralError> {
    let when = time(text, calendar)?;
    Ok(if end_of_day { when.latest } else { when.earliest })
}

fn moment(text: &str, date: Date, clock: &str, calendar: &Calendar) -> Result<Instant, LiteralError> {
    let not_a_time = || LiteralError {
        kind: LiteralMistake::Form,
        message: format!("`{}` is not a time", shown(text)),
        remedy: format!("write {date}T18:00, or with an offset {date}T18:00+02:00 or {date}T16:00Z"),
    };
    let (clock, offset_ms) = match clock.find(['Z', 'z', '+', '-']) {
        None => (clock, None),
        Some(at) => (&clock[..at], Some(offset(&clock[at..]).ok_or_else(not_a_time)?)),
    };
    let (hour, minute, second, milliseconds) = clock_digits(clock).ok_or_else(not_a_time)?;
    let end_of_day = (hour, minute, second, milliseconds) == (24, 0, 0, 0);
    if end_of_day && offset_ms.is_none() {
        return Ok(calendar.end_of_day(date));
    }
    if !end_of_day && (hour > 23 || minute > 59 || second > 59) {
        let remedy = match second {
            60 if hour == 23 => "leap seconds are not counted: write :59, or the next day at 00:00",
            _ => "hours go from 00 to 23 (24:00 is the end of the day), minutes and seconds to 59",
        };
        return error(
            LiteralMistake::DoesNotExist,
            format!("the time of day in `{}` does not exist", shown(text)),
            remedy,
        );
    }
    let time =
        Time::new(if end_of_day { 0 } else { hour }, minute, second, i32::from(milliseconds) * 1_000_000)
            .map_err(|_| not_a_time())?;
    let civil = date.to_datetime(time);
    match offset_ms {
        Some(offset) if end_of_day => Ok(as_utc(civil) + (24 * HOUR - 1 - offset)),
        Some(offset) => Ok(as_utc(civil) + -offset),
        None => match calendar.resolve(civil) {
            Resolved::Once(at) => Ok(at),
            Resolved::Never(at) => error(
                LiteralMistake::Skipped,
                format!(
                    "the time `{}` does not exist in {}: the clocks are put forward over it",
                    shown(text),
                    calendar.zone_name()
                ),
                {
                    let (old, new) = (offset_text(as_utc(civil) - at), offset_of(at, calendar));
                    format!(
                        "write {}, the time that the clocks then show, or give an offset: {} or {}",
                        written(calendar.civil(at), ""),
                        written(civil, &old),
                        written(civil, &new)
                    )
                },
            ),
            Resolved::Twice(first, second) => error(
                LiteralMistake::Twice,
                format!(
                    "the time `{}` happens twice in {}: the clocks are put back over it",
                    shown(text),
                    calendar.zone_name()
                ),
                format!(
                    "write {} for the first time or {} for the second",
                    written(civil, &offset_of(first, calendar)),
                    written(civil, &offset_of(second, calendar))
                ),
            ),
        },
    }
}

/// What the civil time would be as an instant if it were UTC.
fn as_utc(civil: DateTime) -> Instant {
    match Calendar::utc().resolve(civil) {
        Resolved::Once(at) | Resolved::Never(at) | Resolved::Twice(at, _) => at,
    }
}

fn written(civil: DateTime, offset: &str) -> String {
    let seconds = if civil.second() == 0 { String::new() } else { format!(":{:02}", civil.second()) };
    format!("{}T{:02}:{:02}{seconds}{offset}", civil.date(), civil.hour(), civil.minute())
}

fn offset_of(at: Instant, calendar: &Calendar) -> String {
    offset_text(as_utc(calendar.civil(at)) - at)
}

fn offset_text(ms: i64) -> String {
    let minutes = ms.abs() / 60_000;
    format!("{}{:02}:{:02}", if ms < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
}

fn two(text: &str) -> Option<i8> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn clock_digits(clock: &str) -> Option<(i8, i8, i8, i16)> {
    let mut parts = clock.split(':');
    let (hour, minute) = (two(parts.next()?)?, two(parts.next()?)?);
    let (second, milliseconds) = match parts.next() {
        None => (0, 0),
        Some(seconds) => match seconds.split_once('.') {
            None => (two(seconds)?, 0),
            Some((second, part)) => {
                let well = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
                (two(second)?, if well { format!("{part:0<3}").parse().ok()? } else { return None })
            }
        },
    };
    parts.next().is_none().then_some((hour, minute, second, milliseconds))
}

/// Milliseconds east of UTC.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (i64::from(two(hours)?), i64::from(two(minutes)?));
    (hours <= 18 && minutes <= 59).then_some(sign * (hours * HOUR + minutes * 60_000))
}

/// A length of time: `24 hours`, `14 days`, `1 week`, `6 months`, `2 years`, `10 working days`, `90 minutes`. Seconds,
/// minutes and hours are exact and may have a part (`1.5 hours`); the others are whole days of the calendar.
///
/// # Errors
/// Where it is not written so.
pub fn span(text: &str) -> Result<Span, LiteralError> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let (digits, unit) = (text[..split].trim(), text[split..].trim());
    if digits.is_empty() || unit.is_empty() {
        return error(
            LiteralMistake::Form,
            format!("`{}` is not a length of time", shown(text)),
            "write a number and a unit: 24 hours, 14 days, 10 working days, 6 months",
        );
    }
    span_of(&number(digits)?, unit)
}

/// A length of time from a number and the word for its unit.
///
/// # Errors
/// Where the unit is not known, or the number is not one that it can have.
pub fn span_of(number: &Number, unit: &str) -> Result<Span, LiteralError> {
    let word = unit.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let single = word.strip_suffix('s').unwrap_or(&word);
    let most = match single {
        "second" | "minute" | "hour" => i64::MAX,
        "day" => 366_000,
        "week" => 52_000,
        "month" => 12_000,
        "year" => 1_000,
        "working day" => 100_000,
        _ => {
            let close = UNITS.into_iter().find(|known| is_near(known, single));
            let remedy = match close {
                Some(known) => format!("did you mean `{known}s`?"),
                None => "units of time are seconds, minutes, hours, days, working days, weeks, months, years"
                    .into(),
            };
            return error(
                LiteralMistake::Form,
                format!("the unit of time `{}` is not known", shown(unit)),
                remedy,
            );
        }
    };
    let out_of_range = |remedy: String| {
        error(
            LiteralMistake::Range,
            format!("`{} {word}` is not a length of time here", number.grouped()),
            remedy,
        )
    };
    if *number < Number::zero() {
        return out_of_range("a length of time is not negative; write `before` instead of `after`".into());
    }
    let exact = match single {
        "second" => Some(1_000),
        "minute" => Some(60_000),
        "hour" => Some(HOUR),
        _ => None,
    };
    if let Some(unit_ms) = exact {
        return match (number.clone() * Number::from(unit_ms)).to_i64() {
            Some(ms) if ms <= 1_000_000 * 24 * HOUR => Ok(Span::Exact(ms)),
            Some(_) => out_of_range("the longest is 24,000,000 hours".into()),
            None => out_of_range("a span is a whole number of milliseconds; take a smaller unit".into()),
        };
    }
    let Some(n) = number.to_i64() else {
        let hint =
            if single == "day" { "; for a part of a day write hours" } else { "; take a smaller unit" };
        return out_of_range(format!("days, weeks, months and years of the calendar are whole{hint}"));
    };
    if n > most {
        return out_of_range(format!("the longest is {} {single}s", Number::from(most).grouped()));
    }
    Ok(match single {
        "day" => Span::Days(n),
        "week" => Span::Days(7 * n),
        "month" => Span::Months(n),
        "year" => Span::Months(12 * n),
        _ => Span::WorkingDays(n),
    })
}

const UNITS: [&str; 8] = ["second", "minute", "hour", "day", "week", "month", "year", "working day"];

/// At most two letters wrong, and the first one right.
fn is_near(known: &str, word: &str) -> bool {
    word.len() <= 40 && known.chars().next() == word.chars().next() && strsim::levenshtein(known, word) <= 2
}

const LONGEST_NUMBER: usize = 200;

/// A number: `800,000`, `0.5`, `-2`, `3/4`.
///
/// # Errors
/// Where it is not written so; the remedy knows decimal commas, blanks between thousands, `million` and exponents.
pub fn number(text: &str) -> Result<Number, LiteralError> {
    let text = text.trim();
    if text.len() > LONGEST_NUMBER {
        return error(
            LiteralMistake::Range,
            format!("`{}` is too long for a number", shown(text)),
            "numbers have at most 200 characters",
        );
    }
    if let Some(number) = Number::parse(text) {
        return Ok(number);
    }
    let without = |c: char| text.replace(c, "");
    let remedy = match text {
        _ if text.ends_with("/0") => "the number below the line is not 0".to_string(),
        _ if Number::parse(&text.replacen(',', ".", 1)).is_some() => {
            format!("a comma only groups thousands: write {}", text.replacen(',', ".", 1))
        }
        _ if text.contains('.') && Number::parse(&text.replace('.', "").replacen(',', ".", 1)).is_some() => {
            let whole = Number::parse(&text.replace('.', "").replacen(',', ".", 1)).unwrap_or_default();
            format!("thousands are grouped by commas: write {}", whole.grouped())
        }
        _ if ['\u{a0}', '\u{202f}', ' ', '\'', '’']
            .into_iter()
            .any(|c| Number::parse(&without(c)).is_some()) =>
        {
            let whole = Number::parse(&text.replace(['\u{a0}', '\u{202f}', ' ', '\'', '’'], ""));
            format!("thousands are grouped by commas: write {}", whole.unwrap_or_default().grouped())
        }
        _ => match scaled(text) {
            Some(whole) => format!("write it in figures: {}", whole.grouped()),
            None => {
                "write figures, thousands grouped by commas or not at all: 800,000 or 0.5 or 3/4".to_string()
            }
        },
    };
    error(LiteralMistake::Form, format!("`{}` is not a number", shown(text)), remedy)
}

/// `1.072 million`, `2e6`.
fn scaled(text: &str) -> Option<Number> {
    let lower = text.to_lowercase();
    let (digits, zeros) =
        if let Some((digits, exponent)) = lower.split_once('e').filter(|(_, e)| e.len() <= 2) {
            (digits, exponent.parse::<u32>().ok().filter(|e| *e <= 15)?)
        } else {
            let words = [("thousand", 3), ("million", 6), ("billion", 9), ("k", 3), ("m", 6)];
            words.into_iter().find_map(|(word, zeros)| Some((lower.strip_suffix(word)?.trim_end(), zeros)))?
        };
    Some(Number::parse(digits)? * Number::from(10i64.pow(zeros)))
}

/// A share: `95 percent`, `95 %`, `95%`, as a number from 0 upwards (95 % is 19/20).
///
/// # Errors
/// Where it is not written so.
pub fn percent(text: &str) -> Result<Number, LiteralError> {
    let text = text.trim();
    let digits = text
        .strip_suffix('%')
        .or_else(|| text.strip_suffix("percent"))
        .or_else(|| text.strip_suffix("per cent"))
        .map(str::trim_end);
    let Some(digits) = digits.filter(|digits| !digits.is_empty()) else {
        let remedy = match number(text).ok() {
            Some(n) if n > Number::zero() && n <= Number::from(1) => {
                format!("write {} percent", (n * Number::from(100)).grouped())
            }
            Some(n) => format!("write {} percent", n.grouped()),
            None => "write a number and `percent`: 95 percent".to_string(),
        };
        return error(LiteralMistake::Form, format!("`{}` is not a percentage", shown(text)), remedy);
    };
    let number = number(digits)?;
    Ok(number.over(&Number::from(100)).unwrap_or_default())
}

/// A point and its doubt in metres (0 where none is given): `48.5,37.2`, `48.5 37.2`, `48.5,37.2~25km`, `…~300 m`.
/// Latitude first.
///
/// # Errors
/// Where it is not written so, or lies off the globe.
pub fn coordinates(text: &str) -> Result<(Point, f64), LiteralError> {
    let text = text.trim();
    let (point, radius) = match text.split_once('~') {
        None => (text, None),
        Some((point, radius)) => (point, Some(radius)),
    };
    let form = |remedy: &str| LiteralError {
        kind: LiteralMistake::Form,
        message: format!("`{}` is not a point", shown(text)),
        remedy: remedy.to_string(),
    };
    let parts: Vec<&str> = point.split([',', ' ']).filter(|part| !part.is_empty()).take(5).collect();
    let [lat, lon] = parts[..] else {
        return Err(form(match parts.len() {
            4 => "write decimal points, not decimal commas: 48.5,37.2",
            _ => "write latitude and longitude in degrees: 48.5,37.2",
        }));
    };
    let degrees = |part: &str| number(part).ok().map(|n| n.to_f64());
    let (Some(lat), Some(lon)) = (degrees(lat), degrees(lon)) else {
        return Err(form(
            "write latitude and longitude in decimal degrees, south and west negative: -33.9,18.4",
        ));
    };
    if lat.abs() > 90.0 || lon.abs() > 180.0 {
        let remedy = if lat.abs() <= 180.0 && lon.abs() <= 90.0 {
            format!("latitude comes first: {lon},{lat}?")
        } else {
            "latitude goes from -90 to 90, longitude from -180 to 180".to_string()
        };
        return error(
            LiteralMistake::Range,
            format!("the point `{}` is not on the globe", shown(text)),
            remedy,
        );
    }
    let radius_m = match radius {
        None => 0.0,
        Some(radius) => {
            let radius = radius.trim();
            let (digits, metres) = match radius.strip_suffix("km") {
                Some(digits) => (digits, 1_000.0),
                None => (radius.strip_suffix('m').unwrap_or(""), 1.0),
            };
            let radius = number(digits).ok().filter(|n| *n >= Number::zero()).map(|n| n.to_f64() * metres);
            match radius {
                Some(metres) if metres <= 20_040_000.0 => metres,
                _ => return Err(form("write the radius of the doubt after `~` in km or m: 48.5,37.2~25km")),
            }
        }
    };
    Ok((Point { lat, lon }, radius_m))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kyiv() -> Calendar {
        Calendar::of_zone("Europe/Kyiv").unwrap()
    }

    fn utc(text: &str) -> Instant {
        Instant::parse_utc(text).unwrap()
    }

    #[test]
    fn times_that_exist_once() {
        for (text, expected) in [
            ("2026-03-01T00:00", "2026-02-28T22:00:00Z"),
            ("2026-07-01T00:00", "2026-06-30T21:00:00Z"),
            ("2026-07-01 06:30:15", "2026-07-01T03:30:15Z"),
            ("2026-03-01T00:00:00.250", "2026-02-28T22:00:00.250Z"),
            ("2026-03-01T00:00Z", "2026-03-01T00:00:00Z"),
            ("2026-03-01T00:00+05:30", "2026-02-28T18:30:00Z"),
            ("2026-03-01T00:00-03:00", "2026-03-01T03:00:00Z"),
            ("2026-03-01T24:00", "2026-03-01T21:59:59.999Z"),
            ("2026-03-01T24:00Z", "2026-03-01T23:59:59.999Z"),
            ("2026-03-01T24:00+02:00", "2026-03-01T21:59:59.999Z"),
            ("2027-10-31T03:30+03:00", "2027-10-31T00:30:00Z"),
            ("2027-10-31T03:30+02:00", "2027-10-31T01:30:00Z"),
        ] {
            assert_eq!(time(text, &kyiv()), Ok(When::exact(utc(expected))), "{text}");
        }
    }

    #[test]
    fn a_date_is_a_whole_day_even_of_23_hours() {
        let day = time("2027-03-28", &kyiv()).unwrap();
        assert_eq!(day.latest - day.earliest, 23 * HOUR - 1);
        assert_eq!(instant("2027-03-28", &kyiv(), true), Ok(day.latest));
        assert_eq!(instant("2027-03-28", &kyiv(), false), Ok(day.earliest));
    }

    fn complaint<T: fmt::Debug>(result: Result<T, LiteralError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn times_that_do_not_exist_or_exist_twice_name_the_remedy() {
        for (text, kind, expected) in [
            (
                "2027-02-30",
                LiteralMistake::DoesNotExist,
                "the date `2027-02-30` does not exist; February 2027 has 28 days: write 2027-02-28, or 2027-03-01 \
                 for the day after",
            ),
            (
                "2027-31-12",
                LiteralMistake::DoesNotExist,
                "the date `2027-31-12` does not exist; months go from 01 to 12; the order is year, month, day: did \
                 you mean 2027-12-31?",
            ),
            (
                "2027-03-28T03:30",
                LiteralMistake::Skipped,
                "the time `2027-03-28T03:30` does not exist in Europe/Kyiv: the clocks are put forward over it; \
                 write 2027-03-28T04:30, the time that the clocks then show, or give an offset: \
                 2027-03-28T03:30+02:00 or 2027-03-28T03:30+03:00",
            ),
            (
                "2027-10-31T03:30",
                LiteralMistake::Twice,
                "the time `2027-10-31T03:30` happens twice in Europe/Kyiv: the clocks are put back over it; write \
                 2027-10-31T03:30+03:00 for the first time or 2027-10-31T03:30+02:00 for the second",
            ),
            (
                "2027-10-31T25:00",
                LiteralMistake::DoesNotExist,
                "the time of day in `2027-10-31T25:00` does not exist; hours go from 00 to 23 (24:00 is the end of \
                 the day), minutes and seconds to 59",
            ),
            (
                "31 December 2026",
                LiteralMistake::Form,
                "`31 December 2026` is not a time; write year, month and day as 2026-12-31",
            ),
            (
                "05/06/2027",
                LiteralMistake::Form,
                "`05/06/2027` is not a date; write year, month and day as 2027-06-05 or 2027-05-06",
            ),
            (
                "31.12.2026",
                LiteralMistake::Form,
                "`31.12.2026` is not a date; write year, month and day as 2026-12-31",
            ),
            (
                "9999-12-31",
                LiteralMistake::Range,
                "the year of `9999-12-31` is out of range; years go from 0001 to 9800; where no end is meant, leave \
                 the date out",
            ),
            (
                "2027-10-31T6:30",
                LiteralMistake::Form,
                "`2027-10-31T6:30` is not a time; write 2027-10-31T18:00, or with an offset 2027-10-31T18:00+02:00 \
                 or 2027-10-31T16:00Z",
            ),
        ] {
            let error = time(text, &kyiv()).unwrap_err();
            assert_eq!((error.kind, error.to_string()), (kind, expected.to_string()));
        }
        let lord_howe = Calendar::of_zone("Australia/Lord_Howe").unwrap();
        let remedy = time("2027-04-04T01:45", &lord_howe).unwrap_err().remedy;
        assert!(remedy.contains("+11:00") && remedy.contains("+10:30"), "{remedy}");
    }

    #[test]
    fn spans() {
        for (text, expected) in [
            ("24 hours", Span::Exact(24 * HOUR)),
            ("1 hour", Span::Exact(HOUR)),
            ("1.5 hours", Span::Exact(HOUR + HOUR / 2)),
            ("90 minutes", Span::Exact(90 * 60_000)),
            ("14 days", Span::Days(14)),
            ("2 weeks", Span::Days(14)),
            ("10  working   days", Span::WorkingDays(10)),
            ("1 year", Span::Months(12)),
            ("6 months", Span::Months(6)),
        ] {
            assert_eq!(span(text), Ok(expected), "{text}");
        }
        assert_eq!(
            complaint(span("1.5 days")),
            "`1.5 days` is not a length of time here; days, weeks, months and years of the calendar are whole; for a \
             part of a day write hours"
        );
        assert_eq!(
            complaint(span("24 houres")),
            "the unit of time `houres` is not known; did you mean `hours`?"
        );
        assert!(complaint(span("-2 days")).contains("not negative"));
        assert!(complaint(span("days")).contains("write a number and a unit"));
        assert!(complaint(span("14")).contains("write a number and a unit"));
        assert!(complaint(span("99999999 years")).contains("the longest is 1000 years"));
        assert!(complaint(span("1/7 seconds")).contains("whole number of milliseconds"));
    }

    #[test]
    fn numbers_and_what_is_none() {
        assert_eq!(number(" 800,000 "), Ok(Number::from(800_000)));
        for (text, remedy) in [
            ("74,4", "a comma only groups thousands: write 74.4"),
            ("1.234.567", "thousands are grouped by commas: write 1,234,567"),
            ("1.234,5", "thousands are grouped by commas: write 1234.5"),
            ("800 000", "thousands are grouped by commas: write 800,000"),
            ("1.072 million", "write it in figures: 1,072,000"),
            ("2e6", "write it in figures: 2,000,000"),
            ("3/0", "the number below the line is not 0"),
            ("many", "write figures, thousands grouped by commas or not at all: 800,000 or 0.5 or 3/4"),
        ] {
            assert_eq!(number(text).unwrap_err().remedy, remedy, "{text}");
        }
    }

    #[test]
    fn percentages() {
        for text in ["95 percent", "95%", "95 %", "95 per cent"] {
            assert_eq!(percent(text), Ok(Number::ratio(19, 20).unwrap()), "{text}");
        }
        assert_eq!(percent("0.95").unwrap_err().remedy, "write 95 percent");
        assert_eq!(percent("95").unwrap_err().remedy, "write 95 percent");
        assert!(percent("percent").unwrap_err().remedy.starts_with("write a number"));
    }

    #[test]
    fn points() {
        assert_eq!(coordinates("48.5,37.2"), Ok((Point { lat: 48.5, lon: 37.2 }, 0.0)));
        assert_eq!(coordinates("-33.9, 18.4~25km"), Ok((Point { lat: -33.9, lon: 18.4 }, 25_000.0)));
        assert_eq!(coordinates("48 37 ~ 300 m"), Ok((Point { lat: 48.0, lon: 37.0 }, 300.0)));
        assert!(complaint(coordinates("137.2,48.5")).contains("latitude comes first: 48.5,137.2?"));
        assert!(complaint(coordinates("48,5,37,2")).contains("decimal points"));
        assert!(complaint(coordinates("48.5N 37.2E")).contains("decimal degrees"));
        assert!(complaint(coordinates("48.5,37.2~25")).contains("after `~`"));
        assert!(complaint(coordinates("91,181")).contains("-90 to 90"));
    }

    #[test]
    fn rubbish_is_refused_and_never_panics() {
        let rubbish = [
            "",
            " ",
            "T",
            "-",
            "2026",
            "2026-",
            "2026-12-31T",
            "2026-12-31T18",
            "2026-12-31T18:00+",
            "é",
            "日本語T12:00",
            "2026-12-31Té",
            "2026-12-31T18:00:00.",
            "2026-12-31T18:00+99:00",
            "0000-00-00",
            "\u{0}",
            "½",
            "%",
            "~",
        ];
        for text in rubbish {
            assert!(time(text, &kyiv()).is_err(), "{text:?}");
            assert!(span(text).is_err(), "{text:?}");
            assert!(coordinates(text).is_err(), "{text:?}");
            assert!(percent(text).is_err(), "{text:?}");
        }
        let long = "9".repeat(1_000_000);
        assert!(number(&long).unwrap_err().message.len() < 400);
        assert!(time(&long, &kyiv()).unwrap_err().message.len() < 400);
        assert!(span(&format!("{long} days")).is_err());
    }
}
