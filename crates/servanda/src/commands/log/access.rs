//! `servanda log access`: who looked at which marked records of a workspace, when and why.

use crate::commands::signing_in::person_or_keeper;
use crate::commands::{Answer, Output};
use crate::failure::Failure;
use crate::session::Session;
use serde_json::json;
use servanda_model::{Instant, Name};
use std::fmt::Write;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// Only looks at this record
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    /// Only what this account looked at
    #[arg(long, value_name = "ACCOUNT")]
    who: Option<String>,
    /// Sign in with this account, an auditor; without it, the keeper of the folder asks
    #[arg(long = "as", value_name = "NAME")]
    by: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Output,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let store = crate::commands::workspace(arguments.workspace.as_deref())?.store();
    let by = person_or_keeper(&store, session, arguments.by.as_deref())?;
    let record = arguments.record.as_deref().map(Name::from);
    let mut looks = store.view(&by).looks()?;
    looks.retain(|(_, look)| record.as_ref().is_none_or(|id| look.names(id)));
    looks.retain(|(_, look)| arguments.who.as_ref().is_none_or(|who| *who == look.who));
    if arguments.format == Output::Json {
        let looks: Vec<_> = looks
            .iter()
            .map(|(entry, look)| {
                json!({
                    "entry": entry,
                    "who": look.who,
                    "why": look.why,
                    "first": Instant(look.first).to_string(),
                    "last": Instant(look.last).to_string(),
                    "records": look.records,
                })
            })
            .collect();
        session.say(&format!("{:#}\n", json!({ "servanda": "access/1", "looks": looks })))?;
        return Ok(Answer::Yes);
    }
    let mut out = String::new();
    for (entry, look) in &looks {
        let when = match look.first == look.last {
            true => Instant(look.first).to_string(),
            false => format!("{} to {}", Instant(look.first), Instant(look.last)),
        };
        let _ = writeln!(
            out,
            "{when}  {}  {} records  {}  (entry {entry})",
            look.who,
            look.records.len(),
            look.why
        );
        for id in &look.records {
            let _ = writeln!(out, "  {id}");
        }
    }
    session.say(if out.is_empty() {
        "nobody has looked at marked records, as far as it was noted\n"
    } else {
        &out
    })?;
    Ok(Answer::Yes)
}
