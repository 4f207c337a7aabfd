//! Submissions from outside: numbered by whoever submits, answered with a receipt, many of them committed at once.
//!
//! Each submitter numbers its submissions from 1 without gaps and names the one before, by the SHA-256 of its bytes. So what
//! somebody dropped on the way is missing for everybody to see, and what is sent twice is known again.
//!
//! It checks no signature ([`crate::sources`] does), and understands no submission.
//!
//! | what comes | what is answered |
//! |---|---|
//! | the next number | a receipt |
//! | a number that was taken, the same bytes | the receipt that was given then |
//! | a number that was taken, other bytes | refused: [`Error::is_conflict`] |
//! | a number after the next | refused, with the numbers that are missing: [`Error::is_gap`] |
//! | another predecessor than was received | refused: [`Error::is_conflict`] |
//! | made in the future, or before its predecessor was | refused: [`Error::is_clock`] |
//!
//! Where to start reading: [`Store::submit`].

use crate::disclosure::withdraws;
use crate::entry::{Entry, Payload, StoredRecord, Submitted};
use crate::error::{Error, Kind};
use crate::policy::Viewer;
use crate::sources::KnownKeys;
use crate::sql::Value;
use crate::store::{Draft, Receipt, Store, Tip, Writer, lock};
use servanda_ledger::leaf::Leaf;
use servanda_ledger::tree::Hash;
use servanda_model::Instant;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, PoisonError};

/// How far a submitter's clock may be ahead of ours.
const AHEAD_MS: i64 = 5 * 60 * 1000;
/// So many are committed at once, at most.
const TOGETHER: usize = 512;
/// With so many waiting, nobody else is let in.
const WAITING: usize = 8192;
/// No longer submission is taken; what is long is an attachment.
pub const LARGEST_SUBMISSION: usize = 1 << 20;

/// Something submitted from outside.
#[derive(Clone, PartialEq, Debug)]
pub struct Submission {
    /// Whose numbers these are: a source's key or an account.
    pub submitter: String,
    /// Who enters it.
    pub by: Viewer,
    /// The how-manieth of this submitter, from 1.
    pub number: u64,
    /// SHA-256 of the bytes of the one before; `None` for the first.
    pub previous: Option<Hash>,
    /// The bytes as they came.
    pub submitted: Submitted,
    /// The short name of the key that signed it, where one did: it must not have been revoked when this is entered.
    pub key: Option<String>,
    /// What is entered: one record, or one statement.
    pub entry: Entry,
}

/// A ticket, what is submitted, and when.
type Waiter = (u64, Submission, Instant);

/// Who waits for a commit.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<Waiting>,
    turn: Condvar,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    waiting: Vec<Waiter>,
    done: BTreeMap<u64, Result<Receipt, Error>>,
    busy: bool,
}

/// Gives the turn back also where the work panics; whoever waited is told.
struct Turn<'a> {
    queue: &'a Queue,
    tickets: Vec<u64>,
    results: Vec<(u64, Result<Receipt, Error>)>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.queue.state);
        state.busy = false;
        state.done.extend(self.results.drain(..));
        for ticket in &self.tickets {
            state.done.entry(*ticket).or_insert_with(|| {
                Err(Error::new(Kind::Io, "the entry was not finished")
                    .help("send it again: nothing is entered twice"))
            });
        }
        drop(state);
        self.queue.turn.notify_all();
    }
}

/// What a submission comes to, once it is looked at.
enum Outcome {
    Take,
    Again(Receipt),
}

/// What is known of a batch so far: all of it is committed by the one who writes, so nobody else changes keys meanwhile.
#[derive(Default)]
struct Batch {
    lasts: BTreeMap<String, Last>,
    ids: BTreeSet<String>,
    /// Once they were asked for.
    keys: Option<KnownKeys>,
    /// It was asked whether intake is closed, and it is not.
    is_open: bool,
}

/// What stands last of a submitter, with what is taken in the same batch.
struct Last {
    ordinal: u64,
    digest: Option<Hash>,
    made: Option<Instant>,
}

/// The hash by which the next submission names this one.
pub fn digest(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

impl Store {
    /// Enters a submission and gives its receipt. Calls from several threads are committed together.
    ///
    /// # Errors
    /// [`Error::is_refused`] and its kinds, [`Error::is_duplicate`], [`Error::is_denied`]: this submission; whatever else: the
    /// store.
    pub fn submit(&self, submission: Submission, now: Instant) -> Result<Receipt, Error> {
        let mut all = self.submit_all(vec![submission], now);
        all.pop().unwrap_or_else(|| Err(Error::new(Kind::Io, "nothing was submitted")))
    }

    /// Enters several submissions, in order and committed together, and answers each. One that is refused does not hold up
    /// the others, but for those of its submitter that come after it.
    pub fn submit_all(&self, submissions: Vec<Submission>, now: Instant) -> Vec<Result<Receipt, Error>> {
        let queue = &self.queue;
        let mut state = lock(&queue.state);
        if state.waiting.len() >= WAITING {
            let full = Error::new(Kind::Busy, format!("{WAITING} submissions wait already"))
                .help("send it again in a while: nothing is entered twice");
            return submissions.iter().map(|_| Err(full.again())).collect();
        }
        let first = state.next;
        for submission in submissions {
            let ticket = state.next;
            state.next += 1;
            state.waiting.push((ticket, submission, now));
        }
        let mut wanted: Vec<u64> = (first..state.next).rev().collect();
        let mut answers = Vec::with_capacity(wanted.len());
        loop {
            while let Some(result) = wanted.last().and_then(|ticket| state.done.remove(ticket)) {
                answers.push(result);
                wanted.pop();
            }
            if wanted.is_empty() {
                return answers;
            }
            if state.busy {
                state = queue.turn.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.busy = true;
            let (batch, later) = next_batch(std::mem::take(&mut state.waiting));
            state.waiting = later;
            drop(state);
            let mut turn = Turn {
                queue,
                tickets: batch.iter().map(|(ticket, _, _)| *ticket).collect(),
                results: Vec::new(),
            };
            turn.results = self.commit_batch(batch);
            drop(turn);
            state = lock(&queue.state);
        }
    }

    fn commit_batch(&self, batch: Vec<Waiter>) -> Vec<(u64, Result<Receipt, Error>)> {
        let tickets: Vec<u64> = batch.iter().map(|(ticket, _, _)| *ticket).collect();
        let mut results = Vec::new();
        let latest = batch.iter().map(|(_, _, now)| *now).fold(Instant::MIN, Instant::max);
        let written = self.write_at(Some(latest), |writer| {
            let mut so_far = Batch::default();
            let mut drafts = Vec::new();
            let mut taken = Vec::new();
            for (ticket, submission, now) in batch {
                match writer.look_at(&submission, now, &mut so_far) {
                    Ok(Outcome::Take) => {
                        taken.push(ticket);
                        drafts.push(Draft {
                            submitter: submission.submitter,
                            payload: Payload {
                                entry: submission.entry,
                                by: submission.by.name,
                                import: None,
                                target: None,
                                submitted: Some(submission.submitted),
                            },
                        });
                    }
                    Ok(Outcome::Again(receipt)) => results.push((ticket, Ok(receipt))),
                    // What concerns the store concerns all.
                    Err(error) if error.is_integrity() || error.is_unreachable() => return Err(error),
                    Err(error) => results.push((ticket, Err(error))),
                }
            }
            if !drafts.is_empty() {
                let receipts = writer.put_for_receipts(drafts, latest)?;
                results.extend(taken.into_iter().zip(receipts.into_iter().map(Ok)));
            }
            Ok(())
        });
        if let Err(error) = written {
            let answered: BTreeSet<u64> = results.iter().map(|(ticket, _)| *ticket).collect();
            let rest = tickets.into_iter().filter(|ticket| !answered.contains(ticket));
            results.extend(rest.map(|ticket| (ticket, Err(error.again()))));
        }
        results
    }
}

/// Those that can be committed together: of one submitter every number once.
fn next_batch(waiting: Vec<Waiter>) -> (Vec<Waiter>, Vec<Waiter>) {
    let mut numbers = BTreeSet::new();
    let (mut batch, mut later) = (Vec::new(), Vec::new());
    for one in waiting {
        let fresh = numbers.insert((one.1.submitter.clone(), one.1.number));
        if fresh && batch.len() < TOGETHER {
            batch.push(one);
        } else {
            later.push(one);
        }
    }
    (batch, later)
}

fn refused(kind: Kind, message: String, help: &str) -> Error {
    Error::new(kind, message).help(help)
}

impl Writer<'_> {
    /// Says whether a submission is to be entered, was entered before, or why it cannot be.
    fn look_at(
        &mut self,
        submission: &Submission,
        now: Instant,
        so_far: &mut Batch,
    ) -> Result<Outcome, Error> {
        let Batch { lasts, ids, keys, is_open } = so_far;
        let (who, number) = (&submission.submitter, submission.number);
        if number == 0 {
            let message = format!("a submission of `{who}` has the number 0");
            return Err(refused(Kind::Refused, message, "number submissions from 1"));
        }
        if !lasts.contains_key(who) {
            let last = match self.tip(who)? {
                None => Last { ordinal: 0, digest: None, made: None },
                Some(tip) => self.last_of(&tip)?,
            };
            lasts.insert(who.clone(), last);
        }
        let last = &lasts[who];
        if number <= last.ordinal {
            return self.taken_before(submission);
        }
        let next = last.ordinal + 1;
        if number > next {
            let missing = match number - next {
                1 => format!("{next} is missing"),
                _ => format!("{next} to {} are missing", number - 1),
            };
            let message = format!("submission {number} of `{who}` came, and {missing}");
            return Err(refused(Kind::Gap, message, "send the missing ones first, in order"));
        }
        // Of a predecessor that was erased nothing is known any more.
        let unknown = last.ordinal > 0 && last.digest.is_none();
        if submission.previous != last.digest && !unknown {
            let message = format!(
                "submission {number} of `{who}` names another one before it than was received as number {}",
                last.ordinal
            );
            let help = "`previous` is the SHA-256 of the bytes of the submission before, and is left out for the first; \
                        compare them with the receipts";
            return Err(refused(Kind::Conflict, message, help));
        }
        if let Some(made) = submission.submitted.made {
            if made.0 > now.0.saturating_add(AHEAD_MS) {
                let message = format!(
                    "submission {number} of `{who}` says that it was made at {made}, and it is {now} here"
                );
                return Err(refused(
                    Kind::Clock,
                    message,
                    "compare the clocks; a submission is made before it comes",
                ));
            }
            if let Some(before) = last.made.filter(|before| made < *before) {
                let message = format!(
                    "submission {number} of `{who}` says that it was made at {made}, before the one before it, at {before}"
                );
                let help = "it is dated back, or the clock was set back; say in the record when it happened";
                return Err(refused(Kind::Clock, message, help));
            }
        }
        if !*is_open {
            self.refuse_frozen()?;
            *is_open = true;
        }
        if let Some(key) = &submission.key {
            let keys = match keys {
                Some(keys) => keys,
                None => keys.insert(self.known_keys()?),
            };
            keys.check(key)?;
        }
        let length = submission.submitted.bytes.len();
        if length > LARGEST_SUBMISSION {
            let message = format!(
                "submission {number} of `{who}` has {length} bytes, and {LARGEST_SUBMISSION} is the most"
            );
            return Err(refused(Kind::Refused, message, "send photos and other long things as attachments"));
        }
        if let Entry::Record(record) = &submission.entry {
            self.keep_apart(who, record, &submission.by)?;
            self.check(std::slice::from_ref(record), who, &submission.by)?;
            if !ids.insert(record.id.to_string()) {
                return Err(refused(
                    Kind::Duplicate,
                    format!("a record `{}` is there already; nothing was entered", record.id),
                    "give each record an id of its own",
                ));
            }
        }
        // What cannot be written is found before anything of the batch is.
        Payload {
            entry: submission.entry.clone(),
            by: submission.by.name.clone(),
            import: None,
            target: None,
            submitted: Some(submission.submitted.clone()),
        }
        .to_bytes()
        .and_then(|_| {
            Leaf {
                kind: submission.entry.kind().to_string(),
                received_ms: now.0,
                submitter: who.clone(),
                number: 1,
                previous: servanda_ledger::leaf::NO_PREVIOUS,
                commitment: [0; 32],
            }
            .to_bytes()
            .map_err(|e| refused(Kind::Refused, e.to_string(), "nothing was entered"))
        })?;
        lasts.insert(
            who.clone(),
            Last {
                ordinal: number,
                digest: Some(digest(submission.submitted.bytes.as_bytes())),
                made: submission.submitted.made,
            },
        );
        Ok(Outcome::Take)
    }

    /// What an outsider enters cannot meet what it may not see: it names its records in a space of its own, and corrects only what
    /// it sees. Else an answer would tell that something hidden is there.
    fn keep_apart(&mut self, who: &str, record: &StoredRecord, by: &Viewer) -> Result<(), Error> {
        if by.is_keeper() {
            return Ok(());
        }
        if !record.id.as_str().strip_prefix(who).is_some_and(|rest| rest.starts_with('/') && rest.len() > 1) {
            let message = format!("the record `{}` is not named as one of `{who}`", record.id);
            return Err(refused(Kind::Refused, message, &format!("name it `{who}/…`")));
        }
        for old in record.supersedes.iter().cloned().chain(withdraws(&record.json)) {
            if self.marking_of(&old)?.is_some_and(|marking| by.may_see(&marking)) {
                continue;
            }
            let message = format!("`{}` would correct `{old}`, and there is no record `{old}`", record.id);
            return Err(refused(Kind::Refused, message, "name the record that is to be corrected"));
        }
        Ok(())
    }

    fn last_of(&mut self, tip: &Tip) -> Result<Last, Error> {
        let payload = match self.payload(tip.entry) {
            Ok(payload) => Some(payload),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let submitted = payload.and_then(|p| p.submitted);
        Ok(Last {
            ordinal: tip.ordinal,
            digest: submitted.as_ref().map(|s| digest(s.bytes.as_bytes())),
            made: submitted.and_then(|s| s.made),
        })
    }

    /// A number that is taken: the same bytes get the same receipt.
    fn taken_before(&mut self, submission: &Submission) -> Result<Outcome, Error> {
        let (who, number) = (&submission.submitter, submission.number);
        let mut found = None;
        let sql = "SELECT number, leaf FROM entry WHERE submitter = ?1 AND ordinal = ?2";
        self.connection.query(sql, &[Value::Text(who), Value::count(number)], |mut row| {
            found = Some((row.count()?, row.bytes()?));
            Ok(())
        })?;
        // It is taken within this batch: the next round finds it.
        let Some((entry, leaf)) = found else {
            let message = format!("submission {number} of `{who}` came twice at once");
            return Err(refused(Kind::Conflict, message, "send it again"));
        };
        let leaf = Leaf::from_bytes(&leaf)
            .map_err(|e| Error::integrity(format!("the leaf of entry {entry}: {e}")))?;
        let before = match self.payload(entry) {
            Ok(payload) => payload.submitted.map(|s| s.bytes),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        if before.as_deref() == Some(&submission.submitted.bytes) {
            return Ok(Outcome::Again(self.receipt(entry, &leaf, true)?));
        }
        let what = if before.is_some() { "other bytes" } else { "something that was erased since" };
        let message =
            format!("number {number} of `{who}` was used at {} for {what}", Instant(leaf.received_ms));
        Err(refused(Kind::Conflict, message, "a number is used once; give the submission the next free one"))
    }
}
