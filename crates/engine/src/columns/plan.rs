//! From an agreement to rules over columns, or the reason why not.
//!
//! What compiles: duties whose trigger is an event, or a number or variety of events in a trailing window, and whose
//! content is an act by a deadline or a state at one; and bans on a sum in a window. Both sides may be joined by a
//! role of the trigger. What does not compile is named with its norm and construct.
//!
//! A rule's look-ahead is bounded by its deadline. Without one nothing that it says is ever settled, so it is refused.

use super::names::Names;
use super::window::Need;
use servanda_model::agreement::*;
use servanda_model::uses::Uses;
use servanda_model::{Calendar, Grade, Instant, Name, Number, Record, Span};
use std::collections::BTreeSet;
use std::fmt;

/// What does not compile to columns, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The norm, or the record.
    pub of: Name,
    /// Its clause, by index into [`Agreement::clauses`].
    pub clause: Option<usize>,
    /// The construct, in words.
    pub why: String,
}

impl Refused {
    fn norm(norm: &Norm, why: impl Into<String>) -> Refused {
        Refused { of: norm.name.clone(), clause: norm.clause, why: why.into() }
    }

    pub(super) fn record(record: &Record, why: &str) -> Refused {
        Refused { of: record.id.clone(), clause: None, why: why.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` does not compile to columns: {}", self.of, self.why)
    }
}

/// A fact as rules read it.
#[derive(Clone, Debug)]
pub struct FactUse {
    /// Its name.
    pub name: Name,
    /// Its roles, in order.
    pub roles: Vec<(Name, RoleType)>,
    /// Which of them a rule reads.
    pub reads: Vec<bool>,
    pub(super) kind: FactKind,
    pub(super) notice: bool,
    pub(super) evidence: Vec<EvidenceRule>,
}

/// An agreement, or some of its norms, compiled.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    facts: Vec<FactUse>,
    pub(super) names: Names,
    pub(super) rules: Vec<Rule>,
    pub(super) notices: Notices,
    pub(super) calendar: Calendar,
}

/// A compiled norm.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub norm: Name,
    pub bearers: Vec<Name>,
    pub standard: Grade,
    /// The standard that a trigger must reach.
    pub trigger_standard: Grade,
    pub in_force: i64,
    pub trigger: Source,
    pub content: Content,
}

/// What starts instances.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Each event.
    Each(Scan),
    /// Each episode over which enough lies in the window; `apart`: counted for each bearer.
    Window { scan: Scan, cell: Option<usize>, span: i64, need: Need, apart: bool },
}

/// What is asked of an instance.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// An act within a span.
    Act(Scan, Span),
    /// A state that holds, or does not, a span (milliseconds) later.
    State(Scan, bool, i64),
    /// Nothing: the episode is the breach.
    Nothing,
}

/// Rows of a fact that have these names in their roles.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    pub fact: usize,
    /// Role, and for each name of the plan whether it fits.
    pub fixed: Vec<(usize, Vec<Fits>)>,
    /// The role that is the bearer, and the bearer that each name of the plan stands for.
    pub bearer: Option<(usize, Vec<Option<u16>>)>,
    /// The role that is the same on both sides.
    pub key: Option<usize>,
}

/// Whether a name is what a rule asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fits {
    No,
    Yes,
    /// A group of which only some are.
    Perhaps,
}

/// Whom and what a row speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    /// The bearer; `None`: all of them.
    pub bearer: Option<u16>,
    /// What both sides share; 0 where they share nothing.
    pub key: u32,
}

impl Scan {
    /// Whether a row matches, with `cell` giving its roles.
    ///
    /// # Errors
    /// The role whose name is a group that only perhaps fits.
    #[inline]
    pub fn reads(&self, cell: impl Fn(usize) -> u32) -> Result<Option<Spoken>, usize> {
        for (role, fits) in &self.fixed {
            match fits.get(cell(*role) as usize) {
                Some(Fits::Yes) => {}
                Some(Fits::Perhaps) => return Err(*role),
                Some(Fits::No) | None => return Ok(None),
            }
        }
        let mut spoken = Spoken { bearer: None, key: 0 };
        if let Some((role, bearers)) = &self.bearer {
            match bearers.get(cell(*role) as usize) {
                Some(Some(PERHAPS)) => return Err(*role),
                Some(Some(bearer)) => spoken.bearer = Some(*bearer),
                Some(None) | None => return Ok(None),
            }
        }
        if let Some(role) = self.key {
            spoken.key = cell(role);
        }
        Ok(Some(spoken))
    }
}

/// So many rules fit a plan.
pub(super) const MOST_RULES: u16 = 1 << 13;

/// The bearer that a group only perhaps stands for.
const PERHAPS: u16 = u16::MAX;

impl Plan {
    /// All norms of an agreement.
    ///
    /// # Errors
    /// The first norm that does not compile, and the construct.
    pub fn of(agreement: &Agreement) -> Result<Plan, Refused> {
        Plan::of_norms(agreement, &agreement.norms.iter().collect::<Vec<_>>())
    }

    /// Some norms of an agreement.
    ///
    /// # Errors
    /// The first norm that does not compile, and the construct.
    pub fn of_norms(agreement: &Agreement, norms: &[&Norm]) -> Result<Plan, Refused> {
        let mut plan =
            Plan { notices: agreement.notices, calendar: agreement.calendar.clone(), ..Plan::default() };
        let groups = agreement.groups.keys().chain(agreement.parties.keys()).chain(agreement.bodies.keys());
        groups.for_each(|name| {
            plan.names.intern(name.as_str().as_bytes());
        });
        for norm in norms {
            if plan.rules.len() >= MOST_RULES.into() {
                return Err(Refused::norm(norm, format!("a plan has at most {MOST_RULES} rules")));
            }
            let rule = Compiler { agreement, norm, plan: &mut plan }.rule()?;
            plan.rules.push(rule);
        }
        let known = plan.names.len();
        for rule in &mut plan.rules {
            for scan in rule.scans_mut() {
                scan.fixed.iter_mut().for_each(|(_, fits)| fits.resize(known, Fits::No));
            }
        }
        Ok(plan)
    }

    /// The facts that its rules read; a row says which by number.
    pub fn facts(&self) -> &[FactUse] {
        &self.facts
    }

    /// Its norms, in order.
    pub fn norms(&self) -> impl Iterator<Item = &Name> {
        self.rules.iter().map(|r| &r.norm)
    }
}

impl Rule {
    /// Whether its episodes are breaches themselves.
    pub fn content_is_cap(&self) -> bool {
        matches!(self.content, Content::Nothing)
    }

    /// How many lanes each key has: one for each bearer, where what is asked of them names the bearer.
    pub fn lanes(&self) -> usize {
        match &self.content {
            Content::Act(scan, _) | Content::State(scan, ..) if scan.bearer.is_some() => self.bearers.len(),
            _ => 1,
        }
    }

    fn scans_mut(&mut self) -> impl Iterator<Item = &mut Scan> {
        let trigger = match &mut self.trigger {
            Source::Each(scan) | Source::Window { scan, .. } => scan,
        };
        let content = match &mut self.content {
            Content::Act(scan, _) | Content::State(scan, ..) => Some(scan),
            Content::Nothing => None,
        };
        std::iter::once(trigger).chain(content)
    }
}

struct Compiler<'a> {
    agreement: &'a Agreement,
    norm: &'a Norm,
    plan: &'a mut Plan,
}

impl Compiler<'_> {
    fn refused<T>(&self, why: impl Into<String>) -> Result<T, Refused> {
        Err(Refused::norm(self.norm, why))
    }

    fn rule(&mut self) -> Result<Rule, Refused> {
        let (agreement, norm) = (self.agreement, self.norm);
        let constructs = [
            (!matches!(norm.kind, NormKind::Duty | NormKind::Ban), "it is neither a duty nor a ban"),
            (norm.only_if.is_some(), "`if`"),
            (!norm.needs.is_empty(), "`needs`"),
            (norm.from.is_some(), "`from`"),
            (norm.until.is_some(), "`until`"),
            (norm.gap.is_some(), "`gap`"),
            (!norm.except.is_empty(), "`except`"),
            (norm.unless.is_some(), "`unless`"),
            (norm.seen_by.is_empty(), "nobody establishes it (`seen by`)"),
            (norm.force.is_soft(), "it is soft"),
            (matches!(norm.force, Force::SubjectTo(_)), "`subject to`"),
            (agreement.ends.is_some(), "the agreement ends"),
            (!agreement.powers.is_empty(), "a power may act on it"),
            (agreement.priorities.iter().any(|p| p.yields == norm.name), "it yields to another"),
            (!Uses::of_norm(agreement, norm).readings.is_empty(), "it has readings"),
        ];
        if let Some((_, why)) = constructs.iter().find(|(is, _)| *is) {
            return self.refused(*why);
        }
        let [part] = &norm.parts[..] else { return self.refused("it has several parts, or none") };
        let bearers = self.bearers()?;
        let in_force = self.in_force()?;
        let (trigger, content) = match part.verb {
            Verb::Do | Verb::Ensure => self.owed(part, &bearers)?,
            Verb::NotKeep => {
                let Trigger::Always = norm.when else { return self.refused("a ban with a trigger") };
                if part.deadline != Deadline::None {
                    return self.refused("a ban with a deadline");
                }
                let trigger = self.window(&part.cond, &bearers)?;
                let Source::Window { need: Need::Sum { .. } | Need::Count { kinds: 0, .. }, .. } = trigger
                else {
                    return self.refused("a ban on a variety");
                };
                (trigger, Content::Nothing)
            }
            Verb::Keep | Verb::NotDo => return self.refused("`keep`, or `must not do`"),
        };
        let trigger_standard = match &norm.when {
            Trigger::Begins(Cond::Term(term)) => agreement.terms.get(term).map(|t| t.standard),
            _ => None,
        };
        Ok(Rule {
            norm: norm.name.clone(),
            bearers,
            standard: norm.standard,
            trigger_standard: trigger_standard.unwrap_or(norm.standard),
            in_force,
            trigger,
            content,
        })
    }

    /// The parties that bear it, where membership does not change.
    fn bearers(&self) -> Result<Vec<Name>, Refused> {
        let (names, each) = match &self.norm.bearer {
            Who::EachOf(names) => (names, true),
            Who::Jointly(names) if names.len() == 1 => (names, false),
            _ => return self.refused("its bearer is not each of some parties, or one"),
        };
        if !each && self.agreement.groups.contains_key(&names[0]) {
            return self.refused("its bearers owe it jointly");
        }
        let mut found = Vec::new();
        let mut open: Vec<&Name> = names.iter().rev().collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            match self.agreement.groups.get(name).filter(|_| !self.agreement.parties.contains_key(name)) {
                _ if !seen.insert(name) => {}
                Some(group) => {
                    if group.members.iter().any(|m| m.from.is_some() || m.until.is_some()) {
                        return self.refused(format!("membership of `{name}` changes in time"));
                    }
                    open.extend(group.members.iter().rev().map(|m| &m.who));
                }
                None => found.push(name.clone()),
            }
        }
        if found.len() >= PERHAPS as usize {
            return self.refused("it has too many bearers");
        }
        Ok(found)
    }

    fn in_force(&self) -> Result<i64, Refused> {
        let calendar = &self.agreement.calendar;
        let signed = self.agreement.signed.map(|day| calendar.start_of_day(day));
        Ok(match &self.agreement.in_force {
            None => signed.unwrap_or(Instant::MIN).0,
            Some(Moment::Instant(at)) => at.0,
            Some(Moment::StartOfDate(day)) => calendar.start_of_day(*day).0,
            Some(Moment::EndOfDate(day)) => calendar.end_of_day(calendar.moved(*day)).0,
            Some(Moment::Signed) if signed.is_some() => signed.unwrap_or(Instant::MIN).0,
            Some(_) => return self.refused("the entry into force depends on what happens"),
        })
    }

    /// A duty: its trigger and its content.
    fn owed(&mut self, part: &Part, bearers: &[Name]) -> Result<(Source, Content), Refused> {
        let span = match &part.deadline {
            Deadline::By(Moment::Trigger) => Span::Exact(0),
            Deadline::By(Moment::After(span, of)) if **of == Moment::Trigger => *span,
            Deadline::None => return self.refused("no deadline: how far it looks ahead is not bounded"),
            _ => return self.refused("a deadline that does not run from the trigger"),
        };
        let (pattern, holds) = match (part.verb, &part.cond) {
            (_, Cond::Fact(pattern)) => (pattern, true),
            (Verb::Ensure, Cond::Not(inner)) => match &**inner {
                Cond::Fact(pattern) => (pattern, false),
                _ => return self.refused("what it asks for is no single fact"),
            },
            _ => return self.refused("what it asks for is no single fact"),
        };
        let (mut content, of_trigger) = self.scan(pattern, bearers)?;
        let fact = self.fact(&pattern.fact)?;
        if fact.absence == Absence::Coverage {
            return self.refused(format!("absence of `{}` is shown by coverage", pattern.fact));
        }
        let state = fact.kind == FactKind::State;
        if state && (fact.good_for.is_some() || !fact.begins.is_empty() || !fact.ends.is_empty()) {
            return self.refused(format!("the text itself says how long `{}` lasts", pattern.fact));
        }
        let trigger = match &self.norm.when {
            Trigger::Each(pattern) => {
                let (mut scan, of) = self.scan(pattern, bearers)?;
                if of.is_some() || self.fact(&pattern.fact)?.kind != FactKind::Event {
                    return self.refused("its trigger is no event");
                }
                if let Some((own, of_trigger)) = of_trigger {
                    scan.key = Some(self.role(&pattern.fact, &of_trigger)?);
                    content.key = Some(own);
                    self.read(scan.fact, scan.key);
                }
                Source::Each(scan)
            }
            Trigger::Begins(cond) if of_trigger.is_none() => match cond {
                Cond::Term(term) => {
                    let term = self.agreement.terms.get(term).filter(|t| !t.open);
                    let Some(means) = term.and_then(|t| t.means.as_ref()) else {
                        return self.refused("a term that is left to judgement");
                    };
                    self.window(means, &[])?
                }
                cond => self.window(cond, bearers)?,
            },
            _ => return self.refused("its trigger is neither an event nor a condition that begins"),
        };
        let content = match (part.verb, state, span) {
            (Verb::Do, false, span) => Content::Act(content, span),
            (Verb::Ensure, true, Span::Exact(span)) => Content::State(content, holds, span),
            _ => return self.refused("neither an act by a deadline nor a state at an exact one"),
        };
        Ok((trigger, content))
    }

    /// A comparison of what lies in a trailing window with fixed numbers.
    fn window(&mut self, cond: &Cond, bearers: &[Name]) -> Result<Source, Refused> {
        let all = match cond {
            Cond::And(all) => &all[..],
            one => std::slice::from_ref(one),
        };
        let mut asked: Vec<(&Aggregate, u64)> = Vec::new();
        for cond in all {
            let Cond::Compare(Value::Aggregate(agg), op @ (Op::Ge | Op::Gt), Value::Number(n, _)) = cond
            else {
                return self.refused("a condition that is no comparison of an aggregate with a number");
            };
            let least = match (agg.what, op) {
                (Agg::Sum, Op::Gt) => n.floor(),
                (Agg::Sum, _) => n.ceil() - Number::from(1),
                (_, Op::Gt) => n.floor() + Number::from(1),
                _ => n.ceil(),
            };
            let Ok(least) = least.to_string().parse::<u64>() else {
                return self.refused("a threshold that always holds");
            };
            asked.push((agg, least));
        }
        let Some((first, _)) = asked.first().copied() else { return self.refused("an empty condition") };
        let Window::InAny(Span::Exact(span)) = first.window else {
            return self.refused("a window that is no exact length of time");
        };
        if asked.iter().any(|(a, _)| (&a.of, &a.window) != (&first.of, &first.window)) {
            return self.refused("aggregates over different facts or windows");
        }
        let (scan, of_trigger) = self.scan(&first.of, bearers)?;
        let event = self.fact(&first.of.fact)?.kind == FactKind::Event;
        if of_trigger.is_some() || !event || span <= 0 {
            return self.refused("a window over what is no event");
        }
        let of = |what| asked.iter().find(|(a, _)| a.what == what).map(|(a, n)| (*a, *n));
        let (need, role) = match (of(Agg::Count), of(Agg::Distinct), of(Agg::Sum), asked.len()) {
            (Some((_, n)), None, None, 1) if n > 0 => (Need::Count { least: n as u32, kinds: 0 }, None),
            (None, Some((d, n)), None, 1) if n > 0 => {
                (Need::Count { least: 1, kinds: n as u32 }, d.role.as_ref())
            }
            (Some((_, n)), Some((d, m)), None, 2) if n > 0 && m > 0 => {
                (Need::Count { least: n as u32, kinds: m as u32 }, d.role.as_ref())
            }
            (None, None, Some((s, above)), 1) => (Need::Sum { above }, s.role.as_ref()),
            _ => return self.refused("this combination of aggregates"),
        };
        let cell = role.map(|role| self.role(&first.of.fact, role)).transpose()?;
        let number =
            cell.is_some_and(|c| matches!(self.plan.facts[scan.fact].roles[c].1, RoleType::Number(_)));
        if matches!(need, Need::Sum { .. }) != number {
            return self.refused("a sum over what is no number, or a variety of numbers");
        }
        self.read(scan.fact, cell);
        let apart = scan.bearer.is_some();
        Ok(Source::Window { scan, cell, span, need, apart })
    }

    fn fact(&self, name: &Name) -> Result<&Fact, Refused> {
        match self.agreement.facts.get(name) {
            Some(fact) => Ok(fact),
            None => self.refused(format!("`{name}` is built in")),
        }
    }

    fn role(&self, fact: &Name, role: &Name) -> Result<usize, Refused> {
        match self.fact(fact)?.roles.iter().position(|(r, _)| r == role) {
            Some(role) => Ok(role),
            None => self.refused(format!("`{role}` is no role of `{fact}`")),
        }
    }

    fn read(&mut self, fact: usize, role: Option<usize>) {
        role.into_iter().for_each(|role| self.plan.facts[fact].reads[role] = true);
    }

    /// A pattern of simple name roles; with it the role, if any, that has to be the same as a role of the trigger.
    fn scan(
        &mut self,
        pattern: &FactPattern,
        bearers: &[Name],
    ) -> Result<(Scan, Option<(usize, Name)>), Refused> {
        if pattern.filter.is_some() {
            return self.refused("`where`");
        }
        let known = self.fact(&pattern.fact)?.clone();
        if !matches!(known.kind, FactKind::Event | FactKind::State) {
            return self.refused("an object or a measure");
        }
        let fact = match self.plan.facts.iter().position(|f| f.name == pattern.fact) {
            Some(fact) => fact,
            None => {
                self.plan.facts.push(FactUse {
                    name: pattern.fact.clone(),
                    reads: vec![false; known.roles.len()],
                    roles: known.roles.clone(),
                    kind: known.kind,
                    notice: known.notice,
                    evidence: known.evidence.clone(),
                });
                self.plan.facts.len() - 1
            }
        };
        let mut scan = Scan { fact, fixed: Vec::new(), bearer: None, key: None };
        let mut of_trigger = None;
        for (name, value) in &pattern.roles {
            let role = self.role(&pattern.fact, name)?;
            let kind = &known.roles[role].1;
            self.read(fact, Some(role));
            match value {
                Value::Name(_) if *kind == RoleType::Place => return self.refused("a place"),
                Value::Name(wanted) => {
                    self.plan.names.intern(wanted.as_str().as_bytes());
                    let all = self.parts(wanted)?;
                    let fits = (0..self.plan.names.len() as u32)
                        .map(|n| self.fits(&Name::from(self.plan.names.get(n)), wanted, &all))
                        .collect::<Result<Vec<_>, _>>()?;
                    scan.fixed.push((role, fits));
                }
                Value::Bearer if scan.bearer.is_none() && !bearers.is_empty() => {
                    let mut stands = vec![None; self.plan.names.len()];
                    for (i, bearer) in bearers.iter().enumerate() {
                        let all = self.parts(bearer)?;
                        for (n, stands) in stands.iter_mut().enumerate() {
                            match self.fits(&Name::from(self.plan.names.get(n as u32)), bearer, &all)? {
                                Fits::Yes => *stands = Some(i as u16),
                                Fits::Perhaps => *stands = Some(PERHAPS),
                                Fits::No => {}
                            }
                        }
                    }
                    scan.bearer = Some((role, stands));
                }
                Value::OfTrigger(of) if of_trigger.is_none() && !matches!(kind, RoleType::Number(_)) => {
                    of_trigger = Some((role, of.clone()));
                }
                _ => return self.refused(format!("the value of the role `{name}`")),
            }
        }
        Ok((scan, of_trigger))
    }

    /// The parties of a name, where that does not change.
    fn parts(&self, name: &Name) -> Result<BTreeSet<Name>, Refused> {
        let dated = |g: &Group| g.members.iter().any(|m| m.from.is_some() || m.until.is_some());
        if self.agreement.groups.values().any(dated) {
            return self.refused("a membership that changes in time");
        }
        Ok(self.agreement.parties_of(name, Instant(0)))
    }

    fn fits(&self, is: &Name, wanted: &Name, all: &BTreeSet<Name>) -> Result<Fits, Refused> {
        if is == wanted || all.contains(is) {
            return Ok(Fits::Yes);
        }
        let parts = self.parts(is)?;
        Ok(match (parts.is_subset(all), parts.is_disjoint(all)) {
            (true, _) => Fits::Yes,
            (false, true) => Fits::No,
            (false, false) => Fits::Perhaps,
        })
    }
}
