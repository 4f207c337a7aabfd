//! World after world: drawn, read, compared.

use crate::compare::{Compared, Comparison, Finding, Maker, edges, guarded, thin};
use crate::story;
use crate::world::{Ask, Read, World};
use servanda_engine::reference;
use std::collections::BTreeMap;

/// Which comparisons are made of a world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Families {
    /// The reference with itself.
    pub reference: bool,
    /// Whether no two instances of the reference have one identity.
    pub identity: bool,
    /// Boards of the engine.
    pub boards: bool,
    /// The history of the engine.
    pub history: bool,
}

impl Families {
    /// All of them.
    pub const ALL: Families = Families { reference: true, identity: true, boards: true, history: true };
}

/// What came of a search.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Searched {
    /// Worlds compared.
    pub worlds: u64,
    /// Worlds whose text was refused, and drawn anew.
    pub refused: u64,
    /// Why they were refused: how often, and an example.
    pub why: BTreeMap<String, (u64, String)>,
    /// How much was compared.
    pub compared: Compared,
}

/// Compares a world that was read.
///
/// # Errors
/// What was found.
pub fn compare(
    world: &World,
    read: &Read,
    families: Families,
    maker: Maker,
    compared: &mut Compared,
) -> Result<(), Box<Finding>> {
    let mut comparison = Comparison {
        read,
        asks: &world.asks,
        clocks: &world.clocks,
        order: world.order,
        maker,
        identity: families.identity,
        compared: Compared::default(),
    };
    let small = comparison.small();
    if !matches!(small, Ok(true)) {
        compared.add(comparison.compared);
        return small.map(|_| ());
    }
    let mut outcome = Ok(());
    if families.reference {
        outcome = comparison.reference();
    }
    if outcome.is_ok() && families.boards {
        outcome = comparison.boards();
    }
    if outcome.is_ok() && families.history {
        outcome = comparison.history();
    }
    compared.add(comparison.compared);
    outcome
}

/// Adds questions beside what ends or begins on the board of the first question.
fn ask_at_edges(world: &mut World, read: &Read) {
    let Some(first) = world.asks.first() else { return };
    let question = first.question();
    let board = guarded(|| reference::evaluate(&read.agreement, &read.places, &read.records, &question));
    let edges: Vec<_> = board.map(|board| edges(&board).into_iter().collect()).unwrap_or_default();
    for at in thin(edges, 5, world.order).into_iter().rev().take(4) {
        let known_at = if at.0 % 2 == 0 { at } else { question.known_at };
        world.asks.push(Ask { at, known_at, readings: Vec::new() });
    }
}

/// The next world of a seed that the language takes.
pub fn next(seed: u64, number: &mut u64, searched: &mut Searched) -> (World, Read) {
    loop {
        let world = story::world(seed, *number);
        *number += 1;
        match world.read() {
            Ok(read) => {
                let mut world = world;
                ask_at_edges(&mut world, &read);
                return (world, read);
            }
            Err(why) => {
                searched.refused += 1;
                let first = why.into_iter().next().unwrap_or_default();
                let code = first.split(' ').next().unwrap_or_default().to_string();
                let entry = searched.why.entry(code).or_insert((0, format!("{} {first}", world.name)));
                entry.0 += 1;
            }
        }
    }
}
