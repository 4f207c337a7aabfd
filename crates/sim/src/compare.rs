//! What has to be the same: the reference's answers, those of an engine, those of the same engine set up anew, and the
//! history against the answers at each instant.
//!
//! Every comparison counts what it compared; a difference ends it with a [`Finding`]. A panic is a finding too.
//!
//! Invariants
//! - boards are compared whole: verdicts with all their reasons, terms, acts;
//! - histories are compared by what they say ([`says_the_same`]), and by rows where two engines are asked.

use crate::reload;
use crate::world::{Ask, Read};
use servanda_engine::incremental::history::{History, Key, Row, says_the_same};
use servanda_engine::incremental::{Engine, Settings, Share};
use servanda_engine::reference;
use servanda_model::{Agreement, Board, Instant, Places, Question, Record, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What answers in the place of the engine.
pub trait Candidate {
    /// Takes in records.
    fn add(&mut self, records: Vec<Record>);
    /// Answers a question.
    fn board(&mut self, question: &Question) -> Board;
    /// Lets knowledge and clock go on.
    fn advance(&mut self, to: Instant);
    /// What it said when.
    fn history(&self) -> &History;
}

impl Candidate for Engine<'_> {
    fn add(&mut self, records: Vec<Record>) {
        Engine::add(self, records);
    }

    fn board(&mut self, question: &Question) -> Board {
        Engine::board(self, question)
    }

    fn advance(&mut self, to: Instant) {
        Engine::advance(self, to);
    }

    fn history(&self) -> &History {
        Engine::history(self)
    }
}

/// How a candidate is set up.
pub type Maker = for<'a> fn(&'a Agreement, &'a Places, Settings) -> Box<dyn Candidate + 'a>;

/// The engine itself.
pub fn engine<'a>(
    agreement: &'a Agreement,
    places: &'a Places,
    settings: Settings,
) -> Box<dyn Candidate + 'a> {
    Box::new(Engine::new(agreement, places, settings))
}

/// Which comparison failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Family {
    /// The reference with its records in another order.
    Reference,
    /// Two instances with one identity.
    Identity,
    /// The engine's board against the reference's.
    Boards,
    /// The engine's board at the moment that it has reached, against the reference's.
    Live,
    /// The history against the boards of its instants.
    History,
    /// Two histories of the same records.
    Arrival,
    /// The history of engines that share the norms against that of one.
    Shares,
    /// The history of an engine that was saved and read again against that of one that never stopped.
    Reload,
    /// A panic of the reference.
    ReferencePanic,
    /// A panic of the engine.
    EnginePanic,
}

/// A difference.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// Which comparison.
    pub family: Family,
    /// In words.
    pub what: String,
    /// The question, where there was one.
    pub ask: Option<Ask>,
}

/// How much was compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Compared {
    /// Boards.
    pub boards: u64,
    /// Verdicts on them.
    pub verdicts: u64,
    /// Instants of histories.
    pub instants: u64,
    /// Rows of histories.
    pub rows: u64,
    /// Worlds that were left alone because a board has more verdicts than [`MANY`].
    pub too_large: u64,
}

/// More verdicts on one board than these are not compared: every question would take seconds.
pub const MANY: usize = 600;

impl Compared {
    /// Adds another count.
    pub fn add(&mut self, other: Compared) {
        self.boards += other.boards;
        self.verdicts += other.verdicts;
        self.instants += other.instants;
        self.rows += other.rows;
        self.too_large += other.too_large;
    }
}

/// All that is compared of one world.
pub struct Comparison<'w> {
    /// The world.
    pub read: &'w Read,
    /// Its questions.
    pub asks: &'w [Ask],
    /// Instants at which the clock is looked at.
    pub clocks: &'w [Instant],
    /// From which orders of arrival are made.
    pub order: u64,
    /// What is compared with the reference.
    pub maker: Maker,
    /// Whether two instances with one identity are a finding; else the history of such a world is not compared.
    pub identity: bool,
    /// How much was compared so far.
    pub compared: Compared,
}

type Checked<T = ()> = Result<T, Box<Finding>>;

impl Comparison<'_> {
    /// Whether the world is small enough to be compared many times.
    ///
    /// # Errors
    /// A panic of the reference.
    pub fn small(&mut self) -> Checked<bool> {
        for ask in self.asks {
            if self.ask_reference(&self.read.records, ask)?.verdicts.len() > MANY {
                self.compared.too_large += 1;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The reference with itself: order of the records, records that are not known yet, identity of instances.
    ///
    /// # Errors
    /// The first difference.
    pub fn reference(&mut self) -> Checked {
        for ask in self.asks {
            let question = ask.question();
            let board = self.ask_reference(&self.read.records, ask)?;
            if let Some(verdict) = twice(&board).filter(|_| self.identity) {
                let (norm, instance) = (&verdict.norm, &verdict.instance);
                let what =
                    format!("two verdicts on `{norm}` of {} have the instance `{instance}`", verdict.bearer);
                return found(Family::Identity, what, Some(ask));
            }
            let shuffled = self.shuffled(self.order);
            let mut known: Vec<Record> = self.read.records.clone();
            known.reverse();
            known.retain(|record| record.recorded <= question.known_at);
            let ways =
                [("shuffled", shuffled), ("in reverse order without those that are not known yet", known)];
            for (how, records) in ways {
                let other = self.ask_reference(&records, ask)?;
                if let Some(what) = difference(&board, &other) {
                    return found(Family::Reference, format!("with the records {how}: {what}"), Some(ask));
                }
            }
        }
        Ok(())
    }

    fn ask_reference(&mut self, records: &[Record], ask: &Ask) -> Checked<Board> {
        let question = ask.question();
        let (agreement, places) = (&self.read.agreement, &self.read.places);
        let board = guarded(|| reference::evaluate(agreement, places, records, &question));
        let board = board.map_err(|what| boxed(Family::ReferencePanic, what, Some(ask)))?;
        self.compared.boards += 1;
        self.compared.verdicts += board.verdicts.len() as u64;
        Ok(board)
    }

    /// Records in an order that a seed gives; taking one away leaves the order of the others.
    fn shuffled(&self, seed: u64) -> Vec<Record> {
        let mut records = self.read.records.clone();
        records.sort_by_key(|record| (mixed(seed, record.id.as_str()), record.id.clone()));
        records
    }

    /// The records in batches as they might arrive.
    fn batches(&self, seed: u64) -> Vec<Vec<Record>> {
        let mut batches = vec![Vec::new()];
        for record in self.shuffled(seed) {
            let ends = mixed(seed ^ 0x0ba7, record.id.as_str()).is_multiple_of(4);
            batches.last_mut().expect("there is always one").push(record);
            if ends {
                batches.push(Vec::new());
            }
        }
        batches
    }

    /// One engine through all of it: batches in several orders of arrival, questions between them, the clock going on
    /// and records coming late. After every step its board is that of the reference from the same records.
    ///
    /// # Errors
    /// The first difference.
    pub fn boards(&mut self) -> Checked {
        let read = self.read;
        for round in 0..2_u64 {
            let seed = self.order.wrapping_add(round);
            let mut candidate = self.make(&read.agreement, &read.places, Settings::default())?;
            let mut so_far: Vec<Record> = Vec::new();
            let batches = self.batches(seed);
            let last = batches.len() - 1;
            for (step, batch) in batches.into_iter().enumerate() {
                so_far.extend(batch.iter().cloned());
                self.guarded(|| candidate.add(batch), None)?;
                if round == 1 && step % 2 == 1 && !self.clocks.is_empty() {
                    let to = self.clocks[step / 2 % self.clocks.len()];
                    self.guarded(|| candidate.advance(to), None)?;
                }
                let asks: Vec<&Ask> = if step == last {
                    self.asks.iter().collect()
                } else {
                    self.asks.iter().skip(step % self.asks.len().max(1)).take(1).collect()
                };
                for ask in asks {
                    let question = ask.question();
                    let right = self.ask_reference(&so_far, ask)?;
                    let given = self.guarded(|| candidate.board(&question), Some(ask))?;
                    if let Some(what) = difference(&right, &given) {
                        let how = if step == last { "with all records" } else { "with some of the records" };
                        return found(Family::Boards, format!("{how}: {what}"), Some(ask));
                    }
                }
            }
        }
        Ok(())
    }

    /// The history: all records known before the first step, in two orders; and as they come in. At every instant at
    /// which something was recorded, at those of the clock, and beside every edge that a verdict names, its rows say
    /// what the reference says; rows of an instance do not overlap.
    ///
    /// # Errors
    /// The first difference.
    pub fn history(&mut self) -> Checked {
        self.history_under(&[])?;
        let chosen = self.asks.iter().map(|ask| &ask.readings).find(|readings| !readings.is_empty());
        match chosen.cloned() {
            Some(readings) => self.history_under(&readings),
            None => Ok(()),
        }
    }

    fn history_under(&mut self, readings: &[(String, String)]) -> Checked {
        let read = self.read;
        let ask_at = |at: Instant| Ask { at, known_at: at, readings: readings.to_vec() };
        let settings = |share: Option<Share>| Settings {
            readings: ask_at(Instant(0)).question().readings,
            share,
            memory_limit: None,
        };
        let end = read.records.iter().map(|r| r.recorded).chain(self.clocks.iter().copied()).max();
        let Some(end) = end.map(|end| end + 1) else { return Ok(()) };
        let whole = ask_at(end);
        let mut instants: BTreeSet<Instant> = read.records.iter().map(|r| r.recorded).collect();
        instants.extend(self.clocks.iter().copied());
        instants
            .extend(edges(&self.ask_reference(&read.records, &whole)?).into_iter().filter(|at| *at < end));
        instants.insert(end);
        let thinned: Vec<Instant> = thin(instants.into_iter().collect(), 40, self.order);
        let mut bulk = self.make(&read.agreement, &read.places, settings(None))?;
        let mut other = self.make(&read.agreement, &read.places, settings(None))?;
        let mut streaming = self.make(&read.agreement, &read.places, settings(None))?;
        let (one, two) = (self.shuffled(self.order), self.shuffled(self.order ^ 0xff));
        self.guarded(|| bulk.add(one), None)?;
        self.guarded(|| other.add(two), None)?;
        let mut to_come = self.shuffled(self.order ^ 0xf0);
        let mut right: Vec<(Instant, Board)> = Vec::new();
        for at in thinned {
            let (now, later) = to_come.into_iter().partition(|r| r.recorded <= at);
            to_come = later;
            self.guarded(|| streaming.add(now), None)?;
            self.guarded(|| streaming.advance(at), None)?;
            let ask = ask_at(at);
            let board = self.ask_reference(&read.records, &ask)?;
            if twice(&board).is_some() {
                return Ok(());
            }
            self.says(streaming.history(), &board, &ask, "records as they come in, asked at once")?;
            let given = self.guarded(|| streaming.board(&ask.question()), Some(&ask))?;
            if let Some(what) = difference(&board, &given) {
                return found(Family::Live, format!("at the moment reached: {what}"), Some(&ask));
            }
            right.push((at, board));
        }
        // The clock goes on in one stride: what happened on the way must stand in the history all the same.
        self.guarded(|| bulk.advance(end), None)?;
        self.guarded(|| other.advance(end), None)?;
        for (at, board) in &right {
            let ask = ask_at(*at);
            self.says(bulk.history(), board, &ask, "all records first, then the clock in one stride")?;
            self.says(streaming.history(), board, &ask, "records as they come in, asked afterwards")?;
        }
        self.well_formed(bulk.history())?;
        self.well_formed(streaming.history())?;
        if bulk.history() != other.history() {
            let at = bulk.history().rows().iter().zip(other.history().rows()).find(|(a, b)| a != b);
            let what = match at {
                Some((a, b)) => format!("{} against {}", show_row(a), show_row(b)),
                None => "one has more rows".to_string(),
            };
            return found(
                Family::Arrival,
                format!("another order of arrival, another history: {what}"),
                None,
            );
        }
        self.compared.rows += bulk.history().rows().len() as u64;
        // Two engines that share the norms say together what one says.
        let mut shared: Vec<Row> = Vec::new();
        for index in 0..2 {
            let mut part =
                self.make(&read.agreement, &read.places, settings(Some(Share { index, of: 2 })))?;
            self.guarded(|| part.add(read.records.clone()), None)?;
            self.guarded(|| part.advance(end), None)?;
            shared.extend(part.history().rows().iter().cloned());
        }
        let mut whole = bulk.history().rows().to_vec();
        for rows in [&mut shared, &mut whole] {
            rows.sort_by_key(|row| (row.known_from, Key::of(&row.verdict)));
        }
        if let Err(what) = self.guarded(|| reload::same(read, &settings(None), bulk.history(), end), None)? {
            return found(Family::Reload, what, None);
        }
        match whole.iter().zip(&shared).find(|(a, b)| a != b) {
            Some((a, b)) => {
                let what = format!("one engine says {}, two that share say {}", show_row(a), show_row(b));
                found(Family::Shares, what, None)
            }
            None if whole.len() != shared.len() => {
                let what =
                    format!("one engine has {} rows, two that share have {}", whole.len(), shared.len());
                found(Family::Shares, what, None)
            }
            None => Ok(()),
        }
    }

    /// Whether a history says at an instant what the reference says there.
    fn says(&mut self, history: &History, board: &Board, ask: &Ask, how: &str) -> Checked {
        self.compared.instants += 1;
        let mut said: BTreeMap<Key, &Verdict> = BTreeMap::new();
        for row in history.as_known_at(ask.at) {
            if said.insert(Key::of(&row.verdict), &row.verdict).is_some() {
                let what = format!("{how}: two rows of one instance stand at {}: {}", ask.at, show_row(row));
                return found(Family::History, what, Some(ask));
            }
        }
        for verdict in &board.verdicts {
            match said.remove(&Key::of(verdict)) {
                Some(row) if says_the_same(row, verdict) => {}
                Some(row) => {
                    let part = verdict_difference(verdict, row);
                    let what =
                        format!("{how}: the history says {} and it is {}: {part}", show(row), show(verdict));
                    return found(Family::History, what, Some(ask));
                }
                None => {
                    let what = format!("{how}: the history has no row for {}", show(verdict));
                    return found(Family::History, what, Some(ask));
                }
            }
        }
        match said.values().next() {
            None => Ok(()),
            Some(more) => found(
                Family::History,
                format!("{how}: there is a row and no instance: {}", show(more)),
                Some(ask),
            ),
        }
    }

    fn well_formed(&mut self, history: &History) -> Checked {
        let mut last: BTreeMap<Key, &Row> = BTreeMap::new();
        let mut before = Instant::MIN;
        for row in history.rows() {
            let key = Key::of(&row.verdict);
            let previous = last.insert(key, row);
            let fits = previous.is_none_or(|p| p.known_to == Some(row.known_from));
            let differs = previous
                .is_none_or(|p| p.gone != row.gone || row.gone || !says_the_same(&p.verdict, &row.verdict));
            let stretch = row.known_to.is_none_or(|to| to > row.known_from);
            if row.known_from < before || !fits || !differs || !stretch {
                let what = format!(
                    "the rows of an instance overlap, repeat themselves or leave a hole: {}",
                    show_row(row)
                );
                return found(Family::History, what, None);
            }
            before = row.known_from;
        }
        match last.values().find(|row| row.known_to.is_some()) {
            None => Ok(()),
            Some(row) => found(
                Family::History,
                format!("the last row of an instance is closed: {}", show_row(row)),
                None,
            ),
        }
    }

    fn make<'a>(
        &self,
        agreement: &'a Agreement,
        places: &'a Places,
        settings: Settings,
    ) -> Checked<Box<dyn Candidate + 'a>> {
        let maker = self.maker;
        self.guarded(|| maker(agreement, places, settings), None)
    }

    fn guarded<T>(&self, work: impl FnOnce() -> T, ask: Option<&Ask>) -> Checked<T> {
        guarded(work).map_err(|what| boxed(Family::EnginePanic, what, ask))
    }
}

/// A verdict whose instance has the identity of another.
fn twice(board: &Board) -> Option<&Verdict> {
    let mut keys = BTreeSet::new();
    board.verdicts.iter().find(|v| !keys.insert(Key::of(v)))
}

fn boxed(family: Family, what: String, ask: Option<&Ask>) -> Box<Finding> {
    Box::new(Finding { family, what, ask: ask.cloned() })
}

fn found<T>(family: Family, what: String, ask: Option<&Ask>) -> Checked<T> {
    Err(boxed(family, what, ask))
}

/// Does a piece of work; a panic becomes its words.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str);
        let words = words.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
        format!("panic: {words}")
    })
}

/// splitmix64 over a name: the same on every machine.
fn mixed(seed: u64, name: &str) -> u64 {
    let mut z = seed ^ 0x9e37_79b9_7f4a_7c15;
    for byte in name.bytes().chain([0]) {
        z = z.wrapping_add(u64::from(byte)).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
    }
    z
}

/// At most so many of a list, the first and the last among them.
pub fn thin(all: Vec<Instant>, most: usize, seed: u64) -> Vec<Instant> {
    if all.len() <= most {
        return all;
    }
    let last = all.len() - 1;
    let mut kept: Vec<(u64, usize)> = (1..last).map(|i| (mixed(seed, &i.to_string()), i)).collect();
    kept.sort_unstable();
    let mut kept: Vec<usize> = kept.into_iter().map(|(_, i)| i).take(most - 2).chain([0, last]).collect();
    kept.sort_unstable();
    kept.into_iter().map(|i| all[i]).collect()
}

/// Instants beside which something on a board ends or begins, each with its neighbours.
pub fn edges(board: &Board) -> BTreeSet<Instant> {
    let mut edges = BTreeSet::new();
    let mut edge = |at: Instant| {
        if at > Instant::MIN + 2 && at < Instant::MAX + -2 {
            edges.extend([at + -1, at, at + 1]);
        }
    };
    for verdict in &board.verdicts {
        for when in
            [verdict.due, verdict.triggered, verdict.fulfilled, verdict.breached].into_iter().flatten()
        {
            edge(when.earliest);
            edge(when.latest);
        }
        for episode in &verdict.episodes {
            edge(episode.from.latest);
            episode.to.iter().for_each(|to| edge(to.latest));
        }
    }
    for episode in board.terms.iter().flat_map(|t| &t.episodes) {
        edge(episode.began.latest);
        episode.ended.iter().for_each(|to| edge(to.latest));
    }
    board.acts.iter().filter_map(|a| a.effect).for_each(edge);
    edges
}

/// The first thing in which two boards differ.
pub fn difference(right: &Board, given: &Board) -> Option<String> {
    if right == given {
        return None;
    }
    for (a, b) in right.verdicts.iter().zip(&given.verdicts) {
        if a != b {
            if Key::of(a) != Key::of(b) {
                return Some(format!("another instance or order: {} against {}", show(a), show(b)));
            }
            return Some(format!("{} should be {}: {}", show(b), show(a), verdict_difference(a, b)));
        }
    }
    if right.verdicts.len() != given.verdicts.len() {
        let more = right.verdicts.get(given.verdicts.len()).or(given.verdicts.get(right.verdicts.len()));
        let more = more.map(show).unwrap_or_default();
        return Some(format!(
            "{} instances should be {}: {more}",
            given.verdicts.len(),
            right.verdicts.len()
        ));
    }
    for (a, b) in right.terms.iter().zip(&given.terms) {
        if a != b {
            return Some(format!("the term `{}` {b:?} should be {a:?}", a.term));
        }
    }
    if right.acts != given.acts {
        return Some(format!("acts {:?} should be {:?}", given.acts, right.acts));
    }
    Some("the questions or the number of terms differ".into())
}

fn verdict_difference(a: &Verdict, b: &Verdict) -> String {
    let (x, y) = (a.reasons(), b.reasons());
    let part = match () {
        () if a.performance != b.performance => "performance",
        () if a.standing != b.standing => "standing",
        () if a.grade != b.grade => "grade",
        () if a.due != b.due => "due",
        () if a.triggered != b.triggered => "trigger",
        () if a.fulfilled != b.fulfilled => "fulfilled",
        () if a.breached != b.breached => "breached",
        () if a.performed_late != b.performed_late => "late",
        () if a.episodes != b.episodes => {
            return format!("episodes {:?} should be {:?}", b.episodes, a.episodes);
        }
        () if x.because != y.because => return format!("because {:?} should be {:?}", y.because, x.because),
        () if x.decided_by != y.decided_by => {
            return format!("decided by {:?} should be {:?}", y.decided_by, x.decided_by);
        }
        () if x.against != y.against => return format!("against {:?} should be {:?}", y.against, x.against),
        () if x.missing != y.missing => return format!("missing {:?} should be {:?}", y.missing, x.missing),
        () if x.coverage != y.coverage => {
            return format!("coverage {:?} should be {:?}", y.coverage, x.coverage);
        }
        () if x.elsewhere != y.elsewhere => "results elsewhere",
        () if a.marking != b.marking => "marking",
        () => "another field",
    };
    part.to_string()
}

fn show(v: &Verdict) -> String {
    let codes: Vec<String> = v.reasons().because.iter().map(|b| b.code.word()).collect();
    let due = v.due.map(|d| format!(" due {}", d.latest)).unwrap_or_default();
    format!(
        "{} {} {}: {} {} {}{due} because {}",
        v.norm,
        v.bearer,
        v.instance,
        v.performance.word(),
        v.standing.word(),
        v.grade,
        codes.join(", ")
    )
}

pub(crate) fn show_row(row: &Row) -> String {
    let to = row.known_to.map(|to| to.to_string()).unwrap_or_default();
    format!("[{} .. {to}{}] {}", row.known_from, if row.gone { " gone" } else { "" }, show(&row.verdict))
}
