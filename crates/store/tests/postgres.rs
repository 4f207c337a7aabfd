//! The same store on PostgreSQL: what it answers, what it refuses, and what happens when the server goes and comes back.

mod server;

use servanda_model::record::{Marking, Tlp};
use servanda_model::{Instant, Name};
use servanda_store::policy::Viewer;
use servanda_store::{
    Entry, Erasure, Intake, SETTINGS, Statement, Store, StoredRecord, Submission, Submitted, Workspace,
    digest, restore,
};
use server::Server;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

fn record(id: &str, level: Tlp) -> StoredRecord {
    StoredRecord {
        id: Name::from(id),
        fact: "fire".into(),
        earliest: Instant(1),
        recorded: Instant(2),
        source: "SMM: \u{e9}tat 'x' \\ \"y\"".into(),
        marking: Marking::of(level),
        supersedes: None,
        json: format!("{{\"id\":\"{id}\",\"title\":\"\\u0000 zero, \u{447}\"}}"),
    }
}

fn intake(made: usize) -> Intake {
    Intake {
        file: "a.csv".into(),
        sha256: servanda_store::sha256(b"a"),
        entered: Instant(1_000),
        read: made as u64,
        made: made as u64,
        refused: 0,
        quarantine: None,
    }
}

fn workspace(address: Option<&str>) -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let url = address.map_or(String::new(), |url| format!("[store]\nurl = \"{url}\"\n"));
    let settings = format!("agreement = \"a.pact.md\"\n{url}");
    let made = Workspace::create(folder.path(), &[(SETTINGS, settings.as_bytes())]).unwrap();
    (folder, made)
}

fn submission(who: &str, number: u64, previous: Option<&str>, bytes: &str) -> Submission {
    Submission {
        submitter: who.to_string(),
        by: Viewer::keeper(),
        number,
        previous: previous.map(|bytes| digest(bytes.as_bytes())),
        submitted: Submitted { bytes: bytes.to_string(), made: None },
        key: None,
        entry: Entry::Record(record(&format!("{who}-{number}"), Tlp::Clear)),
    }
}

fn ids(store: &Store) -> Vec<String> {
    store.view(&Viewer::keeper()).records().unwrap().iter().map(|r| r.id.to_string()).collect()
}

/// A life of a store, and what it answers at the end.
fn life(workspace: &Workspace) -> Vec<String> {
    let store = workspace.store();
    let keeper = Viewer::keeper();
    let many: Vec<StoredRecord> = (0..250)
        .map(|n| record(&format!("r{n:03}"), if n % 3 == 0 { Tlp::Amber } else { Tlp::Clear }))
        .collect();
    store.enter(&intake(many.len()), &many, 0, &keeper, || Ok(())).unwrap();
    let taken = store.enter(&intake(1), &many[7..8], 250, &keeper, || Ok(())).unwrap_err();
    assert!(taken.is_duplicate(), "{taken}");
    assert!(
        store.enter(&intake(1), &[record("x", Tlp::Clear)], 3, &keeper, || Ok(())).unwrap_err().is_busy()
    );
    store.submit(submission("key/a", 1, None, "one"), Instant(2_000)).unwrap();
    assert!(store.submit(submission("key/a", 3, Some("one"), "three"), Instant(2_000)).unwrap_err().is_gap());
    let ruling = Statement {
        kind: "ruling".into(),
        subject: "r1".into(),
        marking: Marking::default(),
        json: "{}".into(),
    };
    store.say(&[ruling], Instant(2_000), &keeper).unwrap();
    let order = Erasure {
        id: "r005".into(),
        category: "witness".into(),
        authority: "court".into(),
        reason: "asked for".into(),
    };
    store.erase(&order, Instant(3_000), &keeper).unwrap();
    assert_eq!(store.compare().unwrap().differences, [""; 0]);
    let mut answers = Vec::new();
    for viewer in [keeper, Viewer::public()] {
        let view = store.view(&viewer);
        answers.push(format!("{:?}", view.records().unwrap()));
        answers.push(format!("{:?}", view.counts().unwrap()));
        answers.push(format!("{:?}", view.records_of("fire", Instant(1), Instant(1)).unwrap().len()));
        answers.push(format!("{:?}", view.statements("ruling").unwrap()));
        answers.push(format!("{:?} {:?}", view.intakes().ok(), view.erased().ok()));
        answers.push(view.record("r005").unwrap_err().to_string());
    }
    answers
}

#[test]
fn both_databases_answer_alike() {
    let Some(server) = Server::start() else { return };
    let (_one, sqlite) = workspace(None);
    let (_two, postgres) = workspace(Some(&server.database("alike")));
    let (a, b) = (life(&sqlite), life(&postgres));
    assert_eq!(a, b);
    assert!(a[0].contains("r004") && !a[0].contains("\"r005\""));

    // Made again of the log, and brought back from a backup into another database.
    let store = postgres.store();
    let before = ids(&store);
    store.rebuild().unwrap();
    assert_eq!(ids(&postgres.store()), before);
    let elsewhere = tempfile::tempdir().unwrap();
    postgres.backup(&store, &elsewhere.path().join("backup"), Instant(9)).unwrap();
    let settings = elsewhere.path().join("backup").join(SETTINGS);
    let text = std::fs::read_to_string(&settings).unwrap().replace("/alike", "/again");
    std::fs::write(&settings, text).unwrap();
    server.database("again");
    restore(&elsewhere.path().join("backup"), &elsewhere.path().join("restored"), &[]).unwrap();
    let restored = Workspace::open(&elsewhere.path().join("restored")).unwrap();
    assert_eq!(ids(&restored.store()), before);
    assert_eq!(restored.store().compare().unwrap().different, 0);
}

#[test]
fn the_server_refuses_what_the_file_refuses_and_edits_are_found() {
    let Some(server) = Server::start() else { return };
    let (_folder, workspace) = workspace(Some(&server.database("guarded")));
    let store = workspace.store();
    let all = [record("a", Tlp::Clear), record("b", Tlp::Clear)];
    store.enter(&intake(2), &all, 0, &Viewer::keeper(), || Ok(())).unwrap();
    for (sql, words) in [
        ("UPDATE record SET json = ''", "a record is never changed"),
        ("DELETE FROM record", "a record is never deleted"),
        ("TRUNCATE record", "a record is never deleted"),
        ("TRUNCATE entry CASCADE", "is never deleted"),
        ("UPDATE entry SET kind = ''", "an entry is never changed"),
        ("DELETE FROM import", "an import is never deleted"),
    ] {
        let refused = server.sql("guarded", sql).unwrap_err();
        assert!(refused.contains(words), "{sql}: {refused}");
    }
    server
        .sql(
            "guarded",
            "ALTER TABLE record DISABLE TRIGGER ALL; UPDATE record SET source = 'X' WHERE id = 'b'",
        )
        .unwrap();
    let compared = workspace.store().compare().unwrap();
    assert_eq!(compared.differences, ["record 3: the log says otherwise in `source`"]);
    workspace.store().rebuild().unwrap();
    assert_eq!(workspace.store().compare().unwrap().different, 0);

    // Another workspace's database, and somebody else's.
    let (_other, stranger) = self::workspace(Some(&server.address("guarded")));
    let error = stranger.store().enter(&intake(0), &[], 0, &Viewer::keeper(), || Ok(())).unwrap_err();
    assert!(error.is_integrity() && error.to_string().contains("belongs to the log"), "{error}");
    let foreign = server.database("strange");
    server.sql("strange", "CREATE TABLE something (n int)").unwrap();
    let (_third, third) = self::workspace(Some(&foreign));
    let error = third.store().enter(&intake(0), &[], 0, &Viewer::keeper(), || Ok(())).unwrap_err();
    assert!(error.is_corrupt() && error.to_string().contains("something else"), "{error}");
    let (_fourth, fourth) = self::workspace(Some(&server.address("none")));
    let error = fourth.store().enter(&intake(0), &[], 0, &Viewer::keeper(), || Ok(())).unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
}

#[test]
fn a_server_that_goes_and_comes_back_loses_nothing() {
    let Some(server) = Server::start() else { return };
    let (_folder, workspace) = workspace(Some(&server.database("gone")));
    let store = workspace.store();
    let keeper = Viewer::keeper();
    store.enter(&intake(1), &[record("a", Tlp::Clear)], 0, &keeper, || Ok(())).unwrap();

    // Gone: said, and nothing entered; back: the same store goes on.
    server.down();
    let error = store.submit(submission("key/x", 1, None, "one"), Instant(2_000)).unwrap_err();
    assert!(error.is_unreachable() && error.help_text().is_some(), "{error}");
    assert!(store.view(&keeper).records().unwrap_err().is_unreachable());
    let error = workspace.store().submit(submission("key/x", 1, None, "one"), Instant(2_000)).unwrap_err();
    assert!(error.is_unreachable() && error.to_string().contains("does not answer"), "{error}");
    server.up();
    store.submit(submission("key/x", 1, None, "one"), Instant(2_000)).unwrap();
    assert_eq!(ids(&store), ["a", "key/x-1"]);

    // Pulled away again and again while somebody submits, who sends again what was not receipted.
    let done = AtomicBool::new(false);
    let (receipts, failures) = std::thread::scope(|scope| {
        let submitting = scope.spawn(|| {
            let (mut receipts, mut failures) = (Vec::new(), 0);
            let mut previous = "one".to_string();
            let mut number = 2;
            while !done.load(Ordering::Relaxed) || receipts.is_empty() {
                let bytes = format!("submission {number}");
                match store.submit(submission("key/x", number, Some(&previous), &bytes), Instant(3_000)) {
                    Ok(receipt) => {
                        receipts.push(receipt);
                        previous = bytes;
                        number += 1;
                    }
                    Err(error) => {
                        assert!(error.is_unreachable(), "{error}");
                        failures += 1;
                        std::thread::sleep(std::time::Duration::from_millis(20));
                    }
                }
            }
            (receipts, failures)
        });
        for _ in 0..3 {
            std::thread::sleep(std::time::Duration::from_millis(300));
            server.down();
            server.up();
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
        done.store(true, Ordering::Relaxed);
        submitting.join().unwrap()
    });
    assert!(failures > 0, "the server was never missed");
    assert_eq!(ids(&store).len(), 2 + receipts.len());
    let log = store.log().unwrap();
    for receipt in &receipts {
        let leaf = log.leaves(receipt.entry..receipt.entry + 1).unwrap();
        let read = servanda_ledger::receipt::Receipt::verify(receipt.note.as_bytes(), log.key()).unwrap();
        assert_eq!(servanda_ledger::tree::leaf_hash(&leaf[0]), read.leaf);
    }
    assert_eq!(store.compare().unwrap().different, 0);
}
