//! Nothing unfinished goes in, and no test is kept that does not run: an ignored test is a false promise.

use super::Finding;
use crate::rust_source::{RustSource, has_words};
use crate::tree::Tree;

const LEFTOVERS: &[(&str, &str, &str)] = &[
    ("todo!", "is an unfinished place", "finish it, or return an honest error"),
    ("unimplemented!", "is an unfinished place", "finish it, or return an honest error"),
    ("dbg!", "is left over from a search", "take it out"),
    ("#[ignore", "hides a test", "make it fast, put it behind an environment variable, or delete it"),
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".rs") {
        for (index, line) in RustSource::new(text).lines.iter().enumerate() {
            for (word, reason, remedy) in LEFTOVERS.iter().filter(|(word, ..)| has_words(&line.code, word)) {
                findings.push(Finding {
                    path: path.to_string(),
                    line: index + 1,
                    rule: "leftover",
                    reason: format!("`{word}` {reason}"),
                    remedy: remedy.to_string(),
                });
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_found_in_code_and_tests() {
        let text = "fn a() { todo!() }\nfn b() { dbg!(1); unimplemented!(\"x\") }\n#[cfg(test)]\nmod tests {\n    \
                    #[test]\n    #[ignore = \"slow\"]\n    fn c() {}\n}\n";
        let lines: Vec<usize> = check(&Tree::of(&[("crates/lang/src/lib.rs", text)]))
            .iter()
            .map(|finding| finding.line)
            .collect();
        assert_eq!(lines, [1, 2, 2, 6]);
    }

    #[test]
    fn words_in_comments_and_texts_are_no_leftovers() {
        let text = "// todo!() is banned\nlet a = \"dbg!(x)\"; my_todo!();\n";
        assert_eq!(check(&Tree::of(&[("xtask/src/a.rs", text)])), []);
    }
}
