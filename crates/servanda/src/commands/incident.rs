//! `servanda incident` and `servanda incidents`: what is on file about an event, and the list of events.

use super::{Answer, Output};
use crate::failure::Failure;
use crate::intake;
use crate::matter;
use crate::rulings;
use crate::session::Session;
use crate::source;
use servanda_evidence::corroborate::Joined;
use servanda_evidence::corroborate::rulings::{Ruling, applied};
use servanda_evidence::incident::{self, Ground, Incident, Status};
use servanda_lang::closest;
use servanda_model::place::Shape;
use servanda_model::{Agreement, Board, Calendar, Instant, Name, Places, Question, Record};
use servanda_report::View;
use servanda_store::Workspace;
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct One {
    /// The incident, or one of its reports
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    asked: Asked,
}

#[derive(clap::Args)]
pub struct Many {
    /// Only those of a status: reported, under-check, verified, not-verified, withdrawn
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Only those of a class or subclass
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// At most so many, the latest
    #[arg(long, value_name = "N", default_value_t = 50)]
    most: usize,
    #[command(flatten)]
    asked: Asked,
}

#[derive(clap::Args)]
struct Asked {
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Only what had been recorded by then is known [default: now]
    #[arg(long, value_name = "TIME")]
    known_at: Option<String>,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Output,
}

/// What an answer is made of.
struct File {
    workspace: Workspace,
    agreement: Agreement,
    /// As they were entered.
    entered: Vec<Record>,
    /// As they count.
    records: Vec<Record>,
    rulings: Vec<Ruling>,
    known_at: Instant,
}

impl Asked {
    fn file(&self, session: &Session) -> Result<File, Failure> {
        let workspace = super::workspace(self.workspace.as_deref())?;
        let agreement = intake::agreement_of(&workspace)?;
        let entered = source::entered(&workspace)?;
        let known_at = match &self.known_at {
            Some(text) => matter::moment("--known-at", text, &agreement.calendar, session)?,
            None => session.now.max(entered.iter().map(|r| r.recorded).max().unwrap_or(Instant::MIN)),
        };
        // Reports that were ruled to speak of one event are one incident here too.
        let rulings = rulings::read(&workspace)?;
        let records = applied(entered.clone(), &rulings, known_at);
        Ok(File { workspace, agreement, entered, records, rulings, known_at })
    }
}

impl File {
    fn known_at(&self) -> String {
        let calendar = &self.agreement.calendar;
        format!("As known at {} ({})\n\n", calendar.show(self.known_at), calendar.zone_name())
    }

    /// The zones that can be drawn, with their arguments.
    fn zones(&self, session: &Session) -> Result<(Vec<(String, Shape)>, Places), Failure> {
        let path = self.workspace.agreement();
        let places = matter::places(&self.agreement, &path, &self.records, session)?;
        let board = Board {
            question: Question::at(self.known_at),
            verdicts: Vec::new(),
            terms: Vec::new(),
            acts: Vec::new(),
        };
        let records = (&self.records).into();
        let agreement = &self.agreement;
        let view = View { agreement, places: &places, records, board: &board, sorted: None };
        let zones = view.zones().into_iter().map(|drawn| {
            let args: Vec<String> = drawn.args.iter().map(|(_, value)| value.to_string()).collect();
            let name = if args.is_empty() {
                drawn.zone.to_string()
            } else {
                format!("{}({})", drawn.zone, args.join(", "))
            };
            (name, drawn.shape)
        });
        Ok((zones.collect(), places))
    }
}

impl File {
    /// Why the reports of an incident are one.
    fn joined(&self, found: &Incident<'_>, places: &Places) -> Result<Joined, Failure> {
        let reports: BTreeSet<Name> =
            found.reports.iter().flat_map(|r| &r.versions).map(|r| r.id.clone()).collect();
        let weights = super::links::weights_in_use(&self.workspace)?;
        Ok(Joined::of(&reports, &self.entered, &self.rulings, self.known_at, &places.points, &weights))
    }
}

/// The incident that a name stands for: its own, or that of one of its reports.
fn find<'i, 'r>(all: &'i [Incident<'r>], name: &str) -> Option<&'i Incident<'r>> {
    let is_report =
        |i: &&Incident<'_>| i.reports.iter().flat_map(|r| &r.versions).any(|r| r.id.as_str() == name);
    all.iter().find(|i| i.id.as_str() == name).or_else(|| all.iter().find(is_report))
}

/// Refuses a name that no incident has.
pub fn known(records: &[Record], name: &str, session: &Session) -> Result<(), Failure> {
    let latest = records.iter().map(|r| r.recorded).max().unwrap_or(session.now);
    let all = incident::incidents(records, latest.max(session.now));
    match find(&all, name) {
        Some(_) => Ok(()),
        None => Err(missing(&all, name)),
    }
}

fn missing(all: &[Incident<'_>], name: &str) -> Failure {
    let failure = Failure::new(format!("no incident is called `{name}`"));
    match closest(name, all.iter().map(|i| i.id.as_str())) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help("`servanda incidents` lists them"),
    }
}

pub fn one(arguments: &One, session: &Session) -> Result<Answer, Failure> {
    let file = arguments.asked.file(session)?;
    let all = incident::incidents(&file.records, file.known_at);
    let found = find(&all, &arguments.id).ok_or_else(|| missing(&all, &arguments.id))?;
    let (zones, places) = file.zones(session)?;
    let ground = Ground { zones: &zones, places: &places, calendar: &file.agreement.calendar };
    let joined = file.joined(found, &places)?;
    match arguments.asked.format {
        Output::Human => {
            let why = joined.text(&file.agreement.calendar);
            session.say(&(file.known_at() + &incident::text(found, &ground) + &why))?;
        }
        Output::Json => {
            let mut document = incident::json(found, &ground);
            document["joined"] = joined.json();
            session.say(&format!("{document:#}\n"))?;
        }
    }
    Ok(Answer::Yes)
}

pub fn many(arguments: &Many, session: &Session) -> Result<Answer, Failure> {
    let status = match &arguments.status {
        None => None,
        Some(word) => Some(Status::parse(word).ok_or_else(|| {
            let known: Vec<&str> = Status::ALL.iter().map(|s| s.word()).collect();
            Failure::new(format!("`{word}` is no status")).help(format!("write one of {}", known.join(", ")))
        })?),
    };
    let file = arguments.asked.file(session)?;
    let mut all = incident::incidents(&file.records, file.known_at);
    all.retain(|i| status.is_none_or(|status| i.status().0 == status));
    all.retain(|i| {
        let details = incident::details::of(i.main());
        arguments
            .class
            .as_deref()
            .is_none_or(|class| ["class", "subclass"].iter().any(|key| details.get(key) == Some(&class)))
    });
    let (count, left_out) = (all.len(), all.len().saturating_sub(arguments.most));
    let calendar: &Calendar = &file.agreement.calendar;
    let shown = &all[left_out..];
    match arguments.asked.format {
        Output::Human => {
            let mut out = file.known_at();
            for found in shown {
                out.push_str(&incident::line(found, calendar));
                out.push('\n');
            }
            let earlier = if left_out > 0 {
                format!("; {left_out} earlier ones are left out (--most N)")
            } else {
                String::new()
            };
            let are = if count == 1 { "incident" } else { "incidents" };
            out.push_str(&format!("{count} {are}{earlier}\n"));
            session.say(&out)?;
        }
        Output::Json => {
            let (zones, places) = file.zones(session)?;
            let ground = Ground { zones: &zones, places: &places, calendar };
            let list: Vec<serde_json::Value> = shown.iter().map(|i| incident::json(i, &ground)).collect();
            let document = serde_json::json!({
                "servanda": "incidents/1",
                "known_at": file.known_at.to_string(),
                "count": count,
                "left_out": left_out,
                "incidents": list,
            });
            session.say(&format!("{document:#}\n"))?;
        }
    }
    Ok(Answer::Yes)
}
