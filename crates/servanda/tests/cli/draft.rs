//! `draft` and `compare`: from a published text to an agreement file, two versions, and many side by side.

use crate::terminal::servanda;
use std::fs;

const TEXT: &str = "Agreement between Freedonia and Sylvania\n\
    Freedonia and Sylvania (hereinafter “the Parties”) have agreed as follows:\n\
    PART I. HELP\n\
    1. Freedonia will provide training to Sylvania and 74,4 million euro by 31 December 2025, within its means and in accordance with its laws, \
    as long as both of them find that it is needed and that it can be given.\n\
    2. The Parties shall consult within 24 hours.\n\
    Signed in Freedonia City on 28 May 2024 in two originals.\n";

fn folder() -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("pact.txt"), TEXT).unwrap();
    fs::write(here.path().join("later.txt"), TEXT.replace("24 hours", "48 hours")).unwrap();
    here
}

#[test]
fn a_text_becomes_an_agreement_file_that_checks() {
    let here = folder();
    servanda(here.path(), &["draft", "pact.txt", "-o", "pact.pact.md"]).ends_with(0).says(&[
        "plain text, English: 5 clauses (2 of them numbered paragraphs)",
        "not encoded: 2 sentences (shall 1, will 1)",
        "numbers: decimal comma",
        "consultation: within 24 hours (paragraph-2)",
        "check: 0 errors",
    ]);
    servanda(here.path(), &["check", "pact.pact.md"]).ends_with(0).says(&["0 errors"]);
    let file = fs::read_to_string(here.path().join("pact.pact.md")).unwrap();
    assert!(file.contains("> 2\\. The Parties shall consult within 24 hours."), "{file}");
    // Rules that somebody wrote into it are not lost by the same line again.
    let again = servanda(here.path(), &["draft", "pact.txt", "-o", "pact.pact.md"]);
    again.ends_with(2).complains(&["`pact.pact.md` is there already", "--force"]);
    servanda(here.path(), &["draft", "pact.txt", "-o", "pact.pact.md", "--force"]).ends_with(0);
}

#[test]
fn akoma_ntoso_goes_out_and_comes_in() {
    let here = folder();
    servanda(here.path(), &["draft", "pact.txt", "--format", "akn", "-o", "pact.xml"]).ends_with(0);
    servanda(here.path(), &["draft", "pact.xml"]).ends_with(0).says(&["Akoma Ntoso, English: 5 clauses"]);
    servanda(here.path(), &["compare", "pact.txt", "pact.xml", "--fail-on-change"])
        .ends_with(0)
        .says(&["5 as before"]);
}

#[test]
fn what_cannot_be_read_says_so() {
    let here = folder();
    let cases: [(&str, &[u8], &str); 4] = [
        ("empty.docx", b"", "it is empty"),
        ("cut.docx", b"PK\x03\x04", "cut off or damaged"),
        ("old.doc", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "old binary form (.doc)"),
        ("broken.pdf", b"%PDF-1.7\n", "damaged PDF"),
    ];
    for (name, bytes, words) in cases {
        fs::write(here.path().join(name), bytes).unwrap();
        servanda(here.path(), &["draft", name, "-o", "out.pact.md"])
            .ends_with(2)
            .complains(&[name, words, "help"]);
        assert!(!here.path().join("out.pact.md").exists());
    }
    let long = fs::File::create(here.path().join("long.docx")).unwrap();
    long.set_len(200 << 20).unwrap();
    servanda(here.path(), &["draft", "long.docx"]).ends_with(2).complains(&["longer than 64 MB"]);
}

#[test]
fn versions_and_many_texts() {
    let here = folder();
    let ran = servanda(here.path(), &["compare", "pact.txt", "later.txt", "--fail-on-change"]);
    ran.ends_with(1).says(&["1 changed", "paragraph-2 changed", "[-24-] {+48+}"]);
    servanda(here.path(), &["compare", "pact.txt"]).ends_with(2).complains(&["1 file is", "--matrix"]);
    let line = ["compare", "--matrix", "pact.txt", "later.txt"];
    servanda(here.path(), &line)
        .ends_with(0)
        .says(&["24 h (paragraph-2, shall)", "48 h (paragraph-2, shall)"]);
    servanda(here.path(), &[&line[..], &["--format", "csv"]].concat()).ends_with(0).says(&[
        "pact,paragraph-1,Freedonia,Sylvania,by 2025-12-31",
        "later,paragraph-2,all,each other,within 48 hours,shall",
    ]);
    servanda(here.path(), &[&line[..], &["--format", "html", "-o", "m.html"]].concat()).ends_with(0);
    assert!(fs::read_to_string(here.path().join("m.html")).unwrap().contains("48 h (paragraph-2, shall)"));
}
