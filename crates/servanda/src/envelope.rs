//! Keys and signed envelopes at the edge: private keys in files, public keys as the workspace has registered them.
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
use servanda_ledger::note::{SignerKey, VerifierKey};
use servanda_store::{Store, files};
use std::path::Path;

/// A private key.
pub struct Key(SignerKey);

/// A public key.
pub struct Registered {
    /// Whose it is.
    source: String,
    key: VerifierKey,
    /// Why it was revoked, where it was.
    revoked: Option<String>,
}

impl Key {
    /// Makes a key and writes it; a file that is there is left as it is.
    pub fn create(path: &Path, name: &str) -> Result<Key, Failure> {
        let (private, _) = servanda_store::new_key(name)?;
        files::write_secret(path, format!("{private}\n").as_bytes())?;
        Key::open(path)
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

/// The short name of the submitter's key that signed an envelope.
pub fn signed_by(line: &[u8], submitter: &str, keys: &[Registered]) -> Result<String, String> {
    let envelope = Envelope::parse(line).map_err(|e| e.to_string())?;
    let theirs: Vec<&Registered> = keys.iter().filter(|k| k.source == submitter).collect();
    if theirs.is_empty() {
        return Err(format!("no key of `{submitter}` is registered here"));
    }
    let verifiers: Vec<&VerifierKey> = theirs.iter().map(|k| &k.key).collect();
    let (_, signers) = envelope.verify(&verifiers).map_err(|e| e.to_string())?;
    let fitting: Vec<&&Registered> = theirs.iter().filter(|k| signers.contains(&&k.key)).collect();
    match fitting.iter().find(|k| k.revoked.is_none()).or(fitting.first()) {
        None => Err(format!("no key of `{submitter}` has signed it")),
        Some(Registered { revoked: Some(why), .. }) => {
            Err(format!("the key of `{submitter}` was revoked: {why}"))
        }
        Some(key) => Ok(key.key.short()),
    }
}

fn parse(text: &str) -> Result<VerifierKey, Failure> {
    VerifierKey::parse(text.trim()).map_err(|e| Failure::new(format!("this is no public key: {e}")))
}

/// The keys that are registered in a workspace.
pub fn registered(store: &Store) -> Result<Vec<Registered>, Failure> {
    let all = store.keys()?.into_iter();
    all.map(|k| Ok(Registered { source: k.source.to_string(), key: parse(&k.key)?, revoked: k.revoked }))
        .collect()
}

/// The public key of an outbox: the file `NAME.pub` beside it.
pub fn own(folder: &Path, submitter: &str) -> Result<Vec<Registered>, Failure> {
    let path = folder.join(format!("{submitter}.pub"));
    let key = parse(&input::text(&path)?)
        .map_err(|f| f.help(format!("restore `{}` from a copy", path.display())))?;
    Ok(vec![Registered { source: submitter.to_string(), key, revoked: None }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(folder: &Path, name: &str) -> Key {
        Key::create(&folder.join(format!("{name}.key")), name).unwrap()
    }

    fn known(source: &str, key: &Key, revoked: Option<&str>) -> Registered {
        let key = VerifierKey::parse(&key.public()).unwrap();
        Registered { source: source.to_string(), key, revoked: revoked.map(str::to_string) }
    }

    #[test]
    fn an_envelope_is_a_submitters_only_with_its_registered_key_over_the_very_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (key(folder.path(), "post-1"), key(folder.path(), "post-2"));
        let keys = [known("post-1", &own, None), known("post-2", &other, None)];
        let sealed = seal(&own, "text/plain", "one shot at nine");
        assert_eq!(signed_by(sealed.as_bytes(), "post-1", &keys), Ok(keys[0].key.short()));
        assert_eq!(payload(sealed.as_bytes()).unwrap(), b"one shot at nine");
        // Another's name, another's key under the own name, nobody's name.
        assert!(signed_by(sealed.as_bytes(), "post-2", &keys).is_err());
        let forged = seal(&other, "text/plain", "one shot at nine");
        assert!(signed_by(forged.as_bytes(), "post-1", &keys).is_err());
        assert!(
            signed_by(sealed.as_bytes(), "post-3", &keys)
                .unwrap_err()
                .contains("no key of `post-3` is registered")
        );
        // A revoked key is told of with its reason; another one of the same submitter still counts.
        let lost = [known("post-1", &own, Some("lost on the road"))];
        assert!(signed_by(sealed.as_bytes(), "post-1", &lost).unwrap_err().contains("lost on the road"));
        let twice = [known("post-1", &other, Some("lost on the road")), known("post-1", &own, None)];
        assert!(signed_by(sealed.as_bytes(), "post-1", &twice).is_ok());
    }

    #[test]
    fn no_byte_of_an_envelope_can_be_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let own = key(folder.path(), "post-1");
        let keys = [known("post-1", &own, None)];
        let sealed = seal(&own, "text/plain", "one shot at nine");
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(name) = signed_by(&bytes, "post-1", &keys) {
                // A byte that carries nothing, as a key's hint, may differ; what was signed may not.
                assert_eq!(name, keys[0].key.short());
                assert_eq!(payload(&bytes), payload(sealed.as_bytes()), "byte {at}");
            }
        }
        let rubbish: [&[u8]; 6] = [b"", b"{}", b"[]", b"\xff\xfe", b"{\"payload\":1}", &[b'['; 100_000]];
        for bytes in rubbish {
            assert!(signed_by(bytes, "post-1", &keys).is_err());
            assert!(payload(bytes).is_err());
        }
    }
}
