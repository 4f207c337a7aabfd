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
    /// A server, by URL, and the folder from which a path in it is read.
    Server(String, PathBuf),
}

impl Place {
    /// As it may be shown: without a password.
    pub(crate) fn shown(&self) -> String {
        match self {
            Place::File(path) => path.display().to_string(),
            // `name=value name=value`: the password has a name.
            Place::Server(url, _) if !url.contains("://") => {
                let all = url.split(' ').filter(|one| !one.trim_start().starts_with("password"));
                all.collect::<Vec<_>>().join(" ")
            }
            Place::Server(url, _) => match (url.find("://"), url.rfind('@')) {
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

/// What an address says of TLS, taken out of it: the rest is for the library, which does not know these words.
#[derive(PartialEq, Eq, Debug, Default)]
struct Wanted {
    rest: String,
    mode: Option<String>,
    authorities: Option<String>,
}

impl Wanted {
    fn of(url: &str) -> Wanted {
        let mut wanted = Wanted::default();
        // Both forms: `postgres://…?name=value&name=value` and `name=value name=value`.
        let (head, query, between) = match (url.contains("://"), url.split_once('?')) {
            (true, Some((head, query))) => (format!("{head}?"), query, '&'),
            (true, None) => (url.to_string(), "", '&'),
            (false, _) => (String::new(), url, ' '),
        };
        let mut kept = Vec::new();
        for one in query.split(between).filter(|one| !one.is_empty()) {
            match one.split_once('=') {
                Some(("sslmode", value)) => wanted.mode = Some(value.to_string()),
                Some(("sslrootcert", value)) if between == '&' => {
                    wanted.authorities = Some(decoded(value));
                }
                Some(("sslrootcert", value)) => {
                    wanted.authorities = Some(value.trim_matches('\'').to_string());
                }
                _ => kept.push(one),
            }
        }
        wanted.rest = head + &kept.join(&between.to_string());
        wanted
    }
}

/// A value of an address, without `%2F` and the like.
fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The names of the hosts that are reached over a network.
fn far(config: &postgres::Config) -> Vec<String> {
    use postgres::config::Host;
    let named = config.get_hosts().iter().filter_map(|host| match host {
        Host::Tcp(name) => Some(name.clone()),
        #[cfg(unix)]
        Host::Unix(_) => None,
    });
    let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
    named.chain(addresses).filter(|host| !servanda_trust::is_here(host)).collect()
}

/// Opens a connection to a server: encrypted wherever it is on another machine, or where the address asks for it.
fn open_server(url: &str, folder: &Path, shown: &str) -> Result<postgres::Client, Error> {
    use postgres::config::{Host, SslMode};
    let settings = |message: String| Error::new(Kind::Settings, message);
    let wanted = Wanted::of(url);
    let mut config: postgres::Config = wanted.rest.parse().map_err(|e: postgres::Error| {
        settings(format!("`{shown}` is no address of a PostgreSQL database: {e}"))
            .help("write it like `postgres://user@localhost/servanda`")
    })?;
    config.connect_timeout(Duration::from_secs(10)).application_name("servanda");
    let far = far(&config);
    let is_encrypted = match wanted.mode.as_deref() {
        // The name is checked in either case: an encrypted line to a stranger is worth nothing.
        Some("require" | "verify-ca" | "verify-full") => true,
        None => !far.is_empty() || wanted.authorities.is_some(),
        Some("disable") if wanted.authorities.is_some() => {
            return Err(settings(format!("`{shown}` names authorities, and says that nothing is encrypted"))
                .help("take `sslmode=disable` or `sslrootcert` out of the address"));
        }
        Some("disable" | "allow" | "prefer") if far.is_empty() => false,
        Some(mode @ ("disable" | "allow" | "prefer")) => {
            return Err(settings(format!(
                "`{}` is another machine, and with `sslmode={mode}` the connection may not be encrypted",
                far.join(", ")
            ))
            .help("take `sslmode` out of the address: TLS is then used, and the certificate checked"));
        }
        Some(other) => {
            return Err(settings(format!("`sslmode={}` is not known", other.escape_default()))
                .help("write `verify-full`, or leave it out: another machine is always reached with TLS"));
        }
    };
    if !is_encrypted {
        config.ssl_mode(SslMode::Disable);
        return config.connect(postgres::NoTls).map_err(|e| Error::postgres(shown, e));
    }
    if config.get_hosts().iter().any(|host| !matches!(host, Host::Tcp(_))) {
        return Err(settings(format!("`{shown}` is a socket of this machine, and TLS is not spoken there"))
            .help("take `sslmode` and `sslrootcert` out of the address"));
    }
    let trust = match wanted.authorities.as_deref() {
        None | Some("system") => servanda_trust::Trust::of_system(),
        Some(named) => {
            let path = folder.join(named);
            let pem = std::fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
            servanda_trust::Trust::of_pem(&path.display().to_string(), &pem)
        }
    }
    .map_err(|refused| settings(refused.message).help(refused.remedy))?;
    config.ssl_mode(SslMode::Require);
    let tls = tokio_postgres_rustls::MakeRustlsConnect::new((*trust.config()).clone());
    config.connect(tls).map_err(|e| {
        let hosts: Vec<String> = config.get_hosts().iter().map(host_name).collect();
        let hosts = hosts.join(", ");
        if let Some(refused) = trust.refused(&hosts, &e, "`sslrootcert=FILE` in the address") {
            return Error::new(Kind::Unreachable, format!("the database {}", refused.message))
                .help(refused.remedy);
        }
        let says_no =
            std::error::Error::source(&e).is_some_and(|e| e.to_string().contains("not support TLS"));
        if says_no {
            return Error::new(Kind::Unreachable, format!("the database `{hosts}` does not speak TLS"))
                .help("set `ssl = on` in its postgresql.conf; nothing was sent in clear");
        }
        Error::postgres(shown, e)
    })
}

fn host_name(host: &postgres::config::Host) -> String {
    match host {
        postgres::config::Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        postgres::config::Host::Unix(path) => path.display().to_string(),
    }
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
            Place::Server(url, folder) => {
                let client = open_server(url, folder, &place.shown())?;
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
        Place::Server(..) => Error::database(Path::new(&place.shown()), error),
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
        let server = |url: &str| Place::Server(url.to_string(), PathBuf::new());
        let shown = |url: &str| server(url).shown();
        assert_eq!(shown("postgres://me:secret@localhost/s"), "postgres://me@localhost/s");
        assert_eq!(shown("postgres://me@localhost/s"), "postgres://me@localhost/s");
        assert_eq!(shown("postgres:///s?host=/run"), "postgres:///s?host=/run");
        assert_eq!(shown("host=b password=secret user=a"), "host=b user=a");
        let error = |url: &str| Connection::open(&server(url), false).err().unwrap();
        for far in [
            "postgres://me@db.example.org/s?sslmode=disable",
            "postgres://10.0.0.1/s?sslmode=prefer",
            "postgres://localhost,far.example/s?sslmode=allow",
            "host=far.example user=me sslmode=disable",
        ] {
            let error = error(far);
            assert!(error.is_settings() && error.to_string().contains("not be encrypted"), "{error}");
        }
        for (url, words) in [
            ("postgres://localhost:x/s", "no address"),
            ("postgres://localhost/s?sslmode=maybe", "`sslmode=maybe` is not known"),
            ("postgres://localhost/s?sslmode=disable&sslrootcert=a.pem", "nothing is encrypted"),
            ("postgres://%2Frun/s?sslmode=verify-full", "is a socket"),
        ] {
            let error = error(url);
            assert!(error.is_settings() && error.to_string().contains(words), "{error}");
        }
        assert!(error("postgres://localhost/s?sslrootcert=none.pem").to_string().contains("none.pem"));
    }

    #[test]
    fn what_an_address_says_of_tls_is_taken_out() {
        let of = |url: &str| {
            let Wanted { rest, mode, authorities } = Wanted::of(url);
            (rest, mode.unwrap_or_default(), authorities.unwrap_or_default())
        };
        let found = |rest: &str, mode: &str, ca: &str| (rest.to_string(), mode.to_string(), ca.to_string());
        assert_eq!(of("postgres://a@b/c"), found("postgres://a@b/c", "", ""));
        assert_eq!(
            of("postgres://a@b/c?sslmode=verify-full&port=1&sslrootcert=x%2Fy%20z.pem"),
            found("postgres://a@b/c?port=1", "verify-full", "x/y z.pem")
        );
        assert_eq!(
            of("host=b sslrootcert='ca.pem' user=a sslmode=require"),
            found("host=b user=a", "require", "ca.pem")
        );
        assert_eq!(decoded("%zz%2"), "%zz%2");
    }
}
