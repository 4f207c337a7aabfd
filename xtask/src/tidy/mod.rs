//! The house rules as checks: `cargo xtask tidy`.
//!
//! A rule is one module: why it is there, a function from the [`Tree`] to its findings, and a test that a bad example
//! fails. To add a rule, write the module and add one line to [`RULES`].
//!
//! A finding is permitted by a comment on the line before it, which names the rule and says why:
//!
//! ```text
//! // tidy: allow(hash-order) because the set is only asked, never listed
//! <!-- tidy: allow(path) because the file is made by `servanda new` -->
//! ```
//!
//! Invariants:
//! - A rule is a pure function of the tree; only [`run`] touches the disk.
//! - An allowance without a reason, and one that permits nothing, are findings themselves.
//! - In Markdown, an allowance on the first line holds for the whole file; nowhere else does one hold further than
//!   the next line of code.

mod append_only;
mod big_files;
mod codes;
mod cryptography;
mod headers;
mod homes;
mod leftovers;
mod machine_paths;
mod paths;
mod purity;
mod reference_size;
mod rooms;
mod whitespace;

use crate::rust_source::RustSource;
use crate::tree::{self, Tree};
use std::fmt;
use std::process::ExitCode;

/// One place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub path: String,
    /// Starts at 1; 0 when the whole file is meant.
    pub line: usize,
    /// The name that an allowance uses.
    pub rule: &'static str,
    /// What is there, and why it must not be.
    pub reason: String,
    /// What to do instead.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        write!(f, ": [{}] {}\n    {}", self.rule, self.reason, self.remedy)
    }
}

struct Rule {
    says: &'static str,
    check: fn(&Tree) -> Vec<Finding>,
}

const fn rule(says: &'static str, check: fn(&Tree) -> Vec<Finding>) -> Rule {
    Rule { says, check }
}

const RULES: &[Rule] = &[
    rule("the table of rooms in ARCHITECTURE.md is what Cargo builds", rooms::check),
    rule("a heavy dependency lives in one room", homes::check),
    rule("which cryptography is linked is written down", cryptography::check),
    rule("every path and link in a document leads somewhere", paths::check),
    rule("every module says in its header what it is for", headers::check),
    rule("pure crates do no IO, read no clock, and have no hash order", purity::check),
    rule("the store adds records and never changes one", append_only::check),
    rule("the reference evaluator stays small enough to be reviewed", reference_size::check),
    rule("nothing unfinished, nothing ignored", leftovers::check),
    rule("no file names a path of one machine", machine_paths::check),
    rule("no file is too big for a clone", big_files::check),
    rule("every diagnostic code has its page, and every page its code", codes::check),
    rule("no trailing blanks, no tabs, a final newline", whitespace::check),
];

pub fn run(arguments: &[String]) -> ExitCode {
    if let Some(complaint) = crate::unknown_option(arguments, &["--rules"]) {
        eprintln!("{complaint}");
        return ExitCode::from(crate::COULD_NOT_RUN);
    }
    if !arguments.is_empty() {
        for rule in RULES {
            println!("{}", rule.says);
        }
        return ExitCode::from(crate::FINE);
    }
    let tree = match Tree::read(&tree::root()) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("the repository could not be read: {error}");
            return ExitCode::from(crate::COULD_NOT_RUN);
        }
    };
    let findings = findings(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("tidy: {} rules hold for {} files", RULES.len(), tree.files().count()),
        1 => println!("tidy: 1 finding"),
        many => println!("tidy: {many} findings"),
    }
    ExitCode::from(if findings.is_empty() { crate::FINE } else { crate::NO })
}

/// Everything that is wrong with the tree and not permitted, in the order of paths and lines.
fn findings(tree: &Tree) -> Vec<Finding> {
    let mut allowances = allowances(tree);
    let mut kept: Vec<Finding> = Vec::new();
    for finding in RULES.iter().flat_map(|rule| (rule.check)(tree)) {
        match allowances.iter_mut().find(|allowance| allowance.permits(&finding)) {
            Some(allowance) => allowance.used = true,
            None => kept.push(finding),
        }
    }
    kept.extend(allowances.into_iter().filter_map(Allowance::complaint));
    kept.sort();
    kept
}

/// A comment that permits one rule to be broken.
struct Allowance {
    path: String,
    line: usize,
    rule: String,
    because: Option<String>,
    /// The line that it speaks of; the whole file when there is none.
    covers: Option<usize>,
    used: bool,
}

impl Allowance {
    fn permits(&self, finding: &Finding) -> bool {
        self.because.is_some()
            && self.rule == finding.rule
            && self.path == finding.path
            && self.covers.is_none_or(|line| line == finding.line)
    }

    fn complaint(self) -> Option<Finding> {
        let (reason, remedy) = match (&self.because, self.used) {
            (Some(_), true) => return None,
            (Some(_), false) => (
                format!("`{}` is allowed here, and nothing needs it", self.rule),
                "take the allowance away, or put it on the line before".to_string(),
            ),
            (None, _) => (
                format!("`{}` is allowed here without a reason", self.rule),
                format!("write `tidy: allow({}) because …`", self.rule),
            ),
        };
        Some(Finding { path: self.path, line: self.line, rule: "allowance", reason, remedy })
    }
}

fn allowances(tree: &Tree) -> Vec<Allowance> {
    let mut found = Vec::new();
    for (path, text) in tree.texts(".rs") {
        let source = RustSource::new(text);
        for (index, line) in source.lines.iter().enumerate() {
            let Some(body) =
                line.comment.as_deref().and_then(|comment| comment.strip_prefix("// tidy: allow("))
            else {
                continue;
            };
            let next_code = source.lines.iter().skip(index + 1).position(|line| !line.code.trim().is_empty());
            let covers = next_code.map_or(index + 2, |distance| index + 2 + distance);
            found.extend(allowance(path, index + 1, body, Some(covers)));
        }
    }
    for (path, text) in tree.texts(".md") {
        for (index, line) in text.lines().enumerate() {
            let Some(body) = line.strip_prefix("<!-- tidy: allow(") else {
                continue;
            };
            let covers = (index > 0).then_some(index + 2);
            found.extend(allowance(path, index + 1, body.trim_end_matches("-->"), covers));
        }
    }
    found
}

/// Reads `RULE) because REASON`.
fn allowance(path: &str, line: usize, body: &str, covers: Option<usize>) -> Option<Allowance> {
    let (rule, rest) = body.split_once(')')?;
    let because = rest.trim().strip_prefix("because ").map(str::trim).filter(|reason| !reason.is_empty());
    Some(Allowance {
        path: path.to_string(),
        line,
        rule: rule.trim().to_string(),
        because: because.map(str::to_string),
        covers,
        used: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PURE: &str = "crates/lang/src/lib.rs";

    fn of_rust(text: &str) -> Vec<(usize, &'static str)> {
        let tree = Tree::of(&[(PURE, text)]);
        findings(&tree)
            .into_iter()
            .filter(|finding| finding.path == PURE)
            .map(|finding| (finding.line, finding.rule))
            .collect()
    }

    #[test]
    fn an_allowance_with_a_reason_permits_the_next_line_of_code_only() {
        let text = "//! Header.\n// tidy: allow(hash-order) because it is only asked,\n// never listed\n\
                    use std::collections::HashSet;\nuse std::collections::HashMap;\n";
        assert_eq!(of_rust(text), [(5, "hash-order")]);
    }

    #[test]
    fn an_allowance_without_a_reason_permits_nothing() {
        let text = "//! Header.\n// tidy: allow(hash-order)\nuse std::collections::HashSet;\n";
        assert_eq!(of_rust(text), [(2, "allowance"), (3, "hash-order")]);
    }

    #[test]
    fn an_allowance_that_nothing_needs_is_a_finding() {
        let text = "//! Header.\n// tidy: allow(fs) because it once did\nfn f() {}\n";
        assert_eq!(of_rust(text), [(2, "allowance")]);
    }

    #[test]
    fn in_markdown_the_first_line_speaks_for_the_file() {
        let text = "<!-- tidy: allow(whitespace) because blanks are what it shows -->\n# A \n\nb \n";
        assert_eq!(
            findings(&Tree::of(&[("tests/blanks.md", text)])).len(),
            1,
            "only the missing table is left"
        );
    }

    #[test]
    fn a_finding_names_place_rule_reason_and_remedy() {
        let finding = Finding {
            path: "a.rs".to_string(),
            line: 3,
            rule: "fs",
            reason: "no".to_string(),
            remedy: "do".to_string(),
        };
        assert_eq!(finding.to_string(), "a.rs:3: [fs] no\n    do");
    }
}
