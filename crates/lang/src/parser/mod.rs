//! Text to trees: one lossless tree per fence, and what is wrong with their structure.
//!
//! The structure is read line by line: a word in column 1 begins a declaration, an indented field word begins a field, a
//! line indented deeper than its field continues it. Values are read later, by `expression` and `field`, from the
//! tokens of the tree.
//!
//! Invariants
//! - every byte of a fence is in its tree;
//! - a line that is neither ends up in a node of kind [`Error`](SyntaxKind::Error), and never in a declaration above
//!   from which a blank line or a smaller indentation parts it.

pub(crate) mod expression;
pub(crate) mod field;
pub mod vocabulary;

use crate::diagnostic::Diagnostic;
use crate::document::{self, Document};
use crate::lexer::{self, Token};
use crate::lower::names::closest;
use crate::surface::{self, Language};
use crate::syntax::{Pact, SyntaxKind, SyntaxNode};
use rowan::{GreenNode, GreenNodeBuilder, Language as _};
use std::ops::Range;
use vocabulary::Keyword;

/// A parsed file.
#[derive(Clone, Debug)]
pub struct Parse {
    /// Its Markdown skeleton.
    pub document: Document,
    /// One tree for each fence of the document, in the same order.
    pub trees: Vec<Tree>,
    /// What is wrong with the structure, in order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// The tree of one fence.
#[derive(Clone, Debug)]
pub struct Tree {
    green: GreenNode,
    /// Where the fence's content begins in the file: ranges in the tree count from here.
    pub offset: usize,
    /// The clause that the fence stands under, by index.
    pub clause: Option<usize>,
    /// The language of its words.
    pub language: Language,
}

impl Tree {
    /// The node of kind [`Fence`](SyntaxKind::Fence).
    pub fn root(&self) -> SyntaxNode {
        SyntaxNode::new_root(self.green.clone())
    }

    /// The place in the file of a range of the tree.
    pub fn in_file(&self, range: rowan::TextRange) -> Range<usize> {
        self.offset + usize::from(range.start())..self.offset + usize::from(range.end())
    }
}

/// Reads a file. Never fails: what could not be read is in nodes of kind [`Error`](SyntaxKind::Error).
pub fn parse(text: &str) -> Parse {
    let (document, mut diagnostics) = document::document(text);
    let trees = document
        .fences
        .iter()
        .map(|fence| {
            let mut structure = Structure::new(fence.content.start, fence.indent, fence.language);
            structure.read(&text[fence.content.clone()]);
            diagnostics.append(&mut structure.diagnostics);
            Tree {
                green: structure.builder.finish(),
                offset: fence.content.start,
                clause: fence.clause,
                language: fence.language,
            }
        })
        .collect();
    diagnostics.sort_by_key(|d| (d.span.start, d.span.end));
    Parse { document, trees, diagnostics }
}

/// What is open while lines are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Open {
    Nothing,
    /// A declaration, or an error in a declaration's place, after its head line.
    Head,
    /// A field of it.
    Field {
        indent: usize,
        /// Column of its value.
        column: usize,
    },
}

struct Structure<'t> {
    builder: GreenNodeBuilder<'static>,
    diagnostics: Vec<Diagnostic>,
    offset: usize,
    indent: usize,
    language: Language,
    open: Open,
    /// Whether what is open is a declaration with a known word.
    known: bool,
    /// Blank and comment lines not yet placed.
    pending: Vec<Token<'t>>,
    blank_before: bool,
}

/// A line's tokens without those that blank it, and where it begins.
struct Line<'t> {
    tokens: Vec<Token<'t>>,
    start: usize,
}

impl<'t> Line<'t> {
    fn indent(&self) -> usize {
        match self.tokens.first() {
            Some((SyntaxKind::Whitespace, text)) => text.chars().map(|c| if c == '\t' { 4 } else { 1 }).sum(),
            _ => 0,
        }
    }

    fn solid(&self) -> impl Iterator<Item = (usize, Token<'t>)> {
        let mut at = self.start;
        self.tokens
            .iter()
            .map(move |token| {
                let start = at;
                at += token.1.len();
                (start, *token)
            })
            .filter(|(_, token)| !token.0.is_trivia())
    }

    fn span(&self) -> Range<usize> {
        let start = self.solid().next().map_or(self.start, |(at, _)| at);
        let end = self.solid().last().map_or(start, |(at, token)| at + token.1.len());
        start..end
    }
}

impl<'t> Structure<'t> {
    fn new(offset: usize, indent: usize, language: Language) -> Structure<'t> {
        let mut builder = GreenNodeBuilder::new();
        builder.start_node(Pact::kind_to_raw(SyntaxKind::Fence));
        Structure {
            builder,
            diagnostics: Vec::new(),
            offset,
            indent,
            language,
            open: Open::Nothing,
            known: false,
            pending: Vec::new(),
            blank_before: false,
        }
    }

    fn read(&mut self, text: &'t str) {
        let mut line = Line { tokens: Vec::new(), start: self.offset };
        let mut at = self.offset;
        for token in lexer::tokens(text) {
            line.tokens.push(token);
            at += token.1.len();
            if token.0 == SyntaxKind::Newline {
                self.line(std::mem::replace(&mut line, Line { tokens: Vec::new(), start: at }));
            }
        }
        if !line.tokens.is_empty() {
            self.line(line);
        }
        self.close_declaration();
        self.flush();
        self.builder.finish_node();
    }

    fn line(&mut self, line: Line<'t>) {
        let Some((_, (kind, first))) = line.solid().next() else {
            self.blank_before |= line.tokens.iter().all(|t| t.0 != SyntaxKind::Comment);
            self.pending.extend(line.tokens);
            return;
        };
        self.tokens_that_are_wrong(&line);
        let words: Vec<&str> = line
            .solid()
            .map(|(_, token)| token)
            .take_while(|token| token.0 == SyntaxKind::Word)
            .take(4)
            .map(|token| token.1)
            .collect();
        let word = surface::field_of(self.language, &words);
        let indent = line.indent();
        let in_column_1 = indent <= self.indent;
        if in_column_1 {
            match surface::declaration_of(self.language, first).filter(|_| kind == SyntaxKind::Word) {
                Some(_) => self.declaration(line),
                None => {
                    let field = word.map(|(_, count)| words[..count].join(" "));
                    self.not_a_declaration(line, first, field.as_deref());
                }
            }
            self.blank_before = false;
            return;
        }
        let blank_before = std::mem::replace(&mut self.blank_before, false);
        // One blank is what a lost declaration word leaves before the name, and a name may be a field word.
        let word = word.filter(|_| indent >= self.indent + 2);
        match (self.open, word) {
            (Open::Nothing, _) => self.stray(line),
            (Open::Field { column, .. }, Some(_)) if indent >= column && !blank_before => {
                self.continuation(line)
            }
            (_, Some((_, words))) => self.field(line, words),
            (_, None) if blank_before => {
                self.close_declaration();
                self.stray(line);
            }
            (Open::Field { indent: of_field, .. }, None) if indent > of_field => self.continuation(line),
            (Open::Field { indent: of_field, .. }, None) if indent == of_field => self.no_field(line, first),
            (Open::Field { .. }, None) => {
                self.close_declaration();
                self.stray(line);
            }
            (Open::Head, None)
                if kind == SyntaxKind::Word && line.solid().count() > 1 && indent >= self.indent + 2 =>
            {
                self.no_field(line, first);
            }
            (Open::Head, None) => {
                self.close_declaration();
                self.stray(line);
            }
        }
    }

    fn tokens_that_are_wrong(&mut self, line: &Line<'t>) {
        for (at, (kind, text)) in line.solid() {
            match kind {
                SyntaxKind::OpenString => self.diagnostics.push(
                    Diagnostic::error("P0103", at..at + text.len(), "this text in quotation marks does not end").help(
                        "write `\"` at its end; it may run over several lines if they are indented, but not over a \
                         blank line",
                    ),
                ),
                SyntaxKind::Unknown => {
                    let wrong = Diagnostic::error("P0104", at..at + text.len(), format!("`{text}` has no meaning here"));
                    self.diagnostics.push(match text {
                        "“" | "”" | "„" | "«" | "»" | "'" | "‘" | "’" => wrong
                            .help("texts are written in straight quotation marks")
                            .fix(at..at + text.len(), "\"", "write a straight quotation mark"),
                        _ => wrong.help("a text that is to be quoted stands in `\"…\"`, a remark after `#`"),
                    });
                }
                _ => {}
            }
        }
    }

    fn declaration(&mut self, line: Line<'t>) {
        self.close_declaration();
        self.flush();
        self.start(SyntaxKind::Decl);
        self.head(line);
        self.known = true;
    }

    fn head(&mut self, line: Line<'t>) {
        self.start(SyntaxKind::Head);
        self.tokens(line.tokens);
        self.builder.finish_node();
        self.open = Open::Head;
    }

    /// A line in column 1 that begins with no declaration word: an error in a declaration's place. It takes the fields
    /// that follow, so that they damage nothing else.
    fn not_a_declaration(&mut self, line: Line<'t>, first: &str, field: Option<&str>) {
        let first_span = line.solid().next().map_or(line.start..line.start, |(at, t)| at..at + t.1.len());
        let was_open = self.open != Open::Nothing;
        self.close_declaration();
        self.flush();
        let wrong = match field {
            Some(field) if was_open => Diagnostic::error(
                "P0105",
                first_span.clone(),
                format!("`{field}` is a field: it stands indented under its declaration"),
            )
            .help("indent it by two blanks; what follows in column 1 ends the declaration above")
            .fix(first_span.start..first_span.start, "  ", "indent the line"),
            _ => {
                let wrong = Diagnostic::error(
                    "P0106",
                    first_span.clone(),
                    format!("`{}` begins no declaration", shown(first)),
                );
                let words = Keyword::ALL.map(|keyword| self.language.declaration(keyword));
                let list = format!(
                    "a line in column 1 begins with one of: {}; fields are indented",
                    words.join(", ")
                );
                self.meant(wrong, first, first_span, false, &list)
            }
        };
        self.diagnostics.push(wrong);
        self.start(SyntaxKind::Error);
        self.head(line);
        self.known = false;
    }

    /// The diagnostic with the word that was probably meant and its repair; where there is none, with this help.
    fn meant(
        &self,
        wrong: Diagnostic,
        written: &str,
        span: Range<usize>,
        field: bool,
        else_help: &str,
    ) -> Diagnostic {
        let own = match field {
            true => surface::field_words(self.language),
            false => surface::declaration_words(self.language),
        };
        if let Some((other, own)) = surface::of_another_language(self.language, written, field) {
            let help = format!(
                "it is {} for `{own}`; the words of this fence are {}: its first line says so (`{}`)",
                other.name(),
                self.language.name(),
                self.language.mark()
            );
            return wrong.help(help).fix(span, own, format!("write `{own}`"));
        }
        if let Some(word) = surface::mixed(written).filter(|meant| own.contains(&&*surface::normal(meant))) {
            let help = format!(
                "it is written with Latin and Cyrillic letters that look the same; write `{word}` with those of one alphabet"
            );
            return wrong.help(help).fix(span, word.clone(), format!("write `{word}` in one alphabet"));
        }
        match closest(written, own.into_iter()) {
            Some(word) => {
                wrong.help(format!("did you mean `{word}`?")).fix(span, word, format!("write `{word}`"))
            }
            None => wrong.help(else_help),
        }
    }

    /// An indented line that belongs to nothing.
    fn stray(&mut self, line: Line<'t>) {
        self.flush();
        self.diagnostics.push(
            Diagnostic::error("P0107", line.span(), "this line belongs to no declaration").help(
                "a declaration begins in column 1 with its word (`duty`, `event`, …); a field begins with its field \
                 word, indented by two blanks; a line that continues a field is indented deeper than it and follows it without a \
                 blank line",
            ),
        );
        self.start(SyntaxKind::Error);
        self.head(line);
        self.known = false;
    }

    /// A field whose word is so many words.
    fn field(&mut self, line: Line<'t>, words: usize) {
        self.close_field();
        self.flush();
        let indent = line.indent();
        self.start(SyntaxKind::Field);
        let blank = |at: usize| line.tokens.get(at).is_some_and(|t| t.0 == SyntaxKind::Whitespace);
        let word_at = usize::from(blank(0));
        let word_end = word_at + 2 * words - 1;
        let value_at = word_end + usize::from(blank(word_end));
        let column = line.tokens[..value_at].iter().map(|t| t.1.chars().count()).sum();
        let mut tokens = line.tokens;
        let rest = tokens.split_off(value_at);
        let between = tokens.split_off(word_end);
        let word_tokens = tokens.split_off(word_at);
        self.tokens(tokens);
        self.start(SyntaxKind::FieldWord);
        self.tokens(word_tokens);
        self.builder.finish_node();
        self.tokens(between);
        // A flag has no value: whatever comes below it is not its continuation by its column.
        let column = if rest.iter().all(|t| t.0.is_trivia()) { usize::MAX } else { column };
        self.start(SyntaxKind::Value);
        self.tokens(rest);
        self.open = Open::Field { indent, column };
    }

    fn continuation(&mut self, line: Line<'t>) {
        self.flush();
        self.tokens(line.tokens);
    }

    /// A line where a field is expected that begins with no field word.
    fn no_field(&mut self, line: Line<'t>, first: &str) {
        self.close_field();
        self.flush();
        if self.known {
            let span = line.solid().next().map_or(line.start..line.start, |(at, t)| at..at + t.1.len());
            let wrong = Diagnostic::error(
                "P0108",
                span.clone(),
                format!("`{}` is not the word of a field", shown(first)),
            );
            let deeper = "a line that continues the field above is indented deeper than it";
            self.diagnostics.push(self.meant(wrong, first, span, true, deeper));
        }
        let indent = line.indent();
        self.start(SyntaxKind::Error);
        self.start(SyntaxKind::Value);
        self.tokens(line.tokens);
        self.open = Open::Field { indent, column: usize::MAX };
    }

    fn close_field(&mut self) {
        if let Open::Field { .. } = self.open {
            self.builder.finish_node();
            self.builder.finish_node();
            self.open = Open::Head;
        }
    }

    fn close_declaration(&mut self) {
        self.close_field();
        if self.open == Open::Head {
            self.builder.finish_node();
            self.open = Open::Nothing;
        }
    }

    fn flush(&mut self) {
        for token in std::mem::take(&mut self.pending) {
            self.token(token);
        }
    }

    fn start(&mut self, kind: SyntaxKind) {
        self.builder.start_node(Pact::kind_to_raw(kind));
    }

    fn token(&mut self, token: Token<'t>) {
        self.builder.token(Pact::kind_to_raw(token.0), token.1);
    }

    fn tokens(&mut self, tokens: Vec<Token<'t>>) {
        for token in tokens {
            self.token(token);
        }
    }
}

/// A word of the user's for a message, cut where it is very long.
pub(crate) fn shown(text: &str) -> String {
    let folded = document::folded(text);
    match folded.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &folded[..at]),
        None => folded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(content: &str) -> (String, Vec<&'static str>) {
        let parse = parse(&format!("```pact\n{content}```\n"));
        let root = parse.trees[0].root();
        assert_eq!(root.text().to_string(), content, "lossless");
        let word = |node: &SyntaxNode| {
            let words: Vec<String> = node
                .descendants_with_tokens()
                .filter_map(|e| e.into_token())
                .filter(|t| !t.kind().is_trivia())
                .map(|t| t.text().to_string())
                .collect();
            words.join(" ")
        };
        let lines: Vec<String> = root
            .descendants()
            .filter(|n| matches!(n.kind(), SyntaxKind::Head | SyntaxKind::Field | SyntaxKind::Error))
            .filter(|n| {
                n.kind() != SyntaxKind::Error || n.parent().is_some_and(|p| p.kind() == SyntaxKind::Decl)
            })
            .map(|n| format!("{:?}: {}", n.kind(), word(&n)))
            .collect();
        (lines.join("\n"), parse.diagnostics.iter().map(|d| d.code).collect())
    }

    #[test]
    fn declarations_fields_and_continuations() {
        let (lines, codes) = shape(
            "# a remark\nduty consult \"x\"\n  bearer      each of a,\n              by, c   # more\n\n  # below\n  must        do x\n    or y\nparty B\n",
        );
        assert_eq!(codes, [] as [&str; 0]);
        assert_eq!(
            lines,
            "Head: duty consult \"x\"\nField: bearer each of a , by , c\nField: must do x or y\nHead: party B"
        );
    }

    #[test]
    fn after_a_blank_line_only_a_field_goes_on() {
        let (lines, codes) = shape("duty a\n  must        do x\n\n consult\n  bearer      B\n\nparty B\n");
        assert_eq!(lines, "Head: duty a\nField: must do x\nHead: consult\nField: bearer B\nHead: party B");
        assert_eq!(codes, ["P0107"]);
    }

    #[test]
    fn a_word_in_column_1_that_begins_nothing_takes_its_fields_with_it() {
        let (lines, codes) = shape("party A\ndtuy b\n  bearer      A\nwhen x\nparty C\n");
        assert_eq!(lines, "Head: party A\nHead: dtuy b\nField: bearer A\nHead: when x\nHead: party C");
        assert_eq!(codes, ["P0106", "P0105"]);
        let (_, codes) = shape("party A\n B\nparty C\n");
        assert_eq!(codes, ["P0107"]);
    }

    #[test]
    fn a_misspelt_field_word_is_named() {
        let (lines, codes) = shape("duty a\n  baerer      A\n  must        do x\n  unitl       y\n");
        assert_eq!(lines, "Head: duty a\nError: baerer A\nField: must do x\nError: unitl y");
        assert_eq!(codes, ["P0108", "P0108"]);
    }
}
