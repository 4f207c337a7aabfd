//! Time: where conventions of counting disagree, and what never has an effect, or never ends, because of its dates. What comes before what
//! stands in `sequence`, what nothing can bring about in `explore`.

use super::{Desk, Open, base, listed, say};
use crate::diagnostic::Severity;
use jiff::civil::{Date, Weekday};
use servanda_model::Name;
use servanda_model::agreement::*;
use servanda_model::time::Span;
use servanda_model::uses::Uses;
use std::collections::BTreeSet;

impl Desk<'_> {
    pub(super) fn timing(&mut self) {
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

    /// Where two ways of counting give two days.
    fn conventions(&mut self) {
        let calendar = &self.agreement.calendar;
        let (analysis, bound) = (
            "conventions of the calendar",
            "days and months in deadlines, beginnings and ends, and fixed days on which something is due; hours are the same in every convention, and lengths inside counts and gaps are not compared",
        );
        let norms = self.norms();
        let mut open = Open::default();
        let Some(decl) =
            self.file.decls.iter().find(|d| d.keyword == crate::parser::vocabulary::Keyword::Agreement)
        else {
            open.add("no `agreement` says how days are counted");
            self.looked(analysis, bound, 0, open);
            return;
        };
        let (mut by_days, mut by_months, mut off) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (norm, name) in &norms {
            for part in &norm.parts {
                let (span, settled) = match &part.deadline {
                    Deadline::By(m) => (
                        spans(m),
                        matches!(m, Moment::After(_, from) | Moment::Before(_, from) if self.is_any_month(from)),
                    ),
                    Deadline::Every(span, from) => (vec![*span], self.is_any_month(from)),
                    Deadline::None => (Vec::new(), false),
                };
                for span in span {
                    match span {
                        Span::Days(_) | Span::WorkingDays(_) => drop(by_days.insert(name.clone())),
                        Span::Months(_) if settled => {}
                        Span::Months(_) => drop(by_months.insert(name.clone())),
                        Span::Exact(_) => {}
                    }
                }
                if let Deadline::By(m) = &part.deadline {
                    if by_reading(m) {
                        open.of("the time of {} is given by a reading", name);
                    }
                    if self.dated(base(m)).is_none() {
                        open.of("the day of an event decides over whether offices are closed on the last day of {}", name);
                    }
                }
            }
            for moment in norm.from.iter().chain(&norm.until) {
                for span in spans(moment) {
                    match span {
                        Span::Days(_) | Span::WorkingDays(_) => drop(by_days.insert(name.clone())),
                        Span::Months(_) if self.is_any_month(base(moment)) => {}
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
                if calendar.holidays.is_empty() {
                    open.of(
                        "which days are holidays the text does not say, and one may be the last day of {}",
                        &Name::from(norm.declared()),
                    );
                }
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
        self.looked(analysis, bound, count, open);
    }

    /// The day of a moment, where the text dates it directly, or by its signature or its entry into force.
    fn dated(&self, moment: &Moment) -> Option<Date> {
        let agreement = self.agreement;
        match moment {
            Moment::Instant(at) => Some(agreement.calendar.date(*at)),
            Moment::Signed => agreement.signed,
            Moment::InForce => match &agreement.in_force {
                Some(Moment::Instant(at)) => Some(agreement.calendar.date(*at)),
                Some(other) => date_of(other),
                None => agreement.signed,
            },
            other => date_of(other),
        }
    }

    /// A fixed day that every month has: from there months are counted alike by everybody.
    fn is_any_month(&self, moment: &Moment) -> bool {
        self.dated(moment).is_some_and(|d| d.day() <= 28)
    }

    /// What has no effect because of its dates.
    fn dead(&mut self) {
        let agreement = self.agreement;
        let day = |m: &Option<Moment>| m.as_ref().and_then(|m| self.dated(m));
        let ends = day(&agreement.ends);
        let begins = self.dated(&Moment::InForce).or(agreement.signed);
        let norms = &agreement.norms;
        let mut open = Open::default();
        if begins.is_none() {
            open.add("when the agreement enters into force is no day that the text gives");
        }
        if agreement.ends.is_some() && ends.is_none() {
            open.add("when the agreement ends is no day that the text gives");
        }
        let mut wrongs = Vec::new();
        for norm in norms {
            let own = day(&norm.from);
            let from = own.or(begins);
            let until = day(&norm.until);
            let due = self.due(norm);
            let called = Name::from(norm.declared());
            if norm.from.is_some() && own.is_none() {
                open.of("the text gives no day for the beginning of {}", &called);
            }
            if norm.until.is_some() && until.is_none() {
                open.of("the text gives no day for the end of {}", &called);
            }
            if due.is_none() && norm.parts.iter().any(|p| p.deadline != Deadline::None) {
                open.of("the text gives no day for the deadline of {}", &called);
            }
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
                (_, _, Some(due), Some(ends)) if ends == due => {
                    format!(
                        "it is due on {due}, the day on which the agreement ends, and stands on no day after it could be broken"
                    )
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
            wrongs.push((about, wrong));
        }
        for (about, wrong) in wrongs {
            self.found(about.as_ref(), wrong);
        }
        let count = norms.len();
        self.looked(
            "rules that never have an effect",
            "the days on which a rule and the agreement begin and end, and on which a rule is due, as the text gives them; what never begins for another reason is looked at with what can come about",
            count,
            open,
        );
        self.endless();
    }

    /// What lasts until an event that nobody is named to bring about.
    fn endless(&mut self) {
        let agreement = self.agreement;
        let mut count = 0;
        let mut open = Open::default();
        for (norm, name) in self.norms() {
            let Some(until) = &norm.until else { continue };
            count += 1;
            let pattern = match until {
                Moment::First(p) => p,
                Moment::Begins(c) => match &**c {
                    Cond::Fact(p) => p,
                    _ => {
                        open.of("a condition, and no date, ends {}", &name);
                        continue;
                    }
                },
                _ if self.dated(base(until)).is_some() => continue,
                _ => {
                    open.of("a moment that is no date and no event ends {}", &name);
                    continue;
                }
            };
            let Some(fact) = agreement.facts.get(&pattern.fact) else { continue };
            let obliged = agreement.norms.iter().any(|n| {
                n.kind != NormKind::Ban
                    && n.parts.iter().flat_map(|p| super::patterns(&p.cond)).any(|p| p.fact == pattern.fact)
            });
            let power = agreement.powers.iter().any(|p| p.act.fact == pattern.fact);
            let named = self.actor(fact).is_some();
            if agreement.ends.is_some() {
                continue;
            }
            if !obliged && !power && (named || fact.kind != FactKind::Event) {
                open.of("nothing in the text makes sure that what ends it ever comes about for {}", &name);
            }
            if !obliged && !power && self.may_be_named(&pattern.fact) {
                open.of("who brings about what ends {} may stand in a declaration with an error", &name);
                continue;
            }
            if obliged || power || named || fact.kind != FactKind::Event {
                continue;
            }
            let wrong = say(
                self.severity(norm),
                "A0720",
                self.span(norm),
                format!(
                    "`{name}` may never end: it lasts until `{}`, and nobody is named to bring that about",
                    pattern.fact
                ),
            )
            .help("oblige somebody to bring it about, by a date; or end it on a date as well");
            self.found(Some(&name), wrong);
        }
        self.looked(
            "rules that never end",
            "rules with an end of their own, and whether a date, an act that somebody is named for, a rule or a power brings it about; whether an act is done in time is looked at with what can come about",
            count,
            open,
        );
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
        let mut open = Open::default();
        for name in &idle {
            if self.may_be_named(name) {
                open.of("a declaration with an error names {}", name);
                continue;
            }
            let mut wrong =
                say(Severity::Info, "A0720", self.span_of(name), format!("no rule speaks of `{name}`"))
                    .help("let a rule name it, or leave it out; records of it change no verdict");
            if let Some(decl) = self.declared.get(*name) {
                wrong = wrong.fix(self.lines(&decl.span), "", "leave it out");
            }
            self.found(Some(name), wrong);
        }
        let count = agreement.facts.len();
        self.looked(
            "facts that no rule speaks of",
            "the names in every rule, power, term and body, and in the agreement's beginning and end; where no declaration has an error, nothing stays open",
            count,
            open,
        );
    }
}

/// The day of a moment that the text itself dates.
pub(super) fn date_of(moment: &Moment) -> Option<Date> {
    match moment {
        Moment::EndOfDate(date) | Moment::StartOfDate(date) => Some(*date),
        _ => None,
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

pub(super) fn by_reading(moment: &Moment) -> bool {
    match moment {
        Moment::AfterReading(..) | Moment::Reading(_) => true,
        Moment::After(_, from)
        | Moment::Before(_, from)
        | Moment::StartOfDay(_, from)
        | Moment::EndOfDay(_, from) => by_reading(from),
        _ => false,
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
