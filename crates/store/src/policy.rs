//! Who may see what, and who may do what: the one place where it is decided.
//!
//! A viewer and a marking go in, yes or no comes out. The store asks once for each label, and every query is held to the labels
//! that were granted (`view.rs`). Nothing here reads the database.
//!
//! Invariants
//! - what is not granted is denied;
//! - narrowing a marking never shows anything to anybody: fewer parties, more caveats, a higher level;
//! - only an originator, or a releaser that it named, lowers a marking.
//!
//! That only an originator corrects or takes back is looked at by the one who writes (`store.rs`), who knows the submitter.
//!
//! Where to start reading: [`Viewer::may_see`], then [`Viewer::may_lower`].

use servanda_model::Name;
use servanda_model::record::{Marking, Tlp};
use std::collections::{BTreeMap, BTreeSet};

/// What somebody may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    /// Read what its clearances and its party open.
    Reader,
    /// Enter reports.
    Reporter,
    /// Rule which reports speak of one event, and grade them.
    Analyst,
    /// Prepare what goes out: redacted and public products.
    Releaser,
    /// Register sources, accounts and roles.
    Registrar,
    /// Propose and confirm orders that need two people.
    Officer,
    /// See the list of imports, the integrity checks and who did what.
    Auditor,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 7] = [
        Role::Reader,
        Role::Reporter,
        Role::Analyst,
        Role::Releaser,
        Role::Registrar,
        Role::Officer,
        Role::Auditor,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Reporter => "reporter",
            Role::Analyst => "analyst",
            Role::Releaser => "releaser",
            Role::Registrar => "registrar",
            Role::Officer => "officer",
            Role::Auditor => "auditor",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }
}

/// The policy of the Traffic Light Protocol, which a marking has that names no other.
pub const TLP: &str = "TLP";

/// Somebody who asks: an account with its party, its body, its roles and what it is cleared for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Viewer {
    /// The account's name; empty for the public.
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
    /// Whoever holds the folder and its keys: nothing in it could be hidden from them.
    keeper: bool,
}

impl Viewer {
    /// Whoever holds the workspace's folder: sees all, may do all but lower what is another's.
    pub fn keeper() -> Viewer {
        Viewer { name: "keeper".to_string(), keeper: true, roles: Role::ALL.into(), ..Viewer::default() }
    }

    /// Anybody: sees what is clear.
    pub fn public() -> Viewer {
        Viewer { clearances: [(Name::from(TLP), Tlp::Clear)].into(), ..Viewer::default() }
    }

    /// An account by name, that may see and do nothing yet.
    pub fn named(name: &str) -> Viewer {
        Viewer { name: name.to_string(), ..Viewer::default() }
    }

    /// Whether it holds a role.
    pub fn may(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it is the keeper.
    pub fn is_keeper(&self) -> bool {
        self.keeper
    }

    /// Whether it is one of these parties or bodies.
    fn is_among(&self, names: &BTreeSet<Name>) -> bool {
        [&self.party, &self.body].into_iter().flatten().any(|name| names.contains(name))
    }

    /// Whether it may see what bears this marking.
    ///
    /// The level is within its clearance for that policy; it is released to its party or body, where it is released to somebody
    /// at all; it holds every caveat. What is AMBER+STRICT or RED, has an originator and names nobody whom it is released to
    /// stays with the originators.
    pub fn may_see(&self, marking: &Marking) -> bool {
        if self.keeper {
            return true;
        }
        let policy = marking.policy.as_ref().map_or(TLP, Name::as_str);
        let cleared = self.clearances.get(policy).is_some_and(|up_to| marking.level <= *up_to);
        let released = match &marking.releasable_to {
            Some(to) => self.is_among(to),
            None if marking.level >= Tlp::AmberStrict && !marking.originators.is_empty() => {
                self.is_among(&marking.originators)
            }
            None => true,
        };
        cleared && released && marking.caveats.is_subset(&self.caveats)
    }

    /// Whether its party or body is named as an originator of what bears this marking.
    pub fn is_originator_of(&self, marking: &Marking) -> bool {
        self.is_among(&marking.originators)
    }

    /// Whether it may put `new` in place of `old`: everybody may raise a marking, and only its originators, and the releasers
    /// that they named, lower it.
    pub fn may_lower(&self, old: &Marking, new: &Marking) -> bool {
        let Some(_) = old.originators.first() else { return true };
        !new.is_lower_than(old) || self.is_among(&old.originators) || self.is_among(&old.releasers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<Name> {
        names.iter().map(|name| Name::from(*name)).collect()
    }

    fn of(party: &str, level: Tlp, caveats: &[&str]) -> Viewer {
        Viewer {
            name: "someone".into(),
            party: Some(party.into()),
            clearances: [(TLP.into(), level)].into(),
            caveats: set(caveats),
            ..Viewer::default()
        }
    }

    #[test]
    fn who_sees_what_by_the_table() {
        let amber = Marking::of(Tlp::Amber);
        let to_poland = Marking { releasable_to: Some(set(&["Poland"])), ..amber.clone() };
        let medical = Marking { caveats: set(&["medical"]), ..amber.clone() };
        let polands = Marking { originators: set(&["Poland"]), ..Marking::of(Tlp::Red) };
        let nato = Marking { policy: Some("NATO".into()), ..Marking::default() };
        let nobody = Marking { releasable_to: Some(set(&[])), ..Marking::default() };
        let (poland, france) = (of("Poland", Tlp::Red, &[]), of("France", Tlp::Red, &["medical"]));
        let jmc = Viewer { body: Some("JMC".into()), party: None, ..of("", Tlp::Amber, &[]) };
        let to_jmc = Marking { releasable_to: Some(set(&["JMC"])), ..amber.clone() };
        for (viewer, marking, sees) in [
            (&Viewer::public(), &Marking::default(), true),
            (&Viewer::public(), &Marking::of(Tlp::Green), false),
            (&Viewer::public(), &nato, false),
            (&Viewer::default(), &Marking::default(), false),
            (&poland, &amber, true),
            (&of("Poland", Tlp::Green, &[]), &amber, false),
            (&poland, &to_poland, true),
            (&france, &to_poland, false),
            (&poland, &medical, false),
            (&france, &medical, true),
            (&poland, &polands, true),
            (&france, &polands, false),
            (&poland, &nato, false),
            (&poland, &nobody, false),
            (&jmc, &to_jmc, true),
            (&jmc, &to_poland, false),
            (&Viewer::keeper(), &nobody, true),
        ] {
            assert_eq!(viewer.may_see(marking), sees, "{} and {}", viewer.name, marking.show());
        }
    }

    #[test]
    fn narrowing_shows_nothing_to_anybody() {
        let markings: Vec<Marking> = Tlp::ALL
            .into_iter()
            .flat_map(|level| {
                [None, Some(set(&["Poland"])), Some(set(&["Poland", "France"]))].map(|to| (level, to))
            })
            .flat_map(|(level, to)| {
                [set(&[]), set(&["medical"])].map(|caveats| Marking {
                    releasable_to: to.clone(),
                    caveats,
                    ..Marking::of(level)
                })
            })
            .collect();
        for party in ["Poland", "France", "Norway"] {
            for level in Tlp::ALL {
                for caveats in [&[][..], &["medical"][..]] {
                    let viewer = of(party, level, caveats);
                    for a in &markings {
                        for b in &markings {
                            let both = viewer.may_see(a) && viewer.may_see(b);
                            assert!(
                                both || !viewer.may_see(&a.join(b)),
                                "{party}: {} and {}",
                                a.show(),
                                b.show()
                            );
                            if viewer.may_see(b) && !viewer.may_see(a) {
                                assert!(b.is_lower_than(a), "{} shows more than {}", b.show(), a.show());
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn only_the_originator_and_its_releasers_lower() {
        let old =
            Marking { originators: set(&["Poland"]), releasers: set(&["JMC"]), ..Marking::of(Tlp::Amber) };
        let lower = Marking { level: Tlp::Green, ..old.clone() };
        let higher = Marking { level: Tlp::Red, ..old.clone() };
        let stolen = Marking { originators: set(&["France"]), ..old.clone() };
        let jmc = Viewer { body: Some("JMC".into()), ..Viewer::default() };
        for (viewer, new, may) in [
            (of("Poland", Tlp::Red, &[]), &lower, true),
            (jmc, &lower, true),
            (of("France", Tlp::Red, &[]), &lower, false),
            (of("France", Tlp::Red, &[]), &higher, true),
            (of("France", Tlp::Red, &[]), &stolen, false),
            (of("France", Tlp::Red, &[]), &old, true),
            (Viewer::keeper(), &lower, false),
        ] {
            assert_eq!(viewer.may_lower(&old, new), may, "{} to {}", viewer.name, new.show());
        }
        let nobodys = Marking::of(Tlp::Amber);
        assert!(of("France", Tlp::Red, &[]).may_lower(&nobodys, &Marking::default()));
        assert!(Role::ALL.into_iter().all(|role| Role::parse(role.word()) == Some(role)));
    }
}
