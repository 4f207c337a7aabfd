//! Places of a text in a browser's counting, UTF-16 units from its beginning, and in bytes.
//!
//! Invariants
//! - a place that does not exist is moved to the nearest before it that does;
//! - a question costs a short stretch of the text, however long the text is.

use std::ops::Range;

/// Bytes between two marks.
const APART: usize = 256;

/// A text with marks at which both countings are known.
pub(super) struct Units<'t> {
    text: &'t str,
    /// Byte and unit, at the first character of each stretch.
    marks: Vec<(usize, usize)>,
}

impl<'t> Units<'t> {
    pub(super) fn of(text: &'t str) -> Units<'t> {
        let mut marks = vec![(0, 0)];
        let (mut units, mut last) = (0, 0);
        for (byte, c) in text.char_indices() {
            if byte - last >= APART {
                marks.push((byte, units));
                last = byte;
            }
            units += c.len_utf16();
        }
        Units { text, marks }
    }

    /// The place of a byte in units.
    pub(super) fn unit(&self, byte: usize) -> usize {
        let (from, units) = self.marks[self.marks.partition_point(|(b, _)| *b <= byte).saturating_sub(1)];
        let rest = self.text.get(from..).unwrap_or_default().char_indices();
        units
            + rest
                .take_while(|(at, c)| from + at + c.len_utf8() <= byte)
                .map(|(_, c)| c.len_utf16())
                .sum::<usize>()
    }

    /// The byte of a place in units.
    pub(super) fn byte(&self, unit: usize) -> usize {
        let (from, mut units) = self.marks[self.marks.partition_point(|(_, u)| *u <= unit).saturating_sub(1)];
        let mut byte = from;
        for c in self.text.get(from..).unwrap_or_default().chars() {
            units += c.len_utf16();
            if units > unit {
                break;
            }
            byte += c.len_utf8();
        }
        byte
    }

    /// A stretch of bytes in units.
    pub(super) fn range(&self, span: &Range<usize>) -> (usize, usize) {
        let from = self.unit(span.start);
        (from, self.unit(span.end).max(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_countings_agree_everywhere() {
        let text: String = (0..900).map(|n| ["a", "я", "🕊", "\n"][n % 4]).collect();
        let units = Units::of(&text);
        let mut expected = 0;
        for (byte, c) in text.char_indices() {
            assert_eq!(units.unit(byte), expected, "at {byte}");
            assert_eq!(units.byte(expected), byte);
            if c == '🕊' {
                assert_eq!(units.byte(expected + 1), byte, "within a character");
                assert_eq!(units.unit(byte + 2), expected);
            }
            expected += c.len_utf16();
        }
        assert_eq!(units.unit(text.len() + 9), expected);
        assert_eq!(units.byte(expected + 9), text.len());
        assert_eq!(Units::of("").unit(3), 0);
    }
}
