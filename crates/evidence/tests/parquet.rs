//! Parquet files as they are written by other programs: values of every kind that is read, and what is refused.

mod parquet_file;

use bytes::Bytes;
use parquet::basic::Compression;
use parquet_file::file;
use servanda_evidence::import::{Context, Format, Refused, import};
use servanda_evidence::{Import, Mapping};
use servanda_model::{Instant, Place};

fn mapping() -> Mapping {
    Mapping::parse(
        "fact = \"fire\"\nid = { column = \"id\" }\n[when]\nstart = [{ column = \"moment\" }, { column = \"local\" }, { column = \"day\" }]\n\
         zone = \"Europe/Kyiv\"\n[place]\nlat = { column = \"lat\" }\nlon = { column = \"lon\" }\n\
         [roles]\ndead = { column = \"dead\", as = \"number\" }\n",
    )
    .unwrap()
}

fn read(bytes: &[u8]) -> Result<Import, Vec<Refused>> {
    let now = Instant::parse_utc("2026-01-01T00:00Z").unwrap();
    import(Format::Parquet, bytes, Some(&mapping()), &Context::new(now, "events.parquet"))
}

#[test]
fn values_of_every_kind_are_read() {
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
        let got = read(&file(compression)).unwrap();
        let rows: Vec<(String, String, bool)> = got
            .records
            .iter()
            .map(|r| (r.id.to_string(), r.when.earliest.to_string(), r.place.is_some()))
            .collect();
        assert_eq!(
            rows,
            [
                ("events-parquet-a".to_string(), "2025-05-03T00:00:00Z".to_string(), true),
                // A day is the whole day of the mapping's zone.
                ("events-parquet-b".to_string(), "2025-05-02T21:00:00Z".to_string(), false),
            ]
        );
        assert!(matches!(got.records[0].place, Some(Place::Point { at, .. }) if at.lat == 48.5));
        assert_eq!((got.refused[0].line, got.refused[0].code), (3, "E0114"));
    }
    // A moment without a zone is civil time of the mapping's.
    let fixed = mapping();
    let text = "base = \"plain\"\nfact = \"fire\"\n[when]\nstart = { column = \"local\" }\nzone = \"Europe/Kyiv\"\n[place]\nlat = { column = \"lon\" }\nlon = { column = \"lon\" }\n";
    let by_local = Mapping::parse(text).unwrap();
    assert_ne!(fixed, by_local);
    let now = Instant::parse_utc("2026-01-01T00:00Z").unwrap();
    let got = import(Format::Parquet, &file(Compression::SNAPPY), Some(&by_local), &Context::new(now, "e"))
        .unwrap();
    assert_eq!(got.records[0].when.earliest.to_string(), "2025-05-02T21:00:00Z");
}

#[test]
fn what_is_no_parquet_file_is_refused_as_a_whole() {
    let whole = file(Compression::SNAPPY);
    for (bytes, code) in [
        (Bytes::new(), "E0101"),
        (Bytes::from_static(b"id,day\n1,2025-05-03\n"), "E0127"),
        (Bytes::from_static(b"PAR1"), "E0127"),
        (Bytes::copy_from_slice(&whole[..whole.len() / 2]), "E0127"),
    ] {
        let faults = read(&bytes).unwrap_err();
        assert_eq!(faults[0].code, code, "{faults:?}");
    }
    let missing = Mapping::parse("fact = \"fire\"\n[when]\nstart = { column = \"dya\" }\n").unwrap();
    let now = Instant::parse_utc("2026-01-01T00:00Z").unwrap();
    let faults = import(Format::Parquet, &whole, Some(&missing), &Context::new(now, "e")).unwrap_err();
    assert_eq!((faults[0].code, faults[0].column.as_str()), ("E0105", "dya"));
    assert!(faults[0].remedy.contains("`day`"), "{faults:?}");
}
