//! Accounts: people with their party, roles, clearances and password. What stands of an account is what was said of it last.
//!
//! It knows no session and no page. Passwords are kept as argon2id hashes, and nowhere else.
//!
//! Invariants
//! - what is said of accounts is for nobody's eyes but the keeper's and this module's;
//! - whether a name is known cannot be told from the answer to a wrong password, nor from the time that it takes;
//! - nobody changes an account but a registrar, and nobody gives a role to themselves;
//! - a password that its owner chose is replaced by its owner alone: with the old one, or with an invitation;
//! - an invitation is good once, for seven days, and ends where the account is closed or its password is set; what is kept of it is its
//!   SHA-256, which is enough for 256 bits that were drawn.
//!
//! Where to start reading: [`Account`], then [`Store::sign_in`], [`Account::invite`].

use crate::entry::Statement;
use crate::error::{Error, Kind};
use crate::policy::{Role, Viewer};
use crate::seal::{is_same, random, random_bytes};
use crate::sources::need;
use crate::store::{Receipt, Store};
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use servanda_model::record::{Marking, Tlp};
use servanda_model::{Instant, Name};
use std::collections::{BTreeMap, BTreeSet};

/// So long an invitation is good, in milliseconds.
pub const INVITATION_LASTS: i64 = 7 * 24 * 3_600_000;

/// The kind of statements on accounts.
const ACCOUNT: &str = "account";
/// No shorter password is taken.
const SHORTEST: usize = 12;
/// And no longer one, so that nobody keeps the machine busy with it.
const LONGEST: usize = 1024;

/// Somebody who may sign in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Account {
    /// The name to sign in with.
    pub name: String,
    /// The party that it belongs to.
    pub party: Option<Name>,
    /// The body that it belongs to.
    pub body: Option<Name>,
    /// What it may do.
    pub roles: BTreeSet<Role>,
    /// Up to which level it is cleared, for each policy.
    pub clearances: BTreeMap<Name, Tlp>,
    /// The caveats that it holds.
    pub caveats: BTreeSet<Name>,
    /// It cannot sign in any more.
    pub closed: bool,
    /// The hash of its password; `None`: it has none and cannot sign in with one.
    password: Option<String>,
    /// Its owner chose that password.
    chosen: bool,
    /// What lets its owner choose one.
    invitation: Option<Invitation>,
    /// What tells its other ways to sign in apart from others; empty where it has none.
    ways: String,
}

/// What is kept of an invitation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Invitation {
    /// SHA-256 of its code.
    hash: String,
    /// Until when it is good, in milliseconds.
    ends: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    party: Option<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Name>,
    roles: Vec<String>,
    clearances: BTreeMap<Name, String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    caveats: BTreeSet<Name>,
    #[serde(default)]
    closed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    chosen: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invitation: Option<Invitation>,
}

/// For the keeper only: whatever level, it is released to nobody.
pub(crate) fn hidden() -> Marking {
    Marking { releasable_to: Some(BTreeSet::new()), ..Marking::of(Tlp::Red) }
}

/// 19 MiB, two passes, one lane.
///
/// # Source
/// OWASP Password Storage Cheat Sheet, argon2id.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19 * 1024, 2, 1, None).unwrap_or_default())
}

/// What keeps a password from being taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// It has fewer than 12 characters.
    Short,
    /// It has more than 1,024 bytes.
    Long,
    /// Whoever guesses comes to it soon: a common or leaked one, a name of the account or of the mission, a row of keys, a date, or such
    /// a thing repeated or with a number behind it.
    Guessed,
}

/// Words of the mission, which anybody who guesses here begins with, besides the account's own names.
///
/// # Source
/// OWASP ASVS 5.0, 6.1.2 and 6.2.11.
pub const OWN_WORDS: [&str; 18] = [
    "servanda",
    "ceasefire",
    "truce",
    "armistice",
    "agreement",
    "peace",
    "mission",
    "monitor",
    "observer",
    "commission",
    "registrar",
    "auditor",
    "officer",
    "reporter",
    "analyst",
    "ukraine",
    "україна",
    "перемир’я",
];

/// What makes a password unfit, for an account with those names.
fn unfit(password: &str, names: &[&str]) -> Option<Unfit> {
    if password.chars().count() < SHORTEST {
        return Some(Unfit::Short);
    }
    if password.len() > LONGEST {
        return Some(Unfit::Long);
    }
    let words: Vec<&str> = names.iter().copied().chain(OWN_WORDS).collect();
    (zxcvbn::zxcvbn(password, &words).score() < zxcvbn::Score::Three).then_some(Unfit::Guessed)
}

fn hash(password: &str) -> Result<String, Error> {
    let refused = |why: String| Error::new(Kind::Refused, format!("the password {why}"));
    let mut salt = [0; 16];
    random(&mut salt)?;
    let hashed = argon2().hash_password_with_salt(password.as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).map_err(|e| refused(format!("cannot be hashed: {e}")))
}

impl Account {
    /// Somebody by that name, with nothing yet.
    pub fn new(name: &str) -> Account {
        Account { name: name.to_string(), ..Account::default() }
    }

    /// What keeps a password from being this account's; `None`: nothing does.
    ///
    /// # Example
    /// ```
    /// use servanda_store::{Account, Unfit};
    /// assert_eq!(Account::new("anna").unfit("password1234"), Some(Unfit::Guessed));
    /// assert_eq!(Account::new("anna").unfit("a bridge over the river"), None);
    /// ```
    pub fn unfit(&self, password: &str) -> Option<Unfit> {
        let names = [
            Some(self.name.as_str()),
            self.party.as_ref().map(Name::as_str),
            self.body.as_ref().map(Name::as_str),
        ];
        let names: Vec<&str> =
            names.into_iter().flatten().chain(self.caveats.iter().map(Name::as_str)).collect();
        unfit(password, &names)
    }

    fn fit(&self, password: &str) -> Result<(), Error> {
        let refused = |why: String| Err(Error::new(Kind::Refused, format!("the password {why}")));
        match self.unfit(password) {
            None => Ok(()),
            Some(Unfit::Short) => refused(format!("has fewer than {SHORTEST} characters")),
            Some(Unfit::Long) => refused(format!("has more than {LONGEST} bytes")),
            Some(Unfit::Guessed) => refused("is one that is guessed soon".to_string()),
        }
        .map_err(|error| {
            error.help("a few words in a row, which nobody says together, are easy to keep in mind")
        })
    }

    /// Gives it a password that somebody else chose for it. Its names are given before: they are no part of a password.
    ///
    /// # Errors
    /// [`Error::is_refused`] where it is unfit, or its owner chose the one that it has.
    pub fn set_password(&mut self, password: &str) -> Result<(), Error> {
        if self.chosen {
            return Err(self.is_owners());
        }
        self.fit(password)?;
        self.password = Some(hash(password)?);
        self.invitation = None;
        Ok(())
    }

    fn is_owners(&self) -> Error {
        let message =
            format!("`{}` has a password that its owner chose: nobody else sets another", self.name);
        Error::new(Kind::Refused, message)
            .help("`servanda account set` with `--invite` lets the owner choose a new one")
    }

    /// Gives it a password that its owner chose.
    ///
    /// # Errors
    /// [`Error::is_refused`] where it is unfit.
    pub fn choose_password(&mut self, password: &str) -> Result<(), Error> {
        self.fit(password)?;
        self.chosen(hash(password)?);
        Ok(())
    }

    fn chosen(&mut self, hash: String) {
        self.password = Some(hash);
        self.chosen = true;
        self.invitation = None;
    }

    /// Makes an invitation, with which its owner chooses a password, and gives its code: 64 hexadecimal digits, kept nowhere. An older
    /// invitation is good no more.
    ///
    /// # Errors
    /// Where the system gives no randomness.
    pub fn invite(&mut self, now: Instant) -> Result<String, Error> {
        let code = crate::backup::hex(&random_bytes::<32>()?);
        let ends = now.0.saturating_add(INVITATION_LASTS);
        self.invitation = Some(Invitation { hash: crate::workspace::sha256(code.as_bytes()), ends });
        Ok(code)
    }

    /// Until when an invitation waits for its owner; `None`: none does.
    pub fn is_invited(&self, now: Instant) -> Option<Instant> {
        let until = self.invitation.as_ref().filter(|_| !self.closed)?.ends;
        (now.0 < until).then_some(Instant(until))
    }

    /// Whether this code is that of the invitation, and it is good. The time that it takes does not tell how much of it was right.
    fn is_code(&self, code: &str, now: Instant) -> bool {
        let hash = crate::workspace::sha256(code.as_bytes());
        let known = self.invitation.as_ref().filter(|_| self.is_invited(now).is_some());
        is_same(known.map_or("", |invitation| invitation.hash.as_str()), &hash)
    }

    /// What tells its password and its other ways to sign in apart from others, and nothing of them.
    pub(crate) fn ways_to_sign_in(&self) -> (String, BTreeSet<String>) {
        let short =
            |text: &str| -> String { crate::workspace::sha256(text.as_bytes()).chars().take(32).collect() };
        let password = self.password.as_deref().map(short).unwrap_or_default();
        let kind = |way: &str| way.split_once(':').map(|(kind, _)| kind.to_string()).unwrap_or_default();
        let ways = self.ways.split('\0').filter(|way| !way.is_empty());
        (password, ways.map(|way| format!("{}:{}", kind(way), short(way))).collect())
    }

    /// What changes when its password does, when a passkey or an identity comes or goes, or it is closed: whoever signed in before then
    /// is no longer signed in. It tells nothing of the password.
    pub fn credential(&self) -> String {
        let text =
            format!("{}\0{}\0{}", self.closed, self.password.as_deref().unwrap_or_default(), self.ways);
        crate::workspace::sha256(text.as_bytes())
    }

    /// What it may see and do.
    pub fn viewer(&self) -> Viewer {
        let mut viewer = Viewer::named(&self.name);
        viewer.party = self.party.clone();
        viewer.body = self.body.clone();
        viewer.roles = self.roles.clone();
        viewer.clearances = self.clearances.clone();
        viewer.caveats = self.caveats.clone();
        viewer
    }

    fn statement(&self) -> Result<Statement, Error> {
        let said = Said {
            party: self.party.clone(),
            body: self.body.clone(),
            roles: self.roles.iter().map(|role| role.word().to_string()).collect(),
            clearances: self.clearances.iter().map(|(k, v)| (k.clone(), v.word().to_string())).collect(),
            caveats: self.caveats.clone(),
            closed: self.closed,
            password: self.password.clone(),
            chosen: self.chosen,
            // Where an account is closed, its invitation is good no more, also when it is opened again.
            invitation: self.invitation.clone().filter(|_| !self.closed),
        };
        let json = serde_json::to_string(&said).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
        Ok(Statement { kind: ACCOUNT.into(), subject: self.name.as_str().into(), marking: hidden(), json })
    }

    fn of(statement: Statement) -> Result<Account, Error> {
        let name = statement.subject.to_string();
        let wrong = |why: String| {
            Error::integrity(format!("what is said of the account `{name}` cannot be read: {why}"))
        };
        let said: Said = serde_json::from_str(&statement.json).map_err(|e| wrong(e.to_string()))?;
        let mut roles = BTreeSet::new();
        for word in &said.roles {
            roles.insert(Role::parse(word).ok_or_else(|| wrong(format!("no role `{word}`")))?);
        }
        let mut clearances = BTreeMap::new();
        for (policy, word) in said.clearances {
            let level = Tlp::parse(&word).ok_or_else(|| wrong(format!("no level `{word}`")))?;
            clearances.insert(policy, level);
        }
        Ok(Account {
            party: said.party,
            body: said.body,
            roles,
            clearances,
            caveats: said.caveats,
            closed: said.closed,
            password: said.password,
            chosen: said.chosen,
            invitation: said.invitation,
            ways: String::new(),
            name,
        })
    }
}

/// The same words whatever was wrong.
fn denied() -> Error {
    Error::new(Kind::Denied, "name or password is wrong, or the account is closed")
        .help("a registrar can set a new password")
}

impl Store {
    /// Makes an account, or says anew what stands of it.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no registrar, or changes what they may do themselves; [`Error::is_refused`] where the
    /// name is none, or the password would be another than the one that its owner chose.
    pub fn put_account(&self, account: &Account, now: Instant, by: &Viewer) -> Result<Receipt, Error> {
        need(by, Role::Registrar, "change accounts")?;
        let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | '@');
        if account.name.is_empty() || account.name.len() > 64 || !account.name.chars().all(fine) {
            return Err(Error::new(Kind::Refused, format!("`{}` is no name for an account", account.name))
                .help("1 to 64 letters, digits and `-._@`"));
        }
        if account.name == by.name {
            return Err(Error::new(Kind::Denied, "nobody changes what they may do themselves")
                .help("ask another registrar, or the keeper of the folder"));
        }
        let statement = account.statement()?;
        self.say_once(by, now, |_| {
            let there = self.accounts()?.remove(&account.name).filter(|there| there.chosen);
            match there.is_some_and(|there| there.password != account.password) {
                true => Err(account.is_owners()),
                false => Ok(statement),
            }
        })
    }

    /// Lets somebody who knows the password of an account give it another one. Nothing else of the account changes.
    ///
    /// # Errors
    /// As [`Store::sign_in`] where the old one is wrong; [`Error::is_refused`] where the new one is unfit or the old one.
    pub fn change_password(&self, name: &str, old: &str, new: &str, now: Instant) -> Result<Receipt, Error> {
        self.sign_in(name, old)?;
        if old == new {
            return Err(Error::new(Kind::Refused, "the new password is the old one"));
        }
        self.accounts()?.remove(name).ok_or_else(denied)?.fit(new)?;
        let hashed = hash(new)?;
        // What stands of it is read by the one who writes: what a registrar said meanwhile is kept.
        self.say_once(&Viewer::keeper(), now, |_| {
            let mut account = self.accounts()?.remove(name).ok_or_else(denied)?;
            account.chosen(hashed);
            account.statement()
        })
    }

    /// Lets whoever holds an invitation choose the password of its account, once.
    ///
    /// # Errors
    /// [`Error::is_denied`], in the same words whether there is no such account, it is closed, or the invitation is another, too old or
    /// used; [`Error::is_refused`] where the password is unfit: then the invitation stays good.
    pub fn accept_invitation(
        &self,
        name: &str,
        code: &str,
        password: &str,
        now: Instant,
    ) -> Result<Receipt, Error> {
        let invited = || -> Result<Account, Error> {
            let account = self.accounts()?.remove(name).filter(|account| account.is_code(code, now));
            account.ok_or_else(|| {
                Error::new(
                    Kind::Denied,
                    "the invitation is wrong, was used or is too old, or the account is closed",
                )
                .help("a registrar can make another")
            })
        };
        invited()?.fit(password)?;
        let hashed = hash(password)?;
        // Of two at once the second finds that it was used.
        self.say_once(&Viewer::keeper(), now, |_| {
            let mut account = invited()?;
            account.chosen(hashed);
            account.statement()
        })
    }

    /// All accounts.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn accounts(&self) -> Result<BTreeMap<String, Account>, Error> {
        let mut accounts = BTreeMap::new();
        let ways = self.ways()?;
        for (statement, _) in self.view(&Viewer::keeper()).statements(ACCOUNT)? {
            let mut account = Account::of(statement)?;
            // Of an account much may have been said, and each time it has the ways that it has now.
            account.ways = ways.get(&account.name).cloned().unwrap_or_default();
            accounts.insert(account.name.clone(), account);
        }
        Ok(accounts)
    }

    /// Whoever signs in with that name and password.
    ///
    /// # Errors
    /// [`Error::is_denied`], in the same words whatever was wrong.
    pub fn sign_in(&self, name: &str, password: &str) -> Result<Viewer, Error> {
        if password.len() > LONGEST {
            return Err(denied());
        }
        let account = self.accounts()?.remove(name).filter(|account| !account.closed);
        let known = account.as_ref().and_then(|account| account.password.clone());
        // An unknown name costs as much time as a wrong password.
        let against = match &known {
            Some(known) => known.clone(),
            None => hash("nobody has this password")?,
        };
        let parsed = PasswordHash::new(&against)
            .map_err(|e| Error::integrity(format!("the password of `{name}` cannot be read: {e}")))?;
        let right = argon2().verify_password(password.as_bytes(), &parsed).is_ok();
        match account.filter(|_| right && known.is_some()) {
            Some(account) => Ok(account.viewer()),
            None => Err(denied()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::workspace;

    #[test]
    fn people_sign_in_with_what_was_said_of_them_last() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        let (keeper, now) = (Viewer::keeper(), Instant(10_000));
        let mut anna = Account::new("anna");
        anna.party = Some("Poland".into());
        anna.roles = [Role::Reader, Role::Registrar].into();
        anna.clearances = [(crate::policy::TLP.into(), Tlp::Amber)].into();
        assert!(anna.set_password("too short").unwrap_err().is_refused());
        assert!(anna.set_password(&"x".repeat(2_000)).unwrap_err().is_refused());
        let error = anna.set_password("qwertyuiop12").unwrap_err();
        assert!(error.is_refused() && error.help_text().unwrap().contains("words in a row"), "{error}");
        anna.set_password("a bridge over the river").unwrap();
        store.put_account(&anna, now, &keeper).unwrap();
        store.put_account(&Account::new("ben"), now, &keeper).unwrap();
        assert_eq!(store.sign_in("anna", "a bridge over the river").unwrap(), anna.viewer());
        let words: BTreeSet<String> =
            [("anna", "a bridge over the rivel"), ("ben", "nobody has this password"), ("eve", "x")]
                .map(|(name, password)| store.sign_in(name, password).unwrap_err().to_string())
                .into();
        assert_eq!(words.len(), 1, "{words:?}");

        // Nobody raises themselves, and nobody but a registrar another.
        let viewer = anna.viewer();
        assert!(store.put_account(&anna, now, &viewer).unwrap_err().is_denied());
        let mut ben = Account::new("ben");
        ben.set_password("another long password").unwrap();
        assert!(store.put_account(&ben, now, &Viewer::named("eve")).unwrap_err().is_denied());
        store.put_account(&ben, now, &viewer).unwrap();
        assert!(store.put_account(&Account::new("a b"), now, &viewer).unwrap_err().is_refused());
        store.sign_in("ben", "another long password").unwrap();
        anna.closed = true;
        store.put_account(&anna, now, &keeper).unwrap();
        assert!(store.sign_in("anna", "a bridge over the river").unwrap_err().is_denied());

        // What is said of accounts is seen by nobody else, whatever they are cleared for.
        let mut all = Viewer::named("all");
        all.clearances = [(crate::policy::TLP.into(), Tlp::Red)].into();
        assert_eq!(store.view(&all).statements("account").unwrap(), []);
        assert_eq!(store.compare().unwrap().different, 0);
        store.rebuild().unwrap();
        store.sign_in("ben", "another long password").unwrap();

        // Who knows the old password sets a new one, and what rests on the old one ends.
        let before = store.accounts().unwrap()["ben"].credential();
        let change = |old: &str, new: &str| store.change_password("ben", old, new, now);
        assert!(change("not the password", "a third long password").unwrap_err().is_denied());
        assert!(change("another long password", "short").unwrap_err().is_refused());
        assert!(change("another long password", "another long password").unwrap_err().is_refused());
        assert_eq!(store.accounts().unwrap()["ben"].credential(), before);
        change("another long password", "a third long password").unwrap();
        assert!(store.sign_in("ben", "another long password").unwrap_err().is_denied());
        store.sign_in("ben", "a third long password").unwrap();
        assert_ne!(store.accounts().unwrap()["ben"].credential(), before);
    }

    /// ASVS 5.0: 6.4.6 (whoever registers an account starts a reset, and never knows the password).
    #[test]
    fn v6_4_6_an_invitation_lets_its_owner_choose_once() {
        let (folder, workspace) = workspace();
        let (store, keeper, now) = (workspace.store(), Viewer::keeper(), Instant(10_000));
        let mut anna = Account::new("anna");
        anna.roles = [Role::Reader].into();
        let code = anna.invite(now).unwrap();
        assert_eq!(code.len(), 64);
        store.put_account(&anna, now, &keeper).unwrap();
        let anna = || store.accounts().unwrap().remove("anna").unwrap();
        let accept = |name: &str, code: &str, password: &str, now: Instant| {
            store.accept_invitation(name, code, password, now).map(drop)
        };
        let fine = "a bridge over the river";
        // Whatever is wrong, the words are the same, and the invitation stays.
        let late = Instant(now.0 + INVITATION_LASTS);
        let hash = crate::workspace::sha256(code.as_bytes());
        let words: BTreeSet<String> = [
            ("anna", "", now),
            ("anna", &code[1..], now),
            ("anna", hash.as_str(), now),
            ("ben", code.as_str(), now),
            ("anna", code.as_str(), late),
        ]
        .map(|(name, code, at)| accept(name, code, fine, at).unwrap_err().to_string())
        .into();
        assert_eq!(words.len(), 1, "{words:?}");
        assert!(accept("anna", &code, "short", now).unwrap_err().is_refused());
        assert_eq!(anna().is_invited(now), Some(late));
        accept("anna", &code, fine, Instant(late.0 - 1)).unwrap();
        store.sign_in("anna", fine).unwrap();
        assert!(accept("anna", &code, "another river, another bridge", now).unwrap_err().is_denied(), "once");
        // Nobody sets another password than the one that she chose; an invitation leaves it until she chooses anew.
        let mut again = anna();
        let error = again.set_password("a password of the registrar").unwrap_err();
        assert!(error.is_refused() && error.help_text().unwrap().contains("--invite"), "{error}");
        let mut other = Account::new("anna");
        other.set_password("a password of the registrar").unwrap();
        assert!(store.put_account(&other, now, &keeper).unwrap_err().is_refused());
        let first = again.invite(now).unwrap();
        store.put_account(&again, now, &keeper).unwrap();
        store.sign_in("anna", fine).unwrap();
        let second = again.invite(now).unwrap();
        store.put_account(&again, now, &keeper).unwrap();
        assert!(accept("anna", &first, fine, now).unwrap_err().is_denied(), "the older one");
        // It ends where the account is closed, also when it is opened again, and where the old password made a new one.
        again.closed = true;
        store.put_account(&again, now, &keeper).unwrap();
        assert!(accept("anna", &second, fine, now).unwrap_err().is_denied(), "closed");
        let mut open = anna();
        open.closed = false;
        store.put_account(&open, now, &keeper).unwrap();
        assert!(accept("anna", &second, fine, now).unwrap_err().is_denied(), "opened again");
        let third = open.invite(now).unwrap();
        store.put_account(&open, now, &keeper).unwrap();
        store.change_password("anna", fine, "another river, another bridge", now).unwrap();
        assert!(accept("anna", &third, fine, now).unwrap_err().is_denied(), "changed");
        // Its code stands nowhere.
        store.settle().unwrap();
        let mut places = vec![folder.path().to_path_buf()];
        while let Some(place) = places.pop() {
            for entry in std::fs::read_dir(&place).unwrap().flatten() {
                let path = entry.path();
                match path.is_dir() {
                    true => places.push(path),
                    false => {
                        let bytes = std::fs::read(&path).unwrap();
                        for code in [&code, &first, &second, &third] {
                            let found = bytes.windows(code.len()).any(|part| part == code.as_bytes());
                            assert!(!found, "{}", path.display());
                        }
                    }
                }
            }
        }
        store.rebuild().unwrap();
        store.sign_in("anna", "another river, another bridge").unwrap();
    }

    /// ASVS 5.0: 6.1.2 and 6.2.11 (words of the mission and of the account), 6.2.4 (common ones), 6.2.12 (leaked ones).
    #[test]
    fn v6_1_2_v6_2_4_v6_2_11_and_v6_2_12_what_is_guessed_first_is_no_password() {
        let mut anna = Account::new("anna.kovalenko");
        anna.party = Some("Northland".into());
        anna.body = Some("joint-commission".into());
        // Common and leaked ones of twelve signs and more; rows of keys, repeats, dates, and a number behind a word.
        let common = [
            "password1234",
            "Password1234",
            "passwordpassword",
            "qwertyuiop12",
            "qwertyuiop[]",
            "1q2w3e4r5t6y",
            "123456789012",
            "1234567890123456",
            "111111111111",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "abcdefghijkl",
            "iloveyou1234",
            "unbelievable",
            "administrator",
            "christopher1",
            "liverpool123",
            "zaq12wsxcde3",
            "asdfghjkl;12",
            "p@ssw0rd1234",
            "letmeinletmein",
            "basketball12",
            "motherfucker",
            "qazwsxedcrfv",
        ];
        let taken = |all: &[&'static str]| -> Vec<&'static str> {
            all.iter().copied().filter(|one| anna.unfit(one) != Some(Unfit::Guessed)).collect()
        };
        assert_eq!(taken(&common), Vec::<&str>::new());
        let own = [
            "anna.kovalenko",
            "Anna.Kovalenko1",
            "Northland2026",
            "northland1234",
            "joint-commission",
            "servanda1234",
            "Ceasefire2026",
            "armistice123",
            "ServandaServanda",
        ];
        assert_eq!(taken(&own), Vec::<&str>::new());
        // The same names are nothing to guess first for somebody else.
        assert_eq!(Account::new("ben").unfit("zbruch.nadvirna"), None);
        assert_eq!(Account::new("zbruch.nadvirna").unfit("zbruch.nadvirna"), Some(Unfit::Guessed));
        for fine in [
            "a bridge over the river",
            "ЇжакІєґ'ять слів",
            "correct horse battery staple",
            "wT7#kQz!pL2m",
            "чотири сірі коні вранці",
            "\u{202e}\u{0}\u{1f54a}q8#Zr\u{301}mm4v",
        ] {
            assert_eq!(anna.unfit(fine), None, "{fine}");
        }
        // Whatever it is made of, it is looked at and nothing breaks.
        for odd in ["\u{0}", "\u{301}", "🕊", "ǅ", "\u{10ffff}", "1/", "ß"] {
            anna.unfit(&odd.repeat(200));
            anna.unfit(&format!("2026-{}-password", odd.repeat(20)));
        }
    }
}
