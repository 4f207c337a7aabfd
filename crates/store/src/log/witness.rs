//! A witness on disk: its key, the logs that it watches, and the last checkpoint of each that it has cosigned.
//!
//! ```text
//! key, vkey          its private and public key        logs          the keys of the logs that it watches
//! seen/HASH          the last cosigned checkpoint of the log whose origin has that SHA-256
//! evidence/HASH      requests that a log had signed and that did not continue what was seen
//! ```
//!
//! What it may sign is decided in [`servanda_ledger::witness`]. It asks nobody and fetches nothing: it is asked.
//!
//! Invariants
//! - the new state is on the disk before the cosignature is given away;
//! - one process holds a witness at a time, so that no two requests are answered from one state;
//! - evidence is kept once for each request, at most 256 of them.
//!
//! Where to start reading: [`Witness::answer`].

use super::durable::Durable;
use super::{broken, lock, read, read_note};
use crate::error::{Error, Kind};
use crate::files;
use servanda_ledger::checkpoint::Checkpoint;
use servanda_ledger::note::{Algorithm, Note, SignerKey, VerifierKey};
use servanda_ledger::tree::sha256;
use servanda_ledger::witness::{Refusal, Request, Seen, consider, cosign};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The most requests that are kept as evidence.
const MOST_EVIDENCE: usize = 256;

/// A witness in a folder.
#[derive(Debug)]
pub struct Witness {
    dir: PathBuf,
    key: SignerKey,
    logs: BTreeMap<String, VerifierKey>,
    _lock: fs::File,
}

/// The name under which a log's state is kept: SHA-256 of its origin, in hexadecimal, as the protocol asks for it too.
pub fn origin_hash(origin: &str) -> String {
    sha256(origin.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Witness {
    /// Makes a witness in a folder that is not there or is empty.
    ///
    /// # Errors
    /// [`Error::is_not_empty`] where something is there; [`Error::is_settings`] where the key is not one for cosignatures.
    pub fn create(dir: &Path, key: &SignerKey) -> Result<Witness, Error> {
        if key.public().algorithm() != Algorithm::Cosignature {
            return Err(Error::new(
                Kind::Settings,
                format!("`{}` is the key of a log", key.public().short()),
            )
            .help("a witness has a key of its own, made with `servanda log witness init`"));
        }
        if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Error::new(Kind::NotEmpty, format!("`{}` is not empty", dir.display()))
                .help("name a folder that does not exist yet"));
        }
        let mut durable = Durable::default();
        let absolute = std::path::absolute(dir).map_err(|e| Error::io("make", dir, e))?;
        durable.write(&absolute.join("vkey"), format!("{}\n", key.public()).as_bytes())?;
        files::write_secret(&absolute.join("key"), format!("{}\n", key.secret_text()).as_bytes())?;
        durable.write(&absolute.join("logs"), b"")?;
        durable.settle()?;
        Witness::open(dir)
    }

    /// Opens a witness.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where there is none, [`Error::is_busy`] where another process holds it, [`Error::is_integrity`] where
    /// a file does not hold what it should.
    pub fn open(dir: &Path) -> Result<Witness, Error> {
        let key = read(dir, "key", 4096).map_err(|e| match e.is_not_found() {
            true => e.help("name the folder of a witness; `servanda log witness init` makes one"),
            false => e,
        })?;
        let key =
            SignerKey::parse(String::from_utf8_lossy(&key).trim_end()).map_err(|e| broken(dir, "key", &e))?;
        let held = lock(dir)?;
        let mut logs = BTreeMap::new();
        for line in String::from_utf8_lossy(&read(dir, "logs", 1 << 20)?).lines() {
            let log = VerifierKey::parse(line).map_err(|e| broken(dir, "logs", &e))?;
            logs.insert(log.name().to_string(), log);
        }
        Ok(Witness { dir: dir.to_path_buf(), key, logs, _lock: held })
    }

    /// Its public key, which goes into the policies of those who trust it.
    pub fn key(&self) -> &VerifierKey {
        self.key.public()
    }

    /// The logs that it watches.
    pub fn logs(&self) -> impl Iterator<Item = &VerifierKey> {
        self.logs.values()
    }

    /// Watches one more log.
    ///
    /// # Errors
    /// [`Error::is_settings`] where the log is watched with another key: who changes a log's key has to make a new witness's mind up, by
    /// hand; or where the key is not a log's.
    pub fn watch(&mut self, log: &VerifierKey) -> Result<(), Error> {
        if log.algorithm() != Algorithm::Note {
            return Err(Error::new(
                Kind::Settings,
                format!("`{}` is the key of a witness, not of a log", log.short()),
            ));
        }
        match self.logs.get(log.name()) {
            Some(known) if known == log => return Ok(()),
            Some(known) => {
                return Err(Error::new(
                    Kind::Settings,
                    format!("`{}` is watched already, with the key `{}`", log.name(), known.short()),
                )
                .help("a log keeps its key; ask those who keep it why it changed"));
            }
            None => {}
        }
        let mut lines: String = self.logs.values().map(|log| format!("{log}\n")).collect();
        lines.push_str(&format!("{log}\n"));
        let mut durable = Durable::default();
        durable.write(&self.dir.join("logs"), lines.as_bytes())?;
        durable.settle()?;
        self.logs.insert(log.name().to_string(), log.clone());
        Ok(())
    }

    /// The last checkpoint of a log that it has cosigned, with the log's and its own signature.
    ///
    /// # Errors
    /// [`Error::is_integrity`] where the file was changed: it carries the witness's own signature.
    pub fn seen(&self, origin: &str) -> Result<Option<(Note, Checkpoint)>, Error> {
        let name = format!("seen/{}", origin_hash(origin));
        let note = match read_note(&self.dir, &name) {
            Err(e) if e.is_not_found() => return Ok(None),
            note => note?,
        };
        note.verify_by(self.key.public()).map_err(|e| broken(&self.dir, &name, &e))?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|e| broken(&self.dir, &name, &e))?;
        match checkpoint.origin == origin {
            true => Ok(Some((note, checkpoint))),
            false => Err(Error::integrity(format!("`{}` is of another log", self.dir.join(name).display()))),
        }
    }

    /// Answers a request: with the line of the cosignature, or with the refusal that the protocol has for it.
    ///
    /// # Errors
    /// Where the disk refuses, or the state was changed; nothing is cosigned then.
    ///
    /// # Units
    /// Seconds since 1970.
    pub fn answer(&mut self, request: &[u8], time_s: u64) -> Result<Result<String, Refusal>, Error> {
        let request = match Request::parse(request) {
            Ok(request) => request,
            Err(e) => return Ok(Err(Refusal::Malformed(e))),
        };
        let origin = Checkpoint::parse(request.checkpoint.text()).map(|checkpoint| checkpoint.origin);
        let seen = match &origin {
            Ok(origin) if self.logs.contains_key(origin) => self.seen(origin)?,
            _ => None,
        };
        let seen = seen.map_or(Seen::NOTHING, |(_, c)| Seen { size: c.size, root: c.root });
        let checkpoint = match consider(&request, |origin| self.logs.get(origin), |_| seen) {
            Ok(checkpoint) => checkpoint,
            Err(refusal) => {
                // The log's own signature stands under it, so it shows that the log has two pasts, or that a proof was bad.
                if matches!(refusal, Refusal::NotContinued(_)) {
                    self.keep_evidence(&request)?;
                }
                return Ok(Err(refusal));
            }
        };
        // Only the log's signature is kept: whatever else stood there was not checked.
        let log = &self.logs[&checkpoint.origin];
        let mut note =
            Note::new(request.checkpoint.text()).map_err(|e| Error::new(Kind::Settings, e.to_string()))?;
        let own = |s: &&servanda_ledger::note::Signature| s.name == log.name() && s.id == log.id();
        request.checkpoint.signatures().iter().filter(own).cloned().for_each(|s| note.add(s));
        let signature = cosign(&mut note, &self.key, time_s);
        let mut durable = Durable::default();
        let name = format!("seen/{}", origin_hash(&checkpoint.origin));
        durable.write(&self.dir.join(name), note.to_string().as_bytes())?;
        durable.settle()?;
        Ok(Ok(signature.line()))
    }

    fn keep_evidence(&self, request: &Request) -> Result<(), Error> {
        let folder = self.dir.join("evidence");
        let kept = fs::read_dir(&folder).map_or(0, Iterator::count);
        let bytes = request.to_string();
        let path = folder.join(origin_hash(&bytes));
        if kept >= MOST_EVIDENCE || path.exists() {
            return Ok(());
        }
        let mut durable = Durable::default();
        durable.write(&path, bytes.as_bytes())?;
        durable.settle()
    }

    /// How many requests are kept as evidence against a log.
    pub fn evidence(&self) -> usize {
        fs::read_dir(self.dir.join("evidence")).map_or(0, Iterator::count)
    }
}
