//! Deliveries: what arrives when, against training places, crews and maintenance, and where the plan starves.
//!
//! It knows numbers of pieces and people by item and month, and nothing of where they are or what they are used for. Nothing is
//! drawn by chance: the figures are those of the plan.
//!
//! Invariants
//! - no piece and nobody appears or vanishes: what was there or came is in exactly one place at the end of every month;
//! - pieces and people are whole; what a share leaves over is carried to the next month;
//! - "starves of" names the one thing that was short in that month, as the steps below find it.
//!
//! In a month, in this order: deliveries; losses and wear of what operated the month before; repairs that end; repairs that begin,
//! as there is room; trainings that end; recruits; trainings that begin, as places are free; then every piece that is fit and has a
//! crew operates.

mod pledged;

pub use pledged::beside;

use crate::answer::{Cell, Shown};
use crate::month::Month;
use crate::named_month;
use crate::{Answer, Basis, Refusal};
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};

/// Billionths of a whole.
const WHOLE: u64 = 1_000_000_000;
const MOST: u64 = 100_000_000;

/// A number that holds from a month on, until the next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Steps(BTreeMap<Month, u64>);

impl Steps {
    /// The number in a month; zero before the first step.
    pub fn at(&self, month: Month) -> u64 {
        self.0.range(..=month).next_back().map_or(0, |(_, n)| *n)
    }
}

/// An item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Pieces that are fit at the beginning.
    pub fit: u64,
    /// People that one piece needs to operate.
    pub crew: u64,
    /// People trained for it at the beginning.
    pub trained: u64,
    /// People a month who are to be trained for it.
    pub recruits: Steps,
    /// People who can be in training at a time.
    pub places: Steps,
    /// Length of training.
    pub training_months: u32,
    /// Pieces that can be in repair at a time.
    pub workshop: Steps,
    /// Length of a repair.
    pub repair_months: u32,
    /// Share of the operating pieces that needs repair in a month, in billionths.
    pub wear: u64,
    /// Share of the operating pieces that is lost in a month, in billionths.
    pub losses: u64,
    /// Deliveries by month and partner.
    pub deliveries: BTreeMap<(Month, String), u64>,
}

/// So many pieces that operate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Milestone {
    /// Its name.
    pub name: String,
    /// The item.
    pub item: String,
    /// Pieces.
    pub at_least: u64,
    /// At the end of this month.
    pub by: Month,
}

/// The plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The first month.
    pub from: Month,
    /// How many months.
    pub months: u32,
    /// The items.
    pub items: Vec<Item>,
    /// The milestones.
    pub milestones: Vec<Milestone>,
}

/// What was short.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Short {
    /// Pieces stand still, and recruits wait for a place.
    Places,
    /// Pieces stand still, and nobody waits for a place.
    Recruits,
    /// Crews have no piece, and pieces wait for the workshop.
    Workshop,
    /// Crews have no piece, and none waits for the workshop.
    Deliveries,
}

impl Short {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Short::Places => "training places",
            Short::Recruits => "people to train",
            Short::Workshop => "maintenance",
            Short::Deliveries => "deliveries",
        }
    }
}

/// An item at the end of a month.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct State {
    /// Pieces that came in the month.
    pub delivered: u64,
    /// Pieces that operate.
    pub operating: u64,
    /// Pieces that are fit and have no crew.
    pub without_crew: u64,
    /// Pieces that wait for the workshop.
    pub waiting: u64,
    /// Pieces in repair.
    pub in_repair: u64,
    /// Pieces lost since the beginning.
    pub lost: u64,
    /// People trained, with a piece or without.
    pub trained: u64,
    /// Whole crews that have no piece.
    pub crews_without: u64,
    /// People in training.
    pub in_training: u64,
    /// People who wait for a place.
    pub without_place: u64,
    /// What was short.
    pub short: Option<Short>,
}

/// A share of a number, whole; what is left over is carried on.
fn part(n: u64, share: u64, carried: &mut u64) -> u64 {
    let sum = u128::from(n) * u128::from(share) + u128::from(*carried);
    *carried = (sum % u128::from(WHOLE)) as u64;
    ((sum / u128::from(WHOLE)) as u64).min(n)
}

/// An item month by month.
pub fn month_by_month(plan: &Plan, item: &Item) -> Vec<State> {
    let mut now = State { trained: item.trained, ..State::default() };
    let mut fit = item.fit;
    let (mut worn, mut gone) = (0, 0);
    let queue = |months: u32| VecDeque::from(vec![0_u64; months as usize]);
    let (mut repairs, mut trainings) = (queue(item.repair_months), queue(item.training_months));
    let mut states = Vec::new();
    for n in 0..plan.months {
        let month = plan.from.plus(n);
        now.delivered =
            item.deliveries.iter().filter(|((m, _), _)| *m == month).map(|(_, quantity)| quantity).sum();
        fit += now.delivered;
        let lost = part(now.operating, item.losses, &mut gone);
        let broken = part(now.operating - lost, item.wear, &mut worn);
        fit -= lost + broken;
        now.lost += lost;
        now.waiting += broken;
        let mended = repairs.pop_front().unwrap_or(0);
        now.in_repair -= mended;
        fit += mended;
        let begin = now.waiting.min(item.workshop.at(month).saturating_sub(now.in_repair));
        now.waiting -= begin;
        match item.repair_months {
            0 => fit += begin,
            _ => {
                repairs.push_back(begin);
                now.in_repair += begin;
            }
        }
        let ready = trainings.pop_front().unwrap_or(0);
        now.in_training -= ready;
        now.trained += ready;
        now.without_place += item.recruits.at(month);
        let begin = now.without_place.min(item.places.at(month).saturating_sub(now.in_training));
        now.without_place -= begin;
        match item.training_months {
            0 => now.trained += begin,
            _ => {
                trainings.push_back(begin);
                now.in_training += begin;
            }
        }
        let crews = now.trained.checked_div(item.crew).unwrap_or(fit);
        now.operating = fit.min(crews);
        now.without_crew = fit - now.operating;
        now.crews_without = if item.crew == 0 { 0 } else { crews - now.operating };
        now.short = match (now.without_crew, now.crews_without) {
            (0, 0) => None,
            (0, _) if now.waiting > 0 => Some(Short::Workshop),
            (0, _) => Some(Short::Deliveries),
            _ if now.without_place > 0 => Some(Short::Places),
            _ => Some(Short::Recruits),
        };
        states.push(now.clone());
    }
    states
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    from: String,
    months: u32,
    #[serde(default, rename = "item")]
    items: Vec<WrittenItem>,
    #[serde(default, rename = "delivery")]
    deliveries: Vec<WrittenDelivery>,
    #[serde(default, rename = "milestone")]
    milestones: Vec<WrittenMilestone>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenItem {
    name: String,
    #[serde(default)]
    fit: i64,
    crew: i64,
    #[serde(default)]
    trained: i64,
    recruits: WrittenSteps,
    places: WrittenSteps,
    training_months: u32,
    workshop: WrittenSteps,
    repair_months: u32,
    wear: f64,
    losses: f64,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number, or steps `[{ from = \"2027-01\", is = 40 }]`")]
enum WrittenSteps {
    Always(i64),
    Steps(Vec<WrittenStep>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    from: String,
    is: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenDelivery {
    item: String,
    partner: String,
    month: String,
    quantity: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenMilestone {
    name: String,
    item: String,
    at_least: i64,
    by: String,
}

fn number(what: &str, n: i64) -> Result<u64, Refusal> {
    u64::try_from(n).ok().filter(|n| *n <= MOST).ok_or_else(|| {
        Refusal::new(format!("{what} `{n}` is no number of pieces or people"), "whole, from 0 to 100000000")
    })
}

fn share(what: &str, n: f64) -> Result<u64, Refusal> {
    if !(0.0..=1.0).contains(&n) {
        return Err(Refusal::new(format!("{what} `{n}` is no share"), "from 0 to 1: 5 percent is `0.05`"));
    }
    Ok((n * WHOLE as f64).round() as u64)
}

fn steps(what: &str, written: &WrittenSteps) -> Result<Steps, Refusal> {
    let mut steps = Steps::default();
    match written {
        WrittenSteps::Always(n) => drop(steps.0.insert(Month::FIRST, number(what, *n)?)),
        WrittenSteps::Steps(list) => {
            for step in list {
                let from = named_month(&format!("{what}: from"), &step.from)?;
                if steps.0.insert(from, number(what, step.is)?).is_some() {
                    return Err(Refusal::new(
                        format!("{what}: {from} stands twice"),
                        "write each month once",
                    ));
                }
            }
        }
    }
    Ok(steps)
}

impl Plan {
    /// Reads a plan; `name` is what the file is called in a refusal.
    ///
    /// # Errors
    /// Where it is no TOML of this shape, or says something that cannot be.
    pub fn read(name: &str, text: &str) -> Result<Plan, Refusal> {
        crate::plan(name, text, read)
    }
}

fn read(written: &Written) -> Result<Plan, Refusal> {
    let from = named_month("from", &written.from)?;
    if !(1..=600).contains(&written.months) || from.plus(written.months).year() > 9999 {
        return Err(Refusal::new(format!("months = {} is out of range", written.months), "from 1 to 600"));
    }
    let last = from.plus(written.months - 1);
    let mut items: Vec<Item> = Vec::new();
    for of in &written.items {
        let what = format!("item `{}`", of.name);
        if of.name.trim().is_empty() || items.iter().any(|item| item.name == of.name) {
            return Err(Refusal::new(
                format!("{what} has no name of its own"),
                "give each item another name",
            ));
        }
        if of.training_months > 600 || of.repair_months > 600 {
            return Err(Refusal::new(format!("{what}: training or repair is too long"), "up to 600 months"));
        }
        items.push(Item {
            name: of.name.clone(),
            fit: number(&format!("{what}: fit"), of.fit)?,
            crew: number(&format!("{what}: crew"), of.crew)?,
            trained: number(&format!("{what}: trained"), of.trained)?,
            recruits: steps(&format!("{what}: recruits"), &of.recruits)?,
            places: steps(&format!("{what}: places"), &of.places)?,
            training_months: of.training_months,
            workshop: steps(&format!("{what}: workshop"), &of.workshop)?,
            repair_months: of.repair_months,
            wear: share(&format!("{what}: wear"), of.wear)?,
            losses: share(&format!("{what}: losses"), of.losses)?,
            deliveries: BTreeMap::new(),
        });
    }
    if items.is_empty() {
        return Err(Refusal::new("there is no item", "add an `[[item]]` with its numbers"));
    }
    let named = |items: &[Item], what: &str, name: &str| {
        items.iter().position(|item| item.name == name).ok_or_else(|| {
            let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
            Refusal::new(
                format!("{what}: there is no item `{name}`"),
                format!("the items are: {}", names.join(", ")),
            )
        })
    };
    for of in &written.deliveries {
        let what = format!("delivery of {} by {}", of.item, of.partner);
        let item = named(&items, &what, &of.item)?;
        let when = named_month(&format!("{what}: month"), &of.month)?;
        if when < from || when > last {
            return Err(Refusal::new(
                format!("{what}: {when} is not within the plan"),
                "what came before it belongs to `fit`; lengthen the plan for what comes after it",
            ));
        }
        let quantity = number(&format!("{what}: quantity"), of.quantity)?;
        *items[item].deliveries.entry((when, of.partner.clone())).or_default() += quantity;
    }
    let mut milestones = Vec::new();
    for of in &written.milestones {
        let what = format!("milestone `{}`", of.name);
        named(&items, &what, &of.item)?;
        let by = named_month(&format!("{what}: by"), &of.by)?;
        if by < from || by > last {
            return Err(Refusal::new(
                format!("{what}: {by} is not within the plan"),
                "the plan's months hold it",
            ));
        }
        milestones.push(Milestone {
            name: of.name.clone(),
            item: of.item.clone(),
            at_least: number(&format!("{what}: at-least"), of.at_least)?,
            by,
        });
    }
    Ok(Plan { from, months: written.months, items, milestones })
}

/// What is said of a plan.
pub fn answer(plan: &Plan, sources: Vec<String>) -> Answer {
    let all: Vec<(&Item, Vec<State>)> =
        plan.items.iter().map(|item| (item, month_by_month(plan, item))).collect();
    let assumptions = vec![
        "what is planned to arrive in a month is there in that month, and fit".into(),
        "a crew whose piece is in repair or lost takes another; nobody trained is lost".into(),
        "wear and losses are of the pieces that operated in the month before".into(),
    ];
    let gaps = plan
        .items
        .iter()
        .filter(|item| item.deliveries.is_empty())
        .map(|item| format!("nothing is planned to arrive of {}", item.name))
        .collect();
    let tables = vec![milestones(plan, &all), starves(plan, &all), months(plan, &all), arrivals(plan)];
    Answer { asked: "deliveries", basis: Basis::Planned, seed: None, sources, assumptions, gaps, tables }
}

fn whole(n: u64) -> Cell {
    Cell::whole(i64::try_from(n).unwrap_or(i64::MAX))
}

fn milestones(plan: &Plan, all: &[(&Item, Vec<State>)]) -> Shown {
    let row = |milestone: &Milestone| {
        let states =
            all.iter().find(|(item, _)| item.name == milestone.item).map(|(_, states)| states.as_slice());
        let states = states.unwrap_or(&[]);
        let due = milestone.by.since(plan.from) as usize;
        let there = states.get(due).map_or(0, |state| state.operating);
        let reached = states.iter().position(|state| state.operating >= milestone.at_least);
        let short = states.get(due).and_then(|state| state.short).filter(|_| there < milestone.at_least);
        vec![
            Cell::text(&milestone.name),
            Cell::text(&milestone.item),
            whole(milestone.at_least),
            Cell::text(milestone.by.to_string()),
            whole(there),
            Cell::text(if there >= milestone.at_least { "kept" } else { "missed" }),
            reached.map_or(Cell::Missing, |n| Cell::text(plan.from.plus(n as u32).to_string())),
            short.map_or(Cell::Missing, |short| Cell::text(short.word())),
        ]
    };
    Shown {
        name: "milestones",
        title: "pieces that operate, against what was promised; the month in which so many first do, and what is short when it is due".into(),
        columns: vec!["milestone", "item", "at_least", "by", "there", "planned", "first_reached", "starves_of"],
        rows: plan.milestones.iter().map(row).collect(),
    }
}

fn starves(plan: &Plan, all: &[(&Item, Vec<State>)]) -> Shown {
    let mut rows = Vec::new();
    for (item, states) in all {
        let mut n = 0;
        while n < states.len() {
            let Some(short) = states[n].short else {
                n += 1;
                continue;
            };
            let run = states[n..].iter().take_while(|state| state.short == Some(short)).count();
            let idle = |state: &State| match short {
                Short::Places | Short::Recruits => state.without_crew,
                Short::Workshop | Short::Deliveries => state.crews_without,
            };
            let worst = states[n..n + run].iter().map(idle).max().unwrap_or(0);
            rows.push(vec![
                Cell::text(&item.name),
                Cell::text(short.word()),
                Cell::text(plan.from.plus(n as u32).to_string()),
                Cell::text(plan.from.plus((n + run - 1) as u32).to_string()),
                Cell::whole(run as i64),
                whole(worst),
                Cell::text(match short {
                    Short::Places | Short::Recruits => "pieces without a crew",
                    Short::Workshop | Short::Deliveries => "crews without a piece",
                }),
            ]);
            n += run;
        }
    }
    Shown {
        name: "starves",
        title: "where the plan starves: of what, from when to when, and how much stands still at worst"
            .into(),
        columns: vec!["item", "starves_of", "from", "until", "months", "at_worst", "stands_still"],
        rows,
    }
}

fn months(plan: &Plan, all: &[(&Item, Vec<State>)]) -> Shown {
    let mut rows = Vec::new();
    for (item, states) in all {
        for (n, state) in states.iter().enumerate() {
            let mut row = vec![Cell::text(plan.from.plus(n as u32).to_string()), Cell::text(&item.name)];
            let fit = state.operating + state.without_crew;
            row.extend(
                [
                    state.delivered,
                    fit,
                    state.operating,
                    state.without_crew,
                    state.waiting,
                    state.in_repair,
                    state.lost,
                    state.trained,
                    state.crews_without,
                    state.in_training,
                    state.without_place,
                ]
                .map(whole),
            );
            row.push(state.short.map_or(Cell::Missing, |short| Cell::text(short.word())));
            rows.push(row);
        }
    }
    Shown {
        name: "months",
        title: "pieces and people at the end of each month; `lost` is summed up since the beginning".into(),
        columns: vec![
            "month",
            "item",
            "delivered",
            "fit",
            "operating",
            "without_crew",
            "waiting_repair",
            "in_repair",
            "lost",
            "trained",
            "crews_without",
            "in_training",
            "without_place",
            "starves_of",
        ],
        rows,
    }
}

fn arrivals(plan: &Plan) -> Shown {
    let rows = plan.items.iter().flat_map(|item| {
        item.deliveries.iter().map(|((month, partner), quantity)| {
            vec![Cell::text(month.to_string()), Cell::text(&item.name), Cell::text(partner), whole(*quantity)]
        })
    });
    Shown {
        name: "arrivals",
        title: "what is planned to arrive".into(),
        columns: vec!["month", "item", "partner", "quantity"],
        rows: rows.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
from = "2027-01"
months = 12

[[item]]
name = "howitzers"
fit = 10
crew = 8
trained = 80
recruits = 40
places = [{ from = "2027-01", is = 32 }, { from = "2027-07", is = 80 }]
training-months = 2
workshop = 2
repair-months = 1
wear = 0.1
losses = 0.02

[[delivery]]
item = "howitzers"
partner = "Freedonia"
month = "2027-03"
quantity = 20

[[milestone]]
name = "20 howitzers"
item = "howitzers"
at-least = 20
by = "2027-06"
"#;

    fn plan(change: &[(&str, &str)]) -> Plan {
        let mut text = TEXT.to_string();
        for (from, to) in change {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        Plan::read("d.toml", &text).unwrap()
    }

    #[test]
    fn no_piece_and_nobody_appears_or_vanishes() {
        for places in ["places = 0", "places = 16", "places = 999"] {
            let plan = plan(&[(
                "places = [{ from = \"2027-01\", is = 32 }, { from = \"2027-07\", is = 80 }]",
                places,
            )]);
            let (mut came, mut recruited) = (0, 0);
            for state in month_by_month(&plan, &plan.items[0]) {
                came += state.delivered;
                recruited += 40;
                let pieces =
                    state.operating + state.without_crew + state.waiting + state.in_repair + state.lost;
                assert_eq!(pieces, 10 + came, "{state:?}");
                assert_eq!(
                    state.trained + state.in_training + state.without_place,
                    80 + recruited,
                    "{state:?}"
                );
                assert!(state.operating * 8 <= state.trained && state.in_repair <= 2);
            }
        }
    }

    #[test]
    fn a_small_case_by_hand() {
        // Nothing breaks: ten operate, twenty come in March, and four crews are trained every two months.
        let plan = plan(&[("wear = 0.1", "wear = 0"), ("losses = 0.02", "losses = 0")]);
        let states = month_by_month(&plan, &plan.items[0]);
        let operating: Vec<u64> = states.iter().map(|state| state.operating).collect();
        assert_eq!(operating, [10, 10, 14, 14, 18, 18, 22, 22, 30, 30, 30, 30]);
        assert_eq!(states[1].short, None);
        assert_eq!(states[2].short, Some(Short::Places));
        assert_eq!(states[8].short, Some(Short::Deliveries));
        let answer = answer(&plan, vec![]);
        assert_eq!(answer.tables[0].rows[0][5], Cell::text("missed"));
        assert_eq!(answer.tables[0].rows[0][6], Cell::text("2027-07"));
        assert_eq!(answer.tables[0].rows[0][7], Cell::text("training places"));
        let runs: Vec<(String, String)> =
            answer.tables[1].rows.iter().map(|row| (row[1].plain(), row[2].plain())).collect();
        assert_eq!(
            runs,
            [("training places", "2027-03"), ("deliveries", "2027-09")].map(|(a, b)| (a.into(), b.into()))
        );
    }

    #[test]
    fn what_is_short_is_named() {
        let short = |change: &[(&str, &str)], month: usize| {
            let plan = plan(change);
            month_by_month(&plan, &plan.items[0])[month].short
        };
        assert_eq!(short(&[("recruits = 40", "recruits = 0")], 2), Some(Short::Recruits));
        assert_eq!(short(&[("quantity = 20", "quantity = 0")], 5), Some(Short::Deliveries));
        assert_eq!(
            short(&[("workshop = 2", "workshop = 0"), ("quantity = 20", "quantity = 0")], 5),
            Some(Short::Workshop)
        );
    }

    #[test]
    fn more_of_anything_never_means_fewer_operating_where_nothing_wears() {
        let still = [("wear = 0.1", "wear = 0"), ("losses = 0.02", "losses = 0")];
        let operating = |more: (&str, &str)| {
            let plan = plan(&[&still[..], &[more]].concat());
            month_by_month(&plan, &plan.items[0]).iter().map(|state| state.operating).collect::<Vec<_>>()
        };
        let base = operating(("crew = 8", "crew = 8"));
        for more in [
            ("quantity = 20", "quantity = 30"),
            ("recruits = 40", "recruits = 60"),
            ("is = 32", "is = 48"),
            ("fit = 10", "fit = 12"),
        ] {
            assert!(operating(more).iter().zip(&base).all(|(a, b)| a >= b), "{more:?}");
        }
    }

    #[test]
    fn bad_plans_are_refused_with_their_place() {
        for (from, to, words) in [
            ("fit = 10", "fit = -1", "item `howitzers`: fit `-1` is no number"),
            ("wear = 0.1", "wear = 1.1", "item `howitzers`: wear `1.1` is no share"),
            ("month = \"2027-03\"", "month = \"2028-03\"", "2028-03 is not within the plan"),
            ("quantity = 20", "quantity = -20", "quantity `-20` is no number"),
            ("item = \"howitzers\"\npartner", "item = \"tanks\"\npartner", "there is no item `tanks`"),
            ("workshop = 2", "workshops = 2", "unknown field `workshops`"),
        ] {
            let refusal = Plan::read("d.toml", &TEXT.replacen(from, to, 1)).unwrap_err();
            assert!(refusal.message.contains(words), "{words}: {refusal:?}");
        }
    }
}
