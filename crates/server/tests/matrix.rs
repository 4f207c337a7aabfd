//! The matrix of routes, roles and parties: asked of the running router for every line of the table of routes, and compared with
//! `matrix.txt`. A route, a role or a right that is not listed there fails.
//!
//! Where it differs on purpose: change `matrix.txt` by hand; the failure prints what the router says.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use servanda_server::{ROUTES, Standing};
use servanda_store::policy::Role;
use team::{Browser, World};

/// A path of that route that can be asked.
fn example(path: &str) -> String {
    match path {
        "/assets/{*path}" => "/assets/page.css".into(),
        "/api/intake/{format}" => "/api/intake/cap".into(),
        "/api/card" => "/api/card?norm=no-fire".into(),
        "/plans/{id}/{file}" => "/plans/force/plan.json".into(),
        plain => {
            plain.replace("{collection}", "incidents").replace("{id}", "nothing").replace("{hash}", "nothing")
        }
    }
}

/// In one word, what came of it: refused for want of a sign-in, refused for want of a right, or let through to the route.
async fn asked(browser: &mut Browser, method: &str, path: &str) -> &'static str {
    let path = example(path);
    let answer = match method {
        "GET" => browser.get(&path).await,
        _ => browser.post(&path, &[]).await,
    };
    let text = answer.text();
    let to_sign_in = answer.status == StatusCode::SEE_OTHER && answer.to().starts_with("/sign-in");
    match answer.status {
        _ if to_sign_in || text.contains("\"sign-in-first\"") => "sign-in",
        StatusCode::SEE_OTHER if path == "/" && answer.to() == "/account" => "no",
        StatusCode::FORBIDDEN if text.contains("\"not-allowed\"") || text.contains("\"no-accounts\"") => "no",
        status if status.is_server_error() => panic!("{path}: {status} {text}"),
        _ => "yes",
    }
}

/// Somebody who asks.
struct Asker {
    /// As it stands in the file.
    word: String,
    browser: Browser,
}

/// Everybody: without accounts, not signed in, the public, each role of each party, and an account without a role.
async fn everybody(locked: &World, public: &World, open: &World) -> Vec<Asker> {
    let mut all = Vec::new();
    for (word, world) in [("keeper", open), ("nobody", locked), ("public", public)] {
        all.push(Asker { word: word.into(), browser: world.browser() });
    }
    for role in Role::ALL {
        for party in ["North", "South"] {
            let browser = locked.signed_in(&format!("{}-{party}", role.word())).await;
            all.push(Asker { word: role.word().into(), browser });
        }
    }
    all.push(Asker { word: "no-role".into(), browser: locked.signed_in("none").await });
    all
}

async fn line(everybody: &mut [Asker], method: &str, path: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    for asker in everybody {
        let one = format!("{}={}", asker.word, asked(&mut asker.browser, method, path).await);
        let same_role = format!("{}=", asker.word);
        match said.last().filter(|before| before.starts_with(&same_role)) {
            // Which party somebody is of opens no route and shuts none.
            Some(before) => assert_eq!(*before, one, "{method} {path}"),
            None => said.push(one),
        }
    }
    format!("{method} {path}: {}", said.join(" "))
}

/// ASVS 5.0: 8.1.1 (rules are written down), 8.2.1 (functions by explicit permission), 8.3.1 (decided on the server).
#[tokio::test]
async fn v8_1_1_v8_2_1_v8_3_1_every_route_is_listed_for_every_role() {
    let records = team::clear();
    let locked = team::world(&records);
    let public = team::world_of(&records, &[], Standing { is_public: true, ..Standing::default() });
    let open = team::world_of(&records, &[], Standing::default());
    let mut everybody = everybody(&locked, &public, &open).await;
    let mut found = String::new();
    for route in ROUTES {
        found.push_str(&line(&mut everybody, route.method, route.path).await);
        found.push('\n');
    }
    let listed = include_str!("matrix.txt");
    for (found, listed) in found.lines().zip(listed.lines()) {
        assert_eq!(found, listed);
    }
    assert_eq!(found, listed, "a route that is not listed, or one that is gone");
}
