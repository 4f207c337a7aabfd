//! How long the engine takes over an exercise world: `pace FILE.pact.md RECORDS [step]`.
#![allow(clippy::disallowed_methods, reason = "the edge: it measures")]
use servanda_engine::incremental::Settings;
use servanda_engine::{Engine, reference};
use servanda_model::{Places, Question};
use std::time::Instant as Clock;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&arguments[1]).expect("the agreement");
    let n: usize = arguments[2].parse().expect("a number of records");
    let checked = servanda_lang::check(&text);
    let agreement = checked.agreement;
    let world = servanda_exercise::generate(&servanda_exercise::Settings::for_records(1, n as u32));
    let records = world.records;
    println!("{} norms, {} records", agreement.norms.len(), records.len());
    let places = Places::default();
    let last = records.iter().map(|r| r.recorded).max().expect("records");
    let question = Question::at(last);
    let modes: Vec<&str> =
        arguments.get(3).map_or(vec!["ref", "board", "advance", "one"], |m| m.split(',').collect());
    if modes.contains(&"ref") {
        let t = Clock::now();
        let b = reference::evaluate(&agreement, &places, &records, &question);
        println!("reference: {:?}, {} verdicts", t.elapsed(), b.verdicts.len());
    }
    let mut engine = Engine::new(&agreement, &places, Settings::default());
    engine.add(records.iter().cloned());
    if modes.contains(&"board") {
        let t = Clock::now();
        let b = engine.board(&question);
        println!("engine, board: {:?}, {} verdicts", t.elapsed(), b.verdicts.len());
    }
    if modes.contains(&"one") {
        let mut engine = Engine::new(&agreement, &places, Settings::default());
        let cut = records.len() * 9 / 10;
        let mut sorted = records.clone();
        sorted.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
        let tail: Vec<_> = sorted.split_off(cut);
        let from = sorted.last().expect("records").recorded;
        // Everything before as known at once.
        let mut early = sorted;
        early.iter_mut().for_each(|r| r.recorded = from);
        engine.add(early);
        let t = Clock::now();
        engine.advance(from);
        println!("first 90 % at once: {:?}", t.elapsed());
        let mut times = Vec::new();
        for r in tail.into_iter().take(2000) {
            let at = r.recorded.max(engine.frontier().next());
            let r = servanda_model::Record { recorded: at, ..r };
            engine.add([r]);
            let t = Clock::now();
            engine.advance(at);
            times.push(t.elapsed());
        }
        times.sort();
        println!(
            "one record: p50 {:?} p99 {:?} max {:?}",
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            times.last()
        );
    }
    if modes.contains(&"advance") {
        let t = Clock::now();
        let rows = engine.advance(last).len();
        println!("engine, whole history: {:?}, {} rows", t.elapsed(), rows);
    }
}
