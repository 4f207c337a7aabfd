//! `servanda audit [FILE]`: can a draft be enforced, on one page for whoever decides on it.
//!
//! It reads the text alone; no record and no clock comes into it.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use crate::{input, pdf};
use clap::ValueEnum;
use servanda_lang::diagnostic::{Severity, render};
use servanda_report::document::{csv, html, plain};
use servanda_store::files;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// The agreement; without one, that of the workspace
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
    /// The day that stands on the page [default: none]
    #[arg(long, value_name = "DATE", default_value = "")]
    dated: String,
    /// Where to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Form of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Form {
    /// Text for a terminal
    #[default]
    Text,
    /// One file for a browser and for print
    Html,
    /// Tagged PDF, by the program servanda-pdf
    Pdf,
    /// The table of rules
    Csv,
    /// The whole document
    Json,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    if arguments.format == Form::Pdf {
        pdf::needs_a_file(arguments.out.as_deref())?;
    }
    let path = match &arguments.file {
        Some(path) => path.clone(),
        None => servanda_store::Workspace::find(Path::new("."))?.agreement(),
    };
    let text = input::text(&path)?;
    let checked = servanda_lang::check(&text);
    let errors: Vec<_> =
        checked.diagnostics.iter().filter(|d| d.severity == Severity::Error).cloned().collect();
    if !errors.is_empty() {
        session
            .note(render(&path.display().to_string(), &text, &errors, session.colour_of_errors).trim_end());
        return Err(Failure::new(format!("`{}` has errors, and part of it has no effect", path.display()))
            .help("repair them first; `servanda check` shows the same"));
    }
    let checked =
        servanda_server::enforceability(&text, &checked, &arguments.dated).checked().map_err(|wrong| {
            Failure::new(format!("{wrong}; the page is not written"))
                .help("this is a fault of the program: please report it with the command that you ran")
        })?;
    let bytes = match arguments.format {
        Form::Text => plain::plain(&checked).into_bytes(),
        Form::Html => html::html(&checked).into_bytes(),
        Form::Pdf => pdf::pdf(&checked)?,
        Form::Csv => csv::csv(&checked, "duties").into_bytes(),
        Form::Json => checked.json().into_bytes(),
    };
    match &arguments.out {
        Some(path) => files::write(path, &bytes)?,
        None => session.say(&String::from_utf8_lossy(&bytes))?,
    }
    Ok(Answer::Yes)
}
