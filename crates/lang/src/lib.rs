//! Text to syntax tree to agreement, with diagnostics; formatter and read-back.

pub mod diagnostic;
pub mod literal;
