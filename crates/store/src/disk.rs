//! The few things that a write does to the disk, behind one small face, so that a test can make them fail or slow.
//!
//! It is no file system: names, folders and reading go through `std::fs` as everywhere.
//!
//! Invariants
//! - the real disk returns from [`Disk::sync`] only when the system says that the bytes are down;
//! - nothing is swallowed: a failure comes back as it came.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

/// Where bytes go.
pub trait Disk: Send + Sync {
    /// Writes bytes at a place of a file.
    ///
    /// # Errors
    /// As the system says.
    fn write_at(&self, file: &mut File, place: u64, bytes: &[u8]) -> std::io::Result<()>;

    /// Brings a file's bytes down to the disk.
    ///
    /// # Errors
    /// As the system says.
    fn sync(&self, file: &File) -> std::io::Result<()>;
}

/// The machine's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn write_at(&self, file: &mut File, place: u64, bytes: &[u8]) -> std::io::Result<()> {
        file.seek(SeekFrom::Start(place))?;
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> std::io::Result<()> {
        file.sync_data()
    }
}
