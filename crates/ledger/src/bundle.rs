//! The auditor's bundle: a choice of entries with what proves them, in a folder that needs nothing else.
//!
//! ```text
//! manifest                  the files with their SHA-256, signed by the log: a signed note
//! policy                    who must have signed; an auditor should hold one of their own
//! checkpoint                the witnessed checkpoint
//! keys                      the sources' keys: `key VKEY FROM [UNTIL]`, entries between which each may sign
//! entries/N.proof           that entry N stands in the log, with its bytes (C2SP tlog-proof)
//! entries/N.envelope, N.salt   what was said, where it is opened
//! entries/N.withheld        why it is not opened, and by whose authority, where it is not
//! earlier/N.checkpoint, N.request   a checkpoint of the past, and that this log continues it
//! custody                   who did what with the selection, when and why; one line each
//! README.txt                how to check it
//! ```
//!
//! It does not judge what an envelope says, and it knows no format of payloads.
//!
//! Invariants
//! - an entry is opened and fits its leaf, or is proven present and withheld; there is no third;
//! - every file is named in the manifest with its hash, and a file that is not named is not read;
//! - a signature counts from the entry that registered its key until the one that revoked it.
//!
//! Where to start reading: [`check`].

use crate::envelope::Envelope;
use crate::error::{Error, shown};
use crate::leaf::{Leaf, commitment};
use crate::note::{Note, SignerKey, VerifierKey};
use crate::policy::{Policy, Witnessed};
use crate::proof::Proof;
use crate::tree::{sha256, verify_consistency};
use crate::witness::Request;
use std::collections::{BTreeMap, BTreeSet};

const HEADER: &str = "servanda bundle v1";

/// The largest file of a bundle, in bytes.
pub const LARGEST_FILE: usize = crate::envelope::LARGEST;

/// A source's key and between which entries it may sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceKey {
    /// The key.
    pub key: VerifierKey,
    /// The entry that registered it.
    pub from: u64,
    /// The entry that revoked it.
    pub until: Option<u64>,
}

/// What is shown of an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shown {
    /// The envelope and the salt that open its commitment.
    Opened {
        /// The exact bytes of the envelope.
        envelope: Vec<u8>,
        /// The salt.
        salt: [u8; 32],
    },
    /// Nothing but that it is there; the text says why and by whose authority.
    Withheld(String),
}

/// What goes into a bundle.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The policy.
    pub policy: Policy,
    /// The witnessed checkpoint, at which the proofs are.
    pub checkpoint: Note,
    /// The sources' keys.
    pub keys: Vec<SourceKey>,
    /// The entries, each with its bytes in the proof's `extra`.
    pub entries: Vec<(Proof, Shown)>,
    /// Checkpoints of the past, each with the proof that `checkpoint` continues it.
    pub earlier: Vec<(Note, Request)>,
    /// Who did what, when and why: one line each.
    pub custody: Vec<String>,
    /// When it was made, in milliseconds since 1970.
    pub made_ms: i64,
}

/// An entry as a bundle shows it, after the check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its number in the log.
    pub index: u64,
    /// Its leaf.
    pub leaf: Leaf,
    /// What is known of its payload.
    pub state: State,
}

/// What is known of an entry's payload.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// The envelope is the one that was logged.
    Opened {
        /// The payload's type.
        payload_type: String,
        /// The payload.
        payload: Vec<u8>,
        /// Keys whose signatures are right and were valid at that entry.
        signed_by: Vec<String>,
        /// What the signatures name and the bundle has no key for.
        unknown: Vec<String>,
    },
    /// Proven present, withheld; the text says why and by whose authority.
    Withheld(String),
    /// What is shown does not fit the leaf; a finding says how.
    Wrong,
}

/// What a check found. The bundle is in order if [`Report::findings`] is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The checkpoint, if it counts.
    pub witnessed: Option<Witnessed>,
    /// When the bundle says it was made, in milliseconds since 1970.
    pub made_ms: Option<i64>,
    /// The entries in order.
    pub items: Vec<Item>,
    /// Sizes of the earlier checkpoints that the log continues.
    pub earlier: Vec<u64>,
    /// Keys, and whether the entry that registered each is in the bundle, opened, and names it.
    pub keys: Vec<(SourceKey, bool)>,
    /// The custody log.
    pub custody: Vec<String>,
    /// What is wrong: where, and what.
    pub findings: Vec<(String, String)>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a hash or a salt, from 64 digits in lower case.
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The files of a bundle by their paths, `manifest` among them.
///
/// # Errors
/// [`Error::is_malformed`] where the manifest would be larger than a note may be: make several bundles then; or where a part is
/// not what it should be.
pub fn build(parts: &Parts, log: &SignerKey) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    files.insert("README.txt".into(), README.into());
    files.insert("policy".into(), parts.policy.to_string().into());
    files.insert("checkpoint".into(), parts.checkpoint.to_string().into());
    files.insert("keys".into(), keys_text(&parts.keys).into());
    for line in &parts.custody {
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return Err(Error::malformed(format!("{} is not one line of a custody log", shown(line))));
        }
    }
    files.insert(
        "custody".into(),
        parts.custody.iter().map(|line| format!("{line}\n")).collect::<String>().into(),
    );
    for (proof, what) in &parts.entries {
        let name = |end: &str| format!("entries/{}.{end}", proof.index);
        files.insert(name("proof"), proof.to_string().into());
        match what {
            Shown::Opened { envelope, salt } => {
                files.insert(name("envelope"), envelope.clone());
                files.insert(name("salt"), format!("{}\n", hex(salt)).into());
            }
            Shown::Withheld(why) => {
                drop(files.insert(name("withheld"), format!("{}\n", why.trim_end()).into()))
            }
        }
    }
    for (checkpoint, request) in &parts.earlier {
        files.insert(format!("earlier/{}.checkpoint", request.old), checkpoint.to_string().into());
        files.insert(format!("earlier/{}.request", request.old), request.to_string().into());
    }
    let mut manifest = format!("{HEADER}\n{}\nmade {}\n", log.name(), parts.made_ms);
    for (path, bytes) in &files {
        manifest.push_str(&format!("file {} {path}\n", hex(&sha256(bytes))));
    }
    let mut note = Note::new(manifest)?;
    note.sign(log, 0);
    files.insert("manifest".into(), note.to_string().into());
    Ok(files)
}

/// The lines of `keys`.
pub fn keys_text(keys: &[SourceKey]) -> String {
    let line = |key: &SourceKey| match key.until {
        Some(until) => format!("key {} {} {until}\n", key.key, key.from),
        None => format!("key {} {}\n", key.key, key.from),
    };
    keys.iter().map(line).collect()
}

/// Reads the lines of `keys`.
///
/// # Errors
/// [`Error::is_malformed`] with the line.
pub fn parse_keys(bytes: &[u8]) -> Result<Vec<SourceKey>, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::malformed("the keys are not UTF-8"))?;
    let mut keys = Vec::new();
    for (number, line) in
        text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    {
        let wrong = |why: String| Error::malformed(format!("line {} of the keys: {why}", number + 1));
        let form = || wrong("it has the form `key VKEY FROM [UNTIL]`".into());
        let words: Vec<&str> = line.split(' ').collect();
        let (["key", key, from], until) = (match words[..] {
            ["key", key, from] => (["key", key, from], None),
            ["key", key, from, until] => (["key", key, from], Some(until)),
            _ => return Err(form()),
        }) else {
            return Err(form());
        };
        let number = |text: &str| crate::checkpoint::decimal(text).ok_or_else(form);
        keys.push(SourceKey {
            key: VerifierKey::parse(key).map_err(|e| wrong(e.to_string()))?,
            from: number(from)?,
            until: until.map(number).transpose()?,
        });
    }
    Ok(keys)
}

/// The manifest's lines: when it was made, and the files with their hashes.
fn manifest(text: &str, origin: &str) -> Result<(i64, BTreeMap<String, [u8; 32]>), Error> {
    let wrong = |why: &str| Error::malformed(format!("this is no manifest of a bundle: {why}"));
    let mut lines = text.lines();
    if lines.next() != Some(HEADER) {
        return Err(wrong(&format!("its first line is not `{HEADER}`")));
    }
    if lines.next() != Some(origin) {
        return Err(wrong("it is of another log"));
    }
    let made = lines.next().and_then(|line| line.strip_prefix("made ")).and_then(|ms| ms.parse().ok());
    let made = made.ok_or_else(|| wrong("the line `made` is missing"))?;
    let mut files = BTreeMap::new();
    for line in lines {
        let parts = line.strip_prefix("file ").and_then(|rest| rest.split_once(' '));
        let (hash, path) = parts.ok_or_else(|| wrong("a line is not `file HASH PATH`"))?;
        let hash = from_hex(hash).ok_or_else(|| wrong("a hash has 64 digits"))?;
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        // Whoever opens the files must not be led out of the folder.
        if path.split('/').count() > 2 || !path.split('/').all(plain) {
            return Err(wrong(&format!("{} is no path of a bundle", shown(path))));
        }
        if files.insert(path.to_string(), hash).is_some() {
            return Err(wrong(&format!("{} is named twice", shown(path))));
        }
    }
    Ok((made, files))
}

/// Checks a bundle whose files `read` finds by their paths (`Ok(None)` where one is not there, at most [`LARGEST_FILE`] bytes each).
/// Without a `policy` of the auditor's own the one in the bundle is used, which proves nothing against whoever made it.
///
/// # Errors
/// Those of `read` only: what is wrong with the bundle stands in the report.
pub fn check<E>(
    mut read: impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
    policy: Option<&Policy>,
) -> Result<Report, E> {
    let mut report = Report::default();
    // The policy is needed before the manifest can be believed.
    let inside = read("policy")?.map(|bytes| Policy::parse(&bytes));
    let policy = match (policy, inside) {
        (Some(policy), _) => policy.clone(),
        (None, Some(Ok(policy))) => policy,
        (None, Some(Err(e))) => {
            report.find("policy", e.to_string());
            return Ok(report);
        }
        (None, None) => {
            report.find("policy", "it is missing, and none was handed in");
            return Ok(report);
        }
    };
    let head = read("checkpoint")?.ok_or_else(|| Error::malformed("it is missing"));
    let head = head.and_then(|bytes| Note::parse(&bytes));
    let witnessed = match head.and_then(|note| policy.verify(&note)) {
        Ok(witnessed) => witnessed,
        Err(e) => {
            report.find("checkpoint", e.to_string());
            return Ok(report);
        }
    };
    let named = read("manifest")?.ok_or_else(|| Error::malformed("it is missing"));
    let named = named.and_then(|bytes| Note::parse(&bytes)).and_then(|note| {
        note.verify_by(&witnessed.log)?;
        manifest(note.text(), witnessed.log.name())
    });
    let (made_ms, named) = match named {
        Ok(named) => named,
        Err(e) => {
            report.find("manifest", e.to_string());
            return Ok(report);
        }
    };
    report.made_ms = Some(made_ms);
    // Each file is read once more when it is used, so that no bundle has to fit into memory.
    for (path, hash) in &named {
        match read(path)? {
            None => report.find(path, "it is missing"),
            Some(bytes) if sha256(&bytes) != *hash => {
                report.find(path, "it is not the file that the manifest names")
            }
            Some(_) => {}
        }
    }
    for path in ["policy", "checkpoint", "keys", "custody", "README.txt"] {
        if !named.contains_key(path) {
            report.find(path, "the manifest does not name it");
        }
    }
    let mut file = |path: &str| match named.contains_key(path) {
        true => read(path),
        false => Ok(None),
    };
    let keys = match parse_keys(&file("keys")?.unwrap_or_default()) {
        Ok(keys) => keys,
        Err(e) => {
            report.find("keys", e.to_string());
            Vec::new()
        }
    };
    let custody = file("custody")?.unwrap_or_default();
    report.custody = String::from_utf8_lossy(&custody).lines().map(str::to_string).collect();
    let numbers = |folder: &str, end: &str| -> BTreeSet<u64> {
        let number =
            |path: &String| path.strip_prefix(folder)?.strip_suffix(end).and_then(crate::checkpoint::decimal);
        named.keys().filter_map(number).collect()
    };
    for index in numbers("entries/", ".proof") {
        let place = format!("entries/{index}.proof");
        let proved = file(&place)?.ok_or_else(|| Error::malformed("it is missing")).and_then(|bytes| {
            let proof = Proof::parse(&bytes)?;
            let entry = proof.extra.clone().ok_or_else(|| Error::malformed("it does not hold the entry"))?;
            let at = proof.verify(&entry, &policy)?;
            if proof.index != index || at.checkpoint != witnessed.checkpoint {
                return Err(Error::proof("it proves another entry, or at another checkpoint"));
            }
            Leaf::from_bytes(&entry)
        });
        let leaf = match proved {
            Ok(leaf) => leaf,
            Err(e) => {
                report.find(&place, e.to_string());
                continue;
            }
        };
        let state = opened(index, &leaf, &keys, &mut file, &mut report)?;
        report.items.push(Item { index, leaf, state });
    }
    for old in numbers("earlier/", ".checkpoint") {
        let place = format!("earlier/{old}.checkpoint");
        let note = file(&place)?.unwrap_or_default();
        let request = file(&format!("earlier/{old}.request"))?.unwrap_or_default();
        let continued = Note::parse(&note).and_then(|note| {
            let (past, _) = policy.signed_by_log(&note)?;
            let request = Request::parse(&request)?;
            if (past.size, &past.origin) != (old, &witnessed.checkpoint.origin) {
                return Err(Error::malformed("it is another checkpoint"));
            }
            let now = &witnessed.checkpoint;
            verify_consistency(old, &past.root, now.size, &now.root, &request.proof)
        });
        match continued {
            Ok(()) => report.earlier.push(old),
            Err(e) => report.find(&place, e.to_string()),
        }
    }
    for key in keys {
        let registers = |item: &Item| match &item.state {
            State::Opened { payload, .. } => {
                let named = key.key.to_string();
                item.index == key.from && payload.windows(named.len()).any(|text| text == named.as_bytes())
            }
            _ => false,
        };
        let registered = report.items.iter().any(registers);
        report.keys.push((key, registered));
    }
    report.witnessed = Some(witnessed);
    Ok(report)
}

impl Report {
    fn find(&mut self, place: &str, what: impl Into<String>) {
        self.findings.push((place.to_string(), what.into()));
    }
}

/// What is shown of an entry, held against its leaf.
fn opened<E>(
    index: u64,
    leaf: &Leaf,
    keys: &[SourceKey],
    file: &mut impl FnMut(&str) -> Result<Option<Vec<u8>>, E>,
    report: &mut Report,
) -> Result<State, E> {
    let place = format!("entries/{index}.envelope");
    let envelope = file(&place)?;
    let salt = file(&format!("entries/{index}.salt"))?;
    let withheld = file(&format!("entries/{index}.withheld"))?;
    let (envelope, salt) = match (envelope, salt, withheld) {
        (Some(envelope), Some(salt), None) => (envelope, salt),
        (None, None, Some(why)) => {
            return Ok(State::Withheld(String::from_utf8_lossy(&why).trim_end().to_string()));
        }
        _ => {
            report.find(&place, "an entry is opened, with envelope and salt, or withheld, with the reason");
            return Ok(State::Wrong);
        }
    };
    let salt = std::str::from_utf8(&salt).ok().and_then(|salt| from_hex(salt.trim_end()));
    if salt.is_none_or(|salt| commitment(&salt, &envelope) != leaf.commitment) {
        report.find(&place, "envelope and salt do not open the commitment of the entry");
        return Ok(State::Wrong);
    }
    let envelope = match Envelope::parse(&envelope) {
        Ok(envelope) => envelope,
        Err(e) => {
            report.find(&place, e.to_string());
            return Ok(State::Wrong);
        }
    };
    let valid = |key: &&SourceKey| key.from <= index && key.until.is_none_or(|until| index < until);
    let named = |key: &&SourceKey| envelope.key_ids().any(|id| id == key.key.short());
    for key in keys.iter().filter(named).filter(|key| !valid(key)) {
        report.find(
            &place,
            format!("`{}` signed it, and was registered or valid only at other entries", key.key.short()),
        );
    }
    let usable: Vec<&VerifierKey> = keys.iter().filter(valid).map(|key| &key.key).collect();
    let known: BTreeSet<String> = keys.iter().map(|key| key.key.short()).collect();
    let unknown: Vec<String> =
        envelope.key_ids().filter(|id| !known.contains(*id)).map(str::to_string).collect();
    let signed_by = match envelope.verify(&usable) {
        Ok((_, signed)) => signed.into_iter().map(VerifierKey::short).collect(),
        Err(e) => {
            if unknown.is_empty() {
                report.find(&place, e.to_string());
            }
            Vec::new()
        }
    };
    Ok(State::Opened {
        payload_type: envelope.payload_type().to_string(),
        payload: envelope.payload_unverified().to_vec(),
        signed_by,
        unknown,
    })
}

/// What stands in `README.txt` of every bundle.
pub const README: &str = "\
This folder holds entries of a tamper-evident log, with everything that proves them.

To check it, off-line, with nothing but the program servanda-auditor:

    servanda-auditor bundle THIS-FOLDER --policy YOUR-POLICY

YOUR-POLICY is the policy file that your side keeps: the keys of the log and of the witnesses of both
sides. Without it the program uses the file `policy` of this folder, and says so: that proves that the
folder fits together, and nothing against whoever made it.

What the answer means

  opened              the envelope in `entries` is, byte for byte, the one that was logged
  present, withheld   the entry stands in the log; what it says is not shown, and `entries` says why
  FINDING             something is not what it claims to be; the line says which file

The entries, their order and number cannot have been changed since the checkpoint was cosigned by the
witnesses. Which entries were chosen for this folder, the folder cannot prove: `custody` says who chose.

Every format is public: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy, tlog-proof, and DSSE.
";
