//! Each analysis of a draft has been shown on two published texts or more: the holes are listed by hand in `tests/agreed/holes-in-*.md`,
//! and that each is found there is looked for by the tests of the program. Here it is counted over the analyses of the language's design.
//!
//! What two versions of a text differ in is shown by `crates/lang/tests/amendments.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The analyses by what shows them; `S0513` is the endless half of the last.
const ANALYSES: &[(&str, &[&str])] = &[
    ("a missing element", &["A0701", "A0703"]),
    ("a response gap", &["A0702"]),
    ("words that no rule accounts for", &["A0705", "A0706", "A0707"]),
    ("rival readings", &["A0708"]),
    ("sequence and slack", &["A0710"]),
    ("hold-out", &["A0709", "A0711"]),
    ("can it be monitored", &["A0712", "A0713", "A0714"]),
    ("parties and balance", &["A0715"]),
    ("conflicts", &["A0716"]),
    ("empty floor", &["A0717"]),
    ("an act not tied to its bearer", &["A0718"]),
    ("calendar traps", &["A0719"]),
    ("dead or endless", &["A0720", "S0513"]),
    ("a marking leak", &["A0721"]),
];

/// What is expected of each text: file and section for files of several texts, file alone otherwise.
fn expected() -> BTreeMap<String, BTreeSet<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/agreed");
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().to_string();
        if !name.starts_with("holes-in-") {
            continue;
        }
        let page = std::fs::read_to_string(entry.path()).unwrap();
        let agreements = page.lines().filter(|l| l.starts_with("agreement ")).count();
        let mut text = name.clone();
        for line in page.lines() {
            if let Some(heading) = line.strip_prefix("## ").filter(|_| agreements > 1) {
                text = heading.to_string();
            }
            let words: Vec<&str> = line.split(' ').collect();
            if let ["finding" | "diagnostic", code, ..] = words[..] {
                all.entry(text.clone()).or_default().insert(code.to_string());
            }
        }
    }
    all
}

#[test]
fn each_analysis_is_shown_on_two_published_texts() {
    let expected = expected();
    assert!(expected.len() >= 9, "{:?}", expected.keys());
    for (analysis, codes) in ANALYSES {
        let on: Vec<&String> = expected
            .iter()
            .filter(|(_, found)| codes.iter().any(|code| found.contains(*code)))
            .map(|(text, _)| text)
            .collect();
        println!("{analysis}: {}", on.len());
        assert!(on.len() >= 2, "{analysis} is shown on {on:?}");
    }
}
