//! Why reports are one incident: what they were entered as, who ruled, and how they compare.
//!
//! What it deliberately does not do: join anything ([`super::rulings::incidents`] does). A score card stands beside a ruling to be
//! looked at, whether or not whoever ruled had it; it is no reason by itself.
//!
//! Invariants
//! - a ruling is named where it stands and speaks of a record of the incident, and no other is; one that was not followed says so;
//! - every report of an incident that was joined stands under one reason at least, a correction under what it corrects.
//!
//! Where to start reading: [`Joined::of`].

use super::propose::{Card, compare, odds};
use super::rulings::{Ruling, Said, incidents, roots, standing, to_json};
use super::{Candidates, Reports, Weights};
use serde_json::{Value, json};
use servanda_model::{Calendar, Instant, Name, Point, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// So many score cards are shown, those of the least likely pairs: there a reader looks first.
const CARDS: usize = 3;

/// Why the reports of one incident are one.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Joined {
    /// Reports that were entered with a name of the incident, by that name; only where it joins two or more.
    pub entered_as: BTreeMap<Name, BTreeSet<RecordId>>,
    /// Rulings that stand and speak of its reports, as they were made.
    pub rulings: Vec<Ruling>,
    /// Those of them, and names that reports were entered with, that are not followed, with the ruling that holds against them.
    pub not_followed: BTreeMap<Name, Name>,
    /// How reports that were ruled to speak of it compare.
    pub cards: Vec<Card>,
    /// Pairs whose cards are left out.
    pub more: usize,
}

impl Joined {
    /// Why `reports`, of one incident as known at a moment, are one. `entered` are all records as they were entered, `points` places
    /// by name where they are known.
    pub fn of(
        reports: &BTreeSet<RecordId>,
        entered: &[Record],
        rulings: &[Ruling],
        known_at: Instant,
        points: &BTreeMap<Name, Point>,
        weights: &Weights,
    ) -> Joined {
        let roots = roots(entered);
        let inside: BTreeSet<&RecordId> = reports.iter().filter_map(|id| roots.get(id)).collect();
        let is_inside = |id: &RecordId| roots.get(id).is_some_and(|root| inside.contains(root));
        let mut joined = Joined::default();
        for record in entered.iter().filter(|r| r.recorded <= known_at && is_inside(&r.id)) {
            if let Some(incident) = &record.incident {
                joined.entered_as.entry(incident.clone()).or_default().insert(record.id.clone());
            }
        }
        joined.entered_as.retain(|_, ids| ids.iter().map(|id| &roots[id]).collect::<BTreeSet<_>>().len() > 1);
        let speaks_of_it = |ruling: &&Ruling| match &ruling.said {
            Said::One(ids) => ids.iter().filter(|id| is_inside(id)).count() > 1,
            Said::Apart { records, from } => records.iter().chain(from).any(is_inside),
            Said::Undone(_) => false,
        };
        joined.rulings = standing(rulings, known_at).into_iter().filter(speaks_of_it).cloned().collect();
        let named: BTreeSet<&Name> =
            joined.rulings.iter().map(|r| &r.id).chain(joined.entered_as.keys()).collect();
        joined.not_followed = incidents(entered, rulings, known_at)
            .clashes
            .into_iter()
            .filter(|clash| named.contains(&clash.not_followed))
            .map(|clash| (clash.not_followed, clash.because_of))
            .collect();
        joined.compare(entered, known_at, points, weights, is_inside);
        joined
    }

    fn compare(
        &mut self,
        entered: &[Record],
        known_at: Instant,
        points: &BTreeMap<Name, Point>,
        weights: &Weights,
        is_inside: impl Fn(&RecordId) -> bool,
    ) {
        let mut pairs: BTreeSet<(RecordId, RecordId)> = BTreeSet::new();
        for ruling in &self.rulings {
            if let Said::One(ids) = &ruling.said {
                let ids: Vec<&RecordId> = ids.iter().filter(|id| is_inside(id)).collect();
                let all =
                    ids.iter().enumerate().flat_map(|(n, a)| ids[n + 1..].iter().map(move |b| (*a, *b)));
                pairs.extend(all.map(|(a, b)| (a.clone(), b.clone())));
            }
        }
        if pairs.is_empty() {
            return;
        }
        let known: Vec<Record> = entered.iter().filter(|r| r.recorded <= known_at).cloned().collect();
        let read = Reports::of(&known, points);
        let candidates = Candidates::of(&read);
        let mut cards: Vec<Card> = pairs
            .iter()
            // What was corrected or taken back since speaks no more.
            .filter_map(|(a, b)| Some((read.find(a)?, read.find(b)?)))
            .filter(|(a, b)| a != b)
            .map(|(a, b)| compare(&read, &candidates, a, b, weights))
            .collect();
        cards.sort_by(|a, b| a.score.total_cmp(&b.score).then_with(|| a.pair.cmp(&b.pair)));
        self.more = cards.len().saturating_sub(CARDS);
        cards.truncate(CARDS);
        self.cards = cards;
    }

    /// Whether nothing joined anything.
    pub fn is_empty(&self) -> bool {
        self.entered_as.is_empty() && self.rulings.is_empty()
    }

    /// As people read it; empty where nothing joined anything.
    pub fn text(&self, calendar: &Calendar) -> String {
        if self.is_empty() {
            return String::new();
        }
        let list = |ids: &BTreeSet<RecordId>| ids.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
        let held = |name: &Name| match self.not_followed.get(name) {
            Some(by) => format!("; not followed, because `{by}` holds apart what it would bring together"),
            None => String::new(),
        };
        let mut out = String::from("\nWhy these reports are one incident\n");
        for (name, ids) in &self.entered_as {
            let _ = writeln!(out, "  entered as `{name}`: {}{}", list(ids), held(name));
        }
        for ruling in &self.rulings {
            let why = if ruling.why.is_empty() { String::new() } else { format!(": {}", ruling.why) };
            let _ = writeln!(out, "  {}  {}  {}{why}", ruling.id, calendar.show(ruling.at), ruling.by);
            let said = match &ruling.said {
                Said::One(ids) => format!("one event: {}", list(ids)),
                Said::Apart { records, from } if from.is_empty() => {
                    format!("no two of one event: {}", list(records))
                }
                Said::Apart { records, from } => {
                    format!("not of one event with {}: {}", list(from), list(records))
                }
                Said::Undone(id) => format!("taken back: {id}"),
            };
            let _ = writeln!(out, "    {said}{}", held(&ruling.id));
            if let Some(score) = ruling.score {
                let score = score as f64 / 1000.0;
                let _ = writeln!(
                    out,
                    "    proposed at {score:+.2}, {}, by the weights {}",
                    odds(score),
                    ruling.weights
                );
            }
        }
        if !self.cards.is_empty() {
            out.push_str("\nHow they compare (`servanda links show A B`); the least alike first\n");
            for card in &self.cards {
                card.text().lines().for_each(|line| {
                    let _ = writeln!(out, "  {line}");
                });
            }
        }
        if self.more > 0 {
            let _ = writeln!(out, "  and {} more pairs", self.more);
        }
        out
    }

    /// For programs: `null` where nothing joined anything.
    pub fn json(&self) -> Value {
        if self.is_empty() {
            return Value::Null;
        }
        let list = |ids: &BTreeSet<RecordId>| ids.iter().map(|id| json!(id.as_str())).collect::<Vec<_>>();
        let entered = |(name, ids): (&Name, &BTreeSet<RecordId>)| json!({"incident": name.as_str(), "records": list(ids)});
        let ruled = |ruling: &Ruling| {
            let mut value: Value = serde_json::from_str(&to_json(ruling)).unwrap_or_default();
            value["not_followed_because_of"] = json!(self.not_followed.get(&ruling.id).map(Name::as_str));
            value
        };
        json!({
            "entered_as": self.entered_as.iter().map(entered).collect::<Vec<_>>(),
            "rulings": self.rulings.iter().map(ruled).collect::<Vec<_>>(),
            "cards": self.cards.iter().map(Card::json).collect::<Vec<_>>(),
            "cards_left_out": self.more,
        })
    }
}
