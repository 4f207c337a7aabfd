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
    /// It was found elsewhere.
    Told,
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

/// What another solver found for a program that [`Program::mps`] wrote.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// Who found it.
    pub by: String,
    /// A value for each column.
    pub values: Vec<f64>,
    /// What it says no solution goes below. We cannot check that.
    pub bound: Option<f64>,
}

impl Told {
    /// Reads a file of solutions as HiGHS writes it: `# Columns N`, then a name and a value on each line.
    ///
    /// # Errors
    /// Where a column is missing, or a value is no number.
    pub fn read(name: &str, text: &str, bound: Option<f64>) -> Result<Told, Refusal> {
        let bad = |what: String| {
            Refusal::new(
                format!("`{name}` {what}"),
                "write it with HiGHS: `highs --solution_file FILE.sol FILE.mps`",
            )
        };
        let mut lines = text.lines().skip_while(|line| !line.starts_with("# Columns"));
        let count = lines.next().and_then(|line| line.rsplit(' ').next()?.parse::<usize>().ok());
        let Some(count) = count.filter(|n| *n <= 10_000_000) else {
            return Err(bad("has no `# Columns`".into()));
        };
        let mut values: Vec<Option<f64>> = vec![None; count];
        for line in lines.take(count) {
            let told = line.split_once(' ').and_then(|(column, value)| {
                Some((column.strip_prefix('C')?.parse::<usize>().ok()?, value.trim().parse::<f64>().ok()?))
            });
            match told {
                Some((column, value)) if column < count && value.is_finite() => values[column] = Some(value),
                _ => return Err(bad(format!("has the line `{line}`, which is no column and value"))),
            }
        }
        let values: Option<Vec<f64>> = values.into_iter().collect();
        let values = values.ok_or_else(|| bad("does not tell every column".into()))?;
        Ok(Told { by: name.to_string(), values, bound })
    }
}

impl Solver for Told {
    fn name(&self) -> String {
        format!("another solver, told in {}", self.by)
    }

    fn solve(&self, program: &Program, _: Effort, _: Option<&[f64]>) -> Result<Found, Refusal> {
        let wrong = program.broken_by(&self.values);
        if let Some(wrong) = wrong {
            return Err(Refusal::new(
                format!("`{}` is no solution of this program: {wrong}", self.by),
                "write the program anew with --program, from the same plan, and solve that",
            ));
        }
        Ok(Found::Solution {
            values: self.values.clone(),
            bound: self.bound,
            stopped: Stopped::Told,
            nodes: 0,
        })
    }
}

impl Program {
    /// What values break, where they break something.
    pub fn broken_by(&self, values: &[f64]) -> Option<String> {
        const NEAR: f64 = 1e-5;
        if values.len() != self.columns.len() {
            return Some(format!("it has {} columns, and the program {}", values.len(), self.columns.len()));
        }
        for (c, (column, value)) in self.columns.iter().zip(values).enumerate() {
            if *value < column.low - NEAR || *value > column.high + NEAR {
                return Some(format!("column C{c} is out of its bounds"));
            }
            if column.whole && (value - value.round()).abs() > NEAR {
                return Some(format!("column C{c} is not whole"));
            }
        }
        for (r, row) in self.rows.iter().enumerate() {
            let terms = || row.terms.iter().filter_map(|(c, factor)| Some((values.get(*c)?, factor)));
            let sum: f64 = terms().map(|(value, factor)| value * factor).sum();
            let size: f64 = terms().map(|(value, factor)| (value * factor).abs()).sum::<f64>().max(1.0);
            let over = match row.sense {
                Sense::AtMost => sum - row.bound,
                Sense::AtLeast => row.bound - sum,
                Sense::Equal => (sum - row.bound).abs(),
            };
            if over > NEAR * size {
                return Some(format!("row R{r} does not hold"));
            }
        }
        None
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

    #[test]
    fn what_another_solver_tells_is_held_against_the_program() {
        let mut program = Program::default();
        let (x, y) = (program.whole(2.5, 3.0), program.real(1.0, f64::INFINITY));
        program.row(vec![(x, 2.0), (y, 1.0)], Sense::AtLeast, 7.0);
        let effort = Effort { gap: 0.0, nodes: 1, seconds: None };
        let told = |x: &str, y: &str| {
            let text = format!("Model status\nOptimal\n\n# Columns 2\nC0 {x}\nC1 {y}\n# Rows 1\nR0 7\n");
            Told::read("s.sol", &text, Some(7.0)).and_then(|told| told.solve(&program, effort, None))
        };
        assert!(matches!(told("2", "3"), Ok(Found::Solution { stopped: Stopped::Told, .. })));
        for (x, y, words) in [
            ("2", "2.9", "row R0 does not hold"),
            ("2.5", "2", "C0 is not whole"),
            ("4", "0", "C0 is out of its bounds"),
            ("two", "3", "`C0 two`, which is no column and value"),
        ] {
            assert!(told(x, y).unwrap_err().message.contains(words), "{words}");
        }
        for text in ["", "# Columns 2\nC0 1\n"] {
            assert!(Told::read("s.sol", text, None).is_err());
        }
    }
}
