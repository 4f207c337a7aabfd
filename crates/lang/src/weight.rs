//! How much there is to check in a text, counted before it is checked.
//!
//! Checking compares what is declared with what else is declared, so a text that declares very much takes long, and it cannot be stopped
//! midway. Whoever checks texts of others for them says how much is taken ([`Bounds`]); what is counted is the text itself, so the same
//! text is taken or not on every machine.
//!
//! What it deliberately does not do: parse, or look at a clock.
//!
//! Invariants
//! - counting takes one pass over the text and its Markdown;
//! - a text within the bounds is checked as it always is: they change no diagnostic.
//!
//! Where to start reading: [`Bounds::admit`].

use crate::document;
use std::fmt;

/// What was counted in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Weight {
    /// Headings, and the quotes under them, as clauses.
    pub clauses: usize,
    /// Fences marked `pact`.
    pub fences: usize,
    /// Lines in them that begin in the first column: each begins a declaration, or is a mistake of its own.
    pub declarations: usize,
    /// All lines in them that are not blank.
    pub lines: usize,
    /// The longest of these lines, in bytes.
    pub longest_line: usize,
}

impl Weight {
    /// Counts.
    ///
    /// # Example
    /// ```
    /// use servanda_lang::weight::Weight;
    /// let weight = Weight::of("# T\n\n```pact\nparty A\nparty B\n  name \"b\"\n```\n");
    /// assert_eq!((weight.declarations, weight.lines, weight.clauses), (2, 3, 1));
    /// ```
    pub fn of(text: &str) -> Weight {
        let (document, _) = document::document(text);
        let mut weight =
            Weight { clauses: document.clauses.len(), fences: document.fences.len(), ..Weight::default() };
        for fence in &document.fences {
            for line in text.get(fence.content.clone()).unwrap_or_default().lines() {
                let inside = line.trim_start();
                if inside.is_empty() {
                    continue;
                }
                weight.lines += 1;
                weight.longest_line = weight.longest_line.max(line.len());
                weight.declarations += usize::from(line.len() - inside.len() <= fence.indent);
            }
        }
        weight
    }
}

/// How much is taken at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Clauses.
    pub clauses: usize,
    /// Fences.
    pub fences: usize,
    /// Declarations.
    pub declarations: usize,
    /// Lines of rules.
    pub lines: usize,
    /// Bytes of one of these lines.
    pub longest_line: usize,
}

/// What there is too much of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Excess {
    /// What was counted, in words.
    pub what: &'static str,
    /// How much of it there is.
    pub found: usize,
    /// How much is taken.
    pub most: usize,
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the text has {} {}, and at most {} are checked here", self.found, self.what, self.most)
    }
}

impl std::error::Error for Excess {}

impl Bounds {
    /// Whether a text is within them.
    ///
    /// # Errors
    /// What there is too much of, and how much.
    ///
    /// # Example
    /// ```
    /// use servanda_lang::weight::Bounds;
    /// let bounds = Bounds { clauses: 9, fences: 9, declarations: 1, lines: 9, longest_line: 99 };
    /// assert!(bounds.admit("```pact\nparty A\n```\n").is_ok());
    /// let excess = bounds.admit("```pact\nparty A\nparty B\n```\n").unwrap_err();
    /// assert_eq!(excess.to_string(), "the text has 2 declarations, and at most 1 are checked here");
    /// ```
    pub fn admit(&self, text: &str) -> Result<Weight, Excess> {
        let weight = Weight::of(text);
        let counted = [
            ("clauses", weight.clauses, self.clauses),
            ("fences of rules", weight.fences, self.fences),
            ("declarations", weight.declarations, self.declarations),
            ("lines of rules", weight.lines, self.lines),
            ("bytes in one line of a rule", weight.longest_line, self.longest_line),
        ];
        match counted.into_iter().find(|(_, found, most)| found > most) {
            Some((what, found, most)) => Err(Excess { what, found, most }),
            None => Ok(weight),
        }
    }
}
