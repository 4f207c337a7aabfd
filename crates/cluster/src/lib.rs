//! The engine's work spread over several processes, on Timely Dataflow.
//!
//! Each worker has an engine for those norms whose names fall to it. Records enter at the first worker, go to all, and
//! progress is that of knowledge time: a worker goes on to a moment when no record recorded by then is still on its
//! way. The rows that the engines say come together at the first worker again, in the order in which one engine for
//! the whole agreement would have said them.
//!
//! It adds no semantics, reads no records and decides nothing. Timely is fail-stop: when a process is lost, all end, and
//! are started again; then every worker begins at the last moment that all have saved.
//!
//! Invariants
//! - the change set is that of one engine, to the byte, however many processes and workers there are, and whether or not
//!   they were stopped on the way;
//! - a change set is whole or is not given;
//! - nothing is sent to a public address: Timely speaks in the clear and asks nobody who they are.
//!
//! Where to start reading: [`run`] and then `worker.rs`; `peers.rs` for how the processes find each other, `saves.rs` for
//! what lies on the disk. Tests: `tests/` of this crate for workers of one process, those of the binary for several.

mod failure;
mod peers;
mod saves;
mod worker;

pub use failure::Failure;
pub use peers::{Hosts, LostPeer};
pub use saves::Saves;

use servanda_engine::incremental::history::History;
use servanda_engine::incremental::snapshot::digest;
use servanda_model::{Agreement, Instant, Name, Places, Record};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use timely::WorkerConfig;
use timely::communication::Hooks;
use timely::communication::allocator::zero_copy::initialize::initialize_networking_from_sockets;
use timely::communication::allocator::{AllocatorBuilder, ProcessBuilder};

/// Says something about the run to a person.
pub type Note = Arc<dyn Fn(&str) + Send + Sync>;

/// What one process of a cluster does.
#[derive(Clone)]
pub struct Task {
    /// The agreement; the same in all processes.
    pub agreement: Arc<Agreement>,
    /// Reading → option; the same in all processes.
    pub readings: BTreeMap<Name, Name>,
    /// What there is to be worked on: for the first process, `None` for the others.
    pub log: Option<Arc<Log>>,
    /// Where the processes are.
    pub hosts: Hosts,
    /// Workers in each process.
    pub workers: usize,
    /// How long to wait for the others.
    pub patience: Duration,
    /// Where snapshots are kept; `None`: nowhere.
    pub saves: Option<Saves>,
    /// For each worker; as [`Settings::memory_limit`](servanda_engine::incremental::Settings::memory_limit).
    pub memory_limit: Option<u64>,
    /// Where to say something.
    pub note: Note,
}

/// The records, and what goes with them.
#[derive(Clone, Debug)]
pub struct Log {
    /// Shapes and points.
    pub places: Places,
    /// All records, in any order.
    pub records: Vec<Record>,
    /// The moment up to which clock and knowledge go on.
    pub until: Instant,
}

/// Works on a log together with the other processes. The first process gets the history, the others `None`.
///
/// # Errors
/// A process does not answer or has something else to work on; a snapshot cannot be written; a worker runs out of room.
/// The loss of a process is a panic of one of Timely's threads: see [`LostPeer`].
pub fn run(task: Task) -> Result<Option<History>, Failure> {
    let hooks = Hooks::default();
    let workers = task.workers.max(1);
    let local = |hooks: &Hooks| {
        ProcessBuilder::new_typed_vector(workers, hooks.refill.clone(), hooks.spill.clone()).into_iter()
    };
    let process = task.hosts.process();
    let (builders, others): (Vec<AllocatorBuilder>, Box<dyn std::any::Any + Send>) = match task.hosts.count()
    {
        1 => (local(&hooks).map(AllocatorBuilder::Process).collect(), Box::new(())),
        _ => {
            let what = digest(&(&task.agreement, &task.readings));
            let sockets = peers::meet(&task.hosts, workers, &what, task.patience, &task.note)?;
            let locals = local(&hooks).collect();
            let (builders, guard) =
                initialize_networking_from_sockets(locals, sockets, process, workers, hooks)
                    .map_err(|e| Failure::new(format!("the connections cannot be used: {e}")))?;
            (builders.into_iter().map(AllocatorBuilder::Tcp).collect(), Box::new(guard))
        }
    };
    let guards = timely::execute::execute_from(builders, others, WorkerConfig::default(), move |worker| {
        worker::work(worker, &task)
    })
    .map_err(|e| Failure::new(format!("the workers cannot be started: {e}")))?;
    let mut history = None;
    let mut wrong = None;
    for came in guards.join() {
        match came {
            Ok(Ok(Some(found))) => history = Some(found),
            Ok(Ok(None)) => {}
            Ok(Err(failure)) => wrong = wrong.or(Some(failure)),
            // A worker's panic is our bug: it goes on as one.
            Err(what) => std::panic::resume_unwind(Box::new(what)),
        }
    }
    wrong.map_or(Ok(history), Err)
}
