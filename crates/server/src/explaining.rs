//! Explanations, on a thread of their own that keeps what it learnt about the last questions.
//!
//! What it deliberately does not do: find them (the engine does) or word them (`report` does). The engine's
//! [`Explainer`] stays on one thread, so requests queue for it; an explanation takes milliseconds, the first of a question
//! as long as the question's board.
//!
//! Invariants
//! - an explanation does not depend on what was explained before;
//! - where the thread ends by a bug of ours, the request that met it fails, and the next one begins a new thread.

use crate::known::Known;
use servanda_engine::explain::Explainer;
use servanda_model::{Explanation, Question, Verdict};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Whoever explains verdicts; `None` where that failed by a bug of ours.
pub type Explain = dyn Fn(&Question, &Verdict) -> Option<Explanation> + Send + Sync;

/// Questions whose explainers are kept: a reader moves back and forth between a few moments.
const KEPT: usize = 4;
/// As for the threads that evaluate.
const STACK: usize = 64 << 20;

/// What is asked, and where the answer goes.
type Asked = (Question, Verdict, Sender<Explanation>);

/// The engine, on its thread.
pub(crate) fn by_the_engine(known: Arc<Known>) -> Box<Explain> {
    let thread: Mutex<Option<Sender<Asked>>> = Mutex::new(None);
    Box::new(move |question, verdict| {
        let (answer, answered) = channel();
        let mut asked = (question.clone(), verdict.clone(), answer);
        let mut thread = thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = thread.as_ref() {
            match there.send(asked) {
                Ok(()) => {
                    drop(thread);
                    return answered.recv().ok();
                }
                Err(refused) => asked = refused.0,
            }
        }
        let (ask, asks) = channel();
        let known = known.clone();
        let begun = std::thread::Builder::new().name("explaining".into()).stack_size(STACK);
        begun.spawn(move || answer_all(&known, &asks)).ok()?;
        ask.send(asked).ok()?;
        *thread = Some(ask);
        drop(thread);
        answered.recv().ok()
    })
}

/// Answers until nobody can ask any more.
fn answer_all(known: &Known, asks: &Receiver<Asked>) {
    let mut next = asks.recv().ok();
    while next.is_some() {
        let matter = known.matter();
        let mut kept: VecDeque<(Question, Explainer<'_>)> = VecDeque::new();
        // What was complete once is complete for ever: only a later question needs what came since.
        while let Some((question, verdict, answer)) =
            next.take_if(|(question, ..)| kept.is_empty() || question.known_at <= matter.complete_to)
        {
            // Of other records than those that it has, an explainer knows nothing.
            if !kept.is_empty() && known.turns() != matter.turn {
                next = Some((question, verdict, answer));
                break;
            }
            let found = kept.iter().position(|(of, _)| *of == question);
            let entry = found.and_then(|i| kept.remove(i)).unwrap_or_else(|| {
                let new =
                    Explainer::of(&matter.agreement, &matter.places, (&*matter.records).into(), &question);
                (question, new)
            });
            // Whoever asked may have gone away; the answer is then for nobody.
            let _ = answer.send(entry.1.explain(&verdict));
            kept.push_front(entry);
            kept.truncate(KEPT);
            next = asks.recv().ok();
        }
    }
}
