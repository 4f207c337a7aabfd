//! Who is signed in, in memory: what a browser holds is a random text, and only the hash of it is kept here.
//!
//! What it deliberately does not do: check a password (the store does), read the clock (moments are handed in), outlive the process:
//! a server that starts anew has nobody signed in.
//!
//! Invariants
//! - a token has 256 bits of the system's randomness and is handed out once, at sign-in: it is never taken over from before;
//! - it ends where nobody used it for a while, at an age that no use extends, at sign-out, and where the account's password or its
//!   being open changes;
//! - however many are signed in, the number kept is bounded, in all and for each account: the oldest go.

use crate::Problem;
use servanda_model::Instant;
use servanda_store::{random_bytes, sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many are kept in all.
const MOST: usize = 20_000;
/// And of one account.
const MOST_OF_ONE: usize = 20;
/// A machine's clock may go back so far without being put back, in milliseconds: it is set right while it runs.
const SET_RIGHT: i64 = 5_000;

/// One who signed in, in one browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SignedIn {
    /// The account.
    pub name: String,
    /// What its password was like then.
    pub credential: String,
    /// What forms of this browser must carry.
    pub form_token: String,
    /// A password alone was given, and more is asked for here: it opens the account's own page, to make a passkey there.
    pub is_narrow: bool,
    /// When it began, in milliseconds.
    begun: i64,
    /// When it was used last.
    used: i64,
}

/// All who are signed in, by the hash of their token.
pub(crate) struct AllSignedIn {
    kept: Mutex<BTreeMap<String, SignedIn>>,
    idle: i64,
    longest: i64,
}

/// A random text of 256 bits.
pub(crate) fn random_text() -> Result<String, Problem> {
    let bytes = random_bytes::<32>().map_err(|e| Problem::bug(&e))?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

impl AllSignedIn {
    /// `idle` and `longest` in milliseconds.
    pub(crate) fn new(idle: i64, longest: i64) -> AllSignedIn {
        AllSignedIn { kept: Mutex::default(), idle, longest }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, SignedIn>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self, one: &SignedIn, now: i64) -> bool {
        // A clock that was put back ends it too; one that is set right by a moment does not.
        now < one.begun - SET_RIGHT || now - one.begun >= self.longest || now - one.used >= self.idle
    }

    /// Signs somebody in and gives the token, which is kept nowhere here.
    pub(crate) fn begin(&self, name: &str, credential: &str, now: Instant) -> Result<String, Problem> {
        let (token, form_token) = (random_text()?, random_text()?);
        let mut kept = self.kept();
        kept.retain(|_, one| !self.is_over(one, now.0));
        let oldest = |kept: &BTreeMap<String, SignedIn>, of: Option<&str>| {
            let own = kept.iter().filter(|(_, one)| of.is_none_or(|name| one.name == name));
            own.min_by_key(|(_, one)| one.used).map(|(hash, _)| hash.clone())
        };
        if kept.values().filter(|one| one.name == name).count() >= MOST_OF_ONE {
            oldest(&kept, Some(name)).and_then(|hash| kept.remove(&hash));
        }
        if kept.len() >= MOST {
            oldest(&kept, None).and_then(|hash| kept.remove(&hash));
        }
        let one = SignedIn {
            name: name.to_string(),
            credential: credential.to_string(),
            form_token,
            is_narrow: false,
            begun: now.0,
            used: now.0,
        };
        kept.insert(sha256(token.as_bytes()), one);
        Ok(token)
    }

    /// Narrows a sign-in whose token was not handed out yet.
    pub(crate) fn narrow(&self, token: &str) {
        if let Some(one) = self.kept().get_mut(&sha256(token.as_bytes())) {
            one.is_narrow = true;
        }
    }

    /// Whose token it is. A use counts as one unless the page asked by itself (`quiet`).
    pub(crate) fn find(&self, token: &str, now: Instant, quiet: bool) -> Option<SignedIn> {
        let hash = sha256(token.as_bytes());
        let mut kept = self.kept();
        let one = kept.get_mut(&hash)?;
        if self.is_over(one, now.0) {
            kept.remove(&hash);
            return None;
        }
        if !quiet {
            one.used = now.0;
        }
        Some(one.clone())
    }

    /// Signs one browser out.
    pub(crate) fn end(&self, token: &str) {
        self.kept().remove(&sha256(token.as_bytes()));
    }

    /// Signs an account out everywhere.
    pub(crate) fn end_all(&self, name: &str) {
        self.kept().retain(|_, one| one.name != name);
    }

    /// How many are signed in.
    pub(crate) fn count(&self, now: Instant) -> usize {
        self.kept().values().filter(|one| !self.is_over(one, now.0)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    fn all() -> AllSignedIn {
        AllSignedIn::new(30 * MINUTE, 600 * MINUTE)
    }

    /// ASVS 5.0: 7.2.3 (128 bits of entropy at least), 7.2.4 (a new token at each sign-in).
    #[test]
    fn v7_2_3_and_v7_2_4_tokens_are_random_long_and_new() {
        let all = all();
        let one = all.begin("anna", "c", Instant(0)).unwrap();
        let other = all.begin("anna", "c", Instant(0)).unwrap();
        assert_ne!(one, other);
        assert_eq!(one.len(), 64);
        assert!(all.kept().keys().all(|kept| *kept != one && *kept != other), "only hashes are kept");
        assert_eq!(all.find(&one, Instant(1), false).unwrap().name, "anna");
        assert_eq!(all.find("", Instant(1), false), None);
    }

    /// ASVS 5.0: 7.3.1 (idle), 7.3.2 (longest).
    #[test]
    fn v7_3_1_and_v7_3_2_it_ends_unused_and_at_its_age() {
        let all = all();
        let token = all.begin("anna", "c", Instant(0)).unwrap();
        for minutes in (0..600).step_by(20) {
            assert!(all.find(&token, Instant(minutes * MINUTE), false).is_some(), "{minutes}");
        }
        assert_eq!(all.find(&token, Instant(600 * MINUTE), false), None);
        let token = all.begin("anna", "c", Instant(0)).unwrap();
        // What the page asks by itself keeps nobody signed in.
        for minutes in (1..30).step_by(5) {
            assert!(all.find(&token, Instant(minutes * MINUTE), true).is_some());
        }
        assert_eq!(all.find(&token, Instant(30 * MINUTE), true), None);
        let token = all.begin("anna", "c", Instant(MINUTE)).unwrap();
        assert!(all.find(&token, Instant(MINUTE - 3_000), false).is_some(), "the clock was set right");
        assert_eq!(all.find(&token, Instant(0), false), None, "the clock was put back");
    }

    /// ASVS 5.0: 7.4.1 (sign-out ends it), 7.4.3 and 7.5.2 (all of an account).
    #[test]
    fn v7_4_1_and_v7_5_2_signing_out_here_and_everywhere() {
        let all = all();
        let tokens: Vec<String> = (0..3).map(|_| all.begin("anna", "c", Instant(0)).unwrap()).collect();
        let bens = all.begin("ben", "c", Instant(0)).unwrap();
        all.end(&tokens[0]);
        assert_eq!(all.find(&tokens[0], Instant(1), false), None);
        assert!(all.find(&tokens[1], Instant(1), false).is_some());
        all.end_all("anna");
        assert!(tokens.iter().all(|token| all.find(token, Instant(1), false).is_none()));
        assert!(all.find(&bens, Instant(1), false).is_some());
    }

    #[test]
    fn the_number_is_bounded() {
        let all = all();
        let tokens: Vec<String> = (0..25).map(|i| all.begin("anna", "c", Instant(i)).unwrap()).collect();
        assert_eq!(all.count(Instant(25)), MOST_OF_ONE);
        assert!(all.find(&tokens[0], Instant(25), false).is_none());
        assert!(all.find(&tokens[24], Instant(25), false).is_some());
    }
}
