//! What may be written at a place: declaration words, field words of the declaration, the fixed words of a field, and names of the
//! kind that is needed there.
//!
//! It offers what the text declares and what the language knows. It does not rank by guess: the order is that of the language's
//! description, then that of the names.
//!
//! Invariants
//! - what is replaced is the word that is being written, and nothing right of the cursor;
//! - outside of fences nothing is offered.

use super::{Sheet, touches};
use crate::ast::{self, Decl, Span};
use crate::lexer;
use crate::parser::vocabulary::{self, Keyword, Shape};
use crate::surface::{self, Within};
use crate::syntax::SyntaxKind;
use servanda_model::{Grade, Name};

/// What kind of thing is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// A word that begins a declaration.
    Declaration,
    /// A word that begins a field.
    Field,
    /// A fixed word of the language.
    Word,
    /// A name that the text declares.
    Name,
    /// Words of the clause.
    Quote,
}

/// Something that may be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// What is written.
    pub text: String,
    /// What it is: `duty`, `role of fire`.
    pub detail: String,
    /// What kind of thing it is.
    pub sort: Sort,
    /// What it takes the place of.
    pub replaces: Span,
}

/// A token of the line, without its place.
type Token<'t> = (SyntaxKind, &'t str);

impl Sheet<'_> {
    /// What may be written at an offset.
    pub fn complete(&self, offset: usize) -> Vec<Completion> {
        if !self.text.is_char_boundary(offset) {
            return Vec::new();
        }
        let Some(fence) = self.checked.parse.document.fences.iter().find(|f| touches(&f.content, offset))
        else {
            return Vec::new();
        };
        let line_start = self.text[..offset].rfind('\n').map_or(0, |n| n + 1);
        if line_start < fence.content.start {
            return Vec::new();
        }
        let line = &self.text[line_start..offset];
        let in_word = |c: char| {
            c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '\'' | '’' | 'ʼ' | '\u{300}'..='\u{36f}')
        };
        let word_start = line_start + line.trim_end_matches(in_word).len();
        let mut offer = Offer { replaces: word_start..offset, out: Vec::new() };
        let before = &self.text[line_start..word_start];
        let indent = line.len() - line.trim_start().len();
        if before.trim().is_empty() && indent <= fence.indent {
            let words = Keyword::ALL.map(|keyword| fence.language.declaration(keyword));
            offer.all(Sort::Declaration, "declaration", words);
            return offer.out;
        }
        let Some(decl) = self.decl_at(line_start.max(fence.content.start)).or_else(|| self.decl_at(offset))
        else {
            return offer.out;
        };
        let Some(rule) = self.field_before(decl, line_start, word_start) else {
            self.field_words(decl, line_start, offset, indent, &mut offer);
            for completion in offer.out.iter_mut().filter(|c| c.sort == Sort::Field) {
                if let Some(word) = vocabulary::ALL_FIELD_WORDS.into_iter().find(|w| *w == completion.text) {
                    completion.text = fence.language.field(word).to_string();
                }
            }
            return offer.out;
        };
        let (rule, value) = rule;
        let written: Vec<ast::Token> = lexer::tokens(value)
            .into_iter()
            .filter(|(kind, _)| !kind.is_trivia())
            .map(|(kind, text)| ast::Token { kind, text: text.to_string(), span: 0..0 })
            .collect();
        let written = surface::canonical(fence.language, written, Within::Field(rule.word));
        let tokens: Vec<Token> = written.iter().map(|token| (token.kind, token.text.as_str())).collect();
        self.value(decl, rule, &tokens, &mut offer);
        for completion in offer.out.iter_mut().filter(|c| matches!(c.sort, Sort::Word | Sort::Name)) {
            let last = tokens.last().map_or("", |(_, text)| *text);
            if let Some(said) = surface::offered(fence.language, rule.word, last, &completion.text) {
                completion.text = said;
            }
        }
        offer.out
    }

    /// The field that a place stands in, and its value as far as it is written before the word at the place; `None` where a field
    /// begins there.
    fn field_before(
        &self,
        decl: &Decl,
        line_start: usize,
        word_start: usize,
    ) -> Option<(&'static vocabulary::FieldRule, &str)> {
        let mut start = line_start;
        loop {
            let end = self.text[start..].find('\n').map_or(self.text.len(), |n| start + n);
            let line = self.text.get(start..end.min(word_start).max(start))?;
            let body = line.trim_start();
            let at = start + line.len() - body.len();
            let words: Vec<&str> = body.split_whitespace().take(4).collect();
            let found = surface::field_of(decl.language, &words);
            let own = found.and_then(|(word, _)| vocabulary::field(decl.keyword, word));
            let beyond_the_column =
                at - start > decl.language.value_column() - 2 && start == line_start && body.is_empty();
            if let Some(rule) = own.filter(|_| at > start) {
                let mut value = at;
                for part in &words[..found.map_or(0, |(_, count)| count)] {
                    value += self.text.get(value..)?.find(part)? + part.len();
                }
                return (value < word_start)
                    .then(|| (rule, self.text.get(value..word_start).unwrap_or_default()));
            }
            // An empty line of no great indent begins a field; a deep one continues the field above it. What is written no deeper
            // than the other fields begins one too.
            let as_deep_as_fields = at - start <= self.indent_of_fields(decl);
            if start == line_start && (as_deep_as_fields || body.is_empty() && !beyond_the_column) {
                return None;
            }
            if start <= decl.keyword_span.start {
                return None;
            }
            start = self.text[..start - 1].rfind('\n').map_or(0, |n| n + 1);
        }
    }

    fn indent_of_fields(&self, decl: &Decl) -> usize {
        decl.fields.first().map_or(2, |field| {
            let before = self.text.get(..field.span.start).unwrap_or_default();
            before.len() - before.rfind('\n').map_or(0, |n| n + 1)
        })
    }

    fn field_words(&self, decl: &Decl, line_start: usize, offset: usize, indent: usize, offer: &mut Offer) {
        if indent == 0 {
            return;
        }
        // The whole of the line before the cursor may be the first of two words: `owed t`.
        let line = &self.text[line_start..offset];
        let body = line.trim_start();
        let written = body.split_whitespace().collect::<Vec<_>>().join(" ");
        let first = written.split(' ').next().unwrap_or_default();
        let known = surface::field_words(decl.language)
            .iter()
            .any(|w| w.split_once(' ').is_some_and(|(a, _)| a == surface::normal(first)));
        if written.contains(' ') && !known {
            return;
        }
        offer.replaces = line_start + (line.len() - body.len())..offset;
        let taken =
            |word: &str| decl.fields.iter().any(|f| f.word == word && f.span.start != offer.replaces.start);
        let free = vocabulary::fields(decl.keyword).filter(|rule| rule.many || !taken(rule.word));
        let free: Vec<&'static str> = free.map(|rule| rule.word).collect();
        offer.all(Sort::Field, "field", free);
    }

    fn value(&self, decl: &Decl, rule: &vocabulary::FieldRule, tokens: &[Token], offer: &mut Offer) {
        let words: Vec<&str> = tokens.iter().map(|(_, text)| *text).collect();
        let last = words.last().copied();
        match rule.shape {
            Shape::Flag
            | Shape::Row
            | Shape::AtMost
            | Shape::AtLeast
            | Shape::Span
            | Shape::Evidence
            | Shape::Gap => {}
            Shape::Words => {
                if let ("force", [.., "subject", "to"]) = (rule.word, &words[..]) {
                    self.things(&[Keyword::Event], offer);
                } else if words.is_empty() {
                    offer.all(Sort::Word, rule.word, fixed_words(decl.keyword, rule.word));
                }
            }
            Shape::Texts => self.quotes(decl, rule, tokens, offer),
            Shape::Names => match rule.word {
                "on breach" => self.norms(&[Keyword::Remedy], offer),
                "compare" => self.things(&[Keyword::Reading], offer),
                "fact" => self.things(&[Keyword::Event], offer),
                _ => self.actors(offer),
            },
            Shape::Who => {
                if words.is_empty() {
                    let whole = if rule.word == "bearer" { "each of" } else { "every other of" };
                    offer.all(Sort::Word, "who", [whole, "unstated"]);
                    if rule.word == "owed to" {
                        offer.all(Sort::Word, "who", ["each of"]);
                    } else if decl.keyword == Keyword::Remedy {
                        offer.all(Sort::Word, "who", ["breaching party"]);
                    }
                }
                self.actors(offer);
            }
            Shape::Members | Shape::Sides => self.actors(offer),
            Shape::Mark => {
                if words.ends_with(&["restricted", "to"]) || last == Some(",") {
                    self.actors(offer);
                } else if words.is_empty() {
                    offer.all(Sort::Word, "marking", ["TLP:GREEN", "TLP:AMBER", "TLP:RED", "restricted to"]);
                }
            }
            Shape::Params => {
                if last == Some(":") {
                    offer.all(
                        Sort::Word,
                        "what fills the role",
                        ["party", "body", "place", "number", "text", "time"],
                    );
                    offer.names("class", self.names.classes());
                }
            }
            Shape::Can => match last {
                None => offer.all(
                    Sort::Word,
                    "what the act does",
                    ["start", "suspend", "resume", "waive", "extend by", "object to", "end"],
                ),
                Some(_) => {
                    offer.all(Sort::Word, "norms", ["every duty of bearer", "every norm"]);
                    self.norms(&[], offer);
                }
            },
            Shape::Rule => match last {
                None | Some("over") => self.norms(&[], offer),
                Some(_) => offer.all(Sort::Word, "priority", ["over"]),
            },
            Shape::Calendar => {
                if last.is_none() || last == Some(";") {
                    offer.all(Sort::Word, "calendar", ["working days", "holidays", "deadlines on days off"]);
                }
            }
            Shape::Content if words.is_empty() => {
                let ban = rule.word == "must not";
                let verbs: &[&'static str] = if ban { &["do", "keep"] } else { &["do", "ensure", "keep"] };
                offer.all(Sort::Word, "verb", verbs.iter().copied());
            }
            Shape::ZoneShape | Shape::ClassValue | Shape::Decides | Shape::Option if words.is_empty() => {
                let first: &[&'static str] = match rule.shape {
                    Shape::ZoneShape => &["strip along", "union of", "within"],
                    Shape::Decides => {
                        &["by two thirds of members", "by majority of members", "by all members"]
                    }
                    _ => &[],
                };
                offer.all(Sort::Word, rule.word, first.iter().copied());
                if rule.shape == Shape::ZoneShape {
                    offer.names("zone", self.names.zones());
                }
            }
            _ => self.expression(rule, tokens, offer),
        }
    }

    /// What may stand behind these tokens of a condition, a value or a moment.
    fn expression(&self, rule: &vocabulary::FieldRule, tokens: &[Token], offer: &mut Offer) {
        let last = tokens.last().map(|(_, text)| *text);
        // The fact whose roles follow: the last one that was named.
        let fact = tokens.iter().rev().find_map(|(kind, text)| {
            let name = Name::from(*text);
            (*kind == SyntaxKind::Word && !self.names.roles(&name).is_empty()).then_some(name)
        });
        let role_of = |role: &str| {
            let roles = fact.as_ref().map(|f| self.names.roles(f)).unwrap_or_default();
            roles.iter().find(|(name, _)| *name == role).map(|(_, kind)| kind.clone())
        };
        if let Some("inside" | "outside") = last {
            offer.names("zone", self.names.zones());
            return;
        }
        let compared = match tokens {
            [.., (_, role), (SyntaxKind::Eq | SyntaxKind::Ne, _)] => role_of(role),
            _ => last.and_then(role_of),
        };
        if let Some(kind) = compared {
            match kind.as_str() {
                "party" | "group" | "body" => {
                    offer.all(Sort::Word, "party of the norm", ["bearer", "beneficiary"]);
                    self.actors(offer);
                }
                "place" | "zone" => offer.names("zone", self.names.zones()),
                "text" | "time" | "number" => {}
                class => {
                    let class = Name::from(class);
                    offer.names(&format!("value of {class}"), self.names.values(&class));
                }
            }
            return;
        }
        if let Some("by" | "of" | ",") = last {
            self.actors(offer);
        }
        let named = last.map(Name::from);
        if let Some(name) = &named {
            if self.names.norms().any(|(norm, _)| norm == name) || self.names.rows().any(|row| row == name) {
                offer.all(Sort::Word, "what happens to it", ["fulfilled", "breached", "due"]);
                return;
            }
            if let Some((_, keyword)) = self.names.things().find(|(thing, _)| *thing == name) {
                let lasting: &[&'static str] = match keyword {
                    Keyword::Term | Keyword::Open => &["begins", "ends", "holds", "found"],
                    Keyword::State | Keyword::Object => &["begins", "ends", "holds"],
                    _ => &[],
                };
                offer.all(Sort::Word, "what happens to it", lasting.iter().copied());
            }
        }
        let behind_a_value = tokens.last().is_some_and(|(kind, text)| {
            matches!(
                kind,
                SyntaxKind::Word | SyntaxKind::String | SyntaxKind::CloseParen | SyntaxKind::Number
            ) && !CONNECTS.contains(text)
        });
        if behind_a_value {
            if let Some(fact) = &fact {
                let start = tokens.iter().rposition(|(_, text)| *text == fact.as_str()).unwrap_or(0);
                let used = |role: &Name| tokens[start..].iter().any(|(_, text)| *text == role.as_str());
                let free = self.names.roles(fact).iter().map(|(role, _)| role).filter(|role| !used(role));
                offer.names(&format!("role of {fact}"), free);
                offer.all(Sort::Word, "condition on its roles", ["where"]);
            }
            return;
        }
        let within_filter = tokens.iter().any(|(_, text)| *text == "where");
        if let Some(fact) = fact.as_ref().filter(|_| within_filter) {
            offer.names(&format!("role of {fact}"), self.names.roles(fact).iter().map(|(role, _)| role));
        }
        self.things(&[], offer);
        if matches!(rule.shape, Shape::Expr | Shape::Content) {
            offer.all(Sort::Word, "condition", ["no", "any", "count of"]);
        }
        if matches!(rule.shape, Shape::Moment | Shape::Within | Shape::Every | Shape::NoLater | Shape::Item) {
            offer.all(Sort::Word, "moment", ["in-force", "signed", "trigger"]);
        }
        self.norms(&[], offer);
    }

    /// The sentences of the clause that no rule quotes yet, then the others.
    fn quotes(&self, decl: &Decl, rule: &vocabulary::FieldRule, tokens: &[Token], offer: &mut Offer) {
        if rule.word != "per" {
            return;
        }
        let opened = match tokens.last() {
            None => false,
            Some((SyntaxKind::OpenString, _)) => true,
            Some(_) => return,
        };
        let Some(clause) = decl.clause.and_then(|c| self.checked.parse.document.clauses.get(c)) else {
            return;
        };
        for sentence in clause.words.split_inclusive(['.', ';']) {
            let sentence = sentence.trim().trim_end_matches(['.', ';']);
            if sentence.chars().filter(|c| c.is_alphabetic()).count() < 4 {
                continue;
            }
            let quoted = sentence.replace('"', "\\\"");
            let text = if opened { format!("{quoted}\"") } else { format!("\"{quoted}\"") };
            offer.push(text, "words of the clause", Sort::Quote);
        }
    }

    fn actors(&self, offer: &mut Offer) {
        offer.names("party, group or body", self.names.actors());
    }

    fn things(&self, only: &[Keyword], offer: &mut Offer) {
        for (name, keyword) in self.names.things().filter(|(_, k)| only.is_empty() || only.contains(k)) {
            offer.push(name.to_string(), keyword.word(), Sort::Name);
        }
    }

    fn norms(&self, only: &[Keyword], offer: &mut Offer) {
        for (name, keyword) in self.names.norms().filter(|(_, k)| only.is_empty() || only.contains(k)) {
            offer.push(name.to_string(), keyword.word(), Sort::Name);
        }
        if only.is_empty() {
            offer.names("row", self.names.rows());
        }
    }
}

/// Words behind which a value or a name is needed.
const CONNECTS: [&str; 16] = [
    "and", "or", "not", "no", "any", "of", "after", "before", "from", "do", "ensure", "keep", "where",
    "with", "since", "than",
];

/// The fixed words that a field takes.
fn fixed_words(keyword: Keyword, field: &str) -> Vec<&'static str> {
    match field {
        "status" => vec!["binding", "political", "mixed"],
        "counting" => vec!["event day excluded", "event day included"],
        "months" => vec!["round down", "round up"],
        "notices count" => vec!["when sent", "when received"],
        "standard" => Grade::CHAIN.map(|g| g.word()).to_vec(),
        "force" => vec!["binding", "political", "best efforts", "where possible", "subject to"],
        "absence" => vec!["register", "coverage"],
        "is" => vec!["notice"],
        "clock" => vec!["runs", "stops"],
        "effect" if keyword == Keyword::Remedy => {
            vec![
                "adds to the breached duty",
                "replaces the breached duty",
                "adds to the breached ban",
                "replaces the breached ban",
            ]
        }
        _ => Vec::new(),
    }
}

struct Offer {
    replaces: Span,
    out: Vec<Completion>,
}

impl Offer {
    fn push(&mut self, text: String, detail: &str, sort: Sort) {
        if !self.out.iter().any(|c| c.text == text) {
            self.out.push(Completion {
                text,
                detail: detail.to_string(),
                sort,
                replaces: self.replaces.clone(),
            });
        }
    }

    fn all(&mut self, sort: Sort, detail: &str, words: impl IntoIterator<Item = &'static str>) {
        words.into_iter().for_each(|word| self.push(word.to_string(), detail, sort));
    }

    fn names<'n>(&mut self, detail: &str, names: impl IntoIterator<Item = &'n Name>) {
        names.into_iter().for_each(|name| self.push(name.to_string(), detail, Sort::Name));
    }
}
