//! What a verdict is computed on: an agreement, its places, its records and a question, brought together from a workspace
//! or from loose files.
//!
//! Invariants
//! - an agreement with errors gives no verdicts: half an agreement would be another one;
//! - readings, moments and file names that are not understood are refused, never left out;
//! - nothing is written.

use crate::failure::Failure;
use crate::input;
use crate::rulings;
use crate::session::Session;
use crate::source;
use servanda_evidence::codes;
use servanda_evidence::zones::ZoneProblem;
use servanda_lang::closest;
use servanda_lang::diagnostic::{Severity, render};
use servanda_lang::literal;
use servanda_model::agreement::Extent;
use servanda_model::{Agreement, Board, Calendar, Instant, Name, Places, Question, Record};
use servanda_report::View;
use servanda_store::Workspace;
use servanda_store::policy::Viewer;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Which agreement, which records, which moment, which readings.
#[derive(Clone, clap::Args)]
pub struct Matter {
    /// Workspace; without it, the one that the current folder lies in
    #[arg(long, value_name = "DIR", help_heading = "What is asked")]
    pub workspace: Option<PathBuf>,
    /// Agreement in place of the workspace's
    #[arg(long, value_name = "FILE", help_heading = "What is asked")]
    agreement: Option<PathBuf>,
    /// Records in place of the workspace's: JSON Lines as they are, CSV and GeoJSON by --map
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "What is asked")]
    records: Vec<PathBuf>,
    /// Mapping for --records (docs/reference/mapping.md)
    #[arg(long, value_name = "FILE", requires = "records", help_heading = "What is asked")]
    map: Option<PathBuf>,
    /// Moment that the answer speaks of: a date (its end), a time, or `now` [default: now]
    #[arg(long, value_name = "TIME", help_heading = "What is asked")]
    at: Option<String>,
    /// Only what had been recorded by then is known [default: now, or --at where that is later]
    #[arg(long, value_name = "TIME", help_heading = "What is asked")]
    known_at: Option<String>,
    /// Option of a reading; may be given several times
    #[arg(long = "reading", value_name = "NAME=OPTION", help_heading = "What is asked")]
    readings: Vec<String>,
    /// Who computes the verdicts
    #[arg(long, value_enum, default_value_t, value_name = "ENGINE", help_heading = "What is asked")]
    engine: Evaluator,
}

/// Who computes the verdicts. Both answer the same; where they do not, it is our bug.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum Evaluator {
    /// The engine
    #[default]
    Incremental,
    /// The semantics, transcribed: slower, a check
    Reference,
}

impl Evaluator {
    /// The board for a question.
    pub fn evaluate(
        self,
        agreement: &Agreement,
        places: &Places,
        records: &[Record],
        question: &Question,
    ) -> Board {
        match self {
            Evaluator::Incremental => servanda_engine::evaluate(agreement, places, records, question),
            Evaluator::Reference => {
                servanda_engine::reference::evaluate(agreement, places, records, question)
            }
        }
    }

    /// The same, of records that others may hold too.
    pub fn evaluate_of(
        self,
        agreement: &Agreement,
        places: &Places,
        records: &[Arc<Record>],
        question: &Question,
    ) -> Board {
        match self {
            Evaluator::Incremental => servanda_engine::evaluate_of(agreement, places, records, question),
            Evaluator::Reference => {
                let own: Vec<Record> = records.iter().map(|record| (**record).clone()).collect();
                servanda_engine::reference::evaluate(agreement, places, &own, question)
            }
        }
    }
}

/// Everything that an answer is made of.
pub struct Case {
    /// The agreement's text.
    pub text: String,
    /// The agreement.
    pub agreement: Agreement,
    /// Shapes and points.
    pub places: Places,
    /// Records.
    pub records: Vec<Arc<Record>>,
    /// By which rulings they are read.
    pub ruled: rulings::Followed,
    /// Verdicts.
    pub board: Board,
    /// Who computed them.
    pub engine: Evaluator,
    /// Where the agreement lies.
    pub path: PathBuf,
}

/// What is asked of which agreement, before any record is read.
pub struct Asked {
    /// The workspace, where there is one.
    pub workspace: Option<Workspace>,
    /// The agreement's text.
    pub text: String,
    /// The agreement.
    pub agreement: Agreement,
    /// Where the agreement lies.
    pub path: PathBuf,
    /// The question.
    pub question: Question,
}

/// What was read, before anything is computed.
pub struct Heard {
    /// The workspace, where there is one.
    pub workspace: Option<Workspace>,
    /// The agreement's text.
    pub text: String,
    /// The agreement.
    pub agreement: Agreement,
    /// Where the agreement lies.
    pub path: PathBuf,
    /// The question.
    pub question: Question,
    /// Records, as they were entered.
    pub records: Vec<Record>,
}

impl Case {
    /// For the room that words it.
    pub fn view(&self) -> View<'_> {
        let records = (&self.records).into();
        View { agreement: &self.agreement, places: &self.places, records, board: &self.board, sorted: None }
    }

    /// A moment that a person typed; a date means its end.
    pub fn moment(&self, option: &str, text: &str, session: &Session) -> Result<Instant, Failure> {
        moment(option, text, &self.agreement.calendar, session)
    }
}

impl Matter {
    /// Asks about that moment, as known then.
    pub fn stands_at(&mut self, at: Instant) {
        self.at = Some(at.to_string());
        self.known_at = Some(at.to_string());
    }

    /// The same question about another agreement.
    pub fn about(&self, agreement: &Path) -> Matter {
        Matter { agreement: Some(agreement.to_path_buf()), ..self.clone() }
    }

    /// Whether there are records to ask about: some were named, or there is a workspace.
    pub fn has_records(&self) -> bool {
        !self.records.is_empty() || self.workspace.is_some() || Workspace::find(Path::new(".")).is_ok()
    }

    /// For a workspace at a place, with nothing else said.
    pub fn of(workspace: &Path) -> Matter {
        Matter {
            workspace: Some(workspace.to_path_buf()),
            agreement: None,
            records: Vec::new(),
            map: None,
            at: None,
            known_at: None,
            readings: Vec::new(),
            engine: Evaluator::default(),
        }
    }

    /// The workspace that is meant, where one is needed or at hand.
    pub fn workspace(&self) -> Result<Option<Workspace>, Failure> {
        if let Some(root) = &self.workspace {
            return Ok(Some(Workspace::open(root)?));
        }
        match Workspace::find(Path::new(".")) {
            Ok(workspace) => Ok(Some(workspace)),
            Err(error) if error.is_not_found() && self.agreement.is_some() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The workspace whose records are asked about as they stand now; `None` where the case stands still, or speaks of other
    /// records, or is only computed as a check.
    pub fn moving(&self) -> Result<Option<Workspace>, Failure> {
        let still = self.at.is_some() || self.known_at.is_some() || !self.records.is_empty();
        if still || self.engine == Evaluator::Reference {
            return Ok(None);
        }
        let clock = |w: &Workspace| w.settings().clock.clone();
        Ok(self.workspace()?.filter(|w| clock(w).at.is_none() && clock(w).known_at.is_none()))
    }

    /// Whether the moment that the answer speaks of was named.
    pub fn names_a_moment(&self) -> bool {
        self.at.is_some()
    }

    /// Whether it says as known at which moment it asks, by itself or in a workspace's settings.
    pub fn stands_at_a_knowledge(&self, workspace: &Workspace) -> bool {
        self.known_at.is_some() || workspace.settings().clock.known_at.is_some()
    }

    /// Whether it speaks of a workspace's own agreement and records, and of nothing else.
    pub fn is_of_workspace(&self) -> bool {
        self.agreement.is_none() && self.records.is_empty()
    }

    /// Who computes the verdicts.
    pub fn evaluator(&self) -> Evaluator {
        self.engine
    }

    /// Reads everything and asks the engine.
    pub fn load(&self, session: &Session) -> Result<Case, Failure> {
        let Heard { workspace, text, agreement, path, question, mut records } = self.hear(session)?;
        let mut ruled = rulings::Followed::default();
        if let (Some(workspace), true) = (&workspace, self.records.is_empty()) {
            let (store, keeper) = (workspace.store(), Viewer::keeper());
            (records, ruled) = rulings::Followed::counted(&store, &keeper, records, question.known_at)?;
        }
        let places = places(&agreement, &path, &records, session)?;
        let working = session.working(&format!("computing the verdicts on {} records", records.len()));
        let records: Vec<Arc<Record>> = records.into_iter().map(Arc::new).collect();
        let board = self.engine.evaluate_of(&agreement, &places, &records, &question);
        drop(working);
        Ok(Case { text, agreement, places, records, ruled, board, engine: self.engine, path })
    }

    /// The verdicts on the same question if the records were these.
    pub fn board(&self, case: &Case, records: &[Record]) -> Board {
        self.engine.evaluate(&case.agreement, &case.places, records, &case.board.question)
    }

    /// The verdicts on the same question if the agreement and the records were these.
    pub fn board_of(&self, case: &Case, agreement: &Agreement, records: &[Arc<Record>]) -> Board {
        let mut question = case.board.question.clone();
        question.readings.retain(|name, _| agreement.readings.contains_key(name));
        self.engine.evaluate_of(agreement, &case.places, records, &question)
    }

    /// Reads the agreement, and what is asked of it.
    pub fn asked(&self, session: &Session) -> Result<Asked, Failure> {
        let workspace = self.workspace()?;
        let path =
            self.agreement.clone().or(workspace.as_ref().map(Workspace::agreement)).unwrap_or_default();
        let _working = session.working("reading the agreement");
        let (text, agreement) = agreement(&path, session)?;
        let settings = workspace.as_ref().map(Workspace::settings);
        let readings = self.readings(&agreement, settings.map(|s| &s.readings))?;
        let clock = settings.map(|s| s.clock.clone()).unwrap_or_default();
        let at = self.moment("--at", &self.at, &clock.at, &agreement, session)?.unwrap_or(session.now);
        let known_at = self.moment("--known-at", &self.known_at, &clock.known_at, &agreement, session)?;
        let known_at = known_at.unwrap_or(session.now.max(at));
        Ok(Asked { workspace, text, agreement, path, question: Question { at, known_at, readings } })
    }

    /// Reads everything and asks nobody: the records as they were entered, without what was ruled about them.
    pub fn hear(&self, session: &Session) -> Result<Heard, Failure> {
        let Asked { workspace, text, agreement, path, question } = self.asked(session)?;
        let _working = session.working("reading the records");
        let records = match (&workspace, self.records.as_slice()) {
            (Some(workspace), []) => source::entered(workspace)?,
            (None, []) => Vec::new(),
            (_, files) => source::loose(
                files,
                self.map.as_deref(),
                &agreement,
                question.known_at.max(session.now),
                session,
            )?,
        };
        Ok(Heard { workspace, text, agreement, path, question, records })
    }

    fn moment(
        &self,
        option: &str,
        given: &Option<String>,
        setting: &Option<String>,
        agreement: &Agreement,
        session: &Session,
    ) -> Result<Option<Instant>, Failure> {
        match (given, setting) {
            (Some(text), _) => moment(option, text, &agreement.calendar, session).map(Some),
            (None, Some(text)) => {
                moment("[clock] of servanda.toml", text, &agreement.calendar, session).map(Some)
            }
            (None, None) => Ok(None),
        }
    }

    fn readings(
        &self,
        agreement: &Agreement,
        chosen: Option<&BTreeMap<String, String>>,
    ) -> Result<BTreeMap<Name, Name>, Failure> {
        let mut readings = BTreeMap::new();
        for (name, option) in chosen.into_iter().flatten() {
            // A draft on trial may have lost a reading that the workspace chooses.
            if self.agreement.is_none() || agreement.readings.contains_key(name.as_str()) {
                let (name, option) =
                    reading(agreement, name, option).map_err(|f| f.help("it stands in servanda.toml"))?;
                readings.insert(name, option);
            }
        }
        readings.extend(self::chosen(agreement, &self.readings)?);
        Ok(readings)
    }
}

/// Readings chosen on the command line, each `NAME=OPTION`.
pub fn chosen(agreement: &Agreement, asked: &[String]) -> Result<BTreeMap<Name, Name>, Failure> {
    let mut readings = BTreeMap::new();
    for text in asked {
        let Some((name, option)) = text.split_once('=') else {
            return Err(
                Failure::new(format!("`{text}` chooses no reading")).help("write --reading NAME=OPTION")
            );
        };
        let (name, option) = reading(agreement, name.trim(), option.trim())?;
        readings.insert(name, option);
    }
    Ok(readings)
}

/// A reading and one of its options, both as the agreement has them.
fn reading(agreement: &Agreement, name: &str, option: &str) -> Result<(Name, Name), Failure> {
    let missing = |what: String, asked: &str, known: Vec<&str>| {
        let failure = Failure::new(what);
        match closest(asked, known.iter().copied()) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => failure.help("the agreement declares no reading"),
            None => failure.help(format!("there is {}", known.join(", "))),
        }
    };
    let Some(reading) = agreement.readings.get(name) else {
        let known = agreement.readings.keys().map(Name::as_str).collect();
        return Err(missing(format!("the agreement has no reading `{name}`"), name, known));
    };
    if !reading.options.iter().any(|(o, _)| *o == *option) {
        let known = reading.options.iter().map(|(o, _)| o.as_str()).collect();
        return Err(missing(format!("the reading `{name}` has no option `{option}`"), option, known));
    }
    Ok((name.into(), option.into()))
}

/// A moment that a person typed; a date means its end.
pub fn moment(option: &str, text: &str, calendar: &Calendar, session: &Session) -> Result<Instant, Failure> {
    typed(option, text, calendar, true, session)
}

/// A moment that a person typed; a date means its start.
pub fn start(option: &str, text: &str, calendar: &Calendar, session: &Session) -> Result<Instant, Failure> {
    typed(option, text, calendar, false, session)
}

fn typed(
    option: &str,
    text: &str,
    calendar: &Calendar,
    end_of_day: bool,
    session: &Session,
) -> Result<Instant, Failure> {
    if text.trim() == "now" {
        return Ok(session.now);
    }
    literal::instant(text.trim(), calendar, end_of_day)
        .map_err(|wrong| Failure::new(format!("{option} {text}: {}", wrong.message)).help(wrong.remedy))
}

/// An agreement that can be asked, or its errors.
pub fn agreement(path: &Path, session: &Session) -> Result<(String, Agreement), Failure> {
    let text = input::text(path)?;
    let checked = servanda_lang::check(&text);
    let is_error = |d: &&servanda_lang::diagnostic::Diagnostic| d.severity == Severity::Error;
    let errors: Vec<_> = checked.diagnostics.iter().filter(is_error).cloned().collect();
    if errors.is_empty() {
        return Ok((text, checked.agreement));
    }
    session.note(&render(&path.display().to_string(), &text, &errors, session.colour_of_errors));
    let (count, are) = if errors.len() == 1 {
        ("an error".into(), "it")
    } else {
        (format!("{} errors", errors.len()), "them")
    };
    Err(Failure::new(format!("`{}` has {count}, so it gives no verdicts", path.display()))
        .help(format!("mend {are}, then run `servanda check {}`", path.display())))
}

/// Shapes and points for an agreement whose zone files lie beside it.
pub fn places(
    agreement: &Agreement,
    path: &Path,
    records: &[Record],
    session: &Session,
) -> Result<Places, Failure> {
    let (files, wrong) = shapes(agreement, path);
    let (places, problems) = servanda_evidence::zones::places(agreement, &files, records);
    // What an agreement's zone is without a shape would be another agreement; what a record's place is, a doubt.
    if let Some(first) = wrong.first().or(problems.iter().find(|p| !p.zones.is_empty())) {
        return Err(Failure::new(format!("`{}`: {}", path.display(), zone_words(first))).help(&first.remedy));
    }
    for problem in problems {
        session.note(&format!("warning: {}; {}", zone_words(&problem), problem.remedy));
    }
    Ok(places)
}

/// What is wrong with a zone, without the remedy.
fn zone_words(problem: &ZoneProblem) -> String {
    let by = match problem.records {
        0 => String::new(),
        n => format!(" ({n} records name it)"),
    };
    format!("[{}] `{}`{by}: {}", problem.code, problem.name, problem.reason)
}

/// The zone files of an agreement by the names that it gives them, and those that cannot be read.
pub fn shapes(agreement: &Agreement, path: &Path) -> (BTreeMap<String, Vec<u8>>, Vec<ZoneProblem>) {
    let folder = path.parent().unwrap_or(Path::new(""));
    let (mut files, mut wrong) = (BTreeMap::new(), Vec::new());
    for name in shape_files(agreement) {
        // A text must not be able to have files read that lie elsewhere.
        let inside =
            Path::new(&name).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        let read = if inside {
            input::bytes(&folder.join(&name), input::DATA_LIMIT)
        } else {
            Err(Failure::new(format!("the zone file `{name}` lies outside the agreement's folder")))
        };
        match read {
            Ok(bytes) => {
                files.insert(name, bytes);
            }
            Err(failure) => wrong.push(ZoneProblem {
                code: codes::ZONE_FILE,
                name: name.as_str().into(),
                zones: Vec::new(),
                records: 0,
                feature: None,
                reason: failure.message().to_string(),
                remedy: "put the file beside the agreement, and name it from there".to_string(),
            }),
        }
    }
    (files, wrong)
}

/// GeoJSON files that an agreement's zones name.
fn shape_files(agreement: &Agreement) -> Vec<String> {
    fn given(extent: &Extent, found: &mut Vec<String>) {
        match extent {
            Extent::Given(name) if name.as_str().ends_with(".geojson") => found.push(name.to_string()),
            Extent::Given(_) | Extent::Zone(_) | Extent::Strip { .. } | Extent::Disc { .. } => {}
            Extent::Union(parts) => parts.iter().for_each(|part| given(part, found)),
            Extent::Difference(one, other) => {
                given(one, found);
                given(other, found);
            }
        }
    }
    let mut found = Vec::new();
    for case in agreement.zones.values().flat_map(|zone| &zone.cases) {
        given(&case.extent, &mut found);
    }
    found.sort();
    found.dedup();
    found
}
