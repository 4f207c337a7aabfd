//! The text of an agreement, as it was published, to a skeleton that can be checked and filled: clauses with their words, and what
//! stands in them still to be encoded. Two texts compared; what many texts promise, side by side.
//!
//! It opens no file, encodes no rule, and uses no statistical model: what it finds it finds by forms that are written here and can be
//! read. It does not translate.
//!
//! ```text
//! bytes ──► source (docx, pdf, plain, akn: paragraphs) ──► outline (clauses) ──► words, modal (what stands in them)
//!                                                             │
//!                                                             └──► skeleton (.pact.md), akn, compare, matrix
//! ```
//!
//! Invariants
//! - every word that a reader of the file sees stands in one clause, in order;
//! - the same bytes give the same draft;
//! - no panic on any bytes; a file that cannot be read is refused with a place and a remedy.
//!
//! Where to start reading: [`source::read`], then [`outline::draft`], then [`skeleton`].

pub mod akn;
pub mod compare;

mod docx;
pub mod matrix;
mod numbering;
pub mod outline;
mod pdf;
mod plain;
pub mod skeleton;
pub mod source;
pub mod survey;
pub mod words;

pub use outline::{Draft, Language, draft};
pub use servanda_lang::modal;
pub use source::{Refused, Source, read};
