//! `servanda serve [WORKSPACE]`: the page, for this machine only.

use super::Answer;
use crate::failure::Failure;
use crate::matter::{Case, Matter};
use crate::session::Session;
use servanda_server::{Listening, Served};
use std::path::PathBuf;
use std::sync::Arc;

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
}

pub fn run(arguments: Arguments, session: &Session) -> Result<Answer, Failure> {
    let matter = arguments.matter.within(arguments.folder);
    let settings = matter.workspace()?.map(|workspace| workspace.settings().serve.clone());
    let port = arguments.port.or(settings.and_then(|serve| serve.port)).unwrap_or(PORT);
    serve(matter.load(session)?, port, session)?;
    Ok(Answer::Yes)
}

/// Serves a case until somebody stops it.
pub fn serve(case: Case, port: u16, session: &Session) -> Result<(), Failure> {
    let Case { text, agreement, places, records, board, engine } = case;
    let evaluate = Box::new(move |a: &_, p: &_, r: &[_], q: &_| engine.evaluate(a, p, r, q));
    let question = board.question.clone();
    let served =
        Served::new(agreement, text, places, records, question, evaluate).knowing(board).explaining();
    let served = Arc::new(served);
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
