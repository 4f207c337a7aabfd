//! Submissions: records on their way, numbered without gaps by whoever submits them, each naming the one before.
//!
//! A submission is an in-toto statement with one record in it. What is sent, kept and hashed is the envelope around it, which
//! is text to this module: it signs nothing, checks no signature and keeps no file. Whoever calls hands in the envelopes and
//! what they say once their signatures were checked.
//!
//! Invariants
//! - `parse(payload(s)) == s` for every submission, and the same submission is the same bytes;
//! - the subject's hash is that of the record as it is written in the project's own form: a record that was changed on the way does
//!   not fit it;
//! - number 1 has no one before it, every other one has ([`follows`]).
//!
//! Where to start reading: [`Submission`], then [`follows`].
//!
//! # Source
//! in-toto Attestation Framework, Statement v1.

use crate::record_json::{self, RecordFault};
use serde_json::{Value, json};
use servanda_model::{Instant, Record};
use sha2::{Digest, Sha256};

/// The type of the statement's predicate.
pub const PREDICATE: &str = "urn:servanda:submission:v1";
/// The type of the payload in its envelope.
pub const PAYLOAD: &str = "application/vnd.in-toto+json";
/// Longest submission in bytes.
pub const LONGEST: usize = 1 << 20;

/// One record on its way.
#[derive(Clone, PartialEq, Debug)]
pub struct Submission {
    /// Whose numbers these are.
    pub submitter: String,
    /// The how-manieth of this submitter, from 1.
    pub number: u64,
    /// SHA-256 of the envelope of the one before, in hexadecimal; `None` for the first.
    pub previous: Option<String>,
    /// When it was made, by the submitter's clock.
    pub made: Instant,
    /// The record.
    pub record: Record,
}

/// SHA-256 in hexadecimal.
///
/// # Example
/// ```
/// assert!(servanda_evidence::outbox::sha256(b"").starts_with("e3b0c44298fc1c14"));
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn fault(reason: impl Into<String>, remedy: impl Into<String>) -> RecordFault {
    RecordFault { reason: reason.into(), remedy: remedy.into() }
}

/// Whether a text may name a submitter: 1 to 64 of letters, digits, `-` and `_`.
pub fn is_submitter(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The statement of a submission: the payload of its envelope.
pub fn payload(submission: &Submission) -> String {
    let record = record_json::to_json(&submission.record);
    let value: Value = serde_json::from_str(&record).unwrap_or(Value::Null);
    let mut predicate = json!({
        "submitter": submission.submitter,
        "number": submission.number,
        "made": submission.made.to_string(),
        "record": value,
    });
    if let Some(previous) = &submission.previous {
        predicate["previous"] = json!(previous);
    }
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": submission.record.id.as_str(), "digest": {"sha256": sha256(record.as_bytes())}}],
        "predicateType": PREDICATE,
        "predicate": predicate,
    })
    .to_string()
}

/// Reads the statement of a submission.
///
/// # Errors
/// What it lacks or what does not fit, and what to do.
pub fn parse(payload: &[u8]) -> Result<Submission, RecordFault> {
    const REMEDY: &str = "send what `servanda record` wrote, unchanged";
    if payload.len() > LONGEST {
        return Err(fault(
            format!("the submission has more than {LONGEST} bytes"),
            "attach large things by their hash",
        ));
    }
    let value: Value = serde_json::from_slice(payload)
        .map_err(|e| fault(format!("the submission is not JSON: {e}"), REMEDY))?;
    let wrong = |what: &str| fault(format!("the submission has no usable `{what}`"), REMEDY);
    if value["predicateType"].as_str() != Some(PREDICATE) {
        return Err(fault(
            "the statement is no submission of this version",
            "use the program that wrote it, or a later one",
        ));
    }
    let predicate = &value["predicate"];
    let submitter = predicate["submitter"]
        .as_str()
        .filter(|name| is_submitter(name))
        .ok_or_else(|| wrong("submitter"))?;
    let number = predicate["number"].as_u64().filter(|n| *n > 0).ok_or_else(|| wrong("number"))?;
    let made = predicate["made"].as_str().and_then(Instant::parse_utc).ok_or_else(|| wrong("made"))?;
    let previous = match &predicate["previous"] {
        Value::Null => None,
        Value::String(hash) if is_hash(hash) => Some(hash.clone()),
        _ => return Err(wrong("previous")),
    };
    if (number == 1) != previous.is_none() {
        return Err(fault("the first submission, and no other, names none before it", REMEDY));
    }
    let record = record_json::from_json(&predicate["record"].to_string())?;
    let written = sha256(record_json::to_json(&record).as_bytes());
    let subject = &value["subject"][0];
    if subject["digest"]["sha256"].as_str() != Some(&written)
        || subject["name"].as_str() != Some(record.id.as_str())
    {
        return Err(fault("the record is not the one that the statement speaks of", REMEDY));
    }
    Ok(Submission { submitter: submitter.to_string(), number, previous, made, record })
}

/// The type of the predicate of a delivery.
pub const DELIVERY: &str = "urn:servanda:attachment:v1";

/// A file that a submitter delivers: what it says of it, and signs, before the bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// Who delivers it.
    pub submitter: String,
    /// The record that names it, which is the submitter's own.
    pub record: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub hash: String,
    /// Its length in bytes.
    pub length: u64,
}

/// The statement of a delivery: the payload of its envelope.
pub fn delivery_payload(delivery: &Delivery) -> String {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "attachment", "digest": {"sha256": delivery.hash}}],
        "predicateType": DELIVERY,
        "predicate": {
            "submitter": delivery.submitter,
            "record": delivery.record,
            "length": delivery.length,
        },
    })
    .to_string()
}

/// Reads the statement of a delivery.
///
/// # Errors
/// What it lacks, and what to do.
pub fn parse_delivery(payload: &[u8]) -> Result<Delivery, RecordFault> {
    const REMEDY: &str = "send what `servanda sync` sends, unchanged";
    let wrong = |what: &str| fault(format!("the delivery has no usable `{what}`"), REMEDY);
    let value: Value = serde_json::from_slice(payload)
        .map_err(|e| fault(format!("the delivery is not JSON: {e}"), REMEDY))?;
    if value["predicateType"].as_str() != Some(DELIVERY) {
        return Err(fault("the statement is no delivery of a file", REMEDY));
    }
    let predicate = &value["predicate"];
    let text = |value: &Value| value.as_str().map(String::from);
    let hash = text(&value["subject"][0]["digest"]["sha256"]).filter(|hash| is_hash(hash));
    let submitter = text(&predicate["submitter"]).filter(|name| is_submitter(name));
    Ok(Delivery {
        submitter: submitter.ok_or_else(|| wrong("submitter"))?,
        record: text(&predicate["record"]).filter(|id| id.len() <= 400).ok_or_else(|| wrong("record"))?,
        hash: hash.ok_or_else(|| wrong("subject"))?,
        length: predicate["length"].as_u64().ok_or_else(|| wrong("length"))?,
    })
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// What stands last of a submitter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Last {
    /// Its number.
    pub number: u64,
    /// The hash of its envelope.
    pub hash: String,
}

/// Whether a submission is the one that comes next.
///
/// # Errors
/// Which number is missing, or that it names another one before it.
pub fn follows(submission: &Submission, last: Option<&Last>) -> Result<(), RecordFault> {
    let who = &submission.submitter;
    let next = last.map_or(1, |last| last.number + 1);
    if submission.number > next {
        let missing = match submission.number - next {
            1 => format!("the submission {next} of `{who}` is missing"),
            _ => format!("the submissions {next} to {} of `{who}` are missing", submission.number - 1),
        };
        return Err(fault(missing, "send them first, from the outbox that has them"));
    }
    if submission.number < next || submission.previous.as_ref() != last.map(|last| &last.hash) {
        let reason = format!(
            "the submission {} of `{who}` names another one before it than the one that is there",
            submission.number
        );
        return Err(fault(
            reason,
            "two outboxes have the same name, or one was changed: compare them before anything else",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_read_as_it_was_written() {
        let delivery = Delivery {
            submitter: "node-1".into(),
            record: "node-1/2".into(),
            hash: sha256(b"photo"),
            length: 5,
        };
        let payload = delivery_payload(&delivery);
        assert_eq!(parse_delivery(payload.as_bytes()).unwrap(), delivery);
        for (from, to, words) in [
            ("attachment:v1", "attachment:v9", "no delivery"),
            ("\"node-1\"", "\"node 1\"", "`submitter`"),
            ("\"length\":5", "\"length\":-5", "`length`"),
            ("\"sha256\":\"", "\"sha256\":\"X", "`subject`"),
            ("\"record\":\"node-1/2\"", "\"record\":2", "`record`"),
            ("{", "", "not JSON"),
        ] {
            assert!(payload.contains(from), "{from}");
            let fault = parse_delivery(payload.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(fault.reason.contains(words), "{from}: {}", fault.reason);
        }
        assert!(parse(payload.as_bytes()).is_err(), "a delivery is no submission");
    }
    use servanda_model::When;

    fn submission(number: u64, previous: Option<&str>) -> Submission {
        let at = Instant::parse_utc("2026-05-03T10:00Z").unwrap();
        Submission {
            submitter: "node-1".to_string(),
            number,
            previous: previous.map(String::from),
            made: at,
            record: Record::new(format!("node-1/{number}"), "fire", When::exact(at), at),
        }
    }

    #[test]
    fn a_submission_is_read_as_it_was_written() {
        let hash = sha256(b"before");
        for one in [submission(1, None), submission(2, Some(&hash))] {
            let text = payload(&one);
            assert_eq!(parse(text.as_bytes()).unwrap(), one);
            assert_eq!(payload(&parse(text.as_bytes()).unwrap()), text);
        }
    }

    #[test]
    fn what_was_changed_does_not_fit() {
        let text = payload(&submission(2, Some(&sha256(b"before"))));
        for (from, to) in [
            ("\"fact\":\"fire\"", "\"fact\":\"rain\""),
            ("node-1/2", "node-1/3"),
            ("\"number\":2", "\"number\":0"),
            ("\"number\":2", "\"number\":1"),
            ("\"previous\":\"", "\"previous\":\"z"),
            (PREDICATE, "urn:other"),
            ("\"submitter\":\"node-1\"", "\"submitter\":\"../node\""),
            ("\"made\":\"2026", "\"made\":\"soon"),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{from} {to}");
        }
        assert!(parse(&vec![b'['; 100_000]).is_err());
        assert!(parse(&vec![b' '; LONGEST + 1]).is_err());
    }

    #[test]
    fn numbers_have_no_gaps_and_no_forks() {
        let last = Last { number: 3, hash: sha256(b"3") };
        assert!(follows(&submission(4, Some(&last.hash)), Some(&last)).is_ok());
        assert!(follows(&submission(1, None), None).is_ok());
        let reason = |s: &Submission, last| follows(s, last).unwrap_err().reason;
        assert!(
            reason(&submission(6, Some(&last.hash)), Some(&last)).contains("4 to 5 of `node-1` are missing")
        );
        assert!(reason(&submission(5, Some(&last.hash)), Some(&last)).contains("submission 4 of"));
        assert!(reason(&submission(4, Some(&sha256(b"x"))), Some(&last)).contains("names another"));
        assert!(reason(&submission(3, Some(&last.hash)), Some(&last)).contains("names another"));
        assert!(reason(&submission(2, Some(&last.hash)), None).contains("submission 1 of"));
    }
}
