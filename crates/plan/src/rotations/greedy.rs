//! A first schedule, made month by month without looking back: what a solver begins with.
//!
//! It may miss a schedule where there is one, and proves nothing. Where a month is short, the tour is taken that costs least for
//! the months of people that it fills. A partner's share is held against what is agreed to be there, which is never more than what is.

use super::build::{Before, Clause, begun, fits};
use super::plan::{Plan, Tour};
use servanda_model::Number;
use std::collections::BTreeMap;

struct Making<'a> {
    plan: &'a Plan,
    tours: BTreeMap<Tour, u32>,
    /// By presence and month: people who have taken over, and people on the ground.
    watch: Vec<Vec<u64>>,
    ground: Vec<Vec<u64>>,
    /// By partner and month.
    of_partner: BTreeMap<&'a str, Vec<u64>>,
    /// By kind and month: contingents that are out, recover or train.
    busy: Vec<Vec<u32>>,
    cost: BTreeMap<(&'a str, i16), Number>,
    /// By month: people who are there at least.
    agreed: Vec<u64>,
}

/// Tours of a schedule that keeps every clause, where this finds one.
pub fn greedy(plan: &Plan, before: &Before) -> Option<BTreeMap<Tour, u32>> {
    let months = plan.months as usize;
    let disjoint =
        plan.presences.iter().enumerate().all(|(i, one)| {
            plan.presences[i + 1..].iter().all(|other| one.regions.is_disjoint(&other.regions))
        });
    let agreed = (0..plan.months).map(|n| {
        let month = plan.from.plus(n);
        let all = plan.presences.iter().filter(|p| p.during.holds(month)).map(|p| p.at_least);
        if disjoint { all.sum() } else { all.max().unwrap_or(0) }
    });
    let mut making = Making {
        plan,
        tours: BTreeMap::new(),
        watch: vec![vec![0; months]; plan.presences.len()],
        ground: vec![vec![0; months]; plan.presences.len()],
        of_partner: plan.partners.keys().map(|name| (name.as_str(), vec![0; months])).collect(),
        busy: vec![vec![0; months]; plan.contingents.len()],
        cost: BTreeMap::new(),
        agreed: agreed.collect(),
    };
    for (tour, n) in begun(plan, before) {
        for _ in 0..n {
            making.add(tour);
        }
    }
    for month in 0..plan.months {
        while let Some(presence) = making.short(month as usize) {
            let tour = making.best(i64::from(month), presence)?;
            making.add(tour);
        }
    }
    Some(making.tours)
}

impl<'a> Making<'a> {
    fn short(&self, month: usize) -> Option<usize> {
        let at = self.plan.from.plus(month as u32);
        let short =
            |(i, p): &(usize, &super::Presence)| p.during.holds(at) && self.watch[*i][month] < p.at_least;
        self.plan.presences.iter().enumerate().find(short).map(|(i, _)| i)
    }

    /// Months of the plan in which a tour has the watch, and in which it is on the ground.
    fn spans(&self, tour: &Tour) -> [std::ops::Range<usize>; 2] {
        let clip = |month: i64| month.clamp(0, i64::from(self.plan.months)) as usize;
        let arrives = self.plan.arrival(tour);
        let first = crate::Month::of_day(arrives).map_or(tour.from, |m| self.plan.number(m));
        [clip(tour.from)..clip(tour.end()), clip(first)..clip(tour.end())]
    }

    fn add(&mut self, tour: Tour) {
        let of = &self.plan.contingents[tour.contingent];
        let [watch, ground] = self.spans(&tour);
        for (i, presence) in self.plan.presences.iter().enumerate() {
            if presence.regions.contains(&self.plan.regions[tour.region]) {
                self.watch[i][watch.clone()].iter_mut().for_each(|n| *n += of.persons);
                self.ground[i][ground.clone()].iter_mut().for_each(|n| *n += of.persons);
            }
        }
        if let Some(months) = self.of_partner.get_mut(of.partner.as_str()) {
            months[watch.clone()].iter_mut().for_each(|n| *n += of.persons);
        }
        let home = self.spans(&Tour { months: tour.months + of.home(), ..tour })[0].clone();
        self.busy[tour.contingent][home].iter_mut().for_each(|n| *n += 1);
        for (year, cost) in self.plan.cost(&tour) {
            let sum = self.cost.entry((of.partner.as_str(), year)).or_default();
            *sum = sum.clone() + cost;
        }
        *self.tours.entry(tour).or_default() += 1;
    }

    fn allowed(&self, tour: &Tour) -> bool {
        let of = &self.plan.contingents[tour.contingent];
        let [watch, ground] = self.spans(tour);
        let home = self.spans(&Tour { months: tour.months + of.home(), ..*tour })[0].clone();
        if self.busy[tour.contingent][home].iter().any(|n| *n >= of.there_are) {
            return false;
        }
        let here = |p: &&super::Presence| p.regions.contains(&self.plan.regions[tour.region]);
        for (i, presence) in self.plan.presences.iter().enumerate().filter(|(_, p)| here(p)) {
            let during = |n: usize| presence.during.holds(self.plan.from.plus(n as u32));
            if let Some(most) = presence.at_most
                && ground.clone().any(|n| during(n) && self.ground[i][n] + of.persons > most)
            {
                return false;
            }
        }
        let share = self.plan.share(&of.partner);
        let mine = self.of_partner.get(of.partner.as_str());
        let above = |n: usize| {
            let after = mine.map_or(0, |months| months[n]) + of.persons;
            Number::from(after as i64 * 100) > share.clone() * Number::from(self.agreed[n] as i64)
        };
        if share < Number::from(100) && watch.clone().any(above) {
            return false;
        }
        let Some(most) = self.plan.partners.get(&of.partner).and_then(|p| p.cost_a_year.as_ref()) else {
            return true;
        };
        self.plan.cost(tour).into_iter().all(|(year, cost)| {
            let so_far = self.cost.get(&(of.partner.as_str(), year)).cloned().unwrap_or_default();
            so_far + cost <= *most
        })
    }

    fn best(&self, month: i64, presence: usize) -> Option<Tour> {
        let all = Clause::all(self.plan);
        let mut best: Option<(f64, Tour)> = None;
        for (contingent, of) in self.plan.contingents.iter().enumerate() {
            for region in 0..self.plan.regions.len() {
                if !self.plan.presences[presence].regions.contains(&self.plan.regions[region]) {
                    continue;
                }
                for months in &of.tours {
                    let tour = Tour { contingent, region, from: month, months: *months };
                    if !fits(self.plan, &tour, &all, false) || !self.allowed(&tour) {
                        continue;
                    }
                    let filled: u64 = self.spans(&tour)[0]
                        .clone()
                        .map(|n| {
                            self.plan.presences[presence]
                                .at_least
                                .saturating_sub(self.watch[presence][n])
                                .min(of.persons)
                        })
                        .sum();
                    let cost =
                        self.plan.cost(&tour).into_values().fold(Number::zero(), |a, b| a + b).to_f64();
                    let score = cost / filled.max(1) as f64;
                    if best.as_ref().is_none_or(|(least, _)| score < *least) {
                        best = Some((score, tour));
                    }
                }
            }
        }
        best.map(|(_, tour)| tour)
    }
}
