//! The table of figures.

use std::fmt::Write as _;

/// Rows so far.
#[derive(Default)]
pub struct Table {
    rows: Vec<(String, String, &'static str, Vec<f64>)>,
}

impl Table {
    /// Adds what was measured, in its unit.
    pub fn row(
        &mut self,
        name: impl Into<String>,
        reach: impl Into<String>,
        unit: &'static str,
        mut all: Vec<f64>,
    ) {
        all.sort_by(f64::total_cmp);
        self.rows.push((name.into(), reach.into(), unit, all));
    }

    /// As Markdown: median, least, greatest, number of runs.
    pub fn rendered(&self) -> String {
        let mut out = String::from(
            "| figure | to reach | median | least | greatest | runs |\n|---|---|---|---|---|---|\n",
        );
        for (name, reach, unit, all) in &self.rows {
            let shown = |value: Option<&f64>| match value {
                Some(value) if value.abs() >= 100.0 => format!("{value:.0} {unit}"),
                Some(value) => format!("{value:.2} {unit}"),
                None => "not measured".into(),
            };
            let middle = shown(all.get(all.len() / 2));
            let (least, greatest) = (shown(all.first()), shown(all.last()));
            let _ = writeln!(out, "| {name} | {reach} | {middle} | {least} | {greatest} | {} |", all.len());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_gives_the_median() {
        let mut table = Table::default();
        table.row("x", "-", "ms", vec![3.0, 1.0, 2.0]);
        table.row("y", "-", "ms", vec![]);
        assert!(table.rendered().contains("| x | - | 2.00 ms | 1.00 ms | 3.00 ms | 3 |"));
        assert!(table.rendered().contains("| y | - | not measured |"));
    }
}
