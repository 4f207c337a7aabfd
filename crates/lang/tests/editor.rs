//! Editor queries over the sample with every construct and over every example: a renaming changes no meaning, names lead to their
//! declarations and quotes to their words, and no text makes a query fail.

use servanda_lang::editor::names::Symbol;
use servanda_lang::editor::{Item, Sheet, Sort, replaced};
use servanda_lang::{Checked, check};

mod texts;

const TRUCE: &str = "# Угода\n\n```pact\nagreement truce\n  status      binding\n  signed      2026-01-01\n  in force    30 days after signed\n  time zone   Europe/Kyiv\n  counting    event day excluded\n  months      round down\n  calendar    working days Monday to Friday; deadlines on days off move to next working day\n\nparty Ukraine\nparty Russia\ngroup both\n  members     Ukraine, Russia\nclass kind\n  value       strike \"a strike\"\n  value       shelling\nevent fire\n  says        \"{by} fires\"\n  carries     by: party, what: kind, at: place\nevent report\n  carries     by: party, to: party\nstate quiet\n  carries     by: party\nzone line\n  shape       \"Lviv\"\n```\n\n## Стаття 1\n\n> Жодна сторона не стріляє. 🕊 Each side reports\n> within 14 days of entry into force.\n\n```pact\nban no-fire \"тиша\"\n  bearer      each of both\n  owed to     every other of both\n  must not    do fire by bearer what strike at line\n  on breach   answer\n  per         \"Жодна сторона не стріляє\"\n\nremedy answer\n  bearer      breaching party\n  owed to     every other of both\n  must        do report by bearer\n  within      24 hours\n\nduty tell\n  bearer      each of both\n  owed to     every other of both\n  must        do report by bearer\n  by          14 days after in-force\n  per         \"Each side reports within 14 days of entry into force\"\n```\n";

fn at(text: &str, needle: &str) -> usize {
    text.find(needle).unwrap_or_else(|| panic!("no `{needle}`"))
}

fn written<'t>(text: &'t str, spans: &[std::ops::Range<usize>]) -> Vec<&'t str> {
    spans.iter().map(|s| &text[s.clone()]).collect()
}

/// All that an agreement says, without an order that hangs on names, and without the sentences: their commas hang on the length of
/// names.
fn lines(checked: &Checked) -> Vec<String> {
    let all = format!("{:#?}", texts::without_lines(checked.agreement.clone()));
    let told = |line: &&str| !line.trim_start().starts_with("readback: ");
    let mut lines: Vec<String> = all.lines().filter(told).map(str::to_string).collect();
    lines.sort();
    lines
}

#[test]
fn a_renaming_changes_no_meaning_in_any_text() {
    let mut renamed = 0;
    for (file, text) in texts::all().into_iter().chain([("truce".to_string(), TRUCE.to_string())]) {
        let checked = check(&text);
        let sheet = Sheet::new(&text, &checked);
        let before = lines(&checked);
        for place in sheet.names.places.iter().filter(|p| p.declares) {
            let old = place.symbol.name();
            let new = format!("{old}-zz");
            let spans = match sheet.rename(place.span.start, &new) {
                Ok(spans) => spans,
                Err(why) => {
                    let may = matches!(place.symbol, Symbol::Role(..) | Symbol::Attribute(_));
                    assert!(may || why.contains("`fact delivery`"), "{file}: {old}: {why}");
                    continue;
                }
            };
            renamed += 1;
            let after = check(&replaced(&text, &spans, &new));
            let mut back: Vec<String> =
                lines(&after).into_iter().map(|l| l.replace(&new, old.as_str())).collect();
            back.sort();
            for (a, b) in before.iter().zip(&back) {
                assert_eq!(a, b, "{file}: {old}");
            }
            assert_eq!(before.len(), back.len(), "{file}: {old}");
        }
    }
    assert!(renamed > 300, "{renamed}");
}

#[test]
fn a_name_that_is_missed_by_a_renaming_would_show() {
    // The comparison above is worth something only if it notices a place left out.
    let checked = check(TRUCE);
    let sheet = Sheet::new(TRUCE, &checked);
    let mut spans = sheet.rename(at(TRUCE, "report\n  carries"), "tale").unwrap();
    assert_eq!(spans.len(), 3);
    spans.pop();
    let after = check(&replaced(TRUCE, &spans, "tale"));
    assert_ne!(lines(&checked), lines(&after));
}

#[test]
fn a_renaming_is_refused_with_the_reason() {
    let checked = check(TRUCE);
    let sheet = Sheet::new(TRUCE, &checked);
    let ukraine = at(TRUCE, "Ukraine\n");
    let refused = |new: &str| sheet.rename(ukraine, new).unwrap_err();
    assert!(refused("bearer").contains("a word of the language"));
    assert!(refused("Russia").contains("already declared"));
    assert!(refused("two words").contains("is no name"));
    assert!(refused("").contains("is no name"));
    assert!(refused("2026").contains("is no name"));
    assert!(refused("fire\"").contains("is no name"));
    assert!(sheet.rename(at(TRUCE, "by: party"), "who").unwrap_err().contains("is a role"));
    assert!(sheet.rename(at(TRUCE, "must not"), "x").unwrap_err().contains("no name here"));
    // A zone may be called like a party: they are two lists.
    assert!(sheet.rename(at(TRUCE, "line\n  shape"), "Ukraine").is_ok());
    // What an expression takes for a word of its own.
    let word = sheet.rename(at(TRUCE, "report\n  carries"), "no");
    assert!(word.unwrap_err().contains("something else"));
    let broken = TRUCE
        .replace("  must not    do fire by bearer what strike at line", "  must not    do fire by (Ukraine");
    let checked = check(&broken);
    let why = Sheet::new(&broken, &checked).rename(ukraine, "Ruthenia").unwrap_err();
    assert!(why.contains("cannot be read and mentions `Ukraine`"), "{why}");
}

#[test]
fn names_lead_to_their_declaration_and_back() {
    let checked = check(TRUCE);
    let sheet = Sheet::new(TRUCE, &checked);
    let used = at(TRUCE, "fire by bearer");
    assert_eq!(sheet.definition(used), vec![at(TRUCE, "fire\n  says")..at(TRUCE, "fire\n  says") + 4]);
    assert_eq!(written(TRUCE, &sheet.references(used, true)), ["fire", "fire"]);
    assert_eq!(sheet.references(used, false), vec![used..used + 4]);
    assert_eq!(
        sheet.definition(at(TRUCE, "strike at")),
        vec![at(TRUCE, "strike \"a")..at(TRUCE, "strike \"a") + 6]
    );
    assert_eq!(sheet.definition(at(TRUCE, "answer\n  per"))[0].start, at(TRUCE, "answer\n  bearer"));
    assert_eq!(sheet.references(at(TRUCE, "both\n"), true).len(), 6);
}

/// One word for a party, a zone and a value of a class: the place says which is meant, to the editor and to the agreement alike.
#[test]
fn a_word_that_means_three_things_means_in_the_editor_what_it_means_in_the_agreement() {
    let text = "# T\n\n```pact\nagreement t\n  in force    2026-01-01\n  time zone   UTC\n\nparty north\nparty south\n\nzone north\n  shape       \
                within 2 km of point 46 30\n\nclass flank\n  value       north\n\nevent go\n  says        \"{by} moves\"\n  carries     by: party, at: \
                place, on: flank\n\nban stay\n  bearer      north\n  owed to     south\n  must not    do go by north at north on north\n```\n";
    let checked = check(text);
    assert!(!checked.has_errors(), "{:?}", checked.diagnostics);
    let sheet = Sheet::new(text, &checked);
    let line = at(text, "do go by north");
    let meant: Vec<Symbol> = text[line..]
        .match_indices("north")
        .take(3)
        .map(|(place, _)| sheet.names.at(line + place).unwrap().symbol.clone())
        .collect();
    let north = || "north".into();
    assert_eq!(
        meant,
        [Symbol::Actor(north()), Symbol::Zone(north()), Symbol::Value("flank".into(), north())]
    );
    for (nth, symbol) in meant.iter().enumerate() {
        let place = text[line..].match_indices("north").nth(nth).unwrap().0 + line;
        let after = check(&replaced(text, &sheet.rename(place, "hill").unwrap(), "hill"));
        let asked = format!("{:?}", after.agreement.norms[0].parts[0].cond);
        assert_eq!(asked.matches("hill").count(), 1, "{symbol:?}: {asked}");
        assert_eq!(asked.matches("north").count(), 2, "{symbol:?}: {asked}");
    }
}

#[test]
fn quotes_lead_to_the_words_and_the_words_to_the_rules() {
    let checked = check(TRUCE);
    let sheet = Sheet::new(TRUCE, &checked);
    let quote = at(TRUCE, "\"Each side reports") + 3;
    let words = sheet.definition(quote);
    assert_eq!(written(TRUCE, &words), ["Each side reports\n> within 14 days of entry into force"]);
    let back = sheet.definition(at(TRUCE, "side reports\n>"));
    assert_eq!(written(TRUCE, &back), ["\"Each side reports within 14 days of entry into force\""]);
    let hover = sheet.hover(at(TRUCE, "Жодна")).unwrap();
    assert!(hover.body[0].starts_with("ban `no-fire`: "), "{hover:?}");
    assert!(sheet.hover(at(TRUCE, "🕊")).is_none(), "nothing quotes the dove");
}

#[test]
fn words_covered_and_uncovered() {
    let checked = check(TRUCE);
    let sheet = Sheet::new(TRUCE, &checked);
    let stretches = sheet.coverage();
    let shown: Vec<(&str, bool)> = stretches.iter().map(|s| (&TRUCE[s.span.clone()], s.covered)).collect();
    assert_eq!(
        shown,
        [
            ("Жодна сторона не стріляє.", true),
            ("🕊", false),
            ("Each side reports", true),
            ("within 14 days of entry into force.", true)
        ]
    );
}

#[test]
fn hover_reads_back_and_computes_the_date() {
    let checked = check(TRUCE);
    let sheet = Sheet::new(TRUCE, &checked);
    let hover = sheet.hover(at(TRUCE, "tell\n")).unwrap();
    assert_eq!(hover.title, "duty `tell`");
    // In force on 31 January; fourteen days later is a Saturday; the deadline moves to Monday.
    assert!(hover.body[0].contains("Due 2026-02-16 24:00."), "{hover:?}");
    let on_field = sheet.hover(at(TRUCE, "must        do report by bearer\n  by")).unwrap();
    assert_eq!((on_field.title, on_field.body), (hover.title, hover.body));
    assert!(sheet.hover(at(TRUCE, "truce\n") - 3).unwrap().body[0].len() > 40);
    assert_eq!(sheet.hover(at(TRUCE, "by: party")).unwrap().body, ["Filled by a party or group."]);
    let dates: Vec<(usize, String)> = sheet.dates().into_iter().map(|d| (d.at, d.shown)).collect();
    assert_eq!(
        dates,
        [
            (at(TRUCE, "30 days after signed") + 20, "2026-02-02 24:00".to_string()),
            (at(TRUCE, "14 days after in-force") + 22, "2026-02-16 24:00".to_string())
        ]
    );
}

fn offered(before: &str, line: &str) -> Vec<String> {
    let start = at(TRUCE, before);
    let text = format!("{}{line}\n{}", &TRUCE[..start], &TRUCE[start..]);
    let checked = check(&text);
    let sheet = Sheet::new(&text, &checked);
    let offset = start + line.len();
    let all = sheet.complete(offset);
    assert!(all.iter().all(|c| c.replaces.end == offset && c.replaces.start >= start), "{all:?}");
    all.into_iter().map(|c| c.text).collect()
}

#[test]
fn completion_offers_what_may_stand_there() {
    let tell = "  by          14 days after in-force";
    assert!(offered("duty tell", "du").contains(&"duty".to_string()));
    let fields = offered(tell, "  o");
    assert!(fields.contains(&"on breach".to_string()) && fields.contains(&"if".to_string()), "{fields:?}");
    assert!(!fields.contains(&"bearer".to_string()), "it stands there already");
    assert!(!fields.contains(&"decides".to_string()), "no duty has it");
    assert!(offered(tell, "  on b").contains(&"on breach".to_string()));
    assert_eq!(offered(tell, "  on breach   "), ["answer"]);
    assert_eq!(offered(tell, "  seen by     "), ["Russia", "Ukraine", "both"]);
    assert_eq!(offered(tell, "  must        "), ["do", "ensure", "keep"]);
    let facts = offered(tell, "  must        do f");
    assert!(facts.contains(&"fire".to_string()) && !facts.contains(&"Ukraine".to_string()), "{facts:?}");
    assert_eq!(
        offered(tell, "  must        do fire by "),
        ["bearer", "beneficiary", "Russia", "Ukraine", "both"]
    );
    assert_eq!(offered(tell, "  must        do fire by bearer what st"), ["shelling", "strike"]);
    assert_eq!(offered(tell, "  must        do fire by bearer at "), ["line"]);
    assert_eq!(offered(tell, "  must        do fire by bearer "), ["what", "at", "where"]);
    assert_eq!(offered(tell, "  if          tell "), ["fulfilled", "breached", "due"]);
    assert!(offered(tell, "  if          quiet ").contains(&"holds".to_string()));
    assert!(offered(tell, "  standard    ").contains(&"probable".to_string()));
    assert!(
        offered("  per         \"Each", "  per         ")
            .contains(&"\"Жодна сторона не стріляє\"".to_string())
    );
    assert_eq!(offered("## Стаття 1", "du"), [] as [String; 0], "prose");
}

#[test]
fn fixed_words_that_are_offered_are_words_of_the_language() {
    let fields = [
        ("agreement", "status"),
        ("agreement", "counting"),
        ("agreement", "months"),
        ("agreement", "notices count"),
        ("agreement", "standard"),
        ("event", "absence"),
        ("event", "is"),
        ("duty", "force"),
        ("duty", "standard"),
        ("remedy", "effect"),
        ("power", "clock"),
    ];
    let mut tried = 0;
    for (keyword, field) in fields {
        let open = format!("# T\n\n```pact\n{keyword} x\n  {field} ");
        let text = format!("{open}\n```\n");
        let checked = check(&text);
        let offers = Sheet::new(&text, &checked).complete(open.len());
        assert!(!offers.is_empty(), "{keyword} {field}");
        for offer in offers.iter().filter(|o| o.text != "subject to") {
            assert_eq!(offer.sort, Sort::Word);
            let text = format!("{open}{}\n```\n", offer.text);
            let wrong: Vec<_> = check(&text).diagnostics.into_iter().filter(|d| d.code == "N0215").collect();
            assert!(wrong.is_empty(), "{wrong:?}");
            tried += 1;
        }
    }
    assert!(tried > 25, "{tried}");
}

#[test]
fn every_field_word_of_every_declaration_is_offered() {
    use servanda_lang::parser::vocabulary::{Keyword, fields};
    for keyword in Keyword::ALL {
        let open = format!("# T\n\n```pact\n{} x\n  ", keyword.word());
        let text = format!("{open}\n```\n");
        let checked = check(&text);
        let offers: Vec<String> =
            Sheet::new(&text, &checked).complete(open.len()).into_iter().map(|c| c.text).collect();
        let all: Vec<&str> = fields(keyword).map(|f| f.word).collect();
        let mut unique = all.clone();
        unique.dedup();
        assert!(unique.iter().all(|word| offers.iter().any(|o| o == word)), "{}: {offers:?}", keyword.word());
    }
}

#[test]
fn the_outline_has_every_declaration_once() {
    for (file, text) in texts::all() {
        let checked = check(&text);
        let outline = Sheet::new(&text, &checked).outline();
        fn count(all: &[servanda_lang::editor::Outline]) -> (usize, usize) {
            all.iter().fold((0, 0), |(clauses, decls), one| {
                assert!(one.span.start <= one.selection.start && one.selection.end <= one.span.end);
                let (c, d) = count(&one.children);
                let own = usize::from(one.item == Item::Clause);
                (clauses + c + own, decls + d + 1 - own)
            })
        }
        let expected = (checked.parse.document.clauses.len(), checked.file.decls.len());
        assert_eq!(count(&outline), expected, "{file}");
    }
}

#[test]
fn quick_fixes_are_those_of_the_diagnostics_there() {
    let text = TRUCE.replace("members     Ukraine", "members     Ukarine");
    let checked = check(&text);
    let sheet = Sheet::new(&text, &checked);
    let wrong = at(&text, "Ukarine");
    let fixes: Vec<_> = sheet.fixes(&checked.diagnostics, wrong..wrong).collect();
    assert_eq!(fixes.len(), 1);
    assert_eq!((fixes[0].0.code, fixes[0].1.replacement.as_str()), ("N0201", "Ukraine"));
    assert_eq!(sheet.fixes(&checked.diagnostics, 0..1).count(), 0);
}

/// Every query, at every offset, within a character too.
fn ask_everything(text: &str, step: usize) {
    let checked = check(text);
    let sheet = Sheet::new(text, &checked);
    let mut end = 0;
    for place in &sheet.names.places {
        assert!(end <= place.span.start, "places overlap");
        assert_eq!(&text[place.span.clone()], place.symbol.name().as_str());
        end = place.span.end;
    }
    sheet.coverage();
    sheet.outline();
    sheet.dates();
    for offset in (0..text.len() + 2).step_by(step) {
        sheet.hover(offset);
        sheet.definition(offset);
        sheet.references(offset, true);
        sheet.complete(offset);
        drop(sheet.renamable(offset));
    }
}

#[test]
fn no_text_and_no_offset_makes_a_query_fail() {
    ask_everything(TRUCE, 1);
    ask_everything("", 1);
    ask_everything("```pact", 1);
    ask_everything("```pact\n", 1);
    ask_everything("~~~pact\n duty\n  by\n\t\n", 1);
    for (n, (start, _)) in TRUCE.char_indices().enumerate() {
        if n % 9 == 0 {
            ask_everything(&TRUCE[..start], 37);
            ask_everything(&format!("{}§\"({}", &TRUCE[..start], &TRUCE[start..]), 53);
        }
    }
    for (_, text) in texts::all() {
        ask_everything(&text, 101);
    }
}

/// The colours of an editor know every word of the language: a new one is missed here.
#[test]
fn the_grammar_of_the_editor_has_every_word_of_the_language() {
    use servanda_lang::surface::{self, Language};
    let grammar = include_str!("../../../editors/vscode/syntaxes/pact.tmLanguage.json");
    let words = |begin: &str| -> std::collections::BTreeSet<String> {
        let line = grammar.lines().find(|l| l.contains(begin)).unwrap_or_else(|| panic!("no {begin}"));
        let list = &line[line.find(begin).unwrap() + begin.len()..];
        let plain = |word: &str| word.replace("[ \\\\t]+", " ").replace("['’ʼ]", "’");
        list[..list.find(')').unwrap()].split('|').map(plain).collect()
    };
    let all = |of: fn(Language) -> Vec<&'static str>| -> std::collections::BTreeSet<String> {
        Language::ALL.into_iter().flat_map(of).map(str::to_string).collect()
    };
    assert_eq!(words("\"match\": \"^("), all(surface::declaration_words));
    assert_eq!(words("\"match\": \"^[ \\\\t]+("), all(surface::field_words));
    let reserved = words("\"match\": \"(?<![\\\\p{L}\\\\p{N}_\\\\-/])(?:bearer|");
    let english = |word: &&String| word.is_ascii();
    assert!(reserved.iter().filter(english).all(|word| servanda_lang::is_reserved(word)), "{reserved:?}");
    let ukrainian = &surface::table(Language::Ukrainian)[3];
    for word in reserved.iter().filter(|word| !word.is_ascii()) {
        let known = ukrainian.iter().find(|(_, forms, _)| forms.contains(&word.as_str()));
        assert!(
            known.is_some_and(|(english, _, _)| *english == "bearer" || reserved.contains(*english)),
            "{word}"
        );
    }
}
