//! Names as numbers, in the order in which they came: a table that is only asked, and never lists what it holds in its own order.
//!
//! Short names that end in a number (`r120`, `r121`, …) are looked up by that number: who numbers things in a row asks for
//! them in a row. Other names, and those whose numbers lie far apart, have slots; a name of up to seven bytes is kept whole
//! in its slot, so that one look finds it.
//!
//! Invariants
//! - at least half of the slots are free, so every search ends;
//! - a list by number is at most a few times as long as it has names;
//! - a name has a place in a list or a slot, never both;
//! - a number is the rank of coming, wherever it is kept.

/// A role that is not filled, and a name that is not there.
pub const NOTHING: u32 = u32::MAX;

/// Slots that lie side by side.
const BESIDE: usize = 16;
/// Names of more bytes do not fit a slot.
const SHORT: usize = 7;

/// Names as numbers, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Names {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// A short name itself, of another a hash; 0 where a slot is free.
    words: Vec<u64>,
    /// The number of the name in that slot.
    numbers: Vec<u32>,
    /// What of a mixed word is not asked for in finding its place.
    shift: u32,
    /// How many names have a slot.
    slotted: usize,
    rows: Vec<Numbered>,
}

/// Names that begin alike and end in different numbers.
#[derive(Clone, Debug)]
struct Numbered {
    /// What they begin with, and its length.
    prefix: u64,
    /// By the number at their end; [`NOTHING`] where no name is.
    numbers: Vec<u32>,
    filled: usize,
}

/// So many beginnings are told apart; names that begin otherwise have slots.
const BEGINNINGS: usize = 8;

/// What a short name begins with, and the number at its end; a zero before that belongs to the beginning.
#[inline]
fn numbered(value: u64, length: usize) -> Option<(u64, usize)> {
    let digits = value ^ 0x3030_3030_3030_3030;
    let other = (digits.wrapping_add(0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080;
    let many = other.trailing_zeros() / 8;
    if many == 0 {
        return None;
    }
    let digits = digits & ((1 << (8 * many)) - 1);
    let many = (71 - digits.leading_zeros()).max(8) / 8;
    let prefix = short(value >> (8 * many), length - many as usize);
    let digits = digits.swap_bytes();
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((prefix, ((fours * 10_000 + (fours >> 32)) & 0xffff_ffff) as usize))
}

/// Length and bytes of a short name in one word. `value`: the number that the bytes make, the first the highest.
#[inline]
fn short(value: u64, length: usize) -> u64 {
    (length as u64 + 1) << 56 | value
}

/// What stands in the slot of a name.
#[inline]
fn word(name: &[u8]) -> u64 {
    if name.len() <= SHORT {
        return short(name.iter().fold(0, |value, b| value << 8 | u64::from(*b)), name.len());
    }
    let (last, rest) = name.split_last().unwrap_or((&0, &[]));
    let mut hash = 0xcbf2_9ce4_8422_2325u64 ^ name.len() as u64;
    for part in rest.chunks(8) {
        let part = match part.try_into() {
            Ok(whole) => u64::from_le_bytes(whole),
            Err(_) => part.iter().fold(0, |value, b| value << 8 | u64::from(*b)),
        };
        hash = (hash ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
    }
    1 << 63 | hash << 8 >> 1 | u64::from(*last)
}

/// Whether a word is of a name that is not in it.
#[inline]
fn is_long(word: u64) -> bool {
    word >> 63 == 1
}

impl Names {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The name of that number; empty where there is none.
    pub fn get(&self, number: u32) -> &str {
        std::str::from_utf8(self.bytes_of(number)).unwrap_or_default()
    }

    #[inline]
    fn bytes_of(&self, number: u32) -> &[u8] {
        let Some(&end) = self.ends.get(number as usize) else { return &[] };
        let start = (number as usize).checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..end as usize]
    }

    /// Where the search for a word begins.
    #[inline]
    fn place(&self, word: u64) -> usize {
        let mixed = (word >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        (mixed as usize * BESIDE) | (word as usize % BESIDE)
    }

    /// The slot of a name, or the free one where it belongs; `name` is asked where the word does not say it all.
    #[inline]
    fn slot(&self, word: u64, name: &[u8]) -> usize {
        let mut slot = self.place(word);
        loop {
            let here = self.words[slot];
            if here == 0 || here == word && (!is_long(word) || self.bytes_of(self.numbers[slot]) == name) {
                return slot;
            }
            slot = (slot + 1) & (self.words.len() - 1);
        }
    }

    /// The names end to end, and where each ends.
    pub(super) fn parts(&self) -> (&[u8], &[u32]) {
        (&self.bytes, &self.ends)
    }

    /// The names of [`Names::parts`]; `None` where they are none.
    pub(super) fn from_parts(bytes: Vec<u8>, ends: Vec<u32>) -> Option<Names> {
        let whole = ends.is_sorted() && ends.last().map_or(0, |e| *e as usize) == bytes.len();
        let mut names = Names { bytes, ends, ..Names::default() };
        whole.then(|| names.fill((names.ends.len() * 2 + 1).next_power_of_two()))?;
        Some(names)
    }

    /// Whether other names come first, with the same numbers.
    pub(super) fn starts_with(&self, other: &Names) -> bool {
        self.ends.starts_with(&other.ends) && self.bytes.starts_with(&other.bytes)
    }

    /// The number of a name that is in a list.
    #[inline]
    fn in_row(&self, word: u64) -> Option<u32> {
        let (prefix, at) = numbered_word(word)?;
        let row = self.rows.iter().find(|row| row.prefix == prefix)?;
        row.numbers.get(at).copied().filter(|number| *number != NOTHING)
    }

    /// Puts a new name into a list, if it belongs into one.
    fn put_in_row(&mut self, word: u64, number: u32) -> bool {
        let Some((prefix, at)) = numbered_word(word) else { return false };
        let row = match self.rows.iter().position(|row| row.prefix == prefix) {
            Some(row) => row,
            None if self.rows.len() < BEGINNINGS => {
                self.rows.push(Numbered { prefix, numbers: Vec::new(), filled: 0 });
                self.rows.len() - 1
            }
            None => return false,
        };
        let row = &mut self.rows[row];
        if at >= row.numbers.len() {
            if at > row.filled * 2 + 64 {
                return false;
            }
            row.numbers.resize((at + 1).next_power_of_two(), NOTHING);
        }
        row.numbers[at] = number;
        row.filled += 1;
        true
    }

    /// New slots for all names that are in no list.
    fn fill(&mut self, slots: usize) {
        let slots = slots.max(2 * BESIDE);
        self.shift = 64 - (slots / BESIDE).ilog2();
        (self.words, self.numbers) = (vec![0; slots], vec![0; slots]);
        self.slotted = 0;
        for number in 0..self.ends.len() as u32 {
            let name = self.bytes_of(number);
            let word = word(name);
            if self.in_row(word).is_some() {
                continue;
            }
            let slot = self.slot(word, name);
            (self.words[slot], self.numbers[slot]) = (word, number);
            self.slotted += 1;
        }
    }

    /// The number of a name, if it is there.
    pub fn find(&self, name: &str) -> Option<u32> {
        if self.words.is_empty() {
            return None;
        }
        let word = word(name.as_bytes());
        self.in_row(word).or_else(|| {
            let slot = self.slot(word, name.as_bytes());
            (self.words[slot] != 0).then(|| self.numbers[slot])
        })
    }

    /// The number of a name, which is added if it is not there.
    #[inline]
    pub fn intern(&mut self, name: &[u8]) -> u32 {
        self.of_word(word(name), name)
    }

    /// As [`Names::intern`], for a name of at most seven bytes: `value` is the number that its bytes make, the first the
    /// highest.
    #[inline]
    pub fn intern_short(&mut self, value: u64, length: usize) -> u32 {
        debug_assert!(length <= SHORT && value >> (8 * length) == 0, "a short name");
        self.of_word(short(value, length), &value.to_be_bytes()[8 - length..])
    }

    #[inline]
    fn of_word(&mut self, word: u64, name: &[u8]) -> u32 {
        self.in_row(word).unwrap_or_else(|| self.slotted_or_new(word, name))
    }

    fn slotted_or_new(&mut self, word: u64, name: &[u8]) -> u32 {
        if self.words.len() < self.slotted * 2 + 2 {
            self.fill((self.words.len() * 2).next_power_of_two());
        }
        let slot = self.slot(word, name);
        if self.words[slot] != 0 {
            return self.numbers[slot];
        }
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len() as u32);
        if !self.put_in_row(word, number) {
            (self.words[slot], self.numbers[slot]) = (word, number);
            self.slotted += 1;
        }
        number
    }
}

/// As [`numbered`], of a word.
#[inline]
fn numbered_word(word: u64) -> Option<(u64, usize)> {
    if is_long(word) { None } else { numbered(word & (u64::MAX >> 8), (word >> 56) as usize - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ranks_of_coming_and_names_of_any_length_are_told_apart() {
        let mut all: Vec<Vec<u8>> = vec![Vec::new(), vec![0], vec![0, 0], b"a\0".to_vec(), b"\0a".to_vec()];
        for n in 0..3000 {
            all.push(format!("r{n}").into_bytes());
            all.push(format!("incident-{n}").into_bytes());
            all.push(format!("{n}-with-the-same-end").into_bytes());
        }
        all.extend((0..40).map(|n| vec![b'x'; n + 1]));
        let mut names = Names::default();
        for _ in 0..2 {
            for (number, name) in all.iter().enumerate() {
                assert_eq!(names.intern(name), number as u32, "{name:?}");
            }
        }
        assert_eq!(names.len(), all.len());
        for (number, name) in all.iter().enumerate() {
            let text = std::str::from_utf8(name).unwrap();
            assert_eq!((names.find(text), names.get(number as u32)), (Some(number as u32), text));
            if name.len() <= SHORT {
                let value = name.iter().fold(0, |value, b| value << 8 | u64::from(*b));
                assert_eq!(names.intern_short(value, name.len()), number as u32);
            }
        }
        assert_eq!((names.find("nobody"), names.find("a name that is not there")), (None, None));
        let (bytes, ends) = names.parts();
        let again = Names::from_parts(bytes.to_vec(), ends.to_vec()).unwrap();
        assert_eq!((again.find("r2999"), again.find("r3000")), (names.find("r2999"), None));
        assert!(Names::from_parts(vec![1], vec![]).is_none() && Names::default().find("x").is_none());
    }

    #[test]
    fn the_number_at_the_end_of_a_name_is_found() {
        let of = |name: &str| numbered_word(word(name.as_bytes()));
        let prefix = |name: &str| word(name.as_bytes());
        assert_eq!(of("r120"), Some((prefix("r"), 120)));
        assert_eq!(of("P01"), Some((prefix("P0"), 1)));
        assert_eq!(of("r0"), Some((prefix("r"), 0)));
        assert_eq!(of("r00"), Some((prefix("r0"), 0)));
        assert_eq!(of("9999999"), Some((prefix(""), 9_999_999)));
        assert_eq!(of("a-b1000"), Some((prefix("a-b"), 1000)));
        for other in ["", "r", "r1x", "r:", "r/", "12345678", "r\u{b0}", "1é"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn names_far_apart_have_slots_and_names_in_a_row_have_none() {
        let mut names = Names::default();
        // Those that come while the list is short have slots, and keep them when it has grown past them.
        let far: Vec<u32> = (1..200).map(|n| names.intern(format!("k{}", n * 5000).as_bytes())).collect();
        assert!(names.slotted >= 199 && names.rows[0].numbers.is_empty());
        (0..500_000).for_each(|n| _ = names.intern(format!("k{n}").as_bytes()));
        assert_eq!(names.slotted, 199);
        assert!(names.words.len() < 1024 && names.rows[0].numbers.len() < 2_000_000);
        assert_eq!(names.len(), 500_000 + 199 - 99);
        for (n, number) in (1..200).zip(far) {
            assert_eq!(names.intern(format!("k{}", n * 5000).as_bytes()), number);
        }
        (0..100).for_each(|n| _ = names.intern(format!("{}7", char::from(b'!' + n)).as_bytes()));
        assert_eq!(names.rows.len(), BEGINNINGS);
        for number in 0..names.len() as u32 {
            let name = names.get(number).to_string();
            assert_eq!((names.find(&name), names.intern(name.as_bytes())), (Some(number), number));
        }
    }
}
