//! The quarantine file: refused rows as CSV, for whoever repairs the source.
//!
//! The file is opened in spreadsheets, and its cells come from strangers: a cell that a spreadsheet would run as a formula
//! gets an apostrophe in front.

use crate::import::{Import, Refused};

fn cell(text: &str) -> String {
    let formula = text
        .trim_start()
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    let number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b));
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let shown = if formula && !number { format!("'{clean}") } else { clean };
    format!("\"{}\"", shown.replace('"', "\"\""))
}

/// Refused rows, one a line: `line,code,column,value,reason,remedy`, in order of the file.
pub fn refused_csv(refused: &[Refused]) -> String {
    let mut out = String::from("line,code,column,value,reason,remedy\n");
    for row in refused {
        let cells = [row.code, &row.column, &row.value, &row.reason, &row.remedy].map(cell);
        out += &format!("{},{}\n", row.line, cells.join(","));
    }
    out
}

/// The text of an import's quarantine file. Only a header where nothing was refused.
pub fn quarantine_csv(import: &Import) -> String {
    refused_csv(&import.refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_made_harmless_and_numbers_are_left() {
        for (text, shown) in [
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            (" +cmd|' /C calc'!A0", "\"' +cmd|' /C calc'!A0\""),
            ("-48.5", "\"-48.5\""),
            ("-2+3+cmd", "\"'-2+3+cmd\""),
            ("two\nlines", "\"two lines\""),
            ("", "\"\""),
        ] {
            assert_eq!(cell(text), shown);
        }
    }
}
