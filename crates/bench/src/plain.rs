//! The timed rules, each written by hand and simply: sorted times and nothing incremental. They know neither the engine nor
//! its columns, and are what its answers are checked against.

use std::collections::BTreeMap;

/// An event as text.
struct Event<'t> {
    known: u64,
    time: u64,
    name: &'t str,
    arguments: Vec<&'t str>,
}

fn events(text: &str) -> Vec<Event<'_>> {
    let mut clock = 0;
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((time, rest)) = line.strip_prefix('@').and_then(|l| l.split_once(' ')) else { continue };
        let time: u64 = time.parse().unwrap_or(0);
        clock = clock.max(time);
        for event in rest.split_whitespace() {
            let Some((name, arguments)) = event.trim_end_matches(')').split_once('(') else { continue };
            found.push(Event { known: clock, time, name, arguments: arguments.split(',').collect() });
        }
    }
    found
}

const DAY: u64 = 86_400;

/// The violations of a rule (or of `all`) as known at a moment, as lines; `None`: there is no such rule.
pub fn violations(kind: &str, text: &[u8], known_at: Option<u64>) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut events = events(text);
    let at = known_at.or(events.last().map(|e| e.known)).unwrap_or(0);
    events.retain(|e| e.known <= at);
    events.sort_by_key(|e| e.time);
    let mut lines: Vec<(u64, String)> = Vec::new();
    match kind {
        "response" | "keys" => response(&events, at, &mut lines),
        "window" => over("window", "strike", 49, &events, &mut lines),
        "sum" => over("sum", "payment", 10_000, &events, &mut lines),
        "since" => state("since", "publication", "approval", true, &events, at, &mut lines),
        "access" => state("access", "access", "restriction", false, &events, at, &mut lines),
        "consult" => consult(&events, at, &mut lines),
        "all" => {
            response(&events, at, &mut lines);
            over("window", "strike", 49, &events, &mut lines);
            over("sum", "payment", 10_000, &events, &mut lines);
            state("since", "publication", "approval", true, &events, at, &mut lines);
            state("access", "access", "restriction", false, &events, at, &mut lines);
            consult(&events, at, &mut lines);
        }
        _ => return None,
    }
    lines.sort();
    Some(lines.into_iter().map(|(when, line)| format!("@{when} {line}\n")).collect::<String>().into_bytes())
}

fn response(events: &[Event<'_>], at: u64, lines: &mut Vec<(u64, String)>) {
    let mut answers: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for e in events.iter().filter(|e| e.name == "answer") {
        answers.entry(e.arguments[1]).or_default().push(e.time);
    }
    for e in events.iter().filter(|e| e.name == "request") {
        let due = e.time + DAY;
        let own = answers.get(e.arguments[1]).into_iter().flatten();
        if due < at && !own.into_iter().any(|t| e.time <= *t && *t <= due) {
            lines.push((due, format!("response(authority,{},{})", e.arguments[0], e.arguments[1])));
        }
    }
}

/// For each party the moments at which the sum over the last day comes to lie above the cap.
fn over(norm: &str, name: &str, cap: u64, events: &[Event<'_>], lines: &mut Vec<(u64, String)>) {
    let mut by_party: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
    for e in events.iter().filter(|e| e.name == name) {
        let amount = e.arguments.get(1).and_then(|a| a.parse().ok()).unwrap_or(1);
        by_party.entry(e.arguments[0]).or_default().push((e.time, amount));
    }
    for (party, list) in by_party {
        // Every moment at which the sum changes: an event comes, or one leaves the window.
        let mut changes: BTreeMap<u64, i64> = BTreeMap::new();
        for (time, amount) in &list {
            *changes.entry(*time).or_default() += *amount as i64;
            *changes.entry(time + DAY).or_default() -= *amount as i64;
        }
        let (mut sum, mut held) = (0, false);
        for (when, change) in changes {
            sum += change;
            let holds = sum > cap as i64;
            if holds && !held {
                lines.push((when, format!("{norm}({party})")));
            }
            held = holds;
        }
    }
}

fn state(
    norm: &str,
    trigger: &str,
    state: &str,
    wanted: bool,
    events: &[Event<'_>],
    at: u64,
    lines: &mut Vec<(u64, String)>,
) {
    let ends = format!("{state}_ends");
    let mut changes: BTreeMap<String, BTreeMap<u64, bool>> = BTreeMap::new();
    for e in events.iter().filter(|e| e.name == state || e.name == ends) {
        let on = changes.entry(e.arguments.join(",")).or_default().entry(e.time).or_insert(false);
        *on |= e.name == state;
    }
    for e in events.iter().filter(|e| e.name == trigger) {
        let key = if state == "approval" { e.arguments[1].to_string() } else { e.arguments.join(",") };
        let held = changes.get(&key).and_then(|c| c.range(..=e.time).next_back()).is_some_and(|(_, on)| *on);
        if held != wanted && e.time < at {
            let (who, what) = (e.arguments[0], e.arguments[1]);
            lines.push((e.time, format!("{norm}({who},{who},{what})")));
        }
    }
}

fn consult(events: &[Event<'_>], at: u64, lines: &mut Vec<(u64, String)>) {
    let attacks: Vec<(u64, &str)> =
        events.iter().filter(|e| e.name == "attack").map(|e| (e.time, e.arguments[1])).collect();
    let mut changes: BTreeMap<u64, Vec<(&str, i64)>> = BTreeMap::new();
    for (time, zone) in attacks {
        changes.entry(time).or_default().push((zone, 1));
        changes.entry(time + DAY).or_default().push((zone, -1));
    }
    let mut zones: BTreeMap<&str, i64> = BTreeMap::new();
    let (mut held, mut begins) = (false, Vec::new());
    for (when, list) in changes {
        list.into_iter().for_each(|(zone, n)| *zones.entry(zone).or_default() += n);
        let holds = zones.values().sum::<i64>() >= 50 && zones.values().filter(|n| **n > 0).count() >= 3;
        if holds && !held {
            begins.push(when);
        }
        held = holds;
    }
    let mut acts: BTreeMap<String, Vec<u64>> = (1..=30).map(|p| (format!("P{p:02}"), Vec::new())).collect();
    for e in events.iter().filter(|e| e.name == "consultation") {
        acts.entry(e.arguments[0].to_string()).or_default().push(e.time);
    }
    for (party, times) in acts {
        for begun in &begins {
            let due = begun + 3 * DAY;
            let first = times.get(times.partition_point(|t| t < begun));
            if due < at && first.is_none_or(|t| *t > due) {
                lines.push((due, format!("consult({party})")));
            }
        }
    }
}
