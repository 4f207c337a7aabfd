//! The plan of rotations as it is written: TOML with presences, contingents, partners and who is there already.
//!
//! A key that is not known, a month outside of the plan, an amount below zero, a contingent that is in no region of any presence
//! is refused with its place. It decides nothing.

use crate::Refusal;
use crate::month::Month;
use crate::named_month;
use jiff::civil::Date;
use serde::Deserialize;
use servanda_model::Number;
use std::collections::{BTreeMap, BTreeSet};

/// Months, both included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stretch {
    /// The first.
    pub from: Month,
    /// The last.
    pub until: Month,
}

impl Stretch {
    /// Whether a month lies in it.
    pub fn holds(&self, month: Month) -> bool {
        self.from <= month && month <= self.until
    }
}

/// A presence that the agreement asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Presence {
    /// Its name.
    pub name: String,
    /// Regions in which it counts together.
    pub regions: BTreeSet<String>,
    /// Never fewer people than this who have taken over.
    pub at_least: u64,
    /// Never more people on the ground than this, those who are only taking over among them.
    pub at_most: Option<u64>,
    /// In which months.
    pub during: Stretch,
}

/// Contingents of one kind of a partner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contingent {
    /// The partner.
    pub partner: String,
    /// What it is called.
    pub name: String,
    /// People of one.
    pub persons: u64,
    /// How many there are: one is out, the others recover and train.
    pub there_are: u32,
    /// How long a tour may be, in months, ascending.
    pub tours: Vec<u32>,
    /// Months of recovery after a tour.
    pub recovery: u32,
    /// Months of training after recovery and before the next tour; the days of hand-over are their last.
    pub training: u32,
    /// Days between the decision and the first arrival.
    pub notice: u32,
    /// Cost of one for a month on the ground.
    pub cost_month: Number,
    /// Cost of moving one in and out.
    pub cost_move: Number,
    /// The only regions in which it may be (a national caveat).
    pub regions: BTreeSet<String>,
    /// Months in which none may be there (a national caveat).
    pub not_in: Vec<Stretch>,
    /// Months in which they are at hand at all.
    pub during: Stretch,
}

impl Contingent {
    /// Partner and name.
    pub fn title(&self) -> String {
        format!("{}, {}", self.partner, self.name)
    }

    /// Months at home between two tours.
    pub fn home(&self) -> u32 {
        self.recovery.saturating_add(self.training)
    }

    /// Whether one may be on the ground in a month.
    pub fn may_be_there(&self, month: Month) -> bool {
        self.during.holds(month) && !self.not_in.iter().any(|stretch| stretch.holds(month))
    }
}

/// What holds for a partner as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partner {
    /// At most this percent of all who have taken over, in every month.
    pub share_at_most: Number,
    /// Its cost in a calendar year is not above this.
    pub cost_a_year: Option<Number>,
    /// The first month in which it is no longer there.
    pub leaves: Option<Month>,
}

/// A tour: so many contingents of one kind, from month to month.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Tour {
    /// Which contingent of the plan's list.
    pub contingent: usize,
    /// Which region of [`Plan::regions`].
    pub region: usize,
    /// The first month in which it has taken over; negative months are before the plan.
    pub from: i64,
    /// How many months.
    pub months: u32,
}

impl Tour {
    /// The first month in which it is no longer there.
    pub fn end(&self) -> i64 {
        self.from + i64::from(self.months)
    }

    /// Whether it has the watch in a month of the plan.
    pub fn holds(&self, month: i64) -> bool {
        self.from <= month && month < self.end()
    }
}

/// Who tells the engine what: names of the agreement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// The measure of people present.
    pub measure: String,
    /// Its role that names the partner.
    pub of: String,
    /// Its role that names the place; none: the record's own place.
    pub at: Option<String>,
    /// What its other roles say.
    pub with: BTreeMap<String, String>,
    /// The event of a rotation, where there is one.
    pub rotation: Option<String>,
    /// The notice of it, where there is one.
    pub notice: Option<String>,
    /// To whom notice is given.
    pub notice_to: Option<String>,
    /// The agreement's name of a partner, where it is not the plan's with hyphens for blanks.
    pub parties: BTreeMap<String, String>,
}

/// The plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The first month.
    pub from: Month,
    /// How many months.
    pub months: u32,
    /// The day on which the partners are told.
    pub decided: Date,
    /// Days for which who comes and who goes are there together.
    pub overlap: u32,
    /// What costs are counted in.
    pub currency: String,
    /// Regions: the agreement's zones, never finer.
    pub regions: Vec<String>,
    /// The presences.
    pub presences: Vec<Presence>,
    /// The contingents.
    pub contingents: Vec<Contingent>,
    /// The partners, all that have contingents.
    pub partners: BTreeMap<String, Partner>,
    /// Who is there already, and how many.
    pub running: BTreeMap<Tour, u32>,
    /// How the engine is told.
    pub terms: Option<Terms>,
}

const MONTHS: u32 = 240;
const PEOPLE: u64 = 1_000_000;
const CONTINGENTS: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    from: String,
    months: u32,
    decided: String,
    #[serde(default)]
    overlap_days: u32,
    currency: String,
    share_at_most: Option<Amount>,
    #[serde(default, rename = "presence")]
    presences: Vec<WrittenPresence>,
    #[serde(default, rename = "contingent")]
    contingents: Vec<WrittenContingent>,
    #[serde(default, rename = "partner")]
    partners: Vec<WrittenPartner>,
    #[serde(default)]
    running: Vec<WrittenRunning>,
    records: Option<WrittenTerms>,
}

/// An amount as TOML has it, taken as the decimal that is written.
#[derive(Deserialize, Clone, Copy)]
#[serde(untagged, expecting = "a number")]
enum Amount {
    Whole(i64),
    Part(f64),
}

impl Amount {
    fn number(self, what: &str) -> Result<Number, Refusal> {
        let number = match self {
            Amount::Whole(n) => Some(Number::from(n)),
            Amount::Part(n) => Number::parse(&n.to_string()),
        };
        number
            .filter(|n| *n >= Number::zero())
            .ok_or_else(|| Refusal::new(format!("{what} is no amount"), "zero or more, like `12.5`"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStretch {
    from: String,
    until: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenPresence {
    name: String,
    regions: Vec<String>,
    at_least: u64,
    at_most: Option<u64>,
    from: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number of months, or a list of them")]
enum WrittenTours {
    One(u32),
    Any(Vec<u32>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenContingent {
    partner: String,
    name: Option<String>,
    persons: u64,
    there_are: u32,
    tour_months: WrittenTours,
    recovery_months: u32,
    training_months: u32,
    notice_days: u32,
    cost_month: Amount,
    cost_move: Amount,
    regions: Option<Vec<String>>,
    #[serde(default)]
    not_in: Vec<WrittenStretch>,
    from: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenPartner {
    name: String,
    share_at_most: Option<Amount>,
    cost_a_year_at_most: Option<Amount>,
    leaves: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenRunning {
    partner: String,
    name: Option<String>,
    region: String,
    since: String,
    until: String,
    #[serde(default = "one")]
    contingents: u32,
}

fn one() -> u32 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenTerms {
    measure: String,
    of: String,
    at: Option<String>,
    #[serde(default)]
    with: BTreeMap<String, String>,
    rotation: Option<String>,
    notice: Option<String>,
    notice_to: Option<String>,
    #[serde(default)]
    parties: BTreeMap<String, String>,
}

impl Plan {
    /// Reads a plan; `name` is what the file is called in a refusal.
    ///
    /// # Errors
    /// Where it is no TOML of this shape, or says something that cannot be.
    pub fn read(name: &str, text: &str) -> Result<Plan, Refusal> {
        crate::plan(name, text, read)
    }

    /// The last month.
    pub fn last(&self) -> Month {
        self.from.plus(self.months.saturating_sub(1))
    }

    /// The last day.
    pub fn last_day(&self) -> Date {
        days(self.last().plus(1).first_day(), -1)
    }

    /// The month of that number.
    pub fn month(&self, number: i64) -> Month {
        match u32::try_from(number) {
            Ok(number) => self.from.plus(number),
            Err(_) => self.from.minus(u32::try_from(-number).unwrap_or(u32::MAX)),
        }
    }

    /// The number of a month.
    pub fn number(&self, month: Month) -> i64 {
        month.since(self.from)
    }

    /// The share that a partner may have at most, in percent.
    pub fn share(&self, partner: &str) -> Number {
        self.partners.get(partner).map_or(Number::from(100), |p| p.share_at_most.clone())
    }

    /// The day on which a tour arrives: its hand-over is before its first month.
    pub fn arrival(&self, tour: &Tour) -> Date {
        days(self.month(tour.from).first_day(), -i64::from(self.overlap))
    }

    /// Cost of one tour that falls into the plan, and by calendar year.
    pub fn cost(&self, tour: &Tour) -> BTreeMap<i16, Number> {
        let of = &self.contingents[tour.contingent];
        let mut by_year: BTreeMap<i16, Number> = BTreeMap::new();
        let mut add = |year: i16, amount: Number| {
            let sum = by_year.entry(year).or_default();
            *sum = sum.clone() + amount;
        };
        if tour.from >= 0 {
            let part = Number::ratio(i64::from(self.overlap), 30).unwrap_or_default();
            add(self.month(tour.from).year(), of.cost_move.clone() + of.cost_month.clone() * part);
        }
        for month in tour.from.max(0)..tour.end().min(i64::from(self.months)) {
            add(self.month(month).year(), of.cost_month.clone());
        }
        by_year
    }
}

/// So many days later, or the same day at the end of the calendar.
pub(super) fn days(date: Date, days: i64) -> Date {
    date.checked_add(jiff::Span::new().days(days.clamp(-100_000, 100_000))).unwrap_or(date)
}

fn stretch(what: &str, from: Option<&str>, until: Option<&str>, all: Stretch) -> Result<Stretch, Refusal> {
    let from = from.map(|text| named_month(&format!("{what}: from"), text)).transpose()?.unwrap_or(all.from);
    let until =
        until.map(|text| named_month(&format!("{what}: until"), text)).transpose()?.unwrap_or(all.until);
    if from > until {
        return Err(Refusal::new(
            format!("{what}: {from} is after {until}"),
            "the last month is not before the first",
        ));
    }
    Ok(Stretch { from, until })
}

fn refuse<T>(message: String, help: &str) -> Result<T, Refusal> {
    Err(Refusal::new(message, help))
}

fn read(written: &Written) -> Result<Plan, Refusal> {
    let from = named_month("from", &written.from)?;
    if !(1..=MONTHS).contains(&written.months)
        || from.plus(written.months.saturating_add(MONTHS)).year() > 9998
        || from.year() < 100
    {
        return refuse(format!("months = {} is out of range", written.months), "from 1 to 240");
    }
    let decided: Date = written.decided.parse().map_err(|_| {
        Refusal::new(format!("decided `{}` is no day", written.decided), "write it like `2026-12-01`")
    })?;
    if written.overlap_days > 60 {
        return refuse(format!("overlap-days = {} is out of range", written.overlap_days), "from 0 to 60");
    }
    if written.currency.trim().is_empty() {
        return refuse("currency is empty".into(), "say what costs are counted in, like `EUR m`");
    }
    let all = Stretch { from, until: from.plus(written.months - 1) };
    let mut regions: Vec<String> = Vec::new();
    let mut presences: Vec<Presence> = Vec::new();
    if written.presences.is_empty() {
        return refuse("there is no presence".into(), "add a `[[presence]]` with what was agreed");
    }
    for of in &written.presences {
        let what = format!("presence `{}`", of.name);
        if of.name.trim().is_empty() || presences.iter().any(|p| p.name == of.name) {
            return refuse(format!("{what} has no name of its own"), "give each presence another name");
        }
        if of.regions.is_empty() {
            return refuse(
                format!("{what} has no region"),
                "name the agreement's zones, like `[\"western-oblasts\"]`",
            );
        }
        if of.at_least > PEOPLE || of.at_most.is_some_and(|most| most < of.at_least) {
            return refuse(
                format!("{what}: the numbers of people cannot be"),
                "at-least up to 1000000, at-most not below it",
            );
        }
        for region in &of.regions {
            if !regions.contains(region) {
                regions.push(region.clone());
            }
        }
        let during = stretch(&what, of.from.as_deref(), of.until.as_deref(), all)?;
        if during.from < all.from || during.until > all.until {
            return refuse(
                format!("{what}: {} to {} is not within the plan", during.from, during.until),
                "the plan's months hold it",
            );
        }
        presences.push(Presence {
            name: of.name.clone(),
            regions: of.regions.iter().cloned().collect(),
            at_least: of.at_least,
            at_most: of.at_most,
            during,
        });
    }
    regions.sort();
    let mut contingents: Vec<Contingent> = Vec::new();
    for of in &written.contingents {
        let contingent = contingent(of, &regions, all)?;
        if contingents.iter().any(|c| c.partner == contingent.partner && c.name == contingent.name) {
            return refuse(
                format!("contingent `{}` stands twice", contingent.title()),
                "give each kind of a partner another name",
            );
        }
        contingents.push(contingent);
    }
    if contingents.is_empty() {
        return refuse(
            "there is no contingent".into(),
            "add a `[[contingent]]` for each kind of each partner",
        );
    }
    let percent = |what: &str, amount: Option<Amount>| -> Result<Option<Number>, Refusal> {
        let Some(amount) = amount else { return Ok(None) };
        let share = amount.number(what)?;
        if share > Number::from(100) {
            return refuse(format!("{what} is above 100"), "in percent of those who are there");
        }
        Ok(Some(share))
    };
    let share = percent("share-at-most", written.share_at_most)?.unwrap_or(Number::from(100));
    let plain = Partner { share_at_most: share, cost_a_year: None, leaves: None };
    let mut partners: BTreeMap<String, Partner> =
        contingents.iter().map(|c| (c.partner.clone(), plain.clone())).collect();
    let mut told = BTreeSet::new();
    for of in &written.partners {
        let what = format!("partner `{}`", of.name);
        if !told.insert(&of.name) {
            return refuse(format!("{what} stands twice"), "write each partner once");
        }
        let Some(partner) = partners.get_mut(&of.name) else {
            return refuse(
                format!("{what} has no contingent"),
                "a partner is named like in its `[[contingent]]`",
            );
        };
        if let Some(share) = percent(&format!("{what}: share-at-most"), of.share_at_most)? {
            partner.share_at_most = share;
        }
        partner.cost_a_year =
            of.cost_a_year_at_most.map(|a| a.number(&format!("{what}: cost-a-year-at-most"))).transpose()?;
        partner.leaves =
            of.leaves.as_deref().map(|text| named_month(&format!("{what}: leaves"), text)).transpose()?;
    }
    let mut plan = Plan {
        from,
        months: written.months,
        decided,
        overlap: written.overlap_days,
        currency: written.currency.trim().to_string(),
        regions,
        presences,
        contingents,
        partners,
        running: BTreeMap::new(),
        terms: written.records.as_ref().map(|of| Terms {
            measure: of.measure.clone(),
            of: of.of.clone(),
            at: of.at.clone(),
            with: of.with.clone(),
            rotation: of.rotation.clone(),
            notice: of.notice.clone(),
            notice_to: of.notice_to.clone(),
            parties: of.parties.clone(),
        }),
    };
    if let Some(terms) = &plan.terms {
        if terms.notice.is_some() != terms.notice_to.is_some() {
            return refuse("records: notice and notice-to go together".into(), "name both, or neither");
        }
        if let Some(stranger) = terms.parties.keys().find(|name| !plan.partners.contains_key(*name)) {
            return refuse(
                format!("records: parties: `{stranger}` has no contingent"),
                "a partner is named like in its `[[contingent]]`",
            );
        }
    }
    for of in &written.running {
        let (tour, n) = running(of, &plan)?;
        *plan.running.entry(tour).or_default() += n;
    }
    Ok(plan)
}

fn contingent(of: &WrittenContingent, regions: &[String], all: Stretch) -> Result<Contingent, Refusal> {
    let name = of.name.clone().unwrap_or("contingent".into());
    let what = format!("contingent `{}, {name}`", of.partner);
    if of.partner.trim().is_empty() || name.trim().is_empty() {
        return refuse(format!("{what} has no name"), "name the partner, and the kind where it has several");
    }
    if of.persons == 0 || of.persons > PEOPLE || of.there_are == 0 || of.there_are > CONTINGENTS {
        return refuse(
            format!("{what}: persons or there-are is out of range"),
            "persons 1 to 1000000, there-are 1 to 100",
        );
    }
    let mut tours = match &of.tour_months {
        WrittenTours::One(months) => vec![*months],
        WrittenTours::Any(months) => months.clone(),
    };
    tours.sort_unstable();
    tours.dedup();
    if tours.is_empty() || tours.len() > 6 || tours.iter().any(|n| !(1..=36).contains(n)) {
        return refuse(
            format!("{what}: tour-months is out of range"),
            "1 to 36 months, at most 6 different lengths",
        );
    }
    if of.recovery_months.max(of.training_months) > MONTHS || of.notice_days > 3660 {
        return refuse(
            format!("{what}: recovery, training or notice is out of range"),
            "up to 240 months, and 3660 days",
        );
    }
    if let Some(stranger) = of.regions.iter().flatten().find(|region| !regions.contains(region)) {
        return refuse(
            format!("{what}: no presence has the region `{stranger}`"),
            "the regions are those of the presences",
        );
    }
    let not_in =
        of.not_in.iter().map(|s| stretch(&format!("{what}: not-in"), Some(&s.from), Some(&s.until), all));
    Ok(Contingent {
        partner: of.partner.clone(),
        persons: of.persons,
        there_are: of.there_are,
        tours,
        recovery: of.recovery_months,
        training: of.training_months,
        notice: of.notice_days,
        cost_month: of.cost_month.number(&format!("{what}: cost-month"))?,
        cost_move: of.cost_move.number(&format!("{what}: cost-move"))?,
        regions: match &of.regions {
            Some(only) => only.iter().cloned().collect(),
            None => regions.iter().cloned().collect(),
        },
        not_in: not_in.collect::<Result<_, _>>()?,
        during: {
            let far = Stretch { from: Month::FIRST, until: all.until.plus(MONTHS) };
            stretch(&what, of.from.as_deref(), of.until.as_deref(), far)?
        },
        name,
    })
}

fn running(of: &WrittenRunning, plan: &Plan) -> Result<(Tour, u32), Refusal> {
    let name = of.name.clone().unwrap_or("contingent".into());
    let what = format!("running `{}, {name}`", of.partner);
    let Some(contingent) = plan.contingents.iter().position(|c| c.partner == of.partner && c.name == name)
    else {
        return refuse(
            format!("{what}: there is no such contingent"),
            "it is named like in its `[[contingent]]`",
        );
    };
    let Some(region) = plan.regions.iter().position(|r| *r == of.region) else {
        return refuse(
            format!("{what}: no presence has the region `{}`", of.region),
            "the regions are those of the presences",
        );
    };
    let [since, until] = [
        named_month(&format!("{what}: since"), &of.since)?,
        named_month(&format!("{what}: until"), &of.until)?,
    ];
    if since >= plan.from || until < since || until.since(since) > 120 {
        return refuse(
            format!("{what}: {since} to {until} cannot be"),
            "who is there already came before the plan's first month",
        );
    }
    if of.contingents == 0 || of.contingents > plan.contingents[contingent].there_are {
        return refuse(
            format!("{what}: {} are more than there are", of.contingents),
            "see there-are of the contingent",
        );
    }
    let from = plan.number(since);
    Ok((Tour { contingent, region, from, months: (until.since(since) + 1) as u32 }, of.contingents))
}
