//! Checkpoints: which log, how many entries, which root. The text of a signed note.
//!
//! A checkpoint says nothing about who must have signed it; [`crate::policy`] does.
//!
//! # Source
//! C2SP tlog-checkpoint.

use crate::error::{Error, shown};
use crate::note::{Note, SignerKey, VerifierKey, check_name, from_base64, to_base64};
use crate::tree::{EMPTY, Hash};

/// The head of a log at one size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The log's name, like `example.org/log`.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root over them.
    pub root: Hash,
    /// Lines that the log added and nobody vouches for. Ours adds none.
    pub extensions: Vec<String>,
}

/// A decimal number without leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number = text.parse::<u64>().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A hash in base64.
pub(crate) fn hash(text: &str) -> Option<Hash> {
    from_base64(text)?.try_into().ok()
}

impl Checkpoint {
    /// A checkpoint without further lines.
    pub fn new(origin: &str, size: u64, root: Hash) -> Checkpoint {
        Checkpoint { origin: origin.to_string(), size, root, extensions: Vec::new() }
    }

    /// Reads the text of a note.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where it is no checkpoint; so is an empty tree with a root of its own.
    pub fn parse(text: &str) -> Result<Checkpoint, Error> {
        let wrong = |why: &str| Error::malformed(format!("this is no checkpoint: {why}"));
        let lines = text.strip_suffix('\n').ok_or_else(|| wrong("its last line has no end"))?;
        let mut lines = lines.split('\n');
        let mut next = || lines.next().filter(|line| !line.is_empty());
        let origin = next().ok_or_else(|| wrong("its first line, the origin, is missing"))?;
        check_name(origin)?;
        let size = next().ok_or_else(|| wrong("its second line, the size, is missing"))?;
        let size = decimal(size).ok_or_else(|| wrong(&format!("{} is no size", shown(size))))?;
        let root = next().ok_or_else(|| wrong("its third line, the root, is missing"))?;
        let root = hash(root).ok_or_else(|| wrong(&format!("{} is no root", shown(root))))?;
        let extensions: Vec<String> = lines.map(str::to_string).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(wrong("it has an empty line"));
        }
        if size == 0 && root != EMPTY {
            return Err(wrong("a log without entries has the root of the empty tree"));
        }
        Ok(Checkpoint { origin: origin.to_string(), size, root, extensions })
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, to_base64(&self.root));
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// A note with it, signed by the log.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where the origin may not be one or is not the key's name.
    pub fn sign(&self, key: &SignerKey) -> Result<Note, Error> {
        check_name(&self.origin)?;
        if key.name() != self.origin {
            return Err(Error::malformed(format!(
                "the key is of {}, and the log is {}",
                shown(key.name()),
                shown(&self.origin)
            )));
        }
        let mut note = Note::new(self.text())?;
        note.sign(key, 0);
        Ok(note)
    }

    /// The checkpoint in a note that this log has signed.
    ///
    /// # Errors
    /// [`Error::is_signature`] where it has not; [`Error::is_malformed`] where the note holds none, or one of another log.
    pub fn signed_by(note: &Note, key: &VerifierKey) -> Result<Checkpoint, Error> {
        note.verify_by(key)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != key.name() {
            return Err(Error::malformed(format!(
                "{} signed a checkpoint of {}",
                shown(key.name()),
                shown(&checkpoint.origin)
            )));
        }
        Ok(checkpoint)
    }
}
