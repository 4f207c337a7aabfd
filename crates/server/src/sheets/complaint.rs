//! What became of a complaint, for whoever has its number: that it was received and when, what answer is due by when, whether there is one.
//!
//! What it deliberately does not do: show the complaint itself, who else may see it, or an answer that is not public.
//!
//! Invariants
//! - a number that is wrong gets one answer, whatever is wrong with it, and makes the same work as one that is right; after five of them
//!   whoever tries waits;
//! - what is due is computed as on the receipt: from what is public and from the complaint.
//!
//! Where to start reading: [`look_up`].

use super::bulletin::{Due, due_list, due_of, dues, is_number, of_number};
use super::frame::{Made, Page, e, section};
use crate::front::{Caller, Front};
use crate::{Problem, Served};
use axum::http::StatusCode;
use servanda_evidence::incident::{ABOUT, Kind};
use servanda_evidence::record_json::from_json;
use servanda_model::record::RoleValue;
use servanda_model::time::DAY;
use servanda_model::uses::Uses;
use servanda_model::{Agreement, Instant, Name, Record};
use servanda_store::policy::Viewer;
use servanda_store::{Error, Store};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What became of it.
pub(crate) struct Became {
    number: String,
    received: Instant,
    due: Vec<Due>,
    answers: Vec<Answered>,
}

/// An answer: when it was put on record, and its words where they are public.
struct Answered {
    at: Instant,
    words: Option<String>,
}

/// By the number that somebody typed.
pub(crate) async fn look_up(
    front: &Front,
    caller: &Caller,
    served: &Arc<Served>,
    typed: &str,
) -> Result<Became, Problem> {
    let Some(people) = &front.0.people else {
        return Err(Problem::missing("no-workspace", "complaints are taken where a workspace is served"));
    };
    let counted = format!("a number from {:?}", caller.address);
    if front.0.tries.wait(&counted, caller.address, front.now()).is_some() {
        let message = "several wrong numbers came from here just now; wait a quarter of an hour";
        return Err(Problem::with(StatusCode::TOO_MANY_REQUESTS, "too-often", message));
    }
    let typed = typed.trim().to_ascii_lowercase();
    let number: String = typed.chars().filter(|c| !c.is_whitespace()).take(64).collect();
    let number = number.strip_prefix("complaint-").unwrap_or(&number).to_string();
    let (store, served, now) = (people.store.clone(), served.clone(), front.now());
    let work = move || became(&store, &served, number, now);
    let found = tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))?.map_err(|error| {
        eprintln!("error: a complaint cannot be looked up: {error}");
        Problem::unable("it cannot be looked up just now; the log of the server says more")
    })?;
    found.ok_or_else(|| {
        front.0.tries.count(&counted, caller.address, front.now());
        let message = "there is no complaint with this number; copy it from the receipt, letter by letter";
        Problem::missing("no-such-complaint", message)
    })
}

fn became(store: &Store, served: &Served, number: String, now: Instant) -> Result<Option<Became>, Error> {
    let id = of_number(&number);
    let matter = served.known.matter();
    let there = match store.view(&Viewer::keeper()).record(id.as_str()) {
        Ok(stored) => from_json(&stored.json).ok().filter(|_| is_number(&number)),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    // Where there is none, the same is asked about one that nobody made.
    let is_there = there.is_some();
    let complaint =
        there.unwrap_or_else(|| Record::new(id.as_str(), "complaint", servanda_model::When::exact(now), now));
    let due = dues(&matter, served, &complaint);
    let answers = answers(store, &matter.agreement, &complaint, &number, &due)?;
    Ok(is_there.then(|| Became { received: complaint.recorded, number, due, answers }))
}

/// What answers it: a reply, a finding or an action on it, or what the agreement asks for, under its number.
fn answers(
    store: &Store,
    agreement: &Agreement,
    complaint: &Record,
    number: &str,
    due: &[Due],
) -> Result<Vec<Answered>, Error> {
    let norms = due.iter().filter_map(|one| agreement.norm(due_of(one).as_str()));
    let asked: BTreeSet<Name> = norms.flat_map(|norm| Uses::of_content(agreement, norm).facts).collect();
    let said = [Kind::Reply, Kind::Finding, Kind::Action].map(|kind| Name::from(kind.fact()));
    let view = store.view(&Viewer::keeper());
    let public = Viewer::public();
    let mut all: Vec<Record> = Vec::new();
    for fact in said.iter().chain(&asked) {
        // What a clock that runs a little slow entered is after it all the same.
        let stored = view.records_of(fact.as_str(), complaint.recorded + -DAY, Instant::MAX)?;
        all.extend(stored.iter().filter_map(|one| from_json(&one.json).ok()));
    }
    let replaced: BTreeSet<Name> =
        all.iter().flat_map(|r| r.supersedes.iter().chain(&r.withdraws)).cloned().collect();
    let is_about = |record: &Record| {
        record.roles.iter().any(|(role, value)| match value {
            RoleValue::Name(name) if *role == *ABOUT => *name == complaint.id,
            RoleValue::Name(name) => *name == *number,
            RoleValue::Text(text) => text == number,
            _ => false,
        })
    };
    let mut answers: Vec<Answered> = all
        .iter()
        .filter(|record| {
            record.id != complaint.id
                && record.withdraws.is_none()
                && !replaced.contains(&record.id)
                && is_about(record)
        })
        .map(|record| {
            let words = match record.roles.get("words") {
                Some(RoleValue::Text(words)) => words.clone(),
                _ => servanda_report::wording::record_line(agreement, record),
            };
            Answered { at: record.recorded, words: public.may_see(&record.marking).then_some(words) }
        })
        .collect();
    answers.sort_by_key(|answer| answer.at);
    Ok(answers)
}

/// The page that says so.
pub(crate) fn page(page: &Page, became: &Became) -> Made {
    let w = page.words;
    let answers: String = became
        .answers
        .iter()
        .map(|answer| {
            let words = match &answer.words {
                Some(words) => format!("<blockquote>{}</blockquote>", e(words)),
                None => format!("<p class=\"about\">{}</p>", page.e("answer-not-public")),
            };
            format!("<li>{}{words}</li>", w.with("answered-on", &[("when", &page.moment(answer.at))]))
        })
        .collect();
    let answers = match answers.is_empty() {
        true => format!("<p>{}</p>", page.e("not-answered")),
        false => format!("<ul class=\"steps\">{answers}</ul>"),
    };
    let content = format!(
        "<p class=\"receipt\"><code>{}</code></p>\n<p>{}</p>\n<h3>{}</h3>\n{}\n<h3>{}</h3>\n{answers}\n<p><a href=\"{}\">{}</a></p>",
        e(&became.number),
        w.with("complaint-received", &[("when", &page.moment(became.received))]),
        page.e("answer-due"),
        due_list(page, &became.due),
        page.e("answer-given"),
        page.link("/bulletin", &[]),
        page.e("back-to-bulletin"),
    );
    Made {
        title: "title-complaint",
        word: page.e(if became.answers.is_empty() { "not-answered" } else { "is-answered" }),
        sentence: String::new(),
        main: section(w.t("s-complaint"), &content),
    }
}
