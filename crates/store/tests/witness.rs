//! What a witness signs and what it refuses: rollback, fork, split view, strangers, replays.

use servanda_ledger::checkpoint::Checkpoint;
use servanda_ledger::note::{Algorithm, Note, SignerKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::witness::{Refusal, Request};
use servanda_store::log::Log;
use servanda_store::log::witness::Witness;
use std::fs;
use std::path::Path;

const ORIGIN: &str = "ledger.example/test";

fn log_key() -> SignerKey {
    SignerKey::new(ORIGIN, Algorithm::Note, &[1; 32]).unwrap()
}

fn log(dir: &Path, says: &str, size: usize) -> Log {
    let mut log = Log::create(dir, ORIGIN, log_key()).unwrap();
    log.append(&(0..size).map(|i| format!("{says} {i}").into_bytes()).collect::<Vec<_>>(), 0).unwrap();
    log
}

fn ask(log: &mut Log, witness: &mut Witness, old: u64) -> Result<String, Refusal> {
    log.propose().unwrap();
    let request = log.request(old).unwrap().to_string();
    witness.answer(request.as_bytes(), 1_800_000_000).unwrap()
}

fn witness(dir: &Path, name: &str, seed: u8) -> Witness {
    let mut witness =
        Witness::create(dir, &SignerKey::new(name, Algorithm::Cosignature, &[seed; 32]).unwrap()).unwrap();
    witness.watch(log_key().public()).unwrap();
    witness
}

#[test]
fn it_cosigns_what_continues_and_remembers_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("witness");
    let mut north = witness(&dir, "north.example", 2);
    assert!(Witness::open(&dir).unwrap_err().is_busy());
    let mut log = log(&folder.path().join("log"), "a", 3);
    let policy = Policy::both_sides(log.key(), &[("north", vec![north.key().clone()])]).unwrap();

    let line = ask(&mut log, &mut north, 0).unwrap();
    assert_eq!(log.add_cosignatures(&line, &policy).unwrap().unwrap().checkpoint.size, 3);
    // The same again is fine; another old size is a conflict that says which one is right.
    assert!(ask(&mut log, &mut north, 3).is_ok());
    log.append(&[b"more".to_vec()], 0).unwrap();
    assert_eq!(ask(&mut log, &mut north, 0), Err(Refusal::Conflict(3)));
    assert_eq!(Refusal::Conflict(3).body(), "3\n");
    assert!(ask(&mut log, &mut north, 3).is_ok());
    drop(north);
    let north = Witness::open(&dir).unwrap();
    let (note, seen) = north.seen(ORIGIN).unwrap().unwrap();
    assert_eq!((seen.size, seen.root), (4, log.root()));
    assert_eq!(policy.verify(&note).unwrap().cosigned["north-1"], 1_800_000_000);
    assert_eq!(north.evidence(), 0);

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(dir.join("key")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Its own state carries its own signature.
    let seen = fs::read_dir(dir.join("seen")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&seen).unwrap().replace("\n4\n", "\n2\n");
    fs::write(&seen, text).unwrap();
    assert!(north.seen(ORIGIN).unwrap_err().is_integrity());
}

#[test]
fn rollback_fork_and_split_view_are_refused_and_kept_as_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let mut north = witness(&folder.path().join("north"), "north.example", 2);
    let mut south = witness(&folder.path().join("south"), "south.example", 3);
    let mut first = log(&folder.path().join("a"), "a", 5);
    let mut other = log(&folder.path().join("b"), "b", 5);

    // Split view: each side is shown a log of its own. Neither counts, since each lacks the other side.
    let policy = Policy::both_sides(
        first.key(),
        &[("north", vec![north.key().clone()]), ("south", vec![south.key().clone()])],
    )
    .unwrap();
    let line = ask(&mut first, &mut north, 0).unwrap();
    assert_eq!(first.add_cosignatures(&line, &policy).unwrap(), None);
    let line = ask(&mut other, &mut south, 0).unwrap();
    assert_eq!(other.add_cosignatures(&line, &policy).unwrap(), None);
    // And the other side does not sign it.
    let refused = ask(&mut first, &mut south, 5).unwrap_err();
    assert!(matches!(refused, Refusal::NotContinued(_)) && refused.status() == 422, "{refused}");
    assert!(refused.to_string().contains("forked"), "{refused}");
    assert_eq!(south.evidence(), 1);

    // Fork: the log of the other side grows, with any proof.
    other.append(&[b"c".to_vec()], 0).unwrap();
    let refused = ask(&mut other, &mut north, 5).unwrap_err();
    assert!(matches!(refused, Refusal::NotContinued(_)), "{refused}");
    assert_eq!(north.evidence(), 1);

    // Rollback: the log is set back and goes on in another way. The witness answers what it saw.
    first.append(&[b"d".to_vec(), b"e".to_vec()], 0).unwrap();
    ask(&mut first, &mut north, 5).unwrap();
    let mut back = log(&folder.path().join("c"), "a", 5);
    assert_eq!(ask(&mut back, &mut north, 5), Err(Refusal::Conflict(7)));
    assert!(back.request(7).unwrap_err().is_not_found());
    // Shown as if it were larger: size 5 asked for from 7.
    back.propose().unwrap();
    let mut request = back.request(5).unwrap();
    request.old = 7;
    let refused = north.answer(request.to_string().as_bytes(), 0).unwrap().unwrap_err();
    assert_eq!(refused.status(), 400);
}

#[test]
fn strangers_and_forged_signatures_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut north = witness(&folder.path().join("north"), "north.example", 2);
    let root = servanda_ledger::tree::leaf_hash(b"x");
    let by = |key: &SignerKey| Request {
        old: 0,
        proof: vec![],
        checkpoint: Checkpoint::new(key.name(), 1, root).sign(key).unwrap(),
    };
    let status = |request: &Request, north: &mut Witness| {
        north.answer(request.to_string().as_bytes(), 0).unwrap().map_err(|e| e.status())
    };
    let stranger = SignerKey::new("stranger.example", Algorithm::Note, &[9; 32]).unwrap();
    assert_eq!(status(&by(&stranger), &mut north), Err(404));
    let forger = SignerKey::new(ORIGIN, Algorithm::Note, &[9; 32]).unwrap();
    assert_eq!(status(&by(&forger), &mut north), Err(403));
    let mut altered = by(&log_key());
    let text = altered.checkpoint.to_string().replace("\n1\n", "\n2\n");
    altered.checkpoint = Note::parse(text.as_bytes()).unwrap();
    assert_eq!(status(&altered, &mut north), Err(403));
    let mut proof = by(&log_key());
    proof.proof = vec![root];
    assert_eq!(status(&proof, &mut north), Err(422), "a proof from nothing");
    assert_eq!(north.answer(b"old 0\n", 0).unwrap().map_err(|e| e.status()), Err(400));
    assert_eq!(north.answer(b"\xff\xff", 0).unwrap().map_err(|e| e.status()), Err(400));
    assert!(status(&by(&log_key()), &mut north).is_ok());
    assert!(north.watch(forger.public()).unwrap_err().is_settings());
}
