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

/// Every token of every example changed a little: where the English sentences differ, the Ukrainian ones do.
#[test]
fn what_shows_in_english_shows_in_ukrainian() {
    use servanda_lang::readback::whole;
    let mut shown = 0;
    for (name, text) in texts::all() {
        let before = check(&text).agreement;
        let (english, ukrainian) = (whole(&before, Language::English), whole(&before, Language::Ukrainian));
        assert!(
            ukrainian.iter().all(|(_, sentence)| sentence.ends_with('.') && !sentence.contains("  ")),
            "{name}"
        );
        let fences = servanda_lang::parse(&text).document.fences;
        let mut at = 0;
        for (number, word) in text.split_inclusive(char::is_whitespace).enumerate() {
            let place = at..at + word.trim_end().len();
            at += word.len();
            let in_rules = fences.iter().any(|fence| fence.content.contains(&place.start));
            if !in_rules || place.is_empty() || number % 41 != 0 {
                continue;
            }
            let with = |new: &str| format!("{}{new}{}", &text[..place.start], &text[place.end..]);
            let more = format!("{}1", &text[place.clone()]);
            for mutant in [with(""), with(if word.trim_end().parse::<u32>().is_ok() { &more } else { "" })] {
                let after = check(&mutant).agreement;
                if whole(&after, Language::English) != english {
                    shown += 1;
                    let told = || format!("{name}: {:?}", &text[place.start.saturating_sub(60)..place.end]);
                    assert_ne!(whole(&after, Language::Ukrainian), ukrainian, "{}", told());
                }
            }
        }
    }
    println!("{shown} mutants");
    assert!(shown > 60, "{shown}");
}

#[test]
fn mistakes_in_ukrainian_words_are_told_in_them() {
    let told = |rules: &str| {
        let text = format!("# Угода\n\n```pact uk\nугода у\n  набирає чинності    2026-01-01\n{rules}```\n");
        let wrong: Vec<String> = check(&text)
            .diagnostics
            .iter()
            .filter(|d| d.severity == servanda_lang::diagnostic::Severity::Error)
            .map(|d| {
                let fix =
                    d.fix.as_ref().map_or(String::new(), |fix| format!(" [{}]", fix.replacement.trim()));
                format!("{} {} ({}){fix}", d.code, d.message, d.help.as_deref().unwrap_or_default())
            })
            .collect();
        wrong.join("\n")
    };
    for (rules, expected) in [
        (
            "зобовязання а\n",
            "P0106 `зобовязання` begins no declaration (did you mean `зобов’язання`?) [зобов’язання]",
        ),
        ("duty а\n", "it is English for `зобов’язання`; the words of this fence are Ukrainian"),
        ("зобов'язання а\n  носій Польща\n  bearer Польща\n", "it is English for `носій`"),
        ("сторона А\nзобов'язання а\n  носiй А\n", "Latin and Cyrillic letters that look the same"),
        (
            "сторона А\nзобов'язання а\n  нсій А\n",
            "P0108 `нсій` is not the word of a field (did you mean `носій`?) [носій]",
        ),
        (
            "сторона А\nзаборона а\n  носій А\n  заборонено забезпечити х\n",
            "(expected `вчинити` (an act) or `зберігати` (a state))",
        ),
        ("сторона А\nсторона б\n  члени А\n", "P0111 a party has no field `члени`"),
        ("угода\n", "P0109"),
        ("подія носій\n", "N0211 `носій` is a word of the language"),
        ("подія хто-сь\n  читається \"{кому} х\"\n  містить хто: сторона\n", "`кому`"),
        ("зобов'язання а\n", "say who must: `носій"),
    ] {
        let got = told(rules);
        assert!(got.contains(expected), "{rules}\n{got}");
    }
}

mod soup {
    use super::*;
    use proptest::prelude::*;
    use servanda_lang::surface;

    /// Lines of Ukrainian words in any order, with names, numbers and what a keyboard slips in between.
    fn fence() -> impl Strategy<Value = String> {
        let table = surface::table(Language::Ukrainian);
        let forms = |part: usize| -> Vec<String> {
            table[part].iter().flat_map(|(_, forms, _)| forms.iter().map(|form| form.to_string())).collect()
        };
        let value = prop_oneof![
            6 => prop::sample::select(forms(3)),
            2 => prop::sample::select(vec!["Польща", "напад", "об'єкт-А", "24", "10", "2026-12-31", "(", ")", ",", ":", ">=", "\"слова {хто}\"", "# примітка", "by", "of", "і\u{306}", "\"", "’"])
                .prop_map(str::to_string),
        ];
        let values = prop::collection::vec(value, 0..9).prop_map(|words| words.join(" "));
        let declaration = (prop::sample::select(forms(0)), "[а-яіїєґ]{1,6}")
            .prop_map(|(word, name)| format!("{word} {name}\n"));
        let field =
            (prop::sample::select(forms(2)), values).prop_map(|(word, value)| format!("  {word} {value}\n"));
        prop::collection::vec(prop_oneof![1 => declaration, 4 => field], 1..14)
            .prop_map(|lines| format!("# Т\n\n> слова\n\n```pact uk\n{}```\n", lines.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Whatever stands there is read without loss and laid out in one way; and what is translated means the same, also back.
        #[test]
        fn ukrainian_words_in_any_order(text in fence()) {
            let checked = check(&text);
            for tree in &checked.parse.trees {
                let whole = tree.root().text().to_string();
                prop_assert_eq!(&text[tree.offset..tree.offset + whole.len()], whole.as_str());
            }
            let formatted = format(&text);
            prop_assert_eq!(format(&formatted), formatted.clone());
            if let Ok(english) = translate(&text, Language::English) {
                let meant = |text: &str| format!("{:?}", without_lines(check(text).agreement));
                prop_assert_eq!(meant(&english), meant(&text), "{}", english);
                if let Ok(back) = translate(&english, Language::Ukrainian) {
                    prop_assert_eq!(meant(&back), meant(&text), "{}", back);
                }
            }
        }
    }
}
