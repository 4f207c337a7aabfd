//! Whole sentences over agreements built by hand. Read a changed sentence as you would read a change of the rule.

use super::*;
use expect_test::{Expect, expect};
use jiff::civil::date;
use servanda_model::time::HOUR;
use servanda_model::{Calendar, Grade};
use std::collections::BTreeMap;

fn name(text: &str) -> Name {
    Name::from(text)
}

fn names(list: &[&str]) -> Vec<Name> {
    list.iter().map(|text| name(text)).collect()
}

fn fact(kind: FactKind, says: &str, roles: &[(&str, RoleType)]) -> Fact {
    Fact {
        kind,
        phrase: String::new(),
        says: says.to_string(),
        roles: roles.iter().map(|(role, kind)| (name(role), kind.clone())).collect(),
        evidence: Vec::new(),
        good_for: None,
        absence: Absence::Register,
        notice: false,
        unit: Dimension::Counted(name("person")),
        begins: Vec::new(),
        ends: Vec::new(),
    }
}

fn pattern(fact: &str, roles: &[(&str, Value)]) -> FactPattern {
    let roles = roles.iter().map(|(role, value)| (name(role), value.clone())).collect();
    FactPattern { fact: name(fact), roles, filter: None }
}

fn is(value: &str) -> Value {
    Value::Name(name(value))
}

fn members(list: &[&str]) -> Vec<Member> {
    list.iter().map(|who| Member { who: name(who), from: None, until: None }).collect()
}

/// Parties, a group, a body and facts; no norms.
fn ground() -> Agreement {
    let party = || RoleType::Party;
    let mut a = Agreement {
        name: "framework".to_string(),
        title: "Framework".to_string(),
        standard: Grade::Probable,
        watched: Number::from(1),
        calendar: Calendar::of_zone("Europe/Kyiv").unwrap(),
        ..Agreement::default()
    };
    a.calendar.months = Some(MonthRounding::Down);
    for who in ["Ukraine", "Poland", "France"] {
        a.parties.insert(name(who), Party { phrase: String::new(), outside: false });
    }
    a.parties.insert(name("Russia"), Party { phrase: String::new(), outside: true });
    let group = Group { phrase: "the guarantors".to_string(), members: members(&["Poland", "France"]) };
    a.groups.insert(name("guarantors"), group);
    let decides = Decision {
        quorum: Quorum::Share(Number::ratio(2, 3).unwrap()),
        within: Some(Span::Exact(24 * HOUR)),
        request: Some(pattern("request", &[])),
        failing: Some(Box::new(Decision {
            quorum: Quorum::AnyOf(3, name("guarantors")),
            within: None,
            request: None,
            failing: None,
        })),
    };
    let body = Body {
        phrase: "the Commission".to_string(),
        members: members(&["Ukraine", "guarantors"]),
        decides: Some(decides),
    };
    a.bodies.insert(name("commission"), body);
    let value = ClassValue { phrase: "missile or drone strike".to_string(), attributes: BTreeMap::new() };
    a.classes.insert(name("attack-kind"), Class { values: [(name("strike"), value)].into() });
    let roles = [("by", party()), ("with", party())];
    a.facts.insert(name("consultation"), fact(FactKind::Event, "{by} consults with {with}", &roles));
    let roles = [("by", party()), ("kind", RoleType::Class(name("attack-kind"))), ("at", RoleType::Place)];
    a.facts.insert(name("attack"), fact(FactKind::Event, "{by} attacks ({kind}) at {at}", &roles));
    a.facts.insert(name("request"), fact(FactKind::Event, "{by} asks for a finding", &[("by", party())]));
    a.facts.insert(name("ratification"), fact(FactKind::Event, "{by} ratifies", &[("by", party())]));
    a.facts.insert(name("ceasefire"), fact(FactKind::State, "the ceasefire", &[]));
    let roles = [("of", party()), ("role", RoleType::Text), ("at", RoleType::Place)];
    a.facts.insert(name("troops"), fact(FactKind::Measure, "troops of {of} at {at}", &roles));
    let roles = [("owner", party()), ("at", RoleType::Place)];
    a.facts.insert(name("weapon"), fact(FactKind::Object, "a heavy weapon", &roles));
    let strikes = Aggregate {
        what: Agg::Count,
        role: None,
        of: FactPattern {
            filter: Some(Box::new(Cond::Compare(Value::Role(name("kind")), Op::Eq, is("strike")))),
            ..pattern("attack", &[("by", is("Russia"))])
        },
        window: Window::InAny(Span::Exact(72 * HOUR)),
    };
    let many = Value::Number(Number::from(100), Dimension::Plain);
    let means = Cond::Compare(Value::Aggregate(Box::new(strikes)), Op::Ge, many);
    let term = Term {
        phrase: "Large-scale aggression".to_string(),
        means: Some(means),
        found_by: Some(name("commission")),
        standard: Grade::Probable,
        open: false,
        clause: None,
        per: Vec::new(),
        readback: String::new(),
    };
    a.terms.insert(name("aggression"), term);
    let options = vec![
        (name("from-ceasefire"), Meaning::Moment(begins("ceasefire"))),
        (
            name("from-start"),
            Meaning::Moment(Moment::First(Box::new(pattern("request", &[("by", Value::Bearer)])))),
        ),
    ];
    let reading = Reading { words: "within 14 days".to_string(), options, clause: None };
    a.readings.insert(name("fourteen-days"), reading);
    a
}

fn begins(state: &str) -> Moment {
    Moment::Begins(Box::new(Cond::Fact(pattern(state, &[]))))
}

fn each_guarantor() -> Who {
    Who::EachOf(names(&["guarantors"]))
}

fn part(verb: Verb, cond: Cond, deadline: Deadline) -> Part {
    Part { verb, cond, deadline }
}

fn plain(kind: NormKind, bearer: Who, parts: Vec<Part>) -> Norm {
    Norm {
        name: name("rule"),
        phrase: String::new(),
        kind,
        bearer,
        owed_to: Who::EachOf(names(&["Ukraine"])),
        when: Trigger::Always,
        only_if: None,
        needs: Vec::new(),
        parts,
        from: None,
        until: None,
        gap: None,
        except: Vec::new(),
        unless: None,
        seen_by: names(&["commission"]),
        force: Force::AsAgreement,
        standard: Grade::Probable,
        watched: Number::from(1),
        on_breach: Vec::new(),
        replaces: false,
        clause: None,
        per: Vec::new(),
        marking: Marking::default(),
        readback: String::new(),
        line: 1,
    }
}

fn reads(a: &Agreement, rule: &Norm, expected: Expect) {
    expected.assert_eq(&norm(a, rule));
}

fn consult(by: Value) -> Cond {
    Cond::Fact(pattern("consultation", &[("by", by), ("with", is("Ukraine"))]))
}

#[test]
fn a_duty_to_act_within_hours_of_a_term() {
    let deadline = Deadline::By(Moment::After(Span::Exact(24 * HOUR), Box::new(Moment::Trigger)));
    let mut rule =
        plain(NormKind::Duty, each_guarantor(), vec![part(Verb::Do, consult(Value::Bearer), deadline)]);
    rule.when = Trigger::Begins(Cond::Term(name("aggression")));
    rule.on_breach = names(&["explain"]);
    reads(
        &ground(),
        &rule,
        expect![
            "Each time that “Large-scale aggression” begins, each of the guarantors must consult with Ukraine, within 24 hours of that moment; this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable; on breach, `explain` follows."
        ],
    );
    // One token less (`by bearer`), and the sentence says so.
    rule.parts[0].cond = Cond::Fact(pattern("consultation", &[("with", is("Ukraine"))]));
    reads(
        &ground(),
        &rule,
        expect![
            "Each time that “Large-scale aggression” begins, each of the guarantors must see to it that any party consults with Ukraine, within 24 hours of that moment; this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable; on breach, `explain` follows."
        ],
    );
}

#[test]
fn days_are_said_with_their_counting() {
    let mut a = ground();
    let within = |span, from| Deadline::By(Moment::After(span, Box::new(from)));
    let rule = |deadline| {
        plain(
            NormKind::Duty,
            Who::EachOf(names(&["Poland"])),
            vec![part(Verb::Do, consult(is("Poland")), deadline)],
        )
    };
    reads(
        &a,
        &rule(within(Span::Days(14), begins("ceasefire"))),
        expect![
            "Poland must consult with Ukraine, by 24:00 of the 14th day after the beginning of the ceasefire (the day of the event not counted); this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable."
        ],
    );
    reads(
        &a,
        &rule(within(Span::Months(6), Moment::InForce)),
        expect![
            "Poland must consult with Ukraine, by 24:00 of the day 6 months after the entry into force (the day of the event not counted, in a shorter month its last day); this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable."
        ],
    );
    let second = Deadline::By(Moment::EndOfDay(2, Box::new(begins("ceasefire"))));
    a.calendar.event_day = EventDay::Included;
    a.calendar.day_off = DayOff::MovesToNext;
    reads(
        &a,
        &rule(second),
        expect![
            "Poland must consult with Ukraine, by 24:00 of the 2nd day after the beginning of the ceasefire (the day of the event counted as the first); this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable."
        ],
    );
    reads(
        &a,
        &rule(within(Span::WorkingDays(10), Moment::Signed)),
        expect![
            "Poland must consult with Ukraine, by 24:00 of the 10th working day after the day of signature (not stated) (the day of the event counted as the first, moved from a day off to the next working day); this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable."
        ],
    );
    reads(
        &a,
        &rule(Deadline::By(Moment::EndOfDate(date(2026, 12, 31)))),
        expect![
            "Poland must consult with Ukraine, by 24:00 on 31 December 2026; this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable."
        ],
    );
    reads(
        &a,
        &rule(Deadline::Every(Span::Days(7), begins("ceasefire"))),
        expect![
            "Poland must consult with Ukraine, anew in every period of 7 days from the beginning of the ceasefire (the day of the event counted as the first); this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable."
        ],
    );
    let before = Deadline::By(Moment::Before(Span::Days(42), Box::new(Moment::Trigger)));
    reads(
        &a,
        &rule(before),
        expect![
            "Poland must consult with Ukraine, by 24:00 of the 42nd day before that moment (the day of the event counted as the first); this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable."
        ],
    );
    let fourteen = Deadline::By(Moment::EndOfDay(14, Box::new(Moment::Reading(name("fourteen-days")))));
    reads(
        &a,
        &rule(fourteen),
        expect![
            "Poland must consult with Ukraine, by 24:00 of the 14th day after the moment of the reading `fourteen-days` (either the beginning of the ceasefire, or the first time that the bearer asks for a finding) (the day of the event counted as the first); this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable."
        ],
    );
}

#[test]
fn bans_with_exceptions_and_presence_with_gaps() {
    let troops =
        |of: &str| Value::Measure(Box::new(pattern("troops", &[("of", is(of)), ("at", is("Lviv"))])));
    let number = |n: i64| Value::Number(Number::from(n), Dimension::Counted(name("person")));
    let none = Cond::Compare(troops("Poland"), Op::Gt, number(0));
    let mut ban = plain(
        NormKind::Ban,
        Who::EachOf(names(&["Poland"])),
        vec![part(Verb::NotKeep, none, Deadline::None)],
    );
    ban.from = Some(Moment::InForce);
    ban.until = Some(Moment::EndOfDate(date(2030, 12, 31)));
    ban.except = vec![
        Exception {
            covers: Cond::Compare(
                Value::Role(name("role")),
                Op::Eq,
                Value::Text("embassy guard".to_string()),
            ),
            up_to: None,
            until: None,
        },
        Exception {
            covers: Cond::Compare(Value::Role(name("role")), Op::Eq, Value::Text("monitor".to_string())),
            up_to: Some(Number::from(200)),
            until: None,
        },
    ];
    reads(
        &ground(),
        &ban,
        expect![
            "Poland must at no time have it so that “troops of Poland at Lviv” is more than 0 persons, from the entry into force on, until 24:00 on 31 December 2030; it is no breach where its role is “embassy guard”; it is no breach where its role is “monitor”, up to 200 (two hundred) persons; this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable, and silence counts only where at least 100 percent of time and place was watched."
        ],
    );
    let enough = Cond::Compare(troops("guarantors"), Op::Ge, number(15_000));
    let mut keep = plain(
        NormKind::Duty,
        Who::Jointly(names(&["guarantors"])),
        vec![part(Verb::Keep, enough, Deadline::None)],
    );
    keep.from = Some(Moment::StartOfDay(60, Box::new(begins("ceasefire"))));
    keep.when = Trigger::Begins(Cond::Fact(pattern("ceasefire", &[])));
    keep.gap = Some(Gap { total: Span::Days(14), window: Span::Months(12) });
    keep.watched = Number::ratio(9, 10).unwrap();
    keep.force = Force::BestEfforts;
    reads(
        &ground(),
        &keep,
        expect![
            "Each time that the ceasefire begins, the guarantors together must keep it so, all the time, that “troops of the guarantors at Lviv” is at least 15,000 (fifteen thousand) persons, from 00:00 of the 60th day after the beginning of the ceasefire (the day of the event not counted) on; gaps of up to 14 days in any year do not count; this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable, and silence counts only where at least 90 percent of time and place was watched; it asks for best efforts only: missing it is no violation."
        ],
    );
}

#[test]
fn remedies_rights_and_waiting() {
    let mut a = ground();
    let mut breached = plain(NormKind::Duty, each_guarantor(), Vec::new());
    breached.on_breach = names(&["explain"]);
    breached.needs = vec![Cond::Fact(pattern("ratification", &[("by", Value::Bearer)]))];
    breached.only_if = Some(Cond::Not(Box::new(Cond::Term(name("aggression")))));
    reads(
        &a,
        &breached,
        expect![
            "Provided that “Large-scale aggression” is not met, each of the guarantors owes something that the text does not state; it waits until the bearer ratifies; this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable; on breach, `explain` follows."
        ],
    );
    a.norms.push(breached);
    let within = |n| Deadline::By(Moment::After(Span::Exact(n * HOUR), Box::new(Moment::Breach)));
    let mut remedy = plain(
        NormKind::Remedy,
        Who::BreachingParty,
        vec![
            part(Verb::Do, consult(Value::Bearer), within(12)),
            part(Verb::Ensure, Cond::Not(Box::new(Cond::Fact(pattern("weapon", &[])))), within(48)),
        ],
    );
    remedy.name = name("explain");
    remedy.when = Trigger::Breach;
    reads(
        &a,
        &remedy,
        expect![
            "After each breach of `rule`, the party in breach must consult with Ukraine, within 12 hours of the breach; and must ensure that at the deadline there is no heavy weapon, within 48 hours of the breach; this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable; the breached rule goes on beside it."
        ],
    );
    let mut right = plain(
        NormKind::Right,
        Who::EachOf(names(&["Poland"])),
        vec![part(Verb::NotDo, Cond::Fact(pattern("attack", &[("by", Value::Bearer)])), Deadline::None)],
    );
    right.phrase = "unhindered passage".to_string();
    reads(
        &a,
        &right,
        expect![
            "Ukraine has the right “unhindered passage”; Poland must not attack (any attack-kind) at any place, which would obstruct it; this is owed to Ukraine; the Commission sees whether it is kept, to the standard probable, and silence counts only where at least 100 percent of time and place was watched."
        ],
    );
    right.parts.clear();
    reads(
        &a,
        &right,
        expect!["Ukraine has the right “unhindered passage”; the text names no act that would obstruct it."],
    );
}

#[test]
fn terms_readings_and_powers() {
    let a = ground();
    let aggression = name("aggression");
    expect!["“Large-scale aggression” means that the number of times that Russia attacks (any attack-kind) at any place where its kind is “missile or drone strike” in any 72 hours is at least 100 (one hundred); the Commission finds that it is so; the standard is probable."].assert_eq(&term(&a, &aggression, &a.terms[&aggression]));
    let open =
        Term { means: None, open: true, phrase: "serious".to_string(), ..a.terms[&aggression].clone() };
    expect!["`serious` is left to judgement; until then it does not hold; the Commission judges; the standard is probable."].assert_eq(&term(&a, &name("serious"), &open));
    let fourteen = name("fourteen-days");
    expect!["The words “within 14 days” (`fourteen-days`) can be read in 2 ways: `from-ceasefire`, the beginning of the ceasefire; or `from-start`, the first time that the bearer asks for a finding."].assert_eq(&reading(&a, &fourteen, &a.readings[&fourteen]));
    let mut withdraw = Power {
        name: name("withdraw"),
        bearer: each_guarantor(),
        can: Change::End,
        on: Targets::EveryNormOfActor,
        act: pattern("request", &[("by", Value::Bearer)]),
        effect_after: Some(Span::Months(12)),
        only_if: None,
        unless: Some(Cond::Term(aggression)),
        silence: None,
        objection: None,
        addressee: None,
        clock_runs: false,
        clause: None,
        per: Vec::new(),
        readback: String::new(),
    };
    expect!["Each of the guarantors can end every rule that it bears, by this act: the bearer asks for a finding; it takes effect at 24:00 of the day 1 year after the act (the day of the event not counted, in a shorter month its last day); not while “Large-scale aggression” is met."].assert_eq(&power(&a, &withdraw));
    withdraw.silence = Some(Span::Days(30));
    withdraw.effect_after = None;
    withdraw.can = Change::Suspend;
    withdraw.on = Targets::Norms(names(&["consult", "respond"]));
    withdraw.objection = Some(pattern("consultation", &[]));
    withdraw.addressee = Some(Who::EachOf(names(&["Ukraine"])));
    expect!["Each of the guarantors can suspend `consult` and `respond`, by this act: the bearer asks for a finding; it takes effect at once; not while “Large-scale aggression” is met; it needs consent, and silence of 30 days after receipt counts as consent; Ukraine can object by this act: any party consults with any party; deadlines rest meanwhile."].assert_eq(&power(&a, &withdraw));
}

#[test]
fn the_agreement_as_a_whole() {
    let mut a = ground();
    a.signed = Some(date(2026, 3, 1));
    let ratified = Moment::AllOf(Box::new(pattern("ratification", &[])), each_guarantor());
    a.in_force = Some(Moment::After(Span::Days(30), Box::new(ratified)));
    a.authentic = vec!["English".to_string(), "Ukrainian".to_string()];
    a.calendar.holidays.insert(date(2027, 1, 1));
    expect!["“Framework” (`framework`) binds in law and was signed on 1 March 2026. It enters into force at 24:00 of the 30th day after the moment when the last of the guarantors to ratify has done so (the day of the event not counted), and has no end. Times are those of Europe/Kyiv; when days are counted, the day of an event is not counted; a month that is too short ends a span on its last day. Working days are Monday, Tuesday, Wednesday, Thursday and Friday, but not 1 January 2027; a deadline on a day off stands. Notices count when received; where a rule names nothing else, the standard of proof is probable and at least 100 percent must have been watched. Authentic texts are English and Ukrainian. Its parties are France, Poland and Ukraine. It names Russia without binding them. The guarantors are Poland and France. The Commission is a body of Ukraine and the guarantors, and decides by at least two thirds of its members within 24 hours of a request (any party asks for a finding), failing which any 3 of the guarantors."].assert_eq(&agreement(&a));
}

#[test]
fn nothing_at_all_still_gives_full_sentences() {
    let empty = Agreement::default();
    expect!["An agreement without a name binds in law. It does not say when it enters into force, so that every rule waits, and has no end. Times are those of UTC; when days are counted, the day of an event is not counted; nothing is said about months that are too short. Working days are Monday, Tuesday, Wednesday, Thursday and Friday; a deadline on a day off stands. Notices count when received; where a rule names nothing else, the standard of proof is none and at least 0 percent must have been watched."].assert_eq(&agreement(&empty));
    let rule = plain(NormKind::Ban, Who::EachOf(Vec::new()), Vec::new());
    reads(
        &empty,
        &rule,
        expect![
            "Somebody whom the text does not name is forbidden something that the text does not state; this is owed to Ukraine; commission sees whether it is kept, to the standard probable."
        ],
    );
    let odd = plain(
        NormKind::Duty,
        Who::Unstated,
        vec![part(Verb::Do, Cond::And(Vec::new()), Deadline::By(Moment::Reading(name("gone"))))],
    );
    reads(
        &empty,
        &odd,
        expect![
            "Somebody whom the text does not name must see to it that nothing is asked, by the moment of the reading `gone` (not declared); this is owed to Ukraine; commission sees whether it is kept, to the standard probable."
        ],
    );
    // Readings that name each other end.
    let mut a = Agreement::default();
    for (one, other) in [("a", "b"), ("b", "a")] {
        let options = vec![(name("x"), Meaning::Cond(Cond::Reading(name(other))))];
        a.readings.insert(name(one), Reading { words: String::new(), options, clause: None });
    }
    assert!(reading(&a, &name("a"), &a.readings[&name("a")]).ends_with('.'));
}

#[test]
fn verbs_lose_their_ending() {
    for (verb, base) in [
        ("consults", "consult"),
        ("ratifies", "ratify"),
        ("reaches", "reach"),
        ("goes", "go"),
        ("discusses", "discuss"),
        ("releases", "release"),
        ("lies", "lie"),
        ("is", "be"),
        ("has", "have"),
    ] {
        assert_eq!(base_form(verb).as_deref(), Some(base), "{verb}");
    }
    assert_eq!((base_form("fire"), base_form("“x"), base_form("")), (None, None, None));
}

#[test]
fn numbers_in_words() {
    for (n, words) in [
        (0, "zero"),
        (15_000, "fifteen thousand"),
        (800_000, "eight hundred thousand"),
        (1_072_001, "one million seventy-two thousand and one"),
        (119, "one hundred and nineteen"),
        (-40, "minus forty"),
    ] {
        assert_eq!(in_words(&Number::from(n)).as_deref(), Some(words));
    }
    assert_eq!(in_words(&Number::ratio(1, 2).unwrap()), None);
    assert_eq!(in_words(&Number::from(i64::MIN)), None);
}
