//! The Merkle tree of RFC 6962 and RFC 9162: how entries are hashed, what a proof is, and how one is checked.
//!
//! It knows no files: whoever makes a proof hands in a function that finds the hash of a whole subtree. It does not
//! say which root is to be trusted; that is the business of [`crate::checkpoint`] and [`crate::policy`].
//!
//! Invariants
//! - an entry and an inner node are hashed with different prefixes, so that neither passes for the other;
//! - a proof is checked for its exact length: what is left over is as wrong as what is missing;
//! - the size is a `u64` from outside and no arithmetic on it overflows.
//!
//! Where to start reading: [`root`], which is the definition; the rest is that, faster.

use crate::error::Error;
use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The root of a tree without entries: the hash of nothing.
pub const EMPTY: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The hash of an entry as a leaf of the tree.
///
/// # Source
/// RFC 9162, 2.1.1: `HASH(0x00 || d[0])`.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(entry);
    hasher.finalize().into()
}

/// The hash of two subtrees.
///
/// # Source
/// RFC 9162, 2.1.1: `HASH(0x01 || left || right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The root over leaf hashes: the definition.
///
/// # Source
/// RFC 9162, 2.1.1.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len() as u64) as usize);
            node_hash(&root(left), &root(right))
        }
    }
}

/// The largest power of two below `n`, which is at least 2.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// The right edge of a growing tree: the roots of its whole subtrees, from left to right.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Edge {
    size: u64,
    peaks: Vec<Hash>,
}

impl Edge {
    /// The edge of an empty tree.
    pub fn new() -> Edge {
        Edge::default()
    }

    /// Adds one leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_whole(0, leaf);
    }

    /// Adds a whole subtree of 2^`level` leaves at once.
    ///
    /// # Panics
    /// Where the size is no multiple of 2^`level`: such a subtree has no place there.
    pub fn push_whole(&mut self, level: u8, root: Hash) {
        let width = 1_u64 << level;
        assert!(self.size.is_multiple_of(width), "a subtree begins at a multiple of its width");
        let mut hash = root;
        let mut left = self.size >> level;
        while left & 1 == 1 {
            let peak = self.peaks.pop().expect("a peak for every bit of the size");
            hash = node_hash(&peak, &hash);
            left >>= 1;
        }
        self.peaks.push(hash);
        self.size += width;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return EMPTY };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The root over the leaves `start..end`, which is a subtree of the tree's definition; `node` finds the hash of the whole
/// subtree of 2^level leaves with that number at its level.
fn range<E>(start: u64, end: u64, node: &mut impl FnMut(u8, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    let n = end - start;
    if n.is_power_of_two() {
        let level = n.trailing_zeros() as u8;
        return node(level, start >> level);
    }
    let middle = start + split(n);
    Ok(node_hash(&range(start, middle, node)?, &range(middle, end, node)?))
}

/// The root of a tree of that size, from the hashes of whole subtrees: `node(level, index)` is the root over the
/// leaves `index * 2^level .. (index + 1) * 2^level`.
///
/// # Errors
/// Those of `node`.
pub fn root_at<E>(size: u64, mut node: impl FnMut(u8, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    if size == 0 { Ok(EMPTY) } else { range(0, size, &mut node) }
}

/// The inclusion proof of a leaf, the leaf's sibling first.
///
/// # Errors
/// Those of `node`.
///
/// # Panics
/// Where the tree has no such leaf.
///
/// # Source
/// RFC 9162, 2.1.3.1.
pub fn inclusion<E>(
    index: u64,
    size: u64,
    mut node: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    assert!(index < size, "the tree has no such leaf");
    let (mut start, mut end) = (0, size);
    let mut siblings = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((start, middle));
            start = middle;
        }
    }
    siblings.into_iter().rev().map(|(start, end)| range(start, end, &mut node)).collect()
}

/// The proof that the tree of size `new` continues the one of size `old`. Empty where `old` is 0 or equals `new`.
///
/// # Errors
/// Those of `node`.
///
/// # Panics
/// Where `old` is larger than `new`.
///
/// # Source
/// RFC 9162, 2.1.4.1.
pub fn consistency<E>(
    old: u64,
    new: u64,
    mut node: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    assert!(old <= new, "a tree does not shrink");
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, new);
    let mut parts = Vec::new();
    // Down to the last whole subtree that the old tree ends with.
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            parts.push((middle, end));
            end = middle;
        } else {
            parts.push((start, middle));
            start = middle;
        }
    }
    // Where that subtree is the whole old tree, the verifier has its root.
    if start > 0 {
        parts.push((start, end));
    }
    parts.into_iter().rev().map(|(start, end)| range(start, end, &mut node)).collect()
}

/// Checks that a leaf stands at `index` in the tree of that size and root.
///
/// # Errors
/// [`Error::is_proof`] where it does not follow from the proof.
///
/// # Source
/// RFC 9162, 2.1.3.2.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), Error> {
    if index >= size {
        return Err(Error::proof(format!("entry {index} is outside a tree of {size}")));
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(Error::proof(format!("the inclusion proof of entry {index} is too long")));
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(Error::proof(format!("the inclusion proof of entry {index} is too short")));
    }
    if hash != *root {
        return Err(Error::proof(format!("the inclusion proof of entry {index} does not lead to the root")));
    }
    Ok(())
}

/// Checks that the tree of size `new` continues the one of size `old`: nothing of it was removed or changed.
///
/// # Errors
/// [`Error::is_proof`] where that does not follow from the proof.
///
/// # Source
/// RFC 9162, 2.1.4.2. The empty tree is continued by every tree, with an empty proof (C2SP tlog-witness).
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::proof(format!("the consistency proof from {old} to {new} {what}")));
    if old > new {
        return Err(Error::proof(format!("a tree of {new} cannot continue one of {old}")));
    }
    if old == 0 || old == new {
        let expected = if old == 0 { &EMPTY } else { new_root };
        return match (proof.is_empty(), old_root == expected) {
            (true, true) => Ok(()),
            (false, _) => wrong("is too long"),
            (true, false) if old == new => {
                Err(Error::proof(format!("two trees of {old} have different roots: the log is forked")))
            }
            (true, false) => wrong("begins with a root that is not the empty tree's"),
        };
    }
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let mut proof = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { proof.next() };
    let Some(first) = first else { return wrong("is too short") };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for part in proof {
        if last == 0 {
            return wrong("is too long");
        }
        if at & 1 == 1 || at == last {
            old_hash = node_hash(part, &old_hash);
            new_hash = node_hash(part, &new_hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, part);
        }
        at >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return wrong("is too short");
    }
    if old_hash != *old_root {
        return wrong("does not lead to the old root");
    }
    if new_hash != *new_root {
        return wrong("does not lead to the new root");
    }
    Ok(())
}
