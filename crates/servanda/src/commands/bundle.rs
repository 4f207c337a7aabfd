//! `servanda bundle`: chosen records of a workspace, as an auditor or a court gets them, in a folder that is checked off-line.
//!
//! The store says what may be opened for whom, `ledger` makes the proofs and the folder. That the bundle was made is an entry of
//! the log before the folder is there.

use super::Answer;
use super::log::bundle::{Finished, finish};
use super::log::{notes_of, policy, secret};
use super::release::audience;
use super::signing_in::person_or_keeper;
use crate::failure::Failure;
use crate::session::Session;
use servanda_ledger::bundle::Shown;
use servanda_model::Name;
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// The account that gets it: what is opened is what it may see. `public` is anybody
    #[arg(long = "for", value_name = "ACCOUNT")]
    audience: String,
    /// Records, each with all its versions; without it, and without --fact, all
    #[arg(long = "select", value_name = "ID")]
    select: Vec<String>,
    /// All records of these facts
    #[arg(long, value_name = "FACT")]
    fact: Vec<String>,
    /// Who must have signed
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// What for; it is kept in the log and in the bundle
    #[arg(long, value_name = "WORDS")]
    purpose: String,
    /// Checkpoints of the past, which the bundle shows to be continued
    #[arg(long, value_name = "FILE", num_args = 1..)]
    earlier: Vec<PathBuf>,
    /// Who prepares it signs in with this account, a releaser or the one that gets it; without it, the keeper of the folder
    #[arg(long = "as", value_name = "NAME")]
    by: Option<String>,
    /// Folder for the bundle, which must not be there yet
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let workspace = super::workspace(arguments.workspace.as_deref())?;
    let store = workspace.store();
    let policy = policy(&arguments.policy)?;
    let by = person_or_keeper(&store, session, arguments.by.as_deref())?;
    let audience = audience(&store, &arguments.audience)?;
    store.settle()?;
    let log = store.log()?;
    let Some((checkpoint, head)) = log.witnessed()? else {
        return Err(Failure::new(format!("no checkpoint of `{}` was witnessed yet", log.dir().display()))
            .help("`servanda log propose`, then `servanda log cosign`, with the key `secret/log.key` of the workspace"));
    };
    let view = store.view(&by);
    let mut choice: BTreeSet<Name> = arguments.select.iter().map(|id| Name::from(id.as_str())).collect();
    if !arguments.fact.is_empty() {
        let wanted: BTreeSet<&str> = arguments.fact.iter().map(String::as_str).collect();
        let records = view.records()?;
        choice.extend(records.into_iter().filter(|r| wanted.contains(r.fact.as_str())).map(|r| r.id));
        if choice.is_empty() {
            return Err(Failure::new(format!("there is no record of `{}`", arguments.fact.join("`, `")))
                .help("`servanda incidents` lists what is there"));
        }
    }
    let all = arguments.select.is_empty() && arguments.fact.is_empty();
    let told = view.disclose(&audience, (!all).then_some(&choice), head.size)?;
    let marked = view.records()?.into_iter().filter(|record| told.opened.contains(&record.id));
    let marked: Vec<_> = marked.collect();
    let opened = told.entries.values().filter(|shown| matches!(shown, Shown::Opened { .. })).count();
    let files = finish(
        Finished {
            log: &log,
            key: &secret(&workspace.root().join("secret").join("log.key"))?,
            policy,
            checkpoint,
            size: head.size,
            entries: told.entries,
            keys: told.keys,
            earlier: notes_of(&arguments.earlier)?,
            custody: told.custody,
            by: &by.name,
            purpose: &format!("for {}: {}", arguments.audience, arguments.purpose),
        },
        session,
    )?;
    // In the log before anybody can read it.
    store.looked_at(&audience, &format!("bundle: {}", arguments.purpose), &marked, session.now)?;
    store.settle_looks(session.now)?;
    files.publish(&arguments.out)?;
    session.say(&format!(
        "made {} for {}: {} records opened, {} withheld; {opened} of {} entries opened, at the checkpoint of size {}\n  \
         check it off-line with `servanda-auditor bundle {} --policy POLICY`; README.txt in it says how\n",
        arguments.out.display(),
        arguments.audience,
        told.opened.len(),
        told.withheld,
        files.count,
        head.size,
        arguments.out.display(),
    ))?;
    Ok(Answer::Yes)
}
