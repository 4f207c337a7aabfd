//! Many variants of one rule, "at least n events of at least m kinds in any span", over one sorted column of times.
//!
//! The condition holds at t where the window `(t − span, t]` holds enough. At an event it is enough to know the *critical*
//! event: the latest from which on there is enough. The condition then holds until the critical event leaves the window.
//! So for given n and m each event begins an episode for a range of spans: long enough to reach its own critical event,
//! too short to have been held by the one before. One pass serves all windows.

use std::ops::RangeInclusive;

/// Before every time: nothing critical.
const NEVER: i64 = i64::MIN / 4;

/// One variant of a rule, and how often it would have triggered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variant {
    /// Length of the window in milliseconds.
    pub window: i64,
    /// At least so many events.
    pub count: u32,
    /// Of at least so many different keys.
    pub distinct: u32,
    /// How many episodes began.
    pub triggers: u32,
    /// Start of the first.
    pub first: Option<i64>,
}

/// How often each variant would have triggered: for every one of `windows`, `counts` and `distinct`, in the order of
/// `distinct`, then counts, then windows as given. Without `distinct`, or without keys, nothing is asked of the keys.
///
/// An episode begins when `(t − window, t]` comes to hold enough and ends when it no longer does: two events exactly a
/// window apart are in no window together.
///
/// # Units
/// `times` in milliseconds, ascending; `windows` in milliseconds; `keys` beside `times`.
///
/// # Panics
/// Where `times` do not ascend, or `keys` are not as many.
///
/// # Source
/// `docs/reference/language.md`, "Values".
///
/// # Example
/// ```
/// // Within 15: at 10, until 0 leaves at 15; and again at 20.
/// let found = servanda_engine::columns::sweep(&[0, 10, 20, 100], None, &[15, 30], 2..=3, &[]);
/// assert_eq!(found.iter().map(|v| v.triggers).collect::<Vec<_>>(), [2, 1, 0, 1]);
/// ```
pub fn sweep(
    times: &[i64],
    keys: Option<&[u32]>,
    windows: &[i64],
    counts: RangeInclusive<u32>,
    distinct: &[u32],
) -> Vec<Variant> {
    assert!(times.is_sorted(), "the times of a sweep ascend");
    assert!(keys.is_none_or(|k| k.len() == times.len()), "a sweep has a key for each time");
    let mut order: Vec<usize> = (0..windows.len()).collect();
    order.sort_by_key(|i| windows[*i]);
    let spans: Vec<i64> = order.iter().map(|i| windows[*i]).collect();
    let asked = if distinct.is_empty() { &[0][..] } else { distinct };
    let mut found = Vec::with_capacity(asked.len() * counts.clone().count() * windows.len());
    for &kinds in asked {
        let held = keys.filter(|_| kinds > 1).map(|keys| latest_with(times, keys, kinds as usize));
        for count in counts.clone() {
            let begun = starts(times, held.as_deref(), count.max(1) as usize, &spans);
            let base = found.len();
            found.extend(windows.iter().map(|window| Variant {
                window: *window,
                count,
                distinct: kinds,
                triggers: 0,
                first: None,
            }));
            for ((triggers, first), place) in begun.into_iter().zip(&order) {
                let variant = &mut found[base + place];
                (variant.triggers, variant.first) = (triggers, first);
            }
        }
    }
    found
}

/// For each event the latest time from which on `kinds` different keys were seen up to it; [`NEVER`] where there are not
/// so many.
fn latest_with(times: &[i64], keys: &[u32], kinds: usize) -> Vec<i64> {
    let mut recent: Vec<(u32, i64)> = Vec::with_capacity(kinds + 1);
    let seen = times.iter().zip(keys).map(|(time, key)| {
        let known = recent.iter().position(|(k, _)| k == key);
        recent.truncate(if known.is_none() { kinds - 1 } else { kinds });
        if let Some(known) = known {
            recent.remove(known);
        }
        recent.insert(0, (*key, *time));
        recent.get(kinds - 1).map_or(NEVER, |(_, t)| *t)
    });
    seen.collect()
}

/// For each of the ascending `spans`: how many episodes begin, and when the first does.
fn starts(times: &[i64], held: Option<&[i64]>, count: usize, spans: &[i64]) -> Vec<(u32, Option<i64>)> {
    let mut found = vec![(0, None); spans.len()];
    let mut before = NEVER;
    let mut hint = 0;
    for (j, &t) in times.iter().enumerate().skip(count - 1) {
        if times.get(j + 1) == Some(&t) {
            continue;
        }
        let by_count = times[j + 1 - count];
        let critical = held.map_or(by_count, |held| held[j].min(by_count));
        let (longer_than, shorter_than) = (t - critical, t - before);
        before = critical;
        while hint > 0 && spans[hint - 1] > longer_than {
            hint -= 1;
        }
        while hint < spans.len() && spans[hint] <= longer_than {
            hint += 1;
        }
        let begun = spans[hint..].iter().zip(&mut found[hint..]).take_while(|(s, _)| **s < shorter_than);
        for (_, (triggers, first)) in begun {
            *triggers += 1;
            first.get_or_insert(t);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, instant by instant.
    fn plainly(times: &[i64], keys: &[u32], window: i64, count: u32, distinct: u32) -> (u32, Option<i64>) {
        let (mut held, mut triggers, mut first) = (false, 0, None);
        let (from, to) = (times[0] - 1, times[times.len() - 1] + window + 1);
        for t in from..=to {
            let within: Vec<usize> =
                (0..times.len()).filter(|i| t - window < times[*i] && times[*i] <= t).collect();
            let mut kinds: Vec<u32> = within.iter().map(|i| keys[*i]).collect();
            kinds.sort_unstable();
            kinds.dedup();
            let holds = within.len() >= count as usize && kinds.len() >= distinct as usize;
            if holds && !held {
                triggers += 1;
                first = first.or(Some(t));
            }
            held = holds;
        }
        (triggers, first)
    }

    #[test]
    fn every_variant_is_what_the_definition_says() {
        let mut seed = 7u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let mut triggered = 0;
        for world in 0..60 {
            let n = 1 + next(30) as usize;
            let mut times: Vec<i64> =
                (0..n).map(|_| next(if world % 2 == 0 { 40 } else { 200 }) as i64).collect();
            times.sort_unstable();
            let keys: Vec<u32> = (0..n).map(|_| next(4) as u32).collect();
            let windows = [7, 1, 30, 12, 60];
            for v in sweep(&times, Some(&keys), &windows, 1..=6, &[0, 1, 2, 3]) {
                let plain = plainly(&times, &keys, v.window, v.count, v.distinct);
                assert_eq!((v.triggers, v.first), plain, "{times:?} {keys:?} {v:?}");
                triggered += v.triggers;
            }
        }
        assert!(triggered > 1000);
    }

    #[test]
    fn exactly_a_window_apart_is_in_no_window_together() {
        let two = |span| sweep(&[0, 10], None, &[span], 2..=2, &[])[0].triggers;
        assert_eq!((two(10), two(11)), (0, 1));
        assert!(sweep(&[], None, &[5], 1..=1, &[]).iter().all(|v| v.triggers == 0 && v.first.is_none()));
    }
}
