//! Orders that need two people: one proposes, another confirms, and only then may it be carried out.
//!
//! It carries nothing out. Whoever does asks [`Store::order`], and says in its own entry by which order it acted.
//!
//! Invariants
//! - nobody confirms what they proposed;
//! - an order is confirmed once, and what was confirmed is exactly what was proposed;
//! - an order that was withdrawn stays so.

use crate::entry::Statement;
use crate::error::{Error, Kind};
use crate::policy::{Role, Viewer};
use crate::sources::need;
use crate::store::{Receipt, Store, Writer};
use serde::{Deserialize, Serialize};
use servanda_model::record::Marking;
use servanda_model::{Instant, Name};
use std::collections::BTreeSet;

/// The kind of statements on orders.
const ORDER: &str = "order";

/// Where an order stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Somebody else has to confirm it.
    Proposed,
    /// It may be carried out.
    Confirmed {
        /// Who confirmed it.
        by: String,
    },
    /// It was taken back.
    Withdrawn {
        /// Who took it back.
        by: String,
    },
}

/// An order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// Its name.
    pub id: Name,
    /// What is ordered, in the words of whoever carries it out.
    pub what: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// Where it stands.
    pub standing: Standing,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    step: String,
    what: String,
}

/// What an order says by which somebody else than its originator may correct a record or take it back.
pub(crate) fn correction(record: &Name) -> String {
    format!("correct {record}")
}

impl Writer<'_> {
    /// Whether there is an order that says this, proposed by one officer and confirmed by another.
    pub(crate) fn is_ordered(&mut self, what: &str) -> Result<bool, Error> {
        let said = self.said(ORDER)?;
        let ids: BTreeSet<Name> = said.iter().map(|(id, _, _)| id.clone()).collect();
        for id in ids {
            if let Some(order) = fold(&id, said.iter().cloned())?
                && order.what == what
                && matches!(order.standing, Standing::Confirmed { .. })
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn fold(id: &Name, said: impl Iterator<Item = (Name, String, String)>) -> Result<Option<Order>, Error> {
    let mut order: Option<Order> = None;
    for (_, json, by) in said.filter(|(subject, _, _)| subject == id) {
        let said: Said = serde_json::from_str(&json)
            .map_err(|e| Error::integrity(format!("the order `{id}` cannot be read: {e}")))?;
        match (&mut order, said.step.as_str()) {
            (None, "proposed") => {
                let (id, what) = (id.clone(), said.what);
                order = Some(Order { id, what, proposed_by: by, standing: Standing::Proposed });
            }
            (Some(order), "confirmed") => order.standing = Standing::Confirmed { by },
            (Some(order), "withdrawn") => order.standing = Standing::Withdrawn { by },
            _ => {
                return Err(Error::integrity(format!(
                    "the order `{id}` has a step `{}` out of turn",
                    said.step
                )));
            }
        }
    }
    Ok(order)
}

fn statement(id: &Name, marking: &Marking, step: &str, what: &str) -> Result<Statement, Error> {
    let said = Said { step: step.to_string(), what: what.to_string() };
    let json = serde_json::to_string(&said).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
    Ok(Statement { kind: ORDER.into(), subject: id.clone(), marking: marking.clone(), json })
}

impl Store {
    /// Proposes an order; `marking` says who may see that there is one.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no officer; [`Error::is_duplicate`] where there is one of that name.
    pub fn propose(
        &self,
        id: &Name,
        what: &str,
        marking: &Marking,
        now: Instant,
        by: &Viewer,
    ) -> Result<Receipt, Error> {
        need(by, Role::Officer, "propose orders")?;
        self.say_once(by, now, |writer| match fold(id, writer.said(ORDER)?.into_iter())? {
            Some(_) => Err(Error::new(Kind::Duplicate, format!("there is an order `{id}` already"))
                .help("give each order a name of its own")),
            None => statement(id, marking, "proposed", what),
        })
    }

    /// Confirms an order that another has proposed; `what` has to be what was proposed.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no officer, or proposed it; [`Error::is_refused`] where it does not wait to be confirmed,
    /// or says something else.
    pub fn confirm(
        &self,
        id: &Name,
        what: &str,
        marking: &Marking,
        now: Instant,
        by: &Viewer,
    ) -> Result<Receipt, Error> {
        need(by, Role::Officer, "confirm orders")?;
        self.step(id, Some(what), marking, "confirmed", now, by)
    }

    /// Takes an order back that was not confirmed yet.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no officer; [`Error::is_refused`] where it does not wait to be confirmed.
    pub fn withdraw(
        &self,
        id: &Name,
        marking: &Marking,
        now: Instant,
        by: &Viewer,
    ) -> Result<Receipt, Error> {
        need(by, Role::Officer, "withdraw orders")?;
        self.step(id, None, marking, "withdrawn", now, by)
    }

    fn step(
        &self,
        id: &Name,
        what: Option<&str>,
        marking: &Marking,
        step: &str,
        now: Instant,
        by: &Viewer,
    ) -> Result<Receipt, Error> {
        self.say_once(by, now, |writer| {
            let order = fold(id, writer.said(ORDER)?.into_iter())?
                .ok_or_else(|| Error::new(Kind::NotFound, format!("there is no order `{id}`")))?;
            let refused = |why: &str| {
                Err(Error::new(Kind::Refused, format!("the order `{id}` {why}")).help("propose another one"))
            };
            match &order.standing {
                Standing::Proposed => {}
                Standing::Confirmed { .. } => return refused("was confirmed already"),
                Standing::Withdrawn { .. } => return refused("was withdrawn"),
            }
            if what.is_some_and(|what| what != order.what) {
                return refused("says something else than what is to be confirmed");
            }
            if what.is_some() && order.proposed_by == by.name {
                return Err(Error::new(Kind::Denied, format!("`{}` proposed the order `{id}`", by.name))
                    .help("another officer has to confirm it"));
            }
            statement(id, marking, step, &order.what)
        })
    }

    /// All orders, in the order in which they were proposed.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn orders(&self) -> Result<Vec<Order>, Error> {
        let said = self.view(&Viewer::keeper()).statements(ORDER)?;
        let said: Vec<_> = said.into_iter().map(|(s, by)| (s.subject, s.json, by)).collect();
        let mut ids: Vec<&Name> = Vec::new();
        for (id, _, _) in &said {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let orders = ids.into_iter().map(|id| fold(id, said.iter().cloned()));
        orders.filter_map(Result::transpose).collect()
    }

    /// Where an order stands.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where there is none.
    pub fn order(&self, id: &Name) -> Result<Order, Error> {
        let said = self.view(&Viewer::keeper()).statements(ORDER)?;
        fold(id, said.into_iter().map(|(s, by)| (s.subject, s.json, by)))?
            .ok_or_else(|| Error::new(Kind::NotFound, format!("there is no order `{id}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::workspace;

    #[test]
    fn an_order_takes_two_people() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        let (now, marking) = (Instant(10_000), Marking::default());
        let officer = |name: &str| {
            let mut viewer = Viewer::named(name);
            viewer.roles = [Role::Officer].into();
            viewer
        };
        let (anna, ben) = (officer("anna"), officer("ben"));
        let id: Name = "o1".into();
        assert!(store.order(&id).unwrap_err().is_not_found());
        assert!(
            store.propose(&id, "wipe east", &marking, now, &Viewer::named("eve")).unwrap_err().is_denied()
        );
        store.propose(&id, "wipe east", &marking, now, &anna).unwrap();
        assert!(store.propose(&id, "wipe west", &marking, now, &ben).unwrap_err().is_duplicate());
        assert!(store.confirm(&id, "wipe east", &marking, now, &anna).unwrap_err().is_denied());
        assert!(store.confirm(&id, "wipe west", &marking, now, &ben).unwrap_err().is_refused());
        assert_eq!(store.order(&id).unwrap().standing, Standing::Proposed);
        store.confirm(&id, "wipe east", &marking, now, &ben).unwrap();
        assert_eq!(
            store.order(&id).unwrap(),
            Order {
                id: id.clone(),
                what: "wipe east".into(),
                proposed_by: "anna".into(),
                standing: Standing::Confirmed { by: "ben".into() }
            }
        );
        assert!(store.confirm(&id, "wipe east", &marking, now, &ben).unwrap_err().is_refused());
        assert!(store.withdraw(&id, &marking, now, &anna).unwrap_err().is_refused());
        let other: Name = "o2".into();
        store.propose(&other, "x", &marking, now, &anna).unwrap();
        store.withdraw(&other, &marking, now, &anna).unwrap();
        assert!(store.confirm(&other, "x", &marking, now, &ben).unwrap_err().is_refused());
        assert_eq!(store.compare().unwrap().different, 0);
    }
}
