//! Which place a row or a plan means: an oblast, a raion or a hromada, by the code of the official register, and never finer.
//!
//! It knows no map and no shape. A code of a settlement or of a district of a town is not kept: it becomes its hromada's as it is read.
//!
//! Invariants
//! - a [`Code`] that exists is no finer than a hromada.
//!
//! # Source
//! The codifier of administrative units of Ukraine (KATOTTG): `UA`, two digits each for oblast and raion, three each for hromada
//! and settlement, two for a district of a town, and a running number of five.

use crate::Refusal;

/// How coarse a place is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// An oblast, or a city that counts as one.
    Oblast,
    /// A raion.
    Raion,
    /// A hromada.
    Hromada,
}

impl Level {
    /// Its word, which is its key in a plan.
    pub fn word(self) -> &'static str {
        match self {
            Level::Oblast => "oblast",
            Level::Raion => "raion",
            Level::Hromada => "hromada",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Level> {
        [Level::Oblast, Level::Raion, Level::Hromada].into_iter().find(|level| level.word() == word)
    }
}

/// Oblast, raion and hromada of a code; the digits of what is coarser than they are stay zero.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Code(String);

impl Code {
    /// Reads a code; the second value says whether it was finer than a hromada and was made that of its hromada.
    pub fn read(text: &str) -> Option<(Code, bool)> {
        let digits = text.strip_prefix("UA")?;
        (digits.len() == 17 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
        let finer = digits[7..12].bytes().any(|b| b != b'0');
        (digits[..2] != *"00").then(|| (Code(digits[..7].to_string()), finer))
    }

    /// How coarse it is.
    pub fn level(&self) -> Level {
        match (self.0[2..4] == *"00", self.0[4..7] == *"000") {
            (true, true) => Level::Oblast,
            (_, true) => Level::Raion,
            _ => Level::Hromada,
        }
    }

    /// The two digits of its oblast.
    pub fn oblast(&self) -> &str {
        &self.0[..2]
    }

    /// Whether it is the other or lies in it.
    pub fn is_in(&self, other: &Code) -> bool {
        let long = match other.level() {
            Level::Oblast => 2,
            Level::Raion => 4,
            Level::Hromada => 7,
        };
        self.0[..long] == other.0[..long]
    }

    /// As it is shown: without the digits that only what is finer has.
    pub fn shown(&self) -> String {
        format!("UA{}…", self.0)
    }
}

/// Two digits of the register, name in English, and the Ukrainian adjective that tables use.
pub const OBLASTS: [(&str, &str, &str); 27] = [
    ("01", "Crimea", "Автономна Республіка Крим"),
    ("05", "Vinnytsia", "Вінницька"),
    ("07", "Volyn", "Волинська"),
    ("12", "Dnipropetrovsk", "Дніпропетровська"),
    ("14", "Donetsk", "Донецька"),
    ("18", "Zhytomyr", "Житомирська"),
    ("21", "Zakarpattia", "Закарпатська"),
    ("23", "Zaporizhzhia", "Запорізька"),
    ("26", "Ivano-Frankivsk", "Івано-Франківська"),
    ("32", "Kyiv Oblast", "Київська"),
    ("35", "Kirovohrad", "Кіровоградська"),
    ("44", "Luhansk", "Луганська"),
    ("46", "Lviv", "Львівська"),
    ("48", "Mykolaiv", "Миколаївська"),
    ("51", "Odesa", "Одеська"),
    ("53", "Poltava", "Полтавська"),
    ("56", "Rivne", "Рівненська"),
    ("59", "Sumy", "Сумська"),
    ("61", "Ternopil", "Тернопільська"),
    ("63", "Kharkiv", "Харківська"),
    ("65", "Kherson", "Херсонська"),
    ("68", "Khmelnytskyi", "Хмельницька"),
    ("71", "Cherkasy", "Черкаська"),
    ("73", "Chernivtsi", "Чернівецька"),
    ("74", "Chernihiv", "Чернігівська"),
    ("80", "Kyiv City", "Київ"),
    ("85", "Sevastopol", "Севастополь"),
];

/// The name of an oblast by its two digits.
pub fn oblast_named(digits: &str) -> Option<&'static str> {
    OBLASTS.iter().find(|(code, ..)| *code == digits).map(|(_, name, _)| *name)
}

/// What makes a place finer than a hromada, where a column or a key has such a name.
const FINER: [&str; 20] = [
    "lat",
    "lon",
    "lng",
    "latitude",
    "longitude",
    "x",
    "y",
    "point",
    "coordinates",
    "geometry",
    "address",
    "street",
    "house",
    "settlement",
    "village",
    "town",
    "district",
    "postcode",
    "grid",
    "where",
];

/// What tells of a person.
const PERSONAL: [&str; 11] = [
    "name",
    "person",
    "complainant",
    "surname",
    "phone",
    "email",
    "birth",
    "passport",
    "sex",
    "age",
    "family",
];

/// Why a column or key that is not known is refused: it may be finer than this knows, or about a person.
pub fn refused(what: &str, column: &str) -> Refusal {
    let word = column.trim().to_lowercase();
    if FINER.contains(&word.as_str()) {
        return Refusal::new(
            format!("{what}: `{column}` is finer than a hromada, and is not read"),
            "take it out before the file is shared; a place here is an oblast, a raion or a hromada",
        );
    }
    if PERSONAL.contains(&word.as_str()) {
        return Refusal::new(
            format!("{what}: `{column}` may tell of a person, and is not read"),
            "take it out before the file is shared; nothing here is about a person",
        );
    }
    Refusal::new(
        format!("{what}: `{column}` is not known"),
        "`docs/guides/planning.md` shows what is read; whatever else stands there is refused, so that nothing finer slips in",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_finer_becomes_its_hromada() {
        let read = |text| Code::read(text).map(|(code, finer)| (code.shown(), code.level(), finer));
        for (text, shown, level, finer) in [
            ("UA46000000000026241", "UA4600000…", Level::Oblast, false),
            ("UA46060000000042587", "UA4606000…", Level::Raion, false),
            ("UA46060250000025047", "UA4606025…", Level::Hromada, false),
            ("UA46060250010015970", "UA4606025…", Level::Hromada, true),
            ("UA80000000000126643", "UA8000000…", Level::Oblast, true),
        ] {
            assert_eq!(read(text), Some((shown.to_string(), level, finer)), "{text}");
        }
        for text in [
            "46060250010015970",
            "UA4606025",
            "UA0000000000000000000",
            "UA46060250O10015970",
            "UA00000000000000001",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_hromada_lies_in_its_oblast_and_not_the_other_way_round() {
        let code = |text| Code::read(text).unwrap().0;
        let (oblast, raion) = (code("UA46000000000026241"), code("UA46060000000042587"));
        let (hromada, other) = (code("UA46060250000025047"), code("UA46040250000025047"));
        assert!(hromada.is_in(&raion) && hromada.is_in(&oblast) && raion.is_in(&oblast));
        assert!(!oblast.is_in(&hromada) && !other.is_in(&raion) && other.is_in(&oblast));
        assert_eq!(oblast_named(hromada.oblast()), Some("Lviv"));
    }
}
