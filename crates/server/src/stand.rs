//! Where there are many records: what holds now as it was last made whole, for all who ask, and its making while it grows.
//!
//! A stand is the board of one moment with the records that were there, and the documents made of both. Up to [`MANY`] records there is
//! none: whoever asks about now waits for what came a moment ago, which takes less time than to tell of it. Beyond that everybody who asks
//! about now is shown the last stand, at once, and each document says of which moment it speaks. Once something comes, the next stand is
//! made behind it, with the documents that were asked of the last ones; then it takes the place of the last, and open pages are told.
//!
//! What it deliberately does not do: answer about other moments than now, or make anything of which nobody asked lately.
//!
//! Invariants
//! - all documents of a stand are made of the same board and records, and are what would be made of them from nothing;
//! - a stand is at most as old as it takes to make two: the one under way when something came, and the one that has it;
//! - nobody who asks waits for what is made for others: audiences take turns, in the order in which they have something to make;
//! - open pages are told of a record when it can be shown, and not before;
//! - where no document is asked for any more, or the making ends by a bug of ours, there is no stand: the next who asks waits for a new one.
//!
//! Where to start reading: [`Stand`], then [`Served::found`], then [`Behind`]. Tests: `tests/stands.rs`.

use crate::asked::Asked;
use crate::kept::Document;
use crate::known::Matter;
use crate::pages::seen::Seen;
use crate::{Problem, Served};
use servanda_model::{Board, Name, Question};
use servanda_report::Sorted;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

/// From so many records on.
pub const MANY: usize = 20_000;
/// A document that was asked of none of so many stands is not made for the next.
const UNASKED: u32 = 12;
/// So many documents are made with each stand at most, those that were asked for last; others when somebody asks.
const MOST_WANTED: usize = 24;
/// It is looked so often whether anybody still serves this.
const LOOK: Duration = Duration::from_secs(5);
/// As for the threads that evaluate.
const STACK: usize = 64 << 20;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What holds at a moment, made whole.
pub(crate) struct Stand {
    pub board: Arc<Board>,
    pub matter: Matter,
    seen: OnceLock<Arc<Seen>>,
    /// Somebody looked at incidents.
    looked: AtomicBool,
}

impl Stand {
    /// What there is to see of incidents. It blocks, for the first who asks.
    pub(crate) fn seen(&self) -> Arc<Seen> {
        self.looked.store(true, Ordering::Relaxed);
        self.made_seen()
    }

    fn made_seen(&self) -> Arc<Seen> {
        let prepare = || Arc::new(Seen::prepared(self.matter.clone(), self.board.clone()));
        self.seen.get_or_init(prepare).clone()
    }

    /// The same, where it is there.
    pub(crate) fn seen_already(&self) -> Option<Arc<Seen>> {
        let seen = self.seen.get().cloned();
        if seen.is_some() {
            self.looked.store(true, Ordering::Relaxed);
        }
        seen
    }

    /// What tells its documents from those of others.
    pub(crate) fn key(&self) -> (&Question, u64, Option<usize>) {
        (&self.board.question, self.matter.turn, Some(self.matter.records.len()))
    }
}

/// What an address asks about: a board, and the stand that it belongs to where it asks about now and there are many records.
pub(crate) struct Found {
    pub board: Arc<Board>,
    pub stand: Option<Arc<Stand>>,
    pub seen: Option<Arc<Seen>>,
}

impl Found {
    pub(crate) fn of(board: Arc<Board>) -> Found {
        Found { board, stand: None, seen: None }
    }

    fn of_stand(stand: Arc<Stand>) -> Found {
        Found { board: stand.board.clone(), stand: Some(stand), seen: None }
    }

    /// The records that it speaks of.
    pub(crate) fn matter(&self, served: &Served) -> Matter {
        self.stand.as_ref().map_or_else(|| served.known.matter(), |stand| stand.matter.clone())
    }

    /// What there is to see of incidents: prepared before, or with the stand.
    pub(crate) fn seen(&self) -> Result<Arc<Seen>, Problem> {
        let of_stand = || self.stand.as_ref().map(|stand| stand.seen());
        self.seen.clone().or_else(of_stand).ok_or_else(|| Problem::bug(&"incidents that nobody prepared"))
    }
}

/// Whoever makes a document.
pub(crate) type Make = dyn Fn(&Arc<Served>, &Found) -> Result<Document, Problem> + Send + Sync;

/// A document that was asked of a stand.
struct Wanted {
    make: Arc<Make>,
    /// Which asking was the last one for it.
    asked: u64,
    /// How many stands were made since somebody asked for it.
    unasked: u32,
}

#[derive(Default)]
struct State {
    last: Option<Arc<Stand>>,
    wanted: BTreeMap<String, Wanted>,
    /// How often anything was asked.
    askings: u64,
    /// Something came that the last stand has not.
    is_old: bool,
    /// Records that open pages were not told of yet, and whether they are to ask for everything.
    untold: Vec<Name>,
    all_untold: bool,
    /// The thread that makes is there.
    makes: bool,
}

/// The last stand of an audience, and what the next one is made of.
pub(crate) struct Behind {
    /// From so many records on.
    pub from: usize,
    state: Mutex<State>,
    wakes: Condvar,
    /// Held by whoever makes the first stand: the others wait for it.
    first: tokio::sync::Mutex<()>,
}

impl Default for Behind {
    fn default() -> Behind {
        let (state, wakes, first) = (Mutex::default(), Condvar::new(), tokio::sync::Mutex::default());
        Behind { from: MANY, state, wakes, first }
    }
}

impl Behind {
    fn last(&self) -> Option<Arc<Stand>> {
        lock(&self.state).last.clone()
    }

    /// Whether there is a stand that has not this record.
    pub(crate) fn lacks(&self, id: &Name) -> bool {
        let last = self.last();
        last.is_some_and(|stand| !stand.matter.records.iter().rev().take(1_000).any(|r| r.id == *id))
    }

    /// Something came. `false` where there is no stand, and whoever listens is to be told at once.
    pub(crate) fn came(&self, ids: &[Name], all: bool) -> bool {
        let mut state = lock(&self.state);
        if state.last.is_none() {
            return false;
        }
        state.is_old = true;
        state.untold.extend(ids.iter().cloned());
        state.all_untold |= all;
        self.wakes.notify_all();
        true
    }

    /// Somebody asks for a document of the stand.
    pub(crate) fn wants(&self, what: &str, make: &Arc<Make>) {
        let mut state = lock(&self.state);
        state.askings += 1;
        let asked = state.askings;
        if let Some(wanted) = state.wanted.get_mut(what) {
            (wanted.unasked, wanted.asked) = (0, asked);
            return;
        }
        if state.wanted.len() >= MOST_WANTED {
            let oldest = state.wanted.iter().min_by_key(|(_, wanted)| wanted.asked);
            let oldest = oldest.map(|(what, _)| what.clone());
            oldest.and_then(|what| state.wanted.remove(&what));
        }
        state.wanted.insert(what.to_string(), Wanted { make: make.clone(), asked, unasked: 0 });
    }
}

impl Served {
    /// What an address asks about; its question is then the board's.
    pub(crate) async fn found(self: &Arc<Self>, asked: &mut Asked) -> Result<Found, Problem> {
        let about_now = self.follower.is_some() && asked.question == self.asked_by_default;
        if !about_now || self.known.reached().1 < self.behind.from {
            return Ok(Found::of(self.board_asked(asked).await?));
        }
        let stand = self.stand().await?;
        asked.question = stand.board.question.clone();
        Ok(Found::of_stand(stand))
    }

    /// The last stand; where there is none, the first.
    async fn stand(self: &Arc<Self>) -> Result<Arc<Stand>, Problem> {
        if let Some(last) = self.behind.last() {
            return Ok(last);
        }
        let _first = self.behind.first.lock().await;
        if let Some(last) = self.behind.last() {
            return Ok(last);
        }
        let served = self.clone();
        let made = tokio::task::spawn_blocking(move || served.made(None));
        let made = made.await.map_err(|e| Problem::bug(&e))??;
        let mut state = lock(&self.behind.state);
        state.last = Some(made.clone());
        // What came while it was made is not in it, and nobody noted that.
        state.is_old = self.known.reached() != (made.board.question.known_at, made.matter.records.len());
        if !state.makes {
            let served = Arc::downgrade(self);
            let thread = std::thread::Builder::new().name("making".into()).stack_size(STACK);
            thread.spawn(move || Making(served).go_on()).map_err(|e| Problem::bug(&e))?;
            state.makes = true;
        }
        self.behind.wakes.notify_all();
        Ok(made)
    }

    /// A stand of all that is known now. It blocks.
    fn made(&self, before: Option<&Stand>) -> Result<Arc<Stand>, Problem> {
        let board = self.board_of_now()?.ok_or_else(|| Problem::bug(&"nobody follows what is to stand"))?;
        let mut matter = self.known.matter();
        let (agreement, records) = (matter.agreement.clone(), matter.records.clone());
        let old = before.filter(|before| before.matter.turn == matter.turn);
        let old = old.and_then(|before| before.matter.sorted.clone());
        let sorted = match old {
            Some(old) => (*old).clone().grown(&agreement, (&*records).into(), &board.question),
            None => Sorted::of(&agreement, (&*records).into(), &board.question),
        };
        matter.sorted = Some(Arc::new(sorted));
        Ok(Arc::new(Stand { board, matter, seen: OnceLock::new(), looked: AtomicBool::new(false) }))
    }

    /// The next stand, with the documents that are wanted of it. `None` where nobody wants any. It blocks.
    fn next_stand(self: &Arc<Self>, before: &Arc<Stand>) -> Result<Option<Arc<Stand>>, Problem> {
        let wanted: Vec<(String, Arc<Make>)> = {
            let mut state = lock(&self.behind.state);
            state.wanted.values_mut().for_each(|wanted| wanted.unasked += 1);
            let is_listened_to = self.told.listeners() > 0;
            state.wanted.retain(|_, wanted| wanted.unasked <= UNASKED);
            if state.wanted.is_empty() && !is_listened_to && !before.looked.load(Ordering::Relaxed) {
                return Ok(None);
            }
            state.wanted.iter().map(|(what, wanted)| (what.clone(), wanted.make.clone())).collect()
        };
        let stand = self.made(Some(before))?;
        if before.looked.load(Ordering::Relaxed) {
            stand.made_seen();
        }
        let found = Found::of_stand(stand.clone());
        for (what, make) in wanted {
            // What cannot be made is told to whoever asks for it.
            if let Ok(document) = make(self, &found) {
                document.pack();
                self.documents.put(what, stand.key(), document);
            }
        }
        Ok(Some(stand))
    }
}

/// The thread that makes one stand after another, for as long as somebody serves it.
struct Making(Weak<Served>);

impl Drop for Making {
    fn drop(&mut self) {
        // Also where it ends by a bug of ours: nobody is shown for ever what stood then.
        if let Some(served) = self.0.upgrade() {
            let mut state = lock(&served.behind.state);
            (state.last, state.makes) = (None, false);
            served.told.tell_all();
        }
    }
}

impl Making {
    fn go_on(self) {
        while let Some(served) = self.0.upgrade() {
            let state = lock(&served.behind.state);
            if !state.is_old || state.last.is_none() {
                drop(served.behind.wakes.wait_timeout(state, LOOK));
                continue;
            }
            drop(state);
            let _turn = Turn::taken();
            let mut state = lock(&served.behind.state);
            let Some(before) = state.last.clone() else { continue };
            let (ids, all) = (std::mem::take(&mut state.untold), std::mem::take(&mut state.all_untold));
            state.is_old = false;
            drop(state);
            let next = served.next_stand(&before).unwrap_or_else(|problem| {
                eprintln!("error: what stands now cannot be made: {problem}");
                None
            });
            let mut state = lock(&served.behind.state);
            if next.is_none() {
                state.wanted.clear();
            }
            state.last = next;
            drop(state);
            served.documents.forget(before.key());
            match all {
                true => served.told.tell_all(),
                false => served.told.tell(&ids),
            }
        }
    }
}

/// Whose turn it is to make a stand: one at a time, in the order in which they came, whichever audience they are of.
struct Turn;

/// The number that the next one draws, and the one whose turn it is.
static TURNS: Mutex<(u64, u64)> = Mutex::new((0, 0));
static TURNED: Condvar = Condvar::new();

impl Turn {
    fn taken() -> Turn {
        let mut turns = lock(&TURNS);
        let own = turns.0;
        turns.0 += 1;
        while turns.1 != own {
            turns = TURNED.wait(turns).unwrap_or_else(PoisonError::into_inner);
        }
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&TURNS).1 += 1;
        TURNED.notify_all();
    }
}
