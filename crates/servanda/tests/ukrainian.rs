//! Every sentence in which the engine says why, over all scenarios, has its Ukrainian in the book of phrases.

use servanda_model::verdict::Standing;
use servanda_model::{Agreement, Board, Name, Places, Question, Record};
use servanda_report::{phrases, wording};
use servanda_scenario::{World, holds_expectations, parse, run};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

struct Listening<'a> {
    folder: &'a Path,
    said: &'a RefCell<BTreeSet<String>>,
}

impl World for Listening<'_> {
    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.folder.join(path)).map_err(|error| error.to_string())
    }

    fn places(
        &self,
        agreement: &Agreement,
        files: &BTreeMap<String, Vec<u8>>,
        records: &[Record],
    ) -> (Places, Vec<(Name, String)>) {
        let (places, problems) = servanda_evidence::zones::places(agreement, files, records);
        (places, problems.into_iter().map(|p| (p.name.clone(), p.to_string())).collect())
    }

    fn evaluate(
        &self,
        agreement: &Agreement,
        places: &Places,
        records: &[Record],
        question: &Question,
    ) -> Board {
        let board = servanda_engine::evaluate(agreement, places, records, question);
        let mut said = self.said.borrow_mut();
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
        board
    }
}

fn scenario_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for path in entries.map(|entry| entry.expect("an entry can be read").path()) {
        if path.is_dir() {
            scenario_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
}

#[test]
fn every_sentence_of_the_engine_has_its_ukrainian() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let said = RefCell::new(BTreeSet::new());
    for folder in ["tests/agreed", "tests/scenarios", "tests/regressions", "examples"] {
        let mut files = Vec::new();
        scenario_files(&root.join(folder), &mut files);
        files.sort();
        for path in files {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            if holds_expectations(&text) {
                let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
                run(&parse(&text), &name, &Listening { folder: path.parent().unwrap_or(&root), said: &said });
            }
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
