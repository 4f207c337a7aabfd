//! The one way by which a submission from outside becomes a record of a workspace.
//!
//! Everything that comes over a channel (an outbox that is synchronised, HTTP, MQTT) passes through [`Intake`]. It opens an
//! envelope, holds it to the registered keys, and hands it to the store, which holds it to the submitter's numbers and gives the
//! receipt.
//!
//! Invariants
//! - a submission is entered once, however often it is sent; the second time it is answered like the first;
//! - a submitter enters, corrects and takes back records of its own only;
//! - a record counts as known from the moment at which it came in, not from when it was written down elsewhere: that moment is
//!   kept beside it;
//! - what one submission lacks does not hold up those of others.
//!
//! Where to start reading: [`Intake::submit`].

use crate::envelope::{self, Registered};
use crate::failure::Failure;
use crate::{rulings, source};
use servanda_evidence::codes;
use servanda_evidence::import::Refused;
use servanda_evidence::outbox::{self, Delivery, Submission, sha256};
use servanda_evidence::{Context, Format, Import, Mapping, diff, quarantine_csv};
use servanda_model::{Agreement, Calendar, Instant, Name, Record};
use servanda_store::policy::{Role, Viewer};
use servanda_store::{
    self as store, Entry, Holder, Intake as Imported, Store, StoredRecord, Submitted, Workspace,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Under which keys of [`Record::extra`] it stands how a record came.
const CAME_AS: &str = "submission";
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
    /// What the workspace promises: a note signed by its log.
    pub receipt: String,
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
    /// The record that was entered last.
    last: Option<Name>,
    /// What was entered since somebody asked for it.
    fresh: Vec<Record>,
    /// Somebody was told that nothing recorded up to here is still to come.
    told: Option<Instant>,
    /// How many rulings there were when somebody asked last.
    rulings: Option<u64>,
    /// The identities of the versions of each record, by that of the first. The records themselves lie in the store.
    versions: BTreeMap<String, Vec<Name>>,
}

/// A workspace that takes submissions in.
pub struct Intake {
    workspace: Workspace,
    store: Arc<Store>,
    /// What comes into the workspace of an exercise belongs to it.
    exercise: bool,
    /// Zone of civil times.
    calendar: Calendar,
    known: Known,
}

impl Intake {
    /// Reads what is there.
    pub fn open(workspace: Workspace) -> Result<Intake, Failure> {
        let known = Known::of(&workspace)?;
        let agreement = agreement_of(&workspace)?;
        let store = Arc::new(workspace.store());
        Ok(Intake { workspace, store, exercise: agreement.exercise, calendar: agreement.calendar, known })
    }

    /// The mapping for documents of a format: the workspace's own of that name, else the one that ships.
    pub fn mapping(&self, format: Format) -> Result<Mapping, Failure> {
        let own = self.workspace.mapping(format.word());
        if own.is_file() {
            return source::mapping(&own);
        }
        Ok(format.embedded().unwrap_or_else(Mapping::plain))
    }

    /// Takes submissions in, in order, and answers each.
    pub fn submit(
        &mut self,
        envelopes: &[String],
        now: Instant,
    ) -> Result<Vec<Result<Taken, Refusal>>, Failure> {
        let recorded = self.known.next(now);
        let mut opened: Vec<Result<Taken, Refusal>> = Vec::new();
        let mut submissions = Vec::new();
        // Keys come and go while a channel is open.
        let keys = envelope::registered(&self.store)?;
        for line in envelopes {
            opened.push(open_one(line, &keys).map(|(submission, key)| {
                let Submission { submitter, number, previous, made, mut record } = submission;
                record.recorded = recorded;
                record.exercise |= self.exercise;
                record.extra.insert(CAME_AS.to_string(), format!("{submitter}/{number}"));
                record.extra.insert(MADE.to_string(), made.to_string());
                let mut by = Viewer::public();
                by.name = submitter.clone();
                by.roles.insert(Role::Reporter);
                submissions.push(store::Submission {
                    submitter: submitter.clone(),
                    by,
                    number,
                    previous: previous.as_deref().and_then(hash_of),
                    submitted: Submitted { bytes: line.clone(), made: Some(made) },
                    key: Some(key),
                    entry: Entry::Record(source::stored(&record)),
                });
                Taken {
                    submitter,
                    number,
                    hash: sha256(line.as_bytes()),
                    record: record.id,
                    receipt: String::new(),
                    again: false,
                }
            }));
        }
        let mut receipts = self.store.submit_all(submissions, now).into_iter();
        let answer = |one: Result<Taken, Refusal>| {
            let taken = one?;
            match receipts.next() {
                Some(Ok(receipt)) => Ok(Taken { receipt: receipt.note, again: receipt.again, ..taken }),
                Some(Err(error)) => Err(Refusal {
                    code: codes::OUTBOX,
                    of: Some((taken.submitter, taken.number)),
                    reason: error.to_string(),
                    remedy: error.help_text().unwrap_or("nothing was entered; send it again").to_string(),
                }),
                None => Err(Refusal {
                    code: codes::OUTBOX,
                    of: Some((taken.submitter, taken.number)),
                    reason: "it was not answered".to_string(),
                    remedy: "send it again: nothing is entered twice".to_string(),
                }),
            }
        };
        let answers = opened.into_iter().map(answer).collect();
        self.known.catch_up(&self.store)?;
        Ok(answers)
    }

    /// What was entered since this was asked last, by whomever, and up to when nothing is still to come.
    pub fn news(&mut self, now: Instant) -> Result<(Vec<Record>, Instant), Failure> {
        self.known.catch_up(&self.store)?;
        let told = self.known.latest.map_or(now, |latest| latest.max(now));
        self.known.told = Some(told);
        Ok((std::mem::take(&mut self.known.fresh), told))
    }

    /// Whether anything was entered since somebody asked for news.
    pub fn has_news(&mut self) -> Result<bool, Failure> {
        self.known.catch_up(&self.store)?;
        Ok(!self.known.fresh.is_empty())
    }

    /// Whether anybody ruled since this was asked last; the first time, whether anybody ever did.
    pub fn has_rulings(&mut self) -> Result<bool, Failure> {
        let there = rulings::count(&self.store)?;
        let before = self.known.rulings.replace(there);
        Ok(there > before.unwrap_or(0))
    }

    /// Through what everything is entered; whoever reads much takes another one.
    pub fn store(&self) -> Arc<Store> {
        self.store.clone()
    }

    /// What lies where everything is entered, to read.
    pub fn to_read(&self) -> Store {
        self.workspace.store()
    }

    /// Keeps what is entered from now on for whoever asks for news; who asks knows these records, and all that was recorded up
    /// to `told`.
    pub fn follow(&mut self, told: Instant, there: &BTreeSet<Name>) -> Result<(), Failure> {
        self.known.told = Some(told);
        let entered = self.known.versions.values().flatten().filter(|id| !there.contains(*id));
        self.known.fresh =
            entered.filter_map(|id| source::one(&self.store, id).transpose()).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// The same, for whoever knows all that there is already.
    pub fn follow_from(&mut self, told: Instant) {
        self.known.told = Some(told);
        self.known.fresh.clear();
    }

    /// What a signed statement says of a file that is to come. A registered key of the submitter signed it, and a record of the
    /// submitter's own that is on file names the file; whoever may not is told the same as when there is nothing.
    pub fn expects(&self, statement: &str) -> Result<Delivery, Refusal> {
        let refuse = |reason: String, remedy: &str| Refusal {
            code: codes::OUTBOX,
            of: None,
            reason,
            remedy: remedy.to_string(),
        };
        const UNCHANGED: &str = "send what `servanda sync` sends, unchanged";
        let payload = envelope::payload(statement.as_bytes()).map_err(|why| refuse(why, UNCHANGED))?;
        let delivery =
            outbox::parse_delivery(&payload).map_err(|fault| refuse(fault.reason, &fault.remedy))?;
        let keys = envelope::registered(&self.store)
            .map_err(|failure| refuse(failure.message().to_string(), "send it again later"))?;
        envelope::signed_by(statement.as_bytes(), &delivery.submitter, &keys).map_err(|why| {
            let name = &delivery.submitter;
            let remedy = format!("if it is known whose it is: `servanda key register {name} {name}.pub`");
            refuse(why, &remedy)
        })?;
        let is_own = delivery.record.starts_with(&format!("{}/", delivery.submitter));
        let found = source::one(&self.store, &Name::from(delivery.record.as_str()));
        let record = found.map_err(|failure| refuse(failure.message().to_string(), "send it again later"))?;
        if !is_own || !record.is_some_and(|record| record.attachments.contains(&delivery.hash)) {
            let reason = format!(
                "no record `{}` of `{}` that names this file is on file",
                delivery.record, delivery.submitter
            );
            return Err(refuse(reason, "deliver the record first; an erased one takes no file"));
        }
        Ok(delivery)
    }

    /// Keeps a file by its hash, for the records of whoever submitted it.
    pub fn attach(&self, submitter: &str, bytes: &[u8]) -> Result<(), Failure> {
        let hash = self.store.attach(bytes)?;
        self.store.hold(Holder::Submitter(submitter), &hash)?;
        Ok(())
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
            let at = self.known.next(now);
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
            let there: BTreeSet<&Name> = import
                .records
                .iter()
                .filter_map(|record| self.known.versions.get(root_of(&record.id)))
                .flatten()
                .collect();
            let there: Vec<Record> = there
                .into_iter()
                .filter_map(|id| source::one(&self.store, id).transpose())
                .collect::<Result<_, _>>()?;
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
            let entry = Imported {
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
                    self.known.catch_up(&self.store)?;
                    return Ok(made);
                }
                Err(error) if error.is_busy() => self.known.catch_up(&self.store)?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::new("the workspace is being written by others all the time").help("run this again"))
    }
}

/// Opens an envelope: a registered key of the submitter signed it, and it speaks for nobody else.
fn open_one(line: &str, keys: &[Registered]) -> Result<(Submission, String), Refusal> {
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
    let key = envelope::signed_by(line.as_bytes(), &submission.submitter, keys).map_err(|why| {
        let name = &submission.submitter;
        let remedy = format!("if it is known whose it is: `servanda key register {name} {name}.pub`");
        refuse(of.clone(), why, &remedy)
    })?;
    let own = |id: &Name| id.as_str().starts_with(&format!("{}/", submission.submitter));
    let record = &submission.record;
    let changed = [&record.supersedes, &record.withdraws];
    if let Some(other) =
        [Some(&record.id)].into_iter().chain(changed.map(Option::as_ref)).flatten().find(|id| !own(id))
    {
        let reason = format!(
            "`{}` submits, corrects or takes back `{other}`, which is not its own",
            submission.submitter
        );
        return Err(refuse(
            of,
            reason,
            "a submitter's records are named `SUBMITTER/…`; of others it may say that they are wrong (`disputes`)",
        ));
    }
    Ok((submission, key))
}

/// The bytes of a hash in hexadecimal.
fn hash_of(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    for (byte, digits) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(out)
}

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
        for record in workspace.records()? {
            known.add(&record.id, record.recorded);
        }
        Ok(known)
    }

    fn add(&mut self, id: &Name, recorded: Instant) {
        self.count += 1;
        self.latest = self.latest.max(Some(recorded));
        self.last = Some(id.clone());
        self.versions.entry(root_of(id).to_string()).or_default().push(id.clone());
    }

    /// What was entered meanwhile, here or by another process.
    fn catch_up(&mut self, store: &Store) -> Result<(), Failure> {
        for record in source::entered_after(store, self.last.as_ref())? {
            let versions = self.versions.get(root_of(&record.id));
            if versions.is_some_and(|all| all.contains(&record.id)) {
                continue;
            }
            self.add(&record.id, record.recorded);
            if self.told.is_some() {
                self.fresh.push(record);
            }
        }
        Ok(())
    }

    /// The moment at which what comes now is recorded: not before anything else, and after what somebody was told is
    /// complete.
    fn next(&self, now: Instant) -> Instant {
        let after = self.told.map(|told| told.next());
        self.latest.into_iter().chain(after).fold(now, Instant::max)
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
        let mut records = make(&known.versions.values().flatten().cloned().collect(), recorded)?;
        records.iter_mut().for_each(|record| record.recorded = recorded);
        let stored: Vec<StoredRecord> = records.iter().map(source::stored).collect();
        let text: String = stored.iter().map(|r| r.json.as_str()).collect();
        let import = Imported {
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
