//! The nouns of servanda: instants and calendars, places, parties, exact quantities, records, the agreement that
//! the language is lowered to, and verdicts with their reasons.
//!
//! What it deliberately does not do: parse agreements, render pages, decide a verdict, touch a disk or a clock.
//!
//! Invariants
//! - numbers are exact rationals ([`Number`]); no floating point takes part in a comparison of quantities;
//! - instants are UTC milliseconds ([`Instant`]); civil time exists only through a [`Calendar`];
//! - a [`Verdict`] cannot be built without its [`Reasons`];
//! - everything that is listed is listed in a fixed order (`BTreeMap`, sorted vectors).
//!
//! Where to start reading: [`agreement::Agreement`], then [`record::Record`], then [`verdict::Verdict`].
//! Tests stand beside the code of each module.

pub mod agreement;
pub mod explanation;
pub mod grade;
pub mod name;
pub mod number;
pub mod place;
pub mod record;
pub mod records;
pub mod time;
pub mod uses;
pub mod verdict;

pub use agreement::Agreement;
pub use explanation::Explanation;
pub use grade::{Grade, Support};
pub use name::Name;
pub use number::Number;
pub use place::{Place, Places, Point, Within};
pub use record::{Record, RecordId};
pub use records::Records;
pub use time::{Calendar, Instant, Period, Span, When};
pub use verdict::{Board, Question, Reasons, Verdict};
