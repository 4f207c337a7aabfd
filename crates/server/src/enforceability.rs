//! The page on whether a draft can be enforced, from a checked text: what the analyses found, as the report takes it.
//!
//! The desk on the web and `servanda audit` ask for the same page here. What it deliberately does not do: find anything, or set a page.
//!
//! Invariants
//! - every finding is on the page, and so is what could not be decided.

use servanda_lang::Checked;
use servanda_lang::diagnostic::title;
use servanda_lang::findings::findings;
use servanda_report::document::Document;
use servanda_report::document::enforceability::{Gap, document};

/// The page. `text` is what was checked, `dated` the day that stands on it, as given.
pub fn enforceability(text: &str, checked: &Checked, dated: &str) -> Document {
    let found = findings(text, checked);
    let gaps: Vec<Gap> = found
        .findings
        .iter()
        .map(|f| Gap {
            code: f.diagnostic.code.to_string(),
            title: title(f.diagnostic.code).to_string(),
            about: f.about.clone(),
            message: f.diagnostic.message.clone(),
            accepted: f.accepted.clone(),
        })
        .collect();
    document(&checked.agreement, &gaps, &found.undecided(), dated)
}
