//! `servanda backtest DRAFT`: a draft replayed over a history, before anybody signs it.

use super::{Answer, Output};
use crate::failure::Failure;
use crate::rulings;
use crate::session::Session;
use crate::{input, matter, source};
use servanda_backtest::vary::{self, Sweep};
use servanda_backtest::{
    Backtest, Knowledge, Past, Refusal, Replay, against, html, json, labels, parquet_rows, replay, text,
};
use servanda_lang::literal;
use servanda_model::agreement::Moment;
use servanda_model::time::DAY;
use servanda_model::verdict::Code;
use servanda_model::{Agreement, Name, Record, Span};
use servanda_store::{Workspace, files};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// The draft, an agreement
    #[arg(value_name = "DRAFT.pact.md")]
    draft: PathBuf,
    /// Compare with another draft on the same history
    #[arg(long, value_name = "OTHER.pact.md")]
    against: Option<PathBuf>,
    /// Vary a number, a length of time or a reading: NAME=a..b, NAME=a..b:step, NAME=a,b,c, NAME=all; may be given several
    /// times; `?` lists what can be varied
    #[arg(long, value_name = "NAME=a..b")]
    vary: Vec<String>,
    /// Replay the whole draft for each variant, also where counting a term's triggers would do
    #[arg(long, requires = "vary")]
    verdicts: bool,
    /// Only count the variants' triggers: the draft is not replayed, and no verdict is given
    #[arg(long, requires = "vary", conflicts_with_all = ["verdicts", "against", "labels"])]
    count_only: bool,
    /// Option of a reading; may be given several times
    #[arg(long = "reading", value_name = "NAME=OPTION")]
    readings: Vec<String>,
    /// Take the draft as in force from then on, whatever it says
    #[arg(long, value_name = "TIME")]
    in_force: Option<String>,
    #[command(flatten)]
    history: History,
    #[command(flatten)]
    labelled: Labelled,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Output,
    /// Also write a page with plots, whole in one file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Also write the change log as Parquet, and the variants beside it as NAME.variants.parquet
    #[arg(long, value_name = "FILE")]
    parquet: Option<PathBuf>,
}

/// Which history.
#[derive(clap::Args)]
struct History {
    /// Records of this workspace [default: the one that the current folder lies in]
    #[arg(long, value_name = "DIR", help_heading = "The history")]
    workspace: Option<PathBuf>,
    /// Records of these files: JSON Lines as they are, CSV and others by --map
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "The history")]
    records: Vec<PathBuf>,
    /// Mapping for --records (docs/reference/mapping.md)
    #[arg(long, value_name = "FILE", requires = "records", help_heading = "The history")]
    map: Option<PathBuf>,
    /// Count from then on [default: the first record, or the entry into force where that is later]
    #[arg(long, value_name = "TIME", help_heading = "The history")]
    from: Option<String>,
    /// Count until then [default: when the last record was known]
    #[arg(long, value_name = "TIME", help_heading = "The history")]
    to: Option<String>,
    /// Each record counts from when it was entered, and not from when it happened
    #[arg(long, help_heading = "The history")]
    as_recorded: bool,
    /// Each record is known so long after it happened: 24h, 3 days [default: at once]
    #[arg(long, value_name = "LENGTH", conflicts_with = "as_recorded", help_heading = "The history")]
    delay: Option<String>,
    /// What must be said about the history; may be given several times
    #[arg(long, value_name = "TEXT", help_heading = "The history")]
    note: Vec<String>,
}

/// Labelled outcomes.
#[derive(clap::Args)]
struct Labelled {
    /// What had really happened: a table `name,from,to[,outcome]` of norms and terms
    #[arg(long, value_name = "FILE", help_heading = "Labelled outcomes")]
    labels: Option<PathBuf>,
    /// An alarm may lie so long beside its label: 12h, 2 days
    #[arg(long, value_name = "LENGTH", requires = "labels", help_heading = "Labelled outcomes")]
    tolerance: Option<String>,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::new(refusal.message).help(refusal.help)
    }
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let working = session.working("reading the draft");
    let agreement = arguments.agreement(&arguments.draft, session)?;
    if arguments.vary.iter().any(|v| matches!(v.trim(), "?" | "help" | "list")) {
        session.say(&listed(&agreement))?;
        return Ok(Answer::Yes);
    }
    let varied = vary::varied(&agreement, &arguments.vary)?;
    let readings = matter::chosen(&agreement, &arguments.readings)?;
    let tolerance = length("--tolerance", arguments.labelled.tolerance.as_deref())?;
    let labelled =
        arguments.labelled.labels.as_deref().map(|path| read_labels(path, &agreement)).transpose()?;

    working.at("reading the history");
    let records = arguments.history.records(&agreement, session)?;
    let past = arguments.history.past(&agreement, &records, arguments.in_force.as_deref(), session)?;
    let places = matter::places(&agreement, &arguments.draft, &past.records, session)?;
    if past.is_silent() {
        session.note("warning: the history has no record in the replayed period; look at --from and --to");
    }

    working.at(&format!("replaying {} records", past.records.len()));
    let replayed = match arguments.count_only {
        true => Replay::none(&past, &readings),
        false => replay(&agreement, &places, &past, &readings),
    };
    let dormant = replayed.norms.iter().all(|n| n.instances == 0);
    if dormant && replayed.board.verdicts.iter().any(|v| v.because(Code::NotInForce)) {
        session.note("warning: the draft is not in force within the history, so nothing is triggered; --in-force DATE takes it as in force from then on");
    }
    let scored = labelled.as_ref().map(|all| labels::score(&replayed, &past, all, tolerance));
    let sweep: Option<Sweep> = match varied.is_empty() {
        true => None,
        false => {
            let beside = labelled.as_deref().map(|all| (all, tolerance));
            let count = |n: usize, of: usize| working.at(&format!("replaying variant {n} of {of}"));
            let verdicts = arguments.verdicts;
            if arguments.count_only && !vary::is_countable(&agreement, &past, &varied) {
                return Err(Failure::new("these variants cannot be counted without a replay").help(
                    "--count-only is for the threshold, kinds and window of one counting term whose events are exact in time; \
                     leave it out, and the draft is replayed for each",
                ));
            }
            Some(vary::sweep(&agreement, &places, &past, &readings, varied, beside, verdicts, count)?)
        }
    };
    let compared = match &arguments.against {
        None => None,
        Some(path) => {
            working.at("replaying the other draft");
            let other = arguments.agreement(path, session)?;
            let other_places = matter::places(&other, path, &past.records, session)?;
            // A reading that the other draft does not have was not chosen in it.
            let own: BTreeMap<Name, Name> = readings
                .iter()
                .filter(|(r, o)| {
                    other.readings.get(*r).is_some_and(|r| r.options.iter().any(|(n, _)| n == *o))
                })
                .map(|(r, o)| (r.clone(), o.clone()))
                .collect();
            let theirs = replay(&other, &other_places, &past, &own);
            Some(against::compare((&agreement, &replayed), (&other, theirs)))
        }
    };
    let found = Backtest {
        agreement: &agreement,
        places: &places,
        past: &past,
        replay: replayed,
        scored,
        sweep,
        compared,
    };
    working.at("writing");
    if let Some(path) = &arguments.html {
        files::write(path, html::page(&found).as_bytes())?;
    }
    if let Some(path) = &arguments.parquet {
        write_parquet(path, &found)?;
    }
    drop(working);
    session.say(&match arguments.format {
        Output::Human => text::backtest(&found, &session.style()),
        Output::Json => servanda_report::json::text(&json::backtest(&found)),
    })?;
    Ok(Answer::Yes)
}

impl Arguments {
    /// A draft, in force as asked.
    fn agreement(&self, path: &Path, session: &Session) -> Result<Agreement, Failure> {
        let (_, mut agreement) = matter::agreement(path, session)?;
        if let Some(text) = &self.in_force {
            let at = matter::start("--in-force", text, &agreement.calendar, session)?;
            agreement.in_force = Some(Moment::Instant(at));
            agreement.signed = Some(agreement.calendar.date(at));
        }
        Ok(agreement)
    }
}

/// A workspace's records, with what has been ruled about them until now.
fn of_workspace(workspace: &Workspace, session: &Session) -> Result<Vec<Record>, Failure> {
    rulings::counted(workspace, source::entered(workspace)?, session.now)
}

impl History {
    fn records(&self, agreement: &Agreement, session: &Session) -> Result<Vec<Record>, Failure> {
        match (self.records.as_slice(), &self.workspace) {
            ([], Some(root)) => of_workspace(&Workspace::open(root)?, session),
            ([], None) => match Workspace::find(Path::new(".")) {
                Ok(workspace) => of_workspace(&workspace, session),
                Err(error) if error.is_not_found() => Err(Failure::new("no history was named")
                    .help("name files with --records FILE (and --map FILE where they need a mapping)")
                    .help("or a workspace with --workspace DIR, or stand in its folder")),
                Err(error) => Err(error.into()),
            },
            (files, _) => {
                // The draft may be an exercise text; the history is what it is.
                let agreement = Agreement { exercise: false, ..agreement.clone() };
                source::loose(files, self.map.as_deref(), &agreement, session.now, session)
            }
        }
    }

    fn past(
        &self,
        agreement: &Agreement,
        records: &[Record],
        in_force: Option<&str>,
        session: &Session,
    ) -> Result<Past, Failure> {
        let calendar = &agreement.calendar;
        let from = self.from.as_deref().map(|t| matter::start("--from", t, calendar, session)).transpose()?;
        let to = self.to.as_deref().map(|t| matter::moment("--to", t, calendar, session)).transpose()?;
        let knowledge = match self.as_recorded {
            true => Knowledge::AsRecorded,
            false => Knowledge::AsItHappened(length("--delay", self.delay.as_deref())?),
        };
        let mut notes = self.note.clone();
        if let Some(in_force) = in_force {
            notes.push(format!(
                "The draft was taken as signed and in force from {in_force} on, whatever its text says."
            ));
        }
        Ok(Past::of(agreement, records, knowledge, from, to, notes)?)
    }
}

/// A length of time in milliseconds; a day is 24 hours here.
fn length(option: &str, text: Option<&str>) -> Result<i64, Failure> {
    let Some(text) = text else { return Ok(0) };
    let digits = text.trim_end_matches(|c: char| c.is_alphabetic() || c == ' ');
    let unit = match text[digits.len()..].trim() {
        "s" => "seconds",
        "min" => "minutes",
        "h" => "hours",
        "d" => "days",
        "w" => "weeks",
        other => other,
    };
    let span = literal::span(&format!("{digits} {unit}"))
        .map_err(|e| Failure::new(format!("{option} {text}: {}", e.message)).help(e.remedy))?;
    match span {
        Span::Exact(ms) => Ok(ms),
        Span::Days(n) => Ok(n * DAY),
        Span::Months(_) | Span::WorkingDays(_) => {
            Err(Failure::new(format!("{option} {text}: a delay is counted in hours or days"))
                .help("write 24h, 36 hours or 3 days"))
        }
    }
}

fn read_labels(path: &Path, agreement: &Agreement) -> Result<Vec<labels::Label>, Failure> {
    labels::parse(&input::text(path)?, agreement).map_err(|faults| {
        let shown: Vec<String> =
            faults.iter().take(20).map(|f| format!("\n  line {}: {}", f.line, f.words)).collect();
        let more =
            if faults.len() > 20 { format!("\n  and {} more", faults.len() - 20) } else { String::new() };
        Failure::new(format!("`{}` cannot be used:{}{more}", path.display(), shown.concat())).help(
            "a row says which norm or term, from when to when, and perhaps the outcome: name,from,to,outcome",
        )
    })
}

fn listed(agreement: &Agreement) -> String {
    let knobs = vary::knobs(agreement);
    let width = knobs.iter().map(|k| k.name.chars().count()).max().unwrap_or(0);
    let mut out = String::from("What can be varied, as it stands in the draft:\n\n");
    for knob in &knobs {
        let stands = match &knob.stands {
            Some(stands) => stands.to_string(),
            None => {
                let options: Vec<String> = knob.options.iter().map(|o| o.to_string()).collect();
                format!("one of {}", options.join(", "))
            }
        };
        out.push_str(&format!("  {:<width$}  {stands}  ({})\n", knob.name, knob.what));
    }
    out.push_str(
        "\nWrite --vary NAME=a..b, NAME=a..b:step, NAME=a,b,c, or NAME=all for readings and standards.\n",
    );
    out
}

/// The change log, and the variants beside it.
fn write_parquet(path: &Path, found: &Backtest<'_>) -> Result<(), Failure> {
    let bug = |e: String| Failure::new(format!("cannot write `{}`: {e}", path.display()));
    files::write(path, &parquet_rows::log(found).map_err(bug)?)?;
    if let Some(sweep) = &found.sweep {
        let beside = path.with_extension("variants.parquet");
        files::write(&beside, &parquet_rows::variants(sweep).map_err(bug)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read() {
        for (text, is) in [("24h", DAY), ("3 days", 3 * DAY), ("90 minutes", 90 * 60_000), ("2w", 14 * DAY)] {
            assert_eq!(length("--delay", Some(text)).ok(), Some(is), "{text}");
        }
        assert_eq!(length("--delay", None).ok(), Some(0));
        for text in ["1 month", "soon", "-3h", "3 houres"] {
            assert!(length("--delay", Some(text)).is_err(), "{text}");
        }
    }
}
