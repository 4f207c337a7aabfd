//! `servanda-pdf`: sets a report that `servanda report --format json` wrote as PDF.
//!
//! What it deliberately does not do: read records, an agreement, the clock or the network, or take a document whose headline is not
//! the sum of its tables.
//!
//! Where to start reading: [`servanda_pdf::pdf`]. Tests: `tests/pdf.rs`.

use servanda_report::document::Document;
use std::io::{Read, Write};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: servanda-pdf REPORT.json [-o OUT.pdf]

Sets a report as PDF (PDF/UA-1, tagged). REPORT.json is what `servanda report ... --format json` writes;
`-` reads standard input. Without -o the PDF goes to standard output.

servanda looks for this program beside itself and on the PATH when asked for `report --format pdf`.
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
    let (mut from, mut to) = (None, None);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-h" | "--help" => {
                print!("{USAGE}");
                return Ok(());
            }
            "-V" | "--version" => {
                println!("servanda-pdf {}", env!("CARGO_PKG_VERSION"));
                return Ok(());
            }
            "-o" | "--out" => to = Some(words.next().ok_or("-o needs the name of a file")?),
            option if option.starts_with('-') && option != "-" => {
                return Err(format!("`{option}` is no option\n{USAGE}"));
            }
            _ if from.is_none() => from = Some(word),
            _ => return Err(format!("one report at a time; `{word}` is too many\n{USAGE}")),
        }
    }
    let from = from.ok_or(format!("which report?\n{USAGE}"))?;
    let mut text = String::new();
    if from == "-" {
        std::io::stdin().read_to_string(&mut text).map_err(|e| format!("standard input: {e}"))?;
    } else {
        text = std::fs::read_to_string(&from).map_err(|e| format!("`{from}`: {e}"))?;
    }
    let document: Document = serde_json::from_str(&text).map_err(|e| {
        format!("`{from}` is no report: {e}\nhelp: make one with `servanda report daily --format json`")
    })?;
    if document.schema != "report/1" {
        return Err(format!(
            "`{from}` has the schema `{}`, this program knows `report/1`\nhelp: take both programs from one release",
            document.schema
        ));
    }
    let checked = document.checked().map_err(|wrong| format!("`{from}`: {wrong}"))?;
    let bytes = servanda_pdf::pdf(&checked)?;
    match to {
        Some(path) => std::fs::write(&path, bytes).map_err(|e| format!("`{path}`: {e}")),
        None => std::io::stdout().write_all(&bytes).map_err(|e| format!("standard output: {e}")),
    }
}
