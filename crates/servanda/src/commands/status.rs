//! `servanda status`: the board. What is kept, what is broken, what is due, and in one line why.

use super::{Answer, Output};
use crate::failure::Failure;
use crate::matter::Matter;
use crate::session::Session;
use clap::ValueEnum;
use servanda_model::Board;
use servanda_model::verdict::Performance;
use servanda_report::{json, text};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    matter: Matter,
    #[command(flatten)]
    strict: Strict,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Output,
}

/// When the exit code says no.
#[derive(clap::Args)]
pub struct Strict {
    /// End with 1 where there is a verdict of these kinds [without a value: violated]
    #[arg(long, value_enum, num_args = 0.., value_delimiter = ',', default_missing_value = "violated", value_name = "KIND")]
    fail_on: Vec<Kind>,
}

/// A kind of verdict that a script may wish to fail on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Kind {
    /// Broken
    Violated,
    /// A soft duty was not performed
    Missed,
    /// What is known does not decide it
    PendingEvidence,
    /// The options of a reading differ
    DependsOnReading,
}

impl Strict {
    /// Yes, unless a verdict is of a kind that was to fail.
    pub fn answer<'a>(&self, performances: impl IntoIterator<Item = &'a Performance>) -> Answer {
        let fails = |performance: &Performance| {
            self.fail_on.iter().any(|kind| {
                *performance
                    == match kind {
                        Kind::Violated => Performance::Violated,
                        Kind::Missed => Performance::Missed,
                        Kind::PendingEvidence => Performance::PendingEvidence,
                        Kind::DependsOnReading => Performance::DependsOnReading,
                    }
            })
        };
        if performances.into_iter().any(fails) { Answer::No } else { Answer::Yes }
    }

    fn of_board(&self, board: &Board) -> Answer {
        self.answer(board.verdicts.iter().map(|v| &v.performance))
    }
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let case = arguments.matter.load(session)?;
    let view = case.view();
    session.say(&match arguments.format {
        Output::Human => text::board(&view, &session.style()),
        Output::Json => json::text(&json::board(&view)),
    })?;
    Ok(arguments.strict.of_board(&case.board))
}
