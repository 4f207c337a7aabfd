//! Small counts: which figures are not shown, so that nobody is found in them.
//!
//! It blurs nothing and adds nothing up. A figure is shown as it is, or said to be below the bound.
//!
//! Invariants
//! - a count of people or complaints from 1 to the bound less one is not shown in any form;
//! - where one of two parts of a shown sum is small, both parts are hidden, for one would give the other;
//! - what is computed of a hidden count is hidden with it.
//!
//! No answer adds counts up over communities or months beside the counts themselves, so that no difference gives a hidden one.

use crate::answer::Cell;

/// The least bound that a plan may state.
pub const LEAST: u64 = 5;
/// The bound where the plan states none.
pub const USUAL: u64 = 10;

/// Whether a count is too small to be shown.
pub fn is_small(n: u64, below: u64) -> bool {
    n > 0 && n < below
}

/// A count, or that it is below the bound.
pub fn count(n: u64, below: u64) -> Cell {
    if is_small(n, below) { hidden(below) } else { Cell::whole(i64::try_from(n).unwrap_or(i64::MAX)) }
}

/// Two parts of a sum that is shown: both, or neither.
pub fn parts(one: u64, other: u64, below: u64) -> [Cell; 2] {
    match is_small(one, below) || is_small(other, below) {
        true => [hidden(below), hidden(below)],
        false => [count(one, below), count(other, below)],
    }
}

/// What stands for a figure that is not shown.
pub fn hidden(below: u64) -> Cell {
    Cell::text(format!("<{below}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_count_is_nowhere_and_cannot_be_computed() {
        for n in 0..40 {
            let shown = count(n, 10).plain();
            assert_eq!(shown == n.to_string(), n == 0 || n >= 10, "{n}");
            for other in 0..40 {
                let [a, b] = parts(n, other, 10).map(|cell| cell.plain());
                // With the sum known, either part shown would give the other.
                let small = |n: u64| (1..10).contains(&n);
                assert_eq!(a == "<10" && b == "<10", small(n) || small(other), "{n} {other}");
                assert_eq!(a == "<10", b == "<10");
            }
        }
    }
}
