//! Which records a pattern of facts matches: surely, possibly, or not at all.
//!
//! A role that is missing, an actor who is one of several, a place whose doubt crosses a border: each makes a match
//! possible and not sure. Possible matches establish nothing, and keep absence from being established.
//!
//! # Source
//! `docs/reference/language.md`, "Doubt".

use super::known::Seen;
use super::{Env, World};
use crate::ground::{self, Given, Needed};
use servanda_model::agreement::{Cond, Exception, FactPattern, Op, Value, ZoneRef};
use servanda_model::record::RoleValue;
use servanda_model::{Instant, Name, Number, Place, Record, RecordId, When, Within};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Yes, perhaps, no: in this order, so that `and` is the minimum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Match {
    /// Not at all.
    No,
    /// Possibly.
    Perhaps,
    /// Surely.
    Yes,
}

impl From<bool> for Match {
    fn from(yes: bool) -> Match {
        if yes { Match::Yes } else { Match::No }
    }
}

/// A record that a pattern matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The record.
    pub seen: Arc<Seen>,
    /// Surely, and not only possibly.
    pub sure: bool,
}

/// Whether a record's place lies in a zone: zone, arguments, place, and the epoch of memberships and zones.
pub type Lies = (Name, Vec<Option<Name>>, Spot, usize);

/// A place, ordered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    Named(Name),
    /// Latitude, longitude, radius, by their bits.
    Point(u64, u64, u64),
}

/// A value that is not a quantity over time.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// Names that it may be; one of them where it is known.
    Names(Vec<Name>),
    /// A number.
    Number(Number),
    /// Text.
    Text(String),
    /// A time.
    Time(When),
}

impl Hit {
    /// Hits are in the order of their time, then of their identity.
    pub fn order(&self) -> (When, &RecordId) {
        (self.seen.when, &self.seen.record.id)
    }
}

impl<'w> World<'w, '_> {
    /// Whether an exception that has not lapsed surely covers an event.
    pub fn excepted(&self, e: &Exception, seen: &Seen, env: &Env<'w>) -> bool {
        e.until.is_none_or(|u| seen.when.latest <= u) && self.covered(e, seen, env)
    }

    /// Whether an exception surely covers a record, lapsed or not.
    pub fn covered(&self, e: &Exception, seen: &Seen, env: &Env<'w>) -> bool {
        self.filter(&e.covers, &seen.record, seen.when.earliest, env) == Match::Yes
    }

    pub(crate) fn matches(
        &self,
        pattern: &FactPattern,
        record: &Record,
        at: Instant,
        env: &Env<'w>,
    ) -> Match {
        let roles = pattern.roles.iter().map(|(role, wanted)| match (role.as_str(), wanted) {
            ("at", Value::Name(zone)) => {
                self.lies_in(record, &ZoneRef { zone: zone.clone(), args: vec![] }, at, env)
            }
            (_, wanted) => match (self.role(record, role), self.scalar(wanted, Some(record), env)) {
                (Some(is), Some(wanted)) => self.same(&is, &wanted, at),
                _ => Match::Perhaps,
            },
        });
        let filter = pattern.filter.iter().map(|f| self.filter(f, record, at, env));
        roles.chain(filter).min().unwrap_or(Match::Yes)
    }

    /// A condition over the roles of a record.
    fn filter(&self, cond: &Cond, record: &Record, at: Instant, env: &Env<'w>) -> Match {
        match cond {
            Cond::And(all) => all.iter().map(|c| self.filter(c, record, at, env)).min().unwrap_or(Match::Yes),
            Cond::Or(any) => any.iter().map(|c| self.filter(c, record, at, env)).max().unwrap_or(Match::No),
            Cond::Not(c) => match self.filter(c, record, at, env) {
                Match::Yes => Match::No,
                Match::Perhaps => Match::Perhaps,
                Match::No => Match::Yes,
            },
            Cond::Inside(_, zone) => self.lies_in(record, zone, at, env),
            Cond::Compare(a, op, b) => {
                match (self.scalar(a, Some(record), env), self.scalar(b, Some(record), env)) {
                    (Some(a), Some(b)) => self.compared(&a, *op, &b, at),
                    _ => Match::Perhaps,
                }
            }
            Cond::Reading(name) => match self.option(name) {
                Some(servanda_model::agreement::Meaning::Cond(c)) => self.filter(c, record, at, env),
                _ => Match::Perhaps,
            },
            _ => Match::Perhaps,
        }
    }

    pub fn compared(&self, a: &Scalar, op: Op, b: &Scalar, at: Instant) -> Match {
        let order = match (a, b) {
            (Scalar::Number(a), Scalar::Number(b)) => a.cmp(b),
            (Scalar::Time(a), Scalar::Time(b)) if a.latest < b.earliest => std::cmp::Ordering::Less,
            (Scalar::Time(a), Scalar::Time(b)) if a.earliest > b.latest => std::cmp::Ordering::Greater,
            (Scalar::Time(a), Scalar::Time(b)) if a.is_exact() && b.is_exact() => std::cmp::Ordering::Equal,
            (Scalar::Time(_), Scalar::Time(_)) => return Match::Perhaps,
            _ => {
                let same = self.same(a, b, at);
                return match op {
                    Op::Eq => same,
                    Op::Ne if same == Match::Perhaps => same,
                    Op::Ne => (same == Match::No).into(),
                    _ => Match::No,
                };
            }
        };
        let holds = match op {
            Op::Eq => order.is_eq(),
            Op::Ne => order.is_ne(),
            Op::Lt => order.is_lt(),
            Op::Gt => order.is_gt(),
            Op::Le => order.is_le(),
            Op::Ge => order.is_ge(),
        };
        holds.into()
    }

    /// Whether what a record names is what a rule wants: a party is of a group that it belongs to; a group is only
    /// perhaps one of its members.
    fn same(&self, is: &Scalar, wanted: &Scalar, at: Instant) -> Match {
        match (is, wanted) {
            (Scalar::Number(a), Scalar::Number(b)) => (a == b).into(),
            (Scalar::Text(a), Scalar::Text(b)) => (a == b).into(),
            (Scalar::Text(a), Scalar::Names(b)) | (Scalar::Names(b), Scalar::Text(a)) => {
                b.iter().any(|n| *n == **a).into()
            }
            (Scalar::Names(is), Scalar::Names(wanted)) => {
                if let [is] = &is[..] {
                    let one_by_one = wanted.iter().map(|wanted| self.same_name(is, wanted, at));
                    match one_by_one.max() {
                        // A group may lie in several together that hold a part of it each.
                        Some(Match::Perhaps) if wanted.len() > 1 => {}
                        found => return found.unwrap_or(Match::No),
                    }
                }
                let all: BTreeSet<Name> = wanted.iter().flat_map(|n| self.with_members(n, at)).collect();
                let each: Vec<Match> = is
                    .iter()
                    .map(|name| {
                        let parts = self.agreement.parties_of(name, at);
                        match all.contains(name) || parts.is_subset(&all) {
                            true => Match::Yes,
                            false if parts.is_disjoint(&all) => Match::No,
                            false => Match::Perhaps,
                        }
                    })
                    .collect();
                match each.iter().min() {
                    Some(Match::Yes) => Match::Yes,
                    _ if each.iter().all(|m| *m == Match::No) => Match::No,
                    _ => Match::Perhaps,
                }
            }
            _ => Match::No,
        }
    }

    pub(crate) fn same_name(&self, is: &Name, wanted: &Name, at: Instant) -> Match {
        if is == wanted {
            return Match::Yes;
        }
        let key = (is.clone(), wanted.clone(), self.epoch(at));
        if let Some(found) = self.memo.same.borrow().get(&key) {
            return *found;
        }
        let (all, parts) = (self.with_members(wanted, at), self.agreement.parties_of(is, at));
        let found = match all.contains(is) || parts.is_subset(&all) {
            true => Match::Yes,
            false if parts.is_disjoint(&all) => Match::No,
            false => Match::Perhaps,
        };
        self.memo.same.borrow_mut().insert(key, found);
        found
    }

    fn with_members(&self, name: &Name, at: Instant) -> BTreeSet<Name> {
        let mut all = self.agreement.parties_of(name, at);
        all.insert(name.clone());
        all
    }

    /// What fills a role of a record.
    pub fn role(&self, record: &Record, role: &Name) -> Option<Scalar> {
        if *role == "at"
            && let Some(Place::Named(name)) = &record.place
        {
            return Some(Scalar::Names(vec![name.clone()]));
        }
        if *role == "value" {
            return record.value.clone().map(Scalar::Number);
        }
        Some(match record.roles.get(role)? {
            RoleValue::Name(name) => Scalar::Names(vec![name.clone()]),
            RoleValue::OneOf(names) => Scalar::Names(names.clone()),
            RoleValue::Number(n) => Scalar::Number(n.clone()),
            RoleValue::Text(text) => Scalar::Text(text.clone()),
            RoleValue::Time(when) => Scalar::Time(*when),
        })
    }

    /// The names that fill a role of a record; none where it is missing or holds something else.
    pub fn names_in(&self, record: &Record, role: &str) -> Vec<Name> {
        match self.role(record, &role.into()) {
            Some(Scalar::Names(names)) => names,
            _ => Vec::new(),
        }
    }

    /// A value for a record and an instance; `None` where it is not known.
    pub fn scalar(&self, value: &Value, record: Option<&Record>, env: &Env<'w>) -> Option<Scalar> {
        Some(match value {
            Value::Number(n, _) => Scalar::Number(n.clone()),
            Value::Instant(t) => Scalar::Time(When::exact(*t)),
            Value::Text(text) => Scalar::Text(text.clone()),
            Value::Name(name) => Scalar::Names(vec![name.clone()]),
            Value::Role(role) => {
                return record.and_then(|r| self.role(r, role));
            }
            Value::Attribute(attribute, of) => {
                let Scalar::Names(names) = self.scalar(of, record, env)? else { return None };
                let [name] = &names[..] else { return None };
                let class = self.agreement.classes.values().find(|c| c.values.contains_key(name))?;
                Scalar::Number(class.values.get(name)?.attributes.get(attribute)?.0.clone())
            }
            Value::OfTrigger(role) => return self.role(env.trigger_record.as_ref()?, role),
            Value::Bearer => Scalar::Names(env.bearer.clone()),
            Value::Beneficiary => Scalar::Names(env.owed_to.clone()),
            Value::Reading(name) => match self.option(name)? {
                servanda_model::agreement::Meaning::Value(v) => return self.scalar(v, record, env),
                _ => return None,
            },
            Value::Arith(a, op, b) => {
                let (Scalar::Number(a), Scalar::Number(b)) =
                    (self.scalar(a, record, env)?, self.scalar(b, record, env)?)
                else {
                    return None;
                };
                use servanda_model::agreement::ArithOp;
                Scalar::Number(match op {
                    ArithOp::Add => a + b,
                    ArithOp::Sub => a - b,
                    ArithOp::Mul => a * b,
                    ArithOp::Div => a.over(&b)?,
                })
            }
            Value::Aggregate(_) | Value::Measure(_) | Value::Coverage(..) | Value::Call(..) => return None,
        })
    }

    /// Whether a record's place lies in a zone.
    fn lies_in(&self, record: &Record, zone: &ZoneRef, at: Instant, env: &Env<'w>) -> Match {
        match &record.place {
            Some(place) => self.place_lies_in(place, Some(record), zone, at, env),
            None => Match::Perhaps,
        }
    }

    /// Whether a place lies in a zone, of whose arguments a record may tell.
    pub fn place_lies_in(
        &self,
        place: &Place,
        record: Option<&Record>,
        zone: &ZoneRef,
        at: Instant,
        env: &Env<'w>,
    ) -> Match {
        if let Place::Named(name) = place
            && ground::is_part_of(self.agreement, name, &zone.zone)
        {
            return Match::Yes;
        }
        let args: Vec<Option<Name>> = zone
            .args
            .iter()
            .map(|arg| match self.scalar(arg, record, env)? {
                Scalar::Names(names) if names.len() == 1 => names.into_iter().next(),
                _ => None,
            })
            .collect();
        let key = (zone.zone.clone(), args.clone(), Spot::of(place), self.epoch(at));
        let relative = self.agreement.zones.get(&zone.zone).is_some_and(|z| z.is_relative());
        if let Some(found) = self.memo.within.borrow().get(&key).filter(|_| !relative) {
            return *found;
        }
        let given = Args { world: self, zone, args: &args, env };
        let shape = ground::of_zone(self.agreement, self.places, &zone.zone, &args, &given, at);
        let found = match shape.map(|shape| ground::contains(self.places, &shape, place)) {
            Some(Within::Inside) => Match::Yes,
            Some(Within::Outside) => Match::No,
            Some(Within::Unknown) | None => Match::Perhaps,
        };
        self.memo.within.borrow_mut().insert(key, found);
        found
    }

    /// Whether a denial speaks of all that a pattern asks for: each role that the denial names is at least as wide as
    /// the pattern's, and its place holds the pattern's zone.
    pub fn denial_covers(&self, denial: &Record, pattern: &FactPattern, at: Instant, env: &Env<'w>) -> bool {
        let mut wanted: Vec<(Name, Value)> = pattern.roles.clone();
        fn collect(cond: &Cond, into: &mut Vec<(Name, Value)>) {
            match cond {
                Cond::And(all) => all.iter().for_each(|c| collect(c, into)),
                Cond::Compare(Value::Role(role), Op::Eq, value) => into.push((role.clone(), value.clone())),
                Cond::Inside(Value::Role(role), zone) => {
                    into.push((role.clone(), Value::Name(zone.zone.clone())))
                }
                _ => {}
            }
        }
        pattern.filter.iter().for_each(|f| collect(f, &mut wanted));
        let place = denial.place.as_ref().is_none_or(|place| {
            wanted.iter().any(|(role, value)| {
                matches!((role.as_str(), value, place), ("at", Value::Name(zone), Place::Named(denied))
                    if ground::is_part_of(self.agreement, zone, denied))
            })
        });
        place
            && denial.roles.keys().all(|role| {
                let asked =
                    wanted.iter().find(|(r, _)| r == role).and_then(|(_, v)| self.scalar(v, None, env));
                match (asked, self.role(denial, role)) {
                    (Some(asked), Some(denied)) => self.same(&asked, &denied, at) == Match::Yes,
                    _ => false,
                }
            })
    }
}

/// Arguments of a zone, for [`ground`].
struct Args<'a, 'w> {
    world: &'a World<'w, 'a>,
    zone: &'a ZoneRef,
    args: &'a [Option<Name>],
    env: &'a Env<'w>,
}

impl Given for Args<'_, '_> {
    fn given(&self, value: &Value) -> Option<Needed> {
        if let Value::Role(param) = value {
            let zone = self.world.agreement.zones.get(&self.zone.zone)?;
            let index = zone.params.iter().position(|(name, _)| name == param)?;
            return self.args.get(index)?.clone().map(Needed::Name);
        }
        match value {
            Value::Attribute(attribute, of) => {
                let Needed::Name(name) = self.given(of)? else { return None };
                let class = self.world.agreement.classes.values().find(|c| c.values.contains_key(&name))?;
                Some(Needed::Length(class.values.get(&name)?.attributes.get(attribute)?.0.clone()))
            }
            Value::Arith(a, op, b) => {
                let (Needed::Length(a), Needed::Length(b)) = (self.given(a)?, self.given(b)?) else {
                    return None;
                };
                use crate::signal::Quantity;
                let exact = Quantity::exact(a).arith(*op, &Quantity::exact(b));
                exact.least_at(servanda_model::Grade::Confirmed).cloned().map(Needed::Length)
            }
            _ => match self.world.scalar(value, None, self.env)? {
                Scalar::Number(n) => Some(Needed::Length(n)),
                Scalar::Names(names) if names.len() == 1 => names.into_iter().next().map(Needed::Name),
                _ => None,
            },
        }
    }
}
