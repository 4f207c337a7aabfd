//! Agreement, records and a moment in; verdicts with reasons out.
//!
//! [`mod@reference`] is the semantics; [`incremental`] answers the same, faster, and stays up to date. What it deliberately does not do: see text, touch a disk, read a clock.
//!
//! Invariants
//! - the same agreement, records and question give the same board, in whatever order the records come;
//! - every verdict carries its reasons.
//!
//! Tests: scenarios under `tests/`, run by the crate `scenario`; unit tests beside the code.

pub mod columns;
pub mod explain;
mod follow;
pub mod future;
mod ground;
pub mod incremental;
mod kept;
mod readings;
pub mod reference;
pub mod signal;

pub use explain::explain;
pub use incremental::{Engine, evaluate, evaluate_of};
