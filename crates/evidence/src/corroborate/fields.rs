//! What is compared of two reports, and how each comparison can come out.
//!
//! A field has a few levels, not a number: a level can be named in plain words, its weight can be read and argued with,
//! and a level that was never seen in training simply has the weight nought.
//!
//! Invariants
//! - the keys of fields and levels are what the weights file is written in: one is never used for something else later;
//! - every pair has exactly one level of every field.

/// How many fields there are.
pub const COUNT: usize = 14;

/// A field: its key in the weights file, what it asks, and its levels (key, plain words).
#[derive(Debug)]
pub struct Field {
    /// In the weights file.
    pub key: &'static str,
    /// What is compared, in plain words.
    pub asks: &'static str,
    /// How it can come out: key and plain words.
    pub levels: &'static [(&'static str, &'static str)],
}

/// One level of each field, in the order of [`FIELDS`].
pub type Levels = [u8; COUNT];

pub(super) const TIME: usize = 0;
pub(super) const START: usize = 1;
pub(super) const DISTANCE: usize = 2;
pub(super) const DOUBT: usize = 3;
pub(super) const ACTORS: usize = 4;
pub(super) const KIND: usize = 5;
pub(super) const PLACE_WORDS: usize = 6;
pub(super) const WORDS: usize = 7;
pub(super) const RAREST: usize = 8;
pub(super) const DEAD: usize = 9;
pub(super) const HURT: usize = 10;
pub(super) const SOURCE: usize = 11;
pub(super) const CROWD: usize = 12;
pub(super) const CIRCUMSTANCES: usize = 13;

/// All fields.
pub const FIELDS: [Field; COUNT] = [
    Field {
        key: "time",
        asks: "the times",
        levels: &[
            ("overlap", "the stated times overlap"),
            ("within-a-day", "the stated times lie less than a day apart"),
            ("within-two-days", "the stated times lie one to two days apart"),
            ("further", "the stated times lie more than two days apart"),
        ],
    },
    Field {
        key: "start",
        asks: "the beginnings",
        levels: &[
            ("same", "both begin within three hours or on the same day"),
            ("day", "one begins up to a day after the other"),
            ("two-days", "one begins one to two days after the other"),
            ("four-days", "one begins two to four days after the other"),
            ("more", "one begins more than four days after the other"),
        ],
    },
    Field {
        key: "distance",
        asks: "the distance",
        levels: &[
            ("same-spot", "the same spot, or the same named place"),
            ("1-km", "less than 1 km apart"),
            ("3-km", "1 to 3 km apart"),
            ("8-km", "3 to 8 km apart"),
            ("15-km", "8 to 15 km apart"),
            ("40-km", "15 to 40 km apart"),
            ("far", "more than 40 km apart"),
            ("unknown", "one of them states no place that can be measured"),
        ],
    },
    Field {
        key: "doubt",
        asks: "the distance beside the stated doubt of both places",
        levels: &[
            ("none", "no distance beside the stated doubt of the places"),
            ("third", "the distance is less than a third of the stated doubt"),
            ("within", "the distance lies within the stated doubt"),
            ("twice", "the distance is up to twice the stated doubt"),
            ("beyond", "the distance is two to eight times the stated doubt"),
            ("far-beyond", "the distance is more than eight times the stated doubt"),
            ("unknown", "no distance can be compared with a doubt"),
        ],
    },
    Field {
        key: "actors",
        asks: "who is named",
        levels: &[
            ("unstated", "one of them names nobody"),
            ("different", "nobody is named in both"),
            ("everyday", "both name one who is named in most reports"),
            ("common", "both name one who is often named"),
            ("uncommon", "both name one who is not often named"),
            ("rare", "both name one who is rarely named"),
            ("very-rare", "both name one who is hardly ever named"),
        ],
    },
    Field {
        key: "kind",
        asks: "what kind of event",
        levels: &[
            ("unstated", "one of them states no kind"),
            ("different", "the kinds differ"),
            ("some", "few of the kinds agree"),
            ("most", "most of the kinds agree"),
            ("same", "the same kind"),
        ],
    },
    Field {
        key: "place-words",
        asks: "the words for the place",
        levels: &[
            ("unstated", "one of them has no words for its place"),
            ("different", "the words for the place differ"),
            ("few", "few words for the place agree"),
            ("most", "most words for the place agree"),
            ("same", "the same words for the place"),
        ],
    },
    Field {
        key: "words",
        asks: "the words of the text",
        levels: &[
            ("unstated", "one of them has no text"),
            ("none", "the texts share no word"),
            ("few", "the texts share few words"),
            ("some", "the texts share some words"),
            ("more", "the texts share a tenth to a fifth of their words"),
            ("many", "the texts share a fifth to a half of their words"),
            ("most", "the texts share most of their words"),
        ],
    },
    Field {
        key: "rarest-word",
        asks: "the rarest word that both texts have",
        levels: &[
            ("none", "no rare word in both texts"),
            ("everyday", "only everyday words in both texts"),
            ("common", "a common word in both texts"),
            ("uncommon", "an uncommon word in both texts"),
            ("rare", "a rare word in both texts"),
            ("very-rare", "a very rare word in both texts"),
        ],
    },
    Field { key: "dead", asks: "the number of dead", levels: &NUMBERS },
    Field { key: "hurt", asks: "the number of injured", levels: &NUMBERS },
    Field {
        key: "source",
        asks: "who reports",
        levels: &[
            ("different", "two sources"),
            ("same-author", "one source, two texts"),
            ("same-document", "one text that lists both"),
        ],
    },
    Field {
        key: "crowd",
        asks: "how many reports lie around",
        levels: &[
            ("alone", "hardly any other report within 10 km and a day"),
            ("few", "few other reports within 10 km and a day"),
            ("some", "some other reports within 10 km and a day"),
            ("many", "many other reports within 10 km and a day"),
            ("wave", "a wave of reports within 10 km and a day"),
            ("great-wave", "a great wave of reports within 10 km and a day"),
        ],
    },
    Field {
        key: "circumstances",
        asks: "what else is stated",
        levels: &[
            ("unstated", "nothing else is stated by both"),
            ("different", "what else is stated differs"),
            ("some", "what else is stated agrees in part"),
            ("same", "what else is stated agrees"),
        ],
    },
];

const NUMBERS: [(&str, &str); 8] = [
    ("neither", "neither gives a number"),
    ("one-small", "only one gives a number, one or two"),
    ("one-large", "only one gives a number, three or more"),
    ("equal-small", "the same number, one or two"),
    ("equal", "the same number, three or more"),
    ("near", "numbers up to half as much again"),
    ("apart", "numbers up to three times as much"),
    ("far", "numbers more than three times as much"),
];

/// Which step a value is on: the number of bounds that it reaches.
pub(super) fn step(value: f64, bounds: &[f64]) -> u8 {
    bounds.iter().take_while(|bound| value >= **bound).count() as u8
}

/// How two numbers of people compare; nought is the same as unstated.
pub(super) fn numbers(a: f64, b: f64) -> u8 {
    let (less, more) = if a < b { (a, b) } else { (b, a) };
    if more <= 0.0 {
        0
    } else if less <= 0.0 {
        if more <= 2.0 { 1 } else { 2 }
    } else if less == more {
        if more <= 2.0 { 3 } else { 4 }
    } else {
        5 + step(more / less, &[1.500_000_1, 3.000_000_1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_the_table() {
        for (a, b, key) in [
            (0.0, 0.0, "neither"),
            (0.0, 2.0, "one-small"),
            (3.0, 0.0, "one-large"),
            (2.0, 2.0, "equal-small"),
            (30.0, 30.0, "equal"),
            (2.0, 3.0, "near"),
            (3.0, 1.0, "apart"),
            (1.0, 4.0, "far"),
        ] {
            assert_eq!(FIELDS[DEAD].levels[numbers(a, b) as usize].0, key, "{a} and {b}");
        }
    }

    #[test]
    fn keys_are_unique() {
        let mut fields: Vec<&str> = FIELDS.iter().map(|f| f.key).collect();
        fields.sort_unstable();
        fields.dedup();
        assert_eq!(fields.len(), COUNT);
        for field in &FIELDS {
            let mut keys: Vec<&str> = field.levels.iter().map(|l| l.0).collect();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), field.levels.len(), "{}", field.key);
        }
    }
}
