//! Which kinds of record feed which section. The defaults fit the example agreements; a workspace may bring its own.
//!
//! What it deliberately does not do: know a country, a line or a party.
//!
//! Invariants
//! - a file with a section that no report has is refused, not passed over.
//!
//! Where to start reading: [`Feeds`]. Tests: `tests/document.rs` of this crate.

use serde::Deserialize;
use servanda_model::record::{RoleValue, Says};
use servanda_model::{Name, Record};
use std::collections::BTreeMap;

/// Sections that records can feed, in the report's order.
pub const SECTIONS: [&str; 9] = [
    "violations",
    "explosions",
    "withdrawal",
    "local-ceasefires",
    "infrastructure",
    "civilians",
    "access",
    "interference",
    "joint-body",
];

/// One kind of record.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// The fact.
    pub fact: String,
    /// Only records with one of `values` in this role.
    pub role: Option<String>,
    /// See `role`.
    #[serde(default)]
    pub values: Vec<String>,
    /// The role whose number says how many one record stands for.
    pub count: Option<String>,
}

/// The whole mapping.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feeds {
    /// Roles whose number says how many people were hurt.
    #[serde(default)]
    pub casualty_roles: Vec<String>,
    /// Section to feeds.
    pub sections: BTreeMap<String, Vec<Feed>>,
}

impl Feeds {
    /// Reads a mapping.
    ///
    /// # Errors
    /// What is wrong and what may stand there, in words.
    pub fn parse(text: &str) -> Result<Feeds, String> {
        let feeds: Feeds = toml::from_str(text).map_err(|e| e.to_string().trim().to_string())?;
        match feeds.sections.keys().find(|k| !SECTIONS.contains(&k.as_str())) {
            Some(other) => Err(format!("there is no section `{other}`; there are {}", SECTIONS.join(", "))),
            None => Ok(feeds),
        }
    }

    /// The mapping that fits the example agreements.
    pub fn ordinary() -> Feeds {
        Feeds::parse(include_str!("../../data/feeds.toml"))
            .unwrap_or(Feeds { casualty_roles: Vec::new(), sections: BTreeMap::new() })
    }

    /// How many events of a section a record stands for; `None` where it feeds it not.
    pub fn count(&self, section: &str, record: &Record) -> Option<i64> {
        if record.says == Says::Denies {
            return None;
        }
        let feed = self.sections.get(section)?.iter().find(|feed| {
            record.fact == *feed.fact
                && feed.role.as_ref().is_none_or(|role| {
                    matches!(record.roles.get(&Name::from(role.as_str())),
                        Some(RoleValue::Name(value)) if feed.values.iter().any(|v| *value == *v.as_str()))
                })
        })?;
        let role = feed.count.as_ref().and_then(|role| record.roles.get(&Name::from(role.as_str())));
        Some(match role {
            Some(RoleValue::Number(n)) => n.to_i64().filter(|n| *n >= 0).unwrap_or(1),
            _ => 1,
        })
    }

    /// Whether it feeds any section.
    pub fn feeds_any(&self, record: &Record) -> bool {
        SECTIONS.iter().any(|s| self.count(s, record).is_some())
    }
}
