//! `servanda cluster`: one of several processes that share the work of a replay.
//!
//! The loss of another process reaches this one as a panic of one of Timely's threads. It ends the process at once, in
//! words and with code 2; any other panic of a worker is our bug and ends it with 101, so that nobody waits for it.

use super::Answer;
use crate::failure::Failure;
use crate::rulings;
use crate::session::Session;
use crate::{input, matter, source};
use servanda_cluster::{Hosts, Log, LostPeer, Saves, Task};
use servanda_model::{Agreement, Record};
use servanda_report::change_set::{self, Changed};
use servanda_store::{Workspace, files};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

#[derive(clap::Args)]
pub struct Arguments {
    /// Workspace; without it, the one that the current folder lies in
    #[arg(value_name = "WORKSPACE")]
    workspace: Option<PathBuf>,
    /// Agreement in place of the workspace's
    #[arg(long, value_name = "FILE")]
    agreement: Option<PathBuf>,
    /// Records in place of the workspace's; only process 0 reads any
    #[arg(long, value_name = "FILE", num_args = 1..)]
    records: Vec<PathBuf>,
    /// Mapping for --records (docs/reference/mapping.md)
    #[arg(long, value_name = "FILE", requires = "records")]
    map: Option<PathBuf>,
    /// Option of a reading; may be given several times
    #[arg(long = "reading", value_name = "NAME=OPTION")]
    readings: Vec<String>,
    /// Moment up to which it is computed [default: when the last record was recorded]
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Where process 0 writes the change set, a JSON line for each change (docs/reference/change-set.md)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    together: Together,
}

/// Who works.
#[derive(clap::Args)]
struct Together {
    /// How many processes there are
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "The cluster")]
    processes: u16,
    /// Which of them this is, from 0
    #[arg(long, value_name = "I", default_value_t = 0, help_heading = "The cluster")]
    process: u16,
    /// A line HOST:PORT for each process, on a private network: what goes between them is not encrypted
    #[arg(long, value_name = "FILE", help_heading = "The cluster")]
    hosts: Option<PathBuf>,
    /// Workers in each process, the same number in all
    #[arg(long, value_name = "W", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256), help_heading = "The cluster")]
    workers: u16,
    /// How many seconds to wait for the other processes
    #[arg(long, value_name = "SECONDS", default_value_t = 60, help_heading = "The cluster")]
    wait: u64,
    /// Folder for snapshots; a cluster that is started again goes on from the last that all workers have
    #[arg(long, value_name = "DIR", help_heading = "The cluster")]
    saves: Option<PathBuf>,
    /// Save after so many moments at which something was recorded
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "saves", help_heading = "The cluster")]
    save_every: u64,
    /// Stop before a worker's state takes more than about this: 800M, 4G
    #[arg(long, value_name = "SIZE", help_heading = "The cluster")]
    memory_limit: Option<String>,
}

impl From<servanda_cluster::Failure> for Failure {
    fn from(failure: servanda_cluster::Failure) -> Failure {
        let told = Failure::new(failure.to_string());
        match failure.remedy() {
            Some(help) => told.help(help),
            None => told,
        }
    }
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let hosts = arguments.together.hosts()?;
    let memory_limit = arguments.together.memory_limit.as_deref().map(size).transpose()?;
    let first = hosts.process() == 0;
    if first && arguments.out.is_none() {
        return Err(
            Failure::new("process 0 has nowhere to write the change set").help("name a file with --out FILE")
        );
    }
    let workspace = arguments.workspace()?;
    let path = match (&arguments.agreement, &workspace) {
        (Some(path), _) => path.clone(),
        (None, Some(workspace)) => workspace.agreement(),
        (None, None) => PathBuf::new(),
    };
    let (_, agreement) = matter::agreement(&path, session)?;
    let readings = matter::chosen(&agreement, &arguments.readings)?;
    let log = match first {
        true => Some(Arc::new(arguments.log(&agreement, &path, workspace.as_ref(), session)?)),
        false => None,
    };
    let shown: Vec<String> = (0..hosts.count()).map(|process| hosts.show(process)).collect();
    report_loss(shown);
    let agreement = Arc::new(agreement);
    let task = Task {
        agreement: agreement.clone(),
        readings,
        log,
        hosts,
        workers: arguments.together.workers.into(),
        patience: Duration::from_secs(arguments.together.wait),
        saves: arguments
            .together
            .saves
            .clone()
            .map(|folder| Saves { folder, every: arguments.together.save_every }),
        memory_limit,
        note: Arc::new(|text| eprintln!("{text}")),
    };
    let found = servanda_cluster::run(task)?;
    if let (Some(history), Some(out)) = (found, &arguments.out) {
        let mut lines = String::new();
        for row in history.rows() {
            lines.push_str(&change_set::line(&Changed {
                verdict: &row.verdict,
                known_from: row.known_from,
                known_to: row.known_to,
                cause: &row.cause,
                gone: row.gone,
            }));
        }
        files::write(out, lines.as_bytes())?;
        session.note(&format!("{} changes in `{}`", history.rows().len(), out.display()));
    }
    Ok(Answer::Yes)
}

impl Arguments {
    fn workspace(&self) -> Result<Option<Workspace>, Failure> {
        if let Some(root) = &self.workspace {
            return Ok(Some(Workspace::open(root)?));
        }
        match Workspace::find(Path::new(".")) {
            Ok(workspace) => Ok(Some(workspace)),
            Err(error) if error.is_not_found() && self.agreement.is_some() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What there is to be worked on.
    fn log(
        &self,
        agreement: &Agreement,
        path: &Path,
        workspace: Option<&Workspace>,
        session: &Session,
    ) -> Result<Log, Failure> {
        let until = self.until.as_deref();
        let until =
            until.map(|text| matter::moment("--until", text, &agreement.calendar, session)).transpose()?;
        let latest = until.unwrap_or(session.now).max(session.now);
        let records: Vec<Record> = match (workspace, self.records.as_slice()) {
            (Some(workspace), []) => rulings::counted(workspace, source::entered(workspace)?, latest)?,
            (None, []) => Vec::new(),
            (_, files) => source::loose(files, self.map.as_deref(), agreement, latest, session)?,
        };
        let places = matter::places(agreement, path, &records, session)?;
        let last = records.iter().map(|r| r.recorded).max();
        let until = until.or(last).ok_or_else(|| {
            Failure::new("there are no records").help("import some, or name files with --records FILE")
        })?;
        Ok(Log { places, records, until })
    }
}

impl Together {
    fn hosts(&self) -> Result<Hosts, Failure> {
        let (processes, process) = (usize::from(self.processes), usize::from(self.process));
        match &self.hosts {
            Some(path) => Ok(Hosts::parse(&input::text(path)?, processes, process)?),
            None if processes == 1 && process == 0 => Ok(Hosts::alone()),
            None => Err(Failure::new(format!("{processes} processes do not know where the others are"))
                .help("name a file with --hosts FILE: a line HOST:PORT for each process")),
        }
    }
}

/// A number of bytes as a person writes it.
fn size(text: &str) -> Result<u64, Failure> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => Some(0),
        "K" | "KB" | "KIB" => Some(10),
        "M" | "MB" | "MIB" => Some(20),
        "G" | "GB" | "GIB" => Some(30),
        "T" | "TB" | "TIB" => Some(40),
        _ => None,
    };
    let bytes = digits.trim().parse::<u64>().ok().zip(shift).and_then(|(n, shift)| n.checked_mul(1 << shift));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| {
        Failure::new(format!("--memory-limit {text}: this is no size")).help("write 800M or 4G")
    })
}

/// From now on the loss of a process ends this one, and so does a worker's panic.
#[allow(clippy::disallowed_methods, reason = "a worker that is no more must not leave the others waiting")]
fn report_loss(shown: Vec<String>) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current().name().unwrap_or_default().to_string();
        let what = panic.payload();
        let words =
            what.downcast_ref::<&str>().copied().or(what.downcast_ref::<String>().map(String::as_str));
        if let Some(lost) = LostPeer::of(&thread, words.unwrap_or_default()) {
            let name =
                shown.get(lost.process).cloned().unwrap_or_else(|| format!("process {}", lost.process));
            eprintln!(
                "error: {name} is gone; without it nothing can be finished\nhelp: start all processes again; with --saves they go on from the last snapshot that all have"
            );
            std::process::exit(2);
        }
        before(panic);
        if thread.starts_with("timely:") {
            std::process::exit(101);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, is) in [("800M", 800 << 20), ("4G", 4 << 30), ("512", 512), ("3 KiB", 3 << 10)] {
            assert_eq!(size(text).ok(), Some(is), "{text}");
        }
        for text in ["", "many", "4X", "-1G", "0", "99999999T"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
