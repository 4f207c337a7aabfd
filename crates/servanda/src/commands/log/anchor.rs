//! `servanda log anchor`: a checkpoint in time, by a time-stamping authority. Files only: nothing is sent.

use super::keep::chosen;
use crate::commands::Answer;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use clap::Subcommand;
use servanda_ledger::anchor::{self, Stamp};
use servanda_ledger::tree::sha256;
use servanda_store::files;
use servanda_store::log::Log;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write NAME.checkpoint and NAME.tsq, the request for a time stamp of it
    Request {
        /// The log
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The last checkpoint that the witnesses made count, in place of the newest
        #[arg(long)]
        witnessed: bool,
        /// Path and beginning of the files' names
        #[arg(long, value_name = "NAME")]
        out: PathBuf,
    },
    /// Check NAME.tsr, the authority's answer, against NAME.checkpoint and NAME.tsq
    Check {
        /// Path and beginning of the files' names
        #[arg(value_name = "NAME")]
        name: PathBuf,
        /// Certificates of the authority, PEM; its signature is checked by the program `openssl`
        #[arg(long, value_name = "FILE", required_unless_present = "unsigned")]
        authority: Option<PathBuf>,
        /// Only look whether the answer is for this checkpoint; its signature is not checked
        #[arg(long, conflicts_with = "authority")]
        unsigned: bool,
    },
}

fn named(name: &Path, end: &str) -> PathBuf {
    let mut path = OsString::from(name);
    path.push(end);
    path.into()
}

pub fn run(arguments: Arguments, session: &Session) -> Result<Answer, Failure> {
    match arguments.command {
        Command::Request { dir, witnessed, out } => {
            let checkpoint = chosen(&Log::open(&dir, None)?, witnessed)?;
            let nonce = u64::from_be_bytes(servanda_store::random_bytes()?);
            let request = anchor::request(&sha256(checkpoint.as_bytes()), nonce);
            let (kept, asked) = (named(&out, ".checkpoint"), named(&out, ".tsq"));
            files::write(&kept, checkpoint.as_bytes())?;
            files::write(&asked, &request)?;
            session.say(&format!(
                "wrote {} and {}\nsend the second to an authority, and put its answer into {}\n",
                kept.display(),
                asked.display(),
                named(&out, ".tsr").display()
            ))?;
            Ok(Answer::Yes)
        }
        Command::Check { name, authority, .. } => check(&name, authority.as_deref(), session),
    }
}

fn check(name: &Path, authority: Option<&Path>, session: &Session) -> Result<Answer, Failure> {
    let (kept, asked, answered) = (named(name, ".checkpoint"), named(name, ".tsq"), named(name, ".tsr"));
    let checkpoint = input::bytes(&kept, servanda_ledger::note::LARGEST as u64)?;
    let request = input::bytes(&asked, 4096)?;
    let answer = input::bytes(&answered, anchor::LARGEST as u64)?;
    let stamp = Stamp::read(&answer).map_err(|e| super::about(&answered, &e))?;
    if stamp.hash != sha256(&checkpoint) {
        return Err(Failure::integrity(format!(
            "`{}` is the time stamp of something else than `{}`",
            answered.display(),
            kept.display()
        )));
    }
    // The request is written in one way only, so the answer's number gives it back.
    if stamp.nonce.map(|nonce| anchor::request(&stamp.hash, nonce)) != Some(request) {
        return Err(Failure::integrity(format!(
            "`{}` does not answer `{}`: it has another number",
            answered.display(),
            asked.display()
        )));
    }
    let time = shown(&stamp.time);
    let Some(authority) = authority else {
        session.say(&format!(
            "the answer is for this checkpoint and says {time}\nwho says so was not checked: name the authority's certificates with --authority\n"
        ))?;
        return Ok(Answer::No);
    };
    let mut openssl = Process::new("openssl");
    openssl
        .args(["ts", "-verify", "-data"])
        .arg(&kept)
        .arg("-in")
        .arg(&answered)
        .arg("-CAfile")
        .arg(authority);
    let ran = openssl.stdin(Stdio::null()).output().map_err(|e| {
        Failure::new(format!("cannot run `openssl`, which checks the authority's signature: {e}"))
            .help("install it, or look only whether the answer is for this checkpoint, with --unsigned")
    })?;
    if !ran.status.success() {
        let why = String::from_utf8_lossy(&ran.stderr);
        let why: Vec<&str> = why.lines().filter(|line| line.contains("error")).collect();
        return Err(Failure::integrity(format!(
            "`{}`: the authority's signature does not hold",
            answered.display()
        ))
        .help(format!("openssl says: {}", why.join("; "))));
    }
    session.say(&format!("the checkpoint was there at {time}; the authority's signature holds\n"))?;
    Ok(Answer::Yes)
}

/// `20261129013000Z` as `2026-11-29T01:30:00Z`.
fn shown(time: &str) -> String {
    match (time.get(..14), time.get(14..)) {
        (Some(t), Some(rest)) if t.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{}-{}-{}T{}:{}:{}{rest}", &t[..4], &t[4..6], &t[6..8], &t[8..10], &t[10..12], &t[12..14])
        }
        _ => time.to_string(),
    }
}
