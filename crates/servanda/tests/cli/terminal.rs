//! Runs the binary as a person would, and says what came of it.

use std::path::Path;
use std::process::{Command, Stdio};

/// What came of a run.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs `servanda` in a folder. The host's zone and settings must not matter, so they are odd here.
pub fn servanda(folder: &Path, line: &[&str]) -> Ran {
    let ran = command(folder, line).output().expect("the binary runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("words are UTF-8");
    Ran { code: ran.status.code().unwrap_or(-1), out: text(ran.stdout), err: text(ran.stderr) }
}

/// The command, for tests that need a running process.
pub fn command(folder: &Path, line: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_servanda"));
    command.current_dir(folder).args(line).stdin(Stdio::null());
    command.env("TZ", "Pacific/Chatham").env("LANG", "C").env_remove("NO_COLOR");
    command
}

impl Ran {
    /// The exit code, with all that was said where it is another.
    #[track_caller]
    pub fn ends_with(&self, code: i32) -> &Ran {
        assert_eq!(self.code, code, "\n--- out\n{}\n--- err\n{}", self.out, self.err);
        assert!(!self.err.contains("bug:"), "{}", self.err);
        self
    }

    /// Standard output holds all of these.
    #[track_caller]
    pub fn says(&self, words: &[&str]) -> &Ran {
        for word in words {
            assert!(self.out.contains(word), "no {word:?} in\n{}\n--- err\n{}", self.out, self.err);
        }
        self
    }

    /// Standard error holds all of these.
    #[track_caller]
    pub fn complains(&self, words: &[&str]) -> &Ran {
        for word in words {
            assert!(self.err.contains(word), "no {word:?} in\n{}\n--- out\n{}", self.err, self.out);
        }
        self
    }
}

/// Names of everything below a folder, for tests that nothing was half-written.
pub fn everything_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
            }
            found.push(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}
