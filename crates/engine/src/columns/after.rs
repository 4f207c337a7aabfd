//! Times as distances from other times: four bytes where it is less than seven weeks, a place in a list otherwise.
//!
//! It does not keep what the distances are from; who asks says it again.

use std::collections::BTreeMap;

/// No moment: not due, not done, still said.
pub const NO_TIME: i64 = i64::MAX;

/// [`NO_TIME`].
const NEVER: u32 = u32::MAX;
/// Weeks, or before the other time.
const FAR: u32 = u32::MAX - 1;

/// A column of times.
#[derive(Clone, Debug, Default)]
pub(super) struct After {
    pub near: Vec<u32>,
    pub far: BTreeMap<u32, i64>,
}

impl After {
    #[inline]
    fn code(&mut self, entry: u32, base: i64, time: i64) -> u32 {
        match time.checked_sub(base).and_then(|distance| u32::try_from(distance).ok()) {
            _ if time == NO_TIME => NEVER,
            Some(distance) if distance < FAR => distance,
            _ => {
                self.far.insert(entry, time);
                FAR
            }
        }
    }

    /// Adds a time, as its distance from `base`.
    #[inline]
    pub fn push(&mut self, base: i64, time: i64) {
        let code = self.code(self.near.len() as u32, base, time);
        self.near.push(code);
    }

    /// Puts a time in place of [`NO_TIME`].
    #[inline]
    pub fn set(&mut self, entry: u32, base: i64, time: i64) {
        self.near[entry as usize] = self.code(entry, base, time);
    }

    /// The time of an entry that was given as its distance from `base`.
    #[inline]
    pub fn get(&self, entry: u32, base: i64) -> i64 {
        match self.near[entry as usize] {
            NEVER => NO_TIME,
            FAR => self.far.get(&entry).copied().unwrap_or(NO_TIME),
            distance => base.saturating_add(distance.into()),
        }
    }

    /// Whether the list holds what it should, and nothing else.
    pub fn is_whole(&self) -> bool {
        let far = self.near.iter().zip(0..).filter(|(near, _)| **near == FAR).map(|(_, entry)| entry);
        far.eq(self.far.keys().copied())
    }
}

/// A column of ascending times: each as its distance from the first of its stretch.
#[derive(Clone, Debug, Default)]
pub(super) struct Ascending {
    near: Vec<u32>,
    /// Where stretches begin, and when.
    stretches: Vec<(u32, i64)>,
}

impl Ascending {
    /// Adds a time that is not before the last.
    #[inline]
    pub fn push(&mut self, time: i64) {
        let fits = self.stretches.last().and_then(|(_, base)| u32::try_from(time.checked_sub(*base)?).ok());
        let near = fits.unwrap_or_else(|| {
            self.stretches.push((self.near.len() as u32, time));
            0
        });
        self.near.push(near);
    }

    /// The time of an entry.
    #[inline]
    pub fn get(&self, entry: u32) -> i64 {
        let base = match self.stretches.last() {
            Some((first, base)) if *first <= entry => *base,
            _ => self.stretches[self.stretches.partition_point(|(first, _)| *first <= entry) - 1].1,
        };
        base + i64::from(self.near[entry as usize])
    }

    /// All times, in order.
    pub fn iter(&self) -> impl Iterator<Item = i64> {
        let ends = self.stretches.iter().skip(1).map(|(first, _)| *first).chain([self.near.len() as u32]);
        self.stretches.iter().zip(ends).flat_map(|((first, base), end)| {
            self.near[*first as usize..end as usize].iter().map(move |near| base + i64::from(*near))
        })
    }

    /// How many entries are not later than a time.
    pub fn up_to(&self, time: i64) -> usize {
        let stretch = self.stretches.partition_point(|(_, base)| *base <= time);
        let Some((first, base)) = stretch.checked_sub(1).map(|s| self.stretches[s]) else { return 0 };
        let end = self.stretches.get(stretch).map_or(self.near.len(), |(first, _)| *first as usize);
        let first = first as usize;
        first + self.near[first..end].partition_point(|near| base.saturating_add((*near).into()) <= time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_near_and_far_come_back() {
        let weeks = i64::from(u32::MAX);
        let times = [0, 1, -1, weeks - 2, weeks - 1, weeks, weeks + 1, NO_TIME, NO_TIME - 1, i64::MIN, 5];
        for base in [0, -7, 1_700_000_000_000, i64::MIN, NO_TIME - 3] {
            let mut column = After::default();
            times.iter().for_each(|distance| column.push(base, base.saturating_add(*distance)));
            for (entry, distance) in times.iter().enumerate() {
                assert_eq!(
                    column.get(entry as u32, base),
                    base.saturating_add(*distance),
                    "{base} {distance}"
                );
            }
            assert!(column.is_whole());
            column.push(base, NO_TIME);
            for time in [base, base.saturating_sub(1), base.saturating_add(weeks * 9)] {
                let mut set = column.clone();
                set.set(11, base, time);
                assert_eq!((set.get(11, base), set.is_whole()), (time, true));
            }
            column.far.insert(0, 4);
            assert!(!column.is_whole());
        }
    }

    #[test]
    fn ascending_times_come_back_and_are_found() {
        let weeks = i64::from(u32::MAX);
        let times = [i64::MIN, -5, -5, 0, 3, weeks - 5, weeks - 4, weeks, 9 * weeks, 9 * weeks, NO_TIME];
        let mut column = Ascending::default();
        assert_eq!(column.up_to(0), 0);
        times.iter().for_each(|time| column.push(*time));
        assert!(column.stretches.len() > 3 && column.iter().eq(times));
        for (entry, time) in times.iter().enumerate() {
            assert_eq!(column.get(entry as u32), *time);
            for asked in [time.saturating_sub(1), *time, time.saturating_add(1)] {
                assert_eq!(column.up_to(asked), times.iter().filter(|t| **t <= asked).count(), "{asked}");
            }
        }
    }
}
