//! Classes with their attributes; events, states, objects and measures with their roles.

use super::{Left, Lower, Lowered};
use crate::ast::{Decl, FieldValue, Ident, Param, Quantity};
use crate::diagnostic::Diagnostic;
use crate::parser::vocabulary::Keyword;
use crate::units;
use servanda_model::agreement::{
    Absence, Class, ClassValue, Dimension, EvidenceRule, Fact, FactKind, RoleType,
};
use servanda_model::record::SourceGrade;
use servanda_model::{Name, Number};
use std::collections::BTreeMap;

impl Lower<'_> {
    pub(super) fn facts(&mut self) {
        let first: Vec<&Decl> = self.file.decls.iter().filter(|d| self.names.is_first(d)).collect();
        for decl in first.iter().filter(|d| d.keyword == Keyword::Class) {
            self.class(decl);
        }
        for decl in first {
            let kind = match decl.keyword {
                Keyword::Event => FactKind::Event,
                Keyword::State => FactKind::State,
                Keyword::Object => FactKind::Object,
                Keyword::Measure => FactKind::Measure,
                _ => continue,
            };
            self.fact(decl, kind);
        }
    }

    fn class(&mut self, decl: &Decl) {
        let Some(name) = &decl.name else { return };
        let mut values: BTreeMap<Name, ClassValue> = BTreeMap::new();
        for field in decl.all("value") {
            let FieldValue::ClassValue { name, phrase, attributes } = &field.value else { continue };
            let mut table = BTreeMap::new();
            for (attribute, quantity) in attributes {
                table.insert(attribute.text.clone(), self.base(quantity));
            }
            let phrase = phrase.as_ref().map(|p| p.text.clone()).unwrap_or_default();
            if values.insert(name.text.clone(), ClassValue { phrase, attributes: table }).is_some() {
                self.report(
                    Diagnostic::error(
                        "N0209",
                        name.span.clone(),
                        format!("`{}` is declared twice", name.text),
                    )
                    .help("choose another name for one of them"),
                );
            }
        }
        if values.is_empty() && !decl.damaged {
            self.report(
                Diagnostic::error("S0501", decl.name_span(), "this class has no values")
                    .help("add a line `value NAME \"phrase\"` for each"),
            );
        }
        self.agreement.classes.insert(name.text.clone(), Class { values });
    }

    /// A quantity in base units.
    pub(super) fn base(&self, quantity: &Quantity) -> (Number, Dimension) {
        match &quantity.unit {
            None => (quantity.number.clone(), Dimension::Plain),
            Some(unit) => {
                let (dimension, factor) = units::unit(unit.text.as_str());
                (quantity.number.clone() * factor, dimension)
            }
        }
    }

    fn role_type(&mut self, param: &Param) -> Lowered<RoleType> {
        let of = match param.of.text.as_str() {
            "party" | "group" => RoleType::Party,
            "body" => RoleType::Body,
            "place" | "zone" => RoleType::Place,
            "text" => RoleType::Text,
            "time" => RoleType::Time,
            "number" => {
                let unit = param.unit.as_ref().map(|u| units::unit(u.text.as_str()).0);
                return Ok(RoleType::Number(unit.unwrap_or_default()));
            }
            class if self.names.classes.contains_key(class) => RoleType::Class(param.of.text.clone()),
            _ => {
                let own = ["party", "body", "place", "number", "text", "time"].map(Name::from);
                let known = own.into_iter().chain(self.names.classes.keys().cloned()).collect();
                let help =
                    "a role is filled by: party, body, place, number, text, time or a value of a class";
                return Err(self.unknown("N0203", "the class", &param.of, known, help));
            }
        };
        if let Some(unit) = &param.unit {
            return Err(self.report(
                Diagnostic::error("P0113", unit.span.clone(), format!("`{}` cannot stand here", unit.text))
                    .help("only a `number` has a unit; roles are parted by commas"),
            ));
        }
        Ok(of)
    }

    /// Roles or parameters, each once.
    pub(super) fn params(&mut self, decl: &Decl, word: &'static str) -> Vec<(Name, RoleType)> {
        let mut roles: Vec<(Name, RoleType)> = Vec::new();
        for field in decl.fields.iter().filter(|f| f.word == word) {
            let FieldValue::Params(params) = &field.value else { continue };
            for param in params {
                if roles.iter().any(|(name, _)| *name == param.name.text) {
                    self.report(
                        Diagnostic::error(
                            "N0209",
                            param.name.span.clone(),
                            format!("`{}` is declared twice", param.name.text),
                        )
                        .help("each role has a name of its own"),
                    );
                } else if let Ok(of) = self.role_type(param) {
                    roles.push((param.name.text.clone(), of));
                }
            }
        }
        roles
    }

    fn fact(&mut self, decl: &Decl, kind: FactKind) {
        let Some(name) = &decl.name else { return };
        let roles = self.params(decl, "carries");
        let says = super::texts(decl, "says");
        if let Some(says) = says.first() {
            self.holes(decl, &says.text, says.span.start, &roles);
        }
        let has_place = roles.iter().any(|(_, of)| *of == RoleType::Place);
        let absence = match decl.field("absence") {
            Some(field) => {
                self.one_of(field, &[("register", Absence::Register), ("coverage", Absence::Coverage)]).ok()
            }
            None => None,
        };
        let absence = absence.unwrap_or(if has_place { Absence::Coverage } else { Absence::Register });
        let notice = decl.field("is").is_some_and(|field| self.one_of(field, &[("notice", ())]).is_ok());
        let good_for = match decl.field("good for").map(|f| &f.value) {
            Some(FieldValue::Span(span)) => self.fixed_span(span, None).ok(),
            _ => None,
        };
        let unit = match decl.field("unit").map(|f| &f.value) {
            Some(FieldValue::Words(words)) => units::unit(words[0].text.as_str()).0,
            _ => Dimension::Plain,
        };
        let instants = |this: &mut Self, word: &'static str| {
            let mut all = Vec::new();
            for field in decl.all(word) {
                let FieldValue::Moment(e) = &field.value else { continue };
                if kind != FactKind::State {
                    this.report(
                        Diagnostic::error(
                            "P0111",
                            field.word_span.clone(),
                            format!("{} has no field `{word}`", decl.keyword.with_article()),
                        )
                        .help("only a state begins and ends"),
                    );
                    continue;
                }
                all.extend(this.fixed_instant(e, word == "ends"));
            }
            all
        };
        let begins = instants(self, "begins");
        let ends = instants(self, "ends");
        if let Some(field) = decl.field("unit").filter(|_| kind != FactKind::Measure) {
            self.report(
                Diagnostic::error(
                    "P0111",
                    field.word_span.clone(),
                    format!("{} has no field `unit`", decl.keyword.with_article()),
                )
                .help("only a measure has a unit; a role has one behind its type: `quantity: number pieces`"),
            );
        }
        let evidence = self.evidence(decl);
        let phrase = decl.phrase.as_ref().map(|p| p.text.clone()).unwrap_or_default();
        let says = says.first().map(|s| s.text.clone()).unwrap_or_default();
        let fact =
            Fact { kind, phrase, says, roles, evidence, good_for, absence, notice, unit, begins, ends };
        self.agreement.facts.insert(name.text.clone(), fact);
    }

    /// `{role}` in a sentence must be a role.
    fn holes(&mut self, decl: &Decl, says: &str, at: usize, roles: &[(Name, RoleType)]) {
        let mut rest = says;
        while let Some((_, after)) = rest.split_once('{') {
            let Some((hole, after)) = after.split_once('}') else { return };
            let known = roles.iter().any(|(name, _)| name == hole) || decl.damaged || hole == "value";
            if !known {
                let written = crate::surface::role_in(decl.language, hole);
                let place = [Some(hole), written.as_deref()].into_iter().flatten().find_map(|hole| {
                    let start = at + self.text[at..].find(&format!("{{{hole}}}"))? + 1;
                    Some(start..start + hole.len())
                });
                let ident = Ident { text: Name::from(hole), span: place.unwrap_or(at..at) };
                let known = roles.iter().map(|(name, _)| name.clone()).collect();
                self.unknown(
                    "N0206",
                    "the role",
                    &ident,
                    known,
                    "declare it under `carries`, or take the brackets away",
                );
            }
            rest = after;
        }
    }

    fn evidence(&mut self, decl: &Decl) -> Vec<EvidenceRule> {
        let Some(FieldValue::Evidence(rules)) = decl.field("evidence").map(|f| &f.value) else {
            return Vec::new();
        };
        let mut evidence = Vec::new();
        for rule in rules {
            let grade = match &rule.grade {
                None => Ok(None),
                Some(letter) => match SourceGrade::parse(letter.text.as_str()) {
                    Some(grade) => Ok(Some(grade)),
                    None => Err(self.report(
                        Diagnostic::error(
                            "N0215",
                            letter.span.clone(),
                            format!("`{}` is no grade of a source", letter.text),
                        )
                        .help("write a letter from A (completely reliable) to F (cannot be judged)"),
                    )),
                },
            };
            if let Ok::<_, Left>(grade) = grade {
                evidence.push(EvidenceRule { sources: rule.sources, grade, from: rule.from.clone() });
            }
        }
        evidence
    }
}
