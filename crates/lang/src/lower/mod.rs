//! Typed fields to an agreement.

pub mod names;
