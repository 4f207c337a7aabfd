//! Typed fields to an agreement: names, types, units and time, and the sugar taken away.
//!
//! Where a declaration cannot be understood it is left out and a diagnostic says why; the names it declares stay known, so
//! that one mistake is reported once. Nothing is guessed.
//!
//! The passes, in order: names (`names`), the agreement's own field (`preamble`), parties (`actors`), facts (`facts`), zones
//! (`zones`), then norms, terms and powers (`norms`, `sugar`), readings last, because their places of use say what their
//! options have to be (`readings`). Quotes (`quotes`) and circles (`circles`) are looked at in the finished agreement.

mod actors;
mod circles;
mod expressions;
mod facts;
mod horizon;
mod moments;
pub mod names;
mod norms;
mod preamble;
mod quotes;
mod readings;
mod sugar;
mod zones;

use crate::ast::{Decl, Field, FieldValue, File, Ident, Span};
use crate::diagnostic::Diagnostic;
use crate::document::Document;
use crate::parser::vocabulary::Keyword;
use servanda_model::agreement::{Agreement, Clause, Dimension, RoleType};
use servanda_model::record::{Marking, Tlp};
use servanda_model::{Grade, Name};
use std::collections::BTreeMap;

/// It cannot be lowered; a diagnostic has been written.
#[derive(Clone, Copy, Debug)]
struct Left;

type Lowered<T> = Result<T, Left>;

/// What is being lowered, what is known so far, and what was found wrong.
struct Lower<'a> {
    text: &'a str,
    lines: Vec<usize>,
    file: &'a File,
    document: &'a Document,
    names: names::Names<'a>,
    agreement: Agreement,
    readings: BTreeMap<Name, readings::Kinds>,
    /// The first place that counts days of the calendar.
    counts_days: Option<Span>,
    /// The first place that needs the agreement's time zone.
    needs_zone: Option<Span>,
    diagnostics: Vec<Diagnostic>,
}

/// What an expression may name where it stands.
#[derive(Clone, Default)]
struct Scope {
    /// Roles of the record under test.
    roles: Option<Vec<(Name, RoleType)>>,
    /// Roles of any fact may be named: in the options of a reading.
    any_role: bool,
    /// Parameters of the zone.
    params: Vec<(Name, RoleType)>,
    /// `bearer` and `beneficiary` mean somebody.
    bearer: bool,
    /// They change places: in a right, whose ban is borne by its addressee.
    swapped: bool,
    /// `trigger` means something; with the roles of the event, where they are known.
    trigger: Option<Option<Vec<(Name, RoleType)>>>,
    /// `breach` means something.
    breach: bool,
}

/// What a value is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    /// A number; `None` where it takes the dimension of what it is compared with.
    Number(Option<Dimension>),
    Time,
    Text,
    Actor,
    Place,
    Class(Name),
    /// Not known: it goes with anything.
    Any,
}

impl Kind {
    fn of(role: &RoleType) -> Kind {
        match role {
            RoleType::Party | RoleType::Body => Kind::Actor,
            RoleType::Place => Kind::Place,
            RoleType::Number(Dimension::Plain) => Kind::Number(None),
            RoleType::Number(dimension) => Kind::Number(Some(dimension.clone())),
            RoleType::Text => Kind::Text,
            RoleType::Time => Kind::Time,
            RoleType::Class(class) => Kind::Class(class.clone()),
        }
    }

    fn shown(&self) -> String {
        match self {
            Kind::Number(None) => "a number".to_string(),
            Kind::Number(Some(dimension)) => crate::units::shown(dimension),
            Kind::Time => "a time".to_string(),
            Kind::Text => "a text".to_string(),
            Kind::Actor => "a party, group or body".to_string(),
            Kind::Place => "a place".to_string(),
            Kind::Class(class) => format!("a value of the class `{class}`"),
            Kind::Any => "a value".to_string(),
        }
    }
}

/// Lowers a file.
pub(crate) fn lower(text: &str, file: &File, document: &Document) -> (Agreement, Vec<Diagnostic>) {
    let after_newline = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1);
    let mut diagnostics = Vec::new();
    let names = names::Names::of(file, &mut diagnostics);
    let mut lower = Lower {
        text,
        lines: std::iter::once(0).chain(after_newline).collect(),
        file,
        document,
        names,
        agreement: Agreement::default(),
        readings: BTreeMap::new(),
        counts_days: None,
        needs_zone: None,
        diagnostics,
    };
    lower.clauses();
    lower.calendar();
    lower.actors();
    lower.facts();
    lower.reading_kinds();
    lower.zones();
    lower.decisions();
    lower.preamble();
    lower.norms();
    lower.readings();
    lower.horizon();
    lower.undeclared_time();
    lower.quotes();
    lower.circles();
    lower.readbacks();
    (lower.agreement, lower.diagnostics)
}

impl<'a> Lower<'a> {
    fn clauses(&mut self) {
        let clauses = self.document.clauses.iter().map(|c| Clause {
            id: c.id.clone(),
            heading: c.heading.clone(),
            words: c.words.trim().to_string(),
            line: 0,
        });
        let mut clauses: Vec<Clause> = clauses.collect();
        for (lowered, clause) in clauses.iter_mut().zip(&self.document.clauses) {
            lowered.line = self.line(clause.span.start);
        }
        self.agreement.title = clauses.first().map(|c| c.heading.clone()).unwrap_or_default();
        self.agreement.clauses = clauses;
    }

    /// Line of a place, from 1.
    fn line(&self, at: usize) -> u32 {
        u32::try_from(self.lines.partition_point(|start| *start <= at)).unwrap_or(u32::MAX)
    }

    fn decls(&self, keyword: Keyword) -> impl Iterator<Item = &'a Decl> + use<'a> {
        self.file.decls.iter().filter(move |d| d.keyword == keyword)
    }

    fn report(&mut self, diagnostic: Diagnostic) -> Left {
        self.diagnostics.push(diagnostic);
        Left
    }

    /// A name that is not known, with the nearest that is.
    fn unknown(
        &mut self,
        code: &'static str,
        what: &str,
        name: &Ident,
        known: Vec<Name>,
        help: &str,
    ) -> Left {
        let wrong =
            Diagnostic::error(code, name.span.clone(), format!("{what} `{}` is not known", name.text));
        let skeleton = crate::surface::skeleton(name.text.as_str());
        let twin = known.iter().find(|known| crate::surface::skeleton(known.as_str()) == skeleton);
        if let Some(twin) = twin.filter(|twin| **twin != name.text) {
            let help = format!(
                "it looks like `{twin}`, which has letters of another alphabet; write it as it is declared"
            );
            return self.report(wrong.help(help).fix(
                name.span.clone(),
                twin.to_string(),
                format!("write `{twin}` as it is declared"),
            ));
        }
        let near = names::closest(name.text.as_str(), known.iter().map(Name::as_str)).map(str::to_string);
        self.report(match near {
            Some(near) => wrong.help(format!("did you mean `{near}`?")).fix(
                name.span.clone(),
                near.clone(),
                format!("write `{near}`"),
            ),
            None => wrong.help(help.to_string()),
        })
    }

    /// A word of a field that must be one of a few.
    fn one_of<T: Copy>(&mut self, field: &Field, all: &[(&str, T)]) -> Lowered<T> {
        let FieldValue::Words(words) = &field.value else { return Err(Left) };
        let written = words.iter().map(|w| w.text.as_str()).collect::<Vec<_>>().join(" ");
        if let Some((_, value)) = all.iter().find(|(word, _)| *word == written) {
            return Ok(*value);
        }
        let span = words.first().map_or(field.span.clone(), |w| w.span.start..field.span.end);
        let wrong =
            Diagnostic::error("N0215", span.clone(), format!("`{}` cannot be `{written}`", field.word));
        let near = names::closest(&written, all.iter().map(|(word, _)| *word));
        let list = all.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        Err(self.report(match near {
            Some(near) => {
                wrong.help(format!("did you mean `{near}`?")).fix(span, near, format!("write `{near}`"))
            }
            None => wrong.help(format!("write one of: {list}")),
        }))
    }

    /// `standard probable`.
    fn grade(&mut self, field: &Field) -> Lowered<Grade> {
        self.one_of(field, &Grade::CHAIN.map(|g| (g.word(), g)))
    }

    fn marking(&mut self, decl: &Decl) -> Lowered<Marking> {
        let mut marking = Marking::default();
        let Some(field) = decl.field("mark") else { return Ok(marking) };
        let FieldValue::Mark { level, restricted, .. } = &field.value else { return Err(Left) };
        if let Some(level) = level {
            match Tlp::parse(level.text.as_str()) {
                Some(tlp) => marking.level = tlp,
                None => {
                    return Err(self.report(
                        Diagnostic::error(
                            "N0215",
                            level.span.clone(),
                            format!("`{}` is no level of the Traffic Light Protocol", level.text),
                        )
                        .help("write TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT or TLP:RED"),
                    ));
                }
            }
        }
        if let Some(names) = restricted {
            let mut to = std::collections::BTreeSet::new();
            for name in names {
                to.insert(self.actor(name)?);
            }
            marking.releasable_to = Some(to);
        }
        Ok(marking)
    }

    /// The finished agreement in plain words.
    fn readbacks(&mut self) {
        use crate::readback;
        let norms: Vec<String> =
            self.agreement.norms.iter().map(|n| readback::norm(&self.agreement, n)).collect();
        let powers: Vec<String> =
            self.agreement.powers.iter().map(|p| readback::power(&self.agreement, p)).collect();
        let terms: Vec<String> =
            self.agreement.terms.iter().map(|(name, t)| readback::term(&self.agreement, name, t)).collect();
        self.agreement.norms.iter_mut().zip(norms).for_each(|(n, text)| n.readback = text);
        self.agreement.powers.iter_mut().zip(powers).for_each(|(p, text)| p.readback = text);
        self.agreement.terms.values_mut().zip(terms).for_each(|(t, text)| t.readback = text);
    }
}

/// The texts of all fields of a word, with their places.
fn texts(decl: &Decl, word: &'static str) -> Vec<crate::ast::Text> {
    let fields = decl.fields.iter().filter(|f| f.word == word);
    fields
        .flat_map(|f| match &f.value {
            FieldValue::Texts(texts) => texts.clone(),
            _ => Vec::new(),
        })
        .collect()
}
