//! The commands, one module each. A command reads its arguments, does its work and says whether the answer is yes.

mod account;
mod audit;
mod backtest;
mod backup;
mod bundle;
mod check;
mod cluster;
mod compare;
mod demo;
mod diff;
mod draft;
mod duties;
mod erase;
mod exercise;
mod explain;
mod fmt;
mod import;
mod incident;
mod key;
mod links;
mod listen;
mod log;
mod lsp;
mod mission_end;
mod new;
mod notice;
mod order;
pub mod plan;
mod read;
mod rebuild;
mod record;
mod release;
mod report;
mod restore;
mod serve;
mod signing_in;
mod status;
mod sync;
mod test;
mod translate;
mod upgrade;
mod vault;
mod why;

use crate::failure::Failure;
use crate::session::{Color, Session};
use clap::{Parser, Subcommand, ValueEnum};
use std::process::ExitCode;

/// The command line.
#[derive(Parser)]
#[command(
    name = "servanda",
    version,
    about = "Agreements must be kept: what was kept, what was broken, and how it is known.",
    after_help = "Begin with `servanda demo`, or with `servanda new DIR` for a workspace of your own.",
    max_term_width = 100
)]
pub struct Line {
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the whole on an exercise: a workspace, its board with reasons, and the page
    Demo(demo::Arguments),
    /// Make a small workspace that runs at once
    New(new::Arguments),
    /// Say all that is to be said about agreements
    Check(check::Arguments),
    /// Can a draft be enforced: who establishes each breach, how fast, what follows, who can block it
    Audit(audit::Arguments),
    /// What two versions of an agreement differ in: plain sentences, findings, verdicts on records
    Diff(diff::Arguments),
    /// Put agreements into their canonical form
    Fmt(fmt::Arguments),
    /// Put an agreement's rules into the words of another language
    Translate(translate::Arguments),
    /// Read an agreement back in plain sentences, in English or Ukrainian
    Read(read::Arguments),
    /// Serve an editor while somebody writes an agreement (Language Server Protocol)
    Lsp(lsp::Arguments),
    /// Say what a diagnostic or a refusal means and what to do about it
    Explain(explain::Arguments),
    /// Make an agreement file of a published text: every clause with its words, and what is still to be encoded
    Draft(draft::Arguments),
    /// Compare two versions of a text, or what many texts promise
    Compare(compare::Arguments),
    /// Make records of the reports of others
    Import(import::Arguments),
    /// Keep, prove and check the tamper-evident log
    Log(Box<log::Arguments>),
    /// Record one incident by hand, or an entry about one
    Record(Box<record::Arguments>),
    /// Take in what sensors report, as it comes
    Listen(listen::Arguments),
    /// Deliver an outbox
    Sync(sync::Arguments),
    /// Show everything that is on file about an incident
    Incident(incident::One),
    /// List incidents
    Incidents(incident::Many),
    /// Say which reports speak of one event: proposals, and what people rule about them
    Links(links::Arguments),
    /// Show the board: what is kept, what is broken, what is due
    Status(status::Arguments),
    /// Show why a verdict is what it is
    Why(why::Arguments),
    /// Show who owes what to whom, by when
    Duties(duties::Arguments),
    /// Draft notices for a person to send, and keep when they were sent and received
    Notice(Box<notice::Arguments>),
    /// Write a daily, spot, public, case or audit report as a document
    Report(Box<report::Arguments>),
    /// Replay a draft over a history before it is signed
    Backtest(Box<backtest::Arguments>),
    /// Promises against what came, who carries them, how a force may grow: planned and simulated figures
    Plan(Box<plan::Arguments>),
    /// Replay a history in several processes, on one machine or more
    Cluster(Box<cluster::Arguments>),
    /// Run scenarios
    Test(test::Arguments),
    /// Serve the page on this machine
    Serve(serve::Arguments),
    /// Make an exercise world: records, and what had really happened
    Exercise(exercise::Arguments),
    /// Say who may sign in, for whom, and what they may see and do
    Account(account::Arguments),
    /// Register the keys that sources sign with
    Key(key::Arguments),
    /// Make an auditor's bundle: chosen records with all that proves them, and what they may not see proven present
    Bundle(Box<bundle::Arguments>),
    /// Write what goes out: redacted for somebody, or late, coarse and counted for the public
    Release(Box<release::Arguments>),
    /// Propose and confirm orders that take two officers
    Order(order::Arguments),
    /// Destroy what a record says; the log keeps that there was one
    Erase(erase::Arguments),
    /// Keep who stands behind a pseudonym, apart from the record, for two people to open
    Vault(Box<vault::Arguments>),
    /// End a mission: close intake, fix what each party gets, hand it over
    MissionEnd(Box<mission_end::Arguments>),
    /// Copy a workspace so that it fits together, while others write
    Backup(backup::Arguments),
    /// Bring a backup back
    Restore(restore::Arguments),
    /// Make the database again of the log, or compare the two
    Rebuild(rebuild::Arguments),
    /// Bring the database of an earlier version to this one
    Upgrade(upgrade::Arguments),
}

/// The workspace that was named, or the one that the current folder lies in.
fn workspace(named: Option<&std::path::Path>) -> Result<servanda_store::Workspace, Failure> {
    Ok(match named {
        Some(root) => servanda_store::Workspace::open(root)?,
        None => servanda_store::Workspace::find(std::path::Path::new("."))?,
    })
}

/// What came of a command that ran.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Fine.
    Yes,
    /// It was asked whether something is so, and it is not.
    No,
}

/// Form of an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Human,
    /// A document for programs (docs/reference/json.md)
    Json,
}

impl Line {
    /// Runs the command.
    pub fn run(self) -> ExitCode {
        let session = Session::begin(self.color);
        match self.command.run(&session) {
            Ok(Answer::Yes) => ExitCode::SUCCESS,
            Ok(Answer::No) => ExitCode::from(1),
            Err(failure) if failure.nobody_reads => ExitCode::SUCCESS,
            Err(failure) => {
                session.note(&failure.shown(session.colour_of_errors));
                ExitCode::from(if failure.integrity { 3 } else { 2 })
            }
        }
    }
}

impl Command {
    fn run(self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Command::Demo(arguments) => demo::run(&arguments, session),
            Command::New(arguments) => new::run(&arguments, session),
            Command::Check(arguments) => check::run(&arguments, session),
            Command::Audit(arguments) => audit::run(&arguments, session),
            Command::Diff(arguments) => diff::run(&arguments, session),
            Command::Fmt(arguments) => fmt::run(&arguments, session),
            Command::Translate(arguments) => translate::run(&arguments, session),
            Command::Read(arguments) => read::run(&arguments, session),
            Command::Lsp(arguments) => lsp::run(&arguments, session),
            Command::Explain(arguments) => explain::run(&arguments, session),
            Command::Draft(arguments) => draft::run(&arguments, session),
            Command::Compare(arguments) => compare::run(&arguments, session),
            Command::Import(arguments) => import::run(&arguments, session),
            Command::Log(arguments) => log::run(*arguments, session),
            Command::Record(arguments) => record::run(&arguments, session),
            Command::Listen(arguments) => listen::run(&arguments, session),
            Command::Sync(arguments) => sync::run(&arguments, session),
            Command::Incident(arguments) => incident::one(&arguments, session),
            Command::Incidents(arguments) => incident::many(&arguments, session),
            Command::Links(arguments) => links::run(&arguments, session),
            Command::Status(arguments) => status::run(&arguments, session),
            Command::Why(arguments) => why::run(&arguments, session),
            Command::Duties(arguments) => duties::run(&arguments, session),
            Command::Notice(arguments) => notice::run(&arguments, session),
            Command::Report(arguments) => report::run(&arguments, session),
            Command::Backtest(arguments) => backtest::run(&arguments, session),
            Command::Plan(arguments) => plan::run(*arguments, session),
            Command::Cluster(arguments) => cluster::run(&arguments, session),
            Command::Test(arguments) => test::run(&arguments, session),
            Command::Serve(arguments) => serve::run(arguments, session),
            Command::Exercise(arguments) => exercise::run(&arguments, session),
            Command::Account(arguments) => account::run(&arguments, session),
            Command::Key(arguments) => key::run(&arguments, session),
            Command::Bundle(arguments) => bundle::run(&arguments, session),
            Command::Release(arguments) => release::run(&arguments, session),
            Command::Order(arguments) => order::run(&arguments, session),
            Command::Erase(arguments) => erase::run(&arguments, session),
            Command::Vault(arguments) => vault::run(&arguments, session),
            Command::MissionEnd(arguments) => mission_end::run(&arguments, session),
            Command::Backup(arguments) => backup::run(&arguments, session),
            Command::Restore(arguments) => restore::run(&arguments, session),
            Command::Rebuild(arguments) => rebuild::run(&arguments, session),
            Command::Upgrade(arguments) => upgrade::run(&arguments, session),
        }
    }
}
