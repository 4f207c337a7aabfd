//! Anchoring a checkpoint in time: a request to a time-stamping authority, and what its answer says.
//!
//! It writes the request and reads from the answer which hash was stamped, and when. The authority's signature is *not* checked here: it
//! hangs on certificates and algorithms that a program of this size should not carry. `openssl ts -verify` checks it, and
//! `servanda log anchor check` runs that.
//!
//! Invariants
//! - the answer is read as DER with definite lengths; nothing is read outside its parent, and nothing is copied but the time.
//!
//! Where to start reading: [`request`] and [`Stamp::read`].
//!
//! # Source
//! RFC 3161, 2.4; RFC 5652, 5.1.

use crate::error::Error;
use crate::tree::Hash;

/// The largest answer that is read, in bytes.
pub const LARGEST: usize = 1 << 20;

/// The object identifier of SHA-256, as DER.
const SHA256: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// `id-signedData`.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// `id-ct-TSTInfo`.
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
const TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INSIDE: u8 = 0xa0;

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        length @ ..0x80 => bytes.push(length as u8),
        length @ ..0x100 => bytes.extend([0x81, length as u8]),
        length => bytes.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    bytes.extend_from_slice(content);
    bytes
}

/// A positive number: without leading zeros, and with one where the first bit is set.
fn integer(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(7);
    let mut content = bytes[first..].to_vec();
    if content[0] & 0x80 != 0 {
        content.insert(0, 0);
    }
    der(INTEGER, &content)
}

/// A request for a time stamp of a SHA-256 hash, with the authority's certificate in the answer. `nonce` is a random number.
pub fn request(hash: &Hash, nonce: u64) -> Vec<u8> {
    let algorithm = der(SEQUENCE, &[SHA256, &[0x05, 0x00]].concat());
    let imprint = der(SEQUENCE, &[algorithm, der(OCTETS, hash)].concat());
    der(SEQUENCE, &[integer(1), imprint, integer(nonce), vec![0x01, 0x01, 0xff]].concat())
}

/// What an authority stamped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The hash.
    pub hash: Hash,
    /// When, as it is written there: `20261129013000Z`, in UTC.
    pub time: String,
    /// The number of the request that it answers.
    pub nonce: Option<u64>,
}

/// A reader of the elements of one content.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element, if it has this tag.
    fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        if *found != tag {
            return None;
        }
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match *first {
            short @ ..0x80 => (usize::from(short), rest),
            long => {
                let count = usize::from(long & 0x7f);
                if !(1..=4).contains(&count) {
                    return None;
                }
                let bytes = rest.get(..count)?;
                (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), &rest[count..])
            }
        };
        let content = rest.get(..length)?;
        self.0 = &rest[length..];
        Some(content)
    }

    /// The elements of the next one.
    fn within(&mut self, tag: u8) -> Option<Der<'a>> {
        self.next(tag).map(Der)
    }
}

impl Stamp {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where it is none, or the authority refused; the message says which status it gave.
    pub fn read(bytes: &[u8]) -> Result<Stamp, Error> {
        let wrong = || Error::malformed("this is no answer of a time-stamping authority");
        if bytes.len() > LARGEST {
            return Err(Error::malformed("this answer is larger than a megabyte"));
        }
        let mut whole = Der(bytes);
        let mut answer = whole.within(SEQUENCE).ok_or_else(wrong)?;
        if !whole.0.is_empty() {
            return Err(wrong());
        }
        let status = answer.within(SEQUENCE).and_then(|mut status| status.next(INTEGER)).ok_or_else(wrong)?;
        // 0 is granted, 1 is granted with changes.
        if !matches!(status, [0 | 1]) {
            return Err(Error::malformed(format!("the authority refused, with status {status:?}")));
        }
        Stamp::token(&mut answer).ok_or_else(wrong)
    }

    fn token(answer: &mut Der) -> Option<Stamp> {
        let mut content = answer.within(SEQUENCE)?;
        if content.next(OBJECT)? != SIGNED_DATA {
            return None;
        }
        let mut signed = content.within(INSIDE)?.within(SEQUENCE)?;
        signed.next(INTEGER)?;
        signed.next(SET)?;
        let mut inner = signed.within(SEQUENCE)?;
        if inner.next(OBJECT)? != TST_INFO {
            return None;
        }
        let mut info = Der(inner.within(INSIDE)?.next(OCTETS)?).within(SEQUENCE)?;
        info.next(INTEGER)?;
        info.next(OBJECT)?;
        let mut imprint = info.within(SEQUENCE)?;
        // The object identifier stands here with its tag and length.
        if imprint.next(SEQUENCE)?.get(..SHA256.len()) != Some(SHA256) {
            return None;
        }
        let hash: Hash = imprint.next(OCTETS)?.try_into().ok()?;
        info.next(INTEGER)?;
        let time = std::str::from_utf8(info.next(TIME)?).ok().filter(|time| {
            time.len() <= 32
                && time.ends_with('Z')
                && time.bytes().all(|b| b.is_ascii_digit() || b".Z".contains(&b))
        })?;
        info.next(SEQUENCE);
        info.next(0x01);
        let nonce = info.next(INTEGER).and_then(|bytes| {
            let bytes = bytes.strip_prefix(&[0]).unwrap_or(bytes);
            (bytes.len() <= 8).then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        });
        Some(Stamp { hash, time: time.to_string(), nonce })
    }
}
