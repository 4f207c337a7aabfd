//! `attachments/`: photos, sheets and recordings, each sealed with a key of its own. Nothing is ever read into them.
//!
//! ```text
//! attachments/NN/NAME.sealed     the sealed bytes
//! attachments/NN/NAME.key        their key and salt; zeros once it was destroyed
//! attachments/NN/NAME.of         empty: whose records it was handed in for; NAME is made of them and the hash
//! attachments/NN/HASH            a file of before attachments were sealed: read, and taken away by an erasure
//! ```
//!
//! A record names an attachment by the SHA-256 of its bytes. That hash stands in the record's payload, which the log commits to with a
//! salt, so the log commits to the attachment as well, and nobody can try a guess. It stands in no name of a file either: NAME is
//! made of it with a secret of the workspace. Names that came with a file go nowhere near a path.
//!
//! Invariants
//! - what does not fit its hash is not handed out;
//! - a file is there whole or not at all;
//! - whoever may not see a record that names an attachment is told the same as when there is none;
//! - naming a hash opens nothing: an attachment is handed out with the records of those who handed its bytes in ([`Holder`]), so that
//!   nobody reads, or learns that it is there, what they could only name;
//! - an erasure destroys the keys of the attachments that no other record names.

use crate::disk::{Disk, RealDisk};
use crate::error::{Error, Kind};
use crate::files;
use crate::seal::{SLOT, Slot, random};
use crate::store::{Places, Store};
use crate::view::View;
use servanda_model::Name;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// No larger attachment is taken.
pub const LARGEST: usize = 64 << 20;
/// What is bound to every sealed attachment.
const ABOUT: &[u8] = b"attachment";
/// The file of the secret, in the folder of the keys that sign.
const SECRET: &str = "attachments.key";

/// Whether this is a hash in lower-case hexadecimal.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// What of a record has to do with attachments.
#[derive(serde::Deserialize, Default)]
struct Only {
    #[serde(default)]
    attachments: Vec<String>,
    #[serde(default)]
    extra: BTreeMap<String, String>,
}

impl Only {
    fn of(json: &str) -> Only {
        if !json.contains("\"attachments\"") {
            return Only::default();
        }
        serde_json::from_str(json).unwrap_or_default()
    }
}

/// The hashes by which a record names its attachments.
pub(crate) fn named(json: &str) -> BTreeSet<String> {
    Only::of(json).attachments.into_iter().filter(|hash| is_hash(hash)).collect()
}

/// With whose records an attachment is handed out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder<'h> {
    /// Every record of a submitter who sent its bytes.
    Submitter(&'h str),
    /// All versions of a record that was entered at this machine, by the identity of any of them.
    Record(&'h str),
}

impl Holder<'_> {
    fn text(&self) -> String {
        match self {
            Holder::Submitter(name) => format!("submitter {name}"),
            Holder::Record(id) => {
                let root = match id.rsplit_once('~') {
                    Some((root, version)) if version.parse::<u32>().is_ok_and(|v| v >= 2) => root,
                    _ => id,
                };
                format!("record {root}")
            }
        }
    }
}

/// The name of the mark that these bytes were handed in for those records.
fn mark(secret: &[u8; 32], holder: &Holder<'_>, hash: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"servanda attachment of v1\n");
    hasher.update(secret);
    hasher.update(hash);
    hasher.update(holder.text());
    crate::backup::hex(&hasher.finalize())
}

/// The secret that the names of files are made with; `None`: nothing was sealed yet.
fn secret(places: &Places) -> Result<Option<[u8; 32]>, Error> {
    let path = places.secret.join(SECRET);
    match fs::read(&path) {
        Ok(bytes) => bytes.try_into().map(Some).map_err(|_| {
            Error::integrity(format!("`{}` is not 32 bytes", path.display()))
                .help("put it back from a backup: without it no attachment is found")
        }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", &path, e)),
    }
}

/// The name of a file, which says nothing of the hash to whoever has not the secret.
fn name(secret: &[u8; 32], hash: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(b"servanda attachment v1\n");
    hasher.update(secret);
    hasher.update(hash);
    crate::backup::hex(&hasher.finalize())
}

fn place(folder: &Path, name: &str, ending: &str) -> PathBuf {
    folder.join(&name[..2]).join(format!("{name}.{ending}"))
}

fn key(folder: &Path, name: &str) -> Result<Option<Slot>, Error> {
    let path = place(folder, name, "key");
    match fs::read(&path) {
        Ok(bytes) => {
            let bytes: [u8; SLOT] =
                bytes.try_into().map_err(|_| Error::integrity(format!("`{}` is no key", path.display())))?;
            Ok(Some(Slot::from_bytes(&bytes)).filter(|slot| !slot.is_wiped()))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::io("read", &path, e)),
    }
}

/// Overwrites a file with zeros, where it lies.
fn overwrite(path: &Path) -> Result<(), Error> {
    let failed = |e| Error::io("wipe", path, e).help("run this again");
    let mut file = match fs::OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(failed(e)),
    };
    let length = file.metadata().map_err(failed)?.len();
    let zeros = vec![0u8; usize::try_from(length).unwrap_or(0).min(LARGEST)];
    RealDisk.write_at(&mut file, 0, &zeros).and_then(|()| RealDisk.sync(&file)).map_err(failed)
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("take away", path, e)),
        _ => Ok(()),
    }
}

/// The names of the files in which attachments of those hashes lie, as an order of erasure carries them.
pub(crate) fn names(places: &Places, hashes: &BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
    let Some(secret) = secret(places)? else { return Ok(BTreeSet::new()) };
    Ok(hashes.iter().map(|hash| name(&secret, hash)).collect())
}

/// Destroys the keys of sealed attachments, by the names of their files. Says how many there were.
pub(crate) fn destroy(folder: &Path, names: &BTreeSet<String>) -> Result<u64, Error> {
    let mut count = 0;
    for name in names.iter().filter(|name| is_hash(name)) {
        count += u64::from(key(folder, name)?.is_some());
        overwrite(&place(folder, name, "key"))?;
        remove(&place(folder, name, "sealed"))?;
    }
    Ok(count)
}

/// Takes files away that were never sealed.
pub(crate) fn destroy_unsealed(folder: &Path, hashes: &BTreeSet<String>) -> Result<(), Error> {
    for hash in hashes.iter().filter(|hash| is_hash(hash)) {
        let path = folder.join(&hash[..2]).join(hash);
        overwrite(&path)?;
        remove(&path)?;
    }
    Ok(())
}

impl Store {
    /// Keeps an attachment, sealed; gives the hash by which a record names it. On the disk before this returns.
    ///
    /// # Errors
    /// [`Error::is_refused`] where it is larger than [`LARGEST`].
    pub fn attach(&self, bytes: &[u8]) -> Result<String, Error> {
        if bytes.len() > LARGEST {
            let message = format!("an attachment has {} bytes, and {LARGEST} is the most", bytes.len());
            return Err(Error::new(Kind::Refused, message)
                .help("make it smaller, or keep it elsewhere and enter its hash"));
        }
        let hash = crate::sha256(bytes);
        // One at a time, so that a key and what it seals go together.
        let _turn = self.turn()?;
        let folder = &self.places.attachments;
        let secret = match secret(&self.places)? {
            Some(secret) => secret,
            None => {
                let mut secret = [0; 32];
                random(&mut secret)?;
                let path = self.places.secret.join(SECRET);
                fs::create_dir_all(&self.places.secret).map_err(|e| Error::io("make", &path, e))?;
                files::write_private(&path, &secret)?;
                secret
            }
        };
        let name = name(&secret, &hash);
        if key(folder, &name)?.is_some() && place(folder, &name, "sealed").exists() {
            return Ok(hash);
        }
        let slot = Slot::draw(1)?.pop().ok_or_else(|| Error::integrity("no key was drawn"))?;
        let sealed = slot.seal(ABOUT, bytes)?;
        let within = folder.join(&name[..2]);
        fs::create_dir_all(&within).map_err(|e| Error::io("make", &within, e))?;
        // Without its key it is noise, so the key comes last: what has both is whole.
        files::write(&place(folder, &name, "sealed"), &sealed)?;
        files::write_private(&place(folder, &name, "key"), &slot.to_bytes())?;
        crate::packs::sync_folder(&within)?;
        Ok(hash)
    }

    /// Has a kept attachment handed out with those records. On the disk before this returns.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where it is not kept here.
    pub fn hold(&self, holder: Holder<'_>, hash: &str) -> Result<(), Error> {
        let none = || Error::new(Kind::NotFound, format!("there is no attachment `{hash}`"));
        let secret = secret(&self.places)?.filter(|_| is_hash(hash)).ok_or_else(none)?;
        let folder = &self.places.attachments;
        if key(folder, &name(&secret, hash))?.is_none() {
            return Err(none());
        }
        let path = place(folder, &mark(&secret, &holder, hash), "of");
        if !path.exists() {
            let within = path.parent().unwrap_or(folder);
            fs::create_dir_all(within).map_err(|e| Error::io("make", within, e))?;
            files::write_private(&path, b"")?;
            crate::packs::sync_folder(within)?;
        }
        Ok(())
    }

    fn holds(&self, holder: &Holder<'_>, hash: &str) -> Result<bool, Error> {
        let folder = &self.places.attachments;
        // What an older version kept unsealed was put there at this machine.
        if folder.join(&hash[..2]).join(hash).exists() {
            return Ok(matches!(holder, Holder::Record(_)));
        }
        let Some(secret) = secret(&self.places)? else { return Ok(false) };
        Ok(place(folder, &mark(&secret, holder, hash), "of").exists())
    }

    fn attachment_bytes(&self, hash: &str) -> Result<Option<Vec<u8>>, Error> {
        let changed = || Error::integrity(format!("the attachment `{hash}` was changed"));
        let folder = &self.places.attachments;
        if let Some(secret) = secret(&self.places)? {
            let name = name(&secret, hash);
            let path = place(folder, &name, "sealed");
            match (key(folder, &name)?, fs::read(&path)) {
                (Some(slot), Ok(sealed)) => {
                    let bytes = slot.open(ABOUT, &sealed).ok_or_else(changed)?;
                    return if crate::sha256(&bytes) == hash { Ok(Some(bytes)) } else { Err(changed()) };
                }
                (_, Err(e)) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("read", &path, e));
                }
                _ => {}
            }
        }
        let path = folder.join(&hash[..2]).join(hash);
        match fs::read(&path) {
            Ok(bytes) if crate::sha256(&bytes) == hash => Ok(Some(bytes)),
            Ok(_) => Err(changed()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::io("read", &path, e)),
        }
    }
}

impl crate::store::Writer<'_> {
    /// The attachments of an entry that no record names any more: what an erasure of it destroys.
    pub(crate) fn last_attachments(&mut self, entry: u64) -> Result<BTreeSet<String>, Error> {
        let payload = match self.payload(entry) {
            Ok(payload) => payload,
            Err(error) if error.is_not_found() => return Ok(BTreeSet::new()),
            Err(error) => return Err(error),
        };
        let crate::Entry::Record(record) = payload.entry else { return Ok(BTreeSet::new()) };
        let mut last = BTreeSet::new();
        for hash in named(&record.json) {
            let naming = format!("%\"{hash}\"%");
            let sql = "SELECT count(*) FROM record WHERE json LIKE ?1 AND id <> ?2";
            let values =
                [crate::sql::Value::Text(&naming), crate::sql::Value::Text(Name::as_str(&record.id))];
            if self.connection.number(sql, &values)? == 0 {
                last.insert(hash);
            }
        }
        Ok(last)
    }
}

impl View<'_> {
    /// The bytes of an attachment of a record.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where this viewer sees no record of that identity that names it, or it is not there;
    /// [`Error::is_integrity`] where its bytes are not those that were entered.
    pub fn attachment(&self, record: &str, hash: &str) -> Result<Vec<u8>, Error> {
        let none = || Error::new(Kind::NotFound, format!("there is no attachment `{hash}` of `{record}`"));
        if !is_hash(hash) {
            return Err(none());
        }
        let seen = self.record(record).map_err(|e| if e.is_not_found() { none() } else { e })?;
        let only = Only::of(&seen.json);
        if !only.attachments.iter().any(|named| named == hash) {
            return Err(none());
        }
        let submitter = only.extra.get("submission").and_then(|id| Some(id.rsplit_once('/')?.0));
        let holder = submitter.map_or(Holder::Record(seen.id.as_str()), Holder::Submitter);
        if !self.store().holds(&holder, hash)? {
            return Err(none());
        }
        self.store().attachment_bytes(hash)?.ok_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Viewer;
    use crate::store::tests::{intake, record, workspace};
    use servanda_model::Instant;
    use servanda_model::record::Tlp;

    #[test]
    fn attachments_are_bytes_under_their_hash_for_whoever_sees_the_record() {
        let (folder, workspace) = workspace();
        let store = workspace.store();
        let hash = store.attach(b"a photo").unwrap();
        assert_eq!(store.attach(b"a photo").unwrap(), hash);
        assert!(store.attach(&vec![0; LARGEST + 1]).unwrap_err().is_refused());
        let mut one = record("a", Tlp::Amber);
        one.json = format!("{{\"id\":\"a\",\"attachments\":[\"{hash}\"]}}");
        store.enter(&intake(1), &[one, record("b", Tlp::Clear)], 0, &Viewer::keeper(), || Ok(())).unwrap();
        let (all, some) = (store.view(&Viewer::keeper()), store.view(&Viewer::public()));
        // Kept, and named: not yet handed out with it.
        assert!(all.attachment("a", &hash).unwrap_err().is_not_found());
        store.hold(Holder::Record("a~3"), &hash).unwrap();
        assert_eq!(all.attachment("a", &hash).unwrap(), b"a photo");
        assert!(store.hold(Holder::Record("a"), &"0".repeat(64)).unwrap_err().is_not_found());
        assert!(store.hold(Holder::Record("a"), "../x").unwrap_err().is_not_found());
        // Hidden, missing, of another record, and no hash at all: the same words.
        let told =
            |id: &str, hash: &str| some.attachment(id, hash).unwrap_err().to_string().replace(hash, "H");
        let words = told("a", &"0".repeat(64));
        assert_eq!(
            [told("a", &hash), told("a", "../../servanda.toml"), told("a", "?")],
            [words.clone(), words.clone(), words]
        );
        assert!(some.attachment("b", &hash).unwrap_err().is_not_found());
        // Neither the bytes nor their hash stand on the disk, but where a record says it, which is in the database alone.
        for file in crate::backup::files_below(folder.path()).unwrap() {
            let path = folder.path().join(&file);
            assert!(!file.to_string_lossy().contains(&hash), "{}", file.display());
            let bytes = fs::read(path).unwrap();
            assert!(!bytes.windows(7).any(|window| window == b"a photo"), "{}", file.display());
        }
        let [sealed] = &ending(folder.path(), "sealed")[..] else { panic!("one is sealed") };
        let whole = fs::read(sealed).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(sealed, changed).unwrap();
            assert!(all.attachment("a", &hash).unwrap_err().is_integrity());
        }
    }

    fn ending(folder: &Path, ending: &str) -> Vec<PathBuf> {
        let files = crate::backup::files_below(folder).unwrap();
        let of = |file: &&PathBuf| {
            file.starts_with("attachments") && file.extension().is_some_and(|e| e == ending)
        };
        files.iter().filter(of).map(|file| folder.join(file)).collect()
    }

    fn naming(id: &str, hash: &str) -> crate::StoredRecord {
        let mut one = record(id, Tlp::Clear);
        one.json = format!("{{\"id\":\"{id}\",\"attachments\":[\"{hash}\"]}}");
        one
    }

    #[test]
    fn naming_a_hash_opens_nothing_that_was_not_handed_in() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        let keeper = Viewer::keeper();
        let hash = store.attach(b"a photo of others").unwrap();
        store.hold(Holder::Submitter("node-1"), &hash).unwrap();
        let by = |id: &str, submitter: &str| {
            let mut one = naming(id, &hash);
            one.json = format!(
                "{{\"id\":\"{id}\",\"attachments\":[\"{hash}\"],\"extra\":{{\"submission\":\"{submitter}/1\"}}}}"
            );
            one
        };
        let mut remarked = naming("d", &"0".repeat(64));
        remarked.json = format!("{{\"id\":\"d\",\"attachments\":[],\"extra\":{{\"remark\":\"{hash}\"}}}}");
        let all = [by("a", "node-1"), by("b", "node-2"), naming("c", &hash), remarked];
        store.enter(&intake(4), &all, 0, &keeper, || Ok(())).unwrap();
        let view = store.view(&keeper);
        assert_eq!(view.attachment("a", &hash).unwrap(), b"a photo of others");
        let missing =
            view.attachment("b", &"0".repeat(64)).unwrap_err().to_string().replace(&"0".repeat(64), "H");
        for id in ["b", "c", "d"] {
            let error = view.attachment(id, &hash).unwrap_err();
            assert!(error.is_not_found(), "{id}: {error}");
            let told = error.to_string().replace(&hash, "H").replace(&format!("`{id}`"), "`b`");
            assert_eq!(told, missing);
        }
        // Whoever sends its bytes has it.
        store.hold(Holder::Submitter("node-2"), &hash).unwrap();
        assert_eq!(view.attachment("b", &hash).unwrap(), b"a photo of others");
    }

    #[test]
    fn an_erasure_destroys_the_attachments_that_nothing_else_names() {
        let (folder, workspace) = workspace();
        let store = workspace.store();
        let keeper = Viewer::keeper();
        let elsewhere = tempfile::tempdir().unwrap();
        let (own, shared) = (store.attach(b"own").unwrap(), store.attach(b"shared").unwrap());
        // A file as an older version kept it.
        let old = crate::sha256(b"old and plain");
        let place = folder.path().join("attachments").join(&old[..2]).join(&old);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(&place, "old and plain").unwrap();
        let mut three = naming("a", &own);
        three.json = format!("{{\"id\":\"a\",\"attachments\":[\"{own}\",\"{shared}\",\"{old}\"]}}");
        store.enter(&intake(2), &[three, naming("b", &shared)], 0, &keeper, || Ok(())).unwrap();
        for (record, hash) in [("a", &own), ("a", &shared), ("b", &shared), ("c", &own)] {
            store.hold(Holder::Record(record), hash).unwrap();
        }
        assert_eq!(store.view(&keeper).attachment("a", &old).unwrap(), b"old and plain");
        let (backup, restored) = (elsewhere.path().join("backup"), elsewhere.path().join("restored"));
        workspace.backup(&store, &backup, Instant(5)).unwrap();

        let order = crate::Erasure {
            id: "a".into(),
            category: "witness".into(),
            authority: "court".into(),
            reason: "asked for".into(),
        };
        store.erase(&order, Instant(7_000), &keeper).unwrap();
        assert!(store.view(&keeper).attachment("a", &own).unwrap_err().is_not_found());
        assert_eq!(store.view(&keeper).attachment("b", &shared).unwrap(), b"shared");
        assert!(!place.exists());
        assert_eq!(ending(folder.path(), "sealed").len(), 1);
        let wiped =
            ending(folder.path(), "key").iter().filter(|key| fs::read(key).unwrap() == [0; SLOT]).count();
        assert_eq!(wiped, 1);
        assert_eq!(store.compare().unwrap().different, 0);

        // An older copy that is brought back with the order loses them, too; so does one that is brought up to date.
        let found = crate::restore(&backup, &restored, &[folder.path().join("erased")]).unwrap();
        assert_eq!(found.erased_again, 1);
        assert_eq!(ending(&restored, "sealed").len(), 1);
        let again = crate::Workspace::open(&restored).unwrap();
        assert_eq!(again.store().view(&keeper).attachment("b", &shared).unwrap(), b"shared");
        workspace.backup(&store, &backup, Instant(9_000)).unwrap();
        assert_eq!(ending(&backup, "sealed").len(), 1);
        let wiped = ending(&backup, "key").iter().filter(|key| fs::read(key).unwrap() == [0; SLOT]).count();
        assert_eq!(wiped, 1);
        // Entered anew for another record, it is another one.
        assert_eq!(store.attach(b"own").unwrap(), own);
        store.enter(&intake(1), &[naming("c", &own)], 1, &keeper, || Ok(())).unwrap();
        assert_eq!(store.view(&keeper).attachment("c", &own).unwrap(), b"own");
    }
}
