//! The formatter over every example, the sample with every construct, and damaged versions of both: formatting twice is
//! formatting once, prose stays byte for byte, and what the text means stays.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use servanda_lang::parser::vocabulary::{self, Keyword};
use servanda_lang::{format, parse};
use std::path::Path;

mod texts;

fn formats(text: &str, expected: Expect) {
    let out = format(text);
    expected.assert_eq(&out);
    assert_eq!(format(&out), out, "formatting twice");
}

/// The text without the content of its fences.
fn prose(text: &str) -> Vec<String> {
    let mut at = 0;
    let mut out = Vec::new();
    for fence in parse(text).document.fences {
        out.push(text[at..fence.content.start].to_string());
        at = fence.content.end;
    }
    out.push(text[at..].to_string());
    out
}

/// What must hold of every text whatever.
fn holds_of(text: &str) -> Result<(), String> {
    let out = format(text);
    if format(&out) != out {
        return Err(format!("formatting twice changes the text:\n{out}\n----\n{}", format(&out)));
    }
    if prose(&out) != prose(text) {
        return Err(format!("prose has changed:\n{out}"));
    }
    Ok(())
}

fn same(one: &str, other: &str, name: &str) {
    for (number, (one, other)) in one.lines().zip(other.lines()).enumerate() {
        assert_eq!(one, other, "{name}, line {}", number + 1);
    }
    assert_eq!(one.len(), other.len(), "{name}");
}

#[test]
fn the_sample_has_every_declaration_and_every_field() {
    let (file, _) = servanda_lang::ast::file(texts::EVERY_CONSTRUCT, &parse(texts::EVERY_CONSTRUCT));
    for keyword in Keyword::ALL {
        assert!(file.decls.iter().any(|decl| decl.keyword == keyword), "no {}", keyword.word());
    }
    for word in vocabulary::ALL_FIELD_WORDS {
        assert!(file.decls.iter().any(|decl| decl.all(word).next().is_some()), "no field {word}");
    }
}

#[test]
fn the_sample_is_formatted_already() {
    same(&format(texts::EVERY_CONSTRUCT), texts::EVERY_CONSTRUCT, "every-construct");
}

#[test]
fn the_examples_are_formatted_already() {
    for (name, text) in texts::all() {
        same(&format(&text), &text, &name);
        holds_of(&text).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
    }
}

#[test]
fn words_stand_in_columns_and_declarations_apart() {
    formats(
        "# T\n\n```pact\n\n\n# about parties\nparty   A\nparty B   \"the B\"   outside  # far\nevent x\n     says \"{by}   acts\"\n\
         \n\n     carries by:party ,to : party\nduty  a\n   bearer each of A , B\n # between\n    must do x   by bearer\n  # tail\n\
         # before\nduty b\n  bearer A\n```\n",
        expect![[r##"
            # T

            ```pact
            # about parties
            party A
            party B "the B" outside  # far

            event x
              says        "{by} acts"
              carries     by: party, to: party

            duty a
              bearer      each of A, B
              # between
              must        do x by bearer
              # tail

            # before
            duty b
              bearer      A
            ```
        "##]],
    );
}

#[test]
fn long_lines_are_broken_where_they_may_be() {
    let per = "words ".repeat(30);
    formats(
        &format!(
            "```pact\nterm a\n  means (count of attack by Russia at oblasts in any 72 hours >= 100) or (sum persons of attack where \
             (by = Russia and weapon != gun) in any 72 hours >= 1,000)\n  per \"{}\"\ngroup g\n  members {}\n```\n",
            per.trim(),
            (1..40).map(|n| format!("member-{n}")).collect::<Vec<_>>().join(",")
        ),
        expect![[r#"
            ```pact
            term a
              means       (count of attack by Russia at oblasts in any 72 hours >= 100)
                          or (sum persons of attack where (by = Russia and weapon != gun) in any 72 hours >= 1,000)
              per         "words words words words words words words words words words words words words words words words
                          words words words words words words words words words words words words words words"

            group g
              members     member-1, member-2, member-3, member-4, member-5, member-6, member-7, member-8, member-9,
                          member-10, member-11, member-12, member-13, member-14, member-15, member-16, member-17,
                          member-18, member-19, member-20, member-21, member-22, member-23, member-24, member-25,
                          member-26, member-27, member-28, member-29, member-30, member-31, member-32, member-33,
                          member-34, member-35, member-36, member-37, member-38, member-39
            ```
        "#]],
    );
}

#[test]
fn operators_brackets_and_comments_within_a_value() {
    formats(
        "```pact\nterm a\n  means ( x   -  5>=-3 and y*2 <  90 % ) # why\n    # a line of its own\n    and not( z )\n\
         zone z\n  shape strip along l ,within w of t( type ,bearer ) , on side\n  mark  TLP:AMBER+STRICT\n```\n",
        expect![[r#"
            ```pact
            term a
              means       (x - 5 >= -3 and y * 2 < 90%)  # why
                          # a line of its own
                          and not (z)

            zone z
              shape       strip along l, within w of t(type, bearer), on side
              mark        TLP:AMBER+STRICT
            ```
        "#]],
    );
}

#[test]
fn what_is_damaged_stays_as_it_is() {
    formats(
        "```pact\nparty   A\nduty  a\n    bearer   each of\n    must   do x\n\n\n\nparty    B\n\n  stray   line\nwrod   x\n  bearer   A\n\
         party   C\n```\n",
        expect![[r#"
            ```pact
            party A
            duty  a
                bearer   each of
                must   do x



            party B

              stray   line
            wrod   x
              bearer   A
            party C
            ```
        "#]],
    );
}

#[test]
fn other_fences_open_fences_and_line_ends_are_kept() {
    formats(
        "```rust\nparty   A\n```\n\n```pact\n```\n\n```pact\nparty   A",
        expect![[r#"
        ```rust
        party   A
        ```

        ```pact
        ```

        ```pact
        party   A"#]],
    );
    let windows = "> q\r\n\r\n```pact\r\nparty   A\r\nduty a\r\n   bearer A\r\n```\r\n";
    let expected = "> q\r\n\r\n```pact\r\nparty A\r\n\r\nduty a\r\n  bearer      A\r\n```\r\n";
    assert_eq!(format(windows), expected);
    let to_the_right = "  ```pact\n  party   A\n  duty a\n    bearer A\n  ```\n";
    let expected = "  ```pact\n  party A\n\n  duty a\n    bearer      A\n  ```\n";
    assert_eq!(format(to_the_right), expected);
    formats("", expect![""]);
}

#[test]
fn unformatted_text_keeps_its_meaning() {
    for (name, text) in texts::all() {
        // Every run of blanks inside a line becomes one or three; fields stay indented.
        for blanks in [" ", "   "] {
            let mut in_fence = false;
            let loose: String = text
                .lines()
                .map(|line| {
                    if line.starts_with("```") {
                        in_fence = line.starts_with("```pact");
                    }
                    if !in_fence || line.starts_with("```") {
                        return format!("{line}\n");
                    }
                    let indent = line.len() - line.trim_start().len();
                    let words: Vec<&str> = line.split_whitespace().collect();
                    format!("{}{}\n", " ".repeat(indent), words.join(blanks))
                })
                .collect();
            same(&format(&loose), &format(&text), &format!("{name} with {} blanks", blanks.len()));
        }
    }
}

#[test]
fn lowering_is_the_same_before_and_after() {
    for (name, text) in texts::all() {
        let loose = text.replace("\n  must   ", "\n    must ").replace("  bearer      ", "   bearer ");
        let loose = loose.replace("  носій             ", "   носій ");
        assert_ne!(loose, text, "{name}: nothing to format");
        let before = servanda_lang::check(&loose);
        let after = servanda_lang::check(&format(&loose));
        let codes = |checked: &servanda_lang::Checked| {
            checked.diagnostics.iter().map(|d| (d.code, d.message.clone())).collect::<Vec<_>>()
        };
        assert_eq!(codes(&before), codes(&after), "{name}");
        assert_eq!(texts::without_lines(before.agreement), texts::without_lines(after.agreement), "{name}");
    }
}

/// One change to a text, as an accident would make it.
fn mutated(text: &str, at: usize, how: u8, with: char) -> String {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let at = places[at % places.len()];
    let here = text[at..].chars().next().map_or(0, char::len_utf8);
    let line = at + text[at..].find('\n').map_or(text.len() - at, |n| n + 1);
    match how % 5 {
        0 => format!("{}{}", &text[..at], &text[at + here..]),
        1 => format!("{}{with}{}", &text[..at], &text[at..]),
        2 => format!("{}{}", &text[..at], &text[line..]),
        3 => format!("{}\n\n{}", &text[..at], &text[at..]),
        _ => format!("{}{}", &text[..line], &text[at..]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn mutated_texts_format_to_something_stable(
        which in 0usize..100, first in any::<usize>(), second in any::<usize>(), how in any::<[u8; 2]>(),
        with in prop::sample::select(vec!['"', '(', ')', '#', ',', '`', ' ', '\n', '-', 'x', '>', '\r', '\t', 'é', '1', ':'])
    ) {
        let texts = texts::all();
        let (_, text) = &texts[which % texts.len()];
        let text = mutated(&mutated(text, first, how[0], with), second, how[1], with);
        prop_assert!(holds_of(&text).is_ok(), "{}\n====\n{}", holds_of(&text).unwrap_err(), text);
    }

    #[test]
    fn any_text_formats_to_something_stable(text in "(```pact\n|```\n|party A|duty a|\n|  | must |  bearer A|\"|#|[a-z,():-]|é|[0-9]){0,60}") {
        prop_assert!(holds_of(&text).is_ok(), "{}", holds_of(&text).unwrap_err());
    }
}

fn cases() -> u32 {
    std::env::var("SERVANDA_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

#[test]
fn the_examples_are_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    assert_eq!(texts::all().len() > 1, folder.is_dir(), "examples are not read");
}
