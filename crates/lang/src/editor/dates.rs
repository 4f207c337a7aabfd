//! Dates that the text fixes by itself: `14 days after signed` is a day as soon as the day of signature is written.
//!
//! A moment that waits for something to happen has none here; the engine has it, once it happened. Nothing is guessed.

use super::Sheet;
use crate::ast::{Decl, ExprKind, Field, FieldValue};
use crate::parser::vocabulary::Keyword;
use servanda_model::agreement::{Deadline, Moment, Norm};
use servanda_model::{Agreement, Instant};

/// A date that follows from what stands before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dated {
    /// The end of what it follows from, in bytes.
    pub at: usize,
    /// The date as people read it, in the agreement's time zone: `2027-05-02 24:00`.
    pub shown: String,
}

/// The instant of a moment that nothing has to happen for.
///
/// # Source
/// `docs/reference/language.md`, "Time".
pub fn fixed(agreement: &Agreement, moment: &Moment) -> Option<Instant> {
    let calendar = &agreement.calendar;
    Some(match moment {
        Moment::Instant(at) => *at,
        Moment::EndOfDate(date) => calendar.end_of_day(calendar.moved(*date)),
        Moment::StartOfDate(date) => calendar.start_of_day(*date),
        Moment::Signed => calendar.start_of_day(agreement.signed?),
        Moment::InForce => match &agreement.in_force {
            // An entry into force that waits for itself has no date.
            Some(of) if mentions_force(of) => return None,
            Some(of) => fixed(agreement, of)?,
            None => calendar.start_of_day(agreement.signed?),
        },
        Moment::After(span, of) => calendar.deadline_after(fixed(agreement, of)?, *span),
        Moment::Before(span, of) => calendar.deadline_before(fixed(agreement, of)?, *span),
        Moment::StartOfDay(n, of) => {
            calendar.start_of_day(calendar.nth_day_after(calendar.date(fixed(agreement, of)?), *n))
        }
        Moment::EndOfDay(n, of) => calendar
            .end_of_day(calendar.moved(calendar.nth_day_after(calendar.date(fixed(agreement, of)?), *n))),
        _ => return None,
    })
}

fn mentions_force(moment: &Moment) -> bool {
    match moment {
        Moment::InForce => true,
        Moment::After(_, of)
        | Moment::Before(_, of)
        | Moment::StartOfDay(_, of)
        | Moment::EndOfDay(_, of) => mentions_force(of),
        _ => false,
    }
}

/// What a norm's deadlines are, as far as they are fixed.
pub(super) fn deadlines(agreement: &Agreement, norm: &Norm) -> Vec<Instant> {
    let by = norm.parts.iter().filter_map(|part| match &part.deadline {
        Deadline::By(moment) => fixed(agreement, moment),
        _ => None,
    });
    by.collect()
}

impl Sheet<'_> {
    /// Dates that follow from what is written, each behind what it follows from, in order of the text. A date that is written out
    /// and stays what it is has none.
    pub fn dates(&self) -> Vec<Dated> {
        let agreement = &self.checked.agreement;
        let mut all = Vec::new();
        let mut show = |field: &Field, at: Option<Instant>| {
            let Some(at) = at else { return };
            let shown = agreement.calendar.show(at);
            let written = self.text.get(field.span.clone()).unwrap_or_default();
            if !written.contains(shown.split(' ').next().unwrap_or_default()) {
                all.push(Dated { at: field.span.end, shown });
            }
        };
        for decl in &self.checked.file.decls {
            if decl.keyword == Keyword::Agreement {
                if let (Some(field), Some(of)) = (decl.field("in force"), &agreement.in_force) {
                    show(field, fixed(agreement, of));
                }
                if let (Some(field), Some(of)) = (decl.field("ends"), &agreement.ends) {
                    show(field, fixed(agreement, of));
                }
                continue;
            }
            let Some(norm) = decl.name.as_ref().and_then(|n| agreement.norm(n.text.as_str())) else {
                continue;
            };
            let by: Vec<Option<Instant>> = norm
                .parts
                .iter()
                .filter_map(|part| match &part.deadline {
                    Deadline::By(moment) => Some(fixed(agreement, moment)),
                    _ => None,
                })
                .collect();
            let fields: Vec<&Field> = deadline_fields(decl).collect();
            if fields.len() == by.len() {
                fields.into_iter().zip(by).for_each(|(field, at)| show(field, at));
            }
            for (word, moment) in [("from", &norm.from), ("until", &norm.until)] {
                if let (Some(field), Some(moment)) = (decl.field(word), moment) {
                    show(field, fixed(agreement, moment));
                }
            }
        }
        all.sort_by_key(|d| d.at);
        all
    }
}

fn deadline_fields(decl: &Decl) -> impl Iterator<Item = &Field> {
    decl.fields.iter().filter(|field| match &field.value {
        FieldValue::Within { .. } | FieldValue::NoLater { .. } => true,
        FieldValue::Moment(e) => field.word == "by" && !matches!(e.kind, ExprKind::Text(_)),
        _ => false,
    })
}
