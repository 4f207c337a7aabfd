//! Files that are there after the power failed: written beside, synced, renamed, and then their folders synced.
//!
//! Until [`Durable::settle`] nothing may be relied on; after it everything written before it is there.

use crate::error::Error;
use crate::files::FileDraft;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that were written into and are not synced yet.
#[derive(Debug, Default)]
pub(super) struct Durable {
    folders: BTreeSet<PathBuf>,
    /// Folders that are known to be there.
    known: BTreeSet<PathBuf>,
}

impl Durable {
    /// Writes a file whole, with its missing folders.
    pub(super) fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        if let Some(folder) = path.parent() {
            self.folder(folder)?;
            self.folders.insert(folder.to_path_buf());
        }
        FileDraft::write(path, bytes)?.publish()
    }

    /// A name in that folder was changed by somebody else than [`Durable::write`].
    pub(super) fn written_into(&mut self, folder: &Path) {
        self.folders.insert(folder.to_path_buf());
    }

    fn folder(&mut self, folder: &Path) -> Result<(), Error> {
        if self.known.contains(folder) {
            return Ok(());
        }
        if !folder.is_dir() {
            if let Some(parent) = folder.parent() {
                self.folder(parent)?;
                self.folders.insert(parent.to_path_buf());
            }
            match fs::create_dir(folder) {
                Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(Error::io("make", folder, e));
                }
                _ => {}
            }
        }
        self.known.insert(folder.to_path_buf());
        Ok(())
    }

    /// Syncs the folders; the names of all that was written are on the disk after it.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        while let Some(folder) = self.folders.first() {
            // Some systems cannot open a folder to sync it; there the rename is all that can be had.
            if cfg!(unix) {
                let synced = fs::File::open(folder).and_then(|file| file.sync_all());
                synced.map_err(|e| Error::io("write", folder, e))?;
            }
            self.folders.pop_first();
        }
        Ok(())
    }
}
