//! Dates and times as files write them, to moments with their doubt.
//!
//! A date without a time is the whole day, never its midnight. A civil time that the clocks went through twice is a doubt
//! of an hour; one that they jumped over is refused.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime;
use servanda_model::time::{CalendarPeriod, HOUR, Resolved};
use servanda_model::{Calendar, Instant, When};

/// What a cell says, before a zone is known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Stamp {
    /// A day.
    Day(Date),
    /// A civil date and time.
    Civil(DateTime),
    /// A date and time with its offset.
    Fixed(Instant),
}

/// Why a cell is no moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It cannot be read.
    NotADate,
    /// It can be read, and there is no such day or time.
    DoesNotExist,
}

/// Reads a cell: by `format` (strptime), else as ISO 8601 with `T` or a blank between date and time.
pub fn parse(text: &str, format: Option<&str>) -> Result<Stamp, Fault> {
    let text = text.trim();
    let Some(format) = format else { return parse_iso(text) };
    let read = strtime::parse(format, text).map_err(|_| Fault::NotADate)?;
    let date = read.to_date().map_err(|_| Fault::DoesNotExist)?;
    if read.hour().is_none() {
        return Ok(Stamp::Day(date));
    }
    if read.offset().is_some() {
        let at = read.to_timestamp().map_err(|_| Fault::DoesNotExist)?;
        return Ok(Stamp::Fixed(Instant(at.as_millisecond())));
    }
    Ok(Stamp::Civil(read.to_datetime().map_err(|_| Fault::DoesNotExist)?))
}

fn digits(text: &str, n: usize) -> Option<i32> {
    (text.len() == n && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn parse_iso(text: &str) -> Result<Stamp, Fault> {
    let part = |from: usize, to: usize| text.get(from..to).ok_or(Fault::NotADate);
    let number = |from, to| digits(part(from, to)?, to - from).ok_or(Fault::NotADate);
    if part(4, 5)? != "-" || part(7, 8)? != "-" {
        return Err(Fault::NotADate);
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let date = Date::new(year as i16, month as i8, day as i8).map_err(|_| Fault::DoesNotExist)?;
    let rest = &text[10..];
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']).map(str::trim_start) else {
        return if rest.is_empty() { Ok(Stamp::Day(date)) } else { Err(Fault::NotADate) };
    };
    let split = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, offset) = (rest[..split].trim_end(), &rest[split..]);
    let mut fields = clock.split(':');
    let mut field = || fields.next().map(|f| digits(f, 2).ok_or(Fault::NotADate));
    let hour = field().ok_or(Fault::NotADate)??;
    let minute = field().ok_or(Fault::NotADate)??;
    let (second, milli) = match fields.next() {
        None => (0, 0),
        Some(seconds) => {
            let (whole, part) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
            if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(Fault::NotADate);
            }
            let milli: String = part.chars().chain("000".chars()).take(3).collect();
            (digits(whole, 2).ok_or(Fault::NotADate)?, milli.parse::<i32>().map_err(|_| Fault::NotADate)?)
        }
    };
    if fields.next().is_some() {
        return Err(Fault::NotADate);
    }
    let civil = if (hour, minute, second, milli) == (24, 0, 0, 0) {
        date.tomorrow().map_err(|_| Fault::DoesNotExist)?.to_datetime(Time::midnight())
    } else {
        let time = Time::new(hour as i8, minute as i8, second as i8, milli * 1_000_000);
        date.to_datetime(time.map_err(|_| Fault::DoesNotExist)?)
    };
    let offset_minutes = match offset {
        "" => return Ok(Stamp::Civil(civil)),
        "Z" | "z" => 0,
        _ => {
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            let plain = offset[1..].replace(':', "");
            let (h, m) = match plain.len() {
                2 => (digits(&plain, 2), Some(0)),
                4 => (plain.get(..2).and_then(|h| digits(h, 2)), plain.get(2..).and_then(|m| digits(m, 2))),
                _ => (None, None),
            };
            let (h, m) = (h.ok_or(Fault::NotADate)?, m.ok_or(Fault::NotADate)?);
            if h > 18 || m > 59 {
                return Err(Fault::DoesNotExist);
            }
            sign * i64::from(h * 60 + m)
        }
    };
    let utc = Calendar::utc();
    match utc.resolve(civil) {
        Resolved::Once(at) => Ok(Stamp::Fixed(at + -offset_minutes * 60_000)),
        _ => Err(Fault::DoesNotExist),
    }
}

impl Stamp {
    /// The moment in a zone; `None` where the clocks jumped over it.
    pub fn when(self, calendar: &Calendar) -> Option<When> {
        match self {
            Stamp::Day(date) => Some(calendar.day(date)),
            Stamp::Fixed(at) => Some(When::exact(at)),
            Stamp::Civil(civil) => match calendar.resolve(civil) {
                Resolved::Once(at) => Some(When::exact(at)),
                Resolved::Twice(earliest, latest) => Some(When { earliest, latest }),
                Resolved::Never(_) => None,
            },
        }
    }
}

/// How exact a source says that its date is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Width {
    /// As it is written.
    Exact,
    /// To the day, even where a time is written.
    Day,
    /// Somewhere in a stretch of at most so many days that the written day lies in.
    Days(u16),
    /// So many milliseconds more or less.
    Around(i64),
    /// In the calendar period that it lies in.
    Period(CalendarPeriod),
}

impl Width {
    /// Reads `exact`, `day`, `6 days`, `2 hours`, `30 minutes`, `week`, `month`, `quarter`, `year`.
    pub fn parse(text: &str) -> Option<Width> {
        let text = text.trim();
        if let Some((n, unit)) = text.split_once(' ') {
            let n: u16 = n.parse().ok().filter(|n| (1..=10_000).contains(n))?;
            return match unit.trim() {
                "day" | "days" => Some(Width::Days(n)),
                "hour" | "hours" => Some(Width::Around(i64::from(n) * HOUR)),
                "minute" | "minutes" => Some(Width::Around(i64::from(n) * 60_000)),
                _ => None,
            };
        }
        match text {
            "exact" => Some(Width::Exact),
            "day" => Some(Width::Day),
            "week" => Some(Width::Period(CalendarPeriod::Week)),
            "month" => Some(Width::Period(CalendarPeriod::Month)),
            "quarter" => Some(Width::Period(CalendarPeriod::Quarter)),
            "year" => Some(Width::Period(CalendarPeriod::Year)),
            _ => None,
        }
    }

    /// The stretch of a written start and end. A stretch of several days stands as it is written (in whole days, where the
    /// source is exact to days at best); within one day it is widened to what the source says about its own exactness.
    pub fn widen(self, written: When, calendar: &Calendar) -> When {
        let day = calendar.date(written.earliest);
        let last = calendar.date(written.latest);
        if last != day {
            let to_the_day = !matches!(self, Width::Exact | Width::Around(_));
            let days = When { earliest: calendar.start_of_day(day), latest: calendar.end_of_day(last) };
            return if to_the_day { days } else { written };
        }
        match self {
            Width::Exact => written,
            Width::Day | Width::Days(1) => calendar.day(day),
            Width::Days(n) => {
                let reach = jiff::Span::new().days(i64::from(n) - 1);
                When {
                    earliest: calendar.start_of_day(day.saturating_sub(reach)),
                    latest: calendar.end_of_day(day.saturating_add(reach)),
                }
            }
            Width::Around(ms) => When { earliest: written.earliest + -ms, latest: written.latest + ms },
            Width::Period(period) => When {
                earliest: calendar.period_start(written.earliest, period),
                latest: calendar.next_period_start(written.earliest, period) + -1,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn iso_forms() {
        let utc = Calendar::utc();
        for (text, shown) in [
            ("2014-01-22", "2014-01-22"),
            ("2014-01-22 00:00:00.000", "2014-01-22 00:00"),
            ("2014-01-22T14:30", "2014-01-22 14:30"),
            ("2014-01-22T14:30:05.25Z", "2014-01-22 14:30:05.250"),
            ("2014-01-22T14:30+02:00", "2014-01-22 12:30"),
            ("2014-01-22 14:30 -0330", "2014-01-22 18:00"),
            ("2014-01-22T24:00", "2014-01-23 00:00"),
        ] {
            let stamp = parse(text, None).unwrap_or_else(|e| panic!("{text}: {e:?}"));
            assert_eq!(utc.show_when(stamp.when(&utc).unwrap()), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_and_what_does_not_exist() {
        for text in [
            "",
            "22.01.2014",
            "2014-1-22",
            "2014-01-22x",
            "2014-01-22T14",
            "2014-01-22T1:30",
            "soon",
            "ä014-01-22",
        ] {
            assert_eq!(parse(text, None), Err(Fault::NotADate), "{text}");
        }
        for text in
            ["2021-02-29", "2021-13-01", "2021-01-01T25:00", "2021-01-01T10:61", "2021-01-01T10:00+40:00"]
        {
            assert_eq!(parse(text, None), Err(Fault::DoesNotExist), "{text}");
        }
        assert_eq!(parse("31.02.2021", Some("%d.%m.%Y")), Err(Fault::DoesNotExist));
        assert_eq!(parse("22.01.2014", Some("%d.%m.%Y")), Ok(Stamp::Day(date(2014, 1, 22))));
        assert!(matches!(parse("22.01.2014 14:30", Some("%d.%m.%Y %H:%M")), Ok(Stamp::Civil(_))));
    }

    #[test]
    fn clock_changes_are_a_doubt_or_nothing() {
        let kyiv = Calendar::of_zone("Europe/Kyiv").unwrap();
        assert_eq!(parse("2021-03-28T03:30", None).unwrap().when(&kyiv), None);
        let twice = parse("2021-10-31T03:30", None).unwrap().when(&kyiv).unwrap();
        assert_eq!(twice.latest - twice.earliest, HOUR);
    }

    #[test]
    fn a_vague_day_is_widened_and_a_stated_stretch_stands() {
        let utc = Calendar::utc();
        let day = utc.day(date(2015, 2, 18));
        for (width, shown) in [
            ("exact", "2015-02-18"),
            ("day", "2015-02-18"),
            ("6 days", "2015-02-13 to 2015-02-23"),
            ("week", "2015-02-16 to 2015-02-22"),
            ("month", "2015-02-01 to 2015-02-28"),
            ("year", "2015-01-01 to 2015-12-31"),
        ] {
            assert_eq!(utc.show_when(Width::parse(width).unwrap().widen(day, &utc)), shown, "{width}");
        }
        let stated = When { earliest: day.earliest, latest: utc.end_of_day(date(2015, 2, 20)) };
        assert_eq!(Width::parse("month").unwrap().widen(stated, &utc), stated);
        for bad in ["", "fortnight", "0 days", "-1 days", "2 moons"] {
            assert_eq!(Width::parse(bad), None, "{bad}");
        }
    }
}
