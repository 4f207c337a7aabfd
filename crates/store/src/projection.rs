//! The database as a projection: entries go in, one row each and what they mean; nothing else ever writes.
//!
//! The live way and the way of a rebuild are the same function, [`Projection::apply`], so that what was rebuilt is equal.
//!
//! Invariants
//! - rows depend on the entries alone, in their order, not on when or by whom they were applied; but for the numbers of labels,
//!   which nothing shows;
//! - an erasure takes the rows of its target away, and nothing else does.

use crate::entry::{Entry, Payload};
use crate::error::Error;
use crate::label;
use crate::packs::Frame;
use crate::sql::{Connection, Value};
use servanda_ledger::leaf::Leaf;
use std::collections::BTreeMap;

/// Rows that go into one statement.
const ROWS: usize = 100;

/// One entry, as it is applied.
pub(crate) struct Applied {
    pub(crate) number: u64,
    pub(crate) leaf: Leaf,
    pub(crate) leaf_bytes: Vec<u8>,
    pub(crate) frame: Frame,
    /// `None`: it was erased.
    pub(crate) payload: Option<Payload>,
}

/// Inserts rows, many in one statement.
fn insert(
    connection: &mut Connection,
    table: &str,
    columns: &[&str],
    rows: &[Vec<Value<'_>>],
) -> Result<(), Error> {
    for chunk in rows.chunks(ROWS) {
        let mut sql = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
        let mut next = 1;
        for at in 0..chunk.len() {
            let marks: Vec<String> = (next..next + columns.len()).map(|n| format!("?{n}")).collect();
            next += columns.len();
            sql.push_str(&format!("{}({})", if at == 0 { "" } else { ", " }, marks.join(", ")));
        }
        let values: Vec<Value<'_>> = chunk.iter().flatten().copied().collect();
        connection.execute(&sql, &values)?;
    }
    Ok(())
}

/// What is kept while entries are applied.
#[derive(Default)]
pub(crate) struct Projection {
    labels: BTreeMap<String, i64>,
}

impl Projection {
    /// Reads the labels that are there.
    pub(crate) fn begin(connection: &mut Connection) -> Result<Projection, Error> {
        let mut labels = BTreeMap::new();
        connection.query("SELECT number, text FROM label", &[], |mut row| {
            let number = row.int()?;
            labels.insert(row.text()?, number);
            Ok(())
        })?;
        Ok(Projection { labels })
    }

    fn label(&mut self, connection: &mut Connection, text: String) -> Result<i64, Error> {
        if let Some(number) = self.labels.get(&text) {
            return Ok(*number);
        }
        let number = self.labels.values().max().map_or(1, |last| last + 1);
        connection.execute(
            "INSERT INTO label (number, text) VALUES (?1, ?2)",
            &[Value::Int(number), Value::Text(&text)],
        )?;
        self.labels.insert(text, number);
        Ok(number)
    }

    /// Puts the rows of entries into an open transaction.
    pub(crate) fn apply(&mut self, connection: &mut Connection, entries: &[Applied]) -> Result<(), Error> {
        let mut rows = Vec::with_capacity(entries.len());
        for entry in entries {
            rows.push(vec![
                Value::count(entry.number),
                Value::Text(&entry.leaf.kind),
                Value::Int(entry.leaf.received_ms),
                Value::Text(&entry.leaf.submitter),
                Value::count(entry.leaf.number),
                Value::Bytes(&entry.leaf_bytes),
                Value::Int(i64::from(entry.frame.pack)),
                Value::count(entry.frame.place),
                Value::Int(i64::from(entry.frame.size)),
            ]);
        }
        const ENTRY: &[&str] =
            &["number", "kind", "received", "submitter", "ordinal", "leaf", "pack", "place", "size"];
        insert(connection, "entry", ENTRY, &rows)?;

        let mut labels = Vec::with_capacity(entries.len());
        for entry in entries {
            let marking = match entry.payload.as_ref().map(|p| &p.entry) {
                Some(Entry::Record(record)) => Some(&record.marking),
                Some(Entry::Statement(statement)) => Some(&statement.marking),
                _ => None,
            };
            labels.push(match marking {
                Some(marking) => self.label(connection, label::to_text(marking))?,
                None => 0,
            });
        }
        let (mut records, mut imports, mut statements, mut erasures) = (vec![], vec![], vec![], vec![]);
        for (entry, label) in entries.iter().zip(labels) {
            let Some(payload) = &entry.payload else { continue };
            let number = Value::count(entry.number);
            match &payload.entry {
                Entry::Record(record) => records.push(vec![
                    number,
                    Value::Text(record.id.as_str()),
                    Value::Text(record.fact.as_str()),
                    Value::Int(record.earliest.0),
                    Value::Int(record.recorded.0),
                    Value::Text(&record.source),
                    Value::Int(label),
                    Value::maybe(record.supersedes.as_ref().map(|id| id.as_str())),
                    payload.import.map_or(Value::Null, Value::count),
                    Value::Text(&record.json),
                ]),
                Entry::Import(intake) => imports.push(vec![
                    number,
                    Value::Text(&intake.file),
                    Value::Text(&intake.sha256),
                    Value::Int(intake.entered.0),
                    Value::count(intake.read),
                    Value::count(intake.made),
                    Value::count(intake.refused),
                    Value::maybe(intake.quarantine.as_deref()),
                ]),
                Entry::Statement(statement) => statements.push(vec![
                    number,
                    Value::Text(statement.kind.as_str()),
                    Value::Text(statement.subject.as_str()),
                    Value::Int(label),
                    Value::Text(&payload.by),
                    Value::Text(&statement.json),
                ]),
                Entry::Erasure(erasure) => erasures.push(vec![
                    number,
                    Value::count(payload.target.unwrap_or(u64::MAX)),
                    Value::Text(erasure.id.as_str()),
                    Value::Text(&erasure.category),
                    Value::Text(&erasure.authority),
                    Value::Text(&erasure.reason),
                    Value::Text(&payload.by),
                ]),
            }
        }
        const RECORD: &[&str] = &[
            "number",
            "id",
            "fact",
            "earliest",
            "recorded",
            "source",
            "label",
            "supersedes",
            "import",
            "json",
        ];
        const IMPORT: &[&str] =
            &["number", "file", "sha256", "entered", "read", "made", "refused", "quarantine"];
        const STATEMENT: &[&str] = &["number", "kind", "subject", "label", "said_by", "json"];
        const ERASURE: &[&str] = &["number", "target", "id", "category", "authority", "reason", "ordered_by"];
        insert(connection, "record", RECORD, &records)?;
        insert(connection, "import", IMPORT, &imports)?;
        insert(connection, "statement", STATEMENT, &statements)?;
        insert(connection, "erasure", ERASURE, &erasures)?;
        for erasure in &erasures {
            // tidy: allow(append-only) because an erasure was entered; the trigger refuses without one
            connection.execute("DELETE FROM record WHERE number = ?1", &erasure[1..2])?;
        }
        Ok(())
    }
}
