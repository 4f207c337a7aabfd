//! Scenarios run by more than the reference: by an engine that takes the records in their order, and by one that takes
//! them shuffled, in batches, with the clock going on between them.
//!
//! A scenario's own comparison of its expectations stays as it is: only who answers is put in the place of the reference.

use crate::compare::{Compared, Comparison, engine};
use crate::reload::reloaded_board;
use crate::world::{Ask, Read};
use servanda_engine::incremental::Settings;
use servanda_lang::diagnostic::Diagnostic;
use servanda_model::{Agreement, Board, Instant, Name, Places, Question, Record};
use servanda_scenario::World;
use std::collections::BTreeMap;

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// The reference.
    Reference,
    /// An engine that takes the records in order.
    InOrder,
    /// An engine that takes them in batches, shuffled, and answers after each.
    Shuffled,
    /// An engine that takes half of them, goes as far as these lead, is saved, read again, and takes the rest.
    Reloaded,
}

impl Way {
    /// All of them.
    pub const ALL: [Way; 4] = [Way::Reference, Way::InOrder, Way::Shuffled, Way::Reloaded];
}

/// A world whose questions are answered in one of the ways.
pub struct Through<'w> {
    /// Files and places.
    pub world: &'w dyn World,
    /// Who answers.
    pub way: Way,
}

impl<'w> Through<'w> {
    /// A world in one of the ways.
    pub fn new(world: &'w dyn World, way: Way) -> Through<'w> {
        Through { world, way }
    }
}

impl World for Through<'_> {
    fn file(&self, path: &str) -> Result<Vec<u8>, String> {
        self.world.file(path)
    }

    fn places(
        &self,
        agreement: &Agreement,
        files: &BTreeMap<String, Vec<u8>>,
        records: &[Record],
    ) -> (Places, Vec<(Name, String)>) {
        self.world.places(agreement, files, records)
    }

    fn check(&self, text: &str) -> (Agreement, Vec<Diagnostic>) {
        self.world.check(text)
    }

    fn evaluate(
        &self,
        agreement: &Agreement,
        places: &Places,
        records: &[Record],
        question: &Question,
    ) -> Board {
        if self.way == Way::Reference {
            return self.world.evaluate(agreement, places, records, question);
        }
        if self.way == Way::Reloaded {
            return reloaded_board(agreement, places, records, question);
        }
        let mut candidate = engine(agreement, places, Settings::default());
        match self.way {
            Way::Shuffled => {
                let mut rest = records.to_vec();
                let mut turn = 0;
                while !rest.is_empty() {
                    turn += 1;
                    let at = (turn * 7) % rest.len();
                    let batch: Vec<Record> = rest.drain(at..(at + 3).min(rest.len())).collect();
                    candidate.add(batch);
                    if turn % 4 == 0 {
                        candidate.board(question);
                    }
                }
            }
            Way::Reference | Way::InOrder | Way::Reloaded => candidate.add(records.to_vec()),
        }
        candidate.board(question)
    }
}

/// The history of an engine over the records of a scenario, at every instant at which something was recorded.
///
/// # Errors
/// The first difference, in words.
pub fn history(
    agreement: &Agreement,
    places: &Places,
    records: &[Record],
    clocks: &[Instant],
) -> Result<u64, String> {
    let read = Read { agreement: agreement.clone(), places: places.clone(), records: records.to_vec() };
    let asks: Vec<Ask> = Vec::new();
    let mut comparison = Comparison {
        read: &read,
        asks: &asks,
        clocks,
        order: 1,
        maker: engine,
        identity: false,
        compared: Compared::default(),
    };
    comparison.history().map_err(|finding| finding.what)?;
    Ok(comparison.compared.instants)
}
