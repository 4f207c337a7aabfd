//! Every route by its status, headers and document; every kind of refusal by its code.

#[allow(dead_code, reason = "the tests of the reports use the rest")]
#[path = "../../report/tests/hand_built/mod.rs"]
mod hand_built;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use servanda_server::{Served, router};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tower::ServiceExt;

fn served(evaluations: Arc<AtomicUsize>) -> Arc<Served> {
    Arc::new(Served::new(
        hand_built::agreement(),
        "# The text\n".into(),
        hand_built::places(),
        hand_built::records(),
        hand_built::question(),
        Box::new(move |agreement, _, _, question| {
            evaluations.fetch_add(1, Ordering::SeqCst);
            assert!(question.at.0 != 0, "a bug for the test of bugs");
            hand_built::board(agreement, question)
        }),
    ))
}

async fn send(request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let response = router(served(Arc::default())).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

async fn get(path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    send(Request::get(path).header("host", "127.0.0.1:7400").body(Body::empty()).unwrap()).await
}

async fn json(path: &str) -> (StatusCode, Value) {
    let (status, headers, body) = get(path).await;
    assert!(headers["content-type"].to_str().unwrap().contains("json"), "{path}");
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn each_document_names_itself_and_the_question() {
    for (path, name, field) in [
        ("/api/board", "board/1", "rows"),
        ("/api/card?norm=consult&bearer=Germany", "card/1", "cards"),
        ("/api/duties", "duties/1", "duties"),
        ("/api/terms", "terms/1", "terms"),
        ("/api/map", "map/1", "features"),
        ("/api/timeline", "timeline/1", "bars"),
        ("/api/agreement", "agreement/1", "clauses"),
    ] {
        let (status, document) = json(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(document["servanda"], name);
        assert_eq!(document["question"]["at_local"], "2026-06-01 12:00");
        assert_eq!(document["exercise"], true);
        assert!(!document[field].as_array().unwrap().is_empty(), "{path} has {field}");
    }
}

#[tokio::test]
async fn the_question_comes_from_the_address() {
    let (_, board) = json("/api/board?at=2026-05-01T12:00&known=2026-05-02&reading=level%3Dcap").await;
    assert_eq!(board["question"]["at"], "2026-05-01T09:00:00Z");
    assert_eq!(board["question"]["known_at_local"], "2026-05-02 24:00");
    assert_eq!(board["question"]["readings"]["level"], "cap");
}

#[tokio::test]
async fn what_cannot_be_understood_is_refused_with_a_code() {
    for (path, status, code) in [
        ("/api/board?at=soon", 400, "bad-time"),
        ("/api/board?known=2026-03-29T03:30", 400, "bad-time"),
        ("/api/board?when=now", 400, "unknown-parameter"),
        ("/api/board?at=2026-05-01&at=2026-05-02", 400, "repeated-parameter"),
        ("/api/board?reading=tone%3Dcap", 400, "unknown-reading"),
        ("/api/board?reading=level", 400, "unknown-reading"),
        ("/api/board?reading=level%3Droof", 400, "unknown-option"),
        ("/api/card", 400, "norm-wanted"),
        ("/api/card?norm=nothing", 404, "no-such-verdict"),
        ("/api/card?norm=consult&bearer=Atlantis", 404, "no-such-verdict"),
        ("/api/duties?until=never", 400, "bad-time"),
        ("/api/nothing", 404, "no-such-address"),
        ("/assets/../Cargo.toml", 404, "no-such-file"),
        ("/assets/nothing.js", 404, "no-such-file"),
    ] {
        let (got, problem) = json(path).await;
        assert_eq!((got.as_u16(), &problem["code"]), (status, &Value::from(code)), "{path}");
        assert_eq!(problem["servanda"], "error/1");
        assert_eq!(problem["status"], status);
        assert!(problem["message"].as_str().unwrap().len() > 10);
    }
}

#[tokio::test]
async fn odd_queries_get_an_answer_not_a_panic() {
    let long = format!("/api/board?at={}", "9".repeat(5000));
    for path in [
        "/api/board?",
        "/api/board?&&&",
        "/api/board?at=%FF%FE",
        "/api/board?at=%00",
        "/api/card?norm=%F0%9F%8F%B3&bearer=%0A",
        "/api/card?norm=no-fire&instance=%3Cscript%3E",
        "/api/duties?party=%27%3B--",
        "/api/board?at=-9999-01-01T00:00Z",
        "/api/board?at=9999-12-31T23:59Z",
        long.as_str(),
    ] {
        let (status, _, _) = get(path).await;
        assert!(!status.is_server_error(), "{path}: {status}");
    }
}

#[tokio::test]
async fn only_reading_is_allowed() {
    for path in ["/", "/api/board", "/assets/page.js"] {
        let request = Request::post(path).header("host", "localhost").body(Body::empty()).unwrap();
        let (status, headers, body) = send(request).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(headers["allow"], "GET, HEAD");
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["code"], "read-only");
    }
}

#[tokio::test]
async fn a_borrowed_host_name_gets_nothing() {
    for (host, status) in [
        ("evil.example", 421),
        ("127.0.0.1.evil.example:7400", 421),
        ("", 421),
        ("[::1]:7400", 200),
        ("LOCALHOST:7400", 200),
    ] {
        let request = Request::get("/api/board").header("host", host).body(Body::empty()).unwrap();
        let (got, _, body) = send(request).await;
        assert_eq!(got.as_u16(), status, "{host}");
        assert_eq!(String::from_utf8_lossy(&body).contains("rows"), status == 200);
    }
}

#[tokio::test]
async fn every_answer_carries_the_policy() {
    for path in ["/", "/assets/page.css", "/api/board", "/api/board?at=soon", "/nothing"] {
        let (_, headers, _) = get(path).await;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
    }
}

#[tokio::test]
async fn assets_are_fresh_or_unchanged() {
    let (status, headers, body) = get("/assets/page.js").await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-type"].to_str().unwrap().starts_with("text/javascript"));
    assert!(!body.is_empty());
    let request = Request::get("/assets/page.js")
        .header("host", "127.0.0.1")
        .header("if-none-match", &headers["etag"])
        .body(Body::empty())
        .unwrap();
    let (status, _, body) = send(request).await;
    assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
}

#[tokio::test]
async fn the_calendar_is_a_calendar() {
    let (status, headers, body) = get("/api/duties.ics?party=Germany").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "text/calendar; charset=utf-8");
    let text = String::from_utf8(body).unwrap();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.matches("BEGIN:VEVENT").count() == 1);
}

#[tokio::test]
async fn one_question_is_evaluated_once() {
    let evaluations = Arc::new(AtomicUsize::new(0));
    let app = router(served(evaluations.clone()));
    let ask = |path: &str| {
        app.clone().oneshot(Request::get(path).header("host", "localhost").body(Body::empty()).unwrap())
    };
    let (a, b, c) = tokio::join!(ask("/api/board"), ask("/api/map"), ask("/api/card?norm=consult"));
    assert!([a, b, c].into_iter().all(|r| r.unwrap().status() == StatusCode::OK));
    assert_eq!(evaluations.load(Ordering::SeqCst), 1);
    ask("/api/board?at=2026-05-01T12:00").await.unwrap();
    ask("/api/board").await.unwrap();
    assert_eq!(evaluations.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_board_at_hand_is_not_evaluated_again() {
    let served = Served::new(
        hand_built::agreement(),
        String::new(),
        hand_built::places(),
        hand_built::records(),
        hand_built::question(),
        Box::new(|_, _, _, _| panic!("evaluated though the board was at hand")),
    );
    let served = served.knowing(hand_built::board(&hand_built::agreement(), &hand_built::question()));
    let request = Request::get("/api/board").header("host", "localhost").body(Body::empty()).unwrap();
    assert_eq!(router(Arc::new(served)).oneshot(request).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_bug_is_a_500_without_its_inside() {
    let (status, problem) = json("/api/board?at=1970-01-01T00:00Z").await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(problem["code"], "bug");
    assert!(!problem["message"].as_str().unwrap().contains("test of bugs"));
}

#[tokio::test]
async fn it_listens_on_this_machine_and_ends_when_told() {
    let listening = servanda_server::Listening::on(0, router(served(Arc::default()))).await.unwrap();
    let url = listening.url();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let answering = tokio::spawn(listening.answer(async move {
        let _ = told.await;
    }));
    let address = url.trim_start_matches("http://").to_string();
    tokio::net::TcpStream::connect(&address).await.unwrap();
    tell.send(()).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(10), answering).await.unwrap().unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn a_card_explains_its_verdict_where_somebody_does() {
    let card = "/api/card?norm=consult&bearer=Germany";
    let (_, plain) = json(card).await;
    assert!(plain["cards"][0]["explanation"].is_null());
    let ask = async |explain: Box<servanda_server::Explain>| {
        let served = Served::new(
            hand_built::agreement(),
            "# The text\n".into(),
            hand_built::places(),
            hand_built::records(),
            hand_built::question(),
            Box::new(|agreement, _, _, question| hand_built::board(agreement, question)),
        );
        let request = Request::get(card).header("host", "localhost").body(Body::empty()).unwrap();
        let response = router(Arc::new(served.explained_by(explain))).oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice::<Value>(&body).unwrap())
    };
    let (status, document) = ask(Box::new(|_, v| Some(hand_built::explanation(v)))).await;
    assert_eq!(status, StatusCode::OK);
    let why = &document["cards"][0]["explanation"];
    assert_eq!(why["rests_on_in_all"], 1);
    let change = &why["would_change"][0];
    assert!(change["words"].as_str().unwrap().starts_with("coverage of "), "{change}");
    assert_eq!(change["state"]["word"], "violated");
    let (status, document) = ask(Box::new(|_, _| None)).await;
    assert_eq!((status, document["code"].as_str()), (StatusCode::INTERNAL_SERVER_ERROR, Some("bug")));
}

/// The engine's own explanations, through its thread: the same however often and however concurrently they are asked for.
#[tokio::test(flavor = "multi_thread")]
async fn the_engine_explains_on_its_thread() {
    let (agreement, places, records) = (hand_built::agreement(), hand_built::places(), hand_built::records());
    let question = hand_built::question();
    let board = servanda_engine::evaluate(&agreement, &places, &records, &question);
    let verdict = board.verdicts.first().expect("a verdict").clone();
    let expected = servanda_engine::explain(&agreement, &places, &records, &question, &verdict);
    let evaluate = Box::new(|a: &_, p: &_, r: &[_], q: &_| servanda_engine::evaluate_of(a, p, r, q));
    let served = Served::new(agreement, "# The text\n".into(), places, records, question, evaluate);
    let router = router(Arc::new(served.explaining()));
    let path = format!("/api/card?norm={}", verdict.norm);
    let ask = || async {
        let request = Request::get(&path).header("host", "localhost").body(Body::empty()).unwrap();
        let body = router.clone().oneshot(request).await.unwrap().into_body();
        body.collect().await.unwrap().to_bytes()
    };
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    assert!(a == b && b == c);
    let document: Value = serde_json::from_slice(&a).unwrap();
    let cards = document["cards"].as_array().unwrap();
    let own = cards.iter().find(|c| c["instance"] == verdict.instance.as_str()).unwrap_or(&cards[0]);
    let why = &own["explanation"];
    assert_eq!(why["rests_on_in_all"], expected.rests_on.len());
    assert_eq!(why["would_change"].as_array().unwrap().len(), expected.would_change.len());
}
