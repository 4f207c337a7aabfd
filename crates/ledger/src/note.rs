//! Signed notes and their keys: a text, a blank line, one line per signature.
//!
//! Two algorithms are known: Ed25519 over the text (type 1), by which a log signs, and the timestamped Ed25519
//! cosignature (type 4, see [`crate::cosignature`]), by which a witness does. Others are kept and not believed. It makes no key: 32 random
//! bytes are handed in.
//!
//! Invariants
//! - a text is to be believed only after [`Note::verify`] has named a key for it;
//! - a signature that claims a known key and does not fit makes the whole note wrong;
//! - base64 is accepted in its one canonical form, keys only if no signature can be forged under them (no weak points).
//!
//! Where to start reading: [`Note`]. Private keys show nothing of themselves in `Debug`.
//!
//! # Source
//! C2SP signed-note; the text of private keys is that of Go's `golang.org/x/mod/sumdb/note`.

use crate::cosignature;
use crate::error::{Error, shown};
use crate::tree::sha256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use std::fmt;

/// The largest note that is read, in bytes.
pub const LARGEST: usize = 1 << 20;

/// The most signatures that a note may have.
pub const MOST_SIGNATURES: usize = 256;

/// What a signature is made over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Algorithm {
    /// Ed25519 over the text: type 1.
    Note,
    /// Ed25519 over a header, a time and the text: type 4.
    Cosignature,
}

impl Algorithm {
    fn byte(self) -> u8 {
        match self {
            Algorithm::Note => 1,
            Algorithm::Cosignature => 4,
        }
    }

    fn of(byte: u8) -> Option<Algorithm> {
        [Algorithm::Note, Algorithm::Cosignature].into_iter().find(|a| a.byte() == byte)
    }
}

/// A public key with its name, as it is handed around: `NAME+ID+BASE64`.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    algorithm: Algorithm,
    key: VerifyingKey,
}

/// A private key with its name.
#[derive(Clone)]
pub struct SignerKey {
    public: VerifierKey,
    key: SigningKey,
}

/// One signature of a note: whose it claims to be, and its bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// The key's name.
    pub name: String,
    /// The key's number, which only tells keys apart and proves nothing.
    pub id: [u8; 4],
    /// What the algorithm made.
    pub bytes: Vec<u8>,
}

/// A text with its signatures, none of them checked yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A signature that was checked: whose, and when, where the algorithm says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signed {
    /// The key's name.
    pub name: String,
    /// The key.
    pub key: VerifierKey,
    /// Seconds since 1970, for cosignatures.
    pub time_s: Option<u64>,
}

/// Whether a text may name a key or an origin: not empty, at most 255 bytes, without spaces, `+` and control characters.
///
/// # Errors
/// [`Error::is_malformed`] with the reason.
pub fn check_name(name: &str) -> Result<(), Error> {
    let wrong = |why: &str| Err(Error::malformed(format!("the name {} {why}", shown(name))));
    if name.is_empty() {
        return wrong("is empty");
    }
    if name.len() > 255 {
        return wrong("is longer than 255 bytes");
    }
    if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("has a space or a control character; write it like `example.org/log`");
    }
    if name.contains('+') {
        return wrong("has a `+`; write it like `example.org/log`");
    }
    Ok(())
}

/// Canonical base64, or nothing.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Base64 as every format here writes it.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

impl VerifierKey {
    /// A key from its parts.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where the name may not be one, or the bytes are no point, or one under which anybody can sign.
    pub fn new(name: &str, algorithm: Algorithm, key: &[u8; 32]) -> Result<VerifierKey, Error> {
        check_name(name)?;
        let point = VerifyingKey::from_bytes(key)
            .map_err(|_| Error::malformed(format!("the key of {} is no Ed25519 key", shown(name))))?;
        // A point written in another way than the one is refused with the weak ones.
        if point.is_weak() || point.to_edwards().compress().as_bytes() != key {
            return Err(Error::malformed(format!("under the key of {} anybody can sign", shown(name))));
        }
        Ok(VerifierKey::of(name, algorithm, point))
    }

    fn of(name: &str, algorithm: Algorithm, key: VerifyingKey) -> VerifierKey {
        let mut bytes = format!("{name}\n").into_bytes();
        bytes.push(algorithm.byte());
        bytes.extend_from_slice(key.as_bytes());
        let [a, b, c, d, ..] = sha256(&bytes);
        VerifierKey { name: name.to_string(), id: [a, b, c, d], algorithm, key }
    }

    /// Reads `NAME+ID+BASE64`.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where it is not that, or the number does not fit the key.
    pub fn parse(text: &str) -> Result<VerifierKey, Error> {
        let wrong = |why: &str| Error::malformed(format!("{} is no public key: {why}", shown(text)));
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("it has the form `NAME+ID+BASE64`"));
        };
        if name == "PRIVATE" {
            return Err(wrong("it is a private one; keep it secret, and use the public one"));
        }
        let key = from_base64(key).ok_or_else(|| wrong("its last part is not base64"))?;
        let Some((byte, key)) = key.split_first() else { return Err(wrong("its last part is empty")) };
        let algorithm = Algorithm::of(*byte)
            .ok_or_else(|| wrong("its type is not known here; types 1 and 4, of Ed25519, are"))?;
        let key: &[u8; 32] = key.try_into().map_err(|_| wrong("an Ed25519 key has 32 bytes"))?;
        let key = VerifierKey::new(name, algorithm, key)?;
        match id == key.id_hex() {
            true => Ok(key),
            false => Err(wrong("its number does not fit the rest; copy it again")),
        }
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's number.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// What it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The 32 bytes of the key.
    pub fn bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// `NAME+ID`: short, and enough to find the key among known ones.
    pub fn short(&self) -> String {
        format!("{}+{}", self.name, self.id_hex())
    }

    fn id_hex(&self) -> String {
        self.id.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Checks a bare Ed25519 signature, which is for [`crate::envelope`].
    pub(crate) fn fits(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = signature.try_into() else { return false };
        self.key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }

    /// Checks the bytes of a note's signature; says when, for a cosignature.
    fn signed(&self, text: &str, bytes: &[u8]) -> Option<Option<u64>> {
        match self.algorithm {
            Algorithm::Note => self.fits(text.as_bytes(), bytes).then_some(None),
            Algorithm::Cosignature => {
                let (time_s, signature) = cosignature::parts(bytes)?;
                self.fits(cosignature::message(time_s, text).as_bytes(), signature).then_some(Some(time_s))
            }
        }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.algorithm.byte()];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, self.id_hex(), to_base64(&bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl SignerKey {
    /// A key from 32 random bytes.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where the name may not be one.
    pub fn new(name: &str, algorithm: Algorithm, seed: &[u8; 32]) -> Result<SignerKey, Error> {
        check_name(name)?;
        let key = SigningKey::from_bytes(seed);
        Ok(SignerKey { public: VerifierKey::of(name, algorithm, key.verifying_key()), key })
    }

    /// Reads `PRIVATE+KEY+NAME+ID+BASE64`.
    ///
    /// # Errors
    /// [`Error::is_malformed`]; the message does not quote the key.
    pub fn parse(text: &str) -> Result<SignerKey, Error> {
        let wrong = |why: &str| Error::malformed(format!("this is no private key: {why}"));
        let rest = text.strip_prefix("PRIVATE+KEY+").ok_or_else(|| wrong("it begins with `PRIVATE+KEY+`"))?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("it has the form `PRIVATE+KEY+NAME+ID+BASE64`"));
        };
        let key = from_base64(key).ok_or_else(|| wrong("its last part is not base64"))?;
        let Some((byte, seed)) = key.split_first() else { return Err(wrong("its last part is empty")) };
        let algorithm = Algorithm::of(*byte).ok_or_else(|| wrong("its type is not known here"))?;
        let seed: &[u8; 32] = seed.try_into().map_err(|_| wrong("an Ed25519 key has 32 bytes"))?;
        let signer = SignerKey::new(name, algorithm, seed)?;
        match id == signer.public.id_hex() {
            true => Ok(signer),
            false => Err(wrong("its number does not fit the rest; copy it again")),
        }
    }

    /// The text of the private key, to be kept in a file that nobody else reads.
    pub fn secret_text(&self) -> String {
        let mut bytes = vec![self.public.algorithm.byte()];
        bytes.extend_from_slice(self.key.as_bytes());
        format!("PRIVATE+KEY+{}+{}+{}", self.public.name, self.public.id_hex(), to_base64(&bytes))
    }

    /// The public key.
    pub fn public(&self) -> &VerifierKey {
        &self.public
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.public.name
    }

    /// A bare Ed25519 signature, which is for [`crate::envelope`].
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// The signature of a note's text; `time_s` is written into a cosignature, and left out else.
    fn sign_text(&self, text: &str, time_s: u64) -> Signature {
        let bytes = match self.public.algorithm {
            Algorithm::Note => self.sign_bytes(text.as_bytes()).to_vec(),
            Algorithm::Cosignature => {
                let signature = self.sign_bytes(cosignature::message(time_s, text).as_bytes());
                cosignature::bytes(time_s, &signature)
            }
        };
        Signature { name: self.public.name.clone(), id: self.public.id, bytes }
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({})", self.public.short())
    }
}

impl Signature {
    /// Its line: `— NAME BASE64`, with the line end.
    pub fn line(&self) -> String {
        let mut bytes = self.id.to_vec();
        bytes.extend_from_slice(&self.bytes);
        format!("— {} {}\n", self.name, to_base64(&bytes))
    }

    /// Reads a line without its end.
    ///
    /// # Errors
    /// [`Error::is_malformed`].
    pub fn parse(line: &str) -> Result<Signature, Error> {
        let wrong = || Error::malformed(format!("{} is no line of a signature", shown(line)));
        let (name, bytes) =
            line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or_else(wrong)?;
        check_name(name)?;
        let bytes = from_base64(bytes).ok_or_else(wrong)?;
        let (id, bytes) = bytes.split_first_chunk::<4>().ok_or_else(wrong)?;
        if bytes.is_empty() {
            return Err(wrong());
        }
        Ok(Signature { name: name.to_string(), id: *id, bytes: bytes.to_vec() })
    }
}

impl Note {
    /// A text that nobody has signed yet.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where it does not end with a line end or has control characters.
    pub fn new(text: impl Into<String>) -> Result<Note, Error> {
        let text = text.into();
        if !text.ends_with('\n') || text.len() > LARGEST {
            return Err(Error::malformed("a note's text ends with a line end, and has at most a megabyte"));
        }
        if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(Error::malformed("a note's text has no control characters but the line end"));
        }
        Ok(Note { text, signatures: Vec::new() })
    }

    /// Reads a note. Its signatures are not checked.
    ///
    /// # Errors
    /// [`Error::is_malformed`] where the bytes are no note, or one larger than [`LARGEST`].
    pub fn parse(bytes: &[u8]) -> Result<Note, Error> {
        let wrong = |why: &str| Error::malformed(format!("this is no signed note: {why}"));
        if bytes.len() > LARGEST {
            return Err(wrong("it is larger than a megabyte"));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
        let end = whole.rfind("\n\n").ok_or_else(|| wrong("no blank line stands before the signatures"))?;
        let (text, lines) = (&whole[..end + 1], &whole[end + 2..]);
        let mut note = Note::new(text)?;
        let lines = lines.strip_suffix('\n').ok_or_else(|| wrong("its last line has no end"))?;
        for line in lines.split('\n') {
            if note.signatures.len() == MOST_SIGNATURES {
                return Err(wrong("it has more than 256 signatures"));
            }
            note.signatures.push(Signature::parse(line)?);
        }
        Ok(note)
    }

    /// What was signed, with its last line end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, none of them checked.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Adds a signature, in place of one by the same key; `time_s` (seconds since 1970) is for cosignatures.
    pub fn sign(&mut self, key: &SignerKey, time_s: u64) {
        self.add(key.sign_text(&self.text, time_s));
    }

    /// Adds a signature that came from elsewhere, in place of one by the same key. It is not checked.
    pub fn add(&mut self, signature: Signature) {
        let same = |s: &Signature| s.name == signature.name && s.id == signature.id;
        match self.signatures.iter_mut().find(|s| same(s)) {
            Some(old) => *old = signature,
            None => self.signatures.push(signature),
        }
    }

    /// Who of `keys` has signed. An empty answer is possible: nobody whom we know.
    ///
    /// # Errors
    /// [`Error::is_signature`] where a signature claims one of the keys and does not fit.
    pub fn verify<'k>(&self, keys: impl IntoIterator<Item = &'k VerifierKey>) -> Result<Vec<Signed>, Error> {
        let mut signed = Vec::new();
        for key in keys {
            let mut theirs = self.signatures.iter().filter(|s| s.name == key.name && s.id == key.id);
            let Some(first) = theirs.next() else { continue };
            if theirs.next().is_some() {
                return Err(Error::signature(format!("{} signed twice", shown(&key.name))));
            }
            let Some(time_s) = key.signed(&self.text, &first.bytes) else {
                return Err(Error::signature(format!(
                    "the signature of {} does not fit the text",
                    shown(&key.name)
                )));
            };
            signed.push(Signed { name: key.name.clone(), key: key.clone(), time_s });
        }
        Ok(signed)
    }

    /// Whether this key has signed.
    ///
    /// # Errors
    /// [`Error::is_signature`] where it has not, or its signature does not fit.
    pub fn verify_by(&self, key: &VerifierKey) -> Result<Signed, Error> {
        let missing = || Error::signature(format!("`{}` has not signed", key.short()));
        self.verify([key])?.pop().ok_or_else(missing)
    }
}

impl fmt::Display for Note {
    /// The note's bytes: the text, a blank line, the signatures.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| f.write_str(&signature.line()))
    }
}
