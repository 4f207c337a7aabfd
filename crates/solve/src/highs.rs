//! HiGHS, by the program `servanda-highs`: found beside this one or on the PATH, handed lines of text, asked for lines of text.
//!
//! It is a program of its own because HiGHS is C++ and takes longer to compile than all the rest; `solver/src/lib.rs` has the lines. This
//! crate writes and reads them by itself, so that a program that does not agree is refused and not believed.
//!
//! Invariants
//! - it is given nothing but the program, on its standard input; it sees no variable but the PATH;
//! - where seconds were given it is ended when it takes much longer than that;
//! - what it says is held against the program before it is given on.

use servanda_plan::Refusal;
use servanda_plan::program::{Effort, Found, Program, Sense, Solver, Stopped};
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How it is called.
const NAME: &str = "servanda-highs";
/// What it may take beyond its own seconds, to read and to write.
const MORE: Duration = Duration::from_secs(20);
/// No answer is longer.
const BYTES: u64 = 200_000_000;

/// The program, where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Highs {
    program: PathBuf,
    name: String,
}

fn refused(what: impl std::fmt::Display) -> Refusal {
    Refusal::new(
        format!("`{NAME}` failed: {what}"),
        "build it from the same source as servanda (`cargo install --path solver`), or take it away: the solver that ships is asked then",
    )
}

impl Highs {
    /// The program beside this one, else the first on the PATH; none where there is none that says its version.
    pub fn found() -> Option<Highs> {
        let beside = std::env::current_exe().ok().map(|own| own.with_file_name(NAME));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(NAME));
        beside.into_iter().chain(on_path).filter(|file| file.is_file()).find_map(Highs::at)
    }

    /// The program in that file, where it says its version.
    pub fn at(program: PathBuf) -> Option<Highs> {
        let said = Command::new(&program).arg("--version").stdin(Stdio::null()).output().ok()?;
        let name = String::from_utf8(said.stdout).ok()?.trim().to_string();
        (said.status.success() && name.starts_with(NAME)).then_some(Highs { program, name })
    }

    fn run(&self, asked: &str, seconds: Option<u64>) -> Result<String, Refusal> {
        let mut child = Command::new(&self.program)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(refused)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let until = seconds.map(|seconds| now() + Duration::from_secs(seconds) + MORE);
        // Each pipe has a thread, so that none waits for another.
        std::thread::scope(|scope| {
            let sending =
                scope.spawn(move || stdin.map_or(Ok(()), |mut pipe| pipe.write_all(asked.as_bytes())));
            let reading = scope.spawn(move || read(stdout, BYTES));
            let hearing = scope.spawn(move || read(stderr, 4_000));
            let ended = loop {
                match child.try_wait() {
                    Ok(Some(status)) => break Ok(status),
                    Ok(None) if until.is_some_and(|until| now() > until) => {
                        // It may have ended just now.
                        let _ = child.kill();
                        let _ = child.wait();
                        break Err(refused("it took much longer than it was given, and was ended"));
                    }
                    Ok(None) => std::thread::sleep(Duration::from_millis(5)),
                    Err(wrong) => break Err(refused(wrong)),
                }
            };
            let answered = reading.join().unwrap_or_default();
            let said = hearing.join().unwrap_or_default();
            let sent = sending.join().unwrap_or(Ok(()));
            if !ended?.success() {
                return Err(refused(said.trim().trim_start_matches("error: ")));
            }
            sent.map_err(refused)?;
            Ok(answered)
        })
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "how long another program took says when to end it, and nothing else"
)]
fn now() -> Instant {
    Instant::now()
}

fn read(pipe: Option<impl Read>, most: u64) -> String {
    let mut bytes = Vec::new();
    // What cannot be read is missing from the answer, which is then refused.
    let _ = pipe.map(|pipe| pipe.take(most).read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A program as lines.
fn lines(program: &Program, effort: Effort, hint: Option<&[f64]>) -> String {
    let mut out = format!("program 1\ngap {}\nnodes {}\n", effort.gap, effort.nodes);
    if let Some(seconds) = effort.seconds {
        let _ = writeln!(out, "seconds {seconds}");
    }
    for of in &program.columns {
        let kind = if of.whole { "whole" } else { "real" };
        let _ = writeln!(out, "column {} {} {} {kind}", of.cost, of.low, of.high);
    }
    for row in &program.rows {
        let sense = match row.sense {
            Sense::AtMost => "atmost",
            Sense::AtLeast => "atleast",
            Sense::Equal => "equal",
        };
        let _ = write!(out, "row {sense} {}", row.bound);
        for (column, factor) in &row.terms {
            let _ = write!(out, " {column} {factor}");
        }
        out.push('\n');
    }
    if let Some(values) = hint {
        out.push_str("hint");
        values.iter().for_each(|value| {
            let _ = write!(out, " {value}");
        });
        out.push('\n');
    }
    out + "end\n"
}

/// What the lines of an answer say.
fn found(text: &str) -> Result<Found, String> {
    let strange =
        |line: &str| format!("its line `{}` is not known", line.chars().take(60).collect::<String>());
    let mut lines = text.lines();
    if lines.next() != Some("solution 1") {
        return Err("it gave no `solution 1`".into());
    }
    let (mut stopped, mut bound, mut values, mut whole) = (None, None, None, false);
    for line in lines {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("found", "impossible") => return Ok(Found::Impossible),
            ("found", "nothing nodes") => return Ok(Found::NothingYet(Stopped::Nodes)),
            ("found", "nothing clock") => return Ok(Found::NothingYet(Stopped::Clock)),
            ("found", word) => {
                stopped = Some(match word {
                    "proved" => Stopped::Proved,
                    "gap" => Stopped::Gap,
                    "nodes" => Stopped::Nodes,
                    "clock" => Stopped::Clock,
                    _ => return Err(strange(line)),
                });
            }
            ("bound", text) => {
                bound = Some(text.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(|| strange(line))?)
            }
            ("values", text) => {
                let all: Result<Vec<f64>, _> = text.split_whitespace().map(str::parse::<f64>).collect();
                values = Some(all.map_err(|_| strange(line))?);
            }
            ("end", "") => whole = true,
            _ => return Err(strange(line)),
        }
    }
    match (stopped, values) {
        (Some(stopped), Some(values)) if whole => Ok(Found::Solution { values, bound, stopped, nodes: 0 }),
        _ => Err("its answer is not whole".into()),
    }
}

impl Solver for Highs {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn solve(&self, program: &Program, effort: Effort, hint: Option<&[f64]>) -> Result<Found, Refusal> {
        let answered = self.run(&lines(program, effort, hint), effort.seconds)?;
        let found = found(&answered).map_err(refused)?;
        if let Found::Solution { values, .. } = &found
            && let Some(wrong) = program.broken_by(values)
        {
            return Err(refused(format!("what it found is no solution: {wrong}")));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_written_as_the_solver_reads_it() {
        let mut program = Program::default();
        let x = program.whole(2.5, 3.0);
        let y = program.real(1.0, f64::INFINITY);
        let z = program.whole(0.5, 2.0);
        program.columns[z].low = 1.0;
        program.row(vec![(x, 2.0), (y, 1.0)], Sense::AtLeast, 7.0);
        program.row(vec![(x, 1.0), (y, 1.0), (z, 1.0)], Sense::AtMost, 9.5);
        program.row(vec![(z, 1.0)], Sense::Equal, 1.0);
        let effort = Effort { gap: 0.0, nodes: 1000, seconds: Some(60) };
        // The solver's own tests solve this text.
        let text = lines(&program, effort, Some(&[2.0, 3.0, 1.0]));
        assert_eq!(text, include_str!("../../../solver/tests/asked.txt"));
    }

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let solution = "solution 1\nfound gap\nbound 7.5\nvalues 0 7.0 1\nend\n";
        let of = Found::Solution {
            values: vec![0.0, 7.0, 1.0],
            bound: Some(7.5),
            stopped: Stopped::Gap,
            nodes: 0,
        };
        assert_eq!(found(solution), Ok(of));
        assert_eq!(found("solution 1\nfound impossible\nend\n"), Ok(Found::Impossible));
        assert_eq!(found("solution 1\nfound nothing clock\nend\n"), Ok(Found::NothingYet(Stopped::Clock)));
        for (text, words) in [
            ("", "no `solution 1`"),
            ("solution 1\nfound gap\nvalues 1\n", "not whole"),
            ("solution 1\nfound gap\nend\n", "not whole"),
            ("solution 1\nfound luck\nend\n", "`found luck` is not known"),
            ("solution 1\nfound gap\nvalues 1 x\nend\n", "`values 1 x` is not known"),
            ("solution 1\nbound inf\n", "`bound inf` is not known"),
        ] {
            assert!(found(text).unwrap_err().contains(words), "{text}");
        }
    }
}
