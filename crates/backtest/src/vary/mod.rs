//! What of a draft can be varied, and the variants.
//!
//! A *knob* is a number, a length of time, a standard of proof or a reading of the draft, under a name that says whose it
//! is: `large-scale-aggression.count`, `consult.within`, `fourteen-days`. A sweep replays the draft for every combination
//! of values over the same records.
//!
//! Invariants
//! - a variant gives what a draft with that value written into it gives;
//! - knobs are listed in one order: norms and terms by the text's names, then readings, facts, powers, classes;
//! - a sweep of more variants than the limit is refused before anything is computed.

mod quick;
mod range;
mod slots;

pub use slots::{Knob, Setting, knobs};

use crate::Refusal;
use crate::figures::{self, NormFigures, TermFigures};
use crate::labels::{self, Label, Scored};
use crate::past::Past;
use servanda_lang::closest;
use servanda_model::{Agreement, Instant, Name, Places};
use std::collections::BTreeMap;

/// Variants at most, where each is a replay of the whole draft.
pub const REPLAYS: usize = 200;
/// Variants at most, where only a counting term's threshold, kinds or window vary.
pub const THRESHOLDS: usize = 40_000;

/// A knob and the values that it is to take.
#[derive(Clone, PartialEq, Debug)]
pub struct Varied {
    /// The knob as the draft has it.
    pub knob: Knob,
    /// Its values, in the order asked for.
    pub values: Vec<Setting>,
}

/// All variants that were computed.
#[derive(Clone, PartialEq, Debug)]
pub struct Sweep {
    /// What was varied.
    pub varied: Vec<Varied>,
    /// The term whose triggers alone were counted; `None`: every variant is a replay of the whole draft.
    pub term_only: Option<Name>,
    /// One for each combination, the last knob fastest.
    pub variants: Vec<Variant>,
}

/// One combination and what came of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Variant {
    /// For each knob, which of its values.
    pub at: Vec<usize>,
    /// Whether it is the draft as it stands.
    pub is_draft: bool,
    /// What came of it.
    pub found: Found,
}

/// What came of a variant.
#[derive(Clone, PartialEq, Debug)]
pub enum Found {
    /// The draft was replayed.
    Whole {
        /// By norm.
        norms: Vec<NormFigures>,
        /// By term.
        terms: Vec<TermFigures>,
        /// Beside the labels.
        scored: Option<Scored>,
    },
    /// Only the triggers of the term were counted.
    Triggers {
        /// How many.
        triggers: usize,
        /// The first.
        first: Option<Instant>,
    },
}

impl Variant {
    /// How often each norm was triggered and each term was met, by name; a term under rival readings takes the most.
    pub fn triggers(&self, term_only: Option<&Name>) -> BTreeMap<Name, usize> {
        match &self.found {
            Found::Triggers { triggers, .. } => {
                term_only.map(|t| (t.clone(), *triggers)).into_iter().collect()
            }
            Found::Whole { norms, terms, .. } => {
                let mut all: BTreeMap<Name, usize> =
                    norms.iter().map(|n| (n.norm.clone(), n.triggers)).collect();
                for term in terms {
                    let most = all.entry(term.term.clone()).or_default();
                    *most = (*most).max(term.episodes.len());
                }
                all
            }
        }
    }
}

/// What is to be varied: `NAME=a..b`, `NAME=a..b:step`, `NAME=a,b,c` or `NAME=all`.
///
/// # Errors
/// Where the draft has no such knob or the values cannot be read; the help says what there is.
pub fn varied(agreement: &Agreement, asked: &[String]) -> Result<Vec<Varied>, Refusal> {
    let knobs = knobs(agreement);
    let mut all: Vec<Varied> = Vec::new();
    for text in asked {
        let Some((name, values)) = text.split_once('=') else {
            return Err(Refusal::new(
                format!("`{text}` says not what values to try"),
                "write --vary NAME=a..b, NAME=a..b:step or NAME=a,b,c; `--vary ?` lists the names",
            ));
        };
        let name = name.trim();
        let Some(knob) = knobs.iter().find(|k| k.name == name) else {
            let help = match closest(name, knobs.iter().map(|k| k.name.as_str())) {
                Some(near) => format!("did you mean `{near}`? `--vary ?` lists all that can be varied"),
                None => "`--vary ?` lists all that can be varied".to_string(),
            };
            return Err(Refusal::new(
                format!("the draft has nothing called `{name}` that can be varied"),
                help,
            ));
        };
        if all.iter().any(|v| v.knob.name == knob.name) {
            return Err(Refusal::new(
                format!("`{name}` is varied twice"),
                "name each once, with all its values: NAME=a,b,c",
            ));
        }
        all.push(Varied { values: range::values(knob, values.trim())?, knob: knob.clone() });
    }
    Ok(all)
}

/// Replays the draft for every combination. `verdicts`: also where counting the triggers of a term alone would do.
///
/// # Errors
/// Where there would be more variants than the limit.
#[allow(clippy::too_many_arguments, reason = "a sweep is a replay, its labels and what is varied")]
pub fn sweep(
    agreement: &Agreement,
    places: &Places,
    past: &Past,
    readings: &BTreeMap<Name, Name>,
    varied: Vec<Varied>,
    labels: Option<(&[Label], i64)>,
    verdicts: bool,
    mut working: impl FnMut(usize, usize),
) -> Result<Sweep, Refusal> {
    let count = varied.iter().try_fold(1usize, |n, v| n.checked_mul(v.values.len())).unwrap_or(usize::MAX);
    if !verdicts
        && labels.is_none()
        && count <= THRESHOLDS
        && let Some(sweep) = quick::sweep(agreement, past, &varied)
    {
        return Ok(sweep);
    }
    if count > REPLAYS {
        let words = format!(
            "{} variants were asked for; at most {REPLAYS} are replayed in one run",
            if count == usize::MAX { "countless".to_string() } else { crate::text::grouped(count) }
        );
        let help = format!(
            "take fewer values or a greater step (NAME=a..b:step). Where only `.count`, `.distinct` and their window of one term \
             vary, and its events are exact in time, up to {} are counted, without --verdicts and --labels",
            crate::text::grouped(THRESHOLDS)
        );
        return Err(Refusal::new(words, help));
    }
    let mut variants = Vec::with_capacity(count);
    for at in combinations(&varied) {
        working(variants.len() + 1, count);
        let (changed, chosen) = apply(agreement, readings, &varied, &at);
        let replay = figures::replay(&changed, places, past, &chosen);
        let scored = labels.map(|(labels, tolerance)| labels::score(&replay, past, labels, tolerance));
        let found = Found::Whole { norms: replay.norms, terms: replay.terms, scored };
        variants.push(Variant { is_draft: is_draft(&varied, &at), at, found });
    }
    Ok(Sweep { varied, term_only: None, variants })
}

/// [`sweep`] without labels, within bounds: at most `replays` variants where each is a replay, at most `counted` where triggers are counted.
///
/// # Errors
/// Where there would be more variants than that, or it was stopped.
pub fn sweep_within(
    (agreement, places): (&Agreement, &Places),
    past: &Past,
    readings: &BTreeMap<Name, Name>,
    varied: Vec<Varied>,
    (replays, counted): (usize, usize),
    bounds: &figures::Bounds<'_>,
) -> Result<Result<Sweep, Refusal>, figures::Stopped> {
    let count = varied.iter().try_fold(1usize, |n, v| n.checked_mul(v.values.len())).unwrap_or(usize::MAX);
    if count > replays {
        return Ok(
            match quick::sweep(agreement, past, &varied).filter(|_| count <= counted.min(THRESHOLDS)) {
                Some(sweep) => Ok(sweep),
                None => Err(Refusal::new(
                    format!("{count} variants were asked for; at most {replays} are replayed here"),
                    "take fewer values or a greater step; `servanda backtest --vary` takes more",
                )),
            },
        );
    }
    let mut variants = Vec::with_capacity(count);
    for at in combinations(&varied) {
        let (changed, chosen) = apply(agreement, readings, &varied, &at);
        let replay = figures::replay_within(&changed, places, past, &chosen, bounds)?;
        let found = Found::Whole { norms: replay.norms, terms: replay.terms, scored: None };
        variants.push(Variant { is_draft: is_draft(&varied, &at), at, found });
    }
    Ok(Ok(Sweep { varied, term_only: None, variants }))
}

/// Whether the variants' triggers can be counted without a replay.
pub fn is_countable(agreement: &Agreement, past: &Past, varied: &[Varied]) -> bool {
    let count = varied.iter().try_fold(1usize, |n, v| n.checked_mul(v.values.len())).unwrap_or(usize::MAX);
    count <= THRESHOLDS && quick::sweep(agreement, past, varied).is_some()
}

/// The draft and the chosen readings with these values.
pub fn apply(
    agreement: &Agreement,
    readings: &BTreeMap<Name, Name>,
    varied: &[Varied],
    at: &[usize],
) -> (Agreement, BTreeMap<Name, Name>) {
    let (mut agreement, mut readings) = (agreement.clone(), readings.clone());
    for (v, i) in varied.iter().zip(at) {
        match &v.values[*i] {
            Setting::Option(option) => {
                readings.insert(v.knob.name.as_str().into(), option.clone());
            }
            value => slots::set(&mut agreement, &v.knob.name, value),
        }
    }
    (agreement, readings)
}

fn is_draft(varied: &[Varied], at: &[usize]) -> bool {
    varied.iter().zip(at).all(|(v, i)| v.knob.stands.as_ref() == Some(&v.values[*i]))
}

/// All combinations, the last knob fastest.
fn combinations(varied: &[Varied]) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for v in varied {
        all = all.iter().flat_map(|at| (0..v.values.len()).map(move |i| [&at[..], &[i]].concat())).collect();
    }
    all
}

#[cfg(test)]
mod tests;
