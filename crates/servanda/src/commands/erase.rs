//! `servanda erase ID`: what a record says is destroyed, on somebody's order; the log keeps that there was one.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use servanda_model::Name;
use servanda_store::Erasure;
use servanda_store::policy::Viewer;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// The record
    #[arg(value_name = "ID")]
    id: String,
    /// What kind of thing it holds, such as `personal data`
    #[arg(long, value_name = "WORDS")]
    category: String,
    /// Who ordered it
    #[arg(long, value_name = "WORDS")]
    authority: String,
    /// Why
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let store = super::workspace(arguments.workspace.as_deref())?.store();
    let erasure = Erasure {
        id: Name::from(arguments.id.as_str()),
        category: arguments.category.clone(),
        authority: arguments.authority.clone(),
        reason: arguments.reason.clone(),
    };
    let receipt = store.erase(&erasure, session.now, &Viewer::keeper())?;
    session.say(&format!(
        "erased `{}` by entry {} of the log: its key is destroyed\n  backups made before still hold it: bring them up to date, or \
         restore them with --erased\n  the source file that it came from, where one lies in records/, is yours to remove\n",
        arguments.id, receipt.entry
    ))?;
    Ok(Answer::Yes)
}
