//! `servanda report`: the five reports in their forms, written from a workspace, and what it says where it cannot.

use crate::terminal::{command, everything_below, servanda};
use std::fs;
use std::path::{Path, PathBuf};

/// A workspace with a fire each on two days, one of them marked above green.
fn ground(folder: &Path) -> PathBuf {
    servanda(folder, &["new", "truce"]).ends_with(0);
    let root = folder.join("truce");
    let line = |id: &str, day: u32, level: &str, title: &str| {
        format!(
            "{{\"v\":1,\"id\":\"{id}\",\"recorded\":\"2025-03-{day}T12:00:00Z\",\"fact\":\"fire\",\"roles\":{{\"by\":\"North\"}},\"when\":\"2025-03-{day}T10:00:00Z\",\
             \"place\":{{\"lat\":0.5,\"lon\":0.5,\"radius_m\":100}},\"source\":\"SMM\",\"title\":\"{title}\",\"marking\":{{\"level\":\"{level}\"}}}}\n"
        )
    };
    let lines = line("A-1", 20, "TLP:GREEN", "<b>=1+1</b> #panic(\\\"x\\\")")
        + &line("A-2", 20, "TLP:RED", "who said it")
        + &line("A-3", 21, "TLP:CLEAR", "a day after the cut-off");
    fs::write(root.join("more.jsonl"), lines).unwrap();
    servanda(&root, &["import", "jsonl", "more.jsonl"]).ends_with(0).says(&["3 records made"]);
    root
}

const CUT_OFF: [&str; 4] = ["--cut-off", "2025-03-20T18:00", "--zone", "UTC"];

fn report<'a>(kind: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["report", kind], &CUT_OFF[..], more].concat()
}

#[test]
fn every_report_is_written_in_every_form_and_again_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let root = ground(folder.path());
    for (kind, more) in [
        ("daily", &[][..]),
        ("spot", &["--incident", "A-1"][..]),
        ("bulletin", &[][..]),
        ("case", &["--incident", "A-1"][..]),
        ("audit", &[][..]),
    ] {
        for form in ["html", "csv", "geojson", "json"] {
            for lang in ["en", "uk"] {
                let line = [more, &["--format", form, "--lang", lang]].concat();
                let first = servanda(&root, &report(kind, &line));
                first.ends_with(0);
                assert!(!first.out.is_empty(), "{kind} {form} {lang}");
                assert_eq!(first.out, servanda(&root, &report(kind, &line)).out, "{kind} {form} {lang}");
                assert!(!first.out.contains("A-3"), "{kind} {form} {lang} knows what came after its cut-off");
                if form == "html" {
                    assert!(!first.out.contains("<b>="), "{kind}: a title is markup");
                }
                if kind == "bulletin" {
                    assert!(
                        !first.out.contains("A-1") && !first.out.contains("panic"),
                        "{form}: {}",
                        first.out
                    );
                }
            }
        }
    }
}

#[test]
fn a_release_below_red_neither_shows_nor_counts_what_is_red() {
    let folder = tempfile::tempdir().unwrap();
    let root = ground(folder.path());
    let whole = servanda(&root, &report("daily", &["--format", "json"]));
    whole.ends_with(0).says(&["A-2", "who said it"]);
    let green = servanda(&root, &report("daily", &["--format", "json", "--release", "green"]));
    green.ends_with(0).says(&["A-1"]);
    assert!(!green.out.contains("A-2") && !green.out.contains("who said it"));
    let events = |text: &str| -> usize {
        let all: serde_json::Value = serde_json::from_str(text).unwrap();
        let tables = all["sections"].as_array().unwrap().iter().flat_map(|s| s["tables"].as_array().unwrap());
        tables.filter(|t| t["key"] == "events").map(|t| t["rows"].as_array().unwrap().len()).sum()
    };
    assert_eq!(events(&whole.out), events(&green.out) + 1);
}

#[test]
fn a_release_for_a_party_holds_what_that_party_may_see_and_one_for_nobody_holds_nothing_restricted() {
    let folder = tempfile::tempdir().unwrap();
    let root = ground(folder.path());
    let restricted = "{\"v\":1,\"id\":\"R-1\",\"recorded\":\"2025-03-20T12:00:00Z\",\"fact\":\"fire\",\"roles\":{\"by\":\"North\"},\"when\":\"2025-03-20T10:00:00Z\",\
                      \"place\":{\"lat\":0.5,\"lon\":0.5,\"radius_m\":100},\"source\":\"SMM\",\"marking\":{\"level\":\"TLP:AMBER\",\"releasable_to\":[\"South\"]}}\n";
    fs::write(root.join("restricted.jsonl"), restricted).unwrap();
    servanda(&root, &["import", "jsonl", "restricted.jsonl"]).ends_with(0);
    let holds = |more: &[&str]| {
        let line = [&["--format", "json"], more].concat();
        let ran = servanda(&root, &report("daily", &line));
        ran.ends_with(0);
        ["A-1", "R-1", "A-2"].map(|id| ran.out.contains(&format!("\"{id}\"")))
    };
    assert_eq!(holds(&[]), [true, true, true]);
    assert_eq!(holds(&["--release", "amber"]), [true, false, false]);
    assert_eq!(holds(&["--release", "amber", "--to", "South"]), [true, true, false]);
    assert_eq!(holds(&["--release", "amber", "--to", "North"]), [true, false, false]);
    assert_eq!(holds(&["--to", "South"]), [true, true, true]);
    servanda(&root, &report("daily", &["--to", "Suoth"])).ends_with(2).complains(&["did you mean `South`?"]);
    servanda(&root, &report("bulletin", &["--to", "South"])).ends_with(2).complains(&["for everybody"]);
}

#[test]
fn a_pdf_without_its_program_says_how_to_get_it_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = ground(folder.path());
    let before = everything_below(&root);
    servanda(&root, &report("daily", &["--format", "pdf"])).ends_with(2).complains(&["-o FILE.pdf"]);
    let ran = command(&root, &report("daily", &["--format", "pdf", "-o", "day.pdf"]))
        .env("PATH", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(2), "{said}");
    for words in ["`servanda-pdf` is not here", "cargo install --path pdf", "--format html"] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(before, everything_below(&root));
}

#[cfg(unix)]
#[test]
fn the_program_for_pdf_gets_the_whole_document_and_its_complaint_is_passed_on() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let root = ground(folder.path());
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let stands_in = |script: &str| {
        let program = folder.path().join("servanda-pdf");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        command(&root, &report("daily", &["--format", "pdf", "-o", "day.pdf"]))
            .env("PATH", &path)
            .output()
            .unwrap()
    };
    let refused = stands_in("#!/bin/sh\ncat >/dev/null\necho 'error: no room on the page' >&2\nexit 2\n");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no room on the page"));
    assert!(!root.join("day.pdf").exists());
    assert_eq!(stands_in("#!/bin/sh\nexec cat\n").status.code(), Some(0));
    let json = servanda(&root, &report("daily", &["--format", "json"]));
    assert_eq!(fs::read_to_string(root.join("day.pdf")).unwrap(), json.out);
}
