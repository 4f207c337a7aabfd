//! How good proposals are, on reports that people linked already: pair F1 and B³, on places that were held out.
//!
//! It never looks at a held-out label before it measures: weights and threshold come from the other places.
//!
//! Invariants
//! - the same reports and labels give the same figures, in whatever order they come;
//! - a report without a label takes no part.
//!
//! # Source
//! B³: Bagga and Baldwin (1998).

use super::clusters::{Constraints, clusters};
use super::fields::Levels;
use super::fit::fit;
use super::pairs::{Candidates, Pair, is_one_list};
use super::reports::Reports;
use super::weights::Weights;
use std::collections::BTreeMap;

/// Figures, summed over as many measurements as were added.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
pub struct Figures {
    /// Pairs that are of one event and were found so.
    pub pairs_right: u64,
    /// Pairs that were found so.
    pub pairs_found: u64,
    /// Pairs that are so.
    pub pairs_true: u64,
    /// Summed B³ precision of reports.
    pub precision: f64,
    /// Summed B³ recall of reports.
    pub recall: f64,
    /// Reports.
    pub reports: u64,
}

impl Figures {
    /// The figures of clusters against labels, both by report.
    pub fn of(found: &[u32], truth: &[u32]) -> Figures {
        let mut both: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        let (mut by_found, mut by_truth) = (BTreeMap::new(), BTreeMap::new());
        for (f, t) in found.iter().zip(truth) {
            *both.entry((*f, *t)).or_default() += 1;
            *by_found.entry(*f).or_insert(0u64) += 1;
            *by_truth.entry(*t).or_insert(0u64) += 1;
        }
        let pairs = |n: &u64| n * (n - 1) / 2;
        let (mut precision, mut recall) = (0.0, 0.0);
        for ((f, t), n) in &both {
            precision += (n * n) as f64 / by_found[f] as f64;
            recall += (n * n) as f64 / by_truth[t] as f64;
        }
        Figures {
            pairs_right: both.values().map(pairs).sum(),
            pairs_found: by_found.values().map(pairs).sum(),
            pairs_true: by_truth.values().map(pairs).sum(),
            precision,
            recall,
            reports: found.len() as u64,
        }
    }

    /// Both together.
    pub fn and(self, other: Figures) -> Figures {
        Figures {
            pairs_right: self.pairs_right + other.pairs_right,
            pairs_found: self.pairs_found + other.pairs_found,
            pairs_true: self.pairs_true + other.pairs_true,
            precision: self.precision + other.precision,
            recall: self.recall + other.recall,
            reports: self.reports + other.reports,
        }
    }

    /// F1 of pairs; 1 where there is no pair to be found and none was.
    pub fn pair_f1(&self) -> f64 {
        match self.pairs_found + self.pairs_true {
            0 => 1.0,
            both => 2.0 * self.pairs_right as f64 / both as f64,
        }
    }

    /// Precision and recall of pairs.
    pub fn pair_precision_recall(&self) -> (f64, f64) {
        let share = |of: u64| if of == 0 { 1.0 } else { self.pairs_right as f64 / of as f64 };
        (share(self.pairs_found), share(self.pairs_true))
    }

    /// B³ F1.
    pub fn b_cubed(&self) -> f64 {
        if self.precision + self.recall <= 0.0 {
            return 1.0;
        }
        let n = self.reports as f64;
        let (p, r) = (self.precision / n, self.recall / n);
        2.0 * p * r / (p + r)
    }
}

/// Labelled reports in groups that are held out together.
#[derive(Debug)]
pub struct Labelled {
    /// Compared pairs.
    pairs: Vec<(Pair, Levels)>,
    /// The true event of each report; `None` takes no part.
    truth: Vec<Option<u32>>,
    /// The fold of each report.
    fold: Vec<u32>,
    /// How many folds.
    folds: u32,
}

/// One fold, held out.
#[derive(Clone, PartialEq, Debug)]
pub struct Held {
    /// Weights and threshold from the other folds.
    pub weights: Weights,
    /// Figures on this one.
    pub figures: Figures,
}

/// Deals groups into folds of about the same number of reports, the greatest first. No label is looked at.
pub fn deal(groups: &[&str], folds: u32) -> Vec<u32> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for group in groups {
        *sizes.entry(group).or_default() += 1;
    }
    let mut order: Vec<(&str, usize)> = sizes.into_iter().collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut full = vec![0; folds as usize];
    let mut dealt = BTreeMap::new();
    for (group, size) in order {
        let to = (0..full.len()).min_by_key(|fold| (full[*fold], *fold)).unwrap_or(0);
        full[to] += size;
        dealt.insert(group, to as u32);
    }
    groups.iter().map(|group| dealt[group]).collect()
}

/// Thresholds that are tried.
fn thresholds() -> impl Iterator<Item = f64> {
    (-12..=8).map(|quarter| f64::from(quarter) / 4.0)
}

impl Labelled {
    /// Compares the reports once. `truth` and `fold` are by report.
    pub fn new(reports: &Reports, truth: Vec<Option<u32>>, fold: Vec<u32>) -> Labelled {
        let candidates = Candidates::of(reports);
        let pairs = candidates.pairs.iter().map(|p| (*p, candidates.levels(reports, *p))).collect();
        let folds = fold.iter().max().map_or(0, |most| most + 1);
        Labelled { pairs, truth, fold, folds }
    }

    /// How many pairs were compared, and how many pairs of one event are among them and in all.
    pub fn reach(&self) -> (usize, usize, u64) {
        let of = |n: u32| self.truth[n as usize];
        let same = self.pairs.iter().filter(|((a, b), _)| of(*a).is_some() && of(*a) == of(*b)).count();
        let truth: Vec<u32> = self.truth.iter().flatten().copied().collect();
        (self.pairs.len(), same, Figures::of(&truth, &truth).pairs_true)
    }

    /// Pairs whose two reports lie in folds that are asked for.
    fn within(&self, asked: impl Fn(u32) -> bool) -> impl Iterator<Item = &(Pair, Levels)> {
        self.pairs.iter().filter(move |((a, b), _)| {
            [a, b].into_iter().all(|n| asked(self.fold[*n as usize]) && self.truth[*n as usize].is_some())
        })
    }

    /// Weights learned on some folds, nought before.
    fn learned(&self, asked: impl Fn(u32) -> bool, penalty: f64, version: &str) -> Weights {
        let labelled: Vec<(Levels, bool)> = self
            .within(asked)
            .filter(|(_, levels)| !is_one_list(levels))
            .map(|((a, b), levels)| (*levels, self.truth[*a as usize] == self.truth[*b as usize]))
            .collect();
        fit(&labelled, &Weights::nought(version), penalty, version).rising()
    }

    /// The figures of weights at a threshold, on some folds.
    pub fn figures(&self, weights: &Weights, threshold: f64, asked: impl Fn(u32) -> bool) -> Figures {
        let mut number = vec![0u32; self.truth.len()];
        let mut truth = Vec::new();
        for (report, event) in self.truth.iter().enumerate() {
            if let (Some(event), true) = (event, asked(self.fold[report])) {
                number[report] = truth.len() as u32;
                truth.push(*event);
            }
        }
        let mut scored = Vec::new();
        let mut constraints = Constraints::default();
        for ((a, b), levels) in self.within(&asked) {
            let pair = (number[*a as usize], number[*b as usize]);
            if is_one_list(levels) {
                constraints.apart.push(pair);
            } else {
                scored.push((pair, weights.score(levels)));
            }
        }
        Figures::of(&clusters(truth.len(), &scored, &constraints, threshold, weights.unseen), &truth)
    }

    /// Weights from some folds, and the threshold that did best when each of these folds was left out in turn.
    pub fn train(&self, asked: impl Fn(u32) -> bool + Copy, penalty: f64, version: &str) -> Weights {
        let inner: Vec<(u32, Weights)> = (0..self.folds)
            .filter(|fold| asked(*fold))
            .map(|out| (out, self.learned(|fold| asked(fold) && fold != out, penalty, version)))
            .collect();
        let mut best = (f64::NEG_INFINITY, 0.0);
        for threshold in thresholds() {
            let mut sum = Figures::default();
            for (out, weights) in &inner {
                sum = sum.and(self.figures(weights, threshold, |fold| fold == *out));
            }
            // Both figures count alike: pairs are few in small events, reports in great ones.
            let good = sum.pair_f1() + sum.b_cubed();
            if good > best.0 {
                best = (good, threshold);
            }
        }
        let mut weights = self.learned(asked, penalty, version);
        weights.threshold = best.1;
        weights.rounded()
    }

    /// Each fold held out in turn: weights and threshold from the others, figures on it.
    pub fn held_out(&self, penalty: f64) -> Vec<Held> {
        (0..self.folds)
            .map(|out| {
                let weights = self.train(|fold| fold != out, penalty, "held-out");
                let figures = self.figures(&weights, weights.threshold, |fold| fold == out);
                Held { weights, figures }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_hand() {
        // True: {0,1,2} {3} {4,5}. Found: {0,1} {2,3} {4,5}.
        let figures = Figures::of(&[0, 0, 2, 2, 4, 4], &[0, 0, 0, 1, 2, 2]);
        assert_eq!((figures.pairs_right, figures.pairs_found, figures.pairs_true), (2, 3, 4));
        assert!((figures.pair_f1() - 4.0 / 7.0).abs() < 1e-12);
        let (p, r) =
            ((1.0 + 1.0 + 0.5 + 0.5 + 1.0 + 1.0) / 6.0, (2.0 / 3.0 * 2.0 + 1.0 / 3.0 + 1.0 + 2.0) / 6.0);
        assert!((figures.b_cubed() - 2.0 * p * r / (p + r)).abs() < 1e-12);
    }

    #[test]
    fn groups_are_dealt_evenly_and_whole() {
        let groups = ["a", "a", "a", "b", "b", "c", "d"];
        assert_eq!(deal(&groups, 2), [0, 0, 0, 1, 1, 1, 0]);
    }
}
