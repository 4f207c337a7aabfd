//! The tables of the Kiel Institute's Ukraine Support Tracker, as they are published with a release.
//!
//! It corrects nothing. Where the source's tables do not agree with each other, both figures are named.
//!
//! Invariants
//! - every row of the main table is two entries (what was committed is *pledged*, what was allocated is *allocated*), or the
//!   whole is refused; a month without a row has no entry, and counts as nothing given;
//! - the members' shares in the European Union's aid are no entries: they are that aid once more;
//! - heavy weapons are entries of their own unit (pieces), without a date, and their value is never added to the aid that has
//!   it already.
//!
//! # Source
//! Trebesch et al., Kiel Working Paper 2218, and the columns of release 29: `data_explorer`, `total_allocations`,
//! `eu_aid_shares`, `procurement_trends`, `weapons`, `release_info`.

use crate::Refusal;
use crate::month::Month;
use crate::support::{Dated, Entry, Ledger, Stage, Value};
use crate::table::{Row, Table};
use servanda_model::{Grade, Number};
use std::collections::{BTreeMap, BTreeSet};

/// The unit of the tracker's amounts.
pub const UNIT: &str = "EUR bn";
/// What the European Union's own institutions are called by the source.
pub const EU: &str = "EU (Commission and Council)";
/// Amounts of the source are rounded to a millionth of a billion, and forty of them are added: totals agree up to this.
pub const TOLERANCE: (i64, i64) = (3, 100_000);
/// Ratios of the source have six places.
const RATIO_TOLERANCE: (i64, i64) = (1, 10_000);

/// The texts of the files.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// `data_explorer.csv`: country by month.
    pub explorer: &'a str,
    /// `total_allocations.csv`: the source's own totals by month.
    pub totals: &'a str,
    /// `eu_aid_shares.csv`: the members' shares in the aid of the EU.
    pub shares: &'a str,
    /// `procurement_trends.csv`: military aid by way of procurement.
    pub procurement: &'a str,
    /// `weapons.csv`: heavy weapons by donor.
    pub weapons: &'a str,
    /// `release_info.csv`: which release it is.
    pub release: &'a str,
}

/// A release, read.
#[derive(Clone, Debug)]
pub struct Kiel {
    /// What release it is, in the source's words.
    pub label: String,
    /// Its last month.
    pub until: Month,
    /// The entries.
    pub ledger: Ledger,
    /// Code of a partner, as the source has it.
    pub codes: BTreeMap<String, String>,
    /// Gross domestic product, EUR bn, one figure for each partner; not there for the EU, whose row has 0.
    pub gdp: BTreeMap<String, Number>,
    /// Share of each member in the EU's aid over the whole period, EUR bn.
    pub shares: BTreeMap<String, Number>,
    /// What was compared with the source's own figures.
    pub checks: Vec<Check>,
    /// Allocations by partner, month and kind (financial, humanitarian, military), EUR bn.
    pub kinds: BTreeMap<(String, Month), [Number; 3]>,
}

/// One comparison of a sum with the source's own figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// What was compared.
    pub what: String,
    /// What our sum is.
    pub ours: Number,
    /// What the source says.
    pub theirs: Number,
    /// Whether they differ by no more than rounding explains.
    pub agrees: bool,
}

impl Kiel {
    /// Reads a release. `grade` is how well what the tracker says is taken to be known.
    ///
    /// # Errors
    /// Where a table lacks a column, a cell is no number, a partner has two rows for a month or two codes, or an amount is
    /// negative that cannot be.
    pub fn read(files: &Files<'_>, grade: Grade) -> Result<Kiel, Refusal> {
        let release = Table::read("release_info.csv", files.release)?.with(&["period", "label"])?;
        let Some(of) = release.rows().next() else {
            return Err(Refusal::new("`release_info.csv` has no row", "take the file of the release"));
        };
        let label = of.text("label").to_string();
        let until = of
            .text("period")
            .split_once('/')
            .and_then(|(month, year)| Month::parse(&format!("{year}-{month}")));
        let until =
            until.ok_or_else(|| of.refused("period", "is no month", "it is written like `04/2026`"))?;

        let mut kiel = Kiel {
            label,
            until,
            ledger: Ledger::default(),
            codes: BTreeMap::new(),
            gdp: BTreeMap::new(),
            shares: BTreeMap::new(),
            checks: Vec::new(),
            kinds: BTreeMap::new(),
        };
        let mut entries = kiel.explorer(files.explorer, grade)?;
        kiel.totals(files.totals, &entries)?;
        kiel.members(files.shares, &entries)?;
        kiel.procurement(files.procurement)?;
        entries.extend(kiel.weapons(files.weapons, grade)?);
        kiel.ledger = Ledger::of(entries)?;
        Ok(kiel)
    }

    fn explorer(&mut self, text: &str, grade: Grade) -> Result<Vec<Entry>, Refusal> {
        let table = Table::read("data_explorer.csv", text)?.with(&[
            "country",
            "iso",
            "year",
            "month",
            "total",
            "financial",
            "humanitarian",
            "military",
            "commitments",
            "to_be_allocated",
            "gdp",
            "pct_gdp",
        ])?;
        let mut entries = Vec::new();
        for row in table.rows() {
            let partner = row.text("country").to_string();
            let month = month(&row)?;
            let code = row.text("iso").to_string();
            if self.codes.insert(partner.clone(), code.clone()).is_some_and(|before| before != code) {
                return Err(row.refused("iso", "is another code than before", "a partner has one code"));
            }
            let kinds =
                [amount(&row, "financial")?, amount(&row, "humanitarian")?, amount(&row, "military")?];
            let (total, committed) = (amount(&row, "total")?, amount(&row, "commitments")?);
            let sum = kinds.iter().fold(Number::zero(), |sum, n| sum + n.clone());
            self.check(format!("{partner}, {month}: kinds add up to the total"), sum, total.clone());
            // The balance of a month is negative where more was allocated than committed in it; that is no fault.
            let balance = row.needed("to_be_allocated")?;
            self.check(
                format!("{partner}, {month}: commitments less allocations"),
                committed.clone() - total.clone(),
                balance,
            );
            // A GDP of 0 (the row of the EU) is none.
            let gdp = row.needed("gdp")?;
            if gdp > Number::zero() {
                if self.gdp.insert(partner.clone(), gdp.clone()).is_some_and(|before| before != gdp) {
                    return Err(row.refused(
                        "gdp",
                        "is another figure than before",
                        "the tracker has one for each partner",
                    ));
                }
                let share = total.over(&gdp).map(|n| n * Number::from(100)).unwrap_or_default();
                self.ratio(format!("{partner}, {month}: share of GDP"), share, row.needed("pct_gdp")?);
            }
            if self.kinds.insert((partner.clone(), month), kinds).is_some() {
                return Err(row.refused(
                    "month",
                    "stands twice for this partner",
                    "take out one of the rows",
                ));
            }
            for (stage, quantity) in [(Stage::Pledged, committed), (Stage::Allocated, total)] {
                entries.push(Entry {
                    id: format!("{code}-{month}-{}", stage.word()),
                    partner: partner.clone(),
                    item: "aid".into(),
                    stage,
                    when: Some(Dated::Within(month)),
                    due: None,
                    value: None,
                    quantity,
                    unit: UNIT.into(),
                    grade,
                    counted_in: None,
                    source: format!("data_explorer.csv, line {}", row.line()),
                });
            }
        }
        Ok(entries)
    }

    fn totals(&mut self, text: &str, entries: &[Entry]) -> Result<(), Refusal> {
        let table = Table::read("total_allocations.csv", text)?.with(&[
            "year",
            "month",
            "total_allocations",
            "military",
            "financial",
            "humanitarian",
        ])?;
        let mut ours: BTreeMap<Month, Number> = BTreeMap::new();
        for entry in entries.iter().filter(|e| e.stage == Stage::Allocated) {
            if let Some(month) = entry.when.and_then(Dated::month) {
                let sum = ours.entry(month).or_default();
                *sum = sum.clone() + entry.quantity.clone();
            }
        }
        let mut kinds: BTreeMap<Month, [Number; 3]> = BTreeMap::new();
        for ((_, month), amounts) in &self.kinds {
            for (sum, more) in kinds.entry(*month).or_default().iter_mut().zip(amounts) {
                *sum = sum.clone() + more.clone();
            }
        }
        let mut seen = BTreeSet::new();
        for row in table.rows() {
            let month = month(&row)?;
            seen.insert(month);
            let total = row.needed("total_allocations")?;
            self.check(
                format!("all, {month}: allocations"),
                ours.get(&month).cloned().unwrap_or_default(),
                total,
            );
            let of = kinds.get(&month).cloned().unwrap_or_default();
            for (name, sum) in ["financial", "humanitarian", "military"].into_iter().zip(of) {
                self.check(format!("all, {month}: {name}"), sum, row.needed(name)?);
            }
        }
        for (month, sum) in ours {
            if !seen.contains(&month) {
                self.check(
                    format!("all, {month}: allocations, of which the totals have no row"),
                    sum,
                    Number::zero(),
                );
            }
        }
        Ok(())
    }

    fn members(&mut self, text: &str, entries: &[Entry]) -> Result<(), Refusal> {
        let table = Table::read("eu_aid_shares.csv", text)?.with(&[
            "country",
            "iso",
            "bilateral_pct_gdp",
            "eu_share_pct_gdp",
            "total_pct_gdp",
            "eu_share_bn",
        ])?;
        let given = |partner: &str| {
            let of = entries.iter().filter(|e| e.stage == Stage::Allocated && e.partner == partner);
            of.fold(Number::zero(), |sum, e| sum + e.quantity.clone())
        };
        let mut sum = Number::zero();
        for row in table.rows() {
            let partner = row.text("country").to_string();
            if !self.codes.contains_key(&partner) {
                return Err(row.refused(
                    "country",
                    "has no row in `data_explorer.csv`",
                    "take both files of one release",
                ));
            }
            let share = amount(&row, "eu_share_bn")?;
            sum = sum + share.clone();
            if let Some(gdp) = self.gdp.get(&partner).cloned() {
                let percent = |n: Number| n.over(&gdp).map(|n| n * Number::from(100)).unwrap_or_default();
                let own = percent(given(&partner));
                self.ratio(
                    format!("{partner}: bilateral aid, percent of GDP"),
                    own,
                    row.needed("bilateral_pct_gdp")?,
                );
                self.ratio(
                    format!("{partner}: share in the EU's aid, percent of GDP"),
                    percent(share.clone()),
                    row.needed("eu_share_pct_gdp")?,
                );
            }
            if self.shares.insert(partner, share).is_some() {
                return Err(row.refused("country", "stands twice", "take out one of the rows"));
            }
        }
        self.check("the members' shares add up to the EU's own aid".into(), sum, given(EU));
        Ok(())
    }

    fn procurement(&mut self, text: &str) -> Result<(), Refusal> {
        let ways = ["stockpile", "procurement", "unspecified", "nato_purl"];
        let table = Table::read("procurement_trends.csv", text)?.with(&["year", "month"])?.with(&ways)?;
        let mut sum = Number::zero();
        for row in table.rows() {
            for way in ways {
                sum = sum + amount(&row, way)?;
            }
        }
        let military = self.kinds.values().fold(Number::zero(), |sum, kinds| sum + kinds[2].clone());
        self.check(
            "military allocations against the table of procurement, whole period".into(),
            military,
            sum,
        );
        Ok(())
    }

    fn weapons(&mut self, text: &str, grade: Grade) -> Result<Vec<Entry>, Refusal> {
        let table = Table::read("weapons.csv", text)?.with(&[
            "donor",
            "category",
            "number_of_weapons",
            "monetary_value_eur",
            "weapons_list",
        ])?;
        let mut entries = Vec::new();
        for row in table.rows() {
            let (partner, item) = (row.text("donor").to_string(), row.text("category").to_string());
            let quantity = amount(&row, "number_of_weapons")?;
            self.check(
                format!("{partner}, {item}: numbers of the list"),
                numbers_in(row.text("weapons_list")),
                quantity.clone(),
            );
            entries.push(Entry {
                id: format!("weapons-{}", row.line()),
                partner,
                item,
                stage: Stage::Allocated,
                when: None,
                due: None,
                quantity,
                unit: "pieces".into(),
                value: row.number("monetary_value_eur")?.map(|amount| Value {
                    amount,
                    currency: "EUR".into(),
                    price_basis: "the tracker's own estimate; part of `aid`".into(),
                    priced: String::new(),
                }),
                grade,
                counted_in: None,
                source: format!("weapons.csv, line {}", row.line()),
            });
        }
        Ok(entries)
    }

    fn check(&mut self, what: String, ours: Number, theirs: Number) {
        self.within(what, ours, theirs, TOLERANCE);
    }

    fn ratio(&mut self, what: String, ours: Number, theirs: Number) {
        self.within(what, ours, theirs, RATIO_TOLERANCE);
    }

    fn within(&mut self, what: String, ours: Number, theirs: Number, (n, d): (i64, i64)) {
        let agrees = (ours.clone() - theirs.clone()).abs() <= Number::ratio(n, d).unwrap_or_default();
        self.checks.push(Check { what, ours, theirs, agrees });
    }

    /// What does not agree, and what the source does not have, in words.
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps: Vec<String> = self
            .checks
            .iter()
            .filter(|check| !check.agrees)
            .map(|check| {
                let (ours, theirs) =
                    (crate::answer::decimal(&check.ours, 6), crate::answer::decimal(&check.theirs, 6));
                format!("{}: our sum is {ours}, the source says {theirs}", check.what)
            })
            .collect();
        gaps.push("the tracker has no date for a weapon, and does not say what of it was delivered".into());
        gaps
    }

    /// How its tables were compared with its own totals, in one sentence.
    pub fn compared(&self) -> String {
        let agree = self.checks.iter().filter(|check| check.agrees).count();
        format!("{}; {agree} of {} sums agree with the source's own", self.label, self.checks.len())
    }

    /// Amount of a stage by partner and year, EUR bn.
    pub fn by_year(&self, stage: Stage) -> BTreeMap<(String, i16), Number> {
        let mut sums: BTreeMap<(String, i16), Number> = BTreeMap::new();
        for entry in self.ledger.added().filter(|e| e.stage == stage && e.unit == UNIT) {
            if let Some(month) = entry.when.and_then(Dated::month) {
                let sum = sums.entry((entry.partner.clone(), month.year())).or_default();
                *sum = sum.clone() + entry.quantity.clone();
            }
        }
        sums
    }
}

fn month(row: &Row<'_>) -> Result<Month, Refusal> {
    let whole = |column: &str| row.needed(column).map(|n| n.to_i64().unwrap_or(0));
    let (year, month) = (whole("year")?, whole("month")?);
    i16::try_from(year)
        .ok()
        .zip(i8::try_from(month).ok())
        .and_then(|(year, month)| Month::of(year, month))
        .ok_or_else(|| row.refused("month", "is no month of a year", "1 to 12"))
}

fn amount(row: &Row<'_>, column: &str) -> Result<Number, Refusal> {
    let value = row.needed(column)?;
    if value < Number::zero() {
        return Err(row.refused(column, "is negative", "only `to_be_allocated` can be"));
    }
    Ok(value)
}

/// The numbers in brackets at the ends of the parts of a list: `Leopard-1 (1); M270 (Norway) (11)`.
fn numbers_in(list: &str) -> Number {
    list.split(';').fold(Number::zero(), |sum, part| {
        let number = part.trim().strip_suffix(')').and_then(|part| part.rsplit_once('('));
        sum + number.and_then(|(_, n)| Number::parse(n)).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPLORER: &str = "country,iso,year,month,total,financial,humanitarian,military,commitments,to_be_allocated,gdp,pct_gdp\n\
        B,BBB,2022,3,2,2,0,0,1,-1,100,2\nA,AAA,2022,1,1,0,0.5,0.5,3,2,50,2\n\
        EU (Commission and Council),EU,2022,3,4,4,0,0,9,5,0,0\n";
    const TOTALS: &str =
        "year,month,total_allocations,military,financial,humanitarian\n2022,1,1,0.5,0,0.5\n2022,3,6,0,6,0\n";
    const SHARES: &str =
        "country,iso,bilateral_pct_gdp,eu_share_pct_gdp,total_pct_gdp,eu_share_bn\nA,AAA,2,8,10,4\n";

    fn files() -> Files<'static> {
        Files {
            explorer: EXPLORER,
            totals: TOTALS,
            shares: SHARES,
            procurement: "year,month,stockpile,procurement,unspecified,nato_purl\n2022,1,0.5,0,0,0\n",
            weapons: "donor,category,number_of_weapons,monetary_value_eur,weapons_list\nA,MLRS,3,100,\"M270 (Norway) (2); X (1)\"\n",
            release: "release,period,date,label\n1,03/2022,2022-04-01,Release 1\n",
        }
    }

    #[test]
    fn a_release_that_agrees_has_nothing_to_name() {
        let kiel = Kiel::read(&files(), Grade::Possible).unwrap();
        assert!(kiel.checks.iter().all(|check| check.agrees), "{:?}", kiel.gaps());
        assert_eq!(kiel.gdp.len(), 2, "the EU has none");
        // Unsorted and sparse: two months, in order, and nothing invented between them but the sum that stands.
        let curve = kiel.ledger.curve(UNIT, Stage::Allocated);
        let shown: Vec<_> = curve.iter().map(|(m, p, a)| (m.to_string(), p.to_i64(), a.to_i64())).collect();
        assert_eq!(
            shown,
            [
                ("2022-01".to_string(), Some(3), Some(1)),
                ("2022-02".to_string(), Some(3), Some(1)),
                ("2022-03".to_string(), Some(13), Some(7)),
            ]
        );
        // The shares of the members and the values of weapons are in no sum of money.
        let sum = kiel.by_year(Stage::Allocated).values().fold(Number::zero(), |sum, n| sum + n.clone());
        assert_eq!(sum.to_i64(), Some(7));
    }

    #[test]
    fn every_disagreement_is_named() {
        for (from, to, words) in [
            ("2022,1,1,0.5,0,0.5", "2022,1,1.1,0.5,0,0.5", "all, 2022-01: allocations: our sum is 1.000000"),
            ("2022,3,6,0,6,0", "2022,3,6,1,6,0", "all, 2022-03: military"),
            ("2022,3,6,0,6,0\n", "", "all, 2022-03: allocations, of which the totals have no row"),
        ] {
            let totals = TOTALS.replace(from, to);
            let kiel = Kiel::read(&Files { totals: &totals, ..files() }, Grade::Possible).unwrap();
            assert!(kiel.gaps().iter().any(|gap| gap.contains(words)), "{:?}", kiel.gaps());
        }
        let shares = SHARES.replace(",4\n", ",5\n");
        let kiel = Kiel::read(&Files { shares: &shares, ..files() }, Grade::Possible).unwrap();
        assert!(kiel.gaps().iter().any(|gap| gap.contains("add up to the EU's own aid: our sum is 5")));
    }

    #[test]
    fn broken_releases_are_refused() {
        for (from, to, words) in [
            ("A,AAA,2022,1", "B,BBB,2022,3", "another figure than before"),
            ("2022,1,1,0,", "2022,13,1,0,", "is no month of a year"),
            ("0.5,3,2", "0.5,-3,2", "`-3` is negative"),
            ("B,BBB,2022,3,2", "B,BBB,2022,3,", "`` is empty"),
            ("pct_gdp", "share", "has no column `pct_gdp`"),
        ] {
            let explorer = EXPLORER.replace(from, to);
            let refusal = Kiel::read(&Files { explorer: &explorer, ..files() }, Grade::Possible).unwrap_err();
            assert!(refusal.message.contains(words), "{}", refusal.message);
        }
        let twice = format!("{EXPLORER}A,AAA,2022,1,1,0,0.5,0.5,3,2,50,2\n");
        let refusal = Kiel::read(&Files { explorer: &twice, ..files() }, Grade::Possible).unwrap_err();
        assert!(refusal.message.contains("stands twice for this partner"), "{}", refusal.message);
    }
}
