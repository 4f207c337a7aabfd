//! A tamper-evident log, as bytes: what parties that distrust each other can check without trusting each other or us.
//!
//! An auditor links only this crate. It uses no other of the house, opens no file, reads no clock and draws no randomness:
//! bytes in, bytes or an answer out. It does not know what an agreement or a record is. Files are written by `store`.
//!
//! The formats are those of C2SP (tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature, tlog-witness, tlog-policy,
//! tlog-proof), one module each, and four of our own: [`leaf`], [`receipt`], [`envelope`] (DSSE) and [`bundle`].
//!
//! Invariants
//! - bytes from outside never make it panic, and what it keeps of them is bounded by a constant that its module names;
//! - what is accepted has one writing: read and written again, it is the same bytes (envelopes excepted, which are kept as
//!   they came);
//! - nothing is believed before a key that was handed in has signed for it.
//!
//! Where to start reading: [`tree`], then [`tile`], then [`audit`], which reads a whole log; "The life of a leaf" in
//! `docs/guides/ledger.md` tells it in order. Tests: `tests/` of this crate.

pub mod anchor;
pub mod audit;
pub mod bundle;
pub mod checkpoint;
pub mod cosignature;
pub mod envelope;
mod error;
mod json;
pub mod leaf;
pub mod note;
pub mod policy;
pub mod proof;
pub mod receipt;
pub mod tile;
pub mod tree;
pub mod witness;

pub use error::Error;
