//! Keys and signed envelopes at the edge: private keys in files, public keys in folders, randomness from the system.
//!
//! The bytes are those of `ledger` (DSSE, signed-note keys). What it adds is where keys lie and how they are told of.
//!
//! Invariants
//! - a private key is written once, readable by its owner alone, and never shown;
//! - an envelope counts as a submitter's only where a registered key of that very name signed it.
//!
//! Where to start reading: [`seal`], then [`signed_by`].

use crate::failure::Failure;
use crate::input;
use servanda_ledger::envelope::Envelope;
use servanda_ledger::note::{Algorithm, SignerKey, VerifierKey};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// A private key.
pub struct Key(SignerKey);

/// A public key with the name of whose it is.
pub struct PublicKey(VerifierKey);

impl Key {
    /// Makes a key and writes it; a file that is there is left as it is.
    pub fn create(path: &Path, name: &str) -> Result<Key, Failure> {
        let mut seed = [0u8; 32];
        getrandom::fill(&mut seed)
            .map_err(|e| Failure::new(format!("the system gives no randomness for a key: {e}")))?;
        let key = SignerKey::new(name, Algorithm::Note, &seed)
            .map_err(|e| Failure::new(format!("no key can be made for `{name}`: {e}")))?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let written = options.open(path).and_then(|mut file| {
            file.write_all(format!("{}\n", key.secret_text()).as_bytes())?;
            file.sync_all()
        });
        written.map_err(|e| Failure::new(format!("cannot write `{}`: {e}", path.display())))?;
        Ok(Key(key))
    }

    /// Reads a key.
    pub fn open(path: &Path) -> Result<Key, Failure> {
        let text = input::text(path)?;
        let key = SignerKey::parse(text.trim()).map_err(|e| {
            Failure::new(format!("`{}` is no private key: {e}", path.display()))
                .help("restore it from a copy")
        })?;
        Ok(Key(key))
    }

    /// The public key, as it is handed around.
    pub fn public(&self) -> String {
        self.0.public().to_string()
    }
}

/// A signed envelope, on one line.
pub fn seal(key: &Key, payload_type: &str, payload: &str) -> String {
    let mut envelope = Envelope::new(payload_type, payload.as_bytes());
    envelope.sign(&key.0);
    envelope.to_json()
}

/// What an envelope holds, whoever signed it.
pub fn payload(line: &[u8]) -> Result<Vec<u8>, String> {
    let envelope = Envelope::parse(line).map_err(|e| e.to_string())?;
    Ok(envelope.payload_unverified().to_vec())
}

/// Whether a submitter's registered key signed an envelope.
pub fn signed_by(line: &[u8], submitter: &str, keys: &[PublicKey]) -> Result<(), String> {
    let envelope = Envelope::parse(line).map_err(|e| e.to_string())?;
    let theirs: Vec<&VerifierKey> = keys.iter().map(|k| &k.0).filter(|k| k.name() == submitter).collect();
    if theirs.is_empty() {
        return Err(format!("no key of `{submitter}` is registered here"));
    }
    envelope.verify(&theirs).map(|_| ()).map_err(|e| e.to_string())
}

/// The public keys of a folder: every `*.pub` in it; none where there is no folder.
pub fn keys_of(folder: &Path) -> Result<Vec<PublicKey>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut keys = Vec::new();
    for path in input::files_of(folder)?.into_iter().filter(|p| p.extension().is_some_and(|e| e == "pub")) {
        let text = input::text(&path)?;
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let key = VerifierKey::parse(line).map_err(|e| {
                Failure::new(format!("`{}` holds no public key: {e}", path.display()))
                    .help("copy the file `NAME.pub` of the outbox as it is")
            })?;
            keys.push(PublicKey(key));
        }
    }
    Ok(keys)
}
