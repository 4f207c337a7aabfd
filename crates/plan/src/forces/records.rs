//! A future of a force as records marked planned or simulated: what the engine is asked with.
//!
//! It makes them and gives them to nobody. They are no facts: an engine that is not asked about a future leaves them aside. It tells numbers
//! of people, of the whole force or of a category, and nothing else of it.
//!
//! Invariants
//! - what serves is told as it is at the beginning, on the first day, and as it is at the end of every month, on its last day; what was
//!   trained is told from the end of the first month on, since nobody has been trained before;
//! - what the plan calls its numbers is held against the agreement before a record is made: an unknown name is refused, with what to do.
//!
//! Where to start reading: [`named`], then [`records`].

use super::plan::{Measure, Parameter, Plan, Range, Terms};
use super::{draw, month_by_month};
use crate::Refusal;
use crate::supposed::Supposed;
use jiff::civil::Date;
use servanda_model::agreement::{FactKind, RoleType};
use servanda_model::record::{Basis, RoleValue};
use servanda_model::{Agreement, Calendar, Instant, Name, Number, Place, Record};
use std::collections::BTreeMap;

/// What a range is in a future; its likely value in the plan itself.
pub fn value(
    plan: &Plan,
    seed: u64,
    future: Option<u32>,
) -> impl Fn(usize, Parameter, u32, &Range) -> u64 + '_ {
    move |category, parameter, step, range| match future {
        None => range.likely,
        Some(future) => draw(seed, future, &plan.categories[category].name, parameter, step, range),
    }
}

/// A measure of the agreement, and the number of the plan that it is told.
#[derive(Clone, PartialEq, Debug)]
pub struct Named {
    /// The measure.
    pub measure: Name,
    counts: Measure,
    category: Option<usize>,
    roles: Vec<(Name, RoleValue)>,
    place: Option<Place>,
}

/// What the plan's numbers are called in the agreement, held against it.
///
/// # Errors
/// Where the plan does not say it, or names a measure, a role, a party or a value that the agreement does not have.
pub fn named(plan: &Plan, agreement: &Agreement) -> Result<Vec<Named>, Refusal> {
    if plan.terms.is_empty() {
        return Err(Refusal::new(
            "the plan does not say what its numbers are called in the agreement",
            "add `[[records]]` with `measure`, `counts` and `roles` (docs/guides/planning.md)",
        ));
    }
    plan.terms.iter().map(|terms| one(terms, agreement)).collect()
}

fn listed<'a>(names: impl Iterator<Item = &'a Name>, none: &str) -> String {
    let names: Vec<&str> = names.map(Name::as_str).collect();
    if names.is_empty() { none.to_string() } else { format!("there is: {}", names.join(", ")) }
}

fn one(terms: &Terms, agreement: &Agreement) -> Result<Named, Refusal> {
    let is_measure = |kind: FactKind| kind == FactKind::Measure;
    let fact = agreement.facts.get(terms.measure.as_str()).filter(|fact| is_measure(fact.kind));
    let Some(fact) = fact else {
        let measures = agreement.facts.iter().filter(|(_, fact)| is_measure(fact.kind));
        return Err(Refusal::new(
            format!("`[[records]]`: the agreement has no measure `{}`", terms.measure),
            listed(measures.map(|(name, _)| name), "the agreement declares no measure"),
        ));
    };
    let mut made = Named {
        measure: terms.measure.as_str().into(),
        counts: terms.counts,
        category: terms.category,
        roles: Vec::new(),
        place: None,
    };
    let whose = fact
        .roles
        .iter()
        .find(|(role, kind)| *kind == RoleType::Party && !terms.roles.contains_key(role.as_str()));
    if let Some((role, _)) = whose {
        let parties = listed(agreement.parties.keys(), "the agreement declares no party");
        return Err(Refusal::new(
            format!("`[[records]]`: nothing says whose `{}` it is, in the role `{role}`", terms.measure),
            format!("add it to `roles`; {parties}"),
        ));
    }
    for (role, words) in &terms.roles {
        let wrong = |what: &str, help: String| {
            Refusal::new(format!("`[[records]]`, role `{role}` of `{}`: {what}", terms.measure), help)
        };
        let Some((role, kind)) = fact.roles.iter().find(|(name, _)| name.as_str() == role) else {
            let roles = fact.roles.iter().map(|(name, _)| name);
            return Err(wrong("the measure does not carry it", listed(roles, "it carries none")));
        };
        let name = Name::from(words.as_str());
        let known = |there: bool, names: String| match there {
            true => Ok(RoleValue::Name(name.clone())),
            false => Err(wrong(&format!("the agreement has no `{words}` for it"), names)),
        };
        let value = match kind {
            RoleType::Party => {
                let parties = agreement.parties.keys().chain(agreement.groups.keys());
                known(parties.clone().any(|party| *party == name), listed(parties, "it declares no party"))?
            }
            RoleType::Body => {
                let bodies = agreement.bodies.keys();
                known(agreement.bodies.contains_key(&name), listed(bodies, "it declares no body"))?
            }
            RoleType::Class(class) => {
                let values = agreement.classes.get(class).map(|class| &class.values);
                let there = values.is_some_and(|values| values.contains_key(&name));
                known(there, listed(values.into_iter().flat_map(|values| values.keys()), "it has no value"))?
            }
            RoleType::Text => RoleValue::Text(words.clone()),
            RoleType::Place => {
                // The record's own place, and where the role has another name, the role too.
                made.place = Some(Place::Named(name.clone()));
                if role.as_str() == "at" {
                    continue;
                }
                RoleValue::Name(name)
            }
            RoleType::Number(_) | RoleType::Time => {
                let help = "leave it out: only parties, bodies, places, values of classes and texts can be told here";
                return Err(wrong("it is a number or a time", help.into()));
            }
        };
        made.roles.push((role.clone(), value));
    }
    Ok(made)
}

/// Records of a future, whose source is the name of its world. `value` says what each range is in it ([`value`]).
///
/// A day begins where the agreement counts its days; `recorded` is when they are made.
pub fn records(
    plan: &Plan,
    named: &[Named],
    value: &impl Fn(usize, Parameter, u32, &Range) -> u64,
    basis: Basis,
    world: &str,
    recorded: Instant,
    calendar: &Calendar,
) -> Vec<Record> {
    let parties = BTreeMap::new();
    let made = Supposed { basis, world, recorded, calendar, parties: &parties };
    let history = month_by_month(plan, value);
    let last_day = |n: u32| plan.from.plus(n + 1).first_day().yesterday().unwrap_or(Date::MAX);
    let mut all = Vec::new();
    for (number, of) in named.iter().enumerate() {
        let mut told: Vec<(Date, u64)> = Vec::new();
        if of.counts == Measure::Serving {
            let begun = plan.categories.iter().enumerate();
            let begun = begun.filter(|(index, _)| of.category.is_none_or(|only| only == *index));
            told.push((plan.from.first_day(), begun.map(|(_, category)| category.serving).sum()));
        }
        told.extend(
            (0..plan.months).map(|n| (last_day(n), history.measured(of.category, of.counts, n as usize))),
        );
        for (day, people) in told {
            let id = format!("{world}/{}/{number}/{day}", of.measure);
            let mut record = made.blank(id, of.measure.as_str(), day);
            record.roles.extend(of.roles.iter().cloned());
            record.place = of.place.clone();
            record.value = Some(Number::from(i64::try_from(people).unwrap_or(i64::MAX)));
            all.push(record);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "from='2026-01'\nmonths=14\n[[category]]\nname='a'\nserving=1000\nrecruits=100\nplaces=1000\ntraining-months=3\n\
        [[category]]\nname='b'\nserving=50\nrecruits={low=0,likely=0,high=10}\nplaces=1000\ntraining-months=3\n\
        [[records]]\nmeasure='strength'\ncounts='serving'\nroles={of='Freedonia',at='coast',branch='land',kind='regular'}\n\
        [[records]]\nmeasure='taught'\ncounts='trained'\ncategory='a'\n";

    fn agreement() -> Agreement {
        let text = "# T\n\n```pact\nparty Freedonia\nzone coast\n  shape \"Lviv\"\nclass sort\n  value regular\n  value reserve\n\
            measure strength\n  says \"strength of {of} at {at} ({branch}, {kind}, {n})\"\n  \
            carries of: party, at: place, branch: text, kind: sort, n: number persons\n  unit persons\n\
            measure taught\n  says \"trained\"\n  unit persons\nevent parade\n  says \"a parade\"\n```\n";
        let checked = servanda_lang::check(text);
        assert!(
            checked.diagnostics.iter().all(|d| d.severity != servanda_lang::diagnostic::Severity::Error),
            "{:?}",
            checked.diagnostics
        );
        checked.agreement
    }

    #[test]
    fn every_month_is_told_once_with_what_the_plan_has_then() {
        let (plan, agreement) = (Plan::read("t", PLAN).unwrap(), agreement());
        let named = named(&plan, &agreement).unwrap();
        let made = |future| {
            let value = value(&plan, 3, future);
            let now = Instant::parse_utc("2026-01-01T00:00:00Z").unwrap();
            records(&plan, &named, &value, Basis::Planned, "w", now, &agreement.calendar)
        };
        let all = made(None);
        assert_eq!(all.len(), 15 + 14);
        let of = |fact: &str| -> Vec<(String, String)> {
            let of = all.iter().filter(|record| record.fact.as_str() == fact);
            of.map(|r| {
                (r.id.as_str().rsplit('/').next().unwrap().to_string(), r.value.as_ref().unwrap().to_string())
            })
            .collect()
        };
        let pair = |day: &str, n: &str| (day.to_string(), n.to_string());
        // Who is recruited in January is trained in April; nobody of `b` is recruited, at its likely value.
        assert_eq!(
            of("strength")[..5],
            [
                pair("2026-01-01", "1050"),
                pair("2026-01-31", "1050"),
                pair("2026-02-28", "1050"),
                pair("2026-03-31", "1050"),
                pair("2026-04-30", "1150")
            ]
        );
        assert_eq!(of("strength")[14], pair("2027-02-28", "2150"));
        assert_eq!(
            of("taught")[1..4],
            [pair("2026-02-28", "0"), pair("2026-03-31", "0"), pair("2026-04-30", "100")]
        );
        assert!(all.iter().all(|r| r.basis == Basis::Planned && r.source == "w"));
        let first = &all[0];
        assert_eq!(first.place, Some(Place::Named("coast".into())));
        let roles: Vec<(&str, &RoleValue)> =
            first.roles.iter().map(|(name, value)| (name.as_str(), value)).collect();
        assert_eq!(
            roles,
            [
                ("branch", &RoleValue::Text("land".into())),
                ("kind", &RoleValue::Name("regular".into())),
                ("of", &RoleValue::Name("Freedonia".into())),
            ]
        );
        let drawn: Vec<Vec<Record>> = (0..20).map(|n| made(Some(n))).collect();
        assert_eq!(drawn, (0..20).map(|n| made(Some(n))).collect::<Vec<_>>());
        assert!(drawn.iter().any(|records| *records != all), "a future is not the plan itself");
    }

    #[test]
    fn names_that_the_agreement_does_not_have_are_refused() {
        let agreement = agreement();
        for (from, to, message, help) in [
            ("measure='strength'", "measure='strenght'", "no measure `strenght`", "strength, taught"),
            ("measure='strength'", "measure='parade'", "no measure `parade`", "strength, taught"),
            (
                "of='Freedonia'",
                "of='Sylvania'",
                "role `of` of `strength`: the agreement has no `Sylvania`",
                "Freedonia",
            ),
            ("of='Freedonia',", "", "nothing says whose `strength` it is, in the role `of`", "Freedonia"),
            ("kind='regular'", "kind='irregular'", "no `irregular`", "regular, reserve"),
            ("branch='land'", "n='3'", "it is a number or a time", "leave it out"),
            (
                "branch='land'",
                "arm='land'",
                "role `arm` of `strength`: the measure does not carry it",
                "of, at, branch",
            ),
        ] {
            let plan = Plan::read("t", &PLAN.replacen(from, to, 1)).unwrap();
            let refusal = named(&plan, &agreement).unwrap_err();
            assert!(refusal.message.contains(message), "{}", refusal.message);
            assert!(refusal.help.contains(help), "{}", refusal.help);
        }
        let (bare, _) = PLAN.split_once("[[records]]").unwrap();
        let refusal = named(&Plan::read("t", bare).unwrap(), &agreement).unwrap_err();
        assert!(refusal.help.contains("`[[records]]`"), "{}", refusal.help);
    }
}
