//! A log of many entries, made with a seed, and the time that its whole check takes: every entry hashed, every tile compared, every chain
//! of a submitter followed, the checkpoint held against the tree.
//!
//! The check is [`servanda_ledger::audit::log`], which `servanda log verify` and the auditor's program run.

use crate::measure::of_process;
use servanda_ledger::audit::{self, Asked};
use servanda_ledger::leaf::{Leaf, NO_PREVIOUS};
use servanda_ledger::note::{Algorithm, SignerKey};
use servanda_ledger::policy::Policy;
use servanda_ledger::tree::sha256;
use servanda_store::log::{Log, read_file};
use std::path::Path;
use std::time::Instant;

const ORIGIN: &str = "bench.example/log";
const SUBMITTERS: usize = 40;
/// So many entries are appended together.
const TOGETHER: u64 = 65_536;

fn key(seed: u64) -> Result<SignerKey, String> {
    let bytes = sha256(&seed.to_be_bytes());
    SignerKey::new(ORIGIN, Algorithm::Note, &bytes).map_err(|e| e.to_string())
}

/// Makes the log in a folder that is not there yet.
pub fn made(folder: &str, entries: u64, seed: u64) -> Result<Vec<u8>, String> {
    let signer = key(seed)?;
    let mut log = Log::create(Path::new(folder), ORIGIN, signer).map_err(|e| e.to_string())?;
    let mut last = vec![(0_u64, NO_PREVIOUS); SUBMITTERS];
    let mut at = 0;
    while at < entries {
        let until = (at + TOGETHER).min(entries);
        let mut leaves = Vec::new();
        for index in at..until {
            let who = (index % SUBMITTERS as u64) as usize;
            let (number, previous) = &mut last[who];
            *number += 1;
            let leaf = Leaf {
                kind: "record".to_string(),
                received_ms: 1_700_000_000_000 + i64::try_from(index).unwrap_or(i64::MAX),
                submitter: format!("post-{who}"),
                number: *number,
                previous: *previous,
                commitment: sha256(&[seed.to_be_bytes(), index.to_be_bytes()].concat()),
            };
            let bytes = leaf.to_bytes().map_err(|e| e.to_string())?;
            *previous = sha256(&bytes);
            leaves.push(bytes);
        }
        log.append(&leaves, 1_700_000_000_000).map_err(|e| e.to_string())?;
        at = until;
    }
    Ok(format!("entries {}\n", log.size()).into_bytes())
}

/// Checks the log of a folder, and says how long it took.
pub fn verified(folder: &str, seed: u64) -> Result<Vec<u8>, String> {
    let key = key(seed)?;
    let public = key.public();
    let policy =
        Policy::parse(format!("log {public}\nquorum none\n").as_bytes()).map_err(|e| e.to_string())?;
    let asked = Asked {
        policy: &policy,
        newest_witnessed: false,
        leaves: true,
        late_ms: 300_000,
        no_strangers: true,
        earlier: Vec::new(),
    };
    let begun = Instant::now();
    let report = audit::log(|path| read_file(Path::new(folder), path), &asked).map_err(|e| e.to_string())?;
    let seconds = begun.elapsed().as_secs_f64();
    if !report.findings.is_empty() || report.submitters.len() != SUBMITTERS {
        return Err(format!("the log is not whole: {:?}", report.findings));
    }
    let mut out =
        format!("verify {:.0}\nentries {}\nbytes {}\n", seconds * 1e6, report.entries, report.bytes);
    out.push_str(&of_process());
    Ok(out.into_bytes())
}
