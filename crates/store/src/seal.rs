//! Sealing: every payload has a key and a salt of its own, drawn from the system, and lies on the disk only sealed.
//!
//! It keeps no key: [`crate::slots`] does. The commitment over salt and sealed bytes belongs to the log.
//!
//! Invariants
//! - a key seals one payload and no other, so the nonce may stand still;
//! - what was changed by one bit does not open;
//! - a slot of zeros is a slot that was wiped, and nothing is ever sealed with it.

use crate::error::{Error, Kind};
use crate::workspace::sha256;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

/// Bytes of a slot.
pub(crate) const SLOT: usize = 64;

/// The key and the salt of one payload.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) key: [u8; 32],
    pub(crate) salt: [u8; 32],
}

impl Slot {
    /// So many new ones.
    pub(crate) fn draw(count: usize) -> Result<Vec<Slot>, Error> {
        let mut bytes = vec![0u8; count * SLOT];
        random(&mut bytes)?;
        Ok(bytes.as_chunks::<SLOT>().0.iter().map(Slot::from_bytes).collect())
    }

    pub(crate) fn from_bytes(bytes: &[u8; SLOT]) -> Slot {
        let mut slot = Slot { key: [0; 32], salt: [0; 32] };
        slot.key.copy_from_slice(&bytes[..32]);
        slot.salt.copy_from_slice(&bytes[32..]);
        slot
    }

    pub(crate) fn to_bytes(&self) -> [u8; SLOT] {
        let mut bytes = [0; SLOT];
        bytes[..32].copy_from_slice(&self.key);
        bytes[32..].copy_from_slice(&self.salt);
        bytes
    }

    pub(crate) fn is_wiped(&self) -> bool {
        self.to_bytes() == [0; SLOT]
    }

    /// Seals a payload; `about` is bound to it and not hidden.
    pub(crate) fn seal(&self, about: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        XChaCha20Poly1305::new(&self.key.into())
            .encrypt(&XNonce::default(), Payload { msg: plain, aad: about })
            .map_err(|_| Error::new(Kind::Refused, "the entry is too large to be sealed"))
    }

    /// Opens a sealed payload; `None` where it was changed, or belongs to another key.
    pub(crate) fn open(&self, about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        XChaCha20Poly1305::new(&self.key.into())
            .decrypt(&XNonce::default(), Payload { msg: sealed, aad: about })
            .ok()
    }
}

/// Random bytes of the system: for keys, salts and numbers that are used once.
///
/// # Errors
/// Where the system gives none.
pub fn random(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(|e| {
        Error::new(Kind::Io, format!("the system gives no random numbers: {e}"))
            .help("nothing was entered; run this again")
    })
}

/// A random array.
///
/// # Errors
/// Where the system gives none.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    random(&mut bytes)?;
    Ok(bytes)
}

/// Whether two texts are the same, in a time that does not tell where they differ.
///
/// # Example
/// ```
/// assert!(servanda_store::is_same("one", "one") && !servanda_store::is_same("one", "two"));
/// ```
pub fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (sha256(one.as_bytes()), sha256(other.as_bytes()));
    one.bytes().zip(other.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_with_its_own_key_only_and_unchanged_only() {
        let [one, two]: [Slot; 2] = Slot::draw(2).unwrap().try_into().ok().unwrap();
        assert!(!one.is_wiped() && one != two && Slot::from_bytes(&one.to_bytes()) == one);
        let sealed = one.seal(b"record", b"shots heard").unwrap();
        assert_eq!(one.open(b"record", &sealed).unwrap(), b"shots heard");
        assert!(!sealed.windows(5).any(|w| w == b"shots"));
        assert!(two.open(b"record", &sealed).is_none());
        assert!(one.open(b"erasure", &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(one.open(b"record", &changed).is_none(), "byte {at}");
        }
        // The same words twice are not the same bytes: nobody can guess a payload and compare.
        assert_ne!(two.seal(b"record", b"shots heard").unwrap(), sealed);
    }
}
