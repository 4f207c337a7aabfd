//! Everybody who clones pays for every large file for ever.

use super::Finding;
use crate::tree::Tree;

const LIMIT: u64 = 3_000_000;

pub fn check(tree: &Tree) -> Vec<Finding> {
    let big = tree.files().filter(|(_, file)| file.bytes > LIMIT);
    big.map(|(path, file)| Finding {
        path: path.to_string(),
        line: 0,
        rule: "big-file",
        reason: format!("{:.1} MB, and a file may have {} MB", file.bytes as f64 / 1e6, LIMIT / 1_000_000),
        remedy: "cut it to what the test needs, or generate it from a seed".to_string(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_exact() {
        let tree = Tree::default().with_size("a.bin", LIMIT).with_size("b.bin", LIMIT + 1);
        assert_eq!(check(&tree).iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>(), ["b.bin"]);
    }
}
