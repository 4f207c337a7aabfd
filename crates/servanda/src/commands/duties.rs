//! `servanda duties`: who owes what to whom, by when, and what will show it.

use super::Answer;
use crate::failure::Failure;
use crate::matter::Matter;
use crate::session::Session;
use clap::ValueEnum;
use servanda_lang::closest;
use servanda_report::duties::Owed;
use servanda_report::ics::{self, Entry, Feed};
use servanda_report::{json, text, wording};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    matter: Matter,
    /// Only what this party or body owes
    #[arg(long, value_name = "PARTY")]
    party: Option<String>,
    /// Only what is due by this date or time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Also what is done, over, or does not apply
    #[arg(long)]
    all: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
    /// In a calendar: tasks in place of events (many calendar programs show no tasks)
    #[arg(long)]
    tasks: bool,
}

/// Form of the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Form {
    /// For people
    #[default]
    Human,
    /// A document for programs (docs/reference/json.md)
    Json,
    /// A calendar (iCalendar)
    Ics,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let case = arguments.matter.load(session)?;
    let view = case.view();
    if let Some(party) = &arguments.party {
        let bears = |v: &servanda_model::Verdict| wording::is_bearer(&case.agreement, &v.bearer, party);
        let known = case.agreement.parties.keys().chain(case.agreement.bodies.keys());
        let known: Vec<&str> = known.chain(case.agreement.groups.keys()).map(|name| name.as_str()).collect();
        if !known.contains(&party.as_str()) && !case.board.verdicts.iter().any(bears) {
            let failure = Failure::new(format!("there is no party or body `{party}` in the agreement"));
            return Err(match closest(party, known.iter().copied()) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help(format!("there is {}", known.join(", "))),
            });
        }
    }
    let until = match &arguments.until {
        Some(until) => Some(case.moment("--until", until, session)?),
        None => None,
    };
    let owed = Owed { party: arguments.party.clone(), until, all: arguments.all };
    let duties = view.duties(&owed);
    session.say(&match arguments.format {
        Form::Human => text::duties(&view, &duties, &session.style()),
        Form::Json => json::text(&json::duties(&view, &duties)),
        Form::Ics => {
            let entry = if arguments.tasks { Entry::Task } else { Entry::Event };
            ics::calendar(&view, &duties, &Feed { entry, ..Feed::default() })
        }
    })?;
    Ok(Answer::Yes)
}
