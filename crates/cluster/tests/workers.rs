//! Several workers in one process: the change set of one engine, to the byte; also after a stop, with saves that are
//! damaged, and where the work is too much.

use servanda_cluster::{Failure, Hosts, Log, Saves, Task, run};
use servanda_engine::Engine;
use servanda_engine::incremental::Settings;
use servanda_model::Instant;
use servanda_sim::search::{Searched, next};
use servanda_sim::world::Read;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Generated worlds, with something to say.
fn worlds(seed: u64, count: usize) -> Vec<Read> {
    let (mut searched, mut number) = (Searched::default(), 0);
    std::iter::from_fn(|| Some(next(seed, &mut number, &mut searched).1))
        .filter(|read| read.records.len() > 5)
        .take(count)
        .collect()
}

fn recorded(read: &Read) -> Vec<Instant> {
    let mut all: Vec<Instant> = read.records.iter().map(|r| r.recorded).collect();
    all.sort();
    all.dedup();
    all
}

/// What one engine says.
fn alone(read: &Read, until: Instant) -> Vec<u8> {
    let mut engine = Engine::new(&read.agreement, &read.places, Settings::default());
    engine.add(read.records.iter().cloned());
    engine.advance(until);
    engine.history().bytes()
}

struct Run<'r> {
    read: &'r Read,
    until: Instant,
    workers: usize,
    saves: Option<Saves>,
    memory_limit: Option<u64>,
    told: Arc<Mutex<Vec<String>>>,
}

impl<'r> Run<'r> {
    fn new(read: &'r Read, until: Instant, workers: usize) -> Run<'r> {
        Run { read, until, workers, saves: None, memory_limit: None, told: Arc::default() }
    }

    fn saving(mut self, folder: &Path, every: u64) -> Run<'r> {
        self.saves = Some(Saves { folder: folder.to_path_buf(), every });
        self
    }

    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        let told = self.told.clone();
        let task = Task {
            agreement: Arc::new(self.read.agreement.clone()),
            readings: BTreeMap::new(),
            log: Some(Arc::new(Log {
                places: self.read.places.clone(),
                records: self.read.records.clone(),
                until: self.until,
            })),
            hosts: Hosts::alone(),
            workers: self.workers,
            patience: Duration::from_secs(60),
            saves: self.saves.clone(),
            memory_limit: self.memory_limit,
            note: Arc::new(move |text| told.lock().expect("notes").push(text.to_string())),
        };
        run(task).map(|history| history.expect("the first process has the history").bytes())
    }

    fn told(&self, words: &str) -> bool {
        self.told.lock().expect("notes").iter().any(|note| note.contains(words))
    }
}

#[test]
fn workers_say_what_one_engine_says() {
    let mut bytes = 0;
    for read in worlds(31, 12) {
        let until = *recorded(&read).last().expect("records") + 86_400_000;
        let right = alone(&read, until);
        bytes += right.len();
        for workers in [1, 2, 3] {
            assert!(Run::new(&read, until, workers).bytes() == Ok(right.clone()), "{workers} workers");
        }
    }
    assert!(bytes > 100_000, "only {bytes} bytes were compared");
}

#[test]
fn after_a_stop_the_same_change_set() {
    for read in worlds(32, 6) {
        let recorded = recorded(&read);
        let (half, until) = (recorded[recorded.len() / 2], *recorded.last().expect("records") + 1);
        let right = alone(&read, until);
        let folder = tempfile::tempdir().expect("folder");
        let first = Run::new(&read, half, 2).saving(folder.path(), 1);
        assert!(first.bytes() == Ok(alone(&read, half)));
        let second = Run::new(&read, until, 2).saving(folder.path(), 1);
        assert!(second.bytes() == Ok(right.clone()));
        assert!(second.told(&format!("begins at {half}")), "it did not begin where it stopped");

        // With another number of workers the saves are of no use, and nothing is wrong.
        let other = Run::new(&read, until, 3).saving(folder.path(), 1);
        assert!(other.bytes() == Ok(right.clone()) && !other.told("begins at"));

        // A record that was not known when it was saved: begin anew.
        let mut more = Read { records: read.records.clone(), ..read.clone() };
        let mut late = more.records[0].clone();
        (late.id, late.recorded) = ("late-one".into(), recorded[0]);
        more.records.push(late);
        let anew = Run::new(&more, until, 2).saving(folder.path(), 1);
        assert!(anew.bytes() == Ok(alone(&more, until)));
        assert!(anew.told("other records were known by then") && !anew.told("begins at"));
    }
}

#[test]
fn damaged_saves_are_passed_over() {
    let read = worlds(33, 1).remove(0);
    let until = *recorded(&read).last().expect("records") + 1;
    let folder = tempfile::tempdir().expect("folder");
    let right = Run::new(&read, until, 2).saving(folder.path(), 1).bytes();
    let shelf = folder.path().join("worker-1-of-2");
    let mut damaged = 0;
    for entry in std::fs::read_dir(&shelf).expect("saves") {
        let path = entry.expect("a save").path();
        let mut bytes = std::fs::read(&path).expect("a save");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).expect("a save");
        damaged += 1;
    }
    assert!((1..10).contains(&damaged), "{damaged} saves lie there: old ones are to be taken away");
    let again = Run::new(&read, until, 2).saving(folder.path(), 1);
    assert!(again.bytes() == right && right == Ok(alone(&read, until)));
    assert!(again.told("its checksum does not fit") && !again.told("begins at"));
}

#[test]
fn too_much_is_said_and_no_change_set_given() {
    let read = worlds(34, 1).remove(0);
    let until = *recorded(&read).last().expect("records") + 1;
    for workers in [1, 2] {
        let run = Run { memory_limit: Some(20_000), ..Run::new(&read, until, workers) };
        let failure = run.bytes().expect_err("20 kB are too little");
        assert!(failure.to_string().contains("the limit is 20 KiB"), "{failure}");
        assert!(failure.remedy().is_some_and(|remedy| remedy.contains("allow about")));
    }
}
