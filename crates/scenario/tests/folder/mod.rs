//! Scenario files of a folder, and what they see of the world: for the suites that run all of them, each with a judge of its own.

use servanda_model::{Agreement, Board, Name, Places, Question, Record};
use servanda_scenario::{World, holds_expectations};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder that a scenario file lies in, and who says what the board is.
pub struct Beside<'a, J> {
    pub folder: &'a Path,
    pub judge: J,
}

impl<J: Fn(&Agreement, &Places, &[Record], &Question) -> Board> World for Beside<'_, J> {
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
        (self.judge)(agreement, places, records, question)
    }
}

/// The root of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Markdown files with an `expect` fence below a folder, in order of their names. What npm put there is not ours.
pub fn scenario_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                found.extend(scenario_files(&path));
            }
        } else if path.extension().is_some_and(|e| e == "md") {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            if holds_expectations(&text) {
                found.push((path, text));
            }
        }
    }
    found
}

/// How a file is called in what is told of it.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
