//! The program as an auditor runs it, on bundles that are whole, altered byte by byte, and made by liars.

use servanda_ledger::bundle::{self, Parts, Shown, SourceKey};
use servanda_ledger::checkpoint::Checkpoint;
use servanda_ledger::envelope::{Envelope, STATEMENT, statement};
use servanda_ledger::leaf::{Leaf, NO_PREVIOUS, commitment};
use servanda_ledger::note::{Algorithm, Note, SignerKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::proof::Proof;
use servanda_ledger::tile::fold;
use servanda_ledger::tree::{self, Hash, leaf_hash, sha256};
use servanda_ledger::witness::Request;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::process::Command;

const ORIGIN: &str = "ledger.example/test";

fn key(name: &str, algorithm: Algorithm, seed: u8) -> SignerKey {
    SignerKey::new(name, algorithm, &[seed; 32]).unwrap()
}

fn log_key() -> SignerKey {
    key(ORIGIN, Algorithm::Note, 1)
}

fn source() -> SignerKey {
    key("side-a.example", Algorithm::Note, 5)
}

fn witnesses() -> [SignerKey; 2] {
    [key("north.example", Algorithm::Cosignature, 2), key("south.example", Algorithm::Cosignature, 3)]
}

fn policy() -> Policy {
    let [north, south] = witnesses();
    let sides = [("north", vec![north.public().clone()]), ("south", vec![south.public().clone()])];
    Policy::both_sides(log_key().public(), &sides).unwrap()
}

/// Entries, what opens them, and the tree over them.
struct World {
    sealed: Vec<(Vec<u8>, [u8; 32])>,
    entries: Vec<Vec<u8>>,
}

impl World {
    fn new() -> World {
        let mut world = World { sealed: vec![], entries: vec![] };
        let mut previous = NO_PREVIOUS;
        for number in 1..=6_u64 {
            let predicate = match number {
                1 => format!("{{\"register\":\"{}\"}}", source().public()),
                _ => format!("{{\"shots\":{number}}}"),
            };
            let payload =
                statement(&[("photo", sha256(b"photo"))], "https://servanda.example/report", &predicate);
            let mut envelope = Envelope::new(STATEMENT, payload.unwrap().as_bytes());
            envelope.sign(&source());
            let (sealed, salt) = (envelope.to_json().into_bytes(), [number as u8; 32]);
            let leaf = Leaf {
                kind: if number == 1 { "key" } else { "record" }.into(),
                received_ms: 1_800_000_000_000 + number as i64,
                submitter: "side a".into(),
                number,
                previous,
                commitment: commitment(&salt, &sealed),
            };
            let bytes = leaf.to_bytes().unwrap();
            previous = sha256(&bytes);
            world.sealed.push((sealed, salt));
            world.entries.push(bytes);
        }
        world
    }

    fn node(&self) -> impl FnMut(u8, u64) -> Result<Hash, Infallible> {
        let hashes: Vec<Hash> = self.entries.iter().map(|entry| leaf_hash(entry)).collect();
        move |level, index| Ok(fold(&hashes[(index << level) as usize..((index + 1) << level) as usize]))
    }

    fn head(&self, size: u64) -> Note {
        let Ok(root) = tree::root_at(size, self.node());
        let mut note = Checkpoint::new(ORIGIN, size, root).sign(&log_key()).unwrap();
        witnesses().iter().for_each(|witness| note.sign(witness, 1_800_000_100));
        note
    }

    fn parts(&self) -> Parts {
        let head = self.head(6);
        let entry = |index: u64, shown| {
            let Ok(path) = tree::inclusion(index, 6, self.node());
            let extra = Some(self.entries[index as usize].clone());
            (Proof { extra, index, path, checkpoint: head.clone() }, shown)
        };
        let opened = |index: u64| {
            let (envelope, salt) = self.sealed[index as usize].clone();
            entry(index, Shown::Opened { envelope, salt })
        };
        let Ok(proof) = tree::consistency(4, 6, self.node());
        Parts {
            policy: policy(),
            checkpoint: head.clone(),
            keys: vec![SourceKey { key: source().public().clone(), from: 0, until: None }],
            entries: vec![
                opened(0),
                opened(2),
                entry(4, Shown::Withheld("a witness's safety; by order of both".into())),
            ],
            earlier: vec![(self.head(4), Request { old: 4, proof, checkpoint: head.clone() })],
            custody: vec!["2027-01-15\tregistrar\tselected\trequest 7 of the court".into()],
            made_ms: 1_800_000_200_000,
        }
    }
}

fn write(dir: &Path, files: &BTreeMap<String, Vec<u8>>) {
    for (path, bytes) in files {
        let place = dir.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, bytes).unwrap();
    }
}

fn run(line: &[&str]) -> (i32, String, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_servanda-auditor")).args(line).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ran.status.code().unwrap(), text(ran.stdout), text(ran.stderr))
}

#[test]
fn a_bundle_is_opened_withheld_and_proved() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("bundle");
    write(&dir, &bundle::build(&World::new().parts(), &log_key()).unwrap());
    let own = folder.path().join("own.policy");
    fs::write(&own, policy().to_string()).unwrap();
    let (dir, own) = (dir.to_str().unwrap(), own.to_str().unwrap());

    let (code, out, err) = run(&["bundle", dir, "--policy", own]);
    assert_eq!(code, 0, "{out}{err}");
    for words in [
        "checkpoint of ledger.example/test, 6 entries: counts",
        "cosigned by north-1, 2027-01-15T08:01:40Z",
        "the checkpoint of size 4 is continued",
        "registered by entry 0, which is in this bundle",
        "entry 2: record, number 3 of `side a`",
        "signed by side-a.example+",
        "proven present, withheld: a witness's safety; by order of both",
        "registrar selected request 7 of the court",
        "3 entries, all as they claim to be",
    ] {
        assert!(out.contains(words), "no {words:?} in\n{out}");
    }
    // With the bundle's own policy something stays unproved.
    let (code, out, _) = run(&["bundle", dir]);
    assert_eq!(code, 1);
    assert!(out.contains("The policy came with the bundle"), "{out}");
    let (code, out, _) = run(&["bundle", dir, "--policy", own, "--payload", "2"]);
    assert_eq!(code, 0);
    assert!(out.contains("\"shots\":3") && out.contains("in-toto.io/Statement/v1"), "{out}");
    assert_eq!(run(&["bundle", dir, "--policy", own, "--payload", "4"]).0, 2);
    assert_eq!(run(&["bundle", dir, "--policy", own, "--payload", "5"]).0, 2);

    let proof = format!("{dir}/entries/4.proof");
    let (code, out, err) = run(&["proof", &proof, "--policy", own]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("entry 4 stands there: record, number 5 of `side a`"), "{out}");
    assert_eq!(run(&["proof", &proof]).0, 2);
    for (line, code) in [
        (&["bundle", "/nowhere"] as &[&str], 2),
        (&["what"], 2),
        (&["proof", &proof, "--frob"], 2),
        (&["--help"], 0),
    ] {
        assert_eq!(run(line).0, code, "{line:?}");
    }
}

#[test]
fn every_byte_of_a_bundle_counts() {
    let files = bundle::build(&World::new().parts(), &log_key()).unwrap();
    let policy = policy();
    let check = |files: &BTreeMap<String, Vec<u8>>| {
        let Ok(report) = bundle::check::<Infallible>(|path| Ok(files.get(path).cloned()), Some(&policy));
        report
    };
    assert_eq!(check(&files).findings, []);
    let mut tried = 0;
    for (path, bytes) in &files {
        for at in 0..bytes.len() {
            let mut altered = files.clone();
            altered.get_mut(path).unwrap()[at] ^= 1 << (at % 8);
            assert!(!check(&altered).findings.is_empty(), "byte {at} of {path}");
            tried += 1;
        }
        let mut without = files.clone();
        without.remove(path);
        assert!(!check(&without).findings.is_empty(), "without {path}");
    }
    println!("{tried} bytes changed, each caught");
    assert!(tried > 7_000);
    // What the manifest does not name is not read.
    let mut more = files.clone();
    more.insert("entries/5.proof".into(), files["entries/4.proof"].clone());
    assert_eq!(check(&more).items.len(), 3);
}

/// Whoever makes the bundle has the log's key, and can sign any list of files.
#[test]
fn a_liar_with_the_logs_key_is_caught() {
    let world = World::new();
    let policy = policy();
    let finding = |parts: &Parts| {
        let files = bundle::build(parts, &log_key()).unwrap();
        let Ok(report) = bundle::check::<Infallible>(|path| Ok(files.get(path).cloned()), Some(&policy));
        report.findings.first().map_or(String::new(), |(place, what)| format!("{place}: {what}"))
    };
    assert_eq!(finding(&world.parts()), "");

    // Another payload, rightly signed, with the right salt.
    let mut parts = world.parts();
    let mut envelope = Envelope::new(STATEMENT, b"{}");
    envelope.sign(&source());
    parts.entries[1].1 = Shown::Opened { envelope: envelope.to_json().into_bytes(), salt: [3; 32] };
    assert!(finding(&parts).contains("do not open the commitment"), "{}", finding(&parts));
    // The right one with another salt.
    let mut parts = world.parts();
    parts.entries[1].1 = Shown::Opened { envelope: world.sealed[2].0.clone(), salt: [9; 32] };
    assert!(finding(&parts).contains("do not open the commitment"));
    // An entry that is not there.
    let mut parts = world.parts();
    parts.entries[2].0.extra = Some(world.entries[5].clone());
    assert!(finding(&parts).contains("does not lead to the root"), "{}", finding(&parts));
    // A key that was revoked before, or registered after.
    let mut parts = world.parts();
    parts.keys[0].until = Some(2);
    assert!(finding(&parts).contains("registered or valid only at other entries"), "{}", finding(&parts));
    let mut parts = world.parts();
    parts.keys[0].from = 1;
    assert!(finding(&parts).starts_with("entries/0.envelope"), "{}", finding(&parts));
    // A checkpoint that one side has not cosigned.
    let mut parts = world.parts();
    let root = Checkpoint::parse(parts.checkpoint.text()).unwrap().root;
    parts.checkpoint = Checkpoint::new(ORIGIN, 6, root).sign(&log_key()).unwrap();
    parts.checkpoint.sign(&witnesses()[0], 1);
    assert!(finding(&parts).contains("lacks cosignatures"), "{}", finding(&parts));
    // A past that is not this log's.
    let mut parts = world.parts();
    parts.earlier[0].0 = Checkpoint::new(ORIGIN, 4, [7; 32]).sign(&log_key()).unwrap();
    assert!(finding(&parts).starts_with("earlier/4.checkpoint"), "{}", finding(&parts));
    // A path that leads out of the folder.
    let mut note =
        Note::new(format!("servanda bundle v1\n{ORIGIN}\nmade 0\nfile {} ../x\n", "0".repeat(64))).unwrap();
    note.sign(&log_key(), 0);
    let mut files = bundle::build(&world.parts(), &log_key()).unwrap();
    files.insert("manifest".into(), note.to_string().into());
    let Ok(report) = bundle::check::<Infallible>(
        |path| {
            assert!(!path.contains(".."));
            Ok(files.get(path).cloned())
        },
        Some(&policy),
    );
    assert!(report.findings[0].1.contains("no path of a bundle"));
}
