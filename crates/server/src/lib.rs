//! The page and its JSON, over HTTP: for whoever sits at this machine, or for people who sign in.
//!
//! What it deliberately does not do: decide a verdict (it is handed the engine), word one (`report` does), read the clock
//! (it is handed in), understand what is sent to it ([`intake`] hands it on), decide who may see what (the store's policy does).
//!
//! Invariants
//! - it listens on the loopback address unless something else is configured, and answers only to names that it knows, so that
//!   no page from elsewhere can read it through a borrowed name;
//! - what somebody is shown is made of what their audience may see, and of nothing else (`audiences.rs`);
//! - there is no route but those of one table, each with who may ask it (`routes.rs`);
//! - nothing is fetched from outside: one content security policy for every answer says so;
//! - the whole state of the page is in its address: moment, moment of knowledge, readings, row;
//! - an error is a status, a stable code and a message for the reader; a bug goes to the log and is a 500;
//! - a question is evaluated once, however many requests ask it at the same time.
//!
//! A witness of a log is served by [`witness`], with a process of its own.
//!
//! Where to start reading: [`Served`], [`router`], then [`asked`]; for several people [`Team`] and `front.rs`. Tests: `tests/routes.rs`,
//! `tests/matrix.rs`, `tests/audiences.rs`.

mod answers;
pub mod asked;
mod assets;
mod attached;
mod audiences;
mod base64url;
mod challenges;
mod doors;
mod drafting;
mod enforceability;
mod entry;
mod events;
mod explaining;
mod feeds;
mod following;
mod forms;
mod front;
mod institution;
pub mod intake;
mod invitation;
mod kept;
mod keys;
mod known;
mod listening;
mod metrics;
mod notices;
mod outside;
mod pace;
mod pages;
pub mod pdf;
mod plans;
mod problem;
mod routes;
mod scan;
mod sheets;
mod signed_in;
mod stand;
mod tls;
mod tries;
mod webauthn;
pub mod witness;

pub use audiences::{Cases, KEPT as AUDIENCES_KEPT};
pub use enforceability::enforceability;
pub use explaining::Explain;
pub use following::News;
pub use front::{Clock, Standing, Team, Viewing, Views};
pub use institution::{Carrier, Institution, SKEW, Said, basic};
pub use intake::Intake;
pub use listening::{HEAD, Limits, Listening};
pub use plans::{Planned, Plans};
pub use problem::Problem;
pub use routes::{ROUTES, Route, Who};
pub use scan::Scanner;
pub use stand::MANY;
pub use tls::Tls;
pub use tokio::sync::watch;

pub use axum::Router;
pub use axum::http::StatusCode;
use following::{Beginning, Follower};
use known::{Known, Matter};
use servanda_model::{Agreement, Board, Explanation, Name, Places, Question, Record, Verdict};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// The engine, as the server sees it.
pub type Evaluate = dyn Fn(&Agreement, &Places, &[Arc<Record>], &Question) -> Board + Send + Sync;

/// What is served: one agreement with its records, and whoever evaluates it.
pub struct Served {
    agreement: Arc<Agreement>,
    text: String,
    known: Arc<Known>,
    asked_by_default: Question,
    evaluate: Box<Evaluate>,
    explain: Option<Box<Explain>>,
    recent: Mutex<Recent>,
    intake: Option<Arc<dyn Intake>>,
    follower: Option<Mutex<Follower>>,
    told: events::Told,
    seen: pages::seen::Kept,
    documents: kept::Documents,
    behind: stand::Behind,
    /// Features of the last map that stood, with the turn of the records that they are of.
    pieces: Mutex<Option<(u64, servanda_report::map::Pieces)>>,
}

/// Who asks about a moment that is only just reached waits for it so long, in milliseconds.
const SOON: i64 = 3_000;
/// How often it is looked whether it is reached.
const LOOK: Duration = Duration::from_millis(100);

/// Questions asked lately, the last one first, each with its board once there is one; with how many records there were, where more may
/// still come that belong to it.
type Recent = VecDeque<((Question, Option<usize>), Arc<OnceCell<Arc<Board>>>)>;

/// Boards that are kept: a reader moves back and forth between a few moments.
const KEPT: usize = 12;

impl Served {
    /// An agreement, its text, its places and records, the question that is asked where the address asks none, and
    /// the engine. A reading that the agreement does not have is not asked for.
    pub fn new(
        agreement: Agreement,
        text: String,
        places: Places,
        records: impl IntoIterator<Item: Into<Arc<Record>>>,
        mut asked_by_default: Question,
        evaluate: Box<Evaluate>,
    ) -> Served {
        asked_by_default.readings.retain(|name, _| agreement.readings.contains_key(name));
        let agreement = Arc::new(agreement);
        let records = records.into_iter().map(Into::into).collect();
        let known = Known::new(agreement.clone(), places, records, asked_by_default.known_at);
        Served {
            agreement,
            text,
            known: Arc::new(known),
            asked_by_default,
            evaluate,
            explain: None,
            recent: Mutex::new(VecDeque::new()),
            intake: None,
            follower: None,
            told: events::Told::default(),
            seen: pages::seen::Kept::default(),
            documents: kept::Documents::default(),
            behind: stand::Behind::default(),
            pieces: Mutex::default(),
        }
    }

    /// Also takes submissions in.
    pub fn taking(self, intake: Arc<dyn Intake>) -> Served {
        Served { intake: Some(intake), ..self }
    }

    /// Follows what is told by [`Served::learn`]: where an address names no moment, it asks about now.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn following(self) -> std::io::Result<Served> {
        let follower = Mutex::new(Follower::begin(self.beginning())?);
        Ok(Served { follower: Some(follower), ..self })
    }

    /// From so many records on, whoever asks about now is shown what was last made whole, and told once there is more: for tests, and for
    /// machines of other strength than ours ([`MANY`] without it).
    pub fn behind_from(mut self, records: usize) -> Served {
        self.behind.from = records;
        self
    }

    fn beginning(&self) -> Beginning {
        let Matter { agreement, places, records, complete_to, .. } = self.known.matter();
        let readings = self.asked_by_default.readings.clone();
        Beginning { agreement, places, records, readings, complete_to }
    }

    /// Takes news in. Whoever does not follow keeps to the moment at which it began.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn learn(&self, news: News) -> std::io::Result<()> {
        let Some(follower) = &self.follower else { return Ok(()) };
        let mut follower = follower.lock().unwrap_or_else(PoisonError::into_inner);
        let News { records, places, complete_to } = news;
        let ids: Vec<Name> = records.iter().map(|record| record.id.clone()).collect();
        if !records.is_empty() {
            self.seen.forget();
        }
        let places = self.known.learn(records.clone(), places, complete_to);
        if !follower.tell(records, places, complete_to) {
            *follower = Follower::begin(self.beginning())?;
        }
        drop(follower);
        if !self.behind.came(&ids, false) {
            self.told.tell(&ids);
        }
        Ok(())
    }

    /// Takes all records anew instead of those that were known: it was ruled which of them speak of one event. Open pages ask for
    /// everything again. Whoever does not follow keeps to the moment at which it began.
    ///
    /// # Errors
    /// Where the system has no thread left.
    pub fn learn_anew(&self, all: News) -> std::io::Result<()> {
        let Some(follower) = &self.follower else { return Ok(()) };
        let mut follower = follower.lock().unwrap_or_else(PoisonError::into_inner);
        let News { records, places, complete_to } = all;
        let places = self.known.replace(records.clone(), places, complete_to);
        // What was said of an earlier moment was said of other records.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if !follower.tell_anew(records, places, complete_to) {
            *follower = Follower::begin(self.beginning())?;
        }
        drop(follower);
        if !self.behind.came(&[], true) {
            self.told.tell_all();
        }
        Ok(())
    }

    /// The board of now, where somebody follows. It blocks, and holds up nobody who has news.
    fn board_of_now(&self) -> Result<Option<Arc<Board>>, Problem> {
        let Some(follower) = &self.follower else { return Ok(None) };
        let locked = || follower.lock().unwrap_or_else(PoisonError::into_inner);
        let there = locked().clone();
        if let Some(board) = there.board() {
            return Ok(Some(board));
        }
        let new = Follower::begin(self.beginning()).map_err(|e| Problem::bug(&e))?;
        *locked() = new.clone();
        new.board().map(Some).ok_or_else(|| Problem::bug(&"the engine that follows ended halfway"))
    }

    /// With cards that explain their verdicts, as the engine finds it. Without it a card has no explanation.
    pub fn explaining(self) -> Served {
        let known = self.known.clone();
        self.explained_by(explaining::by_the_engine(known))
    }

    /// The same, by somebody else.
    pub fn explained_by(self, explain: Box<Explain>) -> Served {
        Served { explain: Some(explain), ..self }
    }

    /// Explanations of verdicts; none where nobody explains. It blocks.
    fn explained<'v>(
        &self,
        question: &Question,
        verdicts: &[&'v Verdict],
    ) -> Result<Option<Vec<(&'v Verdict, Explanation)>>, Problem> {
        let Some(explain) = &self.explain else { return Ok(None) };
        let one = |v: &&'v Verdict| {
            let why = explain(question, v).ok_or_else(|| Problem::bug(&"an explanation ended halfway"));
            Ok((*v, why?))
        };
        verdicts.iter().map(one).collect::<Result<_, _>>().map(Some)
    }

    /// With a board that is at hand already: its question is not evaluated again.
    pub fn knowing(self, board: Board) -> Served {
        let cell = OnceCell::new_with(Some(Arc::new(board.clone())));
        let entry = ((board.question, None), Arc::new(cell));
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).push_front(entry);
        self
    }

    /// The board for a question: kept, under way, or evaluated now on a thread that may block.
    async fn board(self: &Arc<Self>, question: &Question) -> Result<Arc<Board>, Problem> {
        self.wait_for(question).await;
        let cell = self.cell(question);
        let evaluated = cell.get_or_try_init(|| {
            let (served, question) = (self.clone(), question.clone());
            async move {
                let evaluate = move || {
                    if let Some(kept) = served.board_kept(&question) {
                        return kept;
                    }
                    let Matter { agreement, places, records, .. } = served.known.matter();
                    Arc::new((served.evaluate)(&agreement, &places, &records, &question))
                };
                tokio::task::spawn_blocking(evaluate).await.map_err(|e| Problem::bug(&e))
            }
        });
        evaluated.await.cloned()
    }

    /// At the cut-off of a report people ask for it in the second in which it passes.
    async fn wait_for(&self, question: &Question) {
        if self.follower.is_none() {
            return;
        }
        for _ in 0..SOON / LOOK.as_millis() as i64 {
            let ahead = question.at - self.known.reached().0;
            if ahead <= 0 || ahead > SOON {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The board of a moment of which the one who follows keeps it. It blocks.
    fn board_kept(&self, question: &Question) -> Option<Arc<Board>> {
        let follower = self.follower.as_ref()?;
        let there = follower.lock().unwrap_or_else(PoisonError::into_inner).clone();
        there.board_kept(question)
    }

    /// The board that an address asks for; the question is then the board's.
    async fn board_asked(self: &Arc<Self>, asked: &mut asked::Asked) -> Result<Arc<Board>, Problem> {
        if self.follower.is_some() && asked.question == self.asked_by_default {
            let served = self.clone();
            let now = tokio::task::spawn_blocking(move || served.board_of_now());
            if let Some(board) = now.await.map_err(|e| Problem::bug(&e))?? {
                asked.question = board.question.clone();
                return Ok(board);
            }
        }
        self.board(&asked.question).await
    }

    fn cell(&self, question: &Question) -> Arc<OnceCell<Arc<Board>>> {
        let depends = self.follower.as_ref().and_then(|_| self.depends(question));
        let asked = (question.clone(), depends);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let found = recent.iter().position(|(of, _)| *of == asked);
        let entry = found.and_then(|i| recent.remove(i)).unwrap_or_else(|| (asked, Arc::default()));
        let cell = entry.1.clone();
        recent.push_front(entry);
        recent.truncate(KEPT);
        cell
    }
}

/// All routes, for whoever sits at this machine.
pub fn router(served: Arc<Served>) -> Router {
    answers::router(front::Front::open(served))
}

/// All routes, for several people who sign in, each of whom sees what is theirs.
pub fn router_for(team: Team) -> Router {
    answers::router(front::Front::of(team))
}
