//! Decisions of two people on what a sheet showed them: one proposes, another confirms, and whoever disagrees says so beside it.
//!
//! It carries nothing out and sends nothing: a decision is words on record, with what its signers were shown.
//!
//! Invariants
//! - nobody confirms what they proposed; what is confirmed is exactly what was proposed, with what was shown then;
//! - dissent stays beside a decision, before and after it is confirmed, and takes nothing away from it;
//! - all steps of a decision bear the marking of its proposal, so whoever may see it sees all of it, and nobody else any of it.
//!
//! Where to start reading: [`Store::propose_decision`], then [`View::decisions`].

use crate::entry::Statement;
use crate::error::{Error, Kind};
use crate::policy::{Role, Viewer};
use crate::sources::need;
use crate::store::{Receipt, Store};
use crate::view::View;
use serde::{Deserialize, Serialize};
use servanda_model::record::Marking;
use servanda_model::{Instant, Name};
use std::collections::BTreeMap;

/// The kind of statements on decisions.
const DECISION: &str = "decision";
/// Longest words of a step, in bytes.
pub const LONGEST_WORDS: usize = 4_000;

/// Who signed a step, and when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// The account.
    pub by: String,
    /// When.
    pub at: Instant,
    /// Its own words; empty where it has none.
    pub words: String,
}

/// A decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Its name.
    pub id: Name,
    /// What it is about: the name of a term.
    pub about: Name,
    /// What its signers were shown, as a JSON object of whoever showed it.
    pub shown: String,
    /// Who may see it.
    pub marking: Marking,
    /// Who proposed it, in which words.
    pub proposed: Signed,
    /// Who confirmed it.
    pub confirmed: Option<Signed>,
    /// Who took the proposal back.
    pub withdrawn: Option<Signed>,
    /// Who disagrees, in the order in which they said so.
    pub dissent: Vec<Signed>,
}

/// What is proposed.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// Its name, new.
    pub id: &'a Name,
    /// The name of the term that it is about.
    pub about: &'a Name,
    /// What is decided, in words.
    pub words: &'a str,
    /// What its signers are shown: a JSON object.
    pub shown: &'a str,
    /// Who may see it.
    pub marking: &'a Marking,
}

/// A step after the proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Another signs what was proposed.
    Confirm,
    /// Somebody disagrees.
    Dissent,
    /// Who proposed takes it back.
    Withdraw,
}

impl Step {
    fn word(self) -> &'static str {
        match self {
            Step::Confirm => "confirmed",
            Step::Dissent => "dissented",
            Step::Withdraw => "withdrawn",
        }
    }

    /// Reads what a form says.
    pub fn parse(word: &str) -> Option<Step> {
        match word {
            "confirm" => Some(Step::Confirm),
            "dissent" => Some(Step::Dissent),
            "withdraw" => Some(Step::Withdraw),
            _ => None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    step: String,
    at: i64,
    words: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
}

/// Decisions by name with their marking, in the order in which they were proposed.
fn fold(said: impl Iterator<Item = (Name, Option<Marking>, String, String)>) -> Result<Vec<Decision>, Error> {
    let mut places: BTreeMap<Name, usize> = BTreeMap::new();
    let mut all: Vec<Decision> = Vec::new();
    for (id, marking, json, by) in said {
        let broken = |why: &str| Error::integrity(format!("the decision `{id}` cannot be read: {why}"));
        let said: Said = serde_json::from_str(&json).map_err(|e| broken(&e.to_string()))?;
        let signed = Signed { by, at: Instant(said.at), words: said.words };
        let there = places.get(&id).and_then(|place| all.get_mut(*place));
        match (there, said.step.as_str(), said.about, said.shown) {
            (None, "proposed", Some(about), Some(shown)) => {
                places.insert(id.clone(), all.len());
                all.push(Decision {
                    id,
                    about: about.into(),
                    shown,
                    marking: marking.unwrap_or_default(),
                    proposed: signed,
                    confirmed: None,
                    withdrawn: None,
                    dissent: Vec::new(),
                });
            }
            (Some(decision), "confirmed", None, None) => decision.confirmed = Some(signed),
            (Some(decision), "withdrawn", None, None) => decision.withdrawn = Some(signed),
            (Some(decision), "dissented", None, None) => decision.dissent.push(signed),
            (_, step, ..) => return Err(broken(&format!("a step `{step}` is out of turn"))),
        }
    }
    Ok(all)
}

fn statement(id: &Name, marking: &Marking, said: &Said) -> Result<Statement, Error> {
    let json = serde_json::to_string(said).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
    Ok(Statement { kind: DECISION.into(), subject: id.clone(), marking: marking.clone(), json })
}

fn checked(words: &str, needed: bool) -> Result<String, Error> {
    let words = words.trim();
    if words.len() > LONGEST_WORDS {
        return Err(Error::new(Kind::Refused, format!("the words have more than {LONGEST_WORDS} bytes"))
            .help("say it more shortly, and attach the rest to a record"));
    }
    match words.is_empty() && needed {
        true => Err(Error::new(Kind::Refused, "it has no words").help("write what is decided, or why not")),
        false => Ok(words.to_string()),
    }
}

impl View<'_> {
    /// The decisions that this viewer may see, in the order in which they were proposed.
    ///
    /// # Errors
    /// As [`View::records`].
    pub fn decisions(&self) -> Result<Vec<Decision>, Error> {
        let said = self.statements(DECISION)?;
        fold(said.into_iter().map(|(s, by)| (s.subject, Some(s.marking), s.json, by)))
    }
}

impl Store {
    /// Proposes a decision.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no officer, or could not see it; [`Error::is_refused`] where it has no words, or too
    /// many; [`Error::is_duplicate`] where there is one of that name.
    pub fn propose_decision(
        &self,
        proposal: &Proposal<'_>,
        now: Instant,
        by: &Viewer,
    ) -> Result<Receipt, Error> {
        need(by, Role::Officer, "propose decisions")?;
        let Proposal { id, about, words, shown, marking } = *proposal;
        let words = checked(words, true)?;
        if !by.may_see(marking) {
            return Err(Error::new(Kind::Denied, "you could not see this decision yourself")
                .help("choose a marking that you are cleared for"));
        }
        self.say_once(by, now, |writer| {
            writer.refuse_frozen()?;
            if writer.said(DECISION)?.iter().any(|(there, ..)| there == id) {
                return Err(Error::new(Kind::Duplicate, format!("there is a decision `{id}` already"))
                    .help("send the form again"));
            }
            let said = Said {
                step: "proposed".into(),
                at: now.0,
                words,
                about: Some(about.to_string()),
                shown: Some(shown.to_string()),
            };
            statement(id, marking, &said)
        })
    }

    /// Signs a further step of a decision: another officer confirms it, anybody who may see it and is an officer disagrees, and
    /// who proposed it takes it back.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where this viewer sees no such decision; [`Error::is_denied`] for whoever is no officer, confirms
    /// what they proposed, or takes back what another proposed; [`Error::is_refused`] where it is decided already.
    pub fn sign_decision(
        &self,
        id: &Name,
        step: Step,
        words: &str,
        now: Instant,
        by: &Viewer,
    ) -> Result<Receipt, Error> {
        need(by, Role::Officer, "sign decisions")?;
        let words = checked(words, step == Step::Dissent)?;
        let missing = || Error::new(Kind::NotFound, format!("there is no decision `{id}`"));
        let seen = self.view(by).decisions()?;
        let marking = seen.into_iter().find(|d| d.id == *id).ok_or_else(missing)?.marking;
        self.say_once(by, now, |writer| {
            writer.refuse_frozen()?;
            let said = writer.said(DECISION)?.into_iter().filter(|(there, ..)| there == id);
            let stands = fold(said.map(|(id, json, by)| (id, None, json, by)))?;
            let decision = stands.into_iter().next().ok_or_else(missing)?;
            let refused = |why: &str| {
                Err(Error::new(Kind::Refused, format!("the decision `{id}` {why}"))
                    .help("propose another one"))
            };
            let denied = |why: String, what: &str| Err(Error::new(Kind::Denied, why).help(what));
            match step {
                _ if decision.withdrawn.is_some() => return refused("was taken back"),
                Step::Confirm | Step::Withdraw if decision.confirmed.is_some() => {
                    return refused("was confirmed already");
                }
                Step::Confirm if decision.proposed.by == by.name => {
                    let why = format!("`{}` proposed the decision `{id}`", by.name);
                    return denied(why, "another officer has to confirm it");
                }
                Step::Withdraw if decision.proposed.by != by.name => {
                    let why = format!("`{}` did not propose the decision `{id}`", by.name);
                    return denied(why, "put your dissent on record instead");
                }
                Step::Dissent if decision.dissent.len() >= 100 => return refused("has a hundred dissents"),
                Step::Confirm | Step::Withdraw | Step::Dissent => {}
            }
            let said = Said { step: step.word().into(), at: now.0, words, about: None, shown: None };
            statement(id, &marking, &said)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::TLP;
    use crate::store::tests::workspace;
    use servanda_model::record::Tlp;

    fn officer(name: &str, level: Tlp) -> Viewer {
        let mut viewer = Viewer::named(name);
        viewer.roles = [Role::Officer].into();
        viewer.clearances = [(TLP.into(), level)].into();
        viewer
    }

    #[test]
    fn a_decision_takes_two_people_and_dissent_stays_beside_it() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        let (now, amber) = (Instant(10_000), Marking::of(Tlp::Amber));
        let (anna, ben, low) =
            (officer("anna", Tlp::Red), officer("ben", Tlp::Amber), officer("low", Tlp::Clear));
        let (id, about): (Name, Name) = ("d1".into(), "aggression".into());
        let propose = |words: &str, by: &Viewer| {
            let shown = "{\"at\":1}";
            store.propose_decision(
                &Proposal { id: &id, about: &about, words, shown, marking: &amber },
                now,
                by,
            )
        };
        assert!(propose("consult", &Viewer::named("eve")).unwrap_err().is_denied());
        assert!(propose("consult", &low).unwrap_err().is_denied());
        assert!(propose("  ", &anna).unwrap_err().is_refused());
        assert!(propose(&"x".repeat(LONGEST_WORDS + 1), &anna).unwrap_err().is_refused());
        propose("consult", &anna).unwrap();
        assert!(propose("other", &ben).unwrap_err().is_duplicate());
        let sign = |step, words: &str, by: &Viewer| store.sign_decision(&id, step, words, now, by);
        assert!(sign(Step::Confirm, "", &anna).unwrap_err().is_denied());
        // Whoever may not see it is told the same as of one that is not there.
        let unseen = sign(Step::Confirm, "", &low).unwrap_err();
        assert!(unseen.is_not_found());
        let none = store.sign_decision(&"d2".into(), Step::Confirm, "", now, &low).unwrap_err();
        assert_eq!(unseen.to_string(), none.to_string().replace("d2", "d1"));
        assert!(store.view(&low).decisions().unwrap().is_empty());
        assert!(sign(Step::Dissent, "", &ben).unwrap_err().is_refused());
        sign(Step::Dissent, "too early", &ben).unwrap();
        assert!(sign(Step::Withdraw, "", &ben).unwrap_err().is_denied());
        assert!(sign(Step::Confirm, "", &Viewer::named("ben")).unwrap_err().is_denied());
        sign(Step::Confirm, "after all", &ben).unwrap();
        assert!(sign(Step::Confirm, "", &ben).unwrap_err().is_refused());
        assert!(sign(Step::Withdraw, "", &anna).unwrap_err().is_refused());
        sign(Step::Dissent, "I still say so", &ben).unwrap();
        let signed = |by: &str, words: &str| Signed { by: by.into(), at: now, words: words.into() };
        assert_eq!(
            store.view(&ben).decisions().unwrap(),
            [Decision {
                id: id.clone(),
                about: about.clone(),
                shown: "{\"at\":1}".into(),
                marking: amber.clone(),
                proposed: signed("anna", "consult"),
                confirmed: Some(signed("ben", "after all")),
                withdrawn: None,
                dissent: vec![signed("ben", "too early"), signed("ben", "I still say so")],
            }]
        );
        let other: Name = "d3".into();
        let proposal = Proposal { id: &other, about: &about, words: "x", shown: "{}", marking: &amber };
        store.propose_decision(&proposal, now, &anna).unwrap();
        store.sign_decision(&other, Step::Withdraw, "a mistake", now, &anna).unwrap();
        for step in [Step::Confirm, Step::Dissent, Step::Withdraw] {
            assert!(store.sign_decision(&other, step, "x", now, &ben).unwrap_err().is_refused());
        }
        assert_eq!(store.compare().unwrap().different, 0);
    }
}
