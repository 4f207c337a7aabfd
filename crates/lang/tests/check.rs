//! Checking never fails, says the same every time, leaves nothing out but what is broken, and is fast.

use proptest::prelude::*;
use servanda_lang::check;
use servanda_model::Span;
use servanda_model::agreement::{Cond, Deadline, Moment, NormKind, Op, Trigger, Value, Verb, Who};
use std::path::{Path, PathBuf};

fn examples() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in std::fs::read_dir(root).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            found.push(file.unwrap().path());
        }
    }
    found.retain(|p| p.to_string_lossy().ends_with(".pact.md"));
    found.sort();
    assert!(found.len() >= 3, "{found:?}");
    found.iter().map(|p| (p.display().to_string(), std::fs::read_to_string(p).unwrap())).collect()
}

#[test]
fn the_examples_are_without_fault() {
    for (name, text) in examples() {
        let checked = check(&text);
        let shown = servanda_lang::diagnostic::render(&name, &text, &checked.diagnostics, false);
        assert!(checked.diagnostics.is_empty(), "{shown}");
        assert!(!checked.agreement.norms.is_empty());
        for norm in &checked.agreement.norms {
            assert!(!norm.readback.is_empty(), "{}", norm.name);
            assert!(!norm.parts.is_empty() || norm.kind == NormKind::Right, "{}", norm.name);
        }
    }
}

/// Prefixes of every example, and tokens deleted or replaced, spread over the whole of it.
#[test]
fn no_prefix_and_no_lost_token_makes_it_panic() {
    for (_, text) in examples() {
        let ends: Vec<usize> =
            (0..text.len()).step_by(text.len() / 40 + 1).filter(|at| text.is_char_boundary(*at)).collect();
        for end in ends {
            check(&text[..end]);
        }
        let parse = servanda_lang::parse(&text);
        let mut places = Vec::new();
        for tree in &parse.trees {
            for element in tree.root().descendants_with_tokens() {
                if let Some(token) = element.into_token().filter(|t| !t.kind().is_trivia()) {
                    places.push(tree.in_file(token.text_range()));
                }
            }
        }
        let step = places.len() / 40 + 1;
        for place in places.iter().step_by(step) {
            let mut damaged = text.clone();
            damaged.replace_range(place.clone(), "");
            check(&damaged);
            damaged.insert(place.start, '"');
            check(&damaged);
        }
    }
}

const WORDS: &[&str] = &[
    "\n",
    "\n  ",
    "\n\n",
    " ",
    "duty ",
    "event ",
    "measure ",
    "term ",
    "reading ",
    "zone ",
    "bearer ",
    "must ",
    "do ",
    "ensure ",
    "when ",
    "by ",
    "within ",
    "a ",
    "b ",
    "each of ",
    "and ",
    "or ",
    "not ",
    "( ",
    ") ",
    "where ",
    "count of ",
    "sum ",
    ">= ",
    "5 ",
    "percent ",
    "days ",
    "months ",
    "2026-02-30 ",
    "2026-03-29T03:30 ",
    "\"x\" ",
    "\"",
    "begins ",
    "holds ",
    "carries ",
    "option ",
    "a: number ",
    "means ",
    "half of ",
    ", ",
    "- ",
    "* ",
    "/ ",
    "0 ",
    "in any ",
    "since ",
    "shape ",
    "strip along ",
    "inside ",
    "trigger ",
    "of ",
    "remedy ",
    "on breach ",
    "```\n",
    "```pact\n",
    "# h\n",
    "> q\n",
    "é",
    "\r\n",
    "\t",
    "power ",
    "can ",
    "extend by ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn no_heap_of_words_makes_it_panic(words in prop::collection::vec(prop::sample::select(WORDS), 0..120)) {
        let text = format!("# T\n\n```pact\nagreement t\n{}", words.concat());
        let once = check(&text);
        prop_assert_eq!(once.diagnostics, check(&text).diagnostics);
    }
}

#[test]
fn what_stands_around_a_broken_declaration_is_lowered() {
    let text = "# T\n\n> words\n\n```pact\nagreement t\n  status political\n  in force 2026-01-01T00:00Z\nparty A\nevent e\n  carries by: party\n\
                duty first\n  bearer A\n  must do e by bearer\n  per \"words\"\n\
                duty broken\n  bearer Q\n  must do e by bearer\n  per \"words\"\n\
                duty last\n  bearer A\n  must do e by bearer\n  when broken fulfilled\n  per \"words\"\n```\n";
    let checked = check(text);
    let names: Vec<&str> = checked.agreement.norms.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["first", "last"]);
    assert_eq!(checked.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), ["N0201"]);
    assert!(checked.has_errors());
}

/// The Berlin example, lowered: what the sugar becomes, and the points that a lawyer would ask about.
#[test]
fn the_berlin_framework_lowered() {
    let (_, text) =
        examples().into_iter().find(|(name, _)| name.ends_with("berlin-framework.pact.md")).unwrap();
    let agreement = check(&text).agreement;
    let norm = |name: &str| agreement.norm(name).unwrap_or_else(|| panic!("no norm {name}"));
    match agreement.in_force.as_ref().unwrap() {
        Moment::After(Span::Days(30), of) => {
            assert!(matches!(&**of, Moment::AllOf(_, Who::EachOf(g)) if g[0] == "guarantors"))
        }
        other => panic!("{other:?}"),
    }
    let consult = norm("consult");
    assert!(matches!(&consult.when, Trigger::Begins(Cond::Term(t)) if *t == *"large-scale-aggression"));
    assert!(
        matches!(&consult.parts[0].deadline, Deadline::By(Moment::After(Span::Exact(86_400_000), m)) if **m == Moment::Trigger)
    );
    assert_eq!(consult.bearer, Who::EachOf(vec!["guarantors".into()]));
    let housing = norm("host-housing");
    assert_eq!(housing.bearer, Who::Jointly(vec!["europeans".into()]));
    let row = norm("force-level/2027-12-31");
    assert!(matches!(&row.parts[0].cond, Cond::CompareBy(Value::Measure(_), r, _) if *r == *"level"));
    let floor = norm("force-floor/floor-2026-12-31");
    assert!(
        matches!(&floor.parts[0].cond, Cond::Compare(_, Op::Ge, Value::Number(n, _)) if n.to_string() == "600000")
    );
    let howitzer = norm("artillery-package/155-mm-howitzer");
    assert_eq!(howitzer.bearer, Who::EachOf(vec!["Germany".into()]));
    let Cond::Compare(Value::Aggregate(sum), Op::Ge, _) = &howitzer.parts[0].cond else {
        panic!("{howitzer:?}")
    };
    let roles: Vec<&str> = sum.of.roles.iter().map(|(r, _)| r.as_str()).collect();
    assert_eq!(roles, ["item", "from", "to"]);
    let right = norm("ask-consultation");
    assert_eq!(right.bearer, Who::EachOf(vec!["commission".into()]));
    assert_eq!(right.owed_to, Who::EachOf(vec!["guarantors".into(), "Ukraine".into()]));
    assert_eq!(right.parts[0].verb, Verb::NotDo);
    let notice = norm("rotation-notified");
    assert!(matches!(&notice.when, Trigger::Each(p) if p.fact == "rotation"));
    assert!(matches!(&notice.parts[0].deadline, Deadline::By(Moment::Before(Span::Days(14), _))));
    let remedy = norm("explain-and-step-up");
    assert_eq!((remedy.parts.len(), &remedy.when), (2, &Trigger::Breach));
    let ban = norm("no-us-troops");
    assert_eq!(ban.except.iter().map(|e| e.up_to.is_some()).collect::<Vec<_>>(), [false, true]);
    assert_eq!(agreement.watched.to_string(), "0.9");
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "the test measures how long it takes; nothing is decided by the clock"
)]
fn six_hundred_clauses_are_checked_in_no_time() {
    let mut text = String::from(
        "# Big\n\n```pact\nagreement big\n  in force 2026-01-01\n  time zone Europe/Kyiv\n  counting event day excluded\n  months round down\nparty A\nparty B\ngroup both\n  members A, B\n```\n\n",
    );
    for n in 0..600 {
        text.push_str(&format!(
            "## Article {n}\n\n> Each side does act {n} within 14 days\n> and keeps the level at {n}.\n\n```pact\nevent act-{n}\n  says \"{{by}} does act {n}\"\n  carries by: party, at: place\n\nduty do-{n}\n  bearer each of both\n  when act-{} by bearer\n  must do act-{n} by bearer\n  within 14 days\n  per \"Each side does act {n} within 14 days\"\n\nban not-{n}\n  bearer each of both\n  must not keep count of act-{n} by bearer in any 30 days > {n}\n  per \"and keeps the level at {n}\"\n```\n\n",
            (n + 1) % 600
        ));
    }
    // The shortest of three runs, so that a busy machine does not fail the test; the limit is that of a debug build.
    let shortest = (0..3)
        .map(|_| {
            let start = std::time::Instant::now();
            let checked = check(&text);
            assert_eq!(checked.diagnostics, []);
            assert_eq!(checked.agreement.norms.len(), 1200);
            start.elapsed()
        })
        .min()
        .unwrap();
    assert!(shortest.as_millis() < 3_000, "{shortest:?}");
}

/// Neither a period without a beginning nor a duty without an end hides what else is wrong, nor hides behind it.
#[test]
fn periods_need_a_beginning_and_what_is_owed_an_end() {
    let text = |head: &str, field: &str| {
        format!(
            "# A\n\n> A reports.\n\n```pact\nagreement a\n{head}  time zone   UTC\n  counting    event day excluded\n\nparty A\n\nevent report\n  says        \"{{by}} reports\"\n  carries     by: party\n\nduty tell\n  bearer      A\n  must        do report by bearer\n{field}\nduty odd\n  bearer      B\n  must        do report by bearer\n  by          2026-12-31\n```\n"
        )
    };
    let codes = |head: &str, field: &str| -> Vec<&'static str> {
        let found = check(&text(head, field)).diagnostics.into_iter().map(|d| d.code);
        found.filter(|c| ["S0512", "S0513", "N0202", "N0201"].contains(c)).collect()
    };
    let unknown_party = codes("  in force    2026-01-01\n", "  by          2026-06-30\n");
    assert_eq!(unknown_party.len(), 1, "the party that is not known: {unknown_party:?}");
    let beside = |code: &'static str| {
        let mut both = vec![code, unknown_party[0]];
        both.sort_unstable();
        both
    };
    let sorted = |head: &str, field: &str| {
        let mut found = codes(head, field);
        found.sort_unstable();
        found
    };
    let (week, dated) = ("  every       1 week\n", "  every       1 week from 2026-01-01\n");
    assert_eq!(sorted("", week), beside("S0512"));
    for (head, field) in [
        ("", dated),
        ("  in force    2026-01-01\n", week),
        ("  signed      2026-01-01\n", week),
        ("", "  from        2026-01-01\n  every       1 week\n"),
    ] {
        assert_eq!(sorted(head, field), unknown_party, "{head}{field}");
    }
    let force = "  in force    2026-01-01\n";
    assert_eq!(sorted(force, ""), beside("S0513"));
    for (head, field) in [
        ("  in force    2026-01-01\n  status      political\n", ""),
        ("  in force    2026-01-01\n  ends        2030-12-31\n", ""),
        (force, "  until       2030-12-31\n"),
        (force, "  force       where possible\n"),
        (force, "  within      30 days\n"),
    ] {
        assert_eq!(sorted(head, field), unknown_party, "{head}{field}");
    }
}
