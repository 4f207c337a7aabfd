//! What holds now, above each rule: asked of whoever started the server, away from the conversation.
//!
//! The server itself decides no verdict and reads no file. Whoever starts it may hand in somebody who does ([`Verdicts`]); a text is
//! then looked at when it is opened and when it is saved, on a thread of its own, so that no keystroke waits for it.
//!
//! Invariants
//! - what is shown is of the text as it was last saved, and says so once the text has been changed since;
//! - while one look is under way, of many wishes for the same text one is kept.

use lsp_types::Uri;
use std::collections::BTreeMap;
use std::sync::mpsc;

/// Somebody who can say what the verdicts on a saved text are.
pub trait Verdicts: Send + 'static {
    /// What is said of a text that lies at an address.
    ///
    /// # Errors
    /// Why there are no verdicts on it, in a sentence that its author can act on.
    fn of(&mut self, uri: &str) -> Result<Said, String>;
}

/// Verdicts in words, a line each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Said {
    /// Of the agreement as a whole, and as known when.
    pub whole: String,
    /// By the name of a rule or of a term.
    pub rules: BTreeMap<String, String>,
}

/// A thread that looks.
pub(crate) struct Looker {
    wishes: mpsc::Sender<Uri>,
}

impl Looker {
    /// `tell` is called on the thread with each answer; it says whether anybody still listens.
    pub(crate) fn start(
        mut verdicts: Box<dyn Verdicts>,
        tell: impl Fn(Uri, Result<Said, String>) -> bool + Send + 'static,
    ) -> Looker {
        let (wishes, heard) = mpsc::channel::<Uri>();
        std::thread::spawn(move || {
            let mut open: Vec<Uri> = Vec::new();
            while let Some(first) = open.pop().or_else(|| heard.recv().ok()) {
                for uri in std::iter::once(first).chain(heard.try_iter()) {
                    open.retain(|other| other.as_str() != uri.as_str());
                    open.push(uri);
                }
                // The last that was wished for is the one that somebody looks at.
                let Some(uri) = open.pop() else { continue };
                let said = verdicts.of(uri.as_str());
                if !tell(uri, said) {
                    return;
                }
            }
        });
        Looker { wishes }
    }

    /// Wishes for a look at a text. Where the thread is gone, nothing is shown any more.
    pub(crate) fn wish(&self, uri: Uri) {
        let _ = self.wishes.send(uri);
    }
}
