//! A schedule as records marked planned: what the engine is asked with.
//!
//! It makes them and gives them to nobody. They are no facts: an engine that is not asked about a future leaves them aside.
//! Strength is told for a partner and a region, on the first of every month and whenever it changes.

use super::{Plan, Schedule, Stay, Terms, persons};
use crate::supposed::Supposed;
use jiff::civil::Date;
use servanda_model::record::{Basis, RoleValue};
use servanda_model::{Calendar, Instant, Number, Place, Record};
use std::collections::{BTreeMap, BTreeSet};

/// Records of a schedule, whose source is the name of its world.
///
/// A day begins where the agreement counts its days; `recorded` is when they are made.
pub fn records(
    plan: &Plan,
    terms: &Terms,
    schedule: &Schedule,
    world: &str,
    recorded: Instant,
    calendar: &Calendar,
) -> Vec<Record> {
    let mut all = Vec::new();
    let made = Supposed { basis: Basis::Planned, world, recorded, calendar, parties: &terms.parties };
    let end = plan.last().plus(1).first_day();
    let mut by: BTreeMap<(&str, &str), Vec<&Stay>> = BTreeMap::new();
    for stay in &schedule.stays {
        by.entry((&stay.partner, &stay.region)).or_default().push(stay);
    }
    for ((partner, region), stays) in &by {
        let mut moments: BTreeSet<Date> = (0..plan.months).map(|n| plan.from.plus(n).first_day()).collect();
        moments.extend(stays.iter().flat_map(|s| [s.arrives, s.leaves]).filter(|day| *day < end));
        let first = stays.iter().map(|s| s.arrives).min().unwrap_or(end);
        for day in moments.into_iter().filter(|day| *day >= first) {
            let here = stays.iter().filter(|s| s.arrives <= day && day < s.leaves);
            let n: u64 = here.map(|s| persons(plan, s)).sum();
            let mut record = made.blank(format!("{world}/{partner}/{region}/{day}"), &terms.measure, day);
            record.roles.insert(terms.of.as_str().into(), made.party(partner));
            for (role, words) in &terms.with {
                record.roles.insert(role.as_str().into(), RoleValue::Text(words.clone()));
            }
            match &terms.at {
                Some(role) if role != "at" => {
                    record.roles.insert(role.as_str().into(), RoleValue::Name((*region).into()));
                }
                _ => record.place = Some(Place::Named((*region).into())),
            }
            record.value = Some(Number::from(n as i64));
            all.push(record);
        }
    }
    for stay in schedule.stays.iter().filter(|s| !s.begun && s.arrives < end) {
        let reference = format!("{}/{}/{}/{}", stay.partner, stay.name, stay.unit, stay.arrives);
        let of = plan.contingents.iter().find(|c| c.partner == stay.partner && c.name == stay.name);
        let told = super::plan::days(stay.arrives, -of.map_or(0, |of| i64::from(of.notice)));
        for (fact, day) in [(&terms.notice, told), (&terms.rotation, stay.arrives)] {
            let Some(fact) = fact else { continue };
            let mut record = made.blank(format!("{world}/{fact}/{reference}"), fact, day);
            record.roles.insert("by".into(), made.party(&stay.partner));
            record.roles.insert("reference".into(), RoleValue::Text(reference.clone()));
            if Some(fact) == terms.notice.as_ref() {
                record.roles.extend(
                    terms.notice_to.as_ref().map(|to| ("to".into(), RoleValue::Name(to.as_str().into()))),
                );
            } else {
                record
                    .roles
                    .insert("persons".into(), RoleValue::Number(Number::from(persons(plan, stay) as i64)));
                record.place = Some(Place::Named(stay.region.as_str().into()));
            }
            all.push(record);
        }
    }
    all
}
