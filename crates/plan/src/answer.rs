//! Answers: tables with what has to be said beside them, as text, JSON and CSV; as a page in `page.rs`.
//!
//! It computes nothing. What every answer says first is whether it is planned or simulated; then its assumptions, its seed and
//! what is missing.
//!
//! Invariants
//! - the three forms say the same rows in the same order;
//! - what is missing is a dash, `null` or an empty cell, never a zero;
//! - a number is rounded only here, half away from zero, to the places that its column states.

use crate::{Language, Refusal};
use serde_json::{Value, json};
use servanda_model::Number;
use std::fmt::Write;

/// What kind of statement an answer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Basis {
    /// Computed of what was promised, entered or published.
    Planned,
    /// Drawn by chance from stated ranges.
    Simulated,
}

impl Basis {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Basis::Planned => "planned",
            Basis::Simulated => "simulated",
        }
    }
}

/// An answer of the planner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// What was asked, by the word of its command: `support`, `burden`, `forces`, …
    pub asked: &'static str,
    /// Planned or simulated.
    pub basis: Basis,
    /// Seed, where something was drawn.
    pub seed: Option<u64>,
    /// Whose figures these are.
    pub sources: Vec<String>,
    /// What was assumed.
    pub assumptions: Vec<String>,
    /// What is missing, or does not fit together; nothing was put in its place.
    pub gaps: Vec<String>,
    /// The tables, the one that matters most first.
    pub tables: Vec<Shown>,
}

/// A table of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// Its name, for `--table`.
    pub name: &'static str,
    /// What it shows, with units.
    pub title: String,
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// Rows, as wide as the columns.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A number, to so many places.
    Number(Number, usize),
    /// Not known.
    Missing,
}

impl Cell {
    /// Words.
    pub fn text(words: impl Into<String>) -> Cell {
        Cell::Text(words.into())
    }

    /// A whole number.
    pub fn whole(n: i64) -> Cell {
        Cell::Number(Number::from(n), 0)
    }

    /// A number to so many places, or missing.
    pub fn of(value: Option<Number>, places: usize) -> Cell {
        value.map_or(Cell::Missing, |value| Cell::Number(value, places))
    }

    /// What was computed with floating point, rounded.
    pub fn approximate(value: f64, places: usize) -> Cell {
        Cell::of(Number::from_f64(value), places)
    }

    /// As it is shown; empty where it is missing.
    pub fn plain(&self) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Number(value, places) => decimal(value, *places),
            Cell::Missing => String::new(),
        }
    }
}

/// Rounded to so many places, half away from zero.
pub fn decimal(value: &Number, places: usize) -> String {
    let mut scale = Number::from(1);
    for _ in 0..places {
        scale = scale * Number::from(10);
    }
    let half = Number::ratio(1, 2).unwrap_or_default();
    let whole = (value.abs() * scale + half).floor().to_string();
    let digits = format!("{whole:0>width$}", width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    let sign = if *value < Number::zero() && digits.bytes().any(|b| b != b'0') { "-" } else { "" };
    if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

impl Answer {
    /// For people, in a language. At most `rows` rows of each table, where that is given.
    pub fn human(&self, rows: Option<usize>, language: Language) -> String {
        let basis = language.say(self.basis.word()).to_uppercase();
        let mut out = format!("{basis}: {}\n", language.say(&self.of_chance()));
        for (what, lines) in self.beside() {
            for line in lines {
                let _ = writeln!(out, "{}", language.say(&format!("{what}: {}", language.say(line))));
            }
        }
        for table in &self.tables {
            table.human(rows, language, &mut out);
        }
        out
    }

    /// What is said beside the tables.
    fn beside(&self) -> [(&'static str, &Vec<String>); 3] {
        [("source", &self.sources), ("assumed", &self.assumptions), ("gap", &self.gaps)]
    }

    /// As a document for programs, version 1.
    pub fn json(&self) -> String {
        let tables: serde_json::Map<String, Value> = self
            .tables
            .iter()
            .map(|table| {
                let rows: Vec<Value> = table.rows.iter().map(|row| table.object(row)).collect();
                (table.name.to_string(), json!({ "title": table.title, "rows": rows }))
            })
            .collect();
        let document = json!({
            "servanda": "plan/1",
            "plan": self.asked,
            "basis": self.basis.word(),
            "seed": self.seed,
            "sources": self.sources,
            "assumptions": self.assumptions,
            "gaps": self.gaps,
            "tables": tables,
        });
        // A document of texts and numbers can always be written.
        serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
    }

    /// One table as comma-separated values; lines that begin with `#` say what has to be said before it. The last column says
    /// planned or simulated for each row.
    ///
    /// # Errors
    /// Where there is no table of that name.
    pub fn csv(&self, name: Option<&str>) -> Result<String, Refusal> {
        let named = |table: &&Shown| name.is_none_or(|name| table.name == name);
        let Some(table) = self.tables.iter().find(named) else {
            let names: Vec<&str> = self.tables.iter().map(|table| table.name).collect();
            return Err(Refusal::new(
                format!("there is no table `{}` in this answer", name.unwrap_or_default()),
                format!("its tables are: {}", names.join(", ")),
            ));
        };
        let mut out = format!("# {}: {}\n# {}\n", self.basis.word(), self.of_chance(), table.title);
        for (what, lines) in self.beside() {
            for line in lines {
                let _ = writeln!(out, "# {what}: {}", line.replace('\n', " "));
            }
        }
        // Where the rows of one table are not all of one kind, each says so itself.
        let says = table.columns.contains(&"basis");
        let columns = table.columns.iter().copied().chain((!says).then_some("basis"));
        let _ = writeln!(out, "{}", columns.collect::<Vec<_>>().join(","));
        for row in &table.rows {
            let cells = row.iter().map(|cell| quoted(&cell.plain()));
            let cells: Vec<String> = cells.chain((!says).then(|| self.basis.word().to_string())).collect();
            let _ = writeln!(out, "{}", cells.join(","));
        }
        Ok(out)
    }

    /// What it is, in a line: planned or simulated, and with which seed.
    pub fn basis_line(&self, language: Language) -> String {
        let word = self.basis.word();
        language.say(&self.seed.map_or_else(|| word.to_string(), |seed| format!("{word}, seed {seed}")))
    }

    pub(crate) fn of_chance(&self) -> String {
        match self.seed {
            Some(seed) => {
                format!("drawn by chance from stated ranges, seed {seed}; no forecast, and no verdict")
            }
            None => "nothing is drawn by chance (no seed); a plan's figures, and no verdict".to_string(),
        }
    }
}

impl Shown {
    fn object(&self, row: &[Cell]) -> Value {
        let value = |cell: &Cell| match cell {
            Cell::Text(text) => Value::from(text.clone()),
            Cell::Number(..) => serde_json::from_str(&cell.plain()).unwrap_or(Value::Null),
            Cell::Missing => Value::Null,
        };
        Value::Object(self.columns.iter().map(|c| c.to_string()).zip(row.iter().map(value)).collect())
    }

    fn human(&self, limit: Option<usize>, language: Language, out: &mut String) {
        let _ = writeln!(out, "\n{} ({})", language.say(&self.title), self.name);
        if self.rows.is_empty() {
            let none = match language {
                Language::English => "none",
                Language::Ukrainian => "немає",
            };
            let _ = writeln!(out, "  {none}");
            return;
        }
        let shown = &self.rows[..limit.map_or(self.rows.len(), |limit| limit.min(self.rows.len()))];
        let heads: Vec<String> = self.columns.iter().map(|column| language.column(self, column)).collect();
        let word = |(i, cell): (usize, &Cell)| match cell {
            Cell::Missing => "–".to_string(),
            cell => language.cell(self, i, cell),
        };
        let words: Vec<Vec<String>> =
            shown.iter().map(|row| row.iter().enumerate().map(word).collect()).collect();
        let width = |i: usize| {
            let longest = words.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
            longest.max(heads[i].chars().count())
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let right = |i: usize| !shown.iter().any(|row| matches!(row[i], Cell::Text(_)));
        let line = |cells: &[String]| {
            let padded: Vec<String> = cells
                .iter()
                .enumerate()
                .map(|(i, cell)| {
                    let w = widths[i];
                    if right(i) { format!("{cell:>w$}") } else { format!("{cell:<w$}") }
                })
                .collect();
            format!("  {}\n", padded.join("  ").trim_end())
        };
        out.push_str(&line(&heads));
        for row in &words {
            out.push_str(&line(row));
        }
        if shown.len() < self.rows.len() {
            let more = format!("… {} more rows; --all shows them", self.rows.len() - shown.len());
            let _ = writeln!(out, "  {}", language.say(&more));
        }
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_half_away_from_zero() {
        let n = |text: &str| Number::parse(text).unwrap();
        for (text, places, shown) in [
            ("0.005", 2, "0.01"),
            ("-0.005", 2, "-0.01"),
            ("-0.004", 2, "0.00"),
            ("1/3", 3, "0.333"),
            ("1234.5", 0, "1235"),
            ("-7", 1, "-7.0"),
        ] {
            assert_eq!(decimal(&n(text), places), shown, "{text}");
        }
    }

    #[test]
    fn every_form_says_what_it_is_and_what_is_missing() {
        let answer = Answer {
            asked: "burden",
            basis: Basis::Simulated,
            seed: Some(7),
            sources: vec![],
            assumptions: vec!["one".into()],
            gaps: vec!["no rate".into()],
            tables: vec![Shown {
                name: "t",
                title: "a table".into(),
                columns: vec!["partner", "share"],
                rows: vec![
                    vec![Cell::text("A, B"), Cell::of(Number::ratio(1, 8), 2)],
                    vec![Cell::text("C"), Cell::Missing],
                ],
            }],
        };
        let human = answer.human(Some(1), Language::English);
        for words in ["SIMULATED", "seed 7", "assumed: one", "gap: no rate", "0.13", "1 more rows"] {
            assert!(human.contains(words), "{words} in {human}");
        }
        let ukrainian = answer.human(Some(1), Language::Ukrainian);
        for words in ["ЗМОДЕЛЬОВАНО: ", "зерно 7", "припущення: one", "партнер", "0,13", "ще 1 рядок"]
        {
            assert!(ukrainian.contains(words), "{words} in {ukrainian}");
        }
        let csv = answer.csv(Some("t")).unwrap();
        assert!(csv.ends_with("partner,share,basis\n\"A, B\",0.13,simulated\nC,,simulated\n"), "{csv}");
        assert!(csv.contains("# simulated: ") && csv.contains("seed 7") && csv.contains("# gap: no rate"));
        assert!(answer.csv(Some("u")).unwrap_err().help.contains("its tables are: t"));
        let json: Value = serde_json::from_str(&answer.json()).unwrap();
        assert_eq!(json["servanda"], "plan/1");
        assert_eq!((&json["basis"], &json["seed"]), (&json!("simulated"), &json!(7)));
        assert_eq!(json["tables"]["t"]["rows"][1], json!({ "partner": "C", "share": null }));
    }
}
