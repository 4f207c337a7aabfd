//! Readings: what their options can stand for, and what their places of use want of them.
//!
//! `begin-pull-back` as an option may be a condition (it has happened) or a moment (when it happened). The place where the
//! reading is used decides; all its options must then agree.

use super::moments::Edge;
use super::{Kind, Left, Lower, Lowered, Scope};
use crate::ast::{self, Decl, Expr, ExprKind, FieldValue, Happening, Ident};
use crate::diagnostic::Diagnostic;
use crate::parser::vocabulary::Keyword;
use crate::units;
use servanda_model::agreement::{Comparator, Meaning, Reading};
use servanda_model::{Name, Number};

/// What an option of a reading can stand for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Sort {
    Compare,
    Span,
    Moment,
    Cond,
    Value,
}

impl Sort {
    const ALL: [Sort; 5] = [Sort::Compare, Sort::Span, Sort::Moment, Sort::Cond, Sort::Value];

    fn shown(self) -> &'static str {
        match self {
            Sort::Compare => "a way of comparing with a target",
            Sort::Span => "a length of time",
            Sort::Moment => "a moment",
            Sort::Cond => "a condition",
            Sort::Value => "a quantity",
        }
    }
}

/// The sorts that all options of a reading can have.
#[derive(Clone, Debug)]
pub(super) struct Kinds {
    can: Vec<Sort>,
}

impl Lower<'_> {
    pub(super) fn is_reading(&self, name: &Name) -> bool {
        self.names.things.get(name).is_some_and(|d| d.keyword == Keyword::Reading)
    }

    pub(super) fn reading_can_be(&self, name: &Name, sort: Sort) -> bool {
        self.readings.get(name).is_none_or(|kinds| kinds.can.contains(&sort))
    }

    /// Looks at all options before anything uses them.
    pub(super) fn reading_kinds(&mut self) {
        let decls: Vec<&Decl> = self.decls(Keyword::Reading).filter(|d| self.names.is_first(d)).collect();
        for decl in decls {
            let Some(name) = &decl.name else { continue };
            let mut can = Sort::ALL.to_vec();
            let mut first: Option<(Ident, Vec<Sort>)> = None;
            for field in decl.all("option") {
                let FieldValue::Option { name: option, meaning } = &field.value else { continue };
                let sorts = self.sorts(meaning, 0);
                let both: Vec<Sort> = can.iter().copied().filter(|s| sorts.contains(s)).collect();
                if both.is_empty() {
                    let (before, of_first) = first.clone().unwrap_or((option.clone(), Vec::new()));
                    let is = |sorts: &[Sort]| sorts.first().map_or("something else", |s| s.shown());
                    self.report(
                        Diagnostic::error("T0308", option.span.clone(), format!("the options of `{}` are of different kinds", name.text))
                            .label(before.span.clone(), format!("this option is {}", is(&of_first)))
                            .label(option.span.clone(), format!("this option is {}", is(&sorts)))
                            .help("all options of a reading stand in the same place: all moments, all conditions, all quantities"),
                    );
                    can = Sort::ALL.to_vec();
                    break;
                }
                can = both;
                first.get_or_insert((option.clone(), sorts));
            }
            if decl.field("option").is_none() && !decl.damaged {
                self.report(
                    Diagnostic::error("S0501", decl.name_span(), "this reading has no options")
                        .help("add a line `option NAME: …` for each way in which the words are read"),
                );
            }
            self.readings.insert(name.text.clone(), Kinds { can });
        }
    }

    fn sorts(&self, meaning: &ast::Meaning, depth: usize) -> Vec<Sort> {
        let e = match meaning {
            ast::Meaning::Expr(e) => e,
            _ => return vec![Sort::Compare],
        };
        match &e.kind {
            ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::Compare(..)
            | ExprKind::Inside(..)
            | ExprKind::No(_)
            | ExprKind::Run(..) => {
                vec![Sort::Cond]
            }
            ExprKind::Any(_) => vec![Sort::Cond, Sort::Moment],
            ExprKind::Happening(_, how, _) => match how {
                Happening::Holds => vec![Sort::Cond],
                Happening::Begins | Happening::Ends => vec![Sort::Moment],
                _ => vec![Sort::Moment, Sort::Cond],
            },
            ExprKind::Quantity(q) => match &q.unit {
                Some(unit) if units::is_time(unit.text.as_str()) => vec![Sort::Span],
                _ => vec![Sort::Value],
            },
            ExprKind::Time(_) => vec![Sort::Moment, Sort::Value],
            ExprKind::Shift(..) | ExprKind::Day(..) | ExprKind::Known(..) => vec![Sort::Moment],
            ExprKind::Text(_)
            | ExprKind::EachOf(_)
            | ExprKind::Aggregate(..)
            | ExprKind::Coverage(..)
            | ExprKind::Share(..)
            | ExprKind::Call(..)
            | ExprKind::Arith(..) => {
                vec![Sort::Value]
            }
            ExprKind::Pattern(p) => {
                if matches!(p.name.text.as_str(), "trigger" | "breach" | "in-force" | "signed") {
                    return vec![Sort::Moment];
                }
                match self.names.things.get(&p.name.text) {
                    Some(decl) => match decl.keyword {
                        Keyword::Event => vec![Sort::Moment, Sort::Cond],
                        Keyword::State | Keyword::Object | Keyword::Term | Keyword::Open => vec![Sort::Cond],
                        Keyword::Measure => vec![Sort::Value],
                        _ if depth > 8 => Sort::ALL.to_vec(),
                        _ => {
                            let mut can = Sort::ALL.to_vec();
                            for field in decl.all("option") {
                                if let FieldValue::Option { meaning, .. } = &field.value {
                                    let sorts = self.sorts(meaning, depth + 4);
                                    can.retain(|s| sorts.contains(s));
                                }
                            }
                            can
                        }
                    },
                    None => Sort::ALL.to_vec(),
                }
            }
        }
    }

    /// A reading stands where this sort is needed.
    pub(super) fn use_reading(&mut self, name: &Ident, sort: Sort) -> Lowered<()> {
        let Some(kinds) = self.readings.get_mut(&name.text) else { return Ok(()) };
        if kinds.can.contains(&sort) {
            kinds.can = vec![sort];
            return Ok(());
        }
        let is = kinds.can.first().map_or("something else", |s| s.shown());
        let declared = self.declared_at(&name.text);
        let wrong = Diagnostic::error(
            "T0308",
            name.span.clone(),
            format!("{} is needed here, and the reading `{}` is {is}", sort.shown(), name.text),
        )
        .help(match sort {
            Sort::Moment if is == Sort::Span.shown() => {
                format!("write `{} after …`, or `within {}`", name.text, name.text)
            }
            _ => "its options must agree with the places where it stands".to_string(),
        });
        Err(self.report(match declared {
            Some((span, text)) => wrong.label(span, text),
            None => wrong,
        }))
    }

    /// Lowers all options, now that their places of use have spoken.
    pub(super) fn readings(&mut self) {
        let mut left: Vec<&Decl> = self.decls(Keyword::Reading).filter(|d| self.names.is_first(d)).collect();
        // Those of one sort first: their options may decide the sort of others.
        while !left.is_empty() {
            let decided = |decl: &&Decl| {
                decl.name
                    .as_ref()
                    .and_then(|n| self.readings.get(&n.text))
                    .is_none_or(|kinds| kinds.can.len() <= 1)
            };
            let next = left.iter().position(decided).unwrap_or(0);
            let decl = left.remove(next);
            let Some(name) = &decl.name else { continue };
            let sort = self
                .readings
                .get(&name.text)
                .and_then(|kinds| kinds.can.first().copied())
                .unwrap_or(Sort::Cond);
            if let Some(kinds) = self.readings.get_mut(&name.text) {
                kinds.can = vec![sort];
            }
            let mut options: Vec<(Name, Meaning)> = Vec::new();
            for field in decl.all("option") {
                let FieldValue::Option { name: option, meaning } = &field.value else { continue };
                if options.iter().any(|(name, _)| *name == option.text) {
                    self.report(
                        Diagnostic::error(
                            "N0209",
                            option.span.clone(),
                            format!("`{}` is declared twice", option.text),
                        )
                        .help("each option has a name of its own"),
                    );
                } else if let Ok(meaning) = self.meaning(meaning, sort) {
                    options.push((option.text.clone(), meaning));
                }
            }
            let words = decl.phrase.as_ref().map(|p| p.text.clone()).unwrap_or_default();
            let reading = Reading { words, options, clause: decl.clause };
            if !reading.options.is_empty() {
                self.agreement.readings.insert(name.text.clone(), reading);
            }
        }
    }

    fn meaning(&mut self, meaning: &ast::Meaning, sort: Sort) -> Lowered<Meaning> {
        let scope =
            Scope { bearer: true, trigger: Some(None), breach: true, any_role: true, ..Scope::default() };
        Ok(match (meaning, sort) {
            (ast::Meaning::AtLeastTarget, _) => Meaning::Compare(Comparator::AtLeast),
            (ast::Meaning::AtMostTarget, _) => Meaning::Compare(Comparator::AtMost),
            (ast::Meaning::TargetWithin(quantity), _) => {
                if quantity.unit.as_ref().is_none_or(|u| u.text != "percent") {
                    return Err(self.report(
                        Diagnostic::error(
                            "T0310",
                            quantity.span.clone(),
                            "a share of the target is needed here",
                        )
                        .help("write `target within 2 percent`"),
                    ));
                }
                Meaning::Compare(Comparator::Within(
                    quantity.number.over(&Number::from(100)).unwrap_or_default(),
                ))
            }
            (ast::Meaning::Expr(e), Sort::Span) => Meaning::Span(self.fixed_span(e, None)?),
            (ast::Meaning::Expr(e), Sort::Moment) => Meaning::Moment(self.moment(e, Edge::End, &scope)?),
            (ast::Meaning::Expr(e), Sort::Cond) => Meaning::Cond(self.cond(e, &scope)?),
            (ast::Meaning::Expr(e), Sort::Value) => Meaning::Value(self.any_value(e, &scope)?),
            (ast::Meaning::Expr(_), Sort::Compare) => return Err(Left),
        })
    }

    fn any_value(&mut self, e: &Expr, scope: &Scope) -> Lowered<servanda_model::agreement::Value> {
        Ok(self.value(e, &Kind::Any, scope)?.0)
    }
}
