//! JSON Lines: one object a line; with a mapping of its keys, or the project's own record form without one.
//!
//! Nested objects give columns such as `place.lat`; a list of scalars is one cell joined by `;`.

use super::{Builder, Context, Import, MAX_COLUMNS, MAX_ROW, Refused};
use crate::mapping::Mapping;
use crate::{codes, record_json};
use serde_json::Value;
use servanda_model::Record;
use std::collections::{BTreeMap, BTreeSet};

/// The cells of an object.
pub(super) fn flatten(value: &Value, prefix: &str, cells: &mut BTreeMap<String, String>) {
    if cells.len() > MAX_COLUMNS {
        return;
    }
    let text = match value {
        Value::Null => return,
        Value::Object(fields) => {
            for (key, value) in fields {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                if name.len() <= 1000 {
                    flatten(value, &name, cells);
                }
            }
            return;
        }
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|i| !i.is_object() && !i.is_array()) => {
            let items: Vec<String> =
                items.iter().map(|i| i.as_str().map_or(i.to_string(), String::from)).collect();
            items.join(";")
        }
        other => other.to_string(),
    };
    cells.insert(prefix.to_string(), text);
}

fn not_json(line: u64, text: &str, why: &str) -> Refused {
    Refused {
        value: text.chars().take(200).collect(),
        ..Refused::of_file(codes::NOT_JSON, line, why, "write one JSON object on each line, in UTF-8")
    }
}

/// Each line that holds something, with its number. Too long a line comes as a refusal.
fn lines(text: &str) -> impl Iterator<Item = (u64, Result<&str, Refused>)> {
    text.lines().enumerate().map(|(i, l)| (i as u64 + 1, l.trim())).filter(|(_, l)| !l.is_empty()).map(
        |(n, l)| {
            if l.len() <= MAX_ROW {
                return (n, Ok(l));
            }
            let reason = format!("the line has more than {MAX_ROW} bytes");
            let remedy = "check that every object stands on a line of its own";
            (n, Err(Refused::of_file(codes::TOO_LONG, n, &reason, remedy)))
        },
    )
}

fn object(line: u64, text: &str) -> Result<Value, Refused> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err(not_json(line, text, "the line is JSON, but no object")),
        Err(error) => Err(not_json(line, text, &format!("the line is not JSON: {error}"))),
    }
}

pub(super) fn read(text: &str, mapping: &Mapping, context: &Context) -> Result<Import, Vec<Refused>> {
    let mut builder = Builder::new(mapping, context);
    let mut found: BTreeSet<String> = BTreeSet::new();
    for (line, content) in lines(text) {
        let parsed = content.and_then(|content| object(line, content));
        match parsed {
            Err(refused) if builder.out.rows_read == 0 => return Err(vec![refused]),
            Err(refused) => builder.refuse(line, refused, None)?,
            Ok(value) => {
                let mut cells = BTreeMap::new();
                flatten(&value, "", &mut cells);
                if found.len() < MAX_COLUMNS {
                    found.extend(cells.keys().filter(|k| !found.contains(*k)).cloned().collect::<Vec<_>>());
                }
                builder.row(line, &cells, &|| cells.clone().into_iter().collect())?;
            }
        }
    }
    let faults = mapping.missing_columns(&found.into_iter().collect::<Vec<_>>());
    if builder.out.records.is_empty() && builder.out.rows_read > 0 && !faults.is_empty() {
        return Err(faults);
    }
    builder.finish()
}

/// Records in the project's own form.
pub(super) fn own_records(text: &str, context: &Context) -> Result<Import, Vec<Refused>> {
    let mapping = Mapping::default();
    let mut builder = Builder::new(&mapping, context);
    builder.out.own_form = true;
    let mut lines = lines(text);
    loop {
        // A file of refused lines alone is not read to its end, nor are all its lines held twice.
        let some: Vec<(u64, Result<&str, Refused>)> = lines.by_ref().take(READ_TOGETHER).collect();
        if some.is_empty() {
            break;
        }
        let contents: Vec<&str> =
            some.iter().filter_map(|(_, content)| content.as_ref().ok().copied()).collect();
        let mut read = record_json::from_lines(&contents).into_iter();
        for (line, content) in some {
            let read = content.and_then(|content| match read.next() {
                Some(Err(fault)) => Err(Refused {
                    value: content.chars().take(200).collect(),
                    ..Refused::of_file(codes::RECORD_JSON, line, &fault.reason, &fault.remedy)
                }),
                Some(Ok(record)) => Ok(record),
                // There is one for each line.
                None => Err(not_json(line, content, "the line was not read")),
            });
            taken(&mut builder, context, line, read)?;
        }
    }
    builder.finish()
}

/// So many lines are read together.
const READ_TOGETHER: usize = 20_000;

/// A line of the project's own form, as it was read.
fn taken(
    builder: &mut Builder<'_>,
    context: &Context,
    line: u64,
    read: Result<Record, Refused>,
) -> Result<(), Vec<Refused>> {
    match read {
        Err(refused) if builder.out.rows_read == 0 => Err(vec![refused]),
        Err(refused) => builder.refuse(line, refused, None),
        Ok(record) if record.recorded > context.now => {
            let refused = Refused {
                column: "recorded".to_string(),
                value: record.recorded.to_string(),
                ..Refused::of_file(
                    codes::FUTURE,
                    line,
                    "the record is said to be known only after the import",
                    "check the moment, and the clock of this machine",
                )
            };
            builder.refuse(line, refused, Some(record.id))
        }
        Ok(mut record) => {
            record.exercise |= context.exercise;
            record.extra.entry(super::DATASET.to_string()).or_insert_with(|| context.dataset.clone());
            builder.add(line, record)
        }
    }
}
