//! Time: what has to come before what and how much room is left, where conventions of counting disagree, and what never comes to life.
//!
//! Sequencing is a temporal network of dated norms: an edge leads from a norm to another that waits for it, with the time that the text
//! puts between them. What has no date stretches with what it waits for and cannot be late for it; such edges are counted as undecided.

use super::{Desk, listed, say};
use crate::diagnostic::Severity;
use jiff::civil::{Date, Weekday};
use servanda_model::Name;
use servanda_model::agreement::*;
use servanda_model::time::Span;
use servanda_model::uses::Uses;
use std::collections::{BTreeMap, BTreeSet};

/// A norm that another waits for, and what lies between.
struct Wait {
    on: usize,
    days: i64,
}

impl Desk<'_> {
    pub(super) fn timing(&mut self) {
        self.sequence();
        self.conventions();
        self.dead();
        self.idle();
    }

    /// Fixed days by which norms are due; where a norm has several, the first.
    fn due(&self, norm: &Norm) -> Option<Date> {
        let dates = norm.parts.iter().filter_map(|p| match &p.deadline {
            Deadline::By(moment) => date_of(moment),
            _ => None,
        });
        dates.min()
    }

    fn sequence(&mut self) {
        let norms = &self.agreement.norms;
        let mut undecided = Vec::new();
        let waits: Vec<Vec<Wait>> = norms.iter().map(|norm| self.waits(norm)).collect();
        let due: Vec<Option<Date>> = norms.iter().map(|n| self.due(n)).collect();
        // The latest moment at which what a norm waits for may be done without breach, through chains; days after 1 January 1970.
        let day = |date: Date| date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
        let mut latest: BTreeMap<usize, (i64, Vec<usize>)> = BTreeMap::new();
        for _ in 0..norms.len() {
            let mut changed = false;
            for (i, of) in waits.iter().enumerate() {
                for wait in of {
                    let direct = due[wait.on].map(|d| (day(d), vec![wait.on]));
                    let through = latest.get(&wait.on).cloned().filter(|_| due[wait.on].is_none()).map(
                        |(at, mut path)| {
                            path.push(wait.on);
                            (at, path)
                        },
                    );
                    let Some((at, path)) = direct.or(through) else { continue };
                    let at = at + wait.days;
                    if path.contains(&i) || latest.get(&i).is_some_and(|(known, _)| *known >= at) {
                        continue;
                    }
                    latest.insert(i, (at, path));
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let mut count = 0;
        for (i, norm) in norms.iter().enumerate() {
            for wait in &waits[i] {
                if due[i].is_none() || (due[wait.on].is_none() && !latest.contains_key(&wait.on)) {
                    undecided.push(format!(
                        "`{}` waits for `{}`, and one of them has no fixed date",
                        norm.name, norms[wait.on].name
                    ));
                }
            }
            let (Some(date), Some((at, path))) = (due[i], latest.get(&i)) else { continue };
            count += 1;
            let slack = day(date) - at;
            if slack > 0 {
                continue;
            }
            let first = &norms[path[0]];
            let Some(other) = due[path[0]] else { continue };
            let story = match slack {
                0 if other == date => format!(
                    "on {date} both are due; `{}` waits for `{}`, and no day is left between them",
                    norm.name, first.name
                ),
                0 => format!(
                    "`{}` may be done as late as {other}; then no day is left for `{}`, due on {date}",
                    first.name, norm.name
                ),
                late => format!(
                    "`{}` may be done as late as {other}; `{}` waits for it and is due on {date}: {} too late",
                    first.name,
                    norm.name,
                    Span::Days(-late)
                ),
            };
            let wrong = say(if slack == 0 { self.severity(norm) } else { Severity::Warning }, "A0710", self.span(norm), story)
                .label(self.span(first), "what it waits for")
                .help("move one of the dates, or let the later one run from the earlier (`within … of … fulfilled`)");
            let about = self.decl(norm).and_then(|d| d.name.as_ref()).map(|n| n.text.clone());
            self.found(about.as_ref(), wrong);
        }
        undecided.sort();
        undecided.dedup();
        self.looked("sequence and slack", count, undecided);
    }

    /// Norms that this one waits for: by name, or because they oblige somebody to the act that it needs.
    fn waits(&self, norm: &Norm) -> Vec<Wait> {
        let norms = &self.agreement.norms;
        let mut out: Vec<Wait> = Vec::new();
        let by_name = |name: &Name, days: i64, out: &mut Vec<Wait>| {
            for (on, other) in norms.iter().enumerate() {
                let row =
                    other.name.as_str().strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('/'));
                if (other.name == *name || row) && other.name != norm.name {
                    out.push(Wait { on, days });
                }
            }
        };
        let by_fact = |pattern: &FactPattern, days: i64, out: &mut Vec<Wait>| {
            for (on, other) in norms.iter().enumerate() {
                let obliges = other.parts.iter().any(|p| {
                    p.verb == Verb::Do && matches!(&p.cond, Cond::Fact(o) if o.fact == pattern.fact)
                });
                if obliges && other.name != norm.name && other.kind != NormKind::Ban {
                    out.push(Wait { on, days });
                }
            }
        };
        let started = match &norm.when {
            Trigger::Norm(NormEvent { norm: other, what: NormMoment::Fulfilled, .. }) => {
                by_name(other, 0, &mut out);
                None
            }
            Trigger::Each(p) => {
                by_fact(p, 0, &mut out);
                None
            }
            Trigger::Begins(c) => Some(c),
            _ => None,
        };
        for cond in norm.needs.iter().chain(&norm.only_if).chain(started).flat_map(super::within) {
            match cond {
                Cond::Norm(NormEvent { norm: other, what: NormMoment::Fulfilled, .. }) => {
                    by_name(other, 0, &mut out)
                }
                Cond::Fact(p) => by_fact(p, 0, &mut out),
                _ => {}
            }
        }
        if let Some((Moment::Norm(event), days)) = norm.from.as_ref().map(offset)
            && event.what == NormMoment::Fulfilled
        {
            by_name(&event.norm, days, &mut out);
        }
        out
    }

    /// Where two ways of counting give two days.
    fn conventions(&mut self) {
        let calendar = &self.agreement.calendar;
        let Some(decl) =
            self.file.decls.iter().find(|d| d.keyword == crate::parser::vocabulary::Keyword::Agreement)
        else {
            return;
        };
        let (mut by_days, mut by_months, mut off) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let norms = self.norms();
        for (norm, name) in &norms {
            for part in &norm.parts {
                let span = match &part.deadline {
                    Deadline::By(m) => spans(m),
                    Deadline::Every(span, _) => vec![*span],
                    Deadline::None => Vec::new(),
                };
                for span in span {
                    match span {
                        Span::Days(_) | Span::WorkingDays(_) => drop(by_days.insert(name.clone())),
                        Span::Months(_) => drop(by_months.insert(name.clone())),
                        Span::Exact(_) => {}
                    }
                }
            }
        }
        for norm in &self.agreement.norms {
            let dates = norm.parts.iter().filter_map(|p| match &p.deadline {
                Deadline::By(m) => date_of(m),
                _ => None,
            });
            for date in dates {
                let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
                if weekend || !calendar.is_working_day(date) {
                    off.insert((date, norm.name.clone()));
                }
            }
        }
        let place = |word: &str| decl.field(word).map_or(decl.name_span(), |f| f.span.clone());
        if !by_days.is_empty() {
            let wrong = say(
                Severity::Info,
                "A0719",
                place("counting"),
                format!("whether the day of the event counts moves the deadline by a day for {}", listed(&by_days)),
            )
            .help("European rules do not count it (Regulation 1182/71), other orders do; see that both sides counted alike");
            self.found(None, wrong);
        }
        if !by_months.is_empty() {
            let wrong = say(
                Severity::Info,
                "A0719",
                place("months"),
                format!("months are counted for {}: from 31 January, one month ends on the last day of February or in March", listed(&by_months)),
            )
            .help("days are the same in every convention");
            self.found(None, wrong);
        }
        if !off.is_empty() {
            let shown: Vec<String> = off.iter().map(|(date, name)| format!("{name} ({date})")).collect();
            let wrong = say(Severity::Info, "A0719", place("calendar"), format!("due on a day on which offices may be closed: {}", listed(shown)))
                .help("say whether such a deadline stands or moves: `calendar working days …; deadlines on days off stand`, or `move`");
            self.found(None, wrong);
        }
        let count = norms.len();
        self.looked("conventions of the calendar", count, Vec::new());
    }

    /// What cannot come to life.
    fn dead(&mut self) {
        let ends = self.agreement.ends.as_ref().and_then(date_of);
        let begins = self.agreement.in_force.as_ref().and_then(date_of).or(self.agreement.signed);
        let norms = &self.agreement.norms;
        let mut undecided = Vec::new();
        for norm in norms {
            let from = norm.from.as_ref().and_then(date_of).or(begins);
            let until = norm.until.as_ref().and_then(date_of);
            if norm.from.is_some() && from.is_none() && until.is_some() {
                undecided.push(format!("`{}` begins at a moment without a date", norm.name));
            }
            let due = self.due(norm);
            let why = match (from, until, due, ends) {
                (Some(from), Some(until), _, _) if until < from => {
                    format!("it begins on {from} and ends on {until}")
                }
                (Some(from), _, Some(due), _) if due < from => {
                    format!("it is due on {due} and stands only from {from}")
                }
                (Some(from), _, _, Some(ends)) if ends < from => {
                    format!("it begins on {from}, and the agreement ends on {ends}")
                }
                (_, _, Some(due), Some(ends)) if ends < due => {
                    format!("it is due on {due}, and the agreement ends on {ends}")
                }
                _ => continue,
            };
            let wrong = say(
                Severity::Warning,
                "A0720",
                self.span(norm),
                format!("`{}` never has an effect: {why}", norm.name),
            )
            .help("move one of the dates");
            let about = self.decl(norm).and_then(|d| d.name.as_ref()).map(|n| n.text.clone());
            self.found(about.as_ref(), wrong);
        }
        let count = norms.len();
        self.looked("rules that never have an effect", count, undecided);
    }

    /// What is declared and named by no rule.
    fn idle(&mut self) {
        let agreement = self.agreement;
        let mut used = Uses::default();
        for norm in &agreement.norms {
            used = used.and(self.uses(norm).as_ref().clone());
            if let Some(cond) = norm.subject(agreement) {
                used = used.and(Uses::of_cond(agreement, &cond));
            }
        }
        for term in agreement.terms.keys() {
            used = used.and(Uses::of_term(agreement, term));
        }
        for power in &agreement.powers {
            used = used.and(Uses::of_pattern(agreement, &power.act));
            if let Some(pattern) = &power.objection {
                used = used.and(Uses::of_pattern(agreement, pattern));
            }
            for cond in power.only_if.iter().chain(&power.unless) {
                used = used.and(Uses::of_cond(agreement, cond));
            }
        }
        for moment in agreement.in_force.iter().chain(&agreement.ends) {
            used = used.and(Uses::of_moment(agreement, moment));
        }
        for body in agreement.bodies.values() {
            let mut decision = body.decides.as_ref();
            while let Some(d) = decision {
                used.facts.extend(d.request.iter().map(|p| p.fact.clone()));
                decision = d.failing.as_deref();
            }
        }
        let facts = agreement.facts.keys().filter(|n| !used.facts.contains(*n));
        let idle: Vec<&Name> = facts.filter(|n| self.declared.contains_key(*n)).collect();
        for name in &idle {
            let mut wrong =
                say(Severity::Info, "A0720", self.span_of(name), format!("no rule speaks of `{name}`"))
                    .help("let a rule name it, or leave it out; records of it change no verdict");
            if let Some(decl) = self.declared.get(*name) {
                wrong = wrong.fix(self.lines(&decl.span), "", "leave it out");
            }
            self.found(Some(name), wrong);
        }
        let count = agreement.facts.len();
        self.looked("facts that no rule speaks of", count, Vec::new());
    }
}

/// The day of a moment that the text itself dates.
fn date_of(moment: &Moment) -> Option<Date> {
    match moment {
        Moment::EndOfDate(date) | Moment::StartOfDate(date) => Some(*date),
        _ => None,
    }
}

/// A moment without what is counted from it, and how many days that is.
fn offset(moment: &Moment) -> (&Moment, i64) {
    match moment {
        Moment::After(span, from) => {
            let (inner, more) = offset(from);
            (inner, more + days(*span))
        }
        Moment::StartOfDay(n, from) | Moment::EndOfDay(n, from) => {
            let (inner, more) = offset(from);
            (inner, more + n)
        }
        _ => (moment, 0),
    }
}

/// At least so many days.
pub(super) fn days(span: Span) -> i64 {
    match span {
        Span::Exact(ms) => ms / 86_400_000,
        Span::Days(n) | Span::WorkingDays(n) => n,
        Span::Months(n) => n.saturating_mul(30),
    }
}

fn spans(moment: &Moment) -> Vec<Span> {
    match moment {
        Moment::After(span, from) | Moment::Before(span, from) => {
            let mut all = spans(from);
            all.push(*span);
            all
        }
        Moment::StartOfDay(n, from) | Moment::EndOfDay(n, from) => {
            let mut all = spans(from);
            all.push(Span::Days(*n));
            all
        }
        Moment::AfterReading(_, from) => spans(from),
        _ => Vec::new(),
    }
}
