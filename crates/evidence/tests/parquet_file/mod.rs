//! A small Parquet file with values of every kind that is read.

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
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
pub fn file(compression: Compression) -> Vec<u8> {
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
