//! Places of the protocol, a line and how many UTF-16 units into it, and places in bytes.
//!
//! Invariants
//! - a place that does not exist is moved to the nearest before it that does: behind the end of a line is its end, within a character
//!   its beginning;
//! - lines end at `\n`, `\r\n` or `\r`, as the protocol has it.

use lsp_types::{Position, Range};

/// Where the lines of a text begin.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Finds the lines of a text.
    pub fn of(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
            if ends {
                starts.push(at + 1);
            }
        }
        Lines { starts }
    }

    /// The place in bytes.
    pub fn offset(&self, text: &str, place: Position) -> usize {
        let Some(&start) = self.starts.get(place.line as usize) else { return text.len() };
        let end = self.starts.get(place.line as usize + 1).copied().unwrap_or(text.len());
        let line = text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r']);
        let mut units = place.character as usize;
        for (at, c) in line.char_indices() {
            if units < c.len_utf16() {
                return start + at;
            }
            units -= c.len_utf16();
        }
        start + line.len()
    }

    /// The place of the protocol.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let units: usize = text.get(start..offset).unwrap_or_default().chars().map(char::len_utf16).sum();
        Position::new(u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(units).unwrap_or(u32::MAX))
    }

    /// The range of the protocol.
    pub fn range(&self, text: &str, span: &std::ops::Range<usize>) -> Range {
        Range::new(self.position(text, span.start), self.position(text, span.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn utf_16_is_counted() {
        let text = "Угода 🕊 x\r\nдруга\rtrois\n";
        let lines = Lines::of(text);
        let at = |needle: &str| lines.position(text, text.find(needle).unwrap());
        assert_eq!(at("🕊"), Position::new(0, 6));
        assert_eq!(at("x"), Position::new(0, 9));
        assert_eq!(at("друга"), Position::new(1, 0));
        assert_eq!(at("trois"), Position::new(2, 0));
        assert_eq!(lines.position(text, text.len()), Position::new(3, 0));
        let dove = text.find('🕊').unwrap();
        assert_eq!(lines.offset(text, Position::new(0, 7)), dove, "within a character");
        assert_eq!(lines.offset(text, Position::new(0, 8)), dove + 4);
        assert_eq!(lines.offset(text, Position::new(0, 99)), text.find('\r').unwrap());
        assert_eq!(lines.offset(text, Position::new(99, 0)), text.len());
        assert_eq!(lines.position(text, dove + 2), Position::new(0, 6));
    }

    proptest! {
        #[test]
        fn there_and_back(text in "[aя🕊\r\n ]{0,40}") {
            let lines = Lines::of(&text);
            for (at, _) in text.char_indices() {
                let place = lines.position(&text, at);
                // The two halves of `\r\n` are one place.
                let within = at > 0 && text[..at].ends_with('\r') && text[at..].starts_with('\n');
                if !within {
                    prop_assert_eq!(lines.offset(&text, place), at);
                }
            }
        }
    }
}
