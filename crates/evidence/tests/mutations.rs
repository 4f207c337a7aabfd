//! Every parser of bytes from outside, with whole inputs that were damaged at random: no panic, no hang, and what is kept of
//! a damaged input stays within bounds. The seed is fixed, so a failure is the same every time; `fuzz/` looks for longer.

mod parquet_file;

use servanda_evidence::import::{Context, Format, import};
use servanda_evidence::incident::entry::{self, Desk};
use servanda_evidence::{Mapping, outbox, record_json};
use servanda_model::{Calendar, Instant};

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// What parsers trip over.
const PIECES: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\"",
    b"\n",
    b"\r\n",
    b",",
    b"<",
    b">",
    b"</a>",
    b"<!DOCTYPE a>",
    b"]]>",
    b"[[[[[[[[",
    b"{{{{",
    b"]",
    b"}",
    b"-",
    b"1e400",
    b"99999999999999999999",
    b"-0",
    b"NaN",
    "\u{202e}".as_bytes(),
    "ї".as_bytes(),
    b"&amp;",
    b"&#0;",
    b"~2",
    b"|",
    b";",
    b"/",
    b"2026-02-30",
    b"24:00",
    b"null",
    b"true",
    b" ",
    b"PAR1",
];

fn damaged(whole: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=chance.below(6) {
        let at = chance.below(bytes.len() + 1);
        match chance.below(6) {
            0 if !bytes.is_empty() => {
                let at = at.min(bytes.len() - 1);
                bytes[at] ^= 1 << chance.below(8);
            }
            1 => bytes.truncate(at),
            2 => {
                let piece = PIECES[chance.below(PIECES.len())];
                bytes.splice(at..at, piece.iter().copied());
            }
            3 => {
                let end = (at + chance.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let end = (at + chance.below(60)).min(bytes.len());
                let again: Vec<u8> = bytes[at..end].to_vec();
                let to = chance.below(bytes.len() + 1);
                bytes.splice(to..to, again);
            }
            _ if !bytes.is_empty() => {
                let at = at.min(bytes.len() - 1);
                bytes[at] = (chance.next() & 0xff) as u8;
            }
            _ => {}
        }
    }
    bytes
}

fn seeds() -> Vec<(Format, Vec<u8>)> {
    let text = |format, text: &str| (format, text.as_bytes().to_vec());
    vec![
        text(
            Format::Csv,
            "id,fact,when,lat,lon,by\n1,fire,2025-05-03T10:00Z,48.1,37.7,Red\n2,fire,2025-05-04,,,\"Red|Blue\"\n",
        ),
        text(
            Format::Jsonl,
            "{\"v\":1,\"id\":\"r1\",\"fact\":\"fire\",\"when\":[\"2025-03-01T10:00:00Z\",\"2025-03-01T11:00:00Z\"],\"recorded\":\"2025-03-01T12:00:00Z\",\"roles\":{\"by\":{\"one_of\":[\"Red\",\"Blue\"]},\"n\":{\"number\":\"1/3\"}},\"place\":{\"lat\":48.1,\"lon\":37.7,\"radius_m\":500}}\n",
        ),
        text(
            Format::GeoJson,
            "{\"type\":\"FeatureCollection\",\"features\":[{\"type\":\"Feature\",\"id\":1,\"properties\":{\"fact\":\"fire\",\"when\":\"2025-05-03\"},\"geometry\":{\"type\":\"Point\",\"coordinates\":[37.7,48.1]}}]}",
        ),
        text(
            Format::Acled,
            "event_id_cnty,event_date,time_precision,event_type,sub_event_type,actor1,actor2,country,admin1,location,latitude,longitude,geo_precision,source,notes,fatalities,timestamp\nX1,05 January 2024,1,Battles,Armed clash,A,B,Ukraine,Donetsk,Avdiivka,48.1,37.7,1,W; P,EXERCISE,0,1704800000\n",
        ),
        text(
            Format::Firms,
            "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,instrument,confidence,version,bright_ti5,frp,daynight\n48.13,37.74,334.6,0.39,0.36,2025-05-03,136,N,VIIRS,n,2.0NRT,290.1,3.42,N\n",
        ),
        text(
            Format::Osce,
            "SMM position,Event location,Means,No.,Observation,Description,Weapon,\"Date, time\"\n\"SMM camera in Avdiivka (government-controlled, 17km N of Donetsk)\",3-5km ESE,Recorded,about 2,Projectile,Assessed as training,N/K,\"26-Jan-2021, 19:42:11-20:00\"\n",
        ),
        text(
            Format::Odk,
            "<data id=\"incident\" version=\"3\"><what>ceasefire-violation</what><when>2025-05-03T14:30:00.000+03:00</when><event-at>48.15 37.76 0 400</event-at><g><a>1</a></g><g><a>2</a></g><meta><instanceID>uuid:1</instanceID></meta></data>",
        ),
        text(
            Format::Odk,
            "{\"results\":[{\"_uuid\":\"a\",\"what\":\"uav\",\"when\":\"2025-05-03T14:30:00Z\",\"g\":[{\"a\":1},{\"a\":[1,2]}],\"p\":{\"type\":\"Point\",\"coordinates\":[37,48],\"properties\":{\"accuracy\":4}}}]}",
        ),
        text(
            Format::SensorThings,
            "{\"value\":[{\"@iot.id\":11,\"phenomenonTime\":\"2025-05-03T01:00:00Z/2025-05-03T01:00:10Z\",\"result\":4,\"Datastream\":{\"@iot.id\":7,\"Thing\":{\"Locations\":[{\"location\":{\"type\":\"Point\",\"coordinates\":[37.7,48.1]}}]}},\"FeatureOfInterest\":{\"feature\":{\"type\":\"Polygon\",\"coordinates\":[[[37,48],[38,48],[38,49],[37,48]]]}}}]}",
        ),
        text(
            Format::Cap,
            "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>A</identifier><sender>s</sender><sent>2025-05-03T10:00:00+03:00</sent><status>Exercise</status><msgType>Update</msgType><scope>Public</scope><references>s,B,2025-05-03T09:00:00+03:00</references><info><event>e</event><area><areaDesc>Kharkiv</areaDesc><polygon>49,36 50,36 50,37 49,36</polygon><circle>49,36 20</circle></area></info></alert>",
        ),
    ]
}

fn context() -> Context {
    Context::new(Instant::parse_utc("2026-01-01T00:00Z").unwrap(), "damaged")
}

/// Damaged inputs of each format; `SERVANDA_MUTATIONS` makes it longer.
fn rounds(usual: usize) -> usize {
    std::env::var("SERVANDA_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}

#[test]
fn damaged_files_of_every_format_are_read_or_refused() {
    for (n, (format, whole)) in seeds().into_iter().enumerate() {
        let mapping = format.embedded();
        let read = |bytes: &[u8]| import(format, bytes, mapping.as_ref(), &context());
        let good = read(&whole).unwrap_or_else(|f| panic!("{format:?}: {f:?}"));
        assert!(!good.records.is_empty(), "{format:?}: {:?}", good.refused);
        let mut chance = Chance(0x5eed + n as u64);
        for _ in 0..rounds(1_000) {
            let bytes = damaged(&whole, &mut chance);
            if let Ok(import) = read(&bytes) {
                assert!(import.records.len() <= bytes.len());
                for record in &import.records {
                    let line = record_json::to_json(record);
                    assert_eq!(record_json::from_json(&line).as_ref(), Ok(record), "{line}");
                }
                assert!(import.refused.iter().all(|r| r.value.chars().count() <= 121));
            }
        }
    }
}

#[test]
fn damaged_parquet_files_are_read_or_refused() {
    let whole = parquet_file::file(parquet::basic::Compression::SNAPPY);
    let mapping =
        Mapping::parse("fact = \"fire\"\nid = { column = \"id\" }\n[when]\nstart = [{ column = \"moment\" }, { column = \"day\" }]\n").unwrap();
    let read = |bytes: &[u8]| import(Format::Parquet, bytes, Some(&mapping), &context());
    assert_eq!(read(&whole).unwrap().records.len(), 2);
    let mut chance = Chance(0xfeed);
    for _ in 0..rounds(3_000) {
        let _ = read(&damaged(&whole, &mut chance));
    }
}

#[test]
fn damaged_mappings_submissions_and_answers_are_read_or_refused() {
    let mapping = include_bytes!("../data/acled.map.toml");
    let at = Instant::parse_utc("2026-05-03T10:00Z").unwrap();
    let record = servanda_model::Record::new("node-1/1", "fire", servanda_model::When::exact(at), at);
    let submission =
        outbox::Submission { submitter: "node-1".to_string(), number: 1, previous: None, made: at, record };
    let payload = outbox::payload(&submission);
    let delivery = outbox::delivery_payload(&outbox::Delivery {
        submitter: "node-1".to_string(),
        record: "node-1/1".to_string(),
        hash: outbox::sha256(b"photo"),
        length: 5,
    });
    let desk = Desk {
        now: at,
        calendar: Calendar::utc(),
        facts: Default::default(),
        fact: None,
        zones: Default::default(),
        attachments: Vec::new(),
        exercise: false,
    };
    let answers = [
        "about 14:30",
        "2026-05-01 23:50-00:10",
        "3-5km ESE of Avdiivka",
        "48.14, 37.74 within 500m",
        "killed 1 woman; injured about 2 boys",
    ];
    let mut chance = Chance(0xabcd);
    for _ in 0..rounds(400) {
        let _ = Mapping::parse(&String::from_utf8_lossy(&damaged(mapping, &mut chance)));
        let _ = outbox::parse(&damaged(payload.as_bytes(), &mut chance));
        if let Ok(read) = outbox::parse_delivery(&damaged(delivery.as_bytes(), &mut chance)) {
            let again = outbox::delivery_payload(&read);
            assert_eq!(outbox::parse_delivery(again.as_bytes()).as_ref(), Ok(&read));
        }
        let answer = answers[chance.below(answers.len())];
        let text = String::from_utf8_lossy(&damaged(answer.as_bytes(), &mut chance)).into_owned();
        for question in entry::QUESTIONS {
            if let Ok(shown) = entry::checked(question.key, &text, &desk) {
                assert!(shown.len() <= text.len() * 4 + 200, "{} {text:?}", question.key);
            }
        }
    }
}
