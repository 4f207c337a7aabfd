//! `servanda explain CODE`: the page of a diagnostic or of a refused row.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use servanda_evidence::codes;
use servanda_lang::closest;
use servanda_lang::diagnostic;

#[derive(clap::Args)]
pub struct Arguments {
    /// Code of a diagnostic, such as E0101; without one, all codes are listed
    code: Option<String>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let all = all();
    let Some(asked) = &arguments.code else {
        let list: String = all.iter().map(|(code, title, _)| format!("{code}  {title}\n")).collect();
        session.say(&list)?;
        return Ok(Answer::Yes);
    };
    let code = asked.trim().to_uppercase();
    if let Some((_, _, page)) = all.iter().find(|(known, ..)| *known == code) {
        session.say(&format!("{}\n", page.trim()))?;
        return Ok(Answer::Yes);
    }
    let failure = Failure::new(format!("there is no diagnostic `{asked}`"));
    Err(match closest(&code, all.iter().map(|(code, ..)| *code)) {
        Some(near) => failure.help(format!("did you mean `{near}`? `servanda explain` lists all")),
        None => failure.help("`servanda explain` lists all codes"),
    })
}

/// Code, title and page of everything that can be said about a text or a row, in order.
fn all() -> Vec<(&'static str, &'static str, &'static str)> {
    let of_texts =
        diagnostic::codes().filter_map(|(code, title)| Some((code, title, diagnostic::explain(code)?)));
    let of_rows = codes::CODES.iter().map(|(code, page)| {
        let heading = page.lines().next().unwrap_or_default().trim_start_matches('#').trim();
        (*code, heading.strip_prefix(code).unwrap_or(heading).trim_start_matches([':', '.', ' ']), *page)
    });
    let mut all: Vec<_> = of_texts.chain(of_rows).collect();
    all.sort();
    all
}
