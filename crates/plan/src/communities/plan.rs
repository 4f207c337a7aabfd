//! The plan of communities, as it is written: TOML with communities, what is stationed in them, housing that is promised, and desks that
//! answer complaints.
//!
//! A key that is not known is refused; so is whatever names a place finer than a hromada, an oblast beside one of its own hromadas (their
//! difference would be a third place that nobody stated), and a range that does not rise.

use super::place::{self, Code, Level};
use super::small;
use crate::forces::plan::WrittenRange;
use crate::forces::{Each, Range};
use crate::month::Month;
use crate::{Refusal, named_month};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A billion: shares are whole billionths.
pub(super) const WHOLE: u64 = 1_000_000_000;
/// No number of a plan is larger.
const MOST: f64 = 1_000_000_000.0;
/// No plan is longer.
const MONTHS: u32 = 240;

/// A number that holds from a month on, until the next.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Steps(BTreeMap<Month, u64>);

impl Steps {
    /// The number in a month, so many months late; zero before the first step.
    pub fn at(&self, month: Month, late: u64) -> u64 {
        let late = u32::try_from(late).unwrap_or(u32::MAX);
        let of = |(from, _): &(&Month, &u64)| from.plus(late) <= month;
        self.0.iter().take_while(of).last().map_or(0, |(_, n)| *n)
    }
}

/// A community.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Community {
    /// Its name: the zone of the agreement, where the engine is asked.
    pub name: String,
    /// How coarse it is.
    pub level: Level,
    /// Its code, where it is stated.
    pub code: Option<Code>,
    /// People who live there and are not displaced.
    pub residents: Option<u64>,
    /// Displaced people at the beginning.
    pub displaced: Option<u64>,
    /// Displaced people who come in a month.
    pub arrivals: Range,
    /// Share of the displaced people who go home in a month, in billionths.
    pub returns: Range,
    /// Share of the displaced people who need a place, in billionths.
    pub in_need: Option<Range>,
    /// Places in housing, without what is promised.
    pub housing: Option<Steps>,
    /// Pupils among the residents.
    pub pupils: Option<u64>,
    /// Share of displaced people and of families that goes to school, in billionths.
    pub school_age: Option<Range>,
    /// Places in schools.
    pub schools: Option<Steps>,
    /// Litres a day that one person needs.
    pub litres: Option<u64>,
    /// What the works can give, cubic metres a day.
    pub water: Option<Steps>,
    /// Vehicles a day on the roads to the sites, without those of the sites.
    pub vehicles: Option<u64>,
    /// Vehicles a day that the roads can take.
    pub roads: Option<Steps>,
    /// People who look for work.
    pub seeking: Option<u64>,
    /// Rent today, in whole units a month.
    pub rent: Option<u64>,
    /// Its currency.
    pub currency: String,
    /// By what share a rent rises for each hundredth of the residents that finds no place, in billionths.
    pub rent_rise: Option<Range>,
}

/// What a site is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Where people are stationed.
    Base,
    /// Where they train.
    TrainingArea,
}

/// What is stationed in a community. It has no name and no place of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Site {
    /// Number of the community.
    pub community: usize,
    /// What it is.
    pub kind: Kind,
    /// People.
    pub people: Steps,
    /// People who come with each of them, in billionths.
    pub families: u64,
    /// Litres a day for each of them.
    pub litres: u64,
    /// Vehicles a day.
    pub vehicles: Steps,
    /// People from the community who work there.
    pub jobs: Steps,
    /// Days of use in a month.
    pub days: Steps,
    /// Days that are agreed.
    pub days_at_most: Option<u64>,
}

/// Places in housing that somebody promises.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Promised {
    /// Number of the community.
    pub community: usize,
    /// Who promises.
    pub by: String,
    /// How many places.
    pub places: Steps,
    /// By how many months all of them come late.
    pub late: Range,
}

/// A desk that answers complaints of a community.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Desk {
    /// Number of the community.
    pub community: usize,
    /// Whom the complaints are addressed to.
    pub to: String,
    /// Complaints in a month.
    pub complaints: Range,
    /// Answers that the desk can give in a month.
    pub answers: Steps,
    /// Complaints that wait at the beginning.
    pub waiting: u64,
    /// Days until receipt is acknowledged.
    pub acknowledged: u64,
    /// Days that an answer takes at least.
    pub least: u64,
}

/// What the agreement calls what the plan says, for the engine.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Terms {
    /// The measure of housing that is there.
    pub housing: Option<String>,
    /// The event of a complaint; it has the roles `to` and `case`.
    pub complaint: Option<String>,
    /// The event of its acknowledgement; roles `by` and `case`.
    pub acknowledged: Option<String>,
    /// The event of its answer; roles `by` and `case`.
    pub answer: Option<String>,
    /// What the agreement calls a partner, where that is not its name with `-` for blanks.
    #[serde(default)]
    pub parties: BTreeMap<String, String>,
}

/// The plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The first month.
    pub from: Month,
    /// How many months.
    pub months: u32,
    /// Counts below are not shown.
    pub below: u64,
    /// The communities.
    pub communities: Vec<Community>,
    /// What is stationed in them.
    pub sites: Vec<Site>,
    /// Housing that is promised.
    pub promised: Vec<Promised>,
    /// Desks that answer complaints.
    pub desks: Vec<Desk>,
    /// What the agreement calls it.
    pub terms: Option<Terms>,
}

/// What a range is of, with the number by which it is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Parameter {
    /// Displaced people who come.
    Arrivals = 101,
    /// Share that goes home.
    Returns = 102,
    /// Share that needs a place.
    InNeed = 103,
    /// Share that goes to school.
    SchoolAge = 104,
    /// Rise of rents.
    RentRise = 105,
    /// Months that housing comes late.
    Late = 106,
    /// Complaints.
    Complaints = 107,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    from: String,
    months: u32,
    #[serde(default = "usual")]
    show_from: u64,
    #[serde(default, rename = "community")]
    communities: Vec<WrittenCommunity>,
    #[serde(default, rename = "site")]
    sites: Vec<WrittenSite>,
    #[serde(default, rename = "housing")]
    promised: Vec<WrittenPromised>,
    #[serde(default, rename = "desk")]
    desks: Vec<WrittenDesk>,
    records: Option<Terms>,
}

fn usual() -> u64 {
    small::USUAL
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenCommunity {
    name: String,
    level: String,
    code: Option<String>,
    residents: Option<f64>,
    displaced: Option<f64>,
    arrivals: Option<WrittenRange>,
    returns: Option<WrittenRange>,
    in_need: Option<WrittenRange>,
    housing: Option<WrittenSteps>,
    pupils: Option<f64>,
    school_age: Option<WrittenRange>,
    schools: Option<WrittenSteps>,
    litres: Option<f64>,
    water: Option<WrittenSteps>,
    vehicles: Option<f64>,
    roads: Option<WrittenSteps>,
    seeking: Option<f64>,
    rent: Option<f64>,
    currency: Option<String>,
    rent_rise: Option<WrittenRange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenSite {
    #[serde(rename = "in")]
    community: String,
    kind: Kind,
    #[serde(default)]
    people: WrittenSteps,
    #[serde(default)]
    families: f64,
    #[serde(default)]
    litres: f64,
    #[serde(default)]
    vehicles: WrittenSteps,
    #[serde(default)]
    jobs: WrittenSteps,
    #[serde(default)]
    days: WrittenSteps,
    days_at_most: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenPromised {
    #[serde(rename = "in")]
    community: String,
    by: String,
    places: WrittenSteps,
    months_late: Option<WrittenRange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenDesk {
    #[serde(rename = "in")]
    community: String,
    to: String,
    complaints: WrittenRange,
    answers: WrittenSteps,
    #[serde(default)]
    waiting: f64,
    #[serde(default)]
    acknowledged_after_days: f64,
    #[serde(default)]
    answer_takes_days: f64,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number, or steps `[{ from = \"2027-01\", is = … }]`")]
enum WrittenSteps {
    Always(f64),
    Steps(Vec<WrittenStep>),
}

impl Default for WrittenSteps {
    fn default() -> WrittenSteps {
        WrittenSteps::Always(0.0)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    from: String,
    is: f64,
}

impl Plan {
    /// Reads a plan; `name` is what the file is called in a refusal.
    ///
    /// # Errors
    /// Where it is no TOML of this shape, says something that cannot be, or names something finer than a hromada.
    pub fn read(name: &str, text: &str) -> Result<Plan, Refusal> {
        crate::plan(name, text, read).map_err(|refusal| {
            let Some((before, rest)) = refusal.message.split_once("unknown field `") else { return refusal };
            let key = rest.split('`').next().unwrap_or_default();
            let said = place::refused(before.trim_end_matches([':', ' ']), key);
            if said.message.ends_with("is not known") { refusal } else { said }
        })
    }

    /// The end of its last month.
    pub fn last(&self) -> Month {
        self.from.plus(self.months.saturating_sub(1))
    }

    /// Whether anything of it is drawn.
    pub fn is_uncertain(&self) -> bool {
        let wide = |range: &Range| range.low < range.high;
        self.communities.iter().any(|c| c.ranges().iter().any(|(_, range)| wide(range)))
            || self.promised.iter().any(|p| wide(&p.late))
            || self.desks.iter().any(|d| wide(&d.complaints))
    }
}

impl Community {
    /// Its ranges, those that are stated.
    pub fn ranges(&self) -> Vec<(&'static str, Range)> {
        let stated = [
            ("arrivals", Some(self.arrivals)),
            ("returns", Some(self.returns)),
            ("in-need", self.in_need),
            ("school-age", self.school_age),
            ("rent-rise", self.rent_rise),
        ];
        stated.into_iter().filter_map(|(word, range)| range.map(|range| (word, range))).collect()
    }
}

fn whole(what: &str, n: f64) -> Result<u64, Refusal> {
    if !(0.0..=MOST).contains(&n) || n.fract() != 0.0 {
        return Err(Refusal::new(format!("{what} `{n}` is no number"), "whole, from 0 to 1000000000"));
    }
    Ok(n as u64)
}

fn share(what: &str, n: f64) -> Result<u64, Refusal> {
    if !(0.0..=1.0).contains(&n) {
        return Err(Refusal::new(format!("{what} `{n}` is no share"), "from 0 to 1: 5 percent is `0.05`"));
    }
    Ok((n * WHOLE as f64).round() as u64)
}

fn range(
    what: &str,
    written: WrittenRange,
    value: fn(&str, f64) -> Result<u64, Refusal>,
    monthly: bool,
) -> Result<Range, Refusal> {
    let (low, likely, high, each) = match written {
        WrittenRange::One(n) => return Ok(Range::fixed(value(what, n)?)),
        WrittenRange::Range { low, likely, high, each } => (low, likely, high, each),
    };
    let range =
        Range { low: value(what, low)?, likely: value(what, likely)?, high: value(what, high)?, each };
    if range.low > range.likely || range.likely > range.high {
        return Err(Refusal::new(
            format!("{what}: {low}, {likely}, {high} do not rise"),
            "low is not above likely, and likely not above high",
        ));
    }
    if each == Each::Month && !monthly {
        return Err(Refusal::new(
            format!("{what} cannot be drawn each month"),
            "it is drawn once for a future; take `each` out",
        ));
    }
    Ok(range)
}

fn steps(what: &str, written: &WrittenSteps) -> Result<Steps, Refusal> {
    let all = match written {
        WrittenSteps::Always(n) => return Ok(Steps([(Month::FIRST, whole(what, *n)?)].into())),
        WrittenSteps::Steps(all) => all,
    };
    let mut read: BTreeMap<Month, u64> = BTreeMap::new();
    for step in all {
        let from = named_month(&format!("{what}: from"), &step.from)?;
        if read.last_key_value().is_some_and(|(before, _)| *before >= from) {
            return Err(Refusal::new(
                format!("{what}: `{from}` does not come after the step before it"),
                "write the steps in the order of their months",
            ));
        }
        read.insert(from, whole(what, step.is)?);
    }
    Ok(Steps(read))
}

fn read(written: &Written) -> Result<Plan, Refusal> {
    let from = named_month("from", &written.from)?;
    if !(1..=MONTHS).contains(&written.months) || from.plus(written.months).year() > 9999 {
        return Err(Refusal::new(
            format!("months = {} is out of range", written.months),
            format!("from 1 to {MONTHS}"),
        ));
    }
    if written.show_from < small::LEAST {
        return Err(Refusal::new(
            format!("show-from = {} shows counts in which somebody can be found", written.show_from),
            format!("at least {}", small::LEAST),
        ));
    }
    let mut communities: Vec<Community> = Vec::new();
    for of in &written.communities {
        communities.push(community(of, &communities)?);
    }
    if communities.is_empty() {
        return Err(Refusal::new("there is no community", "add a `[[community]]` with its numbers"));
    }
    let known = |what: &str, name: &str| {
        communities.iter().position(|c| c.name == name).ok_or_else(|| {
            let names: Vec<&str> = communities.iter().map(|c| c.name.as_str()).collect();
            Refusal::new(
                format!("{what}: there is no community `{name}`"),
                format!("the communities are: {}", names.join(", ")),
            )
        })
    };
    let mut sites = Vec::new();
    for of in &written.sites {
        let what = |key: &str| format!("site in `{}`: {key}", of.community);
        sites.push(Site {
            community: known("site", &of.community)?,
            kind: of.kind,
            people: steps(&what("people"), &of.people)?,
            families: share(&what("families"), of.families)?,
            litres: whole(&what("litres"), of.litres)?,
            vehicles: steps(&what("vehicles"), &of.vehicles)?,
            jobs: steps(&what("jobs"), &of.jobs)?,
            days: steps(&what("days"), &of.days)?,
            days_at_most: of.days_at_most.map(|n| whole(&what("days-at-most"), n)).transpose()?,
        });
    }
    let mut promised = Vec::new();
    for of in &written.promised {
        let what = |key: &str| format!("housing of {} in `{}`: {key}", of.by, of.community);
        let late = match of.months_late {
            Some(late) => range(&what("months-late"), late, whole, false)?,
            None => Range::fixed(0),
        };
        if late.high > u64::from(MONTHS) {
            return Err(Refusal::new(
                format!("{} is too long", what("months-late")),
                format!("up to {MONTHS}"),
            ));
        }
        promised.push(Promised {
            community: known("housing", &of.community)?,
            by: of.by.clone(),
            places: steps(&what("places"), &of.places)?,
            late,
        });
    }
    let mut desks = Vec::new();
    for of in &written.desks {
        let what = |key: &str| format!("desk of {} in `{}`: {key}", of.to, of.community);
        let complaints = range(&what("complaints"), of.complaints, whole, true)?;
        let [acknowledged, least, waiting] = [
            ("acknowledged-after-days", of.acknowledged_after_days),
            ("answer-takes-days", of.answer_takes_days),
            ("waiting", of.waiting),
        ]
        .map(|(key, n)| whole(&what(key), n));
        let (acknowledged, least, waiting) = (acknowledged?, least?, waiting?);
        if complaints.high > 10_000 || waiting > 100_000 || acknowledged > 3660 || least > 3660 {
            return Err(Refusal::new(
                format!("{} is out of range", what("one of its numbers")),
                "at most 10000 complaints a month, 100000 waiting and ten years of days",
            ));
        }
        desks.push(Desk {
            community: known("desk", &of.community)?,
            to: of.to.clone(),
            complaints,
            answers: steps(&what("answers"), &of.answers)?,
            waiting,
            acknowledged,
            least,
        });
    }
    Ok(Plan {
        from,
        months: written.months,
        below: written.show_from,
        communities,
        sites,
        promised,
        desks,
        terms: written.records.clone(),
    })
}

fn community(of: &WrittenCommunity, before: &[Community]) -> Result<Community, Refusal> {
    let named = format!("community `{}`", of.name);
    let what = |key: &str| format!("{named}: {key}");
    if of.name.trim().is_empty() || before.iter().any(|c| c.name == of.name) {
        return Err(Refusal::new(
            format!("{named} has no name of its own"),
            "give each community another name",
        ));
    }
    let level = Level::parse(&of.level).ok_or_else(|| {
        Refusal::new(
            format!("{} `{}` is none that is planned with", what("level"), of.level),
            "one of: oblast, raion, hromada; nothing is finer, and what is finer belongs to its hromada",
        )
    })?;
    let code = match &of.code {
        None => None,
        Some(text) => match Code::read(text.trim()) {
            Some((code, false)) if code.level() == level => Some(code),
            Some((code, false)) => {
                return Err(Refusal::new(
                    format!(
                        "{} `{text}` is that of a {}, and no {}",
                        what("code"),
                        code.level().word(),
                        level.word()
                    ),
                    "let `level` and `code` say the same",
                ));
            }
            Some((code, true)) => {
                return Err(Refusal::new(
                    format!("{} `{text}` is finer than a hromada", what("code")),
                    format!(
                        "plan with its hromada, whose code begins with `{}`",
                        code.shown().trim_end_matches('…')
                    ),
                ));
            }
            None => {
                return Err(Refusal::new(
                    format!("{} `{text}` is no code of the register", what("code")),
                    "`UA` and 17 digits, as KATOTTG has them",
                ));
            }
        },
    };
    for other in before {
        let (Some(one), Some(two)) = (&code, &other.code) else { continue };
        if one.is_in(two) || two.is_in(one) {
            return Err(Refusal::new(
                format!("{named} and `{}` lie in each other", other.name),
                "plan with one of them: their difference would show a third place",
            ));
        }
    }
    let maybe = |key: &str, n: Option<f64>| n.map(|n| whole(&what(key), n)).transpose();
    let stepped = |key: &str, s: &Option<WrittenSteps>| s.as_ref().map(|s| steps(&what(key), s)).transpose();
    let shares = |key: &str, r: Option<WrittenRange>, monthly| {
        r.map(|r| range(&what(key), r, share, monthly)).transpose()
    };
    let arrivals = of.arrivals.map(|r| range(&what("arrivals"), r, whole, true)).transpose()?;
    let currency = of.currency.clone().unwrap_or_default();
    let rent = maybe("rent", of.rent)?;
    if rent.is_some() && currency.trim().is_empty() {
        return Err(Refusal::new(what("a rent without a currency"), "name the currency; none is assumed"));
    }
    if of.displaced.is_none() && (of.arrivals.is_some() || of.returns.is_some()) {
        return Err(Refusal::new(
            what("arrivals or returns of displaced people, and not how many there are"),
            "write `displaced`, the number at the beginning; it may be 0, and is not guessed",
        ));
    }
    Ok(Community {
        name: of.name.clone(),
        level,
        code,
        residents: maybe("residents", of.residents)?,
        displaced: maybe("displaced", of.displaced)?,
        arrivals: arrivals.unwrap_or(Range::fixed(0)),
        returns: shares("returns", of.returns, true)?.unwrap_or(Range::fixed(0)),
        in_need: shares("in-need", of.in_need, false)?,
        housing: stepped("housing", &of.housing)?,
        pupils: maybe("pupils", of.pupils)?,
        school_age: shares("school-age", of.school_age, false)?,
        schools: stepped("schools", &of.schools)?,
        litres: maybe("litres", of.litres)?,
        water: stepped("water", &of.water)?,
        vehicles: maybe("vehicles", of.vehicles)?,
        roads: stepped("roads", &of.roads)?,
        seeking: maybe("seeking", of.seeking)?,
        rent,
        currency,
        rent_rise: shares("rent-rise", of.rent_rise, false)?,
    })
}
