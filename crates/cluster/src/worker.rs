//! One worker: an engine for its share of the norms, fed by Timely.
//!
//! First the workers talk: the first says what there is to be worked on, each says what it has saved, and all begin at
//! the latest moment that all have. Then records go to all workers, each lets its engine go on as far as knowledge is
//! complete, and rows go to the first worker.
//!
//! All records go to all workers. What a norm hangs on is not only its facts: terms, other norms, powers, corrections
//! and withdrawals of whatever it read; an engine that has all records cannot miss any.
//!
//! Invariants
//! - an engine goes on to a moment only when no record recorded by then can still come;
//! - a worker is done with a moment only when its rows are sent and what was due is saved;
//! - a worker that cannot go on says so to the first, which then gives no change set.

use crate::saves::Shelf;
use crate::{Failure, Log, Task};
use serde::{Deserialize, Serialize};
use servanda_engine::Engine;
use servanda_engine::incremental::history::{History, Row};
use servanda_engine::incremental::snapshot::digest;
use servanda_engine::incremental::{Settings, Share};
use servanda_model::{Instant, Places, Record};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use timely::dataflow::operators::vec::Broadcast;
use timely::dataflow::operators::{Exchange, Input, Inspect, Probe};
use timely::dataflow::{InputHandle, ProbeHandle};
use timely::worker::Worker;

/// Moments of knowledge that may be under way at once.
const UNDER_WAY: usize = 256;
/// How long a worker with nothing to do waits for something.
const NAP: Duration = Duration::from_millis(20);

/// What workers say to each other before they begin, encoded.
#[derive(Serialize, Deserialize)]
enum Word {
    /// From the first: shapes and points, and up to when.
    Job(Places, Instant),
    /// A moment that a worker has saved, with a digest of the records known by then.
    Saved(u64, Instant, [u8; 32]),
}

/// What goes to the first worker.
#[derive(Clone, Serialize, Deserialize)]
enum Said {
    /// A row, with its number among those of its worker.
    Row(u64, Row),
    /// A worker cannot go on.
    Stopped(u64, String, Option<String>),
}

/// The work of one worker; the history comes out at the first.
pub(crate) fn work(worker: &mut Worker, task: &Task) -> Result<Option<History>, Failure> {
    let (index, peers) = (worker.index(), worker.peers());
    let log = task.log.as_deref().filter(|_| index == 0);
    let mut talk = Talk::begin(worker);
    let words = talk.round(worker, log.map(|log| Word::Job(log.places.clone(), log.until)));
    let job = words.into_iter().find_map(|word| match word {
        Word::Job(places, until) => Some((places, until)),
        Word::Saved(..) => None,
    });
    let (places, until) = job.ok_or_else(|| {
        Failure::new("no process has any records").help("process 0 reads them: start it with a workspace")
    })?;
    let settings = Settings {
        readings: task.readings.clone(),
        share: Some(Share { index, of: peers }),
        memory_limit: task.memory_limit,
    };
    let mut own = Own { task, places: &places, settings, shelf: None, wrong: None };
    let incoming = log.map(|log| in_order(log, until)).unwrap_or_default();
    let offers = own.offers(index, peers, until, log.is_some().then_some(&incoming));
    let offered = talk.round(worker, offers);
    drop(talk);
    let start = common(&offered, peers);
    own.run(worker, incoming, start, until)
}

/// The latest moment that all workers have saved with the same records.
fn common(words: &[Word], workers: usize) -> Option<Instant> {
    let mut by: BTreeMap<(Instant, [u8; 32]), BTreeSet<u64>> = BTreeMap::new();
    for word in words {
        if let Word::Saved(worker, at, records) = word {
            by.entry((*at, *records)).or_default().insert(*worker);
        }
    }
    by.into_iter().rev().find(|(_, by)| by.len() == workers).map(|((at, _), _)| at)
}

/// The records up to a moment, each identity once, by when they were recorded.
fn in_order(log: &Log, until: Instant) -> VecDeque<Record> {
    let mut seen = BTreeSet::new();
    let mut all: Vec<&Record> = log.records.iter().filter(|r| seen.insert(&r.id)).collect();
    all.retain(|r| r.recorded <= until);
    all.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    all.into_iter().cloned().collect()
}

/// What Timely puts items into on their way.
type Batches<Item> = timely::container::CapacityContainerBuilder<Vec<Item>>;

/// Everybody says something to everybody, in rounds.
struct Talk {
    input: InputHandle<u64, Batches<(u64, Vec<u8>)>>,
    heard: Rc<RefCell<BTreeMap<u64, Vec<Vec<u8>>>>>,
    probe: ProbeHandle<u64>,
    round: u64,
}

impl Talk {
    fn begin(worker: &mut Worker) -> Talk {
        let mut input = InputHandle::new();
        let heard: Rc<RefCell<BTreeMap<u64, Vec<Vec<u8>>>>> = Rc::default();
        let (ear, probe) = (heard.clone(), ProbeHandle::new());
        worker.dataflow(|scope| {
            scope
                .input_from(&mut input)
                .broadcast()
                .inspect(move |(round, word): &(u64, Vec<u8>)| {
                    ear.borrow_mut().entry(*round).or_default().push(word.clone());
                })
                .probe_with(&probe);
        });
        Talk { input, heard, probe, round: 0 }
    }

    /// What all said, after all have.
    fn round(&mut self, worker: &mut Worker, words: impl IntoIterator<Item = Word>) -> Vec<Word> {
        let round = self.round;
        for word in words {
            // No word refuses to be written.
            self.input.send((round, postcard::to_stdvec(&word).unwrap_or_default()));
        }
        self.round += 1;
        self.input.advance_to(self.round);
        self.input.flush();
        worker.step_or_park_while(Some(NAP), || self.probe.less_than(&(round + 1)));
        let heard = self.heard.borrow_mut().remove(&round).unwrap_or_default();
        heard.iter().filter_map(|word| postcard::from_bytes(word).ok()).collect()
    }
}

/// A worker's own things.
struct Own<'w> {
    task: &'w Task,
    places: &'w Places,
    settings: Settings,
    shelf: Option<Shelf>,
    wrong: Option<Failure>,
}

impl<'w> Own<'w> {
    /// What is saved and can be used. The first worker looks whether it fits to the log.
    fn offers(
        &mut self,
        index: usize,
        peers: usize,
        until: Instant,
        log: Option<&VecDeque<Record>>,
    ) -> Vec<Word> {
        let Some(saves) = &self.task.saves else { return Vec::new() };
        let shelf = match saves.of(index, peers) {
            Ok(shelf) => shelf,
            Err(failure) => {
                self.wrong = Some(failure);
                return Vec::new();
            }
        };
        let mut offers = Vec::new();
        for at in shelf.all().unwrap_or_default().into_iter().filter(|at| *at <= until) {
            let passed_over = |why: &dyn std::fmt::Display| {
                (self.task.note)(&format!("warning: `{}` is passed over: {why}", shelf.path(at).display()));
            };
            let engine = match shelf.read(at).map(|bytes| self.restored(&bytes)) {
                Ok(Ok(engine)) if engine.frontier() == at => engine,
                Ok(Ok(_)) => {
                    passed_over(&"it is of another moment than its name says");
                    continue;
                }
                Ok(Err(refused)) => {
                    passed_over(&format!("{refused}; {}", refused.remedy()));
                    continue;
                }
                Err(failure) => {
                    passed_over(&failure);
                    continue;
                }
            };
            let records = digest(&engine.records().collect::<Vec<_>>());
            let known = log.map(|log| log.iter().take_while(|r| r.recorded <= at).collect::<Vec<_>>());
            if known.is_some_and(|known| digest(&known) != records) {
                passed_over(&"other records were known by then");
                continue;
            }
            offers.push(Word::Saved(index as u64, at, records));
        }
        self.shelf = Some(shelf);
        offers
    }

    fn restored(
        &self,
        bytes: &[u8],
    ) -> Result<Engine<'w>, servanda_engine::incremental::snapshot::SnapshotRefused> {
        Engine::restore(&self.task.agreement, self.places, self.settings.clone(), bytes)
    }

    /// The engine at the moment at which all begin.
    fn begin(&self, start: Option<Instant>) -> Result<Engine<'w>, Failure> {
        match (start, &self.shelf) {
            (Some(at), Some(shelf)) => self
                .restored(&shelf.read(at)?)
                .map_err(|e| Failure::new(format!("`{}`: {e}", shelf.path(at).display())).help(e.remedy())),
            _ => Ok(Engine::new(&self.task.agreement, self.places, self.settings.clone())),
        }
    }

    fn run(
        mut self,
        worker: &mut Worker,
        mut incoming: VecDeque<Record>,
        start: Option<Instant>,
        until: Instant,
    ) -> Result<Option<History>, Failure> {
        let index = worker.index();
        let mut engine = match self.begin(start) {
            Ok(engine) => engine,
            Err(failure) => {
                self.wrong = self.wrong.or(Some(failure));
                Engine::new(&self.task.agreement, self.places, self.settings.clone())
            }
        };
        if let Some(at) = start {
            incoming.retain(|r| r.recorded > at);
            if index == 0 {
                (self.task.note)(&format!("begins at {at}, the last moment that all workers have saved"));
            }
        }
        let (mut records, mut rows) = (InputHandle::<i64, _>::new(), InputHandle::<i64, _>::new());
        let (known, said) = (ProbeHandle::new(), ProbeHandle::new());
        let waiting: Rc<RefCell<BTreeMap<i64, Vec<Record>>>> = Rc::default();
        let gathered: Rc<RefCell<Vec<Said>>> = Rc::default();
        let (in_tray, out_tray) = (waiting.clone(), gathered.clone());
        worker.dataflow(|scope| {
            scope
                .input_from(&mut records)
                .broadcast()
                .inspect(move |record: &Record| {
                    in_tray.borrow_mut().entry(record.recorded.0).or_default().push(record.clone());
                })
                .probe_with(&known);
            scope
                .input_from(&mut rows)
                .exchange(|_: &Said| 0)
                .inspect(move |said: &Said| out_tray.borrow_mut().push(said.clone()))
                .probe_with(&said);
        });
        let (mut records, mut rows) = (Some(records), Some(rows));
        let moments: BTreeSet<Instant> = engine.records().map(|r| r.recorded).collect();
        let mut counted = moments.len() as u64;
        let mut sent = 0;
        let mut under_way: VecDeque<i64> = VecDeque::new();
        while rows.is_some() || !said.done() {
            // The first worker reads on, but not far ahead of the slowest.
            under_way.retain(|at| said.less_equal(at));
            while let Some(input) = records.as_mut() {
                let stopped = gathered.borrow().iter().any(|s| matches!(s, Said::Stopped(..)));
                if incoming.is_empty() || stopped {
                    records = None;
                    break;
                }
                if under_way.len() >= UNDER_WAY {
                    break;
                }
                let Some(at) = incoming.front().map(|r| r.recorded) else { break };
                input.advance_to(at.0);
                while let Some(record) = incoming.pop_front_if(|r| r.recorded == at) {
                    input.send(record);
                }
                input.advance_to(at.0.saturating_add(1));
                under_way.push_back(at.0);
            }
            let complete = || {
                let waiting = waiting.borrow();
                waiting.keys().next().copied().filter(|at| !known.less_equal(at))
            };
            match (complete(), rows.as_mut()) {
                // Who cannot go on takes nothing in either.
                (Some(at), None) => drop(waiting.borrow_mut().remove(&at)),
                (Some(at), Some(output)) => {
                    let batch = waiting.borrow_mut().remove(&at).unwrap_or_default();
                    engine.add(batch);
                    counted += 1;
                    output.advance_to(at);
                    let go_on = match self.wrong.take() {
                        Some(failure) => Err(failure),
                        None => self.go_on(&mut engine, Instant(at), output, &mut sent),
                    };
                    let saved = go_on.and_then(|()| self.save(&engine, counted, &said));
                    if let Err(failure) = saved {
                        output.send(stopped(index, &failure));
                        self.wrong = Some(failure);
                        rows = None;
                    } else if let Some(later) = at.checked_add(1) {
                        output.advance_to(later);
                    }
                }
                (None, Some(output)) if known.done() => {
                    let go_on = match self.wrong.take() {
                        Some(failure) => Err(failure),
                        None => self.go_on(&mut engine, until, output, &mut sent),
                    };
                    if let Err(failure) = go_on {
                        output.send(stopped(index, &failure));
                        self.wrong = Some(failure);
                    }
                    rows = None;
                }
                (None, _) => {
                    worker.step_or_park(Some(NAP));
                    continue;
                }
            }
            worker.step();
        }
        if let Some(failure) = self.wrong {
            return Err(failure);
        }
        if index > 0 {
            return Ok(None);
        }
        let mut told: Vec<(u64, Row)> = Vec::new();
        for said in gathered.take() {
            match said {
                Said::Row(number, row) => told.push((number, row)),
                Said::Stopped(worker, why, help) => {
                    let failure = Failure::new(format!("worker {worker} stopped: {why}"));
                    return Err(help.into_iter().fold(failure, |failure, help| failure.help(help)));
                }
            }
        }
        told.sort_by_key(|(number, _)| *number);
        let rows = told.into_iter().map(|(_, row)| row);
        Ok(Some(History::gathered(&self.task.agreement, rows)))
    }

    /// Lets the engine go on, and sends the rows that were not sent yet.
    fn go_on(
        &self,
        engine: &mut Engine<'_>,
        to: Instant,
        output: &mut InputHandle<i64, Batches<Said>>,
        sent: &mut usize,
    ) -> Result<(), Failure> {
        engine.try_advance(to).map_err(|e| Failure::new(e.to_string()).help(e.remedy()))?;
        let rows = engine.history().rows();
        for (number, row) in rows.iter().enumerate().skip(*sent) {
            // When it ends is only known later, and follows from the next row of its instance.
            output.send(Said::Row(number as u64, Row { known_to: None, ..row.clone() }));
        }
        *sent = rows.len();
        Ok(())
    }

    /// Saves where it is time, and takes away what nobody needs any more.
    fn save(&self, engine: &Engine<'_>, moments: u64, said: &ProbeHandle<i64>) -> Result<(), Failure> {
        let Some(shelf) = self.shelf.as_ref().filter(|shelf| shelf.is_due(moments)) else { return Ok(()) };
        shelf.write(engine.frontier(), &engine.snapshot())?;
        // Who is done with a moment has saved it.
        let all_have = shelf.all()?.into_iter().find(|at| !said.less_equal(&at.0));
        all_have.map_or(Ok(()), |at| shelf.drop_before(at))
    }
}

fn stopped(worker: usize, failure: &Failure) -> Said {
    Said::Stopped(worker as u64, failure.to_string(), failure.remedy().map(str::to_string))
}
