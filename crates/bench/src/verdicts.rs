//! Verdicts as lines that can be compared with those of other tools: `@t norm(bearer, arguments of the trigger)`, t in
//! seconds: when it was breached. In order of time, then of the text.

use crate::trace::SECOND;
use servanda_engine::columns::{Log, Plan, Said, Table};
use servanda_model::Instant;
use servanda_model::agreement::RoleType;
use servanda_model::verdict::Performance;
use std::fmt::Write;

/// What is violated at a moment as known then: one line each.
pub fn violations(plan: &Plan, table: &Table, log: &Log, at: Instant) -> Vec<u8> {
    let mut lines: Vec<(i64, String)> = Vec::new();
    for row in log.as_known_at(at) {
        if log.performance(row, at) != Performance::Violated {
            continue;
        }
        let when = if log.said[row] == Said::Exceeded { log.triggered[row] } else { log.due[row] };
        let (norm, bearer, anchor) = log.whose(row);
        let mut line = format!("{norm}({bearer}");
        if log.said[row] != Said::Exceeded && log.by_event(row) {
            let (fact, cells) = table.cells(anchor);
            for (cell, (_, kind)) in cells.zip(&plan.facts()[fact as usize].roles) {
                match kind {
                    RoleType::Number(_) => _ = write!(line, ",{cell}"),
                    _ => _ = write!(line, ",{}", table.names.get(cell)),
                }
            }
        }
        line.push_str(")\n");
        lines.push((when / SECOND, line));
    }
    lines.sort_unstable();
    let mut out = Vec::with_capacity(lines.len() * 40);
    for (when, line) in lines {
        out.push(b'@');
        out.extend_from_slice(when.to_string().as_bytes());
        out.push(b' ');
        out.extend_from_slice(line.as_bytes());
    }
    out
}
