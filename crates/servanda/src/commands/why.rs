//! `servanda why NORM [BEARER] [K]`: the verdict card. Words, rule, records, and what would change the answer.

use super::status::Strict;
use super::{Answer, Output};
use crate::failure::Failure;
use crate::matter::{Case, Matter};
use crate::session::Session;
use servanda_engine::explain::Explainer;
use servanda_lang::closest;
use servanda_model::{Explanation, Verdict};
use servanda_report::{json, text};

#[derive(clap::Args)]
pub struct Arguments {
    /// Name of a norm, as the agreement gives it
    norm: String,
    /// Party or body that bears it; `unstated` and `not-established` are bearers too
    bearer: Option<String>,
    /// Which time: the K-th instance, counted from 1 by its trigger (also written BEARER#K)
    #[arg(value_name = "K")]
    instance: Option<String>,
    #[command(flatten)]
    matter: Matter,
    #[command(flatten)]
    strict: Strict,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Output,
}

pub fn run(arguments: &Arguments, session: &Session) -> Result<Answer, Failure> {
    let (bearer, number) = arguments.bearer_and_number()?;
    let case = arguments.matter.load(session)?;
    let view = case.view();
    let verdicts = match number {
        None => view.find(&arguments.norm, bearer.as_deref(), None),
        Some(number) => {
            let all = of_row(&case, &arguments.norm, bearer.as_deref());
            match number.checked_sub(1).and_then(|n| all.get(n)) {
                Some(verdict) => Ok(vec![*verdict]),
                None if all.is_empty() => view.find(&arguments.norm, bearer.as_deref(), None),
                None => {
                    let words =
                        format!("`{}` has no instance {number}; it has {}", arguments.norm, all.len());
                    return Err(
                        Failure::new(words).help("leave the number out for the one that matters most")
                    );
                }
            }
        }
    };
    let verdicts = verdicts.map_err(|missing| {
        let near = closest(&missing.asked, missing.known.iter().map(String::as_str));
        match near {
            Some(near) if near != missing.asked => {
                Failure::new(format!("there is no {} `{}`", missing.what, missing.asked))
                    .help(format!("did you mean `{near}`?"))
            }
            _ => Failure::new(missing.to_string()).help("`servanda status` shows norms and bearers"),
        }
    })?;
    if verdicts.is_empty() {
        return Err(Failure::new(format!("`{}` binds nobody at this moment", arguments.norm)));
    }
    let records = (&case.records).into();
    let explainer = Explainer::of(&case.agreement, &case.places, records, &case.board.question);
    let explained: Vec<(&Verdict, Explanation)> =
        verdicts.iter().map(|v| (*v, explainer.explain(v))).collect();
    session.say(&match arguments.format {
        Output::Json => json::text(&json::cards_explained(&view, &explained)),
        Output::Human => {
            let style = session.style();
            let card = |(i, (verdict, why)): (usize, &(&Verdict, Explanation))| {
                text::card_explained(&view, verdict, why, &style, i == 0)
            };
            explained.iter().enumerate().map(card).collect::<Vec<_>>().join("\n")
        }
    })?;
    Ok(arguments.strict.answer(verdicts.iter().map(|v| &v.performance)))
}

/// The instances of a norm for a bearer, by trigger.
fn of_row<'a>(case: &'a Case, norm: &str, bearer: Option<&str>) -> Vec<&'a Verdict> {
    let is_borne = |v: &&Verdict| {
        bearer.is_none_or(|b| servanda_report::wording::is_bearer(&case.agreement, &v.bearer, b))
    };
    let mut all: Vec<&Verdict> =
        case.board.verdicts.iter().filter(|v| v.norm == *norm).filter(is_borne).collect();
    all.sort_by_key(|v| (v.triggered, v.due));
    all
}

impl Arguments {
    fn bearer_and_number(&self) -> Result<(Option<String>, Option<usize>), Failure> {
        let read = |text: &str| {
            text.trim_start_matches('#').parse().ok().filter(|n| *n > 0).ok_or_else(|| {
                Failure::new(format!("`{text}` is no number of an instance"))
                    .help("write `servanda why NORM BEARER 2` or `servanda why NORM BEARER#2`")
            })
        };
        match (&self.bearer, &self.instance) {
            (bearer, Some(number)) => Ok((bearer.clone(), Some(read(number)?))),
            (Some(bearer), None) => match bearer.split_once('#') {
                Some((bearer, number)) => {
                    Ok((Some(bearer.to_string()).filter(|b| !b.is_empty()), Some(read(number)?)))
                }
                None => Ok((Some(bearer.clone()), None)),
            },
            (None, None) => Ok((None, None)),
        }
    }
}
