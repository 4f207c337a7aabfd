//! Sources and their keys: who may sign submissions, since when, and until when.
//!
//! A key is registered by an entry of the log and revoked by another. What it signed before it was revoked stays valid, because
//! the log says what came first.
//!
//! Invariants
//! - a key that was revoked signs nothing any more, also not in the commit that follows its revocation, and never comes back;
//! - one key belongs to one source.
//!
//! It opens no envelope: whoever takes submissions in compares their signatures with [`Store::keys`].
//!
//! Where to start reading: [`Store::register_key`].

use crate::entry::{Entry, Statement};
use crate::error::{Error, Kind};
use crate::policy::{Role, Viewer};
use crate::sql::Value;
use crate::store::{Draft, INTAKE, KEY, Receipt, Store, Writer};
use serde::{Deserialize, Serialize};
use servanda_ledger::note::{Algorithm, SignerKey, VerifierKey};
use servanda_model::record::Marking;
use servanda_model::{Instant, Name};
use std::collections::BTreeMap;

/// A source's key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceKey {
    /// Whose it is.
    pub source: Name,
    /// The public key, in the form of signed notes: `NAME+ID+KEY`.
    pub key: String,
    /// Why it was revoked, where it was.
    pub revoked: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    vkey: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoked: Option<String>,
}

fn parse(key: &str) -> Result<VerifierKey, Error> {
    VerifierKey::parse(key).map_err(|e| {
        Error::new(Kind::Refused, format!("`{key}` is no public key: {e}"))
            .help("a public key is one line, `NAME+ID+KEY`; `servanda key new` makes a pair")
    })
}

/// All keys, by their line, from the statements on them in order.
fn fold(statements: impl Iterator<Item = (Name, String)>) -> Result<BTreeMap<String, SourceKey>, Error> {
    let mut keys: BTreeMap<String, SourceKey> = BTreeMap::new();
    for (subject, json) in statements.filter(|(subject, _)| subject.as_str() != INTAKE) {
        let said: Said = serde_json::from_str(&json).map_err(|e| {
            Error::integrity(format!("a statement on the key of `{subject}` cannot be read: {e}"))
        })?;
        let key = keys.entry(said.vkey.clone()).or_insert(SourceKey {
            source: subject,
            key: said.vkey,
            revoked: None,
        });
        key.revoked = key.revoked.take().or(said.revoked);
    }
    Ok(keys)
}

pub(crate) fn need(by: &Viewer, role: Role, what: &str) -> Result<(), Error> {
    match by.may(role) {
        true => Ok(()),
        false => Err(Error::new(Kind::Denied, format!("`{}` may not {what}", by.name))
            .help(format!("the role `{}` may", role.word()))),
    }
}

impl Store {
    /// Registers a public key of a source.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no registrar; [`Error::is_duplicate`] where the key is registered, or was revoked;
    /// [`Error::is_refused`] where it is none.
    pub fn register_key(
        &self,
        source: &Name,
        key: &str,
        now: Instant,
        by: &Viewer,
    ) -> Result<Receipt, Error> {
        need(by, Role::Registrar, "register keys")?;
        let key = parse(key)?.to_string();
        if source.as_str().is_empty() || source.as_str() == INTAKE {
            return Err(Error::new(Kind::Refused, format!("`{source}` is no name for a source"))
                .help("name the source as its records do"));
        }
        self.say_once(by, now, |writer| {
            if let Some(there) = writer.keys()?.get(&key) {
                let state = if there.revoked.is_some() { "was revoked" } else { "is registered" };
                return Err(Error::new(
                    Kind::Duplicate,
                    format!("this key {state} already, as one of `{}`", there.source),
                )
                .help("make a new pair: `servanda key new`"));
            }
            statement(source, &Said { vkey: key.clone(), revoked: None })
        })
    }

    /// Revokes a key. What it signed before stays.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no registrar; [`Error::is_not_found`] where there is no such key, or it was revoked.
    pub fn revoke_key(&self, key: &str, why: &str, now: Instant, by: &Viewer) -> Result<Receipt, Error> {
        need(by, Role::Registrar, "revoke keys")?;
        let key = parse(key)?.to_string();
        self.say_once(by, now, |writer| match writer.keys()?.get(&key) {
            Some(there) if there.revoked.is_none() => {
                statement(&there.source, &Said { vkey: key.clone(), revoked: Some(why.to_string()) })
            }
            _ => Err(Error::new(Kind::NotFound, "this key is not registered, or was revoked already")
                .help("`servanda key list` shows all")),
        })
    }

    /// All keys of sources.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn keys(&self) -> Result<Vec<SourceKey>, Error> {
        let statements = self.view(&Viewer::keeper()).statements(KEY)?;
        Ok(fold(statements.into_iter().map(|(s, _)| (s.subject, s.json)))?.into_values().collect())
    }

    /// Enters what `decide` says, looked at by the one who writes, so that nothing comes between.
    pub(crate) fn say_once(
        &self,
        by: &Viewer,
        now: Instant,
        decide: impl FnOnce(&mut Writer<'_>) -> Result<Statement, Error>,
    ) -> Result<Receipt, Error> {
        let (receipt, _) = self.write(|writer| {
            let statement = decide(writer)?;
            let receipts = writer.put_for_receipts(vec![Draft::own(Entry::Statement(statement), by)], now)?;
            receipts.into_iter().next().ok_or_else(|| Error::integrity("an entry gave no receipt"))
        })?;
        Ok(receipt)
    }
}

/// A new pair of keys: the private one as a text to keep, the public one as the line to register.
///
/// # Errors
/// [`Error::is_refused`] where the name is none.
pub fn new_key(name: &str) -> Result<(String, String), Error> {
    let mut seed = [0; 32];
    crate::seal::random(&mut seed)?;
    let key = SignerKey::new(name, Algorithm::Note, &seed)
        .map_err(|e| Error::new(Kind::Refused, e.to_string()).help("write it like `smm.example.org`"))?;
    Ok((key.secret_text(), key.public().to_string()))
}

fn revoked(source: &Name, why: &str) -> Error {
    Error::new(Kind::Denied, format!("the key of `{source}` was revoked: {why}"))
        .help("sign with a key that is registered")
}

fn statement(source: &Name, said: &Said) -> Result<Statement, Error> {
    let json = serde_json::to_string(said).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
    Ok(Statement { kind: KEY.into(), subject: source.clone(), marking: Marking::default(), json })
}

impl Writer<'_> {
    /// The statements of a kind, in order, whoever may see them.
    pub(crate) fn said(&mut self, kind: &str) -> Result<Vec<(Name, String, String)>, Error> {
        let mut said = Vec::new();
        let sql = "SELECT subject, json, said_by FROM statement WHERE kind = ?1 ORDER BY number";
        self.connection.query(sql, &[Value::Text(kind)], |mut row| {
            said.push((Name::from(row.text()?), row.text()?, row.text()?));
            Ok(())
        })?;
        Ok(said)
    }

    /// The statements of a kind with the numbers of their entries, in order, whoever may see them: number, subject, text.
    pub(crate) fn numbered(&mut self, kind: &str) -> Result<Vec<(u64, Name, String)>, Error> {
        let mut said = Vec::new();
        let sql = "SELECT number, subject, json FROM statement WHERE kind = ?1 ORDER BY number";
        self.connection.query(sql, &[Value::Text(kind)], |mut row| {
            said.push((row.count()?, Name::from(row.text()?), row.text()?));
            Ok(())
        })?;
        Ok(said)
    }

    fn keys(&mut self) -> Result<BTreeMap<String, SourceKey>, Error> {
        fold(self.said(KEY)?.into_iter().map(|(subject, json, _)| (subject, json)))
    }

    /// The keys as they stand now.
    pub(crate) fn known_keys(&mut self) -> Result<KnownKeys, Error> {
        let keys = self.keys()?.into_values();
        keys.map(|key| Ok((parse(&key.key)?.short(), key))).collect::<Result<_, _>>().map(KnownKeys)
    }
}

/// Keys by their short names.
pub(crate) struct KnownKeys(BTreeMap<String, SourceKey>);

impl KnownKeys {
    /// Refuses what a key signed that is revoked by now.
    pub(crate) fn check(&self, short: &str) -> Result<(), Error> {
        match self.0.get(short) {
            Some(SourceKey { source, revoked: Some(why), .. }) => Err(revoked(source, why)),
            Some(_) => Ok(()),
            None => Err(Error::new(Kind::Denied, format!("the key `{short}` is not registered"))
                .help("`servanda key register` makes a source's key known")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{submission, workspace};

    #[test]
    fn a_key_is_registered_once_and_signs_nothing_more_once_it_is_revoked() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        let (keeper, now) = (Viewer::keeper(), Instant(10_000));
        let key = SignerKey::new("smm.example", Algorithm::Note, &[7; 32]).unwrap();
        let line = key.public().to_string();
        assert!(store.register_key(&"SMM".into(), "rubbish", now, &keeper).unwrap_err().is_refused());
        assert!(store.register_key(&"intake".into(), &line, now, &keeper).unwrap_err().is_refused());
        assert!(store.register_key(&"SMM".into(), &line, now, &Viewer::named("x")).unwrap_err().is_denied());
        store.register_key(&"SMM".into(), &line, now, &keeper).unwrap();
        assert!(store.register_key(&"DNR".into(), &line, now, &keeper).unwrap_err().is_duplicate());

        // Signed before and entered after the revocation: too late.
        let short = key.public().short();
        let mut one = submission("key/smm", 1, None, "shots");
        one.key = Some(short.clone());
        store.submit(one, now).unwrap();
        store.revoke_key(&line, "lost", now, &keeper).unwrap();
        let mut two = submission("key/smm", 2, Some("shots"), "later");
        two.key = Some(short);
        let error = store.submit(two.clone(), now).unwrap_err();
        assert!(error.is_denied() && error.to_string().contains("was revoked: lost"), "{error}");
        two.key = Some("nobody+00000000".into());
        assert!(store.submit(two, now).unwrap_err().is_denied());
        assert!(store.revoke_key(&line, "again", now, &keeper).unwrap_err().is_not_found());
        assert!(store.register_key(&"SMM".into(), &line, now, &keeper).unwrap_err().is_duplicate());
        assert_eq!(store.keys().unwrap().len(), 1);
        assert_eq!(store.compare().unwrap().different, 0);
    }
}
