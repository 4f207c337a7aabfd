//! Reading: what one viewer may see, and nothing else, whatever is asked.
//!
//! A [`View`] is bound to a viewer. It decides once for each label whether the viewer may see it; every query of records and
//! statements is held to those labels, in [`View::rows`] and nowhere else.
//!
//! Invariants
//! - two stores that differ only in what a viewer may not see answer that viewer the same, byte by byte: rows, order, counts
//!   and errors;
//! - numbers of the log, of labels and of imports are not handed out.
//!
//! Where to start reading: [`Store::view`].

use crate::entry::{Intake, Statement, StoredRecord};
use crate::error::{Error, Kind};
use crate::label;
use crate::policy::{Role, Viewer};
use crate::sql::{Connection, Row, Value};
use crate::store::Store;
use servanda_model::record::Marking;
use servanda_model::{Instant, Name};
use std::collections::{BTreeMap, BTreeSet};

/// Those who see the same: the labels that are open to all of them.
///
/// Two viewers of one audience are shown the same, byte by byte, so what is computed for one serves the other. A label that is
/// new belongs to no audience that was there before it: whoever may see it is of another audience from then on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Audience {
    /// The keeper of the folder, to whom all is open, whatever label comes.
    All,
    /// Exactly these labels.
    Labels(BTreeSet<Marking>),
}

impl Audience {
    /// The audience of a viewer, where these labels are in use.
    pub fn of<'m>(viewer: &Viewer, labels: impl IntoIterator<Item = &'m Marking>) -> Audience {
        if viewer.is_keeper() {
            return Audience::All;
        }
        Audience::Labels(labels.into_iter().filter(|label| viewer.may_see(label)).cloned().collect())
    }

    /// Whether what bears this label is open to it.
    pub fn sees(&self, label: &Marking) -> bool {
        match self {
            Audience::All => true,
            Audience::Labels(labels) => labels.contains(label),
        }
    }
}

/// What one viewer may see.
pub struct View<'a> {
    store: &'a Store,
    viewer: Viewer,
}

/// An erased entry: its number, its leaf, category and authority.
type Erased = (u64, Vec<u8>, String, String);

/// The labels that are open to a viewer.
struct Labels {
    /// Numbers, as they stand in a list of SQL: counted by the database itself.
    list: String,
    markings: BTreeMap<i64, Marking>,
}

const RECORD: &str = "number, id, fact, earliest, recorded, source, label, supersedes, json";

impl Store {
    /// What this viewer may see.
    pub fn view(&self, viewer: &Viewer) -> View<'_> {
        View { store: self, viewer: viewer.clone() }
    }
}

impl View<'_> {
    pub(crate) fn store(&self) -> &Store {
        self.store
    }

    pub(crate) fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    fn labels(&self, connection: &mut Connection) -> Result<Labels, Error> {
        let mut markings = BTreeMap::new();
        connection.query("SELECT number, text FROM label ORDER BY number", &[], |mut row| {
            let (number, marking) = (row.int()?, label::from_text(&row.text()?)?);
            if self.viewer.may_see(&marking) {
                markings.insert(number, marking);
            }
            Ok(())
        })?;
        let list: Vec<String> = markings.keys().map(i64::to_string).collect();
        Ok(Labels { list: list.join(", "), markings })
    }

    /// The one way to rows that have a label: the viewer's labels are added here.
    pub(crate) fn rows(
        &self,
        columns: &str,
        table: &str,
        wanted: &str,
        order: &str,
        values: &[Value<'_>],
        mut each: impl FnMut(Row, &BTreeMap<i64, Marking>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.store.read(|connection| {
            let labels = self.labels(connection)?;
            if labels.list.is_empty() {
                return Ok(());
            }
            let sql = format!(
                "SELECT {columns} FROM {table} WHERE label IN ({}) AND {wanted} {order}",
                labels.list
            );
            connection.query(&sql, values, |row| each(row, &labels.markings))
        })?;
        Ok(())
    }

    fn numbered_where(&self, wanted: &str, values: &[Value<'_>]) -> Result<Vec<(u64, StoredRecord)>, Error> {
        let mut records = Vec::new();
        self.rows(RECORD, "record", wanted, "ORDER BY number", values, |mut row, markings| {
            let number = row.count()?;
            let mut record = StoredRecord {
                id: Name::from(row.text()?),
                fact: Name::from(row.text()?),
                earliest: Instant(row.int()?),
                recorded: Instant(row.int()?),
                source: row.text()?,
                marking: Marking::default(),
                supersedes: None,
                json: String::new(),
            };
            record.marking = markings.get(&row.int()?).cloned().unwrap_or_default();
            record.supersedes = row.maybe_text()?.map(Name::from);
            record.json = row.text()?;
            records.push((number, record));
            Ok(())
        })?;
        Ok(records)
    }

    fn records_where(&self, wanted: &str, values: &[Value<'_>]) -> Result<Vec<StoredRecord>, Error> {
        Ok(self.numbered_where(wanted, values)?.into_iter().map(|(_, record)| record).collect())
    }

    /// The records with their numbers, which are handed out to nobody.
    pub(crate) fn numbered_records(&self) -> Result<Vec<(u64, StoredRecord)>, Error> {
        self.numbered_where("1 = 1", &[])
    }

    /// What was erased: the entry's number, its leaf, category and authority. Only for whoever may know all that there is.
    pub(crate) fn erasures(&self) -> Result<Vec<Erased>, Error> {
        let mut erasures = Vec::new();
        if !self.viewer.is_keeper() && !self.viewer.may(Role::Auditor) {
            return Ok(erasures);
        }
        let sql = "SELECT target, leaf, category, authority FROM erasure JOIN entry ON entry.number = erasure.target
                   ORDER BY target";
        self.store.read(|connection| {
            connection.query(sql, &[], |mut row| {
                erasures.push((row.count()?, row.bytes()?, row.text()?, row.text()?));
                Ok(())
            })
        })?;
        Ok(erasures)
    }

    /// All records, in the order in which they were entered.
    ///
    /// # Errors
    /// [`Error::is_corrupt`], [`Error::is_newer`], [`Error::is_busy`], [`Error::is_integrity`], [`Error::is_unreachable`].
    pub fn records(&self) -> Result<Vec<StoredRecord>, Error> {
        self.records_where("1 = 1", &[])
    }

    /// The records that were entered after the one of that identity, in order; all of them for `None`.
    ///
    /// # Errors
    /// As [`View::record`] where this viewer sees no such record.
    pub fn records_after(&self, id: Option<&str>) -> Result<Vec<StoredRecord>, Error> {
        let Some(id) = id else { return self.records() };
        // Only of what may be seen is it told where it stands.
        let after = self.record(id)?;
        self.records_where(
            "number > (SELECT number FROM record WHERE id = ?1)",
            &[Value::Text(after.id.as_str())],
        )
    }

    /// The records of a fact that did not happen before `from`, nor after `until`, in the order in which they were entered.
    ///
    /// # Errors
    /// As [`View::records`].
    pub fn records_of(&self, fact: &str, from: Instant, until: Instant) -> Result<Vec<StoredRecord>, Error> {
        self.records_where(
            "fact = ?1 AND earliest >= ?2 AND earliest <= ?3",
            &[Value::Text(fact), Value::Int(from.0), Value::Int(until.0)],
        )
    }

    /// The record of that identity.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where there is none for this viewer, in the same words whether there is one for others.
    pub fn record(&self, id: &str) -> Result<StoredRecord, Error> {
        let mut found = self.records_where("id = ?1", &[Value::Text(id)])?;
        found.pop().ok_or_else(|| Error::new(Kind::NotFound, format!("there is no record `{id}`")))
    }

    /// How many records of each fact there are.
    ///
    /// # Errors
    /// As [`View::records`].
    pub fn counts(&self) -> Result<BTreeMap<Name, u64>, Error> {
        let mut counts = BTreeMap::new();
        let columns = "fact, count(*)";
        self.rows(columns, "record", "1 = 1", "GROUP BY fact ORDER BY fact", &[], |mut row, _| {
            let fact = Name::from(row.text()?);
            counts.insert(fact, row.count()?);
            Ok(())
        })?;
        Ok(counts)
    }

    /// The statements of a kind, in the order in which they were made, with whose they are. What stands on a subject is what was
    /// said last.
    ///
    /// # Errors
    /// As [`View::records`].
    pub fn statements(&self, kind: &str) -> Result<Vec<(Statement, String)>, Error> {
        let mut statements = Vec::new();
        let columns = "kind, subject, label, said_by, json";
        self.rows(
            columns,
            "statement",
            "kind = ?1",
            "ORDER BY number",
            &[Value::Text(kind)],
            |mut row, markings| {
                let (kind, subject) = (Name::from(row.text()?), Name::from(row.text()?));
                let marking = markings.get(&row.int()?).cloned().unwrap_or_default();
                let by = row.text()?;
                statements.push((Statement { kind, subject, marking, json: row.text()? }, by));
                Ok(())
            },
        )?;
        Ok(statements)
    }

    /// How many statements of a kind there are. It only grows.
    ///
    /// # Errors
    /// As [`View::records`].
    pub fn statement_count(&self, kind: &str) -> Result<u64, Error> {
        let mut count = 0;
        self.rows("count(*)", "statement", "kind = ?1", "", &[Value::Text(kind)], |mut row, _| {
            count = row.count()?;
            Ok(())
        })?;
        Ok(count)
    }

    /// The markings that occur and that this viewer may see.
    ///
    /// # Errors
    /// As [`View::records`].
    pub fn markings(&self) -> Result<Vec<Marking>, Error> {
        // A label is nobody's secret by itself, but that it is in use may be: only those with a row that is seen.
        let mut used = Vec::new();
        self.rows("DISTINCT label", "record", "1 = 1", "ORDER BY label", &[], |mut row, markings| {
            used.extend(markings.get(&row.int()?).cloned());
            Ok(())
        })?;
        used.sort();
        Ok(used)
    }

    /// All imports, in order. They count rows that a viewer may not see, so only an auditor is told.
    ///
    /// # Errors
    /// [`Error::is_denied`] for others; as [`View::records`].
    pub fn intakes(&self) -> Result<Vec<Intake>, Error> {
        self.auditor()?;
        let mut intakes = Vec::new();
        self.store.read(|connection| {
            let sql =
                "SELECT file, sha256, entered, read, made, refused, quarantine FROM import ORDER BY number";
            connection.query(sql, &[], |mut row| {
                intakes.push(Intake {
                    file: row.text()?,
                    sha256: row.text()?,
                    entered: Instant(row.int()?),
                    read: row.count()?,
                    made: row.count()?,
                    refused: row.count()?,
                    quarantine: row.maybe_text()?,
                });
                Ok(())
            })
        })?;
        Ok(intakes)
    }

    /// The identities of the records that were erased.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no auditor; as [`View::records`].
    pub fn erased(&self) -> Result<Vec<Name>, Error> {
        self.auditor()?;
        let mut ids = Vec::new();
        self.store.read(|connection| {
            connection.query("SELECT id FROM erasure ORDER BY number", &[], |mut row| {
                ids.push(Name::from(row.text()?));
                Ok(())
            })
        })?;
        Ok(ids)
    }

    pub(crate) fn auditor(&self) -> Result<(), Error> {
        match self.viewer.is_keeper() || self.viewer.may(Role::Auditor) {
            true => Ok(()),
            false => Err(Error::new(Kind::Denied, "only an auditor may see this")),
        }
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
