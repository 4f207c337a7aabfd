//! `attachments/`: photos, sheets and recordings, as bytes under the hash of those bytes. Nothing is ever read into them.
//!
//! Which record an attachment belongs to stands in the record. Names that came with a file go nowhere near a path.
//!
//! Invariants
//! - the name of a file is the SHA-256 of its bytes, and what does not fit its name is not handed out;
//! - a file is there whole or not at all, and is never changed;
//! - whoever may not see a record that names an attachment is told the same as when there is none.

use crate::error::{Error, Kind};
use crate::files;
use crate::store::Store;
use crate::view::View;
use std::fs;
use std::path::PathBuf;

/// No larger attachment is taken.
pub const LARGEST: usize = 64 << 20;

/// Whether this is a hash in lower-case hexadecimal.
fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

impl Store {
    fn attachment_place(&self, hash: &str) -> Option<PathBuf> {
        is_hash(hash).then(|| self.places.attachments.join(&hash[..2]).join(hash))
    }

    /// Keeps an attachment; gives the hash by which a record names it. On the disk before this returns.
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
        let Some(place) = self.attachment_place(&hash) else {
            return Err(Error::integrity("a hash is no hash"));
        };
        if let Some(folder) = place.parent().filter(|_| !place.exists()) {
            fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
            files::write(&place, bytes)?;
            crate::packs::sync_folder(folder)?;
        }
        Ok(hash)
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
        let place = self.store().attachment_place(hash).ok_or_else(none)?;
        let seen = self.record(record).map_err(|e| if e.is_not_found() { none() } else { e })?;
        if !seen.json.contains(&format!("\"{hash}\"")) {
            return Err(none());
        }
        let bytes = match fs::read(&place) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(none()),
            Err(e) => return Err(Error::io("read", &place, e)),
        };
        match crate::sha256(&bytes) == hash {
            true => Ok(bytes),
            false => Err(Error::integrity(format!("the attachment `{hash}` was changed"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Viewer;
    use crate::store::tests::{intake, record, workspace};
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
        assert_eq!(all.attachment("a", &hash).unwrap(), b"a photo");
        // Hidden, missing, of another record, and no hash at all: the same words.
        let told =
            |id: &str, hash: &str| some.attachment(id, hash).unwrap_err().to_string().replace(hash, "H");
        let words = told("a", &"0".repeat(64));
        assert_eq!(
            [told("a", &hash), told("a", "../../servanda.toml"), told("a", "?")],
            [words.clone(), words.clone(), words]
        );
        assert!(some.attachment("b", &hash).unwrap_err().is_not_found());
        let place = folder.path().join("attachments").join(&hash[..2]).join(&hash);
        fs::write(place, "another").unwrap();
        assert!(all.attachment("a", &hash).unwrap_err().is_integrity());
    }
}
