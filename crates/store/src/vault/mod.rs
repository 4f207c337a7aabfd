//! The vault: who stands behind a pseudonym, in a folder of its own, under keys of its own, apart from the record.
//!
//! A record speaks of a person by a pseudonym and no more. The identity lies here, sealed to its region's public key; two holders
//! together open it, and every opening is an entry of the log that says who, when, which pseudonym and why. One person alone seals a
//! region at once; two unseal or wipe it.
//!
//! ```text
//! about                 whose vault it is
//! REGION/region.json    the keys of the region (region.rs)
//! REGION/slots          of each identity its own key, sealed to the region's
//! REGION/000000.pack    the identities, each under its own key; beside it, readable, its pseudonym and its last day
//! REGION/sealed         the region was sealed; it counts with the log's word and without it
//! REGION/wiped          the region's keys are destroyed
//! ```
//!
//! It deliberately has no way to search for a name, to list names, to export them or to count by anything that is in an identity.
//!
//! Invariants
//! - nothing of an identity leaves this folder but from [`Vault::open`], into memory; not into the database, the log, an error, a
//!   backup of the workspace;
//! - what is opened is entered in the log first;
//! - the log decides what is sealed and what is wiped, and a vault that is older than the log catches up before anything is opened;
//! - a pseudonym is drawn at random and has nothing of the name;
//! - whoever wipes or unseals is another one than who proposed it.
//!
//! What it cannot do: take back what somebody copied before, or has read; and a disk may keep what was overwritten (solid-state disks,
//! copy-on-write file systems, snapshots). What is left there still needs two passphrases.
//!
//! Where to start reading: [`Vault`], then [`Vault::add`] and [`Vault::open`]. Tests: `vault_tests.rs`.

mod identity;
mod region;
mod state;

pub use identity::{FIELDS, Identity, last_moment_of};
pub(crate) use region::unhex;
pub(crate) use state::VAULT as KIND;
pub use state::{Deed, Protected, Region, VaultOrder};
/// Text or bytes that are overwritten in memory when they are dropped.
pub use zeroize::Zeroizing;

use crate::accounts::hidden;
use crate::disk::{Disk, RealDisk};
use crate::error::{Error, Kind};
use crate::files;
use crate::log::Log;
use crate::orders::Standing;
use crate::packs::{Content, Frame, Packs};
use crate::policy::{Role, Viewer};
use crate::seal::{Slot, random};
use crate::sources::need;
use crate::store::{Receipt, Store, patiently};
use crate::workspace::Workspace;
use region::{Cost, KeyFile, Person, SLOT, Unlocked};
use serde::{Deserialize, Serialize};
use servanda_ledger::note::Note;
use servanda_model::time::HOUR;
use servanda_model::{Instant, Name};
use state::{Said, State, Step, VAULT, What};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const ABOUT: &str = "servanda vault v1";
const WIPE: &str = "servanda vault wipe v1";
/// The ending of a wipe's note in the folder of erasures.
const WIPE_ENDING: &str = "vault-wipe";
/// A pack this long is not appended to.
const FULL_PACK: u64 = 64 << 20;
/// An order may wait for so many hours, at most.
const LONGEST_WAIT: u32 = 168;
/// Digits and letters that nobody mistakes for others.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What stands readable beside a sealed identity, bound to it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    id: String,
    until: i64,
}

/// A frame of a region's pack: where it lies, the how-manieth it is, what stands readable, and all of it.
struct Lying {
    frame: Frame,
    place: u64,
    head: Head,
    content: Content,
}

/// An order to wipe, as it lies beside those of erasure. Without a list, it is on the whole region.
struct WipeNote {
    path: PathBuf,
    region: String,
    ids: Option<BTreeSet<String>>,
}

/// Somebody who gives a passphrase.
pub struct Opener {
    /// The account's name.
    pub name: String,
    /// What they typed.
    pub passphrase: Zeroizing<String>,
}

impl Opener {
    /// Somebody, and what they typed.
    pub fn new(name: &str, passphrase: &str) -> Opener {
        Opener { name: name.to_string(), passphrase: Zeroizing::new(passphrase.to_string()) }
    }

    fn person(&self) -> Person<'_> {
        Person { name: &self.name, passphrase: &self.passphrase }
    }
}

/// What an opening gave.
#[derive(Debug)]
pub struct Opened {
    /// What was put in, in order; more than once where something was added later.
    pub identities: Vec<Identity>,
    /// The entry of the log.
    pub receipt: Receipt,
    /// The reason named the person, and was left out of the log.
    pub reason_left_out: bool,
}

/// A workspace's vault.
pub struct Vault<'a> {
    store: &'a Store,
    folder: PathBuf,
    cost: Cost,
}

/// The vault, held by one program, caught up with the log.
struct Held {
    _lock: Option<File>,
    origin: String,
    state: State,
}

impl Workspace {
    /// Where the vault lies: `[vault] path` of the settings, else `vault` in the folder.
    pub fn vault_folder(&self) -> PathBuf {
        self.root().join(self.settings().vault.path.as_deref().unwrap_or("vault"))
    }

    /// The vault.
    ///
    /// # Errors
    /// [`Error::is_settings`] where it would lie inside of the workspace and not at `vault`, so that a backup would take it along.
    pub fn vault<'a>(&self, store: &'a Store) -> Result<Vault<'a>, Error> {
        let folder = self.vault_folder();
        let absolute = |path: &Path| std::path::absolute(path).map_err(|e| Error::io("open", path, e));
        let (inside, root) = (absolute(&folder)?, absolute(self.root())?);
        let climbs = folder.components().any(|part| part == std::path::Component::ParentDir);
        if climbs || (inside.starts_with(&root) && inside != root.join("vault")) || root.starts_with(&inside)
        {
            let message = format!("the vault `{}` cannot lie there", folder.display());
            return Err(Error::new(Kind::Settings, message)
                .help("name a folder outside of the workspace, from the root of the disk, or leave `[vault] path` out"));
        }
        Ok(Vault { store, folder, cost: Cost::FULL })
    }
}

fn check_region(name: &str) -> Result<(), Error> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match !name.is_empty() && name.len() <= 32 && name.chars().all(fine) && !name.starts_with('-') {
        true => Ok(()),
        false => Err(Error::new(Kind::Refused, "this is no name for a region of the vault")
            .help("1 to 32 of `a` to `z`, digits and `-`, such as `east`")),
    }
}

/// Five letters at random.
fn draw_id(prefix: &str) -> Result<String, Error> {
    let mut bytes = [0; 5];
    random(&mut bytes)?;
    let letters: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    Ok(format!("{prefix}-{letters}"))
}

fn no_region(name: &str) -> Error {
    Error::new(Kind::NotFound, format!("the vault has no region `{name}`"))
        .help("`servanda vault list` shows all; `servanda vault init` makes one")
}

fn is_wiped(name: &str) -> Error {
    Error::new(Kind::Refused, format!("the region `{name}` was wiped")).help("make a region of another name")
}

/// The same words whatever was wrong.
fn does_not_open() -> Error {
    Error::new(
        Kind::Denied,
        "these two do not open it: a name holds nothing here or may not any more, or a passphrase is wrong",
    )
    .help("which of them it was is not told; begin again, both of you")
}

fn wipe_text(origin: &str, region: &str, ids: Option<&BTreeSet<String>>) -> String {
    let ids: Vec<&str> = ids.into_iter().flatten().map(String::as_str).collect();
    let what = if ids.is_empty() { "all".to_string() } else { ids.join(" ") };
    format!("{WIPE}\n{origin}\n{region}\n{what}\n")
}

/// The wipes that the notes of a folder name: region, and which identities of it.
///
/// # Errors
/// [`Error::is_integrity`] where one is not signed by the log.
fn read_wipes(folder: &Path, log: &Log) -> Result<Vec<WipeNote>, Error> {
    let mut wipes = Vec::new();
    let list = match fs::read_dir(folder) {
        Ok(list) => list,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(wipes),
        Err(e) => return Err(Error::io("read", folder, e)),
    };
    for file in list {
        let path = file.map_err(|e| Error::io("read", folder, e))?.path();
        if path.extension().is_none_or(|ending| ending != WIPE_ENDING) {
            continue;
        }
        let bytes = fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
        let wrong = |why: String| Error::integrity(format!("the order `{}`: {why}", path.display()));
        let note = Note::parse(&bytes).map_err(|e| wrong(e.to_string()))?;
        note.verify_by(log.key()).map_err(|e| wrong(e.to_string()))?;
        let lines: Vec<&str> = note.text().lines().collect();
        let [WIPE, origin, region, ids] = lines[..] else {
            return Err(wrong("it is no order to wipe".to_string()));
        };
        if origin != log.origin() {
            return Err(wrong(format!("it was made for the log `{origin}`")));
        }
        let ids = (ids != "all").then(|| ids.split(' ').map(str::to_string).collect());
        wipes.push(WipeNote { path: path.clone(), region: region.to_string(), ids });
    }
    wipes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(wipes)
}

/// Takes the orders to wipe of a later copy along, so that the vault that is opened next obeys them. Says how many were new.
pub(crate) fn carry_wipes(store: &Store, log: &Log, folder: &Path) -> Result<u64, Error> {
    let mut count = 0;
    for WipeNote { path, .. } in read_wipes(folder, log)? {
        let to = store.places.erased.join(path.file_name().unwrap_or_default());
        if to.exists() {
            continue;
        }
        let bytes = fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
        fs::create_dir_all(&store.places.erased).map_err(|e| Error::io("make", &store.places.erased, e))?;
        files::write(&to, &bytes)?;
        count += 1;
    }
    Ok(count)
}

impl Vault<'_> {
    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.folder.join("about").exists()
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn region_folder(&self, region: &str) -> PathBuf {
        self.folder.join(region)
    }

    fn said(&self) -> Result<State, Error> {
        let said = self.store.view(&Viewer::keeper()).statements(VAULT)?;
        State::fold(said.iter().map(|(statement, _)| statement.json.as_str()))
    }

    /// Enters a step, if it still may be taken when the turn to write has come.
    fn say(
        &self,
        region: &str,
        step: Step,
        now: Instant,
        by: &Viewer,
        may: impl FnOnce(&State) -> Result<(), Error>,
    ) -> Result<Receipt, Error> {
        let said = Said { region: region.to_string(), at: now.0, step };
        let statement = said.statement()?;
        self.store.say_once(by, now, |writer| {
            let before = writer.said(VAULT)?;
            may(&State::fold(before.iter().map(|(_, json, _)| json.as_str()))?)?;
            Ok(statement)
        })
    }

    /// Holds the vault, and catches up with the log: what was ordered is carried out, what is wiped has no keys.
    fn hold(&self, make: bool, now: Instant) -> Result<Held, Error> {
        self.store.settle()?;
        let about = self.folder.join("about");
        if !self.is_there() {
            let known = !self.said()?.regions.is_empty();
            if known && !make {
                return Err(Error::new(
                    Kind::NotFound,
                    format!("the vault of this workspace is not at `{}`", self.folder.display()),
                )
                .help("mount its disk, set `[vault] path` of servanda.toml, or bring it back with `servanda vault restore`"));
            }
            if !make {
                return Err(Error::new(Kind::NotFound, "this workspace has no vault")
                    .help("`servanda vault init REGION` makes one"));
            }
            if known {
                return Err(Error::integrity(format!(
                    "the log speaks of a vault, and at `{}` is none",
                    self.folder.display()
                )));
            }
            fs::create_dir_all(&self.folder).map_err(|e| Error::io("make", &self.folder, e))?;
            let key = self.store.log_key()?;
            files::write_private(&about, format!("{ABOUT}\n{}\n", key.name()).as_bytes())?;
        }
        let path = self.folder.join("lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        crate::slots::private(&mut options);
        let file = options.open(&path).map_err(|e| Error::io("open", &path, e))?;
        let taken = patiently(|| match file.try_lock() {
            Ok(()) => Some(Ok(())),
            Err(fs::TryLockError::WouldBlock) => None,
            Err(fs::TryLockError::Error(e)) => Some(Err(Error::io("lock", &path, e))),
        });
        taken.unwrap_or_else(|| {
            Err(Error::new(Kind::Busy, "another program holds the vault")
                .help("wait until it has ended, then run this again"))
        })?;
        let key = self.store.log_key()?;
        let text = fs::read_to_string(&about).map_err(|e| Error::io("read", &about, e))?;
        if text != format!("{ABOUT}\n{}\n", key.name()) {
            return Err(Error::integrity(format!(
                "the vault `{}` belongs to another workspace",
                self.folder.display()
            )));
        }
        let mut held = Held { _lock: Some(file), origin: key.name().to_string(), state: self.said()? };
        self.catch_up(&mut held, now)?;
        Ok(held)
    }

    fn catch_up(&self, held: &mut Held, now: Instant) -> Result<(), Error> {
        // A seal that did not reach the log is put there now.
        for region in held.state.regions.values() {
            let marker = self.region_folder(&region.name).join("sealed");
            let Ok(text) = fs::read_to_string(&marker) else { continue };
            let number = text.trim().parse::<u64>().unwrap_or(u64::MAX);
            if number > region.seals {
                let why = "the folder was found sealed, and the log did not say so".to_string();
                self.say(&region.name, Step::Sealed { why }, now, &Viewer::keeper(), |_| Ok(()))?;
            } else if !region.sealed {
                fs::remove_file(&marker).map_err(|e| Error::io("take away", &marker, e))?;
            }
        }
        for order in self.orders()? {
            if order.standing != Standing::Proposed && !held.state.done.contains(order.id.as_str()) {
                self.carry_out(held, &order, now)?;
            }
        }
        held.state = self.said()?;
        let log = self.store.log()?;
        for WipeNote { region, ids, .. } in read_wipes(&self.store.places.erased, &log)? {
            if let Some(region) = held.state.regions.get_mut(&region) {
                region.wipe(ids.as_ref());
            }
            // Also of a region that an older log does not know.
            if ids.is_none() && check_region(&region).is_ok() {
                self.destroy_region(&region)?;
            }
        }
        for region in held.state.regions.values() {
            if region.wiped {
                self.destroy_region(&region.name)?;
            } else if region.people.values().any(|person| person.wiped) {
                self.destroy_some(region)?;
            }
        }
        Ok(())
    }

    /// Destroys the keys of a region: whatever copies of it are in the vault.
    fn destroy_region(&self, region: &str) -> Result<(), Error> {
        let folder = self.region_folder(region);
        if !folder.is_dir() {
            return Ok(());
        }
        let tombstone = folder.join("wiped");
        let there: Vec<PathBuf> = fs::read_dir(&folder)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|e| Error::io("read", &folder, e))?
            .into_iter()
            .map(|entry| entry.path())
            .filter(|path| *path != tombstone)
            .collect();
        // The keys first: what is left without them is noise.
        let is_key = |path: &PathBuf| path.extension().is_none_or(|ending| ending != "pack");
        for path in there.iter().filter(|path| is_key(path)).chain(there.iter().filter(|path| !is_key(path)))
        {
            region::destroy(path)?;
        }
        if !tombstone.exists() {
            files::write_private(&tombstone, b"")?;
        }
        crate::packs::sync_folder(&folder)
    }

    /// Destroys the slots of the identities of a region that are wiped.
    fn destroy_some(&self, region: &Region) -> Result<(), Error> {
        let path = self.region_folder(&region.name).join("slots");
        let mut file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(Error::io("wipe a key in", &path, e)),
        };
        let mut changed = false;
        for Lying { place, head, .. } in self.frames(&region.name)? {
            if region.people.get(&head.id).is_some_and(|person| person.wiped)
                && read_slot(&mut file, &path, place)?.is_some_and(|slot| slot != [0; SLOT])
            {
                RealDisk
                    .write_at(&mut file, place * SLOT as u64, &[0; SLOT])
                    .map_err(|e| Error::io("wipe a key in", &path, e).help("run this again"))?;
                changed = true;
            }
        }
        match changed {
            true => {
                RealDisk.sync(&file).map_err(|e| Error::io("wipe a key in", &path, e).help("run this again"))
            }
            false => Ok(()),
        }
    }

    fn packs(&self, region: &str) -> Packs {
        Packs::new(&self.region_folder(region), FULL_PACK)
    }

    /// What lies in a region: frame, place, what stands readable beside it, and the sealed bytes.
    fn frames(&self, region: &str) -> Result<Vec<Lying>, Error> {
        let mut frames = Vec::new();
        self.packs(region).walk(None, 0, |frame, content| {
            let head: Head = serde_json::from_slice(&content.leaf)
                .map_err(|_| Error::integrity(format!("a pack of the region `{region}` cannot be read")))?;
            frames.push(Lying { frame, place: content.entry, head, content });
            Ok(())
        })?;
        Ok(frames)
    }

    fn keys(&self, held: &Held, region: &Region) -> Result<KeyFile, Error> {
        if region.wiped {
            return Err(is_wiped(&region.name));
        }
        let path = self.region_folder(&region.name).join("region.json");
        let file = KeyFile::read(&path, &held.origin, &region.name)?;
        if file.public() != region.public {
            return Err(Error::integrity(format!(
                "the public key of the region `{}` is another one than the log says",
                region.name
            )));
        }
        Ok(file)
    }

    /// Makes a region, held by these.
    ///
    /// # Errors
    /// [`Error::is_duplicate`] where there is, or was, one of that name; [`Error::is_refused`] where a holder is no officer, two have the
    /// same passphrase, or one is too short.
    pub fn init(
        &self,
        region: &str,
        holders: &[Opener],
        now: Instant,
        by: &Viewer,
    ) -> Result<Receipt, Error> {
        need(by, Role::Officer, "make a region of the vault")?;
        check_region(region)?;
        let held = self.hold(true, now)?;
        let duplicate = || {
            Error::new(Kind::Duplicate, format!("the vault has, or had, a region `{region}`"))
                .help("give it another name; a name is never used again")
        };
        if held.state.regions.contains_key(region) {
            return Err(duplicate());
        }
        self.check_holders(holders)?;
        let folder = self.region_folder(region);
        // A region of which the log knows nothing never came to be.
        if folder.join("wiped").exists() {
            return Err(duplicate());
        }
        fs::create_dir_all(&folder).map_err(|e| Error::io("make", &folder, e))?;
        let mut unlocked = Unlocked::draw()?;
        let people: Vec<Person<'_>> = holders.iter().map(Opener::person).collect();
        let file = KeyFile::make(&held.origin, region, &mut unlocked, None, &people, self.cost)?;
        file.write(&folder.join("region.json"))?;
        crate::packs::sync_folder(&self.folder)?;
        let step = Step::Made { public: unlocked.public(), holders: unlocked.holders() };
        self.say(region, step, now, by, |state| match state.regions.contains_key(region) {
            true => Err(duplicate()),
            false => Ok(()),
        })
    }

    /// New holders: different people, officers all, each with a passphrase of their own.
    fn check_holders(&self, holders: &[Opener]) -> Result<(), Error> {
        let accounts = self.store.accounts()?;
        let mut names = BTreeSet::new();
        let refused = |why: String, help: &str| Err(Error::new(Kind::Refused, why).help(help));
        for (at, holder) in holders.iter().enumerate() {
            let account = accounts.get(&holder.name).filter(|account| !account.closed);
            if account.is_none_or(|account| !account.roles.contains(&Role::Officer)) {
                return refused(
                    format!("`{}` is no open account with the role `officer`", holder.name),
                    "`servanda account set NAME --role officer` makes one",
                );
            }
            if !names.insert(&holder.name) {
                return refused(
                    format!("`{}` is named twice", holder.name),
                    "name two different people, at least",
                );
            }
            if holders[..at].iter().any(|other| other.passphrase == holder.passphrase) {
                return refused(
                    "two holders gave the same passphrase".to_string(),
                    "each has one of their own that nobody else knows",
                );
            }
            region::check_passphrase(&holder.passphrase)?;
        }
        Ok(())
    }

    /// The private key of a region for two people, or the one denial.
    fn unlock(
        &self,
        held: &Held,
        region: &Region,
        two: [&Opener; 2],
    ) -> Result<Option<(KeyFile, Unlocked)>, Error> {
        let [one, other] = two;
        let file = self.keys(held, region)?;
        // First the work, whoever they are.
        let unlocked = file.unlock(&one.person(), &other.person())?;
        let accounts = self.store.accounts()?;
        let may = |name: &str| {
            region.holders.contains(name)
                && accounts.get(name).is_some_and(|a| !a.closed && a.roles.contains(&Role::Officer))
        };
        Ok(unlocked.filter(|_| may(&one.name) && may(&other.name)).map(|unlocked| (file, unlocked)))
    }

    fn two_people(two: [&Opener; 2]) -> Result<(), Error> {
        match two[0].name == two[1].name {
            true => {
                Err(Error::new(Kind::Denied, format!("`{}` is one person, and it takes two", two[0].name))
                    .help("name another holder with --and"))
            }
            false => Ok(()),
        }
    }

    /// Lets new holders in and takes others out, for two who hold it.
    ///
    /// # Errors
    /// [`Error::is_denied`], in the same words whatever was wrong with the two; as [`Vault::init`].
    pub fn change_holders(
        &self,
        region: &str,
        two: [&Opener; 2],
        add: &[Opener],
        remove: &[String],
        now: Instant,
    ) -> Result<Receipt, Error> {
        Vault::two_people(two)?;
        let held = self.hold(false, now)?;
        let region = held.state.regions.get(region).ok_or_else(|| no_region(region))?;
        refuse_sealed(region)?;
        self.check_holders(add)?;
        let Some((before, mut unlocked)) = self.unlock(&held, region, two)? else {
            return Err(does_not_open());
        };
        for name in remove {
            if !unlocked.remove(name) {
                return Err(Error::new(Kind::NotFound, format!("`{name}` does not hold `{}`", region.name))
                    .help("`servanda vault list` shows who does"));
            }
        }
        let people: Vec<Person<'_>> = add.iter().map(Opener::person).collect();
        let file =
            KeyFile::make(&held.origin, &region.name, &mut unlocked, Some(&before), &people, self.cost)?;
        // First the log: who is not a holder there opens nothing, whatever the file says.
        let names = [two[0].name.clone(), two[1].name.clone()];
        let step = Step::Holders { with: names, holders: file.holders() };
        let by = Viewer::named(&two[0].name);
        let receipt = self.say(&region.name, step, now, &by, |state| still_open(state, &region.name))?;
        file.write(&self.region_folder(&region.name).join("region.json"))?;
        Ok(receipt)
    }

    /// Puts an identity in and gives its pseudonym. Takes one person and no passphrase: nobody can read it back alone.
    ///
    /// `to` names a pseudonym to which this is added; without it, a new one is drawn.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever may neither report nor order; [`Error::is_not_found`] where there is no such region or pseudonym;
    /// [`Error::is_refused`] where it was wiped, or the last day has passed. Nothing is kept then.
    pub fn add(
        &self,
        region: &str,
        identity: &Identity,
        until: Instant,
        to: Option<&str>,
        now: Instant,
        by: &Viewer,
    ) -> Result<String, Error> {
        if !by.may(Role::Officer) {
            need(by, Role::Reporter, "put an identity into the vault")?;
        }
        if until <= now {
            return Err(Error::new(Kind::Refused, "the retention has passed already; nothing was kept")
                .help("name the last day on which it may be kept"));
        }
        let held = self.hold(false, now)?;
        let there = held.state.regions.get(region).ok_or_else(|| no_region(region))?;
        let public = self.keys(&held, there)?.public().to_string();
        let id = match to {
            Some(id) => {
                let person = there.people.get(id).filter(|person| !person.wiped);
                person.ok_or_else(|| {
                    Error::new(Kind::NotFound, format!("the region `{region}` has no `{id}`"))
                        .help("`servanda vault list` shows the pseudonyms")
                })?;
                id.to_string()
            }
            None => loop {
                let id = draw_id("w")?;
                if held.state.region_of(&id).is_none() {
                    break id;
                }
            },
        };
        let frames = self.frames(region)?;
        let (last, place) = frames.last().map_or((None, 0), |last| (Some(last.frame), last.place + 1));
        let head = serde_json::to_vec(&Head { id: id.clone(), until: until.0 })
            .map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
        let drawn = Slot::draw(1)?;
        let own = drawn.first().ok_or_else(|| Error::integrity("no key was drawn"))?;
        let sealed = own.seal(&head, &identity.to_bytes()?)?;
        let slot = region::seal_slot(&public, place, &own.key)?;
        let path = self.region_folder(region).join("slots");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        crate::slots::private(&mut options);
        let failed = |e| Error::io("write", &path, e).help("nothing was kept; run this again");
        let mut file = options.open(&path).map_err(failed)?;
        file.set_len(place * SLOT as u64).map_err(failed)?;
        RealDisk
            .write_at(&mut file, place * SLOT as u64, &slot)
            .and_then(|()| RealDisk.sync(&file))
            .map_err(failed)?;
        let content = Content { entry: place, ends: true, leaf: head, sealed };
        let digest = crate::sha256(&content.sealed);
        let entered = self
            .packs(region)
            .put(&RealDisk, last, &[content])
            .and_then(|_| crate::packs::sync_folder(&self.region_folder(region)))
            .and_then(|()| {
                let step = Step::Added { id: id.clone(), until: until.0, digest };
                self.say(region, step, now, by, |state| {
                    match state.regions.get(region).is_some_and(|region| !region.wiped) {
                        true => Ok(()),
                        false => Err(is_wiped(region)),
                    }
                })
            });
        if let Err(error) = entered {
            // What the log does not know is never opened; where it may know it, that is seen later.
            if !error.is_in_doubt() {
                let _ = RealDisk
                    .write_at(&mut file, place * SLOT as u64, &[0; SLOT])
                    .and_then(|()| RealDisk.sync(&file));
            }
            return Err(error);
        }
        Ok(id)
    }

    /// The frames of a region that the log knows. Others were left by a crash, or put there by somebody, and are never opened.
    fn known_frames(&self, region: &Region) -> Result<Vec<Lying>, Error> {
        let mut missing = region.digests.clone();
        let mut frames = self.frames(&region.name)?;
        frames.retain(|lying| {
            missing.remove(&crate::sha256(&lying.content.sealed)).is_some_and(|id| id == lying.head.id)
        });
        match missing.into_values().next() {
            Some(id) => Err(Error::integrity(format!(
                "the log says that `{id}` was put into the region `{}`, and what was put there is gone or was changed",
                region.name
            ))),
            None => Ok(frames),
        }
    }

    /// Opens an identity for two holders. The opening is in the log before this returns.
    ///
    /// # Errors
    /// [`Error::is_denied`] where the region is sealed, the two are one, or they do not open it: in the same words whatever was wrong
    /// with them, and entered as well; [`Error::is_not_found`] where there is no such pseudonym; [`Error::is_refused`] where it was wiped,
    /// or no reason is given.
    pub fn open(&self, id: &str, two: [&Opener; 2], why: &str, now: Instant) -> Result<Opened, Error> {
        Vault::two_people(two)?;
        if why.trim().is_empty() {
            return Err(Error::new(Kind::Refused, "an opening needs a reason").help("say it with --why"));
        }
        let held = self.hold(false, now)?;
        let region = held.state.region_of(id).ok_or_else(|| {
            Error::new(Kind::NotFound, format!("the vault has no pseudonym `{id}`"))
                .help("`servanda vault list` shows all")
        })?;
        if region.people.get(id).is_some_and(|person| person.wiped) {
            return Err(Error::new(Kind::Refused, format!("the identity of `{id}` was wiped"))
                .help("it is gone; what the records say under the pseudonym stays"));
        }
        refuse_sealed(region)?;
        let names = [two[0].name.clone(), two[1].name.clone()];
        let by = Viewer::named(&two[0].name);
        let Some((_, unlocked)) = self.unlock(&held, region, two)? else {
            // The reason may hold a name, and nobody here can tell.
            let why = "(not kept, because nothing was opened)".to_string();
            let step = Step::Refused { id: id.to_string(), with: names, why };
            self.say(&region.name, step, now, &Viewer::keeper(), |_| Ok(()))?;
            return Err(does_not_open());
        };
        let mut identities = Vec::new();
        let path = self.region_folder(&region.name).join("slots");
        let mut slots = File::open(&path).map_err(|e| Error::io("read", &path, e))?;
        for Lying { place, head, content, .. } in self.known_frames(region)? {
            if head.id != id {
                continue;
            }
            let changed = || Error::integrity(format!("the identity of `{id}` was changed, or its key was"));
            let slot = read_slot(&mut slots, &path, place)?.ok_or_else(changed)?;
            let key = unlocked.open_slot(place, &slot).ok_or_else(changed)?;
            let own = Zeroizing::new(*key);
            let plain = open_sealed(&own, &content).ok_or_else(changed)?;
            identities.push(Identity::from_bytes(&plain)?);
        }
        let told = identities.iter().any(|identity| identity.is_told_by(why));
        let why = if told { "(left out, because it named the person)".to_string() } else { why.to_string() };
        let step = Step::Opened { id: id.to_string(), with: names, why };
        let receipt = self.say(&region.name, step, now, &by, |state| still_open(state, &region.name))?;
        Ok(Opened { identities, receipt, reason_left_out: told })
    }

    /// Seals a region at once: nothing is opened until two people unseal it.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no officer; [`Error::is_not_found`]; where the log cannot be written, the region is sealed all
    /// the same.
    pub fn seal(&self, region: &str, why: &str, now: Instant, by: &Viewer) -> Result<(), Error> {
        need(by, Role::Officer, "seal a region")?;
        check_region(region)?;
        let seals = self.said()?.regions.get(region).ok_or_else(|| no_region(region))?.seals;
        let folder = self.region_folder(region);
        if folder.is_dir() {
            files::write_private(&folder.join("sealed"), format!("{}\n", seals + 1).as_bytes())?;
            crate::packs::sync_folder(&folder)?;
        }
        let step = Step::Sealed { why: why.to_string() };
        self.say(region, step, now, by, |_| Ok(())).map(|_| ())
    }

    /// Proposes to unseal or to wipe. Another one has to confirm it within so many hours.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no officer, or no person; [`Error::is_not_found`] where there is nothing of the kind;
    /// [`Error::is_refused`] where it makes no sense, such as to unseal what is not sealed.
    pub fn propose(
        &self,
        deed: Deed,
        why: &str,
        hours: u32,
        now: Instant,
        by: &Viewer,
    ) -> Result<VaultOrder, Error> {
        person(by)?;
        if hours == 0 || hours > LONGEST_WAIT {
            return Err(Error::new(Kind::Refused, format!("an order waits 1 to {LONGEST_WAIT} hours")));
        }
        let held = self.hold(false, now)?;
        let region = held.state.regions.get(deed.region()).ok_or_else(|| no_region(deed.region()))?;
        if region.wiped {
            return Err(is_wiped(&region.name));
        }
        match &deed {
            Deed::Unseal { .. } if !region.sealed => {
                return Err(Error::new(Kind::Refused, format!("the region `{}` is not sealed", region.name)));
            }
            Deed::WipeSome { ids, .. } => {
                let gone = ids.iter().find(|id| region.people.get(*id).is_none_or(|person| person.wiped));
                if ids.is_empty() || gone.is_some() {
                    let id = gone.map_or(String::new(), |id| format!(" `{id}`"));
                    return Err(Error::new(
                        Kind::NotFound,
                        format!("the region `{}` has nothing{id} to wipe", region.name),
                    )
                    .help("`servanda vault list` shows the pseudonyms"));
                }
            }
            _ => {}
        }
        let until = now + i64::from(hours) * HOUR;
        let what = What { vault: deed, until: until.0, why: why.to_string() };
        let what = serde_json::to_string(&what).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
        let id = Name::from(draw_id("order")?);
        self.store.propose(&id, &what, &hidden(), now, by)?;
        self.order(&id)
    }

    /// Confirms an order that another has proposed, and carries it out.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no officer, no person, or proposed it; [`Error::is_refused`] where its time is over, or it was
    /// confirmed or withdrawn, or whoever proposed it may not any more.
    pub fn confirm(&self, id: &Name, now: Instant, by: &Viewer) -> Result<VaultOrder, Error> {
        person(by)?;
        let order = self.order(id)?;
        if now > order.until {
            return Err(Error::new(
                Kind::Refused,
                format!("the order `{id}` had to be confirmed before {}", order.until),
            )
            .help("propose it again"));
        }
        let accounts = self.store.accounts()?;
        let proposer = accounts.get(&order.proposed_by);
        if proposer.is_none_or(|account| account.closed || !account.roles.contains(&Role::Officer)) {
            return Err(Error::new(
                Kind::Refused,
                format!("`{}`, who proposed the order `{id}`, may not order any more", order.proposed_by),
            )
            .help("propose it again"));
        }
        let what = self.store.order(id)?.what;
        self.store.confirm(id, &what, &hidden(), now, by)?;
        // Carries it out; were this interrupted, the next who holds the vault would.
        self.hold(false, now)?;
        self.order(id)
    }

    /// Takes an order back that was not confirmed.
    ///
    /// # Errors
    /// As [`Store::withdraw`].
    pub fn withdraw(&self, id: &Name, now: Instant, by: &Viewer) -> Result<(), Error> {
        person(by)?;
        self.order(id)?;
        self.store.withdraw(id, &hidden(), now, by).map(|_| ())
    }

    /// All orders on the vault.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn orders(&self) -> Result<Vec<VaultOrder>, Error> {
        Ok(self.store.orders()?.into_iter().filter_map(VaultOrder::of).collect())
    }

    fn order(&self, id: &Name) -> Result<VaultOrder, Error> {
        VaultOrder::of(self.store.order(id)?)
            .ok_or_else(|| Error::new(Kind::NotFound, format!("the order `{id}` is not on the vault")))
    }

    /// Does what a confirmed order says, and enters that it was done.
    fn carry_out(&self, held: &Held, order: &VaultOrder, now: Instant) -> Result<(), Error> {
        let Standing::Confirmed { by } = &order.standing else { return Ok(()) };
        let by = Viewer::named(by);
        let name = order.deed.region();
        let number = order.id.to_string();
        let step = match &order.deed {
            Deed::Unseal { .. } => Step::Unsealed { order: number },
            Deed::Wipe { .. } => Step::Wiped { order: number, ids: None },
            Deed::WipeSome { ids, .. } => Step::Wiped { order: number, ids: Some(ids.clone()) },
        };
        if let Step::Wiped { ids, .. } = &step {
            // For older copies, beside the orders of erasure; then the keys; then the log's word that it was done.
            let key = self.store.log_key()?;
            let text = wipe_text(&held.origin, name, ids.as_ref());
            let mut note = Note::new(text).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
            note.sign(&key, 0);
            let folder = &self.store.places.erased;
            fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
            files::write(&folder.join(format!("{}.{WIPE_ENDING}", order.id)), note.to_string().as_bytes())?;
            if let Some(region) = held.state.regions.get(name) {
                let mut wiped = region.clone();
                wiped.wipe(ids.as_ref());
                match ids {
                    None => self.destroy_region(name)?,
                    Some(_) => self.destroy_some(&wiped)?,
                }
            }
        }
        self.say(name, step, now, &by, |state| match state.done.contains(order.id.as_str()) {
            true => {
                Err(Error::new(Kind::Busy, "another program carried the order out").help("run this again"))
            }
            false => Ok(()),
        })?;
        if let Deed::Unseal { .. } = order.deed {
            match fs::remove_file(self.region_folder(name).join("sealed")) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("take away", &self.region_folder(name).join("sealed"), e));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The regions with their pseudonyms, as the log knows them.
    ///
    /// # Errors
    /// [`Error::is_integrity`] where vault and log contradict each other.
    pub fn regions(&self, now: Instant) -> Result<Vec<Region>, Error> {
        if !self.is_there() && self.said()?.regions.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.hold(false, now)?.state.regions.into_values().collect())
    }

    /// The regions that were made and not wiped, by the log's word alone: the vault need not be there.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn known_regions(&self) -> Result<Vec<String>, Error> {
        let regions = self.said()?.regions.into_values().filter(|region| !region.wiped);
        Ok(regions.map(|region| region.name).collect())
    }

    /// The identities whose last day has passed, by region.
    ///
    /// # Errors
    /// As [`Vault::regions`].
    pub fn past_retention(&self, now: Instant) -> Result<BTreeMap<String, Vec<Protected>>, Error> {
        let mut past: BTreeMap<String, Vec<Protected>> = BTreeMap::new();
        for region in self.regions(now)? {
            let gone: Vec<Protected> =
                region.people.into_values().filter(|person| !person.wiped && person.until < now).collect();
            if !gone.is_empty() {
                past.insert(region.name, gone);
            }
        }
        Ok(past)
    }

    /// Compares the vault with the log. Gives how many identities are there.
    ///
    /// # Errors
    /// [`Error::is_integrity`] where something is missing, was changed, or has keys although it was wiped.
    pub fn check(&self, now: Instant) -> Result<u64, Error> {
        let held = self.hold(false, now)?;
        let mut count = 0;
        for region in held.state.regions.values().filter(|region| !region.wiped) {
            let file = self.keys(&held, region)?;
            let said: Vec<String> = region.holders.iter().cloned().collect();
            if file.holders() != said {
                return Err(Error::integrity(format!(
                    "the region `{}` is held by others than the log says",
                    region.name
                ))
                .help("two holders enter it anew: `servanda vault holders`"));
            }
            let path = self.region_folder(&region.name).join("slots");
            let frames = self.known_frames(region)?;
            if frames.is_empty() {
                continue;
            }
            let mut slots = File::open(&path).map_err(|e| Error::io("read", &path, e))?;
            for Lying { place, head, .. } in frames {
                let wiped = region.people.get(&head.id).is_some_and(|person| person.wiped);
                let empty = read_slot(&mut slots, &path, place)?.is_none_or(|slot| slot == [0; SLOT]);
                if wiped != empty {
                    return Err(Error::integrity(format!(
                        "`{}` {}",
                        head.id,
                        if empty { "has no key, and no order said so" } else { "was wiped and has a key" }
                    )));
                }
                count += u64::from(!wiped);
            }
        }
        Ok(count)
    }

    /// Copies the vault, sealed as it is, into a folder that is empty or not there.
    ///
    /// # Errors
    /// [`Error::is_not_empty`]; where the disk refuses.
    pub fn backup(&self, to: &Path, now: Instant) -> Result<u64, Error> {
        let held = self.hold(false, now)?;
        let draft = files::FolderDraft::beside(to)?;
        let count = copy_vault(&self.folder, draft.path())?;
        draft.publish("about")?;
        drop(held);
        Ok(count)
    }

    /// Brings a copy back to where the vault lies, and wipes what was wiped since.
    ///
    /// # Errors
    /// [`Error::is_not_empty`] where there is a vault; [`Error::is_integrity`] where it belongs to another workspace.
    pub fn restore(&self, from: &Path, now: Instant) -> Result<(), Error> {
        let about = from.join("about");
        let text = fs::read_to_string(&about).map_err(|e| {
            Error::io("read", &about, e).help("name a folder that `servanda vault backup` has made")
        })?;
        if text != format!("{ABOUT}\n{}\n", self.store.log_key()?.name()) {
            return Err(Error::integrity(format!("`{}` is the vault of another workspace", from.display())));
        }
        let draft = files::FolderDraft::beside(&self.folder)?;
        copy_vault(from, draft.path())?;
        draft.publish("about")?;
        self.hold(false, now).map(|_| ())
    }
}

fn copy_vault(from: &Path, to: &Path) -> Result<u64, Error> {
    let mut count = 0;
    for file in crate::backup::files_below(from)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if file == Path::new("lock") || name.contains(".draft-") {
            continue;
        }
        let (source, copy) = (from.join(&file), to.join(&file));
        if let Some(folder) = copy.parent() {
            fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
        }
        fs::copy(&source, &copy).map_err(|e| Error::io("copy", &source, e))?;
        File::open(&copy).and_then(|file| file.sync_all()).map_err(|e| Error::io("write", &copy, e))?;
        count += 1;
    }
    Ok(count)
}

/// Orders are given by people who signed in, not by whoever holds the folder.
fn person(by: &Viewer) -> Result<(), Error> {
    match by.is_keeper() {
        true => Err(Error::new(Kind::Denied, "an order is given by a person with an account")
            .help("name yourself with --as and sign in")),
        false => need(by, Role::Officer, "give orders"),
    }
}

fn refuse_sealed(region: &Region) -> Result<(), Error> {
    match region.sealed {
        true => Err(Error::new(Kind::Denied, format!("the region `{}` is sealed", region.name))
            .help("two people unseal it: `servanda vault propose unseal`, then `servanda vault confirm`")),
        false => Ok(()),
    }
}

/// Looked at once more when the turn to write has come.
fn still_open(state: &State, region: &str) -> Result<(), Error> {
    let region = state.regions.get(region).ok_or_else(|| no_region(region))?;
    if region.wiped {
        return Err(is_wiped(&region.name));
    }
    refuse_sealed(region)
}

fn read_slot(file: &mut File, path: &Path, place: u64) -> Result<Option<[u8; SLOT]>, Error> {
    let mut slot = Vec::new();
    file.seek(SeekFrom::Start(place * SLOT as u64))
        .and_then(|_| file.take(SLOT as u64).read_to_end(&mut slot))
        .map_err(|e| Error::io("read", path, e))?;
    Ok(slot.try_into().ok())
}

/// Opens an identity with its own key.
fn open_sealed(key: &[u8; 32], content: &Content) -> Option<Zeroizing<Vec<u8>>> {
    let slot = Slot { key: *key, salt: [0; 32] };
    slot.open(&content.leaf, &content.sealed).map(Zeroizing::new)
}

#[cfg(test)]
#[path = "../vault_tests.rs"]
mod tests;
