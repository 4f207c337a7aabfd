//! The pages of incidents: list, record, map with a time brush, access and coverage; their documents, and OGC API Features.
//!
//! What it deliberately does not do: say what an incident is (`evidence` does), decide a verdict (the engine does), or look past what
//! its [`Served`] was given: whoever may see less is served from fewer records, and every count, page and download here follows.
//!
//! | address | gives |
//! |---|---|
//! | `/incidents`, `/incidents/ID`, `/map`, `/access` | the pages |
//! | `/api/incidents`, `.csv`, `.geojson`, `.parquet` | what the filters leave of the list ([`list`]) |
//! | `/api/incidents/ID` | everything on file about one ([`one`]) |
//! | `/api/points` | all places as columns of numbers ([`points`]) |
//! | `/api/access` | restrictions, coverage by hour and zone, and what they do to verdicts ([`access`]) |
//! | `/ogc` | OGC API Features ([`ogc`]) |
//! | `/api/openapi.json` | the description of all of it, as it is checked in |
//!
//! Invariants
//! - every answer is for a question (*at*, *as known at*), like the board's, and names it;
//! - a parameter that is not known is refused;
//! - a list goes on from where it stopped, by a cursor; what comes in meanwhile moves no page, because the links name the question.
//!
//! Where to start reading: [`seen`], then [`asking`], then [`list`]. Tests: `tests/pages.rs`, `tests/ogc.rs`, `tests/openapi.rs`.

mod access;
mod asking;
mod list;
mod ogc;
mod one;
mod points;
pub(crate) mod seen;

use crate::answers::asset;
use crate::asked::{Asked, asked};
use crate::assets::FRAME;
use crate::{Problem, Served};
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use seen::Seen;
use std::sync::Arc;

type From = State<Arc<Served>>;

const JSON: &str = "application/json";
const GEOJSON: &str = "application/geo+json";

/// What all of it can do, for programs: `docs/reference/openapi.json`.
const OPENAPI: &str = include_str!("../../../../docs/reference/openapi.json");

/// The routes.
pub(crate) fn routes() -> Router<Arc<Served>> {
    let page = get(|headers: HeaderMap| async move { asset(&FRAME, &headers) });
    Router::new()
        .route("/incidents", page.clone())
        .route("/incidents/{id}", page.clone())
        .route("/map", page.clone())
        .route("/access", page)
        .route("/api/incidents", get(incidents))
        .route("/api/incidents.csv", get(as_csv))
        .route("/api/incidents.geojson", get(as_geojson))
        .route("/api/incidents.parquet", get(as_parquet))
        .route("/api/incidents/{id}", get(incident))
        .route("/api/points", get(columns))
        .route("/api/access", get(restrictions))
        .route(
            "/api/openapi.json",
            get(|| async { typed("application/vnd.oai.openapi+json;version=3.0", OPENAPI) }),
        )
        .route("/ogc", get(ogc_landing))
        .route("/ogc/", get(ogc_landing))
        .route("/ogc/conformance", get(ogc_conformance))
        .route("/ogc/collections", get(ogc_collections))
        .route("/ogc/collections/{collection}", get(ogc_collection))
        .route("/ogc/collections/{collection}/items", get(ogc_items))
        .route("/ogc/collections/{collection}/items/{id}", get(ogc_item))
}

fn typed(mime: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, mime)], body).into_response()
}

/// Reads the address, looks, and lets `word` make the document on a thread that may block.
async fn answer<F>(
    served: Arc<Served>,
    query: Option<String>,
    allowed: &[&'static str],
    mime: &'static str,
    word: F,
) -> Response
where
    F: FnOnce(&Seen, &Asked) -> Result<Vec<u8>, Problem> + Send + 'static,
{
    let made = async {
        let query = query.unwrap_or_default();
        let mut asked = asked(&query, &served.agreement, &served.asked_by_default, allowed)?;
        let seen = served.seen(&mut asked).await?;
        let work = move || word(&seen, &asked);
        tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))?
    };
    match made.await {
        Ok(body) => typed(mime, body),
        Err(problem) => problem.into_response(),
    }
}

fn document(document: &impl serde::Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(document).map_err(|e| Problem::bug(&e))
}

async fn incidents(State(served): From, RawQuery(query): RawQuery) -> Response {
    answer(served, query, asking::LIST, JSON, |seen, asked| document(&list::document(seen, asked)?)).await
}

/// The file's name is what a browser saves it as.
fn to_save(name: &'static str, mut response: Response) -> Response {
    if response.status().is_success() {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, header::HeaderValue::from_static(name));
    }
    response
}

async fn as_csv(State(served): From, RawQuery(query): RawQuery) -> Response {
    let made = answer(served, query, asking::FILTERS, "text/csv; charset=utf-8", list::csv).await;
    to_save("attachment; filename=\"incidents.csv\"", made)
}

async fn as_geojson(State(served): From, RawQuery(query): RawQuery) -> Response {
    let made = answer(served, query, asking::FILTERS, GEOJSON, |s, a| document(&list::geojson(s, a)?)).await;
    to_save("attachment; filename=\"incidents.geojson\"", made)
}

async fn as_parquet(State(served): From, RawQuery(query): RawQuery) -> Response {
    let made = answer(served, query, asking::FILTERS, "application/vnd.apache.parquet", list::parquet).await;
    to_save("attachment; filename=\"incidents.parquet\"", made)
}

async fn incident(State(served): From, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    answer(served, query, &[], JSON, move |seen, _| document(&one::document(seen, &id)?)).await
}

async fn columns(State(served): From, RawQuery(query): RawQuery) -> Response {
    answer(served, query, &[], "application/vnd.servanda.points", |seen, _| points::columns(seen)).await
}

async fn restrictions(State(served): From, RawQuery(query): RawQuery) -> Response {
    answer(served, query, &["from", "to"], JSON, |seen, asked| document(&access::document(seen, asked)?))
        .await
}

/// Whom the asker calls this server; what stands in front of it says when it is spoken to over TLS.
fn root(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    text("host").map_or(String::new(), |host| format!("{scheme}://{host}"))
}

/// An answer of OGC API Features: its links are whole addresses, because some readers take no others.
async fn ogc_answer<F>(
    served: Arc<Served>,
    headers: &HeaderMap,
    query: Option<String>,
    allowed: &[&'static str],
    mime: &'static str,
    word: F,
) -> Response
where
    F: FnOnce(&Seen, &Asked) -> Result<serde_json::Value, Problem> + Send + 'static,
{
    let root = root(headers);
    let whole = move |seen: &Seen, asked: &Asked| {
        ogc::form(asked)?;
        let mut made = word(seen, asked)?;
        ogc::whole(&mut made, &root);
        document(&made)
    };
    answer(served, query, allowed, mime, whole).await
}

async fn ogc_landing(State(served): From, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    ogc_answer(served, &headers, query, &["f"], JSON, |seen, _| Ok(ogc::landing(seen))).await
}

async fn ogc_conformance(State(served): From, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    ogc_answer(served, &headers, query, &["f"], JSON, |_, _| Ok(ogc::conformance())).await
}

async fn ogc_collections(State(served): From, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    ogc_answer(served, &headers, query, &["f"], JSON, |seen, asked| Ok(ogc::collections(seen, asked))).await
}

async fn ogc_collection(
    State(served): From,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    ogc_answer(served, &headers, query, &["f"], JSON, move |s, a| ogc::collection(s, a, &name)).await
}

async fn ogc_items(
    State(served): From,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    ogc_answer(served, &headers, query, asking::ITEMS, GEOJSON, move |s, a| ogc::items(s, a, &name)).await
}

async fn ogc_item(
    State(served): From,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    ogc_answer(served, &headers, query, &["f"], GEOJSON, move |s, a| ogc::item(s, a, &name, &id)).await
}
