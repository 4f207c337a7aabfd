//! One damaged token damages at most one declaration: for every token of every example it is deleted, doubled, and
//! replaced by rubbish, and every other declaration must still be there, byte for byte, and read as before.

use servanda_lang::ast;
use servanda_lang::parser::vocabulary::Keyword;
use servanda_lang::syntax::SyntaxKind;
use servanda_lang::{Parse, parse};
use std::ops::Range;

mod texts;

/// What takes a token's place. (`#` at the beginning of a line takes the line away, as a user does on purpose: its fields
/// then stand under the declaration above.)
const RUBBISH: &[&str] = &["", "§", "\"", "(", "#", "zzz", "12"];

/// A declaration as it is read: its text, and for every field its word and whether its value could be read.
#[derive(Clone, PartialEq, Debug)]
struct Declared {
    text: String,
    keyword: Keyword,
    fields: Vec<(&'static str, bool)>,
    damaged: bool,
}

fn declared(text: &str, parse: &Parse) -> Vec<Declared> {
    let (file, _) = ast::file(text, parse);
    let mut nodes = Vec::new();
    for tree in &parse.trees {
        for node in tree.root().children().filter(|node| node.kind() == SyntaxKind::Decl) {
            nodes.push((tree.in_file(node.text_range()), node.text().to_string().trim_end().to_string()));
        }
    }
    let of = |span: &Range<usize>| {
        let (_, text) = nodes.iter().find(|(range, _)| range.contains(&span.start)).expect("a node for each");
        text.clone()
    };
    file.decls
        .iter()
        .map(|decl| Declared {
            text: of(&decl.keyword_span),
            keyword: decl.keyword,
            fields: decl
                .fields
                .iter()
                .map(|field| (field.word, field.value != ast::FieldValue::Unreadable))
                .collect(),
            damaged: decl.damaged,
        })
        .collect()
}

/// How many of the declarations, in order, are still there as they were.
fn intact(before: &[Declared], after: &[Declared]) -> usize {
    // The longest common subsequence would be exact; declarations differ in their names, so a walk does.
    let mut rest = after.iter();
    before
        .iter()
        .filter(|one| rest.clone().any(|other| other == *one) && rest.any(|other| other == *one))
        .count()
}

/// A document with one fence.
fn document(content: &str) -> String {
    format!("# Title\n\n> Words.\n\n```pact\n{content}```\n")
}

/// All tokens of a document's fences, with their places in the file.
fn tokens(parse: &Parse) -> Vec<(SyntaxKind, Range<usize>)> {
    let mut out = Vec::new();
    for tree in &parse.trees {
        for token in tree.root().descendants_with_tokens().filter_map(|element| element.into_token()) {
            out.push((token.kind(), tree.in_file(token.text_range())));
        }
    }
    out
}

fn replaced(text: &str, place: &Range<usize>, by: &str) -> String {
    format!("{}{by}{}", &text[..place.start], &text[place.end..])
}

fn lossless(text: &str, parse: &Parse) {
    for (fence, tree) in parse.document.fences.iter().zip(&parse.trees) {
        assert_eq!(tree.root().text().to_string(), text[fence.content.clone()], "a byte is lost");
    }
}

/// How many declarations a damage may cost.
fn most(kind: SyntaxKind, by: &str) -> usize {
    // Where the end of a line goes, the line below it goes with it.
    if kind == SyntaxKind::Newline || by == "#" { 2 } else { 1 }
}

/// Damages every token of a fence's content in each of these ways, and by doubling it. Each declaration stands between its
/// neighbours and nothing else, which takes less time; `damage_stays_in_its_fence` damages whole files.
fn damage_every_token_of(name: &str, content: &str, rubbish: &[&str]) {
    let whole = document(content);
    let parsed = parse(&whole);
    let shift = whole.find(content).expect("the content stands in it");
    let places: Vec<Range<usize>> = parsed
        .trees
        .iter()
        .flat_map(|tree| {
            let decls = tree.root().children().filter(|node| node.kind() == SyntaxKind::Decl);
            decls.map(|node| tree.in_file(node.text_range())).collect::<Vec<_>>()
        })
        .map(|place| place.start - shift..place.end - shift)
        .collect();
    for (number, place) in places.iter().enumerate() {
        let first = number.checked_sub(1).map_or(0, |before| places[before].start);
        let last = places.get(number + 1).map_or(content.len(), |after| after.end);
        damage(name, &content[first..last], place.start - first..place.end - first, rubbish);
    }
}

/// Damages every token of a stretch of a fence's content.
fn damage(name: &str, content: &str, stretch: Range<usize>, rubbish: &[&str]) {
    let text = document(content);
    let shift = text.find(content).expect("the content stands in it");
    let stretch = stretch.start + shift..stretch.end + shift;
    let parsed = parse(&text);
    let before = declared(&text, &parsed);
    assert!(before.iter().all(|decl| !decl.damaged), "{name} is damaged to begin with");
    for (kind, place) in tokens(&parsed) {
        if place.start < stretch.start || place.end > stretch.end {
            continue;
        }
        let token = &text[place.clone()];
        let doubled = match kind {
            SyntaxKind::Whitespace | SyntaxKind::Newline => token.repeat(2),
            _ => format!("{token} {token}"),
        };
        for by in rubbish.iter().copied().chain([doubled.as_str()]) {
            let damaged = replaced(&text, &place, by);
            let parse = parse(&damaged);
            lossless(&damaged, &parse);
            let left = intact(&before, &declared(&damaged, &parse));
            assert!(
                left + most(kind, by) >= before.len(),
                "{name}: `{token}` → `{by}` damages {} of {} declarations\n{damaged}",
                before.len() - left,
                before.len()
            );
        }
    }
}

#[test]
fn every_token_of_the_sample() {
    for (number, fence) in parse(texts::EVERY_CONSTRUCT).document.fences.iter().enumerate() {
        damage_every_token_of(
            &format!("fence {number}"),
            &texts::EVERY_CONSTRUCT[fence.content.clone()],
            RUBBISH,
        );
    }
}

#[test]
fn every_token_of_the_examples() {
    for (name, text) in texts::all().into_iter().skip(1) {
        for (number, fence) in parse(&text).document.fences.iter().enumerate() {
            damage_every_token_of(
                &format!("{name}, fence {number}"),
                &text[fence.content.clone()],
                &["", "\"", "zzz"],
            );
        }
    }
}

#[test]
fn damage_stays_in_its_fence() {
    let text = texts::EVERY_CONSTRUCT;
    let parsed = parse(text);
    let before = declared(text, &parsed);
    for (kind, place) in tokens(&parsed).into_iter().step_by(97) {
        for by in RUBBISH {
            let damaged = replaced(text, &place, by);
            let left = intact(&before, &declared(&damaged, &parse(&damaged)));
            assert!(left + most(kind, by) >= before.len(), "`{}` → `{by}`", &text[place.clone()]);
        }
    }
}

#[test]
fn a_lost_fence_line_leaves_the_other_fences_alone() {
    let text = texts::EVERY_CONSTRUCT;
    let parsed = parse(text);
    let before = declared(text, &parsed);
    for fence in &parsed.document.fences {
        let here = declared(text, &parsed)
            .iter()
            .filter(|decl| text[fence.content.clone()].contains(&decl.text))
            .count();
        for line in ["```pact\n", "```\n"] {
            let start = match line {
                "```\n" => fence.content.end,
                _ => fence.content.start - line.len(),
            };
            assert_eq!(&text[start..start + line.len()], line);
            let damaged = replaced(text, &(start..start + line.len()), "");
            let left = intact(&before, &declared(&damaged, &parse(&damaged)));
            assert!(left + here >= before.len(), "without {line:?}: {left} of {} are left", before.len());
        }
    }
}

/// A few places where the number of intact declarations is known exactly. These fail when recovery breaks, and when the
/// counting above does.
#[test]
fn what_is_left_is_counted_exactly() {
    let content = "party A\nparty B\n\nduty one\n  bearer      A\n  must        do x\n\nduty two\n  bearer      B\n  must        do y\n\n\
                   party C\n";
    let text = document(content);
    let before = declared(&text, &parse(&text));
    assert_eq!(before.len(), 5);
    for (from, to, left) in [
        ("party A", "party A", 5),
        ("party B", "prty B", 4),
        ("duty one", "dtuy one", 4),
        ("duty one", "one", 4),
        ("duty two", " duty two", 4),
        ("do x", "do \"x", 4),
        ("do x", "do (x", 4),
        ("  bearer      B", "bearer      B", 4),
        ("  bearer      B", "", 4),
        ("  must        do x\n\nduty two\n", "  must        do x ", 3),
        ("party C", "party C party D", 4),
    ] {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        let damaged = text.replace(from, to);
        let after = declared(&damaged, &parse(&damaged));
        assert_eq!(intact(&before, &after), left, "`{from}` → `{to}`: {after:#?}");
    }
}

#[test]
fn rubbish_of_any_kind_is_read_without_panic() {
    let mut long = "```pact\n".to_string();
    long.push_str(&"(".repeat(50_000));
    for text in [
        "```pact".to_string(),
        "```pact\n\0\0\0".to_string(),
        "\u{feff}```pact\r\nparty A\r\n```".to_string(),
        "```pact\nduty a\n  when        ".to_string() + &"not ".repeat(20_000) + "x\n```\n",
        "```pact\nterm a\n  means       ".to_string() + &"(".repeat(20_000) + "x\n```\n",
        "```pact\nterm a\n  means       ".to_string() + &"1 + ".repeat(20_000) + "1\n```\n",
        "```pact\nterm a\n  means       ".to_string() + &"a of b ".repeat(20_000) + "\n```\n",
        "> ".repeat(5_000) + "x",
        "```pact\n".to_string() + &"\"".repeat(10_001),
        long,
    ] {
        let parsed = parse(&text);
        lossless(&text, &parsed);
        declared(&text, &parsed);
        servanda_lang::format(&text);
    }
}
