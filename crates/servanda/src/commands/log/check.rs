//! Proving an entry, and checking a proof, a receipt, a whole log: off-line, against a policy of one's own.

use super::keep::notes;
use super::{about, policy, put};
use crate::commands::Answer;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use servanda_ledger::audit::{self, Asked};
use servanda_ledger::leaf::Leaf;
use servanda_ledger::policy::Policy;
use servanda_ledger::proof::Proof;
use servanda_ledger::receipt::Receipt;
use servanda_ledger::tree::leaf_hash;
use servanda_model::Instant;
use servanda_store::log::{Log, read_file};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Prove {
    /// The log
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The entry's number, from 0
    #[arg(value_name = "N")]
    index: u64,
    /// File for the proof; without it, standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn prove(arguments: &Prove, session: &Session) -> Result<Answer, Failure> {
    let log = Log::open(&arguments.dir, None)?;
    put(arguments.out.as_deref(), &log.proof(arguments.index)?.to_string(), session)?;
    Ok(Answer::Yes)
}

#[derive(clap::Args)]
pub struct Check {
    /// A proof (`servanda log prove`) or a receipt
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who must have signed
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The entry that is to stand there, where the proof does not hold it
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    /// A receipt for the same entry, which the proof must redeem
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

pub fn check(arguments: &Check, session: &Session) -> Result<Answer, Failure> {
    let policy = policy(&arguments.policy)?;
    let bytes = input::bytes(&arguments.file, servanda_ledger::proof::LARGEST as u64)?;
    if bytes.starts_with(b"servanda receipt") {
        let receipt = receipt(&arguments.file, &policy)?;
        session.say(&format!(
            "the receipt is right: {} took in number {} of `{}` at {}\nit promises the entry; a proof shows that it stands in the log\n",
            receipt.origin,
            receipt.number,
            receipt.submitter,
            Instant(receipt.received_ms)
        ))?;
        return Ok(Answer::Yes);
    }
    let proof = Proof::parse(&bytes).map_err(|e| about(&arguments.file, &e))?;
    let entry = match (&arguments.entry, &proof.extra) {
        (Some(path), _) => input::bytes(path, servanda_ledger::tile::LONGEST_ENTRY as u64)?,
        (None, Some(entry)) => entry.clone(),
        (None, None) => {
            return Err(Failure::new(format!("`{}` does not hold the entry", arguments.file.display()))
                .help("name the file that it is in with --entry"));
        }
    };
    let witnessed = proof.verify(&entry, &policy).map_err(|e| about(&arguments.file, &e))?;
    let mut told = format!(
        "entry {} stands in {}, which has {} entries\n",
        proof.index, witnessed.checkpoint.origin, witnessed.checkpoint.size
    );
    told.push_str(&cosigned(&witnessed));
    if let Ok(leaf) = Leaf::from_bytes(&entry) {
        told.push_str(&format!(
            "{}, number {} of `{}`, received {}\n",
            leaf.kind,
            leaf.number,
            leaf.submitter,
            Instant(leaf.received_ms)
        ));
    }
    if let Some(path) = &arguments.receipt {
        let receipt = receipt(path, &policy)?;
        if receipt.leaf != leaf_hash(&entry) || receipt.origin != witnessed.checkpoint.origin {
            return Err(Failure::integrity(format!("`{}` is a receipt for another entry", path.display()))
                .help(
                    "if the log cannot prove the entry of a receipt, the receipt is the proof against it",
                ));
        }
        told.push_str("it redeems the receipt\n");
    }
    session.say(&told)?;
    Ok(Answer::Yes)
}

fn receipt(path: &Path, policy: &Policy) -> Result<Receipt, Failure> {
    let bytes = input::bytes(path, servanda_ledger::note::LARGEST as u64)?;
    let mut why = None;
    for log in policy.logs() {
        match Receipt::verify(&bytes, log) {
            Ok(receipt) => return Ok(receipt),
            Err(e) => why = Some(e),
        }
    }
    Err(match why {
        Some(e) => about(path, &e),
        None => Failure::new("the policy knows no log"),
    })
}

fn cosigned(witnessed: &servanda_ledger::policy::Witnessed) -> String {
    if witnessed.cosigned.is_empty() {
        return "no witness has cosigned it, and the policy asks for none\n".into();
    }
    let line = |(name, time_s): (&String, &u64)| {
        let when =
            i64::try_from(*time_s).ok().and_then(|s| s.checked_mul(1000)).map_or(Instant::MAX, Instant);
        format!("cosigned by {name} at {when}\n")
    };
    witnessed.cosigned.iter().map(line).collect()
}

#[derive(clap::Args)]
pub struct Verify {
    /// The log, or a copy of its folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Who must have signed; a policy of your own, not one that came with the log
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// A checkpoint that you kept: it must be of this log's past; may be given several times
    #[arg(long, value_name = "FILE", num_args = 1..)]
    earlier: Vec<PathBuf>,
    /// The newest checkpoint must be witnessed, too, and not only the one that the log calls witnessed
    #[arg(long)]
    newest_witnessed: bool,
    /// A signature by a key that the policy does not know is a finding
    #[arg(long)]
    no_strangers: bool,
    /// Entries may be any bytes: numbers, chains and times are not checked
    #[arg(long)]
    any_entries: bool,
    /// How many seconds an entry's time may lie before its neighbours' and before what the witnesses saw
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    late: u32,
}

pub fn verify(arguments: &Verify, session: &Session) -> Result<Answer, Failure> {
    let policy = policy(&arguments.policy)?;
    let asked = Asked {
        policy: &policy,
        newest_witnessed: arguments.newest_witnessed,
        leaves: !arguments.any_entries,
        late_ms: i64::from(arguments.late) * 1000,
        no_strangers: arguments.no_strangers,
        earlier: notes(&arguments.earlier)?,
    };
    if !arguments.dir.is_dir() {
        return Err(Failure::new(format!("`{}` is no folder", arguments.dir.display()))
            .help("name the folder of a log, or of a copy of it"));
    }
    let working = session.working("checking the log");
    let mut read = 0_u64;
    let report = audit::log(
        |path| {
            read += 1;
            if read.is_multiple_of(1000) {
                working.at(&format!("checking the log: {read} files"));
            }
            read_file(&arguments.dir, path)
        },
        &asked,
    )?;
    drop(working);
    for finding in &report.findings {
        session.note(&format!("finding {finding}"));
    }
    if report.more > 0 {
        session.note(&format!("and {} more", report.more));
    }
    let mut told = format!("{} entries, {} bytes", report.entries, report.bytes);
    if asked.leaves {
        told.push_str(&format!(", {} submitters without a gap", report.submitters.len()));
        for (kind, count) in &report.kinds {
            told.push_str(&format!("\n  {count} {kind}"));
        }
    }
    told.push('\n');
    match &report.witnessed {
        Some(witnessed) => {
            told.push_str(&format!("the checkpoint of size {} counts\n", witnessed.checkpoint.size));
            told.push_str(&cosigned(witnessed));
        }
        None => told.push_str("no checkpoint counts: the log has signed it, and the policy asks for more\n"),
    }
    if !report.findings.is_empty() {
        return Err(Failure::integrity(format!(
            "`{}` is not what it claims to be: {} findings",
            arguments.dir.display(),
            report.findings.len() as u64 + report.more
        ))
        .help("keep the folder as it is, for it is evidence"));
    }
    session.say(&told)?;
    match report.witnessed {
        Some(_) => Ok(Answer::Yes),
        None => Ok(Answer::No),
    }
}
