//! A record is never changed or deleted; a correction is a new record. So the SQL of `store` inserts and selects.
//!
//! Every statement that could change a row is a finding, whatever its table. Where a table holds something that may
//! change (a setting, an index that can be built again), an allowance names it.

use super::Finding;
use crate::rust_source::{RustSource, is_test_file};
use crate::tree::Tree;

const FOLDER: &str = "crates/store/src/";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = |path: &str, line: usize, statement: &str| {
        findings.push(Finding {
            path: path.to_string(),
            line,
            rule: "append-only",
            reason: format!("`{statement}` changes what was recorded"),
            remedy: "insert a record that supersedes or withdraws; for a table that may change, allow it and name it"
                .to_string(),
        });
    };
    for (path, text) in tree.texts(".rs") {
        if !path.starts_with(FOLDER) || is_test_file(path) {
            continue;
        }
        let source = RustSource::new(text);
        for (line, literal) in &source.literals {
            if let Some(statement) = changes(literal).filter(|_| !source.is_test_line(*line)) {
                found(path, *line, statement);
            }
        }
    }
    for (path, text) in tree.texts(".sql") {
        if let Some(statement) = changes(text).filter(|_| path.starts_with("crates/store/")) {
            found(path, 0, statement);
        }
    }
    findings
}

/// The first kind of statement in `sql` that takes something away.
fn changes(sql: &str) -> Option<&'static str> {
    let sql = sql.to_lowercase();
    let words: Vec<&str> =
        sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let pair = |first: &str, second: &str| words.windows(2).any(|pair| pair == [first, second]);
    let set = words.windows(3).any(|three| three[0] == "update" && three[2] == "set");
    [
        (pair("delete", "from"), "delete from"),
        (pair("replace", "into"), "replace into"),
        (pair("do", "update"), "on conflict do update"),
        (pair("drop", "table"), "drop table"),
        (set, "update … set"),
    ]
    .into_iter()
    .find_map(|(is_there, statement)| is_there.then_some(statement))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.line).collect()
    }

    const STORE: &str = "crates/store/src/lib.rs";

    #[test]
    fn every_statement_that_changes_a_row_is_found() {
        for sql in [
            "DELETE FROM record WHERE id = ?1",
            "update record set place = ?1",
            "INSERT OR REPLACE INTO record VALUES (?1)",
            "INSERT INTO record VALUES (?1)\\n  ON CONFLICT (id)\\n  DO UPDATE SET x = 1",
            "DROP TABLE IF EXISTS record",
        ] {
            assert_eq!(
                found(STORE, &format!("let a = 1;\nlet b = \"{}\";\n", sql.replace("\\n", "\n"))),
                [2],
                "{sql}"
            );
        }
        assert_eq!(found("crates/store/src/schema.sql", "delete from record;\n"), [0]);
    }

    #[test]
    fn inserting_and_selecting_is_fine_and_so_are_tests_and_messages() {
        for sql in [
            "INSERT OR IGNORE INTO record VALUES (?1)",
            "SELECT updated FROM record",
            "take the update from it",
        ] {
            assert_eq!(found(STORE, &format!("let b = \"{sql}\";\n")), [0; 0], "{sql}");
        }
        assert_eq!(
            found(STORE, "#[cfg(test)]\nmod tests {\n    const A: &str = \"delete from x\";\n}\n"),
            [0; 0]
        );
        assert_eq!(found("crates/server/src/lib.rs", "let a = \"delete from x\";\n"), [0; 0]);
    }
}
