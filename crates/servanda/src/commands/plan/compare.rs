//! `servanda plan compare`: the plans as they are and as scenarios have them, each computed by its own command's code, then side by side.
//!
//! It reads files and writes what was asked for; which row stands beside which, `servanda_plan::compare` says.
//!
//! Invariants
//! - a plan that a scenario leaves alone is computed once, and has the base's figures in that scenario;
//! - nothing that is saved is stored as evidence: records are marked planned, with the scenario as their source.
//!
//! Where to start reading: [`compared`].

use super::{Burden, Draws, Limits, Shape, carried, foreseen, refused};
use crate::failure::Failure;
use crate::input;
use crate::matter::{Heard, Matter};
use crate::session::Session;
use clap::Parser;
use jiff::civil::Date;
use servanda_evidence::record_json;
use servanda_model::Record;
use servanda_plan::compare::{Kind, Outcome, Scenario};
use servanda_plan::{Answer, Language, Refusal, compare, deliveries, forces, rotations};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(super) struct Compare {
    /// Scenarios: what is different in each (docs/guides/planning.md)
    #[arg(value_name = "SCENARIO.toml", required = true)]
    scenarios: Vec<PathBuf>,
    /// The plan of a force, as it is
    #[arg(long, value_name = "FORCE.toml", required_unless_present_any = ["deliveries", "rotations", "burden"])]
    forces: Option<PathBuf>,
    /// The plan of deliveries, as it is
    #[arg(long, value_name = "DELIVERIES.toml")]
    deliveries: Option<PathBuf>,
    /// The plan of rotations, as it is
    #[arg(long, value_name = "ROTATIONS.toml")]
    rotations: Option<PathBuf>,
    /// The burden, as it is: the options of `servanda plan burden` as keys of a file
    #[arg(long, value_name = "BURDEN.toml")]
    burden: Option<PathBuf>,
    #[command(flatten)]
    draws: Draws,
    #[command(flatten)]
    limits: Limits,
    /// Ask the engine what the verdicts would be if each schedule came true; the plan of rotations needs `[records]`
    #[arg(long, requires = "rotations")]
    ask: bool,
    /// Also write everything into this folder: page, tables, plots, due dates as a calendar, and with --ask the planned records
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    #[command(flatten)]
    matter: Matter,
    #[command(flatten)]
    pub(super) shape: Shape,
}

impl Compare {
    /// # Errors
    /// What takes records that whoever looks may not see, or writes files.
    pub(super) fn may_be_asked_by_settings(&self) -> Result<(), Failure> {
        if self.ask {
            return Err(Failure::new(
                "the plan cannot be asked: `--ask` takes all records of the workspace, whoever looks",
            )
            .help("leave `--ask` out of `ask`, and ask the engine on the command line"));
        }
        if self.save.is_some() {
            return Err(Failure::new("the plan cannot be asked: `--save` writes files")
                .help("leave `--save` out of `ask`; the page has every table and plot"));
        }
        Ok(())
    }

    fn paths(&self) -> [(Kind, &Option<PathBuf>); 4] {
        [
            (Kind::Forces, &self.forces),
            (Kind::Deliveries, &self.deliveries),
            (Kind::Rotations, &self.rotations),
            (Kind::Burden, &self.burden),
        ]
    }
}

/// A plan as it is written, and where.
struct Plan {
    name: String,
    folder: PathBuf,
    text: String,
}

/// What came of the plans of the base or of a scenario, and what the next needs of it.
#[derive(Default)]
struct Made {
    outcome: Outcome,
    /// The schedule as `--before` reads it, and the day on which partners were told of it.
    tours: Option<(String, Date)>,
    records: Vec<Record>,
}

pub(super) fn compared(of: &Compare, session: &Session) -> Result<Answer, Failure> {
    let mut plans: BTreeMap<Kind, Plan> = BTreeMap::new();
    for (kind, path) in of.paths() {
        let Some(path) = path else { continue };
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        plans.insert(kind, Plan { name: path.display().to_string(), folder, text: input::text(path)? });
    }
    let base: BTreeMap<Kind, String> = plans.iter().map(|(kind, plan)| (*kind, plan.text.clone())).collect();
    let mut scenarios: Vec<Scenario> = Vec::new();
    for path in &of.scenarios {
        let scenario = Scenario::read(&path.display().to_string(), &input::text(path)?).map_err(refused)?;
        if scenarios.iter().any(|other| other.name == scenario.name) {
            return Err(Failure::new(format!("two scenarios have the name `{}`", scenario.name))
                .help("give each a `name` of its own"));
        }
        scenario.held_against(&base).map_err(refused)?;
        scenarios.push(scenario);
    }
    // Before anything is computed, so that a mistake in the last scenario is not told after an hour.
    let texts: Vec<BTreeMap<Kind, String>> =
        scenarios.iter().map(|scenario| changed(scenario, &plans)).collect::<Result<_, _>>()?;
    let heard = if of.ask { Some(of.matter.hear(session)?) } else { None };
    let working = session.working("the base");
    let made = make(of, "base", &plans, &base, None, heard.as_ref(), session)?;
    let mut all: Vec<(Scenario, Made)> = Vec::new();
    let count = scenarios.len();
    for (n, (scenario, texts)) in scenarios.into_iter().zip(&texts).enumerate() {
        working.at(&format!("scenario {} of {count}: {}", n + 1, scenario.name));
        let one = make(of, &scenario.name, &plans, texts, Some((&base, &made)), heard.as_ref(), session)?;
        all.push((scenario, one));
    }
    drop(working);
    let mut records = vec![("base".to_string(), made.records)];
    let mut outcomes = Vec::new();
    for (scenario, made) in all {
        records.push((scenario.name.clone(), made.records));
        outcomes.push((scenario, made.outcome));
    }
    let sources = of.scenarios.iter().map(|path| path.display().to_string()).collect();
    let answer = compare::answer(&made.outcome, &outcomes, Some(of.draws.seed), sources);
    if let Some(folder) = &of.save {
        let calendar = compare::ics(&made.outcome, &outcomes, answer.seed, session.now);
        save(folder, &answer, &calendar, &records, of.shape.language()?, session)?;
    }
    Ok(answer)
}

/// The plans as a scenario has them.
fn changed(scenario: &Scenario, plans: &BTreeMap<Kind, Plan>) -> Result<BTreeMap<Kind, String>, Failure> {
    let mut texts = BTreeMap::new();
    for (kind, plan) in plans {
        let name = plan.name.as_str();
        let reads = |text: &str| -> Result<(), Refusal> {
            match kind {
                Kind::Forces => forces::Plan::read(name, text).map(drop),
                Kind::Deliveries => deliveries::Plan::read(name, text).map(drop),
                Kind::Rotations => rotations::Plan::read(name, text).map(drop),
                Kind::Burden => burden(name, &plan.folder, text).map(drop),
            }
        };
        reads(&plan.text).map_err(refused)?;
        texts.insert(*kind, scenario.changed(*kind, name, &plan.text, &reads).map_err(refused)?);
    }
    Ok(texts)
}

/// The words of `servanda plan burden`, as keys of a file.
#[derive(clap::Parser)]
#[command(no_binary_name = true, disable_help_flag = true, disable_version_flag = true)]
struct BurdenWords {
    #[command(flatten)]
    of: Burden,
}

/// Reads the burden: a key for each option of its command; files are named from the folder that it lies in.
fn burden(name: &str, folder: &Path, text: &str) -> Result<Burden, Refusal> {
    const FILES: [&str; 4] = ["kiel", "economy", "rates", "key"];
    let words = compare::options(name, text, &|key, text| match FILES.contains(&key) {
        true => folder.join(text).display().to_string(),
        false => text.to_string(),
    })?;
    let read = BurdenWords::try_parse_from(&words).map_err(|error| {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Refusal::new(
            format!("`{name}`: {line}"),
            "its keys are the options of `servanda plan burden`, without the two dashes",
        )
    })?;
    Ok(read.of)
}

/// Computes the plans as they are in the base or in a scenario; what the scenario leaves alone is taken from the base.
fn make(
    of: &Compare,
    world: &str,
    plans: &BTreeMap<Kind, Plan>,
    texts: &BTreeMap<Kind, String>,
    base: Option<(&BTreeMap<Kind, String>, &Made)>,
    heard: Option<&Heard>,
    session: &Session,
) -> Result<Made, Failure> {
    let mut made = Made::default();
    for (kind, plan) in plans {
        let text = texts.get(kind).map_or("", String::as_str);
        let known = base.filter(|(texts, _)| texts.get(kind).is_some_and(|before| before == text));
        if let Some((_, base)) = known {
            made.outcome.answers.extend(base.outcome.answers.get(kind).map(|answer| (*kind, answer.clone())));
            if *kind == Kind::Rotations {
                made.outcome.currency = base.outcome.currency.clone();
                made.records = base.records.iter().map(|record| of_world(record, plan, world)).collect();
            }
            continue;
        }
        let sources = vec![plan.name.clone()];
        let answer = match kind {
            Kind::Forces => {
                let read = forces::Plan::read(&plan.name, text).map_err(refused)?;
                let drawing = of.draws.drawing();
                forces::answer(&read, drawing, sources).map_err(refused)?
            }
            Kind::Deliveries => {
                deliveries::answer(&deliveries::Plan::read(&plan.name, text).map_err(refused)?, sources)
            }
            Kind::Rotations => {
                rotated(of, world, plan, text, base.map(|(_, base)| base), heard, &mut made, session)?
            }
            Kind::Burden => carried(&burden(&plan.name, &plan.folder, text).map_err(refused)?)?,
        };
        made.outcome.answers.insert(*kind, answer);
    }
    Ok(made)
}

fn source(plan: &Plan, world: &str) -> String {
    format!("{}, {world}", plan.name)
}

/// A record of the base, said to be of a scenario that leaves the schedule alone.
fn of_world(record: &Record, plan: &Plan, world: &str) -> Record {
    let mut record = record.clone();
    record.source = source(plan, world);
    record
}

#[expect(clippy::too_many_arguments, reason = "what a schedule is made of, and what is told of it")]
fn rotated(
    of: &Compare,
    world: &str,
    plan: &Plan,
    text: &str,
    base: Option<&Made>,
    heard: Option<&Heard>,
    made: &mut Made,
    session: &Session,
) -> Result<Answer, Failure> {
    let read = rotations::Plan::read(&plan.name, text).map_err(refused)?;
    // Whoever is told later than in the base is told of a change to it.
    let told = base.and_then(|base| base.tours.as_ref()).filter(|(_, decided)| *decided < read.decided);
    let before = told.map(|(csv, _)| rotations::Before::read("the base's schedule", csv, &read)).transpose();
    let before = before.map_err(refused)?;
    let mut sources = vec![plan.name.clone()];
    sources.extend(before.as_ref().map(|_| format!("`{world}` changes the base's schedule")));
    let (mut answer, schedule) =
        super::scheduled(&read, before.as_ref(), of.limits.effort()?, sources).map_err(refused)?;
    if let Some(schedule) = &schedule {
        made.tours = Some((answer.csv(Some("tours")).map_err(refused)?, read.decided));
        if let Some(heard) = heard {
            let world = source(plan, world);
            made.records = foreseen(&of.matter, heard, &read, schedule, &world, &mut answer, session)?;
        }
    }
    made.outcome.currency = read.currency.clone();
    Ok(answer)
}

/// Everything in one folder.
fn save(
    folder: &Path,
    answer: &Answer,
    calendar: &str,
    records: &[(String, Vec<Record>)],
    language: Language,
    session: &Session,
) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::new(format!("`{}` cannot be made: {error}", folder.display()))
            .help("name a folder that can be written")
    })?;
    let write = |name: &str, text: &str| servanda_store::files::write(&folder.join(name), text.as_bytes());
    write("compare.html", &answer.page(language))?;
    write("compare.json", &answer.json())?;
    write("due.ics", calendar)?;
    let basis = answer.basis_line(language);
    for table in &answer.tables {
        write(&format!("{}.csv", table.name), &answer.csv(Some(table.name)).map_err(refused)?)?;
        for number in 0..table.plots(language).len() {
            if let Some(plot) = table.plot_alone(number, &basis, language) {
                write(&format!("{}-{}.svg", table.name, number + 1), &plot)?;
            }
        }
    }
    let planned = records.iter().flat_map(|(_, records)| records);
    let lines: String = planned.map(|record| record_json::to_json(record) + "\n").collect();
    if !lines.is_empty() {
        write("planned.jsonl", &lines)?;
    }
    session.note(&format!("wrote {}", folder.display()));
    Ok(())
}
