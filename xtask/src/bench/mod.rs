//! Figures: `cargo xtask bench [--runs N] [--save] [--long] [--only PART]`.
//!
//! | part | what is timed |
//! |---|---|
//! | `commands` | whole runs of the binary that a user gets |
//! | `traces` | text in, verdicts out, for each rule of `bench/rules.pact.md`, checked against answers computed another way |
//! | `links` | which reports speak of one event: figures on held-out cities beside Splink and MELTT, and time |
//! | `ledger` | the whole check of a log of a million entries |
//! | `norms` | 600 clauses of all kinds and 40 parties over ten years in the general engine |
//! | `intake` | signed detections at 200 a second over HTTP: receipts, and how far the board is behind |
//! | `users` | 600 people who open board, map and report at the cut-off |
//! | `columns` | replay, late records, questions, start and sweep over a stored history; DuckDB as the yardstick |
//!
//! Data are made with fixed seeds under `target/bench/`. Each command runs once to warm up and then N times (5 unless
//! told); the table has the median, the least and the greatest beside the figure to reach. `--long` adds ten million
//! records, a million to `norms`, ten million entries to `ledger`, half a million detections to `intake` in the place of 60,000, and ten seconds to `users`. `--save` writes the table to `bench/runs/DATE.md` (of one part, `DATE-PART.md`). Nothing here is a test:
//! machines are noisy, so it judges nothing but wrong answers.

mod columns;
mod commands;
mod intake;
mod ledger;
mod links;
mod norms;
mod table;
mod traces;
mod users;

use crate::tree;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use table::Table;

/// What all parts need to know.
struct Bench {
    root: PathBuf,
    /// Where the release binaries are.
    release: PathBuf,
    /// Where data are made.
    folder: PathBuf,
    runs: usize,
    long: bool,
}

type Part = fn(&Bench, &mut Table) -> Result<(), String>;

const PARTS: [(&str, Part); 8] = [
    ("commands", commands::run),
    ("traces", traces::run),
    ("columns", columns::run),
    ("links", links::run),
    ("ledger", ledger::run),
    ("norms", norms::run),
    ("intake", intake::run),
    ("users", users::run),
];

pub fn run(arguments: &[String]) -> ExitCode {
    match asked(arguments).and_then(|(bench, save, only)| measured(&bench, save, only.as_deref())) {
        Ok(()) => ExitCode::from(crate::FINE),
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(crate::COULD_NOT_RUN)
        }
    }
}

fn asked(arguments: &[String]) -> Result<(Bench, bool, Option<String>), String> {
    let root = tree::root();
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let (release, folder) = (target.join("release"), target.join("bench"));
    let mut bench = Bench { root, release, folder, runs: 5, long: false };
    let (mut save, mut only) = (false, None);
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        match option.as_str() {
            "--save" => save = true,
            "--long" => bench.long = true,
            "--only" => match rest.next().filter(|part| PARTS.iter().any(|(name, _)| name == part)) {
                Some(part) => only = Some(part.clone()),
                None => {
                    return Err(
                        "--only takes commands, traces, columns, links, ledger, norms, intake or users"
                            .into(),
                    );
                }
            },
            "--runs" => match rest.next().and_then(|n| n.parse().ok()).filter(|n| (1..=100).contains(n)) {
                Some(n) => bench.runs = n,
                None => return Err("--runs takes a number from 1 to 100".into()),
            },
            _ => {
                let told = crate::unknown_option(arguments, &["--save", "--runs", "--long", "--only"]);
                return Err(told.unwrap_or_default());
            }
        }
    }
    Ok((bench, save, only))
}

fn measured(bench: &Bench, save: bool, only: Option<&str>) -> Result<(), String> {
    let packages = match only {
        Some("commands") => &["-p", "servanda"][..],
        Some("intake" | "users") => &["-p", "servanda", "-p", "servanda-bench"],
        Some(_) => &["-p", "servanda-bench"],
        None => &["-p", "servanda", "-p", "servanda-bench"],
    };
    let mut build = Command::new("cargo");
    build.args(["build", "--release", "--quiet"]).args(packages).current_dir(&bench.root);
    if !build.status().is_ok_and(|status| status.success()) {
        return Err(format!(
            "the release build failed; repeat it with `cargo build --release {}`",
            packages.join(" ")
        ));
    }
    let made = std::fs::create_dir_all(&bench.folder);
    made.map_err(|e| format!("cannot make {}: {e}", bench.folder.display()))?;
    let mut table = Table::default();
    for (_, part) in PARTS.iter().filter(|(name, _)| only.is_none_or(|only| only == *name)) {
        part(bench, &mut table)?;
    }
    let text = table.rendered();
    print!("{text}");
    if save {
        let date = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().map_err(|e| e.to_string())?;
        let date = String::from_utf8_lossy(&date.stdout).trim().to_string();
        let path = bench.root.join("bench/runs").join(match only {
            Some(part) => format!("{date}-{part}.md"),
            None => format!("{date}.md"),
        });
        let write = || {
            std::fs::create_dir_all(bench.root.join("bench/runs"))?;
            std::fs::write(&path, format!("# Figures, {date}\n\n{text}"))
        };
        write().map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    }
    Ok(())
}

impl Bench {
    /// The trace tool with these arguments, a file as its input.
    fn tool(&self, arguments: &[&str], input: Option<&Path>) -> Result<Command, String> {
        let mut command = Command::new(self.release.join("servanda-bench"));
        command.args(arguments).current_dir(&self.root).stdin(Stdio::null());
        if let Some(input) = input {
            let file =
                std::fs::File::open(input).map_err(|e| format!("cannot read {}: {e}", input.display()))?;
            command.stdin(file);
        }
        Ok(command)
    }

    /// What the trace tool prints.
    fn told(&self, arguments: &[&str], input: Option<&Path>) -> Result<Vec<u8>, String> {
        told(&mut self.tool(arguments, input)?)
    }
}

/// What a command prints.
fn told(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.output().map_err(|e| format!("cannot run {command:?}: {e}"))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(format!(
            "{command:?} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// The number behind a name in lines of `name number`.
fn figure(text: &[u8], name: &str) -> Result<f64, String> {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|n| n.trim().parse().ok()).ok_or_else(|| format!("no figure `{name}` in: {text}"))
}
