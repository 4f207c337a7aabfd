//! Every sentence in which the engine says why, over all scenarios, has its Ukrainian in the book of phrases.

#[path = "../../scenario/tests/folder/mod.rs"]
mod folder;

use folder::{Beside, root, scenario_files, shown};
use servanda_model::verdict::Standing;
use servanda_model::{Agreement, Board};
use servanda_report::{phrases, wording};
use servanda_scenario::{parse, run};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// All that the engine says on a board, and what is said of the agreement beside it.
fn heard(agreement: &Agreement, board: &Board, said: &mut BTreeSet<String>) {
    for verdict in &board.verdicts {
        let reasons = verdict.reasons();
        said.extend(reasons.because.iter().map(|because| because.text.clone()));
        said.extend(reasons.missing.iter().cloned());
        said.extend(reasons.coverage.iter().map(|watched| watched.what.clone()));
        if let Standing::Waiting(why) | Standing::Suspended(why) = &verdict.standing {
            said.insert(why.clone());
        }
    }
    let facts = agreement.facts.iter();
    said.extend(facts.filter_map(|(name, fact)| Some(format!("{name}: {}", wording::evidence(fact)?))));
    said.extend(agreement.norms.iter().map(|norm| wording::force(agreement, &norm.force)));
}

#[test]
fn every_sentence_of_the_engine_has_its_ukrainian() {
    let root = root();
    let said = RefCell::new(BTreeSet::new());
    for folder in ["tests/agreed", "tests/scenarios", "tests/regressions", "examples"] {
        for (path, text) in scenario_files(&root.join(folder)) {
            let judge = |agreement: &_, places: &_, records: &[_], question: &_| {
                let board = servanda_engine::evaluate(agreement, places, records, question);
                heard(agreement, &board, &mut said.borrow_mut());
                board
            };
            run(&parse(&text), &shown(&path), &Beside { folder: path.parent().unwrap_or(&root), judge });
        }
    }
    let said = said.into_inner();
    let missing: Vec<&String> = said.iter().filter(|text| phrases::ukrainian(text).is_none()).collect();
    println!("{} sentences, {} without", said.len(), missing.len());
    assert!(said.len() > 500, "{} sentences were heard", said.len());
    assert!(missing.is_empty(), "{} have none:\n{missing:#?}", missing.len());
    // What was not English would be no phrase: nothing of a sentence's own words is left in it.
    for text in said.iter().filter(|text| text.starts_with("due ") || text.starts_with("kept ")) {
        let ukrainian = phrases::ukrainian(text).unwrap_or_default();
        assert!(!ukrainian.contains(|c: char| c.is_ascii_alphabetic()), "{text}: {ukrainian}");
    }
}
