//! Whether the server is well, and how busy: numbers about requests, never about records.
//!
//! Invariants
//! - nothing that is counted here depends on what is recorded: neither how many records there are nor what they are;
//! - routes are named as the table of routes writes them, so that nothing of an address gets in.

use crate::events::Open;
use crate::front::Front;
use crate::routes::Route;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Upper bounds of what requests took, in milliseconds.
const BOUNDS: [i64; 8] = [5, 25, 100, 250, 500, 1_000, 2_500, 10_000];

#[derive(Default)]
struct Took {
    under: [u64; BOUNDS.len()],
    all: u64,
    sum: i64,
}

/// What a try to sign in came to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Try {
    Right,
    Wrong,
    TooOften,
}

/// What is counted.
#[derive(Default)]
pub(crate) struct Counted {
    requests: Mutex<BTreeMap<(&'static str, &'static str, u16), u64>>,
    took: Mutex<BTreeMap<&'static str, Took>>,
    tries: Mutex<BTreeMap<Try, u64>>,
    pub open: Open,
}

impl Counted {
    pub(crate) fn request(&self, route: &'static Route, status: StatusCode, took: i64) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((route.method, route.path, status.as_u16())).or_default() += 1;
        drop(requests);
        let mut all = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        let one = all.entry(route.path).or_default();
        let took = took.max(0);
        for (count, bound) in one.under.iter_mut().zip(BOUNDS) {
            *count += u64::from(took <= bound);
        }
        one.all += 1;
        one.sum = one.sum.saturating_add(took);
    }

    pub(crate) fn tried(&self, came_to: Try) {
        *self.tries.lock().unwrap_or_else(PoisonError::into_inner).entry(came_to).or_default() += 1;
    }

    /// Prometheus' text format.
    ///
    /// # Source
    /// Prometheus, "Exposition formats", text-based format 0.0.4.
    fn text(&self, signed_in: usize, audiences: usize) -> String {
        let mut out = String::new();
        let mut line = |text: String| out.extend([text.as_str(), "\n"]);
        line(
            "# HELP servanda_requests_total Requests answered.\n# TYPE servanda_requests_total counter"
                .into(),
        );
        for ((method, route, status), count) in
            self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter()
        {
            line(format!(
                "servanda_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
            ));
        }
        line("# HELP servanda_request_seconds Time until an answer began.\n# TYPE servanda_request_seconds histogram".into());
        for (route, took) in self.took.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            for (count, bound) in took.under.iter().zip(BOUNDS) {
                let bound = format!("{}.{:03}", bound / 1000, bound % 1000);
                line(format!("servanda_request_seconds_bucket{{route=\"{route}\",le=\"{bound}\"}} {count}"));
            }
            line(format!("servanda_request_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {}", took.all));
            let sum = format!("{}.{:03}", took.sum / 1000, took.sum % 1000);
            line(format!("servanda_request_seconds_sum{{route=\"{route}\"}} {sum}"));
            line(format!("servanda_request_seconds_count{{route=\"{route}\"}} {}", took.all));
        }
        line(
            "# HELP servanda_sign_ins_total Tries to sign in.\n# TYPE servanda_sign_ins_total counter".into(),
        );
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        for (came_to, word) in [(Try::Right, "right"), (Try::Wrong, "wrong"), (Try::TooOften, "too often")] {
            let count = tries.get(&came_to).copied().unwrap_or(0);
            line(format!("servanda_sign_ins_total{{result=\"{word}\"}} {count}"));
        }
        drop(tries);
        for (name, help, value) in [
            ("servanda_signed_in", "Browsers that are signed in.", signed_in),
            ("servanda_audiences", "Audiences that are kept in memory.", audiences),
            ("servanda_event_streams", "Pages that follow.", self.open.count()),
        ] {
            line(format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"));
        }
        out
    }
}

/// Alive and able to answer.
pub(crate) async fn health() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], r#"{"servanda":"health/1","status":"ok"}"#).into_response()
}

pub(crate) async fn metrics(State(front): State<Front>) -> Response {
    let inside = &front.0;
    let text = inside.counted.text(inside.signed_in.count(front.now()), inside.audiences.count());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
