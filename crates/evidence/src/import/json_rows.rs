//! JSON that holds rows: a list, an object with a list under a known name, or one row alone; also one row a line.
//!
//! Rows are found without being read: each is parsed for itself, so one bad row does not hold up the others, and no deeper
//! than the parser's own bound of 128.

use super::{MAX_ROW, Refused};
use crate::codes;
use crate::geo;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Longest file in bytes.
pub const MAX_BYTES: usize = 512 << 20;

/// A row's line, and its object or why it is none.
pub(super) type Row = (u64, Result<Value, Refused>);

/// The rows of a text. `under` names the lists that may hold them.
///
/// # Errors
/// The text is no JSON at all.
pub(super) fn rows(text: &str, under: &[&str]) -> Result<Vec<Row>, Vec<Refused>> {
    if text.len() > MAX_BYTES {
        let reason = format!("the file has more than {} MB", MAX_BYTES >> 20);
        return Err(vec![Refused::of_file(codes::TOO_LONG, 0, &reason, "split it")]);
    }
    let trimmed = text.trim_start();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let line_each = lines.len() > 1 && lines.iter().take(2).all(|l| l.starts_with('{') && l.ends_with('}'));
    let raw: Vec<&str> = if line_each {
        lines
    } else if trimmed.starts_with('[') {
        list(trimmed)?
    } else {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(trimmed).map_err(|e| {
            let remedy = "give one object, a list of objects, or an object that holds such a list";
            let reason = format!("the file is not JSON: {e}");
            let line = e.line() as u64;
            vec![Refused::of_file(codes::NOT_JSON, line, &reason, remedy)]
        })?;
        match under.iter().find_map(|name| members.get(*name)).filter(|raw| raw.get().starts_with('[')) {
            Some(raw) => list(raw.get())?,
            None => vec![trimmed.trim_end()],
        }
    };
    let (mut line, mut counted) = (1u64, 0usize);
    let mut out = Vec::with_capacity(raw.len());
    for one in raw {
        // The raw text is a part of `text`: its place there gives the line.
        let at = (one.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
        line += text.as_bytes()[counted.min(at)..at].iter().filter(|b| **b == b'\n').count() as u64;
        counted = at;
        out.push((line, object(one, line)));
    }
    Ok(out)
}

fn list(text: &str) -> Result<Vec<&str>, Vec<Refused>> {
    geo::members(text).map_err(|reason| {
        let remedy = "give a list of objects";
        vec![Refused::of_file(codes::NOT_JSON, 0, &reason, remedy)]
    })
}

fn object(text: &str, line: u64) -> Result<Value, Refused> {
    if text.len() > MAX_ROW {
        let reason = format!("the row has more than {MAX_ROW} bytes");
        return Err(Refused::of_file(
            codes::TOO_LONG,
            line,
            &reason,
            "attachments and shapes belong into files of their own",
        ));
    }
    let wrong = |reason: String| Refused {
        value: text.chars().take(200).collect(),
        ..Refused::of_file(codes::NOT_JSON, line, &reason, "write each row as one JSON object")
    };
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err(wrong("the row is JSON, but no object".to_string())),
        Err(error) => Err(wrong(format!("the row is not JSON: {error}"))),
    }
}
