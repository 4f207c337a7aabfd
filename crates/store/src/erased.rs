//! `erased/`: for each erased entry a small signed order, which can be shown to whoever holds an older copy.
//!
//! The order to erase is an entry of the log, and sealed like all others, so an older copy without its key could not read
//! it. What stands here says only which entry is to have no key any more. It says nothing about what was in it.
//!
//! Invariants
//! - only the log's own key signs an order;
//! - an order fits one leaf: carried to another log, or to another entry, it destroys nothing.
//!
//! Attachments that go with the entry are named by their files, whose names say nothing (`attachments.rs`).

use crate::attachments;
use crate::disk::RealDisk;
use crate::error::{Error, Kind};
use crate::files;
use crate::log::{Log, LogKey};
use crate::slots::Slots;
use crate::store::Store;
use servanda_ledger::note::Note;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const HEADER: &str = "servanda erasure v1";

fn text(origin: &str, entry: u64, leaf: &[u8], attachments: &BTreeSet<String>) -> String {
    let hash = crate::backup::hex(&servanda_ledger::tree::leaf_hash(leaf));
    let lines: String = attachments.iter().map(|name| format!("attachment {name}\n")).collect();
    format!("{HEADER}\n{origin}\nentry {entry}\nleaf {hash}\n{lines}")
}

/// Writes the order for an entry.
pub(crate) fn write(
    folder: &Path,
    key: &LogKey,
    entry: u64,
    leaf: &[u8],
    attachments: &BTreeSet<String>,
) -> Result<(), Error> {
    let path = folder.join(format!("{entry}.note"));
    if path.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
    let mut note = Note::new(text(key.name(), entry, leaf, attachments))
        .map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
    note.sign(key, 0);
    files::write(&path, note.to_string().as_bytes())
}

/// The entries that the orders of a folder name, with the files of their attachments.
///
/// # Errors
/// [`Error::is_integrity`] where one is not signed by the log, or fits another leaf.
pub(crate) fn read(folder: &Path, log: &Log) -> Result<BTreeMap<u64, BTreeSet<String>>, Error> {
    let mut entries = BTreeMap::new();
    let list = match fs::read_dir(folder) {
        Ok(list) => list,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(entries),
        Err(e) => return Err(Error::io("read", folder, e)),
    };
    for file in list {
        let path = file.map_err(|e| Error::io("read", folder, e))?.path();
        if path.extension().is_none_or(|ending| ending != "note") {
            continue;
        }
        let bytes = fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
        let wrong = |why: String| Error::integrity(format!("the order `{}`: {why}", path.display()));
        let note = Note::parse(&bytes).map_err(|e| wrong(e.to_string()))?;
        note.verify_by(log.key()).map_err(|e| wrong(e.to_string()))?;
        let entry =
            note.text().lines().nth(2).and_then(|line| line.strip_prefix("entry ")?.parse::<u64>().ok());
        let entry = entry.ok_or_else(|| wrong("it names no entry".to_string()))?;
        // Of an entry that an older log does not have nothing has to be erased there.
        if entry >= log.size() {
            continue;
        }
        let leaf = log.leaves(entry..entry + 1)?;
        let attachments: BTreeSet<String> = note
            .text()
            .lines()
            .filter_map(|line| line.strip_prefix("attachment "))
            .filter(|name| attachments::is_hash(name))
            .map(str::to_string)
            .collect();
        if note.text() != text(log.origin(), entry, &leaf[0], &attachments) {
            return Err(wrong(format!("it was made for another entry {entry} than this log has")));
        }
        entries.insert(entry, attachments);
    }
    Ok(entries)
}

/// Applies the orders of a folder to a store, and keeps them there. Says how many keys were destroyed.
pub(crate) fn apply(store: &Store, log: &Log, folder: &Path) -> Result<u64, Error> {
    let mut slots = Slots::open(&store.places.keys)?;
    let mut count = 0;
    for (entry, attachments) in read(folder, log)? {
        attachments::destroy(&store.places.attachments, &attachments)?;
        if slots.get(entry)?.is_some_and(|slot| !slot.is_wiped()) {
            slots.wipe(&RealDisk, entry)?;
            count += 1;
        }
        let name = format!("{entry}.note");
        let kept = store.places.erased.join(&name);
        if !kept.exists() {
            let bytes =
                fs::read(folder.join(&name)).map_err(|e| Error::io("read", &folder.join(&name), e))?;
            fs::create_dir_all(&store.places.erased)
                .map_err(|e| Error::io("make", &store.places.erased, e))?;
            files::write(&kept, &bytes)?;
        }
    }
    Ok(count)
}
