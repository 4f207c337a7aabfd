//! The way in: everything that changes what is stored goes through here, in one order.
//!
//! ```text
//! key slots and payloads, synced  ►  rows, committed  ►  receipt  ►  tiles of the log  ►  checkpoint
//! ```
//!
//! The packs of payloads are what is true; rows and tiles follow from them. Whatever a crash leaves is either whole and entered by
//! the next who opens the store, or not whole and cut off. The database holds the leaves that are not in tiles yet: they are
//! the queue, and it is emptied by whoever writes next: at once, or where a burst of submissions is taken in, every second
//! ([`Store::let_the_log_follow`]), because each turn of the log makes files of its own.
//!
//! It understands no record, reads no clock (the moment is handed in), and does not look into the log's tiles.
//!
//! Invariants
//! - a receipt is given only for what is in the database and on the disk, and everything that is there gets into the log;
//! - what is entered together is entered whole or not at all;
//! - before anything is written, database, payloads and log are compared at their right edge; where they contradict each other
//!   nothing is written and nothing served ([`Error::is_integrity`]);
//! - one process writes at a time: it holds the log's lock.
//!
//! Where to start reading: [`Store::enter`], then `Writer::put`.

use crate::attachments;
use crate::disclosure::withdraws;
use crate::disk::{Disk, RealDisk};
use crate::entry::{Entry, Erasure, Intake, PAYLOAD_TYPE, Payload, Statement, StoredRecord};
use crate::erased;
use crate::error::{Error, Kind};
use crate::files;
use crate::label;
use crate::log::{Log, LogKey};
use crate::orders::correction;
use crate::packs::{Content, Frame, Packs};
use crate::policy::Viewer;
use crate::projection::{Applied, Projection};
use crate::schema;
use crate::seal::{Slot, random};
use crate::slots::Slots;
use crate::sql::{Connection, Place, Value};
use servanda_ledger::envelope::Envelope;
use servanda_ledger::leaf::{Leaf, NO_PREVIOUS, commitment};
use servanda_ledger::note::{Algorithm, SignerKey, VerifierKey};
use servanda_ledger::tree::{Edge, Hash, leaf_hash};
use servanda_model::record::Marking;
use servanda_model::{Instant, Name};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A pack this long is not appended to.
const FULL_PACK: u64 = 256 << 20;
/// Leaves that go into the log at once.
const LEAVES: u64 = 1 << 16;
/// How long entries wait for the log where it may follow, in milliseconds, and how many of them.
const FOLLOWS_MS: i64 = 1_000;
const FOLLOWS: u64 = 4_096;
/// Entries that are applied at once when a database is made again.
const AGAIN: usize = 4096;
/// Who numbers what the program itself enters.
const WORKSPACE: &str = "workspace";
/// The kind of statements on keys; the first entry of every log is one, on the key that signs the others.
pub(crate) const KEY: &str = "key";
pub(crate) const INTAKE: &str = "intake";

/// Where the parts of a store lie, from the workspace's root.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) log: PathBuf,
    pub(crate) payload: PathBuf,
    pub(crate) keys: PathBuf,
    pub(crate) erased: PathBuf,
    pub(crate) attachments: PathBuf,
    pub(crate) secret: PathBuf,
}

impl Places {
    pub(crate) fn of(root: &Path) -> Places {
        Places {
            log: root.join("log"),
            payload: root.join("payload"),
            keys: root.join("keys"),
            erased: root.join("erased"),
            attachments: root.join("attachments"),
            secret: root.join("secret"),
        }
    }
}

/// The keys of a workspace.
#[derive(Clone)]
struct Secrets {
    log: LogKey,
    intake: SignerKey,
}

/// What was entered, in numbers of the log.
#[derive(Debug)]
pub struct Entered {
    /// The number of the first entry.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// Why the log's tiles do not cover them yet, where they do not: they will, as soon as that has gone.
    pub behind: Option<Error>,
}

/// The answer to a submission: a note signed by the log that it will hold it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The note.
    pub note: String,
    /// The entry's number in the log.
    pub entry: u64,
    /// It had been submitted before, and this is the receipt that was given then.
    pub again: bool,
}

/// What a workspace has stored, opened.
pub struct Store {
    pub(crate) places: Places,
    pub(crate) database: Place,
    disk: Arc<dyn Disk>,
    secrets: Mutex<Option<Secrets>>,
    writing: Mutex<Writing>,
    pub(crate) reading: Mutex<Option<Connection>>,
    pub(crate) queue: crate::submit::Queue,
    pub(crate) looks: Mutex<crate::access::Looks>,
    /// Held by whoever enters looks.
    pub(crate) settling: Mutex<()>,
    pub(crate) signings: Mutex<crate::signings::AtHand>,
    /// Held by whoever enters those.
    pub(crate) settling_signings: Mutex<()>,
    /// The log may follow submissions later.
    follows: AtomicBool,
}

#[derive(Default)]
struct Writing {
    connection: Option<Connection>,
    /// The log, let go until somebody writes again.
    log: Option<Log>,
    /// What was erased was looked through, whether its keys are gone; and every row was counted.
    swept: bool,
    /// When the log last covered everything.
    covered: Option<Instant>,
    /// Something was entered that the log does not cover.
    is_ahead: bool,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panic left is either committed or not: nothing in memory is relied on.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks again and again, for ten seconds.
pub(crate) fn patiently<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    (0..2_500).find_map(|_| {
        let answer = ask();
        if answer.is_none() {
            std::thread::sleep(Duration::from_millis(4));
        }
        answer
    })
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("log", &self.places.log).finish_non_exhaustive()
    }
}

impl Store {
    /// The store of a folder, whether anything is in it yet or not.
    pub(crate) fn new(root: &Path, database: Place, disk: Arc<dyn Disk>) -> Store {
        Store {
            places: Places::of(root),
            database,
            disk,
            secrets: Mutex::default(),
            writing: Mutex::default(),
            reading: Mutex::default(),
            queue: crate::submit::Queue::default(),
            looks: Mutex::default(),
            settling: Mutex::default(),
            signings: Mutex::default(),
            settling_signings: Mutex::default(),
            follows: AtomicBool::new(false),
        }
    }

    pub(crate) fn real(root: &Path, database: Place) -> Store {
        Store::new(root, database, Arc::new(RealDisk))
    }

    /// Whether anything was entered.
    pub(crate) fn is_there(&self) -> bool {
        self.places.log.join("checkpoint").exists()
    }

    /// The log, to read.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn log(&self) -> Result<Log, Error> {
        Log::open(&self.places.log, None)
    }

    /// The keys, made on first use.
    fn secrets(&self, make: bool) -> Result<Secrets, Error> {
        let mut kept = lock(&self.secrets);
        if let Some(secrets) = &*kept {
            return Ok(secrets.clone());
        }
        let folder = &self.places.secret;
        if make && !folder.join("log.key").exists() {
            if self.is_there() {
                return Err(Error::new(
                    Kind::NotFound,
                    format!("`{}` is missing", folder.join("log.key").display()),
                )
                .help("without it nothing can be entered; put it back from a backup"));
            }
            fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
            let mut seeds = [0u8; 72];
            random(&mut seeds)?;
            let name = crate::backup::hex(&seeds[64..]);
            let origin = format!("servanda/{name}");
            for (file, name, seed) in [
                ("intake.key", format!("{origin}/intake"), &seeds[..32]),
                // This one makes the pair complete.
                ("log.key", origin, &seeds[32..64]),
            ] {
                let mut bytes = [0; 32];
                bytes.copy_from_slice(seed);
                let key = SignerKey::new(&name, Algorithm::Note, &bytes).map_err(ledger)?;
                files::write_private(&folder.join(file), format!("{}\n", key.secret_text()).as_bytes())?;
            }
        }
        let read = |file: &str| {
            let path = folder.join(file);
            let text = fs::read_to_string(&path).map_err(|e| {
                Error::io("read", &path, e)
                    .help("without it nothing can be entered; put it back from a backup")
            })?;
            SignerKey::parse(text.trim_end())
                .map_err(|e| Error::new(Kind::Settings, format!("`{}`: {e}", path.display())))
        };
        let secrets = Secrets { log: read("log.key")?, intake: read("intake.key")? };
        *kept = Some(secrets.clone());
        Ok(secrets)
    }

    /// The key that signs for the log.
    pub(crate) fn log_key(&self) -> Result<LogKey, Error> {
        Ok(self.secrets(true)?.log)
    }

    /// A secret of an account by which a device keeps what was not delivered yet: always the same, and nobody else's. Whoever holds the
    /// keys of the workspace can compute it; from the secret of one account follows no other's.
    ///
    /// # Errors
    /// Where the keys cannot be read.
    pub fn device_secret(&self, account: &str) -> Result<[u8; 32], Error> {
        let key = self.secrets(true)?.intake.secret_text();
        let inner = Sha256::new().chain_update(b"servanda device secret 1\0").chain_update(key.as_bytes());
        let inner = inner.chain_update([0]).chain_update(account.as_bytes()).finalize();
        Ok(Sha256::new().chain_update(key.as_bytes()).chain_update(inner).finalize().into())
    }

    /// Opens the log to append, waiting for another program that does.
    fn open_log(&self, secrets: &Secrets) -> Result<Log, Error> {
        if !self.is_there() {
            let draft = files::FolderDraft::beside(&self.places.log)?;
            drop(Log::create(draft.path(), secrets.log.name(), secrets.log.clone())?);
            // Where another program was first, its log stands.
            if let Err(error) = draft.publish("checkpoint")
                && !self.is_there()
            {
                return Err(error);
            }
        }
        let open = || Log::open(&self.places.log, Some(secrets.log.clone()));
        self.in_turn(open)
    }

    /// Does what needs the log's lock. Whoever waits for it holds the turn, so that one who writes on and on cannot keep everybody else
    /// away.
    fn in_turn<T>(&self, mut take: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        let turn = self.turn()?;
        let taken = patiently(|| match take() {
            Err(error) if error.is_busy() => None,
            taken => Some(taken),
        });
        drop(turn);
        taken.unwrap_or_else(take)
    }

    /// From now on the log may cover what is submitted a little later: so that a burst does not make its files anew for every few
    /// entries. Receipts promise the same, and everything else that is entered is covered at once, with all that waits. Whoever says
    /// this calls [`Store::settle`] about once a second, and at the end; after a crash the next who writes does.
    pub fn let_the_log_follow(&self) {
        self.follows.store(true, Ordering::Relaxed);
    }

    /// Whether anything was entered here that the log does not cover yet.
    pub fn is_ahead_of_its_log(&self) -> bool {
        lock(&self.writing).is_ahead
    }

    /// The right to be the next who writes; given back when it is dropped.
    pub(crate) fn turn(&self) -> Result<fs::File, Error> {
        let path = &self.places.keys;
        let file = Slots::open(path)?.into_file();
        let taken = patiently(|| match file.try_lock() {
            Ok(()) => Some(Ok(())),
            Err(fs::TryLockError::WouldBlock) => None,
            Err(fs::TryLockError::Error(e)) => Some(Err(Error::io("lock", path, e))),
        });
        match taken {
            Some(taken) => taken.map(|()| file),
            None => Err(Error::new(
                Kind::Busy,
                format!("too many programs want to write to `{}`", path.display()),
            )
            .help("wait until the others have ended, then run this again")),
        }
    }

    /// Does something as the one who writes.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, Error>,
    ) -> Result<(T, Option<Error>), Error> {
        self.write_at(None, work)
    }

    /// The same; where a moment is given, the log may follow later, by how long ago it covered everything.
    pub(crate) fn write_at<T>(
        &self,
        now: Option<Instant>,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T, Error>,
    ) -> Result<(T, Option<Error>), Error> {
        let mut writing = lock(&self.writing);
        let secrets = self.secrets(true)?;
        let mut log = match writing.log.take() {
            Some(mut log) if self.is_there() => self.in_turn(|| log.hold()).map(|()| log)?,
            _ => self.open_log(&secrets)?,
        };
        let since_covered = now.zip(writing.covered).map(|(now, covered)| now.0.saturating_sub(covered.0));
        let waits = self.follows.load(Ordering::Relaxed)
            && since_covered.is_some_and(|since| (0..FOLLOWS_MS).contains(&since));
        if writing.connection.as_mut().is_none_or(Connection::is_broken) {
            writing.connection = schema::open(&self.database, true, Some(log.origin()))?;
        }
        let Writing { connection, swept, log: kept, covered, is_ahead } = &mut *writing;
        let Some(open) = connection else {
            return Err(Error::integrity("the database was not made"));
        };
        let folder = &self.places.payload;
        fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
        let mut writer = Writer {
            disk: &*self.disk,
            connection: open,
            log: &mut log,
            keys: Some((&secrets.intake, &secrets.log)),
            places: &self.places,
            slots: Slots::open(&self.places.keys)?,
            packs: Packs::new(folder, FULL_PACK),
            next: 0,
            last: None,
            received: i64::MIN,
            waits,
            behind: None,
        };
        let outcome = writer
            .catch_up(!*swept)
            .and_then(|()| if *swept { Ok(()) } else { writer.sweep() })
            .and_then(|()| {
                *swept = true;
                work(&mut writer)
            });
        *is_ahead = writer.log.size() < writer.next;
        if !*is_ahead {
            *covered = now.or(*covered);
        }
        match outcome {
            Ok(value) => {
                let behind = writer.behind;
                if behind.is_none() {
                    log.let_go();
                    *kept = Some(log);
                }
                Ok((value, behind))
            }
            Err(error) => {
                // Whether the server committed is looked at by the next, on a connection of its own.
                if !matches!(error.kind(), Kind::Duplicate | Kind::Denied | Kind::Refused | Kind::Busy) {
                    *connection = None;
                    *swept = false;
                }
                Err(error)
            }
        }
    }

    /// Brings everything in step: what a crash left is entered or cut off, and the log covers what was entered.
    ///
    /// # Errors
    /// [`Error::is_integrity`] where log, payloads and database contradict each other.
    pub fn settle(&self) -> Result<(), Error> {
        if !self.is_there() {
            return Ok(());
        }
        self.write(|_| Ok(())).and_then(|(_, behind)| behind.map_or(Ok(()), Err))
    }

    /// Enters an import: that it happened, and its records; all or nothing. `publish` is called just before the commit, and its
    /// failure undoes everything. `seen` is how many records the caller had read: with more than that, somebody else was here.
    ///
    /// # Errors
    /// [`Error::is_duplicate`], [`Error::is_busy`], [`Error::is_denied`], [`Error::is_integrity`]. Nothing is entered then.
    pub fn enter(
        &self,
        intake: &Intake,
        records: &[StoredRecord],
        seen: usize,
        by: &Viewer,
        publish: impl FnOnce() -> Result<(), Error>,
    ) -> Result<Entered, Error> {
        let (mut entered, behind) = self.write(|writer| {
            writer.refuse_frozen()?;
            let there = writer.connection.number("SELECT count(*) FROM record", &[])?;
            if usize::try_from(there) != Ok(seen) {
                return Err(Error::new(Kind::Busy, "the records changed while the file was being read")
                    .help("run this again"));
            }
            writer.check(records, WORKSPACE, by)?;
            let import = writer.next_number();
            let mut drafts = vec![Draft::own(Entry::Import(intake.clone()), by)];
            drafts.extend(records.iter().map(|record| {
                let mut draft = Draft::own(Entry::Record(record.clone()), by);
                draft.payload.import = Some(import);
                draft
            }));
            let leaves = writer.put(drafts, intake.entered, publish)?;
            Ok(Entered { first: import, count: leaves.len() as u64, behind: None })
        })?;
        entered.behind = behind;
        Ok(entered)
    }

    /// Enters statements, all or none, and gives the receipts.
    ///
    /// # Errors
    /// [`Error::is_refused`] where one cannot be entered; [`Error::is_integrity`].
    pub fn say(&self, statements: &[Statement], now: Instant, by: &Viewer) -> Result<Vec<Receipt>, Error> {
        let (receipts, _) = self.write(|writer| {
            writer.refuse_frozen()?;
            let drafts = statements.iter().map(|s| Draft::own(Entry::Statement(s.clone()), by)).collect();
            writer.put_for_receipts(drafts, now)
        })?;
        Ok(receipts)
    }

    /// Erases a record: the order is entered, its rows go, and the key of its payload is destroyed. Leaf and proofs stay.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where there is no such record, or it was erased before.
    pub fn erase(&self, erasure: &Erasure, now: Instant, by: &Viewer) -> Result<Receipt, Error> {
        let (receipt, _) = self.write(|writer| {
            let target = writer.number_of(&erasure.id)?.ok_or_else(|| {
                Error::new(Kind::NotFound, format!("there is no record `{}` to erase", erasure.id))
                    .help("was it erased before?")
            })?;
            let mut draft = Draft::own(Entry::Erasure(erasure.clone()), by);
            draft.payload.target = Some(target);
            let receipts = writer.put_for_receipts(vec![draft], now)?;
            writer.destroy(target)?;
            writer.connection.forget()?;
            receipts.into_iter().next().ok_or_else(|| Error::integrity("an erasure gave no receipt"))
        })?;
        Ok(receipt)
    }

    /// A connection to read with. `None`: nothing was entered yet.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut reading = lock(&self.reading);
        if reading.as_mut().is_none_or(Connection::is_broken) {
            *reading = self.open_to_read()?;
        }
        let Some(connection) = &mut *reading else { return Ok(None) };
        let outcome = work(connection);
        if outcome.as_ref().is_err_and(|e| e.is_unreachable()) {
            *reading = None;
        }
        outcome.map(Some)
    }

    /// Opens the database and compares its edge with the log's.
    fn open_to_read(&self) -> Result<Option<Connection>, Error> {
        if !self.is_there() {
            // A database without a log is of before there was one, or somebody took the log away.
            return match schema::open(&self.database, false, None)? {
                None => Ok(None),
                Some(_) => Err(Error::integrity(format!(
                    "`{}` is there, and the log `{}` that it was made of is not",
                    self.database.shown(),
                    self.places.log.display()
                ))),
            };
        }
        let log = self.log()?;
        let Some(mut connection) = schema::open(&self.database, false, Some(log.origin()))? else {
            if log.size() == 0 {
                return Ok(None);
            }
            return Err(Error::new(
                Kind::NotFound,
                format!("there is no database `{}`", self.database.shown()),
            )
            .help("`servanda rebuild` makes it again of the log"));
        };
        let count = connection.number("SELECT count(*) FROM entry", &[])?;
        compare_edge(&mut connection, &log, count.try_into().unwrap_or_default())?;
        Ok(Some(connection))
    }

    /// Goes through all payloads and applies them to a database that is empty.
    pub(crate) fn rebuild_into(&self, connection: &mut Connection, log: &mut Log) -> Result<u64, Error> {
        let slots = match self.places.keys.exists() {
            true => Slots::open(&self.places.keys)?,
            false => return Err(Error::integrity(format!("`{}` is missing", self.places.keys.display()))),
        };
        let mut writer = Writer {
            disk: &*self.disk,
            connection,
            log,
            keys: None,
            places: &self.places,
            slots,
            packs: Packs::new(&self.places.payload, FULL_PACK),
            next: 0,
            last: None,
            received: i64::MIN,
            waits: false,
            behind: None,
        };
        writer.adopt()?;
        let (next, size) = (writer.next, writer.log.size());
        if next < size {
            return Err(Error::integrity(format!(
                "the log has {size} entries, and the payloads break off after {next}"
            )));
        }
        // Every leaf once more, up to the root.
        let mut edge = Edge::new();
        while edge.size() < size {
            for leaf in log.leaves(edge.size()..size.min(edge.size() + LEAVES))? {
                edge.push(leaf_hash(&leaf));
            }
        }
        match edge.root() == log.root() {
            true => Ok(next),
            false => Err(Error::integrity("the leaves of the log do not give its root")),
        }
    }

    /// The log, opened as by one who writes, so that nobody else does.
    pub(crate) fn log_of_writer(&self) -> Result<Log, Error> {
        let secrets = self.secrets(false)?;
        self.open_log(&secrets)
    }

    /// The database is another one from now on.
    pub(crate) fn forget_connection(&self) {
        lock(&self.writing).connection = None;
    }
}

/// Database, of so many entries, and log agree where the log ends.
fn compare_edge(connection: &mut Connection, log: &Log, count: u64) -> Result<(), Error> {
    let size = log.size();
    if count < size {
        return Err(Error::integrity(format!(
            "the log has {size} entries, and the database {count}: it is older, or rows were taken out"
        ))
        .help("`servanda rebuild` makes the database again of the log"));
    }
    let Some(last) = size.checked_sub(1) else { return Ok(()) };
    let logged = log.leaves(last..size)?;
    let mut row = None;
    connection.query("SELECT leaf FROM entry WHERE number = ?1", &[Value::count(last)], |mut cells| {
        row = Some(cells.bytes()?);
        Ok(())
    })?;
    match row == logged.into_iter().next() {
        true => Ok(()),
        false => {
            Err(Error::integrity(format!("entry {last} is another one in the log than in the database")))
        }
    }
}

/// An entry that is to be put.
pub(crate) struct Draft {
    pub(crate) submitter: String,
    pub(crate) payload: Payload,
}

impl Draft {
    /// An entry that the program numbers itself.
    pub(crate) fn own(entry: Entry, by: &Viewer) -> Draft {
        let payload = Payload { entry, by: by.name.clone(), import: None, target: None, submitted: None };
        Draft { submitter: WORKSPACE.to_string(), payload }
    }
}

/// What stands last of a submitter.
#[derive(Clone)]
pub(crate) struct Tip {
    pub(crate) ordinal: u64,
    pub(crate) leaf: Hash,
    pub(crate) entry: u64,
}

/// The one who writes: everything open, compared and in step.
pub(crate) struct Writer<'a> {
    disk: &'a dyn Disk,
    pub(crate) connection: &'a mut Connection,
    pub(crate) log: &'a mut Log,
    /// The keys of intake and of the log; `None` where nothing new can be signed.
    keys: Option<(&'a SignerKey, &'a LogKey)>,
    /// Where the orders of erasures, and attachments, lie.
    places: &'a Places,
    slots: Slots,
    packs: Packs,
    next: u64,
    last: Option<Frame>,
    received: i64,
    /// The log may follow later.
    waits: bool,
    behind: Option<Error>,
}

fn ledger(error: servanda_ledger::Error) -> Error {
    Error::new(Kind::Refused, error.to_string())
}

fn leaf_of(bytes: &[u8], entry: u64) -> Result<Leaf, Error> {
    Leaf::from_bytes(bytes).map_err(|e| Error::integrity(format!("the leaf of entry {entry}: {e}")))
}

fn frame_of(row: &mut crate::sql::Row) -> Result<Frame, Error> {
    let wrong = |_| Error::integrity("a row of the database names a place that cannot be");
    Ok(Frame {
        pack: u32::try_from(row.int()?).map_err(wrong)?,
        place: row.count()?,
        size: u32::try_from(row.int()?).map_err(wrong)?,
    })
}

impl Writer<'_> {
    /// The number of the entry that is put next; the first one is that on the intake key.
    fn next_number(&self) -> u64 {
        self.next.max(1)
    }

    /// Reads where the database ends, enters whole payloads that it does not have, and lets the log follow. Whoever is not the `first`
    /// on a connection does not count all rows once more.
    fn catch_up(&mut self, first: bool) -> Result<(), Error> {
        self.read_tip()?;
        if self.packs.has_more(self.last) {
            self.adopt()?;
        }
        let count = match first {
            true => self.connection.number("SELECT count(*) FROM entry", &[])?.try_into().unwrap_or_default(),
            false => self.next,
        };
        compare_edge(self.connection, self.log, count)?;
        self.drain();
        Ok(())
    }

    fn read_tip(&mut self) -> Result<(), Error> {
        let (mut next, mut last, mut received) = (0, None, i64::MIN);
        let sql = "SELECT number, received, pack, place, size FROM entry ORDER BY number DESC LIMIT 1";
        self.connection.query(sql, &[], |mut row| {
            next = row.count()? + 1;
            received = row.int()?;
            last = Some(frame_of(&mut row)?);
            Ok(())
        })?;
        (self.next, self.last, self.received) = (next, last, received);
        Ok(())
    }

    /// Lets the log follow the database, if it is time. What hinders it is kept, and does not undo what was entered.
    fn drain(&mut self) {
        if self.waits && self.next.saturating_sub(self.log.size()) < FOLLOWS {
            return;
        }
        let mut follow = || {
            while self.log.size() < self.next {
                let from = self.log.size();
                let mut leaves = Vec::new();
                let sql = "SELECT leaf FROM entry WHERE number >= ?1 AND number < ?2 ORDER BY number";
                self.connection.query(
                    sql,
                    &[Value::count(from), Value::count(from + LEAVES)],
                    |mut row| {
                        leaves.push(row.bytes()?);
                        Ok(())
                    },
                )?;
                if leaves.is_empty() {
                    return Err(Error::integrity(format!("the database has no entry {from}")));
                }
                self.log.append(&leaves, self.received)?;
            }
            Ok(())
        };
        self.behind = follow().err();
    }

    /// Enters what whole batches of payloads stand behind the last row, and cuts off what is not whole.
    fn adopt(&mut self) -> Result<(), Error> {
        let (first, after) = (self.next, self.last);
        // How far whole batches go.
        let (mut whole, mut end) = (first, after);
        self.packs.walk(after, first, |frame, content| {
            if content.ends {
                (whole, end) = (content.entry + 1, Some(frame));
            }
            Ok(())
        })?;
        let mut waiting: Vec<(Frame, Content)> = Vec::new();
        let mut wiped = BTreeMap::new();
        let mut key = None;
        let packs = Packs::new(self.packs.folder(), FULL_PACK);
        packs.walk(after, first, |frame, content| {
            if content.entry < whole {
                waiting.push((frame, content));
            }
            if waiting.len() >= AGAIN {
                self.adopt_some(std::mem::take(&mut waiting), &mut key, &mut wiped)?;
            }
            Ok(())
        })?;
        self.adopt_some(waiting, &mut key, &mut wiped)?;
        // A key that is gone without an order is a payload that somebody destroyed.
        let mut ordered = BTreeSet::new();
        self.connection.query("SELECT target FROM erasure", &[], |mut row| {
            ordered.insert(row.count()?);
            Ok(())
        })?;
        if !wiped.is_empty() {
            ordered.extend(erased::read(&self.places.erased, self.log)?.into_keys());
        }
        if let Some((entry, why)) = wiped.into_iter().find(|(entry, _)| !ordered.contains(entry)) {
            return Err(Error::integrity(format!(
                "the payload of entry {entry} {why}, and nothing says that it was erased"
            )));
        }
        self.packs.cut(end)?;
        self.read_tip()
    }

    fn adopt_some(
        &mut self,
        contents: Vec<(Frame, Content)>,
        key: &mut Option<VerifierKey>,
        wiped: &mut BTreeMap<u64, &'static str>,
    ) -> Result<(), Error> {
        let Some((_, first)) = contents.first() else { return Ok(()) };
        let first = first.entry;
        let slots = self.slots.from(first, contents.len())?;
        let logged = self.log.size().min(first + contents.len() as u64);
        let logged = if first < logged { self.log.leaves(first..logged)? } else { Vec::new() };
        let mut applied = Vec::with_capacity(contents.len());
        for (at, (frame, content)) in contents.into_iter().enumerate() {
            let entry = content.entry;
            if logged.get(at).is_some_and(|leaf| *leaf != content.leaf) {
                return Err(Error::integrity(format!(
                    "the leaf beside the payload of entry {entry} is not the one that was logged"
                )));
            }
            let leaf = leaf_of(&content.leaf, entry)?;
            let payload = match slots.get(at) {
                None => {
                    wiped.insert(entry, "has no key");
                    None
                }
                Some(slot) if slot.is_wiped() => {
                    wiped.insert(entry, "has no key any more");
                    None
                }
                Some(slot) => {
                    let text = open(slot, &leaf, &content, entry)?;
                    Some(self.payload_of(&leaf, &text, entry, key)?)
                }
            };
            applied.push(Applied { number: entry, leaf, leaf_bytes: content.leaf, frame, payload });
        }
        self.connection.begin()?;
        let outcome = Projection::begin(self.connection)
            .and_then(|mut projection| projection.apply(self.connection, &applied));
        self.connection.end(outcome)?;
        if let Some(last) = applied.last() {
            (self.next, self.last) = (last.number + 1, Some(last.frame));
            self.received = last.leaf.received_ms;
        }
        Ok(())
    }

    /// The payload of an opened envelope, once its signature is checked.
    fn payload_of(
        &mut self,
        leaf: &Leaf,
        envelope: &[u8],
        entry: u64,
        key: &mut Option<VerifierKey>,
    ) -> Result<Payload, Error> {
        let wrong =
            |e: servanda_ledger::Error| Error::integrity(format!("the envelope of entry {entry}: {e}"));
        let envelope = Envelope::parse(envelope).map_err(wrong)?;
        if key.is_none() {
            // The first entry says by which key it, and every other, is signed; the log fixes it.
            let payload = match entry {
                0 => Payload::from_bytes(&leaf.kind, envelope.payload_unverified())?,
                _ => self.payload(0)?,
            };
            let text = match &payload.entry {
                Entry::Statement(s) if s.kind.as_str() == KEY && s.subject.as_str() == INTAKE => {
                    let value: serde_json::Value = serde_json::from_str(&s.json).unwrap_or_default();
                    value["vkey"].as_str().map(str::to_string)
                }
                _ => None,
            };
            let text = text.ok_or_else(|| Error::integrity("the first entry names no key of intake"))?;
            *key = Some(
                VerifierKey::parse(&text).map_err(|e| Error::integrity(format!("the key of intake: {e}")))?,
            );
        }
        let keys: Vec<&VerifierKey> = key.iter().collect();
        let (payload, _) = envelope.verify(&keys).map_err(wrong)?;
        if envelope.payload_type() != PAYLOAD_TYPE {
            return Err(Error::integrity(format!(
                "the envelope of entry {entry} holds `{}`",
                envelope.payload_type()
            )));
        }
        Payload::from_bytes(&leaf.kind, payload)
    }

    /// What was erased has no key: a crash may have come between, or a backup may have brought it back.
    fn sweep(&mut self) -> Result<(), Error> {
        let mut orders = Vec::new();
        self.connection.query("SELECT number, target FROM erasure ORDER BY target", &[], |mut row| {
            orders.push((row.count()?, row.count()?));
            Ok(())
        })?;
        for (order, target) in orders {
            if self.slots.get(target)?.is_some_and(|slot| !slot.is_wiped()) {
                // A row alone destroys nothing: somebody may have put it there.
                if self.payload(order)?.target != Some(target) {
                    return Err(Error::integrity(format!(
                        "the database says that entry {order} erased entry {target}, and it did not"
                    )));
                }
                self.destroy(target)?;
            }
        }
        Ok(())
    }

    /// Destroys the key of an entry and those of its attachments, and leaves the order for older copies beside.
    fn destroy(&mut self, entry: u64) -> Result<(), Error> {
        if let Some((_, key)) = self.keys {
            let mut leaf = None;
            self.connection.query(
                "SELECT leaf FROM entry WHERE number = ?1",
                &[Value::count(entry)],
                |mut row| {
                    leaf = Some(row.bytes()?);
                    Ok(())
                },
            )?;
            let leaf = leaf.ok_or_else(|| Error::integrity(format!("the database has no entry {entry}")))?;
            // The attachments before the entry's own key: without it nobody could say any more which they are.
            let last = self.last_attachments(entry)?;
            let sealed = attachments::names(self.places, &last)?;
            erased::write(&self.places.erased, key, entry, &leaf, &sealed)?;
            attachments::destroy(&self.places.attachments, &sealed)?;
            attachments::destroy_unsealed(&self.places.attachments, &last)?;
        }
        self.slots.wipe(self.disk, entry)
    }

    /// The payload of an entry of the database.
    pub(crate) fn payload(&mut self, entry: u64) -> Result<Payload, Error> {
        let (leaf, text, _) = self.opened(entry)?;
        let envelope = Envelope::parse(&text).map_err(|e| Error::integrity(format!("entry {entry}: {e}")))?;
        Payload::from_bytes(&leaf.kind, envelope.payload_unverified())
    }

    /// What opens the commitment of an entry: its envelope and its salt.
    pub(crate) fn opening(&mut self, entry: u64) -> Result<(String, [u8; 32]), Error> {
        let (_, text, salt) = self.opened(entry)?;
        let text = String::from_utf8(text)
            .map_err(|_| Error::integrity(format!("the envelope of entry {entry} is no text")))?;
        Ok((text, salt))
    }

    fn opened(&mut self, entry: u64) -> Result<(Leaf, Vec<u8>, [u8; 32]), Error> {
        let mut found = None;
        let sql = "SELECT leaf, pack, place, size FROM entry WHERE number = ?1";
        self.connection.query(sql, &[Value::count(entry)], |mut row| {
            found = Some((row.bytes()?, frame_of(&mut row)?));
            Ok(())
        })?;
        let Some((leaf, frame)) = found else {
            return Err(Error::new(Kind::NotFound, format!("there is no entry {entry}")));
        };
        let leaf = leaf_of(&leaf, entry)?;
        let slot =
            self.slots.get(entry)?.filter(|slot| !slot.is_wiped()).ok_or_else(|| {
                Error::new(Kind::NotFound, format!("the payload of entry {entry} was erased"))
            })?;
        let text = open(&slot, &leaf, &self.packs.get(frame)?, entry)?;
        Ok((leaf, text, slot.salt))
    }

    /// What stands last of a submitter.
    pub(crate) fn tip(&mut self, submitter: &str) -> Result<Option<Tip>, Error> {
        let mut tip = None;
        let sql =
            "SELECT number, ordinal, leaf FROM entry WHERE submitter = ?1 ORDER BY ordinal DESC LIMIT 1";
        self.connection.query(sql, &[Value::Text(submitter)], |mut row| {
            let (entry, ordinal) = (row.count()?, row.count()?);
            let leaf = Sha256::digest(row.bytes()?).into();
            tip = Some(Tip { ordinal, leaf, entry });
            Ok(())
        })?;
        Ok(tip)
    }

    pub(crate) fn number_of(&mut self, id: &Name) -> Result<Option<u64>, Error> {
        let mut number = None;
        self.connection.query(
            "SELECT number FROM record WHERE id = ?1",
            &[Value::Text(id.as_str())],
            |mut row| {
                number = Some(row.count()?);
                Ok(())
            },
        )?;
        Ok(number)
    }

    /// Whether these records may be entered, together, by this one under that name.
    pub(crate) fn check(
        &mut self,
        records: &[StoredRecord],
        submitter: &str,
        by: &Viewer,
    ) -> Result<(), Error> {
        /// With more records than this, all identities are read at once.
        const MANY: usize = 500;
        let duplicate = |id: &Name| {
            Error::new(Kind::Duplicate, format!("a record `{id}` is there already; nothing was entered"))
                .help("give each record an id of its own, or let it name the record that it supersedes")
        };
        let erased = |id: &Name| {
            Error::new(Kind::Duplicate, format!("the record `{id}` was erased; nothing was entered"))
                .help("what was erased is not entered again; leave it out")
        };
        let mut taken = BTreeSet::new();
        let mut gone = BTreeSet::new();
        let mut look = |connection: &mut Connection, wanted: &str, values: &[Value<'_>]| {
            connection.query(&format!("SELECT id FROM erasure {wanted}"), values, |mut row| {
                gone.insert(row.text()?);
                Ok(())
            })
        };
        match records {
            [one] => look(self.connection, "WHERE id = ?1", &[Value::Text(one.id.as_str())])?,
            _ => look(self.connection, "", &[])?,
        }
        if records.len() > MANY {
            self.connection.query("SELECT id FROM record", &[], |mut row| {
                taken.insert(row.text()?);
                Ok(())
            })?;
        }
        let mut new: BTreeMap<&str, &Marking> = BTreeMap::new();
        for record in records {
            let id = record.id.as_str();
            let there =
                taken.contains(id) || (records.len() <= MANY && self.number_of(&record.id)?.is_some());
            if gone.contains(id) {
                return Err(erased(&record.id));
            }
            if there || new.insert(id, &record.marking).is_some() {
                return Err(duplicate(&record.id));
            }
        }
        for record in records {
            let Some(old) = &record.supersedes else { continue };
            let marking = match new.get(old.as_str()) {
                Some(marking) => Some((*marking).clone()),
                None => self.marking_of(old)?,
            };
            if marking.as_ref().is_some_and(|old| !by.may_lower(old, &record.marking)) {
                return Err(Error::new(
                    Kind::Denied,
                    format!("`{}` would lower the marking of `{old}`; nothing was entered", record.id),
                )
                .help("only its originator, or a releaser that it named, may do that"));
            }
        }
        for record in records {
            let olds = record.supersedes.iter().cloned().chain(withdraws(&record.json));
            for old in olds.filter(|old| !new.contains_key(old.as_str())) {
                self.check_originator(record, &old, submitter, by)?;
            }
        }
        Ok(())
    }

    /// What somebody entered is corrected and taken back by nobody else: by whoever submitted it, by a party or body that its
    /// marking names as originator, or on an order of two officers.
    fn check_originator(
        &mut self,
        record: &StoredRecord,
        old: &Name,
        submitter: &str,
        by: &Viewer,
    ) -> Result<(), Error> {
        let mut found = None;
        let sql = "SELECT record.number, submitter, label.text FROM record JOIN entry ON entry.number = record.number
                   JOIN label ON label.number = record.label WHERE id = ?1";
        self.connection.query(sql, &[Value::Text(old.as_str())], |mut row| {
            found = Some((row.count()?, row.text()?, label::from_text(&row.text()?)?));
            Ok(())
        })?;
        let Some((entry, whose, marking)) = found else { return Ok(()) };
        // What the folder's keeper entered bears no other name; what an account entered there bears the account's.
        let own = whose == submitter
            && (whose != WORKSPACE || by.is_keeper() || self.payload(entry)?.by == by.name);
        if own || by.is_originator_of(&marking) || self.is_ordered(&correction(old))? {
            return Ok(());
        }
        let whose = if whose == WORKSPACE { "the keeper of the record" } else { whose.as_str() };
        Err(Error::new(
            Kind::Denied,
            format!("`{}` would correct or take back `{old}`, which is {whose}'s; nothing was entered", record.id),
        )
        .help(format!(
            "only its originator may; dispute it instead, or have two officers order it: `servanda order propose NAME '{}'`",
            correction(old)
        )))
    }

    pub(crate) fn marking_of(&mut self, id: &Name) -> Result<Option<Marking>, Error> {
        let mut text = None;
        let sql =
            "SELECT label.text FROM record JOIN label ON label.number = record.label WHERE record.id = ?1";
        self.connection.query(sql, &[Value::Text(id.as_str())], |mut row| {
            text = Some(row.text()?);
            Ok(())
        })?;
        text.map(|text| label::from_text(&text)).transpose()
    }

    /// Puts entries for which receipts are given.
    pub(crate) fn put_for_receipts(
        &mut self,
        drafts: Vec<Draft>,
        now: Instant,
    ) -> Result<Vec<Receipt>, Error> {
        let first = self.next_number();
        let leaves = self.put(drafts, now, || Ok(()))?;
        (first..).zip(leaves).map(|(entry, leaf)| self.receipt(entry, &leaf, false)).collect()
    }

    pub(crate) fn receipt(&self, entry: u64, leaf: &Leaf, again: bool) -> Result<Receipt, Error> {
        Ok(Receipt { note: self.log.receipt(leaf)?, entry, again })
    }

    /// Puts entries, all or none: the one place where anything is written. Gives their leaves.
    ///
    /// `publish` is called just before the rows are committed.
    pub(crate) fn put(
        &mut self,
        mut drafts: Vec<Draft>,
        now: Instant,
        publish: impl FnOnce() -> Result<(), Error>,
    ) -> Result<Vec<Leaf>, Error> {
        let Some((intake, _)) = self.keys else {
            return Err(Error::new(Kind::Denied, "this store was opened to read only"));
        };
        let opening = usize::from(self.next == 0);
        if opening == 1 {
            let json = serde_json::json!({"vkey": intake.public().to_string()}).to_string();
            let statement =
                Statement { kind: KEY.into(), subject: INTAKE.into(), marking: Marking::default(), json };
            drafts.insert(0, Draft::own(Entry::Statement(statement), &Viewer::keeper()));
        }
        // The log's own time never goes back.
        let received = now.0.max(self.received);
        let slots = Slot::draw(drafts.len())?;
        let mut tips: BTreeMap<String, (u64, Hash)> = BTreeMap::new();
        let mut contents = Vec::with_capacity(drafts.len());
        let mut applied = Vec::with_capacity(drafts.len());
        let count = drafts.len();
        for (at, (draft, slot)) in drafts.into_iter().zip(&slots).enumerate() {
            let mut envelope = Envelope::new(PAYLOAD_TYPE, &draft.payload.to_bytes()?);
            envelope.sign(intake);
            let envelope = envelope.to_json();
            if envelope.len() > crate::packs::PAYLOAD_LIMIT {
                return Err(Error::new(
                    Kind::Refused,
                    format!("an entry has {} bytes, too many", envelope.len()),
                )
                .help("keep long things as attachments"));
            }
            let (ordinal, previous) = match tips.get(&draft.submitter) {
                Some((ordinal, leaf)) => (ordinal + 1, *leaf),
                None => {
                    self.tip(&draft.submitter)?.map_or((1, NO_PREVIOUS), |tip| (tip.ordinal + 1, tip.leaf))
                }
            };
            let leaf = Leaf {
                kind: draft.payload.entry.kind().to_string(),
                received_ms: received,
                submitter: draft.submitter.clone(),
                number: ordinal,
                previous,
                commitment: commitment(&slot.salt, envelope.as_bytes()),
            };
            let leaf_bytes = leaf.to_bytes().map_err(ledger)?;
            tips.insert(draft.submitter, (ordinal, Sha256::digest(&leaf_bytes).into()));
            let number = self.next + at as u64;
            contents.push(Content {
                entry: number,
                ends: at + 1 == count,
                leaf: leaf_bytes.clone(),
                sealed: slot.seal(leaf.kind.as_bytes(), envelope.as_bytes())?,
            });
            let payload = Some(draft.payload);
            applied.push(Applied { number, leaf, leaf_bytes, frame: Frame::default(), payload });
        }
        self.slots.put(self.disk, self.next, &slots)?;
        let committed = self.commit(&contents, &mut applied, publish);
        if let Err(error) = committed {
            // Else the next who opens the store would take it for something that a crash left whole.
            if !error.is_in_doubt() {
                let _ = self.packs.cut(self.last);
            }
            return Err(error);
        }
        drop(contents);
        if let Some(last) = applied.last() {
            (self.next, self.last) = (last.number + 1, Some(last.frame));
            self.received = received;
        }
        self.drain();
        Ok(applied.into_iter().skip(opening).map(|entry| entry.leaf).collect())
    }

    fn commit(
        &mut self,
        contents: &[Content],
        applied: &mut [Applied],
        publish: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let frames = self.packs.put(self.disk, self.last, contents)?;
        for (entry, frame) in applied.iter_mut().zip(frames) {
            entry.frame = frame;
        }
        self.connection.begin()?;
        let outcome = Projection::begin(self.connection)
            .and_then(|mut projection| projection.apply(self.connection, applied))
            .and_then(|()| publish());
        self.connection.end(outcome)
    }
}

/// Opens a payload and compares it with its leaf.
fn open(slot: &Slot, leaf: &Leaf, content: &Content, entry: u64) -> Result<Vec<u8>, Error> {
    let text = slot.open(leaf.kind.as_bytes(), &content.sealed).ok_or_else(|| {
        Error::integrity(format!("the payload of entry {entry} was changed, or its key was"))
    })?;
    if commitment(&slot.salt, &text) != leaf.commitment {
        return Err(Error::integrity(format!("the payload of entry {entry} is not the one that was logged")));
    }
    Ok(text)
}

#[cfg(test)]
#[path = "store_tests.rs"]
pub(crate) mod tests;

#[cfg(test)]
#[path = "faults_tests.rs"]
mod faults_tests;
