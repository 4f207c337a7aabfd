//! What is hidden from somebody makes no difference to anything that they are answered: every route, byte by byte.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use http_body_util::BodyExt;
use servanda_model::Record;
use servanda_model::record::{Marking, Tlp};
use servanda_server::ROUTES;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use team::{Answer, World, clear, only_to, record, souths};

/// Every path that shows anything, with questions that reach into it; and each other route of the table as it is.
fn paths() -> Vec<String> {
    let mut all = Vec::new();
    for route in ROUTES.iter().filter(|route| route.method == "GET") {
        let path = match route.path {
            "/assets/{*path}" => "/assets/page.js",
            plain => plain,
        };
        let more: &[&str] = match path {
            "/api/card" => &[
                "?norm=no-fire",
                "?norm=no-fire&bearer=South",
                "?norm=report-fire&bearer=North",
                "?norm=no-fire&language=uk",
                "?norm=no-fire&language=xx",
                "?norm=x",
                "",
            ],
            "/api/duties" | "/api/duties.ics" => &["", "?party=South", "?until=2026-04-01"],
            "/duties" => &["", "?party=South&side=owed&all=yes", "?lang=uk&from=2026-01-01", "?at=x"],
            "/inspections" | "/api/inspections" | "/api/inspections.csv" => {
                &["", "?party=South", "?zone=belt", "?from=2026-01-01&to=2026-02-05", "?at=x"]
            }
            "/audit/proof" => &["", "?entry=1000000"],
            _ if route.shows && path != "/events" => {
                &["", "?at=2026-02-05T00:00&known=2026-02-03", "?at=x", "?reading=a%3Db"]
            }
            _ => &[""],
        };
        // By the name of a record that is hidden in one world and not there in the other.
        let hidden = souths()[0].id.to_string();
        let path = match path {
            "/triggers/{id}" => "/triggers/under-fire".to_string(),
            "/reports/{id}" => "/reports/daily".to_string(),
            "/cases/{id}" => "/cases/s4".to_string(),
            "/plans/{id}" => "/plans/force".to_string(),
            "/plans/{id}/{file}" => "/plans/force/bands.csv".to_string(),
            path => path.replace("{collection}", "incidents").replace("{id}", &hidden),
        };
        let path = path.replace("{hash}", &servanda_store::sha256(team::PHOTO));
        // What is hidden is asked for with a record that everybody may see, too, and that names it.
        if path.contains("/attachments/") {
            all.push(path.replace(&hidden, "r9"));
        }
        let path = if path.contains("/attachments/") { path.replace(&hidden, "s4") } else { path };
        all.extend(more.iter().map(|query| format!("{path}{query}")));
    }
    all
}

/// What is asked with a text: a draft that differs from the agreement in force, replayed and compared in each way.
fn asked_with_a_text() -> Vec<(&'static str, serde_json::Value)> {
    use serde_json::json;
    let draft = team::TEXT.replace("within      2 days", "within      1 day");
    let other = team::TEXT.replace(">= 2", ">= 1");
    vec![
        ("/api/draft/check", json!({ "text": draft })),
        ("/api/draft/at", json!({ "text": draft, "at": draft.find("no-fire").unwrap(), "want": "hover" })),
        ("/api/draft/format", json!({ "text": draft })),
        ("/api/draft/audit", json!({ "text": draft })),
        ("/api/draft/changes", json!({ "text": draft })),
        ("/api/draft/changes?at=2026-02-05T00:00&known=2026-02-03", json!({ "text": draft })),
        ("/api/lab/replay", json!({})),
        ("/api/lab/replay", json!({ "draft": draft, "other": "in-force", "known": "as-recorded" })),
        ("/api/lab/replay?at=2026-02-05T00:00&known=2026-02-03", json!({ "draft": draft, "other": other })),
        (
            "/api/lab/replay",
            json!({ "history": "exercise", "from": "2026-06-01", "to": "2026-06-10", "quick": true }),
        ),
        ("/api/lab/vary", json!({ "draft": draft, "vary": ["under-fire.count=1..4"] })),
        ("/api/lab/page", json!({ "draft": draft })),
    ]
}

/// All that somebody is answered: status, headers and body.
async fn everything(world: &World, name: Option<&str>) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut browser = match name {
        Some(name) => world.signed_in(name).await,
        None => world.browser(),
    };
    // What is different at each sign-in anyway: random tokens.
    let cookie = browser.cookies.get("servanda").cloned().unwrap_or("no cookie".into());
    let paths = paths().into_iter().map(|path| (path, None));
    let with_a_text = asked_with_a_text().into_iter().map(|(path, body)| (path.to_string(), Some(body)));
    for (path, asked) in paths.chain(with_a_text) {
        let Answer { status, headers, body } = match &asked {
            None => browser.get(&path).await,
            Some(asked) => browser.ask(&path, asked).await,
        };
        let path = asked.map_or(path.clone(), |asked| format!("{path} {asked}"));
        let mut text =
            format!("{status} {headers:?} {}", String::from_utf8_lossy(&body)).replace(&cookie, "");
        let random: Vec<String> = text
            .split(|c: char| !c.is_ascii_hexdigit())
            .filter(|word| word.len() == 64)
            .map(String::from)
            .collect();
        for word in random {
            text = text.replace(&word, "(random)");
        }
        // The size of the log, and with it its checkpoint, is told to auditors: it says how much there is, and not what.
        if path != "/metrics" && !(path.starts_with("/audit") && status.is_success()) {
            out.insert(path, text);
        }
    }
    out
}

/// ASVS 5.0: 8.2.2 and 8.2.3 (data and fields by explicit permission).
#[tokio::test(flavor = "multi_thread")]
async fn v8_2_2_v8_2_3_what_is_hidden_makes_no_difference_on_any_route() {
    // It names South's photo, whose bytes nobody handed in for it.
    let naming = record("r9", "shelling", "North", "2026-02-01T09:00:00Z", Marking::default());
    let mut seen = clear();
    seen.push(team::with_photo(naming));
    let without = team::world(&seen);
    // Hidden records before, between and after, of other facts, one of them in the future.
    let mut all = souths();
    all.splice(1..1, seen);
    all.push(record("s3", "report", "South", "2027-01-01T00:00:00Z", only_to("South", Tlp::Clear)));
    let with = team::world(&all);
    for name in [None, Some("reader-North"), Some("reader-low"), Some("auditor-North"), Some("none")] {
        let (one, other) = (everything(&without, name).await, everything(&with, name).await);
        assert!(one.len() > 25);
        for (path, answer) in &one {
            assert_eq!(answer, &other[path], "{name:?} at {path}");
        }
    }
    // The comparison can fail: whoever may see them is answered otherwise, on every route that rests on records.
    let (one, other) =
        (everything(&without, Some("reader-South")).await, everything(&with, Some("reader-South")).await);
    let differ: Vec<&str> =
        one.iter().filter(|(path, text)| other[*path] != **text).map(|(p, _)| p.as_str()).collect();
    let photo = format!("/api/incidents/s4/attachments/{}", servanda_store::sha256(team::PHOTO));
    for path in [
        "/duties",
        "/triggers",
        "/triggers/under-fire",
        "/cases/s4",
        "/reports/daily",
        "/api/board",
        "/api/card?norm=no-fire",
        "/api/duties",
        "/api/map",
        "/api/timeline",
        &photo,
    ] {
        assert!(differ.contains(&path), "{path} is the same: {differ:?}");
    }
    for path in ["/api/draft/changes", "/api/lab/replay {}", "/api/lab/vary {", "/api/lab/page {"] {
        assert!(differ.iter().any(|one| one.starts_with(path)), "{path} is the same: {differ:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_see_the_same_are_served_from_one_and_each_party_its_own() {
    let mut all = clear();
    all.extend(souths());
    let world = team::world(&all);
    let board = async |name: &str| world.signed_in(name).await.get("/api/board").await.text();
    let north = board("reader-North").await;
    assert_eq!(north, board("reader-low").await);
    assert_eq!(world.made.load(Ordering::SeqCst), 1, "North and the one cleared for nothing see the same");
    let south = board("reader-South").await;
    assert_ne!(north, south);
    assert_eq!(world.made.load(Ordering::SeqCst), 2);
}

/// The events that came within a time.
async fn heard(response: axum::response::Response, within: Duration) -> String {
    let mut body = response.into_body();
    let mut text = String::new();
    let until = tokio::time::Instant::now() + within;
    while let Ok(Some(Ok(frame))) = tokio::time::timeout_at(until, body.frame()).await {
        text.push_str(&String::from_utf8_lossy(&frame.into_data().unwrap()));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn news_reach_whoever_may_see_them_within_a_second_and_nobody_else() {
    let mut all = clear();
    all.extend(souths());
    let world = team::world(&all);
    let (mut north, mut south) =
        (world.signed_in("reader-North").await, world.signed_in("reader-South").await);
    let before = (north.get("/api/board").await.text(), south.get("/api/board").await.text());
    let (to_north, to_south) = (north.begin("/events").await, south.begin("/events").await);
    let news: Vec<Record> =
        vec![record("n1", "report", "South", "2026-03-01T08:00:00Z", only_to("South", Tlp::Amber))];
    world.tell(&news);
    let second = Duration::from_secs(1);
    let (by_north, by_south) = tokio::join!(heard(to_north, second), heard(to_south, second));
    assert_eq!(by_north, "retry: 3000\n\n", "not even that something came");
    assert_eq!(
        by_south,
        "retry: 3000\n\nevent: records\ndata: {\"more\":false,\"records\":[\"n1\"],\"servanda\":\"news/1\"}\n\n"
    );
    assert_eq!(north.get("/api/board").await.text(), before.0);
    assert_ne!(south.get("/api/board").await.text(), before.1);
    // What all may see reaches both.
    let (to_north, to_south) = (north.begin("/events").await, south.begin("/events").await);
    world.tell(&[record("n2", "fire", "North", "2026-03-01T09:00:00Z", Marking::default())]);
    let (by_north, by_south) = tokio::join!(heard(to_north, second), heard(to_south, second));
    assert!(by_north.contains("\"n2\"") && by_south.contains("\"n2\""), "{by_north} {by_south}");
    assert_ne!(north.get("/api/board").await.text(), before.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_follows_lets_go_when_the_server_stops() {
    let world = team::world(&clear());
    let stream = world.signed_in("reader-North").await.begin("/events").await;
    world.stop.send(true).unwrap();
    let body = tokio::time::timeout(Duration::from_secs(5), stream.into_body().collect()).await;
    assert!(body.is_ok(), "it goes on");
}

/// What only South may see of an agreement: a rule with the words that it carries out, the term that starts it, the fact that it asks
/// for and the remedy that follows.
const HIDDEN_CLAUSE: &str = "## Annex

> North hands over the lists of sites once there is heavy fire.

```pact
event list
  says        \"{by} hands over a list\"
  carries     by: party

term alarm \"alarm at the sites\"
  means       count of fire in any 48 hours >= 1
  found by    commission
  per         \"heavy fire\"

duty hand-over \"the lists are handed over\"
  bearer      North
  owed to     South
  when        alarm begins
  must        do list by bearer
  within      3 days
  seen by     commission
  mark        TLP:AMBER restricted to South
  on breach   remedy second-list
  per         \"hands over the lists of sites\"

remedy second-list
  bearer      breaching party
  effect      adds to the breached duty
  must        do list by bearer
  within      9 days
  seen by     commission
  mark        TLP:AMBER restricted to South
```

";

/// What everybody may see, after it.
const LAST_CLAUSE: &str = "## Last

> Each Party tells the commission of any fire within a week.

```pact
duty tell
  bearer      each of parties
  owed to     commission
  when        fire by bearer
  must        do report by bearer
  within      7 days
  seen by     commission
  per         \"tells the commission of any fire within a week\"
```

## Both

> The Parties keep the calm.

```pact
duty calm
  bearer      each of parties
  owed to     commission
  when        fire by bearer
  must        do report by bearer
  within      9 days
  seen by     commission
  mark        TLP:RED restricted to South
  per         \"keep the calm\"
```
";

#[tokio::test(flavor = "multi_thread")]
async fn v8_2_3_a_hidden_rule_of_the_agreement_makes_no_difference_on_any_route() {
    let of = |text: String| {
        let checked = servanda_lang::check(&text);
        assert!(!checked.has_errors(), "{:#?}", checked.diagnostics);
        let mut all = clear();
        all.extend(souths());
        team::world_with(&text, &all, &team::accounts(), servanda_server::Standing::default())
    };
    let without = of(format!("{}\n{LAST_CLAUSE}", team::TEXT));
    let with = of(format!("{}\n{HIDDEN_CLAUSE}{LAST_CLAUSE}", team::TEXT));
    let names = [
        None,
        Some("reader-North"),
        Some("reader-low"),
        Some("officer-North"),
        Some("auditor-North"),
        Some("none"),
    ];
    for name in names {
        let (one, other) = (everything(&without, name).await, everything(&with, name).await);
        for (path, answer) in &one {
            assert_eq!(answer, &other[path], "{name:?} at {path}");
            assert!(
                !other[path].contains("hand-over") && !other[path].contains("the lists"),
                "{name:?} at {path}"
            );
        }
    }
    // By the name of what is hidden, too.
    let mut answers = Vec::new();
    for world in [&without, &with] {
        let mut low = world.signed_in("reader-low").await;
        let mut all = Vec::new();
        for path in [
            "/triggers/alarm",
            "/api/card?norm=hand-over",
            "/api/card?norm=hand-over&bearer=North",
            "/api/card?norm=hand-over&language=uk",
            "/api/incidents?clause=annex",
        ] {
            let answer = low.get(path).await;
            all.push(format!("{} {}", answer.status, answer.text()));
        }
        answers.push(all);
    }
    assert_eq!(answers[0], answers[1]);
    // The comparison can fail: South is answered otherwise.
    let (one, other) =
        (everything(&without, Some("reader-South")).await, everything(&with, Some("reader-South")).await);
    let differ: Vec<&str> =
        one.iter().filter(|(path, text)| other[*path] != **text).map(|(p, _)| p.as_str()).collect();
    for path in [
        "/duties",
        "/triggers",
        "/reports/audit",
        "/api/board",
        "/api/agreement",
        "/api/duties",
        "/api/duties.ics",
        "/api/terms",
        "/api/timeline",
    ] {
        let is_asked = one.contains_key(path);
        assert!(!is_asked || differ.contains(&path), "{path} is the same: {differ:?}");
    }
}
