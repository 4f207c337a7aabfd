//! Time in rules: literals, spans, moments, triggers and deadlines.

use super::readings::Sort;
use super::{Left, Lower, Lowered, Scope};
use crate::ast::{Expr, ExprKind, Happening, Pattern, Quantity, Text};
use crate::diagnostic::Diagnostic;
use crate::literal;
use crate::parser::vocabulary::Keyword;
use servanda_model::agreement::{Cond, Moment, NormEvent, NormMoment, PartyRef, Trigger, Who};
use servanda_model::{Instant, Span};

/// Whether a date alone means the start or the end of its day.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
}

/// A length of time, or the reading that gives one.
pub(super) enum Length {
    Span(Span),
    Reading(servanda_model::Name),
}

impl Lower<'_> {
    /// A date or a time as written; a date alone is the start or the end of its day.
    pub(super) fn instant(&mut self, written: &Text, end_of_day: bool) -> Lowered<Instant> {
        let has_offset = written.text.contains('T') && written.text.ends_with('Z');
        if !has_offset {
            self.needs_zone.get_or_insert(written.span.clone());
        }
        literal::instant(&written.text, &self.agreement.calendar, end_of_day).map_err(|wrong| {
            self.report(Diagnostic::error("T0301", written.span.clone(), wrong.message).help(wrong.remedy))
        })
    }

    pub(super) fn date(&mut self, written: &Text) -> Lowered<jiff::civil::Date> {
        self.needs_zone.get_or_insert(written.span.clone());
        literal::date(&written.text).map_err(|wrong| {
            self.report(Diagnostic::error("T0301", written.span.clone(), wrong.message).help(wrong.remedy))
        })
    }

    /// An expression that must be a date or a time.
    pub(super) fn fixed_instant(&mut self, e: &Expr, end_of_day: bool) -> Lowered<Instant> {
        match &e.kind {
            ExprKind::Time(written) => self.instant(written, end_of_day),
            _ => Err(self.no_moment(e, "write a date or a time: 2026-12-31 or 2026-12-31T18:00")),
        }
    }

    fn no_moment(&mut self, e: &Expr, help: &str) -> Left {
        let written = crate::parser::shown(&self.text[e.span.clone()]);
        self.report(
            Diagnostic::error("T0313", e.span.clone(), format!("`{written}` is no moment")).help(help),
        )
    }

    /// A number with a unit of time.
    pub(super) fn quantity_span(&mut self, quantity: &Quantity, anchor: Option<&Expr>) -> Lowered<Span> {
        let unit = quantity.unit.as_ref().map(|u| u.text.as_str());
        let Some(unit) = unit else {
            return Err(self.report(
                Diagnostic::error(
                    "T0302",
                    quantity.span.clone(),
                    format!("`{}` has no unit of time", quantity.number),
                )
                .help("write hours, days, working days, weeks, months or years behind it"),
            ));
        };
        let span = literal::span_of(&quantity.number, unit).map_err(|wrong| {
            self.report(Diagnostic::error("T0302", quantity.span.clone(), wrong.message).help(wrong.remedy))
        })?;
        match span {
            Span::Months(_) if self.agreement.calendar.months.is_none() && !never_rounded(span, anchor) => {
                return Err(self.report(
                    Diagnostic::error(
                        "T0304",
                        quantity.span.clone(),
                        format!("what `{span}` after the last day of a month comes to is not declared"),
                    )
                    .help("declare it in the agreement: `months round down` (31 January and a month is the last day of February) or `months round up` (1 March)"),
                ));
            }
            Span::Exact(_) => {}
            _ => {
                self.counts_days.get_or_insert(quantity.span.clone());
                self.needs_zone.get_or_insert(quantity.span.clone());
            }
        }
        Ok(span)
    }

    /// A length of time, or a reading of that kind.
    pub(super) fn length(&mut self, e: &Expr, anchor: Option<&Expr>) -> Lowered<Length> {
        match &e.kind {
            ExprKind::Quantity(quantity) => Ok(Length::Span(self.quantity_span(quantity, anchor)?)),
            ExprKind::Pattern(p) if p.is_bare() && self.is_reading(&p.name.text) => {
                self.use_reading(&p.name, Sort::Span)?;
                Ok(Length::Reading(p.name.text.clone()))
            }
            ExprKind::Pattern(p) if p.is_bare() => {
                let known = self
                    .names
                    .things
                    .iter()
                    .filter(|(_, d)| d.keyword == Keyword::Reading)
                    .map(|(n, _)| n.clone());
                let known = known.collect();
                let help = "write a number and a unit of time: `24 hours`, `14 days`";
                Err(self.unknown("N0208", "the reading", &p.name, known, help))
            }
            _ => Err(self.report(
                Diagnostic::error("T0302", e.span.clone(), "a length of time is needed here")
                    .help("write a number and a unit of time: `24 hours`, `14 days`"),
            )),
        }
    }

    /// A length of time without a reading.
    pub(super) fn fixed_span(&mut self, e: &Expr, anchor: Option<&Expr>) -> Lowered<Span> {
        match self.length(e, anchor)? {
            Length::Span(span) => Ok(span),
            Length::Reading(name) => Err(self.report(
                Diagnostic::error(
                    "T0308",
                    e.span.clone(),
                    format!("the reading `{name}` cannot give this length of time"),
                )
                .help("write it out: a number and a unit of time"),
            )),
        }
    }

    /// A span after or before a moment.
    pub(super) fn shifted(
        &mut self,
        span: &Expr,
        after: bool,
        of: Moment,
        anchor: Option<&Expr>,
    ) -> Lowered<Moment> {
        Ok(match self.length(span, anchor)? {
            Length::Span(span) if after => Moment::After(span, Box::new(of)),
            Length::Span(span) => Moment::Before(span, Box::new(of)),
            Length::Reading(name) if after => Moment::AfterReading(name, Box::new(of)),
            Length::Reading(name) => {
                return Err(self.report(
                    Diagnostic::error(
                        "T0308",
                        span.span.clone(),
                        format!("the reading `{name}` cannot stand before `before`"),
                    )
                    .help("write the length of time out"),
                ));
            }
        })
    }

    /// A moment.
    pub(super) fn moment(&mut self, e: &Expr, edge: Edge, scope: &Scope) -> Lowered<Moment> {
        match &e.kind {
            ExprKind::Time(written) if written.is_date() => {
                let date = self.date(written)?;
                // The literal's own limits hold for dates too.
                self.instant(written, false)?;
                Ok(if edge == Edge::End { Moment::EndOfDate(date) } else { Moment::StartOfDate(date) })
            }
            ExprKind::Time(written) => Ok(Moment::Instant(self.instant(written, edge == Edge::End)?)),
            ExprKind::Shift(span, after, of) => {
                let moment = self.moment(of, Edge::Start, scope)?;
                self.shifted(span, *after, moment, Some(of))
            }
            ExprKind::Day(n, end, of) => {
                self.counts_days.get_or_insert(e.span.clone());
                self.needs_zone.get_or_insert(e.span.clone());
                let of = Box::new(self.moment(of, Edge::Start, scope)?);
                Ok(if *end { Moment::EndOfDay(*n, of) } else { Moment::StartOfDay(*n, of) })
            }
            ExprKind::Known(of, verified) => {
                let of = Box::new(self.moment(of, edge, scope)?);
                Ok(if *verified { Moment::Verified(of) } else { Moment::Detected(of) })
            }
            ExprKind::Happening(of, how, by) => self.happening_moment(e, of, *how, by.as_ref(), scope),
            ExprKind::Pattern(p) => self.pattern_moment(e, p, scope),
            ExprKind::Any(inner) => match &inner.kind {
                ExprKind::Pattern(p) => self.pattern_moment(e, p, scope),
                _ => Err(self.no_moment(e, "write an event, or something that `begins`")),
            },
            ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Compare(..)
            | ExprKind::Not(_)
            | ExprKind::No(_)
            | ExprKind::Run(..) => Err(self.no_moment(
                e,
                "a condition has a moment where it begins or ends: write it in brackets and `begins` behind",
            )),
            _ => Err(self.no_moment(
                e,
                "write a date, an event, something that `begins`, or a span `after` one of them",
            )),
        }
    }

    fn pattern_moment(&mut self, e: &Expr, p: &Pattern, scope: &Scope) -> Lowered<Moment> {
        if p.is_bare() {
            match p.name.text.as_str() {
                "in-force" => return Ok(Moment::InForce),
                "signed" => return Ok(Moment::Signed),
                "trigger" if scope.trigger.is_some() => return Ok(Moment::Trigger),
                "breach" if scope.breach => return Ok(Moment::Breach),
                "trigger" => {
                    return Err(self.out_of_place(
                        &p.name,
                        "there is no trigger here: `trigger` is what stands after `when`",
                    ));
                }
                "breach" => {
                    return Err(self.out_of_place(
                        &p.name,
                        "`breach` is the breach that a remedy answers; it stands in remedies only",
                    ));
                }
                _ => {}
            }
            if self.is_reading(&p.name.text) {
                self.use_reading(&p.name, Sort::Moment)?;
                return Ok(Moment::Reading(p.name.text.clone()));
            }
        }
        let keyword = self.names.things.get(&p.name.text).map(|d| d.keyword);
        match keyword {
            Some(Keyword::Event) => {
                let each: Vec<&(crate::ast::Ident, Expr)> =
                    p.roles.iter().filter(|(_, v)| matches!(v.kind, ExprKind::EachOf(_))).collect();
                match &each[..] {
                    [] => Ok(Moment::First(Box::new(self.pattern(p, scope)?))),
                    [(role, value)] if role.text == "by" => {
                        let ExprKind::EachOf(names) = &value.kind else { return Err(Left) };
                        let mut who = Vec::new();
                        for name in names {
                            who.push(self.actor(name)?);
                        }
                        let rest = p.roles.iter().filter(|(r, _)| r.text != "by").cloned().collect();
                        let rest = Pattern { roles: rest, ..p.clone() };
                        let has_by = self
                            .agreement
                            .facts
                            .get(&p.name.text)
                            .is_some_and(|f| f.roles.iter().any(|(r, _)| *r == "by"));
                        if !has_by {
                            self.pattern(p, scope)?;
                        }
                        Ok(Moment::AllOf(Box::new(self.pattern(&rest, scope)?), Who::EachOf(who)))
                    }
                    [(role, _), ..] => Err(self.report(
                        Diagnostic::error(
                            "T0313",
                            role.span.clone(),
                            "only `by each of` has a moment: that at which the last of them has done it",
                        )
                        .help("write `by each of …`, or name one"),
                    )),
                }
            }
            Some(Keyword::State | Keyword::Object | Keyword::Term | Keyword::Open) => {
                let at = e.span.end;
                Err(self.report(
                    Diagnostic::error(
                        "T0313",
                        e.span.clone(),
                        format!("`{}` lasts: it has no moment of its own", p.name.text),
                    )
                    .help("write `begins` or `ends` behind it")
                    .fix(at..at, " begins", "write `begins`"),
                ))
            }
            Some(_) => Err(self.no_moment(
                e,
                "write a date, an event, something that `begins`, or a span `after` one of them",
            )),
            None => Err(self.not_known(&p.name, scope)),
        }
    }

    fn happening_moment(
        &mut self,
        e: &Expr,
        of: &Expr,
        how: Happening,
        by: Option<&crate::ast::Ident>,
        scope: &Scope,
    ) -> Lowered<Moment> {
        match how {
            Happening::Begins => Ok(Moment::Begins(Box::new(self.lasting(of, scope)?))),
            Happening::Ends => Ok(Moment::Ends(Box::new(self.lasting(of, scope)?))),
            Happening::Found => Ok(Moment::Found(self.term_name(of, scope)?)),
            Happening::Fulfilled | Happening::Breached | Happening::Due => {
                Ok(Moment::Norm(self.norm_event(of, how, by, scope)?))
            }
            Happening::Holds => Err(self.report(
                Diagnostic::error("T0313", e.span.clone(), "what `holds` has no moment of its own")
                    .help("write `begins` or `ends`")
                    .fix(of.span.end..e.span.end, " begins", "write `begins`"),
            )),
        }
    }

    /// What begins and ends: a state, a term, an object, a condition in brackets, the first of a kind of event.
    pub(super) fn lasting(&mut self, of: &Expr, scope: &Scope) -> Lowered<Cond> {
        self.cond(of, scope)
    }

    pub(super) fn norm_event(
        &mut self,
        of: &Expr,
        how: Happening,
        by: Option<&crate::ast::Ident>,
        scope: &Scope,
    ) -> Lowered<NormEvent> {
        let what = match how {
            Happening::Fulfilled => NormMoment::Fulfilled,
            Happening::Breached => NormMoment::Breached,
            _ => NormMoment::Due,
        };
        let name = match &of.kind {
            ExprKind::Pattern(p) if p.is_bare() => p.name.clone(),
            _ => {
                return Err(self.report(
                    Diagnostic::error(
                        "N0207",
                        of.span.clone(),
                        format!("only a norm can be `{}`", how.word()),
                    )
                    .help("write the name of a duty, a ban or a remedy"),
                ));
            }
        };
        let norm = self.one_norm(&name)?;
        let of = match by {
            None => None,
            Some(party) if party.text == "bearer" && scope.bearer => Some(PartyRef::Bearer),
            Some(party) => Some(PartyRef::Name(self.actor(party)?)),
        };
        Ok(NormEvent { norm, of, what })
    }

    /// What stands after `when`.
    pub(super) fn trigger(&mut self, e: &Expr, scope: &Scope) -> Lowered<Trigger> {
        match &e.kind {
            ExprKind::Happening(of, how, by) => match how {
                Happening::Begins => Ok(Trigger::Begins(self.lasting(of, scope)?)),
                Happening::Ends => Ok(Trigger::Ends(self.lasting(of, scope)?)),
                Happening::Found => Ok(Trigger::Found(self.term_name(of, scope)?)),
                Happening::Fulfilled | Happening::Breached | Happening::Due => {
                    Ok(Trigger::Norm(self.norm_event(of, *how, by.as_ref(), scope)?))
                }
                Happening::Holds => {
                    let (start, end) = (of.span.end, e.span.end);
                    Err(self.report(
                        Diagnostic::error(
                            "T0307",
                            e.span.clone(),
                            "a norm starts at a moment, not while something holds",
                        )
                        .help("write `begins` for the moment; what must hold besides stands after `if`")
                        .fix(start..end, " begins", "write `begins`"),
                    ))
                }
            },
            ExprKind::Any(inner) => self.trigger(inner, scope),
            ExprKind::Pattern(p) => {
                let keyword = self.names.things.get(&p.name.text).map(|d| d.keyword);
                let each = p.roles.iter().any(|(_, v)| matches!(v.kind, ExprKind::EachOf(_)));
                match keyword {
                    Some(Keyword::Event) if !each => Ok(Trigger::Each(self.pattern(p, scope)?)),
                    Some(Keyword::Reading)
                        if p.is_bare() && !self.reading_can_be(&p.name.text, Sort::Moment) =>
                    {
                        self.use_reading(&p.name, Sort::Cond)?;
                        Ok(Trigger::Begins(Cond::Reading(p.name.text.clone())))
                    }
                    _ => Ok(Trigger::At(self.moment(e, Edge::Start, scope)?)),
                }
            }
            ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::Compare(..)
            | ExprKind::No(_)
            | ExprKind::Run(..) => {
                let written = self.text[e.span.clone()].to_string();
                let bracketed = if written.starts_with('(') {
                    format!("{written} begins")
                } else {
                    format!("({written}) begins")
                };
                Err(self.report(
                    Diagnostic::error(
                        "T0307",
                        e.span.clone(),
                        "a norm starts at a moment, not while something holds",
                    )
                    .help("write the condition in brackets and `begins` behind it")
                    .fix(e.span.clone(), bracketed, "start when this begins to hold"),
                ))
            }
            _ => Ok(Trigger::At(self.moment(e, Edge::Start, scope)?)),
        }
    }
}

/// Whether months after this anchor fall on a day that every month has.
fn never_rounded(span: Span, anchor: Option<&Expr>) -> bool {
    let Some(Expr { kind: ExprKind::Time(written), .. }) = anchor else { return false };
    let day = written.text.get(8..10).and_then(|d| d.parse::<u8>().ok()).unwrap_or(31);
    let whole_years = matches!(span, Span::Months(n) if n % 12 == 0);
    day <= 28 || whole_years && written.text.get(5..10) != Some("02-29")
}
