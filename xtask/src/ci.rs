//! Everything that has to pass before a change goes in: `cargo xtask ci`, in the order of cost, up to the first failure.
//!
//! A step that cannot mean anything yet (no such folder, no such command) is skipped, and says so. To add a step, add it
//! to [`steps`].
//!
//! Invariants:
//! - Every step has a command that repeats it alone, and that command is printed when it fails.
//! - `--quick` leaves out exactly the steps that need a further build: release, parsers, PDF.

use crate::tree;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// Where scenarios stand; the binary runs those that exist.
const SCENARIO_FOLDERS: &[&str] = &["tests/scenarios", "tests/agreed", "examples"];

struct Step {
    name: &'static str,
    /// Environment set for this step only.
    environment: Vec<(&'static str, &'static str)>,
    /// Program and arguments.
    command: Vec<String>,
    /// Needs a build of its own.
    release: bool,
    /// Why the step means nothing here and now, asked just before it would run.
    skip: fn(&Path) -> Option<String>,
}

impl Step {
    fn new(name: &'static str, command: &str) -> Step {
        let command = command.split_whitespace().map(str::to_string).collect();
        Step { name, environment: Vec::new(), command, release: false, skip: |_| None }
    }

    /// What a person types to run the step alone.
    fn repeat(&self) -> String {
        let settings = self.environment.iter().map(|(name, value)| format!("{name}='{value}'"));
        settings.chain([self.command.join(" ")]).collect::<Vec<_>>().join(" ")
    }
}

fn steps(root: &Path, has_nextest: bool) -> Vec<Step> {
    let tests = if has_nextest {
        Step::new("tests", "cargo nextest run --workspace")
    } else {
        Step::new("tests", "cargo test --workspace --lib --bins --tests --examples")
    };
    let scenario_folders: Vec<&str> =
        SCENARIO_FOLDERS.iter().copied().filter(|folder| root.join(folder).is_dir()).collect();
    vec![
        Step::new("format", "cargo fmt --all --check"),
        Step::new("lints", "cargo clippy --workspace --all-targets -- -D warnings"),
        Step::new("house rules", "cargo xtask tidy"),
        tests,
        Step::new("examples in the documentation", "cargo test --workspace --doc"),
        Step {
            environment: vec![("RUSTDOCFLAGS", "-D warnings")],
            ..Step::new("documentation", "cargo doc --no-deps --workspace")
        },
        Step {
            skip: |_| match std::env::var_os("SERVANDA_ADVISORIES") {
                Some(_) => None,
                None => Some(
                    "SERVANDA_ADVISORIES names no copy of the advisory database (SECURITY.md)".to_string(),
                ),
            },
            ..Step::new("known vulnerabilities", "cargo xtask dependencies --advisories")
        },
        Step {
            release: true,
            skip: |root| match SCENARIO_FOLDERS.iter().any(|folder| root.join(folder).is_dir()) {
                false => Some("there are no scenarios yet".to_string()),
                true if !has_command(root, "test") => {
                    Some("the binary has no command `test` yet".to_string())
                }
                true => None,
            },
            ..Step::new(
                "scenarios, as a user runs them",
                &format!(
                    "cargo run --quiet --release --package servanda -- test {}",
                    scenario_folders.join(" ")
                ),
            )
        },
        // Takes the binary that a step before it has built: the release build, with `--quick` that of the tests.
        Step {
            skip: no_browser,
            ..Step::new("pages in a browser", "node --test-reporter=spec tests/browser/journeys.mjs")
        },
        Step { skip: no_node, ..Step::new("the extension of an editor", "node --test editors/vscode/test/") },
        // Outside of the workspace, with a target folder of its own; see pdf/Cargo.toml.
        Step {
            release: true,
            ..Step::new(
                "the report as PDF",
                "cargo test --locked --manifest-path pdf/Cargo.toml --target-dir target/pdf",
            )
        },
        // Outside of the workspace, with a target folder of its own; see solver/Cargo.toml.
        Step {
            release: true,
            ..Step::new(
                "HiGHS, a program of its own",
                "cargo test --locked --manifest-path solver/Cargo.toml --target-dir target/solver",
            )
        },
        // Takes the program that the step before it has built.
        Step {
            release: true,
            ..Step::new(
                "schedules with HiGHS",
                "env SERVANDA_HIGHS=target/solver/debug/servanda-highs cargo test --package servanda-solve --test highs",
            )
        },
        Step { release: true, ..Step::new("parsers, five seconds each", "cargo xtask fuzz --seconds 5") },
    ]
}

pub fn run(arguments: &[String]) -> ExitCode {
    if let Some(complaint) = crate::unknown_option(arguments, &["--quick"]) {
        eprintln!("{complaint}");
        return ExitCode::from(crate::COULD_NOT_RUN);
    }
    let quick = !arguments.is_empty();
    let root = tree::root();
    let steps = steps(&root, has_nextest(&root));
    let begun = Instant::now();
    let mut skipped = 0;
    for (index, step) in steps.iter().enumerate() {
        let title = format!("[{}/{}] {}", index + 1, steps.len(), step.name);
        let reason = if quick && step.release { Some("--quick".to_string()) } else { (step.skip)(&root) };
        if let Some(reason) = reason {
            println!("{title}: skipped, {reason}");
            skipped += 1;
            continue;
        }
        println!("{title}: {}", step.repeat());
        let step_begun = Instant::now();
        let outcome = perform(step, &root);
        let elapsed = seconds(step_begun.elapsed());
        match outcome {
            Ok(true) => println!("{title}: passed in {elapsed}"),
            Ok(false) => {
                println!("{title}: FAILED after {elapsed}; to repeat it:\n\n    {}\n", step.repeat());
                return ExitCode::from(crate::NO);
            }
            Err(error) => {
                println!("{title}: could not run `{}`: {error}", step.command[0]);
                return ExitCode::from(crate::COULD_NOT_RUN);
            }
        }
    }
    let passed = steps.len() - skipped;
    println!("ci: {passed} steps passed, {skipped} skipped, in {}", seconds(begun.elapsed()));
    ExitCode::from(crate::FINE)
}

fn perform(step: &Step, root: &Path) -> std::io::Result<bool> {
    let mut command = Command::new(&step.command[0]);
    command
        .args(&step.command[1..])
        .envs(step.environment.iter().copied())
        .current_dir(root)
        .stdin(Stdio::null());
    Ok(command.status()?.success())
}

fn has_nextest(root: &Path) -> bool {
    let mut command = Command::new("cargo");
    command.args(["nextest", "--version"]).current_dir(root);
    command.output().is_ok_and(|output| output.status.success())
}

/// Why nothing is run with Node. On a machine that must have it, the step itself fails and says why.
fn no_node(_: &Path) -> Option<String> {
    if std::env::var_os("SERVANDA_FOREIGN").is_some_and(|must| must == "must") {
        return None;
    }
    let runs = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    (!runs).then(|| "there is no Node".to_string())
}

/// Why no browser can be driven. On a machine that must be able to, the step itself fails and says why.
fn no_browser(root: &Path) -> Option<String> {
    if std::env::var_os("SERVANDA_FOREIGN").is_some_and(|must| must == "must") {
        return None;
    }
    let runs =
        |program: &str| Command::new(program).arg("--version").output().is_ok_and(|o| o.status.success());
    if !runs("node") {
        return Some(
            "THE PAGES ARE NOT LOOKED AT: there is no Node; see tests/browser/README.md".to_string(),
        );
    }
    if !root.join("tests/browser/node_modules").is_dir() {
        return Some("THE PAGES ARE NOT LOOKED AT: run `npm ci` in tests/browser".to_string());
    }
    None
}

/// Whether the binary's own help lists a command.
fn has_command(root: &Path, name: &str) -> bool {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--package", "servanda", "--", "--help"]).current_dir(root);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    output.is_ok_and(|output| lists_command(&String::from_utf8_lossy(&output.stdout), name))
}

fn lists_command(help: &str, name: &str) -> bool {
    help.lines().any(|line| line.split_whitespace().next() == Some(name))
}

fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02} s", duration.as_secs() / 60, duration.as_secs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_repeated_with_its_environment() {
        let steps = steps(Path::new("nowhere"), true);
        let documentation = steps.iter().find(|step| step.name == "documentation").unwrap();
        assert_eq!(documentation.repeat(), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --workspace");
    }

    #[test]
    fn without_nextest_the_tests_run_all_the_same() {
        let command = |has_nextest| steps(Path::new("nowhere"), has_nextest)[3].repeat();
        assert_eq!(command(true), "cargo nextest run --workspace");
        assert_eq!(command(false), "cargo test --workspace --lib --bins --tests --examples");
    }

    #[test]
    fn a_command_counts_when_the_help_lists_it() {
        let help = "Commands:\n  check  reads an agreement\n  test   runs scenarios\n";
        assert!(
            lists_command(help, "test") && !lists_command(help, "scenarios") && !lists_command(help, "tes")
        );
    }

    #[test]
    fn times_read_well() {
        assert_eq!(seconds(Duration::from_millis(1_250)), "1.2 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
