//! The files of a log, as C2SP tlog-tiles lays them out: tiles of 256 hashes, bundles of 256 entries, and their paths.
//!
//! It opens no file. It does not compress, and it does not prune.
//!
//! Invariants
//! - a tile of width W is exactly W × 32 bytes; a bundle holds exactly as many entries as its width says;
//! - a path and its [`Tile`] are two writings of one thing: every tile has one path, and no other path is accepted.
//!
//! Where to start reading: [`Tile`].
//!
//! # Source
//! C2SP tlog-tiles.

use crate::error::{Error, shown};
use crate::tree::{Hash, node_hash};

/// Hashes in a whole tile, entries in a whole bundle.
pub const WIDTH: u64 = 256;

/// Levels of the tree that one tile spans.
pub const HEIGHT: u8 = 8;

/// The longest entry, in bytes: its length is written in two.
pub const LONGEST_ENTRY: usize = 65_535;

/// The largest bundle, in bytes.
pub const LARGEST_BUNDLE: usize = (LONGEST_ENTRY + 2) * WIDTH as usize;

/// What a tile holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Layer {
    /// The entries themselves, in bundles.
    Entries,
    /// Hashes: of leaves at level 0, of whole tiles of the level below at the others. At most 7, since 256^8 = 2^64.
    Hashes(u8),
}

/// One file of the log: which layer, which number in it, how many hashes or entries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Tile {
    /// Entries or hashes of a level.
    pub layer: Layer,
    /// Its number in the layer, from 0.
    pub index: u64,
    /// How much it holds: 1 to 256, where 256 is whole.
    pub width: u16,
}

impl Tile {
    /// The whole tile with that number.
    pub fn whole(layer: Layer, index: u64) -> Tile {
        Tile { layer, index, width: WIDTH as u16 }
    }

    /// The tile with that number in a tree of that size, as wide as the tree fills it; none where the tree does not reach.
    pub fn within(layer: Layer, index: u64, size: u64) -> Option<Tile> {
        let level = match layer {
            Layer::Entries => 0,
            Layer::Hashes(level) => level,
        };
        let hashes = size.checked_shr(u32::from(level) * u32::from(HEIGHT)).unwrap_or(0);
        let before = index.checked_mul(WIDTH)?;
        let width = hashes.checked_sub(before)?.min(WIDTH);
        (width > 0).then_some(Tile { layer, index, width: width as u16 })
    }

    /// The tile that holds what the subtree of 2^`level` leaves with that number is hashed from, in a tree of that size,
    /// with the first hash and their number; none where the tree has no such subtree.
    pub fn of_node(level: u8, index: u64, size: u64) -> Option<(Tile, usize, usize)> {
        if level >= 64 || index >= size >> level {
            return None;
        }
        let inside = level % HEIGHT;
        let first = index << inside;
        let tile = Tile::within(Layer::Hashes(level / HEIGHT), first / WIDTH, size)?;
        Some((tile, (first % WIDTH) as usize, 1 << inside))
    }

    /// The tiles and the bundle that a tree of that size ends with and that are not whole.
    pub fn partial(size: u64) -> Vec<Tile> {
        let last = |layer, hashes: u64| Tile::within(layer, hashes / WIDTH, size);
        let mut tiles: Vec<Tile> = last(Layer::Entries, size).into_iter().collect();
        for level in 0..HEIGHT {
            tiles.extend(last(Layer::Hashes(level), size >> (u32::from(level) * u32::from(HEIGHT))));
        }
        tiles
    }

    /// Whether it is full.
    pub fn is_whole(&self) -> bool {
        u64::from(self.width) == WIDTH
    }

    /// Its path in the log: `tile/0/x001/x234/067`, `tile/entries/000.p/5`.
    pub fn path(&self) -> String {
        let mut number = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1000);
            rest /= 1000;
        }
        let layer = match self.layer {
            Layer::Entries => "entries".to_string(),
            Layer::Hashes(level) => level.to_string(),
        };
        match self.is_whole() {
            true => format!("tile/{layer}/{number}"),
            false => format!("tile/{layer}/{number}.p/{}", self.width),
        }
    }

    /// The tile with that path.
    ///
    /// # Errors
    /// [`Error::is_malformed`] for every other text.
    pub fn from_path(path: &str) -> Result<Tile, Error> {
        let tile = Tile::loosely(path).filter(|tile| tile.path() == path);
        tile.ok_or_else(|| Error::malformed(format!("{} is no path of a tile", shown(path))))
    }

    fn loosely(path: &str) -> Option<Tile> {
        let (layer, number) = path.strip_prefix("tile/")?.split_once('/')?;
        let layer = match layer {
            "entries" => Layer::Entries,
            level => Layer::Hashes(level.parse().ok().filter(|level| *level < HEIGHT)?),
        };
        let (number, width) = match number.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|w| (1..256).contains(w))?),
            None => (number, WIDTH as u16),
        };
        let mut index: u64 = 0;
        for part in number.split('/') {
            let digits: u64 = part.trim_start_matches('x').parse().ok().filter(|d| *d < 1000)?;
            index = index.checked_mul(1000)?.checked_add(digits)?;
        }
        Some(Tile { layer, index, width })
    }

    /// Reads its hashes.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where the bytes are not exactly as many as its width asks for.
    pub fn hashes(&self, bytes: &[u8]) -> Result<Vec<Hash>, Error> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.len() != usize::from(self.width) || !rest.is_empty() {
            let expected = usize::from(self.width) * 32;
            let path = self.path();
            return Err(Error::malformed(format!("`{path}` has {} bytes and not {expected}", bytes.len())));
        }
        Ok(hashes.to_vec())
    }

    /// Reads its entries.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where the bytes end early, or go on after the last entry.
    pub fn entries<'a>(&self, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, Error> {
        let mut rest = bytes;
        let mut entries = Vec::with_capacity(usize::from(self.width));
        for _ in 0..self.width {
            let entry = rest.split_first_chunk::<2>().and_then(|(length, after)| {
                let length = usize::from(u16::from_be_bytes(*length));
                let entry = after.get(..length)?;
                rest = &after[length..];
                Some(entry)
            });
            let ended = || Error::malformed(format!("`{}` ends before entry {}", self.path(), entries.len()));
            entries.push(entry.ok_or_else(ended)?);
        }
        if !rest.is_empty() {
            return Err(Error::malformed(format!("`{}` goes on after its last entry", self.path())));
        }
        Ok(entries)
    }
}

/// Adds an entry to a bundle.
///
/// # Errors
/// [`Error::is_malformed`] where it is longer than [`LONGEST_ENTRY`].
pub fn add_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), Error> {
    let Ok(length) = u16::try_from(entry.len()) else {
        return Err(Error::malformed(format!(
            "an entry has {} bytes, and {LONGEST_ENTRY} is the most; keep the payload beside the log",
            entry.len()
        )));
    };
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The root of a whole subtree from the hashes below it, whose number is a power of two.
///
/// # Panics
/// Where it is not.
pub fn fold(hashes: &[Hash]) -> Hash {
    assert!(hashes.len().is_power_of_two(), "a whole subtree has a power of two of leaves");
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        let half = row.len() / 2;
        for i in 0..half {
            row[i] = node_hash(&row[2 * i], &row[2 * i + 1]);
        }
        row.truncate(half);
    }
    row[0]
}
