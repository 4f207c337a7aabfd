//! `servanda check FILE…`: everything that is to be said about the text of agreements, many at once.

use super::Answer;
use crate::failure::Failure;
use crate::session::Session;
use crate::{input, matter};
use servanda_lang::diagnostic::{Diagnostic, Severity, render};
use servanda_lang::findings::{self, Finding, Findings};
use servanda_model::Agreement;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// Agreements; folders are searched for *.pact.md; without one, the agreement of the workspace
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Also end with 1 where there are only warnings
    #[arg(long)]
    strict: bool,
    /// Show what a drafter wants to know about a text that is correct: gaps, rival readings, who can block, what nobody watches
    #[arg(long)]
    findings: bool,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let files = match arguments.files.as_slice() {
        [] => vec![servanda_store::Workspace::find(std::path::Path::new("."))?.agreement()],
        given => input::found(given, ".pact.md")?,
    };
    let (mut errors, mut warnings, mut unreadable) = (0, 0, 0);
    let (mut open, mut accepted) = (0, 0);
    for path in &files {
        let text = match input::text(path) {
            Ok(text) => text,
            Err(failure) => {
                session.note(&failure.shown(session.colour_of_errors));
                unreadable += 1;
                continue;
            }
        };
        let checked = servanda_lang::check(&text);
        let draft = findings::findings(&text, &checked);
        accepted += draft.findings.iter().filter(|f| f.accepted.is_some()).count();
        open += draft.findings.iter().filter(|f| f.accepted.is_none()).count();
        let mut found = checked.diagnostics;
        found.extend(zone_errors(&text, &checked.agreement, path));
        let count = |severity| found.iter().filter(|d| d.severity == severity).count();
        errors += count(Severity::Error);
        warnings += count(Severity::Warning);
        if !found.is_empty() {
            let shown = render(&path.display().to_string(), &text, &found, session.colour);
            session.say(&format!("{}\n\n", shown.trim_end()))?;
        }
        if arguments.findings {
            warnings += draft.findings.iter().filter(|f| is_open_warning(f)).count();
            session.say(&shown(&draft, &text, path, session.colour))?;
        }
    }
    let files = counted(files.len() - unreadable, "file");
    session.say(&match (errors, warnings) {
        (0, 0) => format!("{files} checked: no errors, no warnings\n"),
        (errors, warnings) => {
            format!("{files} checked: {}, {}\n", counted(errors, "error"), counted(warnings, "warning"))
        }
    })?;
    if !arguments.findings && open + accepted > 0 {
        let kept = if accepted > 0 { format!(", and {accepted} accepted") } else { String::new() };
        session.say(&format!(
            "{} about the draft{kept}: `servanda check --findings` shows them\n",
            counted(open, "finding")
        ))?;
    }
    if unreadable > 0 {
        let words = format!("{} could not be read", counted(unreadable, "file"));
        return Err(Failure::new(words).help("the reasons stand above"));
    }
    Ok(if errors > 0 || (arguments.strict && warnings > 0) { Answer::No } else { Answer::Yes })
}

fn is_open_warning(finding: &Finding) -> bool {
    finding.accepted.is_none() && finding.diagnostic.severity == Severity::Warning
}

/// Findings as people read them: the open ones in full, the accepted ones with their reasons, and what was looked at.
fn shown(draft: &Findings, text: &str, path: &Path, colour: bool) -> String {
    let name = path.display().to_string();
    let open: Vec<Diagnostic> =
        draft.findings.iter().filter(|f| f.accepted.is_none()).map(|f| f.diagnostic.clone()).collect();
    let mut out = render(&name, text, &open, colour);
    let accepted: Vec<String> = draft
        .findings
        .iter()
        .filter_map(|f| {
            Some(format!(
                "  {} {}\n    because {}\n",
                f.diagnostic.code,
                f.diagnostic.message,
                f.accepted.as_ref()?
            ))
        })
        .collect();
    if !accepted.is_empty() {
        out.push_str(&format!("accepted in {name}:\n{}\n", accepted.concat()));
    }
    out.push_str(&format!("looked at in {name}:\n"));
    for looked in &draft.looked {
        out.push_str(&format!("  {}: {}\n    how far: {}\n", looked.analysis, looked.at, looked.bound));
        for undecided in &looked.undecided {
            out.push_str(&format!("    not decided: {undecided}\n"));
        }
    }
    out.push('\n');
    out
}

/// Zones without a shape, where they stand in the text.
fn zone_errors(text: &str, agreement: &Agreement, path: &Path) -> Vec<Diagnostic> {
    let (files, mut wrong) = matter::shapes(agreement, path);
    let (_, problems) = servanda_evidence::zones::places(agreement, &files, &[]);
    // A file that cannot be read is told once, with the reason of the system.
    wrong.extend(
        problems
            .into_iter()
            .filter(|p| !p.name.as_str().ends_with(".geojson") || files.contains_key(p.name.as_str())),
    );
    let place = |name: &str| {
        let quoted = format!("\"{name}\"");
        text.find(&quoted).map_or(0..0, |start| start..start + quoted.len())
    };
    wrong
        .into_iter()
        .map(|p| Diagnostic::error(p.code, place(p.name.as_str()), p.reason.clone()).help(p.remedy.clone()))
        .collect()
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}
