//! The figures of one replay: per norm how often it was triggered, what was said in the end, how long that took, and what
//! could not be decided; per term its episodes; per bearer and month what was owed.
//!
//! Times come from the engine's change log, the end state from its board.
//!
//! Invariants
//! - every instance that is counted is counted once, under the verdict that stands at the end of the period;
//! - times to a verdict are those of the first verdict that decided; a verdict that was revised later is counted as revised;
//! - bearers stand in the order of the text.

use crate::past::Past;
use servanda_engine::Engine;
use servanda_engine::incremental::Settings;
use servanda_engine::incremental::history::{Key, Row};
use servanda_model::agreement::{Deadline, Norm, NormKind, Trigger, Verb};
use servanda_model::time::CalendarPeriod;
use servanda_model::verdict::{Bearer, Board, Code, Performance, Standing};
use servanda_model::{Agreement, Instant, Name, Period, Places, Question, Verdict, When};
use std::collections::{BTreeMap, BTreeSet};

/// What a draft says of a history.
#[derive(Clone, Debug)]
pub struct Replay {
    /// What was asked at the end: the board as it stands then.
    pub board: Board,
    /// The change log: what was said of each instance, from when to when.
    pub log: Vec<Row>,
    /// A row for each norm, in the order of the text.
    pub norms: Vec<NormFigures>,
    /// A row for each term and choice of readings.
    pub terms: Vec<TermFigures>,
    /// What was owed, by bearer in the order of the text, then month.
    pub load: Vec<Load>,
    /// Instances that were counted.
    pub instances: Vec<Instance>,
}

impl Replay {
    /// Of a history over which nothing was replayed.
    pub fn none(past: &Past, readings: &BTreeMap<Name, Name>) -> Replay {
        let end = past.period.to;
        let question = Question { at: end, known_at: end, readings: readings.clone() };
        let board = Board { question, verdicts: Vec::new(), terms: Vec::new(), acts: Vec::new() };
        let (norms, terms, load) = (Vec::new(), Vec::new(), Vec::new());
        Replay { board, log: Vec::new(), norms, terms, load, instances: Vec::new() }
    }
}

/// The figures of a norm.
#[derive(Clone, PartialEq, Debug)]
pub struct NormFigures {
    /// The norm.
    pub norm: Name,
    /// How often it was triggered; one trigger may bind several bearers.
    pub triggers: usize,
    /// Instances: one for each trigger and bearer (and period, where it recurs).
    pub instances: usize,
    /// Instances by the verdict that stands at the end.
    pub performances: BTreeMap<Performance, usize>,
    /// Stretches of breach, of norms that ask for something lasting.
    pub episodes: usize,
    /// Instances whose first deciding verdict was changed later.
    pub revised: usize,
    /// From the trigger to the first verdict that decided. None where the norm has no trigger of its own.
    pub from_trigger: Option<Spread>,
    /// From the deadline to the first verdict that decided; below zero: before it.
    pub from_deadline: Option<Spread>,
    /// From what decided (the act, the breach) to the verdict: how long it took to become known.
    pub from_deed: Option<Spread>,
    /// What could not be decided, and why.
    pub undecided: Vec<Undecided>,
}

impl NormFigures {
    /// Of a norm that was never triggered.
    pub fn none(norm: &Name) -> NormFigures {
        NormFigures {
            norm: norm.clone(),
            triggers: 0,
            instances: 0,
            performances: BTreeMap::new(),
            episodes: 0,
            revised: 0,
            from_trigger: None,
            from_deadline: None,
            from_deed: None,
            undecided: Vec::new(),
        }
    }

    /// How many instances have this verdict at the end.
    pub fn count(&self, performance: Performance) -> usize {
        self.performances.get(&performance).copied().unwrap_or(0)
    }

    /// Not decided: by what is known, or because readings differ.
    pub fn not_decided(&self) -> usize {
        self.count(Performance::PendingEvidence) + self.count(Performance::DependsOnReading)
    }
}

/// How lengths of time are spread, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spread {
    /// Of how many.
    pub of: usize,
    /// The least.
    pub least: i64,
    /// The middle one; of an even number, the lower of the two in the middle.
    pub median: i64,
    /// The greatest.
    pub most: i64,
}

impl Spread {
    /// Of these; `None` where there are none.
    pub fn of(mut lengths: Vec<i64>) -> Option<Spread> {
        lengths.sort_unstable();
        let (least, most) = (*lengths.first()?, *lengths.last()?);
        Some(Spread { of: lengths.len(), least, median: lengths[(lengths.len() - 1) / 2], most })
    }
}

/// Instances that one kind of reason kept open.
#[derive(Clone, PartialEq, Debug)]
pub struct Undecided {
    /// The reason.
    pub code: Code,
    /// How many instances; one instance may have several reasons.
    pub instances: usize,
    /// What was missing, the most frequent first, at most five.
    pub missing: Vec<(String, usize)>,
}

/// The figures of a term under one choice of readings.
#[derive(Clone, PartialEq, Debug)]
pub struct TermFigures {
    /// The term.
    pub term: Name,
    /// The readings it was computed under.
    pub readings: Vec<(Name, Name)>,
    /// Times at which it was met.
    pub episodes: Vec<TermEpisode>,
    /// Milliseconds for which it was met, in the period.
    pub met: i64,
}

/// A time at which a term was met.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TermEpisode {
    /// When it began.
    pub began: When,
    /// When it ended; `None`: it lasts.
    pub ended: Option<Instant>,
}

/// What a bearer owed in a month.
#[derive(Clone, PartialEq, Debug)]
pub struct Load {
    /// Who.
    pub bearer: Bearer,
    /// First instant of the month, in the agreement's zone.
    pub month: Instant,
    /// Duties to act that were triggered in it.
    pub begun: usize,
    /// Duties to act that fell due in it.
    pub due: usize,
    /// Duties to act that were open at some time in it: triggered, and neither performed nor past their deadline.
    pub open: usize,
    /// Bans and duties to keep something that applied at some time in it.
    pub lasting: usize,
}

/// An instance that was counted.
#[derive(Clone, PartialEq, Debug)]
pub struct Instance {
    /// Norm.
    pub norm: Name,
    /// Who owes it.
    pub bearer: Bearer,
    /// Which of its instances.
    pub instance: Name,
    /// When it was triggered.
    pub triggered: Option<When>,
    /// When it was due.
    pub due: Option<When>,
    /// The verdict at the end.
    pub performance: Performance,
    /// When the first verdict was there that decided.
    pub decided: Option<Instant>,
    /// Stretches of breach, or the breach of a duty to act.
    pub breaches: Vec<(When, Option<Instant>)>,
}

/// Whether a verdict decides: kept, missed or broken.
pub fn decides(performance: Performance) -> bool {
    matches!(performance, Performance::Satisfied | Performance::Violated | Performance::Missed)
}

/// Replays a draft over a history.
pub fn replay(
    agreement: &Agreement,
    places: &Places,
    past: &Past,
    readings: &BTreeMap<Name, Name>,
) -> Replay {
    let settings = Settings { readings: readings.clone(), ..Settings::default() };
    let mut engine = Engine::new(agreement, places, settings);
    engine.add(past.records.iter().cloned());
    engine.advance(past.period.to);
    let log = engine.history().rows().to_vec();
    let end = past.period.to;
    let board = engine.board(&Question { at: end, known_at: end, readings: readings.clone() });
    of(agreement, past, log, board)
}

/// What a replay may take, for whoever computes on behalf of others.
pub struct Bounds<'b> {
    /// Asked between two steps: whether the answer is still wanted.
    pub go_on: &'b dyn Fn() -> bool,
    /// How many bytes the engine's state may take, as it estimates them.
    pub memory: u64,
    /// Only what stands at the end is computed, in one step, some fifteen times faster: no change log, so no time to a verdict, no
    /// revision, and no moment at which anything was decided.
    pub at_end_only: bool,
}

/// Why a replay within bounds has no figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stopped {
    /// The answer was no longer wanted.
    Unwanted,
    /// The state would have outgrown its bound.
    OutOfRoom,
}

/// Steps of a replay within bounds: so often at most it is asked whether to go on.
const STEPS: usize = 400;

/// [`replay`] in steps, within bounds; the figures are the same.
///
/// # Errors
/// Why it was stopped.
pub fn replay_within(
    agreement: &Agreement,
    places: &Places,
    past: &Past,
    readings: &BTreeMap<Name, Name>,
    bounds: &Bounds<'_>,
) -> Result<Replay, Stopped> {
    let settings =
        Settings { readings: readings.clone(), memory_limit: Some(bounds.memory), ..Settings::default() };
    let mut engine = Engine::new(agreement, places, settings);
    engine.add(past.records.iter().cloned());
    if bounds.at_end_only {
        engine.catch_up(past.period.to);
    }
    for to in steps(past).into_iter().filter(|_| !bounds.at_end_only) {
        if !(bounds.go_on)() {
            return Err(Stopped::Unwanted);
        }
        engine.try_advance(to).map_err(|_| Stopped::OutOfRoom)?;
    }
    let log = if bounds.at_end_only { Vec::new() } else { engine.history().rows().to_vec() };
    let end = past.period.to;
    let board = engine.board(&Question { at: end, known_at: end, readings: readings.clone() });
    if !(bounds.go_on)() {
        return Err(Stopped::Unwanted);
    }
    Ok(of(agreement, past, log, board))
}

/// Moments to stop at: when records came, and in between where none come for long; the last one is the end.
fn steps(past: &Past) -> BTreeSet<Instant> {
    let Period { from, to } = past.period;
    let came: BTreeSet<Instant> = past.records.iter().map(|r| r.recorded).filter(|at| *at < to).collect();
    let each = came.len().div_ceil(STEPS / 2).max(1);
    let mut steps: BTreeSet<Instant> = came.into_iter().step_by(each).collect();
    let parts = (STEPS / 2) as i64 - 1;
    let part = ((to - from) / parts).max(1);
    steps.extend(
        (1..parts).map(|n| Instant(from.0.saturating_add(part.saturating_mul(n)))).filter(|at| *at < to),
    );
    steps.insert(to);
    steps
}

/// The figures of a change log and the board at its end.
pub fn of(agreement: &Agreement, past: &Past, log: Vec<Row>, board: Board) -> Replay {
    let mut said: BTreeMap<Key, Vec<&Row>> = BTreeMap::new();
    for row in &log {
        said.entry(Key::of(&row.verdict)).or_default().push(row);
    }
    let mut instances = Vec::new();
    let mut gathered: BTreeMap<&Name, Gathered> = BTreeMap::new();
    for verdict in board.verdicts.iter().filter(|v| is_counted(v, past.period)) {
        let rows = said.get(&Key::of(verdict)).map(Vec::as_slice).unwrap_or_default();
        let norm = agreement.norm(verdict.norm.as_str());
        let instance = instance(verdict, rows, past.period);
        gathered.entry(&verdict.norm).or_default().take(norm, verdict, rows, &instance);
        instances.push(instance);
    }
    let norms = agreement
        .norms
        .iter()
        .map(|n| gathered.remove(&n.name).unwrap_or_default().figures(&n.name))
        .collect();
    let terms = terms(&board, past.period);
    let load = load(agreement, &board, past);
    Replay { board, log, norms, terms, load, instances }
}

/// Whether an instance belongs to the period: triggered in it, or triggered before and still open when it began.
fn is_counted(verdict: &Verdict, period: Period) -> bool {
    let never = verdict.triggered.is_none() && verdict.performance == Performance::NotApplicable;
    if verdict.standing == Standing::Dormant || never {
        return false;
    }
    match (verdict.triggered, verdict.due) {
        (Some(t), _) if t.latest > period.to => false,
        (Some(t), Some(due)) => t.latest >= period.from || due.latest >= period.from,
        _ => true,
    }
}

fn instance(verdict: &Verdict, rows: &[&Row], period: Period) -> Instance {
    let decided = rows.iter().find(|r| !r.gone && decides(r.verdict.performance)).map(|r| r.known_from);
    let lasting: Vec<(When, Option<Instant>)> = verdict
        .episodes
        .iter()
        .map(|e| (e.from, e.to.map(|w| w.latest)))
        .filter(|(_, to)| to.is_none_or(|to| to >= period.from))
        .collect();
    let breaches = match (lasting.is_empty(), verdict.breached) {
        (true, Some(breached)) if breached.latest >= period.from => vec![(breached, Some(breached.latest))],
        _ => lasting,
    };
    Instance {
        norm: verdict.norm.clone(),
        bearer: verdict.bearer.clone(),
        instance: verdict.instance.clone(),
        triggered: verdict.triggered,
        due: verdict.due,
        performance: verdict.performance,
        decided,
        breaches,
    }
}

/// What of a norm's instances has been gathered so far.
#[derive(Default)]
struct Gathered {
    triggers: BTreeSet<(Option<When>, String)>,
    instances: usize,
    performances: BTreeMap<Performance, usize>,
    episodes: usize,
    revised: usize,
    from_trigger: Vec<i64>,
    from_deadline: Vec<i64>,
    from_deed: Vec<i64>,
    undecided: BTreeMap<Code, (usize, BTreeMap<String, usize>)>,
}

impl Gathered {
    fn take(&mut self, norm: Option<&Norm>, verdict: &Verdict, rows: &[&Row], instance: &Instance) {
        // A recurring duty numbers its periods behind the anchor.
        let recurs = norm.is_some_and(|n| n.parts.iter().any(|p| matches!(p.deadline, Deadline::Every(..))));
        let whole = verdict.instance.as_str();
        let anchor = whole.rsplit_once('/').filter(|_| recurs).map_or(whole, |(anchor, _)| anchor);
        self.triggers.insert((verdict.triggered, anchor.to_string()));
        self.instances += 1;
        *self.performances.entry(verdict.performance).or_default() += 1;
        self.episodes += verdict.episodes.len().min(instance.breaches.len());
        let mut deciding = rows.iter().filter(|r| !r.gone && decides(r.verdict.performance));
        if let Some(first) = deciding.next() {
            let said = first.verdict.performance;
            let later = rows.iter().filter(|r| r.known_from > first.known_from);
            self.revised += usize::from(later.clone().any(|r| r.gone || r.verdict.performance != said));
            let own_trigger = norm.is_some_and(|n| n.when != Trigger::Always);
            if let Some(triggered) = verdict.triggered.filter(|_| own_trigger) {
                self.from_trigger.push(first.known_from - triggered.latest);
            }
            if let Some(due) = first.verdict.due {
                self.from_deadline.push(first.known_from - due.latest);
            }
            let deed = match said {
                Performance::Violated => first.verdict.breached,
                _ => first.verdict.fulfilled,
            };
            if let Some(deed) = deed {
                self.from_deed.push(first.known_from - deed.latest);
            }
        }
        if matches!(verdict.performance, Performance::PendingEvidence | Performance::DependsOnReading) {
            let codes: BTreeSet<Code> = verdict.reasons().because.iter().map(|b| b.code).collect();
            let doubts: BTreeSet<Code> = codes.iter().copied().filter(|c| is_doubt(*c)).collect();
            for code in if doubts.is_empty() { codes } else { doubts } {
                let (count, missing) = self.undecided.entry(code).or_default();
                *count += 1;
                for what in &verdict.reasons().missing {
                    *missing.entry(what.clone()).or_default() += 1;
                }
            }
        }
    }

    fn figures(self, norm: &Name) -> NormFigures {
        let undecided = self.undecided.into_iter().map(|(code, (instances, missing))| {
            let mut missing: Vec<(String, usize)> = missing.into_iter().collect();
            missing.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            missing.truncate(5);
            Undecided { code, instances, missing }
        });
        NormFigures {
            norm: norm.clone(),
            triggers: self.triggers.len(),
            from_trigger: Spread::of(self.from_trigger),
            from_deadline: Spread::of(self.from_deadline),
            from_deed: Spread::of(self.from_deed),
            undecided: undecided.collect(),
            instances: self.instances,
            performances: self.performances,
            episodes: self.episodes,
            revised: self.revised,
        }
    }
}

/// Reasons for which something stays undecided.
fn is_doubt(code: Code) -> bool {
    matches!(
        code,
        Code::BelowStandard
            | Code::Contested
            | Code::TimeInDoubt
            | Code::DoubtOfPlaceOrActor
            | Code::NotWatched
            | Code::NobodySees
            | Code::BearerNotEstablished
            | Code::LeftToJudgement
            | Code::DependsOnReading
    )
}

fn terms(board: &Board, period: Period) -> Vec<TermFigures> {
    let of = |state: &servanda_model::verdict::TermState| {
        let episodes: Vec<TermEpisode> = state
            .episodes
            .iter()
            .map(|e| TermEpisode { began: e.began, ended: e.ended.map(|w| w.latest) })
            .filter(|e| e.began.latest <= period.to && e.ended.is_none_or(|to| to >= period.from))
            .collect();
        let met = episodes
            .iter()
            .map(|e| e.ended.unwrap_or(period.to).min(period.to) - e.began.latest.max(period.from))
            .map(|ms| ms.max(0))
            .sum();
        TermFigures { term: state.term.clone(), readings: state.readings.clone(), episodes, met }
    };
    board.terms.iter().map(of).collect()
}

/// Whether a norm asks for an act or a result by a time, and not for something lasting.
fn asks_for_an_act(norm: &Norm) -> bool {
    norm.parts.first().is_some_and(|p| matches!(p.verb, Verb::Do | Verb::Ensure))
}

fn load(agreement: &Agreement, board: &Board, past: &Past) -> Vec<Load> {
    let calendar = &agreement.calendar;
    let period = past.period;
    let month = |at: Instant| calendar.period_start(at, CalendarPeriod::Month);
    let mut order: Vec<&Bearer> = Vec::new();
    let mut loads: BTreeMap<(usize, Instant), Load> = BTreeMap::new();
    for v in &board.verdicts {
        let counted = v.standing != Standing::Dormant && v.kind != NormKind::Right;
        let named = !matches!(v.bearer, Bearer::NotEstablished(_));
        let Some(norm) = agreement.norm(v.norm.as_str()).filter(|_| counted && named) else { continue };
        let Some(triggered) = v.triggered.map(|t| t.latest).filter(|t| *t <= period.to) else { continue };
        let who = order.iter().position(|b| **b == v.bearer).unwrap_or_else(|| {
            order.push(&v.bearer);
            order.len() - 1
        });
        let mut at = |instant: Instant, what: &dyn Fn(&mut Load)| {
            if period.from <= instant && instant <= period.to {
                let month = month(instant);
                let new = || Load { bearer: v.bearer.clone(), month, begun: 0, due: 0, open: 0, lasting: 0 };
                what(loads.entry((who, month)).or_insert_with(new));
            }
        };
        let acts = asks_for_an_act(norm);
        if acts {
            at(triggered, &|l| l.begun += 1);
            if let Some(due) = v.due {
                at(due.latest, &|l| l.due += 1);
            }
        }
        let done = v.fulfilled.or(v.performed_late).map(|w| w.latest).filter(|_| acts);
        let over = match done.or(v.due.map(|d| d.latest)) {
            Some(end) => end,
            None if matches!(v.standing, Standing::Ended(_)) => triggered,
            None => period.to,
        };
        let (mut month, last) = (month(triggered.max(period.from)), over.min(period.to));
        while month <= last {
            let within = month.max(period.from);
            at(within, &|l| if acts { l.open += 1 } else { l.lasting += 1 });
            month = calendar.next_period_start(month, CalendarPeriod::Month);
        }
    }
    loads.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_the_lower_middle() {
        assert_eq!(Spread::of(vec![4, 1, 3, 2]), Some(Spread { of: 4, least: 1, median: 2, most: 4 }));
        assert_eq!(Spread::of(vec![]), None);
        assert_eq!(Spread::of(vec![-5]), Some(Spread { of: 1, least: -5, median: -5, most: -5 }));
    }
}
