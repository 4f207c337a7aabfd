//! What a program words, in another language: a book of phrases, beside the sentences as they are.
//!
//! The engine says why in English sentences of a closed number of shapes; a verdict is not made of them. Here each shape has its
//! Ukrainian, in `web/phrases-uk.json`, which the pages of the browser read too (`web/language.js` matches in the same way). The planner has a
//! book of its own (`crates/plan/src/language.rs`). It does not translate what is not its own: words of an agreement, names and remarks
//! stay as they stand, in the gaps of a phrase.
//!
//! Invariants
//! - what is no phrase of the book gives nothing, so that whoever shows it can say that it is English;
//! - every step, every gap in evidence and every standing of every verdict of all scenarios is one (`crates/servanda/tests/ukrainian.rs`).
//!
//! Gaps, by their first letter (a digit after it tells two of a kind apart): `t`, `u` a time or two with `to` between; `n` digits; `d` a
//! number with its decimals, also in percent; `g` a grade; `a` one letter; `l` names with `and` or `or`; `w`, `x` anything without a
//! backtick; `q` anything; `r`, `s` a phrase of the book; `k`, `j` phrases of the book, parted by `, ` or by `; `. In the Ukrainian
//! `{n:рік|роки|років}` is the form that goes with the number in the gap `n`.
//!
//! Where to start reading: [`ukrainian`], then [`Book`].

use std::sync::LazyLock;

/// The engine's book.
static ENGINE: LazyLock<Book> = LazyLock::new(|| {
    let pairs: Vec<(String, String)> =
        serde_json::from_str(include_str!("../../../web/phrases-uk.json")).unwrap_or_default();
    Book::of(pairs)
});

/// Grades, as the reports call them.
const GRADES: [(&str, &str); 4] = [
    ("confirmed", "підтверджено"),
    ("probable", "ймовірно"),
    ("possible", "можливо"),
    ("none", "не встановлено"),
];
/// No longer sentence is looked up.
const LONGEST: usize = 2_000;
/// Phrases within phrases.
const DEPTH: usize = 4;

/// The gaps of a phrase: name, and what fills it in Ukrainian.
type Gaps<'s> = Vec<(&'s str, String)>;

/// Phrases in English and in Ukrainian, in the order in which they are tried.
#[derive(Debug)]
pub struct Book(Vec<(String, String)>);

impl Book {
    /// A book of its phrases.
    ///
    /// # Example
    /// ```
    /// use servanda_report::phrases::Book;
    /// let book = Book::of(vec![("{n} years, {q}".into(), "{n} {n:рік|роки|років}, {q}".into())]);
    /// assert_eq!(book.said("22 years, North").unwrap(), "22 роки, North");
    /// assert_eq!(book.said("some years, North"), None);
    /// ```
    pub fn of(phrases: Vec<(String, String)>) -> Book {
        Book(phrases)
    }

    /// Its phrases.
    pub fn phrases(&self) -> &[(String, String)] {
        &self.0
    }

    /// A sentence in Ukrainian; `None` where no phrase is like it.
    pub fn said(&self, text: &str) -> Option<String> {
        if text.len() > LONGEST { None } else { self.found(text, 0) }
    }

    /// What fills a gap of a kind, in Ukrainian.
    fn filled(&self, kind: char, text: &str, depth: usize) -> Option<String> {
        let all = |fine: fn(char) -> bool| text.chars().all(fine).then(|| text.to_string());
        let list = |between: &str| {
            let parts = text.split(between).map(|part| self.found(part, depth + 1));
            parts.collect::<Option<Vec<String>>>().map(|parts| parts.join(between))
        };
        match kind {
            't' | 'u' => {
                let text = all(|c| c.is_ascii_digit() || " -:.+to".contains(c))?;
                text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.replace(" to ", " – "))
            }
            'n' => all(|c| c.is_ascii_digit()),
            'd' => {
                let digits = text.strip_suffix(" %").unwrap_or(text).trim_start_matches('-');
                let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
                    && digits.chars().all(|c| c.is_ascii_digit() || "./".contains(c));
                is_number.then(|| text.replace('.', ",").replace('-', "\u{2212}").replace(" %", "\u{a0}%"))
            }
            'a' => (text.chars().count() == 1).then(|| text.to_string()),
            'g' => GRADES.iter().find(|(english, _)| *english == text).map(|(_, word)| (*word).to_string()),
            'l' => Some(text.replace(" or ", " або ").replace(" and ", " і ")),
            'q' => Some(text.to_string()),
            'r' | 's' => self.found(text, depth + 1),
            'k' => list(", "),
            'j' => list("; "),
            _ => all(|c| c != '`'),
        }
    }

    /// Whether a text has a shape; fills its gaps.
    fn fits<'s>(&self, shape: &'s str, text: &str, depth: usize, gaps: &mut Gaps<'s>) -> bool {
        let Some((before, rest)) = shape.split_once('{') else { return shape == text };
        let Some(text) = text.strip_prefix(before) else { return false };
        let Some((name, rest)) = rest.split_once('}') else { return false };
        let Some(kind) = name.chars().next() else { return false };
        let next = rest.split('{').next().unwrap_or_default();
        let ends: Vec<usize> = match next {
            "" => vec![text.len()],
            next => text.match_indices(next).map(|(at, _)| at).collect(),
        };
        for end in ends.into_iter().filter(|end| *end > 0) {
            let Some(value) = self.filled(kind, &text[..end], depth) else { continue };
            gaps.push((name, value));
            if self.fits(rest, &text[end..], depth, gaps) {
                return true;
            }
            gaps.pop();
        }
        false
    }

    fn found(&self, text: &str, depth: usize) -> Option<String> {
        if depth > DEPTH {
            return None;
        }
        self.0.iter().find_map(|(shape, ukrainian)| {
            let mut gaps = Gaps::new();
            if !self.fits(shape, text, depth, &mut gaps) {
                return None;
            }
            // Filled once: what stands in a gap is text, whatever it looks like.
            let mut out = String::new();
            let mut rest = ukrainian.as_str();
            while let Some((before, after)) = rest.split_once('{') {
                out.push_str(before);
                let (name, after) = after.split_once('}')?;
                let (name, forms) = name.split_once(':').map_or((name, None), |(n, forms)| (n, Some(forms)));
                let (_, value) = gaps.iter().find(|(of, _)| *of == name)?;
                out.push_str(match forms {
                    None => value,
                    Some(forms) => form(value, forms),
                });
                rest = after;
            }
            out.push_str(rest);
            Some(out)
        })
    }
}

/// Of three forms, for one, a few and many, the one that goes with a whole number.
fn form<'f>(number: &str, forms: &'f str) -> &'f str {
    let digit = |back: usize| number.chars().rev().nth(back);
    let at = match (digit(0), digit(1)) {
        (_, Some('1')) => 2,
        (Some('1'), _) => 0,
        (Some('2'..='4'), _) => 1,
        _ => 2,
    };
    forms.split('|').nth(at).unwrap_or_default()
}

/// A sentence of the engine in Ukrainian; `None` where the book does not have it.
///
/// # Example
/// ```
/// use servanda_report::phrases::ukrainian;
/// assert_eq!(ukrainian("done by 2026-05-01 12:00").unwrap(), "зроблено до 2026-05-01 12:00");
/// assert_eq!(ukrainian("something else"), None);
/// ```
pub fn ukrainian(text: &str) -> Option<String> {
    ENGINE.said(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_is_whole_and_its_gaps_fit() {
        let book = ENGINE.phrases();
        assert!(book.len() > 90, "{}", book.len());
        let gaps = |text: &str| {
            let mut all: Vec<String> = text
                .split('{')
                .skip(1)
                .filter_map(|rest| Some(rest.split_once('}')?.0.to_string()))
                .collect();
            all.sort();
            all
        };
        for (english, ukrainian) in book {
            assert_eq!(gaps(english), gaps(ukrainian), "{english}");
            let own = ukrainian
                .split('{')
                .map(|part| part.split_once('}').map_or(part, |(_, rest)| rest))
                .collect::<String>();
            let is_word = english.chars().filter(char::is_ascii_alphabetic).count() > 2;
            let has_words = own.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
            assert!(
                has_words || !is_word || own.chars().all(|c| !c.is_ascii_alphabetic()),
                "{english}: {ukrainian}"
            );
            let mut kinds = gaps(english);
            kinds.dedup();
            assert_eq!(kinds, gaps(english), "a gap stands twice: {english}");
        }
    }

    #[test]
    fn a_book_counts_and_says_what_is_in_it() {
        let pairs = [
            ("{n} years", "{n} {n:рік|роки|років}"),
            ("{n} of {n2}", "{n} із {n2:дня|днів|днів}"),
            ("a share", "частка"),
            ("years", "роки"),
            ("list: {k}", "перелік: {k}"),
            ("{q}: {r} {d} to {d2}", "{q}: {r} від {d} до {d2}"),
        ];
        let book = Book::of(pairs.map(|(a, b)| (a.to_string(), b.to_string())).to_vec());
        for (english, said) in [
            ("1 years", Some("1 рік")),
            ("11 years", Some("11 років")),
            ("121 years", Some("121 рік")),
            ("112 years", Some("112 років")),
            ("24 years", Some("24 роки")),
            ("0 years", Some("0 років")),
            ("3 of 1", Some("3 із дня")),
            ("list: years, a share", Some("перелік: роки, частка")),
            ("list: years, North", None),
            ("`a: b`: a share -1.5 to 20.25 %", Some("`a: b`: частка від −1,5 до 20,25\u{a0}%")),
            ("x: a share 1 to b", None),
        ] {
            assert_eq!(book.said(english).as_deref(), said, "{english}");
        }
    }

    #[test]
    fn sentences_are_said_in_ukrainian_and_what_is_not_ours_stays() {
        for (english, said) in [
            ("due 2026-05-01 12:00; not done yet", Some("строк 2026-05-01 12:00; ще не зроблено")),
            (
                "part 2: kept from 2026-05-01 00:00 to 2026-05-03 00:00",
                Some("частина 2: дотримано від 2026-05-01 00:00 до 2026-05-03 00:00"),
            ),
            (
                "`fire` on record 2026-05-01 12:00 to 2026-05-01 13:00 (probable); in force since 2026-01-01",
                Some("`fire` у записах 2026-05-01 12:00 – 2026-05-01 13:00 (ймовірно); чинне з 2026-01-01"),
            ),
            ("triggered; waits for `funds`", Some("привід настав; бракує: `funds`")),
            (
                "fire at the line: at least 2 sources of grade B or better, or 1 source from the mission",
                Some(
                    "fire at the line: джерел щонайменше 2 зі ступенем не нижче B або 1 джерело: the mission",
                ),
            ),
            (
                "established by the commission or the mission",
                Some("встановлює the commission або the mission"),
            ),
            ("`a{t}` on record 2026-05-01 (none)", Some("`a{t}` у записах 2026-05-01 (не встановлено)")),
            ("done by whom", None),
            ("", None),
            ("North shall not fire", None),
        ] {
            assert_eq!(ukrainian(english).as_deref(), said, "{english}");
        }
        assert_eq!(ukrainian(&"a: ".repeat(5_000)), None);
    }
}
