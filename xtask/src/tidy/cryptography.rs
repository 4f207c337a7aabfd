//! Which cryptography is linked is written down: a crate that by its name does any, in any lock file of ours, stands in
//! `docs/reference/cryptography.md`, and every crate that stands there is in a lock file.
//!
//! It goes by names, which is what a lock file has: a crate that hides what it does behind another name is found by whoever reviews a new
//! dependency, and not here.

use super::Finding;
use crate::tree::Tree;
use std::collections::BTreeSet;

const INVENTORY: &str = "docs/reference/cryptography.md";

/// Words of names, between hyphens and underlines, without digits at their end.
const WORDS: [&str; 77] = [
    "aead",
    "aes",
    "age",
    "argon",
    "aws",
    "bcrypt",
    "blake",
    "blowfish",
    "boring",
    "boringssl",
    "botan",
    "camellia",
    "cbc",
    "ccm",
    "chacha",
    "cipher",
    "cmac",
    "crypto",
    "cryptography",
    "ctr",
    "curve",
    "dalek",
    "der",
    "des",
    "digest",
    "dsa",
    "ecb",
    "ecdh",
    "ecdsa",
    "ed",
    "elliptic",
    "gcm",
    "getrandom",
    "ghash",
    "hash",
    "hkdf",
    "hmac",
    "hpke",
    "inout",
    "jose",
    "jsonwebtoken",
    "jwt",
    "kdf",
    "keccak",
    "kem",
    "libsodium",
    "md",
    "minisign",
    "mlkem",
    "noise",
    "nonce",
    "openssl",
    "orion",
    "password",
    "pbkdf",
    "pgp",
    "pkcs",
    "polyval",
    "rand",
    "random",
    "rcgen",
    "ring",
    "ripemd",
    "rsa",
    "rustls",
    "salsa",
    "scram",
    "scrypt",
    "sequoia",
    "sha",
    "signature",
    "sodiumoxide",
    "subtle",
    "tls",
    "untrusted",
    "webpki",
    "zeroize",
];
/// And parts of names.
const PARTS: [&str; 10] =
    ["crypt", "chacha", "poly1305", "25519", "keccak", "x509", "openssl", "siphash", "hasher", "yasna"];

/// Whether a crate of that name does cryptography, by its name.
fn sounds_like_it(name: &str) -> bool {
    let word = |part: &str| WORDS.contains(&part.trim_end_matches(|c: char| c.is_ascii_digit()));
    name.split(['-', '_']).any(word) || PARTS.iter().any(|part| name.contains(part))
}

/// The packages of a lock file.
fn packages(lock: &str) -> impl Iterator<Item = &str> {
    lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
}

/// The crates in the first column of the tables whose head begins with `crates`, with their lines.
fn listed(text: &str) -> Vec<(usize, &str)> {
    let (mut all, mut inside) = (Vec::new(), false);
    for (number, line) in text.lines().enumerate() {
        let Some(row) = line.strip_prefix('|') else {
            inside = false;
            continue;
        };
        let first = row.split('|').next().unwrap_or_default().trim();
        inside |= first == "crates";
        if inside {
            all.extend(first.split('`').skip(1).step_by(2).map(|name| (number + 1, name)));
        }
    }
    all
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(inventory) = tree.text(INVENTORY) else { return Vec::new() };
    let listed = listed(inventory);
    let mut linked = BTreeSet::new();
    let mut findings = Vec::new();
    for (path, lock) in tree.texts("Cargo.lock") {
        for name in packages(lock) {
            linked.insert(name);
            if sounds_like_it(name) && !listed.iter().any(|(_, known)| *known == name) {
                findings.push(Finding {
                    path: path.to_string(),
                    line: 0,
                    rule: "cryptography",
                    reason: format!("`{name}` does cryptography, by its name, and stands not in {INVENTORY}"),
                    remedy: "say there what it is for, or that it keeps no secret".to_string(),
                });
            }
        }
    }
    for (line, name) in listed.into_iter().filter(|(_, name)| !linked.contains(name)) {
        findings.push(Finding {
            path: INVENTORY.to_string(),
            line,
            rule: "cryptography",
            reason: format!("`{name}` is in no lock file"),
            remedy: "take it out of the table".to_string(),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# It\n\n| crates | for what |\n|---|---|\n| `sha2`, `ring` | hashes |\n\n| key | `not-a-crate` |\n|---|---|\n";

    /// ASVS 5.0: 11.1.3 (cryptography is searched for).
    #[test]
    fn v11_1_3_a_crate_of_cryptography_that_is_not_written_down_is_found() {
        let lock = |names: &[&str]| -> String {
            names
                .iter()
                .map(|name| format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n"))
                .collect()
        };
        let found = |names: &[&str]| {
            let lock = lock(names);
            let tree = Tree::of(&[(INVENTORY, TABLE), ("Cargo.lock", &lock)]);
            check(&tree)
                .iter()
                .map(|finding| finding.reason.split('`').nth(1).unwrap().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            found(&["sha2", "ring", "serde", "shared", "string-cache", "destroy"]),
            Vec::<String>::new()
        );
        for name in [
            "aes-gcm",
            "rsa",
            "md-5",
            "openssl-sys",
            "p256-ecdsa",
            "chacha20",
            "tiny-keccak",
            "x509-cert",
            "aws-lc-rs",
        ] {
            assert_eq!(found(&["sha2", "ring", name]), [name]);
        }
        assert_eq!(found(&["sha2"]), ["ring"], "a row whose crate is gone");
    }
}
