//! A proof in a file: this entry stands in that log, and those who must have seen the log have.
//!
//! The entry's bytes may travel in the file, in the line `extra`; nothing there is believed before the tree confirms it.
//!
//! Invariants
//! - a proof has one writing;
//! - at most 64 hashes are read, since no tree is higher.
//!
//! Where to start reading: [`Proof`].
//!
//! # Source
//! C2SP tlog-proof.

use crate::checkpoint::{decimal, hash};
use crate::error::Error;
use crate::note::{Note, from_base64, to_base64};
use crate::policy::{Policy, Witnessed};
use crate::tree::{Hash, leaf_hash, verify_inclusion};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The largest proof that is read, in bytes.
pub const LARGEST: usize = 2 << 20;

/// That an entry stands in a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proof {
    /// Bytes that nobody vouches for; ours are the entry's.
    pub extra: Option<Vec<u8>>,
    /// The entry's number, from 0.
    pub index: u64,
    /// The inclusion proof.
    pub path: Vec<Hash>,
    /// The checkpoint with its signatures.
    pub checkpoint: Note,
}

impl Proof {
    /// Reads a proof; nothing in it is checked.
    ///
    /// # Errors
    /// [`Error::is_malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Proof, Error> {
        let wrong = |why: &str| Error::malformed(format!("this is no proof: {why}"));
        if bytes.len() > LARGEST {
            return Err(wrong("it is larger than two megabytes"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or_else(|| wrong("no blank line stands before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(wrong(&format!("its first line is not `{HEADER}`")));
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(extra) => {
                lines.next();
                Some(from_base64(extra).ok_or_else(|| wrong("`extra` is not base64"))?)
            }
            None => None,
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or_else(|| wrong("the line `index` is missing or has no number"))?;
        let mut path = Vec::new();
        for line in lines {
            if path.len() == 64 {
                return Err(wrong("it has more than 64 hashes"));
            }
            path.push(hash(line).ok_or_else(|| wrong("a line is no hash"))?);
        }
        Ok(Proof { extra, index, path, checkpoint: Note::parse(checkpoint.as_bytes())? })
    }

    /// Checks everything for an entry: the tree, the log's signature, the witnesses.
    ///
    /// # Errors
    /// Those of [`Policy::verify`], and [`Error::is_proof`] where the entry does not stand there.
    pub fn verify(&self, entry: &[u8], policy: &Policy) -> Result<Witnessed, Error> {
        let witnessed = policy.verify(&self.checkpoint)?;
        let checkpoint = &witnessed.checkpoint;
        verify_inclusion(&leaf_hash(entry), self.index, checkpoint.size, &self.path, &checkpoint.root)?;
        Ok(witnessed)
    }
}

impl std::fmt::Display for Proof {
    /// The file.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", to_base64(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
