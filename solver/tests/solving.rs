//! Programs whose answers are known, against HiGHS; broken lines; the program as it is run.

use servanda_highs::{Found, HIGHS, Program, Stopped, solve};
use std::io::Write;
use std::process::{Command, Stdio};

/// The same text is what `crates/solve` writes for the same program.
const ASKED: &str = include_str!("asked.txt");

fn solved(text: &str) -> Found {
    solve(&Program::read(text).unwrap()).unwrap()
}

#[test]
fn a_program_is_solved_and_proved() {
    // 2.5 x + y + 0.5 with 2 x + y >= 7: 2.5 for two is dearer than 1 for one, so x is 0 and y is 7.
    let Found::Solution { values, bound, stopped } = solved(ASKED) else { panic!() };
    assert_eq!(stopped, Stopped::Proved);
    assert!(
        values.iter().zip([0.0, 7.0, 1.0]).all(|(is, is_known)| (is - is_known).abs() < 1e-6),
        "{values:?}"
    );
    assert!((bound.unwrap() - 7.5).abs() < 1e-6);
}

#[test]
fn whole_numbers_are_whole_and_nothing_that_was_tried_is_cheaper() {
    for seed in 0..40_u32 {
        let at = |k: u32, n: u32| (seed.wrapping_mul(2_654_435_761) >> (k % 28)) % n;
        let costs = [3 + at(1, 9), 4 + at(5, 9), 2 + at(9, 9)];
        let factors = [2 + at(3, 5), 3 + at(7, 5), 1 + at(11, 4)];
        let bound = 7 + at(13, 20);
        let columns: String = costs.iter().map(|cost| format!("column {cost} 0 6 whole\n")).collect();
        let terms: String = factors.iter().enumerate().map(|(c, factor)| format!(" {c} {factor}")).collect();
        let text =
            format!("program 1\ngap 0\n{columns}row atleast {bound}{terms}\nrow atmost 9 0 1 1 1 2 1\nend\n");
        let mut least: Option<u32> = None;
        for x in 0..=6 {
            for y in 0..=6 {
                for z in 0..=6 {
                    if x * factors[0] + y * factors[1] + z * factors[2] >= bound && x + y + z <= 9 {
                        let cost = x * costs[0] + y * costs[1] + z * costs[2];
                        least = Some(least.map_or(cost, |known| known.min(cost)));
                    }
                }
            }
        }
        match (solved(&text), least) {
            (Found::Solution { values, stopped, bound }, Some(least)) => {
                let cost: f64 = values.iter().zip(costs).map(|(n, cost)| n * f64::from(cost)).sum();
                assert!((cost - f64::from(least)).abs() < 1e-5, "{seed}: {cost} and {least}");
                assert!(stopped == Stopped::Proved && bound.is_some_and(|bound| bound <= cost + 1e-5));
                assert!(values.iter().all(|n| (n - n.round()).abs() < 1e-5));
            }
            (Found::Impossible, None) => {}
            (found, least) => panic!("{seed}: {found:?}, and by trying {least:?}"),
        }
    }
}

#[test]
fn what_is_impossible_is_said_to_be_and_the_answer_has_its_lines() {
    let none = solved("program 1\ncolumn 1 0 3 whole\nrow atleast 4 0 1\nend\n");
    assert_eq!(
        (none.clone(), none.lines().as_str()),
        (Found::Impossible, "solution 1\nfound impossible\nend\n")
    );
    let half = solved("program 1\ncolumn 1 0 3 whole\nrow equal 1 0 2\nend\n");
    assert_eq!(half, Found::Impossible, "two of it are never one");
    let real = solved("program 1\ncolumn 1 0 3 real\nrow equal 1 0 2\nend\n");
    assert_eq!(real.lines(), "solution 1\nfound proved\nbound 0.5\nvalues 0.5\nend\n");
}

#[test]
fn broken_lines_are_named() {
    for (text, words) in [
        ("", "line 1: `` is no `program 1`"),
        ("program 2\nend\n", "line 1: `program 2` is no `program 1`"),
        ("program 1\n", "ends before its `end`"),
        ("program 1\ncolumn 1 0 3\nend\n", "line 2: `3` is neither `whole` nor `real`"),
        (
            "program 1\ncolumn 1 4 3 real\nend\n",
            "line 2: the column has no cost, or its low is above its high",
        ),
        ("program 1\ncolumn x 0 3 real\nend\n", "line 2: `x` is no number"),
        ("program 1\nrow atmost 1 0 1\nend\n", "line 2: there is no column 0"),
        ("program 1\ncolumn 1 0 3 real\nrow below 1 0 1\nend\n", "line 3: `below` is none of atmost"),
        ("program 1\ncolumn 1 0 3 real\nrow atmost 1 0\nend\n", "line 3: a row has a bound, then a column"),
        ("program 1\ncolumn 1 0 3 real\nhint 1 2\nend\n", "the hint has 2 values, and there are 1 columns"),
        ("program 1\nnodes many\nend\n", "line 2: `many` is no whole number"),
        ("program 1\nwidth 4\nend\n", "line 2: `width` is not known"),
    ] {
        let error = Program::read(text).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn the_solver_is_named_as_it_is_locked() {
    let lock = include_str!("../Cargo.lock");
    let (_, rest) = lock.split_once("name = \"highs-sys\"\nversion = \"").unwrap();
    let version = rest.split('"').next().unwrap();
    assert_eq!(HIGHS, format!("HiGHS {version}"));
}

#[test]
fn as_it_is_run() {
    let run = |words: &[&str], text: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_servanda-highs"))
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        let out = child.wait_with_output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
    };
    let (code, out, _) = run(&[], ASKED);
    assert!(code == Some(0) && out.starts_with("solution 1\nfound proved\nbound 7.5"), "{out}");
    assert_eq!(run(&[], ASKED).1, out, "the same answer each time");
    let (code, _, error) = run(&[], "program 1\nwidth 4\nend\n");
    assert!(code == Some(2) && error == "error: line 2: `width` is not known\n", "{error}");
    assert_eq!(run(&["--version"], "").1, format!("servanda-highs {}, {HIGHS}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(run(&["--fast"], "").0, Some(2));
}
