//! Notes, checkpoints, proofs, receipts and envelopes: what a log and its witnesses send.

use crate::Target;
use servanda_ledger::anchor::Stamp;
use servanda_ledger::bundle::parse_keys;
use servanda_ledger::checkpoint::Checkpoint;
use servanda_ledger::envelope::{Envelope, STATEMENT, statement};
use servanda_ledger::leaf::{Leaf, NO_PREVIOUS};
use servanda_ledger::note::{Algorithm, Note, SignerKey, VerifierKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::proof::Proof;
use servanda_ledger::receipt::Receipt;
use servanda_ledger::tile::Tile;
use servanda_ledger::tree::{EMPTY, leaf_hash};
use servanda_ledger::witness::Request;

pub const TARGETS: &[Target] = &[
    Target { name: "note", seeds: || vec![head(1).to_string().into_bytes()], read: note },
    Target {
        name: "key",
        seeds: || vec![signer(Algorithm::Note).public().to_string().into_bytes()],
        read: key,
    },
    Target { name: "checkpoint", seeds: || vec![head(1).text().as_bytes().to_vec()], read: checkpoint },
    Target { name: "proof", seeds: proofs, read: proof },
    Target { name: "receipt", seeds: receipts, read: receipt },
    Target { name: "policy", seeds: policies, read: |bytes| drop(Policy::parse(bytes)) },
    Target { name: "source-keys", seeds: source_keys, read: |bytes| drop(parse_keys(bytes)) },
    Target { name: "witness", seeds: requests, read: request },
    Target { name: "stamp", seeds: Vec::new, read: |bytes| drop(Stamp::read(bytes)) },
    Target { name: "leaf", seeds: || vec![leaf().to_bytes().unwrap_or_default()], read: read_leaf },
    Target { name: "tile", seeds: || vec![b"tile/0/x001/234.p/7".to_vec()], read: tile },
    Target { name: "envelope", seeds: envelopes, read: envelope },
];

fn signer(algorithm: Algorithm) -> SignerKey {
    SignerKey::new("example.org/log", algorithm, &[7; 32]).expect("a name and 32 bytes make a key")
}

fn head(size: u64) -> Note {
    let root = if size == 0 { EMPTY } else { leaf_hash(b"entry") };
    let key = signer(Algorithm::Note);
    let mut note = Checkpoint::new(key.name(), size, root).sign(&key).expect("the key is the log's");
    let witness = SignerKey::new("example.org/w", Algorithm::Cosignature, &[9; 32]).expect("32 bytes");
    note.sign(&witness, 1_767_225_600);
    note
}

fn leaf() -> Leaf {
    Leaf {
        kind: "record".to_string(),
        received_ms: 1_767_225_600_000,
        submitter: "node-1".to_string(),
        number: 1,
        previous: NO_PREVIOUS,
        commitment: [3; 32],
    }
}

fn note(bytes: &[u8]) {
    if let Ok(note) = Note::parse(bytes) {
        assert_eq!(note.to_string().as_bytes(), bytes, "a note has one writing");
        let _ = note.verify([signer(Algorithm::Note).public()]);
    }
}

fn key(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(key) = VerifierKey::parse(&text) {
        assert_eq!(key.to_string(), text, "a key has one writing");
    }
    let _ = SignerKey::parse(&text);
}

fn checkpoint(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(checkpoint) = Checkpoint::parse(&text) {
        assert_eq!(Checkpoint::parse(&checkpoint.text()).as_ref(), Ok(&checkpoint));
    }
}

fn proof(bytes: &[u8]) {
    if let Ok(proof) = Proof::parse(bytes) {
        assert_eq!(proof.to_string().as_bytes(), bytes, "a proof has one writing");
        if let Ok(policy) = Policy::parse(&policies()[0]) {
            let _ = proof.verify(b"entry", &policy);
        }
    }
}

fn proofs() -> Vec<Vec<u8>> {
    let proof = Proof { extra: Some(b"entry".to_vec()), index: 0, path: vec![[5; 32]], checkpoint: head(1) };
    vec![proof.to_string().into_bytes()]
}

fn receipt(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(receipt) = Receipt::parse_text(&text) {
        assert_eq!(receipt.text(), text, "a receipt has one writing");
    }
    let _ = Receipt::verify(bytes, signer(Algorithm::Note).public());
}

fn receipts() -> Vec<Vec<u8>> {
    let key = signer(Algorithm::Note);
    let receipt = Receipt::of(key.name(), &leaf()).expect("the leaf is right");
    vec![receipt.text().into_bytes(), receipt.sign(&key).expect("the key is the log's").into_bytes()]
}

fn policies() -> Vec<Vec<u8>> {
    let witness = SignerKey::new("example.org/w", Algorithm::Cosignature, &[9; 32]).expect("32 bytes");
    let side = vec![witness.public().clone()];
    let policy = Policy::both_sides(signer(Algorithm::Note).public(), &[("north", side)]);
    vec![policy.map(|policy| policy.to_string().into_bytes()).unwrap_or_default()]
}

fn source_keys() -> Vec<Vec<u8>> {
    vec![format!("key {} 1 9\n", signer(Algorithm::Note).public()).into_bytes()]
}

fn request(bytes: &[u8]) {
    if let Ok(request) = Request::parse(bytes) {
        assert_eq!(request.to_string().as_bytes(), bytes, "a request has one writing");
    }
}

fn requests() -> Vec<Vec<u8>> {
    vec![Request { old: 0, proof: vec![[5; 32]], checkpoint: head(1) }.to_string().into_bytes()]
}

fn read_leaf(bytes: &[u8]) {
    if let Ok(leaf) = Leaf::from_bytes(bytes) {
        assert_eq!(leaf.to_bytes().as_deref(), Ok(bytes), "a leaf has one writing");
    }
}

/// The first line is a tile's path; what follows is its bytes.
fn tile(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let path = String::from_utf8_lossy(&bytes[..end]);
    if let Ok(tile) = Tile::from_path(&path) {
        assert_eq!(tile.path(), path, "a tile has one path");
        let content = bytes.get(end + 1..).unwrap_or_default();
        let _ = tile.hashes(content);
        let _ = tile.entries(content);
    }
}

fn envelope(bytes: &[u8]) {
    if let Ok(envelope) = Envelope::parse(bytes) {
        assert_eq!(Envelope::parse(envelope.to_json().as_bytes()).as_ref(), Ok(&envelope));
        let _ = envelope.verify(&[signer(Algorithm::Note).public()]);
    }
}

fn envelopes() -> Vec<Vec<u8>> {
    let payload = statement(&[("r1", [4; 32])], "https://example.org/record", "{}").expect("a statement");
    let mut envelope = Envelope::new(STATEMENT, payload.as_bytes());
    envelope.sign(&signer(Algorithm::Note));
    vec![envelope.to_json().into_bytes()]
}
