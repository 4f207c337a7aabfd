//! The Markdown around the rules: headings are clauses, block quotes are their words, fences marked `pact` hold
//! declarations. Everything else in the document is nobody's business here.
//!
//! The first line of a fence says the language of its words: `pact` English, `pact uk` Ukrainian.
//!
//! Invariants
//! - a fence that is not closed ends where the document visibly goes on (a heading of two or more `#`, a quote, the
//!   next fence), so that a lost line of backticks damages one fence only;
//! - white space in words is folded to single blanks, and every word can be traced to its place in the file.

use crate::diagnostic::Diagnostic;
use crate::surface::Language;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use servanda_model::Name;
use std::collections::BTreeSet;
use std::ops::Range;

/// A document's skeleton.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Document {
    /// Clauses, in order.
    pub clauses: Vec<Clause>,
    /// Fences marked `pact`, in order.
    pub fences: Vec<Fence>,
}

/// A heading and the quotes under it, up to the next heading of any level.
#[derive(Clone, PartialEq, Debug)]
pub struct Clause {
    /// Stable identity, from the heading; unique in the document.
    pub id: Name,
    /// The heading's text.
    pub heading: String,
    /// The heading's place in the file.
    pub span: Range<usize>,
    /// 1 to 6.
    pub level: u8,
    /// The quoted words, white space folded.
    pub words: String,
    /// Pieces of `words`: where each begins in `words` and in the file.
    pub pieces: Vec<(usize, usize)>,
}

impl Clause {
    /// The place in the file of a stretch of the words.
    pub fn in_file(&self, words: Range<usize>) -> Range<usize> {
        let place = |at: usize| {
            let piece = self.pieces.partition_point(|(start, _)| *start <= at);
            self.pieces.get(piece.wrapping_sub(1)).map_or(self.span.end, |(start, file)| file + (at - start))
        };
        let start = place(words.start);
        start..words.end.checked_sub(1).map_or(start, |last| place(last) + 1).max(start)
    }
}

/// A fence marked `pact`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fence {
    /// Its content's place in the file.
    pub content: Range<usize>,
    /// How far it is indented as a whole.
    pub indent: usize,
    /// The clause that it stands under, by index.
    pub clause: Option<usize>,
    /// What its first line says after the backticks: `pact`, `pact uk`.
    pub info: Range<usize>,
    /// The language of its words.
    pub language: Language,
}

/// Reads the skeleton.
pub fn document(text: &str) -> (Document, Vec<Diagnostic>) {
    let mut reader = Reader { text, ..Reader::default() };
    let (stretches, open) = stretches(text);
    for stretch in stretches {
        reader.read(stretch);
    }
    for line in open {
        let end = line + text[line..].find('\n').unwrap_or(text.len() - line);
        reader.diagnostics.push(
            Diagnostic::error("P0101", line..end, "this fence is not closed")
                .help("write a line of three backticks under its last declaration"),
        );
    }
    (reader.document, reader.diagnostics)
}

/// Cuts the text where a fence was not closed. Gives the stretches and the places of the fences that are open.
fn stretches(text: &str) -> (Vec<Range<usize>>, Vec<usize>) {
    struct Open {
        at: usize,
        mark: char,
        len: usize,
        pact: bool,
        /// Where the document visibly goes on.
        goes_on: Option<usize>,
    }
    let mut stretches = Vec::new();
    let mut unclosed = Vec::new();
    let mut start = 0;
    let mut open: Option<Open> = None;
    let mut at = 0;
    while at < text.len() {
        let next = at + text[at..].find('\n').map_or(text.len() - at, |n| n + 1);
        let line = text[at..next].trim_end();
        let body = line.trim_start_matches(' ');
        let mark = body.chars().next().filter(|c| matches!(c, '`' | '~') && line.len() - body.len() < 4);
        let len = mark.map_or(0, |mark| body.chars().take_while(|c| *c == mark).count());
        let info = body[len..].trim();
        match &mut open {
            None if len >= 3 && !info.contains('`') => {
                open = Some(Open { at, mark: mark.unwrap_or('`'), len, pact: is_pact(info), goes_on: None });
            }
            None => {}
            Some(fence) => {
                let same = mark == Some(fence.mark) && len >= fence.len;
                if same && info.is_empty() {
                    open = None;
                } else if same && (fence.pact || is_pact(info)) {
                    if fence.pact {
                        unclosed.push(fence.at);
                    }
                    let cut = fence.goes_on.unwrap_or(at);
                    stretches.push(start..cut);
                    start = cut;
                    open = None;
                    at = cut;
                    continue;
                } else if fence.goes_on.is_none() && (line.starts_with("##") || line.starts_with("> ")) {
                    fence.goes_on = Some(at);
                }
            }
        }
        at = next;
        if at >= text.len()
            && let Some(fence) = open.take().filter(|f| f.pact)
        {
            unclosed.push(fence.at);
            if let Some(cut) = fence.goes_on {
                stretches.push(start..cut);
                start = cut;
                at = cut;
            }
        }
    }
    stretches.push(start..text.len());
    (stretches, unclosed)
}

fn is_pact(info: &str) -> bool {
    info.split([' ', '\t', ',']).next() == Some("pact")
}

#[derive(Default)]
struct Reader<'t> {
    text: &'t str,
    document: Document,
    ids: BTreeSet<Name>,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn read(&mut self, stretch: Range<usize>) {
        let mut quotes = 0usize;
        let mut lists = 0usize;
        let mut heading: Option<(Range<usize>, u8, String)> = None;
        let mut fence: Option<(Range<usize>, Option<Range<usize>>)> = None;
        let mut silent = false;
        for (event, span) in Parser::new(&self.text[stretch.clone()]).into_offset_iter() {
            let span = span.start + stretch.start..span.end + stretch.start;
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    heading = Some((span, level as u8, String::new()))
                }
                Event::End(TagEnd::Heading(_)) => {
                    if let Some((span, level, text)) = heading.take() {
                        self.heading(span, level, &text);
                    }
                }
                Event::Start(Tag::BlockQuote(_)) => quotes += 1,
                Event::End(TagEnd::BlockQuote(_)) => quotes = quotes.saturating_sub(1),
                Event::Start(Tag::List(_)) => lists += 1,
                Event::End(TagEnd::List(_)) => lists = lists.saturating_sub(1),
                Event::Start(Tag::CodeBlock(kind)) => match kind {
                    CodeBlockKind::Fenced(info) if is_pact(info.trim()) => {
                        if quotes + lists > 0 {
                            let line = span.start..self.line_end(span.start);
                            self.diagnostics.push(
                                Diagnostic::error(
                                    "P0102",
                                    line,
                                    "a fence within a quote or a list is not read",
                                )
                                .help("move it to the left margin, under the clause"),
                            );
                            silent = true;
                        } else {
                            fence = Some((span, None));
                        }
                    }
                    _ => silent = true,
                },
                Event::End(TagEnd::CodeBlock) => {
                    silent = false;
                    if let Some((span, content)) = fence.take() {
                        self.fence(span, content);
                    }
                }
                Event::Text(text) if fence.is_some() => {
                    let _ = text;
                    if let Some((_, content)) = &mut fence {
                        let start = content.as_ref().map_or(span.start, |c| c.start);
                        *content = Some(start..span.end);
                    }
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some((_, _, heading)) = &mut heading {
                        heading.push_str(&text);
                    } else if quotes > 0 && !silent {
                        self.words(&text, span);
                    }
                }
                Event::SoftBreak | Event::HardBreak => {
                    if let Some((_, _, heading)) = &mut heading {
                        heading.push(' ');
                    } else if quotes > 0 {
                        self.gap();
                    }
                }
                Event::End(TagEnd::Paragraph | TagEnd::Item) if quotes > 0 => self.gap(),
                _ => {}
            }
        }
    }

    fn line_end(&self, at: usize) -> usize {
        at + self.text[at..].find('\n').unwrap_or(self.text.len() - at)
    }

    fn heading(&mut self, span: Range<usize>, level: u8, text: &str) {
        let heading = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let slug = Name::slug(&heading);
        let slug = if slug.as_str().is_empty() { Name::from("clause") } else { slug };
        let mut id = slug.clone();
        let mut n = 1;
        while !self.ids.insert(id.clone()) {
            n += 1;
            id = Name::from(format!("{slug}-{n}"));
        }
        let span = span.start..self.text[span.clone()].trim_end().len() + span.start;
        self.document.clauses.push(Clause {
            id,
            heading,
            span,
            level,
            words: String::new(),
            pieces: Vec::new(),
        });
    }

    fn gap(&mut self) {
        if let Some(clause) = self.document.clauses.last_mut()
            && !clause.words.is_empty()
            && !clause.words.ends_with(' ')
        {
            clause.words.push(' ');
        }
    }

    fn words(&mut self, text: &str, span: Range<usize>) {
        // Code and escapes stand a little further right in the file than the event says.
        let shift = self.text[span.clone()].find(text).unwrap_or(0);
        let Some(clause) = self.document.clauses.last_mut() else { return };
        let mut in_blank = clause.words.is_empty() || clause.words.ends_with(' ');
        let mut fresh = true;
        for (at, c) in text.char_indices() {
            if c.is_whitespace() {
                if !in_blank {
                    clause.words.push(' ');
                }
                in_blank = true;
                fresh = true;
                continue;
            }
            if fresh {
                clause.pieces.push((clause.words.len(), (span.start + shift + at).min(span.end)));
                fresh = false;
            }
            in_blank = false;
            clause.words.push(c);
        }
    }

    fn fence(&mut self, span: Range<usize>, content: Option<Range<usize>>) {
        let line_start = self.text[..span.start].rfind('\n').map_or(0, |n| n + 1);
        let indent = span.start - line_start;
        let after_info = (self.line_end(span.start) + 1).min(span.end.max(span.start));
        let content = match content {
            Some(content) => {
                self.text[..content.start].rfind('\n').map_or(content.start, |n| n + 1)..content.end
            }
            None => after_info..after_info,
        };
        let clause = self.document.clauses.len().checked_sub(1);
        let first = &self.text[span.start..self.line_end(span.start)];
        let marks = first.len() - first.trim_start_matches(['`', '~']).len();
        let start = span.start + marks + first[marks..].len() - first[marks..].trim_start().len();
        let info = start..start + self.text[start..self.line_end(span.start)].trim_end().len();
        let language = self.language(&info);
        self.document.fences.push(Fence { content, indent, clause, info, language });
    }

    /// The language that a fence's first line names: the word after `pact`, English without one.
    fn language(&mut self, info: &Range<usize>) -> Language {
        let said = &self.text[info.clone()];
        let Some(code) = said.split([' ', '\t', ',']).filter(|word| !word.is_empty()).nth(1) else {
            return Language::English;
        };
        if let Some(language) = Language::of_code(code) {
            return language;
        }
        if (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase()) {
            let at = info.start + said.find(code).unwrap_or(0);
            self.diagnostics.push(
                Diagnostic::error("P0121", at..at + code.len(), format!("no rules are written in `{code}`"))
                    .help("write `pact` for rules in English words, or `pact uk` for Ukrainian ones"),
            );
        }
        Language::English
    }
}

/// White space folded to single blanks, none at the ends.
pub fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_words_and_fences() {
        let text = "# Title\n\n## Article 1. *Fire*\n\n> All  fire\n> ceases `now`.\n\n> And stays so.\n\n```pact\nparty A\n```\n\
                    \n```rust\nparty B\n```\n\n## Article 1. *Fire*\n\n```pact\n```\n";
        let (document, diagnostics) = document(text);
        assert_eq!(diagnostics, []);
        let clause = &document.clauses[1];
        assert_eq!(clause.words.trim(), "All fire ceases now. And stays so.");
        assert_eq!(clause.heading, "Article 1. Fire");
        let at = clause.words.find("ceases now").unwrap();
        assert_eq!(&text[clause.in_file(at..at + 6)], "ceases");
        assert_eq!(&text[clause.in_file(at + 7..at + 10)], "now");
        assert_eq!(document.clauses[2].id.as_str(), "article-1-fire-2");
        assert_eq!(document.fences.len(), 2);
        assert_eq!(&text[document.fences[0].content.clone()], "party A\n");
        assert_eq!(document.fences[0].clause, Some(1));
        assert_eq!(document.fences[1].content.len(), 0);
    }

    #[test]
    fn the_first_line_of_a_fence_says_the_language_of_its_words() {
        for (info, language, codes) in [
            ("pact", Language::English, 0),
            ("pact en", Language::English, 0),
            ("pact  uk ", Language::Ukrainian, 0),
            ("pact de", Language::English, 1),
            ("pact {.wide}", Language::English, 0),
        ] {
            let (document, wrong) = document(&format!("# T\n\n```{info}\nparty A\n```\n"));
            assert_eq!(document.fences[0].language, language, "{info}");
            assert_eq!(wrong.iter().filter(|d| d.code == "P0121").count(), codes, "{info}");
        }
    }

    #[test]
    fn a_fence_that_is_not_closed_damages_no_other() {
        let text = "# T\n\n```pact\nparty A\n\n## Second\n\n> words\n\n```pact\nparty B\n```\n\n## Third\n\n```pact\nparty C\n";
        let (document, diagnostics) = document(text);
        let contents: Vec<&str> = document.fences.iter().map(|f| text[f.content.clone()].trim()).collect();
        assert_eq!(contents, ["party A", "party B", "party C"]);
        assert_eq!(document.clauses.len(), 3);
        assert_eq!(diagnostics.iter().filter(|d| d.code == "P0101").count(), 2);
    }

    #[test]
    fn a_lost_opening_line_does_not_swallow_the_next_fence() {
        let text = "# T\n\nparty A\n```\n\n## Second\n\n```pact\nparty B\n```\n";
        let (document, _) = document(text);
        assert_eq!(document.fences.len(), 1);
        assert_eq!(document.clauses.len(), 2);
    }
}
