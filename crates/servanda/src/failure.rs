//! Why a command could not run: what happened, and what to do next. Exit code 2; where the record's integrity failed, 3.

/// A command could not run.
#[derive(Debug)]
pub struct Failure {
    message: String,
    help: Vec<String>,
    /// What was recorded is not what stands there now.
    pub(crate) integrity: bool,
    /// Nobody reads any more (`servanda status | head`): nothing to say, nothing wrong.
    pub(crate) nobody_reads: bool,
}

impl Failure {
    /// What happened, in lower case, the user's words in backticks.
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), help: Vec::new(), integrity: false, nobody_reads: false }
    }

    /// The record's integrity failed.
    pub fn integrity(message: impl Into<String>) -> Failure {
        Failure { integrity: true, ..Failure::new(message) }
    }

    /// What to do next.
    pub fn help(mut self, help: impl Into<String>) -> Failure {
        self.help.push(help.into());
        self
    }

    /// The reader of standard output has gone.
    pub(crate) fn nobody_reads() -> Failure {
        Failure { nobody_reads: true, ..Failure::new("nobody reads the output") }
    }
}

impl Failure {
    /// What happened.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do next, where that is known.
    pub fn help_text(&self) -> Option<&str> {
        self.help.first().map(String::as_str)
    }

    /// As it is shown to people.
    pub fn shown(&self, colour: bool) -> String {
        let (red, cyan, plain) = if colour { ("\x1b[1;31m", "\x1b[1;36m", "\x1b[0m") } else { ("", "", "") };
        let mut out = format!("{red}error{plain}: {}", self.message);
        for help in &self.help {
            out.push_str(&format!("\n{cyan}help{plain}: {help}"));
        }
        out
    }
}

impl From<servanda_store::Error> for Failure {
    fn from(error: servanda_store::Error) -> Failure {
        let failure = Failure { integrity: error.is_integrity(), ..Failure::new(error.to_string()) };
        match error.help_text() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
