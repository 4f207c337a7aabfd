//! Instants, spans and calendars.
//!
//! Instants are UTC. Civil time exists only through a [`Calendar`], which carries the agreement's zone, its way of
//! counting days and its rounding of months. Zone data is compiled in: no verdict depends on the host.
//!
//! Invariants
//! - a deadline is the last instant at which an act is still in time; the end of a day is its last millisecond,
//!   shown as 24:00;
//! - exact spans (hours) and calendar spans (days, months) are never compared without an anchor.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Add, Sub};

/// A moment in UTC, in milliseconds since 1970-01-01T00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Instant(pub i64);

/// Milliseconds in an hour.
pub const HOUR: i64 = 3_600_000;
/// Milliseconds in 24 hours.
pub const DAY: i64 = 24 * HOUR;

impl Instant {
    /// Before everything that can be written down (year −9999 in jiff's range, kept well inside it).
    pub const MIN: Instant = Instant(-200_000_000_000_000);
    /// After everything that can be written down.
    pub const MAX: Instant = Instant(250_000_000_000_000);

    /// RFC 3339 with an offset or `Z`. `None` where the text is not one.
    pub fn parse_utc(text: &str) -> Option<Instant> {
        text.parse::<Timestamp>().ok().map(|t| Instant(t.as_millisecond()))
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0.clamp(Instant::MIN.0, Instant::MAX.0))
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The next millisecond.
    pub fn next(self) -> Instant {
        Instant(self.0 + 1)
    }
}

impl Add<i64> for Instant {
    type Output = Instant;
    /// Milliseconds later; stays within [`Instant::MIN`] and [`Instant::MAX`].
    fn add(self, milliseconds: i64) -> Instant {
        Instant(self.0.saturating_add(milliseconds).clamp(Instant::MIN.0, Instant::MAX.0))
    }
}

impl Sub for Instant {
    type Output = i64;
    /// Milliseconds between.
    fn sub(self, other: Instant) -> i64 {
        self.0 - other.0
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC; milliseconds only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.timestamp().to_string())
    }
}

/// When something happened: an instant, or an earliest and a latest one where only that is known. Both are included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct When {
    /// It did not happen before.
    pub earliest: Instant,
    /// It did not happen after.
    pub latest: Instant,
}

impl When {
    /// Known to the millisecond.
    pub fn exact(at: Instant) -> When {
        When { earliest: at, latest: at }
    }

    /// Whether it is known to the millisecond.
    pub fn is_exact(self) -> bool {
        self.earliest == self.latest
    }

    /// Certainly within `[from, to]`.
    pub fn surely_within(self, from: Instant, to: Instant) -> bool {
        from <= self.earliest && self.latest <= to
    }

    /// Possibly within `[from, to]`.
    pub fn possibly_within(self, from: Instant, to: Instant) -> bool {
        from <= self.latest && self.earliest <= to
    }
}

/// A stretch of time, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Period {
    /// First instant.
    pub from: Instant,
    /// Last instant.
    pub to: Instant,
}

/// A length of time as an agreement states it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Span {
    /// Seconds, minutes, hours: exact, in milliseconds.
    Exact(i64),
    /// Days and weeks of the calendar.
    Days(i64),
    /// Months and years of the calendar.
    Months(i64),
    /// Days that the agreement's calendar calls working days.
    WorkingDays(i64),
}

impl Span {
    /// Whether it is counted in days of the calendar and so ends at a day's end.
    pub fn is_calendar(self) -> bool {
        !matches!(self, Span::Exact(_))
    }

    /// It lasts so many hours or longer: a month has 28 days or more.
    pub fn least_hours(self) -> i64 {
        self.hours(28)
    }

    /// Days of 24 hours, months of 31 days. Working days are counted as days, without what lies between them.
    pub fn nominal_hours(self) -> i64 {
        self.hours(31)
    }

    fn hours(self, days_of_month: i64) -> i64 {
        match self {
            Span::Exact(ms) => ms / HOUR,
            Span::Days(n) | Span::WorkingDays(n) => n.saturating_mul(24),
            Span::Months(n) => n.saturating_mul(days_of_month * 24),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, unit) = match *self {
            Span::Exact(ms) if ms % HOUR == 0 => (ms / HOUR, "hour"),
            Span::Exact(ms) if ms % 60_000 == 0 => (ms / 60_000, "minute"),
            Span::Exact(ms) => (ms / 1000, "second"),
            Span::Days(n) => (n, "day"),
            Span::Months(n) if n % 12 == 0 && n != 0 => (n / 12, "year"),
            Span::Months(n) => (n, "month"),
            Span::WorkingDays(n) => (n, "working day"),
        };
        write!(f, "{n} {unit}{}", if n == 1 { "" } else { "s" })
    }
}

/// A period of the calendar, as in `in each calendar month`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CalendarPeriod {
    /// Civil day.
    Day,
    /// Week, Monday to Sunday (ISO 8601).
    Week,
    /// Calendar month.
    Month,
    /// Quarter beginning in January, April, July, October.
    Quarter,
    /// Calendar year.
    Year,
}

impl CalendarPeriod {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            CalendarPeriod::Day => "day",
            CalendarPeriod::Week => "week",
            CalendarPeriod::Month => "month",
            CalendarPeriod::Quarter => "quarter",
            CalendarPeriod::Year => "year",
        }
    }
}

/// Whether the day of the event is the first day counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EventDay {
    /// Day 1 is the day after the event.
    #[default]
    Excluded,
    /// Day 1 is the day of the event.
    Included,
}

/// What a month's end becomes in a shorter month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MonthRounding {
    /// 31 January + 1 month = the last day of February.
    Down,
    /// 31 January + 1 month = 1 March.
    Up,
}

/// What happens to a calendar deadline that falls on a day off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DayOff {
    /// Nothing: the deadline stands.
    #[default]
    Stands,
    /// It moves to the next working day.
    MovesToNext,
    /// It moves to the working day before.
    MovesToPrevious,
}

/// What a civil date and time means in a zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolved {
    /// One instant.
    Once(Instant),
    /// The clocks jumped over it; the instant is the one after the jump by the old offset.
    Never(Instant),
    /// The clocks were put back: it happened twice.
    Twice(Instant, Instant),
}

/// Civil time as an agreement counts it.
#[derive(Clone, PartialEq, Debug)]
pub struct Calendar {
    name: String,
    zone: TimeZone,
    /// Whether the event's day counts.
    pub event_day: EventDay,
    /// Rounding of months; `None` where the agreement does not say.
    pub months: Option<MonthRounding>,
    /// Days of the week that are not working days.
    pub days_off: BTreeSet<i8>,
    /// Further days that are not working days.
    pub holidays: BTreeSet<Date>,
    /// What a deadline on a day off does.
    pub day_off: DayOff,
}

impl Default for Calendar {
    fn default() -> Self {
        Calendar::utc()
    }
}

impl Calendar {
    /// The calendar of a zone of the IANA time zone database; `None` where there is no such zone.
    pub fn of_zone(name: &str) -> Option<Calendar> {
        let zone = match name {
            "UTC" => TimeZone::UTC,
            name => TimeZoneDatabase::bundled().get(name).ok()?,
        };
        Some(Calendar {
            name: name.to_string(),
            zone,
            event_day: EventDay::default(),
            months: None,
            days_off: BTreeSet::from([
                Weekday::Saturday.to_monday_zero_offset(),
                Weekday::Sunday.to_monday_zero_offset(),
            ]),
            holidays: BTreeSet::new(),
            day_off: DayOff::default(),
        })
    }

    /// UTC, event day excluded.
    pub fn utc() -> Calendar {
        Calendar::of_zone("UTC").expect("UTC is always there")
    }

    /// Names of all zones known, for "did you mean".
    pub fn zone_names() -> Vec<String> {
        TimeZoneDatabase::bundled().available().map(|n| n.to_string()).collect()
    }

    /// The zone's name.
    pub fn zone_name(&self) -> &str {
        &self.name
    }

    /// What a civil date and time means here.
    pub fn resolve(&self, civil: DateTime) -> Resolved {
        let ambiguous = self.zone.to_ambiguous_timestamp(civil);
        let instant = |t: Result<Timestamp, jiff::Error>| Instant(t.map_or(0, |t| t.as_millisecond()));
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => Resolved::Once(instant(ambiguous.compatible())),
            AmbiguousOffset::Gap { .. } => Resolved::Never(instant(ambiguous.later())),
            AmbiguousOffset::Fold { .. } => {
                Resolved::Twice(instant(ambiguous.earlier()), instant(ambiguous.later()))
            }
        }
    }

    /// Civil date and time of an instant.
    pub fn civil(&self, at: Instant) -> DateTime {
        self.zone.to_datetime(at.timestamp())
    }

    /// Civil date of an instant.
    pub fn date(&self, at: Instant) -> Date {
        self.civil(at).date()
    }

    /// First instant of a day.
    pub fn start_of_day(&self, date: Date) -> Instant {
        match self.resolve(date.to_datetime(Time::midnight())) {
            Resolved::Once(at) | Resolved::Never(at) | Resolved::Twice(at, _) => at,
        }
    }

    /// Last instant of a day, shown as 24:00.
    pub fn end_of_day(&self, date: Date) -> Instant {
        self.start_of_day(plus_days(date, 1)) + -1
    }

    /// A whole civil day.
    pub fn day(&self, date: Date) -> When {
        When { earliest: self.start_of_day(date), latest: self.end_of_day(date) }
    }

    /// Whether a day is a working day.
    pub fn is_working_day(&self, date: Date) -> bool {
        !self.days_off.contains(&date.weekday().to_monday_zero_offset()) && !self.holidays.contains(&date)
    }

    /// The date `n` days after `date` in the agreement's counting ("day 2 after the ceasefire").
    pub fn nth_day_after(&self, date: Date, n: i64) -> Date {
        match self.event_day {
            EventDay::Excluded => plus_days(date, n),
            EventDay::Included => plus_days(date, n - 1),
        }
    }

    /// The date a calendar span after (or, where `sign` is −1, before) a date, day number kept, months rounded as
    /// declared (down where nothing is declared), the event's day counted as declared.
    fn date_by(&self, date: Date, span: Span, sign: i64) -> Date {
        let counted = match span {
            Span::Exact(_) => date,
            Span::Days(n) => plus_days(date, sign * n),
            Span::Months(n) => self.plus_months(date, sign * n),
            Span::WorkingDays(n) => {
                let mut day = date;
                let mut left = n;
                if self.event_day == EventDay::Included && self.is_working_day(day) {
                    left -= 1;
                }
                while left > 0 {
                    day = plus_days(day, sign);
                    if self.is_working_day(day) {
                        left -= 1;
                    }
                }
                return day;
            }
        };
        match self.event_day {
            EventDay::Excluded => counted,
            EventDay::Included => plus_days(counted, -sign),
        }
    }

    fn plus_months(&self, date: Date, months: i64) -> Date {
        let index = i64::from(date.year()) * 12 + i64::from(date.month()) - 1 + months;
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
        let first = Date::new(year.clamp(-9000, 9000) as i16, month as i8, 1).unwrap_or(date);
        match Date::new(first.year(), first.month(), date.day()) {
            Ok(same) => same,
            Err(_) if self.months == Some(MonthRounding::Up) => plus_days(first.last_of_month(), 1),
            Err(_) => first.last_of_month(),
        }
    }

    /// The deadline a span after `at`. An exact span ends to the millisecond; a calendar span ends at the end of its
    /// last day, moved off days off where the agreement says so.
    ///
    /// # Source
    /// `docs/reference/language.md`, "Time".
    pub fn deadline_after(&self, at: Instant, span: Span) -> Instant {
        match span {
            Span::Exact(ms) => at + ms,
            _ => self.end_of_day(self.moved(self.date_by(self.date(at), span, 1))),
        }
    }

    /// The last instant that is still a span before `at` ("no later than 42 days before"): an exact span to the
    /// millisecond, a calendar span at the end of the day that many days earlier.
    pub fn deadline_before(&self, at: Instant, span: Span) -> Instant {
        match span {
            Span::Exact(ms) => at + -ms,
            _ => self.end_of_day(self.date_by(self.date(at), span, -1)),
        }
    }

    /// A date moved off a day off, where the agreement says that it moves.
    pub fn moved(&self, date: Date) -> Date {
        let step = match self.day_off {
            DayOff::Stands => return date,
            DayOff::MovesToNext => 1,
            DayOff::MovesToPrevious => -1,
        };
        let mut day = date;
        for _ in 0..366 {
            if self.is_working_day(day) {
                return day;
            }
            day = plus_days(day, step);
        }
        date
    }

    /// The same civil time a span earlier: where a trailing window that ends at `at` begins (its own end excluded).
    pub fn window_start(&self, at: Instant, span: Span) -> Instant {
        self.shifted(at, span, -1)
    }

    /// The same civil time a span later: where an event leaves a trailing window.
    pub fn window_end(&self, at: Instant, span: Span) -> Instant {
        self.shifted(at, span, 1)
    }

    fn shifted(&self, at: Instant, span: Span, sign: i64) -> Instant {
        let civil = self.civil(at);
        let date = match span {
            Span::Exact(ms) => return at + sign * ms,
            Span::Days(n) => plus_days(civil.date(), sign * n),
            Span::Months(n) => self.plus_months(civil.date(), sign * n),
            Span::WorkingDays(_) => {
                Calendar { event_day: EventDay::Excluded, ..self.clone() }.date_by(civil.date(), span, sign)
            }
        };
        match self.resolve(date.to_datetime(civil.time())) {
            Resolved::Once(at) | Resolved::Never(at) | Resolved::Twice(at, _) => at,
        }
    }

    /// First instant of the calendar period that `at` lies in.
    pub fn period_start(&self, at: Instant, period: CalendarPeriod) -> Instant {
        let date = self.date(at);
        let first = match period {
            CalendarPeriod::Day => date,
            CalendarPeriod::Week => plus_days(date, -i64::from(date.weekday().to_monday_zero_offset())),
            CalendarPeriod::Month => date.first_of_month(),
            CalendarPeriod::Quarter => {
                Date::new(date.year(), (date.month() - 1) / 3 * 3 + 1, 1).unwrap_or(date.first_of_month())
            }
            CalendarPeriod::Year => date.first_of_year(),
        };
        self.start_of_day(first)
    }

    /// First instant of the next calendar period.
    pub fn next_period_start(&self, at: Instant, period: CalendarPeriod) -> Instant {
        let date = self.date(self.period_start(at, period));
        let next = match period {
            CalendarPeriod::Day => plus_days(date, 1),
            CalendarPeriod::Week => plus_days(date, 7),
            CalendarPeriod::Month => self.plus_months(date, 1),
            CalendarPeriod::Quarter => self.plus_months(date, 3),
            CalendarPeriod::Year => self.plus_months(date, 12),
        };
        self.start_of_day(next)
    }

    /// For people: `2027-05-02 01:00`, a day's last instant as `2027-05-02 24:00`, seconds only where there are any. The
    /// last millisecond before a full minute, where a stretch ends, and the first after one, where the next begins, are
    /// shown as that minute.
    pub fn show(&self, at: Instant) -> String {
        if at <= Instant::MIN {
            return "the beginning".into();
        }
        if at >= Instant::MAX {
            return "the end".into();
        }
        let civil = self.civil(at);
        if self.end_of_day(civil.date()) == at {
            return format!("{} 24:00", civil.date());
        }
        if matches!((civil.second(), civil.millisecond()), (59, 999)) {
            return self.show(at.next());
        }
        let (h, m, s, ms) = (civil.hour(), civil.minute(), civil.second(), civil.millisecond());
        let seconds = match (s, ms) {
            (0, 0 | 1) => String::new(),
            (s, 0) => format!(":{s:02}"),
            (s, ms) => format!(":{s:02}.{ms:03}"),
        };
        format!("{} {h:02}:{m:02}{seconds}", civil.date())
    }

    /// For people: an instant, a whole day as its date, else `… to …`.
    pub fn show_when(&self, when: When) -> String {
        if when.is_exact() {
            return self.show(when.earliest);
        }
        let (first, last) = (self.date(when.earliest), self.date(when.latest));
        if self.start_of_day(first) == when.earliest && self.end_of_day(last) == when.latest {
            return if first == last { first.to_string() } else { format!("{first} to {last}") };
        }
        format!("{} to {}", self.show(when.earliest), self.show(when.latest))
    }

    /// RFC 3339 with this zone's offset: `2027-05-02T01:00:00+03:00`.
    pub fn rfc3339(&self, at: Instant) -> String {
        let offset = self.zone.to_offset(at.timestamp());
        at.timestamp().display_with_offset(offset).to_string()
    }
}

fn plus_days(date: Date, days: i64) -> Date {
    date.saturating_add(days.clamp(-3_000_000, 3_000_000).days())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn kyiv() -> Calendar {
        Calendar::of_zone("Europe/Kyiv").unwrap()
    }

    fn at(c: &Calendar, text: &str) -> Instant {
        match c.resolve(text.parse().unwrap()) {
            Resolved::Once(at) => at,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn within_a_day_ends_at_the_next_days_end_and_24_hours_to_the_millisecond() {
        let c = kyiv();
        let t = at(&c, "2015-02-15T09:30");
        assert_eq!(c.show(c.deadline_after(t, Span::Days(1))), "2015-02-16 24:00");
        assert_eq!(c.show(c.deadline_after(t, Span::Exact(24 * HOUR))), "2015-02-16 09:30");
        let included = Calendar { event_day: EventDay::Included, ..c };
        assert_eq!(included.show(included.deadline_after(t, Span::Days(1))), "2015-02-15 24:00");
    }

    #[test]
    fn a_civil_day_may_have_23_or_25_hours() {
        let c = kyiv();
        assert_eq!(c.start_of_day(date(2021, 3, 29)) - c.start_of_day(date(2021, 3, 28)), 23 * HOUR);
        assert_eq!(c.start_of_day(date(2021, 11, 1)) - c.start_of_day(date(2021, 10, 31)), 25 * HOUR);
        assert!(matches!(c.resolve(date(2021, 3, 28).at(3, 30, 0, 0)), Resolved::Never(_)));
        assert!(
            matches!(c.resolve(date(2021, 10, 31).at(3, 30, 0, 0)), Resolved::Twice(a, b) if b - a == HOUR)
        );
    }

    #[test]
    fn months_keep_the_day_number_or_round_as_declared() {
        let mut c = kyiv();
        let t = at(&c, "2027-01-31T10:00");
        c.months = Some(MonthRounding::Down);
        assert_eq!(c.show(c.deadline_after(t, Span::Months(1))), "2027-02-28 24:00");
        c.months = Some(MonthRounding::Up);
        assert_eq!(c.show(c.deadline_after(t, Span::Months(1))), "2027-03-01 24:00");
        assert_eq!(
            c.show(c.deadline_after(at(&c, "2028-02-29T10:00"), Span::Months(12))),
            "2029-03-01 24:00"
        );
    }

    #[test]
    fn working_days_skip_weekends_and_holidays() {
        let mut c = kyiv();
        c.holidays.insert(date(2027, 5, 10));
        let friday = at(&c, "2027-05-07T10:00");
        assert_eq!(c.show(c.deadline_after(friday, Span::WorkingDays(1))), "2027-05-11 24:00");
        c.day_off = DayOff::MovesToNext;
        assert_eq!(c.show(c.deadline_after(friday, Span::Days(1))), "2027-05-11 24:00");
    }

    #[test]
    fn no_later_than_42_days_before() {
        let c = kyiv();
        assert_eq!(c.show(c.deadline_before(at(&c, "2027-05-02T08:00"), Span::Days(42))), "2027-03-21 24:00");
    }

    #[test]
    fn periods_of_the_calendar() {
        let c = kyiv();
        let t = at(&c, "2027-05-06T08:00");
        assert_eq!(c.show(c.period_start(t, CalendarPeriod::Week)), "2027-05-03 00:00");
        assert_eq!(c.show(c.period_start(t, CalendarPeriod::Quarter)), "2027-04-01 00:00");
        assert_eq!(c.show(c.next_period_start(t, CalendarPeriod::Year)), "2028-01-01 00:00");
    }

    #[test]
    fn zones_that_are_not_there() {
        assert!(Calendar::of_zone("Europe/Kjiv").is_none());
        assert!(Calendar::zone_names().len() > 400);
    }
}
