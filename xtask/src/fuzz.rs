//! The search for inputs that a parser trips over: `cargo xtask fuzz [--seconds N] [TARGET ...]`.
//!
//! It builds `fuzz/` with the coverage that libFuzzer asks for, on the toolchain that builds the rest, and runs each target for
//! so many seconds (10 where none are given), from its seeds and from what earlier runs found worth keeping. What breaks a
//! parser is left under `target/fuzz/broken`, and the command that repeats it is printed.

use crate::tree;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

const USAGE: &str = "cargo xtask fuzz [--seconds N] [TARGET ...]";

/// The instrumentation that libFuzzer reads, as it comes with LLVM.
const FLAGS: &[&str] = &[
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// Inputs are not longer than this, in bytes.
const LONGEST: usize = 4096;

struct Asked {
    seconds: u64,
    targets: Vec<String>,
}

fn asked(arguments: &[String]) -> Result<Asked, String> {
    let mut asked = Asked { seconds: 10, targets: Vec::new() };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seconds" => {
                let given = rest.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0);
                asked.seconds = given.ok_or("`--seconds` needs a number of seconds")?;
            }
            option if option.starts_with('-') => {
                return Err(format!("`{option}` is not known here: {USAGE}"));
            }
            target => asked.targets.push(target.to_string()),
        }
    }
    Ok(asked)
}

pub fn run(arguments: &[String]) -> ExitCode {
    match asked(arguments).and_then(|asked| searched(&asked)) {
        Ok(true) => ExitCode::from(crate::FINE),
        Ok(false) => ExitCode::from(crate::NO),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(crate::COULD_NOT_RUN)
        }
    }
}

/// Whether no parser tripped.
fn searched(asked: &Asked) -> Result<bool, String> {
    let place = place();
    let program = built(&place)?;
    let listed = output(Command::new(&program).env("SERVANDA_FUZZ", "list"))?;
    let known: Vec<&str> = listed.lines().collect();
    if let Some(stranger) = asked.targets.iter().find(|target| !known.contains(&target.as_str())) {
        return Err(format!("no target is called `{stranger}`; there are: {}", known.join(", ")));
    }
    let meant =
        known.iter().filter(|name| asked.targets.is_empty() || asked.targets.iter().any(|t| t == *name));
    let mut broken = Vec::new();
    let mut count = 0;
    for name in meant {
        count += 1;
        if !one(&program, &place, name, asked.seconds)? {
            broken.push(*name);
        }
    }
    if broken.is_empty() {
        println!("fuzz: {count} parsers read what they were given, {} s each", asked.seconds);
    } else {
        println!(
            "fuzz: broken: {}; the inputs are under {}",
            broken.join(", "),
            place.join("broken").display()
        );
    }
    Ok(broken.is_empty())
}

/// Where everything of a search is: next to what cargo builds.
fn place() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    tree::root().join(target).join("fuzz")
}

fn built(place: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let host = output(Command::new("rustc").arg("-vV"))?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc names no host")?;
    let mut command = Command::new(cargo);
    command
        .current_dir(tree::root().join("fuzz"))
        .args(["build", "--release", "--locked", "--quiet", "--target", host, "--target-dir"])
        .arg(place)
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    match command.status() {
        Ok(status) if status.success() => Ok(place.join(host).join("release").join("servanda-fuzz")),
        Ok(_) => Err("the targets could not be built".to_string()),
        Err(e) => Err(format!("cargo could not be started: {e}")),
    }
}

fn one(program: &Path, place: &Path, name: &str, seconds: u64) -> Result<bool, String> {
    let kept = place.join("kept").join(name);
    let broken = place.join("broken").join(name);
    for folder in [&kept, &broken] {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    output(Command::new(program).env("SERVANDA_FUZZ", name).env("SERVANDA_FUZZ_SEEDS", &kept))?;
    let ran = Command::new(program)
        .env("SERVANDA_FUZZ", name)
        .arg(&kept)
        .arg(format!("-artifact_prefix={}/", broken.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={LONGEST}"))
        .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-seed=1"])
        .stdin(Stdio::null())
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let said = String::from_utf8_lossy(&ran.stderr);
    let runs = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    println!("fuzz {name}: {} inputs", runs.unwrap_or("an unknown number of").trim());
    if !ran.status.success() {
        eprintln!("{said}");
        eprintln!("to repeat it: SERVANDA_FUZZ={name} {} {}/FILE", program.display(), broken.display());
    }
    Ok(ran.status.success())
}

fn output(command: &mut Command) -> Result<String, String> {
    let ran = command.stdin(Stdio::null()).output().map_err(|e| format!("{command:?}: {e}"))?;
    match ran.status.success() {
        true => Ok(String::from_utf8_lossy(&ran.stdout).into_owned()),
        false => Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&ran.stderr))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(arguments: &[&str]) -> Result<Asked, String> {
        super::asked(&arguments.iter().map(|a| a.to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn seconds_and_targets_are_read() {
        let read = asked(&["cap", "--seconds", "3", "note"]).unwrap();
        assert_eq!((read.seconds, read.targets), (3, vec!["cap".to_string(), "note".to_string()]));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(asked(&["--seconds"]).is_err());
        assert!(asked(&["--seconds", "0"]).is_err());
        assert!(asked(&["--forever"]).err().unwrap().contains("--forever"));
    }
}
