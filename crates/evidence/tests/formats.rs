//! Each known format with input as its source writes it: what becomes of it, what is refused and why, and what a second import
//! makes. The rows of ACLED are invented and bear its form only.

use servanda_evidence::import::{Context, Format, Import, import};
use servanda_evidence::incident::details;
use servanda_evidence::{Mapping, diff};
use servanda_model::record::{Basis, RoleValue};
use servanda_model::{Calendar, Grade, Instant, Name, Number, Place, Record};

fn at(text: &str) -> Instant {
    Instant::parse_utc(text).unwrap()
}

fn context(file: &str) -> Context {
    Context {
        calendar: Calendar::of_zone("Europe/Kyiv").unwrap(),
        ..Context::new(at("2026-01-01T00:00Z"), file)
    }
}

fn read(format: Format, text: &str) -> Import {
    import(format, text.as_bytes(), None, &context("file")).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn faults(format: Format, text: &str) -> Vec<&'static str> {
    import(format, text.as_bytes(), None, &context("file")).unwrap_err().into_iter().map(|f| f.code).collect()
}

fn refused(import: &Import) -> Vec<(u64, &'static str, &str)> {
    import.refused.iter().map(|r| (r.line, r.code, r.column.as_str())).collect()
}

fn point(record: &Record) -> (f64, f64, f64) {
    match record.place {
        Some(Place::Point { at, radius_m }) => (at.lat, at.lon, radius_m),
        ref other => panic!("{other:?}"),
    }
}

fn named(record: &Record, role: &str) -> String {
    match record.roles.get(&Name::from(role)) {
        Some(RoleValue::Name(name)) => name.to_string(),
        Some(RoleValue::OneOf(names)) => names.iter().map(Name::as_str).collect::<Vec<_>>().join("|"),
        Some(RoleValue::Number(number)) => number.to_string(),
        Some(RoleValue::Text(text)) => text.clone(),
        other => panic!("{role}: {other:?}"),
    }
}

/// Importing again changes nothing.
fn again(import: &Import) {
    let changes = diff(&import.records, import, at("2026-01-02T00:00Z"));
    assert_eq!((changes.records().count(), changes.unchanged), (0, import.records.len()));
}

const ACLED: &str = "event_id_cnty,event_date,year,time_precision,disorder_type,event_type,sub_event_type,actor1,actor2,country,admin1,location,latitude,longitude,geo_precision,source,notes,fatalities,timestamp
UKR900001,05 January 2024,2024,1,Political violence,Battles,Armed clash,Military Forces of Northland,Military Forces of Southland,Ukraine,Donetsk,Avdiivka,48.1397,37.7425,1,Invented Wire; Invented Post,EXERCISE. Invented row.,0,1704800000
UKR900002,2024-01-06,2024,2,Political violence,Violence against civilians,Attack,Military Forces of Northland,Civilians (Southland),Ukraine,Donetsk,Bakhmut,48.5956,38.0000,2,Invented Wire,EXERCISE. Invented row.,1,1704900000
UKR900003,2024-01-15,2024,3,Demonstrations,Protests,Peaceful protest,Protesters (Southland),,Ukraine,Kharkiv,Kharkiv,49.9808,36.2527,3,Invented Wire,EXERCISE. Invented row.,0,1704900001
UKR900004,2024-01-16,2024,9,Political violence,Battles,Armed clash,A,B,Ukraine,Donetsk,Avdiivka,48.1,37.7,1,W,EXERCISE. Invented row.,0,1704900001
UKR900005,2024-01-16,2024,1,Political violence,Battles,Armed clash,A,B,Ukraine,Donetsk,Avdiivka,48.1,37.7,1,W,EXERCISE. Invented row.,0,yesterday
";

#[test]
fn acled_keeps_its_doubts_and_its_snapshot() {
    let got = read(Format::Acled, ACLED);
    let kyiv = Calendar::of_zone("Europe/Kyiv").unwrap();
    let rows: Vec<(&str, &str, String)> =
        got.records.iter().map(|r| (r.id.as_str(), r.fact.as_str(), kyiv.show_when(r.when))).collect();
    assert_eq!(
        rows,
        [
            ("acled-UKR900001", "fire", "2024-01-05".to_string()),
            ("acled-UKR900002", "violence-against-civilians", "2023-12-31 to 2024-01-12".to_string()),
            ("acled-UKR900003", "protest", "2024-01-01 to 2024-01-31".to_string()),
        ]
    );
    let [battle, violence, protest] = got.records.as_slice() else { panic!() };
    assert_eq!(named(battle, "by"), "military-forces-of-northland|military-forces-of-southland");
    assert_eq!(named(violence, "by"), "military-forces-of-northland");
    assert_eq!((battle.sources, violence.sources, battle.basis), (2, 1, Basis::Assessed));
    assert_eq!((point(battle).2, point(violence).2), (5_000.0, 30_000.0));
    assert_eq!(protest.place, Some(Place::Named(Name::from("Kharkiv"))));
    assert_eq!(battle.extra["@snapshot"], "2024-01-09T11:33:20Z");
    assert_eq!(named(violence, "deaths"), "1");
    assert_eq!(refused(&got), [(5, "E0120", "time_precision"), (6, "E0115", "timestamp")]);
    again(&got);
    // A living base: a row that was changed supersedes, one that has gone is withdrawn.
    let changed = ACLED.replace("Bakhmut,48.5956", "Bakhmut,48.6000").replace("UKR900003", "UKR900009");
    let changes = diff(&got.records, &read(Format::Acled, &changed), at("2026-01-02T00:00Z"));
    let ids = |all: &[Record]| all.iter().map(|r| r.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&changes.superseding), ["acled-UKR900002~2"]);
    assert_eq!(ids(&changes.withdrawn), ["acled-UKR900003~2"]);
    assert_eq!(faults(Format::Acled, "event_id_cnty,event_date\nA,2024-01-01\n").first(), Some(&"E0105"));
}

const VIIRS: &str = "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_ti5,frp,daynight
48.13961,37.74502,334.6,0.39,0.36,2025-05-03,136,N,VIIRS,n,2.0NRT,290.1,3.42,N
-1.25000,-70.5,367,0.5,0.5,2025-05-03,0942,N20,VIIRS,h,2.0NRT,301,12.1,D
48.2,37.8,300,0.4,0.4,2025-05-03,2561,N,VIIRS,l,2.0NRT,290,1,N
";

#[test]
fn firms_is_something_hot_in_a_pixel_and_never_more() {
    let got = read(Format::Firms, VIIRS);
    let [one, two] = got.records.as_slice() else { panic!("{:#?}", got.refused) };
    assert_eq!(
        (one.fact.as_str(), one.basis, one.grade()),
        ("thermal-anomaly", Basis::Observed, Grade::Possible)
    );
    assert_eq!(one.when.earliest, at("2025-05-03T01:36Z"));
    assert_eq!(one.id.as_str(), "firms-N-2025-05-03-0136-48_13961-37_74502");
    assert_ne!(one.id, two.id);
    assert_eq!(point(one), (48.13961, 37.74502, 266.0));
    assert_eq!(named(one, "sensor"), "viirs-suomi-npp");
    assert_eq!(one.roles[&Name::from("frp")], RoleValue::Number(Number::parse("3.42").unwrap()));
    assert!(!one.roles.contains_key(&Name::from("by")));
    assert_eq!(details::of(one)["means"], "recorded");
    assert_eq!(refused(&got), [(4, "E0115", "acq_time")]);
    again(&got);
    // The newest file of a feed withdraws nothing.
    let newer = VIIRS.lines().take(2).collect::<Vec<_>>().join("\n");
    assert_eq!(diff(&got.records, &read(Format::Firms, &newer), at("2026-01-02T00:00Z")).withdrawn, []);
}

const OSCE: &str = "SMM position,Event location,Means,No.,Observation,Description,Weapon,\"Date, time\"
\"SMM camera in Avdiivka (government-controlled, 17km N of Donetsk)\",3-5km ESE,Recorded,2,Projectile,In flight from S to N,N/K,\"26-Jan, 19:42:11\"
\"Horlivka (non-government-controlled, 39km NE of Donetsk)\",2-4km WNW,Heard,about 10,Burst,Assessed as live-fire training inside the zone,HMG,\"25-Jan, 23:50-00:10\"
\"Toretsk (government-controlled, 43km N of Donetsk)\",N/K,Heard,at least 5,Undetermined explosion,,N/K,\"26-Jan, 10:00\"
\"Toretsk (government-controlled, 43km N of Donetsk)\",over there,Heard,5,Shot,,Small arms,\"26-Jan, 10:00\"
\"Toretsk (government-controlled, 43km N of Donetsk)\",2km S,Heard,dozens,Shot,,Small arms,\"26-Jan, 10:00\"
";

#[test]
fn an_osce_table_gives_what_was_perceived_and_names_nobody() {
    let issued = Context { issued: Some(jiff::civil::date(2021, 1, 27)), ..context("daily-2021-01-27") };
    let got = import(Format::Osce, OSCE.as_bytes(), None, &issued).unwrap();
    let [camera, heard, vague] = got.records.as_slice() else { panic!("{:#?}", got.refused) };
    let kyiv = Calendar::of_zone("Europe/Kyiv").unwrap();
    assert_eq!(kyiv.show_when(camera.when), "2021-01-26 19:42:11");
    assert_eq!(kyiv.show_when(heard.when), "2021-01-25 23:50 to 2021-01-26 00:10");
    let (lat, lon, radius) = point(camera);
    assert!(
        (lat - 48.126).abs() < 0.02 && (lon - 37.79).abs() < 0.03 && (3_500.0..6_000.0).contains(&radius),
        "{lat} {lon} {radius}"
    );
    assert_eq!(vague.place, None);
    let detail = |record: &Record, key: &str| details::of(record).get(key).map(|v| v.to_string());
    for (record, key, value) in [
        (camera, "class", "ceasefire-violation"),
        (camera, "subclass", "projectile"),
        (camera, "means", "recorded"),
        (camera, "sensor", "SMM camera in Avdiivka"),
        (camera, "controlled-by", "government-controlled"),
        (camera, "bearing", "ESE"),
        (camera, "distance", "3-5km"),
        (camera, "weapon", "not known"),
        (heard, "count", "10"),
        (heard, "count-is", "about"),
        (heard, "weapon", "HMG"),
        (heard, "remark", "Assessed as live-fire training inside the zone"),
        (vague, "count-is", "at-least"),
    ] {
        assert_eq!(detail(record, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(named(heard, "quantity"), "10");
    assert!(
        got.records.iter().all(|r| !r.roles.contains_key(&Name::from("by")) && r.basis == Basis::Observed)
    );
    assert_eq!(refused(&got), [(5, "E0130", "Event location"), (6, "E0129", "No.")]);
    again(&got);
    // Without the day of the report the year is not known, and none is guessed.
    let undated = read(Format::Osce, OSCE);
    assert!(undated.records.is_empty() && undated.refused.iter().all(|r| r.remedy.contains("--issued")));
    // Headers as other years wrote them.
    let other = OSCE
        .replacen("SMM position,Event location", "SMM Position,EVENT LOCATION", 1)
        .replacen("No.", "No", 1);
    assert_eq!(import(Format::Osce, other.as_bytes(), None, &issued).unwrap().records.len(), 3);
}

const ODK_XML: &str = r#"<?xml version="1.0"?>
<data id="incident" version="3" xmlns:orx="http://openrosa.org/xforms">
  <what>ceasefire-violation</what>
  <kind>explosion</kind>
  <when>2025-05-03T14:30:00.000+03:00</when>
  <where>48.139600 37.745000 120.0 8.5</where>
  <event-at>48.150000 37.760000 0 400</event-at>
  <means>heard seen</means>
  <count>3</count>
  <observer>Patrol North 2</observer>
  <photo>1714736000.jpg</photo>
  <orx:meta><orx:instanceID>uuid:5f1d2c3e-0000-4000-8000-000000000001</orx:instanceID></orx:meta>
</data>
"#;

const ODK_JSON: &str = r#"{"count": 2, "next": null, "results": [
 {"_id": 7, "_uuid": "5f1d2c3e-0000-4000-8000-000000000001", "meta/instanceID": "uuid:5f1d2c3e-0000-4000-8000-000000000001",
  "_submission_time": "2025-05-03T11:45:12", "_xform_id_string": "incident", "what": "ceasefire-violation", "kind": "explosion",
  "when": "2025-05-03T14:30:00.000+03:00", "where": "48.139600 37.745000 120.0 8.5",
  "event-at": {"type": "Point", "coordinates": [37.76, 48.15, 0], "properties": {"accuracy": 400}}, "means": "heard seen",
  "count": "3", "observer": "Patrol North 2", "photo": "1714736000.jpg"},
 {"_id": 8, "what": "ceasefire-violation", "when": "2025-05-03T14:30:00.000+03:00"}
]}"#;

fn with_photo() -> Context {
    let mut context = context("odk");
    context.attachments.insert("1714736000.jpg".to_string(), "0".repeat(64));
    context
}

fn form() -> Mapping {
    Mapping::parse(
        "base = \"odk\"\n[details]\nmeans = { column = \"means\", table = { \"heard seen\" = \"heard;seen\" } }\n\
         count = { column = \"count?\" }\nobserver = { column = \"observer?\" }\n",
    )
    .unwrap()
}

#[test]
fn a_form_is_one_record_from_whichever_server() {
    let xml = import(Format::Odk, ODK_XML.as_bytes(), Some(&form()), &with_photo()).unwrap();
    let [one] = xml.records.as_slice() else { panic!("{:#?}", xml.refused) };
    assert_eq!(one.id.as_str(), "odk-5f1d2c3e-0000-4000-8000-000000000001");
    assert_eq!(one.fact.as_str(), "fire");
    assert_eq!(one.when.earliest, at("2025-05-03T11:30Z"));
    assert_eq!(point(one), (48.15, 37.76, 400.0));
    assert_eq!(one.attachments, ["0".repeat(64)]);
    let found = details::of(one);
    assert_eq!((found["means"], found["count"], found["observer"]), ("heard;seen", "3", "Patrol North 2"));
    assert!(found["observer-at"].starts_with("48.139600 37.745000"));
    let json = import(Format::Odk, ODK_JSON.as_bytes(), Some(&form()), &with_photo()).unwrap();
    assert_eq!(json.records[0].id, one.id);
    assert_eq!((point(&json.records[0]), &json.records[0].attachments), (point(one), &one.attachments));
    assert_eq!(json.records[0].extra["@submitted"], "2025-05-03T11:45:12Z");
    assert_eq!(refused(&json), [(7, "E0111", "instanceID")]);
    again(&xml);
    // A photo that was not given is named all the same, and said.
    let bare = import(Format::Odk, ODK_XML.as_bytes(), Some(&form()), &context("odk")).unwrap();
    assert_eq!(bare.records[0].extra["attachment:1714736000.jpg"], "not given");
    assert!(bare.warnings[0].text.contains("--attachments"));
}

#[test]
fn each_turn_of_a_group_is_a_record_that_sees_what_is_around_it() {
    let xml = r#"<data id="sweep"><observer>Team South</observer>
      <event><when>2025-05-03T10:00:00Z</when><kind>shot</kind></event>
      <event><when>2025-05-03T10:05:00Z</when><kind>burst</kind></event>
      <meta><instanceID>uuid:abc</instanceID></meta></data>"#;
    let json = r#"[{"__id": "uuid:abc", "observer": "Team South", "event": [
      {"when": "2025-05-03T10:00:00Z", "kind": "shot"}, {"when": "2025-05-03T10:05:00Z", "kind": "burst"}]}]"#;
    let mapping = Mapping::parse(
        "format = \"odk\"\nfact = \"fire\"\neach = \"event\"\nid = { column = \"@instance\", prefix = \"odk-\" }\n\
         source = { column = \"observer\" }\n[when]\nstart = { column = \"event/when\" }\n[roles]\nkind = { column = \"event/kind\" }\n",
    )
    .unwrap();
    for text in [xml, json] {
        let got = import(Format::Odk, text.as_bytes(), Some(&mapping), &context("odk")).unwrap();
        let rows: Vec<(String, String, &str)> =
            got.records.iter().map(|r| (r.id.to_string(), named(r, "kind"), r.source.as_str())).collect();
        assert_eq!(
            rows,
            [
                ("odk-abc-1".to_string(), "shot".to_string(), "Team South"),
                ("odk-abc-2".to_string(), "burst".to_string(), "Team South")
            ]
        );
    }
    assert_eq!(faults(Format::Odk, "<h:html xmlns:h=\"x\"><h:head/></h:html>"), ["E0126"]);
}

const SENSORS: &str = r#"{"value": [
 {"@iot.id": 11, "phenomenonTime": "2025-05-03T01:00:00Z/2025-05-03T01:00:10Z", "resultTime": "2025-05-03T01:00:12Z", "result": 4,
  "Datastream": {"@iot.id": 7, "name": "acoustic-north", "Sensor": {"name": "Array 7"}, "ObservedProperty": {"name": "explosion count"},
   "Thing": {"name": "Mast 3", "Locations": [{"location": {"type": "Point", "coordinates": [37.7, 48.1]}}]}},
  "FeatureOfInterest": {"feature": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [37.8, 48.2]}}},
  "parameters": {"radius_m": 900}},
 {"@iot.id": 12, "phenomenonTime": "2025-05-03T02:00:00Z", "result": "door open", "Datastream": {"@iot.id": 8}},
 {"@iot.id": 13, "phenomenonTime": "2025-05-03T02:00:00Z", "result": 1, "Datastream": {"@iot.id": 8},
  "FeatureOfInterest": {"feature": {"type": "Point", "coordinates": [48.2, 370.8]}}},
 {"name": "no observation"}
]}"#;

#[test]
fn an_observation_is_what_a_sensor_measured() {
    let got = read(Format::SensorThings, SENSORS);
    let [one, two] = got.records.as_slice() else { panic!("{:#?}", got.refused) };
    assert_eq!((one.id.as_str(), one.fact.as_str()), ("st-7-11", "detection"));
    assert_eq!((one.when.earliest, one.when.latest), (at("2025-05-03T01:00Z"), at("2025-05-03T01:00:10Z")));
    assert_eq!(point(one), (48.2, 37.8, 900.0));
    assert_eq!((named(one, "sensor").as_str(), named(one, "result").as_str()), ("array-7", "4"));
    assert_eq!(details::of(one)["observer-at"], "48.1, 37.7");
    assert_eq!((two.id.as_str(), two.place.clone()), ("st-8-12", None));
    assert!(!two.roles.contains_key(&Name::from("result")) && two.extra["result"] == "door open");
    assert_eq!(refused(&got), [(8, "E0114", "FeatureOfInterest"), (10, "E0107", "")]);
    again(&got);
    // Alone, as over MQTT, and one a line.
    let single = r#"{"phenomenonTime": "2025-05-03T02:00:00Z", "result": 3, "Datastream": {"@iot.id": 8}}"#;
    let first = read(Format::SensorThings, single).records;
    assert_eq!(first[0].id.as_str(), "st-8-2025-05-03t02-00-00z-3");
    let lines = format!("{single}\n{}\n", single.replace("02:00:00", "02:00:01"));
    assert_eq!(read(Format::SensorThings, &lines).records.len(), 2);
}

fn alert(identifier: &str, status: &str, kind: &str, references: &str, area: &str) -> String {
    format!(
        "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>{identifier}</identifier><sender>ops@dsns.example</sender>\
         <sent>2025-05-03T10:00:00+03:00</sent><status>{status}</status><msgType>{kind}</msgType><scope>Public</scope>{references}\
         <info><category>Security</category><event>Air raid warning</event><urgency>Immediate</urgency><severity>Severe</severity>\
         <certainty>Likely</certainty><expires>2025-05-03T12:00:00+03:00</expires><headline>Air raid warning</headline>\
         <area><areaDesc>Kharkiv oblast</areaDesc>{area}</area></info></alert>"
    )
}

#[test]
fn an_alert_is_a_warning_and_its_status_is_honoured() {
    let circle = "<circle>49.98,36.25 20</circle>";
    let reference = "<references>ops@dsns.example,A1,2025-05-03T10:00:00+03:00 ops@dsns.example,A0,2025-05-03T09:00:00+03:00</references>";
    let all = [
        alert("A1", "Actual", "Alert", "", circle),
        alert("A2", "Exercise", "Alert", "", ""),
        alert("A3", "Actual", "Update", reference, "<polygon>49,36 50,36 50,37 49,37 49,36</polygon>"),
        alert("A4", "Actual", "Cancel", reference, circle),
        alert("A5", "Test", "Alert", "", circle),
        alert("A6", "Draft", "Alert", "", circle),
        alert("A7", "System", "Alert", "", circle),
        alert("A8", "Actual", "Ack", reference, circle),
        alert("A9", "Actual", "Cancel", "", circle),
        alert("B1", "Real", "Alert", "", circle),
        alert("B2", "Actual", "Alert", "", "<circle>490,36 20</circle>"),
    ];
    let got = read(Format::Cap, &format!("<alerts>\n{}\n</alerts>", all.join("\n")));
    let id = |n: &str| format!("cap-ops-dsns-example-{}-2025-05-03t10-00-00p03-00", n.to_lowercase());
    let found = |n: &str| got.records.iter().find(|r| r.id.as_str() == id(n)).unwrap();
    let one = found("A1");
    assert_eq!((one.fact.as_str(), one.exercise), ("alert", false));
    assert_eq!((one.when.earliest, one.until), (at("2025-05-03T07:00Z"), Some(at("2025-05-03T09:00Z"))));
    assert_eq!(point(one), (49.98, 36.25, 20_000.0));
    assert_eq!(
        (named(one, "event").as_str(), named(one, "certainty").as_str()),
        ("air-raid-warning", "Likely")
    );
    assert!(found("A2").exercise);
    assert_eq!(found("A2").place, Some(Place::Named(Name::from("Kharkiv"))));
    let (update, cancel) = (found("A3"), found("A4"));
    assert_eq!(update.supersedes.as_ref().map(Name::as_str), Some(id("A1").as_str()));
    assert_eq!(cancel.withdraws.as_ref().map(Name::as_str), Some(id("A1").as_str()));
    let (lat, lon, radius) = point(update);
    assert!((lat, lon) == (49.5, 36.5) && (60_000.0..70_000.0).contains(&radius), "{radius}");
    // The second reference of each is withdrawn as well.
    let also: Vec<_> = got.records.iter().filter(|r| r.id.as_str().ends_with("-also-2")).collect();
    assert!(
        also.len() == 2
            && also.iter().all(|r| r.withdraws.as_ref().is_some_and(|w| w.as_str().contains("-a0-")))
    );
    let codes: Vec<&str> = got.refused.iter().map(|r| r.code).collect();
    assert_eq!(codes, ["E0128", "E0128", "E0128", "E0128", "E0111", "E0121", "E0114"]);
    assert_eq!(got.refused[0].line, 6);
    again(&got);
    assert_eq!(faults(Format::Cap, "<rss><item/></rss>"), ["E0126"]);
}

#[test]
fn a_polygon_of_a_million_corners_is_refused() {
    let corners = "49.1,36.1 ".repeat(1_000_000);
    let got =
        read(Format::Cap, &alert("A1", "Actual", "Alert", "", &format!("<polygon>{corners}</polygon>")));
    assert_eq!(refused(&got), [(1, "E0104", "polygon")]);
    let ring = "[36.1,49.1],".repeat(20_000) + "[36.1,49.1]";
    let sensor = format!(
        r#"{{"phenomenonTime":"2025-05-03T02:00:00Z","result":1,"FeatureOfInterest":{{"feature":{{"type":"Polygon","coordinates":[[{ring}]]}}}}}}"#
    );
    assert_eq!(refused(&read(Format::SensorThings, &sensor)), [(1, "E0114", "FeatureOfInterest")]);
}

#[test]
fn depth_and_huge_numbers_are_refused() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let row = format!(r#"[{{"phenomenonTime":"2025-05-03T02:00:00Z","result":{deep}}}]"#);
    assert_eq!(read(Format::SensorThings, &row).refused[0].code, "E0107");
    let row = r#"[{"phenomenonTime":"2025-05-03T02:00:00Z","result":1e400}]"#;
    assert_eq!(read(Format::SensorThings, row).refused[0].code, "E0107");
    let row = format!(r#"[{{"phenomenonTime":"2025-05-03T02:00:00Z","result":{}}}]"#, "9".repeat(5000));
    assert_eq!(read(Format::SensorThings, &row).refused.len(), 1);
    assert_eq!(read(Format::SensorThings, &deep).refused[0].code, "E0107");
    assert_eq!(faults(Format::Odk, &"<a>".repeat(1_000_000)), ["E0104"]);
}

#[test]
fn cells_may_be_put_together_and_a_feed_says_so() {
    let mapping = Mapping::parse(
        "fact = \"fire\"\nvanished = \"stay\"\nid = { column = \"n\" }\n[when]\nstart = { join = [\"day\", \"time?\"] }\nformat = \"%d.%m.%Y %H:%M\"\n",
    )
    .unwrap();
    let got =
        import(Format::Csv, b"n,day,time\n1,03.05.2025,14:30\n2,,14:30\n", Some(&mapping), &context("x"))
            .unwrap();
    assert_eq!(got.records[0].when.earliest, at("2025-05-03T11:30Z"));
    assert_eq!(refused(&got), [(3, "E0111", "day")]);
    assert!(got.is_feed);
    let faults = Mapping::parse("fact = \"x\"\n[when]\nstart = \"2025-01-01\"\n[details]\nwepon = \"x\"\n")
        .unwrap_err();
    assert!(faults[0].remedy.contains("`weapon`"), "{faults:?}");
}
