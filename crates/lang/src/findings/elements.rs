//! What a rule of an agreement needs and this one lacks: somebody who establishes a breach, what follows it, how fast.

use super::{Desk, Open, base, listed, say};
use crate::diagnostic::Severity;
use servanda_model::Name;
use servanda_model::agreement::*;
use servanda_model::uses::Uses;
use std::collections::BTreeSet;

impl Desk<'_> {
    pub(super) fn elements(&mut self) {
        let norms = self.norms();
        let mut open = Open::default();
        for (norm, name) in &norms {
            self.established(norm, name);
            self.followed(norm, name, &mut open);
            self.how_fast(norm, name, &mut open);
        }
        self.looked(
            "missing elements and response gaps",
            "the fields of each rule, and every rule, term and power that names it; not whether whoever is named is able to do it",
            norms.len(),
            open,
        );
        self.terms_followed();
    }

    fn established(&mut self, norm: &Norm, name: &Name) {
        if !norm.seen_by.is_empty() {
            return;
        }
        let what = if norm.kind == NormKind::Duty { "kept" } else { "broken" };
        let wrong = say(
            self.severity(norm),
            "A0701",
            self.span(norm),
            format!("nobody is named who establishes whether `{name}` is {what}"),
        )
        .help("name a body or a party: `seen by …`; without it every report stands against every denial");
        self.found(Some(name), wrong);
    }

    /// Looks whether anything at all follows a breach: a remedy, a norm or a power that it starts, a term that asks for it. What is only
    /// asked in a condition is not decided.
    fn followed(&mut self, norm: &Norm, name: &Name, open: &mut Open) {
        let of_this =
            |event: &NormEvent| event.what == NormMoment::Breached && declared(&event.norm) == name.as_str();
        let conds = self.agreement.norms.iter().flat_map(|n| {
            let started = match &n.when {
                Trigger::Begins(c) | Trigger::Ends(c) => Some(c),
                _ => None,
            };
            n.only_if.iter().chain(&n.needs).chain(&n.unless).chain(started)
        });
        let terms = self.agreement.terms.values().filter_map(|t| t.means.as_ref());
        let powers = self.agreement.powers.iter().flat_map(|p| p.only_if.iter().chain(&p.unless));
        let asked = conds
            .chain(terms)
            .chain(powers)
            .flat_map(super::within)
            .any(|c| matches!(c, Cond::Norm(e) if of_this(e)));
        let started = self.agreement.norms.iter().any(|n| matches!(&n.when, Trigger::Norm(e) if of_this(e)));
        if !norm.on_breach.is_empty() || started || asked {
            if norm.on_breach.is_empty() && !started {
                open.of("whether something follows a breach of {} hangs on a condition or a power", name);
            }
            return;
        }
        // A text has to end somewhere: what follows a remedy that is not given is not asked.
        if norm.kind == NormKind::Remedy {
            return;
        }
        if self.may_be_named(name) {
            open.of("what follows a breach of {} may stand in a declaration with an error", name);
            return;
        }
        let wrong = say(
            self.severity(norm),
            "A0702",
            self.span(norm),
            format!("nothing follows a breach of `{name}`"),
        )
        .help("say what must follow and how fast: a `remedy`, named with `on breach remedy …`");
        self.found(Some(name), wrong);
    }

    fn how_fast(&mut self, norm: &Norm, name: &Name, open: &mut Open) {
        let response = norm.kind == NormKind::Remedy
            || matches!(
                norm.when,
                Trigger::Norm(NormEvent { what: NormMoment::Breached, .. }) | Trigger::Found(_)
            );
        if !response {
            return;
        }
        let once = || norm.parts.iter().filter(|p| matches!(p.verb, Verb::Do | Verb::Ensure));
        let elsewhere = once().any(|p| match &p.deadline {
            Deadline::By(moment) => {
                super::timing::by_reading(moment) || !is_of_cause_or_calendar(base(moment))
            }
            _ => false,
        });
        if elsewhere {
            open.of("how fast the response must come hangs on a reading or on another event in {}", name);
        }
        if once().any(|p| p.deadline == Deadline::None) {
            let wrong = say(
                self.severity(norm),
                "A0703",
                self.span(norm),
                format!("`{name}` is a response, and the text does not say how fast"),
            )
            .help("give it a time: `within … of breach`, or `within …`");
            self.found(Some(name), wrong);
        }
    }

    /// A defined term from which nothing follows.
    fn terms_followed(&mut self) {
        let mut used: BTreeSet<Name> = BTreeSet::new();
        for norm in &self.agreement.norms {
            used.extend(self.uses(norm).terms.iter().cloned());
        }
        for power in &self.agreement.powers {
            for cond in power.only_if.iter().chain(&power.unless) {
                used.extend(Uses::of_cond(self.agreement, cond).terms);
            }
            for act in power.objection.iter().chain([&power.act]) {
                used.extend(Uses::of_pattern(self.agreement, act).terms);
            }
        }
        for moment in self.agreement.in_force.iter().chain(&self.agreement.ends) {
            used.extend(Uses::of_moment(self.agreement, moment).terms);
        }
        let idle: Vec<&Name> = self.agreement.terms.keys().filter(|name| !used.contains(*name)).collect();
        let mut open = Open::default();
        for name in &idle {
            if self.may_be_named(name) {
                open.of("a declaration with an error names {}", name);
                continue;
            }
            let wrong = say(
                Severity::Warning,
                "A0704",
                self.span_of(name),
                format!("nothing follows when {} is met", listed([name])),
            )
            .help("let a norm begin with it (`when … begins`, `when … found`), or leave the term out");
            self.found(Some(name), wrong);
        }
        let count = self.agreement.terms.len();
        self.looked(
            "terms from which nothing follows",
            "the names in every rule, power and other term, and in the agreement's beginning and end; where no declaration has an error, nothing stays open",
            count,
            open,
        );
    }
}

/// Whether a moment is what a response answers, or one that the calendar gives.
fn is_of_cause_or_calendar(moment: &Moment) -> bool {
    match moment {
        Moment::Trigger | Moment::Breach | Moment::Found(_) => true,
        Moment::Norm(event) => event.what != NormMoment::Fulfilled,
        Moment::Instant(_)
        | Moment::EndOfDate(_)
        | Moment::StartOfDate(_)
        | Moment::Signed
        | Moment::InForce => true,
        _ => false,
    }
}
