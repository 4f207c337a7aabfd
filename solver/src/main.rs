//! `servanda-highs`: solves a mixed-integer program that stands on its standard input; see [`servanda_highs`] for the lines.
//!
//! What it deliberately does not do: read files, the network or the environment, or write anything but the answer.

use servanda_highs::{HIGHS, Program, solve};
use std::io::{Read, Write};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: servanda-highs < PROGRAM > SOLUTION

Solves a mixed-integer program with HiGHS, as `servanda plan rotations` asks it to: lines of text on standard input, lines of
text on standard output. servanda looks for this program beside itself and on the PATH.
";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn run(mut words: impl Iterator<Item = String>) -> Result<(), String> {
    match words.next().as_deref() {
        None => {}
        Some("-h" | "--help") => {
            print!("{USAGE}");
            return Ok(());
        }
        Some("-V" | "--version") => {
            println!("servanda-highs {}, {HIGHS}", env!("CARGO_PKG_VERSION"));
            return Ok(());
        }
        Some(word) => return Err(format!("`{word}` is no option\n{USAGE}")),
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
    let found = solve(&Program::read(&text)?)?;
    std::io::stdout().write_all(found.lines().as_bytes()).map_err(|error| format!("standard output: {error}"))
}
