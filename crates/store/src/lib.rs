//! A workspace on disk: a folder with an agreement, its mappings, zones and scenarios, and the records in one SQLite file.
//!
//! It is the only room that knows a database. It decides no verdict and understands no record: it keeps text, finds it again
//! for whoever may see it, and never changes or loses any of it.
//!
//! What is true is the log with the payloads that it commits to; the database is made of them, and can be made again.
//!
//! Invariants
//! - everything that changes what is stored is an entry of the log, and goes in through [`Store`];
//! - a record is entered once and never changed or deleted; the database itself refuses. Erasing destroys a key, never a leaf;
//! - an import is entered whole, with its quarantine file, or not at all;
//! - who may see what is decided in [`policy`] alone, and every query is held to it in `view.rs` alone;
//! - files and folders appear whole ([`files`]);
//! - the log ([`log`]) is only ever appended to, and is not served where its bytes do not fit its checkpoint.
//!
//! Where to start reading: [`Workspace`], then `store.rs`, the one way in; `view.rs`, the one way out; [`log::Log`] for the log.
//! Tests stand beside the code of each module, and in `tests/` of this crate.

mod access;
mod accounts;
mod attachments;
mod backup;
mod decisions;
mod disclosure;
mod disk;
mod entry;
mod erased;
mod error;
mod feeds;
pub mod files;
mod label;
pub mod log;
pub mod mission;
mod orders;
mod packs;
pub mod policy;
mod projection;
mod rebuild;
mod release;
mod schema;
mod seal;
mod settings;
mod signings;
mod slots;
mod sources;
mod sql;
mod store;
mod submit;
mod upgrade;
pub mod vault;
mod view;
mod ways;
mod workspace;

pub use access::{EVERY_MS as LOOKS_EVERY_MS, Look};
pub use accounts::{Account, OWN_WORDS, Unfit};
pub use attachments::{Holder, LARGEST as LARGEST_ATTACHMENT};
pub use backup::{Manifest, Restored, restore};
pub use decisions::{Decision, LONGEST_WORDS, Proposal, Signed as SignedStep, Step};
pub use disclosure::Disclosure;
pub use entry::{Entry, Erasure, Intake, Statement, StoredRecord, Submitted};
pub use error::Error;
pub use feeds::{Feed, MOST_FEEDS};
pub use orders::{Order, Standing};
pub use rebuild::Compared;
pub use release::{Portion, PublicCell, PublicRules, PublicTable, Released, public_levels, public_table};
pub use seal::{is_same, random_bytes};
pub use settings::{Clock, Database, Demo, Oidc, Plan, Serve, Settings, VaultFolder};
pub use signings::{Failed, Notice, SIGN_INS_KEPT, SignIn, Signings, Tried, Way, What};
pub use sources::{SourceKey, new_key};
pub use store::{Entered, Receipt, Store};
pub use submit::{LARGEST_SUBMISSION, Submission, digest};
pub use upgrade::Upgraded;
pub use view::{Audience, View};
pub use ways::{Identity, MOST_PASSKEYS, Passkey};
pub use workspace::{SETTINGS, Workspace, sha256};
