//! One future of a plan of communities: who is there, what they need and what there is, month by month; and what a desk does with its
//! complaints, day by day.
//!
//! It draws nothing; whoever calls it says what each range is.
//!
//! Invariants
//! - displaced people who were there or came are there or have gone home, at the end of every month; the assertion stays on;
//! - a complaint is answered once, in the order in which complaints came;
//! - what is not stated is `None`, and is never counted as zero.

use super::plan::{Community, Desk, Kind, Parameter, Plan, WHOLE};
use crate::forces::{Each, Range};
use jiff::civil::Date;
use std::collections::VecDeque;

/// What a community may lack.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum What {
    /// Places to live.
    Housing,
    /// Places in schools.
    Schools,
    /// Water.
    Water,
    /// Room on the roads.
    Roads,
    /// Days of a training area, of those that are agreed.
    Training,
}

impl What {
    /// All of them.
    pub const ALL: [What; 5] = [What::Housing, What::Schools, What::Water, What::Roads, What::Training];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            What::Housing => "housing",
            What::Schools => "schools",
            What::Water => "water",
            What::Roads => "roads",
            What::Training => "training area",
        }
    }

    /// Its unit.
    pub fn unit(self) -> &'static str {
        match self {
            What::Housing | What::Schools => "places",
            What::Water => "m3 a day",
            What::Roads => "vehicles a day",
            What::Training => "days a month",
        }
    }
}

/// A community at the end of a month.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    /// Displaced people.
    pub displaced: Option<u64>,
    /// Displaced people who came in the month.
    pub came: u64,
    /// Displaced people who went home in the month.
    pub went: u64,
    /// By what it is: what is needed and what is there. `None` where one of the two is not stated.
    pub loads: [Option<(u64, u64)>; 5],
    /// The rent, in whole units.
    pub rent: Option<u64>,
    /// Jobs for people of the community.
    pub jobs: u64,
}

fn part(n: u64, share: u64) -> u64 {
    (u128::from(n) * u128::from(share) / u128::from(WHOLE)) as u64
}

/// A community month by month; `value(subject, parameter, step, range)` says what a range is in this future.
///
/// # Panics
/// Where somebody appeared or vanished, which is a bug of ours.
pub fn month_by_month(
    plan: &Plan,
    number: usize,
    value: &impl Fn(&str, Parameter, u32, &Range) -> u64,
) -> Vec<State> {
    let of = &plan.communities[number];
    let once = |parameter, range: &Range| value(&of.name, parameter, 0, range);
    let in_need = of.in_need.as_ref().map(|range| once(Parameter::InNeed, range));
    let school_age = of.school_age.as_ref().map(|range| once(Parameter::SchoolAge, range));
    let rise = of.rent_rise.as_ref().map(|range| once(Parameter::RentRise, range));
    let late: Vec<(usize, u64)> = plan
        .promised
        .iter()
        .enumerate()
        .filter(|(_, promised)| promised.community == number)
        .map(|(n, promised)| (n, value(&format!("{}/{n}", promised.by), Parameter::Late, 0, &promised.late)))
        .collect();
    let (mut displaced, mut came_in_all, mut went_in_all) = (of.displaced, 0_u64, 0_u64);
    let mut carried = 0_u64;
    let mut states = Vec::new();
    for n in 0..plan.months {
        let month = plan.from.plus(n);
        let each = |parameter, range: &Range| {
            value(&of.name, parameter, if range.each == Each::Month { n + 1 } else { 0 }, range)
        };
        let (mut came, mut went) = (0, 0);
        if let Some(here) = &mut displaced {
            let all =
                u128::from(*here) * u128::from(each(Parameter::Returns, &of.returns)) + u128::from(carried);
            carried = (all % u128::from(WHOLE)) as u64;
            went = ((all / u128::from(WHOLE)) as u64).min(*here);
            came = each(Parameter::Arrivals, &of.arrivals);
            *here = *here - went + came;
            came_in_all += came;
            went_in_all += went;
            let begun = of.displaced.unwrap_or(0);
            assert_eq!(*here + went_in_all, begun + came_in_all, "somebody appeared or vanished");
        }
        let promised = late.iter().map(|(n, late)| plan.promised[*n].places.at(month, *late)).sum::<u64>();
        let loads = loads(plan, of, number, n, displaced, in_need, school_age, promised);
        let rent = match (of.rent, rise, of.residents, loads[0]) {
            (Some(rent), Some(rise), Some(residents), Some((needed, there))) if residents > 0 => {
                let short = u128::from(needed.saturating_sub(there));
                let more = u128::from(rent) * u128::from(rise) * short * 100;
                Some(rent + (more / (u128::from(WHOLE) * u128::from(residents))) as u64)
            }
            _ => None,
        };
        let here = plan.sites.iter().filter(|site| site.community == number);
        let jobs = here.map(|site| site.jobs.at(month, 0)).sum();
        states.push(State { displaced, came, went, loads, rent, jobs });
    }
    states
}

#[expect(clippy::too_many_arguments, reason = "what one future says of a month, each by its own name")]
fn loads(
    plan: &Plan,
    of: &Community,
    number: usize,
    n: u32,
    displaced: Option<u64>,
    in_need: Option<u64>,
    school_age: Option<u64>,
    promised: u64,
) -> [Option<(u64, u64)>; 5] {
    let month = plan.from.plus(n);
    let here: Vec<_> = plan.sites.iter().filter(|site| site.community == number).collect();
    let families: u64 = here.iter().map(|site| part(site.people.at(month, 0), site.families)).sum();
    let at = |steps: &Option<super::plan::Steps>| steps.as_ref().map(|steps| steps.at(month, 0));
    // Who is stationed lives on the base; their families live among the others.
    let housing = displaced
        .zip(in_need)
        .zip(at(&of.housing))
        .map(|((displaced, need), there)| (part(displaced, need) + families, there + promised));
    let schools = of
        .pupils
        .zip(displaced)
        .zip(school_age)
        .zip(at(&of.schools))
        .map(|(((pupils, displaced), share), there)| (pupils + part(displaced + families, share), there));
    let water = of.residents.zip(displaced).zip(of.litres).zip(at(&of.water)).map(
        |(((residents, displaced), litres), there)| {
            let bases: u64 = here.iter().map(|site| site.people.at(month, 0) * site.litres).sum();
            (((residents + displaced + families) * litres + bases).div_ceil(1000), there)
        },
    );
    let roads = of.vehicles.zip(at(&of.roads)).map(|(vehicles, there)| {
        (vehicles + here.iter().map(|site| site.vehicles.at(month, 0)).sum::<u64>(), there)
    });
    let areas: Vec<_> = here.iter().filter(|site| site.kind == Kind::TrainingArea).collect();
    let agreed: Option<u64> = areas.iter().map(|site| site.days_at_most).sum();
    let training = agreed
        .filter(|_| !areas.is_empty())
        .map(|agreed| (areas.iter().map(|site| site.days.at(month, 0)).sum(), agreed));
    [housing, schools, water, roads, training]
}

/// A complaint of the plan, and what becomes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Case {
    /// Received.
    pub received: Date,
    /// Acknowledged.
    pub acknowledged: Date,
    /// Answered, where that is within the plan.
    pub answered: Option<Date>,
}

/// What a desk does: complaints of a month come evenly over its days; so do the answers that it can give, the oldest complaint first. What
/// it could have answered on a day on which nothing waits is not kept for later.
pub fn answered(plan: &Plan, desk: &Desk, complaints: impl Fn(u32) -> u64) -> Vec<Case> {
    let later = |day: Date, days: u64| {
        let days = i64::try_from(days.min(4000)).unwrap_or(4000);
        day.checked_add(jiff::Span::new().days(days)).unwrap_or(Date::MAX)
    };
    let mut cases: Vec<Case> = Vec::new();
    let mut waiting: VecDeque<usize> = VecDeque::new();
    let (mut before, mut able) = (desk.waiting, 0_u64);
    for n in 0..plan.months {
        let month = plan.from.plus(n);
        let first = month.first_day();
        let days = u64::from(first.days_in_month().unsigned_abs());
        let (come, capacity) = (complaints(n), desk.answers.at(month, 0));
        for day in 0..days {
            let today = later(first, day);
            // Of so many in a month, those whose turn it is on this day.
            for _ in (come * day / days)..(come * (day + 1) / days) {
                waiting.push_back(cases.len());
                let acknowledged = later(today, desk.acknowledged);
                cases.push(Case { received: today, acknowledged, answered: None });
            }
            able += capacity;
            while able >= days {
                if before > 0 {
                    before -= 1;
                } else if let Some(&next) =
                    waiting.front().filter(|case| later(cases[**case].received, desk.least) <= today)
                {
                    waiting.pop_front();
                    cases[next].answered = Some(today);
                } else {
                    able %= days;
                    break;
                }
                able -= days;
            }
        }
    }
    cases
}
