//! A table as bytes: one header, then column after column, little-endian.
//!
//! Bytes of another version, or of a plan with other facts, are refused and never misread.

use super::plan::{Plan, Refused};
use super::table::{Names, Table};

const HEADER: &[u8] = b"servanda columns 1\n";

fn refused(why: &str) -> Refused {
    Refused { of: "stored columns".into(), clause: None, why: why.into() }
}

/// What the cells of a plan's tables mean.
fn meaning(plan: &Plan) -> Vec<u8> {
    let facts = plan.facts().iter().map(|f| format!("{} {:?}\n", f.name, f.roles));
    facts.collect::<String>().into_bytes()
}

macro_rules! column {
    ($write:ident, $read:ident, $type:ty) => {
        fn $write(out: &mut Vec<u8>, column: &[$type]) {
            out.extend_from_slice(&(column.len() as u64).to_le_bytes());
            column.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
        }

        fn $read(bytes: &mut &[u8]) -> Option<Vec<$type>> {
            let (length, rest) = bytes.split_first_chunk::<8>()?;
            let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
            let size = length.checked_mul(size_of::<$type>()).filter(|size| *size <= rest.len())?;
            let (column, rest) = rest.split_at(size);
            *bytes = rest;
            let value = |part: &[u8]| part.try_into().map(<$type>::from_le_bytes).unwrap_or_default();
            Some(column.chunks_exact(size_of::<$type>()).map(value).collect())
        }
    };
}

column!(write_u8, read_u8, u8);
column!(write_u16, read_u16, u16);
column!(write_u32, read_u32, u32);
column!(write_i64, read_i64, i64);

impl Table {
    /// The table as bytes, without the identities of its records.
    pub fn to_bytes(&self, plan: &Plan) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER.len() + self.len() * (31 + 4 * self.roles.len()));
        out.extend_from_slice(HEADER);
        write_u8(&mut out, &meaning(plan));
        let (bytes, ends) = self.names.parts();
        write_u8(&mut out, bytes);
        write_u32(&mut out, ends);
        write_u16(&mut out, &self.fact);
        [&self.time, &self.recorded, &self.known_to].iter().for_each(|c| write_i64(&mut out, c));
        write_u32(&mut out, &self.root);
        write_u8(&mut out, &self.state);
        self.roles.iter().for_each(|c| write_u32(&mut out, c));
        out
    }

    /// A table from its bytes.
    ///
    /// # Errors
    /// Where they are of another version, of another agreement, or damaged.
    pub fn from_bytes(plan: &Plan, bytes: &[u8]) -> Result<Table, Refused> {
        let mut rest =
            bytes.strip_prefix(HEADER).ok_or_else(|| refused("of another version, or no columns"))?;
        let damaged = || refused("damaged: shorter than they say");
        let rest = &mut rest;
        if read_u8(rest).ok_or_else(damaged)? != meaning(plan) {
            return Err(refused("made for an agreement with other facts"));
        }
        let mut read = || {
            Some(Table {
                names: Names::from_parts(read_u8(rest)?, read_u32(rest)?)?,
                fact: read_u16(rest)?,
                time: read_i64(rest)?,
                recorded: read_i64(rest)?,
                known_to: read_i64(rest)?,
                root: read_u32(rest)?,
                state: read_u8(rest)?,
                roles: Table::new(plan).roles.iter().map(|_| read_u32(rest)).collect::<Option<_>>()?,
                ids: Vec::new(),
            })
        };
        let table = read().ok_or_else(damaged)?;
        let rows = table.len();
        let even = table.roles.iter().all(|c| c.len() == rows)
            && [&table.time, &table.recorded, &table.known_to].iter().all(|c| c.len() == rows)
            && table.root.len() == rows
            && table.state.len() == rows;
        let sane = table.fact.iter().all(|f| (*f as usize) < plan.facts().len())
            && table.recorded.is_sorted()
            && table.names.starts_with(&plan.names);
        if !rest.is_empty() || !even || !sane {
            return Err(refused("damaged: the columns do not fit each other"));
        }
        Ok(table)
    }
}
