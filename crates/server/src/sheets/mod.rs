//! Sheets: the pages that a person reads without a script, and signs or fills in: duty ledger, triggers with their decisions, cases
//! with replies, public bulletin, reports, audit.
//!
//! What it deliberately does not do: decide a verdict, send anything to anybody, or show more than what the audience of the one who
//! asks is served. A script only brings what is new (`web/sheet.js`).
//!
//! | address | gives | and takes |
//! |---|---|---|
//! | `/duties` | who owes what to whom by when ([`duties`]) | – |
//! | `/triggers`, `/triggers/TERM` | whether a threshold is reached, on which facts, what is missing, what follows ([`triggers`]) | decisions of two officers |
//! | `/cases`, `/cases/ID` | allegations with replies, dissent and findings ([`cases`]) | a reply of a party |
//! | `/inspections` | who was let in and who was kept out, quotas, breaches ([`inspections`]) | – |
//! | `/plans`, `/plans/NAME` | what was promised against what came, who carries it, how it may grow ([`plans`]) | – |
//! | `/bulletin` | what the public is told, late and coarse ([`bulletin`]) | complaints; numbers of them ([`complaint`]) |
//! | `/reports`, `/reports/KIND` | reports, built for the audience of the one who asks, to read and to save ([`reports`]) | – |
//! | `/audit` | checkpoint, witnesses, proofs ([`audit`]) | – |
//!
//! Invariants
//! - every text of a record or an agreement is escaped; every text of the program stands in both languages ([`words`]);
//! - a sheet names the moment that it speaks of and the moment of knowledge, and its links keep both;
//! - what is taken is taken from a form of this server, by whoever is signed in, and entered in the log under that account; a
//!   decision also takes the password again.
//!
//! Where to start reading: [`sheet`], then [`frame::Page`]. Tests: `tests/sheets.rs`.

mod audit;
mod bulletin;
mod cases;
mod complaint;
mod duties;
mod frame;
mod inspections;
mod plans;
mod reports;
mod texts;
mod texts_inspections;
mod texts_plans;
mod triggers;
mod words;

pub(crate) use cases::{recorded, until_shown};

use crate::asked::asked;
use crate::forms::{self, Fields};
use crate::front::{Caller, Front, Seen as Viewed, Who};
use crate::{Problem, Served};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use frame::{Made, Page};
use servanda_model::Records;
use std::collections::BTreeMap;
use std::sync::Arc;
pub(crate) use words::Lang;
use words::Words;

/// What a request says besides its body, and who makes it.
struct Come {
    front: Front,
    caller: Caller,
    path: String,
    query: String,
    lang: Lang,
    /// It is for the public: what it shows is as late as the public table.
    late: bool,
    /// It speaks of this moment, as known then, whatever else the address asks.
    stands: Option<servanda_model::Instant>,
}

impl Come {
    fn of(front: Front, caller: Caller, uri: &Uri, headers: &HeaderMap) -> Come {
        let query = uri.query().unwrap_or_default().to_string();
        let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "lang");
        let preferred = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        let lang = Lang::of(asked.as_ref().map(|(_, value)| &**value), preferred);
        Come { front, caller, path: uri.path().to_string(), query, lang, late: false, stands: None }
    }

    /// The end of the newest edition for the public at a moment that is asked for, and no later than one that is due by now.
    fn edition(&self, served: &Served, at: servanda_model::Instant) -> servanda_model::Instant {
        let clock = self.front.0.people.as_ref().map_or(at, |_| self.front.now());
        let stands = if served.follower.is_some() { clock } else { clock.max(served.asked_by_default.at) };
        let is_asked = form_urlencoded::parse(self.query.as_bytes()).any(|(name, _)| name == "at");
        let at = if is_asked { at.min(stands) } else { stands };
        servanda_store::public_table(Records::Own(&[]), &servanda_store::PublicRules::default(), at).until
    }

    /// The words of a problem, as a page.
    fn problem(&self, problem: Problem) -> Response {
        let page = frame::refused(Words(self.lang), &self.path, &problem);
        html(problem.status(), page, self.lang)
    }
}

fn html(status: StatusCode, page: String, lang: Lang) -> Response {
    // With `no-referrer` a browser would name no origin where it sends a form, and the form would be refused.
    let head = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CONTENT_LANGUAGE, lang.code()),
        (header::VARY, "accept-language, cookie"),
    ];
    (status, head, page).into_response()
}

/// What came of a form that could not be taken: it is shown again with what was typed.
#[derive(Default)]
struct Again {
    status: Option<StatusCode>,
    alert: String,
    typed: Fields,
}

/// Reads the address, looks, and lets `word` make the sheet on a thread that may block. `allowed` are the parameters that it takes.
async fn sheet<F>(
    come: Come,
    served: Arc<Served>,
    allowed: &[&'static str],
    again: Again,
    word: F,
) -> Response
where
    F: FnOnce(&Page) -> Result<Made, Problem> + Send + 'static,
{
    let mut allowed = allowed.to_vec();
    allowed.push("lang");
    let made = async {
        let mut asked = asked(&come.query, &served.agreement, &served.asked_by_default, &allowed)?;
        if come.late {
            let edition = come.edition(&served, asked.question.at);
            asked.question.at = edition;
            asked.question.known_at = edition;
        }
        if let Some(at) = come.stands {
            asked.question.at = at;
            asked.question.known_at = at;
        }
        let seen = served.seen(&mut asked).await?;
        let people = come.front.0.people.as_ref();
        let notices = crate::notices::waiting(&come.front, &come.caller).await;
        let page = Page {
            words: Words(come.lang),
            path: come.path.clone(),
            query: form_urlencoded::parse(come.query.as_bytes()).into_owned().collect(),
            seen,
            asked,
            store: people.map(|people| people.store.clone()),
            viewer: come.caller.viewer.clone(),
            form_token: come.caller.signed_in.as_ref().map(|one| one.form_token.clone()),
            notices,
            is_public: come.caller.is_public,
            alert: again.alert,
            told: std::cell::Cell::new(false),
            typed: again.typed,
            stands: come.stands.is_some(),
        };
        let work = move || word(&page).map(|made| page.html(&made));
        tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))?
    };
    match made.await {
        Ok(page) => html(again.status.unwrap_or(StatusCode::OK), page, come.lang),
        Err(problem) => come.problem(problem),
    }
}

type Asking = (State<Front>, Who, Uri, HeaderMap);

fn come((State(front), Who(caller), uri, headers): Asking) -> Come {
    Come::of(front, caller, &uri, &headers)
}

pub(crate) async fn duties(asking: Asking, Viewed(served): Viewed) -> Response {
    sheet(come(asking), served, duties::ALLOWED, Again::default(), duties::page).await
}

pub(crate) async fn triggers(asking: Asking, Viewed(served): Viewed) -> Response {
    sheet(come(asking), served, &[], Again::default(), triggers::list).await
}

pub(crate) async fn trigger(asking: Asking, Path(term): Path<String>, Viewed(served): Viewed) -> Response {
    sheet(come(asking), served, &[], Again::default(), move |page| triggers::page(page, &term)).await
}

pub(crate) async fn cases(asking: Asking, Viewed(served): Viewed) -> Response {
    sheet(come(asking), served, cases::ALLOWED, Again::default(), cases::list).await
}

pub(crate) async fn case(asking: Asking, Path(id): Path<String>, Viewed(served): Viewed) -> Response {
    sheet(come(asking), served, &[], Again::default(), move |page| cases::page(page, &id)).await
}

pub(crate) async fn inspections(asking: Asking, Viewed(served): Viewed) -> Response {
    sheet(come(asking), served, inspections::ALLOWED, Again::default(), inspections::page).await
}

pub(crate) async fn plans(asking: Asking, Viewed(served): Viewed) -> Response {
    let come = come(asking);
    let all = crate::plans::seen_by(&come.front, come.caller.viewer.as_ref());
    sheet(come, served, &[], Again::default(), move |page| plans::list(page, &all)).await
}

pub(crate) async fn plan(asking: Asking, Path(id): Path<String>, Viewed(served): Viewed) -> Response {
    let come = come(asking);
    match crate::plans::one(&come.front, come.caller.viewer.as_ref(), &id).await {
        Ok((plan, answer)) => {
            sheet(come, served, &[], Again::default(), move |page| plans::page(page, &plan, &answer)).await
        }
        Err(problem) => come.problem(problem),
    }
}

/// The form of whoever is signed in, with the request's own page.
async fn own_form(
    front: Front,
    caller: Caller,
    uri: &Uri,
    request: Request,
) -> Result<(Come, Fields), Response> {
    let come = Come::of(front, caller, uri, request.headers());
    let taken = forms::own_form(&come.caller, request).await;
    match taken {
        Ok((_, _, fields)) => Ok((come, fields)),
        Err(problem) => Err(come.problem(problem)),
    }
}

fn see(path: &str, come: &Come) -> Response {
    let query = if come.query.is_empty() { String::new() } else { format!("?{}", come.query) };
    Redirect::to(&format!("{path}{query}")).into_response()
}

/// Takes a step of a decision: a proposal, a confirmation, dissent.
pub(crate) async fn decide(
    State(front): State<Front>,
    Who(caller): Who,
    uri: Uri,
    Path(term): Path<String>,
    Viewed(served): Viewed,
    request: Request,
) -> Response {
    let (mut come, fields) = match own_form(front, caller, &uri, request).await {
        Ok(taken) => taken,
        Err(response) => return response,
    };
    let sheet_path = format!("/triggers/{}", frame::segment(&term));
    match triggers::decide(&come.front, &come.caller, &served, &term, &fields).await {
        Ok(()) => see(&sheet_path, &come),
        Err(problem) => {
            come.path = sheet_path;
            let again = Again { status: Some(problem.status()), alert: problem.to_string(), typed: fields };
            sheet(come, served, &[], again, move |page| triggers::page(page, &term)).await
        }
    }
}

/// Takes a reply of a party to an allegation.
pub(crate) async fn reply(
    State(front): State<Front>,
    Who(caller): Who,
    uri: Uri,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (mut come, fields) = match own_form(front, caller, &uri, request).await {
        Ok(taken) => taken,
        Err(response) => return response,
    };
    let Some(viewer) = come.caller.viewer.clone() else {
        return come.problem(Problem::bug(&"nobody is signed in"));
    };
    let served = match come.front.0.audiences.served(&viewer).await {
        Ok(served) => served,
        Err(problem) => return come.problem(problem),
    };
    let case_path = format!("/cases/{}", frame::segment(&id));
    match cases::reply(&come.front, &viewer, &served, &id, &fields).await {
        Ok(None) => see(&case_path, &come),
        // The page that follows says as of when it is known, else it would not show what was just put on file.
        Ok(Some(since)) => {
            let asked = form_urlencoded::parse(come.query.as_bytes())
                .into_owned()
                .filter(|(name, _)| name != "known");
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(asked.collect::<Vec<_>>()).append_pair("known", &since.to_string());
            come.query = query.finish();
            see(&case_path, &come)
        }
        Err(problem) => {
            come.path = case_path;
            let again = Again { status: Some(problem.status()), alert: problem.to_string(), typed: fields };
            sheet(come, served, &[], again, move |page| cases::page(page, &id)).await
        }
    }
}

/// What everybody is told, made of nothing else: the same for all, whoever asks.
async fn publics(come: &Come, own: Arc<Served>) -> Result<Arc<Served>, Problem> {
    let public = servanda_store::policy::Viewer::public();
    if !come.caller.is_keeper() && come.front.0.people.is_some() {
        return come.front.0.audiences.served(&public).await;
    }
    // The keeper's own view holds more; what is public of it is computed apart.
    let matter = own.known.matter();
    let mut records = (*matter.records).clone();
    records.retain(|record| public.may_see(&record.marking));
    let reader =
        servanda_lang::readers::with_text(&own.agreement, &own.text, &|marking| public.may_see(marking));
    let engine = own.clone();
    let served = Served::new(
        reader.agreement,
        reader.text,
        (*matter.places).clone(),
        records,
        own.asked_by_default.clone(),
        Box::new(move |agreement, places, records, question| {
            (engine.evaluate)(agreement, places, records, question)
        }),
    );
    Ok(Arc::new(served))
}

pub(crate) async fn bulletin(asking: Asking, Viewed(own): Viewed) -> Response {
    let come = come(asking);
    show_bulletin(come, own, Again::default()).await
}

async fn show_bulletin(mut come: Come, own: Arc<Served>, again: Again) -> Response {
    come.late = true;
    let served = match publics(&come, own).await {
        Ok(served) => served,
        Err(problem) => return come.problem(problem),
    };
    let (front, caller, lang) = (come.front.clone(), come.caller.clone(), come.lang);
    let now = come.front.0.people.is_some().then(|| come.front.now());
    let token = match crate::signed_in::random_text() {
        Ok(token) => token,
        Err(problem) => return come.problem(problem),
    };
    let in_form = token.clone();
    let mut response = sheet(come, served, &[], again, move |page| bulletin::page(page, now, &in_form)).await;
    match forms::set_cookie(&front, &caller, forms::OF_FORM, &token, false) {
        Ok(cookie) => drop(response.headers_mut().append(header::SET_COOKIE, cookie)),
        Err(problem) => {
            return html(problem.status(), frame::refused(Words(lang), "/bulletin", &problem), lang);
        }
    }
    response
}

/// The fields of a form that anybody may send, with its token; else the problem, with what was typed.
async fn anybodys(come: &Come, request: Request) -> Result<Fields, (Problem, Fields)> {
    let (headers, fields) = forms::fields(request).await.map_err(|problem| (problem, Fields::new()))?;
    match forms::has_form_token(&come.front, &come.caller, &headers, &fields) {
        true => Ok(fields),
        false => {
            let old = forms::old_form(&come.caller);
            Err((Problem::with(StatusCode::FORBIDDEN, "old-form", old), fields))
        }
    }
}

/// Takes a complaint of anybody to whom the bulletin is open.
pub(crate) async fn complain(
    State(front): State<Front>,
    Who(caller): Who,
    uri: Uri,
    Viewed(own): Viewed,
    request: Request,
) -> Response {
    let mut come = Come::of(front, caller, &uri, request.headers());
    let taken = async {
        let fields = anybodys(&come, request).await?;
        let made = async {
            let served = publics(&come, own.clone()).await?;
            let receipt = bulletin::complain(&come.front, &come.caller, &served, &fields).await?;
            Ok((served, receipt))
        };
        made.await.map_err(|problem| (problem, fields))
    };
    let taken = taken.await;
    come.path = "/bulletin".into();
    match taken {
        Ok((served, receipt)) => {
            sheet(come, served, &[], Again::default(), move |page| Ok(bulletin::receipt(page, &receipt)))
                .await
        }
        Err((problem, typed)) => {
            let again = Again { status: Some(problem.status()), alert: problem.to_string(), typed };
            show_bulletin(come, own, again).await
        }
    }
}

/// Says what became of a complaint, to whoever has its number.
pub(crate) async fn complaint_state(
    State(front): State<Front>,
    Who(caller): Who,
    uri: Uri,
    Viewed(own): Viewed,
    request: Request,
) -> Response {
    let mut come = Come::of(front, caller, &uri, request.headers());
    let asked = async {
        let fields = anybodys(&come, request).await?;
        let made = async {
            let served = publics(&come, own.clone()).await?;
            let number = forms::given(&fields, "number");
            let became = complaint::look_up(&come.front, &come.caller, &served, number).await?;
            Ok((served, became))
        };
        made.await.map_err(|problem| (problem, fields))
    };
    let asked = asked.await;
    come.path = "/bulletin".into();
    match asked {
        Ok((served, became)) => {
            sheet(come, served, &[], Again::default(), move |page| Ok(complaint::page(page, &became))).await
        }
        Err((problem, typed)) => {
            let again = Again { status: Some(problem.status()), alert: problem.to_string(), typed };
            show_bulletin(come, own, again).await
        }
    }
}

pub(crate) async fn reports(asking: Asking, Viewed(served): Viewed) -> Response {
    sheet(come(asking), served, &[], Again::default(), reports::list).await
}

pub(crate) async fn report(asking: Asking, Path(kind): Path<String>, Viewed(served): Viewed) -> Response {
    let mut come = come(asking);
    let (served, wanted) = match reports::asked_for(&come, served, &kind).await {
        Ok(asked) => asked,
        Err(problem) => return come.problem(problem),
    };
    if wanted.is_file() {
        return reports::file(served, wanted).await.unwrap_or_else(|problem| come.problem(problem));
    }
    come.stands = Some(wanted.cut_off());
    sheet(come, served, reports::ALLOWED, Again::default(), move |page| reports::page(page, &wanted)).await
}

pub(crate) async fn audit(asking: Asking, Viewed(served): Viewed) -> Response {
    sheet(come(asking), served, &[], Again::default(), audit::page).await
}

pub(crate) async fn checkpoint(State(front): State<Front>) -> Response {
    audit::checkpoint(&front).await.unwrap_or_else(IntoResponse::into_response)
}

pub(crate) async fn proof(State(front): State<Front>, uri: Uri) -> Response {
    let query: BTreeMap<String, String> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    audit::proof(&front, &query).await.unwrap_or_else(IntoResponse::into_response)
}
