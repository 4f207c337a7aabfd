//! `servanda log bundle`: chosen entries with all that proves them, in a folder that an auditor checks off-line.

use super::{notes_of, policy, secret};
use crate::commands::Answer;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use servanda_ledger::bundle::{self, Parts, Shown, SourceKey};
use servanda_ledger::checkpoint::Checkpoint;
use servanda_ledger::note::{Note, SignerKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::proof::Proof;
use servanda_ledger::witness::Request;
use servanda_store::files::FolderDraft;
use servanda_store::log::Log;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// The log
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The log's private key, which signs the list of files
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Who must have signed
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Numbers of the entries: `3,7-12`
    #[arg(long, value_name = "LIST")]
    entries: String,
    /// Folder with what opens entries, as N.envelope and N.salt; what is not there is withheld
    #[arg(long, value_name = "DIR")]
    opened: Option<PathBuf>,
    /// Entries that are withheld although they could be opened: `7,9-10`
    #[arg(long, value_name = "LIST", default_value = "")]
    withhold: String,
    /// What is said of withheld entries: category and authority
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
    /// The sources' keys: lines `key VKEY FROM [UNTIL]`
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Checkpoints of the past, which the bundle shows to be continued
    #[arg(long, value_name = "FILE", num_args = 1..)]
    earlier: Vec<PathBuf>,
    /// Lines on who had the material before, when and why
    #[arg(long, value_name = "FILE")]
    custody: Option<PathBuf>,
    /// Who makes the bundle, for its custody log
    #[arg(long, value_name = "NAME")]
    by: String,
    /// What for, for its custody log
    #[arg(long, value_name = "TEXT")]
    purpose: String,
    /// Folder for the bundle, which must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let policy = policy(&arguments.policy)?;
    let key = secret(&arguments.key)?;
    let log = Log::open(&arguments.dir, None)?;
    let Some((checkpoint, head)) = log.witnessed()? else {
        return Err(Failure::new(format!(
            "no checkpoint of `{}` was witnessed yet",
            arguments.dir.display()
        ))
        .help("`servanda log propose`, then `servanda log cosign`"));
    };
    let withheld = numbers(&arguments.withhold)?;
    let mut entries = BTreeMap::new();
    for index in numbers(&arguments.entries)? {
        if index >= head.size {
            return Err(late(index, head.size));
        }
        let folder = arguments.opened.as_deref().filter(|_| !withheld.contains(&index));
        let shown = match folder.map(|folder| material(folder, index)).transpose()?.flatten() {
            Some(shown) => shown,
            None => Shown::Withheld(arguments.because.clone().ok_or_else(|| {
                Failure::new(format!("entry {index} is not opened"))
                    .help("say why and by whose authority, with --because")
            })?),
        };
        entries.insert(index, shown);
    }
    let keys = match &arguments.keys {
        Some(path) => bundle::parse_keys(&input::bytes(path, 1 << 20)?)
            .map_err(|e| Failure::new(format!("`{}`: {e}", path.display())))?,
        None => Vec::new(),
    };
    let custody: Vec<String> = match &arguments.custody {
        Some(path) => input::text(path)?.lines().map(str::to_string).collect(),
        None => Vec::new(),
    };
    let opened = entries.values().filter(|shown| matches!(shown, Shown::Opened { .. })).count();
    let finished = Finished {
        log: &log,
        key: &key,
        policy,
        checkpoint,
        size: head.size,
        entries,
        keys,
        earlier: notes_of(&arguments.earlier)?,
        custody,
        by: &arguments.by,
        purpose: &arguments.purpose,
    };
    let made = finish(finished, session)?;
    made.publish(&arguments.out)?;
    session.say(&format!(
        "made {} with {} entries, {opened} opened and {} withheld, at the checkpoint of size {}\n",
        arguments.out.display(),
        made.count,
        made.count - opened,
        head.size
    ))?;
    Ok(Answer::Yes)
}

fn late(index: u64, size: u64) -> Failure {
    Failure::new(format!("entry {index} is not under the witnessed checkpoint of size {size}"))
        .help("have a newer checkpoint witnessed first")
}

/// All that a bundle is made of.
pub(in crate::commands) struct Finished<'a> {
    pub log: &'a Log,
    pub key: &'a SignerKey,
    pub policy: Policy,
    /// The witnessed checkpoint, and its size.
    pub checkpoint: Note,
    pub size: u64,
    pub entries: BTreeMap<u64, Shown>,
    pub keys: Vec<SourceKey>,
    /// Checkpoints of the past, with the files that they came from.
    pub earlier: Vec<(PathBuf, Note)>,
    pub custody: Vec<String>,
    pub by: &'a str,
    pub purpose: &'a str,
}

/// A bundle that is made and not written yet.
pub(in crate::commands) struct Made {
    files: BTreeMap<String, Vec<u8>>,
    pub count: usize,
}

/// Adds the proofs, and signs the list of files.
pub(in crate::commands) fn finish(given: Finished<'_>, session: &Session) -> Result<Made, Failure> {
    let Finished { log, key, policy, checkpoint, size, entries, keys, mut custody, .. } = given;
    policy.verify(&checkpoint).map_err(|e| Failure::integrity(format!("the witnessed checkpoint: {e}")))?;
    let mut proved = Vec::new();
    let opened = entries.values().filter(|shown| matches!(shown, Shown::Opened { .. })).count();
    for (index, shown) in entries {
        if index >= size {
            return Err(late(index, size));
        }
        let path = log.inclusion_at(index, size)?;
        let entry = log.leaves(index..index + 1)?.swap_remove(0);
        proved.push((Proof { extra: Some(entry), index, path, checkpoint: checkpoint.clone() }, shown));
    }
    let mut earlier = Vec::new();
    for (path, note) in given.earlier {
        let past = Checkpoint::signed_by(&note, log.key()).map_err(|e| super::about(&path, &e))?;
        if past.size > size || log.root_at(past.size)? != past.root {
            return Err(Failure::integrity(format!("`{}` is not of this log's past", path.display())));
        }
        let proof = log.consistency_between(past.size, size)?;
        earlier.push((note, Request { old: past.size, proof, checkpoint: checkpoint.clone() }));
    }
    custody.push(format!(
        "{}\t{}\tbundle of {} entries, {opened} opened, made\t{}",
        session.now,
        given.by,
        proved.len(),
        given.purpose
    ));
    let count = proved.len();
    let parts = Parts { policy, checkpoint, keys, entries: proved, earlier, custody, made_ms: session.now.0 };
    let files = bundle::build(&parts, key)
        .map_err(|e| Failure::new(e.to_string()).help("make several smaller bundles"))?;
    Ok(Made { files, count })
}

impl Made {
    /// Writes it into a folder that is not there yet.
    pub fn publish(&self, out: &Path) -> Result<(), Failure> {
        let draft = FolderDraft::beside(out)?;
        for (path, bytes) in &self.files {
            let place = draft.path().join(path);
            let written = match place.parent() {
                Some(folder) => std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&place, bytes)),
                None => std::fs::write(&place, bytes),
            };
            written.map_err(|e| Failure::new(format!("cannot write `{path}` of the bundle: {e}")))?;
        }
        Ok(draft.publish("manifest")?)
    }
}

/// What opens an entry, if it is there.
fn material(folder: &Path, index: u64) -> Result<Option<Shown>, Failure> {
    let envelope = folder.join(format!("{index}.envelope"));
    if !envelope.exists() {
        return Ok(None);
    }
    let salt = folder.join(format!("{index}.salt"));
    let text = input::text(&salt)?;
    let text = text.trim_end();
    let digits = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let byte = |i: usize| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok();
    let bytes: Option<Vec<u8>> = if digits { (0..32).map(byte).collect() } else { None };
    let salt = bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Failure::new(format!("`{}` is no salt: it has 64 digits", salt.display())))?;
    Ok(Some(Shown::Opened { envelope: input::bytes(&envelope, bundle::LARGEST_FILE as u64)?, salt }))
}

/// `3,7-12` as numbers.
fn numbers(list: &str) -> Result<BTreeSet<u64>, Failure> {
    let mut numbers = BTreeSet::new();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let form =
            || Failure::new(format!("`{part}` names no entries")).help("write numbers and ranges: 3,7-12");
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u64, u64) = (from.parse().map_err(|_| form())?, to.parse().map_err(|_| form())?);
        if from > to || to - from >= 100_000 {
            return Err(form());
        }
        numbers.extend(from..=to);
    }
    Ok(numbers)
}
