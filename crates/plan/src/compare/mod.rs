//! What if: plans as they are and as named scenarios have them, side by side.
//!
//! It draws, solves and reckons nothing: what is compared are the answers of the other modules, joined row by row. It says what differs
//! and not which is better.
//!
//! Invariants
//! - a scenario in which nothing is different has the figures of the base, and a difference of zero everywhere;
//! - futures are drawn with one seed for all, so that a difference is the scenario's and not chance's;
//! - a row says of itself whether it is planned or simulated: an answer may hold both;
//! - what only one side has is there with the other side missing, never left out.
//!
//! Where to start reading: [`Scenario`] (`scenario.rs`), then [`Outcome`] and [`answer`]; [`ics`] is the calendar of due dates.

mod dates;
mod options;
mod scenario;

pub use dates::ics;
pub use options::options;
pub use scenario::{Kind, Scenario};

use crate::answer::{Cell, Shown};
use crate::{Answer, Basis};
use servanda_model::Number;
use std::collections::{BTreeMap, BTreeSet};

/// What came of one set of plans: an answer for each that is compared, made by the module whose it is.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outcome {
    /// The answers.
    pub answers: BTreeMap<Kind, Answer>,
    /// What the costs of rotations are counted in.
    pub currency: String,
}

impl Outcome {
    fn table(&self, kind: Kind, name: &str) -> Option<&Shown> {
        self.answers.get(&kind)?.tables.iter().find(|table| table.name == name)
    }
}

/// A row of a table, by the names of its columns.
#[derive(Clone, Copy)]
struct Row<'a> {
    table: &'a Shown,
    cells: &'a [Cell],
}

impl Row<'_> {
    fn cell(&self, column: &str) -> Cell {
        let at = self.table.columns.iter().position(|name| *name == column);
        at.and_then(|at| self.cells.get(at)).cloned().unwrap_or(Cell::Missing)
    }

    fn number(&self, column: &str) -> Option<Number> {
        match self.cell(column) {
            Cell::Number(value, _) => Some(value),
            _ => None,
        }
    }
}

fn rows(table: Option<&Shown>) -> impl Iterator<Item = Row<'_>> {
    table.into_iter().flat_map(|table| table.rows.iter().map(move |cells| Row { table, cells }))
}

/// A key, and the row that each side has for it.
type Pair<'a> = (Vec<String>, Option<Row<'a>>, Option<Row<'a>>);

/// Rows of the same key side by side, in the order of the base; then what only the other has. The second row of a key is another.
fn joined<'a>(base: Option<&'a Shown>, other: Option<&'a Shown>, keys: &[&str]) -> Vec<Pair<'a>> {
    let keyed = |table: Option<&'a Shown>| -> Vec<((Vec<String>, usize), Row<'a>)> {
        let mut seen: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        rows(table)
            .map(|row| {
                let key: Vec<String> = keys.iter().map(|key| row.cell(key).plain()).collect();
                let n = seen.entry(key.clone()).or_default();
                *n += 1;
                ((key, *n), row)
            })
            .collect()
    };
    let (left, right) = (keyed(base), keyed(other));
    let mut of: BTreeMap<&(Vec<String>, usize), Row<'a>> =
        right.iter().map(|(key, row)| (key, *row)).collect();
    let mut all: Vec<Pair<'a>> =
        left.iter().map(|(key, row)| (key.0.clone(), Some(*row), of.remove(key))).collect();
    all.extend(
        right
            .iter()
            .filter(|(key, _)| of.contains_key(key))
            .map(|(key, row)| (key.0.clone(), None, Some(*row))),
    );
    all
}

fn cell(row: Option<Row<'_>>, column: &str) -> Cell {
    row.map_or(Cell::Missing, |row| row.cell(column))
}

/// What the second is above the first; missing where one is.
fn change(base: &Cell, other: &Cell) -> Cell {
    match (base, other) {
        (Cell::Number(base, places), Cell::Number(other, more)) => {
            Cell::Number(other.clone() - base.clone(), (*places).max(*more))
        }
        _ => Cell::Missing,
    }
}

const SIMULATED: &str = "simulated";
const PLANNED: &str = "planned";

/// Base and scenarios side by side.
pub fn answer(
    base: &Outcome,
    scenarios: &[(Scenario, Outcome)],
    seed: Option<u64>,
    sources: Vec<String>,
) -> Answer {
    let simulated = base.answers.contains_key(&Kind::Forces);
    let has = |kind: Kind| base.answers.contains_key(&kind);
    let mut tables = vec![overview(base, scenarios), changes(scenarios)];
    if has(Kind::Forces) {
        tables.push(chances(base, scenarios));
    }
    tables.push(first_late(base, scenarios));
    if has(Kind::Deliveries) {
        tables.push(deliveries(base, scenarios));
    }
    if has(Kind::Rotations) {
        tables.push(schedules(base, scenarios));
        tables.push(standing_in_the_way(base, scenarios));
    }
    if has(Kind::Rotations) || has(Kind::Burden) {
        let by_year = costs(base, scenarios);
        tables.push(partners(&by_year));
        tables.push(by_year);
    }
    let asked = base.table(Kind::Rotations, "foreseen").is_some();
    if asked || scenarios.iter().any(|(_, of)| of.table(Kind::Rotations, "foreseen").is_some()) {
        tables.push(verdicts(base, scenarios));
    }
    if has(Kind::Forces) {
        tables.push(serving(base, scenarios));
    }
    tables.push(gaps(base, scenarios));
    Answer {
        asked: "compare",
        basis: if simulated { Basis::Simulated } else { Basis::Planned },
        seed: seed.filter(|_| simulated),
        sources: all_sources(base, scenarios, sources),
        assumptions: assumptions(base, scenarios),
        gaps: said(base, scenarios, |answer| &answer.gaps),
        tables,
    }
}

fn all_sources(base: &Outcome, scenarios: &[(Scenario, Outcome)], mut sources: Vec<String>) -> Vec<String> {
    let outcomes = std::iter::once(base).chain(scenarios.iter().map(|(_, outcome)| outcome));
    for source in outcomes.flat_map(|outcome| outcome.answers.values()).flat_map(|answer| &answer.sources) {
        if !sources.contains(source) {
            sources.push(source.clone());
        }
    }
    sources
}

/// What the answers say: once what the base says, then what is said in a scenario alone.
fn said(base: &Outcome, scenarios: &[(Scenario, Outcome)], of: fn(&Answer) -> &Vec<String>) -> Vec<String> {
    let mut all = Vec::new();
    for (kind, answer) in &base.answers {
        all.extend(of(answer).iter().map(|line| format!("{}: {line}", kind.word())));
    }
    for (scenario, outcome) in scenarios {
        for (kind, answer) in &outcome.answers {
            let known: BTreeSet<&String> = base.answers.get(kind).into_iter().flat_map(of).collect();
            let new = of(answer).iter().filter(|line| !known.contains(line));
            all.extend(new.map(|line| format!("`{}`, {}: {line}", scenario.name, kind.word())));
        }
    }
    all
}

fn assumptions(base: &Outcome, scenarios: &[(Scenario, Outcome)]) -> Vec<String> {
    let mut all = vec!["what a scenario does not name is as in the base".to_string()];
    if base.answers.contains_key(&Kind::Forces) {
        all.push("one seed for base and scenarios: they are compared future by future, and a difference is not chance's".into());
    }
    if base.answers.contains_key(&Kind::Rotations) {
        all.push("costs of schedules are compared as they were found: a difference that is smaller than the remaining gaps may be the solver's and not the scenario's".into());
        all.push("a scenario in which partners are told later than in the base changes the base's schedule as little as may be; any other is made from nothing".into());
    }
    all.extend(said(base, scenarios, |answer| &answer.assumptions));
    all
}

/// The first column of all rows of a table that keeps a scenario apart.
fn each<'a>(
    scenarios: &'a [(Scenario, Outcome)],
    mut of: impl FnMut(&'a Scenario, &'a Outcome) -> Vec<Vec<Cell>>,
) -> Vec<Vec<Cell>> {
    scenarios.iter().flat_map(|(scenario, outcome)| of(scenario, outcome)).collect()
}

/// Rows of the same thing beside each other, things in the order in which they come first.
fn together(rows: Vec<Vec<Cell>>, keys: usize) -> Vec<Vec<Cell>> {
    let mut groups: Vec<(Vec<Cell>, Vec<Vec<Cell>>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(key, _)| row.starts_with(key)) {
            Some((_, group)) => group.push(row),
            None => groups.push((row[..keys.min(row.len())].to_vec(), vec![row])),
        }
    }
    groups.into_iter().flat_map(|(_, group)| group).collect()
}

fn least(outcome: &Outcome) -> Cell {
    let all = rows(outcome.table(Kind::Forces, "milestones"));
    let least = all
        .filter_map(|row| Some((row.number("kept_pct")?, row.cell("kept_pct"))))
        .min_by(|a, b| a.0.cmp(&b.0));
    least.map_or(Cell::Missing, |(_, cell)| cell)
}

fn missed(outcome: &Outcome) -> Cell {
    let Some(table) = outcome.table(Kind::Deliveries, "milestones") else { return Cell::Missing };
    Cell::whole(rows(Some(table)).filter(|row| row.cell("planned").plain() == "missed").count() as i64)
}

fn of_summary(outcome: &Outcome, what: &str) -> Cell {
    let row = rows(outcome.table(Kind::Rotations, "summary")).find(|row| row.cell("what").plain() == what);
    cell(row, "value")
}

/// The earliest month or day by which something is late, and what: by simulation in half of the futures or more.
fn late(outcome: &Outcome, kind: Kind) -> Option<(String, String)> {
    let half = Number::from(50);
    match kind {
        Kind::Forces => rows(outcome.table(kind, "first-late"))
            .find(|row| {
                row.cell("date") != Cell::Missing && row.number("summed_pct").is_some_and(|pct| pct >= half)
            })
            .map(|row| (row.cell("date").plain(), row.cell("milestone").plain())),
        Kind::Deliveries => rows(outcome.table(kind, "milestones"))
            .filter(|row| row.cell("planned").plain() == "missed")
            .map(|row| (row.cell("by").plain(), row.cell("milestone").plain()))
            .min(),
        Kind::Rotations => rows(outcome.table(kind, "foreseen"))
            .filter(|row| row.cell("broken_from") != Cell::Missing)
            .map(|row| {
                (
                    row.cell("broken_from").plain(),
                    format!("{}, {}", row.cell("norm").plain(), row.cell("bearer").plain()),
                )
            })
            .min(),
        Kind::Burden => None,
    }
}

fn broken(outcome: &Outcome) -> Cell {
    match outcome.table(Kind::Rotations, "foreseen") {
        None => Cell::Missing,
        table => {
            Cell::whole(rows(table).filter(|row| row.cell("broken_from") != Cell::Missing).count() as i64)
        }
    }
}

fn overview(base: &Outcome, scenarios: &[(Scenario, Outcome)]) -> Shown {
    let mut rows = Vec::new();
    for (name, outcome) in std::iter::once(("base", base))
        .chain(scenarios.iter().map(|(scenario, outcome)| (scenario.name.as_str(), outcome)))
    {
        let first = Kind::ALL.into_iter().filter_map(|kind| late(outcome, kind)).map(|(date, _)| date).min();
        let schedule = match outcome.answers.get(&Kind::Rotations) {
            None => Cell::Missing,
            Some(_) if outcome.table(Kind::Rotations, "summary").is_some() => Cell::text("there is one"),
            Some(_) if outcome.table(Kind::Rotations, "conflict").is_some() => Cell::text("impossible"),
            Some(_) => Cell::text("not found"),
        };
        let gaps: usize = outcome.answers.values().map(|answer| answer.gaps.len()).sum();
        rows.push(vec![
            Cell::text(name),
            least(outcome),
            missed(outcome),
            schedule,
            of_summary(outcome, "cost"),
            broken(outcome),
            first.map_or(Cell::Missing, Cell::Text),
            Cell::whole(gaps as i64),
        ]);
    }
    Shown {
        name: "overview",
        title: format!(
            "side by side: percent of futures in which the least likely milestone of the force is kept (simulated); deliveries missed, schedule, cost{}, broken verdicts (planned)",
            if base.currency.is_empty() { String::new() } else { format!(" in {}", base.currency) }
        ),
        columns: vec![
            "scenario",
            "least_kept_pct",
            "deliveries_missed",
            "schedule",
            "cost",
            "verdicts_broken",
            "first_late",
            "gaps",
        ],
        rows,
    }
}

fn changes(scenarios: &[(Scenario, Outcome)]) -> Shown {
    let rows = each(scenarios, |scenario, _| {
        let mut words = scenario.words();
        if words.is_empty() {
            words.push("nothing is different".into());
        }
        let note = if scenario.note.is_empty() { Cell::Missing } else { Cell::text(&scenario.note) };
        words
            .into_iter()
            .map(|words| vec![Cell::text(&scenario.name), Cell::Text(words), note.clone()])
            .collect()
    });
    Shown {
        name: "scenarios",
        title: "what is different from the base in each scenario".into(),
        columns: vec!["scenario", "different", "note"],
        rows,
    }
}

fn promise(row: Option<Row<'_>>, bound: &str) -> Cell {
    row.map_or(Cell::Missing, |row| {
        let at_least = if bound == "at_least" { "at least " } else { "" };
        Cell::text(format!("{at_least}{} by {}", row.cell(bound).plain(), row.cell("by").plain()))
    })
}

fn chances<'a>(base: &'a Outcome, scenarios: &'a [(Scenario, Outcome)]) -> Shown {
    let of = |outcome: &'a Outcome| outcome.table(Kind::Forces, "milestones");
    let rows = each(scenarios, |scenario, outcome| {
        let pairs = joined(of(base), of(outcome), &["milestone", "category", "measure"]);
        pairs
            .into_iter()
            .map(|(key, base, other)| {
                let pct = [cell(base, "kept_pct"), cell(other, "kept_pct")];
                vec![
                    Cell::text(&key[0]),
                    Cell::text(&scenario.name),
                    promise(base, "bound"),
                    promise(other, "bound"),
                    pct[0].clone(),
                    pct[1].clone(),
                    change(&pct[0], &pct[1]),
                    cell(base, "reached_p50"),
                    cell(other, "reached_p50"),
                    cell(base, "missing_p50"),
                    cell(other, "missing_p50"),
                    Cell::text(SIMULATED),
                ]
            })
            .collect()
    });
    Shown {
        name: "chances",
        title: "milestones of the force: percent of futures in which each is kept, the month in which half of them reach it, people missing when it is due (median)".into(),
        columns: vec![
            "milestone", "scenario", "base_promise", "promise", "base_pct", "pct", "change", "base_reached", "reached",
            "base_missing", "missing", "basis",
        ],
        rows: together(rows, 1),
    }
}

fn first_late(base: &Outcome, scenarios: &[(Scenario, Outcome)]) -> Shown {
    let nothing = |outcome: &Outcome, kind: Kind| {
        let row = (kind == Kind::Forces)
            .then(|| rows(outcome.table(kind, "first-late")).find(|row| row.cell("date") == Cell::Missing))
            .flatten();
        match (kind, row) {
            (Kind::Forces, Some(row)) => row.cell("pct"),
            (Kind::Forces, None) if outcome.table(kind, "first-late").is_some() => {
                Cell::Number(Number::zero(), 1)
            }
            _ => Cell::Missing,
        }
    };
    let rows = each(scenarios, |scenario, outcome| {
        let kinds = base.answers.keys().filter(|kind| match kind {
            Kind::Forces | Kind::Deliveries => true,
            Kind::Rotations => base.table(Kind::Rotations, "foreseen").is_some(),
            Kind::Burden => false,
        });
        kinds
            .map(|kind| {
                let of = |outcome: &Outcome| match late(outcome, *kind) {
                    Some((date, what)) => [Cell::Text(date), Cell::Text(what)],
                    None => [Cell::Missing, Cell::text("nothing is late")],
                };
                let ([base_date, base_what], [date, what]) = (of(base), of(outcome));
                let basis = if *kind == Kind::Forces { SIMULATED } else { PLANNED };
                vec![
                    Cell::text(kind.word()),
                    Cell::text(&scenario.name),
                    base_date,
                    date,
                    base_what,
                    what,
                    nothing(base, *kind),
                    nothing(outcome, *kind),
                    Cell::text(basis),
                ]
            })
            .collect()
    });
    Shown {
        name: "first-late",
        title: "the first date that is late (of futures: by which half of them or more have missed something), and the percent of futures in which nothing is".into(),
        columns: vec!["plan", "scenario", "base_date", "date", "base_what", "what", "base_nothing_pct", "nothing_pct", "basis"],
        rows: together(rows, 1),
    }
}

fn deliveries<'a>(base: &'a Outcome, scenarios: &'a [(Scenario, Outcome)]) -> Shown {
    let rows = each(scenarios, |scenario, outcome| {
        let of = |outcome: &'a Outcome| outcome.table(Kind::Deliveries, "milestones");
        joined(of(base), of(outcome), &["milestone", "item"])
            .into_iter()
            .map(|(key, base, other)| {
                let there = [cell(base, "there"), cell(other, "there")];
                vec![
                    Cell::text(&key[0]),
                    Cell::text(&key[1]),
                    Cell::text(&scenario.name),
                    promise(base, "at_least"),
                    promise(other, "at_least"),
                    there[0].clone(),
                    there[1].clone(),
                    change(&there[0], &there[1]),
                    cell(base, "planned"),
                    cell(other, "planned"),
                    cell(base, "first_reached"),
                    cell(other, "first_reached"),
                    cell(other, "starves_of"),
                    Cell::text(PLANNED),
                ]
            })
            .collect()
    });
    Shown {
        name: "deliveries",
        title: "milestones of deliveries: pieces that operate when each is due, the month in which so many first do, and what is short".into(),
        columns: vec![
            "milestone", "item", "scenario", "base_promise", "promise", "base_there", "there", "change", "base_planned",
            "planned", "base_reached", "reached", "starves_of", "basis",
        ],
        rows: together(rows, 2),
    }
}

fn schedules(base: &Outcome, scenarios: &[(Scenario, Outcome)]) -> Shown {
    let rows = each(scenarios, |scenario, outcome| {
        let (left, right) = (of_summary(base, "cost"), of_summary(outcome, "cost"));
        vec![vec![
            Cell::text(&scenario.name),
            left.clone(),
            right.clone(),
            change(&left, &right),
            Cell::text(&outcome.currency),
            of_summary(base, "remaining gap"),
            of_summary(outcome, "remaining gap"),
            of_summary(base, "tours"),
            of_summary(outcome, "tours"),
            of_summary(outcome, "changes to the schedule before"),
            of_summary(outcome, "findings of that check"),
            Cell::text(PLANNED),
        ]]
    });
    Shown {
        name: "schedules",
        title: "schedules of rotations: cost, the remaining gap in percent of it, tours, tours that are new or gone against the base, and what the check in days found".into(),
        columns: vec![
            "scenario", "base_cost", "cost", "change", "unit", "base_gap_pct", "gap_pct", "base_tours", "tours", "changed",
            "findings", "basis",
        ],
        rows,
    }
}

fn standing_in_the_way(base: &Outcome, scenarios: &[(Scenario, Outcome)]) -> Shown {
    let of = |name: &str, outcome: &Outcome| -> Vec<Vec<Cell>> {
        let rows = rows(outcome.table(Kind::Rotations, "relaxations"));
        rows.map(|row| {
            vec![
                Cell::text(name),
                row.cell("clause"),
                row.cell("would_do"),
                row.cell("proof"),
                Cell::text(PLANNED),
            ]
        })
        .collect()
    };
    let mut rows = of("base", base);
    rows.extend(each(scenarios, |scenario, outcome| of(&scenario.name, outcome)));
    Shown {
        name: "conflict",
        title: "where no schedule is possible: the clauses that conflict, and the least that each would have to give".into(),
        columns: vec!["scenario", "clause", "would_do", "proof", "basis"],
        rows,
    }
}

fn costs(base: &Outcome, scenarios: &[(Scenario, Outcome)]) -> Shown {
    let of: [(Kind, &str, &str, &str, &str); 3] = [
        (Kind::Rotations, "costs", "rotations", "cost", "share_pct"),
        (Kind::Burden, "yearly", "aid given", "cost", "pct_gdp"),
        (Kind::Burden, "need", "need to come", "cost", "pct_gdp"),
    ];
    let mut rows = Vec::new();
    for (kind, table, word, cost, share) in of {
        for (scenario, outcome) in scenarios {
            let unit = if kind == Kind::Rotations { base.currency.as_str() } else { "EUR bn" };
            for (key, left, right) in
                joined(base.table(kind, table), outcome.table(kind, table), &["partner", "year"])
            {
                let amounts = [cell(left, cost), cell(right, cost)];
                rows.push(vec![
                    Cell::text(word),
                    Cell::text(&key[0]),
                    Cell::text(&key[1]),
                    Cell::text(unit),
                    Cell::text(&scenario.name),
                    amounts[0].clone(),
                    amounts[1].clone(),
                    change(&amounts[0], &amounts[1]),
                    cell(left, share),
                    cell(right, share),
                    Cell::text(PLANNED),
                ]);
            }
        }
    }
    // What the others take over where somebody leaves is not by year.
    for (scenario, outcome) in scenarios {
        for row in self::rows(outcome.table(Kind::Burden, "taken-over")) {
            rows.push(vec![
                Cell::text("aid given, taken over"),
                row.cell("partner"),
                Cell::text("all"),
                Cell::text("EUR bn"),
                Cell::text(&scenario.name),
                row.cell("cost"),
                row.cell("after"),
                change(&row.cell("cost"), &row.cell("after")),
                Cell::Missing,
                Cell::Missing,
                Cell::text(PLANNED),
            ]);
        }
        for row in self::rows(outcome.table(Kind::Burden, "lost")) {
            rows.push(vec![
                Cell::text("aid given, taken over"),
                row.cell("partner"),
                Cell::text("all"),
                Cell::text("EUR bn"),
                Cell::text(&scenario.name),
                row.cell("cost"),
                Cell::Number(Number::zero(), 6),
                change(&row.cell("cost"), &Cell::Number(Number::zero(), 6)),
                Cell::Missing,
                Cell::Missing,
                Cell::text(PLANNED),
            ]);
        }
    }
    Shown {
        name: "costs",
        title: "cost by partner and year; the share is of all person-months for rotations, and of GDP for aid, in percent".into(),
        columns: vec![
            "of", "partner", "year", "unit", "scenario", "base_cost", "cost", "change", "base_share_pct", "share_pct", "basis",
        ],
        rows,
    }
}

/// Sums over the years; a partner that has a cost on one side alone has none on the other.
fn partners(by_year: &Shown) -> Shown {
    let mut sums: Vec<(Vec<String>, [Number; 2])> = Vec::new();
    for row in rows(Some(by_year)) {
        let key: Vec<String> =
            ["of", "partner", "unit", "scenario"].iter().map(|key| row.cell(key).plain()).collect();
        let at = sums.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            sums.push((key, [Number::zero(), Number::zero()]));
            sums.len() - 1
        });
        for (sum, column) in sums[at].1.iter_mut().zip(["base_cost", "cost"]) {
            *sum = sum.clone() + row.number(column).unwrap_or_default();
        }
    }
    let rows = sums.into_iter().map(|(key, [base, other])| {
        let rise = (other.clone() - base.clone()).over(&base).map(|n| n * Number::from(100));
        let mut row: Vec<Cell> = key.into_iter().map(Cell::Text).collect();
        row.extend([
            Cell::Number(base.clone(), 2),
            Cell::Number(other.clone(), 2),
            Cell::Number(other - base, 2),
            Cell::of(rise, 1),
            Cell::text(PLANNED),
        ]);
        row
    });
    Shown {
        name: "partners",
        title: "cost by partner over all years".into(),
        columns: vec![
            "of",
            "partner",
            "unit",
            "scenario",
            "base_cost",
            "cost",
            "change",
            "rise_pct",
            "basis",
        ],
        rows: rows.collect(),
    }
}

fn verdicts<'a>(base: &'a Outcome, scenarios: &'a [(Scenario, Outcome)]) -> Shown {
    let mut rows = each(scenarios, |scenario, outcome| {
        let of = |outcome: &'a Outcome| outcome.table(Kind::Rotations, "foreseen");
        joined(of(base), of(outcome), &["norm", "bearer"])
            .into_iter()
            .map(|(key, base, other)| {
                let would = [cell(base, "would_be"), cell(other, "would_be")];
                let same = would[0] == would[1] && cell(base, "broken_from") == cell(other, "broken_from");
                vec![
                    Cell::text(&key[0]),
                    Cell::text(&key[1]),
                    Cell::text(&scenario.name),
                    would[0].clone(),
                    would[1].clone(),
                    cell(base, "broken_from"),
                    cell(other, "broken_from"),
                    Cell::text(match (other, same) {
                        (None, _) if of(outcome).is_none() => "not asked",
                        (_, true) => "",
                        _ => "differs",
                    }),
                    Cell::text(PLANNED),
                ]
            })
            .collect()
    });
    rows = together(rows, 2);
    // What differs comes first.
    rows.sort_by_key(|row| row.get(7) != Some(&Cell::text("differs")));
    Shown {
        name: "verdicts",
        title: "what the engine would say if the schedules came true, and of what is on record nothing changed: planned, and no verdict about what happened".into(),
        columns: vec![
            "norm", "bearer", "scenario", "base_would_be", "would_be", "base_broken_from", "broken_from", "differs", "basis",
        ],
        rows,
    }
}

fn serving<'a>(base: &'a Outcome, scenarios: &'a [(Scenario, Outcome)]) -> Shown {
    let rows = each(scenarios, |scenario, outcome| {
        let of = |outcome: &'a Outcome| outcome.table(Kind::Forces, "bands");
        joined(of(base), of(outcome), &["month", "category"])
            .into_iter()
            .map(|(key, base, other)| {
                vec![
                    Cell::text(&key[0]),
                    Cell::text(format!("{}, {}", scenario.name, key[1])),
                    cell(base, "p10"),
                    cell(base, "p50"),
                    cell(base, "p90"),
                    cell(other, "p10"),
                    cell(other, "p50"),
                    cell(other, "p90"),
                    Cell::text(SIMULATED),
                ]
            })
            .collect()
    });
    Shown {
        name: "serving",
        title: "people serving, base and scenario: 80 percent of futures lie from p10 to p90".into(),
        columns: vec!["month", "scenario", "base_p10", "base_p50", "base_p90", "p10", "p50", "p90", "basis"],
        rows,
    }
}

fn gaps(base: &Outcome, scenarios: &[(Scenario, Outcome)]) -> Shown {
    let of = |outcome: &Outcome| -> Vec<(Kind, String)> {
        let all = outcome
            .answers
            .iter()
            .flat_map(|(kind, answer)| answer.gaps.iter().map(move |gap| (*kind, gap.clone())));
        all.collect()
    };
    let known = of(base);
    let rows = each(scenarios, |scenario, outcome| {
        let there = of(outcome);
        let line = |(kind, gap): &(Kind, String), state: &str| {
            vec![Cell::text(&scenario.name), Cell::text(kind.word()), Cell::text(gap), Cell::text(state)]
        };
        let state = |gap: &(Kind, String)| if known.contains(gap) { "as in the base" } else { "only here" };
        let mut rows: Vec<Vec<Cell>> = there.iter().map(|gap| line(gap, state(gap))).collect();
        rows.extend(known.iter().filter(|gap| !there.contains(gap)).map(|gap| line(gap, "only in the base")));
        rows
    });
    Shown {
        name: "gaps",
        title: "what is missing or does not fit together, in each scenario against the base".into(),
        columns: vec!["scenario", "plan", "gap", "state"],
        rows,
    }
}

#[cfg(test)]
mod tests;
