//! Formats in, records out; gazetteer and zones.
//!
//! Bytes of a file and a [`Mapping`] go in; an [`Import`] comes out: records with their doubts, and every row that could
//! not be used with its line, the value, the reason and the remedy. It never opens a file, reads a clock or repairs a
//! value: a value is used as it stands, or the row is refused.
//!
//! Invariants
//! - every row of the input is a record, a tag row that was skipped and counted, or a refused row;
//! - a fault of the whole file gives no records at all;
//! - a doubt of the source (a day that is not exact, a place known to 25 km, two sides of which either may have acted) is
//!   a doubt of the record;
//! - the same bytes, mapping and [`Context`] give the same records;
//! - memory and time are bounded by a small multiple of the input, whatever the input is.
//!
//! Where to start reading: [`import()`], then [`mapping`] (what columns mean), then [`diff()`] (importing again), then
//! [`gazetteer`] and [`zones`] (names to shapes). Tests stand in `tests/` of the crate and beside the code.

pub mod bearing;
pub mod codes;
pub mod corroborate;
pub mod count;
mod decode;
pub mod diff;
pub mod gazetteer;
mod geo;
pub mod import;
pub mod incident;
pub mod mapping;
mod moment;
pub mod outbox;
pub mod quarantine;
pub mod record_json;
mod spelling;
pub mod zones;

pub use diff::{Changes, diff};
pub use import::{Context, Format, Import, Refused, Warning, import};
pub use mapping::Mapping;
pub use quarantine::quarantine_csv;
