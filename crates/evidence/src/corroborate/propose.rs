//! Proposals: reports that may speak of one event, each with a score card. Nothing counts because it is proposed.

use super::clusters::{Constraints, clusters};
use super::fields::{FIELDS, Levels};
use super::pairs::{Candidates, Pair, is_one_list};
use super::reports::Reports;
use super::rulings::Incidents;
use super::weights::Weights;
use serde_json::{Value, json};
use servanda_model::{Name, Point, Record, RecordId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What is proposed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Proposals {
    /// The surest first.
    pub proposals: Vec<Proposal>,
    /// Reports that were looked at.
    pub reports: usize,
    /// Pairs that were compared.
    pub compared: usize,
    /// Reports whose neighbourhood was too full to be looked through.
    pub cut: usize,
    /// Version of the weights.
    pub weights: String,
}

/// Reports that may speak of one event.
#[derive(Clone, PartialEq, Debug)]
pub struct Proposal {
    /// Made of the records' identities: the same records are the same proposal.
    pub id: Name,
    /// The reports, by identity.
    pub records: Vec<RecordId>,
    /// Average log-odds of its pairs.
    pub score: f64,
    /// Every pair of it that was compared.
    pub cards: Vec<Card>,
    /// Pairs of it that were never compared, because they lie far apart.
    pub not_compared: usize,
}

/// How two reports compare.
#[derive(Clone, PartialEq, Debug)]
pub struct Card {
    /// The reports.
    pub pair: (RecordId, RecordId),
    /// Log-odds: the sum of what follows and the base.
    pub score: f64,
    /// What every pair begins with.
    pub base: f64,
    /// Each field's level and what it adds, in the order of the fields.
    pub lines: Vec<Line>,
}

/// One field of a score card.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// Key of the field.
    pub field: &'static str,
    /// Key of its level.
    pub level: &'static str,
    /// The level in plain words.
    pub words: &'static str,
    /// Log-odds that it adds.
    pub adds: f64,
}

fn card(reports: &Reports, (a, b): Pair, levels: &Levels, weights: &Weights) -> Card {
    let line = |(field, level): (usize, &u8)| {
        let (key, words) = FIELDS[field].levels[*level as usize];
        Line { field: FIELDS[field].key, level: key, words, adds: weights.levels[field][*level as usize] }
    };
    Card {
        pair: (reports.id(a).clone(), reports.id(b).clone()),
        score: weights.score(levels),
        base: weights.base,
        lines: levels.iter().enumerate().map(line).collect(),
    }
}

/// The identity of a set of records.
pub fn identity(records: &[RecordId]) -> Name {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for id in records {
        for byte in id.as_str().bytes().chain([0]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Name::from(format!("p-{:012x}", (hash ^ (hash >> 48)) & 0xffff_ffff_ffff))
}

/// How the two reports compare, whether or not they are near enough to be proposed.
pub fn compare(reports: &Reports, candidates: &Candidates, a: u32, b: u32, weights: &Weights) -> Card {
    let pair = (a.min(b), a.max(b));
    card(reports, pair, &candidates.levels(reports, pair), weights)
}

/// What the records suggest, beside what was ruled already. `points` are places by name, where they are known.
pub fn propose(
    records: &[Record],
    points: &BTreeMap<Name, Point>,
    ruled: &Incidents,
    weights: &Weights,
) -> Proposals {
    let reports = Reports::of(records, points);
    let candidates = Candidates::of(&reports);
    let mut constraints = Constraints::default();
    let mut together: BTreeMap<&Name, Vec<u32>> = BTreeMap::new();
    for (id, incident) in &ruled.of {
        if let Some(report) = reports.find(id) {
            together.entry(incident).or_default().push(report);
        }
    }
    constraints.together = together.into_values().filter(|group| group.len() > 1).collect();
    if !ruled.apart.is_empty() {
        // Rulings name the first of a chain of corrections, reports are the last.
        let roots = super::rulings::roots(records);
        let mut last: BTreeMap<&RecordId, Vec<u32>> = BTreeMap::new();
        for (id, root) in &roots {
            if let Some(report) = reports.find(id) {
                last.entry(root).or_default().push(report);
            }
        }
        for (a, b) in &ruled.apart {
            for a in last.get(a).into_iter().flatten() {
                for b in last.get(b).into_iter().flatten() {
                    constraints.apart.push(((*a).min(*b), (*a).max(*b)));
                }
            }
        }
    }
    let mut scored = Vec::with_capacity(candidates.pairs.len());
    for pair in &candidates.pairs {
        let levels = candidates.levels(&reports, *pair);
        if is_one_list(&levels) {
            constraints.apart.push(*pair);
        } else {
            scored.push((*pair, weights.score(&levels)));
        }
    }
    let found = clusters(reports.len(), &scored, &constraints, weights.threshold, weights.unseen);
    let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (report, cluster) in found.iter().enumerate() {
        groups.entry(*cluster).or_default().push(report as u32);
    }
    let compared: BTreeSet<Pair> =
        candidates.pairs.iter().filter(|(a, b)| found[*a as usize] == found[*b as usize]).copied().collect();
    let mut proposals = Vec::new();
    for group in groups.into_values().filter(|group| group.len() > 1) {
        let incident = ruled.of.get(reports.id(group[0]));
        if incident.is_some() && group.iter().all(|n| ruled.of.get(reports.id(*n)) == incident) {
            continue;
        }
        let (mut cards, mut sum, mut unseen) = (Vec::new(), 0.0, 0);
        for (i, a) in group.iter().enumerate() {
            for b in &group[i + 1..] {
                if compared.contains(&(*a, *b)) {
                    let card = card(&reports, (*a, *b), &candidates.levels(&reports, (*a, *b)), weights);
                    sum += card.score;
                    cards.push(card);
                } else {
                    sum += weights.unseen;
                    unseen += 1;
                }
            }
        }
        let records: Vec<RecordId> = group.iter().map(|n| reports.id(*n).clone()).collect();
        let score = sum / (cards.len() + unseen) as f64;
        proposals.push(Proposal { id: identity(&records), records, score, cards, not_compared: unseen });
    }
    proposals.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    Proposals {
        proposals,
        reports: reports.len(),
        compared: candidates.pairs.len(),
        cut: candidates.cut,
        weights: weights.version.clone(),
    }
}

/// What log-odds say, in words.
pub fn odds(score: f64) -> String {
    let odds = libm::exp(score.abs().min(13.0));
    match odds {
        odds if odds < 1.2 => "even".to_string(),
        odds if odds < 10.0 => format!("{odds:.1} to 1 {}", if score > 0.0 { "for" } else { "against" }),
        odds => format!("{odds:.0} to 1 {}", if score > 0.0 { "for" } else { "against" }),
    }
}

impl Card {
    /// As people read it: what speaks for one event, then what speaks against it, the strongest first.
    pub fn text(&self) -> String {
        let mut out =
            format!("{}  {}\n  {:+.2} in all, {}\n", self.pair.0, self.pair.1, self.score, odds(self.score));
        let _ = writeln!(out, "  {:+.2} before anything is compared", self.base);
        let mut lines: Vec<&Line> = self.lines.iter().collect();
        lines.sort_by(|a, b| b.adds.total_cmp(&a.adds));
        for line in lines {
            let _ = writeln!(out, "  {:+.2} {}", line.adds, line.words);
        }
        out
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        let line = |l: &Line| json!({ "field": l.field, "level": l.level, "words": l.words, "adds": rounded(l.adds) });
        json!({
            "records": [self.pair.0.as_str(), self.pair.1.as_str()],
            "score": rounded(self.score),
            "base": rounded(self.base),
            "fields": self.lines.iter().map(line).collect::<Vec<_>>(),
        })
    }
}

fn rounded(number: f64) -> Value {
    json!((number * 1000.0).round() / 1000.0)
}

impl Proposals {
    /// As a document for programs, version 1.
    pub fn json(&self) -> String {
        let one = |p: &Proposal| {
            json!({
                "proposal": p.id.as_str(),
                "records": p.records.iter().map(Name::as_str).collect::<Vec<_>>(),
                "score": rounded(p.score),
                "not_compared": p.not_compared,
                "cards": p.cards.iter().map(Card::json).collect::<Vec<_>>(),
            })
        };
        let document = json!({
            "v": 1,
            "weights": self.weights,
            "reports": self.reports,
            "compared": self.compared,
            "cut": self.cut,
            "proposals": self.proposals.iter().map(one).collect::<Vec<_>>(),
        });
        format!("{document:#}\n")
    }
}
