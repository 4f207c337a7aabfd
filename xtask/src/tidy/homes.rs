//! A heavy dependency lives in one room, and that is how a room is "the only one that knows" its protocol.
//!
//! Dev-dependencies are free, as in `rooms`: a test may compare with whatever it likes.

use super::Finding;
use crate::tree::Tree;

/// Package, the crates that may have it, and what it stands for.
const HOMES: &[(&str, &[&str], &str)] = &[
    ("axum", &["server"], "HTTP"),
    ("clap", &["servanda"], "the command line"),
    ("hyper", &["server"], "HTTP"),
    ("hyper-util", &["server"], "HTTP"),
    ("lopdf", &["draft"], "the PDF format"),
    ("lsp-server", &["bench", "lsp"], "an editor's protocol"),
    ("lsp-types", &["lsp"], "an editor's protocol"),
    ("argon2", &["store"], "passwords"),
    ("chacha20poly1305", &["store"], "sealing"),
    ("getrandom", &["store"], "randomness of the system"),
    ("parquet", &["backtest", "evidence"], "the Parquet format"),
    ("postgres", &["store"], "the database"),
    ("rand", &["exercise"], "randomness"),
    ("rand_chacha", &["exercise"], "randomness"),
    ("rowan", &["lang"], "the syntax tree"),
    ("roxmltree", &["draft", "evidence", "plan"], "XML"),
    ("rumqttc", &["servanda"], "MQTT"),
    ("rusqlite", &["store"], "the database"),
    ("tokio-rustls", &["server"], "TLS of the server"),
    ("rustls", &["bench", "server", "trust"], "TLS"),
    ("rustls-native-certs", &["trust"], "whom the system trusts"),
    ("tokio-postgres-rustls", &["store"], "the database"),
    ("sqlx", &["store"], "the database"),
    ("timely", &["cluster"], "the exchange between workers"),
    ("tokio", &["server", "servanda"], "the asynchronous runtime"),
    ("ureq", &["servanda"], "HTTP as a client"),
    ("zip", &["draft"], "archives"),
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts("/Cargo.toml") {
        let Some(room) = path.strip_prefix("crates/").and_then(|path| path.strip_suffix("/Cargo.toml"))
        else {
            continue;
        };
        // What cannot be read is a finding of `rooms`.
        let Ok(manifest) = toml::from_str::<toml::Table>(text) else { continue };
        for section in ["dependencies", "build-dependencies"] {
            let Some(section) = manifest.get(section).and_then(|section| section.as_table()) else {
                continue;
            };
            let strangers =
                HOMES.iter().filter(|(name, homes, _)| section.contains_key(*name) && !homes.contains(&room));
            findings.extend(strangers.map(|(name, homes, what)| Finding {
                path: path.to_string(),
                line: 0,
                rule: "homes",
                reason: format!("`{room}` has `{name}`, and {what} belongs to {}", homes.join(" and ")),
                remedy: format!(
                    "ask {} for what you need, or move the home and say why in DESIGN.md",
                    homes[0]
                ),
            }));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(path: &str, manifest: &str) -> Vec<String> {
        check(&Tree::of(&[(path, manifest)])).into_iter().map(|finding| finding.reason).collect()
    }

    #[test]
    fn a_stranger_with_a_heavy_dependency_is_found() {
        let reason = "`engine` has `rusqlite`, and the database belongs to store";
        for section in ["dependencies", "build-dependencies"] {
            let manifest = format!("[{section}]\nrusqlite.workspace = true\n");
            assert_eq!(reasons("crates/engine/Cargo.toml", &manifest), [reason]);
        }
    }

    #[test]
    fn at_home_it_is_fine() {
        assert_eq!(
            reasons("crates/store/Cargo.toml", "[dependencies]\nrusqlite = \"1\"\ncsv = \"1\"\n"),
            [""; 0]
        );
        assert_eq!(reasons("crates/engine/Cargo.toml", "[dev-dependencies]\nrand = \"1\"\n"), [""; 0]);
    }
}
