//! The keys of a region: one pair, to which identities are sealed by anybody and which only two holders together open.
//!
//! ```text
//! region.json   the public key; of each holder the salt; the private key once for each pair of holders, sealed under both
//! slots         of each identity its own key, sealed to the region's public key: 80 bytes each
//! ```
//!
//! From a holder's passphrase argon2id makes a key. The keys of two holders together make the key of their copy. So a copy says
//! of one passphrase alone neither that it is right nor that it is wrong, to nobody, however long they try.
//!
//! It does not know who may do what, and enters nothing into the log.
//!
//! Invariants
//! - a copy is opened with two holders' keys or not at all;
//! - a slot is bound to its place, and zeros are a slot that was wiped;
//! - keys are overwritten in memory when they are dropped, and before a file of keys is taken away its bytes are.

use crate::backup::hex;
use crate::disk::{Disk, RealDisk};
use crate::error::{Error, Kind};
use crate::files;
use crate::seal::random;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::Path;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Bytes of a slot: the sender's public key, then the sealed key.
pub(crate) const SLOT: usize = 80;
/// Bytes of a nonce, which stands before what was sealed.
const NONCE: usize = 24;
/// No shorter passphrase is taken.
const SHORTEST: usize = 16;
/// And no longer one.
const LONGEST: usize = 1_024;
/// More holders than this make more copies than anybody watches over.
pub(crate) const MOST: usize = 8;

/// A key of 32 bytes that is overwritten when it is dropped.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// What a guess of a passphrase costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cost {
    kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes, four lanes.
    ///
    /// # Source
    /// RFC 9106, section 4, the second recommended option.
    pub(crate) const FULL: Cost = Cost { kib: 64 * 1024, passes: 3, lanes: 4 };
    #[cfg(test)]
    pub(crate) const SMALL: Cost = Cost { kib: 32, passes: 1, lanes: 1 };

    /// The key that a passphrase gives with a salt.
    fn key(self, passphrase: &str, salt: &[u8; 16]) -> Result<Key, Error> {
        // A file that somebody changed must not keep the machine busy for a day.
        if self.kib > 1 << 20 || self.passes > 64 || self.lanes > 64 {
            return Err(Error::integrity("the vault's file of keys asks for more work than any file would"));
        }
        let wrong = |e: argon2::Error| Error::integrity(format!("the vault's file of keys: {e}"));
        let params = Params::new(self.kib, self.passes, self.lanes, Some(32)).map_err(wrong)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, &mut *key)
            .map_err(wrong)?;
        Ok(key)
    }
}

/// Refuses a passphrase that is too short or too long to be one.
pub(crate) fn check_passphrase(passphrase: &str) -> Result<(), Error> {
    let refused = |why: String| Err(Error::new(Kind::Refused, format!("the passphrase {why}")));
    if passphrase.chars().count() < SHORTEST {
        return refused(format!("has fewer than {SHORTEST} characters"))
            .map_err(|e: Error| e.help("five or six words that nobody would guess in a row"));
    }
    if passphrase.len() > LONGEST {
        return refused(format!("has more than {LONGEST} bytes"));
    }
    Ok(())
}

fn sealed(key: &[u8; 32], about: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE];
    random(&mut nonce)?;
    let mut out = nonce.to_vec();
    let text = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: about })
        .map_err(|_| Error::new(Kind::Refused, "the key cannot be sealed"))?;
    out.extend(text);
    Ok(out)
}

fn opened(key: &[u8; 32], about: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE>()?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: about })
        .ok()
        .map(Zeroizing::new)
}

/// One key of several parts, none of which can pass for a piece of its neighbour.
fn derived(parts: &[&[u8]]) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Zeroizing::new(hash.finalize().into())
}

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Holder {
    name: String,
    salt: String,
    cost: Cost,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Copy {
    one: String,
    two: String,
    sealed: String,
}

/// The file of a region's keys.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyFile {
    v: u64,
    /// The log's name.
    origin: String,
    region: String,
    public: String,
    holders: Vec<Holder>,
    copies: Vec<Copy>,
    /// The holders' keys, sealed under the private key, so that two of them can let a third in.
    ring: String,
}

/// A region's private key, in memory, with the keys of its holders.
pub(crate) struct Unlocked {
    secret: StaticSecret,
    ring: BTreeMap<String, Key>,
}

/// Somebody with a passphrase.
pub(crate) struct Person<'a> {
    pub(crate) name: &'a str,
    pub(crate) passphrase: &'a str,
}

impl Unlocked {
    /// A new pair.
    pub(crate) fn draw() -> Result<Unlocked, Error> {
        let mut seed = Zeroizing::new([0; 32]);
        random(&mut *seed)?;
        Ok(Unlocked { secret: StaticSecret::from(*seed), ring: BTreeMap::new() })
    }

    /// The public key, in hexadecimal.
    pub(crate) fn public(&self) -> String {
        hex(PublicKey::from(&self.secret).as_bytes())
    }

    /// The holders.
    pub(crate) fn holders(&self) -> Vec<String> {
        self.ring.keys().cloned().collect()
    }

    /// Takes a holder out.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        self.ring.remove(name).is_some()
    }

    /// What is in a slot; `None` where it was changed, or belongs to another place or key.
    pub(crate) fn open_slot(&self, place: u64, slot: &[u8; SLOT]) -> Option<Key> {
        let from = PublicKey::from(array::<32>(&slot[..32])?);
        let shared = self.secret.diffie_hellman(&from);
        if !shared.was_contributory() {
            return None;
        }
        let own = PublicKey::from(&self.secret);
        let key = slot_key(place, &from, &own, shared.as_bytes());
        let plain = XChaCha20Poly1305::new((&*key).into()).decrypt(&XNonce::default(), &slot[32..]).ok()?;
        array::<32>(&Zeroizing::new(plain)).map(Zeroizing::new)
    }
}

fn slot_key(place: u64, from: &PublicKey, to: &PublicKey, shared: &[u8; 32]) -> Key {
    derived(&[b"servanda vault slot v1", &place.to_be_bytes(), from.as_bytes(), to.as_bytes(), shared])
}

/// Seals a key to a region's public key, for one place.
pub(crate) fn seal_slot(public: &str, place: u64, key: &[u8; 32]) -> Result<[u8; SLOT], Error> {
    let wrong = || Error::integrity("the public key of a region of the vault is none");
    let to = PublicKey::from(unhex(public).and_then(|bytes| array::<32>(&bytes)).ok_or_else(wrong)?);
    let mut seed = Zeroizing::new([0; 32]);
    random(&mut *seed)?;
    let own = StaticSecret::from(*seed);
    let from = PublicKey::from(&own);
    let shared = own.diffie_hellman(&to);
    if !shared.was_contributory() {
        return Err(wrong());
    }
    let box_key = slot_key(place, &from, &to, shared.as_bytes());
    // Drawn for this slot alone, so the nonce may stand still.
    let text = XChaCha20Poly1305::new((&*box_key).into())
        .encrypt(&XNonce::default(), &key[..])
        .map_err(|_| Error::new(Kind::Refused, "the key cannot be sealed"))?;
    let mut slot = [0; SLOT];
    slot[..32].copy_from_slice(from.as_bytes());
    slot[32..].copy_from_slice(&text);
    Ok(slot)
}

impl KeyFile {
    /// Reads a region's file.
    pub(crate) fn read(path: &Path, origin: &str, region: &str) -> Result<KeyFile, Error> {
        let bytes = fs::read(path).map_err(|e| Error::io("read", path, e))?;
        let wrong = |why: String| Error::integrity(format!("`{}`: {why}", path.display()));
        let file: KeyFile = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
        if file.v != 1 {
            return Err(Error::new(
                Kind::Newer,
                format!("`{}` has the version {}, and this program reads version 1", path.display(), file.v),
            )
            .help("use the version of the program that wrote it, or a newer one"));
        }
        if file.origin != origin || file.region != region {
            return Err(wrong("it belongs to another workspace, or to another region".to_string()));
        }
        Ok(file)
    }

    /// The public key, in hexadecimal.
    pub(crate) fn public(&self) -> &str {
        &self.public
    }

    /// The holders' names.
    pub(crate) fn holders(&self) -> Vec<String> {
        self.holders.iter().map(|holder| holder.name.clone()).collect()
    }

    fn about(origin: &str, region: &str, what: &str) -> Vec<u8> {
        format!("servanda vault {what} v1\n{origin}\n{region}\n").into_bytes()
    }

    fn copy_key(&self, one: (&str, &Key), two: (&str, &Key)) -> Key {
        let (one, two) = if one.0 <= two.0 { (one, two) } else { (two, one) };
        let about = KeyFile::about(&self.origin, &self.region, "copy");
        derived(&[&about, one.0.as_bytes(), &**one.1, two.0.as_bytes(), &**two.1])
    }

    /// The file for a region. `new` are holders with their passphrases; those of `before` that `unlocked` still has keep theirs.
    pub(crate) fn make(
        origin: &str,
        region: &str,
        unlocked: &mut Unlocked,
        before: Option<&KeyFile>,
        new: &[Person<'_>],
        cost: Cost,
    ) -> Result<KeyFile, Error> {
        let mut file = KeyFile {
            v: 1,
            origin: origin.to_string(),
            region: region.to_string(),
            public: unlocked.public(),
            holders: Vec::new(),
            copies: Vec::new(),
            ring: String::new(),
        };
        for person in new {
            check_passphrase(person.passphrase)?;
            let mut salt = [0; 16];
            random(&mut salt)?;
            unlocked.ring.insert(person.name.to_string(), cost.key(person.passphrase, &salt)?);
            file.holders.push(Holder { name: person.name.to_string(), salt: hex(&salt), cost });
        }
        for holder in before.iter().flat_map(|before| &before.holders) {
            let kept = !new.iter().any(|person| person.name == holder.name);
            if kept && unlocked.ring.contains_key(&holder.name) {
                file.holders.push(holder.clone());
            }
        }
        file.holders.sort_by(|a, b| a.name.cmp(&b.name));
        if file.holders.len() < 2 || file.holders.len() > MOST {
            return Err(Error::new(
                Kind::Refused,
                format!("a region has 2 to {MOST} holders, and this one would have {}", file.holders.len()),
            )
            .help("three or four are wise: with two, one who is lost takes all with them"));
        }
        let secret = Zeroizing::new(unlocked.secret.to_bytes());
        let about = KeyFile::about(origin, region, "copy");
        for (at, one) in unlocked.ring.iter().enumerate() {
            for two in unlocked.ring.iter().skip(at + 1) {
                let key = file.copy_key((one.0, one.1), (two.0, two.1));
                let text = sealed(&key, &about, &*secret)?;
                file.copies.push(Copy { one: one.0.clone(), two: two.0.clone(), sealed: hex(&text) });
            }
        }
        let mut ring = Zeroizing::new(Vec::with_capacity(MOST * 32));
        for key in unlocked.ring.values() {
            ring.extend_from_slice(&**key);
        }
        let about = KeyFile::about(origin, region, "ring");
        file.ring = hex(&sealed(&derived(&[&about, &*secret]), &about, &ring)?);
        Ok(file)
    }

    /// The region's private key, for two of its holders.
    ///
    /// `None`, after the same work, whatever was wrong: a name, one passphrase, or both.
    pub(crate) fn unlock(&self, one: &Person<'_>, two: &Person<'_>) -> Result<Option<Unlocked>, Error> {
        let mut keys = Vec::new();
        for person in [one, two] {
            let holder = self.holders.iter().find(|holder| holder.name == person.name);
            // Somebody who holds nothing costs as much time.
            let (salt, cost) = match holder {
                Some(holder) => (unhex(&holder.salt).and_then(|bytes| array::<16>(&bytes)), holder.cost),
                None => (Some([0; 16]), self.holders.first().map_or(Cost::FULL, |holder| holder.cost)),
            };
            let salt = salt.ok_or_else(|| Error::integrity("a salt in the vault's file of keys is none"))?;
            let too_long = person.passphrase.len() > LONGEST;
            keys.push(cost.key(if too_long { "" } else { person.passphrase }, &salt)?);
        }
        let [first, second] = &keys[..] else { return Ok(None) };
        let (low, high) = if one.name <= two.name { (one.name, two.name) } else { (two.name, one.name) };
        let Some(copy) = self.copies.iter().find(|copy| copy.one == low && copy.two == high) else {
            return Ok(None);
        };
        let about = KeyFile::about(&self.origin, &self.region, "copy");
        let key = self.copy_key((one.name, first), (two.name, second));
        let text = unhex(&copy.sealed).unwrap_or_default();
        let Some(secret) = opened(&key, &about, &text).and_then(|plain| array::<32>(&plain)) else {
            return Ok(None);
        };
        let secret = Zeroizing::new(secret);
        let about = KeyFile::about(&self.origin, &self.region, "ring");
        let torn = || Error::integrity("the ring of keys in the vault's file of keys was changed");
        let ring = unhex(&self.ring)
            .and_then(|text| opened(&derived(&[&about, &*secret]), &about, &text))
            .filter(|ring| ring.len() == self.holders.len() * 32)
            .ok_or_else(torn)?;
        let mut unlocked = Unlocked { secret: StaticSecret::from(*secret), ring: BTreeMap::new() };
        // Both are in the order of the names.
        for (holder, key) in self.holders.iter().zip(ring.chunks_exact(32)) {
            let key = array::<32>(key).ok_or_else(torn)?;
            unlocked.ring.insert(holder.name.clone(), Zeroizing::new(key));
        }
        match unlocked.public() == self.public {
            true => Ok(Some(unlocked)),
            false => Err(Error::integrity("the public key in the vault's file of keys was changed")),
        }
    }

    /// Puts the file in its place, and overwrites the one that was there.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let old = OpenOptions::new().write(true).open(path).ok();
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| Error::new(Kind::Refused, format!("the vault's keys cannot be written: {e}")))?;
        files::write_private(path, format!("{text}\n").as_bytes())?;
        if let Some(folder) = path.parent() {
            crate::packs::sync_folder(folder)?;
        }
        if let Some(mut old) = old {
            overwrite_open(&mut old).map_err(|e| Error::io("wipe an old file of keys of", path, e))?;
        }
        Ok(())
    }
}

fn overwrite_open(file: &mut fs::File) -> std::io::Result<()> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    RealDisk.write_at(file, 0, &vec![0; length])?;
    file.sync_all()
}

/// Overwrites a file and takes it away. Nothing to do where there is none.
pub(crate) fn destroy(path: &Path) -> Result<bool, Error> {
    match OpenOptions::new().write(true).open(path) {
        Ok(mut file) => {
            overwrite_open(&mut file)
                .and_then(|()| fs::remove_file(path))
                .map_err(|e| Error::io("wipe", path, e).help("run this again"))?;
            Ok(true)
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(Error::io("wipe", path, e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: Person<'static> = Person { name: "anna", passphrase: "seven grey herons wait" };
    const BEN: Person<'static> = Person { name: "ben", passphrase: "a slow tram in the rain" };
    const CARA: Person<'static> = Person { name: "cara", passphrase: "bread, salt and a lamp" };

    fn file() -> KeyFile {
        let mut unlocked = Unlocked::draw().unwrap();
        KeyFile::make("log", "east", &mut unlocked, None, &[ANNA, BEN, CARA], Cost::SMALL).unwrap()
    }

    #[test]
    fn any_two_holders_open_and_nobody_alone() {
        let file = file();
        for (one, two) in [(ANNA, BEN), (BEN, ANNA), (CARA, BEN), (ANNA, CARA)] {
            assert_eq!(file.unlock(&one, &two).unwrap().unwrap().public(), file.public);
        }
        let wrong = |name, passphrase| Person { name, passphrase };
        for (one, two) in [
            (ANNA, ANNA),
            (ANNA, wrong("ben", "a slow tram in the snow")),
            (wrong("anna", ""), BEN),
            (wrong("anna", BEN.passphrase), wrong("ben", ANNA.passphrase)),
            (ANNA, wrong("eve", BEN.passphrase)),
            (ANNA, wrong("ben", "")),
        ] {
            assert!(file.unlock(&one, &two).unwrap().is_none(), "{} and {}", one.name, two.name);
        }
    }

    #[test]
    fn a_copy_moved_to_another_pair_region_or_log_does_not_open() {
        let file = file();
        let mut moved = file.clone();
        moved.copies[0].sealed.clone_from(&file.copies[1].sealed);
        assert!(moved.unlock(&ANNA, &BEN).unwrap().is_none());
        for (region, origin) in [("west", "log"), ("east", "other")] {
            let moved = KeyFile { region: region.into(), origin: origin.into(), ..file.clone() };
            assert!(moved.unlock(&ANNA, &BEN).unwrap().is_none());
        }
        let stolen = KeyFile { public: Unlocked::draw().unwrap().public(), ..file.clone() };
        assert!(stolen.unlock(&ANNA, &BEN).err().unwrap().is_integrity());
        let greedy = {
            let mut greedy = file.clone();
            greedy.holders[0].cost.kib = u32::MAX;
            greedy
        };
        assert!(greedy.unlock(&ANNA, &BEN).err().unwrap().is_integrity());
        // Nothing of the private key stands in the file.
        let secret = file.unlock(&ANNA, &BEN).unwrap().unwrap().secret.to_bytes();
        assert!(!serde_json::to_string(&file).unwrap().contains(&hex(&secret)));
    }

    #[test]
    fn two_holders_let_a_third_in_and_take_one_out() {
        let before = file();
        let mut unlocked = before.unlock(&ANNA, &BEN).unwrap().unwrap();
        assert!(unlocked.remove("cara") && !unlocked.remove("cara"));
        let dan = Person { name: "dan", passphrase: "north of the old bridge" };
        let after = KeyFile::make("log", "east", &mut unlocked, Some(&before), &[dan], Cost::SMALL).unwrap();
        assert_eq!(after.holders(), ["anna", "ben", "dan"]);
        let dan = Person { name: "dan", passphrase: "north of the old bridge" };
        assert_eq!(after.unlock(&dan, &BEN).unwrap().unwrap().public(), before.public);
        assert!(after.unlock(&CARA, &BEN).unwrap().is_none());
        let mut unlocked = after.unlock(&ANNA, &BEN).unwrap().unwrap();
        unlocked.remove("dan");
        unlocked.remove("ben");
        assert!(KeyFile::make("log", "east", &mut unlocked, Some(&after), &[], Cost::SMALL).is_err());
    }

    #[test]
    fn a_slot_opens_in_its_place_only_and_unchanged_only() {
        let unlocked = Unlocked::draw().unwrap();
        let key = [7; 32];
        let slot = seal_slot(&unlocked.public(), 3, &key).unwrap();
        assert_eq!(*unlocked.open_slot(3, &slot).unwrap(), key);
        assert!(unlocked.open_slot(4, &slot).is_none());
        assert!(Unlocked::draw().unwrap().open_slot(3, &slot).is_none());
        assert!(unlocked.open_slot(3, &[0; SLOT]).is_none());
        for at in 0..SLOT {
            let mut changed = slot;
            changed[at] ^= 1;
            // The top bit of a point is not looked at, but goes into the key.
            assert!(unlocked.open_slot(3, &changed).is_none(), "byte {at}");
        }
        assert!(seal_slot("00", 0, &key).is_err() && seal_slot(&"00".repeat(32), 0, &key).is_err());
    }

    #[test]
    fn what_is_destroyed_is_overwritten_first() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("region.json"), folder.path().join("link"));
        let file = file();
        file.write(&path).unwrap();
        // A second name for the same bytes shows what became of them.
        fs::hard_link(&path, &link).unwrap();
        file.write(&path).unwrap();
        assert!(fs::read(&link).unwrap().iter().all(|byte| *byte == 0));
        assert_eq!(KeyFile::read(&path, "log", "east").unwrap().holders(), ["anna", "ben", "cara"]);
        fs::remove_file(&link).unwrap();
        fs::hard_link(&path, &link).unwrap();
        assert!(destroy(&path).unwrap() && !destroy(&path).unwrap());
        assert!(!path.exists() && fs::read(&link).unwrap().iter().all(|byte| *byte == 0));
        assert!(check_passphrase("too short").unwrap_err().is_refused());
        assert!(check_passphrase(&"x".repeat(2_000)).unwrap_err().is_refused());
    }
}
