//! `servanda translate FILE --to uk|en`: an agreement's rules in the words of another language. Names, texts, prose and remarks stay.

use super::Answer;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use servanda_lang::Language;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// The agreement, or any Markdown file with `pact` fences, such as a scenario
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The language of the words
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    to: To,
    /// Write into this file, whole or not at all; without it, to standard output
    #[arg(short, long, value_name = "OUT")]
    out: Option<PathBuf>,
}

/// A language of rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum To {
    /// English
    En,
    /// Ukrainian
    Uk,
}

impl To {
    pub fn language(self) -> Language {
        match self {
            To::En => Language::English,
            To::Uk => Language::Ukrainian,
        }
    }
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let text = input::text(&arguments.file)?;
    let translated = match servanda_lang::translate(&text, arguments.to.language()) {
        Ok(translated) => translated,
        Err(wrong) => {
            let name = arguments.file.display().to_string();
            session.note(
                servanda_lang::diagnostic::render(&name, &text, &wrong, session.colour_of_errors).trim_end(),
            );
            session.note(&format!("`{name}` is not translated: repair this first"));
            return Ok(Answer::No);
        }
    };
    match &arguments.out {
        Some(out) => {
            servanda_store::files::write(out, translated.as_bytes())?;
            session.note(&format!("wrote {}", out.display()));
        }
        None => session.say(&translated)?,
    }
    Ok(Answer::Yes)
}
