//! Makes a large log to measure with: `cargo run --release -p servanda-store --example large_log -- DIR COUNT [BATCH]`.
//!
//! Entries are those of 50 submitters in turn, one a millisecond, taken in by thousands or by BATCH at once. The key is not secret. It prints the policy by
//! which the log can be checked, and what making it took.

#![allow(clippy::disallowed_methods, reason = "it measures")]

use servanda_ledger::leaf::{Leaf, NO_PREVIOUS};
use servanda_ledger::note::{Algorithm, SignerKey};
use servanda_ledger::tree::{Hash, sha256};
use servanda_store::log::Log;
use std::path::Path;
use std::time::Instant;

const SUBMITTERS: usize = 50;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (dir, count, batch) = match &arguments[..] {
        [dir, count] => (dir, count, "1000"),
        [dir, count, batch] => (dir, count, batch.as_str()),
        _ => return Err("large_log DIR COUNT [BATCH]".into()),
    };
    let (count, at_once): (u64, u64) = (count.parse()?, batch.parse()?);
    let key = SignerKey::new("ledger.example/large", Algorithm::Note, &[1; 32])?;
    let (begun, mut took) = (Instant::now(), Vec::new());
    let mut log = Log::create(Path::new(dir), key.name(), key.clone())?;
    let mut last: Vec<(u64, Hash)> = vec![(0, NO_PREVIOUS); SUBMITTERS];
    while log.size() < count {
        let mut batch = Vec::new();
        for i in log.size()..count.min(log.size() + at_once) {
            let who = i as usize % SUBMITTERS;
            let (number, previous) = last[who];
            let leaf = Leaf {
                kind: "record".into(),
                received_ms: 1_800_000_000_000 + i as i64,
                submitter: format!("submitter {who:02}"),
                number: number + 1,
                previous,
                commitment: sha256(&i.to_be_bytes()),
            };
            let bytes = leaf.to_bytes()?;
            last[who] = (number + 1, sha256(&bytes));
            batch.push(bytes);
        }
        let asked = Instant::now();
        log.append(&batch, 1_900_000_000_000)?;
        took.push(asked.elapsed());
    }
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    eprintln!(
        "{count} entries in {:.1} s; an append of {at_once} took {:.1} ms, one in a hundred {:.1} ms, the longest {:.1} ms",
        begun.elapsed().as_secs_f64(),
        at(50),
        at(99),
        at(100)
    );
    println!("log {}\nquorum none", key.public());
    Ok(())
}
