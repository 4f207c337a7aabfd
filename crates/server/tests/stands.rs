//! Where there are many records: what is shown of now is what would be made of the same records from nothing, whatever came before in
//! whatever order; it is shown at once, says of which moment it speaks, and open pages are told once there is more.

use axum::body::{Body, Bytes};
use axum::http::Request;
use http_body_util::BodyExt;
use serde_json::Value;
use servanda_model::place::Point;
use servanda_model::record::{RoleValue, Says};
use servanda_model::{Agreement, Instant, Name, Place, Places, Question, Record, When};
use servanda_server::{News, Served, router};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;

const TEXT: &str = include_str!("team/truce.pact.md");
const HOUR: i64 = 3_600_000;
/// What a page shows of now.
const PATHS: [&str; 9] = [
    "/api/board",
    "/api/duties",
    "/api/timeline",
    "/api/agreement",
    "/api/map",
    "/api/points",
    "/api/incidents",
    "/api/access",
    "/ogc/collections/zones/items?limit=1000",
];

/// Numbers that look drawn and are the same every time.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64) % n
    }
}

fn agreement() -> Agreement {
    servanda_lang::check(TEXT).agreement
}

fn begins() -> Instant {
    Instant::parse_utc("2026-01-02T00:00:00Z").unwrap()
}

/// The record that comes as the so many-th: late or at once, a correction or withdrawal of another, which may still be to come.
fn record(drawn: &mut Drawn, number: i64, now: Instant) -> Arc<Record> {
    let fact = ["fire", "report", "flight", "flight"][drawn.below(4) as usize];
    let when = When::exact(now + -drawn.below(40) * HOUR);
    let mut record = Record::new(format!("r{number}"), fact, when, now);
    let by = ["North", "South"][drawn.below(2) as usize];
    record.roles.insert("by".into(), RoleValue::Name(by.into()));
    record.stated = Some(servanda_model::Grade::Confirmed);
    let other = |drawn: &mut Drawn| Some(Name::from(format!("r{}", drawn.below(number + 3))));
    match drawn.below(9) {
        0 | 1 => record.supersedes = other(drawn),
        2 => record.withdraws = other(drawn),
        3 => record.disputes = other(drawn),
        4 => record.says = Says::Denies,
        5 => drop(record.extra.insert("incident.class".into(), "attack".into())),
        _ => {}
    }
    let at = Point { lat: 48.0 + drawn.below(50) as f64 / 100.0, lon: 37.5 };
    record.place = Some(Place::Point { at, radius_m: 100.0 });
    Arc::new(record)
}

fn served(records: Vec<Arc<Record>>, now: Instant, from: usize) -> Arc<Served> {
    let evaluate = Box::new(servanda_engine::evaluate_of);
    let served =
        Served::new(agreement(), TEXT.into(), Places::default(), records, Question::at(now), evaluate);
    Arc::new(served.behind_from(from).following().unwrap())
}

async fn get(served: &Arc<Served>, path: &str) -> Bytes {
    let request = Request::get(path).header("host", "127.0.0.1:7400").body(Body::empty()).unwrap();
    let response = router(served.clone()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    response.into_body().collect().await.unwrap().to_bytes()
}

async fn moment(served: &Arc<Served>) -> Instant {
    let board: Value = serde_json::from_slice(&get(served, "/api/board").await).unwrap();
    Instant::parse_utc(board["question"]["at"].as_str().unwrap()).unwrap()
}

/// Waits until what is shown speaks of that moment.
async fn reaches(served: &Arc<Served>, now: Instant) {
    for _ in 0..600 {
        if moment(served).await == now {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("what stands never came to {now}");
}

fn news(records: Vec<Arc<Record>>, complete_to: Instant) -> News {
    News { records, places: None, complete_to }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_document_is_the_one_made_from_nothing_in_every_order() {
    for seed in 0..5 {
        let mut drawn = Drawn(seed);
        let mut now = begins();
        let mut all: Vec<Arc<Record>> = (0..20).map(|n| record(&mut drawn, n, now)).collect();
        let following = served(all.clone(), now, 1);
        for path in PATHS {
            get(&following, path).await;
        }
        for step in 0..8 {
            now = now + (1 + drawn.below(20)) * HOUR;
            let come = [0, 1, 1, 3][drawn.below(4) as usize];
            let new: Vec<_> = (0..come).map(|n| record(&mut drawn, all.len() as i64 + n, now)).collect();
            all.extend(new.iter().cloned());
            match step {
                // It was ruled that two of them are one event: the same identities, and they count otherwise.
                5 => {
                    for at in [2, 3] {
                        let mut one = (*all[at]).clone();
                        one.incident = Some("both".into());
                        all[at] = Arc::new(one);
                    }
                    following.learn_anew(news(all.clone(), now)).unwrap();
                }
                _ => following.learn(news(new, now)).unwrap(),
            }
            reaches(&following, now).await;
            let alone = served(all.clone(), now, usize::MAX);
            for path in PATHS {
                let (grown, made) = (get(&following, path).await, get(&alone, path).await);
                assert!(grown == made, "{path} of seed {seed} at step {step}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_meanwhile_is_shown_the_last_stand_whole() {
    let mut drawn = Drawn(11);
    let mut now = begins();
    let mut all: Vec<Arc<Record>> = (0..400).map(|n| record(&mut drawn, n, now)).collect();
    let following = served(all.clone(), now, 1);
    let mut stood = vec![(now, get(&following, "/api/board").await)];
    let mut shown = Vec::new();
    for _ in 0..10 {
        now = now + HOUR;
        let new = record(&mut drawn, all.len() as i64, now);
        all.push(new.clone());
        following.learn(news(vec![new], now)).unwrap();
        shown.push(get(&following, "/api/board").await);
        let alone = served(all.clone(), now, usize::MAX);
        stood.push((now, get(&alone, "/api/board").await));
    }
    for board in shown {
        let said: Value = serde_json::from_slice(&board).unwrap();
        let said = Instant::parse_utc(said["question"]["at"].as_str().unwrap()).unwrap();
        let then = stood.iter().find(|(at, _)| *at == said).expect("it speaks of a moment that stood");
        assert!(board == then.1, "what is shown is the whole board of the moment that it names");
    }
    reaches(&following, now).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_are_told_of_a_record_when_it_can_be_shown() {
    let mut drawn = Drawn(3);
    let all: Vec<Arc<Record>> = (0..50).map(|n| record(&mut drawn, n, begins())).collect();
    let following = served(all, begins(), 1);
    get(&following, "/api/incidents").await;
    let request = Request::get("/events").header("host", "127.0.0.1:7400").body(Body::empty()).unwrap();
    let mut events = router(following.clone()).oneshot(request).await.unwrap().into_body();
    for n in 0..5 {
        let now = begins() + (n + 1) * HOUR;
        let mut new = (*record(&mut drawn, 100 + n, now)).clone();
        new = Record { supersedes: None, withdraws: None, disputes: None, says: Says::Affirms, ..new };
        new.extra.insert("incident.class".into(), "attack".into());
        following.learn(news(vec![Arc::new(new)], now)).unwrap();
        loop {
            let frame = tokio::time::timeout(Duration::from_secs(30), events.frame()).await;
            let frame = frame.expect("open pages are told").unwrap().unwrap().into_data().unwrap();
            if String::from_utf8_lossy(&frame).contains(&format!("r{}", 100 + n)) {
                break;
            }
        }
        let list = get(&following, "/api/incidents").await;
        assert!(
            String::from_utf8_lossy(&list).contains(&format!("\"r{}\"", 100 + n)),
            "it is told and not shown"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asked_for_lately_is_made_when_somebody_asks() {
    let mut drawn = Drawn(5);
    let mut now = begins();
    let mut all: Vec<Arc<Record>> = (0..30).map(|n| record(&mut drawn, n, now)).collect();
    let following = served(all.clone(), now, 1);
    get(&following, "/api/timeline").await;
    // More stands than an unasked document is made for.
    for _ in 0..16 {
        now = now + HOUR;
        let new = record(&mut drawn, all.len() as i64, now);
        all.push(new.clone());
        following.learn(news(vec![new], now)).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    reaches(&following, now).await;
    let alone = served(all, now, usize::MAX);
    assert!(get(&following, "/api/timeline").await == get(&alone, "/api/timeline").await);
}
