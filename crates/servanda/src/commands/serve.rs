//! `servanda serve [WORKSPACE]`: the page, for whoever sits at this machine, or for people who sign in.

use super::Answer;
use crate::failure::Failure;
use crate::intake::Intake;
use crate::matter::{Asked, Case, Matter};
use crate::pages::{Besides, Cases, Pages, Shown, ViewsLog, lock};
use crate::serve_settings::{Effective, Line, PORT as DEFAULT_PORT};
use crate::session::Session;
use servanda_evidence::Format;
use servanda_model::{Instant, Name};
use servanda_server::intake::Expected;
use servanda_server::{Limits, Listening, Problem, Router, Scanner, Served, StatusCode, Team, Tls, watch};
use servanda_store::policy::Viewer;
use servanda_store::{Audience, Holder, Store, Workspace, random_bytes};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Where the page is, unless something else is said.
pub const PORT: u16 = DEFAULT_PORT;

#[derive(clap::Args)]
pub struct Arguments {
    /// Workspace; without it, the one that the current folder lies in
    #[arg(value_name = "WORKSPACE", conflicts_with = "workspace")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    matter: Matter,
    #[command(flatten)]
    line: Line,
    /// Also take in submissions that a registered key has signed
    #[arg(long)]
    intake: bool,
    /// Also take in documents of sensors and forms that nobody has signed; not where people sign in
    #[arg(long)]
    intake_unsigned: bool,
}

pub fn run(arguments: Arguments, session: &Session) -> Result<Answer, Failure> {
    let matter = arguments.matter.within(arguments.folder);
    let workspace = matter.workspace()?;
    let own = workspace.as_ref().map(|w| (w.root(), &w.settings().serve));
    let effective = Effective::of(&arguments.line, own, &|name| std::env::var(name).ok())?;
    if arguments.line.print_config {
        session.say(&effective.text())?;
        return Ok(Answer::Yes);
    }
    // Whoever asks about other records than the workspace's sits at this machine and holds their files.
    let team = workspace.filter(|_| matter.is_of_workspace());
    let accounts = match &team {
        Some(workspace) => workspace.store().accounts()?,
        None => Default::default(),
    };
    effective.check(!accounts.is_empty())?;
    let takes = arguments.intake || arguments.intake_unsigned;
    let moving = matter.moving()?;
    let follows = moving.is_some();
    let into = match takes {
        true => Some(matter.workspace()?.ok_or_else(|| {
            Failure::new("there is no workspace to take anything into")
                .help("serve a workspace, or leave --intake out")
        })?),
        false => moving,
    };
    let taking = match into {
        Some(workspace) => {
            let scanner = effective.standing.scan.clone();
            Some(Taking::of(Intake::open(workspace)?, arguments.intake_unsigned, scanner))
        }
        None => None,
    };
    let door = taking.map(|taking| Door { taking: Arc::new(taking), takes, follows });
    let entered = door.as_ref().map(|door| door.taking.store.clone());
    match team {
        None => {
            let served = served_alone(matter.load(session)?, door)?;
            let reach = Reach { address: effective.address, tls: effective.tls()?, tell: None };
            answer(servanda_server::router(served), reach, "server", "serving", session)?;
        }
        Some(workspace) => {
            let is_locked = !accounts.is_empty() || effective.standing.is_public;
            serve_team(&workspace, &matter, effective, door, is_locked, session)?;
        }
    }
    entered.map_or(Ok(()), |store| seal(&store))?;
    Ok(Answer::Yes)
}

/// Serves a workspace: to whoever sits here while it has no accounts, to those who sign in when it has.
fn serve_team(
    workspace: &Workspace,
    matter: &Matter,
    effective: Effective,
    door: Option<Door>,
    is_locked: bool,
    session: &Session,
) -> Result<(), Failure> {
    let tls = effective.tls()?;
    let institution = effective.institution()?;
    let labels = || -> Result<BTreeSet<_>, Failure> {
        Ok(workspace.store().view(&Viewer::keeper()).markings()?.into_iter().collect())
    };
    let follows = door.as_ref().filter(|door| door.follows).map(|door| door.taking.clone());
    let intake = door.as_ref().filter(|door| door.takes).map(|door| door.taking.clone());
    let learns = !matter.stands_at_a_knowledge(workspace);
    let of_cases = |pages: Arc<Pages>, text, agreement, question| Cases {
        learns,
        text,
        agreement,
        question,
        engine: matter.evaluator(),
        pages,
        follows: follows.as_ref().map(|taking| taking.intake.clone()),
    };
    let (cases, keepers) = if is_locked {
        // The keeper sees nothing here, so nothing is computed for the keeper.
        let Asked { text, agreement, path, question, .. } = matter.asked(session)?;
        let pages = Arc::new(Pages::new(workspace.store(), &agreement, &path, labels()?));
        if let Some(taking) = &follows {
            lock(&taking.intake).follow_from(question.known_at);
        }
        (of_cases(pages, text, agreement, question), None)
    } else {
        let case = matter.load(session)?;
        let pages = Arc::new(Pages::new(workspace.store(), &case.agreement, &case.path, labels()?));
        let cases =
            of_cases(pages.clone(), case.text.clone(), case.agreement.clone(), case.board.question.clone());
        let served = served_to_keeper(case, follows.as_deref(), &pages)?;
        (cases, Some(served))
    };
    if let Some(taking) = &follows {
        // It is set once, here.
        let _ = taking.pages.set(cases.pages.clone());
        Taking::look(taking)?;
    }
    let first_code = match is_locked {
        false if effective.address.ip().is_loopback() => Some(new_code()?),
        _ => None,
    };
    let (tell, stopping) = watch::channel(false);
    let views = Arc::new(ViewsLog::of(workspace.store()));
    let accounts = Arc::new(workspace.store());
    let team = Team {
        store: accounts.clone(),
        cases: Arc::new(cases),
        keepers,
        intake: intake.map(|taking| taking as Arc<dyn servanda_server::Intake>),
        plans: Some(Arc::new(crate::plans::Plans::of(workspace)?)),
        standing: effective.standing,
        clock: Box::new(crate::clock::finer),
        views: views.clone(),
        first_code: first_code.clone(),
        institution,
        stopping,
    };
    if let Some(code) = first_code {
        session.note(&format!(
            "note: whoever sits at this machine sees all; to have people sign in instead, open /first-account with the code {code}"
        ));
    }
    let reach = Reach { address: effective.address, tls, tell: Some(tell) };
    answer(servanda_server::router_for(team), reach, "server", "serving", session)?;
    views.settle()?;
    accounts.settle_signings(crate::clock::finer())?;
    seal(&workspace.store())
}

/// What was entered last is in the log's tiles and under its checkpoint when the server is gone.
fn seal(store: &Store) -> Result<(), Failure> {
    store.settle()?;
    Ok(())
}

/// A code that is read from a terminal and typed once: 60 bits.
fn new_code() -> Result<String, Failure> {
    // Without letters and digits that are taken for each other.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = random_bytes::<12>()?;
    let mut code = String::new();
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 && i % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(LETTERS[usize::from(byte % 32)]));
    }
    Ok(code)
}

/// How often it is looked whether others entered anything.
const LOOK: Duration = Duration::from_secs(1);
/// How often a store that is away is spoken of, in looks.
const STILL: u32 = 20;
/// The board of now goes on at each full minute, also where nothing was entered. In milliseconds.
const MINUTE: i64 = 60_000;

/// What stands between the workspace and the page.
struct Door {
    taking: Arc<Taking>,
    /// Submissions are taken in.
    takes: bool,
    /// The page shows what is entered, as it comes.
    follows: bool,
}

/// Takes in what comes over HTTP: whoever comes while something is being stored waits, and all who waited are stored together.
struct Taking {
    intake: Arc<Mutex<Intake>>,
    /// Through what it enters.
    store: Arc<Store>,
    unsigned: bool,
    /// Looks into files before they are taken.
    scanner: Option<Scanner>,
    /// Whom to tell what was entered.
    pages: Arc<OnceLock<Arc<Pages>>>,
    /// To the thread that stores. Who waits for its answer waits in line, and for no lock that others may take first.
    storing: Mutex<Option<Sender<Waiting>>>,
}

/// Envelopes, and where their answers go.
struct Waiting {
    envelopes: Vec<String>,
    answer: Sender<Result<Vec<serde_json::Value>, Problem>>,
}

/// So many envelopes are stored together, or one request's.
const TOGETHER: usize = 2_048;

impl Taking {
    fn of(intake: Intake, unsigned: bool, scanner: Option<Scanner>) -> Taking {
        let store = intake.store();
        store.let_the_log_follow();
        let intake = Arc::new(Mutex::new(intake));
        Taking { intake, store, unsigned, scanner, pages: Arc::default(), storing: Mutex::default() }
    }

    /// Tells each audience what was entered and is for it, and what else there is.
    fn tell(pages: &OnceLock<Arc<Pages>>, intake: &mut Intake, besides: Besides) -> Result<(), Failure> {
        if let Some(pages) = pages.get() {
            let now = crate::clock::finer();
            let (records, _) = intake.news(now)?;
            pages.tell(&records, now, besides);
        }
        Ok(())
    }

    /// Looks once a second for what other processes entered or ruled, and lets the log cover what came, until nobody serves any more.
    fn look(taking: &Arc<Taking>) -> Result<(), Failure> {
        let there = Arc::downgrade(taking);
        let looking = move || {
            let minute = || crate::clock::finer().0.div_euclid(MINUTE);
            let mut told_at = minute();
            for looks in 1_u32.. {
                // At the full minute at once: a report may have it as its cut-off, and people wait for it.
                let left = MINUTE - crate::clock::finer().0.rem_euclid(MINUTE);
                std::thread::sleep(LOOK.min(Duration::from_millis(left.unsigned_abs())));
                let Some(taking) = there.upgrade() else { return };
                let mut intake = lock(&taking.intake);
                let due = taking.pages.get().is_some_and(|pages| pages.is_due(crate::clock::finer()));
                let time = minute() != told_at;
                told_at = minute();
                let told = intake.has_news().and_then(|news| {
                    let rulings = intake.has_rulings()?;
                    match news || time || rulings || due {
                        true => Taking::tell(&taking.pages, &mut intake, Besides { time, rulings }),
                        false => Ok(()),
                    }
                });
                drop(intake);
                // What came since is in the log a second later, also where nothing comes any more.
                let told = told.and_then(|()| match taking.store.is_ahead_of_its_log() {
                    true => seal(&taking.store),
                    false => Ok(()),
                });
                // A store that is away comes back: the next look sees.
                if let (Err(failure), true) = (told, looks % STILL == 1) {
                    eprintln!("{}", failure.shown(false));
                }
            }
        };
        let started = std::thread::Builder::new().name("looking".into()).spawn(looking);
        started.map_err(|e| Failure::new(format!("cannot start looking for what is entered: {e}")))?;
        Ok(())
    }

    /// Begins the thread that stores what waits, for as long as anybody can send it anything.
    fn begin_storing(&self) -> std::io::Result<Sender<Waiting>> {
        let (send, waits) = channel();
        let (intake, pages) = (self.intake.clone(), self.pages.clone());
        let storing = std::thread::Builder::new().name("storing".into());
        storing.spawn(move || {
            while let Ok(first) = waits.recv() {
                let mut all = vec![first];
                let count = |all: &[Waiting]| all.iter().map(|one| one.envelopes.len()).sum::<usize>();
                while count(&all) < TOGETHER
                    && let Ok(next) = waits.try_recv()
                {
                    all.push(next);
                }
                Taking::store_together(&mut lock(&intake), &pages, all);
            }
        })?;
        Ok(send)
    }

    /// Stores all of this together, and answers once the pages know it.
    fn store_together(intake: &mut Intake, pages: &OnceLock<Arc<Pages>>, all: Vec<Waiting>) {
        let envelopes: Vec<String> = all.iter().flat_map(|w| w.envelopes.iter().cloned()).collect();
        let answered = intake.submit(&envelopes, crate::clock::finer());
        let mut answers = match answered {
            Ok(answers) => answers,
            Err(failure) => {
                for one in all {
                    // Whoever asked may have gone away.
                    let _ = one.answer.send(Err(Problem::unable(failure.message())));
                }
                return;
            }
        }
        .into_iter();
        // It is stored, so its receipts hold, whether the pages can be told now or by the next look.
        if let Err(failure) = Taking::tell(pages, intake, Besides::default()) {
            eprintln!("{}", failure.shown(false));
        }
        for one in all {
            let own: Vec<_> = answers.by_ref().take(one.envelopes.len()).collect();
            let _ = one.answer.send(Ok(own.iter().map(super::sync::answer).collect()));
        }
    }
}

impl servanda_server::Intake for Taking {
    fn submit(&self, envelopes: Vec<String>) -> Result<Vec<serde_json::Value>, Problem> {
        let (answer, answered) = channel();
        let waiting = Waiting { envelopes, answer };
        let mut storing = lock(&self.storing);
        // Where the thread ended by a bug of ours, the next who comes begins another.
        let left = match &*storing {
            None => Some(waiting),
            Some(there) => there.send(waiting).err().map(|back| back.0),
        };
        if let Some(waiting) = left {
            let new = self.begin_storing().map_err(|e| Problem::bug(&e))?;
            new.send(waiting).map_err(|e| Problem::bug(&e))?;
            *storing = Some(new);
        }
        drop(storing);
        answered.recv().unwrap_or_else(|_| Err(Problem::bug(&"a submission was not answered")))
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
            .document(format, &mapping, &format!("http {}", format.word()), &bytes, crate::clock::finer())
            .map_err(|f| Problem::unable(f.message()))?;
        Taking::tell(&self.pages, &mut intake, Besides::default())
            .map_err(|f| Problem::unable(f.message()))?;
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

    fn expects(&self, statement: &str) -> Result<Expected, Problem> {
        let delivery = lock(&self.intake).expects(statement).map_err(|refusal| {
            let message = format!("{}; {}", refusal.reason, refusal.remedy);
            Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "not-expected", message)
        })?;
        let length = usize::try_from(delivery.length).unwrap_or(usize::MAX);
        Ok(Expected { submitter: delivery.submitter, hash: delivery.hash, length })
    }

    fn attach(&self, expected: &Expected, bytes: Vec<u8>) -> Result<serde_json::Value, Problem> {
        // Not under the lock of the intake: reports do not wait for films.
        self.scanner.as_ref().map_or(Ok(()), |scanner| scanner.look(&bytes))?;
        let kept = self.store.attach(&bytes);
        let held = kept.and_then(|hash| self.store.hold(Holder::Submitter(&expected.submitter), &hash));
        held.map_err(|error| match error.is_refused() {
            true => Problem::with(StatusCode::PAYLOAD_TOO_LARGE, "too-long", error.to_string()),
            false => Problem::unable(error.to_string()),
        })?;
        Ok(serde_json::json!({"status": "accepted", "sha256": expected.hash}))
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
    answer_until_stopped(
        servanda_server::router(served_alone(case, None)?),
        port,
        "server",
        "serving",
        session,
    )
}

/// What whoever sits at the machine is shown, where nobody can sign in.
fn served_alone(case: Case, door: Option<Door>) -> Result<Arc<Served>, Failure> {
    let Some(Door { taking, takes, follows }) = door else { return Ok(Arc::new(served_of(case))) };
    let store = lock(&taking.intake).to_read();
    let pages = Arc::new(Pages::new(store, &case.agreement, &case.path, BTreeSet::new()));
    let (shown, known_at, there, case) = keepers(case);
    let mut served = served_of(case);
    if takes {
        served = served.taking(taking.clone());
    }
    if !follows {
        return Ok(Arc::new(served));
    }
    lock(&taking.intake).follow(known_at, &there)?;
    let served = Arc::new(following(served)?);
    pages.add(&served, shown);
    // It is set once, here.
    let _ = taking.pages.set(pages);
    Taking::look(&taking)?;
    Ok(served)
}

/// What the keeper is shown, from a case that was computed.
fn served_to_keeper(case: Case, follows: Option<&Taking>, pages: &Pages) -> Result<Arc<Served>, Failure> {
    let Some(taking) = follows else { return Ok(Arc::new(served_of(case))) };
    let (shown, known_at, there, case) = keepers(case);
    lock(&taking.intake).follow(known_at, &there)?;
    let served = Arc::new(following(served_of(case))?);
    pages.add(&served, shown);
    Ok(served)
}

/// What the keeper is shown of a case, up to when, and which records.
fn keepers(mut case: Case) -> (Shown, Instant, BTreeSet<Name>, Case) {
    let known_at = case.board.question.known_at;
    let shown = Shown {
        viewer: Viewer::keeper(),
        audience: Audience::All,
        agreement: Arc::new(case.agreement.clone()),
        places: case.places.clone(),
        latest: known_at,
        ruled: std::mem::take(&mut case.ruled),
    };
    let there = case.records.iter().map(|record| record.id.clone()).collect();
    (shown, known_at, there, case)
}

fn served_of(case: Case) -> Served {
    let Case { text, agreement, places, records, board, engine, .. } = case;
    let evaluate = Box::new(move |a: &_, p: &_, r: &[_], q: &_| engine.evaluate_of(a, p, r, q));
    let question = board.question.clone();
    Served::new(agreement, text, places, records, question, evaluate).knowing(board).explaining()
}

fn following(served: Served) -> Result<Served, Failure> {
    served.following().map_err(|e| Failure::new(format!("cannot start the engine that follows: {e}")))
}

/// Where a server is reached, and whom it tells that it stops.
struct Reach {
    address: SocketAddr,
    tls: Option<Tls>,
    tell: Option<watch::Sender<bool>>,
}

/// Requests that are under way when it is told to stop are waited for so long.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// Answers over HTTP on this machine until it is told to stop; `doing` is what it says that it does.
pub(crate) fn answer_until_stopped(
    router: Router,
    port: u16,
    what: &str,
    doing: &str,
    session: &Session,
) -> Result<(), Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    answer(router, Reach { address, tls: None, tell: None }, what, doing, session)
}

fn answer(
    router: Router,
    Reach { address, tls, tell }: Reach,
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
    let answered = runtime.block_on(async {
        let listening = Listening::at(address, tls, router).await.map_err(|e| {
            let at = match address.ip().is_loopback() {
                true => format!("port {} of this machine", address.port()),
                false => format!("`{address}`"),
            };
            Failure::new(format!("cannot listen on {at}: {e}"))
                .help("another program may have it: choose one with --port, or --port 0 for any that is free")
        })?;
        let listening = listening.within(limits());
        session.say(&format!("{doing} {} until Ctrl-C\n", listening.url()))?;
        let (stopped, mut stops) = watch::channel(false);
        let stop = async move {
            told_to_stop().await;
            // Pages that follow let go, and then the rest can end.
            if let Some(tell) = tell {
                let _ = tell.send(true);
            }
            let _ = stopped.send(true);
        };
        let late = async move {
            if stops.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(LAST_REQUESTS).await;
        };
        tokio::select! {
            ended = listening.answer(stop) => {
                ended.map_err(|e| Failure::new(format!("the {what} stopped: {e}")))
            }
            () = late => Ok(()),
        }
    });
    // What still computes for somebody who has gone is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    answered
}

/// How many connections are held: as the system allows files, where it says how many that are.
fn limits() -> Limits {
    let said = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = said.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse().ok());
    soft.map_or_else(Limits::default, Limits::of)
}

/// Ctrl-C, or the signal by which a system ends its services.
async fn told_to_stop() {
    let by_hand = async {
        // Where the signal cannot be heard, it goes on until the process is ended.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let by_system = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let by_system = std::future::pending::<()>();
    tokio::select! {
        () = by_hand => {}
        () = by_system => {}
    }
}

impl Matter {
    /// The same, for a workspace that is named without an option.
    fn within(mut self, folder: Option<PathBuf>) -> Matter {
        self.workspace = folder.or(self.workspace);
        self
    }
}
