//! `servanda mission-end`: the steps by which a mission ends, in order, each by the people who have to take it.
//!
//! docs/guides/mission-end.md tells the whole; the rules are in the store.

use super::Answer;
use super::signing_in::person;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use servanda_ledger::note::{Note, SignerKey};
use servanda_ledger::policy::Policy;
use servanda_model::Name;
use servanda_model::record::Tlp;
use servanda_store::mission;
use servanda_store::{Store, Workspace, files};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, global = true, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum What {
    /// Say which steps are taken, and what comes next
    Status,
    /// Close intake; one officer is enough
    Freeze {
        /// Why
        #[arg(long, value_name = "WORDS")]
        why: String,
        /// Sign in with this account
        #[arg(long = "as", value_name = "NAME")]
        by: String,
    },
    /// Open intake again, by two officers
    Resume {
        /// Why
        #[arg(long, value_name = "WORDS")]
        why: String,
        /// The first officer
        #[arg(long = "as", value_name = "NAME")]
        one: String,
        /// The second officer
        #[arg(long = "and", value_name = "NAME")]
        other: String,
    },
    /// Fix in the log what each party gets, by two officers: the last entry before the last checkpoint
    Close {
        /// A party and the level up to which it gets records: `North=TLP:AMBER`; once for each party
        #[arg(long = "to", value_name = "PARTY=LEVEL", required = true)]
        parties: Vec<String>,
        /// Say everywhere that it is an exercise
        #[arg(long)]
        exercise: bool,
        /// The first officer
        #[arg(long = "as", value_name = "NAME")]
        one: String,
        /// The second officer
        #[arg(long = "and", value_name = "NAME")]
        other: String,
    },
    /// Make a folder for each party, and the statement of what was handed to whom, destroyed, and stays sealed
    HandOver {
        /// Who must have cosigned the last checkpoint
        #[arg(long, value_name = "FILE")]
        policy: PathBuf,
        /// Folder to make
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Who keeps the keys and the sealed regions that are left
        #[arg(long, value_name = "WORDS")]
        keys_with: String,
    },
    /// Sign a statement with a key of one's own, after having read it
    Sign {
        /// The statement
        #[arg(value_name = "NOTE")]
        note: PathBuf,
        /// The private key: `servanda key new` makes one
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Check what a party was handed: the statement, and every record against the log
    Check {
        /// The party's folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    match &arguments.what {
        What::Sign { note, key } => return sign(note, key, session),
        What::Check { folder } => return check(folder, session),
        _ => {}
    }
    let workspace = super::workspace(arguments.workspace.as_deref())?;
    let store = workspace.store();
    let now = session.now;
    match &arguments.what {
        What::Sign { .. } | What::Check { .. } => {}
        What::Status => return status(&workspace, &store, session),
        What::Freeze { why, by } => {
            let by = person(&store, session, by)?;
            let receipt = store.freeze(why, now, &by)?;
            session.say(&format!("intake is closed by entry {} of the log\n", receipt.entry))?;
        }
        What::Resume { why, one, other } => {
            let (one, other) = (person(&store, session, one)?, person(&store, session, other)?);
            let receipt = store.resume(why, now, [&one, &other])?;
            session.say(&format!("intake is open again by entry {} of the log\n", receipt.entry))?;
        }
        What::Close { parties, exercise, one, other } => {
            let parties = parties.iter().map(|given| party(given)).collect::<Result<BTreeMap<_, _>, _>>()?;
            let (one, other) = (person(&store, session, one)?, person(&store, session, other)?);
            let regions = workspace.vault(&store)?.regions(now)?;
            let receipt = store.close(&parties, &regions, *exercise, now, [&one, &other])?;
            session.say(&format!(
                "closed by entry {} of the log, which has to be the last\n  next: both sides cosign the checkpoint (`servanda log propose`, \
                 `servanda log cosign`)\n",
                receipt.entry
            ))?;
        }
        What::HandOver { policy, out, keys_with } => {
            let text = hand_over(&store, policy, out, keys_with, session)?;
            session.say(&text)?;
            session.note(&format!(
                "note: written to {}; each who takes part reads it and signs it: `servanda mission-end sign`",
                out.display()
            ));
        }
    }
    Ok(Answer::Yes)
}

fn party(given: &str) -> Result<(Name, Tlp), Failure> {
    let form = || {
        Failure::new(format!("`{given}` names no party with a level"))
            .help(format!("write `PARTY=LEVEL`; the levels are {}", Tlp::ALL.map(Tlp::word).join(", ")))
    };
    let (name, level) = given.split_once('=').ok_or_else(form)?;
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(form());
    }
    Ok((Name::from(name), Tlp::parse(level).ok_or_else(form)?))
}

/// A checkpoint that counts by the policy and covers all.
fn final_checkpoint(store: &Store, policy: &Policy) -> Result<servanda_ledger::policy::Witnessed, Failure> {
    let log = store.log()?;
    let cosign = "let both sides cosign it: `servanda log propose`, then `servanda log cosign`";
    let Some((note, checkpoint)) = log.witnessed()? else {
        return Err(Failure::new("no checkpoint was cosigned yet").help(cosign));
    };
    if (checkpoint.size, checkpoint.root) != (log.size(), log.root()) {
        return Err(Failure::new(format!(
            "the cosigned checkpoint covers {} entries, and the log has {}",
            checkpoint.size,
            log.size()
        ))
        .help(cosign));
    }
    policy.verify(&note).map_err(|e| Failure::integrity(format!("the cosigned checkpoint: {e}")))
}

fn hand_over(
    store: &Store,
    policy: &Path,
    out: &Path,
    keys_with: &str,
    session: &Session,
) -> Result<String, Failure> {
    let bytes = input::bytes(policy, servanda_ledger::policy::LARGEST as u64)?;
    let rule = Policy::parse(&bytes).map_err(|e| {
        Failure::new(format!("`{}`: {e}", policy.display()))
            .help("`servanda log policy both-sides` makes one")
    })?;
    let witnessed = final_checkpoint(store, &rule)?;
    let names = witnessed.cosigned.keys().cloned().collect();
    Ok(mission::replicate(store, out, &bytes, &names, keys_with, session.now)?)
}

fn sign(path: &Path, key: &Path, session: &Session) -> Result<Answer, Failure> {
    let bytes = input::bytes(path, servanda_ledger::note::LARGEST as u64)?;
    let mut note =
        Note::parse(&bytes).map_err(|e| Failure::integrity(format!("`{}`: {e}", path.display())))?;
    let key = SignerKey::parse(input::text(key)?.trim_end()).map_err(|e| {
        Failure::new(format!("`{}`: {e}", key.display())).help("`servanda key new` makes one")
    })?;
    if !note.text().starts_with("servanda hand-over v1") {
        return Err(Failure::new(format!("`{}` is no statement of a hand-over", path.display()))
            .help("`servanda mission-end hand-over` makes one"));
    }
    if note.signatures().iter().any(|signature| signature.name == key.name()) {
        return Err(Failure::new(format!("`{}` has signed it already", key.name())));
    }
    note.sign(&key, 0);
    files::write(path, note.to_string().as_bytes())?;
    session.say(&format!("signed as `{}`; anybody checks it with {}\n", key.name(), key.public()))?;
    Ok(Answer::Yes)
}

fn check(folder: &Path, session: &Session) -> Result<Answer, Failure> {
    let checked = mission::check_replica(folder)?;
    let mut out = format!(
        "{} records open their entries in the log, {} are withheld and stand in it; {} entries\n",
        checked.shown, checked.withheld, checked.entries
    );
    let _ = writeln!(
        out,
        "signatures that name somebody beside the log, not checked here: {}",
        if checked.signed.is_empty() { "none".to_string() } else { checked.signed.join(", ") }
    );
    session.say(&out)?;
    session.note(
        "note: that the log is whole and cosigned by both sides is said by `servanda-auditor log DIR/log --policy FILE`, with a policy of \
         your own",
    );
    Ok(Answer::Yes)
}

fn status(workspace: &Workspace, store: &Store, session: &Session) -> Result<Answer, Failure> {
    let ending = store.ending()?;
    let regions = workspace.vault(store)?.regions(session.now)?;
    let open: Vec<&str> = regions
        .iter()
        .filter(|region| !region.sealed && !region.wiped)
        .map(|region| region.name.as_str())
        .collect();
    let log = store.log()?;
    let closed = ending.closing.as_ref().is_some_and(|(entry, _)| entry + 1 == log.size());
    let witnessed = log.witnessed()?.is_some_and(|(_, checkpoint)| checkpoint.size == log.size());
    let steps = [
        (ending.frozen, "intake is closed", "servanda mission-end freeze --as NAME --why WORDS"),
        (
            open.is_empty(),
            "every region of the vault is sealed or wiped",
            "servanda vault seal REGION, or servanda vault propose wipe REGION",
        ),
        (
            closed,
            "what each party gets is the last entry of the log",
            "servanda mission-end close --to PARTY=LEVEL --as NAME --and NAME",
        ),
        (
            closed && witnessed,
            "the last checkpoint was cosigned",
            "servanda log propose; servanda log cosign",
        ),
    ];
    let mut out = String::new();
    for (done, what, _) in steps {
        let _ = writeln!(out, "{}  {what}", if done { "done" } else { "open" });
    }
    let next = steps.iter().find(|(done, _, _)| !done).map_or(
        "servanda mission-end hand-over --policy FILE --out DIR --keys-with WORDS",
        |(_, _, next)| next,
    );
    let _ = writeln!(out, "next: {next}");
    session.say(&out)?;
    Ok(if steps.iter().all(|(done, _, _)| *done) { Answer::Yes } else { Answer::No })
}
