//! Figures of what happens inside one process: replay, one late record, one question, a sweep. One line each, `name value`,
//! times in microseconds: CPU time, but for single records and questions, which are too short for it.

use crate::data::Chance;
use servanda_engine::columns::{Live, Log, Plan, Reading, Row, Table, replay};
use servanda_model::verdict::Performance;
use servanda_model::{Grade, Instant};
use std::fmt::Write;
use std::io::Read;
use std::time::Instant as Clock;

fn micros(since: Clock) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

/// Microseconds of CPU time of this process so far; 0 where the system does not tell. It has one thread.
pub fn cpu() -> f64 {
    let told = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1000.0
}

/// A number that any difference between two logs changes.
fn digest(log: &Log) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for row in 0..log.len() {
        let (_, _, anchor) = log.whose(row);
        let times = [log.triggered(row), log.due(row), log.done(row), log.known_from(row), log.known_to(row)];
        for word in times.into_iter().map(|t| t as u64).chain([u64::from(anchor), log.said(row) as u64]) {
            hash = (hash ^ word).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// The rows of a stored history that are known in the end, as CSV.
pub fn csv(plan: &Plan, table: &Table) -> Vec<u8> {
    let mut out = String::from("fact,t,party,zone,recorded\n");
    let last = Instant(table.len().checked_sub(1).map_or(0, |row| table.recorded(row as u32)));
    for row in (0..table.len() as u32).filter(|row| table.known(*row, last)) {
        let (fact, cells) = table.cells(row);
        let cells: Vec<&str> = cells.map(|c| table.names.get(c)).collect();
        let (fact, seconds) = (&plan.facts()[fact as usize].name, table.time(row) / 1000);
        let _ = writeln!(out, "{fact},{seconds},{},{},{}", cells[0], cells[1], table.recorded(row) / 1000);
    }
    out.into_bytes()
}

/// CPU time and greatest memory of this process so far, where the system tells.
pub fn of_process() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let status = read("/proc/self/status");
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    let peak: String = peak.chars().filter(char::is_ascii_digit).collect();
    format!("cpu {:.0}\npeak {peak}\n", cpu())
}

/// A stored history.
pub fn stored(plan: &Plan, file: &str) -> Result<Table, String> {
    let cannot = |e: std::io::Error| format!("cannot read {file}: {e}");
    let mut input = std::fs::File::open(file).map_err(cannot)?;
    let (mut reading, mut block) = (Reading::new(plan), vec![0; 256 * 1024]);
    loop {
        match input.read(&mut block).map_err(cannot)? {
            0 => return reading.finish().map_err(|e| e.to_string()),
            came => reading.feed(&block[..came]).map_err(|e| e.to_string())?,
        }
    }
}

/// The figures of a stored history.
pub fn history(plan: &Plan, file: &str) -> Result<Vec<u8>, String> {
    let mut out = String::new();
    let before = cpu();
    let mut table = stored(plan, file)?;
    let _ = writeln!(out, "start {:.0}", cpu() - before);
    let _ = writeln!(out, "records {}", table.len());
    for (name, step) in [("second", 1000), ("day", 86_400_000)] {
        let before = cpu();
        let log = replay(plan, &table, step).map_err(|e| e.to_string())?;
        let _ = writeln!(out, "replay-{name} {:.0}", cpu() - before);
        let _ = writeln!(out, "rows-{name} {}", log.len());
        let _ = writeln!(out, "digest-{name} {:x}", digest(&log));
        if name == "second" {
            let mut times: Vec<f64> = Vec::new();
            let mut said = 0;
            for part in 1..=9u32 {
                let at = table.recorded(table.len() as u32 / 10 * part);
                let clock = Clock::now();
                said += log.as_known_at(Instant(at)).count();
                times.push(micros(clock));
            }
            times.sort_by(f64::total_cmp);
            let _ = writeln!(out, "as-known-at {:.1}", times[times.len() / 2]);
            let _ = writeln!(out, "as-known-at-rows {}", said / 9);
            let last = Instant(table.recorded(table.len() as u32 - 1));
            let broken = log.as_known_at(last).filter(|r| log.performance(*r, last) == Performance::Violated);
            let due: Vec<i64> = broken.map(|row| log.due(row) / 1000).collect();
            let _ = writeln!(out, "violated {}\nviolated-due {}", due.len(), due.iter().sum::<i64>());
        }
    }
    out.push_str(&of_process());
    latency(plan, &mut table, &mut out)?;
    Ok(out.into_bytes())
}

/// One record after another, in order and late, each settled at once.
fn latency(plan: &Plan, table: &mut Table, out: &mut String) -> Result<(), String> {
    let mut live = Live::new(plan);
    for row in 0..table.len() as u32 {
        live.insert(table, row).map_err(|e| e.to_string())?;
    }
    live.settle(Instant(table.recorded(table.len() as u32 - 1)));
    let mut chance = Chance::new(77);
    let rows = table.len() as u32;
    let (first, end) = (table.time(0), table.recorded(rows - 1));
    for (name, late) in [("in-order", false), ("late", true)] {
        let (mut times, mut changed) = (Vec::new(), 0);
        for i in 0..100_000 {
            let like = chance.below(u64::from(rows)) as u32;
            let (fact, cells) = table.cells(like);
            let cells: Vec<u32> = cells.collect();
            let now = end + (i + 1) * 1000;
            let time = match late {
                true => first + chance.below((end - first) as u64) as i64,
                false => now,
            };
            let recorded = if late { now + 100_000_000 } else { now };
            let clock = Clock::now();
            let row =
                table.push(Row { fact, time, recorded, grade: Grade::Confirmed, ends: false, cells: &cells });
            live.insert(table, row).map_err(|e| e.to_string())?;
            changed += live.settle(Instant(recorded)).len();
            times.push(micros(clock));
        }
        times.sort_by(f64::total_cmp);
        let of = |share: f64| times[(times.len() as f64 * share) as usize];
        let _ = writeln!(
            out,
            "{name}-p50 {:.2}\n{name}-p99 {:.2}\n{name}-max {:.0}",
            of(0.5),
            of(0.99),
            of(0.99999)
        );
        let _ = writeln!(out, "{name}-changed {changed}");
    }
    Ok(())
}

/// A sweep of 10,000 variants over `n` events.
pub fn sweep(n: u64) -> Vec<u8> {
    let mut chance = Chance::new(9);
    let mut time = 0;
    let times: Vec<i64> = (0..n)
        .map(|i| {
            time += chance.below(if i / 5000 % 4 == 0 { 20_000 } else { 600_000 }) as i64;
            time
        })
        .collect();
    let keys: Vec<u32> = (0..n).map(|_| chance.below(12) as u32).collect();
    let windows: Vec<i64> = (1..=50).map(|h| h * 3_600_000).collect();
    let before = cpu();
    let found = servanda_engine::columns::sweep(&times, Some(&keys), &windows, 10..=59, &[0, 2, 4, 6]);
    let taken = cpu() - before;
    let triggers: u64 = found.iter().map(|v| u64::from(v.triggers)).sum();
    format!("sweep {taken:.0}\nvariants {}\ntriggers {triggers}\n", found.len()).into_bytes()
}
