//! Inspections and the access register: who asked to inspect what, what was answered, what was carried out and found; who was kept
//! from moving where, for how long; what is used of a quota; and the verdicts that rest on it.
//!
//! What it deliberately does not do: decide a verdict, or lower what one needs. A denial is a record like another: where an agreement
//! forbids it, the board has a breach of its own for it, and that is what is shown here.
//!
//! Nothing here knows an agreement. What a record is a step of is read off the name of its fact, by the words of [`STEPS`], or off its
//! class `movement-restriction` or `interference`. Records are steps of one inspection where they name the same incident, or have the
//! same value in one of the roles [`NUMBERED`]; nothing else joins them.
//!
//! Invariants
//! - planned and simulated records are no steps;
//! - a quota is a norm of the agreement; what is used of it is counted only where its count is one of plain roles, else it is not
//!   given, and the verdict that decides is named either way;
//! - sums are sums of rows that are in the same document.
//!
//! Where to start reading: [`register`].

use super::access::{is_restriction, zones_of};
use super::list::hours;
use super::seen::Seen;
use crate::Problem;
use crate::asked::{Asked, moment};
use serde_json::{Value, json};
use servanda_evidence::incident::details;
use servanda_model::agreement::{Agg, Aggregate, Cond, Op, Value as Quantity, Verb, Window};
use servanda_model::record::{Basis, RoleValue, Says};
use servanda_model::verdict::{Bearer, Performance};
use servanda_model::{Agreement, Instant, Name, Number, Record, Verdict};
use servanda_report::incidents::cell;
use servanda_report::json::Header;
use servanda_report::{State, wording};
use std::collections::{BTreeMap, BTreeSet};

/// What it may be asked.
pub(crate) const ALLOWED: &[&str] = &["party", "zone", "from", "to"];

/// What a fact's name says of an inspection.
const INSPECTION: [&str; 4] = ["inspection", "inspect", "evaluation-visit", "verification-visit"];
/// Roles by which records are of one inspection.
pub(crate) const NUMBERED: [&str; 4] = ["inspection", "request", "number", "reference"];
/// Roles in which somebody else stands than who acts.
const OTHERS: [&str; 7] = ["of", "to", "in", "country", "host", "party", "from"];
/// Roles that say for when something was announced.
const PLANNED: [&str; 5] = ["for", "on", "planned", "date", "begins"];

/// A step of an inspection, in the order in which they come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Step {
    Asked,
    Notice,
    Granted,
    Conditional,
    Delayed,
    Denied,
    /// Kept from moving or watching in another way.
    Hindered,
    CarriedOut,
    Outcome,
}

/// Words in the name of a fact, and the step that they mean; the first that fits counts.
const STEPS: [(&[&str], Step); 8] = [
    (&["denial", "denied", "refus"], Step::Denied),
    (&["delay"], Step::Delayed),
    (&["condition"], Step::Conditional),
    (&["restriction", "obstruction", "jamming", "interference"], Step::Hindered),
    (&["request", "demand"], Step::Asked),
    (&["notice", "notif", "announce"], Step::Notice),
    (&["grant", "approv", "consent", "allow", "admit"], Step::Granted),
    (&["result", "outcome", "report", "sheet", "protocol"], Step::Outcome),
];

impl Step {
    /// Its word, in documents and for texts.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Step::Asked => "asked",
            Step::Notice => "notice",
            Step::Granted => "granted",
            Step::Conditional => "conditional",
            Step::Delayed => "delayed",
            Step::Denied => "denied",
            Step::Hindered => "hindered",
            Step::CarriedOut => "carried-out",
            Step::Outcome => "outcome",
        }
    }

    fn restricts(self) -> bool {
        matches!(self, Step::Conditional | Step::Delayed | Step::Denied | Step::Hindered)
    }

    /// Of a record, with whether its fact speaks of an inspection; `None`: it is no step of any.
    fn of(record: &Record) -> Option<(Step, bool)> {
        if record.says != Says::Affirms || matches!(record.basis, Basis::Planned | Basis::Simulated) {
            return None;
        }
        let name = record.fact.as_str().to_lowercase();
        let inspects = INSPECTION.iter().any(|word| name.contains(word));
        let restricts = is_restriction(record);
        if !inspects && !restricts {
            return None;
        }
        let class = record.extra.get("incident.subclass").map(String::as_str);
        let by_class = match class.filter(|_| restricts) {
            Some("denial") => Some(Step::Denied),
            Some("delay") => Some(Step::Delayed),
            Some("conditional") => Some(Step::Conditional),
            _ => None,
        };
        let mut by_name = STEPS.iter().filter(|(words, _)| words.iter().any(|word| name.contains(word)));
        let otherwise = if inspects { Step::CarriedOut } else { Step::Hindered };
        let step = by_class.or_else(|| by_name.next().map(|(_, step)| *step)).unwrap_or(otherwise);
        // What is said of a restriction in general is no step towards an inspection.
        let fits = inspects || step.restricts();
        Some((if fits { step } else { Step::Hindered }, inspects))
    }
}

/// A record with what it is a step of.
pub(crate) struct Taken<'s> {
    pub record: &'s Record,
    pub step: Step,
    /// Zones that it lies in, or may.
    pub zones: Vec<String>,
    /// When it ended, where that is known.
    pub ends: Option<Instant>,
    /// Verdicts of the board that it decides, by number.
    pub verdicts: Vec<usize>,
}

/// One inspection: all records of it, in order of time.
pub(crate) struct Inspection<'s> {
    pub id: String,
    pub steps: Vec<Taken<'s>>,
}

/// What a party may carry out or has to accept, and what of it is used.
pub(crate) struct Quota<'s> {
    pub verdict: &'s Verdict,
    pub number: usize,
    pub fact: &'s Name,
    /// It is what the bearer itself does; else what it has to accept. `None`: the norm does not tie it to the bearer.
    pub is_active: Option<bool>,
    /// The period that it is counted in, and its word.
    pub period: Option<(Instant, Instant, &'static str)>,
    pub most: Number,
    /// Records that count, where it can be said.
    pub used: Option<Vec<&'s Record>>,
}

/// The register, after the filters.
pub(crate) struct Register<'s> {
    pub from: Option<Instant>,
    pub to: Instant,
    pub inspections: Vec<Inspection<'s>>,
    pub restrictions: Vec<Taken<'s>>,
    pub quotas: Vec<Quota<'s>>,
    /// Parties that can be asked for, with their phrases.
    pub parties: BTreeMap<Name, String>,
    /// Zones that can be asked for, with their phrases.
    pub zones: BTreeMap<String, String>,
}

/// The names that a role holds.
fn names(value: &RoleValue) -> Vec<&Name> {
    match value {
        RoleValue::Name(name) => vec![name],
        RoleValue::OneOf(all) => all.iter().collect(),
        _ => Vec::new(),
    }
}

impl Taken<'_> {
    /// How long it lasted, in hours, where its end is known.
    pub(crate) fn hours(&self) -> Option<f64> {
        self.ends.map(|end| hours(&Number::from(1), end - self.record.when.earliest))
    }
}

impl<'s> Inspection<'s> {
    /// The last record of a step.
    pub(crate) fn last(&self, step: Step) -> Option<&Taken<'s>> {
        self.steps.iter().rev().find(|taken| taken.step == step)
    }

    /// Where it stands: the furthest that it came, and before that the last answer.
    pub(crate) fn state(&self) -> Step {
        let far = [Step::Outcome, Step::CarriedOut].into_iter().find(|step| self.last(*step).is_some());
        let answer = self.steps.iter().rev().map(|taken| taken.step);
        let mut answer = answer.filter(|step| *step == Step::Granted || step.restricts());
        far.or_else(|| answer.next()).or_else(|| self.steps.last().map(|t| t.step)).unwrap_or(Step::Asked)
    }

    fn role(&self, own: bool) -> Option<&'s RoleValue> {
        // Who inspects acts in a request and an inspection; who is inspected acts in an answer.
        let acts = |step: Step| !(step == Step::Granted || step.restricts());
        let by = Name::from("by");
        let act = self.steps.iter().find(|t| acts(t.step) == own).and_then(|t| t.record.roles.get(&by));
        act.or_else(|| {
            let others = self.steps.iter().filter(|t| acts(t.step) != own);
            others.flat_map(|t| OTHERS.iter().filter_map(|role| t.record.roles.get(*role))).next()
        })
    }

    /// Who inspects.
    pub(crate) fn inspects(&self) -> Option<&'s RoleValue> {
        self.role(true)
    }

    /// Who is inspected.
    pub(crate) fn is_inspected(&self) -> Option<&'s RoleValue> {
        self.role(false)
    }

    /// From the notice, or the request, to the moment that it names, in milliseconds.
    pub(crate) fn lead(&self) -> Option<(Instant, Instant)> {
        let told = self.last(Step::Notice).or_else(|| self.last(Step::Asked))?;
        let planned = PLANNED.iter().find_map(|role| match told.record.roles.get(*role) {
            Some(RoleValue::Time(when)) => Some(when.earliest),
            _ => None,
        });
        let begun = planned.or_else(|| self.last(Step::CarriedOut).map(|t| t.record.when.earliest))?;
        Some((told.record.when.latest, begun))
    }

    /// All verdicts that its records decide.
    pub(crate) fn verdicts(&self) -> BTreeSet<usize> {
        self.steps.iter().flat_map(|taken| taken.verdicts.iter().copied()).collect()
    }

    fn involves(&self, party: &str) -> bool {
        self.steps.iter().any(|taken| involves(taken.record, party))
    }
}

/// Whether a record names a party in any of its roles.
fn involves(record: &Record, party: &str) -> bool {
    record.roles.values().flat_map(names).any(|name| name.as_str() == party)
}

/// The party by whom somebody was kept away, as it is counted: several that are possible are one line of their own.
pub(crate) fn by(agreement: &Agreement, record: &Record) -> Option<(String, String)> {
    let value = record.roles.get("by")?;
    let all = names(value);
    let key: Vec<&str> = all.iter().map(|name| name.as_str()).collect();
    Some((key.join("|"), wording::role(agreement, value)))
}

/// Whether a verdict says that somebody did what they must not, or did not do what they must.
pub(crate) fn is_breach(verdict: &Verdict) -> bool {
    verdict.performance == Performance::Violated
}

/// The register at the question, after the filters.
///
/// # Errors
/// `bad-time`, `empty-time`, `no-such-party`, `no-such-zone`.
pub(crate) fn register<'s>(seen: &'s Seen, asked: &Asked) -> Result<Register<'s>, Problem> {
    let agreement = &seen.matter.agreement;
    let calendar = &agreement.calendar;
    let at = seen.board.question.at;
    let given = |name: &str| asked.rest.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    // A date means its start where it begins something, and its end where it ends it.
    let from = match given("from").map(|text| (text, text.parse::<jiff::civil::Date>())) {
        Some((text, Ok(date))) if !text.contains('T') => Some(calendar.start_of_day(date)),
        Some((text, _)) => Some(moment(text, calendar)?),
        None => None,
    };
    let to = given("to").map(|text| moment(text, calendar)).transpose()?.unwrap_or(at).min(at);
    if from.is_some_and(|from| from >= to) {
        return Err(Problem::bad(
            "empty-time",
            "`from` must lie before `to`, and `to` not after the moment asked for",
        ));
    }
    let view = seen.view();
    let drawn = view.zones();
    let mut decides: BTreeMap<&Name, BTreeSet<usize>> = BTreeMap::new();
    for (number, verdict) in seen.board.verdicts.iter().enumerate() {
        let cited = verdict.reasons().decided_by.iter().map(|cited| &cited.record);
        for id in cited.chain(verdict.episodes.iter().flat_map(|episode| &episode.records)) {
            decides.entry(id).or_default().insert(number);
        }
    }
    // All records of a group, and whether any of them is of an inspection.
    let mut groups: BTreeMap<String, (bool, Vec<Taken<'s>>)> = BTreeMap::new();
    let mut parties: BTreeSet<Name> = BTreeSet::new();
    let mut zones: BTreeMap<String, String> = BTreeMap::new();
    for record in view.known() {
        let Some((step, inspects)) = Step::of(record).filter(|_| record.when.earliest <= at) else {
            continue;
        };
        let numbered = NUMBERED.iter().find_map(|role| {
            let text = match record.roles.get(*role)? {
                RoleValue::Name(name) => name.to_string(),
                RoleValue::Text(text) => text.clone(),
                RoleValue::Number(number) => wording::number(number),
                _ => return None,
            };
            // The same number under another role is the same: a request is of the inspection that it asks for.
            Some(format!("number {text}"))
        });
        let key = match (&record.incident, numbered) {
            (Some(incident), _) => incident.to_string(),
            (None, Some(number)) => number,
            (None, None) => record.id.to_string(),
        };
        let own = zones_of(seen, &view, &drawn, record);
        for zone in &own {
            zones.entry(zone.clone()).or_insert_with(|| seen.zone_phrase(zone).to_string());
        }
        parties.extend(
            record.roles.values().flat_map(names).filter(|n| agreement.parties.contains_key(*n)).cloned(),
        );
        let ends = record.until.or(match record.roles.get("until") {
            Some(RoleValue::Time(when)) => Some(when.latest),
            _ => None,
        });
        let verdicts = decides.get(&record.id).into_iter().flatten().copied().collect();
        let group = groups.entry(key).or_default();
        group.0 |= inspects;
        group.1.push(Taken { record, step, zones: own, ends, verdicts });
    }
    let quotas = quotas(seen);
    parties.extend(quotas.iter().filter_map(|quota| match &quota.verdict.bearer {
        Bearer::Party(name) => Some(name.clone()),
        _ => None,
    }));
    let (party, zone) = (given("party"), given("zone"));
    if let Some(party) = party.filter(|party| !agreement.parties.contains_key(*party)) {
        let known: Vec<&str> = agreement.parties.keys().map(Name::as_str).collect();
        let message = format!("the agreement has no party `{party}`; it has `{}`", known.join("`, `"));
        return Err(Problem::bad("no-such-party", message));
    }
    if let Some(zone) = zone.filter(|zone| !agreement.zones.contains_key(*zone) && !zones.contains_key(*zone))
    {
        let known: Vec<&str> = agreement.zones.keys().map(Name::as_str).collect();
        let message = format!("the agreement has no zone `{zone}`; it has `{}`", known.join("`, `"));
        return Err(Problem::bad("no-such-zone", message));
    }
    let in_time = |taken: &Taken<'_>| {
        let end = taken.ends.unwrap_or(taken.record.when.latest);
        taken.record.when.earliest <= to && from.is_none_or(|from| end >= from)
    };
    let in_zone = |taken: &Taken<'_>| zone.is_none_or(|zone| taken.zones.iter().any(|own| own == zone));
    let (mut inspections, mut restrictions) = (Vec::new(), Vec::new());
    for (id, (inspects, mut steps)) in groups {
        steps.sort_by(|a, b| {
            (a.record.when.earliest, a.step, &a.record.id).cmp(&(
                b.record.when.earliest,
                b.step,
                &b.record.id,
            ))
        });
        let fits = |taken: &Taken<'_>| {
            taken.step.restricts()
                && in_time(taken)
                && in_zone(taken)
                && party.is_none_or(|party| involves(taken.record, party))
        };
        let copy = |taken: &Taken<'s>| Taken {
            zones: taken.zones.clone(),
            verdicts: taken.verdicts.clone(),
            ..*taken
        };
        restrictions.extend(steps.iter().filter(|taken| fits(taken)).map(copy));
        let one = Inspection { id, steps };
        if inspects
            && one.steps.iter().any(in_time)
            && one.steps.iter().any(in_zone)
            && party.is_none_or(|party| one.involves(party))
        {
            inspections.push(one);
        }
    }
    let begun = |one: &Inspection<'_>| one.steps.first().map(|taken| taken.record.when.earliest);
    inspections.sort_by(|a, b| (begun(b), &b.id).cmp(&(begun(a), &a.id)));
    restrictions
        .sort_by(|a, b| (b.record.when.earliest, &b.record.id).cmp(&(a.record.when.earliest, &a.record.id)));
    for zone in seen.watched.zones() {
        zones.entry(zone.to_string()).or_insert_with(|| seen.zone_phrase(zone.as_str()).to_string());
    }
    let quotas = quotas
        .into_iter()
        .filter(|quota| match (&quota.verdict.bearer, party) {
            (_, None) => true,
            (Bearer::Party(name), Some(party)) => name.as_str() == party,
            _ => false,
        })
        .collect();
    let parties =
        parties.into_iter().map(|name| (name.clone(), agreement.phrase(&name).to_string())).collect();
    Ok(Register { from, to, inspections, restrictions, quotas, parties, zones })
}

/// The part of a norm that caps how many inspections there are, with the most.
fn cap(cond: &Cond) -> Option<(&Aggregate, Number)> {
    let Cond::Compare(Quantity::Aggregate(count), op, Quantity::Number(bound, _)) = cond else { return None };
    let inspects = INSPECTION.iter().any(|word| count.of.fact.as_str().to_lowercase().contains(word));
    if count.what != Agg::Count || !inspects {
        return None;
    }
    match op {
        Op::Gt => Some((count, bound.clone())),
        Op::Ge => Some((count, bound.clone() - Number::from(1))),
        _ => None,
    }
}

/// Whether a record fits a count of plain roles; `None`: the count is none of that kind.
fn counts(agreement: &Agreement, count: &Aggregate, bearer: &Name, record: &Record) -> Option<bool> {
    if count.of.filter.is_some() {
        return None;
    }
    let mut fits = true;
    for (role, wanted) in &count.of.roles {
        let held = record.roles.get(role);
        fits &= match (wanted, held) {
            (Quantity::Bearer, Some(RoleValue::Name(name))) => name == bearer,
            (Quantity::Name(wanted), Some(RoleValue::Name(name))) => {
                name == wanted || agreement.parties_of(wanted, record.when.earliest).contains(name)
            }
            (Quantity::Text(wanted), Some(RoleValue::Text(text))) => text == wanted,
            (Quantity::Number(wanted, _), Some(RoleValue::Number(number))) => number == wanted,
            // Who it was is not known: whether it counts is the engine's to say.
            (_, Some(RoleValue::OneOf(_))) => return None,
            (Quantity::Bearer | Quantity::Name(_) | Quantity::Text(_) | Quantity::Number(..), _) => false,
            _ => return None,
        };
    }
    Some(fits)
}

/// The quotas of the agreement, one line for each of its bearers.
fn quotas(seen: &Seen) -> Vec<Quota<'_>> {
    let agreement = &seen.matter.agreement;
    let at = seen.board.question.at;
    let known = seen.view().known();
    let mut out = Vec::new();
    for (number, verdict) in seen.board.verdicts.iter().enumerate() {
        let Some(norm) = agreement.norm(verdict.norm.as_str()) else { continue };
        let of_norm = norm.parts.iter().filter(|part| part.verb == Verb::NotKeep);
        let Some((count, most)) = of_norm.filter_map(|part| cap(&part.cond)).next() else { continue };
        let period = match count.window {
            Window::InEach(period) => {
                let next = agreement.calendar.next_period_start(at, period);
                Some((agreement.calendar.period_start(at, period), next, period.word()))
            }
            _ => None,
        };
        let counted = match (&verdict.bearer, &count.window) {
            (Bearer::Party(bearer), Window::InEach(_) | Window::All) => {
                let own = known.iter().copied().filter(|record| {
                    record.fact == count.of.fact
                        && record.says == Says::Affirms
                        && !matches!(record.basis, Basis::Planned | Basis::Simulated)
                        && record.when.earliest <= at
                        && period.is_none_or(|(from, ..)| record.when.latest >= from)
                });
                // Several reports of one inspection are one.
                let mut anchors = BTreeSet::new();
                let mut used = Vec::new();
                let mut is_said = true;
                for record in own {
                    match counts(agreement, count, bearer, record) {
                        Some(true) if anchors.insert(record.incident.as_ref().unwrap_or(&record.id)) => {
                            used.push(record)
                        }
                        Some(_) => {}
                        None => is_said = false,
                    }
                }
                is_said.then_some(used)
            }
            _ => None,
        };
        let tied = count.of.roles.iter().find(|(_, value)| *value == Quantity::Bearer);
        out.push(Quota {
            verdict,
            number,
            fact: &count.of.fact,
            is_active: tied.map(|(role, _)| role.as_str() == "by"),
            period,
            most,
            used: counted,
        });
    }
    out
}

/// Restrictions of one party in one zone.
#[derive(Default)]
pub(crate) struct Sum {
    pub denied: usize,
    pub delayed: usize,
    pub conditional: usize,
    pub hindered: usize,
    /// Hours of those of which the end is known.
    pub hours: f64,
    /// Those of which no end is known.
    pub open: usize,
    /// Those that decide a breach.
    pub breaches: usize,
}

impl Sum {
    pub(crate) fn all(&self) -> usize {
        self.denied + self.delayed + self.conditional + self.hindered
    }
}

impl Register<'_> {
    /// By party (its key and words; empty for nobody named) and zone (empty for none): what lies in several zones is counted in each.
    pub(crate) fn sums(&self, seen: &Seen) -> BTreeMap<(String, String), (String, Sum)> {
        let agreement = &seen.matter.agreement;
        let mut out: BTreeMap<(String, String), (String, Sum)> = BTreeMap::new();
        for taken in &self.restrictions {
            let (party, words) = by(agreement, taken.record).unwrap_or_default();
            let none = [String::new()];
            let zones = if taken.zones.is_empty() { &none[..] } else { &taken.zones[..] };
            for zone in zones {
                let (_, sum) = out
                    .entry((party.clone(), zone.clone()))
                    .or_insert_with(|| (words.clone(), Sum::default()));
                match taken.step {
                    Step::Denied => sum.denied += 1,
                    Step::Delayed => sum.delayed += 1,
                    Step::Conditional => sum.conditional += 1,
                    _ => sum.hindered += 1,
                }
                match taken.hours() {
                    Some(hours) => sum.hours += hours,
                    None => sum.open += 1,
                }
                sum.breaches +=
                    usize::from(taken.verdicts.iter().any(|v| is_breach(&seen.board.verdicts[*v])));
            }
        }
        out
    }

    /// The time of which coverage is given beside its counts: what was asked for, or from the first record on.
    pub(crate) fn span(&self) -> Option<(Instant, Instant)> {
        let steps = self.inspections.iter().flat_map(|one| &one.steps).chain(&self.restrictions);
        let from = self.from.or_else(|| steps.map(|taken| taken.record.when.earliest).min())?;
        (from < self.to).then_some((from, self.to))
    }
}

fn verdicts(seen: &Seen, numbers: impl IntoIterator<Item = usize>) -> Vec<Value> {
    let agreement = &seen.matter.agreement;
    let one = |number: usize| {
        let verdict = &seen.board.verdicts[number];
        let norm = agreement.norm(verdict.norm.as_str());
        json!({
            "norm": verdict.norm.as_str(),
            "phrase": wording::norm(norm, &verdict.norm),
            "bearer": verdict.bearer.to_string(),
            "instance": verdict.instance.as_str(),
            "state": State::of(verdict).word,
            "is_breach": is_breach(verdict),
        })
    };
    numbers.into_iter().map(one).collect()
}

fn step(seen: &Seen, taken: &Taken<'_>) -> Value {
    let agreement = &seen.matter.agreement;
    let record = taken.record;
    let found = details::of(record);
    let text = |names: &[&str]| {
        let role = names.iter().find_map(|name| record.roles.get(*name));
        role.map(|value| wording::role(agreement, value))
            .or_else(|| names.iter().find_map(|name| record.extra.get(*name).cloned()))
    };
    json!({
        "step": taken.step.word(),
        "record": record.id.as_str(),
        "incident": record.incident.as_ref().unwrap_or(&record.id).as_str(),
        "title": wording::record_line(agreement, record),
        "earliest": record.when.earliest.to_string(),
        "latest": record.when.latest.to_string(),
        "local": agreement.calendar.show_when(record.when),
        "until": taken.ends.map(|end| end.to_string()),
        "hours": taken.hours(),
        "by": by(agreement, record).map(|(_, words)| words),
        "place": found.get("place-name").map(|n| n.to_string()).or_else(|| record.place.as_ref().map(wording::place)),
        "zones": taken.zones,
        "reason": text(&["reason", "grounds"]).or_else(|| found.get("remark").map(|t| t.to_string())),
        "source": record.source,
        "grade": record.grade().word(),
        "marking": wording::marking(agreement, &record.marking),
        "exercise": record.exercise,
        "verdicts": verdicts(seen, taken.verdicts.iter().copied()),
    })
}

/// The document `inspections/1`.
pub(crate) fn document(seen: &Seen, asked: &Asked) -> Result<Value, Problem> {
    let all = register(seen, asked)?;
    let agreement = &seen.matter.agreement;
    let role = |value: Option<&RoleValue>| value.map(|value| wording::role(agreement, value));
    let mut out =
        serde_json::to_value(Header::of("inspections/1", &seen.view())).map_err(|e| Problem::bug(&e))?;
    out["from"] = json!(all.from.map(|from| from.to_string()));
    out["to"] = json!(all.to.to_string());
    let inspection = |one: &Inspection<'_>| {
        json!({
            "id": one.id,
            "state": one.state().word(),
            "inspects": role(one.inspects()),
            "inspected": role(one.is_inspected()),
            "lead_hours": one.lead().map(|(told, begun)| hours(&Number::from(1), begun - told)),
            "steps": one.steps.iter().map(|taken| step(seen, taken)).collect::<Vec<_>>(),
            "verdicts": verdicts(seen, one.verdicts()),
        })
    };
    out["inspections"] = all.inspections.iter().map(inspection).collect();
    out["restrictions"] = all.restrictions.iter().map(|taken| step(seen, taken)).collect();
    let sum = |((_, zone), (words, sum)): (&(String, String), &(String, Sum))| {
        json!({
            "party": (!words.is_empty()).then_some(words), "zone": (!zone.is_empty()).then_some(zone),
            "denied": sum.denied, "delayed": sum.delayed, "conditional": sum.conditional, "other": sum.hindered,
            "hours": (sum.hours * 10.0).round() / 10.0, "without_end": sum.open, "breaches": sum.breaches,
        })
    };
    out["by_party_and_zone"] = all.sums(seen).iter().map(sum).collect();
    let quota = |quota: &Quota<'_>| {
        let used = quota.used.as_ref().map(Vec::len);
        json!({
            "fact": quota.fact.as_str(),
            "side": match quota.is_active { Some(true) => json!("active"), Some(false) => json!("passive"), None => Value::Null },
            "per": quota.period.map(|(_, _, word)| word),
            "from": quota.period.map(|(from, ..)| from.to_string()),
            "to": quota.period.map(|(_, to, _)| to.to_string()),
            "most": quota.most.to_f64(),
            "used": used,
            "left": used.map(|used| (quota.most.to_f64() - used as f64).max(0.0)),
            "records": quota.used.iter().flatten().map(|record| record.id.as_str()).collect::<Vec<_>>(),
            "verdict": verdicts(seen, [quota.number]).pop(),
        })
    };
    out["quotas"] = all.quotas.iter().map(quota).collect();
    let watched = |(from, to): (Instant, Instant)| {
        let one = |zone: &Name| {
            let share = seen.watched.share(zone.as_str(), from, to)?;
            Some(json!({
                "zone": zone.as_str(), "phrase": seen.zone_phrase(zone.as_str()), "share": share.to_f64(),
                "hours_watched": hours(&share, to - from), "hours": hours(&Number::from(1), to - from),
            }))
        };
        seen.watched.zones().filter_map(one).collect::<Vec<_>>()
    };
    out["coverage"] = all.span().map(watched).unwrap_or_default().into();
    Ok(out)
}

/// The same as one table: a row for each step of an inspection, and for each restriction that is of none.
pub(crate) fn csv(seen: &Seen, asked: &Asked) -> Result<Vec<u8>, Problem> {
    const HEAD: [&str; 17] = [
        "inspection",
        "step",
        "record",
        "earliest",
        "latest",
        "until",
        "hours",
        "inspects",
        "inspected",
        "by",
        "place",
        "zones",
        "reason",
        "breaches",
        "source",
        "grade",
        "marking",
    ];
    let all = register(seen, asked)?;
    let agreement = &seen.matter.agreement;
    let role =
        |value: Option<&RoleValue>| value.map(|value| wording::role(agreement, value)).unwrap_or_default();
    let mut out = format!("{}\r\n", HEAD.join(","));
    let mut there: BTreeSet<&Name> = BTreeSet::new();
    let mut row = |inspection: &str, who: (String, String), taken: &Taken<'_>| {
        let value = step(seen, taken);
        let text = |key: &str| match &value[key] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let breaches = taken.verdicts.iter().filter(|v| is_breach(&seen.board.verdicts[**v]));
        let breaches: Vec<&str> = breaches.map(|v| seen.board.verdicts[*v].norm.as_str()).collect();
        let cells = [
            inspection.to_string(),
            text("step"),
            text("record"),
            text("earliest"),
            text("latest"),
            text("until"),
            text("hours"),
            who.0,
            who.1,
            text("by"),
            text("place"),
            taken.zones.join(";"),
            text("reason"),
            breaches.join(";"),
            text("source"),
            text("grade"),
            text("marking"),
        ];
        let line: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        out.push_str(&line.join(","));
        out.push_str("\r\n");
    };
    for one in &all.inspections {
        for taken in &one.steps {
            there.insert(&taken.record.id);
            row(&one.id, (role(one.inspects()), role(one.is_inspected())), taken);
        }
    }
    for taken in all.restrictions.iter().filter(|taken| !there.contains(&taken.record.id)) {
        row("", (String::new(), String::new()), taken);
    }
    Ok(out.into_bytes())
}
