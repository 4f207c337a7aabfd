//! Text of a fence to tokens. Nothing is dropped and nothing is judged: a date that no calendar has is a date here.
//!
//! Invariants
//! - the lengths of the tokens add up to the length of the text;
//! - a string that does not end before a blank line, a line in column 1 or the end of the fence is cut at the end of
//!   its first line, so that a lost `"` stays in its own declaration.

use crate::syntax::SyntaxKind;

/// A token's kind and its text.
pub type Token<'t> = (SyntaxKind, &'t str);

/// All tokens of a text.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (kind, len) = next(rest);
        out.push((kind, &rest[..len]));
        rest = &rest[len..];
    }
    out
}

fn next(rest: &str) -> (SyntaxKind, usize) {
    use SyntaxKind::*;
    let mut chars = rest.chars();
    let first = chars.next().unwrap_or('\n');
    let second = chars.next();
    match first {
        '\r' if second == Some('\n') => (Newline, 2),
        '\n' => (Newline, 1),
        '#' => (Comment, line_end(rest)),
        '"' => string(rest),
        '(' => (OpenParen, 1),
        ')' => (CloseParen, 1),
        ',' => (Comma, 1),
        ':' => (Colon, 1),
        ';' => (Semicolon, 1),
        '+' => (Plus, 1),
        '-' => (Minus, 1),
        '*' => (Star, 1),
        '/' => (Slash, 1),
        '%' => (Percent, 1),
        '=' => (Eq, 1),
        '!' if second == Some('=') => (Ne, 2),
        '<' if second == Some('=') => (Le, 2),
        '>' if second == Some('=') => (Ge, 2),
        '<' => (Lt, 1),
        '>' => (Gt, 1),
        '≠' => (Ne, first.len_utf8()),
        '≤' => (Le, first.len_utf8()),
        '≥' => (Ge, first.len_utf8()),
        c if c.is_ascii_digit() => digits_or_word(rest),
        c if is_name(c) => (Word, word_len(rest)),
        c if c.is_whitespace() || c == '\u{feff}' => {
            let blank = |c: &char| (c.is_whitespace() || *c == '\u{feff}') && *c != '\n' && *c != '\r';
            let len: usize = rest.chars().take_while(blank).map(char::len_utf8).sum();
            (Whitespace, len.max(c.len_utf8()))
        }
        c => (Unknown, c.len_utf8()),
    }
}

fn line_end(rest: &str) -> usize {
    let end = rest.find('\n').unwrap_or(rest.len());
    if rest[..end].ends_with('\r') { end - 1 } else { end }
}

fn string(rest: &str) -> (SyntaxKind, usize) {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if bytes.get(at + 1) == Some(&b'"') => at += 2,
            b'"' => return (SyntaxKind::String, at + 1),
            b'\n' => {
                let line = &rest[at + 1..];
                let blank = line[..line_end(line)].trim().is_empty();
                if blank || !line.starts_with([' ', '\t']) {
                    break;
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    (SyntaxKind::OpenString, line_end(rest))
}

/// Letters, digits, `_`, and the marks that a decomposed letter carries.
fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || ('\u{300}'..='\u{36f}').contains(&c)
}

/// The apostrophes that stand within a word, as in `Слов’янськ`.
pub(crate) const APOSTROPHES: [char; 3] = ['\'', '’', 'ʼ'];

/// A word's length: it may hold `-` and `/` and does not end with them; an apostrophe stands between two letters.
fn word_len(rest: &str) -> usize {
    let mut len = 0;
    let mut chars = rest.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let apostrophe = APOSTROPHES.contains(&c)
            && before.is_alphabetic()
            && chars.peek().is_some_and(|next| next.is_alphabetic());
        if !(is_name(c) || matches!(c, '-' | '/') || apostrophe) {
            break;
        }
        len += c.len_utf8();
        before = c;
    }
    rest[..len].trim_end_matches(['-', '/']).len()
}

fn digits_or_word(rest: &str) -> (SyntaxKind, usize) {
    let word = &rest[..word_len(rest)];
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let day = word.split_once('T').map_or(word, |(day, _)| day);
    if day.split('-').count() == 3 && day.split('-').all(digits) {
        if day.len() == word.len() {
            return (SyntaxKind::Date, word.len());
        }
        let clock = &rest[day.len()..];
        let len = clock
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, 'T' | ':' | '.' | '+' | '-' | 'Z')))
            .unwrap_or(clock.len());
        let len = day.len() + clock[..len].trim_end_matches([':', '.', '+', '-']).len();
        return (SyntaxKind::Time, len.max(word.len()));
    }
    let plain = |b: u8| b.is_ascii_digit() || b == b'_' || b == b'/' || b == b'-';
    if !word.bytes().all(plain) {
        return (SyntaxKind::Word, word.len());
    }
    let run = |text: &str| text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count();
    let mut len = run(rest);
    while rest[len..].starts_with(',') && run(&rest[len + 1..]) > 0 {
        len += 1 + run(&rest[len + 1..]);
    }
    if rest[len..].starts_with('.') && run(&rest[len + 1..]) > 0 {
        len += 1 + run(&rest[len + 1..]);
    }
    if rest[len..].starts_with('/') && run(&rest[len + 1..]) > 0 {
        len += 1 + run(&rest[len + 1..]);
    }
    (SyntaxKind::Number, len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use SyntaxKind::*;

    fn solid(text: &str) -> Vec<Token<'_>> {
        tokens(text).into_iter().filter(|(kind, _)| !kind.is_trivia()).collect()
    }

    #[test]
    fn names_numbers_dates_and_times_are_told_apart() {
        for (text, kind) in [
            ("gun-100mm", Word),
            ("155mm", Word),
            ("level/floor-2026-12-31", Word),
            ("155-mm-howitzer", Word),
            ("Слов’янськ", Word),
            ("Europe/Kyiv", Word),
            ("800,000", Number),
            ("0.5", Number),
            ("3/4", Number),
            ("1,234.5", Number),
            ("2026-12-31", Date),
            ("2026-2-31", Date),
            ("2026-03-01T00:00", Time),
            ("2026-03-01T00:00:30+02:00", Time),
            ("2026-03-01T00:00Z", Time),
            ("\"a \\\" b\"", String),
            ("\"a\n  b\"", String),
        ] {
            assert_eq!(solid(text).first().map(|t| t.0), Some(kind), "{text}");
            assert_eq!(solid(text), [(kind, text)], "{text}");
        }
        assert_eq!(
            solid("'attack' об'єкт'"),
            [(Unknown, "'"), (Word, "attack"), (Unknown, "'"), (Word, "об'єкт"), (Unknown, "'")]
        );
        assert_eq!(
            solid("48.5,37.2 3, 4"),
            [(Number, "48.5"), (Comma, ","), (Number, "37.2"), (Number, "3"), (Comma, ","), (Number, "4")]
        );
    }

    #[test]
    fn a_string_that_does_not_end_is_cut_at_its_line() {
        for text in ["\"abc\n\n\"", "\"abc\nparty X \"y\"", "\"abc\r\n"] {
            assert_eq!(tokens(text)[0], (OpenString, "\"abc"), "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(text in "\\PC*|[ a-z0-9\"\\n\\r,./:T+#()<>=!-]*") {
            let joined: std::string::String = tokens(&text).iter().map(|(_, t)| *t).collect();
            proptest::prop_assert_eq!(joined, text);
        }
    }
}
