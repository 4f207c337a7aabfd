//! A mixed-integer program as data: columns, rows, one sum to make small; what a solver is asked, and what it answers.
//!
//! It solves nothing: a [`Solver`] does, which lives elsewhere. [`Program::mps`] writes a program in the form that other solvers
//! read, so that an answer can be checked with one that we do not ship.
//!
//! Invariants
//! - columns and rows keep the order in which they were added, and so does the text made of them;
//! - an answer is never taken at its word: whoever asked for it checks what it says (see [`rotations`](crate::rotations)).

use crate::Refusal;
use std::fmt::Write;

/// The number of a column of its program.
pub type Column = usize;

/// How a row's sum stands to its bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sense {
    /// Not above it.
    AtMost,
    /// Not below it.
    AtLeast,
    /// The same.
    Equal,
}

/// A quantity to be found.
#[derive(Clone, PartialEq, Debug)]
pub struct Wanted {
    /// What one of it adds to the sum that is made small.
    pub cost: f64,
    /// Never below.
    pub low: f64,
    /// Never above.
    pub high: f64,
    /// Whether it is a whole number.
    pub whole: bool,
}

/// A condition.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Column and factor; each column at most once.
    pub terms: Vec<(Column, f64)>,
    /// How the sum stands to the bound.
    pub sense: Sense,
    /// The bound.
    pub bound: f64,
}

/// The program.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Program {
    /// What is to be found.
    pub columns: Vec<Wanted>,
    /// The conditions.
    pub rows: Vec<Row>,
}

/// How far a solver is to go.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Effort {
    /// The gap at which it may stop: 0.01 is one percent between what was found and what is proved to be the least.
    pub gap: f64,
    /// Nodes of the search; with it the answer is the same on every machine.
    pub nodes: u64,
    /// Seconds of the clock, as a last resort: an answer that it cut short may differ from run to run, and says so.
    pub seconds: Option<u64>,
}

/// Why a solver stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stopped {
    /// Nothing is better.
    Proved,
    /// The gap that was asked for was reached.
    Gap,
    /// The nodes were used up.
    Nodes,
    /// The seconds were used up: another run may end elsewhere.
    Clock,
}

/// What a solver found.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// A solution.
    Solution {
        /// A value for each column.
        values: Vec<f64>,
        /// What no solution goes below; none where nothing was proved.
        bound: Option<f64>,
        /// Why it stopped.
        stopped: Stopped,
        /// Nodes of the search that it looked at.
        nodes: u64,
    },
    /// There is none.
    Impossible,
    /// It gave up before it found one.
    NothingYet(Stopped),
}

/// Something that solves programs. It writes nothing, and gives the same answer to the same question unless the clock cut it
/// short.
pub trait Solver {
    /// Its name and version, for the sources of an answer.
    fn name(&self) -> String;

    /// Solves a program; `hint` is a solution that is known already, from which it may begin.
    ///
    /// # Errors
    /// Where it fails by itself: numbers that it cannot handle.
    fn solve(&self, program: &Program, effort: Effort, hint: Option<&[f64]>) -> Result<Found, Refusal>;
}

impl Program {
    /// Adds a whole number from 0 to `high`.
    pub fn whole(&mut self, cost: f64, high: f64) -> Column {
        self.columns.push(Wanted { cost, low: 0.0, high, whole: true });
        self.columns.len() - 1
    }

    /// Adds a quantity from 0 to `high`.
    pub fn real(&mut self, cost: f64, high: f64) -> Column {
        self.columns.push(Wanted { cost, low: 0.0, high, whole: false });
        self.columns.len() - 1
    }

    /// Adds a condition.
    pub fn row(&mut self, terms: Vec<(Column, f64)>, sense: Sense, bound: f64) {
        self.rows.push(Row { terms, sense, bound });
    }

    /// In free MPS, which every solver of such programs reads.
    ///
    /// # Source
    /// The MPS format as IBM's MPSX/370 has it, without fixed columns.
    pub fn mps(&self) -> String {
        let mut out = String::from("NAME servanda\nROWS\n N COST\n");
        for (i, row) in self.rows.iter().enumerate() {
            let sense = match row.sense {
                Sense::AtMost => 'L',
                Sense::AtLeast => 'G',
                Sense::Equal => 'E',
            };
            let _ = writeln!(out, " {sense} R{i}");
        }
        let mut by_column: Vec<Vec<(usize, f64)>> = vec![Vec::new(); self.columns.len()];
        for (i, row) in self.rows.iter().enumerate() {
            for (column, factor) in &row.terms {
                if let Some(list) = by_column.get_mut(*column) {
                    list.push((i, *factor));
                }
            }
        }
        out.push_str("COLUMNS\n");
        for whole in [true, false] {
            if whole {
                out.push_str(" M0 'MARKER' 'INTORG'\n");
            }
            for (c, column) in self.columns.iter().enumerate().filter(|(_, column)| column.whole == whole) {
                let _ = writeln!(out, " C{c} COST {}", column.cost);
                for (row, factor) in &by_column[c] {
                    let _ = writeln!(out, " C{c} R{row} {factor}");
                }
            }
            if whole {
                out.push_str(" M1 'MARKER' 'INTEND'\n");
            }
        }
        out.push_str("RHS\n");
        for (i, row) in self.rows.iter().enumerate() {
            let _ = writeln!(out, " RHS R{i} {}", row.bound);
        }
        out.push_str("BOUNDS\n");
        for (c, column) in self.columns.iter().enumerate() {
            let _ = writeln!(out, " LO B C{c} {}", column.low);
            if column.high.is_finite() {
                let _ = writeln!(out, " UP B C{c} {}", column.high);
            }
        }
        out + "ENDATA\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_written_as_others_read_it() {
        let mut program = Program::default();
        let x = program.whole(2.5, 3.0);
        let y = program.real(1.0, f64::INFINITY);
        program.row(vec![(x, 2.0), (y, 1.0)], Sense::AtLeast, 7.0);
        let text = program.mps();
        for line in [
            " G R0\n",
            " C0 COST 2.5\n C0 R0 2\n",
            " C1 R0 1\n",
            " RHS R0 7\n",
            " UP B C0 3\n LO B C1 0\nENDATA\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        let whole = text.find("INTORG").unwrap()..text.find("INTEND").unwrap();
        assert!(text[whole.clone()].contains(" C0 ") && !text[whole].contains(" C1 "));
    }
}
