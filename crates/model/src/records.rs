//! Records in a row, to look at: each owned where it lies, or shared with others who hold the same.
//!
//! What it deliberately does not do: order them, or leave any out.
//!
//! Invariants
//! - whoever looks sees the same, whichever way they lie there.
//!
//! Where to start reading: [`Records`].

use crate::Record;
use std::sync::Arc;

/// Records in a row.
///
/// # Example
/// ```
/// use servanda_model::{Record, Records, When, Instant};
/// use std::sync::Arc;
/// let one = Record::new("r1", "fire", When::exact(Instant(0)), Instant(0));
/// let (own, shared) = (vec![one.clone()], vec![Arc::new(one)]);
/// assert!(Records::from(&own).iter().eq(Records::from(&shared).iter()));
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Records<'a> {
    /// Each lies here.
    Own(&'a [Record]),
    /// Each may be held by others too.
    Shared(&'a [Arc<Record>]),
}

impl<'a> Records<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Records::Own(all) => all.len(),
            Records::Shared(all) => all.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The one at that place.
    pub fn get(self, at: usize) -> Option<&'a Record> {
        match self {
            Records::Own(all) => all.get(at),
            Records::Shared(all) => all.get(at).map(|record| &**record),
        }
    }

    /// All of them, in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = &'a Record> + Clone {
        let (own, shared) = match self {
            Records::Own(all) => (all, &[][..]),
            Records::Shared(all) => (&[][..], all),
        };
        own.iter().chain(shared.iter().map(|record: &'a Arc<Record>| &**record))
    }
}

impl<'a> From<&'a [Record]> for Records<'a> {
    fn from(all: &'a [Record]) -> Records<'a> {
        Records::Own(all)
    }
}

impl<'a, const N: usize> From<&'a [Record; N]> for Records<'a> {
    fn from(all: &'a [Record; N]) -> Records<'a> {
        Records::Own(all)
    }
}

impl<'a> From<&'a Vec<Record>> for Records<'a> {
    fn from(all: &'a Vec<Record>) -> Records<'a> {
        Records::Own(all)
    }
}

impl<'a> From<&'a [Arc<Record>]> for Records<'a> {
    fn from(all: &'a [Arc<Record>]) -> Records<'a> {
        Records::Shared(all)
    }
}

impl<'a> From<&'a Vec<Arc<Record>>> for Records<'a> {
    fn from(all: &'a Vec<Arc<Record>>) -> Records<'a> {
        Records::Shared(all)
    }
}
