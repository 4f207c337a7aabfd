//! The reference pages say what the program does: words of verdicts, codes and their examples, and the agreement at the
//! end of the language reference.

use servanda_model::verdict::{Code, Ended, Performance};
use std::path::Path;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The words in the first column of the table under a heading.
fn words_of_table(page: &str, heading: &str) -> Vec<String> {
    let section = page.split("\n## ").find(|s| s.starts_with(heading)).unwrap_or_default();
    let cell = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_string());
    section.lines().filter_map(cell).collect()
}

#[test]
fn every_word_of_a_verdict_is_explained() {
    let page = page("verdicts.md");
    let performance: Vec<String> = Performance::ALL.map(|p| p.word().to_string()).into();
    assert_eq!(words_of_table(&page, "Performance"), performance);
    let standing: Vec<String> = ["dormant", "waiting", "active", "suspended"]
        .into_iter()
        .chain(Ended::ALL.map(Ended::word))
        .map(str::to_string)
        .collect();
    assert_eq!(words_of_table(&page, "Standing"), standing);
    let codes: Vec<String> = Code::ALL.map(Code::word).into();
    assert_eq!(words_of_table(&page, "Because"), codes);
}
