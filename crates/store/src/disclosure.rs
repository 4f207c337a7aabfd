//! What an auditor's bundle shows of the record: for each chosen entry what opens its commitment, or why it is not opened.
//!
//! Whoever prepares it sees what it chooses from; the audience gets openings only of what its markings open. It makes no
//! proof and writes no file: `servanda_ledger::bundle` does.
//!
//! Invariants
//! - the salt and the envelope of an entry leave the store only for an audience that may see its marking;
//! - everything else that was chosen is there, withheld, with category and authority;
//! - nothing that is told of an opened entry comes from one that is not, but for what the leaves say to everybody.
//!
//! Where to start reading: [`View::disclose`].

use crate::access::{self, ACCESS};
use crate::entry::Entry;
use crate::error::{Error, Kind};
use crate::policy::{Role, Viewer};
use crate::release::{Portion, withheld};
use crate::sql::Value;
use crate::store::{INTAKE, KEY};
use crate::view::View;
use servanda_ledger::bundle::{Shown, SourceKey};
use servanda_ledger::leaf::Leaf;
use servanda_ledger::note::VerifierKey;
use servanda_model::{Instant, Name};
use std::collections::{BTreeMap, BTreeSet};

/// What is shown of the record.
#[derive(Clone, Debug, Default)]
pub struct Disclosure {
    /// Entries of the log, with what opens them or why they are not opened.
    pub entries: BTreeMap<u64, Shown>,
    /// The keys that signed what is opened, and the sources' keys.
    pub keys: Vec<SourceKey>,
    /// Who did what with it, when and why: one line each, in the order of the log.
    pub custody: Vec<String>,
    /// The records that are opened.
    pub opened: BTreeSet<Name>,
    /// How many records are withheld, erased ones among them.
    pub withheld: u64,
}

/// An erasure, as far as it concerns a record that was chosen.
struct Erased {
    order: u64,
    target: u64,
    category: String,
    authority: String,
    reason: String,
    by: String,
}

/// A record that was chosen.
struct Chosen {
    id: Name,
    marking: servanda_model::record::Marking,
    import: Option<u64>,
}

fn unseen(id: &Name) -> Error {
    Error::new(Kind::NotFound, format!("there is no record `{id}`"))
}

/// The record that this one takes back, by its text.
pub(crate) fn withdraws(json: &str) -> Option<Name> {
    #[derive(serde::Deserialize)]
    struct Only {
        #[serde(default)]
        withdraws: Option<String>,
    }
    if !json.contains("\"withdraws\"") {
        return None;
    }
    serde_json::from_str::<Only>(json).ok()?.withdraws.map(Name::from)
}

impl View<'_> {
    /// The chosen records with all their versions (all that this viewer sees for `None`), as `audience` may get them, with
    /// what happened to them. Only entries below `size` can be proved, so none other is shown.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no releaser, unless it asks for itself; [`Error::is_not_found`] where this viewer sees no
    /// such record; [`Error::is_refused`] where one is not under a checkpoint of that size; else as [`View::records`].
    pub fn disclose(
        &self,
        audience: &Viewer,
        choice: Option<&BTreeSet<Name>>,
        size: u64,
    ) -> Result<Disclosure, Error> {
        if !self.viewer().may(Role::Releaser) && self.viewer() != audience {
            let message = format!("`{}` may not prepare what goes out", self.viewer().name);
            return Err(Error::new(Kind::Denied, message).help("the role `releaser` may"));
        }
        let (chosen, erased) = self.chosen(choice)?;
        let late = |entry: u64| {
            Error::new(
                Kind::Refused,
                format!("entry {entry} is not under the witnessed checkpoint of size {size}"),
            )
            .help(
                "have a newer checkpoint witnessed first: `servanda log propose`, then `servanda log cosign`",
            )
        };
        if let Some(entry) = chosen.keys().find(|entry| **entry >= size) {
            return Err(late(*entry));
        }
        let mut told = Disclosure::default();
        let auditor = audience.is_keeper() || audience.may(Role::Auditor);
        let mut lines: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        let (disclosed, _) = self.store().write(|writer| {
            let mut imports: BTreeMap<u64, BTreeSet<&Name>> = BTreeMap::new();
            for (entry, record) in &chosen {
                if !audience.may_see(&record.marking) {
                    let why = match withheld([0; 32], &record.marking) {
                        Portion::Withheld { category, authority, .. } => reason(&category, &authority),
                        Portion::Shown(_) => String::new(),
                    };
                    told.entries.insert(*entry, Shown::Withheld(why));
                    told.withheld += 1;
                    continue;
                }
                let payload = writer.payload(*entry)?;
                let (envelope, salt) = writer.opening(*entry)?;
                told.entries.insert(*entry, Shown::Opened { envelope: envelope.into_bytes(), salt });
                told.opened.insert(record.id.clone());
                let how = match record.import {
                    Some(import) => {
                        imports.entry(import).or_default().insert(&record.id);
                        format!("by the import of entry {import}")
                    }
                    None => "as it was submitted".to_string(),
                };
                let line = format!("{}\trecord `{}` entered as entry {entry}\t{how}", payload.by, record.id);
                lines.entry(*entry).or_default().push(line);
            }
            for gone in erased.iter().filter(|gone| gone.target < size) {
                told.entries.insert(gone.target, Shown::Withheld(reason(&gone.category, &gone.authority)));
                told.withheld += 1;
                if gone.order < size {
                    let line = format!(
                        "{}\tentry {} erased by entry {}: {}\t{}",
                        gone.by, gone.target, gone.order, gone.authority, gone.reason
                    );
                    lines.entry(gone.order).or_default().push(line);
                    let shown = match auditor {
                        true => opened(writer.opening(gone.order)?),
                        false => Shown::Withheld(reason("order of erasure", "the keeper of the record")),
                    };
                    told.entries.insert(gone.order, shown);
                }
            }
            for import in imports.keys().filter(|import| **import < size) {
                let shown = match auditor {
                    true => {
                        let payload = writer.payload(*import)?;
                        if let Entry::Import(intake) = &payload.entry {
                            let line = format!(
                                "{}\timported {} with SHA-256 {} as entry {import}\t{} records made, {} rows refused",
                                payload.by, intake.file, intake.sha256, intake.made, intake.refused
                            );
                            lines.entry(*import).or_default().push(line);
                        }
                        opened(writer.opening(*import)?)
                    }
                    // It counts rows that the audience may not see.
                    false => Shown::Withheld(reason("import", "the keeper of the record")),
                };
                told.entries.insert(*import, shown);
            }
            // The keys: that of intake, which signs every envelope, and those of the sources.
            let mut keys: Vec<SourceKey> = Vec::new();
            for (entry, subject, json) in writer.numbered(KEY)?.into_iter().filter(|(entry, _, _)| *entry < size) {
                let said: serde_json::Value = serde_json::from_str(&json).unwrap_or_default();
                let vkey = said["vkey"].as_str().unwrap_or_default();
                let key = VerifierKey::parse(vkey)
                    .map_err(|e| Error::integrity(format!("the key of `{subject}` in entry {entry}: {e}")))?;
                match keys.iter_mut().find(|there| there.key == key) {
                    Some(there) => there.until = there.until.or(said["revoked"].is_string().then_some(entry)),
                    None => keys.push(SourceKey { key, from: entry, until: None }),
                }
                let what = if subject.as_str() == INTAKE { "the key of intake" } else { subject.as_str() };
                let did = if said["revoked"].is_string() { "revoked" } else { "registered" };
                let payload = writer.payload(entry)?;
                let line = format!("{}\tkey of `{what}` {did} by entry {entry}\t-", payload.by);
                lines.entry(entry).or_default().push(line);
                told.entries.insert(entry, opened(writer.opening(entry)?));
            }
            told.keys = keys;
            // Who looked: for auditors, and of those only an entry that names nothing else than what they may see is opened.
            for (entry, _, json) in writer.numbered(ACCESS)?.into_iter().filter(|(e, _, _)| auditor && *e < size) {
                let mut concerns = false;
                let mut open = true;
                for look in access::parse(entry, &json)? {
                    let named: Vec<&String> =
                        look.records.iter().filter(|id| told.opened.contains(&Name::from(id.as_str()))).collect();
                    open &= named.len() == look.records.len();
                    if named.is_empty() {
                        continue;
                    }
                    concerns = true;
                    let ids: Vec<String> = named.iter().take(20).map(|id| format!("`{id}`")).collect();
                    let more = named.len().saturating_sub(20);
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    let line = format!(
                        "{}\tlooked at {}{more} from {} to {}, entry {entry}\t{}",
                        look.who,
                        ids.join(", "),
                        Instant(look.first),
                        Instant(look.last),
                        look.why
                    );
                    lines.entry(entry).or_default().push(line);
                }
                if concerns {
                    let shown = match open {
                        true => opened(writer.opening(entry)?),
                        false => Shown::Withheld(reason(
                            "access log that names records which are not opened here",
                            "the keeper of the record",
                        )),
                    };
                    told.entries.insert(entry, shown);
                }
            }
            for (entry, said) in &lines {
                for leaf in writer.log.leaves(*entry..*entry + 1)? {
                    let leaf = Leaf::from_bytes(&leaf).map_err(|e| Error::integrity(e.to_string()))?;
                    let at = Instant(leaf.received_ms);
                    told.custody.extend(said.iter().map(|line| plain(&format!("{at}\t{line}"))));
                }
            }
            Ok(told)
        })?;
        Ok(disclosed)
    }

    /// The chosen records with all their versions, by entry, and the erasures among them.
    fn chosen(&self, choice: Option<&BTreeSet<Name>>) -> Result<(BTreeMap<u64, Chosen>, Vec<Erased>), Error> {
        let mut all: BTreeMap<Name, (u64, Chosen)> = BTreeMap::new();
        let mut versions: Vec<(Name, Name)> = Vec::new();
        let columns = "number, id, label, supersedes, import, json";
        self.rows(columns, "record", "1 = 1", "", &[], |mut row, markings| {
            let (entry, id) = (row.count()?, Name::from(row.text()?));
            let marking = markings.get(&row.int()?).cloned().unwrap_or_default();
            let old = row.maybe_text()?.map(Name::from);
            let import = row.maybe_count()?;
            let json = row.text()?;
            versions.extend(old.into_iter().chain(withdraws(&json)).map(|old| (old, id.clone())));
            all.insert(id.clone(), (entry, Chosen { id, marking, import }));
            Ok(())
        })?;
        // What was erased is told to auditors and the keeper only, as everywhere.
        let mut erased: BTreeMap<Name, Erased> = BTreeMap::new();
        if self.auditor().is_ok() {
            let sql = "SELECT id, number, target, category, authority, reason, ordered_by FROM erasure ORDER BY target";
            self.store().read(|connection| {
                connection.query(sql, &[] as &[Value<'_>], |mut row| {
                    let id = Name::from(row.text()?);
                    let (order, target) = (row.count()?, row.count()?);
                    let (category, authority) = (row.text()?, row.text()?);
                    let (reason, by) = (row.text()?, row.text()?);
                    erased.insert(id, Erased { order, target, category, authority, reason, by });
                    Ok(())
                })
            })?;
        }
        let ids: BTreeSet<Name> = match choice {
            None => all.keys().chain(erased.keys()).cloned().collect(),
            Some(choice) => {
                if let Some(id) = choice.iter().find(|id| !all.contains_key(*id) && !erased.contains_key(*id))
                {
                    return Err(unseen(id));
                }
                let mut ids = choice.clone();
                loop {
                    let before = ids.len();
                    for (old, new) in &versions {
                        if ids.contains(old) || ids.contains(new) {
                            ids.extend([old.clone(), new.clone()]);
                        }
                    }
                    if ids.len() == before {
                        break;
                    }
                }
                ids
            }
        };
        let chosen = ids.iter().filter_map(|id| all.remove(id)).collect();
        let gone = ids.iter().filter_map(|id| erased.remove(id)).collect();
        Ok((chosen, gone))
    }
}

fn reason(category: &str, authority: &str) -> String {
    plain(&format!("{category}; by authority of {authority}"))
}

fn opened((envelope, salt): (String, [u8; 32])) -> Shown {
    Shown::Opened { envelope: envelope.into_bytes(), salt }
}

/// One line, whatever was in it.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect()
}

#[cfg(test)]
#[path = "disclosure_tests.rs"]
mod tests;
