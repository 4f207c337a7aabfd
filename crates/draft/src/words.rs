//! What stands in the words: days, spans of time, amounts and shares, defined terms, references to other clauses.
//!
//! Sentences and tokens are those of the language crate (`servanda_lang::words`). It reads forms, not meanings. A number whose separator can be read in two ways keeps both readings, unless the rest of the text
//! shows which way it writes numbers.
//!
//! Invariants
//! - everything found has its place, as bytes of the text that was handed in;
//! - the same text gives the same findings; there is no model and no list of names of states.

pub use servanda_lang::words::sentences;
pub(crate) use servanda_lang::words::{Token, tokens};

use servanda_lang::readback::ONES;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

/// A day, or a month of which no day is named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Day {
    /// The year.
    pub year: u16,
    /// From 1.
    pub month: u8,
    /// From 1; nothing where the text names only the month.
    pub day: Option<u8>,
}

impl Day {
    /// Whether it names a day.
    pub fn is_whole(self) -> bool {
        self.day.is_some()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)?;
        self.day.map_or(Ok(()), |day| write!(f, "-{day:02}"))
    }
}

fn month(word: &str) -> Option<u8> {
    const ENGLISH: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    const UKRAINIAN: [&str; 12] =
        ["січ", "лют", "берез", "квіт", "трав", "черв", "лип", "серп", "верес", "жовт", "листопад", "груд"];
    let at =
        ENGLISH.iter().position(|m| *m == word || (word.len() == 3 && m.starts_with(word) && *m != "may"));
    let at = at.or_else(|| {
        let long = (5..=10).contains(&word.chars().count());
        UKRAINIAN.iter().position(|m| {
            long && word.starts_with(m) && (word.ends_with(['я', 'ь', 'н', 'ю', 'і', 'а', 'о', 'у', 'й']))
        })
    });
    at.and_then(|at| u8::try_from(at + 1).ok())
}

fn whole(year: &str, month: u8, day: Option<&str>) -> Option<Day> {
    let year: u16 = year.parse().ok().filter(|y| (1500..2200).contains(y))?;
    let day = match day {
        None => None,
        Some(day) => {
            let day: u8 = day.parse().ok()?;
            let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
            let last = match month {
                2 => 28 + u8::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            Some(day).filter(|d| (1..=last).contains(d))
        }?
        .into(),
    };
    (1..=12).contains(&month).then_some(Day { year, month, day })
}

/// Days and months that the text names.
pub fn days(text: &str) -> Vec<(Range<usize>, Day)> {
    let tokens = tokens(text);
    let mut out: Vec<(Range<usize>, Day)> = Vec::new();
    let token = |at: usize| tokens.get(at).map_or("", |t| t.lower.as_str());
    let mut at = 0;
    while at < tokens.len() {
        let here = &tokens[at];
        let mut found: Option<(Day, usize)> = None;
        if let Some(month) = month(&here.lower) {
            // 28 May 2024, 13th day of June, 2024; May 28, 2024; May 2024.
            let year_at = if token(at + 1) == "," { at + 2 } else { at + 1 };
            let mut back = at;
            let mut day = None;
            for skip in ["of", "day"] {
                if back > 0 && tokens[back - 1].lower == skip {
                    back -= 1;
                }
            }
            if back > 0 && matches!(token(back - 1), "st" | "nd" | "rd" | "th") {
                back -= 1;
            }
            let quoted = back > 1 && matches!(tokens[back - 1].text.as_str(), "»" | "”" | "\"");
            if quoted {
                back -= 1;
            }
            if back > 0 && tokens[back - 1].is_number() && tokens[back - 1].text.len() <= 2 {
                day = Some(tokens[back - 1].text.clone());
                back -= 1;
            } else {
                back = at;
            }
            let start = back;
            if day.is_some()
                && let Some(found_day) = whole(token(year_at), month, day.as_deref())
            {
                found = Some((found_day, year_at));
                at = start;
            } else if day.is_none()
                && (here.text.starts_with(char::is_uppercase) || month_is_ukrainian(&here.lower))
            {
                let american = whole(
                    if token(at + 2) == "," { token(at + 3) } else { token(at + 2) },
                    month,
                    Some(token(at + 1)),
                );
                if let Some(day) = american.filter(|_| token(at + 1).len() <= 2) {
                    found = Some((day, if token(at + 2) == "," { at + 3 } else { at + 2 }));
                } else if let Some(day) = whole(token(year_at), month, None) {
                    found = Some((day, year_at));
                }
            }
        } else if here.is_number() {
            let parts: Vec<&str> = here.text.split('.').collect();
            if let [day, month, year] = parts[..]
                && year.len() == 4
                && let Ok(month) = month.parse()
            {
                found = whole(year, month, Some(day)).map(|d| (d, at));
            } else if here.text.len() == 4
                && token(at + 1) == "-"
                && token(at + 3) == "-"
                && let Ok(month) = token(at + 2).parse()
            {
                found = whole(&here.text, month, Some(token(at + 4))).map(|d| (d, at + 4));
            }
        }
        match found {
            Some((day, last)) => {
                out.push((tokens[at].at.start..tokens[last].at.end, day));
                at = last + 1;
                // A day token before a month was passed already; do not go back.
                while tokens.get(at).is_some_and(|t| t.at.start < out[out.len() - 1].0.end) {
                    at += 1;
                }
            }
            None => at += 1,
        }
    }
    out
}

fn month_is_ukrainian(word: &str) -> bool {
    word.starts_with(|c: char| ('\u{400}'..='\u{4ff}').contains(&c))
}

/// How a text writes numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reading {
    /// There is one way to read it.
    Plain,
    /// The separator could be of thousands or of decimals; other numbers of the text show which.
    ByTheText,
    /// The separator could be of thousands or of decimals, and nothing in the text shows which.
    Open,
}

/// A quantity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Amount {
    /// Where it stands.
    pub at: Range<usize>,
    /// As it is written.
    pub written: String,
    /// What it is of.
    pub unit: Unit,
    /// Its value as a decimal, without separators of thousands.
    pub value: String,
    /// The value under the other way to read its separator.
    pub other: Option<String>,
    /// How sure the reading is.
    pub reading: Reading,
}

/// What an amount is of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Unit {
    /// Money: `EUR`, `USD`, or the sign that is written.
    Money(String),
    /// A share of a hundred.
    Percent,
    /// A bare number with a word of size: 5.3 million.
    Number,
    /// A span of time: `hours`, `days`, `months`, `years`.
    Time(&'static str),
}

/// The evidence of a text on how it writes numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Locale {
    comma_decimal: usize,
    point_decimal: usize,
    comma_thousands: usize,
    point_thousands: usize,
}

impl Locale {
    /// Looks at all numbers of a text that can be read in one way only.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Locale {
        let mut locale = Locale::default();
        for text in texts {
            let tokens = tokens(text);
            for (at, token) in tokens.iter().enumerate() {
                if !token.is_number() || month_follows(&tokens, at) {
                    continue;
                }
                let signs: Vec<char> = token.text.chars().filter(|c| !c.is_ascii_digit()).collect();
                let groups: Vec<&str> = token.text.split(['.', ',']).collect();
                let three = groups[1..].iter().all(|g| g.len() == 3) && groups[0].len() <= 3;
                let scaled = tokens.get(at + 1).is_some_and(|t| scale(&t.lower).is_some());
                match signs[..] {
                    [] => {}
                    [sign] if !three && (scaled || groups[1].len() <= 2) => match sign {
                        ',' => locale.comma_decimal += 1,
                        // 2.1 may be the number of a clause.
                        _ if scaled || tokens.get(at + 1).is_some_and(|t| t.text == "%") => {
                            locale.point_decimal += 1
                        }
                        _ => {}
                    },
                    [sign] if three && !scaled && groups[0] != "0" => match sign {
                        ',' => locale.comma_thousands += 1,
                        _ => locale.point_thousands += 1,
                    },
                    [first, _, ..] if three && signs.iter().all(|s| s == &first) => match first {
                        ',' => locale.comma_thousands += 1,
                        _ => locale.point_thousands += 1,
                    },
                    _ => {}
                }
            }
        }
        locale
    }

    /// In words.
    pub fn shown(self) -> &'static str {
        let comma = self.comma_decimal + self.point_thousands;
        let point = self.point_decimal + self.comma_thousands;
        match (comma, point) {
            (0, 0) => "no number shows it",
            (_, 0) => "decimal comma",
            (0, _) => "decimal point",
            _ => "both decimal comma and decimal point",
        }
    }

    /// Whether the sign separates thousands here, where a number has three digits behind it; nothing where the text does not show.
    fn thousands(self, sign: char) -> Option<bool> {
        let (of_decimals, of_thousands) = match sign {
            ',' => (self.comma_decimal + self.point_thousands, self.comma_thousands + self.point_decimal),
            _ => (self.point_decimal + self.comma_thousands, self.point_thousands + self.comma_decimal),
        };
        match (of_decimals, of_thousands) {
            (0, 0) => None,
            (0, _) => Some(true),
            (_, 0) => Some(false),
            _ => None,
        }
    }
}

impl Locale {
    /// Whether a number of the text has this sign before its decimals. That thousands are parted by the other sign is not enough
    /// where a word of size follows: there both habits are met in one text.
    fn has_decimals(self, sign: char) -> bool {
        (if sign == ',' { self.comma_decimal } else { self.point_decimal }) > 0
    }
}

fn month_follows(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|t| month(&t.lower).is_some())
}

fn scale(word: &str) -> Option<u32> {
    Some(match word {
        "thousand" | "thousands" | "тис" | "тисяч" | "тисяча" | "тисячі" => 3,
        "million" | "millions" | "mn" | "mio" | "m" | "млн" | "мільйон" | "мільйони" | "мільйонів"
        | "мільйона" => 6,
        "billion" | "billions" | "bn" | "b" | "млрд" | "мільярд" | "мільярди" | "мільярдів" | "мільярда" => {
            9
        }
        "trillion" | "трлн" | "трильйон" | "трильйонів" => 12,
        _ => return None,
    })
}

fn money(word: &str) -> Option<&'static str> {
    Some(match word {
        "eur" | "euro" | "euros" | "€" | "євро" => "EUR",
        "usd" | "dollar" | "dollars" | "$" | "us$" | "долар" | "долари" | "доларів" => {
            "USD"
        }
        "gbp" | "pound" | "pounds" | "£" | "sterling" => "GBP",
        "cad" => "CAD",
        "jpy" | "yen" | "¥" => "JPY",
        "nok" => "NOK",
        "sek" => "SEK",
        "dkk" => "DKK",
        "isk" => "ISK",
        "pln" => "PLN",
        "czk" => "CZK",
        "chf" => "CHF",
        "uah" | "hryvnia" | "гривня" | "гривень" | "гривні" | "грн" => "UAH",
        _ => return None,
    })
}

fn span(word: &str) -> Option<&'static str> {
    Some(match word {
        "hour" | "hours" | "година" | "години" | "годин" => "hours",
        "day" | "days" | "день" | "дні" | "днів" | "доба" | "діб" => "days",
        "week" | "weeks" | "тиждень" | "тижні" | "тижнів" => "weeks",
        "month" | "months" | "місяць" | "місяці" | "місяців" => "months",
        "year" | "years" | "рік" | "роки" | "років" => "years",
        _ => return None,
    })
}

/// A number in words, up to a hundred.
fn in_words(word: &str) -> Option<u32> {
    const TENS: [(&str, u32); 5] =
        [("twenty", 20), ("thirty", 30), ("forty", 40), ("fifty", 50), ("ninety", 90)];
    const UKRAINIAN: [(&str, u32); 18] = [
        ("один", 1),
        ("одного", 1),
        ("два", 2),
        ("двох", 2),
        ("три", 3),
        ("трьох", 3),
        ("чотири", 4),
        ("п'ять", 5),
        ("п'яти", 5),
        ("шість", 6),
        ("шести", 6),
        ("сім", 7),
        ("вісім", 8),
        ("дев'ять", 9),
        ("десять", 10),
        ("десяти", 10),
        ("двадцять", 20),
        ("двадцяти", 20),
    ];
    if let Some(n) = ONES.iter().position(|u| *u == word) {
        return u32::try_from(n).ok();
    }
    for (tens, n) in TENS {
        if word == tens {
            return Some(n);
        }
        if let Some(unit) = word.strip_prefix(tens).and_then(|w| w.strip_prefix('-')) {
            return ONES[1..10]
                .iter()
                .position(|u| *u == unit)
                .and_then(|u| u32::try_from(u + 1).ok())
                .map(|u| n + u);
        }
    }
    UKRAINIAN.iter().find(|(w, _)| *w == word).map(|(_, n)| *n)
}

/// The digits of a number under one reading of its separators: whole part and decimals.
fn digits(text: &str, decimal: Option<char>) -> (String, String) {
    let (whole, part) = match decimal.and_then(|sign| text.rsplit_once(sign)) {
        Some((whole, part)) => (whole, part),
        None => (text, ""),
    };
    let plain = |s: &str| s.chars().filter(char::is_ascii_digit).collect::<String>();
    (plain(whole), plain(part))
}

/// A decimal times a power of ten, as a decimal.
fn scaled(whole: &str, part: &str, power: u32) -> String {
    let power = power as usize;
    let mut all = format!("{whole}{part}");
    let mut places = part.len();
    if places < power {
        all.push_str(&"0".repeat(power - places));
        places = 0;
    } else {
        places -= power;
    }
    let at = all.len() - places;
    let (whole, part) = all.split_at(at);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let part = part.trim_end_matches('0');
    let mut grouped = String::new();
    for (n, c) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    if part.is_empty() { grouped } else { format!("{grouped}.{part}") }
}

/// Money, shares, spans of time, and numbers with a word of size.
pub fn amounts(text: &str, locale: Locale) -> Vec<Amount> {
    let tokens = tokens(text);
    let dated: Vec<Range<usize>> = days(text).into_iter().map(|(at, _)| at).collect();
    let mut out: Vec<Amount> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let here = &tokens[at];
        let in_date = dated.iter().any(|d| d.start <= here.at.start && here.at.end <= d.end);
        let words = in_words(&here.lower);
        if in_date || !(here.is_number() || words.is_some()) {
            at += 1;
            continue;
        }
        let mut last = at;
        let mut number = here.text.clone();
        if let Some(n) = words {
            number = n.to_string();
        }
        // Groups of three after a blank: 170 000. And figures behind words: ten (10) years.
        while here.is_number()
            && number.bytes().all(|b| b.is_ascii_digit())
            && number.len() <= 9
            && tokens
                .get(last + 1)
                .is_some_and(|t| t.text.len() == 3 && t.text.bytes().all(|b| b.is_ascii_digit()))
            && tokens[last + 1].at.start
                == tokens[last].at.end + text[tokens[last].at.end..].chars().next().map_or(1, char::len_utf8)
            && (last > at || here.text.len() <= 3)
        {
            last += 1;
            number.push_str(&tokens[last].text);
        }
        let bracketed = |last: usize| {
            tokens.get(last + 1).is_some_and(|t| t.text == "(")
                && tokens.get(last + 2).is_some_and(|t| t.is_number() || in_words(&t.lower).is_some())
                && tokens.get(last + 3).is_some_and(|t| t.text == ")")
        };
        if bracketed(last) {
            if words.is_some() && tokens[last + 2].is_number() {
                number = tokens[last + 2].text.clone();
            }
            last += 3;
        }
        let mut power = 0;
        let glued = |t: &Token| {
            t.lower.len() <= 2 && t.at.start > 0 && text[..t.at.start].ends_with(|c: char| c.is_ascii_digit())
        };
        if let Some(next) = tokens.get(last + 1)
            && let Some(p) = scale(&next.lower)
            && (next.lower.len() > 1 || glued(next))
        {
            power = p;
            last += 1;
            if next.lower.ends_with(['н', 'с', 'д'])
                && tokens.get(last + 1).is_some_and(|t| t.text == ".")
                && tokens.get(last + 2).is_some_and(|t| money(&t.lower).is_some())
            {
                last += 1;
            }
        }
        // The unit stands behind, or money before.
        let mut first = at;
        let mut unit = None;
        let mut behind = last + 1;
        while tokens.get(behind).is_some_and(|t| {
            matches!(
                t.lower.as_str(),
                "us" | "canadian"
                    | "american"
                    | "working"
                    | "calendar"
                    | "consecutive"
                    | "-"
                    | "сша"
                    | "u"
                    | "of"
            )
        }) && behind < last + 3
        {
            behind += 1;
        }
        if let Some(next) = tokens.get(behind) {
            let lower = next.lower.as_str();
            if behind == last + 1
                && (lower == "%" || lower == "percent" || lower == "відсотків" || lower == "відсотки")
            {
                unit = Some(Unit::Percent);
            } else if let Some(m) = money(lower).filter(|_| tokens[last + 1].lower != "of") {
                let canadian = tokens[last + 1..behind].iter().any(|t| t.lower == "canadian");
                unit = Some(Unit::Money(if canadian { "CAD".into() } else { m.into() }));
            } else if power == 0
                && let Some(s) = span(lower).filter(|_| tokens[last + 1].lower != "of")
            {
                unit = Some(Unit::Time(s));
            }
            if unit.is_some() {
                last = behind;
            } else if next.lower == "per"
                && tokens.get(behind + 1).is_some_and(|t| t.lower == "cent")
                && behind == last + 1
            {
                unit = Some(Unit::Percent);
                last = behind + 1;
            }
        }
        if unit.is_none()
            && at > 0
            && let Some(m) = money(&tokens[at - 1].lower)
        {
            unit = Some(Unit::Money(m.into()));
            first = at - 1;
            if first > 0
                && matches!(tokens[first - 1].lower.as_str(), "us" | "cad" | "c" | "ca")
                && tokens[first - 1].at.end == tokens[first].at.start
            {
                if tokens[first - 1].lower != "us" {
                    unit = Some(Unit::Money("CAD".into()));
                }
                first -= 1;
            }
        }
        // "ten-year" is one word: ten, years.
        if unit.is_none() && power > 0 {
            unit = Some(Unit::Number);
        }
        let Some(unit) = unit.filter(|_| words.is_none() || power > 0 || last > at) else {
            at += 1;
            continue;
        };
        if out.last().is_some_and(|o| o.at.end > tokens[first].at.start) {
            at += 1;
            continue;
        }
        let (value, other, reading) = value(&number, power, locale);
        let range = tokens[first].at.start..tokens[last].at.end;
        out.push(Amount { written: text[range.clone()].to_string(), at: range, unit, value, other, reading });
        at = last + 1;
    }
    // Spans in one word: ten-year, 24-hour, five-year.
    for token in &tokens {
        if let Some((number, of)) = token.lower.split_once('-')
            && let (Some(n), Some(unit)) = (in_words(number), span(of))
        {
            out.push(Amount {
                at: token.at.clone(),
                written: token.text.clone(),
                unit: Unit::Time(unit),
                value: n.to_string(),
                other: None,
                reading: Reading::Plain,
            });
        }
    }
    out.sort_by_key(|a| a.at.start);
    out.dedup_by(|b, a| a.at.start < b.at.end && b.at.start < a.at.end);
    out
}

fn value(number: &str, power: u32, locale: Locale) -> (String, Option<String>, Reading) {
    let signs: Vec<char> = number.chars().filter(|c| matches!(c, '.' | ',')).collect();
    let of = |decimal: Option<char>| {
        let (whole, part) = digits(number, decimal);
        scaled(&whole, &part, power)
    };
    match signs[..] {
        [] => (of(None), None, Reading::Plain),
        [sign] => {
            let (whole, part) = number.split_once(sign).unwrap_or((number, ""));
            if part.len() != 3 || whole.len() > 3 || whole == "0" {
                return (of(Some(sign)), None, Reading::Plain);
            }
            let (thousands, decimals) = (of(None), of(Some(sign)));
            match locale
                .thousands(sign)
                .filter(|thousands| power == 0 || *thousands || locale.has_decimals(sign))
            {
                Some(true) => (thousands, Some(decimals), Reading::ByTheText),
                Some(false) => (decimals, Some(thousands), Reading::ByTheText),
                // Nobody writes three decimals of a plain number, and nobody writes thousands of millions: neither is sure.
                None => (thousands, Some(decimals), Reading::Open),
            }
        }
        _ => {
            let last = signs[signs.len() - 1];
            let mixed = signs.iter().any(|s| *s != last);
            (of(mixed.then_some(last)), None, Reading::Plain)
        }
    }
}

/// A defined term.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Term {
    /// Where its definition stands.
    pub at: Range<usize>,
    /// The term.
    pub term: String,
}

/// Terms that the text defines: `(hereinafter “X”)`, `(“X”)`, `“X” means`, `hereinafter referred to as X`, and short forms in
/// brackets behind their words, `North Atlantic Treaty Organization (NATO)`.
pub fn terms(text: &str) -> Vec<Term> {
    let mut out = Vec::new();
    let lower = text.to_lowercase();
    let same = lower.len() == text.len();
    let mut seen = BTreeSet::new();
    let quotes = quoted(text);
    for (range, outer) in &quotes {
        let term = text[range.clone()].trim().trim_end_matches([',', '.']).to_string();
        let count = term.chars().count();
        if !(2..=80).contains(&count) {
            continue;
        }
        let before: String =
            text[..outer.start].chars().rev().take(90).collect::<Vec<_>>().into_iter().rev().collect();
        let before = before.to_lowercase();
        let after: String = text[outer.end..].chars().take(24).collect::<String>().to_lowercase();
        let marks =
            ["hereinafter", "hereafter", "referred to as", "далі", "іменован", "also known as", "known as"];
        let marked = marks.iter().any(|m| before.rfind(m).is_some_and(|p| !before[p..].contains(['.', ';'])));
        let opened = before.trim_end().ends_with('(') && after.trim_start().starts_with([')', ',', ' ']);
        let opened = opened
            && (after.trim_start().starts_with(')') || after.contains(" or ") || after.contains(" and "));
        let said = ["means", "mean ", "shall mean", "означає", "is defined"]
            .iter()
            .any(|m| after.trim_start().starts_with(m));
        let again = out.last().is_some_and(|t: &Term| {
            let between = text.get(t.at.end..outer.start).unwrap_or("").to_lowercase();
            let between = between.trim().trim_matches(',').trim();
            matches!(
                between,
                "or" | "and"
                    | "або"
                    | "та"
                    | "and collectively as"
                    | "or collectively as the"
                    | "and the"
                    | "or the"
            )
        });
        if (marked || opened || said || again) && seen.insert(term.clone()) {
            out.push(Term { at: outer.clone(), term });
        }
    }
    // Without quotation marks: hereinafter referred to as Belgium; hereafter the Participants.
    if same {
        for mark in
            ["hereinafter referred to as ", "hereinafter ", "hereafter ", "далі – ", "далі - ", "далі — "]
        {
            let mut from = 0;
            while let Some(found) = lower[from..].find(mark).map(|p| p + from) {
                from = found + mark.len();
                let rest = &text[from..];
                let stop =
                    rest.find([',', ')', '.', ';', '“', '"', '«', '‘', '\'', ':']).unwrap_or(rest.len());
                let term = rest[..stop].trim();
                let plain = term.strip_prefix("the ").unwrap_or(term);
                let short = plain.split_whitespace().count() <= 3 && plain.starts_with(char::is_uppercase);
                if short && seen.insert(term.to_string()) {
                    out.push(Term { at: found..from + stop, term: term.to_string() });
                }
            }
        }
    }
    // Short forms in brackets.
    let mut at = 0;
    while let Some(open) = text[at..].find('(').map(|p| p + at) {
        let Some(close) = text[open..].find(')').map(|p| p + open) else { break };
        let inner = text[open + 1..close].trim();
        let capitals = inner.chars().filter(|c| c.is_uppercase()).count();
        let letters = inner.chars().filter(|c| c.is_alphabetic()).count();
        let form = inner.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '&' | '/'))
            && (2..=10).contains(&inner.chars().count())
            && capitals >= 2
            && capitals * 2 >= letters
            && crate::outline::roman(inner).is_none();
        let words = text[..open].trim_end().ends_with(char::is_alphabetic);
        if form && words && seen.insert(inner.to_string()) {
            out.push(Term { at: open..close + 1, term: inner.to_string() });
        }
        at = close + 1;
    }
    out.sort_by_key(|t| t.at.start);
    out
}

/// What stands in quotation marks: the inner and the outer range.
fn quoted(text: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut out = Vec::new();
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut at = 0;
    while at < letters.len() {
        let (start, c) = letters[at];
        let before = at.checked_sub(1).map(|b| letters[b].1);
        let opens = before.is_none_or(|b| b.is_whitespace() || matches!(b, '(' | '['));
        let close: &[char] = match c {
            '“' | '„' => &['”', '“', '"'],
            '"' => &['"', '”'],
            '«' => &['»'],
            '‘' => &['’', '\''],
            // Some write the closing sign at both ends.
            '’' | '\'' if opens => &['’', '\''],
            '”' if opens => &['”', '"'],
            _ => &[],
        };
        if close.is_empty() || (!opens && c != '“' && c != '«') {
            at += 1;
            continue;
        }
        let mut end = at + 1;
        let mut found = None;
        while end < letters.len() && end < at + 120 {
            let next = letters.get(end + 1).map(|l| l.1);
            let apostrophe = matches!(letters[end].1, '’' | '\'') && next.is_some_and(char::is_alphabetic);
            if close.contains(&letters[end].1) && !apostrophe {
                found = Some(end);
                break;
            }
            end += 1;
        }
        match found {
            Some(end) => {
                let inner = start + c.len_utf8()..letters[end].0;
                let outer = start..letters[end].0 + letters[end].1.len_utf8();
                out.push((inner, outer));
                at = end + 1;
            }
            None => at += 1,
        }
    }
    out
}

/// A reference to a clause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// Where it stands.
    pub at: Range<usize>,
    /// As it is written.
    pub written: String,
    /// What it leads to.
    pub target: Target,
}

/// Where a reference leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// To a clause of the same text, by its identity.
    Clause(String),
    /// To another text: a charter, a treaty.
    Elsewhere,
    /// To a clause of this text that is not there.
    Missing,
}

const KINDS_OF_CLAUSES: &[(&str, &str)] = &[
    ("article", "article"),
    ("articles", "article"),
    ("part", "part"),
    ("parts", "part"),
    ("section", "section"),
    ("sections", "section"),
    ("chapter", "chapter"),
    ("chapters", "chapter"),
    ("annex", "annex"),
    ("annexes", "annex"),
    ("appendix", "annex"),
    ("paragraph", "paragraph"),
    ("paragraphs", "paragraph"),
    ("subparagraph", "paragraph"),
    ("стаття", "article"),
    ("статті", "article"),
    ("статтею", "article"),
    ("статей", "article"),
    ("розділ", "part"),
    ("розділі", "part"),
    ("розділу", "part"),
    ("частина", "part"),
    ("частини", "part"),
    ("частині", "part"),
    ("пункт", "paragraph"),
    ("пункти", "paragraph"),
    ("пункті", "paragraph"),
    ("пункту", "paragraph"),
    ("пунктів", "paragraph"),
    ("додаток", "annex"),
    ("додатку", "annex"),
    ("додатка", "annex"),
];

/// What clauses there are, to resolve references.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// Kind and number to identity.
    known: BTreeMap<(&'static str, String), Vec<String>>,
}

impl Numbers {
    /// Of a draft's clauses.
    pub fn of(clauses: &[crate::outline::Clause]) -> Numbers {
        let mut numbers = Numbers::default();
        for clause in clauses {
            let mut add = |kind: &'static str, number: String| {
                numbers.known.entry((kind, number)).or_default().push(clause.id.clone());
            };
            match clause.kind {
                crate::outline::Kind::Paragraph => {
                    if let Some(number) = &clause.number {
                        add("paragraph", plain_number(number));
                    }
                }
                crate::outline::Kind::Heading => {
                    let lower = clause.heading.to_lowercase();
                    let mut words = lower.split_whitespace();
                    let first = words.next().unwrap_or("").trim_end_matches(['.', ':']).to_string();
                    let second = words.next().unwrap_or("").to_string();
                    match KINDS_OF_CLAUSES.iter().find(|(w, _)| *w == first) {
                        Some((_, kind)) => {
                            add(kind, plain_number(&second));
                            if *kind == "annex" {
                                add(kind, String::new());
                            }
                        }
                        None => {
                            if let Some(number) = &clause.number {
                                for kind in ["part", "section", "chapter", "article", "paragraph"] {
                                    add(kind, plain_number(number));
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        numbers
    }

    /// The clause of that kind and number, nearest to the one that refers.
    fn find(&self, kind: &str, number: &str, near: &str, order: &[String]) -> Option<String> {
        let kinds = ["article", "part", "section", "chapter", "annex", "paragraph"];
        let kind = kinds.iter().find(|k| **k == kind)?;
        let found = self.known.get(&(*kind, plain_number(number)))?;
        let here = order.iter().position(|id| id == near).unwrap_or(0);
        found
            .iter()
            .min_by_key(|id| order.iter().position(|o| o == *id).map_or(usize::MAX, |p| p.abs_diff(here)))
            .cloned()
    }
}

fn plain_number(number: &str) -> String {
    let core = number.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    match crate::outline::roman(&core) {
        Some(n) => n.to_string(),
        None => core,
    }
}

/// References of one clause's words to clauses, resolved.
pub fn references(text: &str, numbers: &Numbers, near: &str, order: &[String]) -> Vec<Reference> {
    let tokens = tokens(text);
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((_, kind)) = KINDS_OF_CLAUSES.iter().find(|(w, _)| *w == tokens[at].lower) else {
            at += 1;
            continue;
        };
        let number = |t: &Token| -> bool {
            let letter =
                t.text.chars().count() == 1 && t.text.chars().all(char::is_uppercase) && *kind != "paragraph";
            (t.is_number() && t.text.len() <= 5 && !t.text.contains(','))
                || (crate::outline::roman(&t.text).is_some() && t.text.chars().all(char::is_uppercase))
                || letter
        };
        let mut next = at + 1;
        let mut found: Vec<(Range<usize>, String)> = Vec::new();
        let mut ended = at;
        while let Some(token) = tokens.get(next) {
            if number(token) {
                found.push((token.at.clone(), token.text.clone()));
                ended = next;
                next += 1;
                // (b), (iv) behind the number.
                while tokens.get(next).is_some_and(|t| t.text == "(")
                    && tokens.get(next + 2).is_some_and(|t| t.text == ")")
                    && tokens.get(next + 1).is_some_and(|t| t.text.chars().count() <= 4)
                {
                    ended = next + 2;
                    next += 3;
                }
            } else if !found.is_empty()
                && matches!(
                    token.lower.as_str(),
                    "," | "and" | "to" | "or" | "–" | "-" | "та" | "і" | "й" | "або"
                )
                && tokens.get(next + 1).is_some_and(&number)
            {
                next += 1;
            } else {
                break;
            }
        }
        if found.is_empty() {
            at += 1;
            continue;
        }
        let rest = &text[tokens[ended].at.end..];
        let outside = elsewhere(rest) || other_text_before(&text[..tokens[at].at.start]);
        for (n, (range, number)) in found.iter().enumerate() {
            let start = if n == 0 { tokens[at].at.start } else { range.start };
            let end = if n + 1 == found.len() { tokens[ended].at.end } else { range.end };
            let target = if outside {
                Target::Elsewhere
            } else {
                numbers.find(kind, number, near, order).map_or(Target::Missing, Target::Clause)
            };
            out.push(Reference { at: start..end, written: text[start..end].to_string(), target });
        }
        at = next;
    }
    out
}

/// Whether a reference goes on with the name of another text: of the UN Charter, of the Washington Treaty.
fn elsewhere(rest: &str) -> bool {
    let start: String = rest.chars().take(70).collect();
    let start = start.trim_start_matches(['.', ' ', '\u{a0}']);
    let lower = start.to_lowercase();
    let joined =
        ["of ", "in ", "from ", "to the ", "under ", "статуту", "договору", "конвенції", "закону", "хартії"];
    if !joined.iter().any(|j| lower.starts_with(j)) {
        return lower.starts_with("un charter")
            || lower.starts_with("tfeu")
            || lower.starts_with("teu")
            || lower.starts_with("статут");
    }
    let end = start.find(['.', ';', ',']).unwrap_or(start.len());
    let phrase = start[..end].to_lowercase();
    if [
        "this agreement",
        "the agreement",
        "this annex",
        "this accord",
        "this treaty",
        "this declaration",
        "the present",
        "цієї угоди",
        "цього договору",
    ]
    .iter()
    .any(|p| phrase.contains(p))
    {
        return false;
    }
    [
        "charter",
        "treaty",
        "convention",
        "statute",
        "law",
        "constitution",
        "covenant",
        "resolution",
        "regulation",
        "protocol",
        "declaration",
        "act",
        "decision",
        "directive",
        "code",
        "agreement",
        "memorandum",
        "accord",
        "статут",
        "договор",
        "конвенці",
        "закон",
        "хартії",
        "резолюці",
        "конституці",
        "угод",
    ]
    .iter()
    .any(|w| phrase.contains(w))
}

/// The Charter's Article 51; NATO's Article 5; Title IV of a law before.
fn other_text_before(before: &str) -> bool {
    let words: Vec<String> = before.split_whitespace().rev().take(2).map(str::to_lowercase).collect();
    words.first().is_some_and(|w| {
        ["charter", "charter's", "charter’s", "treaty", "treaty's", "nato", "nato's", "nato’s"]
            .contains(&w.as_str())
    })
}
