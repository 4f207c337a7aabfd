//! `servanda plan communities`: its files are read here, and the engine is asked; `servanda_plan::communities` computes.
//!
//! It judges no duty: verdicts about a plan are the engine's, asked about a world that is planned or simulated.
//!
//! Where to start reading: [`answered`], then [`asked`].

use super::{Draws, Shape, refused};
use crate::failure::Failure;
use crate::input;
use crate::matter::{self, Matter};
use crate::session::Session;
use servanda_engine::future::{Foreseen, Future, World};
use servanda_model::record::Basis as RecordBasis;
use servanda_model::verdict::Performance;
use servanda_model::{Board, Instant, Number};
use servanda_plan::answer::{Cell, Shown};
use servanda_plan::communities::known::abroad;
use servanda_plan::communities::records::records;
use servanda_plan::communities::{self, Complaints, Displaced, Hromadas, Known, Plan};
use std::collections::{BTreeMap, BTreeSet};
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

/// By norm and bearer: what the engine says without the plan, in how many futures it would be kept, and when it would be broken.
#[derive(Default)]
struct Seen {
    kept: u32,
    broken: u32,
    open: u32,
    first: Vec<Instant>,
    differs: bool,
}

/// The worst of several instances: broken before open before kept.
fn worst(all: &mut Today, key: (String, String), of: (Performance, Option<Instant>)) {
    let rank = |performance: Performance| match performance {
        Performance::Violated => 3,
        Performance::Missed => 2,
        Performance::Pending | Performance::PendingEvidence | Performance::DependsOnReading => 1,
        Performance::Satisfied | Performance::NotApplicable => 0,
    };
    let entry = all.entry(key).or_insert(of);
    let first = match (entry.1, of.1) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    if rank(of.0) > rank(entry.0) {
        entry.0 = of.0;
    }
    entry.1 = first;
}

/// The worst that is said of a norm and bearer, by norm and bearer.
type Today = BTreeMap<(String, String), (Performance, Option<Instant>)>;

/// How many instances there are of each performance, and of each breach, by norm and bearer.
type Counted = BTreeMap<(String, String), BTreeMap<(Performance, Option<Instant>), usize>>;

fn counted(all: impl Iterator<Item = ((String, String), Performance, Option<Instant>)>) -> Counted {
    let mut counted = Counted::new();
    for (key, performance, breached) in all {
        *counted.entry(key).or_default().entry((performance, breached)).or_default() += 1;
    }
    counted
}

/// What the engine would say of the world, by norm, bearer and performance; only of norms of which the plan changes something.
fn foreseen(future: &Future, today: &Counted) -> Shown {
    let mut by: BTreeMap<(String, String), Vec<&Foreseen>> = BTreeMap::new();
    for one in future.foreseen() {
        by.entry((one.norm.as_str().to_string(), one.bearer.to_string())).or_default().push(one);
    }
    let then =
        counted(future.foreseen().iter().map(|one| {
            ((one.norm.as_str().to_string(), one.bearer.to_string()), one.performance, one.breached)
        }));
    let mut rows = Vec::new();
    for (key, all) in by {
        if then.get(&key) == today.get(&key) {
            continue;
        }
        let words: BTreeSet<Performance> = all.iter().map(|one| one.performance).collect();
        for word in words {
            let of: Vec<&&Foreseen> = all.iter().filter(|one| one.performance == word).collect();
            let first = of.iter().filter_map(|one| one.breached).min();
            let because: BTreeSet<&str> =
                of.iter().flat_map(|one| one.because.iter().map(String::as_str)).collect();
            rows.push(vec![
                Cell::text(&key.0),
                Cell::text(&key.1),
                Cell::text(word.word()),
                Cell::whole(of.len() as i64),
                first.map_or(Cell::Missing, |at| Cell::text(at.to_string())),
                Cell::text(because.into_iter().collect::<Vec<_>>().join(", ")),
            ]);
        }
    }
    Shown {
        name: "foreseen",
        title: format!(
            "what the engine would say on {} if the {} records of this plan came true, and of what is on record nothing changed: \
             planned, and no verdict about what happened. Only duties of which the plan changes something, with how many instances",
            future.at(),
            future.supposed()
        ),
        columns: vec!["norm", "bearer", "would_be", "instances", "broken_from", "because"],
        rows,
    }
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
    let mut all = heard.records.clone();
    all.extend(planned.iter().cloned());
    let places = matter::places(&heard.agreement, &heard.path, &all, session)?;
    let mut question = heard.question;
    if !of.matter.names_a_moment() {
        question.at = calendar
            .end_of_day(plan.last().plus(1).first_day().yesterday().unwrap_or(jiff::civil::Date::MAX));
    }
    question.known_at = question.known_at.max(question.at);
    let ask = |basis, records: &[servanda_model::Record]| {
        servanda_engine::future::ask(
            &heard.agreement,
            &places,
            records,
            &World { name: world.into(), basis },
            &question,
        )
        .map_err(|none| Failure::new(none.to_string()).help("look at `[records]` of the plan"))
    };
    let future = ask(RecordBasis::Planned, &all)?;
    let before: Board = servanda_engine::evaluate(&heard.agreement, &places, &heard.records, &question);
    let mut today = Today::new();
    for verdict in &before.verdicts {
        let key = (verdict.norm.as_str().to_string(), verdict.bearer.to_string());
        worst(&mut today, key, (verdict.performance, verdict.breached.map(|when| when.earliest)));
    }
    let now = counted(before.verdicts.iter().map(|verdict| {
        let key = (verdict.norm.as_str().to_string(), verdict.bearer.to_string());
        (key, verdict.performance, verdict.breached.map(|when| when.earliest))
    }));
    answer.tables.insert(1, foreseen(&future, &now));
    if !plan.is_uncertain() {
        return Ok(());
    }
    let futures = of.ask_futures.min(of.draws.futures);
    let mut seen: BTreeMap<(String, String), Seen> = BTreeMap::new();
    for number in 0..futures {
        let mut all = heard.records.clone();
        all.extend(made(RecordBasis::Simulated, Some(number)));
        let future = ask(RecordBasis::Simulated, &all)?;
        let mut by = Today::new();
        for one in future.foreseen() {
            worst(
                &mut by,
                (one.norm.as_str().to_string(), one.bearer.to_string()),
                (one.performance, one.breached),
            );
        }
        for (key, (performance, breached)) in by {
            let of = seen.entry(key.clone()).or_default();
            match performance {
                Performance::Violated | Performance::Missed => of.broken += 1,
                Performance::Satisfied => of.kept += 1,
                _ => of.open += 1,
            }
            of.first.extend(breached);
            of.differs |= today.get(&key) != Some(&(performance, breached));
        }
    }
    let rows = seen.into_iter().filter(|(_, of)| of.differs).map(|((norm, bearer), mut of)| {
        of.first.sort_unstable();
        let pct = |n: u32| {
            let share = Number::ratio(i64::from(n), i64::from(futures)).unwrap_or_default();
            Cell::Number(share * Number::from(100), 1)
        };
        let at = |tenths: usize| {
            let rank = (of.first.len() * tenths).div_ceil(10).max(1) - 1;
            of.first.get(rank).map_or(Cell::Missing, |at| Cell::text(at.to_string()))
        };
        vec![Cell::text(norm), Cell::text(bearer), pct(of.kept), pct(of.broken), pct(of.open), at(1), at(5)]
    });
    answer.tables.insert(2, Shown {
        name: "chances",
        title: format!(
            "of {futures} futures, the percent in which the engine would say on {} that all instances of a duty are kept, that one is broken, or that none is and some are open; \
             and when it would first be broken, of those in which it is (10 and 50 percent): simulated, and no verdict about what happened. \
             Only duties of which the plan changes something",
            future.at()
        ),
        columns: vec!["norm", "bearer", "all_kept_pct", "broken_pct", "some_open_pct", "broken_p10", "broken_p50"],
        rows: rows.collect(),
    });
    Ok(())
}
