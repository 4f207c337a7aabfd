//! `servanda read FILE`: an agreement in plain sentences, in English or Ukrainian, from what the program understood.

use super::{Answer, translate::To};
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use servanda_lang::{diagnostic, readback};
use servanda_report::text::{clean, wrapped};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// The agreement
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The language of the sentences; the agreement's own names and texts stay as they are
    #[arg(long, value_enum, default_value = "en", value_name = "LANGUAGE")]
    language: To,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let text = input::text(&arguments.file)?;
    let checked = servanda_lang::check(&text);
    let mut out = String::new();
    for (name, sentence) in readback::whole(&checked.agreement, arguments.language.language()) {
        if let Some(name) = name {
            out.push_str(&format!("{}\n", clean(&name)));
        }
        out.push_str(&wrapped(&clean(&sentence), 100, 2));
        out.push('\n');
    }
    session.say(&out)?;
    if checked.has_errors() {
        let errors: Vec<_> = checked
            .diagnostics
            .iter()
            .filter(|d| d.severity == diagnostic::Severity::Error)
            .cloned()
            .collect();
        let name = arguments.file.display().to_string();
        session.note(diagnostic::render(&name, &text, &errors, session.colour_of_errors).trim_end());
        session.note("what has an error is not read back");
        return Ok(Answer::No);
    }
    Ok(Answer::Yes)
}
