//! Snapshots of the workers on the disk: `worker-I-of-N/MOMENT.snapshot` in a folder.
//!
//! Invariants
//! - a snapshot is under its name whole or not at all;
//! - the last moment that all workers have saved stays until all have saved a later one.

use crate::Failure;
use servanda_model::Instant;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

const ENDING: &str = "snapshot";

/// Where and how often snapshots are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saves {
    /// The folder; on each machine its own, or one for all.
    pub folder: PathBuf,
    /// After so many moments at which something was recorded.
    pub every: u64,
}

/// One worker's.
pub(crate) struct Shelf {
    folder: PathBuf,
    every: u64,
}

impl Saves {
    pub(crate) fn of(&self, worker: usize, of: usize) -> Result<Shelf, Failure> {
        let folder = self.folder.join(format!("worker-{worker}-of-{of}"));
        fs::create_dir_all(&folder).map_err(|e| wrong("make", &folder, &e))?;
        Ok(Shelf { folder, every: self.every.max(1) })
    }
}

impl Shelf {
    /// Whether it is time, after so many moments.
    pub(crate) fn is_due(&self, moments: u64) -> bool {
        moments > 0 && moments.is_multiple_of(self.every)
    }

    /// What lies there, the latest first.
    pub(crate) fn all(&self) -> Result<Vec<Instant>, Failure> {
        let entries = fs::read_dir(&self.folder).map_err(|e| wrong("read", &self.folder, &e))?;
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(|e| wrong("read", &self.folder, &e))?.path();
            let moment = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            if path.extension().is_some_and(|ending| ending == ENDING) {
                all.extend(moment.map(Instant));
            }
        }
        all.sort();
        all.reverse();
        Ok(all)
    }

    pub(crate) fn path(&self, at: Instant) -> PathBuf {
        self.folder.join(format!("{}.{ENDING}", at.0))
    }

    pub(crate) fn read(&self, at: Instant) -> Result<Vec<u8>, Failure> {
        let path = self.path(at);
        fs::read(&path).map_err(|e| wrong("read", &path, &e))
    }

    pub(crate) fn write(&self, at: Instant, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path(at);
        let draft = path.with_extension("part");
        let written = File::create(&draft).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(|e| wrong("write", &draft, &e))?;
        fs::rename(&draft, &path).map_err(|e| wrong("write", &path, &e))?;
        // The name is only safe when its folder is.
        File::open(&self.folder).and_then(|f| f.sync_all()).map_err(|e| wrong("write", &self.folder, &e))
    }

    /// Takes away what lies before a moment.
    pub(crate) fn drop_before(&self, at: Instant) -> Result<(), Failure> {
        for older in self.all()?.into_iter().filter(|older| *older < at) {
            let path = self.path(older);
            match fs::remove_file(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(wrong("remove", &path, &e)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }
}

fn wrong(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} `{}`: {error}", path.display()))
        .help("look at the folder's rights and at the room on its disk")
}
