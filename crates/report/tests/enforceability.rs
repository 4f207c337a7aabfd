//! The page on whether a draft can be enforced: what stands in it follows from the text, and sums from its tables.

use servanda_model::Name;
use servanda_model::agreement::*;
use servanda_model::time::{HOUR, Span};
use servanda_report::document::enforceability::{Gap, document};
use servanda_report::document::{Document, html, plain};

fn who(names: &[&str]) -> Who {
    Who::EachOf(names.iter().map(|n| Name::from(*n)).collect())
}

fn norm(name: &str, kind: NormKind, hours: i64) -> Norm {
    Norm {
        name: Name::from(name),
        phrase: String::new(),
        kind,
        bearer: who(&["A"]),
        owed_to: who(&["B"]),
        when: Trigger::Found(Name::from("attack")),
        only_if: None,
        needs: Vec::new(),
        parts: vec![Part {
            verb: Verb::Do,
            cond: Cond::Fact(FactPattern::any("help")),
            deadline: Deadline::By(Moment::After(Span::Exact(hours * HOUR), Box::new(Moment::Trigger))),
        }],
        from: None,
        until: None,
        gap: None,
        except: Vec::new(),
        unless: None,
        seen_by: vec![Name::from("council")],
        force: Force::AsAgreement,
        standard: servanda_model::Grade::default(),
        watched: servanda_model::Number::zero(),
        on_breach: Vec::new(),
        replaces: false,
        clause: None,
        per: Vec::new(),
        marking: servanda_model::record::Marking::default(),
        readback: String::new(),
        line: 1,
    }
}

/// A helps within 24 hours of the council's finding, else makes good within 48 hours; the council has 12 hours.
fn agreement(time: Option<Span>) -> Agreement {
    let mut a = Agreement { name: "help".into(), title: "Help".into(), ..Agreement::default() };
    for party in ["A", "B", "C"] {
        a.parties.insert(Name::from(party), Party { phrase: String::new(), outside: party == "C" });
    }
    let decides = Decision { quorum: Quorum::Majority, within: time, request: None, failing: None };
    a.bodies.insert(
        Name::from("council"),
        Body { phrase: "the Council".into(), members: Vec::new(), decides: Some(decides) },
    );
    a.terms.insert(
        Name::from("attack"),
        Term {
            phrase: "attack".into(),
            means: None,
            found_by: Some(Name::from("council")),
            standard: servanda_model::Grade::default(),
            open: false,
            clause: None,
            per: Vec::new(),
            readback: String::new(),
        },
    );
    let mut help = norm("give-help", NormKind::Duty, 24);
    help.on_breach = vec![Name::from("make-good")];
    let mut good = norm("make-good", NormKind::Remedy, 48);
    (good.bearer, good.when) = (Who::BreachingParty, Trigger::Breach);
    good.parts[0].deadline = Deadline::By(Moment::After(Span::Exact(48 * HOUR), Box::new(Moment::Breach)));
    a.norms = vec![help, good];
    a
}

fn row<'d>(d: &'d Document, table: &str, first: &str) -> Vec<&'d str> {
    let row = d.table(table).unwrap().rows.iter().find(|r| r[0].shown() == first);
    row.unwrap_or_else(|| panic!("no {first} in {table}")).iter().map(|c| c.shown()).collect()
}

#[test]
fn times_are_added_up_along_the_chain() {
    let d = document(&agreement(Some(Span::Exact(12 * HOUR))), &[], &[], "");
    let times = row(&d, "times", "give-help");
    // 12 to find the attack, 24 to help, 12 to find the breach, 48 to make good.
    assert_eq!(times[2..], ["24 hours", "4 days"], "{times:?}");
    assert!(times[1].contains("the Council finds the cause (12 hours) → give-help (24 hours)"), "{times:?}");
    let duty = row(&d, "duties", "give-help");
    assert_eq!(duty[4], "the Council, within 12 hours");
    assert_eq!(duty[5], "make-good, within 48 hours");
}

#[test]
fn a_time_that_is_not_stated_leaves_the_sum_open() {
    let d = document(&agreement(None), &[], &[], "");
    assert_eq!(row(&d, "times", "give-help")[3], "open: a time is not stated");
    assert_eq!(row(&d, "duties", "give-help")[4], "the Council; time not stated");
}

#[test]
fn findings_stand_beside_their_rule_and_accepted_ones_are_not_counted_as_open() {
    let gap = |code: &str, accepted: Option<&str>| Gap {
        code: code.into(),
        title: "a title".into(),
        about: Some(Name::from("give-help")),
        message: format!("<i>{code}</i> says so"),
        accepted: accepted.map(str::to_string),
    };
    let gaps = [gap("A0711", None), gap("A0702", Some("it was wished so"))];
    let d = document(&agreement(None), &gaps, &["one thing".into()], "2026-11-01");
    assert!(row(&d, "duties", "give-help")[6].contains("A0711"));
    assert_eq!(row(&d, "codes", "A0711 a title")[1..], ["1", "0"]);
    assert_eq!(row(&d, "codes", "A0702 a title")[1..], ["0", "1"]);
    assert_eq!(row(&d, "parties", "A")[1..], ["1", "0"]);
    assert!(d.table("parties").unwrap().rows.iter().all(|r| r[0].shown() != "C"), "C is outside");
    let checked = d.checked().expect("the headline is the sum of its tables");
    let page = html::html(&checked);
    assert!(page.contains("&lt;i&gt;A0711") && !page.contains("<i>A0711"), "words of a text are words");
    let text = plain::plain(&checked);
    assert!(text.contains("because it was wished so") && text.contains("one thing"), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 96), "{text}");
}
