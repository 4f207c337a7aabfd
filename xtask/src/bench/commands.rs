//! Whole runs of the binary. To add a figure, add it to [`figures`].

use super::Bench;
use super::table::Table;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// A command whose whole run is timed.
struct Figure {
    name: &'static str,
    /// What the issue that asked for it wants, in words.
    reach: &'static str,
    arguments: Vec<String>,
}

pub fn run(bench: &Bench, table: &mut Table) -> Result<(), String> {
    let binary = bench.release.join("servanda");
    for figure in figures(&bench.root, &bench.folder, &binary)? {
        let mut times = Vec::new();
        for round in 0..=bench.runs {
            let before = Instant::now();
            let status = Command::new(&binary)
                .args(&figure.arguments)
                .current_dir(&bench.root)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .stdin(Stdio::null())
                .status()
                .map_err(|e| format!("cannot run {}: {e}", binary.display()))?;
            if status.code() != Some(0) {
                return Err(format!("`servanda {}` ended with {status}", figure.arguments.join(" ")));
            }
            if round > 0 {
                times.push(before.elapsed().as_secs_f64() * 1000.0);
            }
        }
        table.row(figure.name, figure.reach, "ms", times);
    }
    let size = std::fs::metadata(&binary).map_err(|e| e.to_string())?.len();
    table.row("size of the binary", "40 MB", "MB", vec![size as f64 / 1e6]);
    Ok(())
}

fn figures(root: &Path, folder: &Path, binary: &Path) -> Result<Vec<Figure>, String> {
    let clauses = folder.join("600-clauses.pact.md");
    std::fs::write(&clauses, many_clauses(600)).map_err(|e| e.to_string())?;
    let records = folder.join("exercise.jsonl");
    let made = Command::new(binary)
        .args(["exercise", "--seed", "5", "--days", "730", "--incidents", "0.6", "--force", "--out"])
        .arg(&records)
        .current_dir(root)
        .stdout(Stdio::null())
        .status();
    if !made.is_ok_and(|s| s.success()) {
        return Err("`servanda exercise` failed".into());
    }
    let all = std::fs::read_to_string(&records).map_err(|e| e.to_string())?;
    let first: String = all.lines().take(3000).flat_map(|l| [l, "\n"]).collect();
    let three = folder.join("exercise-3000.jsonl");
    std::fs::write(&three, first).map_err(|e| e.to_string())?;
    let owned = |list: &[&str]| list.iter().map(|s| s.to_string()).collect::<Vec<_>>();
    let path = |p: &Path| p.display().to_string();
    let berlin = "examples/berlin-framework/berlin-framework.pact.md";
    Ok(vec![
        Figure { name: "check, 600 clauses", reach: "150 ms", arguments: owned(&["check", &path(&clauses)]) },
        Figure {
            name: "status, Berlin framework, 3,000 exercise records",
            reach: "5 s",
            arguments: owned(&[
                "status",
                "--agreement",
                berlin,
                "--records",
                &path(&three),
                "--at",
                "2028-03-01T00:00",
            ]),
        },
        Figure { name: "start (--version)", reach: "-", arguments: owned(&["--version"]) },
    ])
}

/// An agreement of n clauses with a duty or a ban each, of the forms that real texts have.
fn many_clauses(n: usize) -> String {
    let mut text = String::from(
        "# A long agreement\n\n```pact\nagreement long\n  status      binding\n  in force    2026-01-01\n  time zone   Europe/Kyiv\n  \
         counting    event day excluded\n  months      round down\n\nbody commission\n\nparty Alpha\nparty Beta\nparty Gamma\n\
         group sides\n  members     Alpha, Beta, Gamma\n\nevent notice\n  says        \"{by} gives notice to {to}\"\n  \
         carries     by: party, to: body\n\nevent incident\n  says        \"{by} causes an incident\"\n  \
         carries     by: party, persons: number\n\nmeasure strength\n  says        \"strength of {of}\"\n  carries     of: party\n  unit        persons\n```\n",
    );
    for i in 0..n {
        let (hours, limit) = (i % 71 + 1, (i % 40 + 1) * 1000);
        let (words, rule) = match i % 3 {
            0 => (
                format!("Each side gives notice to the commission within {hours} hours of an incident."),
                format!(
                    "duty notice-{i}\n  bearer      each of sides\n  owed to     commission\n  when        incident by bearer\n  \
                     must        do notice by bearer to commission\n  within      {hours} hours\n  seen by     commission\n  \
                     per         \"within {hours} hours of an incident\"\n"
                ),
            ),
            1 => (
                format!("No side keeps more than {limit} persons under arms."),
                format!(
                    "ban strength-{i}\n  bearer      each of sides\n  owed to     every other of sides\n  from        in-force\n  \
                     must not    keep strength of bearer > {limit}\n  seen by     commission\n  per         \"more than {limit} persons\"\n"
                ),
            ),
            _ => (
                format!(
                    "When {hours} incidents occur within any 72 hours, each side consults within {hours} hours."
                ),
                format!(
                    "term wave-{i}\n  means       count of incident in any 72 hours >= {hours}\n  per         \"within any 72 hours\"\n\n\
                     duty consult-{i}\n  bearer      each of sides\n  owed to     commission\n  when        wave-{i} begins\n  \
                     must        do notice by bearer to commission\n  within      {hours} hours\n  seen by     commission\n  \
                     per         \"each side consults within {hours} hours\"\n"
                ),
            ),
        };
        let _ = write!(text, "\n## Clause {}\n\n> {words}\n\n```pact\n{rule}```\n", i + 1);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_agreement_has_its_clauses() {
        let text = many_clauses(600);
        assert_eq!(text.matches("\n## Clause ").count(), 600);
        assert_eq!(text.matches("\nduty ").count() + text.matches("\nban ").count(), 600 - 200 + 200);
    }
}
