//! The text format of the research field: one line for each moment, `@t event(args) event(args)`, t in whole seconds.
//!
//! Lines stand in the order in which they arrived. Where one speaks of an earlier time than a line above it, it came late:
//! it became known when the latest time so far was reached.
//!
//! An event is written by its name in the agreement, `-` as `_`, its arguments in the order of its roles. A state begins
//! with its name and ends with `NAME_ends`. Several events of one name may share it: `event(a)(b)`.

use servanda_engine::columns::{NOTHING, Plan, Row, Table};
use servanda_model::Grade;
use servanda_model::agreement::RoleType;
use std::io::{Read, Write};

/// Milliseconds in a second: the trace counts seconds, columns milliseconds.
pub const SECOND: i64 = 1000;

/// What is read at once; it and what is made of it stay in the processor's cache.
const BLOCK: usize = 128 * 1024;
/// Bytes behind a block, so that eight can be looked at together anywhere in it.
const BEHIND: usize = 8;

/// What a name in a trace stands for.
struct Event {
    /// With the bracket that follows it.
    name: Vec<u8>,
    /// Its first eight bytes, or as many as there are, and which bits of a word they fill.
    first: u64,
    mask: u64,
    fact: u16,
    ends: bool,
    /// For each argument whether it is a number.
    numbers: Vec<bool>,
}

fn events(plan: &Plan) -> Vec<Event> {
    let facts = plan.facts().iter().zip(0..);
    let both = facts.flat_map(|(f, fact)| {
        let plain = f.name.as_str().replace('-', "_");
        let numbers: Vec<bool> = f.roles.iter().map(|(_, r)| matches!(r, RoleType::Number(_))).collect();
        [(format!("{plain}("), false), (format!("{plain}_ends("), true)].map(|(name, ends)| {
            let mut first = [0; 8];
            let known = name.len().min(8);
            first[..known].copy_from_slice(&name.as_bytes()[..known]);
            Event {
                first: u64::from_le_bytes(first),
                mask: u64::MAX >> (64 - 8 * known),
                name: name.into_bytes(),
                fact,
                ends,
                numbers: numbers.clone(),
            }
        })
    });
    both.collect()
}

/// The eight bytes from a place on, the first the lowest.
#[inline]
fn eight(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |eight| u64::from_le_bytes(*eight))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte of a word that is `byte`; exact up to the first that is.
#[inline]
fn is(word: u64, byte: u8) -> u64 {
    let other = word ^ (ONES * u64::from(byte));
    other.wrapping_sub(ONES) & !other & HIGH
}

/// The number that eight digits make, the first the lowest byte; `None` where they are not all digits.
#[inline]
fn eight_digits(word: u64) -> Option<u64> {
    let low = word.wrapping_sub(ONES * 0x30);
    if (word & (ONES * 0xf0)) != ONES * 0x30 || (low + ONES * 6) & (ONES * 0xf0) != 0 {
        return None;
    }
    let pairs = (low * 10 + (low >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// A place in the text; a line's end lies behind it.
struct Text<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Text<'t> {
    #[inline]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(b'\n')
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b';') {
            self.at += 1;
        }
    }

    #[inline]
    fn until(&mut self, ends: impl Fn(u8) -> bool) -> &'t [u8] {
        let start = self.at;
        while self.at < self.bytes.len() && !ends(self.bytes[self.at]) {
            self.at += 1;
        }
        &self.bytes[start..self.at]
    }

    #[inline]
    fn number(&mut self) -> Option<u64> {
        let start = self.at;
        let mut n = 0u64;
        if let Some(eight) = eight_digits(eight(self.bytes, self.at)) {
            n = eight;
            self.at += 8;
        }
        while let digit @ b'0'..=b'9' = self.peek() {
            n = n.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        (self.at > start).then_some(n)
    }

    /// The number of a name that ends before a comma, a bracket or the line.
    #[inline]
    fn name(&mut self, table: &mut Table) -> Option<u32> {
        let word = eight(self.bytes, self.at);
        let ends = is(word, b',') | is(word, b')') | is(word, b'\n');
        if ends == 0 {
            let name = self.until(|b| matches!(b, b',' | b')' | b'\n'));
            return Some(table.names.intern(name));
        }
        let length = ends.trailing_zeros() as usize / 8;
        if length == 0 {
            return None;
        }
        self.at += length;
        Some(table.names.intern_short(word.swap_bytes() >> (64 - 8 * length), length))
    }
}

/// A trace on its way into columns. Events that no rule reads are skipped.
pub struct Reader {
    events: Vec<Event>,
    /// What was read so far.
    pub table: Table,
    line: u64,
    clock: i64,
    cells: Vec<u32>,
    /// The event read last.
    hint: usize,
}

impl Reader {
    /// Nothing was read yet.
    pub fn new(plan: &Plan) -> Reader {
        let (events, table) = (events(plan), Table::new(plan));
        Reader { events, table, line: 0, clock: i64::MIN, cells: Vec::new(), hint: 0 }
    }

    /// Reads all lines, and calls `after` when the next rows stand in the table.
    ///
    /// # Errors
    /// Of the reading; the number of the first line that is no line of a trace, and why; what `after` says.
    pub fn read(
        &mut self,
        mut input: impl Read,
        mut after: impl FnMut(&Table) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut buffer = vec![0; BLOCK + BEHIND];
        let mut filled = 0;
        loop {
            if filled + BEHIND == buffer.len() {
                // A line longer than that.
                buffer.resize(buffer.len() * 2, 0);
            }
            let room = buffer.len() - BEHIND;
            let came = loop {
                match input.read(&mut buffer[filled..room]) {
                    Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                    other => break other.map_err(|e| format!("cannot read the trace: {e}"))?,
                }
            };
            filled += came;
            if came == 0 {
                buffer[filled] = b'\n';
                filled += usize::from(filled > 0);
            }
            let whole = buffer[..filled].iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
            if whole > 0 {
                self.lines(&buffer[..filled + BEHIND.min(buffer.len() - filled)], whole)?;
                after(&self.table)?;
            }
            if came == 0 {
                return Ok(());
            }
            buffer.copy_within(whole..filled, 0);
            filled -= whole;
        }
    }

    /// Reads whole lines: those that lie before `end`.
    fn lines(&mut self, bytes: &[u8], end: usize) -> Result<(), String> {
        let mut text = Text { bytes, at: 0 };
        while text.at < end {
            self.line += 1;
            text.skip_blanks();
            match text.peek() {
                b'@' => text.at += 1,
                b'\n' => {
                    text.at += 1;
                    continue;
                }
                b'#' => {
                    text.until(|b| b == b'\n');
                    text.at += 1;
                    continue;
                }
                _ => {
                    return Err(format!("line {}: a line begins with `@` and a time in seconds", self.line));
                }
            }
            let seconds = text.number().and_then(|n| i64::try_from(n).ok()).filter(|n| *n < 1 << 40);
            let Some(seconds) = seconds else {
                return Err(format!("line {}: behind `@` stands a time in whole seconds", self.line));
            };
            let time = seconds * SECOND;
            self.clock = self.clock.max(time);
            loop {
                text.skip_blanks();
                if text.peek() == b'\n' {
                    text.at += 1;
                    break;
                }
                self.event(&mut text, time)?;
            }
        }
        Ok(())
    }

    /// Which event begins here; its name and the bracket behind it are passed over.
    #[inline]
    fn event_of(&self, text: &mut Text<'_>) -> Option<usize> {
        let word = eight(text.bytes, text.at);
        let fits = |e: &&Event| {
            word & e.mask == e.first
                && (e.name.len() <= 8 || text.bytes[text.at + 8..].starts_with(&e.name[8..]))
        };
        let own = match self.events.get(self.hint).filter(fits) {
            Some(_) => self.hint,
            None => self.events.iter().position(|e| fits(&e))?,
        };
        text.at += self.events[own].name.len();
        Some(own)
    }

    /// Reads an event, and what shares its name.
    #[inline]
    fn event(&mut self, text: &mut Text<'_>, time: i64) -> Result<(), String> {
        let Some(own) = self.event_of(text) else {
            text.until(|b| matches!(b, b'(' | b' ' | b'\n'));
            if text.peek() != b'(' {
                return Err(format!(
                    "line {}: behind the name of an event stand its arguments in brackets",
                    self.line
                ));
            }
            while text.peek() == b'(' {
                text.until(|b| matches!(b, b')' | b'\n'));
                text.at += usize::from(text.peek() == b')');
            }
            return Ok(());
        };
        self.hint = own;
        let event = &self.events[own];
        loop {
            self.cells.clear();
            for number in &event.numbers {
                text.skip_blanks();
                let cell = if *number {
                    text.number().and_then(|n| u32::try_from(n).ok()).filter(|n| *n != NOTHING)
                } else {
                    text.name(&mut self.table)
                };
                let Some(cell) = cell else { break };
                self.cells.push(cell);
                text.skip_blanks();
                text.at += usize::from(text.peek() == b',');
            }
            if self.cells.len() != event.numbers.len() || text.peek() != b')' {
                let name = String::from_utf8_lossy(&event.name[..event.name.len() - 1]);
                let (line, roles) = (self.line, event.numbers.len());
                return Err(format!("line {line}: `{name}` carries {roles} arguments, numbers whole"));
            }
            text.at += 1;
            let (fact, ends, grade) = (event.fact, event.ends, Grade::Confirmed);
            self.table.push(Row { fact, time, recorded: self.clock, grade, ends, cells: &self.cells });
            if text.peek() != b'(' {
                return Ok(());
            }
            text.at += 1;
        }
    }
}

/// Writes rows as a trace, in their order.
///
/// # Errors
/// Of the writer.
pub fn write(plan: &Plan, table: &Table, out: &mut dyn Write) -> std::io::Result<()> {
    let events = events(plan);
    for row in 0..table.len() as u32 {
        let (fact, cells) = table.cells(row);
        let ends = table.ends(row);
        let Some(event) = events.iter().find(|e| (e.fact, e.ends) == (fact, ends)) else { continue };
        write!(out, "@{} {}", table.time(row) / SECOND, String::from_utf8_lossy(&event.name))?;
        for (i, (cell, number)) in cells.zip(&event.numbers).enumerate() {
            let comma = if i > 0 { "," } else { "" };
            match number {
                true => write!(out, "{comma}{cell}")?,
                false => write!(out, "{comma}{}", table.names.get(cell))?,
            }
        }
        out.write_all(b")\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = include_str!("../../../bench/rules.pact.md");

    fn plan() -> Plan {
        Plan::of(&servanda_lang::check(RULES).agreement).unwrap()
    }

    /// A reader that gives a few bytes at a time.
    struct Slowly<'t>(&'t [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let now = self.1.min(self.0.len()).min(into.len());
            into[..now].copy_from_slice(&self.0[..now]);
            self.0 = &self.0[now..];
            Ok(now)
        }
    }

    fn read(text: &[u8], at_once: usize) -> Result<Table, String> {
        let mut reader = Reader::new(&plan());
        reader.read(Slowly(text, at_once), |_| Ok(()))?;
        Ok(reader.table)
    }

    fn written(table: &Table) -> String {
        let mut out = Vec::new();
        write(&plan(), table, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_read_is_written_however_it_arrives() {
        let text = "@1420070400 request(P01,r1)\n@1420070401 answer(authority,r1)\n@7 payment(P02,199)\n\
                    @123456789012 approval(a-name-that-is-rather-long)\n@0 approval_ends(abcdefgh)\n\
                    @99999999 attack(P30,z7)\n@99999999 consultation(P01)\n@5 request(P01,1234567)\n";
        for at_once in [1, 3, 8, 1000] {
            assert_eq!(written(&read(text.as_bytes(), at_once).unwrap()), text, "{at_once}");
        }
        let other = "# what stands here is no event\n\n  @1 strike(P01)(P02);unknown(x)(y) strike( P03 )\r\n@2 access(P01, i1)";
        let plain = "@1 strike(P01)\n@1 strike(P02)\n@1 strike(P03 )\n@2 access(P01,i1)\n";
        for at_once in [1, 5, 1000] {
            assert_eq!(written(&read(other.as_bytes(), at_once).unwrap()), plain, "{at_once}");
        }
        let long = format!("@1 approval({})\n", "x".repeat(3 * BLOCK));
        assert_eq!(written(&read(long.as_bytes(), 100_000).unwrap()), long);
        assert!(read(b"", 1).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_trace_is_refused_with_its_line() {
        for (text, why) in [
            ("@1 strike(P01)\nstrike(P01)\n", "line 2: a line begins with `@`"),
            ("@x strike(P01)\n", "line 1: behind `@` stands a time in whole seconds"),
            ("@99999999999999999999 strike(P01)\n", "line 1: behind `@` stands a time"),
            ("\n@1 strike\n", "line 2: behind the name of an event stand its arguments"),
            ("@1 unknown\n", "line 1: behind the name of an event stand its arguments"),
            ("@1 strike()\n", "line 1: `strike` carries 1 arguments"),
            ("@1 strike(P01\n", "line 1: `strike` carries 1 arguments"),
            ("@1 strike(P01,P02)\n", "line 1: `strike` carries 1 arguments"),
            ("@1 payment(P01,x)\n", "line 1: `payment` carries 2 arguments, numbers whole"),
            ("@1 payment(P01,4294967295)\n", "line 1: `payment` carries 2 arguments, numbers whole"),
        ] {
            let refused = read(text.as_bytes(), 4).map(|_| ()).unwrap_err();
            assert!(refused.starts_with(why), "{text}: {refused}");
        }
    }

    #[test]
    fn digits_and_bytes_are_found_eight_at_a_time() {
        let word = |text: &[u8; 8]| u64::from_le_bytes(*text);
        assert_eq!(eight_digits(word(b"12345678")), Some(12_345_678));
        assert_eq!(eight_digits(word(b"00000000")), Some(0));
        assert_eq!(eight_digits(word(b"99999999")), Some(99_999_999));
        for at in 0..8 {
            for byte in (0..=255u8).filter(|b| !b.is_ascii_digit()) {
                let mut text = *b"42424242";
                text[at] = byte;
                assert_eq!(eight_digits(word(&text)), None, "{text:?}");
                assert_eq!(is(word(&text), byte).trailing_zeros() as usize / 8, at);
            }
        }
        assert_eq!(is(word(b"abcdefgh"), b','), 0);
    }
}
