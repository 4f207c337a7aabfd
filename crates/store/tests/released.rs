//! What each released version wrote is read by this one: opened as it is, brought to the tables of today, and told alike by both databases.
//!
//! Each folder of `tests/released` is a small exercise workspace as a version left it, with `expected.txt` beside: what it answered then.
//! A folder that stands there is never made again. `0.1.0` is a candidate: it may be replaced as long as that version is not released.

mod server;

use servanda_store::policy::Viewer;
use servanda_store::{SETTINGS, Store, Workspace};
use server::Server;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn released() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/released");
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|one| one.unwrap().path()).collect();
    all.sort();
    assert!(!all.is_empty());
    all.retain(|path| path.is_dir());
    all
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for one in fs::read_dir(from).unwrap().flatten() {
        let (there, place) = (one.path(), to.join(one.file_name()));
        if there.is_dir() {
            copied(&there, &place);
        } else {
            fs::copy(&there, &place).unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

/// A copy of a released workspace; on a server's database where one is named, which is then empty.
fn copy_of(version: &Path, url: Option<&str>) -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().unwrap();
    copied(version, folder.path());
    if let Some(url) = url {
        fs::remove_file(folder.path().join("servanda.db")).unwrap();
        let settings = folder.path().join(SETTINGS);
        let text = fs::read_to_string(&settings).unwrap() + &format!("\n[store]\nurl = \"{url}\"\n");
        fs::write(&settings, text).unwrap();
    }
    let workspace = Workspace::open(folder.path()).unwrap();
    (folder, workspace)
}

/// What it answers, in lines.
fn told(store: &Store) -> String {
    let mut out = String::new();
    for (name, viewer) in [("keeper", Viewer::keeper()), ("public", Viewer::public())] {
        let view = store.view(&viewer);
        for r in view.records().unwrap() {
            let hash = servanda_store::sha256(r.json.as_bytes());
            out += &format!("{name} sees {} {} {} {} {hash}\n", r.id, r.fact, r.recorded, r.marking.show());
        }
        for id in ["red-1", "amber-1"] {
            if let Err(error) = view.record(id) {
                out += &format!("{name} asks for {id}: {error}\n");
            }
        }
    }
    for (name, account) in store.accounts().unwrap() {
        let viewer = account.viewer();
        out += &format!("account {name} {:?} {:?} {:?}\n", viewer.party, viewer.roles, viewer.clearances);
    }
    out +=
        &format!("{:?}\n", store.sign_in("mira", "a bridge over the river").map(|viewer| viewer.name).ok());
    let log = store.log().unwrap();
    out + &format!("log {} {}\n", log.origin(), log.size())
}

fn expected(version: &Path) -> String {
    fs::read_to_string(version.join("expected.txt")).unwrap()
}

/// Gives an SQLite file the mark of another format, as an earlier or later program would have.
fn marked(folder: &Path, format: i64) {
    let connection = rusqlite::Connection::open(folder.join("servanda.db")).unwrap();
    connection.pragma_update(None, "user_version", format).unwrap();
}

#[test]
fn what_a_released_version_wrote_is_brought_to_this_one() {
    for version in released() {
        let (folder, workspace) = copy_of(&version, None);
        let store = workspace.store();
        let done = store.upgrade().unwrap();
        assert_eq!(done.kept.is_some(), done.is_needed());
        assert_eq!(told(&store), expected(&version), "{}", version.display());
        assert_eq!(store.compare().unwrap().differences, [""; 0]);
        // A second time there is nothing to do, and it goes on.
        assert!(!store.upgrade().unwrap().is_needed());
        drop((store, workspace));
        assert_eq!(told(&Workspace::open(folder.path()).unwrap().store()), expected(&version));
    }
}

#[test]
fn an_earlier_format_is_refused_until_it_is_upgraded_and_kept_beside() {
    for version in released() {
        let (folder, workspace) = copy_of(&version, None);
        let now = workspace.store().looked_for_upgrade().unwrap().to;
        drop(workspace);
        marked(folder.path(), 1);
        let workspace = Workspace::open(folder.path()).unwrap();
        let error = workspace.store().accounts().unwrap_err();
        assert!(error.help_text().unwrap().contains("`servanda upgrade`"), "{error}");
        let before = fs::read(folder.path().join("servanda.db")).unwrap();
        let tried = workspace.store().tried_upgrade().unwrap();
        assert_eq!((tried.from, tried.to, tried.kept), (Some(1), now, None));
        assert_eq!(fs::read(folder.path().join("servanda.db")).unwrap(), before, "a try changes nothing");
        let done = workspace.store().upgrade().unwrap();
        assert_eq!((done.from, done.entries), (Some(1), tried.entries));
        assert_eq!(fs::read(done.kept.unwrap()).unwrap(), before);
        assert_eq!(told(&workspace.store()), expected(&version));
        assert_eq!(workspace.store().compare().unwrap().different, 0);
    }
}

#[test]
fn a_newer_format_and_a_log_that_does_not_fit_leave_all_as_it_is() {
    for version in released() {
        let (folder, workspace) = copy_of(&version, None);
        let now = workspace.store().looked_for_upgrade().unwrap().to;
        drop(workspace);
        marked(folder.path(), now + 1);
        let workspace = Workspace::open(folder.path()).unwrap();
        let error = workspace.store().upgrade().unwrap_err();
        assert!(error.is_newer() && error.help_text().unwrap().contains("newer"), "{error}");

        marked(folder.path(), 1);
        let pack = folder.path().join("payload/000000.pack");
        let mut bytes = fs::read(&pack).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&pack, bytes).unwrap();
        let before = fs::read(folder.path().join("servanda.db")).unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        assert!(workspace.store().upgrade().unwrap_err().is_integrity());
        assert_eq!(fs::read(folder.path().join("servanda.db")).unwrap(), before);
    }
}

#[test]
fn postgresql_is_brought_to_this_one_too() {
    let Some(server) = Server::start() else { return };
    for (at, version) in released().iter().enumerate() {
        let name = format!("released{at}");
        let url = server.database(&name);
        let (_folder, workspace) = copy_of(version, Some(&url));
        let store = workspace.store();
        assert_eq!(store.looked_for_upgrade().unwrap().from, None);
        let done = store.upgrade().unwrap();
        assert_eq!(told(&store), expected(version));
        drop(store);
        // As an earlier program would have left it: another number, a table that nobody knows any more, one that was not there yet.
        let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
        client
            .batch_execute(
                "ALTER TABLE about DISABLE TRIGGER ALL; UPDATE about SET value = '1' WHERE name = 'format';
                 CREATE TABLE of_before (number BIGINT); DROP TABLE erasure",
            )
            .unwrap();
        let error = workspace.store().accounts().unwrap_err();
        assert!(error.help_text().unwrap().contains("`servanda upgrade`"), "{error}");
        let again = workspace.store().upgrade().unwrap();
        assert_eq!((again.from, again.entries), (Some(1), done.entries));
        assert_eq!(told(&workspace.store()), expected(version));
        assert_eq!(workspace.store().compare().unwrap().different, 0);
        client
            .batch_execute(
                "ALTER TABLE about DISABLE TRIGGER ALL; UPDATE about SET value = '99' WHERE name = 'format'",
            )
            .unwrap();
        assert!(workspace.store().upgrade().unwrap_err().is_newer());
    }
}
