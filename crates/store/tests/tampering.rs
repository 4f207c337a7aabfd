//! The table of tamperings: every byte of a small log is changed once, and every change is caught, by the check that should.

use servanda_ledger::audit::{self, Asked, Check};
use servanda_ledger::leaf::{Leaf, NO_PREVIOUS, commitment};
use servanda_ledger::note::{Algorithm, Note, SignerKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::tree::{Hash, sha256};
use servanda_store::log::{Log, read_file};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const ORIGIN: &str = "ledger.example/test";

fn key() -> SignerKey {
    SignerKey::new(ORIGIN, Algorithm::Note, &[1; 32]).unwrap()
}

fn witness(name: &str, seed: u8) -> SignerKey {
    SignerKey::new(name, Algorithm::Cosignature, &[seed; 32]).unwrap()
}

fn policy() -> Policy {
    let side = |name, seed| vec![witness(name, seed).public().clone()];
    Policy::both_sides(
        key().public(),
        &[("north", side("north.example", 2)), ("south", side("south.example", 3))],
    )
    .unwrap()
}

/// Leaves of two submitters, one second apart.
fn leaves(count: u64) -> Vec<Vec<u8>> {
    let mut last: BTreeMap<&str, (u64, Hash)> = BTreeMap::new();
    let mut leaves = Vec::new();
    for i in 0..count {
        let submitter = if i % 3 == 0 { "monitors" } else { "side a" };
        let (number, previous) = last.get(submitter).copied().unwrap_or((0, NO_PREVIOUS));
        let leaf = Leaf {
            kind: "record".into(),
            received_ms: 1_800_000_000_000 + i as i64 * 1000,
            submitter: submitter.into(),
            number: number + 1,
            previous,
            commitment: commitment(&[i as u8; 32], b"sealed"),
        };
        let bytes = leaf.to_bytes().unwrap();
        last.insert(submitter, (number + 1, sha256(&bytes)));
        leaves.push(bytes);
    }
    leaves
}

/// The proposed checkpoint, cosigned by both at that second.
fn cosign(log: &mut Log, time_s: u64) {
    let mut note = log.propose().unwrap();
    for key in [witness("north.example", 2), witness("south.example", 3)] {
        note.sign(&key, time_s);
    }
    let lines: String = note.signatures()[1..].iter().map(|s| s.line()).collect();
    log.add_cosignatures(&lines, &policy()).unwrap().unwrap();
}

fn files(dir: &Path, found: &mut Vec<String>, at: &str) {
    for entry in fs::read_dir(dir.join(at)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if at.is_empty() { name } else { format!("{at}/{name}") };
        match entry.file_type().unwrap().is_dir() {
            true => files(dir, found, &path),
            false => found.push(path),
        }
    }
    found.sort();
}

fn asked(policy: &Policy) -> Asked<'_> {
    Asked {
        policy,
        newest_witnessed: false,
        leaves: true,
        late_ms: 300_000,
        no_strangers: true,
        earlier: vec![],
    }
}

fn verify(dir: &Path, asked: &Asked) -> audit::Report {
    audit::log(|path| read_file(dir, path), asked).unwrap()
}

/// Which checks find something in a log whose file at `path` reads as `bytes`.
fn caught(dir: &Path, path: &str, bytes: Option<&[u8]>, policy: &Policy) -> Vec<Check> {
    let read = |asked: &str| match asked == path {
        true => Ok(bytes.map(<[u8]>::to_vec)),
        false => read_file(dir, asked),
    };
    let report = audit::log(read, &asked(policy)).unwrap();
    let mut checks: Vec<Check> = report.findings.iter().map(|finding| finding.check).collect();
    checks.dedup();
    checks
}

fn small_log(dir: &Path) {
    let mut log = Log::create(dir, ORIGIN, key()).unwrap();
    let leaves = leaves(300);
    log.append(&leaves[..280], 1_800_000_000_000).unwrap();
    cosign(&mut log, 1_800_000_280);
    log.append(&leaves[280..], 1_800_000_000_000).unwrap();
}

#[test]
fn every_byte_of_a_log_counts() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    small_log(&dir);
    let policy = policy();
    let clean = verify(&dir, &asked(&policy));
    assert_eq!(clean.findings, []);
    assert_eq!((clean.entries, clean.submitters.len()), (300, 2));
    assert_eq!(clean.witnessed.unwrap().checkpoint.size, 280);

    let mut paths = Vec::new();
    files(&dir, &mut paths, "");
    // The part of a tile that was there at size 280, on which nothing depends any more, and what holds the lock.
    paths.retain(|path| path != "lock" && !path.ends_with(".p/24"));
    assert_eq!(
        paths,
        [
            "checkpoint",
            "proposed",
            "tile/0/000",
            "tile/0/001.p/44",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/44",
            "vkey",
            "witnessed"
        ]
    );
    // Each file, the checks that may catch a change in it, and how many bytes it has.
    let expected: BTreeMap<&str, &[Check]> = BTreeMap::from([
        ("checkpoint", &[Check::Form, Check::Signature] as &[Check]),
        ("proposed", &[Check::Form, Check::Signature]),
        ("witnessed", &[Check::Form, Check::Signature]),
        ("vkey", &[Check::Signature]),
        ("tile/0/000", &[Check::Entry]),
        ("tile/0/001.p/44", &[Check::Entry]),
        ("tile/1/000.p/1", &[Check::Tile]),
        ("tile/entries/000", &[Check::Form, Check::Entry]),
        ("tile/entries/001.p/44", &[Check::Form, Check::Entry]),
    ]);
    let (mut tried, mut by_check) = (0, BTreeMap::new());
    for path in &paths {
        let bytes = fs::read(dir.join(path)).unwrap();
        for at in 0..bytes.len() {
            // A whole log takes a while to check; the others of its bits are drawn below.
            let mut bad = bytes.clone();
            bad[at] ^= 1 << (at % 8);
            let checks = caught(&dir, path, Some(&bad), &policy);
            assert!(!checks.is_empty(), "byte {at} of `{path}` was changed and nothing noticed");
            let first = checks[0];
            assert!(
                expected[path.as_str()].contains(&first),
                "byte {at} of `{path}` was caught by {first:?} first"
            );
            *by_check.entry((path.clone(), first)).or_insert(0) += 1;
            tried += 1;
        }
        for bad in [&bytes[..bytes.len() - 1], &[&bytes[..], b"\n"].concat()] {
            assert!(!caught(&dir, path, Some(bad), &policy).is_empty(), "`{path}` with another length");
        }
        if !["proposed", "witnessed", "vkey"].contains(&path.as_str()) {
            assert_eq!(caught(&dir, path, None, &policy)[0], Check::Form, "without `{path}`");
        }
    }
    println!("{tried} bytes changed, each caught: {by_check:#?}");
    assert!(tried > 40_000);
}

/// Whoever holds the disk can make entries, tiles and hashes fit each other again. The signatures stay.
#[test]
fn an_insider_who_makes_everything_fit_again_lacks_a_signature() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    small_log(&dir);
    let policy = policy();
    let kept = Note::parse(&fs::read(dir.join("witnessed")).unwrap()).unwrap();

    // Without the log's key: the whole tree is rewritten, the checkpoint stays.
    let rewritten = folder.path().join("rewritten");
    let mut other = Log::create(&rewritten, ORIGIN, key()).unwrap();
    let mut changed = leaves(300);
    changed[7] = Leaf { commitment: [9; 32], ..Leaf::from_bytes(&changed[7]).unwrap() }.to_bytes().unwrap();
    other.append(&changed, 1_800_000_000_000).unwrap();
    let read = |path: &str| match path.starts_with("tile/") {
        true => read_file(&rewritten, path),
        false => read_file(&dir, path),
    };
    let report = audit::log(read, &asked(&policy)).unwrap();
    let checks: Vec<Check> = report.findings.iter().map(|f| f.check).collect();
    assert!(
        checks.contains(&Check::Root) && checks.contains(&Check::Past) && checks.contains(&Check::Chain),
        "{checks:?}"
    );

    // With the log's key: a fork. Whoever kept a checkpoint notices; so do the witnesses, who have not signed it.
    let all = Asked { leaves: false, ..asked(&policy) };
    assert_eq!(verify(&rewritten, &all).findings, []);
    let strict = Asked { newest_witnessed: true, ..all.clone() };
    assert_eq!(verify(&rewritten, &strict).findings[0].check, Check::Signature);
    let with = Asked { earlier: vec![kept.clone()], ..all.clone() };
    let report = verify(&rewritten, &with);
    assert_eq!(report.findings[0].check, Check::Past);
    assert!(report.findings[0].what.contains("forked"), "{}", report.findings[0]);

    // Rollback: the log as it was at an earlier size, signed by the log.
    let back = folder.path().join("back");
    Log::create(&back, ORIGIN, key()).unwrap().append(&leaves(200), 1_800_000_000_000).unwrap();
    let report = verify(&back, &with);
    assert!(report.findings[0].what.contains("set back"), "{}", report.findings[0]);
    // Of another log altogether.
    let stranger = SignerKey::new("other.example", Algorithm::Note, &[7; 32]).unwrap();
    let elsewhere = folder.path().join("elsewhere");
    Log::create(&elsewhere, "other.example", stranger).unwrap();
    assert_eq!(verify(&elsewhere, &all).findings[0].check, Check::Signature);
}

#[test]
fn gaps_broken_chains_and_backdating_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let policy = policy();
    let honest = leaves(20);
    let altered = |index: usize, change: &dyn Fn(&mut Leaf)| {
        let mut leaves = honest.clone();
        let mut leaf = Leaf::from_bytes(&leaves[index]).unwrap();
        change(&mut leaf);
        leaves[index] = leaf.to_bytes().unwrap();
        leaves
    };
    let hour = 3_600_000;
    let mut dropped = honest.clone();
    dropped.remove(4);
    let mut twice = honest.clone();
    twice.insert(5, honest[4].clone());
    for (name, leaves, check, index) in [
        ("dropped", dropped, Check::Chain, 4),
        ("replayed", twice, Check::Chain, 5),
        ("renumbered", altered(4, &|leaf| leaf.number += 1), Check::Chain, 4),
        ("another before", altered(4, &|leaf| leaf.previous = [3; 32]), Check::Chain, 4),
        ("backdated", altered(19, &|leaf| leaf.received_ms -= hour), Check::Time, 19),
        ("no leaf", [honest.clone(), vec![b"hello".to_vec()]].concat(), Check::Form, 20),
    ] {
        let dir = folder.path().join(name);
        Log::create(&dir, ORIGIN, key()).unwrap().append(&leaves, 1_800_000_000_000).unwrap();
        let report = verify(&dir, &asked(&policy));
        let first = report.findings.first().unwrap_or_else(|| panic!("{name} was not found"));
        assert_eq!(
            (first.check, first.place.as_str()),
            (check, format!("entry {index}").as_str()),
            "{name}: {first}"
        );
        let loosely = Asked { leaves: false, ..asked(&policy) };
        assert_eq!(verify(&dir, &loosely).findings, [], "{name}: as bytes it is a log");
    }

    // Backdating against the witnesses: entries added after they had looked claim a time before.
    let dir = folder.path().join("after");
    let mut log = Log::create(&dir, ORIGIN, key()).unwrap();
    log.append(&honest[..10], 1_800_000_000_000).unwrap();
    cosign(&mut log, 1_800_000_010 + 3600);
    log.append(&honest[10..], 1_800_000_000_000).unwrap();
    let report = verify(&dir, &asked(&policy));
    assert_eq!(report.findings.len(), 10);
    assert!(report.findings[0].what.contains("the witnesses"), "{}", report.findings[0]);
    let patient = Asked { late_ms: 2 * 3_600_000, ..asked(&policy) };
    assert_eq!(verify(&dir, &patient).findings, []);
}
