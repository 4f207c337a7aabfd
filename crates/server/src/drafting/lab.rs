//! A draft over a history: figures, cases, knobs, variants, a second draft beside it.
//!
//! What it deliberately does not do: compute a figure (`backtest` does) or decide a verdict (the engine does).
//!
//! Invariants
//! - the history is what the asker's audience may see, up to what was known at the moment that the address names, or the exercise
//!   that comes with the program and is the same for everybody;
//! - a replay stops between two steps when nobody waits for it, and where it would take more memory than [`MEMORY`];
//! - more cases and variants than the bounds are left out or refused, and it is said.
//!
//! Where to start reading: [`Asked`], then [`replay`].

use super::desk::{own_readings, places_for, sound};
use super::{Wanted, turns};
use crate::{Problem, Served};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use servanda_backtest::figures::{Bounds, Replay, Stopped, replay_within};
use servanda_backtest::json::{self, BacktestJson};
use servanda_backtest::lab::{CaseJson, KnobJson, cases, knobs};
use servanda_backtest::vary::{self, Sweep};
use servanda_backtest::{Backtest, Knowledge, Past, Refusal, against, html};
use servanda_model::agreement::Moment;
use servanda_model::time::HOUR;
use servanda_model::{Agreement, Instant, Name, Places, Question, Record};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// What the engine's state of one replay may take, in bytes as it estimates them.
const MEMORY: u64 = 400 << 20;
/// Records of a history at most.
const MOST_RECORDS: usize = 250_000;
/// Cases that are listed.
const MOST_CASES: usize = 3_000;
/// Variants that are replayed, and those that are counted without a replay.
const MOST_VARIANTS: (usize, usize) = (25, 2_000);
/// A delay in hours at most: a year.
const LONGEST_DELAY: u32 = 8_784;

const EXERCISE: &str = include_str!("../../../../examples/berlin-framework/berlin-framework.pact.md");
const LINE: &[u8] = include_bytes!("../../../../examples/berlin-framework/zones/contact-line.geojson");
/// The exercise's file of shapes, as its agreement names it.
const LINE_NAME: &str = "zones/contact-line.geojson";
/// The seed of the demo.
const SEED: u64 = 5;

/// What the lab is asked.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The draft; nothing: the agreement in force, or the exercise's where its history is asked for.
    #[serde(default)]
    draft: Option<String>,
    /// Another draft beside it: its text, or `"in-force"` for the agreement in force.
    #[serde(default)]
    other: Option<String>,
    #[serde(default)]
    history: History,
    #[serde(default)]
    known: Known,
    /// As it happened: known so many hours later.
    #[serde(default)]
    delay_hours: u32,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    /// Take the draft as in force from then on, whatever it says.
    #[serde(default)]
    in_force: String,
    /// Only what stands at the end, without the way there: much faster.
    #[serde(default)]
    quick: bool,
    /// `NAME=VALUE`: knobs that are set.
    #[serde(default)]
    set: Vec<String>,
    /// `NAME=a..b:step`: knobs that are varied.
    #[serde(default)]
    vary: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum History {
    #[default]
    Workspace,
    Exercise,
}

#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Known {
    AsRecorded,
    #[default]
    AsItHappened,
}

/// The document `lab/1`.
#[derive(Serialize)]
pub(super) struct LabJson {
    servanda: &'static str,
    history: &'static str,
    /// Only what stands at the end was computed: no time to a verdict, no revision, no moment of deciding.
    quick: bool,
    backtest: BacktestJson,
    knobs: Vec<KnobJson>,
    cases: Vec<CaseJson>,
    cases_left_out: usize,
    /// Zones and places of the draft that have no shape here.
    without_shape: Vec<String>,
}

/// Variants alone.
#[derive(Serialize)]
pub(super) struct VariantsJson {
    servanda: &'static str,
    quick: bool,
    backtest: BacktestJson,
}

struct Exercise {
    places: Places,
    records: Arc<Vec<Record>>,
}

/// The exercise of the demo: made once, the same for everybody.
fn exercise() -> &'static Exercise {
    static MADE: OnceLock<Exercise> = OnceLock::new();
    MADE.get_or_init(|| {
        let settings = servanda_exercise::Settings { seed: SEED, ..servanda_exercise::Settings::default() };
        let records = servanda_exercise::generate(&settings).records;
        let agreement = servanda_lang::check(EXERCISE).agreement;
        let files = [(LINE_NAME.to_string(), LINE.to_vec())].into();
        let (places, _) = servanda_evidence::zones::places(&agreement, &files, &records);
        Exercise { places, records: Arc::new(records) }
    })
}

fn refused(refusal: Refusal) -> Problem {
    // What to type at a command line helps nobody here.
    let help = if refusal.help.contains("--") { String::new() } else { format!("; {}", refusal.help) };
    Problem::bad("not-replayable", format!("{}{help}", refusal.message))
}

fn stopped(stopped: Stopped) -> Problem {
    match stopped {
        Stopped::Unwanted => turns::gone(),
        Stopped::OutOfRoom => Problem::with(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too-much",
            "the replay takes more memory than it is given here; choose a shorter time, or use `servanda backtest`",
        ),
    }
}

/// A draft on the bench, with its history and the knobs as they are set.
struct Bench {
    agreement: Agreement,
    readings: BTreeMap<Name, Name>,
    places: Places,
    past: Past,
    without_shape: Vec<String>,
    quick: bool,
}

/// A draft with its readings, in force as asked.
fn draft(
    asked: &Asked,
    text: &str,
    question: &Question,
) -> Result<(Agreement, BTreeMap<Name, Name>), Problem> {
    let mut agreement = sound(text)?.agreement;
    if let Some(at) = moment(&asked.in_force, &agreement, false)? {
        agreement.in_force = Some(Moment::Instant(at));
        agreement.signed = Some(agreement.calendar.date(at));
    }
    let readings = own_readings(&agreement, question);
    Ok((agreement, readings))
}

fn moment(text: &str, agreement: &Agreement, is_end: bool) -> Result<Option<Instant>, Problem> {
    match text.trim() {
        "" => Ok(None),
        text => {
            servanda_lang::literal::instant(text, &agreement.calendar, is_end).map(Some).map_err(|wrong| {
                Problem::bad("bad-time", format!("`{text}`: {}; {}", wrong.message, wrong.remedy))
            })
        }
    }
}

fn text_asked<'t>(asked: &'t Asked, served: &'t Served) -> &'t str {
    match (&asked.draft, asked.history) {
        (Some(text), _) => text,
        (None, History::Workspace) => super::text_of(served),
        (None, History::Exercise) => EXERCISE,
    }
}

fn bench(asked: &Asked, served: &Served, question: &Question) -> Result<Bench, Problem> {
    let (mut agreement, mut readings) = draft(asked, text_asked(asked, served), question)?;
    let set = vary::varied(&agreement, &asked.set).map_err(refused)?;
    if let Some(several) = set.iter().find(|v| v.values.len() != 1) {
        let message = format!("`{}` is to be set to one value", several.knob.name);
        return Err(Problem::bad("not-replayable", message));
    }
    let changed = vary::apply(&agreement, &readings, &set, &vec![0; set.len()]);
    (agreement, readings) = changed;
    let matter = served.known.matter();
    let (records, base) = match asked.history {
        History::Workspace => {
            let own = matter.records.iter().map(|record| (**record).clone()).collect();
            (Arc::new(own), &*matter.places)
        }
        History::Exercise => (exercise().records.clone(), &exercise().places),
    };
    let (places, without_shape) = places_for(&agreement, base);
    if records.len() > MOST_RECORDS {
        let message = format!(
            "the history has {} records; at most {MOST_RECORDS} are replayed here: use `servanda backtest`",
            records.len()
        );
        return Err(Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "too-much", message));
    }
    let knowledge = match asked.known {
        Known::AsRecorded => Knowledge::AsRecorded,
        Known::AsItHappened if asked.delay_hours <= LONGEST_DELAY => {
            Knowledge::AsItHappened(i64::from(asked.delay_hours) * HOUR)
        }
        Known::AsItHappened => {
            let message = format!("a delay has at most {LONGEST_DELAY} hours");
            return Err(Problem::bad("not-replayable", message));
        }
    };
    let from = moment(&asked.from, &agreement, false)?;
    let to = moment(&asked.to, &agreement, true)?;
    let past = match asked.history {
        History::Exercise => Past::of(&agreement, &records, knowledge, from, to, Vec::new()),
        History::Workspace => {
            // Nothing that was recorded later than the moment of knowledge, and nothing after the moment spoken of.
            let all_known = records.iter().all(|r| r.recorded <= question.known_at);
            let known: Vec<Record>;
            let records: &[Record] = match all_known {
                true => &records,
                false => {
                    known = records.iter().filter(|r| r.recorded <= question.known_at).cloned().collect();
                    &known
                }
            };
            let to = Some(to.map_or(question.at, |to| to.min(question.at)));
            Past::of(&agreement, records, knowledge, from, to, Vec::new())
        }
    };
    Ok(Bench { agreement, readings, places, past: past.map_err(refused)?, without_shape, quick: asked.quick })
}

impl Bench {
    fn replayed(&self, wanted: &Wanted) -> Result<Replay, Problem> {
        let go_on = || wanted.is_wanted();
        let bounds = Bounds { go_on: &go_on, memory: MEMORY, at_end_only: self.quick };
        replay_within(&self.agreement, &self.places, &self.past, &self.readings, &bounds).map_err(stopped)
    }

    fn swept(&self, asked: &Asked, wanted: &Wanted) -> Result<Option<Sweep>, Problem> {
        if asked.vary.is_empty() {
            return Ok(None);
        }
        let varied = vary::varied(&self.agreement, &asked.vary).map_err(refused)?;
        let go_on = || wanted.is_wanted();
        let bounds = Bounds { go_on: &go_on, memory: MEMORY, at_end_only: self.quick };
        let on = (&self.agreement, &self.places);
        let sweep = vary::sweep_within(on, &self.past, &self.readings, varied, MOST_VARIANTS, &bounds);
        sweep.map_err(stopped)?.map_err(refused).map(Some)
    }

    /// With the other draft beside it, where one is named.
    fn found(
        &self,
        asked: &Asked,
        served: &Served,
        question: &Question,
        wanted: &Wanted,
    ) -> Result<Backtest<'_>, Problem> {
        let replay = self.replayed(wanted)?;
        let compared = match asked.other.as_deref() {
            // From when on two drafts differ is told by their change logs.
            _ if self.quick => None,
            None => None,
            Some(other) => {
                let text = match (other, asked.history) {
                    ("in-force", History::Workspace) => super::text_of(served),
                    ("in-force", History::Exercise) => EXERCISE,
                    (text, _) => text,
                };
                let (other, readings) = draft(asked, text, question)?;
                let beside = Bench {
                    places: places_for(&other, &self.places).0,
                    agreement: other,
                    readings,
                    past: self.past.clone(),
                    without_shape: Vec::new(),
                    quick: asked.quick,
                };
                let theirs = beside.replayed(wanted)?;
                Some(against::compare((&self.agreement, &replay), (&beside.agreement, theirs)))
            }
        };
        Ok(Backtest {
            agreement: &self.agreement,
            places: &self.places,
            past: &self.past,
            replay,
            scored: None,
            sweep: self.swept(asked, wanted)?,
            compared,
        })
    }
}

fn question(served: &Served, query: &str) -> Result<Question, Problem> {
    let asked = crate::asked::asked(query, &served.agreement, &served.asked_by_default, &[])?;
    let mut question = asked.question;
    // Whoever follows is asked about what it knows now.
    let complete_to = served.known.matter().complete_to;
    if question == served.asked_by_default && complete_to > question.known_at {
        question.at = complete_to;
        question.known_at = complete_to;
    }
    Ok(question)
}

/// Figures, cases and knobs.
pub(super) fn replay(
    asked: &Asked,
    served: &Served,
    query: &str,
    wanted: &Wanted,
) -> Result<LabJson, Problem> {
    let question = question(served, query)?;
    let bench = bench(asked, served, &question)?;
    let found = bench.found(asked, served, &question, wanted)?;
    let (cases, cases_left_out) = cases(&bench.agreement, &found.replay.instances, MOST_CASES);
    Ok(LabJson {
        servanda: "lab/1",
        history: match asked.history {
            History::Workspace => "workspace",
            History::Exercise => "exercise",
        },
        quick: asked.quick,
        backtest: json::backtest(&found),
        knobs: knobs(&bench.agreement),
        cases,
        cases_left_out,
        without_shape: bench.without_shape.clone(),
    })
}

/// Variants, without a replay of the draft as it stands.
pub(super) fn vary(
    asked: &Asked,
    served: &Served,
    query: &str,
    wanted: &Wanted,
) -> Result<VariantsJson, Problem> {
    let question = question(served, query)?;
    let bench = bench(asked, served, &question)?;
    let Some(sweep) = bench.swept(asked, wanted)? else {
        return Err(Problem::bad(
            "not-replayable",
            "say what is to be varied: `vary`, a list of `NAME=a..b:step`",
        ));
    };
    let found = Backtest {
        agreement: &bench.agreement,
        places: &bench.places,
        past: &bench.past,
        replay: Replay::none(&bench.past, &bench.readings),
        scored: None,
        sweep: Some(sweep),
        compared: None,
    };
    Ok(VariantsJson { servanda: "lab-variants/1", quick: asked.quick, backtest: json::backtest(&found) })
}

/// The whole back-test as one file.
pub(super) fn page(
    asked: Asked,
    served: &Arc<Served>,
    query: &str,
    wanted: &Wanted,
) -> Result<Vec<u8>, Problem> {
    let question = question(served, query)?;
    let bench = bench(&Asked { quick: false, ..asked.clone() }, served, &question)?;
    Ok(html::page(&bench.found(&asked, served, &question, wanted)?).into_bytes())
}
