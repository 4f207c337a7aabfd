//! `cluster`: two processes on the loopback give the change set of one, also when one of them is killed on the way; and
//! what is said where they cannot find each other.

#![allow(clippy::disallowed_methods, reason = "a test waits for processes, and not for ever")]

#[path = "cli/terminal.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line")]
mod terminal;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use terminal::{command, servanda};

/// Longer than any of this takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Agreement, zone and two years of an exercise.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/berlin-framework");
    for name in ["berlin-framework.pact.md", "zones/contact-line.geojson"] {
        let to = folder.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(example.join(name), to).unwrap();
    }
    servanda(folder.path(), &["exercise", "--out", "world.jsonl", "--seed", "5"]).ends_with(0);
    folder
}

const MATTER: [&str; 7] = [
    "cluster",
    "--agreement",
    "berlin-framework.pact.md",
    "--records",
    "world.jsonl",
    "--until",
    "2028-04-01",
];

/// A hosts file with as many free ports of this machine.
fn hosts(folder: &Path, count: usize) {
    let free: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let lines: Vec<String> = free.iter().map(|port| format!("{}\n", port.local_addr().unwrap())).collect();
    fs::write(folder.join("hosts"), lines.concat()).unwrap();
}

/// A process of the cluster, which does not outlive the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn start(folder: &Path, number: &str, more: &[&str]) -> Process {
        let mut line: Vec<&str> = MATTER.to_vec();
        line.extend(["--processes", "2", "--process", number, "--hosts", "hosts"]);
        line.extend(more);
        let err = fs::File::create(folder.join(format!("said-{number}"))).unwrap();
        Process(command(folder, &line).stdout(Stdio::null()).stderr(err).spawn().unwrap())
    }

    fn ends(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "a process does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn said(folder: &Path, number: &str) -> String {
    fs::read_to_string(folder.join(format!("said-{number}"))).unwrap()
}

/// Snapshots of a worker, the earliest first.
fn saves(folder: &Path, worker: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join("saves").join(worker)).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "snapshot")).collect();
    found.sort();
    found
}

#[test]
fn one_is_killed_and_the_change_set_is_that_of_one_process() {
    let folder = folder();
    let folder = folder.path();
    let mut alone = MATTER.to_vec();
    alone.extend(["--out", "alone.jsonl"]);
    servanda(folder, &alone).ends_with(0);
    let right = fs::read(folder.join("alone.jsonl")).unwrap();
    assert!(right.iter().filter(|b| **b == b'\n').count() > 300, "{} bytes", right.len());

    hosts(folder, 2);
    let saving = ["--saves", "saves", "--save-every", "20"];
    let first: Vec<&str> = ["--out", "together.jsonl"].into_iter().chain(saving).collect();
    let mut zero = Process::start(folder, "0", &first);
    let mut one = Process::start(folder, "1", &saving);
    let begun = Instant::now();
    while saves(folder, "worker-0-of-2").is_empty() || saves(folder, "worker-1-of-2").is_empty() {
        let ended = (zero.0.try_wait().unwrap(), one.0.try_wait().unwrap());
        assert!(ended == (None, None), "{ended:?} {} {}", said(folder, "0"), said(folder, "1"));
        assert!(begun.elapsed() < PATIENCE, "nothing is saved");
        std::thread::sleep(Duration::from_millis(2));
    }
    // SIGKILL.
    one.0.kill().unwrap();
    assert_eq!(one.ends().code(), None);
    let status = zero.ends();
    assert_eq!(status.code(), Some(2), "{}", said(folder, "0"));
    assert!(said(folder, "0").contains("process 1 at 127.0.0.1:"), "{}", said(folder, "0"));
    assert!(said(folder, "0").contains("is gone"), "{}", said(folder, "0"));
    assert!(!folder.join("together.jsonl").exists(), "a change set is whole or not there");

    hosts(folder, 2);
    let mut zero = Process::start(folder, "0", &first);
    let mut one = Process::start(folder, "1", &saving);
    assert_eq!(zero.ends().code(), Some(0), "{}", said(folder, "0"));
    assert_eq!(one.ends().code(), Some(0), "{}", said(folder, "1"));
    assert!(said(folder, "0").contains("begins at "), "{}", said(folder, "0"));
    assert!(fs::read(folder.join("together.jsonl")).unwrap() == right, "the change sets differ");
}

#[test]
fn who_cannot_be_reached_is_named() {
    let folder = folder();
    let folder = folder.path();
    hosts(folder, 2);
    let ports = fs::read_to_string(folder.join("hosts")).unwrap();
    let ports: Vec<&str> = ports.lines().collect();
    let mut zero = Process::start(folder, "0", &["--out", "together.jsonl", "--wait", "1"]);
    assert_eq!(zero.ends().code(), Some(2));
    let words = said(folder, "0");
    assert!(words.contains(&format!("process 1 at {} has not come", ports[1])), "{words}");
    let mut one = Process::start(folder, "1", &["--wait", "1"]);
    assert_eq!(one.ends().code(), Some(2));
    let words = said(folder, "1");
    assert!(words.contains(&format!("process 0 at {} does not answer", ports[0])), "{words}");

    // Two that do not work on the same thing.
    let mut zero = Process::start(folder, "0", &["--out", "together.jsonl", "--wait", "120"]);
    let mut one = Process::start(folder, "1", &["--wait", "120", "--workers", "2"]);
    assert_eq!(one.ends().code(), Some(2));
    let words = said(folder, "1");
    assert!(words.contains("refuses: 2 processes with 2 workers each against 2 with 1"), "{words}");
    zero.0.kill().unwrap();
    zero.ends();
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let folder = folder();
    let folder = folder.path();
    let refused = |more: &[&str], words: &str| {
        let line: Vec<&str> = MATTER.iter().chain(more).copied().collect();
        servanda(folder, &line).ends_with(2).complains(&[words]);
    };
    refused(&[], "--out FILE");
    refused(&["--processes", "2", "--out", "x"], "--hosts FILE");
    fs::write(folder.join("hosts"), "127.0.0.1:7001\n8.8.8.8:7001\n").unwrap();
    refused(&["--processes", "2", "--out", "x", "--hosts", "hosts"], "not a private address");
    fs::write(folder.join("hosts"), "127.0.0.1:7001\n").unwrap();
    refused(&["--processes", "2", "--out", "x", "--hosts", "hosts"], "1 line, and there are 2 processes");
    refused(&["--out", "x", "--memory-limit", "much"], "this is no size");
    refused(&["--out", "x", "--memory-limit", "100K"], "allow about");
    assert!(!folder.join("x").exists());
}
