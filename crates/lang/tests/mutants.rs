//! One token deleted, swapped with the next, or changed, in every example, every drafter's guide and every published text of `tests/agreed`
//! whose holes are listed: whatever still checks and means something else must be shown by the comparison of the two versions, or by a
//! finding. The share that is shown by neither is zero; it is counted here, and so is what a finding shows by itself.
//!
//! The ordinary run takes a sample; `cargo xtask mutants` takes them all.

use servanda_lang::changes::{Version, changes};
use servanda_lang::{Checked, check};
use servanda_model::Agreement;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Texts that check as a whole.
fn texts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found: Vec<PathBuf> = ["docs/guides/drafting-patterns.md", "docs/guides/drafting-defects.md"]
        .iter()
        .map(|page| root.join(page))
        .chain([root.join("crates/servanda/src/new/river-truce.pact.md")])
        .collect();
    for entry in std::fs::read_dir(root.join("tests/agreed")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().to_string();
        // One file holds several agreements: as a whole it is none.
        if name.starts_with("holes-in-") && !name.contains("short-texts") {
            found.push(entry.path());
        }
    }
    for entry in std::fs::read_dir(root.join("examples")).unwrap().flatten().filter(|e| e.path().is_dir()) {
        let files = std::fs::read_dir(entry.path()).unwrap().flatten().map(|e| e.path());
        found.extend(files.filter(|p| p.to_string_lossy().ends_with(".pact.md")));
    }
    found.sort();
    found
}

/// Words, numbers and signs of the rules; quoted texts are one token each.
fn tokens(text: &str, checked: &Checked) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    for fence in &checked.parse.document.fences {
        let mut at = fence.content.start;
        while at < fence.content.end {
            let rest = &text[at..fence.content.end];
            let c = rest.chars().next().unwrap();
            let len = if c.is_whitespace() {
                c.len_utf8()
            } else if c == '"' {
                rest[1..].find('"').map_or(rest.len(), |n| n + 2)
            } else {
                rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len())
            };
            if !c.is_whitespace() {
                out.push(at..at + len);
            }
            at += len;
        }
    }
    out
}

/// Another token in place of one: a number plus one, `>=` for `<=`, `each of` without its `each`.
fn changed(token: &str) -> Option<String> {
    let digits: String = token.chars().filter(char::is_ascii_digit).collect();
    match token {
        ">=" => Some("<=".into()),
        "<=" => Some(">=".into()),
        ">" => Some("<".into()),
        "and" => Some("or".into()),
        "or" => Some("and".into()),
        "begins" => Some("ends".into()),
        "hours" => Some("days".into()),
        "days" => Some("hours".into()),
        "do" => Some("ensure".into()),
        _ if !digits.is_empty() && token.chars().all(|c| c.is_ascii_digit() || c == ',') => {
            digits.parse::<u64>().ok().map(|n| (n + 1).to_string())
        }
        _ => None,
    }
}

fn meaning(agreement: &Agreement) -> Agreement {
    let mut a = agreement.clone();
    a.norms.iter_mut().for_each(|n| n.line = 0);
    a.clauses.iter_mut().for_each(|c| c.line = 0);
    a
}

#[derive(Default, Debug)]
struct Count {
    mutants: usize,
    checks: usize,
    means_else: usize,
    by_finding: usize,
    /// A finding shows it, and no sentence of the comparison does.
    by_finding_only: usize,
    unseen: Vec<String>,
}

/// One of `every` mutants; all of them with `SERVANDA_MUTANTS=all`.
fn count(every: usize) -> Count {
    let mut count = Count::default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for path in texts() {
        let before = (count.mutants, count.checks, count.means_else, count.by_finding);
        let text = std::fs::read_to_string(&path).unwrap();
        let original = check(&text);
        assert!(!original.has_errors(), "{}: {:?}", path.display(), original.diagnostics);
        let plain = meaning(&original.agreement);
        let all = tokens(&text, &original);
        let mut mutants: Vec<(String, String)> = Vec::new();
        for (i, range) in all.iter().enumerate().filter(|(i, _)| i % every == 0) {
            let token = &text[range.clone()];
            let told = |what: &str| format!("{}: `{token}` {what} at {}", path.display(), range.start);
            let with = |new: &str| format!("{}{new}{}", &text[..range.start], &text[range.end..]);
            mutants.push((told("deleted"), with("")));
            if let Some(new) = changed(token) {
                mutants.push((told(&format!("made `{new}`")), with(&new)));
            }
            if let Some(next) = all.get(i + 1) {
                let swapped = format!(
                    "{}{}{}{token}{}",
                    &text[..range.start],
                    &text[next.clone()],
                    &text[range.end..next.start],
                    &text[next.end..]
                );
                mutants.push((told("swapped with the next"), swapped));
            }
        }
        for (told, mutant) in mutants {
            count.mutants += 1;
            let checked = check(&mutant);
            if checked.has_errors() {
                continue;
            }
            count.checks += 1;
            if meaning(&checked.agreement) == plain {
                continue;
            }
            count.means_else += 1;
            let found = changes(
                Version { text: &text, checked: &original },
                Version { text: &mutant, checked: &checked },
            );
            let by_finding = !found.found.is_empty() || !found.resolved.is_empty();
            count.by_finding += usize::from(by_finding);
            let shown = |c: &servanda_lang::changes::Change| c.before != c.after;
            let seen = found.meaning.iter().any(shown) || found.words.iter().any(shown);
            count.by_finding_only += usize::from(!seen && by_finding);
            if !seen && !by_finding {
                count.unseen.push(told);
            }
        }
        println!(
            "{}: {} mutants, {} check, {} mean something else, {} of them shown by a finding too",
            path.strip_prefix(&root).unwrap_or(&path).display(),
            count.mutants - before.0,
            count.checks - before.1,
            count.means_else - before.2,
            count.by_finding - before.3
        );
    }
    count
}

#[test]
fn no_mutant_that_means_something_else_goes_unseen() {
    let all = std::env::var("SERVANDA_MUTANTS").is_ok_and(|v| v == "all");
    let count = count(if all { 1 } else { 23 });
    let Count { mutants, checks, means_else, by_finding, by_finding_only, unseen } = &count;
    println!(
        "{mutants} mutants: {checks} check, {means_else} of them mean something else; a finding shows {by_finding} ({by_finding_only} of them \
         nothing else does); unseen {}",
        unseen.len()
    );
    assert!(*means_else > 30, "{count:?}");
    assert!(*by_finding > 0, "{count:?}");
    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
}
