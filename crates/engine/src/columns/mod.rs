//! The hot path: rules that compile to columns, beside the engine for the whole language.
//!
//! What does not compile is refused with the norm and the construct, a record that does not fit with the reason; both are
//! left to the general engine. What is said here is what [`reference`](mod@crate::reference) says.
//!
//! | file | what it does |
//! |---|---|
//! | `plan.rs` | from an agreement to rules over columns, or the reason why not |
//! | `names.rs` | names as numbers |
//! | `table.rs` | records as columns, in the order in which they became known |
//! | `store.rs` | a table as bytes |
//! | `after.rs` | times as distances from other times |
//! | `column.rs` | a sorted column in chunks |
//! | `window.rs` | how much lies in a trailing window, and the episodes over which it is enough |
//! | `respond.rs` | triggers and what answers them |
//! | `replay.rs` | rows in as they become known, what is said of each instance out |
//! | `sweep.rs` | many variants of a threshold rule over one sorted column of times |
//!
//! Where to start reading: [`Plan::of`], [`Table::from_records`], [`replay`].
//!
//! # Example
//! ```
//! use servanda_engine::columns::{Plan, Table, replay};
//! let plan = Plan::of(&servanda_model::Agreement::default()).unwrap();
//! let table = Table::from_records(&plan, &[]).unwrap();
//! assert!(replay(&plan, &table, 1).unwrap().is_empty());
//! ```

mod after;
mod column;
mod names;
mod plan;
mod replay;
mod respond;
mod store;
mod sweep;
mod table;
mod window;

pub use after::NO_TIME;
pub use names::{NOTHING, Names};
pub use plan::{FactUse, Plan, Refused};
pub use replay::{Live, Log, replay};
pub use respond::Said;
pub use store::Reading;
pub use sweep::{Variant, sweep};
pub use table::{FOR_EVER, Row, Table};
