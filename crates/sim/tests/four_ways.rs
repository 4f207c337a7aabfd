//! Every scenario of `tests` and `examples`, answered by the reference and by engines that took the records in more than
//! one order; and the history of an engine over the records of each.

#[path = "../../scenario/tests/folder/mod.rs"]
mod folder;

use folder::{Beside, root, scenario_files, shown};
use servanda_model::{Agreement, Instant, Places, Question, Record};
use servanda_scenario::{parse, run, show};
use servanda_sim::ways::{Through, Way, history};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a scenario file asked the engine.
struct Asked {
    agreement: Agreement,
    places: Places,
    records: Vec<Record>,
    at: BTreeSet<Instant>,
}

/// Keeps what was asked.
fn keep(
    all: &mut Vec<Asked>,
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    question: &Question,
) {
    match all.last_mut().filter(|a| a.agreement == *agreement && a.records.len() >= records.len()) {
        Some(last) => drop(last.at.insert(question.at)),
        None => all.push(Asked {
            agreement: agreement.clone(),
            places: places.clone(),
            records: records.to_vec(),
            at: BTreeSet::from([question.at]),
        }),
    }
}

fn all_files() -> Vec<(String, PathBuf, String)> {
    let files: Vec<_> =
        ["tests", "examples"].iter().flat_map(|of| scenario_files(&root().join(of))).collect();
    assert!(files.len() > 20, "only {} scenario files", files.len());
    files.into_iter().map(|(path, text)| (shown(&path), path, text)).collect()
}

#[test]
fn scenarios_hold_in_every_way() {
    let (mut compared, mut told) = (0, String::new());
    for (shown, path, text) in all_files() {
        let folder = path.parent().unwrap_or(Path::new(""));
        let beside = Beside { folder, judge: servanda_engine::evaluate };
        for way in [Way::InOrder, Way::Shuffled, Way::Reloaded] {
            let through = Through::new(&beside, way);
            for outcome in run(&parse(&text), &shown, &through) {
                compared += outcome.compared;
                if !outcome.passed() {
                    told.push_str(&format!("{way:?}: {}", show(&shown, &outcome)));
                }
            }
        }
    }
    println!("{compared} expectations");
    assert!(told.is_empty(), "{told}");
    assert!(compared > 1_000, "only {compared} expectations");
}

#[test]
fn histories_of_scenarios_say_what_boards_say() {
    let (mut instants, mut told) = (0, String::new());
    for (shown, path, text) in all_files() {
        let folder = path.parent().unwrap_or(Path::new(""));
        let all = RefCell::new(Vec::new());
        let judge = |agreement: &_, places: &_, records: &[_], question: &_| {
            keep(&mut all.borrow_mut(), agreement, places, records, question);
            servanda_engine::evaluate(agreement, places, records, question)
        };
        run(&parse(&text), &shown, &Beside { folder, judge });
        for asked in all.borrow().iter().filter(|a| a.records.len() <= 60) {
            let clocks: Vec<Instant> = asked.at.iter().copied().collect();
            match history(&asked.agreement, &asked.places, &asked.records, &clocks) {
                Ok(n) => instants += n,
                Err(what) => told.push_str(&format!("{shown}: {what}\n")),
            }
        }
    }
    println!("{instants} instants");
    assert!(told.is_empty(), "{told}");
    assert!(instants > 1_000, "only {instants} instants");
}
