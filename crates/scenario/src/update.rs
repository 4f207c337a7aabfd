//! Writes what the engine says into the `expect` lines of a scenario file, and changes no other byte.
//!
//! It is a tool for a person who then reads the difference as one would read a change of the law. It does not touch
//! lines that cannot be read, and refuses everything under `tests/agreed`.

use crate::run::Prepared;
use crate::{Document, World, is_agreed};

/// The file's text with those `expect` lines rewritten that do not hold. A remark after an expectation stays.
///
/// # Errors
/// The path lies under `tests/agreed`.
pub fn update(document: &Document, path: &str, world: &dyn World) -> Result<String, String> {
    if is_agreed(path) {
        return Err(format!(
            "`{path}` lies under tests/agreed: its expectations are written by hand from the words of a text, and no tool \
             rewrites them"
        ));
    }
    let mut changes: Vec<(usize, usize, String)> = Vec::new();
    for scenario in &document.scenarios {
        let Ok(mut prepared) = Prepared::new(document, scenario, world) else { continue };
        for index in 0..prepared.expectations.len() {
            let Some(lines) = prepared.rewritten(index) else { continue };
            let expectation = &prepared.expectations[index];
            let text = &expectation.line.text;
            let indent = text.len() - text.trim_start().len();
            let start = expectation.line.start;
            let rest = &document.text[start + text.len()..];
            let line_end = if rest.starts_with("\r\n") { "\r\n" } else { "\n" };
            let joined = lines.join(&format!("{line_end}{}", &text[..indent]));
            changes.push((start + indent, start + expectation.end, joined));
        }
    }
    changes.sort();
    let mut out = String::with_capacity(document.text.len());
    let mut at = 0;
    for (start, end, text) in changes {
        out.push_str(&document.text[at..start]);
        out.push_str(&text);
        at = end;
    }
    out.push_str(&document.text[at..]);
    Ok(out)
}
