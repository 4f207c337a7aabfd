//! The tree against the published vectors of RFC 6962 and against an implementation by others.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use servanda_ledger::tile::fold;
use servanda_ledger::tree::{self, Edge, Hash};
use sha2::Sha256;
use std::convert::Infallible;

fn hex(text: &str) -> Hash {
    let byte = |i: usize| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap();
    std::array::from_fn(byte)
}

/// The eight entries and roots that Certificate Transparency's implementations test with.
#[test]
fn the_vectors_of_certificate_transparency() {
    let entries: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let leaves: Vec<Hash> = entries.iter().map(|entry| tree::leaf_hash(entry)).collect();
    assert_eq!(tree::root(&[]), tree::EMPTY);
    assert_eq!(tree::EMPTY, tree::sha256(b""));
    let mut edge = Edge::new();
    for (size, root) in (1..).zip(roots) {
        assert_eq!(tree::root(&leaves[..size]), hex(root), "size {size}");
        edge.push(leaves[size - 1]);
        assert_eq!(edge.root(), hex(root), "size {size}");
    }
}

fn entry(i: u64) -> Vec<u8> {
    tree::sha256(&i.to_be_bytes())[..(i % 32) as usize].to_vec()
}

fn nodes(leaves: &[Hash]) -> impl FnMut(u8, u64) -> Result<Hash, Infallible> {
    move |level, index| Ok(fold(&leaves[(index << level) as usize..((index + 1) << level) as usize]))
}

/// Every proof of every tree up to 40 entries, and of some larger ones, is byte for byte that of `ct-merkle`.
#[test]
fn proofs_are_those_of_another_implementation() {
    let mut other = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut leaves = Vec::new();
    for size in 1..=600_u64 {
        other.push(entry(size - 1));
        leaves.push(tree::leaf_hash(&entry(size - 1)));
        let root: Hash = (*other.root().as_bytes()).into();
        assert_eq!(tree::root(&leaves), root);
        let Ok(computed) = tree::root_at(size, nodes(&leaves));
        assert_eq!(computed, root);
        if size > 40 && ![63, 64, 65, 255, 256, 257, 300, 511, 512, 513, 600].contains(&size) {
            continue;
        }
        for index in 0..size {
            let Ok(proof) = tree::inclusion(index, size, nodes(&leaves));
            assert_eq!(proof.concat(), other.prove_inclusion(index as usize).as_bytes(), "{index} in {size}");
            tree::verify_inclusion(&leaves[index as usize], index, size, &proof, &root).unwrap();
        }
        for old in 1..size {
            let Ok(proof) = tree::consistency(old, size, nodes(&leaves));
            let theirs = other.prove_consistency((size - old) as usize);
            assert_eq!(proof.concat(), theirs.as_bytes(), "{old} to {size}");
            let old_root = tree::root(&leaves[..old as usize]);
            tree::verify_consistency(old, &old_root, size, &root, &proof).unwrap();
        }
    }
}

/// Whatever is changed about a proof, it does not hold any more.
#[test]
fn a_changed_proof_does_not_hold() {
    let leaves: Vec<Hash> = (0..70).map(|i| tree::leaf_hash(&entry(i))).collect();
    let mut tried = 0;
    for size in 1..=70_u64 {
        let root = tree::root(&leaves[..size as usize]);
        for index in 0..size {
            let leaf = leaves[index as usize];
            let Ok(proof) = tree::inclusion(index, size, nodes(&leaves[..size as usize]));
            let holds = |leaf: &Hash, index, size, proof: &[Hash], root: &Hash| {
                tree::verify_inclusion(leaf, index, size, proof, root).is_ok()
            };
            assert!(holds(&leaf, index, size, &proof, &root));
            for other in 0..size {
                assert!(other == index || !holds(&leaf, other, size, &proof, &root), "{index} as {other}");
            }
            assert!(!holds(&leaf, size, size, &proof, &root) && !holds(&leaf, u64::MAX, size, &proof, &root));
            assert!(!holds(&[0; 32], index, size, &proof, &root));
            assert!(!holds(&leaf, index, size, &proof, &[0; 32]));
            assert!(!holds(&leaf, index, size, &[&proof[..], &[root]].concat(), &root));
            for part in 0..proof.len() {
                let mut bad = proof.clone();
                bad[part][31] ^= 1;
                assert!(!holds(&leaf, index, size, &bad, &root));
                bad.remove(part);
                assert!(!holds(&leaf, index, size, &bad, &root));
                tried += 2;
            }
        }
        for old in 0..=size {
            let old_root = tree::root(&leaves[..old as usize]);
            let Ok(proof) = tree::consistency(old, size, nodes(&leaves[..size as usize]));
            let holds = |old, old_root: &Hash, size, root: &Hash, proof: &[Hash]| {
                tree::verify_consistency(old, old_root, size, root, proof).is_ok()
            };
            assert!(holds(old, &old_root, size, &root, &proof));
            assert!(!holds(old, &[1; 32], size, &root, &proof), "{old} to {size}");
            // The empty tree is continued by anything.
            assert_eq!(holds(old, &old_root, size, &[1; 32], &proof), old == 0);
            assert!(!holds(old, &old_root, size, &root, &[&proof[..], &[root]].concat()));
            assert!(!holds(size + 1, &old_root, size, &root, &proof));
            for part in 0..proof.len() {
                let mut bad = proof.clone();
                bad[part][0] ^= 0x80;
                assert!(!holds(old, &old_root, size, &root, &bad));
                bad.remove(part);
                assert!(!holds(old, &old_root, size, &root, &bad));
                tried += 2;
            }
        }
    }
    assert!(tried > 20_000, "{tried}");
}

/// Sizes that only an attacker names.
#[test]
fn huge_sizes_end_without_a_panic() {
    let hash = [7; 32];
    for size in [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) + 1, 1] {
        for other in [0, 1, 2, size / 2, size - 1, size] {
            for length in [1, 62, 63, 64, 65] {
                let proof = vec![hash; length];
                assert!(tree::verify_inclusion(&hash, other, size, &proof, &hash).is_err());
                assert!(tree::verify_consistency(other, &hash, size, &hash, &proof).is_err());
            }
            let _ = tree::verify_inclusion(&hash, other, size, &[], &hash);
            let _ = tree::verify_consistency(other, &hash, size, &hash, &[]);
        }
    }
}
