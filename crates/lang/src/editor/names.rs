//! Every place of a text where a name is declared or used, and what it stands for there.
//!
//! In which list a name stands and what one means that stands alone is asked where the lowering asks it (`lower/names.rs`): a party and a zone
//! may share a name, and which of them is meant is said by the place. The places are collected here and not by the lowering, which gives a
//! declaration up at its first mistake: the declaration that is just being written mostly has one. It reports nothing: what is wrong is
//! said by [`check`](crate::check).
//!
//! Invariants
//! - places do not overlap, stand in order of the text, and each is the name as written;
//! - the use of a row (`level/2026-12-31`) is a place of the declaration that gives it, as far as its name goes.

use crate::ast::{
    Decision, Decl, Expr, ExprKind, Extent, Field, FieldValue, File, Happening, Ident, Meaning, Pattern,
    Quorum, Span, Targets, Text, Who, Window,
};
use crate::lower::names::{Alone, Known, List, alone, is_reserved, rows};
use crate::parser::vocabulary::Keyword;
use servanda_model::Name;
use std::collections::{BTreeMap, BTreeSet};

/// What a name stands for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Symbol {
    /// A party, a group or a body.
    Actor(Name),
    /// A zone.
    Zone(Name),
    /// A class.
    Class(Name),
    /// A value of a class: the class, the value.
    Value(Name, Name),
    /// An attribute that values of classes have.
    Attribute(Name),
    /// An event, state, object, measure, term, `open` or reading.
    Thing(Name),
    /// A role of a fact: the fact, the role.
    Role(Name, Name),
    /// A parameter of a zone: the zone, the parameter.
    Parameter(Name, Name),
    /// An option of a reading: the reading, the option.
    Choice(Name, Name),
    /// A duty, ban, remedy, right, power, priority, milestone, delivery, quota or notice.
    Norm(Name),
}

impl Symbol {
    /// What a word declares under a name; the agreement's own name stands for nothing.
    pub fn declared(keyword: Keyword, name: &Name) -> Option<Symbol> {
        let name = name.clone();
        Some(match List::of(keyword)? {
            List::Actors => Symbol::Actor(name),
            List::Zones => Symbol::Zone(name),
            List::Classes => Symbol::Class(name),
            List::Things => Symbol::Thing(name),
            List::Norms => Symbol::Norm(name),
        })
    }

    /// The name as it is written.
    pub fn name(&self) -> &Name {
        use Symbol::*;
        match self {
            Actor(name) | Zone(name) | Class(name) | Attribute(name) | Thing(name) | Norm(name) => name,
            Value(_, name) | Role(_, name) | Parameter(_, name) | Choice(_, name) => name,
        }
    }
}

/// A place where a name stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The name as written.
    pub span: Span,
    /// What it stands for.
    pub symbol: Symbol,
    /// Whether it is declared here.
    pub declares: bool,
}

/// All places, and what is declared.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// In order of the text.
    pub places: Vec<Place>,
    actors: BTreeSet<Name>,
    zones: BTreeMap<Name, Vec<(Name, Name)>>,
    classes: BTreeMap<Name, BTreeSet<Name>>,
    attributes: BTreeMap<Name, Name>,
    /// With what they are, and the roles with what fills them.
    things: BTreeMap<Name, (Keyword, Vec<(Name, Name)>)>,
    norms: BTreeMap<Name, Keyword>,
    rows: BTreeMap<Name, Name>,
    /// Whether a delivery gives rows of an event that it does not name.
    pub(super) delivers: bool,
}

/// What is needed where an expression stands, or what one is.
#[derive(Clone, PartialEq, Eq)]
enum Need {
    Any,
    Actor,
    Place,
    Class(Name),
}

impl Need {
    fn of(kind: &Name) -> Need {
        match kind.as_str() {
            "party" | "group" | "body" => Need::Actor,
            "place" | "zone" => Need::Place,
            "text" | "time" | "number" => Need::Any,
            _ => Need::Class(kind.clone()),
        }
    }
}

/// What an expression may name where it stands.
#[derive(Clone, Default)]
struct Scope {
    /// The fact whose record is under test.
    record: Option<Name>,
    /// The zone whose parameters mean something.
    zone: Option<Name>,
    /// The event that `trigger` is.
    trigger: Option<Name>,
    /// Roles of any fact mean something.
    any_role: bool,
}

impl Names {
    /// Reads the names of a file. `text` is the text that it was read from.
    pub fn of(text: &str, file: &File) -> Names {
        let mut names = Names::default();
        for decl in &file.decls {
            names.declare(decl);
        }
        for decl in &file.decls {
            names.declaration(text, decl);
        }
        names.places.retain(|p| text.get(p.span.clone()).is_some_and(|t| t == p.symbol.name().as_str()));
        names.places.sort_by(|a, b| {
            (a.span.start, a.span.end, &a.symbol).cmp(&(b.span.start, b.span.end, &b.symbol))
        });
        names.places.dedup_by(|b, a| b.span.start < a.span.end);
        names
    }

    /// The place at an offset, its end included.
    pub fn at(&self, offset: usize) -> Option<&Place> {
        let after = self.places.partition_point(|p| p.span.start <= offset);
        self.places[..after].last().filter(|p| offset <= p.span.end)
    }

    /// All places of what a name stands for, in order.
    pub fn places_of<'n, 's>(&'n self, symbol: &'s Symbol) -> impl Iterator<Item = &'n Place> + use<'n, 's> {
        self.places.iter().filter(move |p| p.symbol == *symbol)
    }

    /// Where it is declared first.
    pub fn declared(&self, symbol: &Symbol) -> Option<&Place> {
        self.places_of(symbol).find(|p| p.declares)
    }

    /// Parties, groups and bodies.
    pub fn actors(&self) -> impl Iterator<Item = &Name> {
        self.actors.iter()
    }

    /// Zones.
    pub fn zones(&self) -> impl Iterator<Item = &Name> {
        self.zones.keys()
    }

    /// Classes.
    pub fn classes(&self) -> impl Iterator<Item = &Name> {
        self.classes.keys()
    }

    /// Values of a class.
    pub fn values(&self, class: &Name) -> impl Iterator<Item = &Name> {
        self.classes.get(class).into_iter().flatten()
    }

    /// Events, states, objects, measures, terms, `open` and readings.
    pub fn things(&self) -> impl Iterator<Item = (&Name, Keyword)> {
        self.things.iter().map(|(name, (keyword, _))| (name, *keyword))
    }

    /// The roles of a fact, each with what fills it.
    pub fn roles(&self, fact: &Name) -> &[(Name, Name)] {
        self.things.get(fact).map_or(&[], |(_, roles)| roles)
    }

    /// The parameters of a zone, each with what fills it.
    pub fn parameters(&self, zone: &Name) -> &[(Name, Name)] {
        self.zones.get(zone).map_or(&[], Vec::as_slice)
    }

    /// Duties, bans, remedies, rights, powers, priorities and the lists that give norms.
    pub fn norms(&self) -> impl Iterator<Item = (&Name, Keyword)> {
        self.norms.iter().map(|(name, keyword)| (name, *keyword))
    }

    /// Norms that rows of lists give.
    pub fn rows(&self) -> impl Iterator<Item = &Name> {
        self.rows.keys()
    }

    /// Whether a name of the same list is taken.
    pub fn is_taken(&self, symbol: &Symbol, name: &Name) -> bool {
        match symbol {
            Symbol::Actor(_) => self.actors.contains(name),
            Symbol::Zone(_) => self.zones.contains_key(name),
            Symbol::Class(_) => self.classes.contains_key(name),
            Symbol::Value(class, _) => self.classes.get(class).is_some_and(|values| values.contains(name)),
            Symbol::Thing(_) => self.things.contains_key(name),
            Symbol::Norm(_) => self.norms.contains_key(name) || self.rows.contains_key(name),
            Symbol::Attribute(_) => self.attributes.contains_key(name),
            Symbol::Choice(reading, _) => {
                let other = Symbol::Choice(reading.clone(), name.clone());
                self.declared(&other).is_some()
            }
            Symbol::Role(fact, _) => self.roles(fact).iter().any(|(role, _)| role == name),
            Symbol::Parameter(zone, _) => {
                self.parameters(zone).iter().any(|(parameter, _)| parameter == name)
            }
        }
    }

    fn declare(&mut self, decl: &Decl) {
        let Some(name) = decl.name.as_ref().map(|n| n.text.clone()) else { return };
        let Some(list) = List::of(decl.keyword) else { return };
        match list {
            List::Actors => drop(self.actors.insert(name)),
            List::Zones => drop(self.zones.entry(name).or_insert_with(|| params(decl, "given"))),
            List::Classes => {
                for field in decl.all("value") {
                    let FieldValue::ClassValue { attributes, .. } = &field.value else { continue };
                    for (attribute, _) in attributes {
                        self.attributes.entry(attribute.text.clone()).or_insert_with(|| name.clone());
                    }
                }
                let values = decl.all("value").filter_map(|field| match &field.value {
                    FieldValue::ClassValue { name, .. } => Some(name.text.clone()),
                    _ => None,
                });
                self.classes.entry(name).or_insert_with(|| values.collect());
            }
            List::Things => {
                self.things.entry(name).or_insert_with(|| (decl.keyword, params(decl, "carries")));
            }
            List::Norms => {
                self.delivers |= decl.keyword == Keyword::Delivery && decl.field("fact").is_none();
                for row in rows(decl) {
                    self.rows.entry(row).or_insert_with(|| name.clone());
                }
                self.norms.entry(name).or_insert(decl.keyword);
            }
        }
    }

    fn push(&mut self, span: &Span, symbol: Symbol, declares: bool) {
        self.places.push(Place { span: span.clone(), symbol, declares });
    }

    fn declaration(&mut self, text: &str, decl: &Decl) {
        let own = decl.name.as_ref().map_or_else(|| Name::from(""), |n| n.text.clone());
        if let (Some(name), Some(symbol)) = (&decl.name, Symbol::declared(decl.keyword, &own)) {
            self.push(&name.span, symbol, true);
        }
        let event_of = |word: &str| match decl.field(word).map(|f| &f.value) {
            Some(FieldValue::Expr(e)) => event(e).map(|p| p.name.text.clone()),
            _ => None,
        };
        let trigger = if decl.keyword == Keyword::Notify { event_of("of") } else { event_of("when") };
        let scope = Scope { trigger, ..Scope::default() };
        for field in &decl.fields {
            self.field(text, decl, &own, field, &scope);
        }
    }

    fn field(&mut self, text: &str, decl: &Decl, own: &Name, field: &Field, scope: &Scope) {
        match &field.value {
            FieldValue::Unreadable
            | FieldValue::Flag
            | FieldValue::Calendar(_)
            | FieldValue::AtLeast(_)
            | FieldValue::Evidence(_)
            | FieldValue::Row { .. }
            | FieldValue::AtMost { .. } => {}
            FieldValue::Texts(texts) => {
                if let Some(says) = texts.first().filter(|_| field.word == "says") {
                    self.holes(text, own, says);
                }
            }
            FieldValue::Words(words) => {
                if let ("force", [_, to, fact]) = (field.word, &words[..])
                    && to.text == "to"
                {
                    self.thing(fact);
                }
            }
            FieldValue::Names(names) => {
                for name in names {
                    match field.word {
                        "on breach" => self.norm(name),
                        "compare" | "fact" => self.thing(name),
                        _ => self.actor(name),
                    }
                }
            }
            FieldValue::Expr(e) | FieldValue::Moment(e) | FieldValue::Content { cond: e, .. } => {
                drop(self.expr(e, &Need::Any, scope));
            }
            FieldValue::Span(e) => self.length(e),
            FieldValue::Who(Who { names, .. }) => names.iter().for_each(|n| self.actor(n)),
            FieldValue::Within { span, of: e } | FieldValue::Every { span, from: e } => {
                self.length(span);
                self.maybe(e.as_ref(), scope);
            }
            FieldValue::NoLater { span, before } => {
                self.length(span);
                self.maybe(before.as_ref(), scope);
            }
            FieldValue::Gap { total, window } => {
                self.length(total);
                self.length(window);
            }
            FieldValue::Except(exceptions) => {
                let content = decl.fields.iter().find_map(|f| match &f.value {
                    FieldValue::Content { cond, .. } => first_pattern(cond),
                    _ => None,
                });
                let of = decl.field("of").and_then(|f| match &f.value {
                    FieldValue::Expr(e) => first_pattern(e),
                    _ => None,
                });
                let record = content.or(of).map(|p| p.name.text.clone());
                let scope = Scope { record, ..Scope::default() };
                for exception in exceptions {
                    self.expr(&exception.covers, &Need::Any, &scope);
                }
            }
            FieldValue::Members(members) => members.iter().for_each(|m| self.actor(&m.who)),
            FieldValue::Decides(decision) => self.decision(decision),
            FieldValue::Params(params) => {
                for param in params {
                    let symbol = match decl.keyword {
                        Keyword::Zone => Symbol::Parameter(own.clone(), param.name.text.clone()),
                        _ => Symbol::Role(own.clone(), param.name.text.clone()),
                    };
                    self.push(&param.name.span, symbol, true);
                    if self.classes.contains_key(&param.of.text) {
                        self.push(&param.of.span, Symbol::Class(param.of.text.clone()), false);
                    }
                }
            }
            FieldValue::ZoneShape(shape) => {
                let scope = Scope { zone: Some(own.clone()), ..Scope::default() };
                self.extent(&shape.extent, &scope);
                for (parameter, value) in &shape.guards {
                    let kind = self
                        .parameters(own)
                        .iter()
                        .find(|(p, _)| *p == parameter.text)
                        .map(|(_, k)| Need::of(k));
                    self.push(&parameter.span, Symbol::Parameter(own.clone(), parameter.text.clone()), false);
                    self.bare(value, &kind.unwrap_or(Need::Any), &Scope::default());
                }
            }
            FieldValue::Sides { left, right } => {
                self.actor(left);
                self.actor(right);
            }
            FieldValue::ClassValue { name, attributes, .. } => {
                self.push(&name.span, Symbol::Value(own.clone(), name.text.clone()), true);
                for (attribute, _) in attributes {
                    let first = self.attributes.get(&attribute.text) == Some(own);
                    self.push(&attribute.span, Symbol::Attribute(attribute.text.clone()), first);
                }
            }
            FieldValue::Option { name, meaning } => {
                self.push(&name.span, Symbol::Choice(own.clone(), name.text.clone()), true);
                if let Meaning::Expr(e) = meaning {
                    self.expr(e, &Need::Any, &Scope { any_role: true, ..Scope::default() });
                }
            }
            FieldValue::Can { by, on, .. } => {
                if let Some(by) = by {
                    self.length(by);
                }
                if let Targets::Names(names) = on {
                    names.iter().for_each(|n| self.norm(n));
                }
            }
            FieldValue::EffectAt(e) => self.maybe(e.as_ref(), scope),
            FieldValue::Silence { span, objection } => {
                self.length(span);
                self.maybe(objection.as_ref(), scope);
            }
            FieldValue::Rule { over, yields } => {
                self.norm(over);
                self.norm(yields);
            }
            FieldValue::Item { what, by, due, .. } => {
                self.item(text, decl, what);
                self.actor(by);
                self.expr(due, &Need::Any, scope);
            }
            FieldValue::Mark { restricted, .. } => restricted.iter().flatten().for_each(|n| self.actor(n)),
        }
    }

    /// `{role}` in the sentence of a fact.
    fn holes(&mut self, text: &str, fact: &Name, says: &Text) {
        let Some(written) = text.get(says.span.clone()) else { return };
        let mut at = 0;
        while let Some(open) = written[at..].find('{').map(|n| at + n + 1) {
            let Some(close) = written[open..].find('}').map(|n| open + n) else { return };
            let role = Name::from(&written[open..close]);
            if self.roles(fact).iter().any(|(known, _)| *known == role) {
                let span = says.span.start + open..says.span.start + close;
                self.push(&span, Symbol::Role(fact.clone(), role), false);
            }
            at = close;
        }
    }

    /// The item of a delivery, where it is the name of a value of a class.
    fn item(&mut self, text: &str, decl: &Decl, what: &Text) {
        let fact = match decl.field("fact").map(|f| &f.value) {
            Some(FieldValue::Names(names)) => names.first().map(|n| n.text.clone()),
            _ => Some(Name::from("delivery")),
        };
        let class = fact
            .and_then(|f| self.roles(&f).iter().find(|(role, _)| *role == "item").map(|(_, of)| of.clone()));
        let value = Name::from(what.text.as_str());
        let inner = what.span.start + 1..what.span.end.saturating_sub(1).max(what.span.start + 1);
        if let Some(class) = class
            && self.classes.get(&class).is_some_and(|values| values.contains(&value))
            && text.get(inner.clone()) == Some(what.text.as_str())
        {
            self.push(&inner, Symbol::Value(class, value), false);
        }
    }

    fn decision(&mut self, decision: &Decision) {
        if let Quorum::AnyOf(_, group) = &decision.quorum {
            self.actor(group);
        }
        if let Some((span, request)) = &decision.within {
            self.length(span);
            self.expr(request, &Need::Any, &Scope::default());
        }
        if let Some(failing) = &decision.failing {
            self.decision(failing);
        }
    }

    fn extent(&mut self, extent: &Extent, scope: &Scope) {
        match extent {
            Extent::Given(_) | Extent::Disc { .. } => {}
            Extent::Zone(zone) => self.zone(zone, scope),
            Extent::Union(all) => all.iter().for_each(|e| self.extent(e, scope)),
            Extent::Minus(a, b) => {
                self.extent(a, scope);
                self.extent(b, scope);
            }
            Extent::Strip { line, within, side } => {
                self.zone(line, scope);
                self.expr(within, &Need::Any, scope);
                if let Some(side) = side {
                    self.bare(side, &Need::Actor, scope);
                }
            }
        }
    }

    // Names of one kind.

    fn actor(&mut self, name: &Ident) {
        if self.actors.contains(&name.text) {
            self.push(&name.span, Symbol::Actor(name.text.clone()), false);
        }
    }

    fn thing(&mut self, name: &Ident) {
        if self.things.contains_key(&name.text) {
            self.push(&name.span, Symbol::Thing(name.text.clone()), false);
        }
    }

    fn norm(&mut self, name: &Ident) {
        let of = match self.rows.get(&name.text) {
            Some(list) => list.clone(),
            None if self.norms.contains_key(&name.text) => name.text.clone(),
            None => return,
        };
        let span = name.span.start..name.span.start + of.as_str().len();
        self.push(&span, Symbol::Norm(of), false);
    }

    fn zone(&mut self, p: &Pattern, scope: &Scope) {
        if !self.zones.contains_key(&p.name.text) {
            return;
        }
        self.push(&p.name.span, Symbol::Zone(p.name.text.clone()), false);
        let needs: Vec<Need> = self.parameters(&p.name.text).iter().map(|(_, kind)| Need::of(kind)).collect();
        for (at, arg) in p.args.iter().enumerate() {
            self.expr(arg, needs.get(at).unwrap_or(&Need::Any), scope);
        }
    }

    fn length(&mut self, e: &Expr) {
        if let ExprKind::Pattern(p) = &e.kind {
            self.thing(&p.name);
        }
    }

    fn maybe(&mut self, e: Option<&Expr>, scope: &Scope) {
        if let Some(e) = e {
            self.expr(e, &Need::Any, scope);
        }
    }

    // Expressions. What comes back is what the expression is, as far as it matters for what it is compared with.

    fn expr(&mut self, e: &Expr, need: &Need, scope: &Scope) -> Need {
        match &e.kind {
            ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Call(_, all) => {
                for one in all {
                    self.expr(one, &Need::Any, scope);
                }
            }
            ExprKind::Not(of) | ExprKind::No(of) | ExprKind::Any(of) => return self.expr(of, need, scope),
            ExprKind::Run(_, of, _)
            | ExprKind::Share(_, of)
            | ExprKind::Day(_, _, of)
            | ExprKind::Known(of, _) => {
                self.expr(of, &Need::Any, scope);
            }
            ExprKind::Compare(left, _, right) => {
                let needed = self.expr(left, &Need::Any, scope);
                self.expr(right, &needed, scope);
            }
            ExprKind::Arith(left, _, right) => {
                self.expr(left, &Need::Any, scope);
                self.expr(right, &Need::Any, scope);
            }
            ExprKind::Inside(place, zone, _) => {
                self.expr(place, &Need::Place, scope);
                self.zone(zone, scope);
            }
            ExprKind::Happening(of, how, by) => {
                match (&of.kind, how) {
                    (ExprKind::Pattern(p), Happening::Fulfilled | Happening::Breached | Happening::Due) => {
                        self.norm(&p.name);
                    }
                    (ExprKind::Pattern(p), Happening::Found) => self.thing(&p.name),
                    _ => drop(self.expr(of, &Need::Any, scope)),
                }
                if let Some(by) = by {
                    self.actor(by);
                }
            }
            ExprKind::Quantity(_) | ExprKind::Time(_) | ExprKind::Text(_) => {}
            ExprKind::Pattern(p) => return self.pattern(p, need, scope),
            ExprKind::EachOf(names) => names.iter().for_each(|n| self.actor(n)),
            ExprKind::Aggregate(_, role, of, window) => {
                self.pattern(of, &Need::Any, scope);
                if let Some(role) = role {
                    self.role(&of.name.text, role);
                }
                if let Window::Since(moment) = window {
                    self.expr(moment, &Need::Any, scope);
                }
            }
            ExprKind::Coverage(zone, by) => {
                self.zone(zone, scope);
                if let Some(by) = by {
                    self.actor(by);
                }
            }
            ExprKind::Shift(span, _, of) => {
                self.length(span);
                self.expr(of, &Need::Any, scope);
            }
        }
        Need::Any
    }

    fn role(&mut self, fact: &Name, role: &Ident) -> Need {
        let found =
            self.roles(fact).iter().find(|(known, _)| *known == role.text).map(|(_, kind)| Need::of(kind));
        if found.is_some() {
            self.push(&role.span, Symbol::Role(fact.clone(), role.text.clone()), false);
        }
        found.unwrap_or(Need::Any)
    }

    fn pattern(&mut self, p: &Pattern, need: &Need, scope: &Scope) -> Need {
        if p.is_bare() {
            return self.bare(&p.name, need, scope);
        }
        let name = &p.name.text;
        if let [(of, value)] = &p.roles[..]
            && of.text == "of"
            && p.filter.is_none()
        {
            let of_trigger =
                matches!(&value.kind, ExprKind::Pattern(t) if t.is_bare() && t.name.text == "trigger");
            if of_trigger {
                return match &scope.trigger {
                    Some(fact) => self.role(fact, &p.name),
                    None => Need::Any,
                };
            }
            if let Some(class) =
                self.attributes.get(name).filter(|_| !self.things.contains_key(name)).cloned()
            {
                self.push(&p.name.span, Symbol::Attribute(name.clone()), false);
                self.expr(value, &Need::Class(class), scope);
                return Need::Any;
            }
        }
        if !self.things.contains_key(name) {
            if self.zones.contains_key(name) {
                self.zone(p, scope);
                return Need::Place;
            }
            return Need::Any;
        }
        self.push(&p.name.span, Symbol::Thing(name.clone()), false);
        for (role, value) in &p.roles {
            let need = self.role(name, role);
            match &value.kind {
                ExprKind::Pattern(zone)
                    if need == Need::Place && self.zones.contains_key(&zone.name.text) =>
                {
                    self.zone(zone, scope);
                }
                _ => drop(self.expr(value, &need, scope)),
            }
        }
        if let Some(filter) = &p.filter {
            let inner = Scope { record: Some(name.clone()), ..scope.clone() };
            self.expr(filter, &Need::Any, &inner);
        }
        Need::Any
    }

    /// A name alone.
    fn bare(&mut self, name: &Ident, need: &Need, scope: &Scope) -> Need {
        let text = &name.text;
        if matches!(text.as_str(), "bearer" | "beneficiary") {
            return Need::Actor;
        }
        if is_reserved(text.as_str()) {
            return Need::Any;
        }
        let class = match need {
            Need::Class(class) => Some(class),
            _ => None,
        };
        match alone(text, class, *need == Need::Place, &Here { names: self, scope }) {
            Alone::Role => self.role_or_parameter(name, scope),
            Alone::Value => {
                let Need::Class(class) = need else { return Need::Any };
                self.push(&name.span, Symbol::Value(class.clone(), text.clone()), false);
                need.clone()
            }
            Alone::Thing => {
                self.push(&name.span, Symbol::Thing(text.clone()), false);
                Need::Any
            }
            Alone::Actor => {
                self.push(&name.span, Symbol::Actor(text.clone()), false);
                Need::Actor
            }
            Alone::Zone => {
                self.push(&name.span, Symbol::Zone(text.clone()), false);
                Need::Place
            }
            Alone::ValueOf(class) => {
                self.push(&name.span, Symbol::Value(class.clone(), text.clone()), false);
                Need::Class(class)
            }
            Alone::RoleOfAny => {
                let mut facts = self.things.iter();
                let fact = facts.find(|(_, (_, roles))| roles.iter().any(|(role, _)| role == text));
                fact.map(|(fact, _)| fact.clone()).map_or(Need::Any, |fact| self.role(&fact, name))
            }
            Alone::Unknown => {
                self.norm(name);
                Need::Any
            }
        }
    }

    /// A role of the record under test, or else a parameter of the zone.
    fn role_or_parameter(&mut self, name: &Ident, scope: &Scope) -> Need {
        let text = &name.text;
        if let Some(fact) =
            scope.record.as_ref().filter(|fact| self.roles(fact).iter().any(|(role, _)| role == text))
        {
            return self.role(fact, name);
        }
        let Some(zone) = &scope.zone else { return Need::Any };
        let kind = self.parameters(zone).iter().find(|(parameter, _)| parameter == text);
        let kind = kind.map_or(Need::Any, |(_, kind)| Need::of(kind));
        self.push(&name.span, Symbol::Parameter(zone.clone(), text.clone()), false);
        kind
    }
}

/// What is known where a name stands.
struct Here<'h> {
    names: &'h Names,
    scope: &'h Scope,
}

impl Known for Here<'_> {
    fn is_role(&self, name: &Name) -> bool {
        let among = |all: &[(Name, Name)]| all.iter().any(|(known, _)| known == name);
        self.scope.record.as_ref().is_some_and(|fact| among(self.names.roles(fact)))
            || self.scope.zone.as_ref().is_some_and(|zone| among(self.names.parameters(zone)))
    }

    fn has_value(&self, class: &Name, name: &Name) -> bool {
        self.names.classes.get(class).is_some_and(|values| values.contains(name))
    }

    fn has(&self, list: List, name: &Name) -> bool {
        match list {
            List::Actors => self.names.actors.contains(name),
            List::Zones => self.names.zones.contains_key(name),
            List::Classes => self.names.classes.contains_key(name),
            List::Things => self.names.things.contains_key(name),
            List::Norms => self.names.norms.contains_key(name),
        }
    }

    fn class_of(&self, name: &Name) -> Option<Name> {
        self.names.classes.iter().find(|(_, values)| values.contains(name)).map(|(class, _)| class.clone())
    }

    fn is_role_of_any(&self, name: &Name) -> bool {
        let mut facts = self.names.things.values();
        self.scope.any_role && facts.any(|(_, roles)| roles.iter().any(|(role, _)| role == name))
    }
}

fn params(decl: &Decl, word: &'static str) -> Vec<(Name, Name)> {
    let fields = decl.fields.iter().filter(|f| f.word == word);
    let params = fields.filter_map(|f| match &f.value {
        FieldValue::Params(params) => Some(params),
        _ => None,
    });
    params.flatten().map(|p| (p.name.text.clone(), p.of.text.clone())).collect()
}

/// The event that an expression is, if it is one: its roles are those of `trigger`.
fn event(e: &Expr) -> Option<&Pattern> {
    match &e.kind {
        ExprKind::Pattern(p) => Some(p),
        ExprKind::Any(of) => event(of),
        _ => None,
    }
}

/// The first fact that an expression names: the record that exceptions cover.
fn first_pattern(e: &Expr) -> Option<&Pattern> {
    match &e.kind {
        ExprKind::Pattern(p) | ExprKind::Aggregate(_, _, p, _) => Some(p),
        ExprKind::And(all) | ExprKind::Or(all) | ExprKind::Call(_, all) => all.iter().find_map(first_pattern),
        ExprKind::Not(of)
        | ExprKind::No(of)
        | ExprKind::Any(of)
        | ExprKind::Run(_, of, _)
        | ExprKind::Share(_, of) => first_pattern(of),
        ExprKind::Compare(a, _, b) | ExprKind::Arith(a, _, b) => {
            first_pattern(a).or_else(|| first_pattern(b))
        }
        _ => None,
    }
}
