//! Ways to sign in besides a password: passkeys, and who an institution says that somebody is.
//!
//! What it deliberately does not do: check a signature or speak to an institution (`server` does). It says which account a passkey or
//! an identity belongs to, and the account says what it may: neither a passkey nor an institution gives a right.
//!
//! Invariants
//! - a passkey belongs to one account, an identity to one account; what was revoked never comes back under the same id;
//! - a passkey or an identity that comes or goes changes the account's credential: whoever signed in before signs in again;
//! - whose they are is for their owner and the keeper, and no viewer of the record sees a statement on them.
//!
//! Where to start reading: [`Store::add_passkey`], then [`Store::bind_identity`].

use crate::accounts::{Account, hidden};
use crate::entry::Statement;
use crate::error::{Error, Kind};
use crate::policy::{Role, Viewer};
use crate::sources::need;
use crate::store::Store;
use crate::workspace::sha256;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use servanda_model::Instant;
use std::collections::BTreeMap;

/// The kind of statements on passkeys.
const PASSKEY: &str = "passkey";
/// The kind of statements on how often a passkey was used, as it counts itself.
const USED: &str = "passkey-use";
/// The kind of statements on identities.
const IDENTITY: &str = "identity";
/// So many passkeys stand for one account at once.
pub const MOST_PASSKEYS: usize = 10;
/// Longest id of a passkey, in characters of base64url.
const LONGEST_ID: usize = 1400;

/// What a device made for an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passkey {
    /// Its id, base64url: what the device calls it.
    pub id: String,
    /// The account that it signs in.
    pub owner: String,
    /// What its owner calls it.
    pub name: String,
    /// The name of the server that it was made for.
    pub host: String,
    /// What the device knows the account by, base64url: drawn, and the same for all passkeys of the account.
    pub handle: String,
    /// Its public key, as whoever checks it wrote it.
    pub key: String,
    /// When it was made.
    pub made: Instant,
    /// It signs nobody in any more.
    pub revoked: bool,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidOfPasskey {
    owner: String,
    name: String,
    host: String,
    handle: String,
    key: String,
    made: i64,
    #[serde(default)]
    revoked: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidOfUse {
    count: u32,
}

/// Who an institution says that somebody is, and the account that this person signs in to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    /// The institution, by its address.
    pub issuer: String,
    /// What the institution knows the person by.
    pub subject: String,
    /// The account.
    pub account: String,
    /// When it was said.
    pub made: Instant,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidOfIdentity {
    issuer: String,
    subject: String,
    account: String,
    made: i64,
    #[serde(default)]
    revoked: bool,
}

/// By this what is said of an identity is found; issuer and subject are parted by what neither has.
fn identity_key(issuer: &str, subject: &str) -> String {
    sha256(format!("{issuer}\0{subject}").as_bytes())
}

fn statement<T: Serialize>(kind: &'static str, subject: &str, said: &T) -> Result<Statement, Error> {
    let json = serde_json::to_string(said).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
    Ok(Statement { kind: kind.into(), subject: subject.into(), marking: hidden(), json })
}

fn is_plain(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control)
}

impl Store {
    fn said_of<T: DeserializeOwned>(&self, kind: &str) -> Result<BTreeMap<String, T>, Error> {
        let mut all = BTreeMap::new();
        for (statement, _) in self.view(&Viewer::keeper()).statements(kind)? {
            let subject = statement.subject.to_string();
            let said = serde_json::from_str(&statement.json).map_err(|e| {
                Error::integrity(format!("what is said of the {kind} `{subject}` cannot be read: {e}"))
            })?;
            all.insert(subject, said);
        }
        Ok(all)
    }

    /// Adds a passkey to an account.
    ///
    /// # Errors
    /// [`Error::is_refused`] where its name is none, it is there already, or the account has [`MOST_PASSKEYS`]; [`Error::is_denied`]
    /// where there is no such account, or it is closed.
    pub fn add_passkey(&self, passkey: &Passkey, now: Instant) -> Result<(), Error> {
        let refused = |why: String| Error::new(Kind::Refused, why);
        let name = passkey.name.trim();
        if !is_plain(name, 64) {
            return Err(refused("a passkey needs a name of 1 to 64 characters".to_string())
                .help("name it after the device that keeps it, such as `blue key` or `phone`"));
        }
        if !is_plain(&passkey.id, LONGEST_ID) {
            return Err(refused("the device gave the passkey no id that can be kept".to_string())
                .help("use another device"));
        }
        let said = SaidOfPasskey {
            owner: passkey.owner.clone(),
            name: name.to_string(),
            host: passkey.host.clone(),
            handle: passkey.handle.clone(),
            key: passkey.key.clone(),
            made: now.0,
            revoked: false,
        };
        // What stands is read by the one who writes: two at once are one after the other.
        self.say_once(&Viewer::keeper(), now, |_| {
            let owner = self.accounts()?.remove(&said.owner).filter(|account| !account.closed);
            owner.ok_or_else(|| {
                Error::new(Kind::Denied, format!("there is no account `{}`, or it is closed", said.owner))
                    .help("a registrar can open it")
            })?;
            let all: BTreeMap<String, SaidOfPasskey> = self.said_of(PASSKEY)?;
            if all.contains_key(&passkey.id) {
                return Err(refused("this passkey is known here already, or was revoked".to_string())
                    .help("let the device make a new one"));
            }
            if all.values().filter(|one| one.owner == said.owner && !one.revoked).count() >= MOST_PASSKEYS {
                return Err(refused(format!("`{}` has {MOST_PASSKEYS} passkeys already", said.owner))
                    .help("revoke one that is not used any more"));
            }
            statement(PASSKEY, &passkey.id, &said)
        })?;
        Ok(())
    }

    /// Revokes a passkey: its owner may, and a registrar.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where there is none, it was revoked already, or it is another's, in the same words.
    pub fn revoke_passkey(&self, id: &str, now: Instant, by: &Viewer) -> Result<(), Error> {
        self.say_once(by, now, |_| {
            let said = self.said_of::<SaidOfPasskey>(PASSKEY)?.remove(id);
            let may =
                |said: &SaidOfPasskey| !said.revoked && (said.owner == by.name || by.may(Role::Registrar));
            let said = said.filter(may).ok_or_else(|| {
                Error::new(Kind::NotFound, format!("there is no passkey `{id}` to revoke"))
                    .help("`servanda account passkeys` and the page `/account` show those that there are")
            })?;
            statement(PASSKEY, id, &SaidOfPasskey { revoked: true, ..said })
        })?;
        Ok(())
    }

    /// All passkeys, in the order in which they were made.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn passkeys(&self) -> Result<Vec<Passkey>, Error> {
        let all = self.said_of::<SaidOfPasskey>(PASSKEY)?.into_iter();
        let mut passkeys: Vec<Passkey> = all
            .map(|(id, said)| Passkey {
                id,
                owner: said.owner,
                name: said.name,
                host: said.host,
                handle: said.handle,
                key: said.key,
                made: Instant(said.made),
                revoked: said.revoked,
            })
            .collect();
        passkeys.sort_by(|a, b| (a.made, &a.id).cmp(&(b.made, &b.id)));
        Ok(passkeys)
    }

    /// Notes how often a passkey says that it was used. One that counts keeps counting: a number that is not higher than the last one
    /// is a sign of a copy.
    ///
    /// # Errors
    /// [`Error::is_denied`] where the number is not higher than the last one; then nothing is noted.
    pub fn use_passkey(&self, id: &str, count: u32, now: Instant) -> Result<(), Error> {
        let last = |all: &BTreeMap<String, SaidOfUse>| all.get(id).map_or(0, |said| said.count);
        let copied = || {
            Error::new(Kind::Denied, "this passkey counts backwards: there may be a copy of it")
                .help("sign in otherwise, and revoke it")
        };
        // Most passkeys of today do not count, and then nothing is written.
        if count == 0 {
            return if last(&self.said_of(USED)?) == 0 { Ok(()) } else { Err(copied()) };
        }
        self.say_once(&Viewer::keeper(), now, |_| {
            if count <= last(&self.said_of(USED)?) {
                return Err(copied());
            }
            statement(USED, id, &SaidOfUse { count })
        })?;
        Ok(())
    }

    /// Says which account somebody signs in to whom an institution knows by this subject.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no registrar or binds their own account; [`Error::is_refused`] where the identity belongs to
    /// an account already, or is none; [`Error::is_not_found`] where there is no such account.
    pub fn bind_identity(
        &self,
        account: &str,
        issuer: &str,
        subject: &str,
        now: Instant,
        by: &Viewer,
    ) -> Result<(), Error> {
        need(by, Role::Registrar, "say who may sign in")?;
        if account == by.name {
            return Err(Error::new(
                Kind::Denied,
                "nobody changes how they sign in by an institution themselves",
            )
            .help("ask another registrar, or the keeper of the folder"));
        }
        if !is_plain(issuer, 500) || !is_plain(subject, 255) {
            return Err(Error::new(
                Kind::Refused,
                "an identity is an issuer and a subject of 1 to 255 characters",
            )
            .help("the page after a sign-in that found no account shows both"));
        }
        let said = SaidOfIdentity {
            issuer: issuer.to_string(),
            subject: subject.to_string(),
            account: account.to_string(),
            made: now.0,
            revoked: false,
        };
        let key = identity_key(issuer, subject);
        self.say_once(by, now, |_| {
            if !self.accounts()?.contains_key(account) {
                return Err(Error::new(Kind::NotFound, format!("there is no account `{account}`"))
                    .help("`servanda account list` shows all"));
            }
            let there = self.said_of::<SaidOfIdentity>(IDENTITY)?.remove(&key);
            if let Some(there) = there.filter(|there| !there.revoked) {
                return Err(Error::new(
                    Kind::Refused,
                    format!("`{subject}` signs in to `{}` already", there.account),
                )
                .help("take that away first, with `servanda account unbind`"));
            }
            statement(IDENTITY, &key, &said)
        })?;
        Ok(())
    }

    /// Takes an identity away from its account.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no registrar; [`Error::is_not_found`] where it belongs to none.
    pub fn unbind_identity(
        &self,
        issuer: &str,
        subject: &str,
        now: Instant,
        by: &Viewer,
    ) -> Result<(), Error> {
        need(by, Role::Registrar, "say who may sign in")?;
        let key = identity_key(issuer, subject);
        self.say_once(by, now, |_| {
            let said = self.said_of::<SaidOfIdentity>(IDENTITY)?.remove(&key).filter(|said| !said.revoked);
            let said = said.ok_or_else(|| {
                Error::new(Kind::NotFound, format!("`{subject}` of `{issuer}` signs in to no account"))
                    .help("`servanda account identities` shows those that do")
            })?;
            statement(IDENTITY, &key, &SaidOfIdentity { revoked: true, ..said })
        })?;
        Ok(())
    }

    /// The identities that stand.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn identities(&self) -> Result<Vec<Identity>, Error> {
        let all = self.said_of::<SaidOfIdentity>(IDENTITY)?.into_values().filter(|said| !said.revoked);
        let mut all: Vec<Identity> = all
            .map(|said| Identity {
                issuer: said.issuer,
                subject: said.subject,
                account: said.account,
                made: Instant(said.made),
            })
            .collect();
        all.sort_by(|a, b| (&a.account, &a.issuer, &a.subject).cmp(&(&b.account, &b.issuer, &b.subject)));
        Ok(all)
    }

    /// The account that an identity signs in to, as it is now; `None`: to none, or the account is closed.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn account_of_identity(&self, issuer: &str, subject: &str) -> Result<Option<Account>, Error> {
        let found = self.said_of::<SaidOfIdentity>(IDENTITY)?.remove(&identity_key(issuer, subject));
        let Some(said) = found.filter(|said| !said.revoked) else { return Ok(None) };
        Ok(self.accounts()?.remove(&said.account).filter(|account| !account.closed))
    }

    /// For each account, what tells its ways to sign in apart from other ways.
    pub(crate) fn ways(&self) -> Result<BTreeMap<String, String>, Error> {
        let mut ways: BTreeMap<String, String> = BTreeMap::new();
        for (id, said) in self.said_of::<SaidOfPasskey>(PASSKEY)? {
            if !said.revoked {
                ways.entry(said.owner).or_default().push_str(&format!("{}{id}\0", crate::signings::PASSKEY));
            }
        }
        for (key, said) in self.said_of::<SaidOfIdentity>(IDENTITY)? {
            if !said.revoked {
                ways.entry(said.account).or_default().push_str(&format!("identity:{key}\0"));
            }
        }
        Ok(ways)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::workspace;

    fn passkey(owner: &str, id: &str) -> Passkey {
        Passkey {
            id: id.into(),
            owner: owner.into(),
            name: " blue key ".into(),
            host: "truce.example.org".into(),
            handle: "aGFuZGxl".into(),
            key: "es256:AAAA".into(),
            made: Instant(0),
            revoked: false,
        }
    }

    #[test]
    fn a_passkey_is_of_one_account_until_it_is_revoked() {
        let (_folder, workspace) = workspace();
        let (store, keeper, now) = (workspace.store(), Viewer::keeper(), Instant(10_000));
        for name in ["anna", "ben"] {
            store.put_account(&Account::new(name), now, &keeper).unwrap();
        }
        // Also of an account of which something was said again.
        store.put_account(&Account::new("anna"), now, &keeper).unwrap();
        let before = store.accounts().unwrap();
        store.add_passkey(&passkey("anna", "one"), now).unwrap();
        let after = store.accounts().unwrap();
        assert_ne!(before["anna"].credential(), after["anna"].credential(), "a way in came");
        assert_eq!(before["ben"].credential(), after["ben"].credential());
        assert_eq!(store.passkeys().unwrap()[0].name, "blue key");
        assert!(store.add_passkey(&passkey("ben", "one"), now).unwrap_err().is_refused(), "it is anna's");
        assert!(store.add_passkey(&passkey("eve", "two"), now).unwrap_err().is_denied());
        for name in ["", " ", "a\nb", &"x".repeat(65)] {
            let bad = Passkey { name: name.into(), ..passkey("ben", "two") };
            assert!(store.add_passkey(&bad, now).unwrap_err().is_refused(), "{name:?}");
        }
        // Another revokes nothing, in the same words as where there is none.
        let ben = Viewer::named("ben");
        let words = |id: &str| store.revoke_passkey(id, now, &ben).unwrap_err().to_string().replace(id, "ID");
        assert_eq!(words("one"), words("nothing"));
        store.revoke_passkey("one", now, &Viewer::named("anna")).unwrap();
        assert_eq!(store.accounts().unwrap()["anna"].credential(), before["anna"].credential());
        assert!(store.add_passkey(&passkey("anna", "one"), now).unwrap_err().is_refused(), "never again");
        assert!(store.passkeys().unwrap()[0].revoked);
        for n in 0..MOST_PASSKEYS {
            store.add_passkey(&passkey("anna", &format!("n{n}")), now).unwrap();
        }
        assert!(store.add_passkey(&passkey("anna", "more"), now).unwrap_err().is_refused());
        // Nobody reads of them, and a database that is made again of the log says the same.
        let mut all = Viewer::named("all");
        all.clearances = [(crate::policy::TLP.into(), servanda_model::record::Tlp::Red)].into();
        assert_eq!(store.view(&all).statements(PASSKEY).unwrap(), []);
        let said = store.passkeys().unwrap();
        store.rebuild().unwrap();
        assert_eq!(store.passkeys().unwrap(), said);
    }

    #[test]
    fn a_passkey_that_counts_keeps_counting() {
        let (_folder, workspace) = workspace();
        let (store, now) = (workspace.store(), Instant(10_000));
        store.use_passkey("none", 0, now).unwrap();
        store.use_passkey("none", 0, now).unwrap();
        store.use_passkey("one", 3, now).unwrap();
        store.use_passkey("one", 4, now).unwrap();
        for copied in [4, 3, 0] {
            assert!(store.use_passkey("one", copied, now).unwrap_err().is_denied(), "{copied}");
        }
        store.use_passkey("one", 9, now).unwrap();
    }

    #[test]
    fn an_identity_signs_in_to_the_account_that_a_registrar_said_and_gives_no_right() {
        let (_folder, workspace) = workspace();
        let (store, keeper, now) = (workspace.store(), Viewer::keeper(), Instant(10_000));
        for name in ["anna", "ben"] {
            store.put_account(&Account::new(name), now, &keeper).unwrap();
        }
        let issuer = "https://id.example.org";
        let of = |subject: &str| store.account_of_identity(issuer, subject).unwrap().map(|a| a.name);
        assert_eq!(of("s-1"), None);
        store.bind_identity("anna", issuer, "s-1", now, &keeper).unwrap();
        assert_eq!(of("s-1").as_deref(), Some("anna"));
        assert_eq!(store.account_of_identity("https://other.example", "s-1").unwrap(), None);
        assert!(store.account_of_identity(issuer, "s-1").unwrap().unwrap().roles.is_empty());
        assert!(store.bind_identity("ben", issuer, "s-1", now, &keeper).unwrap_err().is_refused());
        assert!(store.bind_identity("eve", issuer, "s-2", now, &keeper).unwrap_err().is_not_found());
        assert!(
            store.bind_identity("ben", issuer, "s-2", now, &Viewer::named("ben")).unwrap_err().is_denied()
        );
        let mut registrar = Viewer::named("ben");
        registrar.roles = [Role::Registrar].into();
        assert!(store.bind_identity("ben", issuer, "s-2", now, &registrar).unwrap_err().is_denied());
        store.bind_identity("anna", issuer, "s-2", now, &registrar).unwrap();
        assert_eq!(store.identities().unwrap().len(), 2);
        store.unbind_identity(issuer, "s-1", now, &keeper).unwrap();
        assert_eq!(of("s-1"), None);
        assert!(store.unbind_identity(issuer, "s-1", now, &keeper).unwrap_err().is_not_found());
        store.bind_identity("ben", issuer, "s-1", now, &keeper).unwrap();
        let mut ben = Account::new("ben");
        ben.closed = true;
        store.put_account(&ben, now, &keeper).unwrap();
        assert_eq!(of("s-1"), None, "closed");
        store.rebuild().unwrap();
        assert_eq!(of("s-2").as_deref(), Some("anna"));
    }
}
