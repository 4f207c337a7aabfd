//! The commands, one module each. A command reads its arguments, does its work and says whether the answer is yes.

mod explain;

use crate::failure::Failure;
use crate::session::{Color, Session};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The command line.
#[derive(Parser)]
#[command(
    name = "servanda",
    version,
    about = "Agreements must be kept: what was kept, what was broken, and how it is known.",
    after_help = "Begin with `servanda demo`, or with `servanda new DIR` for a workspace of your own.",
    max_term_width = 100
)]
pub struct Line {
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say what a diagnostic means and what to do about it
    Explain(explain::Arguments),
}

/// What came of a command that ran.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Fine.
    Yes,
    /// It was asked whether something is so, and it is not.
    No,
}

impl Line {
    /// Runs the command.
    pub fn run(self) -> ExitCode {
        let session = Session::begin(self.color);
        match self.command.run(&session) {
            Ok(Answer::Yes) => ExitCode::SUCCESS,
            Ok(Answer::No) => ExitCode::from(1),
            Err(failure) if failure.nobody_reads => ExitCode::SUCCESS,
            Err(failure) => {
                session.note(&failure.shown(session.colour_of_errors));
                ExitCode::from(2)
            }
        }
    }
}

impl Command {
    fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Command::Explain(arguments) => explain::run(&arguments, session),
        }
    }
}
