//! What a disk can do to a writer: fail at any of its steps, stop half-way, be full, be slow. Whatever it does: clear errors,
//! nothing half-entered, and the next try works.

use super::tests::{enter, intake, record, submission, workspace};
use super::*;
use crate::error::Error;
use crate::policy::Viewer;
use servanda_model::record::Tlp;
use std::fs::File;
use std::io::{Error as IoError, ErrorKind};
use std::sync::atomic::{AtomicI64, Ordering};

/// Does `steps` things, then fails once; half of what is written then is written.
struct Faulty {
    steps: AtomicI64,
    with: ErrorKind,
}

impl Faulty {
    fn after(steps: i64, with: ErrorKind) -> Arc<Faulty> {
        Arc::new(Faulty { steps: AtomicI64::new(steps), with })
    }

    fn fails(&self) -> bool {
        self.steps.fetch_sub(1, Ordering::Relaxed) == 0
    }
}

impl Disk for Faulty {
    fn write_at(&self, file: &mut File, place: u64, bytes: &[u8]) -> std::io::Result<()> {
        if self.fails() {
            RealDisk.write_at(file, place, &bytes[..bytes.len() / 2])?;
            return Err(IoError::from(self.with));
        }
        RealDisk.write_at(file, place, bytes)
    }

    fn sync(&self, file: &File) -> std::io::Result<()> {
        if self.fails() { Err(IoError::from(self.with)) } else { RealDisk.sync(file) }
    }
}

fn ids(store: &Store) -> Vec<String> {
    store.view(&Viewer::keeper()).records().unwrap().iter().map(|r| r.id.to_string()).collect()
}

#[test]
fn whichever_step_fails_nothing_is_entered_and_the_next_try_works() {
    let mut steps = 0;
    loop {
        let (folder, workspace) = workspace();
        enter(&workspace.store(), &["a"]);
        let size = workspace.store().log().unwrap().size();
        let store = Store::new(
            folder.path(),
            workspace.store().database.clone(),
            Faulty::after(steps, if steps % 2 == 0 { ErrorKind::StorageFull } else { ErrorKind::Other }),
        );
        let records = [record("b", Tlp::Clear), record("c", Tlp::Clear)];
        let outcome = store.enter(&intake(2), &records, 1, &Viewer::keeper(), || Ok(()));
        let failed = outcome.is_err();
        if let Err(error) = outcome {
            assert!(error.to_string().starts_with("cannot write"), "{error}");
            assert!(error.help_text().unwrap().contains("nothing was entered"), "{error}");
            assert_eq!(ids(&store), ["a"], "step {steps}");
            assert_eq!(store.log().unwrap().size(), size);
            // The same store goes on.
            store.enter(&intake(2), &records, 1, &Viewer::keeper(), || Ok(())).unwrap();
        }
        assert_eq!(ids(&store), ["a", "b", "c"]);
        assert_eq!(workspace.store().compare().unwrap().different, 0);
        if !failed {
            break;
        }
        steps += 1;
    }
    // Writing and syncing, of keys and of payloads.
    assert_eq!(steps, 4);
}

#[test]
fn a_submission_that_failed_keeps_its_number_free() {
    for steps in 0..4 {
        let (folder, workspace) = workspace();
        enter(&workspace.store(), &["a"]);
        let store = Store::new(
            folder.path(),
            workspace.store().database.clone(),
            Faulty::after(steps, ErrorKind::Other),
        );
        let one = submission("key/x", 1, None, "one");
        let error = store.submit(one.clone(), Instant(2_000)).unwrap_err();
        assert!(!error.is_refused(), "{error}");
        let receipt = store.submit(one, Instant(2_000)).unwrap();
        assert!(!receipt.again);
        assert!(store.submit(submission("key/x", 2, Some("one"), "two"), Instant(2_000)).is_ok());
        assert_eq!(store.compare().unwrap().different, 0);
    }
}

#[test]
fn what_stops_the_log_stops_no_receipt_and_is_caught_up() {
    let (folder, workspace) = workspace();
    let store = workspace.store();
    enter(&store, &["a"]);
    let size = store.log().unwrap().size();
    // Where the tile of hashes has to go, something else stands.
    let place = folder.path().join(format!("log/tile/0/000.p/{}", size + 1));
    fs::create_dir_all(place.join("in the way")).unwrap();
    let receipt = store.submit(submission("key/x", 1, None, "one"), Instant(2_000)).unwrap();
    assert_eq!(ids(&store), ["a", "key/x-1"]);
    assert_eq!(store.log().unwrap().size(), size, "the log is behind");
    let error = store.settle().unwrap_err();
    assert!(error.to_string().contains("cannot write"), "{error}");
    fs::remove_dir_all(&place).unwrap();
    store.settle().unwrap();
    assert_eq!(store.log().unwrap().size(), size + 1);
    assert_eq!(receipt.entry, size);
    assert_eq!(store.compare().unwrap().different, 0);
}

/// Every sync takes its time.
struct Slow(std::time::Duration);

impl Disk for Slow {
    fn write_at(&self, file: &mut File, place: u64, bytes: &[u8]) -> std::io::Result<()> {
        RealDisk.write_at(file, place, bytes)
    }

    fn sync(&self, file: &File) -> std::io::Result<()> {
        std::thread::sleep(self.0);
        RealDisk.sync(file)
    }
}

#[test]
fn on_a_slow_disk_those_who_wait_share_a_commit() {
    let (folder, workspace) = workspace();
    enter(&workspace.store(), &["a"]);
    let slow = Arc::new(Slow(std::time::Duration::from_millis(50)));
    let store = Store::new(folder.path(), workspace.store().database.clone(), slow);
    let entered: Vec<Result<Receipt, Error>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|n| {
                let store = &store;
                scope.spawn(move || {
                    store.submit(submission(&format!("key/{n}"), 1, None, "x"), Instant(2_000))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(entered.iter().all(Result::is_ok), "{entered:?}");
    // Frames that end a batch: far fewer than submissions.
    let mut batches = 0;
    Packs::new(&store.places.payload, FULL_PACK)
        .walk(None, 0, |_, content| {
            batches += usize::from(content.ends);
            Ok(())
        })
        .unwrap();
    // One of the import; of the sixteen, whoever came while the first was committed shares the next.
    assert!(batches <= 1 + 8, "{batches} commits");
    assert_eq!(store.compare().unwrap().different, 0);
}
