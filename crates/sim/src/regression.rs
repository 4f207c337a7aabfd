//! A finding as a scenario file: the shrunk world, with what the reference says of it as expectation.

use crate::compare::Finding;
use crate::world::{World, places};
use servanda_engine::reference;
use servanda_model::verdict::{Bearer, Board};
use servanda_model::{Agreement, Name, Places, Record};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Shapes of generated worlds, and the house's own language and reference.
struct Generated;

impl servanda_scenario::World for Generated {
    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("a generated world has no file `{path}`"))
    }

    fn places(
        &self,
        _: &Agreement,
        _: &BTreeMap<String, Vec<u8>>,
        _: &[Record],
    ) -> (Places, Vec<(Name, String)>) {
        (places(), Vec::new())
    }
}

/// The text of a scenario file for a finding.
pub fn text(world: &World, finding: &Finding) -> String {
    let mut expectations = String::new();
    let mut asks: Vec<_> = finding.ask.iter().cloned().collect();
    if asks.is_empty() {
        asks.extend(world.asks.iter().take(2).cloned());
    }
    if let Ok(read) = world.read() {
        for ask in asks {
            let _ = writeln!(expectations, "at {}\nknown at {}", ask.at, ask.known_at);
            for (reading, option) in &ask.readings {
                let _ = writeln!(expectations, "reading {reading} = {option}");
            }
            let question = ask.question();
            let board = crate::compare::guarded(|| {
                reference::evaluate(&read.agreement, &read.places, &read.records, &question)
            });
            if let Ok(board) = board {
                expectations.push_str(&lines(&board));
            }
        }
    }
    if expectations.is_empty() {
        expectations.push_str("no diagnostics\n");
    }
    let what = finding.what.replace(['\n', '`'], " ");
    let drafted = world.scenario(&format!("{:?}. What was found: {what}", finding.family), &expectations);
    let document = servanda_scenario::parse(&drafted);
    let updated = crate::compare::guarded(|| {
        servanda_scenario::update(&document, "tests/regressions/new.md", &Generated)
    });
    updated.ok().and_then(Result::ok).unwrap_or(drafted)
}

/// One line for each thing on a board, to be filled in.
fn lines(board: &Board) -> String {
    let mut text = String::new();
    let mut counts: BTreeMap<(Name, String), usize> = BTreeMap::new();
    for verdict in &board.verdicts {
        let bearer = match &verdict.bearer {
            Bearer::Unstated => "unstated".to_string(),
            other => other.to_string(),
        };
        let nth = counts.entry((verdict.norm.clone(), bearer.clone())).or_insert(0);
        *nth += 1;
        let _ = writeln!(text, "{} {bearer}#{nth}: ?", verdict.norm);
    }
    for term in &board.terms {
        let _ = writeln!(text, "term {} now true", term.term);
    }
    text
}

/// Writes a finding beside those that are there; returns where.
///
/// # Errors
/// The folder cannot be made or the file not be written.
pub fn write(folder: &Path, world: &World, finding: &Finding) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("world-{}.md", world.name));
    let draft = folder.join(format!("world-{}.md.new", world.name));
    std::fs::write(&draft, text(world, finding))?;
    std::fs::rename(&draft, &path)?;
    Ok(path)
}
