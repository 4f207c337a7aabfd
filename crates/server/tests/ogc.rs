//! OGC API Features: by hand, and read by GDAL's `ogrinfo`, which knows nothing of us.
//!
//! `SERVANDA_FOREIGN=must`, as `.ci/run` sets it, makes a missing `ogrinfo` a failure.

#[allow(dead_code, reason = "the tests of the reports use the rest")]
#[path = "../../report/tests/hand_built/mod.rs"]
mod hand_built;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use servanda_server::{Listening, Served, router};
use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::sync::Arc;
use tower::ServiceExt;

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

async fn get(served: &Arc<Served>, path: &str) -> (StatusCode, Value) {
    let path = path.strip_prefix("http://localhost").unwrap_or(path);
    let request = Request::get(path).header("host", "localhost").body(Body::empty()).unwrap();
    let response = router(served.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

fn link<'a>(document: &'a Value, rel: &str) -> Option<&'a str> {
    document["links"].as_array()?.iter().find(|l| l["rel"] == rel)?["href"].as_str()
}

#[tokio::test]
async fn from_the_landing_page_to_every_item() {
    let served = served();
    let (_, landing) = get(&served, "/ogc/").await;
    let (_, conformance) = get(&served, link(&landing, "conformance").unwrap()).await;
    assert!(
        conformance["conformsTo"]
            .as_array()
            .unwrap()
            .iter()
            .any(|c| c.as_str().unwrap().ends_with("/conf/core"))
    );
    let (status, api) = get(&served, link(&landing, "service-desc").unwrap()).await;
    assert_eq!((status, &api["openapi"]), (StatusCode::OK, &Value::from("3.0.3")));
    let (_, collections) = get(&served, link(&landing, "data").unwrap()).await;
    let names: Vec<&Value> =
        collections["collections"].as_array().unwrap().iter().map(|c| &c["id"]).collect();
    assert_eq!(names, ["incidents", "zones"]);
    for collection in collections["collections"].as_array().unwrap() {
        let mut next = Some(format!("{}&limit=41", link(collection, "items").unwrap()));
        let (mut seen, mut matched) = (BTreeSet::new(), 0);
        while let Some(path) = next {
            let (status, page) = get(&served, &path).await;
            assert_eq!(status, StatusCode::OK, "{path}: {page}");
            matched = page["numberMatched"].as_u64().unwrap() as usize;
            let features = page["features"].as_array().unwrap();
            assert_eq!(page["numberReturned"], features.len());
            for feature in features {
                assert!(
                    seen.insert(feature["id"].as_str().unwrap().to_string()),
                    "{} comes twice",
                    feature["id"]
                );
            }
            next = link(&page, "next").map(String::from);
        }
        assert!(matched > 0);
        assert_eq!(seen.len(), matched);
        let id = seen.first().unwrap();
        let path = format!("/ogc/collections/{}/items/{id}", collection["id"].as_str().unwrap());
        let (status, item) = get(&served, &path).await;
        assert_eq!((status, item["id"].as_str()), (StatusCode::OK, Some(id.as_str())), "{path}");
    }
}

#[tokio::test]
async fn boxes_times_and_refusals() {
    let served = served();
    let count = async |query: &str| {
        let (status, page) = get(&served, &format!("/ogc/collections/incidents/items?{query}")).await;
        assert_eq!(status, StatusCode::OK, "{query}: {page}");
        page["numberMatched"].as_u64().unwrap()
    };
    let all = count("").await;
    assert_eq!(count("bbox=-180,-90,180,90").await, all);
    let (west, east) = (count("bbox=-180,-90,37,90").await, count("bbox=37,-90,180,90").await);
    assert!(west > 0 && east > 0 && west + east == all, "{west} {east} {all}");
    // Across the date line: everything but what lies between.
    assert_eq!(count("bbox=100,-90,37,90").await, west);
    let (early, late) = (count("datetime=../2026-03-31").await, count("datetime=2026-04-01/..").await);
    assert!(early > 0 && late > 0 && early + late >= all);
    assert!(count("datetime=2026-03-20").await < early);
    for (path, status) in [
        ("/ogc/collections/positions", 404),
        ("/ogc/collections/positions/items", 404),
        ("/ogc/collections/incidents/items/nothing", 404),
        ("/ogc/collections/incidents/items?bbox=1,2", 400),
        ("/ogc/collections/incidents/items?datetime=soon", 400),
        ("/ogc/collections/incidents/items?colour=red", 400),
        ("/ogc/collections/incidents/items?f=html", 400),
    ] {
        assert_eq!(get(&served, path).await.0.as_u16(), status, "{path}");
    }
}

fn ogrinfo(arguments: &[&str]) -> Option<Output> {
    match Command::new("ogrinfo").args(arguments).output() {
        Ok(ran) => Some(ran),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let must = std::env::var("SERVANDA_FOREIGN").unwrap_or_default();
            assert_ne!(must, "must", "`ogrinfo` of GDAL is missing");
            eprintln!(
                "SKIPPED: `ogrinfo` of GDAL is missing; OGC API Features was not read by it. `.ci/run` installs it"
            );
            None
        }
        Err(error) => panic!("`ogrinfo` does not run: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gdal_reads_what_we_serve() {
    let served = served();
    let (_, page) = get(&served, "/ogc/collections/incidents/items?limit=1").await;
    let all = page["numberMatched"].as_u64().unwrap();
    let (_, page) = get(&served, "/ogc/collections/incidents/items?limit=1&bbox=-180,-90,37,90").await;
    let west = page["numberMatched"].as_u64().unwrap();
    let listening = Listening::on(0, router(served)).await.unwrap();
    let source = format!("OAPIF:{}/ogc", listening.url());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let answering = tokio::spawn(listening.answer(async {
        let _ = stopped.await;
    }));
    let asked = tokio::task::spawn_blocking(move || {
        let text = |ran: Output| {
            let (out, err) = (
                String::from_utf8_lossy(&ran.stdout).into_owned(),
                String::from_utf8_lossy(&ran.stderr).into_owned(),
            );
            assert!(ran.status.success() && !err.contains("ERROR"), "{out}\n{err}");
            out
        };
        let layers = text(ogrinfo(&["-ro", "-so", "-al", &source])?);
        assert!(layers.contains("Layer name: incidents") && layers.contains("Layer name: zones"), "{layers}");
        assert!(layers.contains("Geometry: Point"), "{layers}");
        assert!(layers.contains(&format!("Feature Count: {all}")), "{layers}");
        // Every feature over all pages, and again only those of a box.
        let features = text(ogrinfo(&["-ro", "-al", &source, "incidents"])?);
        assert_eq!(features.matches("OGRFeature(incidents)").count() as u64, all);
        let boxed = text(ogrinfo(&["-ro", "-spat", "-180", "-90", "37", "90", &source, "incidents"])?);
        assert_eq!(boxed.matches("OGRFeature(incidents)").count() as u64, west);
        Some(())
    });
    asked.await.unwrap();
    let _ = stop.send(());
    answering.await.unwrap().unwrap();
}
