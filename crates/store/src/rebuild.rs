//! The database made again of the log and its payloads, in its place or beside it to compare.
//!
//! It repairs neither log nor payloads: what they do not say is lost, and what they contradict is named.
//!
//! Invariants
//! - every payload that is used fits the leaf that the log holds, and the leaves give the log's root;
//! - a comparison changes nothing;
//! - numbers of labels are not compared: they are counted by each database for itself, and nothing shows them.

use crate::error::{Error, Kind};
use crate::log::Log;
use crate::schema;
use crate::sql::{Cell, Connection, Place, Row, Value};
use crate::store::Store;
use std::fs;
use std::path::{Path, PathBuf};

/// How many differences are named.
const NAMED: usize = 20;
/// Rows that are compared at once.
const STEP: i64 = 4096;

/// What a comparison came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compared {
    /// Entries of the log that were read again, with their payloads.
    pub entries: u64,
    /// Rows that differ, the first of them named.
    pub differences: Vec<String>,
    /// How many rows differ.
    pub different: u64,
}

/// What is compared: name, query of a stretch of rows, its columns.
const TABLES: &[(&str, &str, &[&str])] = &[
    (
        "entry",
        "SELECT number, kind, received, submitter, ordinal, leaf, pack, place, size FROM entry
         WHERE number >= ?1 AND number < ?2 ORDER BY number",
        &["kind", "received", "submitter", "ordinal", "leaf", "pack", "place", "size"],
    ),
    (
        "import",
        "SELECT number, file, sha256, entered, read, made, refused, quarantine FROM import
         WHERE number >= ?1 AND number < ?2 ORDER BY number",
        &["file", "sha256", "entered", "read", "made", "refused", "quarantine"],
    ),
    (
        "record",
        "SELECT record.number, id, fact, earliest, recorded, source, label.text, supersedes, import, json
         FROM record JOIN label ON label.number = record.label
         WHERE record.number >= ?1 AND record.number < ?2 ORDER BY record.number",
        &["id", "fact", "earliest", "recorded", "source", "marking", "supersedes", "import", "json"],
    ),
    (
        "statement",
        "SELECT statement.number, kind, subject, label.text, said_by, json
         FROM statement JOIN label ON label.number = statement.label
         WHERE statement.number >= ?1 AND statement.number < ?2 ORDER BY statement.number",
        &["kind", "subject", "marking", "said_by", "json"],
    ),
    (
        "erasure",
        "SELECT number, target, id, category, authority, reason, ordered_by FROM erasure
         WHERE number >= ?1 AND number < ?2 ORDER BY number",
        &["target", "id", "category", "authority", "reason", "ordered_by"],
    ),
];

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(ending);
    PathBuf::from(name)
}

/// Takes an SQLite file away with what SQLite keeps beside it.
fn remove(path: &Path) {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(with(path, ending));
    }
}

/// A database that is gone when it is dropped.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

impl Store {
    fn scratch(&self) -> Scratch {
        let folder = self.places.keys.parent().unwrap_or(Path::new("."));
        let scratch = Scratch(folder.join(format!(".servanda.db.draft-{}", std::process::id())));
        remove(&scratch.0);
        scratch
    }

    fn log_to_read_again(&self) -> Result<Log, Error> {
        if !self.is_there() {
            let shown = self.places.log.display();
            return Err(Error::new(
                Kind::NotFound,
                format!("there is no log `{shown}` to make a database of"),
            )
            .help("`servanda restore` brings one back from a backup"));
        }
        self.log_of_writer()
    }

    /// Makes the database again of the log and its payloads, in the place of the one that is there. Says how many entries it has.
    ///
    /// # Errors
    /// [`Error::is_integrity`] where log and payloads do not fit each other; an SQLite file is then as it was.
    pub fn rebuild(&self) -> Result<u64, Error> {
        let mut log = self.log_to_read_again()?;
        let origin = log.origin().to_string();
        let entries = match &self.database {
            Place::File(path) => {
                let scratch = self.scratch();
                let draft = Place::File(scratch.0.clone());
                let Some(mut connection) = schema::open(&draft, true, Some(&origin))? else {
                    return Err(Error::integrity("the database was not made"));
                };
                let entries = self.rebuild_into(&mut connection, &mut log)?;
                // Everything of it is in one file before that moves.
                connection.forget()?;
                drop(connection);
                *crate::store::lock(&self.reading) = None;
                self.forget_connection();
                for ending in ["-wal", "-shm"] {
                    let _ = fs::remove_file(with(path, ending));
                }
                fs::rename(&scratch.0, path).map_err(|e| Error::io("write", path, e))?;
                if let Some(folder) = path.parent() {
                    crate::packs::sync_folder(folder)?;
                }
                entries
            }
            Place::Server(..) => {
                schema::clear(&self.database)?;
                let Some(mut connection) = schema::open(&self.database, true, Some(&origin))? else {
                    return Err(Error::integrity("the database was not made"));
                };
                self.rebuild_into(&mut connection, &mut log)?
            }
        };
        drop(log);
        self.settle()?;
        Ok(entries)
    }

    /// Makes the database in a scratch file, which is thrown away. Says how many entries it has.
    pub(crate) fn made_aside(&self) -> Result<u64, Error> {
        let mut log = self.log_to_read_again()?;
        let scratch = self.scratch();
        let Some(mut made) = schema::open(&Place::File(scratch.0.clone()), true, Some(log.origin()))? else {
            return Err(Error::integrity("the database was not made"));
        };
        self.rebuild_into(&mut made, &mut log)
    }

    /// Makes the database again beside the one that is there, and compares every row.
    ///
    /// # Errors
    /// [`Error::is_integrity`] where log and payloads do not fit each other.
    pub fn compare(&self) -> Result<Compared, Error> {
        // First in step: what a crash left is no difference.
        self.settle()?;
        let mut log = self.log_to_read_again()?;
        let scratch = self.scratch();
        let Some(mut again) = schema::open(&Place::File(scratch.0.clone()), true, Some(log.origin()))? else {
            return Err(Error::integrity("the database was not made"));
        };
        let entries = self.rebuild_into(&mut again, &mut log)?;
        let Some(mut there) = schema::open(&self.database, false, Some(log.origin()))? else {
            return Err(Error::new(
                Kind::NotFound,
                format!("there is no database `{}`", self.database.shown()),
            )
            .help("`servanda rebuild` makes it again of the log"));
        };
        let mut compared = Compared { entries, differences: Vec::new(), different: 0 };
        for (table, sql, columns) in TABLES {
            compare_table(&mut there, &mut again, table, sql, columns, &mut compared)?;
        }
        Ok(compared)
    }
}

fn stretch(connection: &mut Connection, sql: &str, from: i64) -> Result<Vec<Vec<Cell>>, Error> {
    let mut rows = Vec::new();
    connection.query(sql, &[Value::Int(from), Value::Int(from + STEP)], |row: Row| {
        rows.push(row.cells());
        Ok(())
    })?;
    Ok(rows)
}

fn compare_table(
    there: &mut Connection,
    again: &mut Connection,
    table: &str,
    sql: &str,
    columns: &[&str],
    compared: &mut Compared,
) -> Result<(), Error> {
    let most = format!("SELECT coalesce(max(number), -1) FROM {table}");
    let least = format!("SELECT coalesce(min(number), 0) FROM {table}");
    let last = there.number(&most, &[])?.max(again.number(&most, &[])?);
    let mut from = there.number(&least, &[])?.min(0);
    while from <= last {
        let (one, two) = (stretch(there, sql, from)?, stretch(again, sql, from)?);
        let (mut one, mut two) = (one.into_iter().peekable(), two.into_iter().peekable());
        loop {
            let words = match (one.peek(), two.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) if a[0] == b[0] => {
                    let differ: Vec<String> = columns
                        .iter()
                        .zip(a[1..].iter().zip(&b[1..]))
                        .filter(|(_, (a, b))| a != b)
                        .map(|(name, _)| format!("`{name}`"))
                        .collect();
                    let words = (!differ.is_empty()).then(|| {
                        format!("{table} {}: the log says otherwise in {}", shown(&a[0]), differ.join(", "))
                    });
                    one.next();
                    two.next();
                    words
                }
                (Some(a), b) if b.is_none_or(|b| a[0] < b[0]) => {
                    let words = format!("{table} {}: it is in the database and not in the log", shown(&a[0]));
                    one.next();
                    Some(words)
                }
                (_, Some(b)) => {
                    let words = format!("{table} {}: it is in the log and not in the database", shown(&b[0]));
                    two.next();
                    Some(words)
                }
                (Some(_), None) => break,
            };
            if let Some(words) = words {
                compared.different += 1;
                if compared.differences.len() < NAMED {
                    compared.differences.push(words);
                }
            }
        }
        from += STEP;
    }
    Ok(())
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Int(number) => number.to_string(),
        _ => "?".to_string(),
    }
}
