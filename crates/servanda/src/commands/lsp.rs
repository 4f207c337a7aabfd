//! `servanda lsp`: the language server, for an editor that starts it and speaks with it over its standard input and output.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use servanda_lsp::Ended;

#[derive(clap::Args)]
pub struct Arguments {
    /// Speak over standard input and output. It always does; some editors ask for it
    #[arg(long)]
    stdio: bool,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let Arguments { stdio: _ } = arguments;
    match servanda_lsp::serve(std::io::stdin(), std::io::stdout()) {
        Ok(Ended::AsAgreed) => Ok(Answer::Yes),
        Ok(Ended::Abruptly) => {
            session.note("the editor left without `shutdown`");
            Ok(Answer::No)
        }
        Err(error) => Err(Failure::new(format!("the conversation with the editor ended: {error}"))
            .help("an editor starts this command and speaks the Language Server Protocol with it; see docs/guides/editor.md")),
    }
}
