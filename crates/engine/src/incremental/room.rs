//! How much memory an engine's state takes, by an estimate, and what is said when that is too much.
//!
//! Records and rows are counted by what they hold. What was computed on the way and kept is counted by the number of
//! values, at [`KEPT`] bytes each: the mean that was measured. It is an estimate, good to keep a machine from running
//! out of memory, not to fill it to the last page.

use super::Engine;
use super::history::Row;
use crate::reference::Memo;
use servanda_model::record::RoleValue;
use servanda_model::{Instant, Record, Verdict};
use std::fmt;
use std::mem::size_of;
use std::rc::Rc;

/// Bytes of one kept value with what it was read from.
pub const KEPT: u64 = 4500;
/// Bytes of one member of a cell, beside the instance that it is for.
const MEMBER: u64 = 600;
/// Bytes that a map or an allocation takes beside what is in it.
const BESIDE: usize = 48;

/// The state has outgrown the limit that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfRoom {
    /// The limit, in bytes.
    pub limit: u64,
    /// What the state takes at the moment reached, in bytes, by estimate.
    pub taken: u64,
    /// What it may take in the end, in bytes, if it goes on growing with the records as it did.
    pub needed: u64,
    /// The moment reached; [`Instant::MIN`]: the records alone are too many.
    pub reached: Instant,
    /// Records known by then, of all that came in.
    pub records: (u64, u64),
}

impl OutOfRoom {
    /// What to do next.
    pub fn remedy(&self) -> String {
        format!(
            "allow about {}, ask for an earlier end, or share the work among more workers",
            size(self.needed)
        )
    }
}

impl fmt::Display for OutOfRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (known, of) = self.records;
        let (taken, limit) = (size(self.taken), size(self.limit));
        write!(f, "the state takes about {taken}, and the limit is {limit}: it stopped ")?;
        match self.reached {
            Instant::MIN => write!(f, "before the first of {of} records"),
            at => write!(f, "at {at} with {known} of {of} records"),
        }
    }
}

impl std::error::Error for OutOfRoom {}

/// A number of bytes as people read it, rounded up.
fn size(bytes: u64) -> String {
    match bytes {
        0..=0xfffff => format!("{} KiB", bytes.div_ceil(1 << 10)),
        _ => format!("{} MiB", bytes.div_ceil(1 << 20)),
    }
}

impl Engine<'_> {
    /// Bytes that the state takes, by estimate: records, rows and what was computed and kept.
    pub fn room(&self) -> u64 {
        let of =
            |memo: &Rc<Memo<'_>>| memo.tracker.nodes() as u64 * KEPT + memo.tracker.members() as u64 * MEMBER;
        self.weight + self.live.history.weight() + self.live.memos.borrow().values().map(of).sum::<u64>()
    }

    pub(super) fn within_limit(&self) -> Result<(), OutOfRoom> {
        let (Some(limit), taken) = (self.settings.memory_limit, self.room()) else { return Ok(()) };
        if taken <= limit {
            return Ok(());
        }
        let (known, of) = (self.live.recorded.len() as u64, self.records.len() as u64);
        let grown = (taken - self.weight).saturating_mul(of).checked_div(known).unwrap_or(0);
        let (needed, reached) = (self.weight.saturating_add(grown).max(taken), self.live.frontier);
        Err(OutOfRoom { limit, taken, needed, reached, records: (known, of) })
    }
}

pub(super) fn of_record(record: &Record) -> u64 {
    let role = |value: &RoleValue| match value {
        RoleValue::OneOf(names) => names.iter().map(|n| n.as_str().len() + BESIDE).sum(),
        RoleValue::Name(name) => name.as_str().len() + BESIDE,
        RoleValue::Text(text) => text.len(),
        RoleValue::Number(_) | RoleValue::Time(_) => 0,
    };
    let roles: usize =
        record.roles.iter().map(|(n, v)| n.as_str().len() + BESIDE + size_of::<RoleValue>() + role(v)).sum();
    let extra: usize = record.extra.iter().map(|(k, v)| k.len() + v.len() + 2 * BESIDE).sum();
    let attachments: usize = record.attachments.iter().map(|a| a.len() + BESIDE).sum();
    let names = [Some(&record.id), Some(&record.fact), record.incident.as_ref()];
    let names: usize = names.into_iter().flatten().map(|n| n.as_str().len() + BESIDE).sum();
    let words = record.source.len() + record.title.len();
    // Once by its identity, once by when it was recorded, and three times among what is known.
    (size_of::<Record>() + roles + extra + attachments + names + words + 5 * BESIDE) as u64
}

pub(super) fn of_row(row: &Row) -> u64 {
    // A row that says that an instance is gone shares its verdict with the row before.
    let verdict = if row.gone { 0 } else { of_verdict(&row.verdict) };
    (size_of::<Row>() + row.cause.len() * size_of::<servanda_model::RecordId>() + 3 * BESIDE) as u64 + verdict
}

fn of_verdict(verdict: &Verdict) -> u64 {
    let reasons = verdict.reasons();
    let texts = |list: &[String]| list.iter().map(|text| text.len() + BESIDE).sum::<usize>();
    let steps: usize = reasons.because.iter().map(|b| b.text.len() + BESIDE).sum();
    let cited = (reasons.decided_by.len() + reasons.against.len()) * BESIDE;
    let watched: usize = reasons.coverage.iter().map(|w| w.what.len() + w.gaps.len() * 16 + 2 * BESIDE).sum();
    let episodes: usize = verdict.episodes.iter().map(|e| 2 * BESIDE + e.records.len() * 16).sum();
    let words = texts(&reasons.words) + texts(&reasons.missing) + reasons.rule.len();
    (size_of::<Verdict>() + steps + cited + watched + episodes + words + reasons.elsewhere.len() * 96) as u64
}
