//! Powers: acts that suspend, resume, waive, extend, end or start norms; consent by silence; acts outside a power's
//! conditions, which are purported and have no effect.
//!
//! # Source
//! `docs/reference/language.md`, "Powers".

use super::{Derived, Env, World};
use crate::kept::{Differ, wholly};
use crate::signal::Run;
use servanda_model::agreement::*;
use servanda_model::grade::Truth;
use servanda_model::uses::Uses;
use servanda_model::verdict::Act;
use servanda_model::{Instant, Name};
use std::sync::Arc;

/// An act under a power that has effect.
#[derive(Debug, PartialEq)]
pub struct Effect<'w> {
    /// The power.
    pub power: &'w Power,
    /// Who acted.
    pub actor: Vec<Name>,
    /// From when it has effect.
    pub from: Instant,
}

/// All acts under powers, and those that have effect.
#[derive(Debug, PartialEq)]
pub struct Acts<'w> {
    /// All of them.
    pub acts: Vec<Act>,
    /// Those that have effect, in its order.
    pub effects: Vec<Effect<'w>>,
}

impl Differ for Arc<Acts<'_>> {
    fn differ(&self, other: &Self) -> Option<(Instant, Instant)> {
        wholly(self == other)
    }
}

/// What the acts under powers do to one norm of one bearer.
#[derive(Debug, Default)]
pub struct Changes {
    /// Stretches of suspension, with whether the clock runs, and by which power.
    pub suspended: Vec<(Run, bool, Name)>,
    /// Stretches over which a stronger rule was owed, and which.
    pub yields: Vec<(Run, bool, Name)>,
    /// When it ended, and by which power.
    pub ended: Option<(Instant, Name)>,
    /// Waived from, and by which power.
    pub waived: Option<(Instant, Name)>,
    /// Extensions of the deadline: effect and length.
    pub extended: Vec<(Instant, servanda_model::Span)>,
    /// For a norm that a power starts: when it was started. `None`: no power starts it.
    pub started: Option<Vec<Instant>>,
}

impl Changes {
    /// Whether the norm rests at an instant: suspended, or yielding.
    pub fn rests(&self, at: Instant) -> bool {
        self.suspended.iter().chain(&self.yields).any(|(run, ..)| run.from <= at && at < run.to)
    }
}

impl<'w> World<'w, '_> {
    /// All acts under powers, and those that have effect.
    pub fn acts(&self) -> Arc<Acts<'w>> {
        let none = Arc::new(Acts { acts: Vec::new(), effects: Vec::new() });
        self.keep(
            |memo| &memo.acts,
            (),
            Some(none),
            |node| {
                self.derives(node, || Derived::Acts);
                Arc::new(self.acts_computed())
            },
        )
    }

    fn acts_computed(&self) -> Acts<'w> {
        let (mut acts, mut effects) = (Vec::new(), Vec::new());
        for power in &self.agreement.powers {
            let env = Env { seen: true, ..self.plain_env() };
            for hit in self.established(&power.act, &env) {
                let when = hit.seen.when;
                let actor = self.names_in(&hit.seen.record, "by");
                let act = |effect: Option<Instant>, purported: bool, because: String| Act {
                    power: power.name.clone(),
                    actor: actor.first().cloned(),
                    record: hit.seen.record.id.clone(),
                    when,
                    effect,
                    purported,
                    because,
                };
                let entitled = self.leaves(&power.bearer);
                let env = Env {
                    bearer: actor.clone(),
                    trigger_record: Some(hit.seen.record.clone()),
                    ..env.clone()
                };
                let is = |cond: &Option<Cond>, truth| {
                    cond.as_ref()
                        .is_none_or(|c| self.signal(c, &env).at(when.latest).truth(env.standard) == truth)
                };
                if !actor.iter().all(|a| entitled.contains(a)) || actor.is_empty() {
                    acts.push(act(None, true, "the actor does not have this power".into()));
                } else if !is(&power.only_if, Truth::True) {
                    acts.push(act(
                        None,
                        true,
                        format!("its condition was not established: {}", self.named(&power.only_if)),
                    ));
                } else if power.unless.is_some() && is(&power.unless, Truth::True) {
                    acts.push(act(
                        None,
                        true,
                        format!("excluded at that time: {}", self.named(&power.unless)),
                    ));
                } else {
                    let received = hit.seen.record.received.unwrap_or(when.latest);
                    let until =
                        power.silence.map(|span| self.agreement.calendar.deadline_after(received, span));
                    let objected = until.is_some_and(|until| {
                        power.objection.iter().any(|p| {
                            self.established(p, &env)
                                .iter()
                                .any(|h| h.seen.when.latest >= when.earliest && h.seen.when.earliest <= until)
                        })
                    });
                    if objected {
                        acts.push(act(None, false, "an objection was made in time".into()));
                        continue;
                    }
                    let settled = until.unwrap_or(when.latest);
                    let from = power.effect_after.map_or(settled, |span| {
                        self.agreement.calendar.deadline_after(when.latest, span).max(settled)
                    });
                    let how = match until {
                        Some(until) if !self.passed(until) => "silence still runs".to_string(),
                        Some(_) => "no objection within the time: silence counts as consent".to_string(),
                        None if !self.reached(from) => "its effect lies ahead".to_string(),
                        None => "within the power's conditions".to_string(),
                    };
                    let consented = until.is_none_or(|until| self.passed(until));
                    acts.push(act(Some(from).filter(|_| consented), false, how));
                    effects.push(Effect { power, actor, from });
                }
            }
        }
        effects.sort_by_key(|e| e.from);
        Acts { acts, effects }
    }

    /// What a condition speaks of, by name.
    fn named(&self, cond: &Option<Cond>) -> String {
        let uses = cond.as_ref().map(|c| Uses::of_cond(self.agreement, c)).unwrap_or_default();
        let names = if uses.terms.is_empty() { uses.facts } else { uses.terms };
        names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
    }

    /// What the acts do to a norm of a bearer whose instance began at `start`. A power that yields to the norm does not
    /// touch an instance that began before the act has effect.
    pub fn changes(&self, norm: &Norm, bearer: &[Name], start: Instant) -> Changes {
        let mut changes = Changes::default();
        let starts = self.agreement.powers.iter().any(|p| {
            p.can == Change::Start && matches!(&p.on, Targets::Norms(names) if names.contains(&norm.name))
        });
        changes.started = starts.then(Vec::new);
        for effect in self.acts().effects.iter().filter(|e| self.reached(e.from)) {
            let own = || {
                let actor = effect.actor.iter().flat_map(|n| self.agreement.parties_of(n, effect.from));
                actor.into_iter().any(|a| bearer.contains(&a))
            };
            let meant = match &effect.power.on {
                Targets::All => true,
                Targets::EveryNormOfActor => own(),
                Targets::Norms(names) => names.iter().any(|n| is_or_part(&norm.name, n)),
            };
            let yields = self
                .agreement
                .priorities
                .iter()
                .any(|p| p.yields == effect.power.name && is_or_part(&norm.name, &p.over));
            if !meant || (yields && start < effect.from) {
                continue;
            }
            let power = effect.power.name.clone();
            match &effect.power.can {
                Change::Start => changes.started.get_or_insert_default().push(effect.from),
                Change::Suspend => {
                    changes.suspended.push((
                        Run { from: effect.from, to: Instant::MAX },
                        effect.power.clock_runs,
                        power,
                    ));
                }
                Change::Resume => {
                    for (run, ..) in changes.suspended.iter_mut().filter(|(run, ..)| run.to == Instant::MAX) {
                        run.to = effect.from;
                    }
                }
                Change::Waive => changes.waived = changes.waived.or(Some((effect.from, power))),
                Change::Extend(span) => changes.extended.push((effect.from, *span)),
                Change::Object if own() => changes.ended = changes.ended.or(Some((effect.from, power))),
                Change::Object => {}
                Change::End => changes.ended = changes.ended.or(Some((effect.from, power))),
            }
        }
        changes
    }
}

/// Whether a norm is the one named, or one that its sugar was lowered to (`level/2026-12-31`).
fn is_or_part(norm: &Name, named: &Name) -> bool {
    norm == named || norm.as_str().strip_prefix(named.as_str()).is_some_and(|rest| rest.starts_with('/'))
}
