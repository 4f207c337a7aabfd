//! The hot path: rules that compile to columns, beside the engine for the whole language.
//!
//! What does not compile is refused with the norm and the construct, and is left to the general engine.
//!
//! | file | what it does |
//! |---|---|
//! | `sweep.rs` | many variants of a threshold rule over one sorted column of times |

mod sweep;

pub use sweep::{Variant, sweep};
