//! Keystrokes in an editor: one character is typed into a long agreement, and the editor waits for its diagnostics and for an offer of
//! what may be written.
//!
//! What is timed is the language server without its pipe: from the edit as a message to the diagnostics of the new text, and the answer
//! to the question that an editor asks at every key. The places are those of a person: at the ends of lines within rules, in words of
//! clauses, all over the text; every second keystroke takes the one before it away again.

use crate::data::Chance;
use crate::norms::{Size, text};
use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};
use servanda_lsp::{Desk, Lines};
use std::fmt::Write;
use std::time::Instant as Clock;

const URI: &str = "file:///long.pact.md";

/// Figures of `n` keystrokes.
pub fn measured(clauses: u64, parties: u64, seed: u64, n: u64) -> Result<Vec<u8>, String> {
    let text = text(Size { clauses, parties, years: 10, records: 0, seed });
    let lines = Lines::of(&text);
    let mut desk = Desk::default();
    told(&mut desk, ask(0, "initialize", json!({ "capabilities": {} })));
    told(
        &mut desk,
        note(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": URI, "languageId": "markdown", "version": 0, "text": text } }),
        ),
    );
    let begun = Clock::now();
    desk.settle();
    let opened = begun.elapsed();
    let mut chance = Chance::new(seed);
    let (mut edits, mut offers) = (Vec::new(), Vec::new());
    let mut version = 0;
    for key in 0..n / 2 {
        // At the end of a line that is not blank.
        let at = loop {
            let at = text.floor_char_boundary(chance.below(text.len() as u64) as usize);
            let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
            if end > 0 && !text[..end].ends_with('\n') {
                break end;
            }
        };
        let place = lines.position(&text, at);
        let after = position(place.line, place.character + 1);
        let typed = [" ", "a", "x", "\"", ")"][(key % 5) as usize];
        for (from, to, new) in [(json!(place), json!(place), typed), (json!(place), after.clone(), "")] {
            version += 1;
            let change = json!([{ "range": { "start": from, "end": to }, "text": new }]);
            let of = json!({ "uri": URI, "version": version });
            let edit =
                note("textDocument/didChange", json!({ "textDocument": of, "contentChanges": change }));
            let begun = Clock::now();
            told(&mut desk, edit);
            let messages = desk.settle();
            edits.push(begun.elapsed().as_secs_f64() * 1000.0);
            if messages.len() != 1 {
                return Err("a keystroke has diagnostics".to_string());
            }
            let where_ = json!({ "textDocument": { "uri": URI }, "position": place });
            let begun = Clock::now();
            told(&mut desk, ask(version, "textDocument/completion", where_));
            offers.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    let mut out = String::new();
    let _ = writeln!(out, "bytes\t{}\nopened ms\t{:.1}", text.len(), opened.as_secs_f64() * 1000.0);
    for (what, times) in [("keystroke to diagnostics", &mut edits), ("keystroke to offers", &mut offers)] {
        times.sort_by(f64::total_cmp);
        let share = |p: usize| {
            times.get((times.len() * p / 100).min(times.len().saturating_sub(1))).copied().unwrap_or(0.0)
        };
        let _ =
            writeln!(out, "{what} ms\tp50 {:.2}\tp99 {:.2}\tmost {:.2}", share(50), share(99), share(100));
    }
    Ok(out.into_bytes())
}

fn position(line: u32, character: u32) -> Value {
    json!({ "line": line, "character": character })
}

fn told(desk: &mut Desk, message: Message) {
    drop(desk.handle(message));
}

fn ask(id: i32, method: &str, params: Value) -> Message {
    Request { id: RequestId::from(id), method: method.to_string(), params }.into()
}

fn note(method: &str, params: Value) -> Message {
    Notification { method: method.to_string(), params }.into()
}
