//! `servanda demo [DIR]`: the main job on an exercise, from nothing to a page.

use super::serve::{PORT, serve};
use super::{Answer, exercise};
use crate::failure::Failure;
use crate::matter::Matter;
use crate::session::Session;
use crate::source::stored;
use servanda_exercise::{Settings, generate};
use servanda_model::Instant;
use servanda_report::text;
use servanda_store::files::FolderDraft;
use servanda_store::{Intake, SETTINGS, StoredRecord, Workspace, sha256};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder for the workspace; one that the demo made before is used again
    #[arg(value_name = "DIR", default_value = "servanda-demo")]
    folder: PathBuf,
    /// Leave the page out
    #[arg(long)]
    no_serve: bool,
    /// Port of the page; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = PORT)]
    port: u16,
    /// Another seed, another exercise world [default: 5]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// A world in which an aggression is established to the standard, so that there is something to see.
const SEED: u64 = 5;

const AGREEMENT: &str = include_str!("../../../../examples/berlin-framework/berlin-framework.pact.md");
const STORIES: &str = include_str!("../../../../examples/berlin-framework/README.md");
const LINE: &[u8] = include_bytes!("../../../../examples/berlin-framework/zones/contact-line.geojson");

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let folder = arguments.folder.display().to_string();
    match made_before(&arguments.folder)? {
        Some(seed) if arguments.seed.is_none_or(|asked| asked == seed) => {
            session.say(&format!("EXERCISE: using the workspace {folder} (seed {seed}) as it is\n\n"))?;
        }
        Some(seed) => {
            return Err(Failure::new(format!("`{folder}` was made with seed {seed}"))
                .help("name another folder: `servanda demo --seed N DIR`, or remove this one"));
        }
        None => {
            let made = make(&arguments.folder, arguments.seed.unwrap_or(SEED), session)?;
            session.say(&format!(
                "EXERCISE: made the workspace {folder} with the Berlin framework and {made} records of two years that \
                 never were\n\n"
            ))?;
        }
    }
    let case = Matter::of(&arguments.folder).load(session)?;
    session.say(&format!("{}\n", text::board(&case.view(), &session.style()).trim_end()))?;
    session.say(&format!(
        "\nnext:\n  cd {folder}\n  servanda why respond Germany       why one of these is so\n  \
         servanda duties --party Germany    who owes what to whom, by when\n  \
         servanda test                      the stories behind the agreement\n\n"
    ))?;
    if !arguments.no_serve {
        serve(case, arguments.port, session)?;
    }
    Ok(Answer::Yes)
}

/// The seed of a workspace that the demo made here before; `None` where there is nothing.
fn made_before(folder: &Path) -> Result<Option<u64>, Failure> {
    if !folder.join(SETTINGS).exists() {
        // Whether the folder is free is looked at where it is made.
        return Ok(None);
    }
    match &Workspace::open(folder)?.settings().demo {
        Some(demo) => Ok(Some(demo.seed)),
        None => Err(Failure::new(format!("`{}` is a workspace of yours, not the demo's", folder.display()))
            .help("name another folder: `servanda demo DIR`")),
    }
}

/// Makes the workspace; gives the number of records.
fn make(folder: &Path, seed: u64, session: &Session) -> Result<usize, Failure> {
    let draft = FolderDraft::beside(folder)?;
    let working = session.working("making two years of an exercise");
    let world = generate(&Settings { seed, ..Settings::default() });
    let calendar = servanda_lang::check(AGREEMENT).agreement.calendar;
    let last = world.records.iter().map(|record| record.recorded).max().unwrap_or(Instant(0));
    let settings = format!(
        "# An EXERCISE, made by `servanda demo`. None of it is real.\n\n\
         agreement = \"berlin-framework.pact.md\"\n\n\
         # The exercise stands still on the day of its last record.\n\
         [clock]\nat = \"{date}\"\nknown-at = \"{date}\"\n\n\
         # Words that can be read in two ways. Choose, and look what changes.\n\
         [readings]\n# level = \"floor\"\n\n\
         # By this the demo knows its own folder.\n\
         [demo]\nseed = {seed}\n",
        date = calendar.date(last)
    );
    let stories = STORIES.replace("](berlin-framework.pact.md)", "](../berlin-framework.pact.md)");
    let lines = exercise::lines(&world);
    let truth = world.truth.to_json_lines();
    let files: [(&str, &[u8]); 6] = [
        (SETTINGS, settings.as_bytes()),
        ("berlin-framework.pact.md", AGREEMENT.as_bytes()),
        ("zones/contact-line.geojson", LINE),
        ("scenarios/berlin-framework.md", stories.as_bytes()),
        ("records/exercise.jsonl", lines.as_bytes()),
        ("records/exercise.truth.jsonl", truth.as_bytes()),
    ];
    let workspace = Workspace::create(draft.path(), &files)?;
    working.at("entering the records");
    let records: Vec<StoredRecord> = world.records.iter().map(stored).collect();
    let intake = Intake {
        file: "exercise.jsonl".to_string(),
        sha256: sha256(lines.as_bytes()),
        entered: session.now,
        read: records.len() as u64,
        made: records.len() as u64,
        refused: 0,
        quarantine: None,
    };
    workspace.enter(&intake, &records, None, 0)?;
    draft.publish(SETTINGS)?;
    Ok(records.len())
}
