//! What can go wrong with a folder and its database, as one opaque error with honest questions.
//!
//! Its words say what happened and, in [`Error::help`], what to do next.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;

/// An operation on a workspace that could not be carried out.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    help: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    NotFound,
    NotEmpty,
    Corrupt,
    Newer,
    Busy,
    Duplicate,
    Settings,
    Io,
    /// What was recorded is not what stands there now.
    Integrity,
    /// The database's server does not answer.
    Unreachable,
    /// It stopped answering when it was to commit.
    InDoubt,
    /// The entry is not allowed to whoever asks.
    Denied,
    /// The entry is malformed, too large, or signed by nobody known.
    Refused,
    /// A submission's number leaves some out.
    Gap,
    /// A submission's number was used for something else.
    Conflict,
    /// A submission's time cannot be.
    Clock,
}

impl Error {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), help: None, source: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Error {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Error {
        self.source = Some(Box::new(source));
        self
    }

    /// An operation (`read`, `write`) on a path that the system refused.
    pub(crate) fn io(doing: &str, path: &Path, source: std::io::Error) -> Error {
        let kind = if source.kind() == std::io::ErrorKind::NotFound { Kind::NotFound } else { Kind::Io };
        Error::new(kind, format!("cannot {doing} `{}`", path.display())).because(source)
    }

    /// A database operation on a file.
    pub(crate) fn database(path: &Path, source: rusqlite::Error) -> Error {
        use rusqlite::ErrorCode;
        let shown = path.display();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Error::corrupt(path).because(source)
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Error::new(Kind::Busy, format!("`{shown}` is being written by another program"))
                    .help("wait until the other import has ended, then run this again")
                    .because(source)
            }
            Some(ErrorCode::DiskFull) => {
                Error::new(Kind::Io, format!("the disk is full; `{shown}` is unchanged"))
                    .help("make room, then run this again")
                    .because(source)
            }
            _ => Error::new(Kind::Io, format!("cannot use the records in `{shown}`")).because(source),
        }
    }

    /// A database operation on a server.
    pub(crate) fn postgres(shown: &str, source: postgres::Error) -> Error {
        use postgres::error::SqlState;
        let state = source.code().cloned();
        let words = source.as_db_error().map(|e| e.message().to_string());
        match state {
            Some(SqlState::DISK_FULL) => {
                Error::new(Kind::Io, format!("the disk of `{shown}` is full; nothing was entered"))
                    .help("make room, then run this again")
            }
            Some(SqlState::LOCK_NOT_AVAILABLE | SqlState::T_R_SERIALIZATION_FAILURE) => {
                Error::new(Kind::Busy, format!("`{shown}` is being written by another program"))
                    .help("run this again")
            }
            Some(SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW)
            | None => Error::new(Kind::Unreachable, format!("the database `{shown}` does not answer"))
                .help("nothing was entered; it works again when the server does"),
            Some(_) => {
                let words = words.map_or(String::new(), |words| format!(": {words}"));
                return Error::new(Kind::Io, format!("cannot use the records in `{shown}`{words}"));
            }
        }
        .because(source)
    }

    /// The log's bytes do not fit each other, or the rest does not fit the log; nothing is served from it.
    pub(crate) fn integrity(message: impl Into<String>) -> Error {
        Error::new(Kind::Integrity, message)
            .help("keep the folder as it is, for it is evidence; compare it with a copy and with what the witnesses have seen")
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The same error once more, for another who waited for the same thing.
    pub(crate) fn again(&self) -> Error {
        Error { kind: self.kind, message: self.to_string(), help: self.help.clone(), source: None }
    }

    pub(crate) fn corrupt(path: &Path) -> Error {
        Error::new(Kind::Corrupt, format!("`{}` is damaged or is no database of records", path.display()))
            .help("restore it from a copy, or move it away and import the sources again")
    }

    /// What to do next, where there is something to say.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// A file or folder is not there.
    pub fn is_not_found(&self) -> bool {
        self.kind == Kind::NotFound
    }

    /// A folder that was to be made is there already and holds something.
    pub fn is_not_empty(&self) -> bool {
        self.kind == Kind::NotEmpty
    }

    /// The database is damaged, or is not one.
    pub fn is_corrupt(&self) -> bool {
        self.kind == Kind::Corrupt
    }

    /// The database was written by a newer version of the program.
    pub fn is_newer(&self) -> bool {
        self.kind == Kind::Newer
    }

    /// Somebody else is writing, or wrote since the records were read.
    pub fn is_busy(&self) -> bool {
        self.kind == Kind::Busy
    }

    /// A record with that identity is there already.
    pub fn is_duplicate(&self) -> bool {
        self.kind == Kind::Duplicate
    }

    /// What was recorded is not what stands there now: a tile, a checkpoint, a signature, a payload or a row does not fit the
    /// rest. Exit code 3.
    pub fn is_integrity(&self) -> bool {
        self.kind == Kind::Integrity
    }

    /// The database's server does not answer; it works again when the server does.
    pub fn is_unreachable(&self) -> bool {
        matches!(self.kind, Kind::Unreachable | Kind::InDoubt)
    }

    /// The database's server stopped answering in the middle: only when it is back can be seen what was entered.
    pub fn is_in_doubt(&self) -> bool {
        self.kind == Kind::InDoubt
    }

    /// Whoever asks may not do this.
    pub fn is_denied(&self) -> bool {
        self.kind == Kind::Denied
    }

    /// What was handed in cannot be entered as it stands.
    pub fn is_refused(&self) -> bool {
        matches!(self.kind, Kind::Refused | Kind::Gap | Kind::Conflict | Kind::Clock)
    }

    /// A submission leaves numbers out: an earlier one is missing.
    pub fn is_gap(&self) -> bool {
        self.kind == Kind::Gap
    }

    /// A submission's number was used before, for other bytes.
    pub fn is_conflict(&self) -> bool {
        self.kind == Kind::Conflict
    }

    /// A submission says that it was made at a time that cannot be.
    pub fn is_clock(&self) -> bool {
        self.kind == Kind::Clock
    }

    /// `servanda.toml` says something that is not understood.
    pub fn is_settings(&self) -> bool {
        self.kind == Kind::Settings
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.source {
            // The words of the system end the sentence; nobody has to walk the chain to read them.
            Some(source) if matches!(self.kind, Kind::NotFound | Kind::Io | Kind::Unreachable) => {
                write!(f, ": {source}")
            }
            _ => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|s| s as &(dyn StdError + 'static))
    }
}
