//! A process that appends is killed at random moments. What it had said was in, is in; the log verifies, and goes on.
//!
//! The killed process is this test's own program, started again with `SERVANDA_TO_BE_KILLED` naming the log.
//! `SERVANDA_KILLS` sets how often (30).

#![allow(clippy::disallowed_methods, reason = "a test waits for a moment")]

use servanda_ledger::audit::{self, Asked};
use servanda_ledger::leaf::{Leaf, NO_PREVIOUS};
use servanda_ledger::note::{Algorithm, SignerKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::tree::sha256;
use servanda_store::log::{Log, read_file};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const ORIGIN: &str = "ledger.example/test";

fn key() -> SignerKey {
    SignerKey::new(ORIGIN, Algorithm::Note, &[1; 32]).unwrap()
}

/// Appends, some at a time, and says after each how many are in. It never ends by itself.
fn append_for_ever(dir: &Path) -> ! {
    let mut log = Log::open(dir, Some(key())).unwrap();
    let last = log.size().checked_sub(1).map(|last| log.leaves(last..last + 1).unwrap().swap_remove(0));
    let (mut number, mut previous) = match &last {
        Some(bytes) => (Leaf::from_bytes(bytes).unwrap().number, sha256(bytes)),
        None => (0, NO_PREVIOUS),
    };
    loop {
        let mut leaves = Vec::new();
        for _ in 0..1 + number % 90 {
            number += 1;
            let (kind, submitter) = ("record".to_string(), "side a".to_string());
            let leaf = Leaf { kind, received_ms: 5, submitter, number, previous, commitment: [7; 32] };
            let bytes = leaf.to_bytes().unwrap();
            previous = sha256(&bytes);
            leaves.push(bytes);
        }
        let range = log.append(&leaves, 0).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "in: {}", range.end).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_was_said_to_be_in_is_in() {
    if let Ok(dir) = std::env::var("SERVANDA_TO_BE_KILLED") {
        append_for_ever(Path::new(&dir));
    }
    let kills = std::env::var("SERVANDA_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(30);
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    drop(Log::create(&dir, ORIGIN, key()).unwrap());
    let policy = Policy::parse(format!("log {}\nquorum none\n", key().public()).as_bytes()).unwrap();
    let asked = Asked {
        policy: &policy,
        newest_witnessed: false,
        leaves: true,
        late_ms: 0,
        no_strangers: true,
        earlier: vec![],
    };
    let (mut before, mut random) = (0, 0x9e37_79b9_u64);
    for kill in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "what_was_said_to_be_in_is_in", "--nocapture"])
            .env("SERVANDA_TO_BE_KILLED", &dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Until it has begun; then at a moment that nobody chose.
        let begun = lines.by_ref().map_while(Result::ok).find(|line| line.contains("in: "));
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_micros((random >> 33) % 60_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let said = begun.into_iter().chain(lines.map_while(Result::ok));
        let said: u64 = said.filter_map(|line| line.split("in: ").nth(1)?.parse().ok()).last().unwrap_or(0);
        let log = Log::open(&dir, Some(key())).unwrap();
        assert!(
            log.size() >= said && said > before,
            "kill {kill}: {said} were said to be in, {} are",
            log.size()
        );
        drop(log);
        let report = audit::log(|path| read_file(&dir, path), &asked).unwrap();
        assert_eq!(report.findings, [], "kill {kill}");
        before = report.entries;
    }
    println!("killed {kills} times, {before} entries");
}
