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
//! | `/api/inspections`, `.csv` | inspections, restrictions of movement, quotas, and the breaches that they opened ([`inspections`]) |
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
pub(crate) mod inspections;
mod list;
mod ogc;
mod one;
mod points;
pub(crate) mod seen;

use crate::asked::{Asked, asked};
use crate::front::{About, Caller, Seen as Viewed, Who};
use crate::kept::Document;
use crate::stand::Found;
use crate::{Problem, Served};
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use seen::Seen;
use std::collections::BTreeSet;
use std::sync::Arc;

const JSON: &str = "application/json";
const GEOJSON: &str = "application/geo+json";

/// What all of it can do, for programs: `docs/reference/openapi.json`.
const OPENAPI: &str = include_str!("../../../../docs/reference/openapi.json");

/// The description of all routes for programs.
pub(crate) async fn openapi() -> Response {
    typed("application/vnd.oai.openapi+json;version=3.0", OPENAPI)
}

fn typed(mime: &'static str, body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, mime)], body).into_response()
}

/// The body of an answer, and the records that it is about, where it is about single ones.
struct Made {
    body: Vec<u8>,
    about: BTreeSet<String>,
}

impl From<Vec<u8>> for Made {
    fn from(body: Vec<u8>) -> Made {
        Made { body, about: BTreeSet::new() }
    }
}

/// The records of one incident.
fn records_of(seen: &Seen, incident: &str) -> BTreeSet<String> {
    let of = seen.find(incident).into_iter().flat_map(|item| item.records.iter());
    of.map(|r| seen.matter.records[*r as usize].id.to_string()).collect()
}

/// Reads the address, looks, and lets `word` make the document on a thread that may block; what was made is kept for others of the
/// audience under `name`.
async fn answer<F, M>(
    name: String,
    served: Arc<Served>,
    query: Option<String>,
    allowed: &[&'static str],
    mime: &'static str,
    word: F,
) -> Response
where
    F: Fn(&Seen, &Asked) -> Result<M, Problem> + Send + Sync + 'static,
    M: Into<Made>,
{
    let made = async {
        let query = query.unwrap_or_default();
        let mut asked = asked(&query, &served.agreement, &served.asked_by_default, allowed)?;
        let mut found = served.found(&mut asked).await?;
        if found.stand.is_none() {
            found.seen = Some(served.seen_of(&found).await?);
        }
        let what = format!("{name} {:?}", asked.rest);
        let work = move |_: &Arc<Served>, found: &Found| {
            let asked = Asked { question: found.board.question.clone(), rest: asked.rest.clone() };
            let Made { body, about } = word(&*found.seen()?, &asked)?.into();
            Ok(Document::about(body, about))
        };
        served.kept(what, found, Arc::new(work)).await
    };
    match made.await {
        Ok(made) => {
            let mut response = typed(mime, made.bytes());
            response.extensions_mut().insert(About(made.records().clone()));
            response.extensions_mut().insert(made);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

pub(crate) fn document(document: &impl serde::Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(document).map_err(|e| Problem::bug(&e))
}

pub(crate) async fn incidents(Viewed(served): Viewed, RawQuery(query): RawQuery) -> Response {
    answer("incidents".into(), served, query, asking::LIST, JSON, |seen, asked| {
        document(&list::document(seen, asked)?)
    })
    .await
}

/// The file's name is what a browser saves it as.
fn to_save(name: &'static str, mut response: Response) -> Response {
    if response.status().is_success() {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, header::HeaderValue::from_static(name));
    }
    response
}

pub(crate) async fn as_csv(Viewed(served): Viewed, RawQuery(query): RawQuery) -> Response {
    let made =
        answer("as_csv".into(), served, query, asking::FILTERS, "text/csv; charset=utf-8", list::csv).await;
    to_save("attachment; filename=\"incidents.csv\"", made)
}

pub(crate) async fn as_geojson(Viewed(served): Viewed, RawQuery(query): RawQuery) -> Response {
    let made = answer("as_geojson".into(), served, query, asking::FILTERS, GEOJSON, |s, a| {
        document(&list::geojson(s, a)?)
    })
    .await;
    to_save("attachment; filename=\"incidents.geojson\"", made)
}

pub(crate) async fn as_parquet(Viewed(served): Viewed, RawQuery(query): RawQuery) -> Response {
    let made = answer(
        "as_parquet".into(),
        served,
        query,
        asking::FILTERS,
        "application/vnd.apache.parquet",
        list::parquet,
    )
    .await;
    to_save("attachment; filename=\"incidents.parquet\"", made)
}

pub(crate) async fn incident(
    Viewed(served): Viewed,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let name = format!("incident {id:?}");
    answer(name, served, query, &[], JSON, move |seen, _| {
        Ok(Made { body: document(&one::document(seen, &id)?)?, about: records_of(seen, &id) })
    })
    .await
}

pub(crate) async fn columns(Viewed(served): Viewed, RawQuery(query): RawQuery) -> Response {
    answer("columns".into(), served, query, &[], "application/vnd.servanda.points", |seen, _| {
        points::columns(seen)
    })
    .await
}

pub(crate) async fn restrictions(Viewed(served): Viewed, RawQuery(query): RawQuery) -> Response {
    answer("restrictions".into(), served, query, &["from", "to"], JSON, |seen, asked| {
        document(&access::document(seen, asked)?)
    })
    .await
}

pub(crate) async fn inspections_json(Viewed(served): Viewed, RawQuery(query): RawQuery) -> Response {
    answer("inspections".into(), served, query, inspections::ALLOWED, JSON, |seen, asked| {
        document(&inspections::document(seen, asked)?)
    })
    .await
}

pub(crate) async fn inspections_csv(Viewed(served): Viewed, RawQuery(query): RawQuery) -> Response {
    let made = answer(
        "inspections_csv".into(),
        served,
        query,
        inspections::ALLOWED,
        "text/csv; charset=utf-8",
        inspections::csv,
    )
    .await;
    to_save("attachment; filename=\"inspections.csv\"", made)
}

/// What the asker calls this server: over TLS where it does that itself, or what stands in front of it says so.
fn root(headers: &HeaderMap, is_secure: bool) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if is_secure || text("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    text("host").map_or(String::new(), |host| format!("{scheme}://{host}"))
}

/// An answer of OGC API Features: its links are whole addresses, because some readers take no others.
async fn ogc_answer<F>(
    served: Arc<Served>,
    (caller, headers): (&Caller, &HeaderMap),
    query: Option<String>,
    allowed: &[&'static str],
    mime: &'static str,
    (name, one): (String, Option<String>),
    word: F,
) -> Response
where
    F: Fn(&Seen, &Asked) -> Result<serde_json::Value, Problem> + Send + Sync + 'static,
{
    let root = root(headers, caller.is_secure);
    let name = format!("ogc {root:?} {name}");
    let whole = move |seen: &Seen, asked: &Asked| {
        ogc::form(asked)?;
        let mut made = word(seen, asked)?;
        ogc::whole(&mut made, &root);
        let about = one.as_ref().map_or_else(BTreeSet::new, |id| records_of(seen, id));
        Ok(Made { body: document(&made)?, about })
    };
    answer(name, served, query, allowed, mime, whole).await
}

pub(crate) async fn ogc_landing(
    Viewed(served): Viewed,
    Who(caller): Who,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    ogc_answer(served, (&caller, &headers), query, &["f"], JSON, ("landing".into(), None), |seen, _| {
        Ok(ogc::landing(seen))
    })
    .await
}

pub(crate) async fn ogc_conformance(
    Viewed(served): Viewed,
    Who(caller): Who,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    ogc_answer(served, (&caller, &headers), query, &["f"], JSON, ("conformance".into(), None), |_, _| {
        Ok(ogc::conformance())
    })
    .await
}

pub(crate) async fn ogc_collections(
    Viewed(served): Viewed,
    Who(caller): Who,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    ogc_answer(
        served,
        (&caller, &headers),
        query,
        &["f"],
        JSON,
        ("collections".into(), None),
        |seen, asked| Ok(ogc::collections(seen, asked)),
    )
    .await
}

pub(crate) async fn ogc_collection(
    Viewed(served): Viewed,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    ogc_answer(
        served,
        (&caller, &headers),
        query,
        &["f"],
        JSON,
        (format!("collection {name:?}"), None),
        move |s, a| ogc::collection(s, a, &name),
    )
    .await
}

pub(crate) async fn ogc_items(
    Viewed(served): Viewed,
    Who(caller): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    ogc_answer(
        served,
        (&caller, &headers),
        query,
        asking::ITEMS,
        GEOJSON,
        (format!("items {name:?}"), None),
        move |s, a| ogc::items(s, a, &name),
    )
    .await
}

pub(crate) async fn ogc_item(
    Viewed(served): Viewed,
    Who(caller): Who,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let one = (format!("item {name:?} {id:?}"), Some(id.clone()));
    ogc_answer(served, (&caller, &headers), query, &["f"], GEOJSON, one, move |s, a| {
        ogc::item(s, a, &name, &id)
    })
    .await
}
