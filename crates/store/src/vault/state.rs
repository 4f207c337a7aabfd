//! What the log says of the vault: which regions there are, who holds them, which pseudonyms stand in them, what is sealed or wiped.
//!
//! It reads no file of the vault. What is in the vault is compared with this, and this is what counts.
//!
//! Invariants
//! - no statement holds anything of an identity: pseudonyms, accounts, regions, days and reasons, and nothing else;
//! - nobody but the keeper of the folder is shown that there are any;
//! - an order is carried out once.

use crate::accounts::hidden;
use crate::entry::Statement;
use crate::error::{Error, Kind};
use crate::orders::{Order, Standing};
use serde::{Deserialize, Serialize};
use servanda_model::{Instant, Name};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of statements on the vault.
pub(crate) const VAULT: &str = "vault";

/// One thing that happened to the vault.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Step {
    /// A region was made, with this public key and these holders.
    Made { public: String, holders: Vec<String> },
    /// Two holders changed who holds it.
    Holders { with: [String; 2], holders: Vec<String> },
    /// An identity was put in; `digest` is the SHA-256 of what lies sealed in the pack.
    Added { id: String, until: i64, digest: String },
    /// Two people opened an identity.
    Opened { id: String, with: [String; 2], why: String },
    /// Two names were given that did not open it.
    Refused { id: String, with: [String; 2], why: String },
    /// Nothing is opened until two people say so.
    Sealed { why: String },
    /// Two people said so.
    Unsealed { order: String },
    /// The keys of these identities, or without a list of all of them, are destroyed.
    Wiped {
        order: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ids: Option<BTreeSet<String>>,
    },
}

/// A step with its region and its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) region: String,
    pub(crate) at: i64,
    #[serde(flatten)]
    pub(crate) step: Step,
}

impl Said {
    pub(crate) fn statement(&self) -> Result<Statement, Error> {
        let subject = match &self.step {
            Step::Added { id, .. } | Step::Opened { id, .. } | Step::Refused { id, .. } => id.clone(),
            _ => format!("region/{}", self.region),
        };
        let json = serde_json::to_string(self).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
        Ok(Statement { kind: VAULT.into(), subject: subject.as_str().into(), marking: hidden(), json })
    }
}

/// What two people order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Deed {
    /// A region may be opened again.
    Unseal {
        /// The region.
        region: String,
    },
    /// A region's keys are destroyed.
    Wipe {
        /// The region.
        region: String,
    },
    /// The keys of some identities are destroyed.
    WipeSome {
        /// Their region.
        region: String,
        /// Their pseudonyms.
        ids: BTreeSet<String>,
    },
}

impl Deed {
    /// The region.
    pub fn region(&self) -> &str {
        match self {
            Deed::Unseal { region } | Deed::Wipe { region } | Deed::WipeSome { region, .. } => region,
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Deed::Unseal { region } => format!("unseal the region `{region}`"),
            Deed::Wipe { region } => format!("wipe the region `{region}`"),
            Deed::WipeSome { region, ids } => {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                format!("wipe {} of the region `{region}`", ids.join(", "))
            }
        }
    }
}

/// The words of an order on the vault.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct What {
    pub(crate) vault: Deed,
    /// Confirmed after this moment it is void.
    pub(crate) until: i64,
    pub(crate) why: String,
}

/// An order on the vault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VaultOrder {
    /// Its name.
    pub id: Name,
    /// What is ordered.
    pub deed: Deed,
    /// It has to be confirmed before.
    pub until: Instant,
    /// Why.
    pub why: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// Where it stands.
    pub standing: Standing,
}

impl VaultOrder {
    /// `None` where an order is on something else.
    pub(crate) fn of(order: Order) -> Option<VaultOrder> {
        let what: What = serde_json::from_str(&order.what).ok()?;
        Some(VaultOrder {
            id: order.id,
            deed: what.vault,
            until: Instant(what.until),
            why: what.why,
            proposed_by: order.proposed_by,
            standing: order.standing,
        })
    }
}

/// Somebody behind a pseudonym, as far as the log knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protected {
    /// The pseudonym.
    pub id: String,
    /// When the identity was put in first.
    pub added: Instant,
    /// Up to when it may be kept.
    pub until: Instant,
    /// Its keys were destroyed.
    pub wiped: bool,
}

/// A region, as far as the log knows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Region {
    /// Its name.
    pub name: String,
    /// The public key, in hexadecimal.
    pub(crate) public: String,
    /// Who holds it: any two of them open.
    pub holders: BTreeSet<String>,
    /// Nothing is opened.
    pub sealed: bool,
    /// How often it was sealed.
    pub(crate) seals: u64,
    /// Its keys were destroyed.
    pub wiped: bool,
    /// What lies sealed in it, by its SHA-256, and whose it is.
    pub(crate) digests: BTreeMap<String, String>,
    /// The pseudonyms in it.
    pub people: BTreeMap<String, Protected>,
}

/// All of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct State {
    pub(crate) regions: BTreeMap<String, Region>,
    /// Orders that were carried out.
    pub(crate) done: BTreeSet<String>,
}

impl State {
    /// From what was said, in order.
    pub(crate) fn fold<'a>(said: impl IntoIterator<Item = &'a str>) -> Result<State, Error> {
        let mut state = State::default();
        for json in said {
            let said: Said = serde_json::from_str(json)
                .map_err(|e| Error::integrity(format!("what is said of the vault cannot be read: {e}")))?;
            state.apply(said)?;
        }
        Ok(state)
    }

    fn apply(&mut self, said: Said) -> Result<(), Error> {
        let Said { region: name, at, step } = said;
        if let Step::Made { public, holders } = step {
            let holders = holders.into_iter().collect();
            let region = Region { name: name.clone(), public, holders, ..Region::default() };
            return match self.regions.insert(name.clone(), region) {
                None => Ok(()),
                Some(_) => Err(Error::integrity(format!("the region `{name}` was made twice"))),
            };
        }
        let region = self.regions.get_mut(&name).ok_or_else(|| {
            Error::integrity(format!("something is said of the region `{name}`, which was not made"))
        })?;
        match step {
            Step::Made { .. } | Step::Opened { .. } | Step::Refused { .. } => {}
            Step::Holders { holders, .. } => region.holders = holders.into_iter().collect(),
            Step::Added { id, until, digest } => {
                region.digests.insert(digest, id.clone());
                let until = Instant(until);
                let new = Protected { id: id.clone(), added: Instant(at), until, wiped: false };
                // Something is added to what stands there: the later day counts for all of it.
                region
                    .people
                    .entry(id)
                    .and_modify(|there| there.until = there.until.max(until))
                    .or_insert(new);
            }
            Step::Sealed { .. } => (region.sealed, region.seals) = (true, region.seals + 1),
            Step::Unsealed { order } => {
                region.sealed = false;
                self.done.insert(order);
            }
            Step::Wiped { order, ids } => {
                region.wipe(ids.as_ref());
                self.done.insert(order);
            }
        }
        Ok(())
    }

    /// The region in which a pseudonym stands.
    pub(crate) fn region_of(&self, id: &str) -> Option<&Region> {
        self.regions.values().find(|region| region.people.contains_key(id))
    }
}

impl Region {
    /// Notes that keys are destroyed.
    pub(crate) fn wipe(&mut self, ids: Option<&BTreeSet<String>>) {
        self.wiped |= ids.is_none();
        for person in self.people.values_mut() {
            person.wiped |= ids.is_none_or(|ids| ids.contains(&person.id));
        }
    }
}
