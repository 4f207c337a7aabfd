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
use std::io::Write;

/// Milliseconds in a second: the trace counts seconds, columns milliseconds.
pub const SECOND: i64 = 1000;

/// What a name in a trace stands for.
struct Event {
    name: Vec<u8>,
    fact: u16,
    ends: bool,
    /// For each argument whether it is a number.
    numbers: Vec<bool>,
}

fn events(plan: &Plan) -> Vec<Event> {
    let facts = plan.facts().iter().zip(0..);
    let both = facts.flat_map(|(f, fact)| {
        let plain = f.name.as_str().replace('-', "_").into_bytes();
        let numbers: Vec<bool> = f.roles.iter().map(|(_, r)| matches!(r, RoleType::Number(_))).collect();
        [(plain.clone(), false), ([&plain[..], b"_ends"].concat(), true)].map(|(name, ends)| Event {
            name,
            fact,
            ends,
            numbers: numbers.clone(),
        })
    });
    both.collect()
}

/// A place in the text.
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
        while let digit @ b'0'..=b'9' = self.peek() {
            n = n.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        (self.at > start).then_some(n)
    }
}

/// Reads a trace into columns. Events that no rule reads are skipped.
///
/// # Errors
/// The number of the first line that is no line of a trace, and why.
pub fn read(plan: &Plan, bytes: &[u8]) -> Result<Table, String> {
    let events = events(plan);
    let mut table = Table::new(plan);
    let mut text = Text { bytes, at: 0 };
    let (mut line, mut clock) = (0u64, i64::MIN);
    let mut cells: Vec<u32> = Vec::new();
    let mut hint = 0;
    while text.at < bytes.len() {
        line += 1;
        text.skip_blanks();
        match text.peek() {
            b'\n' => {
                text.at += 1;
                continue;
            }
            b'#' => {
                text.until(|b| b == b'\n');
                text.at += 1;
                continue;
            }
            b'@' => text.at += 1,
            _ => return Err(format!("line {line}: a line begins with `@` and a time in seconds")),
        }
        let seconds = text.number().and_then(|n| i64::try_from(n).ok()).filter(|n| *n < 1 << 40);
        let Some(seconds) = seconds else {
            return Err(format!("line {line}: behind `@` stands a time in whole seconds"));
        };
        let time = seconds * SECOND;
        clock = clock.max(time);
        loop {
            text.skip_blanks();
            if text.peek() == b'\n' {
                text.at += 1;
                break;
            }
            let name = text.until(|b| matches!(b, b'(' | b' ' | b'\n'));
            let own = match events.get(hint).filter(|e: &&Event| e.name == name) {
                Some(_) => Some(hint),
                None => events.iter().position(|e| e.name == name),
            };
            if text.peek() != b'(' {
                return Err(format!(
                    "line {line}: behind the name of an event stand its arguments in brackets"
                ));
            }
            while text.peek() == b'(' {
                text.at += 1;
                let Some(own) = own else {
                    text.until(|b| matches!(b, b')' | b'\n'));
                    text.at += 1;
                    continue;
                };
                hint = own;
                let event = &events[own];
                cells.clear();
                for number in &event.numbers {
                    text.skip_blanks();
                    let cell = if *number {
                        text.number().and_then(|n| u32::try_from(n).ok()).filter(|n| *n != NOTHING)
                    } else {
                        let word = text.until(|b| matches!(b, b',' | b')' | b'\n'));
                        (!word.is_empty()).then(|| table.names.intern(word))
                    };
                    let Some(cell) = cell else { break };
                    cells.push(cell);
                    text.skip_blanks();
                    text.at += usize::from(text.peek() == b',');
                }
                if cells.len() != event.numbers.len() || text.peek() != b')' {
                    let (name, roles) = (String::from_utf8_lossy(name), event.numbers.len());
                    return Err(format!("line {line}: `{name}` carries {roles} arguments, numbers whole"));
                }
                text.at += 1;
                let (fact, ends) = (event.fact, event.ends);
                let grade = Grade::Confirmed;
                table.push(Row { fact, time, recorded: clock, grade, ends, cells: &cells });
            }
        }
    }
    Ok(table)
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
        write!(out, "@{} {}(", table.time(row) / SECOND, String::from_utf8_lossy(&event.name))?;
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
