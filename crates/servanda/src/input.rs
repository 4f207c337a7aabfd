//! Files in: read whole, within a limit, with an error that a person can act on.

use crate::failure::Failure;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// No agreement or scenario is longer.
pub const TEXT_LIMIT: u64 = 16 << 20;
/// No source of records is longer.
pub const DATA_LIMIT: u64 = 1 << 30;

/// A file's bytes.
pub fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let failed = |e: std::io::Error| {
        let failure = Failure::new(format!("cannot read `{shown}`: {}", reason(&e)));
        match e.kind() {
            std::io::ErrorKind::NotFound => {
                failure.help("look at the spelling, and at the folder that you are in")
            }
            std::io::ErrorKind::PermissionDenied => failure.help("ask its owner for the right to read it"),
            _ => failure,
        }
    };
    let file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if about.is_dir() {
        return Err(Failure::new(format!("cannot read `{shown}`: it is a folder")).help("name a file in it"));
    }
    let too_long = || {
        let limit = limit >> 20;
        Failure::new(format!("cannot read `{shown}`: it is longer than {limit} MB"))
            .help("is it the right file? If it is, split it")
    };
    if about.len() > limit {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit { Err(too_long()) } else { Ok(bytes) }
}

/// A text of people: UTF-8, without its byte order mark, and no binary.
pub fn text(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let bytes = bytes(path, TEXT_LIMIT)?;
    if bytes.contains(&0) {
        return Err(Failure::new(format!("`{shown}` is no text: it has bytes that no text has"))
            .help("is it the right file? An agreement is a Markdown file, saved as UTF-8"));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        let good = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = good.iter().filter(|b| **b == b'\n').count() + 1;
        Failure::new(format!("`{shown}`, line {line}: a letter is not written in UTF-8"))
            .help("save the file as UTF-8 in your editor")
    })?;
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), String::from))
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "that is not allowed".into(),
        _ => error.to_string(),
    }
}

/// The files that lie in a folder itself, in order.
pub fn files_of(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |e| {
        Failure::new(format!("cannot read `{}`: {}", folder.display(), reason(&e)))
            .help("name a folder with files")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// The files that are named, and those in the folders that are named whose names end so, in order.
pub fn found(named: &[PathBuf], ending: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in named {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        walk(path, ending, &mut found)?;
        if found.len() == before {
            return Err(Failure::new(format!("there is no file *{ending} in `{}`", path.display()))
                .help("name a file, or another folder"));
        }
    }
    Ok(found)
}

fn walk(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |e| Failure::new(format!("cannot read `{}`: {}", folder.display(), reason(&e)));
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        entries.push((entry.path(), entry.file_type().map_err(failed)?));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, kind) in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') {
            continue;
        }
        // A link to a folder is not followed: it may lead round in a circle.
        if kind.is_dir() {
            walk(&path, ending, found)?;
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    Ok(())
}
