//! The pure crates do no IO, read no clock and no environment, draw no unseeded randomness, and list nothing in hash
//! order: the same agreement with the same records gives the same bytes on every machine.
//!
//! It reads text, not names: `use std::fs as disk` is seen, a re-export from elsewhere is not. Tests and `build.rs` are
//! free.

use super::Finding;
use crate::rust_source::{RustSource, has_words, is_test_file};
use crate::tree::Tree;

const PURE: &[&str] =
    &["model", "lang", "engine", "evidence", "ledger", "exercise", "report", "backtest", "draft", "plan"];

struct Ban {
    /// The name that an allowance uses.
    rule: &'static str,
    words: &'static [&'static str],
    reason: &'static str,
    remedy: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        rule: "fs",
        words: &["std::fs"],
        reason: "touches the disk",
        remedy: "take the bytes as an argument; the command line reads files",
    },
    Ban {
        rule: "net",
        words: &["std::net"],
        reason: "touches the network",
        remedy: "take the bytes as an argument",
    },
    Ban {
        rule: "env",
        words: &["std::env", "TimeZone::system"],
        reason: "lets the host decide",
        remedy: "take the value as an argument; the command line reads the environment",
    },
    Ban {
        rule: "process",
        words: &["std::process"],
        reason: "starts or ends a process",
        remedy: "return the answer; the command line chooses the exit code",
    },
    Ban {
        rule: "print",
        words: &["print!", "println!", "eprint!", "eprintln!", "io::stdin", "io::stdout", "io::stderr"],
        reason: "talks to the terminal",
        remedy: "return the text, or write into a `fmt::Write` that was handed in",
    },
    Ban {
        rule: "clock",
        words: &["SystemTime::now", "Instant::now", "Zoned::now", "Timestamp::now"],
        reason: "reads the clock",
        remedy: "take the moment as an argument; the command line reads the clock and prints what it read",
    },
    Ban {
        rule: "random",
        words: &["thread_rng", "rand::rng", "rand::random", "from_entropy", "from_os_rng", "OsRng"],
        reason: "draws randomness that cannot be repeated",
        remedy: "take a seed",
    },
    Ban {
        rule: "hash-order",
        words: &["HashMap", "HashSet", "RandomState"],
        reason: "has an order that differs between runs",
        remedy: "use BTreeMap, BTreeSet or a sorted Vec",
    },
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".rs") {
        let Some((room, _)) = path.strip_prefix("crates/").and_then(|path| path.split_once("/src/")) else {
            continue;
        };
        if !PURE.contains(&room) || is_test_file(path) {
            continue;
        }
        let source = RustSource::new(text);
        let grouped = grouped_std(&source);
        let mut found = |line: usize, word: &str, ban: &Ban| {
            findings.push(Finding {
                path: path.to_string(),
                line,
                rule: ban.rule,
                reason: format!("`{word}` {}, and `{room}` is pure", ban.reason),
                remedy: ban.remedy.to_string(),
            });
        };
        for (line, code) in source.shipped() {
            for ban in BANS {
                if let Some(word) = ban.words.iter().find(|word| has_words(code, word)) {
                    found(line, word, ban);
                }
            }
        }
        for (line, module) in grouped {
            let word = format!("std::{module}");
            if let Some(ban) = BANS.iter().find(|ban| ban.words.contains(&word.as_str())) {
                found(line, &word, ban);
            }
        }
    }
    findings
}

/// The modules that `use std::{a::b, c}` brings in: line and first word of each.
fn grouped_std(source: &RustSource) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut depth = 0;
    let mut word = String::new();
    for (line, code) in source.shipped() {
        let mut rest = code;
        if depth == 0 {
            let Some((_, after)) = code.split_once("std::{") else {
                continue;
            };
            (depth, rest) = (1, after);
            word.clear();
        }
        for c in rest.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                c if depth == 1 && (c.is_alphanumeric() || c == '_') => {
                    word.push(c);
                    continue;
                }
                ',' if depth == 1 => {
                    word.clear();
                    continue;
                }
                _ => {}
            }
            // A word has ended. Only the first of an item is a module of `std`; the rest is marked by a blank.
            if !word.is_empty() && !word.ends_with(' ') {
                found.push((line, word.clone()));
                word.push(' ');
            }
            if depth == 0 {
                break;
            }
        }
        if depth == 1 && !word.is_empty() && !word.ends_with(' ') {
            found.push((line, word.clone()));
            word.push(' ');
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(usize, &'static str)> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| (finding.line, finding.rule)).collect()
    }

    const PURE_FILE: &str = "crates/engine/src/reference/mod.rs";

    #[test]
    fn every_ban_fails_on_its_example() {
        for (example, rule) in [
            ("let x = std::fs::read(p);", "fs"),
            ("use std::net::TcpStream;", "net"),
            ("let x = std::env::var(\"HOME\");", "env"),
            ("std::process::exit(1);", "process"),
            ("println!(\"{x}\");", "print"),
            ("let t = std::time::SystemTime::now();", "clock"),
            ("let t = Instant::now();", "clock"),
            ("let t = jiff::Zoned::now();", "clock"),
            ("let t = jiff::Timestamp::now();", "clock"),
            ("let mut r = rand::thread_rng();", "random"),
            ("let m: HashMap<u8, u8> = HashMap::new();", "hash-order"),
            ("use std::collections::HashSet;", "hash-order"),
        ] {
            assert_eq!(found(PURE_FILE, example), [(1, rule)], "{example}");
        }
    }

    #[test]
    fn grouped_uses_are_seen() {
        let text = "use std::{collections::{BTreeMap, BTreeSet}, fs};\nuse std::{\n    fmt,\n    env::{self, args},\n    io,\n    net\n};\n";
        assert_eq!(found(PURE_FILE, text), [(1, "fs"), (4, "env"), (6, "net")]);
        assert_eq!(found(PURE_FILE, "use std::{fmt::{self, Write}, rc::Rc};\nmod fs {}\n"), []);
    }

    #[test]
    fn comments_texts_tests_and_other_crates_are_free() {
        assert_eq!(found(PURE_FILE, "// std::fs\nlet a = \"std::fs\";\n/* HashMap */\n"), []);
        assert_eq!(found(PURE_FILE, "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n"), []);
        assert_eq!(found("crates/store/src/lib.rs", "use std::fs;\n"), []);
        assert_eq!(found("crates/lang/build.rs", "use std::fs;\n"), []);
        assert_eq!(found("crates/lang/tests/all.rs", "use std::fs;\n"), []);
    }
}
