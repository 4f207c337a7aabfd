//! A program of the operator's that looks into each file before it is taken: a virus scanner, as a rule.
//!
//! What it deliberately does not do: know what a virus is, start a shell, take a file that nobody could look into, look at what was
//! taken before.
//!
//! Invariants
//! - the program is given the bytes on standard input, its own arguments and nothing else of this server: no environment but `PATH`, no
//!   path of a file;
//! - it ends with 0 and the file is taken, with 1 and it is refused; whatever else happens, the file is not taken now, and the log of
//!   the server says what happened;
//! - it has a time, and is ended when that is over.
//!
//! Where to start reading: [`Scanner::look`].

use crate::Problem;
use crate::outside::{self, Bounds, Failed};
use axum::http::StatusCode;
use std::process::Command;
use std::time::Duration;

/// So long a scanner may look at a file.
const TIME: Duration = Duration::from_secs(60);
/// So much of what it says goes to the log of the server, in bytes.
const SAID: u64 = 500;

/// A program that looks into files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scanner {
    /// The program: a path, or a name that is looked for as `PATH` says.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl Scanner {
    /// Looks into a file; it blocks.
    ///
    /// # Errors
    /// `refused-by-scanner` (422) where the program ends with 1; `not-scanned` (503) where it cannot be started, ends otherwise, does not
    /// read the file to its end, or takes longer than a minute.
    pub fn look(&self, bytes: &[u8]) -> Result<(), Problem> {
        self.look_within(bytes, TIME)
    }

    fn look_within(&self, bytes: &[u8], time: Duration) -> Result<(), Problem> {
        match self.ran(bytes, time) {
            Ok(0) => Ok(()),
            Ok(1) => {
                eprintln!("scan: `{}` refused a file of {} bytes", self.program, bytes.len());
                let message = "the scanner of this server refuses this file, and nothing of it was kept; have the device looked \
                               at that it came from";
                Err(Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "refused-by-scanner", message))
            }
            Ok(code) => Err(self.not_now(&format!("ended with {code}"))),
            Err(why) => Err(self.not_now(&why)),
        }
    }

    fn not_now(&self, why: &str) -> Problem {
        eprintln!("error: the scanner `{}` {why}; the file was not taken", self.program);
        let message =
            "the scanner of this server cannot look at files just now, so none is taken; send it again later";
        Problem::with(StatusCode::SERVICE_UNAVAILABLE, "not-scanned", message).retry(60)
    }

    fn ran(&self, bytes: &[u8], time: Duration) -> Result<i32, String> {
        let bounds = Bounds { time, given: None, said: SAID };
        let ended = outside::run(Command::new(&self.program).args(&self.arguments), bytes, &bounds);
        let ended = ended.map_err(|failed| match failed {
            Failed::Start(e) => format!("cannot be started: {e}"),
            Failed::Time => format!("took longer than {} s", time.as_secs()),
            Failed::Wait(e) => format!("cannot be waited for: {e}"),
        })?;
        let code = ended.status.code().ok_or("was ended by a signal")?;
        if code > 1 {
            return Err(format!("ended with {code} and says {:?}", ended.said()));
        }
        // Who refuses need not read on; who has nothing against a file has to have seen all of it.
        match ended.sent {
            Err(e) if code == 0 => Err(format!("did not read the file to its end: {e}")),
            _ => Ok(code),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str) -> Scanner {
        Scanner { program: "sh".into(), arguments: vec!["-c".into(), script.into()] }
    }

    fn code(looked: Result<(), Problem>) -> &'static str {
        looked.map_or_else(|problem| problem.code(), |()| "taken")
    }

    #[test]
    fn a_file_is_taken_refused_or_not_taken_now() {
        let marked = sh("if grep -q MARK; then exit 1; fi; exit 0");
        assert_eq!(code(marked.look(b"a photo")), "taken");
        assert_eq!(code(marked.look(b"a photo with a MARK in it")), "refused-by-scanner");
        for script in ["cat >/dev/null; exit 2", "echo broken >&2; exit 77", "kill -9 $$"] {
            assert_eq!(code(sh(script).look(b"a photo")), "not-scanned", "{script}");
        }
        let none = Scanner { program: "/no/such/scanner".into(), arguments: Vec::new() };
        assert_eq!(code(none.look(b"a photo")), "not-scanned");
        // More than a pipe holds: whoever ends early has not seen it.
        let long = vec![b'x'; 4 << 20];
        assert_eq!(code(sh("exit 0").look(&long)), "not-scanned");
        assert_eq!(code(sh("exit 1").look(&long)), "refused-by-scanner");
        assert_eq!(code(marked.look(&long)), "taken");
        assert_eq!(code(sh("exec sleep 30").look_within(b"x", Duration::from_millis(50))), "not-scanned");
    }

    #[test]
    fn it_is_told_nothing_but_the_bytes() {
        // The environment of tests has more than `PATH`, `PWD`, and what a shell adds itself.
        let alone = sh("test -z \"$CARGO_MANIFEST_DIR$HOME$USER\" && cat >/dev/null");
        assert_eq!(code(alone.look(b"x")), "taken");
    }
}
