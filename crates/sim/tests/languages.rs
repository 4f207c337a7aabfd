//! One grammar in two languages: drawn agreements and all scenarios, translated into Ukrainian words, mean the same and are judged the
//! same, and come back as the formatter lays the originals out.

use servanda_lang::{Language, check, format, translate};
use servanda_model::{Agreement, Board, Name, Places, Question, Record};
use servanda_scenario::{World, holds_expectations, parse, run, show};
use servanda_sim::story;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn meaning(text: &str) -> String {
    let mut agreement = check(text).agreement;
    agreement.norms.iter_mut().for_each(|norm| norm.line = 0);
    agreement.clauses.iter_mut().for_each(|clause| clause.line = 0);
    format!("{agreement:#?}")
}

#[test]
fn drawn_agreements_mean_the_same_there_and_back() {
    let (mut translated, mut ukrainian_words) = (0, 0);
    for number in 0..200 {
        let english = story::world(1991, number).agreement_text();
        let Ok(ukrainian) = translate(&english, Language::Ukrainian) else { continue };
        translated += 1;
        ukrainian_words +=
            ukrainian.split_whitespace().filter(|w| w.chars().all(|c| ('а'..='ї').contains(&c))).count();
        assert_eq!(meaning(&ukrainian), meaning(&english), "{english}\n{ukrainian}");
        assert_eq!(format(&ukrainian), ukrainian, "laid out as the formatter does");
        let back = translate(&ukrainian, Language::English);
        assert_eq!(back.as_deref(), Ok(format(&english).as_str()), "{ukrainian}");
    }
    println!("{translated} agreements, {ukrainian_words} Ukrainian words");
    assert!(translated > 170 && ukrainian_words > 10_000, "{translated} of 200, {ukrainian_words} words");
}

/// The folder that a scenario file lies in; agreements in it are handed out in Ukrainian words.
struct InUkrainian(PathBuf);

impl World for InUkrainian {
    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        let bytes = std::fs::read(self.0.join(path)).map_err(|error| error.to_string())?;
        if !path.ends_with(".pact.md") {
            return Ok(bytes);
        }
        let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
        let translated =
            translate(&text, Language::Ukrainian).map_err(|wrong| format!("{path}: {wrong:?}"))?;
        Ok(translated.into_bytes())
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
        servanda_engine::evaluate(agreement, places, records, question)
    }
}

fn scenario_files(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if !path.ends_with("node_modules") {
                scenario_files(&path, found);
            }
        } else if path.extension().is_some_and(|e| e == "md") {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            if holds_expectations(&text) {
                found.push((path, text));
            }
        }
    }
}

#[test]
fn scenarios_in_ukrainian_words_have_the_same_verdicts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["tests", "examples", "docs"] {
        scenario_files(&root.join(folder), &mut files);
    }
    let (mut compared, mut untranslated, mut failing, mut told) = (0, Vec::new(), Vec::new(), String::new());
    for (path, text) in &files {
        let shown = path.strip_prefix(&root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let ukrainian = match translate(text, Language::Ukrainian) {
            Ok(ukrainian) => ukrainian,
            Err(_) => {
                untranslated.push(shown);
                continue;
            }
        };
        let world = InUkrainian(path.parent().map(Path::to_path_buf).unwrap_or_default());
        let in_english = run(&parse(text), &shown, &world);
        for (outcome, english) in run(&parse(&ukrainian), &shown, &world).into_iter().zip(in_english) {
            assert_eq!(outcome.compared, english.compared, "{shown}: {}", outcome.scenario);
            if !english.passed() {
                failing.push(format!("{shown}: {}", english.scenario));
                continue;
            }
            compared += outcome.compared;
            // Where a scenario expects words of a rule to be pointed at, these are English ones.
            let points = |text: &str| text.contains("no diagnostic `");
            let failures: Vec<_> = outcome.failures.iter().filter(|f| !points(&f.message)).collect();
            if !failures.is_empty() {
                told.push_str(&show(&shown, &outcome));
            }
        }
        if !text.contains("```pact uk") {
            assert_eq!(
                translate(&ukrainian, Language::English).as_deref(),
                Ok(format(text).as_str()),
                "{shown}"
            );
        }
    }
    println!(
        "{} files, {compared} expectations; not translated: {untranslated:?}; failing in English too: {failing:?}",
        files.len()
    );
    assert!(told.is_empty(), "{told}");
    assert!(compared > 700, "only {compared} expectations");
    // Scenarios about rules that cannot be read.
    assert!(untranslated.len() <= 2, "{untranslated:?}");
}
