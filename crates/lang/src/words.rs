//! Words, numbers and sentences of a text in English or Ukrainian, for whoever reads the words of a clause: the findings about a draft, and
//! what takes published texts apart.
//!
//! It knows forms, not meanings. It is the one place that cuts sentences: what no rule accounts for, what a published text obliges to, and what
//! of a clause is withheld from a reader (`readers`) are the same pieces.
//!
//! Invariants
//! - everything has its place, as bytes of the text that was handed in.

use std::ops::Range;

/// A word, a number, or a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// As it is written.
    pub text: String,
    /// In small letters, with one kind of apostrophe.
    pub lower: String,
    /// Its place.
    pub at: Range<usize>,
}

impl Token {
    /// Whether it begins with a digit.
    pub fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }

    /// Whether it begins with a letter.
    pub fn is_word(&self) -> bool {
        self.text.starts_with(char::is_alphabetic)
    }
}

/// Words with their apostrophes and hyphens, numbers with their separators, signs one by one.
pub fn tokens(text: &str) -> Vec<Token> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut out = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let (start, c) = letters[at];
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let mut end = at + 1;
        if c.is_ascii_digit() {
            while end < letters.len() {
                let inner = matches!(letters[end].1, '.' | ',')
                    && letters.get(end + 1).is_some_and(|n| n.1.is_ascii_digit());
                if letters[end].1.is_ascii_digit() || inner {
                    end += 1;
                } else {
                    break;
                }
            }
        } else if c.is_alphabetic() {
            while end < letters.len() {
                let inner = matches!(letters[end].1, '\'' | '’' | 'ʼ' | '-')
                    && letters.get(end + 1).is_some_and(|n| n.1.is_alphabetic());
                if letters[end].1.is_alphabetic() || inner {
                    end += 1;
                } else {
                    break;
                }
            }
        }
        let stop = letters.get(end).map_or(text.len(), |l| l.0);
        let piece = &text[start..stop];
        let lower = piece.to_lowercase().replace(['’', 'ʼ'], "'");
        out.push(Token { text: piece.to_string(), lower, at: start..stop });
        at = end;
    }
    out
}

/// The sentences of a paragraph: they end at `.`, `!` or `?` before something that can begin one, unless the word before is an abbreviation.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    const SHORT: &[&str] = &[
        "no", "nos", "art", "mr", "mrs", "ms", "dr", "st", "e.g", "i.e", "etc", "vs", "cf", "inc", "para",
        "paras", "sec", "vol", "approx", "ca", "п", "пп", "ст", "р", "рр", "ч", "млн", "млрд", "тис", "ім",
        "м", "див", "т", "д", "напр", "грн", "о",
    ];
    let mut out = Vec::new();
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut start = 0;
    for (n, (at, c)) in letters.iter().enumerate() {
        if !matches!(c, '.' | '!' | '?') {
            continue;
        }
        // Closing quotation marks and brackets belong to the sentence that they close.
        let mut end = n + 1;
        while letters.get(end).is_some_and(|l| matches!(l.1, '”' | '"' | '’' | ')' | '»' | ']')) {
            end += 1;
        }
        let Some((after, blank)) = letters.get(end) else { continue };
        if !blank.is_whitespace() {
            continue;
        }
        let next = letters[end..].iter().find(|l| !l.1.is_whitespace()).map(|l| l.1);
        let begins = next.is_none_or(|n| {
            n.is_uppercase() || n.is_ascii_digit() || matches!(n, '“' | '"' | '«' | '(' | '‘' | '•')
        });
        let before = text[start..*at].rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or("");
        let short = *c == '.'
            && (SHORT.contains(&before.to_lowercase().as_str())
                || (before.chars().count() == 1 && before.chars().all(char::is_uppercase))
                || (before.contains('.') && before.split('.').all(|p| p.chars().count() == 1)));
        if !begins || short {
            continue;
        }
        push_sentence(text, start..*after, &mut out);
        start = *after;
    }
    push_sentence(text, start..text.len(), &mut out);
    out
}

fn push_sentence(text: &str, range: Range<usize>, out: &mut Vec<Range<usize>>) {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    let end = range.start + piece.trim_end().len();
    if start < end {
        out.push(start..end);
    }
}

/// The pieces of a paragraph: sentences, cut at semicolons as well. Nothing but white space lies between them.
pub fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    for sentence in sentences(text) {
        let mut start = sentence.start;
        for (at, _) in text[sentence.clone()].match_indices("; ") {
            push_sentence(text, start..sentence.start + at + 1, &mut out);
            start = sentence.start + at + 1;
        }
        push_sentence(text, start..sentence.end, &mut out);
    }
    out
}

/// The pieces of a paragraph that can be carried out each by a rule of its own: those with a letter.
///
/// ```
/// let text = "A withdraws; B does not follow. See art. 4.";
/// let parts: Vec<&str> = servanda_lang::words::parts(text).into_iter().map(|r| &text[r]).collect();
/// assert_eq!(parts, ["A withdraws;", "B does not follow.", "See art. 4."]);
/// ```
pub fn parts(text: &str) -> Vec<Range<usize>> {
    let mut out = pieces(text);
    out.retain(|r| text[r.clone()].chars().any(char::is_alphabetic));
    out
}
