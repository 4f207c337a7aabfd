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
pub mod diagnostic;
pub mod document;
pub mod format;
mod lexer;
pub mod literal;
pub mod readback;
mod lower;
pub mod parser;
pub mod syntax;

pub use diagnostic::Diagnostic;
pub use format::format;
pub use lower::names::closest;
pub use parser::{Parse, Tree, parse};
