//! A report as a PDF, by the program `servanda-pdf`: what is said where it cannot be made.
//!
//! Where to start reading: [`pdf`]. Tests: `tests/cli/report.rs` of this crate, `pdf/tests/pdf.rs`.

use crate::failure::Failure;
use servanda_report::document::Checked;
use servanda_server::pdf::{Bounds, Wrong};
use std::path::Path;
use std::time::Duration;

/// Whoever sits before it can end it.
const BOUNDS: Bounds = Bounds { time: Duration::from_secs(3_600), bytes: 1 << 30 };

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
    servanda_server::pdf::pdf(&report.json(), BOUNDS).map_err(|wrong| {
        let failure = Failure::new(wrong.to_string());
        match wrong {
            Wrong::Missing => failure
                .help(
                    "`cargo install --path pdf` in the source of servanda builds it and puts it on the PATH",
                )
                .help("or write --format html, which a browser prints"),
            Wrong::Broken(_) | Wrong::Refused(_) | Wrong::TooMuch => failure,
        }
    })
}
