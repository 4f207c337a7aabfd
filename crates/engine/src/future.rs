//! The same engine, asked about a future: what would its verdicts be, if a plan came true?
//!
//! Records that are planned or simulated are no facts, and every other way of asking leaves them aside. Here a [`World`] is
//! named; the records of that world, and of no other, are supposed to have happened, and the engine is asked as ever. So no
//! rule is written twice, and nothing in the semantics knows of futures.
//!
//! What comes back is no [`Board`](servanda_model::Board) and holds no `Verdict`: what reads, words, signs or stores verdicts does not take it. Each line says
//! planned or simulated. It never says that something happened.
//!
//! Invariants
//! - what is not of the world is as it was: observed records count as ever, plans of other worlds do not;
//! - a world that has no records is refused, so that a misspelt name is not answered with today's verdicts.

use crate::evaluate;
use crate::explain::as_good_as_can_be;
use servanda_model::record::Basis;
use servanda_model::verdict::{Bearer, Performance};
use servanda_model::{Agreement, Instant, Name, Places, Question, Record};

/// A future that may be asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct World {
    /// Its name: the source of its records.
    pub name: String,
    /// Whether its records are planned or simulated.
    pub basis: Basis,
}

/// What the engine would say of one duty in a world. It is no verdict.
#[derive(Clone, PartialEq, Debug)]
pub struct Foreseen {
    /// The norm.
    pub norm: Name,
    /// Who bears it.
    pub bearer: Bearer,
    /// Which instance of it.
    pub instance: Name,
    /// How it would be performed.
    pub performance: Performance,
    /// From when it would be broken.
    pub breached: Option<Instant>,
    /// Why, in the codes of reasons.
    pub because: Vec<String>,
    /// How it would be performed under each choice of the readings that nobody has chosen, as reading and option; empty where it hangs on none.
    pub elsewhere: Vec<(Vec<(Name, Name)>, Performance)>,
}

/// What the engine would say, if a world came true.
#[derive(Clone, PartialEq, Debug)]
pub struct Future {
    world: World,
    at: Instant,
    supposed: usize,
    foreseen: Vec<Foreseen>,
}

/// Why nothing is said of a world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoFuture {
    /// Only what is planned or simulated is of a future.
    NotOfAFuture(Basis),
    /// No record is of that world.
    Nothing(World),
}

impl std::fmt::Display for NoFuture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoFuture::NotOfAFuture(basis) => {
                write!(
                    f,
                    "a world of what is {} is no future; name one that is planned or simulated",
                    basis.word()
                )
            }
            NoFuture::Nothing(world) => {
                write!(
                    f,
                    "no {} record is of the world `{}`; its name is the source of its records",
                    world.basis.word(),
                    world.name
                )
            }
        }
    }
}

impl Future {
    /// What is supposed to come true.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The moment that is spoken of.
    pub fn at(&self) -> Instant {
        self.at
    }

    /// How many records are supposed.
    pub fn supposed(&self) -> usize {
        self.supposed
    }

    /// Duty by duty, in the order of a board.
    pub fn foreseen(&self) -> &[Foreseen] {
        &self.foreseen
    }
}

/// Asks what the verdicts at a moment would be, if the records of a world came true as they are written.
///
/// # Errors
/// Where the world is no future, or no record is of it.
pub fn ask(
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    world: &World,
    question: &Question,
) -> Result<Future, NoFuture> {
    if !matches!(world.basis, Basis::Planned | Basis::Simulated) {
        return Err(NoFuture::NotOfAFuture(world.basis));
    }
    let mut supposed = 0;
    let supposing: Vec<Record> = records
        .iter()
        .map(|record| {
            let mut record = record.clone();
            if record.basis == world.basis && record.source == world.name {
                supposed += 1;
                record.basis = Basis::Observed;
                let fact = agreement.facts.get(&record.fact);
                as_good_as_can_be(&mut record, fact);
            }
            record
        })
        .collect();
    if supposed == 0 {
        return Err(NoFuture::Nothing(world.clone()));
    }
    let board = evaluate(agreement, places, &supposing, question);
    let foreseen = board.verdicts.iter().map(|verdict| Foreseen {
        norm: verdict.norm.clone(),
        bearer: verdict.bearer.clone(),
        instance: verdict.instance.clone(),
        performance: verdict.performance,
        breached: verdict.breached.map(|when| when.earliest),
        because: verdict.reasons().because.iter().map(|because| because.code.word().to_string()).collect(),
        elsewhere: verdict
            .reasons()
            .elsewhere
            .iter()
            .map(|of| (of.readings.clone(), of.performance))
            .collect(),
    });
    Ok(Future { world: world.clone(), at: question.at, supposed, foreseen: foreseen.collect() })
}
