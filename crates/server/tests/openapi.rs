//! `docs/reference/openapi.json` against the server: every route stands in it, and every document has the keys that it names and no others.

#[allow(dead_code, reason = "the tests of the reports use the rest")]
#[path = "../../report/tests/hand_built/mod.rs"]
mod hand_built;

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use servanda_server::{ROUTES, Route, Served, router};
use std::collections::BTreeSet;
use std::sync::Arc;
use tower::ServiceExt;

fn description() -> Value {
    serde_json::from_str(include_str!("../../../docs/reference/openapi.json")).unwrap()
}

#[test]
fn every_route_for_programs_is_described_and_no_other() {
    let for_programs = |route: &&Route| route.path.starts_with("/api") || route.path.starts_with("/ogc");
    let found: BTreeSet<String> =
        ROUTES.iter().filter(for_programs).map(|route| format!("{} {}", route.method, route.path)).collect();
    let described: BTreeSet<String> = description()["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, operations)| {
            operations
                .as_object()
                .unwrap()
                .keys()
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    assert_eq!(found, described);
}

fn served() -> Arc<Served> {
    Arc::new(Served::new(
        hand_built::agreement(),
        "# The text\n".into(),
        hand_built::places(),
        hand_built::records(),
        hand_built::question(),
        Box::new(|agreement, _, _, question| hand_built::board(agreement, question)),
    ))
}

fn fits(value: &Value, schema: &Value, all: &Value, place: &str) {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = &all["components"]["schemas"][name.rsplit('/').next().unwrap()];
        assert!(schema.is_object(), "{place}: no schema `{name}`");
        return fits(value, schema, all, place);
    }
    if value.is_null() {
        assert!(schema["nullable"] == true || schema.get("type").is_none(), "{place} is null");
        return;
    }
    let right = match schema["type"].as_str() {
        None => true,
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some(other) => panic!("{place}: the test does not know the type `{other}`"),
    };
    assert!(right, "{place} is not of the type {}: {value}", schema["type"]);
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{place}: {value} is not one of {words:?}");
    }
    if let (Some(items), Some(each)) = (value.as_array(), schema.get("items")) {
        items.iter().for_each(|item| fits(item, each, all, place));
    }
    let Some(map) = value.as_object() else { return };
    for key in schema["required"].as_array().into_iter().flatten() {
        assert!(map.contains_key(key.as_str().unwrap()), "{place} has no {key}");
    }
    for (key, value) in map {
        match schema["properties"].get(key) {
            Some(property) => fits(value, property, all, &format!("{place}.{key}")),
            None => assert_ne!(schema["additionalProperties"], false, "{place}.{key} is not described"),
        }
    }
}

#[tokio::test]
async fn every_document_is_as_described() {
    let all = description();
    let served = served();
    let mut asked = 0;
    for (path, operations) in all["paths"].as_object().unwrap() {
        // Only where something is taken in; `tests/intake.rs` asks them.
        if path.starts_with("/api/intake") {
            continue;
        }
        let get = &operations["get"];
        // What is asked with a text stands below.
        if get.is_null() {
            continue;
        }
        for (collection, id) in [("incidents", "f1"), ("zones", "security-belt")] {
            let mut address = path.replace("{collection}", collection).replace("{id}", id);
            // A file is there only where there is a store; `tests/attached.rs` asks for it.
            if address == "/api/incidents/security-belt" || address.contains("{hash}") {
                continue;
            }
            let wanted = get["parameters"].as_array().unwrap().iter();
            if wanted.clone().any(|p| p["$ref"] == "#/components/parameters/norm") {
                address.push_str("?norm=consult");
            }
            for parameter in wanted.filter_map(|p| p["$ref"].as_str()) {
                let name = parameter.rsplit('/').next().unwrap();
                assert!(all["components"]["parameters"][name].is_object(), "{path}: no parameter `{name}`");
            }
            let request = Request::get(&address).header("host", "localhost").body(Body::empty()).unwrap();
            let response = router(served.clone()).oneshot(request).await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{address}");
            let mime = response.headers()["content-type"].to_str().unwrap().to_string();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let content = get["responses"]["200"]["content"].as_object().unwrap();
            let (named, shape) = content.iter().next().unwrap();
            assert!(mime.starts_with(named.as_str()), "{address} is {mime}, not {named}");
            if named.contains("json") {
                fits(&serde_json::from_slice(&body).unwrap(), &shape["schema"], &all, &address);
                asked += 1;
            }
        }
    }
    assert!(asked > 25, "{asked}");
    // What is not described is refused, and the refusal is described.
    let request =
        Request::get("/api/access?colour=red").header("host", "localhost").body(Body::empty()).unwrap();
    let body = router(served).oneshot(request).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    fits(&serde_json::from_slice(&body).unwrap(), &all["components"]["schemas"]["error"], &all, "error");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_about_a_text_is_as_described() {
    use serde_json::json;
    let all = description();
    let world = team::world(&team::clear());
    let mut browser = world.signed_in("reader-North").await;
    // With a mistake that has a repair, and without.
    let (text, wrong) = (team::TEXT, team::TEXT.replace("2 days", "2 dais"));
    let asked = [
        ("/api/draft/check", json!({ "text": text })),
        ("/api/draft/check", json!({ "text": wrong })),
        ("/api/draft/at", json!({ "text": text, "at": text.find("no-fire").unwrap(), "want": "hover" })),
        (
            "/api/draft/at",
            json!({ "text": text, "at": text.find("fire by bearer").unwrap(), "want": "definition" }),
        ),
        (
            "/api/draft/at",
            json!({ "text": text, "at": text.find("commission\n  per").unwrap() + 2, "want": "complete" }),
        ),
        ("/api/draft/format", json!({ "text": text })),
        ("/api/draft/audit", json!({ "text": text })),
        ("/api/draft/changes", json!({ "text": text.replace("2 days", "1 hour") })),
        ("/api/lab/replay", json!({ "known": "as-recorded", "set": ["report-fire.within=1 day"] })),
        ("/api/lab/vary", json!({ "vary": ["report-fire.within=1..3"] })),
        ("/api/lab/page", json!({ "draft": text })),
    ];
    let mut left: BTreeSet<&str> = all["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(path, operations)| !path.starts_with("/api/intake") && operations.get("post").is_some())
        .map(|(path, _)| path.as_str())
        .collect();
    for (path, body) in asked {
        left.remove(path);
        let post = &all["paths"][path]["post"];
        fits(&body, &post["requestBody"]["content"]["application/json"]["schema"], &all, path);
        let answer = browser.ask(path, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        let content = post["responses"]["200"]["content"].as_object().unwrap();
        let (mime, shape) = content.iter().next().unwrap();
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with(mime.as_str()), "{path}");
        if mime.contains("json") {
            fits(&serde_json::from_slice(&answer.body).unwrap(), &shape["schema"], &all, path);
        }
        // What is refused is refused as described.
        let refused = browser.ask(path, &json!({ "colour": "red" })).await;
        assert!(post["responses"].get(refused.status.as_str()).is_some(), "{path}: {}", refused.status);
        fits(
            &serde_json::from_slice(&refused.body).unwrap(),
            &all["components"]["schemas"]["error"],
            &all,
            path,
        );
        if post["parameters"] != json!([]) {
            let refused = browser.ask(&format!("{path}?no-such-parameter=1"), &body).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path}");
        }
    }
    assert!(left.is_empty(), "not asked: {left:?}");
}

#[tokio::test]
async fn the_parameters_are_those_that_are_taken() {
    let all = description();
    let served = served();
    for (path, operations) in all["paths"].as_object().unwrap() {
        let get = &operations["get"];
        if get.is_null()
            || path.starts_with("/api/intake")
            || ["/api/openapi.json", "/api/me"].contains(&path.as_str())
        {
            continue;
        }
        let described: BTreeSet<&str> = get["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|p| p["$ref"].as_str()?.rsplit('/').next())
            .collect();
        let address = path.replace("{collection}", "incidents").replace("{id}", "f1").replace("{hash}", "0");
        let request = Request::get(format!("{address}?no-such-parameter=1")).header("host", "localhost");
        let response = router(served.clone()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let message =
            serde_json::from_slice::<Value>(&body).unwrap()["message"].as_str().unwrap().to_string();
        // The message lists what is taken, between backticks.
        let taken: BTreeSet<&str> = message.split('`').skip(3).step_by(2).collect();
        assert_eq!(taken, described, "{path}");
    }
}
