//! `keys`: one slot of 64 bytes for each entry, in the order of the log: the key of its payload, then its salt.
//!
//! It does not know what a payload is. Erasing an entry is wiping its slot: the leaf stays, every proof holds, and the
//! payload is noise.
//!
//! Invariants
//! - slot *n* begins at byte 64 *n*; there is no head that could be lost;
//! - a slot is written once and then, at most, wiped;
//! - what a failed write left behind the last entry is overwritten by the next.

use crate::disk::Disk;
use crate::error::Error;
use crate::seal::{SLOT, Slot};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub(crate) struct Slots {
    path: PathBuf,
    file: File,
}

fn place(entry: u64) -> u64 {
    entry.saturating_mul(SLOT as u64)
}

impl Slots {
    /// Opens the file; makes it where it is not there.
    pub(crate) fn open(path: &Path) -> Result<Slots, Error> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        private(&mut options);
        let file = options.open(path).map_err(|e| Error::io("open", path, e))?;
        Ok(Slots { path: path.to_path_buf(), file })
    }

    /// The open file itself.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// Puts the slots of new entries down, the first being `entry`'s.
    pub(crate) fn put(&mut self, disk: &dyn Disk, entry: u64, slots: &[Slot]) -> Result<(), Error> {
        let bytes: Vec<u8> = slots.iter().flat_map(Slot::to_bytes).collect();
        disk.write_at(&mut self.file, place(entry), &bytes)
            .and_then(|()| disk.sync(&self.file))
            .map_err(|e| Error::io("write", &self.path, e).help("nothing was entered; run this again"))
    }

    /// The slot of an entry; `None` where the file ends before it.
    pub(crate) fn get(&mut self, entry: u64) -> Result<Option<Slot>, Error> {
        Ok(self.from(entry, 1)?.pop())
    }

    /// Up to so many slots from an entry on.
    pub(crate) fn from(&mut self, entry: u64, count: usize) -> Result<Vec<Slot>, Error> {
        let failed = |e| Error::io("read", &self.path, e);
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(place(entry))).map_err(failed)?;
        (&self.file).take((count * SLOT) as u64).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes.as_chunks::<SLOT>().0.iter().map(Slot::from_bytes).collect())
    }

    /// Destroys the slot of an entry.
    pub(crate) fn wipe(&mut self, disk: &dyn Disk, entry: u64) -> Result<(), Error> {
        disk.write_at(&mut self.file, place(entry), &[0; SLOT])
            .and_then(|()| disk.sync(&self.file))
            .map_err(|e| Error::io("wipe a key in", &self.path, e).help("run this again"))
    }
}

/// Nobody but the owner may read a file of keys.
pub(crate) fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    #[test]
    fn slots_lie_where_the_log_counts_them_and_are_wiped_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let drawn = Slot::draw(3).unwrap();
        let mut slots = Slots::open(&path).unwrap();
        slots.put(&RealDisk, 0, &drawn[..1]).unwrap();
        slots.put(&RealDisk, 1, &drawn[1..]).unwrap();
        slots.wipe(&RealDisk, 1).unwrap();
        let mut slots = Slots::open(&path).unwrap();
        assert!(slots.get(0).unwrap().unwrap() == drawn[0] && slots.get(2).unwrap().unwrap() == drawn[2]);
        assert!(slots.get(1).unwrap().unwrap().is_wiped());
        assert!(slots.get(3).unwrap().is_none());
        assert_eq!(std::fs::read(&path).unwrap().len(), 3 * SLOT);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
