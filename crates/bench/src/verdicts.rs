//! Verdicts as lines that can be compared with those of other tools: `@t norm(bearer, arguments of the trigger)`, t in
//! seconds: when it was breached. In order of time, then of the text.

use crate::trace::SECOND;
use servanda_engine::columns::{Log, Plan, Said, Table};
use servanda_model::Instant;
use servanda_model::agreement::RoleType;
use servanda_model::verdict::Performance;
use std::io::Write;
use std::ops::Range;

/// What is violated at a moment as known then: one line each.
pub fn violations(plan: &Plan, table: &Table, log: &Log, at: Instant) -> Vec<u8> {
    let mut text = Vec::new();
    let mut lines: Vec<(i64, Range<usize>)> = Vec::new();
    for row in log.as_known_at(at) {
        if log.performance(row, at) != Performance::Violated {
            continue;
        }
        let exceeded = log.said(row) == Said::Exceeded;
        let when = if exceeded { log.triggered(row) } else { log.due(row) };
        let (norm, bearer, anchor) = log.whose(row);
        let start = text.len();
        let mut say = |part: &str| text.extend_from_slice(part.as_bytes());
        [norm.as_str(), "(", bearer.as_str()].into_iter().for_each(&mut say);
        if !exceeded && log.by_event(row) {
            let (fact, cells) = table.cells(anchor);
            for (cell, (_, kind)) in cells.zip(&plan.facts()[fact as usize].roles) {
                say(",");
                match kind {
                    RoleType::Number(_) => say(&cell.to_string()),
                    _ => say(table.names.get(cell)),
                }
            }
        }
        say(")\n");
        lines.push((when / SECOND, start..text.len()));
    }
    lines.sort_unstable_by(|a, b| (a.0, &text[a.1.clone()]).cmp(&(b.0, &text[b.1.clone()])));
    let mut out = Vec::with_capacity(text.len() + lines.len() * 12);
    for (when, line) in lines {
        let _ = write!(out, "@{when} ");
        out.extend_from_slice(&text[line]);
    }
    out
}
