//! The drafter's desk: what a text that is being written says, and what it would have said of a history.
//!
//! A text comes with each question and goes with its answer: nothing of it is kept, entered or written to a log. What it is compared
//! with, the workspace's agreement and records, is what the audience of the one who asks is served.
//!
//! | address | asks | body and answer |
//! |---|---|---|
//! | `GET /draft`, `GET /lab` | the two pages | – |
//! | `GET /api/draft/text` | the workspace's agreement, as far as the asker may see it | [`text_of`] |
//! | `POST /api/draft/check` | mistakes, findings, outline, read-back | [`desk`] |
//! | `POST /api/draft/at` | what stands at a place, what may be written there | [`desk`] |
//! | `POST /api/draft/format` | the canonical form | [`desk`] |
//! | `POST /api/draft/audit` | the enforceability page | [`desk`] |
//! | `POST /api/draft/changes` | differences from the workspace's agreement | [`desk`] |
//! | `POST /api/lab/replay`, `POST /api/lab/vary`, `POST /api/lab/page` | the text over a history | [`lab`] |
//!
//! What it deliberately does not do: check a text (`lang` does), replay one (`backtest` does), or touch the record.
//!
//! Invariants
//! - texts have bounds, in bytes and in what they declare; questions have turns ([`turns`]), answers have a time; a replay stops when nobody waits for it;
//! - only who is signed in, or the keeper, may have something computed;
//! - what an answer says of records and of the agreement in force is made of what the asker's audience may see.
//!
//! Where to start reading: [`Desk`], then [`asked_of`]. Tests: `tests/drafting.rs`.

mod desk;
mod lab;
mod turns;
mod units;

use crate::front::{Caller, Front, Seen, Who};
use crate::pages::document;
use crate::{Problem, Served, forms};
use axum::extract::{RawQuery, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use servanda_lang::weight::Bounds;
use std::sync::Arc;
use std::time::Duration;
use turns::{Turns, Wanted};

/// Bytes of a text at most. The longest published agreement that we have encoded takes a tenth of it.
pub(crate) const LONGEST_TEXT: usize = 400_000;
/// Bytes of a body: two texts, escaped, and what is asked.
const LONGEST_BODY: usize = 2 * LONGEST_TEXT + 200_000;

/// Turns at the desk and in the lab.
pub(crate) struct Desk {
    /// Texts that are looked at.
    texts: Turns,
    /// Histories that are replayed.
    lab: Turns,
}

impl Default for Desk {
    fn default() -> Desk {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Desk {
            // More than cores: a text that takes long holds the turn of its own reader, and not that of the others.
            texts: Turns::new((2 * cores).clamp(4, 16), Duration::from_secs(10)),
            // Half of the machine is left to those who look at what happens.
            lab: Turns::new((cores / 2).max(1), Duration::from_secs(60)),
        }
    }
}

/// The workspace's agreement as far as this audience may see it: the one place where a drafter's pages get it from.
fn text_of(served: &Served) -> &str {
    &served.text
}

/// Reads what is asked: JSON within bounds. A browser lets no page from elsewhere send that type.
async fn asked_of<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    let (parts, body) = request.into_parts();
    forms::is_json(&parts.headers)?;
    let bytes = forms::body(&parts.headers, body, LONGEST_BODY, || {
        let message = format!(
            "a text has at most {} kB here; `servanda check` takes longer ones",
            LONGEST_TEXT / 1_000
        );
        Problem::with(StatusCode::PAYLOAD_TOO_LARGE, "too-long", message)
    });
    let bytes = bytes.await?;
    serde_json::from_slice(&bytes)
        .map_err(|e| Problem::bad("not-understood", format!("the question cannot be read: {e}")))
}

/// What a text may declare: some ten times what the longest agreement that we have encoded does. Checking compares what is declared with
/// what else is, and cannot be stopped midway.
const BOUNDS: Bounds =
    Bounds { clauses: 1_000, fences: 1_000, declarations: 1_500, lines: 12_000, longest_line: 20_000 };

/// A text within bounds.
fn within(text: &str) -> Result<(), Problem> {
    if text.len() <= LONGEST_TEXT {
        return match BOUNDS.admit(text) {
            Ok(_) => Ok(()),
            Err(excess) => {
                let message = format!("{excess}: `servanda check` takes more");
                Err(Problem::with(StatusCode::PAYLOAD_TOO_LARGE, "too-much", message))
            }
        };
    }
    let message = format!(
        "the text has {} bytes; at most {LONGEST_TEXT} are looked at here: `servanda check` takes longer ones",
        text.len()
    );
    Err(Problem::with(StatusCode::PAYLOAD_TOO_LARGE, "too-long", message))
}

/// Under whose name turns are counted.
fn name_of(caller: &Caller) -> String {
    caller.signed_in.as_ref().map_or_else(String::new, |one| one.name.clone())
}

type Asking = (State<Front>, Who, Seen, RawQuery);

const JSON: &str = "application/json";

/// Reads the body, waits for the turn, works; the answer is of that type.
async fn in_turn<T, F>(
    turns: fn(&Desk) -> &Turns,
    (State(front), Who(caller), Seen(served), RawQuery(query)): Asking,
    request: Request,
    mime: &'static str,
    work: F,
) -> Response
where
    T: DeserializeOwned + Send + 'static,
    F: FnOnce(T, &Arc<Served>, &str, &Wanted) -> Result<Vec<u8>, Problem> + Send + 'static,
{
    let made = async {
        let asked: T = asked_of(request).await?;
        let query = query.unwrap_or_default();
        let work = move |wanted: &Wanted| work(asked, &served, &query, wanted);
        turns(&front.0.desk).run(&name_of(&caller), work).await
    };
    match made.await {
        Ok(body) => ([(header::CONTENT_TYPE, mime)], body).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Asks the desk.
async fn texts<T, F>(asking: Asking, request: Request, work: F) -> Response
where
    T: DeserializeOwned + Send + 'static,
    F: FnOnce(T, &Arc<Served>, &str, &Wanted) -> Result<Vec<u8>, Problem> + Send + 'static,
{
    in_turn(|desk| &desk.texts, asking, request, JSON, work).await
}

pub(crate) async fn text(Seen(served): Seen, RawQuery(query): RawQuery) -> Response {
    let asked =
        crate::asked::asked(&query.unwrap_or_default(), &served.agreement, &served.asked_by_default, &[]);
    match asked.and_then(|asked| document(&desk::head(&served, &asked.question))) {
        Ok(body) => ([(header::CONTENT_TYPE, JSON)], body).into_response(),
        Err(problem) => problem.into_response(),
    }
}

pub(crate) async fn check(asking: Asking, request: Request) -> Response {
    texts(asking, request, |asked, _, _, _| document(&desk::check(&asked)?)).await
}

pub(crate) async fn at(asking: Asking, request: Request) -> Response {
    texts(asking, request, |asked, _, _, _| document(&desk::at(&asked)?)).await
}

pub(crate) async fn format(asking: Asking, request: Request) -> Response {
    texts(asking, request, |asked, _, _, _| document(&desk::format(&asked)?)).await
}

pub(crate) async fn audit(asking: Asking, request: Request) -> Response {
    texts(asking, request, |asked, _, _, _| desk::audit(&asked)).await
}

pub(crate) async fn changes(asking: Asking, request: Request) -> Response {
    let (served, query) = (asking.2.0.clone(), asking.3.0.clone().unwrap_or_default());
    let asked = crate::asked::asked(&query, &served.agreement, &served.asked_by_default, &[]);
    let before = async { served.board_asked(&mut asked?).await }.await;
    let before = match before {
        Ok(before) => before,
        Err(problem) => return problem.into_response(),
    };
    texts(asking, request, move |asked, served, _, wanted| {
        document(&desk::changes(&asked, served, &before, wanted)?)
    })
    .await
}

/// Asks the lab.
async fn in_the_lab<F>(asking: Asking, request: Request, mime: &'static str, work: F) -> Response
where
    F: FnOnce(lab::Asked, &Arc<Served>, &str, &Wanted) -> Result<Vec<u8>, Problem> + Send + 'static,
{
    in_turn(|desk| &desk.lab, asking, request, mime, work).await
}

pub(crate) async fn replay(asking: Asking, request: Request) -> Response {
    in_the_lab(asking, request, JSON, |asked, served, query, wanted| {
        document(&lab::replay(&asked, served, query, wanted)?)
    })
    .await
}

pub(crate) async fn vary(asking: Asking, request: Request) -> Response {
    in_the_lab(asking, request, JSON, |asked, served, query, wanted| {
        document(&lab::vary(&asked, served, query, wanted)?)
    })
    .await
}

pub(crate) async fn page(asking: Asking, request: Request) -> Response {
    let mut response = in_the_lab(asking, request, "text/html; charset=utf-8", lab::page).await;
    if response.status().is_success() {
        let file = header::HeaderValue::from_static("attachment; filename=\"back-test.html\"");
        response.headers_mut().insert(header::CONTENT_DISPOSITION, file);
    }
    response
}
