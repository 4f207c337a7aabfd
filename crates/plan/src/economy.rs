//! Series of countries by year (gross domestic product, population, defence), and rates of exchange.
//!
//! It fills no year and converts by no rate that it was not given. Where whoever asks wants the last known year held for a
//! later one, the answer carries the year that it is of.
//!
//! Invariants
//! - a figure comes with its year; one that is not there is `None`, never zero;
//! - one country and year has one figure.
//!
//! # Source
//! World Bank, World Development Indicators, as tables with `Country Name`, `Country Code`, `Year` and a column of values.
//! They hold groups of countries beside the countries (`EUU`, `AFE`): figures are asked by code, and a group is never added up.

use crate::Refusal;
use crate::table::Table;
use servanda_model::Number;
use std::collections::BTreeMap;

/// The column of a table of gross domestic product or population.
pub const VALUE: &str = "Value";
/// The column with a country's military expenditure.
pub const DEFENCE: &str = "average_value_Military expenditure (% of GDP)";

/// One figure by country and year.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Series {
    by_code: BTreeMap<String, BTreeMap<i16, Number>>,
}

impl Series {
    /// Reads one column of a table.
    ///
    /// # Errors
    /// Where a column is missing, a cell is no number or year, or a country has two figures for a year.
    pub fn read(name: &str, text: &str, column: &str) -> Result<Series, Refusal> {
        let table = Table::read(name, text)?.with(&["Country Code", "Year", column])?;
        let mut series = Series::default();
        for row in table.rows() {
            let year: i16 = row
                .text("Year")
                .parse()
                .map_err(|_| row.refused("Year", "is no year", "write it like `2024`"))?;
            let Some(value) = row.number(column)? else { continue };
            let years = series.by_code.entry(row.text("Country Code").to_string()).or_default();
            if years.insert(year, value.clone()).is_some_and(|before| before != value) {
                return Err(row.refused(
                    "Year",
                    "has two figures for this country",
                    "take out one of the rows",
                ));
            }
        }
        Ok(series)
    }

    /// The figure of a year. With `hold`, where there is none, that of the last year before it; the year that it is of is told.
    pub fn at(&self, code: &str, year: i16, hold: bool) -> Option<(i16, &Number)> {
        let years = self.by_code.get(code)?;
        match years.get(&year) {
            Some(value) => Some((year, value)),
            None if hold => years.range(..year).next_back().map(|(year, value)| (*year, value)),
            None => None,
        }
    }
}

/// Euros for one unit of a currency, by year.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rates(BTreeMap<(String, i16), Number>);

impl Rates {
    /// Reads a table `currency,year,eur`: so many euros are one unit of the currency.
    ///
    /// # Errors
    /// Where a rate is not above zero, or stands twice.
    pub fn read(name: &str, text: &str) -> Result<Rates, Refusal> {
        let table = Table::read(name, text)?.with(&["currency", "year", "eur"])?;
        let mut rates = BTreeMap::new();
        for row in table.rows() {
            let year: i16 = row
                .text("year")
                .parse()
                .map_err(|_| row.refused("year", "is no year", "write it like `2024`"))?;
            let rate = row.needed("eur")?;
            if rate <= Number::zero() {
                return Err(row.refused("eur", "is not above zero", "write how many euros one unit is"));
            }
            if rates.insert((row.text("currency").to_string(), year), rate).is_some() {
                return Err(row.refused(
                    "year",
                    "stands twice for this currency",
                    "take out one of the rows",
                ));
            }
        }
        Ok(Rates(rates))
    }

    /// Euros for one unit. The euro's own is 1, and needs no entry.
    pub fn at(&self, currency: &str, year: i16) -> Option<Number> {
        if currency == "EUR" {
            return Some(Number::from(1));
        }
        self.0.get(&(currency.to_string(), year)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_that_is_missing_is_missing_unless_the_last_is_held() {
        let text = "Country Name,Country Code,Year,Value\nA,AAA,2019,5\nA,AAA,2020,7\nA,AAA,2021,\n";
        let series = Series::read("t", text, VALUE).unwrap();
        assert_eq!(series.at("AAA", 2020, false), Some((2020, &Number::from(7))));
        assert_eq!(series.at("AAA", 2021, false), None);
        assert_eq!(series.at("AAA", 2024, true), Some((2020, &Number::from(7))));
        assert_eq!((series.at("AAA", 2018, true), series.at("BBB", 2020, true)), (None, None));
        let twice = Series::read("t", &text.replace("2021,", "2020,8"), VALUE).unwrap_err();
        assert!(
            twice.message.contains("line 4") && twice.message.contains("two figures"),
            "{}",
            twice.message
        );
    }

    #[test]
    fn no_rate_is_none() {
        let rates = Rates::read("r", "currency,year,eur\nUSD,2022,0.95\n").unwrap();
        assert_eq!(rates.at("USD", 2022), Number::parse("0.95"));
        assert_eq!((rates.at("USD", 2023), rates.at("GBP", 2022)), (None, None));
        assert_eq!(rates.at("EUR", 1999), Some(Number::from(1)));
        assert!(
            Rates::read("r", "currency,year,eur\nUSD,2022,0\n")
                .unwrap_err()
                .message
                .contains("not above zero")
        );
    }
}
