//! Just enough JSON to read an envelope from outside: strict, bounded, without a library in the auditor's program.
//!
//! Numbers are kept as they are written: nothing here computes with them. A member that is named twice is an error, since two
//! readers might each take the other one.

use crate::error::Error;

/// The deepest nesting that is read.
const DEEPEST: usize = 32;

/// A JSON value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    /// `null`, `true`, `false` or a number, as written.
    Word(String),
    Text(String),
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Object(members) => members.iter().find(|(n, _)| n == name).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// Reads one value and nothing after it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Error> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| Error::malformed("this is no JSON: it is not UTF-8"))?;
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.space();
    match reader.at == text.len() {
        true => Ok(value),
        false => Err(reader.wrong("it goes on after its end")),
    }
}

/// A text with its quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, why: &str) -> Error {
        Error::malformed(format!("this is no JSON that is read here: {why}, at byte {}", self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes this byte if it is the next one after spaces.
    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        if depth > DEEPEST {
            return Err(self.wrong("it is nested more than 32 deep"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Value::Text),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Error> {
        self.at += 1;
        let mut members: Vec<(String, Value)> = Vec::new();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("the name of a member is missing"));
            }
            let name = self.string()?;
            if !self.take(b':') {
                return Err(self.wrong("a `:` is missing"));
            }
            let value = self.value(depth + 1)?;
            members.push((name, value));
            if self.take(b'}') {
                break;
            }
            if !self.take(b',') {
                return Err(self.wrong("a `,` or `}` is missing"));
            }
        }
        let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(self.wrong("a member is named twice"));
        }
        Ok(Value::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Value, Error> {
        self.at += 1;
        let mut values = Vec::new();
        if self.take(b']') {
            return Ok(Value::List(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(Value::List(values));
            }
            if !self.take(b',') {
                return Err(self.wrong("a `,` or `]` is missing"));
            }
        }
    }

    fn word(&mut self) -> Result<Value, Error> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
        let word = &rest[..length];
        if !matches!(word, "null" | "true" | "false") && !is_number(word) {
            return Err(self.wrong("a value is missing"));
        }
        self.at += length;
        Ok(Value::Word(word.to_string()))
    }

    fn string(&mut self) -> Result<String, Error> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().take_while(|b| *b >= 0x20 && *b != b'"' && *b != b'\\').count();
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                Some(_) => return Err(self.wrong("a text has a control character")),
                None => return Err(self.wrong("a text has no end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let letter = self.text.as_bytes().get(self.at + 1).copied();
        self.at += 2;
        let c = match letter {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => {
                self.at -= 2;
                return Err(self.wrong("an escape is not known"));
            }
        };
        Ok(c)
    }

    fn unicode(&mut self) -> Result<char, Error> {
        let high = self.four()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high).ok_or_else(|| self.wrong("an escape is half a character"));
        }
        let low = match self.text.as_bytes().get(self.at..self.at + 2) {
            Some(b"\\u") => {
                self.at += 2;
                self.four()?
            }
            _ => 0,
        };
        if !(0xdc00..0xe000).contains(&low) {
            return Err(self.wrong("an escape is half a character"));
        }
        let c = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        char::from_u32(c).ok_or_else(|| self.wrong("an escape is no character"))
    }

    fn four(&mut self) -> Result<u32, Error> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let digits = digits.filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let number =
            digits.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u32::from_str_radix(d, 16).ok());
        let number = number.ok_or_else(|| self.wrong("an escape has four digits"))?;
        self.at += 4;
        Ok(number)
    }
}

fn is_number(word: &str) -> bool {
    let rest = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}
