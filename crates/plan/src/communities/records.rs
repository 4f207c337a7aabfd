//! A future of communities as records marked planned or simulated: what the engine is asked with.
//!
//! It makes them and gives them to nobody. They are no facts: an engine that is not asked about a future leaves them aside. It tells places
//! that are promised, and complaints with their acknowledgement and answer; a case has a number of the plan and nobody in it.

use super::load::{Case, answered};
use super::plan::{Parameter, Plan, Terms};
use crate::forces::{Each, Range};
use crate::supposed::Supposed;
use servanda_model::record::{Basis, RoleValue};
use servanda_model::{Calendar, Instant, Number, Place, Record};
use std::collections::BTreeMap;

/// Records of a future, whose source is the name of its world. `value` says what each range is in it.
///
/// A day begins where the agreement counts its days; `recorded` is when they are made.
pub fn records(
    plan: &Plan,
    terms: &Terms,
    value: &impl Fn(&str, Parameter, u32, &Range) -> u64,
    basis: Basis,
    world: &str,
    recorded: Instant,
    calendar: &Calendar,
) -> Vec<Record> {
    let mut all = Vec::new();
    let made = Supposed { basis, world, recorded, calendar, parties: &terms.parties };
    if let Some(measure) = &terms.housing {
        let mut by: BTreeMap<usize, Vec<(usize, u64)>> = BTreeMap::new();
        for (n, promised) in plan.promised.iter().enumerate() {
            let late = value(&format!("{}/{n}", promised.by), Parameter::Late, 0, &promised.late);
            by.entry(promised.community).or_default().push((n, late));
        }
        for (community, promised) in by {
            let name = plan.communities[community].name.as_str();
            for n in 0..plan.months {
                let month = plan.from.plus(n);
                let places: u64 =
                    promised.iter().map(|(n, late)| plan.promised[*n].places.at(month, *late)).sum();
                let mut record =
                    made.blank(format!("{world}/housing/{name}/{month}"), measure, month.first_day());
                record.place = Some(Place::Named(name.into()));
                record.value = Some(Number::from(places as i64));
                all.push(record);
            }
        }
    }
    let Some(complaint) = &terms.complaint else { return all };
    for (n, desk) in plan.desks.iter().enumerate() {
        let name = plan.communities[desk.community].name.as_str();
        let cases = cases(plan, n, value);
        for (number, case) in cases.into_iter().enumerate() {
            let reference = format!("{world}/{n}/{}", number + 1);
            let told = [
                (Some(complaint), "to", Some(case.received)),
                (terms.acknowledged.as_ref(), "by", Some(case.acknowledged)),
                (terms.answer.as_ref(), "by", case.answered),
            ];
            for (fact, role, day) in told {
                let (Some(fact), Some(day)) = (fact, day) else { continue };
                let mut record = made.blank(format!("{reference}/{fact}"), fact, day);
                record.roles.insert(role.into(), made.party(&desk.to));
                record.roles.insert("case".into(), RoleValue::Text(reference.clone()));
                if fact == complaint {
                    record.place = Some(Place::Named(name.into()));
                    record.received = Some(calendar.start_of_day(day));
                }
                all.push(record);
            }
        }
    }
    all
}

/// What a desk does in a future.
pub fn cases(plan: &Plan, number: usize, value: &impl Fn(&str, Parameter, u32, &Range) -> u64) -> Vec<Case> {
    let desk = &plan.desks[number];
    let subject = format!("{}/{number}", desk.to);
    answered(plan, desk, |n| {
        let step = if desk.complaints.each == Each::Month { n + 1 } else { 0 };
        value(&subject, Parameter::Complaints, step, &desk.complaints)
    })
}
