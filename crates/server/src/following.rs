//! The engine that follows: what comes in is learnt at once, and the board of now is at hand whenever somebody asks.
//!
//! What it deliberately does not do: decide (the engine does), read the clock (whoever tells the news says up to when they
//! are complete), answer questions about other moments (those are evaluated on their own).
//!
//! Invariants
//! - the board of now is what the engine would say if it were asked from nothing;
//! - whoever tells news promises that nothing recorded up to that moment is still to come. Where the promise is broken the
//!   engine begins anew: slower, and right;
//! - where the thread ends by a bug of ours, the next question begins a new one with everything that was told.
//!
//! Where to start reading: [`Follower`]. Tests: `tests/following.rs`.

use servanda_engine::incremental::{Engine, Settings};
use servanda_model::{Agreement, Board, Instant, Name, Places, Question, Record};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// What came in, and up to when it is complete.
pub struct News {
    /// New records.
    pub records: Vec<Record>,
    /// Shapes and points, where the records name places that were not known before.
    pub places: Option<Places>,
    /// Nothing recorded up to here is still to come.
    pub complete_to: Instant,
}

/// As for the threads that evaluate.
const STACK: usize = 64 << 20;

/// What the thread is told.
enum Told {
    News(Vec<Record>, Option<Arc<Places>>, Instant),
    Asked(Sender<Arc<Board>>),
}

/// With what a thread begins.
pub(crate) struct Beginning {
    pub agreement: Arc<Agreement>,
    pub places: Arc<Places>,
    pub records: Arc<Vec<Record>>,
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
        thread.spawn(move || follow(&beginning, &told))?;
        Ok(Follower { thread: tell })
    }

    /// Tells news. `false` where nobody listens any more.
    pub(crate) fn tell(
        &self,
        records: Vec<Record>,
        places: Option<Arc<Places>>,
        complete_to: Instant,
    ) -> bool {
        self.thread.send(Told::News(records, places, complete_to)).is_ok()
    }

    /// The board of now; `None` where nobody listens any more. It blocks.
    pub(crate) fn board(&self) -> Option<Arc<Board>> {
        let (answer, answered) = channel();
        self.thread.send(Told::Asked(answer)).ok()?;
        answered.recv().ok()
    }
}

/// Follows until nobody can tell anything any more.
fn follow(beginning: &Beginning, told: &Receiver<Told>) {
    let Beginning { agreement, readings, .. } = beginning;
    let mut places = beginning.places.clone();
    let mut records: Vec<Record> = (*beginning.records).clone();
    let mut complete_to = beginning.complete_to;
    // With other places it is another engine.
    loop {
        let settings = Settings { readings: readings.clone(), ..Settings::default() };
        let mut engine = Engine::new(agreement, &places, settings);
        engine.add(std::mem::take(&mut records));
        engine.advance(complete_to);
        let mut board = None;
        let other_places = loop {
            let mut heard = match told.recv() {
                Ok(heard) => Some(heard),
                Err(_) => return,
            };
            // All that waits is learnt before the engine goes on once, and before anybody is answered.
            let (mut asked, mut other) = (Vec::new(), None);
            while let Some(one) = heard {
                match one {
                    Told::News(new, shapes, to) => {
                        engine.add(new);
                        complete_to = complete_to.max(to);
                        board = None;
                        other = shapes.or(other);
                    }
                    Told::Asked(answer) => asked.push(answer),
                }
                heard = told.try_recv().ok();
            }
            if other.is_none() {
                engine.advance(complete_to);
            } else {
                board = None;
            }
            if !asked.is_empty() {
                let readings = readings.clone();
                let now = Question { readings, ..Question::at(complete_to) };
                let current = board.get_or_insert_with(|| Arc::new(engine.board(&now))).clone();
                // Whoever asked may have gone away.
                asked.into_iter().for_each(|answer| drop(answer.send(current.clone())));
            }
            if let Some(other) = other {
                records = engine.records().cloned().collect();
                break other;
            }
        };
        drop(engine);
        places = other_places;
    }
}
