//! Tokens of feeds: what a calendar or a feed reader shows in place of a password, made by a person for what that person may read.
//!
//! What it deliberately does not do: give a feed. It says whose account a token stands for.
//!
//! Invariants
//! - the text of a token is told once, when it is made; what is kept is its SHA-256, which is enough for 256 bits that were drawn;
//! - a token opens what its maker may read when it is shown, never more: whoever is closed, or reads no more, has none;
//! - what was revoked never comes back;
//! - whose tokens there are is for their maker and the keeper, and no viewer of the record sees a statement on them.
//!
//! Where to start reading: [`Store::make_feed`].

use crate::accounts::{Account, hidden};
use crate::backup::hex;
use crate::entry::Statement;
use crate::error::{Error, Kind};
use crate::policy::{Role, Viewer};
use crate::seal::random;
use crate::store::Store;
use crate::workspace::sha256;
use serde::{Deserialize, Serialize};
use servanda_model::Instant;
use std::collections::BTreeMap;

/// The kind of statements on tokens.
const FEED: &str = "feed";
/// So many stand for one account at once.
pub const MOST_FEEDS: usize = 20;

/// A token, without its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Feed {
    /// By this it is listed and revoked; it opens nothing.
    pub id: String,
    /// The account that made it.
    pub owner: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was made.
    pub made: Instant,
    /// It opens nothing any more.
    pub revoked: bool,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    owner: String,
    name: String,
    /// SHA-256 of the token's text.
    hash: String,
    /// In milliseconds.
    made: i64,
    #[serde(default)]
    revoked: bool,
}

/// Whether this may be the text of a token at all.
fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn statement(id: &str, said: &Said) -> Result<Statement, Error> {
    let json = serde_json::to_string(said).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
    Ok(Statement { kind: FEED.into(), subject: id.into(), marking: hidden(), json })
}

impl Store {
    fn feeds_said(&self) -> Result<BTreeMap<String, Said>, Error> {
        let mut all = BTreeMap::new();
        for (statement, _) in self.view(&Viewer::keeper()).statements(FEED)? {
            let id = statement.subject.to_string();
            let said = serde_json::from_str(&statement.json).map_err(|e| {
                Error::integrity(format!("what is said of the feed `{id}` cannot be read: {e}"))
            })?;
            all.insert(id, said);
        }
        Ok(all)
    }

    /// Makes a token for an account. Gives what stands of it, and its text, which is told never again.
    ///
    /// # Errors
    /// [`Error::is_refused`] where the name is none, or the account has [`MOST_FEEDS`]; [`Error::is_denied`] where it is closed or does
    /// not read.
    pub fn make_feed(&self, owner: &str, name: &str, now: Instant) -> Result<(Feed, String), Error> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
            return Err(Error::new(Kind::Refused, "a feed needs a name of 1 to 64 characters")
                .help("name it after the program that will read it, such as `calendar on my phone`"));
        }
        let (mut id, mut text) = ([0; 6], [0; 32]);
        random(&mut id)?;
        random(&mut text)?;
        let (id, text) = (hex(&id), hex(&text));
        let said = Said {
            owner: owner.to_string(),
            name: name.to_string(),
            hash: sha256(text.as_bytes()),
            made: now.0,
            revoked: false,
        };
        // What stands is read by the one who writes: two at once are one after the other.
        self.say_once(&Viewer::keeper(), now, |_| {
            self.reader(owner)?.ok_or_else(|| {
                Error::new(Kind::Denied, format!("`{owner}` does not read here, and so has no feeds"))
                    .help("a registrar can give the role `reader`")
            })?;
            let own = self.feeds_said()?.into_values().filter(|said| said.owner == owner && !said.revoked);
            if own.count() >= MOST_FEEDS {
                return Err(Error::new(Kind::Refused, format!("`{owner}` has {MOST_FEEDS} feeds already"))
                    .help("revoke one that is not used any more"));
            }
            statement(&id, &said)
        })?;
        let feed = Feed { id, owner: said.owner, name: said.name, made: now, revoked: false };
        Ok((feed, text))
    }

    /// Revokes a token: its owner may, and a registrar.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where there is none, it was revoked already, or it is another's, in the same words.
    pub fn revoke_feed(&self, id: &str, now: Instant, by: &Viewer) -> Result<Feed, Error> {
        let mut revoked = None;
        self.say_once(by, now, |_| {
            let said = self.feeds_said()?.remove(id);
            let may = |said: &Said| !said.revoked && (said.owner == by.name || by.may(Role::Registrar));
            let said = said.filter(may).ok_or_else(|| {
                Error::new(Kind::NotFound, format!("there is no feed `{id}` to revoke"))
                    .help("`servanda account feeds` and the page `/account/feeds` show those that there are")
            })?;
            let said = Said { revoked: true, ..said };
            revoked = Some(Feed {
                id: id.to_string(),
                owner: said.owner.clone(),
                name: said.name.clone(),
                made: Instant(said.made),
                revoked: true,
            });
            statement(id, &said)
        })?;
        revoked.ok_or_else(|| Error::integrity("a feed was revoked and is not there"))
    }

    /// All tokens, in the order in which they were made.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn feeds(&self) -> Result<Vec<Feed>, Error> {
        let all = self.feeds_said()?.into_iter();
        let mut feeds: Vec<Feed> = all
            .map(|(id, Said { owner, name, made, revoked, .. })| Feed {
                id,
                owner,
                name,
                made: Instant(made),
                revoked,
            })
            .collect();
        feeds.sort_by(|a, b| (a.made, &a.id).cmp(&(b.made, &b.id)));
        Ok(feeds)
    }

    /// The account that a token stands for, as it is now; `None`: the token is none, was revoked, or its owner reads no more.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn feed_owner(&self, text: &str) -> Result<Option<Account>, Error> {
        if !is_token(text) {
            return Ok(None);
        }
        let hash = sha256(text.as_bytes());
        let found = self.feeds_said()?.into_values().find(|said| said.hash == hash && !said.revoked);
        found.map_or(Ok(None), |said| self.reader(&said.owner))
    }

    fn reader(&self, name: &str) -> Result<Option<Account>, Error> {
        let account = self.accounts()?.remove(name);
        Ok(account.filter(|account| !account.closed && account.roles.contains(&Role::Reader)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::workspace;

    #[test]
    fn a_token_opens_what_its_maker_may_read_until_it_is_revoked() {
        let (folder, workspace) = workspace();
        let (store, keeper, now) = (workspace.store(), Viewer::keeper(), Instant(10_000));
        let mut anna = Account::new("anna");
        anna.roles = [Role::Reader].into();
        for account in [&anna, &Account::new("ben")] {
            store.put_account(account, now, &keeper).unwrap();
        }
        let (feed, text) = store.make_feed("anna", " phone ", now).unwrap();
        assert_eq!((feed.name.as_str(), feed.owner.as_str(), text.len()), ("phone", "anna", 64));
        assert_eq!(store.feed_owner(&text).unwrap().unwrap().name, "anna");
        let (_, other) = store.make_feed("anna", "desk", Instant(10_001)).unwrap();
        assert_ne!(text, other);
        for wrong in ["", "x", &"0".repeat(64), &text.to_uppercase(), &feed.id, &sha256(text.as_bytes())] {
            assert_eq!(store.feed_owner(wrong).unwrap(), None, "{wrong}");
        }
        for name in ["", " ", "a\nb", &"x".repeat(65)] {
            assert!(store.make_feed("anna", name, now).unwrap_err().is_refused(), "{name:?}");
        }
        assert!(store.make_feed("ben", "phone", now).unwrap_err().is_denied(), "ben reads nothing");
        assert!(store.make_feed("eve", "phone", now).unwrap_err().is_denied());

        // Its text stands nowhere.
        store.settle().unwrap();
        let mut places = vec![folder.path().to_path_buf()];
        while let Some(place) = places.pop() {
            for entry in std::fs::read_dir(&place).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    places.push(path);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    let found = bytes.windows(text.len()).any(|part| part == text.as_bytes());
                    assert!(!found, "{}", path.display());
                }
            }
        }

        // Another revokes nothing, and is not told that it is there.
        let ben = Viewer::named("ben");
        let refused = store.revoke_feed(&feed.id, now, &ben).unwrap_err();
        assert!(refused.is_not_found());
        assert_eq!(
            refused.to_string().replace(&feed.id, "ID"),
            store.revoke_feed("nothing", now, &ben).unwrap_err().to_string().replace("nothing", "ID")
        );
        store.revoke_feed(&feed.id, now, &anna.viewer()).unwrap();
        assert_eq!(store.feed_owner(&text).unwrap(), None);
        assert!(store.revoke_feed(&feed.id, now, &keeper).unwrap_err().is_not_found(), "once");
        let listed: Vec<(String, bool)> =
            store.feeds().unwrap().into_iter().map(|feed| (feed.name, feed.revoked)).collect();
        assert_eq!(listed, [("phone".to_string(), true), ("desk".to_string(), false)]);
        // It is so after the database was made again of the log.
        assert_eq!(store.compare().unwrap().different, 0);
        store.rebuild().unwrap();
        assert_eq!(store.feed_owner(&text).unwrap(), None);
        assert!(store.feed_owner(&other).unwrap().is_some());

        // What its maker may read changes, and the token with it.
        anna.party = Some("North".into());
        store.put_account(&anna, now, &keeper).unwrap();
        assert_eq!(store.feed_owner(&other).unwrap().unwrap().party, Some("North".into()));
        anna.closed = true;
        store.put_account(&anna, now, &keeper).unwrap();
        assert_eq!(store.feed_owner(&other).unwrap(), None);
        anna.closed = false;
        anna.roles.clear();
        store.put_account(&anna, now, &keeper).unwrap();
        assert_eq!(store.feed_owner(&other).unwrap(), None);
    }

    #[test]
    fn nobody_has_more_than_they_can_watch_over() {
        let (_folder, workspace) = workspace();
        let (store, now) = (workspace.store(), Instant(10_000));
        let mut anna = Account::new("anna");
        anna.roles = [Role::Reader].into();
        store.put_account(&anna, now, &Viewer::keeper()).unwrap();
        let made: Vec<Feed> =
            (0..MOST_FEEDS).map(|n| store.make_feed("anna", &n.to_string(), now).unwrap().0).collect();
        assert!(store.make_feed("anna", "more", now).unwrap_err().is_refused());
        store.revoke_feed(&made[3].id, now, &anna.viewer()).unwrap();
        store.make_feed("anna", "more", now).unwrap();
    }
}
