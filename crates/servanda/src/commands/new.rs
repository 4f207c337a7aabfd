//! `servanda new DIR`: a small workspace that runs at once and is there to be changed.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use crate::source::{self, Order};
use servanda_evidence::Format;
use servanda_store::Workspace;
use servanda_store::files::FolderDraft;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder to make; it must not exist, or be empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

const FILES: &[(&str, &[u8])] = &[
    ("servanda.toml", include_bytes!("../new/servanda.toml")),
    ("river-truce.pact.md", include_bytes!("../new/river-truce.pact.md")),
    ("maps/reports.map.toml", include_bytes!("../new/maps/reports.map.toml")),
    ("records/reports.csv", include_bytes!("../new/records/reports.csv")),
    ("zones/river.geojson", include_bytes!("../new/zones/river.geojson")),
    ("scenarios/river-truce.md", include_bytes!("../new/scenarios/river-truce.md")),
];

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let draft = FolderDraft::beside(&arguments.folder)?;
    let workspace = Workspace::create(draft.path(), FILES)?;
    let order = Order {
        path: &draft.path().join("records/reports.csv"),
        format: Format::Csv,
        mapping: Some(source::mapping(&workspace.mapping("reports"))?),
        dataset: None,
        issued: None,
        attachments: None,
        only_look: false,
    };
    let entered = source::import(&workspace, &order, session)?;
    draft.publish(servanda_store::SETTINGS)?;
    let folder = arguments.folder.display();
    session.say(&format!(
        "made {folder}, a workspace with the agreement river-truce.pact.md and {} records\n\nnext:\n  cd {folder}\n  \
         servanda status                  what is kept and what is broken\n  \
         servanda why no-fire North       why one of these is so\n  \
         servanda duties                  who owes what to whom, by when\n  \
         servanda test                    do the stories in scenarios/ come out as they say\n  \
         servanda check                   change the agreement, then look what it says now\n",
        entered.made
    ))?;
    Ok(Answer::Yes)
}
