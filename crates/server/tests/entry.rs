//! Entering a report in the browser: it goes through the store's one way in, is entered once however often it is sent, and is answered
//! with the log's receipt; who may, from where, and what signing out takes away. The page itself is tried in a real browser by
//! `tests/browser/offline-entry.mjs`.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use servanda_model::record::Tlp;
use servanda_store::policy::Viewer;
use servanda_store::sha256;
use team::{Browser, World, clear, world};

const DEVICE: &str = "0123456789abcdef";

fn answers(more: &[(&str, &str)]) -> Value {
    let mut all = json!({
        "what": "ceasefire-violation, explosion", "when": "14:30", "means": "heard", "source": "Patrol <b>2",
        "where": "48.14 37.74 within 500m", "marking": "TLP:AMBER", "count": "about 3",
    });
    for (key, value) in more {
        all[*key] = json!(value);
    }
    all
}

fn report(number: u64, previous: Option<&str>, made: &str, answers: Value) -> String {
    let previous = previous.map(|text| sha256(text.as_bytes()));
    json!({"servanda": "report/1", "device": DEVICE, "number": number, "previous": previous, "made": made, "answers": answers})
        .to_string()
}

/// Sends a body as the page does, with other headers where those are given.
async fn send(browser: &Browser, body: &str, headers: &[(&str, &str)]) -> (StatusCode, Value) {
    let mut request = Request::post("/entry/deliver").header("host", "127.0.0.1:7400");
    let cookies: Vec<String> = browser.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
    request = request.header("cookie", cookies.join("; "));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = browser.raw(request.body(Body::from(body.to_string())).unwrap()).await;
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn session(browser: &mut Browser) -> Value {
    let answer = browser.get("/entry/session").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

async fn deliver(browser: &mut Browser, body: &str) -> (StatusCode, Value) {
    let token = session(browser).await["token"].as_str().unwrap().to_string();
    send(browser, body, &[("content-type", "application/json"), ("servanda-form-token", &token)]).await
}

fn entered(world: &World) -> Vec<servanda_model::Record> {
    let all = world.workspace.store().view(&Viewer::keeper()).records().unwrap();
    all.iter()
        .filter(|r| r.id.as_str().contains('+'))
        .map(|r| servanda_evidence::record_json::from_json(&r.json).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keeper_of_a_workspace_without_accounts_is_told_how_to_make_one() {
    let open = team::world_of(&clear(), &[], servanda_server::Standing::default());
    let mut browser = open.browser();
    for path in ["/entry/session", "/account"] {
        let answer = browser.get(path).await;
        let said: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, &said["code"]), (StatusCode::FORBIDDEN, &json!("no-accounts")), "{said}");
        let message = said["message"].as_str().unwrap();
        assert!(message.contains("servanda account set NAME") && !message.contains("registrar"), "{message}");
        assert_eq!(message.contains("--role reporter"), path == "/entry/session", "{message}");
    }
    // Who signs in and may not report is told something else: there somebody can change it.
    let team = world(&clear());
    let mut reader = team.signed_in("reader-North").await;
    let said: Value = serde_json::from_slice(&reader.get("/entry/session").await.body).unwrap();
    assert_eq!(said["code"], "not-allowed");
    assert!(said["message"].as_str().unwrap().contains("registrar"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_entered_once_with_its_marking_and_answered_with_a_receipt() {
    let world = world(&clear());
    let mut browser = world.signed_in("reporter-North").await;
    let first = report(1, None, "2026-02-28T15:00:00Z", answers(&[]));
    let (status, one) = deliver(&mut browser, &first).await;
    assert_eq!(status, StatusCode::OK, "{one}");
    assert_eq!((&one["status"], &one["again"]), (&"accepted".into(), &false.into()));
    let (_, again) = deliver(&mut browser, &first).await;
    assert_eq!((&again["again"], &again["entry"]), (&true.into(), &one["entry"]));
    assert_eq!(again["receipt"], one["receipt"]);
    let second = report(2, Some(&first), "2026-02-28T15:05:00Z", answers(&[("when", "now")]));
    assert_eq!(deliver(&mut browser, &second).await.0, StatusCode::OK);
    let all = entered(&world);
    assert_eq!(all.len(), 2);
    let record = &all[0];
    assert_eq!(record.id.as_str(), format!("reporter-North+{DEVICE}/1"));
    // Half past two of the day on which it was written down, and recorded when it came.
    assert_eq!(record.when.earliest.to_string(), "2026-02-28T14:30:00Z");
    assert_eq!(all[1].when.earliest.to_string(), "2026-02-28T15:05:00Z");
    assert!(record.recorded >= team::at("2026-03-01T00:00:00Z"));
    assert_eq!((record.marking.level, record.source.as_str()), (Tlp::Amber, "Patrol <b>2"));
    assert_eq!(record.extra["submission.made"], "2026-02-28T15:00:00Z");
    assert_eq!(record.extra["entered.account"], "reporter-North");
    // The receipt is a note of this workspace's log, over this very entry.
    let log = world.workspace.store().log().unwrap();
    let receipt = one["receipt"].as_str().unwrap();
    assert!(receipt.contains(log.origin()), "{receipt}");
    assert_eq!(one["hash"], sha256(first.as_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_by_question_and_leaves_the_number_free() {
    let world = world(&clear());
    let mut browser = world.signed_in("reporter-North").await;
    for (more, question) in [
        (("when", "25:99"), "when"),
        (("when", "2027-01-01 10:00"), "when"),
        (("what", "earthquake"), "what"),
        (("source", ""), "source"),
        (("marking", ""), "marking"),
        (("marking", "SECRET"), "marking"),
        (("colour", "red"), "colour"),
    ] {
        let body = report(1, None, "2026-02-28T15:00:00Z", answers(&[more]));
        let (status, said) = deliver(&mut browser, &body).await;
        assert_eq!(
            (status, &said["status"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &"refused".into()),
            "{more:?}"
        );
        assert_eq!(said["faults"][0]["question"], question, "{said}");
        assert!(!said["faults"][0]["remedy"].as_str().unwrap().is_empty());
    }
    let fine = report(1, None, "2026-02-28T15:00:00Z", answers(&[]));
    assert_eq!(deliver(&mut browser, &fine).await.0, StatusCode::OK);
    for (body, code) in [
        (report(1, None, "2026-02-28T15:00:00Z", answers(&[("count", "4")])), "conflict"),
        (report(3, Some(&fine), "2026-02-28T15:00:00Z", answers(&[])), "gap"),
        (report(2, None, "2026-02-28T15:00:00Z", answers(&[])), "conflict"),
        (report(2, Some(&fine), "2026-02-28T14:00:00Z", answers(&[("when", "13:00")])), "clock"),
        (report(2, Some(&fine), "2026-03-02T00:00:00Z", answers(&[])), "clock"),
    ] {
        let (status, said) = deliver(&mut browser, &body).await;
        assert_eq!((status, &said["code"]), (StatusCode::CONFLICT, &code.into()), "{said}");
    }
    for body in [
        "",
        "{}",
        "[1]",
        "{\"servanda\":\"report/1\"}",
        &fine.replace(DEVICE, "../../x"),
        &fine.replace("report/1", "report/2"),
    ] {
        assert_eq!(deliver(&mut browser, body).await.0, StatusCode::BAD_REQUEST, "{body}");
    }
    let long = report(2, Some(&fine), "2026-02-28T15:00:00Z", answers(&[("remark", &"x".repeat(70_000))]));
    assert_eq!(deliver(&mut browser, &long).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(entered(&world).len(), 1);
}

/// ASVS 5.0: 3.5.1 and 3.5.2 (requests of other pages are refused), 8.2.1 (functions by explicit permission).
#[tokio::test(flavor = "multi_thread")]
async fn v3_5_1_v3_5_2_only_this_page_delivers_and_only_for_whoever_is_signed_in() {
    let world = world(&clear());
    let mut browser = world.signed_in("reporter-North").await;
    let token = session(&mut browser).await["token"].as_str().unwrap().to_string();
    let body = report(1, None, "2026-02-28T15:00:00Z", answers(&[]));
    let json = ("content-type", "application/json");
    let own = ("servanda-form-token", token.as_str());
    for headers in [
        vec![json],
        vec![json, ("servanda-form-token", "0")],
        vec![json, own, ("origin", "https://evil.example")],
        vec![json, own, ("sec-fetch-site", "cross-site")],
    ] {
        assert_eq!(send(&browser, &body, &headers).await.0, StatusCode::FORBIDDEN, "{headers:?}");
    }
    let text = send(&browser, &body, &[("content-type", "text/plain"), own]).await;
    assert_eq!(text.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    // The token of another's sign-in is worth nothing.
    let other = world.signed_in("reporter-South").await;
    assert_eq!(send(&other, &body, &[json, own]).await.0, StatusCode::FORBIDDEN);
    assert_eq!(send(&world.browser(), &body, &[json, own]).await.0, StatusCode::UNAUTHORIZED);
    let reader = world.signed_in("reader-North").await;
    assert_eq!(send(&reader, &body, &[json, own]).await.0, StatusCode::FORBIDDEN);
    assert!(entered(&world).is_empty());
    // Two accounts on one device are two submitters.
    assert_eq!(deliver(&mut browser, &body).await.0, StatusCode::OK);
    let mut south = world.signed_in("reporter-South").await;
    assert_eq!(deliver(&mut south, &body).await.0, StatusCode::OK);
    let ids: Vec<String> = entered(&world).iter().map(|r| r.id.to_string()).collect();
    assert_eq!(ids, [format!("reporter-North+{DEVICE}/1"), format!("reporter-South+{DEVICE}/1")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_of_a_device_is_the_accounts_alone_and_goes_with_signing_out() {
    let world = world(&clear());
    let mut north = world.signed_in("reporter-North").await;
    session(&mut north).await;
    let secret = north.cookies["servanda-device"].clone();
    assert_eq!(secret.len(), 64);
    let account = north.get("/account").await.text();
    let left = north.post("/sign-out", &[("token", &team::token_of(&account))]).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert!(!north.cookies.contains_key("servanda-device"), "{:?}", north.cookies);
    // The same account reads what it left, on any device; another does not.
    north.sign_in("reporter-North", team::PASSWORD).await;
    assert!(!north.cookies.contains_key("servanda-device"), "only where it is asked for");
    session(&mut north).await;
    assert_eq!(north.cookies["servanda-device"], secret);
    let mut south = world.signed_in("reporter-South").await;
    session(&mut south).await;
    assert_ne!(south.cookies["servanda-device"], secret);
    // Whoever signs in over it has another's taken away.
    let mut shared = north.clone();
    shared.cookies.remove("servanda");
    shared.sign_in("reporter-South", team::PASSWORD).await;
    assert!(!shared.cookies.contains_key("servanda-device"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_own_files_hold_nothing_of_anybody_and_the_worker_may_answer_for_it() {
    let world = world(&clear());
    let mut nobody = world.browser();
    let mut north = world.signed_in("reporter-North").await;
    for path in
        ["/entry", "/entry/worker.js", "/assets/entry.js", "/assets/entry-kept.js", "/assets/entry-words.js"]
    {
        let (a, b) = (nobody.get(path).await, north.get(path).await);
        assert_eq!((a.status, &a.body), (StatusCode::OK, &b.body), "{path}");
        assert!(!b.text().contains("reporter-North"));
        assert!(!b.headers.contains_key("set-cookie"), "{path}");
    }
    assert_eq!(nobody.get("/entry/worker.js").await.headers["service-worker-allowed"], "/entry");
    // The worker keeps exactly what the page loads, and no answer of the server.
    let worker = include_str!("../../../web/entry-worker.js");
    let page = include_str!("../../../web/entry.html");
    for file in page.split("=\"/assets/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(worker.contains(&format!("'/assets/{file}'")), "{file} is not kept");
    }
    for script in ["entry.js", "entry-kept.js"] {
        let text = nobody.get(&format!("/assets/{script}")).await.text();
        for file in text.split("from './").skip(1).map(|rest| rest.split('\'').next().unwrap()) {
            assert!(
                worker.contains(&format!("'/assets/{file}'")),
                "{file}, which {script} loads, is not kept"
            );
        }
    }
    let kept: Vec<&str> =
        worker.split("FILES = [").nth(1).unwrap().split(']').next().unwrap().split(", ").collect();
    assert!(kept.iter().all(|file| *file == "'/entry'" || file.starts_with("'/assets/")), "{kept:?}");
}
