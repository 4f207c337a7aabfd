//! What a rule hangs on: the facts, terms, readings and norms that its words name, through whatever they name in turn.
//!
//! It looks at names only; whether anything holds is not asked here.

use crate::Name;
use crate::agreement::*;
use std::collections::BTreeSet;

/// Names that something hangs on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Uses {
    /// Facts.
    pub facts: BTreeSet<Name>,
    /// Terms, also those behind other terms.
    pub terms: BTreeSet<Name>,
    /// Readings.
    pub readings: BTreeSet<Name>,
    /// Norms, itself among them.
    pub norms: BTreeSet<Name>,
    /// Zones that facts are asked about in.
    pub zones: BTreeSet<Name>,
}

impl Uses {
    /// These and those.
    pub fn and(mut self, other: Uses) -> Uses {
        self.facts.extend(other.facts);
        self.terms.extend(other.terms);
        self.readings.extend(other.readings);
        self.norms.extend(other.norms);
        self.zones.extend(other.zones);
        self
    }

    /// Of a whole norm: its trigger, conditions, content, deadlines and exceptions.
    pub fn of_norm(agreement: &Agreement, norm: &Norm) -> Uses {
        let mut walk = Walk { agreement, found: Uses::default() };
        walk.of_norm(norm);
        walk.found
    }

    /// Of what a norm's bearer must do, by when: without its trigger and its exceptions.
    pub fn of_content(agreement: &Agreement, norm: &Norm) -> Uses {
        let mut walk = Walk { agreement, found: Uses::default() };
        walk.of_parts(norm);
        walk.found
    }

    /// Of a condition.
    pub fn of_cond(agreement: &Agreement, cond: &Cond) -> Uses {
        let mut walk = Walk { agreement, found: Uses::default() };
        walk.of_cond(cond);
        walk.found
    }

    /// Of a moment.
    pub fn of_moment(agreement: &Agreement, moment: &Moment) -> Uses {
        let mut walk = Walk { agreement, found: Uses::default() };
        walk.of_moment(moment);
        walk.found
    }

    /// Of a pattern of facts.
    pub fn of_pattern(agreement: &Agreement, pattern: &FactPattern) -> Uses {
        let mut walk = Walk { agreement, found: Uses::default() };
        walk.of_pattern(pattern);
        walk.found
    }

    /// Of a term.
    pub fn of_term(agreement: &Agreement, term: &Name) -> Uses {
        let mut walk = Walk { agreement, found: Uses::default() };
        walk.of_term(term);
        walk.found
    }
}

/// A walk over all that a rule's meaning hangs on.
struct Walk<'a> {
    agreement: &'a Agreement,
    found: Uses,
}

impl Walk<'_> {
    fn of_norm(&mut self, norm: &Norm) {
        if !self.found.norms.insert(norm.name.clone()) {
            return;
        }
        self.of_trigger(&norm.when);
        norm.only_if.iter().chain(&norm.needs).chain(&norm.unless).for_each(|c| self.of_cond(c));
        norm.from.iter().chain(&norm.until).for_each(|m| self.of_moment(m));
        self.of_parts(norm);
        norm.except.iter().for_each(|e| self.of_cond(&e.covers));
        let agreement = self.agreement;
        if norm.when == Trigger::Breach {
            agreement.norms.iter().filter(|n| n.on_breach.contains(&norm.name)).for_each(|n| self.of_norm(n));
        }
    }

    fn of_parts(&mut self, norm: &Norm) {
        for part in &norm.parts {
            self.of_cond(&part.cond);
            match &part.deadline {
                Deadline::None => {}
                Deadline::By(m) | Deadline::Every(_, m) => self.of_moment(m),
            }
        }
    }

    fn of_trigger(&mut self, trigger: &Trigger) {
        match trigger {
            Trigger::Always | Trigger::Breach => {}
            Trigger::At(m) => self.of_moment(m),
            Trigger::Begins(c) | Trigger::Ends(c) => self.of_cond(c),
            Trigger::Each(p) => self.of_pattern(p),
            Trigger::Found(t) => self.of_term(t),
            Trigger::Norm(e) => self.of_event(e),
        }
    }

    fn of_event(&mut self, event: &NormEvent) {
        let agreement = self.agreement;
        if let Some(norm) = agreement.norm(event.norm.as_str()) {
            self.of_norm(norm);
        }
    }

    fn of_term(&mut self, name: &Name) {
        let agreement = self.agreement;
        if self.found.terms.insert(name.clone())
            && let Some(means) = agreement.terms.get(name).and_then(|t| t.means.as_ref())
        {
            self.of_cond(means);
        }
    }

    fn of_reading(&mut self, name: &Name) {
        let agreement = self.agreement;
        if self.found.readings.insert(name.clone()) {
            for (_, meaning) in agreement.readings.get(name).map(|r| &r.options[..]).unwrap_or_default() {
                match meaning {
                    Meaning::Cond(c) => self.of_cond(c),
                    Meaning::Moment(m) => self.of_moment(m),
                    Meaning::Value(v) => self.of_value(v),
                    Meaning::Compare(_) | Meaning::Span(_) => {}
                }
            }
        }
    }

    fn of_pattern(&mut self, pattern: &FactPattern) {
        self.found.facts.insert(pattern.fact.clone());
        let agreement = self.agreement;
        // `at` may name a place that is no zone of the agreement; what else names a zone speaks of one too.
        let place = pattern.roles.iter().filter_map(|(role, v)| match v {
            Value::Name(zone) if *role == "at" || agreement.zones.contains_key(zone) => Some(zone.clone()),
            _ => None,
        });
        self.found.zones.extend(place);
        pattern.roles.iter().for_each(|(_, v)| self.of_value(v));
        pattern.filter.iter().for_each(|c| self.of_cond(c));
    }

    fn of_moment(&mut self, moment: &Moment) {
        match moment {
            Moment::Begins(c) | Moment::Ends(c) => self.of_cond(c),
            Moment::First(p) | Moment::AllOf(p, _) => self.of_pattern(p),
            Moment::Found(t) => self.of_term(t),
            Moment::Norm(e) => self.of_event(e),
            Moment::Detected(m) | Moment::Verified(m) | Moment::After(_, m) | Moment::Before(_, m) => {
                self.of_moment(m)
            }
            Moment::StartOfDay(_, m) | Moment::EndOfDay(_, m) => self.of_moment(m),
            Moment::AfterReading(r, m) => {
                self.of_reading(r);
                self.of_moment(m);
            }
            Moment::Reading(r) => self.of_reading(r),
            Moment::Instant(_) | Moment::EndOfDate(_) | Moment::StartOfDate(_) => {}
            Moment::Signed | Moment::InForce | Moment::Trigger | Moment::Breach => {}
        }
    }

    fn of_cond(&mut self, cond: &Cond) {
        match cond {
            Cond::And(all) | Cond::Or(all) => all.iter().for_each(|c| self.of_cond(c)),
            Cond::Not(c) | Cond::Run(_, c, _) => self.of_cond(c),
            Cond::Compare(a, _, b) => [a, b].into_iter().for_each(|v| self.of_value(v)),
            Cond::CompareBy(a, r, b) => {
                self.of_reading(r);
                [a, b].into_iter().for_each(|v| self.of_value(v));
            }
            Cond::Inside(v, zone) => {
                self.of_value(v);
                self.found.zones.insert(zone.zone.clone());
                zone.args.iter().for_each(|v| self.of_value(v));
            }
            Cond::Fact(p) => self.of_pattern(p),
            Cond::Term(t) | Cond::Found(t) => self.of_term(t),
            Cond::Norm(e) => self.of_event(e),
            Cond::Reading(r) => self.of_reading(r),
        }
    }

    fn of_value(&mut self, value: &Value) {
        match value {
            Value::Aggregate(agg) => {
                self.of_pattern(&agg.of);
                if let Window::Since(m) = &agg.window {
                    self.of_moment(m);
                }
            }
            Value::Measure(p) => self.of_pattern(p),
            Value::Arith(a, _, b) => [a, b].into_iter().for_each(|v| self.of_value(v)),
            Value::Call(_, args) => args.iter().for_each(|v| self.of_value(v)),
            Value::Attribute(_, v) => self.of_value(v),
            Value::Reading(r) => self.of_reading(r),
            Value::Coverage(zone, _) => {
                self.found.zones.insert(zone.zone.clone());
            }
            _ => {}
        }
    }
}
