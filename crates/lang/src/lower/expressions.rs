//! Conditions, values and patterns of facts: names to what they stand for, with their kinds and units compared.

use super::names::{Alone, Known, List, alone};
use super::readings::Sort;
use super::{Kind, Left, Lower, Lowered, Scope};
use crate::ast::{Expr, ExprKind, Happening, Ident, Pattern, Window as Over};
use crate::diagnostic::Diagnostic;
use crate::parser::vocabulary::Keyword;
use crate::units;
use servanda_model::agreement::{
    Agg, Aggregate, ArithOp, Cond, Dimension, Fact, FactKind, FactPattern, Function, Op, PartyRef, RoleType,
    Unwatched, Value, Window, ZoneRef,
};
use servanda_model::{Name, Number};

impl Lower<'_> {
    // Names.

    /// A name that nothing in the text declares.
    pub(super) fn not_known(&mut self, name: &Ident, scope: &Scope) -> Left {
        let mut known: Vec<Name> = Vec::new();
        if let Some(roles) = &scope.roles {
            known.extend(roles.iter().map(|(role, _)| role.clone()));
        }
        known.extend(scope.params.iter().map(|(param, _)| param.clone()));
        known.extend(self.names.things.keys().cloned());
        known.extend(self.names.actors.keys().cloned());
        known.extend(self.names.zones.keys().cloned());
        known.extend(self.agreement.classes.values().flat_map(|c| c.values.keys().cloned()));
        let is_norm = !self.names.norms_of(&name.text).is_empty();
        if is_norm {
            let word = self.names.norms.get(&name.text).map_or("norm", |d| d.keyword.word());
            return self.report(
                Diagnostic::error(
                    "N0210",
                    name.span.clone(),
                    format!("`{}` is a {word}: it cannot stand here alone", name.text),
                )
                .help("write what happens to it: `fulfilled`, `breached` or `due`"),
            );
        }
        self.unknown(
            "N0205",
            "the name",
            name,
            known,
            "declare it: an `event`, `state`, `object`, `measure`, `term`, `open` or `reading`",
        )
    }

    pub(super) fn out_of_place(&mut self, name: &Ident, help: &str) -> Left {
        self.report(
            Diagnostic::error("N0212", name.span.clone(), format!("`{}` means nothing here", name.text))
                .help(help),
        )
    }

    /// A name that is declared, but as something that cannot stand here.
    fn wrong_kind(&mut self, name: &Ident, needed: &str, help: &str) -> Left {
        let declared = self.declared_at(&name.text);
        let wrong = Diagnostic::error(
            "N0210",
            name.span.clone(),
            format!("`{}` cannot stand here: {needed} is needed", name.text),
        )
        .help(help.to_string());
        self.report(match declared {
            Some((span, text)) => wrong.label(span, text),
            None => wrong,
        })
    }

    /// A term, from an expression that must be its name.
    pub(super) fn term_name(&mut self, e: &Expr, scope: &Scope) -> Lowered<Name> {
        match &e.kind {
            ExprKind::Pattern(p) if p.is_bare() => {
                match self.names.things.get(&p.name.text).map(|d| d.keyword) {
                    Some(Keyword::Term | Keyword::Open) => Ok(p.name.text.clone()),
                    Some(_) => {
                        Err(self.wrong_kind(&p.name, "a term", "only a term or an `open` is found by a body"))
                    }
                    None => Err(self.not_known(&p.name, scope)),
                }
            }
            _ => Err(self.report(
                Diagnostic::error("N0210", e.span.clone(), "the name of a term is needed here")
                    .help("give the condition a name with `term`"),
            )),
        }
    }

    fn role_of(&self, scope: &Scope, name: &Name) -> Option<RoleType> {
        let own = scope.roles.iter().flatten().chain(&scope.params).find(|(role, _)| role == name);
        own.map(|(_, of)| of.clone())
    }

    // Conditions.

    /// A condition.
    pub(super) fn cond(&mut self, e: &Expr, scope: &Scope) -> Lowered<Cond> {
        match &e.kind {
            ExprKind::And(all) => Ok(Cond::And(self.conds(all, scope)?)),
            ExprKind::Or(all) => Ok(Cond::Or(self.conds(all, scope)?)),
            ExprKind::Not(inner) => Ok(Cond::Not(Box::new(self.cond(inner, scope)?))),
            ExprKind::Compare(left, op, right) => self.compare(e, left, *op, right, scope),
            ExprKind::Inside(place, zone, outside) => {
                let zone = self.zone_ref(zone, scope);
                let (place, kind) = self.value(place, &Kind::Place, scope)?;
                if !matches!(kind, Kind::Place | Kind::Any) {
                    return Err(self.report(
                        Diagnostic::error(
                            "T0312",
                            e.span.clone(),
                            format!("{} cannot lie inside a zone", kind.shown()),
                        )
                        .help("write the role that is a place: `at inside ZONE`"),
                    ));
                }
                let inside = Cond::Inside(place, zone?);
                Ok(if *outside { Cond::Not(Box::new(inside)) } else { inside })
            }
            ExprKind::Happening(of, how, by) => match how {
                Happening::Holds => self.cond(of, scope),
                Happening::Found => Ok(Cond::Found(self.term_name(of, scope)?)),
                Happening::Fulfilled | Happening::Breached | Happening::Due => {
                    Ok(Cond::Norm(self.norm_event(of, *how, by.as_ref(), scope)?))
                }
                Happening::Begins | Happening::Ends => {
                    let (start, end) = (of.span.end, e.span.end);
                    Err(self.report(
                        Diagnostic::error(
                            "T0307",
                            e.span.clone(),
                            format!("a condition holds or does not; `{}` is a moment", how.word()),
                        )
                        .help("write `holds`")
                        .fix(start..end, " holds", "write `holds`"),
                    ))
                }
            },
            ExprKind::No(inner) => match &inner.kind {
                ExprKind::Pattern(p) => {
                    let all = self.fact_conds(p, scope)?;
                    Ok(all_of(all.into_iter().map(|c| Cond::Not(Box::new(c))).collect()))
                }
                _ => Err(self.no_condition(e)),
            },
            ExprKind::Any(inner) => match &inner.kind {
                ExprKind::Pattern(p) => Ok(all_of(self.fact_conds(p, scope)?)),
                _ => Err(self.no_condition(e)),
            },
            ExprKind::Run(days, of, unwatched) => {
                let of = self.cond(of, scope);
                let unit = days.unit.as_ref().map_or("", |u| u.text.as_str());
                let n = days.number.to_i64().filter(|n| *n > 0 && *n < 100_000);
                let Some(n) = n.filter(|_| matches!(unit, "day" | "days")) else {
                    return Err(self.report(
                        Diagnostic::error("T0302", days.span.clone(), "a run is counted in whole days")
                            .help("write `30 days consecutive with …`"),
                    ));
                };
                self.needs_zone.get_or_insert(days.span.clone());
                let unwatched = match unwatched.as_ref().map(|u| (u.text.as_str(), u)) {
                    None => Unwatched::Neither,
                    Some(("count", _)) => Unwatched::Counts,
                    Some(("reset", _)) => Unwatched::Resets,
                    Some((_, word)) => {
                        return Err(self.report(
                            Diagnostic::error(
                                "N0215",
                                word.span.clone(),
                                format!("unwatched days cannot `{}`", word.text),
                            )
                            .help("write `count` or `reset`; without it they do neither"),
                        ));
                    }
                };
                Ok(Cond::Run(n, Box::new(of?), unwatched))
            }
            ExprKind::Pattern(p) => self.pattern_cond(p, scope),
            _ => Err(self.no_condition(e)),
        }
    }

    fn conds(&mut self, all: &[Expr], scope: &Scope) -> Lowered<Vec<Cond>> {
        // Every part is looked at, so that every mistake is named.
        let all: Vec<Lowered<Cond>> = all.iter().map(|e| self.cond(e, scope)).collect();
        all.into_iter().collect()
    }

    fn no_condition(&mut self, e: &Expr) -> Left {
        let written = crate::parser::shown(&self.text[e.span.clone()]);
        self.report(
            Diagnostic::error("T0307", e.span.clone(), format!("`{written}` is no condition")).help(
                "a condition compares two values, names an event, or says that a state or term `holds`",
            ),
        )
    }

    fn pattern_cond(&mut self, p: &Pattern, scope: &Scope) -> Lowered<Cond> {
        if self.role_of(scope, &p.name.text).is_some() {
            return Err(self.report(
                Diagnostic::error(
                    "T0307",
                    p.span.clone(),
                    format!("`{}` is a role: it says nothing alone", p.name.text),
                )
                .help("compare it: `kind = strike`, `at inside ZONE`"),
            ));
        }
        match self.names.things.get(&p.name.text).map(|d| d.keyword) {
            Some(Keyword::Event | Keyword::State | Keyword::Object) => Ok(all_of(self.fact_conds(p, scope)?)),
            Some(Keyword::Term | Keyword::Open) => {
                self.must_be_bare(p)?;
                Ok(Cond::Term(p.name.text.clone()))
            }
            Some(Keyword::Reading) => {
                self.must_be_bare(p)?;
                self.use_reading(&p.name, Sort::Cond)?;
                Ok(Cond::Reading(p.name.text.clone()))
            }
            Some(Keyword::Measure) => Err(self.wrong_kind(
                &p.name,
                "a condition",
                "compare the measure with a number: `force-strength of Ukraine >= 800,000`",
            )),
            Some(_) => Err(self.wrong_kind(&p.name, "a condition", "name an event, a state or a term")),
            None if self.names.actors.contains_key(&p.name.text)
                || self.names.zones.contains_key(&p.name.text) =>
            {
                Err(self.wrong_kind(&p.name, "a condition", "name an event, a state or a term"))
            }
            None => Err(self.not_known(&p.name, scope)),
        }
    }

    fn must_be_bare(&mut self, p: &Pattern) -> Lowered<()> {
        if p.is_bare() {
            return Ok(());
        }
        Err(self.report(
            Diagnostic::error("N0206", p.span.clone(), format!("`{}` has no roles", p.name.text))
                .help("only events, states, objects and measures have roles"),
        ))
    }

    /// One condition for each party of `each of`, else one.
    fn fact_conds(&mut self, p: &Pattern, scope: &Scope) -> Lowered<Vec<Cond>> {
        let place = p.roles.iter().position(|(_, v)| matches!(v.kind, ExprKind::EachOf(_)));
        let Some(place) = place else {
            return Ok(vec![Cond::Fact(self.pattern(p, scope)?)]);
        };
        let value = &p.roles[place].1;
        let ExprKind::EachOf(idents) = &value.kind else { return Err(Left) };
        let mut names = Vec::new();
        for ident in idents {
            names.push(self.actor(ident)?);
        }
        let mut all = Vec::new();
        for leaf in self.leaf_parties(&names) {
            let mut one = p.clone();
            let name = Ident { text: leaf, span: value.span.clone() };
            let span = value.span.clone();
            let kind = ExprKind::Pattern(Pattern {
                name,
                args: Vec::new(),
                roles: Vec::new(),
                filter: None,
                span: span.clone(),
            });
            one.roles[place].1 = Expr { kind, span };
            all.extend(self.fact_conds(&one, scope)?);
        }
        Ok(all)
    }

    // Patterns.

    /// An expression that must be a pattern of an event.
    pub(super) fn event_pattern(&mut self, e: &Expr, scope: &Scope) -> Lowered<FactPattern> {
        match &e.kind {
            ExprKind::Pattern(p) => {
                let keyword = self.names.things.get(&p.name.text).map(|d| d.keyword);
                if matches!(keyword, Some(k) if k != Keyword::Event) {
                    return Err(self.wrong_kind(&p.name, "an event", "an act is an event"));
                }
                self.pattern(p, scope)
            }
            ExprKind::Any(inner) => self.event_pattern(inner, scope),
            _ => Err(self.report(
                Diagnostic::error("N0210", e.span.clone(), "an event is needed here")
                    .help("write its name and, where it matters, its roles: `notice by bearer to Ukraine`"),
            )),
        }
    }

    /// A fact with its roles and filter.
    pub(super) fn pattern(&mut self, p: &Pattern, scope: &Scope) -> Lowered<FactPattern> {
        let Some(fact) = self.agreement.facts.get(&p.name.text).cloned() else {
            return Err(match self.names.things.contains_key(&p.name.text) {
                true => {
                    self.wrong_kind(&p.name, "an event, a state, an object or a measure", "name one of these")
                }
                false => self.not_known(&p.name, scope),
            });
        };
        if !p.args.is_empty() {
            return Err(self.report(
                Diagnostic::error(
                    "T0309",
                    p.span.clone(),
                    format!("`{}` takes nothing in brackets", p.name.text),
                )
                .help("roles are written behind the name: `fire by Russia at ZONE`"),
            ));
        }
        let mut pattern = FactPattern::any(p.name.text.clone());
        let mut filters = Vec::new();
        let mut failed = false;
        for (role, value) in &p.roles {
            match self.role(&p.name, &fact, role, value, scope) {
                Ok(Filled::Role(value)) => pattern.roles.push((role.text.clone(), value)),
                Ok(Filled::Filter(cond)) => filters.push(cond),
                Err(Left) => failed = true,
            }
        }
        if let Some(filter) = &p.filter {
            let mut roles = fact.roles.clone();
            if fact.kind == FactKind::Measure {
                roles.push(("value".into(), RoleType::Number(fact.unit.clone())));
            }
            let inner = Scope { roles: Some(roles), ..scope.clone() };
            match self.cond(filter, &inner) {
                Ok(cond) => filters.push(cond),
                Err(Left) => failed = true,
            }
        }
        if failed {
            return Err(Left);
        }
        pattern.filter = (!filters.is_empty()).then(|| Box::new(all_of(filters)));
        Ok(pattern)
    }

    fn role(
        &mut self,
        name: &Ident,
        fact: &Fact,
        role: &Ident,
        value: &Expr,
        scope: &Scope,
    ) -> Lowered<Filled> {
        let Some((_, of)) = fact.roles.iter().find(|(r, _)| *r == role.text) else {
            let known: Vec<Name> = fact.roles.iter().map(|(r, _)| r.clone()).collect();
            let list = known.iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(", ");
            let help = match known.is_empty() {
                true => format!("`{}` carries no roles; declare them under `carries`", name.text),
                false => format!("`{}` carries {list}", name.text),
            };
            let what = format!("`{}` has no such role:", name.text);
            return Err(self.unknown("N0206", &what, role, known, &help));
        };
        if let ExprKind::EachOf(_) = value.kind {
            return Err(self.report(
                Diagnostic::error("T0307", value.span.clone(), "`each of` cannot stand here")
                    .help("name the group: `by guarantors` fits each of its members; each on its own is what `bearer each of …` says"),
            ));
        }
        if *of == RoleType::Place
            && let ExprKind::Pattern(p) = &value.kind
            && self.names.zones.contains_key(&p.name.text)
        {
            let zone = self.zone_ref(p, scope)?;
            return Ok(match zone.args.is_empty() {
                true => Filled::Role(Value::Name(zone.zone)),
                false => Filled::Filter(Cond::Inside(Value::Role(role.text.clone()), zone)),
            });
        }
        // Roles of a record under test are not meant in the roles of another.
        let kind = Kind::of(of);
        let (lowered, found) = self.value(value, &kind, scope)?;
        self.fits(&kind, &found, value)?;
        Ok(Filled::Role(lowered))
    }

    /// A value that must be of a kind.
    fn fits(&mut self, needed: &Kind, found: &Kind, e: &Expr) -> Lowered<()> {
        let fits = match (needed, found) {
            (Kind::Any, _) | (_, Kind::Any) => true,
            (Kind::Number(None), Kind::Number(_)) | (Kind::Number(_), Kind::Number(None)) => true,
            (a, b) => a == b,
        };
        if fits {
            return Ok(());
        }
        let numbers = matches!((needed, found), (Kind::Number(_), Kind::Number(_)));
        let wrong = Diagnostic::error(
            if numbers { "T0303" } else { "T0312" },
            e.span.clone(),
            format!("{} is needed here, and this is {}", needed.shown(), found.shown()),
        );
        Err(self.report(match numbers {
            true => wrong.help(
                "write both in the same unit; a bare number takes the unit of what it is compared with",
            ),
            false => wrong.help("compare a role with what fills it"),
        }))
    }

    /// A zone with its arguments.
    pub(super) fn zone_ref(&mut self, p: &Pattern, scope: &Scope) -> Lowered<ZoneRef> {
        if !self.names.zones.contains_key(&p.name.text) {
            let known = self.names.zones.keys().cloned().collect();
            return Err(self.unknown("N0202", "the zone", &p.name, known, "declare it with `zone`"));
        }
        let params = self.zone_params(&p.name.text);
        if params.len() != p.args.len() {
            let list = params.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>().join(", ");
            let help = match params.is_empty() {
                true => "leave the brackets out".to_string(),
                false => format!("write `{}({list})` with a value for each", p.name.text),
            };
            return Err(self.report(
                Diagnostic::error(
                    "T0309",
                    p.span.clone(),
                    format!(
                        "the zone `{}` is given {} and needs {}",
                        p.name.text,
                        counted(p.args.len()),
                        counted(params.len())
                    ),
                )
                .help(help),
            ));
        }
        let mut args = Vec::new();
        for (arg, (_, of)) in p.args.iter().zip(&params) {
            let needed = Kind::of(of);
            let (value, kind) = self.value(arg, &needed, scope)?;
            self.fits(&needed, &kind, arg)?;
            args.push(value);
        }
        Ok(ZoneRef { zone: p.name.text.clone(), args })
    }

    // Values.

    fn compare(&mut self, e: &Expr, left: &Expr, op: Op, right: &Expr, scope: &Scope) -> Lowered<Cond> {
        let first = self.value(left, &Kind::Any, scope);
        let needed = first.as_ref().map_or(Kind::Any, |(_, kind)| kind.clone());
        let second = self.value(right, &needed, scope);
        let ((a, a_kind), (b, b_kind)) = (first?, second?);
        let numbers = matches!((&a_kind, &b_kind), (Kind::Number(_), Kind::Number(_)));
        if numbers {
            self.share_against_number(&a, left, &b, right)?;
            self.same_dimension(e, (left, &a_kind), (right, &b_kind))?;
        } else {
            self.fits(&a_kind, &b_kind, right)?;
        }
        let ordered = matches!(a_kind, Kind::Number(_) | Kind::Time | Kind::Any)
            && matches!(b_kind, Kind::Number(_) | Kind::Time | Kind::Any);
        if !ordered && !matches!(op, Op::Eq | Op::Ne) {
            return Err(self.report(
                Diagnostic::error(
                    "T0312",
                    e.span.clone(),
                    format!("{} is not more or less than another", a_kind.shown()),
                )
                .help("compare with `=` or `!=`; a place with `inside` or `outside`"),
            ));
        }
        if a_kind == Kind::Place {
            return Err(self.report(
                Diagnostic::error("T0312", e.span.clone(), "places are not compared with a sign")
                    .help("write `at inside ZONE` or `at outside ZONE`"),
            ));
        }
        Ok(Cond::Compare(a, op, b))
    }

    /// `coverage of Z >= 95` forgets the percent.
    fn share_against_number(&mut self, a: &Value, left: &Expr, b: &Value, right: &Expr) -> Lowered<()> {
        for (share, number, e) in [(a, b, right), (b, a, left)] {
            if let (Value::Coverage(..), Value::Number(n, _), ExprKind::Quantity(q)) =
                (share, number, &e.kind)
                && q.unit.is_none()
                && *n > Number::from(1)
            {
                let at = e.span.end;
                return Err(self.report(
                    Diagnostic::error("T0310", e.span.clone(), "a coverage is a share, from 0 to 1")
                        .help("write `percent` behind the number")
                        .fix(at..at, " percent", "write `percent`"),
                ));
            }
        }
        Ok(())
    }

    fn same_dimension(&mut self, e: &Expr, left: (&Expr, &Kind), right: (&Expr, &Kind)) -> Lowered<()> {
        match (left.1, right.1) {
            (Kind::Number(Some(a)), Kind::Number(Some(b))) if a != b => Err(self.report(
                Diagnostic::error("T0303", e.span.clone(), "these do not compare")
                    .label(left.0.span.clone(), format!("this is {}", units::shown(a)))
                    .label(right.0.span.clone(), format!("this is {}", units::shown(b)))
                    .help("write both in the same unit; a bare number takes the unit of what it is compared with"),
            )),
            _ => Ok(()),
        }
    }

    /// A value and what it is.
    pub(super) fn value(&mut self, e: &Expr, needed: &Kind, scope: &Scope) -> Lowered<(Value, Kind)> {
        match &e.kind {
            ExprKind::Quantity(quantity) => {
                if let Some(unit) = quantity.unit.as_ref().filter(|u| units::is_time(u.text.as_str())) {
                    return Err(self.report(
                        Diagnostic::error(
                            "T0303",
                            quantity.span.clone(),
                            format!("a length of time (`{}`) is no quantity", unit.text),
                        )
                        .help("lengths of time stand after `in any`, `within`, `every`, `after`, `before`"),
                    ));
                }
                let (number, dimension) = self.base(quantity);
                let kind = match &quantity.unit {
                    None => Kind::Number(None),
                    Some(_) => Kind::Number(Some(dimension.clone())),
                };
                Ok((Value::Number(number, dimension), kind))
            }
            ExprKind::Time(written) => Ok((Value::Instant(self.instant(written, false)?), Kind::Time)),
            ExprKind::Text(text) => match needed {
                Kind::Place => Err(self.report(
                    Diagnostic::error("N0202", e.span.clone(), "a place in a rule is the name of a zone")
                        .help(format!("declare it: `zone NAME` with `shape \"{text}\"`")),
                )),
                _ => Ok((Value::Text(text.clone()), Kind::Text)),
            },
            ExprKind::Pattern(p) => self.pattern_value(e, p, needed, scope),
            ExprKind::Aggregate(what, role, of, over) => {
                self.aggregate(e, *what, role.as_ref(), of, over, scope)
            }
            ExprKind::Coverage(zone, by) => {
                let zone = self.zone_ref(zone, scope);
                let by = match by {
                    None => None,
                    Some(name) if name.text == "bearer" && scope.bearer => Some(PartyRef::Bearer),
                    Some(name) => Some(PartyRef::Name(self.actor(name)?)),
                };
                Ok((Value::Coverage(zone?, by), Kind::Number(Some(Dimension::Plain))))
            }
            ExprKind::Share(share, of) => {
                let (value, kind) = self.number(of, scope)?;
                let share = Value::Number(share.clone(), Dimension::Plain);
                Ok((Value::Arith(Box::new(share), ArithOp::Mul, Box::new(value)), kind))
            }
            ExprKind::Call(function, args) => self.call(e, *function, args, scope),
            ExprKind::Arith(left, op, right) => self.arith(e, left, *op, right, scope),
            ExprKind::Any(_)
            | ExprKind::No(_)
            | ExprKind::EachOf(_)
            | ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::Compare(..)
            | ExprKind::Inside(..)
            | ExprKind::Happening(..)
            | ExprKind::Run(..) => Err(self.report(
                Diagnostic::error("T0307", e.span.clone(), "a condition stands where a value is needed")
                    .help("a value is a number, a name, a measure, or a `count` or `sum` of events"),
            )),
            ExprKind::Shift(..) | ExprKind::Day(..) | ExprKind::Known(..) => Err(self.report(
                Diagnostic::error("T0307", e.span.clone(), "a moment stands where a value is needed")
                    .help("a value is a number, a name, a measure, or a `count` or `sum` of events"),
            )),
        }
    }

    /// A value that must be a number.
    pub(super) fn number(&mut self, e: &Expr, scope: &Scope) -> Lowered<(Value, Kind)> {
        let (value, kind) = self.value(e, &Kind::Number(None), scope)?;
        match kind {
            Kind::Number(_) | Kind::Any => Ok((value, kind)),
            other => Err(self.report(
                Diagnostic::error(
                    "T0311",
                    e.span.clone(),
                    format!("a number is needed here, and this is {}", other.shown()),
                )
                .help("write a number, a measure, or a `count` or `sum` of events"),
            )),
        }
    }

    fn call(&mut self, e: &Expr, function: Function, args: &[Expr], scope: &Scope) -> Lowered<(Value, Kind)> {
        let fits = match function {
            Function::Ceil | Function::Floor | Function::Abs => args.len() == 1,
            Function::Min | Function::Max => args.len() >= 2,
        };
        if !fits {
            return Err(self.report(
                Diagnostic::error("T0309", e.span.clone(), "the number of values in brackets is not right")
                    .help("`ceil`, `floor` and `abs` take one value, `min` and `max` two or more"),
            ));
        }
        let mut values = Vec::new();
        let mut kind = Kind::Number(None);
        let mut of = &args[0];
        for arg in args {
            let (value, found) = self.number(arg, scope)?;
            self.same_dimension(e, (of, &kind), (arg, &found))?;
            if kind == Kind::Number(None) {
                (kind, of) = (found, arg);
            }
            values.push(value);
        }
        Ok((Value::Call(function, values), kind))
    }

    fn arith(
        &mut self,
        e: &Expr,
        left: &Expr,
        op: ArithOp,
        right: &Expr,
        scope: &Scope,
    ) -> Lowered<(Value, Kind)> {
        let first = self.number(left, scope);
        let (b, b_kind) = self.number(right, scope)?;
        let (a, a_kind) = first?;
        let plain = |kind: &Kind| matches!(kind, Kind::Number(None | Some(Dimension::Plain)) | Kind::Any);
        let kind = match op {
            ArithOp::Add | ArithOp::Sub => {
                self.same_dimension(e, (left, &a_kind), (right, &b_kind))?;
                if a_kind == Kind::Number(None) { b_kind } else { a_kind }
            }
            ArithOp::Mul if plain(&a_kind) => b_kind,
            ArithOp::Mul | ArithOp::Div if plain(&b_kind) => a_kind,
            ArithOp::Div if a_kind == b_kind => Kind::Number(Some(Dimension::Plain)),
            ArithOp::Mul | ArithOp::Div => {
                return Err(self.report(
                    Diagnostic::error(
                        "T0303",
                        e.span.clone(),
                        format!(
                            "{} and {} give no quantity that can be compared",
                            a_kind.shown(),
                            b_kind.shown()
                        ),
                    )
                    .help("multiply with a bare number, or divide by the same unit"),
                ));
            }
        };
        Ok((Value::Arith(Box::new(a), op, Box::new(b)), kind))
    }

    fn aggregate(
        &mut self,
        e: &Expr,
        what: Agg,
        role: Option<&Ident>,
        of: &Pattern,
        over: &Over,
        scope: &Scope,
    ) -> Lowered<(Value, Kind)> {
        let pattern = self.pattern(of, scope);
        let window = match over {
            Over::All => Ok(Window::All),
            Over::InAny(span) => self.quantity_span(span, None).map(Window::InAny),
            Over::InEach(period) => {
                self.needs_zone.get_or_insert(e.span.clone());
                Ok(Window::InEach(*period))
            }
            Over::Since(moment) => self.moment(moment, super::moments::Edge::Start, scope).map(Window::Since),
        };
        let pattern = pattern?;
        let window = window?;
        let fact = self.agreement.facts.get(&pattern.fact).cloned();
        let kind = match (role, &fact) {
            (Some(role), Some(fact)) => {
                let own = fact.roles.iter().find(|(r, _)| *r == role.text).map(|(_, of)| Kind::of(of));
                let value = (fact.kind == FactKind::Measure && role.text == "value")
                    .then(|| Kind::Number(Some(fact.unit.clone())));
                let Some(kind) = own.or(value) else {
                    let mut known: Vec<Name> = fact.roles.iter().map(|(r, _)| r.clone()).collect();
                    if fact.kind == FactKind::Measure {
                        known.push("value".into());
                    }
                    let list = known.iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(", ");
                    let what = format!("`{}` has no such role:", pattern.fact);
                    return Err(self.unknown("N0206", &what, role, known, &format!("its roles are {list}")));
                };
                kind
            }
            _ => Kind::Number(None),
        };
        let is_number = matches!(kind, Kind::Number(_));
        if matches!(what, Agg::Sum | Agg::Max | Agg::Min) && !is_number {
            let span = role.map_or(e.span.clone(), |r| r.span.clone());
            return Err(self.report(
                Diagnostic::error("T0311", span, format!("a number is needed here, and this is {}", kind.shown()))
                    .help("`sum`, `max` and `min` go over a role that is a number; `count of …` counts, `distinct ROLE of …` counts different values"),
            ));
        }
        let kind = if what == Agg::Distinct { Kind::Number(None) } else { kind };
        let role = role.map(|r| r.text.clone());
        Ok((Value::Aggregate(Box::new(Aggregate { what, role, of: pattern, window })), kind))
    }

    fn pattern_value(
        &mut self,
        e: &Expr,
        p: &Pattern,
        needed: &Kind,
        scope: &Scope,
    ) -> Lowered<(Value, Kind)> {
        if p.is_bare() {
            return self.name_value(&p.name, needed, scope);
        }
        let name = &p.name.text;
        if let [(of, value)] = &p.roles[..]
            && of.text == "of"
            && p.filter.is_none()
        {
            let of_trigger =
                matches!(&value.kind, ExprKind::Pattern(t) if t.is_bare() && t.name.text == "trigger");
            if of_trigger {
                return self.of_trigger(&p.name, value, scope);
            }
            let is_attribute = self
                .agreement
                .classes
                .values()
                .any(|c| c.values.values().any(|v| v.attributes.contains_key(name)));
            if is_attribute && !self.names.things.contains_key(name) {
                return self.attribute(&p.name, value, scope);
            }
        }
        match self.names.things.get(name).map(|d| d.keyword) {
            Some(Keyword::Measure) => {
                let unit = self.agreement.facts.get(name).map(|f| f.unit.clone()).unwrap_or_default();
                let pattern = self.pattern(p, scope)?;
                Ok((Value::Measure(Box::new(pattern)), Kind::Number(measured(unit))))
            }
            Some(Keyword::Event | Keyword::State | Keyword::Object) => {
                let word = self.names.things[name].keyword.word();
                Err(self.report(
                    Diagnostic::error("T0307", e.span.clone(), format!("the {word} `{name}` is no value"))
                        .help(format!("count it: `count of {name} …`"))
                        .fix(e.span.start..e.span.start, "count of ", "count it"),
                ))
            }
            Some(_) => Err(self.wrong_kind(
                &p.name,
                "a value",
                "a value is a number, a name, a measure, or a `count` or `sum` of events",
            )),
            None if self.names.zones.contains_key(name) => {
                Err(self.wrong_kind(&p.name, "a value", "a place lies `inside` a zone: `at inside ZONE`"))
            }
            None if p.roles.iter().any(|(r, _)| r.text == "of") && p.roles.len() == 1 => {
                let known = self
                    .agreement
                    .classes
                    .values()
                    .flat_map(|c| c.values.values().flat_map(|v| v.attributes.keys().cloned()));
                let known: Vec<Name> = known.chain(self.names.things.keys().cloned()).collect();
                Err(self.unknown(
                    "N0214",
                    "the attribute or measure",
                    &p.name,
                    known,
                    "attributes are declared with the values of a class",
                ))
            }
            None => Err(self.not_known(&p.name, scope)),
        }
    }

    fn of_trigger(&mut self, role: &Ident, at: &Expr, scope: &Scope) -> Lowered<(Value, Kind)> {
        match &scope.trigger {
            None => {
                let name = Ident { text: "trigger".into(), span: at.span.clone() };
                Err(self
                    .out_of_place(&name, "there is no trigger here: `trigger` is what stands after `when`"))
            }
            Some(None) => Ok((Value::OfTrigger(role.text.clone()), Kind::Any)),
            Some(Some(roles)) => match roles.iter().find(|(r, _)| *r == role.text) {
                Some((_, of)) => Ok((Value::OfTrigger(role.text.clone()), Kind::of(of))),
                None => {
                    let known = roles.iter().map(|(r, _)| r.clone()).collect();
                    Err(self.unknown(
                        "N0206",
                        "the trigger has no such role:",
                        role,
                        known,
                        "it is not among the roles of the event after `when`",
                    ))
                }
            },
        }
    }

    fn attribute(&mut self, attribute: &Ident, of: &Expr, scope: &Scope) -> Lowered<(Value, Kind)> {
        let has = |class: &servanda_model::agreement::Class| {
            class.values.values().find_map(|v| v.attributes.get(&attribute.text).map(|(_, d)| d.clone()))
        };
        let class = self.agreement.classes.iter().find_map(|(name, class)| Some((name.clone(), has(class)?)));
        let Some((class, dimension)) = class else { return Err(Left) };
        let (value, kind) = self.value(of, &Kind::Class(class.clone()), scope)?;
        if let Kind::Class(found) = &kind {
            let found_has = self.agreement.classes.get(found).and_then(has);
            if let Some(dimension) = found_has {
                return Ok((
                    Value::Attribute(attribute.text.clone(), Box::new(value)),
                    Kind::Number(Some(dimension)),
                ));
            }
        }
        self.fits(&Kind::Class(class), &kind, of)?;
        Ok((Value::Attribute(attribute.text.clone(), Box::new(value)), Kind::Number(Some(dimension))))
    }

    /// A name alone.
    fn name_value(&mut self, name: &Ident, needed: &Kind, scope: &Scope) -> Lowered<(Value, Kind)> {
        let text = &name.text;
        match text.as_str() {
            "bearer" | "beneficiary" if scope.bearer => {
                let bearer = (text.as_str() == "bearer") != scope.swapped;
                return Ok((if bearer { Value::Bearer } else { Value::Beneficiary }, Kind::Actor));
            }
            "bearer" | "beneficiary" => {
                return Err(self.out_of_place(
                    name,
                    "somebody bears or is owed something only in a norm, a power or a reading of one",
                ));
            }
            "trigger" | "breach" | "in-force" | "signed" => {
                return Err(self.out_of_place(name, "this is a moment, and a value is needed here"));
            }
            "target" => {
                return Err(self.out_of_place(name, "`target` stands in the options of a reading that a milestone compares by: `option floor: at least target`"));
            }
            _ => {}
        }
        let class = match needed {
            Kind::Class(class) => Some(class),
            _ => None,
        };
        let found = alone(text, class, *needed == Kind::Place, &Here { lower: self, scope });
        match (&found, needed) {
            (Alone::Role, _) => {
                let of = self.role_of(scope, text).map_or(Kind::Any, |of| Kind::of(&of));
                return Ok((Value::Role(text.clone()), of));
            }
            (Alone::Value, _) => return Ok((Value::Name(text.clone()), needed.clone())),
            (Alone::Thing, _) => return self.thing_value(name),
            _ => {}
        }
        if let Some(class) = class {
            let values: Vec<Name> = self
                .agreement
                .classes
                .get(class)
                .map(|c| c.values.keys().cloned().collect())
                .unwrap_or_default();
            let list = values.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", ");
            let what = format!("the class `{class}` has no value");
            let wrong = Diagnostic::error("N0204", name.span.clone(), format!("{what} `{text}`"));
            let near =
                super::names::closest(text.as_str(), values.iter().map(Name::as_str)).map(str::to_string);
            return Err(self.report(match near {
                Some(near) => wrong.help(format!("did you mean `{near}`?")).fix(
                    name.span.clone(),
                    near.clone(),
                    format!("write `{near}`"),
                ),
                None => wrong.help(format!("its values are {list}")),
            }));
        }
        if *needed == Kind::Text {
            return Err(self.report(
                Diagnostic::error(
                    "T0312",
                    name.span.clone(),
                    format!("a text is needed here, and `{text}` is a name"),
                )
                .help("texts stand in quotation marks")
                .fix(name.span.clone(), format!("\"{text}\""), "put it in quotation marks"),
            ));
        }
        match (found, needed) {
            (Alone::Actor, _) => Ok((Value::Name(text.clone()), Kind::Actor)),
            (_, Kind::Actor) => Err(self.actor(name).err().unwrap_or(Left)),
            (Alone::Zone, _) => Ok((Value::Name(text.clone()), Kind::Place)),
            (_, Kind::Place) => {
                let known = self.names.zones.keys().cloned().collect();
                Err(self.unknown("N0202", "the zone", name, known, "declare it with `zone`"))
            }
            (Alone::ValueOf(class), _) => {
                let having = self.agreement.classes.values().filter(|c| c.values.contains_key(text)).count();
                Ok((Value::Name(text.clone()), if having > 1 { Kind::Any } else { Kind::Class(class) }))
            }
            (Alone::RoleOfAny, _) => {
                let mut facts = self.agreement.facts.values();
                let of =
                    facts.find_map(|f| f.roles.iter().find(|(r, _)| r == text)).map(|(_, of)| Kind::of(of));
                Ok((Value::Role(text.clone()), of.unwrap_or(Kind::Any)))
            }
            _ => Err(self.not_known(name, scope)),
        }
    }

    /// A measure, reading, event, state, object or term alone, where a value is needed.
    fn thing_value(&mut self, name: &Ident) -> Lowered<(Value, Kind)> {
        let text = &name.text;
        match self.names.things.get(text).map(|d| d.keyword) {
            Some(Keyword::Measure) => {
                let unit = self.agreement.facts.get(text).map(|f| f.unit.clone()).unwrap_or_default();
                Ok((Value::Measure(Box::new(FactPattern::any(text.clone()))), Kind::Number(measured(unit))))
            }
            Some(Keyword::Reading) => {
                self.use_reading(name, Sort::Value)?;
                Ok((Value::Reading(text.clone()), Kind::Any))
            }
            Some(keyword @ (Keyword::Event | Keyword::State | Keyword::Object)) => Err(self.report(
                Diagnostic::error(
                    "T0307",
                    name.span.clone(),
                    format!("the {} `{text}` is no value", keyword.word()),
                )
                .help(format!("count it: `count of {text}`"))
                .fix(name.span.start..name.span.start, "count of ", "count it"),
            )),
            _ => Err(self.wrong_kind(
                name,
                "a value",
                "a term is true or not: write `holds` behind it where a condition stands",
            )),
        }
    }
}

/// What is known where an expression is lowered.
struct Here<'h, 'a> {
    lower: &'h Lower<'a>,
    scope: &'h Scope,
}

impl Known for Here<'_, '_> {
    fn is_role(&self, name: &Name) -> bool {
        self.lower.role_of(self.scope, name).is_some()
    }

    fn has_value(&self, class: &Name, name: &Name) -> bool {
        self.lower.agreement.classes.get(class).is_some_and(|c| c.values.contains_key(name))
    }

    fn has(&self, list: List, name: &Name) -> bool {
        self.lower.names.list(list).contains_key(name)
    }

    fn class_of(&self, name: &Name) -> Option<Name> {
        let mut classes = self.lower.agreement.classes.iter();
        classes.find(|(_, c)| c.values.contains_key(name)).map(|(class, _)| class.clone())
    }

    fn is_role_of_any(&self, name: &Name) -> bool {
        let mut facts = self.lower.agreement.facts.values();
        self.scope.any_role && facts.any(|f| f.roles.iter().any(|(role, _)| role == name))
    }
}

/// What fills a role: a value, or for a zone with arguments a condition on the place.
enum Filled {
    Role(Value),
    Filter(Cond),
}

fn measured(unit: Dimension) -> Option<Dimension> {
    (unit != Dimension::Plain).then_some(unit)
}

fn counted(n: usize) -> String {
    match n {
        0 => "nothing in brackets".to_string(),
        1 => "one value in brackets".to_string(),
        n => format!("{n} values in brackets"),
    }
}

/// All of them; one is itself.
pub(super) fn all_of(mut all: Vec<Cond>) -> Cond {
    if all.len() == 1 { all.remove(0) } else { Cond::And(all) }
}
