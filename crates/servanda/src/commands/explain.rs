//! `servanda explain CODE`: the page of a diagnostic.

use super::Answer;
use crate::failure::Failure;
use crate::nearest::nearest;
use crate::session::Session;
use servanda_lang::diagnostic;

#[derive(clap::Args)]
pub struct Arguments {
    /// Code of a diagnostic, such as E0101; without one, all codes are listed
    code: Option<String>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let Some(asked) = &arguments.code else {
        let list: String = diagnostic::codes().map(|(code, title)| format!("{code}  {title}\n")).collect();
        session.say(&list)?;
        return Ok(Answer::Yes);
    };
    let code = asked.trim().to_uppercase();
    if let Some(page) = diagnostic::explain(&code) {
        session.say(&format!("{}\n", page.trim()))?;
        return Ok(Answer::Yes);
    }
    let failure = Failure::new(format!("there is no diagnostic `{asked}`"));
    Err(match nearest(&code, diagnostic::codes().map(|(code, _)| code)) {
        Some(near) => failure.help(format!("did you mean `{near}`? `servanda explain` lists all")),
        None => failure.help("`servanda explain` lists all codes"),
    })
}
