//! Generated worlds with a fixed seed, all streams of a tiny vocabulary, and engines with a known mistake.

use servanda_engine::incremental::{Engine, Settings};
use servanda_engine::reference;
use servanda_model::{Instant, Question};
use servanda_sim::canary;
use servanda_sim::compare::{Compared, Family, Finding, Maker, difference, engine};
use servanda_sim::search::{Families, Searched, compare, next};
use servanda_sim::shrink::shrink;
use servanda_sim::streams;
use servanda_sim::world::World;

/// Worlds of a seed until one shows something.
fn search(seed: u64, worlds: u64, families: Families, maker: Maker) -> (Searched, Option<(World, Finding)>) {
    let mut searched = Searched::default();
    let mut number = 0;
    while searched.worlds < worlds {
        let (world, read) = next(seed, &mut number, &mut searched);
        searched.worlds += 1;
        if let Err(finding) = compare(&world, &read, families, maker, &mut searched.compared) {
            return (searched, Some((world, *finding)));
        }
    }
    (searched, None)
}

const QUIET: Families = Families { reference: false, identity: false, boards: true, history: false };

#[test]
fn the_engine_says_what_the_reference_says() {
    let (searched, found) = search(2027, 60, Families::ALL, engine);
    println!("{searched:?}");
    let told = found.map(|(world, finding)| {
        let (small, finding) = shrink(world, finding, Families::ALL, engine, 600);
        format!("{}\n{}", finding.what, servanda_sim::regression::text(&small, &finding))
    });
    assert!(told.is_none(), "{}", told.unwrap_or_default());
    assert!(searched.compared.verdicts > 10_000 && searched.compared.too_large < 6, "{searched:?}");
    assert!(searched.refused * 10 < searched.worlds, "too many texts are refused: {:?}", searched.why);
}

/// In one step from one moment to another, with all that came to be known between them.
#[test]
fn an_engine_that_catches_up_says_what_the_reference_says() {
    let (mut searched, mut number, mut boards) = (Searched::default(), 0, 0);
    for world in 0..60_u64 {
        let (_, read) = next(4096, &mut number, &mut searched);
        let mut moments: Vec<Instant> = read.records.iter().map(|r| r.recorded).collect();
        moments.sort();
        moments.dedup();
        let stride = 2 + (world % 5) as usize;
        let stops = moments.iter().skip(world as usize % 3).step_by(stride).copied();
        let late = moments.last().map(|last| Instant(last.0 + 40 * 86_400_000));
        let mut engine = Engine::new(&read.agreement, &read.places, Settings::default());
        let mut told = 0;
        let mut records = read.records.clone();
        records.sort_by_key(|r| r.recorded);
        for stop in stops.chain(late) {
            let known = records.partition_point(|r| r.recorded <= stop);
            engine.add(records[told..known].iter().cloned());
            told = known;
            engine.catch_up(stop);
            assert_eq!(engine.frontier(), stop);
            let question = Question::at(stop);
            let right = reference::evaluate(&read.agreement, &read.places, &records, &question);
            let given = engine.board(&question);
            assert_eq!(difference(&right, &given), None, "world {world} at {stop}");
            boards += 1;
        }
    }
    assert!(boards > 300, "{boards}");
}

/// Records that are told only after the moment at which they were recorded has been reached.
#[test]
fn an_engine_that_learns_late_says_what_the_reference_says() {
    let (mut searched, mut number, mut boards, mut late) = (Searched::default(), 0, 0, 0);
    for world in 0..300_u64 {
        let (_, read) = next(512, &mut number, &mut searched);
        let mut records = read.records.clone();
        records.sort_by_key(|r| r.recorded);
        let mut moments: Vec<Instant> = records.iter().map(|r| r.recorded).collect();
        moments.dedup();
        let mut engine = Engine::new(&read.agreement, &read.places, Settings::default());
        let (mut told, mut held) = (0, Vec::new());
        for stop in moments.into_iter().step_by(2 + (world % 3) as usize) {
            let known = records.partition_point(|r| r.recorded <= stop);
            let (later, now): (Vec<_>, Vec<_>) = records[told..known]
                .iter()
                .enumerate()
                .partition(|(i, _)| (*i as u64 + world).is_multiple_of(3));
            told = known;
            assert_eq!(engine.add_behind(now.into_iter().map(|(_, r)| r.clone())), None);
            engine.catch_up(stop);
            held.extend(later.into_iter().map(|(_, r)| r.clone()));
            // Every second time they stay away for one stop more.
            if held.len() % 2 == 1 {
                late += held.len();
                let first = held.iter().map(|r| r.recorded).min();
                assert_eq!(engine.add_behind(std::mem::take(&mut held)), first);
            }
            assert_eq!(engine.frontier(), stop);
            let there: Vec<_> =
                records[..known].iter().filter(|r| !held.iter().any(|h| h.id == r.id)).cloned().collect();
            let question = Question::at(stop);
            let right = reference::evaluate(&read.agreement, &read.places, &there, &question);
            assert_eq!(difference(&right, &engine.board(&question)), None, "world {world} at {stop}");
            boards += 1;
        }
    }
    assert!(boards > 300 && late > 200, "{boards} boards, {late} late");
}

#[test]
fn a_world_is_the_same_for_the_same_seed() {
    let once = servanda_sim::story::world(7, 3);
    assert_eq!(once, servanda_sim::story::world(7, 3));
    assert_ne!(once.rows, servanda_sim::story::world(7, 4).rows);
    assert_ne!(once.rows, servanda_sim::story::world(8, 3).rows);
}

#[test]
fn all_streams_of_two_records() {
    for vocabulary in &streams::ALL {
        let mut compared = Compared::default();
        match vocabulary.compare(2, Families::ALL, engine, &mut compared) {
            Ok(streams) => {
                println!("{}: {streams} streams, {compared:?}", vocabulary.name);
                assert!(
                    streams > 80 && compared.instants > 1_000,
                    "{}: {streams} {compared:?}",
                    vocabulary.name
                );
            }
            Err(found) => panic!("{}", servanda_sim::regression::text(&found.0, &found.1)),
        }
    }
}

#[test]
fn an_engine_that_is_a_millisecond_late_is_found() {
    let (searched, found) = search(5, 400, QUIET, canary::late_by_a_millisecond);
    let (world, finding) = found.expect("the canary lives");
    assert_eq!(finding.family, Family::Boards, "{finding:?}");
    let before = world.rows.len() + world.declarations.len();
    let (small, finding) = shrink(world, finding, QUIET, canary::late_by_a_millisecond, 400);
    println!("found in world {}: {}", searched.worlds, finding.what);
    assert!(small.rows.len() + small.declarations.len() < before, "nothing was made smaller");
    let text = servanda_sim::regression::text(&small, &finding);
    assert!(servanda_scenario::holds_expectations(&text) && !text.contains('?'), "{text}");
}

#[test]
fn an_engine_that_is_blind_to_coverage_is_found() {
    let (searched, found) = search(5, 400, QUIET, canary::blind_to_coverage);
    let (_, finding) = found.expect("the canary lives");
    println!("found in world {}: {}", searched.worlds, finding.what);
    assert_eq!(finding.family, Family::Boards, "{finding:?}");
}

#[test]
fn an_engine_that_is_deaf_to_late_records_is_found() {
    let (searched, found) = search(5, 400, QUIET, canary::deaf_to_the_late);
    let (_, finding) = found.expect("the canary lives");
    println!("found in world {}: {}", searched.worlds, finding.what);
    assert_eq!(finding.family, Family::Boards, "{finding:?}");
}
