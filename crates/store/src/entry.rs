//! What can be entered, and its written form: the payload of the envelope that the log commits to.
//!
//! A payload is JSON and says all that the database needs to know of the entry, so that the database can be made again of the
//! payloads alone. What a record's own text means is not known here: it is kept byte by byte.
//!
//! Invariants
//! - reading what was written gives the same entry;
//! - a payload of a later version, or with a field that is not known, is refused, never half-read;
//! - the kind stands in the leaf as well, and both have to agree.
//!
//! Where to start reading: [`Entry`], then [`Payload`].

use crate::error::{Error, Kind};
use crate::label;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use servanda_model::record::Marking;
use servanda_model::{Instant, Name, Record};

/// The type of our payloads.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.servanda.entry+json";
const VERSION: u64 = 1;
/// Deeper JSON is not taken in: whoever reads it later may do so by recursion.
const DEEPEST: usize = 64;

pub(crate) const RECORD: &str = "record";
pub(crate) const IMPORT: &str = "import";
pub(crate) const ERASURE: &str = "erasure";

/// A record as it is stored: its text, and what it is found by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredRecord {
    /// Identity, unique in the workspace.
    pub id: Name,
    /// The fact it speaks of.
    pub fact: Name,
    /// It did not happen before.
    pub earliest: Instant,
    /// When it entered the record.
    pub recorded: Instant,
    /// Who reported.
    pub source: String,
    /// Who may see it.
    pub marking: Marking,
    /// The record that it corrects.
    pub supersedes: Option<Name>,
    /// The whole record as a JSON object, in the caller's encoding.
    pub json: String,
}

impl StoredRecord {
    /// A record as it is stored; `json` is its JSON, which is made where formats are known.
    pub fn of(record: &Record, json: String) -> StoredRecord {
        StoredRecord {
            id: record.id.clone(),
            fact: record.fact.clone(),
            earliest: record.when.earliest,
            recorded: record.recorded,
            source: record.source.clone(),
            marking: record.marking.clone(),
            supersedes: record.supersedes.clone(),
            json,
        }
    }
}

/// One import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Intake {
    /// Name of the file.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// When it was entered.
    pub entered: Instant,
    /// Rows read.
    pub read: u64,
    /// Records made, corrections and withdrawals among them.
    pub made: u64,
    /// Rows refused.
    pub refused: u64,
    /// Where the refused rows lie, from the workspace's root.
    pub quarantine: Option<String>,
}

/// Something said that is no record: a ruling, a key, an account, an order. What stands is what was said last of a subject.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// What kind it is: 1 to 32 of `a` to `z` and `-`.
    pub kind: Name,
    /// What it is about, within its kind.
    pub subject: Name,
    /// Who may see it.
    pub marking: Marking,
    /// What is said, as a JSON object, in the encoding of whoever knows the kind.
    pub json: String,
}

/// That an entry's payload is to be destroyed, and on whose word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Erasure {
    /// The record.
    pub id: Name,
    /// What kind of thing it held: `personal data`, `witness`, …
    pub category: String,
    /// Who ordered it.
    pub authority: String,
    /// Why.
    pub reason: String,
}

/// One thing that changes what is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A record.
    Record(StoredRecord),
    /// That a file was imported; its records follow.
    Import(Intake),
    /// Something said that is no record.
    Statement(Statement),
    /// That a record's payload is destroyed.
    Erasure(Erasure),
}

impl Entry {
    /// The kind that stands in the leaf.
    pub fn kind(&self) -> &str {
        match self {
            Entry::Record(_) => RECORD,
            Entry::Import(_) => IMPORT,
            Entry::Statement(statement) => statement.kind.as_str(),
            Entry::Erasure(_) => ERASURE,
        }
    }
}

/// What came with a submission from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submitted {
    /// The bytes that came, for a signed submission its envelope: text.
    pub bytes: String,
    /// When the submitter says that it was made.
    pub made: Option<Instant>,
}

/// An entry with what the store knows about its coming in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Payload {
    pub(crate) entry: Entry,
    /// Who entered it: an account, or the source's key.
    pub(crate) by: String,
    /// The entry of the import that it came with.
    pub(crate) import: Option<u64>,
    /// For an erasure, the entry whose key is destroyed.
    pub(crate) target: Option<u64>,
    pub(crate) submitted: Option<Submitted>,
}

/// The written form, fields in this order; each kind has those that it needs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    v: u64,
    kind: String,
    by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fact: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    earliest: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recorded: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    marking: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supersedes: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    import: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intake: Option<IntakeForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statement: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    erasure: Option<ErasureForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    submitted: Option<SubmittedForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IntakeForm {
    file: String,
    sha256: String,
    entered: i64,
    read: u64,
    made: u64,
    refused: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quarantine: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErasureForm {
    target: u64,
    category: String,
    authority: String,
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmittedForm {
    bytes: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made: Option<i64>,
}

/// A caller's text as JSON, unchanged.
fn raw(what: &str, text: &str) -> Result<Box<RawValue>, Error> {
    let refused = |why: &str| {
        Error::new(Kind::Refused, format!("{what} cannot be entered: {why}"))
            .help(format!("it has to be one JSON object, nested at most {DEEPEST} deep"))
    };
    if depth(text) > DEEPEST {
        return Err(refused("its JSON is nested too deeply"));
    }
    let raw = RawValue::from_string(text.to_string()).map_err(|e| refused(&format!("it is no JSON: {e}")))?;
    match raw.get() == text && text.starts_with('{') {
        true => Ok(raw),
        false => Err(refused("it is no JSON object")),
    }
}

/// How deep the brackets of a JSON text are nested.
fn depth(text: &str) -> usize {
    let (mut deepest, mut now, mut quoted, mut escaped) = (0, 0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                now += 1;
                deepest = deepest.max(now);
            }
            b'}' | b']' if !quoted => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A text that stands in a column and in a leaf.
fn plain(what: &str, text: &str, longest: usize) -> Result<(), Error> {
    let refused =
        |why: String| Err(Error::new(Kind::Refused, format!("{what} {why}")).help("nothing was entered"));
    if text.len() > longest {
        return refused(format!("has {} bytes, and {longest} is the most", text.len()));
    }
    if text.contains('\0') {
        return refused("has a zero byte".to_string());
    }
    Ok(())
}

impl Payload {
    /// The written form.
    ///
    /// # Errors
    /// [`Error::is_refused`] where a text is no JSON, or is too long or too deep.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let marking = |marking: &Marking| raw("a marking", &label::to_text(marking));
        let mut form = Form {
            v: VERSION,
            kind: self.entry.kind().to_string(),
            by: self.by.clone(),
            id: None,
            fact: None,
            earliest: None,
            recorded: None,
            source: None,
            marking: None,
            supersedes: None,
            import: self.import,
            record: None,
            intake: None,
            statement: None,
            erasure: None,
            submitted: self
                .submitted
                .as_ref()
                .map(|s| SubmittedForm { bytes: s.bytes.clone(), made: s.made.map(|at| at.0) }),
        };
        match &self.entry {
            Entry::Record(record) => {
                plain("the id of a record", record.id.as_str(), 512)?;
                plain("the fact of a record", record.fact.as_str(), 512)?;
                plain("the source of a record", &record.source, 4096)?;
                form.id = Some(record.id.to_string());
                form.fact = Some(record.fact.to_string());
                form.earliest = Some(record.earliest.0);
                form.recorded = Some(record.recorded.0);
                form.source = Some(record.source.clone());
                form.marking = Some(marking(&record.marking)?);
                form.supersedes = record.supersedes.as_ref().map(Name::to_string);
                form.record = Some(raw(&format!("the record `{}`", record.id), &record.json)?);
            }
            Entry::Import(intake) => {
                plain("the name of a file", &intake.file, 4096)?;
                form.intake = Some(IntakeForm {
                    file: intake.file.clone(),
                    sha256: intake.sha256.clone(),
                    entered: intake.entered.0,
                    read: intake.read,
                    made: intake.made,
                    refused: intake.refused,
                    quarantine: intake.quarantine.clone(),
                });
            }
            Entry::Statement(statement) => {
                if [RECORD, IMPORT, ERASURE].contains(&statement.kind.as_str()) {
                    let message = format!("`{}` is no kind of a statement", statement.kind);
                    return Err(Error::new(Kind::Refused, message));
                }
                plain("the subject of a statement", statement.subject.as_str(), 512)?;
                form.id = Some(statement.subject.to_string());
                form.marking = Some(marking(&statement.marking)?);
                form.statement =
                    Some(raw(&format!("the statement on `{}`", statement.subject), &statement.json)?);
            }
            Entry::Erasure(erasure) => {
                form.id = Some(erasure.id.to_string());
                form.erasure = Some(ErasureForm {
                    target: self.target.unwrap_or(u64::MAX),
                    category: erasure.category.clone(),
                    authority: erasure.authority.clone(),
                    reason: erasure.reason.clone(),
                });
            }
        }
        serde_json::to_vec(&form)
            .map_err(|e| Error::new(Kind::Refused, format!("an entry cannot be written: {e}")))
    }

    /// Reads the written form of an entry of that kind.
    pub(crate) fn from_bytes(kind: &str, bytes: &[u8]) -> Result<Payload, Error> {
        let unreadable =
            |why: &str| Error::integrity(format!("the payload of an entry cannot be read: {why}"));
        let form: Form = serde_json::from_slice(bytes).map_err(|e| unreadable(&e.to_string()))?;
        if form.v != VERSION {
            return Err(Error::new(
                Kind::Newer,
                format!("an entry has the version {}, and this program reads version {VERSION}", form.v),
            )
            .help("use the version of the program that wrote it, or a newer one"));
        }
        if form.kind != kind {
            return Err(unreadable(&format!("it is of kind `{}`, and its leaf says `{kind}`", form.kind)));
        }
        let missing = |what: &str| unreadable(&format!("it has no `{what}`"));
        let marking =
            |raw: Option<Box<RawValue>>| label::from_text(raw.ok_or_else(|| missing("marking"))?.get());
        let id = form.id.map(Name::from);
        let mut target = None;
        let entry = match kind {
            RECORD => Entry::Record(StoredRecord {
                id: id.ok_or_else(|| missing("id"))?,
                fact: Name::from(form.fact.ok_or_else(|| missing("fact"))?),
                earliest: Instant(form.earliest.ok_or_else(|| missing("earliest"))?),
                recorded: Instant(form.recorded.ok_or_else(|| missing("recorded"))?),
                source: form.source.ok_or_else(|| missing("source"))?,
                marking: marking(form.marking)?,
                supersedes: form.supersedes.map(Name::from),
                json: form.record.ok_or_else(|| missing("record"))?.get().to_string(),
            }),
            IMPORT => {
                let intake = form.intake.ok_or_else(|| missing("intake"))?;
                Entry::Import(Intake {
                    file: intake.file,
                    sha256: intake.sha256,
                    entered: Instant(intake.entered),
                    read: intake.read,
                    made: intake.made,
                    refused: intake.refused,
                    quarantine: intake.quarantine,
                })
            }
            ERASURE => {
                let erasure = form.erasure.ok_or_else(|| missing("erasure"))?;
                target = Some(erasure.target);
                Entry::Erasure(Erasure {
                    id: id.ok_or_else(|| missing("id"))?,
                    category: erasure.category,
                    authority: erasure.authority,
                    reason: erasure.reason,
                })
            }
            kind => Entry::Statement(Statement {
                kind: Name::from(kind),
                subject: id.ok_or_else(|| missing("id"))?,
                marking: marking(form.marking)?,
                json: form.statement.ok_or_else(|| missing("statement"))?.get().to_string(),
            }),
        };
        let submitted = form.submitted.map(|s| Submitted { bytes: s.bytes, made: s.made.map(Instant) });
        Ok(Payload { entry, by: form.by, import: form.import, target, submitted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(json: &str) -> Payload {
        Payload {
            entry: Entry::Record(StoredRecord {
                id: "a \"1\"".into(),
                fact: "fire".into(),
                earliest: Instant(-5),
                recorded: Instant(7),
                source: "SMM, patrol 3".into(),
                marking: Marking::of(servanda_model::record::Tlp::Amber),
                supersedes: Some("a0".into()),
                json: json.into(),
            }),
            by: "account/anna".into(),
            import: Some(3),
            target: None,
            submitted: Some(Submitted { bytes: "{\"payload\":\"…\"}".into(), made: Some(Instant(6)) }),
        }
    }

    #[test]
    fn every_kind_comes_back_and_a_text_byte_by_byte() {
        let odd = "{ \"id\" : \"a\",\n \"n\":1.50, \"u\":\"\\u00e9\" }";
        let statement = Statement {
            kind: "ruling".into(),
            subject: "l1".into(),
            marking: Marking::default(),
            json: "{}".into(),
        };
        let intake = Intake {
            file: "a.csv".into(),
            sha256: "00".into(),
            entered: Instant(3),
            read: 2,
            made: 1,
            refused: 1,
            quarantine: None,
        };
        let erasure = Erasure {
            id: "a1".into(),
            category: "witness".into(),
            authority: "court".into(),
            reason: "asked for".into(),
        };
        let bare =
            |entry, target| Payload { entry, by: "keeper".into(), import: None, target, submitted: None };
        for payload in [
            record(odd),
            bare(Entry::Statement(statement), None),
            bare(Entry::Import(intake), None),
            bare(Entry::Erasure(erasure), Some(9)),
        ] {
            let bytes = payload.to_bytes().unwrap();
            assert_eq!(Payload::from_bytes(payload.entry.kind(), &bytes).unwrap(), payload);
            assert!(Payload::from_bytes("key", &bytes).unwrap_err().is_integrity());
            let text = String::from_utf8(bytes).unwrap();
            assert!(
                Payload::from_bytes(payload.entry.kind(), text.replace("\"v\":1", "\"v\":2").as_bytes())
                    .unwrap_err()
                    .is_newer()
            );
            let more = text.replace("\"v\":1", "\"v\":1,\"w\":1");
            assert!(Payload::from_bytes(payload.entry.kind(), more.as_bytes()).unwrap_err().is_integrity());
        }
    }

    #[test]
    fn what_is_no_object_or_too_deep_is_refused() {
        for bad in ["", "x", "[]", "{", "{} ", "{}{}", "\"{}\""] {
            assert!(record(bad).to_bytes().unwrap_err().is_refused(), "{bad}");
        }
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(record(&nested(DEEPEST - 1)).to_bytes().is_ok());
        assert!(record(&nested(100_000)).to_bytes().unwrap_err().to_string().contains("too deeply"));
        assert!(record(&format!("{{\"a\":\"{}\\\"[\"}}", "[".repeat(200))).to_bytes().is_ok());
    }
}
