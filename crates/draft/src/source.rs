//! A file of words: its paragraphs, in order, with what their look says about them.
//!
//! It does not decide what is a clause; that is `outline`. It keeps every visible word and drops what cannot be seen: soft
//! hyphens, marks of direction, deleted and hidden runs of a word processor.
//!
//! Invariants
//! - a file is a [`Source`] or a [`Refused`] with a place and a remedy; there is no panic and no half of a text;
//! - what is unpacked is bounded ([`UNPACKED_LIMIT`]), whatever the file claims.
//!
//! Where to start reading: [`read`]. The formats stand beside this file, one module each.

use std::fmt;

/// No text of an agreement is longer, as a file.
pub const FILE_LIMIT: u64 = 64 << 20;
/// No part of a file is longer when it is unpacked.
pub const UNPACKED_LIMIT: u64 = 64 << 20;
/// No agreement has more words.
pub const WORD_LIMIT: usize = 2_000_000;

/// Why a file gives no text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Where in the file.
    pub place: String,
    /// What is wrong, in lower case.
    pub reason: String,
    /// What to do next.
    pub remedy: String,
}

impl Refused {
    pub(crate) fn new(
        place: impl Into<String>,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Refused {
        Refused { place: place.into(), reason: reason.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for Refused {}

/// What a file is, by its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Office Open XML of a word processor.
    Docx,
    /// Portable Document Format.
    Pdf,
    /// Akoma Ntoso.
    Akn,
    /// Plain text.
    Plain,
}

impl Kind {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Docx => "docx",
            Kind::Pdf => "pdf",
            Kind::Akn => "Akoma Ntoso",
            Kind::Plain => "plain text",
        }
    }
}

/// Where a paragraph stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Place {
    /// In the running text.
    #[default]
    Body,
    /// A row of a table, its cells separated by ` | `.
    Row,
    /// A footnote or an endnote.
    Note,
}

/// A paragraph.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Block {
    /// Its words, white space folded, without `label`.
    pub text: String,
    /// Its number as a reader sees it: typed, or made by the word processor. `58.`, `(iv)`, `•`.
    pub label: Option<String>,
    /// How deep in its list, from 0.
    pub depth: u8,
    /// The heading level that its style says, from 1.
    pub style: Option<u8>,
    /// Set in bold or italics as a whole.
    pub emphasis: bool,
    /// Where it stands.
    pub place: Place,
    /// The identity that the file itself gives it (Akoma Ntoso).
    pub eid: Option<String>,
}

/// A file's paragraphs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// What the file is.
    pub kind: Kind,
    /// The paragraphs, in order.
    pub blocks: Vec<Block>,
    /// What a reader should know: tracked changes, hidden text, the encoding that was assumed.
    pub notes: Vec<String>,
}

/// Reads a file by what its bytes are, not by its name. `encoding` is that of a plain text without a byte order mark; without
/// it, UTF-8.
///
/// # Errors
/// [`Refused`] where the bytes are none of the formats, are protected, are damaged, hold no text, or are too long.
pub fn read(bytes: &[u8], encoding: Option<&str>) -> Result<Source, Refused> {
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(Refused::new(
            "the file",
            format!(
                "it has {} MB, and no text of an agreement has more than {}",
                bytes.len() >> 20,
                FILE_LIMIT >> 20
            ),
            "is it the right file? Pictures can be taken out, or the text saved as .txt",
        ));
    }
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(bytes.len());
    if bytes[start..].is_empty() {
        return Err(Refused::new("the file", "it is empty", "is it the right file? Look at its size"));
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(compound(bytes));
    }
    let source = if bytes.starts_with(b"PK") {
        crate::docx::read(bytes)
    } else if bytes[..bytes.len().min(1024)].windows(5).any(|w| w == b"%PDF-") {
        crate::pdf::read(bytes)
    } else if bytes.starts_with(b"{\\rtf") {
        Err(Refused::new(
            "byte 1",
            "it is rich text (.rtf)",
            "open it in a word processor and save it as .docx",
        ))
    } else {
        let (text, note) = crate::plain::decode(bytes, encoding)?;
        let body = text.trim_start();
        if body.starts_with("<?xml") || body.starts_with("<akomaNtoso") {
            crate::akn::read(&text)
        } else if body
            .get(..5)
            .is_some_and(|s| s.eq_ignore_ascii_case("<html") || s.eq_ignore_ascii_case("<!doc"))
        {
            Err(Refused::new(
                "byte 1",
                "it is a web page",
                "save the page as text (.txt), or copy its text into a .docx",
            ))
        } else {
            Ok(crate::plain::read(&text, note))
        }
    }?;
    let words: usize = source.blocks.iter().map(|b| b.text.split_whitespace().count()).sum();
    if words == 0 {
        return Err(Refused::new(
            "the file",
            "it has no words",
            "is it the right file? Pictures are not read",
        ));
    }
    if words > WORD_LIMIT {
        return Err(Refused::new(
            "the file",
            format!("it has {words} words, and no agreement has more than {WORD_LIMIT}"),
            "is it the right file? If it is, split it",
        ));
    }
    Ok(source)
}

/// The container of older office programs holds an old document, or a new one behind a password.
fn compound(bytes: &[u8]) -> Refused {
    let has = |name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(wide.len()).any(|w| w == wide)
    };
    if has("EncryptedPackage") {
        Refused::new(
            "the file",
            "it is protected by a password",
            "open it with the password, take the password off, and save it as .docx",
        )
    } else {
        Refused::new(
            "the file",
            "it is of the old binary form (.doc), which is not read",
            "open it in a word processor and save it as .docx",
        )
    }
}

/// Without what cannot be seen; white space folded.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = true;
    for c in text.chars() {
        match c {
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {}
            c if c.is_whitespace() || c.is_control() => {
                if !blank {
                    out.push(' ');
                }
                blank = true;
            }
            '\u{2011}' => {
                out.push('-');
                blank = false;
            }
            c => {
                out.push(c);
                blank = false;
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A number or bullet typed in front of a paragraph, and the rest.
pub(crate) fn typed_label(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = text.split_once(' ')?;
    let rest = rest.trim_start();
    if rest.is_empty() {
        return None;
    }
    // 4.5 million is no clause.
    let bare = !first.ends_with(['.', ')']) && first.starts_with(|c: char| c.is_ascii_digit());
    let number = bare && !rest.starts_with(char::is_uppercase);
    // Neither is the initial of a name, nor what begins a sentence: `I` stands without a full stop.
    (is_label(first) && !number).then_some((first, rest))
}

/// Whether these letters are a number or a bullet: `58.`, `2.1`, `(a)`, `iv)`, `A.`, `•`.
pub(crate) fn is_label(word: &str) -> bool {
    if matches!(word, "•" | "-" | "–" | "—" | "·" | "▪" | "●" | "○" | "o" | "*" | "§" | "" | "‒" | "➢" | "✓")
    {
        return true;
    }
    let closed = word.ends_with(['.', ')']);
    let core = word.trim_start_matches('(').trim_end_matches(['.', ')']);
    if core.is_empty() || core.chars().count() > 8 {
        return false;
    }
    let digits = core
        .split('.')
        .all(|part| !part.is_empty() && part.len() < 4 && part.bytes().all(|b| b.is_ascii_digit()));
    if digits {
        return closed || core.contains('.');
    }
    let letter = core.chars().count() == 1 && core.chars().all(char::is_alphabetic);
    closed && (letter || crate::outline::roman(core).is_some())
}
