//! What a verdict rests on, what stands against it, and what would change it: found by asking "what if".
//!
//! An explanation speaks of one verdict. Each of its statements can be tried: leave a record out, or put a supposed one
//! in, and ask again. What deliberately does not stand here: likelihoods. Whether something supposed can still be found
//! is for people to say.
//!
//! Invariants
//! - with the records of [`Explanation::rests_on`] alone the verdict is the same, and without any one of them it is not,
//!   but where [`Explanation::may_rest_on_less`];
//! - every [`Change`] was tried: it leads to another verdict, and to the one that it names.

use crate::record::Says;
use crate::verdict::{Cited, Elsewhere, Performance, Standing};
use crate::{Instant, Name, Period, RecordId, When};

/// Why a verdict stands, and what would move it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Explanation {
    /// A least set of records that the verdict rests on: all others that speak for it can be left out, none of these.
    /// Reports of what was watched are among them where silence decides.
    pub rests_on: Vec<Cited>,
    /// Records that would change it if they were believed, or were what they only may be.
    pub against: Vec<Change>,
    /// What is not on record and would change it, or what is on record and only has to be settled.
    pub would_change: Vec<Change>,
    /// The result under the options of the readings that it uses, where nobody chose.
    pub elsewhere: Vec<Elsewhere>,
    /// The search for what it rests on was cut short: what is told suffices, and may be more than is needed.
    pub may_rest_on_less: bool,
    /// There is too much on record to try each of it: beside what is told, more may change the verdict.
    pub more_may_change: bool,
}

/// Something supposed, and what it leads to.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// What is supposed. All of it is needed.
    pub what: What,
    /// How the instance would be performed.
    pub performance: Performance,
    /// Where it would stand.
    pub standing: Standing,
    /// When it would be due.
    pub due: Option<When>,
}

/// What is supposed.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// That these zones had been watched over these times, and nothing had been seen.
    Watched(Vec<Watch>),
    /// That these records are confirmed.
    Confirmed(Vec<RecordId>),
    /// That a record is taken out of consideration: a dispute is dropped, or what is disputed.
    Dropped(RecordId),
    /// That a record's actor is this one.
    Actor(RecordId, Name),
    /// That a record's place is the point that it gives, without its doubt.
    Place(RecordId),
    /// That it happened at this moment of the time that a record gives.
    Moment(RecordId, Instant),
    /// That these are on record.
    Deeds(Vec<Deed>),
}

/// A stretch over which a zone would have to have been watched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watch {
    /// The zone.
    pub zone: Name,
    /// The stretch.
    pub over: Period,
}

/// A fact that is not on record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deed {
    /// The fact, or [`FINDING`](crate::record::FINDING).
    pub fact: Name,
    /// Whether it was so, or was not.
    pub says: Says,
    /// Who did it or found it; none where the fact carries no actor.
    pub by: Vec<Name>,
    /// For a finding: the term that is found to be met.
    pub of: Option<Name>,
    /// How often.
    pub times: u32,
    /// The last moment at which it counts, where there is one.
    pub until: Option<Instant>,
    /// For what is told of a stretch of time, and not of a moment: from when to when.
    pub over: Option<Period>,
}
