//! Tables of text: a header row, then rows of cells.
//!
//! It knows quotes, delimiters and tag rows, and nothing of records. Rows and columns have limits, so that a file that has
//! lost its line breaks or a closing quote is refused quickly and in little memory.

use super::table::{self, With};
use super::{Builder, Context, Import, MAX_COLUMNS, MAX_ROW, Refused};
use crate::codes;
use crate::mapping::{Cells, From, Mapping};
use csv_core::{ReadRecordResult, ReaderBuilder};
use std::collections::BTreeMap;

struct Row<'a> {
    columns: &'a BTreeMap<String, usize>,
    cells: &'a [&'a str],
}

impl Cells for Row<'_> {
    fn cell(&self, column: &str) -> Option<&str> {
        let cell = self.cells.get(*self.columns.get(column)?)?.trim();
        (!cell.is_empty()).then_some(cell)
    }
}

/// HXL: below the header, tags such as `#date+start`, or nothing.
fn is_tag_row(cells: &[&str]) -> bool {
    let mut filled = cells.iter().map(|c| c.trim()).filter(|c| !c.is_empty()).peekable();
    filled.peek().is_some()
        && filled.all(|c| {
            c.strip_prefix('#').is_some_and(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic()))
        })
}

/// Line breaks in `text`; a carriage return before a line feed belongs to it.
fn line_breaks(text: &[u8], next: Option<&u8>) -> u64 {
    let lone = |i: usize| text[i] == b'\r' && text.get(i + 1).or(next) != Some(&b'\n');
    text.iter().enumerate().filter(|(i, b)| **b == b'\n' || lone(*i)).count() as u64
}

pub(super) fn read(text: &str, mapping: &Mapping, context: &Context) -> Result<Import, Vec<Refused>> {
    let bytes = text.as_bytes();
    let mut reader = ReaderBuilder::new().delimiter(mapping.delimiter).build();
    let mut cells_buffer = vec![0u8; MAX_ROW.min(bytes.len()) + 16];
    let mut ends = vec![0usize; MAX_COLUMNS + 1];
    let mut builder = Builder::new(mapping, context);
    let derive = table::derive(mapping.format);
    let mut columns: Option<BTreeMap<String, usize>> = None;
    let mut header: Vec<String> = Vec::new();
    let (mut at, mut line) = (0usize, 1u64);
    loop {
        while at < bytes.len() && (bytes[at] == b'\n' || bytes[at] == b'\r') {
            line += line_breaks(&bytes[at..=at], bytes.get(at + 1));
            at += 1;
        }
        let (first_line, start) = (line, at);
        let (mut filled, mut cells) = (0, 0);
        let done = loop {
            let (result, took, wrote, ended) =
                reader.read_record(&bytes[at..], &mut cells_buffer[filled..], &mut ends[cells..]);
            at += took;
            filled += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record => break false,
                ReadRecordResult::End => break true,
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    let remedy =
                        "check that a quote is closed, that lines end, and that `delimiter` is right";
                    let reason = format!("the row has more than {MAX_ROW} bytes or {MAX_COLUMNS} cells");
                    return Err(vec![Refused::of_file(codes::TOO_LONG, first_line, &reason, remedy)]);
                }
            }
        };
        if done {
            break;
        }
        line += line_breaks(&bytes[start..at], bytes.get(at));
        let Ok(whole) = std::str::from_utf8(&cells_buffer[..filled]) else {
            return Err(vec![Refused::of_file(
                codes::ENCODING,
                first_line,
                "a cell is no text",
                "save as UTF-8",
            )]);
        };
        let mut from = 0;
        let row: Vec<&str> = ends[..cells]
            .iter()
            .map(|end| {
                let cell = whole.get(from..*end).unwrap_or("");
                from = *end;
                cell
            })
            .collect();
        let Some(known) = &columns else {
            let canonical = derive.map_or(table::as_it_stands as fn(&str) -> String, |d| d.canonical);
            header = row.iter().map(|c| canonical(c)).collect();
            columns = Some(check_header(&header, mapping, derive, first_line)?);
            continue;
        };
        if builder.out.rows_read == 0 && builder.out.hxl_rows == 0 && is_tag_row(&row) {
            builder.out.hxl_rows += 1;
            continue;
        }
        if row.iter().all(|c| c.trim().is_empty()) {
            builder.out.blank_rows += 1;
            continue;
        }
        let cells = Row { columns: known, cells: &row };
        if row.len() != header.len() {
            // Cells have slipped: only the first one is sure to be what its header says.
            let first_cell = header.first().is_some_and(|first| {
                mapping.id.iter().all(|case| matches!(&case.from, From::Column(c) if c.name == *first))
            });
            let id = builder.stated_id(&cells).ok().flatten().filter(|_| first_cell);
            let refused = Refused {
                value: row.join(" | ").chars().take(200).collect(),
                ..Refused::of_file(
                    codes::RAGGED,
                    first_line,
                    &format!("the row has {} cells and the header {}", row.len(), header.len()),
                    "put cells that hold the delimiter into double quotes, and close every quote",
                )
            };
            builder.refuse(first_line, refused, id)?;
            continue;
        }
        let all = || header.iter().cloned().zip(row.iter().map(|c| c.to_string())).collect();
        let Some(derive) = derive else {
            builder.row(first_line, &cells, &all)?;
            continue;
        };
        match (derive.columns)(&cells, context) {
            Ok(computed) => builder.row(first_line, &With { row: &cells, computed }, &all)?,
            Err(refused) => {
                let id = builder.stated_id(&cells).ok().flatten();
                builder.refuse(first_line, refused, id)?;
            }
        }
    }
    if columns.is_none() {
        return Err(vec![Refused::of_file(
            codes::EMPTY,
            0,
            "the file has no header",
            "check the right file was given",
        )]);
    }
    builder.finish()
}

fn check_header(
    header: &[String],
    mapping: &Mapping,
    derive: Option<&'static table::Derive>,
    line: u64,
) -> Result<BTreeMap<String, usize>, Vec<Refused>> {
    let mut faults = mapping.missing_columns(header);
    faults.extend(table::missing(derive, header));
    if let ([one], false) = (header, faults.is_empty()) {
        for (mark, shown) in [(';', ";"), ('\t', "\\t"), ('|', "|"), (',', ",")] {
            if mark as u8 != mapping.delimiter && one.contains(mark) {
                for fault in &mut faults {
                    fault.remedy = format!("set `delimiter = \"{shown}\"` in the mapping");
                }
                break;
            }
        }
    }
    let mut columns = BTreeMap::new();
    for (i, name) in header.iter().enumerate() {
        let twice = columns.insert(name.clone(), i).is_some();
        if twice && mapping.columns().iter().any(|c| c.name == *name) {
            faults.push(Refused {
                column: name.clone(),
                ..Refused::of_file(
                    codes::NO_COLUMN,
                    line,
                    &format!("two columns are named `{name}`"),
                    "rename one of both",
                )
            });
        }
    }
    for fault in &mut faults {
        fault.line = line;
        fault.reason = fault.reason.chars().take(2000).collect();
    }
    if faults.is_empty() { Ok(columns) } else { Err(faults) }
}
