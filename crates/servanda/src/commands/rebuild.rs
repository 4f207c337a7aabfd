//! `servanda rebuild`: the database made again of the log, or compared with it row by row.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// Change nothing; compare every row with what the log says
    #[arg(long)]
    check: bool,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let store = super::workspace(arguments.workspace.as_deref())?.store();
    if !arguments.check {
        let working = session.working("reading the log again");
        let entries = store.rebuild()?;
        drop(working);
        session.say(&format!("made the database again of {entries} entries\n"))?;
        return Ok(Answer::Yes);
    }
    let working = session.working("comparing the database with the log");
    let compared = store.compare()?;
    drop(working);
    if compared.different == 0 {
        session.say(&format!(
            "read {} entries again: the database says what the log says\n",
            compared.entries
        ))?;
        return Ok(Answer::Yes);
    }
    let more = compared.different - compared.differences.len() as u64;
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    Err(Failure::integrity(format!(
        "the database and the log differ in {} rows:\n  {}{more}",
        compared.different,
        compared.differences.join("\n  ")
    ))
    .help("keep a copy, for it is evidence; then `servanda rebuild` makes the database again of the log"))
}
