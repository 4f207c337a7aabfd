//! Engines with a known mistake, which the comparisons must find: a search that finds nothing proves nothing else.
//!
//! Each is the reference with one thing changed that a fast engine might well get wrong. All but the verdicts that come
//! out differently is left as it is, so that the mistake shows only where it decides something.

use crate::compare::Candidate;
use servanda_engine::incremental::history::{History, Key};
use servanda_engine::incremental::{Engine, Settings};
use servanda_engine::reference;
use servanda_model::agreement::{Deadline, Moment};
use servanda_model::{Agreement, Board, Instant, Number, Places, Question, Record, Span};

/// An act in the millisecond after the deadline still counts as in time.
pub fn late_by_a_millisecond<'a>(
    agreement: &'a Agreement,
    places: &'a Places,
    _: Settings,
) -> Box<dyn Candidate + 'a> {
    let mut wrong = agreement.clone();
    for part in wrong.norms.iter_mut().flat_map(|norm| &mut norm.parts) {
        if let Deadline::By(moment) = &mut part.deadline {
            *moment = Moment::After(Span::Exact(1), Box::new(moment.clone()));
        }
    }
    Box::new(Wrong::new(agreement, wrong, places))
}

/// Silence proves that nothing happened, whether anybody watched or not.
pub fn blind_to_coverage<'a>(
    agreement: &'a Agreement,
    places: &'a Places,
    _: Settings,
) -> Box<dyn Candidate + 'a> {
    let mut wrong = agreement.clone();
    wrong.watched = Number::zero();
    wrong.norms.iter_mut().for_each(|norm| norm.watched = Number::zero());
    Box::new(Wrong::new(agreement, wrong, places))
}

/// What arrives after the clock has passed its time of recording is lost.
pub fn deaf_to_the_late<'a>(
    agreement: &'a Agreement,
    places: &'a Places,
    settings: Settings,
) -> Box<dyn Candidate + 'a> {
    Box::new(Deaf { engine: Engine::new(agreement, places, settings), passed: Instant::MIN })
}

/// Verdicts of a changed agreement where they differ from the right ones.
struct Wrong<'a> {
    right: &'a Agreement,
    wrong: Agreement,
    places: &'a Places,
    records: Vec<Record>,
    history: History,
}

impl<'a> Wrong<'a> {
    fn new(right: &'a Agreement, wrong: Agreement, places: &'a Places) -> Wrong<'a> {
        Wrong { right, wrong, places, records: Vec::new(), history: History::default() }
    }
}

impl Candidate for Wrong<'_> {
    fn add(&mut self, records: Vec<Record>) {
        self.records.extend(records);
    }

    fn board(&mut self, question: &Question) -> Board {
        let mut board = reference::evaluate(self.right, self.places, &self.records, question);
        let wrong = reference::evaluate(&self.wrong, self.places, &self.records, question);
        for verdict in &mut board.verdicts {
            let key = Key::of(verdict);
            let other = wrong.verdicts.iter().find(|v| Key::of(v) == key);
            if let Some(other) = other.filter(|other| other.performance != verdict.performance) {
                *verdict = other.clone();
            }
        }
        board
    }

    fn advance(&mut self, _: Instant) {}

    fn history(&self) -> &History {
        &self.history
    }
}

struct Deaf<'a> {
    engine: Engine<'a>,
    passed: Instant,
}

impl Candidate for Deaf<'_> {
    fn add(&mut self, records: Vec<Record>) {
        let passed = self.passed;
        self.engine.add(records.into_iter().filter(|r| r.recorded > passed));
    }

    fn board(&mut self, question: &Question) -> Board {
        self.engine.board(question)
    }

    fn advance(&mut self, to: Instant) {
        self.passed = self.passed.max(to);
        self.engine.advance(to);
    }

    fn history(&self) -> &History {
        self.engine.history()
    }
}
