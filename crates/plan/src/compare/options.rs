//! Options of a command as keys of a file: `inflation = 2`, `hold = true`, `without = ["A", "B"]`, `need = { 2027 = 60 }`.
//!
//! It does not know which options there are: the command refuses those that it does not have.

use crate::{Refusal, written};
use toml::{Table, Value};

/// The words of a command line. `placed(key, text)` says what a text stands for: a file is named from the folder in which this one lies.
///
/// # Errors
/// Where it is no TOML, or a value is neither a text nor a number, a list of them, or a table of them.
pub fn options(
    name: &str,
    text: &str,
    placed: &dyn Fn(&str, &str) -> String,
) -> Result<Vec<String>, Refusal> {
    let table: Table = written(name, text)?;
    let mut words = Vec::new();
    for (key, value) in &table {
        let plain = |value: &Value| -> Result<String, Refusal> {
            match value {
                Value::String(text) => Ok(placed(key, text)),
                Value::Integer(n) => Ok(n.to_string()),
                Value::Float(n) => Ok(n.to_string()),
                _ => Err(Refusal::new(
                    format!("`{name}`: `{key}` is neither a text nor a number"),
                    "write the option as on the command line, without the two dashes",
                )),
            }
        };
        match value {
            Value::Boolean(true) => words.push(format!("--{key}")),
            Value::Boolean(false) => {}
            Value::Array(all) => {
                for value in all {
                    words.push(format!("--{key}={}", plain(value)?));
                }
            }
            Value::Table(all) => {
                for (of, value) in all {
                    words.push(format!("--{key}={of}={}", plain(value)?));
                }
            }
            value => words.push(format!("--{key}={}", plain(value)?)),
        }
    }
    Ok(words)
}
