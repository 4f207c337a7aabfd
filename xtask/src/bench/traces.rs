//! Text in, verdicts out: one process each, CPU time. Every answer is compared with one computed another way, in the end and
//! in between, in order and with 2 % of the events late.

use super::table::Table;
use super::{Bench, figure};
use std::process::Stdio;

const RULES: &str = "bench/rules.pact.md";
/// Rule, and CPU milliseconds to reach for a million events.
const TIMED: [(&str, u32); 7] = [
    ("response", 120),
    ("window", 120),
    ("since", 120),
    ("sum", 120),
    ("access", 500),
    ("consult", 120),
    ("all", 300),
];
/// A moment in the middle of the data.
const BETWEEN: &str = "1435000000";

pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    for (rule, reach) in TIMED {
        for late in ["0", "2"] {
            let file = bench.folder.join(format!("{rule}-{late}.trace"));
            write(bench, rule, late, &file)?;
            for known_at in [None, Some(BETWEEN)] {
                let at: Vec<&str> = known_at.into_iter().flat_map(|at| ["--known-at", at]).collect();
                let plainly = bench.told(&[&["plain", rule], &at[..]].concat(), Some(&file))?;
                let ours = bench.told(&[&arguments(rule)[..], &at[..]].concat(), Some(&file))?;
                let differ = difference(&ours, &plainly);
                if differ > 0 {
                    return Err(format!(
                        "{rule}, {late} % late, known at {known_at:?}: {differ} lines differ"
                    ));
                }
            }
            let (cpu, _) = figures(bench, rule, &file)?;
            let kind = if late == "0" { "in order" } else { "2 % late, none missed, none false" };
            table.row(
                format!("1 million events as text, {rule}, {kind}: CPU"),
                format!("{reach} ms"),
                "ms",
                cpu,
            );
        }
    }
    let file = bench.folder.join("keys.trace");
    write(bench, "keys", "0", &file)?;
    let (cpu, peak) = figures(bench, "response", &file)?;
    table.row("1 million live keys: CPU", "-", "ms", cpu);
    table.row("1 million live keys: memory", "200 MB", "MB", peak);
    Ok(())
}

fn arguments(rule: &str) -> Vec<&str> {
    match rule {
        "all" => vec!["trace", RULES],
        rule => vec!["trace", RULES, "--norm", rule],
    }
}

fn write(bench: &Bench, rule: &str, late: &str, file: &std::path::Path) -> Result<(), String> {
    let text = bench.told(&["generate", rule, "1000000", "7", late], None)?;
    std::fs::write(file, text).map_err(|e| format!("cannot write {}: {e}", file.display()))
}

/// How many lines stand in only one of two.
fn difference(one: &[u8], other: &[u8]) -> usize {
    let lines = |text: &[u8]| text.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    let (mut one, mut other) = (lines(one), lines(other));
    one.sort_unstable();
    other.sort_unstable();
    let (mut i, mut j, mut differ) = (0, 0, 0);
    while i < one.len() && j < other.len() {
        let order = one[i].cmp(&other[j]);
        differ += usize::from(order.is_ne());
        i += usize::from(order.is_le());
        j += usize::from(order.is_ge());
    }
    differ + one.len() - i + other.len() - j
}

/// CPU milliseconds and peak megabytes of the runs that count.
fn figures(bench: &Bench, rule: &str, file: &std::path::Path) -> Result<(Vec<f64>, Vec<f64>), String> {
    let (mut cpu, mut peak) = (Vec::new(), Vec::new());
    for round in 0..=bench.runs {
        let mut command = bench.tool(&arguments(rule), Some(file))?;
        command.env("SERVANDA_BENCH_FIGURES", "1").stdout(Stdio::null());
        let output = command.output().map_err(|e| format!("cannot run {command:?}: {e}"))?;
        if round > 0 {
            cpu.push(figure(&output.stderr, "cpu")? / 1000.0);
            peak.push(figure(&output.stderr, "peak")? / 1024.0);
        }
    }
    Ok((cpu, peak))
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn a_missed_and_a_false_line_are_two() {
        assert_eq!(difference(b"a\nb\n", b"b\na\n"), 0);
        assert_eq!(difference(b"a\nb\n", b"b\nc\n"), 2);
        assert_eq!(difference(b"a\na\n", b"a\n"), 1);
    }
}
