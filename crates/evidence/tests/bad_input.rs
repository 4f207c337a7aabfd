//! Files that are wrong in every way that files are wrong: each gives an error with its line and its remedy, no record that
//! should not be, and never a panic.

#![expect(clippy::disallowed_methods, reason = "a test of how long garbage takes reads the clock")]

use proptest::prelude::*;
use servanda_evidence::record_json;
use servanda_evidence::{Context, Format, Import, Mapping, Refused, diff, import, quarantine_csv};
use servanda_model::record::{Basis, Marking, RoleValue, Says, Tlp};
use servanda_model::{Calendar, Instant, Name, Number, Place, Point, Record, When};
use std::time::Instant as Clock;

fn now() -> Instant {
    Instant::parse_utc("2026-01-01T00:00Z").unwrap()
}

fn context() -> Context {
    Context::new(now(), "field.csv")
}

const MAP: &str = r#"
fact = "fire"
id = { column = "id" }
[when]
start = { column = "date" }
[place]
lat = { column = "lat" }
lon = { column = "lon" }
[roles]
by = { column = "side" }
dead = { column = "dead", as = "number" }
"#;

fn mapping(more: &str) -> Mapping {
    Mapping::parse(&format!("{more}\n{MAP}")).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn csv_with(more: &str, text: &[u8]) -> Result<Import, Vec<Refused>> {
    import(Format::Csv, text, Some(&mapping(more)), &context())
}

fn csv(text: &str) -> Result<Import, Vec<Refused>> {
    csv_with("", text.as_bytes())
}

const HEAD: &str = "id,date,lat,lon,side,dead\n";

/// One row under the usual header, refused: code, column, remedy.
fn refused(row: &str) -> Refused {
    let got = csv(&format!("{HEAD}{row}\n")).unwrap();
    assert_eq!((got.rows_read, got.records.len(), got.refused.len()), (1, 0, 1), "{row}");
    assert_eq!(got.refused[0].line, 2, "{row}");
    got.refused.into_iter().next().unwrap()
}

#[test]
fn a_row_that_cannot_be_used_says_where_why_and_what_to_do() {
    for (row, code, column, remedy) in [
        ("1,2025-05-01,\"48,5\",37.9,Red,1", "E0113", "lat", "decimal = \",\""),
        ("1,2025-05-01,48.5,37.9,Red,\"2,5\"", "E0113", "dead", "decimal = \",\""),
        ("1,2025-05-01,148.5,37.9,Red,1", "E0114", "lat", "swapped"),
        ("1,2025-05-01,148.5,137.9,Red,1", "E0114", "lat", "WGS 84"),
        ("1,2025-05-01,48.5,-190,Red,1", "E0114", "lon", "WGS 84"),
        ("1,2025-05-01,48°30',37.9,Red,1", "E0112", "lat", "minutes"),
        ("1,2025-05-01,48.5,,Red,1", "E0111", "lat", "both"),
        ("1,2025-02-29,48.5,37.9,Red,1", "E0116", "date", "format"),
        ("1,01.05.2025,48.5,37.9,Red,1", "E0115", "date", "%d.%m.%Y"),
        ("1,05/06/2025,48.5,37.9,Red,1", "E0115", "date", "%m/%d/%Y"),
        ("1,2026-05-01,48.5,37.9,Red,1", "E0117", "", "planned"),
        ("1,2025-05-01,48.5,37.9,Red,about 20", "E0112", "dead", "digits"),
        ("1,2025-05-01,48.5,37.9,???,1", "E0121", "side", "table"),
        ("1,,48.5,37.9,Red,1", "E0111", "date", "fill"),
        (",2025-05-01,48.5,37.9,Red,1", "E0111", "id", "fill"),
        ("1,2025-05-01,48.5,37.9,Red", "E0110", "", "quotes"),
        ("1,2025-05-01,48.5,37.9,Red,1,more", "E0110", "", "quotes"),
        ("1,2025-05-01,48.5,37.9,\"Red,1", "E0110", "", "close every quote"),
    ] {
        let got = refused(row);
        assert_eq!((got.code, got.column.as_str()), (code, column), "{row}");
        assert!(got.remedy.contains(remedy), "{row}: {}", got.remedy);
        assert!(servanda_evidence::codes::explain(got.code).is_some_and(|page| page.len() > 200));
    }
}

#[test]
fn good_rows_beside_bad_ones_are_used() {
    let got = csv(&format!("{HEAD}1,2025-05-01,48.5,37.9,Red,1\n2,2025-13-01,48.5,37.9,Red,1\n\n,,,,,\n3,2025-05-02,48.5,37.9,Blue,0\n")).unwrap();
    let ids: Vec<&str> = got.records.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["field-csv-1", "field-csv-3"]);
    assert_eq!((got.rows_read, got.blank_rows, got.refused[0].line), (3, 1, 3));
    assert!(got.refused_ids.contains(&Name::from("field-csv-2")));
    let table = quarantine_csv(&got);
    assert_eq!(table.lines().next(), Some("line,code,column,value,reason,remedy"));
    assert!(
        table
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("3,\"E0116\",\"date\",\"2025-13-01\",\"there is no such day"),
        "{table}"
    );
}

#[test]
fn a_decimal_comma_is_read_where_the_mapping_says_so() {
    let got = csv_with(
        "decimal = \",\"\ndelimiter = \";\"",
        "id;date;lat;lon;side;dead\n1;2025-05-01;48,5;-37,25;Red;1.250,5\n".as_bytes(),
    )
    .unwrap();
    assert_eq!(
        got.records[0].place,
        Some(Place::Point { at: Point { lat: 48.5, lon: -37.25 }, radius_m: 0.0 })
    );
    let dead = RoleValue::Number(Number::parse("1250.5").unwrap());
    assert_eq!(got.records[0].roles[&Name::from("dead")], dead);
    let point = "id;date;lat;lon;side;dead\n1;2025-05-01;48,5;37,2;Red;1.5\n";
    let point = csv_with("decimal = \",\"\ndelimiter = \";\"", point.as_bytes()).unwrap();
    assert_eq!((point.records.len(), point.refused[0].code), (0, "E0112"), "1.5 is not fifteen");
    let thousands = csv(&format!("{HEAD}1,2025-05-01,48.5,37.9,Red,\"74,412\"\n")).unwrap();
    assert!(thousands.warnings[0].text.contains("74412"), "{:?}", thousands.warnings);
}

#[test]
fn line_ends_marks_and_tag_rows() {
    let rows = [
        "id,date,lat,lon,side,dead",
        "#id,#date,#geo+lat,#geo+lon,,",
        "1,2025-05-01,48.5,37.9,Red,1",
        "2,never,48.5,37.9,Red,1",
    ];
    for (name, end) in [("LF", "\n"), ("CRLF", "\r\n"), ("CR", "\r")] {
        let got = csv(&(String::from("\u{feff}") + &rows.join(end) + end)).unwrap();
        assert_eq!((got.records.len(), got.hxl_rows, got.refused[0].line), (1, 1, 4), "{name}");
    }
    let text = format!("{HEAD}1,2025-05-01,48.5,37.9,\"Red\nand\r\nmore\",1\n2,never,,,,\n");
    assert_eq!(csv(&text).unwrap().refused[0].line, 5);
}

#[test]
fn a_fault_of_the_file_gives_no_records() {
    let windows = encoding_rs::WINDOWS_1251
        .encode("id,date,lat,lon,side,dead\n1,2025-05-01,48.5,37.9,Україна,1\n")
        .0
        .into_owned();
    for (name, bytes, code, line, remedy) in [
        ("nothing", &b""[..], "E0101", 0, "right file"),
        ("header only", HEAD.as_bytes(), "E0101", 0, "never withdraws"),
        ("windows-1251", &windows, "E0102", 2, "encoding = \"windows-1251\""),
        ("NUL", b"id,date,lat,lon,side,dead\n1,\0", "E0103", 2, "no text file"),
        ("semicolons", b"id;date;lat;lon;side;dead\n1;2;3;4;5;6\n", "E0105", 1, "delimiter = \";\""),
        ("misspelt", b"id,date,latt,lon,side,dead\n1,2,3,4,5,6\n", "E0105", 1, "`latt`"),
        ("twice", b"id,date,lat,lon,side,dead,date\n1,2,3,4,5,6,7\n", "E0105", 1, "rename"),
    ] {
        let faults = csv_with("", bytes).unwrap_err();
        assert_eq!((faults[0].code, faults[0].line), (code, line), "{name}: {faults:?}");
        assert!(faults[0].remedy.contains(remedy), "{name}: {}", faults[0].remedy);
    }
    let read = csv_with("encoding = \"windows-1251\"", &windows).unwrap();
    assert_eq!(read.records[0].roles[&Name::from("by")], RoleValue::Name(Name::from("Україна")));
    let other = import(Format::Jsonl, b"{}", Some(&mapping("format = \"csv\"")), &context()).unwrap_err();
    assert_eq!(other[0].code, "E0108");
    let missing = csv("id,date,lat,lon\n1,2025-05-01,1,1\n").unwrap_err();
    assert_eq!(missing.iter().map(|f| f.column.as_str()).collect::<Vec<_>>(), ["dead", "side"]);
    assert!(missing[0].reason.contains("it has `id`, `date`, `lat`, `lon`"), "{}", missing[0].reason);
}

#[test]
fn two_rows_of_one_identity() {
    let got = csv(&format!("{HEAD}1,2025-05-01,48.5,37.9,Red,1\n1,2025-05-02,48.5,37.9,Red,1\n")).unwrap();
    assert_eq!((got.records.len(), got.refused[0].code), (1, "E0119"));
    assert!(got.refused[0].reason.contains("line 2"));
    let without = Mapping::parse(&MAP.replace("id = { column = \"id\" }", "")).unwrap();
    let text = format!(
        "{HEAD}1,2025-05-01,48.5,37.9,Red,1\n2,2025-05-01,48.5,37.9,Red,1\n3,2025-05-01,48.5,37.9,Blue,1\n"
    );
    let got = import(Format::Csv, text.as_bytes(), Some(&without), &context()).unwrap();
    assert_eq!((got.records.len(), got.refused[0].code), (2, "E0119"));
    let again =
        import(Format::Csv, text.as_bytes(), Some(&without), &Context { now: now() + 5, ..context() })
            .unwrap();
    assert_eq!(diff(&got.records, &again, now() + 5).unchanged, 2);
}

#[test]
fn records_from_the_future_and_from_before_their_own_report() {
    let map = |recorded: &str| mapping(&format!("recorded = {{ column = \"seen\" }}\n{recorded}"));
    let text = "id,date,lat,lon,side,dead,seen\n1,2025-05-03,48.5,37.9,Red,1,2025-05-01\n2,2025-05-01,48.5,37.9,Red,1,2026-02-01\n3,2025-05-01,48.5,37.9,Red,1,2025-05-01\n";
    let got = import(Format::Csv, text.as_bytes(), Some(&map("")), &context()).unwrap();
    assert_eq!(
        got.refused.iter().map(|r| (r.line, r.code)).collect::<Vec<_>>(),
        [(2, "E0117"), (3, "E0117")]
    );
    assert_eq!(got.records[0].recorded, Calendar::utc().end_of_day(jiff::civil::date(2025, 5, 1)));
    let plan = "id,date,lat,lon,side,dead\n1,2027-05-03,48.5,37.9,Red,1\n";
    let got = csv_with("basis = \"planned\"", plan.as_bytes()).unwrap();
    assert_eq!((got.records.len(), got.records[0].basis), (1, Basis::Planned));
}

#[test]
fn importing_again_finds_what_changed_vanished_and_came_back() {
    let file = |rows: &str| format!("{HEAD}{rows}");
    let at = |days: i64| now() + days * servanda_model::time::DAY;
    let read = |rows: &str, days: i64| {
        import(
            Format::Csv,
            file(rows).as_bytes(),
            Some(&mapping("")),
            &Context { now: at(days), ..context() },
        )
        .unwrap()
    };
    let both = "1,2025-05-01,48.5,37.9,Red,1\n2,2025-05-02,48.5,37.9,Red,2\n";
    let mut known = read(both, 0).records;
    let again = diff(&known, &read(both, 1), at(1));
    assert_eq!((again.unchanged, again.records().count()), (2, 0));

    let less = diff(&known, &read("1,2025-05-01,48.5,37.9,Red,7\n", 1), at(1));
    let ids: Vec<&str> = less.records().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["field-csv-1~2", "field-csv-2~2"]);
    assert_eq!(less.superseding[0].recorded, at(1));
    known.extend(less.records().cloned());
    assert_eq!(diff(&known, &read("1,2025-05-01,48.5,37.9,Red,7\n", 2), at(2)).records().count(), 0);

    let back = diff(&known, &read(both, 3), at(3));
    let ids: Vec<&str> = back.records().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["field-csv-2~3", "field-csv-1~3"]);
    assert_eq!(back.superseding[0].supersedes, Some(Name::from("field-csv-1~2")));
    assert_eq!(back.new[0].supersedes, None);

    // Another data set withdraws nothing of this one; a refused row has not vanished.
    let other = import(
        Format::Csv,
        file("9,2025-05-01,48.5,37.9,Red,1\n").as_bytes(),
        Some(&mapping("")),
        &Context::new(at(4), "other"),
    )
    .unwrap();
    assert_eq!(diff(&known, &other, at(4)).withdrawn.len(), 0);
    let broken =
        diff(&known, &read("1,2025-05-01,48.5,37.9,Red,7\n2,2025-05-02,48.5,937.9,Red,2\n", 5), at(5));
    assert_eq!((broken.unchanged, broken.withdrawn.len()), (1, 0));
    let fresh = read(both, 0).records;
    let ragged =
        diff(&fresh, &read("1,2025-05-01,48.5,37.9,Red,1\n2,2025-05-02,48.5,37.9,Red,or,Blue,2\n", 5), at(5));
    assert_eq!((ragged.withdrawn.len(), ragged.not_withdrawn), (0, None));
    let unreadable =
        diff(&fresh, &read("1,2025-05-01,48.5,37.9,Red,1\n,2025-05-02,48.5,37.9,Red,2\n", 5), at(5));
    assert_eq!(unreadable.withdrawn.len(), 0);
    assert!(unreadable.not_withdrawn.is_some());
}

#[test]
fn json_lines_and_geojson() {
    let map = Mapping::parse(
        "fact = \"fire\"\nid = { column = \"id\" }\nkeep = \"all\"\n[when]\nstart = { column = \"at.time\" }\n[place]\nlat = { column = \"at.lat\" }\nlon = { column = \"at.lon\" }\n",
    )
    .unwrap();
    let text = "{\"id\":7,\"at\":{\"time\":\"2025-05-01T10:00Z\",\"lat\":48.5,\"lon\":37.9},\"tags\":[\"a\",\"b\"]}\n[1]\nnot json\n{\"id\":8}\n";
    let got = import(Format::Jsonl, text.as_bytes(), Some(&map), &context()).unwrap();
    assert_eq!(got.records[0].extra["tags"], "a;b");
    assert_eq!(
        got.refused.iter().map(|r| (r.line, r.code)).collect::<Vec<_>>(),
        [(2, "E0107"), (3, "E0107"), (4, "E0111")]
    );
    assert_eq!(import(Format::Jsonl, b"[{}]", Some(&map), &context()).unwrap_err()[0].code, "E0107");
    let keys =
        import(Format::Jsonl, b"{\"id\":1,\"when\":\"2025-05-01\"}", Some(&map), &context()).unwrap_err();
    assert!(keys.iter().any(|f| f.column == "at.time" && f.code == "E0105"), "{keys:?}");
    let deep = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert_eq!(import(Format::Jsonl, deep.as_bytes(), Some(&map), &context()).unwrap_err()[0].code, "E0107");

    let text = r#"{"type": "FeatureCollection", "features": [
{"type": "Feature", "id": "a", "properties": {"fact": "fire", "when": "2025-05-01", "by": "Red"},
 "geometry": {"type": "Point", "coordinates": [37.9, 48.5]}},
{"type": "Feature", "id": "b", "properties": {"fact": "fire", "when": "2025-05-01"},
 "geometry": {"type": "Point", "coordinates": [48.5, 137.9]}},
{"type": "Feature", "properties": {"fact": "fire", "when": "2025-05-01", "at": "Avdiivka"}, "geometry": null},
{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}
]}"#;
    let got = import(Format::GeoJson, text.as_bytes(), None, &context()).unwrap();
    assert_eq!(
        got.records[0].place,
        Some(Place::Point { at: Point { lat: 48.5, lon: 37.9 }, radius_m: 0.0 })
    );
    assert_eq!(got.records.len(), 2);
    assert_eq!(
        got.refused.iter().map(|r| (r.line, r.code)).collect::<Vec<_>>(),
        [(4, "E0114"), (7, "E0111")]
    );
    let other = import(Format::GeoJson, b"{\"type\":\"Feature\"}", None, &context()).unwrap_err();
    assert_eq!(other[0].code, "E0107");
}

#[test]
fn what_was_watched_is_imported_with_its_share() {
    let map = Mapping::parse(
        "fact = \"coverage\"\nvalue = { column = \"share\" }\n[when]\nstart = { column = \"from\" }\nend = { column = \"to\" }\nlasts = true\n\
         [place]\nname = { column = \"zone\" }\n[roles]\nby = \"SMM\"\n",
    )
    .unwrap();
    let text = "from,to,zone,share\n2025-05-01,2025-05-02,contact-line,95%\n2025-05-03,2025-05-02,contact-line,95%\n2025-05-01,2025-05-02,Донецька область,0.5\n";
    let got = import(Format::Csv, text.as_bytes(), Some(&map), &context()).unwrap();
    let watched = &got.records[0];
    assert_eq!(watched.value, Number::ratio(95, 100));
    assert_eq!(watched.place, Some(Place::Named(Name::from("contact-line"))));
    let day = |d| Calendar::utc().day(jiff::civil::date(2025, 5, d));
    assert_eq!((watched.when, watched.until), (day(1), Some(day(2).latest)));
    assert_eq!(got.records[1].place, Some(Place::Named(Name::from("Donetsk"))));
    assert_eq!((got.refused[0].line, got.refused[0].code), (3, "E0118"));
    assert!(got.warnings.iter().any(|w| w.text.contains("contact-line") && w.rows == 1));
}

#[test]
fn own_records_come_back_as_they_were_written() {
    let mut record =
        Record::new("r1", "fire", When { earliest: now() + -5000, latest: now() + -1 }, now() + -1);
    record.says = Says::Denies;
    record.roles.insert("by".into(), RoleValue::OneOf(vec!["Ukraine".into(), "DNR".into()]));
    record.roles.insert("quantity".into(), RoleValue::Number(Number::ratio(1, 3).unwrap()));
    record.roles.insert("note".into(), RoleValue::Text("two\nlines \"quoted\"".into()));
    record.roles.insert("seen".into(), RoleValue::Time(When::exact(now())));
    record.place = Some(Place::Point { at: Point { lat: 48.1 + 0.2, lon: -0.1 }, radius_m: 25_000.0 });
    record.marking = Marking {
        policy: Some("NATO".into()),
        level: Tlp::Amber,
        releasable_to: Some(["Poland".into()].into()),
        caveats: ["medical".into()].into(),
        originators: ["Poland".into()].into(),
        releasers: ["JMC".into()].into(),
        review: Some(now()),
        reason: "names a patient".into(),
    };
    record.sources = 3;
    record.extra.insert("dataset".into(), "field.csv".into());
    let line = record_json::to_json(&record);
    assert!(line.contains("\"v\":1") && !line.contains('\n'), "{line}");
    assert_eq!(record_json::from_json(&line).unwrap(), record);
    let got = import(Format::Jsonl, line.as_bytes(), None, &context()).unwrap();
    assert_eq!(got.records, [record.clone()]);
    assert_eq!(diff(std::slice::from_ref(&record), &got, now()).unchanged, 1);
    for (from, to, hint) in [
        ("\"v\":1", "\"v\":2", "later version"),
        ("\"fact\"", "\"fakt\"", "`fact`"),
        ("\"lat\":48.3", "\"lat\":148.3", "up to 90"),
        ("\"denies\"", "\"denied\"", "`affirms` or `denies`"),
        ("\"number\":\"1/3\"", "\"number\":0.3", "as text"),
    ] {
        assert!(line.contains(from), "{from} is not in {line}");
        let fault = record_json::from_json(&line.replace(from, to)).unwrap_err();
        assert!(fault.to_string().contains(hint), "{to}: {fault}");
    }
    let late = line
        .replace("\"recorded\":\"2025-12-31T23:59:59.999Z\"", "\"recorded\":\"2026-12-31T23:59:59.999Z\"");
    let got = import(Format::Jsonl, late.as_bytes(), None, &context()).unwrap();
    assert_eq!((got.records.len(), got.refused[0].code), (0, "E0117"));
}

/// Garbage of several kinds, `size` bytes of each.
fn garbage(size: usize) -> Vec<(&'static str, Vec<u8>)> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut byte = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let noise: Vec<u8> = (0..size).map(|_| byte()).collect();
    let repeat = |head: &str, unit: &str| {
        let mut bytes = head.as_bytes().to_vec();
        while bytes.len() < size {
            bytes.extend_from_slice(unit.as_bytes());
        }
        bytes
    };
    vec![
        ("noise", noise),
        ("no line breaks", repeat("", "x")),
        ("one quote", repeat(&format!("{HEAD}\""), "row,row\n")),
        ("short lines", repeat(HEAD, "x\n")),
        ("well-formed nonsense", repeat(HEAD, "1,2,3,4,5,6\n")),
        ("commas", repeat(HEAD, ",")),
        ("open brackets", repeat("", "[")),
        ("empty features", repeat("{\"type\":\"FeatureCollection\",\"features\":[", "{},")),
        ("objects", repeat("", "{}\n")),
    ]
}

fn garbage_is_refused_quickly(size: usize, seconds: u64) {
    let formats = [Format::Csv, Format::Jsonl, Format::GeoJson, Format::Ucdp];
    for (name, bytes) in garbage(size) {
        for format in formats {
            let map = matches!(format, Format::Csv).then(|| mapping(""));
            let start = Clock::now();
            let got = import(format, &bytes, map.as_ref(), &context());
            let took = start.elapsed();
            assert!(took.as_secs() < seconds, "{name} as {}: {took:?}", format.word());
            match got {
                Err(faults) => {
                    assert!(!faults.is_empty() && faults.iter().all(|f| !f.remedy.is_empty()), "{name}");
                    let long = faults.iter().map(|f| f.show().len()).max().unwrap();
                    assert!(long < 4000, "{name}: a message of {long} bytes");
                }
                Ok(got) => panic!(
                    "{name} as {}: {} records, {} refused",
                    format.word(),
                    got.records.len(),
                    got.refused.len()
                ),
            }
        }
    }
}

#[test]
fn five_megabytes_of_garbage() {
    garbage_is_refused_quickly(5 << 20, 10);
}

#[test]
fn a_hundred_megabytes_of_garbage() {
    if std::env::var_os("SERVANDA_SLOW_TESTS").is_none() {
        eprintln!("skipped: set SERVANDA_SLOW_TESTS=1 to read 100 MB of each kind of garbage");
        return;
    }
    garbage_is_refused_quickly(100 << 20, 60);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn no_importer_panics_on_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in Format::ALL {
            let _ = import(format, &bytes, None, &context());
            let _ = import(format, &bytes, Some(&mapping("encoding = \"windows-1251\"")), &context());
            let _ = import(format, &bytes, Some(&mapping("encoding = \"utf-16le\"")), &context());
        }
    }

    #[test]
    fn no_cell_panics(cells in prop::collection::vec("[-0-9a-zA-Zа-я.,:;/ |\"'=+%°T~\u{0}\u{306}]{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.Z+-]{0,12})?|-?[0-9]{1,400}[,.]?[0-9]{0,5}", 6)) {
        let row: Vec<String> = cells.iter().map(|c| format!("\"{}\"", c.replace('"', "\"\"").replace('\0', ""))).collect();
        let text = format!("{HEAD}{}\n", row.join(","));
        for more in ["", "decimal = \",\"", "[when]\nformat = \"%d.%m.%Y %H:%M\""] {
            let map = if more.starts_with("[when]") {
                Mapping::parse(&MAP.replace("[when]", more)).unwrap()
            } else {
                mapping(more)
            };
            if let Ok(got) = import(Format::Csv, text.as_bytes(), Some(&map), &context()) {
                prop_assert_eq!(got.rows_read, got.records.len() + got.refused.len());
                for record in &got.records {
                    prop_assert_eq!(&record_json::from_json(&record_json::to_json(record)).unwrap(), record);
                    prop_assert!(record.recorded <= now() && record.when.earliest <= record.recorded);
                }
                for line in quarantine_csv(&got).lines().skip(1) {
                    prop_assert!(line.contains("\"E0"));
                }
            }
        }
    }

    #[test]
    fn no_mapping_panics(text in "(fact|when|\\[when\\]|start|column|table|place|lat|=|\\{|\\}|\"|\\[|\\]|\n|[a-z ]{1,5}|[0-9]){0,40}") {
        let _ = Mapping::parse(&text);
    }

    #[test]
    fn no_line_of_records_panics(text in "(\\{|\\}|\"v\":1|,|\"id\":\"a\"|\"fact\":\"b\"|\"when\":|\"recorded\":|\"2025-05-01T00:00:00Z\"|\\[|\\]|\"place\":|\"lat\":|[0-9.eE-]{1,6}){0,20}") {
        let _ = record_json::from_json(&text);
    }
}
