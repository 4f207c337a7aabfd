//! The document `backtest/1` for programs.
//!
//! Fields may be added within a version; none changes its meaning or goes away. `docs/reference/backtest.md` describes each,
//! and a test compares that page with what is produced.

use crate::Backtest;
use crate::against::Compared;
use crate::figures::{NormFigures, Spread, TermFigures};
use crate::labels::Scored;
use crate::past::Knowledge;
use crate::text::{COUNTING, NO_RANKING};
use crate::vary::{Found, Sweep};
use serde::Serialize;
use servanda_model::verdict::{Bearer, Performance};
use servanda_model::{Instant, Name, Period};
use servanda_report::View;
use servanda_report::json::Header;
use servanda_report::wording;
use std::collections::BTreeMap;

/// The document `backtest/1`.
#[derive(Serialize)]
pub struct BacktestJson {
    #[serde(flatten)]
    header: Header,
    period: PeriodJson,
    history: HistoryJson,
    counting: [&'static str; 2],
    norms: Vec<NormJson>,
    terms: Vec<TermJson>,
    load: Vec<LoadJson>,
    labels: Option<LabelsJson>,
    sweep: Option<SweepJson>,
    against: Option<AgainstJson>,
}

#[derive(Serialize)]
struct PeriodJson {
    from: String,
    to: String,
}

#[derive(Serialize)]
struct HistoryJson {
    records: usize,
    known: &'static str,
    delay_ms: Option<i64>,
    known_words: String,
    first: Option<String>,
    last: Option<String>,
    facts: Vec<CountJson>,
    sources: Vec<CountJson>,
    limits: Vec<String>,
}

#[derive(Serialize)]
struct CountJson {
    name: String,
    count: usize,
}

#[derive(Serialize)]
struct NormJson {
    norm: String,
    kind: &'static str,
    clause: Option<String>,
    triggers: usize,
    instances: usize,
    performances: BTreeMap<&'static str, usize>,
    episodes: usize,
    revised: usize,
    from_trigger: Option<SpreadJson>,
    from_deadline: Option<SpreadJson>,
    from_deed: Option<SpreadJson>,
    undecided: Vec<UndecidedJson>,
}

#[derive(Serialize)]
struct SpreadJson {
    of: usize,
    least_ms: i64,
    median_ms: i64,
    most_ms: i64,
}

#[derive(Serialize)]
struct UndecidedJson {
    code: String,
    instances: usize,
    missing: Vec<CountJson>,
}

#[derive(Serialize)]
struct TermJson {
    term: String,
    readings: BTreeMap<String, String>,
    times: usize,
    met_ms: i64,
    episodes: Vec<EpisodeJson>,
}

#[derive(Serialize)]
struct EpisodeJson {
    began: String,
    began_latest: String,
    ended: Option<String>,
}

#[derive(Serialize)]
struct LoadJson {
    bearer: String,
    phrase: String,
    month: String,
    begun: usize,
    due: usize,
    open: usize,
    lasting: usize,
}

#[derive(Serialize)]
struct LabelsJson {
    tolerance_ms: i64,
    scores: Vec<ScoreJson>,
}

#[derive(Serialize)]
struct ScoreJson {
    name: String,
    outcome: &'static str,
    labels: usize,
    outside: usize,
    found: usize,
    missed: Vec<MissedJson>,
    alarms: usize,
    false_alarms: Vec<PeriodJson>,
}

#[derive(Serialize)]
struct MissedJson {
    line: usize,
    from: String,
    to: String,
}

#[derive(Serialize)]
struct SweepJson {
    term_only: Option<String>,
    varied: Vec<VariedJson>,
    variants: Vec<VariantJson>,
}

#[derive(Serialize)]
struct VariedJson {
    name: String,
    what: String,
    stands: Option<String>,
    values: Vec<String>,
}

#[derive(Serialize)]
struct VariantJson {
    values: BTreeMap<String, String>,
    is_draft: bool,
    triggers: BTreeMap<String, usize>,
    first: Option<String>,
    norms: Vec<VariantNormJson>,
    labels: Option<LabelsJson>,
}

#[derive(Serialize)]
struct VariantNormJson {
    norm: String,
    triggers: usize,
    instances: usize,
    performances: BTreeMap<&'static str, usize>,
    median_from_trigger_ms: Option<i64>,
}

#[derive(Serialize)]
struct AgainstJson {
    name: String,
    title: String,
    norms: Vec<PairJson>,
    terms: Vec<TermPairJson>,
}

#[derive(Serialize)]
struct PairJson {
    norm: String,
    here: Option<VariantNormJson>,
    there: Option<VariantNormJson>,
    changed: Vec<ChangedJson>,
    differ: usize,
    only_here: usize,
    only_there: usize,
    from: Option<String>,
    examples: Vec<DifferenceJson>,
}

#[derive(Serialize)]
struct ChangedJson {
    what: String,
    here: String,
    there: String,
}

#[derive(Serialize)]
struct DifferenceJson {
    bearer: String,
    instance: String,
    from: String,
    here: Option<&'static str>,
    there: Option<&'static str>,
    here_at_end: Option<&'static str>,
    there_at_end: Option<&'static str>,
}

#[derive(Serialize)]
struct TermPairJson {
    term: String,
    here: Option<usize>,
    there: Option<usize>,
}

fn view<'v>(b: &'v Backtest<'_>) -> View<'v> {
    let records = (&b.past.records).into();
    View { agreement: b.agreement, places: b.places, records, board: &b.replay.board, sorted: None }
}

/// Whether any of it is an exercise.
pub fn is_exercise(b: &Backtest<'_>) -> bool {
    view(b).is_exercise()
}

/// The document.
pub fn backtest(b: &Backtest<'_>) -> BacktestJson {
    let about = &b.past.about;
    let (known, delay_ms) = match b.past.knowledge {
        Knowledge::AsRecorded => ("as-recorded", None),
        Knowledge::AsItHappened(ms) => ("as-it-happened", Some(ms)),
    };
    let agreement = b.agreement;
    BacktestJson {
        header: Header::of("backtest/1", &view(b)),
        period: period(b.past.period),
        history: HistoryJson {
            records: about.given,
            known,
            delay_ms,
            known_words: b.past.knowledge.words(),
            first: about.spoken_of.map(|p| p.from.to_string()),
            last: about.spoken_of.map(|p| p.to.to_string()),
            facts: counts(about.facts.iter().map(|(n, c)| (n.as_str(), *c))),
            sources: counts(about.sources.iter().map(|(n, c)| (n.as_str(), *c))),
            limits: about.limits(),
        },
        counting: [COUNTING, NO_RANKING],
        norms: b
            .replay
            .norms
            .iter()
            .map(|f| {
                let norm = agreement.norm(f.norm.as_str());
                let clause = norm.and_then(|n| n.clause).and_then(|c| agreement.clauses.get(c));
                self::norm(f, norm.map_or("", |n| wording::kind(n.kind)), clause.map(|c| c.heading.clone()))
            })
            .collect(),
        terms: b.replay.terms.iter().map(term).collect(),
        load: b
            .replay
            .load
            .iter()
            .map(|l| LoadJson {
                bearer: l.bearer.to_string(),
                phrase: wording::bearer(agreement, &l.bearer),
                month: crate::text::month(agreement, l.month),
                begun: l.begun,
                due: l.due,
                open: l.open,
                lasting: l.lasting,
            })
            .collect(),
        labels: b.scored.as_ref().map(labels),
        sweep: b.sweep.as_ref().map(sweep),
        against: b.compared.as_ref().map(|c| against(b, c)),
    }
}

fn period(p: Period) -> PeriodJson {
    PeriodJson { from: p.from.to_string(), to: p.to.to_string() }
}

fn counts<'a>(all: impl Iterator<Item = (&'a str, usize)>) -> Vec<CountJson> {
    all.map(|(name, count)| CountJson { name: name.to_string(), count }).collect()
}

fn performances(f: &NormFigures) -> BTreeMap<&'static str, usize> {
    f.performances.iter().map(|(p, n)| (p.word(), *n)).collect()
}

fn spread(s: Option<Spread>) -> Option<SpreadJson> {
    s.map(|s| SpreadJson { of: s.of, least_ms: s.least, median_ms: s.median, most_ms: s.most })
}

fn norm(f: &NormFigures, kind: &'static str, clause: Option<String>) -> NormJson {
    NormJson {
        norm: f.norm.to_string(),
        kind,
        clause,
        triggers: f.triggers,
        instances: f.instances,
        performances: performances(f),
        episodes: f.episodes,
        revised: f.revised,
        from_trigger: spread(f.from_trigger),
        from_deadline: spread(f.from_deadline),
        from_deed: spread(f.from_deed),
        undecided: f
            .undecided
            .iter()
            .map(|u| UndecidedJson {
                code: u.code.word(),
                instances: u.instances,
                missing: counts(u.missing.iter().map(|(n, c)| (n.as_str(), *c))),
            })
            .collect(),
    }
}

fn term(t: &TermFigures) -> TermJson {
    TermJson {
        term: t.term.to_string(),
        readings: t.readings.iter().map(|(r, o)| (r.to_string(), o.to_string())).collect(),
        times: t.episodes.len(),
        met_ms: t.met,
        episodes: t
            .episodes
            .iter()
            .map(|e| EpisodeJson {
                began: e.began.earliest.to_string(),
                began_latest: e.began.latest.to_string(),
                ended: e.ended.map(|at| at.to_string()),
            })
            .collect(),
    }
}

fn labels(s: &Scored) -> LabelsJson {
    let score = |s: &crate::labels::Score| ScoreJson {
        name: s.name.to_string(),
        outcome: s.outcome.word(),
        labels: s.labels,
        outside: s.outside,
        found: s.hits,
        missed: s
            .missed
            .iter()
            .map(|(line, p)| MissedJson { line: *line, from: p.from.to_string(), to: p.to.to_string() })
            .collect(),
        alarms: s.alarms,
        false_alarms: s.false_alarms.iter().map(|p| period(*p)).collect(),
    };
    LabelsJson { tolerance_ms: s.tolerance, scores: s.scores.iter().map(score).collect() }
}

fn variant_norm(f: &NormFigures) -> VariantNormJson {
    VariantNormJson {
        norm: f.norm.to_string(),
        triggers: f.triggers,
        instances: f.instances,
        performances: performances(f),
        median_from_trigger_ms: f.from_trigger.map(|s| s.median),
    }
}

fn sweep(s: &Sweep) -> SweepJson {
    let names = |counts: BTreeMap<Name, usize>| counts.into_iter().map(|(n, c)| (n.to_string(), c)).collect();
    SweepJson {
        term_only: s.term_only.as_ref().map(Name::to_string),
        varied: s
            .varied
            .iter()
            .map(|v| VariedJson {
                name: v.knob.name.clone(),
                what: v.knob.what.clone(),
                stands: v.knob.stands.as_ref().map(|s| s.to_string()),
                values: v.values.iter().map(|v| v.to_string()).collect(),
            })
            .collect(),
        variants: s
            .variants
            .iter()
            .map(|v| {
                let (norms, first, scored): (Vec<VariantNormJson>, Option<Instant>, Option<&Scored>) =
                    match &v.found {
                        Found::Whole { norms, scored, .. } => {
                            (norms.iter().map(variant_norm).collect(), None, scored.as_ref())
                        }
                        Found::Triggers { first, .. } => (Vec::new(), *first, None),
                    };
                VariantJson {
                    values: s
                        .varied
                        .iter()
                        .zip(&v.at)
                        .map(|(k, i)| (k.knob.name.clone(), k.values[*i].to_string()))
                        .collect(),
                    is_draft: v.is_draft,
                    triggers: names(v.triggers(s.term_only.as_ref())),
                    first: first.map(|at| at.to_string()),
                    norms,
                    labels: scored.map(labels),
                }
            })
            .collect(),
    }
}

fn against(b: &Backtest<'_>, c: &Compared) -> AgainstJson {
    let bearer = |who: &Bearer| wording::bearer(b.agreement, who);
    let word = |p: Option<Performance>| p.map(Performance::word);
    AgainstJson {
        name: c.name.clone(),
        title: c.title.clone(),
        norms: c
            .norms
            .iter()
            .map(|p| PairJson {
                norm: p.norm.to_string(),
                here: p.here.as_ref().map(variant_norm),
                there: p.there.as_ref().map(variant_norm),
                changed: p
                    .changed
                    .iter()
                    .map(|c| ChangedJson {
                        what: c.what.clone(),
                        here: c.here.clone(),
                        there: c.there.clone(),
                    })
                    .collect(),
                differ: p.differ,
                only_here: p.only_here,
                only_there: p.only_there,
                from: p.from.map(|at| at.to_string()),
                examples: p
                    .examples
                    .iter()
                    .map(|d| DifferenceJson {
                        bearer: bearer(&d.bearer),
                        instance: d.instance.to_string(),
                        from: d.from.to_string(),
                        here: word(d.here),
                        there: word(d.there),
                        here_at_end: word(d.here_at_end),
                        there_at_end: word(d.there_at_end),
                    })
                    .collect(),
            })
            .collect(),
        terms: c
            .terms
            .iter()
            .map(|(name, here, there)| TermPairJson {
                term: name.clone(),
                here: here.as_ref().map(|t| t.episodes.len()),
                there: there.as_ref().map(|t| t.episodes.len()),
            })
            .collect(),
    }
}
