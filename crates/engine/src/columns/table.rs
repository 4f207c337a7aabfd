//! Records as columns, in the order in which they became known.
//!
//! What does not fit is refused with the record and the reason, and is left to the general engine: a time known only
//! within bounds, one of several actors, a dispute, a ruling that records speak of one event.
//!
//! Invariants
//! - rows ascend by the time of their recording, then by identity: a row's number is its rank of becoming known;
//! - a row counts from `recorded` until before `known_to`, and never where that is no time.

use super::after::After;
use super::names::{NOTHING, Names};
use super::plan::{FactUse, Plan, Refused};
use servanda_model::agreement::{FactKind, Notices, RoleType};
use servanda_model::record::{Basis, Phase, RoleValue, Says};
use servanda_model::{Grade, Instant, Place, Record, RecordId};
use std::collections::BTreeMap;

/// A row that was never taken back.
pub const FOR_EVER: i64 = i64::MAX;

/// Records as columns; one entry of each column is one row.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The names in its cells.
    pub names: Names,
    pub(super) fact: Vec<u16>,
    pub(super) time: Vec<i64>,
    /// When it was recorded, as a distance from that.
    pub(super) recorded: After,
    pub(super) state: Vec<u8>,
    pub(super) roles: Vec<Vec<u32>>,
    pub(super) ids: Vec<RecordId>,
    /// Rows that were taken back, and as of when.
    pub(super) gone: BTreeMap<u32, i64>,
    /// Rows that correct another: the first record of their chain.
    pub(super) roots: BTreeMap<u32, u32>,
}

/// Bit of [`Table::state`] beside the grade: the record reports the end of a state.
pub(super) const ENDS: u8 = 4;

/// A row to be added.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Number of the fact among [`Plan::facts`].
    pub fact: u16,
    /// When it happened, in milliseconds since 1970.
    pub time: i64,
    /// When it was recorded; not before the row above.
    pub recorded: i64,
    /// How well it is known.
    pub grade: Grade,
    /// For a state: whether it reports the end.
    pub ends: bool,
    /// One cell for each role of the fact, in their order: a name of [`Table::names`], or the number itself;
    /// [`NOTHING`] where it is not filled.
    pub cells: &'a [u32],
}

impl Table {
    /// An empty table for a plan: the names that the plan speaks of come first.
    pub fn new(plan: &Plan) -> Table {
        let wide = plan.facts().iter().map(|f| f.roles.len()).max().unwrap_or(0);
        Table { names: plan.names.clone(), roles: vec![Vec::new(); wide], ..Table::default() }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.fact.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fact.is_empty()
    }

    /// When a row was recorded, in milliseconds since 1970.
    #[inline]
    pub fn recorded(&self, row: u32) -> i64 {
        self.recorded.get(row, self.time[row as usize])
    }

    /// When it happened.
    pub fn time(&self, row: u32) -> i64 {
        self.time[row as usize]
    }

    /// The fact that a row speaks of, by number, and its cells.
    pub fn cells(&self, row: u32) -> (u16, impl Iterator<Item = u32>) {
        (self.fact[row as usize], self.roles.iter().map(move |c| c[row as usize]))
    }

    /// Whether a row reports the end of a state.
    pub fn ends(&self, row: u32) -> bool {
        self.state[row as usize] & ENDS != 0
    }

    /// Identity of a row's record; `None` for rows that were not made from records.
    pub fn id(&self, row: u32) -> Option<&RecordId> {
        self.ids.get(row as usize)
    }

    /// Whether a row counts as known at a moment.
    pub fn known(&self, row: u32, at: Instant) -> bool {
        (self.recorded(row)..self.known_to(row)).contains(&at.0)
    }

    /// From when on a row no longer counts.
    pub(super) fn known_to(&self, row: u32) -> i64 {
        self.gone.get(&row).copied().unwrap_or(FOR_EVER)
    }

    /// The first record of a row's chain of corrections: itself, for most.
    #[inline]
    pub(super) fn root(&self, row: u32) -> u32 {
        if self.roots.is_empty() { row } else { self.roots.get(&row).copied().unwrap_or(row) }
    }

    /// Adds a row.
    ///
    /// # Panics
    /// Where it was recorded before the row above.
    #[inline]
    pub fn push(&mut self, row: Row<'_>) -> u32 {
        let number = self.fact.len() as u32;
        let above = number.checked_sub(1).map_or(i64::MIN, |above| self.recorded(above));
        assert!(above <= row.recorded, "rows come in order of recording");
        self.fact.push(row.fact);
        self.time.push(row.time);
        self.recorded.push(row.time, row.recorded);
        self.state.push(row.grade as u8 | if row.ends { ENDS } else { 0 });
        for (i, column) in self.roles.iter_mut().enumerate() {
            column.push(row.cells.get(i).copied().unwrap_or(NOTHING));
        }
        number
    }

    /// Whether each row was recorded at a moment, and none before the row above.
    pub(super) fn in_order(&self) -> bool {
        self.recorded.is_whole() && (0..self.len() as u32).is_sorted_by_key(|row| self.recorded(row))
    }

    /// Says that a row was withdrawn, or, where `by` is given, corrected by a later row that is to keep its identity.
    pub fn take_back(&mut self, row: u32, at: i64, by: Option<u32>) {
        let known_to = self.gone.entry(row).or_insert(at);
        *known_to = at.min(*known_to);
        if let Some(by) = by {
            self.roots.insert(by, self.root(row));
        }
    }

    /// The records that a plan reads, as columns.
    ///
    /// # Errors
    /// The first record that does not fit, and why.
    pub fn from_records(plan: &Plan, records: &[Record]) -> Result<Table, Refused> {
        let mut sorted: Vec<&Record> = records.iter().collect();
        sorted.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
        let by_id: BTreeMap<&RecordId, &Record> = sorted.iter().map(|r| (&r.id, *r)).collect();
        let mut gone: BTreeMap<&RecordId, Instant> = BTreeMap::new();
        for r in &sorted {
            for id in [&r.supersedes, &r.withdraws].into_iter().flatten() {
                let known_to = gone.entry(id).or_insert(r.recorded);
                *known_to = r.recorded.min(*known_to);
            }
        }
        let mut table = Table::new(plan);
        let mut rows: BTreeMap<&RecordId, u32> = BTreeMap::new();
        let mut corrected: BTreeMap<&RecordId, &RecordId> = BTreeMap::new();
        for r in sorted {
            if r.disputes.is_some() {
                return Err(Refused::record(r, "disputes another"));
            }
            if let Some(earlier) = &r.supersedes {
                if by_id.get(earlier).is_some_and(|e| (e.recorded, &e.id) > (r.recorded, &r.id)) {
                    return Err(Refused::record(r, "corrects what was recorded after it"));
                }
                if corrected.insert(earlier, &r.id).is_some() {
                    return Err(Refused::record(r, "corrects what another record corrects too"));
                }
            }
            let planned = matches!(r.basis, Basis::Planned | Basis::Simulated);
            let fact = plan.facts().iter().position(|f| f.name == r.fact);
            let (Some(fact), false, None) = (fact, planned, &r.withdraws) else { continue };
            let known_to = gone.get(&r.id).copied();
            let mut root = r;
            while let Some(earlier) = root.supersedes.as_ref().and_then(|id| by_id.get(id)) {
                root = earlier;
            }
            let root = if root.id == r.id { Some(NOTHING) } else { rows.get(&root.id).copied() };
            let Some(root) = root else {
                return Err(Refused::record(r, "corrects what is no record of the same rule"));
            };
            let Some(number) = table.push_record(plan, fact, r)? else { continue };
            rows.insert(&r.id, number);
            table.ids.push(r.id.clone());
            if let Some(at) = known_to {
                table.gone.insert(number, at.0);
            }
            if root != NOTHING {
                table.roots.insert(number, root);
            }
        }
        Ok(table)
    }

    fn push_record(&mut self, plan: &Plan, fact: usize, r: &Record) -> Result<Option<u32>, Refused> {
        let known = &plan.facts()[fact];
        let state = known.kind == FactKind::State;
        match (r.says, state) {
            (Says::Denies, true) => return Err(Refused::record(r, "denies a state")),
            (Says::Denies, false) => return Ok(None),
            (Says::Affirms, _) => {}
        }
        let moved = match plan.notices {
            Notices::Sent => r.sent,
            Notices::Received => r.received,
        };
        let when = match moved {
            Some(at) if known.notice => servanda_model::When::exact(at),
            _ => r.when,
        };
        let refused = [
            (!when.is_exact(), "its time is known only within bounds"),
            (when.latest > r.recorded, "speaks of a time after it was recorded"),
            (r.incident.is_some(), "was ruled to speak of the same event as others"),
            (state && r.until.is_some(), "says until when a state lasted"),
        ];
        if let Some((_, why)) = refused.iter().find(|(is, _)| *is) {
            return Err(Refused::record(r, why));
        }
        let mut cells = Vec::with_capacity(known.roles.len());
        for (i, (role, kind)) in known.roles.iter().enumerate() {
            let cell = match self.cell(r, role.as_str(), kind) {
                Ok(cell) => cell,
                Err(why) if known.reads[i] => {
                    return Err(Refused::record(r, &format!("its role `{role}` {why}")));
                }
                Err(_) => NOTHING,
            };
            cells.push(cell);
        }
        let grade = if evidence_met(known, r) { r.grade() } else { r.grade().min(Grade::Possible) };
        Ok(Some(self.push(Row {
            fact: fact as u16,
            time: when.latest.0,
            recorded: r.recorded.0,
            grade,
            ends: r.phase == Phase::Ends,
            cells: &cells,
        })))
    }

    fn cell(&mut self, r: &Record, role: &str, kind: &RoleType) -> Result<u32, &'static str> {
        let value = match (role, &r.place) {
            ("at", Some(Place::Named(name))) => return Ok(self.names.intern(name.as_str().as_bytes())),
            ("at", Some(_)) => return Err("is a point"),
            _ => r.roles.get(role).ok_or("is not filled")?,
        };
        match (value, kind) {
            (RoleValue::Number(n), RoleType::Number(_)) => {
                let whole = n.to_string().parse().ok().filter(|n| *n != NOTHING);
                whole.ok_or("is no whole number that fits a column")
            }
            (
                RoleValue::Name(name),
                RoleType::Party | RoleType::Body | RoleType::Class(_) | RoleType::Place,
            ) => Ok(self.names.intern(name.as_str().as_bytes())),
            (RoleValue::Text(text), RoleType::Text) => Ok(self.names.intern(text.as_bytes())),
            (RoleValue::OneOf(_), _) => Err("is one of several"),
            _ => Err("is of another kind than its fact says"),
        }
    }
}

/// Whether a record meets its fact's rule on sources.
fn evidence_met(fact: &FactUse, r: &Record) -> bool {
    fact.evidence.is_empty()
        || fact.evidence.iter().any(|rule| {
            let graded = rule.grade.is_none_or(|least| r.source_grade.is_some_and(|g| g <= least));
            graded && r.sources >= rule.sources && rule.from.as_ref().is_none_or(|from| *from == r.source)
        })
}
