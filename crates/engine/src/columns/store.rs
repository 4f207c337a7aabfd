//! A table as bytes: one header, then column after column, little-endian.
//!
//! Bytes of another version, or of a plan with other facts, are refused and never misread. They may come in parts, so that
//! the bytes of a long history and its table never have to be in memory together.
//!
//! Invariant: no memory is taken for what bytes only say is there.

use super::names::Names;
use super::plan::{Plan, Refused};
use super::table::Table;
use std::collections::BTreeMap;

const HEADER: &[u8] = b"servanda columns 2\n";

fn refused(why: &str) -> Refused {
    Refused { of: "stored columns".into(), clause: None, why: why.into() }
}

/// What the cells of a plan's tables mean.
fn meaning(plan: &Plan) -> Vec<u8> {
    let facts = plan.facts().iter().map(|f| format!("{} {:?}\n", f.name, f.roles));
    facts.collect::<String>().into_bytes()
}

/// A column of numbers that are written little-endian.
trait Stored {
    /// Bytes of one entry.
    fn size(&self) -> usize;
    fn reserve(&mut self, entries: usize);
    /// Takes whole entries.
    fn take(&mut self, bytes: &[u8]);
    fn write(&self, out: &mut Vec<u8>);
}

macro_rules! stored {
    ($($type:ty),*) => { $(
        impl Stored for Vec<$type> {
            fn size(&self) -> usize {
                size_of::<$type>()
            }
            fn reserve(&mut self, entries: usize) {
                self.reserve_exact(entries);
            }
            fn take(&mut self, bytes: &[u8]) {
                let value = |part: &[u8]| part.try_into().map(<$type>::from_le_bytes).unwrap_or_default();
                self.extend(bytes.chunks_exact(size_of::<$type>()).map(value));
            }
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&(self.len() as u64).to_le_bytes());
                self.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
            }
        }
    )* };
}

stored!(u8, u16, u32, i64);

/// The columns as they stand in the bytes.
#[derive(Clone, Debug, Default)]
struct Parts {
    meaning: Vec<u8>,
    names: Vec<u8>,
    ends: Vec<u32>,
    table: Table,
    far: Vec<u32>,
    far_at: Vec<i64>,
    gone: Vec<u32>,
    gone_at: Vec<i64>,
    corrects: Vec<u32>,
    roots: Vec<u32>,
}

/// Columns before those that have an entry for each row.
const BEFORE_ROWS: usize = 3;
/// Columns behind those.
const BEHIND_ROWS: usize = 6;

impl Parts {
    fn of(plan: &Plan, table: Table) -> Parts {
        let (names, ends) = table.names.parts();
        Parts {
            meaning: meaning(plan),
            names: names.to_vec(),
            ends: ends.to_vec(),
            far: table.recorded.far.keys().copied().collect(),
            far_at: table.recorded.far.values().copied().collect(),
            gone: table.gone.keys().copied().collect(),
            gone_at: table.gone.values().copied().collect(),
            corrects: table.roots.keys().copied().collect(),
            roots: table.roots.values().copied().collect(),
            table,
        }
    }

    /// All columns, in order.
    fn columns(&mut self) -> Vec<&mut dyn Stored> {
        let Parts { meaning, names, ends, table, far, far_at, gone, gone_at, corrects, roots } = self;
        let Table { fact, time, recorded, state, roles, .. } = table;
        let mut all: Vec<&mut dyn Stored> = vec![meaning, names, ends, fact, time, &mut recorded.near, state];
        roles.iter_mut().for_each(|role| all.push(role));
        let rest: [&mut dyn Stored; BEHIND_ROWS] = [far, far_at, gone, gone_at, corrects, roots];
        all.extend(rest);
        all
    }

    fn into_table(self, plan: &Plan) -> Option<Table> {
        let mut table = self.table;
        table.names = Names::from_parts(self.names, self.ends)?;
        let rows = table.len();
        let known =
            |of: &[u32]| of.is_sorted_by(|a, b| a < b) && of.last().is_none_or(|r| (*r as usize) < rows);
        let sane = known(&self.gone)
            && known(&self.far)
            && known(&self.corrects)
            && self.gone.len() == self.gone_at.len()
            && self.corrects.len() == self.roots.len()
            && self.corrects.iter().zip(&self.roots).all(|(row, root)| root < row)
            && table.fact.iter().all(|f| (*f as usize) < plan.facts().len())
            && self.far.len() == self.far_at.len()
            && table.names.starts_with(&plan.names);
        table.gone = self.gone.into_iter().zip(self.gone_at).collect::<BTreeMap<_, _>>();
        table.roots = self.corrects.into_iter().zip(self.roots).collect::<BTreeMap<_, _>>();
        table.recorded.far = self.far.into_iter().zip(self.far_at).collect::<BTreeMap<_, _>>();
        (sane && table.in_order()).then_some(table)
    }
}

/// A table that comes as bytes, part after part.
#[derive(Clone, Debug)]
pub struct Reading<'p> {
    plan: &'p Plan,
    parts: Parts,
    /// The column that is being read, and how many entries are still to come; `None` where its length is.
    column: usize,
    left: Option<usize>,
    headed: bool,
    /// What came of a header, a length or an entry.
    carried: Vec<u8>,
}

impl<'p> Reading<'p> {
    /// Nothing came yet.
    pub fn new(plan: &'p Plan) -> Reading<'p> {
        let parts = Parts { table: Table::new(plan), ..Parts::default() };
        Reading { plan, parts, column: 0, left: None, headed: false, carried: Vec::new() }
    }

    /// The next bytes.
    ///
    /// # Errors
    /// Where they are of another version, of another agreement, or damaged.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), Refused> {
        if !self.headed {
            let Some(header) = self.whole(HEADER.len(), &mut bytes) else { return Ok(()) };
            if header != HEADER {
                return Err(refused("of another version, or no columns"));
            }
            self.headed = true;
        }
        while !bytes.is_empty() {
            let Some(left) = self.left else {
                let Some(length) = self.whole(8, &mut bytes) else { return Ok(()) };
                let length = length.try_into().map_or(u64::MAX, u64::from_le_bytes);
                self.begin(length)?;
                continue;
            };
            let size = self.parts.columns()[self.column].size();
            if !self.carried.is_empty() || bytes.len() < size {
                let Some(entry) = self.whole(size, &mut bytes) else { return Ok(()) };
                self.parts.columns()[self.column].take(&entry);
                self.went_on(left - 1)?;
                continue;
            }
            let entries = left.min(bytes.len() / size);
            let (now, rest) = bytes.split_at(entries * size);
            self.parts.columns()[self.column].take(now);
            bytes = rest;
            self.went_on(left - entries)?;
        }
        Ok(())
    }

    /// So many bytes, with what was carried; where there are not enough, all are carried.
    fn whole(&mut self, size: usize, bytes: &mut &[u8]) -> Option<Vec<u8>> {
        let (now, rest) = bytes.split_at((size - self.carried.len()).min(bytes.len()));
        self.carried.extend_from_slice(now);
        *bytes = rest;
        (self.carried.len() == size).then(|| std::mem::take(&mut self.carried))
    }

    fn begin(&mut self, length: u64) -> Result<(), Refused> {
        let damaged = || refused("damaged: the columns do not fit each other");
        let rows = self.parts.table.fact.len();
        let length = usize::try_from(length).map_err(|_| damaged())?;
        let mut columns = self.parts.columns();
        let all = columns.len();
        let of_rows = BEFORE_ROWS + 1..all - BEHIND_ROWS;
        if of_rows.contains(&self.column) {
            if length != rows {
                return Err(damaged());
            }
            columns[self.column].reserve(rows);
        }
        if self.column >= all {
            return Err(damaged());
        }
        self.went_on(length)
    }

    /// So many entries of the column are still to come.
    fn went_on(&mut self, left: usize) -> Result<(), Refused> {
        self.left = Some(left).filter(|left| *left > 0);
        if left == 0 {
            if self.column == 0 && self.parts.meaning != meaning(self.plan) {
                return Err(refused("made for an agreement with other facts"));
            }
            if self.column == BEFORE_ROWS {
                self.parts.table.fact.shrink_to_fit();
            }
            self.column += 1;
        }
        Ok(())
    }

    /// The table.
    ///
    /// # Errors
    /// Where bytes are missing, or the columns do not fit each other.
    pub fn finish(mut self) -> Result<Table, Refused> {
        if !self.headed || self.column != self.parts.columns().len() || !self.carried.is_empty() {
            return Err(refused("of another version, or damaged: shorter than they say"));
        }
        let table = self.parts.into_table(self.plan);
        table.ok_or_else(|| refused("damaged: the columns do not fit each other"))
    }
}

impl Table {
    /// The table as bytes, without the identities of its records.
    pub fn to_bytes(&self, plan: &Plan) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER.len() + self.len() * (15 + 4 * self.roles.len()));
        out.extend_from_slice(HEADER);
        Parts::of(plan, self.clone()).columns().iter().for_each(|column| column.write(&mut out));
        out
    }

    /// A table from its bytes; those that come in parts are for [`Reading`].
    ///
    /// # Errors
    /// Where they are of another version, of another agreement, or damaged.
    pub fn from_bytes(plan: &Plan, bytes: &[u8]) -> Result<Table, Refused> {
        let mut reading = Reading::new(plan);
        reading.feed(bytes)?;
        reading.finish()
    }
}
