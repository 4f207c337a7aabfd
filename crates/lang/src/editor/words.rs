//! From rules to the words that they quote and back, and which words of the clauses no rule quotes.

use super::{Sheet, touches};
use crate::ast::{Decl, FieldValue, File, Span, Text};
use crate::document::{Document, folded};
use crate::parser::vocabulary::Keyword;

/// A quote of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quoted {
    /// The declaration that quotes, by index into the file.
    pub decl: usize,
    /// The quote's place, quotation marks included.
    pub text: Span,
    /// The clause, by index.
    pub clause: usize,
    /// The place of the words in the file; `None` where the clause does not hold them.
    pub words: Option<Span>,
    /// Their place in the words of the clause.
    in_clause: Span,
}

/// A stretch of a clause's words in one line of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// The clause, by index.
    pub clause: usize,
    /// Its place in the file.
    pub span: Span,
    /// Whether a rule quotes it.
    pub covered: bool,
}

/// All quotes, in order of the text.
pub(super) fn quoted(file: &File, document: &Document) -> Vec<Quoted> {
    let mut all = Vec::new();
    for (index, decl) in file.decls.iter().enumerate() {
        let Some(clause) = decl.clause else { continue };
        let Some(its) = document.clauses.get(clause) else { continue };
        for text in quotes(decl) {
            let words = folded(&text.text);
            let found = its.words.find(&words).filter(|_| !words.is_empty()).map(|at| at..at + words.len());
            all.push(Quoted {
                decl: index,
                text: text.span.clone(),
                clause,
                words: found.clone().map(|range| its.in_file(range)),
                in_clause: found.unwrap_or(0..0),
            });
        }
    }
    all
}

fn quotes(decl: &Decl) -> impl Iterator<Item = &Text> {
    let per = decl.fields.iter().filter(|f| f.word == "per").flat_map(|f| match &f.value {
        FieldValue::Texts(texts) => texts.as_slice(),
        _ => &[],
    });
    let about =
        matches!(decl.keyword, Keyword::Reading | Keyword::Open).then_some(decl.phrase.as_ref()).flatten();
    about.into_iter().chain(per)
}

impl<'a> Sheet<'a> {
    /// The rules that quote the words at an offset, each with its quote.
    pub fn rules_quoting(&self, offset: usize) -> impl Iterator<Item = (&'a Decl, &Quoted)> {
        let decls = &self.checked.file.decls;
        let here = move |q: &&Quoted| q.words.as_ref().is_some_and(|words| touches(words, offset));
        self.quoted.iter().filter(here).filter_map(|q| Some((decls.get(q.decl)?, q)))
    }

    /// The words of all clauses, in stretches that a rule quotes and stretches that none does.
    pub fn coverage(&self) -> Vec<Stretch> {
        let mut out: Vec<Stretch> = Vec::new();
        for (index, clause) in self.checked.parse.document.clauses.iter().enumerate() {
            let mut quoted: Vec<&Span> = self
                .quoted
                .iter()
                .filter(|q| q.clause == index && q.words.is_some())
                .map(|q| &q.in_clause)
                .collect();
            quoted.sort_by_key(|range| (range.start, range.end));
            for (n, (start, file)) in clause.pieces.iter().enumerate() {
                let next = clause.pieces.get(n + 1).map_or(clause.words.len(), |(next, _)| *next);
                let word = clause.words.get(*start..next).unwrap_or_default().trim_end();
                let end = start + word.len();
                let covered = quoted.iter().any(|range| range.start < end && *start < range.end);
                let span = *file..file + word.len();
                match out.last_mut() {
                    Some(last)
                        if last.clause == index
                            && last.covered == covered
                            && last.span.end <= span.start
                            && self
                                .text
                                .get(last.span.end..span.start)
                                .is_some_and(|gap| !gap.contains('\n')) =>
                    {
                        last.span.end = span.end;
                    }
                    _ => out.push(Stretch { clause: index, span, covered }),
                }
            }
        }
        out
    }
}
