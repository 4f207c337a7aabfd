//! Parquet files as tables: columns by their names, those of groups with points between (`place.lat`).
//!
//! What compresses a column must be nothing or Snappy; others are refused by name. Kinds of values that mean nothing in a table
//! (geometries, intervals, floats of half a width) are refused before a row is read.
//!
//! Invariants
//! - a file that claims more rows or bytes than [`MAX_ROWS`] and [`MAX_UNPACKED`] is refused before it is unpacked;
//! - a moment in UTC is written with `Z`, one without a zone without: the mapping's zone then counts;
//! - the parser is not ours and may give up in its own way on a damaged file: that is a refusal like another.

use super::table::{self, With};
use super::{Builder, Context, Import, MAX_COLUMNS, Refused};
use crate::codes;
use crate::mapping::Mapping;
use parquet::basic::{Compression, ConvertedType, LogicalType, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use servanda_model::Instant;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Most rows of a file.
pub const MAX_ROWS: i64 = 20_000_000;
/// Most bytes of all columns, unpacked.
pub const MAX_UNPACKED: i64 = 2 << 30;

fn refused(code: &'static str, reason: &str, remedy: &str) -> Vec<Refused> {
    vec![Refused::of_file(code, 0, reason, remedy)]
}

/// A fault of the parser: short, and on one line.
fn damaged(why: impl std::fmt::Display) -> Vec<Refused> {
    let why: String =
        why.to_string().chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let reason = format!("the file cannot be read as Parquet: {why}");
    refused(codes::NOT_PARQUET, &reason, "check that it is whole; or export the table as CSV")
}

pub(super) fn read(bytes: &[u8], mapping: &Mapping, context: &Context) -> Result<Import, Vec<Refused>> {
    if bytes.is_empty() {
        return Err(refused(codes::EMPTY, "the file is empty", "check that the right file was given"));
    }
    if !bytes.starts_with(b"PAR1") {
        let remedy = "name the format that it has; a folder of Parquet files is imported file by file";
        return Err(refused(
            codes::NOT_PARQUET,
            "the file is no Parquet file: it does not begin with `PAR1`",
            remedy,
        ));
    }
    // A damaged file can make the parser give up with a panic; for a user that is a file that cannot be read.
    match catch_unwind(AssertUnwindSafe(|| rows(bytes, mapping, context))) {
        Ok(read) => read,
        Err(_) => Err(damaged("the parser gave up")),
    }
}

fn rows(bytes: &[u8], mapping: &Mapping, context: &Context) -> Result<Import, Vec<Refused>> {
    let reader = SerializedFileReader::new(::bytes::Bytes::copy_from_slice(bytes)).map_err(damaged)?;
    let about = reader.metadata();
    let count = about.file_metadata().num_rows();
    let groups = about.row_groups();
    let unpacked = groups.iter().fold(0i64, |sum, group| sum.saturating_add(group.total_byte_size().max(0)));
    if !(0..=MAX_ROWS).contains(&count) || unpacked > MAX_UNPACKED || groups.iter().any(|g| g.num_rows() < 0)
    {
        let reason = format!(
            "the file claims {count} rows and {} MB unpacked; the limits are {MAX_ROWS} rows and {} MB",
            unpacked >> 20,
            MAX_UNPACKED >> 20
        );
        return Err(refused(codes::TOO_LONG, &reason, "split it"));
    }
    let schema = about.file_metadata().schema_descr();
    if schema.num_columns() > MAX_COLUMNS {
        let reason = format!("the file has more than {MAX_COLUMNS} columns");
        return Err(refused(codes::TOO_LONG, &reason, "take the columns that are needed"));
    }
    // A moment without a zone: the row reader does not tell it from one in UTC.
    let mut local: BTreeMap<String, bool> = BTreeMap::new();
    for column in schema.columns() {
        let name = column.path().string();
        let kinds_fit = match (column.physical_type(), column.converted_type()) {
            (Physical::FIXED_LEN_BYTE_ARRAY, ConvertedType::DECIMAL) => true,
            (Physical::FIXED_LEN_BYTE_ARRAY, _) | (_, ConvertedType::INTERVAL | ConvertedType::BSON) => false,
            (Physical::INT64, ConvertedType::NONE) => column.logical_type_ref().is_none(),
            (Physical::INT64, ConvertedType::TIME_MICROS) => false,
            (Physical::INT32, ConvertedType::TIME_MILLIS) => false,
            _ => true,
        };
        if !kinds_fit {
            let reason = format!("the column `{name}` holds a kind of value that is not read");
            let remedy =
                "write it as text, number, date or moment in milliseconds or microseconds; or export as CSV";
            return Err(refused(codes::NOT_PARQUET, &reason, remedy));
        }
        if let Some(LogicalType::Timestamp(stamp)) = column.logical_type_ref() {
            local.insert(name, !stamp.is_adjusted_to_u_t_c);
        }
    }
    for column in groups.iter().flat_map(|g| g.columns()) {
        if !matches!(column.compression(), Compression::UNCOMPRESSED | Compression::SNAPPY) {
            let reason = format!(
                "the column `{}` is compressed with {}",
                column.column_path().string(),
                column.compression()
            );
            let remedy =
                "write the file with Snappy or without compression: `compression=\"snappy\"` in most tools";
            return Err(refused(codes::NOT_PARQUET, &reason, remedy));
        }
    }
    let names: Vec<String> = schema.columns().iter().map(|c| c.path().string()).collect();
    let derive = table::derive(mapping.format);
    let canonical = |name: &str| derive.map_or(name.to_string(), |d| (d.canonical)(name));
    let header: Vec<String> = names.iter().map(|name| canonical(name)).collect();
    let mut faults = mapping.missing_columns(&header);
    faults.retain(|fault| !fault.column.starts_with('@'));
    faults.extend(table::missing(derive, &header));
    faults.iter_mut().for_each(|fault| fault.line = 0);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut builder = Builder::new(mapping, context);
    for (n, row) in reader.get_row_iter(None).map_err(damaged)?.enumerate() {
        let row = row.map_err(damaged)?;
        let line = n as u64 + 1;
        if line > MAX_ROWS as u64 {
            return Err(refused(
                codes::TOO_LONG,
                &format!("the file has more than {MAX_ROWS} rows"),
                "split it",
            ));
        }
        let mut plain = BTreeMap::new();
        cells(&row, "", &local, &canonical, &mut plain, 0);
        if plain.is_empty() {
            builder.out.blank_rows += 1;
            continue;
        }
        let computed = derive.map(|d| (d.columns)(&plain, context)).transpose();
        match computed {
            Err(refused) => {
                let id = builder.stated_id(&plain).ok().flatten();
                builder.refuse(line, refused, id)?;
            }
            Ok(computed) => {
                let with = With { row: &plain, computed: computed.unwrap_or_default() };
                let all = || plain.clone().into_iter().collect();
                builder.row(line, &with, &all)?;
            }
        }
    }
    builder.finish()
}

fn cells(
    row: &Row,
    prefix: &str,
    local: &BTreeMap<String, bool>,
    canonical: &dyn Fn(&str) -> String,
    out: &mut BTreeMap<String, String>,
    depth: usize,
) {
    for (name, field) in row.get_column_iter() {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if let Field::Group(inner) = field {
            if depth < 16 {
                cells(inner, &path, local, canonical, out, depth + 1);
            }
            continue;
        }
        if let Some(text) = text(field, local.get(&path).copied().unwrap_or(false), depth)
            && !text.is_empty()
        {
            out.insert(canonical(&path), text);
        }
    }
}

fn text(field: &Field, is_local: bool, depth: usize) -> Option<String> {
    let moment = |millis: i64| {
        let text = Instant(millis).to_string();
        (Instant::MIN..=Instant::MAX)
            .contains(&Instant(millis))
            .then(|| if is_local { text.trim_end_matches('Z').to_string() } else { text })
    };
    Some(match field {
        Field::Null | Field::Group(_) | Field::MapInternal(_) => return None,
        Field::Str(text) => text.trim().to_string(),
        Field::Bool(yes) => yes.to_string(),
        Field::Byte(n) => n.to_string(),
        Field::Short(n) => n.to_string(),
        Field::Int(n) => n.to_string(),
        Field::Long(n) => n.to_string(),
        Field::UByte(n) => n.to_string(),
        Field::UShort(n) => n.to_string(),
        Field::UInt(n) => n.to_string(),
        Field::ULong(n) => n.to_string(),
        Field::Float16(n) => n.to_f32().to_string(),
        Field::Float(n) => n.to_string(),
        Field::Double(n) => n.to_string(),
        Field::Decimal(_) => field.to_string(),
        Field::Bytes(bytes) => String::from_utf8(bytes.data().to_vec()).ok()?,
        Field::Date(days) => moment(i64::from(*days).checked_mul(86_400_000)?)?.get(..10)?.to_string(),
        Field::TimestampMillis(millis) => moment(*millis)?,
        Field::TimestampMicros(micros) => moment(micros.div_euclid(1000))?,
        Field::TimeMillis(_) | Field::TimeMicros(_) => field.to_string(),
        Field::ListInternal(list) => {
            if depth >= 16 {
                return None;
            }
            let items: Vec<String> =
                list.elements().iter().filter_map(|item| text(item, is_local, depth + 1)).collect();
            items.join(";")
        }
    })
}
