//! House tasks: `cargo xtask TASK`.
//!
//! Each task is one module with one public `run`. To add a task, write the module and add one line to [`TASKS`].
//!
//! Never: part of what a user gets. Nothing in the other crates may depend on this one.
//!
//! Start at [`tidy`] for the house rules and at [`ci`] for what has to pass before a change goes in.

#![allow(clippy::disallowed_methods, reason = "the edge: a task may read the clock to say how long it took")]

mod bench;
mod ci;
mod dependencies;
mod dist;
mod fuzz;
mod mutants;
mod rust_source;
mod sim;
mod tidy;
mod tree;

use std::process::ExitCode;

/// What `cargo xtask NAME ARGUMENTS` does.
struct Task {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> ExitCode,
}

const TASKS: &[Task] = &[
    Task { name: "bench", about: "figures; --runs N, --long, --only PART, --save", run: bench::run },
    Task {
        name: "ci",
        about: "everything that has to pass; --quick leaves the release steps out",
        run: ci::run,
    },
    Task {
        name: "dependencies",
        about: "what is linked; --bill for scanners, --advisories DIR against a copy of the advisory database",
        run: dependencies::run,
    },
    Task {
        name: "dist",
        about: "the Debian package; --no-build takes the binaries that are there, --pdf, --out DIR",
        run: dist::run,
    },
    Task {
        name: "fuzz",
        about: "the search for inputs that a parser trips over; --seconds N, TARGET ...",
        run: fuzz::run,
    },
    Task {
        name: "mutants",
        about: "one token wrong, at every place of every example: what shows it, counted",
        run: mutants::run,
    },
    Task {
        name: "sim",
        about: "the long search for differences between engine and reference; --seed N --worlds M",
        run: sim::run,
    },
    Task { name: "tidy", about: "the house rules; --rules lists them", run: tidy::run },
];

/// The task did what it was asked, and the answer is yes.
const FINE: u8 = 0;
/// The task did what it was asked, and the answer is no.
const NO: u8 = 1;
/// The task could not run.
const COULD_NOT_RUN: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", help());
        return ExitCode::from(FINE);
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        print!("{}", help());
        return ExitCode::from(FINE);
    }
    match TASKS.iter().find(|task| task.name == name) {
        Some(task) => (task.run)(rest),
        None => {
            eprintln!("no task is called `{name}`\n\n{}", help());
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

fn help() -> String {
    let mut text = String::from("cargo xtask TASK\n\n");
    for task in TASKS {
        text.push_str(&format!("  {:<8} {}\n", task.name, task.about));
    }
    text
}

/// Says which of `given` is not among the options of a task, with what to do instead.
fn unknown_option(given: &[String], known: &[&str]) -> Option<String> {
    let stranger = given.iter().find(|option| !known.contains(&option.as_str()))?;
    Some(match known {
        [] => format!("`{stranger}` is not known here: this task takes no options"),
        _ => format!("`{stranger}` is not known here; known are {}", known.join(" ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_stands_in_the_help() {
        for task in TASKS {
            assert!(help().contains(task.name) && help().contains(task.about));
        }
    }

    #[test]
    fn an_unknown_option_is_named_with_the_known_ones() {
        let given = ["--quik".to_string()];
        assert_eq!(
            unknown_option(&given, &["--quick"]).unwrap(),
            "`--quik` is not known here; known are --quick"
        );
        assert_eq!(unknown_option(&["--quick".to_string()], &["--quick"]), None);
    }
}
