//! `servanda log witness`: see that a log only grows, and sign for it. Over files, or over HTTP on this machine.

use super::keep::new_key;
use super::{put, seconds};
use crate::commands::Answer;
use crate::commands::serve::answer_until_stopped;
use crate::failure::Failure;
use crate::session::Session;
use crate::{clock, input};
use clap::Subcommand;
use servanda_ledger::note::{Algorithm, VerifierKey};
use servanda_ledger::witness::Refusal;
use servanda_server::witness::{Served, router};
use servanda_store::log::witness::Witness;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a witness listens, unless something else is said.
const PORT: u16 = 7401;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a witness with a key of its own; its public key goes into the policies of those who trust it
    Init {
        /// Folder, which must not be there yet
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Its name, like `witness.example.org`
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Watch one more log
    Watch {
        /// Folder of the witness
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The log's public key
        #[arg(value_name = "VKEY")]
        log: String,
    },
    /// Answer a request from a file with a line that cosigns, or refuse
    Answer {
        /// Folder of the witness
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The request (`servanda log request`)
        #[arg(value_name = "FILE")]
        request: PathBuf,
        /// File for the line; without it, standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show its key, and what it has seen of each log
    Show {
        /// Folder of the witness
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Answer over HTTP on this machine, as C2SP tlog-witness says
    Serve {
        /// Folder of the witness
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Port on this machine; 0 takes any that is free
        #[arg(long, value_name = "N", default_value_t = PORT)]
        port: u16,
    },
}

pub fn run(arguments: Arguments, session: &Session) -> Result<Answer, Failure> {
    match arguments.command {
        Command::Init { dir, name } => {
            let witness = Witness::create(&dir, &new_key(&name, Algorithm::Cosignature)?)?;
            session.say(&format!("made {}, the witness {name}\n{}\n", dir.display(), witness.key()))?;
            Ok(Answer::Yes)
        }
        Command::Watch { dir, log } => {
            let log = VerifierKey::parse(&log).map_err(|e| Failure::new(e.to_string()))?;
            Witness::open(&dir)?.watch(&log)?;
            session.say(&format!("{} watches {}\n", dir.display(), log.name()))?;
            Ok(Answer::Yes)
        }
        Command::Answer { dir, request, out } => {
            let request = input::bytes(&request, servanda_ledger::witness::LARGEST as u64)?;
            match Witness::open(&dir)?.answer(&request, seconds(session))? {
                Ok(line) => {
                    put(out.as_deref(), &line, session)?;
                    Ok(Answer::Yes)
                }
                Err(refused @ (Refusal::NotContinued(_) | Refusal::NotSigned(_))) => {
                    Err(Failure::integrity(format!("not cosigned: {refused}"))
                        .help("the log's own signature stands under what is refused here as not continued; it is kept in `evidence`"))
                }
                Err(Refusal::Conflict(size)) => Err(Failure::new(format!("not cosigned: {}", Refusal::Conflict(size)))
                    .help(format!("ask for a request with `servanda log request --old {size}`"))),
                Err(refused) => Err(Failure::new(format!("not cosigned: {refused}"))),
            }
        }
        Command::Show { dir } => {
            let witness = Witness::open(&dir)?;
            let mut told = format!("{}\n", witness.key());
            for log in witness.logs() {
                let seen = witness.seen(log.name())?.map_or(0, |(_, checkpoint)| checkpoint.size);
                told.push_str(&format!("{}: {seen} entries seen\n", log.name()));
            }
            match witness.evidence() {
                0 => {}
                count => told.push_str(&format!("{count} requests kept as evidence against a log\n")),
            }
            session.say(&told)?;
            Ok(Answer::Yes)
        }
        Command::Serve { dir, port } => {
            let witness = Witness::open(&dir)?;
            let now = || u64::try_from(clock::now().0 / 1000).unwrap_or(0);
            let served = Arc::new(Served::new(witness, Box::new(now)));
            answer_until_stopped(router(served), port, "witness", "witnessing at", session)?;
            Ok(Answer::Yes)
        }
    }
}
