//! The database of an earlier program brought to the tables of this one.
//!
//! The database is made of the log and its payloads, so there is one step from every earlier format: it is made again. What was entered
//! is not touched: a log is only added to, and every form of a payload that was ever written is read as it was written.
//!
//! What it deliberately does not do: happen by itself (see [`Store::upgrade`]), or go back: an earlier program makes its database again of
//! the same log with its own `servanda rebuild`.
//!
//! Invariants
//! - a database of a newer program is refused, and nothing of it is changed;
//! - an SQLite file that is replaced stays beside the new one, under a name with its format;
//! - what was interrupted is begun again, and nothing is lost by it: the log says everything.
//!
//! Where to start reading: [`Store::upgrade`]. Tests: `tests/released.rs`, from what each released version wrote.

use crate::error::Error;
use crate::schema::{self, FORMAT};
use crate::sql::Place;
use crate::store::Store;
use std::fs;
use std::path::PathBuf;

/// What an upgrade came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upgraded {
    /// The format that the tables had; `None`: there was no database.
    pub from: Option<i64>,
    /// The format that this program knows.
    pub to: i64,
    /// Entries of the log that the database was made again of; `None` where it was not.
    pub entries: Option<u64>,
    /// Where the earlier SQLite file lies.
    pub kept: Option<PathBuf>,
}

impl Upgraded {
    /// Whether there is, or was, anything to do.
    pub fn is_needed(&self) -> bool {
        self.from != Some(self.to)
    }
}

impl Store {
    /// Looks which format the tables have.
    ///
    /// # Errors
    /// [`Error::is_newer`] where a newer program made them; where they are a stranger's or cannot be read.
    pub fn looked_for_upgrade(&self) -> Result<Upgraded, Error> {
        let from = schema::format_there(&self.database)?;
        Ok(Upgraded { from, to: FORMAT, entries: None, kept: None })
    }

    /// Makes the database in a scratch file in the tables of this program, of the whole log, and throws it away: whether
    /// [`Store::upgrade`] would succeed. Gives the number of entries.
    ///
    /// # Errors
    /// As [`Store::upgrade`].
    pub fn tried_upgrade(&self) -> Result<Upgraded, Error> {
        let looked = self.looked_for_upgrade()?;
        match looked.is_needed() {
            true => Ok(Upgraded { entries: Some(self.made_aside()?), ..looked }),
            false => Ok(looked),
        }
    }

    /// Makes the database again in the tables of this program, where an earlier one made it. Nobody may serve the workspace meanwhile.
    ///
    /// # Errors
    /// [`Error::is_newer`]; [`Error::is_integrity`] where log and payloads do not fit each other: nothing was changed then, but in
    /// PostgreSQL, where the same command is given again after it was repaired.
    pub fn upgrade(&self) -> Result<Upgraded, Error> {
        // Whether it can be made is known before anything of the old one goes.
        let tried = self.tried_upgrade()?;
        let Some(from) = tried.from.filter(|_| tried.is_needed()) else {
            return match tried.is_needed() {
                true => Ok(Upgraded { entries: Some(self.rebuild()?), ..tried }),
                false => Ok(tried),
            };
        };
        let kept = match &self.database {
            Place::File(path) => {
                self.forget_connection();
                let mut name = path.as_os_str().to_os_string();
                name.push(format!(".format-{from}"));
                let kept = PathBuf::from(name);
                fs::copy(path, &kept).map_err(|e| Error::io("write", &kept, e))?;
                Some(kept)
            }
            Place::Server(..) => {
                schema::clear_earlier(&self.database)?;
                None
            }
        };
        let entries = self.rebuild()?;
        Ok(Upgraded { entries: Some(entries), kept, ..tried })
    }
}
