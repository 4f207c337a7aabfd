//! What a page with sliders needs besides the document `backtest/1`: the cases that a figure is made of, and the knobs with where they
//! stand.
//!
//! What it deliberately does not do: compute. Cases are the replay's own instances; knobs are those of [`crate::vary`].
//!
//! Invariants
//! - cases stand in the order of the replay, and how many were left out is said;
//! - a knob's place on an axis is for drawing: what is asked with is its words.
//!
//! Where to start reading: [`cases`], [`knobs`].

use crate::figures::Instance;
use crate::vary::{self, Setting};
use serde::Serialize;
use servanda_model::{Agreement, Instant, When};
use servanda_report::wording;

/// An instance that was counted.
#[derive(Serialize)]
pub struct CaseJson {
    norm: String,
    bearer: String,
    phrase: String,
    instance: String,
    triggered: Option<String>,
    triggered_local: Option<String>,
    due: Option<String>,
    due_local: Option<String>,
    performance: &'static str,
    word: String,
    tone: &'static str,
    decided: Option<String>,
    decided_local: Option<String>,
    breaches: Vec<BreachJson>,
}

#[derive(Serialize)]
struct BreachJson {
    from: String,
    from_local: String,
    to: Option<String>,
    to_local: Option<String>,
}

/// Something that can be varied.
#[derive(Serialize)]
pub struct KnobJson {
    name: String,
    what: String,
    /// As it stands, in words that can be asked with.
    stands: Option<String>,
    /// Where that lies on an axis; `None` for a word.
    axis: Option<f64>,
    unit: &'static str,
    options: Vec<String>,
    share: bool,
}

/// The first `most` cases of a replay, and how many were left out.
pub fn cases(agreement: &Agreement, instances: &[Instance], most: usize) -> (Vec<CaseJson>, usize) {
    let calendar = &agreement.calendar;
    let local = |at: Instant| calendar.show(at);
    let case = |i: &Instance| {
        let state = servanda_report::State::of_performance(i.performance);
        CaseJson {
            norm: i.norm.to_string(),
            bearer: i.bearer.to_string(),
            phrase: wording::bearer(agreement, &i.bearer),
            instance: i.instance.to_string(),
            triggered: i.triggered.map(|w| w.earliest.to_string()),
            triggered_local: i.triggered.map(|w: When| calendar.show_when(w)),
            due: i.due.map(|w| w.latest.to_string()),
            due_local: i.due.map(|w| calendar.show_when(w)),
            performance: i.performance.word(),
            word: state.word.to_string(),
            tone: state.tone.word(),
            decided: i.decided.map(|at| at.to_string()),
            decided_local: i.decided.map(local),
            breaches: i
                .breaches
                .iter()
                .map(|(from, to)| BreachJson {
                    from: from.earliest.to_string(),
                    from_local: calendar.show_when(*from),
                    to: to.map(|at| at.to_string()),
                    to_local: to.map(local),
                })
                .collect(),
        }
    };
    let shown: Vec<CaseJson> = instances.iter().take(most).map(case).collect();
    let left_out = instances.len() - shown.len();
    (shown, left_out)
}

/// All that can be varied, in the order of the text.
pub fn knobs(agreement: &Agreement) -> Vec<KnobJson> {
    let knob = |k: vary::Knob| KnobJson {
        axis: k.stands.as_ref().and_then(Setting::on_an_axis),
        unit: k.stands.as_ref().map_or("", Setting::unit),
        stands: k.stands.as_ref().map(Setting::to_string),
        options: k.options.iter().map(Setting::to_string).collect(),
        share: k.share,
        name: k.name,
        what: k.what,
    };
    vary::knobs(agreement).into_iter().map(knob).collect()
}
