//! A document that names a vanished file is worse than none: every path and every relative link leads somewhere.
//!
//! Read are the documents of the root and of `docs`. A path is what stands in backticks, has no blanks, and starts with
//! a folder of the repository's root, or is a root document written in capitals. Fenced blocks show other people's
//! folders and are left out. `*` stands for one part of a name, `**` for any folders, `NAME` and its like for any name.

use super::Finding;
use crate::tree::Tree;

/// The folders of the root. A path that starts elsewhere is a user's, not ours.
const FOLDERS: &[&str] = &[
    ".cargo", ".ci", "bench", "crates", "docs", "editors", "examples", "fuzz", "pdf", "solver", "tests",
    "web", "xtask",
];

/// Words that stand for any name.
const PLACEHOLDERS: &[&str] = &["CODE", "CRATE", "FILE", "NAME", "PATH", "RULE", "TASK"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".md") {
        let folder = match path.rsplit_once('/') {
            None => "",
            Some((folder, _)) if path.starts_with("docs/") => folder,
            Some(_) => continue,
        };
        for (line, prose) in prose(text) {
            let missing_paths =
                spans(prose).filter_map(candidate).filter(|named| !exists(tree, folder, named));
            let missing_links = links(prose).filter(|target| !leads_somewhere(tree, folder, target));
            let paths = missing_paths.map(|named| format!("there is no `{named}`"));
            let links = missing_links.map(|target| format!("the link to `{target}` leads nowhere"));
            findings.extend(paths.chain(links).map(|reason| Finding {
                path: path.to_string(),
                line,
                rule: "path",
                reason,
                remedy: "name what is there now, or take the sentence out".to_string(),
            }));
        }
    }
    findings
}

/// The lines outside of fences, with their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let marker = ["```", "~~~"].into_iter().find(|marker| line.trim_start().starts_with(marker));
        match (fence, marker) {
            (None, Some(marker)) => fence = Some(marker),
            (Some(open), Some(marker)) if open == marker => fence = None,
            (None, None) => return Some((index + 1, line)),
            _ => {}
        }
        None
    })
}

fn spans(line: &str) -> impl Iterator<Item = &str> {
    let parts: Vec<&str> = line.split('`').collect();
    // An even number of parts means that the last backtick opens a span which this line does not close.
    let closed = parts.len() - usize::from(parts.len().is_multiple_of(2));
    parts.into_iter().take(closed).skip(1).step_by(2)
}

/// The path that a span names, if it names one of this repository.
fn candidate(span: &str) -> Option<&str> {
    let path = span.trim_start_matches("./").split(['#', ':']).next()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/*".contains(c);
    if path.is_empty() || !path.chars().all(is_plain) {
        return None;
    }
    match path.split_once('/') {
        Some((first, _)) => FOLDERS.contains(&first).then_some(path),
        None => {
            let stem = path.strip_suffix(".md")?;
            let in_capitals = stem.len() > 3 && stem.chars().all(|c| c.is_ascii_uppercase());
            (in_capitals && !PLACEHOLDERS.contains(&stem)).then_some(path)
        }
    }
}

/// The targets of `[text](target)` on one line.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("](").filter_map(|(start, opening)| {
        let rest = &line[start + opening.len()..];
        rest.split_once(')').map(|(target, _)| target.split_whitespace().next().unwrap_or_default())
    })
}

fn leads_somewhere(tree: &Tree, folder: &str, target: &str) -> bool {
    let path = target.split('#').next().unwrap_or_default();
    if path.is_empty() || path.contains(':') {
        return true;
    }
    resolve(folder, path).is_some_and(|path| path.is_empty() || tree.has(&path))
}

/// `path` as seen from `folder`; nothing when it leaves the repository.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn exists(tree: &Tree, folder: &str, named: &str) -> bool {
    let pattern: Vec<&str> = named.trim_end_matches('/').split('/').collect();
    let plain = pattern.iter().all(|part| !part.contains('*') && !is_placeholder(part));
    if plain {
        return tree.has(named) || resolve(folder, named).is_some_and(|path| tree.has(&path));
    }
    tree.files().any(|(path, _)| matches(&pattern, &path.split('/').collect::<Vec<_>>()))
}

fn is_placeholder(part: &str) -> bool {
    PLACEHOLDERS.contains(&part.split('.').next().unwrap_or_default())
}

/// Whether a path is what the pattern says, or lies below it.
fn matches(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, _) => true,
        (Some((&"**", rest)), _) => (0..=path.len()).any(|skipped| matches(rest, &path[skipped..])),
        (Some(_), None) => false,
        (Some((first, rest)), Some((name, others))) => part_matches(first, name) && matches(rest, others),
    }
}

fn part_matches(pattern: &str, name: &str) -> bool {
    if is_placeholder(pattern) {
        let ending = pattern.split_once('.').map(|(_, ending)| ending);
        return ending.is_none_or(|ending| name.ends_with(&format!(".{ending}")));
    }
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name.strip_prefix(start).is_some_and(|rest| {
            let mut ends = (0..=rest.len()).filter(|&index| rest.is_char_boundary(index));
            ends.any(|index| part_matches(end, &rest[index..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[
            (path, text),
            ("crates/lang/src/lib.rs", ""),
            ("docs/reference/codes/P0001.md", ""),
            ("docs/reference/language.md", ""),
            ("STYLE.md", ""),
        ]);
        check(&tree).into_iter().map(|finding| finding.reason).collect()
    }

    #[test]
    fn vanished_paths_are_found() {
        assert_eq!(
            reasons("DESIGN.md", "See `crates/lang/src/old.rs` and `docs/reference/language.md`.\n"),
            ["there is no `crates/lang/src/old.rs`"]
        );
        assert_eq!(reasons("docs/a.md", "See `ROADMAP.md` and `STYLE.md`.\n"), ["there is no `ROADMAP.md`"]);
    }

    #[test]
    fn vanished_links_are_found() {
        let text =
            "[a](reference/language.md#dates) [b](../STYLE.md) [c](https://example.org/x) [d](gone.md)\n";
        assert_eq!(reasons("docs/a.md", text), ["the link to `gone.md` leads nowhere"]);
    }

    #[test]
    fn patterns_need_one_match() {
        assert_eq!(
            reasons(
                "DESIGN.md",
                "`crates/*/src` `crates/**/lib.rs` `docs/reference/codes/CODE.md` `tests/**`\n"
            ),
            ["there is no `tests/**`"]
        );
    }

    #[test]
    fn what_is_no_path_of_ours_is_left_alone() {
        let text =
            "`cargo test --workspace` `a/b` `NAME.pact.md` `and/or` ` ` `\n\n```\n`crates/none`\n```\n";
        assert_eq!(reasons("DESIGN.md", text), [""; 0]);
        assert_eq!(reasons("examples/x/README.md", "`crates/none`\n"), [""; 0]);
    }
}
