//! `servanda exercise --out FILE`: a seeded world, as records and as what had really happened.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use servanda_evidence::record_json::to_json;
use servanda_exercise::{Settings, World, generate};
use servanda_store::files;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// File for the records (JSON Lines); the truth goes beside it, under the ending .truth.jsonl
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    size: Size,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

/// Which world.
#[derive(clap::Args)]
pub struct Size {
    /// Another seed, another world; the same seed, the same world
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Days from the ceasefire of 1 March 2026 on, 30 to 3650
    #[arg(long, value_name = "N", default_value_t = 730, value_parser = clap::value_parser!(u32).range(30..=3650))]
    days: u32,
    /// True incidents a day, in the mean, 0 to 5000
    #[arg(long, value_name = "X", default_value_t = Settings::default().incidents_per_day)]
    incidents: f64,
}

impl Size {
    fn settings(&self) -> Result<Settings, Failure> {
        if !(0.0..=5000.0).contains(&self.incidents) {
            return Err(
                Failure::new(format!("--incidents {} is out of range", self.incidents)).help("0 to 5000")
            );
        }
        Ok(Settings {
            seed: self.seed,
            days: self.days,
            incidents_per_day: self.incidents,
            ..Settings::default()
        })
    }
}

/// The records of a world, one a line.
pub fn lines(world: &World) -> String {
    world.records.iter().map(|record| to_json(record) + "\n").collect()
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let truth = arguments.out.with_extension("truth.jsonl");
    for path in [&arguments.out, &truth] {
        if path.exists() && !arguments.force {
            return Err(Failure::new(format!("`{}` is there already", path.display()))
                .help("name another file, or add --force to replace it"));
        }
    }
    let working = session.working("making an exercise world");
    let world = generate(&arguments.size.settings()?);
    drop(working);
    files::write(&truth, world.truth.to_json_lines().as_bytes())?;
    files::write(&arguments.out, lines(&world).as_bytes())?;
    session.say(&format!(
        "EXERCISE: {} records in {}; what had really happened in {}\n",
        world.records.len(),
        arguments.out.display(),
        truth.display()
    ))?;
    Ok(Answer::Yes)
}
