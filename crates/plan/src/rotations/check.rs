//! The check of a schedule, by a way of its own: in days, unit by unit, from the plan's words.
//!
//! It shares nothing with the program that made the schedule but the plan as read; it knows no tours, columns or rows. What it
//! finds is named; a schedule with a finding is never given out.

use super::plan::{Plan, days};
use jiff::civil::Date;
use servanda_model::Number;
use std::collections::{BTreeMap, BTreeSet};

/// One contingent's stay, in days.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Stay {
    /// The partner.
    pub partner: String,
    /// What kind of contingent.
    pub name: String,
    /// Which of them, from 1.
    pub unit: u32,
    /// In which region.
    pub region: String,
    /// The day on which it is there.
    pub arrives: Date,
    /// The first day on which it counts: its hand-over is done.
    pub takes_over: Date,
    /// The first day on which it is gone.
    pub leaves: Date,
    /// It had begun before the plan was decided: no notice, and no length of tour, is asked of it.
    pub begun: bool,
}

/// What was checked, and what was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Checked {
    /// Days of the plan.
    pub days: usize,
    /// Stays.
    pub stays: usize,
    /// What is against the plan; empty where it holds.
    pub findings: Vec<String>,
}

/// Checks a schedule against its plan.
pub fn check(plan: &Plan, stays: &[Stay]) -> Checked {
    let mut findings = Vec::new();
    let end = plan.last().plus(1).first_day();
    let mut units: BTreeMap<(&str, &str, u32), Vec<&Stay>> = BTreeMap::new();
    for stay in stays {
        let told = format!("{}, {}, unit {} of {}", stay.partner, stay.name, stay.unit, stay.arrives);
        let Some(of) = plan.contingents.iter().find(|c| c.partner == stay.partner && c.name == stay.name)
        else {
            findings.push(format!("{told}: the plan has no such contingent"));
            continue;
        };
        if stay.unit == 0 || stay.unit > of.there_are {
            findings.push(format!("{told}: there are only {}", of.there_are));
        }
        if stay.takes_over >= stay.leaves || days(stay.arrives, plan.overlap.into()) > stay.takes_over {
            findings.push(format!("{told}: it has no {} days of hand-over", plan.overlap));
        }
        let first = |months: u32| {
            let from = crate::Month::of_day(stay.takes_over);
            from.map(|from| from.plus(months).first_day())
        };
        if !stay.begun {
            if stay.takes_over.day() != 1
                || !of.tours.iter().any(|months| first(*months) == Some(stay.leaves))
            {
                findings.push(format!(
                    "{told}: from {} to {} is no tour of its kind",
                    stay.takes_over, stay.leaves
                ));
            }
            if !of.regions.contains(&stay.region) {
                findings.push(format!("{told}: a caveat keeps it out of {}", stay.region));
            }
            for caveat in &of.not_in {
                if stay.arrives < caveat.until.plus(1).first_day() && caveat.from.first_day() < stay.leaves {
                    findings.push(format!(
                        "{told}: a caveat keeps it out from {} to {}",
                        caveat.from, caveat.until
                    ));
                }
            }
            if stay.takes_over < of.during.from.first_day()
                || stay.leaves > of.during.until.plus(1).first_day()
            {
                findings.push(format!("{told}: it is not at hand"));
            }
        }
        if let Some(leaves) = plan.partners.get(&stay.partner).and_then(|p| p.leaves)
            && stay.leaves > leaves.first_day()
        {
            findings.push(format!("{told}: its partner leaves in {leaves}"));
        }
        units.entry((&stay.partner, &stay.name, stay.unit)).or_default().push(stay);
    }
    for ((partner, name, unit), mut of) in units {
        of.sort_by_key(|stay| stay.arrives);
        let Some(kind) = plan.contingents.iter().find(|c| c.partner == partner && c.name == name) else {
            continue;
        };
        for pair in of.windows(2) {
            let home = crate::Month::of_day(pair[0].leaves).map(|month| {
                days(month.plus(kind.recovery + kind.training).first_day(), -i64::from(plan.overlap))
            });
            if home.is_none_or(|ready| pair[1].arrives < ready) {
                findings.push(format!(
                    "{partner}, {name}, unit {unit}: out again on {}, and not ready",
                    pair[1].arrives
                ));
            }
        }
    }
    findings.extend(daily(plan, stays, end));
    findings.extend(money(plan, stays, end));
    let span = plan.from.first_day().until(end).map_or(0, |span| span.get_days().max(0) as usize);
    Checked { days: span, stays: stays.len(), findings }
}

/// That no stay that was not scheduled before comes earlier than its notice allows.
pub fn notice(plan: &Plan, stays: &[Stay], before: &BTreeSet<(String, String, Date, Date)>) -> Vec<String> {
    let late = |stay: &&Stay| {
        let kind = plan.contingents.iter().find(|c| c.partner == stay.partner && c.name == stay.name);
        let told = (stay.partner.clone(), stay.name.clone(), stay.takes_over, stay.leaves);
        !stay.begun
            && !before.contains(&told)
            && kind.is_none_or(|of| days(plan.decided, of.notice.into()) > stay.arrives)
    };
    let word = |stay: &Stay| {
        format!("{}, {}: {} is earlier than its notice allows", stay.partner, stay.name, stay.arrives)
    };
    stays.iter().filter(late).map(word).collect()
}

fn daily(plan: &Plan, stays: &[Stay], end: Date) -> Vec<String> {
    let persons = |stay: &Stay| {
        let kind = plan.contingents.iter().find(|c| c.partner == stay.partner && c.name == stay.name);
        kind.map_or(0, |of| of.persons)
    };
    let (mut findings, mut day) = (Vec::new(), plan.from.first_day());
    while day < end {
        let on_watch: Vec<&Stay> = stays.iter().filter(|s| s.takes_over <= day && day < s.leaves).collect();
        let there: Vec<&Stay> = stays.iter().filter(|s| s.arrives <= day && day < s.leaves).collect();
        for presence in &plan.presences {
            if day < presence.during.from.first_day() || day >= presence.during.until.plus(1).first_day() {
                continue;
            }
            let of = |list: &[&Stay]| -> u64 {
                list.iter().filter(|s| presence.regions.contains(&s.region)).map(|s| persons(s)).sum()
            };
            let (watch, ground) = (of(&on_watch), of(&there));
            if watch < presence.at_least {
                findings.push(format!(
                    "{}: {watch} people on {day}, and not {}",
                    presence.name, presence.at_least
                ));
            }
            if presence.at_most.is_some_and(|most| ground > most) {
                findings.push(format!("{}: {ground} people on {day} are too many", presence.name));
            }
        }
        let all: u64 = on_watch.iter().map(|s| persons(s)).sum();
        let mut by_partner: BTreeMap<&str, u64> = BTreeMap::new();
        for stay in &on_watch {
            *by_partner.entry(&stay.partner).or_default() += persons(stay);
        }
        for (partner, n) in by_partner {
            let share = plan.share(partner);
            if Number::from(n as i64 * 100) > share.clone() * Number::from(all as i64) {
                findings.push(format!("{partner}: {n} of {all} people on {day} are more than its share"));
            }
        }
        day = days(day, 1);
    }
    findings
}

/// What each partner's stays cost in each calendar year.
pub fn cost(plan: &Plan, stays: &[Stay], end: Date) -> BTreeMap<(String, i16), Number> {
    let mut by: BTreeMap<(String, i16), Number> = BTreeMap::new();
    for stay in stays {
        let Some(of) = plan.contingents.iter().find(|c| c.partner == stay.partner && c.name == stay.name)
        else {
            continue;
        };
        let mut add = |year: i16, amount: Number| {
            let sum = by.entry((stay.partner.clone(), year)).or_default();
            *sum = sum.clone() + amount;
        };
        let mut day = stay.takes_over;
        if day >= plan.from.first_day() {
            let coming = Number::from(i64::from(plan.overlap)).over(&Number::from(30)).unwrap_or_default();
            add(day.year(), of.cost_move.clone() + coming * of.cost_month.clone());
        }
        while day < stay.leaves && day < end {
            if day.day() == 1 && day >= plan.from.first_day() {
                add(day.year(), of.cost_month.clone());
            }
            day = days(day, 1);
        }
    }
    by
}

fn money(plan: &Plan, stays: &[Stay], end: Date) -> Vec<String> {
    let above = |((partner, year), cost): ((String, i16), Number)| {
        let most = plan.partners.get(&partner)?.cost_a_year.clone()?;
        (cost > most).then(|| format!("{partner}: its cost in {year} is above {most}"))
    };
    cost(plan, stays, end).into_iter().filter_map(above).collect()
}
