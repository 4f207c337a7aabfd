//! The log on disk: it grows, is opened again, survives being cut off anywhere, and notices what was changed.

use servanda_ledger::leaf::Leaf;
use servanda_ledger::note::{Algorithm, Note, SignerKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::receipt::Receipt;
use servanda_ledger::tile::{Layer, Tile};
use servanda_ledger::tree;
use servanda_store::log::Log;
use std::fs;
use std::path::Path;

const ORIGIN: &str = "ledger.example/test";

fn key(seed: u8) -> SignerKey {
    SignerKey::new(ORIGIN, Algorithm::Note, &[seed; 32]).unwrap()
}

fn entries(range: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    range.map(|i| format!("entry {i} {}", "x".repeat((i % 50) as usize)).into_bytes()).collect()
}

fn root_of(entries: &[Vec<u8>]) -> tree::Hash {
    tree::root(&entries.iter().map(|e| tree::leaf_hash(e)).collect::<Vec<_>>())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &place),
            false => drop(fs::copy(entry.path(), place).unwrap()),
        }
    }
}

#[test]
fn it_has_the_root_of_its_entries_however_they_came_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let all = entries(0..1000);
    let mut sizes: Vec<u64> = vec![];
    // One by one around the whole tiles, in one go between them.
    for (name, steps) in
        [("a", vec![1, 2, 250, 3, 1, 255, 1, 487]), ("b", vec![1000]), ("c", vec![256, 256, 256, 232])]
    {
        let dir = folder.path().join(name);
        let mut log = Log::create(&dir, ORIGIN, key(1)).unwrap();
        assert_eq!((log.size(), log.root()), (0, tree::EMPTY));
        let mut at = 0;
        for step in steps {
            let range = log.append(&all[at as usize..(at + step) as usize], 0).unwrap();
            assert_eq!(range, at..at + step);
            at += step;
            sizes.push(at);
            assert_eq!(log.root(), root_of(&all[..at as usize]), "at {at}");
            let reader = Log::open(&dir, None).unwrap();
            assert_eq!((reader.size(), reader.root()), (at, log.root()));
        }
        assert_eq!(log.leaves(0..1000).unwrap(), all);
        assert_eq!(log.leaves(250..520).unwrap(), all[250..520]);
        assert!(log.leaves(999..1001).unwrap_err().is_not_found());
        for index in [0, 1, 255, 256, 511, 767, 768, 999] {
            let hash = tree::leaf_hash(&all[index as usize]);
            for size in [1000, 999, 768, 512, 300, 257, 256, 3, 1] {
                if index < size {
                    let proof = log.inclusion_at(index, size).unwrap();
                    let root = root_of(&all[..size as usize]);
                    tree::verify_inclusion(&hash, index, size, &proof, &root).unwrap();
                }
            }
        }
        for old in 0..=1000 {
            let (root, _) = log.consistency(old).unwrap();
            assert_eq!(root, root_of(&all[..old as usize]), "at {old}");
        }
        assert!(log.consistency_between(300, 700).is_ok());
        assert!(log.consistency_between(700, 300).is_err());
        // Parts of tiles that are whole are gone; the last ones are there.
        assert!(!dir.join("tile/0/002.p").exists() && !dir.join("tile/entries/002.p").exists());
        assert!(dir.join("tile/0/003.p/232").exists() && dir.join("tile/1/000.p/3").exists());
    }
}

#[test]
fn only_one_process_appends_and_only_with_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let mut log = Log::create(&dir, ORIGIN, key(1)).unwrap();
    assert!(Log::create(&dir, ORIGIN, key(1)).unwrap_err().is_not_empty());
    assert!(Log::open(&dir, Some(key(1))).unwrap_err().is_busy());
    assert!(Log::open(&folder.path().join("none"), None).unwrap_err().is_not_found());
    log.append(&entries(0..3), 0).unwrap();
    drop(log);
    assert!(Log::open(&dir, Some(key(2))).unwrap_err().is_integrity(), "another key under the same name");
    let other = SignerKey::new("other.example", Algorithm::Note, &[1; 32]).unwrap();
    assert!(Log::open(&dir, Some(other)).unwrap_err().is_settings());
    let witness = SignerKey::new(ORIGIN, Algorithm::Cosignature, &[1; 32]).unwrap();
    assert!(Log::open(&dir, Some(witness)).unwrap_err().is_settings());
    let mut reader = Log::open(&dir, None).unwrap();
    assert!(reader.append(&entries(3..4), 0).unwrap_err().is_settings());
    assert!(Log::open(&dir, Some(key(1))).unwrap().append(&[vec![0; 65_536]], 0).is_err());
}

#[test]
fn what_is_refused_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::create(&folder.path().join("log"), ORIGIN, key(1)).unwrap();
    let leaf = |received_ms| Leaf {
        kind: "record".into(),
        received_ms,
        submitter: "side a".into(),
        number: 1,
        previous: [0; 32],
        commitment: [7; 32],
    };
    let day = 24 * 60 * 60 * 1000;
    let ahead = leaf(day + 1).to_bytes().unwrap();
    assert!(log.append(&[b"fine".to_vec(), ahead], 0).is_err());
    assert_eq!(log.size(), 0);
    assert_eq!(log.append(&[leaf(day).to_bytes().unwrap()], 0).unwrap(), 0..1);
    assert_eq!(log.append(&[], 0).unwrap(), 1..1);
    let receipt = log.receipt(&leaf(5)).unwrap();
    let receipt = Receipt::verify(receipt.as_bytes(), log.key()).unwrap();
    assert_eq!((receipt.number, receipt.received_ms, receipt.origin.as_str()), (1, 5, ORIGIN));
}

/// A crash leaves any part of what was written ahead of the checkpoint; the log goes on from the checkpoint, also with
/// other entries.
#[test]
fn tiles_ahead_of_the_checkpoint_are_written_again() {
    let folder = tempfile::tempdir().unwrap();
    for (size, ahead, other) in
        [(0, 1, 1), (200, 100, 10), (200, 10, 300), (255, 1, 2), (256, 600, 1), (511, 2, 2)]
    {
        let before = folder.path().join(format!("before-{size}-{ahead}"));
        let mut log = Log::create(&before, ORIGIN, key(1)).unwrap();
        log.append(&entries(0..size), 0).unwrap();
        drop(log);
        let after = folder.path().join(format!("after-{size}-{ahead}"));
        copy(&before, &after);
        let mut log = Log::open(&after, Some(key(1))).unwrap();
        log.append(&entries(size..size + ahead), 0).unwrap();
        drop(log);
        // Everything of the append is there but the checkpoint, and no part of a tile was taken away yet.
        fs::copy(before.join("checkpoint"), after.join("checkpoint")).unwrap();
        if before.join("tile").exists() {
            copy(&before.join("tile"), &after.join("tile"));
        }
        fs::write(after.join(".checkpoint.draft-1-1"), "half a checkp").unwrap();
        let mut log = Log::open(&after, Some(key(1))).unwrap();
        assert_eq!(log.size(), size);
        assert!(!after.join(".checkpoint.draft-1-1").exists());
        let mut all = entries(0..size);
        all.extend((0..other).map(|i| format!("another {i}").into_bytes()));
        log.append(&all[size as usize..], 0).unwrap();
        drop(log);
        let log = Log::open(&after, None).unwrap();
        assert_eq!((log.size(), log.root()), (size + other, root_of(&all)), "{size} {ahead} {other}");
        assert_eq!(log.leaves(0..log.size()).unwrap(), all);
        for index in 0..log.size() {
            log.inclusion(index).unwrap();
        }
    }
}

#[test]
fn a_changed_tile_or_entry_is_noticed_when_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    Log::create(&dir, ORIGIN, key(1)).unwrap().append(&entries(0..300), 0).unwrap();
    let damage = |tile: Tile| {
        let path = dir.join(tile.path());
        let bytes = fs::read(&path).unwrap();
        let mut bad = bytes.clone();
        bad[10] ^= 1;
        fs::write(&path, bad).unwrap();
        (path, bytes)
    };
    // The right edge: the log is not opened.
    for tile in [
        Tile { layer: Layer::Hashes(0), index: 1, width: 44 },
        Tile { layer: Layer::Entries, index: 1, width: 44 },
    ] {
        let (path, bytes) = damage(tile);
        assert!(Log::open(&dir, None).unwrap_err().is_integrity(), "{}", tile.path());
        fs::write(&path, bytes).unwrap();
    }
    // Inside: what is asked for is refused.
    let log = Log::open(&dir, None).unwrap();
    let (path, bytes) = damage(Tile::whole(Layer::Entries, 0));
    assert!(log.leaves(0..1).unwrap_err().is_integrity());
    fs::write(&path, bytes).unwrap();
    let (path, bytes) = damage(Tile::whole(Layer::Hashes(0), 0));
    assert!(log.leaves(0..1).unwrap_err().is_integrity());
    assert!(log.inclusion(3).unwrap_err().is_integrity());
    assert!(log.consistency(3).unwrap_err().is_integrity());
    fs::write(&path, bytes).unwrap();
    fs::remove_file(dir.join("tile/0/001.p/44")).unwrap();
    assert!(Log::open(&dir, None).unwrap_err().is_integrity());
}

#[test]
fn a_checkpoint_counts_when_both_sides_have_cosigned_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let mut log = Log::create(&dir, ORIGIN, key(1)).unwrap();
    log.append(&entries(0..5), 0).unwrap();
    let witness = |name: &str, seed| SignerKey::new(name, Algorithm::Cosignature, &[seed; 32]).unwrap();
    let (north, south) = (witness("north.example", 2), witness("south.example", 3));
    let policy = Policy::both_sides(
        key(1).public(),
        &[("north", vec![north.public().clone()]), ("south", vec![south.public().clone()])],
    )
    .unwrap();
    assert_eq!(policy.least_witnesses(), 2);
    assert!(log.add_cosignatures("", &policy).unwrap_err().is_not_found());
    let proposed = log.propose().unwrap();
    let line = |key: &SignerKey, note: &Note| {
        let mut note = note.clone();
        note.sign(key, 1_700_000_000);
        note.signatures().last().unwrap().line()
    };
    log.append(&entries(5..9), 0).unwrap();
    assert_eq!(log.add_cosignatures(&line(&north, &proposed), &policy).unwrap(), None);
    assert!(log.witnessed().unwrap().is_none());
    // For another checkpoint, or by nobody whom the policy knows.
    let newest = Note::parse(log.checkpoint().unwrap().as_bytes()).unwrap();
    assert!(log.add_cosignatures(&line(&south, &newest), &policy).unwrap_err().is_integrity());
    assert!(
        log.add_cosignatures(&line(&witness("west.example", 4), &proposed), &policy)
            .unwrap_err()
            .is_integrity()
    );
    let witnessed = log.add_cosignatures(&line(&south, &proposed), &policy).unwrap().unwrap();
    assert_eq!(witnessed.cosigned.len(), 2);
    assert_eq!(log.witnessed().unwrap().unwrap().1.size, 5);
    let proof = log.proof(4).unwrap();
    assert_eq!(proof.verify(&entries(4..5)[0], &policy).unwrap().checkpoint.size, 5);
    let proof = log.proof(6).unwrap();
    assert!(proof.verify(&entries(6..7)[0], &policy).unwrap_err().is_policy());
}

/// What the disk refuses leaves the log as it was; only after a checkpoint that may or may not be there must one look.
#[test]
fn a_refusing_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let mut log = Log::create(&dir, ORIGIN, key(1)).unwrap();
    // A file where a folder of tiles should be.
    fs::create_dir(dir.join("tile")).unwrap();
    fs::write(dir.join("tile/0"), "in the way").unwrap();
    assert!(log.append(&entries(0..300), 0).is_err());
    assert_eq!(log.size(), 0);
    assert_eq!(Log::open(&dir, None).unwrap().size(), 0);
    fs::remove_file(dir.join("tile/0")).unwrap();
    assert_eq!(log.append(&entries(0..300), 0).unwrap(), 0..300, "it goes on by itself");

    // The checkpoint cannot be put in its place.
    let (place, aside) = (dir.join("checkpoint"), dir.join("aside"));
    fs::rename(&place, &aside).unwrap();
    fs::create_dir_all(place.join("in the way")).unwrap();
    assert!(log.append(&entries(300..310), 0).is_err());
    assert_eq!(log.size(), 300);
    fs::remove_dir_all(&place).unwrap();
    fs::rename(&aside, &place).unwrap();
    assert!(log.append(&entries(300..310), 0).unwrap_err().is_busy(), "which checkpoint is there?");
    assert_eq!(log.recover().unwrap(), 300);
    assert_eq!(log.append(&entries(300..310), 0).unwrap(), 300..310);
    assert_eq!(Log::open(&dir, None).unwrap().root(), root_of(&entries(0..310)));
}
