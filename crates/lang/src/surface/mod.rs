//! The surface: in which words the language is written. English words are the language's own; another language is a table of words
//! beside them, and below the tokens there is one grammar, one tree of types and one meaning.
//!
//! A fence says its language in its first line (`pact`, `pact uk`). Its tokens are turned into the English ones as they are read
//! (`canonical`), so that nothing after the parser knows a second language. What a diagnostic says is turned back into the words of the
//! fence (`in_the_words_of`). The names and texts of an agreement are nobody's to translate: they stay.
//!
//! Invariants
//! - a token of the text is turned into English words by the words around it alone, the same way in both directions;
//! - in English nothing is turned, but that names are normalised (NFC, one apostrophe).
//!
//! Where to start reading: [`Language`], then the table in `ukrainian.rs`, then `canonical`.

mod look_alike;
mod ukrainian;

pub(crate) use look_alike::{mixed, skeleton};

use crate::ast::Token;
use crate::diagnostic::Diagnostic;
use crate::lexer::{self, APOSTROPHES};
use crate::parser::vocabulary::{ALL_FIELD_WORDS, Keyword};
use crate::syntax::SyntaxKind;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A language in which rules may be written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
#[allow(missing_docs, reason = "the names are their own description")]
pub enum Language {
    #[default]
    English,
    Ukrainian,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 2] = [Language::English, Language::Ukrainian];

    /// Its code in BCP 47: `en`, `uk`.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Ukrainian => "uk",
        }
    }

    /// The language of a code.
    pub fn of_code(code: &str) -> Option<Language> {
        Language::ALL.into_iter().find(|language| language.code() == code)
    }

    /// Its English name.
    pub fn name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Ukrainian => "Ukrainian",
        }
    }

    /// What the first line of its fences says after the backticks.
    pub fn mark(self) -> &'static str {
        match self {
            Language::English => "pact",
            Language::Ukrainian => "pact uk",
        }
    }

    /// The word that begins a declaration.
    pub fn declaration(self, keyword: Keyword) -> &'static str {
        match self {
            Language::English => keyword.word(),
            Language::Ukrainian => first_of(ukrainian::DECLARATIONS, keyword.word()),
        }
    }

    /// The word or words that begin a field, by its English ones.
    pub fn field(self, word: &'static str) -> &'static str {
        match self {
            Language::English => word,
            Language::Ukrainian => first_of(ukrainian::FIELDS, word),
        }
    }

    /// Characters before a value in the canonical layout.
    pub(crate) fn value_column(self) -> usize {
        match self {
            Language::English => 14,
            Language::Ukrainian => 20,
        }
    }
}

/// What stands before the first token of a value, where a row asks for it.
const START: &str = "^";
/// The field of what a message quotes.
const ANYWHERE: &str = "?";
/// Any number, where a row asks for what stands before or behind.
const NUMBER: &str = "0";

/// A row of a table.
#[derive(Clone, Copy, Debug)]
struct Word {
    english: &'static str,
    /// The first is written, all are read.
    forms: &'static [&'static str],
    /// In the values of these fields only; empty: everywhere.
    of: &'static [&'static str],
    /// Behind one of these English words only; empty: anywhere.
    after: &'static [&'static str],
    /// Before this only; empty: anything.
    before: &'static str,
}

const fn word(english: &'static str, forms: &'static [&'static str]) -> Word {
    Word { english, forms, of: &[], after: &[], before: "" }
}

impl Word {
    const fn of(self, fields: &'static [&'static str]) -> Word {
        Word { of: fields, ..self }
    }

    const fn after(self, words: &'static [&'static str]) -> Word {
        Word { after: words, ..self }
    }

    const fn before(self, next: &'static str) -> Word {
        Word { before: next, ..self }
    }

    fn stands(&self, place: &Place, next: Option<&Piece>) -> bool {
        let own_only = || !ukrainian::OWN_WORDS_ONLY.contains(&place.field);
        // What a message quotes stands in no field: any row will do for it.
        let quoted = place.field == ANYWHERE;
        let in_field = quoted || if self.of.is_empty() { own_only() } else { self.of.contains(&place.field) };
        let before = match (self.before, next) {
            ("", _) => true,
            (_, None) => false,
            (NUMBER, Some(next)) => next.kind == SyntaxKind::Number,
            (text, Some(next)) => next.text == text,
        };
        let after =
            self.after.is_empty() || self.after.contains(&place.last) || quoted && place.last == START;
        in_field && (before || quoted && next.is_none()) && after
    }
}

fn first_of(table: &'static [Word], english: &'static str) -> &'static str {
    table.iter().find(|word| word.english == english).map_or(english, |word| word.forms[0])
}

/// A word as it is compared: composed letters, one kind of apostrophe.
pub fn normal(text: &str) -> Cow<'_, str> {
    let other = |c: char| c != '’' && APOSTROPHES.contains(&c);
    if !text.contains(other) && (text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes) {
        return Cow::Borrowed(text);
    }
    let one = |c: char| if APOSTROPHES.contains(&c) { '’' } else { c };
    Cow::Owned(text.nfc().map(one).collect())
}

/// A token without its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'t> {
    pub(crate) kind: SyntaxKind,
    pub(crate) text: &'t str,
}

/// Where a token stands: in the value of which field (English words), behind which English word.
struct Place<'t> {
    field: &'t str,
    last: &'t str,
}

/// Rows by the first of their words.
type Index = BTreeMap<&'static str, Vec<(Vec<&'static str>, &'static Word)>>;

struct Tables {
    /// By what is written, and by English words: declarations, heads, fields, values.
    written: [Index; 4],
    english: [Index; 4],
}

#[derive(Clone, Copy)]
enum Part {
    Declaration = 0,
    Head = 1,
    Field = 2,
    Value = 3,
}

static UKRAINIAN: LazyLock<Tables> = LazyLock::new(|| {
    let tables = [ukrainian::DECLARATIONS, ukrainian::HEAD, ukrainian::FIELDS, ukrainian::VALUES];
    let index = |table: &'static [Word], written: bool| {
        let mut index = Index::new();
        for row in table {
            let own = [row.english];
            for phrase in if written { row.forms } else { &own[..] } {
                let words: Vec<&'static str> = phrase.split(' ').collect();
                index.entry(words[0]).or_default().push((words, row));
            }
        }
        for rows in index.values_mut() {
            // The longest first; of two as long the one that asks for more.
            let asks = |row: &Word| usize::from(!row.after.is_empty()) + usize::from(!row.before.is_empty());
            rows.sort_by_key(|(words, row)| {
                std::cmp::Reverse((words.len(), asks(row), usize::from(!row.of.is_empty())))
            });
        }
        index
    };
    Tables {
        written: tables.map(|table| index(table, true)),
        english: tables.map(|table| index(table, false)),
    }
});

/// The row whose words stand at the beginning of the pieces, which are [`normal`].
fn row_at(index: &Index, pieces: &[Piece], place: &Place) -> Option<(&'static Word, usize)> {
    let first = pieces.first().filter(|piece| piece.kind == SyntaxKind::Word)?;
    let rows = index.get(first.text)?;
    let mut fitting = rows.iter().filter(|(words, row)| {
        words.len() <= pieces.len()
            && words
                .iter()
                .zip(pieces)
                .all(|(word, piece)| piece.kind == SyntaxKind::Word && *word == piece.text)
            && row.stands(place, pieces.get(words.len()))
    });
    let (words, row) = if place.field == ANYWHERE {
        // What fits what stands before, then what stands anywhere, then what stands somewhere.
        let rank = |row: &Word| match (row.after.is_empty(), row.of.is_empty()) {
            (false, _) if row.after.contains(&place.last) => 0,
            (true, true) => 1,
            _ => 2,
        };
        fitting.min_by_key(|(words, row)| (std::cmp::Reverse(words.len()), rank(row)))?
    } else {
        fitting.next()?
    };
    Some((*row, words.len()))
}

const NOWHERE: Place<'static> = Place { field: "", last: START };

/// The declaration that a word begins.
pub fn declaration_of(language: Language, written: &str) -> Option<Keyword> {
    match language {
        Language::English => Keyword::parse(written),
        Language::Ukrainian => {
            let written = normal(written);
            let pieces = [Piece { kind: SyntaxKind::Word, text: &written }];
            let (row, _) = row_at(&UKRAINIAN.written[Part::Declaration as usize], &pieces, &NOWHERE)?;
            Keyword::parse(row.english)
        }
    }
}

/// The field that a line begins with, by its English word, and of how many words it is here: the longest that fits.
pub fn field_of(language: Language, words: &[&str]) -> Option<(&'static str, usize)> {
    match language {
        Language::English => {
            let first = words.first()?;
            let found = crate::parser::vocabulary::field_word(first, words.get(1).copied())?;
            Some((found, found.split(' ').count()))
        }
        Language::Ukrainian => {
            let words: Vec<Cow<str>> = words.iter().take(4).map(|text| normal(text)).collect();
            let pieces: Vec<Piece> =
                words.iter().map(|text| Piece { kind: SyntaxKind::Word, text }).collect();
            let (row, used) = row_at(&UKRAINIAN.written[Part::Field as usize], &pieces, &NOWHERE)?;
            // The word of the rules' own list, so that it lives as long.
            ALL_FIELD_WORDS.iter().find(|word| **word == row.english).map(|word| (*word, used))
        }
    }
}

/// Whether a word is, or is the last of, what stands for one of these English words.
pub(crate) fn says(language: Language, written: &str, english: &[&str]) -> bool {
    match language {
        Language::English => english.contains(&written),
        Language::Ukrainian => {
            ukrainian::VALUES.iter().filter(|row| english.contains(&row.english)).any(|row| {
                row.forms
                    .iter()
                    .any(|form| form.rsplit(' ').next().is_some_and(|last| *last == *normal(written)))
            })
        }
    }
}

/// All words that begin a declaration, in every form that is read.
pub fn declaration_words(language: Language) -> Vec<&'static str> {
    match language {
        Language::English => Keyword::ALL.map(Keyword::word).to_vec(),
        Language::Ukrainian => ukrainian::DECLARATIONS.iter().flat_map(|row| row.forms).copied().collect(),
    }
}

/// All words that begin a field, in every form that is read.
pub fn field_words(language: Language) -> Vec<&'static str> {
    match language {
        Language::English => ALL_FIELD_WORDS.to_vec(),
        Language::Ukrainian => ukrainian::FIELDS.iter().flat_map(|row| row.forms).copied().collect(),
    }
}

/// A row as people are shown it: the English words, the forms that are read, and the fields whose values it stands in, if not in all.
pub type Shown = (&'static str, &'static [&'static str], &'static [&'static str]);

/// The table of a language for the reference page: declarations, what follows a name, fields, words of values.
pub fn table(language: Language) -> [Vec<Shown>; 4] {
    let shown = |table: &'static [Word]| table.iter().map(|row| (row.english, row.forms, row.of)).collect();
    match language {
        Language::English => Default::default(),
        Language::Ukrainian => {
            [ukrainian::DECLARATIONS, ukrainian::HEAD, ukrainian::FIELDS, ukrainian::VALUES].map(shown)
        }
    }
}

// ---- tokens to English ----------------------------------------------------------------------------------------------

/// Where the tokens of a value stand: behind the name of a declaration, or in a field (English word).
#[derive(Clone, Copy)]
pub(crate) enum Within<'f> {
    Head,
    Field(&'f str),
}

/// Tokens in the language's own words. Several words that stand for several others all have the place of the whole.
pub(crate) fn canonical(language: Language, tokens: Vec<Token>, within: Within) -> Vec<Token> {
    let (part, field) = match within {
        Within::Head => (Part::Head, ""),
        Within::Field(field) => (Part::Value, field),
    };
    if language == Language::English {
        let mut tokens = tokens;
        for token in tokens.iter_mut().filter(|t| t.kind == SyntaxKind::Word) {
            if let Cow::Owned(text) = normal(&token.text) {
                token.text = text;
            }
        }
        return tokens;
    }
    let words: Vec<Cow<str>> = tokens
        .iter()
        .map(|t| if t.kind == SyntaxKind::Word { normal(&t.text) } else { Cow::Borrowed(&*t.text) })
        .collect();
    let pieces: Vec<Piece> =
        tokens.iter().zip(&words).map(|(t, text)| Piece { kind: t.kind, text }).collect();
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let last = out.last().map_or(START, last_word);
        let found = row_at(&UKRAINIAN.written[part as usize], &pieces[at..], &Place { field, last });
        let token = &tokens[at];
        let Some((row, used)) = found else {
            let text = match token.kind {
                SyntaxKind::Word => words[at].to_string(),
                SyntaxKind::String if field == "says" => holes(&token.text, role_in_english),
                _ => token.text.clone(),
            };
            out.push(Token { text, ..token.clone() });
            at += 1;
            continue;
        };
        let english: Vec<&str> = row.english.split(' ').collect();
        let whole = token.span.start..tokens[at + used - 1].span.end;
        for (index, text) in english.iter().enumerate() {
            let span = if english.len() == used { tokens[at + index].span.clone() } else { whole.clone() };
            out.push(Token { kind: SyntaxKind::Word, text: text.to_string(), span });
        }
        at += used;
    }
    out
}

fn last_word(token: &Token) -> &str {
    if token.kind == SyntaxKind::Number { NUMBER } else { &token.text }
}

/// The text with what stands in its curly brackets replaced.
fn holes(text: &str, replaced: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else { break };
        let hole = &rest[open + 1..open + close];
        out.push_str(&rest[..open + 1]);
        out.push_str(&replaced(hole.trim()).unwrap_or_else(|| hole.to_string()));
        out.push('}');
        rest = &rest[open + close + 1..];
    }
    out.push_str(rest);
    out
}

/// The row of a single word that stands anywhere: a role.
fn role(index: &'static Index, word: &str) -> Option<&'static Word> {
    let anywhere = |row: &Word| row.of.is_empty() && row.after.is_empty() && row.before.is_empty();
    let rows = index.get(&*normal(word))?;
    rows.iter().find(|(words, row)| words.len() == 1 && anywhere(row)).map(|(_, row)| *row)
}

/// Whether a word stands for one of the language wherever it stands, so that nothing may be named so.
pub(crate) fn is_word(language: Language, name: &str) -> bool {
    language == Language::Ukrainian && role(&UKRAINIAN.written[Part::Value as usize], name).is_some()
}

fn role_in_english(word: &str) -> Option<String> {
    role(&UKRAINIAN.written[Part::Value as usize], word)
        .filter(|row| !row.english.contains(' '))
        .map(|row| row.english.to_string())
}

/// A role as a language says it, where it is one of the language's own.
pub(crate) fn role_in(language: Language, role: &str) -> Option<String> {
    if language == Language::Ukrainian { role_in_ukrainian(role) } else { None }
}

fn role_in_ukrainian(word: &str) -> Option<String> {
    role(&UKRAINIAN.english[Part::Value as usize], word)
        .filter(|row| !row.forms[0].contains(' '))
        .map(|row| row.forms[0].to_string())
}

// ---- English to another language ------------------------------------------------------------------------------------

/// Fields in which a length of time stands in the genitive.
const GENITIVE: &[&str] = &["within", "gap", "silence", "decides"];

/// One piece of a value in the words of another language: how many pieces it stands for, and what is written.
pub(crate) enum Turned {
    /// Words for words.
    Words(usize, String),
    /// As it stands.
    Same,
}

/// What the tokens of an English value are in another language, one after the other.
pub(crate) fn turned(to: Language, pieces: &[Piece], within: Within) -> Vec<Turned> {
    let (part, field) = match within {
        Within::Head => (Part::Head, ""),
        Within::Field(field) => (Part::Value, field),
    };
    let mut out = Vec::new();
    let mut last = START;
    let mut at = 0;
    while at < pieces.len() {
        let piece = pieces[at];
        let found = match to {
            Language::English => None,
            Language::Ukrainian => {
                row_at(&UKRAINIAN.english[part as usize], &pieces[at..], &Place { field, last })
            }
        };
        let Some((row, used)) = found else {
            out.push(match piece.kind {
                SyntaxKind::String if field == "says" && to == Language::Ukrainian => {
                    Turned::Words(1, holes(piece.text, role_in_ukrainian))
                }
                _ => Turned::Same,
            });
            last = if piece.kind == SyntaxKind::Number { NUMBER } else { piece.text };
            at += 1;
            continue;
        };
        let number = at.checked_sub(1).map_or("", |before| pieces[before].text);
        out.push(Turned::Words(used, form(row, number, field).to_string()));
        last = row.english.rsplit(' ').next().unwrap_or(row.english);
        at += used;
    }
    out
}

/// The form of a unit that goes with its number; of any other word the first.
fn form(row: &'static Word, number: &str, field: &str) -> &'static str {
    let unit = row.after.contains(&NUMBER) && row.forms.len() > 1;
    let genitive = GENITIVE.contains(&field);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let teen = digits.len() > 1 && digits.as_bytes()[digits.len() - 2] == b'1';
    let is_whole = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b',' || b == b'_');
    let index = match digits.bytes().last() {
        _ if !unit || !is_whole => 0,
        // `день` and `дня`; where the genitive of one is the nominative of a few, it stays the nominative.
        Some(_) if !row.english.ends_with('s') && row.english != "percent" => {
            usize::from(genitive && matches!(row.english, "day" | "working day" | "week" | "month" | "year"))
        }
        Some(b'1') if row.english == "percent" && !teen => 2,
        Some(b'2'..=b'4') if !teen && !genitive => 1,
        _ => 0,
    };
    row.forms[index.min(row.forms.len() - 1)]
}

/// What is offered in the value of a field behind an English word, in a language; `None` where it is no word of the language.
pub(crate) fn offered(to: Language, field: &str, last: &str, english: &str) -> Option<String> {
    let words: Vec<Piece> = english.split(' ').map(|text| Piece { kind: SyntaxKind::Word, text }).collect();
    let index = match to {
        Language::English => return None,
        Language::Ukrainian => &UKRAINIAN.english[Part::Value as usize],
    };
    let mut said = Vec::new();
    let mut at = 0;
    let mut last = if last.is_empty() { START } else { last };
    while at < words.len() {
        let found = row_at(index, &words[at..], &Place { field, last });
        let (row, used) = found.or_else(|| row_at(index, &words[at..], &Place { field: ANYWHERE, last }))?;
        said.push(row.forms[0]);
        at += used;
        last = row.english.rsplit(' ').next().unwrap_or(row.english);
    }
    Some(said.join(" "))
}

/// English rule words (`must do ACT`, `seen by`, a whole line of a repair) in another language. What is no word of the language stays,
/// blanks and line ends too.
pub fn phrase(to: Language, english: &str) -> String {
    if to == Language::English {
        return english.to_string();
    }
    english.split_inclusive('\n').map(|line| phrase_line(to, line)).collect()
}

fn phrase_line(to: Language, line: &str) -> String {
    let tokens = lexer::tokens(line);
    let solid: Vec<usize> = (0..tokens.len()).filter(|n| !tokens[*n].0.is_trivia()).collect();
    let pieces: Vec<Piece> = solid.iter().map(|n| Piece { kind: tokens[*n].0, text: tokens[*n].1 }).collect();
    let words: Vec<&str> = pieces.iter().take_while(|p| p.kind == SyntaxKind::Word).map(|p| p.text).collect();
    let mut head: Vec<(usize, String)> = Vec::new();
    let mut rest = Within::Field(ANYWHERE);
    if let Some(keyword) =
        words.first().filter(|_| words.len() == pieces.len()).and_then(|w| Keyword::parse(w))
        && words.len() <= 2
        && !(words.len() == 1 && ALL_FIELD_WORDS.contains(&words[0]) && line.starts_with(' '))
    {
        head.push((1, to.declaration(keyword).to_string()));
        rest = Within::Head;
    } else if let Some((field, used)) = field_of(Language::English, &words) {
        head.push((used, to.field(field).to_string()));
        rest = Within::Field(field);
    }
    let done = head.first().map_or(0, |(used, _)| *used);
    let mut out = String::new();
    let mut at = 0;
    let mut put = |used: usize, text: Option<String>, at: &mut usize| {
        let first = solid[*at];
        let last = solid[*at + used - 1];
        let before = if *at == 0 { 0 } else { solid[*at - 1] + 1 };
        out.extend(tokens[before..first].iter().map(|(_, text)| *text));
        match text {
            Some(text) => out.push_str(&text),
            None => out.extend(tokens[first..=last].iter().map(|(_, text)| *text)),
        }
        *at += used;
    };
    for (used, text) in head {
        put(used, Some(text), &mut at);
    }
    for turned in turned(to, &pieces[done..], rest) {
        match turned {
            Turned::Words(used, text) => put(used, Some(text), &mut at),
            Turned::Same => put(1, None, &mut at),
        }
    }
    let tail = solid.last().map_or(0, |last| last + 1);
    out.extend(tokens[tail..].iter().map(|(_, text)| *text));
    out
}

// ---- diagnostics ----------------------------------------------------------------------------------------------------

/// Turns what diagnostics quote of the language into the words of the fence that they speak of.
pub(crate) fn in_the_words_of(text: &str, fences: &[crate::document::Fence], diagnostics: &mut [Diagnostic]) {
    if fences.iter().all(|fence| fence.language == Language::English) {
        return;
    }
    for diagnostic in diagnostics {
        let at = diagnostic.span.start;
        let fence = fences.iter().find(|f| f.content.start <= at && at <= f.content.end).or(fences.first());
        let language = fence.map_or(Language::English, |fence| fence.language);
        if language == Language::English {
            continue;
        }
        let source = text.get(diagnostic.span.clone()).unwrap_or_default();
        let said = |message: &str| in_backticks(message, |quoted| said(language, source, quoted));
        diagnostic.message = said(&diagnostic.message);
        diagnostic.help = diagnostic.help.as_deref().map(said);
        for (_, label) in &mut diagnostic.labels {
            *label = said(label);
        }
        if let Some(fix) = &mut diagnostic.fix {
            fix.title = said(&fix.title);
            fix.replacement = said_or_phrase(language, source, &fix.replacement);
        }
    }
}

/// What a writer wrote stays; what the language says is said in theirs.
fn said(language: Language, source: &str, quoted: &str) -> String {
    if quoted == source || source.contains(quoted) && !quoted.is_ascii() {
        return quoted.to_string();
    }
    let tokens = |text: &str| {
        let mut at = 0;
        let tokens = lexer::tokens(text).into_iter().map(|(kind, text)| {
            at += text.len();
            Token { kind, text: text.to_string(), span: at - text.len()..at }
        });
        let solid: Vec<Token> = tokens.filter(|t| !t.kind.is_trivia()).collect();
        canonical(language, solid, Within::Field(ANYWHERE)).into_iter().map(|t| t.text).collect::<Vec<_>>()
    };
    if !source.is_ascii() && source.len() < 400 && tokens(source) == tokens(quoted) {
        return crate::document::folded(source);
    }
    phrase(language, quoted)
}

fn said_or_phrase(language: Language, source: &str, replacement: &str) -> String {
    if replacement.is_empty() || source == replacement {
        replacement.to_string()
    } else {
        phrase(language, replacement)
    }
}

fn in_backticks(message: &str, turn: impl Fn(&str) -> String) -> String {
    let parts: Vec<&str> = message.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return message.to_string();
    }
    let turned =
        parts.iter().enumerate().map(|(n, part)| if n % 2 == 1 { turn(part) } else { part.to_string() });
    turned.collect::<Vec<_>>().join("`")
}

/// A line's words that are of another language than its fence's, for the help of a diagnostic.
pub(crate) fn of_another_language(
    language: Language,
    written: &str,
    field: bool,
) -> Option<(Language, &'static str)> {
    Language::ALL.into_iter().filter(|other| *other != language).find_map(|other| {
        let own = match field {
            false => language.declaration(declaration_of(other, written)?),
            true => {
                let words: Vec<&str> = written.split_whitespace().collect();
                language.field(field_of(other, &words)?.0)
            }
        };
        Some((other, own))
    })
}

#[cfg(test)]
mod tests;
