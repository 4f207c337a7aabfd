//! One connection to a database, SQLite or PostgreSQL, with one SQL text for both.
//!
//! The text is written as SQLite understands it; for PostgreSQL [`for_postgres`] changes what differs, word by word: `?1`,
//! three type names, `STRICT`. It knows no table.
//!
//! Invariants
//! - what is sent beside a text is sent as a parameter, never pasted into it, but for numbers that the program counted itself;
//! - a transaction that is not committed leaves nothing;
//! - a connection that broke is opened again by the next caller, never within a transaction.
//!
//! Where to start reading: [`Connection`].

use crate::error::{Error, Kind};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{IsNull, ToSql, Type, private::BytesMut};
use rusqlite::OpenFlags;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Marks an SQLite file as ours: "srvd".
const APPLICATION: i64 = 0x7372_7664;

/// What is sent beside a text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    pub(crate) fn count(number: u64) -> Value<'a> {
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }

    pub(crate) fn maybe(text: Option<&'a str>) -> Value<'a> {
        text.map_or(Value::Null, Value::Text)
    }
}

/// What comes back, one cell.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// One row; its cells are taken from left to right.
pub(crate) struct Row(std::vec::IntoIter<Cell>);

impl Row {
    fn wrong<T>() -> Result<T, Error> {
        Err(Error::integrity("a row of the database has cells that were never written so"))
    }

    pub(crate) fn int(&mut self) -> Result<i64, Error> {
        match self.0.next() {
            Some(Cell::Int(number)) => Ok(number),
            _ => Row::wrong(),
        }
    }

    pub(crate) fn count(&mut self) -> Result<u64, Error> {
        u64::try_from(self.int()?).or_else(|_| Row::wrong())
    }

    pub(crate) fn text(&mut self) -> Result<String, Error> {
        self.maybe_text()?.map_or_else(Row::wrong, Ok)
    }

    pub(crate) fn maybe_text(&mut self) -> Result<Option<String>, Error> {
        match self.0.next() {
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(Cell::Null) => Ok(None),
            _ => Row::wrong(),
        }
    }

    pub(crate) fn maybe_count(&mut self) -> Result<Option<u64>, Error> {
        match self.0.next() {
            Some(Cell::Int(number)) => u64::try_from(number).map(Some).or_else(|_| Row::wrong()),
            Some(Cell::Null) => Ok(None),
            _ => Row::wrong(),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        match self.0.next() {
            Some(Cell::Bytes(bytes)) => Ok(bytes),
            _ => Row::wrong(),
        }
    }

    /// All that is left.
    pub(crate) fn cells(self) -> Vec<Cell> {
        self.0.collect()
    }
}

/// Where a workspace's database is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// A file.
    File(PathBuf),
    /// A server, by URL.
    Server(String),
}

impl Place {
    /// As it may be shown: without a password.
    pub(crate) fn shown(&self) -> String {
        match self {
            Place::File(path) => path.display().to_string(),
            Place::Server(url) => match (url.find("://"), url.rfind('@')) {
                (Some(scheme), Some(at)) if scheme + 3 < at => {
                    let user = &url[scheme + 3..at];
                    let user = user.split(':').next().unwrap_or_default();
                    format!("{}{user}{}", &url[..scheme + 3], &url[at..])
                }
                _ => url.clone(),
            },
        }
    }
}

/// An open database.
pub(crate) struct Connection {
    place: Place,
    open: Open,
}

enum Open {
    Sqlite(rusqlite::Connection),
    Postgres { client: Box<postgres::Client>, prepared: BTreeMap<String, postgres::Statement> },
}

/// The text as PostgreSQL understands it.
pub(crate) fn for_postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(|c: char| c == '?' || c.is_ascii_uppercase()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix('?') {
            out.push('$');
            rest = after;
            continue;
        }
        let length = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        out.push_str(match word {
            "INTEGER" => "BIGINT",
            "BLOB" => "BYTEA",
            "TEXT" => "TEXT COLLATE \"C\"",
            "STRICT" => "",
            word => word,
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Only a server on this machine is spoken to: the connection is not encrypted.
fn is_near(config: &postgres::Config) -> bool {
    use postgres::config::Host;
    let near = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|a: std::net::IpAddr| a.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(near) && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

impl Connection {
    /// Opens what is there; makes an SQLite file where `make` says so. `None`: it is not there.
    pub(crate) fn open(place: &Place, make: bool) -> Result<Option<Connection>, Error> {
        let open = match place {
            Place::File(path) => {
                if !make && !path.exists() {
                    return Ok(None);
                }
                Open::Sqlite(open_file(path, make)?)
            }
            Place::Server(url) => {
                let shown = place.shown();
                let mut config: postgres::Config = url.parse().map_err(|e: postgres::Error| {
                    Error::new(
                        Kind::Settings,
                        format!("`{shown}` is no address of a PostgreSQL database: {e}"),
                    )
                    .help("write it like `postgres://user@localhost/servanda`")
                })?;
                if !is_near(&config) {
                    return Err(Error::new(
                        Kind::Settings,
                        format!(
                            "`{shown}` is on another machine, and this connection would not be encrypted"
                        ),
                    )
                    .help("open an encrypted tunnel to it and name its end on this machine, `localhost`"));
                }
                config.connect_timeout(Duration::from_secs(10)).application_name("servanda");
                let client = config.connect(postgres::NoTls).map_err(|e| Error::postgres(&shown, e))?;
                Open::Postgres { client: Box::new(client), prepared: BTreeMap::new() }
            }
        };
        let mut connection = Connection { place: place.clone(), open };
        if connection.is_postgres() {
            connection.batch("SET client_min_messages = warning; SET synchronous_commit = on")?;
        }
        Ok(Some(connection))
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.open, Open::Postgres { .. })
    }

    /// Whether the server hung up: asked of it, because a connection does not know before it is used.
    pub(crate) fn is_broken(&mut self) -> bool {
        match &mut self.open {
            Open::Sqlite(_) => false,
            Open::Postgres { client, .. } => client.is_valid(Duration::from_secs(10)).is_err(),
        }
    }

    /// Runs statements without parameters.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        match &mut self.open {
            Open::Sqlite(connection) => {
                connection.execute_batch(sql).map_err(|e| sqlite_error(&self.place, e))
            }
            Open::Postgres { client, .. } => {
                client.batch_execute(&for_postgres(sql)).map_err(|e| Error::postgres(&self.place.shown(), e))
            }
        }
    }

    /// Runs statements that are written for this one database.
    pub(crate) fn plain_batch(&mut self, sql: &str) -> Result<(), Error> {
        match &mut self.open {
            Open::Sqlite(connection) => {
                connection.execute_batch(sql).map_err(|e| sqlite_error(&self.place, e))
            }
            Open::Postgres { client, .. } => {
                client.batch_execute(sql).map_err(|e| Error::postgres(&self.place.shown(), e))
            }
        }
    }

    /// Runs one statement; says how many rows it touched.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, Error> {
        match &mut self.open {
            Open::Sqlite(connection) => {
                let failed = |e| sqlite_error(&self.place, e);
                let mut statement = connection.prepare_cached(sql).map_err(failed)?;
                let touched = statement.execute(rusqlite::params_from_iter(values)).map_err(failed)?;
                Ok(touched as u64)
            }
            Open::Postgres { client, prepared } => {
                let failed = |e| Error::postgres(&self.place.shown(), e);
                let statement = prepare(client, prepared, sql).map_err(failed)?;
                let values: Vec<&(dyn ToSql + Sync)> =
                    values.iter().map(|v| v as &(dyn ToSql + Sync)).collect();
                client.execute(&statement, &values).map_err(failed)
            }
        }
    }

    /// Hands every row of an answer over.
    pub(crate) fn query(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut each: impl FnMut(Row) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match &mut self.open {
            Open::Sqlite(connection) => {
                let failed = |e| sqlite_error(&self.place, e);
                let mut statement = connection.prepare_cached(sql).map_err(failed)?;
                let columns = statement.column_count();
                let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(failed)?;
                while let Some(row) = rows.next().map_err(failed)? {
                    let mut cells = Vec::with_capacity(columns);
                    for at in 0..columns {
                        cells.push(match row.get_ref(at).map_err(failed)? {
                            ValueRef::Integer(number) => Cell::Int(number),
                            ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
                            ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
                            ValueRef::Null | ValueRef::Real(_) => Cell::Null,
                        });
                    }
                    each(Row(cells.into_iter()))?;
                }
                Ok(())
            }
            Open::Postgres { client, prepared } => {
                let shown = self.place.shown();
                let failed = |e| Error::postgres(&shown, e);
                let statement = prepare(client, prepared, sql).map_err(failed)?;
                let mut rows = client.query_raw(&statement, values.iter().copied()).map_err(failed)?;
                while let Some(row) = rows.next().map_err(failed)? {
                    let mut cells = Vec::with_capacity(row.len());
                    for (at, column) in row.columns().iter().enumerate() {
                        cells.push(
                            match *column.type_() {
                                Type::INT8 => {
                                    row.try_get::<_, Option<i64>>(at).map_err(failed)?.map(Cell::Int)
                                }
                                Type::BYTEA => {
                                    row.try_get::<_, Option<Vec<u8>>>(at).map_err(failed)?.map(Cell::Bytes)
                                }
                                _ => row.try_get::<_, Option<String>>(at).map_err(failed)?.map(Cell::Text),
                            }
                            .unwrap_or(Cell::Null),
                        );
                    }
                    each(Row(cells.into_iter()))?;
                }
                Ok(())
            }
        }
    }

    /// The one number that a query answers; 0 where it answers none.
    pub(crate) fn number(&mut self, sql: &str, values: &[Value<'_>]) -> Result<i64, Error> {
        let mut number = 0;
        self.query(sql, values, |mut row| {
            number = row.int()?;
            Ok(())
        })?;
        Ok(number)
    }

    /// Begins a transaction that nobody else writes beside.
    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        self.batch(if self.is_postgres() { "BEGIN" } else { "BEGIN IMMEDIATE" })
    }

    /// Ends the transaction that [`Connection::begin`] began: with everything, or, where `outcome` failed, with nothing.
    pub(crate) fn end<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        match outcome {
            Ok(value) => {
                if let Err(error) = self.batch("COMMIT") {
                    let _ = self.batch("ROLLBACK");
                    return Err(match error.is_unreachable() {
                        true => Error::new(
                            Kind::InDoubt,
                            format!("the database `{}` stopped answering while something was entered", self.place.shown()),
                        )
                        .help("whether it was entered is looked at when the server is back; then run this again: nothing is entered twice")
                        .because(error),
                        false => error,
                    });
                }
                Ok(value)
            }
            Err(error) => {
                // What could not be rolled back was not committed either.
                let _ = self.batch("ROLLBACK");
                Err(error)
            }
        }
    }

    /// Who made an SQLite file, and in which format; `None` for a new one or a server.
    pub(crate) fn made_by(&mut self) -> Result<Option<(bool, i64)>, Error> {
        if self.is_postgres() {
            return Ok(None);
        }
        let application = self.number("PRAGMA application_id", &[])?;
        let format = self.number("PRAGMA user_version", &[])?;
        let tables = self.number("SELECT count(*) FROM sqlite_schema", &[])?;
        Ok((tables > 0).then_some((application == APPLICATION, format)))
    }

    /// Marks an SQLite file as ours.
    pub(crate) fn mark(&mut self, format: i64) -> Result<(), Error> {
        match self.is_postgres() {
            true => Ok(()),
            false => {
                self.batch(&format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {format}"))
            }
        }
    }

    /// Sets how an SQLite file is kept; only once it is known to be ours.
    pub(crate) fn settle(&mut self) -> Result<(), Error> {
        match self.is_postgres() {
            true => Ok(()),
            // Without recursive triggers, a row taken away by a conflict clause would not meet the trigger. What is erased is
            // overwritten, not only forgotten.
            false => self.batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
                 PRAGMA recursive_triggers = ON; PRAGMA secure_delete = ON",
            ),
        }
    }

    /// After an erasure: what SQLite still holds of the erased row beside its tables is overwritten.
    pub(crate) fn forget(&mut self) -> Result<(), Error> {
        match self.is_postgres() {
            true => self.batch("VACUUM"),
            false => self.query("PRAGMA wal_checkpoint(TRUNCATE)", &[], |_| Ok(())),
        }
    }
}

fn open_file(path: &Path, make: bool) -> Result<rusqlite::Connection, Error> {
    let failed = |e| Error::database(path, e);
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if make {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let connection = rusqlite::Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn sqlite_error(place: &Place, error: rusqlite::Error) -> Error {
    match place {
        Place::File(path) => Error::database(path, error),
        Place::Server(_) => Error::database(Path::new(&place.shown()), error),
    }
}

fn prepare(
    client: &mut postgres::Client,
    prepared: &mut BTreeMap<String, postgres::Statement>,
    sql: &str,
) -> Result<postgres::Statement, postgres::Error> {
    if let Some(statement) = prepared.get(sql) {
        return Ok(statement.clone());
    }
    let statement = client.prepare(&for_postgres(sql))?;
    prepared.insert(sql.to_string(), statement.clone());
    Ok(statement)
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(number) => number.to_sql(of, out),
            // The server keeps no zero byte in a text.
            Value::Text(text) if text.contains('\0') => Err("a text has a zero byte".into()),
            Value::Text(text) => text.to_sql(of, out),
            Value::Bytes(bytes) => bytes.to_sql(of, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    postgres::types::to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_serves_both() {
        assert_eq!(
            for_postgres("CREATE TABLE a (n INTEGER PRIMARY KEY, t TEXT NOT NULL, b BLOB) STRICT"),
            "CREATE TABLE a (n BIGINT PRIMARY KEY, t TEXT COLLATE \"C\" NOT NULL, b BYTEA) "
        );
        assert_eq!(
            for_postgres("SELECT n FROM a WHERE n = ?1 AND t = ?22"),
            "SELECT n FROM a WHERE n = $1 AND t = $22"
        );
        assert_eq!(for_postgres("INTEGERS MY_TEXT textÜ"), "INTEGERS MY_TEXT textÜ");
    }

    #[test]
    fn a_password_is_never_shown_and_a_far_server_not_spoken_to() {
        let shown = |url: &str| Place::Server(url.to_string()).shown();
        assert_eq!(shown("postgres://me:secret@localhost/s"), "postgres://me@localhost/s");
        assert_eq!(shown("postgres://me@localhost/s"), "postgres://me@localhost/s");
        assert_eq!(shown("postgres:///s?host=/run"), "postgres:///s?host=/run");
        for far in
            ["postgres://me@db.example.org/s", "postgres://10.0.0.1/s", "postgres://localhost,far.example/s"]
        {
            let error = Connection::open(&Place::Server(far.to_string()), false).err().unwrap();
            assert!(error.is_settings() && error.to_string().contains("not be encrypted"), "{error}");
        }
        let error = Connection::open(&Place::Server("postgres://localhost:x/s".into()), false).err().unwrap();
        assert!(error.is_settings(), "{error}");
    }
}
