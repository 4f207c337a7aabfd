//! `servanda diff BEFORE AFTER`: two versions of an agreement side by side in plain sentences, the findings that came and went, and the verdicts
//! that change on records.
//!
//! Words alone are compared by `servanda compare`.

use super::{Answer, Output};
use crate::failure::Failure;
use crate::input;
use crate::matter::{self, Matter};
use crate::session::Session;
use servanda_lang::changes::{Change, Changes, Version, changes};
use servanda_model::verdict::Verdict;
use servanda_report::text::{clean, wrapped};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Arguments {
    /// The version before
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// The version after
    #[arg(value_name = "AFTER")]
    after: PathBuf,
    #[command(flatten)]
    matter: Matter,
    /// Leave the verdicts out
    #[arg(long)]
    no_verdicts: bool,
    /// End with 1 where the two versions differ
    #[arg(long)]
    fail_on_change: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Output,
}

/// A verdict that is another one.
struct Other {
    norm: String,
    bearer: String,
    instance: String,
    before: Option<String>,
    after: Option<String>,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let texts = (input::text(&arguments.before)?, input::text(&arguments.after)?);
    // An agreement with errors is half an agreement, and would differ in what could not be understood.
    matter::agreement(&arguments.before, session)?;
    matter::agreement(&arguments.after, session)?;
    let (a, b) = (servanda_lang::check(&texts.0), servanda_lang::check(&texts.1));
    let found = changes(Version { text: &texts.0, checked: &a }, Version { text: &texts.1, checked: &b });
    let verdicts = match arguments.no_verdicts || !arguments.matter.has_records() {
        true => None,
        false => Some(others(arguments, session)?),
    };
    session.say(&match arguments.format {
        Output::Human => human(&found, verdicts.as_deref(), session.colour),
        Output::Json => json(&found, verdicts.as_deref()),
    })?;
    let differs = !found.is_empty() || verdicts.is_some_and(|v| !v.is_empty());
    Ok(if arguments.fail_on_change && differs { Answer::No } else { Answer::Yes })
}

fn others(arguments: &Arguments, session: &Session) -> Result<Vec<Other>, Failure> {
    let key = |v: &Verdict| (v.norm.to_string(), v.bearer.to_string(), v.instance.to_string());
    let of = |path| -> Result<BTreeMap<(String, String, String), String>, Failure> {
        let case = arguments.matter.about(path).load(session)?;
        Ok(case.board.verdicts.iter().map(|v| (key(v), v.performance.word().to_string())).collect())
    };
    let (before, after) = (of(&arguments.before)?, of(&arguments.after)?);
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differing = keys.into_iter().filter(|k| before.get(*k) != after.get(*k));
    Ok(differing
        .map(|k| Other {
            norm: k.0.clone(),
            bearer: k.1.clone(),
            instance: k.2.clone(),
            before: before.get(k).cloned(),
            after: after.get(k).cloned(),
        })
        .collect())
}

fn human(found: &Changes, verdicts: Option<&[Other]>, colour: bool) -> String {
    let (red, green, plain) = if colour { ("\x1b[31m", "\x1b[32m", "\x1b[0m") } else { ("", "", "") };
    let mut out = String::new();
    let mut change = |c: &Change| {
        out.push_str(format!("{} {}", c.what, c.name).trim());
        out.push('\n');
        for (sign, tone, words) in [("-", red, &c.before), ("+", green, &c.after)] {
            if let Some(words) = words {
                let lines = wrapped(&clean(words), 100, 4);
                out.push_str(&format!("  {tone}{sign}{plain} {}\n", lines.trim()));
            }
        }
        out.push('\n');
    };
    found.meaning.iter().chain(&found.words).for_each(&mut change);
    for (head, findings) in
        [("findings that are new", &found.found), ("findings that are gone", &found.resolved)]
    {
        if !findings.is_empty() {
            out.push_str(&format!("{head}\n"));
            findings.iter().for_each(|(code, message)| out.push_str(&format!("  {code} {message}\n")));
            out.push('\n');
        }
    }
    let not_there = || "–".to_string();
    if let Some(verdicts) = verdicts {
        out.push_str(if verdicts.is_empty() {
            "no verdict changes on these records\n"
        } else {
            "verdicts that change\n"
        });
        for v in verdicts {
            let instance = if v.instance == "-" { String::new() } else { format!(" ({})", v.instance) };
            let (before, after) =
                (v.before.clone().unwrap_or_else(not_there), v.after.clone().unwrap_or_else(not_there));
            out.push_str(&format!("  {} {}{instance}: {before} → {after}\n", v.norm, v.bearer));
        }
    }
    if found.is_empty() {
        return format!("the two versions mean the same\n{out}");
    }
    out
}

fn json(found: &Changes, verdicts: Option<&[Other]>) -> String {
    use serde_json::{Value, json};
    let change =
        |c: &Change| json!({"what": c.what, "name": c.name.as_str(), "before": c.before, "after": c.after});
    let findings = |all: &[(&'static str, String)]| -> Vec<Value> {
        all.iter().map(|(code, message)| json!({"code": code, "message": message})).collect()
    };
    let other = |v: &Other| json!({"norm": v.norm, "bearer": v.bearer, "instance": v.instance, "before": v.before, "after": v.after});
    let document = json!({
        "servanda": "diff", "version": 1,
        "meaning": found.meaning.iter().map(change).collect::<Vec<_>>(),
        "words": found.words.iter().map(change).collect::<Vec<_>>(),
        "found": findings(&found.found),
        "resolved": findings(&found.resolved),
        "verdicts": verdicts.map(|all| all.iter().map(other).collect::<Vec<_>>()),
    });
    format!("{document:#}\n")
}
