//! Burden: what each partner carries, as a share of what it has, against a stated rule of fairness; and who would carry what
//! if one left.
//!
//! It does not say which rule is fair. A partner without the figure that a rule stands on is left out of that rule, with its
//! cost, and named.
//!
//! Invariants
//! - aid of the European Union is either its own line or its members' (by their shares), never both: the sum is the same;
//! - what all carry under a rule is what all gave, and what is taken over is what the leaving ones gave, to the last digit;
//! - no figure is converted without a rate, and no year stands for another unless that was asked for.
//!
//! Where to start reading: [`Asked`], then [`answer`].

use crate::answer::{Cell, Shown};
use crate::economy::{Rates, Series};
use crate::month::Month;
use crate::{Answer, Basis, Refusal};
use servanda_model::Number;
use std::collections::{BTreeMap, BTreeSet};

/// Where the gross domestic product comes from.
#[derive(Clone, Debug)]
pub enum Gdp {
    /// One figure for each partner, EUR bn, taken for every year.
    Fixed(BTreeMap<String, Number>),
    /// A series in units of a currency, by code and year.
    Yearly {
        /// The series.
        series: Series,
        /// Its currency.
        currency: String,
        /// Rates to the euro.
        rates: Rates,
    },
}

/// The rule that a burden is held against.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rule {
    /// By gross domestic product.
    Gdp,
    /// By population.
    Population,
    /// By an agreed key: weights by partner.
    Key(BTreeMap<String, Number>),
}

/// Money needed in years to come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Need {
    /// EUR bn by year, at prices of `prices_of`.
    pub amounts: BTreeMap<i16, Number>,
    /// The year whose prices, gross domestic products and populations are taken.
    pub prices_of: i16,
    /// Real growth of every economy, percent a year.
    pub growth: Number,
    /// Rise of prices, percent a year.
    pub inflation: Number,
    /// Other ways that it may go, beside the stated one: name, growth and rise of prices.
    pub others: Vec<(String, Number, Number)>,
}

impl Need {
    /// All ways that it may go, the stated one first.
    fn ways(&self) -> Vec<(&str, &Number, &Number)> {
        let others = self.others.iter().map(|(name, growth, inflation)| (name.as_str(), growth, inflation));
        std::iter::once(("stated", &self.growth, &self.inflation)).chain(others).collect()
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Cost by partner and year, EUR bn.
    pub costs: BTreeMap<(String, i16), Number>,
    /// In words: what the costs are.
    pub measure: String,
    /// Country codes of partners.
    pub codes: BTreeMap<String, String>,
    /// What the European Union is called among the partners.
    pub eu: String,
    /// Shares of the members in its aid; with them its line is divided among them.
    pub members: Option<BTreeMap<String, Number>>,
    /// Gross domestic products.
    pub gdp: Gdp,
    /// Population.
    pub population: Option<Series>,
    /// Defence budget, percent of gross domestic product.
    pub defence: Option<Series>,
    /// For a year without a figure, take the last one before it.
    pub hold: bool,
    /// The rule.
    pub rule: Rule,
    /// First and last year.
    pub years: (i16, i16),
    /// The last month that the costs know.
    pub until: Month,
    /// Only these partners are looked at; all where none is named.
    pub among: BTreeSet<String>,
    /// Partners that leave.
    pub without: BTreeSet<String>,
    /// Money needed in years to come.
    pub need: Option<Need>,
}

/// What is missing, by what it is and year.
type Gaps = BTreeMap<(String, i16), BTreeSet<String>>;

/// `asked` outlives what is reckoned, so that its series can be read while gaps are noted.
struct Reckoning<'a> {
    asked: &'a Asked,
    partners: BTreeSet<String>,
    costs: BTreeMap<(String, i16), Number>,
    gaps: Gaps,
    held: BTreeSet<String>,
}

/// What somebody carries under the rule.
#[derive(Clone, Default, Debug)]
struct Carried {
    cost: Number,
    fair: Number,
    extra: Number,
}

const HUNDRED: i64 = 100;

/// Computes the burden.
///
/// # Errors
/// Where a partner that leaves, or one of the key, gave nothing and is not known; where the span is empty; where all leave.
pub fn answer(asked: &Asked, sources: Vec<String>) -> Result<Answer, Refusal> {
    let known: BTreeSet<&str> = asked.costs.keys().map(|(p, _)| p.as_str()).collect();
    let keyed: Vec<&String> = match &asked.rule {
        Rule::Key(key) => key.keys().collect(),
        _ => Vec::new(),
    };
    for partner in asked.without.iter().chain(&asked.among).chain(keyed) {
        if !known.contains(partner.as_str()) {
            let names: Vec<&str> = known.into_iter().collect();
            return Err(Refusal::new(
                format!("the partner `{partner}` is not known"),
                format!("the partners are: {}", names.join("; ")),
            ));
        }
    }
    let (from, to) = asked.years;
    if from > to {
        return Err(Refusal::new(
            format!("the years {from} to {to} are none"),
            "name the earlier year first",
        ));
    }
    let mut of = Reckoning {
        asked,
        partners: BTreeSet::new(),
        costs: attributed(asked),
        gaps: Gaps::new(),
        held: BTreeSet::new(),
    };
    of.costs.retain(|(partner, year), _| {
        (from..=to).contains(year) && (asked.among.is_empty() || asked.among.contains(partner))
    });
    of.partners = of.costs.keys().map(|(p, _)| p.clone()).collect();
    if of.partners.is_empty() {
        return Err(Refusal::new(
            format!("nobody gave anything from {from} to {to}"),
            "look at the years, and at --measure",
        ));
    }
    if of.partners.iter().all(|p| asked.without.contains(p)) {
        return Err(Refusal::new(
            "all partners leave: nobody is left to carry anything",
            "leave somebody in",
        ));
    }
    let yearly = of.yearly();
    let carried = of.carried();
    let future = of.future()?;
    let mut tables = vec![yearly, fairness(&carried)];
    if !asked.without.is_empty() {
        tables.extend(of.leaving(&carried));
    }
    tables.extend(future);
    Ok(Answer {
        asked: "burden",
        basis: Basis::Planned,
        seed: None,
        sources,
        assumptions: of.assumptions(),
        gaps: of.named(),
        tables,
    })
}

/// Costs with the Union's aid on its own line, or on its members'.
fn attributed(asked: &Asked) -> BTreeMap<(String, i16), Number> {
    let Some(members) = &asked.members else { return asked.costs.clone() };
    let mut costs = BTreeMap::new();
    let whole = members.values().fold(Number::zero(), |sum, n| sum + n.clone());
    for ((partner, year), cost) in &asked.costs {
        if *partner != asked.eu || whole.is_zero() {
            let sum: &mut Number = costs.entry((partner.clone(), *year)).or_default();
            *sum = sum.clone() + cost.clone();
            continue;
        }
        for (member, share) in members {
            let part = cost.clone() * share.over(&whole).unwrap_or_default();
            let sum: &mut Number = costs.entry((member.clone(), *year)).or_default();
            *sum = sum.clone() + part;
        }
    }
    costs
}

impl Reckoning<'_> {
    fn found(&mut self, what: &str, partner: &str, year: i16, of: Option<&Series>) -> Option<Number> {
        let code = self.asked.codes.get(partner).map_or("", String::as_str);
        match of.and_then(|series| series.at(code, year, self.asked.hold)) {
            Some((known, value)) => {
                if known != year {
                    self.held.insert(format!("{what} of {known} for {year}"));
                }
                Some(value.clone())
            }
            None => {
                self.gaps.entry((what.to_string(), year)).or_default().insert(partner.to_string());
                None
            }
        }
    }

    /// Gross domestic product in whatever unit its source has: for shares of each other.
    fn gdp_of(&mut self, partner: &str, year: i16) -> Option<Number> {
        match &self.asked.gdp {
            Gdp::Fixed(gdp) => {
                let found = gdp.get(partner).cloned();
                if found.is_none() {
                    self.gaps.entry(("GDP".into(), year)).or_default().insert(partner.to_string());
                }
                found
            }
            Gdp::Yearly { series, .. } => self.found("GDP", partner, year, Some(series)),
        }
    }

    /// The year that a figure for a year is of.
    fn known(&self, series: &Series, partner: &str, year: i16) -> i16 {
        let code = self.asked.codes.get(partner).map_or("", String::as_str);
        series.at(code, year, self.asked.hold).map_or(year, |(known, _)| known)
    }

    /// In EUR bn.
    fn gdp_in_euro(&mut self, partner: &str, year: i16) -> Option<Number> {
        let gdp = self.gdp_of(partner, year)?;
        match &self.asked.gdp {
            Gdp::Fixed(_) => Some(gdp),
            // A figure that was held is converted at the rate of the year that it is of.
            Gdp::Yearly { series, currency, rates } => {
                match rates.at(currency, self.known(series, partner, year)) {
                    Some(rate) => (gdp * rate).over(&Number::from(1_000_000_000)),
                    None => {
                        let what = format!("rate from {currency} to EUR");
                        let known = self.known(series, partner, year);
                        self.gaps.entry((what, known)).or_default();
                        None
                    }
                }
            }
        }
    }

    fn base(&mut self, partner: &str, year: i16) -> Option<Number> {
        match &self.asked.rule {
            Rule::Gdp => self.gdp_of(partner, year),
            Rule::Population => self.found("population", partner, year, self.asked.population.as_ref()),
            Rule::Key(key) => {
                let weight = key.get(partner).cloned();
                if weight.is_none() {
                    self.gaps
                        .entry(("weight in the key".into(), year))
                        .or_default()
                        .insert(partner.to_string());
                }
                weight
            }
        }
    }

    fn yearly(&mut self) -> Shown {
        let costs = self.costs.clone();
        let mut rows = Vec::new();
        for ((partner, year), cost) in costs {
            let percent = |n: Number, of: Option<Number>| {
                of.and_then(|of| n.over(&of)).map(|n| n * Number::from(HUNDRED))
            };
            let gdp = self.gdp_in_euro(&partner, year);
            let of_gdp = percent(cost.clone(), gdp);
            let defence = self.found("defence budget", &partner, year, self.asked.defence.as_ref());
            let of_defence = of_gdp.clone().and_then(|share| percent(share, defence));
            let people = self.found("population", &partner, year, self.asked.population.as_ref());
            let per_head =
                people.and_then(|people| (cost.clone() * Number::from(1_000_000_000)).over(&people));
            rows.push(vec![
                Cell::text(&partner),
                Cell::whole(year.into()),
                Cell::Number(cost, 6),
                Cell::of(of_gdp, 4),
                Cell::of(of_defence, 2),
                Cell::of(per_head, 2),
            ]);
        }
        Shown {
            name: "yearly",
            title: format!(
                "{} by partner and year: EUR bn, percent of GDP and of the defence budget, EUR a head",
                self.asked.measure
            ),
            columns: vec!["partner", "year", "cost", "pct_gdp", "pct_defence", "eur_per_head"],
            rows,
        }
    }

    /// Weights of a year: of those that the rule has a figure for.
    fn weights(&mut self, year: i16) -> BTreeMap<String, Number> {
        let partners = self.partners.clone();
        partners.into_iter().filter_map(|p| self.base(&p, year).map(|base| (p, base))).collect()
    }

    fn carried(&mut self) -> BTreeMap<String, Carried> {
        let mut carried: BTreeMap<String, Carried> = BTreeMap::new();
        let years: BTreeSet<i16> = self.costs.keys().map(|(_, year)| *year).collect();
        for year in years {
            let weights = self.weights(year);
            let cost = |p: &String| self.costs.get(&(p.clone(), year)).cloned().unwrap_or_default();
            let pool = weights.keys().fold(Number::zero(), |sum, p| sum + cost(p));
            let gone = weights.keys().filter(|p| self.asked.without.contains(*p));
            let gone = gone.fold(Number::zero(), |sum, p| sum + cost(p));
            let whole = weights.values().fold(Number::zero(), |sum, w| sum + w.clone());
            let stay = weights.iter().filter(|(p, _)| !self.asked.without.contains(*p));
            let stay = stay.fold(Number::zero(), |sum, (_, w)| sum + w.clone());
            for partner in &self.asked.without {
                let gave = self.costs.get(&(partner.clone(), year)).is_some_and(|cost| !cost.is_zero());
                if gave && (!weights.contains_key(partner) || stay.is_zero()) {
                    let what = "figure by which the rule could divide what the leaving ones gave";
                    self.gaps.entry((what.to_string(), year)).or_default().insert(partner.clone());
                }
            }
            if whole.is_zero() {
                self.gaps.entry(("weight above zero".to_string(), year)).or_default();
                continue;
            }
            for (partner, weight) in &weights {
                let part = |of: &Number, all: &Number| of.clone() * weight.over(all).unwrap_or_default();
                let one = carried.entry(partner.clone()).or_default();
                one.cost = one.cost.clone() + cost(partner);
                one.fair = one.fair.clone() + part(&pool, &whole);
                if !self.asked.without.contains(partner) {
                    one.extra = one.extra.clone() + part(&gone, &stay);
                }
            }
        }
        carried
    }

    fn leaving(&self, carried: &BTreeMap<String, Carried>) -> [Shown; 2] {
        let total = self.costs.values().fold(Number::zero(), |sum, n| sum + n.clone());
        let mut lost = Vec::new();
        for partner in &self.asked.without {
            let cost = self.costs.iter().filter(|((p, _), _)| p == partner);
            let cost = cost.fold(Number::zero(), |sum, (_, n)| sum + n.clone());
            let share = cost.over(&total).map(|n| n * Number::from(HUNDRED));
            lost.push(vec![Cell::text(partner), Cell::Number(cost, 6), Cell::of(share, 2)]);
        }
        let mut rows: Vec<(&String, &Carried)> =
            carried.iter().filter(|(p, _)| !self.asked.without.contains(*p)).collect();
        rows.sort_by(|a, b| b.1.extra.cmp(&a.1.extra).then_with(|| a.0.cmp(b.0)));
        let rows = rows
            .into_iter()
            .map(|(partner, of)| {
                let rise = of.extra.over(&of.cost).map(|n| n * Number::from(HUNDRED));
                vec![
                    Cell::text(partner),
                    Cell::Number(of.cost.clone(), 6),
                    Cell::Number(of.extra.clone(), 6),
                    Cell::Number(of.cost.clone() + of.extra.clone(), 6),
                    Cell::of(rise, 1),
                ]
            })
            .collect();
        [
            Shown {
                name: "lost",
                title: "what is lost where nobody takes over: EUR bn, percent of all".into(),
                columns: vec!["partner", "cost", "pct_of_all"],
                rows: lost,
            },
            Shown {
                name: "taken-over",
                title: "what each takes over by the rule where the others leave: EUR bn, rise in percent"
                    .into(),
                columns: vec!["partner", "cost", "extra", "after", "rise_pct"],
                rows,
            },
        ]
    }

    fn future(&mut self) -> Result<Option<Shown>, Refusal> {
        let Some(need) = &self.asked.need else { return Ok(None) };
        let least = Number::from(-HUNDRED);
        let mut names = BTreeSet::new();
        for (name, growth, inflation) in need.ways() {
            if *growth <= least || *inflation <= least {
                return Err(Refusal::new(
                    "growth or prices fall by 100 percent or more in a year",
                    "percent a year, like `1.5`",
                ));
            }
            if !names.insert(name) {
                return Err(Refusal::new(
                    format!("two scenarios are called `{name}`"),
                    "give each another name; `stated` is that of --growth and --inflation",
                ));
            }
        }
        let base = need.prices_of;
        let mut weights = self.weights(base);
        weights.retain(|partner, _| !self.asked.without.contains(partner));
        let whole = weights.values().fold(Number::zero(), |sum, w| sum + w.clone());
        let mut rows = Vec::new();
        for (name, growth, inflation) in need.ways() {
            for (year, amount) in &need.amounts {
                if !(base..=base.saturating_add(100)).contains(year) {
                    return Err(Refusal::new(
                        format!(
                            "the need of {year} is not within 100 years after {base}, whose prices are taken"
                        ),
                        "name the year of the prices with --prices-of",
                    ));
                }
                let power = |percent: &Number| {
                    let one = Number::from(1) + percent.over(&Number::from(HUNDRED)).unwrap_or_default();
                    (base..*year).fold(Number::from(1), |product, _| product * one.clone())
                };
                let (prices, growth) = (power(inflation), power(growth));
                let cost = amount.clone() * prices.clone();
                for (partner, weight) in &weights {
                    let part = cost.clone() * weight.over(&whole).unwrap_or_default();
                    let gdp =
                        self.gdp_in_euro(partner, base).map(|gdp| gdp * prices.clone() * growth.clone());
                    let share = gdp.and_then(|gdp| part.over(&gdp)).map(|n| n * Number::from(HUNDRED));
                    // The budget keeps its share of GDP.
                    let budget = self.found("defence budget", partner, base, self.asked.defence.as_ref());
                    let of_defence = share
                        .clone()
                        .zip(budget)
                        .and_then(|(share, budget)| share.over(&budget))
                        .map(|n| n * Number::from(HUNDRED));
                    rows.push(vec![
                        Cell::text(partner),
                        Cell::whole((*year).into()),
                        Cell::Number(part, 6),
                        Cell::of(share, 4),
                        Cell::of(of_defence, 2),
                        Cell::text(name),
                    ]);
                }
            }
        }
        Ok(Some(Shown {
            name: "need",
            title: "the need of years to come by the rule: EUR bn at prices of the year, percent of GDP and of the defence budget"
                .into(),
            columns: vec!["partner", "year", "cost", "pct_gdp", "pct_defence", "scenario"],
            rows,
        }))
    }

    fn assumptions(&self) -> Vec<String> {
        let asked = self.asked;
        let mut said = vec![match &asked.members {
            None => format!(
                "aid of `{}` stands on a line of its own, and no part of it on its members'",
                asked.eu
            ),
            Some(_) => format!(
                "aid of `{}` stands on its members' lines, for every year by their shares over the whole period, and on no line of its own",
                asked.eu
            ),
        }];
        said.push(match &asked.gdp {
            Gdp::Fixed(_) => "GDP: the tracker's own figure in EUR, one for each partner, taken for every year".into(),
            Gdp::Yearly { currency, .. } => format!(
                "GDP: of each year, in {currency}; shares of each other need no rate, shares of GDP take the given one"
            ),
        });
        said.push(match &asked.rule {
            Rule::Gdp => "rule: each by its share of all partners' GDP".into(),
            Rule::Population => "rule: each by its share of all partners' population".into(),
            Rule::Key(_) => "rule: each by the agreed key".into(),
        });
        if !asked.among.is_empty() {
            let names: Vec<&str> = asked.among.iter().map(String::as_str).collect();
            said.push(format!("only among: {}", names.join(", ")));
        }
        said.push(
            "amounts in euros as the tracker converted them; a year's cost against the same year's figures"
                .into(),
        );
        if let Some(need) = &asked.need {
            for (name, growth, inflation) in need.ways() {
                said.push(format!(
                    "need, scenario `{name}`: at prices of {}, prices rise by {inflation} percent a year and every economy grows by {growth} percent beyond that; GDP begins with the figure for {0}",
                    need.prices_of
                ));
            }
            said.push(format!(
                "need: each defence budget keeps the share of GDP that it had in {}",
                need.prices_of
            ));
        }
        if !self.held.is_empty() {
            let held: Vec<&str> = self.held.iter().map(String::as_str).collect();
            said.push(format!("held, as was asked for: {}", held.join("; ")));
        }
        said
    }

    fn named(&self) -> Vec<String> {
        let (from, to) = self.asked.years;
        let mut named = Vec::new();
        let last = self.asked.until;
        if (from..=to).contains(&last.year()) && last.of_year() < 12 {
            named.push(format!("{} is known to {last} only; it is not scaled up to a year", last.year()));
        }
        // The same partners for several years are one line.
        let mut lines: BTreeMap<(&str, &BTreeSet<String>), Vec<i16>> = BTreeMap::new();
        for ((what, year), partners) in &self.gaps {
            lines.entry((what, partners)).or_default().push(*year);
        }
        for ((what, partners), years) in lines {
            let years: Vec<String> = years.iter().map(i16::to_string).collect();
            let of = match partners.len() {
                0 => String::new(),
                n if n > 8 => format!(" for {n} partners"),
                _ => format!(" for {}", partners.iter().cloned().collect::<Vec<_>>().join(", ")),
            };
            named.push(format!("no {what}{of}: {}", years.join(", ")));
        }
        named
    }
}

fn fairness(carried: &BTreeMap<String, Carried>) -> Shown {
    let total = carried.values().fold(Number::zero(), |sum, c| sum + c.cost.clone());
    let share = |n: &Number| n.over(&total).map(|n| n * Number::from(HUNDRED));
    let mut rows: Vec<(&String, &Carried)> = carried.iter().collect();
    let over = |c: &Carried| c.cost.clone() - c.fair.clone();
    rows.sort_by(|a, b| over(b.1).cmp(&over(a.1)).then_with(|| a.0.cmp(b.0)));
    let rows = rows
        .into_iter()
        .map(|(partner, of)| {
            let over = over(of);
            let words = match over.cmp(&Number::zero()) {
                std::cmp::Ordering::Greater => "more",
                std::cmp::Ordering::Less => "less",
                std::cmp::Ordering::Equal => "as the rule says",
            };
            vec![
                Cell::text(partner),
                Cell::Number(of.cost.clone(), 6),
                Cell::of(share(&of.cost), 2),
                Cell::Number(of.fair.clone(), 6),
                Cell::of(share(&of.fair), 2),
                Cell::Number(over, 6),
                Cell::text(words),
            ]
        })
        .collect();
    Shown {
        name: "fairness",
        title: "what each gave against what the rule says of it: EUR bn, percent of all".into(),
        columns: vec!["partner", "cost", "share_pct", "rule", "rule_pct", "over", "carries"],
        rows,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::economy::VALUE;

    fn n(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    /// A and B gave 10 each in 2023, with GDPs of 100 and 300; the Union, of both, gave 8.
    fn asked() -> Asked {
        let costs = [("A", 10), ("B", 10), ("EU", 8)];
        Asked {
            costs: costs.into_iter().map(|(p, cost)| ((p.to_string(), 2023), Number::from(cost))).collect(),
            measure: "allocated".into(),
            codes: [("A", "AAA"), ("B", "BBB"), ("EU", "EU")].map(|(p, c)| (p.into(), c.into())).into(),
            eu: "EU".into(),
            members: None,
            gdp: Gdp::Fixed([("A".to_string(), n("100")), ("B".to_string(), n("300"))].into()),
            population: None,
            defence: None,
            hold: false,
            rule: Rule::Gdp,
            years: (2023, 2023),
            until: Month::parse("2023-12").unwrap(),
            among: BTreeSet::new(),
            without: BTreeSet::new(),
            need: None,
        }
    }

    fn column(answer: &Answer, table: &str, column: &str) -> Vec<(String, Option<Number>)> {
        let table = answer.tables.iter().find(|t| t.name == table).unwrap();
        let index = table.columns.iter().position(|c| *c == column).unwrap();
        let cell = |row: &Vec<Cell>| {
            let Cell::Text(partner) = &row[0] else { panic!("the first column is a partner") };
            let value = match &row[index] {
                Cell::Number(value, _) => Some(value.clone()),
                _ => None,
            };
            (partner.clone(), value)
        };
        table.rows.iter().map(cell).collect()
    }

    fn sum(column: &[(String, Option<Number>)]) -> Number {
        column.iter().fold(Number::zero(), |sum, (_, n)| sum + n.clone().unwrap_or_default())
    }

    #[test]
    fn two_partners_by_gdp() {
        let answer = answer(&asked(), vec![]).unwrap();
        assert_eq!(
            column(&answer, "fairness", "rule"),
            [("A".to_string(), Some(n("5"))), ("B".to_string(), Some(n("15")))]
        );
        assert_eq!(column(&answer, "fairness", "over")[0], ("A".to_string(), Some(n("5"))));
        assert_eq!(sum(&column(&answer, "fairness", "over")), Number::zero());
        assert_eq!(column(&answer, "yearly", "pct_gdp")[0].1, Some(n("10")));
        // The Union has no GDP: it is left out of the rule, and named.
        assert!(answer.gaps.iter().any(|gap| gap == "no GDP for EU: 2023"), "{:?}", answer.gaps);
    }

    #[test]
    fn the_unions_aid_is_counted_once_either_way() {
        let apart = answer(&asked(), vec![]).unwrap();
        let members = Some([("A".to_string(), n("1")), ("B".to_string(), n("3"))].into());
        let divided = answer(&Asked { members, ..asked() }, vec![]).unwrap();
        assert_eq!(sum(&column(&apart, "yearly", "cost")), n("28"));
        assert_eq!(sum(&column(&divided, "yearly", "cost")), n("28"));
        assert_eq!(
            column(&divided, "yearly", "cost"),
            [("A".to_string(), Some(n("12"))), ("B".to_string(), Some(n("16")))]
        );
    }

    #[test]
    fn what_is_taken_over_is_what_the_leaving_one_gave() {
        let mut asked = asked();
        asked.costs.insert(("C".into(), 2023), n("7"));
        asked.codes.insert("C".into(), "CCC".into());
        let Gdp::Fixed(gdp) = &mut asked.gdp else { panic!() };
        gdp.insert("C".into(), n("50"));
        asked.without = ["C".to_string()].into();
        let answer = answer(&asked, vec![]).unwrap();
        let extra = column(&answer, "taken-over", "extra");
        assert_eq!(extra, [("B".to_string(), Some(n("21/4"))), ("A".to_string(), Some(n("7/4")))]);
        assert_eq!(sum(&extra), n("7"));
        assert_eq!(column(&answer, "lost", "pct_of_all")[0].1, Some(n("20")));
    }

    #[test]
    fn what_the_rule_cannot_divide_is_named() {
        // The Union leaves, and has no GDP: nobody takes over by GDP, and that is said.
        let leaves = Asked { without: ["EU".to_string()].into(), ..asked() };
        let answer = answer(&leaves, vec![]).unwrap();
        assert_eq!(sum(&column(&answer, "taken-over", "extra")), Number::zero());
        assert!(
            answer.gaps.iter().any(|gap| gap.contains("what the leaving ones gave for EU: 2023")),
            "{:?}",
            answer.gaps
        );
    }

    #[test]
    fn a_rule_among_some_leaves_the_others_out() {
        let among = Asked { among: ["A", "EU"].map(String::from).into(), ..asked() };
        let answer = answer(&among, vec![]).unwrap();
        assert_eq!(sum(&column(&answer, "yearly", "cost")), n("18"));
        assert_eq!(column(&answer, "fairness", "rule"), [("A".to_string(), Some(n("10")))]);
    }

    #[test]
    fn the_key_and_its_faults() {
        let key = Rule::Key([("A".to_string(), n("1")), ("B".to_string(), n("1"))].into());
        let even = answer(&Asked { rule: key, ..asked() }, vec![]).unwrap();
        assert!(column(&even, "fairness", "over").iter().all(|(_, over)| *over == Some(Number::zero())));
        let stranger = Rule::Key([("Z".to_string(), n("1"))].into());
        let refusal = answer(&Asked { rule: stranger, ..asked() }, vec![]).unwrap_err();
        assert!(refusal.message.contains("`Z` is not known") && refusal.help.contains("A; B; EU"));
        let all = Asked { without: ["A", "B", "EU"].map(String::from).into(), ..asked() };
        assert!(answer(&all, vec![]).unwrap_err().message.contains("all partners leave"));
        let years = answer(&Asked { years: (2024, 2023), ..asked() }, vec![]).unwrap_err();
        assert!(years.message.contains("2024 to 2023"));
    }

    #[test]
    fn a_missing_rate_and_a_missing_year_are_named_and_never_guessed() {
        let text = "Country Code,Year,Value\nAAA,2023,200000000000\nBBB,2022,600000000000\n";
        let series = Series::read("t", text, VALUE).unwrap();
        let gdp = |rates| Gdp::Yearly { series: series.clone(), currency: "USD".into(), rates };
        let answer_of = |rates, hold| answer(&Asked { gdp: gdp(rates), hold, ..asked() }, vec![]).unwrap();
        let without = answer_of(Rates::default(), false);
        assert!(column(&without, "yearly", "pct_gdp").iter().all(|(_, share)| share.is_none()));
        assert!(without.gaps.iter().any(|gap| gap == "no rate from USD to EUR: 2023"), "{:?}", without.gaps);
        assert!(without.gaps.iter().any(|gap| gap == "no GDP for B, EU: 2023"), "{:?}", without.gaps);
        // Held because it was asked for, and said.
        let rates = Rates::read("r", "currency,year,eur\nUSD,2023,0.5\n").unwrap();
        let held = answer_of(rates, true);
        assert_eq!(column(&held, "yearly", "pct_gdp")[0].1, Some(n("10")));
        assert!(
            held.assumptions.iter().any(|a| a.contains("GDP of 2022 for 2023")),
            "{:?}",
            held.assumptions
        );
        // B's figure is of 2022, for which there is no rate.
        assert_eq!(column(&held, "yearly", "pct_gdp")[1].1, None);
        assert!(held.gaps.iter().any(|gap| gap == "no rate from USD to EUR: 2022"), "{:?}", held.gaps);
        // Shares of each other need no rate.
        let ratio = answer_of(Rates::default(), true);
        assert_eq!(column(&ratio, "fairness", "rule")[1].1, Some(n("15")));
    }

    #[test]
    fn a_year_that_is_not_over_is_named() {
        let asked = Asked { until: Month::parse("2023-04").unwrap(), ..asked() };
        assert!(answer(&asked, vec![]).unwrap().gaps[0].contains("2023 is known to 2023-04 only"));
    }

    #[test]
    fn the_need_of_years_to_come_grows_with_prices_and_its_share_falls_with_growth() {
        let need = |growth: &str, inflation: &str| Need {
            amounts: [(2025, n("40"))].into(),
            prices_of: 2023,
            growth: n(growth),
            inflation: n(inflation),
            others: Vec::new(),
        };
        let of = |growth, inflation| {
            let answer = answer(&Asked { need: Some(need(growth, inflation)), ..asked() }, vec![]).unwrap();
            (column(&answer, "need", "cost"), column(&answer, "need", "pct_gdp"))
        };
        let (cost, share) = of("0", "0");
        assert_eq!((cost[0].1.clone(), cost[1].1.clone()), (Some(n("10")), Some(n("30"))));
        assert_eq!(share[0].1, Some(n("10")));
        // Two years at 10 percent are 21 percent; prices alone change no share of GDP.
        let (dearer, same) = of("0", "10");
        assert_eq!((dearer[0].1.clone(), same[0].1.clone()), (Some(n("12.1")), Some(n("10"))));
        let (_, less) = of("10", "0");
        assert_eq!(less[0].1, n("10").over(&n("1.21")));
        // Two ways beside each other: the one is as if it stood alone.
        let two = Need { others: vec![("dear".into(), n("0"), n("10"))], ..need("0", "0") };
        let defence = Series::read("d", "Country Code,Year,Value\nAAA,2023,2\n", VALUE).unwrap();
        let both =
            answer(&Asked { need: Some(two.clone()), defence: Some(defence), ..asked() }, vec![]).unwrap();
        let costs = column(&both, "need", "cost");
        assert_eq!((costs[0].1.clone(), costs[2].1.clone()), (Some(n("10")), Some(n("12.1"))));
        // 10 percent of GDP are five budgets of 2 percent; B's is not known.
        let of_defence = column(&both, "need", "pct_defence");
        assert_eq!((of_defence[0].1.clone(), of_defence[1].1.clone()), (Some(n("500")), None));
        assert!(both.gaps.iter().any(|gap| gap.contains("no defence budget for B")), "{:?}", both.gaps);
        let twice = Need { others: vec![("stated".into(), n("0"), n("0"))], ..two };
        let refusal = answer(&Asked { need: Some(twice), ..asked() }, vec![]).unwrap_err();
        assert!(refusal.message.contains("two scenarios are called `stated`"), "{refusal:?}");
        let early = Need { prices_of: 2030, ..need("0", "0") };
        assert!(answer(&Asked { need: Some(early), ..asked() }, vec![]).is_err());
    }
}
