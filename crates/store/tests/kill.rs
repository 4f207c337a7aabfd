//! `kill -9` at random moments while records are taken in: every receipt that was given is in the log, nothing is there by half.
//!
//! The test runs itself as the program that takes in, and kills it. 8 times as it stands; `SERVANDA_KILLS=200` says how often.
//! Also a disk that is full, by a limit on the size of files.

#![cfg(unix)]
#![allow(
    clippy::disallowed_methods,
    reason = "a test kills after a while, and a while is measured with a clock"
)]

use servanda_ledger::receipt::Receipt;
use servanda_ledger::tree::leaf_hash;
use servanda_model::record::Marking;
use servanda_model::{Instant, Name};
use servanda_store::policy::Viewer;
use servanda_store::{Entry, SETTINGS, StoredRecord, Submission, Submitted, Workspace, digest};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const FOLDER: &str = "SERVANDA_TEST_INTAKE_FOLDER";
const ROUND: &str = "SERVANDA_TEST_INTAKE_ROUND";
const SUBMITTERS: usize = 3;

fn record(id: &str) -> StoredRecord {
    StoredRecord {
        id: Name::from(id),
        fact: "fire".into(),
        earliest: Instant(1),
        recorded: Instant(2),
        source: "SMM".into(),
        marking: Marking::default(),
        supersedes: None,
        json: format!("{{\"id\":\"{id}\",\"title\":\"{}\"}}", "shots ".repeat(30)),
    }
}

/// The intake: several threads submit, and print each receipt once they have it.
fn take_in(folder: &Path, round: &str) {
    let store = Workspace::open(folder).unwrap().store();
    std::thread::scope(|scope| {
        for who in 0..SUBMITTERS {
            let store = &store;
            scope.spawn(move || {
                let who = format!("key/{round}-{who}");
                let mut previous: Option<String> = None;
                for number in 1..100_000u64 {
                    let bytes = format!("submission {number} of {who}");
                    let submission = Submission {
                        submitter: who.clone(),
                        by: Viewer::keeper(),
                        number,
                        previous: previous.as_deref().map(|bytes| digest(bytes.as_bytes())),
                        submitted: Submitted { bytes: bytes.clone(), made: None },
                        key: None,
                        entry: Entry::Record(record(&format!("{who}-{number}"))),
                    };
                    let receipt = match store.submit(submission, Instant(1_000_000)) {
                        Ok(receipt) => receipt,
                        Err(error) => {
                            println!("error {error}");
                            return;
                        }
                    };
                    // One write a line: a line that is there by half was not handed out.
                    let line = format!("receipt {} {}\n", receipt.entry, receipt.note.replace('\n', "|"));
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                    previous = Some(bytes);
                }
            });
        }
    });
}

/// Runs this test as the program that takes in; `shell` may set limits first.
fn intake(test: &str, folder: &Path, round: usize, shell: &str) -> std::process::Child {
    let line = format!("{shell} exec \"$0\" --exact {test} --nocapture --test-threads 1");
    Command::new("sh")
        .args(["-c", &line, &std::env::current_exe().unwrap().display().to_string()])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn workspace() -> (tempfile::TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let made = Workspace::create(folder.path(), &[(SETTINGS, b"agreement = \"a.pact.md\"\n")]).unwrap();
    (folder, made)
}

/// The receipts among the lines: by entry, the note.
fn receipts(lines: &[String]) -> BTreeMap<u64, String> {
    let whole = lines.iter().filter_map(|line| line.strip_prefix("receipt "));
    whole
        .filter_map(|line| {
            let (entry, note) = line.split_once(' ')?;
            note.ends_with('|').then(|| (entry.parse().unwrap(), note.replace('|', "\n")))
        })
        .collect()
}

/// Every receipt is a promise that was kept, and no record is there by half.
fn hold(workspace: &Workspace, given: &BTreeMap<u64, String>) {
    let store = workspace.store();
    store.settle().unwrap();
    let log = store.log().unwrap();
    for (entry, note) in given {
        let receipt = Receipt::verify(note.as_bytes(), log.key()).unwrap();
        let leaf = log.leaves(*entry..*entry + 1).unwrap();
        assert_eq!(leaf_hash(&leaf[0]), receipt.leaf, "entry {entry}");
    }
    let records = store.view(&Viewer::keeper()).records().unwrap();
    let ids: BTreeSet<&str> = records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(ids.len(), records.len());
    for record in &records {
        assert_eq!(*record, self::record(record.id.as_str()));
    }
    // Of each submitter all numbers up to the last, and one entry is on the key of intake.
    assert_eq!(log.size(), records.len() as u64 + u64::from(!records.is_empty()));
    let compared = store.compare().unwrap();
    assert_eq!((compared.different, compared.entries), (0, log.size()));
}

#[test]
fn killed_at_any_moment_every_receipt_is_in_the_log() {
    if let (Some(folder), Ok(round)) = (std::env::var_os(FOLDER), std::env::var(ROUND)) {
        return take_in(Path::new(&folder), &round);
    }
    let kills: usize = std::env::var("SERVANDA_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let (folder, workspace) = workspace();
    let mut given = BTreeMap::new();
    let mut seed = 0x5eed_u64;
    for round in 0..kills {
        let test = "killed_at_any_moment_every_receipt_is_in_the_log";
        let mut child = intake(test, folder.path(), round, "");
        let out = child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).collect::<Vec<String>>()
        });
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(20 + (seed >> 33) % 400));
        child.kill().unwrap();
        child.wait().unwrap();
        let lines = reader.join().unwrap();
        assert!(!lines.iter().any(|line| line.starts_with("error")), "{lines:?}");
        given.extend(receipts(&lines));
        // Reading it all again gets slower with its size.
        if kills < 50 || round % 20 == 19 || round + 1 == kills {
            hold(&workspace, &given);
        }
    }
    assert!(given.len() > kills, "{} receipts in {kills} rounds: it was killed before it began", given.len());
    println!("{kills} kills, {} receipts, {} entries", given.len(), workspace.store().log().unwrap().size());
}

#[test]
fn a_full_disk_is_said_and_nothing_that_was_promised_is_lost() {
    let test = "a_full_disk_is_said_and_nothing_that_was_promised_is_lost";
    if let (Some(folder), Ok(round)) = (std::env::var_os(FOLDER), std::env::var(ROUND)) {
        return take_in(Path::new(&folder), &round);
    }
    let (folder, workspace) = workspace();
    let mut given = BTreeMap::new();
    // No file may grow beyond so many blocks of 512 bytes: sooner or later the database, the keys or the payloads cannot.
    for (round, blocks) in [160, 240, 400].into_iter().enumerate() {
        let child = intake(test, folder.path(), round, &format!("trap '' XFSZ; ulimit -f {blocks};"));
        let out = child.wait_with_output().unwrap();
        let lines: Vec<String> = String::from_utf8_lossy(&out.stdout).lines().map(String::from).collect();
        let errors: Vec<&String> = lines.iter().filter(|line| line.starts_with("error")).collect();
        assert!(!errors.is_empty(), "{blocks} blocks were enough");
        for error in errors {
            assert!(error.contains("cannot") || error.contains("full"), "{error}");
        }
        given.extend(receipts(&lines));
        hold(&workspace, &given);
    }
    assert!(!given.is_empty());
}
