//! Why there is no schedule: clauses that conflict, and for each the least that it would have to give.
//!
//! Clauses are left out one after the other; where there is still no schedule without one, it is not part of the conflict. So
//! the clauses that remain conflict, and without any one of them they would not. It words no advice: which clause gives is for
//! people.

use super::build::{Aim, Before, Built, Clause, Stands, build};
use super::plan::{Plan, Tour};
use crate::Refusal;
use crate::answer::{Cell, Shown};
use crate::program::{Effort, Found, Solver, Stopped};
use servanda_model::Number;
use std::collections::{BTreeMap, BTreeSet};

/// What a clause would have to give, all others held.
#[derive(Clone, PartialEq, Debug)]
pub struct Relaxation {
    /// The clause.
    pub clause: Clause,
    /// How much, in its unit; none where it cannot give enough alone, or that was not decided.
    pub by: Option<f64>,
    /// Whether less was proved not to do.
    pub least: bool,
    /// In words.
    pub words: String,
}

/// Why.
#[derive(Clone, PartialEq, Debug)]
pub struct Why {
    /// Clauses that conflict.
    pub conflict: BTreeSet<Clause>,
    /// What each would have to give.
    pub relaxations: Vec<Relaxation>,
    /// What could not be decided.
    pub open: Vec<String>,
}

fn name(plan: &Plan, clause: Clause) -> String {
    let presence = |i: usize| plan.presences.get(i).map_or("", |p| p.name.as_str());
    match clause {
        Clause::AtLeast(i) => format!("`{}`, at-least", presence(i)),
        Clause::AtMost(i) => format!("`{}`, at-most", presence(i)),
        Clause::Shares => "share-at-most of the partners".into(),
        Clause::Ready => "how many contingents there are, with recovery and training".into(),
        Clause::Caveats => "national caveats (regions, not-in)".into(),
        Clause::AtHand => "from when to when contingents are at hand, notice, who leaves".into(),
        Clause::Costs => "cost-a-year-at-most of the partners".into(),
    }
}

pub fn why(plan: &Plan, before: &Before, solver: &dyn Solver, effort: Effort) -> Result<Why, Refusal> {
    let mut conflict = Clause::all(plan);
    let mut open = Vec::new();
    // Presences first: those that have no part in it go, and the rest is told of few.
    for clause in Clause::all(plan) {
        let mut without = conflict.clone();
        without.remove(&clause);
        let built = build(plan, before, &without, Aim::Give(clause));
        match solver.solve(&built.program, Effort { gap: 1.0, ..effort }, None)? {
            Found::Impossible => conflict = without,
            Found::Solution { .. } => {}
            Found::NothingYet(_) => {
                open.push(format!("whether {} has a part in it was not decided", name(plan, clause)));
            }
        }
    }
    let mut relaxations = Vec::new();
    for clause in &conflict {
        relaxations.push(match clause {
            Clause::Shares => shares(plan, before, solver, effort)?,
            clause => relaxation(plan, before, *clause, solver, effort)?,
        });
    }
    Ok(Why { conflict, relaxations, open })
}

fn relaxation(
    plan: &Plan,
    before: &Before,
    clause: Clause,
    solver: &dyn Solver,
    effort: Effort,
) -> Result<Relaxation, Refusal> {
    let built = build(plan, before, &Clause::all(plan), Aim::Give(clause));
    let not = |words: &str| Relaxation { clause, by: None, least: false, words: words.into() };
    Ok(match solver.solve(&built.program, Effort { gap: 0.0, ..effort }, None)? {
        Found::Impossible => not("alone it cannot give enough"),
        Found::NothingYet(_) => not("not decided"),
        Found::Solution { values, stopped, .. } => {
            let of = |(column, value): (usize, &f64)| built.program.columns[column].cost * value;
            let by: f64 = values.iter().enumerate().map(of).sum();
            let by = if clause == Clause::Costs { by } else { (by - 1e-6).ceil().max(0.0) };
            let words = words(plan, clause, by, &built, &values);
            Relaxation { clause, by: Some(by), least: stopped == Stopped::Proved, words }
        }
    })
}

fn words(plan: &Plan, clause: Clause, by: f64, built: &Built, values: &[f64]) -> String {
    let taken = || built.stands.iter().zip(values).filter(|(_, value)| value.round() >= 1.0);
    let against = || {
        let mut tours: BTreeMap<Tour, i64> = BTreeMap::new();
        for (stands, value) in taken() {
            if let Stands::Against(tour) = stands {
                *tours.entry(*tour).or_default() += value.round() as i64;
            }
        }
        let mut words: Vec<String> = tours
            .iter()
            .map(|(tour, n)| {
                let of = plan.contingents[tour.contingent].title();
                format!("{n} × {of} in {} from {}", plan.regions[tour.region], plan.month(tour.from))
            })
            .collect();
        let more = words.len().saturating_sub(6);
        words.truncate(6);
        words.join("; ") + &if more > 0 { format!("; and {more} more") } else { String::new() }
    };
    match clause {
        Clause::AtLeast(i) => {
            let at_least = plan.presences.get(i).map_or(0, |p| p.at_least);
            format!(
                "at-least = {} would do, {by} people fewer than {at_least}",
                at_least.saturating_sub(by as u64)
            )
        }
        Clause::AtMost(i) => {
            let at_most = plan.presences.get(i).and_then(|p| p.at_most).unwrap_or(0);
            format!(
                "at-most = {} would do, {by} people more than {at_most}",
                at_most.saturating_add(by as u64)
            )
        }
        Clause::Ready => {
            let more: Vec<String> = taken()
                .filter_map(|(stands, value)| match stands {
                    Stands::More(i) => Some(format!("{} × {}", value.round(), plan.contingents[*i].title())),
                    _ => None,
                })
                .collect();
            format!("{by} contingents more would do, for example {}", more.join("; "))
        }
        Clause::Caveats => format!("{by} tours against caveats would do, for example {}", against()),
        Clause::AtHand => {
            format!("{by} tours at another time, or with less notice, would do, for example {}", against())
        }
        Clause::Costs => format!("{by:.2} {} more over all years would do", plan.currency),
        Clause::Shares => String::new(),
    }
}

/// The least whole percent that would do for every partner that is allowed less. It is sought by halving: whatever does with
/// one share does with a larger one.
fn shares(plan: &Plan, before: &Before, solver: &dyn Solver, effort: Effort) -> Result<Relaxation, Refusal> {
    let clause = Clause::Shares;
    let with = |percent: i64| -> Result<Option<bool>, Refusal> {
        let mut wider = plan.clone();
        for partner in wider.partners.values_mut() {
            partner.share_at_most = partner.share_at_most.clone().max(Number::from(percent));
        }
        let built = build(&wider, before, &Clause::all(&wider), Aim::Give(clause));
        Ok(match solver.solve(&built.program, Effort { gap: 1.0, ..effort }, None)? {
            Found::Solution { .. } => Some(true),
            Found::Impossible => Some(false),
            Found::NothingYet(_) => None,
        })
    };
    let (mut low, mut high, mut least) = (0, 100, true);
    if with(high)? != Some(true) {
        return Ok(Relaxation {
            clause,
            by: None,
            least: false,
            words: "alone it cannot give enough".into(),
        });
    }
    while high - low > 1 {
        let middle = (low + high) / 2;
        match with(middle)? {
            Some(true) => high = middle,
            Some(false) => low = middle,
            None => (low, least) = (middle, false),
        }
    }
    let words = format!("share-at-most = {high} would do, for each partner that is allowed less");
    Ok(Relaxation { clause, by: Some(high as f64), least, words })
}

impl Why {
    /// The conflict in one sentence.
    pub fn words(&self, plan: &Plan) -> String {
        let names: Vec<String> = self.conflict.iter().map(|clause| name(plan, *clause)).collect();
        let open = if self.open.is_empty() { "" } else { " (of which some may have no part in it)" };
        format!("impossible, because these conflict{open}: {}", names.join("; "))
    }

    pub(super) fn conflict_table(&self, plan: &Plan) -> Shown {
        Shown {
            name: "conflict",
            title: "clauses that cannot all be kept; without any one of them the others could be".into(),
            columns: vec!["clause"],
            rows: self.conflict.iter().map(|clause| vec![Cell::text(name(plan, *clause))]).collect(),
        }
    }

    pub(super) fn relaxations_table(&self, plan: &Plan) -> Shown {
        let row = |of: &Relaxation| {
            let proof = match (of.by, of.least) {
                (None, _) => "",
                (_, true) => "proved: less does not do",
                (_, false) => "less was not proved impossible",
            };
            vec![Cell::text(name(plan, of.clause)), Cell::text(&of.words), Cell::text(proof)]
        };
        Shown {
            name: "relaxations",
            title: "the least that each clause would have to give, all others held".into(),
            columns: vec!["clause", "would_do", "proof"],
            rows: self.relaxations.iter().map(row).collect(),
        }
    }
}
