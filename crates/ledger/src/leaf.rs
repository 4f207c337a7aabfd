//! What the log holds of a submission: who, the how-manieth, when it came, and a commitment to what was said.
//!
//! The payload is not in the log, and neither is its signature. A leaf is public; whoever guesses a payload must not be able
//! to check the guess. So the leaf holds the hash of a random salt together with the *sealed* bytes: the whole DSSE envelope
//! with the source's signatures inside. With salt and envelope anybody can open the commitment; without the salt neither
//! a payload nor a signature over it can be tried against the leaf. Erasing an entry destroys salt and envelope; the leaf, and
//! with it every proof, stays.
//!
//! Each submitter numbers its submissions without gaps and names its previous one, so that a dropped one shows.
//!
//! Invariants
//! - one leaf has one writing: [`Leaf::from_bytes`] accepts exactly what [`Leaf::to_bytes`] writes;
//! - number 1 has no previous leaf, every other one has;
//! - the first byte is the version of the format, 1.
//!
//! Where to start reading: [`Leaf`]; the bytes are described in `docs/reference/ledger.md`.

use crate::error::{Error, shown};
use crate::tree::Hash;
use sha2::{Digest, Sha256};

/// The version of the format, its first byte.
pub const VERSION: u8 = 1;

/// What `previous` says on a submitter's first leaf.
pub const NO_PREVIOUS: Hash = [0; 32];

/// One entry of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leaf {
    /// What was submitted: `record`, `key`, `ruling`, `erasure`, …; 1 to 32 of `a`–`z` and `-`.
    pub kind: String,
    /// When it was taken in, in milliseconds since 1970.
    pub received_ms: i64,
    /// Who submitted it; 1 to 255 bytes without control characters.
    pub submitter: String,
    /// The how-manieth submission of this submitter, from 1, without gaps.
    pub number: u64,
    /// SHA-256 of the bytes of the submitter's previous leaf; [`NO_PREVIOUS`] for the first.
    pub previous: Hash,
    /// [`commitment`] of salt and sealed bytes.
    pub commitment: Hash,
}

/// The commitment to an envelope: a hash over a fixed header, the salt, and the exact bytes of the envelope.
///
/// # Units
/// The salt is 32 random bytes of its own for every envelope, kept apart and destroyed with it.
pub fn commitment(salt: &[u8; 32], sealed: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"servanda commitment v1\n");
    hasher.update(salt);
    hasher.update(sealed);
    hasher.finalize().into()
}

impl Leaf {
    /// Whether the parts may stand in a leaf.
    fn check(&self) -> Result<(), Error> {
        let kind = &self.kind;
        if !(1..=32).contains(&kind.len()) || !kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
            return Err(Error::malformed(format!(
                "the kind of a leaf is 1 to 32 of `a` to `z` and `-`, and {} is not",
                shown(kind)
            )));
        }
        let submitter = &self.submitter;
        if !(1..=255).contains(&submitter.len()) || submitter.chars().any(char::is_control) {
            return Err(Error::malformed(format!(
                "a submitter's name has 1 to 255 bytes and no control characters, and {} has not",
                shown(submitter)
            )));
        }
        if self.number == 0 {
            return Err(Error::malformed("a submitter's first submission has number 1"));
        }
        if (self.number == 1) != (self.previous == NO_PREVIOUS) {
            return Err(Error::malformed(
                "a submitter's first submission, and no other, names no previous one",
            ));
        }
        Ok(())
    }

    /// Its bytes, at most 370 of them.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where a part may not stand in a leaf.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        self.check()?;
        let mut bytes = vec![VERSION, self.kind.len() as u8];
        bytes.extend_from_slice(self.kind.as_bytes());
        bytes.extend_from_slice(&self.received_ms.to_be_bytes());
        bytes.push(self.submitter.len() as u8);
        bytes.extend_from_slice(self.submitter.as_bytes());
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.previous);
        bytes.extend_from_slice(&self.commitment);
        Ok(bytes)
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where they are not what [`Leaf::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Leaf, Error> {
        let mut rest = bytes;
        match rest.split_off_first() {
            Some(&VERSION) => {}
            Some(version) => {
                return Err(Error::malformed(format!(
                    "this entry is of version {version}, and this program reads version {VERSION}"
                )));
            }
            None => return Err(Error::malformed("this entry is empty")),
        }
        let leaf = Leaf::rest(&mut rest).filter(|_| rest.is_empty());
        let leaf = leaf.ok_or_else(|| Error::malformed("this entry is no leaf: its length is wrong"))?;
        leaf.check()?;
        Ok(leaf)
    }

    fn rest(bytes: &mut &[u8]) -> Option<Leaf> {
        fn text(bytes: &mut &[u8]) -> Option<String> {
            let length = usize::from(*bytes.split_off_first()?);
            String::from_utf8(bytes.split_off(..length)?.to_vec()).ok()
        }
        fn fixed<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
            bytes.split_off(..N)?.try_into().ok()
        }
        Some(Leaf {
            kind: text(bytes)?,
            received_ms: i64::from_be_bytes(fixed(bytes)?),
            submitter: text(bytes)?,
            number: u64::from_be_bytes(fixed(bytes)?),
            previous: fixed(bytes)?,
            commitment: fixed(bytes)?,
        })
    }
}
