//! The drafter's desk and the lab: what is answered about a text, that nothing of it is kept, and that a text can stop nobody.

#![allow(clippy::disallowed_methods, reason = "a test measures how long it waits")]

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use serde_json::{Value, json};
use servanda_server::Standing;
use std::time::{Duration, Instant};
use team::{Answer, TEXT, clear, souths, world};

fn read(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

fn code(answer: &Answer) -> String {
    serde_json::from_slice::<Value>(&answer.body).unwrap()["code"].as_str().unwrap().to_string()
}

/// The part of a text that a browser would take for this stretch.
fn stretch(text: &str, from: &Value, to: &Value) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let at = |n: &Value| n.as_u64().unwrap() as usize;
    String::from_utf16(&units[at(from)..at(to)]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_checked_found_about_read_back_and_placed_as_a_browser_counts() {
    let world = world(&clear());
    let mut browser = world.signed_in("reader-North").await;
    // Characters of two and of four bytes before the place, and one that takes two units.
    let crooked = TEXT.replace("# Truce", "# Перемир’я 🕊").replace("2 days", "2 dais");
    let checked = read(&browser.ask("/api/draft/check", &json!({ "text": crooked })).await);
    assert_eq!((&checked["servanda"], &checked["counts"]["errors"]), (&json!("draft/1"), &json!(1)));
    let wrong = &checked["diagnostics"][0];
    assert_eq!(stretch(&crooked, &wrong["from"], &wrong["to"]), "2 dais");
    assert!(wrong["message"].as_str().unwrap().contains("`dais`"), "{wrong}");
    // A repair says what takes the place of what.
    let crooked = crooked.replace("event day excluded", "event day excludet");
    let checked = read(&browser.ask("/api/draft/check", &json!({ "text": crooked })).await);
    let all = checked["diagnostics"].as_array().unwrap();
    let fix = all.iter().map(|d| &d["fix"]).find(|fix| !fix.is_null()).unwrap();
    let replaced = stretch(&crooked, &fix["from"], &fix["to"]);
    assert_eq!((replaced.as_str(), &fix["insert"]), ("event day excludet", &json!("event day excluded")));

    let text = TEXT.replace("# Truce", "# Перемир’я 🕊");
    let checked = read(&browser.ask("/api/draft/check", &json!({ "text": text })).await);
    assert_eq!(checked["counts"]["errors"], 0, "{}", checked["diagnostics"]);
    let rules = checked["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["name"] == "report-fire").unwrap();
    assert!(stretch(&text, &rule["from"], &rule["to"]).starts_with("duty report-fire"));
    assert!(rule["sentence"].as_str().unwrap().contains("2nd day"), "{rule}");
    // The same in Ukrainian: all of it, and for the place under the cursor.
    let asked = json!({ "text": text, "language": "uk" });
    let said = read(&browser.ask("/api/draft/check", &asked).await);
    let ukrainian =
        |of: &Value| of.as_str().unwrap().chars().filter(|c| matches!(c, 'а'..='я' | 'і')).count() > 20;
    assert!(ukrainian(&said["about"]) && !ukrainian(&checked["about"]), "{}", said["about"]);
    assert_eq!(said["rules"].as_array().unwrap().len(), rules.len());
    for (rule, was) in said["rules"].as_array().unwrap().iter().zip(rules) {
        assert_eq!((&rule["name"], &rule["from"]), (&was["name"], &was["from"]));
        assert!(ukrainian(&rule["sentence"]), "{rule}");
    }
    let wrong = browser.ask("/api/draft/check", &json!({ "text": text, "language": "xx" })).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text());
    let findings = checked["findings"].as_array().unwrap();
    assert!(
        findings.iter().any(|f| f["about"] == "no-fire" && !f["title"].as_str().unwrap().is_empty()),
        "{findings:?}"
    );
    let looked = checked["looked"].as_array().unwrap();
    assert!(looked.len() > 5);
    assert!(looked.iter().all(|l| !l["bound"].as_str().unwrap().is_empty()));
    assert!(
        looked.iter().any(|l| !l["undecided"].as_array().unwrap().is_empty()),
        "what was not decided is told"
    );
    assert!(
        checked["outline"]
            .as_array()
            .unwrap()
            .iter()
            .any(|o| o["name"] == "under-fire" && o["kind"] == "term")
    );
    for gap in checked["uncovered"].as_array().unwrap() {
        assert!(!stretch(&text, &gap[0], &gap[1]).trim().is_empty());
    }

    let at = |needle: &str, more: usize| text[..text.find(needle).unwrap()].encode_utf16().count() + more;
    let mut ask = async |want: &str, at: usize| {
        read(&browser.ask("/api/draft/at", &json!({ "text": text, "at": at, "want": want })).await)
    };
    let place = ask("definition", at("do fire by bearer", 4)).await;
    let found = &place["places"][0];
    assert_eq!(stretch(&text, &found[0], &found[1]), "fire");
    assert_eq!(found[0], at("event fire", 6));
    let hover = ask("hover", at("duty report-fire", 6)).await;
    assert!(hover["hover"]["title"].as_str().unwrap().contains("report-fire"), "{hover}");
    let asked = json!({ "text": text, "at": at("duty report-fire", 6), "want": "hover", "language": "uk" });
    let said = read(&browser.ask("/api/draft/at", &asked).await);
    assert!(ukrainian(&said["hover"]["body"][0]) && !ukrainian(&hover["hover"]["body"][0]), "{said}");
    let mut ask = async |want: &str, at: usize| {
        read(&browser.ask("/api/draft/at", &json!({ "text": text, "at": at, "want": want })).await)
    };
    let offers = ask("complete", at("seen by     commission", 14)).await;
    assert!(offers["offers"].as_array().unwrap().iter().any(|o| o["text"] == "commission"), "{offers}");
    let uses = ask("references", at("event report", 7)).await;
    assert!(uses["places"].as_array().unwrap().len() >= 2, "{uses}");
    // A place that does not exist has no answer, and is no failure.
    assert_eq!(ask("hover", 10_000_000).await["hover"], Value::Null);

    let crooked = TEXT.replace("  bearer      each of parties", "  bearer each of parties");
    let formatted = read(&browser.ask("/api/draft/format", &json!({ "text": crooked })).await);
    assert_eq!(formatted["text"], servanda_lang::format::format(TEXT));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_enforceability_page_and_the_differences_are_those_of_the_command_line() {
    let world = world(&clear());
    let mut browser = world.signed_in("reader-North").await;
    let page = read(&browser.ask("/api/draft/audit", &json!({ "text": TEXT })).await);
    assert_eq!((&page["schema"], &page["kind"]), (&json!("report/1"), &json!("enforceability")));
    let rows = page["sections"][0]["tables"][0]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "one for each rule");

    let same = read(&browser.ask("/api/draft/changes", &json!({ "text": TEXT })).await);
    assert_eq!((&same["same"], &same["verdicts"]), (&json!(true), &json!([])));
    // North fired on the 1st and reported on the 2nd: within an hour it would have been too late.
    let draft = TEXT.replace("2 days", "1 hour").replace("within two days", "within an hour");
    let changed = read(&browser.ask("/api/draft/changes", &json!({ "text": draft })).await);
    assert_eq!(changed["same"], false);
    let meaning = changed["meaning"].as_array().unwrap();
    assert!(meaning.iter().any(|c| c["name"] == "report-fire" && c["before"] != c["after"]), "{meaning:?}");
    let asked = json!({ "text": draft, "language": "uk" });
    let said = read(&browser.ask("/api/draft/changes", &asked).await);
    assert_eq!(said["meaning"].as_array().unwrap().len(), meaning.len());
    let of = said["meaning"].as_array().unwrap().iter().find(|c| c["name"] == "report-fire").unwrap();
    let sentences = [&of["before"], &of["after"]].map(|sentence| sentence.as_str().unwrap());
    assert!(
        sentences[0] != sentences[1] && sentences.iter().all(|s| s.contains("годин") || s.contains("дн")),
        "{of}"
    );
    let verdicts = changed["verdicts"].as_array().unwrap();
    let [one] = &verdicts[..] else { panic!("{verdicts:?}") };
    assert_eq!(
        (&one["norm"], &one["before"], &one["after"]),
        (&json!("report-fire"), &json!("satisfied"), &json!("violated"))
    );
    // At an earlier moment of knowledge there is no difference yet.
    let early = browser
        .ask("/api/draft/changes?at=2026-02-01T08:30&known=2026-02-01T08:30", &json!({ "text": draft }))
        .await;
    assert_eq!(read(&early)["verdicts"], json!([]));
    // A draft with errors is refused where part of it would have no effect.
    for path in ["/api/draft/audit", "/api/draft/changes"] {
        let answer = browser.ask(path, &json!({ "text": TEXT.replace("2 days", "2 dais") })).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, "draft-has-errors")
        );
        assert!(answer.text().contains("line 4") && answer.text().contains("dais"), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_replayed_over_the_history_that_the_viewer_sees() {
    let mut all = clear();
    all.extend(souths());
    let world = world(&all);
    let (mut north, mut south) =
        (world.signed_in("reader-North").await, world.signed_in("reader-South").await);
    let figures = |doc: &Value, norm: &str| {
        let norms = doc["backtest"]["norms"].as_array().unwrap();
        norms.iter().find(|n| n["norm"] == norm).unwrap().clone()
    };
    let by_north = read(&north.ask("/api/lab/replay", &json!({})).await);
    let by_south = read(&south.ask("/api/lab/replay", &json!({})).await);
    // North sees one fire and its report; South sees two more.
    assert_eq!(
        (&by_north["backtest"]["history"]["records"], &by_south["backtest"]["history"]["records"]),
        (&json!(2), &json!(5))
    );
    assert_eq!(figures(&by_north, "report-fire")["performances"], json!({ "satisfied": 1 }));
    assert_eq!(figures(&by_south, "report-fire")["performances"], json!({ "satisfied": 1, "violated": 2 }));
    // Every figure opens into its cases.
    let cases = by_south["cases"].as_array().unwrap();
    let of = |norm: &str, word: &str| {
        cases.iter().filter(|c| c["norm"] == norm && c["performance"] == word).count()
    };
    assert_eq!((of("report-fire", "violated"), of("report-fire", "satisfied")), (2, 1));
    assert_eq!(by_south["cases_left_out"], 0);
    // A knob that is set is the draft with that value written into it.
    let knobs = by_south["knobs"].as_array().unwrap();
    let knob = knobs.iter().find(|k| k["name"] == "report-fire.within").unwrap();
    assert_eq!(
        (&knob["stands"], &knob["axis"], &knob["unit"]),
        (&json!("2 days"), &json!(2.0), &json!("days"))
    );
    let set = read(&south.ask("/api/lab/replay", &json!({ "set": ["report-fire.within=1 day"] })).await);
    let written = TEXT.replace("2 days", "1 day");
    let written = read(&south.ask("/api/lab/replay", &json!({ "draft": written })).await);
    assert_eq!(set["backtest"]["norms"], written["backtest"]["norms"]);
    // Variants, and another draft beside it.
    let varied = read(&south.ask("/api/lab/vary", &json!({ "vary": ["under-fire.count=1..3"] })).await);
    let triggers: Vec<&Value> = varied["backtest"]["sweep"]["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| &v["triggers"]["under-fire"])
        .collect();
    assert_eq!(triggers.len(), 3);
    assert!(triggers[0].as_u64() > triggers[2].as_u64(), "{triggers:?}");
    let draft = TEXT.replace("2 days", "1 hour");
    let beside = read(&south.ask("/api/lab/replay", &json!({ "draft": draft, "other": "in-force" })).await);
    let pair = beside["backtest"]["against"]["norms"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["norm"] == "report-fire")
        .unwrap();
    assert_eq!(pair["differ"], 3, "{pair}");
    // What was known is a question too.
    let early =
        read(&south.ask("/api/lab/replay?at=2026-02-02T09:00&known=2026-02-02T09:00", &json!({})).await);
    assert_eq!(early["backtest"]["history"]["records"], 2);
    // The exercise is the same for everybody, and says that it is one.
    let asked = json!({ "history": "exercise", "from": "2026-06-01", "to": "2026-06-20", "quick": true });
    let exercise = read(&north.ask("/api/lab/replay", &asked).await);
    assert_eq!(exercise["backtest"]["exercise"], true);
    assert!(exercise["backtest"]["history"]["records"].as_u64().unwrap() > 1_000);
    assert_eq!(exercise["without_shape"], json!([]));
    assert_eq!(exercise, read(&south.ask("/api/lab/replay", &asked).await));
    // A page of one file.
    let page = south.ask("/api/lab/page", &json!({ "vary": ["report-fire.within=1..3"] })).await;
    assert!(page.headers["content-disposition"].to_str().unwrap().contains("back-test.html"));
    assert!(page.text().starts_with("<!doctype html>") && page.text().contains("report-fire.within"));
    // Questions that make no sense are told so, in words.
    for (asked, what) in [
        (json!({ "set": ["no-such=1"] }), "no-such"),
        (json!({ "set": ["report-fire.within=1..3"] }), "one value"),
        (json!({ "from": "soon" }), "soon"),
        (json!({ "from": "2026-03-01", "to": "2026-02-01" }), "before it begins"),
        (json!({ "draft": "```pact\nduty\n```\n" }), "errors"),
        (json!({ "history": "somebody's" }), "somebody's"),
        (json!({ "colour": "red" }), "colour"),
    ] {
        let answer = south.ask("/api/lab/replay", &asked).await;
        assert!(
            answer.status.is_client_error() && answer.text().contains(what),
            "{asked}: {}",
            answer.text()
        );
        assert!(!answer.text().contains("--"), "what to type at a command line: {}", answer.text());
    }
    let answer = south.ask("/api/lab/vary", &json!({ "vary": ["report-fire.within=1..200"] })).await;
    assert!(answer.text().contains("at most 25"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_text_is_kept_and_what_shows_records_is_written_down_without_it() {
    let world = world(&clear());
    let mut browser = world.signed_in("reader-North").await;
    let before =
        world.workspace.store().view(&servanda_store::policy::Viewer::keeper()).records().unwrap().len();
    let draft = TEXT.replace("2 days", "37 hours").replace("# Truce", "# A secret intention");
    for path in ["/api/draft/check", "/api/draft/format", "/api/draft/audit", "/api/draft/changes"] {
        read(&browser.ask(path, &json!({ "text": draft })).await);
    }
    read(&browser.ask("/api/lab/replay", &json!({ "draft": draft })).await);
    let after =
        world.workspace.store().view(&servanda_store::policy::Viewer::keeper()).records().unwrap().len();
    assert_eq!(before, after);
    let views = world.views.all.lock().unwrap().clone();
    let routes: Vec<&str> = views.iter().map(|view| view.route).collect();
    assert_eq!(routes, ["/api/draft/changes", "/api/lab/replay"]);
    let all = format!("{views:?}");
    assert!(!all.contains("secret") && !all.contains("37"), "{all}");
    // The agreement in force is answered as it stands, to who may see it.
    let text = read(&browser.get("/api/draft/text").await);
    assert_eq!(text["text"], TEXT);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_signed_in_has_something_computed() {
    let open =
        team::world_of(&clear(), &team::accounts(), Standing { is_public: true, ..Standing::default() });
    let mut anybody = open.browser();
    assert_eq!(anybody.get("/api/board").await.status, StatusCode::OK);
    assert_eq!(anybody.get("/draft").await.to(), "/sign-in?back=%2Fdraft");
    for path in ["/api/draft/check", "/api/draft/changes", "/api/lab/replay"] {
        let answer = anybody.ask(path, &json!({ "text": TEXT })).await;
        assert_eq!((answer.status, code(&answer).as_str()), (StatusCode::UNAUTHORIZED, "sign-in-first"));
    }
    // A page from elsewhere has nothing computed in anybody's name, and a form of it is not understood.
    let mut reader = open.signed_in("reader-North").await;
    reader.headers.push(("origin".into(), "http://elsewhere.example".into()));
    let answer = reader.ask("/api/draft/check", &json!({ "text": TEXT })).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    reader.headers.clear();
    let answer = reader.post("/api/draft/check", &[("text", TEXT)]).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_has_bounds_and_a_hostile_one_stops_nobody() {
    let world = world(&clear());
    let mut browser = world.signed_in("reader-North").await;
    let answer = browser.ask("/api/draft/check", &json!({ "text": "x".repeat(400_001) })).await;
    assert_eq!((answer.status, code(&answer).as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too-long"));
    let answer = browser.ask("/api/draft/check", &json!({ "text": "x".repeat(1_100_000) })).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    for wrong in [json!({}), json!({ "text": 3 }), json!([]), json!({ "text": "", "more": 1 })] {
        let answer = browser.ask("/api/draft/check", &wrong).await;
        assert_eq!(
            (answer.status, code(&answer).as_str()),
            (StatusCode::BAD_REQUEST, "not-understood"),
            "{wrong}"
        );
    }
    // Deep, wide, long, broken: each answered within bounds, whatever the answer is, and the server goes on.
    let fence = |inside: &str| format!("# T\n\n> Words.\n\n```pact\n{inside}\n```\n");
    let hostile = [
        fence(&format!("term t\n  means {}a = 1{}", "(".repeat(100_000), ")".repeat(100_000))),
        fence(&format!("term t\n  means {}a", "not ".repeat(60_000))),
        fence(&"duty d\n".repeat(20_000)),
        fence(&format!("duty d\n{}", "  must do fire by North\n".repeat(8_000))),
        fence(&(0..9_000).map(|n| format!("party P{n}\n")).collect::<String>()),
        "> \"a\" ".repeat(60_000),
        "```pact\n".repeat(40_000),
        "🕊".repeat(100_000),
        "\u{0}\u{1}\u{feff}".repeat(40_000),
    ];
    for (n, text) in hostile.iter().enumerate() {
        let begun = Instant::now();
        let answer = browser.ask("/api/draft/check", &json!({ "text": text })).await;
        // What declares more than is checked is refused before it is, and told which bound it is over.
        let over = [
            "bytes in one line",
            "bytes in one line",
            "20000 declarations",
            "",
            "9000 declarations",
            "",
            "40000 fences",
        ];
        match over.get(n).filter(|words| !words.is_empty()) {
            Some(words) => {
                assert_eq!(
                    (answer.status, code(&answer).as_str()),
                    (StatusCode::PAYLOAD_TOO_LARGE, "too-much"),
                    "{n}"
                );
                assert!(answer.text().contains(words), "{n}: {}", answer.text());
            }
            None => assert_eq!(answer.status, StatusCode::OK, "{n}: {}", answer.text()),
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{n}: {:?}", begun.elapsed());
        eprintln!("hostile text {n}: {} after {:?}", answer.status, begun.elapsed());
        // Somebody else is answered meanwhile.
        let mut other = world.signed_in("reader-South").await;
        assert_eq!(other.get("/api/board").await.status, StatusCode::OK);
        read(&other.ask("/api/draft/check", &json!({ "text": TEXT })).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_question_at_a_time_and_few_wait() {
    let world = world(&clear());
    let browser = world.signed_in("reader-North").await;
    let asked = json!({ "history": "exercise" });
    let all: Vec<_> = (0..12)
        .map(|_| {
            let (mut browser, asked) = (browser.clone(), asked.clone());
            tokio::spawn(async move { browser.ask("/api/lab/replay", &asked).await })
        })
        .collect();
    // Those for whom there is no room are told at once.
    for _ in 0..200 {
        if all.iter().any(tokio::task::JoinHandle::is_finished) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    // The desk is another place than the lab: who replays may still type.
    let mut typing = browser.clone();
    read(&typing.ask("/api/draft/check", &json!({ "text": TEXT })).await);
    // What is taken back is not computed: the replays that wait are never begun.
    let begun = Instant::now();
    let mut refused = 0;
    for one in &all {
        one.abort();
    }
    for one in all {
        refused += usize::from(one.await.is_ok_and(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS));
    }
    assert!((1..=6).contains(&refused), "{refused}: six have a place, the others are told at once");
    let mut browser = browser;
    let short = json!({ "history": "exercise", "from": "2026-06-01", "to": "2026-06-02", "quick": true });
    read(&browser.ask("/api/lab/replay", &short).await);
    eprintln!("the next question was answered {:?} after the others were taken back", begun.elapsed());
}
