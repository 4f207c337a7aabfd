//! `servanda backup DEST`: a copy of the workspace that fits together, made while others write.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder to copy into: empty, not there, or an earlier backup, which is brought up to date
    #[arg(value_name = "DEST")]
    to: PathBuf,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let workspace = super::workspace(arguments.workspace.as_deref())?;
    let working = session.working("copying");
    let made = workspace.backup(&workspace.store(), &arguments.to, session.now)?;
    drop(working);
    session.say(&format!(
        "backed up {} entries of the log `{}` to {}\n  root {}\n  it holds private keys: keep it where only you can read it\n",
        made.entries,
        made.origin,
        arguments.to.display(),
        made.root
    ))?;
    Ok(Answer::Yes)
}
