//! `servanda report`: daily, spot, public, case and audit reports as documents.
//!
//! It reads files and hands the engine's verdicts to `servanda_report::document`; the clock does not come into a report
//! whose cut-off is given. It lays out no PDF: `servanda-pdf`, a program of its own, gets the document as JSON.
//!
//! Invariants
//! - a release is computed on its own records and rules alone: what it leaves out changes no verdict and no count in it;
//! - a report whose headline is not the sum of its table is not written.

use super::Answer;
use crate::failure::Failure;
use crate::input;
use crate::matter::Matter;
use crate::pdf;
use crate::session::Session;
use clap::ValueEnum;
use servanda_lang::{closest, literal};
use servanda_model::record::{Marking, Tlp};
use servanda_model::time::{DAY, Resolved};
use servanda_model::{Agreement, Calendar, Instant, Record};
use servanda_report::View;
use servanda_report::document::build::{Asked, Kind, document};
use servanda_report::document::{Feeds, Messages, csv, html};
use servanda_store::files;
use servanda_store::policy::{self, Viewer};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(clap::Args)]
pub struct Arguments {
    /// Which report
    #[arg(value_enum)]
    kind: Which,
    #[command(flatten)]
    matter: Matter,
    /// Information as of; what was entered later is left out. With --zone: in that zone's time
    #[arg(long, value_name = "TIME")]
    cut_off: String,
    /// Zone of the times [default: the agreement's]
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// The previous cut-off [default: the same time of day, one day before]
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// When it is issued [default: the cut-off; a bulletin: 24 hours after]
    #[arg(long, value_name = "TIME")]
    issued: Option<String>,
    /// Number of the report [default: day of the year and year of the cut-off]
    #[arg(long, value_name = "TEXT")]
    number: Option<String>,
    /// The incident or record, for a spot report and a case
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// Highest marking that this release holds [default: red; a bulletin: clear]
    #[arg(long, value_name = "LEVEL")]
    release: Option<String>,
    /// Whom the release is for, a party or a body: what it may not see is left out. Without it, a release with --release holds
    /// nothing that is restricted to some
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// Form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
    /// Language: en or uk
    #[arg(long, default_value = "en", value_name = "LANG")]
    lang: String,
    /// Words of a further language
    #[arg(long, value_name = "FILE")]
    messages: Option<PathBuf>,
    /// Which kinds of record feed which section
    #[arg(long, value_name = "FILE")]
    feeds: Option<PathBuf>,
    /// Where to write [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Which report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Which {
    /// A period, for those who work with the record
    Daily,
    /// One event, at once
    Spot,
    /// A period, for the public: coarse and at least 24 hours late
    Bulletin,
    /// One allegation with replies and history
    Case,
    /// What was entered, and what the verdicts rest on
    Audit,
}

/// Form of the document.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Form {
    /// One file for a browser and for print
    #[default]
    Html,
    /// Tagged PDF, by the program servanda-pdf
    Pdf,
    /// The annex table
    Csv,
    /// The annex map's points
    Geojson,
    /// The whole document
    Json,
}

fn moment(option: &str, text: &str, calendar: &Calendar) -> Result<Instant, Failure> {
    literal::instant(text.trim(), calendar, true)
        .map_err(|wrong| Failure::new(format!("{option} {text}: {}", wrong.message)).help(wrong.remedy))
}

fn day_before(calendar: &Calendar, at: Instant) -> Instant {
    let civil = calendar.civil(at);
    let day_before = civil.date().yesterday().unwrap_or(civil.date());
    match calendar.resolve(day_before.to_datetime(civil.time())) {
        Resolved::Once(at) | Resolved::Never(at) | Resolved::Twice(at, _) => at,
    }
}

impl Arguments {
    fn kind(&self) -> Kind {
        match self.kind {
            Which::Daily => Kind::Daily,
            Which::Spot => Kind::Spot,
            Which::Bulletin => Kind::Bulletin,
            Which::Case => Kind::Case,
            Which::Audit => Kind::Audit,
        }
    }

    fn level(&self) -> Result<Tlp, Failure> {
        let public = self.kind == Which::Bulletin;
        let Some(text) = &self.release else { return Ok(if public { Tlp::Clear } else { Tlp::Red }) };
        match Tlp::parse(text) {
            Some(level) if public && level != Tlp::Clear => {
                Err(Failure::new("a public bulletin holds nothing above TLP:CLEAR")
                    .help("leave out --release"))
            }
            Some(level) => Ok(level),
            None => Err(Failure::new(format!("--release `{text}` is no level"))
                .help("write clear, green, amber, amber+strict or red")),
        }
    }

    /// Who may read the release: one party or body, or anybody cleared for its level; `None`: whoever keeps the record.
    fn reader(&self, agreement: &Agreement, level: Tlp) -> Result<Option<Viewer>, Failure> {
        if self.kind == Which::Bulletin {
            return match &self.to {
                Some(_) => Err(Failure::new("a public bulletin is for everybody").help("leave out --to")),
                None => Ok(Some(Viewer::public())),
            };
        }
        let mut reader = Viewer::named("a release");
        reader.clearances.insert(policy::TLP.into(), level);
        match &self.to {
            None if self.release.is_none() => return Ok(None),
            // Nobody in particular: of no party, so that nothing restricted to some is in it.
            None => {}
            Some(name) if agreement.parties.contains_key(name.as_str()) => {
                reader.party = Some(name.as_str().into())
            }
            Some(name) if agreement.bodies.contains_key(name.as_str()) => {
                reader.body = Some(name.as_str().into())
            }
            Some(name) => {
                let known = agreement.parties.keys().chain(agreement.bodies.keys()).map(|n| n.as_str());
                let failure = Failure::new(format!("--to `{name}` is no party and no body of the agreement"));
                return Err(match closest(name, known) {
                    Some(near) => failure.help(format!("did you mean `{near}`?")),
                    None => failure.help("name one as the agreement does"),
                });
            }
        }
        Ok(Some(reader))
    }

    fn messages(&self) -> Result<Messages, Failure> {
        if let Some(path) = &self.messages {
            return Messages::parse(&input::text(path)?)
                .map_err(|wrong| Failure::new(format!("`{}`: {wrong}", path.display())));
        }
        Messages::of(&self.lang).ok_or_else(|| {
            Failure::new(format!("there are no words for the language `{}`", self.lang))
                .help("write --lang en or uk, or give its words with --messages FILE")
        })
    }

    fn feeds(&self) -> Result<Feeds, Failure> {
        let Some(path) = &self.feeds else { return Ok(Feeds::ordinary()) };
        Feeds::parse(&input::text(path)?)
            .map_err(|wrong| Failure::new(format!("`{}`: {wrong}", path.display())))
    }
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    if arguments.format == Form::Pdf {
        pdf::needs_a_file(arguments.out.as_deref())?;
    }
    let messages = arguments.messages()?;
    let feeds = arguments.feeds()?;
    let level = arguments.level()?;
    let mut matter = arguments.matter.clone();
    let zone = match &arguments.zone {
        Some(name) => Calendar::of_zone(name).ok_or_else(|| {
            Failure::new(format!("there is no time zone `{name}`")).help("write one like Europe/Kyiv")
        })?,
        None => matter.asked(session)?.agreement.calendar,
    };
    let cut_off = moment("--cut-off", &arguments.cut_off, &zone)?;
    matter.stands_at(cut_off);
    let case = matter.load(session)?;

    // The release is a record of its own: nothing in it depends on what it leaves out.
    let reader = arguments.reader(&case.agreement, level)?;
    let (released, left_out): (Vec<Arc<Record>>, Vec<Arc<Record>>) =
        case.records.iter().cloned().partition(|r| match &reader {
            Some(reader) => reader.may_see(&r.marking),
            None => true,
        });
    let withheld: BTreeSet<Marking> =
        left_out.into_iter().filter(|r| r.recorded <= cut_off).map(|r| r.marking.clone()).collect();
    // Nor on rules of the agreement that its readers may not see.
    let seen = reader.as_ref().map(|reader| {
        servanda_lang::readers::for_reader(&case.agreement, &|marking| reader.may_see(marking)).agreement
    });
    let board = match &seen {
        None => case.board.clone(),
        Some(agreement) => matter.board_of(&case, agreement, &released),
    };
    let agreement = seen.as_ref().unwrap_or(&case.agreement);
    let records = (&released).into();
    let view = View { agreement, places: &case.places, records, board: &board, sorted: None };

    let public = arguments.kind == Which::Bulletin;
    let issued = match &arguments.issued {
        Some(text) => moment("--issued", text, &zone)?,
        None if public => cut_off + DAY,
        None => cut_off,
    };
    if issued < cut_off || (public && issued < cut_off + DAY) {
        let what = if public { "24 hours or more after its cut-off" } else { "no earlier than its cut-off" };
        return Err(Failure::new(format!("the report is to be issued {what}"))
            .help("give a later --issued or an earlier --cut-off"));
    }
    let from = match &arguments.since {
        Some(text) => moment("--since", text, &zone)?,
        None => day_before(&zone, cut_off),
    };
    if from >= cut_off {
        return Err(Failure::new("--since is not before --cut-off").help("give an earlier --since"));
    }
    let wants_one = matches!(arguments.kind, Which::Spot | Which::Case);
    match &arguments.incident {
        None if wants_one => {
            return Err(Failure::new("a spot report and a case are about one event")
                .help("name it with --incident ID; `servanda incidents` lists them"));
        }
        Some(id) if wants_one => {
            let is_it = |r: &Record| {
                r.recorded <= cut_off
                    && (r.id == *id.as_str() || r.incident.as_ref().is_some_and(|i| *i == *id.as_str()))
            };
            if !released.iter().any(|r| is_it(r)) {
                return Err(Failure::new(format!(
                    "no record or incident `{id}` is known at the cut-off in this release"
                ))
                .help("`servanda incidents` lists them; a later --cut-off knows more"));
            }
        }
        _ => {}
    }
    let date = zone.date(cut_off);
    let number = arguments.number.clone().unwrap_or(format!("{}/{}", date.day_of_year(), date.year()));
    let asked = Asked {
        kind: arguments.kind(),
        number,
        from,
        issued,
        calendar: &zone,
        messages: &messages,
        feeds: &feeds,
        withheld: &withheld,
        incident: arguments.incident.as_deref(),
    };
    let checked = document(&view, &asked).checked().map_err(|wrong| {
        Failure::new(format!("{wrong}; the report is not written"))
            .help("this is a fault of the program: please report it with the command that you ran")
    })?;
    let key = match arguments.kind {
        Which::Daily => "events",
        Which::Bulletin => "regions",
        Which::Spot | Which::Case => "record",
        Which::Audit => "entries",
    };
    let bytes = match arguments.format {
        Form::Html => html::html(&checked).into_bytes(),
        Form::Pdf => pdf::pdf(&checked)?,
        Form::Csv => csv::csv(&checked, key).into_bytes(),
        Form::Geojson => checked.geojson().into_bytes(),
        Form::Json => checked.json().into_bytes(),
    };
    match &arguments.out {
        Some(path) => files::write(path, &bytes)?,
        None => session.say(&String::from_utf8_lossy(&bytes))?,
    }
    Ok(Answer::Yes)
}
