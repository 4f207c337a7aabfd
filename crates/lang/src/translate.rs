//! A file's rules in the words of another language: the words of the language change, and nothing else.
//!
//! Names, texts, headings, quotes, prose and remarks stay. What comes out is laid out as the formatter lays out.
//!
//! Invariants
//! - what comes out means the same: read back into the language's own words it is the same tokens, fence by fence, and where it would
//!   not be, nothing comes out but a diagnostic that says which word stands in the way;
//! - a file with a part that cannot be read is not translated.
//!
//! Where to start reading: [`translate()`]. Its tests are in `tests/translate.rs`.

use crate::ast;
use crate::diagnostic::{Diagnostic, Severity};
use crate::parser::{Parse, Tree, parse};
use crate::surface::{self, Language, Piece, Turned, Within};
use crate::syntax::{SyntaxKind, SyntaxNode, SyntaxToken};
use std::ops::Range;

/// The text with its rules in the words of a language, in canonical form.
///
/// # Errors
/// What cannot be read and must be repaired first; or the names that are words of the other language, so that the rules would mean
/// something else.
///
/// # Example
/// ```
/// use servanda_lang::{Language, translate};
/// let english = "# A\n\n```pact\nparty Poland\n\nduty a\n  bearer      Poland\n```\n";
/// let ukrainian = translate(english, Language::Ukrainian).unwrap();
/// assert!(ukrainian.contains("```pact uk\nсторона Poland\n\nзобов’язання a\n  носій             Poland\n```"));
/// assert_eq!(translate(&ukrainian, Language::English).unwrap(), english);
/// ```
pub fn translate(text: &str, to: Language) -> Result<String, Vec<Diagnostic>> {
    let before = parse(text);
    let (file, of_fields) = ast::file(text, &before);
    let mut wrong: Vec<Diagnostic> = before
        .diagnostics
        .iter()
        .chain(&of_fields)
        .filter(|d| d.severity == Severity::Error)
        .cloned()
        .collect();
    if !wrong.is_empty() || file.decls.iter().any(|decl| decl.damaged) {
        wrong.sort_by_key(|d| (d.span.start, d.span.end));
        surface::in_the_words_of(text, &before.document.fences, &mut wrong);
        return Err(wrong);
    }
    let mut out = String::with_capacity(text.len() + text.len() / 3);
    let mut at = 0;
    for (fence, tree) in before.document.fences.iter().zip(&before.trees) {
        if fence.language == to {
            continue;
        }
        out.push_str(&text[at..fence.info.start]);
        out.push_str(&mark(&text[fence.info.clone()], to));
        out.push_str(&text[fence.info.end..fence.content.start]);
        for element in tree.root().children_with_tokens() {
            match element {
                rowan::NodeOrToken::Token(token) => out.push_str(token.text()),
                rowan::NodeOrToken::Node(node) => declaration(&node, tree.language, to, &mut out),
            }
        }
        at = fence.content.end;
    }
    out.push_str(&text[at..]);
    let out = crate::format(&out);
    match in_the_way(&before, &parse(&out), to) {
        wrong if wrong.is_empty() => Ok(out),
        wrong => Err(wrong),
    }
}

/// The first line of a fence, without the backticks, in another language.
fn mark(info: &str, to: Language) -> String {
    let mut words = info.split([' ', '\t', ',']).filter(|word| !word.is_empty()).peekable();
    words.next();
    words.next_if(|word| Language::of_code(word).is_some());
    std::iter::once(to.mark()).chain(words).collect::<Vec<_>>().join(" ")
}

fn declaration(node: &SyntaxNode, from: Language, to: Language, out: &mut String) {
    for element in node.children_with_tokens() {
        match element {
            rowan::NodeOrToken::Token(token) => out.push_str(token.text()),
            rowan::NodeOrToken::Node(child) if child.kind() == SyntaxKind::Head => {
                let mut tokens = tokens(&child).peekable();
                while let Some(token) = tokens.next_if(|token| token.kind().is_trivia()) {
                    out.push_str(token.text());
                }
                if let Some(keyword) = tokens.next() {
                    let found = surface::declaration_of(from, keyword.text());
                    out.push_str(found.map_or(keyword.text(), |keyword| to.declaration(keyword)));
                }
                value(tokens.collect(), from, to, Within::Head, out);
            }
            rowan::NodeOrToken::Node(child) if child.kind() == SyntaxKind::Field => {
                let word = ast::field_word(from, &child);
                for part in child.children_with_tokens() {
                    match part {
                        rowan::NodeOrToken::Node(part) if part.kind() == SyntaxKind::FieldWord => {
                            out.push_str(
                                &word.map_or_else(|| part.text().to_string(), |word| to.field(word).into()),
                            );
                        }
                        rowan::NodeOrToken::Node(part) => {
                            value(
                                tokens(&part).collect(),
                                from,
                                to,
                                Within::Field(word.unwrap_or_default()),
                                out,
                            );
                        }
                        rowan::NodeOrToken::Token(token) => out.push_str(token.text()),
                    }
                }
            }
            rowan::NodeOrToken::Node(child) => out.push_str(&child.text().to_string()),
        }
    }
}

fn tokens(node: &SyntaxNode) -> impl Iterator<Item = SyntaxToken> + use<> {
    node.descendants_with_tokens().filter_map(|element| element.into_token())
}

/// Before a line that goes on with a value: deeper than any value begins, so that its first word is no field word.
const DEEP: &str = "                                                                ";

/// The tokens of a value; remarks within words that are replaced follow them.
fn value(tokens: Vec<SyntaxToken>, from: Language, to: Language, within: Within, out: &mut String) {
    let solid: Vec<usize> = (0..tokens.len()).filter(|n| !tokens[*n].kind().is_trivia()).collect();
    let spans: Vec<ast::Token> = solid
        .iter()
        .map(|n| ast::Token {
            kind: tokens[*n].kind(),
            text: tokens[*n].text().to_string(),
            span: *n..*n + 1,
        })
        .collect();
    // First into English, then out of it: what a word stands for is known there.
    let english = surface::canonical(from, spans, within);
    let pieces: Vec<Piece> = english.iter().map(|t| Piece { kind: t.kind, text: &t.text }).collect();
    let mut done = 0;
    let mut at = 0;
    for turned in surface::turned(to, &pieces, within) {
        let (used, text) = match turned {
            Turned::Words(used, text) => (used, text),
            Turned::Same => (1, pieces[at].text.to_string()),
        };
        let (first, last) = (english[at].span.start, english[at + used - 1].span.end);
        let written = tokens[first].text();
        let stays = used == 1 && last == first + 1 && surface::normal(written) == text;
        let text = if stays { written.to_string() } else { text };
        at += used;
        for at in done.min(first)..first {
            let begins_a_line = at > 0 && tokens[at - 1].kind() == SyntaxKind::Newline;
            let blank = tokens[at].kind() == SyntaxKind::Whitespace;
            out.push_str(if begins_a_line && blank { DEEP } else { tokens[at].text() });
        }
        if first < done && !out.ends_with([' ', '\n', '(']) {
            out.push(' ');
        }
        out.push_str(&text);
        let inner = &tokens[first.max(done)..last.max(done).max(first)];
        let remarks = inner.iter().filter(|token| token.kind() == SyntaxKind::Comment);
        for remark in remarks {
            out.push_str(&format!("  {}\n{DEEP}", remark.text()));
        }
        done = done.max(last);
    }
    out.extend(tokens[done..].iter().map(SyntaxToken::text).collect::<Vec<_>>());
}

/// A token in English words, for comparison, and its place.
type Meant = (SyntaxKind, String, Range<usize>);

fn meant(tree: &Tree) -> Vec<Meant> {
    let mut out = Vec::new();
    let mut put = |tokens: Vec<ast::Token>| {
        out.extend(tokens.into_iter().map(|token| {
            let text = match token.kind {
                SyntaxKind::String => ast::unquoted(&token.text),
                _ => token.text,
            };
            (token.kind, text, token.span)
        }));
    };
    for node in tree.root().descendants() {
        match node.kind() {
            SyntaxKind::Head => {
                let mut tokens =
                    surface::canonical(tree.language, ast::solid_tokens(&node, tree.offset), Within::Head);
                if let Some(first) = tokens.first_mut()
                    && let Some(keyword) = surface::declaration_of(tree.language, &first.text)
                {
                    first.text = keyword.word().to_string();
                }
                put(tokens);
            }
            SyntaxKind::Field => {
                let word = ast::field_word(tree.language, &node).unwrap_or_default();
                let mut children = node.children();
                let mut name =
                    children.next().map(|n| ast::solid_tokens(&n, tree.offset)).unwrap_or_default();
                name.truncate(1);
                name.iter_mut().for_each(|token| token.text = word.to_string());
                put(name);
                let value = children.next().map(|n| ast::solid_tokens(&n, tree.offset)).unwrap_or_default();
                put(surface::canonical(tree.language, value, Within::Field(word)));
            }
            _ => {}
        }
    }
    out
}

/// Where the translation would mean something else.
fn in_the_way(before: &Parse, after: &Parse, to: Language) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for (was, is) in before.trees.iter().zip(&after.trees) {
        let (was, is) = (meant(was), meant(is));
        let same = |(a, b): &(&Meant, &Meant)| a.0 == b.0 && a.1 == b.1;
        let differs = was.iter().zip(&is).find(|pair| !same(pair)).map(|(was, _)| was);
        let differs = differs.or(if was.len() > is.len() { was.get(is.len()) } else { None });
        match differs {
            Some((_, text, span)) => out.push(
                Diagnostic::error(
                    "N0211",
                    span.clone(),
                    format!("in the words of {} `{text}` would mean something else here", to.name()),
                )
                .help("it is a word of that language: choose another name for it everywhere, then translate"),
            ),
            None if was.len() != is.len() => {
                let span = was.last().map_or(0..0, |(_, _, span)| span.clone());
                out.push(
                    Diagnostic::error(
                        "N0211",
                        span,
                        format!("behind this the words of {} would not end", to.name()),
                    )
                    .help("choose another name for what stands here, then translate"),
                );
            }
            None => {}
        }
    }
    out
}
