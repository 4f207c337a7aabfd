//! Pages that are followed step by step: what they have the reader write is written, what they have the reader run is run, and what they
//! say comes back is compared.
//!
//! In a page, a fence ` ````markdown file=NAME` makes a file, or, with `under="TEXT"`, goes into it behind the paragraph that begins with the
//! text; ` ```edit file=NAME` exchanges lines; in ` ```console` each line behind `$ ` is run, and the lines below are compared. A line
//! `…` stands for any lines.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// A fence: what stands behind its ticks, and its lines.
struct Fence {
    line: usize,
    info: String,
    body: Vec<String>,
}

fn fences(page: &str) -> Vec<Fence> {
    let mut out: Vec<Fence> = Vec::new();
    let mut open: Option<(usize, Fence)> = None;
    for (at, line) in page.lines().enumerate() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        match &mut open {
            None if ticks >= 3 => {
                let info = line[ticks..].trim().to_string();
                open = Some((ticks, Fence { line: at + 1, info, body: Vec::new() }));
            }
            Some((least, _)) if ticks >= *least && line.trim_start_matches('`').trim().is_empty() => {
                out.extend(open.take().map(|(_, fence)| fence));
            }
            Some((_, fence)) => fence.body.push(line.to_string()),
            None => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    out
}

/// `key="value"` or `key=value` behind a fence's ticks.
fn attribute(info: &str, key: &str) -> Option<String> {
    let rest = info.split_once(&format!("{key}="))?.1;
    match rest.strip_prefix('"') {
        Some(quoted) => {
            let mut out = String::new();
            let mut letters = quoted.chars();
            while let Some(letter) = letters.next() {
                match letter {
                    '"' => return Some(out),
                    '\\' => out.extend(letters.next()),
                    other => out.push(other),
                }
            }
            None
        }
        None => Some(rest.split_whitespace().next().unwrap_or_default().to_string()),
    }
}

/// Puts lines behind the paragraph (or the field) that begins with `under`.
fn put(text: &str, under: &str, lines: &[String], field: bool) -> String {
    let mut all: Vec<String> = text.lines().map(String::from).collect();
    let begin = all
        .iter()
        .position(|line| line.starts_with(under))
        .unwrap_or_else(|| panic!("no line begins with `{under}` in\n{text}"));
    let end = match field {
        true => begin + 1,
        false => (begin..all.len()).find(|at| all[*at].trim().is_empty()).unwrap_or(all.len()),
    };
    let between = if field { Vec::new() } else { vec![String::new()] };
    all.splice(end..end, between.into_iter().chain(lines.iter().cloned()));
    all.join("\n") + "\n"
}

/// Whether what came is what the page says, where `…` stands for any lines, or within a line for any text.
fn agrees(said: &[String], came: &[String]) -> bool {
    let Some((first, rest)) = said.split_first() else { return came.is_empty() };
    if first.trim() == "…" {
        return (0..=came.len()).any(|skipped| agrees(rest, &came[skipped..]));
    }
    came.split_first().is_some_and(|(line, left)| {
        let same = match first.split_once('…') {
            Some((head, tail)) => {
                line.len() >= head.len() + tail.len() && line.starts_with(head) && line.ends_with(tail)
            }
            None => first.trim_end() == line.trim_end(),
        };
        same && agrees(rest, left)
    })
}

fn run(command: &str, folder: &Path) -> Vec<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words.first(), Some(&"servanda"), "only the program itself is run: `{command}`");
    let out = Command::new(env!("CARGO_BIN_EXE_servanda"))
        .args(&words[1..])
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap_or_else(|e| panic!("{command}: {e}"));
    let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    text.lines().map(String::from).collect()
}

fn follow(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let folder = tempfile::tempdir().expect("a folder");
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut compared = 0;
    let mut wrong = String::new();
    for fence in fences(&text) {
        let file = attribute(&fence.info, "file");
        if let Some(name) = &file {
            let held = files.entry(name.clone()).or_default();
            if fence.info.starts_with("edit") {
                let marked = |sign: &str| {
                    let lines = fence.body.iter().filter_map(move |l| l.strip_prefix(sign));
                    lines.map(String::from).collect::<Vec<String>>()
                };
                for (before, after) in marked("-").iter().zip(marked("+")) {
                    assert!(held.contains(before), "{page}:{}: `{before}` is not in {name}", fence.line);
                    *held = held.replacen(before, &after, 1);
                }
            } else if let Some(under) = attribute(&fence.info, "under") {
                *held = put(held, &under, &fence.body, under.starts_with(' '));
            } else {
                *held = fence.body.join("\n") + "\n";
            }
            std::fs::write(folder.path().join(name), held.as_bytes()).expect("written");
        } else if fence.info == "console" {
            let mut lines = fence.body.iter().peekable();
            while let Some(line) = lines.next() {
                let command =
                    line.strip_prefix("$ ").unwrap_or_else(|| panic!("{page}: `{line}` is no command"));
                let mut said = Vec::new();
                while let Some(next) = lines.next_if(|l| !l.starts_with("$ ")) {
                    said.push(next.clone());
                }
                while said.last().is_some_and(|l: &String| l.trim().is_empty()) {
                    said.pop();
                }
                let mut came = run(command, folder.path());
                while came.last().is_some_and(|l| l.trim().is_empty()) {
                    came.pop();
                }
                compared += 1;
                if !agrees(&said, &came) {
                    wrong += &format!("{page}:{}: $ {command}\n{}\n\n", fence.line, came.join("\n"));
                }
            }
        }
    }
    assert!(compared > 0, "{page} runs nothing");
    assert!(wrong.is_empty(), "what the page does not say, or says otherwise:\n\n{wrong}");
}

#[test]
fn from_an_empty_file() {
    follow("start/from-an-empty-file.md");
}

#[test]
fn a_page_that_says_something_else_is_found() {
    let lines = |text: &str| text.lines().map(String::from).collect::<Vec<_>>();
    assert!(agrees(&lines("a\n…\nd"), &lines("a\nb\nc\nd")));
    assert!(agrees(&lines("a … z"), &lines("a b z")));
    assert!(!agrees(&lines("a\n…\ne"), &lines("a\nb\nc\nd")));
    assert!(!agrees(&lines("a"), &lines("a\nb")));
}
