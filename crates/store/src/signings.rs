//! What an account is told of how it is signed in to: when and how it was, which tries failed, and that its password, passkeys or
//! identities are others than before.
//!
//! What it deliberately does not do: decide whether somebody signs in, say anything to anybody (`server` shows it to the account alone),
//! keep a whole address (a network is enough to know one's own by), note a try at a name that no account has.
//!
//! What is noted is gathered and entered together, as looks are ([`crate::access`]): the log, whose size some people see, tells of a
//! stretch of time in which accounts were tried or signed in to, and not of each try at a name.
//!
//! Invariants
//! - what is noted is in the log at the latest when something is noted [`EVERY_MS`] after it, or when [`Store::settle_signings`] is
//!   called; a crash before that loses tries and sign-ins, and no change of a credential: that is found by comparing when somebody
//!   signs in next;
//! - what is kept of an account is bounded, however often it is tried;
//! - a notice stays until its account puts it away, and only what was shown is put away;
//! - statements on it are for the keeper's and this module's eyes.
//!
//! Where to start reading: [`Store::signed_in`], [`Store::tried`], then [`Signings::notices`].

use crate::access::EVERY_MS;
use crate::accounts::{Account, hidden};
use crate::entry::{Entry, Statement};
use crate::error::{Error, Kind};
use crate::policy::Viewer;
use crate::sql::Value;
use crate::store::{Draft, Store, lock};
use crate::workspace::sha256;
use serde::{Deserialize, Serialize};
use servanda_model::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// The kind of statements on sign-ins.
const SIGNINGS: &str = "signings";
/// So many sign-ins are kept of an account.
pub const SIGN_INS_KEPT: usize = 10;
/// And so many networks.
const MOST_NETWORKS: usize = 5;
/// From so many tries that failed on they are a notice, wherever they came from.
const SUSPICIOUS: u32 = 3;
/// Accounts of which it is at hand without asking the database.
const AT_HAND: usize = 20_000;

/// A way to sign in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// With a password.
    Password,
    /// With a passkey.
    Passkey,
    /// By an institution.
    Institution,
    /// With an invitation, by which a password was set.
    Invitation,
}

/// One sign-in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// How.
    pub way: Way,
    /// From which network; empty for this machine itself.
    pub from: String,
    /// So many tries failed between the sign-in before it and this one.
    pub failed: u32,
}

/// Tries that failed since the last sign-in.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// How many.
    pub count: u32,
    /// The first, in milliseconds since 1970.
    pub first: i64,
    /// The last.
    pub last: i64,
    /// From which networks, the first five of them; an empty one is this machine itself.
    pub from: BTreeSet<String>,
}

/// What an account ought to know.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Several tries failed, or one from where it was not signed in to afterwards.
    Tries,
    /// Somebody knew the password where it does not do alone.
    KnownPassword,
    /// A passkey counted backwards: there may be a copy of it.
    CopiedPasskey,
    /// The password is another.
    Password,
    /// A passkey was made.
    PasskeyMade,
    /// A passkey was revoked.
    PasskeyRevoked,
    /// An institution's identity signs in to it now.
    IdentityBound,
    /// One does no more.
    IdentityUnbound,
}

/// That it happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// What.
    pub what: What,
    /// Not before, in milliseconds since 1970.
    pub since: i64,
    /// Not after: for a change, when it was noticed.
    pub at: i64,
    /// How often.
    pub count: u32,
    /// From which networks, where that is known: of a change, where a browser of the account itself made it.
    pub from: BTreeSet<String>,
}

/// How an account was signed in to when it was looked at last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    at: i64,
    password: String,
    ways: BTreeSet<String>,
}

/// What is kept of an account.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signings {
    /// The last sign-ins, the latest last.
    pub sign_ins: Vec<SignIn>,
    /// The tries that failed since.
    pub failed: Failed,
    kept: Vec<Notice>,
    known: Option<Known>,
}

impl Signings {
    /// Whether what failed is more than a slip of whoever is or signs in from this network.
    fn is_suspicious(&self, from: Option<&str>) -> bool {
        let elsewhere = from.is_some_and(|from| self.failed.from.iter().any(|one| one != from));
        self.failed.count >= SUSPICIOUS || elsewhere
    }

    fn of_tries(&self) -> Notice {
        let Failed { count, first, last, from } = self.failed.clone();
        Notice { what: What::Tries, since: first, at: last, count, from }
    }

    /// What was not put away yet, in the order in which it happened.
    pub fn notices(&self) -> Vec<Notice> {
        let mut all = self.kept.clone();
        if self.is_suspicious(self.sign_ins.last().map(|last| last.from.as_str())) {
            all.push(self.of_tries());
        }
        all
    }

    /// What tells these notices apart from others.
    pub fn mark(&self) -> String {
        sha256(serde_json::to_string(&self.notices()).unwrap_or_default().as_bytes())
    }

    /// What happens again is one notice: there are never more than two of each kind.
    fn keep(&mut self, notice: Notice) {
        let is_known =
            |one: &Notice| one.what == notice.what && one.from.is_empty() == notice.from.is_empty();
        let Some(there) = self.kept.iter_mut().find(|one| is_known(one)) else {
            return self.kept.push(notice);
        };
        there.since = there.since.min(notice.since);
        there.at = there.at.max(notice.at);
        there.count = there.count.saturating_add(notice.count);
        there.from = there.from.union(&notice.from).take(MOST_NETWORKS).cloned().collect();
    }

    /// Compares how the account is signed in to with how it was. `from`: the network of its own browser that changed it, where one did.
    fn compare(&mut self, account: &Account, own: impl Fn(What) -> Option<String>, now: Instant) {
        let (password, ways) = account.ways_to_sign_in();
        let known = Known { at: now.0, password, ways };
        let Some(before) = self.known.replace(known.clone()) else { return };
        let mut changed: Vec<What> = Vec::new();
        changed.extend((before.password != known.password).then_some(What::Password));
        for (one, other, passkey, identity) in [
            (&known, &before, What::PasskeyMade, What::IdentityBound),
            (&before, &known, What::PasskeyRevoked, What::IdentityUnbound),
        ] {
            let differ = one.ways.difference(&other.ways);
            changed.extend(differ.map(|way| if way.starts_with(PASSKEY) { passkey } else { identity }));
        }
        for what in changed {
            let from = own(what).into_iter().collect();
            self.keep(Notice { what, since: before.at, at: now.0, count: 1, from });
        }
    }
}

/// What begins the text of a way that is a passkey.
pub(crate) const PASSKEY: &str = "passkey:";

/// What came of a try that signed nobody in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tried {
    /// Something was wrong.
    Wrong,
    /// The password was right, and does not do alone.
    KnownPassword,
    /// A passkey counted backwards.
    CopiedPasskey,
}

/// What is at hand of accounts.
#[derive(Default)]
pub(crate) struct AtHand {
    /// And whether it waits to be entered.
    accounts: BTreeMap<String, (Signings, bool)>,
    since: Option<Instant>,
}

impl Store {
    fn said_of_signings(&self, name: &str) -> Result<Signings, Error> {
        let mut said: Option<String> = None;
        self.read(|connection| {
            let sql =
                "SELECT json FROM statement WHERE kind = ?1 AND subject = ?2 ORDER BY number DESC LIMIT 1";
            connection.query(sql, &[Value::Text(SIGNINGS), Value::Text(name)], |mut row| {
                said = Some(row.text()?);
                Ok(())
            })
        })?;
        let Some(json) = said else { return Ok(Signings::default()) };
        serde_json::from_str(&json).map_err(|e| {
            Error::integrity(format!("what is said of the sign-ins of `{name}` cannot be read: {e}"))
        })
    }

    /// Changes what is at hand of an account. `afresh`: what another process may have entered is read before.
    fn note<T>(
        &self,
        name: &str,
        afresh: bool,
        now: Instant,
        change: impl FnOnce(&mut Signings) -> (T, bool),
    ) -> Result<T, Error> {
        // Held while the database is asked, so that nobody notes anything on what stood before.
        let mut at_hand = lock(&self.signings);
        let known = at_hand.accounts.get(name).cloned();
        let (mut signings, waited) = match known {
            Some((signings, waits)) if waits || !afresh => (signings, waits),
            _ => (self.said_of_signings(name)?, false),
        };
        let (made, changed) = change(&mut signings);
        if at_hand.accounts.len() >= AT_HAND && !at_hand.accounts.contains_key(name) {
            at_hand.accounts.retain(|_, (_, waits)| *waits);
        }
        if changed {
            at_hand.since.get_or_insert(now);
        }
        at_hand.accounts.insert(name.to_string(), (signings, changed || waited));
        let due = at_hand.since.is_some_and(|since| now.0.saturating_sub(since.0) >= EVERY_MS);
        drop(at_hand);
        if due {
            self.settle_signings(now)?;
        }
        Ok(made)
    }

    /// Notes that somebody signed in to an account, or, without a way, that a browser of its own changed how it is signed in to. Gives
    /// what the account is to be told.
    ///
    /// # Errors
    /// Where what stands of it cannot be read, or what waits has to be entered and cannot be.
    pub fn signed_in(
        &self,
        account: &Account,
        way: Option<Way>,
        from: &str,
        now: Instant,
    ) -> Result<Signings, Error> {
        self.note(&account.name, true, now, |signings| {
            let own = |what: What| match (way, what) {
                (None, _) | (Some(Way::Invitation), What::Password) => Some(from.to_string()),
                _ => None,
            };
            signings.compare(account, own, now);
            if let Some(way) = way {
                if signings.is_suspicious(Some(from)) {
                    let tries = signings.of_tries();
                    signings.keep(tries);
                }
                let failed = std::mem::take(&mut signings.failed).count;
                signings.sign_ins.push(SignIn { at: now.0, way, from: from.to_string(), failed });
                let old = signings.sign_ins.len().saturating_sub(SIGN_INS_KEPT);
                signings.sign_ins.drain(..old);
            }
            (signings.clone(), true)
        })
    }

    /// Notes a try to sign in to an account, which there has to be, that signed nobody in.
    ///
    /// # Errors
    /// As [`Store::signed_in`].
    pub fn tried(&self, name: &str, tried: Tried, from: &str, now: Instant) -> Result<(), Error> {
        self.note(name, false, now, |signings| {
            let failed = &mut signings.failed;
            if failed.count == 0 {
                failed.first = now.0;
            }
            failed.count = failed.count.saturating_add(1);
            failed.last = now.0;
            if failed.from.len() < MOST_NETWORKS {
                failed.from.insert(from.to_string());
            }
            let what = match tried {
                Tried::Wrong => return ((), true),
                Tried::KnownPassword => What::KnownPassword,
                Tried::CopiedPasskey => What::CopiedPasskey,
            };
            let from = [from.to_string()].into();
            signings.keep(Notice { what, since: now.0, at: now.0, count: 1, from });
            ((), true)
        })
    }

    /// What an account is to be told.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn signings(&self, name: &str, now: Instant) -> Result<Signings, Error> {
        self.note(name, false, now, |signings| (signings.clone(), false))
    }

    /// Puts away the notices that were shown, by their [`Signings::mark`]. Where there are others by now, nothing is put away, and it
    /// says so with `false`.
    ///
    /// # Errors
    /// As [`Store::signed_in`].
    pub fn put_away(&self, name: &str, mark: &str, now: Instant) -> Result<bool, Error> {
        self.note(name, false, now, |signings| {
            let is_shown = signings.mark() == mark;
            if is_shown {
                if signings.notices().iter().any(|notice| notice.what == What::Tries) {
                    signings.failed = Failed::default();
                }
                signings.kept.clear();
            }
            (is_shown, is_shown)
        })
    }

    /// Enters what waits; nothing where nothing does.
    ///
    /// # Errors
    /// Where nothing can be entered; it waits on then.
    pub fn settle_signings(&self, now: Instant) -> Result<(), Error> {
        let _turn = lock(&self.settling_signings);
        let at_hand = lock(&self.signings);
        let waits = |(_, (_, waits)): &(&String, &(Signings, bool))| *waits;
        let all = at_hand.accounts.iter().filter(waits);
        let waiting: BTreeMap<String, Signings> =
            all.map(|(name, (s, _))| (name.clone(), s.clone())).collect();
        drop(at_hand);
        if waiting.is_empty() {
            return Ok(());
        }
        self.enter_signings(&waiting, now)?;
        // What was noted meanwhile waits on.
        let mut at_hand = lock(&self.signings);
        let mut is_more = false;
        for (name, (signings, waits)) in &mut at_hand.accounts {
            *waits = *waits && waiting.get(name) != Some(signings);
            is_more |= *waits;
        }
        at_hand.since = is_more.then_some(now);
        Ok(())
    }

    fn enter_signings(&self, waiting: &BTreeMap<String, Signings>, now: Instant) -> Result<(), Error> {
        let keeper = Viewer::keeper();
        let mut drafts = Vec::new();
        for (name, signings) in waiting {
            let json =
                serde_json::to_string(signings).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
            let subject = name.as_str().into();
            let statement = Statement { kind: SIGNINGS.into(), subject, marking: hidden(), json };
            drafts.push(Draft::own(Entry::Statement(statement), &keeper));
        }
        self.write(|writer| writer.put_for_receipts(drafts, now))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::workspace;
    use crate::ways::Passkey;

    const HOME: &str = "192.0.2.0/24";
    const AWAY: &str = "198.51.100.0/24";

    fn whats(signings: &Signings) -> Vec<What> {
        signings.notices().iter().map(|notice| notice.what).collect()
    }

    #[test]
    fn what_failed_is_told_until_it_is_put_away_and_survives_a_restart() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        let anna = Account::new("anna");
        store.put_account(&anna, Instant(1), &Viewer::keeper()).unwrap();
        store.signed_in(&anna, Some(Way::Password), HOME, Instant(1_000)).unwrap();
        let size = store.log().unwrap().size();
        // A slip at home is no notice; the same from elsewhere is one.
        store.tried("anna", Tried::Wrong, HOME, Instant(2_000)).unwrap();
        assert_eq!(whats(&store.signings("anna", Instant(2_000)).unwrap()), []);
        let told = store.signed_in(&anna, Some(Way::Passkey), HOME, Instant(3_000)).unwrap();
        assert_eq!((told.notices().len(), told.sign_ins[1].failed), (0, 1));
        store.tried("anna", Tried::Wrong, AWAY, Instant(4_000)).unwrap();
        assert_eq!(whats(&store.signings("anna", Instant(4_000)).unwrap()), [What::Tries]);
        let told = store.signed_in(&anna, Some(Way::Password), HOME, Instant(5_000)).unwrap();
        let notice =
            Notice { what: What::Tries, since: 4_000, at: 4_000, count: 1, from: [AWAY.into()].into() };
        assert_eq!(told.notices(), [notice], "signing in puts nothing away");
        // Three are a notice, wherever they come from.
        for at in 0..3 {
            store.tried("anna", Tried::Wrong, HOME, Instant(6_000 + at)).unwrap();
        }
        store.tried("ben", Tried::Wrong, HOME, Instant(6_500)).unwrap();
        assert_eq!(store.log().unwrap().size(), size, "it is gathered");
        store.settle_signings(Instant(7_000)).unwrap();
        assert_eq!(store.log().unwrap().size(), size + 2);
        store.settle_signings(Instant(7_000)).unwrap();
        assert_eq!(store.log().unwrap().size(), size + 2, "once");
        let expected = store.signings("anna", Instant(8_000)).unwrap();
        drop(store);
        let store = workspace.store();
        assert_eq!(store.signings("anna", Instant(8_000)).unwrap(), expected);
        assert_eq!(whats(&expected), [What::Tries, What::Tries]);
        // Only what was shown is put away.
        let mark = expected.mark();
        store.tried("anna", Tried::KnownPassword, AWAY, Instant(9_000)).unwrap();
        assert!(!store.put_away("anna", &mark, Instant(9_001)).unwrap());
        let mark = store.signings("anna", Instant(9_001)).unwrap().mark();
        assert!(store.put_away("anna", &mark, Instant(9_001)).unwrap());
        assert_eq!(whats(&store.signings("anna", Instant(9_001)).unwrap()), []);
        assert_eq!(whats(&store.signings("ben", Instant(9_001)).unwrap()), [], "of another it tells nothing");
        // Nobody else reads of it, and the database is made of the log.
        let mut all = Viewer::named("all");
        all.clearances = [(crate::policy::TLP.into(), servanda_model::record::Tlp::Red)].into();
        assert_eq!(store.view(&all).statements(SIGNINGS).unwrap(), []);
        store.settle_signings(Instant(9_002)).unwrap();
        let expected = store.signings("anna", Instant(9_003)).unwrap();
        assert_eq!(store.compare().unwrap().different, 0);
        store.rebuild().unwrap();
        assert_eq!(workspace.store().signings("anna", Instant(9_003)).unwrap(), expected);
    }

    #[test]
    fn a_change_of_a_credential_is_told_whoever_made_it() {
        let (_folder, workspace) = workspace();
        let (store, keeper) = (workspace.store(), Viewer::keeper());
        let mut anna = Account::new("anna");
        anna.set_password("a bridge over the river").unwrap();
        store.put_account(&anna, Instant(1), &keeper).unwrap();
        let now_of = || store.accounts().unwrap().remove("anna").unwrap();
        store.signed_in(&now_of(), Some(Way::Password), HOME, Instant(10)).unwrap();
        let passkey = Passkey {
            id: "one".into(),
            owner: "anna".into(),
            name: "key".into(),
            host: "truce.example.org".into(),
            handle: "aGFuZGxl".into(),
            key: "p256:AAAA".into(),
            made: Instant(0),
            revoked: false,
        };
        // By a browser of the account itself: its network is told.
        store.add_passkey(&passkey, Instant(20)).unwrap();
        let told = store.signed_in(&now_of(), None, HOME, Instant(21)).unwrap();
        let of = |what, since, at, from: &[&str]| Notice {
            what,
            since,
            at,
            count: 1,
            from: from.iter().map(|one| one.to_string()).collect(),
        };
        assert_eq!(told.notices(), [of(What::PasskeyMade, 10, 21, &[HOME])]);
        assert_eq!(told.sign_ins.len(), 1);
        // By a registrar, in another process, while this one knows nothing of it.
        let other = workspace.store();
        let mut changed = other.accounts().unwrap().remove("anna").unwrap();
        changed.set_password("another river, another bridge").unwrap();
        other.put_account(&changed, Instant(30), &keeper).unwrap();
        other.revoke_passkey("one", Instant(31), &keeper).unwrap();
        other.bind_identity("anna", "https://id.example.org", "s-1", Instant(32), &keeper).unwrap();
        let told = store.signed_in(&now_of(), Some(Way::Institution), AWAY, Instant(40)).unwrap();
        assert_eq!(
            told.notices(),
            [
                of(What::PasskeyMade, 10, 21, &[HOME]),
                of(What::Password, 21, 40, &[]),
                of(What::IdentityBound, 21, 40, &[]),
                of(What::PasskeyRevoked, 21, 40, &[]),
            ]
        );
        // A role is no credential.
        let mut reader = now_of();
        reader.roles = [crate::policy::Role::Reader].into();
        store.put_account(&reader, Instant(50), &keeper).unwrap();
        assert_eq!(
            store.signed_in(&now_of(), Some(Way::Password), HOME, Instant(60)).unwrap().notices().len(),
            4
        );
    }

    #[test]
    fn however_often_an_account_is_tried_little_is_kept_and_little_is_entered() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        let anna = Account::new("anna");
        store.put_account(&anna, Instant(1), &Viewer::keeper()).unwrap();
        let size = store.log().unwrap().size();
        for n in 0..2_000_i64 {
            let from = format!("198.51.{}.0/24", n % 200);
            let tried = if n % 2 == 0 { Tried::Wrong } else { Tried::KnownPassword };
            store.tried("anna", tried, &from, Instant(n * 1_000)).unwrap();
            if n % 50 == 0 {
                store.signed_in(&anna, Some(Way::Password), &from, Instant(n * 1_000)).unwrap();
            }
        }
        let told = store.signings("anna", Instant(2_000_000)).unwrap();
        assert_eq!(told.sign_ins.len(), SIGN_INS_KEPT);
        assert!(
            told.notices().len() <= 4 && told.notices().iter().all(|one| one.from.len() <= MOST_NETWORKS)
        );
        assert_eq!(told.notices().iter().find(|one| one.what == What::KnownPassword).unwrap().count, 1_000);
        // Two thousand seconds are six times five minutes.
        let entered = store.log().unwrap().size() - size;
        assert!((1..=7).contains(&entered), "{entered}");
    }

    #[test]
    fn nothing_that_is_noted_while_others_note_and_enter_is_lost() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        let anna = Account::new("anna");
        store.put_account(&anna, Instant(1), &Viewer::keeper()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for at in 0..100 {
                        store.tried("anna", Tried::Wrong, HOME, Instant(at)).unwrap();
                    }
                });
            }
            scope.spawn(|| {
                for at in 0..20 {
                    store.settle_signings(Instant(at)).unwrap();
                    store.signed_in(&anna, None, HOME, Instant(at)).unwrap();
                }
            });
        });
        store.settle_signings(Instant(200)).unwrap();
        assert_eq!(workspace.store().signings("anna", Instant(201)).unwrap().failed.count, 400);
    }
}
