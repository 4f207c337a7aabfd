//! Which facts, terms and readings a norm or a term speaks of.
//!
//! It looks at names only; whether anything holds is not asked here.

use servanda_model::agreement::{Cond, Deadline, FactPattern, Meaning, Moment, Norm, Trigger, Value, Window};
use servanda_model::{Agreement, Name};
use std::collections::BTreeSet;

/// Names that something speaks of.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Uses {
    /// Facts.
    pub facts: BTreeSet<Name>,
    /// Terms, also those behind other terms.
    pub terms: BTreeSet<Name>,
    /// Readings.
    pub readings: BTreeSet<Name>,
}

impl Uses {
    /// Of a whole norm.
    pub fn of_norm(agreement: &Agreement, norm: &Norm) -> Uses {
        let mut w = Walk { agreement, found: Uses::default() };
        match &norm.when {
            Trigger::Always | Trigger::Norm(_) | Trigger::Breach => {}
            Trigger::At(moment) => w.moment(moment),
            Trigger::Begins(cond) | Trigger::Ends(cond) => w.cond(cond),
            Trigger::Each(pattern) => w.pattern(pattern),
            Trigger::Found(term) => w.term(term),
        }
        norm.only_if.iter().chain(&norm.unless).chain(&norm.needs).for_each(|c| w.cond(c));
        norm.from.iter().chain(&norm.until).for_each(|m| w.moment(m));
        norm.except.iter().for_each(|e| w.cond(&e.covers));
        w.parts(norm);
        w.found
    }

    /// Of what a norm's bearer must do, by when: without its trigger and its exceptions.
    pub fn of_content(agreement: &Agreement, norm: &Norm) -> Uses {
        let mut w = Walk { agreement, found: Uses::default() };
        w.parts(norm);
        w.found
    }

    /// Of a term.
    pub fn of_term(agreement: &Agreement, term: &Name) -> Uses {
        let mut w = Walk { agreement, found: Uses::default() };
        w.term(term);
        w.found
    }
}

struct Walk<'a> {
    agreement: &'a Agreement,
    found: Uses,
}

impl Walk<'_> {
    fn parts(&mut self, norm: &Norm) {
        for part in &norm.parts {
            self.cond(&part.cond);
            match &part.deadline {
                Deadline::None => {}
                Deadline::By(moment) | Deadline::Every(_, moment) => self.moment(moment),
            }
        }
    }

    fn term(&mut self, name: &Name) {
        if !self.found.terms.insert(name.clone()) {
            return;
        }
        if let Some(cond) = self.agreement.terms.get(name).and_then(|t| t.means.as_ref()) {
            self.cond(cond);
        }
    }

    fn reading(&mut self, name: &Name) {
        if !self.found.readings.insert(name.clone()) {
            return;
        }
        let options = self.agreement.readings.get(name).map(|r| r.options.as_slice()).unwrap_or_default();
        for (_, meaning) in options {
            match meaning {
                Meaning::Cond(cond) => self.cond(cond),
                Meaning::Moment(moment) => self.moment(moment),
                Meaning::Value(value) => self.value(value),
                Meaning::Compare(_) | Meaning::Span(_) => {}
            }
        }
    }

    fn pattern(&mut self, pattern: &FactPattern) {
        self.found.facts.insert(pattern.fact.clone());
        pattern.roles.iter().for_each(|(_, v)| self.value(v));
        pattern.filter.iter().for_each(|c| self.cond(c));
    }

    fn cond(&mut self, cond: &Cond) {
        match cond {
            Cond::And(all) | Cond::Or(all) => all.iter().for_each(|c| self.cond(c)),
            Cond::Not(c) | Cond::Run(_, c, _) => self.cond(c),
            Cond::Compare(a, _, b) => {
                self.value(a);
                self.value(b);
            }
            Cond::CompareBy(a, reading, b) => {
                self.value(a);
                self.reading(reading);
                self.value(b);
            }
            Cond::Inside(value, _) => self.value(value),
            Cond::Fact(pattern) => self.pattern(pattern),
            Cond::Term(term) | Cond::Found(term) => self.term(term),
            Cond::Reading(reading) => self.reading(reading),
            Cond::Norm(_) => {}
        }
    }

    fn moment(&mut self, moment: &Moment) {
        match moment {
            Moment::Begins(cond) | Moment::Ends(cond) => self.cond(cond),
            Moment::First(pattern) | Moment::AllOf(pattern, _) => self.pattern(pattern),
            Moment::Found(term) => self.term(term),
            Moment::Reading(reading) => self.reading(reading),
            Moment::AfterReading(reading, of) => {
                self.reading(reading);
                self.moment(of);
            }
            Moment::Detected(of)
            | Moment::Verified(of)
            | Moment::After(_, of)
            | Moment::Before(_, of)
            | Moment::StartOfDay(_, of)
            | Moment::EndOfDay(_, of) => self.moment(of),
            Moment::Instant(_)
            | Moment::EndOfDate(_)
            | Moment::StartOfDate(_)
            | Moment::Signed
            | Moment::InForce
            | Moment::Trigger
            | Moment::Breach
            | Moment::Norm(_) => {}
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Aggregate(aggregate) => {
                self.pattern(&aggregate.of);
                if let Window::Since(moment) = &aggregate.window {
                    self.moment(moment);
                }
            }
            Value::Measure(pattern) => self.pattern(pattern),
            Value::Coverage(..) => {
                self.found.facts.insert(Name::from(servanda_model::record::COVERAGE));
            }
            Value::Attribute(_, of) => self.value(of),
            Value::Arith(a, _, b) => {
                self.value(a);
                self.value(b);
            }
            Value::Call(_, values) => values.iter().for_each(|v| self.value(v)),
            Value::Reading(reading) => self.reading(reading),
            Value::Number(..)
            | Value::Instant(_)
            | Value::Text(_)
            | Value::Name(_)
            | Value::Role(_)
            | Value::OfTrigger(_)
            | Value::Bearer
            | Value::Beneficiary => {}
        }
    }
}
