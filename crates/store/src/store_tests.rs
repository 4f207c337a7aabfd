use super::*;
use crate::workspace::{SETTINGS, Workspace};
use crate::{Submission, Submitted, digest};
use rusqlite::Connection as Sqlite;
use servanda_ledger::receipt;
use servanda_model::record::Tlp;
use tempfile::TempDir;

pub(crate) fn workspace() -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let made = Workspace::create(folder.path(), &[(SETTINGS, b"agreement = \"a.pact.md\"\n")]).unwrap();
    (folder, made)
}

pub(crate) fn record(id: &str, level: Tlp) -> StoredRecord {
    StoredRecord {
        id: id.into(),
        fact: "fire".into(),
        earliest: Instant(1),
        recorded: Instant(2),
        source: "SMM".into(),
        marking: Marking::of(level),
        supersedes: None,
        json: format!("{{\"id\":\"{id}\",\"what\":\"shots near the bridge\"}}"),
    }
}

pub(crate) fn intake(made: usize) -> Intake {
    Intake {
        file: "a.csv".into(),
        sha256: crate::sha256(b"a"),
        entered: Instant(1_000),
        read: made as u64,
        made: made as u64,
        refused: 0,
        quarantine: None,
    }
}

pub(crate) fn enter(store: &Store, ids: &[&str]) -> Entered {
    let keeper = Viewer::keeper();
    let seen = store.view(&keeper).records().unwrap().len();
    let records: Vec<StoredRecord> = ids.iter().map(|id| record(id, Tlp::Clear)).collect();
    store.enter(&intake(ids.len()), &records, seen, &keeper, || Ok(())).unwrap()
}

pub(crate) fn submission(who: &str, number: u64, previous: Option<&str>, bytes: &str) -> Submission {
    Submission {
        submitter: who.to_string(),
        by: Viewer::keeper(),
        number,
        previous: previous.map(|bytes| digest(bytes.as_bytes())),
        submitted: Submitted { bytes: bytes.to_string(), made: Some(Instant(500 + number as i64)) },
        key: None,
        entry: Entry::Record(record(&format!("{who}-{number}"), Tlp::Clear)),
    }
}

fn ids(store: &Store) -> Vec<String> {
    store.view(&Viewer::keeper()).records().unwrap().iter().map(|r| r.id.to_string()).collect()
}

fn equal(store: &Store) {
    let compared = store.compare().unwrap();
    assert_eq!(compared.differences, [""; 0]);
}

#[test]
fn everything_entered_is_in_the_log_and_the_database_can_be_made_again_of_it() {
    let (folder, workspace) = workspace();
    let store = workspace.store();
    assert!(store.rebuild().unwrap_err().is_not_found() && store.compare().unwrap_err().is_not_found());
    let entered = enter(&store, &["b", "a"]);
    // The key of intake, the import, two records.
    assert_eq!((entered.first, entered.count), (1, 3));
    assert!(entered.behind.is_none());
    enter(&store, &["c"]);
    let log = store.log().unwrap();
    assert_eq!(log.size(), 6);
    let leaves: Vec<Leaf> = log.leaves(0..6).unwrap().iter().map(|l| Leaf::from_bytes(l).unwrap()).collect();
    let kinds: Vec<&str> = leaves.iter().map(|leaf| leaf.kind.as_str()).collect();
    assert_eq!(kinds, ["key", "import", "record", "record", "import", "record"]);
    assert!(leaves.iter().enumerate().all(|(at, leaf)| leaf.number == at as u64 + 1), "{leaves:?}");
    // Nothing of what was said stands in log or payloads.
    for entry in crate::backup::files_below(folder.path()).unwrap() {
        if !entry.ends_with("servanda.db") && !entry.to_string_lossy().contains("db-") {
            let bytes = fs::read(folder.path().join(&entry)).unwrap();
            assert!(!bytes.windows(6).any(|w| w == b"bridge"), "{}", entry.display());
        }
    }

    equal(&store);
    let before = store.view(&Viewer::keeper()).records().unwrap();
    fs::remove_file(folder.path().join("servanda.db")).unwrap();
    let store = workspace.store();
    let error = store.view(&Viewer::keeper()).records().unwrap_err();
    assert!(error.is_not_found() && error.help_text().unwrap().contains("servanda rebuild"), "{error}");
    assert_eq!(store.rebuild().unwrap(), 6);
    assert_eq!(store.view(&Viewer::keeper()).records().unwrap(), before);
    assert_eq!(store.view(&Viewer::keeper()).intakes().unwrap().len(), 2);
    equal(&store);
    assert_eq!(store.log().unwrap().root(), log.root());
    enter(&store, &["d"]);
    equal(&store);
}

#[test]
fn a_submission_gets_a_receipt_and_every_slip_its_own_words() {
    let (_folder, workspace) = workspace();
    let store = workspace.store();
    let now = Instant(10_000);
    let first = store.submit(submission("key/smm", 1, None, "one"), now).unwrap();
    let second = store.submit(submission("key/smm", 2, Some("one"), "two"), now).unwrap();
    let log = store.log().unwrap();
    for (receipt, number) in [(&first, 1), (&second, 2)] {
        let read = receipt::Receipt::verify(receipt.note.as_bytes(), log.key()).unwrap();
        assert_eq!((read.submitter.as_str(), read.number, read.received_ms), ("key/smm", number, 10_000));
        let leaf = log.leaves(receipt.entry..receipt.entry + 1).unwrap();
        assert_eq!(leaf_hash(&leaf[0]), read.leaf);
        assert!(!receipt.again);
    }

    // Sent again, also after a restart: the same receipt, and no second entry.
    let again = workspace.store().submit(submission("key/smm", 1, None, "one"), Instant(99_000)).unwrap();
    assert_eq!(again, Receipt { again: true, ..first.clone() });
    assert_eq!(store.log().unwrap().size(), 3);

    let refused = |submission: Submission, words: &str| {
        let error = store.submit(submission, now).unwrap_err();
        assert!(error.is_refused() && error.to_string().contains(words), "{words}: {error}");
        assert!(error.help_text().is_some());
        error
    };
    assert!(refused(submission("key/smm", 1, None, "other"), "number 1 of `key/smm` was used").is_conflict());
    assert!(refused(submission("key/smm", 4, Some("two"), "four"), "3 is missing").is_gap());
    assert!(refused(submission("key/smm", 9, Some("two"), "nine"), "3 to 8 are missing").is_gap());
    assert!(
        refused(submission("key/smm", 3, Some("one"), "three"), "names another one before it").is_conflict()
    );
    assert!(refused(submission("key/smm", 3, None, "three"), "names another one before it").is_conflict());
    assert!(
        refused(submission("key/new", 1, Some("two"), "one"), "names another one before it").is_conflict()
    );
    assert!(refused(submission("key/new", 2, None, "two"), "1 is missing").is_gap());
    refused(submission("key/new", 0, None, "x"), "number 0");
    let dated = |made: i64| {
        let mut dated = submission("key/smm", 3, Some("two"), "three");
        dated.submitted.made = Some(Instant(made));
        dated
    };
    assert!(refused(dated(10_000_000), "and it is 1970").is_clock());
    assert!(refused(dated(501), "before the one before it").is_clock());
    let mut taken = submission("key/smm", 3, Some("two"), "three");
    taken.entry = Entry::Record(record("key/smm-1", Tlp::Clear));
    assert!(store.submit(taken, now).unwrap_err().is_duplicate());
    let mut broken = submission("key/smm", 3, Some("two"), "three");
    broken.entry = Entry::Record(StoredRecord { json: "{".into(), ..record("x", Tlp::Clear) });
    refused(broken, "no JSON");
    let mut odd = submission("key/odd", 1, None, "x");
    odd.submitter = "key/a\nb".into();
    refused(odd, "control characters");
    // None of this took the number.
    assert!(!store.submit(submission("key/smm", 3, Some("two"), "three"), now).unwrap().again);
    assert_eq!(ids(&store), ["key/smm-1", "key/smm-2", "key/smm-3"]);
    equal(&store);
}

#[test]
fn many_at_once_are_committed_together_and_each_gets_its_own_receipt() {
    let (_folder, workspace) = workspace();
    let store = workspace.store();
    let receipts: Vec<Receipt> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..8)
            .map(|who| {
                let store = &store;
                scope.spawn(move || {
                    let who = format!("key/{who}");
                    let mut receipts = Vec::new();
                    let mut previous: Option<String> = None;
                    for number in 1..=20 {
                        let bytes = format!("{who} {number}");
                        let one = submission(&who, number, previous.as_deref(), &bytes);
                        // Twice, as over a bad line.
                        receipts.push(store.submit(one.clone(), Instant(5_000)).unwrap());
                        assert!(store.submit(one, Instant(5_000)).unwrap().again);
                        previous = Some(bytes);
                    }
                    receipts
                })
            })
            .collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect()
    });
    let entries: BTreeSet<u64> = receipts.iter().map(|receipt| receipt.entry).collect();
    assert_eq!((entries.len(), ids(&store).len(), store.log().unwrap().size()), (160, 160, 161));
    equal(&store);
}

#[test]
fn two_programs_write_in_turn() {
    let (_folder, workspace) = workspace();
    let (one, two) = (workspace.store(), workspace.store());
    enter(&one, &["a"]);
    enter(&two, &["b"]);
    one.submit(submission("key/x", 1, None, "1"), Instant(2_000)).unwrap();
    two.submit(submission("key/x", 2, Some("1"), "2"), Instant(2_000)).unwrap();
    enter(&one, &["c"]);
    assert_eq!(ids(&two), ["a", "b", "key/x-1", "key/x-2", "c"]);
    equal(&one);
}

#[test]
fn an_erased_record_is_gone_and_every_proof_holds() {
    let (folder, workspace) = workspace();
    let store = workspace.store();
    let keeper = Viewer::keeper();
    enter(&store, &["a", "b", "c"]);
    let before = store.log().unwrap();
    let erasure = Erasure {
        id: "b".into(),
        category: "witness".into(),
        authority: "the court".into(),
        reason: "asked for by the person".into(),
    };
    let old_keys = fs::read(folder.path().join("keys")).unwrap();
    let receipt = store.erase(&erasure, Instant(3_000), &keeper).unwrap();
    assert_eq!(ids(&store), ["a", "c"]);
    assert_eq!(store.view(&keeper).erased().unwrap(), [Name::from("b")]);
    let log = store.log().unwrap();
    assert_eq!((log.size(), receipt.entry), (before.size() + 1, before.size()));
    assert_eq!(log.root_at(before.size()).unwrap(), before.root());
    assert_eq!(log.leaves(0..before.size()).unwrap(), before.leaves(0..before.size()).unwrap());
    let payload = store.write(|writer| Ok(writer.payload(3).unwrap_err().to_string())).unwrap().0;
    assert!(payload.contains("was erased"), "{payload}");
    // Not in the database's file either, nor beside it.
    for name in ["servanda.db", "servanda.db-wal"] {
        let bytes = fs::read(folder.path().join(name)).unwrap_or_default();
        assert!(!bytes.windows(9).any(|w| w == b"{\"id\":\"b\""), "{name}");
    }
    assert!(store.erase(&erasure, Instant(3_000), &keeper).unwrap_err().is_not_found());
    let again = store.enter(&intake(1), &[record("b", Tlp::Clear)], 2, &keeper, || Ok(())).unwrap_err();
    assert!(again.is_duplicate() && again.to_string().contains("was erased"), "{again}");
    equal(&store);
    store.rebuild().unwrap();
    assert_eq!(ids(&store), ["a", "c"]);

    // Older keys that come back bring nothing back.
    let mut keys = fs::read(folder.path().join("keys")).unwrap();
    keys[..old_keys.len()].copy_from_slice(&old_keys);
    fs::write(folder.path().join("keys"), &keys).unwrap();
    let store = workspace.store();
    store.rebuild().unwrap();
    assert_eq!(ids(&store), ["a", "c"]);
    assert!(Slots::open(&store.places.keys).unwrap().get(3).unwrap().unwrap().is_wiped());
    // A key that vanished without an order is named.
    Slots::open(&store.places.keys).unwrap().wipe(&RealDisk, 2).unwrap();
    let error = store.compare().unwrap_err();
    assert!(error.is_integrity() && error.to_string().contains("entry 2 has no key any more"), "{error}");
}

#[test]
fn an_insider_who_edits_rows_is_found() {
    let (folder, workspace) = workspace();
    let store = workspace.store();
    enter(&store, &["a", "b", "c"]);
    let path = folder.path().join("servanda.db");
    let edit = |sql: &str| {
        let connection = Sqlite::open(&path).unwrap();
        let mut names = Vec::new();
        {
            let mut all =
                connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
            let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            names.extend(rows.map(Result::<(String, String), _>::unwrap));
        }
        for (name, _) in &names {
            connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        connection.execute_batch(sql).unwrap();
        for (_, sql) in &names {
            connection.execute_batch(sql).unwrap();
        }
    };
    for (sql, words) in [
        ("UPDATE record SET json = '{}' WHERE id = 'b'", "record 3: the log says otherwise in `json`"),
        ("UPDATE record SET source = 'XXX' WHERE id = 'a'", "record 2: the log says otherwise in `source`"),
        ("DELETE FROM record WHERE id = 'c'", "record 4: it is in the log and not in the database"),
        ("UPDATE import SET refused = 7", "import 1: the log says otherwise in `refused`"),
        (
            "INSERT INTO label VALUES (9, '{\"level\":\"TLP:RED\"}'); UPDATE record SET label = 9 WHERE id = 'a'",
            "record 2: the log says otherwise in `marking`",
        ),
        ("UPDATE entry SET received = 5 WHERE number = 2", "entry 2: the log says otherwise in `received`"),
    ] {
        edit(sql);
        let compared = workspace.store().compare().unwrap();
        assert_eq!((compared.different, compared.differences), (1, vec![words.to_string()]), "{sql}");
        workspace.store().rebuild().unwrap();
        equal(&workspace.store());
    }
    // A row alone destroys no key.
    edit("INSERT INTO erasure VALUES (0, 3, 'b', '', '', '', '')");
    let error = workspace.store().compare().unwrap_err();
    assert!(error.is_integrity() && error.to_string().contains("and it did not"), "{error}");
    workspace.store().rebuild().unwrap();
    assert_eq!(ids(&workspace.store()), ["a", "b", "c"]);
    // At the edge it is noticed by whoever reads or writes.
    edit("UPDATE entry SET leaf = x'00' WHERE number = 4");
    assert!(workspace.records().unwrap_err().is_integrity());
    let store = workspace.store();
    assert!(store.submit(submission("key/x", 1, None, "1"), Instant(2_000)).unwrap_err().is_integrity());
    workspace.store().rebuild().unwrap();
    assert_eq!(ids(&workspace.store()), ["a", "b", "c"]);
}

#[test]
fn an_insider_who_edits_payloads_keys_or_tiles_is_found() {
    let (folder, workspace) = workspace();
    enter(&workspace.store(), &["a", "b"]);
    let file = |name: &str| folder.path().join(name);
    let noticed = |name: &str, at: usize| {
        let whole = fs::read(file(name)).unwrap();
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(file(name), &changed).unwrap();
        let outcome = workspace.store().compare();
        fs::write(file(name), &whole).unwrap();
        let error = outcome.expect_err(&format!("byte {at} of {name}"));
        assert!(error.is_integrity(), "byte {at} of {name}: {error}");
    };
    let pack = "payload/000000.pack";
    let length = fs::metadata(file(pack)).unwrap().len() as usize;
    for at in (0..length).step_by(97) {
        noticed(pack, at);
    }
    for at in (0..4 * 64).step_by(31) {
        noticed("keys", at);
    }
    for name in ["log/checkpoint", "log/tile/0/000.p/4", "log/tile/entries/000.p/4"] {
        noticed(name, 60);
    }
    // Payloads that are gone.
    let whole = fs::read(file(pack)).unwrap();
    fs::write(file(pack), &whole[..length - 1]).unwrap();
    assert!(workspace.store().compare().unwrap_err().is_integrity());
    fs::write(file(pack), &whole).unwrap();
    equal(&workspace.store());
}

#[test]
fn what_is_set_back_is_caught_up_or_named() {
    let (folder, workspace) = workspace();
    let file = |name: &str| folder.path().join(name);
    enter(&workspace.store(), &["a"]);
    let database = fs::read(file("servanda.db")).unwrap();
    let old_log = folder.path().join("old-log");
    crate::backup::copy_tree(&file("log"), &old_log).unwrap();
    enter(&workspace.store(), &["b"]);
    let root = workspace.store().log().unwrap().root();

    // An older database is not served, and is caught up from the payloads by whoever writes.
    fs::write(file("servanda.db"), &database).unwrap();
    let error = workspace.records().unwrap_err();
    assert!(
        error.is_integrity() && error.to_string().contains("the log has 5 entries, and the database 3"),
        "{error}"
    );
    workspace.store().settle().unwrap();
    assert_eq!(ids(&workspace.store()), ["a", "b"]);

    // An older log follows, with the same root.
    fs::remove_dir_all(file("log")).unwrap();
    crate::backup::copy_tree(&old_log, &file("log")).unwrap();
    assert_eq!(workspace.store().log().unwrap().size(), 3);
    workspace.store().settle().unwrap();
    assert_eq!(workspace.store().log().unwrap().root(), root);

    // Another workspace's log or database is not taken for this one's.
    let (other, strange) = super::tests::workspace();
    enter(&strange.store(), &["a"]);
    fs::rename(file("log"), file("log-away")).unwrap();
    crate::backup::copy_tree(&other.path().join("log"), &file("log")).unwrap();
    let error = workspace.records().unwrap_err();
    assert!(error.is_integrity() && error.to_string().contains("belongs to the log"), "{error}");
    fs::remove_dir_all(file("log")).unwrap();
    let error = workspace.records().unwrap_err();
    assert!(error.is_integrity() && error.to_string().contains("is not"), "{error}");
}

#[test]
fn what_a_crash_left_is_entered_whole_or_cut_off() {
    let (folder, workspace) = workspace();
    enter(&workspace.store(), &["a"]);
    let file = |name: &str| folder.path().join(name);
    let database = fs::read(file("servanda.db")).unwrap();
    let old_log = folder.path().join("old-log");
    crate::backup::copy_tree(&file("log"), &old_log).unwrap();
    let begin = fs::metadata(file("payload/000000.pack")).unwrap().len() as usize;
    enter(&workspace.store(), &["b", "c"]);
    let pack = fs::read(file("payload/000000.pack")).unwrap();

    // As after a crash before the commit, with the payloads written up to any byte.
    for end in (begin..=pack.len()).step_by(61).chain([pack.len()]) {
        fs::write(file("servanda.db"), &database).unwrap();
        fs::remove_dir_all(file("log")).unwrap();
        crate::backup::copy_tree(&old_log, &file("log")).unwrap();
        fs::write(file("payload/000000.pack"), &pack[..end]).unwrap();
        workspace.store().settle().unwrap();
        let whole = end == pack.len();
        assert_eq!(ids(&workspace.store()), if whole { &["a", "b", "c"][..] } else { &["a"] }, "at {end}");
        let left = fs::metadata(file("payload/000000.pack")).unwrap().len() as usize;
        assert_eq!(left, if whole { end } else { begin });
        equal(&workspace.store());
    }
}

#[test]
fn a_marking_is_lowered_only_by_whose_it_is() {
    let (_folder, workspace) = workspace();
    let store = workspace.store();
    let polands = Marking { originators: ["Poland".into()].into(), ..Marking::of(Tlp::Amber) };
    let old = StoredRecord { marking: polands.clone(), ..record("a", Tlp::Amber) };
    store.enter(&intake(1), &[old], 0, &Viewer::keeper(), || Ok(())).unwrap();
    let new = StoredRecord {
        marking: Marking { level: Tlp::Clear, ..polands },
        supersedes: Some("a".into()),
        ..record("a2", Tlp::Clear)
    };
    let error =
        store.enter(&intake(1), std::slice::from_ref(&new), 1, &Viewer::keeper(), || Ok(())).unwrap_err();
    assert!(error.is_denied() && error.to_string().contains("`a2`"), "{error}");
    let mut poland = Viewer::named("anna");
    poland.party = Some("Poland".into());
    store.enter(&intake(1), &[new], 1, &poland, || Ok(())).unwrap();
    equal(&store);
}

#[test]
fn an_outsider_learns_nothing_by_entering() {
    let (_folder, workspace) = workspace();
    let store = workspace.store();
    let mut theirs = record("theirs", Tlp::Clear);
    theirs.marking.originators = ["Poland".into()].into();
    let all = [record("hidden", Tlp::Red), theirs, record("open", Tlp::Clear)];
    store.enter(&intake(3), &all, 0, &Viewer::keeper(), || Ok(())).unwrap();
    let mut by = Viewer::public();
    by.name = "SMM".into();
    let told = |id: &str, supersedes: Option<&str>| {
        let mut one = submission("key/SMM", 1, None, "x");
        one.by = by.clone();
        let marking = Marking::default();
        one.entry = Entry::Record(StoredRecord {
            id: id.into(),
            supersedes: supersedes.map(Name::from),
            marking,
            ..record("", Tlp::Clear)
        });
        store.submit(one, Instant(2_000)).unwrap_err()
    };
    // A name that is taken by something hidden, and one that is free; likewise what would be corrected.
    for (there, not_there) in [
        (told("hidden", None), told("nothing", None)),
        (told("key/SMM/1", Some("hidden")), told("key/SMM/1", Some("nothing"))),
    ] {
        assert_eq!(there.to_string().replace("hidden", "nothing"), not_there.to_string());
        assert!(there.is_refused());
    }
    assert!(told("key/SMM", None).is_refused() && told("key/SMM/", None).is_refused());
    // What is seen may be corrected by its originator, and lowered by nobody else.
    assert!(told("key/SMM/1", Some("theirs")).is_denied());
    assert!(told("key/SMM/1", Some("open")).is_denied());
    for (number, previous, supersedes) in [(1, None, None), (2, Some("x1"), Some("key/SMM/1"))] {
        let mut one = submission("key/SMM", number, previous, &format!("x{number}"));
        let supersedes = supersedes.map(Name::from);
        let id = format!("key/SMM/{number}");
        (one.by, one.entry) =
            (by.clone(), Entry::Record(StoredRecord { supersedes, ..record(&id, Tlp::Clear) }));
        store.submit(one, Instant(2_000)).unwrap();
    }
}

#[test]
fn what_is_too_large_is_refused_before_anything_is_written() {
    let (folder, workspace) = workspace();
    let store = workspace.store();
    enter(&store, &["a"]);
    let before = fs::metadata(folder.path().join("payload/000000.pack")).unwrap().len();
    let error = store
        .submit(submission("key/x", 1, None, &"x".repeat(crate::LARGEST_SUBMISSION + 1)), Instant(2_000));
    let error = error.unwrap_err();
    assert!(error.is_refused() && error.help_text().unwrap().contains("attachments"), "{error}");
    let huge =
        StoredRecord { json: format!("{{\"a\":\"{}\"}}", "x".repeat(17 << 20)), ..record("b", Tlp::Clear) };
    let error = store.enter(&intake(1), &[huge], 1, &Viewer::keeper(), || Ok(())).unwrap_err();
    assert!(error.is_refused(), "{error}");
    assert_eq!(fs::metadata(folder.path().join("payload/000000.pack")).unwrap().len(), before);
    store.submit(submission("key/x", 1, None, "x"), Instant(2_000)).unwrap();
}

#[test]
fn the_log_follows_a_burst_and_covers_everything_else_at_once() {
    let (_folder, workspace) = workspace();
    let store = workspace.store();
    store.let_the_log_follow();
    let texts = ["1", "2", "3", "4", "5", "6", "7"];
    let submit = |number: usize, at: i64| {
        let previous = number.checked_sub(2).map(|before| texts[before]);
        let one = submission("key/a", number as u64, previous, texts[number - 1]);
        store.submit(one, Instant(10_000 + at)).unwrap()
    };
    let size = || store.log().unwrap().size();
    submit(1, 0);
    assert_eq!(size(), 2, "the key of intake and the first: nothing was covered before");
    // Within a second it waits, and has its receipt, and is read.
    let receipt = submit(2, 900);
    assert_eq!((size(), receipt.entry, store.is_ahead_of_its_log()), (2, 2, true));
    assert_eq!((ids(&store).len(), ids(&workspace.store()).len()), (2, 2));
    // After a second all that waits is covered.
    submit(3, 1_000);
    assert_eq!((size(), store.is_ahead_of_its_log()), (4, false));
    // So it is when somebody settles, and when anything else is entered.
    submit(4, 1_100);
    store.settle().unwrap();
    assert_eq!((size(), store.is_ahead_of_its_log()), (5, false));
    submit(5, 1_200);
    let said = Statement {
        kind: "note".into(),
        subject: "x".into(),
        marking: Marking::default(),
        json: "{}".into(),
    };
    store.say(&[said], Instant(11_300), &Viewer::keeper()).unwrap();
    assert_eq!((size(), store.is_ahead_of_its_log()), (7, false));
    // Another program enters meanwhile, and covers what waits here; the next here goes on behind it.
    submit(6, 1_400);
    assert_eq!(size(), 7);
    enter(&workspace.store(), &["other"]);
    assert_eq!(size(), 10);
    submit(7, 1_500);
    // A crash while something waits: the next who opens the store covers it.
    drop(store);
    let next = workspace.store();
    assert_eq!(next.log().unwrap().size(), 10);
    next.settle().unwrap();
    assert_eq!(next.log().unwrap().size(), 11);
    equal(&next);
}

#[test]
fn what_somebody_did_to_the_log_between_two_writes_is_noticed() {
    let (_folder, workspace) = workspace();
    let store = workspace.store();
    store.submit(submission("key/a", 1, None, "1"), Instant(10_000)).unwrap();
    // The last entries are others: the log that was kept is not taken at its word.
    let bundle = store.places.log.join("tile/entries/000.p/2");
    let mut bytes = std::fs::read(&bundle).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    let error = store.submit(submission("key/a", 2, Some("1"), "2"), Instant(10_100)).unwrap_err();
    assert!(error.is_integrity(), "{error}");
}
