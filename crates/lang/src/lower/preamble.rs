//! The agreement's own fields: calendar, force in time, defaults of proof.

use super::moments::Edge;
use super::{Lower, Lowered, Scope};
use crate::ast::{CalendarItem, Decl, Field, FieldValue};
use crate::diagnostic::Diagnostic;
use crate::parser::vocabulary::Keyword;
use servanda_model::agreement::{Cond, Moment, Notices, Status};
use servanda_model::time::{EventDay, MonthRounding};
use servanda_model::{Calendar, Grade, Number};

impl<'a> Lower<'a> {
    pub(super) fn preamble_decl(&self) -> Option<&'a Decl> {
        self.decls(Keyword::Agreement).next()
    }

    /// Zone, counting, months, days off: before anything that holds a date.
    pub(super) fn calendar(&mut self) {
        let Some(decl) = self.preamble_decl() else { return };
        for second in self.decls(Keyword::Agreement).skip(1).collect::<Vec<_>>() {
            self.report(
                Diagnostic::error("S0508", second.name_span(), "a second agreement in one file")
                    .label(decl.name_span(), "the first one")
                    .help("keep one; the first one counts"),
            );
        }
        if let Some(field) = decl.field("time zone")
            && let FieldValue::Words(words) = &field.value
            && let (Some(first), Some(last)) = (words.first(), words.last())
        {
            let span = first.span.start..last.span.end;
            let name = self.text[span.clone()].to_string();
            match Calendar::of_zone(&name) {
                Some(calendar) => self.agreement.calendar = calendar,
                None => {
                    let known = Calendar::zone_names();
                    let near =
                        super::names::closest(&name, known.iter().map(String::as_str)).map(str::to_string);
                    let wrong = Diagnostic::error(
                        "N0213",
                        span.clone(),
                        format!("the time zone `{name}` is not known"),
                    );
                    self.report(match near {
                        Some(near) => wrong.help(format!("did you mean `{near}`?")).fix(
                            span,
                            near.clone(),
                            format!("write `{near}`"),
                        ),
                        None => {
                            wrong.help("write a name of the IANA time zone database: `Europe/Kyiv`, or `UTC`")
                        }
                    });
                }
            }
        }
        if let Some(field) = decl.field("counting")
            && let Ok(day) = self.one_of(
                field,
                &[("event day excluded", EventDay::Excluded), ("event day included", EventDay::Included)],
            )
        {
            self.agreement.calendar.event_day = day;
        }
        if let Some(field) = decl.field("months")
            && let Ok(rounding) =
                self.one_of(field, &[("round down", MonthRounding::Down), ("round up", MonthRounding::Up)])
        {
            self.agreement.calendar.months = Some(rounding);
        }
        for field in decl.all("calendar") {
            let FieldValue::Calendar(items) = &field.value else { continue };
            for item in items {
                match item {
                    CalendarItem::WorkingDays(days) => {
                        self.agreement.calendar.days_off = (0..7).filter(|d| !days.contains(d)).collect();
                    }
                    CalendarItem::Holidays(dates) => {
                        for date in dates {
                            if let Ok(date) = self.date(date) {
                                self.agreement.calendar.holidays.insert(date);
                            }
                        }
                    }
                    CalendarItem::DaysOff(rule) => self.agreement.calendar.day_off = *rule,
                }
            }
        }
        self.agreement.standard = match decl.field("standard") {
            Some(field) => self.grade(field).unwrap_or(Grade::Probable),
            None => Grade::Probable,
        };
        self.agreement.watched =
            decl.field("watched").and_then(|f| self.share(f).ok()).unwrap_or(Number::from(1));
    }

    /// `at least 90 percent`, as a share.
    pub(super) fn share(&mut self, field: &Field) -> Lowered<Number> {
        let FieldValue::AtLeast(quantity) = &field.value else { return Err(super::Left) };
        let percent = quantity.unit.as_ref().is_some_and(|u| u.text == "percent");
        let share = quantity.number.over(&Number::from(100)).unwrap_or_default();
        if percent && share >= Number::zero() && share <= Number::from(1) {
            return Ok(share);
        }
        Err(self.report(
            Diagnostic::error("T0310", quantity.span.clone(), "a share of 0 to 100 percent is needed here")
                .help("write `at least 90 percent`"),
        ))
    }

    /// The rest of the agreement's fields.
    pub(super) fn preamble(&mut self) {
        let Some(decl) = self.preamble_decl() else {
            self.agreement.standard = Grade::Probable;
            self.agreement.watched = Number::from(1);
            if let Some(first) = self.file.decls.first() {
                self.report(
                    Diagnostic::warning("S0508", first.keyword_span.clone(), "no `agreement` is declared: nothing enters into force")
                        .help("begin with `agreement NAME`, and say at least `in force`, `time zone`, `counting` and `months`"),
                );
            }
            return;
        };
        let scope = Scope::default();
        self.agreement.name = decl.name.as_ref().map(|n| n.text.to_string()).unwrap_or_default();
        let moment = |this: &mut Self, word: &str, edge: Edge| match decl.field(word).map(|f| &f.value) {
            Some(FieldValue::Moment(e)) => this.moment(e, edge, &scope).ok(),
            _ => None,
        };
        if let Some(field) = decl.field("status")
            && let Ok(status) = self.one_of(
                field,
                &[("binding", Status::Binding), ("political", Status::Political), ("mixed", Status::Mixed)],
            )
        {
            self.agreement.status = status;
        }
        if let Some(field) = decl.field("notices count")
            && let Ok(notices) = self.one_of(
                field,
                &[
                    ("when sent", Notices::Sent),
                    ("when received", Notices::Received),
                    ("sent", Notices::Sent),
                    ("received", Notices::Received),
                ],
            )
        {
            self.agreement.notices = notices;
        }
        if let Some(Moment::StartOfDate(date)) = moment(self, "signed", Edge::Start) {
            self.agreement.signed = Some(date);
        } else if let Some(Field { value: FieldValue::Moment(e), .. }) = decl.field("signed")
            && !self.diagnostics.iter().any(|d| d.span == e.span)
        {
            self.report(
                Diagnostic::error("T0313", e.span.clone(), "the day of signature is a date")
                    .help("write it as 2026-12-31"),
            );
        }
        self.agreement.in_force = moment(self, "in force", Edge::Start);
        self.agreement.ends = moment(self, "ends", Edge::End);
        self.agreement.authentic = super::texts(decl, "authentic").into_iter().map(|t| t.text).collect();
        self.agreement.version = super::texts(decl, "version").into_iter().next().map(|t| t.text);
        self.agreement.exercise = decl.field("exercise").is_some();
        let needs: Vec<Cond> = self.needs(decl, &scope).unwrap_or_default();
        if self.agreement.in_force.is_none() && decl.field("in force").is_none() && !needs.is_empty() {
            self.agreement.in_force = Some(Moment::Begins(Box::new(super::expressions::all_of(needs))));
        }
        if decl.field("in force").is_none() && self.agreement.in_force.is_none() {
            let then = match self.agreement.signed {
                Some(_) => "it counts as in force from its signature",
                None => "every norm applies from the beginning of time",
            };
            self.report(
                Diagnostic::warning("S0507", decl.name_span(), format!("the text never says when it enters into force: {then}"))
                    .help("add `in force` with a date or a moment: `in force 30 days after ratification by each of guarantors`"),
            );
        }
    }

    /// Warnings on what every dispute about days comes from.
    pub(super) fn undeclared_time(&mut self) {
        let decl = self.preamble_decl();
        let has = |word: &str| decl.is_some_and(|d| d.field(word).is_some());
        let (counting, zone) = (has("counting"), has("time zone"));
        if let Some(span) = self.counts_days.clone().filter(|_| !counting) {
            self.report(
                Diagnostic::warning("T0305", span, "days are counted, and the text does not say whether the day of the event counts")
                    .help("declare it in the agreement: `counting event day excluded` (day 1 is the day after; taken for now) or `counting event day included`"),
            );
        }
        if let Some(span) = self.needs_zone.clone().filter(|_| !zone) {
            self.report(
                Diagnostic::warning(
                    "T0306",
                    span,
                    "a day has a beginning and an end only in a time zone, and none is declared",
                )
                .help("declare it in the agreement: `time zone Europe/Kyiv`; UTC is taken for now"),
            );
        }
    }
}
