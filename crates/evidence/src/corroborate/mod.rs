//! Corroboration: which reports speak of one event. The program proposes, a person rules.
//!
//! Reports are never merged. Pairs that lie near each other in time and place, or share a rare word, are compared field by
//! field; what a comparison adds is read from [`Weights`]; what fits together is proposed with a score card. Only what a
//! person accepted counts, and every ruling can be taken back.
//!
//! It writes no grade, hides no report, and names nobody's guilt. It does no IO and reads no clock.
//!
//! Invariants
//! - the same records, rulings and weights give the same proposals, byte for byte, in whatever order they come;
//! - a proposal changes nothing that is counted; a standing ruling does, and taking it back undoes just that;
//! - copies of one text are one source.
//!
//! Where to start reading: [`propose()`], then [`rulings`] for what counts, then [`fields`] for what is compared. How good it
//! is, is measured by [`measure`]; `tests/corroborate.rs` of the crate has the traps.

pub mod clusters;
pub mod fields;
pub mod fit;
pub mod fusion;
pub mod joined;
pub mod measure;
pub mod pairs;
pub mod propose;
pub mod reports;
pub mod rulings;
pub mod weights;
pub mod wire;

pub use fields::{FIELDS, Levels};
pub use joined::Joined;
pub use pairs::Candidates;
pub use propose::{Card, Proposal, Proposals, propose};
pub use reports::Reports;
pub use rulings::{Incidents, Ruling, Said, incidents};
pub use weights::{Weights, WeightsFault};
