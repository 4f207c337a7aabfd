//! `servanda lsp`: the language server, for an editor that starts it and speaks with it over its standard input and output.

use super::Answer;
use crate::failure::Failure;
use crate::matter::{Case, Matter};
use crate::session::{Color, Session};
use servanda_lsp::{Ended, Said, Verdicts};
use servanda_report::{state, wording};
use servanda_store::Workspace;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Arguments {
    /// Speak over standard input and output. It always does; some editors ask for it
    #[arg(long)]
    stdio: bool,
    /// Show above each rule how it stands now on the records of the workspace that the text lies in
    #[arg(long)]
    verdicts: bool,
}

/// So many bearers are named above a rule; of more, it is told how many stand how.
const MOST_NAMED: usize = 4;

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let Arguments { stdio: _, verdicts } = arguments;
    let verdicts = verdicts.then(|| Box::new(OfWorkspace) as Box<dyn Verdicts>);
    match servanda_lsp::serve(std::io::stdin(), std::io::stdout(), verdicts) {
        Ok(Ended::AsAgreed) => Ok(Answer::Yes),
        Ok(Ended::Abruptly) => {
            session.note("the editor left without `shutdown`");
            Ok(Answer::No)
        }
        Err(error) => Err(Failure::new(format!("the conversation with the editor ended: {error}"))
            .help("an editor starts this command and speaks the Language Server Protocol with it; see docs/guides/editor.md")),
    }
}

/// Verdicts on a text that lies in a workspace, on that workspace's records: its own agreement, or a draft beside it.
struct OfWorkspace;

impl Verdicts for OfWorkspace {
    fn of(&mut self, uri: &str) -> Result<Said, String> {
        let path = path_of(uri).ok_or("the text lies in no file of this machine")?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let workspace = Workspace::find(folder).map_err(|_| {
            "the file lies in no workspace; `servanda new` makes one, with the records that verdicts rest on".to_string()
        })?;
        let mut matter = Matter::of(workspace.root());
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        if real(&workspace.agreement()) != real(&path) {
            matter = matter.about(&path);
        }
        let case =
            matter.load(&Session::begin(Color::Never)).map_err(|failure| failure.message().to_string())?;
        Ok(said(&case))
    }
}

fn said(case: &Case) -> Said {
    let view = case.view();
    let calendar = &case.agreement.calendar;
    let exercise = if view.is_exercise() { "EXERCISE · " } else { "" };
    let answer = state::Answer::of(&view);
    let (at, zone) = (calendar.show(case.board.question.known_at), calendar.zone_name());
    let mut said = Said {
        whole: format!("{exercise}{} {} As known at {at} {zone}", answer.word, answer.sentence),
        ..Said::default()
    };
    let mut by_rule: BTreeMap<&str, Vec<(String, state::State)>> = BTreeMap::new();
    for row in view.rows() {
        // What sugar was lowered to stands under the rule that it came from.
        let name = row.name.as_str().split('/').next().unwrap_or_default();
        let bearer = wording::bearer(&case.agreement, row.bearer);
        by_rule.entry(name).or_default().push((bearer, row.state()));
    }
    for (name, rows) in by_rule {
        let parts: Vec<String> = match rows.len() {
            ..=MOST_NAMED => {
                rows.iter().map(|(who, s)| format!("{} {who}: {}", s.tone.sign(), s.word)).collect()
            }
            _ => {
                let mut counted: BTreeMap<(state::Tone, &str), usize> = BTreeMap::new();
                rows.iter().for_each(|(_, s)| *counted.entry((s.tone, s.word)).or_default() += 1);
                counted.iter().map(|((tone, word), n)| format!("{} {n} {word}", tone.sign())).collect()
            }
        };
        said.rules.insert(name.to_string(), format!("{exercise}{}", parts.join(" · ")));
    }
    for term in &case.board.terms {
        said.rules
            .insert(term.term.as_str().to_string(), format!("{exercise}{} now", state::met(term.now).1));
    }
    said
}

/// The file behind an address, where it is one of this machine.
fn path_of(uri: &str) -> Option<PathBuf> {
    let path = uri.strip_prefix("file://")?;
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
    let path = PathBuf::from(String::from_utf8(bytes).ok()?);
    path.is_absolute().then_some(path)
}
