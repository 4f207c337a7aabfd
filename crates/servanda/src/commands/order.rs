//! `servanda order`: orders that take two officers, such as to correct a record that is another's.
//!
//! Orders on the vault are proposed and confirmed with `servanda vault`, which carries them out.

use super::Answer;
use super::signing_in::person;
use crate::failure::Failure;
use crate::session::Session;
use servanda_model::Name;
use servanda_model::record::Marking;
use servanda_store::Standing;
use std::fmt::Write;
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
    /// Propose an order; it takes another officer to confirm it
    Propose {
        /// A name for it
        #[arg(value_name = "ORDER")]
        order: String,
        /// What is ordered: `correct ID` lets others than its originator correct a record or take it back
        #[arg(value_name = "WORDS")]
        what: String,
        /// Sign in with this account, an officer
        #[arg(long = "as", value_name = "NAME")]
        by: String,
    },
    /// Confirm an order of another officer
    Confirm {
        /// The order
        #[arg(value_name = "ORDER")]
        order: String,
        /// Sign in with this account, an officer
        #[arg(long = "as", value_name = "NAME")]
        by: String,
    },
    /// Take an order back that was not confirmed
    Withdraw {
        /// The order
        #[arg(value_name = "ORDER")]
        order: String,
        /// Sign in with this account, an officer
        #[arg(long = "as", value_name = "NAME")]
        by: String,
    },
    /// Show all orders
    List,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let store = super::workspace(arguments.workspace.as_deref())?.store();
    let (now, open) = (session.now, Marking::default());
    match &arguments.what {
        What::Propose { order, what, by } => {
            if what.strip_prefix("correct ").is_none_or(|id| id.trim().is_empty()) {
                return Err(Failure::new(format!("nobody carries `{what}` out"))
                    .help("an order says `correct ID`; orders on the vault: `servanda vault propose`"));
            }
            let by = person(&store, session, by)?;
            let receipt = store.propose(&Name::from(order.as_str()), what, &open, now, &by)?;
            session.say(&format!(
                "proposed `{order}` by entry {} of the log: another officer confirms it with `servanda order confirm`\n",
                receipt.entry
            ))?;
        }
        What::Confirm { order, by } => {
            let id = Name::from(order.as_str());
            let what = store.order(&id)?.what;
            if !what.starts_with("correct ") {
                return Err(Failure::new(format!("`{order}` is an order on the vault"))
                    .help("`servanda vault confirm` confirms it and carries it out"));
            }
            let by = person(&store, session, by)?;
            let receipt = store.confirm(&id, &what, &open, now, &by)?;
            session.say(&format!("confirmed `{order}`, {what}, by entry {} of the log\n", receipt.entry))?;
        }
        What::Withdraw { order, by } => {
            let by = person(&store, session, by)?;
            store.withdraw(&Name::from(order.as_str()), &open, now, &by)?;
            session.say(&format!("withdrew `{order}`\n"))?;
        }
        What::List => {
            let mut out = String::new();
            for order in store.orders()? {
                let standing = match &order.standing {
                    Standing::Proposed => "waits for another officer".to_string(),
                    Standing::Confirmed { by } => format!("confirmed by {by}"),
                    Standing::Withdrawn { by } => format!("withdrawn by {by}"),
                };
                let _ = writeln!(
                    out,
                    "{}  {}  proposed by {}, {standing}",
                    order.id, order.what, order.proposed_by
                );
            }
            session.say(if out.is_empty() { "there are no orders\n" } else { &out })?;
        }
    }
    Ok(Answer::Yes)
}
