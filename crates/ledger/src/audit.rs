//! The check of a whole log in one pass: every entry is hashed, every tile compared, every checkpoint held against the tree.
//!
//! It is handed a function that reads a file of the log, and reads each once, in order; it keeps one tile of each level and one line per
//! submitter. What it does not do: believe the log's own key. The policy comes from whoever asks.
//!
//! Invariants
//! - every byte of every tile and entry that the checkpoint covers takes part: a changed one is found, and its file named;
//! - a log that was set back, or forked, is found wherever a checkpoint of its past is handed in;
//! - an entry that claims a time long before what the witnesses had seen without it is found.
//!
//! Where to start reading: [`log`].

use crate::error::Error;
use crate::leaf::Leaf;
use crate::note::Note;
use crate::policy::{Policy, Witnessed};
use crate::tile::{HEIGHT, Layer, Tile, WIDTH, fold};
use crate::tree::{Edge, Hash, leaf_hash, sha256};
use std::collections::BTreeMap;

/// How an audit is to be made.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Who must have signed.
    pub policy: &'a Policy,
    /// The newest checkpoint must have been witnessed as the policy says; else it is enough that the log has signed it, and
    /// that the witnessed checkpoint, where there is one, is of its past.
    pub newest_witnessed: bool,
    /// Entries are leaves of ours: their numbers and chains are checked.
    pub leaves: bool,
    /// How much older than its neighbours an entry may say it is, in milliseconds: intake may hand entries on out of order, and a
    /// receipt may come some time before the checkpoint.
    pub late_ms: i64,
    /// A signature by a key that the policy does not know is a finding. The formats have readers ignore such signatures;
    /// whoever keeps the log knows all who sign, and wants to hear of others.
    pub no_strangers: bool,
    /// Checkpoints that somebody kept; each must be of this log's past.
    pub earlier: Vec<Note>,
}

/// What an audit found. The log is whole if [`Report::findings`] is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Entries that were read.
    pub entries: u64,
    /// Bytes of entries.
    pub bytes: u64,
    /// Entries by kind.
    pub kinds: BTreeMap<String, u64>,
    /// Submitters, with the number of the last submission.
    pub submitters: BTreeMap<String, u64>,
    /// The newest checkpoint that counts by the policy, if there is one.
    pub witnessed: Option<Witnessed>,
    /// What is wrong, the first hundred.
    pub findings: Vec<Finding>,
    /// How many more there were.
    pub more: u64,
}

/// One thing that is wrong, and which check caught it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// Where: a file, or an entry.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// What was checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Check {
    /// A file is there and has the form of its format.
    Form,
    /// A signature of a known key fits, and the policy is met.
    Signature,
    /// An entry has the hash that the tile of leaf hashes says.
    Entry,
    /// A tile follows from the one below.
    Tile,
    /// The tree has the checkpoint's root.
    Root,
    /// An earlier checkpoint is of this log's past.
    Past,
    /// A submitter's numbers have no gap, and each leaf names the one before.
    Chain,
    /// The times of entries go with each other and with what the witnesses saw.
    Time,
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Check::Form => "form",
            Check::Signature => "signature",
            Check::Entry => "entry",
            Check::Tile => "tile",
            Check::Root => "root",
            Check::Past => "past",
            Check::Chain => "chain",
            Check::Time => "time",
        })
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}] {}: {}", self.check, self.place, self.what)
    }
}

const MOST_FINDINGS: usize = 100;

impl Report {
    fn find(&mut self, check: Check, place: impl Into<String>, what: impl Into<String>) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { check, place: place.into(), what: what.into() });
        } else {
            self.more += 1;
        }
    }
}

/// A checkpoint whose root is awaited at its size.
struct Awaited {
    place: String,
    check: Check,
    size: u64,
    root: Hash,
    /// When witnesses saw it, the latest of them, in milliseconds.
    seen_ms: Option<i64>,
}

/// Checks the log whose files `read` finds by their paths: `Ok(None)` where a file is not there. The paths are `checkpoint`,
/// `witnessed`, `proposed`, `vkey` and those of [`Tile::path`].
///
/// # Errors
/// Those of `read` only: what is wrong with the log stands in the report.
pub fn log<E>(mut read: impl FnMut(&str) -> Result<Option<Vec<u8>>, E>, asked: &Asked) -> Result<Report, E> {
    let mut report = Report::default();
    let mut awaited = Vec::new();
    let Some(newest) = heads(&mut read, asked, &mut report, &mut awaited)? else { return Ok(report) };
    awaited.sort_by_key(|awaited| awaited.size);
    let size = newest.size;
    let mut tree = Tree { levels: Default::default(), edge: Edge::new(), read, size };
    let mut people = People::default();
    let mut awaited = awaited.into_iter().peekable();
    let mut seen: Option<i64> = None;
    for number in 0..size.div_ceil(WIDTH) {
        let tile = Tile::within(Layer::Entries, number, size).expect("a bundle of this log");
        let bytes = tree.file(&tile, &mut report)?;
        let entries = bytes.as_ref().map(|(bytes, held)| held.entries(bytes));
        let mut entries = match entries {
            Some(Ok(entries)) => entries,
            Some(Err(e)) => {
                report.find(Check::Form, tile.path(), e.to_string());
                Vec::new()
            }
            None => Vec::new(),
        };
        entries.truncate(usize::from(tile.width));
        let hashes: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let kept = tree.tile(Tile { layer: Layer::Hashes(0), ..tile }, &mut report)?;
        // Without the entries, or against them, the tree is computed from what the tile says: so one damage is one finding.
        let leaves = match (&kept, entries.is_empty()) {
            (Some(kept), true) => kept.clone(),
            (Some(kept), false) => {
                for (index, _) in hashes.iter().zip(kept).enumerate().filter(|(_, (hash, kept))| hash != kept)
                {
                    let index = number * WIDTH + index as u64;
                    report.find(
                        Check::Entry,
                        format!("entry {index}"),
                        format!(
                            "its bytes in `{}` have not the hash in `{}`",
                            tile.path(),
                            Tile { layer: Layer::Hashes(0), ..tile }.path()
                        ),
                    );
                }
                hashes
            }
            (None, _) => hashes,
        };
        if leaves.is_empty() {
            // Neither entries nor hashes: nothing after it can be checked, however large the checkpoint says the log is.
            break;
        }
        for at in 0..leaves.len() {
            let index = number * WIDTH + at as u64;
            while let Some(due) = awaited.next_if(|awaited| awaited.size <= index) {
                if due.size == index {
                    due.compare(&tree.edge_with(&leaves[..at]), &mut report);
                }
                seen = seen.max(due.seen_ms);
            }
            if let Some(entry) = entries.get(at) {
                report.entries += 1;
                report.bytes += entry.len() as u64;
                if asked.leaves {
                    people.entry(index, entry, seen, asked.late_ms, &mut report);
                }
            }
        }
        tree.add(leaves, &mut report)?;
    }
    tree.partial(&mut report)?;
    let root = tree.edge.root();
    for due in awaited {
        match due.size == size && tree.edge.size() == size {
            true => due.compare(&root, &mut report),
            false => report.find(
                due.check,
                due.place.clone(),
                format!(
                    "it has {} entries, and this log only {}: the log was set back, or is another",
                    due.size,
                    tree.edge.size()
                ),
            ),
        }
    }
    report.submitters = people.last.into_iter().map(|(name, (number, _))| (name, number)).collect();
    Ok(report)
}

/// Reads the checkpoints and says which roots they await.
fn heads<E>(
    read: &mut impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
    asked: &Asked,
    report: &mut Report,
    awaited: &mut Vec<Awaited>,
) -> Result<Option<crate::checkpoint::Checkpoint>, E> {
    let Some(bytes) = read("checkpoint")? else {
        report.find(Check::Form, "checkpoint", "it is missing");
        return Ok(None);
    };
    let note = match Note::parse(&bytes) {
        Ok(note) => note,
        Err(e) => {
            report.find(Check::Form, "checkpoint", e.to_string());
            return Ok(None);
        }
    };
    let policy = asked.policy;
    strangers("checkpoint", &note, asked, report);
    let (newest, key) = match policy.signed_by_log(&note) {
        Ok(signed) => signed,
        Err(e) => {
            report.find(kind(&e), "checkpoint", e.to_string());
            return Ok(None);
        }
    };
    let mut witnessed = Vec::new();
    match policy.verify(&note) {
        Ok(counts) => witnessed.push(counts),
        Err(e) if e.is_policy() && !asked.newest_witnessed => {}
        Err(e) => report.find(kind(&e), "checkpoint", e.to_string()),
    }
    let first = Awaited {
        place: "checkpoint".into(),
        check: Check::Root,
        size: newest.size,
        root: newest.root,
        seen_ms: None,
    };
    awaited.push(first);
    if let Some(vkey) = read("vkey")?
        && vkey != format!("{key}\n").as_bytes()
    {
        report.find(Check::Signature, "vkey", "it is not the log's key in the policy");
    }
    let mut others = Vec::new();
    for name in ["witnessed", "proposed"] {
        match read(name)?.map(|bytes| Note::parse(&bytes)) {
            None => {}
            Some(Err(e)) => report.find(Check::Form, name, e.to_string()),
            Some(Ok(note)) => {
                strangers(name, &note, asked, report);
                others.push((name.to_string(), note, name == "witnessed"));
            }
        }
    }
    others.extend(
        asked
            .earlier
            .iter()
            .enumerate()
            .map(|(i, note)| (format!("earlier checkpoint {}", i + 1), note.clone(), false)),
    );
    for (place, note, must_count) in others {
        let signed = match policy.verify(&note) {
            Ok(counts) => {
                let checkpoint = counts.checkpoint.clone();
                let latest = counts.cosigned.values().max().copied();
                witnessed.push(counts);
                Ok((checkpoint, latest))
            }
            Err(e) if e.is_policy() && !must_count => {
                policy.signed_by_log(&note).map(|(checkpoint, _)| (checkpoint, None))
            }
            Err(e) => Err(e),
        };
        match signed {
            Ok((checkpoint, _)) if checkpoint.origin != newest.origin => {
                report.find(Check::Past, place, format!("it is of another log, `{}`", checkpoint.origin));
            }
            Ok((checkpoint, latest)) => {
                let seen_ms = latest.and_then(|s| i64::try_from(s).ok()).and_then(|s| s.checked_mul(1000));
                awaited.push(Awaited {
                    place,
                    check: Check::Past,
                    size: checkpoint.size,
                    root: checkpoint.root,
                    seen_ms,
                });
            }
            Err(e) => report.find(kind(&e), place, e.to_string()),
        }
    }
    report.witnessed = witnessed.into_iter().max_by_key(|counts| counts.checkpoint.size);
    Ok(Some(newest))
}

/// Signatures in the log's own files by keys that the policy does not know.
fn strangers(place: &str, note: &Note, asked: &Asked, report: &mut Report) {
    let policy = asked.policy;
    let known = |name: &str, id: [u8; 4]| {
        policy
            .logs()
            .chain(policy.witnesses().iter().map(|w| &w.key))
            .any(|key| key.name() == name && key.id() == id)
    };
    for signature in note.signatures().iter().filter(|s| asked.no_strangers && !known(&s.name, s.id)) {
        report.find(
            Check::Signature,
            place,
            format!("it is signed by `{}`, whose key the policy does not know", signature.name),
        );
    }
}

fn kind(error: &Error) -> Check {
    if error.is_malformed() { Check::Form } else { Check::Signature }
}

impl Awaited {
    fn compare(&self, root: &Hash, report: &mut Report) {
        if *root != self.root {
            let what = match self.check {
                Check::Past => "the log had another root at this size: it was forked, or changed since",
                _ => "the tree has another root",
            };
            report.find(self.check, self.place.clone(), format!("size {}: {what}", self.size));
        }
    }
}

/// The tree as it is computed, and the files that it is compared with.
struct Tree<R> {
    /// Hashes of the tile of each level that is not whole yet.
    levels: [Vec<Hash>; HEIGHT as usize],
    edge: Edge,
    read: R,
    size: u64,
}

impl<E, R: FnMut(&str) -> Result<Option<Vec<u8>>, E>> Tree<R> {
    /// A tile's file, or that of the whole tile that it has become while the log grew.
    fn file(&mut self, tile: &Tile, report: &mut Report) -> Result<Option<(Vec<u8>, Tile)>, E> {
        if let Some(bytes) = (self.read)(&tile.path())? {
            return Ok(Some((bytes, *tile)));
        }
        let whole = Tile::whole(tile.layer, tile.index);
        let bytes = if tile.is_whole() { None } else { (self.read)(&whole.path())? };
        if bytes.is_none() {
            report.find(Check::Form, tile.path(), "it is missing");
        }
        Ok(bytes.map(|bytes| (bytes, whole)))
    }

    fn tile(&mut self, tile: Tile, report: &mut Report) -> Result<Option<Vec<Hash>>, E> {
        let Some((bytes, held)) = self.file(&tile, report)? else { return Ok(None) };
        match held.hashes(&bytes) {
            Ok(mut hashes) => {
                hashes.truncate(usize::from(tile.width));
                Ok(Some(hashes))
            }
            Err(e) => {
                report.find(Check::Form, tile.path(), e.to_string());
                Ok(None)
            }
        }
    }

    /// The root with these leaves, which are fewer than a tile, after all that was added.
    fn edge_with(&self, leaves: &[Hash]) -> Hash {
        let mut edge = self.edge.clone();
        leaves.iter().for_each(|leaf| edge.push(*leaf));
        edge.root()
    }

    /// Adds the leaves of a bundle, and compares the tiles above that have become whole.
    fn add(&mut self, leaves: Vec<Hash>, report: &mut Report) -> Result<(), E> {
        if (leaves.len() as u64) < WIDTH {
            // The last ones, or a gap that was found already.
            leaves.iter().for_each(|leaf| self.edge.push(*leaf));
            self.levels[0] = leaves;
            return Ok(());
        }
        let mut root = fold(&leaves);
        if self.edge.size().is_multiple_of(WIDTH) {
            self.edge.push_whole(HEIGHT, root);
        }
        for level in 1..self.levels.len() {
            self.levels[level].push(root);
            if (self.levels[level].len() as u64) < WIDTH {
                break;
            }
            let computed = std::mem::take(&mut self.levels[level]);
            root = fold(&computed);
            let above = u32::from(HEIGHT) * (level as u32 + 1);
            let index = self.edge.size().checked_shr(above).unwrap_or(0).saturating_sub(1);
            self.compare(Tile::whole(Layer::Hashes(level as u8), index), &computed, report)?;
        }
        Ok(())
    }

    /// Compares the tiles above the leaves that are not whole.
    fn partial(&mut self, report: &mut Report) -> Result<(), E> {
        for tile in Tile::partial(self.size) {
            if let Layer::Hashes(level @ 1..) = tile.layer {
                let computed = std::mem::take(&mut self.levels[usize::from(level)]);
                self.compare(tile, &computed, report)?;
            }
        }
        Ok(())
    }

    fn compare(&mut self, tile: Tile, computed: &[Hash], report: &mut Report) -> Result<(), E> {
        if let Some(kept) = self.tile(tile, report)?
            && kept != computed
        {
            report.find(Check::Tile, tile.path(), "it does not follow from the tiles below");
        }
        Ok(())
    }
}

/// What the entries say of those who submitted them.
#[derive(Default)]
struct People {
    last: BTreeMap<String, (u64, Hash)>,
    newest_ms: Option<i64>,
}

impl People {
    fn entry(&mut self, index: u64, bytes: &[u8], seen_ms: Option<i64>, late_ms: i64, report: &mut Report) {
        let place = || format!("entry {index}");
        let leaf = match Leaf::from_bytes(bytes) {
            Ok(leaf) => leaf,
            Err(e) => return report.find(Check::Form, place(), e.to_string()),
        };
        let last = self.last.get(&leaf.submitter);
        let (before, previous) = last.copied().unwrap_or((0, crate::leaf::NO_PREVIOUS));
        if leaf.number != before + 1 {
            report.find(
                Check::Chain,
                place(),
                format!(
                    "it is number {} of `{}`, and the one before was number {before}",
                    leaf.number, leaf.submitter
                ),
            );
        } else if leaf.previous != previous {
            report.find(
                Check::Chain,
                place(),
                format!("it names another leaf of `{}` as the one before than stands there", leaf.submitter),
            );
        }
        let limit = |ms: i64| ms.saturating_sub(late_ms);
        if seen_ms.is_some_and(|seen| leaf.received_ms < limit(seen)) {
            report.find(
                Check::Time,
                place(),
                "it says that it was received long before the witnesses saw the log without it",
            );
        } else if self.newest_ms.is_some_and(|newest| leaf.received_ms < limit(newest)) {
            report.find(
                Check::Time,
                place(),
                "it says that it was received long before an entry that stands before it",
            );
        }
        self.newest_ms = self.newest_ms.max(Some(leaf.received_ms));
        *report.kinds.entry(leaf.kind).or_default() += 1;
        self.last.insert(leaf.submitter, (leaf.number, sha256(bytes)));
    }
}
