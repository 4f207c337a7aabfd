//! A path that exists on one machine only tells the reader nothing and the world too much.

use super::Finding;
use crate::tree::Tree;

/// The starts of such paths, put together here so that this file does not break its own rule.
fn needles() -> [String; 4] {
    [["/wo", "rk/"], ["/fa", "rm/"], ["/tm", "p/bash"], ["/ro", "ot/."]].map(|parts| parts.concat())
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let needles = needles();
    let mut findings = Vec::new();
    for (path, text) in tree.texts("") {
        for (index, line) in text.lines().enumerate() {
            if let Some(needle) = needles.iter().find(|needle| starts_a_path(line, needle)) {
                findings.push(Finding {
                    path: path.to_string(),
                    line: index + 1,
                    rule: "machine-path",
                    reason: format!("`{needle}` is a path of one machine"),
                    remedy: "name the file by its place in the repository, or take the place as an argument"
                        .to_string(),
                });
            }
        }
    }
    findings
}

/// A path starts where nothing of a longer path or address stands before it.
fn starts_a_path(line: &str, needle: &str) -> bool {
    let belongs_to_more = |c: char| c.is_alphanumeric() || "._-~})".contains(c);
    line.match_indices(needle).any(|(start, _)| !line[..start].ends_with(belongs_to_more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_are_found_in_every_kind_of_file() {
        for needle in needles() {
            for path in ["README.md", "crates/a/src/lib.rs", "data.csv", ".ci/run"] {
                let text = format!("fine\nread {needle}main/x\n");
                let findings = check(&Tree::of(&[(path, &text)]));
                assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2], "{path}");
            }
        }
    }

    #[test]
    fn the_same_letters_inside_another_path_are_fine() {
        let text =
            needles().map(|needle| format!("https://example.org{needle} ..{needle} $DIR{needle}\n")).concat();
        assert_eq!(check(&Tree::of(&[("a.md", &text)])), []);
    }
}
