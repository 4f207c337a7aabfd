//! What comes in while the page is served shows in the next answer, and is what the engine says of everything from nothing.

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use servanda_model::record::RoleValue;
use servanda_model::{Agreement, Instant, Places, Question, Record, When};
use servanda_server::{News, Served, router};
use std::sync::Arc;
use tower::ServiceExt;

const TEXT: &str = include_str!("team/truce.pact.md");

fn at(text: &str) -> Instant {
    Instant::parse_utc(text).unwrap()
}

fn record(id: &str, fact: &str, by: &str, when: &str) -> Record {
    let mut record = Record::new(id, fact, When::exact(at(when)), at(when));
    record.roles.insert("by".into(), RoleValue::Name(by.into()));
    record.stated = Some(servanda_model::Grade::Confirmed);
    record
}

fn shared(records: Vec<Record>) -> Vec<Arc<Record>> {
    records.into_iter().map(Arc::new).collect()
}

fn agreement() -> Agreement {
    let checked = servanda_lang::check(TEXT);
    assert_eq!(checked.diagnostics.iter().filter(|d| d.code.starts_with('E')).count(), 0);
    checked.agreement
}

/// Served from 2 January on, with what is known then; nobody may be asked to evaluate from nothing.
fn served(records: Vec<Record>) -> Arc<Served> {
    let evaluate =
        Box::new(|_: &_, _: &_, _: &[_], _: &_| panic!("the board of now is not evaluated from nothing"));
    let now = Question::at(at("2026-01-02T00:00:00Z"));
    let served = Served::new(agreement(), TEXT.into(), Places::default(), records, now, evaluate);
    Arc::new(served.following().unwrap().explaining())
}

async fn get(served: &Arc<Served>, path: &str) -> Value {
    let request = Request::get(path).header("host", "127.0.0.1:7400").body(Body::empty()).unwrap();
    let response = router(served.clone()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

/// The board as the engine says it of these records from nothing.
fn from_nothing(records: &[Record], now: &str) -> Value {
    let (agreement, places) = (agreement(), Places::default());
    let board = servanda_engine::reference::evaluate(&agreement, &places, records, &Question::at(at(now)));
    let view = servanda_report::View {
        agreement: &agreement,
        places: &places,
        records: records.into(),
        board: &board,
        sorted: None,
    };
    serde_json::to_value(servanda_report::json::board(&view)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn news_show_in_the_next_answer() {
    let served = served(vec![record("f1", "fire", "North", "2026-01-01T10:00:00Z")]);
    let mut all = vec![record("f1", "fire", "North", "2026-01-01T10:00:00Z")];
    assert_eq!(get(&served, "/api/board").await, from_nothing(&all, "2026-01-02T00:00:00Z"));
    for (new, now) in [
        (Some(record("r1", "report", "North", "2026-01-02T09:00:00Z")), "2026-01-02T09:00:00Z"),
        (Some(record("f2", "fire", "South", "2026-01-02T11:00:00Z")), "2026-01-02T11:00:00Z"),
        // Only the clock goes on: the deadline of South passes.
        (None, "2026-01-05T00:00:00Z"),
        (Some(record("r2", "report", "South", "2026-01-05T09:00:00Z")), "2026-01-05T09:00:00Z"),
    ] {
        all.extend(new.clone());
        let news =
            News { records: new.into_iter().map(Arc::new).collect(), places: None, complete_to: at(now) };
        served.learn(news).unwrap();
        assert_eq!(get(&served, "/api/board").await, from_nothing(&all, now), "at {now}");
        let cards = get(&served, "/api/card?norm=report-fire").await;
        assert_eq!(cards["question"]["at"], now, "a card speaks of the same moment");
    }
}

/// A page is made, a record comes, and only then the page begins to listen.
#[tokio::test(flavor = "multi_thread")]
async fn what_came_between_a_page_and_its_stream_is_told_when_the_stream_begins() {
    let served = served(Vec::new());
    let first = async || {
        let request = Request::get("/events").header("host", "127.0.0.1:7400").body(Body::empty()).unwrap();
        let mut body = router(served.clone()).oneshot(request).await.unwrap().into_body();
        String::from_utf8(body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec()).unwrap()
    };
    assert_eq!(first().await, "retry: 3000\n\n", "nothing came, and nobody is made to ask again");
    let fire = record("f1", "fire", "North", "2026-01-02T09:03:00Z");
    let news = News { records: shared(vec![fire]), places: None, complete_to: at("2026-01-02T09:03:00Z") };
    served.learn(news).unwrap();
    assert!(first().await.contains("event: all\n"));
}

/// What a report of a cut-off speaks of: the one who follows passed it a moment ago.
#[tokio::test(flavor = "multi_thread")]
async fn the_board_of_the_last_full_five_minutes_is_not_evaluated_from_nothing() {
    let fire = record("f1", "fire", "North", "2026-01-02T09:03:00Z");
    let after = record("f2", "fire", "South", "2026-01-02T09:05:01Z");
    let served = served(Vec::new());
    let told =
        |records: Vec<Record>, now| News { records: shared(records), places: None, complete_to: at(now) };
    served.learn(told(vec![fire.clone()], "2026-01-02T09:03:00Z")).unwrap();
    served.learn(told(Vec::new(), "2026-01-02T09:05:00Z")).unwrap();
    served.learn(told(vec![after], "2026-01-02T09:06:00Z")).unwrap();
    let mark = "2026-01-02T09:05:00Z";
    assert_eq!(get(&served, &format!("/api/board?at={mark}")).await, from_nothing(&[fire], mark));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_against_the_promise_is_right_all_the_same() {
    let served = served(Vec::new());
    let late = record("f1", "fire", "North", "2026-01-01T10:00:00Z");
    let news = |records: Vec<Record>, now| News {
        records: shared(records),
        places: Some(Places::default()),
        complete_to: at(now),
    };
    served.learn(news(Vec::new(), "2026-01-03T00:00:00Z")).unwrap();
    served.learn(news(vec![late.clone()], "2026-01-03T00:00:00Z")).unwrap();
    assert_eq!(get(&served, "/api/board").await, from_nothing(&[late], "2026-01-03T00:00:00Z"));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_told_anew_take_the_place_of_all_that_were_told() {
    let incident = |id: &str, when: &str| {
        let mut record = record(id, "fire", "North", when);
        record.extra.insert("incident.class".into(), "attack".into());
        record
    };
    let one = || incident("f1", "2026-01-01T10:00:00Z");
    let other = || incident("f2", "2026-01-01T11:00:00Z");
    let served = served(vec![one()]);
    let now = "2026-01-02T00:00:00Z";
    let news = |records: Vec<Record>| News { records: shared(records), places: None, complete_to: at(now) };
    served.learn(news(vec![other()])).unwrap();
    let apart = get(&served, "/api/board").await;
    assert_eq!(apart, from_nothing(&[one(), other()], now));
    let before = get(&served, "/api/incidents").await;
    let explained = get(&served, "/api/card?norm=no-fire").await;
    // Of the same moment, and as many: only which of them are one event is different.
    let together = || {
        [one(), other()].map(|mut record| {
            record.incident = Some("both".into());
            record
        })
    };
    served.learn_anew(news(together().to_vec())).unwrap();
    let board = get(&served, "/api/board").await;
    assert_eq!(board, from_nothing(&together(), now));
    assert_ne!(board, apart, "the ban counts one breach");
    assert_ne!(get(&served, "/api/incidents").await, before);
    assert_ne!(get(&served, "/api/card?norm=no-fire").await, explained);
    // What comes after that comes to those.
    let late = record("f3", "fire", "South", "2026-01-02T10:00:00Z");
    let later = "2026-01-02T12:00:00Z";
    served.learn(News { records: shared(vec![late.clone()]), places: None, complete_to: at(later) }).unwrap();
    let all: Vec<Record> = together().into_iter().chain([late]).collect();
    assert_eq!(get(&served, "/api/board").await, from_nothing(&all, later));
    // And other places in the same step.
    let places = Some(Places::default());
    served.learn_anew(News { records: shared(vec![one()]), places, complete_to: at(later) }).unwrap();
    assert_eq!(get(&served, "/api/board").await, from_nothing(&[one()], later));
}
