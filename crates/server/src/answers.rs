//! The answers: which document a route gives. Which routes there are, and for whom, stands in `routes.rs`.

use crate::asked::{Asked, asked};
use crate::assets::{ASSETS, Asset, FRAME, PAGE};
use crate::front::{self, Front, Seen};
use crate::kept::{Document, PACKED};
use crate::pages::document;
use crate::stand::Found;
use crate::{Problem, Served, routes};
use axum::extract::{Path, RawQuery, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use servanda_lang::{Language, readback};
use servanda_report::ics::{self, Feed};
use servanda_report::{Owed, View, json, map, timeline};
use std::sync::{Arc, PoisonError};

/// What every answer carries. `style-src` and `script-src` fall under `default-src`: files of this server, nothing inline.
static HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// All routes of the table, with what answers where there is none.
pub(crate) fn router(front: Front) -> Router {
    routes::all(&front)
        .fallback(|| async {
            Problem::missing("no-such-address", "there is nothing at this address; the page is at `/`")
        })
        .method_not_allowed_fallback(routes::other_method)
        .layer(middleware::from_fn_with_state(front.clone(), front::outer))
        .with_state(front)
}

/// Refuses strangers' host names, and adds the headers that every answer carries.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|h| h.to_str().ok());
    let mut response = if host.is_none_or(is_this_machine) {
        next.run(request).await
    } else {
        Problem::stranger().into_response()
    };
    dress(response.headers_mut());
    response
}

/// Adds the headers that every answer carries.
pub(crate) fn dress(headers: &mut HeaderMap) {
    // A form says itself where its own origin may be named, and somebody's file that it may do nothing at all.
    for (name, value) in &HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The page.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    asset(&PAGE, &headers)
}

/// The frame of the pages of incidents, map and access.
pub(crate) async fn frame(headers: HeaderMap) -> Response {
    asset(&FRAME, &headers)
}

pub(crate) fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name == "127.0.0.1" || name == "::1"
}

pub(crate) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    match ASSETS.iter().find(|a| a.path == path) {
        Some(found) => asset(found, &headers),
        None => Problem::missing("no-such-file", "the page has no such file").into_response(),
    }
}

pub(crate) fn asset(asset: &Asset, headers: &HeaderMap) -> Response {
    let (tag, kept) = asset.ready();
    let fresh = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, "no-cache".to_string())];
    let given = headers.get(header::IF_NONE_MATCH).and_then(|given| given.to_str().ok());
    if given.is_some_and(|given| given.replace(PACKED, "") == tag) {
        return (StatusCode::NOT_MODIFIED, fresh).into_response();
    }
    (fresh, [(header::CONTENT_TYPE, asset.mime)], Extension(kept.clone()), kept.bytes()).into_response()
}

/// Reads the address, asks the engine, and lets `word` make the document, all but the first on a thread that may block; what was made is
/// kept for others of the audience under `name`.
async fn answer<F>(
    name: &'static str,
    served: Arc<Served>,
    query: Option<String>,
    allowed: &[&'static str],
    mime: &'static str,
    word: F,
) -> Response
where
    F: Fn(&View<'_>, &Served, &Asked) -> Result<Vec<u8>, Problem> + Send + Sync + 'static,
{
    let of_view = move |found: &Found, served: &Served, asked: &Asked| {
        word(&found.matter(served).view(&found.board), served, asked)
    };
    answer_of(name, served, query, allowed, mime, of_view).await
}

/// The same, for who words what was found in a way of their own.
async fn answer_of<F>(
    name: &'static str,
    served: Arc<Served>,
    query: Option<String>,
    allowed: &[&'static str],
    mime: &'static str,
    word: F,
) -> Response
where
    F: Fn(&Found, &Served, &Asked) -> Result<Vec<u8>, Problem> + Send + Sync + 'static,
{
    let made = async {
        let query = query.unwrap_or_default();
        let mut asked = asked(&query, &served.agreement, &served.asked_by_default, allowed)?;
        let found = served.found(&mut asked).await?;
        let what = format!("{name} {:?}", asked.rest);
        let work = move |served: &Arc<Served>, found: &Found| {
            let asked = Asked { question: found.board.question.clone(), rest: asked.rest.clone() };
            word(found, served, &asked).map(Document::of)
        };
        served.kept(what, found, Arc::new(work)).await
    };
    match made.await {
        Ok(made) => ([(header::CONTENT_TYPE, mime)], Extension(made.clone()), made.bytes()).into_response(),
        Err(problem) => problem.into_response(),
    }
}

const JSON: &str = "application/json";

pub(crate) async fn board(Seen(served): Seen, RawQuery(query): RawQuery) -> Response {
    answer("board", served, query, &[], JSON, |view, _, _| document(&json::board(view))).await
}

pub(crate) async fn terms(Seen(served): Seen, RawQuery(query): RawQuery) -> Response {
    answer("terms", served, query, &[], JSON, |view, _, _| document(&json::terms(view))).await
}

pub(crate) async fn agreement(Seen(served): Seen, RawQuery(query): RawQuery) -> Response {
    answer("agreement", served, query, &[], JSON, |view, served, _| {
        document(&json::agreement(view, &served.text))
    })
    .await
}

pub(crate) async fn map_document(Seen(served): Seen, RawQuery(query): RawQuery) -> Response {
    let mime = "application/geo+json";
    answer_of("map_document", served, query, &[], mime, |found, served, _| {
        // What does not stand is made for few, and would let go of what does.
        let Some(stand) = &found.stand else {
            return document(&map::map(&found.matter(served).view(&found.board)));
        };
        let turn = stand.matter.turn;
        let mut kept = served.pieces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut pieces = kept.take().filter(|(of, _)| *of == turn).map_or_else(Default::default, |(_, p)| p);
        let made =
            map::map_of(&stand.matter.view(&stand.board), &mut pieces).map_err(|e| Problem::bug(&e))?;
        *kept = Some((turn, pieces));
        drop(kept);
        document(&made)
    })
    .await
}

pub(crate) async fn timeline_document(Seen(served): Seen, RawQuery(query): RawQuery) -> Response {
    answer("timeline_document", served, query, &[], JSON, |view, _, _| document(&timeline::timeline(view)))
        .await
}

pub(crate) async fn card(Seen(served): Seen, RawQuery(query): RawQuery) -> Response {
    let allowed = ["norm", "bearer", "instance", "language"];
    answer("card", served, query, &allowed, JSON, |view, served, asked| {
        let Some(norm) = asked.rest.get("norm") else {
            return Err(Problem::bad("norm-wanted", "say which norm: `norm=NAME`"));
        };
        let part = |name| asked.rest.get(name).map(String::as_str);
        let found = view.find(norm, part("bearer"), part("instance"));
        let verdicts = found.map_err(|e| Problem::missing("no-such-verdict", e.to_string()))?;
        let language = match part("language") {
            None => Language::English,
            Some(code) => Language::of_code(code).ok_or_else(|| {
                Problem::bad(
                    "bad-language",
                    format!("`{code}` is no language of the cards; write `en` or `uk`"),
                )
            })?,
        };
        let cards = match served.explained(&asked.question, &verdicts)? {
            Some(explained) => json::cards_explained(view, &explained),
            None => json::cards(view, &verdicts),
        };
        if language == Language::English {
            return document(&cards);
        }
        let said = |norm: &str| Some(readback::norm_in(language, view.agreement, view.agreement.norm(norm)?));
        document(&cards.with_rules(said))
    })
    .await
}

/// Reads what the ledger is asked.
fn owed(served: &Served, asked: &Asked) -> Result<Owed, Problem> {
    let until = asked.rest.get("until").map(|u| crate::asked::moment(u, &served.agreement.calendar));
    Ok(Owed { party: asked.rest.get("party").cloned(), until: until.transpose()?, all: false })
}

pub(crate) async fn duties(Seen(served): Seen, RawQuery(query): RawQuery) -> Response {
    answer("duties", served, query, &["party", "until"], JSON, |view, served, asked| {
        document(&json::duties(view, &view.duties(&owed(served, asked)?)))
    })
    .await
}

pub(crate) async fn calendar(Seen(served): Seen, RawQuery(query): RawQuery) -> Response {
    answer(
        "calendar",
        served,
        query,
        &["party", "until"],
        "text/calendar; charset=utf-8",
        |view, served, asked| {
            let duties = view.duties(&owed(served, asked)?);
            Ok(ics::calendar(view, &duties, &Feed::default()).into_bytes())
        },
    )
    .await
}
