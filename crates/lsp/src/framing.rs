//! Messages in bytes: a head with the length, then that many bytes of JSON.
//!
//! Invariants
//! - nothing is allocated on the word of a length before it has been compared with [`MOST_BYTES`];
//! - a body that is no message leaves the next one readable; a head that gives no length does not, and ends the conversation.

use lsp_server::Message;
use std::io::{BufRead, Error, ErrorKind, Read, Write};

/// The longest message that is read, in bytes.
pub const MOST_BYTES: usize = 64 << 20;
/// The longest line of a head, in bytes.
const LONGEST_LINE: u64 = 4096;
/// The most lines of a head.
const MOST_LINES: usize = 64;

/// What was heard.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A message.
    Message(Message),
    /// A body that is no message, and why.
    NoMessage(String),
    /// The end.
    End,
}

/// Reads one message.
///
/// # Errors
/// The head gives no usable length, the input ends within a message, or it cannot be read.
pub fn hear(input: &mut impl BufRead) -> std::io::Result<Heard> {
    let wrong = |why: String| Error::new(ErrorKind::InvalidData, why);
    let mut length = None;
    for at in 0..=MOST_LINES {
        let mut line = Vec::new();
        let read = input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if read == 0 && at == 0 {
            return Ok(Heard::End);
        }
        if !line.ends_with(b"\n") {
            return Err(wrong(
                "the input ends within the head of a message, or a line of it is too long".to_string(),
            ));
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if at == MOST_LINES {
            return Err(wrong("the head of a message has too many lines".to_string()));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.trim().eq_ignore_ascii_case("content-length")
        {
            let value = value.trim();
            let bytes = value.parse::<usize>().ok().filter(|n| *n <= MOST_BYTES);
            length = Some(bytes.ok_or_else(|| {
                wrong(format!("`{value}` is no length of a message (at most {MOST_BYTES} bytes)"))
            })?);
        }
    }
    let length = length.ok_or_else(|| wrong("a message begins with `Content-Length: BYTES`".to_string()))?;
    let mut body = Vec::new();
    input.by_ref().take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(wrong(format!("the input ends within a message: {} of {length} bytes came", body.len())));
    }
    Ok(match serde_json::from_slice::<Message>(&body) {
        Ok(message) => Heard::Message(message),
        Err(why) => Heard::NoMessage(why.to_string()),
    })
}

/// Writes one message.
///
/// # Errors
/// It cannot be written.
pub fn say(output: &mut impl Write, message: &Message) -> std::io::Result<()> {
    let mut value = serde_json::to_value(message)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("jsonrpc".to_string(), "2.0".into());
        // An answer without a mistake has a result, though it be none.
        if fields.contains_key("id") && !fields.contains_key("method") && !fields.contains_key("error") {
            fields.entry("result").or_insert(serde_json::Value::Null);
        }
    }
    write(output, &value)
}

/// Answers what was no message.
pub(crate) fn refuse(output: &mut impl Write, why: &str) -> std::io::Result<()> {
    let error = serde_json::json!({ "code": -32700, "message": format!("this is no message: {why}") });
    write(output, &serde_json::json!({ "jsonrpc": "2.0", "id": null, "error": error }))
}

fn write(output: &mut impl Write, value: &serde_json::Value) -> std::io::Result<()> {
    let body = serde_json::to_vec(value)?;
    write!(output, "Content-Length: {}\r\n\r\n", body.len())?;
    output.write_all(&body)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heard(bytes: &[u8]) -> std::io::Result<Heard> {
        hear(&mut &bytes[..])
    }

    #[test]
    fn what_is_said_is_heard() {
        let message: Message =
            serde_json::from_str(r#"{"id":1,"method":"x","params":{"text":"Угода 🕊"}}"#).unwrap();
        let mut bytes = Vec::new();
        say(&mut bytes, &message).unwrap();
        say(&mut bytes, &message).unwrap();
        let mut input = &bytes[..];
        for _ in 0..2 {
            let Heard::Message(Message::Request(request)) = hear(&mut input).unwrap() else { panic!() };
            assert_eq!(request.params["text"], "Угода 🕊");
        }
        assert!(matches!(hear(&mut input), Ok(Heard::End)));
    }

    #[test]
    fn a_length_is_not_believed() {
        for head in [
            "Content-Length: 99999999999999999999\r\n\r\n",
            "Content-Length: -1\r\n\r\n",
            "X: 1\r\n\r\n",
            "\r\n",
        ] {
            assert!(heard(head.as_bytes()).is_err(), "{head}");
        }
        let long = format!("Content-Length: {}\r\n\r\n{{}}", MOST_BYTES + 1);
        assert!(heard(long.as_bytes()).unwrap_err().to_string().contains("is no length"));
        assert!(heard(b"Content-Length: 10\r\n\r\n{}").unwrap_err().to_string().contains("2 of 10"));
        assert!(heard("x".repeat(100_000).as_bytes()).is_err());
        assert!(heard("a: b\r\n".repeat(1000).as_bytes()).is_err());
    }

    #[test]
    fn a_body_that_is_no_message_leaves_the_next_one_readable() {
        let mut input =
            &b"Content-Length: 3\r\n\r\n{]}Content-Length: 26\r\n\r\n{\"id\":1,\"method\":\"initial\"}"[..];
        assert!(matches!(hear(&mut input), Ok(Heard::NoMessage(_))));
        let mut deep = "[".repeat(200_000);
        deep.insert_str(0, &format!("Content-Length: {}\r\n\r\n", deep.len()));
        assert!(matches!(heard(deep.as_bytes()), Ok(Heard::NoMessage(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(heard(&bytes));
            let mut framed = format!("Content-Length: {}\r\n\r\n", bytes.len()).into_bytes();
            framed.extend(&bytes);
            prop_assert!(heard(&framed).is_ok());
        }
    }
}
