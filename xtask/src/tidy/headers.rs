//! A reader who opens a file must learn at its top what it is for: every module starts with a `//!` header.

use super::Finding;
use crate::rust_source::is_test_file;
use crate::tree::Tree;

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".rs") {
        let is_module =
            path.starts_with("xtask/src/") || (path.starts_with("crates/") && path.contains("/src/"));
        if !is_module || is_test_file(path) {
            continue;
        }
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let says_something = first.strip_prefix("//!").is_some_and(|header| !header.trim().is_empty());
        if !says_something {
            findings.push(Finding {
                path: path.to_string(),
                line: 1,
                rule: "header",
                reason: "the module has no `//!` header".to_string(),
                remedy: "say first what it is for, what it does not do, its invariants, and where to start"
                    .to_string(),
            });
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn a_module_without_a_header_is_found() {
        assert_eq!(found("crates/lang/src/a/b.rs", "use x;\n//! Too late.\n"), 1);
        assert_eq!(found("crates/lang/src/lib.rs", "//!\nfn f() {}\n"), 1);
        assert_eq!(found("xtask/src/main.rs", ""), 1);
    }

    #[test]
    fn a_header_is_enough_and_tests_need_none() {
        assert_eq!(found("crates/lang/src/lib.rs", "\n//! Text in, tree out.\nfn f() {}\n"), 0);
        assert_eq!(found("crates/lang/tests/a.rs", "fn f() {}\n"), 0);
        assert_eq!(found("crates/lang/build.rs", "fn main() {}\n"), 0);
    }
}
