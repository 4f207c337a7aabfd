//! The Berlin framework on an exercise world: whatever the order in which records come, the board is the same; and where
//! the truth behind the exercise says that a duty was kept or broken, the verdict does not say the contrary.

use servanda_evidence::zones;
use servanda_exercise::{Settings, World, generate};
use servanda_model::verdict::Performance;
use servanda_model::{Agreement, Board, Instant, Places, Question};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn berlin(world: &World) -> (Agreement, Places) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/berlin-framework");
    let text = std::fs::read_to_string(folder.join("berlin-framework.pact.md")).unwrap();
    let line = std::fs::read(folder.join("zones/contact-line.geojson")).unwrap();
    let checked = servanda_lang::check(&text);
    assert!(!checked.has_errors());
    let files = BTreeMap::from([("zones/contact-line.geojson".to_string(), line)]);
    let (places, problems) = zones::places(&checked.agreement, &files, &world.records);
    assert!(problems.is_empty(), "{problems:?}");
    (checked.agreement, places)
}

const TWO_YEARS_ON: &str = "2028-03-01T00:00:00+02:00";

fn asked(world: &World, agreement: &Agreement, places: &Places) -> Board {
    let question = Question::at(Instant::parse_utc(TWO_YEARS_ON).unwrap());
    servanda_engine::evaluate(agreement, places, &world.records, &question)
}

#[test]
fn the_order_of_arrival_makes_no_difference() {
    let mut world = generate(&Settings::default());
    let (agreement, places) = berlin(&world);
    let board = asked(&world, &agreement, &places);
    world.records.reverse();
    assert!(
        asked(&world, &agreement, &places) == board,
        "the board differs when the records come in reverse"
    );
    let half = world.records.len() / 2;
    world.records.rotate_left(half);
    assert!(
        asked(&world, &agreement, &places) == board,
        "the board differs when the records come in another order"
    );
}

#[test]
fn no_verdict_says_the_contrary_of_the_truth() {
    for seed in [1, 5, 8] {
        let world = generate(&Settings { seed, ..Settings::default() });
        let (agreement, places) = berlin(&world);
        let board = asked(&world, &agreement, &places);
        let now = board.question.at;
        let mut compared: BTreeSet<(String, bool)> = BTreeSet::new();
        let mut count = 0;
        for duty in world.truth.duties.iter().filter(|d| d.due < now) {
            // The duties of one bearer with the same deadline are told apart by nothing else; where several are due at once,
            // the question is put to none.
            let alike = |due: Instant| (due - duty.due).abs() <= 60_000;
            let twins = world
                .truth
                .duties
                .iter()
                .filter(|o| o.norm == duty.norm && o.bearer == duty.bearer && alike(o.due));
            let own: Vec<_> = board
                .verdicts
                .iter()
                .filter(|v| v.norm == duty.norm && v.bearer.to_string() == duty.bearer.as_str())
                .filter(|v| v.due.is_some_and(|d| alike(d.latest) && alike(d.earliest)))
                .collect();
            let ([verdict], 1) = (&own[..], twins.count()) else { continue };
            count += 1;
            compared.insert((duty.norm.to_string(), duty.kept));
            let contrary = match duty.kept {
                true => matches!(verdict.performance, Performance::Violated | Performance::Missed),
                false => verdict.performance == Performance::Satisfied,
            };
            assert!(
                !contrary,
                "seed {seed}: {duty:?}\nand the verdict is {:?}\n{:?}",
                verdict.performance,
                verdict.reasons()
            );
        }
        assert!(count > 120, "seed {seed}: only {count} verdicts could be compared");
        assert!(compared.iter().any(|(_, kept)| !kept), "seed {seed}: nothing broken was compared");
    }
}
