use super::entry::{Desk, Said, checked, entry, record};
use super::*;
use crate::record_json::{from_json, to_json};
use servanda_model::record::{ItemGrade, SourceGrade};
use servanda_model::{Point, When};

fn at(text: &str) -> Instant {
    Instant::parse_utc(text).unwrap()
}

fn desk(now: &str) -> Desk {
    Desk {
        now: at(now),
        calendar: Calendar::of_zone("Europe/Kyiv").unwrap(),
        facts: BTreeSet::new(),
        fact: Some(Name::from("fire")),
        zones: BTreeSet::from([Name::from("river-zone")]),
        attachments: vec![("crater.jpg".to_string(), "a".repeat(64))],
        exercise: true,
    }
}

fn answers(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
}

const FULL: &[(&str, &str)] = &[
    ("what", "explosion"),
    ("when", "about 14:30"),
    ("where", "3-5km ESE of Avdiivka"),
    ("means", "heard, seen"),
    ("source", "Patrol North 2"),
    ("count", "about 10"),
    ("people", "killed 1 woman; injured 2 boys"),
    ("weapon", "mortar"),
    ("calibre", "120 mm"),
    ("direction-from", "SE"),
    ("direction-to", "NW"),
    ("observer", "Monitor 14"),
    ("observer-at", "Avdiivka railway station"),
    ("sensor", "SMM camera 3"),
    ("controlled-by", "government-controlled"),
    ("damage", "roof of a house"),
    ("infrastructure", "water, power"),
    ("remark", "assessed as outgoing"),
    ("by", "Red|Blue"),
    ("clauses", "1.2; 3"),
    ("source-grade", "B"),
    ("item-grade", "2"),
    ("action", "hotline called"),
    ("told", "JCCC duty officer"),
    ("received", "15:00"),
    ("marking", "amber"),
];

fn full() -> Record {
    record("node-1", &answers(FULL), &desk("2026-05-03T13:00Z")).unwrap_or_else(|f| panic!("{f:#?}"))
}

fn said(kind: Kind, about: &str, by: &str, words: &str, parts: &[(&str, &str)]) -> Said {
    let words = (!words.is_empty()).then(|| words.to_string());
    Said { kind, about: Name::from(about), by: by.to_string(), words, parts: answers(parts) }
}

fn entered(id: &str, now: &str, said: &Said) -> Record {
    entry(id, said, &desk(now)).unwrap_or_else(|f| panic!("{f:?}"))
}

#[test]
fn an_entry_has_every_field_of_the_form_and_survives_being_written() {
    let made = full();
    assert_eq!(made, from_json(&to_json(&made)).unwrap());
    let kyiv = Calendar::of_zone("Europe/Kyiv").unwrap();
    assert_eq!(kyiv.show_when(made.when), "2026-05-03 14:15 to 2026-05-03 14:45");
    assert_eq!((made.source_grade, made.item_grade), (Some(SourceGrade::B), Some(ItemGrade(2))));
    assert_eq!(made.received, Some(at("2026-05-03T12:00Z")));
    assert_eq!(made.fact.as_str(), "fire");
    assert!(
        matches!(made.place, Some(Place::Point { radius_m, .. }) if (2_000.0..3_500.0).contains(&radius_m)),
        "{:?}",
        made.place
    );
    assert_eq!(made.attachments.len(), 1);
    assert_eq!(made.title, "explosion, about 10, 3-5km ESE of Avdiivka");
    let kept = details::of(&made);
    for (key, _) in details::KEYS.iter().filter(|(key, _)| !["bearing", "distance"].contains(key)) {
        assert!(kept.contains_key(key), "{key} is lost");
    }
    // What is accepted one by one is accepted together, and the form asks for nothing that it does not take.
    for (key, text) in FULL {
        checked(key, text, &desk("2026-05-03T13:00Z")).unwrap_or_else(|f| panic!("{key}: {f:?}"));
    }
}

#[test]
fn what_is_wrong_is_said_of_every_answer_at_once() {
    let wrong = answers(&[
        ("what", "attack"),
        ("when", "tomorrow"),
        ("means", "smelt"),
        ("wind", "north"),
        ("count", "many"),
    ]);
    let faults = record("x", &wrong, &desk("2026-05-03T13:00Z")).unwrap_err();
    let keys: Vec<&str> = faults.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["source", "count", "means", "what", "when", "wind"]);
    assert!(faults.iter().all(|(_, fault)| !fault.remedy.is_empty()));
    let one = |key, text| checked(key, text, &desk("2026-05-03T13:00Z")).unwrap_err();
    assert!(one("where", "Avdivka").remedy.contains("Avdiyivka"));
    assert!(one("what", "casualti").remedy.contains("casualty"));
    assert!(one("when", "2027-01-01 10:00").reason.contains("lies ahead"));
    assert!(one("where", "480 37").reason.contains("globe"));
}

#[test]
fn times_are_read_as_people_say_them() {
    let desk = desk("2026-05-03T13:00Z"); // 16:00 in Kyiv
    for (text, shown) in [
        ("now", "2026-05-03 16:00"),
        ("14:30", "2026-05-03 14:30"),
        ("9:05", "2026-05-03 09:05"),
        ("23:10", "2026-05-02 23:10"),
        ("14:30-15:10", "2026-05-03 14:30 to 2026-05-03 15:10"),
        ("2026-05-01 23:50-00:10", "2026-05-01 23:50 to 2026-05-02 00:10"),
        ("about 15:50", "2026-05-03 15:35 to 2026-05-03 16:00"),
        ("2026-05-01", "2026-05-01"),
        ("2026-05-01T14:30Z", "2026-05-01 17:30"),
    ] {
        assert_eq!(checked("when", text, &desk).unwrap_or_else(|f| panic!("{text}: {f:?}")), shown, "{text}");
        // What is kept of it is read as the same.
        let kept = super::entry::kept("when", text, &desk);
        assert_eq!(
            checked("when", &kept, &desk).unwrap_or_else(|f| panic!("{kept}: {f:?}")),
            shown,
            "{text}"
        );
    }
    for text in ["", "soon", "25:00", "14:30-", "-", "2026-02-30 10:00", "14:30-15:10-16:00", "ї:ї"] {
        assert!(checked("when", text, &desk).is_err(), "{text}");
    }
}

#[test]
fn places_are_read_as_people_say_them() {
    let desk = desk("2026-05-03T13:00Z");
    for (text, shown) in [
        ("Avdiivka", "Avdiivka"),
        ("Авдіївка", "Авдіївка"),
        ("Донецька область", "Donetsk"),
        ("Avdiivka within 2 km", "48.13892, 37.74784 within 2.0 km"),
        ("48.14 37.74", "48.14000, 37.74000"),
        ("48.14, 37.74 within 500m", "48.14000, 37.74000 within 500 m"),
        ("Donetsk", "Donetsk"),
        ("river-zone", "river-zone"),
    ] {
        let got = checked("where", text, &desk).unwrap_or_else(|f| panic!("{text}: {f:?}"));
        if text.starts_with("Avdiivka within") {
            assert!(got.starts_with("48.1") && got.ends_with("within 2.0 km"), "{got}");
        } else {
            assert_eq!(got, shown, "{text}");
        }
    }
    assert_eq!(
        checked("where", "zone no-fire", &Desk { zones: BTreeSet::new(), ..desk.clone() }).unwrap(),
        "no-fire"
    );
    for text in [
        "",
        "zone no-fire",
        "Donetsk within 2 km",
        "Nowhere",
        "3km NE of Nowhere",
        "48.14 37.74 within reach",
    ] {
        assert!(checked("where", text, &desk).is_err(), "{text}");
    }
}

fn story() -> Vec<Record> {
    let first = full();
    let mut second = full();
    second.id = Name::from("camera-7");
    second.source = "SMM camera 3".to_string();
    second.recorded = at("2026-05-03T14:00Z");
    let mut correction = full();
    correction.id = Name::from("node-1~2");
    correction.supersedes = Some(Name::from("node-1"));
    correction.recorded = at("2026-05-03T15:00Z");
    correction.title = "explosion, 11, ESE of Avdiivka".to_string();
    let mut claim = full();
    claim.id = Name::from("red-1");
    claim.basis = Basis::Claimed;
    claim.incident = Some(Name::from("node-1"));
    claim.recorded = at("2026-05-03T16:00Z");
    vec![
        first,
        second,
        correction,
        claim,
        entered(
            "s1",
            "2026-05-03T14:30Z",
            &said(Kind::Status, "node-1", "Duty officer", "", &[("status", "under check")]),
        ),
        entered(
            "l1",
            "2026-05-03T14:40Z",
            &said(
                Kind::Link,
                "node-1",
                "Duty officer",
                "same minute, same direction",
                &[("report", "camera-7")],
            ),
        ),
        entered(
            "p1",
            "2026-05-04T20:00Z",
            &said(Kind::Reply, "node-1", "Red", "Our units did not fire.", &[("due", "2026-05-04 18:00")]),
        ),
        entered(
            "p2",
            "2026-05-04T08:00Z",
            &said(Kind::Reply, "node-1", "Blue", "It came from the east.", &[("due", "2026-05-04 18:00")]),
        ),
        entered(
            "a1",
            "2026-05-05T08:00Z",
            &said(
                Kind::Assessment,
                "node-1",
                "Analysis cell",
                "crater analysis",
                &[("attributed-to", "Red"), ("confidence", "moderate")],
            ),
        ),
        entered(
            "d1",
            "2026-05-05T09:00Z",
            &said(Kind::Dissent, "node-1", "Red member", "The craters are older.", &[]),
        ),
        entered(
            "f1",
            "2026-05-06T08:00Z",
            &said(
                Kind::Finding,
                "node-1",
                "Joint commission",
                "It was so; the sides differ on who.",
                &[("attributed-to", "not attributed")],
            ),
        ),
        entered(
            "v1",
            "2026-05-06T08:00Z",
            &said(Kind::Status, "node-1", "Joint commission", "", &[("status", "verified")]),
        ),
        entered(
            "g1",
            "2026-05-06T09:00Z",
            &said(Kind::Grade, "node-1", "Duty officer", "", &[("item-grade", "1")]),
        ),
        entered(
            "c1",
            "2026-05-06T09:30Z",
            &said(Kind::Clause, "node-1", "Legal desk", "", &[("clause", "2.4")]),
        ),
        entered(
            "t1",
            "2026-05-06T10:00Z",
            &said(
                Kind::Action,
                "node-1",
                "Duty officer",
                "safety note sent",
                &[("told", "both liaison officers")],
            ),
        ),
    ]
}

fn later(text: &str) -> Instant {
    at(text)
}

#[test]
fn an_incident_is_seen_as_it_was_known() {
    let records = story();
    let seen = |known: &str| incidents(&records, later(known));
    assert_eq!(seen("2026-05-03T12:00Z").len(), 0);
    let one = seen("2026-05-03T13:00Z");
    assert_eq!((one.len(), one[0].version(), one[0].status().0), (1, 1, Status::Reported));
    // Before the ruling the camera's report is an incident of its own.
    assert_eq!(seen("2026-05-03T14:00Z").len(), 2);
    let whole = seen("2026-06-01T00:00Z");
    let [incident] = whole.as_slice() else { panic!("{whole:#?}") };
    assert_eq!(incident.id.as_str(), "node-1");
    assert_eq!(incident.main().id.as_str(), "node-1~2");
    assert_eq!(incident.version(), records.len());
    let (status, by) = incident.status();
    assert_eq!((status, by.unwrap().source.as_str()), (Status::Verified, "Joint commission"));
    let replies: Vec<(&str, Option<bool>)> =
        incident.replies().iter().map(|(r, _, late)| (r.source.as_str(), *late)).collect();
    assert_eq!(replies, [("Blue", Some(false)), ("Red", Some(true))]);
    assert_eq!(incident.clauses(), ["1.2", "2.4", "3"]);
    // The commission found that it was so, and attributed nothing: the analyst's judgement is shown as what it is.
    let made = incident.attribution().unwrap();
    assert_eq!(
        (made.kind, made.to[0].as_str(), made.confidence),
        (Kind::Assessment, "Red", Some("moderate"))
    );
    let voices: Vec<(Voice, usize)> = incident.voices().into_iter().collect();
    assert_eq!(
        voices,
        [(Voice::Allegation, 1), (Voice::Observation, 2), (Voice::Assessment, 1), (Voice::Finding, 1)]
    );
    assert_eq!(incident.regraded().unwrap().item_grade, Some(ItemGrade(1)));
    assert_eq!(incident.main().item_grade, Some(ItemGrade(2)));
    assert!(incident.is_exercise());
}

#[test]
fn what_is_taken_back_counts_no_more_and_stays_on_file() {
    let mut records = story();
    let mut undo = |id: &str, what: &str, now: &str| {
        let mut record = Record::new(id, "incident-status", When::exact(at(now)), at(now));
        record.withdraws = Some(Name::from(what));
        records.push(record);
    };
    undo("u1", "v1", "2026-05-07T00:00Z");
    undo("u2", "l1", "2026-05-07T00:00Z");
    let all = incidents(&records, at("2026-06-01T00:00Z"));
    let ids: Vec<&str> = all.iter().map(|i| i.id.as_str()).collect();
    assert_eq!(ids, ["camera-7", "node-1"]);
    assert_eq!(all[1].status().0, Status::UnderCheck);
    assert!(all[1].entries.iter().any(|e| e.record.id.as_str() == "v1" && e.withdrawn.is_some()));
    // The observer takes the report back.
    for (id, what) in [("u3", "node-1~2"), ("u4", "red-1"), ("u5", "camera-7")] {
        let mut record =
            Record::new(id, "fire", When::exact(at("2026-05-08T00:00Z")), at("2026-05-08T00:00Z"));
        record.withdraws = Some(Name::from(what));
        records.push(record);
    }
    let all = incidents(&records, at("2026-06-01T00:00Z"));
    assert!(all.iter().all(|i| i.status().0 == Status::Withdrawn));
}

#[test]
fn odd_stores_end() {
    let mut a = full();
    let mut b = full();
    a.id = Name::from("a");
    a.supersedes = Some(Name::from("b"));
    b.id = Name::from("b");
    b.supersedes = Some(Name::from("a"));
    assert!(!incidents(&[a, b], at("2026-06-01T00:00Z")).is_empty());
}

#[test]
fn it_is_told_in_words_and_as_a_document() {
    let records = story();
    let all = incidents(&records, at("2026-06-01T00:00Z"));
    let square = |south: f64, north: f64| {
        let p = |lat, lon| Point { lat, lon };
        Shape::Area(vec![vec![vec![
            p(south, 37.0),
            p(south, 39.0),
            p(north, 39.0),
            p(north, 37.0),
            p(south, 37.0),
        ]]])
    };
    let line = Shape::Line(vec![vec![Point { lat: 48.0, lon: 37.9 }, Point { lat: 48.3, lon: 37.9 }]]);
    let zones = [
        ("inner".to_string(), square(48.0, 49.0)),
        ("border".to_string(), square(48.12, 49.0)),
        ("contact".to_string(), line),
    ];
    let (places, kyiv) = (Places::default(), Calendar::of_zone("Europe/Kyiv").unwrap());
    let ground = Ground { zones: &zones, places: &places, calendar: &kyiv };
    let shown = text(&all[0], &ground);
    for words in [
        "EXERCISE",
        "node-1, version 15",
        "verified, by Joint commission",
        "Europe/Kyiv (known to 31 minutes)",
        "inside inner",
        "perhaps inside border",
        "km from contact",
        "about 10",
        "mortar",
        "killed female adult 1",
        "government-controlled",
        "source B, report 2",
        "graded anew",
        "Red, confidence moderate: assessment by Analysis cell",
        "one of Red, Blue, in the words of an observation",
        "joined by Duty officer: same minute, same direction",
        "(late; due 2026-05-04 18:00): Our units did not fire.",
        "(on time; due 2026-05-04 18:00): It came from the east.",
        "The craters are older.",
        "told: both liaison officers",
        "TLP:AMBER",
        "crater.jpg aaaa",
    ] {
        assert!(shown.contains(words), "no `{words}` in\n{shown}");
    }
    let document = json(&all[0], &ground);
    assert_eq!(document["servanda"], "incident/1");
    assert_eq!(document["people"][1]["sex"], "male");
    assert_eq!(document["count"]["is"], "about");
    assert_eq!(document["attribution"]["kind"], "assessment");
    assert_eq!(document["entries"]["reply"][1]["late"], true);
    assert_eq!(document["relations"][0]["within"], "inside");
    assert_eq!(document["reports"][2]["voice"], "allegation");
    assert_eq!(document["attachments"][0]["name"], "crater.jpg");
    assert!(super::line(&all[0], &kyiv).contains("verified"));
    // Nothing that a terminal would obey.
    let mut evil = full();
    evil.title = "x\u{1b}[2Jy".to_string();
    let all = [evil];
    let shown = text(&incidents(&all, at("2026-06-01T00:00Z"))[0], &ground);
    assert!(!shown.contains('\u{1b}'));
}
