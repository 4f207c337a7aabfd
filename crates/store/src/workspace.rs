//! The folder: where everything in it lies, and how records get in and out.

use crate::entry::{Intake, StoredRecord};
use crate::error::{Error, Kind};
use crate::files::FileDraft;
use crate::policy::Viewer;
use crate::settings::Settings;
use crate::sql::Place;
use crate::store::{Entered, Store};
use servanda_model::Name;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// The file that makes a folder a workspace.
pub const SETTINGS: &str = "servanda.toml";
const DATABASE: &str = "servanda.db";

/// A folder with an agreement and what happened against it.
///
/// ```text
/// servanda.toml         which agreement, which readings
/// NAME.pact.md          the agreement
/// maps/NAME.map.toml    how the columns of a source become records
/// zones/NAME.geojson    shapes that the agreement names
/// records/              sources as they came, kept beside what was made of them
/// scenarios/NAME.md     what must follow from what
/// quarantine/           rows that were refused, with the reason
/// log/                  the tamper-evident log: what was entered, in which order
/// payload/              what the log commits to, sealed
/// keys                  a key for each payload
/// attachments/          files, each sealed with a key of its own
/// secret/               the keys that sign
/// servanda.db           the records, to be asked; made again of the others at any time
/// ```
#[derive(Clone, Debug)]
pub struct Workspace {
    root: PathBuf,
    settings: Settings,
    database: Place,
}

impl Workspace {
    /// Fills an empty folder with files (path from the root and content; [`SETTINGS`] among them) and opens it.
    ///
    /// # Errors
    /// [`Error::is_not_empty`] where the folder holds something; [`Error::is_settings`] where the settings are not
    /// understood.
    pub fn create(root: &Path, given: &[(&str, &[u8])]) -> Result<Workspace, Error> {
        let mut entries = fs::read_dir(root).map_err(|e| Error::io("open", root, e))?;
        if entries.next().is_some() {
            return Err(Error::new(Kind::NotEmpty, format!("`{}` is not empty", root.display()))
                .help("name a folder that does not exist yet"));
        }
        for (path, bytes) in given {
            let path = root.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|e| Error::io("make", parent, e))?;
            }
            fs::write(&path, bytes).map_err(|e| Error::io("write", &path, e))?;
        }
        Workspace::open(root)
    }

    /// Opens the workspace whose root is this folder.
    ///
    /// # Errors
    /// [`Error::is_not_found`] where it is none; [`Error::is_settings`].
    pub fn open(root: &Path) -> Result<Workspace, Error> {
        let path = root.join(SETTINGS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e)
                if matches!(e.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
            {
                let message = format!("`{}` is no workspace: it has no {SETTINGS}", root.display());
                return Err(Error::new(Kind::NotFound, message)
                    .help("`servanda new DIR` makes one; or name the files with --agreement and --records"));
            }
            Err(e) => return Err(Error::io("read", &path, e)),
        };
        let settings = Settings::parse(&path, &text)?;
        let database = match &settings.store.url {
            Some(url) => Place::Server(url.clone(), root.to_path_buf()),
            None => Place::File(root.join(DATABASE)),
        };
        Ok(Workspace { root: root.to_path_buf(), settings, database })
    }

    /// Opens the workspace that `from` lies in: the nearest folder upwards that is one.
    ///
    /// # Errors
    /// As [`Workspace::open`].
    pub fn find(from: &Path) -> Result<Workspace, Error> {
        let absolute = std::path::absolute(from).map_err(|e| Error::io("open", from, e))?;
        if let Some(up) = absolute.ancestors().position(|folder| folder.join(SETTINGS).is_file()) {
            // Named as the caller named it: `../..` reads better in a message than the whole way from the root.
            let root = (0..up).fold(from.to_path_buf(), |root, _| match (root.file_name(), root.parent()) {
                (Some(_), Some(parent)) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
                (Some(_), _) => PathBuf::from("."),
                (None, _) if root == Path::new(".") => PathBuf::from(".."),
                (None, _) => root.join(".."),
            });
            return Workspace::open(&root);
        }
        let message =
            format!("`{}` is in no workspace: there is no {SETTINGS} here or above", absolute.display());
        Err(Error::new(Kind::NotFound, message)
            .help("`servanda new DIR` makes one; or name the files with --agreement and --records"))
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What `servanda.toml` says.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The agreement's file.
    pub fn agreement(&self) -> PathBuf {
        self.root.join(&self.settings.agreement)
    }

    /// The mapping of that name: `maps/NAME.map.toml`.
    pub fn mapping(&self, name: &str) -> PathBuf {
        self.root.join("maps").join(format!("{name}.map.toml"))
    }

    /// The folder of scenarios.
    pub fn scenarios(&self) -> PathBuf {
        self.root.join("scenarios")
    }

    /// What is stored in it. Nothing is opened before it is asked.
    pub fn store(&self) -> Store {
        Store::real(&self.root, self.database.clone())
    }

    /// All records, in the order in which they were entered; none where nothing was.
    ///
    /// # Errors
    /// [`Error::is_corrupt`], [`Error::is_newer`], [`Error::is_busy`], [`Error::is_integrity`].
    pub fn records(&self) -> Result<Vec<StoredRecord>, Error> {
        self.store().view(&Viewer::keeper()).records()
    }

    /// All imports, in order.
    ///
    /// # Errors
    /// As [`Workspace::records`].
    pub fn intakes(&self) -> Result<Vec<Intake>, Error> {
        self.store().view(&Viewer::keeper()).intakes()
    }

    /// The identities of records that were erased, and are not entered again.
    ///
    /// # Errors
    /// As [`Workspace::records`].
    pub fn erased(&self) -> Result<Vec<Name>, Error> {
        self.store().view(&Viewer::keeper()).erased()
    }

    /// Where refused rows of a source would go, from the root: `quarantine/NAME-DATE.csv`, numbered where that is taken.
    pub fn quarantine_place(&self, name: &str, date: &str) -> String {
        let stem = Name::slug(name);
        let stem = if stem.as_str().is_empty() { "rows" } else { stem.as_str() };
        let numbered = (2..).map(|n| format!("quarantine/{stem}-{date}-{n}.csv"));
        let mut places = std::iter::once(format!("quarantine/{stem}-{date}.csv")).chain(numbered);
        places.find(|place| !self.root.join(place).exists()).unwrap_or_default()
    }

    /// Enters an import, as the keeper of the folder: its records, and its refused rows at [`Intake::quarantine`]; all or
    /// nothing. `seen` is the number of records that the caller read before.
    ///
    /// # Errors
    /// [`Error::is_duplicate`] where an id is taken; [`Error::is_busy`] where others entered something meanwhile;
    /// [`Error::is_corrupt`], [`Error::is_newer`]. Nothing is entered then.
    pub fn enter(
        &self,
        intake: &Intake,
        records: &[StoredRecord],
        refused: Option<&[u8]>,
        seen: usize,
    ) -> Result<Entered, Error> {
        let place = match (&intake.quarantine, refused) {
            (Some(place), Some(bytes)) => {
                let place = self.root.join(place);
                if let Some(folder) = place.parent() {
                    fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
                }
                Some((FileDraft::write(&place, bytes)?, place))
            }
            _ => None,
        };
        let mut published = None;
        let publish = || match place {
            Some((draft, place)) => {
                draft.publish()?;
                published = Some(place);
                Ok(())
            }
            None => Ok(()),
        };
        let entered = self.store().enter(intake, records, seen, &Viewer::keeper(), publish);
        if let (Err(_), Some(place)) = (&entered, published) {
            // The commit failed after the rows were put in their place.
            let _ = fs::remove_file(place);
        }
        entered
    }
}

/// SHA-256 in hexadecimal.
///
/// # Example
/// ```
/// assert!(servanda_store::sha256(b"").starts_with("e3b0c44298fc1c14"));
/// ```
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
#[path = "workspace_tests.rs"]
mod tests;
