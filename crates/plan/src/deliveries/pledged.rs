//! Deliveries beside the support ledger: what was promised of each item and how far it came, and what of it that is late the plan starves of.
//!
//! It moves no delivery: the plan's months are as they are written. Where plan and ledger do not fit together, that is named as a gap.
//!
//! Invariants
//! - items are the same where their names are, and only whole pieces are held against pieces;
//! - a late pledge is one of [`Ledger::late`], with what of it is open;
//! - what is pledged and has not come, and what the plan has to arrive, are shown side by side and never added.

use super::{Plan, Short, State, month_by_month};
use crate::answer::{Cell, Shown};
use crate::month::Month;
use crate::support::{Entry, Ledger, Stage};
use crate::{Answer, Refusal};
use jiff::civil::Date;
use servanda_model::Number;
use std::collections::{BTreeMap, BTreeSet};

/// The unit in which the ledger counts what a plan of deliveries counts.
const PIECES: &str = "pieces";

/// An answer about a plan, with the ledger beside it as it stands on a day.
///
/// # Errors
/// Where no entry is of an item of the plan in pieces: the names do not fit together.
pub fn beside(mut answer: Answer, plan: &Plan, ledger: &Ledger, at: Date) -> Result<Answer, Refusal> {
    let of_plan =
        |entry: &&Entry| entry.unit == PIECES && plan.items.iter().any(|item| item.name == entry.item);
    if !ledger.added().any(|entry| of_plan(&entry)) {
        let items: Vec<&str> = plan.items.iter().map(|item| item.name.as_str()).collect();
        let named: BTreeSet<&str> = ledger.added().map(|entry| entry.item.as_str()).collect();
        return Err(Refusal::new(
            format!("no entry of the ledger is of an item of the plan, in `{PIECES}`"),
            format!(
                "the plan's items are: {}; the ledger's: {}",
                items.join(", "),
                named.into_iter().take(20).collect::<Vec<_>>().join(", ")
            ),
        ));
    }
    let (stages, mut gaps) = stages(plan, ledger, at);
    let late = late(plan, ledger, at);
    let at_worst = answer.tables.iter().position(|table| table.name == "starves").map_or(0, |n| n + 1);
    answer.tables.insert(at_worst, late);
    answer.tables.insert(at_worst + 1, stages);
    answer.gaps.append(&mut gaps);
    answer.assumptions.push(format!(
        "the ledger as it stands on {at}; its items are those of the plan that have the same name, counted in pieces; what came counts for the pledge that is due first"
    ));
    Ok(answer)
}

fn whole(n: u64) -> Number {
    Number::from(i64::try_from(n).unwrap_or(i64::MAX))
}

fn stages(plan: &Plan, ledger: &Ledger, at: Date) -> (Shown, Vec<String>) {
    let mut gaps = Vec::new();
    let mut rows = Vec::new();
    let by_line = ledger.sums();
    for item in &plan.items {
        let mut planned: BTreeMap<&str, u64> = BTreeMap::new();
        for ((_, partner), quantity) in &item.deliveries {
            *planned.entry(partner).or_default() += quantity;
        }
        let told = by_line.keys().filter(|(_, of, unit)| *of == item.name && unit == PIECES);
        let partners: BTreeSet<&str> =
            told.map(|(partner, ..)| partner.as_str()).chain(planned.keys().copied()).collect();
        for partner in partners {
            let sums = by_line.get(&(partner.to_string(), item.name.clone(), PIECES.to_string()));
            let of = |stage: Stage| sums.and_then(|sums| sums.get(&stage)).cloned();
            let planned = whole(planned.get(partner).copied().unwrap_or(0));
            let received = of(Stage::Received).unwrap_or_default();
            let open = of(Stage::Pledged).map(|pledged| (pledged - received).max(Number::zero()));
            let unpledged = planned.clone() - open.clone().unwrap_or_default();
            if unpledged > Number::zero() {
                gaps.push(format!(
                    "{}: the plan has {planned} of {partner} to arrive, and {} are pledged and have not come by {at}",
                    item.name,
                    open.clone().unwrap_or_default()
                ));
            }
            let mut row = vec![Cell::text(&item.name), Cell::text(partner)];
            row.extend(Stage::ALL.map(|stage| Cell::of(of(stage), 0)));
            row.extend([
                Cell::of(open, 0),
                Cell::Number(planned, 0),
                Cell::Number(unpledged.max(Number::zero()), 0),
            ]);
            rows.push(row);
        }
    }
    let shown = Shown {
        name: "stages",
        title: format!(
            "how far what was promised came by {at}, in pieces; what is pledged and has not been received, what the plan has to arrive, and what of that nobody has pledged"
        ),
        columns: vec![
            "item",
            "partner",
            "pledged",
            "allocated",
            "contracted",
            "shipped",
            "received",
            "trained",
            "operational",
            "open",
            "planned",
            "not_pledged",
        ],
        rows,
    };
    (shown, gaps)
}

/// The months in which an item starves of deliveries, with the crews that have no piece.
fn hungry(plan: &Plan, states: &[State]) -> Vec<(Month, u64)> {
    let months = states.iter().enumerate().filter(|(_, state)| state.short == Some(Short::Deliveries));
    months.map(|(n, state)| (plan.from.plus(n as u32), state.crews_without)).collect()
}

fn late(plan: &Plan, ledger: &Ledger, at: Date) -> Shown {
    let entries: BTreeMap<&str, &Entry> =
        ledger.entries().iter().map(|entry| (entry.id.as_str(), entry)).collect();
    let mut rows = Vec::new();
    for item in &plan.items {
        let states = month_by_month(plan, item);
        let hungry = hungry(plan, &states);
        for late in ledger.late(Stage::Received, at) {
            let Some(pledge) = entries.get(late.id.as_str()) else { continue };
            if pledge.item != item.name || pledge.unit != PIECES || late.open <= Number::zero() {
                continue;
            }
            let due = Month::of_day(late.due).unwrap_or(Month::FIRST);
            let after: Vec<&(Month, u64)> = hungry.iter().filter(|(month, _)| *month >= due).collect();
            let worst = after.iter().map(|(_, crews)| *crews).max();
            let fed = worst.map(|crews| whole(crews).min(late.open.clone()));
            rows.push(vec![
                Cell::text(&item.name),
                Cell::text(&pledge.partner),
                Cell::text(&late.id),
                Cell::text(late.due.to_string()),
                Cell::Number(late.open.clone(), 0),
                Cell::whole(late.days_late),
                after.first().map_or(Cell::Missing, |(month, _)| Cell::text(month.to_string())),
                Cell::whole(after.len() as i64),
                worst.map_or(Cell::Missing, |crews| Cell::Number(whole(crews), 0)),
                Cell::of(fed, 0),
            ]);
        }
    }
    Shown {
        name: "late",
        title: format!(
            "pledges that were due by {at} and have not come whole: the first month from then on in which the plan starves of deliveries of the item, in how many months it does, crews without a piece at worst, and how many of these what is open would give one"
        ),
        columns: vec![
            "item",
            "partner",
            "pledge",
            "due",
            "open",
            "days_late",
            "starves_from",
            "months",
            "crews_without",
            "would_feed",
        ],
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliveries::answer;

    const PLAN: &str = "from = \"2027-01\"\nmonths = 12\n[[item]]\nname = \"howitzers\"\nfit = 4\ncrew = 5\ntrained = 60\nrecruits = 0\n\
        places = 0\ntraining-months = 1\nworkshop = 0\nrepair-months = 1\nwear = 0.0\nlosses = 0.0\n\
        [[delivery]]\nitem = \"howitzers\"\npartner = \"A\"\nmonth = \"2027-06\"\nquantity = 5\n\
        [[delivery]]\nitem = \"howitzers\"\npartner = \"C\"\nmonth = \"2027-09\"\nquantity = 2\n";
    const LEDGER: &str = "id,partner,item,stage,date,due,quantity,unit,source\n\
        p1,A,howitzers,pledged,2026-01,2026-10-31,10,pieces,x\nr1,A,howitzers,received,2026-09-01,,4,pieces,x\n\
        o1,A,howitzers,operational,2026-12-01,,3,pieces,x\n\
        p2,B,howitzers,pledged,2026-02,2027-01-31,6,pieces,x\np3,A,trucks,pledged,2026-01,2026-10-31,9,pieces,x\n\
        p4,A,howitzers,pledged,2026-01,2026-10-31,9,EUR m,x\n";

    fn said(at: &str) -> Answer {
        let plan = Plan::read("d", PLAN).unwrap();
        beside(answer(&plan, vec![]), &plan, &Ledger::read("l", LEDGER).unwrap(), at.parse().unwrap())
            .unwrap()
    }

    fn table(answer: &Answer, name: &str) -> Vec<Vec<String>> {
        let table = answer.tables.iter().find(|table| table.name == name).unwrap();
        table.rows.iter().map(|row| row.iter().map(Cell::plain).collect()).collect()
    }

    #[test]
    fn every_stage_stands_beside_what_the_plan_has_to_arrive() {
        let said = said("2027-02-15");
        assert_eq!(
            table(&said, "stages"),
            [
                ["howitzers", "A", "10", "", "", "", "4", "", "3", "6", "5", "0"],
                ["howitzers", "B", "6", "", "", "", "", "", "", "6", "0", "0"],
                ["howitzers", "C", "", "", "", "", "", "", "", "", "2", "2"],
            ]
        );
        assert!(said.gaps.contains(&"howitzers: the plan has 2 of C to arrive, and 0 are pledged and have not come by 2027-02-15".to_string()), "{:?}", said.gaps);
    }

    #[test]
    fn the_late_list_says_where_the_plan_starves_of_it() {
        // Twelve crews, four pieces: eight crews wait from January on, three from June, one from September.
        let said = said("2027-02-15");
        assert_eq!(
            table(&said, "late"),
            [
                ["howitzers", "A", "p1", "2026-10-31", "6", "107", "2027-01", "12", "8", "6"],
                ["howitzers", "B", "p2", "2027-01-31", "6", "15", "2027-01", "12", "8", "6"],
            ]
        );
        // Nothing is late before it is due.
        assert_eq!(table(&self::said("2026-10-31"), "late"), Vec::<Vec<String>>::new());
    }

    #[test]
    fn names_that_do_not_fit_together_are_refused_with_both() {
        let plan = Plan::read("d", &PLAN.replace("howitzers", "tanks")).unwrap();
        let ledger = Ledger::read("l", LEDGER).unwrap();
        let refusal =
            beside(answer(&plan, vec![]), &plan, &ledger, "2027-02-15".parse().unwrap()).unwrap_err();
        assert!(
            refusal.help.contains("the plan's items are: tanks; the ledger's: howitzers, trucks"),
            "{}",
            refusal.help
        );
    }
}
