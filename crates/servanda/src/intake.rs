//! The one way by which a submission from outside becomes a record of a workspace.
//!
//! Everything that comes over a channel (an outbox that is synchronised, HTTP, MQTT) passes through [`Intake`]. It opens an
//! envelope, holds it to the registered keys, to the submitter's numbers and to what is recorded already, and enters what is
//! left in one step.
//!
//! Invariants
//! - a submission is entered once, however often it is sent; the second time it is answered like the first;
//! - nothing is entered after a gap: a submitter's numbers are taken in order;
//! - a record counts as known from the moment at which it came in, not from when it was written down elsewhere: that moment is
//!   kept beside it;
//! - what one submission lacks does not hold up those of others.
//!
//! Where to start reading: [`Intake::submit`].

use crate::envelope::{self, PublicKey};
use crate::failure::Failure;
use crate::source;
use servanda_evidence::codes;
use servanda_evidence::import::Refused;
use servanda_evidence::outbox::{self, Last, Submission, sha256};
use servanda_evidence::{Context, Format, Import, Mapping, diff, quarantine_csv};
use servanda_model::{Agreement, Calendar, Instant, Name, Record};
use servanda_store::{Intake as Entry, StoredRecord, Workspace};
use std::collections::{BTreeMap, BTreeSet};

/// Under which keys of [`Record::extra`] it stands how a record came.
const CAME_AS: &str = "submission";
const CAME_HASH: &str = "submission.sha256";
const MADE: &str = "submission.made";

/// What came of a submission.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Its submitter.
    pub submitter: String,
    /// Its number.
    pub number: u64,
    /// The hash of its envelope.
    pub hash: String,
    /// The record.
    pub record: Name,
    /// It had come before.
    pub again: bool,
}

/// Why a submission is not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Stable code, with a page.
    pub code: &'static str,
    /// Whose and the how-manieth, where that is known.
    pub of: Option<(String, u64)>,
    /// Why.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

/// What was made of a document.
pub struct Made {
    /// Records entered.
    pub made: usize,
    /// Rows that were known already, as they are.
    pub unchanged: usize,
    /// Rows read.
    pub read: usize,
    /// Rows that could not be used.
    pub refused: Vec<Refused>,
    /// Where they lie, from the workspace's root.
    pub quarantine: Option<String>,
}

/// What is known of a workspace between two submissions.
#[derive(Default)]
struct Known {
    /// Records that are there.
    count: usize,
    /// The last moment at which anything was recorded.
    latest: Option<Instant>,
    /// Identities that are taken.
    ids: BTreeSet<Name>,
    /// The versions of each record, by the identity of the first.
    versions: BTreeMap<String, Vec<Record>>,
    /// Of each submitter the hashes of its submissions, by number from 1.
    taken: BTreeMap<String, Vec<String>>,
}

/// A workspace that takes submissions in.
pub struct Intake {
    workspace: Workspace,
    keys: Vec<PublicKey>,
    /// What comes into the workspace of an exercise belongs to it.
    exercise: bool,
    /// Zone of civil times.
    calendar: Calendar,
    known: Known,
}

impl Intake {
    /// Reads what is there.
    pub fn open(workspace: Workspace) -> Result<Intake, Failure> {
        let keys = envelope::keys_of(&workspace.root().join("sources"))?;
        let known = Known::of(&workspace)?;
        let agreement = agreement_of(&workspace)?;
        Ok(Intake { workspace, keys, exercise: agreement.exercise, calendar: agreement.calendar, known })
    }

    /// The mapping for documents of a format: the workspace's own of that name, else the one that ships.
    pub fn mapping(&self, format: Format) -> Result<Mapping, Failure> {
        let own = self.workspace.mapping(format.word());
        if own.is_file() {
            return source::mapping(&own);
        }
        Ok(format.embedded().unwrap_or_else(Mapping::plain))
    }

    /// Takes submissions in, in order. `channel` says by which way they came.
    pub fn submit(
        &mut self,
        envelopes: &[String],
        channel: &str,
        now: Instant,
    ) -> Result<Vec<Result<Taken, Refusal>>, Failure> {
        for _ in 0..5 {
            let (answers, records) = self.look_at(envelopes, now);
            if records.is_empty() {
                return Ok(answers);
            }
            let stored: Vec<StoredRecord> = records.iter().map(source::stored).collect();
            let import = Entry {
                file: channel.to_string(),
                sha256: sha256(envelopes.concat().as_bytes()),
                entered: now,
                read: envelopes.len() as u64,
                made: records.len() as u64,
                refused: answers.iter().filter(|a| a.is_err()).count() as u64,
                quarantine: None,
            };
            match self.workspace.enter(&import, &stored, None, self.known.count) {
                Ok(_) => {
                    for record in &records {
                        self.known.add(record);
                    }
                    return Ok(answers);
                }
                // Somebody else entered something meanwhile: look again.
                Err(error) if error.is_busy() => self.known = Known::of(&self.workspace)?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new("the workspace is being written by others all the time").help("run this again"))
    }

    /// Takes in a document of a format, unsigned: what is new in it, and what corrects what was there. It is a feed: what it does
    /// not have is not withdrawn.
    pub fn document(
        &mut self,
        format: Format,
        mapping: &Mapping,
        dataset: &str,
        bytes: &[u8],
        now: Instant,
    ) -> Result<Made, Failure> {
        for _ in 0..5 {
            let at = self.known.latest.map_or(now, |latest| latest.max(now));
            let context = Context {
                calendar: self.calendar.clone(),
                exercise: self.exercise,
                ..Context::new(at, dataset)
            };
            let mut import =
                servanda_evidence::import(format, bytes, Some(mapping), &context).or_else(|faults| {
                    // A message of which nothing can be used is a refused row, not the end of a channel.
                    let rows = faults.len();
                    let all = Import {
                        dataset: dataset.to_string(),
                        rows_read: rows,
                        refused: faults,
                        ..Import::default()
                    };
                    Ok::<Import, Failure>(all)
                })?;
            import.is_feed = true;
            let there: Vec<Record> = import
                .records
                .iter()
                .filter_map(|record| self.known.versions.get(root_of(&record.id)))
                .flatten()
                .cloned()
                .collect();
            let changes = diff(&there, &import, at);
            let records: Vec<Record> = changes.records().cloned().collect();
            let quarantine = (!import.refused.is_empty()).then(|| {
                let date = self.calendar.date(at).to_string();
                self.workspace.quarantine_place(dataset, &date)
            });
            let made = Made {
                made: records.len(),
                unchanged: changes.unchanged,
                read: import.rows_read,
                refused: import.refused.clone(),
                quarantine: quarantine.clone(),
            };
            if records.is_empty() && quarantine.is_none() {
                return Ok(made);
            }
            let stored: Vec<StoredRecord> = records.iter().map(source::stored).collect();
            let entry = Entry {
                file: dataset.to_string(),
                sha256: sha256(bytes),
                entered: at,
                read: import.rows_read as u64,
                made: records.len() as u64,
                refused: import.refused.len() as u64,
                quarantine,
            };
            let refused = (!import.refused.is_empty()).then(|| quarantine_csv(&import));
            match self.workspace.enter(
                &entry,
                &stored,
                refused.as_deref().map(str::as_bytes),
                self.known.count,
            ) {
                Ok(_) => {
                    records.iter().for_each(|record| self.known.add(record));
                    return Ok(made);
                }
                Err(error) if error.is_busy() => self.known = Known::of(&self.workspace)?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new("the workspace is being written by others all the time").help("run this again"))
    }

    /// What each submission comes to, and the records that are to be entered.
    fn look_at(&self, envelopes: &[String], now: Instant) -> (Vec<Result<Taken, Refusal>>, Vec<Record>) {
        let (mut answers, mut records): (Vec<_>, Vec<Record>) = (Vec::new(), Vec::new());
        let mut more: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut ids: BTreeSet<Name> = BTreeSet::new();
        let recorded = self.known.latest.map_or(now, |latest| latest.max(now));
        for line in envelopes {
            let answer = self.open_one(line).and_then(|submission| {
                let refuse = |reason: String, remedy: String| Refusal {
                    code: codes::OUTBOX,
                    of: Some((submission.submitter.clone(), submission.number)),
                    reason,
                    remedy,
                };
                let hash = sha256(line.as_bytes());
                let before = self.known.taken.get(&submission.submitter).map_or(&[][..], Vec::as_slice);
                let here = more.get(&submission.submitter).map_or(&[][..], Vec::as_slice);
                let all = before.len() + here.len();
                let taken = Taken {
                    submitter: submission.submitter.clone(),
                    number: submission.number,
                    hash: hash.clone(),
                    record: submission.record.id.clone(),
                    again: false,
                };
                let at = usize::try_from(submission.number).unwrap_or(usize::MAX);
                if at <= all {
                    let there =
                        if at <= before.len() { &before[at - 1] } else { &here[at - 1 - before.len()] };
                    if *there == hash {
                        return Ok(Taken { again: true, ..taken });
                    }
                }
                let last =
                    here.last().or(before.last()).map(|hash| Last { number: all as u64, hash: hash.clone() });
                outbox::follows(&submission, last.as_ref()).map_err(|f| refuse(f.reason, f.remedy))?;
                let Submission { submitter, number, made, mut record, .. } = submission.clone();
                if made > now + AHEAD_MS {
                    let reason = format!("the submission says that it was made at {made}, and it is {now}");
                    return Err(refuse(reason, "set the clock of the device that wrote it".to_string()));
                }
                if self.known.ids.contains(&record.id) || ids.contains(&record.id) {
                    let reason = format!("a record `{}` is there already, from elsewhere", record.id);
                    return Err(refuse(reason, "give the device a submitter's name of its own".to_string()));
                }
                record.recorded = recorded;
                record.exercise |= self.exercise;
                record.extra.insert(CAME_AS.to_string(), format!("{submitter}/{number}"));
                record.extra.insert(CAME_HASH.to_string(), hash.clone());
                record.extra.insert(MADE.to_string(), made.to_string());
                ids.insert(record.id.clone());
                more.entry(submitter).or_default().push(hash);
                records.push(record);
                Ok(taken)
            });
            answers.push(answer);
        }
        (answers, records)
    }

    fn open_one(&self, line: &str) -> Result<Submission, Refusal> {
        let refuse = |of, reason: String, remedy: &str| Refusal {
            code: codes::OUTBOX,
            of,
            reason,
            remedy: remedy.to_string(),
        };
        if line.len() > 2 * outbox::LONGEST {
            let reason = format!("the envelope has more than {} bytes", 2 * outbox::LONGEST);
            return Err(refuse(None, reason, "attach large things by their hash"));
        }
        let payload = envelope::payload(line.as_bytes())
            .map_err(|why| refuse(None, why, "send what `servanda record` wrote, unchanged"))?;
        let submission = outbox::parse(&payload).map_err(|f| refuse(None, f.reason, &f.remedy))?;
        let of = Some((submission.submitter.clone(), submission.number));
        envelope::signed_by(line.as_bytes(), &submission.submitter, &self.keys).map_err(|why| {
            let remedy = format!(
                "put the public key of `{}` into `sources/` of the workspace, if it is known whose it is",
                submission.submitter
            );
            refuse(of, why, &remedy)
        })?;
        Ok(submission)
    }
}

/// How far a submitter's clock may be ahead.
const AHEAD_MS: i64 = 5 * 60 * 1000;

/// The identity of the first version: `x` of `x~3`.
fn root_of(id: &Name) -> &str {
    match id.as_str().rsplit_once('~') {
        Some((root, version)) if version.parse::<u32>().is_ok_and(|v| v >= 2) => root,
        _ => id.as_str(),
    }
}

impl Known {
    fn of(workspace: &Workspace) -> Result<Known, Failure> {
        let mut known = Known::default();
        for record in source::entered(workspace)? {
            known.add(&record);
        }
        Ok(known)
    }

    fn add(&mut self, record: &Record) {
        self.count += 1;
        self.latest = self.latest.max(Some(record.recorded));
        self.ids.insert(record.id.clone());
        self.versions.entry(root_of(&record.id).to_string()).or_default().push(record.clone());
        let came = record.extra.get(CAME_AS).and_then(|came| came.rsplit_once('/'));
        if let (Some((submitter, _)), Some(hash)) = (came, record.extra.get(CAME_HASH)) {
            self.taken.entry(submitter.to_string()).or_default().push(hash.clone());
        }
    }
}

/// Enters records that a person made here, in the workspace itself.
pub fn by_hand(
    workspace: &Workspace,
    now: Instant,
    mut make: impl FnMut(&BTreeSet<Name>, Instant) -> Result<Vec<Record>, Failure>,
) -> Result<Vec<Record>, Failure> {
    for _ in 0..5 {
        let known = Known::of(workspace)?;
        let recorded = known.latest.map_or(now, |latest| latest.max(now));
        let mut records = make(&known.ids, recorded)?;
        records.iter_mut().for_each(|record| record.recorded = recorded);
        let stored: Vec<StoredRecord> = records.iter().map(source::stored).collect();
        let text: String = stored.iter().map(|r| r.json.as_str()).collect();
        let import = Entry {
            file: "by hand".to_string(),
            sha256: sha256(text.as_bytes()),
            entered: recorded,
            read: records.len() as u64,
            made: records.len() as u64,
            refused: 0,
            quarantine: None,
        };
        match workspace.enter(&import, &stored, None, known.count) {
            Ok(_) => return Ok(records),
            Err(error) if error.is_busy() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::new("the workspace is being written by others all the time").help("run this again"))
}

/// What an agreement under work has: its zone and its facts.
pub fn agreement_of(workspace: &Workspace) -> Result<Agreement, Failure> {
    Ok(servanda_lang::check(&crate::input::text(&workspace.agreement())?).agreement)
}
