//! What can come about at all, and what somebody can keep from coming about: a bounded exploration of acts and norms.
//!
//! The world that is explored knows acts and norms, and nothing of numbers, places and days. Every act that the text names may be done,
//! once; a norm has one instance. A step makes true whatever follows from what is true; the exploration ends when nothing new follows, which
//! is after at most as many rounds as there are norms. Three questions are asked of it.
//! - *Dead rules*: everybody may do everything, and the norm still never begins.
//! - *Hold-out*: one party does nothing but what it owes by a deadline, everybody else does whatever helps, and what the norm waits for
//!   never comes.
//! - *Empty floor*: a breach stands, everybody does only what is owed, and nothing that is to follow it is ever owed.
//!
//! Invariants
//! - what the exploration does not know (how often, how much, where, that something did *not* happen, a finding against the facts) is taken as
//!   possible: it finds no obstacle that is not there in the text, and lists what it took as possible, and for which norms, as not decided;
//! - each finding says how far was looked.
//!
//! Where to start reading: [`World`], then [`Desk::explore`].

use super::{Desk, Open, listed, say};
use crate::diagnostic::Severity;
use servanda_model::Name;
use servanda_model::agreement::*;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Who does what of their own will.
#[derive(Clone, Copy, PartialEq)]
enum Will<'a> {
    /// Everybody does everything.
    All,
    /// All but one; that one does what it owes.
    But(&'a Name),
    /// All but one, and that one does not even do what it owes.
    Nothing(&'a Name),
    /// Nobody; everybody does what is owed.
    None,
}

/// Whether something begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Begun {
    /// Whatever anybody does, it does not.
    Not,
    /// Where something is so that no act shows.
    Possibly,
    /// By acts alone.
    Surely,
}

/// What was taken as possible: one bit each.
type Taken = u16;

const NOT_SO: Taken = 1;
const STATES: Taken = 1 << 1;
const MUCH: Taken = 1 << 2;
const RECORDED: Taken = 1 << 3;
const JUDGED: Taken = 1 << 4;
const FOUND: Taken = 1 << 5;
const READ: Taken = 1 << 6;
const IN_FORCE: Taken = 1 << 7;
const NOT_EXCUSED: Taken = 1 << 8;

/// The same in words.
const TAKEN: [(Taken, &str); 9] = [
    (NOT_SO, "that something is not so was taken as possible for {}"),
    (STATES, "that a state or an object comes about was taken as possible for {}"),
    (MUCH, "how often, how much, where and how long was taken as possible for {}"),
    (RECORDED, "that a body records what it establishes was taken as possible for {}"),
    (JUDGED, "what is left to judgement was taken as possible for {}"),
    (FOUND, "that a body which can decide does find it was taken as possible for {}"),
    (READ, "the reading under which it comes about was taken for {}"),
    (IN_FORCE, "that the agreement enters into force was taken as possible for {}"),
    (NOT_EXCUSED, "that no exception covers a breach was taken as possible for {}"),
];

/// What is true in one exploration. Norms are known by their index.
struct World<'d, 'a> {
    desk: &'d Desk<'a>,
    rules: &'d Rules<'a>,
    will: Will<'d>,
    /// Acts of these facts happen, whoever does them.
    given: BTreeSet<Name>,
    /// The norm whose breach is supposed.
    broken: Option<usize>,
    begun: Vec<bool>,
    /// What was taken as possible so that it began.
    begun_by: Vec<Taken>,
    fulfilled: Vec<bool>,
    breached: Vec<bool>,
    due: Vec<bool>,
    /// Acts that somebody who does nothing of their own will owes by a deadline: fact and party.
    owed: BTreeSet<(&'a Name, &'d Name)>,
    rounds: usize,
    /// What was taken as possible for each norm, and in the last place for what is asked outside of any.
    taken: Vec<Cell<Taken>>,
    /// The norm of which something is asked now.
    asking: Cell<usize>,
}

/// What is asked of the norms again and again.
struct Rules<'a> {
    /// Norms by name and by the name of their declaration.
    called: BTreeMap<&'a str, Vec<usize>>,
    /// Norms that a remedy answers.
    causes: BTreeMap<&'a Name, Vec<usize>>,
    /// Facts that the content of a norm names.
    facts: Vec<Vec<&'a Name>>,
    nobody: BTreeSet<Name>,
}

impl<'a> Rules<'a> {
    fn of(agreement: &'a Agreement) -> Rules<'a> {
        let mut rules = Rules {
            called: BTreeMap::new(),
            causes: BTreeMap::new(),
            facts: Vec::new(),
            nobody: BTreeSet::new(),
        };
        for (i, norm) in agreement.norms.iter().enumerate() {
            let (name, declared) = (norm.name.as_str(), norm.declared());
            rules.called.entry(name).or_default().push(i);
            if declared != name {
                rules.called.entry(declared).or_default().push(i);
            }
            for remedy in &norm.on_breach {
                rules.causes.entry(remedy).or_default().push(i);
            }
            let patterns = norm.parts.iter().flat_map(|p| super::patterns(&p.cond));
            rules.facts.push(patterns.map(|p| &p.fact).collect());
        }
        rules
    }
}

impl<'d, 'a> World<'d, 'a> {
    fn new(desk: &'d Desk<'a>, rules: &'d Rules<'a>, will: Will<'d>) -> World<'d, 'a> {
        let count = desk.agreement.norms.len();
        let none = vec![false; count];
        World {
            desk,
            rules,
            will,
            given: BTreeSet::new(),
            broken: None,
            begun: none.clone(),
            begun_by: vec![0; count],
            fulfilled: none.clone(),
            breached: none.clone(),
            due: none,
            owed: BTreeSet::new(),
            rounds: 0,
            taken: vec![Cell::new(0); count + 1],
            asking: Cell::new(count),
        }
    }

    fn bearers(&self, norm: &Norm) -> &'d BTreeSet<Name> {
        self.desk.borne.get(&norm.name).unwrap_or(&self.rules.nobody)
    }

    /// Whatever follows, until nothing new does.
    fn explored(mut self) -> Self {
        let norms = &self.desk.agreement.norms;
        loop {
            let mut new = false;
            self.rounds += 1;
            for (i, norm) in norms.iter().enumerate() {
                if self.begun[i] && self.fulfilled[i] && self.breached[i] && self.due[i] {
                    continue;
                }
                if !self.begun[i] {
                    if !self.asked(i, |w| w.is_triggered(norm) && w.is_let(norm)) {
                        continue;
                    }
                    self.begun[i] = true;
                    self.begun_by[i] = self.taken[i].get();
                    new = true;
                }
                if !self.due[i] && self.asked(i, |w| norm.parts.iter().any(|p| w.has_time(p))) {
                    self.due[i] = true;
                    new = true;
                    if !norm.force.is_soft() && norm.kind != NormKind::Ban {
                        self.owe(i);
                    }
                }
                if !self.fulfilled[i] && self.asked(i, |w| w.is_fulfilled(norm)) {
                    self.fulfilled[i] = true;
                    new = true;
                }
                if !self.breached[i] && self.asked(i, |w| w.is_broken(norm)) {
                    self.breached[i] = true;
                    new = true;
                }
            }
            if !new {
                return self;
            }
        }
    }

    /// What a norm obliges to, of those who do nothing else.
    fn owe(&mut self, norm: usize) {
        let rules = self.rules;
        let bearers = self.bearers(&self.desk.agreement.norms[norm]);
        for fact in &rules.facts[norm] {
            match self.will {
                Will::All | Will::Nothing(_) => {}
                Will::But(p) if bearers.contains(p) => drop(self.owed.insert((*fact, p))),
                Will::But(_) => {}
                Will::None => self.owed.extend(bearers.iter().map(|b| (*fact, b))),
            }
        }
    }

    /// Takes something as possible, for the norm that is asked about.
    fn take(&self, what: Taken) -> bool {
        let of = &self.taken[self.asking.get()];
        of.set(of.get() | what);
        true
    }

    /// Asks something of a norm; what was taken as possible counts where the answer is yes.
    fn asked(&self, norm: usize, question: impl FnOnce(&Self) -> bool) -> bool {
        let before = (self.asking.replace(norm), self.taken[norm].get());
        let answer = question(self);
        self.asking.set(before.0);
        if !answer {
            self.taken[norm].set(before.1);
        }
        answer
    }

    /// Whether one of these has come about; then what was taken as possible for it is taken for whoever asks.
    fn one_of(&self, mut norms: impl Iterator<Item = usize>, is_so: impl Fn(usize) -> bool) -> bool {
        let found = norms.find(|i| is_so(*i));
        found.is_some_and(|i| self.take(self.taken[i].get()))
    }

    /// Whether a part is due at a moment that comes.
    fn has_time(&self, part: &Part) -> bool {
        match &part.deadline {
            Deadline::None => false,
            Deadline::By(moment) | Deadline::Every(_, moment) => self.comes(moment),
        }
    }

    fn is_triggered(&self, norm: &Norm) -> bool {
        match &norm.when {
            Trigger::Always => true,
            Trigger::At(moment) => self.comes(moment),
            Trigger::Begins(cond) => self.can_hold(cond),
            Trigger::Ends(cond) => self.can_hold(cond),
            Trigger::Each(pattern) => self.happens(pattern),
            Trigger::Found(term) => self.is_found(term),
            Trigger::Norm(event) => self.norm_event(event),
            Trigger::Breach => {
                let causes = self.rules.causes.get(&norm.name).into_iter().flatten();
                self.one_of(causes.copied(), |n| self.breached[n] || self.broken == Some(n))
            }
        }
    }

    /// Whether what it needs comes.
    fn is_let(&self, norm: &Norm) -> bool {
        let subject = norm.subject(self.desk.agreement);
        norm.needs.iter().chain(&norm.only_if).chain(&subject).all(|c| self.can_hold_for(c, norm))
            && (norm.unless.is_none() || self.take(NOT_SO))
    }

    fn can_hold_for(&self, cond: &Cond, norm: &Norm) -> bool {
        match cond {
            Cond::Fact(p) if matches!(self.desk.acts(p), Some(Value::Bearer)) => {
                self.done_by(p, self.bearers(norm))
            }
            Cond::And(all) => all.iter().all(|c| self.can_hold_for(c, norm)),
            Cond::Or(all) => all.iter().any(|c| self.can_hold_for(c, norm)),
            _ => self.can_hold(cond),
        }
    }

    fn is_fulfilled(&self, norm: &Norm) -> bool {
        if norm.kind == NormKind::Ban
            || norm.parts.iter().all(|p| matches!(p.verb, Verb::Keep | Verb::NotDo | Verb::NotKeep))
        {
            let ends = norm.until.is_some() || self.desk.agreement.ends.is_some();
            return ends || norm.parts.iter().any(|p| p.deadline != Deadline::None);
        }
        let bearers = self.bearers(norm);
        let idle = match self.will {
            Will::But(p) | Will::Nothing(p) => bearers.contains(p),
            Will::None => true,
            Will::All => false,
        };
        norm.parts.iter().all(|part| {
            let timed = self.has_time(part) && !norm.force.is_soft();
            match self.will {
                // What is owed by a deadline is done.
                Will::But(_) | Will::None if idle && timed => true,
                _ => self.can_hold_for(&part.cond, norm),
            }
        })
    }

    fn is_broken(&self, norm: &Norm) -> bool {
        let bearers = self.bearers(norm);
        let willing = match self.will {
            Will::All => true,
            Will::But(p) | Will::Nothing(p) => bearers.iter().any(|b| b != p) || bearers.is_empty(),
            Will::None => false,
        };
        let broken = willing
            && norm.parts.iter().any(|p| match p.verb {
                Verb::Do | Verb::Ensure => {
                    self.has_time(p) || norm.until.is_some() || self.desk.agreement.ends.is_some()
                }
                _ => true,
            });
        broken && (norm.except.is_empty() || self.take(NOT_EXCUSED))
    }

    fn norm_event(&self, event: &NormEvent) -> bool {
        let its = self.rules.called.get(event.norm.as_str()).into_iter().flatten().copied();
        match event.what {
            NormMoment::Fulfilled => self.one_of(its, |i| self.fulfilled[i]),
            NormMoment::Breached => self.one_of(its, |i| self.breached[i] || self.broken == Some(i)),
            NormMoment::Due => self.one_of(its, |i| self.due[i]),
        }
    }

    /// Whether a norm, by its name, has begun.
    fn has_begun(&self, norm: &Norm) -> bool {
        self.rules.called.get(norm.name.as_str()).into_iter().flatten().any(|i| self.begun[*i])
    }

    fn happens(&self, pattern: &FactPattern) -> bool {
        let who = match self.desk.acts(pattern) {
            Some(Value::Name(name)) => self.desk.parties_of([name]),
            // Whose it is follows from the instance or from a record.
            _ => BTreeSet::new(),
        };
        self.done_by(pattern, &who)
    }

    /// Whether one of these does it; nobody named: whether it happens at all.
    fn done_by(&self, pattern: &FactPattern, who: &BTreeSet<Name>) -> bool {
        let fact = &pattern.fact;
        if self.given.contains(fact) {
            return true;
        }
        let owed = |p: &Name| self.owed.contains(&(fact, p));
        match self.will {
            Will::All => true,
            Will::But(p) => who.is_empty() || who.iter().any(|w| w != p || owed(w)),
            Will::Nothing(p) => who.is_empty() || who.iter().any(|w| w != p),
            Will::None if who.is_empty() => self.owed.iter().any(|(f, _)| *f == fact),
            Will::None => who.iter().any(owed),
        }
    }

    fn can_hold(&self, cond: &Cond) -> bool {
        let agreement = self.desk.agreement;
        match cond {
            Cond::And(all) => all.iter().all(|c| self.can_hold(c)),
            Cond::Or(all) => all.iter().any(|c| self.can_hold(c)),
            Cond::Not(_) => self.take(NOT_SO),
            Cond::Fact(pattern) => match agreement.facts.get(&pattern.fact).map(|f| f.kind) {
                Some(FactKind::Event) => self.happens(pattern),
                _ => self.take(STATES),
            },
            Cond::Compare(Value::Aggregate(counted), op, Value::Number(least, _)) => {
                let zero = servanda_model::Number::zero();
                let needed = match op {
                    Op::Ge | Op::Eq => *least > zero,
                    Op::Gt => *least >= zero,
                    _ => false,
                };
                self.take(MUCH) && (!needed || self.happens(&counted.of))
            }
            Cond::Compare(..) | Cond::CompareBy(..) | Cond::Inside(..) | Cond::Run(..) => self.take(MUCH),
            Cond::Term(term) => match agreement.terms.get(term).and_then(|t| t.means.as_ref()) {
                Some(means) => self.can_hold(means),
                None => self.take(JUDGED),
            },
            Cond::Found(term) => self.is_found(term),
            Cond::Norm(event) => self.norm_event(event),
            Cond::Reading(reading) => {
                let options =
                    agreement.readings.get(reading).map(|r| r.options.as_slice()).unwrap_or_default();
                let holds = |m: &Meaning| match m {
                    Meaning::Cond(c) => self.can_hold(c),
                    _ => true,
                };
                options.is_empty() || self.one_reading(options.iter().map(|(_, m)| holds(m)))
            }
        }
    }

    fn is_found(&self, term: &Name) -> bool {
        let by = self.desk.agreement.terms.get(term).and_then(|t| t.found_by.as_ref());
        by.is_none_or(|body| self.can_decide(body)) && self.take(FOUND)
    }

    /// Whether something is so under one of several readings.
    fn one_reading(&self, under: impl Iterator<Item = bool>) -> bool {
        let under: Vec<bool> = under.collect();
        under.contains(&true) && (!under.contains(&false) || self.take(READ))
    }

    /// Whether a body has enough members that vote.
    fn can_decide(&self, body: &Name) -> bool {
        let agreement = self.desk.agreement;
        let Some(found) = agreement.bodies.get(body) else { return true };
        // A record of its own; who makes it the text does not say.
        let Some(decision) = &found.decides else {
            return self.take(RECORDED);
        };
        let members = self.desk.parties_of(found.members.iter().map(|m| &m.who));
        let mut decision = Some(decision);
        while let Some(d) = decision {
            let (from, needed) = match &d.quorum {
                Quorum::AnyOf(n, group) => (self.desk.parties_of([group]), *n as usize),
                quorum => (members.clone(), super::judged::needed(quorum, members.len())),
            };
            let votes = match self.will {
                Will::All => from.len(),
                Will::But(p) | Will::Nothing(p) => from.iter().filter(|m| *m != p).count(),
                Will::None => 0,
            };
            if votes >= needed {
                return true;
            }
            decision = d.failing.as_deref();
        }
        false
    }

    fn comes(&self, moment: &Moment) -> bool {
        match moment {
            Moment::First(pattern) => self.happens(pattern),
            Moment::AllOf(pattern, who) => {
                self.desk.who(who).iter().all(|w| self.done_by(pattern, &BTreeSet::from([w.clone()])))
            }
            Moment::Begins(cond) | Moment::Ends(cond) => self.can_hold(cond),
            Moment::Found(term) => self.is_found(term),
            Moment::Norm(event) => self.norm_event(event),
            Moment::After(_, m)
            | Moment::Before(_, m)
            | Moment::StartOfDay(_, m)
            | Moment::EndOfDay(_, m)
            | Moment::AfterReading(_, m)
            | Moment::Detected(m)
            | Moment::Verified(m) => self.comes(m),
            Moment::Reading(reading) => {
                let options = self.desk.agreement.readings.get(reading).map(|r| r.options.as_slice());
                let comes = |m: &Meaning| match m {
                    Meaning::Moment(m) => self.comes(m),
                    Meaning::Cond(c) => self.can_hold(c),
                    _ => true,
                };
                self.one_reading(options.unwrap_or_default().iter().map(|(_, m)| comes(m)))
            }
            Moment::InForce => {
                let moment = self.desk.agreement.in_force.as_ref();
                let dated =
                    |m: &Moment| matches!(m, Moment::Instant(_)) || super::timing::date_of(m).is_some();
                moment.is_none_or(dated) || self.take(IN_FORCE)
            }
            Moment::Trigger
            | Moment::Breach
            | Moment::Instant(_)
            | Moment::EndOfDate(_)
            | Moment::StartOfDate(_)
            | Moment::Signed => true,
        }
    }
}

impl World<'_, '_> {
    /// Adds what was taken as possible for each norm.
    fn add_taken(&self, to: &mut [Taken]) {
        to.iter_mut().zip(&self.taken).for_each(|(all, its)| *all |= its.get());
    }
}

/// Acts that a norm's trigger and the conditions in it name.
fn of_trigger(norm: &Norm) -> BTreeSet<Name> {
    match &norm.when {
        Trigger::Each(p) => BTreeSet::from([p.fact.clone()]),
        Trigger::Begins(c) | Trigger::Ends(c) => {
            super::patterns(c).into_iter().map(|p| p.fact.clone()).collect()
        }
        Trigger::At(Moment::First(p)) => BTreeSet::from([p.fact.clone()]),
        _ => BTreeSet::new(),
    }
}

type FoundByLooking = (usize, &'static str, Severity, String, String, String);

impl Desk<'_> {
    /// What never comes about, and who can keep it so.
    pub(super) fn explore(&mut self) {
        let (found, at, undecided) = {
            let rules = Rules::of(self.agreement);
            let free = World::new(self, &rules, Will::All).explored();
            let mut found = self.never(&free);
            let dead: BTreeSet<usize> = found.iter().map(|f| f.0).collect();
            let mut taken: Vec<Taken> = free.taken.iter().map(Cell::get).collect();
            found.extend(self.kept_waiting(&free, &dead, &mut taken));
            found.extend(self.nothing_owed(&free, &dead, &mut taken));
            let mut open = Open::default();
            for (norm, taken) in self.agreement.norms.iter().zip(taken) {
                for (what, why) in TAKEN {
                    if taken & what != 0 {
                        open.of(why, &Name::from(norm.declared()));
                    }
                }
            }
            (found, self.agreement.norms.len(), open)
        };
        for (norm, code, severity, message, help, looked) in found {
            let norm = &self.agreement.norms[norm];
            let wrong =
                say(severity, code, self.span(norm), message).help(format!("{help} (looked at: {looked})"));
            let about = self.decl(norm).and_then(|d| d.name.as_ref()).map(|n| n.text.clone());
            self.found(about.as_ref(), wrong);
        }
        self.looked(
            "what can come about, and who can keep it from coming",
            "every act that the text names, once, in any order, with one instance of each rule, until nothing new follows; one party at a time holds back; what no act shows is taken as possible, and powers are not used",
            at,
            undecided,
        );
    }

    fn bound(&self, world: &World<'_, '_>) -> String {
        format!(
            "every act that the text names, once, in any order; {} norms with one instance each; nothing new after round {}",
            self.agreement.norms.len(),
            world.rounds
        )
    }

    /// Norms that nothing triggers, whatever anybody does.
    fn never(&self, free: &World<'_, '_>) -> Vec<FoundByLooking> {
        let mut out = Vec::new();
        for (i, norm) in self.agreement.norms.iter().enumerate() {
            if free.has_begun(norm) || norm.when == Trigger::Breach && self.is_unused(norm) {
                continue;
            }
            let why = self.why_never(norm, free);
            out.push((
                i,
                "A0720",
                Severity::Warning,
                format!("`{}` never begins, whatever anybody does: {why}", norm.name),
                "let it begin with something that can come about, or leave it out".to_string(),
                self.bound(free),
            ));
        }
        out
    }

    /// A remedy that no norm names is told as such elsewhere.
    fn is_unused(&self, norm: &Norm) -> bool {
        !self.agreement.norms.iter().any(|n| n.on_breach.contains(&norm.name))
    }

    fn why_never(&self, norm: &Norm, free: &World<'_, '_>) -> String {
        let of_norm = |event: &NormEvent| {
            let name = &event.norm;
            let other =
                self.agreement.norms.iter().find(|n| n.name == *name || n.declared() == name.as_str());
            match (other, event.what) {
                (None, _) => format!("there is no `{name}`"),
                (Some(o), _) if !free.has_begun(o) => format!("`{name}` never begins either"),
                (_, NormMoment::Fulfilled) => format!("`{name}` has no end, and is never fulfilled"),
                (_, NormMoment::Breached) => format!("`{name}` has no deadline, and is never broken"),
                (_, NormMoment::Due) => format!("`{name}` has no deadline"),
            }
        };
        let of_term = |term: &Name| {
            let body = self
                .agreement
                .terms
                .get(term)
                .and_then(|t| t.found_by.clone())
                .unwrap_or_else(|| term.clone());
            format!("`{body}` has too few members to find `{term}`")
        };
        let of_cond = |cond: &Cond| {
            super::within(cond).into_iter().find_map(|c| match c {
                Cond::Norm(event) if !free.norm_event(event) => Some(of_norm(event)),
                Cond::Found(term) if !free.is_found(term) => Some(of_term(term)),
                _ => None,
            })
        };
        let begun = match &norm.when {
            Trigger::Norm(event) if !free.norm_event(event) => Some(of_norm(event)),
            Trigger::Found(term) if !free.is_found(term) => Some(of_term(term)),
            Trigger::Begins(c) | Trigger::Ends(c) if !free.can_hold(c) => of_cond(c),
            Trigger::At(Moment::Norm(event)) if !free.norm_event(event) => Some(of_norm(event)),
            Trigger::Breach => {
                let causes = self.agreement.norms.iter().filter(|n| n.on_breach.contains(&norm.name));
                Some(format!(
                    "{} has no deadline, and is never broken",
                    listed(causes.map(|n| n.name.clone()))
                ))
            }
            _ => None,
        };
        let needed = norm.needs.iter().chain(&norm.only_if).filter(|c| !free.can_hold(c));
        begun
            .or_else(|| needed.into_iter().find_map(of_cond))
            .unwrap_or_else(|| "what it waits for never comes".to_string())
    }

    /// Parties that can keep what a norm waits for from ever coming, and break nothing.
    fn kept_waiting(
        &self,
        free: &World<'_, '_>,
        dead: &BTreeSet<usize>,
        taken: &mut [Taken],
    ) -> Vec<FoundByLooking> {
        let agreement = self.agreement;
        let mut out: Vec<FoundByLooking> = Vec::new();
        let waiting: Vec<usize> = (0..agreement.norms.len())
            .filter(|i| {
                let n = &agreement.norms[*i];
                !dead.contains(i) && (!n.needs.is_empty() || n.only_if.is_some()) && free.is_let(n)
            })
            .collect();
        if waiting.is_empty() {
            return out;
        }
        for (party, _) in agreement.parties.iter().filter(|(_, p)| !p.outside) {
            let mut world = World::new(self, free.rules, Will::But(party)).explored();
            // One exploration for all norms that begin with the same acts.
            let mut by_beginning: BTreeMap<BTreeSet<Name>, World<'_, '_>> = BTreeMap::new();
            for i in &waiting {
                let norm = &agreement.norms[*i];
                if world.asked(*i, |w| w.is_let(norm)) {
                    continue;
                }
                let owed = self.who(&norm.owed_to);
                if owed.contains(party) || self.told_already(norm, party) {
                    continue;
                }
                // What it begins with has happened.
                let given = of_trigger(norm);
                world.given.clone_from(&given);
                let at_once = world.asked(*i, |w| w.is_let(norm));
                world.given.clear();
                if at_once {
                    continue;
                }
                let begun = by_beginning.entry(given).or_insert_with_key(|given| {
                    let mut begun = World::new(self, free.rules, Will::But(party));
                    begun.given.clone_from(given);
                    begun.explored()
                });
                if begun.asked(*i, |w| w.is_let(norm)) {
                    continue;
                }
                let (code, why) = self.held_up_by(norm, party, begun);
                out.push((
                    *i,
                    code,
                    self.severity(norm),
                    format!(
                        "{} can keep `{}` waiting for ever and break nothing: {why}",
                        listed([party]),
                        norm.name
                    ),
                    "oblige it to act, with a date; or say what holds when it does not".to_string(),
                    self.bound(begun),
                ));
            }
            world.add_taken(taken);
            by_beginning.values().for_each(|begun| begun.add_taken(taken));
        }
        out
    }

    /// The direct case, an act of the party that nothing obliges it to, has a message of its own.
    fn told_already(&self, norm: &Norm, party: &Name) -> bool {
        let about = self.decl(norm).and_then(|d| d.name.as_ref()).map(|n| &n.text);
        let quoted = format!("`{party}`");
        self.out.findings.iter().any(|f| {
            matches!(f.diagnostic.code, "A0709" | "A0717" | "A0711")
                && f.about.as_ref() == about
                && f.diagnostic.message.contains(&quoted)
        })
    }

    /// What of a norm's conditions does not come while the party holds back, and through what.
    fn held_up_by(&self, norm: &Norm, party: &Name, world: &World<'_, '_>) -> (&'static str, String) {
        let own = self.bearers(norm).contains(party);
        let code = if own { "A0717" } else { "A0709" };
        let mut seen = BTreeSet::new();
        let mut open: Vec<(&Cond, Vec<Name>)> = norm
            .needs
            .iter()
            .chain(&norm.only_if)
            .filter(|c| !world.can_hold_for(c, norm))
            .map(|c| (c, vec![norm.name.clone()]))
            .collect();
        let through = |path: &[Name]| -> String {
            path.iter()
                .enumerate()
                .map(|(n, name)| format!("`{name}`{} waits for ", if n == 0 { "" } else { ", which" }))
                .collect()
        };
        while let Some((cond, path)) = open.pop() {
            for cond in super::within(cond) {
                match cond {
                    Cond::Fact(p) if !world.happens(p) || matches!(self.acts(p), Some(Value::Bearer)) => {
                        let without = self.agreement.norms.iter().find(|n| {
                            n.kind != NormKind::Ban
                                && self.bearers(n).contains(party)
                                && n.parts
                                    .iter()
                                    .flat_map(|q| super::patterns(&q.cond))
                                    .any(|q| q.fact == p.fact)
                        });
                        let why = match without {
                            Some(n) if !world.has_begun(n) => {
                                format!("which `{}` asks for only after an act of its own", n.name)
                            }
                            Some(n) if n.force.is_soft() => format!("which `{}` asks for softly", n.name),
                            Some(n) => format!("which `{}` asks for without a deadline", n.name),
                            None => "which nothing obliges it to".to_string(),
                        };
                        return (code, format!("{}`{}`, {why}", through(&path), p.fact));
                    }
                    Cond::Found(term) => {
                        let body = self.agreement.terms.get(term).and_then(|t| t.found_by.as_ref());
                        if let Some(body) = body.filter(|b| !world.can_decide(b)) {
                            return (
                                "A0711",
                                format!(
                                    "{}a finding of `{term}`, and `{body}` cannot decide without it",
                                    through(&path)
                                ),
                            );
                        }
                    }
                    Cond::Term(term) => {
                        if let Some(means) = self.agreement.terms.get(term).and_then(|t| t.means.as_ref())
                            && !world.can_hold(means)
                            && seen.insert(term.clone())
                        {
                            open.push((means, path.clone()));
                        }
                    }
                    Cond::Norm(event) if !world.norm_event(event) && seen.insert(event.norm.clone()) => {
                        let other = self.agreement.norms.iter().find(|n| n.name == event.norm);
                        let Some(other) = other else { continue };
                        let mut path = path.clone();
                        path.push(other.name.clone());
                        let its = self.bearers(other).contains(party);
                        if its && world.has_begun(other) && event.what == NormMoment::Fulfilled {
                            return (code, format!("{}itself, and it has no deadline", through(&path)));
                        }
                        let blocked = other
                            .needs
                            .iter()
                            .chain(&other.only_if)
                            .filter(|c| !world.can_hold_for(c, other));
                        let before = open.len();
                        open.extend(blocked.map(|c| (c, path.clone())));
                        if open.len() == before {
                            if let Trigger::Each(p) = &other.when {
                                return (
                                    code,
                                    format!("{}`{}`, with which it begins", through(&path), p.fact),
                                );
                            }
                            return (code, format!("{}what it begins with", through(&path)));
                        }
                    }
                    _ => {}
                }
            }
        }
        (code, format!("`{}` waits for what it may leave undone", norm.name))
    }

    /// Norms of which a breach stands while nobody has to do anything about it.
    fn nothing_owed(
        &self,
        free: &World<'_, '_>,
        dead: &BTreeSet<usize>,
        taken: &mut [Taken],
    ) -> Vec<FoundByLooking> {
        let agreement = self.agreement;
        let mut out = Vec::new();
        for (i, norm) in agreement.norms.iter().enumerate() {
            if dead.contains(&i) || norm.force.is_soft() {
                continue;
            }
            let follows = |n: &&Norm| {
                norm.on_breach.contains(&n.name)
                    || matches!(&n.when, Trigger::Norm(e) if e.what == NormMoment::Breached
                        && (e.norm == norm.name || e.norm.as_str() == norm.declared()))
            };
            let after: Vec<&Norm> =
                agreement.norms.iter().filter(follows).filter(|n| free.has_begun(n)).collect();
            if after.is_empty()
                || after.iter().any(|n| !n.force.is_soft() && n.needs.is_empty() && n.only_if.is_none())
            {
                continue;
            }
            let mut world = World::new(self, free.rules, Will::None);
            world.given = of_trigger(norm);
            world.broken = Some(i);
            let world = world.explored();
            world.add_taken(taken);
            if after.iter().any(|n| !n.force.is_soft() && world.is_let(n)) {
                continue;
            }
            let why: Vec<String> = after
                .iter()
                .map(|n| {
                    if n.force.is_soft() {
                        format!("`{}` is owed softly", n.name)
                    } else {
                        format!("`{}` waits for what nobody owes", n.name)
                    }
                })
                .collect();
            out.push((
                i,
                "A0717",
                self.severity(norm),
                format!(
                    "a breach of `{}` may stand, and nobody has to do anything: {}",
                    norm.name,
                    why.join("; ")
                ),
                "let something follow that is owed by a time and waits for nobody's will".to_string(),
                self.bound(&world),
            ));
        }
        out
    }

    /// Whether each norm begins while a party does nothing at all, by index.
    pub(super) fn begin_without(&self, party: &Name) -> Vec<Begun> {
        let rules = Rules::of(self.agreement);
        let world = World::new(self, &rules, Will::Nothing(party)).explored();
        let begun = world.begun.iter().zip(&world.begun_by);
        begun
            .map(|(begun, taken)| match (begun, taken) {
                (false, _) => Begun::Not,
                (true, 0) => Begun::Surely,
                (true, _) => Begun::Possibly,
            })
            .collect()
    }
}
