//! `servanda notice`: drafts of notices, and when they were sent and received. It sends nothing: that is a person's act.
//!
//! A draft is a file. That it was sent, or that one came, is an entry of the log: who says so, when it was, and the SHA-256 of the file,
//! so that both sides can later show that they speak of the same text. The text itself stays with the person.

use super::{Answer, signing_in};
use crate::failure::Failure;
use crate::input;
use crate::matter::{Case, Matter, moment};
use crate::session::Session;
use serde_json::{Value, json};
use servanda_model::record::{Marking, Tlp};
use servanda_model::{Name, RecordId, Verdict};
use servanda_report::notice::{self, Alert, Kind, Lang, Letter, NoAlert};
use servanda_report::{Duty, Owed};
use servanda_store::policy::Viewer;
use servanda_store::{Statement, Workspace, files};
use std::path::{Path, PathBuf};

/// The kind of statements on notices.
const KIND: &str = "notice";

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Write an alert (CAP 1.2) for a duty that was triggered; of status Exercise in an exercise
    Cap(Cap),
    /// Write the draft of a letter as Markdown
    Draft(Draft),
    /// Keep that a notice was sent, as an entry of the log
    Sent(Kept),
    /// Keep that a notice was received, as an entry of the log
    Received(Kept),
    /// Show what was sent and received
    List {
        /// Workspace; without it, the one that the current folder lies in
        #[arg(long, value_name = "DIR")]
        workspace: Option<PathBuf>,
    },
}

/// Which duty.
#[derive(clap::Args)]
struct Which {
    /// Name of a duty or remedy, as the agreement gives it
    norm: String,
    /// Party or body that bears it
    bearer: Option<String>,
    #[command(flatten)]
    matter: Matter,
    /// File to write; without it, standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Language of the notice: en or uk
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: String,
}

#[derive(clap::Args)]
struct Cap {
    #[command(flatten)]
    which: Which,
    /// The sender, unique in the world and without blanks, such as `desk@mission.example.org`
    #[arg(long, value_name = "NAME")]
    sender: String,
    /// The area in words
    #[arg(long, value_name = "TEXT")]
    area: Option<String>,
    /// Language of the agreement's words [default: that of --lang]
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
}

#[derive(clap::Args)]
struct Draft {
    /// `consultation`, `notification` or `reply`
    kind: String,
    #[command(flatten)]
    which: Which,
    /// Who writes
    #[arg(long, value_name = "TEXT")]
    from: String,
    /// To whom
    #[arg(long, value_name = "TEXT")]
    to: String,
    /// The record of the allegation that a reply is about
    #[arg(long, value_name = "RECORD")]
    about: Option<String>,
}

#[derive(clap::Args)]
struct Kept {
    /// The file as it was sent or as it came
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who is at the other end
    #[arg(long, value_name = "TEXT")]
    with: String,
    /// When, in the agreement's time zone
    #[arg(long, value_name = "TIME")]
    at: String,
    /// By which channel: mail, liaison officer, e-mail
    #[arg(long, value_name = "TEXT")]
    by: Option<String>,
    /// Who may see the entry
    #[arg(long, value_name = "LEVEL", default_value = "TLP:AMBER")]
    marking: String,
    /// Who says so signs in; without it, the keeper of the folder
    #[arg(long = "as", value_name = "NAME")]
    person: Option<String>,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    match &arguments.what {
        What::Cap(cap) => cap.run(session)?,
        What::Draft(draft) => draft.run(session)?,
        What::Sent(kept) => kept.run("sent", session)?,
        What::Received(kept) => kept.run("received", session)?,
        What::List { workspace } => list(workspace.as_deref(), session)?,
    }
    Ok(Answer::Yes)
}

impl Which {
    /// The duty that the words name, of a case.
    fn duty<'a>(&self, case: &'a Case) -> Result<Duty<'a>, Failure> {
        let view = case.view();
        let found: Vec<&Verdict> = view
            .find(&self.norm, self.bearer.as_deref(), None)
            .map_err(|missing| Failure::new(missing.to_string()).help("`servanda duties --all` shows all"))?;
        let all = view.duties(&Owed { all: true, ..Owed::default() });
        let mut fitting = all.into_iter().filter(|duty| found.contains(&duty.verdict));
        let first = fitting.next().ok_or_else(|| {
            Failure::new(format!("`{}` is no duty that stands at this moment", self.norm))
                .help("`servanda duties --all` shows all; a ban has no day on which something must be done")
        })?;
        if let Some(other) = fitting.next() {
            return Err(Failure::new(format!(
                "`{}` is borne by several: {} and {}",
                self.norm, first.bearer, other.bearer
            ))
            .help("name the bearer behind it"));
        }
        Ok(first)
    }

    fn lang(&self) -> Result<Lang, Failure> {
        Lang::parse(&self.lang).ok_or_else(|| {
            Failure::new(format!("there are no words for the language `{}`", self.lang))
                .help("write --lang en or uk")
        })
    }

    fn write(&self, text: &str, session: &Session) -> Result<(), Failure> {
        match &self.out {
            None => session.say(text),
            Some(path) => {
                files::write(path, text.as_bytes())?;
                session.say(&format!("`{}` is a draft: nothing was sent\n", path.display()))
            }
        }
    }
}

impl Cap {
    fn run(&self, session: &Session) -> Result<(), Failure> {
        let case = self.which.matter.load(session)?;
        let duty = self.which.duty(&case)?;
        let alert = Alert {
            sender: &self.sender,
            // By default that is now; where a case stands still, it is its own time.
            sent: case.board.question.at,
            area: self.area.as_deref(),
            language: self.language.as_deref().unwrap_or(&self.which.lang),
            lang: self.which.lang()?,
        };
        let text = notice::cap(&case.view(), &duty, &alert).map_err(|why| match why {
            NoAlert::Sender => Failure::new(format!("`{}` cannot be the sender of an alert", self.sender))
                .help("write it without blanks, commas, `<` and `&`, such as `desk@mission.example.org`"),
            NoAlert::NotOwed => Failure::new(format!(
                "`{}` of {} is {}: nobody is to be alerted",
                self.which.norm, duty.bearer, duty.state.word
            ))
            .help("ask about another moment with --at"),
        })?;
        self.which.write(&text, session)
    }
}

impl Draft {
    fn run(&self, session: &Session) -> Result<(), Failure> {
        let kind = Kind::ALL.into_iter().find(|kind| kind.word() == self.kind).ok_or_else(|| {
            Failure::new(format!("there is no letter `{}`", self.kind))
                .help("there is consultation, notification and reply")
        })?;
        let case = self.which.matter.load(session)?;
        let view = case.view();
        let duty = self.which.duty(&case)?;
        let about = match &self.about {
            None if kind == Kind::Reply => {
                return Err(Failure::new("a reply is about something that was alleged")
                    .help("name the record of the allegation: --about RECORD"));
            }
            None => None,
            Some(id) => Some(view.record(&RecordId::from(id.as_str())).ok_or_else(|| {
                Failure::new(format!("there is no record `{id}`")).help("`servanda incidents` shows them")
            })?),
        };
        let letter = Letter { kind, from: &self.from, to: &self.to, about, lang: self.which.lang()? };
        self.which.write(&notice::letter(&view, &duty, &letter), session)
    }
}

impl Kept {
    fn run(&self, what: &str, session: &Session) -> Result<(), Failure> {
        let workspace: Workspace = super::workspace(self.workspace.as_deref())?;
        let calendar = crate::intake::agreement_of(&workspace)?.calendar;
        let at = moment("--at", &self.at, &calendar, session)?;
        if at > session.now {
            return Err(Failure::new(format!("`{}` is still to come", self.at))
                .help("keep it when it was done; the clock of this machine says when that is"));
        }
        let level = Tlp::parse(&self.marking).ok_or_else(|| {
            Failure::new(format!("`{}` is no level", self.marking))
                .help(format!("the levels are {}", Tlp::ALL.map(Tlp::word).join(", ")))
        })?;
        let hash = servanda_store::sha256(&input::bytes(&self.file, input::TEXT_LIMIT)?);
        let name = self.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let store = workspace.store();
        let by = signing_in::person_or_keeper(&store, session, self.person.as_deref())?;
        let said = json!({
            "servanda": "notice/1",
            "what": what,
            "file": name,
            "sha256": hash,
            "with": self.with,
            "at": at.to_string(),
            "channel": self.by,
        });
        let statement = Statement {
            kind: Name::from(KIND),
            subject: Name::from(hash.as_str()),
            marking: Marking::of(level),
            json: said.to_string(),
        };
        let receipts = store.say(&[statement], session.now, &by)?;
        let entry = receipts.first().map_or(0, |receipt| receipt.entry);
        let direction = if what == "sent" { "to" } else { "from" };
        session.say(&format!(
            "entry {entry} of the log: `{name}` was {what}, {direction} {}, at {}; SHA-256 {hash}\n",
            self.with,
            calendar.show(at)
        ))
    }
}

fn list(workspace: Option<&Path>, session: &Session) -> Result<(), Failure> {
    let workspace = super::workspace(workspace)?;
    let calendar = crate::intake::agreement_of(&workspace)?.calendar;
    let mut out = String::new();
    for (said, by) in workspace.store().view(&Viewer::keeper()).statements(KIND)? {
        let value: Value = serde_json::from_str(&said.json).map_err(|_| {
            Failure::integrity(format!("what is said of the notice `{}` cannot be read", said.subject))
        })?;
        let word = |key: &str| value[key].as_str().unwrap_or("").to_string();
        let at = servanda_model::Instant::parse_utc(&word("at")).map_or(word("at"), |at| calendar.show(at));
        let direction = if word("what") == "sent" { "to" } else { "from" };
        let channel = value["channel"].as_str().map_or(String::new(), |channel| format!(", by {channel}"));
        out.push_str(&format!(
            "{at}  {} {direction} {}{channel}: {}  {}  (said by {by})\n",
            word("what"),
            word("with"),
            word("file"),
            word("sha256").get(..12).unwrap_or_default()
        ));
    }
    session.say(if out.is_empty() { "no notice was kept\n" } else { &out })
}
