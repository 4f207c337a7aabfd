//! What goes wrong with a request: status, stable code, and a message that the reader may see.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::fmt;

/// An answer that is an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// In how many seconds to try again, where that helps.
    retry: Option<u16>,
}

#[derive(Serialize)]
struct ProblemJson<'a> {
    servanda: &'static str,
    status: u16,
    code: &'a str,
    message: &'a str,
}

impl Problem {
    /// The request cannot be understood.
    pub fn bad(code: &'static str, message: impl Into<String>) -> Problem {
        Problem { status: StatusCode::BAD_REQUEST, code, message: message.into(), retry: None }
    }

    /// Whatever else is wrong with a request.
    pub fn with(status: StatusCode, code: &'static str, message: impl Into<String>) -> Problem {
        Problem { status, code, message: message.into(), retry: None }
    }

    /// It cannot be done just now, for a reason outside of the request.
    pub fn unable(message: impl Into<String>) -> Problem {
        Problem {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "not-now",
            message: message.into(),
            retry: None,
        }
    }

    /// With when to try again.
    pub(crate) fn retry(self, seconds: u16) -> Problem {
        Problem { retry: Some(seconds), ..self }
    }

    /// Its document, on one line.
    pub fn as_json(&self) -> String {
        let shape = ProblemJson {
            servanda: "error/1",
            status: self.status.as_u16(),
            code: self.code,
            message: &self.message,
        };
        serde_json::to_string(&shape).unwrap_or_default()
    }

    /// What is asked for is not there.
    pub fn missing(code: &'static str, message: impl Into<String>) -> Problem {
        Problem { status: StatusCode::NOT_FOUND, code, message: message.into(), retry: None }
    }

    /// This path takes no such method.
    pub fn method() -> Problem {
        let message = "this address takes other methods: those of the header `Allow`".to_string();
        Problem { status: StatusCode::METHOD_NOT_ALLOWED, code: "read-only", message, retry: None }
    }

    /// The request names another host than this machine.
    pub fn stranger() -> Problem {
        let message = "this server answers only to this machine: open it as http://127.0.0.1".to_string();
        Problem { status: StatusCode::MISDIRECTED_REQUEST, code: "not-this-host", message, retry: None }
    }

    /// Our mistake. What it was goes to the log, not to the reader.
    pub fn bug(cause: &dyn fmt::Display) -> Problem {
        eprintln!("bug: a request failed: {cause}");
        let message = "this is our mistake; the log of the server says more".to_string();
        Problem { status: StatusCode::INTERNAL_SERVER_ERROR, code: "bug", message, retry: None }
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response =
            (self.status, [(header::CONTENT_TYPE, "application/json")], self.as_json()).into_response();
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
        }
        if let Some(seconds) = self.retry {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
        }
        response
    }
}
