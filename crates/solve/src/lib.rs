//! Solves the mixed-integer programs of the planner: with a library in Rust, or with HiGHS by the program `servanda-highs`, where that is.
//!
//! It knows nothing of what a program is about, and decides nothing. The clock is looked at only where whoever asks gave a limit
//! in seconds.
//!
//! Invariants
//! - an error of the library is an error here, never "impossible";
//! - the same program, gap and number of nodes give the same answer.
//!
//! Where to start reading: [`Microlp`], then [`Highs`]. Tests: `tests/rotations.rs`, `tests/highs.rs`.

mod highs;

pub use highs::Highs;

use microlp::{
    ComparisonOp, Error, OptimizationDirection, Problem, SolveOptions, SolveOutcome, TerminationReason,
};
use servanda_plan::Refusal;
use servanda_plan::program::{Effort, Found, Program, Sense, Solver, Stopped};
use std::time::Duration;

/// The solver of the crate `microlp`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Microlp;

fn stopped(reason: TerminationReason) -> Stopped {
    match reason {
        TerminationReason::ProvenOptimal => Stopped::Proved,
        TerminationReason::MipGap => Stopped::Gap,
        TerminationReason::TimeLimit => Stopped::Clock,
        _ => Stopped::Nodes,
    }
}

impl Solver for Microlp {
    fn name(&self) -> String {
        "microlp 0.7, branch and bound".into()
    }

    fn solve(&self, program: &Program, effort: Effort, hint: Option<&[f64]>) -> Result<Found, Refusal> {
        let failed = |what: String| {
            Refusal::new(
                format!("the solver failed: {what}"),
                "write the program with --program, and try another solver on it",
            )
        };
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let variables: Vec<_> = program
            .columns
            .iter()
            .map(|column| match column.whole {
                true => {
                    problem.add_integer_var(column.cost, (column.low as i32, column.high.min(1e9) as i32))
                }
                false => problem.add_var(column.cost, (column.low, column.high)),
            })
            .collect();
        for row in &program.rows {
            let terms =
                row.terms.iter().filter_map(|(column, factor)| Some((*variables.get(*column)?, *factor)));
            let sense = match row.sense {
                Sense::AtMost => ComparisonOp::Le,
                Sense::AtLeast => ComparisonOp::Ge,
                Sense::Equal => ComparisonOp::Eq,
            };
            problem.add_constraint(terms.collect::<Vec<_>>(), sense, row.bound);
        }
        let mut options = SolveOptions::default();
        options.mip_gap = effort.gap;
        options.node_limit = Some(effort.nodes);
        options.time_limit = effort.seconds.map(Duration::from_secs);
        options.warm_start =
            hint.map(|values| variables.iter().copied().zip(values.iter().copied()).collect());
        match problem.solve_with(options) {
            Ok(SolveOutcome::Solution(solution)) => Ok(Found::Solution {
                values: variables.iter().map(|v| solution.var_value(*v)).collect(),
                bound: solution.stats().best_bound,
                stopped: stopped(solution.termination_reason()),
                nodes: solution.stats().nodes_solved,
            }),
            Ok(SolveOutcome::Interrupted(at)) => Ok(Found::NothingYet(stopped(at.termination_reason()))),
            Err(Error::Infeasible) => Ok(Found::Impossible),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}
