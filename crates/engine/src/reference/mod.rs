//! The semantics of an agreement, transcribed: slow, obvious, and the definition of what every other evaluator must
//! answer. To be read beside `docs/reference/language.md`.
//!
//! | file | paragraph |
//! |---|---|
//! | `known.rs` | what is known at a moment, and how well |
//! | `matching.rs` | which records a rule speaks of: surely, possibly, not |
//! | `conditions.rs` | conditions and quantities as functions of time; windows; lasting facts; absence |
//! | `moments.rs` | moments, findings, what happened to a norm |
//! | `powers.rs` | acts that change norms |
//! | `norms.rs` | instances, standing, performance, reasons |
//!
//! Layers: facts → terms → triggers → standing → performance → remedies. Nothing here reads a clock, and the order in
//! which records are given makes no difference.
//!
//! Tests: the scenarios under `tests/`, and `tests.rs` beside this file.

mod conditions;
mod known;
mod matching;
mod moments;
mod norms;
mod powers;
#[cfg(test)]
mod tests;

use crate::readings::{Choice, combinations, merged};
use crate::signal::{Quantity, Signal};
use conditions::Shares;
use known::Known;
use matching::{Hit, Match};
use moments::Moment_;
use powers::Effect;
use servanda_model::agreement::*;
use servanda_model::uses::Uses;
use servanda_model::verdict::*;
use servanda_model::{Board, Grade, Instant, Name, Number, Places, Question, Record, Support, Verdict};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The board of an agreement for a question.
///
/// Where nobody chose an option of a reading, each norm is evaluated under every combination of the options that it
/// uses (at most 64). Where all agree, that is the verdict; where they differ, "depends on the reading" is.
///
/// # Source
/// `docs/reference/language.md`, "Readings".
///
/// # Example
/// ```
/// use servanda_model::{Agreement, Instant, Places, Question};
/// let board = servanda_engine::evaluate(&Agreement::default(), &Places::default(), &[], &Question::at(Instant(0)));
/// assert!(board.verdicts.is_empty());
/// ```
pub fn evaluate(agreement: &Agreement, places: &Places, records: &[Record], question: &Question) -> Board {
    let mut records = records.to_vec();
    records.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    let known = Known::at(agreement, &records, question);
    let mut worlds: BTreeMap<Choice, World<'_>> = BTreeMap::new();
    let under = |choice: &Choice| {
        let mut chosen = question.readings.clone();
        chosen.extend(choice.iter().cloned());
        World::new(agreement, places, &records, &known, question, chosen)
    };
    let base = under(&Choice::new());
    let mut board =
        Board { question: question.clone(), verdicts: Vec::new(), terms: Vec::new(), acts: Vec::new() };
    for norm in &agreement.norms {
        let combinations = combinations(agreement, &Uses::of_norm(agreement, norm).readings, question);
        let mut results: Vec<(Choice, Vec<Verdict>)> = Vec::new();
        for choice in combinations {
            let world = worlds.entry(choice.clone()).or_insert_with(|| under(&choice));
            results.push((choice, world.instances(&norm.name).to_vec()));
        }
        board.verdicts.extend(merged(norm, results));
    }
    for name in agreement.terms.keys() {
        for choice in combinations(agreement, &Uses::of_term(agreement, name).readings, question) {
            let world = worlds.entry(choice.clone()).or_insert_with(|| under(&choice));
            board.terms.push(world.term_state(name, choice));
        }
    }
    board.acts = base.acts().0.clone();
    board
}

/// The verdicts of one norm: those of [`evaluate`], without the rest of the board.
pub fn evaluate_norm(
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    question: &Question,
    norm: &Norm,
) -> Vec<Verdict> {
    let mut records = records.to_vec();
    records.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    let known = Known::at(agreement, &records, question);
    let under = |choice: Choice| {
        let mut chosen = question.readings.clone();
        chosen.extend(choice.iter().cloned());
        let world = World::new(agreement, places, &records, &known, question, chosen);
        (choice, world.instances(&norm.name).to_vec())
    };
    let choices = combinations(agreement, &Uses::of_norm(agreement, norm).readings, question);
    merged(norm, choices.into_iter().map(under).collect())
}

/// One world: an agreement, what is known, and a choice of readings; with what was computed in it once.
pub(crate) struct World<'w> {
    agreement: &'w Agreement,
    places: &'w Places,
    records: &'w [Record],
    known: &'w Known<'w>,
    question: &'w Question,
    choice: BTreeMap<Name, Name>,
    #[allow(clippy::type_complexity, reason = "pattern by address, instance")]
    hits: RefCell<BTreeMap<(usize, String), Rc<Vec<Hit<'w>>>>>,
    #[allow(clippy::type_complexity, reason = "zone, arguments, place")]
    within: RefCell<BTreeMap<(Name, Vec<Option<Name>>, String), Match>>,
    #[allow(clippy::type_complexity, reason = "pattern by address, instance")]
    shares: RefCell<BTreeMap<(usize, String), Option<Rc<Shares>>>>,
    terms: RefCell<BTreeMap<Name, Rc<Signal<Support>>>>,
    uses: RefCell<BTreeMap<Name, Rc<Uses>>>,
    norms: RefCell<BTreeMap<Name, Rc<Vec<Verdict>>>>,
    #[allow(clippy::type_complexity, reason = "computed once")]
    acts: RefCell<Option<Rc<(Vec<Act>, Vec<Effect<'w>>)>>>,
    force: RefCell<Option<Option<Moment_>>>,
}

/// What a rule's words mean for one instance: its bearer, its trigger, the time over which it looks.
#[derive(Clone, Default)]
pub(crate) struct Env<'w> {
    norm: Option<&'w Norm>,
    bearer: Vec<Name>,
    owed_to: Vec<Name>,
    trigger: Option<Moment_>,
    trigger_record: Option<&'w Record>,
    breach: Option<Moment_>,
    since: Option<Instant>,
    horizon: Option<Instant>,
    except: &'w [Exception],
    seen: bool,
    watched: Number,
    standard: Grade,
}

impl Env<'_> {
    /// What of it a pattern's matches depend on.
    fn key(&self) -> String {
        let trigger = self.trigger_record.map(|r| &r.id);
        format!("{:?} {:?} {trigger:?} {:p}", self.bearer, self.owed_to, self.except)
    }
}

impl<'w> World<'w> {
    fn new(
        agreement: &'w Agreement,
        places: &'w Places,
        records: &'w [Record],
        known: &'w Known<'w>,
        question: &'w Question,
        choice: BTreeMap<Name, Name>,
    ) -> World<'w> {
        World {
            agreement,
            places,
            records,
            known,
            question,
            choice,
            hits: RefCell::default(),
            within: RefCell::default(),
            shares: RefCell::default(),
            terms: RefCell::default(),
            uses: RefCell::default(),
            norms: RefCell::default(),
            acts: RefCell::default(),
            force: RefCell::default(),
        }
    }

    /// Another world's instance, without what belongs to that world's records.
    fn adopted<'v>(&self, env: &Env<'v>) -> Env<'w> {
        let own = |n: &Norm| self.agreement.norms.iter().find(|o| o.name == n.name);
        Env {
            norm: env.norm.and_then(own),
            bearer: env.bearer.clone(),
            owed_to: env.owed_to.clone(),
            trigger: env.trigger.clone(),
            breach: env.breach.clone(),
            since: env.since,
            horizon: env.horizon,
            seen: env.seen,
            watched: env.watched.clone(),
            standard: env.standard,
            trigger_record: env.trigger_record.and_then(|r| self.records.iter().find(|o| o.id == r.id)),
            except: &[],
        }
    }

    fn plain_env(&self) -> Env<'w> {
        Env {
            seen: true,
            watched: self.agreement.watched.clone(),
            standard: self.agreement.standard,
            ..Env::default()
        }
    }

    fn term_env(&self, name: &Name) -> Env<'w> {
        let standard = self.agreement.terms.get(name).map_or(self.agreement.standard, |t| t.standard);
        Env { standard, ..self.plain_env() }
    }

    /// What a norm hangs on, walked once for all its instances.
    fn uses(&self, norm: &Norm) -> Rc<Uses> {
        let walk = || Rc::new(Uses::of_norm(self.agreement, norm));
        self.uses.borrow_mut().entry(norm.name.clone()).or_insert_with(walk).clone()
    }

    /// What the chosen option of a reading stands for.
    fn option(&self, reading: &Name) -> Option<&'w Meaning> {
        let chosen = self.choice.get(reading)?;
        self.agreement.readings.get(reading)?.options.iter().find(|(name, _)| name == chosen).map(|(_, m)| m)
    }

    /// Entry into force; a text that does not say is in force from its signature, or from the beginning.
    fn in_force(&self) -> Option<Moment_> {
        if let Some(known) = self.force.borrow().as_ref() {
            return known.clone();
        }
        *self.force.borrow_mut() = Some(None);
        let signed = self.agreement.signed.map(|_| Moment::Signed);
        let moment = self.agreement.in_force.clone().or(signed).unwrap_or(Moment::Instant(Instant::MIN));
        let known = self.moment(&moment, &self.plain_env());
        *self.force.borrow_mut() = Some(known.clone());
        known
    }

    /// A term at every instant; for words left to judgement, a finding decides from the moment it was made.
    fn term(&self, name: &Name) -> Rc<Signal<Support>> {
        if let Some(done) = self.terms.borrow().get(name) {
            return done.clone();
        }
        self.terms.borrow_mut().insert(name.clone(), Rc::new(Signal::constant(Support::default())));
        let signal = match self.agreement.terms.get(name) {
            None => Signal::constant(Support::default()),
            Some(term) => {
                let means = match &term.means {
                    Some(cond) => self.signal(cond, &self.term_env(name)),
                    None => Signal::constant(Support::default()),
                };
                match self.found(name).first().filter(|_| term.open) {
                    None => means,
                    Some(finding) => {
                        let (from, grade) = (finding.when.latest, finding.grade);
                        let judged =
                            Signal::sampled(vec![from], |t| (t >= from).then(|| Support::holds(grade)));
                        means.with(&judged, |m, j| j.unwrap_or(*m))
                    }
                }
            }
        };
        let signal = Rc::new(signal);
        self.terms.borrow_mut().insert(name.clone(), signal.clone());
        signal
    }

    /// All parties and bodies that a `who` ever stands for.
    fn leaves(&self, who: &Who) -> Vec<Name> {
        let (Who::EachOf(names) | Who::EveryOtherOf(names) | Who::Jointly(names)) = who else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut open: Vec<Name> = names.iter().rev().cloned().collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            match self.agreement.groups.get(&name).filter(|_| !self.agreement.parties.contains_key(&name)) {
                Some(group) => open.extend(group.members.iter().rev().map(|m| m.who.clone())),
                None => found.push(name),
            }
        }
        found
    }

    /// The signal of a condition that is not part of the agreement's own tree, so that nothing is kept by its address.
    fn signal_uncached(&self, cond: &Cond, env: &Env<'w>) -> Signal<Support> {
        let hits = std::mem::take(&mut *self.hits.borrow_mut());
        let shares = std::mem::take(&mut *self.shares.borrow_mut());
        let signal = self.signal(cond, env);
        *self.hits.borrow_mut() = hits;
        *self.shares.borrow_mut() = shares;
        signal
    }

    fn term_state(&self, name: &Name, readings: Vec<(Name, Name)>) -> TermState {
        let env = self.term_env(name);
        let signal = self.term(name);
        let support = *signal.at(self.question.at);
        let cond = Cond::Term(name.clone());
        let found = self.found(name);
        let stretches = self.stretches(&cond, &env);
        let began: Vec<Instant> = stretches.iter().map(|(_, m)| m.when.earliest).collect();
        let episodes = stretches
            .into_iter()
            .enumerate()
            .map(|(i, (run, m))| {
                let ended = (run.to <= self.question.at).then(|| servanda_model::When::exact(run.to));
                let next = began.get(i + 1).copied().unwrap_or(Instant::MAX);
                let own = found.iter().find(|f| f.when.latest >= m.when.earliest && f.when.earliest < next);
                TermEpisode {
                    anchor: m.anchor,
                    began: m.when,
                    ended,
                    grade: m.grade,
                    found: own.map(|f| f.when),
                }
            })
            .collect();
        let mut gauges = Vec::new();
        if let Some(means) = self.agreement.terms.get(name).and_then(|t| t.means.as_ref()) {
            self.gauges(means, &env, &mut gauges);
        }
        TermState {
            term: name.clone(),
            readings,
            now: support.truth(env.standard),
            support,
            episodes,
            gauges,
        }
    }

    fn gauges(&self, cond: &Cond, env: &Env<'w>, into: &mut Vec<Gauge>) {
        match cond {
            Cond::And(all) | Cond::Or(all) => all.iter().for_each(|c| self.gauges(c, env, into)),
            Cond::Compare(
                value @ (Value::Aggregate(_) | Value::Measure(_)),
                _,
                Value::Number(threshold, _),
            ) => {
                let now: Quantity = self.quantity(value, env).at(self.question.at).clone();
                let called = |pattern: &FactPattern| self.agreement.fact_phrase(&pattern.fact).to_string();
                let fact = match value {
                    Value::Aggregate(agg) => agg.words(&called(&agg.of)),
                    Value::Measure(pattern) => called(pattern),
                    _ => return,
                };
                let value = now.least_at(env.standard).cloned().unwrap_or_default();
                into.push(Gauge { what: fact, value, threshold: threshold.clone() });
            }
            _ => {}
        }
    }
}
