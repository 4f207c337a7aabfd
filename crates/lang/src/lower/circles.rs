//! Circles: what is defined by itself, and norms that wait for each other at one instant.
//!
//! Dependence on earlier time is free in principle; what counts here is which names a rule needs to be understood or
//! decided at all.

use super::Lower;
use crate::diagnostic::Diagnostic;
use servanda_model::Name;
use servanda_model::agreement::{
    Cond, Deadline, Extent, FactPattern, Meaning, Moment, Trigger, Value, Window, ZoneRef,
};
use std::collections::{BTreeMap, BTreeSet};

/// A name in one of the lists of names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Node {
    Group(Name),
    Zone(Name),
    Term(Name),
    Reading(Name),
    Norm(Name),
}

impl Node {
    fn name(&self) -> &Name {
        match self {
            Node::Group(n) | Node::Zone(n) | Node::Term(n) | Node::Reading(n) | Node::Norm(n) => n,
        }
    }
}

impl Lower<'_> {
    pub(super) fn circles(&mut self) {
        let edges = self.edges();
        let mut done: BTreeSet<&Node> = BTreeSet::new();
        let mut found: Vec<Vec<Node>> = Vec::new();
        for start in edges.keys() {
            walk(start, &edges, &mut done, &mut found);
        }
        for circle in found {
            self.circle(&circle);
        }
    }

    fn circle(&mut self, circle: &[Node]) {
        let Some(first) = circle.first() else { return };
        let shown: Vec<&str> = circle.iter().chain([first]).map(|n| n.name().as_str()).collect();
        let shown = shown.join(" → ");
        let (code, message, help) = match first {
            Node::Group(_) => ("C0603", "a group is a member of itself", "take one of the memberships away"),
            Node::Zone(_) => ("C0602", "a zone is made of itself", "give one of them a shape of its own"),
            _ if self.rests_on_itself(circle) => (
                "C0604",
                "norms wait for each other",
                "take the `priority` away, or let the stronger one start with a date, an event or a term",
            ),
            _ if circle.iter().any(|n| matches!(n, Node::Norm(_))) => (
                "C0604",
                "norms wait for each other",
                "let one of them start with a date, an event or a term",
            ),
            _ => ("C0601", "a term is defined by itself", "define one of them without the others"),
        };
        let places: Vec<_> =
            circle.iter().filter_map(|n| Some((self.declared_as(n)?, n.name().clone()))).collect();
        let span = places.first().map_or(0..0, |(span, _)| span.clone());
        let mut wrong = Diagnostic::error(code, span, format!("{message}: {shown}")).help(help);
        for (span, name) in places.into_iter().skip(1) {
            wrong = wrong.label(span, format!("`{name}` is part of the circle"));
        }
        self.report(wrong);
    }

    /// Whether a step of the circle is a norm that yields to the next.
    fn rests_on_itself(&self, circle: &[Node]) -> bool {
        circle.iter().zip(circle.iter().cycle().skip(1)).any(|pair| match pair {
            (Node::Norm(yields), Node::Norm(over)) => {
                self.agreement.priorities.iter().any(|p| p.yields == *yields && p.over == *over)
            }
            _ => false,
        })
    }

    fn declared_as(&self, node: &Node) -> Option<crate::ast::Span> {
        let names = &self.names;
        let decl = match node {
            Node::Group(n) => names.actors.get(n),
            Node::Zone(n) => names.zones.get(n),
            Node::Term(n) | Node::Reading(n) => names.things.get(n),
            Node::Norm(n) => names.norms.get(n).or_else(|| names.rows.get(n)),
        };
        decl.map(|d| d.name_span())
    }

    fn edges(&self) -> BTreeMap<Node, Vec<Node>> {
        let a = &self.agreement;
        let mut edges = BTreeMap::new();
        for (name, group) in &a.groups {
            let members = group.members.iter().filter(|m| a.groups.contains_key(&m.who));
            edges.insert(Node::Group(name.clone()), members.map(|m| Node::Group(m.who.clone())).collect());
        }
        for (name, zone) in &a.zones {
            let mut uses = Uses::default();
            zone.cases.iter().for_each(|case| uses.extent(&case.extent));
            edges.insert(
                Node::Zone(name.clone()),
                uses.0.into_iter().filter(|n| matches!(n, Node::Zone(_))).collect(),
            );
        }
        for (name, term) in &a.terms {
            let mut uses = Uses::default();
            term.means.iter().for_each(|c| uses.cond(c));
            edges.insert(Node::Term(name.clone()), uses.rules());
        }
        for (name, reading) in &a.readings {
            let mut uses = Uses::default();
            for (_, meaning) in &reading.options {
                match meaning {
                    Meaning::Cond(c) => uses.cond(c),
                    Meaning::Moment(m) => uses.moment(m),
                    Meaning::Value(v) => uses.value(v),
                    Meaning::Compare(_) | Meaning::Span(_) => {}
                }
            }
            edges.insert(Node::Reading(name.clone()), uses.rules());
        }
        let mut answers: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
        for norm in &a.norms {
            norm.on_breach.iter().for_each(|remedy| answers.entry(remedy).or_default().push(&norm.name));
        }
        for norm in &a.norms {
            let mut uses = Uses::default();
            match &norm.when {
                Trigger::Always => {}
                Trigger::At(m) => uses.moment(m),
                Trigger::Begins(c) | Trigger::Ends(c) => uses.cond(c),
                Trigger::Each(p) => uses.pattern(p),
                Trigger::Found(term) => uses.0.push(Node::Term(term.clone())),
                Trigger::Norm(event) => uses.0.push(Node::Norm(event.norm.clone())),
                Trigger::Breach => {
                    uses.0.extend(
                        answers.get(&norm.name).into_iter().flatten().map(|n| Node::Norm((*n).clone())),
                    );
                }
            }
            norm.only_if.iter().chain(&norm.unless).chain(&norm.needs).for_each(|c| uses.cond(c));
            norm.from.iter().chain(&norm.until).for_each(|m| uses.moment(m));
            norm.except.iter().for_each(|e| uses.cond(&e.covers));
            for part in &norm.parts {
                uses.cond(&part.cond);
                match &part.deadline {
                    Deadline::None => {}
                    Deadline::By(m) | Deadline::Every(_, m) => uses.moment(m),
                }
            }
            // Whether it rests hangs on the instances of what it yields to.
            let stronger = a.priorities.iter().filter(|p| p.yields == norm.name && p.over != norm.name);
            uses.0.extend(stronger.map(|p| Node::Norm(p.over.clone())));
            edges.insert(Node::Norm(norm.name.clone()), uses.rules());
        }
        edges
    }
}

/// Depth first, without recursion: a chain of terms may be long.
fn walk<'e>(
    start: &'e Node,
    edges: &'e BTreeMap<Node, Vec<Node>>,
    done: &mut BTreeSet<&'e Node>,
    found: &mut Vec<Vec<Node>>,
) {
    if done.contains(start) {
        return;
    }
    let mut path: Vec<(&Node, usize)> = vec![(start, 0)];
    let mut on_path: BTreeMap<&Node, usize> = BTreeMap::from([(start, 0)]);
    while let Some((node, next)) = path.last_mut() {
        let Some(to) = edges.get(*node).and_then(|to| to.get(*next)) else {
            done.insert(node);
            on_path.remove(*node);
            path.pop();
            continue;
        };
        *next += 1;
        if let Some(at) = on_path.get(to) {
            found.push(path[*at..].iter().map(|(n, _)| (*n).clone()).collect());
        } else if !done.contains(to)
            && let Some((to, _)) = edges.get_key_value(to)
        {
            on_path.insert(to, path.len());
            path.push((to, 0));
        }
    }
}

/// The names that something uses.
#[derive(Default)]
struct Uses(Vec<Node>);

impl Uses {
    fn rules(self) -> Vec<Node> {
        let mut rules: Vec<Node> =
            self.0.into_iter().filter(|n| !matches!(n, Node::Zone(_) | Node::Group(_))).collect();
        rules.sort();
        rules.dedup();
        rules
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
                self.value(b);
                self.0.push(Node::Reading(reading.clone()));
            }
            Cond::Inside(v, zone) => {
                self.value(v);
                self.zone(zone);
            }
            Cond::Fact(p) => self.pattern(p),
            Cond::Term(name) | Cond::Found(name) => self.0.push(Node::Term(name.clone())),
            Cond::Norm(event) => self.0.push(Node::Norm(event.norm.clone())),
            Cond::Reading(name) => self.0.push(Node::Reading(name.clone())),
        }
    }

    fn pattern(&mut self, p: &FactPattern) {
        p.roles.iter().for_each(|(_, v)| self.value(v));
        p.filter.iter().for_each(|c| self.cond(c));
    }

    fn zone(&mut self, zone: &ZoneRef) {
        self.0.push(Node::Zone(zone.zone.clone()));
        zone.args.iter().for_each(|v| self.value(v));
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Attribute(_, of) => self.value(of),
            Value::Aggregate(aggregate) => {
                self.pattern(&aggregate.of);
                if let Window::Since(m) = &aggregate.window {
                    self.moment(m);
                }
            }
            Value::Measure(p) => self.pattern(p),
            Value::Coverage(zone, _) => self.zone(zone),
            Value::Arith(a, _, b) => {
                self.value(a);
                self.value(b);
            }
            Value::Call(_, all) => all.iter().for_each(|v| self.value(v)),
            Value::Reading(name) => self.0.push(Node::Reading(name.clone())),
            Value::Number(..) | Value::Instant(_) | Value::Text(_) | Value::Name(_) | Value::Role(_) => {}
            Value::OfTrigger(_) | Value::Bearer | Value::Beneficiary => {}
        }
    }

    fn moment(&mut self, moment: &Moment) {
        match moment {
            Moment::Begins(c) | Moment::Ends(c) => self.cond(c),
            Moment::First(p) | Moment::AllOf(p, _) => self.pattern(p),
            Moment::Found(name) => self.0.push(Node::Term(name.clone())),
            Moment::Norm(event) => self.0.push(Node::Norm(event.norm.clone())),
            Moment::Detected(m) | Moment::Verified(m) | Moment::After(_, m) | Moment::Before(_, m) => {
                self.moment(m)
            }
            Moment::StartOfDay(_, m) | Moment::EndOfDay(_, m) => self.moment(m),
            Moment::AfterReading(name, m) => {
                self.0.push(Node::Reading(name.clone()));
                self.moment(m);
            }
            Moment::Reading(name) => self.0.push(Node::Reading(name.clone())),
            Moment::Instant(_) | Moment::EndOfDate(_) | Moment::StartOfDate(_) | Moment::Signed => {}
            Moment::InForce | Moment::Trigger | Moment::Breach => {}
        }
    }

    fn extent(&mut self, extent: &Extent) {
        match extent {
            Extent::Given(_) => {}
            Extent::Zone(zone) => self.zone(zone),
            Extent::Strip { line, within, side } => {
                self.zone(line);
                self.value(within);
                side.iter().for_each(|v| self.value(v));
            }
            Extent::Disc { within, .. } => self.value(within),
            Extent::Union(all) => all.iter().for_each(|e| self.extent(e)),
            Extent::Difference(a, b) => {
                self.extent(a);
                self.extent(b);
            }
        }
    }
}
