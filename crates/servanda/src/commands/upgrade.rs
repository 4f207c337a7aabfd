//! `servanda upgrade`: the database of an earlier version brought to this one.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// Change nothing; make it in a scratch file and say whether it can be done
    #[arg(long)]
    check: bool,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let store = super::workspace(arguments.workspace.as_deref())?.store();
    let looked = store.looked_for_upgrade()?;
    if !looked.is_needed() {
        session.say(&format!(
            "the database has format {}, which is that of this version: nothing to do\n",
            looked.to
        ))?;
        return Ok(Answer::Yes);
    }
    let working = session.working("reading the log again");
    let done = if arguments.check { store.tried_upgrade()? } else { store.upgrade()? };
    drop(working);
    let from = match done.from {
        Some(from) => format!("from format {from}"),
        None => "where there is none".to_string(),
    };
    let entries = done.entries.unwrap_or(0);
    if arguments.check {
        session.say(&format!(
            "the database can be made {from} to format {}, of {entries} entries of the log; nothing was changed\n",
            done.to
        ))?;
        return Ok(Answer::No);
    }
    let kept = match &done.kept {
        Some(kept) => format!("; the earlier one is `{}`", kept.display()),
        None => String::new(),
    };
    session.say(&format!(
        "made the database {from} to format {}, of {entries} entries of the log{kept}\n",
        done.to
    ))?;
    Ok(Answer::Yes)
}
