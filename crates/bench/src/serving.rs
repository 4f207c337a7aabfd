//! A server that is started as a user would start it, and what it and the machine have used meanwhile.
//!
//! It knows no load: those are in `intake` and `users`.
//!
//! Start at [`Serving`].

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// After so long without an answer the run is given up.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// A server that is ended with the run.
pub struct Serving {
    child: Child,
    /// Where it listens.
    pub address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    /// Starts it on a workspace, with as many open files as the system allows.
    pub fn start(binary: &Path, workspace: &Path, options: &[&str]) -> Result<Serving, String> {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\""]).arg(binary);
        command.arg("serve").arg(workspace).args(options);
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let child = started.map_err(|e| format!("cannot run {}: {e}", binary.display()))?;
        let mut serving = Serving { child, address: String::new() };
        let mut line = String::new();
        if let Some(out) = serving.child.stdout.as_mut() {
            BufReader::new(out).read_line(&mut line).map_err(|e| e.to_string())?;
        }
        let url = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://").or(word.strip_prefix("https://")));
        serving.address = url.ok_or_else(|| format!("the server did not start: {line}"))?.to_string();
        Ok(serving)
    }

    /// Tells it to end, as a system does, and waits: what it took in is then in its log.
    pub fn end(mut self) -> Result<(), String> {
        ran(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            match self.child.try_wait().map_err(|e| e.to_string())? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("the server ended with {status}")),
                None => std::thread::sleep(Duration::from_millis(100)),
            }
        }
        Err("the server did not end when it was told to".into())
    }

    /// CPU seconds so far, of the program and of the system for it; memory now and at its greatest, in MB.
    pub fn figures(&self) -> Result<Figures, String> {
        let read = |name: &str| {
            let path = format!("/proc/{}/{name}", self.child.id());
            std::fs::read_to_string(&path).map_err(|e| format!("cannot read {path}: {e}"))
        };
        let stat = read("stat")?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
        let status = read("status")?;
        let kb = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
        };
        // A tick is a hundredth of a second wherever Linux runs.
        let (user, system) = (ticks(11) / 100.0, ticks(12) / 100.0);
        Ok(Figures { user, system, memory: kb("VmRSS:"), peak: kb("VmHWM:") })
    }
}

/// What a process has used.
pub struct Figures {
    /// CPU of the program.
    pub user: f64,
    /// CPU of the system for it.
    pub system: f64,
    /// Memory now.
    pub memory: f64,
    /// At its greatest.
    pub peak: f64,
}

/// CPU seconds that the whole machine has worked so far.
pub fn worked() -> Result<f64, String> {
    let stat = std::fs::read_to_string("/proc/stat").map_err(|e| format!("cannot read /proc/stat: {e}"))?;
    let line = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // All but idling and waiting for the disk.
    Ok(ticks.iter().enumerate().filter(|(at, _)| *at != 3 && *at != 4).map(|(_, n)| n).sum::<f64>() / 100.0)
}

/// Runs a command that has to end well.
pub fn ran(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|e| format!("cannot run {command:?}: {e}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Median, 90 and 99 of 100, and the greatest, as lines.
pub fn spread(out: &mut String, name: &str, mut all: Vec<f64>) {
    all.sort_by(f64::total_cmp);
    let of = |share: f64| all.get(((all.len() as f64 * share) as usize).min(all.len().saturating_sub(1)));
    for (end, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)] {
        let _ = writeln!(out, "{name}-{end} {:.2}", of(share).copied().unwrap_or(f64::NAN));
    }
}
