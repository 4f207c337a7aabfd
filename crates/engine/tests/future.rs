//! A future is asked for by name, and nothing else counts what is planned or simulated.

use servanda_engine::future::{NoFuture, World, ask};
use servanda_engine::{evaluate, reference};
use servanda_model::record::{Basis, RoleValue};
use servanda_model::verdict::Performance;
use servanda_model::{Agreement, Grade, Instant, Number, Places, Question, Record, When};

const TEXT: &str = r#"# Presence

```pact
agreement presence
  status      binding
  in force    2027-01-01T00:00
  time zone   UTC
  counting    event day excluded
  months      round down

body commission
party Alpha

measure troops
  says        "troops of {of}"
  carries     of: party
  unit        persons
  good for    6 months
  absence     register

event rotation
  says        "{by} rotates"
  carries     by: party
  absence     register
  evidence    at least 2 sources
```

## Clause

> Alpha keeps at least one hundred persons, and does not rotate.

```pact
duty hold
  bearer      Alpha
  owed to     commission
  from        in-force
  must        keep troops of Alpha >= 100 persons
  seen by     commission
  per         "Alpha keeps at least one hundred persons"

ban rest
  bearer      Alpha
  owed to     commission
  from        in-force
  must not    do rotation by Alpha
  seen by     commission
  per         "does not rotate"
```
"#;

fn agreement(text: &str) -> Agreement {
    let checked = servanda_lang::check(text);
    assert!(!checked.has_errors(), "{:#?}", checked.diagnostics);
    checked.agreement
}

fn at(text: &str) -> Instant {
    Instant::parse_utc(text).unwrap()
}

fn troops(id: &str, when: &str, n: i64, basis: Basis, source: &str) -> Record {
    let mut record = Record::new(id, "troops", When::exact(at(when)), at("2026-12-01T00:00:00Z"));
    record.roles.insert("of".into(), RoleValue::Name("Alpha".into()));
    record.value = Some(Number::from(n));
    (record.basis, record.source) = (basis, source.into());
    record.stated = Some(Grade::Confirmed);
    record
}

fn plan(n: i64, basis: Basis, world: &str) -> Vec<Record> {
    let months = ["2027-01", "2027-04", "2027-07", "2027-10"];
    months
        .iter()
        .map(|month| troops(&format!("{world}/{month}"), &format!("{month}-01T00:00:00Z"), n, basis, world))
        .collect()
}

fn question() -> Question {
    Question::at(at("2027-12-31T00:00:00Z"))
}

fn hold(future: &servanda_engine::future::Future) -> Performance {
    future.foreseen().iter().find(|f| f.norm.as_str() == "hold").unwrap().performance
}

#[test]
fn without_a_world_plans_change_nothing() {
    let agreement = agreement(TEXT);
    let places = Places::default();
    for observed in [vec![], vec![troops("seen", "2027-01-01T00:00:00Z", 120, Basis::Observed, "monitors")]] {
        let mut all = observed.clone();
        all.extend(plan(150, Basis::Planned, "a"));
        all.extend(plan(10, Basis::Simulated, "b"));
        let alone = evaluate(&agreement, &places, &observed, &question());
        assert_eq!(evaluate(&agreement, &places, &all, &question()), alone);
        assert_eq!(reference::evaluate(&agreement, &places, &all, &question()), alone);
    }
}

#[test]
fn a_world_is_asked_about_by_name_and_others_stay_out() {
    let agreement = agreement(TEXT);
    let mut all = plan(150, Basis::Planned, "a");
    all.extend(plan(50, Basis::Simulated, "b"));
    let ask = |basis, name: &str| {
        ask(&agreement, &Places::default(), &all, &World { name: name.into(), basis }, &question())
    };
    let (kept, broken) = (ask(Basis::Planned, "a").unwrap(), ask(Basis::Simulated, "b").unwrap());
    assert_eq!((kept.supposed(), broken.supposed()), (4, 4));
    assert_ne!(hold(&kept), Performance::Violated);
    assert_eq!(hold(&broken), Performance::Violated);
    let at = broken.foreseen().iter().find(|f| f.norm.as_str() == "hold").unwrap().breached;
    assert_eq!(at, Some(at_start()));
    assert_eq!(
        ask(Basis::Planned, "b"),
        Err(NoFuture::Nothing(World { name: "b".into(), basis: Basis::Planned }))
    );
    for basis in [Basis::Observed, Basis::Found, Basis::Claimed] {
        assert_eq!(ask(basis, "a"), Err(NoFuture::NotOfAFuture(basis)));
    }
}

fn at_start() -> Instant {
    at("2027-01-01T00:00:00Z")
}

#[test]
fn the_world_is_judged_by_the_same_rules_as_what_was_seen() {
    let agreement = agreement(TEXT);
    let places = Places::default();
    // What is planned, and the same told by sources that nobody doubts, come to the same verdicts.
    for n in [99, 100, 150] {
        let mut seen = plan(n, Basis::Observed, "a");
        seen.iter_mut().for_each(|record| record.sources = 2);
        let board = evaluate(&agreement, &places, &seen, &question());
        let planned = plan(n, Basis::Planned, "a");
        let world = World { name: "a".into(), basis: Basis::Planned };
        let future = ask(&agreement, &places, &planned, &world, &question()).unwrap();
        let said: Vec<_> = board.verdicts.iter().map(|v| (v.norm.clone(), v.performance)).collect();
        let foreseen: Vec<_> = future.foreseen().iter().map(|f| (f.norm.clone(), f.performance)).collect();
        assert_eq!(foreseen, said, "{n}");
    }
}

#[test]
fn observed_records_count_as_ever_beside_a_world() {
    let agreement = agreement(TEXT);
    let places = Places::default();
    let world = World { name: "a".into(), basis: Basis::Planned };
    // Monitors saw fewer in December than the plan says for October and on: the two do not agree, and the plan does not win.
    let seen = troops("seen", "2027-12-01T00:00:00Z", 20, Basis::Observed, "monitors");
    let said = |basis: Basis| {
        let mut all = plan(150, basis, "a");
        all.push(seen.clone());
        all
    };
    let future = ask(&agreement, &places, &said(Basis::Planned), &world, &question()).unwrap();
    let board = evaluate(&agreement, &places, &said(Basis::Observed), &question());
    let hold_of_board = board.verdicts.iter().find(|v| v.norm.as_str() == "hold").unwrap();
    assert_eq!(hold(&future), hold_of_board.performance);
    assert_eq!(hold(&future), Performance::PendingEvidence);
}

#[test]
fn under_each_choice_of_readings_it_says_what_choosing_it_would_say() {
    let text = TEXT
        .replace(
            "measure troops",
            "reading many \"one hundred persons\"\n  option      sharp: 100 persons\n  option      long: 120 persons\n\nmeasure troops",
        )
        .replace(">= 100 persons", ">= many")
        .replace("```pact\nagreement presence", "> There are one hundred persons.\n\n```pact\nagreement presence");
    let agreement = agreement(&text);
    let records = plan(110, Basis::Simulated, "b");
    let world = World { name: "b".into(), basis: Basis::Simulated };
    let ask = |readings: &[(&str, &str)]| {
        let readings = readings.iter().map(|(name, option)| ((*name).into(), (*option).into())).collect();
        let question = Question { readings, ..question() };
        let future = ask(&agreement, &Places::default(), &records, &world, &question).unwrap();
        future.foreseen().iter().find(|one| one.norm.as_str() == "hold").unwrap().clone()
    };
    let open = ask(&[]);
    assert_eq!(open.performance, Performance::DependsOnReading);
    let under: Vec<(String, Performance)> = open
        .elsewhere
        .iter()
        .map(|(choice, performance)| (choice[0].1.as_str().to_string(), *performance))
        .collect();
    assert_eq!(under.len(), 2);
    for (option, performance) in under {
        let chosen = ask(&[("many", &option)]);
        assert_eq!((chosen.performance, chosen.elsewhere), (performance, vec![]), "{option}");
    }
    assert_eq!(ask(&[("many", "long")]).performance, Performance::Violated);
}
