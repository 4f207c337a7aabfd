//! The files of `web/`: all of them are served, none fetches from outside or is read as markup, and the outlines put
//! Crimea where it belongs.

use serde_json::Value;
use std::path::{Path, PathBuf};

fn web() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web")
}

/// Paths under `web/`, with `/` between folders.
fn files(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            files(&path, &format!("{name}/"), found);
        } else {
            found.push(name);
        }
    }
}

#[test]
fn every_file_is_served() {
    let table = include_str!("../src/assets.rs");
    let mut found = Vec::new();
    files(&web(), "", &mut found);
    // What makes the outlines is run by hand and is no part of the page.
    found.retain(|f| f != "outlines/make.mjs");
    assert!(found.len() > 8);
    for file in found {
        assert!(
            table.contains(&format!("asset!(\"{file}\"")),
            "web/{file} is not in crates/server/src/assets.rs"
        );
    }
}

#[test]
fn nothing_is_fetched_from_outside_and_nothing_is_read_as_markup() {
    let mut found = Vec::new();
    files(&web(), "", &mut found);
    for file in found.iter().filter(|f| !f.starts_with("outlines/")) {
        let text =
            std::fs::read_to_string(web().join(file)).unwrap().replace("http://www.w3.org/2000/svg", "");
        for word in [
            "http://",
            "https://",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "<style",
            "onclick=\"",
        ] {
            assert!(!text.contains(word), "`{word}` in web/{file}");
        }
    }
}

fn units_at(file: &str, lon: f64, lat: f64) -> Vec<String> {
    let text = std::fs::read_to_string(web().join("outlines").join(file)).unwrap();
    let outlines: Value = serde_json::from_str(&text).unwrap();
    let inside = |ring: &Value| {
        let points: Vec<(f64, f64)> = ring
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (p[0].as_f64().unwrap(), p[1].as_f64().unwrap()))
            .collect();
        let mut within = false;
        for (i, a) in points.iter().enumerate() {
            let b = points[(i + 1) % points.len()];
            if (a.1 > lat) != (b.1 > lat) && lon < (b.0 - a.0) * (lat - a.1) / (b.1 - a.1) + a.0 {
                within = !within;
            }
        }
        within
    };
    let units = outlines["units"].as_array().unwrap();
    let here =
        units.iter().filter(|u| u["rings"].as_array().unwrap().iter().filter(|r| inside(r)).count() % 2 == 1);
    here.map(|u| u["name"].as_str().unwrap().to_string()).collect()
}

#[test]
fn crimea_is_in_ukraine() {
    for (lon, lat, oblast) in [
        (34.10, 44.95, "Crimea"),
        (33.52, 44.60, "Sevastopol"),
        (30.52, 50.45, "Kyiv City"),
        (24.03, 49.84, "Lviv"),
    ] {
        assert_eq!(units_at("ukraine.json", lon, lat), [oblast]);
        assert_eq!(units_at("world.json", lon, lat), ["Ukraine"]);
    }
    assert_eq!(units_at("world.json", -74.0, 4.7), ["Colombia"]);
}
