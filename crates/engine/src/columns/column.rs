//! A sorted column in chunks: what is late costs the moving of one chunk, what is in order a push.
//!
//! Invariants
//! - entries ascend by time, then root; chunks before the tail are never empty;
//! - a [`Spot`] stays good while entries are added behind it, because the tail keeps its number when it is closed.

/// Entries that fit a chunk; a full one is split.
const CHUNK: usize = if cfg!(test) { 16 } else { 256 };
/// A chunk is closed with some room left for what comes late.
const CLOSED: usize = CHUNK / 8 * 7;

/// What a column holds: something at a time, from a chain of corrections.
pub(super) trait Timed: Copy {
    /// Milliseconds.
    fn time(&self) -> i64;
    /// Row of the first record of its chain.
    fn root(&self) -> u32;
}

/// A place in a column; the end where nothing stands there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Spot {
    chunk: u32,
    at: u32,
}

#[derive(Clone, Debug)]
struct Closed<T> {
    chunks: Vec<Vec<T>>,
    /// First time of each chunk.
    firsts: Vec<i64>,
    /// Least root of each chunk.
    least: Vec<u32>,
}

/// The open chunk. Most columns of a join hold one entry, which needs no memory of its own.
#[derive(Clone, Debug)]
enum Tail<T> {
    One(T),
    Many(Vec<T>),
}

impl<T: Copy> Tail<T> {
    #[inline]
    fn entries(&self) -> &[T] {
        match self {
            Tail::One(entry) => std::slice::from_ref(entry),
            Tail::Many(entries) => entries,
        }
    }

    fn entries_mut(&mut self) -> &mut [T] {
        match self {
            Tail::One(entry) => std::slice::from_mut(entry),
            Tail::Many(entries) => entries,
        }
    }

    #[inline]
    fn insert(&mut self, at: usize, entry: T) {
        match self {
            Tail::One(only) => {
                *self = Tail::Many(if at == 0 { vec![entry, *only] } else { vec![*only, entry] });
            }
            Tail::Many(entries) if entries.capacity() == 0 => *self = Tail::One(entry),
            Tail::Many(entries) => entries.insert(at, entry),
        }
    }

    fn remove(&mut self, at: usize) {
        match self {
            Tail::One(_) => *self = Tail::Many(Vec::new()),
            Tail::Many(entries) => _ = entries.remove(at),
        }
    }

    /// All entries, leaving none.
    fn take(&mut self) -> Vec<T> {
        match std::mem::replace(self, Tail::Many(Vec::with_capacity(CHUNK))) {
            Tail::One(entry) => vec![entry],
            Tail::Many(entries) => entries,
        }
    }
}

/// A sorted column.
#[derive(Clone, Debug)]
pub(super) struct Column<T> {
    tail: Tail<T>,
    closed: Option<Box<Closed<T>>>,
}

impl<T> Default for Column<T> {
    fn default() -> Column<T> {
        Column { tail: Tail::Many(Vec::new()), closed: None }
    }
}

fn least<T: Timed>(chunk: &[T]) -> u32 {
    chunk.iter().map(Timed::root).min().unwrap_or(u32::MAX)
}

impl<T: Timed> Column<T> {
    fn chunks(&self) -> usize {
        self.closed.as_ref().map_or(0, |c| c.chunks.len())
    }

    fn chunk(&self, number: u32) -> &[T] {
        match &self.closed {
            Some(closed) if (number as usize) < closed.chunks.len() => &closed.chunks[number as usize],
            _ => self.tail.entries(),
        }
    }

    /// What stands there; `None` at the end.
    #[inline]
    pub fn get(&self, spot: Spot) -> Option<&T> {
        self.chunk(spot.chunk).get(spot.at as usize)
    }

    /// What stands there, to be changed in all but its time and root.
    pub fn get_mut(&mut self, spot: Spot) -> Option<&mut T> {
        let number = spot.chunk as usize;
        match &mut self.closed {
            Some(closed) if number < closed.chunks.len() => closed.chunks[number].get_mut(spot.at as usize),
            _ => self.tail.entries_mut().get_mut(spot.at as usize),
        }
    }

    /// The spot after an entry.
    #[inline]
    pub fn next(&self, spot: Spot) -> Spot {
        let at = spot.at + 1;
        if at as usize >= self.chunk(spot.chunk).len() && (spot.chunk as usize) < self.chunks() {
            return Spot { chunk: spot.chunk + 1, at: 0 };
        }
        Spot { at, ..spot }
    }

    /// The spot before.
    #[inline]
    pub fn previous(&self, spot: Spot) -> Option<Spot> {
        if spot.at > 0 {
            return Some(Spot { at: spot.at - 1, ..spot });
        }
        let chunk = spot.chunk.checked_sub(1)?;
        Some(Spot { chunk, at: self.chunk(chunk).len() as u32 - 1 })
    }

    /// The last entry.
    pub fn last(&self) -> Option<&T> {
        self.tail.entries().last().or_else(|| self.closed.as_ref()?.chunks.last()?.last())
    }

    /// The last entry, to be changed in all but its time and root.
    pub fn last_mut(&mut self) -> Option<&mut T> {
        self.tail.entries_mut().last_mut().or_else(|| self.closed.as_mut()?.chunks.last_mut()?.last_mut())
    }

    /// Where the first entry stands that does not come before a time and root.
    fn lower(&self, time: i64, root: u32) -> Spot {
        let before = |e: &T| (e.time(), e.root()) < (time, root);
        let chunks = self.chunks() as u32;
        if chunks == 0 || self.tail.entries().first().is_some_and(before) {
            return Spot { chunk: chunks, at: self.tail.entries().partition_point(before) as u32 };
        }
        let Some(closed) = &self.closed else { return Spot { chunk: 0, at: 0 } };
        // The first chunk that may hold it: the last that begins before the time, and on where a time fills chunks.
        // What is looked for is mostly recent: the search goes back from the end in ever longer steps.
        let firsts = &closed.firsts[..];
        let (mut end, mut step) = (firsts.len(), 1);
        let mut chunk = loop {
            let from = end.saturating_sub(step);
            if from == 0 || firsts[from] < time {
                break (from + firsts[from..end].partition_point(|first| *first < time)).saturating_sub(1);
            }
            (end, step) = (from, step * 2);
        };
        loop {
            let at = closed.chunks[chunk].partition_point(before);
            if at < closed.chunks[chunk].len() {
                return Spot { chunk: chunk as u32, at: at as u32 };
            }
            chunk += 1;
            if chunk == closed.chunks.len() {
                return Spot { chunk: chunks, at: self.tail.entries().partition_point(before) as u32 };
            }
        }
    }

    /// The first entry at a time or later.
    pub fn from(&self, time: i64) -> Spot {
        self.lower(time, 0)
    }

    /// The last entry at a time or earlier.
    #[inline]
    pub fn up_to(&self, time: i64) -> Option<Spot> {
        match self.tail.entries().last() {
            Some(last) if last.time() <= time => {
                Some(Spot { chunk: self.chunks() as u32, at: self.tail.entries().len() as u32 - 1 })
            }
            _ => self.previous(self.after(time)),
        }
    }

    /// The first entry later than a time.
    pub fn after(&self, time: i64) -> Spot {
        self.lower(time + 1, 0)
    }

    /// Up to so many entries before a spot, and so many from it on; how many come before it.
    pub fn around<V>(
        &self,
        spot: Spot,
        before: usize,
        from_on: usize,
        value: impl Fn(&T) -> V,
        into: &mut Vec<V>,
    ) -> usize {
        into.clear();
        let (mut first, mut left) = (spot, before);
        while left > first.at as usize {
            left -= first.at as usize;
            first.at = 0;
            let Some(before) = self.previous(first) else { break };
            first = Spot { at: before.at + 1, ..before };
        }
        first.at -= left.min(first.at as usize) as u32;
        let (mut chunk, mut at) = (first.chunk, first.at as usize);
        while chunk < spot.chunk {
            into.extend(self.chunk(chunk)[at..].iter().map(&value));
            (chunk, at) = (chunk + 1, 0);
        }
        let before = into.len() + spot.at as usize - at;
        let end = before + from_on;
        while chunk <= self.chunks() as u32 && into.len() < end {
            let rest = &self.chunk(chunk)[at..];
            into.extend(rest[..rest.len().min(end - into.len())].iter().map(&value));
            (chunk, at) = (chunk + 1, 0);
        }
        before
    }

    /// The entry that has so many behind it.
    pub fn nth_last(&self, behind: usize) -> Option<Spot> {
        let mut left = behind;
        let mut chunk = self.chunks() as u32;
        loop {
            let length = self.chunk(chunk).len();
            if left < length {
                return Some(Spot { chunk, at: (length - 1 - left) as u32 });
            }
            left -= length;
            chunk = chunk.checked_sub(1)?;
        }
    }

    /// Entries from a spot on.
    pub fn iter_from(&self, spot: Spot) -> impl Iterator<Item = &T> {
        let (first, last) = (spot.chunk, self.chunks() as u32);
        let rest = (first + 1..=last).flat_map(|c| self.chunk(c));
        self.chunk(first).iter().skip(spot.at as usize).chain(rest)
    }

    /// All entries.
    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.iter_from(Spot { chunk: 0, at: 0 })
    }

    /// Whether an entry would be the last.
    #[inline]
    pub fn is_last(&self, entry: &T) -> bool {
        self.last().is_none_or(|last| (last.time(), last.root()) < (entry.time(), entry.root()))
    }

    /// Adds an entry and says where it stands, and whether it is the last.
    pub fn insert(&mut self, entry: T) -> (Spot, bool) {
        let key = (entry.time(), entry.root());
        if self.is_last(&entry) {
            if self.tail.entries().len() >= CLOSED {
                self.close();
            }
            let at = self.tail.entries().len();
            self.tail.insert(at, entry);
            return (Spot { chunk: self.chunks() as u32, at: at as u32 }, true);
        }
        let mut spot = self.lower(key.0, key.1);
        let number = spot.chunk as usize;
        match &mut self.closed {
            Some(closed) if number < closed.chunks.len() => {
                let chunk = &mut closed.chunks[number];
                chunk.insert(spot.at as usize, entry);
                closed.firsts[number] = chunk[0].time();
                closed.least[number] = closed.least[number].min(entry.root());
                if chunk.len() >= CHUNK {
                    let mut upper = Vec::with_capacity(CHUNK);
                    upper.extend(chunk.drain(CHUNK / 2..));
                    closed.least[number] = least(chunk);
                    closed.firsts.insert(number + 1, upper[0].time());
                    closed.least.insert(number + 1, least(&upper));
                    closed.chunks.insert(number + 1, upper);
                    if spot.at as usize >= CHUNK / 2 {
                        spot = Spot { chunk: spot.chunk + 1, at: spot.at - CHUNK as u32 / 2 };
                    }
                }
            }
            _ => self.tail.insert(spot.at as usize, entry),
        }
        (spot, false)
    }

    fn close(&mut self) {
        let full = self.tail.take();
        let closed = self.closed.get_or_insert_with(|| {
            Box::new(Closed { chunks: Vec::new(), firsts: Vec::new(), least: Vec::new() })
        });
        closed.firsts.push(full[0].time());
        closed.least.push(least(&full));
        closed.chunks.push(full);
    }

    /// Takes an entry out; whether it was there.
    pub fn remove(&mut self, time: i64, root: u32) -> bool {
        let spot = self.lower(time, root);
        let (number, at) = (spot.chunk as usize, spot.at as usize);
        if self.get(spot).is_none_or(|e| (e.time(), e.root()) != (time, root)) {
            return false;
        }
        match &mut self.closed {
            Some(closed) if number < closed.chunks.len() => {
                closed.chunks[number].remove(at);
                if closed.chunks[number].is_empty() {
                    closed.chunks.remove(number);
                    closed.firsts.remove(number);
                    closed.least.remove(number);
                    return true;
                }
                closed.firsts[number] = closed.chunks[number][0].time();
                if closed.least[number] == root {
                    closed.least[number] = least(&closed.chunks[number]);
                }
            }
            _ => self.tail.remove(at),
        }
        true
    }

    /// Least root of the entries from one spot to before another.
    pub fn least_root(&self, from: Spot, to: Spot) -> u32 {
        if from.chunk > to.chunk || (from.chunk == to.chunk && from.at >= to.at) {
            return u32::MAX;
        }
        let ends = |c: u32| if c == to.chunk { to.at as usize } else { self.chunk(c).len() };
        let first = least(&self.chunk(from.chunk)[from.at as usize..ends(from.chunk)]);
        if from.chunk == to.chunk {
            return first;
        }
        let whole = match &self.closed {
            Some(closed) => closed.least[from.chunk as usize + 1..to.chunk as usize].iter().copied().min(),
            None => None,
        };
        first.min(whole.unwrap_or(u32::MAX)).min(least(&self.chunk(to.chunk)[..to.at as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Timed for (i64, u32) {
        fn time(&self) -> i64 {
            self.0
        }
        fn root(&self) -> u32 {
            self.1
        }
    }

    #[test]
    fn a_column_is_a_sorted_list() {
        let mut seed = 3u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        let (mut column, mut list) = (Column::default(), std::collections::BTreeSet::new());
        for root in 0..6000u32 {
            let time = if root % 3 == 0 { next(9000) as i64 } else { i64::from(root) };
            let entry = (time / 4, root);
            let (spot, _) = column.insert(entry);
            list.insert(entry);
            assert_eq!(column.get(spot), Some(&entry));
            if root % 5 == 0 {
                let gone = *list.iter().nth(next(list.len() as u64) as usize).unwrap();
                assert!(column.remove(gone.0, gone.1) && !column.remove(gone.0, gone.1));
                list.remove(&gone);
            }
            if root % 97 == 0 {
                let (a, b) = (next(2400) as i64, next(2400) as i64);
                let least = list.iter().filter(|e| a <= e.0 && e.0 <= b).map(|e| e.1).min();
                assert_eq!(column.least_root(column.from(a), column.after(b)), least.unwrap_or(u32::MAX));
                let behind = column.previous(column.from(a)).and_then(|s| column.get(s));
                assert_eq!(behind, list.iter().rfind(|e| e.0 < a));
                let (least, most, mut around) = (next(60) as usize, next(60) as usize, Vec::new());
                let before = column.around(column.from(a), least, most, |e| *e, &mut around);
                let plain = list.iter().filter(|e| e.0 < a).count();
                assert_eq!(before, plain.min(least));
                assert!(around.iter().eq(list.iter().skip(plain - before).take(before + most)));
            }
        }
        assert!(column.iter().eq(&list) && column.chunks() > 5);
        assert_eq!(column.nth_last(list.len()), None);
        for behind in [0, 1, 40, list.len() - 1] {
            let entry = column.nth_last(behind).and_then(|s| column.get(s));
            assert_eq!(entry, list.iter().rev().nth(behind));
        }
        let mut spot = column.from(i64::MIN);
        for entry in &list {
            assert_eq!(column.get(spot), Some(entry));
            spot = column.next(spot);
        }
        assert_eq!((column.get(spot), column.last()), (None, list.last()));
    }
}
