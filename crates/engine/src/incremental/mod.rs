//! The engine that stays up to date: records come in, in any order; what they change is computed again and nothing else.
//!
//! It answers what [`reference`](mod@crate::reference) answers, and keeps the [`History`] of what it said. Knowledge and
//! clock go on together: [`Engine::advance`] walks through every moment at which a record becomes known and every
//! moment at which the clock alone changes a verdict, and looks at those norms only that hang on what changed.
//!
//! Invariants
//! - [`Engine::board`] is the reference's board for the same records, whatever came before;
//! - the same set of records gives the same history, in whatever order they came in. A record that was recorded
//!   before the moment reached so far makes the engine begin anew.

pub(crate) mod cells;
pub(crate) mod counts;
pub(crate) mod days;
pub mod history;
pub(crate) mod index;
pub(crate) mod learning;
pub(crate) mod lists;
pub mod room;
pub mod snapshot;
mod states;
pub(crate) mod stretches;

use crate::readings::{Choice, combinations};
use crate::reference::known::Known;
use crate::reference::{self, Memo, World};
use cells::Instances;
use history::{History, Key, Row, says_the_same};
use learning::Turned;
use room::OutOfRoom;
use servanda_model::agreement::Norm;
use servanda_model::uses::Uses;
use servanda_model::{Agreement, Board, Instant, Name, Places, Question, Record, RecordId, Verdict};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

/// The board of an agreement for a question: what [`reference::evaluate`] answers, faster.
/// For one question; [`Engine`] is for many.
///
/// # Example
/// ```
/// use servanda_model::{Agreement, Instant, Places, Question};
/// let board = servanda_engine::evaluate(&Agreement::default(), &Places::default(), &[], &Question::at(Instant(0)));
/// assert!(board.verdicts.is_empty());
/// ```
pub fn evaluate(agreement: &Agreement, places: &Places, records: &[Record], question: &Question) -> Board {
    evaluate_of(agreement, places, &records.iter().cloned().map(Arc::new).collect::<Vec<_>>(), question)
}

/// The same, of records that others may hold too.
pub fn evaluate_of(
    agreement: &Agreement,
    places: &Places,
    records: &[Arc<Record>],
    question: &Question,
) -> Board {
    let mut records = records.to_vec();
    // Of one identity the first that came counts, as in `Engine::add`.
    records.sort_by(|a, b| a.id.cmp(&b.id));
    records.dedup_by(|later, first| later.id == first.id);
    records.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    reference::evaluate_shared(agreement, places, &records, question, true)
}

/// What an engine is set up with besides its agreement.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Reading → option, for readings that somebody chose.
    pub readings: BTreeMap<Name, Name>,
    /// The part of the agreement that this engine answers for; `None`: the whole.
    pub share: Option<Share>,
    /// How many bytes the state may take, as [`Engine::room`] estimates them; `None`: as many as there are. Only
    /// [`Engine::try_advance`] looks at it.
    pub memory_limit: Option<u64>,
}

/// One of several engines that answer for an agreement together: each for the norms whose names fall to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which, from 0.
    pub index: usize,
    /// Of how many.
    pub of: usize,
}

impl Share {
    /// Whether a norm falls to it.
    pub fn holds(self, norm: &Name) -> bool {
        // FNV-1a: the same on every machine.
        let hash = norm.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        (hash % self.of.max(1) as u64) as usize == self.index
    }
}

/// Agreement, records so far, and what follows from them.
pub struct Engine<'a> {
    agreement: &'a Agreement,
    places: &'a Places,
    settings: Settings,
    /// All that came in, by when it was recorded.
    records: BTreeMap<(Instant, RecordId), Arc<Record>>,
    ids: BTreeSet<RecordId>,
    /// Bytes of the records, estimated.
    weight: u64,
    live: Live<'a>,
}

/// What follows from the records up to the moment reached.
struct Live<'a> {
    /// The moment reached; [`Instant::MIN`] before the first.
    frontier: Instant,
    known: Known,
    recorded: Vec<Arc<Record>>,
    memos: RefCell<BTreeMap<Choice, Rc<Memo<'a>>>>,
    rules: Vec<Rule<'a>>,
    /// By instant, which rules may change then.
    turns: BTreeSet<(Instant, usize)>,
    history: History,
    open: BTreeMap<Key, usize>,
}

/// A norm that is followed.
struct Rule<'a> {
    norm: &'a Norm,
    choices: Vec<Choice>,
    turn: Instant,
    said: Instances,
}

impl<'a> Engine<'a> {
    /// An engine that knows nothing yet.
    pub fn new(agreement: &'a Agreement, places: &'a Places, settings: Settings) -> Engine<'a> {
        let live = Live::new(agreement, &settings);
        Engine {
            agreement,
            places,
            settings,
            records: BTreeMap::new(),
            ids: BTreeSet::new(),
            weight: 0,
            live,
        }
    }

    /// Takes in records, in any order. Nothing is evaluated yet. A record whose identity came in before is left aside.
    pub fn add(&mut self, records: impl IntoIterator<Item: Into<Arc<Record>>>) {
        if !self.taken_in(records).is_empty() {
            self.live = Live::new(self.agreement, &self.settings);
        }
    }

    /// The same for whoever goes on with [`Engine::catch_up`]: what was recorded at the moment reached or before it is learnt at
    /// once, and the history tells of it as if it had come to be known at that moment. Returns when the first of
    /// those was recorded: what was said of that moment and of later ones was said without it.
    pub fn add_behind(&mut self, records: impl IntoIterator<Item: Into<Arc<Record>>>) -> Option<Instant> {
        let late = self.taken_in(records);
        let first = late.iter().map(|record| record.recorded).min();
        if first.is_some() {
            self.live.step(self.agreement, self.places, &self.settings, self.live.frontier, late);
        }
        first
    }

    /// Those of them that were recorded at the moment reached or before it.
    fn taken_in(&mut self, records: impl IntoIterator<Item: Into<Arc<Record>>>) -> Vec<Arc<Record>> {
        let mut late = Vec::new();
        for record in records {
            let record = record.into();
            if self.ids.insert(record.id.clone()) {
                if record.recorded <= self.live.frontier {
                    late.push(record.clone());
                }
                self.weight += room::of_record(&record);
                self.records.insert((record.recorded, record.id.clone()), record);
            }
        }
        late
    }

    /// The board for a question: what the reference answers, whatever was asked before.
    pub fn board(&mut self, question: &Question) -> Board {
        let reached = (self.live.frontier, self.live.frontier, &self.settings.readings);
        if (question.at, question.known_at, &question.readings) == reached {
            let live = &self.live;
            let under = |choice: &Choice| live.world(self.agreement, self.places, &self.settings, choice);
            return reference::board(self.agreement, question, under);
        }
        let records: Vec<Arc<Record>> = self.records.values().cloned().collect();
        reference::evaluate_shared(self.agreement, self.places, &records, question, true)
    }

    /// All records that came in, by when they were recorded.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values().map(|record| &**record)
    }

    /// The same, to be held by others too.
    pub fn shared(&self) -> impl Iterator<Item = Arc<Record>> {
        self.records.values().cloned()
    }

    /// The moment reached.
    pub fn frontier(&self) -> Instant {
        self.live.frontier
    }

    /// Lets knowledge and clock go on together to `to`, and returns the rows that this added to the history. To go back
    /// changes nothing.
    pub fn advance(&mut self, to: Instant) -> &[Row] {
        let before = self.live.history.rows().len();
        while self.live.frontier < to {
            self.go_on(to);
        }
        &self.live.history.rows()[before..]
    }

    /// Lets knowledge and clock go on to `to` in one step: [`Engine::board`] is the same as after [`Engine::advance`], and the
    /// history tells of the difference only, as if all that happened since had come to be known at `to`. For whoever shows
    /// what holds now and has much to catch up with. To go back changes nothing.
    pub fn catch_up(&mut self, to: Instant) {
        if self.live.frontier >= to {
            return;
        }
        let after = (std::ops::Bound::Excluded((self.live.frontier, last_id())), std::ops::Bound::Unbounded);
        let news =
            self.records.range(after).take_while(|((at, _), _)| *at <= to).map(|(_, r)| r.clone()).collect();
        self.live.step(self.agreement, self.places, &self.settings, to, news);
    }

    /// [`Engine::advance`], which stops where the state takes more than [`Settings::memory_limit`].
    ///
    /// # Errors
    /// The state has outgrown its limit. It stands whole at the moment reached: with more room it goes on from there.
    pub fn try_advance(&mut self, to: Instant) -> Result<&[Row], OutOfRoom> {
        let before = self.live.history.rows().len();
        self.within_limit()?;
        while self.live.frontier < to {
            self.go_on(to);
            self.within_limit()?;
        }
        Ok(&self.live.history.rows()[before..])
    }

    /// To the next moment at which something may change, at most to `to`.
    fn go_on(&mut self, to: Instant) {
        let later = (std::ops::Bound::Excluded((self.live.frontier, last_id())), std::ops::Bound::Unbounded);
        let recorded = self.records.range(later).next().map(|((at, _), _)| *at);
        let turn = self.live.turns.first().map(|(at, _)| *at);
        let ahead = self.live.known.next_ahead();
        let next = [recorded, turn, ahead].into_iter().flatten().min().unwrap_or(to).min(to);
        let next = next.max(self.live.frontier.next());
        let news: Vec<Arc<Record>> = match recorded == Some(next) {
            true => {
                let from = (next, Name::from(""));
                self.records
                    .range(from..)
                    .take_while(|((at, _), _)| *at == next)
                    .map(|(_, r)| r.clone())
                    .collect()
            }
            false => Vec::new(),
        };
        self.live.step(self.agreement, self.places, &self.settings, next, news);
    }

    /// What was said when.
    pub fn history(&self) -> &History {
        &self.live.history
    }
}

/// So many records at once are put in their places whatever there is already.
const MOST_IN_PLACE: usize = 1_000;

/// So many records of one moment are named as the cause of what changed then.
const MOST_CAUSES: usize = 100;

/// After every identity of a record.
fn last_id() -> RecordId {
    Name::from("\u{10ffff}\u{10ffff}\u{10ffff}")
}

impl<'a> Live<'a> {
    fn new(agreement: &'a Agreement, settings: &Settings) -> Live<'a> {
        let question = Question { readings: settings.readings.clone(), ..Question::at(Instant::MIN) };
        let mine = agreement.norms.iter().filter(|n| settings.share.is_none_or(|s| s.holds(&n.name)));
        let rules: Vec<Rule<'a>> = mine
            .map(|norm| {
                let readings = Uses::of_norm(agreement, norm).readings;
                let choices = combinations(agreement, &readings, &question);
                Rule { norm, choices, turn: Instant::MIN, said: Instances::default() }
            })
            .collect();
        Live {
            frontier: Instant::MIN,
            known: Known::nothing(Instant::MIN),
            recorded: Vec::new(),
            memos: RefCell::default(),
            // Everything is looked at in the first step.
            turns: (0..rules.len()).map(|i| (Instant::MIN, i)).collect(),
            rules,
            history: History::default(),
            open: BTreeMap::new(),
        }
    }

    fn world<'k>(
        &'k self,
        agreement: &'a Agreement,
        places: &'a Places,
        settings: &Settings,
        choice: &Choice,
    ) -> World<'a, 'k> {
        let question = Question { readings: settings.readings.clone(), ..Question::at(self.frontier) };
        let mut memos = self.memos.borrow_mut();
        let memo = memos.entry(choice.clone()).or_insert_with(|| Rc::new(Memo::new(agreement, true, true)));
        World {
            agreement,
            places,
            records: &self.recorded,
            known: &self.known,
            at: self.frontier,
            known_at: self.frontier,
            choice: reference::chosen(&question, choice),
            memo: memo.clone(),
        }
    }

    /// Goes on to a moment at which something may change.
    fn step(
        &mut self,
        agreement: &'a Agreement,
        places: &'a Places,
        settings: &Settings,
        at: Instant,
        news: Vec<Arc<Record>>,
    ) {
        self.frontier = at;
        let mut turned: Vec<Turned> = self.known.pass(at);
        for record in &news {
            turned.extend(self.known.learn(agreement, record));
        }
        let cause: Vec<RecordId> = news.iter().map(|r| r.id.clone()).take(MOST_CAUSES).collect();
        self.recorded.extend(news);
        let mut open: BTreeSet<usize> = BTreeSet::new();
        while let Some((_, rule)) = self.turns.first().copied().filter(|(turn, _)| *turn <= at) {
            self.turns.pop_first();
            open.insert(rule);
        }
        if turned.len() > MOST_IN_PLACE && turned.len() > self.recorded.len() / 4 {
            // So much at once is read anew sooner than it is put in its place piece by piece.
            self.memos.borrow_mut().clear();
            open.extend(0..self.rules.len());
            turned.clear();
        }
        let choices: Vec<Choice> = self.memos.borrow().keys().cloned().collect();
        for choice in &choices {
            let world = self.world(agreement, places, settings, choice);
            world.memo.tracker.revise();
            turned.iter().for_each(|t| world.turned(t));
        }
        let mut said: BTreeMap<usize, Instances> = BTreeMap::new();
        loop {
            for choice in &choices {
                let doubted = self.world(agreement, places, settings, choice).doubted_norms();
                open.extend((0..self.rules.len()).filter(|i| doubted.contains(&self.rules[*i].norm.name)));
            }
            let Some(rule) = open.pop_first() else { break };
            let before = self.look_at(agreement, places, settings, rule);
            // What was said before this moment, and not what was said a little earlier within it.
            said.entry(rule).or_insert(before);
        }
        // In the order of the text, so that it makes no difference what led to what.
        for (rule, before) in &said {
            self.tell(*rule, before, &cause);
        }
    }

    /// What is said of a norm now, kept; and what was said of it before.
    fn look_at(
        &mut self,
        agreement: &'a Agreement,
        places: &'a Places,
        settings: &Settings,
        rule: usize,
    ) -> Instances {
        let Rule { norm, choices, turn, .. } = &self.rules[rule];
        let (norm, old_turn) = (*norm, *turn);
        let under = |choice: &Choice| self.world(agreement, places, settings, choice);
        let now = match &choices[..] {
            [only] => {
                // What only moves on with the clock is no news.
                let world = under(only);
                world.memo.tracker.leaving(|| world.instances(&norm.name))
            }
            _ => {
                let question =
                    Question { readings: settings.readings.clone(), ..Question::at(self.frontier) };
                let merged = reference::verdicts_of(agreement, norm, &question, under);
                Instances::of_list(merged.into_iter().map(Arc::new).collect())
            }
        };
        let turn = choices.iter().map(|c| under(c).turn_of(&norm.name)).min().unwrap_or(Instant::MAX);
        self.turns.remove(&(old_turn, rule));
        if turn < Instant::MAX {
            self.turns.insert((turn, rule));
        }
        self.rules[rule].turn = turn;
        std::mem::replace(&mut self.rules[rule].said, now)
    }

    /// Rows for what differs from before.
    fn tell(&mut self, rule: usize, before: &Instances, cause: &[RecordId]) {
        let (before, now) = before.where_they_differ(&self.rules[rule].said);
        let same = |(a, b): &(&&Arc<Verdict>, &&Arc<Verdict>)| Arc::ptr_eq(a, b);
        let head = before.iter().zip(&now).take_while(same).count();
        let rest = before.len().min(now.len()) - head;
        let tail = before.iter().rev().zip(now.iter().rev()).take(rest).take_while(same).count();
        let old: BTreeSet<Key> = before[head..before.len() - tail].iter().map(|v| Key::of(v)).collect();
        let mut told: BTreeSet<Key> = BTreeSet::new();
        let mut rows = Vec::new();
        for verdict in &now[head..now.len() - tail] {
            let key = Key::of(verdict);
            let last = self.open.get(&key).map(|i| &self.history.rows()[*i]);
            let news = last.is_none_or(|row| row.gone || !says_the_same(&row.verdict, verdict));
            if told.insert(key.clone()) && news {
                rows.push((key, (*verdict).clone(), false));
            }
        }
        for key in old.difference(&told) {
            let still = now[..head].iter().chain(&now[now.len() - tail..]).any(|v| Key::of(v) == *key);
            if let Some(i) = self.open.get(key).filter(|_| !still) {
                rows.push((key.clone(), self.history.rows()[*i].verdict.clone(), true));
            }
        }
        for (key, verdict, gone) in rows {
            if let Some(i) = self.open.get(&key) {
                self.history.close(*i, self.frontier);
            }
            self.open.insert(key, self.history.rows().len());
            self.history.push(Row {
                verdict,
                known_from: self.frontier,
                known_to: None,
                cause: cause.to_vec(),
                gone,
            });
        }
    }
}
