//! The language server: an editor's protocol over the editor queries of the language.
//!
//! An editor sends what its user types and asks what stands under the cursor; the answers are those of
//! [`servanda_lang::editor`]. What it deliberately does not do: decide a verdict, read a file that the editor did not open, change
//! one, or open a connection. It knows what is on the editor's screen and nothing else; verdicts above the rules are asked of whoever
//! started it ([`Verdicts`]), where somebody was handed in.
//!
//! ```text
//! bytes ──► framing (one message) ──► desk (one message in, messages out, in order) ──► framing ──► bytes
//! ```
//!
//! Invariants
//! - messages are handled one after another in the order in which they came: an edit is applied before any later question is
//!   answered, and answers come in the order of the questions;
//! - a question that was cancelled before its turn is answered with that, and costs nothing;
//! - diagnostics are those of the newest text that has come: edits that wait together are checked once. Findings about the
//!   draft take longer: they are looked for when a text is opened, saved or replaced as a whole, and move along with edits in between;
//! - no bytes make it panic: what is no message ends the conversation with the reason, what is no question is answered with it.
//!
//! Where to start reading: [`serve`], then [`Desk`] in `desk.rs`. Tests: `tests/conversation.rs`; the binary is spoken to in
//! `crates/servanda/tests/cli/lsp.rs`.

mod answers;
mod desk;
mod framing;
mod position;
mod verdicts;

pub use desk::Desk;
pub use framing::{Heard, MOST_BYTES, hear, say};
pub use position::Lines;
pub use verdicts::{Said, Verdicts};

use lsp_server::Message;
use std::collections::VecDeque;
use std::io::{BufReader, Read, Write};
use std::sync::mpsc;
use verdicts::Looker;

/// How a conversation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// The editor said that it would, and then left.
    AsAgreed,
    /// The editor left, or its end of the line was closed, without saying so before.
    Abruptly,
}

/// What the conversation waits for.
enum Event {
    /// Something that the editor sent.
    Editor(std::io::Result<Heard>),
    /// Verdicts on a text of the editor's.
    Verdicts(lsp_types::Uri, Result<Said, String>),
}

/// Speaks with an editor until it leaves. `verdicts`: who says what holds now, for lines above the rules; without, there are none.
///
/// # Errors
/// What came is no message of the protocol, or nothing can be written any more.
pub fn serve(
    input: impl Read + Send + 'static,
    mut output: impl Write,
    verdicts: Option<Box<dyn Verdicts>>,
) -> std::io::Result<Ended> {
    // Reading ahead is what makes cancelling possible; nothing is handled there.
    let (sender, heard) = mpsc::sync_channel(1024);
    let told = sender.clone();
    std::thread::spawn(move || {
        let mut input = BufReader::new(input);
        loop {
            let one = hear(&mut input);
            let last = !matches!(one, Ok(Heard::Message(_) | Heard::NoMessage(_)));
            if sender.send(Event::Editor(one)).is_err() || last {
                return;
            }
        }
    });
    let mut desk = if verdicts.is_some() { Desk::with_verdicts() } else { Desk::default() };
    let looker =
        verdicts.map(|v| Looker::start(v, move |uri, said| told.send(Event::Verdicts(uri, said)).is_ok()));
    let mut waiting = VecDeque::new();
    loop {
        let next = match waiting.pop_front() {
            Some(next) => next,
            None => {
                for message in desk.settle() {
                    say(&mut output, &message)?;
                }
                for uri in desk.wishes() {
                    looker.iter().for_each(|looker| looker.wish(uri.clone()));
                }
                match heard.recv() {
                    Ok(next) => next,
                    Err(_) => return Ok(Ended::Abruptly),
                }
            }
        };
        waiting.extend(heard.try_iter());
        let next = match next {
            Event::Editor(next) => next,
            Event::Verdicts(uri, said) => {
                for message in desk.said(&uri, said) {
                    say(&mut output, &message)?;
                }
                continue;
            }
        };
        match next? {
            Heard::End => return Ok(Ended::Abruptly),
            Heard::NoMessage(why) => framing::refuse(&mut output, &why)?,
            Heard::Message(Message::Notification(gone)) if gone.method == "exit" => {
                return Ok(if desk.is_leaving() { Ended::AsAgreed } else { Ended::Abruptly });
            }
            Heard::Message(message) => {
                let cancelled = match &message {
                    Message::Request(request) => waiting.iter().any(|w| cancels(w, &request.id)),
                    _ => false,
                };
                let answers = if cancelled { desk.cancelled(message) } else { desk.handle(message) };
                for message in answers {
                    say(&mut output, &message)?;
                }
            }
        }
    }
}

fn cancels(waiting: &Event, id: &lsp_server::RequestId) -> bool {
    let Event::Editor(Ok(Heard::Message(Message::Notification(note)))) = waiting else { return false };
    note.method == "$/cancelRequest"
        && note.params.get("id").is_some_and(|its| serde_json::to_value(id).is_ok_and(|id| id == *its))
}
