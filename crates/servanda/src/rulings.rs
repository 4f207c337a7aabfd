//! Rulings on which reports speak of one event: where a workspace keeps them, and what counts because of them.
//!
//! Each is an entry of the log, of the kind `ruling`, said by whoever made it and marked as the records that it speaks of. It is
//! never changed: to take one back is another ruling. All that knows this place is [`read`] and [`add`].
//!
//! Invariants
//! - a ruling that cannot be read stops everything that counts: a ruling is followed or nothing is said;
//! - a ruling is entered only where nobody ruled since the others were read.

use crate::failure::Failure;
use servanda_evidence::corroborate::rulings::{Ruling, applied, from_json, to_json};
use servanda_model::record::Marking;
use servanda_model::{Instant, Name, Record};
use servanda_store::policy::Viewer;
use servanda_store::{Statement, Store, Workspace};

const KIND: &str = "ruling";

/// All rulings of a workspace, as they were made.
pub fn read(workspace: &Workspace) -> Result<Vec<Ruling>, Failure> {
    read_for(&workspace.store(), &Viewer::keeper())
}

/// The rulings that this viewer may see: those of which it may see every record that they speak of.
fn read_for(store: &Store, viewer: &Viewer) -> Result<Vec<Ruling>, Failure> {
    let statements = store.view(viewer).statements(KIND)?;
    statements
        .into_iter()
        .map(|(said, _)| {
            from_json(&said.json).map_err(|fault| {
                Failure::new(format!("the ruling `{}` cannot be read: {}", said.subject, fault.reason))
                    .help(fault.remedy)
            })
        })
        .collect()
}

/// Adds a ruling to those that were read before. `marking` is that of the records that it speaks of, taken together.
pub fn add(
    workspace: &Workspace,
    before: &[Ruling],
    ruling: &Ruling,
    marking: Marking,
) -> Result<(), Failure> {
    if read(workspace)? != before {
        return Err(Failure::new("somebody made another ruling meanwhile; yours was not entered")
            .help("look at `servanda links show`, then run this again"));
    }
    let mut by = Viewer::keeper();
    by.name = ruling.by.clone();
    let said =
        Statement { kind: Name::from(KIND), subject: ruling.id.clone(), marking, json: to_json(ruling) };
    workspace.store().say(&[said], ruling.at, &by)?;
    Ok(())
}

/// The workspace's records as the engine is to read them.
pub fn counted(
    workspace: &Workspace,
    records: Vec<Record>,
    known_at: Instant,
) -> Result<Vec<Record>, Failure> {
    Ok(applied(records, &read(workspace)?, known_at))
}

/// What this viewer may see, as the engine is to read it: its own records, and what was ruled on them.
pub fn counted_for(
    store: &Store,
    viewer: &Viewer,
    records: Vec<Record>,
    known_at: Instant,
) -> Result<Vec<Record>, Failure> {
    Ok(applied(records, &read_for(store, viewer)?, known_at))
}
