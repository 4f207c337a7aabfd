//! `servanda draft FILE -o OUT`: an agreement file made of a published text, with every clause and its words, and a list of what
//! is still to be encoded. It writes no rule.

use super::Answer;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use clap::ValueEnum;
use servanda_draft::modal::Firmness;
use servanda_draft::survey::{Survey, survey};
use servanda_draft::{Draft, Language, Source, akn, skeleton, source};
use servanda_lang::diagnostic::Severity;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// The text: .docx, .pdf, .txt, or Akoma Ntoso (.xml); told apart by what is in it, not by its name
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where the agreement file is written, whole or not at all; `-` for standard output; a file that is there is not replaced
    #[arg(short, long, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Replace OUT where it is there
    #[arg(long)]
    force: bool,
    /// The form of OUT
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
    /// The language of the text, and of what is written around it
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Option<Tongue>,
    /// The encoding of a plain text without a byte order mark; without it, UTF-8
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
}

/// What is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Form {
    /// An agreement file (.pact.md)
    #[default]
    Pact,
    /// Akoma Ntoso (.xml)
    Akn,
}

/// A language of texts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Tongue {
    /// English
    En,
    /// Ukrainian
    Uk,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Language {
        match tongue {
            Tongue::En => Language::English,
            Tongue::Uk => Language::Ukrainian,
        }
    }
}

/// A text as it was read.
pub struct Read {
    /// Its paragraphs.
    pub source: Source,
    /// Its clauses.
    pub draft: Draft,
    /// What stands in them.
    pub survey: Survey,
}

/// Reads a text of any form.
pub fn read(path: &Path, encoding: Option<&str>, lang: Option<Language>) -> Result<Read, Failure> {
    let bytes = input::bytes(path, source::FILE_LIMIT)?;
    let source = source::read(&bytes, encoding).map_err(|refused| {
        Failure::new(format!("cannot read `{}`, {refused}", path.display())).help(refused.remedy.clone())
    })?;
    let draft = servanda_draft::draft(&source, lang);
    let survey = survey(&draft);
    Ok(Read { source, draft, survey })
}

/// What an agreement is called after its file.
pub fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().unwrap_or("");
    servanda_model::Name::slug(stem).to_string()
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let read = read(&arguments.file, arguments.encoding.as_deref(), arguments.lang.map(Language::from))?;
    let name = name_of(&arguments.file);
    let text = match arguments.format {
        Form::Pact => skeleton::write(&read.draft, &read.survey, &name),
        Form::Akn => akn::write(&read.draft, &name),
    };
    let told = told(&read, (arguments.format == Form::Pact).then_some(text.as_str()));
    match &arguments.out {
        Some(out) if out.as_os_str() != "-" => {
            if out.exists() && !arguments.force {
                return Err(Failure::new(format!("`{}` is there already", out.display()))
                    .help("choose another name, or add --force to replace it: rules that were written into it are then lost"));
            }
            servanda_store::files::write(out, text.as_bytes())?;
            session.note(&format!("wrote {}", out.display()));
            session.say(&told)?;
        }
        Some(_) => {
            session.say(&text)?;
            session.note(told.trim_end());
        }
        None => session.say(&told)?,
    }
    Ok(Answer::Yes)
}

/// The figures. With an agreement file, also what `servanda check` says of it.
fn told(read: &Read, file: Option<&str>) -> String {
    let figures = read.survey.figures(&read.draft);
    let mut out = format!(
        "{}, {}: {} clauses ({} of them numbered paragraphs), {} words\n",
        read.source.kind.name(),
        read.draft.language.name(),
        figures.clauses,
        figures.paragraphs,
        figures.words,
    );
    let by: Vec<String> = Firmness::ALL
        .iter()
        .zip(figures.by_firmness)
        .filter(|(_, n)| *n > 0)
        .map(|(firmness, n)| format!("{} {n}", firmness.name()))
        .collect();
    out.push_str(&format!("not encoded: {} sentences ({})\n", figures.modals, by.join(", ")));
    out.push_str(&format!(
        "found: {} references to clauses here, {} to other texts, {} to clauses that are not here; {} days and months, {} amounts, {} \
         spans of time, {} terms\n",
        figures.resolved, figures.elsewhere, figures.missing, figures.days, figures.amounts, figures.spans, figures.terms,
    ));
    let doubt = match figures.doubtful {
        0 => String::new(),
        1 => "; 1 amount could be read in two ways".to_string(),
        n => format!("; {n} amounts could be read in two ways"),
    };
    out.push_str(&format!("numbers: {}{doubt}\n", read.survey.locale.shown()));
    let consultations: Vec<String> = read
        .survey
        .consultations
        .iter()
        .map(|c| format!("within {} hours ({})", c.hours, c.clause))
        .collect();
    out.push_str(&format!(
        "consultation: {}\n",
        if consultations.is_empty() {
            "no clause with a number of hours".to_string()
        } else {
            consultations.join("; ")
        }
    ));
    if let Some(file) = file {
        let checked = servanda_lang::check(file);
        let count = |severity| checked.diagnostics.iter().filter(|d| d.severity == severity).count();
        let words: usize =
            checked.parse.document.clauses.iter().map(|c| c.words.split_whitespace().count()).sum();
        out.push_str(&format!(
            "check: {} errors, {} warnings, {} rules over {words} quoted words\n",
            count(Severity::Error),
            count(Severity::Warning),
            checked.agreement.norms.len(),
        ));
    }
    for note in &read.source.notes {
        out.push_str(&format!("note: {note}\n"));
    }
    out
}
