//! The witness over HTTP: every status of the protocol, and the loop between a log and a witness.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use servanda_ledger::note::{Algorithm, SignerKey};
use servanda_server::Listening;
use servanda_server::witness::{Served, ask, router};
use servanda_store::log::Log;
use servanda_store::log::witness::{Witness, origin_hash};
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt;

const ORIGIN: &str = "ledger.example/test";

fn key(seed: u8) -> SignerKey {
    SignerKey::new(ORIGIN, Algorithm::Note, &[seed; 32]).unwrap()
}

fn served(dir: &Path) -> Arc<Served> {
    let own = SignerKey::new("north.example", Algorithm::Cosignature, &[2; 32]).unwrap();
    let mut witness = Witness::create(dir, &own).unwrap();
    witness.watch(key(1).public()).unwrap();
    Arc::new(Served::new(witness, Box::new(|| 1_800_000_000)))
}

fn log(dir: &Path, seed: u8, entry: &str) -> Log {
    let mut log = Log::create(dir, ORIGIN, key(seed)).unwrap();
    log.append(&[entry.into()], 0).unwrap();
    log.propose().unwrap();
    log
}

async fn send(served: &Arc<Served>, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let response = router(served.clone()).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    (parts.status, parts.headers, String::from_utf8(body).unwrap())
}

fn add(body: impl Into<Body>) -> Request<Body> {
    Request::post("/add-checkpoint").header("host", "127.0.0.1").body(body.into()).unwrap()
}

fn seen(origin: &str) -> Request<Body> {
    let path = format!("/{}/checkpoint", origin_hash(origin));
    Request::get(path).header("host", "127.0.0.1").body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_answer_has_its_status() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(&folder.path().join("witness"));
    let mut honest = log(&folder.path().join("a"), 1, "a");
    assert_eq!(send(&served, seen(ORIGIN)).await.0, 404);
    let (status, _, line) = send(&served, add(honest.request(0).unwrap().to_string())).await;
    assert_eq!(status, 200);
    assert!(line.starts_with("— north.example ") && line.ends_with('\n'), "{line}");
    let (status, _, note) = send(&served, seen(ORIGIN)).await;
    assert_eq!(status, 200);
    assert!(note.contains(&line) && note.contains(&format!("— {ORIGIN} ")), "{note}");
    assert_eq!(send(&served, seen("another.example")).await.0, 404);

    honest.append(&["b".into()], 0).unwrap();
    honest.propose().unwrap();
    let (status, headers, body) = send(&served, add(honest.request(0).unwrap().to_string())).await;
    assert_eq!((status.as_u16(), body.as_str()), (409, "1\n"));
    assert_eq!(headers["content-type"], "text/x.tlog.size");
    let other = log(&folder.path().join("b"), 1, "other");
    let mut request = other.request(0).unwrap();
    request.old = 1;
    assert_eq!(send(&served, add(request.to_string())).await.0, 422);
    let forged = log(&folder.path().join("c"), 9, "a");
    assert_eq!(send(&served, add(forged.request(1).unwrap().to_string())).await.0, 403);
    let renamed = honest.request(1).unwrap().to_string().replace(ORIGIN, "stranger.example");
    assert_eq!(send(&served, add(renamed)).await.0, 404);
    assert_eq!(send(&served, add("hello")).await.0, 400);
    assert_eq!(send(&served, add(vec![b'x'; 2 << 20])).await.0, 413);
    let away =
        Request::post("/add-checkpoint").header("host", "witness.example").body(Body::empty()).unwrap();
    assert_eq!(send(&served, away).await.0, 421);
    assert_eq!(send(&served, Request::get("/").body(Body::empty()).unwrap()).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_answered_from_one_state() {
    let folder = tempfile::tempdir().unwrap();
    let served = served(&folder.path().join("witness"));
    let listening = Listening::on(0, router(served.clone())).await.unwrap();
    let port: u16 = listening.url().rsplit(':').next().unwrap().parse().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(listening.answer(async { drop(stopped.await) }));
    // Logs that begin alike and end differently: only one of them can be signed from nothing.
    let requests: Vec<String> = (0..8)
        .map(|i| {
            log(&folder.path().join(i.to_string()), 1, &format!("entry {i}")).request(0).unwrap().to_string()
        })
        .collect();
    let asked: Vec<_> = requests
        .into_iter()
        .map(|request| tokio::task::spawn_blocking(move || ask(port, request.as_bytes()).unwrap().0))
        .collect();
    let mut statuses = Vec::new();
    for one in asked {
        statuses.push(one.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}
