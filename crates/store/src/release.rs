//! What goes out: a redacted list that says what it withholds, and a public table that is late, coarse and says no small number.
//!
//! It understands records only as `model` has them, and words nothing but the cells of a table.
//!
//! Invariants
//! - a withheld portion says that it is one, its category and whose it is, and keeps the commitment of the log, so that it can be
//!   proved later what was withheld;
//! - the public table is made of what the public may see and nothing else, counted after that choice;
//! - of an edition nothing can be learned by taking it from its own total, and nothing of a time that is not over since the
//!   delay;
//! - the same records give the same table, byte by byte; an edition does not change when something is recorded later.
//!
//! Where to start reading: [`View::redacted`], [`public_table`].

use crate::accounts::hidden as hidden_from_all;
use crate::entry::{Statement, StoredRecord};
use crate::error::{Error, Kind};
use crate::policy::{Role, Viewer};
use crate::sources::need;
use crate::store::{Receipt, Store};
use crate::view::View;
use serde::{Deserialize, Serialize};
use servanda_ledger::leaf::Leaf;
use servanda_ledger::tree::Hash;
use servanda_model::record::{Marking, Tlp};
use servanda_model::time::HOUR;
use servanda_model::{Instant, Name, Place, Point, Record, Records};
use std::collections::{BTreeMap, BTreeSet};

/// One portion of a redacted list.
#[derive(Clone, PartialEq, Debug)]
pub enum Portion {
    /// The audience may see it.
    Shown(StoredRecord),
    /// It may not.
    Withheld {
        /// The entry's commitment in the log.
        commitment: Hash,
        /// As what it is withheld, such as `TLP:AMBER, medical`.
        category: String,
        /// On whose word.
        authority: String,
    },
}

fn names(names: &BTreeSet<Name>) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

pub(crate) fn withheld(commitment: Hash, marking: &Marking) -> Portion {
    let caveats = match marking.caveats.is_empty() {
        true => String::new(),
        false => format!(", {}", names(&marking.caveats)),
    };
    let authority = if marking.originators.is_empty() {
        "the keeper of the record".to_string()
    } else {
        names(&marking.originators)
    };
    Portion::Withheld { commitment, category: format!("{}{caveats}", marking.level.word()), authority }
}

impl View<'_> {
    /// Every record that this viewer sees, as `audience` may get it, in the order in which they were entered; and what was erased.
    ///
    /// It says how many there are that the audience may not see, so a person has to decide that it goes out.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no releaser; else as [`View::records`].
    pub fn redacted(&self, audience: &Viewer) -> Result<Vec<Portion>, Error> {
        if !self.viewer().may(Role::Releaser) {
            return Err(Error::new(
                Kind::Denied,
                format!("`{}` may not prepare what goes out", self.viewer().name),
            )
            .help("the role `releaser` may"));
        }
        let commitment = |leaf: &[u8]| {
            Leaf::from_bytes(leaf).map(|leaf| leaf.commitment).map_err(|e| Error::integrity(e.to_string()))
        };
        let mut portions: BTreeMap<u64, Portion> = BTreeMap::new();
        let mut shown: BTreeMap<u64, (Hash, bool)> = BTreeMap::new();
        let (columns, table) =
            ("record.number, label, leaf", "record JOIN entry ON entry.number = record.number");
        self.rows(columns, table, "1 = 1", "", &[], |mut row, markings| {
            let (number, label) = (row.count()?, row.int()?);
            let hash = commitment(&row.bytes()?)?;
            let marking = markings.get(&label).cloned().unwrap_or_default();
            let sees = audience.may_see(&marking);
            if !sees {
                portions.insert(number, withheld(hash, &marking));
            }
            shown.insert(number, (hash, sees));
            Ok(())
        })?;
        for (number, record) in self.numbered_records()? {
            if shown.get(&number).is_some_and(|(_, sees)| *sees) {
                portions.insert(number, Portion::Shown(record));
            }
        }
        for (number, leaf, category, authority) in self.erasures()? {
            portions
                .insert(number, Portion::Withheld { commitment: commitment(&leaf)?, category, authority });
        }
        Ok(portions.into_values().collect())
    }
}

/// How the public table is kept late and coarse.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PublicRules {
    /// Nothing younger is counted.
    pub delay_ms: i64,
    /// Side of a cell, in metres.
    pub cell_m: f64,
    /// Length of a period; an edition is made at its end.
    pub period_ms: i64,
    /// Smaller numbers are not said.
    pub least: u64,
}

impl Default for PublicRules {
    /// 24 hours, 5 kilometres, days, 5.
    fn default() -> PublicRules {
        PublicRules { delay_ms: 24 * HOUR, cell_m: 5_000.0, period_ms: 24 * HOUR, least: 5 }
    }
}

/// One number of the public table.
#[derive(Clone, PartialEq, Debug)]
pub struct PublicCell {
    /// When the period begins.
    pub from: Instant,
    /// The fact.
    pub fact: Name,
    /// The middle of the cell; `None`: no place as exact as a cell is known.
    pub at: Option<Point>,
    /// How many; `None`: not said, because it is small or would give a small one away.
    pub count: Option<u64>,
}

/// An edition of the public table.
#[derive(Clone, PartialEq, Debug)]
pub struct PublicTable {
    /// What was recorded by then, and had happened by then, is counted.
    pub until: Instant,
    /// The numbers.
    pub cells: Vec<PublicCell>,
    /// For each period and fact the number over all places; `None`: not said.
    pub totals: Vec<(Instant, Name, Option<u64>)>,
}

/// A cell of a grid whose cells are nowhere smaller than `side` metres: rows of equal height, columns of equal width within a row.
fn cell(at: Point, side: f64) -> (i64, i64) {
    let height = side / METRES_PER_DEGREE;
    let row = (at.lat / height).floor();
    let width = width(row, height);
    // Both are within a few million: degrees are finite.
    (row as i64, (at.lon / width).floor() as i64)
}

/// Metres of one degree of a great circle, on a sphere with the earth's mean radius of 6,371,008.8 m.
const METRES_PER_DEGREE: f64 = 111_195.08;

/// Degrees of longitude of a cell in a row: measured where the row is narrowest, at its edge nearer to the pole.
fn width(row: f64, height: f64) -> f64 {
    let edge = if row >= 0.0 { (row + 1.0) * height } else { row * height };
    let narrowest = libm::cos(edge.abs().min(89.0).to_radians());
    (height / narrowest).min(360.0)
}

fn middle((row, column): (i64, i64), side: f64) -> Point {
    let height = side / METRES_PER_DEGREE;
    let rounded = |degrees: f64| (degrees * 1000.0).round() / 1000.0;
    Point {
        lat: rounded((row as f64 + 0.5) * height),
        lon: rounded((column as f64 + 0.5) * width(row as f64, height)),
    }
}

/// The newest edition of the public table at a moment.
///
/// Of `records` only those count that the public may see, that were recorded and over by the end of the edition, that affirm,
/// and that nothing public has corrected, taken back or disputed by then.
pub fn public_table<'r>(records: impl Into<Records<'r>>, rules: &PublicRules, now: Instant) -> PublicTable {
    let records = records.into();
    let period = rules.period_ms.max(1);
    let until = Instant((now.0.saturating_sub(rules.delay_ms)).div_euclid(period).saturating_mul(period));
    let public = Viewer::public();
    let known: Vec<&Record> =
        records.iter().filter(|r| public.may_see(&r.marking) && r.recorded <= until).collect();
    let gone: BTreeSet<&Name> =
        known.iter().flat_map(|r| [&r.supersedes, &r.withdraws, &r.disputes]).flatten().collect();
    type Counts = BTreeMap<Option<(i64, i64)>, u64>;
    let mut counted: BTreeMap<(Instant, &Name), Counts> = BTreeMap::new();
    for record in known {
        let speaks = record.withdraws.is_none() && record.disputes.is_none() && !gone.contains(&record.id);
        let happened = record.when.latest < until && record.says == servanda_model::record::Says::Affirms;
        if !speaks || !happened || record.exercise {
            continue;
        }
        let from = Instant(record.when.earliest.0.div_euclid(period).saturating_mul(period));
        let place = match &record.place {
            // What is less exact than a cell would be put into one of several.
            Some(Place::Point { at, radius_m }) if *radius_m <= rules.cell_m => Some(cell(*at, rules.cell_m)),
            _ => None,
        };
        *counted.entry((from, &record.fact)).or_default().entry(place).or_default() += 1;
    }
    let mut table = PublicTable { until, cells: Vec::new(), totals: Vec::new() };
    for ((from, fact), places) in counted {
        let hidden = hidden(&places, rules.least);
        let total: u64 = places.values().sum();
        table.totals.push((from, fact.clone(), (total >= rules.least).then_some(total)));
        for (place, count) in places {
            table.cells.push(PublicCell {
                from,
                fact: fact.clone(),
                at: place.map(|place| middle(place, rules.cell_m)),
                count: (!hidden.contains(&place)).then_some(count),
            });
        }
    }
    table
}

/// The cells of one total that are not said: the small ones, and as many of the next larger as it takes that the total does not
/// give a small one away.
fn hidden<P: Ord + Copy>(counts: &BTreeMap<P, u64>, least: u64) -> BTreeSet<P> {
    let mut hidden: BTreeSet<P> = counts.iter().filter(|(_, n)| **n < least).map(|(p, _)| *p).collect();
    if hidden.is_empty() {
        return hidden;
    }
    let mut rest: Vec<(u64, P)> =
        counts.iter().filter(|(_, n)| **n >= least).map(|(p, n)| (*n, *p)).collect();
    rest.sort();
    let mut rest = rest.into_iter();
    let sum = |hidden: &BTreeSet<P>| hidden.iter().map(|p| counts[p]).sum::<u64>();
    while hidden.len() < 2 || sum(&hidden) < least {
        match rest.next() {
            Some((_, place)) => hidden.insert(place),
            None => break,
        };
    }
    hidden
}

/// The kind of statements on what went out.
const RELEASE: &str = "release";

/// Something that went out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// For whom: an account, or `public`.
    pub audience: String,
    /// What for.
    pub purpose: String,
    /// How it was made: `redacted, csv`; `public, 24 h late, …`.
    pub form: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Store {
    /// Enters that something goes out, before it does.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is no releaser.
    pub fn release(&self, released: &Released, now: Instant, by: &Viewer) -> Result<Receipt, Error> {
        need(by, Role::Releaser, "let anything out")?;
        let json = serde_json::to_string(released).map_err(|e| Error::new(Kind::Refused, e.to_string()))?;
        let subject = Name::from(released.audience.as_str());
        self.say_once(by, now, |_| {
            Ok(Statement { kind: RELEASE.into(), subject, marking: hidden_from_all(), json })
        })
    }
}

impl View<'_> {
    /// What went out, in order, with who let it out.
    ///
    /// # Errors
    /// [`Error::is_denied`] for whoever is neither auditor nor releaser; as [`View::records`].
    pub fn released(&self) -> Result<Vec<(Released, String)>, Error> {
        if !self.viewer().may(Role::Releaser) {
            self.auditor()?;
        }
        let mut released = Vec::new();
        for (statement, by) in self.store().view(&Viewer::keeper()).statements(RELEASE)? {
            let one = serde_json::from_str(&statement.json)
                .map_err(|e| Error::integrity(format!("what is said of a release cannot be read: {e}")))?;
            released.push((one, by));
        }
        Ok(released)
    }
}

/// The levels that the public sees, for whoever explains the table.
pub fn public_levels() -> Vec<Tlp> {
    Tlp::ALL.into_iter().filter(|level| Viewer::public().may_see(&Marking::of(*level))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Erasure;
    use crate::store::tests::{intake, record, workspace};
    use servanda_model::When;
    use servanda_model::record::Says;

    const DAY: i64 = 24 * HOUR;

    fn shot(n: usize, hour: i64, lat: f64, lon: f64) -> Record {
        let at = Instant(hour * HOUR);
        let mut record = Record::new(format!("r{n}"), "fire", When::exact(at), at);
        record.place = Some(Place::Point { at: Point { lat, lon }, radius_m: 100.0 });
        record
    }

    fn shots(counts: &[(f64, usize)]) -> Vec<Record> {
        let mut all = Vec::new();
        for (lat, count) in counts {
            for _ in 0..*count {
                all.push(shot(all.len(), 5, *lat, 38.0));
            }
        }
        all
    }

    fn told(table: &PublicTable) -> Vec<Option<u64>> {
        table.cells.iter().map(|cell| cell.count).collect()
    }

    #[test]
    fn the_public_table_is_late_coarse_and_made_of_what_is_public() {
        let rules = PublicRules::default();
        let now = Instant(2 * DAY + 3 * HOUR);
        let mut all = shots(&[(48.001, 6)]);
        assert_eq!(told(&public_table(&all, &rules, now)), [Some(6)]);
        assert_eq!(public_table(&all, &rules, Instant(2 * DAY - 1)).cells, [], "a day later at the earliest");
        let table = public_table(&all, &rules, now);
        let at = table.cells[0].at.unwrap();
        assert!((at.lat - 48.001).abs() < 0.03, "{at:?}");
        let near = public_table(&shots(&[(48.012, 6)]), &rules, now);
        assert_eq!(near.cells[0].at, Some(at), "a kilometre away is the same cell");
        // None of these changes a number.
        for (n, change) in [
            |r: &mut Record| r.marking = Marking::of(Tlp::Green),
            |r: &mut Record| r.marking.caveats = ["medical".into()].into(),
            |r: &mut Record| r.marking.releasable_to = Some(["Poland".into()].into()),
            |r: &mut Record| r.says = Says::Denies,
            |r: &mut Record| r.exercise = true,
            |r: &mut Record| r.recorded = Instant(DAY + HOUR),
            |r: &mut Record| r.when.latest = Instant(DAY + 5),
        ]
        .iter()
        .enumerate()
        {
            let mut more = shot(100 + n, 6, 48.001, 38.0);
            change(&mut more);
            all.push(more);
            assert_eq!(public_table(&all, &rules, now), table, "{n}");
        }
        // A correction counts once, a withdrawal not at all.
        let mut corrected = shot(200, 7, 48.001, 38.0);
        corrected.supersedes = Some("r0".into());
        let mut back = shot(201, 7, 48.001, 38.0);
        back.withdraws = Some("r1".into());
        all.extend([corrected, back]);
        assert_eq!(told(&public_table(&all, &rules, now)), [Some(5)]);
        // What is recorded later is in later editions, not in this one.
        let edition = public_table(&all, &rules, now);
        all.push(shot(300, 30, 48.001, 38.0));
        assert_eq!(public_table(&all, &rules, now), edition);
        // A vague place is no cell.
        let mut vague = shots(&[(48.0, 7)]);
        for record in &mut vague {
            record.place = Some(Place::Point { at: Point { lat: 48.0, lon: 38.0 }, radius_m: 9_000.0 });
        }
        assert_eq!(public_table(&vague, &rules, now).cells[0].at, None);
    }

    #[test]
    fn no_small_number_is_said_nor_given_away_by_a_total() {
        let rules = PublicRules::default();
        let now = Instant(2 * DAY);
        for (counts, said, total) in [
            (vec![(48.0, 5), (49.0, 9)], vec![Some(5), Some(9)], Some(14)),
            // One small one, alone: the next larger goes with it.
            (vec![(48.0, 2), (49.0, 9), (50.0, 30)], vec![None, None, Some(30)], Some(41)),
            // Two small ones whose sum is small as well.
            (vec![(48.0, 1), (49.0, 1), (50.0, 6), (51.0, 8)], vec![None, None, None, Some(8)], Some(16)),
            (vec![(48.0, 3), (49.0, 4), (50.0, 8)], vec![None, None, Some(8)], Some(15)),
            (vec![(48.0, 3)], vec![None], None),
            (vec![(48.0, 2), (49.0, 2)], vec![None, None], None),
            (vec![(48.0, 2), (49.0, 9)], vec![None, None], Some(11)),
        ] {
            let table = public_table(&shots(&counts), &rules, now);
            assert_eq!(told(&table), said, "{counts:?}");
            assert_eq!(table.totals[0].2, total, "{counts:?}");
        }
        // Whatever the counts: what is not said are at least two cells with a sum that is not small, or the total is not said.
        for seed in 0u64..2_000 {
            let counts: BTreeMap<u64, u64> = (0..1 + seed % 6)
                .map(|cell| (cell, 1 + seed.wrapping_mul(2_654_435_761 + cell * 40_503) / 7 % 12))
                .collect();
            let hidden = hidden(&counts, 5);
            let (total, sum): (u64, u64) =
                (counts.values().sum(), hidden.iter().map(|cell| counts[cell]).sum());
            assert!(counts.iter().all(|(cell, n)| *n >= 5 || hidden.contains(cell)));
            let safe = hidden.is_empty() || total < 5 || (hidden.len() >= 2 && sum >= 5);
            assert!(safe, "{counts:?} hides {hidden:?}");
        }
    }

    #[test]
    fn a_cell_is_nowhere_smaller_than_it_says() {
        for lat in [-89.5, -60.0, -0.01, 0.0, 12.3, 48.0, 71.0, 89.9] {
            for lon in [-180.0, -7.0, 0.0, 38.0, 179.9] {
                let at = cell(Point { lat, lon }, 5_000.0);
                let height = 5_000.0 / METRES_PER_DEGREE;
                let wide = width(at.0 as f64, height);
                let edge = ((at.0.abs() as f64) * height).min(89.0);
                let metres = wide * METRES_PER_DEGREE * libm::cos(edge.to_radians());
                assert!(metres > 4_999.0, "{lat} {lon}: {metres} m");
                let middle = middle(at, 5_000.0);
                assert!((middle.lat - lat).abs() <= height / 2.0 + 0.001, "{lat} {lon}");
            }
        }
    }

    #[test]
    fn the_public_is_told_what_is_clear() {
        assert_eq!(public_levels(), [Tlp::Clear]);
    }

    #[test]
    fn what_is_withheld_says_so_and_keeps_its_commitment() {
        let (_folder, workspace) = workspace();
        let store = workspace.store();
        let mut secret = record("b", Tlp::Amber);
        secret.marking.originators = ["Poland".into()].into();
        secret.marking.caveats = ["medical".into()].into();
        let all = [record("a", Tlp::Clear), secret, record("c", Tlp::Green), record("d", Tlp::Clear)];
        let keeper = Viewer::keeper();
        store.enter(&intake(4), &all, 0, &keeper, || Ok(())).unwrap();
        let order = Erasure {
            id: "d".into(),
            category: "witness".into(),
            authority: "the court".into(),
            reason: String::new(),
        };
        store.erase(&order, Instant(2_000), &keeper).unwrap();
        let portions = store.view(&keeper).redacted(&Viewer::public()).unwrap();
        let log = store.log().unwrap();
        let commitment =
            |entry: u64| Leaf::from_bytes(&log.leaves(entry..entry + 1).unwrap()[0]).unwrap().commitment;
        let withheld = |entry, category: &str, authority: &str| Portion::Withheld {
            commitment: commitment(entry),
            category: category.into(),
            authority: authority.into(),
        };
        assert_eq!(
            portions,
            [
                Portion::Shown(record("a", Tlp::Clear)),
                withheld(3, "TLP:AMBER, medical", "Poland"),
                withheld(4, "TLP:GREEN", "the keeper of the record"),
                withheld(5, "witness", "the court"),
            ]
        );
        assert!(store.view(&Viewer::public()).redacted(&Viewer::public()).unwrap_err().is_denied());
    }
}
