//! The log on disk: a folder in the layout of C2SP tlog-tiles, which any web server could publish as it stands.
//!
//! ```text
//! vkey                      the log's public key
//! checkpoint                the newest checkpoint, signed by the log, with the cosignatures that it has
//! proposed, witnessed       the checkpoint that is before the witnesses; the last one that they made count
//! tile/0/000, tile/1/000.p/5, …   hashes        tile/entries/000, …   entries
//! lock                      held by whoever appends
//! ```
//!
//! It knows entries as bytes. What they mean, who may append and what a payload was is decided by whoever calls it.
//!
//! Invariants
//! - the checkpoint is written last: what it covers is on the disk before it, and tiles that a crash left ahead of it are
//!   written again;
//! - a log whose right edge does not give the checkpoint's root is not opened ([`Error::is_integrity`]);
//! - one process appends at a time; after a failure while the checkpoint was written nothing is appended until the log is
//!   opened again, because nobody knows which checkpoint is on the disk;
//! - nothing that is handed out was not compared with the root: entries with the leaf hashes, proofs with the checkpoint.
//!
//! Where to start reading: [`Log::append`]. Tests: `tests/log.rs`, `tests/tampering.rs` and `tests/witness.rs` of this crate.

mod durable;
pub mod witness;

use crate::error::{Error, Kind};
use crate::files::FileDraft;
use durable::Durable;
use servanda_ledger::checkpoint::Checkpoint;
use servanda_ledger::leaf::Leaf;
use servanda_ledger::note::{Algorithm, Note, Signature, VerifierKey};
use servanda_ledger::policy::{Policy, Witnessed};
use servanda_ledger::proof::Proof;
use servanda_ledger::receipt::Receipt;
use servanda_ledger::tile::{self, HEIGHT, Layer, Tile, WIDTH};
use servanda_ledger::tree::{self, Hash, leaf_hash};
use servanda_ledger::witness::Request;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The private key of a log; its name is the log's origin.
pub use servanda_ledger::note::SignerKey as LogKey;

/// How far ahead of now an entry's time of receipt may lie: beyond it, somebody mixed up units or a clock is wild.
const AHEAD_MS: i64 = 24 * 60 * 60 * 1000;

/// The levels of tiles that a `u64` of entries can fill.
const LEVELS: usize = HEIGHT as usize;

/// A log in a folder.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    key: VerifierKey,
    signer: Option<LogKey>,
    /// Held as long as this log may append.
    lock: Option<fs::File>,
    state: State,
    note: Note,
    /// A checkpoint may or may not have reached the disk.
    unsure: bool,
}

/// The right edge: what is needed to go on, in memory.
#[derive(Clone, Debug)]
struct State {
    size: u64,
    root: Hash,
    /// The hashes of the last tile of each level, which is not whole.
    edge: [Vec<Hash>; LEVELS],
    /// The last bundle, which is not whole.
    bundle: Vec<u8>,
}

impl State {
    fn empty() -> State {
        State { size: 0, root: tree::EMPTY, edge: Default::default(), bundle: Vec::new() }
    }

    /// The root that the edge gives.
    fn computed_root(&self) -> Hash {
        let node = |level: u8, index: u64| {
            let (tile, first, count) =
                Tile::of_node(level, index, self.size).expect("a subtree of this tree");
            let Layer::Hashes(level) = tile.layer else { unreachable!("a subtree is hashed from hashes") };
            // The subtrees that a root is hashed from end where no whole tile goes on.
            Ok::<Hash, std::convert::Infallible>(tile::fold(
                &self.edge[usize::from(level)][first..first + count],
            ))
        };
        match tree::root_at(self.size, node) {
            Ok(root) => root,
            Err(never) => match never {},
        }
    }
}

impl Log {
    /// Makes a log without entries in a folder that is not there or is empty. `origin` is its name, like `example.org/log`,
    /// and the name of its key.
    ///
    /// # Errors
    /// [`Error::is_not_empty`] where something is there already; [`Error::is_settings`] where name and key do not go together.
    pub fn create(dir: &Path, origin: &str, signer: LogKey) -> Result<Log, Error> {
        suits(&signer)?;
        let signed = Checkpoint::new(origin, 0, tree::EMPTY).sign(&signer);
        let note = signed.map_err(|e| Error::new(Kind::Settings, e.to_string()))?;
        if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(Error::new(Kind::NotEmpty, format!("`{}` is not empty", dir.display()))
                .help("name a folder that does not exist yet"));
        }
        let mut durable = Durable::default();
        let absolute = std::path::absolute(dir).map_err(|e| Error::io("make", dir, e))?;
        durable.write(&absolute.join("vkey"), format!("{}\n", signer.public()).as_bytes())?;
        durable.settle()?;
        durable.write(&absolute.join("checkpoint"), note.to_string().as_bytes())?;
        durable.settle()?;
        Log::open(dir, Some(signer))
    }

    /// Opens a log; with its private key it can be appended to. The right edge is hashed again and compared with the checkpoint.
    ///
    /// # Errors
    /// [`Error::is_integrity`] where the bytes do not fit each other, or the key is another one under the same name;
    /// [`Error::is_not_found`] where there is no log; [`Error::is_settings`] where the key is of another log;
    /// [`Error::is_busy`] where another process may append.
    pub fn open(dir: &Path, signer: Option<LogKey>) -> Result<Log, Error> {
        let no_log = |e: Error| match e.is_not_found() {
            true => e.help("name the folder of a log; `servanda log init` makes one"),
            false => e,
        };
        let vkey = read(dir, "vkey", 4096).map_err(no_log)?;
        let vkey = String::from_utf8(vkey).unwrap_or_default();
        let key = vkey.strip_suffix('\n').unwrap_or(&vkey);
        let key = VerifierKey::parse(key).map_err(|e| broken(dir, "vkey", &e))?;
        if let Some(signer) = &signer {
            suits(signer)?;
            if signer.name() != key.name() {
                return Err(Error::new(
                    Kind::Settings,
                    format!(
                        "`{}` is the log of `{}`, and the key is of `{}`",
                        dir.display(),
                        key.name(),
                        signer.name()
                    ),
                )
                .help("name the key that the log was made with"));
            }
            if *signer.public() != key {
                return Err(Error::integrity(format!(
                    "`{}` has the public key `{}`, and the private key belongs to `{}`",
                    dir.join("vkey").display(),
                    key.short(),
                    signer.public().short()
                )));
            }
        }
        let lock = match signer {
            Some(_) => Some(lock(dir)?),
            None => None,
        };
        let note = read_note(dir, "checkpoint")?;
        let state = State::empty();
        let mut log = Log { dir: dir.to_path_buf(), key, signer, lock, state, note, unsure: false };
        log.recover()?;
        if log.signer.is_some() {
            log.sweep();
        }
        Ok(log)
    }

    /// Lets others append, until [`Log::hold`].
    pub(crate) fn let_go(&mut self) {
        self.lock = None;
    }

    /// Takes the right to append again, and takes the log from the disk again where others appended meanwhile.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub(crate) fn hold(&mut self) -> Result<(), Error> {
        self.signer()?;
        self.lock = Some(lock(&self.dir)?);
        if self.unsure || read_note(&self.dir, "checkpoint")?.to_string() != self.note.to_string() {
            self.recover()?;
        }
        Ok(())
    }

    /// Takes the log from the disk again, after an [`Log::append`] that could not tell whether its checkpoint is there, and says its
    /// size: entries of that append are in, all of them, if it is larger than before.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn recover(&mut self) -> Result<u64, Error> {
        let note = read_note(&self.dir, "checkpoint")?;
        let checkpoint =
            Checkpoint::signed_by(&note, &self.key).map_err(|e| broken(&self.dir, "checkpoint", &e))?;
        let before = std::mem::replace(
            &mut self.state,
            State { size: checkpoint.size, root: checkpoint.root, ..State::empty() },
        );
        if let Err(e) = self.load_edge() {
            self.state = before;
            return Err(e);
        }
        // The name may be there and not yet on the disk.
        let mut durable = Durable::default();
        if self.unsure {
            durable.written_into(&self.dir);
            durable.settle()?;
        }
        self.note = note;
        self.unsure = false;
        Ok(self.state.size)
    }

    /// Reads the tiles that are not whole and compares their root with the checkpoint's, and the last entries with their hashes.
    fn load_edge(&mut self) -> Result<(), Error> {
        for tile in Tile::partial(self.state.size) {
            match tile.layer {
                Layer::Entries => {
                    let mut bundle = Vec::new();
                    for entry in self.entries(&tile)? {
                        tile::add_entry(&mut bundle, &entry).map_err(|e| self.broken(&tile, &e))?;
                    }
                    self.state.bundle = bundle;
                }
                Layer::Hashes(level) => self.state.edge[usize::from(level)] = self.hashes(&tile)?,
            }
        }
        if self.state.computed_root() != self.state.root {
            return Err(Error::integrity(format!(
                "the tiles of `{}` do not give the root of its checkpoint of size {}",
                self.dir.display(),
                self.state.size
            )));
        }
        for tile in Tile::partial(self.state.size) {
            if tile.layer == Layer::Entries {
                let hashes: Vec<Hash> = self.entries(&tile)?.iter().map(|entry| leaf_hash(entry)).collect();
                if hashes != self.state.edge[0] {
                    return Err(Error::integrity(format!(
                        "the entries in `{}` of `{}` are not those that were logged",
                        tile.path(),
                        self.dir.display()
                    )));
                }
            }
        }
        Ok(())
    }

    /// Takes away what a crash left beside the last tiles. What cannot be taken away does no harm.
    fn sweep(&self) {
        let size = self.state.size;
        let next = |layer, shift: u32| Tile::whole(layer, (size >> shift) / WIDTH);
        let mut tiles = vec![next(Layer::Entries, 0)];
        tiles.extend((0..HEIGHT).map(|level| next(Layer::Hashes(level), u32::from(level * HEIGHT))));
        let mut folders: Vec<PathBuf> = vec![self.dir.clone()];
        for tile in tiles {
            let path = self.dir.join(tile.path());
            folders.extend(path.parent().map(Path::to_path_buf));
            folders.push(path.with_extension("p"));
        }
        for entry in folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') && name.contains(".draft-") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.state.size
    }

    /// Root over them.
    pub fn root(&self) -> Hash {
        self.state.root
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        self.key.name()
    }

    /// The log's public key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    fn signer(&self) -> Result<&LogKey, Error> {
        self.signer.as_ref().ok_or_else(|| {
            Error::new(Kind::Settings, format!("`{}` was opened without its private key", self.dir.display()))
                .help("name the key that the log was made with")
        })
    }

    /// Adds entries, all or none, and says their numbers. When it returns, they and the checkpoint are on the disk.
    ///
    /// `now_ms` is what the times in the entries are held against: a leaf from more than a day ahead is refused.
    ///
    /// # Errors
    /// Where an entry is too long or from the future, the log was opened without its key, or the disk refuses. The log is then as
    /// before, in memory and on the disk; only where the checkpoint itself could not be written must the log be opened again.
    pub fn append(&mut self, leaves: &[Vec<u8>], now_ms: i64) -> Result<Range<u64>, Error> {
        let signer = self.signer()?;
        assert!(self.lock.is_some(), "whoever appends holds the log");
        if self.unsure {
            return Err(Error::new(
                Kind::Busy,
                format!("the last checkpoint of `{}` may not have reached the disk", self.dir.display()),
            )
            .help("see with `recover` which one is there, or open the log again"));
        }
        let first = self.state.size;
        if leaves.is_empty() {
            return Ok(first..first);
        }
        for (number, entry) in leaves.iter().enumerate() {
            let refused = |why: String| {
                Error::new(Kind::Settings, format!("entry {number} of {}: {why}", leaves.len()))
            };
            if entry.len() > tile::LONGEST_ENTRY {
                return Err(refused(format!(
                    "it has {} bytes, and {} is the most",
                    entry.len(),
                    tile::LONGEST_ENTRY
                )));
            }
            if Leaf::from_bytes(entry).is_ok_and(|leaf| leaf.received_ms > now_ms.saturating_add(AHEAD_MS)) {
                return Err(refused("it says that it was received more than a day after now".to_string())
                    .help("times are milliseconds since 1970; compare the clocks"));
            }
        }
        let mut state = self.state.clone();
        let mut durable = Durable::default();
        let mut completed = Vec::new();
        for entry in leaves {
            tile::add_entry(&mut state.bundle, entry)
                .map_err(|e| Error::new(Kind::Settings, e.to_string()))?;
            state.edge[0].push(leaf_hash(entry));
            state.size += 1;
            if state.size.is_multiple_of(WIDTH) {
                let tile = Tile::whole(Layer::Entries, state.size / WIDTH - 1);
                durable.write(&self.dir.join(tile.path()), &state.bundle)?;
                state.bundle.clear();
                completed.push(tile);
                self.carry(&mut state, &mut durable, &mut completed)?;
            }
        }
        for tile in Tile::partial(state.size) {
            let bytes = match tile.layer {
                Layer::Entries => state.bundle.clone(),
                Layer::Hashes(level) => {
                    // A level whose hashes are as before has its tile already.
                    if Tile::within(tile.layer, tile.index, self.state.size) == Some(tile) {
                        continue;
                    }
                    state.edge[usize::from(level)].concat()
                }
            };
            durable.write(&self.dir.join(tile.path()), &bytes)?;
        }
        state.root = state.computed_root();
        let checkpoint = Checkpoint::new(self.origin(), state.size, state.root);
        let note = checkpoint.sign(signer).map_err(|e| Error::new(Kind::Settings, e.to_string()))?;
        durable.settle()?;

        let draft = FileDraft::write(&self.dir.join("checkpoint"), note.to_string().as_bytes())?;
        self.unsure = true;
        draft.publish()?;
        durable.written_into(&self.dir);
        durable.settle()?;
        self.unsure = false;
        self.state = state;
        self.note = note;
        for tile in completed {
            // Nobody needs a part of a tile that is whole; one that stays does no harm.
            let _ = fs::remove_dir_all(self.dir.join(tile.path()).with_extension("p"));
        }
        Ok(first..self.state.size)
    }

    /// Writes the tiles that have become whole, from the leaves up.
    fn carry(
        &self,
        state: &mut State,
        durable: &mut Durable,
        completed: &mut Vec<Tile>,
    ) -> Result<(), Error> {
        for level in 0..LEVELS {
            if (state.edge[level].len() as u64) < WIDTH {
                break;
            }
            let hashes = std::mem::take(&mut state.edge[level]);
            let index = (state.size >> (level * LEVELS)) / WIDTH - 1;
            let tile = Tile::whole(Layer::Hashes(level as u8), index);
            durable.write(&self.dir.join(tile.path()), &hashes.concat())?;
            completed.push(tile);
            if let Some(above) = state.edge.get_mut(level + 1) {
                above.push(tile::fold(&hashes));
            }
        }
        Ok(())
    }

    /// Entries, compared with the leaf hashes beside them.
    ///
    /// # Errors
    /// [`Error::is_integrity`] where an entry is not the one that was logged; [`Error::is_not_found`] where the log has
    /// no such entries.
    pub fn leaves(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, Error> {
        if range.start > range.end || range.end > self.state.size {
            return Err(self.no_entry(range.end.saturating_sub(1)));
        }
        let mut leaves = Vec::new();
        let mut index = range.start;
        while index < range.end {
            let number = index / WIDTH;
            let tile = |layer| Tile::within(layer, number, self.state.size).expect("a tile of this log");
            let entries = self.entries(&tile(Layer::Entries))?;
            let hashes = match tile(Layer::Hashes(0)) {
                tile if tile.is_whole() => self.hashes(&tile)?,
                _ => self.state.edge[0].clone(),
            };
            let inside = (index % WIDTH) as usize..((range.end - number * WIDTH).min(WIDTH)) as usize;
            for (entry, hash) in entries.into_iter().zip(hashes).take(inside.end).skip(inside.start) {
                if leaf_hash(&entry) != hash {
                    return Err(Error::integrity(format!(
                        "entry {index} of `{}` is not the one that was logged",
                        self.dir.display()
                    )));
                }
                leaves.push(entry);
                index += 1;
            }
        }
        Ok(leaves)
    }

    fn no_entry(&self, index: u64) -> Error {
        Error::new(
            Kind::NotFound,
            format!("`{}` has {} entries, and none has number {index}", self.dir.display(), self.state.size),
        )
        .help("entries are counted from 0")
    }

    /// The newest checkpoint as a signed note.
    ///
    /// # Errors
    /// None today; a checkpoint that had to be read might fail.
    pub fn checkpoint(&self) -> Result<String, Error> {
        Ok(self.note.to_string())
    }

    /// The inclusion proof of an entry at the newest checkpoint.
    ///
    /// # Errors
    /// As [`Log::inclusion_at`].
    pub fn inclusion(&self, index: u64) -> Result<Vec<Hash>, Error> {
        self.inclusion_at(index, self.state.size)
    }

    /// The inclusion proof of an entry in the tree of an earlier size.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where there is no such entry or size; [`Error::is_integrity`] where a tile does not lead to the root.
    pub fn inclusion_at(&self, index: u64, size: u64) -> Result<Vec<Hash>, Error> {
        if index >= size || size > self.state.size {
            return Err(self.no_entry(index.max(size.saturating_sub(1))));
        }
        let entry = self.leaves(index..index + 1)?;
        let hash = leaf_hash(&entry[0]);
        let proof = tree::inclusion(index, size, self.nodes())?;
        let root = self.root_at(size)?;
        tree::verify_inclusion(&hash, index, size, &proof, &root)
            .map_err(|e| Error::integrity(format!("the tiles of `{}`: {e}", self.dir.display())))?;
        Ok(proof)
    }

    /// The root at an earlier size, proved to be continued by the newest checkpoint.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where the log is not so large; [`Error::is_integrity`] where a tile does not lead to the root.
    pub fn root_at(&self, size: u64) -> Result<Hash, Error> {
        if size == self.state.size {
            return Ok(self.state.root);
        }
        self.consistency(size).map(|(root, _)| root)
    }

    /// The root at an earlier size and the proof that the newest checkpoint continues it.
    ///
    /// # Errors
    /// As [`Log::root_at`].
    pub fn consistency(&self, old: u64) -> Result<(Hash, Vec<Hash>), Error> {
        if old > self.state.size {
            return Err(self.no_entry(old - 1));
        }
        let mut nodes = self.nodes();
        let root = tree::root_at(old, &mut nodes)?;
        let proof = tree::consistency(old, self.state.size, &mut nodes)?;
        tree::verify_consistency(old, &root, self.state.size, &self.state.root, &proof)
            .map_err(|e| Error::integrity(format!("the tiles of `{}`: {e}", self.dir.display())))?;
        Ok((root, proof))
    }

    /// The proof that the tree of size `new` continues that of size `old`, both of them earlier ones of this log.
    ///
    /// # Errors
    /// As [`Log::root_at`].
    pub fn consistency_between(&self, old: u64, new: u64) -> Result<Vec<Hash>, Error> {
        let (old_root, new_root) = (self.root_at(old)?, self.root_at(new)?);
        if old > new {
            return Err(self.no_entry(old));
        }
        let proof = tree::consistency(old, new, self.nodes())?;
        tree::verify_consistency(old, &old_root, new, &new_root, &proof)
            .map_err(|e| Error::integrity(format!("the tiles of `{}`: {e}", self.dir.display())))?;
        Ok(proof)
    }

    /// A proof file for an entry, with the entry in it: at the witnessed checkpoint where that covers it, else at the newest.
    ///
    /// # Errors
    /// As [`Log::inclusion_at`].
    pub fn proof(&self, index: u64) -> Result<Proof, Error> {
        let witnessed = self.witnessed()?.filter(|(_, checkpoint)| index < checkpoint.size);
        let (note, size) = match witnessed {
            Some((note, checkpoint)) => (note, checkpoint.size),
            None => (self.note.clone(), self.state.size),
        };
        let path = self.inclusion_at(index, size)?;
        let entry = self.leaves(index..index + 1)?.swap_remove(0);
        Ok(Proof { extra: Some(entry), index, path, checkpoint: note })
    }

    /// The receipt for a leaf, signed by the log: what intake answers. It promises that the leaf will be appended.
    ///
    /// # Errors
    /// [`Error::is_settings`] where the log was opened without its key, or a part may not stand in a leaf.
    pub fn receipt(&self, leaf: &Leaf) -> Result<String, Error> {
        let signer = self.signer()?;
        let receipt = Receipt::of(self.origin(), leaf).and_then(|receipt| receipt.sign(signer));
        receipt.map_err(|e| Error::new(Kind::Settings, e.to_string()))
    }

    /// Puts the newest checkpoint before the witnesses: it is kept, with the cosignatures that come back, until the policy is met.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn propose(&mut self) -> Result<Note, Error> {
        self.keep("proposed", &self.note)?;
        Ok(self.note.clone())
    }

    /// The request by which a witness that saw size `old` last is asked to cosign the proposed checkpoint.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where nothing is proposed, or `old` is larger than it.
    pub fn request(&self, old: u64) -> Result<Request, Error> {
        let Some((checkpoint, proposed)) = self.proposed()? else { return Err(self.nothing_proposed()) };
        if old > proposed.size {
            return Err(Error::new(
                Kind::NotFound,
                format!("the witness has seen {old} entries, and the proposed checkpoint has {}", proposed.size),
            )
            .help("put a newer checkpoint before the witnesses; if the log itself has fewer entries, it was set back"));
        }
        Ok(Request { old, proof: self.consistency_between(old, proposed.size)?, checkpoint })
    }

    fn nothing_proposed(&self) -> Error {
        Error::new(Kind::NotFound, format!("nothing of `{}` is before the witnesses", self.dir.display()))
            .help("`servanda log propose` puts the newest checkpoint before them")
    }

    /// The checkpoint that is before the witnesses, with the cosignatures so far.
    ///
    /// # Errors
    /// [`Error::is_integrity`] where it does not fit the log.
    pub fn proposed(&self) -> Result<Option<(Note, Checkpoint)>, Error> {
        self.kept("proposed")
    }

    /// The last checkpoint that the witnesses made count, with its cosignatures. Who they are is for a policy to say.
    ///
    /// # Errors
    /// [`Error::is_integrity`] where it does not fit the log.
    pub fn witnessed(&self) -> Result<Option<(Note, Checkpoint)>, Error> {
        self.kept("witnessed")
    }

    /// Adds cosignatures to the proposed checkpoint. Once they meet the policy, it becomes the witnessed one.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where nothing is proposed; [`Error::is_integrity`] where a line is by no witness of the policy or does not
    /// fit the proposed checkpoint; the lines before it are kept.
    pub fn add_cosignatures(&mut self, lines: &str, policy: &Policy) -> Result<Option<Witnessed>, Error> {
        let Some((mut note, _)) = self.proposed()? else {
            return Err(Error::new(
                Kind::NotFound,
                format!("nothing of `{}` is before the witnesses", self.dir.display()),
            )
            .help("`servanda log request` puts the newest checkpoint before them"));
        };
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let signature = Signature::parse(line).map_err(|e| Error::integrity(e.to_string()))?;
            let known = policy
                .witnesses()
                .iter()
                .find(|w| w.key.name() == signature.name && w.key.id() == signature.id);
            let Some(witness) = known else {
                return Err(Error::integrity(format!("`{}` is no witness of the policy", signature.name)));
            };
            let mut with = note.clone();
            with.add(signature);
            with.verify_by(&witness.key).map_err(|e| {
                Error::integrity(format!(
                    "{e}: it was made for another checkpoint than the proposed one, or by another key"
                ))
            })?;
            note = with;
        }
        let met = policy.verify(&note);
        self.keep("proposed", &note)?;
        if note.text() == self.note.text() {
            // Nothing came after it: whoever takes the newest checkpoint gets the cosignatures with it.
            self.keep("checkpoint", &note)?;
            self.note = note.clone();
        }
        match met {
            Ok(witnessed) => {
                self.keep("witnessed", &note)?;
                Ok(Some(witnessed))
            }
            Err(e) if e.is_policy() => Ok(None),
            Err(e) => Err(Error::integrity(e.to_string())),
        }
    }

    fn keep(&self, name: &str, note: &Note) -> Result<(), Error> {
        self.signer()?;
        let mut durable = Durable::default();
        durable.write(&self.dir.join(name), note.to_string().as_bytes())?;
        durable.settle()
    }

    fn kept(&self, name: &str) -> Result<Option<(Note, Checkpoint)>, Error> {
        let note = match read_note(&self.dir, name) {
            Err(e) if e.is_not_found() => return Ok(None),
            note => note?,
        };
        let checkpoint = Checkpoint::signed_by(&note, &self.key).map_err(|e| broken(&self.dir, name, &e))?;
        if checkpoint.size > self.state.size || self.root_at(checkpoint.size)? != checkpoint.root {
            return Err(Error::integrity(format!(
                "`{}` of size {} is not of the past of this log",
                self.dir.join(name).display(),
                checkpoint.size
            ))
            .help("the log was set back, or forked; keep both, and compare them with what the witnesses have seen"));
        }
        Ok(Some((note, checkpoint)))
    }

    /// The hashes of whole subtrees, from memory and from tiles that are read once for each proof.
    fn nodes(&self) -> impl FnMut(u8, u64) -> Result<Hash, Error> {
        let mut read: BTreeMap<Tile, Vec<Hash>> = BTreeMap::new();
        move |level, index| {
            let (tile, first, count) =
                Tile::of_node(level, index, self.state.size).expect("a subtree of this log");
            if let (Layer::Hashes(level), false) = (tile.layer, tile.is_whole()) {
                return Ok(tile::fold(&self.state.edge[usize::from(level)][first..first + count]));
            }
            if let std::collections::btree_map::Entry::Vacant(place) = read.entry(tile) {
                place.insert(self.hashes(&tile)?);
            }
            Ok(tile::fold(&read[&tile][first..first + count]))
        }
    }

    fn broken(&self, tile: &Tile, error: &servanda_ledger::Error) -> Error {
        broken(&self.dir, &tile.path(), error)
    }

    fn hashes(&self, tile: &Tile) -> Result<Vec<Hash>, Error> {
        let (bytes, held) = self.read_tile(tile, WIDTH * 32)?;
        let mut hashes = held.hashes(&bytes).map_err(|e| self.broken(tile, &e))?;
        hashes.truncate(usize::from(tile.width));
        Ok(hashes)
    }

    fn entries(&self, tile: &Tile) -> Result<Vec<Vec<u8>>, Error> {
        let (bytes, held) = self.read_tile(tile, tile::LARGEST_BUNDLE as u64)?;
        let entries = held.entries(&bytes).map_err(|e| self.broken(tile, &e))?;
        Ok(entries.into_iter().take(usize::from(tile.width)).map(<[u8]>::to_vec).collect())
    }

    /// The bytes of a tile, or of the whole tile where that is what has become of it.
    fn read_tile(&self, tile: &Tile, most: u64) -> Result<(Vec<u8>, Tile), Error> {
        let missing = match read(&self.dir, &tile.path(), most) {
            Err(e) if e.is_not_found() => e,
            bytes => return Ok((bytes?, *tile)),
        };
        let whole = Tile::whole(tile.layer, tile.index);
        match read(&self.dir, &whole.path(), most) {
            Err(e) if e.is_not_found() => Err(Error::integrity(format!("{missing}"))),
            bytes => Ok((bytes?, whole)),
        }
    }
}

/// Reads a log's file for [`servanda_ledger::audit::log`]: nothing where it is not there.
///
/// # Errors
/// Where the system refuses, or the file is larger than any file of a log.
pub fn read_file(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
    match read(dir, name, tile::LARGEST_BUNDLE as u64) {
        Err(e) if e.is_not_found() => Ok(None),
        bytes => bytes.map(Some),
    }
}

/// A log is signed by an ordinary key; a witness by one for cosignatures.
fn suits(signer: &LogKey) -> Result<(), Error> {
    match signer.public().algorithm() {
        Algorithm::Note => Ok(()),
        Algorithm::Cosignature => {
            Err(Error::new(Kind::Settings, format!("`{}` is the key of a witness", signer.public().short()))
                .help("a log has a key of its own"))
        }
    }
}

fn broken(dir: &Path, name: &str, error: &servanda_ledger::Error) -> Error {
    Error::integrity(format!("`{}`: {error}", dir.join(name).display()))
}

/// A file of at most so many bytes.
fn read(dir: &Path, name: &str, most: u64) -> Result<Vec<u8>, Error> {
    let path = dir.join(name);
    let mut bytes = Vec::new();
    let file = fs::File::open(&path).map_err(|e| Error::io("read", &path, e))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| Error::io("read", &path, e))?;
    match bytes.len() as u64 > most {
        true => Err(Error::integrity(format!("`{}` is larger than {most} bytes", path.display()))),
        false => Ok(bytes),
    }
}

fn read_note(dir: &Path, name: &str) -> Result<Note, Error> {
    let bytes = read(dir, name, servanda_ledger::note::LARGEST as u64)?;
    Note::parse(&bytes).map_err(|e| broken(dir, name, &e))
}

fn lock(dir: &Path) -> Result<fs::File, Error> {
    let path = dir.join("lock");
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|e| Error::io("write", &path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            Err(Error::new(Kind::Busy, format!("another program may append to `{}`", dir.display()))
                .help("wait until it has ended, then run this again"))
        }
        Err(fs::TryLockError::Error(e)) => Err(Error::io("lock", &path, e)),
    }
}
