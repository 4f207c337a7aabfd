//! Units of quantities: what a number with a word after it measures, in base units.
//!
//! Lengths of time are not quantities; [`literal`](crate::literal) reads them. Any word that is no known unit counts
//! things of its own: persons, pieces, EUR.

use servanda_model::agreement::Dimension;
use servanda_model::{Name, Number};

/// What a unit measures, and what one of it is in the base unit.
pub(crate) fn unit(word: &str) -> (Dimension, Number) {
    let length = |numerator, denominator| {
        (Dimension::Length, Number::ratio(numerator, denominator).unwrap_or_default())
    };
    match word {
        "m" | "metre" | "metres" | "meter" | "meters" => length(1, 1),
        "km" | "kilometre" | "kilometres" | "kilometer" | "kilometers" => length(1000, 1),
        "mm" | "millimetre" | "millimetres" => length(1, 1000),
        "cm" | "centimetre" | "centimetres" => length(1, 100),
        "percent" | "%" => (Dimension::Plain, Number::ratio(1, 100).unwrap_or_default()),
        counted => (Dimension::Counted(Name::from(singular(counted))), Number::from(1)),
    }
}

/// One of what is counted: one `s` at the end falls away, `class` stays.
fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.chars().count() > 1 && !stem.ends_with('s') => stem,
        _ => word,
    }
}

/// Whether a word is a unit of time, so that a number with it is a length of time.
pub(crate) fn is_time(word: &str) -> bool {
    let word = word.strip_suffix('s').unwrap_or(word);
    matches!(word, "second" | "minute" | "hour" | "day" | "week" | "month" | "year" | "working day")
}

/// A dimension for messages.
pub(crate) fn shown(dimension: &Dimension) -> String {
    match dimension {
        Dimension::Plain => "a bare number or a share".to_string(),
        Dimension::Length => "a length".to_string(),
        Dimension::Counted(unit) => format!("a number of `{unit}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_in_base_units() {
        assert_eq!(unit("km"), (Dimension::Length, Number::from(1000)));
        assert_eq!(unit("persons"), unit("person"));
        assert_eq!(unit("EUR"), (Dimension::Counted("EUR".into()), Number::from(1)));
        assert_eq!(singular("class"), "class");
        assert!(is_time("working days") && is_time("week") && !is_time("persons"));
    }
}
