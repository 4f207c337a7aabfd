//! A witness over HTTP, on this machine only: `add-checkpoint`, and the last checkpoint of each log. And the other end: asking one.
//!
//! What is answered is decided in `store` and `ledger`; here it gets its status. Whoever wants to be reached from elsewhere puts a
//! proxy of their own in front; the program itself listens on the loopback address and asks only there.
//!
//! Invariants
//! - one request is answered at a time, from one state, which is on the disk before the answer goes out;
//! - a body is read up to the size that a request may have, and no further;
//! - it answers only to the names of this machine.
//!
//! Where to start reading: [`router`]. Tests: `tests/witness.rs`.
//!
//! # Source
//! C2SP tlog-witness.

use crate::answers::guard;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use servanda_ledger::witness::{LARGEST, Refusal};
use servanda_store::log::witness::{Witness, origin_hash};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Seconds since 1970, as the clock at the edge says.
pub type Clock = dyn Fn() -> u64 + Send + Sync;

/// A witness that is served.
pub struct Served {
    witness: Mutex<Witness>,
    clock: Box<Clock>,
}

impl Served {
    /// A witness, and the clock that dates its cosignatures.
    pub fn new(witness: Witness, clock: Box<Clock>) -> Served {
        Served { witness: Mutex::new(witness), clock }
    }

    /// The witness, while nobody else has it. A request that failed half-way left it as it was: its state is on the disk.
    fn alone<T>(&self, with: impl FnOnce(&mut Witness) -> T) -> T {
        with(&mut self.witness.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The routes.
pub fn router(served: Arc<Served>) -> Router {
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{origin}/checkpoint", get(checkpoint))
        .fallback(|| async {
            (StatusCode::NOT_FOUND, "a witness has `add-checkpoint` and `ORIGIN-HASH/checkpoint`\n")
        })
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(middleware::from_fn(guard))
        .with_state(served)
}

/// A failure of ours: nothing was cosigned, and the asker learns no more than that.
fn failed(error: &dyn std::fmt::Display) -> Response {
    eprintln!("error: the witness could not answer: {error}");
    (StatusCode::INTERNAL_SERVER_ERROR, "the witness could not answer; its own log says why\n")
        .into_response()
}

async fn add_checkpoint(State(served): State<Arc<Served>>, body: Bytes) -> Response {
    let work = move || served.alone(|witness| witness.answer(&body, (served.clock)()));
    let refused = match tokio::task::spawn_blocking(work).await {
        Ok(Ok(Ok(line))) => return line.into_response(),
        Ok(Ok(Err(refused))) => refused,
        Ok(Err(e)) => return failed(&e),
        Err(e) => return failed(&e),
    };
    let status = StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mime = match refused {
        Refusal::Conflict(_) => "text/x.tlog.size",
        _ => "text/plain; charset=utf-8",
    };
    (status, [(header::CONTENT_TYPE, mime)], refused.body()).into_response()
}

async fn checkpoint(State(served): State<Arc<Served>>, Path(origin): Path<String>) -> Response {
    let work = move || {
        served.alone(|witness| {
            let watched = witness.logs().find(|log| origin_hash(log.name()) == origin);
            match watched.map(|log| log.name().to_string()) {
                Some(name) => witness.seen(&name),
                None => Ok(None),
            }
        })
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(Some((note, _)))) => note.to_string().into_response(),
        Ok(Ok(None)) => {
            (StatusCode::NOT_FOUND, "no checkpoint of that log was cosigned here\n").into_response()
        }
        Ok(Err(e)) => failed(&e),
        Err(e) => failed(&e),
    }
}

/// The largest answer of a witness that is read, in bytes.
const LARGEST_ANSWER: u64 = 1 << 20;

/// Asks the witness at that port of this machine to cosign; says its status and body.
///
/// # Errors
/// Where nobody answers within half a minute, or the answer is no HTTP.
pub fn ask(port: u16, request: &[u8]) -> std::io::Result<(u16, String)> {
    let wrong = || std::io::Error::other("the answer is not that of a witness");
    let patience = Some(Duration::from_secs(30));
    let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(patience)?;
    let head = format!(
        "POST /add-checkpoint HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: text/plain\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        request.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.take(LARGEST_ANSWER).read_to_end(&mut answer)?;
    let answer = String::from_utf8(answer).map_err(|_| wrong())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(wrong)?;
    let status =
        head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok()).ok_or_else(wrong)?;
    // Our own answers have a length; a chunked one would be read wrongly, so it is refused.
    if head.to_ascii_lowercase().contains("transfer-encoding:") {
        return Err(wrong());
    }
    Ok((status, body.to_string()))
}
