//! The tables, in one text for both databases, and the triggers that refuse every change.
//!
//! Invariants
//! - a row is never changed, and never deleted but for a record whose erasure was entered;
//! - nothing stands here that cannot be made again of the log and its payloads.

use crate::error::{Error, Kind};
use crate::sql::{Connection, Place, Value};

/// Format of the tables below; an older database is made again of the log.
pub(crate) const FORMAT: i64 = 2;

const TABLES: &str = "
CREATE TABLE about (
    name        TEXT    PRIMARY KEY,
    value       TEXT    NOT NULL
) STRICT;
CREATE TABLE entry (
    number      INTEGER PRIMARY KEY,
    kind        TEXT    NOT NULL,
    received    INTEGER NOT NULL,
    submitter   TEXT    NOT NULL,
    ordinal     INTEGER NOT NULL,
    leaf        BLOB    NOT NULL,
    pack        INTEGER NOT NULL,
    place       INTEGER NOT NULL,
    size        INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX entry_by_submitter ON entry (submitter, ordinal);
CREATE TABLE label (
    number      INTEGER PRIMARY KEY,
    text        TEXT    NOT NULL UNIQUE
) STRICT;
CREATE TABLE import (
    number      INTEGER PRIMARY KEY REFERENCES entry (number),
    file        TEXT    NOT NULL,
    sha256      TEXT    NOT NULL,
    entered     INTEGER NOT NULL,
    read        INTEGER NOT NULL,
    made        INTEGER NOT NULL,
    refused     INTEGER NOT NULL,
    quarantine  TEXT
) STRICT;
CREATE TABLE record (
    number      INTEGER PRIMARY KEY REFERENCES entry (number),
    id          TEXT    NOT NULL UNIQUE,
    fact        TEXT    NOT NULL,
    earliest    INTEGER NOT NULL,
    recorded    INTEGER NOT NULL,
    source      TEXT    NOT NULL,
    label       INTEGER NOT NULL REFERENCES label (number),
    supersedes  TEXT,
    import      INTEGER,
    json        TEXT    NOT NULL
) STRICT;
CREATE INDEX record_by_fact ON record (fact, earliest);
CREATE INDEX record_by_time ON record (recorded);
CREATE TABLE statement (
    number      INTEGER PRIMARY KEY REFERENCES entry (number),
    kind        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    label       INTEGER NOT NULL REFERENCES label (number),
    said_by     TEXT    NOT NULL,
    json        TEXT    NOT NULL
) STRICT;
CREATE INDEX statement_by_subject ON statement (kind, subject, number);
CREATE TABLE erasure (
    number      INTEGER PRIMARY KEY REFERENCES entry (number),
    target      INTEGER NOT NULL UNIQUE REFERENCES entry (number),
    id          TEXT    NOT NULL UNIQUE,
    category    TEXT    NOT NULL,
    authority   TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    ordered_by  TEXT    NOT NULL
) STRICT;
";

/// All tables, in the order in which they are compared, with the columns that order their rows.
pub(crate) const ALL: &[(&str, &str)] = &[
    ("about", "name"),
    ("entry", "number"),
    ("label", "number"),
    ("import", "number"),
    ("record", "number"),
    ("statement", "number"),
    ("erasure", "number"),
];

/// What one row of a table is called.
fn one(table: &str) -> String {
    let article = if table.starts_with(['a', 'e', 'i']) { "an" } else { "a" };
    format!("{article} {table}")
}

fn triggers(postgres: bool) -> String {
    let mut out = String::new();
    if postgres {
        out.push_str(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION '% is never %', TG_ARGV[0], TG_ARGV[1]; END $$;
             CREATE FUNCTION refuse_unless_erased() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 IF EXISTS (SELECT 1 FROM erasure WHERE target = OLD.number) THEN RETURN OLD; END IF;
                 RAISE EXCEPTION 'a record is never deleted';
             END $$;\n",
        );
    }
    for (table, _) in ALL {
        let row = one(table);
        if postgres {
            let gone = if *table == "record" { "refuse_unless_erased" } else { "refuse" };
            out.push_str(&format!(
                "CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse('{row}', 'changed');
                 CREATE TRIGGER {table}_remains BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {gone}('{row}', 'deleted');
                 CREATE TRIGGER {table}_is_kept BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse('{row}', 'deleted');\n"
            ));
            continue;
        }
        let unless = match *table {
            "record" => "WHEN NOT EXISTS (SELECT 1 FROM erasure WHERE target = OLD.number) ",
            _ => "",
        };
        out.push_str(&format!(
            "CREATE TRIGGER {table}_stays BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{row} is never changed'); END;
             CREATE TRIGGER {table}_remains BEFORE DELETE ON {table} {unless}BEGIN SELECT RAISE(ABORT, '{row} is never deleted'); END;\n"
        ));
    }
    if !postgres {
        // SQLite takes rows away to make room for a REPLACE without asking the trigger on deletion.
        for (table, key) in [
            ("about", "name = NEW.name"),
            ("entry", "number = NEW.number OR (submitter = NEW.submitter AND ordinal = NEW.ordinal)"),
            ("label", "number = NEW.number OR text = NEW.text"),
            ("import", "number = NEW.number"),
            ("record", "number = NEW.number OR id = NEW.id"),
            ("statement", "number = NEW.number"),
            ("erasure", "number = NEW.number OR target = NEW.target OR id = NEW.id"),
        ] {
            let row = one(table);
            out.push_str(&format!(
                "CREATE TRIGGER {table}_is_new BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {key})
                 BEGIN SELECT RAISE(ABORT, '{row} like this is there'); END;\n"
            ));
        }
    }
    out
}

/// Opens the database of a workspace. `None`: there is none, and `make` did not say to make it.
///
/// `origin` is the name of the log that it has to belong to.
///
/// # Errors
/// Where the database is a stranger's, of another format, or of another workspace.
pub(crate) fn open(place: &Place, make: bool, origin: Option<&str>) -> Result<Option<Connection>, Error> {
    let Some(mut connection) = Connection::open(place, make)? else { return Ok(None) };
    // Whose it is comes first: nothing is written into a stranger's, or a newer one.
    let mut there = false;
    if connection.is_postgres() {
        there =
            connection.number("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()", &[])? > 0;
        if there {
            let ours =
                "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'about'";
            if connection.number(ours, &[])? == 0 {
                let message = format!("`{}` holds tables of something else", place.shown());
                return Err(Error::new(Kind::Corrupt, message)
                    .help("make a database for this workspace alone: `createdb NAME`"));
            }
        }
    } else if let Some((ours, format)) = connection.made_by()? {
        if !ours {
            return Err(match place {
                Place::File(path) => Error::corrupt(path),
                Place::Server(..) => Error::integrity("an SQLite file was expected"),
            });
        }
        refuse_other(place, format)?;
        there = true;
    }
    if !there && !make {
        return Ok(None);
    }
    connection.settle()?;
    if !there {
        connection.begin()?;
        let made = create(&mut connection, origin);
        connection.end(made)?;
    }
    let mut about = [String::new(), String::new()];
    for (at, name) in ["format", "origin"].iter().enumerate() {
        connection.query("SELECT value FROM about WHERE name = ?1", &[Value::Text(name)], |mut row| {
            about[at] = row.text()?;
            Ok(())
        })?;
    }
    refuse_other(place, about[0].parse().unwrap_or(0))?;
    if let Some(origin) = origin.filter(|origin| *origin != about[1]) {
        return Err(Error::integrity(format!(
            "`{}` belongs to the log `{}`, and this workspace's is `{origin}`",
            place.shown(),
            about[1]
        )));
    }
    Ok(Some(connection))
}

/// The format of the tables that are there; `None` where there are none. Nothing is changed.
///
/// # Errors
/// Where they are a stranger's, or a newer program's.
pub(crate) fn format_there(place: &Place) -> Result<Option<i64>, Error> {
    if let Place::File(path) = place
        && !path.exists()
    {
        return Ok(None);
    }
    let Some(mut connection) = Connection::open(place, false)? else { return Ok(None) };
    let format = if connection.is_postgres() {
        let of = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()";
        if connection.number(of, &[])? == 0 {
            return Ok(None);
        }
        if connection.number(&format!("{of} AND tablename = 'about'"), &[])? == 0 {
            return Err(Error::new(
                Kind::Corrupt,
                format!("`{}` holds tables of something else", place.shown()),
            ));
        }
        let mut said = String::new();
        connection.query(
            "SELECT value FROM about WHERE name = ?1",
            &[Value::Text("format")],
            |mut row| {
                said = row.text()?;
                Ok(())
            },
        )?;
        said.parse().unwrap_or(0)
    } else {
        match connection.made_by()? {
            None => return Ok(None),
            Some((true, format)) => format,
            Some((false, _)) => {
                return Err(match place {
                    Place::File(path) => Error::corrupt(path),
                    Place::Server(..) => Error::integrity("an SQLite file was expected"),
                });
            }
        }
    };
    if format > FORMAT { refuse_other(place, format).map(|()| None) } else { Ok(Some(format)) }
}

/// Takes the tables that an earlier program made in a server's database away, whichever they were, to be made again of the log.
pub(crate) fn clear_earlier(place: &Place) -> Result<(), Error> {
    let Some(mut connection) = Connection::open(place, false)? else { return Ok(()) };
    let mut names = Vec::new();
    let all = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename";
    connection.query(all, &[], |mut row| {
        names.push(format!("\"{}\"", row.text()?.replace('"', "\"\"")));
        Ok(())
    })?;
    let names = names.join(", ");
    // tidy: allow(append-only) because what follows is made again of the log, which nothing is taken from
    let sql = format!("DROP TABLE {names} CASCADE; DROP FUNCTION IF EXISTS refuse, refuse_unless_erased");
    connection.plain_batch(&sql)
}

/// Takes the tables of a server's database away, to be made again of the log.
pub(crate) fn clear(place: &Place) -> Result<(), Error> {
    let Some(mut connection) = open(place, false, None)? else { return Ok(()) };
    let names: Vec<&str> = ALL.iter().rev().map(|(table, _)| *table).collect();
    let names = names.join(", ");
    // tidy: allow(append-only) because what follows is made again of the log, which nothing is taken from
    let sql = format!("DROP TABLE {names} CASCADE; DROP FUNCTION refuse, refuse_unless_erased");
    connection.plain_batch(&sql)
}

fn create(connection: &mut Connection, origin: Option<&str>) -> Result<(), Error> {
    // Another program may have been first.
    if connection.made_by()?.is_some() {
        return Ok(());
    }
    let Some(origin) = origin else {
        return Err(Error::integrity("a database was to be made without a log"));
    };
    connection.batch(TABLES)?;
    let triggers = triggers(connection.is_postgres());
    connection.plain_batch(&triggers)?;
    for (name, value) in [("format", FORMAT.to_string().as_str()), ("origin", origin)] {
        connection.execute(
            "INSERT INTO about (name, value) VALUES (?1, ?2)",
            &[Value::Text(name), Value::Text(value)],
        )?;
    }
    connection.mark(FORMAT)
}

fn refuse_other(place: &Place, format: i64) -> Result<(), Error> {
    let shown = place.shown();
    match format.cmp(&FORMAT) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Error::new(
            Kind::Newer,
            format!("`{shown}` was written by a newer servanda (format {format}; this one knows {FORMAT})"),
        )
        .help("use the version that wrote it, or a newer one")),
        std::cmp::Ordering::Less => Err(Error::new(
            Kind::Corrupt,
            format!("`{shown}` was written by an older servanda (format {format}; this one knows {FORMAT})"),
        )
        .help("`servanda upgrade` makes it again of the log; without a log, move it away and import the sources again")),
    }
}
