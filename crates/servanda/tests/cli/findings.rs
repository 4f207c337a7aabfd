//! `servanda check --findings`, `servanda audit` and `servanda diff`: what a drafter wants to know before anybody signs.

use crate::terminal::{everything_below, servanda};
use std::fs;
use std::path::{Path, PathBuf};

fn berlin() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/berlin-framework/berlin-framework.pact.md")
}

#[test]
fn findings_are_counted_and_shown_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = berlin();
    let file = file.to_str().unwrap();
    servanda(folder.path(), &["check", file])
        .ends_with(0)
        .says(&["no errors, no warnings", "findings about the draft"]);
    servanda(folder.path(), &["check", "--findings", file]).ends_with(0).says(&[
        "A0714",
        "`consult` is due 24 hours",
        "looked at in",
        "how far: every act that the text names, once, in any order",
        "not decided: that a body which can decide does find it was taken as possible for `report-response`",
    ]);
    servanda(folder.path(), &["check", "--findings", "--strict", file]).ends_with(1);
    servanda(folder.path(), &["explain", "a0714"]).ends_with(0).says(&["due before it can be found"]);
}

#[test]
fn what_is_accepted_stays_listed_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let words = fs::read_to_string(berlin()).unwrap();
    let (before, after) =
        words.split_once("  per         \"each guarantor consults with Ukraine within 24 hours\"").unwrap();
    let kept = "  per         \"each guarantor consults with Ukraine within 24 hours\"\n  accepted    \"A0714\" because \"consulting needs no finding\"";
    fs::write(folder.path().join("kept.pact.md"), format!("{before}{kept}{after}")).unwrap();
    servanda(folder.path(), &["check", "--findings", "kept.pact.md"])
        .says(&["accepted in kept.pact.md:", "because consulting needs no finding"]);
    let page = servanda(folder.path(), &["audit", "kept.pact.md"]);
    page.ends_with(0).says(&["because consulting needs no finding"]);
}

#[test]
fn the_page_is_written_in_every_form_and_a_broken_text_gets_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = berlin();
    let file = file.to_str().unwrap();
    servanda(folder.path(), &["audit", file]).ends_with(0).says(&[
        "Can it be enforced?",
        "the Joint Security Commission, within 24 hours",
        "reasons and a further measure, within 48 hours",
        "What follows a breach: nothing",
        "6 days",
        "serious violation",
    ]);
    for form in ["html", "csv", "json"] {
        let first = servanda(folder.path(), &["audit", file, "--format", form]);
        first.ends_with(0);
        assert_eq!(first.out, servanda(folder.path(), &["audit", file, "--format", form]).out);
    }
    servanda(folder.path(), &["audit", file, "--format", "pdf"]).ends_with(2).complains(&["-o FILE.pdf"]);
    fs::write(folder.path().join("bad.pact.md"), "# T\n\n```pact\nduty d\n  bearer Nobody\n```\n").unwrap();
    let before = everything_below(folder.path());
    servanda(folder.path(), &["audit", "bad.pact.md", "--format", "html", "-o", "page.html"])
        .ends_with(2)
        .complains(&["has errors", "N0"]);
    assert_eq!(before, everything_below(folder.path()));
}

#[test]
fn two_versions_are_compared_in_sentences_findings_and_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    servanda(folder.path(), &["new", "truce"]).ends_with(0);
    let root = folder.path().join("truce");
    let words = fs::read_to_string(root.join("river-truce.pact.md")).unwrap();
    servanda(&root, &["diff", "river-truce.pact.md", "river-truce.pact.md"])
        .ends_with(0)
        .says(&["mean the same", "no verdict changes"]);
    // One token: the ban becomes one on the other side.
    let ban = words.find("\nban ").unwrap();
    let end = ban + 1 + words[ban + 1..].find("\n\n").unwrap_or(words.len() - ban - 1);
    let (rule, rest) = (&words[ban..end], &words[end..]);
    let cut: Vec<&str> = rule.lines().filter(|l| !l.trim_start().starts_with("seen by")).collect();
    fs::write(root.join("other.pact.md"), format!("{}{}{rest}", &words[..ban], cut.join("\n"))).unwrap();
    let found = servanda(&root, &["diff", "river-truce.pact.md", "other.pact.md", "--fail-on-change"]);
    found.ends_with(1).says(&["ban ", "findings that are new", "A0701"]);
    let json = servanda(&root, &["diff", "river-truce.pact.md", "other.pact.md", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.ends_with(0).out).unwrap();
    assert_eq!(json["meaning"].as_array().unwrap().len(), 1, "{json}");
    assert!(json["verdicts"].is_array());
    fs::write(root.join("bad.pact.md"), "# T\n\n```pact\nduty d\n  bearer Nobody\n```\n").unwrap();
    servanda(&root, &["diff", "river-truce.pact.md", "bad.pact.md"]).ends_with(2).complains(&["bad.pact.md"]);
}
