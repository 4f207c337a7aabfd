//! Paragraphs of the semantics on agreements built by hand: what scenarios do not reach as sharply, and what must not
//! depend on the language.

use super::evaluate;
use servanda_model::agreement::*;
use servanda_model::record::RoleValue;
use servanda_model::time::HOUR;
use servanda_model::verdict::{Bearer, Code};
use servanda_model::verdict::{Performance, Standing};
use servanda_model::{Board, Grade, Instant, Name, Number, Places, Question, Record, Span, Verdict, When};
use std::collections::BTreeMap;

fn name(text: &str) -> Name {
    Name::from(text)
}

fn fact(kind: FactKind, roles: &[&str]) -> Fact {
    let roles = roles.iter().map(|r| (name(r), RoleType::Party)).collect();
    Fact {
        kind,
        phrase: String::new(),
        says: String::new(),
        roles,
        evidence: Vec::new(),
        good_for: None,
        absence: Absence::Register,
        notice: false,
        unit: Dimension::Plain,
        begins: Vec::new(),
        ends: Vec::new(),
    }
}

fn norm(name: &str, kind: NormKind, when: Trigger, verb: Verb, cond: Cond, deadline: Deadline) -> Norm {
    Norm {
        name: name.into(),
        phrase: String::new(),
        kind,
        bearer: Who::EachOf(vec!["sides".into()]),
        owed_to: Who::Unstated,
        when,
        only_if: None,
        needs: Vec::new(),
        parts: vec![Part { verb, cond, deadline }],
        from: None,
        until: None,
        gap: None,
        except: Vec::new(),
        unless: None,
        seen_by: vec!["commission".into()],
        force: Force::default(),
        standard: Grade::Probable,
        watched: 1.into(),
        on_breach: Vec::new(),
        replaces: false,
        clause: None,
        per: Vec::new(),
        marking: Default::default(),
        readback: String::new(),
        line: 1,
    }
}

fn by_bearer(fact: &str) -> Cond {
    Cond::Fact(FactPattern { roles: vec![("by".into(), Value::Bearer)], ..FactPattern::any(fact) })
}

/// Alpha and Beta; a wave is two attacks within an hour; each must consult within a day's hours, and not fire.
fn agreement() -> Agreement {
    let party = Party { phrase: String::new(), outside: false };
    let member = |who: &str| Member { who: who.into(), from: None, until: None };
    let group = Group { phrase: String::new(), members: vec![member("Alpha"), member("Beta")] };
    let wave = Cond::Compare(
        Value::Aggregate(Box::new(Aggregate {
            what: Agg::Count,
            role: None,
            of: FactPattern::any("attack"),
            window: Window::InAny(Span::Exact(HOUR)),
        })),
        Op::Ge,
        Value::Number(2.into(), Dimension::Plain),
    );
    let term = Term {
        phrase: String::new(),
        means: Some(wave),
        found_by: None,
        standard: Grade::Probable,
        open: false,
        clause: None,
        per: Vec::new(),
        readback: String::new(),
    };
    let within = Deadline::By(Moment::After(Span::Exact(24 * HOUR), Box::new(Moment::Trigger)));
    Agreement {
        name: "small".into(),
        in_force: Some(Moment::Instant(Instant(0))),
        standard: Grade::Probable,
        watched: 1.into(),
        parties: ["Alpha", "Beta"].map(|p| (name(p), party.clone())).into(),
        groups: BTreeMap::from([(name("sides"), group)]),
        facts: ["attack", "consultation", "fire"].map(|f| (name(f), fact(FactKind::Event, &["by"]))).into(),
        terms: BTreeMap::from([(name("wave"), term)]),
        norms: vec![
            norm(
                "consult",
                NormKind::Duty,
                Trigger::Begins(Cond::Term("wave".into())),
                Verb::Do,
                by_bearer("consultation"),
                within,
            ),
            norm("hold-fire", NormKind::Ban, Trigger::Always, Verb::NotDo, by_bearer("fire"), Deadline::None),
        ],
        ..Agreement::default()
    }
}

fn record(id: &str, fact: &str, by: &[&str], hour: i64) -> Record {
    let at = Instant(hour * HOUR);
    let mut r = Record::new(id, fact, When::exact(at), at);
    let by: Vec<Name> = by.iter().map(|b| name(b)).collect();
    r.roles.insert(
        "by".into(),
        if by.len() == 1 { RoleValue::Name(by[0].clone()) } else { RoleValue::OneOf(by) },
    );
    r.stated = Some(Grade::Confirmed);
    r
}

fn asked(records: &[Record], at: i64, known_at: i64) -> Board {
    let question = Question { known_at: Instant(known_at * HOUR), ..Question::at(Instant(at * HOUR)) };
    evaluate(&agreement(), &Places::default(), records, &question)
}

fn of<'b>(board: &'b Board, norm: &str, bearer: &str) -> Vec<&'b Verdict> {
    board.verdicts.iter().filter(|v| v.norm == *norm && v.bearer.to_string() == bearer).collect()
}

fn wave() -> Vec<Record> {
    vec![record("a1", "attack", &["Beta"], 100), record("a2", "attack", &["Beta"], 100)]
}

#[test]
fn an_act_at_the_deadline_is_in_time_and_a_millisecond_later_is_late() {
    let mut records = wave();
    records.push(record("c1", "consultation", &["Alpha"], 124));
    let board = asked(&records, 200, 200);
    let alpha = of(&board, "consult", "Alpha");
    assert_eq!(alpha.len(), 1);
    assert_eq!(alpha[0].performance, Performance::Satisfied);
    assert_eq!(alpha[0].due, Some(When::exact(Instant(124 * HOUR))));
    assert!(alpha[0].because(Code::DoneInTime));
    records[2].when = When::exact(Instant(124 * HOUR + 1));
    let board = asked(&records, 200, 200);
    let alpha = of(&board, "consult", "Alpha")[0];
    assert_eq!(alpha.performance, Performance::Violated);
    assert_eq!(alpha.performed_late, Some(records[2].when));
    let beta = of(&board, "consult", "Beta")[0];
    assert_eq!((beta.performance, beta.performed_late), (Performance::Violated, None));
}

#[test]
fn a_late_record_moves_the_start_and_keeps_the_identity() {
    let mut records = wave();
    records.push(record("a3", "attack", &["Beta"], 101));
    records.push(Record { recorded: Instant(150 * HOUR), ..record("a0", "attack", &["Beta"], 99) });
    records[1].when = When::exact(Instant(100 * HOUR + HOUR / 2));
    let (before, after) = (asked(&records, 200, 140), asked(&records, 200, 160));
    let (before, after) =
        (of(&before, "consult", "Alpha")[0].clone(), of(&after, "consult", "Alpha")[0].clone());
    assert_eq!(before.instance, after.instance);
    assert_eq!(before.triggered, Some(records[1].when));
    let none = asked(&records[..1], 200, 200);
    assert_eq!(of(&none, "consult", "Alpha")[0].standing, Standing::Dormant);
    assert!(of(&none, "consult", "Alpha")[0].because(Code::NotTriggered));
}

#[test]
fn withdrawn_records_are_gone_from_then_on() {
    let mut records = wave();
    let mut withdrawal = Record::new("w1", "attack", records[0].when, Instant(150 * HOUR));
    withdrawal.withdraws = Some("a1".into());
    records.push(withdrawal);
    assert_eq!(of(&asked(&records, 200, 149), "consult", "Alpha")[0].performance, Performance::Violated);
    assert_eq!(of(&asked(&records, 200, 150), "consult", "Alpha")[0].performance, Performance::NotApplicable);
}

#[test]
fn an_act_of_one_of_two_breaches_nobodys_ban_and_shows_for_the_group() {
    let records = [record("f1", "fire", &["Alpha", "Beta"], 10), record("f2", "fire", &["Beta"], 500)];
    let board = asked(&records, 600, 600);
    assert_eq!(of(&board, "hold-fire", "Alpha")[0].performance, Performance::Pending);
    let beta = of(&board, "hold-fire", "Beta")[0];
    assert_eq!((beta.performance, beta.episodes.len()), (Performance::Violated, 1));
    let group = of(&board, "hold-fire", "not-established")[0];
    assert_eq!(group.bearer, Bearer::NotEstablished(vec!["Alpha".into(), "Beta".into()]));
    assert!(group.because(Code::BearerNotEstablished));
    assert_eq!(group.episodes[0].records, vec![name("f1")]);
    // Somebody outside may have fired: then not even the group is established.
    let board = asked(&[record("f3", "fire", &["Alpha", "Gamma"], 10)], 600, 600);
    assert!(of(&board, "hold-fire", "not-established").is_empty());
}

#[test]
fn the_weakest_link_is_the_grade_and_a_dispute_is_contested() {
    let mut records = wave();
    records[1].stated = Some(Grade::Probable);
    let board = asked(&records, 200, 200);
    assert_eq!(of(&board, "consult", "Beta")[0].grade, Grade::Probable);
    records.push(record("c1", "consultation", &["Alpha"], 110));
    let dispute = Record { disputes: Some("c1".into()), ..record("d1", "consultation", &["Beta"], 120) };
    records.push(dispute);
    let board = asked(&records, 200, 200);
    let alpha = of(&board, "consult", "Alpha")[0];
    assert_eq!(alpha.performance, Performance::PendingEvidence);
    assert!(alpha.because(Code::Contested));
    assert_eq!(alpha.reasons().against[0].record, name("d1"));
}

#[test]
fn the_order_of_arrival_makes_no_difference() {
    let mut records = wave();
    records.extend([record("c1", "consultation", &["Alpha"], 110), record("f1", "fire", &["Alpha"], 10)]);
    let board = asked(&records, 200, 200);
    records.reverse();
    assert_eq!(format!("{:?}", asked(&records, 200, 200)), format!("{board:?}"));
}

#[test]
fn a_doubt_about_the_time_that_reaches_over_the_deadline_is_pending_on_evidence() {
    let mut records = wave();
    let mut act = record("c1", "consultation", &["Alpha"], 110);
    act.when = When { earliest: Instant(120 * HOUR), latest: Instant(130 * HOUR) };
    records.push(act);
    let board = asked(&records, 200, 200);
    let alpha = of(&board, "consult", "Alpha")[0];
    assert_eq!(alpha.performance, Performance::PendingEvidence);
    assert!(alpha.because(Code::TimeInDoubt), "{:?}", alpha.reasons().because);
}

#[test]
fn a_gap_counts_only_what_exceeds_it() {
    let mut agreement = agreement();
    agreement.facts.insert("strength".into(), fact(FactKind::Measure, &["of"]));
    let at_least = Cond::Compare(
        Value::Measure(Box::new(FactPattern {
            roles: vec![("of".into(), Value::Bearer)],
            ..FactPattern::any("strength")
        })),
        Op::Ge,
        Value::Number(100.into(), Dimension::Plain),
    );
    let mut keep = norm("keep", NormKind::Duty, Trigger::Always, Verb::Keep, at_least, Deadline::None);
    keep.bearer = Who::EachOf(vec!["Alpha".into()]);
    keep.gap = Some(Gap { total: Span::Exact(10 * HOUR), window: Span::Exact(100 * HOUR) });
    agreement.norms = vec![keep];
    let report = |id: &str, hour: i64, value: i64| {
        let mut r = record(id, "strength", &["Alpha"], hour);
        r.roles = BTreeMap::from([(name("of"), RoleValue::Name("Alpha".into()))]);
        r.value = Some(Number::from(value));
        r
    };
    let records = [
        report("s1", 0, 100),
        report("s2", 50, 90),
        report("s3", 58, 120),
        report("s4", 120, 10),
        report("s5", 126, 100),
    ];
    let question = Question::at(Instant(400 * HOUR));
    let board = evaluate(&agreement, &Places::default(), &records, &question);
    let verdict = &board.verdicts[0];
    assert_eq!(verdict.performance, Performance::Violated, "{:?}", verdict.reasons());
    // 8 hours failed up to 58; from 120 on, 2 more fill the allowance.
    assert_eq!(verdict.episodes.len(), 1);
    assert_eq!(verdict.episodes[0].from, When::exact(Instant(122 * HOUR)));
    assert_eq!(verdict.episodes[0].to, Some(When::exact(Instant(126 * HOUR - 1))));
}

#[test]
fn records_that_speak_of_one_event_count_once() {
    let mut records = wave();
    for r in &mut records {
        r.incident = Some("one".into());
    }
    let board = asked(&records, 200, 200);
    assert!(of(&board, "consult", "Alpha")[0].because(Code::NotTriggered));
    let two = [&records[..], &[record("a3", "attack", &["Beta"], 100)]].concat();
    assert_eq!(of(&asked(&two, 200, 200), "consult", "Alpha")[0].performance, Performance::Violated);
}
