//! The record kept: the log and the database that is made of it, backups, erasure, sources' keys and accounts.

use crate::terminal::{command, servanda};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

fn workspace() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    servanda(folder.path(), &["new", "truce"]).ends_with(0);
    let root = folder.path().join("truce");
    (folder, root)
}

fn board(root: &Path) -> String {
    servanda(root, &["status", "--at", "2025-04-20", "--known-at", "2030-01-01"]).ends_with(0).out.clone()
}

#[test]
fn the_database_is_made_again_of_the_log_and_compared_with_it() {
    let (_folder, root) = workspace();
    let before = board(&root);
    servanda(&root, &["rebuild", "--check"])
        .ends_with(0)
        .says(&["read 13 entries again", "what the log says"]);
    fs::remove_file(root.join("servanda.db")).unwrap();
    servanda(&root, &["status"]).ends_with(2).complains(&["no database", "servanda rebuild"]);
    servanda(&root, &["rebuild"]).ends_with(0).says(&["made the database again of 13 entries"]);
    assert_eq!(board(&root), before);

    // Somebody changes a record behind the program's back.
    let connection = rusqlite::Connection::open(root.join("servanda.db")).unwrap();
    connection
        .execute_batch("DROP TRIGGER record_stays; UPDATE record SET source = 'X' WHERE number = 5")
        .unwrap();
    drop(connection);
    servanda(&root, &["rebuild", "--check"]).ends_with(3).complains(&[
        "differ in 1 rows",
        "record 5",
        "`source`",
        "help:",
    ]);
    servanda(&root, &["rebuild"]).ends_with(0);
    servanda(&root, &["rebuild", "--check"]).ends_with(0);

    // And somebody changes what the log commits to.
    let pack = root.join("payload/000000.pack");
    let mut bytes = fs::read(&pack).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(&pack, bytes).unwrap();
    servanda(&root, &["rebuild", "--check"]).ends_with(3).complains(&["error:", "help:"]);
}

#[test]
fn a_backup_comes_back_and_what_was_erased_does_not() {
    let (folder, root) = workspace();
    let before = board(&root);
    servanda(&root, &["backup", "inside"]).ends_with(2).complains(&["help:", "elsewhere"]);
    servanda(&root, &["backup", "../copy"]).ends_with(0).says(&["backed up 13 entries", "private keys"]);
    servanda(folder.path(), &["restore", "copy", "again"])
        .ends_with(0)
        .says(&["restored 13 entries"])
        .complains(&["tell the parties"]);
    assert_eq!(board(&folder.path().join("again")), before);
    servanda(folder.path(), &["restore", "copy", "again"]).ends_with(2).complains(&["is not empty"]);
    servanda(folder.path(), &["restore", "truce", "other"]).ends_with(2).complains(&["backup.json"]);

    let order = ["--category", "witness", "--authority", "the court", "--reason", "asked for"];
    let erase = |id: &str| servanda(&root, &[&["erase", id][..], &order].concat());
    erase("reports-csv-W-1").ends_with(0).says(&["erased `reports-csv-W-1`", "its key is destroyed"]);
    erase("reports-csv-W-1").ends_with(2).complains(&["no record `reports-csv-W-1`"]);
    servanda(&root, &["import", "csv", "records/reports.csv", "--map", "reports"])
        .ends_with(0)
        .says(&["0 records made"])
        .complains(&["1 left out: they were erased"]);
    servanda(folder.path(), &["restore", "copy", "later", "--erased", "truce/erased"])
        .ends_with(0)
        .says(&["erased again: 1"]);
    servanda(&folder.path().join("later"), &["rebuild", "--check"]).ends_with(0);
}

#[test]
fn keys_are_made_registered_and_revoked() {
    let (folder, root) = workspace();
    let made = servanda(folder.path(), &["key", "new", "smm.example.org", "--out", "smm.key"]);
    let line = made.ends_with(0).out.trim().to_string();
    assert!(line.starts_with("smm.example.org+"), "{line}");
    servanda(folder.path(), &["key", "new", "smm.example.org", "--out", "smm.key"]).ends_with(2);
    servanda(&root, &["key", "list"]).ends_with(0).says(&["no keys"]);
    servanda(&root, &["key", "register", "SMM", "not+a+key"])
        .ends_with(2)
        .complains(&["no public key", "help:"]);
    servanda(&root, &["key", "register", "SMM", &line]).ends_with(0).says(&["registered a key of `SMM`"]);
    servanda(&root, &["key", "revoke", &line, "--why", "lost"]).ends_with(0);
    servanda(&root, &["key", "list"]).ends_with(0).says(&["SMM", &line, "revoked: lost"]);
}

#[test]
fn accounts_are_set_shown_and_closed() {
    let (_folder, root) = workspace();
    let with_password = |password: &str| {
        let line = [
            "account",
            "set",
            "anna",
            "--party",
            "North",
            "--role",
            "reader",
            "--clearance",
            "TLP:AMBER",
            "--password-stdin",
        ];
        let mut child = command(&root, &line)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
        let ran = child.wait_with_output().unwrap();
        (ran.status.code(), String::from_utf8(ran.stderr).unwrap())
    };
    let (code, err) = with_password("short");
    assert!(code == Some(2) && err.contains("fewer than 12"), "{err}");
    assert_eq!(with_password("a bridge over the river").0, Some(0));
    servanda(&root, &["account", "set", "ben", "--role", "king"])
        .ends_with(2)
        .complains(&["no role `king`", "auditor"]);
    servanda(&root, &["account", "set", "ben", "--clearance", "PINK"]).ends_with(2).complains(&["TLP:AMBER"]);
    servanda(&root, &["account", "close", "ben"]).ends_with(2).complains(&["no account `ben`"]);
    servanda(&root, &["account", "list"]).ends_with(0).says(&["anna  of North, reader, TLP:AMBER\n"]);
    servanda(&root, &["account", "close", "anna"]).ends_with(0);
    servanda(&root, &["account", "list"]).ends_with(0).says(&["closed"]);
}
