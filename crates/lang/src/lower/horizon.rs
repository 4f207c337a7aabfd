//! Whether every verdict comes within a bounded time: periods need a beginning, and what is owed needs an end.
//!
//! What deliberately does not stand here: ends that hang on an event. The event may never come, and yet its coming
//! settles the matter; that is how agreements are made.

use super::Lower;
use crate::ast::FieldValue;
use crate::diagnostic::Diagnostic;
use crate::parser::vocabulary::Keyword;
use servanda_model::agreement::{Deadline, Force, Moment, Norm, Status, Verb};

impl Lower<'_> {
    pub(super) fn horizon(&mut self) {
        let of_word = [Keyword::Duty, Keyword::Remedy];
        let decls: Vec<_> =
            of_word.into_iter().flat_map(|word| self.decls(word).collect::<Vec<_>>()).collect();
        for decl in decls {
            let name = decl.name.as_ref().map(|n| n.text.as_str()).unwrap_or_default();
            let Some(norm) = self.agreement.norm(name).filter(|_| !decl.damaged) else { continue };
            let (endless, begun) = (self.is_endless(norm), self.has_begun(norm));
            if !begun && let Some(field) = decl.field("every") {
                // One mistake, told where it does harm.
                self.diagnostics.retain(|d| d.code != "S0507");
                self.report(
                    Diagnostic::error(
                        "S0512",
                        field.span.clone(),
                        format!("`{name}` recurs from the beginning of time: no count of its periods reaches the present"),
                    )
                    .help("say when they begin: `in force` or `signed` in the agreement, or `every 1 week from 2026-01-01`"),
                );
            }
            let content = decl.fields.iter().find(|f| matches!(f.value, FieldValue::Content { .. }));
            if endless && let Some(content) = content {
                self.report(
                    Diagnostic::warning(
                        "S0513",
                        content.span.clone(),
                        format!("nothing ever settles `{name}`: it may be met at any time, for ever"),
                    )
                    .help("give it a deadline (`by`, `within`, `every`) or an end (`until`, or `ends` in the agreement)"),
                );
            }
        }
    }

    /// Whether the periods of what recurs are counted from a moment.
    fn has_begun(&self, norm: &Norm) -> bool {
        let from_force = |d: &Deadline| matches!(d, Deadline::Every(_, Moment::InForce));
        let agreement = self.preamble_decl();
        let says = |word| agreement.is_some_and(|decl| decl.field(word).is_some());
        !norm.parts.iter().any(|p| from_force(&p.deadline))
            || self.agreement.in_force.is_some()
            || says("in force")
            || says("signed")
    }

    /// Whether a duty that binds can be met at any time and is never broken. A political text may mean it so.
    fn is_endless(&self, norm: &Norm) -> bool {
        let open = norm
            .parts
            .iter()
            .any(|p| matches!(p.verb, Verb::Do | Verb::Ensure) && p.deadline == Deadline::None);
        let ended = norm.until.is_some() || self.agreement.ends.is_some();
        let soft = matches!(norm.force, Force::BestEfforts | Force::WherePossible);
        open && !ended && !soft && self.agreement.status == Status::Binding
    }
}
