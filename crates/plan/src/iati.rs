//! Activities of the International Aid Transparency Initiative (IATI) as entries of the support ledger.
//!
//! It converts no currency, guesses no recipient, and divides nothing that the activity does not divide. What cannot be used as it stands is
//! refused with its file, its activity and what to do, or left out and named.
//!
//! Invariants
//! - money is added once: incoming transactions are the other side of outgoing ones and are no entries; what an activity passes on of money
//!   that another activity of the same files gave it is `counted_in` that other's transaction, and only the rest is added;
//! - negative transactions lower earlier ones of the same activity and stage: the sum of all is the sum as published;
//! - an activity stands once, whoever reports it.
//!
//! # Source
//! IATI Standard 2.03: `iati-activity`, `transaction` (`transaction-type`, `transaction-date`, `value` with `currency` and `value-date`,
//! `provider-org`, `receiver-org`, `recipient-country`), `participating-org` (role 1: funding), `recipient-country` (`percentage`), `hierarchy`,
//! `related-activity`; code list TransactionType: 2 outgoing commitment, 3 disbursement, 4 expenditure, 12 outgoing pledge.
//!
//! Where to start reading: [`Iati::read`].

use crate::Refusal;
use crate::support::{Dated, Entry, Stage, Value};
use jiff::civil::Date;
use roxmltree::{Document, Node, ParsingOptions};
use servanda_model::{Grade, Number};
use std::collections::{BTreeMap, BTreeSet};

/// Longest file in bytes.
pub const MAX_BYTES: usize = 64 << 20;
const MAX_NODES: u32 = 4_000_000;

/// What of the files is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Only what goes to this country, by its code of two letters.
    pub recipient: Option<String>,
    /// Only activities of this level of the publisher's hierarchy.
    pub hierarchy: Option<u32>,
}

/// What came of the files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Iati {
    /// The entries.
    pub entries: Vec<Entry>,
    /// What was left out, or counted elsewhere.
    pub gaps: Vec<String>,
    /// Activities that were read.
    pub activities: usize,
}

/// An outgoing transaction.
#[derive(Clone, Debug)]
struct Flow {
    activity: String,
    number: usize,
    stage: Stage,
    partner: String,
    item: String,
    when: Date,
    amount: Number,
    currency: String,
    valued: String,
    /// The activity that receives it, as the publisher names it.
    to: Option<String>,
    source: String,
}

struct Activity {
    parents: BTreeSet<String>,
    secondary: bool,
    /// In which file.
    place: String,
    flows: Vec<Flow>,
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| child.tag_name().name() == name)
}

fn text(node: Node<'_, '_>) -> String {
    node.children().filter(|c| c.is_text()).filter_map(|c| c.text()).collect::<String>().trim().to_string()
}

/// A decimal as the standard writes it: no separator of thousands, no comma, no fraction.
fn decimal(text: &str) -> Option<Number> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    let text = text.trim().trim_start_matches('+');
    text.chars().all(plain).then(|| Number::parse(text)).flatten()
}

/// The first narrative of an element, else its `ref`.
fn named(node: Node<'_, '_>) -> Option<String> {
    let narrative = node.children().find(|c| c.tag_name().name() == "narrative").map(text);
    narrative
        .filter(|t| !t.is_empty())
        .or_else(|| node.attribute("ref").map(|r| r.trim().to_string()))
        .filter(|t| !t.is_empty())
}

impl Iati {
    /// Reads files, each a name and its text.
    ///
    /// # Errors
    /// Where a file is no IATI 2 file; where an activity has no identifier or stands twice; where a transaction lacks a type, a date, a value, a
    /// currency or the date of its value; where a share of a country is not told; where an activity and one that it is part of both have
    /// transactions of one stage; where more was taken back than was given.
    pub fn read(files: &[(String, String)], wanted: &Wanted, grade: Grade) -> Result<Iati, Refusal> {
        let mut all: BTreeMap<String, Activity> = BTreeMap::new();
        let mut gaps: BTreeMap<String, usize> = BTreeMap::new();
        for (name, xml) in files {
            read_file(name, xml, wanted, &mut all, &mut gaps)?;
        }
        one_level(&all)?;
        let mut iati = Iati { activities: all.len(), ..Iati::default() };
        let mut flows: Vec<Flow> = Vec::new();
        for (id, activity) in &all {
            flows.extend(netted(id, activity, &mut gaps)?);
        }
        flows.sort_by(|a, b| (a.when, &a.activity, a.number).cmp(&(b.when, &b.activity, b.number)));
        iati.entries = counted_once(&flows, grade, &mut gaps);
        iati.gaps = gaps.into_iter().map(|(what, n)| what.replace("{n}", &n.to_string())).collect();
        Ok(iati)
    }
}

fn read_file(
    name: &str,
    xml: &str,
    wanted: &Wanted,
    all: &mut BTreeMap<String, Activity>,
    gaps: &mut BTreeMap<String, usize>,
) -> Result<(), Refusal> {
    if xml.len() > MAX_BYTES {
        return Err(Refusal::new(
            format!("`{name}` has more than {} MB", MAX_BYTES >> 20),
            "split it by activity",
        ));
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(xml, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => Refusal::new(
            format!("`{name}` has a document type, which is refused unread"),
            "take the `<!DOCTYPE …>` out; IATI has none",
        ),
        error => Refusal::new(format!("`{name}` is not XML: {error}"), "check that the file is whole"),
    })?;
    let root = document.root_element();
    if root.tag_name().name() != "iati-activities" {
        return Err(Refusal::new(
            format!("`{name}` begins with `{}`, and not with `iati-activities`", root.tag_name().name()),
            "take the publisher's file of activities; a file of organisations has no transactions",
        ));
    }
    let version = root.attribute("version").unwrap_or("");
    if !version.starts_with("2.") {
        return Err(Refusal::new(
            format!("`{name}` is of version `{version}` of the standard"),
            "take a file of version 2.01 to 2.03; version 1 writes organisations and dates otherwise",
        ));
    }
    let mut known = (0, 1);
    let mut line = |node: Node<'_, '_>| {
        let at = node.range().start;
        if at >= known.0 {
            let more = xml.as_bytes()[known.0..at].iter().filter(|b| **b == b'\n').count();
            known = (at, known.1 + more);
        }
        known.1
    };
    for node in root.children().filter(|n| n.tag_name().name() == "iati-activity") {
        let at = line(node);
        let id = child(node, "iati-identifier").map(text).unwrap_or_default();
        if id.is_empty() {
            return Err(Refusal::new(
                format!("`{name}`, line {at}: an activity has no `iati-identifier`"),
                "ask the publisher; without it the same aid could be counted twice",
            ));
        }
        let wrong =
            |what: String, help: &str| Refusal::new(format!("`{name}`, activity `{id}`: {what}"), help);
        let level = match node.attribute("hierarchy") {
            None => 1,
            Some(text) => text.trim().parse::<u32>().map_err(|_| {
                wrong(
                    format!("the hierarchy `{text}` is no number"),
                    "it is a whole number from 1, or left out",
                )
            })?,
        };
        if wanted.hierarchy.is_some_and(|wanted| wanted != level) {
            *gaps
                .entry(
                    "{n} activities are of another level than the one that was asked for, and are left out"
                        .into(),
                )
                .or_default() += 1;
            continue;
        }
        let reporter = child(node, "reporting-org");
        let secondary =
            reporter.is_some_and(|r| matches!(r.attribute("secondary-reporter"), Some("1" | "true")));
        let related = |kind: &str| {
            let of = node.children().filter(|c| c.tag_name().name() == "related-activity");
            of.filter(|c| c.attribute("type") == Some(kind))
                .filter_map(|c| c.attribute("ref"))
                .map(|r| r.trim().to_string())
                .collect::<BTreeSet<_>>()
        };
        let mut activity =
            Activity { parents: related("1"), secondary, place: name.to_string(), flows: Vec::new() };
        let title = child(node, "title").and_then(named).unwrap_or_else(|| id.clone());
        let funders: BTreeSet<String> = node
            .children()
            .filter(|c| c.tag_name().name() == "participating-org" && c.attribute("role") == Some("1"))
            .filter_map(named)
            .collect();
        let reporting = reporter.and_then(named);
        let shares = shares(node).map_err(|what| {
            wrong(
                what,
                "ask the publisher for the percentages; none is assumed, and they add up to 100 at most",
            )
        });
        let transactions = node.children().filter(|c| c.tag_name().name() == "transaction");
        for (number, transaction) in (1..).zip(transactions) {
            let at = line(transaction);
            let wrong = |what: &str, help: &str| {
                Refusal::new(
                    format!("`{name}`, line {at}, activity `{id}`, transaction {number}: {what}"),
                    help,
                )
            };
            let code =
                child(transaction, "transaction-type").and_then(|t| t.attribute("code")).unwrap_or("").trim();
            let stage = match code {
                "12" => Stage::Pledged,
                "2" => Stage::Allocated,
                "3" | "4" => Stage::Received,
                "1" | "11" | "13" => {
                    *gaps.entry("{n} incoming transactions are the other side of outgoing ones, and are not counted".into()).or_default() += 1;
                    continue;
                }
                "5" | "6" | "7" | "8" | "9" | "10" => {
                    *gaps.entry("{n} transactions are interest, repayments, reimbursements, equity or guarantees, and no step of a promise".into()).or_default() += 1;
                    continue;
                }
                "" => {
                    return Err(wrong(
                        "it has no type",
                        "write `<transaction-type code=\"…\"/>` as the code list has it",
                    ));
                }
                _ => {
                    return Err(wrong(
                        &format!("the type `{code}` is not known"),
                        "the types are 1 to 13 of the code list TransactionType",
                    ));
                }
            };
            let date =
                child(transaction, "transaction-date").and_then(|d| d.attribute("iso-date")).unwrap_or("");
            let when: Date = date.get(..10).and_then(|day| day.parse().ok()).ok_or_else(|| {
                wrong(
                    &format!("the date `{date}` is none"),
                    "write `<transaction-date iso-date=\"2026-04-30\"/>`",
                )
            })?;
            let value = child(transaction, "value").ok_or_else(|| {
                wrong(
                    "it has no value",
                    "write `<value currency=\"EUR\" value-date=\"2026-04-30\">1000</value>`",
                )
            })?;
            let told = text(value);
            let amount = decimal(&told).ok_or_else(|| {
                wrong(
                    &format!("the value `{told}` is no number"),
                    "digits with a decimal point, and no separator of thousands",
                )
            })?;
            let currency = value
                .attribute("currency")
                .or_else(|| node.attribute("default-currency"))
                .unwrap_or("")
                .trim();
            if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
                return Err(wrong(
                    &format!("the currency `{currency}` is none"),
                    "write `currency=\"EUR\"` at the value, or `default-currency` at the activity; none is assumed",
                ));
            }
            let valued = value.attribute("value-date").unwrap_or("").trim();
            if valued.get(..10).and_then(|day| day.parse::<Date>().ok()).is_none() {
                return Err(wrong(
                    &format!("the date of its value `{valued}` is none"),
                    "write `value-date=\"2026-04-30\"` at the value: the day of whose rate the value is",
                ));
            }
            let share = match &wanted.recipient {
                None => Number::from(1),
                Some(country) => {
                    let own: Vec<&str> = transaction
                        .children()
                        .filter(|c| matches!(c.tag_name().name(), "recipient-country" | "recipient-region"))
                        .map(|c| {
                            if c.tag_name().name() == "recipient-country" {
                                c.attribute("code").unwrap_or("")
                            } else {
                                ""
                            }
                        })
                        .collect();
                    match own[..] {
                        [] => shares.clone()?.get(country.as_str()).cloned().unwrap_or_default(),
                        [one] => Number::from(i64::from(one.trim() == country.as_str())),
                        _ => {
                            return Err(wrong(
                                "it names several recipients",
                                "a transaction has one; split it",
                            ));
                        }
                    }
                }
            };
            if share.is_zero() {
                *gaps.entry("{n} transactions go to other countries, to regions or to nobody that is named, and are left out".into()).or_default() += 1;
                continue;
            }
            let partner = match child(transaction, "provider-org").and_then(named) {
                Some(provider) => provider,
                None if funders.len() == 1 => funders.iter().next().cloned().unwrap_or_default(),
                None => {
                    if funders.len() > 1 {
                        *gaps.entry("{n} transactions name no provider and are of activities with several funders; they stand under who reports them".into()).or_default() += 1;
                    }
                    reporting.clone().ok_or_else(|| {
                        wrong(
                            "nobody is named who gives",
                            "name a `provider-org`, or the `reporting-org` of the activity",
                        )
                    })?
                }
            };
            let to = child(transaction, "receiver-org").and_then(|r| r.attribute("receiver-activity-id"));
            activity.flows.push(Flow {
                activity: id.clone(),
                number,
                stage,
                partner,
                item: title.clone(),
                when,
                amount: amount * share,
                currency: currency.to_string(),
                valued: valued.get(..10).unwrap_or_default().to_string(),
                to: to.map(|t| t.trim().to_string()).filter(|t| *t != id),
                source: format!("{name}, line {at}"),
            });
        }
        match all.get(&id) {
            None => {
                all.insert(id, activity);
            }
            Some(before) if before.secondary != activity.secondary => {
                *gaps
                    .entry(
                        "{n} activities are told by a second reporter too; the first-hand report stands"
                            .into(),
                    )
                    .or_default() += 1;
                if before.secondary {
                    all.insert(id, activity);
                }
            }
            Some(before) => {
                return Err(wrong(
                    format!("it stands twice, first in `{}`", before.place),
                    "leave one of the two out; the same aid would be counted twice",
                ));
            }
        }
    }
    Ok(())
}

/// Shares of countries in an activity, as fractions; those that are not told are refused where there are several.
fn shares(node: Node<'_, '_>) -> Result<BTreeMap<String, Number>, String> {
    let all: Vec<Node<'_, '_>> = node
        .children()
        .filter(|c| matches!(c.tag_name().name(), "recipient-country" | "recipient-region"))
        .collect();
    let (mut shares, mut sum) = (BTreeMap::new(), Number::zero());
    let hundred = Number::from(100);
    for one in &all {
        let percent = match one.attribute("percentage") {
            None if all.len() == 1 => hundred.clone(),
            None => return Err("it has several recipients, and the share of one is not told".into()),
            Some(text) => decimal(text)
                .filter(|n| *n >= Number::zero())
                .ok_or_else(|| format!("the percentage `{text}` is no share"))?,
        };
        sum = sum + percent.clone();
        if one.tag_name().name() == "recipient-country" {
            let code = one.attribute("code").unwrap_or("").trim().to_string();
            let share: &mut Number = shares.entry(code).or_default();
            *share = share.clone() + percent.over(&hundred).unwrap_or_default();
        }
    }
    // Thirds are published as 33.33.
    if sum > hundred + Number::ratio(1, 2).unwrap_or_default() {
        return Err(format!("the percentages of its recipients add up to {sum}"));
    }
    Ok(shares)
}

/// That no activity and none that it is part of both have transactions of one stage.
fn one_level(all: &BTreeMap<String, Activity>) -> Result<(), Refusal> {
    for (id, activity) in all {
        for parent in activity.parents.iter().filter_map(|parent| all.get_key_value(parent)) {
            let stages: BTreeSet<Stage> = activity.flows.iter().map(|flow| flow.stage).collect();
            // Money that the parent passed on to it is seen as such, and counted once.
            let passed = parent.1.flows.iter().any(|flow| flow.to.as_deref() == Some(id.as_str()));
            if !passed && parent.1.flows.iter().any(|flow| stages.contains(&flow.stage)) {
                return Err(Refusal::new(
                    format!(
                        "`{}`, activity `{id}`: it is part of `{}`, and both have transactions of one stage",
                        activity.place, parent.0
                    ),
                    "the standard has them on one level: take one with --hierarchy, such as `--hierarchy 2`",
                ));
            }
        }
    }
    Ok(())
}

/// The flows of an activity, with what was taken back taken from what came before it.
fn netted(id: &str, activity: &Activity, gaps: &mut BTreeMap<String, usize>) -> Result<Vec<Flow>, Refusal> {
    let mut flows = activity.flows.clone();
    flows.sort_by_key(|flow| (flow.when, flow.number));
    for at in 0..flows.len() {
        if flows[at].amount >= Number::zero() {
            continue;
        }
        *gaps.entry("{n} negative transactions lower what came before them".into()).or_default() += 1;
        let mut back = flows[at].amount.abs();
        flows[at].amount = Number::zero();
        let of = (flows[at].stage, flows[at].currency.clone(), flows[at].partner.clone());
        // The latest before it, and where a correction is dated before what it corrects, the first after it.
        let order: Vec<usize> = (0..at).rev().chain(at + 1..flows.len()).collect();
        for other in order {
            let one = &mut flows[other];
            if (one.stage, &one.currency, &one.partner) != (of.0, &of.1, &of.2)
                || one.amount <= Number::zero()
            {
                continue;
            }
            let part = if one.amount < back { one.amount.clone() } else { back.clone() };
            one.amount = one.amount.clone() - part.clone();
            back = back - part;
        }
        if !back.is_zero() {
            return Err(Refusal::new(
                format!(
                    "{}, activity `{id}`: {} {} more was taken back than was {}",
                    flows[at].source,
                    back,
                    of.1,
                    of.0.word()
                ),
                "the transactions that it corrects are missing; take the publisher's whole file",
            ));
        }
    }
    flows.retain(|flow| !flow.amount.is_zero());
    Ok(flows)
}

/// By receiving activity, stage and currency: gifts, each with what of it is not passed on yet.
type Gifts<'a> = BTreeMap<(&'a str, Stage, &'a str), Vec<(String, Number)>>;

/// Entries of flows in the order of their days: what an activity passes on of money that it was given here is counted in the gift.
fn counted_once(flows: &[Flow], grade: Grade, gaps: &mut BTreeMap<String, usize>) -> Vec<Entry> {
    let name = |flow: &Flow| format!("iati:{}/{}", flow.activity, flow.number);
    let here: BTreeSet<&str> = flows.iter().map(|flow| flow.activity.as_str()).collect();
    let mut gifts: Gifts<'_> = BTreeMap::new();
    let mut given: BTreeMap<(&str, Stage), BTreeSet<&str>> = BTreeMap::new();
    for flow in flows {
        if let Some(to) = flow.to.as_deref().filter(|to| here.contains(to)) {
            gifts
                .entry((to, flow.stage, &flow.currency))
                .or_default()
                .push((name(flow), flow.amount.clone()));
            given.entry((to, flow.stage)).or_default().insert(&flow.currency);
        }
    }
    let mut parts: Vec<(&Flow, String, Number, Option<String>)> = Vec::new();
    for flow in flows {
        let mut left = flow.amount.clone();
        let of = (flow.activity.as_str(), flow.stage);
        if given.get(&of).is_some_and(|currencies| !currencies.contains(flow.currency.as_str())) {
            let what = "{n} transactions pass on money that was given in another currency; they are counted in the gift, and a part of one's own in them is not told apart";
            *gaps.entry(what.into()).or_default() += 1;
            let gift = given.get(&of).and_then(|currencies| currencies.iter().next()).and_then(|currency| {
                gifts.get(&(of.0, of.1, *currency)).and_then(|all| all.first()).map(|(gift, _)| gift.clone())
            });
            parts.push((flow, name(flow), left, gift));
            continue;
        }
        let pool = gifts.get_mut(&(of.0, of.1, flow.currency.as_str()));
        for (number, (gift, open)) in (1..).zip(pool.into_iter().flatten()) {
            let part = if *open < left { open.clone() } else { left.clone() };
            if part.is_zero() || *gift == name(flow) {
                continue;
            }
            *open = open.clone() - part.clone();
            left = left - part.clone();
            parts.push((flow, format!("{}/passed-on-{number}", name(flow)), part, Some(gift.clone())));
            *gaps
                .entry(
                    "{n} transactions pass on money that another activity here gave, and are counted in it"
                        .into(),
                )
                .or_default() += 1;
        }
        if !left.is_zero() {
            parts.push((flow, name(flow), left, None));
        }
    }
    // What is counted in a part that is itself counted elsewhere is counted there; of a circle the first is counted, and the others in it.
    let counted: BTreeMap<&str, Option<&str>> =
        parts.iter().map(|(_, id, _, of)| (id.as_str(), of.as_deref())).collect();
    let mut first_of_circle: BTreeSet<&str> = BTreeSet::new();
    let mut entries = Vec::new();
    for (flow, id, quantity, of) in &parts {
        let mut at = of.as_deref();
        let mut counted_in = None;
        for _ in 0..=counted.len() {
            let Some(gift) = at else { break };
            let part = counted.range(gift..).next();
            let Some((part, next)) =
                part.filter(|(id, _)| **id == gift || id.starts_with(&format!("{gift}/")))
            else {
                break;
            };
            if next.is_none() || first_of_circle.contains(part) {
                counted_in = Some((*part).to_string()).filter(|root| root != id);
                break;
            }
            at = *next;
        }
        if of.is_some() && counted_in.is_none() {
            first_of_circle.insert(id.as_str());
            *gaps.entry("{n} transactions hand money round in a circle of activities; each circle is counted once".into()).or_default() += 1;
        }
        entries.push(Entry {
            id: id.clone(),
            partner: flow.partner.clone(),
            item: flow.item.clone(),
            stage: flow.stage,
            when: Some(Dated::Day(flow.when)),
            due: None,
            quantity: quantity.clone(),
            unit: flow.currency.clone(),
            value: Some(Value {
                amount: quantity.clone(),
                currency: flow.currency.clone(),
                price_basis: "as transacted".into(),
                priced: flow.valued.clone(),
            }),
            grade,
            counted_in,
            source: flow.source.clone(),
        });
    }
    entries
}

#[cfg(test)]
mod tests;
