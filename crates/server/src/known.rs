//! What is known of the case that is served: it grows while it is served.
//!
//! Invariants
//! - whoever holds a [`Matter`] sees nothing change under it;
//! - a matter has every record that was recorded up to [`Matter::complete_to`]; it may have later ones;
//! - while [`Known::turns`] stays the same, records only come to those that are there.

use servanda_model::{Agreement, Instant, Places, Record};
use servanda_report::{Sorted, View};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is known at one time.
#[derive(Clone)]
pub(crate) struct Matter {
    pub agreement: Arc<Agreement>,
    pub places: Arc<Places>,
    pub records: Arc<Vec<Arc<Record>>>,
    /// Nothing recorded up to here is still to come.
    pub complete_to: Instant,
    /// How often the records had been replaced by others.
    pub turn: u64,
    /// Which of them are known and which are incidents at a moment, where that was worked out.
    pub sorted: Option<Arc<Sorted>>,
}

impl Matter {
    /// A board of it, as it is worded.
    pub(crate) fn view<'a>(&'a self, board: &'a servanda_model::Board) -> View<'a> {
        let (records, sorted) = ((&*self.records).into(), self.sorted.as_deref());
        View { agreement: &self.agreement, places: &self.places, records, board, sorted }
    }
}

/// What is known.
pub(crate) struct Known {
    state: Mutex<State>,
}

struct State {
    matter: Matter,
    /// What came since somebody asked last: put to the others only when somebody asks again.
    fresh: Vec<Arc<Record>>,
}

impl Known {
    pub(crate) fn new(
        agreement: Arc<Agreement>,
        places: Places,
        records: Vec<Arc<Record>>,
        complete_to: Instant,
    ) -> Known {
        let (places, records) = (Arc::new(places), Arc::new(records));
        let matter = Matter { agreement, places, records, complete_to, turn: 0, sorted: None };
        Known { state: Mutex::new(State { matter, fresh: Vec::new() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes news in, and gives back the places where they are others.
    pub(crate) fn learn(
        &self,
        records: Vec<Arc<Record>>,
        places: Option<Places>,
        complete_to: Instant,
    ) -> Option<Arc<Places>> {
        let mut state = self.state();
        state.fresh.extend(records);
        state.matter.complete_to = state.matter.complete_to.max(complete_to);
        let places = places.map(Arc::new)?;
        state.matter.places = places.clone();
        Some(places)
    }

    /// Takes all records anew, with those places where they are others, and gives them back.
    pub(crate) fn replace(
        &self,
        records: Vec<Arc<Record>>,
        places: Option<Places>,
        complete_to: Instant,
    ) -> Option<Arc<Places>> {
        let mut state = self.state();
        state.fresh.clear();
        let before = &state.matter;
        let places = places.map(Arc::new);
        state.matter = Matter {
            agreement: before.agreement.clone(),
            places: places.clone().unwrap_or_else(|| before.places.clone()),
            records: Arc::new(records),
            complete_to: before.complete_to.max(complete_to),
            turn: before.turn + 1,
            sorted: None,
        };
        places
    }

    /// How often the records were replaced by others.
    pub(crate) fn turns(&self) -> u64 {
        self.state().matter.turn
    }

    /// Up to when it is complete, and how many records there are.
    pub(crate) fn reached(&self) -> (Instant, usize) {
        let state = self.state();
        (state.matter.complete_to, state.matter.records.len() + state.fresh.len())
    }

    /// What is known now.
    pub(crate) fn matter(&self) -> Matter {
        let mut state = self.state();
        let fresh = std::mem::take(&mut state.fresh);
        if !fresh.is_empty() {
            // Copied as a whole where somebody still holds what was known before.
            Arc::make_mut(&mut state.matter.records).extend(fresh);
        }
        state.matter.clone()
    }
}
