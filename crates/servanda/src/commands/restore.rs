//! `servanda restore SRC DIR`: a backup brought back, checked entry by entry, its database made again.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder that `servanda backup` has made
    #[arg(value_name = "SRC")]
    from: PathBuf,
    /// Folder to make; it must not exist, or be empty
    #[arg(value_name = "DIR")]
    to: PathBuf,
    /// A folder `erased` of a later copy of the workspace: what was erased since stays erased
    #[arg(long, value_name = "DIR")]
    erased: Vec<PathBuf>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let working = session.working("copying and reading the log again");
    let restored = servanda_store::restore(&arguments.from, &arguments.to, &arguments.erased)?;
    drop(working);
    let made = &restored.manifest;
    let mut out = format!(
        "restored {} entries of the log `{}` to {}, as they were at {}\n",
        made.entries,
        made.origin,
        arguments.to.display(),
        made.made()
    );
    if restored.erased_again > 0 {
        out.push_str(&format!("  erased again: {}\n", restored.erased_again));
    }
    session.say(&out)?;
    session.note(&format!(
        "note: what was entered after {} is not in it. Whoever holds a later checkpoint will see that the log was set back: tell \
         the parties before anything is entered",
        made.made()
    ));
    Ok(Answer::Yes)
}
