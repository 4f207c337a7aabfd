//! Parties, groups and bodies; who bears a norm and to whom it is owed.

use super::{Left, Lower, Lowered};
use crate::ast::{self, Decl, FieldValue, WhoKind};
use crate::diagnostic::Diagnostic;
use crate::parser::vocabulary::Keyword;
use servanda_model::agreement::{Body, Decision, Group, Member, Party, Quorum, Who};
use servanda_model::{Instant, Name};

/// The place that a `who` stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Bearer,
    OwedTo,
}

impl Lower<'_> {
    pub(super) fn actors(&mut self) {
        let first: Vec<&Decl> = self.file.decls.iter().filter(|d| self.names.is_first(d)).collect();
        for decl in first {
            let Some(name) = &decl.name else { continue };
            let phrase = decl.phrase.as_ref().map(|p| p.text.clone()).unwrap_or_default();
            match decl.keyword {
                Keyword::Party => {
                    let party = Party { phrase, outside: !decl.flags.is_empty() };
                    self.agreement.parties.insert(name.text.clone(), party);
                }
                Keyword::Group => {
                    let members = self.members(decl);
                    self.agreement.groups.insert(name.text.clone(), Group { phrase, members });
                }
                Keyword::Body => {
                    let members = self.members(decl);
                    self.agreement.bodies.insert(name.text.clone(), Body { phrase, members, decides: None });
                }
                _ => {}
            }
        }
    }

    fn members(&mut self, decl: &Decl) -> Vec<Member> {
        let mut members = Vec::new();
        for field in decl.all("members") {
            let FieldValue::Members(all) = &field.value else { continue };
            for member in all {
                let Ok(who) = self.actor(&member.who) else { continue };
                let from = member.from.as_ref().map(|d| self.instant(d, false));
                let until = member.until.as_ref().map(|d| self.instant(d, true));
                if let (Ok(from), Ok(until)) = (from.transpose(), until.transpose()) {
                    members.push(Member { who, from, until });
                }
            }
        }
        if members.is_empty() && decl.keyword == Keyword::Group && !decl.damaged {
            self.report(
                Diagnostic::error("S0501", decl.name_span(), "this group has no members")
                    .help("add a line `members A, B`"),
            );
        }
        members
    }

    /// How bodies decide; later than the bodies, because requests are facts.
    pub(super) fn decisions(&mut self) {
        for decl in self.decls(Keyword::Body).filter(|d| self.names.is_first(d)).collect::<Vec<_>>() {
            let (Some(name), Some(field)) = (&decl.name, decl.field("decides")) else { continue };
            let FieldValue::Decides(decision) = &field.value else { continue };
            if let Ok(decision) = self.decision(decision)
                && let Some(body) = self.agreement.bodies.get_mut(&name.text)
            {
                if body.members.is_empty() && !decl.damaged && !matches!(decision.quorum, Quorum::AnyOf(..)) {
                    self.diagnostics.push(
                        Diagnostic::error(
                            "S0501",
                            field.word_span.clone(),
                            "this body decides by its members and has none",
                        )
                        .help("add a line `members A, B`"),
                    );
                }
                body.decides = Some(decision);
            }
        }
    }

    fn decision(&mut self, decision: &ast::Decision) -> Lowered<Decision> {
        let quorum = match &decision.quorum {
            ast::Quorum::Share(share) => Quorum::Share(share.clone()),
            ast::Quorum::Majority => Quorum::Majority,
            ast::Quorum::All => Quorum::All,
            ast::Quorum::AnyOf(n, group) => Quorum::AnyOf(*n, self.actor(group)?),
        };
        let (within, request) = match &decision.within {
            None => (None, None),
            Some((span, request)) => {
                let scope = super::Scope::default();
                (Some(self.fixed_span(span, None)?), Some(self.event_pattern(request, &scope)?))
            }
        };
        let failing = match &decision.failing {
            None => None,
            Some(failing) => Some(Box::new(self.decision(failing)?)),
        };
        Ok(Decision { quorum, within, request, failing })
    }

    /// A `who`. A group alone bears nothing: each of its members does, or all jointly.
    pub(super) fn who(&mut self, who: &ast::Who, place: Place) -> Lowered<Who> {
        let mut names = Vec::new();
        let mut failed = false;
        for name in &who.names {
            match self.actor(name) {
                Ok(name) => names.push(name),
                Err(Left) => failed = true,
            }
        }
        if failed {
            return Err(Left);
        }
        let is_group = |name: &Name| self.agreement.groups.contains_key(name);
        let only = if let [only] = &names[..] { Some(only.clone()) } else { None };
        match (who.kind, only) {
            (WhoKind::Unstated, _) => Ok(Who::Unstated),
            (WhoKind::BreachingParty, _) => Ok(Who::BreachingParty),
            (WhoKind::EachOf, _) => Ok(Who::EachOf(names)),
            (WhoKind::EveryOtherOf, _) if place == Place::OwedTo => Ok(Who::EveryOtherOf(names)),
            (WhoKind::EveryOtherOf, _) => Err(self.report(
                Diagnostic::error("S0502", who.span.clone(), "`every other of` can only be owed something")
                    .help("a norm is borne by `each of …`; `every other of …` stands after `owed to`"),
            )),
            (WhoKind::Jointly, Some(only)) if !is_group(&only) => {
                let end = who.names.last().map_or(who.span.end, |n| n.span.end);
                let jointly = self.text[end..].find("jointly").map_or(end, |n| end + n + "jointly".len());
                Err(self.report(
                    Diagnostic::error(
                        "S0503",
                        who.span.start..jointly,
                        format!("`{only}` alone cannot act jointly"),
                    )
                    .help("leave `jointly` out, or name the others")
                    .fix(end..jointly, "", "leave `jointly` out"),
                ))
            }
            (WhoKind::Jointly, _) => Ok(Who::Jointly(names)),
            (WhoKind::Plain, Some(only)) if !is_group(&only) => Ok(Who::EachOf(names)),
            (WhoKind::Plain, _) if place == Place::OwedTo => Ok(Who::Jointly(names)),
            (WhoKind::Plain, _) => {
                let written = &self.text[who.span.clone()];
                let help = "write `each of …` where every one of them bears it on its own, or `… jointly` where they \
                            bear it together";
                let replacement = format!("each of {}", written.replace(" and ", ", "));
                Err(self.report(
                    Diagnostic::error(
                        "S0502",
                        who.span.clone(),
                        "it is not clear whether each of them bears this, or all together",
                    )
                    .help(help)
                    .fix(who.span.clone(), replacement, "each bears it on its own"),
                ))
            }
        }
    }

    /// The parties and bodies that a name ever comes to, groups taken apart, in order of their names.
    pub(super) fn leaf_parties(&self, names: &[Name]) -> Vec<Name> {
        let mut leaves = Vec::new();
        for name in names {
            for leaf in self.agreement.parties_of(name, Instant::MAX) {
                if !leaves.contains(&leaf) {
                    leaves.push(leaf);
                }
            }
        }
        leaves
    }
}
