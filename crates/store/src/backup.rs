//! Backup and restore: a copy of the whole folder that fits together, made while others write, and the way back.
//!
//! The copy is made in two passes: first everything while others go on, then, while nobody writes, what has changed since. The
//! database is not copied; it is made again of the log when the backup is brought back, which tests both.
//!
//! Invariants
//! - a folder is a backup only with its `backup.json`, which is written last and taken away first;
//! - what is restored is checked entry by entry, up to the root that the backup names, before it stands in its place;
//! - what was erased stays erased: orders of erasure that came after the backup are applied to it.
//!
//! Where to start reading: [`Store::backup`], then [`restore`].

use crate::erased;
use crate::error::{Error, Kind};
use crate::files;
use crate::store::Store;
use crate::workspace::Workspace;
use serde::{Deserialize, Serialize};
use servanda_model::Instant;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Makes a folder a backup.
pub const MANIFEST: &str = "backup.json";
const VERSION: u64 = 1;

/// What a backup holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    v: u64,
    /// The log's name.
    pub origin: String,
    /// Entries in its log.
    pub entries: u64,
    /// The root over them, in hexadecimal.
    pub root: String,
    /// When it was made.
    made: i64,
}

impl Manifest {
    /// When it was made.
    pub fn made(&self) -> Instant {
        Instant(self.made)
    }

    fn read(folder: &Path) -> Result<Manifest, Error> {
        let path = folder.join(MANIFEST);
        let bytes = fs::read(&path).map_err(|e| {
            Error::io("read", &path, e).help("name a folder that `servanda backup` has made, and finished")
        })?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|e| {
            Error::new(Kind::Corrupt, format!("`{}` cannot be read: {e}", path.display()))
                .help("take another backup")
        })?;
        match manifest.v {
            VERSION => Ok(manifest),
            v => Err(Error::new(Kind::Newer, format!("`{}` is of version {v}", path.display()))
                .help("use the version of the program that wrote it, or a newer one")),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All files below a folder, from there.
pub(crate) fn files_below(folder: &Path) -> Result<BTreeSet<PathBuf>, Error> {
    let mut files = BTreeSet::new();
    let mut open = vec![PathBuf::new()];
    while let Some(inner) = open.pop() {
        let place = folder.join(&inner);
        let entries = match fs::read_dir(&place) {
            Ok(entries) => entries,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && !inner.as_os_str().is_empty() => continue,
            Err(e) => return Err(Error::io("read", &place, e)),
        };
        for entry in entries {
            let entry = entry.map_err(|e| Error::io("read", &place, e))?;
            let name = inner.join(entry.file_name());
            // A link could lead out of the folder.
            let kind = entry.file_type().map_err(|e| Error::io("read", &place, e))?;
            if kind.is_dir() {
                open.push(name);
            } else if kind.is_file() {
                files.insert(name);
            }
        }
    }
    Ok(files)
}

/// Whether a file of a workspace belongs into a backup: not the database, which is made again, nor what is only of a moment.
fn belongs(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let database = file.components().count() == 1 && name.starts_with("servanda.db");
    let draft = file.components().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        part.starts_with('.') && part.contains(".draft-")
    });
    // Every copy of the vault is one more place to wipe: `servanda vault backup` makes one on purpose.
    let vault = file.starts_with("vault");
    !database && !draft && !vault && file != Path::new("log/lock") && file != Path::new(MANIFEST)
}

/// Whether a file only ever grows, so that what is there already need not be copied again.
fn grows(file: &Path) -> bool {
    file.starts_with("payload")
}

/// Copies a file if the copy is not the same by length and time; of one that grows only what is new.
fn copy(from: &Path, to: &Path, file: &Path, always: bool) -> Result<bool, Error> {
    let (source, copy) = (from.join(file), to.join(file));
    let data = match fs::metadata(&source) {
        Ok(data) => data,
        // Taken away since it was listed: a part of a tile that is whole now.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(Error::io("read", &source, e)),
    };
    let there = fs::metadata(&copy).ok();
    let same = there.as_ref().is_some_and(|there| {
        there.len() == data.len() && there.modified().ok().is_some_and(|at| Some(at) == data.modified().ok())
    });
    if same && !always {
        return Ok(false);
    }
    if let Some(folder) = copy.parent() {
        fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
    }
    let begin = there.map_or(0, |there| there.len());
    if grows(file) && begin > 0 && begin <= data.len() {
        // One byte of what was there before decides nothing: the checksums of the frames do, on the way back.
        let mut reader = File::open(&source).map_err(|e| Error::io("read", &source, e))?;
        reader.seek(SeekFrom::Start(begin)).map_err(|e| Error::io("read", &source, e))?;
        let mut writer =
            OpenOptions::new().append(true).open(&copy).map_err(|e| Error::io("write", &copy, e))?;
        std::io::copy(&mut reader.take(data.len() - begin), &mut writer)
            .and_then(|_| writer.sync_all())
            .map_err(|e| Error::io("write", &copy, e))?;
    } else {
        // Its permissions come with it: a private key stays private.
        fs::copy(&source, &copy).map_err(|e| Error::io("copy", &source, e))?;
        File::open(&copy).and_then(|file| file.sync_all()).map_err(|e| Error::io("write", &copy, e))?;
    }
    if let Ok(at) = data.modified() {
        let _ = File::options().append(true).open(&copy).and_then(|file| file.set_modified(at));
    }
    Ok(true)
}

/// Makes `to` hold the files of `from` that belong into a backup.
fn follow(from: &Path, to: &Path) -> Result<(), Error> {
    let files: BTreeSet<PathBuf> = files_below(from)?.into_iter().filter(|file| belongs(file)).collect();
    for file in &files {
        // Keys are wiped in their place, and a length says nothing of that.
        copy(from, to, file, file == Path::new("keys"))?;
    }
    for file in files_below(to)? {
        if !files.contains(&file) && file != Path::new(MANIFEST) {
            fs::remove_file(to.join(&file)).map_err(|e| Error::io("take away", &to.join(&file), e))?;
        }
    }
    Ok(())
}

/// Copies a folder.
#[cfg(test)]
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(|e| Error::io("make", to, e))?;
    for file in files_below(from)? {
        copy(from, to, &file, true)?;
    }
    Ok(())
}

/// A path without links and dots, also of a folder that is not there yet.
fn resolved(path: &Path) -> std::io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for there in path.ancestors() {
        if let Ok(real) = fs::canonicalize(there) {
            return Ok(real.join(path.strip_prefix(there).unwrap_or(Path::new(""))));
        }
    }
    Ok(path)
}

impl Workspace {
    /// Copies the whole workspace but its database into a folder that is empty, not there, or an earlier backup of this
    /// workspace, which is then brought up to date. Others may write meanwhile.
    ///
    /// # Errors
    /// [`Error::is_not_empty`] where the folder holds something else; where the disk refuses.
    pub fn backup(&self, store: &Store, to: &Path, now: Instant) -> Result<Manifest, Error> {
        store.settle()?;
        if !store.is_there() {
            return Err(Error::new(
                Kind::NotFound,
                format!("nothing was entered in `{}` yet", self.root().display()),
            )
            .help("copy the folder as it is"));
        }
        let origin = store.log()?.origin().to_string();
        let manifest = to.join(MANIFEST);
        let inside = resolved(to)
            .and_then(|to| Ok(to.starts_with(resolved(self.root())?)))
            .map_err(|e| Error::io("open", to, e))?;
        if inside {
            return Err(Error::new(
                Kind::Settings,
                "a backup inside of what it is a backup of would be none",
            )
            .help("name a folder elsewhere, best on another disk"));
        }
        let is_empty = fs::read_dir(to).map_or(true, |mut entries| entries.next().is_none());
        if !is_empty && Manifest::read(to).map_or(true, |old| old.origin != origin) {
            return Err(Error::new(
                Kind::NotEmpty,
                format!("`{}` holds something that is no backup of this workspace", to.display()),
            )
            .help("name an empty folder, or the folder of an earlier backup"));
        }
        match fs::remove_file(&manifest) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("write", &manifest, e));
            }
            _ => {}
        }
        fs::create_dir_all(to).map_err(|e| Error::io("make", to, e))?;
        follow(self.root(), to)?;
        let ((entries, root), behind) = store.write(|writer| {
            follow(self.root(), to)?;
            Ok((writer.log.size(), hex(&writer.log.root())))
        })?;
        if let Some(error) = behind {
            return Err(error);
        }
        let made = Manifest { v: VERSION, origin, entries, root, made: now.0 };
        let text = serde_json::to_string_pretty(&made).unwrap_or_default();
        files::write(&manifest, format!("{text}\n").as_bytes())?;
        crate::packs::sync_folder(to)?;
        Ok(made)
    }
}

/// What came of a restore.
#[derive(Debug)]
pub struct Restored {
    /// The backup.
    pub manifest: Manifest,
    /// How many entries that had been erased after the backup were erased again.
    pub erased_again: u64,
}

/// Brings a backup back into a folder that is empty or not there, and makes the database again. `erased` names the folders
/// `erased` of later copies of the workspace, whose orders are applied.
///
/// # Errors
/// [`Error::is_integrity`] where what was backed up does not fit together; nothing is restored then.
pub fn restore(from: &Path, to: &Path, erased: &[PathBuf]) -> Result<Restored, Error> {
    let manifest = Manifest::read(from)?;
    let draft = files::FolderDraft::beside(to)?;
    for file in files_below(from)? {
        if belongs(&file) {
            copy(from, draft.path(), &file, true)?;
        }
    }
    let store = Workspace::open(draft.path())?.store();
    let log = store.log()?;
    if (log.origin(), log.size(), hex(&log.root()))
        != (&manifest.origin, manifest.entries, manifest.root.clone())
    {
        return Err(Error::integrity(format!(
            "the log in `{}` is not the one that its {MANIFEST} names",
            from.display()
        )));
    }
    let mut erased_again = 0;
    for folder in erased {
        erased_again += erased::apply(&store, &log, folder)?;
        crate::vault::carry_wipes(&store, &log, folder)?;
    }
    drop(log);
    store.rebuild()?;
    drop(store);
    draft.publish(crate::workspace::SETTINGS)?;
    Ok(Restored { manifest, erased_again })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Erasure;
    use crate::policy::Viewer;
    use crate::store::tests::{enter, submission, workspace};

    fn ids(workspace: &Workspace) -> Vec<String> {
        workspace.records().unwrap().iter().map(|record| record.id.to_string()).collect()
    }

    #[test]
    fn what_was_backed_up_comes_back_and_goes_on() {
        let (folder, made) = workspace();
        let elsewhere = tempfile::tempdir().unwrap();
        let (backup, restored) = (elsewhere.path().join("backup"), elsewhere.path().join("restored"));
        assert!(made.backup(&made.store(), &backup, Instant(7)).unwrap_err().is_not_found());
        enter(&made.store(), &["a", "b"]);
        fs::create_dir_all(folder.path().join("zones")).unwrap();
        fs::write(folder.path().join("zones/x.geojson"), "{}").unwrap();
        assert!(restore(&backup, &restored, &[]).unwrap_err().is_not_found());
        made.backup(&made.store(), &backup, Instant(7)).unwrap();
        // Brought up to date: what is gone from the workspace goes from the backup.
        enter(&made.store(), &["c"]);
        fs::remove_file(folder.path().join("zones/x.geojson")).unwrap();
        let manifest = made.backup(&made.store(), &backup, Instant(9)).unwrap();
        assert_eq!((manifest.entries, manifest.made()), (6, Instant(9)));
        assert!(!backup.join("servanda.db").exists() && !backup.join("zones/x.geojson").exists());
        let found = restore(&backup, &restored, &[]).unwrap();
        assert_eq!((found.manifest, found.erased_again), (manifest, 0));
        let again = Workspace::open(&restored).unwrap();
        assert_eq!(ids(&again), ["a", "b", "c"]);
        assert_eq!(again.store().log().unwrap().root(), made.store().log().unwrap().root());
        assert_eq!(again.store().compare().unwrap().different, 0);
        enter(&again.store(), &["d"]);
        assert!(restore(&backup, &restored, &[]).unwrap_err().is_not_empty());
        assert!(made.backup(&made.store(), &restored, Instant(9)).unwrap_err().is_not_empty());
        let inside = made.backup(&made.store(), &folder.path().join("backup"), Instant(9)).unwrap_err();
        assert!(inside.is_settings(), "{inside}");
    }

    #[test]
    fn a_backup_made_while_others_write_fits_together() {
        let (_folder, made) = workspace();
        let elsewhere = tempfile::tempdir().unwrap();
        let store = made.store();
        enter(&store, &["a"]);
        let done = std::sync::atomic::AtomicBool::new(false);
        let backups: Vec<Manifest> = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut previous: Option<String> = None;
                for number in 1.. {
                    let bytes = format!("submission {number}");
                    store
                        .submit(submission("key/x", number, previous.as_deref(), &bytes), Instant(2_000))
                        .unwrap();
                    previous = Some(bytes);
                    if done.load(std::sync::atomic::Ordering::Relaxed) {
                        break;
                    }
                }
            });
            let backups = (0..3)
                .map(|n| {
                    made.backup(&made.store(), &elsewhere.path().join(format!("b{}", n / 2)), Instant(n))
                        .unwrap()
                })
                .collect();
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            writer.join().unwrap();
            backups
        });
        assert!(backups[0].entries <= backups[1].entries && backups[1].entries <= backups[2].entries);
        for (n, manifest) in [(0, &backups[1]), (1, &backups[2])] {
            let to = elsewhere.path().join(format!("r{n}"));
            let found = restore(&elsewhere.path().join(format!("b{n}")), &to, &[]).unwrap();
            assert_eq!(found.manifest, *manifest);
            assert_eq!(ids(&Workspace::open(&to).unwrap()).len() as u64, manifest.entries - 2);
        }
    }

    #[test]
    fn a_damaged_backup_is_not_restored_and_what_was_erased_stays_so() {
        let (folder, made) = workspace();
        let elsewhere = tempfile::tempdir().unwrap();
        let (backup, restored) = (elsewhere.path().join("backup"), elsewhere.path().join("restored"));
        enter(&made.store(), &["a", "b"]);
        made.backup(&made.store(), &backup, Instant(7)).unwrap();
        for name in ["payload/000000.pack", "keys", "log/checkpoint", "log/tile/entries/000.p/4"] {
            let whole = fs::read(backup.join(name)).unwrap();
            let mut changed = whole.clone();
            let at = changed.len() - 30;
            changed[at] ^= 1;
            fs::write(backup.join(name), &changed).unwrap();
            let error = restore(&backup, &restored, &[]).unwrap_err();
            assert!(error.is_integrity(), "{name}: {error}");
            assert!(!restored.exists(), "{name}");
            fs::write(backup.join(name), &whole).unwrap();
        }
        let erasure = Erasure {
            id: "a".into(),
            category: "witness".into(),
            authority: "the court".into(),
            reason: "asked for".into(),
        };
        made.store().erase(&erasure, Instant(8), &Viewer::keeper()).unwrap();
        let orders = folder.path().join("erased");
        let found = restore(&backup, &restored, std::slice::from_ref(&orders)).unwrap();
        assert_eq!(found.erased_again, 1);
        assert_eq!(ids(&Workspace::open(&restored).unwrap()), ["b"]);
        // An order that nobody signed destroys nothing.
        let order = fs::read_dir(&orders).unwrap().next().unwrap().unwrap().path();
        let forged = fs::read_to_string(&order).unwrap().replace("entry 2", "entry 3");
        fs::write(&order, forged).unwrap();
        let error = restore(&backup, &elsewhere.path().join("other"), &[orders]).unwrap_err();
        assert!(error.is_integrity(), "{error}");
    }
}
