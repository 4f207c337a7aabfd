//! `servanda serve [WORKSPACE]`: the page, for this machine only.

use super::Answer;
use crate::failure::Failure;
use crate::intake::Intake;
use crate::matter::{Case, Matter};
use crate::session::Session;
use servanda_evidence::Format;
use servanda_model::{Agreement, Instant, Name, Place, Places, Record};
use servanda_server::{Listening, News, Problem, Router, Served};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

/// Where the page is, unless something else is said.
pub const PORT: u16 = 7400;

#[derive(clap::Args)]
pub struct Arguments {
    /// Workspace; without it, the one that the current folder lies in
    #[arg(value_name = "WORKSPACE", conflicts_with = "workspace")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    matter: Matter,
    /// Port on this machine; 0 takes any that is free [default: 7400, or `[serve] port` of the workspace]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Also take in submissions that a registered key has signed
    #[arg(long)]
    intake: bool,
    /// Also take in documents of sensors and forms that nobody has signed
    #[arg(long)]
    intake_unsigned: bool,
}

pub fn run(arguments: Arguments, session: &Session) -> Result<Answer, Failure> {
    let matter = arguments.matter.within(arguments.folder);
    let settings = matter.workspace()?.map(|workspace| workspace.settings().serve.clone());
    let port = arguments.port.or(settings.and_then(|serve| serve.port)).unwrap_or(PORT);
    let takes = arguments.intake || arguments.intake_unsigned;
    let moving = matter.moving()?;
    let follows = moving.is_some();
    let workspace = match takes {
        true => Some(matter.workspace()?.ok_or_else(|| {
            Failure::new("there is no workspace to take anything into")
                .help("serve a workspace, or leave --intake out")
        })?),
        false => moving,
    };
    let taking = match workspace {
        Some(workspace) => Some(Taking::of(Intake::open(workspace)?, arguments.intake_unsigned)),
        None => None,
    };
    let case = matter.load(session)?;
    serve_and_take(case, port, taking.map(|taking| Door { taking, takes, follows }), session)?;
    Ok(Answer::Yes)
}

/// How often it is looked whether others entered anything.
const LOOK: Duration = Duration::from_secs(1);
/// How often the board of now goes on where nothing was entered, in looks.
const STILL: u32 = 20;

/// What stands between the workspace and the page.
struct Door {
    taking: Taking,
    /// Submissions are taken in.
    takes: bool,
    /// The page shows what is entered, as it comes.
    follows: bool,
}

/// Takes in what comes over HTTP: whoever comes while something is being stored waits, and all who waited are stored together.
struct Taking {
    intake: Mutex<Intake>,
    unsigned: bool,
    waiting: Mutex<Vec<Waiting>>,
    /// Whom to tell what was entered.
    page: OnceLock<Page>,
}

/// Envelopes, and where their answers go.
struct Waiting {
    envelopes: Vec<String>,
    answer: Sender<Result<Vec<serde_json::Value>, Problem>>,
}

/// The page that shows what is entered, and the places that it knows.
struct Page {
    served: Weak<Served>,
    agreement: Agreement,
    shapes: BTreeMap<String, Vec<u8>>,
    known: Mutex<(Places, BTreeSet<Name>)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Page {
    fn of(served: &Arc<Served>, agreement: Agreement, path: &Path, places: Places) -> Page {
        let (shapes, _) = crate::matter::shapes(&agreement, path);
        let known = Mutex::new((places, BTreeSet::new()));
        Page { served: Arc::downgrade(served), agreement, shapes, known }
    }

    fn tell(&self, records: Vec<Record>, complete_to: Instant) {
        let places = self.places(&records);
        if let Some(served) = self.served.upgrade()
            && let Err(error) = served.learn(News { records, places, complete_to })
        {
            eprintln!("error: the page no longer follows: {error}");
        }
    }

    /// All places, where these records name some that nobody named before.
    fn places(&self, records: &[Record]) -> Option<Places> {
        let mut known = lock(&self.known);
        let (places, tried) = &mut *known;
        let mut new = false;
        for record in records {
            if let Some(Place::Named(name)) = &record.place
                && !places.shapes.contains_key(name)
                && !places.points.contains_key(name)
            {
                new |= tried.insert(name.clone());
            }
        }
        if !new {
            return None;
        }
        let (more, _) = servanda_evidence::zones::places(&self.agreement, &self.shapes, records);
        places.shapes.extend(more.shapes);
        places.points.extend(more.points);
        Some(places.clone())
    }
}

impl Taking {
    fn of(intake: Intake, unsigned: bool) -> Taking {
        Taking { intake: Mutex::new(intake), unsigned, waiting: Mutex::default(), page: OnceLock::new() }
    }

    /// Tells the page what was entered.
    fn tell(&self, intake: &mut Intake) -> Result<(), Failure> {
        if let Some(page) = self.page.get() {
            let (records, complete_to) = intake.news(crate::clock::now())?;
            page.tell(records, complete_to);
        }
        Ok(())
    }

    /// Looks once a second for what other processes entered, until nobody serves any more.
    fn look(&self) {
        for looks in 1.. {
            std::thread::sleep(LOOK);
            let Some(page) = self.page.get() else { return };
            if page.served.strong_count() == 0 {
                return;
            }
            let mut intake = lock(&self.intake);
            let told = intake.has_news().and_then(|news| match news || looks % STILL == 0 {
                true => self.tell(&mut intake),
                false => Ok(()),
            });
            drop(intake);
            // A store that is away comes back: the next look sees.
            if let (Err(failure), true) = (told, looks % STILL == 1) {
                eprintln!("{}", failure.shown(false));
            }
        }
    }

    /// Stores what waits, all of it together.
    fn store_what_waits(&self, intake: &mut Intake) {
        let waiting = std::mem::take(&mut *lock(&self.waiting));
        if waiting.is_empty() {
            return;
        }
        let envelopes: Vec<String> = waiting.iter().flat_map(|w| w.envelopes.iter().cloned()).collect();
        let answered = intake.submit(&envelopes, crate::clock::now());
        let mut answers = match answered {
            Ok(answers) => answers,
            Err(failure) => {
                for one in waiting {
                    // Whoever asked may have gone away.
                    let _ = one.answer.send(Err(Problem::unable(failure.message())));
                }
                return;
            }
        }
        .into_iter();
        for one in waiting {
            let own: Vec<_> = answers.by_ref().take(one.envelopes.len()).collect();
            let _ = one.answer.send(Ok(own.iter().map(super::sync::answer).collect()));
        }
    }
}

impl servanda_server::Intake for Taking {
    fn submit(&self, envelopes: Vec<String>) -> Result<Vec<serde_json::Value>, Problem> {
        let (answer, answered) = channel();
        lock(&self.waiting).push(Waiting { envelopes, answer });
        let mut intake = lock(&self.intake);
        // Whoever had its turn before may have stored this already.
        if let Ok(done) = answered.try_recv() {
            return done;
        }
        self.store_what_waits(&mut intake);
        self.tell(&mut intake).map_err(|f| Problem::unable(f.message()))?;
        drop(intake);
        answered.try_recv().unwrap_or_else(|_| Err(Problem::bug(&"a submission was not answered")))
    }

    fn import(&self, format: &str, bytes: Vec<u8>) -> Result<serde_json::Value, Problem> {
        let known = Format::parse(format).filter(|_| self.formats().iter().any(|f| f == format));
        let Some(format) = known else {
            let all = self.formats().join("`, `");
            let message = if all.is_empty() {
                "nothing is taken in unsigned here (`servanda serve --intake-unsigned`)".to_string()
            } else {
                format!("this format is not taken; there is `{all}`")
            };
            return Err(Problem::missing("no-such-format", message));
        };
        let mut intake = lock(&self.intake);
        let mapping = intake.mapping(format).map_err(|f| Problem::unable(f.message()))?;
        let made = intake
            .document(format, &mapping, &format!("http {}", format.word()), &bytes, crate::clock::now())
            .map_err(|f| Problem::unable(f.message()))?;
        self.tell(&mut intake).map_err(|f| Problem::unable(f.message()))?;
        drop(intake);
        let refused: Vec<serde_json::Value> = made
            .refused
            .iter()
            .take(100)
            .map(|r| {
                serde_json::json!({"line": r.line, "code": r.code, "column": r.column, "value": r.value, "reason": r.reason, "remedy": r.remedy})
            })
            .collect();
        Ok(serde_json::json!({
            "servanda": "imported/1", "read": made.read, "made": made.made, "unchanged": made.unchanged,
            "refused": made.refused.len(), "quarantine": made.quarantine, "first_refused": refused,
        }))
    }

    fn formats(&self) -> Vec<String> {
        if !self.unsigned {
            return Vec::new();
        }
        [Format::SensorThings, Format::Cap, Format::Odk, Format::GeoJson]
            .map(|f| f.word().to_string())
            .to_vec()
    }
}

/// Serves a case until somebody stops it.
pub fn serve(case: Case, port: u16, session: &Session) -> Result<(), Failure> {
    serve_and_take(case, port, None, session)
}

fn serve_and_take(case: Case, port: u16, door: Option<Door>, session: &Session) -> Result<(), Failure> {
    let Case { text, agreement, places, records, board, engine, path } = case;
    let evaluate = Box::new(move |a: &_, p: &_, r: &[_], q: &_| engine.evaluate(a, p, r, q));
    let question = board.question.clone();
    let known_at = question.known_at;
    let shown = (agreement.clone(), places.clone());
    let there: BTreeSet<Name> = records.iter().map(|record| record.id.clone()).collect();
    let mut served =
        Served::new(agreement, text, places, records, question, evaluate).knowing(board).explaining();
    let mut following = None;
    if let Some(Door { taking, takes, follows }) = door {
        let taking = Arc::new(taking);
        if takes {
            served = served.taking(taking.clone());
        }
        if follows {
            lock(&taking.intake).follow(known_at, &there)?;
            served = served
                .following()
                .map_err(|e| Failure::new(format!("cannot start the engine that follows: {e}")))?;
            following = Some(taking);
        }
    }
    let served = Arc::new(served);
    if let Some(taking) = following {
        let (agreement, places) = shown;
        // It is set once, here.
        let _ = taking.page.set(Page::of(&served, agreement, &path, places));
        let looking = std::thread::Builder::new().name("looking".into());
        looking
            .spawn(move || taking.look())
            .map_err(|e| Failure::new(format!("cannot start looking for what is entered: {e}")))?;
    }
    answer_until_stopped(servanda_server::router(served), port, "server", "serving", session)
}

/// Answers over HTTP on this machine until Ctrl-C; `doing` is what it says that it does.
pub(crate) fn answer_until_stopped(
    router: Router,
    port: u16,
    what: &str,
    doing: &str,
    session: &Session,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Verdicts are worded and evaluated on these threads.
        .thread_stack_size(64 << 20)
        .build()
        .map_err(|e| Failure::new(format!("cannot start the {what}: {e}")))?;
    runtime.block_on(async {
        let listening = Listening::on(port, router).await.map_err(|e| {
            Failure::new(format!("cannot listen on port {port} of this machine: {e}"))
                .help("another program may have it: choose one with --port, or --port 0 for any that is free")
        })?;
        session.say(&format!("{doing} {} until Ctrl-C\n", listening.url()))?;
        let stop = async {
            // Where the signal cannot be heard, it goes on until the process is ended.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        listening.answer(stop).await.map_err(|e| Failure::new(format!("the {what} stopped: {e}")))
    })
}

impl Matter {
    /// The same, for a workspace that is named without an option.
    fn within(mut self, folder: Option<PathBuf>) -> Matter {
        self.workspace = folder.or(self.workspace);
        self
    }
}
