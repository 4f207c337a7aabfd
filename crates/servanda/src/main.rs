//! `servanda`: agreements must be kept. The command line, and with it the edge of the house: files, the clock and the
//! terminal are touched here and handed in.
//!
//! It decides no verdict and words none: `engine` decides, `report` words.
//!
//! Invariants
//! - exit code 0: fine; 1: answered, and the answer is no; 2: could not run; 3: the record's
//!   integrity failed; 101: our bug;
//! - answers go to standard output, everything about the run to standard error;
//! - every command that gives verdicts prints first the moment it speaks of and the moment it is known at;
//! - what is written is written whole or not at all.
//!
//! Where to start reading: `commands/mod.rs` for the list of commands, `matter.rs` for what a verdict is computed on.
//! Tests: `tests/` of this crate run the binary.

mod clock;
mod commands;
mod envelope;
mod failure;
mod input;
mod institution;
mod intake;
mod matter;
mod outbox;
mod pages;
mod pdf;
mod plans;
mod reach;
mod rulings;
mod serve_settings;
mod session;
mod source;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    session::report_panics();
    let line = commands::Line::parse();
    // Deeply nested text is walked by recursion; it gets room.
    let running = std::thread::Builder::new().stack_size(256 << 20).spawn(move || line.run());
    match running.map(|thread| thread.join()) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            ExitCode::from(2)
        }
    }
}
