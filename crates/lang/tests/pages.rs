//! The reference pages say what the program does: words of verdicts, codes and their examples, and the agreement at the
//! end of the language reference.

use servanda_lang::diagnostic::{Severity, codes, explain, render};
use servanda_lang::findings::findings;
use servanda_lang::{check, literal};
use servanda_model::time::MonthRounding;
use servanda_model::verdict::{Code, Ended, Performance};
use servanda_model::{Calendar, Grade, Record, When};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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

/// The contents of the fences of a page whose info string is this.
fn fences(page: &str, info: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        if ticks < 3 {
            continue;
        }
        let content: Vec<&str> = lines.by_ref().take_while(|inner| *inner != "`".repeat(ticks)).collect();
        if line[ticks..] == *info {
            out.push(content.join("\n") + "\n");
        }
    }
    out
}

/// The first example of a page and the corrected one, as whole files.
fn examples(page: &str) -> (String, String) {
    let ground = fences(&self::page("codes/README.md"), "markdown ground").remove(0);
    let on_ground = |content: &String| format!("{ground}\n```pact\n{content}```\n");
    let one = |whole: &str, part: &str| {
        let mut whole = fences(page, whole);
        let part = fences(page, part);
        assert_eq!(whole.len() + part.len(), 1, "one example each:\n{page}");
        if part.is_empty() { whole.remove(0) } else { on_ground(&part[0]) }
    };
    (one("markdown-error", "pact-error"), one("markdown", "pact"))
}

/// How often a finding is made in a text that has no errors.
fn found(code: &str, text: &str, wrong: &mut Vec<String>) -> usize {
    let checked = check(text);
    if checked.has_errors() {
        wrong.push(format!("{code}:\n{}", render(code, text, &checked.diagnostics, false)));
    }
    findings(text, &checked).findings.iter().filter(|f| f.diagnostic.code == code).count()
}

#[test]
fn every_finding_has_a_page_whose_example_gives_it_and_whose_correction_takes_it_away() {
    let mut wrong_pages = Vec::new();
    for (code, title) in codes().filter(|(code, _)| code.starts_with('A')) {
        assert!(!title.is_empty(), "{code} has no title");
        let page = explain(code).unwrap();
        assert!(page.starts_with(&format!("# {code}: ")) && page.contains("## What to do"), "{code}");
        let (wrong, right) = examples(page);
        // The ground has findings of its own.
        let (before, after) = (found(code, &wrong, &mut wrong_pages), found(code, &right, &mut wrong_pages));
        if before <= after {
            wrong_pages
                .push(format!("{code}: {before} times in the example, {after} times in the corrected one"));
        }
    }
    assert!(wrong_pages.is_empty(), "{}", wrong_pages.join("\n"));
}

#[test]
fn every_code_has_a_page_and_its_example_gives_it() {
    let mut wrong_pages = Vec::new();
    for (code, title) in codes().filter(|(code, _)| !code.starts_with('A')) {
        assert!(!title.is_empty(), "{code} has no title");
        let page = explain(code).unwrap();
        assert!(page.starts_with(&format!("# {code}: ")) && page.contains("## What to do"), "{code}");
        let (wrong, right) = examples(page);
        let found: Vec<&str> = check(&wrong).diagnostics.iter().map(|d| d.code).collect();
        if !found.contains(&code) {
            wrong_pages.push(format!("{code}: its example gives {found:?}"));
        }
        let diagnostics = check(&right).diagnostics;
        let left: Vec<_> =
            diagnostics.into_iter().filter(|d| d.code == code || d.severity == Severity::Error).collect();
        if !left.is_empty() {
            wrong_pages.push(format!("{code}, corrected:\n{}", render(code, &right, &left, false)));
        }
    }
    assert!(wrong_pages.is_empty(), "{}", wrong_pages.join("\n"));
}

fn rust_files(folder: PathBuf) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path()) {
        if entry.is_dir() {
            out.extend(rust_files(entry));
        } else if entry.extension().is_some_and(|e| e == "rs") {
            out.push(entry);
        }
    }
    out
}

#[test]
fn the_codes_in_the_source_are_those_with_a_page() {
    let mut used = BTreeSet::new();
    for file in rust_files(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for literal in text.split('"').filter(|t| t.len() == 5 && *t != "E0000") {
            let digits = literal[1..].bytes().all(|b| b.is_ascii_digit());
            if literal.starts_with(|c: char| c.is_ascii_uppercase()) && digits {
                used.insert(literal.to_string());
            }
        }
    }
    let with_page: BTreeSet<String> = codes().map(|(code, _)| code.to_string()).collect();
    assert_eq!(used, with_page);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/codes");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| name != "README" && !name.starts_with('E'))
        .collect();
    assert_eq!(files, with_page, "pages in the folder and in the table of diagnostic.rs");
}

#[test]
fn the_agreement_of_the_language_reference_has_no_diagnostics_and_is_formatted() {
    let page = page("language.md");
    let agreements = fences(&page, "markdown");
    let whole = agreements.iter().find(|text| text.starts_with("# Agreement on consultation")).unwrap();
    let checked = check(whole);
    assert_eq!(render("language.md", whole, &checked.diagnostics, false), "");
    assert_eq!(checked.agreement.norms.len(), 2);
    assert_eq!(servanda_lang::format(whole), *whole);
}

#[test]
fn the_snippets_of_the_language_reference_can_be_read_and_are_formatted() {
    let snippets = fences(&page("language.md"), "pact");
    assert!(snippets.len() >= 6, "the snippets are not found");
    for snippet in snippets {
        let text = format!("# Title\n\n```pact\n{snippet}```\n");
        let parsed = servanda_lang::parse(&text);
        let (_, diagnostics) = servanda_lang::ast::file(&text, &parsed);
        let all: Vec<_> = parsed.diagnostics.into_iter().chain(diagnostics).collect();
        assert_eq!(render("language.md", &text, &all, false), "");
        assert_eq!(servanda_lang::format(&text), text);
    }
}

#[test]
fn the_language_reference_names_every_declaration_and_every_field() {
    use servanda_lang::parser::vocabulary::{ALL_FIELD_WORDS, Keyword};
    let page = page("language.md");
    for word in ALL_FIELD_WORDS {
        let named = [format!("`{word}`"), format!("`{word} "), format!("\n  {word} ")];
        assert!(named.iter().any(|n| page.contains(n)), "the field `{word}` is not described");
    }
    for keyword in Keyword::ALL {
        let word = keyword.word();
        let named = [format!("`{word}`"), format!("`{word} "), format!("\n{word} ")];
        assert!(named.iter().any(|n| page.contains(n)), "`{word}` is not described");
    }
}

#[test]
fn the_example_of_the_ukrainian_guide_has_no_diagnostics_and_is_formatted() {
    let example = fences(&page("../guides/ukrainian.md"), "markdown").remove(0);
    assert_eq!(render("ukrainian.md", &example, &check(&example).diagnostics, false), "");
    assert_eq!(servanda_lang::format(&example), example);
    assert_eq!(check(&example).agreement.norms.len(), 1);
}

#[test]
fn the_page_of_words_is_the_table_of_the_program() {
    let page = page("words.md");
    let [declarations, heads, fields, values] =
        servanda_lang::surface::table(servanda_lang::Language::Ukrainian);
    let quoted = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let mut rows: BTreeSet<String> = BTreeSet::new();
    for (table, with_fields) in [(declarations, false), (heads, false), (fields, false), (values, true)] {
        for (english, forms, of) in table {
            let row = format!("| `{english}` | `{}` | {} |", forms[0], quoted(&forms[1..]));
            rows.insert(if with_fields { format!("{row} {} |", quoted(of)) } else { row });
        }
    }
    let words = &page[page.find("## Words that begin").unwrap()..];
    let on_page: BTreeSet<String> =
        words.lines().filter(|line| line.starts_with("| `")).map(str::to_string).collect();
    assert_eq!(on_page, rows);
}

#[test]
fn the_deadlines_of_the_language_reference_are_right() {
    let page = page("language.md");
    let mut calendar = Calendar::of_zone("Europe/Kyiv").unwrap();
    calendar.months = Some(MonthRounding::Down);
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| `") && line.matches(" | 20").count() == 2)
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    assert!(rows.len() >= 8, "the table of deadlines is not found");
    for row in rows {
        let event = literal::instant(row[2], &calendar, false).unwrap();
        let span = literal::span(row[1]).unwrap();
        assert_eq!(
            calendar.show(calendar.deadline_after(event, span)),
            row[3],
            "{} after {}",
            row[1],
            row[2]
        );
    }
}

#[test]
fn grades_are_those_of_the_table() {
    use servanda_model::record::{ItemGrade, SourceGrade};
    let page = page("language.md");
    let record = Record::new("r", "f", When::exact(servanda_model::Instant(0)), servanda_model::Instant(0));
    for (item, source, grade, row) in [
        (Some(1), None, Grade::Confirmed, "| item grade 1, 2, 3 | confirmed, probable, possible |"),
        (Some(5), None, Grade::None, "| item grade 4 or 5 (doubtful, improbable) | none |"),
        (
            Some(6),
            Some(SourceGrade::B),
            Grade::Probable,
            "| no item grade, or 6: source grade A or B | probable |",
        ),
        (
            None,
            Some(SourceGrade::F),
            Grade::Possible,
            "| no item grade, or 6: source grade C, D or F, or none | possible |",
        ),
        (None, Some(SourceGrade::E), Grade::None, "| source grade E | none |"),
    ] {
        assert!(page.contains(row), "{row}");
        let graded = Record { item_grade: item.map(ItemGrade), source_grade: source, ..record.clone() };
        assert_eq!(graded.grade(), grade, "{row}");
    }
}
