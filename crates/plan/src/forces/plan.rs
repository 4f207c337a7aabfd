//! The plan of a force, as it is written: TOML with categories, ranges and milestones.
//!
//! A range that is no range, a share above 1, a milestone outside of the plan or of an unknown category is refused with its
//! place; a key that is not known is refused too, so that a misspelt one does not silently do nothing.

use super::people::WHOLE;
use crate::Refusal;
use crate::month::Month;
use crate::named_month;
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Whether a range is drawn once for a future, or anew each month.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Each {
    /// Once.
    #[default]
    Future,
    /// Each month.
    Month,
}

/// A stated range.
///
/// # Units
/// People, or billionths of a share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// Never below.
    pub low: u64,
    /// The likely value.
    pub likely: u64,
    /// Never above.
    pub high: u64,
    /// How often it is drawn.
    pub each: Each,
}

impl Range {
    /// One value.
    pub fn fixed(value: u64) -> Range {
        Range { low: value, likely: value, high: value, each: Each::Future }
    }
}

/// What a range is of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Parameter {
    /// People recruited a month.
    Recruits,
    /// People who can be in training at a time.
    Places,
    /// Share of those who end training without success.
    Fails,
    /// Share of those who wait that leaves in a month.
    LeaveWaiting,
    /// Share of those who serve that is lost in a month, for a time or for good.
    Losses,
    /// Share of those lost that comes back.
    Recover,
    /// Share of those who serve whose service ends in a month.
    Ends,
}

impl Parameter {
    /// Its word, which is its key.
    pub fn word(self) -> &'static str {
        match self {
            Parameter::Recruits => "recruits",
            Parameter::Places => "places",
            Parameter::Fails => "fails",
            Parameter::LeaveWaiting => "leave-waiting",
            Parameter::Losses => "losses",
            Parameter::Recover => "recover",
            Parameter::Ends => "ends",
        }
    }

    /// A number that does not change with the order of the list above.
    pub(super) fn number(self) -> u64 {
        match self {
            Parameter::Recruits => 1,
            Parameter::Places => 2,
            Parameter::Fails => 3,
            Parameter::LeaveWaiting => 4,
            Parameter::Losses => 5,
            Parameter::Recover => 6,
            Parameter::Ends => 7,
        }
    }

    fn is_share(self) -> bool {
        !matches!(self, Parameter::Recruits | Parameter::Places)
    }

    /// A value for people.
    pub(super) fn shown(self, value: u64) -> String {
        if !self.is_share() {
            return value.to_string();
        }
        let digits = format!("{:09}", value % WHOLE);
        let part = digits.trim_end_matches('0');
        format!("{}{}{part}", value / WHOLE, if part.is_empty() { "" } else { "." })
    }
}

/// Training places from month to month: each step holds until the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Steps(Vec<(Month, Range)>);

impl Steps {
    /// Steps in order of their months.
    pub fn of(steps: Vec<(Month, Range)>) -> Steps {
        Steps(steps)
    }

    /// The step that holds in a month, with its number; none before the first.
    pub fn at(&self, month: Month) -> Option<(u32, &Range)> {
        let number = self.0.iter().rposition(|(from, _)| *from <= month)?;
        Some((number as u32, &self.0[number].1))
    }
}

/// A category of people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// Serving at the beginning.
    pub serving: u64,
    /// Waiting at the beginning.
    pub waiting: u64,
    /// In training at the beginning: who ends it in the first month, in the second, …
    pub in_training: Vec<u64>,
    /// At most so many are ever recruited.
    pub pool: Option<u64>,
    /// Recruited a month.
    pub recruits: Range,
    /// Training places.
    pub places: Steps,
    /// Length of training.
    pub training_months: u32,
    /// Who fails.
    pub fails: Range,
    /// Who leaves while waiting.
    pub leave_waiting: Range,
    /// Who is lost.
    pub losses: Range,
    /// Who of them comes back.
    pub recover: Range,
    /// After how long.
    pub recovery_months: u32,
    /// Whose service ends.
    pub ends: Range,
}

impl Category {
    /// All its ranges, with the number of the step for training places.
    pub fn ranges(&self) -> Vec<(Parameter, u32, Range)> {
        let mut ranges = vec![(Parameter::Recruits, 0, self.recruits)];
        ranges.extend(
            self.places.0.iter().enumerate().map(|(n, (_, range))| (Parameter::Places, n as u32, *range)),
        );
        ranges.extend([
            (Parameter::Fails, 0, self.fails),
            (Parameter::LeaveWaiting, 0, self.leave_waiting),
            (Parameter::Losses, 0, self.losses),
            (Parameter::Recover, 0, self.recover),
            (Parameter::Ends, 0, self.ends),
        ]);
        ranges
    }
}

/// What a milestone measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// People serving at the end of a month.
    Serving,
    /// People trained with success since the beginning.
    Trained,
}

impl Measure {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Measure::Serving => "serving",
            Measure::Trained => "trained",
        }
    }
}

/// A promise in numbers of people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Milestone {
    /// Its name.
    pub name: String,
    /// Which category; all of them where it names none.
    pub category: Option<usize>,
    /// What it measures.
    pub measure: Measure,
    /// No fewer.
    pub at_least: Option<u64>,
    /// No more.
    pub at_most: Option<u64>,
    /// From the end of this month on; else only at the end of `by`.
    pub from: Option<Month>,
    /// At the end of this month.
    pub by: Month,
}

impl Milestone {
    /// Whether a number keeps it.
    pub fn holds(&self, n: u64) -> bool {
        self.missing(n) == 0
    }

    /// How many people are too few, or too many.
    pub fn missing(&self, n: u64) -> u64 {
        let few = self.at_least.map_or(0, |least| least.saturating_sub(n));
        few.max(self.at_most.map_or(0, |most| n.saturating_sub(most)))
    }

    /// Its bounds in words.
    pub fn bound(&self) -> String {
        let bounds = [("at least", self.at_least), ("at most", self.at_most)];
        let words: Vec<String> =
            bounds.iter().filter_map(|(word, n)| n.map(|n| format!("{word} {n}"))).collect();
        words.join(", ") + &self.from.map(|from| format!(" from {from}")).unwrap_or_default()
    }
}

/// What the agreement calls a number of the plan, so that the engine can be asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// The measure.
    pub measure: String,
    /// Which number of the plan it is told.
    pub counts: Measure,
    /// Of which category; of all of them where it names none.
    pub category: Option<usize>,
    /// What its roles say: whose strength it is, and of what kind.
    pub roles: BTreeMap<String, String>,
}

/// The plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The first month.
    pub from: Month,
    /// How many months.
    pub months: u32,
    /// The categories.
    pub categories: Vec<Category>,
    /// The milestones.
    pub milestones: Vec<Milestone>,
    /// What the agreement calls its numbers; empty where the engine is not to be asked.
    pub terms: Vec<Terms>,
}

/// Nobody plans for longer, or for more people.
const MONTHS: u32 = 600;
const PEOPLE: f64 = 100_000_000.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    from: String,
    months: u32,
    #[serde(default, rename = "category")]
    categories: Vec<WrittenCategory>,
    #[serde(default, rename = "milestone")]
    milestones: Vec<WrittenMilestone>,
    #[serde(default)]
    records: Vec<WrittenTerms>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenTerms {
    measure: String,
    counts: Measure,
    category: Option<String>,
    #[serde(default)]
    roles: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenCategory {
    name: String,
    serving: f64,
    #[serde(default)]
    waiting: f64,
    #[serde(default)]
    in_training: Vec<f64>,
    pool: Option<f64>,
    recruits: WrittenRange,
    places: WrittenPlaces,
    training_months: u32,
    fails: Option<WrittenRange>,
    leave_waiting: Option<WrittenRange>,
    losses: Option<WrittenRange>,
    recover: Option<WrittenRange>,
    #[serde(default)]
    recovery_months: u32,
    ends: Option<WrittenRange>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "a number, or a range `{ low = …, likely = …, high = … }`"
)]
pub(crate) enum WrittenRange {
    One(f64),
    Range {
        low: f64,
        likely: f64,
        high: f64,
        #[serde(default)]
        each: Each,
    },
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number, a range, or steps `[{ from = \"2027-01\", places = … }]`")]
enum WrittenPlaces {
    Always(WrittenRange),
    Steps(Vec<WrittenStep>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    from: String,
    places: WrittenRange,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenMilestone {
    name: String,
    category: Option<String>,
    measure: Measure,
    at_least: Option<f64>,
    at_most: Option<f64>,
    from: Option<String>,
    by: String,
}

impl Plan {
    /// Reads a plan; `name` is what the file is called in a refusal.
    ///
    /// # Errors
    /// Where it is no TOML of this shape, or says something that cannot be.
    pub fn read(name: &str, text: &str) -> Result<Plan, Refusal> {
        crate::plan(name, text, read)
    }

    /// The end of its last month.
    pub fn last(&self) -> Month {
        self.from.plus(self.months.saturating_sub(1))
    }

    /// The last day of it.
    pub fn last_day(&self) -> Date {
        self.last().plus(1).first_day().yesterday().unwrap_or(Date::MAX)
    }

    /// Categories and parameters of which a range is stated.
    pub fn uncertain(&self) -> Vec<(usize, Parameter)> {
        let of = |(index, category): (usize, &Category)| {
            let ranges = category.ranges().into_iter().filter(|(_, _, range)| range.low < range.high);
            ranges.map(|(parameter, ..)| (index, parameter)).collect::<BTreeSet<_>>()
        };
        self.categories.iter().enumerate().flat_map(of).collect()
    }
}

fn people(what: &str, n: f64) -> Result<u64, Refusal> {
    if !(0.0..=PEOPLE).contains(&n) || n.fract() != 0.0 {
        return Err(Refusal::new(
            format!("{what} `{n}` is no number of people"),
            "whole, from 0 to 100000000",
        ));
    }
    Ok(n as u64)
}

fn range(what: &str, parameter: Parameter, written: Option<WrittenRange>) -> Result<Range, Refusal> {
    let what = format!("{what}: {}", parameter.word());
    let value = |n: f64| match parameter.is_share() {
        false => people(&what, n),
        true if (0.0..=1.0).contains(&n) => Ok((n * WHOLE as f64).round() as u64),
        true => Err(Refusal::new(format!("{what} `{n}` is no share"), "from 0 to 1: 5 percent is `0.05`")),
    };
    match written {
        None => Ok(Range::fixed(0)),
        Some(WrittenRange::One(n)) => Ok(Range::fixed(value(n)?)),
        Some(WrittenRange::Range { low, likely, high, each }) => {
            let range = Range { low: value(low)?, likely: value(likely)?, high: value(high)?, each };
            if range.low > range.likely || range.likely > range.high {
                return Err(Refusal::new(
                    format!("{what}: {low}, {likely}, {high} do not rise"),
                    "low is not above likely, and likely not above high",
                ));
            }
            Ok(range)
        }
    }
}

fn read(written: &Written) -> Result<Plan, Refusal> {
    let from = named_month("from", &written.from)?;
    if !(1..=MONTHS).contains(&written.months) || from.plus(written.months).year() > 9999 {
        return Err(Refusal::new(format!("months = {} is out of range", written.months), "from 1 to 600"));
    }
    if written.categories.is_empty() {
        return Err(Refusal::new("there is no category", "add a `[[category]]` with its numbers"));
    }
    let mut categories: Vec<Category> = Vec::new();
    for of in &written.categories {
        if of.name.trim().is_empty() || categories.iter().any(|c| c.name == of.name) {
            return Err(Refusal::new(
                format!("the category `{}` has no name of its own", of.name),
                "give each category another name",
            ));
        }
        categories.push(category(of)?);
    }
    let mut plan =
        Plan { from, months: written.months, categories, milestones: Vec::new(), terms: Vec::new() };
    for of in &written.milestones {
        let milestone = milestone(of, &plan)?;
        plan.milestones.push(milestone);
    }
    for of in &written.records {
        let terms = Terms {
            measure: of.measure.clone(),
            counts: of.counts,
            category: known_category("`[[records]]`: category", of.category.as_deref(), &plan)?,
            roles: of.roles.clone(),
        };
        let same = |other: &Terms| other.measure == terms.measure && other.roles == terms.roles;
        if plan.terms.iter().any(same) {
            return Err(Refusal::new(
                format!("`[[records]]`: `{}` is told twice with the same roles", terms.measure),
                "tell each measure once; two kinds of people differ in a role",
            ));
        }
        plan.terms.push(terms);
    }
    Ok(plan)
}

/// The place of a category that is named; all of them where none is.
fn known_category(what: &str, named: Option<&str>, plan: &Plan) -> Result<Option<usize>, Refusal> {
    let Some(name) = named else { return Ok(None) };
    plan.categories.iter().position(|category| category.name == name).map(Some).ok_or_else(|| {
        let names: Vec<&str> = plan.categories.iter().map(|c| c.name.as_str()).collect();
        Refusal::new(
            format!("{what} `{name}` is not known"),
            format!("the categories are: {}", names.join(", ")),
        )
    })
}

fn category(of: &WrittenCategory) -> Result<Category, Refusal> {
    let what = |key: &str| format!("category `{}`: {key}", of.name);
    let named = format!("category `{}`", of.name);
    for (key, months, least) in
        [("training-months", of.training_months, 1), ("recovery-months", of.recovery_months, 0)]
    {
        if !(least..=120).contains(&months) {
            return Err(Refusal::new(format!("{} = {months}", what(key)), format!("from {least} to 120")));
        }
    }
    if of.in_training.len() > of.training_months as usize {
        return Err(Refusal::new(
            format!("{} has {} months", what("in-training"), of.in_training.len()),
            "who ends training in the first month, in the second, … and no more months than training takes",
        ));
    }
    let range_of = |parameter, written| range(&named, parameter, written);
    let places = match &of.places {
        WrittenPlaces::Always(places) => {
            vec![(Month::FIRST, range_of(Parameter::Places, Some(*places))?)]
        }
        WrittenPlaces::Steps(steps) => {
            let mut read = Vec::new();
            for step in steps {
                let from = named_month(&what("places from"), &step.from)?;
                if read.last().is_some_and(|(before, _)| *before >= from) {
                    return Err(Refusal::new(
                        format!("{} `{from}` does not come after the step before it", what("places from")),
                        "write the steps in the order of their months",
                    ));
                }
                read.push((from, range_of(Parameter::Places, Some(step.places))?));
            }
            read
        }
    };
    if places.iter().any(|(_, range)| range.each == Each::Month) {
        return Err(Refusal::new(
            format!("{} cannot be drawn each month", what("places")),
            "places are drawn once for each step; take `each` out",
        ));
    }
    if let Some(WrittenRange::Range { each: Each::Month, .. }) = of.fails {
        return Err(Refusal::new(
            format!("{} cannot be drawn each month", what("fails")),
            "it is drawn once for a future; take `each` out",
        ));
    }
    let in_training: Result<Vec<u64>, Refusal> =
        of.in_training.iter().map(|n| people(&what("in-training"), *n)).collect();
    Ok(Category {
        name: of.name.clone(),
        serving: people(&what("serving"), of.serving)?,
        waiting: people(&what("waiting"), of.waiting)?,
        in_training: in_training?,
        pool: of.pool.map(|n| people(&what("pool"), n)).transpose()?,
        recruits: range_of(Parameter::Recruits, Some(of.recruits))?,
        places: Steps::of(places),
        training_months: of.training_months,
        fails: range_of(Parameter::Fails, of.fails)?,
        leave_waiting: range_of(Parameter::LeaveWaiting, of.leave_waiting)?,
        losses: range_of(Parameter::Losses, of.losses)?,
        recover: range_of(Parameter::Recover, of.recover)?,
        recovery_months: of.recovery_months,
        ends: range_of(Parameter::Ends, of.ends)?,
    })
}

fn milestone(of: &WrittenMilestone, plan: &Plan) -> Result<Milestone, Refusal> {
    let what = |key: &str| format!("milestone `{}`: {key}", of.name);
    let category = known_category(&what("category"), of.category.as_deref(), plan)?;
    if of.at_least.is_none() && of.at_most.is_none() {
        return Err(Refusal::new(what("no bound"), "add `at-least` or `at-most`"));
    }
    let by = named_month(&what("by"), &of.by)?;
    let from = of.from.as_deref().map(|from| named_month(&what("from"), from)).transpose()?;
    for at in [Some(by), from].into_iter().flatten() {
        if at < plan.from || at > plan.last() {
            return Err(Refusal::new(
                format!("{} is not in the plan", what(&at.to_string())),
                format!("the plan goes from {} to {}", plan.from, plan.last()),
            ));
        }
    }
    if from.is_some_and(|from| from > by) {
        return Err(Refusal::new(what("from is after by"), "it has to hold from `from` until `by`"));
    }
    Ok(Milestone {
        name: of.name.clone(),
        category,
        measure: of.measure,
        at_least: of.at_least.map(|n| people(&what("at-least"), n)).transpose()?,
        at_most: of.at_most.map(|n| people(&what("at-most"), n)).transpose()?,
        from,
        by,
    })
}
