//! What is wrong with bytes that came from outside, as one opaque error with honest questions.
//!
//! It says what was found and, where there is something to do, what to do. It never quotes more than a line of the bytes.

use std::fmt;

/// Bytes that are not what they claim to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    kind: Kind,
    message: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Malformed,
    Signature,
    Proof,
    Policy,
}

impl Error {
    pub(crate) fn malformed(message: impl Into<String>) -> Error {
        Error { kind: Kind::Malformed, message: message.into() }
    }

    pub(crate) fn signature(message: impl Into<String>) -> Error {
        Error { kind: Kind::Signature, message: message.into() }
    }

    pub(crate) fn proof(message: impl Into<String>) -> Error {
        Error { kind: Kind::Proof, message: message.into() }
    }

    pub(crate) fn policy(message: impl Into<String>) -> Error {
        Error { kind: Kind::Policy, message: message.into() }
    }

    /// The bytes do not have the form that their format asks for.
    pub fn is_malformed(&self) -> bool {
        self.kind == Kind::Malformed
    }

    /// A signature is missing or does not fit the text.
    pub fn is_signature(&self) -> bool {
        self.kind == Kind::Signature
    }

    /// Hashes do not lead where they should.
    pub fn is_proof(&self) -> bool {
        self.kind == Kind::Proof
    }

    /// The signatures are right, and not enough for the policy.
    pub fn is_policy(&self) -> bool {
        self.kind == Kind::Policy
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// At most 60 characters of a text from outside, in backticks, without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == 60 {
            out.push('…');
            break;
        }
        out.push(if c.is_control() { '·' } else { c });
    }
    out.push('`');
    out
}
