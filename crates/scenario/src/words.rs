//! The words of a row or an expectation, times, spans and numbers in them, and "did you mean".
//!
//! Nothing here knows a fact or a norm.
//!
//! Invariants
//! - positions are bytes of the line;
//! - nothing in quotes is taken apart.

use servanda_lang::literal;
use servanda_model::agreement::Dimension;
use servanda_model::time::Resolved;
use servanda_model::{Calendar, Instant, Number, Span, When};
use std::collections::VecDeque;

/// A word of a line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Word {
    pub text: String,
    /// It stood in quotes.
    pub quoted: bool,
    /// A comma, a colon or a semicolon follows it.
    pub then: Option<char>,
    /// First byte in the line.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

impl Word {
    pub fn is(&self, text: &str) -> bool {
        !self.quoted && self.text == text
    }
}

/// The words of a line, to be taken from the front.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    list: VecDeque<Word>,
    /// Where the words end, and a remark or nothing follows.
    pub end: usize,
}

impl Words {
    /// Takes a line apart. `# …` is a remark; `=` and `..` stand alone.
    ///
    /// # Errors
    /// A quotation mark without its partner.
    pub fn of(line: &str) -> Result<Words, String> {
        let mut list: VecDeque<Word> = VecDeque::new();
        let mut chars = line.char_indices().peekable();
        let mut end = 0;
        while let Some(&(start, c)) = chars.peek() {
            if c.is_whitespace() {
                chars.next();
                continue;
            }
            let after_blank = start == 0 || line[..start].ends_with(char::is_whitespace);
            if c == '#' && after_blank {
                break;
            }
            if matches!(c, ',' | ';' | ':')
                && let Some(last) = list.back_mut()
            {
                last.then = last.then.or(Some(c));
                chars.next();
                end = start + 1;
                continue;
            }
            let mut word = Word { start, ..Word::default() };
            if c == '"' {
                chars.next();
                word.quoted = true;
                let close = line[start + 1..].find('"').ok_or("a quotation mark has no partner")?;
                word.text = line[start + 1..start + 1 + close].to_string();
                word.end = start + close + 2;
            } else {
                let rest = &line[start..];
                let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '=' | ';'));
                let mut text = &rest[..length.unwrap_or(rest.len())];
                if text.is_empty() {
                    text = &rest[..1];
                }
                if let Some(dots) = text.find("..") {
                    text = if dots == 0 { ".." } else { &text[..dots] };
                }
                let bare = text.trim_end_matches([',', ':']);
                if !bare.is_empty() && bare.len() < text.len() {
                    word.then = text[bare.len()..].chars().next();
                }
                word.end = start + text.len();
                word.text = if bare.is_empty() { text } else { bare }.to_string();
            }
            end = word.end;
            while chars.peek().is_some_and(|&(at, _)| at < word.end) {
                chars.next();
            }
            list.push_back(word);
        }
        Ok(Words { list, end })
    }

    pub fn peek(&self) -> Option<&Word> {
        self.list.front()
    }

    pub fn next(&mut self) -> Option<Word> {
        self.list.pop_front()
    }

    /// Takes the next word where it is this one.
    pub fn take(&mut self, text: &str) -> bool {
        let found = self.peek().is_some_and(|word| word.is(text));
        if found {
            self.next();
        }
        found
    }

    /// The next word, or a complaint that says what is missing.
    pub fn need(&mut self, what: &str) -> Result<Word, String> {
        self.next().ok_or_else(|| format!("{what} is missing at the end of the line"))
    }

    /// Words up to and with the first one that a comma does not follow.
    pub fn list(&mut self, what: &str) -> Result<Vec<Word>, String> {
        let mut out = vec![self.need(what)?];
        while out.last().is_some_and(|word| word.then == Some(',')) && self.peek().is_some() {
            out.push(self.need(what)?);
        }
        Ok(out)
    }

    /// The words up to and with the first one that `sign` follows, and the rest; `None` where none does.
    pub fn split_after(&mut self, sign: char) -> Option<Words> {
        let at = self.list.iter().position(|word| word.then == Some(sign))?;
        let rest = self.list.split_off(at + 1);
        let head = std::mem::replace(&mut self.list, rest);
        let end = head.back().map_or(0, |word| word.end);
        Some(Words { list: head, end })
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// A time as it was written: an instant or a doubt, and whether it was a whole day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Written {
    pub when: When,
    pub day: bool,
}

/// Reads a time as the language does.
///
/// # Errors
/// What is wrong and what to write.
pub(crate) fn time(text: &str, calendar: &Calendar) -> Result<Written, String> {
    let when = literal::time(text, calendar).map_err(|e| e.to_string())?;
    Ok(Written { when, day: !text.trim().contains(['T', 't', ' ']) })
}

/// How a time is written so that [`time`] reads it back.
pub(crate) fn show_time(when: When, calendar: &Calendar) -> String {
    let first = calendar.date(when.earliest);
    if calendar.day(first) == when {
        return first.to_string();
    }
    let one = |at: Instant| {
        let date = calendar.date(at);
        if calendar.end_of_day(date) == at {
            return format!("{date}T24:00");
        }
        let civil = calendar.civil(at);
        if !matches!(calendar.resolve(civil), Resolved::Once(_)) {
            return calendar.rfc3339(at);
        }
        let text = civil.to_string();
        text.strip_suffix(":00").filter(|t| t.len() == 16).map_or_else(|| text.clone(), str::to_string)
    };
    if when.is_exact() {
        one(when.earliest)
    } else {
        format!("{} .. {}", one(when.earliest), one(when.latest))
    }
}

/// Reads a time or `A .. B` from the front of the words.
///
/// # Errors
/// As [`time`].
pub(crate) fn time_or_stretch(
    words: &mut Words,
    calendar: &Calendar,
) -> Result<(Written, Option<Written>), String> {
    let first = time(&words.need("a time")?.text, calendar)?;
    if !words.take("..") {
        return Ok((first, None));
    }
    let second = time(&words.need("the time after `..`")?.text, calendar)?;
    if second.when.latest < first.when.earliest {
        return Err("the end of the stretch lies before its beginning".into());
    }
    Ok((first, Some(second)))
}

/// Reads a span: `36 hours`, `3 working days`.
///
/// # Errors
/// What is wrong and what to write.
pub(crate) fn span(words: &mut Words) -> Result<Span, String> {
    let word = words.need("a number")?;
    let number = literal::number(word.text.trim_start_matches('+')).map_err(|e| e.to_string())?;
    let mut unit = words.need("a unit of time")?.text;
    if unit == "working" {
        unit = format!("working {}", words.need("`days`")?.text);
    }
    literal::span_of(&number, &unit).map_err(|e| e.to_string())
}

/// Reads a number with its unit, in base units.
///
/// # Errors
/// A unit that does not fit.
pub(crate) fn quantity(word: &Word, words: &mut Words, dimension: &Dimension) -> Result<Number, String> {
    let (digits, percent) = match word.text.strip_suffix('%') {
        Some(digits) => (digits, true),
        None => (word.text.as_str(), false),
    };
    let n = literal::number(digits).map_err(|e| e.to_string())?;
    let parts = |n: Number, by: i64| n.over(&Number::from(by)).unwrap_or_default();
    match dimension {
        Dimension::Plain => {
            let percent = percent || words.take("percent");
            Ok(if percent { parts(n, 100) } else { n })
        }
        Dimension::Length => {
            for (unit, metres, by) in [("m", 1, 1), ("km", 1_000, 1), ("cm", 1, 100), ("mm", 1, 1_000)] {
                if words.take(unit) {
                    return Ok(parts(n * Number::from(metres), by));
                }
            }
            Err(format!("`{}` is a length and needs its unit: m, km, cm or mm", word.text))
        }
        Dimension::Counted(unit) => {
            let singular = |text: &str| text.strip_suffix('s').unwrap_or(text).to_string();
            if words.peek().is_some_and(|w| !w.quoted && singular(&w.text) == singular(unit.as_str())) {
                words.next();
            }
            Ok(n)
        }
    }
}

/// Of these the nearest to a word, where one is near.
pub(crate) fn suggest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let limit = match folded.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    let near = among.into_iter().map(|other| (distance(&folded, &other.to_lowercase()), other));
    near.filter(|(d, _)| *d <= limit).min_by_key(|(d, _)| *d).map(|(_, other)| other)
}

/// `; did you mean …?`, or the list where it is short, or nothing.
pub(crate) fn did_you_mean<'a>(word: &str, among: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = suggest(word, among.clone()) {
        return format!("; did you mean `{near}`?");
    }
    let all: Vec<&str> = among.into_iter().collect();
    if all.is_empty() || all.len() > 12 { String::new() } else { format!("; there is {}", all.join(", ")) }
}

/// Edit distance, a swap of neighbours counted once.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substitute = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitute.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        let mut words = Words::of(line).unwrap();
        std::iter::from_fn(|| words.next()).map(|w| format!("{}{}", w.text, w.then.unwrap_or(' '))).collect()
    }

    #[test]
    fn lines_fall_into_words() {
        assert_eq!(
            texts("r A#2: violated because not-done, breach  # why: so"),
            ["r ", "A#2:", "violated ", "because ", "not-done,", "breach "]
        );
        assert_eq!(
            texts("2027-05-01T02:00..2027-05-02 x=y"),
            ["2027-05-01T02:00 ", ".. ", "2027-05-02 ", "x ", "= ", "y "]
        );
        assert_eq!(texts("a \"b; c #\"; at 48.5,37.2~25km"), ["a ", "b; c #;", "at ", "48.5,37.2~25km "]);
        assert_eq!(texts("value 14,000, x ; y"), ["value ", "14,000,", "x;", "y "]);
        assert!(Words::of("a \"b").is_err());
    }

    #[test]
    fn times_are_read_and_shown_alike() {
        let c = Calendar::of_zone("Europe/Kyiv").unwrap();
        for text in
            ["2027-05-02", "2027-05-02T01:00", "2027-05-02T24:00", "2027-05-02T01:00:07", "2027-05-02T00:00"]
        {
            assert_eq!(show_time(time(text, &c).unwrap().when, &c), text);
        }
        assert_eq!(show_time(time("2027-05-02T00:30Z", &c).unwrap().when, &c), "2027-05-02T03:30");
        let twice = time("2021-10-31T03:30", &c).unwrap_err();
        assert!(twice.contains("2021-10-31T03:30+03:00"), "{twice}");
        let second = time("2021-10-31T03:30+02:00", &c).unwrap();
        assert_eq!(show_time(second.when, &c), "2021-10-31T03:30:00+02:00");
        assert!(time("2021-03-28T03:30", &c).unwrap_err().contains("does not exist"));
        assert!(time("2027-02-29", &c).unwrap_err().contains("`2027-02-29` does not exist"));
        for text in ["", "T", "tomorrow", "2027-5-2", "2027-05-02T25:00", "2027-05-02T", "20270502"] {
            assert!(time(text, &c).is_err(), "{text}");
        }
    }

    #[test]
    fn spans_and_quantities() {
        let read = |text: &str| span(&mut Words::of(text).unwrap());
        assert_eq!(read("+36 hours"), Ok(Span::Exact(36 * 3_600_000)));
        assert_eq!(read("3 working days"), Ok(Span::WorkingDays(3)));
        assert_eq!(read("1.5 hours"), Ok(Span::Exact(5_400_000)));
        assert!(read("1.5 days").is_err());
        assert!(read("3 dais").is_err());
        let read = |text: &str, dimension: Dimension| {
            let mut words = Words::of(text).unwrap();
            let word = words.next().unwrap();
            quantity(&word, &mut words, &dimension).map(|n| (n.to_string(), words.is_empty()))
        };
        assert_eq!(read("95%", Dimension::Plain), Ok(("0.95".into(), true)));
        assert_eq!(read("95 percent", Dimension::Plain), Ok(("0.95".into(), true)));
        assert_eq!(read("100 mm", Dimension::Length), Ok(("0.1".into(), true)));
        assert!(read("100", Dimension::Length).is_err());
        assert_eq!(read("14,000 persons", Dimension::Counted("person".into())), Ok(("14000".into(), true)));
    }

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        assert_eq!(suggest("satsified", ["violated", "satisfied"]), Some("satisfied"));
        assert_eq!(suggest("Polnad", ["Poland", "Germany"]), Some("Poland"));
        assert_eq!(suggest("x", ["y"]), None);
        assert_eq!(suggest("text", ["expect", "pact"]), None);
    }
}
