//! Files of reports: a browser sends them after its report, the store keeps them by their hash, and whoever may see the report saves them.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use servanda_model::record::{Marking, Tlp};
use servanda_store::policy::Viewer;
use servanda_store::sha256;
use std::sync::atomic::Ordering;
use team::{Browser, World, clear, record, world};

const DEVICE: &str = "0123456789abcdef";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a crater <script>alert(1)</script>";
const PDF: &[u8] = b"%PDF-1.7 a list";

fn report(number: u64, previous: Option<&str>, marking: &str, files: &Value) -> String {
    let previous = previous.map(|text| sha256(text.as_bytes()));
    let answers = json!({
        "what": "ceasefire-violation, explosion", "when": "14:30", "means": "image", "source": "Patrol 2",
        "where": "48.14 37.74 within 500m", "marking": marking,
    });
    json!({"servanda": "report/1", "device": DEVICE, "number": number, "previous": previous, "made": "2026-02-28T15:00:00Z",
        "answers": answers, "files": files})
    .to_string()
}

async fn send(browser: &Browser, path: &str, body: &[u8], headers: &[(&str, &str)]) -> (StatusCode, Value) {
    let mut request = Request::post(path).header("host", "127.0.0.1:7400");
    let cookies: Vec<String> = browser.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
    request = request.header("cookie", cookies.join("; "));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = browser.raw(request.body(Body::from(body.to_vec())).unwrap()).await;
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn token(browser: &mut Browser) -> String {
    let session: Value = serde_json::from_slice(&browser.get("/entry/session").await.body).unwrap();
    session["token"].as_str().unwrap().to_string()
}

async fn deliver(browser: &mut Browser, body: &str) -> (StatusCode, Value) {
    let token = token(browser).await;
    let headers = [("content-type", "application/json"), ("servanda-form-token", &*token)];
    send(browser, "/entry/deliver", body.as_bytes(), &headers).await
}

/// Sends a file of a report as the page does.
async fn file(browser: &mut Browser, record: &str, hash: &str, bytes: &[u8]) -> (StatusCode, Value) {
    let token = token(browser).await;
    let record: String = form_urlencoded::byte_serialize(record.as_bytes()).collect();
    let headers = [("content-type", "application/octet-stream"), ("servanda-form-token", &*token)];
    send(browser, &format!("/entry/file?record={record}&hash={hash}"), bytes, &headers).await
}

fn address(record: &str, hash: &str) -> String {
    let id: String = form_urlencoded::byte_serialize(record.as_bytes()).collect();
    format!("/api/incidents/{}/attachments/{hash}", id.replace('+', "%20"))
}

/// What was entered is known to those who may see it.
fn tell(world: &World, id: &str) {
    let keeper = Viewer::keeper();
    let stored = world.workspace.store().view(&keeper).record(id).unwrap();
    world.tell(&[servanda_evidence::record_json::from_json(&stored.json).unwrap()]);
    world.now.fetch_add(60_000, Ordering::SeqCst);
}

/// A report of North's reporter with a photo, for those who are cleared for it.
async fn with_photo(world: &World, marking: &str) -> (Browser, String, String) {
    // Readers are there before it comes, and are told of it.
    for name in ["reader-North", "reader-low"] {
        world.signed_in(name).await.get("/api/board").await;
    }
    let mut reporter = world.signed_in("reporter-North").await;
    let hash = sha256(JPEG);
    let files = json!([{"name": "crater <img src=x>.jpg", "hash": hash}]);
    let (status, said) = deliver(&mut reporter, &report(1, None, marking, &files)).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let record = said["record"].as_str().unwrap().to_string();
    tell(world, &record);
    (reporter, record, hash)
}

/// ASVS 5.0: 3.2.1 (what is asked as a page is not rendered as one), 5.3.1 and 5.3.2 (an uploaded file is never run, its name makes no path),
/// 5.4.1 and 5.4.2 (its name in the answer).
#[tokio::test(flavor = "multi_thread")]
async fn v5_3_1_a_file_is_saved_by_whoever_may_see_its_report_and_is_never_a_page() {
    let mut records = clear();
    records.push(record("r5", "report", "North", "2026-02-10T08:00:00Z", Marking::of(Tlp::Amber)));
    let world = world(&records);
    let (mut reporter, record, hash) = with_photo(&world, "TLP:AMBER").await;
    let path = address(&record, &hash);
    let mut reader = world.signed_in("reader-North").await;
    assert_eq!(reader.get(&path).await.status, StatusCode::NOT_FOUND, "it has not come yet");
    let (status, said) = file(&mut reporter, &record, &hash, JPEG).await;
    assert_eq!((status, &said["status"]), (StatusCode::OK, &"accepted".into()), "{said}");
    let (again, _) = file(&mut reporter, &record, &hash, JPEG).await;
    assert_eq!(again, StatusCode::OK, "sent twice is sent once");
    // The record names it, with its name, and the report that does.
    let page: Value =
        serde_json::from_slice(&reader.get(path.rsplit_once("/attachments").unwrap().0).await.body).unwrap();
    let named = &page["incident"]["attachments"][0];
    assert!(named.is_object(), "{page}");
    assert_eq!((&named["hash"], &named["name"]), (&hash.as_str().into(), &"crater <img src=x>.jpg".into()));
    assert_eq!(named["report"], record);
    let answer = reader.get(&path).await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, JPEG));
    let head = |name: &str| answer.headers[name].to_str().unwrap();
    assert_eq!(head("content-type"), "application/octet-stream");
    assert_eq!(
        head("content-disposition"),
        "attachment; filename=\"crater img src=x.jpg\"; filename*=UTF-8''crater%20img%20src%3Dx.jpg"
    );
    assert_eq!(head("x-content-type-options"), "nosniff");
    assert_eq!(
        head("content-security-policy"),
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
    );
    assert_eq!(head("cache-control"), "no-store");
    assert_eq!(head("cross-origin-resource-policy"), "same-origin");
    // Every other answer has the rule of a page.
    let page = reader.get("/incidents").await;
    assert!(page.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self'"));
    // It is written down as a file that was given, with the record.
    {
        let views = world.views.all.lock().unwrap();
        let viewed =
            views.iter().find(|view| view.route.ends_with("/attachments/{hash}") && view.is_file).unwrap();
        assert!(viewed.name == "reader-North" && viewed.records.contains(&record), "{viewed:?}");
    }
    // Whoever may not see the report is told the same as of what nobody ever sent.
    let nothing = reader.get(&address(&record, &"0".repeat(64))).await;
    let mut low = world.signed_in("reader-low").await;
    for path in [path.clone(), path.replace(&hash, "..%2f..%2fservanda.toml"), address("nothing", &hash)] {
        let hidden = low.get(&path).await;
        assert_eq!((hidden.status, hidden.text()), (nothing.status, nothing.text()), "{path}");
    }
    // And before it was known.
    let before = reader.get(&format!("{path}?known=2026-02-20")).await;
    assert_eq!((before.status, before.text()), (nothing.status, nothing.text()));
}

/// ASVS 5.0: 5.2.1 (size), 5.2.2 (ending and contents).
#[tokio::test(flavor = "multi_thread")]
async fn v5_2_1_and_v5_2_2_what_is_too_large_or_not_what_it_is_called_is_refused() {
    let world = world(&clear());
    let mut reporter = world.signed_in("reporter-North").await;
    let hash = sha256(JPEG);
    let eleven: Vec<Value> = (0..11).map(|n| json!({"name": format!("{n}.jpg"), "hash": hash})).collect();
    for (files, reason) in [
        (json!([{"name": "page.html", "hash": hash}]), "no photo, film, sound or PDF"),
        (json!([{"name": "drawing.svg", "hash": hash}]), "no photo, film, sound or PDF"),
        (json!([{"name": "a.jpg.exe", "hash": hash}]), "no photo, film, sound or PDF"),
        (json!([{"name": "a\nb.jpg", "hash": hash}]), "no usable name"),
        (json!([{"name": "a.jpg", "hash": "../x"}]), "no hash"),
        (json!([{"name": "a.jpg", "hash": hash}, {"name": "a.jpg ", "hash": sha256(PDF)}]), "two files"),
        (json!(eleven), "11 files"),
    ] {
        let (status, said) = deliver(&mut reporter, &report(1, None, "TLP:AMBER", &files)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{files} {said}");
        assert_eq!(said["faults"][0]["question"], "files", "{said}");
        assert!(said["faults"][0]["reason"].as_str().unwrap().contains(reason), "{said}");
        assert!(!said["faults"][0]["remedy"].as_str().unwrap().is_empty());
    }
    // Called a photo, and none: each payload by its first bytes.
    let payloads: [&[u8]; 5] = [
        b"<!doctype html><script>alert(1)</script>",
        b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
        b"MZ a program",
        b"",
        b"\xff\xd8",
    ];
    let mut before: Option<String> = None;
    for (n, payload) in payloads.iter().enumerate() {
        let hash = sha256(payload);
        let body = report(
            n as u64 + 1,
            before.as_deref(),
            "TLP:AMBER",
            &json!([{"name": "photo.jpg", "hash": hash}]),
        );
        let (_, said) = deliver(&mut reporter, &body).await;
        let record = said["record"].as_str().unwrap().to_string();
        let (status, said) = file(&mut reporter, &record, &hash, payload).await;
        assert_eq!(
            (status, &said["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &"unknown-kind".into()),
            "{said}"
        );
        tell(&world, &record);
        let mut reader = world.signed_in("reader-North").await;
        assert_eq!(reader.get(&address(&record, &hash)).await.status, StatusCode::NOT_FOUND);
        before = Some(body);
    }
    // Longer than it may be: refused before it is read, and while it comes.
    let (status, said) = deliver(
        &mut reporter,
        &report(6, before.as_deref(), "TLP:AMBER", &json!([{"name": "a.pdf", "hash": sha256(PDF)}])),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let record = said["record"].as_str().unwrap().to_string();
    let token = token(&mut reporter).await;
    let path = format!("/entry/file?record={}&hash={}", record.replace('+', "%2B"), sha256(PDF));
    let kind = ("content-type", "application/octet-stream");
    let own = ("servanda-form-token", &*token);
    let (status, said) = send(&reporter, &path, b"x", &[kind, own, ("content-length", "26214401")]).await;
    assert_eq!((status, &said["code"]), (StatusCode::PAYLOAD_TOO_LARGE, &"too-long".into()));
    assert!(said["message"].as_str().unwrap().contains("25 MB"), "{said}");
    let (status, _) = send(&reporter, &path, &vec![b'x'; (25 << 20) + 1], &[kind, own]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    // Other bytes than were named; a form of a page; without the token; from elsewhere.
    let (status, said) = send(&reporter, &path, b"%PDF-1.7 another", &[kind, own]).await;
    assert_eq!((status, &said["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &"not-its-hash".into()));
    let (status, _) = send(&reporter, &path, PDF, &[("content-type", "multipart/form-data"), own]).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (status, said) = send(&reporter, &path, PDF, &[kind]).await;
    assert_eq!((status, &said["code"]), (StatusCode::FORBIDDEN, &"old-form".into()));
    let elsewhere = ("origin", "https://evil.example");
    assert_eq!(send(&reporter, &path, PDF, &[kind, own, elsewhere]).await.0, StatusCode::FORBIDDEN);
    assert_eq!(send(&reporter, &path, PDF, &[kind, own]).await.0, StatusCode::OK);
}

/// ASVS 5.0: 8.2.2 (data by explicit permission): naming a hash opens nothing, and nobody adds a file to another's report.
#[tokio::test(flavor = "multi_thread")]
async fn v8_2_2_a_hash_that_is_only_named_opens_nothing_and_says_nothing() {
    let world = world(&clear());
    let (mut north, record, hash) = with_photo(&world, "TLP:RED").await;
    file(&mut north, &record, &hash, JPEG).await;
    // South guesses the hash, or saw it somewhere: named in a report of its own it is not there, as one that nobody has.
    let mut south = world.signed_in("reporter-South").await;
    let unknown = sha256(b"nobody has this");
    let files = json!([{"name": "a.jpg", "hash": hash}, {"name": "b.jpg", "hash": unknown}]);
    let (status, said) = deliver(&mut south, &report(1, None, "TLP:CLEAR", &files)).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let own = said["record"].as_str().unwrap().to_string();
    tell(&world, &own);
    let mut reader = world.signed_in("reader-South").await;
    let (named, none) = (reader.get(&address(&own, &hash)).await, reader.get(&address(&own, &unknown)).await);
    assert_eq!((named.status, none.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    assert_eq!(named.text(), none.text());
    // Nor does it send a file for a report that is not its own, and is told the same of one that is not there.
    let (status, theirs) = file(&mut south, &record, &hash, JPEG).await;
    let (_, nobodys) = file(&mut south, "reporter-North+ffffffffffffffff/1", &hash, JPEG).await;
    let (_, imported) = file(&mut south, "r1", &hash, JPEG).await;
    assert_eq!((status, &theirs["code"]), (StatusCode::NOT_FOUND, &"no-such-report".into()));
    assert_eq!((&theirs, &theirs), (&nobodys, &imported));
    // Whoever has the bytes has them.
    assert_eq!(file(&mut south, &own, &hash, JPEG).await.0, StatusCode::OK);
    assert_eq!(reader.get(&address(&own, &hash)).await.status, StatusCode::OK);
}

/// ASVS 5.0: 5.4.3 (files are scanned before they are kept), with a program of the operator's.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn v5_4_3_a_scanner_looks_into_each_file_before_it_is_taken() {
    let records = clear();
    let standing = |script: &str| servanda_server::Standing {
        scan: Some(servanda_server::Scanner {
            program: "sh".into(),
            arguments: vec!["-c".into(), script.into()],
        }),
        ..servanda_server::Standing::default()
    };
    let refuses = "if grep -q crater; then exit 1; fi; exit 0";
    for (script, status, code) in [
        (refuses, StatusCode::UNPROCESSABLE_ENTITY, "refused-by-scanner"),
        ("exit 3", StatusCode::SERVICE_UNAVAILABLE, "not-scanned"),
        ("cat >/dev/null", StatusCode::OK, ""),
    ] {
        let world = team::world_of(&records, &team::accounts(), standing(script));
        let mut reporter = world.signed_in("reporter-North").await;
        let hash = sha256(JPEG);
        let files = json!([{"name": "crater.jpg", "hash": hash}]);
        let (_, said) = deliver(&mut reporter, &report(1, None, "TLP:CLEAR", &files)).await;
        let record = said["record"].as_str().unwrap().to_string();
        let (answer, said) = file(&mut reporter, &record, &hash, JPEG).await;
        assert_eq!((answer, said["code"].as_str().unwrap_or_default()), (status, code), "{said}");
        tell(&world, &record);
        // What was not taken is nowhere.
        let kept = world.signed_in("reader-North").await.get(&address(&record, &hash)).await.status;
        assert_eq!(kept == StatusCode::OK, status == StatusCode::OK, "{script}: {kept}");
    }
}
