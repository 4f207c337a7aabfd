//! The clock. It is read here and nowhere else, once for each run, and its reading is printed with every answer.

use servanda_model::Instant;

/// This moment, to the second: nobody dates a record finer by hand, and an answer is easier to read.
#[allow(clippy::disallowed_methods, reason = "the edge: the clock is read here and handed in")]
pub fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Instant(
        since.map_or(0, |since| {
            i64::try_from(since.as_secs()).map_or(Instant::MAX.0, |s| s.saturating_mul(1000))
        }),
    )
}

/// This moment, to the millisecond: for what takes less than a second, and for what comes to a server. A sensor dates an event that
/// finely, and on a board that knows only the last whole second it would lie ahead.
#[allow(clippy::disallowed_methods, reason = "the edge: the clock is read here and handed in")]
pub fn finer() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Instant(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(Instant::MAX.0)))
}

/// A clock that only runs: how long something has been waited for. No record is ever dated by it.
#[allow(clippy::disallowed_methods, reason = "the edge: a channel waits, and has to know how long")]
pub fn running() -> std::time::Instant {
    std::time::Instant::now()
}
