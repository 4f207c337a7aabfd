//! A workspace on disk: a folder with an agreement, its mappings, zones and scenarios, and the records in one SQLite file.
//!
//! It is the only room that knows a database. It decides nothing and understands no record: it keeps text, finds it
//! again, and never changes or loses any of it.
//!
//! Invariants
//! - a record is entered once and never changed or deleted; the database itself refuses;
//! - an import is entered whole, with its quarantine file, or not at all;
//! - files and folders appear whole ([`files`]);
//! - the log ([`log`]) is only ever appended to, and is not served where its bytes do not fit its checkpoint.
//!
//! Where to start reading: [`Workspace`], then `database.rs`; [`log::Log`] for the log. Tests stand beside the code of each module.

mod database;
mod error;
pub mod files;
pub mod log;
mod settings;
mod workspace;

pub use database::{Intake, StoredRecord};
pub use error::Error;
pub use settings::{Clock, Demo, Serve, Settings};
pub use workspace::{SETTINGS, Workspace, sha256};
