//! The engine that follows: what comes in is learnt at once, and the board of now is at hand whenever somebody asks.
//!
//! What it deliberately does not do: decide (the engine does), ask the clock what time it is (whoever tells the news says up to
//! when they are complete; it only measures how long it worked), answer questions about other moments (those are evaluated on their own).
//!
//! Invariants
//! - the board of now is what the engine would say if it were asked from nothing;
//! - whoever tells news promises that nothing recorded up to that moment is still to come. Where the promise is broken, as by a
//!   program beside this one that writes what it stamped a moment ago, it is learnt late, and the board is right all the same;
//! - it works half of the time at the most while nobody asks; who asks is answered with all that was told before;
//! - the boards of full five minutes that are kept are what is known of those moments: where something older comes, they go;
//! - where the thread ends by a bug of ours, the next question begins a new one with everything that was told.
//!
//! Where to start reading: [`Follower`]. Tests: `tests/following.rs`.

use servanda_engine::incremental::{Engine, Settings};
use servanda_model::{Agreement, Board, Instant, Name, Places, Question, Record};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant as Clock};

/// What came in, and up to when it is complete.
pub struct News {
    /// New records.
    pub records: Vec<Arc<Record>>,
    /// Shapes and points, where the records name places that were not known before.
    pub places: Option<Places>,
    /// Nothing recorded up to here is still to come.
    pub complete_to: Instant,
}

/// As for the threads that evaluate.
const STACK: usize = 64 << 20;

/// It never rests longer, whatever it had to do.
const REST: Duration = Duration::from_secs(1);

/// What the thread is told.
enum Told {
    News(Vec<Arc<Record>>, Option<Arc<Places>>, Instant),
    /// All records, instead of those that were told before.
    Anew(Vec<Arc<Record>>, Option<Arc<Places>>, Instant),
    /// For the board of now, or of a moment of which it is kept.
    Asked(Asker),
}

/// The question, `None` for now, and where the answer goes: `None` where no board of it is kept.
type Asker = (Option<Question>, Sender<Option<Arc<Board>>>);

/// The boards of full five minutes are kept, the last ones: a report has such a moment as its cut-off, and at the cut-off everybody asks
/// for it.
const MARK: i64 = 5 * 60_000;
const MARKS: usize = 24;

/// Boards of full five minutes, the newest first.
type Marks = VecDeque<(Question, Arc<Board>)>;

/// With what a thread begins.
pub(crate) struct Beginning {
    pub agreement: Arc<Agreement>,
    pub places: Arc<Places>,
    pub records: Arc<Vec<Arc<Record>>>,
    pub readings: BTreeMap<Name, Name>,
    pub complete_to: Instant,
}

/// An engine on a thread of its own.
#[derive(Clone)]
pub(crate) struct Follower {
    thread: Sender<Told>,
}

impl Follower {
    pub(crate) fn begin(beginning: Beginning) -> std::io::Result<Follower> {
        let (tell, told) = channel();
        let thread = std::thread::Builder::new().name("following".into()).stack_size(STACK);
        thread.spawn(move || follow(beginning, &told))?;
        Ok(Follower { thread: tell })
    }

    /// Tells news. `false` where nobody listens any more.
    pub(crate) fn tell(
        &self,
        records: Vec<Arc<Record>>,
        places: Option<Arc<Places>>,
        complete_to: Instant,
    ) -> bool {
        self.thread.send(Told::News(records, places, complete_to)).is_ok()
    }

    /// Tells all records anew. `false` where nobody listens any more.
    pub(crate) fn tell_anew(
        &self,
        records: Vec<Arc<Record>>,
        places: Option<Arc<Places>>,
        complete_to: Instant,
    ) -> bool {
        self.thread.send(Told::Anew(records, places, complete_to)).is_ok()
    }

    /// The board of now; `None` where nobody listens any more. It blocks.
    pub(crate) fn board(&self) -> Option<Arc<Board>> {
        self.ask(None)
    }

    /// The board of a question, where it is one of those that are kept. It blocks.
    pub(crate) fn board_kept(&self, question: &Question) -> Option<Arc<Board>> {
        let is_mark = question.at == question.known_at && question.at.0.rem_euclid(MARK) == 0;
        is_mark.then(|| self.ask(Some(question.clone()))).flatten()
    }

    fn ask(&self, question: Option<Question>) -> Option<Arc<Board>> {
        let (answer, answered) = channel();
        self.thread.send(Told::Asked((question, answer))).ok()?;
        answered.recv().ok()?
    }
}

/// Lets an engine go on, and says how long that took, up to [`REST`].
#[allow(clippy::disallowed_methods, reason = "how long work took says how long to rest, and nothing else")]
fn go_on(
    engine: &mut Engine<'_>,
    complete_to: Instant,
    readings: &BTreeMap<Name, Name>,
    marks: &mut Marks,
) -> Duration {
    let since = Clock::now();
    let mark = Instant(complete_to.0 - complete_to.0.rem_euclid(MARK));
    if mark > engine.frontier() {
        engine.catch_up(mark);
        let then = Question { readings: readings.clone(), ..Question::at(mark) };
        let board = Arc::new(engine.board(&then));
        marks.push_front((then, board));
        marks.truncate(MARKS);
    }
    engine.catch_up(complete_to);
    since.elapsed().min(REST)
}

/// Follows until nobody can tell anything any more.
#[allow(clippy::disallowed_methods, reason = "how long work took says how long to rest, and nothing else")]
fn follow(beginning: Beginning, told: &Receiver<Told>) {
    let Beginning { agreement, mut places, records, readings, mut complete_to } = beginning;
    let mut all: Vec<Arc<Record>> = (*records).clone();
    // Who keeps what is known adds to it in place as soon as nobody else holds it.
    drop(records);
    let mut asked: Vec<Asker> = Vec::new();
    // With other places, or other records, it is another engine.
    loop {
        let settings = Settings { readings: readings.clone(), ..Settings::default() };
        let mut engine = Engine::new(&agreement, &places, settings);
        engine.add(std::mem::take(&mut all));
        let mut marks = Marks::new();
        let mut worked = go_on(&mut engine, complete_to, &readings, &mut marks);
        let mut board: Option<Arc<Board>> = None;
        let (other_places, other_records) = loop {
            // Who asked when another engine had to be made is answered by that one.
            let mut heard = match asked.is_empty() {
                false => None,
                true => match told.recv() {
                    Ok(heard) => Some(heard),
                    Err(_) => return,
                },
            };
            // All that waits is learnt before the engine goes on once, and before anybody is answered.
            let (mut other, mut anew) = (None, None::<Vec<Arc<Record>>>);
            while let Some(one) = heard {
                match one {
                    Told::News(new, shapes, to) => {
                        match &mut anew {
                            Some(all) => all.extend(new),
                            None => {
                                // What was kept of later moments was said without these.
                                if let Some(first) = engine.add_behind(new) {
                                    marks.retain(|(then, _)| then.known_at < first);
                                }
                            }
                        }
                        complete_to = complete_to.max(to);
                        board = None;
                        other = shapes.or(other);
                    }
                    Told::Anew(records, shapes, to) => {
                        anew = Some(records);
                        complete_to = complete_to.max(to);
                        other = shapes.or(other);
                    }
                    Told::Asked(answer) => asked.push(answer),
                }
                heard = told.try_recv().ok();
                // Nobody asks yet: it rests as long as it worked, and what comes meanwhile is learnt in the same step.
                while heard.is_none() && asked.is_empty() && !worked.is_zero() {
                    let since = Clock::now();
                    heard = told.recv_timeout(worked).ok();
                    worked = worked.saturating_sub(since.elapsed());
                    if heard.is_none() {
                        break;
                    }
                }
            }
            if other.is_some() || anew.is_some() {
                break (other, anew);
            }
            worked = go_on(&mut engine, complete_to, &readings, &mut marks);
            for (question, answer) in asked.drain(..) {
                let told = match question {
                    Some(then) => marks.iter().find(|(of, _)| *of == then).map(|(_, board)| board.clone()),
                    None => {
                        let now = || Question { readings: readings.clone(), ..Question::at(complete_to) };
                        Some(board.get_or_insert_with(|| Arc::new(engine.board(&now()))).clone())
                    }
                };
                // Whoever asked may have gone away.
                drop(answer.send(told));
            }
        };
        all = other_records.unwrap_or_else(|| engine.shared().collect());
        drop(engine);
        places = other_places.unwrap_or(places);
    }
}
