//! How often one source may ask while nobody there is signed in: a bucket for each network, which fills again as time passes.
//!
//! What it deliberately does not do: count those who signed in (an office of hundreds has one address), or this machine itself.
//!
//! Invariants
//! - what is kept is bounded; a bucket that is full again is forgotten;
//! - a clock that is set back gives nothing and takes nothing.

use servanda_model::Instant;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// So many at once.
const BURST: i64 = 1_000;
/// So many a second afterwards.
const A_SECOND: i64 = 200;
/// Buckets that are kept.
const MOST: usize = 20_000;

/// Buckets by network.
#[derive(Default)]
pub(crate) struct Pace {
    /// When it was looked at last, and how many thousandths of a request are left.
    left: Mutex<BTreeMap<IpAddr, (i64, i64)>>,
}

fn filled((at, left): (i64, i64), now: i64) -> i64 {
    (left + (now - at).clamp(0, 3_600_000) * A_SECOND).min(BURST * 1_000)
}

impl Pace {
    /// Counts a request; in how many seconds to ask again, where there were too many.
    pub(crate) fn count(&self, address: Option<IpAddr>, now: Instant) -> Option<u16> {
        let network = crate::tries::network(address).filter(|address| !address.is_loopback())?;
        let mut all = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(&network) {
            all.retain(|_, bucket| filled(*bucket, now.0) < BURST * 1_000);
            if all.len() >= MOST {
                // Twenty thousand networks ask at once: those that are counted go on being counted.
                return None;
            }
        }
        let bucket = all.entry(network).or_insert((now.0, BURST * 1_000));
        let left = filled(*bucket, now.0);
        *bucket = (now.0.max(bucket.0), if left < 1_000 { left } else { left - 1_000 });
        (left < 1_000).then_some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_asks_too_often_waits_and_others_do_not() {
        let pace = Pace::default();
        let (here, there): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..BURST {
            assert_eq!(pace.count(Some(here), Instant(0)), None);
        }
        assert_eq!(pace.count(Some(here), Instant(0)), Some(1));
        assert_eq!(pace.count(Some(there), Instant(0)), None);
        // A second later there is room for so many, and no more.
        for _ in 0..A_SECOND {
            assert_eq!(pace.count(Some(here), Instant(1_000)), None);
        }
        assert_eq!(pace.count(Some(here), Instant(1_000)), Some(1));
        // The clock goes back: nothing is given.
        assert_eq!(pace.count(Some(here), Instant(0)), Some(1));
        assert_eq!(pace.count(None, Instant(0)), None);
        for _ in 0..BURST * 2 {
            assert_eq!(pace.count("127.0.0.1".parse().ok(), Instant(0)), None, "this machine");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let pace = Pace::default();
        for i in 0..50_000_u32 {
            pace.count(Some(IpAddr::V4((0x0a00_0000 + i).into())), Instant(0));
        }
        assert!(pace.left.lock().unwrap().len() <= MOST);
        // Later all are full again, and make room.
        pace.count("198.51.100.1".parse().ok(), Instant(60_000));
        assert_eq!(pace.left.lock().unwrap().len(), 1);
    }
}
