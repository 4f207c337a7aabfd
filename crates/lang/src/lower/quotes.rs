//! Quotes: the words that a rule says it carries out must be words of its clause.

use super::Lower;
use crate::ast::{Decl, Text};
use crate::diagnostic::Diagnostic;
use crate::document::{Clause, folded};
use crate::parser::vocabulary::Keyword;

impl Lower<'_> {
    pub(super) fn quotes(&mut self) {
        let decls: Vec<&Decl> = self.file.decls.iter().collect();
        for decl in decls {
            use Keyword::*;
            let mut quoted = super::texts(decl, "per");
            let rules = matches!(
                decl.keyword,
                Term | Duty | Ban | Remedy | Right | Power | Milestone | Delivery | Quota | Notify
            );
            if rules && quoted.is_empty() && !decl.damaged && decl.field("per").is_none() {
                let name = decl.name.as_ref().map(|n| n.text.to_string()).unwrap_or_default();
                self.report(
                    Diagnostic::warning(
                        "Q0402",
                        decl.name_span(),
                        format!("`{name}` does not say which words it carries out"),
                    )
                    .help("quote them: `per \"…\"`, word for word from the clause"),
                );
            }
            if matches!(decl.keyword, Reading | Open) {
                match &decl.phrase {
                    Some(words) => quoted.push(words.clone()),
                    None if !decl.damaged => {
                        let word = decl.keyword.word();
                        self.report(
                            Diagnostic::warning(
                                "Q0402",
                                decl.name_span(),
                                format!("this `{word}` does not say which words it is about"),
                            )
                            .help(format!("quote them behind its name: `{word} NAME \"…\"`")),
                        );
                    }
                    None => {}
                }
            }
            for quote in quoted {
                self.quote(decl, &quote);
            }
        }
    }

    fn quote(&mut self, decl: &Decl, quote: &Text) {
        let Some(clause) = decl.clause.and_then(|c| self.document.clauses.get(c)) else {
            self.report(
                Diagnostic::error("Q0403", quote.span.clone(), "these words stand under no clause")
                    .help("a clause is a heading with its words in a block quote (`> …`) under it; the fence stands below them"),
            );
            return;
        };
        let words = folded(&quote.text);
        if words.is_empty() || clause.words.contains(&words) {
            return;
        }
        let heading = clause.heading.clone();
        if clause.words.trim().is_empty() {
            self.report(
                Diagnostic::error(
                    "Q0401",
                    quote.span.clone(),
                    format!("the clause `{heading}` has no words"),
                )
                .label(clause.span.clone(), "this clause")
                .help("put its words in a block quote under the heading: lines that begin with `> `"),
            );
            return;
        }
        let elsewhere =
            self.document.clauses.iter().find(|c| c.words.contains(&words)).map(|c| c.heading.clone());
        let mut wrong = Diagnostic::error(
            "Q0401",
            quote.span.clone(),
            format!("these words are not in the clause `{heading}`"),
        );
        if let Some(other) = elsewhere {
            wrong = wrong.help(format!(
                "they are in `{other}`: move the rule there, or quote the words of this clause"
            ));
        } else if let Some(near) = nearest(clause, &words) {
            let found = &clause.words[near.clone()];
            let place = clause.in_file(near.clone());
            wrong = wrong
                .label(place, "the nearest words of the clause")
                .help("quote the clause word for word; white space and line breaks do not matter")
                .fix(
                    quote.span.clone(),
                    format!("\"{}\"", found.replace('"', "\\\"")),
                    "quote the nearest words",
                );
        } else {
            wrong = wrong.help("quote the clause word for word; white space and line breaks do not matter");
        }
        self.report(wrong);
    }
}

/// The stretch of a clause most like some words: as many words in a row, begun where most of them are the same.
fn nearest(clause: &Clause, quote: &str) -> Option<std::ops::Range<usize>> {
    let wanted: Vec<String> = quote.split(' ').take(200).map(plain).collect();
    let mut starts = Vec::new();
    let mut at = 0;
    for word in clause.words.split(' ') {
        starts.push((at, word));
        at += word.len() + 1;
    }
    starts.retain(|(_, word)| !word.is_empty());
    let words: Vec<String> = starts.iter().take(4000).map(|(_, word)| plain(word)).collect();
    let length = wanted.len().min(words.len());
    if length == 0 {
        return None;
    }
    // One pass per word of the quote: how many of its words each window of the clause holds.
    let known: std::collections::BTreeSet<&String> = wanted.iter().collect();
    let hit: Vec<usize> = words.iter().map(|w| usize::from(known.contains(w))).collect();
    let mut hits: usize = hit[..length].iter().sum();
    let mut best = (hits, 0);
    for start in 1..=words.len() - length {
        hits = hits + hit[start + length - 1] - hit[start - 1];
        let exact = usize::from(words[start] == wanted[0]);
        if hits * 2 + exact > best.0 * 2 + usize::from(words[best.1] == wanted[0]) {
            best = (hits, start);
        }
    }
    if best.0 * 2 < length {
        return None;
    }
    let (first, _) = starts[best.1];
    let (last, word) = starts[best.1 + length - 1];
    Some(first..last + word.len())
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
