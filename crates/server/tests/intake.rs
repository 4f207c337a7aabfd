//! Taking in over HTTP: shapes, bounds, and what is refused before it is read.

#[allow(dead_code, reason = "the tests of the reports use the rest")]
#[path = "../../report/tests/hand_built/mod.rs"]
mod hand_built;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use servanda_server::intake::{Expected, MAX_BODY, MAX_LINE, MAX_STREAM};
use servanda_server::{Intake, Problem, Served, router};
use std::io::Write;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;

/// Answers each line with its length, and remembers what it got together.
#[derive(Default)]
struct Lengths(Mutex<Vec<usize>>);

impl Intake for Lengths {
    fn submit(&self, envelopes: Vec<String>) -> Result<Vec<Value>, Problem> {
        self.0.lock().unwrap().push(envelopes.len());
        if envelopes.iter().any(|e| e == "full") {
            return Err(Problem::unable("the disk is full"));
        }
        Ok(envelopes
            .iter()
            .map(|e| json!({"status": if e == "{}" { "refused" } else { "accepted" }, "length": e.len()}))
            .collect())
    }

    fn import(&self, format: &str, bytes: Vec<u8>) -> Result<Value, Problem> {
        if format == "cap" {
            Ok(json!({"made": bytes.len()}))
        } else {
            Err(Problem::missing("no-such-format", "no such format"))
        }
    }

    fn expects(&self, statement: &str) -> Result<Expected, Problem> {
        // `HASH LENGTH`, as if it were signed.
        let (hash, length) = statement.split_once(' ').ok_or_else(|| {
            Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "not-expected", "nobody has signed it")
        })?;
        Ok(Expected { submitter: "node-1".into(), hash: hash.into(), length: length.parse().unwrap() })
    }

    fn attach(&self, expected: &Expected, bytes: Vec<u8>) -> Result<Value, Problem> {
        self.0.lock().unwrap().push(bytes.len());
        Ok(json!({"status": "accepted", "sha256": expected.hash}))
    }

    fn formats(&self) -> Vec<String> {
        vec!["cap".to_string()]
    }
}

fn served(intake: Option<Arc<Lengths>>) -> Arc<Served> {
    let served = Served::new(
        hand_built::agreement(),
        String::new(),
        hand_built::places(),
        hand_built::records(),
        hand_built::question(),
        Box::new(|agreement, _, _, question| hand_built::board(agreement, question)),
    );
    Arc::new(match intake {
        Some(intake) => served.taking(intake),
        None => served,
    })
}

async fn post_to(
    intake: Option<Arc<Lengths>>,
    path: &str,
    headers: &[(&str, &str)],
    body: Body,
) -> (StatusCode, String) {
    let mut request = Request::post(path).header("host", "127.0.0.1:7400");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router(served(intake)).oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn post(path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> (u16, String) {
    let (status, text) = post_to(Some(Arc::default()), path, headers, Body::from(body.into())).await;
    (status.as_u16(), text)
}

const JSON: (&str, &str) = ("content-type", "application/json");
const LINES: (&str, &str) = ("content-type", "application/x-ndjson");
const GZIP: (&str, &str) = ("content-encoding", "gzip");

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn one_a_list_and_a_stream_are_answered_in_their_own_shape() {
    assert_eq!(
        post("/api/intake", &[JSON], " {\"a\":1} ").await,
        (200, r#"{"length":7,"status":"accepted"}"#.to_string())
    );
    assert_eq!(post("/api/intake", &[JSON], "{}").await.0, 422);
    // The bytes of each envelope stand as they came, blanks and all.
    let (_, list) = post("/api/intake", &[JSON], "[ {\"a\": 1} ,{\"b\":  2}]").await;
    assert_eq!(list, r#"[{"length":8,"status":"accepted"},{"length":9,"status":"accepted"}]"#);
    let (status, lines) = post("/api/intake", &[LINES], "{\"a\":1}\n\n{\"b\":22}").await;
    assert_eq!(
        (status, lines.as_str()),
        (200, "{\"length\":7,\"status\":\"accepted\"}\n{\"length\":8,\"status\":\"accepted\"}\n")
    );
    let (status, lines) = post("/api/intake", &[LINES, GZIP], packed(b"{\"a\":1}\n{\"b\":22}\n")).await;
    assert_eq!((status, lines.lines().count()), (200, 2));
    assert_eq!(
        post("/api/intake/cap", &[("content-type", "application/xml")], "<alert/>").await,
        (200, r#"{"made":8}"#.to_string())
    );
    assert_eq!(post("/api/intake/parquet", &[JSON], "{}").await.0, 404);
}

#[tokio::test]
async fn a_stream_is_taken_in_while_it_goes() {
    let intake: Arc<Lengths> = Arc::default();
    let text = "{\"a\":1}\n".repeat(1_000);
    let (_, answers) = post_to(Some(intake.clone()), "/api/intake", &[LINES], Body::from(text)).await;
    assert_eq!(answers.lines().count(), 1_000);
    let together = intake.0.lock().unwrap().clone();
    assert!(together.iter().sum::<usize>() == 1_000 && together.len() >= 5, "{together:?}");
    // What fails in the middle ends the stream with its reason.
    let (status, answers) = post("/api/intake", &[LINES], "{\"a\":1}\nfull\n").await;
    assert_eq!(status, 200);
    assert!(
        answers.contains("the disk is full") && answers.lines().last().unwrap().contains("error/1"),
        "{answers}"
    );
    assert_eq!(post("/api/intake", &[JSON], "full").await.0, 503);
}

#[tokio::test]
async fn what_may_not_come_in_is_refused_by_its_code() {
    let long = (MAX_BODY + 1).to_string();
    let endless = (MAX_STREAM as u64 + 1).to_string();
    let bomb = packed(&vec![b' '; MAX_BODY + 1]);
    assert!(bomb.len() < 100_000);
    let list = format!("[{}{{}}]", "{},".repeat(10_000));
    for (headers, body, status, code) in [
        (vec![JSON, ("origin", "https://evil.example")], b"{}".to_vec(), 403, "not-this-page"),
        (vec![JSON, ("origin", "null")], b"{}".to_vec(), 403, "not-this-page"),
        (vec![("content-type", "text/plain")], b"{}".to_vec(), 415, "unknown-type"),
        (vec![], b"{}".to_vec(), 415, "unknown-type"),
        (vec![JSON, ("content-encoding", "br")], b"{}".to_vec(), 415, "unknown-packing"),
        (vec![JSON, GZIP], b"{}".to_vec(), 400, "not-gzip"),
        (vec![JSON, ("content-length", long.as_str())], b"{}".to_vec(), 413, "too-long"),
        (vec![JSON, ("content-length", "many")], b"{}".to_vec(), 413, "too-long"),
        (vec![LINES, ("content-length", endless.as_str())], b"{}".to_vec(), 413, "too-long"),
        (vec![JSON, GZIP], bomb, 413, "too-long"),
        (vec![JSON], vec![b' '; MAX_BODY + 1], 413, "too-long"),
        (vec![JSON], b"[{\"a\"".to_vec(), 400, "not-json"),
        (vec![JSON], b"\xff\xfe".to_vec(), 400, "not-utf-8"),
        (vec![JSON], list.into_bytes(), 400, "too-many"),
    ] {
        let (got, said) = post("/api/intake", &headers, body).await;
        assert_eq!(got, status, "{headers:?}: {said}");
        assert!(said.contains(&format!("\"code\":\"{code}\"")), "{headers:?}: {said}");
    }
    let fine = post("/api/intake", &[JSON, ("origin", "http://127.0.0.1:7400")], "{\"a\":1}").await;
    assert_eq!(fine.0, 200);
    let simple = post("/api/intake/cap", &[("content-type", "text/plain")], "<alert/>").await;
    assert_eq!(simple.0, 415);
    let (_, said) = post("/api/intake", &[LINES], vec![b'x'; MAX_LINE + 2]).await;
    assert!(said.contains("too-long"), "{said}");
    let (_, said) = post("/api/intake", &[LINES, GZIP], packed(&vec![b'x'; MAX_LINE * 2])).await;
    assert!(said.contains("too-long"), "{said}");
}

#[tokio::test]
async fn nothing_is_taken_in_unless_somebody_does() {
    for path in ["/api/intake", "/api/intake/cap"] {
        let (status, _) = post_to(None, path, &[JSON], Body::from("{}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    let about = Request::get("/api/intake").header("host", "localhost").body(Body::empty()).unwrap();
    let response = router(served(Some(Arc::default()))).oneshot(about).await.unwrap();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let about: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&about["servanda"], &about["formats"][0]), (&json!("intake/1"), &json!("cap")));
    let other = Request::post("/api/intake")
        .header("host", "evil.example")
        .header(JSON.0, JSON.1)
        .body(Body::from("{}"));
    let response = router(served(Some(Arc::default()))).oneshot(other.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn a_file_comes_in_where_it_is_signed_for_and_fits_its_hash() {
    const BYTES: (&str, &str) = ("content-type", "application/octet-stream");
    let photo = b"not really a picture".to_vec();
    let hash = servanda_store::sha256(&photo);
    let signed = format!("{hash} {}", photo.len());
    let signed = ("servanda-delivery", signed.as_str());
    let intake: Arc<Lengths> = Arc::default();
    for _ in 0..2 {
        let body = Body::from(photo.clone());
        let sent = post_to(Some(intake.clone()), "/api/intake/attachment", &[BYTES, signed], body).await;
        assert_eq!(sent, (StatusCode::OK, format!("{{\"sha256\":\"{hash}\",\"status\":\"accepted\"}}")));
    }
    assert_eq!(*intake.0.lock().unwrap(), [20, 20]);
    let sent = post("/api/intake/attachment", &[BYTES, signed, GZIP], packed(&photo)).await;
    assert_eq!(sent.0, 200, "{}", sent.1);

    let large = format!("{hash} {}", (64 << 20) + 1);
    let short = format!("{hash} 19");
    let longer = format!("{hash} 21");
    let length = ((64 << 20) + 1).to_string();
    for (headers, body, status, code) in [
        (vec![BYTES], photo.clone(), 400, "delivery-wanted"),
        (vec![signed], photo.clone(), 415, "unknown-type"),
        (vec![("content-type", "multipart/form-data"), signed], photo.clone(), 415, "unknown-type"),
        (vec![BYTES, ("servanda-delivery", "x")], photo.clone(), 422, "not-expected"),
        (vec![BYTES, signed], b"not really a pictura".to_vec(), 422, "not-its-hash"),
        (vec![BYTES, ("servanda-delivery", &longer)], photo.clone(), 422, "not-its-hash"),
        (vec![BYTES, ("servanda-delivery", &short)], photo.clone(), 413, "too-long"),
        (vec![BYTES, ("servanda-delivery", &large)], photo.clone(), 413, "too-long"),
        (vec![BYTES, signed, ("content-length", &length)], photo.clone(), 413, "too-long"),
        // A thousand times what it says.
        (vec![BYTES, signed, GZIP], packed(&[0; 20_000]), 413, "too-long"),
        (vec![BYTES, signed, ("origin", "https://evil.example")], photo.clone(), 403, "not-this-page"),
    ] {
        let (got, said) = post("/api/intake/attachment", &headers, body).await;
        assert_eq!(got, status, "{headers:?}: {said}");
        assert!(said.contains(&format!("\"code\":\"{code}\"")), "{headers:?}: {said}");
    }
}

/// A body whose pieces come one after another, so far apart.
fn drops(piece: &'static [u8], count: usize, apart: std::time::Duration) -> Body {
    let (send, receive) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        for _ in 0..count {
            tokio::time::sleep(apart).await;
            if send.send(axum::body::Bytes::from_static(piece)).await.is_err() {
                return;
            }
        }
    });
    Body::new(Pieces(receive))
}

struct Pieces(tokio::sync::mpsc::Receiver<axum::body::Bytes>);

impl axum::body::HttpBody for Pieces {
    type Data = axum::body::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}

/// Time does not pass in this test; it is set.
#[tokio::test(start_paused = true)]
async fn a_body_that_comes_in_drops_is_not_waited_for() {
    use std::time::Duration;
    let intake: Arc<Lengths> = Arc::default();
    let send = |headers: &'static [(&'static str, &'static str)], body: Body| {
        post_to(Some(intake.clone()), "/api/intake", headers, body)
    };
    // Nothing for half a minute.
    let (status, said) = send(&[JSON], drops(b" ", 2, Duration::from_secs(31))).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    assert!(said.contains("too-slow") && said.contains("send it again"), "{said}");
    // A byte every twenty seconds, as long as the server likes: not for hours.
    let begun = tokio::time::Instant::now();
    let (status, said) = send(&[JSON], drops(b" ", 100_000, Duration::from_secs(20))).await;
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
    assert!(said.contains("in drops") && begun.elapsed() < Duration::from_secs(60), "{said}");
    // A thin line is waited for: 4 kB a second for a minute and a half.
    let text: &'static [u8] = Box::leak(vec![b' '; 4_000].into_boxed_slice());
    let (status, said) = send(&[JSON], drops(text, 90, Duration::from_secs(1))).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    // A stream may be as slow as it likes, but not silent: its answers come while it goes.
    let (_, said) = send(&[LINES], drops(b"{\"a\":1}\n", 20, Duration::from_secs(20))).await;
    assert_eq!(said.lines().filter(|line| line.contains("accepted")).count(), 20, "{said}");
}
