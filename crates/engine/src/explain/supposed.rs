//! Records that are not there: what somebody would have had to do, see or find, put into the form of a record.
//!
//! A supposed record is as good as a record can be: confirmed, by many sources, at one moment. Words that say nothing
//! about which record would meet them (a rival reading, a formula over several quantities) give none; whether those
//! that are given change anything is for whoever asks to try.

use servanda_model::agreement::*;
use servanda_model::explanation::{Deed, Watch};
use servanda_model::record::{COVERAGE, FINDING, RoleValue, Says, SourceGrade};
use servanda_model::{Grade, Instant, Name, Number, Period, Place, Record, When};

/// Most copies of one act that are supposed.
const COPIES: i64 = 200;

/// Supposed records, and what they are called.
#[derive(Clone, Debug)]
pub struct Supposed {
    /// The records.
    pub records: Vec<Record>,
    /// Their name: one for all copies of an act.
    pub deed: Deed,
}

/// What a supposed record is made for.
pub struct Setting<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// Who bears the norm.
    pub bearer: Vec<Name>,
    /// To whom.
    pub owed_to: Vec<Name>,
    /// The record that triggered the instance.
    pub trigger: Option<&'a Record>,
    /// When the record enters the record.
    pub recorded: Instant,
}

/// Over what time, and how it is told.
#[derive(Clone, Copy)]
pub struct Stretch {
    /// From when; for an event, the moment is `to`.
    pub from: Instant,
    /// To when.
    pub to: Instant,
    /// The last moment at which it counts.
    pub until: Option<Instant>,
}

impl Stretch {
    /// From when to when, where that is no single moment.
    fn period(self) -> Option<Period> {
        (self.from < self.to).then_some(Period { from: self.from, to: self.to })
    }
}

impl Setting<'_> {
    fn blank(&self, number: usize, fact: &Name, when: Instant) -> Record {
        let id = format!("supposed/{fact}/{number}");
        let mut r = Record::new(id, fact.clone(), When::exact(when), self.recorded);
        r.stated = Some(Grade::Confirmed);
        (r.sent, r.received) = (Some(when), Some(when));
        r.source = "supposed".into();
        as_good_as_can_be(&mut r, self.agreement.facts.get(fact));
        r
    }

    /// Somebody watched all of a zone.
    pub fn coverage(&self, number: usize, watch: &Watch, by: Option<&Name>) -> Record {
        let mut r = self.blank(number, &COVERAGE.into(), watch.over.from);
        r.until = Some(watch.over.to);
        r.place = Some(Place::Named(watch.zone.clone()));
        r.value = Some(Number::from(1));
        r.roles.extend(by.map(|by| (Name::from("by"), RoleValue::Name(by.clone()))));
        r
    }

    /// A body finds that a term is met.
    pub fn finding(&self, term: &Name, when: Instant) -> Option<Supposed> {
        let body = self.agreement.terms.get(term)?.found_by.clone()?;
        let mut r = self.blank(0, &FINDING.into(), when);
        r.id = format!("supposed/finding/{term}").into();
        r.roles.insert("of".into(), RoleValue::Name(term.clone()));
        r.roles.insert("by".into(), RoleValue::Name(body.clone()));
        let deed = Deed {
            fact: FINDING.into(),
            says: Says::Affirms,
            by: vec![body],
            of: Some(term.clone()),
            times: 1,
            until: None,
            over: None,
        };
        Some(Supposed { records: vec![r], deed })
    }

    /// What would make a condition hold.
    pub fn of_cond(&self, cond: &Cond, over: Stretch) -> Option<Vec<Supposed>> {
        match cond {
            Cond::And(all) => {
                let each: Option<Vec<_>> = all.iter().map(|c| self.of_cond(c, over)).collect();
                each.map(|e| e.concat())
            }
            Cond::Or(any) => any.iter().find_map(|c| self.of_cond(c, over)),
            Cond::Not(c) => match &**c {
                Cond::Fact(p) => self.denied(p, over).map(|d| vec![d]),
                _ => None,
            },
            Cond::Fact(p) => Some(vec![self.of_pattern(p, over, 1, None)?]),
            Cond::Term(t) => self.of_cond(self.agreement.terms.get(t)?.means.as_ref()?, over),
            Cond::Found(t) => Some(vec![self.finding(t, over.to)?]),
            Cond::Compare(value, op, Value::Number(n, _)) => {
                let wanted = match op {
                    Op::Ge | Op::Eq | Op::Le => n.clone(),
                    Op::Gt => n.clone() + 1.into(),
                    Op::Lt => n.clone() - 1.into(),
                    Op::Ne => return None,
                };
                match value {
                    Value::Aggregate(agg) if matches!(op, Op::Ge | Op::Gt | Op::Eq) => match agg.what {
                        Agg::Count => {
                            let copies = wanted.ceil().to_i64().filter(|n| (1..=COPIES).contains(n))?;
                            Some(vec![self.of_pattern(&agg.of, over, copies, None)?])
                        }
                        Agg::Sum | Agg::Max => {
                            let role = agg.role.clone()?;
                            Some(vec![self.of_pattern(&agg.of, over, 1, Some((role, wanted)))?])
                        }
                        _ => None,
                    },
                    Value::Measure(p) => {
                        Some(vec![self.of_pattern(p, over, 1, Some(("value".into(), wanted)))?])
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// What would make a moment come.
    pub fn of_moment(&self, moment: &Moment, over: Stretch) -> Option<Vec<Supposed>> {
        match moment {
            Moment::Begins(c) => self.of_cond(c, over),
            Moment::First(p) => Some(vec![self.of_pattern(p, over, 1, None)?]),
            Moment::AllOf(p, who) => {
                let each: Option<Vec<_>> = self
                    .named(who)
                    .into_iter()
                    .map(|name| {
                        let mut of_one = (**p).clone();
                        of_one.roles.retain(|(role, _)| *role != "by");
                        of_one.roles.push(("by".into(), Value::Name(name.clone())));
                        let mut one = self.of_pattern(&of_one, over, 1, None)?;
                        one.records.iter_mut().for_each(|r| r.id = format!("{}/{name}", r.id).into());
                        Some(one)
                    })
                    .collect();
                each
            }
            Moment::Found(t) => Some(vec![self.finding(t, over.to)?]),
            Moment::Detected(m) | Moment::Verified(m) | Moment::After(_, m) | Moment::Before(_, m) => {
                self.of_moment(m, over)
            }
            Moment::StartOfDay(_, m) | Moment::EndOfDay(_, m) | Moment::AfterReading(_, m) => {
                self.of_moment(m, over)
            }
            _ => None,
        }
    }

    fn named(&self, who: &Who) -> Vec<Name> {
        let (Who::EachOf(names) | Who::EveryOtherOf(names) | Who::Jointly(names)) = who else {
            return Vec::new();
        };
        let parts = names.iter().flat_map(|n| self.agreement.parties_of(n, self.recorded));
        let mut all: Vec<Name> = parts.collect();
        all.sort();
        all.dedup();
        all
    }

    /// An act or report that a pattern asks for, so many times, with one role set where the words count it.
    pub fn of_pattern(
        &self,
        pattern: &FactPattern,
        over: Stretch,
        times: i64,
        counted: Option<(Name, Number)>,
    ) -> Option<Supposed> {
        let fact = self.agreement.facts.get(&pattern.fact)?;
        let event = fact.kind == FactKind::Event;
        let mut r = self.blank(0, &pattern.fact, if event { over.to } else { over.from });
        if !event && over.from < over.to {
            r.until = Some(over.to);
        }
        for (role, value) in &pattern.roles {
            self.fill(&mut r, role, value)?;
        }
        if let Some(filter) = &pattern.filter {
            self.meet(&mut r, filter)?;
        }
        if let Some((role, number)) = counted {
            match role.as_str() {
                "value" => r.value = Some(number),
                _ => drop(r.roles.insert(role, RoleValue::Number(number))),
            }
        }
        let by = match r.roles.get("by") {
            Some(RoleValue::Name(name)) => vec![name.clone()],
            _ => Vec::new(),
        };
        let copies = (0..times).map(|k| {
            let id = format!("{}/{k}", r.id);
            Record { id: id.into(), ..r.clone() }
        });
        let deed = Deed {
            fact: pattern.fact.clone(),
            says: Says::Affirms,
            by,
            of: None,
            times: u32::try_from(times).unwrap_or(1),
            until: over.until,
            over: over.period().filter(|_| !event),
        };
        Some(Supposed { records: copies.collect(), deed })
    }

    /// A report that a thing was not so, over the whole time, and wide enough to cover the pattern.
    pub fn denied(&self, pattern: &FactPattern, over: Stretch) -> Option<Supposed> {
        self.agreement.facts.get(&pattern.fact)?;
        let mut r = self.blank(0, &pattern.fact, over.from);
        r.id = format!("supposed/no/{}", pattern.fact).into();
        r.until = Some(over.to);
        r.says = Says::Denies;
        let deed = Deed {
            fact: pattern.fact.clone(),
            says: Says::Denies,
            by: Vec::new(),
            of: None,
            times: 1,
            until: over.until,
            over: over.period(),
        };
        Some(Supposed { records: vec![r], deed })
    }

    fn fill(&self, r: &mut Record, role: &Name, value: &Value) -> Option<()> {
        let filled = match value {
            Value::Name(name) => RoleValue::Name(name.clone()),
            Value::Number(n, _) => RoleValue::Number(n.clone()),
            Value::Text(text) => RoleValue::Text(text.clone()),
            Value::Instant(t) => RoleValue::Time(When::exact(*t)),
            Value::Bearer => RoleValue::Name(self.bearer.first()?.clone()),
            Value::Beneficiary => RoleValue::Name(self.owed_to.first()?.clone()),
            Value::OfTrigger(of) if *of == "at" => {
                r.place = self.trigger?.place.clone();
                return Some(());
            }
            Value::OfTrigger(of) => self.trigger?.roles.get(of)?.clone(),
            _ => return None,
        };
        match (role.as_str(), filled) {
            ("at", RoleValue::Name(name)) => r.place = Some(Place::Named(name)),
            ("value", RoleValue::Number(n)) => r.value = Some(n),
            (_, filled) => drop(r.roles.insert(role.clone(), filled)),
        }
        Some(())
    }

    /// Sets the roles that a `where` speaks of, as far as it says plainly to what.
    fn meet(&self, r: &mut Record, cond: &Cond) -> Option<()> {
        match cond {
            Cond::And(all) => all.iter().try_for_each(|c| self.meet(r, c)),
            Cond::Or(any) => any.iter().find_map(|c| self.meet(r, c)),
            Cond::Inside(Value::Role(_), zone) => {
                r.place = Some(Place::Named(zone.zone.clone()));
                Some(())
            }
            Cond::Compare(Value::Role(role), op, value) => match (op, value) {
                (Op::Eq | Op::Ge | Op::Le, value) => self.fill(r, role, value),
                (Op::Gt | Op::Lt, Value::Number(n, unit)) => {
                    let by = if *op == Op::Gt { 1 } else { -1 };
                    self.fill(r, role, &Value::Number(n.clone() + by.into(), unit.clone()))
                }
                _ => Some(()),
            },
            _ => Some(()),
        }
    }
}

/// Lets a record meet its fact's rule on evidence and any standard.
pub fn as_good_as_can_be(r: &mut Record, fact: Option<&Fact>) {
    use servanda_model::record::Basis;
    r.stated = Some(Grade::Confirmed);
    r.source_grade = Some(SourceGrade::A);
    if r.basis == Basis::Claimed {
        r.basis = Basis::Observed;
    }
    let rules = fact.map(|f| &f.evidence[..]).unwrap_or_default();
    r.sources = rules.iter().map(|e| e.sources).max().unwrap_or(1).max(r.sources);
    let named = rules.iter().any(|e| e.from.as_ref().is_none_or(|from| *from == r.source));
    if let (false, Some(from)) = (named, rules.first().and_then(|e| e.from.clone())) {
        r.source = from;
    }
}

/// What of a period lies outside given stretches, in order.
pub fn gaps(period: Period, mut held: Vec<Period>) -> Vec<Period> {
    held.sort();
    let mut found = Vec::new();
    let mut from = period.from;
    for h in held {
        if h.from > from && from <= period.to {
            found.push(Period { from, to: (h.from + -1).min(period.to) });
        }
        from = from.max(h.to.next());
    }
    if from <= period.to {
        found.push(Period { from, to: period.to });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between() {
        let p = |from: i64, to: i64| Period { from: Instant(from), to: Instant(to) };
        assert_eq!(gaps(p(0, 9), vec![]), [p(0, 9)]);
        assert_eq!(gaps(p(0, 9), vec![p(5, 6), p(-3, 1), p(2, 2)]), [p(3, 4), p(7, 9)]);
        assert_eq!(gaps(p(0, 9), vec![p(0, 9)]), []);
        assert_eq!(gaps(p(0, 9), vec![p(4, 20)]), [p(0, 3)]);
        assert_eq!(gaps(p(0, 9), vec![p(20, 30)]), [p(0, 9)]);
    }
}
