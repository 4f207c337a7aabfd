//! Weights learned from labels: log-odds that add up, held near what was believed before.
//!
//! A penalised logistic regression: each level of each field has a weight, and a quadratic penalty holds every weight near
//! that of the weights before. Few rulings therefore change little, and none change nothing.
//!
//! Invariants
//! - the same labels in any order give the same weights: they are sorted first;
//! - without labels the weights are those of before.
//!
//! # Source
//! Newton's method for a ridge penalty (le Cessie and van Houwelingen, 1992).

use super::fields::Levels;
use super::weights::Weights;

/// How strongly weights are held near those before, as if so many comparisons had spoken for each.
pub const PENALTY: f64 = 4.0;

/// Weights that explain the labels, held near `before`.
pub fn fit(labelled: &[(Levels, bool)], before: &Weights, penalty: f64, version: &str) -> Weights {
    let mut labelled = labelled.to_vec();
    labelled.sort_unstable();
    // Alike comparisons are one with a number.
    let mut rows: Vec<(Vec<usize>, f64, f64)> = Vec::new();
    let mut last: Option<Levels> = None;
    for (levels, same) in &labelled {
        if last != Some(*levels) {
            rows.push((Weights::places(levels).to_vec(), 0.0, 0.0));
            last = Some(*levels);
        }
        if let Some(row) = rows.last_mut() {
            row.1 += 1.0;
            row.2 += f64::from(u8::from(*same));
        }
    }
    let prior = before.row();
    let size = prior.len();
    let mut now = prior.clone();
    for _ in 0..50 {
        let mut slope = vec![0.0; size];
        let mut bend = vec![0.0; size * size];
        for (places, count, same) in &rows {
            let mut score = 0.0;
            for place in places {
                score += now[*place];
            }
            let p = 1.0 / (1.0 + libm::exp(-score));
            let (pull, weight) = (same - count * p, count * p * (1.0 - p));
            for one in places {
                slope[*one] += pull;
                for other in places {
                    bend[one * size + other] += weight;
                }
            }
        }
        for i in 0..size {
            // The base is hardly held: it is the share of labels that are alike.
            let penalty = if i == 0 { penalty / 10.0 } else { penalty };
            slope[i] -= penalty * (now[i] - prior[i]);
            bend[i * size + i] += penalty;
        }
        let Some(by) = solve(bend, slope, size) else { break };
        let mut most = 0.0f64;
        for (weight, step) in now.iter_mut().zip(&by) {
            *weight += step.clamp(-2.0, 2.0);
            most = most.max(step.abs());
        }
        if most < 1e-9 {
            break;
        }
    }
    let mut weights = before.clone();
    weights.version = version.to_string();
    weights.take(&now);
    weights
}

/// Solves a symmetric positive system by Cholesky's decomposition.
fn solve(mut a: Vec<f64>, mut b: Vec<f64>, size: usize) -> Option<Vec<f64>> {
    for i in 0..size {
        for j in 0..=i {
            let mut sum = a[i * size + j];
            for k in 0..j {
                sum -= a[i * size + k] * a[j * size + k];
            }
            if i == j {
                if sum <= 0.0 {
                    return None;
                }
                a[i * size + i] = sum.sqrt();
            } else {
                a[i * size + j] = sum / a[j * size + j];
            }
        }
    }
    for i in 0..size {
        for k in 0..i {
            b[i] -= a[i * size + k] * b[k];
        }
        b[i] /= a[i * size + i];
    }
    for i in (0..size).rev() {
        for k in i + 1..size {
            b[i] -= a[k * size + i] * b[k];
        }
        b[i] /= a[i * size + i];
    }
    Some(b)
}

#[cfg(test)]
mod tests {
    use super::super::fields::COUNT;
    use super::*;

    fn levels(time: u8, kind: u8) -> Levels {
        let mut levels = [0; COUNT];
        levels[super::super::fields::TIME] = time;
        levels[super::super::fields::KIND] = kind;
        levels
    }

    #[test]
    fn a_level_that_speaks_for_one_event_gets_more() {
        let mut labelled = vec![(levels(0, 4), true); 30];
        labelled.extend(vec![(levels(0, 1), false); 30]);
        labelled.extend(vec![(levels(0, 4), false); 3]);
        let before = Weights::nought("before");
        let learned = fit(&labelled, &before, PENALTY, "x");
        assert!(learned.score(&levels(0, 4)) > 0.5 && learned.score(&levels(0, 1)) < -0.5);
        let mut turned = labelled.clone();
        turned.reverse();
        assert_eq!(fit(&turned, &before, PENALTY, "x"), learned, "the order makes no difference");
        assert_eq!(fit(&[], &before, PENALTY, "before"), before);
    }

    #[test]
    fn few_labels_change_little() {
        let before = Weights::nought("before");
        let few = fit(&[(levels(1, 1), true)], &before, PENALTY, "x");
        let change = few.row().iter().skip(1).fold(0.0f64, |most, w| most.max(w.abs()));
        assert!(change > 0.0 && change < 0.3, "{change}");
    }
}
