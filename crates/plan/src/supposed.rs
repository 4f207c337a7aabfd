//! Records of a world that somebody plans or draws: what is the same in all of them.
//!
//! They are no facts, and bear that with them: planned or simulated, with the world as their source.

use jiff::civil::Date;
use servanda_model::record::{Basis, RoleValue};
use servanda_model::{Calendar, Instant, Name, Record, When};
use std::collections::BTreeMap;

/// Whose records they are, and when they are made.
pub(crate) struct Supposed<'a> {
    /// Planned or simulated.
    pub basis: Basis,
    /// The name of the world: their source.
    pub world: &'a str,
    /// When they are made.
    pub recorded: Instant,
    /// A day begins where the agreement counts its days.
    pub calendar: &'a Calendar,
    /// Partners that the agreement calls otherwise: partner to party.
    pub parties: &'a BTreeMap<String, String>,
}

impl Supposed<'_> {
    /// A record of a day, with no roles yet.
    pub fn blank(&self, id: String, fact: &str, day: Date) -> Record {
        let when = When::exact(self.calendar.start_of_day(day));
        let mut record = Record::new(id, fact, when, self.recorded);
        record.basis = self.basis;
        record.source = self.world.to_string();
        record
    }

    /// A partner as the agreement calls it, for a role.
    pub fn party(&self, partner: &str) -> RoleValue {
        let name = self.parties.get(partner).cloned().unwrap_or_else(|| partner.replace(' ', "-"));
        RoleValue::Name(Name::from(name))
    }
}
