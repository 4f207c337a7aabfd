//! `servanda plan communities`: its files are read here, and the engine is asked; `servanda_plan::communities` computes.
//!
//! It judges no duty: verdicts about a plan are the engine's, asked about a world that is planned or simulated.
//!
//! Where to start reading: [`answered`], then [`asked`].

use super::futures::{Asking, Drawn, over};
use super::{Draws, Shape, refused};
use crate::failure::Failure;
use crate::input;
use crate::matter::Matter;
use crate::session::Session;
use jiff::civil::Date;
use servanda_model::record::Basis as RecordBasis;
use servanda_plan::communities::known::abroad;
use servanda_plan::communities::records::records;
use servanda_plan::communities::{self, Complaints, Displaced, Hromadas, Known, Plan};
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Communities {
    /// The plan of communities (docs/guides/planning.md)
    #[arg(value_name = "COMMUNITIES.toml")]
    plan: PathBuf,
    /// Complaints and their answers: `case,place,received`, with `to,acknowledged,answered` where they are known
    #[arg(long, value_name = "FILE.csv")]
    complaints: Option<PathBuf>,
    /// Folder with the series of UNHCR and IDMC on displaced people
    #[arg(long, value_name = "DIR")]
    displacement: Option<PathBuf>,
    /// The country of those series, by its three letters
    #[arg(long, value_name = "CODE", default_value = "UKR")]
    country: String,
    /// The hromadas of Ukraine with their status in 2022, as the Kyiv School of Economics has them
    #[arg(long, value_name = "FILE.csv")]
    hromadas: Option<PathBuf>,
    #[command(flatten)]
    draws: Draws,
    /// Ask the engine what the verdicts would be if the plan came true; the plan needs `[records]`
    #[arg(long)]
    pub(super) ask: bool,
    /// Of the futures that are drawn, ask the engine about the first so many
    #[arg(long, value_name = "N", default_value_t = 100, requires = "ask", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    ask_futures: u32,
    #[command(flatten)]
    matter: Matter,
    #[command(flatten)]
    pub(super) shape: Shape,
}

pub(super) fn answered(of: &Communities, session: &Session) -> Result<servanda_plan::Answer, Failure> {
    let name = of.plan.display().to_string();
    let plan = Plan::read(&name, &input::text(&of.plan)?).map_err(refused)?;
    let mut sources = vec![name.clone()];
    let mut known = Known::default();
    if let Some(path) = &of.hromadas {
        let hromadas = Hromadas::read(&path.display().to_string(), &input::text(path)?).map_err(refused)?;
        sources.push(format!("{}, {} hromadas (Kyiv School of Economics)", path.display(), hromadas.len()));
        known.hromadas = Some(hromadas);
    }
    if let Some(path) = &of.complaints {
        let shown = path.display().to_string();
        let complaints = Complaints::read(&shown, &input::text(path)?, &plan, known.hromadas.as_ref());
        known.complaints = Some(complaints.map_err(refused)?);
        sources.push(format!("{shown}, complaints"));
    }
    if let Some(folder) = &of.displacement {
        let file = |name: &str| input::text(&folder.join(name));
        let (unhcr, idmc) = (file("unhcr-population-ukr-col.csv")?, file("idmc-internal.csv")?);
        let displaced = Displaced::read(&of.country, &unhcr, &idmc).map_err(refused)?;
        known.displaced = Some((of.country.clone(), displaced));
        if of.country == "UKR" {
            known.abroad = Some(abroad(&file("ukr-refugees-by-country-2022.csv")?).map_err(refused)?);
        }
        sources.push(format!("UNHCR and IDMC, series of displaced people in {}", folder.display()));
    }
    let working = session.working("drawing the futures of the communities");
    let drawing = of.draws.drawing();
    let mut answer = communities::answer(&plan, drawing, &known, sources).map_err(refused)?;
    if of.ask {
        working.at("asking the engine");
        asked(of, &plan, &name, &mut answer, session)?;
    }
    drop(working);
    Ok(answer)
}

/// Asks the engine about the world in which the plan comes true, and about futures of it.
fn asked(
    of: &Communities,
    plan: &Plan,
    world: &str,
    answer: &mut servanda_plan::Answer,
    session: &Session,
) -> Result<(), Failure> {
    let Some(terms) = &plan.terms else {
        return Err(Failure::new("the plan does not say what its figures are called in the agreement").help(
            "add `[records]` with `housing`, `complaint`, `acknowledged`, `answer` (docs/guides/planning.md)",
        ));
    };
    let heard = of.matter.hear(session)?;
    let named = [&terms.housing, &terms.complaint, &terms.acknowledged, &terms.answer];
    for fact in named.into_iter().flatten() {
        if !heard.agreement.facts.contains_key(fact.as_str()) {
            return Err(Failure::new(format!("the agreement has no measure and no event `{fact}`"))
                .help("`[records]` of the plan holds the agreement's own names"));
        }
    }
    let calendar = &heard.agreement.calendar;
    let made = |basis, future| {
        let value = communities::value(of.draws.seed, future);
        records(plan, terms, &value, basis, world, session.now, calendar)
    };
    let planned = made(RecordBasis::Planned, None);
    let last_day = plan.last().plus(1).first_day().yesterday().unwrap_or(Date::MAX);
    let asking = Asking::of(&of.matter, &heard, world, over(calendar, last_day), &planned, session)?;
    let simulated = |number| made(RecordBasis::Simulated, Some(number));
    let drawn = plan.is_uncertain().then_some(Drawn {
        futures: of.ask_futures.min(of.draws.futures),
        threads: of.draws.threads,
        records: &simulated,
    });
    let (tables, gaps) = asking.tables(&BTreeSet::new(), &planned, drawn)?;
    answer.tables.splice(1..1, tables);
    answer.gaps.extend(gaps);
    Ok(())
}
