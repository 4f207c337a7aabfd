//! What is saved is read again as it was, or refused; and a state that outgrows its limit stops whole.

use servanda_engine::Engine;
use servanda_engine::incremental::Settings;
use servanda_engine::incremental::snapshot::{FORMAT, SnapshotRefused};
use servanda_model::record::RoleValue;
use servanda_model::time::HOUR;
use servanda_model::{Agreement, Instant, Name, Places, Record, When};
use std::collections::BTreeMap;

const TEXT: &str = r#"# Talks

```pact
agreement talks
  status      binding
  in force    2026-01-01T00:00
  time zone   UTC
  counting    event day excluded
  months      round down

body commission
party Left
party Right
event attack
  says        "{by} attacks"
  carries     by: party
event meeting
  says        "{by} meets"
  carries     by: party
```

## Clause

> After an attack the other side meets, and nobody attacks.

```pact
duty meet
  bearer      Right
  owed to     commission
  when        attack by Left
  must        do meeting by Right
  within      72 hours
  seen by     commission
  per         "After an attack the other side meets"

ban attack-none
  bearer      Left
  owed to     commission
  must not    do attack by Left
  seen by     commission
  per         "nobody attacks"
```
"#;

fn agreement() -> Agreement {
    let checked = servanda_lang::check(TEXT);
    assert!(!checked.has_errors(), "{:#?}", checked.diagnostics);
    checked.agreement
}

fn record(id: &str, fact: &str, by: &str, hour: i64, known: i64) -> Record {
    let start = servanda_model::Instant(1_767_225_600_000);
    let at = Instant(start.0 + hour * HOUR);
    let mut record = Record::new(id, fact, When::exact(at), Instant(start.0 + known * HOUR));
    record.roles.insert(Name::from("by"), RoleValue::Name(by.into()));
    record.source = "observer".to_string();
    record
}

fn records() -> Vec<Record> {
    let mut correction = record("c1", "attack", "Left", 30, 100);
    correction.supersedes = Some(Name::from("a2"));
    vec![
        record("a1", "attack", "Left", 1, 2),
        record("a2", "attack", "Left", 30, 31),
        record("t1", "meeting", "Right", 40, 60),
        correction,
        record("a3", "attack", "Left", 50, 150),
    ]
}

fn at(hour: i64) -> Instant {
    record("x", "x", "x", 0, hour).recorded
}

fn saved(agreement: &Agreement, places: &Places, until: Instant) -> Vec<u8> {
    let mut engine = Engine::new(agreement, places, Settings::default());
    engine.add(records());
    engine.advance(until);
    engine.snapshot()
}

#[test]
fn what_goes_on_from_a_snapshot_says_the_same() {
    let (agreement, places) = (agreement(), Places::default());
    let mut whole = Engine::new(&agreement, &places, Settings::default());
    whole.add(records());
    whole.advance(at(400));
    assert!(whole.history().rows().len() > 8, "{}", whole.history().rows().len());
    for hour in [0, 2, 31, 74, 75, 100, 400] {
        let bytes = saved(&agreement, &places, at(hour));
        let mut again =
            Engine::restore(&agreement, &places, Settings::default(), &bytes).expect("a snapshot");
        assert_eq!(again.frontier(), at(hour));
        assert_eq!(again.snapshot(), bytes);
        again.advance(at(400));
        assert_eq!(again.history(), whole.history(), "saved at hour {hour}");
        assert_eq!(again.snapshot(), whole.snapshot(), "saved at hour {hour}");
    }
}

#[test]
fn any_order_of_arrival_gives_the_same_bytes() {
    let (agreement, places) = (agreement(), Places::default());
    let right = saved(&agreement, &places, at(120));
    let all = records();
    for start in 0..all.len() {
        let mut engine = Engine::new(&agreement, &places, Settings::default());
        for i in 0..all.len() {
            engine.add([all[(start + 2 * i) % all.len()].clone()]);
            engine.advance(at(20 * i as i64));
        }
        engine.advance(at(120));
        assert!(engine.snapshot() == right, "from {start}");
    }
}

#[test]
fn a_clock_that_jumps_back_changes_nothing() {
    let (agreement, places) = (agreement(), Places::default());
    let mut engine = Engine::new(&agreement, &places, Settings::default());
    engine.add(records());
    engine.advance(at(120));
    let before = engine.snapshot();
    assert!(engine.advance(at(10)).is_empty());
    assert!(engine.advance(Instant::MIN).is_empty());
    assert_eq!((engine.frontier(), engine.snapshot() == before), (at(120), true));
}

#[test]
fn what_does_not_fit_is_refused() {
    let (agreement, places) = (agreement(), Places::default());
    let bytes = saved(&agreement, &places, at(120));
    let restore = |bytes: &[u8]| Engine::restore(&agreement, &places, Settings::default(), bytes).err();
    assert_eq!(restore(&bytes), None);
    for length in 0..bytes.len() {
        let refused = restore(&bytes[..length]).expect("refused");
        let fits = match length {
            0 => refused == SnapshotRefused::NoSnapshot,
            _ => {
                matches!(refused, SnapshotRefused::Truncated(there, of) if there == length as u64 && of > there)
            }
        };
        assert!(fits, "{length}: {refused:?}");
    }
    for place in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place] ^= 0x10;
        let refused = restore(&flipped).expect("refused");
        let fits = match place {
            0..8 => refused == SnapshotRefused::NoSnapshot,
            8..12 => matches!(refused, SnapshotRefused::OtherFormat(found) if found != FORMAT),
            // The length is another: more is said to be there, or less.
            12..20 => matches!(refused, SnapshotRefused::Truncated(..) | SnapshotRefused::Damaged),
            _ => refused == SnapshotRefused::Damaged,
        };
        assert!(fits, "{place}: {refused:?}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(restore(&longer), Some(SnapshotRefused::Damaged));

    let text = TEXT.replace("72 hours", "73 hours");
    let other = servanda_lang::check(&text).agreement;
    let refused = Engine::restore(&other, &places, Settings::default(), &bytes).err();
    assert_eq!(refused, Some(SnapshotRefused::OtherAgreement));
    let mut moved = Places::default();
    moved.points.insert(Name::from("town"), servanda_model::Point { lat: 1.0, lon: 2.0 });
    let refused = Engine::restore(&agreement, &moved, Settings::default(), &bytes).err();
    assert_eq!(refused, Some(SnapshotRefused::OtherPlaces));
    let readings = BTreeMap::from([(Name::from("level"), Name::from("floor"))]);
    let settings = Settings { readings, ..Settings::default() };
    let refused = Engine::restore(&agreement, &places, settings, &bytes).err();
    assert_eq!(refused, Some(SnapshotRefused::OtherReadings(BTreeMap::new())));
    let share = Some(servanda_engine::incremental::Share { index: 0, of: 2 });
    let settings = Settings { share, ..Settings::default() };
    let refused = Engine::restore(&agreement, &places, settings, &bytes).err().expect("refused");
    assert_eq!(refused, SnapshotRefused::OtherShare(None));
    assert!(!refused.remedy().is_empty() && refused.to_string().contains("whole agreement"));
}

#[test]
fn a_state_that_outgrows_its_limit_stops_whole() {
    let (agreement, places) = (agreement(), Places::default());
    let mut whole = Engine::new(&agreement, &places, Settings::default());
    whole.add(records());
    let start = whole.room();
    whole.advance(at(400));
    let end = whole.room();
    assert!(end > start && start > 0);
    let limit = (start + end) / 2;
    let settings = Settings { memory_limit: Some(limit), ..Settings::default() };
    let mut engine = Engine::new(&agreement, &places, settings);
    engine.add(records());
    let stopped = engine.try_advance(at(400)).expect_err("less than it takes");
    assert!(stopped.taken > limit && stopped.needed >= stopped.taken && stopped.limit == limit);
    assert!(stopped.reached < at(400) && stopped.reached == engine.frontier());
    assert!(stopped.remedy().contains("allow about"), "{stopped}");
    // It stands whole: with more room it goes on from there.
    let bytes = engine.snapshot();
    let mut again = Engine::restore(&agreement, &places, Settings::default(), &bytes).expect("a snapshot");
    again.advance(at(400));
    assert_eq!(again.history(), whole.history());
    let settings = Settings { memory_limit: Some(start / 2), ..Settings::default() };
    let mut engine = Engine::new(&agreement, &places, settings);
    engine.add(records());
    assert_eq!(engine.try_advance(at(400)).expect_err("no room").reached, Instant::MIN);
}
