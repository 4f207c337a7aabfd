//! `servanda fmt FILE…`: agreements in their one canonical form. Comments and prose stay as they are.

use super::Answer;
use crate::failure::Failure;
use crate::input;
use crate::session::Session;
use std::io::Read;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// Agreements; folders are searched for *.pact.md; `-` reads standard input and writes standard output
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Change nothing; name the files that would change, and end with 1 where there is one
    #[arg(long)]
    check: bool,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    if arguments.files.iter().any(|f| f.as_os_str() == "-") {
        return standard_input(arguments, session);
    }
    // Everything is read before anything is written: one unreadable file, and nothing changes.
    let mut changed = Vec::new();
    for path in input::found(&arguments.files, ".pact.md")? {
        let text = input::text(&path)?;
        let formatted = servanda_lang::format(&text);
        if formatted != text {
            changed.push((path, formatted));
        }
    }
    if arguments.check {
        let list: String = changed.iter().map(|(path, _)| format!("{}\n", path.display())).collect();
        session.say(&list)?;
        return Ok(if changed.is_empty() { Answer::Yes } else { Answer::No });
    }
    for (path, formatted) in &changed {
        servanda_store::files::write(path, formatted.as_bytes())?;
        session.note(&format!("formatted {}", path.display()));
    }
    Ok(Answer::Yes)
}

fn standard_input(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    if arguments.files.len() > 1 {
        return Err(Failure::new("`-` stands alone").help("format files and standard input in two runs"));
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(input::TEXT_LIMIT).read_to_string(&mut text);
    read.map_err(|e| Failure::new(format!("cannot read standard input: {e}")).help("is it text in UTF-8?"))?;
    let formatted = servanda_lang::format(&text);
    if arguments.check {
        return Ok(if formatted == text { Answer::Yes } else { Answer::No });
    }
    session.say(&formatted)?;
    Ok(Answer::Yes)
}
