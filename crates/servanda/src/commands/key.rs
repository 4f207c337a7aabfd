//! `servanda key`: the keys that sources sign their submissions with.

use super::Answer;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use servanda_model::Name;
use servanda_store::policy::Viewer;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, global = true, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make a pair of keys: the private one into a file, the public one to be registered
    New {
        /// The key's name, such as `smm.example.org`
        #[arg(value_name = "NAME")]
        name: String,
        /// File for the private key; it must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Make a source's public key known
    Register {
        /// The source, as its records name it
        #[arg(value_name = "SOURCE")]
        source: String,
        /// The public key, one line `NAME+ID+KEY`, or a file with that line
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Let a key sign nothing from now on; what it signed stays
    Revoke {
        /// The public key, or a file with it
        #[arg(value_name = "KEY")]
        key: String,
        /// Why
        #[arg(long, value_name = "WORDS")]
        why: String,
    },
    /// Show all keys
    List,
}

/// A public key as it was given: the line itself, or a file that holds it.
fn line(given: &str) -> Result<String, Failure> {
    if given.contains('+') {
        return Ok(given.trim().to_string());
    }
    Ok(input::text(&PathBuf::from(given))?.trim().to_string())
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    if let What::New { name, out } = &arguments.what {
        let (private, public) = servanda_store::new_key(name)?;
        servanda_store::files::write_secret(out, format!("{private}\n").as_bytes())?;
        session.say(&format!("{public}\n"))?;
        session.note(&format!(
            "note: the private key lies in {}; give nobody but its owner that file",
            out.display()
        ));
        return Ok(Answer::Yes);
    }
    let store = super::workspace(arguments.workspace.as_deref())?.store();
    let keeper = Viewer::keeper();
    match &arguments.what {
        What::New { .. } => {}
        What::Register { source, key } => {
            let receipt =
                store.register_key(&Name::from(source.as_str()), &line(key)?, session.now, &keeper)?;
            session
                .say(&format!("registered a key of `{source}` by entry {} of the log\n", receipt.entry))?;
        }
        What::Revoke { key, why } => {
            let receipt = store.revoke_key(&line(key)?, why, session.now, &keeper)?;
            session.say(&format!("revoked the key by entry {} of the log\n", receipt.entry))?;
        }
        What::List => {
            let mut out = String::new();
            for key in store.keys()? {
                let state = key.revoked.map_or(String::new(), |why| format!("  revoked: {why}"));
                out.push_str(&format!("{}  {}{state}\n", key.source, key.key));
            }
            session.say(if out.is_empty() { "no keys are registered\n" } else { &out })?;
        }
    }
    Ok(Answer::Yes)
}
