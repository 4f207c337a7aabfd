//! An outbox: a folder in which a device without network keeps what was recorded, until it is delivered.
//!
//! ```text
//! outbox.toml       whose it is, in which time zone, what it records usually
//! secret.key        the submitter's private key; it never leaves the device
//! NAME.pub          the public key: registered once with the workspace
//! outbox.jsonl      the submissions, one envelope a line, only ever appended to
//! receipts.jsonl    what was answered, one line a submission or a file, only ever appended to
//! draft.txt         answers of a form that was not finished
//! attachments/      files by their hash
//! ```
//!
//! Invariants
//! - a submission is in the file, whole and synced, before anybody is told that it was recorded;
//! - the numbers have no gaps, and each names the hash of the one before; a torn last line was never told of, and is set aside;
//! - nothing is taken out after it was delivered: the folder is a copy of what was sent;
//! - two programs never append at once: the file is locked.
//!
//! Where to start reading: [`Outbox::append`], then [`Outbox::after`].

use crate::envelope::{self, Key, Registered};
use crate::failure::Failure;
use crate::input;
use servanda_evidence::outbox::{self, Last, Submission, sha256};
use servanda_model::{Calendar, Instant, Name, Record};
use servanda_store::files;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file that makes a folder an outbox.
pub const SETTINGS: &str = "outbox.toml";

/// An outbox, opened.
pub struct Outbox {
    root: PathBuf,
    /// Whose numbers these are.
    pub submitter: String,
    /// Zone of civil times.
    pub calendar: Calendar,
    /// Fact of what has none of its own name.
    pub fact: Option<Name>,
    /// What is recorded belongs to an exercise.
    pub exercise: bool,
    /// Its public key: what lies in the file was signed with it.
    keys: Vec<Registered>,
}

fn failed(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {doing} `{}`: {error}", path.display()))
        .help("nothing was recorded; make room or look at the rights of the folder, then run this again")
}

impl Outbox {
    /// Makes an outbox with a key of its own.
    pub fn create(
        root: &Path,
        submitter: &str,
        zone: &str,
        fact: Option<&str>,
        exercise: bool,
    ) -> Result<Outbox, Failure> {
        if !outbox::is_submitter(submitter) {
            return Err(Failure::new(format!("`{submitter}` cannot name a submitter"))
                .help("take 1 to 64 letters, digits, hyphens and underscores, such as `node-north`"));
        }
        let Some(calendar) = Calendar::of_zone(zone) else {
            return Err(Failure::new(format!("the time zone `{zone}` is not known"))
                .help("write a zone of the IANA database such as `Europe/Kyiv`"));
        };
        if root.join(SETTINGS).exists() {
            return Err(Failure::new(format!("`{}` is an outbox already", root.display()))
                .help("leave --submitter out"));
        }
        std::fs::create_dir_all(root).map_err(|e| failed("make", root, &e))?;
        let key = Key::create(&root.join("secret.key"), submitter)?;
        files::write(&root.join(format!("{submitter}.pub")), format!("{}\n", key.public()).as_bytes())?;
        let fact_line = fact.map_or(String::new(), |fact| format!("fact = \"{}\"\n", Name::slug(fact)));
        let text = format!(
            "# An outbox of servanda. Never copy it to a second device that goes on recording: make one there.\n\
             submitter = \"{submitter}\"\nzone = \"{}\"\n{fact_line}exercise = {exercise}\n",
            calendar.zone_name()
        );
        // Last: from now on it is an outbox.
        files::write(&root.join(SETTINGS), text.as_bytes())?;
        Outbox::open(root)
    }

    /// Opens an outbox.
    pub fn open(root: &Path) -> Result<Outbox, Failure> {
        let path = root.join(SETTINGS);
        if !path.is_file() {
            return Err(Failure::new(format!("`{}` is no outbox: it has no {SETTINGS}", root.display()))
                .help("make one: servanda record --outbox DIR --submitter NAME --zone Europe/Kyiv"));
        }
        let text = input::text(&path)?;
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let pair = line.split_once('=').map(|(k, v)| (k.trim(), v.trim().trim_matches('"')));
            match pair {
                Some((key @ ("submitter" | "zone" | "fact" | "exercise"), value)) => {
                    found.insert(key.to_string(), value.to_string());
                }
                _ => {
                    return Err(Failure::new(format!(
                        "`{}`: the line `{line}` is not understood",
                        path.display()
                    ))
                    .help("it has submitter, zone, fact and exercise, each as `key = \"value\"`"));
                }
            }
        }
        let broken = |what: &str| Failure::new(format!("`{}` has no usable {what}", path.display()));
        let submitter = found
            .remove("submitter")
            .filter(|s| outbox::is_submitter(s))
            .ok_or_else(|| broken("submitter"))?;
        let calendar = found.get("zone").and_then(|z| Calendar::of_zone(z)).ok_or_else(|| broken("zone"))?;
        let exercise = found.get("exercise").is_some_and(|e| e == "true");
        let fact = found.get("fact").filter(|f| !f.is_empty()).map(|f| Name::from(f.as_str()));
        let keys = envelope::own(root, &submitter)?;
        Ok(Outbox { root: root.to_path_buf(), submitter, calendar, fact, exercise, keys })
    }

    /// Where the answers of an unfinished form lie.
    pub fn draft(&self) -> PathBuf {
        self.root.join("draft.txt")
    }

    /// Where files lie by their hash.
    pub fn attachments(&self) -> PathBuf {
        self.root.join("attachments")
    }

    /// Appends records. `make` gets the number of each and gives the record; all are in the file or none.
    pub fn append(
        &self,
        count: usize,
        now: Instant,
        mut make: impl FnMut(u64) -> Result<Record, Failure>,
    ) -> Result<Vec<Record>, Failure> {
        let path = self.root.join("outbox.jsonl");
        let key = Key::open(&self.root.join("secret.key"))?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|e| failed("open", &path, &e))?;
        file.lock().map_err(|e| failed("lock", &path, &e))?;
        self.set_torn_line_aside(&mut file, &path)?;
        let (mut last, before) = match self.last(&mut file, &path)? {
            Some((last, made)) => (Some(last), made),
            None => (None, now),
        };
        // Where the clock was set back, what comes later was still made later.
        let now = now.max(before);
        let (mut text, mut records) = (String::new(), Vec::new());
        for _ in 0..count {
            let number = last.as_ref().map_or(1, |last| last.number + 1);
            let record = make(number)?;
            let submission = Submission {
                submitter: self.submitter.clone(),
                number,
                previous: last.map(|last| last.hash),
                made: now,
                record,
            };
            let line = envelope::seal(&key, outbox::PAYLOAD, &outbox::payload(&submission));
            last = Some(Last { number, hash: sha256(line.as_bytes()) });
            text.push_str(&line);
            text.push('\n');
            records.push(submission.record);
        }
        let before = file.metadata().map_err(|e| failed("read", &path, &e))?.len();
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // A full disk: what is there of the lines is taken back, so that it is not taken for a submission.
            let _ = file.set_len(before);
            return Err(failed("write", &path, &error));
        }
        Ok(records)
    }

    /// A line without its end was never told of: the device went off. It is kept beside, and the file ends before it.
    fn set_torn_line_aside(&self, file: &mut File, path: &Path) -> Result<(), Failure> {
        let error = |e: std::io::Error| failed("read", path, &e);
        let length = file.metadata().map_err(error)?.len();
        let tail = tail(file, length).map_err(error)?;
        if tail.is_empty() || tail.ends_with(b"\n") {
            return Ok(());
        }
        let keep = tail.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let torn = (1..)
            .map(|n| self.root.join(format!("outbox.torn-{n}")))
            .find(|p| !p.exists())
            .unwrap_or_default();
        files::write(&torn, &tail[keep..])?;
        file.set_len(length - (tail.len() - keep) as u64).map_err(error)?;
        file.sync_all().map_err(error)
    }

    fn last(&self, file: &mut File, path: &Path) -> Result<Option<(Last, Instant)>, Failure> {
        let length = file.metadata().map_err(|e| failed("read", path, &e))?.len();
        let tail = tail(file, length).map_err(|e| failed("read", path, &e))?;
        let mut lines = tail.split(|b| *b == b'\n').filter(|l| !l.is_empty());
        let Some(line) = lines.next_back() else { return Ok(None) };
        let submission = self.read(line, path)?;
        Ok(Some((Last { number: submission.number, hash: sha256(line) }, submission.made)))
    }

    fn read(&self, line: &[u8], path: &Path) -> Result<Submission, Failure> {
        let broken = |why: String| {
            Failure::new(format!("[E0132] `{}` was changed: {why}", path.display()))
                .help("`servanda explain E0132` says what to do; never edit the file")
        };
        let payload = envelope::payload(line).map_err(&broken)?;
        let submission = outbox::parse(&payload).map_err(|f| broken(f.reason))?;
        envelope::signed_by(line, &self.submitter, &self.keys).map_err(&broken)?;
        Ok(submission)
    }

    /// The submissions after a number, as they are sent, each with its number.
    pub fn after(&self, number: u64) -> Result<Vec<(u64, String)>, Failure> {
        let path = self.root.join("outbox.jsonl");
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = input::bytes(&path, input::DATA_LIMIT)?;
        let mut last: Option<Last> = None;
        let mut out = Vec::new();
        // The last piece has no end: it was never told of.
        let whole = text.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        for line in text[..whole].split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
            let submission = self.read(line, &path)?;
            outbox::follows(&submission, last.as_ref()).map_err(|fault| {
                Failure::new(format!("[E0132] `{}`: {}", path.display(), fault.reason)).help(fault.remedy)
            })?;
            last = Some(Last { number: submission.number, hash: sha256(line) });
            if submission.number > number {
                out.push((submission.number, String::from_utf8_lossy(line).into_owned()));
            }
        }
        let there = last.map_or(0, |last| last.number);
        if there < number {
            return Err(Failure::new(format!(
                "[E0132] `{}` ends with the submission {there}, and {number} were delivered already",
                path.display()
            ))
            .help("its end was cut off: restore the whole folder from a copy"));
        }
        Ok(out)
    }

    /// The last number that was answered with a receipt by a place.
    pub fn delivered(&self, to: &str) -> Result<u64, Failure> {
        let path = self.root.join("receipts.jsonl");
        if !path.exists() {
            return Ok(0);
        }
        let text = input::text(&path)?;
        let numbers = text.lines().filter_map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).ok()?;
            (value["to"].as_str() == Some(to)).then(|| value["number"].as_u64())?
        });
        Ok(numbers.max().unwrap_or(0))
    }

    /// The hashes of the files that a place has taken.
    pub fn files_delivered(&self, to: &str) -> Result<BTreeSet<String>, Failure> {
        let path = self.root.join("receipts.jsonl");
        if !path.exists() {
            return Ok(BTreeSet::new());
        }
        let text = input::text(&path)?;
        let hashes = text.lines().filter_map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).ok()?;
            (value["to"].as_str() == Some(to)).then(|| value["attachment"].as_str().map(String::from))?
        });
        Ok(hashes.collect())
    }

    /// Keeps that a file was taken.
    pub fn keep_file(&self, to: &str, hash: &str) -> Result<(), Failure> {
        self.write_receipts(&format!("{}\n", serde_json::json!({"to": to, "attachment": hash})))
    }

    /// What is said of a file before its bytes, signed.
    pub fn delivery(&self, record: &str, hash: &str, length: u64) -> Result<String, Failure> {
        let key = Key::open(&self.root.join("secret.key"))?;
        let delivery = outbox::Delivery {
            submitter: self.submitter.clone(),
            record: record.to_string(),
            hash: hash.to_string(),
            length,
        };
        Ok(envelope::seal(&key, outbox::PAYLOAD, &outbox::delivery_payload(&delivery)))
    }

    /// Keeps what was answered.
    pub fn keep(&self, to: &str, answers: &[(u64, serde_json::Value)]) -> Result<(), Failure> {
        let mut text = String::new();
        for (number, answer) in answers {
            text.push_str(&serde_json::json!({"to": to, "number": number, "answer": answer}).to_string());
            text.push('\n');
        }
        self.write_receipts(&text)
    }

    fn write_receipts(&self, text: &str) -> Result<(), Failure> {
        let path = self.root.join("receipts.jsonl");
        let written = OpenOptions::new().append(true).create(true).open(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|e| failed("write", &path, &e))
    }
}

/// The end of a file, in which at least one whole line lies.
fn tail(file: &mut File, length: u64) -> std::io::Result<Vec<u8>> {
    let from = length.saturating_sub(4 * outbox::LONGEST as u64);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(length - from).read_to_end(&mut bytes)?;
    Ok(bytes)
}
