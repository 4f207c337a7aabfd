//! Bytes from outside: drawn at random, and good ones damaged. No parser panics, and what one accepts has one writing.
//!
//! `SERVANDA_HOSTILE_ROUNDS` sets how many are drawn for each parser; a short run is part of the tests.

use servanda_ledger::anchor::{self, Stamp};
use servanda_ledger::bundle;
use servanda_ledger::checkpoint::Checkpoint;
use servanda_ledger::envelope::{Envelope, STATEMENT};
use servanda_ledger::leaf::{Leaf, NO_PREVIOUS};
use servanda_ledger::note::{Algorithm, Note, SignerKey, VerifierKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::proof::Proof;
use servanda_ledger::receipt::Receipt;
use servanda_ledger::tile::{self, Layer, Tile};
use servanda_ledger::witness::Request;

/// A stream of numbers that the same seed draws again.
struct Drawn(u64);

const PIECES: [&[u8]; 8] = [b"\n", b"18446744073709551615", b" ", b"\xff\xff", b"=", b"\n\n", b"[[[[", b"+"];

impl Drawn {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Some bytes, or a good text with one to four damages: a byte, a piece cut, doubled or put in, an early end.
    fn hostile(&mut self, good: &[u8]) -> Vec<u8> {
        if self.below(8) == 0 {
            let length = self.below(200);
            return (0..length).map(|_| self.next() as u8).collect();
        }
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(4) {
            let (a, b) = (self.below(bytes.len() + 1), self.below(bytes.len() + 1));
            let (from, to) = (a.min(b), a.max(b));
            match self.below(6) {
                0 if from < bytes.len() => bytes[from] = self.next() as u8,
                1 if from < bytes.len() => bytes[from] ^= 1 << self.below(8),
                2 => drop(bytes.drain(from..to.min(from + 40))),
                3 => {
                    let piece = bytes[from..to].to_vec();
                    bytes.splice(from..from, piece);
                }
                4 => drop(bytes.splice(from..from, PIECES[self.below(8)].iter().copied())),
                _ => bytes.truncate(to),
            }
        }
        bytes
    }
}

fn rounds() -> usize {
    std::env::var("SERVANDA_HOSTILE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000)
}

/// Draws inputs for a parser. `parse` gives what it accepted, written again.
fn drive(seed: u64, good: &[u8], parse: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    assert!(parse(good).is_some(), "the good one is accepted");
    let mut drawn = Drawn(seed);
    let mut accepted = 0;
    for _ in 0..rounds() {
        let bytes = drawn.hostile(good);
        if let Some(again) = parse(&bytes) {
            accepted += 1;
            assert_eq!(again, bytes, "another writing was accepted");
        }
    }
    assert!(accepted < rounds(), "something must be refused");
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn log() -> SignerKey {
    SignerKey::new("example.com/log", Algorithm::Note, &[1; 32]).unwrap()
}

fn witness() -> SignerKey {
    SignerKey::new("witness", Algorithm::Cosignature, &[2; 32]).unwrap()
}

fn note() -> Note {
    let mut note = Checkpoint::new("example.com/log", 300, [7; 32]).sign(&log()).unwrap();
    note.sign(&witness(), 5);
    note
}

fn leaf() -> Leaf {
    Leaf {
        kind: "record".into(),
        received_ms: 5,
        submitter: "side a".into(),
        number: 1,
        previous: NO_PREVIOUS,
        commitment: [9; 32],
    }
}

#[test]
fn notes_checkpoints_and_keys() {
    drive(1, note().to_string().as_bytes(), |bytes| Some(Note::parse(bytes).ok()?.to_string().into()));
    drive(2, note().text().as_bytes(), |bytes| Some(Checkpoint::parse(text(bytes)?).ok()?.text().into()));
    let vkey = log().public().to_string();
    drive(3, vkey.as_bytes(), |bytes| Some(VerifierKey::parse(text(bytes)?).ok()?.to_string().into()));
    let secret = log().secret_text();
    drive(4, secret.as_bytes(), |bytes| Some(SignerKey::parse(text(bytes)?).ok()?.secret_text().into()));
    let receipt = Receipt::of("example.com/log", &leaf()).unwrap().text();
    drive(5, receipt.as_bytes(), |bytes| Some(Receipt::parse_text(text(bytes)?).ok()?.text().into()));
}

#[test]
fn proofs_requests_leaves_and_tiles() {
    let path = vec![[1; 32]; 9];
    let proof = Proof { extra: Some(b"entry".to_vec()), index: 3, path: path.clone(), checkpoint: note() };
    drive(11, proof.to_string().as_bytes(), |bytes| Some(Proof::parse(bytes).ok()?.to_string().into()));
    let request = Request { old: 3, proof: path, checkpoint: note() };
    drive(12, request.to_string().as_bytes(), |bytes| Some(Request::parse(bytes).ok()?.to_string().into()));
    drive(13, &leaf().to_bytes().unwrap(), |bytes| Leaf::from_bytes(bytes).ok()?.to_bytes().ok());
    drive(14, b"tile/entries/x001/234.p/7", |bytes| Some(Tile::from_path(text(bytes)?).ok()?.path().into()));
    let mut bundle = Vec::new();
    for entry in [b"a" as &[u8], b"", b"ccc"] {
        tile::add_entry(&mut bundle, entry).unwrap();
    }
    let three = Tile { layer: Layer::Entries, index: 0, width: 3 };
    drive(15, &bundle, |bytes| {
        let mut again = Vec::new();
        for entry in three.entries(bytes).ok()? {
            tile::add_entry(&mut again, entry).unwrap();
        }
        Some(again)
    });
    drive(16, &[5; 96], |bytes| Some(three.hashes(bytes).ok()?.concat()));
}

/// These have more writings than one: whether they are read the same again is asked instead.
#[test]
fn policies_envelopes_stamps_and_keys_of_sources() {
    let policy = format!("log {}\nwitness a {}\ngroup g 1 a\nquorum g\n", log().public(), witness().public());
    drive(21, policy.as_bytes(), |bytes| {
        let policy = Policy::parse(bytes).ok()?;
        assert_eq!(Policy::parse(policy.to_string().as_bytes()).unwrap(), policy);
        policy.least_witnesses();
        Some(bytes.to_vec())
    });
    let mut envelope = Envelope::new(STATEMENT, b"{}");
    envelope.sign(&log());
    drive(22, envelope.to_json().as_bytes(), |bytes| {
        let envelope = Envelope::parse(bytes).ok()?;
        assert_eq!(Envelope::parse(envelope.to_json().as_bytes()).unwrap(), envelope);
        Some(bytes.to_vec())
    });
    let keys = format!("key {} 3 9\nkey {} 4\n", log().public(), log().public());
    drive(23, keys.as_bytes(), |bytes| {
        let keys = bundle::parse_keys(bytes).ok()?;
        assert_eq!(bundle::parse_keys(bundle::keys_text(&keys).as_bytes()).unwrap(), keys);
        Some(bytes.to_vec())
    });
    let mut drawn = Drawn(24);
    for _ in 0..rounds() {
        let _ = Stamp::read(&drawn.hostile(&anchor::request(&[3; 32], 7)));
    }
}
