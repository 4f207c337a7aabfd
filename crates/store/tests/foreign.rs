//! Programs of others read our log: Go's checksum database and the Python package aics-tlog. Each must accept it and notice every change.
//!
//! `SERVANDA_GO` and `SERVANDA_PYTHON` name the programs (`go`, `python3` without them); `SERVANDA_FOREIGN=must`, as `.ci/run` sets it, makes
//! a missing one a failure. `SERVANDA_FOREIGN_STEP=1` changes every byte, not only every 29th.

use servanda_ledger::leaf::{Leaf, NO_PREVIOUS};
use servanda_ledger::note::{Algorithm, SignerKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::tree::sha256;
use servanda_store::log::Log;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ORIGIN: &str = "ledger.example/test";

fn key(name: &str, algorithm: Algorithm, seed: u8) -> SignerKey {
    SignerKey::new(name, algorithm, &[seed; 32]).unwrap()
}

fn witnesses() -> [SignerKey; 2] {
    [key("north.example", Algorithm::Cosignature, 2), key("south.example", Algorithm::Cosignature, 3)]
}

/// 600 entries: two whole tiles, one that is not, and one above. Both sides have cosigned.
fn log(dir: &Path) -> SignerKey {
    let own = key(ORIGIN, Algorithm::Note, 1);
    let mut log = Log::create(dir, ORIGIN, own.clone()).unwrap();
    let mut previous = NO_PREVIOUS;
    let mut leaves = Vec::new();
    for number in 1..=600 {
        let kind = "record".to_string();
        let submitter = "side a".to_string();
        let leaf = Leaf { kind, received_ms: 5, submitter, number, previous, commitment: [number as u8; 32] };
        let bytes = leaf.to_bytes().unwrap();
        previous = sha256(&bytes);
        leaves.push(bytes);
    }
    // As a log grows: some at once, some alone.
    log.append(&leaves[..500], 0).unwrap();
    log.append(&leaves[500..599], 0).unwrap();
    log.append(&leaves[599..], 0).unwrap();
    let [north, south] = witnesses();
    let sides = [("north", vec![north.public().clone()]), ("south", vec![south.public().clone()])];
    let policy = Policy::both_sides(own.public(), &sides).unwrap();
    let mut note = log.propose().unwrap();
    witnesses().iter().for_each(|witness| note.sign(witness, 1_800_000_000));
    let lines: String = note.signatures()[1..].iter().map(|s| s.line()).collect();
    log.add_cosignatures(&lines, &policy).unwrap().unwrap();
    // Parts of tiles that were for earlier sizes: nothing depends on them any more.
    for (part, needed) in [("tile/0/002.p", 88), ("tile/entries/002.p", 88), ("tile/1/000.p", 2)] {
        for width in (1..256).filter(|width| *width != needed) {
            let _ = std::fs::remove_file(dir.join(part).join(width.to_string()));
        }
    }
    own
}

fn ours(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/foreign").join(name)
}

fn named(variable: &str, otherwise: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| otherwise.to_string())
}

/// Says loudly that something was not tested, or fails where it must be.
fn missing(what: &str) {
    assert_ne!(named("SERVANDA_FOREIGN", ""), "must", "{what} is missing");
    eprintln!("SKIPPED: {what} is missing; the log was not read by it. `.ci/run` installs it");
}

fn step() -> String {
    named("SERVANDA_FOREIGN_STEP", "29")
}

#[track_caller]
fn accepted(ran: &Output, words: &str) {
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}");
    assert!(out.contains(words), "{out}\n{err}");
    println!("{out}");
}

#[test]
fn go_s_checksum_database_accepts_it_and_notices_every_change() {
    let go = named("SERVANDA_GO", "go");
    let sources = "/usr/share/gocode";
    let there =
        Command::new(&go).arg("version").stdin(Stdio::null()).output().is_ok_and(|ran| ran.status.success());
    if !there || !Path::new(sources).join("src/golang.org/x/mod/sumdb/tlog").is_dir() {
        return missing("Go with golang.org/x/mod (Debian: golang-go, golang-golang-x-mod-dev)");
    }
    let folder = tempfile::tempdir().unwrap();
    let own = log(&folder.path().join("log"));
    let program = folder.path().join("sumdb");
    let mut build = Command::new(&go);
    build.args(["build", "-o"]).arg(&program).arg(ours("sumdb.go"));
    build.env("GO111MODULE", "off").env("GOPATH", sources).env("GOFLAGS", "");
    build.env("GOCACHE", folder.path().join("cache")).current_dir(folder.path());
    let built = build.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let run = |vkey: &str| {
        Command::new(&program).arg(folder.path().join("log")).args([vkey, &step()]).output().unwrap()
    };
    accepted(&run(&own.public().to_string()), "sumdb: 600 entries accepted");
    // Under another key it is no log.
    let other = key(ORIGIN, Algorithm::Note, 9).public().to_string();
    assert_eq!(run(&other).status.code(), Some(3));
}

#[test]
fn the_package_aics_tlog_accepts_it_and_notices_every_change() {
    let python = named("SERVANDA_PYTHON", "python3");
    let there = Command::new(&python).args(["-c", "import aics_tlog"]).stdin(Stdio::null()).output();
    if !there.is_ok_and(|ran| ran.status.success()) {
        return missing("the Python package aics-tlog");
    }
    let folder = tempfile::tempdir().unwrap();
    let own = log(&folder.path().join("log"));
    let keys: Vec<String> = witnesses().iter().map(|witness| witness.public().to_string()).collect();
    let run = |keys: &str| {
        let mut program = Command::new(&python);
        program.arg(ours("tlog.py")).arg(folder.path().join("log")).arg(own.public().to_string());
        program.args([keys, &step()]).output().unwrap()
    };
    accepted(&run(&keys.join(",")), "aics-tlog: 600 entries accepted");
    let stranger = key("west.example", Algorithm::Cosignature, 9).public().to_string();
    assert!(
        !run(&format!("{},{stranger}", keys[0])).status.success(),
        "without a cosignature that is asked for"
    );
}
