//! Inspections: what was asked, answered, carried out and found; restrictions by party with their hours; quotas against the records
//! that use them; and the breach that a denial opens. On the page, as JSON and as CSV.

#[allow(dead_code, reason = "each test uses a part")]
mod team;

use axum::http::StatusCode;
use serde_json::Value;
use servanda_model::record::{Basis, Marking, RoleValue, Tlp};
use servanda_model::{Name, Record, When};
use servanda_server::Standing;
use team::{World, accounts, at, only_to, world_with};

const TEXT: &str = r#"# Open doors

> Each Party may carry out two inspections in each calendar month, and accepts three. No Party denies an inspection.

```pact
agreement open-doors
  status      binding
  in force    2026-01-01T00:00
  time zone   UTC
  counting    event day excluded
  months      round down

body commission
party North
party South
group parties
  members     North, South

event inspection-request "request for an inspection"
  says        "{by} asks to inspect a site of {of}"
  carries     by: party, of: party
event inspection-denied "denial of an inspection"
  says        "{by} denies {to} an inspection"
  carries     by: party, to: party
event inspection "inspection"
  says        "{by} inspects a site of {host}"
  carries     by: party, host: party
event inspection-report "report of an inspection"
  says        "{by} reports on its inspection"
  carries     by: party

ban no-denial "no denial of an inspection"
  bearer      each of parties
  owed to     every other of parties
  must not    do inspection-denied by bearer
  seen by     commission
  per         "No Party denies an inspection"

quota may-inspect "inspections that each may carry out"
  bearer      each of parties
  owed to     every other of parties
  of          inspection by bearer
  at most     2 in each calendar month
  seen by     commission
  per         "may carry out two inspections in each calendar month"

quota accepts "inspections that each accepts"
  bearer      each of parties
  owed to     every other of parties
  of          inspection host bearer
  at most     3 in each calendar month
  seen by     commission
  per         "accepts three"
```
"#;

fn one(id: &str, fact: &str, when: &str, roles: &[(&str, &str)]) -> Record {
    let mut record = Record::new(id, fact, When::exact(at(when)), at(when));
    for (role, name) in roles {
        record.roles.insert((*role).into(), RoleValue::Name((*name).into()));
    }
    record.stated = Some(servanda_model::Grade::Confirmed);
    record.source = "Joint staff <b>".into();
    record
}

fn records() -> Vec<Record> {
    let of = |mut record: Record, incident: &str| {
        record.incident = Some(Name::from(incident));
        record
    };
    let mut request =
        one("q1", "inspection-request", "2026-02-01T08:00:00Z", &[("by", "North"), ("of", "South")]);
    request.roles.insert("for".into(), RoleValue::Time(When::exact(at("2026-02-03T08:00:00Z"))));
    let mut delayed = one("d1", "patrol-blocked", "2026-02-10T08:00:00Z", &[("by", "South")]);
    delayed.extra.insert("incident.class".into(), "movement-restriction".into());
    delayed.extra.insert("incident.subclass".into(), "delay".into());
    delayed.until = Some(at("2026-02-10T10:30:00Z"));
    delayed.extra.insert("incident.remark".into(), "=HYPERLINK(\"x\")".into());
    let mut planned = one("p1", "inspection", "2026-02-20T08:00:00Z", &[("by", "North"), ("host", "South")]);
    planned.basis = Basis::Planned;
    vec![
        of(request, "visit-1"),
        of(
            one("n1", "inspection-denied", "2026-02-03T08:00:00Z", &[("by", "South"), ("to", "North")]),
            "visit-1",
        ),
        // Two reports of one inspection are one.
        of(one("i2", "inspection", "2026-02-05T08:00:00Z", &[("by", "North"), ("host", "South")]), "visit-2"),
        of(
            one("i2b", "inspection", "2026-02-05T08:05:00Z", &[("by", "North"), ("host", "South")]),
            "visit-2",
        ),
        of(one("r2", "inspection-report", "2026-02-06T08:00:00Z", &[("by", "North")]), "visit-2"),
        // Another month.
        one("i0", "inspection", "2026-01-31T23:00:00Z", &[("by", "North"), ("host", "South")]),
        planned,
        delayed,
    ]
}

fn world() -> World {
    world_with(TEXT, &records(), &accounts(), Standing::default())
}

async fn json(world: &World, query: &str) -> Value {
    let path = format!("/api/inspections?at=2026-02-28T12:00{query}");
    let answer = world.signed_in("reader-North").await.get(&path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_of_one_inspection_stand_together_and_a_denial_opens_its_own_breach() {
    let world = world();
    let all = json(&world, "").await;
    let inspections = all["inspections"].as_array().unwrap();
    let ids: Vec<&str> = inspections.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["visit-2", "visit-1", "i0"], "what is planned is none");
    let denied = &inspections[1];
    assert_eq!(
        (&denied["state"], &denied["inspects"], &denied["inspected"]),
        (&"denied".into(), &"North".into(), &"South".into())
    );
    assert_eq!(denied["lead_hours"], 48.0);
    let steps: Vec<&str> =
        denied["steps"].as_array().unwrap().iter().map(|s| s["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["asked", "denied"]);
    let breach = &denied["verdicts"][0];
    assert_eq!((&breach["norm"], &breach["bearer"]), (&"no-denial".into(), &"South".into()));
    assert_eq!((&breach["is_breach"], &breach["state"]), (&true.into(), &"violated".into()));
    assert_eq!(inspections[0]["state"], "outcome");
    assert_eq!(inspections[0]["steps"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_count_inspections_of_their_period_once_and_name_the_verdict() {
    let world = world();
    let all = json(&world, "").await;
    let quota = |norm: &str, bearer: &str| {
        let all = all["quotas"].as_array().unwrap();
        let found = all.iter().find(|q| q["verdict"]["norm"] == norm && q["verdict"]["bearer"] == bearer);
        found.unwrap_or_else(|| panic!("no quota {norm} of {bearer} in {all:?}")).clone()
    };
    let active = quota("may-inspect", "North");
    assert_eq!((&active["side"], &active["per"]), (&"active".into(), &"month".into()));
    assert_eq!((&active["used"], &active["left"], &active["most"]), (&1.into(), &1.0.into(), &2.0.into()));
    assert_eq!(active["records"], serde_json::json!(["i2"]));
    let passive = quota("accepts", "South");
    assert_eq!(
        (&passive["side"], &passive["used"], &passive["left"]),
        (&"passive".into(), &1.into(), &2.0.into())
    );
    assert_eq!(quota("may-inspect", "South")["used"], 0);
    // Before the first of February January counts.
    let before = world.signed_in("reader-North").await.get("/api/inspections?at=2026-01-31T23:30").await;
    let before: Value = serde_json::from_slice(&before.body).unwrap();
    let used = before["quotas"].as_array().unwrap().iter().map(|q| q["used"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(used, 2, "one carried out by North, and one accepted by South");
}

#[tokio::test(flavor = "multi_thread")]
async fn restrictions_have_their_hours_and_sums_are_sums_of_rows() {
    let world = world();
    let all = json(&world, "").await;
    let rows = all["restrictions"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["record"], &rows[0]["step"], &rows[0]["hours"]),
        (&"d1".into(), &"delayed".into(), &2.5.into())
    );
    assert_eq!(rows[1]["hours"], Value::Null);
    let sum = &all["by_party_and_zone"][0];
    assert_eq!((&sum["party"], &sum["denied"], &sum["delayed"]), (&"South".into(), &1.into(), &1.into()));
    assert_eq!((&sum["hours"], &sum["without_end"], &sum["breaches"]), (&2.5.into(), &1.into(), &1.into()));
    // Filters narrow all of it.
    assert_eq!(json(&world, "&from=2026-02-09").await["restrictions"].as_array().unwrap().len(), 1);
    let north = json(&world, "&party=North").await;
    assert_eq!(north["restrictions"].as_array().unwrap().len(), 1);
    assert_eq!(north["quotas"].as_array().unwrap().len(), 2);
    let mut browser = world.signed_in("reader-North").await;
    for (query, code) in [
        ("party=East", "no-such-party"),
        ("zone=moon", "no-such-zone"),
        ("from=2026-02-09&to=2026-02-01", "empty-time"),
        ("from=soon", "bad-time"),
        ("colour=red", "unknown-parameter"),
    ] {
        let answer = browser.get(&format!("/api/inspections?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.text().contains(code), "{query}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_opens_every_number_and_shows_text_as_text_in_both_languages() {
    let world = world();
    let mut browser = world.signed_in("reader-South").await;
    for (lang, words) in [
        (
            "en",
            [
                "1 denial",
                "They opened 1 breach",
                "Who was let in",
                "active: that it may carry out",
                "not observed",
            ],
        ),
        (
            "uk",
            [
                "1 відмова",
                "Вони відкрили 1 порушення",
                "Кого допустили",
                "активна: скільки може провести",
                "не спостерігали",
            ],
        ),
    ] {
        let page = browser.get(&format!("/inspections?at=2026-02-28T12:00&lang={lang}")).await.text();
        for word in words {
            assert!(page.contains(word), "{lang}: no `{word}` in {page}");
        }
        assert!(page.contains("Joint staff &lt;b&gt;") && !page.contains("Joint staff <b>"));
        assert!(page.contains("norm=no-denial&amp;bearer=South"), "the breach leads to its card");
        assert!(page.contains("/incidents/visit-1?at="), "a step leads to its record");
        assert!(page.contains("party=South") && page.contains("#register"), "a sum leads to its rows");
    }
    let csv = browser.get("/api/inspections.csv?at=2026-02-28T12:00").await;
    assert_eq!(csv.headers["content-disposition"], "attachment; filename=\"inspections.csv\"");
    let text = csv.text();
    assert_eq!(text.lines().count(), 8, "a head, six steps of inspections, one restriction of none: {text}");
    assert!(text.contains("visit-1,denied,n1,") && text.contains(",no-denial,"));
    assert!(text.contains("\"'=HYPERLINK(\"\"x\"\")\""), "no formula: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_that_is_not_for_everybody_shows_to_those_it_is_for() {
    let mut all = records();
    all[1].marking = only_to("South", Tlp::Amber);
    all[7].marking = Marking::of(Tlp::Red);
    let world = world_with(TEXT, &all, &accounts(), Standing::default());
    let seen = async |name: &str| {
        let answer = world.signed_in(name).await.get("/api/inspections?at=2026-02-28T12:00").await;
        let all: Value = serde_json::from_slice(&answer.body).unwrap();
        all["restrictions"].as_array().unwrap().len()
    };
    assert_eq!((seen("reader-North").await, seen("reader-South").await, seen("reader-low").await), (1, 2, 0));
}
