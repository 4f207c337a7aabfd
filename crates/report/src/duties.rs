//! The duty ledger: who owes what to whom, by when, on what evidence.
//!
//! It holds duties and remedies. Bans have no day on which something must be done; they are on the board.

use crate::{State, View, wording};
use servanda_model::agreement::{Norm, NormKind};
use servanda_model::uses::Uses;
use servanda_model::verdict::{Performance, Standing};
use servanda_model::{Instant, Verdict};

/// Which duties are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Owed {
    /// Borne by this party or body, by name or phrase, alone or with others; `None`: by anybody.
    pub party: Option<String>,
    /// Due at this moment or before; what has no due time yet is left out. `None`: whenever.
    pub until: Option<Instant>,
    /// Also what is done, over or does not apply.
    pub all: bool,
}

/// A line of the ledger.
#[derive(Clone, Debug)]
pub struct Duty<'a> {
    /// The verdict on it.
    pub verdict: &'a Verdict,
    /// The norm, where the agreement has it.
    pub norm: Option<&'a Norm>,
    /// How it is called.
    pub title: String,
    /// Heading of its clause.
    pub clause: Option<&'a str>,
    /// Bearer in words.
    pub bearer: String,
    /// To whom, in words.
    pub owed_to: String,
    /// `in 3 days 4 hours`, `2 hours ago`; `None`: no due time.
    pub time_left: Option<String>,
    /// What has to be shown, and to whom.
    pub evidence: Vec<String>,
    /// What it waits for.
    pub open_precondition: Option<&'a str>,
    /// State.
    pub state: State,
}

impl<'a> View<'a> {
    /// The ledger: overdue first, then by due time, what has none at the end.
    pub fn duties(&self, owed: &Owed) -> Vec<Duty<'a>> {
        let now = self.board.question.at;
        let mut found: Vec<Duty<'a>> = self
            .board
            .verdicts
            .iter()
            .filter(|v| matches!(v.kind, NormKind::Duty | NormKind::Remedy))
            .filter(|v| owed.party.as_ref().is_none_or(|p| wording::is_bearer(self.agreement, &v.bearer, p)))
            .filter(|v| owed.until.is_none_or(|u| v.due.is_some_and(|d| d.earliest <= u)))
            .filter(|v| owed.all || is_open(v))
            .map(|v| self.duty(v, now))
            .collect();
        found.sort_by_key(|d| {
            let due = d.verdict.due;
            (due.is_none(), due, d.title.clone(), d.bearer.clone(), d.verdict.instance.clone())
        });
        found
    }

    fn duty(&self, v: &'a Verdict, now: Instant) -> Duty<'a> {
        let norm = self.agreement.norm(v.norm.as_str());
        let clause = v.reasons().clause.or(norm.and_then(|n| n.clause));
        let owed_to: Vec<&str> = v.owed_to.iter().map(|n| self.agreement.phrase(n)).collect();
        let open_precondition = match &v.standing {
            Standing::Waiting(what) | Standing::Suspended(what) => Some(what.as_str()),
            _ => None,
        };
        Duty {
            verdict: v,
            norm,
            title: wording::norm(norm, &v.norm).to_string(),
            clause: clause.and_then(|c| self.agreement.clauses.get(c)).map(|c| c.heading.as_str()),
            bearer: wording::bearer(self.agreement, &v.bearer),
            owed_to: wording::listed(&owed_to, "and"),
            time_left: v.due.map(|d| wording::left(now, d)),
            evidence: norm.map(|n| self.evidence_needed(n)).unwrap_or_default(),
            open_precondition,
            state: State::of(v),
        }
    }

    /// What has to be shown for a norm's content, and who establishes it.
    pub fn evidence_needed(&self, norm: &Norm) -> Vec<String> {
        let mut needed = Vec::new();
        for name in &Uses::of_content(self.agreement, norm).facts {
            let Some(fact) = self.agreement.facts.get(name) else { continue };
            let phrase = if fact.phrase.is_empty() { name.as_str() } else { &fact.phrase };
            match wording::evidence(fact) {
                Some(rule) => needed.push(format!("{phrase}: {rule}")),
                None => needed.push(format!("{phrase}: a report of standard `{}`", norm.standard)),
            }
        }
        if !norm.seen_by.is_empty() {
            let seen: Vec<&str> = norm.seen_by.iter().map(|n| self.agreement.phrase(n)).collect();
            needed.push(format!("established by {}", wording::listed(&seen, "or")));
        }
        needed
    }
}

/// Whether somebody still has something to do, or to show.
fn is_open(v: &Verdict) -> bool {
    match v.performance {
        Performance::Pending | Performance::PendingEvidence | Performance::DependsOnReading => true,
        Performance::Violated | Performance::Missed => {
            v.performed_late.is_none() && !matches!(v.standing, Standing::Ended(_))
        }
        Performance::NotApplicable => matches!(v.standing, Standing::Waiting(_) | Standing::Suspended(_)),
        Performance::Satisfied => false,
    }
}
