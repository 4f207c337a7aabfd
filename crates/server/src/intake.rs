//! Taking in: submissions and documents that are sent to this machine over HTTP.
//!
//! It understands neither: whoever serves hands in an [`Intake`] that does. Here are the shapes of requests and answers, and the
//! bounds.
//!
//! | request | answer |
//! |---|---|
//! | `POST /api/intake`, `application/json`: one envelope | one answer |
//! | the same: a list of envelopes | a list of answers, in order |
//! | `POST /api/intake`, `application/x-ndjson`: an envelope on each line, as long as you like | an answer on each line, while it goes |
//! | `POST /api/intake/FORMAT`: a document of a known format, unsigned | what was made of it; only where that was allowed |
//! | `POST /api/intake/attachment`: the bytes of a file that a record names, with what their submitter signed of them | that they are kept |
//! | `GET /api/intake` | what is taken, and the bounds |
//!
//! Invariants
//! - without an [`Intake`] there is nothing to send to;
//! - a request of a page from elsewhere is refused: its `Origin` says so;
//! - a body is at most [`MAX_BODY`] long, a file [`LARGEST_ATTACHMENT`], a stream [`MAX_STREAM`], a line [`MAX_LINE`], packed or
//!   unpacked; who sends nothing for [`PATIENCE`], or a body more slowly than [`SLOWEST`], is told so and hung up on;
//! - of a file nobody is asked for a byte who did not sign for it; its bytes are kept only where they fit the hash, and replace nothing;
//! - what is answered as accepted is stored; what was sent twice is answered the second time as it was the first.
//!
//! Where to start reading: [`Intake`], then `submit`.

use crate::Problem;
use crate::front::Taking;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::write::GzDecoder;
use http_body::Frame;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use servanda_store::LARGEST_ATTACHMENT;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

/// Longest body that is taken whole, in bytes, unpacked.
pub const MAX_BODY: usize = 16 << 20;
/// Longest stream, in bytes, unpacked.
pub const MAX_STREAM: usize = 256 << 20;
/// Longest line of a stream.
pub const MAX_LINE: usize = 2 << 20;
/// Most envelopes of one list.
pub const MAX_LIST: usize = 10_000;
/// So many lines of a stream are taken in together, at most.
const TOGETHER: usize = 200;
/// How long it waits for the next piece of a body.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A whole body that comes more slowly than this, in bytes a second, once [`PATIENCE`] is over, is not waited for.
pub const SLOWEST: u64 = 512;
/// So many files come in at once: each lies in memory until it is whole.
const FILES_AT_ONCE: usize = 4;
pub(crate) static FILES: Semaphore = Semaphore::const_new(FILES_AT_ONCE);
/// The header with what a submitter signed of a file.
const DELIVERY: &str = "servanda-delivery";

/// A file that may come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expected {
    /// Whose it is.
    pub submitter: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub hash: String,
    /// Its length in bytes.
    pub length: usize,
}

/// Whoever takes submissions in.
pub trait Intake: Send + Sync {
    /// Takes envelopes in, in order, and answers each.
    ///
    /// # Errors
    /// Where nothing at all could be taken in: the disk, a busy store.
    fn submit(&self, envelopes: Vec<String>) -> Result<Vec<Value>, Problem>;

    /// Takes a document of a format in, whole, and says what was made of it.
    ///
    /// # Errors
    /// A format that is not taken, or a document of which nothing can be used.
    fn import(&self, format: &str, bytes: Vec<u8>) -> Result<Value, Problem>;

    /// What a signed statement says of a file that is to come, where its submitter may send it.
    ///
    /// # Errors
    /// Where nobody known signed it, or no record of theirs names the file.
    fn expects(&self, statement: &str) -> Result<Expected, Problem>;

    /// Keeps a file, whose bytes are those that were expected. Twice is once.
    ///
    /// # Errors
    /// Where it cannot be kept: the disk.
    fn attach(&self, expected: &Expected, bytes: Vec<u8>) -> Result<Value, Problem>;

    /// Formats of documents that are taken without a signature.
    fn formats(&self) -> Vec<String>;
}

type From = State<Taking>;

/// Whoever takes in. The routes are there only where somebody does.
fn intake(taking: &Taking) -> Result<Arc<dyn Intake>, Problem> {
    taking.0.clone().ok_or_else(Problem::method)
}

pub(crate) async fn about(State(taking): From) -> Response {
    let formats = taking.0.as_ref().map_or(Vec::new(), |intake| intake.formats());
    let about = json!({
        "servanda": "intake/1",
        "envelopes": true,
        "formats": formats,
        "limits": {"body": MAX_BODY, "attachment": LARGEST_ATTACHMENT, "stream": MAX_STREAM, "line": MAX_LINE, "list": MAX_LIST},
    });
    answer(StatusCode::OK, &about)
}

fn answer(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// How a body is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packed {
    No,
    Gzip,
}

/// What the headers say, or why the request is refused before its body is read.
fn allowed(headers: &HeaderMap, limit: usize) -> Result<Packed, Problem> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    if let Some(origin) = text(header::ORIGIN) {
        let host = origin.strip_prefix("http://").unwrap_or("");
        if host.is_empty() || !crate::answers::is_this_machine(host) {
            return Err(Problem::with(
                StatusCode::FORBIDDEN,
                "not-this-page",
                "a page from elsewhere may not send to this server",
            ));
        }
    }
    if let Some(length) = text(header::CONTENT_LENGTH)
        && !length.parse::<usize>().is_ok_and(|length| length <= limit)
    {
        return Err(too_long(limit));
    }
    match text(header::CONTENT_ENCODING).unwrap_or("identity").to_ascii_lowercase().as_str() {
        "identity" | "" => Ok(Packed::No),
        "gzip" | "x-gzip" => Ok(Packed::Gzip),
        other => Err(Problem::with(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unknown-packing",
            format!("the body is packed with `{}`; send it as gzip or unpacked", short(other)),
        )),
    }
}

fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

fn too_long(limit: usize) -> Problem {
    Problem::with(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-long",
        format!("the body has more than {limit} bytes, packed or unpacked; send it in parts"),
    )
}

/// Pieces of a body, unpacked and within bounds.
pub(crate) struct Pieces {
    body: Body,
    packed: Option<GzDecoder<Vec<u8>>>,
    got: usize,
    limit: usize,
    /// When it began, where it has to come at a steady pace, and how much came as it was sent.
    paced: Option<(Instant, u64)>,
}

impl Pieces {
    pub(crate) fn of(body: Body, packed: Packed, limit: usize) -> Pieces {
        let packed = (packed == Packed::Gzip).then(|| GzDecoder::new(Vec::new()));
        Pieces { body, packed, got: 0, limit, paced: None }
    }

    /// The next piece; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        loop {
            let frame = match tokio::time::timeout(PATIENCE, self.body.frame()).await {
                Err(_) => return Err(too_slow("nothing came for half a minute")),
                Ok(None) => return self.rest(),
                Ok(Some(Err(_))) => return Err(Problem::bad("broken-off", "the body broke off")),
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(bytes) = frame.into_data() else { continue };
            if let Some((begun, came)) = &mut self.paced {
                *came += bytes.len() as u64;
                let passed = begun.elapsed();
                if passed > PATIENCE && *came < SLOWEST * passed.as_secs() {
                    return Err(too_slow("the body comes in drops"));
                }
            }
            let piece = match &mut self.packed {
                None => bytes.to_vec(),
                Some(decoder) => {
                    let mut out = Vec::new();
                    // A few packed bytes can be a thousand times as many: they are unpacked little by little.
                    for some in bytes.chunks(1024) {
                        decoder.write_all(some).map_err(|_| not_gzip())?;
                        out.append(decoder.get_mut());
                        if self.got + out.len() > self.limit {
                            return Err(too_long(self.limit));
                        }
                    }
                    out
                }
            };
            self.got += piece.len();
            if self.got > self.limit {
                return Err(too_long(self.limit));
            }
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }

    /// What the packing held back, at the end.
    fn rest(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        let Some(decoder) = self.packed.take() else { return Ok(None) };
        let rest = decoder.finish().map_err(|_| not_gzip())?;
        self.got += rest.len();
        if self.got > self.limit {
            return Err(too_long(self.limit));
        }
        Ok(Some(rest).filter(|r| !r.is_empty()))
    }

    pub(crate) async fn whole(mut self) -> Result<Vec<u8>, Problem> {
        self.paced = Some((Instant::now(), 0));
        let mut all = Vec::new();
        while let Some(mut piece) = self.next().await? {
            all.append(&mut piece);
        }
        Ok(all)
    }
}

fn too_slow(why: &str) -> Problem {
    Problem::with(
        StatusCode::REQUEST_TIMEOUT,
        "too-slow",
        format!("{why}; nothing was taken in, send it again"),
    )
}

fn not_gzip() -> Problem {
    Problem::bad("not-gzip", "the body says that it is gzip, and is not or is damaged")
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|e| Problem::bug(&e))?
}

pub(crate) async fn submit(State(taking): From, request: Request) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let made = match kind.as_str() {
        "application/x-ndjson" | "application/jsonl" | "application/json-seq" => stream(&taking, request),
        "application/json" | "application/vnd.dsse+json" | "application/vnd.dsse.envelope.v1+json" => {
            whole(&taking, request).await
        }
        other => Err(Problem::with(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unknown-type",
            format!("the body is `{}`; send application/json or application/x-ndjson", short(other)),
        )),
    };
    made.unwrap_or_else(IntoResponse::into_response)
}

/// One envelope or a list of them.
async fn whole(taking: &Taking, request: Request) -> Result<Response, Problem> {
    let intake = intake(taking)?;
    let packed = allowed(request.headers(), MAX_BODY)?;
    let bytes = Pieces::of(request.into_body(), packed, MAX_BODY).whole().await?;
    let text = String::from_utf8(bytes).map_err(|_| Problem::bad("not-utf-8", "the body is not UTF-8"))?;
    let is_list = text.trim_start().starts_with('[');
    let envelopes: Vec<String> = if is_list {
        // Each envelope as it stands: its very bytes count.
        let raw: Vec<&serde_json::value::RawValue> = serde_json::from_str(&text)
            .map_err(|e| Problem::bad("not-json", format!("the body is no list of JSON: {e}")))?;
        if raw.len() > MAX_LIST {
            return Err(Problem::bad("too-many", format!("the list has more than {MAX_LIST} envelopes")));
        }
        raw.into_iter().map(|r| r.get().to_string()).collect()
    } else {
        vec![text.trim().to_string()]
    };
    let mut answers = blocking(move || intake.submit(envelopes)).await?;
    if is_list {
        return Ok(answer(StatusCode::OK, &Value::Array(answers)));
    }
    let one = answers.pop().ok_or_else(|| Problem::bug(&"no answer to an envelope"))?;
    let status = if one["status"] == "refused" { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(answer(status, &one))
}

/// A stream of lines; answers come while it goes.
fn stream(taking: &Taking, request: Request) -> Result<Response, Problem> {
    let intake = intake(taking)?;
    let packed = allowed(request.headers(), MAX_STREAM)?;
    let mut pieces = Pieces::of(request.into_body(), packed, MAX_STREAM);
    // Few pieces wait: who does not read the answers is not read from either.
    let (answers, waiting) = mpsc::channel::<Bytes>(4);
    tokio::spawn(async move {
        let mut rest: Vec<u8> = Vec::new();
        loop {
            let piece = pieces.next().await;
            let (ended, problem) = match piece {
                Ok(Some(mut piece)) => {
                    rest.append(&mut piece);
                    (false, None)
                }
                Ok(None) => (true, None),
                Err(problem) => (true, Some(problem)),
            };
            let whole = match (ended && problem.is_none(), rest.iter().rposition(|b| *b == b'\n')) {
                (true, _) => rest.len(),
                (false, Some(at)) => at + 1,
                (false, None) => 0,
            };
            let lines: Vec<u8> = rest.drain(..whole).collect();
            let lines: Vec<String> = lines
                .split(|b| *b == b'\n')
                .map(|line| String::from_utf8_lossy(line).trim().to_string())
                .filter(|line| !line.is_empty())
                .collect();
            for some in lines.chunks(TOGETHER) {
                let (intake, some) = (intake.clone(), some.to_vec());
                let said = match blocking(move || intake.submit(some)).await {
                    Ok(all) => all.iter().map(|a| format!("{a}\n")).collect::<String>(),
                    Err(problem) => {
                        let _ = answers.send(Bytes::from(format!("{}\n", problem.as_json()))).await;
                        return;
                    }
                };
                if answers.send(Bytes::from(said)).await.is_err() {
                    return;
                }
            }
            let problem = problem.or_else(|| {
                (rest.len() > MAX_LINE)
                    .then(|| Problem::bad("too-long", format!("a line has more than {MAX_LINE} bytes")))
            });
            if let Some(problem) = problem {
                let _ = answers.send(Bytes::from(format!("{}\n", problem.as_json()))).await;
                return;
            }
            if ended {
                return;
            }
        }
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::new(Lines(waiting))).into_response())
}

/// Lines as they come.
pub(crate) struct Lines(pub mpsc::Receiver<Bytes>);

impl HttpBody for Lines {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// The bytes of a file.
pub(crate) async fn attachment(State(taking): From, request: Request) -> Response {
    let made = async {
        let intake = intake(&taking)?;
        let headers = request.headers();
        let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        // Nothing that a form of a page can send.
        if kind.trim() != "application/octet-stream" {
            return Err(Problem::with(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unknown-type",
                format!("the body is `{}`; send application/octet-stream", short(kind)),
            ));
        }
        let packed = allowed(headers, LARGEST_ATTACHMENT)?;
        let Some(statement) = headers.get(DELIVERY).and_then(|v| v.to_str().ok()).map(String::from) else {
            let message = "the header `servanda-delivery` is missing: what the submitter signed of the file";
            return Err(Problem::bad("delivery-wanted", message));
        };
        let asked = intake.clone();
        let expected = blocking(move || asked.expects(&statement)).await?;
        if expected.length > LARGEST_ATTACHMENT {
            return Err(too_long(LARGEST_ATTACHMENT));
        }
        let Ok(_turn) = FILES.try_acquire() else {
            let message = "too many files are coming in; send it again in a minute";
            return Err(Problem::with(StatusCode::SERVICE_UNAVAILABLE, "not-now", message).retry(60));
        };
        let bytes = Pieces::of(request.into_body(), packed, expected.length).whole().await?;
        if bytes.len() != expected.length || servanda_store::sha256(&bytes) != expected.hash {
            let message = "what came is not the file that was signed for; nothing was kept, send it again";
            return Err(Problem::with(StatusCode::UNPROCESSABLE_ENTITY, "not-its-hash", message));
        }
        blocking(move || intake.attach(&expected, bytes)).await
    };
    match made.await {
        Ok(made) => answer(StatusCode::OK, &made),
        Err(problem) => problem.into_response(),
    }
}

pub(crate) async fn document(State(taking): From, Path(format): Path<String>, request: Request) -> Response {
    let made = async {
        let intake = intake(&taking)?;
        let packed = allowed(request.headers(), MAX_BODY)?;
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
        // What a form of a page can send is refused: it needs no consent of the server.
        let simple = ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
        if simple.contains(&kind.split(';').next().unwrap_or("").trim()) {
            return Err(Problem::with(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unknown-type",
                "say what the body is, for example `content-type: application/json`",
            ));
        }
        let bytes = Pieces::of(request.into_body(), packed, MAX_BODY).whole().await?;
        blocking(move || intake.import(&format, bytes)).await
    };
    match made.await {
        Ok(made) => answer(StatusCode::OK, &made),
        Err(problem) => problem.into_response(),
    }
}
