//! `servanda plan`: files are read here and answers written; `servanda_plan` computes. Side-by-side comparison is in `plan/compare.rs`, the engine is
//! asked about futures in `plan/futures.rs`.

mod communities;
mod compare;
mod futures;

use super::Answer;
use crate::failure::Failure;
use crate::input;
use crate::matter::{self, Heard, Matter};
use crate::session::Session;
use clap::{Subcommand, ValueEnum};
use jiff::civil::Date;
use servanda_engine::future::Future;
use servanda_model::record::Basis as RecordBasis;
use servanda_model::{Grade, Number, Record};
use servanda_plan::answer::{Cell, Shown};
use servanda_plan::burden::{self, Asked, Gdp, Need, Rule};
use servanda_plan::economy::{DEFENCE, Rates, Series, VALUE};
use servanda_plan::forces::calibration::{self, Strengths};
use servanda_plan::iati::{Iati, Wanted};
use servanda_plan::kiel::{EU, Files, Kiel};
use servanda_plan::program::{Effort, Stopped, Told};
use servanda_plan::support::{self, Ledger, Stage};
use servanda_plan::table::Table;
use servanda_plan::{Language, Refusal, deliveries, forces, rotations, watch};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    of: Of,
}

#[derive(Subcommand)]
enum Of {
    /// What was promised and how far it came: sums by stage, what waits, what is late, the curve
    Support(Support),
    /// What each partner carries, as a share of GDP and of the defence budget, against a rule of fairness
    Burden(Box<Burden>),
    /// How a force may grow month by month: the chance of each milestone, and what it hangs on
    Forces(Box<Forces>),
    /// What arrives when, against training places, crews and maintenance, and where the plan starves
    Deliveries(Deliveries),
    /// How many incidents in each region in the next 7 and 28 days, with what such forecasts were worth in the past
    Watch(Watch),
    /// What communities near bases need: housing, schools, water, roads, displaced people, jobs, rents, complaints
    Communities(Box<communities::Communities>),
    /// Which contingents are where from when to when, so that the agreed presence is kept, at the least cost
    Rotations(Box<Rotations>),
    /// What if: plans as they are and as named scenarios have them, side by side
    Compare(Box<compare::Compare>),
}

impl Of {
    fn shape(&self) -> &Shape {
        match self {
            Of::Support(of) => &of.shape,
            Of::Burden(of) => &of.shape,
            Of::Forces(of) => &of.shape,
            Of::Deliveries(of) => &of.shape,
            Of::Watch(of) => &of.shape,
            Of::Communities(of) => &of.shape,
            Of::Rotations(of) => &of.shape,
            Of::Compare(of) => &of.shape,
        }
    }
}

/// Form of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum Form {
    /// For people
    #[default]
    Human,
    /// A document for programs (docs/reference/json.md)
    Json,
    /// One table as comma-separated values
    Csv,
}

#[derive(clap::Args, Clone)]
struct Shape {
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Form,
    /// The table for --format csv; without it the first
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Show all rows, and not the first 20 of each table (JSON and CSV always have all)
    #[arg(long)]
    all: bool,
    /// Also write a page with plots, whole in one file
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Language of the answer for people and of the page: en or uk (documents for programs have one language)
    #[arg(long, value_name = "LANG", default_value = "en")]
    lang: String,
}

const ROWS: usize = 20;

impl Shape {
    fn language(&self) -> Result<Language, Failure> {
        Language::parse(&self.lang).ok_or_else(|| {
            Failure::new(format!("there are no words for the language `{}`", self.lang))
                .help("write --lang en or uk")
        })
    }

    fn say(&self, answer: &servanda_plan::Answer, session: &Session) -> Result<Answer, Failure> {
        let language = self.language()?;
        let text = match self.format {
            Form::Human => answer.human((!self.all).then_some(ROWS), language),
            Form::Json => answer.json(),
            Form::Csv => answer.csv(self.table.as_deref()).map_err(refused)?,
        };
        if let Some(path) = &self.html {
            servanda_store::files::write(path, answer.page(language).as_bytes())?;
            session.note(&format!("wrote {}", path.display()));
        }
        session.say(&text)?;
        Ok(Answer::Yes)
    }
}

#[derive(clap::Args)]
struct Support {
    /// Folder with the tables of a release of the Ukraine Support Tracker
    #[arg(long, value_name = "DIR")]
    kiel: Option<PathBuf>,
    /// Entries of your own (docs/guides/planning.md); may be given several times
    #[arg(long, value_name = "FILE.csv", required_unless_present_any = ["kiel", "iati"])]
    entries: Vec<PathBuf>,
    /// Activities as IATI publishes them, version 2; may be given several times
    #[arg(long, value_name = "FILE.xml")]
    iati: Vec<PathBuf>,
    /// Of those activities, only what goes to this country, by its two letters: UA
    #[arg(long, value_name = "CODE", requires = "iati")]
    recipient: Option<String>,
    /// Of those activities, only this level of the publisher's hierarchy
    #[arg(long, value_name = "N", requires = "iati")]
    hierarchy: Option<u32>,
    /// The day that is asked about: 2026-04-30 [default: the end of the tracker's last month, else today in UTC]
    #[arg(long, value_name = "DATE")]
    at: Option<String>,
    /// The stage that a promise is held against [default: received, or allocated where there is only the tracker]
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// How well what the tracker says is taken to be known
    #[arg(long, value_name = "GRADE", default_value = "possible")]
    grade: String,
    /// Only this partner
    #[arg(long, value_name = "NAME")]
    partner: Option<String>,
    #[command(flatten)]
    shape: Shape,
}

/// Which amounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Measure {
    /// What was allocated
    Allocated,
    /// What was pledged
    Pledged,
}

/// Where the EU's aid stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Union {
    /// On its own line
    Separate,
    /// On its members' lines, by their shares
    Members,
}

/// A rule of fairness.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum By {
    /// Each by its share of GDP
    Gdp,
    /// Each by its share of population
    Population,
    /// By an agreed key (--key)
    Key,
}

/// Where GDP comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Source {
    /// The tracker's own figure in EUR
    Tracker,
    /// The World Bank's, by year, in USD
    Economy,
}

#[derive(clap::Args)]
struct Burden {
    /// Folder with the tables of a release of the Ukraine Support Tracker
    #[arg(long, value_name = "DIR")]
    kiel: PathBuf,
    /// Folder with gdp.csv, population.csv and public-sector.csv of the World Bank
    #[arg(long, value_name = "DIR")]
    economy: Option<PathBuf>,
    /// Which amounts
    #[arg(long, value_enum, default_value_t = Measure::Allocated, value_name = "WHICH")]
    measure: Measure,
    /// Where the aid of the EU stands; it is counted once either way
    #[arg(long, value_enum, default_value_t = Union::Separate, value_name = "WHERE")]
    eu: Union,
    /// Whose GDP
    #[arg(long, value_enum, default_value_t = Source::Tracker, value_name = "WHOSE")]
    gdp: Source,
    /// Rates of exchange, a table `currency,year,eur`; without a rate nothing is converted
    #[arg(long, value_name = "FILE.csv")]
    rates: Option<PathBuf>,
    /// Where a series has no figure for a year, take the last one before it, and say so
    #[arg(long)]
    hold: bool,
    /// The rule of fairness
    #[arg(long, value_enum, default_value_t = By::Gdp, value_name = "RULE")]
    rule: By,
    /// The agreed key, a table `partner,weight`
    #[arg(long, value_name = "FILE.csv", required_if_eq("rule", "key"))]
    key: Option<PathBuf>,
    /// First year
    #[arg(long, value_name = "YEAR", default_value_t = 2022)]
    from: i16,
    /// Last year [default: the tracker's last]
    #[arg(long, value_name = "YEAR")]
    to: Option<i16>,
    /// Only look at these partners; may be given several times
    #[arg(long, value_name = "NAME")]
    among: Vec<String>,
    /// A partner that leaves; may be given several times
    #[arg(long, value_name = "NAME")]
    without: Vec<String>,
    /// Money needed in a year to come, EUR bn, divided by the rule: 2027=60; may be given several times
    #[arg(long, value_name = "YEAR=AMOUNT", requires = "prices_of")]
    need: Vec<String>,
    /// The year whose prices, GDP and population --need begins with
    #[arg(long, value_name = "YEAR")]
    prices_of: Option<i16>,
    /// Real growth of every economy, percent a year
    #[arg(long, value_name = "PERCENT", default_value = "0", allow_hyphen_values = true)]
    growth: String,
    /// Rise of prices, percent a year
    #[arg(long, value_name = "PERCENT", default_value = "0", allow_hyphen_values = true)]
    inflation: String,
    /// Another way that growth and prices may go, shown beside the stated one: dear=0.5/6; may be given several times
    #[arg(long, value_name = "NAME=GROWTH/INFLATION", requires = "prices_of")]
    scenario: Vec<String>,
    #[command(flatten)]
    shape: Shape,
}

/// How futures are drawn.
#[derive(clap::Args)]
struct Draws {
    /// Another seed, other futures; the same seed, the same ones
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How many futures are drawn, 1 to 100000
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    futures: u32,
    /// Threads that draw them; the answer is the same with any number of them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: u16,
}

impl Draws {
    fn drawing(&self) -> forces::Drawing {
        forces::Drawing { seed: self.seed, futures: self.futures, threads: self.threads }
    }
}

#[derive(clap::Args)]
struct Forces {
    /// The plan of a force (docs/guides/planning.md)
    #[arg(value_name = "FORCE.toml")]
    plan: PathBuf,
    #[command(flatten)]
    draws: Draws,
    /// Set real forces beside the plan: personnel by state and year (Correlates of War, World Bank, or `state,year,persons`); may be given
    /// several times, the bands are of the first
    #[arg(long, value_name = "FILE.csv")]
    calibrate: Vec<PathBuf>,
    /// Of those series, hold out so many last years
    #[arg(long, value_name = "YEARS", default_value_t = 8, requires = "calibrate", value_parser = clap::value_parser!(i16).range(1..=30))]
    hold_out: i16,
    /// Ask the engine what it would say of the agreement's own duties if the plan came true, and in how many futures each would be kept; the
    /// plan needs `[[records]]`
    #[arg(long)]
    ask: bool,
    /// Of the futures that are drawn, ask the engine about the first so many
    #[arg(long, value_name = "N", default_value_t = 100, requires = "ask", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    ask_futures: u32,
    #[command(flatten)]
    matter: Matter,
    #[command(flatten)]
    shape: Shape,
}

#[derive(clap::Args)]
struct Deliveries {
    /// The plan of deliveries (docs/guides/planning.md)
    #[arg(value_name = "DELIVERIES.toml")]
    plan: PathBuf,
    /// Entries of the support ledger, shown beside it: what is late, and what the plan starves of; may be given several times
    #[arg(long, value_name = "FILE.csv")]
    entries: Vec<PathBuf>,
    /// The day on which the ledger is looked at: 2026-04-30 [default: today in UTC]
    #[arg(long, value_name = "DATE", requires = "entries")]
    at: Option<String>,
    #[command(flatten)]
    shape: Shape,
}

#[derive(clap::Args)]
struct Watch {
    /// Incidents: UCDP GED as it is published, or a table `date,region`
    #[arg(long, value_name = "FILE.csv")]
    incidents: PathBuf,
    /// A number of incidents in one region in 7 or 28 days that a term speaks of: `large-scale-aggression=20/7`; may be given
    /// several times
    #[arg(long, value_name = "TERM=INCIDENTS/DAYS")]
    threshold: Vec<String>,
    /// An agreement, whose terms' own thresholds are read: how far each is, and the chance of reaching it
    #[arg(long, value_name = "FILE.pact.md")]
    agreement: Option<PathBuf>,
    /// Option of a reading that gives a threshold of its terms; may be given several times [default: each option]
    #[arg(long = "reading", value_name = "NAME=OPTION", requires = "agreement")]
    readings: Vec<String>,
    #[command(flatten)]
    shape: Shape,
}

/// How far a search for a schedule goes.
#[derive(clap::Args)]
struct Limits {
    /// Stop when no schedule can be cheaper by more than this, percent; 0 for a proof
    #[arg(long, value_name = "PERCENT", default_value_t = 2.0)]
    gap: f64,
    /// Nodes of the search, after which it stops with what it has
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    nodes: u64,
    /// Seconds for each program that is solved, after which it stops with what it has
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
}

impl Limits {
    fn effort(&self) -> Result<Effort, Failure> {
        if !(0.0..100.0).contains(&self.gap) {
            return Err(
                Failure::new(format!("--gap {} is no gap", self.gap)).help("percent, from 0 to below 100")
            );
        }
        Ok(Effort { gap: self.gap / 100.0, nodes: self.nodes, seconds: Some(self.seconds) })
    }
}

#[derive(clap::Args)]
struct Rotations {
    /// The plan of rotations (docs/guides/planning.md)
    #[arg(value_name = "ROTATIONS.toml")]
    plan: PathBuf,
    /// The schedule of before, its table `tours` as CSV: it is changed as little as may be
    #[arg(long, value_name = "FILE.csv")]
    before: Option<PathBuf>,
    #[command(flatten)]
    limits: Limits,
    /// Also write the program as MPS, for another solver
    #[arg(long, value_name = "FILE.mps")]
    program: Option<PathBuf>,
    /// A solution of the program that --program wrote, as HiGHS writes it; it is checked like any other
    #[arg(long, value_name = "FILE.sol", conflicts_with = "before")]
    solved: Option<PathBuf>,
    /// What the other solver says no schedule costs less than
    #[arg(long, value_name = "AMOUNT", requires = "solved")]
    bound: Option<f64>,
    /// Ask the engine what the verdicts would be if the plan came true; the plan needs `[records]`
    #[arg(long)]
    ask: bool,
    #[command(flatten)]
    matter: Matter,
    #[command(flatten)]
    shape: Shape,
}

fn refused(refusal: Refusal) -> Failure {
    Failure::new(refusal.message).help(refusal.help)
}

pub fn run(arguments: Arguments, session: &Session) -> Result<Answer, Failure> {
    arguments.of.shape().language()?;
    let (shape, answer, end) = computed(arguments.of, session)?;
    shape.say(&answer, session)?;
    Ok(end)
}

/// What is asked for, computed; in which form it is wanted; and whether it is a plan: where none is possible, the command ends with 1.
fn computed(of: Of, session: &Session) -> Result<(Shape, servanda_plan::Answer, Answer), Failure> {
    let yes = |shape: Shape, answer: servanda_plan::Answer| (shape, answer, Answer::Yes);
    Ok(match of {
        Of::Support(of) => yes(of.shape.clone(), supported(&of, session)?),
        Of::Burden(of) => yes(of.shape.clone(), carried(&of)?),
        Of::Forces(of) => yes(of.shape.clone(), grown(&of, session)?),
        Of::Deliveries(of) => yes(of.shape.clone(), delivered(&of, session)?),
        Of::Watch(of) => yes(of.shape.clone(), watched(&of, session)?),
        Of::Communities(of) => yes(of.shape.clone(), communities::answered(&of, session)?),
        Of::Rotations(of) => {
            let (answer, end) = rotated(&of, session)?;
            (of.shape.clone(), answer, end)
        }
        Of::Compare(of) => yes(of.shape.clone(), compare::compared(&of, session)?),
    })
}

/// The same words, as the settings of a workspace have them.
#[derive(clap::Parser)]
#[command(no_binary_name = true, disable_help_flag = true, disable_version_flag = true)]
struct InSettings {
    #[command(subcommand)]
    of: Of,
}

/// Answers what the settings of a workspace ask of the planner.
///
/// # Errors
/// Words that are no question, and whatever the question itself is refused for.
pub fn answer(words: &[String], session: &Session) -> Result<servanda_plan::Answer, Failure> {
    let asked = <InSettings as clap::Parser>::try_parse_from(words).map_err(|error| {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        Failure::new(format!("the plan cannot be asked: {line}"))
            .help("`ask` holds the words of `servanda plan`, such as [\"forces\", \"plans/force.toml\"]")
    })?;
    let asks_engine = match &asked.of {
        Of::Rotations(of) => of.ask,
        Of::Communities(of) => of.ask,
        Of::Forces(of) => of.ask,
        _ => false,
    };
    if asks_engine {
        return Err(Failure::new(
            "the plan cannot be asked: `--ask` takes all records of the workspace, whoever looks",
        )
        .help("leave `--ask` out of `ask`, and ask the engine on the command line"));
    }
    if matches!(&asked.of, Of::Rotations(of) if of.program.is_some()) {
        return Err(Failure::new("the plan cannot be asked: `--program` writes a file")
            .help("leave `--program` out of `ask`, and write the program on the command line"));
    }
    if let Of::Compare(of) = &asked.of {
        of.may_be_asked_by_settings()?;
    }
    computed(asked.of, session).map(|(_, answer, _)| answer)
}

fn supported(of: &Support, session: &Session) -> Result<servanda_plan::Answer, Failure> {
    let grade = Grade::parse(&of.grade).ok_or_else(|| {
        Failure::new(format!("`{}` is no grade", of.grade))
            .help("one of: none, possible, probable, confirmed")
    })?;
    let (mut ledger, mut sources, mut gaps, mut end) = (Ledger::default(), Vec::new(), Vec::new(), None);
    if let Some(folder) = &of.kiel {
        let kiel = read_kiel(folder, grade)?;
        sources.push(kiel.compared());
        gaps.extend(kiel.gaps());
        end = Some(support::Dated::Within(kiel.until).latest());
        ledger = kiel.ledger;
    }
    for path in &of.entries {
        let own = Ledger::read(&path.display().to_string(), &input::text(path)?).map_err(refused)?;
        sources.push(format!("{}, {} entries", path.display(), own.entries().len()));
        ledger = ledger.and(own).map_err(refused)?;
    }
    if !of.iati.is_empty() {
        let files: Vec<(String, String)> = of
            .iati
            .iter()
            .map(|path| Ok((path.display().to_string(), input::text(path)?)))
            .collect::<Result<_, Failure>>()?;
        let wanted = Wanted { recipient: of.recipient.clone(), hierarchy: of.hierarchy };
        let iati = Iati::read(&files, &wanted, grade).map_err(refused)?;
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        sources.push(format!("IATI, {} activities in {}", iati.activities, names.join(", ")));
        gaps.extend(iati.gaps);
        if of.kiel.is_some() {
            gaps.push("the tracker and IATI may tell the same aid; their units differ, and they are not added to each other".into());
        }
        ledger = ledger.and(Ledger::of(iati.entries).map_err(refused)?).map_err(refused)?;
    }
    if let Some(partner) = &of.partner {
        let all: BTreeSet<String> = ledger.entries().iter().map(|e| e.partner.clone()).collect();
        if !all.contains(partner) {
            let names: Vec<String> = all.into_iter().collect();
            return Err(Failure::new(format!("the partner `{partner}` has no entry"))
                .help(format!("the partners are: {}", names.join("; "))));
        }
        ledger = ledger.of_partner(partner);
    }
    let reached = match &of.stage {
        Some(word) => Stage::parse(word).ok_or_else(|| {
            let words: Vec<&str> = Stage::ALL.iter().map(|stage| stage.word()).collect();
            Failure::new(format!("`{word}` is no stage")).help(format!("one of: {}", words.join(", ")))
        })?,
        None if of.entries.is_empty() && of.iati.is_empty() => Stage::Allocated,
        None => Stage::Received,
    };
    let at: Date = match (&of.at, end) {
        (Some(text), _) => day(text)?,
        (None, Some(end)) if of.entries.is_empty() && of.iati.is_empty() => end,
        (None, _) => today(session)?,
    };
    Ok(support::answer(&ledger, reached, at, sources, gaps))
}

/// The day in UTC.
fn today(session: &Session) -> Result<Date, Failure> {
    let text = session.now.to_string();
    text.get(..10)
        .and_then(|day| day.parse().ok())
        .ok_or_else(|| Failure::new("this moment has no day in a calendar").help("name the day with --at"))
}

fn read_kiel(folder: &Path, grade: Grade) -> Result<Kiel, Failure> {
    let file = |name: &str| input::text(&folder.join(name));
    let (explorer, totals) = (file("data_explorer.csv")?, file("total_allocations.csv")?);
    let (shares, procurement) = (file("eu_aid_shares.csv")?, file("procurement_trends.csv")?);
    let (weapons, release) = (file("weapons.csv")?, file("release_info.csv")?);
    let files = Files {
        explorer: &explorer,
        totals: &totals,
        shares: &shares,
        procurement: &procurement,
        weapons: &weapons,
        release: &release,
    };
    Kiel::read(&files, grade).map_err(refused)
}

fn carried(of: &Burden) -> Result<servanda_plan::Answer, Failure> {
    let kiel = read_kiel(&of.kiel, Grade::Possible)?;
    let mut sources = vec![kiel.compared()];
    let series = |name: &str, column: &str| -> Result<Option<Series>, Failure> {
        let Some(folder) = &of.economy else { return Ok(None) };
        let path = folder.join(name);
        Series::read(&path.display().to_string(), &input::text(&path)?, column).map(Some).map_err(refused)
    };
    if let Some(folder) = &of.economy {
        sources.push(format!("World Bank, World Development Indicators, in {}", folder.display()));
    }
    let needs_economy = |what: &str| {
        Failure::new(format!("{what} needs the series of the World Bank"))
            .help("name their folder with --economy DIR")
    };
    let gdp = match (of.gdp, series("gdp.csv", VALUE)?) {
        (Source::Tracker, _) => Gdp::Fixed(kiel.gdp.clone()),
        (Source::Economy, None) => return Err(needs_economy("--gdp economy")),
        (Source::Economy, Some(series)) => {
            let rates = match &of.rates {
                Some(path) => {
                    Rates::read(&path.display().to_string(), &input::text(path)?).map_err(refused)?
                }
                None => Rates::default(),
            };
            Gdp::Yearly { series, currency: "USD".into(), rates }
        }
    };
    let rule = match (of.rule, &of.key) {
        (By::Gdp, _) => Rule::Gdp,
        (By::Population, _) if of.economy.is_none() => return Err(needs_economy("--rule population")),
        (By::Population, _) => Rule::Population,
        (By::Key, Some(path)) => Rule::Key(read_key(path)?),
        (By::Key, None) => {
            return Err(Failure::new("--rule key needs the key").help("name its file with --key FILE.csv"));
        }
    };
    let (stage, measure) = match of.measure {
        Measure::Allocated => (Stage::Allocated, "allocated"),
        Measure::Pledged => (Stage::Pledged, "pledged"),
    };
    let asked = Asked {
        costs: kiel.by_year(stage),
        measure: measure.into(),
        codes: kiel.codes.clone(),
        eu: EU.into(),
        members: (of.eu == Union::Members).then(|| kiel.shares.clone()),
        gdp,
        population: series("population.csv", VALUE)?,
        defence: series("public-sector.csv", DEFENCE)?,
        hold: of.hold,
        rule,
        years: (of.from, of.to.unwrap_or(kiel.until.year())),
        until: kiel.until,
        among: of.among.iter().cloned().collect(),
        without: of.without.iter().cloned().collect(),
        need: of.prices_of.map(|year| need(of, year)).transpose()?,
    };
    let mut answer = burden::answer(&asked, sources).map_err(refused)?;
    answer.gaps.extend(kiel.gaps());
    Ok(answer)
}

fn need(of: &Burden, prices_of: i16) -> Result<Need, Failure> {
    let percent = |name: &str, text: &str| {
        Number::parse(text).ok_or_else(|| {
            Failure::new(format!("{name} `{text}` is no number")).help("percent a year, like `1.5`")
        })
    };
    let mut amounts = BTreeMap::new();
    for text in &of.need {
        let parts = text
            .split_once('=')
            .and_then(|(year, amount)| Some((year.trim().parse::<i16>().ok()?, Number::parse(amount)?)));
        let Some((year, amount)) = parts.filter(|(_, amount)| *amount >= Number::zero()) else {
            return Err(Failure::new(format!("--need `{text}` cannot be read"))
                .help("write year and EUR bn like `2027=60`"));
        };
        if amounts.insert(year, amount).is_some() {
            return Err(Failure::new(format!("--need names {year} twice")).help("name each year once"));
        }
    }
    Ok(Need {
        amounts,
        prices_of,
        growth: percent("--growth", &of.growth)?,
        inflation: percent("--inflation", &of.inflation)?,
        others: of.scenario.iter().map(|text| scenario(text)).collect::<Result<_, _>>()?,
    })
}

/// `NAME=GROWTH/INFLATION`, percent a year.
fn scenario(text: &str) -> Result<(String, Number, Number), Failure> {
    let parts = || {
        let (name, ways) = text.split_once('=')?;
        let (growth, inflation) = ways.split_once('/')?;
        let name = Some(name.trim()).filter(|name| !name.is_empty())?;
        Some((name.to_string(), Number::parse(growth.trim())?, Number::parse(inflation.trim())?))
    };
    parts().ok_or_else(|| {
        Failure::new(format!("--scenario `{text}` cannot be read"))
            .help("write a name, growth and rise of prices in percent a year, like `dear=0.5/6`")
    })
}

fn read_key(path: &Path) -> Result<BTreeMap<String, Number>, Failure> {
    let read = || -> Result<BTreeMap<String, Number>, Refusal> {
        let text = input::text(path).map_err(|e| Refusal::new(e.message(), "look at the file of --key"))?;
        let table = Table::read(&path.display().to_string(), &text)?.with(&["partner", "weight"])?;
        let mut key = BTreeMap::new();
        for row in table.rows() {
            let weight = row.needed("weight")?;
            if weight < Number::zero() {
                return Err(row.refused("weight", "is negative", "a weight is zero or more"));
            }
            if key.insert(row.text("partner").to_string(), weight).is_some() {
                return Err(row.refused("partner", "stands twice", "take out one of the rows"));
            }
        }
        Ok(key)
    };
    read().map_err(refused)
}

fn grown(of: &Forces, session: &Session) -> Result<servanda_plan::Answer, Failure> {
    let name = of.plan.display().to_string();
    let plan = forces::Plan::read(&name, &input::text(&of.plan)?).map_err(refused)?;
    let working = session.working(&format!("drawing {} futures", of.draws.futures));
    let drawing = of.draws.drawing();
    let mut real = Vec::new();
    for path in &of.calibrate {
        let series = Strengths::read(&path.display().to_string(), &input::text(path)?).map_err(refused)?;
        real.push(series);
    }
    let mut answer = match real.is_empty() {
        true => forces::answer(&plan, drawing, vec![name.clone()]),
        false => calibration::answer(&plan, drawing, vec![name.clone()], &real, of.hold_out),
    }
    .map_err(refused)?;
    if of.ask {
        working.at("asking the engine");
        force_asked(of, &plan, &name, &mut answer, session)?;
    }
    drop(working);
    Ok(answer)
}

/// Asks the engine about the world in which the plan of a force comes true, and about futures of it.
fn force_asked(
    of: &Forces,
    plan: &forces::Plan,
    world: &str,
    answer: &mut servanda_plan::Answer,
    session: &Session,
) -> Result<(), Failure> {
    let heard = of.matter.hear(session)?;
    let named = forces::records::named(plan, &heard.agreement).map_err(refused)?;
    let calendar = &heard.agreement.calendar;
    let made = |basis, future| {
        let value = forces::records::value(plan, of.draws.seed, future);
        forces::records::records(plan, &named, &value, basis, world, session.now, calendar)
    };
    let planned = made(RecordBasis::Planned, None);
    let over = futures::over(calendar, plan.last_day());
    let asking = futures::Asking::of(&of.matter, &heard, world, over, &planned, session)?;
    let simulated = |number| made(RecordBasis::Simulated, Some(number));
    let drawn = (!plan.uncertain().is_empty()).then_some(futures::Drawn {
        futures: of.ask_futures.min(of.draws.futures),
        threads: of.draws.threads,
        records: &simulated,
    });
    let measures = named.iter().map(|named| named.measure.clone()).collect();
    let (tables, gaps) = asking.tables(&measures, &planned, drawn)?;
    answer.tables.splice(1..1, tables);
    answer.gaps.extend(gaps);
    answer.assumptions.push(
        "the engine is told people serving as they are at the beginning, on the first day, and at the end of each month, on its last day; every range of the \
         plan itself at its likely value"
            .into(),
    );
    Ok(())
}

fn delivered(of: &Deliveries, session: &Session) -> Result<servanda_plan::Answer, Failure> {
    let name = of.plan.display().to_string();
    let plan = deliveries::Plan::read(&name, &input::text(&of.plan)?).map_err(refused)?;
    let mut sources = vec![name];
    let mut ledger = Ledger::default();
    for path in &of.entries {
        let own = Ledger::read(&path.display().to_string(), &input::text(path)?).map_err(refused)?;
        sources.push(format!("{}, {} entries", path.display(), own.entries().len()));
        ledger = ledger.and(own).map_err(refused)?;
    }
    let answer = deliveries::answer(&plan, sources);
    if of.entries.is_empty() {
        return Ok(answer);
    }
    let at = match &of.at {
        Some(text) => day(text)?,
        None => today(session)?,
    };
    deliveries::beside(answer, &plan, &ledger, at).map_err(refused)
}

/// A day that an option names.
fn day(text: &str) -> Result<Date, Failure> {
    text.parse()
        .map_err(|_| Failure::new(format!("--at `{text}` is no date")).help("write it like `2026-04-30`"))
}

fn watched(of: &Watch, session: &Session) -> Result<servanda_plan::Answer, Failure> {
    let name = of.incidents.display().to_string();
    let thresholds: Vec<watch::Threshold> = of
        .threshold
        .iter()
        .map(|text| watch::Threshold::read(text))
        .collect::<Result<_, _>>()
        .map_err(refused)?;
    let working = session.working("scoring the forecasts of the past");
    let counts = watch::Counts::read(&name, &input::text(&of.incidents)?).map_err(refused)?;
    let mut sources = vec![name];
    let (mut agreed, mut unread) = (Vec::new(), Vec::new());
    if let Some(path) = &of.agreement {
        let (_, agreement) = matter::agreement(path, session)?;
        let chosen = matter::chosen(&agreement, &of.readings)?;
        (agreed, unread) = watch::agreed(&agreement, &chosen);
        sources.push(format!("{}, the thresholds of its terms", path.display()));
    }
    let mut answer = watch::answer_of(&counts, &thresholds, &agreed, sources).map_err(refused)?;
    answer.gaps.extend(unread);
    drop(working);
    Ok(answer)
}

fn rotated(of: &Rotations, session: &Session) -> Result<(servanda_plan::Answer, Answer), Failure> {
    let name = of.plan.display().to_string();
    let plan = rotations::Plan::read(&name, &input::text(&of.plan)?).map_err(refused)?;
    let effort = of.limits.effort()?;
    let before = match &of.before {
        Some(path) => {
            let text = input::text(path)?;
            Some(rotations::Before::read(&path.display().to_string(), &text, &plan).map_err(refused)?)
        }
        None => None,
    };
    if let Some(path) = &of.program {
        servanda_store::files::write(path, rotations::program(&plan, before.as_ref()).mps().as_bytes())?;
        session.note(&format!("wrote {}", path.display()));
    }
    let mut sources = vec![name.clone()];
    sources.extend(of.before.as_ref().map(|path| format!("{}, the schedule of before", path.display())));
    let working = session.working("making the schedule");
    let told = match &of.solved {
        Some(path) => {
            let text = input::text(path)?;
            Some(Told::read(&path.display().to_string(), &text, of.bound).map_err(refused)?)
        }
        None => None,
    };
    let (mut answer, schedule) = match &told {
        Some(told) => rotations::answer(&plan, before.as_ref(), told, effort, sources),
        None => scheduled(&plan, before.as_ref(), effort, sources),
    }
    .map_err(refused)?;
    working.at("asking the engine");
    if let (true, Some(schedule)) = (of.ask, &schedule) {
        let heard = of.matter.hear(session)?;
        foreseen(&of.matter, &heard, &plan, schedule, &name, &mut answer, session)?;
    }
    drop(working);
    Ok((answer, if schedule.is_some() { Answer::Yes } else { Answer::No }))
}

/// A schedule by HiGHS where `servanda-highs` is, else by the solver that ships; where that proves little, how to get the other is said.
fn scheduled(
    plan: &rotations::Plan,
    before: Option<&rotations::Before>,
    effort: Effort,
    sources: Vec<String>,
) -> Result<(servanda_plan::Answer, Option<rotations::Schedule>), Refusal> {
    if let Some(highs) = servanda_solve::Highs::found() {
        return rotations::answer(plan, before, &highs, effort, sources);
    }
    let (mut answer, schedule) = rotations::answer(plan, before, &servanda_solve::Microlp, effort, sources)?;
    let done =
        schedule.as_ref().is_some_and(|of| of.fewest && matches!(of.stopped, Stopped::Proved | Stopped::Gap));
    let why = answer.tables.iter().any(|table| table.name == "conflict");
    if !done && !why {
        answer.gaps.push(
            "the program `servanda-highs`, which solves large plans, is neither beside servanda nor on the PATH: `cargo install --path solver` in the source \
             of servanda builds it (docs/guides/planning.md)"
                .into(),
        );
    }
    Ok((answer, schedule))
}

/// Asks the engine about the world in which a schedule comes true; the records of that world.
fn foreseen(
    matter: &Matter,
    heard: &Heard,
    plan: &rotations::Plan,
    schedule: &rotations::Schedule,
    world: &str,
    answer: &mut servanda_plan::Answer,
    session: &Session,
) -> Result<Vec<Record>, Failure> {
    let Some(terms) = &plan.terms else {
        return Err(Failure::new("the plan does not say what its tours are called in the agreement")
            .help("add `[records]` with `measure` and `of` (docs/guides/planning.md)"));
    };
    if !heard.agreement.facts.contains_key(terms.measure.as_str()) {
        return Err(Failure::new(format!("the agreement has no measure `{}`", terms.measure))
            .help("`measure` of `[records]` is the agreement's own name"));
    }
    let calendar = &heard.agreement.calendar;
    let planned = rotations::records::records(plan, terms, schedule, world, session.now, calendar);
    let at = calendar.end_of_day(plan.last_day());
    let asking = futures::Asking::of(matter, heard, world, at, &planned, session)?;
    let future = asking.ask(RecordBasis::Planned, &planned)?;
    answer.tables.push(foreseen_table(&future));
    Ok(planned)
}

/// What the engine would say of a world, as a table.
fn foreseen_table(future: &Future) -> Shown {
    let rows = future.foreseen().iter().map(|foreseen| {
        let broken = foreseen.breached.map_or(Cell::Missing, |at| Cell::text(at.to_string()));
        vec![
            Cell::text(foreseen.norm.as_str()),
            Cell::text(foreseen.bearer.to_string()),
            Cell::text(foreseen.performance.word()),
            broken,
            Cell::text(foreseen.because.join(", ")),
        ]
    });
    Shown {
        name: "foreseen",
        title: format!(
            "what the engine would say on {} if the {} records of this plan came true, and of what is on record nothing changed: \
             planned, and no verdict about what happened",
            future.at(),
            future.supposed()
        ),
        columns: vec!["norm", "bearer", "would_be", "broken_from", "because"],
        rows: rows.collect(),
    }
}
