//! Whoever is shown a code can read its page: every diagnostic code has one, and no page outlives its code.
//!
//! A code is a string literal of one capital letter and four digits in the crates that make diagnostics. Nothing is
//! asked before the first page exists.

use super::Finding;
use crate::rust_source::{RustSource, is_test_file};
use crate::tree::Tree;
use std::collections::BTreeMap;

const SOURCES: &[&str] = &["crates/lang/src/", "crates/evidence/src/"];
const PAGES: &str = "docs/reference/codes/";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let pages: BTreeMap<&str, &str> = tree
        .texts(".md")
        .filter_map(|(path, _)| Some((path.strip_prefix(PAGES)?.strip_suffix(".md")?, path)))
        .filter(|(name, _)| *name != "README")
        .collect();
    if pages.is_empty() {
        return Vec::new();
    }
    let codes = codes(tree);
    let mut findings = Vec::new();
    for (code, (path, line)) in codes.iter().filter(|(code, _)| !pages.contains_key(code.as_str())) {
        findings.push(Finding {
            path: path.clone(),
            line: *line,
            rule: "code-page",
            reason: format!("the code `{code}` has no page"),
            remedy: format!("write {PAGES}{code}.md: what it means, an example that shows it, what to do"),
        });
    }
    for (code, path) in pages.iter().filter(|(code, _)| !codes.contains_key(**code)) {
        findings.push(Finding {
            path: path.to_string(),
            line: 0,
            rule: "code-page",
            reason: format!("no diagnostic has the code `{code}`"),
            remedy: "delete the page, or give it the name of its code".to_string(),
        });
    }
    findings
}

/// Every code with the first place that has it.
fn codes(tree: &Tree) -> BTreeMap<String, (String, usize)> {
    let mut found = BTreeMap::new();
    for (path, text) in tree.texts(".rs") {
        if !SOURCES.iter().any(|folder| path.starts_with(folder)) || is_test_file(path) {
            continue;
        }
        let source = RustSource::new(text);
        for (line, literal) in &source.literals {
            if is_code(literal) && !source.is_test_line(*line) {
                found.entry(literal.clone()).or_insert((path.to_string(), *line));
            }
        }
    }
    found
}

fn is_code(text: &str) -> bool {
    let mut chars = text.chars();
    let letter = chars.next().is_some_and(|c| c.is_ascii_uppercase());
    letter && text.len() == 5 && chars.all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "let a = \"P0001\";\nlet b = \"E0002\";\nlet c = \"p0003 P00004\";\n\
                          #[cfg(test)]\nmod tests {\n    const D: &str = \"P0009\";\n}\n";

    #[test]
    fn codes_and_pages_are_the_same() {
        let tree = Tree::of(&[
            ("crates/lang/src/codes.rs", SOURCE),
            ("docs/reference/codes/README.md", ""),
            ("docs/reference/codes/P0001.md", ""),
            ("docs/reference/codes/P0007.md", ""),
        ]);
        let reasons: Vec<String> = check(&tree).into_iter().map(|finding| finding.reason).collect();
        assert_eq!(reasons, ["the code `E0002` has no page", "no diagnostic has the code `P0007`"]);
    }

    #[test]
    fn nothing_is_asked_before_the_first_page() {
        assert_eq!(check(&Tree::of(&[("crates/lang/src/codes.rs", SOURCE)])), []);
    }
}
