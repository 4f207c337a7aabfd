//! Months as whole numbers: what plans count in.
//!
//! It knows no days and no zones; a day is of the month that it is written in.
//!
//! Invariants
//! - a month's text `2027-06` and the month are one and the same, from year 1 to 9999.

use jiff::civil::Date;
use std::fmt;

/// A month of a year.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Month(i32);

impl Month {
    /// The first month of year 1: before everything that is planned.
    pub const FIRST: Month = Month(12);

    /// Of a year from 1 to 9999 and a month from 1 to 12.
    pub fn of(year: i16, month: i8) -> Option<Month> {
        ((1..=9999).contains(&year) && (1..=12).contains(&month))
            .then(|| Month(i32::from(year) * 12 + i32::from(month) - 1))
    }

    /// That of a day.
    pub fn of_day(day: Date) -> Option<Month> {
        Month::of(day.year(), day.month())
    }

    /// Reads `2027-06`.
    pub fn parse(text: &str) -> Option<Month> {
        let (year, month) = text.trim().split_once('-')?;
        let digits = |text: &str, n| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
        (digits(year, 4) && digits(month, 2)).then_some(())?;
        Month::of(year.parse().ok()?, month.parse().ok()?)
    }

    /// Its year.
    pub fn year(self) -> i16 {
        (self.0.div_euclid(12)) as i16
    }

    /// 1 to 12.
    pub fn of_year(self) -> i8 {
        (self.0.rem_euclid(12) + 1) as i8
    }

    /// So many months later.
    pub fn plus(self, months: u32) -> Month {
        Month(self.0.saturating_add(i32::try_from(months).unwrap_or(i32::MAX)))
    }

    /// So many months earlier; not before the first of year 1.
    pub fn minus(self, months: u32) -> Month {
        Month(self.0.saturating_sub(i32::try_from(months).unwrap_or(i32::MAX)).max(Month::FIRST.0))
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        // A year from 1 to 9999 and a month from 1 to 12 have a first day.
        Date::new(self.year().clamp(1, 9999), self.of_year(), 1).unwrap_or(Date::MAX)
    }

    /// Months from an earlier one to this; negative where it is later.
    pub fn since(self, earlier: Month) -> i64 {
        i64::from(self.0) - i64::from(earlier.0)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}", self.year(), self.of_year()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_month_are_one() {
        for text in ["2022-01", "2026-12", "0001-01", "9999-12"] {
            assert_eq!(Month::parse(text).unwrap().to_string(), text);
        }
        for text in ["2022-13", "2022-00", "2022-1", "22-01", "2022", "2022-01-01", "0000-01", "+022-01"] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
        let last = Month::parse("2025-12").unwrap();
        assert_eq!(Some(Month::FIRST), Month::of(1, 1));
        assert_eq!(last.plus(1).to_string(), "2026-01");
        assert_eq!(last.plus(13).since(last), 13);
        assert_eq!((last.minus(12).to_string(), Month::FIRST.minus(1)), ("2024-12".into(), Month::FIRST));
        assert_eq!(last.first_day().to_string(), "2025-12-01");
    }
}
