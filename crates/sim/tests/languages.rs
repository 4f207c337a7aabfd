//! One grammar in two languages: drawn agreements and all scenarios, translated into Ukrainian words, mean the same and are judged the
//! same, and come back as the formatter lays the originals out.

#[path = "../../scenario/tests/folder/mod.rs"]
mod folder;

use folder::{Beside, root, scenario_files, shown};
use servanda_lang::{Language, check, format, translate};
use servanda_model::{Agreement, Name, Places, Record};
use servanda_scenario::{World, parse, run, show};
use servanda_sim::story;
use std::collections::BTreeMap;
use std::path::Path;

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
struct InUkrainian<W>(W);

impl<W: World> World for InUkrainian<W> {
    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        let bytes = self.0.file(path)?;
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
        self.0.places(agreement, files, records)
    }
}

#[test]
fn scenarios_in_ukrainian_words_have_the_same_verdicts() {
    let files: Vec<_> =
        ["tests", "examples", "docs"].iter().flat_map(|of| scenario_files(&root().join(of))).collect();
    let (mut compared, mut untranslated, mut failing, mut told) = (0, Vec::new(), Vec::new(), String::new());
    for (path, text) in &files {
        let shown = shown(path);
        let ukrainian = match translate(text, Language::Ukrainian) {
            Ok(ukrainian) => ukrainian,
            Err(_) => {
                untranslated.push(shown);
                continue;
            }
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let world = InUkrainian(Beside { folder, judge: servanda_engine::evaluate });
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
