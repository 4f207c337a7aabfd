//! The support ledger: what partners promised, and how far it came, stage by stage.
//!
//! It does not convert currencies, does not put a date to what has none, and does not decide whether a duty was kept: a late
//! line is arithmetic on entries, a verdict comes of the engine alone.
//!
//! Invariants
//! - what is `counted_in` another entry is listed and never added;
//! - quantities of different units are never added;
//! - what was promised equals what came plus what is open, for each partner, item and unit;
//! - a stage with more than the stage before it is named, not cut.
//!
//! Where to start reading: [`Entry`], [`Ledger::read`], then [`Ledger::late`] and [`Ledger::curve`].

use crate::answer::{Cell, Shown};
use crate::month::Month;
use crate::table::{Row, Table};
use crate::{Answer, Basis, Refusal};
use jiff::civil::Date;
use servanda_model::{Grade, Number};
use std::collections::{BTreeMap, BTreeSet};

/// How far something came. The order is the order in which it goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// Promised in public.
    Pledged,
    /// Set aside for delivery, or specified.
    Allocated,
    /// Ordered from a maker.
    Contracted,
    /// On its way.
    Shipped,
    /// Handed over.
    Received,
    /// People trained on it.
    Trained,
    /// In use, with crews and maintenance.
    Operational,
}

impl Stage {
    /// All, in order.
    pub const ALL: [Stage; 7] = [
        Stage::Pledged,
        Stage::Allocated,
        Stage::Contracted,
        Stage::Shipped,
        Stage::Received,
        Stage::Trained,
        Stage::Operational,
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Stage::Pledged => "pledged",
            Stage::Allocated => "allocated",
            Stage::Contracted => "contracted",
            Stage::Shipped => "shipped",
            Stage::Received => "received",
            Stage::Trained => "trained",
            Stage::Operational => "operational",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.word() == word)
    }
}

/// A day, or a month of which the day is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dated {
    /// This day.
    Day(Date),
    /// Some day of this month.
    Within(Month),
}

impl Dated {
    /// Reads `2027-06-30` or `2027-06`.
    pub fn parse(text: &str) -> Option<Dated> {
        match Month::parse(text) {
            Some(month) => Some(Dated::Within(month)),
            None if text.len() == 10 => text.parse().ok().map(Dated::Day),
            None => None,
        }
    }

    /// Its month.
    pub fn month(self) -> Option<Month> {
        match self {
            Dated::Day(day) => Month::of(day.year(), day.month()),
            Dated::Within(month) => Some(month),
        }
    }

    /// The latest day that it can be.
    pub fn latest(self) -> Date {
        match self {
            Dated::Day(day) => day,
            Dated::Within(month) => {
                Date::new(month.year(), month.of_year(), 1).unwrap_or(Date::MAX).last_of_month()
            }
        }
    }

    fn shown(self) -> String {
        match self {
            Dated::Day(day) => day.to_string(),
            Dated::Within(month) => month.to_string(),
        }
    }
}

/// A value in money.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    /// How much, in whole units of the currency.
    pub amount: Number,
    /// Code of the currency.
    pub currency: String,
    /// What the price is: replacement, book value, current prices.
    pub price_basis: String,
    /// When the price is of; empty where that is not known.
    pub priced: String,
}

/// One step of something: so much of an item reached a stage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its name, unique in the ledger.
    pub id: String,
    /// Who gives.
    pub partner: String,
    /// What is given.
    pub item: String,
    /// The stage that was reached.
    pub stage: Stage,
    /// When it was reached.
    pub when: Option<Dated>,
    /// By when it was promised; pledges only.
    pub due: Option<Dated>,
    /// How much.
    pub quantity: Number,
    /// Unit of the quantity: `pieces`, `EUR bn`.
    pub unit: String,
    /// What it is worth.
    pub value: Option<Value>,
    /// How well it is known.
    pub grade: Grade,
    /// The entry that has this one's quantity in it already.
    pub counted_in: Option<String>,
    /// Who says so.
    pub source: String,
}

/// The ledger.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
}

/// Partner, item and unit: what quantities may be added for.
type Line = (String, String, String);

/// A pledge with a date, and how far it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Late {
    /// Name of the pledge.
    pub id: String,
    /// When it is due at the latest.
    pub due: Date,
    /// What was pledged.
    pub pledged: Number,
    /// What of it had not come at the moment that was asked for.
    pub open: Number,
    /// When all of it had come, where it has.
    pub came: Option<Date>,
    /// Days from the due date until it came, or until the moment that was asked for.
    pub days_late: i64,
}

const COLUMNS: [&str; 8] = ["id", "partner", "item", "stage", "date", "quantity", "unit", "source"];

impl Ledger {
    /// Reads a ledger of a table with the columns `id,partner,item,stage,date,quantity,unit,source` and, where wanted,
    /// `due,value,currency,price_basis,price_date,grade,counted_in`.
    ///
    /// # Errors
    /// Where a row cannot be used: an unknown stage, a negative quantity, a value without currency, a due date on what is no
    /// pledge, an id that stands twice or an entry that is counted in one that is not there.
    pub fn read(name: &str, text: &str) -> Result<Ledger, Refusal> {
        let table = Table::read(name, text)?.with(&COLUMNS)?;
        let mut entries = Vec::new();
        for row in table.rows() {
            entries.push(entry(&row)?);
        }
        Ledger::of(entries)
    }

    /// A ledger of entries.
    ///
    /// # Errors
    /// Where an id stands twice, or `counted_in` names no entry, itself, or an entry that is counted in another.
    pub fn of(entries: Vec<Entry>) -> Result<Ledger, Refusal> {
        let mut names = BTreeMap::new();
        for entry in &entries {
            if names.insert(entry.id.as_str(), entry.counted_in.is_some()).is_some() {
                return Err(Refusal::new(
                    format!("the entry `{}` stands twice", entry.id),
                    "give each entry an id of its own; the same aid told twice is one entry, or `counted_in` the other",
                ));
            }
        }
        for entry in &entries {
            let Some(other) = &entry.counted_in else { continue };
            match names.get(other.as_str()) {
                Some(false) => {}
                Some(true) => {
                    return Err(Refusal::new(
                        format!("`{}` is counted in `{other}`, which is counted in another itself", entry.id),
                        "name the entry that is added up in the end",
                    ));
                }
                None => {
                    return Err(Refusal::new(
                        format!("`{}` is counted in `{other}`, and there is no such entry", entry.id),
                        "look at the spelling of `counted_in`",
                    ));
                }
            }
        }
        Ok(Ledger { entries })
    }

    /// With the entries of another.
    ///
    /// # Errors
    /// As for [`Ledger::of`].
    pub fn and(mut self, other: Ledger) -> Result<Ledger, Refusal> {
        self.entries.extend(other.entries);
        Ledger::of(self.entries)
    }

    /// Its entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Those of one partner.
    pub fn of_partner(&self, partner: &str) -> Ledger {
        Ledger { entries: self.entries.iter().filter(|e| e.partner == partner).cloned().collect() }
    }

    /// Those that are added up: what is counted in another entry is not.
    pub fn added(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.counted_in.is_none())
    }

    /// Sum by partner, item, unit and stage.
    pub fn sums(&self) -> BTreeMap<Line, BTreeMap<Stage, Number>> {
        let mut sums: BTreeMap<Line, BTreeMap<Stage, Number>> = BTreeMap::new();
        for entry in self.added() {
            let sum = sums.entry(line(entry)).or_default().entry(entry.stage).or_default();
            *sum = sum.clone() + entry.quantity.clone();
        }
        sums
    }

    /// Of one unit and two stages: month, what had been promised by its end, what had reached the later stage.
    ///
    /// Entries without a date are left out, and are counted by [`Ledger::undated`].
    pub fn curve(&self, unit: &str, reached: Stage) -> Vec<(Month, Number, Number)> {
        let mut steps: BTreeMap<Month, [Number; 2]> = BTreeMap::new();
        for entry in self.added().filter(|e| e.unit == unit) {
            let index = match entry.stage {
                Stage::Pledged => 0,
                stage if stage == reached => 1,
                _ => continue,
            };
            if let Some(month) = entry.when.and_then(Dated::month) {
                let step = &mut steps.entry(month).or_default()[index];
                *step = step.clone() + entry.quantity.clone();
            }
        }
        let (mut curve, mut sums) = (Vec::new(), [Number::zero(), Number::zero()]);
        let (Some((&first, _)), Some((&last, _))) = (steps.first_key_value(), steps.last_key_value()) else {
            return curve;
        };
        for month in (0..=last.since(first)).map(|n| first.plus(n as u32)) {
            if let Some(step) = steps.get(&month) {
                for (sum, more) in sums.iter_mut().zip(step) {
                    *sum = sum.clone() + more.clone();
                }
            }
            curve.push((month, sums[0].clone(), sums[1].clone()));
        }
        curve
    }

    /// Entries without a date.
    pub fn undated(&self) -> usize {
        self.added().filter(|entry| entry.when.is_none()).count()
    }

    /// Pledges that are due by a day and had not come in time, the longest first. What comes counts for the pledge that is due
    /// first; what has no date counts as not come.
    pub fn late(&self, reached: Stage, at: Date) -> Vec<Late> {
        let mut late = Vec::new();
        let lines: BTreeSet<Line> = self.added().map(line).collect();
        for of in lines {
            let mut pledges: Vec<(Date, &Entry)> = self
                .added()
                .filter(|e| e.stage == Stage::Pledged && line(e) == of)
                .filter_map(|e| e.due.map(|due| (due.latest(), e)))
                .collect();
            pledges.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
            let mut came: Vec<(Date, Number)> = self
                .added()
                .filter(|e| e.stage == reached && line(e) == of)
                .filter_map(|e| e.when.map(|when| (when.latest(), e.quantity.clone())))
                .filter(|(day, _)| *day <= at)
                .collect();
            came.sort();
            let all = came.iter().fold(Number::zero(), |sum, (_, n)| sum + n.clone());
            let mut needed = Number::zero();
            for (due, pledge) in pledges {
                needed = needed + pledge.quantity.clone();
                if due >= at {
                    continue;
                }
                let mut sum = Number::zero();
                let whole = came.iter().find(|(_, n)| {
                    sum = sum.clone() + n.clone();
                    sum >= needed
                });
                let came = whole.map(|(day, _)| *day);
                let missing = (needed.clone() - all.clone()).max(Number::zero());
                let days = i64::from((came.unwrap_or(at) - due).get_days());
                if days > 0 {
                    late.push(Late {
                        id: pledge.id.clone(),
                        due,
                        pledged: pledge.quantity.clone(),
                        open: missing.min(pledge.quantity.clone()),
                        came,
                        days_late: days,
                    });
                }
            }
        }
        late.sort_by(|a, b| (b.days_late, &a.id).cmp(&(a.days_late, &b.id)));
        late
    }

    /// Where more reached a stage than had reached the one before it, of those two that the ledger knows of a line.
    pub fn disorder(&self) -> Vec<String> {
        let mut found = Vec::new();
        for ((partner, item, unit), stages) in self.sums() {
            let stages: Vec<_> = stages.iter().collect();
            for pair in stages.windows(2) {
                let ((before, had), (stage, has)) = (pair[0], pair[1]);
                if has > had {
                    found.push(format!(
                        "{partner}, {item}: {has} {unit} {}, and only {had} {} (shown as entered; the difference had no entry)",
                        stage.word(),
                        before.word()
                    ));
                }
            }
        }
        found
    }

    /// What is pledged and has not reached a stage, by partner, item and unit: open amount, the month of the oldest pledge of
    /// which something is open, and that month's age at `at`. What comes counts for the oldest pledge first.
    pub fn waiting(&self, reached: Stage, at: Month) -> Vec<(Line, Number, Option<Month>, Option<i64>)> {
        let mut waiting = Vec::new();
        for (of, stages) in self.sums() {
            let zero = Number::zero();
            let pledged = stages.get(&Stage::Pledged).unwrap_or(&zero).clone();
            let came = stages.get(&reached).unwrap_or(&zero).clone();
            if pledged <= came {
                continue;
            }
            let mut pledges: Vec<(Option<Month>, &Entry)> = self
                .added()
                .filter(|e| e.stage == Stage::Pledged && line(e) == of && !e.quantity.is_zero())
                .map(|e| (e.when.and_then(Dated::month), e))
                .collect();
            pledges.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
            let mut sum = Number::zero();
            let oldest = pledges.iter().find(|(_, e)| {
                sum = sum.clone() + e.quantity.clone();
                sum > came
            });
            let oldest = oldest.and_then(|(month, _)| *month);
            waiting.push((of, pledged - came, oldest, oldest.map(|month| at.since(month))));
        }
        waiting.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        waiting
    }
}

/// The ledger's answer: sums by stage, what waits, what is late, the curve, the entries.
///
/// `reached` is the stage that a promise is held against; `at` the day that is asked about.
pub fn answer(ledger: &Ledger, reached: Stage, at: Date, sources: Vec<String>, gaps: Vec<String>) -> Answer {
    let sums = ledger.sums();
    let mut gaps = gaps;
    gaps.extend(ledger.disorder());
    let present: BTreeSet<Stage> = ledger.added().map(|e| e.stage).collect();
    let absent: Vec<&str> = Stage::ALL.iter().filter(|s| !present.contains(s)).map(|s| s.word()).collect();
    if !absent.is_empty() {
        gaps.push(format!("no entry says: {}", absent.join(", ")));
    }
    match ledger.undated() {
        0 => {}
        n => gaps.push(format!("{n} entries have no date: they are in the sums, and not in the curve")),
    }
    let dueless = ledger.added().filter(|e| e.stage == Stage::Pledged && e.due.is_none()).count();
    if dueless > 0 {
        gaps.push(format!("{dueless} pledges have no due date, so that they can wait, and cannot be late"));
    }
    let at_month = Dated::Day(at).month();
    let broken: BTreeSet<&str> =
        ledger.entries().iter().filter(|e| e.quantity.to_i64().is_none()).map(|e| e.unit.as_str()).collect();
    let places = |unit: &str| if broken.contains(unit) { 3 } else { 0 };
    let mut by_stage = Vec::new();
    for ((partner, item, unit), stages) in &sums {
        let mut row = vec![Cell::text(partner), Cell::text(item), Cell::text(unit)];
        row.extend(Stage::ALL.iter().map(|stage| Cell::of(stages.get(stage).cloned(), places(unit))));
        by_stage.push(row);
    }
    let waiting = at_month.map_or_else(Vec::new, |at| ledger.waiting(reached, at));
    let waiting = waiting
        .into_iter()
        .map(|((partner, item, unit), open, oldest, months)| {
            vec![
                Cell::text(partner),
                Cell::text(item),
                Cell::text(&unit),
                Cell::Number(open, places(&unit)),
                oldest.map_or(Cell::Missing, |m| Cell::text(m.to_string())),
                months.map_or(Cell::Missing, Cell::whole),
            ]
        })
        .collect();
    let entries: BTreeMap<&str, &Entry> = ledger.entries().iter().map(|e| (e.id.as_str(), e)).collect();
    let late = ledger
        .late(reached, at)
        .into_iter()
        .filter_map(|late| entries.get(late.id.as_str()).map(|e| (late, *e)))
        .map(|(late, pledge)| {
            vec![
                Cell::text(late.id),
                Cell::text(&pledge.partner),
                Cell::text(&pledge.item),
                Cell::text(late.due.to_string()),
                Cell::Number(late.pledged, places(&pledge.unit)),
                Cell::Number(late.open, places(&pledge.unit)),
                Cell::text(&pledge.unit),
                late.came.map_or(Cell::Missing, |day| Cell::text(day.to_string())),
                Cell::whole(late.days_late),
                Cell::text(pledge.grade.word()),
            ]
        })
        .collect();
    let units: BTreeSet<&str> = ledger.added().map(|e| e.unit.as_str()).collect();
    let mut curve = Vec::new();
    for unit in units {
        for (month, promised, came) in ledger.curve(unit, reached) {
            let open = promised.clone() - came.clone();
            curve.push(vec![
                Cell::text(month.to_string()),
                Cell::text(unit),
                Cell::Number(promised, places(unit)),
                Cell::Number(came, places(unit)),
                Cell::Number(open, places(unit)),
            ]);
        }
    }
    let listed =
        ledger.entries().iter().map(|e| listed(e, if places(&e.unit) == 0 { 0 } else { 6 })).collect();
    let shown = |name, title: String, columns: &[&'static str], rows| Shown {
        name,
        title,
        columns: columns.to_vec(),
        rows,
    };
    let word = reached.word();
    Answer {
        asked: "support",
        basis: Basis::Planned,
        seed: None,
        sources,
        assumptions: vec![
            format!("a promise is held against what is {word}; asked about {at}"),
            "what comes counts for the oldest promise, or the one that is due first; a month without a day counts at its end".into(),
            "what is counted in another entry is listed and not added".into(),
        ],
        gaps,
        tables: vec![
            shown(
                "stages",
                "sums by partner, item and stage".into(),
                &["partner", "item", "unit", "pledged", "allocated", "contracted", "shipped", "received", "trained", "operational"],
                by_stage,
            ),
            shown(
                "waiting",
                format!("pledged and not yet {word}"),
                &["partner", "item", "unit", "open", "oldest", "months"],
                waiting,
            ),
            shown(
                "late",
                format!("due before {at}, and not {word} in time"),
                &["id", "partner", "item", "due", "pledged", "open", "unit", "came", "days_late", "grade"],
                late,
            ),
            shown(
                "curve",
                format!("promised against {word}, summed up to the end of each month"),
                &["month", "unit", "pledged", "reached", "open"],
                curve,
            ),
            shown(
                "entries",
                "entries as they stand".into(),
                &[
                    "id", "partner", "item", "stage", "date", "due", "quantity", "unit", "value", "currency", "price_basis",
                    "price_date", "grade", "counted_in", "source",
                ],
                listed,
            ),
        ],
    }
}

fn listed(entry: &Entry, places: usize) -> Vec<Cell> {
    let day = |day: Option<Dated>| day.map_or(Cell::Missing, |day| Cell::text(day.shown()));
    let words = |of: Option<&str>| of.filter(|w| !w.is_empty()).map_or(Cell::Missing, Cell::text);
    let value = entry.value.as_ref();
    vec![
        Cell::text(&entry.id),
        Cell::text(&entry.partner),
        Cell::text(&entry.item),
        Cell::text(entry.stage.word()),
        day(entry.when),
        day(entry.due),
        Cell::Number(entry.quantity.clone(), places),
        Cell::text(&entry.unit),
        Cell::of(value.map(|v| v.amount.clone()), 2),
        words(value.map(|v| v.currency.as_str())),
        words(value.map(|v| v.price_basis.as_str())),
        words(value.map(|v| v.priced.as_str())),
        Cell::text(entry.grade.word()),
        words(entry.counted_in.as_deref()),
        words(Some(&entry.source)),
    ]
}

fn line(entry: &Entry) -> Line {
    (entry.partner.clone(), entry.item.clone(), entry.unit.clone())
}

fn entry(row: &Row<'_>) -> Result<Entry, Refusal> {
    let words = |column: &str| match row.text(column) {
        "" => Err(row.refused(column, "is empty", "write it; every entry has one")),
        text => Ok(text.to_string()),
    };
    let dated = |column: &str| match row.text(column) {
        "" => Ok(None),
        text => Dated::parse(text).map(Some).ok_or_else(|| {
            row.refused(column, "is no date", "write `2027-06-30`, or `2027-06` where the day is not known")
        }),
    };
    let stage = Stage::parse(row.text("stage")).ok_or_else(|| {
        let words: Vec<&str> = Stage::ALL.iter().map(|stage| stage.word()).collect();
        row.refused("stage", "is no stage", &format!("one of: {}", words.join(", ")))
    })?;
    let positive = |number: Number, column: &str| {
        if number < Number::zero() {
            return Err(row.refused(
                column,
                "is negative",
                "what was taken back is a correction of the entry itself",
            ));
        }
        Ok(number)
    };
    let quantity = positive(row.needed("quantity")?, "quantity")?;
    let value = match row.number("value")? {
        None => None,
        Some(_) if row.text("currency").is_empty() => {
            return Err(row.refused(
                "currency",
                "is empty, and there is a value",
                "name the currency; none is assumed",
            ));
        }
        Some(amount) => Some(Value {
            amount: positive(amount, "value")?,
            currency: row.text("currency").to_string(),
            price_basis: row.text("price_basis").to_string(),
            priced: row.text("price_date").to_string(),
        }),
    };
    let due = dated("due")?;
    if due.is_some() && stage != Stage::Pledged {
        return Err(row.refused("due", "stands at what is no pledge", "give the due date to the pledge"));
    }
    let grade = match row.text("grade") {
        "" => Grade::Possible,
        word => Grade::parse(word).ok_or_else(|| {
            row.refused("grade", "is no grade", "one of: none, possible, probable, confirmed")
        })?,
    };
    Ok(Entry {
        id: words("id")?,
        partner: words("partner")?,
        item: words("item")?,
        stage,
        when: dated("date")?,
        due,
        quantity,
        unit: words("unit")?,
        value,
        grade,
        counted_in: Some(row.text("counted_in")).filter(|t| !t.is_empty()).map(String::from),
        source: row.text("source").to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "id,partner,item,stage,date,due,quantity,unit,value,currency,grade,counted_in,source\n";

    fn ledger(rows: &str) -> Ledger {
        Ledger::read("t", &format!("{HEAD}{rows}")).unwrap()
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    const GUNS: &str = "p1,A,guns,pledged,2025-01-10,2025-06-30,10,pieces,,,confirmed,,x\n\
        p2,A,guns,pledged,2025-02,2025-09-30,10,pieces,,,,,x\n\
        r1,A,guns,received,2025-06-01,,4,pieces,,,,,x\n\
        r2,A,guns,received,2025-07-10,,8,pieces,,,,,x\n";

    #[test]
    fn late_is_what_had_not_come_when_it_was_due_and_the_first_due_is_served_first() {
        let ledger = ledger(GUNS);
        // On 5 July six of the first ten are missing; on 1 August they had come ten days late.
        let early = ledger.late(Stage::Received, day("2025-07-05"));
        assert_eq!(
            (early.len(), early[0].open.to_i64(), early[0].came, early[0].days_late),
            (1, Some(6), None, 5)
        );
        let then = ledger.late(Stage::Received, day("2025-08-01"));
        assert_eq!(
            (then[0].open.to_i64(), then[0].came, then[0].days_late),
            (Some(0), Some(day("2025-07-10")), 10)
        );
        // In October eight of the second ten are open.
        let last = ledger.late(Stage::Received, day("2025-10-01"));
        assert_eq!(
            last.iter().map(|l| (l.id.as_str(), l.open.to_i64())).collect::<Vec<_>>(),
            [("p1", Some(0)), ("p2", Some(8))]
        );
        // Nothing is late on the day itself.
        assert!(ledger.late(Stage::Received, day("2025-06-30")).is_empty());
    }

    #[test]
    fn promised_is_what_came_and_what_is_open() {
        let ledger = ledger(GUNS);
        let curve = ledger.curve("pieces", Stage::Received);
        assert_eq!(curve.len(), 7, "January to July, and no month left out");
        let (last, promised, came) = curve.last().unwrap().clone();
        assert_eq!(
            (last.to_string().as_str(), promised.to_i64(), came.to_i64()),
            ("2025-07", Some(20), Some(12))
        );
        let waiting = ledger.waiting(Stage::Received, Month::parse("2025-10").unwrap());
        assert_eq!(
            (waiting[0].1.to_i64(), waiting[0].2.unwrap().to_string().as_str(), waiting[0].3),
            (Some(8), "2025-02", Some(8))
        );
        for pair in curve.windows(2) {
            assert!(pair[0].1 <= pair[1].1 && pair[0].2 <= pair[1].2, "a sum never falls");
        }
    }

    #[test]
    fn what_is_counted_in_another_entry_is_not_added_again() {
        let rows = "eu,EU,funds,allocated,2025-01,,5,EUR bn,,,,,x\n\
            share,A,funds,allocated,2025-01,,1,EUR bn,,,,eu,x\n";
        let ledger = ledger(rows);
        let total = ledger.added().fold(Number::zero(), |sum, e| sum + e.quantity.clone());
        assert_eq!((total.to_i64(), ledger.entries().len()), (Some(5), 2));
        for (from, to, words) in [
            (",eu,x", ",no,x", "there is no such entry"),
            ("share,A", "eu,A", "stands twice"),
            ("bn,,,,,x", "bn,,,,share,x", "is counted in another itself"),
        ] {
            let broken = Ledger::read("t", &format!("{HEAD}{}", rows.replacen(from, to, 1))).unwrap_err();
            assert!(broken.message.contains(words), "{}", broken.message);
        }
    }

    #[test]
    fn units_are_never_added_and_disorder_is_named() {
        let ledger = ledger(
            "a,A,guns,pledged,2025-01,,5,pieces,,,,,x\nb,A,guns,pledged,2025-01,,5,EUR bn,,,,,x\n\
             c,A,guns,received,2025-02,,7,pieces,,,,,x\n",
        );
        assert_eq!(ledger.sums().len(), 2);
        assert!(
            ledger.disorder()[0].contains("7 pieces received, and only 5 pledged"),
            "{:?}",
            ledger.disorder()
        );
        let answer = answer(&ledger, Stage::Received, day("2025-12-31"), vec![], vec![]);
        assert!(
            answer
                .gaps
                .iter()
                .any(|gap| gap.contains("no entry says: allocated, contracted, shipped, trained"))
        );
    }

    #[test]
    fn broken_rows_are_refused_with_their_place() {
        for (row, words) in [
            ("a,A,guns,sent,2025-01,,5,pieces,,,,,x", "`sent` is no stage"),
            ("a,A,guns,pledged,2025-01,,-5,pieces,,,,,x", "`-5` is negative"),
            ("a,A,guns,pledged,1/2/2025,,5,pieces,,,,,x", "`1/2/2025` is no date"),
            ("a,A,guns,pledged,2025-01,,5,pieces,7,,,,x", "is empty, and there is a value"),
            ("a,A,guns,received,2025-01,2025-02,5,pieces,,,,,x", "no pledge"),
            ("a,A,guns,pledged,2025-01,,,pieces,,,,,x", "column `quantity`: `` is empty"),
            ("a,A,guns,pledged,2025-01,,5,pieces,,,sure,,x", "`sure` is no grade"),
            ("a,,guns,pledged,2025-01,,5,pieces,,,,,x", "column `partner`"),
        ] {
            let refusal = Ledger::read("t", &format!("{HEAD}{row}\n")).unwrap_err();
            assert!(
                refusal.message.contains(words) && refusal.message.contains("line 2"),
                "{}",
                refusal.message
            );
        }
    }
}
