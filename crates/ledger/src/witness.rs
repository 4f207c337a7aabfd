//! What a witness does: look at a checkpoint, compare it with the last one it has seen of that log, and answer.
//!
//! The rules only, as functions of what was seen and what is asked: no HTTP, no file, no clock. Whoever calls [`consider`]
//! must hold what was seen fast until the new state is on the disk; else two requests at once could roll a log back.
//!
//! Invariants
//! - a cosignature is made only for a tree that continues all that this witness had cosigned before;
//! - every refusal has the number that the protocol gives it, and says why;
//! - a checkpoint that the log has signed and that does not continue what was seen is evidence, and marked as such.
//!
//! Where to start reading: [`consider`].
//!
//! # Source
//! C2SP tlog-witness, `add-checkpoint`.

use crate::checkpoint::{Checkpoint, decimal, hash};
use crate::error::Error;
use crate::note::{Note, Signature, SignerKey, VerifierKey, to_base64};
use crate::tree::{Hash, verify_consistency};

/// The largest request that is read, in bytes.
pub const LARGEST: usize = crate::note::LARGEST + 8192;

/// The most hashes in a consistency proof.
pub const MOST_HASHES: usize = 63;

/// A request to cosign: the size that the asker believes was seen last, the proof from there, the checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The size from which the proof leads.
    pub old: u64,
    /// The consistency proof.
    pub proof: Vec<Hash>,
    /// The checkpoint with the log's signature.
    pub checkpoint: Note,
}

/// The last checkpoint of a log that a witness has cosigned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl Seen {
    /// What a witness has seen of a log that it has never cosigned.
    pub const NOTHING: Seen = Seen { size: 0, root: crate::tree::EMPTY };
}

/// Why a witness does not cosign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The request is none: 400.
    Malformed(Error),
    /// The log is not one that this witness watches: 404.
    UnknownLog(String),
    /// The log has not signed the checkpoint: 403.
    NotSigned(Error),
    /// The asker does not know what was seen last; this size was: 409.
    Conflict(u64),
    /// The log has signed a checkpoint that does not continue what was seen, or the proof does not show that it does: 422.
    NotContinued(Error),
}

impl Refusal {
    /// The status by which HTTP says it.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::Malformed(_) => 400,
            Refusal::NotSigned(_) => 403,
            Refusal::UnknownLog(_) => 404,
            Refusal::Conflict(_) => 409,
            Refusal::NotContinued(_) => 422,
        }
    }

    /// The body of the answer; for a conflict it is the size, as the protocol asks.
    pub fn body(&self) -> String {
        match self {
            Refusal::Conflict(size) => format!("{size}\n"),
            other => format!("{other}\n"),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Malformed(e) | Refusal::NotSigned(e) | Refusal::NotContinued(e) => write!(f, "{e}"),
            Refusal::UnknownLog(origin) => {
                write!(f, "the log {} is not watched here", crate::error::shown(origin))
            }
            Refusal::Conflict(size) => {
                write!(
                    f,
                    "the last checkpoint that was cosigned here has size {size}; the proof must begin there"
                )
            }
        }
    }
}

impl Request {
    /// Reads a request; nothing in it is checked.
    ///
    /// # Errors
    /// [`Error::is_malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Request, Error> {
        let wrong = |why: &str| Error::malformed(format!("this is no request to a witness: {why}"));
        if bytes.len() > LARGEST {
            return Err(wrong("it is larger than a megabyte"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
        let (head, checkpoint) =
            text.split_once("\n\n").ok_or_else(|| wrong("no blank line stands before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old = old.ok_or_else(|| wrong("its first line is not `old` and a size"))?;
        let mut proof = Vec::new();
        for line in lines {
            if proof.len() == MOST_HASHES {
                return Err(wrong("it has more than 63 hashes"));
            }
            proof.push(hash(line).ok_or_else(|| wrong("a line is no hash"))?);
        }
        Ok(Request { old, proof, checkpoint: Note::parse(checkpoint.as_bytes())? })
    }
}

impl std::fmt::Display for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{}", to_base64(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Whether a checkpoint continues what was seen, and then the checkpoint. `log` finds the key of a log that is watched, by its origin.
///
/// # Errors
/// The refusal, in the order in which the protocol asks.
pub fn consider<'k>(
    request: &Request,
    log: impl FnOnce(&str) -> Option<&'k VerifierKey>,
    seen: impl FnOnce(&str) -> Seen,
) -> Result<Checkpoint, Refusal> {
    let checkpoint = Checkpoint::parse(request.checkpoint.text()).map_err(Refusal::Malformed)?;
    let key = log(&checkpoint.origin).ok_or_else(|| Refusal::UnknownLog(checkpoint.origin.clone()))?;
    Checkpoint::signed_by(&request.checkpoint, key).map_err(Refusal::NotSigned)?;
    if request.old > checkpoint.size {
        return Err(Refusal::Malformed(Error::malformed(format!(
            "the old size {} is larger than the checkpoint's {}",
            request.old, checkpoint.size
        ))));
    }
    let seen = seen(&checkpoint.origin);
    if request.old != seen.size {
        return Err(Refusal::Conflict(seen.size));
    }
    verify_consistency(seen.size, &seen.root, checkpoint.size, &checkpoint.root, &request.proof)
        .map_err(Refusal::NotContinued)?;
    Ok(checkpoint)
}

/// The cosignature, which also stands in the note after it. To be given away only once the new state is on the disk.
///
/// # Panics
/// Where the key is no witness's.
///
/// # Units
/// Seconds since 1970.
pub fn cosign(note: &mut Note, key: &SignerKey, time_s: u64) -> Signature {
    assert_eq!(
        key.public().algorithm(),
        crate::note::Algorithm::Cosignature,
        "a witness has a key for cosignatures"
    );
    note.sign(key, time_s);
    let own = |s: &&Signature| s.name == key.name() && s.id == key.public().id();
    note.signatures().iter().find(own).cloned().expect("the signature that was just added")
}
