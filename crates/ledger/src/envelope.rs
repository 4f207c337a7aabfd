//! Signed envelopes: a payload and who signed it, as sources send them.
//!
//! DSSE, as JSON. What is signed is the payload's exact bytes with its type, not the JSON around it, so nothing has to be
//! canonical. The payload of our sources is an in-toto statement, which [`statement`] writes; it is text to this module.
//!
//! Invariants
//! - what is opened is only what a key that was handed in has signed ([`Envelope::verify`]);
//! - the bytes of an envelope are kept as they came, because the log commits to those.
//!
//! Where to start reading: [`Envelope`].
//!
//! # Source
//! DSSE 1.0 (secure-systems-lab/dsse: envelope and protocol); in-toto Statement v1.

use crate::error::{Error, shown};
use crate::json::{self, Value};
use crate::note::{SignerKey, VerifierKey, to_base64};
use crate::tree::Hash;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// The type of a payload that is an in-toto statement.
pub const STATEMENT: &str = "application/vnd.in-toto+json";

/// The largest envelope that is read, in bytes.
pub const LARGEST: usize = 16 << 20;

/// The most signatures that an envelope may have.
pub const MOST_SIGNATURES: usize = 64;

/// A payload with its signatures, none of them checked yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<(String, Vec<u8>)>,
}

/// The bytes that are signed.
///
/// # Source
/// DSSE protocol, `PAE`: `"DSSEv1" SP LEN(type) SP type SP LEN(body) SP body`.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// An in-toto statement about things with those names and SHA-256 hashes. `predicate` is a JSON value, written as it is.
///
/// # Errors
/// [`Error::is_malformed`] where `predicate` is no JSON.
pub fn statement(subjects: &[(&str, Hash)], predicate_type: &str, predicate: &str) -> Result<String, Error> {
    json::parse(predicate.as_bytes())?;
    let hex = |hash: &Hash| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let subjects: Vec<String> = subjects
        .iter()
        .map(|(name, hash)| {
            format!("{{\"name\":{},\"digest\":{{\"sha256\":\"{}\"}}}}", json::quoted(name), hex(hash))
        })
        .collect();
    Ok(format!(
        "{{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{}],\"predicateType\":{},\"predicate\":{predicate}}}",
        subjects.join(","),
        json::quoted(predicate_type)
    ))
}

impl Envelope {
    /// An envelope that nobody has signed yet.
    pub fn new(payload_type: &str, payload: &[u8]) -> Envelope {
        Envelope { payload_type: payload_type.to_string(), payload: payload.to_vec(), signatures: Vec::new() }
    }

    /// Adds a signature; its `keyid` is the key's name and number.
    pub fn sign(&mut self, key: &SignerKey) {
        let signature = key.sign_bytes(&pae(&self.payload_type, &self.payload));
        self.signatures.push((key.public().short(), signature.to_vec()));
    }

    /// The envelope as JSON, in one line.
    pub fn to_json(&self) -> String {
        let signatures: Vec<String> = self
            .signatures
            .iter()
            .map(|(id, sig)| format!("{{\"keyid\":{},\"sig\":\"{}\"}}", json::quoted(id), to_base64(sig)))
            .collect();
        format!(
            "{{\"payloadType\":{},\"payload\":\"{}\",\"signatures\":[{}]}}",
            json::quoted(&self.payload_type),
            to_base64(&self.payload),
            signatures.join(",")
        )
    }

    /// Reads an envelope. Its signatures are not checked.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where it is none, is larger than [`LARGEST`], says a name twice, or has no signature.
    pub fn parse(bytes: &[u8]) -> Result<Envelope, Error> {
        let wrong = |why: &str| Error::malformed(format!("this is no signed envelope: {why}"));
        if bytes.len() > LARGEST {
            return Err(wrong("it is larger than 16 megabytes"));
        }
        let value = json::parse(bytes)?;
        let text = |value: &Value, name: &str| match value.member(name) {
            Some(Value::Text(text)) => Ok(text.clone()),
            _ => Err(wrong(&format!("`{name}` is missing or no text"))),
        };
        let decoded = |text: &str, name: &str| {
            let bytes = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
            bytes.map_err(|_| wrong(&format!("`{name}` is not base64")))
        };
        let payload = decoded(&text(&value, "payload")?, "payload")?;
        let Some(Value::List(list)) = value.member("signatures") else {
            return Err(wrong("`signatures` is missing or no list"));
        };
        if list.is_empty() || list.len() > MOST_SIGNATURES {
            return Err(wrong("it has between 1 and 64 signatures"));
        }
        let mut signatures = Vec::new();
        for signature in list {
            // The key's name is a hint, and may be missing.
            let id =
                if signature.member("keyid").is_some() { text(signature, "keyid")? } else { String::new() };
            signatures.push((id, decoded(&text(signature, "sig")?, "sig")?));
        }
        Ok(Envelope { payload_type: text(&value, "payloadType")?, payload, signatures })
    }

    /// The payload's type.
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// The payload, which nobody may believe before [`Envelope::verify`].
    pub fn payload_unverified(&self) -> &[u8] {
        &self.payload
    }

    /// The names by which the signatures say which key made them.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|(id, _)| id.as_str())
    }

    /// Whose signatures are right, of those keys, each key once; the name on a signature only says where to look first.
    ///
    /// # Errors
    /// [`Error::is_signature`] where none of the keys has signed, or a signature that names one of them does not fit.
    pub fn verify<'k>(&self, keys: &[&'k VerifierKey]) -> Result<(&[u8], Vec<&'k VerifierKey>), Error> {
        let message = pae(&self.payload_type, &self.payload);
        let mut signed: Vec<&VerifierKey> = Vec::new();
        for (id, signature) in &self.signatures {
            let named = keys.iter().find(|key| key.short() == *id);
            if named.is_some_and(|key| !key.fits(&message, signature)) {
                return Err(Error::signature(format!("the signature of {} does not fit", shown(id))));
            }
            let fitting = named.or_else(|| keys.iter().find(|key| key.fits(&message, signature)));
            if let Some(key) = fitting.filter(|key| !signed.contains(key)) {
                signed.push(key);
            }
        }
        match signed.is_empty() {
            true => Err(Error::signature("the envelope is signed by none of the known keys")),
            false => Ok((&self.payload, signed)),
        }
    }
}
