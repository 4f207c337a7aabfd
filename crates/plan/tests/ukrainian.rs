//! Every sentence of the planner has its Ukrainian: those of the sources, whether or not a test reaches them, and every head of a column.
//! What whole answers say is heard in `crates/servanda/tests/cli/plan.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Sources that hold no words of an answer: findings of the checker refuse a schedule, a program is for a solver, a calendar and a record are
/// for programs, and reading a plan refuses.
const SILENT: [&str; 12] = [
    "answer.rs",
    "compare/dates.rs",
    "compare/options.rs",
    "communities/place.rs",
    "communities/plan.rs",
    "economy.rs",
    "forces/records.rs",
    "program.rs",
    "rotations/check.rs",
    "rotations/plan.rs",
    "rotations/records.rs",
    "table.rs",
];

/// Sentences that are put together of parts, in the sources as in the book, but elsewhere parted; and parts that stand in none alone.
const PARTS: [&str; 21] = [
    "`{}`{}: {} or more `{}` in {} days in a row; every incident of the table, in all its regions, is taken as one that the term counts. The term: {}",
    ", as `{}` reads it",
    "with `{reading}={option}` the term `{name}` has no number of incidents in a span of time that is reached from below: of that option nothing is said",
    "no schedule was found, and none was proved impossible: {} were used up",
    "the nodes of the search",
    "impossible, because these conflict{open}: {}",
    " (of which some may have no part in it)",
    "{} incidents in weeks from Monday, {} to {}",
    "{what}: from {first} to {last}, {holes}; no other year is guessed",
    "none between is missing",
    "missing between: {}",
    "side by side: percent of futures in which the least likely milestone of the force is kept (simulated); deliveries missed, schedule, cost{}, broken verdicts (planned)",
    "{} is no longer there from {} on{told}{of}",
    ", told on {day}",
    " (in {})",
    "{}: nothing is said of {}; not stated: `{}`",
    ", each month anew",
    " for {n} partners",
    "; and {more} more",
    "a place is an oblast, a raion or a hromada; bases and training areas of a community are one sum, without name or place; {}",
    "who is stationed lives on the base, and their families among the others",
];

/// What is no sentence, and what refuses a plan: a name of a source, what is looked for in one.
const OTHERS: [&str; 9] = [
    "a number, or steps `[{ from = \"2027-01\", is = 40 }]`",
    "a number, or a range `{ low = …, likely = …, high = … }`",
    "a number, a range, or steps `[{ from = \"2027-01\", places = … }]`",
    "delivery of {} by {}",
    "average_value_Armed forces personnel, total",
    " AFE AFW ARB CEB CSS EAP EAR EAS ECA ECS",
    "ranges are as stated",
    "the percentage `{text}` is no share",
    "EU (Commission and Council)",
];

#[derive(serde::Deserialize)]
struct Book {
    columns: BTreeMap<String, String>,
    cells: BTreeMap<String, BTreeMap<String, String>>,
    phrases: Vec<(String, String)>,
}

fn book() -> Book {
    serde_json::from_str(include_str!("../data/uk.json")).unwrap()
}

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, all: &mut Vec<PathBuf>) {
        let mut here: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
        here.sort();
        for path in here {
            if path.is_dir() { walk(&path, all) } else { all.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    walk(&root, &mut all);
    let named = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(&path).unwrap();
        let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
        (name, text[..tests].to_string())
    };
    let is_source = |(name, _): &(String, String)| name.ends_with(".rs") && !name.ends_with("tests.rs");
    all.into_iter().map(named).filter(is_source).collect()
}

/// The literals of a source, each with the calls that it stands within.
fn literals(source: &str) -> Vec<(Vec<String>, String)> {
    let chars: Vec<char> = source.chars().collect();
    let (mut found, mut within) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < chars.len() {
        let rest = |n: usize| chars.get(i + n).copied().unwrap_or(' ');
        match chars[i] {
            '/' if rest(1) == '/' => {
                while i < chars.len() && chars[i] != '\n' {
                    i += 1;
                }
            }
            '\'' if rest(1) == '\\' && rest(3) == '\'' => i += 3,
            '\'' if rest(2) == '\'' => i += 2,
            '"' => {
                let mut text = String::new();
                i += 1;
                while chars[i] != '"' {
                    match (chars[i], chars[i + 1]) {
                        ('\\', '\n') => {
                            i += 2;
                            while chars[i] == ' ' {
                                i += 1;
                            }
                            continue;
                        }
                        ('\\', 'n') => text.push('\n'),
                        ('\\', escaped) => text.push(escaped),
                        (plain, _) => {
                            text.push(plain);
                            i += 1;
                            continue;
                        }
                    }
                    i += 2;
                }
                found.push((within.clone(), text));
            }
            '(' | '[' | '{' => {
                let word = |c: &&char| c.is_alphanumeric() || "_!:.".contains(**c);
                let name: String = chars[..i].iter().rev().take_while(word).collect();
                within.push(name.chars().rev().collect());
            }
            ')' | ']' | '}' => {
                within.pop();
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// A shape with its gaps unnamed: `{n} of {name}` and `{} of {q}` are alike.
fn bare(shape: &str) -> String {
    let mut out = String::new();
    let mut rest = shape;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[test]
fn every_sentence_in_the_sources_has_its_ukrainian() {
    let known: BTreeSet<String> = book().phrases.iter().map(|(english, _)| bare(english)).collect();
    let said = |text: &str| {
        let text = bare(text);
        // A count of the watch has its number before it, a part of the ledger its name.
        known.contains(&text)
            || known.contains(&format!("{{}} {text}"))
            || PARTS.map(bare).contains(&text)
            || OTHERS.map(bare).iter().any(|other| text.starts_with(other.as_str()))
    };
    let refuses = |call: &String| {
        [
            "Refusal::new",
            "refused",
            "refuse",
            "wrong",
            "bad",
            ".help",
            "assert!",
            "assert_eq!",
            ".expect",
            "Err",
            "expect",
        ]
        .iter()
        .any(|of| {
            call.trim_start_matches("self") == *of
                || call.ends_with(&format!(".{}", of.trim_start_matches('.')))
        })
    };
    let (mut all, mut missing) = (0, Vec::new());
    for (name, source) in sources() {
        if SILENT.contains(&name.as_str()) {
            continue;
        }
        for (within, text) in literals(&source) {
            // A sentence has three words of its own.
            let own = bare(&text).replace("{}", "");
            let words = own.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
            if words < 3 || text.contains('<') && !text.contains("`<") || within.iter().any(refuses) {
                continue;
            }
            all += 1;
            if !said(&text) {
                missing.push(format!("{name}: {text}"));
            }
        }
    }
    println!("{all} sentences, {} without", missing.len());
    assert!(all > 200, "{all} sentences were found");
    assert!(
        missing.is_empty(),
        "{} have no Ukrainian in data/uk.json:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

#[test]
fn every_head_of_a_column_has_its_ukrainian() {
    let book = book();
    let mut heads = BTreeSet::new();
    for (_, source) in sources() {
        for part in source.split("columns: vec![").skip(1) {
            let list = part.split(']').next().unwrap();
            heads.extend(literals(list).into_iter().map(|(_, name)| name));
        }
    }
    assert!(heads.len() > 150, "{}", heads.len());
    let missing: Vec<&String> = heads.iter().filter(|head| !book.columns.contains_key(*head)).collect();
    assert!(missing.is_empty(), "no Ukrainian in data/uk.json for the columns {missing:?}");
    // What is said of a column is said of one that is there.
    let literal: BTreeSet<String> =
        sources().iter().flat_map(|(_, source)| literals(source)).map(|(_, text)| text).collect();
    let of_column = |key: &str| {
        key.rsplit_once('.').filter(|(table, _)| *table != "p2" && *table != "p97").map_or_else(
            || vec![key.to_string()],
            |(table, column)| vec![table.to_string(), column.to_string()],
        )
    };
    let elsewhere = [
        "instances",
        "because",
        "broken_from",
        "all_kept_pct",
        "broken_pct",
        "some_open_pct",
        "broken_p10",
        "depends_pct",
        "broken_p50",
        "bearer",
        "norm",
        "foreseen",
    ];
    for key in book.columns.keys().chain(book.cells.keys()) {
        for part in of_column(key) {
            assert!(
                literal.contains(&part)
                    || elsewhere.contains(&part.as_str())
                    || part.starts_with("war_zone_"),
                "`{key}` of data/uk.json: there is no `{part}` in the sources"
            );
        }
    }
}

#[test]
fn the_book_has_no_phrase_twice_and_its_gaps_fit() {
    let names = |text: &str| -> BTreeSet<String> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| Some(rest.split_once('}')?.0.split(':').next()?.to_string()))
            .collect()
    };
    let mut seen = BTreeSet::new();
    for (english, ukrainian) in &book().phrases {
        assert!(seen.insert(english.clone()), "twice: {english}");
        assert_eq!(names(english), names(ukrainian), "{english}");
        for forms in ukrainian.split('{').skip(1).filter_map(|rest| rest.split_once('}')?.0.split_once(':')) {
            assert_eq!(forms.1.split('|').count(), 3, "one, a few and many: {ukrainian}");
        }
        let plain = bare(english).replace("{}", " ");
        let is_word = plain.chars().filter(char::is_ascii_alphabetic).count() > 2;
        let is_ukrainian = ukrainian.chars().any(|c| matches!(c, '\u{400}'..='\u{52f}' | '³'));
        assert!(is_ukrainian || !is_word, "{english}: {ukrainian}");
    }
}
