//! What the engine words, in another language: a book of phrases, beside the sentences as they are.
//!
//! The engine says why in English sentences of a closed number of shapes; a verdict is not made of them. Here each shape has its
//! Ukrainian, in `web/phrases-uk.json`, which the pages of the browser read too (`web/language.js` matches in the same way). It does not
//! translate what is not its own: words of an agreement, names and remarks stay as they stand, in the gaps of a phrase.
//!
//! Invariants
//! - what is no phrase of the book gives nothing, so that whoever shows it can say that it is English;
//! - every step, every gap in evidence and every standing of every verdict of all scenarios is one (`crates/servanda/tests/ukrainian.rs`).
//!
//! Gaps: `t`, `u` a time or two with `to` between; `n` digits; `g` a grade; `a` one letter; `l` names with `and` or `or`; `w`, `x` anything
//! without a backtick; `r`, `s` a phrase of the book.
//!
//! Where to start reading: [`ukrainian`].

use std::sync::LazyLock;

/// The book: English and Ukrainian, in the order in which they are tried.
static BOOK: LazyLock<Vec<(String, String)>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../web/phrases-uk.json")).unwrap_or_default());

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

type Gaps<'t> = Vec<(char, &'t str, String)>;

/// What fills a gap of a kind, in Ukrainian.
fn filled(kind: char, text: &str, depth: usize) -> Option<String> {
    let all = |fine: fn(char) -> bool| text.chars().all(fine).then(|| text.to_string());
    match kind {
        't' | 'u' => {
            let text = all(|c| c.is_ascii_digit() || " -:.+to".contains(c))?;
            text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.replace(" to ", " – "))
        }
        'n' => all(|c| c.is_ascii_digit()),
        'a' => (text.chars().count() == 1).then(|| text.to_string()),
        'g' => GRADES.iter().find(|(english, _)| *english == text).map(|(_, word)| (*word).to_string()),
        'l' => Some(text.replace(" or ", " або ").replace(" and ", " і ")),
        'r' | 's' => found(text, depth + 1),
        _ => all(|c| c != '`'),
    }
}

/// Whether a text has a shape; fills its gaps.
fn fits<'t>(shape: &str, text: &'t str, depth: usize, gaps: &mut Gaps<'t>) -> bool {
    let Some((before, rest)) = shape.split_once('{') else { return shape == text };
    let Some(text) = text.strip_prefix(before) else { return false };
    let Some((kind, rest)) = rest.split_once('}').and_then(|(kind, rest)| Some((kind.chars().next()?, rest)))
    else {
        return false;
    };
    let next = rest.split('{').next().unwrap_or_default();
    let ends: Vec<usize> = match next {
        "" => vec![text.len()],
        next => text.match_indices(next).map(|(at, _)| at).collect(),
    };
    for end in ends.into_iter().filter(|end| *end > 0) {
        let Some(value) = filled(kind, &text[..end], depth) else { continue };
        gaps.push((kind, &text[..end], value));
        if fits(rest, &text[end..], depth, gaps) {
            return true;
        }
        gaps.pop();
    }
    false
}

fn found(text: &str, depth: usize) -> Option<String> {
    if depth > DEPTH {
        return None;
    }
    BOOK.iter().find_map(|(shape, ukrainian)| {
        let mut gaps = Gaps::new();
        if !fits(shape, text, depth, &mut gaps) {
            return None;
        }
        // Filled once: what stands in a gap is text, whatever it looks like.
        let mut out = String::new();
        let mut rest = ukrainian.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (kind, after) = after.split_once('}')?;
            let filled = gaps.iter().find(|(of, ..)| kind.starts_with(*of))?;
            out.push_str(&filled.2);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    })
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
    if text.len() > LONGEST { None } else { found(text, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_is_whole_and_its_gaps_fit() {
        assert!(BOOK.len() > 90, "{}", BOOK.len());
        let gaps = |text: &str| {
            let mut all: Vec<String> = text
                .split('{')
                .skip(1)
                .filter_map(|rest| Some(rest.split_once('}')?.0.to_string()))
                .collect();
            all.sort();
            all
        };
        for (english, ukrainian) in BOOK.iter() {
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
