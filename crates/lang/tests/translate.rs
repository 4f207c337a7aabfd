//! Rules in the words of another language mean the same, and come back as they were.

mod texts;

use servanda_lang::{Language, check, format, translate};
use texts::without_lines;

/// Translated, and back; what it means on both sides.
fn there_and_back(name: &str, english: &str) {
    let shown = |wrong: Vec<servanda_lang::Diagnostic>| {
        servanda_lang::diagnostic::render(name, english, &wrong, false)
    };
    let ukrainian =
        translate(english, Language::Ukrainian).map_err(shown).unwrap_or_else(|e| panic!("{name}: {e}"));
    let (one, other) = (check(english), check(&ukrainian));
    let codes =
        |checked: &servanda_lang::Checked| checked.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>();
    let mut expected = codes(&one);
    let mut got = codes(&other);
    expected.sort_unstable();
    got.sort_unstable();
    assert_eq!(got, expected, "{name}\n{ukrainian}\n{:#?}", other.diagnostics);
    assert_eq!(
        format!("{:#?}", without_lines(other.agreement)),
        format!("{:#?}", without_lines(one.agreement)),
        "{name}\n{ukrainian}"
    );
    assert_eq!(format(&ukrainian), ukrainian, "{name}: laid out as the formatter does");
    let back =
        translate(&ukrainian, Language::English).map_err(shown).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(back, format(english), "{name}");
}

#[test]
fn every_example_there_and_back() {
    for (name, text) in texts::all() {
        if !text.contains("```pact uk") {
            there_and_back(&name, &text);
        }
    }
}
