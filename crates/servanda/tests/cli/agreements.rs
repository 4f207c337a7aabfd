//! `check`, `fmt`, `explain`, `test`: commands on texts.

use crate::terminal::{everything_below, servanda};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const SMALL: &str = r#"# A truce

```pact
agreement small "the small truce"
  status      political
  signed      2025-02-24
  in force    2025-03-01T00:00
  time zone   UTC
  counting    event day excluded
party North
party South
```

## Article 1

> North reports to South within three days.

```pact
event report
  says        "{by} reports"
  carries     by: party

duty report-once
  bearer      North
  owed to     South
  must        do report by bearer
  within      3 days of in-force
  seen by     South
  per         "North reports to South within three days"
```
"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn check_says_all_at_once_with_file_line_and_remedy() {
    let wrong = SMALL.replace("owed to     South", "owed to     Suoth").replace("3 days of", "3 dyas of");
    let here = folder(&[("good.pact.md", SMALL), ("wrong.pact.md", &wrong), ("sub/other.pact.md", SMALL)]);
    let ran = servanda(here.path(), &["check", "good.pact.md"]);
    ran.ends_with(0).says(&["1 file checked: no errors"]);
    let ran = servanda(here.path(), &["check", "wrong.pact.md", "good.pact.md"]);
    ran.ends_with(1).says(&[
        "wrong.pact.md:25",
        "wrong.pact.md:27",
        "did you mean `South`",
        "days",
        "2 files checked",
    ]);
    let ran = servanda(here.path(), &["check", "."]);
    ran.ends_with(1).says(&["3 files checked"]);
    servanda(here.path(), &["check", "good.pact.md", "gone.pact.md", "wrong.pact.md"])
        .ends_with(2)
        .says(&["wrong.pact.md:25"])
        .complains(&["cannot read `gone.pact.md`: there is no such file", "help:"]);
    servanda(here.path(), &["check"]).ends_with(2).complains(&["servanda.toml", "servanda new"]);
}

#[test]
fn every_diagnostic_that_check_gives_can_be_explained() {
    let wrong = SMALL.replace("\"North reports to South", "\"North writes to South");
    let here = folder(&[("wrong.pact.md", &wrong)]);
    let ran = servanda(here.path(), &["check", "wrong.pact.md"]);
    ran.ends_with(1);
    let code = ran.out.split(['[', ']']).nth(1).expect("a code in brackets");
    servanda(here.path(), &["explain", code]).ends_with(0).says(&[code]);
    servanda(here.path(), &["explain", &code.to_lowercase()]).ends_with(0);
    servanda(here.path(), &["explain"]).ends_with(0).says(&[code]);
    servanda(here.path(), &["explain", "E99999"])
        .ends_with(2)
        .complains(&["no diagnostic `E99999`", "help:"]);
}

#[test]
fn garbage_is_refused_quickly_and_in_words() {
    let here = folder(&[]);
    let put = |name: &str, bytes: &[u8]| fs::write(here.path().join(name), bytes).unwrap();
    put("binary.pact.md", b"# A\n\0\x01\x02");
    put("latin.pact.md", b"# A\n\ncaf\xe9\n");
    put("big.pact.md", &vec![b'x'; 100 << 20]);
    put("empty.pact.md", b"");
    let begun = Instant::now();
    for (file, words) in [
        ("binary.pact.md", "is no text"),
        ("latin.pact.md", "line 3: a letter is not written in UTF-8"),
        ("big.pact.md", "longer than 16 MB"),
        (".", "big.pact.md"),
    ] {
        for command in ["check", "fmt"] {
            servanda(here.path(), &[command, file]).ends_with(2).complains(&[words, "help:"]);
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    servanda(here.path(), &["status", "--agreement", "big.pact.md"])
        .ends_with(2)
        .complains(&["longer than 16 MB"]);
    let ran = servanda(here.path(), &["check", "empty.pact.md"]);
    assert!([0, 1].contains(&ran.code), "{}", ran.err);
    // As long as is allowed, and not one agreement in it.
    put("long.pact.md", &b"```pact\nduty (((((((( \n".repeat(40_000));
    let begun = Instant::now();
    let ran = servanda(here.path(), &["check", "long.pact.md"]);
    assert!([1, 2].contains(&ran.code), "{} {}", ran.code, ran.err);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn fmt_writes_whole_files_and_check_only_looks() {
    let ugly = SMALL
        .replace("  status      political", "  status political")
        .replace("\n\n## Article", "\n\n\n## Article");
    let here = folder(&[("a.pact.md", &ugly), ("b.pact.md", SMALL)]);
    servanda(here.path(), &["fmt", "--check", "a.pact.md", "b.pact.md"]).ends_with(1).says(&["a.pact.md\n"]);
    assert_eq!(fs::read_to_string(here.path().join("a.pact.md")).unwrap(), ugly);
    servanda(here.path(), &["fmt", "a.pact.md", "gone.pact.md"]).ends_with(2);
    assert_eq!(
        fs::read_to_string(here.path().join("a.pact.md")).unwrap(),
        ugly,
        "one unreadable file, nothing changes"
    );
    servanda(here.path(), &["fmt", "."]).ends_with(0).complains(&["formatted ./a.pact.md"]);
    servanda(here.path(), &["fmt", "--check", "."]).ends_with(0);
    let formatted = fs::read_to_string(here.path().join("a.pact.md")).unwrap();
    assert!(
        formatted.contains("  status      political") && formatted.contains("\n\n\n## Article"),
        "{formatted}"
    );
    assert_eq!(everything_below(here.path()), ["a.pact.md", "b.pact.md"]);
}

const STORY: &str = "# Stories\n\nAgreement: [small](small.pact.md)\n\n## In time\n\n```records\n2025-03-04T23:59  report by North  \
                     ; id r\n```\n\n```expect\nat 2025-03-05T00:00\nreport-once North: satisfied because done-in-time records \
                     r\n```\n\n## Late\n\n```records\n2025-03-05T00:00  report by North  ; id r\n```\n\n```expect\nat \
                     2025-03-06T00:00\nreport-once North: satisfied because done-in-time\n```\n";

#[test]
fn test_names_each_story_and_says_what_differs() {
    let here = folder(&[("small.pact.md", SMALL), ("stories.md", STORY), ("notes.md", "# Notes\n")]);
    let ran = servanda(here.path(), &["test", "."]);
    ran.ends_with(1).says(&["ok      In time", "FAILED  Late", "violated late", "1 passed, 1 failed\n"]);
    assert!(ran.out.ends_with("1 passed, 1 failed\n"), "{}", ran.out);
    servanda(here.path(), &["test", "stories.md", "--filter", "in TIME"])
        .ends_with(0)
        .says(&["1 passed, 0 failed"]);
    servanda(here.path(), &["test", "stories.md", "--filter", "nothing"])
        .ends_with(2)
        .complains(&["no scenario"]);
    servanda(here.path(), &["test", "notes.md"]).ends_with(2).complains(&["no `expect` fence"]);
    servanda(here.path(), &["test", "gone.md"]).ends_with(2).complains(&["cannot read `gone.md`"]);
    servanda(here.path(), &["test", "--update", "stories.md"]).ends_with(0).says(&["2 passed, 0 failed"]);
    let updated = fs::read_to_string(here.path().join("stories.md")).unwrap();
    let (first, second) = updated.split_once("## Late").unwrap();
    assert!(first.contains("report-once North: satisfied because done-in-time records r"), "{first}");
    assert!(second.contains("report-once North: violated") && second.contains("done-late"), "{second}");
}

#[test]
fn no_tool_rewrites_what_was_agreed() {
    let here = folder(&[
        ("tests/agreed/small.pact.md", SMALL),
        ("tests/agreed/stories.md", STORY),
        ("tests/other/small.pact.md", SMALL),
        ("tests/other/stories.md", STORY),
    ]);
    let refuse = |folder: &Path, line: &[&str]| {
        servanda(folder, line).ends_with(2).complains(&["no tool rewrites what was agreed"]);
        for place in ["agreed", "other"] {
            let text = fs::read_to_string(here.path().join(format!("tests/{place}/stories.md"))).unwrap();
            assert_eq!(text, STORY, "{place}: nothing may change");
        }
    };
    refuse(here.path(), &["test", "--update", "tests"]);
    refuse(here.path(), &["test", "--update", "tests/other/stories.md", "tests/agreed/stories.md"]);
    refuse(&here.path().join("tests/agreed"), &["test", "--update", "stories.md"]);
    refuse(&here.path().join("tests/other"), &["test", "--update", "../agreed"]);
}

#[test]
fn rules_are_translated_and_read_back() {
    let here = folder(&[
        ("a.pact.md", SMALL),
        ("bad.pact.md", &SMALL.replace("bearer      North", "baerer      North")),
    ]);
    let ran = servanda(here.path(), &["translate", "a.pact.md", "--to", "uk", "-o", "uk.pact.md"]);
    ran.ends_with(0).complains(&["wrote uk.pact.md"]);
    let ukrainian = fs::read_to_string(here.path().join("uk.pact.md")).unwrap();
    for line in [
        "```pact uk",
        "зобов’язання report-once",
        "  повинен           вчинити report хто носій",
        "протягом          3 днів від набрання-чинності",
    ] {
        assert!(ukrainian.contains(line), "{line}\n{ukrainian}");
    }
    servanda(here.path(), &["check", "uk.pact.md"]).ends_with(0);
    servanda(here.path(), &["fmt", "--check", "uk.pact.md"]).ends_with(0);
    servanda(here.path(), &["translate", "uk.pact.md", "--to", "en"])
        .ends_with(0)
        .says(&[SMALL[SMALL.find("## Article 1").unwrap()..].trim_end()]);
    servanda(here.path(), &["translate", "bad.pact.md", "--to", "uk"]).ends_with(1).complains(&[
        "P0108",
        "did you mean `bearer`?",
        "is not translated",
    ]);
    servanda(here.path(), &["translate", "a.pact.md", "--to", "de"]).ends_with(2).complains(&["uk"]);
    servanda(here.path(), &["read", "uk.pact.md", "--language", "uk"]).ends_with(0).says(&[
        "report-once",
        "North – зобов’язання вчинити: «зобов’язана сторона reports»",
        "перед ким: South",
    ]);
    servanda(here.path(), &["read", "a.pact.md"])
        .ends_with(0)
        .says(&["North must report", "this is owed to South"]);
    servanda(here.path(), &["compare", "--matrix", "a.pact.md", "uk.pact.md", "--format", "csv"])
        .ends_with(0)
        .says(&["a,article-1,North,South,", "uk,article-1,North,South,", ",will,"]);
}
