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

pub(crate) mod conditions;
pub(crate) mod known;
pub(crate) mod matching;
pub(crate) mod moments;
pub(crate) mod norms;
mod powers;
#[cfg(test)]
mod tests;

use crate::follow::{Derived, EnvKey};
use crate::incremental::cells::{Cells, Instances};
use crate::incremental::counts::CountKey;
use crate::incremental::days::DayKey;
use crate::incremental::lists::{Lists, WatchedBy};
use crate::incremental::stretches::{CondKey, Starts, Stretches};
use crate::kept::{Node, Table, Tracker};
use crate::readings::{Choice, combinations, merged};
use crate::signal::Signal;
use conditions::{Day, Shares};
use known::Known;
use matching::{Lies, Match};
use moments::Moment_;
use norms::Judged;
use powers::Acts;
use servanda_model::agreement::*;
use servanda_model::uses::Uses;
use servanda_model::verdict::*;
use servanda_model::{Board, Grade, Instant, Name, Number, Places, Question, Record, Support, Verdict};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

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
/// let (agreement, question) = (Agreement::default(), Question::at(Instant(0)));
/// let board = servanda_engine::reference::evaluate(&agreement, &Places::default(), &[], &question);
/// assert!(board.verdicts.is_empty());
/// ```
pub fn evaluate(agreement: &Agreement, places: &Places, records: &[Record], question: &Question) -> Board {
    let mut records: Vec<Arc<Record>> = records.iter().cloned().map(Arc::new).collect();
    records.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    evaluate_shared(agreement, places, &records, question, false)
}

/// The same, of records in the order in which they were recorded; `fast`: as the engine that stays up to date counts.
pub(crate) fn evaluate_shared(
    agreement: &Agreement,
    places: &Places,
    records: &[Arc<Record>],
    question: &Question,
    fast: bool,
) -> Board {
    let known = Known::at(agreement, records, question);
    let memos: RefCell<BTreeMap<Choice, Rc<Memo<'_>>>> = RefCell::default();
    board(agreement, question, |choice| {
        let mut memos = memos.borrow_mut();
        let memo = memos.entry(choice.clone()).or_insert_with(|| Rc::new(Memo::new(agreement, false, fast)));
        World {
            agreement,
            places,
            records,
            known: &known,
            at: question.at,
            known_at: question.known_at,
            choice: chosen(question, choice),
            memo: memo.clone(),
        }
    })
}

/// The verdicts of one norm: those of [`evaluate`], without the rest of the board.
pub fn evaluate_norm(
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    question: &Question,
    norm: &Norm,
) -> Vec<Verdict> {
    let mut records: Vec<Arc<Record>> = records.iter().cloned().map(Arc::new).collect();
    records.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    let known = Known::at(agreement, &records, question);
    verdicts_of(agreement, norm, question, |choice| World {
        agreement,
        places,
        records: &records,
        known: &known,
        at: question.at,
        known_at: question.known_at,
        choice: chosen(question, choice),
        memo: Rc::new(Memo::new(agreement, false, false)),
    })
}

/// The options in force: those that the question chose, and those of one combination.
pub(crate) fn chosen(question: &Question, choice: &Choice) -> BTreeMap<Name, Name> {
    question.readings.iter().map(|(r, o)| (r.clone(), o.clone())).chain(choice.iter().cloned()).collect()
}

/// The board, given the world for each choice of readings.
pub(crate) fn board<'w, 'k>(
    agreement: &'w Agreement,
    question: &Question,
    under: impl Fn(&Choice) -> World<'w, 'k>,
) -> Board {
    let mut board =
        Board { question: question.clone(), verdicts: Vec::new(), terms: Vec::new(), acts: Vec::new() };
    for norm in &agreement.norms {
        board.verdicts.extend(verdicts_of(agreement, norm, question, &under));
    }
    for name in agreement.terms.keys() {
        for choice in combinations(agreement, &Uses::of_term(agreement, name).readings, question) {
            board.terms.push(under(&choice).term_state(name, choice));
        }
    }
    board.acts = under(&Choice::new()).acts().acts.clone();
    board
}

/// The verdicts of one norm: under every choice of the readings that it uses, made one.
pub(crate) fn verdicts_of<'w, 'k>(
    agreement: &'w Agreement,
    norm: &Norm,
    question: &Question,
    under: impl Fn(&Choice) -> World<'w, 'k>,
) -> Vec<Verdict> {
    let combinations = combinations(agreement, &Uses::of_norm(agreement, norm).readings, question);
    let results = combinations.into_iter().map(|choice| {
        let verdicts = under(&choice).instances(&norm.name);
        (choice, verdicts.iter().map(|v| (**v).clone()).collect())
    });
    merged(norm, results.collect())
}

/// One world: an agreement, what is known, and a choice of readings; with what was computed in it once.
#[derive(Clone)]
pub(crate) struct World<'w, 'k> {
    pub agreement: &'w Agreement,
    pub places: &'w Places,
    pub records: &'k [Arc<Record>],
    pub known: &'k Known,
    /// The moment asked for. It is looked at through `reached`, `passed`, `up_to` and `now` below.
    pub at: Instant,
    pub known_at: Instant,
    pub choice: BTreeMap<Name, Name>,
    pub memo: Rc<Memo<'w>>,
}

/// Whether one name is another or belongs to it, by epoch.
type Alike = BTreeMap<(Name, Name, usize), Match>;

/// What was computed in a world once.
pub(crate) struct Memo<'w> {
    pub tracker: Tracker,
    /// Whether counts may be compared as the engine that stays up to date does it.
    pub fast: bool,
    pub counts: Table<CountKey, Arc<Signal<Support>>>,
    pub complete: Table<(usize, EnvKey, bool, Number), Arc<Signal<Grade>>>,
    /// Whether one name is another or belongs to it, by epoch.
    pub same: Rc<RefCell<Alike>>,
    pub hits: Lists<'w>,
    pub within: Rc<RefCell<BTreeMap<Lies, Match>>>,
    pub shares: Table<(usize, EnvKey), Option<Arc<Shares>>>,
    /// What was watched of a zone, and by whom.
    pub coverage: Table<WatchedBy, Option<Arc<Shares>>>,
    pub days: Table<DayKey, Day>,
    pub blocks: Table<DayKey, Arc<Vec<Day>>>,
    pub states: Table<(usize, EnvKey, bool, Grade), Arc<Signal<Support>>>,
    pub terms: Table<Name, Arc<Signal<Support>>>,
    pub uses: RefCell<BTreeMap<Name, Arc<Uses>>>,
    pub norms: Table<Name, Instances>,
    /// By norm and bearer.
    pub cells: Cells,
    pub starts: Table<(Name, Bearer), Arc<Starts>>,
    pub stretches: Table<CondKey, Arc<Stretches>>,
    /// Conditions over states alone.
    pub conds: Table<CondKey, Arc<Signal<Support>>>,
    pub instances: Table<(Name, Bearer, Name), Judged>,
    pub acts: Table<(), Arc<Acts<'w>>>,
    pub force: Table<(), Option<Moment_>>,
    /// For norms that are subject to something: that it is given, as a condition.
    pub subjects: BTreeMap<Name, Cond>,
    /// Instants at which a membership or a zone changes.
    pub epochs: Vec<Instant>,
    /// Which derived value a node is.
    pub derived: RefCell<BTreeMap<Node, Derived>>,
}

impl<'w> Memo<'w> {
    pub fn new(agreement: &'w Agreement, follows: bool, fast: bool) -> Memo<'w> {
        let subjects = agreement.norms.iter().filter_map(|n| Some((n.name.clone(), n.subject(agreement)?)));
        Memo {
            tracker: Tracker::new(follows),
            fast,
            counts: RefCell::default(),
            complete: RefCell::default(),
            same: Rc::default(),
            hits: Lists::default(),
            within: Rc::default(),
            shares: RefCell::default(),
            coverage: RefCell::default(),
            days: RefCell::default(),
            blocks: RefCell::default(),
            states: RefCell::default(),
            terms: RefCell::default(),
            uses: RefCell::default(),
            norms: RefCell::default(),
            cells: RefCell::default(),
            starts: RefCell::default(),
            stretches: RefCell::default(),
            conds: RefCell::default(),
            instances: RefCell::default(),
            acts: RefCell::default(),
            force: RefCell::default(),
            subjects: subjects.collect(),
            epochs: agreement.epochs(),
            derived: RefCell::default(),
        }
    }
}

/// What a rule's words mean for one instance: its bearer, its trigger, the time over which it looks.
#[derive(Clone, Default)]
pub(crate) struct Env<'w> {
    pub norm: Option<&'w Norm>,
    pub bearer: Vec<Name>,
    pub owed_to: Vec<Name>,
    pub trigger: Option<Moment_>,
    pub trigger_record: Option<Arc<Record>>,
    pub breach: Option<Moment_>,
    pub since: Option<Instant>,
    pub horizon: Option<Instant>,
    /// Nothing that begins later is looked at: the answer is meant for instants up to this one.
    pub limit: Option<Instant>,
    /// The time looked at is not over: what is absent may still come.
    pub unfinished: bool,
    pub except: &'w [Exception],
    pub seen: bool,
    pub watched: Number,
    pub standard: Grade,
}

impl Env<'_> {
    /// Whether all time is looked at, not that of one instance.
    pub fn looks_at_all(&self) -> bool {
        self.since.is_none() && self.horizon.is_none() && self.limit.is_none() && !self.unfinished
    }
}

impl<'w> World<'w, '_> {
    /// Another world's instance.
    fn adopted(&self, env: &Env<'w>) -> Env<'w> {
        let record = env.trigger_record.as_ref();
        let trigger_record = record.and_then(|r| self.records.iter().find(|o| o.id == r.id)).cloned();
        Env { trigger_record, except: &[], ..env.clone() }
    }

    pub fn plain_env(&self) -> Env<'w> {
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
    pub fn uses(&self, norm: &Norm) -> Arc<Uses> {
        let walk = || Arc::new(Uses::of_norm(self.agreement, norm));
        self.memo.uses.borrow_mut().entry(norm.name.clone()).or_insert_with(walk).clone()
    }

    /// What the chosen option of a reading stands for.
    fn option(&self, reading: &Name) -> Option<&'w Meaning> {
        let chosen = self.choice.get(reading)?;
        self.agreement.readings.get(reading)?.options.iter().find(|(name, _)| name == chosen).map(|(_, m)| m)
    }

    /// Entry into force; a text that does not say is in force from its signature, or from the beginning.
    pub fn in_force(&self) -> Option<Moment_> {
        self.keep(
            |memo| &memo.force,
            (),
            Some(None),
            |node| {
                self.derives(node, || Derived::Force);
                match (&self.agreement.in_force, self.agreement.signed) {
                    (Some(moment), _) => self.moment(moment, &self.plain_env()),
                    (None, Some(_)) => self.moment(&Moment::Signed, &self.plain_env()),
                    (None, None) => self.moment(&Moment::Instant(Instant::MIN), &self.plain_env()),
                }
            },
        )
    }

    /// A term at every instant; for words left to judgement, a finding decides from the moment it was made.
    pub fn term(&self, name: &Name) -> Arc<Signal<Support>> {
        let unknown = Signal::constant(Support::default());
        self.keep(
            |memo| &memo.terms,
            name.clone(),
            Some(Arc::new(unknown.clone())),
            |node| {
                self.derives(node, || Derived::Term(name.clone()));
                let Some(term) = self.agreement.terms.get(name) else { return Arc::new(unknown) };
                let means = match &term.means {
                    Some(cond) => self.signal(cond, &self.term_env(name)),
                    None => unknown,
                };
                Arc::new(match self.found(name).first().filter(|_| term.open) {
                    None => means,
                    Some(finding) => {
                        let (from, grade) = (finding.when.latest, finding.grade);
                        let judged =
                            Signal::sampled(vec![from], |t| (t >= from).then(|| Support::holds(grade)));
                        means.with(&judged, |m, j| j.unwrap_or(*m))
                    }
                })
            },
        )
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

    fn term_state(&self, name: &Name, readings: Vec<(Name, Name)>) -> TermState {
        let env = self.term_env(name);
        let signal = self.term(name);
        let support = *self.now(&signal);
        let cond = Cond::Term(name.clone());
        let found = self.found(name);
        let stretches = self.stretches(&cond, &env);
        let began: Vec<Instant> = stretches.iter().map(|s| s.moment.when.earliest).collect();
        let episodes = stretches
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let (run, m) = (s.run, s.moment.clone());
                let ended = self.reached(run.to).then(|| servanda_model::When::exact(run.to));
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
                let now = self.quantity_now(value, env);
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
