//! The program `servanda-pdf`, which lays a report out: found beside this one or on the PATH, handed the document as JSON.
//!
//! It is a program of its own since its layout library takes longer to compile than all the rest; see `pdf/`.
//!
//! What it deliberately does not do: read what it makes, or let it run for ever.
//!
//! Invariants
//! - it is given nothing but the document, on its standard input; it sees no variable but the PATH;
//! - whoever asks says how long it may take and how much it may give; when it takes or gives more it is ended.
//!
//! Where to start reading: [`pdf`].

use crate::outside::{self, Failed};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How it is called.
pub const NAME: &str = "servanda-pdf";

/// What it may take and give.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Time, after which it is ended.
    pub time: Duration,
    /// Bytes of the PDF.
    pub bytes: u64,
}

/// Why there is no PDF.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// The program is not there.
    Missing,
    /// It cannot be run, or broke off: what the system says.
    Broken(String),
    /// It made none, and said why.
    Refused(String),
    /// It took or gave too much.
    TooMuch,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Wrong::Missing => write!(f, "the program `{NAME}` is not here, and it makes the PDF"),
            Wrong::Broken(why) => write!(f, "`{NAME}` cannot be run: {why}"),
            Wrong::Refused(why) => write!(f, "`{NAME}` made no PDF: {why}"),
            Wrong::TooMuch => write!(f, "`{NAME}` took too long, or made too much, and was ended"),
        }
    }
}

/// Where the program is, if it is there.
pub fn program() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name(NAME));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path =
        std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join(NAME));
    beside.into_iter().chain(on_path).find(|file| file.is_file())
}

/// The PDF of a report, whose document is given as JSON. It blocks.
///
/// # Errors
/// The program is not there, says what is wrong, or takes more than it may.
pub fn pdf(json: &str, bounds: Bounds) -> Result<Vec<u8>, Wrong> {
    run(&program().ok_or(Wrong::Missing)?, json, bounds)
}

fn run(program: &Path, json: &str, bounds: Bounds) -> Result<Vec<u8>, Wrong> {
    let within =
        outside::Bounds { time: bounds.time, given: Some(bounds.bytes.saturating_add(1)), said: 4_000 };
    let ended = outside::run(Command::new(program).arg("-"), json.as_bytes(), &within);
    let ended = ended.map_err(|failed| match failed {
        Failed::Start(wrong) if wrong.kind() == ErrorKind::NotFound => Wrong::Missing,
        Failed::Start(wrong) | Failed::Wait(wrong) => Wrong::Broken(wrong.to_string()),
        Failed::Time => Wrong::TooMuch,
    })?;
    if ended.given.len() as u64 > bounds.bytes {
        return Err(Wrong::TooMuch);
    }
    if !ended.status.success() {
        return Err(Wrong::Refused(ended.said().trim_start_matches("error: ").to_string()));
    }
    ended.sent.map_err(|wrong| Wrong::Broken(wrong.to_string()))?;
    Ok(ended.given)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn ran(script: &str, bounds: Bounds) -> Result<Vec<u8>, Wrong> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(NAME);
        // Another thread of these tests may hold the file open for a moment while it starts a program of its own.
        std::fs::write(folder.path().join("script"), script).unwrap();
        std::fs::write(&program, "#!/bin/sh\n. \"$(dirname \"$0\")/script\"\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        for _ in 0..50 {
            match run(&program, "{\"title\":\"x\"}", bounds) {
                Err(Wrong::Broken(why)) if why.contains("busy") => {
                    std::thread::sleep(Duration::from_millis(20))
                }
                other => return other,
            }
        }
        unreachable!("the file stays busy")
    }

    const BOUNDS: Bounds = Bounds { time: Duration::from_secs(20), bytes: 1_000 };

    #[test]
    fn it_gets_the_document_and_nothing_else_and_gives_what_it_made() {
        assert_eq!(ran("cat", BOUNDS).unwrap(), b"{\"title\":\"x\"}");
        assert_eq!(ran("test -z \"$HOME$USER$CARGO\" && echo clear", BOUNDS).unwrap(), b"clear\n");
    }

    #[test]
    fn it_says_what_is_wrong() {
        assert_eq!(ran("echo 'error: no title' >&2; exit 1", BOUNDS), Err(Wrong::Refused("no title".into())));
        let none = run(Path::new("no/such/program"), "{}", BOUNDS);
        assert_eq!(none, Err(Wrong::Missing));
    }

    #[test]
    fn it_is_ended_where_it_takes_or_gives_too_much() {
        let short = Bounds { time: Duration::from_millis(300), ..BOUNDS };
        assert_eq!(ran("exec sleep 60", short), Err(Wrong::TooMuch));
        assert_eq!(ran("while :; do echo 0123456789; done", short), Err(Wrong::TooMuch));
        assert_eq!(ran("cat >/dev/null; head -c 1001 /dev/zero", BOUNDS), Err(Wrong::TooMuch));
        assert_eq!(ran("cat >/dev/null; head -c 1000 /dev/zero", BOUNDS).unwrap().len(), 1_000);
    }
}
