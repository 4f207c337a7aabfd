//! A board's rows: all instances of one norm for one bearer, shown by the one that matters most.

use crate::{State, View};
use servanda_model::agreement::Norm;
use servanda_model::verdict::{Bearer, Code, Performance};
use servanda_model::{Name, Verdict, When};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

/// All instances of a norm for a bearer.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The norm's name.
    pub name: &'a Name,
    /// The norm, where the agreement has it.
    pub norm: Option<&'a Norm>,
    /// The bearer.
    pub bearer: &'a Bearer,
    /// Instances, in the board's order; never empty.
    pub instances: Vec<&'a Verdict>,
}

impl<'a> Row<'a> {
    /// The instance that speaks for the row: the worst; among several, the one broken last, or due first.
    pub fn shown(&self) -> &'a Verdict {
        let rank = |v: &Verdict| {
            let near = match v.performance {
                Performance::Pending => v.due.map_or(i64::MAX, |d| d.earliest.0),
                _ => v.breached.or(v.due).or(v.triggered).map_or(i64::MAX, |w| w.latest.0.saturating_neg()),
            };
            (State::of(v).tone, near)
        };
        let mut shown = self.instances[0];
        for v in &self.instances[1..] {
            if rank(v) < rank(shown) {
                shown = v;
            }
        }
        shown
    }

    /// Its state.
    pub fn state(&self) -> State {
        State::of(self.shown())
    }

    /// How many instances have which performance, worst first.
    pub fn counts(&self) -> Vec<(Performance, usize)> {
        let mut counts = BTreeMap::new();
        for v in &self.instances {
            *counts.entry(Reverse(v.performance)).or_insert(0) += 1;
        }
        counts.into_iter().map(|(p, n)| (p.0, n)).collect()
    }

    /// The first deadline that lies ahead, if one does.
    pub fn next_due(&self) -> Option<When> {
        let pending = self.instances.iter().filter(|v| v.performance == Performance::Pending);
        pending.filter_map(|v| v.due).min()
    }
}

/// No such norm, bearer or instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotFound {
    /// What was asked for: `norm`, `bearer` or `instance`.
    pub what: &'static str,
    /// The name that was asked for.
    pub asked: String,
    /// The names that there are.
    pub known: Vec<String>,
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no {} `{}`", self.what, self.asked)?;
        match self.known.as_slice() {
            [] => Ok(()),
            known => {
                let shown = known.iter().take(12).map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ");
                write!(f, "; there is {shown}{}", if known.len() > 12 { " and others" } else { "" })
            }
        }
    }
}

impl std::error::Error for NotFound {}

impl<'a> View<'a> {
    /// The board's rows, in its order.
    pub fn rows(&self) -> Vec<Row<'a>> {
        let mut rows: Vec<Row<'a>> = Vec::new();
        let mut place: BTreeMap<(&Name, &Bearer), usize> = BTreeMap::new();
        for v in &self.board.verdicts {
            match place.get(&(&v.norm, &v.bearer)) {
                Some(i) => rows[*i].instances.push(v),
                None => {
                    place.insert((&v.norm, &v.bearer), rows.len());
                    let norm = self.agreement.norm(v.norm.as_str());
                    rows.push(Row { name: &v.norm, norm, bearer: &v.bearer, instances: vec![v] });
                }
            }
        }
        rows
    }

    /// The verdicts that a question such as `why NORM [BEARER] [INSTANCE]` is about: of each row that fits, the named
    /// instance, else the one that speaks for the row.
    ///
    /// # Errors
    /// Where nothing has that name: what there is instead.
    pub fn find(
        &self,
        norm: &str,
        bearer: Option<&str>,
        instance: Option<&str>,
    ) -> Result<Vec<&'a Verdict>, NotFound> {
        let rows = self.rows();
        let of_norm: Vec<&Row<'a>> = rows.iter().filter(|r| *r.name == *norm).collect();
        if of_norm.is_empty() {
            let mut known: Vec<String> = self.agreement.norms.iter().map(|n| n.name.to_string()).collect();
            known.sort_by_key(|k| (!k.contains(norm), k.clone()));
            return Err(NotFound { what: "norm", asked: norm.into(), known });
        }
        let fits =
            |r: &&&Row<'a>| bearer.is_none_or(|b| crate::wording::is_bearer(self.agreement, r.bearer, b));
        let of_bearer: Vec<&&Row<'a>> = of_norm.iter().filter(fits).collect();
        if of_bearer.is_empty() {
            let known = of_norm.iter().map(|r| r.bearer.to_string()).collect();
            return Err(NotFound { what: "bearer", asked: bearer.unwrap_or_default().into(), known });
        }
        let Some(instance) = instance else {
            return Ok(of_bearer.iter().map(|r| r.shown()).collect());
        };
        let all = || of_bearer.iter().flat_map(|r| r.instances.iter().copied());
        let found: Vec<&Verdict> = all().filter(|v| v.instance == *instance).collect();
        if found.is_empty() {
            let known = all().map(|v| v.instance.to_string()).collect();
            return Err(NotFound { what: "instance", asked: instance.into(), known });
        }
        Ok(found)
    }
}

/// The step that says most: the last one that is not a mere circumstance.
pub fn main_step(verdict: &Verdict) -> &str {
    let circumstance = |code: Code| {
        matches!(
            code,
            Code::Triggered | Code::Extended | Code::BreachOf | Code::LeftToJudgement | Code::NoDeadline
        )
    };
    let steps = &verdict.reasons().because;
    let step = steps.iter().rev().find(|b| !circumstance(b.code)).or(steps.last());
    step.map_or("", |b| b.text.as_str())
}
