//! Chance from a seed, without a stream: each draw is a function of what it is drawn for.
//!
//! So futures may be drawn in any order and on any thread, and a parameter that is added changes no other draw. Only
//! operations that are rounded the same on every machine are used.
//!
//! # Source
//! The mixing function is that of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).

use super::plan::{Parameter, Range};

fn mixed(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Evenly in 0 to 1, 1 excluded, for a future, a category, a parameter and a step.
fn share(seed: u64, future: u32, category: &str, parameter: u64, step: u32) -> f64 {
    let mut state = mixed(seed);
    for part in [u64::from(future), parameter, u64::from(step)] {
        state = mixed(state ^ part);
    }
    for byte in category.bytes() {
        state = mixed(state ^ u64::from(byte));
    }
    (state >> 11) as f64 / (1u64 << 53) as f64
}

/// A value of a range for a future: triangular from low over likely to high. For the same subject it rises with each of the
/// three.
pub fn draw(seed: u64, future: u32, category: &str, parameter: Parameter, step: u32, range: &Range) -> u64 {
    drawn(seed, future, category, parameter.number(), step, range)
}

/// The same for a parameter of another plan; each has a number of its own.
pub(crate) fn drawn(seed: u64, future: u32, category: &str, parameter: u64, step: u32, range: &Range) -> u64 {
    if range.low == range.high {
        return range.low;
    }
    let u = share(seed, future, category, parameter, step);
    let (low, likely, high) = (range.low as f64, range.likely as f64, range.high as f64);
    let width = high - low;
    let value = if u * width < likely - low {
        low + (u * width * (likely - low)).sqrt()
    } else {
        high - ((1.0 - u) * width * (high - likely)).sqrt()
    };
    (value.round() as u64).clamp(range.low, range.high)
}

/// All futures in order, made on so many threads: the answer is the same with any number of them.
pub fn each_future<T: Send>(futures: u32, threads: u16, of: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let threads = u32::from(threads.max(1));
    let chunk = futures.div_ceil(threads).max(1);
    let some = |from: u32| {
        let until = from.saturating_add(chunk).min(futures);
        (from..until).map(&of).collect::<Vec<T>>()
    };
    if threads == 1 {
        return some(0);
    }
    std::thread::scope(|scope| {
        let some = &some;
        let starts = (0..threads).filter_map(|n| n.checked_mul(chunk)).filter(|from| *from < futures);
        let running: Vec<_> = starts.map(|from| scope.spawn(move || some(from))).collect();
        let mut all = Vec::new();
        for thread in running {
            match thread.join() {
                Ok(futures) => all.extend(futures),
                // A bug of ours in a thread is a bug of ours here.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forces::plan::Each;

    #[test]
    fn a_triangle_has_its_mean_and_stays_within() {
        let range = Range { low: 1_000, likely: 2_000, high: 6_000, each: Each::Future };
        let values: Vec<u64> = (0..20_000).map(|n| draw(1, n, "a", Parameter::Recruits, 0, &range)).collect();
        assert!(values.iter().all(|v| (1_000..=6_000).contains(v)));
        let mean = values.iter().sum::<u64>() as f64 / values.len() as f64;
        // (1000 + 2000 + 6000) / 3; the standard error of the mean is 7.6.
        assert!((mean - 3_000.0).abs() < 40.0, "{mean}");
        let below = values.iter().filter(|v| **v < 2_000).count() as f64 / values.len() as f64;
        assert!((below - 0.2).abs() < 0.015, "a fifth lies below the likely value: {below}");
    }

    #[test]
    fn a_draw_depends_on_its_subject_alone_and_rises_with_the_range() {
        let range = Range { low: 0, likely: 500_000, high: 1_000_000, each: Each::Future };
        let of = |seed, future, category: &str, step| {
            draw(seed, future, category, Parameter::Losses, step, &range)
        };
        assert_eq!(of(1, 2, "a", 3), of(1, 2, "a", 3));
        for other in [of(2, 2, "a", 3), of(1, 3, "a", 3), of(1, 2, "b", 3), of(1, 2, "a", 4)] {
            assert_ne!(other, of(1, 2, "a", 3));
        }
        for future in 0..500 {
            let at = |low, likely, high| {
                draw(9, future, "a", Parameter::Losses, 0, &Range { low, likely, high, each: Each::Future })
            };
            assert!(at(10, 500, 900) <= at(40, 500, 900));
            assert!(at(10, 500, 900) <= at(10, 600, 900));
            assert!(at(10, 500, 900) <= at(10, 500, 990));
        }
    }
}
