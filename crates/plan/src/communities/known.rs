//! What public series say of displaced people, and of the hromadas of Ukraine: read as they are published, nothing filled in.
//!
//! They know countries by year, and hromadas on four days of 2022. It divides no national figure among oblasts.
//!
//! Invariants
//! - a year that a series does not have is missing; years between its first and its last are named;
//! - a zero of the series of UNHCR is no count: the series does not tell *none* from *not counted*;
//! - figures of two sources stand side by side, and are never mixed.
//!
//! # Source
//! UNHCR, Refugee Data Finder (`unhcr-population-ukr-col.csv`); IDMC, internal displacement (`idmc-internal.csv`), of which the rows of the
//! country `UNK` are the world's sums; UNHCR, refugees from Ukraine by country, daily in 2022 (`ukr-refugees-by-country-2022.csv`); Kyiv School
//! of Economics, hromadas and their status in 2022 (`minregion-war-status.csv`).

use super::place::{Code, OBLASTS};
use super::small;
use crate::Refusal;
use crate::answer::{Cell, Shown};
use crate::table::{Row, Table};
use servanda_model::Number;
use std::collections::{BTreeMap, BTreeSet};

/// Displaced people of a country.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Displaced {
    /// By year, UNHCR: displaced within the country, gone home within it, abroad, come home from abroad.
    pub unhcr: BTreeMap<i16, [Option<u64>; 4]>,
    /// By year, IDMC: displaced within the country at the end of it.
    pub idmc: BTreeMap<i16, u64>,
    /// What is missing, or does not fit together.
    pub gaps: Vec<String>,
}

/// A whole number of people, which these series write as `823000.0`.
fn people(row: &Row<'_>, column: &str) -> Result<Option<u64>, Refusal> {
    let Some(n) = row.number(column)? else { return Ok(None) };
    let whole = n.to_i64().and_then(|n| u64::try_from(n).ok());
    whole.map(Some).ok_or_else(|| row.refused(column, "is no number of people", "whole, and not negative"))
}

fn year(row: &Row<'_>) -> Result<i16, Refusal> {
    let year = row.needed("year")?.to_i64().and_then(|year| i16::try_from(year).ok());
    year.filter(|year| (1..=9999).contains(year))
        .ok_or_else(|| row.refused("year", "is no year", "write it like `2024`"))
}

impl Displaced {
    /// Reads the two series of a country, named by its code of three letters.
    ///
    /// # Errors
    /// Where a column is missing, a cell is no number, a country has two figures for a year, or neither has the country.
    pub fn read(country: &str, unhcr: &str, idmc: &str) -> Result<Displaced, Refusal> {
        let mut all = Displaced::default();
        let columns =
            ["year", "coo_iso", "coa_iso", "refugees", "returned_refugees", "idps", "returned_idps"];
        let table = Table::read("unhcr-population-ukr-col.csv", unhcr)?.with(&columns)?;
        let mut within = BTreeSet::new();
        for row in table.rows().filter(|row| row.text("coo_iso") == country) {
            let of = all.unhcr.entry(year(&row)?).or_default();
            let figures = [("idps", 0), ("returned_idps", 1), ("refugees", 2), ("returned_refugees", 3)];
            let own = row.text("coa_iso") == country;
            if own && !within.insert(year(&row)?) {
                return Err(row.refused(
                    "year",
                    "has two figures for this country",
                    "take out one of the rows",
                ));
            }
            for (column, at) in figures {
                // Those who are displaced within stand in the row of the country itself, those abroad in that of their asylum.
                if let Some(n) = people(&row, column)?.filter(|n| *n > 0 && (own || at > 1)) {
                    of[at] = Some(of[at].unwrap_or(0) + n);
                }
            }
        }
        let table = Table::read("idmc-internal.csv", idmc)?.with(&["year", "coo_iso", "coa_iso", "total"])?;
        for row in table.rows().filter(|row| row.text("coo_iso") == country && row.text("coa_iso") == country)
        {
            let Some(n) = people(&row, "total")? else { continue };
            if all.idmc.insert(year(&row)?, n).is_some() {
                return Err(row.refused(
                    "year",
                    "has two figures for this country",
                    "take out one of the rows",
                ));
            }
        }
        if all.unhcr.is_empty() && all.idmc.is_empty() {
            return Err(Refusal::new(
                format!("neither series has the country `{country}`"),
                "name it by its three letters, as in the column `coo_iso`",
            ));
        }
        all.named();
        Ok(all)
    }

    fn years(&self) -> BTreeSet<i16> {
        let told = self.unhcr.iter().filter(|(_, of)| of.iter().any(Option::is_some)).map(|(year, _)| *year);
        told.chain(self.idmc.keys().copied()).collect()
    }

    fn named(&mut self) {
        let series: [(&str, BTreeSet<i16>); 3] = [
            ("UNHCR, displaced within the country", self.with(0)),
            ("UNHCR, gone home within the country", self.with(1)),
            ("IDMC, displaced within the country", self.idmc.keys().copied().collect()),
        ];
        for (what, years) in series {
            let (Some(first), Some(last)) = (years.first(), years.last()) else {
                self.gaps.push(format!("{what}: no year"));
                continue;
            };
            let missing: Vec<String> =
                (*first..=*last).filter(|year| !years.contains(year)).map(|year| year.to_string()).collect();
            let holes = match missing.is_empty() {
                true => "none between is missing".to_string(),
                false => format!("missing between: {}", missing.join(", ")),
            };
            self.gaps.push(format!("{what}: from {first} to {last}, {holes}; no other year is guessed"));
        }
        let apart: Vec<String> = self
            .idmc
            .iter()
            .filter_map(|(year, theirs)| Some((year, self.unhcr.get(year)?[0]?, *theirs)))
            .filter(|(_, ours, theirs)| ours != theirs)
            .map(|(year, ours, theirs)| format!("{year} ({ours} and {theirs})"))
            .collect();
        if !apart.is_empty() {
            self.gaps.push(format!(
                "UNHCR and IDMC do not agree on those displaced within the country: {}",
                apart.join(", ")
            ));
        }
        self.gaps.push("these series know the whole country by year, no oblast and no hromada; nothing of them is divided among communities".into());
        self.gaps.push("a zero of UNHCR does not tell none from not counted, and is shown as missing".into());
    }

    fn with(&self, at: usize) -> BTreeSet<i16> {
        self.unhcr.iter().filter(|(_, of)| of[at].is_some()).map(|(year, _)| *year).collect()
    }

    /// As a table; counts below the bound are not shown.
    pub fn shown(&self, country: &str, below: u64) -> Shown {
        let cell = |n: Option<u64>| n.map_or(Cell::Missing, |n| small::count(n, below));
        let row = |year: i16| {
            let of = self.unhcr.get(&year).copied().unwrap_or_default();
            let theirs = self.idmc.get(&year).copied();
            let apart = of[0].zip(theirs).and_then(|(ours, theirs)| {
                let apart = Number::from(theirs as i64) - Number::from(ours as i64);
                apart.over(&Number::from(ours as i64)).map(|n| n * Number::from(100))
            });
            let mut row = vec![Cell::text(year.to_string()), Cell::text(country)];
            row.extend([
                cell(of[0]),
                cell(theirs),
                Cell::of(apart, 1),
                cell(of[1]),
                cell(of[2]),
                cell(of[3]),
            ]);
            row
        };
        Shown {
            name: "known-displaced",
            title: "people displaced in the whole country at the end of a year, as two sources have them, and who went home in it: no figure of an oblast"
                .into(),
            columns: vec!["year", "country", "within_unhcr", "within_idmc", "apart_pct", "went_home", "abroad", "came_home"],
            rows: self.years().into_iter().map(row).collect(),
        }
    }
}

/// The last figure of each country of asylum in the daily series of 2022.
///
/// # Errors
/// Where a column is missing, or a cell is no number.
pub fn abroad(text: &str) -> Result<(Shown, Vec<String>), Refusal> {
    let table = Table::read("ukr-refugees-by-country-2022.csv", text)?.with(&[
        "country",
        "date",
        "individuals",
        "source",
    ])?;
    let mut last: BTreeMap<&str, (&str, Option<u64>, &str, &str)> = BTreeMap::new();
    for row in table.rows() {
        let (date, n) = (row.text("date"), people(&row, "individuals")?);
        if date.parse::<jiff::civil::Date>().is_err() {
            return Err(row.refused("date", "is no date", "write it like `2022-09-06`"));
        }
        let first = last.get(row.text("country")).map_or(date, |(_, _, first, _)| (*first).min(date));
        let of = last.entry(row.text("country")).or_insert((date, n, date, row.text("source")));
        of.2 = first;
        if date >= of.0 {
            *of = (date, n, first, row.text("source"));
        }
    }
    let days: BTreeSet<&str> = last.values().map(|(date, ..)| *date).collect();
    let mut gaps = vec!["people who crossed into a country in 2022: who crossed twice is in it twice, and who went on is in two countries".to_string()];
    if let (true, Some(first), Some(end)) = (days.len() > 1, days.first(), days.last()) {
        gaps.push(format!(
            "the series of the countries end on different days, from {first} to {end}; they are not added up"
        ));
    }
    let rows = last
        .into_iter()
        .map(|(country, (date, n, first, source))| {
            let n = n.map_or(Cell::Missing, |n| Cell::whole(n as i64));
            let source = if source == "0" { Cell::Missing } else { Cell::text(source) };
            vec![Cell::text(country), Cell::text(first), Cell::text(date), n, source]
        })
        .collect();
    Ok((
        Shown {
            name: "known-crossings",
            title: "people who had crossed into a country by the last day that its series has".into(),
            columns: vec!["country", "from", "until", "people", "source"],
            rows,
        },
        gaps,
    ))
}

/// The hromadas, and how they stood in 2022.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hromadas {
    by_code: BTreeMap<Code, Hromada>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Hromada {
    name: String,
    status: String,
    in_war_zone: [bool; 4],
}

const DAYS: [(&str, &str); 4] = [
    ("war_zone_27_04_2022", "war_zone_2022_04_27"),
    ("war_zone_20_06_2022", "war_zone_2022_06_20"),
    ("war_zone_23_08_2022", "war_zone_2022_08_23"),
    ("war_zone_10_10_2022", "war_zone_2022_10_10"),
];

impl Hromadas {
    /// Reads the table.
    ///
    /// # Errors
    /// Where a column is missing, a code is none of a hromada, or one stands twice.
    pub fn read(name: &str, text: &str) -> Result<Hromadas, Refusal> {
        let table = Table::read(name, text)?
            .with(&["hromada_short_name", "hromada_code", "Status_war_sept"])?
            .with(&DAYS.map(|(column, _)| column))?;
        let mut by_code = BTreeMap::new();
        for row in table.rows() {
            let code = match Code::read(row.text("hromada_code")) {
                Some((code, false)) if code.level() == super::Level::Hromada => code,
                _ => {
                    return Err(row.refused("hromada_code", "is no code of a hromada", "`UA` and 17 digits"));
                }
            };
            let mut in_war_zone = [false; 4];
            for (at, (column, _)) in in_war_zone.iter_mut().zip(DAYS) {
                *at = match row.text(column) {
                    "1" => true,
                    "0" => false,
                    _ => {
                        return Err(row.refused(
                            column,
                            "is neither 0 nor 1",
                            "1 for a hromada in the war zone",
                        ));
                    }
                };
            }
            let of = Hromada {
                name: row.text("hromada_short_name").into(),
                status: row.text("Status_war_sept").into(),
                in_war_zone,
            };
            if by_code.insert(code, of).is_some() {
                return Err(row.refused("hromada_code", "stands twice", "take out one of the rows"));
            }
        }
        Ok(Hromadas { by_code })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_code.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_code.is_empty()
    }

    /// The name of a hromada.
    pub fn name(&self, code: &Code) -> Option<&str> {
        self.by_code.get(code).map(|of| of.name.as_str())
    }

    /// Codes of the hromadas of a name: one name may be that of several, in one oblast too.
    pub fn named(&self, name: &str) -> Vec<&Code> {
        self.by_code.iter().filter(|(_, of)| of.name == name).map(|(code, _)| code).collect()
    }

    /// What is known of a place: how many of its hromadas were in the war zone on the last day that is known.
    pub fn at_war(&self, place: &Code) -> Option<(usize, usize)> {
        let here: Vec<&Hromada> =
            self.by_code.iter().filter(|(code, _)| code.is_in(place)).map(|(_, of)| of).collect();
        (!here.is_empty()).then(|| (here.iter().filter(|of| of.in_war_zone[3]).count(), here.len()))
    }

    /// Oblasts that have none here.
    pub fn without(&self) -> Vec<&'static str> {
        let here: BTreeSet<&str> = self.by_code.keys().map(Code::oblast).collect();
        OBLASTS.iter().filter(|(digits, ..)| !here.contains(digits)).map(|(_, name, _)| *name).collect()
    }

    /// By oblast: how many, and how they stood.
    pub fn shown(&self) -> Shown {
        let mut rows = Vec::new();
        for (digits, name, _) in OBLASTS {
            let here: Vec<&Hromada> =
                self.by_code.iter().filter(|(code, _)| code.oblast() == digits).map(|(_, of)| of).collect();
            if here.is_empty() {
                continue;
            }
            let count =
                |is: &dyn Fn(&Hromada) -> bool| Cell::whole(here.iter().filter(|of| is(of)).count() as i64);
            let mut row = vec![Cell::text(name), Cell::whole(here.len() as i64)];
            row.extend((0..4).map(|day| count(&|of: &Hromada| of.in_war_zone[day])));
            row.push(count(&|of: &Hromada| of.status == "occupied"));
            row.push(count(&|of: &Hromada| of.status.starts_with("deoccupied")));
            rows.push(row);
        }
        let mut columns = vec!["oblast", "hromadas"];
        columns.extend(DAYS.map(|(_, column)| column));
        columns.extend(["occupied_2022_09", "deoccupied_2022_09"]);
        Shown {
            name: "known-hromadas",
            title: "hromadas by oblast, and how many were in the war zone on four days of 2022; nothing later is known here".into(),
            columns,
            rows,
        }
    }
}
