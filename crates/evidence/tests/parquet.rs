//! Parquet files as they are written by other programs: values of every kind that is read, and what is refused.

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use servanda_evidence::import::{Context, Format, Refused, import};
use servanda_evidence::{Import, Mapping};
use servanda_model::{Instant, Place};
use std::sync::Arc;

const SCHEMA: &str = "message events {
  required binary id (STRING);
  optional int64 moment (TIMESTAMP(MICROS,true));
  optional int64 local (TIMESTAMP(MILLIS,false));
  optional int32 day (DATE);
  optional double lat;
  optional double lon;
  optional int64 dead;
}";

/// Three rows: one with all, one without what is optional but its day, one with a latitude that there is not.
fn file(compression: Compression) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let midnight = 1_746_230_400_000i64; // 2025-05-03T00:00Z
    let mut n = 0;
    while let Some(mut column) = group.next_column().unwrap() {
        match n {
            0 => {
                let ids = ["a", "b", "c"].map(ByteArray::from);
                column.typed::<ByteArrayType>().write_batch(&ids, None, None).unwrap();
            }
            1 => {
                column
                    .typed::<Int64Type>()
                    .write_batch(&[midnight * 1000 + 1], Some(&[1, 0, 0]), None)
                    .unwrap();
            }
            2 => {
                column.typed::<Int64Type>().write_batch(&[midnight], Some(&[0, 0, 1]), None).unwrap();
            }
            3 => {
                column.typed::<Int32Type>().write_batch(&[20_211], Some(&[0, 1, 0]), None).unwrap();
            }
            4 => {
                column.typed::<DoubleType>().write_batch(&[48.5, 95.0], Some(&[1, 0, 1]), None).unwrap();
            }
            5 => {
                column.typed::<DoubleType>().write_batch(&[37.7, 37.7], Some(&[1, 0, 1]), None).unwrap();
            }
            _ => {
                column.typed::<Int64Type>().write_batch(&[2, 0], Some(&[1, 1, 0]), None).unwrap();
            }
        };
        column.close().unwrap();
        n += 1;
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

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
