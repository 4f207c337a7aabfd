//! Text to syntax tree to agreement, with diagnostics; formatter and read-back.
//!
//! What it deliberately does not do: touch files, know an editor's or the web's protocol, decide a verdict.
//!
//! ```text
//! text ──► document (Markdown) ──► lexer ──► parser (lossless trees) ──► ast (typed fields) ──► lower ──► Agreement
//! ```
//!
//! Invariants
//! - parsing and checking never fail: a value and diagnostics, always;
//! - a broken declaration is left out and named; everything else is lowered.
//!
//! Where to start reading: [`parse`], then [`ast`].

pub mod ast;
pub mod changes;
pub mod diagnostic;
pub mod document;
pub mod editor;
pub mod findings;
pub mod format;
mod lexer;
pub mod literal;
mod lower;
pub mod modal;
pub mod parser;
pub mod readback;
pub mod readers;
pub mod syntax;
mod units;
pub mod words;

pub use diagnostic::Diagnostic;
pub use format::format;
pub use lower::names::{closest, is_reserved};
pub use parser::{Parse, Tree, parse};

use servanda_model::Agreement;

/// A checked text: what could be understood, and what is wrong with the rest.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The agreement, without the declarations that could not be understood.
    pub agreement: Agreement,
    /// All diagnostics, in order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The Markdown skeleton and the lossless trees.
    pub parse: Parse,
    /// The typed declarations.
    pub file: ast::File,
}

impl Checked {
    /// Whether some of the text has no effect because of an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == diagnostic::Severity::Error)
    }
}

/// Checks a text and lowers it. Never fails: a broken declaration is left out, and a diagnostic says why.
///
/// # Example
/// ```
/// let checked = servanda_lang::check("# Peace\n\n```pact\nparty Ukarine\nduty d\n  bearer Ukraine\n```\n");
/// assert!(checked.diagnostics.iter().any(|d| d.help.as_deref() == Some("did you mean `Ukarine`?")));
/// assert!(checked.agreement.norms.is_empty());
/// ```
pub fn check(text: &str) -> Checked {
    let parse = parse(text);
    let (file, of_fields) = ast::file(text, &parse);
    let (agreement, of_meaning) = lower::lower(text, &file, &parse.document);
    let mut diagnostics = parse.diagnostics.clone();
    diagnostics.extend(of_fields);
    diagnostics.extend(of_meaning);
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.span.start, d.span.end, d.code);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup();
    Checked { agreement, diagnostics, parse, file }
}
