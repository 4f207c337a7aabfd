//! What must hold of every exercise world, and that it looks as intended.

use servanda_exercise::{Kind, Settings, TOWNS, World, generate};
use servanda_model::record::COVERAGE;
use servanda_model::{Calendar, Place, Record};
use std::collections::{BTreeMap, BTreeSet};

fn bytes(world: &World) -> String {
    format!("{:?}\n{}", world.records, world.truth.to_json_lines())
}

fn worlds() -> Vec<(Settings, World)> {
    let small = Settings { seed: 3, days: 30, incidents_per_day: 0.0, offensives: 0 };
    let dense = Settings { seed: 4, days: 60, incidents_per_day: 40.0, offensives: 1 };
    let wild = Settings { seed: u64::MAX, days: 0, incidents_per_day: f64::NAN, offensives: u32::MAX };
    [Settings::default(), Settings { seed: 2, ..Settings::default() }, small, dense, wild]
        .map(|settings| (settings, generate(&settings)))
        .into()
}

#[test]
fn one_seed_one_world_and_another_seed_another() {
    let settings = Settings::default();
    let once = bytes(&generate(&settings));
    assert!(once == bytes(&generate(&settings)));
    assert!(once != bytes(&generate(&Settings { seed: 2, ..settings })));
}

#[test]
fn more_incidents_change_no_delivery_and_no_strength() {
    let other = Settings { incidents_per_day: 5.0, ..Settings::default() };
    let of = |settings: &Settings, fact: &str| -> Vec<String> {
        let records = generate(settings).records;
        let chosen = records.into_iter().filter(|r| r.fact == fact);
        chosen.map(|r| format!("{:?} {:?} {:?}", r.when, r.roles, r.value)).collect()
    };
    for fact in ["delivery", "force-strength", "rotation", "troops-present"] {
        let (one, two) = (of(&Settings::default(), fact), of(&other, fact));
        assert!(!one.is_empty() && one == two, "{fact}");
    }
}

#[test]
fn nothing_passes_for_real_and_nothing_is_known_before_it_was() {
    for (settings, world) in worlds() {
        let mut ids = BTreeSet::new();
        for r in &world.records {
            assert!(r.exercise && r.title.starts_with("EXERCISE "), "{r:?}");
            assert!(r.source_grade.is_some(), "{r:?}");
            assert!(r.recorded >= r.when.latest, "{settings:?} {r:?}");
            assert!(r.until.is_none_or(|until| until >= r.when.earliest && until <= r.recorded), "{r:?}");
            assert!(r.received.is_none_or(|at| at <= r.recorded), "{r:?}");
            assert!(ids.insert(r.id.clone()), "{} twice", r.id);
        }
        assert!(world.records.windows(2).all(|pair| pair[0].recorded <= pair[1].recorded));
        for r in &world.records {
            for other in [&r.supersedes, &r.withdraws, &r.disputes].into_iter().flatten() {
                assert!(ids.contains(other), "{r:?}");
            }
        }
    }
}

#[test]
fn nothing_is_placed_finer_than_a_town() {
    let named: BTreeSet<String> = TOWNS.iter().map(|t| format!("{} oblast", t.oblast)).collect();
    let others = [
        "Lviv",
        "Ternopil",
        "Volyn",
        "Ivano-Frankivsk",
        "Kyiv",
        "Kharkiv",
        "contact-line",
        "Ukraine-territory",
    ];
    for (_, world) in worlds() {
        for r in &world.records {
            match &r.place {
                None => {}
                Some(Place::Named(name)) => {
                    assert!(named.contains(name.as_str()) || others.contains(&name.as_str()), "{name}");
                }
                Some(Place::Point { at, radius_m }) => {
                    assert!(*radius_m >= 5_000.0, "{r:?}");
                    assert!(TOWNS.iter().any(|t| t.at == *at), "{r:?}");
                }
            }
        }
    }
}

#[test]
fn every_report_stands_in_the_truth() {
    for (_, world) in worlds() {
        let reports: BTreeMap<&str, &servanda_exercise::Report> =
            world.truth.reports.iter().map(|r| (r.record.as_str(), r)).collect();
        let told: Vec<&Record> = world.records.iter().filter(|r| r.fact == "armed-attack").collect();
        assert_eq!(told.len(), reports.len());
        for record in told {
            let report = reports[record.id.as_str()];
            let Some(number) = report.incident else {
                assert_eq!(record.incident, None, "what is false was ruled to be one event with nothing");
                continue;
            };
            let incident = &world.truth.incidents[number as usize - 1];
            assert_eq!(incident.number, number);
            // The press knows the day, and anybody may be wrong by six hours.
            let apart = (record.when.earliest - incident.when).max(incident.when - record.when.latest);
            assert!(apart <= 6 * 3_600_000 + 60_000, "{record:?} {incident:?}");
            assert!(record.incident.as_ref().is_none_or(|e| *e == *format!("event-{number}").as_str()));
        }
    }
}

#[test]
fn duties_speak_of_records_that_are_there_and_of_both_ends() {
    let (_, world) = &worlds()[0];
    let ids: BTreeSet<&str> = world.records.iter().map(|r| r.id.as_str()).collect();
    for duty in &world.truth.duties {
        assert!(duty.records.iter().all(|id| ids.contains(id.as_str())), "{duty:?}");
        assert!(!(duty.kept && duty.at.is_some_and(|at| at > duty.due)), "{duty:?}");
    }
    let outcomes = |norm: &str| {
        let of: Vec<bool> =
            world.truth.duties.iter().filter(|d| *d.norm.as_str() == *norm).map(|d| d.kept).collect();
        (of.iter().filter(|k| **k).count(), of.iter().filter(|k| !**k).count())
    };
    assert_eq!(outcomes("weekly-report"), (102, 2));
    assert_eq!(outcomes("watch-line"), (0, 1));
    assert_eq!(outcomes("european-presence"), (0, 1));
    assert_eq!(outcomes("rotation-notified").1, 1);
    let deliveries = ["artillery-package", "air-defence-package", "cyber-package"].map(outcomes);
    assert_eq!(deliveries.iter().map(|d| d.0).sum::<usize>(), 4, "early or in time");
    assert_eq!(deliveries.iter().map(|d| d.1).sum::<usize>(), 3, "late or in part");
    for norm in ["consult", "respond", "hold-consultation", "answer-complaint"] {
        assert!(outcomes(norm).0 > 0, "{norm}");
    }
}

#[test]
fn the_facts_are_those_of_the_example() {
    let text = include_str!("../../../examples/berlin-framework/berlin-framework.pact.md");
    let kyiv = Calendar::of_zone("Europe/Kyiv").unwrap();
    let declared: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let word = words.next()?;
            ["event", "state", "object", "measure"].contains(&word).then(|| words.next()).flatten()
        })
        .collect();
    let norms: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let word = words.next()?;
            ["duty", "ban", "remedy", "milestone", "delivery", "notify"]
                .contains(&word)
                .then(|| words.next())
                .flatten()
        })
        .collect();
    for (_, world) in worlds() {
        for r in &world.records {
            let fact = r.fact.as_str();
            let known = declared.contains(fact) || [COVERAGE, "finding", "dispute"].contains(&fact);
            assert!(known, "the example has no fact `{fact}`");
        }
        for duty in &world.truth.duties {
            let norm = duty.norm.as_str().split('/').next().unwrap();
            assert!(norms.contains(norm), "the example has no norm `{norm}`");
            if norm.ends_with("-package") {
                let date = kyiv.date(duty.due);
                let row = format!("{}, by {date}", duty.bearer);
                let found =
                    text.lines().any(|l| l.contains(&format!("\"{}\"", duty.about)) && l.ends_with(&row));
                assert!(found, "the example has no row {} {row}", duty.about);
            }
            if norm == "force-level" {
                let date = kyiv.date(duty.due).to_string();
                assert!(duty.norm.as_str().ends_with(&date) && text.contains(&format!("target      {date}")));
            }
        }
    }
}

#[test]
fn the_world_looks_as_intended() {
    let settings = Settings { incidents_per_day: 20.0, offensives: 0, ..Settings::default() };
    let world = generate(&settings);
    let incidents = &world.truth.incidents;
    let a_day = incidents.len() as f64 / f64::from(settings.days);
    assert!((16.0..24.0).contains(&a_day), "{a_day} incidents a day");
    // Bunched: the variance of daily counts is several times their mean.
    let mut daily = vec![0.0; settings.days as usize];
    let start = 1_772_316_000_000_i64;
    for i in incidents {
        daily[((i.when.0 - start) / 86_400_000) as usize] += 1.0;
    }
    let variance = daily.iter().map(|n| (n - a_day) * (n - a_day)).sum::<f64>() / daily.len() as f64;
    assert!(variance > 2.5 * a_day, "variance {variance}, mean {a_day}");
    let share = |test: &dyn Fn(&&servanda_exercise::Incident) -> bool| {
        incidents.iter().filter(test).count() as f64 / incidents.len() as f64
    };
    assert!((0.85..0.95).contains(&share(&|i| i.by == "Russia")));
    assert!((0.9..0.96).contains(&share(&|i| i.kind == Kind::Strike)));
    // Some incidents nobody reports, most more than one source.
    let told: BTreeSet<u32> = world.truth.reports.iter().filter_map(|r| r.incident).collect();
    let unseen = 1.0 - told.len() as f64 / incidents.len() as f64;
    assert!((0.01..0.2).contains(&unseen), "{unseen} unseen");
    let falsehoods = world.truth.reports.iter().filter(|r| r.incident.is_none()).count() as f64;
    let falsehoods = falsehoods / world.truth.reports.len() as f64;
    assert!((0.005..0.05).contains(&falsehoods), "{falsehoods} false");
    assert!(world.truth.reports.iter().any(|r| r.repeats));
    // By night the mission sees less, and it is slower than a sensor.
    let of = |source: &str| {
        world.records.iter().filter(|r| r.fact == "armed-attack" && r.source == source).collect::<Vec<_>>()
    };
    let delay = |records: &[&Record]| {
        let mut delays: Vec<i64> = records.iter().map(|r| r.recorded - r.when.latest).collect();
        delays.sort_unstable();
        delays[delays.len() / 2] as f64 / 3_600_000.0
    };
    let (mission, sensor) = (of("monitoring mission"), of("sensor network"));
    assert!(delay(&mission) > 5.0 && delay(&sensor) < 1.0, "{} {}", delay(&mission), delay(&sensor));
}

#[test]
fn offensives_reach_the_threshold_and_calm_does_not() {
    let world = generate(&Settings::default());
    assert_eq!(world.truth.aggressions.len(), 2, "{:?}", world.truth.aggressions);
    let calm = generate(&Settings { offensives: 0, ..Settings::default() });
    assert_eq!(calm.truth.aggressions, []);
}

#[test]
fn the_number_of_records_can_be_chosen() {
    for wanted in [3_000, 10_000, 30_000] {
        let n = generate(&Settings::for_records(1, wanted)).records.len() as f64;
        assert!((n / f64::from(wanted) - 1.0).abs() < 0.1, "{n} for {wanted}");
    }
}
