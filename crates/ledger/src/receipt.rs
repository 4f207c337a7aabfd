//! Receipts: what intake answers, so that "I never got it" can be disproved.
//!
//! A receipt is a signed note by the log's key. It promises that a leaf with that hash will stand in the log. Whoever holds a
//! receipt whose leaf is not in a later checkpoint holds a proof against the log.
//!
//! Invariants
//! - its first line, `servanda receipt v1`, has spaces, so that it can be no checkpoint: an origin has none.
//!
//! Where to start reading: [`Receipt`].

use crate::checkpoint::{decimal, hash};
use crate::error::{Error, shown};
use crate::leaf::Leaf;
use crate::note::{Note, SignerKey, VerifierKey, check_name, to_base64};
use crate::tree::{Hash, leaf_hash};

const HEADER: &str = "servanda receipt v1";

/// That a submission was taken in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The log that promises.
    pub origin: String,
    /// The hash of the leaf, as it stands in the tree.
    pub leaf: Hash,
    /// Who submitted.
    pub submitter: String,
    /// The submission's number among those of the submitter.
    pub number: u64,
    /// When it was taken in, in milliseconds since 1970.
    pub received_ms: i64,
}

impl Receipt {
    /// The receipt for a leaf.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where a part of the leaf may not stand in one.
    pub fn of(origin: &str, leaf: &Leaf) -> Result<Receipt, Error> {
        check_name(origin)?;
        Ok(Receipt {
            origin: origin.to_string(),
            leaf: leaf_hash(&leaf.to_bytes()?),
            submitter: leaf.submitter.clone(),
            number: leaf.number,
            received_ms: leaf.received_ms,
        })
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        format!(
            "{HEADER}\n{}\nleaf {}\nsubmitter {}\nnumber {}\nreceived {}\n",
            self.origin,
            to_base64(&self.leaf),
            self.submitter,
            self.number,
            self.received_ms
        )
    }

    /// The receipt as a note signed by the log: what is handed out.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where the key is another log's, or the submitter's name is none.
    pub fn sign(&self, key: &SignerKey) -> Result<String, Error> {
        if key.name() != self.origin {
            return Err(Error::malformed(format!("the key is of {}", shown(key.name()))));
        }
        let mut note = Note::new(self.text())?;
        Receipt::parse_text(note.text())?;
        note.sign(key, 0);
        Ok(note.to_string())
    }

    /// Reads a receipt that this log has signed.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where it is none, [`Error::is_signature`] where it is not signed.
    pub fn verify(bytes: &[u8], key: &VerifierKey) -> Result<Receipt, Error> {
        let note = Note::parse(bytes)?;
        note.verify_by(key)?;
        let receipt = Receipt::parse_text(note.text())?;
        if receipt.origin != key.name() {
            return Err(Error::signature(format!("the receipt is of {}", shown(&receipt.origin))));
        }
        Ok(receipt)
    }

    /// Reads a receipt without asking who signed it.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where it is none.
    pub fn parse_text(text: &str) -> Result<Receipt, Error> {
        let receipt = Receipt::loosely(text).filter(|receipt| receipt.text() == text);
        receipt.ok_or_else(|| Error::malformed("this is no receipt"))
    }

    fn loosely(text: &str) -> Option<Receipt> {
        let mut lines = text.strip_prefix(HEADER)?.strip_prefix('\n')?.split('\n');
        let origin = lines.next()?.to_string();
        check_name(&origin).ok()?;
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        Some(Receipt {
            origin,
            leaf: hash(value("leaf")?)?,
            submitter: value("submitter").filter(|s| !s.is_empty())?.to_string(),
            number: decimal(value("number")?).filter(|n| *n > 0)?,
            received_ms: value("received")?.parse().ok()?,
        })
    }
}
