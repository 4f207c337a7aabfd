//! `servanda log`: keep a tamper-evident log, prove what stands in it, witness it, check it.
//!
//! Files in and out; the rules are in `ledger`, the folders in `store`. Ends with 3 where something is not what it claims to be.

mod access;
mod anchor;
pub(super) mod bundle;
mod check;
mod keep;
mod policy;
mod witness;

use super::Answer;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use clap::Subcommand;
use servanda_ledger::note::{Note, SignerKey};
use servanda_ledger::policy::Policy;
use servanda_store::files;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a key: of a log or a source, or of a witness
    Key(keep::Key),
    /// Make a log without entries
    Init(keep::Init),
    /// Sign a payload: an envelope, as sources send them
    Seal(keep::Seal),
    /// Add envelopes to a log, and keep what opens them with their receipts
    Add(keep::Add),
    /// Show the newest checkpoint, or the witnessed one
    Checkpoint(keep::Checkpoint),
    /// Put the newest checkpoint before the witnesses
    Propose(keep::Propose),
    /// Write the request by which a witness is asked to cosign the proposed checkpoint
    Request(keep::Request),
    /// Add cosignatures to the proposed checkpoint: from files, or from witnesses on this machine
    Cosign(keep::Cosign),
    /// Be a witness: see that a log only grows, and sign for it
    Witness(witness::Arguments),
    /// Write the proof that an entry stands in a log
    Prove(check::Prove),
    /// Check a proof or a receipt
    Check(check::Check),
    /// Check a whole log against a policy, without trusting whoever keeps it
    Verify(check::Verify),
    /// Make or read a policy: who must have signed
    Policy(policy::Arguments),
    /// Anchor a checkpoint in time at a time-stamping authority (RFC 3161)
    Anchor(anchor::Arguments),
    /// Make an auditor's bundle of a bare log: chosen entries with all that proves them (of a workspace: `servanda bundle`)
    Bundle(bundle::Arguments),
    /// Show who looked at which marked records of a workspace, when and why
    Access(access::Arguments),
}

pub fn run(arguments: Arguments, session: &Session) -> Result<Answer, Failure> {
    match arguments.command {
        Command::Key(arguments) => keep::key(&arguments, session),
        Command::Init(arguments) => keep::init(&arguments, session),
        Command::Seal(arguments) => keep::seal(&arguments, session),
        Command::Add(arguments) => keep::add(&arguments, session),
        Command::Checkpoint(arguments) => keep::checkpoint(&arguments, session),
        Command::Propose(arguments) => keep::propose(&arguments, session),
        Command::Request(arguments) => keep::request(&arguments, session),
        Command::Cosign(arguments) => keep::cosign(&arguments, session),
        Command::Witness(arguments) => witness::run(arguments, session),
        Command::Prove(arguments) => check::prove(&arguments, session),
        Command::Check(arguments) => check::check(&arguments, session),
        Command::Verify(arguments) => check::verify(&arguments, session),
        Command::Policy(arguments) => policy::run(arguments, session),
        Command::Anchor(arguments) => anchor::run(arguments, session),
        Command::Bundle(arguments) => bundle::run(&arguments, session),
        Command::Access(arguments) => access::run(&arguments, session),
    }
}

/// Says which file a finding of `ledger` is about. Everything but the form of a file that a person wrote is a matter of integrity.
fn about(path: &Path, error: &servanda_ledger::Error) -> Failure {
    Failure::integrity(format!("`{}`: {error}", path.display()))
}

/// A private key from its file.
pub(super) fn secret(path: &Path) -> Result<SignerKey, Failure> {
    let text = input::text(path)?;
    SignerKey::parse(text.trim_end())
        .map_err(|e| Failure::new(format!("`{}`: {e}", path.display())).help("`servanda log key` makes one"))
}

/// A policy from its file: the user's text, so a slip in it is no failed integrity.
pub(super) fn policy(path: &Path) -> Result<Policy, Failure> {
    let bytes = input::bytes(path, servanda_ledger::policy::LARGEST as u64)?;
    Policy::parse(&bytes).map_err(|e| {
        Failure::new(format!("`{}`: {e}", path.display())).help("`servanda log policy both-sides` makes one")
    })
}

/// A signed note from its file.
fn note(path: &Path) -> Result<Note, Failure> {
    let bytes = input::bytes(path, servanda_ledger::note::LARGEST as u64)?;
    Note::parse(&bytes).map_err(|e| about(path, &e))
}

/// Signed notes with the files that they came from.
pub(super) fn notes_of(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Note)>, Failure> {
    paths.iter().cloned().zip(keep::notes(paths)?).map(Ok).collect()
}

/// To the file, or to standard output where none is named.
fn put(out: Option<&Path>, bytes: &str, session: &Session) -> Result<(), Failure> {
    match out {
        Some(path) => Ok(files::write(path, bytes.as_bytes())?),
        None => session.say(bytes),
    }
}

/// Seconds since 1970.
fn seconds(session: &Session) -> u64 {
    u64::try_from(session.now.0 / 1000).unwrap_or(0)
}
