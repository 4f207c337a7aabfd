//! Accounts: people with their party, roles, clearances and password. What stands of an account is what was said of it last.
//!
//! It knows no session and no page. Passwords are kept as argon2id hashes, and nowhere else.
//!
//! Invariants
//! - what is said of accounts is for nobody's eyes but the keeper's and this module's;
//! - whether a name is known cannot be told from the answer to a wrong password, nor from the time that it takes;
//! - nobody changes an account but a registrar, and nobody gives a role to themselves.
//!
//! Where to start reading: [`Account`], then [`Store::sign_in`].

use crate::entry::Statement;
use crate::error::{Error, Kind};
use crate::policy::{Role, Viewer};
use crate::seal::random;
use crate::sources::need;
use crate::store::{Receipt, Store};
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use servanda_model::record::{Marking, Tlp};
use servanda_model::{Instant, Name};
use std::collections::{BTreeMap, BTreeSet};

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
    /// What tells its other ways to sign in apart from others; empty where it has none.
    ways: String,
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

    /// Gives it a password. Its names are given before: they are no part of a password.
    ///
    /// # Errors
    /// [`Error::is_refused`] where it is unfit.
    pub fn set_password(&mut self, password: &str) -> Result<(), Error> {
        self.fit(password)?;
        self.password = Some(hash(password)?);
        Ok(())
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
    /// name is none.
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
        self.say_once(by, now, |_| Ok(statement))
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
        let mut account = self.accounts()?.remove(name).ok_or_else(denied)?;
        account.fit(new)?;
        account.password = Some(hash(new)?);
        let hashed = account.password.take();
        // What stands of it is read by the one who writes: what a registrar said meanwhile is kept.
        self.say_once(&Viewer::keeper(), now, |_| {
            let mut account = self.accounts()?.remove(name).ok_or_else(denied)?;
            account.password = hashed;
            account.statement()
        })
    }

    /// All accounts.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn accounts(&self) -> Result<BTreeMap<String, Account>, Error> {
        let mut accounts = BTreeMap::new();
        let mut ways = self.ways()?;
        for (statement, _) in self.view(&Viewer::keeper()).statements(ACCOUNT)? {
            let mut account = Account::of(statement)?;
            account.ways = ways.remove(&account.name).unwrap_or_default();
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
