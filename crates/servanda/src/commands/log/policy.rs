//! `servanda log policy`: make the rule for two sides, or say what a policy asks.

use super::policy;
use crate::commands::Answer;
use crate::failure::Failure;
use crate::session::Session;
use clap::Subcommand;
use servanda_ledger::note::VerifierKey;
use servanda_ledger::policy::Policy;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print a policy by which at least one witness of each side must have cosigned
    BothSides {
        /// The log's public key
        #[arg(long, value_name = "VKEY")]
        log: String,
        /// A witness of a side: `north=VKEY`; once for each witness, two sides at least
        #[arg(long = "side", value_name = "NAME=VKEY", required = true)]
        sides: Vec<String>,
    },
    /// Say in words what a policy asks
    Show {
        /// The policy
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

pub fn run(arguments: Arguments, session: &Session) -> Result<Answer, Failure> {
    match arguments.command {
        Command::BothSides { log, sides } => {
            session.say(&both_sides(&log, &sides)?.to_string())?;
            Ok(Answer::Yes)
        }
        Command::Show { file } => {
            let policy = policy(&file)?;
            session.say(&in_words(&policy))?;
            Ok(Answer::Yes)
        }
    }
}

fn both_sides(log: &str, sides: &[String]) -> Result<Policy, Failure> {
    let key = |text: &str| VerifierKey::parse(text).map_err(|e| Failure::new(e.to_string()));
    let log = key(log)?;
    // In the order in which they were named.
    let mut named: Vec<(&str, Vec<VerifierKey>)> = Vec::new();
    for side in sides {
        let form = || Failure::new(format!("`{side}` names no witness of a side")).help("write `NAME=VKEY`");
        let (name, vkey) = side.split_once('=').ok_or_else(form)?;
        if name.is_empty() || name.contains(char::is_whitespace) || name.starts_with('#') {
            return Err(form());
        }
        let vkey = key(vkey)?;
        match named.iter_mut().find(|(known, _)| *known == name) {
            Some((_, keys)) => keys.push(vkey),
            None => named.push((name, vec![vkey])),
        }
    }
    if named.len() < 2 {
        return Err(Failure::new("only one side is named")
            .help("a checkpoint counts by the word of both; name the other"));
    }
    Policy::both_sides(&log, &named).map_err(|e| Failure::new(e.to_string()))
}

fn in_words(policy: &Policy) -> String {
    let mut told = String::new();
    for log in policy.logs() {
        told.push_str(&format!("log      {}\n", log.short()));
    }
    for witness in policy.witnesses() {
        told.push_str(&format!("witness  {} ({})\n", witness.name, witness.key.short()));
    }
    told.push_str(&match policy.least_witnesses() {
        0 => "no witness is asked: whoever keeps the log can show each side another one\n".to_string(),
        1 => "one cosignature is enough: a single side can make a checkpoint count\n".to_string(),
        least => format!("at least {least} witnesses must have cosigned a checkpoint before it counts\n"),
    });
    told
}
