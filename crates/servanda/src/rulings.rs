//! Rulings on which reports speak of one event: where a workspace keeps them, and what counts because of them.
//!
//! They lie in `rulings.jsonl`, one on a line, beside the records. Lines are added and never changed. All that knows this
//! place is [`read`] and [`add`].
//!
//! Invariants
//! - a line that cannot be read stops everything that counts: a ruling is followed or nothing is said;
//! - the file is written whole or not at all, and not where somebody else wrote meanwhile.

use crate::failure::Failure;
use servanda_evidence::corroborate::rulings::{Ruling, applied, from_json, to_json};
use servanda_model::{Instant, Record};
use servanda_store::{Workspace, files};
use std::path::PathBuf;

const FILE: &str = "rulings.jsonl";

fn place(workspace: &Workspace) -> PathBuf {
    workspace.root().join(FILE)
}

fn text(workspace: &Workspace) -> Result<String, Failure> {
    match std::fs::read_to_string(place(workspace)) {
        Ok(text) => Ok(text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(Failure::new(format!("cannot read `{}`: {e}", place(workspace).display()))),
    }
}

/// All rulings of a workspace, as they were made.
pub fn read(workspace: &Workspace) -> Result<Vec<Ruling>, Failure> {
    let text = text(workspace)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            from_json(line).map_err(|fault| {
                Failure::new(format!("`{FILE}`, line {}: {}", number + 1, fault.reason)).help(fault.remedy)
            })
        })
        .collect()
}

/// Adds a ruling to those that were read before.
pub fn add(workspace: &Workspace, before: &[Ruling], ruling: &Ruling) -> Result<(), Failure> {
    if read(workspace)? != before {
        return Err(Failure::new("somebody made another ruling meanwhile; yours was not entered")
            .help("look at `servanda links show`, then run this again"));
    }
    let mut text = text(workspace)?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&to_json(ruling));
    text.push('\n');
    files::write(&place(workspace), text.as_bytes()).map_err(Failure::from)
}

/// The workspace's records as the engine is to read them.
pub fn counted(
    workspace: &Workspace,
    records: Vec<Record>,
    known_at: Instant,
) -> Result<Vec<Record>, Failure> {
    Ok(applied(records, &read(workspace)?, known_at))
}
