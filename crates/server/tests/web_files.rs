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
    // What others wrote is bundled as it is; what it may do is held by the policy of the pages, and looked at below.
    for file in found.iter().filter(|f| !f.starts_with("outlines/") && !f.starts_with("vendor/")) {
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

#[test]
fn what_others_wrote_fetches_nothing_and_comes_with_its_licences() {
    let text = std::fs::read_to_string(web().join("vendor/codemirror.js")).unwrap();
    for word in ["https://", "fetch(", "XMLHttpRequest", "WebSocket", "import(", "eval(", "new Function"] {
        assert!(!text.contains(word), "`{word}` in web/vendor/codemirror.js");
    }
    // Names of namespaces are no addresses.
    assert_eq!(text.matches("http://").count(), text.matches("http://www.w3.org/").count());
    let licences = std::fs::read_to_string(web().join("vendor/codemirror.licences.txt")).unwrap();
    let locked = include_str!("../../../editors/web/package.json");
    let locked: Value = serde_json::from_str(locked).unwrap();
    for (package, version) in locked["dependencies"].as_object().unwrap() {
        let line = format!("{package} {} (MIT)", version.as_str().unwrap());
        assert!(licences.contains(&line), "`{line}` is not in web/vendor/codemirror.licences.txt");
    }
}

/// The modules that a module loads at once, and theirs.
fn loaded(file: &str, found: &mut std::collections::BTreeSet<String>) {
    if !found.insert(file.to_string()) {
        return;
    }
    let text = std::fs::read_to_string(web().join(file)).unwrap();
    for part in text.split(" from './").skip(1) {
        loaded(part.split('\'').next().unwrap(), found);
    }
}

#[test]
fn the_editor_is_loaded_by_its_page_alone() {
    for first in ["page.js", "start.js", "sheet.js", "incidents.js", "points.js", "lab.js"] {
        let mut found = std::collections::BTreeSet::new();
        loaded(first, &mut found);
        assert!(found.iter().all(|file| !file.starts_with("vendor/")), "{first} loads {found:?}");
    }
    let mut found = std::collections::BTreeSet::new();
    loaded("draft-editor.js", &mut found);
    assert!(found.contains("vendor/codemirror.js"));
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
