//! Counts as people write them: `2`, `about 10`, `at least 3`, `3-5`, `N/K`.
//!
//! A word such as *dozens* is refused: it is no number, and nobody may make one of it later.

use servanda_model::Number;
use std::fmt;

/// How a count is meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum CountIs {
    /// That many.
    #[default]
    Exact,
    /// About that many.
    About,
    /// That many or more.
    AtLeast,
}

impl CountIs {
    /// All of them.
    pub const ALL: [CountIs; 3] = [CountIs::Exact, CountIs::About, CountIs::AtLeast];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            CountIs::Exact => "exact",
            CountIs::About => "about",
            CountIs::AtLeast => "at-least",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<CountIs> {
        CountIs::ALL.into_iter().find(|c| c.word() == word)
    }
}

/// A number of things and how it is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Count {
    /// How many; the lower of two.
    pub number: u64,
    /// How it is meant.
    pub is: CountIs,
}

impl Count {
    /// As an exact number.
    pub fn number(&self) -> Number {
        Number::from(i64::try_from(self.number).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is {
            CountIs::Exact => write!(f, "{}", self.number),
            CountIs::About => write!(f, "about {}", self.number),
            CountIs::AtLeast => write!(f, "at least {}", self.number),
        }
    }
}

/// Nobody counts more things than this in one report.
const MOST: u64 = 1_000_000_000;

/// Whether a cell says that something is not known: `N/K`, `n/a`, `unknown`, `-`.
pub fn is_not_known(text: &str) -> bool {
    let plain: String = text.trim().to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    matches!(plain.as_str(), "" | "nk" | "na" | "unknown" | "notknown" | "undetermined")
}

/// Reads a count; `None` where it is none.
///
/// # Example
/// ```
/// use servanda_evidence::count::{CountIs, parse};
/// assert_eq!(parse("about 10").unwrap().is, CountIs::About);
/// assert_eq!(parse("3-5").unwrap().to_string(), "at least 3");
/// assert_eq!(parse("dozens"), None);
/// ```
pub fn parse(text: &str) -> Option<Count> {
    let text = text.trim().to_lowercase().replace(['–', '—'], "-");
    let after = |words: &[&str]| words.iter().find_map(|w| text.strip_prefix(w).map(str::trim));
    let digits = |text: &str| {
        let plain = text.trim();
        let fits = !plain.is_empty() && plain.len() <= 12 && plain.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| plain.parse::<u64>().ok())?.filter(|n| *n <= MOST)
    };
    let made = |number: Option<u64>, is| number.map(|number| Count { number, is });
    if let Some(rest) = after(&["about ", "approximately ", "approx. ", "approx ", "around ", "ca. ", "~"]) {
        return made(digits(rest), CountIs::About);
    }
    if let Some(rest) = after(&["at least ", "at-least ", "minimum ", ">=", "≥"]) {
        return made(digits(rest), CountIs::AtLeast);
    }
    if let Some(rest) = after(&["more than ", "over ", ">"]) {
        return made(digits(rest).map(|n| n + 1), CountIs::AtLeast);
    }
    if let Some(rest) = text.strip_suffix('+') {
        return made(digits(rest), CountIs::AtLeast);
    }
    match text.split_once('-') {
        Some((from, to)) => {
            let (from, to) = (digits(from)?, digits(to)?);
            (from <= to).then_some(Count {
                number: from,
                is: if from == to { CountIs::Exact } else { CountIs::AtLeast },
            })
        }
        None => made(digits(&text), CountIs::Exact),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_people_write_them() {
        for (text, shown) in [
            ("2", "2"),
            ("about 10", "about 10"),
            ("Approx. 10", "about 10"),
            ("~7", "about 7"),
            ("at least 3", "at least 3"),
            ("more than 3", "at least 4"),
            ("3+", "at least 3"),
            ("3–5", "at least 3"),
            ("4-4", "4"),
        ] {
            assert_eq!(parse(text).map(|c| c.to_string()).as_deref(), Some(shown), "{text}");
        }
        for text in ["", "dozens", "-3", "5-3", "1.5", "9999999999999999999999", "about", "1e6"] {
            assert_eq!(parse(text), None, "{text}");
        }
        for text in ["N/K", "n/a", "-", "unknown", ""] {
            assert!(is_not_known(text), "{text}");
        }
    }
}
