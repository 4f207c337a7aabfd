//! Audiences: those who see the same are served from one [`Served`], which is made of nothing else than what they may see.
//!
//! What it deliberately does not do: decide who may see what (`servanda_store::policy` does), or read records (a [`Cases`] does).
//!
//! Invariants
//! - a [`Served`] holds only what its whole audience may see: verdicts, counts, explanations and news cannot depend on anything
//!   else, because nothing else is there;
//! - a label that is new is in no audience that was there before: whoever may see it is given another [`Served`] from then on;
//! - at most [`KEPT`] are kept; the one asked for longest ago goes first, and is made again when somebody asks.
//!
//! Where to start reading: [`Cases`], then `Audiences::served`. Tests: `tests/audiences.rs`.

use crate::{Problem, Served};
use servanda_model::record::Marking;
use servanda_store::Audience;
use servanda_store::policy::Viewer;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// So many audiences are kept: each holds its records in memory.
pub const KEPT: usize = 16;

/// Whoever makes what an audience sees.
pub trait Cases: Send + Sync {
    /// The audience of a viewer, from the labels that are in use.
    ///
    /// # Errors
    /// Where the store cannot be read.
    fn audience(&self, viewer: &Viewer) -> Result<Audience, Problem>;

    /// What that audience sees, made of nothing else. `viewer` is one of it. It blocks.
    ///
    /// # Errors
    /// Where the records or the agreement cannot be read.
    fn open(&self, viewer: &Viewer, audience: &Audience) -> Result<Arc<Served>, Problem>;
}

type Kept = VecDeque<(Audience, Arc<OnceCell<Arc<Served>>>)>;

pub(crate) struct Audiences {
    cases: Option<Arc<dyn Cases>>,
    kept: Mutex<Kept>,
}

impl Audiences {
    /// `keepers` is what the keeper sees, where that is at hand already.
    pub(crate) fn new(cases: Option<Arc<dyn Cases>>, keepers: Option<Arc<Served>>) -> Audiences {
        let there = keepers.map(|served| (Audience::All, Arc::new(OnceCell::new_with(Some(served)))));
        Audiences { cases, kept: Mutex::new(there.into_iter().collect()) }
    }

    /// How many are kept.
    pub(crate) fn count(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The audience of this viewer.
    pub(crate) fn audience(&self, viewer: &Viewer) -> Result<Audience, Problem> {
        match &self.cases {
            _ if viewer.is_keeper() => Ok(Audience::All),
            Some(cases) => cases.audience(viewer),
            None => Err(Problem::bug(&"there is nothing to show to anybody but the keeper")),
        }
    }

    /// What this viewer is served.
    pub(crate) async fn served(&self, viewer: &Viewer) -> Result<Arc<Served>, Problem> {
        let audience = self.audience(viewer)?;
        let cell = self.cell(&audience);
        let made = cell.get_or_try_init(|| async {
            let Some(cases) = self.cases.clone() else {
                return Err(Problem::bug(&"there is nothing to make a case of"));
            };
            let (viewer, audience) = (viewer.clone(), audience.clone());
            let open = move || cases.open(&viewer, &audience);
            tokio::task::spawn_blocking(open).await.map_err(|e| Problem::bug(&e))?
        });
        made.await.cloned()
    }

    /// Tells whoever listens and may see what bears this marking that there is something new which is no record.
    pub(crate) fn tell(&self, marking: &Marking) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let may_see = kept.iter().filter(|(audience, _)| audience.sees(marking));
        may_see.filter_map(|(_, cell)| cell.get()).for_each(|served| served.told.tell_all());
    }

    /// Where nothing is followed: lets go of what was made for whoever may see what bears this marking, since such a thing was entered, and
    /// tells those of them who listen to ask again.
    pub(crate) fn begin_anew(&self, marking: &Marking) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (gone, left): (Kept, Kept) =
            std::mem::take(&mut *kept).into_iter().partition(|(of, _)| of.sees(marking));
        *kept = left;
        drop(kept);
        gone.iter().filter_map(|(_, cell)| cell.get()).for_each(|served| served.told.tell_all());
    }

    fn cell(&self, audience: &Audience) -> Arc<OnceCell<Arc<Served>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(of, _)| of == audience);
        let entry = found.and_then(|i| kept.remove(i)).unwrap_or_else(|| (audience.clone(), Arc::default()));
        let cell = entry.1.clone();
        kept.push_front(entry);
        kept.truncate(KEPT);
        cell
    }
}
