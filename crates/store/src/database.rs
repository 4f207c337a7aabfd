//! `servanda.db`: records and the imports they came with, in the order in which they were entered.
//!
//! Invariants
//! - rows are inserted and read, nothing else: triggers refuse every change and every removal, whoever asks;
//! - an import is one transaction: all of its records or none;
//! - a record's text is kept as the caller wrote it; the columns beside it serve to find it and decide nothing;
//! - a database of a newer format is refused, never guessed at.
//!
//! Nothing here knows what a record's text means: the caller encodes it and reads it back.

use crate::error::{Error, Kind};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use servanda_model::{Instant, Name};
use std::path::Path;
use std::time::Duration;

/// Format of the tables below.
const FORMAT: i64 = 1;
/// Marks the file as ours: "srvd".
const APPLICATION: i64 = 0x7372_7664;

const TABLES: &str = "
CREATE TABLE import (
    number      INTEGER PRIMARY KEY,
    file        TEXT    NOT NULL,
    sha256      TEXT    NOT NULL,
    entered     INTEGER NOT NULL,
    read        INTEGER NOT NULL,
    made        INTEGER NOT NULL,
    refused     INTEGER NOT NULL,
    quarantine  TEXT
) STRICT;
CREATE TABLE record (
    number      INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL UNIQUE,
    fact        TEXT    NOT NULL,
    earliest    INTEGER NOT NULL,
    recorded    INTEGER NOT NULL,
    source      TEXT    NOT NULL,
    import      INTEGER NOT NULL REFERENCES import (number),
    json        TEXT    NOT NULL
) STRICT;
CREATE INDEX record_by_fact ON record (fact, earliest);
CREATE INDEX record_by_time ON record (recorded);
CREATE TRIGGER record_stays BEFORE UPDATE ON record
    BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END;
CREATE TRIGGER record_remains BEFORE DELETE ON record
    BEGIN SELECT RAISE(ABORT, 'a record is never deleted'); END;
CREATE TRIGGER record_is_new BEFORE INSERT ON record
    WHEN EXISTS (SELECT 1 FROM record WHERE id = NEW.id OR number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'a record with this id or number is there'); END;
CREATE TRIGGER import_stays BEFORE UPDATE ON import
    BEGIN SELECT RAISE(ABORT, 'an import is never changed'); END;
CREATE TRIGGER import_remains BEFORE DELETE ON import
    BEGIN SELECT RAISE(ABORT, 'an import is never deleted'); END;
";

/// A record as it is stored: its text, and what it is found by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredRecord {
    /// Identity, unique in the workspace.
    pub id: Name,
    /// The fact it speaks of.
    pub fact: Name,
    /// It did not happen before.
    pub earliest: Instant,
    /// When it entered the record.
    pub recorded: Instant,
    /// Who reported.
    pub source: String,
    /// The whole record, in the caller's encoding.
    pub json: String,
}

/// One import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Intake {
    /// Name of the file.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// When it was entered.
    pub entered: Instant,
    /// Rows read.
    pub read: u64,
    /// Records made, corrections and withdrawals among them.
    pub made: u64,
    /// Rows refused.
    pub refused: u64,
    /// Where the refused rows lie, from the workspace's root.
    pub quarantine: Option<String>,
}

pub(crate) struct Database<'a> {
    path: &'a Path,
    connection: Connection,
}

impl<'a> Database<'a> {
    /// Opens what is there; makes it first where `make` says so. `None`: it is not there.
    pub(crate) fn open(path: &'a Path, make: bool) -> Result<Option<Database<'a>>, Error> {
        if !make && !path.exists() {
            return Ok(None);
        }
        let failed = |e| Error::database(path, e);
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if make {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
        let mut database = Database { path, connection };
        database.prepare()?;
        Ok(Some(database))
    }

    fn number(&self, pragma: &str) -> Result<i64, Error> {
        self.connection.query_row(pragma, [], |row| row.get(0)).map_err(|e| Error::database(self.path, e))
    }

    fn prepare(&mut self) -> Result<(), Error> {
        let path = self.path;
        let failed = |e| Error::database(path, e);
        // Whose file it is comes first: nothing is written into a stranger's, or a newer one.
        let (application, format) =
            (self.number("PRAGMA application_id")?, self.number("PRAGMA user_version")?);
        let tables = self.number("SELECT count(*) FROM sqlite_schema")?;
        if format > FORMAT && application == APPLICATION {
            let message = format!(
                "`{}` was written by a newer servanda (format {format}; this one knows {FORMAT})",
                path.display()
            );
            return Err(
                Error::new(Kind::Newer, message).help("use the version that wrote it, or a newer one")
            );
        }
        if tables > 0 && application != APPLICATION {
            return Err(Error::corrupt(path));
        }
        self.connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        self.connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        self.connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        // Without this, a row taken away by a conflict clause would not meet the trigger.
        self.connection.pragma_update(None, "recursive_triggers", true).map_err(failed)?;
        if tables == 0 {
            let making = self.begin()?;
            // Another program may have been first.
            if making
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
                .map_err(failed)?
                == 0
            {
                making.execute_batch(TABLES).map_err(failed)?;
                making.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
                making.pragma_update(None, "user_version", FORMAT).map_err(failed)?;
            }
            making.commit().map_err(failed)?;
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        let path = self.path;
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|e| Error::database(path, e))
    }

    /// All records, in the order in which they were entered.
    pub(crate) fn records(&self) -> Result<Vec<StoredRecord>, Error> {
        let failed = |e| Error::database(self.path, e);
        let mut statement = self
            .connection
            .prepare("SELECT id, fact, earliest, recorded, source, json FROM record ORDER BY number")
            .map_err(failed)?;
        let rows = statement
            .query_map([], |row| {
                Ok(StoredRecord {
                    id: Name::from(row.get::<_, String>(0)?),
                    fact: Name::from(row.get::<_, String>(1)?),
                    earliest: Instant(row.get(2)?),
                    recorded: Instant(row.get(3)?),
                    source: row.get(4)?,
                    json: row.get(5)?,
                })
            })
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// All imports, in order.
    pub(crate) fn intakes(&self) -> Result<Vec<Intake>, Error> {
        let failed = |e| Error::database(self.path, e);
        let mut statement = self
            .connection
            .prepare(
                "SELECT file, sha256, entered, read, made, refused, quarantine FROM import ORDER BY number",
            )
            .map_err(failed)?;
        let count = |row: &rusqlite::Row<'_>, i| row.get(i).map(|n: i64| u64::try_from(n).unwrap_or(0));
        let rows = statement
            .query_map([], |row| {
                Ok(Intake {
                    file: row.get(0)?,
                    sha256: row.get(1)?,
                    entered: Instant(row.get(2)?),
                    read: count(row, 3)?,
                    made: count(row, 4)?,
                    refused: count(row, 5)?,
                    quarantine: row.get(6)?,
                })
            })
            .map_err(failed)?;
        rows.collect::<Result<_, _>>().map_err(failed)
    }

    /// Enters an import and its records; `publish` runs just before the commit, and its failure undoes everything.
    /// `seen` is how many records the caller had read: with more than that, somebody else was here.
    pub(crate) fn enter(
        &mut self,
        intake: &Intake,
        records: &[StoredRecord],
        seen: usize,
        publish: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let path = self.path;
        let failed = |e| Error::database(path, e);
        let entering = self.begin()?;
        let there: i64 =
            entering.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).map_err(failed)?;
        if usize::try_from(there) != Ok(seen) {
            let message = format!("`{}` changed while the file was being read", path.display());
            return Err(Error::new(Kind::Busy, message).help("run this again"));
        }
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        entering
            .execute(
                "INSERT INTO import (file, sha256, entered, read, made, refused, quarantine)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    intake.file,
                    intake.sha256,
                    intake.entered.0,
                    count(intake.read),
                    count(intake.made),
                    count(intake.refused),
                    intake.quarantine
                ],
            )
            .map_err(failed)?;
        let import = entering.last_insert_rowid();
        {
            let mut insert = entering
                .prepare(
                    "INSERT INTO record (id, fact, earliest, recorded, source, import, json)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )
                .map_err(failed)?;
            for record in records {
                let (id, fact) = (record.id.as_str(), record.fact.as_str());
                let row = params![
                    id,
                    fact,
                    record.earliest.0,
                    record.recorded.0,
                    record.source,
                    import,
                    record.json
                ];
                insert.execute(row).map_err(|e| match e.sqlite_error_code() {
                    Some(rusqlite::ErrorCode::ConstraintViolation) => Error::new(
                        Kind::Duplicate,
                        format!("a record `{id}` is there already; nothing was entered"),
                    )
                    .help("give each record an id of its own, or let it name the record that it supersedes"),
                    _ => failed(e),
                })?;
            }
        }
        publish()?;
        entering.commit().map_err(failed)
    }
}

#[cfg(test)]
#[path = "database_tests.rs"]
mod tests;
