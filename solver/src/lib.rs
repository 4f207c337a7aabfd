//! Mixed-integer programs as lines of text, solved by HiGHS: what `servanda plan rotations` hands to the program `servanda-highs`.
//!
//! What it deliberately does not do: know what a program is about, read anything but the lines that it is given, or look at the clock where no
//! limit in seconds was given. It depends on nothing of servanda: whoever writes these lines can use it, and whoever answers them can stand in
//! its place.
//!
//! Asked, one thing a line; columns and rows are numbered from 0 in their order:
//!
//! ```text
//! program 1
//! gap 0.02                       may stop when nothing can be cheaper by more than this share
//! nodes 100000                   of the search at most
//! seconds 60                     at most; may be left out, and with it the answer is the same on every run
//! column COST LOW HIGH whole     or `real`; HIGH may be `inf`
//! row atleast BOUND COLUMN FACTOR COLUMN FACTOR …      or `atmost`, `equal`
//! hint VALUE VALUE …             a solution that is known, a value for each column; may be left out
//! end
//! ```
//!
//! Answered:
//!
//! ```text
//! solution 1
//! found proved                   or `gap`, `nodes`, `clock`: why it stopped; `impossible`; `nothing nodes`, `nothing clock`
//! bound VALUE                    what no solution goes below; not there where nothing was proved
//! values VALUE VALUE …           a value for each column
//! end
//! ```
//!
//! Invariants
//! - "impossible" is only said where HiGHS proved it; every failure of its own is an error;
//! - one thread: the same lines without `seconds` give the same answer.
//!
//! Where to start reading: [`Program::read`], then [`solve`]. Tests: `tests/solving.rs`.

use highs::{Col, HighsModelStatus, HighsSolutionStatus, RowProblem, Sense};
use std::fmt::Write;

/// The solver, as it is named in answers. A test holds it against the lock file.
pub const HIGHS: &str = "HiGHS 1.16.0";

/// No program of the planner is larger; more is a broken text.
const MOST: usize = 5_000_000;

/// A quantity to be found.
#[derive(Clone, PartialEq, Debug)]
pub struct Column {
    /// What one of it adds to the sum that is made small.
    pub cost: f64,
    /// Never below.
    pub low: f64,
    /// Never above.
    pub high: f64,
    /// Whether it is a whole number.
    pub whole: bool,
}

/// How a row's sum stands to its bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stands {
    /// Not above it.
    AtMost,
    /// Not below it.
    AtLeast,
    /// The same.
    Equal,
}

/// A condition.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// How the sum stands to the bound.
    pub stands: Stands,
    /// The bound.
    pub bound: f64,
    /// Column and factor.
    pub terms: Vec<(usize, f64)>,
}

/// A program, and how far to go.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Program {
    /// The gap at which it may stop, as a share.
    pub gap: f64,
    /// Nodes of the search.
    pub nodes: Option<u64>,
    /// Seconds of the clock.
    pub seconds: Option<u64>,
    /// What is to be found.
    pub columns: Vec<Column>,
    /// The conditions.
    pub rows: Vec<Row>,
    /// A solution that is known.
    pub hint: Option<Vec<f64>>,
}

/// Why it stopped with a solution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stopped {
    /// Nothing is better.
    Proved,
    /// The gap was reached.
    Gap,
    /// The nodes were used up.
    Nodes,
    /// The seconds were used up.
    Clock,
}

impl Stopped {
    fn word(self) -> &'static str {
        match self {
            Stopped::Proved => "proved",
            Stopped::Gap => "gap",
            Stopped::Nodes => "nodes",
            Stopped::Clock => "clock",
        }
    }
}

/// What was found.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// A solution.
    Solution {
        /// A value for each column.
        values: Vec<f64>,
        /// What no solution goes below.
        bound: Option<f64>,
        /// Why it stopped.
        stopped: Stopped,
    },
    /// There is none.
    Impossible,
    /// It stopped before it found one.
    Nothing(Stopped),
}

impl Program {
    /// Reads the lines of a program.
    ///
    /// # Errors
    /// Where a line is none of those that are known, with its number.
    pub fn read(text: &str) -> Result<Program, String> {
        let mut program = Program::default();
        let mut lines = text.lines().enumerate();
        match lines.next() {
            Some((_, "program 1")) => {}
            first => {
                let first = first.map_or("", |(_, line)| line);
                return Err(format!(
                    "line 1: `{}` is no `program 1`; take both programs from one release",
                    cut(first)
                ));
            }
        }
        for (n, line) in lines {
            if line == "end" {
                return program.whole();
            }
            program.add(line).map_err(|what| format!("line {}: {what}", n + 1))?;
        }
        Err("the text ends before its `end`".into())
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let number = |text: &str| text.parse::<f64>().ok().filter(|n| !n.is_nan());
        let numbers = |rest: &str| {
            rest.split_whitespace()
                .map(|text| number(text).ok_or_else(|| format!("`{}` is no number", cut(text))))
                .collect::<Result<Vec<f64>, String>>()
        };
        let whole =
            |rest: &str| rest.parse::<u64>().map_err(|_| format!("`{}` is no whole number", cut(rest)));
        match word {
            "gap" => self.gap = number(rest).filter(|n| *n >= 0.0).ok_or("the gap is a share, from 0 on")?,
            "nodes" => self.nodes = Some(whole(rest)?),
            "seconds" => self.seconds = Some(whole(rest)?),
            "column" => {
                let (rest, kind) = rest.rsplit_once(' ').unwrap_or((rest, ""));
                let is_whole = match kind {
                    "whole" => true,
                    "real" => false,
                    other => return Err(format!("`{}` is neither `whole` nor `real`", cut(other))),
                };
                let [cost, low, high] =
                    numbers(rest)?.try_into().map_err(|_| "a column has cost, low and high")?;
                if !cost.is_finite() || low > high || self.columns.len() >= MOST {
                    return Err("the column has no cost, or its low is above its high".into());
                }
                self.columns.push(Column { cost, low, high, whole: is_whole });
            }
            "row" => {
                let (sense, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                let stands = match sense {
                    "atmost" => Stands::AtMost,
                    "atleast" => Stands::AtLeast,
                    "equal" => Stands::Equal,
                    other => return Err(format!("`{}` is none of atmost, atleast, equal", cut(other))),
                };
                let all = numbers(rest)?;
                let (bound, terms) = all.split_first().ok_or("a row has a bound")?;
                if terms.len() % 2 != 0 || self.rows.len() >= MOST || all.iter().any(|n| !n.is_finite()) {
                    return Err("a row has a bound, then a column and its factor, and so on".into());
                }
                let mut read = Vec::new();
                for pair in terms.chunks_exact(2) {
                    let known =
                        pair[0].fract() == 0.0 && pair[0] >= 0.0 && pair[0] < self.columns.len() as f64;
                    if !known {
                        return Err(format!("there is no column {}", pair[0]));
                    }
                    read.push((pair[0] as usize, pair[1]));
                }
                self.rows.push(Row { stands, bound: *bound, terms: read });
            }
            "hint" => self.hint = Some(numbers(rest)?),
            other => return Err(format!("`{}` is not known", cut(other))),
        }
        Ok(())
    }

    fn whole(self) -> Result<Program, String> {
        match &self.hint {
            Some(hint) if hint.len() != self.columns.len() => Err(format!(
                "the hint has {} values, and there are {} columns",
                hint.len(),
                self.columns.len()
            )),
            _ => Ok(self),
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Solves a program.
///
/// # Errors
/// Where HiGHS fails by itself.
pub fn solve(program: &Program) -> Result<Found, String> {
    let mut problem = RowProblem::default();
    let columns: Vec<Col> = program
        .columns
        .iter()
        .map(|of| problem.add_column_with_integrality(of.cost, of.low..=of.high, of.whole))
        .collect();
    for row in &program.rows {
        let terms = row.terms.iter().map(|(column, factor)| (columns[*column], *factor));
        match row.stands {
            Stands::AtMost => problem.add_row(..=row.bound, terms),
            Stands::AtLeast => problem.add_row(row.bound.., terms),
            Stands::Equal => problem.add_row(row.bound..=row.bound, terms),
        };
    }
    let failed = |what: &str| format!("{HIGHS} {what}");
    let mut model = problem.try_optimise(Sense::Minimise).map_err(|_| failed("does not take the program"))?;
    model.make_quiet();
    // One thread, because the search of several differs from run to run.
    model.set_option("threads", 1);
    model.set_option("parallel", "off");
    model.set_option("mip_rel_gap", program.gap);
    if let Some(nodes) = program.nodes {
        model.set_option("mip_max_nodes", i32::try_from(nodes).unwrap_or(i32::MAX));
    }
    if let Some(seconds) = program.seconds {
        model.set_option("time_limit", seconds as f64);
    }
    if let Some(hint) = &program.hint {
        // A hint that is no solution is left aside by HiGHS.
        let _ = model.try_set_solution(Some(hint), None, None, None);
    }
    let solved = model.try_solve().map_err(|_| failed("failed"))?;
    let status = solved.status();
    let stopped = match status {
        HighsModelStatus::Infeasible => return Ok(Found::Impossible),
        HighsModelStatus::Optimal | HighsModelStatus::ModelEmpty => Stopped::Proved,
        HighsModelStatus::ReachedTimeLimit => Stopped::Clock,
        HighsModelStatus::ReachedSolutionLimit | HighsModelStatus::ReachedIterationLimit => Stopped::Nodes,
        other => return Err(failed(&format!("ended as {other:?}"))),
    };
    if solved.primal_solution_status() != HighsSolutionStatus::Feasible
        && status != HighsModelStatus::ModelEmpty
    {
        return Ok(Found::Nothing(stopped));
    }
    let values = solved.get_solution().columns().to_vec();
    let any_whole = program.columns.iter().any(|column| column.whole);
    let bound = match any_whole {
        true => solved.double_info_value(c"mip_dual_bound").ok().filter(|bound| bound.is_finite()),
        // Without whole numbers the answer is its own bound.
        false if stopped == Stopped::Proved => Some(solved.objective_value()),
        false => None,
    };
    let left = if any_whole { solved.mip_gap() } else { 0.0 };
    let stopped = if stopped == Stopped::Proved && left > 1e-9 { Stopped::Gap } else { stopped };
    Ok(Found::Solution { values, bound, stopped })
}

impl Found {
    /// As lines.
    pub fn lines(&self) -> String {
        let mut out = String::from("solution 1\n");
        match self {
            Found::Impossible => out.push_str("found impossible\n"),
            Found::Nothing(stopped) => {
                let _ = writeln!(out, "found nothing {}", stopped.word());
            }
            Found::Solution { values, bound, stopped } => {
                let _ = writeln!(out, "found {}", stopped.word());
                if let Some(bound) = bound {
                    let _ = writeln!(out, "bound {bound}");
                }
                out.push_str("values");
                for value in values {
                    let _ = write!(out, " {value}");
                }
                out.push('\n');
            }
        }
        out + "end\n"
    }
}
