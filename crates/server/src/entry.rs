//! Entering a report in the browser, with or without network: what the page needs to know, and what it delivers.
//!
//! What it deliberately does not do: put anything of the record into the page's own files (they are the same for everybody, and a
//! browser keeps them), take a report that nobody is signed in for, or trust what the page checked.
//!
//! | address | gives, or takes |
//! |---|---|
//! | `GET /entry`, `/entry/worker.js` | the page and what lets it open without network: nothing in them is anybody's |
//! | `GET /entry/session` | whoever is signed in: the form's questions, zones and facts; and the secret for what this device keeps |
//! | `POST /entry/deliver` | one report, as the page wrote it; answered with the signed receipt of the log |
//! | `POST /entry/file` | after it, a file that it names (`attached.rs`) |
//!
//! A browser is a submitter of its own, `ACCOUNT+DEVICE`: it numbers what it delivers without gaps and names the report before by the
//! hash of its bytes, as an outbox does. So the same report sent twice is entered once and answered twice with the same receipt, and
//! one that was dropped on the way is missed. No other submitter can bear such a name: neither a key nor an account may have a `+`.
//!
//! Invariants
//! - a report goes through [`Store::submit`](servanda_store::Store::submit), where everything that comes from outside goes;
//! - it is recorded when it came, and says besides when it was written down;
//! - a delivery is a request of this page: its origin is this server's, and it carries the token of the sign-in;
//! - the secret for a device is the account's alone; it stands in a cookie that signing out takes away.
//!
//! Where to start reading: [`session`], then [`deliver`]. Tests: `tests/entry.rs`; in a browser `tests/browser/offline-entry.mjs`.

use crate::assets::{ENTRY, WORKER};
use crate::front::{Caller, Front, Seen, Who};
use crate::{Problem, answers, attached, forms};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use servanda_evidence::incident::details::{CLASSES, INFRASTRUCTURE, MEANS};
use servanda_evidence::incident::entry::{self, Desk, QUESTIONS};
use servanda_evidence::record_json;
use servanda_ledger::bundle::from_hex;
use servanda_model::record::Tlp;
use servanda_model::{Instant, Name};
use servanda_store::{Entry, Receipt, Store, StoredRecord, Submission, Submitted, is_same, sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The cookie with the secret for what a device keeps.
pub(crate) const DEVICE: &str = "-device";
/// For so long, in seconds, a device without network can be read by whoever signed in on it last.
const DEVICE_AGE: i64 = 14 * 24 * 60 * 60;
/// Longest report, in bytes.
const LONGEST: usize = 64 * 1024;
/// Longest name of a file, in characters.
const NAME: usize = 60;
/// With what a request proves that this page made it.
const TOKEN: &str = "servanda-form-token";

pub(crate) async fn page(headers: HeaderMap) -> Response {
    answers::asset(&ENTRY, &headers)
}

/// The worker may answer for `/entry` itself, and for nothing else.
pub(crate) async fn worker(headers: HeaderMap) -> Response {
    let mut response = answers::asset(&WORKER, &headers);
    let scope = HeaderName::from_static("service-worker-allowed");
    response.headers_mut().insert(scope, HeaderValue::from_static("/entry"));
    response
}

fn unable(error: &servanda_store::Error) -> Problem {
    eprintln!("error: a report of a browser cannot be entered: {error}");
    Problem::unable("it cannot be entered just now; the log of the server says more")
}

/// The cookie of a device: a script of the page reads it, so that it can read what it keeps while there is no network.
fn device_cookie(front: &Front, caller: &Caller, secret: &str) -> Result<HeaderValue, Problem> {
    forms::cookie_of(front, caller, DEVICE, secret, "SameSite=Strict", Some(DEVICE_AGE))
}

/// Whoever is signed in, and what the form needs to know.
pub(crate) async fn session(
    State(front): State<Front>,
    Who(caller): Who,
    Seen(served): Seen,
) -> Result<Response, Problem> {
    let people = forms::people(&front)?;
    let (Some(viewer), Some(one)) = (&caller.viewer, &caller.signed_in) else {
        return Err(Problem::bug(&"nobody is signed in"));
    };
    let (store, name) = (people.store.clone(), viewer.name.clone());
    let secret = tokio::task::spawn_blocking(move || store.device_secret(&name)).await;
    let secret = secret.map_err(|e| Problem::bug(&e))?.map_err(|e| unable(&e))?;
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let agreement = &served.agreement;
    let question = |q: &entry::Question| json!({"key": q.key, "ask": q.ask, "hint": q.hint, "always": q.always, "needed": q.needed});
    let named = |name: &Name, phrase: &str| json!({"name": name.as_str(), "phrase": if phrase.is_empty() { name.as_str() } else { phrase }});
    let title = if agreement.title.is_empty() { &agreement.name } else { &agreement.title };
    let document = json!({
        "servanda": "entry/1",
        "account": viewer.name,
        "party": viewer.party,
        "token": one.form_token,
        "cookie": front.cookie(caller.is_secure, DEVICE),
        "agreement": title,
        "exercise": agreement.exercise,
        "zone": agreement.calendar.zone_name(),
        "questions": QUESTIONS.iter().map(question).collect::<Vec<_>>(),
        "classes": CLASSES.iter().map(|(class, subs)| json!({"class": class, "subclasses": subs})).collect::<Vec<_>>(),
        "means": MEANS,
        "infrastructure": INFRASTRUCTURE,
        "markings": Tlp::ALL.map(Tlp::word),
        "zones": agreement.zones.iter().map(|(name, zone)| named(name, &zone.phrase)).collect::<Vec<_>>(),
        "facts": agreement.facts.iter().map(|(name, fact)| named(name, &fact.phrase)).collect::<Vec<_>>(),
        "parties": agreement.parties.iter().map(|(name, party)| named(name, &party.phrase)).collect::<Vec<_>>(),
        "longest": LONGEST,
        "files": attached::bounds(),
    });
    let mut response = ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response();
    response.headers_mut().append(header::SET_COOKIE, device_cookie(&front, &caller, &secret)?);
    Ok(response)
}

/// What the page delivers: exactly these bytes are submitted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivered {
    servanda: String,
    device: String,
    number: u64,
    previous: Option<String>,
    made: String,
    answers: BTreeMap<String, String>,
    #[serde(default)]
    files: Vec<Named>,
}

/// A file that comes after the report.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    hash: String,
}

/// The files of a report, each by a name of its own; or what is wrong with one, and what to do.
fn named(mut files: Vec<Named>) -> Result<Vec<(String, String)>, (String, String)> {
    if files.len() > attached::MOST {
        let reason = format!("{} files are named, and {} are the most", files.len(), attached::MOST);
        return Err((reason, "send the others with another report of the same incident".to_string()));
    }
    files.iter_mut().for_each(|file| file.name = file.name.trim().to_string());
    let mut seen = BTreeSet::new();
    for file in &files {
        // As it will stand in the record.
        let fits = !file.name.is_empty()
            && file.name.chars().count() <= NAME
            && !file.name.contains(char::is_control);
        if !fits {
            let remedy = format!("give it a name of at most {NAME} characters, without line breaks");
            return Err(("a file has no usable name".to_string(), remedy));
        }
        if !attached::has_known_ending(&file.name) {
            let reason = format!("`{}` is no photo, film, sound or PDF", file.name);
            return Err((reason, format!("its name ends with one of {}", attached::endings())));
        }
        if !hexadecimal(&file.hash, 64) {
            return Err((format!("`{}` has no hash", file.name), "add the file anew".to_string()));
        }
        if !seen.insert(&file.name) {
            let reason = format!("two files are called `{}`", file.name);
            return Err((reason, "give one of them another name".to_string()));
        }
    }
    Ok(files.into_iter().map(|file| (file.name, file.hash)).collect())
}

/// A report that was not taken, by question where it is about one.
fn refused(status: StatusCode, code: &str, faults: &[(String, String, String)]) -> Response {
    let faults: Vec<Value> = faults
        .iter()
        .map(|(question, reason, remedy)| json!({"question": question, "reason": reason, "remedy": remedy}))
        .collect();
    let document = json!({"servanda": "delivered/1", "status": "refused", "code": code, "faults": faults});
    (status, [(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}

fn hexadecimal(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A request of this page carries the token of the sign-in.
pub(crate) fn of_this_sign_in(caller: &Caller, headers: &HeaderMap) -> Result<(), Problem> {
    let token = headers.get(TOKEN).and_then(|v| v.to_str().ok()).unwrap_or("");
    if caller.signed_in.as_ref().is_some_and(|one| is_same(&one.form_token, token)) {
        return Ok(());
    }
    forms::tell(
        caller,
        caller.signed_in.as_ref().map_or("", |one| &one.name),
        "a report without the token of its sign-in",
    );
    let message = "this page is not of this sign-in; open `/entry` again";
    Err(Problem::with(StatusCode::FORBIDDEN, "old-form", message))
}

/// The text of a request of this page by whoever is signed in.
async fn body(caller: &Caller, request: Request) -> Result<String, Problem> {
    let (parts, body) = request.into_parts();
    // A form of another page could send neither: it would be asked first, and refused.
    forms::is_json(&parts.headers)?;
    of_this_sign_in(caller, &parts.headers)?;
    let bytes = forms::body(&parts.headers, body, LONGEST, || {
        let message = format!("a report has at most {LONGEST} bytes; shorten its words");
        Problem::with(StatusCode::PAYLOAD_TOO_LARGE, "too-long", message)
    });
    let bytes = bytes.await?;
    String::from_utf8(bytes.to_vec()).map_err(|_| Problem::bad("not-utf-8", "the body is not UTF-8"))
}

/// Takes one report.
pub(crate) async fn deliver(
    State(front): State<Front>,
    Who(caller): Who,
    Seen(served): Seen,
    request: Request,
) -> Result<Response, Problem> {
    let people = forms::people(&front)?;
    let viewer = caller.viewer.clone().ok_or_else(|| Problem::bug(&"nobody is signed in"))?;
    let text = body(&caller, request).await?;
    let bad =
        |why: &str| Problem::bad("not-a-report", format!("{why}; open `/entry` anew and deliver it again"));
    let said: Delivered =
        serde_json::from_str(&text).map_err(|e| bad(&format!("the body is no report: {e}")))?;
    if said.servanda != "report/1" || !hexadecimal(&said.device, 16) {
        return Err(bad("the body is no report of this version"));
    }
    let previous = match &said.previous {
        None => None,
        Some(hash) => Some(from_hex(hash).ok_or_else(|| bad("`previous` is no hash"))?),
    };
    let made = Instant::parse_utc(&said.made).ok_or_else(|| bad("`made` is no time"))?;
    let one = |code: &str, question: &str, reason: &str, remedy: &str| {
        let fault = (question.to_string(), reason.to_string(), remedy.to_string());
        refused(StatusCode::UNPROCESSABLE_ENTITY, code, &[fault])
    };
    if said.answers.get("marking").is_none_or(|text| text.trim().is_empty()) {
        let remedy = "write one of CLEAR, GREEN, AMBER, AMBER+STRICT, RED";
        return Ok(one("not-a-report", "marking", "it does not say who may see it", remedy));
    }
    let submitter = format!("{}+{}", viewer.name, said.device);
    // What "now" and "14:30" mean is what they meant when it was written down.
    let mut desk = Desk::of(&served.agreement, made);
    match named(said.files) {
        Ok(files) => desk.attachments = files,
        Err((reason, remedy)) => return Ok(one("not-a-report", "files", &reason, &remedy)),
    }
    let id = format!("{submitter}/{}", said.number);
    let mut record = match entry::record(&id, &said.answers, &desk) {
        Ok(record) => record,
        Err(faults) => {
            let faults: Vec<_> =
                faults.into_iter().map(|(question, fault)| (question, fault.reason, fault.remedy)).collect();
            return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, "not-a-report", &faults));
        }
    };
    let now = front.now();
    record.recorded = crate::sheets::recorded(&front, &served);
    record.received.get_or_insert(now);
    record.extra.insert("submission".into(), id);
    record.extra.insert("submission.made".into(), made.to_string());
    record.extra.insert("entered.account".into(), viewer.name.clone());
    let stored = StoredRecord::of(&record, record_json::to_json(&record));
    let submission = Submission {
        submitter,
        by: viewer.clone(),
        number: said.number,
        previous,
        submitted: Submitted { bytes: text.clone(), made: Some(made) },
        key: None,
        entry: Entry::Record(stored),
    };
    let receipt = submit(people.store.clone(), submission, now).await?;
    let receipt = match receipt {
        Ok(receipt) => receipt,
        Err(error) => return refusal(&error),
    };
    // Whoever may not see what they marked so does not wait for it.
    if !receipt.again && viewer.may_see(&record.marking) {
        crate::sheets::until_shown(&served, &record.id).await;
    }
    let document = json!({
        "servanda": "delivered/1",
        "status": "accepted",
        "again": receipt.again,
        "record": record.id.as_str(),
        "number": said.number,
        "hash": sha256(text.as_bytes()),
        "entry": receipt.entry,
        "receipt": receipt.note,
    });
    Ok(([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response())
}

async fn submit(
    store: Arc<Store>,
    submission: Submission,
    now: Instant,
) -> Result<Result<Receipt, servanda_store::Error>, Problem> {
    tokio::task::spawn_blocking(move || store.submit(submission, now)).await.map_err(|e| Problem::bug(&e))
}

/// What the store would not enter.
fn refusal(error: &servanda_store::Error) -> Result<Response, Problem> {
    let code = match error {
        error if error.is_conflict() => "conflict",
        error if error.is_gap() => "gap",
        error if error.is_clock() => "clock",
        error if error.is_duplicate() => "duplicate",
        error if error.is_denied() => "not-allowed-here",
        error if error.is_refused() => "refused",
        error => return Err(unable(error)),
    };
    let help = error.help_text().unwrap_or("nothing was entered").to_string();
    Ok(refused(StatusCode::CONFLICT, code, &[(String::new(), error.to_string(), help)]))
}
