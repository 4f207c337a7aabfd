//! Tables as text: comma-separated values with a head, read whole and by name of column.
//!
//! It guesses no delimiter and no decimal comma. A row of another width, an open quotation mark, a column that is missing or a
//! number that is none is refused with its line.
//!
//! Invariants
//! - a cell that is empty is absent, never zero;
//! - a number is exact as it is written.

use crate::Refusal;
use servanda_model::Number;

/// A table that was read.
#[derive(Debug)]
pub struct Table {
    name: String,
    head: Vec<String>,
    rows: Vec<(usize, Vec<String>)>,
}

/// One row of it.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    line: usize,
    cells: &'a [String],
}

impl Table {
    /// Reads a table; `name` is what it is called in a refusal.
    ///
    /// # Errors
    /// Where it is empty, a row has another width than the head, or a quotation mark is not closed.
    pub fn read(name: &str, text: &str) -> Result<Table, Refusal> {
        let mut rows = split(name, text.strip_prefix('\u{feff}').unwrap_or(text))?.into_iter();
        let Some((_, head)) = rows.next() else {
            return Err(Refusal::new(format!("`{name}` is empty"), "is it the right file?"));
        };
        let head: Vec<String> = head.iter().map(|cell| cell.trim().to_string()).collect();
        let mut table = Table { name: name.to_string(), head, rows: Vec::new() };
        for (line, cells) in rows {
            if cells.len() != table.head.len() {
                return Err(Refusal::new(
                    format!(
                        "`{name}`, line {line}: {} cells, and the head has {}",
                        cells.len(),
                        table.head.len()
                    ),
                    "repair the row; a text with a comma stands in quotation marks",
                ));
            }
            table.rows.push((line, cells));
        }
        Ok(table)
    }

    /// That it has these columns.
    ///
    /// # Errors
    /// Where one is missing.
    pub fn with(self, columns: &[&str]) -> Result<Table, Refusal> {
        for column in columns {
            if !self.has(column) {
                return Err(Refusal::new(
                    format!("`{}` has no column `{column}`", self.name),
                    format!("its columns are: {}", self.head.join(", ")),
                ));
            }
        }
        Ok(self)
    }

    /// Whether it has a column.
    pub fn has(&self, column: &str) -> bool {
        self.head.iter().any(|c| c == column)
    }

    /// Its columns, as the head has them.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.head.iter().map(String::as_str)
    }

    /// Its rows.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row { table: self, line: *line, cells })
    }
}

impl<'a> Row<'a> {
    /// A cell without the blanks around it; empty also where there is no such column.
    pub fn text(&self, column: &str) -> &'a str {
        let index = self.table.head.iter().position(|c| c == column);
        index.map_or("", |index| self.cells[index].trim())
    }

    /// The line that it begins on.
    pub fn line(&self) -> usize {
        self.line
    }

    /// A number, where the cell is not empty. Powers of ten (`1.2e+08`) are read exactly.
    ///
    /// # Errors
    /// Where something else stands there.
    pub fn number(&self, column: &str) -> Result<Option<Number>, Refusal> {
        match self.text(column) {
            "" => Ok(None),
            text => number(text)
                .map(Some)
                .ok_or_else(|| self.refused(column, "is no number", "write it like `1200.5`")),
        }
    }

    /// A number that has to be there.
    ///
    /// # Errors
    /// Where it is not there, or is none.
    pub fn needed(&self, column: &str) -> Result<Number, Refusal> {
        self.number(column)?
            .ok_or_else(|| self.refused(column, "is empty", "write the number; what is not known has no row"))
    }

    /// A refusal about a cell.
    pub fn refused(&self, column: &str, what: &str, help: &str) -> Refusal {
        let cell = self.text(column);
        Refusal::new(
            format!("`{}`, line {}, column `{column}`: `{cell}` {what}", self.table.name, self.line),
            help,
        )
    }
}

/// A number, also with a power of ten up to 30.
fn number(text: &str) -> Option<Number> {
    let (digits, power) = match text.split_once(['e', 'E']) {
        Some((digits, power)) => (digits, power.parse::<i32>().ok().filter(|p| p.abs() <= 30)?),
        None => (text, 0),
    };
    let mut value = Number::parse(digits)?;
    for _ in 0..power.unsigned_abs() {
        let ten = Number::from(10);
        value = if power > 0 { value * ten } else { value.over(&ten)? };
    }
    Some(value)
}

fn split(name: &str, text: &str) -> Result<Vec<(usize, Vec<String>)>, Refusal> {
    let mut rows = Vec::new();
    let (mut cells, mut cell) = (Vec::new(), String::new());
    let (mut line, mut begun) = (1, 1);
    let mut quoted = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\n' {
            line += 1;
        }
        match (c, quoted) {
            ('"', Some(_)) if chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            ('"', Some(_)) => quoted = None,
            (c, Some(_)) => cell.push(c),
            ('"', None) if cell.is_empty() => quoted = Some(line),
            (',', None) => cells.push(std::mem::take(&mut cell)),
            ('\r', None) if chars.peek() == Some(&'\n') => {}
            ('\n', None) => {
                end(&mut rows, begun, &mut cells, &mut cell);
                begun = line;
            }
            (c, None) => cell.push(c),
        }
    }
    if let Some(line) = quoted {
        return Err(Refusal::new(
            format!("`{name}`, line {line}: a quotation mark is not closed"),
            "close it; within quotation marks a quotation mark is written twice",
        ));
    }
    end(&mut rows, begun, &mut cells, &mut cell);
    Ok(rows)
}

/// Ends a row; an empty line is none.
fn end(rows: &mut Vec<(usize, Vec<String>)>, line: usize, cells: &mut Vec<String>, cell: &mut String) {
    if cells.is_empty() && cell.trim().is_empty() {
        cell.clear();
        return;
    }
    cells.push(std::mem::take(cell));
    rows.push((line, std::mem::take(cells)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_commas_and_lines_within_a_cell() {
        let text = "\u{feff}a,b\r\n\"x, \"\"y\"\"\",1\n\n\"two\nlines\",2.50\n";
        let table = Table::read("t", text).unwrap();
        let rows: Vec<_> = table.rows().collect();
        assert_eq!(rows[0].text("a"), "x, \"y\"");
        assert_eq!(rows[1].text("a"), "two\nlines");
        assert_eq!((rows[1].line(), rows[1].needed("b").unwrap()), (4, Number::ratio(5, 2).unwrap()));
    }

    #[test]
    fn numbers_are_exact_and_an_empty_cell_is_absent() {
        assert_eq!(number("1.25e+03"), Some(Number::from(1250)));
        assert_eq!(number("125e-2"), Number::ratio(5, 4));
        assert_eq!((number("1e99"), number("e5"), number("NA"), number("74,4")), (None, None, None, None));
        let table = Table::read("t", "a,b\n,NA\n").unwrap();
        let row = table.rows().next().unwrap();
        assert_eq!(row.number("a"), Ok(None));
        assert!(row.needed("a").unwrap_err().message.contains("line 2, column `a`"));
        assert!(row.number("b").unwrap_err().message.contains("`NA` is no number"));
    }

    #[test]
    fn broken_tables_name_their_line() {
        for (text, words) in [
            ("", "is empty"),
            ("a,b\n1\n", "line 2: 1 cells, and the head has 2"),
            ("a\n\"x\n\n", "line 2: a quotation mark is not closed"),
        ] {
            assert!(Table::read("t", text).unwrap_err().message.contains(words), "{text}");
        }
        let missing = Table::read("t", "a\n1\n").unwrap().with(&["b"]).unwrap_err();
        assert!(missing.message.contains("has no column `b`") && missing.help.contains("its columns are: a"));
    }
}
