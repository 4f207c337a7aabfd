//! `cargo xtask mutants`: one token deleted, swapped or changed, at every place of every text that the project ships as an example.
//!
//! The mutants and what must show them stand in `crates/lang/tests/mutants.rs`; the ordinary tests take a sample of them. Here all are made,
//! which takes minutes, and what was counted is printed.

use std::process::{Command, ExitCode};

pub fn run(arguments: &[String]) -> ExitCode {
    if let Some(message) = crate::unknown_option(arguments, &[]) {
        eprintln!("{message}");
        return ExitCode::from(crate::COULD_NOT_RUN);
    }
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_string());
    let status = Command::new(cargo)
        .args(["test", "-p", "servanda-lang", "--test", "mutants", "--", "--nocapture"])
        .env("SERVANDA_MUTANTS", "all")
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::from(crate::FINE),
        Ok(_) => ExitCode::from(crate::NO),
        Err(wrong) => {
            eprintln!("cargo does not run: {wrong}");
            ExitCode::from(crate::COULD_NOT_RUN)
        }
    }
}
