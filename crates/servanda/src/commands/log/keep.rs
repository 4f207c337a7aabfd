//! Keeping a log: keys, entries, checkpoints, cosignatures.

use super::{note, policy, put, secret};
use crate::commands::Answer;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use servanda_ledger::envelope::{self, Envelope};
use servanda_ledger::leaf::{Leaf, NO_PREVIOUS, commitment};
use servanda_ledger::note::{Algorithm, SignerKey};
use servanda_ledger::tree::{Hash, sha256};
use servanda_ledger::witness::Request as Asked;
use servanda_store::files;
use servanda_store::log::Log;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Key {
    /// Its name, like `example.org/log`
    #[arg(value_name = "NAME")]
    name: String,
    /// File for the private key; it must not be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A key for cosignatures
    #[arg(long)]
    witness: bool,
}

pub fn key(arguments: &Key, session: &Session) -> Result<Answer, Failure> {
    let algorithm = if arguments.witness { Algorithm::Cosignature } else { Algorithm::Note };
    let key = new_key(&arguments.name, algorithm)?;
    files::write_secret(&arguments.out, format!("{}\n", key.secret_text()).as_bytes())?;
    session.say(&format!("{}\n", key.public()))?;
    Ok(Answer::Yes)
}

pub(super) fn new_key(name: &str, algorithm: Algorithm) -> Result<SignerKey, Failure> {
    SignerKey::new(name, algorithm, &servanda_store::random_bytes()?).map_err(|e| Failure::new(e.to_string()))
}

#[derive(clap::Args)]
pub struct Init {
    /// Folder of the log, which must not be there yet
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Its private key (`servanda log key`); its name is the log's origin
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

pub fn init(arguments: &Init, session: &Session) -> Result<Answer, Failure> {
    let key = secret(&arguments.key)?;
    let origin = key.name().to_string();
    let log = Log::create(&arguments.dir, &origin, key)?;
    session.say(&format!("made {}, the log of {origin}\n{}\n", arguments.dir.display(), log.key()))?;
    Ok(Answer::Yes)
}

#[derive(clap::Args)]
pub struct Seal {
    /// The payload
    #[arg(value_name = "FILE")]
    payload: PathBuf,
    /// The source's private key; may be given several times
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
    /// The payload's type
    #[arg(long = "type", value_name = "TYPE", default_value = envelope::STATEMENT)]
    payload_type: String,
    /// File for the envelope; without it, standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn seal(arguments: &Seal, session: &Session) -> Result<Answer, Failure> {
    // Base64 makes a third more of it.
    let payload = input::bytes(&arguments.payload, (envelope::LARGEST / 2) as u64)?;
    let mut envelope = Envelope::new(&arguments.payload_type, &payload);
    for key in &arguments.key {
        envelope.sign(&secret(key)?);
    }
    put(arguments.out.as_deref(), &format!("{}\n", envelope.to_json()), session)?;
    Ok(Answer::Yes)
}

#[derive(clap::Args)]
pub struct Add {
    /// The log
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Envelopes (`servanda log seal`); their exact bytes are committed to
    #[arg(value_name = "FILE", required = true)]
    envelopes: Vec<PathBuf>,
    /// The log's private key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Who submits
    #[arg(long = "as", value_name = "SUBMITTER")]
    submitter: String,
    /// What it is: 1 to 32 of `a` to `z` and `-`
    #[arg(long, value_name = "KIND", default_value = "record")]
    kind: String,
    /// Folder for what opens the entries, as N.envelope and N.salt, and for the receipts, N.receipt
    #[arg(long, value_name = "DIR")]
    keep: PathBuf,
}

pub fn add(arguments: &Add, session: &Session) -> Result<Answer, Failure> {
    let mut log = Log::open(&arguments.dir, Some(secret(&arguments.key)?))?;
    let (mut number, mut previous) = last(&log, &arguments.submitter)?;
    std::fs::create_dir_all(&arguments.keep)
        .map_err(|e| Failure::new(format!("cannot make `{}`: {e}", arguments.keep.display())))?;
    let first = log.size();
    let (mut leaves, mut receipts) = (Vec::new(), Vec::new());
    for (index, path) in (first..).zip(&arguments.envelopes) {
        let sealed = input::bytes(path, envelope::LARGEST as u64)?;
        Envelope::parse(&sealed).map_err(|e| {
            Failure::new(format!("`{}`: {e}", path.display())).help("`servanda log seal` makes an envelope")
        })?;
        let salt = servanda_store::random_bytes()?;
        number += 1;
        let leaf = Leaf {
            kind: arguments.kind.clone(),
            received_ms: session.now.0,
            submitter: arguments.submitter.clone(),
            number,
            previous,
            commitment: commitment(&salt, &sealed),
        };
        let bytes = leaf.to_bytes().map_err(|e| Failure::new(e.to_string()))?;
        previous = sha256(&bytes);
        let kept = |end: &str| arguments.keep.join(format!("{index}.{end}"));
        files::write(&kept("envelope"), &sealed)?;
        files::write(&kept("salt"), format!("{}\n", hex(&salt)).as_bytes())?;
        receipts.push((kept("receipt"), log.receipt(&leaf)?));
        leaves.push(bytes);
    }
    let range = log.append(&leaves, session.now.0)?;
    for (path, receipt) in receipts {
        files::write(&path, receipt.as_bytes())?;
    }
    session.say(&format!(
        "{} added, numbers {} to {} of `{}`; the log has {} entries\n",
        plural(range.end - range.start),
        number + 1 - (range.end - range.start),
        number,
        arguments.submitter,
        log.size()
    ))?;
    Ok(Answer::Yes)
}

fn plural(count: u64) -> String {
    if count == 1 { "1 entry".into() } else { format!("{count} entries") }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Number and hash of a submitter's last leaf, searched for from the end.
fn last(log: &Log, submitter: &str) -> Result<(u64, Hash), Failure> {
    let mut end = log.size();
    while end > 0 {
        let start = (end - 1) / 256 * 256;
        for bytes in log.leaves(start..end)?.iter().rev() {
            if let Some(leaf) = Leaf::from_bytes(bytes).ok().filter(|leaf| leaf.submitter == submitter) {
                return Ok((leaf.number, sha256(bytes)));
            }
        }
        end = start;
    }
    Ok((0, NO_PREVIOUS))
}

#[derive(clap::Args)]
pub struct Checkpoint {
    /// The log
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The last one that the witnesses made count, with their cosignatures
    #[arg(long)]
    witnessed: bool,
    /// File for it; without it, standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn checkpoint(arguments: &Checkpoint, session: &Session) -> Result<Answer, Failure> {
    let log = Log::open(&arguments.dir, None)?;
    put(arguments.out.as_deref(), &chosen(&log, arguments.witnessed)?, session)?;
    Ok(Answer::Yes)
}

/// The newest checkpoint, or the witnessed one.
pub(super) fn chosen(log: &Log, witnessed: bool) -> Result<String, Failure> {
    if !witnessed {
        return Ok(log.checkpoint()?);
    }
    match log.witnessed()? {
        Some((note, _)) => Ok(note.to_string()),
        None => Err(Failure::new(format!("no checkpoint of `{}` was witnessed yet", log.dir().display()))
            .help("`servanda log propose`, then `servanda log cosign`")),
    }
}

#[derive(clap::Args)]
pub struct Propose {
    /// The log
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The log's private key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

pub fn propose(arguments: &Propose, session: &Session) -> Result<Answer, Failure> {
    let mut log = Log::open(&arguments.dir, Some(secret(&arguments.key)?))?;
    let note = log.propose()?;
    session.say(&note.to_string())?;
    Ok(Answer::Yes)
}

#[derive(clap::Args)]
pub struct Request {
    /// The log
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The size that the witness cosigned last; it answers with it where another one is given
    #[arg(long, value_name = "SIZE", default_value_t = 0)]
    old: u64,
    /// File for it; without it, standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn request(arguments: &Request, session: &Session) -> Result<Answer, Failure> {
    let log = Log::open(&arguments.dir, None)?;
    put(arguments.out.as_deref(), &log.request(arguments.old)?.to_string(), session)?;
    Ok(Answer::Yes)
}

#[derive(clap::Args)]
pub struct Cosign {
    /// The log
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The log's private key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Who must have signed
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Lines of cosignatures that witnesses answered
    #[arg(long, value_name = "FILE", num_args = 1..)]
    lines: Vec<PathBuf>,
    /// Port of this machine at which a witness answers; may be given several times
    #[arg(long, value_name = "PORT")]
    at: Vec<u16>,
}

pub fn cosign(arguments: &Cosign, session: &Session) -> Result<Answer, Failure> {
    let policy = policy(&arguments.policy)?;
    let mut log = Log::open(&arguments.dir, Some(secret(&arguments.key)?))?;
    if log.proposed()?.is_none() {
        log.propose()?;
    }
    let mut met = None;
    for path in &arguments.lines {
        met = log.add_cosignatures(&input::text(path)?, &policy)?;
    }
    let mut failed = None;
    for port in &arguments.at {
        // One witness that does not answer keeps no other from being asked.
        match asked(&log, *port).and_then(|lines| Ok(log.add_cosignatures(&lines, &policy)?)) {
            Ok(now) => met = now,
            Err(e) if e.integrity => return Err(e),
            Err(e) => {
                session.note(&e.shown(session.colour_of_errors));
                failed = Some(e);
            }
        }
    }
    if arguments.lines.is_empty() && arguments.at.is_empty() {
        met = log.add_cosignatures("", &policy)?;
    }
    match met {
        Some(witnessed) => {
            let who: Vec<&str> = witnessed.cosigned.keys().map(String::as_str).collect();
            session.say(&format!(
                "the checkpoint of size {} counts: cosigned by {}\n",
                witnessed.checkpoint.size,
                if who.is_empty() { "nobody, and the policy asks nobody".into() } else { who.join(", ") }
            ))?;
            Ok(Answer::Yes)
        }
        None if failed.is_some() => Err(failed.unwrap_or_else(|| Failure::new("no witness answered"))),
        None => {
            let (note, _) = log.proposed()?.unwrap_or_else(|| unreachable!("it was proposed above"));
            let why = policy.verify(&note).err().map(|e| e.to_string()).unwrap_or_default();
            session.say(&format!("not yet: {why}\n"))?;
            Ok(Answer::No)
        }
    }
}

/// Asks a witness at a port, a second time where it says that it has seen another size.
fn asked(log: &Log, port: u16) -> Result<String, Failure> {
    let mut old = 0;
    for _ in 0..2 {
        let request: Asked = log.request(old)?;
        let (status, body) =
            servanda_server::witness::ask(port, request.to_string().as_bytes()).map_err(|e| {
                Failure::new(format!("the witness at port {port} does not answer: {e}"))
                    .help("`servanda log witness serve DIR --port N` starts one")
            })?;
        match status {
            200 => return Ok(body),
            409 => {
                old = body.trim_end().parse().map_err(|_| {
                    Failure::new(format!(
                        "the witness at port {port} says it has seen the size `{}`",
                        body.trim_end()
                    ))
                })?;
            }
            422 => {
                return Err(Failure::integrity(format!(
                    "the witness at port {port} refuses: {}",
                    body.trim_end()
                ))
                .help(
                    "this log is not the one that the witness has seen; keep both, and find out since when",
                ));
            }
            _ => {
                return Err(Failure::new(format!(
                    "the witness at port {port} answers {status}: {}",
                    body.trim_end()
                ))
                .help("`servanda log witness watch` tells a witness which logs to watch"));
            }
        }
    }
    Err(Failure::new(format!("the witness at port {port} was asked by somebody else at the same time"))
        .help("run this again"))
}

/// The note in a file, for the other commands of this folder.
pub(super) fn notes(paths: &[PathBuf]) -> Result<Vec<servanda_ledger::note::Note>, Failure> {
    paths.iter().map(|path: &PathBuf| note(path as &Path)).collect()
}
