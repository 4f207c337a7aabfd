//! Files, messages, forms and mappings of EVIDENCE.

use crate::Target;
use servanda_evidence::import::{Context, Format, import};
use servanda_evidence::incident::entry::{self, Desk};
use servanda_evidence::{Mapping, outbox, record_json};
use servanda_model::{Calendar, Instant, Record, When};

const NOW: Instant = Instant(1_767_225_600_000);

pub const TARGETS: &[Target] = &[
    Target { name: "csv", seeds: csv, read: |bytes| file(Format::Csv, bytes) },
    Target { name: "jsonl", seeds: jsonl, read: |bytes| file(Format::Jsonl, bytes) },
    Target { name: "geojson", seeds: geojson, read: |bytes| file(Format::GeoJson, bytes) },
    Target { name: "parquet", seeds: Vec::new, read: |bytes| file(Format::Parquet, bytes) },
    Target { name: "ucdp", seeds: Vec::new, read: |bytes| file(Format::Ucdp, bytes) },
    Target { name: "acled", seeds: acled, read: |bytes| file(Format::Acled, bytes) },
    Target { name: "firms", seeds: firms, read: |bytes| file(Format::Firms, bytes) },
    Target { name: "osce", seeds: osce, read: |bytes| file(Format::Osce, bytes) },
    Target { name: "odk", seeds: odk, read: |bytes| file(Format::Odk, bytes) },
    Target { name: "sensorthings", seeds: sensorthings, read: |bytes| file(Format::SensorThings, bytes) },
    Target { name: "cap", seeds: cap, read: |bytes| file(Format::Cap, bytes) },
    Target { name: "mapping", seeds: mappings, read: mapping },
    Target { name: "submission", seeds: submissions, read: submission },
    Target { name: "answer", seeds: answers, read: answer },
];

fn file(format: Format, bytes: &[u8]) {
    let mapping = format.embedded();
    let Ok(read) = import(format, bytes, mapping.as_ref(), &Context::new(NOW, "fuzz")) else { return };
    assert!(read.records.len() <= bytes.len());
    for record in &read.records {
        let line = record_json::to_json(record);
        assert_eq!(record_json::from_json(&line).as_ref(), Ok(record), "{line}");
    }
    assert!(read.refused.iter().all(|refused| refused.value.chars().count() <= 121));
}

fn mapping(bytes: &[u8]) {
    let _ = Mapping::parse(&String::from_utf8_lossy(bytes));
}

fn submission(bytes: &[u8]) {
    if let Ok(read) = outbox::parse(bytes) {
        let written = outbox::payload(&read);
        assert_eq!(outbox::parse(written.as_bytes()).as_ref(), Ok(&read));
    }
    if let Ok(read) = outbox::parse_delivery(bytes) {
        let written = outbox::delivery_payload(&read);
        assert_eq!(outbox::parse_delivery(written.as_bytes()).as_ref(), Ok(&read));
    }
}

fn answer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let desk = Desk {
        now: NOW,
        calendar: Calendar::utc(),
        facts: Default::default(),
        fact: None,
        zones: Default::default(),
        attachments: Vec::new(),
        exercise: false,
    };
    for question in entry::QUESTIONS {
        if let Ok(shown) = entry::checked(question.key, &text, &desk) {
            assert!(shown.len() <= text.len() * 4 + 200, "{} {text:?}", question.key);
        }
    }
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn csv() -> Vec<Vec<u8>> {
    texts(&[
        "id,fact,when,lat,lon,by\n1,fire,2025-05-03T10:00Z,48.1,37.7,Red\n2,fire,2025-05-04,,,\"Red|Blue\"\n",
    ])
}

fn jsonl() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"v":1,"id":"r1","fact":"fire","when":["2025-03-01T10:00:00Z","2025-03-01T11:00:00Z"],"recorded":"2025-03-01T12:00:00Z","roles":{"by":{"one_of":["Red","Blue"]},"n":{"number":"1/3"}},"place":{"lat":48.1,"lon":37.7,"radius_m":500}}"#,
    ])
}

fn geojson() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","id":1,"properties":{"fact":"fire","when":"2025-05-03"},"geometry":{"type":"Point","coordinates":[37.7,48.1]}}]}"#,
        r#"{"type":"FeatureCollection","features":[{"type":"Feature","id":"z","properties":{"fact":"fire","when":"2025-05-03"},"geometry":{"type":"Polygon","coordinates":[[[37,48],[38,48],[38,49],[37,48]]]}}]}"#,
    ])
}

fn acled() -> Vec<Vec<u8>> {
    texts(&[
        "event_id_cnty,event_date,time_precision,event_type,sub_event_type,actor1,actor2,country,admin1,location,latitude,longitude,geo_precision,source,notes,fatalities,timestamp\nX1,05 January 2024,1,Battles,Armed clash,A,B,Ukraine,Donetsk,Avdiivka,48.1,37.7,1,W; P,EXERCISE,0,1704800000\n",
    ])
}

fn firms() -> Vec<Vec<u8>> {
    texts(&[
        "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_ti5,frp,daynight\n48.13,37.74,334.6,0.39,0.36,2025-05-03,136,N,VIIRS,n,2.0NRT,290.1,3.42,N\n",
    ])
}

fn osce() -> Vec<Vec<u8>> {
    texts(&[
        "SMM position,Event location,Means,No.,Observation,Description,Weapon,\"Date, time\"\n\"SMM camera in Avdiivka (government-controlled, 17km N of Donetsk)\",3-5km ESE,Recorded,about 2,Projectile,Assessed as training,N/K,\"26-Jan-2021, 19:42:11-20:00\"\n",
    ])
}

fn odk() -> Vec<Vec<u8>> {
    texts(&[
        r#"<data id="incident" version="3"><what>ceasefire-violation</what><when>2025-05-03T14:30:00.000+03:00</when><event-at>48.15 37.76 0 400</event-at><g><a>1</a></g><g><a>2</a></g><meta><instanceID>uuid:1</instanceID></meta></data>"#,
        r#"{"results":[{"_uuid":"a","what":"uav","when":"2025-05-03T14:30:00Z","g":[{"a":1},{"a":[1,2]}],"p":{"type":"Point","coordinates":[37,48],"properties":{"accuracy":4}}}]}"#,
    ])
}

fn sensorthings() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"value":[{"@iot.id":11,"phenomenonTime":"2025-05-03T01:00:00Z/2025-05-03T01:00:10Z","result":4,"Datastream":{"@iot.id":7,"Thing":{"Locations":[{"location":{"type":"Point","coordinates":[37.7,48.1]}}]}},"FeatureOfInterest":{"feature":{"type":"Polygon","coordinates":[[[37,48],[38,48],[38,49],[37,48]]]}}}]}"#,
    ])
}

fn cap() -> Vec<Vec<u8>> {
    texts(&[
        r#"<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>A</identifier><sender>s</sender><sent>2025-05-03T10:00:00+03:00</sent><status>Exercise</status><msgType>Update</msgType><scope>Public</scope><references>s,B,2025-05-03T09:00:00+03:00</references><info><event>e</event><area><areaDesc>Kharkiv</areaDesc><polygon>49,36 50,36 50,37 49,36</polygon><circle>49,36 20</circle></area></info></alert>"#,
    ])
}

fn mappings() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../crates/evidence/data/acled.map.toml").to_vec()]
}

fn submissions() -> Vec<Vec<u8>> {
    let record = Record::new("node-1/1", "fire", When::exact(NOW), NOW);
    let submission =
        outbox::Submission { submitter: "node-1".to_string(), number: 1, previous: None, made: NOW, record };
    vec![outbox::payload(&submission).into_bytes()]
}

fn answers() -> Vec<Vec<u8>> {
    texts(&[
        "about 14:30",
        "2026-05-01 23:50-00:10",
        "3-5km ESE of Avdiivka",
        "48.14, 37.74 within 500m",
        "killed 1 woman; injured about 2 boys",
    ])
}
