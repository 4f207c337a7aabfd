//! The long search for differences between engine and reference: `cargo xtask sim --seed N --worlds M`.
//!
//! It is a program of its own, `crates/sim`, built in release, so that the house tasks stay light. What it takes stands
//! in its help; what it finds it writes under `tests/regressions/`.

use crate::tree;
use std::process::{Command, ExitCode};

pub fn run(arguments: &[String]) -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(tree::root())
        .args(["run", "--release", "--quiet", "-p", "servanda-sim", "--"])
        .args(arguments);
    match command.status() {
        Ok(status) => ExitCode::from(
            status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(crate::COULD_NOT_RUN),
        ),
        Err(error) => {
            eprintln!("cargo could not be started: {error}");
            ExitCode::from(crate::COULD_NOT_RUN)
        }
    }
}
