//! Every scenario of `tests` and `examples`, answered by the reference and by engines that took the records in more than
//! one order; and the history of an engine over the records of each.

use servanda_model::{Agreement, Board, Instant, Name, Places, Question, Record};
use servanda_scenario::{World, holds_expectations, parse, run, show};
use servanda_sim::ways::{Through, Way, history};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The folder that a scenario file lies in. Keeps what was asked.
struct Beside {
    folder: PathBuf,
    asked: RefCell<Vec<Asked>>,
}

struct Asked {
    agreement: Agreement,
    places: Places,
    records: Vec<Record>,
    at: BTreeSet<Instant>,
}

impl World for Beside {
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
        (places, problems.into_iter().map(|problem| (problem.name.clone(), problem.to_string())).collect())
    }

    fn evaluate(
        &self,
        agreement: &Agreement,
        places: &Places,
        records: &[Record],
        question: &Question,
    ) -> Board {
        let mut asked = self.asked.borrow_mut();
        match asked.last_mut().filter(|a| a.agreement == *agreement && a.records.len() >= records.len()) {
            Some(last) => drop(last.at.insert(question.at)),
            None => asked.push(Asked {
                agreement: agreement.clone(),
                places: places.clone(),
                records: records.to_vec(),
                at: BTreeSet::from([question.at]),
            }),
        }
        servanda_engine::evaluate(agreement, places, records, question)
    }
}

fn scenario_files(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            scenario_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            if holds_expectations(&text) {
                found.push((path, text));
            }
        }
    }
}

fn all_files() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["tests", "examples"] {
        scenario_files(&root.join(folder), &mut files);
    }
    assert!(files.len() > 20, "only {} scenario files", files.len());
    let shown = |path: &Path| path.strip_prefix(&root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    files.into_iter().map(|(path, text)| (shown(&path), path, text)).collect()
}

#[test]
fn scenarios_hold_in_every_way() {
    let (mut compared, mut told) = (0, String::new());
    for (shown, path, text) in all_files() {
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let beside = Beside { folder, asked: RefCell::default() };
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
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let beside = Beside { folder, asked: RefCell::default() };
        run(&parse(&text), &shown, &beside);
        for asked in beside.asked.borrow().iter().filter(|a| a.records.len() <= 60) {
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
