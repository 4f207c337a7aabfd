//! Versions compared, and promises side by side.

use servanda_draft::compare::{self, Piece, Side};
use servanda_draft::matrix::{self, Column};
use servanda_draft::{draft, read, survey};

fn side(id: &str, words: &str) -> Side {
    Side { id: id.into(), heading: id.into(), words: words.into() }
}

#[test]
fn added_removed_changed_and_moved() {
    let before = [
        side("p1", "They will meet every year."),
        side("p2", "They consult within 24 hours."),
        side("p3", "It ends in May."),
    ];
    let after = [
        side("p1", "They will meet every year."),
        side("p2", "A quite new rule on inspections stands here, by both."),
        side("p3", "They consult within 48 hours."),
    ];
    let found = compare::compare(&before, &after);
    assert_eq!(found.same, 1);
    let changed: Vec<(&str, &str)> =
        found.changed.iter().map(|c| (c.before.id.as_str(), c.after.id.as_str())).collect();
    assert_eq!(changed, [("p2", "p3")]);
    assert_eq!(found.added.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["p2"]);
    assert_eq!(found.removed.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["p3"]);
    let moved = compare::compare(
        &before[..2],
        &[
            side("p1", "Something else came first of all."),
            side("p2", &before[0].words),
            side("p3", &before[1].words),
        ],
    );
    assert_eq!(moved.moved, [("p1".to_string(), "p2".to_string()), ("p2".to_string(), "p3".to_string())]);
    assert_eq!(moved.added.len(), 1);
    assert!(!compare::compare(&before, &before).differs());
}

#[test]
fn the_pieces_of_a_change_are_both_texts() {
    let (a, b) =
        ("They consult within 24 hours of a request", "They all consult within 48 hours of any request");
    let pieces = compare::pieces(a, b);
    let side = |keep: fn(&Piece) -> bool| {
        let words = pieces.iter().filter(|p| keep(p)).map(|p| match p {
            Piece::Same(w) | Piece::Gone(w) | Piece::New(w) => w.as_str(),
        });
        words.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(side(|p| !matches!(p, Piece::New(_))), a);
    assert_eq!(side(|p| !matches!(p, Piece::Gone(_))), b);
    assert!(pieces.contains(&Piece::Gone("24".into())) && pieces.contains(&Piece::New("48".into())));
}

#[test]
fn rules_before_and_after_in_plain_sentences() {
    let text = |hours: u32| {
        format!(
            "# Agreement\n\n```pact\nagreement a\n  signed 2026-01-01\n  time zone UTC\n\nparty Poland\nparty Ukraine\n\nevent call\n  says \"{{by}} calls\"\n  \
             carries by: party\n```\n\n## Calls\n\n> Poland calls within {hours} hours of each call.\n\n```pact\nduty answer\n  bearer Poland\n  owed to Ukraine\n  \
             when call by Ukraine\n  must do call by Poland\n  within {hours} hours\n  seen by Ukraine\n  per \"within {hours} hours\"\n```\n"
        )
    };
    let rules = compare::rules(&text(24), &text(48));
    assert_eq!(rules.len(), 1, "{rules:?}");
    assert_eq!(rules[0].rule, "duty answer");
    assert!(rules[0].before.as_deref().unwrap().contains("24 hours"), "{rules:?}");
    assert!(rules[0].after.as_deref().unwrap().contains("48 hours"), "{rules:?}");
    assert!(compare::rules(&text(24), &text(24)).is_empty());
}

fn column(name: &str, text: &str) -> Column {
    let draft = draft(&read(text.as_bytes(), None).unwrap(), None);
    let survey = survey::survey(&draft);
    Column {
        name: name.into(),
        promises: matrix::promises(&draft, &survey),
        consultations: survey.consultations.clone(),
    }
}

const TEXT: &str = "Agreement between Freedonia and Sylvania\n\
    1. Freedonia will provide training to Sylvania by 31 December 2025.\n\
    2. The Parties shall consult within 24 hours.\n\
    3. Freedonia and Sylvania may, where possible, meet annually.\n\
    4. Training will go on.\n";

#[test]
fn who_promises_what_to_whom_by_when_how_firmly() {
    let column = column("small", &format!("{TEXT}5. {}\n", "x ".repeat(100)));
    let rows: Vec<String> = column
        .promises
        .iter()
        .map(|p| {
            format!(
                "{}: {} to {}, {}, {}, {}",
                p.clause,
                p.who,
                p.to,
                p.firmness.name(),
                p.when.join("+"),
                p.subjects.join("+")
            )
        })
        .collect();
    let wanted = [
        "paragraph-1: Freedonia to Sylvania, will, by 2025-12-31, training",
        "paragraph-2: all to each other, shall, within 24 hours, consultation",
        "paragraph-3: all to each other, where possible, annual, other",
        "paragraph-4: unstated to unstated, will, , training",
    ];
    assert_eq!(rows, wanted);
}

#[test]
fn the_table_in_all_its_forms() {
    let columns = [column("small", &format!("{TEXT}5. {} =danger & <b> will \"stay\".\n", "x ".repeat(100)))];
    let text = matrix::text(&columns);
    assert!(text.contains("24 h (paragraph-2, shall)"), "{text}");
    assert!(text.contains("\ntraining\n  small        2, firmest: will; Freedonia to Sylvania 1×, unstated to unstated 1×; by 2025-12-31; paragraph-1 paragraph-4"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&matrix::as_json(&columns)).unwrap();
    assert_eq!(json["agreements"][0]["promises"].as_array().unwrap().len(), 5);
    let csv = matrix::csv(&columns);
    assert_eq!(csv.lines().count(), 6);
    assert!(csv.starts_with("agreement,clause,who,to,when,firmness,subjects,words\n"));
    assert!(csv.contains("\"\"stay\"\""), "{csv}");
    let html = matrix::html(&columns);
    assert!(html.contains("&lt;b&gt;") && !html.contains("<b>"), "{html}");
    assert!(html.contains("<summary>2 · will</summary>"), "{html}");
}

/// The matrix of an agreement file is that of its rules: in Ukrainian words the same as in English ones.
#[test]
fn promises_of_rules() {
    let english = "# Pact\n\n## Article 1\n\n> Each consults within 24 hours and, where possible, trains.\n\n```pact\nagreement pact\n  status      political\n  \
         in force    2026-01-01T00:00Z\nparty A\nparty B\nparty C\nbody panel\n  members     A, B, C\nevent talk\n  says        \"{by} consults with {with}\"\n  carries     by: party, with: party\nevent training\n  \
         carries     by: party\nduty consult\n  bearer      each of A, B\n  owed to     C\n  when        training by C\n  must        do talk by bearer with C\n  within      24 hours\n  \
         per         \"Each consults within 24 hours\"\nduty train\n  bearer      A\n  must        do training by bearer\n  force       where possible\n  per         \"trains\"\nban no-talk\n  \
         bearer      B\n  owed to     A\n  must not    do talk by bearer\n  force       binding\n  per         \"consults\"\n```\n";
    let ukrainian = servanda_lang::translate(english, servanda_lang::Language::Ukrainian).unwrap();
    let agreement = servanda_lang::check(english).agreement;
    let promises = matrix::promises_of_rules(&agreement);
    let shown: Vec<String> = promises
        .iter()
        .map(|p| {
            format!(
                "{} {}: {} to {}, {}, {}, {}",
                p.clause,
                p.excerpt,
                p.who,
                p.to,
                p.when.join(" / "),
                p.firmness.name(),
                p.subjects.join("+")
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "article-1 consult: must consult with C: each of A and B to C, each time that training happens (by: C) / within 24 hours of that moment, will, consultation",
            "article-1 train: must see to it that training happens (by: the bearer): A to unstated, , where possible, training",
            "article-1 no-talk: must not consult with any party: B to A, , shall, consultation",
        ]
    );
    let hours = matrix::consultations_of_rules(&agreement);
    assert_eq!(
        hours.iter().map(|c| (c.clause.as_str(), c.hours.as_str())).collect::<Vec<_>>(),
        [("article-1", "24")]
    );
    assert_eq!(matrix::promises_of_rules(&servanda_lang::check(&ukrainian).agreement), promises);
    let column = Column { name: "pact".into(), promises, consultations: hours };
    assert!(
        matrix::text(std::slice::from_ref(&column)).contains("24 h (article-1, will)"),
        "{}",
        matrix::text(&[column])
    );
}
