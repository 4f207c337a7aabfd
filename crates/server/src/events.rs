//! News for open pages: a stream of events, each with the identities of records that came in.
//!
//! What it deliberately does not do: carry anything of a record but its identity; the page asks again for what it shows.
//!
//! Invariants
//! - a stream is told of what its own audience may see, and at no other time;
//! - what was told shortly before it began is told again: it may have come between the page and its stream, and neither would have it;
//! - it ends with the sign-in that it was begun with, and when the server stops;
//! - who does not read is not waited for: it is told to ask for everything again.

use crate::Problem;
use crate::front::{Caller, Front, Seen, Who};
use crate::intake::Lines;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use servanda_model::Name;
use servanda_store::Audience;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant as Clock};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

/// A sign of life, and with it a look whether whoever listens is still signed in.
const LIFE: Duration = Duration::from_secs(5);
/// News that wait for one who reads slowly.
const BEHIND: usize = 64;
/// Identities that one event names; of more it says only that there are.
const NAMED: usize = 100;
/// Streams that are open at once.
const MOST: usize = 2_000;

/// A page and its stream lie no further apart: what was told so long before the stream began may be missing on the page.
const APART: Duration = Duration::from_secs(10);
/// Everything is to be asked for again.
const ALL: &str = "event: all\ndata: {}\n\n";

/// Tells what came in to whoever listens.
pub(crate) struct Told {
    listeners: broadcast::Sender<Arc<str>>,
    last: Mutex<Option<Clock>>,
}

impl Default for Told {
    fn default() -> Told {
        Told { listeners: broadcast::channel(BEHIND).0, last: Mutex::default() }
    }
}

impl Told {
    /// Tells that everything is to be asked for again.
    pub(crate) fn tell_all(&self) {
        self.send(ALL.into());
    }

    #[allow(clippy::disallowed_methods, reason = "how long ago something was told, and nothing else")]
    fn send(&self, text: Arc<str>) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Clock::now());
        // Nobody may be listening.
        let _ = self.listeners.send(text);
    }

    /// Begins to listen; and whether anything was told so short a time before that a page may lack it.
    fn begin(&self) -> (broadcast::Receiver<Arc<str>>, bool) {
        let news = self.listeners.subscribe();
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        (news, last.is_some_and(|last| last.elapsed() < APART))
    }

    /// How many listen.
    pub(crate) fn listeners(&self) -> usize {
        self.listeners.receiver_count()
    }

    /// Tells of records.
    pub(crate) fn tell(&self, ids: &[Name]) {
        if ids.is_empty() {
            return;
        }
        let named: Vec<&str> = ids.iter().take(NAMED).map(Name::as_str).collect();
        let data = json!({"servanda": "news/1", "records": named, "more": ids.len() > NAMED});
        self.send(format!("event: records\ndata: {data}\n\n").into());
    }
}

/// How many streams are open.
#[derive(Default)]
pub(crate) struct Open(Arc<AtomicUsize>);

/// One of them.
struct OneOpen(Arc<AtomicUsize>);

impl Drop for OneOpen {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Open {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn one(&self) -> Option<OneOpen> {
        let one = OneOpen(self.0.clone());
        (self.0.fetch_add(1, Ordering::SeqCst) < MOST).then_some(one)
    }
}

/// Whether whoever began the stream is of another audience by now: a label came that they may see.
fn has_another_audience(front: &Front, caller: &Caller, before: Option<&Audience>) -> bool {
    let now = caller.viewer.as_ref().and_then(|viewer| front.0.audiences.audience(viewer).ok());
    now.as_ref() != before
}

/// Whether whoever began the stream may still listen.
async fn is_still_there(front: &Front, caller: &Caller) -> bool {
    match (&caller.signed_in, &caller.token) {
        (Some(_), Some(token)) => match front.0.signed_in.find(token, front.now(), true) {
            Some(one) => front.viewer_of(&one).await.is_ok_and(|viewer| viewer == caller.viewer),
            None => false,
        },
        // The public stays the public; the keeper is asked to sign in when there are accounts.
        _ => match (&front.0.people, caller.is_keeper()) {
            (Some(people), true) => people.accounts(front.now()).await.is_ok_and(|all| all.is_empty()),
            _ => true,
        },
    }
}

pub(crate) async fn events(State(front): State<Front>, Seen(served): Seen, Who(caller): Who) -> Response {
    let Some(open) = front.0.counted.open.one() else {
        let message = "too many pages are open; this one does not follow by itself";
        return Problem::with(StatusCode::SERVICE_UNAVAILABLE, "not-now", message).into_response();
    };
    let audience = caller.viewer.as_ref().and_then(|viewer| front.0.audiences.audience(viewer).ok());
    let (mut news, is_apart) = served.told.begin();
    let (lines, waiting) = mpsc::channel::<Bytes>(4);
    tokio::spawn(async move {
        let _open = open;
        let mut stopping = front.0.stopping.clone();
        let mut text: Arc<str> = format!("retry: 3000\n\n{}", if is_apart { ALL } else { "" }).into();
        // It holds what its audience sees while it listens: so news of it go on.
        let _served = served;
        let mut life = tokio::time::interval(LIFE);
        life.tick().await;
        loop {
            let sent = lines.send(Bytes::copy_from_slice(text.as_bytes()));
            // Who reads nothing for so long has gone.
            if !tokio::time::timeout(2 * LIFE, sent).await.is_ok_and(|sent| sent.is_ok()) {
                return;
            }
            text = tokio::select! {
                heard = news.recv() => match heard {
                    Ok(text) => text,
                    Err(RecvError::Lagged(_)) => ALL.into(),
                    Err(RecvError::Closed) => return,
                },
                // The browser comes back, and is then told of what the other audience may see.
                _ = life.tick() => match has_another_audience(&front, &caller, audience.as_ref()) {
                    true => {
                        let _ = lines.try_send(Bytes::from_static(ALL.as_bytes()));
                        return;
                    }
                    false => ": still here\n\n".into(),
                },
                () = lines.closed() => return,
                _ = stopping.wait_for(|stop| *stop) => return,
            };
            if !is_still_there(&front, &caller).await {
                return;
            }
        }
    });
    let head = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (head, Body::new(Lines(waiting))).into_response()
}
