//! `servanda test PATH…`: do the stories come out as they say, and for the reasons that they say?

use super::Answer;
use crate::failure::Failure;
use crate::input;
use crate::matter::Evaluator;
use crate::session::Session;
use servanda_model::{Agreement, Board, Name, Places, Question, Record};
use servanda_scenario::{World, holds_expectations, is_agreed, parse, show, update};
use servanda_store::Workspace;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// Scenario files, or folders that are searched for them; without one, the scenarios of the workspace
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only scenarios whose name holds this
    #[arg(long, value_name = "WORDS")]
    filter: Option<String>,
    /// Write what the engine says into the `expect` lines that do not hold; never under tests/agreed
    #[arg(long, conflicts_with = "filter")]
    update: bool,
    /// Who computes the verdicts
    #[arg(long, value_enum, default_value_t, value_name = "ENGINE")]
    engine: Evaluator,
}

/// What a scenario file sees of the world: the folder that it lies in, and the engine.
struct Beside {
    folder: PathBuf,
    engine: Evaluator,
}

impl World for Beside {
    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        input::bytes(&self.folder.join(path), input::TEXT_LIMIT)
            .map_err(|failure| failure.message().to_string())
    }

    fn places(
        &self,
        agreement: &Agreement,
        files: &BTreeMap<String, Vec<u8>>,
        records: &[Record],
    ) -> (Places, Vec<(Name, String)>) {
        let (places, problems) = servanda_evidence::zones::places(agreement, files, records);
        (places, problems.iter().map(|problem| (problem.name.clone(), problem.to_string())).collect())
    }

    fn evaluate(
        &self,
        agreement: &Agreement,
        places: &Places,
        records: &[Record],
        question: &Question,
    ) -> Board {
        self.engine.evaluate(agreement, places, records, question)
    }
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let named = match arguments.paths.as_slice() {
        [] => vec![Workspace::find(Path::new("."))?.scenarios()],
        given => given.to_vec(),
    };
    let mut files = Vec::new();
    for path in &named {
        for file in input::found(std::slice::from_ref(path), ".md")? {
            let text = input::text(&file)?;
            if holds_expectations(&text) {
                files.push((file, text));
            } else if !path.is_dir() {
                return Err(Failure::new(format!(
                    "`{}` holds no `expect` fence, so it is no scenario file",
                    file.display()
                ))
                .help("docs/guides/scenarios.md shows how one is written"));
            }
        }
    }
    if files.is_empty() {
        return Err(Failure::new("there is no scenario file")
            .help("a scenario file is a *.md that holds an `expect` fence"));
    }
    if arguments.update {
        // Before anything is written: one file that must not be touched, and none is.
        for (file, _) in &files {
            refuse_agreed(file)?;
        }
    }
    let (mut passed, mut failed) = (0, 0);
    for (file, text) in files {
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        let world = Beside { folder, engine: arguments.engine };
        let shown = file.display().to_string();
        let mut document = parse(&text);
        if arguments.update {
            let updated = update(&document, &resolved(&file), &world).map_err(Failure::new)?;
            if updated != text {
                servanda_store::files::write(&file, updated.as_bytes())?;
                session.note(&format!("rewrote {shown}: read the difference before you keep it"));
                document = parse(&updated);
            }
        }
        if let Some(words) = &arguments.filter {
            let words = words.to_lowercase();
            document.scenarios.retain(|scenario| scenario.name.to_lowercase().contains(&words));
            if document.scenarios.is_empty() {
                continue;
            }
        }
        let working = session.working(&shown);
        let outcomes = servanda_scenario::run(&document, &resolved(&file), &world);
        drop(working);
        let (green, red, plain) =
            if session.colour { ("\x1b[32m", "\x1b[1;31m", "\x1b[0m") } else { ("", "", "") };
        let mut out = format!("{shown}\n");
        for outcome in &outcomes {
            let name = if outcome.scenario.is_empty() { "(the file as a whole)" } else { &outcome.scenario };
            if outcome.passed() {
                passed += 1;
                out.push_str(&format!("  {green}ok{plain}      {name}\n"));
            } else {
                failed += 1;
                out.push_str(&format!("  {red}FAILED{plain}  {name}\n"));
                for line in show(&shown, outcome).lines() {
                    out.push_str(&format!("          {line}\n"));
                }
            }
        }
        session.say(&out)?;
    }
    if passed + failed == 0 {
        return Err(Failure::new("no scenario has such a name").help("leave --filter out to see all names"));
    }
    session.say(&format!("{passed} passed, {failed} failed\n"))?;
    Ok(if failed == 0 { Answer::Yes } else { Answer::No })
}

/// The path as the system sees it, so that the rule on `tests/agreed` holds from wherever one is.
fn resolved(path: &Path) -> String {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()).to_string_lossy().into_owned()
}

fn refuse_agreed(path: &Path) -> Result<(), Failure> {
    if !is_agreed(&resolved(path)) {
        return Ok(());
    }
    let words = format!("`{}` lies under tests/agreed: no tool rewrites what was agreed", path.display());
    Err(Failure::new(words)
        .help("change it by hand, from the words of the text, or leave the folder out of --update"))
}
