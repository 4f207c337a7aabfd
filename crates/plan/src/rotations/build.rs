//! The program of a plan: which tours there may be, and the rows that each clause makes of them.
//!
//! A column is so many tours of one contingent into one region from one month on, of one length. It solves nothing and words
//! nothing. Every row belongs to one [`Clause`], so that a clause can be left out or given play, and what the program then says
//! is a statement about the clause.

use super::plan::{Plan, Tour, days};
use crate::program::{Column, Program, Sense};
use servanda_model::Number;
use std::collections::{BTreeMap, BTreeSet};

/// A clause, or several of one kind taken together, as they may conflict.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Clause {
    /// The least presence, by its number in the plan.
    AtLeast(usize),
    /// The greatest.
    AtMost(usize),
    /// The shares of the partners.
    Shares,
    /// How many contingents there are, their recovery and training.
    Ready,
    /// National caveats: regions and months.
    Caveats,
    /// From when to when contingents are at hand, notice, partners that leave.
    AtHand,
    /// The cost of a partner in a year.
    Costs,
}

impl Clause {
    /// All clauses of a plan.
    pub fn all(plan: &Plan) -> BTreeSet<Clause> {
        let mut all =
            BTreeSet::from([Clause::Shares, Clause::Ready, Clause::Caveats, Clause::AtHand, Clause::Costs]);
        for (i, presence) in plan.presences.iter().enumerate() {
            all.insert(Clause::AtLeast(i));
            if presence.at_most.is_some() {
                all.insert(Clause::AtMost(i));
            }
        }
        all
    }
}

/// What was scheduled before, and is to change as little as may be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Before {
    /// How many of each tour.
    pub tours: BTreeMap<Tour, u32>,
}

/// What the sum is of.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Aim {
    /// Money.
    Cost,
    /// Tours that are new or no longer there; with a bound: money, with no more changes than that.
    Changes(Option<f64>),
    /// How much this clause has to give.
    Give(Clause),
}

/// What a column stands for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Stands {
    /// Tours.
    Tour(Tour),
    /// Tours against a clause that is to give.
    Against(Tour),
    /// Contingents of a kind more than there are.
    More(usize),
    /// What a clause has to give: people, or money of a partner in a year.
    Play,
    /// All people who have taken over in a month.
    All(i64),
}

/// A program and what its columns stand for.
pub struct Built {
    /// The program.
    pub program: Program,
    /// By column.
    pub stands: Vec<Stands>,
    /// Changes that cannot be avoided or are counted outside of the columns.
    pub changes: f64,
}

/// A tour that was scheduled, as it stands now.
enum Then {
    /// It had begun when the plan was decided.
    Begun(Tour),
    /// It has not.
    Ahead(Tour),
    /// It cannot be any more.
    Gone,
}

fn then(plan: &Plan, tour: &Tour) -> Then {
    let contingent = &plan.contingents[tour.contingent];
    let leaves = plan.partners.get(&contingent.partner).and_then(|p| p.leaves).map(|m| plan.number(m));
    let begun = plan.arrival(tour) <= plan.decided;
    match leaves {
        Some(leaves) if tour.from >= leaves => Then::Gone,
        Some(leaves) if tour.end() > leaves && begun => {
            Then::Begun(Tour { months: (leaves - tour.from).max(0) as u32, ..*tour })
        }
        Some(leaves) if tour.end() > leaves => Then::Gone,
        _ if begun => Then::Begun(*tour),
        _ if fits(plan, tour, &BTreeSet::from([Clause::Caveats, Clause::AtHand]), true) => Then::Ahead(*tour),
        _ => Then::Gone,
    }
}

/// Whether the clauses that hold let a tour be. One that was told before needs no notice any more.
pub fn fits(plan: &Plan, tour: &Tour, hold: &BTreeSet<Clause>, told: bool) -> bool {
    let contingent = &plan.contingents[tour.contingent];
    let months = || (tour.from..tour.end()).map(|n| plan.month(n));
    if hold.contains(&Clause::Caveats) {
        let arrives = plan.arrival(tour);
        let coming = crate::Month::of_day(arrives);
        let kept_out = |month| contingent.not_in.iter().any(|stretch| stretch.holds(month));
        if !contingent.regions.contains(&plan.regions[tour.region]) || months().chain(coming).any(kept_out) {
            return false;
        }
    }
    if hold.contains(&Clause::AtHand) {
        let leaves = plan.partners.get(&contingent.partner).and_then(|p| p.leaves);
        let early = !told && plan.arrival(tour) < days(plan.decided, i64::from(contingent.notice));
        if early || months().any(|m| !contingent.during.holds(m) || leaves.is_some_and(|l| m >= l)) {
            return false;
        }
    }
    true
}

/// Tours that have begun, with what a partner's leaving cuts off: nothing changes them.
pub fn begun(plan: &Plan, before: &Before) -> BTreeMap<Tour, u32> {
    let mut all: BTreeMap<Tour, u32> = BTreeMap::new();
    let mut add = |tour: Tour, n: u32| {
        if tour.months > 0 {
            *all.entry(tour).or_default() += n;
        }
    };
    for (tour, n) in &plan.running {
        let leaves = plan.partners.get(&plan.contingents[tour.contingent].partner).and_then(|p| p.leaves);
        let months =
            leaves.map_or(i64::from(tour.months), |l| (plan.number(l) - tour.from).min(tour.months.into()));
        add(Tour { months: months.max(0) as u32, ..*tour }, *n);
    }
    for (tour, n) in &before.tours {
        if let Then::Begun(tour) = then(plan, tour) {
            add(tour, *n);
        }
    }
    all
}

/// The program of a plan in which the clauses `hold`.
pub fn build(plan: &Plan, before: &Before, hold: &BTreeSet<Clause>, aim: Aim) -> Built {
    let mut built = Built { program: Program::default(), stands: Vec::new(), changes: 0.0 };
    let fixed = begun(plan, before);
    let money = |tour: &Tour| plan.cost(tour).values().fold(Number::zero(), |a, b| a + b.clone()).to_f64();
    let price = |tour: &Tour, change: f64| match aim {
        Aim::Cost | Aim::Changes(Some(_)) => money(tour),
        Aim::Changes(None) => change,
        Aim::Give(_) => 0.0,
    };
    let gives = |clause: Clause| aim == Aim::Give(clause);
    let mut changes: Vec<(Column, f64)> = Vec::new();
    for (tour, n) in &fixed {
        let column = built.program.whole(price(tour, 0.0), f64::from(*n));
        built.program.columns[column].low = f64::from(*n);
        built.stands.push(Stands::Tour(*tour));
    }
    for (tour, n) in &before.tours {
        match then(plan, tour) {
            Then::Begun(_) => {}
            Then::Ahead(tour) => {
                let column = built.program.whole(price(&tour, -1.0), f64::from(*n));
                built.stands.push(Stands::Tour(tour));
                built.changes += f64::from(*n);
                changes.push((column, -1.0));
            }
            Then::Gone => built.changes += f64::from(*n),
        }
    }
    let lax: BTreeSet<Clause> = hold
        .iter()
        .copied()
        .filter(|c| !(gives(*c) && matches!(c, Clause::Caveats | Clause::AtHand)))
        .collect();
    let limited = hold.contains(&Clause::Ready) && !gives(Clause::Ready);
    for (contingent, of) in plan.contingents.iter().enumerate() {
        for region in 0..plan.regions.len() {
            for from in 0..i64::from(plan.months) {
                for months in &of.tours {
                    let tour = Tour { contingent, region, from, months: *months };
                    // A tour that has no month of any presence is of no use.
                    if !plan.presences.iter().any(|p| p.regions.contains(&plan.regions[region])) {
                        continue;
                    }
                    let most =
                        if limited { f64::from(of.there_are) } else { f64::from(of.there_are) + 100.0 };
                    let (strict, loose) = (fits(plan, &tour, hold, false), fits(plan, &tour, &lax, false));
                    if !loose {
                        continue;
                    }
                    let against = !strict;
                    let column = built.program.whole(if against { 1.0 } else { price(&tour, 1.0) }, most);
                    changes.push((column, 1.0));
                    built.stands.push(if against { Stands::Against(tour) } else { Stands::Tour(tour) });
                }
            }
        }
    }
    if let Aim::Changes(Some(most)) = aim {
        built.program.row(changes, Sense::AtMost, most - built.changes);
    }
    let tours: Vec<(Column, Tour)> = built
        .stands
        .iter()
        .enumerate()
        .filter_map(|(column, stands)| match stands {
            Stands::Tour(tour) | Stands::Against(tour) => Some((column, *tour)),
            _ => None,
        })
        .collect();
    presences(plan, hold, aim, &tours, &mut built);
    if hold.contains(&Clause::Shares) {
        shares(plan, &tours, &mut built);
    }
    if hold.contains(&Clause::Ready) {
        ready(plan, aim, &tours, &mut built);
    }
    if hold.contains(&Clause::Costs) {
        costs(plan, aim, &tours, &mut built);
    }
    built
}

fn presences(plan: &Plan, hold: &BTreeSet<Clause>, aim: Aim, tours: &[(Column, Tour)], built: &mut Built) {
    for (i, presence) in plan.presences.iter().enumerate() {
        let (least, most) = (Clause::AtLeast(i), Clause::AtMost(i));
        let play = (aim == Aim::Give(least) || aim == Aim::Give(most)).then(|| {
            built.stands.push(Stands::Play);
            built.program.real(1.0, 1e7)
        });
        let there = |tour: &Tour| presence.regions.contains(&plan.regions[tour.region]);
        let persons = |tour: &Tour| plan.contingents[tour.contingent].persons as f64;
        for month in plan.number(presence.during.from)..=plan.number(presence.during.until) {
            let watch: Vec<(Column, f64)> = tours
                .iter()
                .filter(|(_, t)| there(t) && t.holds(month))
                .map(|(c, t)| (*c, persons(t)))
                .collect();
            if hold.contains(&least) {
                let mut terms = watch.clone();
                terms.extend(play.filter(|_| aim == Aim::Give(least)).map(|c| (c, 1.0)));
                built.program.row(terms, Sense::AtLeast, presence.at_least as f64);
            }
            if let (Some(bound), true) = (presence.at_most, hold.contains(&most)) {
                let mut terms = watch;
                if plan.overlap > 0 {
                    // An overlap of more than a month reaches over several months.
                    let reach = i64::from(plan.overlap.div_ceil(28));
                    let coming = |t: &Tour| {
                        there(t) && (month + 1..=month + reach).contains(&t.from) && {
                            let arrives = plan.arrival(t);
                            arrives < plan.month(month + 1).first_day()
                        }
                    };
                    terms.extend(tours.iter().filter(|(_, t)| coming(t)).map(|(c, t)| (*c, persons(t))));
                }
                terms.extend(play.filter(|_| aim == Aim::Give(most)).map(|c| (c, -1.0)));
                built.program.row(terms, Sense::AtMost, bound as f64);
            }
        }
    }
}

/// A column for all who have taken over in a month keeps the rows short: each partner is held against it.
fn shares(plan: &Plan, tours: &[(Column, Tour)], built: &mut Built) {
    let hundred = Number::from(100);
    let limited: Vec<(&String, f64)> = plan
        .partners
        .iter()
        .filter(|(_, of)| of.share_at_most < hundred)
        .map(|(partner, of)| (partner, of.share_at_most.to_f64() / 100.0))
        .collect();
    if limited.is_empty() {
        return;
    }
    for month in 0..i64::from(plan.months) {
        let there: Vec<(Column, &Tour)> =
            tours.iter().filter(|(_, t)| t.holds(month)).map(|(c, t)| (*c, t)).collect();
        let persons = |t: &Tour| plan.contingents[t.contingent].persons as f64;
        built.stands.push(Stands::All(month));
        let all = built.program.real(0.0, 1e7);
        let mut terms: Vec<(Column, f64)> = there.iter().map(|(c, t)| (*c, persons(t))).collect();
        terms.push((all, -1.0));
        built.program.row(terms, Sense::Equal, 0.0);
        for (partner, share) in &limited {
            let mut terms: Vec<(Column, f64)> = there
                .iter()
                .filter(|(_, t)| plan.contingents[t.contingent].partner == **partner)
                .map(|(c, t)| (*c, persons(t)))
                .collect();
            if !terms.is_empty() {
                terms.push((all, -share));
                built.program.row(terms, Sense::AtMost, 0.0);
            }
        }
    }
}

fn ready(plan: &Plan, aim: Aim, tours: &[(Column, Tour)], built: &mut Built) {
    for (contingent, of) in plan.contingents.iter().enumerate() {
        let play = (aim == Aim::Give(Clause::Ready)).then(|| {
            built.stands.push(Stands::More(contingent));
            built.program.whole(1.0, 100.0)
        });
        for month in 0..i64::from(plan.months) {
            let busy = |t: &Tour| {
                t.contingent == contingent && t.from <= month && month < t.end() + i64::from(of.home())
            };
            let mut terms: Vec<(Column, f64)> =
                tours.iter().filter(|(_, t)| busy(t)).map(|(c, _)| (*c, 1.0)).collect();
            if terms.is_empty() {
                continue;
            }
            terms.extend(play.map(|c| (c, -1.0)));
            built.program.row(terms, Sense::AtMost, f64::from(of.there_are));
        }
    }
}

fn costs(plan: &Plan, aim: Aim, tours: &[(Column, Tour)], built: &mut Built) {
    let by_year: Vec<BTreeMap<i16, Number>> = tours.iter().map(|(_, t)| plan.cost(t)).collect();
    for (partner, of) in &plan.partners {
        let Some(most) = &of.cost_a_year else { continue };
        for year in plan.from.year()..=plan.last().year() {
            let mut terms: Vec<(Column, f64)> = tours
                .iter()
                .zip(&by_year)
                .filter(|((_, t), _)| plan.contingents[t.contingent].partner == *partner)
                .filter_map(|((c, _), cost)| Some((*c, cost.get(&year)?.to_f64())))
                .filter(|(_, cost)| *cost > 0.0)
                .collect();
            if terms.is_empty() {
                continue;
            }
            if aim == Aim::Give(Clause::Costs) {
                built.stands.push(Stands::Play);
                terms.push((built.program.real(1.0, 1e9), -1.0));
            }
            built.program.row(terms, Sense::AtMost, most.to_f64());
        }
    }
}

/// The values of a program's columns for tours that are known.
pub fn values(plan: &Plan, built: &Built, tours: &BTreeMap<Tour, u32>) -> Vec<f64> {
    let mut left = tours.clone();
    let mut there: BTreeMap<i64, u64> = BTreeMap::new();
    for (tour, n) in tours {
        for month in tour.from..tour.end() {
            *there.entry(month).or_default() += plan.contingents[tour.contingent].persons * u64::from(*n);
        }
    }
    let value = |(column, stands): (usize, &Stands)| match stands {
        Stands::Tour(tour) => {
            let most = built.program.columns[column].high as u32;
            left.get_mut(tour).map_or(0.0, |n| {
                let taken = (*n).min(most);
                *n -= taken;
                f64::from(taken)
            })
        }
        Stands::All(month) => there.get(month).map_or(0.0, |n| *n as f64),
        Stands::Against(_) | Stands::More(_) | Stands::Play => 0.0,
    };
    built.stands.iter().enumerate().map(value).collect()
}
