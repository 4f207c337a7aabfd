//! Every parser of bytes from outside, for libFuzzer: one program, and `SERVANDA_FUZZ=NAME` says which parser is meant.
//!
//! Never: a statement about what a parser should make of an input. A target asks that nothing panics, that what was read is
//! read again from what was written, and that what is kept stays within bounds.
//!
//! With `SERVANDA_FUZZ_SEEDS=FOLDER` it writes the target's seeds there and ends; with `SERVANDA_FUZZ=list` it prints the
//! targets' names. `cargo xtask fuzz` does both.
//!
//! Where to start reading: [`Target`], then [`evidence`] and [`ledger`].

#![no_main]

mod evidence;
mod ledger;
mod words;

use std::path::Path;
use std::sync::OnceLock;

/// One parser.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// Whole inputs, from which the search begins.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Reads an input, and panics where something is wrong with the reading.
    pub read: fn(&[u8]),
}

static MEANT: OnceLock<&'static Target> = OnceLock::new();

fn targets() -> impl Iterator<Item = &'static Target> {
    evidence::TARGETS.iter().chain(ledger::TARGETS).chain(words::TARGETS)
}

fn meant() -> &'static Target {
    MEANT.get_or_init(|| {
        let name = std::env::var("SERVANDA_FUZZ").unwrap_or_default();
        if name == "list" {
            targets().for_each(|target| println!("{}", target.name));
            std::process::exit(0);
        }
        let Some(target) = targets().find(|target| target.name == name) else {
            eprintln!("SERVANDA_FUZZ names no target: `{name}`; `SERVANDA_FUZZ=list` prints them");
            std::process::exit(2);
        };
        if let Some(folder) = std::env::var_os("SERVANDA_FUZZ_SEEDS") {
            for (n, seed) in (target.seeds)().into_iter().enumerate() {
                let path = Path::new(&folder).join(format!("seed-{n}"));
                if let Err(e) = std::fs::write(&path, seed) {
                    eprintln!("{}: {e}", path.display());
                    std::process::exit(2);
                }
            }
            std::process::exit(0);
        }
        target
    })
}

libfuzzer_sys::fuzz_target!(init: {
    meant();
}, |bytes: &[u8]| (meant().read)(bytes));
