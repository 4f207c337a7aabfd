//! The texts that the tests of this crate read.

#![allow(dead_code, reason = "each test file uses some of it")]

use servanda_model::Agreement;
use std::path::{Path, PathBuf};

/// A sample with every declaration, every field and every kind of expression.
pub const EVERY_CONSTRUCT: &str = include_str!("../samples/every-construct.pact.md");

/// The sample, and every `*.pact.md` under `examples/`, by name.
pub fn all() -> Vec<(String, String)> {
    let mut out = vec![("every-construct".to_string(), EVERY_CONSTRUCT.to_string())];
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten().map(|entry| entry.path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if entry.to_string_lossy().ends_with(".pact.md") {
                files.push(entry);
            }
        }
    }
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        out.push((file.file_name().unwrap_or_default().to_string_lossy().into_owned(), text));
    }
    out
}

/// The agreement without what only says where things stand in the file.
pub fn without_lines(mut agreement: Agreement) -> Agreement {
    for norm in &mut agreement.norms {
        norm.line = 0;
    }
    for clause in &mut agreement.clauses {
        clause.line = 0;
    }
    agreement
}
