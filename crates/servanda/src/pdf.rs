//! The program `servanda-pdf`, which lays a report out: found beside this one or on the PATH, handed the document as JSON.
//!
//! It is a program of its own since its layout library takes longer to compile than all the rest; see `pdf/`.
//!
//! Where to start reading: [`pdf`]. Tests: `tests/cli/report.rs` of this crate, `pdf/tests/pdf.rs`.

use crate::failure::Failure;
use servanda_report::document::Checked;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const NAME: &str = "servanda-pdf";

/// A PDF needs the name of a file.
///
/// # Errors
/// None was given.
pub fn needs_a_file(out: Option<&Path>) -> Result<(), Failure> {
    match out {
        Some(_) => Ok(()),
        None => Err(Failure::new("a PDF is no text for a terminal").help("name its file with -o FILE.pdf")),
    }
}

/// The PDF of a report.
///
/// # Errors
/// The program is not there, or says what is wrong.
pub fn pdf(report: &Checked) -> Result<Vec<u8>, Failure> {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name(NAME)).filter(|p| p.is_file());
    let program = beside.unwrap_or_else(|| PathBuf::from(NAME));
    let mut child = Command::new(&program)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|wrong| match wrong.kind() {
            ErrorKind::NotFound => Failure::new(format!(
                "the program `{NAME}` is not here, and it makes the PDF"
            ))
            .help("`cargo install --path pdf` in the source of servanda builds it and puts it on the PATH")
            .help("or write --format html, which a browser prints"),
            _ => Failure::new(format!("`{}` cannot be run: {wrong}", program.display())),
        })?;
    let mut stdin = child.stdin.take();
    let json = report.json();
    // It reads all before it writes anything, so the two pipes cannot wait for each other.
    let sent = stdin.as_mut().map_or(Ok(()), |pipe| pipe.write_all(json.as_bytes()));
    drop(stdin);
    let ended = child
        .wait_with_output()
        .map_err(|wrong| Failure::new(format!("`{}` broke off: {wrong}", program.display())))?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        return Err(Failure::new(format!(
            "`{NAME}` made no PDF: {}",
            said.trim().trim_start_matches("error: ")
        )));
    }
    sent.map_err(|wrong| Failure::new(format!("`{}` did not take the report: {wrong}", program.display())))?;
    Ok(ended.stdout)
}
