//! `servanda import FORMAT FILE…`: the reports of others become records of a workspace.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use crate::source::{self, Entered, Order};
use clap::ValueEnum;
use servanda_evidence::{Format, Mapping};
use servanda_store::Workspace;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// Format of the files
    #[arg(value_enum, value_name = "FORMAT")]
    format: Form,
    /// Files to import
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Mapping: a file, or the name of one in the workspace's maps/
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Fact of the agreement that the rows speak of, in place of the mapping's
    #[arg(long, value_name = "NAME")]
    fact: Option<String>,
    /// Name of the source, the same each time it is imported again [default: the file's name]
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// Day on which the report was issued that a table belongs to: its days may have no year
    #[arg(long, value_name = "DATE")]
    issued: Option<jiff::civil::Date>,
    /// Folder with the files that the rows name (photos): each is entered by its hash
    #[arg(long, value_name = "DIR")]
    attachments: Option<PathBuf>,
    /// Say what would happen and enter nothing
    #[arg(long)]
    dry_run: bool,
}

/// Format of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Form {
    /// A table with a header row
    Csv,
    /// One JSON object on each line; without a mapping, the project's own records
    Jsonl,
    /// A GeoJSON FeatureCollection
    Geojson,
    /// UCDP Georeferenced Event Dataset
    Ucdp,
    /// A Parquet file, as a table
    Parquet,
    /// Export of ACLED (may not be passed on)
    Acled,
    /// Active fires of NASA FIRMS: what satellites saw glow
    Firms,
    /// Table of ceasefire violations as the OSCE's monitors annexed them
    Osce,
    /// Submissions of ODK or Kobo forms, XML or JSON
    Odk,
    /// Observations of the OGC SensorThings API, JSON
    Sensorthings,
    /// Alerts of the Common Alerting Protocol, XML
    Cap,
}

impl Form {
    fn format(self) -> Format {
        match self {
            Form::Csv => Format::Csv,
            Form::Jsonl => Format::Jsonl,
            Form::Geojson => Format::GeoJson,
            Form::Ucdp => Format::Ucdp,
            Form::Parquet => Format::Parquet,
            Form::Acled => Format::Acled,
            Form::Firms => Format::Firms,
            Form::Osce => Format::Osce,
            Form::Odk => Format::Odk,
            Form::Sensorthings => Format::SensorThings,
            Form::Cap => Format::Cap,
        }
    }
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    if arguments.dataset.is_some() && arguments.files.len() > 1 {
        return Err(
            Failure::new("one name of a source stands for one file").help("import the files one by one")
        );
    }
    let workspace = super::workspace(arguments.into.as_deref())?;
    let mapping = arguments.mapping(&workspace)?;
    for path in &arguments.files {
        let order = Order {
            path,
            format: arguments.format.format(),
            mapping: mapping.clone(),
            dataset: arguments.dataset.as_deref(),
            issued: arguments.issued,
            attachments: arguments.attachments.as_deref(),
            only_look: arguments.dry_run,
        };
        let entered = source::import(&workspace, &order, session)?;
        session.say(&told(path, &entered, arguments.dry_run))?;
        for stranger in &entered.strangers {
            session.note(&format!("warning: {stranger}"));
        }
    }
    Ok(Answer::Yes)
}

impl Arguments {
    fn mapping(&self, workspace: &Workspace) -> Result<Option<Mapping>, Failure> {
        let mapping = match &self.map {
            None => self.format.format().embedded(),
            Some(named) => Some(source::mapping(&source::mapping_place(workspace, named))?),
        };
        match (&self.fact, mapping) {
            (None, mapping) => Ok(mapping),
            (Some(fact), Some(mapping)) => Ok(Some(mapping.with_fact(fact))),
            (Some(_), None) if self.format == Form::Jsonl => Err(Failure::new(
                "--fact has nothing to act on: records in the project's own form name their facts",
            )
            .help("leave it out, or give a --map")),
            (Some(fact), None) => Ok(Some(Mapping::plain().with_fact(fact))),
        }
    }
}

/// What came of it, for people.
fn told(path: &Path, entered: &Entered, only_looked: bool) -> String {
    let Entered { import, changes, made, quarantine, .. } = entered;
    let mut out = format!("{}: {} read", path.display(), counted(import.rows_read, "row"));
    for (count, what) in [(import.hxl_rows, "tag row"), (import.blank_rows, "blank row")] {
        if count > 0 {
            out.push_str(&format!(", {} skipped", counted(count, what)));
        }
    }
    let among = |is: &dyn Fn(&servanda_model::Record) -> bool| {
        changes.new.iter().chain(&changes.superseding).filter(|r| is(r)).count()
    };
    let would = if only_looked { "would be " } else { "" };
    let records = if *made == 1 { "record" } else { "records" };
    out.push_str(&format!("\n  {made:>7} {records} {would}made"));
    let mut line = |count: usize, words: String| {
        if count > 0 {
            out.push_str(&format!("\n  {count:>7} {words}"));
        }
    };
    if changes.new.len() != *made {
        line(changes.new.len(), "  new".into());
    }
    line(changes.superseding.len(), "  supersede what was recorded before: the source changed them".into());
    line(changes.withdrawn.len(), "  withdraw what the source no longer has".into());
    line(among(&|r| !source::is_exact_to_the_day(r)), "  not exact to the day".into());
    line(among(&source::has_doubt_of_place), "  in doubt of their place".into());
    line(among(&source::has_doubt_of_actor), "  in doubt of who it was".into());
    line(changes.unchanged, "unchanged since the last import".into());
    if let Some(place) = quarantine {
        let to = if only_looked { "would go to" } else { "see" };
        line(import.refused.len(), format!("refused: {to} {place}"));
        for refused in import.refused.iter().take(3) {
            out.push_str(&format!("\n            {}", refused.show()));
        }
        if import.refused.len() > 3 {
            out.push_str(&format!("\n            and {} more", import.refused.len() - 3));
        }
    }
    for warning in &import.warnings {
        out.push_str(&format!("\n  {:>7} {}", warning.rows, warning.text));
    }
    if let Some(why) = &changes.not_withdrawn {
        out.push_str(&format!("\n  {why}"));
    }
    if only_looked {
        out.push_str("\n  nothing was entered");
    }
    out.push('\n');
    out
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
