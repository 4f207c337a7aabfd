//! One run: the clock's reading, colour or not, a terminal or not, and the way out for words.

use crate::failure::Failure;
use clap::ValueEnum;
use servanda_model::Instant;
use servanda_report::text::Style;
use std::io::{IsTerminal, Write};

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What every command is handed.
pub struct Session {
    /// This moment.
    pub now: Instant,
    /// Colour on standard output.
    pub colour: bool,
    /// Columns of standard output.
    pub width: usize,
    /// Colour on standard error.
    pub colour_of_errors: bool,
    /// Somebody watches standard error: long work may show how far it is.
    pub watched: bool,
}

impl Session {
    /// Reads the clock and looks at the terminal.
    pub fn begin(color: Color) -> Session {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = |terminal: bool| match color {
            Color::Auto => terminal && !set("NO_COLOR") && !dumb,
            Color::Always => true,
            Color::Never => false,
        };
        Session {
            now: crate::clock::now(),
            colour: colour(std::io::stdout().is_terminal()),
            width: terminal_size::terminal_size_of(std::io::stdout())
                .map_or(Style::PLAIN.width, |(w, _)| usize::from(w.0)),
            colour_of_errors: colour(std::io::stderr().is_terminal()),
            watched: std::io::stderr().is_terminal() && !dumb,
        }
    }

    /// An answer, to standard output.
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Err(Failure::nobody_reads()),
            Err(e) => Err(Failure::new(format!("cannot write the answer: {e}"))),
        }
    }

    /// How words are to look on standard output.
    pub fn style(&self) -> Style {
        Style { colour: self.colour, width: self.width }
    }

    /// Something about the run, to standard error.
    pub fn note(&self, text: &str) {
        // Where nobody can be told, nothing is left to be done.
        let _ = writeln!(std::io::stderr().lock(), "{}", text.trim_end());
    }

    /// A question to a person, to standard error, without a line break behind it.
    pub fn prompt(&self, text: &str) {
        let mut out = std::io::stderr().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Begins long work: on a terminal a line that says so, and goes when the work is done.
    pub fn working(&self, on: &str) -> Working {
        if self.watched {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K{on} …");
        }
        Working { shown: self.watched }
    }
}

/// Long work; dropping it takes its line away.
pub struct Working {
    shown: bool,
}

impl Working {
    /// How far it is.
    pub fn at(&self, words: &str) {
        if self.shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K{words} …");
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K");
        }
    }
}

thread_local! {
    static A_STRANGERS_PARSER: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Runs a parser that is not ours on a file that may be damaged, and that may give up with a panic: it is caught where the
/// parser is called, becomes a refusal, and is no bug that is to be reported.
pub fn with_a_strangers_parser<T>(read: impl FnOnce() -> T) -> T {
    A_STRANGERS_PARSER.set(true);
    let read = read();
    A_STRANGERS_PARSER.set(false);
    read
}

/// A panic is our bug, and says so.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if A_STRANGERS_PARSER.get() && panic.location().is_some_and(|at| at.file().contains("parquet")) {
            return;
        }
        let what = panic.payload();
        let words = what
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| what.downcast_ref::<String>().map(String::as_str));
        let place = panic.location().map_or(String::new(), |at| format!("{}:{}", at.file(), at.line()));
        let _ = writeln!(
            std::io::stderr().lock(),
            "bug: {} ({place}, servanda {})\nhelp: this is our mistake, not yours. Nothing was half-written. Please report the line above \
             with the command\n      and, where you may share them, the files that it read.",
            words.unwrap_or("the program stopped"),
            env!("CARGO_PKG_VERSION"),
        );
    }));
}
