//! A scenario: a name, and what is different from the base; a small file that is applied to the plans before their own readers read them.
//!
//! It computes nothing, and knows of the plans only their lists and keys as they are written. Whether a changed plan can be, the plan's own
//! reader says; which change broke it is said here.
//!
//! Invariants
//! - what a scenario does not name is as in the base, letter for letter;
//! - a change that finds nothing to change is refused, so that a misspelt name does not silently compare the base with itself.

use crate::month::Month;
use crate::{Refusal, written};
use jiff::civil::Date;
use serde::Deserialize;
use servanda_model::Number;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// A plan that is compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Growth of a force.
    Forces,
    /// Deliveries.
    Deliveries,
    /// Rotations.
    Rotations,
    /// Burden.
    Burden,
}

impl Kind {
    /// All, in the order in which they are compared.
    pub const ALL: [Kind; 4] = [Kind::Forces, Kind::Deliveries, Kind::Rotations, Kind::Burden];

    /// Its word, which is that of its command.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Forces => "forces",
            Kind::Deliveries => "deliveries",
            Kind::Rotations => "rotations",
            Kind::Burden => "burden",
        }
    }
}

/// What a change does.
#[derive(Clone, PartialEq, Debug)]
enum Does {
    /// Puts these in the place of what stands there.
    To(Table),
    /// Multiplies every number that stands there.
    Times(BTreeMap<String, Number>),
    /// Moves months and days by so many months.
    Later(BTreeMap<String, i64>),
    /// Adds an entry to the list.
    Add(Table),
    /// Takes the entries out.
    Remove,
}

#[derive(Clone, PartialEq, Debug)]
struct Change {
    plan: Kind,
    list: Option<String>,
    only: Table,
    does: Does,
}

/// A partner that drops out.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Leaves {
    partner: String,
    from: Month,
    decided: Option<Date>,
    plans: BTreeSet<Kind>,
}

/// A named scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// Why it is looked at.
    pub note: String,
    /// What the file is called in a refusal.
    file: String,
    changes: Vec<Change>,
    leaves: Vec<Leaves>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    name: String,
    #[serde(default)]
    note: String,
    #[serde(default, rename = "change")]
    changes: Vec<WrittenChange>,
    #[serde(default)]
    leaves: Vec<WrittenLeaves>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenChange {
    plan: Kind,
    list: Option<String>,
    #[serde(default, rename = "where")]
    only: Table,
    to: Option<Table>,
    times: Option<Table>,
    later: Option<BTreeMap<String, i64>>,
    add: Option<Table>,
    #[serde(default)]
    remove: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenLeaves {
    partner: String,
    from: String,
    decided: Option<String>,
    plans: Option<BTreeSet<Kind>>,
}

fn lists(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Forces => &["category", "milestone"],
        Kind::Deliveries => &["item", "delivery", "milestone"],
        Kind::Rotations => &["presence", "contingent", "partner", "running"],
        Kind::Burden => &[],
    }
}

fn change(of: &WrittenChange) -> Result<Change, Refusal> {
    let known = lists(of.plan);
    if let Some(list) = &of.list
        && !known.contains(&list.as_str())
    {
        return Err(Refusal::new(
            format!("`{list}` is no list of {}", of.plan.word()),
            match known.is_empty() {
                true => "it has none: leave `list` out".to_string(),
                false => format!("its lists are: {}", known.join(", ")),
            },
        ));
    }
    if of.list.is_none() && (!of.only.is_empty() || of.add.is_some() || of.remove) {
        return Err(Refusal::new(
            "`where`, `add` and `remove` are of a list, and there is no `list`",
            "name the list, like `list = \"milestone\"`",
        ));
    }
    let times = of.times.as_ref().map(factors).transpose()?;
    let mut does: Vec<Does> = [
        of.to.clone().map(Does::To),
        times.map(Does::Times),
        of.later.clone().map(Does::Later),
        of.add.clone().map(Does::Add),
        of.remove.then_some(Does::Remove),
    ]
    .into_iter()
    .flatten()
    .collect();
    match (does.len(), does.pop()) {
        (1, Some(does)) => Ok(Change { plan: of.plan, list: of.list.clone(), only: of.only.clone(), does }),
        _ => Err(Refusal::new(
            "a change does one thing",
            "one of `to`, `times`, `later`, `add` and `remove = true`; more changes are more `[[change]]`",
        )),
    }
}

fn factors(of: &Table) -> Result<BTreeMap<String, Number>, Refusal> {
    let factor = |(key, value): (&String, &Value)| {
        let number = exact(value).filter(|n| *n >= Number::zero());
        number.map(|n| (key.clone(), n)).ok_or_else(|| {
            Refusal::new(
                format!("times: {key} = {value} is no factor"),
                "zero or more: `1.5` is half as much again",
            )
        })
    };
    of.iter().map(factor).collect()
}

fn exact(value: &Value) -> Option<Number> {
    match value {
        Value::Integer(n) => Some(Number::from(*n)),
        Value::Float(n) => Number::parse(&n.to_string()),
        _ => None,
    }
}

fn leaves(of: &WrittenLeaves) -> Result<Leaves, Refusal> {
    let decided = of.decided.as_ref().map(|text| {
        text.parse::<Date>().map_err(|_| {
            Refusal::new(
                format!("decided `{text}` is no day"),
                "the day on which partners are told, like `2027-01-15`",
            )
        })
    });
    Ok(Leaves {
        partner: of.partner.clone(),
        from: crate::named_month("from", &of.from)?,
        decided: decided.transpose()?,
        plans: of.plans.clone().unwrap_or_else(|| Kind::ALL.into_iter().collect()),
    })
}

fn listed<'a>(table: &'a Table, list: &str) -> impl Iterator<Item = &'a Table> {
    table.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table)
}

/// Multiplies every number within; whole stays whole.
fn multiplied(value: &mut Value, factor: &Number) -> usize {
    match value {
        Value::Integer(n) => {
            let product = Number::from(*n) * factor.clone();
            *n = crate::answer::decimal(&product, 0).parse().unwrap_or(i64::MAX);
            1
        }
        Value::Float(n) => {
            let product = Number::parse(&n.to_string()).map(|n| n * factor.clone());
            *n = product.map_or(*n, |product| product.to_f64());
            1
        }
        Value::Array(all) => all.iter_mut().map(|value| multiplied(value, factor)).sum(),
        Value::Table(all) => all.iter_mut().map(|(_, value)| multiplied(value, factor)).sum(),
        _ => 0,
    }
}

/// A month or a day so many months later.
fn moved(text: &str, months: i64) -> Option<String> {
    if let Some(month) = Month::parse(text) {
        let by = u32::try_from(months.unsigned_abs()).ok()?;
        return Some(if months < 0 { month.minus(by) } else { month.plus(by) }.to_string());
    }
    let day: Date = text.parse().ok()?;
    day.checked_add(jiff::Span::new().try_months(months).ok()?).ok().map(|day| day.to_string())
}

impl Change {
    fn words(&self) -> String {
        let pairs = |of: &Table| -> String {
            of.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
        };
        let mut place = self.plan.word().to_string();
        if let Some(list) = &self.list {
            place = format!("{place}, {list}");
        }
        if !self.only.is_empty() {
            place = format!("{place} ({})", pairs(&self.only));
        }
        let each = |of: &BTreeMap<String, String>| {
            of.iter().map(|(key, words)| format!("{key} {words}")).collect::<Vec<_>>().join(", ")
        };
        match &self.does {
            Does::To(table) => format!("{place}: {}", pairs(table)),
            Does::Times(by) => {
                let words = by.iter().map(|(key, n)| (key.clone(), format!("× {n}"))).collect();
                format!("{place}: {}", each(&words))
            }
            Does::Later(by) => {
                let words = |n: &i64| match n {
                    n if *n < 0 => format!("{} months earlier", n.unsigned_abs()),
                    n => format!("{n} months later"),
                };
                format!("{place}: {}", each(&by.iter().map(|(key, n)| (key.clone(), words(n))).collect()))
            }
            Does::Add(table) => format!("{place}: one more, {}", pairs(table)),
            Does::Remove => format!("{place}: taken out"),
        }
    }

    fn fits(&self, entry: &Table) -> bool {
        self.only.iter().all(|(key, value)| entry.get(key) == Some(value))
    }

    fn apply(&self, plan: &mut Table) -> Result<(), Refusal> {
        let Some(list) = &self.list else { return self.within(plan) };
        if let Does::Add(entry) = &self.does {
            let all = plan.entry(list.clone()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(all) = all {
                all.push(Value::Table(entry.clone()));
            }
            return Ok(());
        }
        let there: Vec<String> = listed(plan, list)
            .map(|entry| {
                let keys = match self.only.is_empty() {
                    true => vec!["name".to_string()],
                    false => self.only.keys().cloned().collect(),
                };
                let said = keys.iter().filter_map(|key| Some(format!("{key} = {}", entry.get(key)?)));
                said.collect::<Vec<_>>().join(", ")
            })
            .collect();
        let Some(Value::Array(all)) = plan.get_mut(list) else {
            return Err(Refusal::new(
                format!("the plan has no `[[{list}]]`"),
                format!("add one with `add`; its lists are: {}", lists(self.plan).join(", ")),
            ));
        };
        let before = all.len();
        let mut found = 0;
        if self.does == Does::Remove {
            all.retain(|entry| !entry.as_table().is_some_and(|entry| self.fits(entry)));
            found = before - all.len();
        } else {
            for entry in all.iter_mut().filter_map(Value::as_table_mut) {
                if self.fits(entry) {
                    self.within(entry)?;
                    found += 1;
                }
            }
        }
        match found {
            0 => Err(Refusal::new(
                "nothing in the plan fits its `where`",
                format!(
                    "there are: {}",
                    there.into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>().join("; ")
                ),
            )),
            _ => Ok(()),
        }
    }

    fn within(&self, entry: &mut Table) -> Result<(), Refusal> {
        let keys = |entry: &Table| entry.keys().cloned().collect::<Vec<_>>().join(", ");
        let missing = |key: &str, entry: &Table| {
            Refusal::new(
                format!("`{key}` does not stand there"),
                format!("what stands there: {}", keys(entry)),
            )
        };
        match &self.does {
            Does::To(table) => entry.extend(table.clone()),
            Does::Times(by) => {
                for (key, factor) in by {
                    let there = keys(entry);
                    let value = entry.get_mut(key).ok_or_else(|| {
                        Refusal::new(
                            format!("`{key}` does not stand there"),
                            format!("what stands there: {there}"),
                        )
                    })?;
                    if multiplied(value, factor) == 0 {
                        return Err(Refusal::new(
                            format!("`{key}` holds no number"),
                            "use `to` for what is no number, and `later` for months",
                        ));
                    }
                }
            }
            Does::Later(by) => {
                for (key, months) in by {
                    let text =
                        entry.get(key).ok_or_else(|| missing(key, entry))?.as_str().unwrap_or_default();
                    let after = moved(text, *months).ok_or_else(|| {
                        Refusal::new(
                            format!("`{key}` is no month and no day"),
                            "`later` moves what is written like `2027-06` or `2027-06-30`",
                        )
                    })?;
                    entry.insert(key.clone(), Value::String(after));
                }
            }
            Does::Add(_) | Does::Remove => {}
        }
        Ok(())
    }
}

impl Leaves {
    fn words(&self) -> String {
        let told = self.decided.map_or(String::new(), |day| format!(", told on {day}"));
        let plans: Vec<&str> = self.plans.iter().map(|kind| kind.word()).collect();
        let of = if plans.len() == Kind::ALL.len() {
            String::new()
        } else {
            format!(" (in {})", plans.join(", "))
        };
        format!("{} is no longer there from {} on{told}{of}", self.partner, self.from)
    }

    fn apply(&self, kind: Kind, plan: &mut Table) {
        let theirs = |entry: &Table| entry.get("partner").and_then(Value::as_str) == Some(&self.partner);
        match kind {
            Kind::Rotations if listed(plan, "contingent").any(theirs) => {
                if let Some(day) = self.decided {
                    plan.insert("decided".into(), Value::String(day.to_string()));
                }
                let leaves = Value::String(self.from.to_string());
                let all = plan.entry("partner").or_insert_with(|| Value::Array(Vec::new()));
                let Value::Array(all) = all else { return };
                let known = all
                    .iter_mut()
                    .filter_map(Value::as_table_mut)
                    .find(|entry| entry.get("name").and_then(Value::as_str) == Some(&self.partner));
                match known {
                    Some(entry) => drop(entry.insert("leaves".into(), leaves)),
                    None => {
                        let name = ("name".to_string(), Value::String(self.partner.clone()));
                        all.push(Value::Table(Table::from_iter([name, ("leaves".into(), leaves)])));
                    }
                }
            }
            Kind::Deliveries => {
                let gone = |entry: &Table| {
                    let month = entry.get("month").and_then(Value::as_str).and_then(Month::parse);
                    theirs(entry) && month.is_some_and(|month| month >= self.from)
                };
                if let Some(Value::Array(all)) = plan.get_mut("delivery") {
                    all.retain(|entry| !entry.as_table().is_some_and(gone));
                }
            }
            Kind::Burden => {
                let all = plan.entry("without").or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(all) = all {
                    all.push(Value::String(self.partner.clone()));
                }
            }
            Kind::Rotations | Kind::Forces => {}
        }
    }
}

impl Scenario {
    /// Reads a scenario; `name` is what the file is called in a refusal.
    ///
    /// # Errors
    /// Where it is no TOML of this shape, has no name, or a change does nothing or more than one thing.
    pub fn read(name: &str, text: &str) -> Result<Scenario, Refusal> {
        let of: Written = written(name, text)?;
        let placed = |what: String| {
            move |refusal: Refusal| Refusal {
                message: format!("`{name}`, {what}: {}", refusal.message),
                ..refusal
            }
        };
        if of.name.trim().is_empty() || of.name == "base" {
            return Err(Refusal::new(
                format!("`{name}`: the scenario has no name of its own"),
                "give it a name by which it is known in the answer; `base` is what it is compared with",
            ));
        }
        let changes = of.changes.iter().enumerate();
        let changes = changes.map(|(n, of)| change(of).map_err(placed(format!("change {}", n + 1))));
        let partners =
            of.leaves.iter().map(|of| leaves(of).map_err(placed(format!("leaves `{}`", of.partner))));
        Ok(Scenario {
            changes: changes.collect::<Result<_, _>>()?,
            leaves: partners.collect::<Result<_, _>>()?,
            name: of.name.trim().to_string(),
            note: of.note,
            file: name.to_string(),
        })
    }

    /// What it changes, in words, one change each.
    pub fn words(&self) -> Vec<String> {
        let changes = self.changes.iter().map(Change::words);
        changes.chain(self.leaves.iter().map(Leaves::words)).collect()
    }

    /// Whether all that it changes is in one of these plans, and every partner that leaves is known to one of them.
    ///
    /// # Errors
    /// Where something is changed in a plan that is not compared, or a partner that leaves is in none of them.
    pub fn held_against(&self, base: &BTreeMap<Kind, String>) -> Result<(), Refusal> {
        for (n, change) in self.changes.iter().enumerate() {
            if !base.contains_key(&change.plan) {
                let word = change.plan.word();
                return Err(Refusal::new(
                    format!(
                        "`{}`, change {}: it changes {word}, and no plan of {word} is compared",
                        self.file,
                        n + 1
                    ),
                    format!("name one with --{word} FILE.toml"),
                ));
            }
        }
        for of in &self.leaves {
            // Who gave something is known to the tables of the burden alone; its own command refuses a name that it does not know.
            if of.plans.contains(&Kind::Burden) && base.contains_key(&Kind::Burden) {
                continue;
            }
            let mut known: BTreeSet<String> = BTreeSet::new();
            for (kind, list) in [(Kind::Rotations, "contingent"), (Kind::Deliveries, "delivery")] {
                let Some(text) = base.get(&kind).filter(|_| of.plans.contains(&kind)) else { continue };
                let plan: Table = written(kind.word(), text)?;
                known.extend(
                    listed(&plan, list).filter_map(|entry| Some(entry.get("partner")?.as_str()?.to_string())),
                );
            }
            if !known.contains(&of.partner) {
                return Err(Refusal::new(
                    format!(
                        "`{}`, leaves: the partner `{}` is in none of the plans that are compared",
                        self.file, of.partner
                    ),
                    match known.is_empty() {
                        true => "compare a plan that has partners: --rotations, --deliveries or --burden"
                            .to_string(),
                        false => {
                            format!("the partners are: {}", known.into_iter().collect::<Vec<_>>().join("; "))
                        }
                    },
                ));
            }
        }
        Ok(())
    }

    /// A plan as it is in this scenario. `name` is what its file is called; `reads` is the plan's own reader, asked after each change, so
    /// that a refusal names the change that it comes from. A plan that the scenario leaves alone is given back as it is.
    ///
    /// # Errors
    /// Where a change finds nothing to change, or makes what the plan's reader refuses.
    pub fn changed(
        &self,
        kind: Kind,
        name: &str,
        text: &str,
        reads: &dyn Fn(&str) -> Result<(), Refusal>,
    ) -> Result<String, Refusal> {
        let base: Table = written(name, text)?;
        let mut plan = base.clone();
        let mut step = |what: String, apply: &dyn Fn(&mut Table) -> Result<(), Refusal>| {
            let read = |plan: &Table| reads(&plan.to_string());
            apply(&mut plan).and_then(|()| read(&plan)).map_err(|refusal| Refusal {
                message: format!("`{}`, {what}: {}", self.file, without_line(&refusal.message)),
                ..refusal
            })
        };
        for (n, change) in self.changes.iter().enumerate().filter(|(_, change)| change.plan == kind) {
            step(format!("change {} of `{name}`", n + 1), &|plan| change.apply(plan))?;
        }
        for of in self.leaves.iter().filter(|of| of.plans.contains(&kind)) {
            step(format!("leaves `{}`", of.partner), &|plan| {
                of.apply(kind, plan);
                Ok(())
            })?;
        }
        Ok(if plan == base { text.to_string() } else { plan.to_string() })
    }
}

/// A line of a text that nobody wrote says nothing.
fn without_line(message: &str) -> String {
    let Some((before, rest)) = message.split_once(", line ") else { return message.to_string() };
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    if after.len() == rest.len() { message.to_string() } else { format!("{before}{after}") }
}
