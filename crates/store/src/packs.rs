//! `payload/`: the sealed payloads of the entries, one after the other, each with the leaf that speaks of it.
//!
//! Nothing here is secret: without its slot in `keys` a payload is noise. Since the leaf lies beside it, the packs alone say
//! in which order what was entered, also where the tiles of the log are not written yet.
//!
//! Invariants
//! - a frame is whole, or is not there: it ends in a checksum of itself, and a torn one at the end is cut off by the next
//!   write;
//! - a frame says whether it is the last of what was entered together, so that a part of it is never taken for the whole;
//! - frames stand in the order of the log, without a gap;
//! - a pack is only ever appended to, and full packs never change.

use crate::disk::Disk;
use crate::error::Error;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Begins every frame.
const MAGIC: &[u8; 4] = b"srv1";
/// Magic, whether it is the last of its batch, entry, length of the leaf, length of the payload.
const HEAD: usize = 4 + 1 + 8 + 4 + 4;
/// First bytes of SHA-256 over all before.
const CHECK: usize = 8;
/// No leaf is longer.
const LEAF_LIMIT: usize = 65_535;
/// Nothing longer is sealed; attachments have files of their own.
pub(crate) const PAYLOAD_LIMIT: usize = 16 << 20;

/// Where a frame lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Frame {
    pub(crate) pack: u32,
    pub(crate) place: u64,
    pub(crate) size: u32,
}

impl Frame {
    /// Where the next one begins.
    pub(crate) fn end(self) -> u64 {
        self.place + u64::from(self.size)
    }
}

/// What a frame holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Content {
    pub(crate) entry: u64,
    /// Nothing that belongs to it follows.
    pub(crate) ends: bool,
    pub(crate) leaf: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
}

pub(crate) struct Packs {
    folder: PathBuf,
    /// A pack this long is full.
    full: u64,
    open: Option<(u32, File)>,
}

fn name(pack: u32) -> String {
    format!("{pack:06}.pack")
}

fn encode(content: &Content, out: &mut Vec<u8>) {
    let begin = out.len();
    out.extend_from_slice(MAGIC);
    out.push(u8::from(content.ends));
    out.extend_from_slice(&content.entry.to_be_bytes());
    // Both limits are kept by whoever makes a leaf and a payload.
    out.extend_from_slice(&u32::try_from(content.leaf.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(&u32::try_from(content.sealed.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(&content.leaf);
    out.extend_from_slice(&content.sealed);
    let check = Sha256::digest(&out[begin..]);
    out.extend_from_slice(&check[..CHECK]);
}

/// Reads the frame that begins here; `None` where there is no whole one.
fn decode(from: &mut dyn Read) -> std::io::Result<Option<(Content, u32)>> {
    let fill = |from: &mut dyn Read, length: usize| -> std::io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        from.take(length as u64).read_to_end(&mut bytes)?;
        Ok((bytes.len() == length).then_some(bytes))
    };
    let Some(head) = fill(from, HEAD)? else { return Ok(None) };
    let number =
        |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize;
    let (leaf, sealed) = (number(13), number(17));
    if &head[..4] != MAGIC || head[4] > 1 || leaf > LEAF_LIMIT || sealed > PAYLOAD_LIMIT + 64 {
        return Ok(None);
    }
    let Some(body) = fill(from, leaf + sealed + CHECK)? else { return Ok(None) };
    let (body, check) = body.split_at(leaf + sealed);
    if Sha256::new().chain_update(&head).chain_update(body).finalize()[..CHECK] != *check {
        return Ok(None);
    }
    let entry = (number(5) as u64) << 32 | number(9) as u64;
    let content =
        Content { entry, ends: head[4] == 1, leaf: body[..leaf].to_vec(), sealed: body[leaf..].to_vec() };
    Ok(Some((content, (HEAD + leaf + sealed + CHECK) as u32)))
}

impl Packs {
    /// The packs of a folder. A pack that has reached `full` bytes is not appended to.
    pub(crate) fn new(folder: &Path, full: u64) -> Packs {
        Packs { folder: folder.to_path_buf(), full, open: None }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, pack: u32) -> PathBuf {
        self.folder.join(name(pack))
    }

    fn file(&mut self, pack: u32) -> Result<&mut File, Error> {
        if self.open.as_ref().is_none_or(|(number, _)| *number != pack) {
            let path = self.path(pack);
            let fresh = !path.exists();
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let file = options.open(&path).map_err(|e| Error::io("open", &path, e))?;
            if fresh {
                sync_folder(&self.folder)?;
            }
            self.open = Some((pack, file));
        }
        // It was put there just now.
        self.open.as_mut().map(|(_, file)| file).ok_or_else(|| Error::integrity("a pack could not be opened"))
    }

    /// Puts frames down behind `last`, the frame of the entry before them; says where each lies.
    ///
    /// What stands behind `last` already was never committed, and is cut off.
    pub(crate) fn put(
        &mut self,
        disk: &dyn Disk,
        last: Option<Frame>,
        contents: &[Content],
    ) -> Result<Vec<Frame>, Error> {
        let (mut pack, mut end) = last.map_or((0, 0), |frame| (frame.pack, frame.end()));
        let mut frames = Vec::with_capacity(contents.len());
        let mut rest = contents;
        loop {
            if end >= self.full {
                (pack, end) = (pack + 1, 0);
            }
            let mut bytes = Vec::new();
            let mut count = 0;
            for content in rest {
                let place = end + bytes.len() as u64;
                if place >= self.full {
                    break;
                }
                let before = bytes.len();
                encode(content, &mut bytes);
                frames.push(Frame { pack, place, size: (bytes.len() - before) as u32 });
                count += 1;
            }
            let path = self.path(pack);
            let failed =
                |e| Error::io("write", &path, e).help("nothing was entered; make room, then run this again");
            let file = self.file(pack)?;
            if file.metadata().map_err(failed)?.len() > end {
                file.set_len(end).map_err(failed)?;
            }
            disk.write_at(file, end, &bytes).and_then(|()| disk.sync(file)).map_err(failed)?;
            rest = &rest[count..];
            if rest.is_empty() {
                break;
            }
            end += bytes.len() as u64;
        }
        // Packs behind the last one written held nothing that was committed.
        self.drop_behind(pack)?;
        Ok(frames)
    }

    /// Reads one frame.
    pub(crate) fn get(&mut self, frame: Frame) -> Result<Content, Error> {
        let path = self.path(frame.pack);
        let failed = |e| Error::io("read", &path, e);
        let mut file = File::open(&path).map_err(failed)?;
        file.seek(SeekFrom::Start(frame.place)).map_err(failed)?;
        let read = decode(&mut BufReader::new(file)).map_err(failed)?;
        read.map(|(content, _)| content).ok_or_else(|| {
            Error::integrity(format!("`{}` is damaged at byte {}", path.display(), frame.place))
        })
    }

    /// Whether anything stands behind a frame.
    pub(crate) fn has_more(&self, last: Option<Frame>) -> bool {
        let (pack, end) = last.map_or((0, 0), |frame| (frame.pack, frame.end()));
        let length = fs::metadata(self.path(pack)).map_or(0, |data| data.len());
        length > end || self.path(pack + 1).exists()
    }

    /// Hands every frame behind `after` over, in order, up to the first that is not whole; the first of them is to be that of
    /// the entry `expected`.
    ///
    /// # Errors
    /// What `each` says; and [`Error::is_integrity`] where a pack that is not the last one breaks off.
    pub(crate) fn walk(
        &self,
        after: Option<Frame>,
        mut expected: u64,
        mut each: impl FnMut(Frame, Content) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (first, begin) = after.map_or((0, 0), |frame| (frame.pack, frame.end()));
        for pack in first.. {
            let path = self.path(pack);
            let mut file = match File::open(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => break,
                Err(e) => return Err(Error::io("read", &path, e)),
            };
            let mut place = if pack == first { begin } else { 0 };
            file.seek(SeekFrom::Start(place)).map_err(|e| Error::io("read", &path, e))?;
            let mut reader = BufReader::with_capacity(1 << 20, file);
            while let Some((content, size)) = decode(&mut reader).map_err(|e| Error::io("read", &path, e))? {
                if content.entry != expected {
                    let message = format!(
                        "`{}` holds entry {} at byte {place}, where entry {expected} belongs",
                        path.display(),
                        content.entry
                    );
                    return Err(Error::integrity(message));
                }
                expected += 1;
                let frame = Frame { pack, place, size };
                place = frame.end();
                each(frame, content)?;
            }
            if place < self.full && self.path(pack + 1).exists() {
                let message =
                    format!("`{}` breaks off at byte {place}, and another pack follows", path.display());
                return Err(Error::integrity(message));
            }
        }
        Ok(())
    }

    /// Cuts off what stands behind a frame.
    pub(crate) fn cut(&mut self, last: Option<Frame>) -> Result<(), Error> {
        let (pack, end) = last.map_or((0, 0), |frame| (frame.pack, frame.end()));
        let path = self.path(pack);
        if !path.exists() {
            return Ok(());
        }
        let file = self.file(pack)?;
        file.set_len(end).map_err(|e| Error::io("write", &path, e))?;
        self.drop_behind(pack)
    }

    /// Takes away the packs behind one.
    fn drop_behind(&self, pack: u32) -> Result<(), Error> {
        for later in pack + 1.. {
            match fs::remove_file(self.path(later)) {
                Ok(()) => {}
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => break,
                Err(e) => return Err(Error::io("write", &self.path(later), e)),
            }
        }
        Ok(())
    }
}

/// Brings new names of a folder down to the disk.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| Error::io("write", folder, e))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::RealDisk;

    fn content(entry: u64) -> Content {
        let length = 10 + (entry as usize * 7) % 40;
        Content { entry, ends: true, leaf: vec![b'l'; 5], sealed: vec![entry as u8; length] }
    }

    fn walked(packs: &Packs) -> Vec<Content> {
        let mut all = Vec::new();
        packs
            .walk(None, 0, |_, content| {
                all.push(content);
                Ok(())
            })
            .unwrap();
        all
    }

    #[test]
    fn frames_come_back_one_by_one_and_all_over_several_packs() {
        let folder = tempfile::tempdir().unwrap();
        let mut packs = Packs::new(folder.path(), 150);
        let all: Vec<Content> = (0..12).map(content).collect();
        let mut frames = packs.put(&RealDisk, None, &all[..5]).unwrap();
        frames.extend(packs.put(&RealDisk, frames.last().copied(), &all[5..]).unwrap());
        assert!(frames.last().unwrap().pack > 2, "{frames:?}");
        for (frame, content) in frames.iter().zip(&all) {
            assert_eq!(packs.get(*frame).unwrap(), *content);
        }
        assert_eq!(walked(&packs), all);
    }

    #[test]
    fn what_was_not_committed_is_cut_off_by_the_next_write() {
        let folder = tempfile::tempdir().unwrap();
        let mut packs = Packs::new(folder.path(), 150);
        let kept = packs.put(&RealDisk, None, &[content(0)]).unwrap()[0];
        // A failed write: frames over several packs, and then half of one.
        packs.put(&RealDisk, Some(kept), &(1..9).map(content).collect::<Vec<_>>()).unwrap();
        assert!(folder.path().join(name(2)).exists());
        packs.put(&RealDisk, Some(kept), &[content(1)]).unwrap();
        assert_eq!(walked(&packs), [content(0), content(1)]);
        let path = folder.path().join(name(0));
        let mut torn = fs::read(&path).unwrap();
        torn.extend_from_slice(&torn.clone()[..30]);
        fs::write(&path, &torn).unwrap();
        assert_eq!(walked(&packs), [content(0), content(1)], "a torn frame is no frame");
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let mut packs = Packs::new(folder.path(), 1 << 20);
        let frames = packs.put(&RealDisk, None, &[content(0), content(1)]).unwrap();
        let path = folder.path().join(name(0));
        let whole = fs::read(&path).unwrap();
        for at in 0..frames[0].size as usize {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            fs::write(&path, &changed).unwrap();
            assert!(packs.get(frames[0]).unwrap_err().is_integrity(), "byte {at}");
            // An entry's number in the head is checked as well: it is under the checksum.
            assert!(walked(&packs).is_empty(), "byte {at}");
        }
    }
}
