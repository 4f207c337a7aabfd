//! `servanda compare A B`: what an amendment changes, clause by clause and rule by rule. `servanda compare --matrix FILES…`: who
//! promises what to whom, by when, how firmly, over many texts.

use super::{Answer, draft};
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use clap::ValueEnum;
use servanda_draft::compare::{self, Side};
use servanda_draft::matrix::{self, Column};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// Two versions, before and after; with --matrix as many texts as there are. Published texts (.docx, .pdf, .txt, .xml) or
    /// agreement files (.pact.md)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Set side by side who promises what to whom, by when, how firmly
    #[arg(long)]
    matrix: bool,
    /// Form of the answer; `csv` and `html` with --matrix
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
    /// Write the answer into this file, whole or not at all
    #[arg(short, long, value_name = "OUT")]
    out: Option<PathBuf>,
    /// End with 1 where the two versions differ
    #[arg(long, conflicts_with = "matrix")]
    fail_on_change: bool,
    /// The encoding of plain texts without a byte order mark; without it, UTF-8
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
}

/// The form of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Form {
    /// For people
    #[default]
    Human,
    /// A document for programs
    Json,
    /// A line for each promise
    Csv,
    /// A page, whole in one file
    Html,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    if arguments.matrix {
        return table(arguments, session);
    }
    let [before, after] = arguments.files.as_slice() else {
        return Err(Failure::new(format!(
            "two versions are compared, and {} named",
            count(arguments.files.len())
        ))
        .help(
            "name the version before and the version after, or add --matrix to set many texts side by side",
        ));
    };
    let colour = session.colour && arguments.out.is_none();
    let ((a, text_a), (b, text_b)) = (version(before, arguments)?, version(after, arguments)?);
    let mut found = compare::compare(&a, &b);
    if let (Some(a), Some(b)) = (text_a, text_b) {
        found.rules = compare::rules(&a, &b);
    }
    let answer = match arguments.format {
        Form::Human => compare::text(&found, colour),
        Form::Json => compare::json(&found),
        Form::Csv | Form::Html => {
            return Err(Failure::new("two versions are shown as `human` or `json`")
                .help("`csv` and `html` go with --matrix"));
        }
    };
    give(&answer, arguments, session)?;
    Ok(if arguments.fail_on_change && found.differs() { Answer::No } else { Answer::Yes })
}

fn count(n: usize) -> String {
    if n == 1 { "1 file is".into() } else { format!("{n} files are") }
}

fn is_agreement_file(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("md"))
}

/// The clauses of a version, and its text where it is an agreement file.
fn version(path: &Path, arguments: &Arguments) -> Result<(Vec<Side>, Option<String>), Failure> {
    if is_agreement_file(path) {
        let text = input::text(path)?;
        return Ok((compare::sides_of_text(&text), Some(text)));
    }
    let read = draft::read(path, arguments.encoding.as_deref(), None)?;
    Ok((compare::sides_of_draft(&read.draft), None))
}

fn table(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let mut columns = Vec::new();
    for path in &arguments.files {
        if is_agreement_file(path) {
            let (_, agreement) = crate::matter::agreement(path, session)?;
            columns.push(Column {
                name: draft::name_of(path),
                promises: matrix::promises_of_rules(&agreement),
                consultations: matrix::consultations_of_rules(&agreement),
            });
            continue;
        }
        let read = draft::read(path, arguments.encoding.as_deref(), None)?;
        columns.push(Column {
            name: draft::name_of(path),
            promises: matrix::promises(&read.draft, &read.survey),
            consultations: read.survey.consultations,
        });
    }
    let answer = match arguments.format {
        Form::Human => matrix::text(&columns),
        Form::Json => matrix::as_json(&columns),
        Form::Csv => matrix::csv(&columns),
        Form::Html => matrix::html(&columns),
    };
    give(&answer, arguments, session)?;
    Ok(Answer::Yes)
}

fn give(answer: &str, arguments: &Arguments, session: &Session) -> Result<(), Failure> {
    match &arguments.out {
        Some(out) => {
            servanda_store::files::write(out, answer.as_bytes())?;
            session.note(&format!("wrote {}", out.display()));
            Ok(())
        }
        None => session.say(answer),
    }
}
