//! Time as a simple temporal network: how long after one moment another may come, at least and at most.
//!
//! A node is a moment: the origin of time, the fulfilment of a norm, or a moment that the text names and does not date (`D-Day`, the
//! trigger of a norm). An arc says that one comes at most so many milliseconds after another; a lower bound is an arc the other way, below
//! zero. Two questions are asked of it.
//! - *Can all of it be kept, if everybody helps?* Not where arcs lead round in a circle whose sum is below zero. The clauses of the
//!   circle, and no others, are the explanation.
//! - *Is time left if somebody takes all the time it has?* Whoever waits for a norm of another waits until that one's last moment.
//!
//! What deliberately does not stand here: what somebody may leave undone for ever (`explore`). A norm without a deadline is taken to follow
//! at once on what it waits for.
//!
//! Invariants
//! - from a dated moment days and months are counted with the agreement's calendar, exactly; from a moment without a date they are widened
//!   to the shortest and the longest that they can be, so that what is found holds whatever the day is;
//! - what the widening leaves open, and two moments that nothing relates, are listed as not decided.
//!
//! Where to start reading: [`Desk::sequence`].

use super::{Desk, Open, listed, say};
use crate::diagnostic::Severity;
use servanda_model::agreement::*;
use servanda_model::time::{DAY, DayOff, EventDay, HOUR, Span};
use servanda_model::{Instant, Name};
use std::collections::BTreeMap;

/// The clocks change by this at most within what is counted, but for a zone that changes its date.
const CLOCKS: i64 = 3 * HOUR;
/// Days that are counted at most from a moment without a date: ten thousand years and more.
const MOST_DAYS: i64 = 4_000_000;
/// So many circles are told.
const MOST_CIRCLES: usize = 12;

/// What a node of the network is.
#[derive(Clone, PartialEq)]
enum Node {
    /// 1 January 1970.
    Origin,
    /// The moment at which a norm is fulfilled, by its index.
    Norm(usize),
    /// A moment that the text does not date.
    Undated(Moment),
}

/// What is counted from a node.
#[derive(Clone, PartialEq, Debug)]
enum Step {
    At(Instant),
    After(Span),
    Before(Span),
    StartOfDay(i64),
    EndOfDay(i64),
    /// Between these, as a reading says.
    Between(Span, Span),
}

/// A moment: a node, and what is counted from it.
#[derive(Clone, PartialEq)]
struct Mark {
    node: usize,
    steps: Vec<Step>,
}

/// Milliseconds after a node: at least, and at most where there is a bound.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Stretch {
    least: i64,
    most: Option<i64>,
}

/// `to` comes at most `most` milliseconds after `from`.
struct Arc {
    from: usize,
    to: usize,
    most: i64,
    /// In words, as a part of a sentence.
    why: String,
    norm: usize,
}

/// That a norm waits for another, and what is counted between.
#[derive(Clone, PartialEq)]
struct Wait {
    on: usize,
    lag: Vec<Step>,
    /// Nothing else could be waited for in its place.
    sure: bool,
}

/// The last moment at which a norm may be fulfilled in time, and through which norms.
#[derive(Clone)]
struct Last {
    mark: Mark,
    path: Vec<usize>,
}

struct Net<'d, 'a> {
    desk: &'d Desk<'a>,
    nodes: Vec<Node>,
    arcs: Vec<Arc>,
    waits: Vec<Vec<Wait>>,
    due: Vec<Option<Mark>>,
    /// What could not be decided.
    open: Open,
    /// Norms that oblige somebody to an act of this fact.
    obliges: BTreeMap<Name, Vec<usize>>,
}

impl Desk<'_> {
    /// What cannot be kept in time, or only if somebody hurries who need not.
    pub(super) fn sequence(&mut self) {
        let (found, at, undecided) = {
            let mut net = Net::of(self);
            net.build();
            let mut told = Told { undecided: std::mem::take(&mut net.open), ..Told::default() };
            net.circles(&mut told);
            net.slack(&mut told);
            net.unsecured(&mut told);
            (told.found, told.at, told.undecided)
        };
        for (norm, severity, message, labels, help) in found {
            let norm = &self.agreement.norms[norm];
            let mut wrong = say(severity, "A0710", self.span(norm), message).help(help);
            for (on, text) in labels {
                wrong = wrong.label(self.span(&self.agreement.norms[on]), text);
            }
            let about = self.decl(norm).and_then(|d| d.name.as_ref()).map(|n| n.text.clone());
            self.found(about.as_ref(), wrong);
        }
        self.looked(
            "sequence and slack",
            "deadlines, beginnings, ends and what waits for what, as least and greatest distances between moments; acts that one rule alone obliges to stand for its fulfilment; twelve circles are told; not how likely a delay is",
            at,
            undecided,
        );
    }
}

type FoundInTime = (usize, Severity, String, Vec<(usize, String)>, &'static str);

#[derive(Default)]
struct Told {
    found: Vec<FoundInTime>,
    at: usize,
    undecided: Open,
}

impl<'d, 'a> Net<'d, 'a> {
    fn of(desk: &'d Desk<'a>) -> Net<'d, 'a> {
        let norms = &desk.agreement.norms;
        let mut obliges: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
        for (i, norm) in norms.iter().enumerate().filter(|(_, n)| n.kind != NormKind::Ban) {
            for part in norm.parts.iter().filter(|p| p.verb == Verb::Do) {
                if let Cond::Fact(pattern) = &part.cond {
                    obliges.entry(pattern.fact.clone()).or_default().push(i);
                }
            }
        }
        let mut nodes = vec![Node::Origin];
        nodes.extend((0..norms.len()).map(Node::Norm));
        Net {
            desk,
            nodes,
            arcs: Vec::new(),
            waits: Vec::new(),
            due: Vec::new(),
            open: Open::default(),
            obliges,
        }
    }

    fn norms(&self) -> &'a [Norm] {
        &self.desk.agreement.norms
    }

    fn open_of(&mut self, why: &'static str, norm: usize) {
        let declared = Name::from(self.norms()[norm].declared());
        self.open.of(why, &declared);
    }

    fn node_of(norm: usize) -> usize {
        norm + 1
    }

    /// The norm whose fulfilment a node is.
    fn norm_at(&self, node: usize) -> Option<usize> {
        match self.nodes[node] {
            Node::Norm(norm) => Some(norm),
            _ => None,
        }
    }

    fn undated(&mut self, moment: &Moment) -> Mark {
        let first = self.norms().len() + 1;
        let found = self.nodes[first..].iter().position(|n| matches!(n, Node::Undated(m) if m == moment));
        let node = found.map(|at| first + at).unwrap_or_else(|| {
            self.nodes.push(Node::Undated(moment.clone()));
            self.nodes.len() - 1
        });
        Mark { node, steps: Vec::new() }
    }

    fn at(instant: Instant) -> Mark {
        Mark { node: 0, steps: vec![Step::At(instant)] }
    }

    /// The one norm that is called so; rows of one declaration are several.
    fn norm_called(&self, name: &Name) -> Option<usize> {
        self.norms().iter().position(|n| n.name == *name)
    }

    /// The first of what a fact says: when the text itself says that it begins, or when the one norm that obliges somebody to it is fulfilled.
    fn first_of(&self, fact: &Name) -> Option<Mark> {
        let begins = self.desk.agreement.facts.get(fact).and_then(|f| f.begins.first().copied());
        if let Some(at) = begins {
            return Some(Net::at(at));
        }
        match self.obliges.get(fact).map(Vec::as_slice) {
            Some([one]) => Some(Mark { node: Net::node_of(*one), steps: Vec::new() }),
            _ => None,
        }
    }

    /// A moment as the norm of that index means it. `depth` bounds what the entry into force hangs on.
    fn mark(&mut self, moment: &Moment, norm: usize, depth: usize) -> Mark {
        let agreement = self.desk.agreement;
        let calendar = &agreement.calendar;
        let and = |mut mark: Mark, step: Step| {
            mark.steps.push(step);
            mark
        };
        if depth == 0 {
            self.open_of("a moment of {} hangs on others more than six deep", norm);
            return self.undated(moment);
        }
        if let Moment::First(p) | Moment::AllOf(p, _) = moment
            && self.obliges.get(&p.fact).is_some_and(|all| all.len() > 1)
        {
            self.open_of("a moment of {} is an act to which several rules oblige, and which of them brings it about first is not said", norm);
        }
        match moment {
            Moment::Instant(at) => Net::at(*at),
            Moment::EndOfDate(date) => Net::at(calendar.end_of_day(*date)),
            Moment::StartOfDate(date) => Net::at(calendar.start_of_day(*date)),
            Moment::Signed => match agreement.signed {
                Some(date) => Net::at(calendar.start_of_day(date)),
                None => self.undated(moment),
            },
            Moment::InForce => match (&agreement.in_force, agreement.signed) {
                (Some(other), _) => self.mark(&other.clone(), norm, depth - 1),
                (None, Some(date)) => Net::at(calendar.start_of_day(date)),
                (None, None) => self.undated(moment),
            },
            Moment::Trigger => self.trigger(norm, depth - 1),
            Moment::Breach => self.undated(&Moment::Norm(NormEvent {
                norm: self.norms()[norm].name.clone(),
                of: None,
                what: NormMoment::Breached,
            })),
            Moment::Begins(cond) => match &**cond {
                Cond::Fact(p) => self.first_of(&p.fact).unwrap_or_else(|| self.undated(moment)),
                _ => self.undated(moment),
            },
            Moment::First(p) | Moment::AllOf(p, _) => {
                self.first_of(&p.fact).unwrap_or_else(|| self.undated(moment))
            }
            Moment::Norm(event) => match (self.norm_called(&event.norm), event.what) {
                (Some(on), NormMoment::Fulfilled) => Mark { node: Net::node_of(on), steps: Vec::new() },
                (Some(on), NormMoment::Due) if on != norm => match self.deadline(on, depth - 1) {
                    Some(mark) => mark,
                    None => self.undated(moment),
                },
                _ => self.undated(moment),
            },
            Moment::After(span, from) => and(self.mark(from, norm, depth - 1), Step::After(*span)),
            Moment::Before(span, from) => and(self.mark(from, norm, depth - 1), Step::Before(*span)),
            Moment::StartOfDay(n, from) => and(self.mark(from, norm, depth - 1), Step::StartOfDay(*n)),
            Moment::EndOfDay(n, from) => and(self.mark(from, norm, depth - 1), Step::EndOfDay(*n)),
            Moment::AfterReading(reading, from) => {
                let options =
                    agreement.readings.get(reading).map(|r| r.options.as_slice()).unwrap_or_default();
                let spans: Vec<Span> = options
                    .iter()
                    .filter_map(|(_, meaning)| match meaning {
                        Meaning::Span(span) => Some(*span),
                        _ => None,
                    })
                    .collect();
                let (least, most) = (
                    spans.iter().min_by_key(|s| s.least_hours()),
                    spans.iter().max_by_key(|s| s.nominal_hours()),
                );
                match (least, most) {
                    (Some(least), Some(most)) => {
                        and(self.mark(from, norm, depth - 1), Step::Between(*least, *most))
                    }
                    _ => self.undated(moment),
                }
            }
            Moment::Ends(_)
            | Moment::Found(_)
            | Moment::Detected(_)
            | Moment::Verified(_)
            | Moment::Reading(_) => self.undated(moment),
        }
    }

    /// What starts a norm.
    fn trigger(&mut self, norm: usize, depth: usize) -> Mark {
        let of = &self.norms()[norm];
        let moment = match &of.when {
            Trigger::Always => match &of.from {
                Some(from) => from.clone(),
                None => Moment::InForce,
            },
            Trigger::At(moment) => moment.clone(),
            Trigger::Begins(cond) => Moment::Begins(Box::new(cond.clone())),
            Trigger::Ends(cond) => Moment::Ends(Box::new(cond.clone())),
            Trigger::Each(pattern) => Moment::First(Box::new(pattern.clone())),
            Trigger::Found(term) => Moment::Found(term.clone()),
            Trigger::Norm(event) => Moment::Norm(event.clone()),
            Trigger::Breach => Moment::Breach,
        };
        if moment == Moment::Trigger { self.undated(&moment) } else { self.mark(&moment, norm, depth) }
    }

    /// The first deadline of a norm that somebody must meet once.
    fn deadline(&mut self, norm: usize, depth: usize) -> Option<Mark> {
        let of = &self.norms()[norm];
        let marks: Vec<Mark> = of
            .parts
            .iter()
            .filter(|p| matches!(p.verb, Verb::Do | Verb::Ensure))
            .filter_map(|p| match &p.deadline {
                Deadline::By(moment) => Some(moment),
                _ => None,
            })
            .map(|moment| self.mark(moment, norm, depth))
            .collect();
        marks.into_iter().min_by_key(|m| self.stretch(&m.steps).least)
    }

    /// How long after its node a moment comes.
    fn stretch(&self, steps: &[Step]) -> Stretch {
        steps.iter().fold(Stretch { least: 0, most: Some(0) }, |so_far, step| self.step(so_far, step, steps))
    }

    fn step(&self, from: Stretch, step: &Step, all: &[Step]) -> Stretch {
        let calendar = &self.desk.agreement.calendar;
        let dated = matches!(all.first(), Some(Step::At(_))) && Some(from.least) == from.most;
        if let Step::At(at) = step {
            return Stretch { least: at.0, most: Some(at.0) };
        }
        if dated {
            let at = Instant(from.least);
            let exact = |at: Instant| Stretch { least: at.0, most: Some(at.0) };
            match step {
                Step::At(at) => return exact(*at),
                Step::After(span) => return exact(calendar.deadline_after(at, *span)),
                Step::Before(span) => return exact(calendar.deadline_before(at, *span)),
                Step::StartOfDay(n) => {
                    return exact(calendar.start_of_day(calendar.nth_day_after(calendar.date(at), *n)));
                }
                Step::EndOfDay(n) => {
                    return exact(calendar.end_of_day(calendar.nth_day_after(calendar.date(at), *n)));
                }
                Step::Between(least, most) => {
                    return Stretch {
                        least: calendar.deadline_after(at, *least).0,
                        most: Some(calendar.deadline_after(at, *most).0),
                    };
                }
            }
        }
        let plus = |by: Stretch| Stretch {
            least: from.least.saturating_add(by.least),
            most: from.most.zip(by.most).map(|(a, b)| a.saturating_add(b)),
        };
        match step {
            Step::At(_) => from,
            Step::After(span) => plus(self.widened(*span)),
            // The end of the day so many days earlier.
            Step::Before(span @ Span::Exact(_)) => {
                let ms = self.widened(*span).least;
                plus(Stretch { least: -ms, most: Some(-ms) })
            }
            Step::Before(span) => {
                let by = self.widened(*span);
                plus(Stretch {
                    least: by.most.map_or(i64::MIN / 4, |most| -most),
                    most: Some(-by.least + DAY + 2 * CLOCKS),
                })
            }
            Step::StartOfDay(n) => {
                let day = self.widened(Span::Days(*n));
                plus(Stretch { least: day.least - DAY, most: day.most.map(|m| m - DAY + 2 * CLOCKS) })
            }
            Step::EndOfDay(n) => plus(self.widened_days(*n)),
            Step::Between(least, most) => {
                plus(Stretch { least: self.widened(*least).least, most: self.widened(*most).most })
            }
        }
    }

    /// The end of day n after, whatever the hour of the event.
    fn widened_days(&self, n: i64) -> Stretch {
        let n = n.clamp(-MOST_DAYS, MOST_DAYS);
        let n = match self.desk.agreement.calendar.event_day {
            EventDay::Excluded => n,
            EventDay::Included => n - 1,
        };
        Stretch { least: n * DAY - CLOCKS, most: Some((n + 1) * DAY + CLOCKS) }
    }

    /// The shortest and the longest that a span can be, whatever day it begins on.
    fn widened(&self, span: Span) -> Stretch {
        let mut by = match span {
            Span::Exact(ms) => {
                let ms = ms.clamp(-MOST_DAYS * DAY, MOST_DAYS * DAY);
                return Stretch { least: ms, most: Some(ms) };
            }
            Span::Days(n) => self.widened_days(n),
            Span::Months(n) => {
                let n = n.clamp(-MOST_DAYS / 31, MOST_DAYS / 31);
                let (years, months) = (n / 12, n % 12);
                // Any month and the next have 59 days or more together.
                let least = years * 365 + (months / 2) * 59 + (months % 2) * 28 - 1;
                let most = years * 366 + months * 31 + 1;
                Stretch { least: self.widened_days(least).least, most: self.widened_days(most).most }
            }
            // How many days off lie between is not looked at.
            Span::WorkingDays(n) => Stretch { least: self.widened_days(n).least, most: None },
        };
        match self.desk.agreement.calendar.day_off {
            DayOff::Stands => {}
            DayOff::MovesToNext => by.most = None,
            DayOff::MovesToPrevious => by.least = 0,
        }
        by
    }

    fn build(&mut self) {
        for i in 0..self.norms().len() {
            let due = self.deadline(i, 6);
            self.due.push(due);
        }
        for i in 0..self.norms().len() {
            let norm = &self.norms()[i];
            let waits = self.waits_of(i);
            // What lasts, and what is forbidden, is not fulfilled at a moment.
            let once = norm.parts.len() == 1
                && norm.kind != NormKind::Ban
                && norm.parts.iter().all(|p| matches!(p.verb, Verb::Do | Verb::Ensure));
            if once {
                self.bounds(i, &waits);
            } else if norm.parts.len() > 1 && self.due[i].is_some() {
                self.open_of(
                    "several things are asked for, and the first to be due alone was counted, in {}",
                    i,
                );
            }
            self.waits.push(waits);
        }
        let waited: Vec<usize> = self.waits.iter().flatten().map(|w| w.on).collect();
        for on in waited {
            let lasts = |p: &Part| !matches!(p.verb, Verb::Do | Verb::Ensure);
            if self.norms()[on].parts.iter().any(lasts) {
                self.open_of(
                    "when what lasts is fulfilled for those who wait for it was not counted in {}",
                    on,
                );
            }
        }
    }

    fn bounds(&mut self, i: usize, waits: &[Wait]) {
        let here = Net::node_of(i);
        let norm = &self.norms()[i];
        let name = norm.name.clone();
        let mut most: Vec<(Mark, &str)> = Vec::new();
        if let Some(due) = self.due[i].clone() {
            most.push((due, "is due"));
        }
        if let Some(until) = norm.until.clone() {
            let mark = self.mark(&until, i, 6);
            most.push((mark, "ends"));
        }
        for (mark, what) in most {
            let Some(bound) = self.stretch(&mark.steps).most.filter(|_| mark.node != here) else { continue };
            let why = format!("`{name}` {what} {}", self.told(&mark));
            self.arcs.push(Arc { from: mark.node, to: here, most: bound, why, norm: i });
        }
        let mut least: Vec<(Mark, i64, String)> = Vec::new();
        if let Some(from) = norm.from.clone() {
            let mark = self.mark(&from, i, 6);
            let told = format!("`{name}` does not begin before {}", self.told(&mark));
            least.push((mark, 0, told));
        }
        if !matches!(norm.when, Trigger::Always) {
            let mark = self.trigger(i, 6);
            let told = format!("`{name}` begins {}", self.told(&mark));
            least.push((mark, 0, told));
        }
        for wait in waits.iter().filter(|w| w.lag.is_empty() && w.sure) {
            let mark = Mark { node: Net::node_of(wait.on), steps: Vec::new() };
            let told = format!("`{name}` waits for `{}`", self.norms()[wait.on].name);
            least.push((mark, 1, told));
        }
        for (mark, strictly, why) in least {
            if mark.node == here {
                continue;
            }
            let bound = self.stretch(&mark.steps).least.max(i64::MIN / 4) + strictly;
            self.arcs.push(Arc { from: here, to: mark.node, most: -bound, why, norm: i });
        }
    }

    /// Norms that this one waits for: by name, or because they oblige somebody to the act that it needs.
    fn waits_of(&mut self, i: usize) -> Vec<Wait> {
        let norm = &self.norms()[i];
        let mut out: Vec<Wait> = Vec::new();
        match &norm.when {
            Trigger::Norm(NormEvent { norm: other, what: NormMoment::Fulfilled, .. }) => {
                self.by_name(i, other, &[], &mut out);
            }
            Trigger::Each(p) => self.by_fact(i, p, &mut out),
            Trigger::Begins(c) => self.by_cond(i, c, 8, &mut out),
            _ => {}
        }
        for cond in norm.needs.iter().chain(&norm.only_if) {
            self.by_cond(i, cond, 8, &mut out);
        }
        if let Some(from) = &norm.from {
            let mark = self.mark(from, i, 6);
            if let Some(on) = self.norm_at(mark.node).filter(|on| *on != i) {
                out.push(Wait { on, lag: mark.steps, sure: true });
            }
        }
        out
    }

    fn by_name(&self, i: usize, name: &Name, lag: &[Step], out: &mut Vec<Wait>) {
        for (on, other) in self.norms().iter().enumerate() {
            let row =
                other.name.as_str().strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('/'));
            if (other.name == *name || row) && on != i {
                out.push(Wait { on, lag: lag.to_vec(), sure: !row });
            }
        }
    }

    fn by_fact(&self, i: usize, pattern: &FactPattern, out: &mut Vec<Wait>) {
        let who = match self.desk.acts(pattern) {
            Some(Value::Bearer) => self.desk.bearers(&self.norms()[i]),
            Some(Value::Name(name)) => self.desk.parties_of([name]),
            _ => Default::default(),
        };
        let its = |on: &&usize| {
            let bearers = self.desk.borne.get(&self.norms()[**on].name);
            let meets = |b: &std::collections::BTreeSet<Name>| b.is_empty() || !b.is_disjoint(&who);
            **on != i && (who.is_empty() || bearers.is_none_or(meets))
        };
        let all: Vec<usize> =
            self.obliges.get(&pattern.fact).into_iter().flatten().filter(its).copied().collect();
        out.extend(all.iter().map(|on| Wait { on: *on, lag: Vec::new(), sure: all.len() == 1 }));
    }

    /// What a condition cannot do without; `depth` bounds terms within terms.
    fn by_cond(&mut self, i: usize, cond: &Cond, depth: usize, out: &mut Vec<Wait>) {
        match cond {
            Cond::And(all) => all.iter().for_each(|c| self.by_cond(i, c, depth, out)),
            Cond::Norm(NormEvent { norm: other, what: NormMoment::Fulfilled, .. }) => {
                self.by_name(i, other, &[], out)
            }
            Cond::Fact(pattern) => self.by_fact(i, pattern, out),
            Cond::Term(term) if depth > 0 => {
                let agreement = self.desk.agreement;
                match agreement.terms.get(term).and_then(|t| t.means.as_ref()) {
                    Some(means) => self.by_cond(i, means, depth - 1, out),
                    None => self.open_of(
                        "something is waited for that is no act and no fulfilment, and has no time, in {}",
                        i,
                    ),
                }
            }
            Cond::Or(all) => {
                let mut any = Vec::new();
                all.iter().for_each(|c| self.by_cond(i, c, depth, &mut any));
                if !any.is_empty() {
                    self.open.add(format!("`{}` waits for one of several", self.norms()[i].name));
                }
            }
            _ => self.open_of(
                "something is waited for that is no act and no fulfilment, and has no time, in {}",
                i,
            ),
        }
    }

    /// A moment in words.
    fn told(&self, mark: &Mark) -> String {
        let steps = &mark.steps;
        let reach = self.stretch(steps);
        if matches!(steps.first(), Some(Step::At(_))) {
            return match reach.most {
                Some(most) if most == reach.least => format!("on {}", self.shown(Instant(most))),
                _ => format!("from {}", self.shown(Instant(reach.least))),
            };
        }
        let base = match &self.nodes[mark.node] {
            Node::Origin => "the beginning".to_string(),
            Node::Norm(norm) => format!("`{}`", self.norms()[*norm].name),
            Node::Undated(moment) => self.moment(moment),
        };
        if steps.is_empty() {
            return format!("with {base}");
        }
        let counted: Vec<String> = steps
            .iter()
            .map(|step| match step {
                Step::At(at) => self.shown(*at),
                Step::After(span) => format!("{span} after"),
                Step::Before(span) => format!("{span} before"),
                Step::StartOfDay(n) => format!("the start of day {n} after"),
                Step::EndOfDay(n) => format!("the end of day {n} after"),
                Step::Between(least, most) => format!("{least} to {most} after"),
            })
            .collect();
        let counted: Vec<String> = counted.into_iter().rev().collect();
        format!("{} {base}", counted.join(" "))
    }

    fn moment(&self, moment: &Moment) -> String {
        match moment {
            Moment::Reading(name) | Moment::Found(name) => format!("`{name}`"),
            Moment::First(p) | Moment::AllOf(p, _) => format!("`{}`", p.fact),
            Moment::Begins(c) | Moment::Ends(c) => match &**c {
                Cond::Fact(p) => format!("`{}`", p.fact),
                Cond::Term(t) | Cond::Found(t) => format!("`{t}`"),
                _ => "what starts it".to_string(),
            },
            Moment::Norm(event) => {
                let what = match event.what {
                    NormMoment::Fulfilled => "fulfilment",
                    NormMoment::Breached => "breach",
                    NormMoment::Due => "deadline",
                };
                format!("the {what} of `{}`", event.norm)
            }
            Moment::InForce => "the entry into force".to_string(),
            Moment::Signed => "the signature".to_string(),
            _ => "a moment without a date".to_string(),
        }
    }

    /// A day, or a time where it is not the end or the start of one.
    fn shown(&self, at: Instant) -> String {
        let calendar = &self.desk.agreement.calendar;
        let date = calendar.date(at);
        if at == calendar.end_of_day(date) || at == calendar.start_of_day(date) {
            date.to_string()
        } else {
            calendar.show(at)
        }
    }

    /// Circles of arcs whose sum is below zero: what nobody can keep even if everybody helps.
    fn circles(&self, told: &mut Told) {
        let mut left_out: Vec<usize> = Vec::new();
        for n in 0..=MOST_CIRCLES {
            let Some(circle) = self.circle(&left_out) else { return };
            if n == MOST_CIRCLES {
                told.undecided.add(format!("there are more circles than the {MOST_CIRCLES} that are told"));
                return;
            }
            let sum: i64 = circle.iter().map(|a| self.arcs[*a].most).sum();
            let mut norms: Vec<usize> = circle.iter().map(|a| self.arcs[*a].norm).collect();
            norms.sort_unstable();
            norms.dedup();
            left_out.extend(&circle);
            // A single rule that ends before it begins never has an effect, and is told as that.
            let [.., last] = norms[..] else { continue };
            if norms.len() == 1 {
                continue;
            }
            let waiting = circle.iter().all(|a| self.arcs[*a].most > -1_000 && self.arcs[*a].most < 1_000);
            let names = listed(norms.iter().map(|n| self.norms()[*n].name.clone()));
            let whys: Vec<&str> = circle.iter().rev().map(|a| self.arcs[*a].why.as_str()).collect();
            let message = if waiting {
                format!(
                    "{names} wait for each other, and none is owed before another is done: {}",
                    whys.join("; ")
                )
            } else {
                format!(
                    "{names} cannot all be kept in time: {}; together {} are missing",
                    whys.join("; "),
                    length(-sum)
                )
            };
            let labels = norms.iter().filter(|n| **n != last);
            let labels = labels.map(|n| (*n, "a part of the circle".to_string())).collect();
            told.found.push((
                last,
                Severity::Warning,
                message,
                labels,
                "move one of the dates, shorten one of the times, or let one of them wait no longer",
            ));
        }
    }

    /// One such circle, as arcs in order (Bellman and Ford, from everywhere at once).
    fn circle(&self, left_out: &[usize]) -> Option<Vec<usize>> {
        let count = self.nodes.len();
        let mut reach = vec![0_i64; count];
        let mut by: Vec<Option<usize>> = vec![None; count];
        let mut changed = None;
        for _ in 0..count {
            changed = None;
            for (index, arc) in self.arcs.iter().enumerate() {
                let through = reach[arc.from].saturating_add(arc.most);
                if through < reach[arc.to] && !left_out.contains(&index) {
                    reach[arc.to] = through;
                    by[arc.to] = Some(index);
                    changed = Some(arc.to);
                }
            }
            changed?;
        }
        let mut node = changed?;
        for _ in 0..count {
            node = self.arcs[by[node]?].from;
        }
        let (start, mut circle) = (node, Vec::new());
        loop {
            let arc = by[node]?;
            circle.push(arc);
            node = self.arcs[arc].from;
            if node == start {
                return Some(circle);
            }
        }
    }

    /// Whether time is left for a norm when those for whom it waits take all they have.
    fn slack(&self, told: &mut Told) {
        let mut last: Vec<Option<Last>> = vec![None; self.norms().len()];
        for _ in 0..self.norms().len() {
            let mut changed = false;
            for i in 0..self.norms().len() {
                let new = self.last_of(i, &last);
                let same = match (&new, &last[i]) {
                    (Some(a), Some(b)) => a.mark == b.mark,
                    (None, None) => true,
                    _ => false,
                };
                if !same {
                    last[i] = new;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        for i in 0..self.norms().len() {
            let norm = &self.norms()[i];
            let mut worst: Option<(i64, Last, bool)> = None;
            for wait in &self.waits[i] {
                let other = &self.norms()[wait.on].name;
                let open = |why: &str| format!("`{}` waits for `{other}`, and {why}", norm.name);
                let Some(due) = &self.due[i] else {
                    told.undecided.add(open("has no deadline of its own"));
                    continue;
                };
                if self.norm_at(due.node).is_some() {
                    // It moves along with what it waits for.
                    told.at += 1;
                    continue;
                }
                let Some(mut latest) = last[wait.on].clone() else {
                    told.undecided.add(open("that one has no date that the text gives"));
                    continue;
                };
                latest.mark.steps.extend(wait.lag.iter().cloned());
                match self.left(&latest.mark, due) {
                    Ok(Some(left)) => {
                        told.at += 1;
                        let dated = due.node == 0;
                        if worst.as_ref().is_none_or(|(least, ..)| left < *least) {
                            worst = Some((left, latest, dated));
                        }
                    }
                    Ok(None) => told.at += 1,
                    Err(why) => told.undecided.add(open(&why)),
                }
            }
            let (Some((left, latest, _)), Some(due)) = (worst, &self.due[i]) else { continue };
            let message = self.story(i, due, &latest, left);
            let labels = latest.path.iter().map(|on| (*on, "what it waits for".to_string())).collect();
            told.found.push((
                i,
                if left == 0 { self.desk.severity(norm) } else { Severity::Warning },
                message,
                labels,
                "move one of the dates, or let the later one run from the earlier (`within … of … fulfilled`)",
            ));
        }
    }

    /// The last moment at which a norm may be fulfilled in time: its deadline, or at once after what it waits for.
    fn last_of(&self, i: usize, last: &[Option<Last>]) -> Option<Last> {
        let through = |on: usize, steps: &[Step]| -> Option<Last> {
            let mut found = last[on].clone()?;
            if found.path.contains(&i) || found.path.len() > 32 {
                return None;
            }
            found.mark.steps.extend(steps.iter().cloned());
            found.path.push(i);
            Some(found)
        };
        if let Some(due) = &self.due[i] {
            return match self.norm_at(due.node) {
                Some(on) if on != i => through(on, &due.steps),
                Some(_) => None,
                None => Some(Last { mark: due.clone(), path: vec![i] }),
            };
        }
        let waited = self.waits[i].iter().filter_map(|w| through(w.on, &w.lag));
        let waited: Vec<Last> = waited.collect();
        let dated = |l: &&Last| l.mark.node == 0;
        let latest = waited.iter().filter(dated).max_by_key(|l| self.stretch(&l.mark.steps).least);
        latest.or(waited.first()).cloned()
    }

    /// Milliseconds that are left between two moments where it is not more than none; nothing where there is more.
    fn left(&self, latest: &Mark, due: &Mark) -> Result<Option<i64>, String> {
        if latest.node != due.node {
            return Err(format!("the one runs {}, the other {}", self.told(latest), self.told(due)));
        }
        let stands = self.desk.agreement.calendar.day_off == DayOff::Stands;
        if let (Some(a), Some(b), true) = (self.days(&latest.steps), self.days(&due.steps), stands) {
            return Ok(Some(b.saturating_sub(a).clamp(-MOST_DAYS, MOST_DAYS) * DAY).filter(|left| *left <= 0));
        }
        let (early, late) = (self.stretch(&latest.steps), self.stretch(&due.steps));
        match (late.most, early.most) {
            _ if latest.steps == due.steps => Ok(Some(0)),
            (Some(most), _) if most <= early.least => {
                // Of two dated days the difference in days.
                let calendar = &self.desk.agreement.calendar;
                let days = |ms: i64| {
                    calendar.date(Instant(ms)).duration_since(jiff::civil::Date::constant(1970, 1, 1))
                };
                let whole = (days(most).as_hours() - days(early.least).as_hours()) / 24;
                Ok(Some(if due.node == 0 && whole < 0 { whole * DAY } else { most - early.least }))
            }
            (_, Some(early)) if late.least > early => Ok(None),
            _ => Err("how many hours their days have decides".to_string()),
        }
    }

    /// Days counted from a moment without a date, where nothing else is counted.
    fn days(&self, steps: &[Step]) -> Option<i64> {
        match steps {
            [Step::After(Span::Days(n)) | Step::EndOfDay(n)] => Some(*n),
            _ => None,
        }
    }

    fn story(&self, i: usize, due: &Mark, latest: &Last, left: i64) -> String {
        let norm = &self.norms()[i].name;
        let first = &self.norms()[latest.path[0]].name;
        let (early, late) = (self.stretch(&latest.mark.steps).least, self.stretch(&due.steps).least);
        let dated = due.node == 0;
        let own = self.due[latest.path[0]].as_ref().map(|m| self.stretch(&m.steps).least);
        let begun = own.unwrap_or(early);
        let through: Vec<String> =
            latest.path[1..].iter().map(|n| format!("`{}`", self.norms()[*n].name)).collect();
        let through =
            if through.is_empty() { String::new() } else { format!(" through {}", through.join(", ")) };
        let day = |ms: i64| self.shown(Instant(ms));
        if dated {
            let moved = if begun == early {
                String::new()
            } else {
                format!(", and what lies between ends on {}", day(early))
            };
            return match left {
                0 if begun == late => format!(
                    "on {} both are due; `{norm}` waits for `{first}`{through}, and no day is left between them",
                    day(late)
                ),
                0 => format!(
                    "`{first}` may be done as late as {}{moved}; then no day is left for `{norm}`, due on {}",
                    day(begun),
                    day(late)
                ),
                less => format!(
                    "`{first}` may be done as late as {}{moved}; `{norm}` waits for it{through} and is due on {}: {} too late",
                    day(begun),
                    day(late),
                    length(-less)
                ),
            };
        }
        // A day on which it could begin, so that the dates can be looked at.
        let calendar = &self.desk.agreement.calendar;
        let say_on = self.desk.agreement.signed.unwrap_or(jiff::civil::Date::constant(2026, 3, 2));
        let with = |steps: &[Step]| {
            let mut all = vec![Step::At(calendar.start_of_day(say_on))];
            all.extend(steps.iter().cloned());
            day(self.stretch(&all).least)
        };
        let end = if left == 0 {
            "no time is left between them".to_string()
        } else {
            format!("{} are missing", length(-left))
        };
        format!(
            "`{norm}` waits for `{first}`{through}, which may be done as late as {}, and is due {}: {end}. If it is on {say_on}, the one may \
             be done as late as {}, and the other is due on {}",
            self.told(&latest.mark),
            self.told(due),
            with(&latest.mark.steps),
            with(&due.steps)
        )
    }

    /// A fixed date, and a beginning that no dated duty brings about.
    fn unsecured(&self, told: &mut Told) {
        for (i, norm) in self.norms().iter().enumerate() {
            let fixed = norm.parts.iter().any(|p| {
                matches!(
                    &p.deadline,
                    Deadline::By(Moment::EndOfDate(_) | Moment::StartOfDate(_) | Moment::Instant(_))
                ) && matches!(p.verb, Verb::Do | Verb::Ensure)
            });
            let begun = match &norm.when {
                Trigger::Each(p) => Some(p),
                Trigger::Begins(Cond::Fact(p)) => Some(p),
                _ => None,
            };
            let elsewhere = matches!(
                norm.when,
                Trigger::Begins(_) | Trigger::Ends(_) | Trigger::Found(_) | Trigger::Norm(_)
            );
            if fixed && begun.is_none() && elsewhere {
                told.undecided.of(
                    "whether what begins it, which is no single act, comes before the fixed day decides over {}",
                    &Name::from(norm.declared()),
                );
            }
            let (true, Some(pattern)) = (fixed, begun) else { continue };
            let Some(fact) = self.desk.agreement.facts.get(&pattern.fact) else { continue };
            told.at += 1;
            let secured =
                self.obliges.get(&pattern.fact).into_iter().flatten().any(|on| self.due[*on].is_some());
            let its = match self.desk.acts(pattern) {
                Some(Value::Name(who)) => {
                    let who = self.desk.parties_of([who]);
                    let owed = self.desk.who(&norm.owed_to);
                    who.iter().all(|w| owed.contains(w))
                }
                Some(Value::Beneficiary) => true,
                _ => false,
            };
            if secured || its || !fact.begins.is_empty() || fact.kind != FactKind::Event {
                continue;
            }
            let Some(due) = &self.due[i] else { continue };
            told.found.push((
                i,
                Severity::Info,
                format!(
                    "`{}` is due {}, and begins with `{}`, which no dated duty secures: the date may pass before it is owed",
                    norm.name,
                    self.told(due),
                    pattern.fact
                ),
                Vec::new(),
                "oblige somebody to what it begins with, by an earlier date; or let its time run from there (`within …`)",
            ));
        }
    }
}

/// A length of time in words: days where it is whole days, else hours.
fn length(ms: i64) -> String {
    if ms >= DAY && ms % DAY == 0 {
        Span::Days(ms / DAY).to_string()
    } else if ms >= DAY {
        Span::Days(ms / DAY + 1).to_string()
    } else {
        Span::Exact(ms.max(1_000)).to_string()
    }
}
