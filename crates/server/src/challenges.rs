//! Challenges: texts that this server made a moment ago for one purpose, each good once. Nothing is kept of one until it was used.
//!
//! What it deliberately does not do: read the clock (moments are handed in), know what a challenge is for (a purpose is a text).
//!
//! Invariants
//! - a challenge has 128 bits of the system's randomness, the moment it was made and a proof (HMAC-SHA-256) that it was made here for
//!   this purpose: nobody fills our memory by asking for many;
//! - it is good for ten minutes, once; the key that proves it lives as long as the process.
//!
//! Where to start reading: [`Challenges::make`], [`Challenges::take`].

use crate::Problem;
use crate::base64url;
use ring::hmac;
use servanda_model::Instant;
use servanda_store::random_bytes;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// So long a challenge is good, in milliseconds.
pub(crate) const GOOD_FOR: i64 = 10 * 60_000;

/// Makes challenges and takes them back.
#[derive(Default)]
pub(crate) struct Challenges {
    key: OnceLock<hmac::Key>,
    /// Those that were used, until they would be too old in any case.
    used: Mutex<BTreeMap<String, i64>>,
}

impl Challenges {
    fn key(&self) -> Result<&hmac::Key, Problem> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let drawn = random_bytes::<32>().map_err(|e| Problem::bug(&e))?;
        Ok(self.key.get_or_init(|| hmac::Key::new(hmac::HMAC_SHA256, &drawn)))
    }

    fn proof(&self, head: &[u8], purpose: &str) -> Result<hmac::Tag, Problem> {
        let mut context = hmac::Context::with_key(self.key()?);
        context.update(head);
        context.update(purpose.as_bytes());
        Ok(context.sign())
    }

    /// A new one for a purpose: base64url, 75 characters.
    pub(crate) fn make(&self, purpose: &str, now: Instant) -> Result<String, Problem> {
        let drawn = random_bytes::<16>().map_err(|e| Problem::bug(&e))?;
        let mut bytes = drawn.to_vec();
        bytes.extend(now.0.to_be_bytes());
        let proof = self.proof(&bytes, purpose)?;
        bytes.extend(proof.as_ref());
        Ok(base64url::write(&bytes))
    }

    /// Whether a text is one that was made for this purpose, is fresh, and was not taken before. Then it is taken.
    pub(crate) fn take(&self, text: &str, purpose: &str, now: Instant) -> Result<bool, Problem> {
        let Some(bytes) = base64url::read(text).filter(|bytes| bytes.len() == 56) else { return Ok(false) };
        let (head, proof) = bytes.split_at(24);
        let mut signed = head.to_vec();
        signed.extend(purpose.as_bytes());
        if hmac::verify(self.key()?, &signed, proof).is_err() {
            return Ok(false);
        }
        let made = i64::from_be_bytes(head[16..].try_into().unwrap_or_default());
        if now.0 < made || now.0 - made >= GOOD_FOR {
            return Ok(false);
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, made| now.0 - *made < GOOD_FOR);
        Ok(used.insert(base64url::write(head), made).is_none())
    }

    /// What goes with a challenge and nobody else can know: 256 bits, base64url.
    pub(crate) fn beside(&self, text: &str, what: &str) -> Result<String, Problem> {
        self.proof(text.as_bytes(), &format!("\0beside\0{what}")).map(|tag| base64url::write(tag.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ASVS 5.0: 11.5.1 (128 bits of randomness at least), 6.5.1 and 6.5.5 (once, and for a short time).
    #[test]
    fn v6_5_1_v6_5_5_and_v11_5_1_a_challenge_is_good_once_for_its_purpose_and_ten_minutes() {
        let (all, others) = (Challenges::default(), Challenges::default());
        let now = Instant(1_000_000);
        let one = all.make("a", now).unwrap();
        assert_eq!(one.len(), 75);
        assert_ne!(one, all.make("a", now).unwrap());
        assert!(!all.take(&one, "b", now).unwrap(), "for something else");
        assert!(!others.take(&one, "a", now).unwrap(), "of another server");
        assert!(!all.take(&one, "a", Instant(now.0 + GOOD_FOR)).unwrap(), "too old");
        assert!(!all.take(&one, "a", Instant(now.0 - 1)).unwrap(), "from the future");
        for wrong in ["", "x", &one[1..], &format!("{one}A"), &one.replace(&one[..4], "AAAA"), &one[..40]] {
            assert!(!all.take(wrong, "a", now).unwrap(), "{wrong}");
        }
        assert!(all.take(&one, "a", Instant(now.0 + GOOD_FOR - 1)).unwrap());
        assert!(!all.take(&one, "a", now).unwrap(), "again");
        assert_ne!(all.beside(&one, "x").unwrap(), all.beside(&one, "y").unwrap());
        assert_eq!(all.beside(&one, "x").unwrap().len(), 43);
    }

    #[test]
    fn what_was_used_is_forgotten_when_it_would_be_too_old() {
        let all = Challenges::default();
        for at in 0..1_000 {
            let now = Instant(at * 10_000);
            let one = all.make("a", now).unwrap();
            assert!(all.take(&one, "a", now).unwrap());
        }
        assert!(all.used.lock().unwrap().len() <= 60);
    }
}
