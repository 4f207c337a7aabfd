//! The formatter: one canonical form for what stands in `pact` fences.
//!
//! Declarations begin in column 1, fields at two blanks, values in column 15 (21 where the words are Ukrainian ones); lines are at most 110 characters where
//! there is a blank to break at; one blank line parts two declarations (parties, groups, bodies, zones and classes may
//! stand close together). It never touches prose, headings, quotes or other fences.
//!
//! Invariants
//! - formatting what is formatted changes nothing;
//! - the tokens of every declaration stay the same, comments included; white space within a quoted text is folded, as
//!   it is wherever the text is read. This is checked on the result, and a fence that fails it is left as it was;
//! - a declaration with an error, and what is no declaration, stays byte for byte; so does a fence that is not closed.
//!
//! Where to start reading: [`format()`]. Its tests are in `tests/format.rs`.

use crate::ast;
use crate::document::Fence;
use crate::parser::vocabulary::{self, Keyword, Shape};
use crate::parser::{Parse, Tree, parse};
use crate::surface::{self, Language};
use crate::syntax::{SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken};
use rowan::NodeOrToken;
use std::collections::BTreeSet;

/// Characters in a line.
const WIDTH: usize = 110;
/// Blanks before a field.
const INDENT: usize = 2;
/// The text in canonical form.
///
/// # Example
/// ```
/// let text = "# A\n\n```pact\nparty   Poland\nduty a\n   bearer Poland\n```\n";
/// let expected = "# A\n\n```pact\nparty Poland\n\nduty a\n  bearer      Poland\n```\n";
/// assert_eq!(servanda_lang::format(text), expected);
/// ```
pub fn format(text: &str) -> String {
    let before = parse(text);
    let damaged = damaged(text, &before);
    let contents: Vec<String> = before
        .document
        .fences
        .iter()
        .zip(&before.trees)
        .map(|(fence, tree)| match is_closed(text, fence) {
            true => Layout::new(tree, fence, &text[fence.content.clone()], &damaged).fence(),
            false => text[fence.content.clone()].to_string(),
        })
        .collect();
    let after = parse(&spliced(text, &before, &contents));
    if after.trees.len() != before.trees.len() {
        return text.to_string();
    }
    let checked: Vec<String> = contents
        .into_iter()
        .enumerate()
        .map(|(index, content)| match shape(&before.trees[index]) == shape(&after.trees[index]) {
            true => content,
            false => text[before.document.fences[index].content.clone()].to_string(),
        })
        .collect();
    spliced(text, &before, &checked)
}

fn spliced(text: &str, parse: &Parse, contents: &[String]) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut at = 0;
    for (fence, content) in parse.document.fences.iter().zip(contents) {
        out.push_str(&text[at..fence.content.start]);
        out.push_str(content);
        at = fence.content.end;
    }
    out.push_str(&text[at..]);
    out
}

fn is_closed(text: &str, fence: &Fence) -> bool {
    let rest = text[fence.content.end..].trim_start_matches([' ', '\t']);
    let ends_a_line = fence.content.is_empty() || text[fence.content.clone()].ends_with('\n');
    ends_a_line && (rest.starts_with("```") || rest.starts_with("~~~"))
}

/// Where the declarations begin in which something could not be read.
fn damaged(text: &str, parse: &Parse) -> BTreeSet<usize> {
    let (file, _) = ast::file(text, parse);
    file.decls.iter().filter(|decl| decl.damaged).map(|decl| decl.keyword_span.start).collect()
}

/// What formatting must not change: nodes, tokens, comments.
fn shape(tree: &Tree) -> Vec<(SyntaxKind, String)> {
    let mut out = Vec::new();
    for element in tree.root().descendants_with_tokens() {
        match element {
            // A comment belongs to the line that it stands on or above, and not to a node.
            NodeOrToken::Node(node) => out.push((node.kind(), String::new())),
            NodeOrToken::Token(token) => match token.kind() {
                SyntaxKind::Whitespace | SyntaxKind::Newline => {}
                SyntaxKind::Comment => out.push((SyntaxKind::Comment, token.text().trim_end().to_string())),
                SyntaxKind::String => out.push((SyntaxKind::String, ast::unquoted(token.text()))),
                kind => out.push((kind, token.text().to_string())),
            },
        }
    }
    out
}

/// What was written last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Decl(Keyword),
    /// Something that stays byte for byte.
    Verbatim,
}

/// A line between declarations.
struct Between {
    /// The comment; `None`: a blank line.
    comment: Option<String>,
    indented: bool,
    verbatim: String,
}

struct Layout<'a> {
    root: SyntaxNode,
    offset: usize,
    source: &'a str,
    damaged: &'a BTreeSet<usize>,
    newline: &'static str,
    /// Blanks that the whole fence stands to the right.
    margin: usize,
    language: Language,
    out: String,
    last: Last,
}

impl<'a> Layout<'a> {
    fn new(tree: &Tree, fence: &Fence, source: &'a str, damaged: &'a BTreeSet<usize>) -> Layout<'a> {
        Layout {
            root: tree.root(),
            offset: tree.offset,
            source,
            damaged,
            newline: if source.contains("\r\n") { "\r\n" } else { "\n" },
            margin: fence.indent,
            language: fence.language,
            out: String::new(),
            last: Last::Nothing,
        }
    }

    fn fence(mut self) -> String {
        if self.source.trim().is_empty() {
            return self.source.to_string();
        }
        let mut between: Vec<SyntaxToken> = Vec::new();
        for element in self.root.clone().children_with_tokens() {
            match element {
                NodeOrToken::Token(token) => between.push(token),
                NodeOrToken::Node(node) => {
                    let lines = lines_between(&std::mem::take(&mut between));
                    match self.keyword(&node) {
                        Some(keyword) => {
                            self.between(&lines, Some(Last::Decl(keyword)));
                            self.declaration(keyword, &node);
                            self.last = Last::Decl(keyword);
                        }
                        None => {
                            self.between(&lines, Some(Last::Verbatim));
                            self.out.push_str(&node.text().to_string());
                            self.last = Last::Verbatim;
                        }
                    }
                }
            }
        }
        let lines = lines_between(&between);
        self.between(&lines, None);
        self.out
    }

    /// The declaration's word where it is one that may be laid out anew.
    fn keyword(&self, node: &SyntaxNode) -> Option<Keyword> {
        if node.kind() != SyntaxKind::Decl || node.children().any(|child| child.kind() == SyntaxKind::Error) {
            return None;
        }
        let first = tokens(node).find(|token| !token.kind().is_trivia())?;
        let start = self.offset + usize::from(first.text_range().start());
        let odd = |token: &SyntaxToken| matches!(token.kind(), SyntaxKind::Unknown | SyntaxKind::OpenString);
        if self.damaged.contains(&start) || tokens(node).any(|token| odd(&token)) {
            return None;
        }
        surface::declaration_of(self.language, first.text())
    }

    // ---- between declarations --------------------------------------------------------------------------------------

    fn between(&mut self, lines: &[Between], next: Option<Last>) {
        if self.last == Last::Verbatim || next == Some(Last::Verbatim) {
            for line in lines {
                self.out.push_str(&line.verbatim);
            }
            return;
        }
        let tail = match self.last {
            Last::Decl(_) => lines.iter().take_while(|line| line.comment.is_some() && line.indented).count(),
            _ => 0,
        };
        for comment in lines[..tail].iter().filter_map(|line| line.comment.as_ref()) {
            self.line(INDENT, comment);
        }
        let mut blank = match (self.last, next) {
            (Last::Decl(one), Some(Last::Decl(other))) => !(is_short(one) && is_short(other)),
            (Last::Decl(_), None) => true,
            _ => false,
        };
        for line in &lines[tail..] {
            match &line.comment {
                None => blank = true,
                Some(comment) => {
                    self.blank_line(blank);
                    self.line(0, comment);
                    blank = false;
                }
            }
        }
        self.blank_line(blank && next.is_some());
    }

    fn blank_line(&mut self, wanted: bool) {
        if wanted && !self.out.is_empty() {
            self.out.push_str(self.newline);
        }
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.out.extend(std::iter::repeat_n(' ', self.margin + indent));
        self.out.push_str(text);
        self.out.push_str(self.newline);
    }

    // ---- a declaration ---------------------------------------------------------------------------------------------

    fn declaration(&mut self, keyword: Keyword, node: &SyntaxNode) {
        for element in node.children_with_tokens() {
            match element {
                NodeOrToken::Node(child) if child.kind() == SyntaxKind::Head => {
                    let lines =
                        self.wrapped(&atoms(tokens(&child), Spacing::Head, self.language), 0, 2 * INDENT);
                    self.lines(lines);
                }
                NodeOrToken::Node(child) => self.field(keyword, &child),
                NodeOrToken::Token(token) if token.kind() == SyntaxKind::Comment => {
                    self.line(INDENT, token.text().trim_end());
                }
                NodeOrToken::Token(_) => {}
            }
        }
    }

    fn field(&mut self, keyword: Keyword, node: &SyntaxNode) {
        let mut word = String::new();
        let mut value = Vec::new();
        for child in node.children_with_tokens() {
            match child {
                SyntaxElement::Node(child) if child.kind() == SyntaxKind::FieldWord => {
                    let words: Vec<String> = tokens(&child)
                        .filter(|token| !token.kind().is_trivia())
                        .map(|token| token.text().to_string())
                        .collect();
                    word = words.join(" ");
                }
                SyntaxElement::Node(child) => value.extend(tokens(&child)),
                SyntaxElement::Token(_) => {}
            }
        }
        let english = ast::field_word(self.language, node);
        let shape = english.and_then(|word| vocabulary::field(keyword, word)).map(|rule| rule.shape);
        let column = self.language.value_column();
        let spacing = match shape {
            Some(Shape::Words | Shape::Mark | Shape::Flag) | None => Spacing::AsItStands,
            Some(_) => Spacing::Canonical,
        };
        let atoms = atoms(value.into_iter(), spacing, self.language);
        let mut first = format!("{:INDENT$}{word}", "");
        let reads_on = english == Some("no later");
        let blanks = match atoms.first() {
            None => 0,
            Some(_) if reads_on => 1,
            Some(_) => column.saturating_sub(first.chars().count()).max(1),
        };
        first.extend(std::iter::repeat_n(' ', blanks));
        let start = first.chars().count();
        let mut lines = self.wrapped(&atoms, start, start.max(column));
        match lines.first_mut() {
            Some(line) => line.replace_range(..start, &first),
            None => lines.push(first.trim_end().to_string()),
        }
        self.lines(lines);
    }

    fn lines(&mut self, lines: Vec<String>) {
        for line in lines {
            self.line(0, &line);
        }
    }

    /// Lines of at most [`WIDTH`] characters; the first begins at `start`, the others at `column`.
    fn wrapped(&self, atoms: &[Atom], start: usize, column: usize) -> Vec<String> {
        let width = WIDTH.saturating_sub(self.margin);
        let wide = |atoms: &[Atom]| {
            start
                + atoms.iter().map(|atom| atom.text.chars().count() + usize::from(atom.space)).sum::<usize>()
                > width
        };
        let is_wide = atoms.split(|atom| atom.comment.is_some()).any(wide);
        let mut lines: Vec<String> = Vec::new();
        let mut line = " ".repeat(start);
        let mut length = start;
        let mut fresh = true;
        let mut break_line = |line: &mut String, length: &mut usize| {
            lines.push(std::mem::take(line).trim_end().to_string());
            *line = " ".repeat(column);
            *length = column;
        };
        for (index, atom) in atoms.iter().enumerate() {
            if let Some(comment) = &atom.comment {
                if comment.own_line && !fresh {
                    break_line(&mut line, &mut length);
                } else if !fresh || index == 0 {
                    line.push_str(if fresh { "" } else { "  " });
                }
                line.push_str(&atom.text);
                if index + 1 < atoms.len() {
                    break_line(&mut line, &mut length);
                }
                fresh = true;
                continue;
            }
            // What cannot be parted from it must fit beside it.
            let run: usize = atoms[index + 1..]
                .iter()
                .take_while(|next| !next.may_break && next.comment.is_none())
                .map(|next| next.text.chars().count() + usize::from(next.space))
                .sum();
            let own = atom.text.chars().count();
            let too_long = length + usize::from(atom.space) + own + run > width;
            if !fresh && atom.may_break && (too_long || (is_wide && atom.joins)) {
                break_line(&mut line, &mut length);
            } else if !fresh && atom.space {
                line.push(' ');
                length += 1;
            }
            line.push_str(&atom.text);
            length += own;
            fresh = false;
        }
        if !line.trim().is_empty() {
            lines.push(line);
        }
        lines
    }
}

fn is_short(keyword: Keyword) -> bool {
    matches!(keyword, Keyword::Party | Keyword::Group | Keyword::Body | Keyword::Zone | Keyword::Class)
}

fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    node.descendants_with_tokens().filter_map(|element| element.into_token())
}

fn lines_between(tokens: &[SyntaxToken]) -> Vec<Between> {
    let mut lines = Vec::new();
    let mut line = Between { comment: None, indented: false, verbatim: String::new() };
    for token in tokens {
        line.verbatim.push_str(token.text());
        match token.kind() {
            SyntaxKind::Newline => {
                lines.push(std::mem::replace(
                    &mut line,
                    Between { comment: None, indented: false, verbatim: String::new() },
                ));
            }
            SyntaxKind::Comment => line.comment = Some(token.text().trim_end().to_string()),
            _ => line.indented = true,
        }
    }
    if !line.verbatim.is_empty() {
        lines.push(line);
    }
    lines
}

/// A piece of a line that is not broken.
struct Atom {
    text: String,
    /// A blank before it, where it does not begin a line.
    space: bool,
    /// A line may begin with it.
    may_break: bool,
    /// `and` or `or` outside brackets, or what follows a semicolon: begins a line where the whole does not fit into one.
    joins: bool,
    comment: Option<Comment>,
}

struct Comment {
    own_line: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spacing {
    /// As the syntax suggests.
    Canonical,
    /// A blank where there is white space.
    AsItStands,
    /// As it stands, and lines are broken only within a quoted text.
    Head,
}

fn atoms(tokens: impl Iterator<Item = SyntaxToken>, spacing: Spacing, language: Language) -> Vec<Atom> {
    let mut out: Vec<Atom> = Vec::new();
    let mut before: Option<(SyntaxKind, String)> = None;
    let mut unary = false;
    let mut white = false;
    let mut line_begins = false;
    let mut depth = 0usize;
    for token in tokens {
        let (kind, text) = (token.kind(), token.text());
        match kind {
            SyntaxKind::Whitespace => white = true,
            SyntaxKind::Newline => (white, line_begins) = (true, true),
            SyntaxKind::Comment => {
                out.push(Atom {
                    text: text.trim_end().to_string(),
                    space: true,
                    may_break: false,
                    joins: false,
                    comment: Some(Comment { own_line: line_begins }),
                });
            }
            _ => {
                let space = match (&before, spacing) {
                    (None, _) => false,
                    (Some(_), Spacing::AsItStands | Spacing::Head) => white,
                    (Some((last, word)), Spacing::Canonical) => {
                        !unary && space_between(*last, word, kind, white, language)
                    }
                };
                unary = matches!(kind, SyntaxKind::Minus | SyntaxKind::Plus)
                    && !before.as_ref().is_some_and(|(last, _)| is_value_end(*last));
                depth = match kind {
                    SyntaxKind::OpenParen => depth + 1,
                    SyntaxKind::CloseParen => depth.saturating_sub(1),
                    _ => depth,
                };
                let is_after = |kind| before.as_ref().is_some_and(|(last, _)| *last == kind);
                let is_unit = kind == SyntaxKind::Word
                    && is_after(SyntaxKind::Number)
                    && !surface::says(language, text, GOES_ON);
                let may_break = space && spacing != Spacing::Head && !is_unit;
                let joins = depth == 0
                    && (kind == SyntaxKind::Word && surface::says(language, text, &["and", "or"])
                        || is_after(SyntaxKind::Semicolon));
                if kind == SyntaxKind::String {
                    let folded = format!("\"{}\"", crate::document::folded(inside(text)));
                    let mut counted = false;
                    for (index, word) in folded.split(' ').enumerate() {
                        let first = index == 0;
                        out.push(Atom {
                            text: word.to_string(),
                            space: !first || space,
                            may_break: if first { may_break } else { !counted },
                            joins: false,
                            comment: None,
                        });
                        // A number stays beside what it counts.
                        counted = word.bytes().all(|b| b.is_ascii_digit() || b == b',');
                    }
                } else {
                    out.push(Atom { text: text.to_string(), space, may_break, joins, comment: None });
                }
                before = Some((kind, text.to_string()));
                (white, line_begins) = (false, false);
            }
        }
    }
    out
}

/// Words that after a number are no unit of it.
const GOES_ON: &[&str] = &["after", "and", "before", "by", "from", "in", "of", "or", "since", "until", "up"];

/// Words that a bracket stands behind with a blank.
const OPENS: &[&str] = &["where", "and", "or", "not", "with", "of"];

/// What stands between quotation marks, escapes left as they are.
fn inside(text: &str) -> &str {
    let text = text.strip_prefix('"').unwrap_or(text);
    text.strip_suffix('"').unwrap_or(text)
}

fn is_value_end(kind: SyntaxKind) -> bool {
    use SyntaxKind::*;
    matches!(kind, Word | Number | Date | Time | String | CloseParen | Percent)
}

fn space_between(last: SyntaxKind, word: &str, next: SyntaxKind, white: bool, language: Language) -> bool {
    use SyntaxKind::*;
    match (last, next) {
        (_, Comma | Semicolon | Colon | CloseParen) | (OpenParen, _) | (Number, Percent) => false,
        (Word, OpenParen) => white || surface::says(language, word, OPENS),
        _ => true,
    }
}
