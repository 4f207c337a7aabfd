//! How often somebody may try to sign in: counted in memory for each account from each address, each account, and each address.
//!
//! Invariants
//! - a name that does not exist is counted like one that does;
//! - tries from elsewhere shut an account only after many: nobody keeps another out from a single address;
//! - what is kept is bounded; when it is full, the oldest counts go.

use servanda_model::Instant;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Failures count for so long, in milliseconds.
const WINDOW: i64 = 15 * 60_000;
/// Failures for an account from one address.
const OF_BOTH: u32 = 5;
/// Failures for an account from anywhere.
const OF_NAME: u32 = 50;
/// Failures from an address.
const OF_ADDRESS: u32 = 30;
/// Counts that are kept.
const MOST: usize = 30_000;

/// What is counted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Both(String, Option<IpAddr>),
    Name(String),
    Address(Option<IpAddr>),
}

impl Of {
    fn limit(&self) -> u32 {
        match self {
            Of::Both(..) => OF_BOTH,
            Of::Name(_) => OF_NAME,
            Of::Address(_) => OF_ADDRESS,
        }
    }
}

/// Failed tries.
#[derive(Default)]
pub(crate) struct Tries {
    /// When the count began, and how many.
    counts: Mutex<BTreeMap<Of, (i64, u32)>>,
}

/// One household or office has a whole /64.
pub(crate) fn network(address: Option<IpAddr>) -> Option<IpAddr> {
    Some(match address? {
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6((u128::from(six) & !u128::from(u64::MAX)).into()),
        },
        four => four,
    })
}

fn all_of(name: &str, address: Option<IpAddr>) -> [Of; 3] {
    let address = network(address);
    let name: String = name.chars().take(64).collect();
    [Of::Both(name.clone(), address), Of::Name(name), Of::Address(address)]
}

impl Tries {
    /// For how many seconds nobody may try this, where it was tried too often.
    pub(crate) fn wait(&self, name: &str, address: Option<IpAddr>, now: Instant) -> Option<i64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let left = all_of(name, address).into_iter().filter_map(|of| {
            let (begun, count) = counts.get(&of)?;
            let left = begun + WINDOW - now.0;
            (*count >= of.limit() && left > 0 && left <= WINDOW).then_some(left)
        });
        left.max().map(|left| (left + 999) / 1000)
    }

    /// Counts a try before it is made, so that many at once are not free.
    pub(crate) fn count(&self, name: &str, address: Option<IpAddr>, now: Instant) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |begun: i64| now.0 < begun || now.0 - begun >= WINDOW;
        if counts.len() + 3 > MOST {
            counts.retain(|_, (begun, _)| !is_over(*begun));
        }
        if counts.len() + 3 > MOST {
            let mut ages: Vec<i64> = counts.values().map(|(begun, _)| *begun).collect();
            ages.sort_unstable();
            let half = ages.get(ages.len() / 2).copied().unwrap_or(now.0);
            counts.retain(|_, (begun, _)| *begun > half);
        }
        for of in all_of(name, address) {
            let entry = counts.entry(of).or_insert((now.0, 0));
            if is_over(entry.0) {
                *entry = (now.0, 0);
            }
            entry.1 = entry.1.saturating_add(1);
        }
    }

    /// It was the right password: this try, and those of this account from this address, count no more.
    pub(crate) fn forget(&self, name: &str, address: Option<IpAddr>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for of in all_of(name, address) {
            match of {
                Of::Both(..) => drop(counts.remove(&of)),
                Of::Name(_) | Of::Address(_) => {
                    if let Some((_, count)) = counts.get_mut(&of) {
                        *count = count.saturating_sub(1);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// ASVS 5.0: 6.3.1 (credential stuffing and guessing).
    #[test]
    fn v6_3_1_guessing_is_slowed_down_for_account_and_address() {
        let tries = Tries::default();
        let (here, there) = (address("192.0.2.1"), address("192.0.2.2"));
        for i in 0..5 {
            assert_eq!(tries.wait("anna", here, Instant(i)), None);
            tries.count("anna", here, Instant(i));
        }
        assert_eq!(tries.wait("anna", here, Instant(5)), Some(900));
        assert_eq!(tries.wait("anna", there, Instant(5)), None, "anna herself, elsewhere");
        assert_eq!(tries.wait("anna", here, Instant(WINDOW)), None, "after a while");
        for i in 0..25 {
            tries.count(&format!("name{i}"), here, Instant(6));
        }
        assert!(tries.wait("ben", here, Instant(7)).is_some(), "one address, many names");
        for i in 0..45 {
            tries.count("anna", address(&format!("198.51.100.{i}")), Instant(6));
        }
        assert!(tries.wait("anna", there, Instant(7)).is_some(), "many addresses, one name");
    }

    #[test]
    fn who_signs_in_is_not_counted_and_a_network_is_one_address() {
        let tries = Tries::default();
        for i in 0..200 {
            let six = address(&format!("2001:db8::{i:x}"));
            assert_eq!(tries.wait("anna", six, Instant(i)), None);
            tries.count("anna", six, Instant(i));
            tries.forget("anna", six);
        }
        for i in 0..5 {
            tries.count("anna", address(&format!("2001:db8::{i:x}")), Instant(0));
        }
        assert!(tries.wait("anna", address("2001:db8::ffff"), Instant(1)).is_some());
        assert!(tries.wait("anna", address("2001:db8:0:1::1"), Instant(1)).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let tries = Tries::default();
        for i in 0..40_000_u32 {
            tries.count(&format!("n{i}"), Some(IpAddr::V4(i.into())), Instant(i64::from(i)));
        }
        assert!(tries.counts.lock().unwrap().len() <= MOST);
    }
}
