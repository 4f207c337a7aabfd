//! Whose turn it is: what drafters ask costs time, so each has one question of a kind at work, a few more may wait, and of all
//! viewers together only a few are at work.
//!
//! What it deliberately does not do: know what is computed.
//!
//! Invariants
//! - a question whose asker has gone is told to stop, and keeps its place until it has;
//! - an answer is waited for so long and no longer; the place stays taken until the work is done, so nobody gets a second one;
//! - what is kept of viewers is bounded by those that have something at work.
//!
//! Where to start reading: [`Turns::run`].

use crate::Problem;
use axum::http::StatusCode;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Questions of one viewer that are at work or wait.
const EACH: usize = 6;

/// Whether an answer is still wanted.
#[derive(Clone, Default)]
pub(crate) struct Wanted(Arc<AtomicBool>);

impl Wanted {
    pub(crate) fn is_wanted(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// Says so when the asker goes.
struct Going(Wanted);

impl Drop for Going {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

struct Own {
    room: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

/// Turns of one kind of question.
pub(crate) struct Turns {
    all: Arc<Semaphore>,
    own: Mutex<BTreeMap<String, Arc<Own>>>,
    patience: Duration,
}

impl Turns {
    /// So many at work at once; an answer is waited for so long.
    pub(crate) fn new(at_once: usize, patience: Duration) -> Turns {
        Turns { all: Arc::new(Semaphore::new(at_once)), own: Mutex::default(), patience }
    }

    fn own(&self, viewer: &str) -> Arc<Own> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|name, one| name == viewer || Arc::strong_count(one) > 1);
        let new =
            || Arc::new(Own { room: Arc::new(Semaphore::new(EACH)), turn: Arc::new(Semaphore::new(1)) });
        own.entry(viewer.to_string()).or_insert_with(new).clone()
    }

    /// Computes something for a viewer, on a thread that may block, when it is their turn.
    ///
    /// # Errors
    /// What `work` says; `too-many-questions` where too many wait already; `took-too-long`.
    pub(crate) async fn run<T, F>(&self, viewer: &str, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Wanted) -> Result<T, Problem> + Send + 'static,
    {
        let own = self.own(viewer);
        let room = own.room.clone().try_acquire_owned().map_err(|_| {
            let message = "you have asked too much at once; wait for the answers that are under way";
            Problem::with(StatusCode::TOO_MANY_REQUESTS, "too-many-questions", message).retry(1)
        })?;
        let wanted = Wanted::default();
        let going = Going(wanted.clone());
        let at_work = async {
            let turn = own.turn.clone().acquire_owned().await.map_err(|e| Problem::bug(&e))?;
            let place = self.all.clone().acquire_owned().await.map_err(|e| Problem::bug(&e))?;
            let held = (own.clone(), room, turn, place);
            let work = move || {
                let answer = if wanted.is_wanted() { work(&wanted) } else { Err(gone()) };
                drop(held);
                answer
            };
            tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))?
        };
        let answer = tokio::time::timeout(self.patience, at_work).await;
        drop(going);
        answer.unwrap_or_else(|_| {
            let message =
                "this takes too long here; ask for less, or use the command line on a machine of your own";
            Err(Problem::with(StatusCode::SERVICE_UNAVAILABLE, "took-too-long", message).retry(30))
        })
    }
}

/// Nobody waits for it any more.
pub(crate) fn gone() -> Problem {
    Problem::unable("the question was taken back")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[tokio::test(flavor = "multi_thread")]
    async fn each_has_one_at_work_and_few_wait() {
        let turns = Arc::new(Turns::new(8, Duration::from_secs(20)));
        let (at_once, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let ask = |viewer: &'static str| {
            let (turns, at_once, most) = (turns.clone(), at_once.clone(), most.clone());
            tokio::spawn(async move {
                let work = move |_: &Wanted| {
                    most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(60));
                    at_once.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                };
                turns.run(viewer, work).await.map_err(|p| p.code())
            })
        };
        let mut answers = Vec::new();
        for asked in (0..EACH + 3).map(|_| ask("one")) {
            answers.push(asked.await.unwrap());
        }
        assert!(answers.iter().all(Result::is_ok), "one after another");
        let all: Vec<_> = (0..EACH + 3).map(|_| ask("one")).collect();
        let mut refused = 0;
        for asked in all {
            refused += usize::from(asked.await.unwrap() == Err("too-many-questions"));
        }
        assert_eq!(refused, 3);
        assert_eq!(most.load(Ordering::SeqCst), 1, "one at a time");
        let (a, b) = tokio::join!(ask("one"), ask("two"));
        assert_eq!((a.unwrap(), b.unwrap()), (Ok(()), Ok(())));
        assert!(turns.own.lock().unwrap().len() <= 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_goes_away_is_told_to_the_work_and_keeps_its_place_until_it_ends() {
        let turns = Arc::new(Turns::new(1, Duration::from_millis(200)));
        let stopped = Arc::new(AtomicBool::new(false));
        let told = stopped.clone();
        let work = move |wanted: &Wanted| {
            while wanted.is_wanted() {
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(Duration::from_millis(100));
            told.store(true, Ordering::SeqCst);
            Ok(())
        };
        let taken_back = tokio::time::timeout(Duration::from_millis(50), turns.run("one", work)).await;
        assert!(taken_back.is_err());
        let next = turns.run("one", |_| Ok(7)).await.unwrap();
        assert_eq!(next, 7);
        assert!(stopped.load(Ordering::SeqCst), "the next one waited for the end of the first");
        // Too long: the asker is told, and the place is free when the work is.
        let slow = turns.run("one", |wanted| {
            while wanted.is_wanted() {
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(())
        });
        assert_eq!(slow.await.unwrap_err().code(), "took-too-long");
        assert_eq!(turns.run("two", |_| Ok(8)).await.unwrap(), 8);
    }
}
