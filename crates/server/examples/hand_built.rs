//! Serves the board that is built by hand, to look at the page without a workspace:
//! `cargo run -p servanda-server --example hand_built -- 7401`.

#[allow(dead_code, reason = "the tests of the reports use the rest")]
#[path = "../../report/tests/hand_built/mod.rs"]
mod hand_built;

use servanda_server::{Listening, Served, router};
use std::sync::Arc;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|p| p.parse().ok()).unwrap_or(7401);
    let served = Served::new(
        hand_built::agreement(),
        "# Framework on security guarantees (exercise text)\n".into(),
        hand_built::places(),
        hand_built::records(),
        hand_built::question(),
        Box::new(|agreement, _, _, question| hand_built::board(agreement, question)),
    );
    let served = served.explained_by(Box::new(|_, verdict| Some(hand_built::explanation(verdict))));
    let listening = Listening::on(port, router(Arc::new(served))).await?;
    println!("{}", listening.url());
    listening.answer(std::future::pending()).await
}
