//! What was watched, zone by zone, as stretches of time that do not overlap: for counts of hours and for bars of any width.
//!
//! What it deliberately does not do: decide what an absence is worth (the engine does). At each moment the best report counts, as in
//! [`Coverage`](crate::map::Coverage), whose answers it gives for many stretches at little cost.
//!
//! Invariants
//! - shares are exact, from 0 to 1; a zone of which nobody ever reported has no share, which is not the share 0;
//! - stretches are in order of time and do not overlap.
//!
//! Where to start reading: [`Watched`].

use crate::View;
use servanda_model::record::{COVERAGE, Says};
use servanda_model::{Instant, Name, Number, Place};
use std::collections::{BTreeMap, BTreeSet};

/// One report of coverage: a zone, from, until, share.
type Report = (Instant, Instant, Number);

/// What was reported to be watched.
#[derive(Clone, Debug, Default)]
pub struct Watched(BTreeMap<Name, Vec<Report>>);

impl Watched {
    /// As known at the moment asked for.
    pub fn of(view: &View<'_>) -> Watched {
        let mut reports: BTreeMap<Name, Vec<Report>> = BTreeMap::new();
        for record in view.known() {
            if let (true, Some(Place::Named(zone)), Some(share)) =
                (record.fact == *COVERAGE && record.says == Says::Affirms, &record.place, &record.value)
            {
                let until = record.until.unwrap_or(record.when.latest);
                reports.entry(zone.clone()).or_default().push((record.when.earliest, until, share.clone()));
            }
        }
        Watched(reports.into_iter().map(|(zone, all)| (zone, stretches(all))).collect())
    }

    /// Zones of which it was reported.
    pub fn zones(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// The share of a zone that was watched over a stretch. `None`: no coverage of it was ever reported, or the stretch is empty.
    pub fn share(&self, zone: &str, from: Instant, to: Instant) -> Option<Number> {
        let all = self.0.get(zone).filter(|_| from < to)?;
        let first = all.partition_point(|(_, until, _)| *until <= from);
        let mut seen = Number::zero();
        for (begin, until, share) in all[first..].iter().take_while(|(begin, ..)| *begin < to) {
            let over = (*until).min(to) - (*begin).max(from);
            seen = seen + share.clone() * Number::from(over);
        }
        seen.over(&Number::from(to - from))
    }

    /// First and last moment of which anything was reported.
    pub fn span(&self) -> Option<(Instant, Instant)> {
        let first = self.0.values().filter_map(|all| all.first()).map(|(from, ..)| *from).min()?;
        let last = self.0.values().filter_map(|all| all.last()).map(|(_, until, _)| *until).max()?;
        Some((first, last))
    }
}

/// Reports that may overlap, as stretches that do not, the best share in each.
fn stretches(reports: Vec<Report>) -> Vec<Report> {
    let mut turns: BTreeMap<Instant, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (i, (from, until, _)) in reports.iter().enumerate().filter(|(_, (from, until, _))| from < until) {
        turns.entry(*from).or_default().0.push(i);
        turns.entry(*until).or_default().1.push(i);
    }
    let mut open: BTreeSet<(Number, usize)> = BTreeSet::new();
    let mut made: Vec<Report> = Vec::new();
    let mut last = None;
    for (at, (begin, end)) in turns {
        if let (Some(from), Some((share, _))) = (last, open.last()) {
            match made.last_mut() {
                Some((_, until, before)) if *until == from && before == share => *until = at,
                _ => made.push((from, at, share.clone())),
            }
        }
        for i in end {
            open.remove(&(reports[i].2.clone(), i));
        }
        open.extend(begin.into_iter().map(|i| (reports[i].2.clone(), i)));
        last = Some(at);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(n: i64) -> Number {
        Number::ratio(n, 10).unwrap()
    }

    #[test]
    fn the_best_report_counts_and_gaps_count_as_nothing() {
        let reports = vec![
            (Instant(0), Instant(10), share(5)),
            (Instant(5), Instant(20), share(8)),
            (Instant(30), Instant(40), share(10)),
            (Instant(7), Instant(7), share(10)),
        ];
        let made = stretches(reports);
        assert_eq!(
            made,
            [
                (Instant(0), Instant(5), share(5)),
                (Instant(5), Instant(20), share(8)),
                (Instant(30), Instant(40), share(10))
            ]
        );
        let watched = Watched(BTreeMap::from([(Name::from("z"), made)]));
        // 5 × 0.5 + 15 × 0.8 + 10 × 1 of 40.
        assert_eq!(watched.share("z", Instant(0), Instant(40)), Number::ratio(245, 400));
        assert_eq!(watched.share("z", Instant(20), Instant(30)), Some(Number::zero()));
        assert_eq!(watched.share("elsewhere", Instant(0), Instant(40)), None);
        assert_eq!(watched.span(), Some((Instant(0), Instant(40))));
    }
}
