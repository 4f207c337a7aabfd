//! The pages of incidents: the list with its filters, pages and downloads, the record, the columns of the map, access and coverage.

#[allow(dead_code, reason = "the tests of the reports use the rest")]
#[path = "../../report/tests/hand_built/mod.rs"]
mod hand_built;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use servanda_model::record::RoleValue;
use servanda_model::{Name, Place, Point, Record, When};
use servanda_server::{Served, router};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tower::ServiceExt;

const SCRIPT: &str = "<script>alert(1)</script>";

fn at(text: &str) -> servanda_model::Instant {
    hand_built::at(text)
}

/// An event at a point in the east.
fn event(id: &str, when: &str, recorded: &str) -> Record {
    let mut record = Record::new(id, "fire", When::exact(at(when)), at(recorded));
    record.place = Some(Place::Point { at: Point { lat: 48.2, lon: 37.5 }, radius_m: 400.0 });
    record.source = "patrol 7".into();
    record.title = format!("title of {id}");
    record
}

fn entry(id: &str, fact: &str, about: &str, words: &str, recorded: &str) -> Record {
    let mut record = Record::new(id, fact, When::exact(at(recorded)), at(recorded));
    record.roles.insert("about".into(), RoleValue::Name(about.into()));
    record.roles.insert("words".into(), RoleValue::Text(words.into()));
    record.source = "reviewer".into();
    record
}

/// What the hand-built case has, and: one incident with a correction, a status, a reply and an attachment; one withdrawn; one with
/// scripts in each field; one refusal of access.
fn records() -> Vec<Record> {
    let mut all = hand_built::records();
    let first = event("a-1", "2026-05-20T08:00:00Z", "2026-05-20T09:00:00Z");
    let mut second = event("a-2", "2026-05-20T08:30:00Z", "2026-05-21T09:00:00Z");
    second.supersedes = Some("a-1".into());
    second.title = "title of a-1, corrected".into();
    second.attachments = vec!["ab".repeat(32)];
    second.extra.insert("incident.class".into(), "ceasefire-violation".into());
    second.extra.insert("incident.subclass".into(), "impact".into());
    second.extra.insert("incident.clauses".into(), "article-1".into());
    let mut status = entry("a-s", "incident-status", "a-1", "two patrols", "2026-05-22T09:00:00Z");
    status.roles.insert("status".into(), RoleValue::Name("verified".into()));
    let reply = entry("a-r", "incident-reply", "a-1", "we deny it", "2026-05-23T09:00:00Z");
    let gone = event("b-1", "2026-05-19T08:00:00Z", "2026-05-19T09:00:00Z");
    let mut back = event("b-w", "2026-05-19T08:00:00Z", "2026-05-24T09:00:00Z");
    back.withdraws = Some("b-1".into());
    let mut hostile = event("c-1", "2026-05-18T08:00:00Z", "2026-05-18T09:00:00Z");
    hostile.title = format!("=1+1 {SCRIPT}");
    hostile.source = SCRIPT.into();
    hostile.extra.insert("incident.remark".into(), SCRIPT.into());
    hostile.extra.insert("incident.place-name".into(), SCRIPT.into());
    let mut denied = event("d-1", "2026-05-31T08:00:00Z", "2026-05-31T09:00:00Z");
    denied.fact = "access-denial".into();
    denied.until = Some(at("2026-05-31T14:00:00Z"));
    denied.roles.insert("by".into(), RoleValue::Name("Russia".into()));
    let mut west = event("w-1", "2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z");
    west.place = Some(Place::Point { at: Point { lat: 49.8, lon: 24.5 }, radius_m: 400.0 });
    all.extend([first, second, status, reply, gone, back, hostile, denied, west]);
    all
}

fn served() -> Arc<Served> {
    Arc::new(Served::new(
        hand_built::agreement(),
        "# The text\n".into(),
        hand_built::places(),
        records(),
        hand_built::question(),
        Box::new(|agreement, _, _, question| hand_built::board(agreement, question)),
    ))
}

async fn get(path: &str) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::get(path).header("host", "127.0.0.1:7400").body(Body::empty()).unwrap();
    let response = router(served()).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

async fn json(path: &str) -> Value {
    let (status, _, body) = get(path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).unwrap()
}

fn ids(list: &Value) -> Vec<String> {
    list["incidents"].as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap().to_string()).collect()
}

#[tokio::test]
async fn the_list_is_newest_first_with_its_coverage() {
    let list = json("/api/incidents?from=2026-05-15").await;
    // Among those of the hand-built case, whose names have no hyphen.
    let own: Vec<String> = ids(&list).into_iter().filter(|id| id.contains('-')).collect();
    assert_eq!(own, ["d-1", "a-1", "b-1", "c-1"]);
    let earliest: Vec<&str> =
        list["incidents"].as_array().unwrap().iter().map(|i| i["earliest"].as_str().unwrap()).collect();
    assert!(earliest.iter().rev().is_sorted());
    let line = |id: &str| list["incidents"].as_array().unwrap().iter().find(|i| i["id"] == id).unwrap();
    let first = line("a-1");
    assert_eq!(first["title"], "title of a-1, corrected");
    assert_eq!(first["status"], "verified");
    assert_eq!(first["version"], 4);
    assert_eq!(first["class"], "ceasefire-violation");
    assert_eq!(line("b-1")["status"], "withdrawn");
    // 13 weeks from 1 March were reported; nobody said anything of the time after 31 May.
    assert_eq!(list["coverage"]["reported"], true);
    let zone = &list["coverage"]["zones"][0];
    assert_eq!(zone["zone"], "security-belt");
    let share = zone["share"].as_f64().unwrap();
    assert!(share > 0.5 && share < 1.0, "{share}");
    assert!(zone["hours_watched"].as_f64().unwrap() < zone["hours"].as_f64().unwrap());
}

#[tokio::test]
async fn every_filter_narrows_and_says_by_what() {
    let all = json("/api/incidents").await;
    let count = |list: &Value| list["count"].as_u64().unwrap();
    assert_eq!(count(&all), all["in_all"].as_u64().unwrap());
    for (query, found) in [
        ("status=verified", vec!["a-1"]),
        ("status=withdrawn", vec!["b-1"]),
        ("class=impact", vec!["a-1"]),
        ("kind=access-denial", vec!["d-1"]),
        ("clause=article-1&class=impact", vec!["a-1"]),
        ("text=CORRECTED", vec!["a-1"]),
        ("from=2026-05-18&to=2026-05-18&text=alert", vec!["c-1"]),
        ("bbox=37.4,48.1,37.6,48.3&from=2026-05-19&to=2026-05-20", vec!["a-1", "b-1"]),
        ("bbox=10,10,11,11", vec![]),
        // What was recorded on the 23rd and 24th: a reply, a withdrawal, and the denial of the 31st.
        ("since=2026-05-22T12:00Z&from=2026-05-01&text=title", vec!["d-1", "a-1", "b-1"]),
    ] {
        let list = json(&format!("/api/incidents?{query}")).await;
        assert_eq!(ids(&list), found, "{query}");
        assert_eq!(count(&list) as usize, found.len(), "{query}");
    }
    let since = json("/api/incidents?since=2026-05-22T12:00Z&from=2026-05-01&text=title").await;
    let changes: Vec<&str> =
        since["incidents"].as_array().unwrap().iter().map(|i| i["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["new", "changed", "withdrawn"]);
    assert_eq!(since["new"], 1);
    assert_eq!(ids(&json("/api/incidents?zone=western-oblasts").await), ["w-1"]);
    assert_eq!(count(&json("/api/incidents?zone=security-belt").await), count(&all) - 1);
    for (query, code) in [
        ("status=perhaps", "no-such-status"),
        ("zone=atlantis", "no-such-zone"),
        ("bbox=1,2,3", "bad-bbox"),
        ("bbox=1,9,3,4", "bad-bbox"),
        ("bbox=1,2,3,NaN", "bad-bbox"),
        ("limit=none", "bad-limit"),
        ("limit=0", "bad-limit"),
        ("after=elsewhere", "bad-cursor"),
        ("since=soon", "bad-time"),
        ("colour=red", "unknown-parameter"),
    ] {
        let (status, _, body) = get(&format!("/api/incidents?{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["code"], code, "{query}");
    }
}

#[tokio::test]
async fn what_was_known_earlier_is_what_is_shown() {
    let before = json("/api/incidents/a-1?known=2026-05-20T12:00Z&at=2026-06-01").await;
    assert_eq!(before["incident"]["title"], "title of a-1");
    assert_eq!(before["incident"]["status"]["is"], "reported");
    assert_eq!(before["history"].as_array().unwrap().len(), 1);
    let (status, _, body) = get("/api/incidents/d-1?at=2026-06-01&known=2026-05-20").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(String::from_utf8(body).unwrap().contains("no-such-incident"));
}

#[tokio::test]
async fn pages_give_each_incident_once() {
    let mut next = Some("/api/incidents?limit=7&from=2026-03-10".to_string());
    let (mut seen, mut pages) = (Vec::new(), 0);
    let mut count = 0;
    while let Some(path) = next {
        let list = json(&path).await;
        count = list["count"].as_u64().unwrap() as usize;
        seen.extend(ids(&list));
        next = list["next"].as_str().map(String::from);
        pages += 1;
        assert!(pages < 200);
    }
    assert!(pages > 5);
    assert_eq!(seen.len(), count);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), count);
}

#[tokio::test]
async fn the_record_has_versions_status_reply_verdicts_and_attachments() {
    let page = json("/api/incidents/a-1").await;
    let steps: Vec<&str> =
        page["history"].as_array().unwrap().iter().map(|s| s["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["reported", "corrected", "status", "reply"]);
    let changes = page["history"][1]["changes"].as_array().unwrap();
    let title = changes.iter().find(|c| c["field"] == "title").unwrap();
    assert_eq!(title["before"], "title of a-1");
    assert_eq!(title["after"], "title of a-1, corrected");
    let about = &page["incident"];
    assert_eq!(about["status"]["is"], "verified");
    assert_eq!(about["entries"]["reply"][0]["words"], "we deny it");
    assert_eq!(about["attachments"][0]["hash"], "ab".repeat(32));
    assert_eq!(about["clauses"], json!(["article-1"]));
    assert_eq!(page["incident"]["attribution"], Value::Null);
    // By the name of one of its records, too.
    assert_eq!(json("/api/incidents/a-2").await["incident"]["id"], "a-1");
    // A record that the board cites leads to its verdicts.
    let list = json("/api/incidents?limit=500").await;
    let cited = list["incidents"].as_array().unwrap().iter().find(|i| i["verdicts"].as_u64() > Some(0));
    let cited = cited.expect("some incident is cited")["id"].as_str().unwrap().to_string();
    let page = json(&format!("/api/incidents/{cited}")).await;
    assert!(!page["verdicts"].as_array().unwrap().is_empty());
    assert!(["decides", "against"].contains(&page["verdicts"][0]["how"].as_str().unwrap()));
    assert!(page["proposed"]["looked_at"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn downloads_have_the_rows_of_the_list_and_formulas_stay_texts() {
    let (status, headers, csv) = get("/api/incidents.csv?from=2026-05-18").await;
    assert_eq!(status, StatusCode::OK);
    assert!(headers["content-disposition"].to_str().unwrap().contains("incidents.csv"));
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.contains(",'=1+1 <script>"), "{csv}");
    let list = json("/api/incidents?from=2026-05-18&limit=500").await;
    assert_eq!(csv.matches("\r\n").count(), list["count"].as_u64().unwrap() as usize + 1);
    let map = json("/api/incidents.geojson?from=2026-05-18").await;
    let layers = map["features"].as_array().unwrap().iter();
    let incidents = layers.filter(|f| f["properties"]["layer"] == "incident").count();
    assert_eq!(incidents, list["count"].as_u64().unwrap() as usize);
    let (_, headers, parquet) = get("/api/incidents.parquet?from=2026-05-18").await;
    assert_eq!(headers["content-type"], "application/vnd.apache.parquet");
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    // A script in a field is in no answer that a browser would run.
    for path in [
        "/api/incidents",
        "/api/incidents/c-1",
        "/api/incidents.csv",
        "/api/incidents.geojson",
        "/incidents/c-1",
    ] {
        let (_, headers, body) = get(path).await;
        let html = headers["content-type"].to_str().unwrap().starts_with("text/html");
        assert!(!html || !String::from_utf8(body).unwrap().contains("alert("), "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'self';"));
    }
}

/// Reads the columns as `crates/server/src/pages/points.rs` describes them.
struct Columns {
    head: Value,
    lon: Vec<f32>,
    seconds: Vec<u32>,
    row: Vec<u32>,
    radius: Vec<u16>,
    kind: Vec<u8>,
    status: Vec<u8>,
}

fn columns(bytes: &[u8]) -> Columns {
    assert_eq!(&bytes[..4], b"SVP1");
    let size = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    assert_eq!(size % 4, 0);
    let head: Value = serde_json::from_slice(&bytes[8..8 + size]).unwrap();
    let n = head["count"].as_u64().unwrap() as usize;
    let mut rest = &bytes[8 + size..];
    assert_eq!(rest.len(), n * 20);
    let mut take = |width: usize| {
        let (column, more) = rest.split_at(n * width);
        rest = more;
        column
    };
    let four = |column: &[u8]| -> Vec<[u8; 4]> { column.chunks(4).map(|c| c.try_into().unwrap()).collect() };
    let lon = four(take(4)).into_iter().map(f32::from_le_bytes).collect();
    take(4);
    let seconds = four(take(4)).into_iter().map(u32::from_le_bytes).collect();
    let row = four(take(4)).into_iter().map(u32::from_le_bytes).collect();
    let radius = take(2).chunks(2).map(|c| u16::from_le_bytes(c.try_into().unwrap())).collect();
    let kind = take(1).to_vec();
    Columns { head, lon, seconds, row, radius, kind, status: take(1).to_vec() }
}

#[tokio::test]
async fn the_columns_say_what_the_list_says() {
    let (status, _, bytes) = get("/api/points").await;
    assert_eq!(status, StatusCode::OK);
    let found = columns(&bytes);
    assert!(found.seconds.is_sorted());
    let list = json("/api/incidents?limit=500").await;
    let placed = list["count"].as_u64().unwrap() - list["unplaced"].as_u64().unwrap();
    assert_eq!(found.lon.len() as u64, placed);
    let origin = at(found.head["origin"].as_str().unwrap());
    let mut checked = 0;
    for i in (0..found.lon.len()).step_by(37).chain([found.lon.len() - 1]) {
        let one = json(&format!("/api/incidents?row={}", found.row[i])).await;
        let line = &one["incidents"][0];
        assert!((line["lon"].as_f64().unwrap() - f64::from(found.lon[i])).abs() < 1e-4);
        assert_eq!(line["fact"], found.head["kinds"][found.kind[i] as usize]["kind"]);
        assert_eq!(line["status"], found.head["statuses"][found.status[i] as usize]);
        assert_eq!((line["radius_m"].as_f64().unwrap() / 100.0).ceil() as u16, found.radius[i]);
        let earliest = at(line["earliest"].as_str().unwrap());
        assert_eq!((earliest - origin) / 1000, i64::from(found.seconds[i]));
        checked += 1;
    }
    assert!(checked > 5);
    let (status, _, _) = get("/api/incidents?row=999999").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn restrictions_and_gaps_stand_beside_the_verdicts_that_wait() {
    let access = json("/api/access").await;
    assert_eq!(access["per"], "hour");
    let restriction = &access["restrictions"][0];
    assert_eq!(restriction["record"], "d-1");
    assert_eq!(restriction["hours"], 6.0);
    assert_eq!(restriction["by"], "Russia");
    let zone = &access["coverage"][0];
    assert_eq!(zone["cells"].as_array().unwrap().len(), access["columns"].as_array().unwrap().len());
    // Not a zone of which nobody ever said anything, as if it had been watched nought per cent.
    let silent: Vec<&Value> =
        access["nobody_reports"].as_array().unwrap().iter().map(|z| &z["zone"]).collect();
    assert!(!silent.is_empty() && !silent.contains(&&zone["zone"]));
    let effects = access["effects"]["verdicts"].as_array().unwrap();
    assert!(!effects.is_empty());
    assert!(effects.iter().all(|e| !e["phrase"].as_str().unwrap().is_empty()));
    let year = json("/api/access?from=2024-01-01").await;
    assert!(year["columns"].as_array().unwrap().len() <= 402);
    assert!(year["per"].as_str().unwrap().ends_with("days"));
    let (status, _, _) = get("/api/access?from=2026-05-02&to=2026-05-01").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_matter_without_the_records_answers_as_if_they_were_not() {
    // The same case without the hostile record: whoever is served from fewer records sees nothing of it anywhere.
    let served = |records: Vec<Record>| {
        Arc::new(Served::new(
            hand_built::agreement(),
            String::new(),
            hand_built::places(),
            records,
            hand_built::question(),
            Box::new(|agreement, _, _, question| hand_built::board(agreement, question)),
        ))
    };
    let hidden = Name::from("c-1");
    let few = served(records().into_iter().filter(|r| r.id != hidden).collect());
    for path in [
        "/api/incidents?limit=500",
        "/api/points",
        "/api/access",
        "/api/incidents.csv",
        "/ogc/collections/incidents/items?limit=500",
    ] {
        let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
        let response = router(few.clone()).oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(!String::from_utf8_lossy(&body).contains("c-1\""), "{path}");
        assert!(!String::from_utf8_lossy(&body).contains(SCRIPT), "{path}");
    }
}

#[tokio::test]
async fn both_languages_have_the_same_texts() {
    let keys = |text: &str| -> BTreeSet<String> {
        text.lines().filter_map(|l| Some(l.strip_prefix("  '")?.split_once("': ")?.0.to_string())).collect()
    };
    let en = keys(include_str!("../../../web/words-en.js"));
    let uk = keys(include_str!("../../../web/words-uk.js"));
    assert!(en.len() > 150);
    assert_eq!(en, uk);
}

#[test]
fn states_and_kinds_of_reasons_are_called_as_in_the_reports() {
    let words = |text: &str| -> BTreeMap<String, String> {
        let one = |line: &str| {
            let (key, rest) = line.strip_prefix("  '")?.split_once("': '")?;
            Some((key.to_string(), rest.strip_suffix("',")?.to_string()))
        };
        text.lines().filter_map(one).collect()
    };
    let en = words(include_str!("../../../web/words-en.js"));
    let uk = words(include_str!("../../../web/words-uk.js"));
    let reports = servanda_report::document::Messages::of("uk").unwrap();
    // Every word that a state can have stands between quotation marks there.
    let states = include_str!("../../report/src/state.rs");
    let said = states.lines().take_while(|line| !line.contains("pub struct Answer"));
    let said = said
        .filter(|line| line.contains("=> ") || line.contains("(\""))
        .flat_map(|line| line.split('"').skip(1).step_by(2));
    let mut count = 0;
    for word in said.filter(|word| word.len() > 2) {
        let key = format!("state-{}", word.replace(", ", "-").replace(' ', "-"));
        let Some(called) = uk.get(&key) else {
            // A tone has one word, for programs.
            assert!(
                servanda_report::Tone::ALL.iter().any(|tone| tone.word() == word),
                "`{word}` has no word in Ukrainian"
            );
            continue;
        };
        count += 1;
        assert_eq!((en[&key].as_str(), called.as_str()), (word, reports.word("state", word).as_str()));
    }
    assert!(count > 20, "{count}");
    for grade in ["possible", "probable", "confirmed"] {
        assert_eq!(uk[&format!("grade-{grade}")], reports.word("grade", grade));
    }
    for code in servanda_model::verdict::Code::ALL {
        assert!(uk.contains_key(&format!("code-{}", code.word())), "{}", code.word());
    }
    for basis in servanda_model::record::Basis::ALL {
        assert!(uk.contains_key(&format!("basis-{}", basis.word())), "{}", basis.word());
    }
    for ended in servanda_model::verdict::Ended::ALL {
        assert!(uk.contains_key(&format!("standing-{}", ended.word())), "{}", ended.word());
    }
}
