//! What a rule of an agreement needs and this one lacks: somebody who establishes a breach, what follows it, how fast.

use super::{Desk, listed, say};
use crate::diagnostic::Severity;
use servanda_model::Name;
use servanda_model::agreement::*;
use servanda_model::uses::Uses;
use std::collections::BTreeSet;

impl Desk<'_> {
    pub(super) fn elements(&mut self) {
        let norms = self.norms();
        let mut undecided = Vec::new();
        for (norm, name) in &norms {
            self.established(norm, name);
            if self.followed(norm, name) {
                undecided.push(format!(
                    "whether something follows a breach of `{name}` hangs on a condition or a power"
                ));
            }
            self.how_fast(norm, name);
        }
        self.looked("missing elements and response gaps", norms.len(), undecided);
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

    /// Looks whether anything at all follows a breach: a remedy, a norm or a power that it starts, a term that asks for it. Answers whether
    /// what follows is only asked in a condition.
    fn followed(&mut self, norm: &Norm, name: &Name) -> bool {
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
            return asked && norm.on_breach.is_empty() && !started;
        }
        // A text has to end somewhere: what follows a remedy that is not given is not asked.
        if norm.kind == NormKind::Remedy {
            return false;
        }
        let wrong = say(
            self.severity(norm),
            "A0702",
            self.span(norm),
            format!("nothing follows a breach of `{name}`"),
        )
        .help("say what must follow and how fast: a `remedy`, named with `on breach remedy …`");
        self.found(Some(name), wrong);
        false
    }

    fn how_fast(&mut self, norm: &Norm, name: &Name) {
        let response = norm.kind == NormKind::Remedy
            || matches!(
                norm.when,
                Trigger::Norm(NormEvent { what: NormMoment::Breached, .. }) | Trigger::Found(_)
            );
        let open = norm
            .parts
            .iter()
            .any(|p| matches!(p.verb, Verb::Do | Verb::Ensure) && p.deadline == Deadline::None);
        if response && open {
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
        }
        let idle: Vec<&Name> = self.agreement.terms.keys().filter(|name| !used.contains(*name)).collect();
        for name in &idle {
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
        self.looked("terms from which nothing follows", count, Vec::new());
    }
}
