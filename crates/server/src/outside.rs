//! Another program, run for one answer: it is given bytes on its standard input and a time, and is ended when that is over.
//!
//! What it deliberately does not do: find the program, start a shell, know what its answer means (`pdf` and `scan` do).
//!
//! Invariants
//! - the program sees its own arguments and the bytes, and no variable but `PATH`;
//! - none of its pipes waits for another, and what it says is read up to a bound;
//! - it does not outlive its time.
//!
//! Where to start reading: [`run`].

use std::io::{Error, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What it may take and give.
pub(crate) struct Bounds {
    /// Time, after which it is ended.
    pub time: Duration,
    /// So many bytes of its standard output are read; without it there is none.
    pub given: Option<u64>,
    /// And so many of what it complains about.
    pub said: u64,
}

/// What came of it.
pub(crate) struct Ended {
    pub status: ExitStatus,
    /// Its standard output.
    pub given: Vec<u8>,
    /// Its standard error.
    pub said: Vec<u8>,
    /// Whether it read all that it was given.
    pub sent: Result<(), Error>,
}

impl Ended {
    /// What it complained about, as text.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said).trim().to_string()
    }
}

/// Why nothing came of it.
pub(crate) enum Failed {
    /// It cannot be started.
    Start(Error),
    /// It took too long.
    Time,
    /// It cannot be waited for.
    Wait(Error),
}

/// Runs a program, of which name and arguments are said, to its end. It blocks.
#[allow(
    clippy::disallowed_methods,
    reason = "how long another program took says when to end it, and nothing else"
)]
pub(crate) fn run(program: &mut Command, bytes: &[u8], bounds: &Bounds) -> Result<Ended, Failed> {
    let mut child = program
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(bounds.given.map_or_else(Stdio::null, |_| Stdio::piped()))
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Failed::Start)?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let until = Instant::now() + bounds.time;
    // Each pipe has a thread, so that none waits for another.
    std::thread::scope(|scope| {
        let sending = scope.spawn(move || stdin.map_or(Ok(()), |mut pipe| pipe.write_all(bytes)));
        let reading = scope.spawn(move || read(stdout, bounds.given.unwrap_or(0)));
        let hearing = scope.spawn(move || read(stderr, bounds.said));
        let ended = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Ok(status),
                Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
                Ok(None) => break Err(Failed::Time),
                Err(wrong) => break Err(Failed::Wait(wrong)),
            }
        };
        if ended.is_err() {
            // It may have ended just now.
            let _ = child.kill();
            let _ = child.wait();
        }
        let given = reading.join().unwrap_or_default();
        let said = hearing.join().unwrap_or_default();
        let sent = sending.join().unwrap_or(Ok(()));
        Ok(Ended { status: ended?, given, said, sent })
    })
}

/// What a pipe gives, up to so many bytes; the pipe is then closed.
fn read(pipe: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What came before it broke off is kept: the status says that it did.
        let _ = pipe.take(most).read_to_end(&mut bytes);
    }
    bytes
}
