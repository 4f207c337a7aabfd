//! Milestones, deliveries, quotas and notices: each row becomes a norm of its own.

use super::moments::Edge;
use super::readings::Sort;
use super::{Kind, Left, Lower, Lowered, Scope};
use crate::ast::{Decl, FieldValue, Ident, Quantity, Text};
use crate::diagnostic::Diagnostic;
use crate::units;
use servanda_model::Name;
use servanda_model::agreement::{
    Agg, Aggregate, Cond, Deadline, Dimension, FactPattern, Moment, Norm, NormKind, Op, Part, RoleType,
    Trigger, Value, Verb, Who, Window,
};

impl Lower<'_> {
    /// Adds the norm of a row; two rows of one name are an error.
    fn row(&mut self, base: &Norm, rest: &str, span: &crate::ast::Span, bearer: Option<Who>, part: Part) {
        let name = Name::from(format!("{}/{rest}", base.name));
        if self.agreement.norms.iter().any(|n| n.name == name) {
            self.report(
                Diagnostic::error("N0209", span.clone(), format!("two rows give the norm `{name}`"))
                    .help("join them in one row, or declare a second list with another name"),
            );
            return;
        }
        let mut norm = base.clone();
        norm.name = name;
        norm.line = self.line(span.start);
        norm.bearer = bearer.unwrap_or(norm.bearer);
        norm.parts = vec![part];
        self.agreement.norms.push(norm);
    }

    /// A row's number against the value that it bounds.
    fn bound(&mut self, amount: &Quantity, kind: &Kind) -> Lowered<Value> {
        let (number, dimension) = self.base(amount);
        match (kind, &amount.unit) {
            (Kind::Number(Some(of)), Some(_)) if *of != dimension => Err(self.report(
                Diagnostic::error(
                    "T0303",
                    amount.span.clone(),
                    format!("{} is needed here, and this is {}", units::shown(of), units::shown(&dimension)),
                )
                .help(
                    "write both in the same unit; a bare number takes the unit of what it is compared with",
                ),
            )),
            _ => Ok(Value::Number(number, dimension)),
        }
    }

    pub(super) fn milestone(&mut self, decl: &Decl) {
        let scope = Scope { bearer: true, ..Scope::default() };
        let (base, mut ok) = self.norm_base(decl, NormKind::Duty, &scope);
        let measure = match decl.field("measure").map(|f| &f.value) {
            Some(FieldValue::Expr(e)) => self.number(e, &scope),
            Some(_) => Err(Left),
            None => Err(self.missing(
                decl,
                "measure",
                "say what is measured: `measure force-strength of Ukraine`",
            )),
        };
        let compare = match decl.field("compare").map(|f| &f.value) {
            Some(FieldValue::Names(names)) => {
                match names.first() {
                    Some(name) if self.is_reading(&name.text) => {
                        ok &= self.use_reading(name, Sort::Compare).is_ok();
                        Some(name.text.clone())
                    }
                    Some(name) => {
                        let known = self.readings.keys().cloned().collect();
                        self.unknown("N0208", "the reading", name, known, "declare it: `reading NAME \"words\"` with options such as `floor: at least target`");
                        ok = false;
                        None
                    }
                    None => None,
                }
            }
            _ => None,
        };
        let mut any = decl.damaged;
        let measure = measure.map_err(|_| ok = false).ok();
        let mut without = None;
        for field in &decl.fields {
            let (FieldValue::Row { date, amount }, Some((value, kind))) = (&field.value, &measure) else {
                any |= matches!(field.value, FieldValue::Row { .. });
                continue;
            };
            any = true;
            let (Ok(day), Ok(bound)) = (self.day(date), self.bound(amount, kind)) else { continue };
            let (cond, rest) = match (field.word, &compare) {
                ("floor", _) => (Cond::Compare(value.clone(), Op::Ge, bound), format!("floor-{}", date.text)),
                ("ceiling", _) => {
                    (Cond::Compare(value.clone(), Op::Le, bound), format!("ceiling-{}", date.text))
                }
                (_, Some(reading)) => {
                    (Cond::CompareBy(value.clone(), reading.clone(), bound), date.text.clone())
                }
                (_, None) => {
                    without.get_or_insert(field.word_span.clone());
                    continue;
                }
            };
            if ok {
                let part = Part { verb: Verb::Ensure, cond, deadline: Deadline::By(day) };
                self.row(&base, &rest, &field.span, None, part);
            }
        }
        if let Some(span) = without.filter(|_| decl.field("compare").is_none()) {
            self.report(
                Diagnostic::error("S0510", span, "a target may be a floor, a ceiling or a mark to be met closely")
                    .help("say which: `compare READING` with options `at least target`, `at most target`, `target within 2 percent`; or write `floor` or `ceiling`"),
            );
        }
        if !any {
            self.missing(
                decl,
                "target",
                "add rows: `target 2026-12-31 700,000 persons`, `floor …` or `ceiling …`",
            );
        }
    }

    fn day(&mut self, date: &Text) -> Lowered<Moment> {
        if date.is_date() {
            let day = self.date(date)?;
            self.instant(date, false)?;
            return Ok(Moment::EndOfDate(day));
        }
        Ok(Moment::Instant(self.instant(date, true)?))
    }

    pub(super) fn delivery(&mut self, decl: &Decl) {
        let scope = Scope { bearer: true, ..Scope::default() };
        let (base, mut ok) = self.norm_base(decl, NormKind::Duty, &scope);
        let fact = match decl.field("fact").map(|f| &f.value) {
            Some(FieldValue::Names(names)) => names.first().cloned(),
            _ => {
                decl.name.as_ref().map(|_| Ident { text: "delivery".into(), span: decl.keyword_span.clone() })
            }
        };
        let Some(fact) = fact else { return };
        let roles = match self.agreement.facts.get(&fact.text) {
            Some(found) => found.roles.clone(),
            None => {
                let known = self.agreement.facts.keys().cloned().collect();
                let help = "declare it: `event delivery` with `carries item: text, quantity: number, from: party, to: party`; or name another with `fact`";
                self.unknown("N0205", "the event", &fact, known, help);
                return;
            }
        };
        let of = |name: &str| roles.iter().find(|(role, _)| *role == name).map(|(_, of)| of.clone());
        let giver = ["from", "by"].into_iter().find(|role| of(role).is_some());
        for (role, there) in [
            ("item", of("item").is_some()),
            ("quantity", of("quantity").is_some()),
            ("from", giver.is_some()),
        ] {
            if !there {
                self.report(
                    Diagnostic::error(
                        "N0206",
                        fact.span.clone(),
                        format!("`{}` has no role `{role}`, which rows of a delivery fill", fact.text),
                    )
                    .help(
                        "declare it under `carries`: `item: text, quantity: number, from: party, to: party`",
                    ),
                );
                ok = false;
            }
        }
        let to = match &base.owed_to {
            Who::EachOf(names) | Who::Jointly(names) if names.len() == 1 && of("to").is_some() => {
                Some(names[0].clone())
            }
            _ => None,
        };
        let quantity_of = match of("quantity") {
            Some(RoleType::Number(Dimension::Plain)) | None => Kind::Number(None),
            Some(RoleType::Number(dimension)) => Kind::Number(Some(dimension)),
            Some(other) => Kind::of(&other),
        };
        let mut any = decl.damaged;
        for field in decl.all("item") {
            any = true;
            let FieldValue::Item { what, amount, by, due } = &field.value else { continue };
            let party = self.actor(by);
            let bound = self.bound(amount, &quantity_of);
            let due = self.moment(due, Edge::End, &scope);
            let item = self.item_value(what, of("item"));
            let (Ok(party), Ok(bound), Ok(due), Ok(item), true, Some(giver)) =
                (party, bound, due, item, ok, giver)
            else {
                continue;
            };
            let mut pattern = FactPattern::any(fact.text.clone());
            pattern.roles.push(("item".into(), item));
            pattern.roles.push((giver.into(), Value::Name(party.clone())));
            pattern.roles.extend(to.clone().map(|to| ("to".into(), Value::Name(to))));
            let sum =
                Aggregate { what: Agg::Sum, role: Some("quantity".into()), of: pattern, window: Window::All };
            let cond = Cond::Compare(Value::Aggregate(Box::new(sum)), Op::Ge, bound);
            let part = Part { verb: Verb::Ensure, cond, deadline: Deadline::By(due) };
            let rest = Name::slug(&what.text);
            self.row(&base, rest.as_str(), &field.span, Some(Who::EachOf(vec![party])), part);
        }
        if !any {
            self.missing(
                decl,
                "item",
                "add rows: `item \"155 mm howitzer\", 72 pieces, Germany, by 2026-12-31`",
            );
        }
    }

    /// The item as what its role takes: a text, or the value of a class with that phrase or name.
    fn item_value(&mut self, what: &Text, of: Option<RoleType>) -> Lowered<Value> {
        let Some(RoleType::Class(class)) = of else { return Ok(Value::Text(what.text.clone())) };
        let values = self.agreement.classes.get(&class).map(|c| c.values.clone()).unwrap_or_default();
        let found = values.iter().find(|(name, v)| v.phrase == what.text || **name == *what.text.as_str());
        if let Some((name, _)) = found {
            return Ok(Value::Name(name.clone()));
        }
        let ident = Ident { text: what.text.as_str().into(), span: what.span.clone() };
        let known = values.keys().cloned().collect();
        Err(self.unknown(
            "N0204",
            &format!("the class `{class}` has no such value:"),
            &ident,
            known,
            "declare it as a value of the class",
        ))
    }

    pub(super) fn quota(&mut self, decl: &Decl) {
        let outer = Scope { bearer: true, ..Scope::default() };
        let mut ok = true;
        let mut when = Trigger::Always;
        if let Some(FieldValue::Expr(e)) = decl.field("when").map(|f| &f.value) {
            match self.trigger(e, &outer) {
                Ok(trigger) => when = trigger,
                Err(Left) => ok = false,
            }
        }
        let scope = self.norm_scope(&when);
        let (mut base, base_ok) = self.norm_base(decl, NormKind::Ban, &scope);
        ok &= base_ok;
        base.when = when;
        let Some(of) = decl.field("of") else {
            self.missing(
                decl,
                "of",
                "say what is capped: `of EVENT by bearer`, or `of sum quantity of EVENT by bearer`",
            );
            return;
        };
        let FieldValue::Expr(of) = &of.value else { return };
        let caps: Vec<_> = decl.all("at most").collect();
        if caps.is_empty() {
            self.missing(decl, "at most", "say how much: `at most 3 in each calendar month`");
        }
        for field in &caps {
            let FieldValue::AtMost { amount, period } = &field.value else { continue };
            let window = period.map_or(Window::All, Window::InEach);
            if period.is_some() {
                self.needs_zone.get_or_insert(field.span.clone());
            }
            let Ok((value, kind)) = self.capped(of, window, &scope) else { return };
            let Ok(bound) = self.bound(amount, &kind) else { continue };
            if !ok {
                continue;
            }
            let part = Part {
                verb: Verb::NotKeep,
                cond: Cond::Compare(value, Op::Gt, bound),
                deadline: Deadline::None,
            };
            if caps.len() == 1 {
                self.agreement.norms.push(Norm { parts: vec![part], ..base.clone() });
            } else {
                self.row(&base, period.map_or("level", |p| p.word()), &field.span, None, part);
            }
        }
    }

    /// What a quota counts: events, a sum over them, or a measure as it stands.
    fn capped(&mut self, of: &crate::ast::Expr, window: Window, scope: &Scope) -> Lowered<(Value, Kind)> {
        use crate::ast::ExprKind;
        match &of.kind {
            ExprKind::Pattern(p)
                if self
                    .agreement
                    .facts
                    .get(&p.name.text)
                    .is_none_or(|f| f.kind == servanda_model::agreement::FactKind::Event) =>
            {
                let of = self.event_pattern(of, scope)?;
                let count = Aggregate { what: Agg::Count, role: None, of, window };
                Ok((Value::Aggregate(Box::new(count)), Kind::Number(None)))
            }
            ExprKind::Aggregate(..) => {
                let (value, kind) = self.number(of, scope)?;
                match value {
                    Value::Aggregate(mut aggregate) => {
                        if window != Window::All {
                            aggregate.window = window;
                        }
                        Ok((Value::Aggregate(aggregate), kind))
                    }
                    other => Ok((other, kind)),
                }
            }
            _ if window == Window::All => self.number(of, scope),
            _ => Err(self.report(
                Diagnostic::error(
                    "T0307",
                    of.span.clone(),
                    "what stands at a level is not counted by calendar periods",
                )
                .help("leave the period out for a cap on the level; events are counted by periods"),
            )),
        }
    }

    pub(super) fn notify(&mut self, decl: &Decl) {
        let outer = Scope { bearer: true, ..Scope::default() };
        let when = match decl.field("of").map(|f| &f.value) {
            Some(FieldValue::Expr(e)) => self.event_pattern(e, &outer).map(Trigger::Each),
            Some(_) => Err(Left),
            None => Err(self.missing(decl, "of", "say what is announced: `of EVENT by bearer`")),
        };
        let scope = match &when {
            Ok(when) => self.norm_scope(when),
            Err(Left) => Scope { trigger: Some(None), ..outer },
        };
        let (mut norm, mut ok) = self.norm_base(decl, NormKind::Duty, &scope);
        let mut act = None;
        for field in decl.all("must") {
            if let FieldValue::Content { verb, cond } = &field.value {
                if *verb != Verb::Do || act.is_some() {
                    self.report(
                        Diagnostic::error(
                            "S0504",
                            field.span.clone(),
                            "a notice is one act: `must do NOTICE`",
                        )
                        .help("declare a `duty` for anything else"),
                    );
                    ok = false;
                }
                act = self.cond(cond, &scope).map_err(|_| ok = false).ok();
            }
        }
        if decl.field("must").is_none() {
            self.missing(decl, "must", "say by which act it is announced: `must do NOTICE by bearer`");
        }
        let deadline = match decl.field("no later").map(|f| &f.value) {
            Some(FieldValue::NoLater { span, before }) => {
                let anchor = match before {
                    Some(e) => self.moment(e, Edge::Start, &scope),
                    None => Ok(Moment::Trigger),
                };
                match anchor {
                    Ok(anchor) => self.shifted(span, false, anchor, before.as_ref()),
                    Err(Left) => Err(Left),
                }
            }
            Some(_) => Err(Left),
            None => {
                Err(self.missing(decl, "no later", "say how long before: `no later than 42 days before`"))
            }
        };
        if let (Ok(when), Some(cond), Ok(due), true) = (when, act, deadline, ok) {
            norm.when = when;
            norm.parts = vec![Part { verb: Verb::Do, cond, deadline: Deadline::By(due) }];
            self.agreement.norms.push(norm);
        }
    }
}
