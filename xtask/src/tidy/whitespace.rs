//! Rust and Markdown files have no blanks at the end of a line, no tabs, and one newline at their end, so that a
//! difference between two versions is always a difference of content. What stands under `vendor` is kept as it came.

use super::Finding;
use crate::tree::Tree;

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".rs").chain(tree.texts(".md")) {
        if path.split('/').any(|part| part == "vendor") {
            continue;
        }
        let mut found = |line: usize, reason: &str, remedy: &str| {
            findings.push(Finding {
                path: path.to_string(),
                line,
                rule: "whitespace",
                reason: reason.to_string(),
                remedy: remedy.to_string(),
            });
        };
        for (index, line) in text.split('\n').enumerate() {
            if line.ends_with('\r') {
                found(index + 1, "the line ends in CR LF", "save the file with LF");
            } else if line.ends_with([' ', '\t']) {
                found(
                    index + 1,
                    "blanks at the end of the line",
                    "take them out; in a text literal write \\x20",
                );
            }
            if line.trim_end().contains('\t') {
                found(index + 1, "a tab", "use blanks; in a text literal write \\t");
            }
        }
        let lines = text.matches('\n').count();
        if !text.is_empty() && !text.ends_with('\n') {
            found(lines + 1, "no newline at the end of the file", "end the last line");
        } else if text.ends_with("\n\n") {
            found(lines, "empty lines at the end of the file", "take them out");
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(text: &str) -> Vec<String> {
        check(&Tree::of(&[("a.md", text)])).into_iter().map(|finding| finding.reason).collect()
    }

    #[test]
    fn each_fault_is_found() {
        assert_eq!(reasons("a \n"), ["blanks at the end of the line"]);
        assert_eq!(reasons("a\r\n"), ["the line ends in CR LF"]);
        assert_eq!(reasons("\ta\n"), ["a tab"]);
        assert_eq!(reasons("a"), ["no newline at the end of the file"]);
        assert_eq!(reasons("a\n\n"), ["empty lines at the end of the file"]);
        assert_eq!(reasons("a\n\nb\n"), [""; 0]);
        assert_eq!(reasons(""), [""; 0]);
    }

    #[test]
    fn other_files_are_left_alone() {
        assert_eq!(
            check(&Tree::of(&[
                ("Makefile", "\ta \n"),
                ("data.csv", "a\r\n"),
                ("web/vendor/x/README.md", "a \n")
            ])),
            []
        );
    }
}
