//! Diagnostics: what is wrong with a text, where, and what to do next; and how they are shown to people.
//!
//! A diagnostic is data. It speaks of the user's text only; a missing file is an operational error and none of this.
//! Finding diagnostics is not done here, nor is sorting or counting them for an exit code.
//!
//! Invariants
//! - [`render`] never panics, whatever the spans: they are moved to the nearest place that exists in the text;
//! - every code of this crate has a page that [`explain`] returns (`tests/pages.rs`).
//!
//! Where to start reading: [`Diagnostic`], then [`render`].

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};
use std::ops::Range;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub enum Severity {
    /// The text does not say what it must say: part of it has no effect.
    Error,
    /// It has an effect, and probably not the one that was meant.
    Warning,
    /// Something a drafter wants to know.
    Info,
}

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// One thing that a text gets wrong. Spans are bytes of the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// Stable code with a page of its own.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in lower case, the user's text in backticks.
    pub message: String,
    /// The smallest stretch of text that is wrong.
    pub span: Range<usize>,
    /// Other places that matter, each with what it is.
    pub labels: Vec<(Range<usize>, String)>,
    /// What to do next.
    pub help: Option<String>,
    /// A repair that can be made for the user.
    pub fix: Option<Fix>,
}

/// A repair: one replacement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What is replaced.
    pub span: Range<usize>,
    /// By what.
    pub replacement: String,
    /// What the repair does, as one would say it on a button.
    pub title: String,
}

impl Diagnostic {
    fn new(
        severity: Severity,
        code: &'static str,
        span: Range<usize>,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            message: message.into(),
            span,
            labels: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// An error.
    ///
    /// # Example
    /// ```
    /// use servanda_lang::diagnostic::{Diagnostic, render};
    /// let text = "by   2027-02-30\n";
    /// let wrong = Diagnostic::error("E0000", 5..15, "the date `2027-02-30` does not exist")
    ///     .help("February 2027 has 28 days");
    /// assert!(render("a.pact.md", text, &[wrong], false).contains("a.pact.md:1:6"));
    /// ```
    pub fn error(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, span, message)
    }

    /// A warning.
    pub fn warning(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, span, message)
    }

    /// An information.
    pub fn info(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Info, code, span, message)
    }

    /// With what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// With another place that matters.
    pub fn label(mut self, span: Range<usize>, text: impl Into<String>) -> Diagnostic {
        self.labels.push((span, text.into()));
        self
    }

    /// With a repair.
    pub fn fix(
        mut self,
        span: Range<usize>,
        replacement: impl Into<String>,
        title: impl Into<String>,
    ) -> Diagnostic {
        self.fix = Some(Fix { span, replacement: replacement.into(), title: title.into() });
        self
    }
}

/// Lines longer than this are named, not shown.
const LONGEST_LINE_SHOWN: usize = 2_000;
/// Places further apart than this (in bytes) are shown as two snippets.
const ONE_SNIPPET: usize = 8_000;

/// Diagnostics as people read them in a terminal: file, line, code, the text with its places underlined, help and
/// repair. The order is kept.
pub fn render(name: &str, text: &str, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(120).decor_style(DecorStyle::Ascii);
    let shown = Shown { name, text, lines: Lines::of(text) };
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&renderer.render(&shown.groups(diagnostic)));
        out.push_str("\n\n");
    }
    out
}

struct Shown<'a> {
    name: &'a str,
    text: &'a str,
    lines: Lines,
}

impl<'a> Shown<'a> {
    fn groups(&self, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
        let span = self.existing(&diagnostic.span);
        let labels: Vec<(Range<usize>, &str)> =
            diagnostic.labels.iter().map(|(span, text)| (self.existing(span), text.as_str())).collect();
        let (near, far): (Vec<_>, Vec<_>) = labels.into_iter().partition(|(other, _)| {
            other.start.abs_diff(span.start) < ONE_SNIPPET && other.end.abs_diff(span.end) < ONE_SNIPPET
        });
        let mut group = Group::with_title(title);
        group = match self.window(near.iter().map(|(span, _)| span).chain([&span])) {
            Some(window) => {
                let mut snippet = self.snippet(&window);
                snippet = snippet.annotation(AnnotationKind::Primary.span(inside(&span, &window)));
                for (span, text) in &near {
                    snippet =
                        snippet.annotation(AnnotationKind::Context.span(inside(span, &window)).label(*text));
                }
                group.element(snippet)
            }
            None => group.element(self.origin(span.start)),
        };
        for (span, text) in far {
            group = match self.window([&span].into_iter()) {
                Some(window) => group.element(
                    self.snippet(&window)
                        .annotation(AnnotationKind::Context.span(inside(&span, &window)).label(text)),
                ),
                None => group.element(self.origin(span.start)),
            };
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let mut groups = vec![group];
        if let Some(fix) = &diagnostic.fix {
            let span = self.existing(&fix.span);
            if let Some(window) = self.window([&span].into_iter()) {
                let patch = Patch::new(inside(&span, &window), fix.replacement.as_str());
                let (source, line) = self.source(&window);
                let snippet = Snippet::source(source).line_start(line).path(self.name).patch(patch);
                groups.push(Level::HELP.secondary_title(fix.title.as_str()).element(snippet));
            }
        }
        groups
    }

    /// The nearest span that exists.
    fn existing(&self, span: &Range<usize>) -> Range<usize> {
        let start = floor_char_boundary(self.text, span.start);
        let end = floor_char_boundary(self.text, span.end).max(start);
        start..end
    }

    /// The whole lines around these spans; `None` where they are too long to be shown.
    fn window<'s>(&self, spans: impl Iterator<Item = &'s Range<usize>>) -> Option<Range<usize>> {
        let (start, end) =
            spans.fold((usize::MAX, 0), |(start, end), span| (start.min(span.start), end.max(span.end)));
        let window = self.lines.start_of_line_at(start)..self.lines.end_of_line_at(end, self.text.len());
        let longest = self.text[window.clone()].split('\n').map(str::len).max().unwrap_or(0);
        (longest <= LONGEST_LINE_SHOWN).then_some(window)
    }

    fn source(&self, window: &Range<usize>) -> (&'a str, usize) {
        (&self.text[window.clone()], self.lines.number(window.start))
    }

    fn snippet(&self, window: &Range<usize>) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        let (source, line) = self.source(window);
        Snippet::source(source).line_start(line).path(self.name)
    }

    fn origin(&self, at: usize) -> Origin<'a> {
        let start = self.lines.start_of_line_at(at);
        let column = self.text[start..at].chars().count() + 1;
        Origin::path(self.name).line(self.lines.number(at)).char_column(column)
    }
}

fn inside(span: &Range<usize>, window: &Range<usize>) -> Range<usize> {
    span.start - window.start..span.end - window.start
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Where lines start.
struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Lines {
        let after = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
        Lines { starts: std::iter::once(0).chain(after).collect() }
    }

    fn index(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at) - 1
    }

    fn number(&self, at: usize) -> usize {
        self.index(at) + 1
    }

    fn start_of_line_at(&self, at: usize) -> usize {
        self.starts[self.index(at)]
    }

    fn end_of_line_at(&self, at: usize, len: usize) -> usize {
        self.starts.get(self.index(at) + 1).map_or(len, |next| next - 1)
    }
}

macro_rules! pages {
    ($($code:ident)*) => {
        /// Code and page, in order of the codes.
        const PAGES: &[(&str, &str)] = &[$((
            stringify!($code),
            include_str!(concat!("../../../docs/reference/codes/", stringify!($code), ".md")),
        )),*];
    };
}

pages! {
    A0701 A0702 A0703 A0704 A0705 A0706 A0707 A0708 A0709 A0710 A0711
    A0712 A0713 A0714 A0715 A0716 A0717 A0718 A0719 A0720 A0721 A0722
    C0601 C0602 C0603 C0604 N0201 N0202 N0203 N0204 N0205 N0206 N0207 N0208 N0209 N0210 N0211 N0212
    N0213 N0214 N0215 N0216 N0217 P0101 P0102 P0103 P0104 P0105 P0106 P0107 P0108 P0109 P0110 P0111 P0112 P0113
    P0114 P0115 P0116 P0117 P0118 P0119 P0120 P0121 Q0401 Q0402 Q0403 S0501 S0502 S0503 S0504 S0505 S0506
    S0507 S0508 S0509 S0510 S0511 S0512 S0513 T0301 T0302 T0303 T0304 T0305 T0306 T0307 T0308 T0309
    T0310 T0311 T0312 T0313
}

/// The page of a code: what it means, an example, what to do. Case does not matter.
pub fn explain(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code.trim())).map(|(_, page)| *page)
}

/// The title of a code's page; nothing where there is none.
pub fn title(code: &str) -> &'static str {
    codes().find(|(known, _)| *known == code).map_or("", |(_, title)| title)
}

/// All codes that have a page, with its title, in order.
pub fn codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    PAGES.iter().map(|(code, page)| {
        let heading = page.lines().next().unwrap_or_default().trim_start_matches('#').trim();
        (*code, heading.strip_prefix(code).unwrap_or(heading).trim_start_matches([':', ' ']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_diagnostic_shows_file_line_code_help_and_repair() {
        let text = "# A\n\n```pact\nduty a\n  by          2027-02-30\n  by          2027-03-01\n```\n";
        let start = text.find("2027-02-30").unwrap();
        let second = text.find("2027-03-01").unwrap();
        let wrong = Diagnostic::error("E0000", start..start + 10, "the date `2027-02-30` does not exist")
            .label(second..second + 10, "a second deadline stands here")
            .help("February 2027 has 28 days")
            .fix(start..start + 10, "2027-02-28", "write the last day of February");
        expect![[r#"
            error[E0000]: the date `2027-02-30` does not exist
             --> a.pact.md:5:15
              |
            5 |   by          2027-02-30
              |               ^^^^^^^^^^
            6 |   by          2027-03-01
              |               ---------- a second deadline stands here
              |
              = help: February 2027 has 28 days
            help: write the last day of February
              |
            5 -   by          2027-02-30
            5 +   by          2027-02-28
              |

        "#]]
        .assert_eq(&render("a.pact.md", text, std::slice::from_ref(&wrong), false));
        assert!(render("a.pact.md", text, &[wrong], true).contains("\u{1b}["));
    }

    #[test]
    fn spans_that_do_not_exist_are_moved_and_long_lines_are_named() {
        let text = "Угода\nдруга";
        for (start, end) in [(0, 0), (1, 3), (5, 2), (500, 600), (19, 20), (text.len(), text.len())] {
            let wrong =
                Diagnostic::warning("E0000", start..end, "x").label(3..end, "y").fix(end..start, "z", "t");
            assert!(render("a", text, &[wrong], false).starts_with("warning[E0000]: x"), "{start}..{end}");
        }
        let long = "x".repeat(100_000);
        let out = render("a", &long, &[Diagnostic::info("E0000", 50_000..50_003, "x")], false);
        assert!(out.contains("a:1:50001") && out.len() < 200, "{out}");
        assert!(render("a", "", &[Diagnostic::info("E0000", 0..0, "x")], false).contains("info[E0000]"));
    }

    #[test]
    fn a_label_far_away_has_a_snippet_of_its_own() {
        let text = format!("first\n{}\nlast\n", "between\n".repeat(2_000));
        let at = text.len() - 5;
        let out =
            render("a", &text, &[Diagnostic::error("E0000", at..at + 4, "x").label(0..5, "here")], false);
        assert!(out.contains("2003 | last") && out.contains("here") && !out.contains("between"), "{out}");
    }
}
