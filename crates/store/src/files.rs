//! Files and folders that appear whole or not at all.
//!
//! What is written is written beside its place, synced and renamed. A draft that is not published leaves nothing.

use crate::error::{Error, Kind};
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A name beside `path` that nobody else uses: hidden, with the process and a running number.
fn beside(path: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".draft-{}-{number}", std::process::id()));
    path.with_file_name(name)
}

/// Writes a file so that it is there whole or, after a failure, as it was before.
///
/// # Errors
/// Where the folder is missing or cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let draft = FileDraft::write(path, bytes)?;
    draft.publish()
}

/// Writes a new file that only its owner may read, where the system knows such a thing.
///
/// # Errors
/// Where something has that name already, so that no key is ever overwritten; where the folder cannot be written.
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Error::new(Kind::NotEmpty, format!("`{}` is there already", path.display()))
                .help("a key is never written over; name another file")
        }
        _ => Error::io("write", path, e),
    })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| Error::io("write", path, e))
}

/// Writes a file that only its owner may read.
///
/// # Errors
/// As [`write()`].
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let draft = FileDraft::begin(path, true, bytes)?;
    draft.publish()
}

/// A file written beside its place and not there yet.
#[derive(Debug)]
pub(crate) struct FileDraft {
    draft: PathBuf,
    place: PathBuf,
}

impl FileDraft {
    pub(crate) fn write(place: &Path, bytes: &[u8]) -> Result<FileDraft, Error> {
        FileDraft::begin(place, false, bytes)
    }

    fn begin(place: &Path, private: bool, bytes: &[u8]) -> Result<FileDraft, Error> {
        let draft = FileDraft { draft: beside(place), place: place.to_path_buf() };
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        if private {
            crate::slots::private(&mut options);
        }
        let written = options.open(&draft.draft).and_then(|mut file| {
            if let Ok(old) = fs::metadata(place) {
                file.set_permissions(old.permissions())?;
            }
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(|e| Error::io("write", place, e))?;
        Ok(draft)
    }

    pub(crate) fn publish(self) -> Result<(), Error> {
        fs::rename(&self.draft, &self.place).map_err(|e| Error::io("write", &self.place, e))
    }
}

impl Drop for FileDraft {
    fn drop(&mut self) {
        // Gone already where it was published.
        let _ = fs::remove_file(&self.draft);
    }
}

/// A folder filled beside its place; it is there, whole, once it is published.
#[derive(Debug)]
pub struct FolderDraft {
    draft: PathBuf,
    place: PathBuf,
}

impl FolderDraft {
    /// An empty folder beside `place`, whose missing parents are made.
    ///
    /// # Errors
    /// [`Error::is_not_empty`] where `place` is there and holds something.
    pub fn beside(place: &Path) -> Result<FolderDraft, Error> {
        let place = std::path::absolute(place).map_err(|e| Error::io("make", place, e))?;
        match fs::read_dir(&place) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(Error::new(Kind::NotEmpty, format!("`{}` is not empty", place.display()))
                        .help("name a folder that does not exist yet"));
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotADirectory => {
                return Err(Error::new(Kind::NotEmpty, format!("`{}` is a file", place.display()))
                    .help("name a folder that does not exist yet"));
            }
            Err(e) => return Err(Error::io("make", &place, e)),
        }
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).map_err(|e| Error::io("make", parent, e))?;
        }
        let draft = FolderDraft { draft: beside(&place), place };
        fs::create_dir(&draft.draft).map_err(|e| Error::io("make", &draft.place, e))?;
        Ok(draft)
    }

    /// Where to fill it.
    pub fn path(&self) -> &Path {
        &self.draft
    }

    /// Puts it in its place. `last` names the file that makes the folder what it is: into a folder that is there
    /// already, and empty, it moves last.
    ///
    /// # Errors
    /// Where the system refuses a rename.
    pub fn publish(self, last: &str) -> Result<(), Error> {
        let failed = |e| Error::io("make", &self.place, e);
        if !self.place.exists() {
            return fs::rename(&self.draft, &self.place).map_err(failed);
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.draft).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name());
        }
        names.sort_by_key(|name| (name == last, name.clone()));
        for name in names {
            fs::rename(self.draft.join(&name), self.place.join(&name)).map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for FolderDraft {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.draft);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let draft = FileDraft::write(&path, b"three").unwrap();
        drop(draft);
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["a.txt"]);
        assert!(write(&folder.path().join("gone/a.txt"), b"").unwrap_err().is_not_found());
    }

    #[test]
    fn a_folder_appears_at_once_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("deep/new");
        let draft = FolderDraft::beside(&place).unwrap();
        fs::write(draft.path().join("x"), "1").unwrap();
        assert!(!place.exists());
        drop(draft);
        assert_eq!(names(&folder.path().join("deep")), [""; 0]);

        let draft = FolderDraft::beside(&place).unwrap();
        fs::write(draft.path().join("x"), "1").unwrap();
        draft.publish("x").unwrap();
        assert_eq!(names(&place), ["x"]);
        assert!(FolderDraft::beside(&place).unwrap_err().is_not_empty());
        assert!(FolderDraft::beside(&place.join("x")).unwrap_err().is_not_empty());

        let empty = folder.path().join("empty");
        fs::create_dir(&empty).unwrap();
        let draft = FolderDraft::beside(&empty).unwrap();
        fs::create_dir(draft.path().join("maps")).unwrap();
        fs::write(draft.path().join("x"), "1").unwrap();
        draft.publish("x").unwrap();
        assert_eq!(names(&empty), ["maps", "x"]);
        assert_eq!(names(folder.path()), ["deep", "empty"]);
    }
}
