//! `servanda serve [WORKSPACE]`: the page, for this machine only.

use super::Answer;
use crate::failure::Failure;
use crate::intake::Intake;
use crate::matter::{Case, Matter};
use crate::session::Session;
use servanda_evidence::Format;
use servanda_server::{Listening, Problem, Served};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the page is, unless something else is said.
pub const PORT: u16 = 7400;

#[derive(clap::Args)]
pub struct Arguments {
    /// Workspace; without it, the one that the current folder lies in
    #[arg(value_name = "WORKSPACE", conflicts_with = "workspace")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    matter: Matter,
    /// Port on this machine; 0 takes any that is free [default: 7400, or `[serve] port` of the workspace]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Also take in submissions that a registered key has signed
    #[arg(long)]
    intake: bool,
    /// Also take in documents of sensors and forms that nobody has signed
    #[arg(long)]
    intake_unsigned: bool,
}

pub fn run(arguments: Arguments, session: &Session) -> Result<Answer, Failure> {
    let matter = arguments.matter.within(arguments.folder);
    let settings = matter.workspace()?.map(|workspace| workspace.settings().serve.clone());
    let port = arguments.port.or(settings.and_then(|serve| serve.port)).unwrap_or(PORT);
    let intake = if arguments.intake || arguments.intake_unsigned {
        let workspace = matter.workspace()?.ok_or_else(|| {
            Failure::new("there is no workspace to take anything into")
                .help("serve a workspace, or leave --intake out")
        })?;
        let unsigned = arguments.intake_unsigned;
        Some(Arc::new(Taking { intake: Mutex::new(Intake::open(workspace)?), unsigned }))
    } else {
        None
    };
    serve_and_take(matter.load(session)?, port, intake, session)?;
    Ok(Answer::Yes)
}

/// Takes in what comes over HTTP, one after the other.
struct Taking {
    intake: Mutex<Intake>,
    unsigned: bool,
}

impl servanda_server::Intake for Taking {
    fn submit(&self, envelopes: Vec<String>) -> Result<Vec<serde_json::Value>, Problem> {
        let mut intake = self.intake.lock().unwrap_or_else(PoisonError::into_inner);
        let answers =
            intake.submit(&envelopes, crate::clock::now()).map_err(|f| Problem::unable(f.message()))?;
        Ok(answers.iter().map(super::sync::answer).collect())
    }

    fn import(&self, format: &str, bytes: Vec<u8>) -> Result<serde_json::Value, Problem> {
        let known = Format::parse(format).filter(|_| self.formats().iter().any(|f| f == format));
        let Some(format) = known else {
            let all = self.formats().join("`, `");
            let message = if all.is_empty() {
                "nothing is taken in unsigned here (`servanda serve --intake-unsigned`)".to_string()
            } else {
                format!("this format is not taken; there is `{all}`")
            };
            return Err(Problem::missing("no-such-format", message));
        };
        let mut intake = self.intake.lock().unwrap_or_else(PoisonError::into_inner);
        let mapping = intake.mapping(format).map_err(|f| Problem::unable(f.message()))?;
        let made = intake
            .document(format, &mapping, &format!("http {}", format.word()), &bytes, crate::clock::now())
            .map_err(|f| Problem::unable(f.message()))?;
        let refused: Vec<serde_json::Value> = made
            .refused
            .iter()
            .take(100)
            .map(|r| {
                serde_json::json!({"line": r.line, "code": r.code, "column": r.column, "value": r.value, "reason": r.reason, "remedy": r.remedy})
            })
            .collect();
        Ok(serde_json::json!({
            "servanda": "imported/1", "read": made.read, "made": made.made, "unchanged": made.unchanged,
            "refused": made.refused.len(), "quarantine": made.quarantine, "first_refused": refused,
        }))
    }

    fn formats(&self) -> Vec<String> {
        if !self.unsigned {
            return Vec::new();
        }
        [Format::SensorThings, Format::Cap, Format::Odk, Format::GeoJson]
            .map(|f| f.word().to_string())
            .to_vec()
    }
}

/// Serves a case until somebody stops it.
pub fn serve(case: Case, port: u16, session: &Session) -> Result<(), Failure> {
    serve_and_take(case, port, None, session)
}

fn serve_and_take(
    case: Case,
    port: u16,
    taking: Option<Arc<Taking>>,
    session: &Session,
) -> Result<(), Failure> {
    let Case { text, agreement, places, records, board, engine } = case;
    let evaluate = Box::new(move |a: &_, p: &_, r: &[_], q: &_| engine.evaluate(a, p, r, q));
    let question = board.question.clone();
    let served =
        Served::new(agreement, text, places, records, question, evaluate).knowing(board).explaining();
    let served = Arc::new(match taking {
        Some(taking) => served.taking(taking),
        None => served,
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(64 << 20)
        .build()
        .map_err(|e| Failure::new(format!("cannot start the server: {e}")))?;
    runtime.block_on(async {
        let listening = Listening::on(port, served).await.map_err(|e| {
            let failure = Failure::new(format!("cannot listen on port {port} of this machine: {e}"));
            failure
                .help("another program may have it: choose one with --port, or --port 0 for any that is free")
        })?;
        session.say(&format!("serving {} until Ctrl-C\n", listening.url()))?;
        let stop = async {
            // Where the signal cannot be heard, the page goes on until the process is ended.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        listening.answer(stop).await.map_err(|e| Failure::new(format!("the server stopped: {e}")))
    })
}

impl Matter {
    /// The same, for a workspace that is named without an option.
    fn within(mut self, folder: Option<PathBuf>) -> Matter {
        self.workspace = folder.or(self.workspace);
        self
    }
}
