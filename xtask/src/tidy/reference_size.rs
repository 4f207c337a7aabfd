//! The reference evaluator defines what a verdict means. It does so only while one person can read it in one sitting
//! beside the language's description, so its length is limited (DESIGN.md says why at this figure). Test code does not
//! count; comments do.

use super::Finding;
use crate::rust_source::{RustSource, is_test_file};
use crate::tree::Tree;

const FOLDER: &str = "crates/engine/src/reference";
const LIMIT: usize = 4_150;

pub fn check(tree: &Tree) -> Vec<Finding> {
    let in_folder =
        |path: &str| path.strip_prefix(FOLDER).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'));
    let files = tree.texts(".rs").filter(|(path, _)| in_folder(path) && !is_test_file(path));
    let lines: usize = files.map(|(_, text)| RustSource::new(text).shipped().count()).sum();
    if lines < LIMIT {
        return Vec::new();
    }
    vec![Finding {
        path: FOLDER.to_string(),
        line: 0,
        rule: "reference-size",
        reason: format!("{lines} lines, and the semantics has to stay under {LIMIT}"),
        remedy: "make it plainer; what is there for speed belongs beside it, in the engine".to_string(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_on_the_sum_without_tests() {
        let half = "let a = 1;\n".repeat(LIMIT / 2);
        let nearly = "let a = 1;\n".repeat(LIMIT / 2 - 1);
        let tests = format!("{nearly}#[cfg(test)]\nmod tests {{\n{half}}}\n");
        let of = |second: &str| {
            check(&Tree::of(&[
                ("crates/engine/src/reference/mod.rs", &half),
                ("crates/engine/src/reference/time.rs", second),
                ("crates/engine/src/reference/tests.rs", &half),
                ("crates/engine/src/fast.rs", &half),
            ]))
            .len()
        };
        assert_eq!((of(&tests), of(&half)), (0, 1));
    }
}
