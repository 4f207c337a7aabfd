use super::*;
use rusqlite::Connection;
use servanda_model::Instant;
use servanda_model::record::Marking;
use tempfile::TempDir;

fn record(id: &str) -> StoredRecord {
    StoredRecord {
        id: id.into(),
        fact: "fire".into(),
        earliest: Instant(1),
        recorded: Instant(2),
        source: "SMM".into(),
        marking: Marking::default(),
        supersedes: None,
        json: format!("{{\"id\":\"{id}\"}}"),
    }
}

fn intake(quarantine: Option<&str>) -> Intake {
    Intake {
        file: "a.csv".into(),
        sha256: crate::sha256(b"a"),
        entered: Instant(3),
        read: 2,
        made: 1,
        refused: 1,
        quarantine: quarantine.map(String::from),
    }
}

fn workspace() -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    let made =
        Workspace::create(folder.path(), &[(crate::SETTINGS, b"agreement = \"a.pact.md\"\n")]).unwrap();
    (folder, made)
}

fn entered(ids: &[&str]) -> (TempDir, Workspace) {
    let (folder, workspace) = workspace();
    let records: Vec<StoredRecord> = ids.iter().map(|id| record(id)).collect();
    workspace.enter(&intake(None), &records, None, 0).unwrap();
    (folder, workspace)
}

#[test]
fn what_was_entered_comes_back_in_order() {
    let (folder, workspace) = workspace();
    assert_eq!(workspace.records().unwrap(), []);
    for made in ["servanda.db", "log", "payload", "keys", "secret"] {
        assert!(!folder.path().join(made).exists(), "reading makes no {made}");
    }
    workspace.enter(&intake(None), &[record("b"), record("a")], None, 0).unwrap();
    workspace.enter(&intake(None), &[record("c")], None, 2).unwrap();
    assert_eq!(workspace.records().unwrap(), [record("b"), record("a"), record("c")]);
    assert_eq!(workspace.intakes().unwrap(), [intake(None), intake(None)]);
    let deeper = folder.path().join("records/2027");
    fs::create_dir_all(&deeper).unwrap();
    assert_eq!(Workspace::find(&deeper).unwrap().records().unwrap().len(), 3);
}

#[test]
fn an_import_is_entered_whole_or_not_at_all() {
    let (folder, workspace) = entered(&["a"]);
    let place = workspace.quarantine_place("Some File.csv", "2027-05-02");
    assert_eq!(place, "quarantine/some-file-csv-2027-05-02.csv");
    let refused = Some(&b"row\n"[..]);

    let taken = workspace.enter(&intake(Some(&place)), &[record("b"), record("a")], refused, 1).unwrap_err();
    assert!(taken.is_duplicate() && taken.to_string().contains("`a`"), "{taken}");
    let late = workspace.enter(&intake(Some(&place)), &[record("b")], refused, 0).unwrap_err();
    assert!(late.is_busy(), "{late}");
    assert_eq!(workspace.records().unwrap(), [record("a")]);
    assert_eq!(workspace.intakes().unwrap().len(), 1);
    assert_eq!(
        fs::read_dir(folder.path().join("quarantine")).unwrap().count(),
        0,
        "no file of a refused import"
    );

    workspace.enter(&intake(Some(&place)), &[record("b")], refused, 1).unwrap();
    assert_eq!(fs::read(folder.path().join(&place)).unwrap(), b"row\n");
    assert_eq!(workspace.quarantine_place("Some File.csv", "2027-05-02"), place.replace(".csv", "-2.csv"));
}

#[test]
fn the_database_itself_refuses_to_change_or_lose_a_record() {
    let (folder, workspace) = entered(&["a"]);
    let connection = Connection::open(folder.path().join("servanda.db")).unwrap();
    let refused = |sql: &str, words: &str| {
        let error = connection.execute(sql, []).unwrap_err().to_string();
        assert!(error.contains(words), "{sql} gave {error}");
    };
    refused("UPDATE record SET json = ''", "never changed");
    refused("DELETE FROM record", "never deleted");
    refused("UPDATE import SET made = 0", "never changed");
    refused("DELETE FROM import", "never deleted");
    for setting in [true, false] {
        // A stranger's connection does not have the setting; the trigger on insertion does not need it.
        connection.pragma_update(None, "recursive_triggers", setting).unwrap();
        for conflict in ["REPLACE", "INSERT OR REPLACE", "INSERT"] {
            for columns in ["number, id", "number, 'other'", "number + 1, id"] {
                let sql = format!(
                    "{conflict} INTO record SELECT {columns}, fact, 9, 9, '', label, supersedes, import, '' FROM record"
                );
                refused(&sql, "a record");
            }
            let sql =
                format!("{conflict} INTO entry SELECT number, 'x', 9, 'x', 9, leaf, 0, 0, 0 FROM entry");
            refused(&sql, "an entry");
        }
    }
    for table in ["about", "entry", "label", "statement"] {
        refused(&format!("DELETE FROM {table}"), "never deleted");
    }
    assert_eq!(workspace.records().unwrap(), [record("a")]);
}

#[test]
fn it_is_kept_in_the_way_that_survives_a_power_cut() {
    let (_folder, workspace) = entered(&["a"]);
    let mut pragmas = Vec::new();
    workspace
        .store()
        .read(|connection| {
            for pragma in ["synchronous", "foreign_keys", "user_version", "secure_delete"] {
                pragmas.push(connection.number(&format!("PRAGMA {pragma}"), &[])?);
            }
            connection.query("PRAGMA journal_mode", &[], |mut row| {
                assert_eq!(row.text()?, "wal");
                Ok(())
            })
        })
        .unwrap();
    assert_eq!(pragmas, [2, 1, crate::schema::FORMAT, 1]);
}

#[test]
fn another_format_a_stranger_and_a_wreck_are_refused() {
    let (folder, workspace) = entered(&["a"]);
    let path = folder.path().join("servanda.db");
    let format = |n: i64| Connection::open(&path).unwrap().pragma_update(None, "user_version", n).unwrap();
    format(crate::schema::FORMAT + 1);
    let error = workspace.records().unwrap_err();
    assert!(error.is_newer() && error.help_text().is_some(), "{error}");
    assert!(error.to_string().contains("format 3; this one knows 2"), "{error}");
    assert!(workspace.enter(&intake(None), &[record("b")], None, 1).unwrap_err().is_newer());
    format(1);
    let error = workspace.records().unwrap_err();
    assert!(error.is_corrupt() && error.to_string().contains("older servanda"), "{error}");
    assert!(error.help_text().unwrap().contains("servanda upgrade"), "{error}");

    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(workspace.records().unwrap_err().is_corrupt());
    fs::write(&path, "not a database, and long enough to be read as the head of one. ".repeat(40)).unwrap();
    let error = workspace.records().unwrap_err();
    assert!(error.is_corrupt() && error.to_string().contains("servanda.db"), "{error}");
}

#[test]
fn folders_that_are_no_workspace_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Workspace::find(folder.path()).unwrap_err();
    assert!(error.is_not_found() && error.help_text().unwrap().contains("servanda new"), "{error}");
    assert!(Workspace::open(&folder.path().join("gone")).unwrap_err().is_not_found());
    fs::write(folder.path().join("x"), "").unwrap();
    assert!(Workspace::create(folder.path(), &[]).unwrap_err().is_not_empty());
}
