//! What is shown about a place: the read-back of what stands there, and the outline of the text.

use super::names::Symbol;
use super::{Sheet, dates, touches};
use crate::ast::{Decl, Span};
use crate::parser::vocabulary::Keyword;
use crate::readback;
use crate::surface::Language;
use servanda_model::Name;
use servanda_model::agreement::{Dimension, RoleType};

/// What is shown about a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hover {
    /// What it is about.
    pub span: Span,
    /// What stands there: ``duty `consult` ``.
    pub title: String,
    /// Paragraphs of plain text.
    pub body: Vec<String>,
}

/// What an entry of the outline is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    /// A heading.
    Clause,
    /// A declaration.
    Declaration(Keyword),
}

/// An entry of the outline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outline {
    /// Heading or name.
    pub name: String,
    /// Phrase, if it has one.
    pub detail: String,
    /// What it is.
    pub item: Item,
    /// All of it.
    pub span: Span,
    /// What to point at; inside of `span`.
    pub selection: Span,
    /// What stands under it.
    pub children: Vec<Outline>,
}

/// More rows than these are counted, not shown.
const MOST_ROWS: usize = 12;

impl Sheet<'_> {
    /// What is to be said about the place at an offset: on a name what it stands for, on a word of a declaration its read-back,
    /// on words of a clause the rules that quote them.
    pub fn hover(&self, offset: usize) -> Option<Hover> {
        if let Some(place) = self.names.at(offset) {
            let (title, body) = self.described(&place.symbol);
            return Some(Hover { span: place.span.clone(), title, body });
        }
        if let Some(quote) = self.quoted.iter().find(|q| touches(&q.text, offset)) {
            let clause = self.checked.parse.document.clauses.get(quote.clause)?;
            let said = match &quote.words {
                Some(_) => format!("Words of the clause “{}”.", clause.heading),
                None => format!("These words are not in the clause “{}”.", clause.heading),
            };
            return Some(Hover { span: quote.text.clone(), title: "quote".to_string(), body: vec![said] });
        }
        let quoting: Vec<_> = self.rules_quoting(offset).collect();
        if let Some((_, first)) = quoting.first() {
            let span = first.words.clone().unwrap_or(offset..offset);
            let mut body: Vec<String> = Vec::new();
            for (decl, _) in &quoting {
                let (title, said) = self.declared_as(decl);
                body.push(format!("{title}: {}", said.join(" ")));
            }
            return Some(Hover { span, title: "words that rules carry out".to_string(), body });
        }
        let decl = self.decl_at(offset)?;
        let span = if touches(&decl.keyword_span, offset) {
            decl.keyword_span.clone()
        } else {
            let word = self.field_word_at(offset)?;
            decl.fields.iter().find(|f| f.word == word && touches(&f.word_span, offset))?.word_span.clone()
        };
        let (title, mut body) = self.declared_as(decl);
        body.extend(self.in_its_language(decl));
        Some(Hover { span, title, body })
    }

    /// A norm's sentence in the language of its rules, where that is another one.
    fn in_its_language(&self, decl: &Decl) -> Option<String> {
        let name = &decl.name.as_ref()?.text;
        let a = &self.checked.agreement;
        let norm = a.norms.iter().find(|norm| norm.name == *name && decl.language != self.language)?;
        Some(readback::norm_in(decl.language, a, norm))
    }

    fn declared_as(&self, decl: &Decl) -> (String, Vec<String>) {
        let name = decl.name.as_ref().map_or_else(|| Name::from(""), |n| n.text.clone());
        match Symbol::declared(decl.keyword, &name) {
            Some(symbol) => self.described(&symbol),
            None => (
                format!("agreement `{name}`"),
                vec![readback::agreement_in(self.language, &self.checked.agreement)],
            ),
        }
    }

    /// The word of the declaration of a name, of all that declare it.
    fn keyword_of(&self, symbol: &Symbol) -> &'static str {
        let span = self.names.declared(symbol).map(|p| &p.span);
        let decl = self
            .checked
            .file
            .decls
            .iter()
            .find(|d| d.name.as_ref().map(|n| &n.span) == span && span.is_some());
        decl.map_or("name", |d| d.keyword.word())
    }

    fn described(&self, symbol: &Symbol) -> (String, Vec<String>) {
        let a = &self.checked.agreement;
        let name = symbol.name();
        let title = |word: &str| format!("{word} `{name}`");
        let nothing = || vec!["It could not be read; see the diagnostics.".to_string()];
        match symbol {
            Symbol::Actor(_) => {
                let mut body = Vec::new();
                let phrase = a.phrase(name);
                if phrase != name.as_str() {
                    body.push(format!("{phrase}."));
                }
                if a.parties.get(name).is_some_and(|p| p.outside) {
                    body.push("Named in the agreement and not bound by it.".to_string());
                }
                let members =
                    a.groups.get(name).map(|g| &g.members).or(a.bodies.get(name).map(|b| &b.members));
                if let Some(members) = members.filter(|m| !m.is_empty()) {
                    let all: Vec<String> = members.iter().map(|m| a.phrase(&m.who).to_string()).collect();
                    body.push(format!("Members: {}.", all.join(", ")));
                }
                (title(self.keyword_of(symbol)), body)
            }
            Symbol::Zone(_) => {
                let zone = a.zones.get(name);
                let phrase = zone.map(|z| z.phrase.clone()).filter(|p| !p.is_empty());
                let params = zone.map(|z| z.params.as_slice()).unwrap_or_default();
                let given =
                    params.iter().map(|(p, of)| format!("`{p}`: {}", role_type(of))).collect::<Vec<_>>();
                let given = (!given.is_empty()).then(|| format!("Given {}.", given.join(", ")));
                (title("zone"), phrase.map(|p| format!("{p}.")).into_iter().chain(given).collect())
            }
            Symbol::Class(_) => {
                let values = a
                    .classes
                    .get(name)
                    .map(|c| c.values.keys().map(|v| format!("`{v}`")).collect::<Vec<_>>());
                (title("class"), values.map(|v| format!("Values: {}.", v.join(", "))).into_iter().collect())
            }
            Symbol::Value(class, _) => {
                let value = a.classes.get(class).and_then(|c| c.values.get(name));
                let phrase = value.map(|v| v.phrase.clone()).filter(|p| !p.is_empty());
                (
                    format!("value `{name}` of the class `{class}`"),
                    phrase.map(|p| format!("{p}.")).into_iter().collect(),
                )
            }
            Symbol::Attribute(_) => (title("attribute"), Vec::new()),
            Symbol::Role(fact, _) => {
                let of = a.facts.get(fact).and_then(|f| f.roles.iter().find(|(role, _)| role == name));
                let of = of.map(|(_, of)| format!("Filled by {}.", role_type(of)));
                (format!("role `{name}` of `{fact}`"), of.into_iter().collect())
            }
            Symbol::Parameter(zone, _) => {
                let of = a.zones.get(zone).and_then(|z| z.params.iter().find(|(param, _)| param == name));
                let of = of.map(|(_, of)| format!("Filled by {}.", role_type(of)));
                (format!("parameter `{name}` of the zone `{zone}`"), of.into_iter().collect())
            }
            Symbol::Choice(reading, _) => {
                let words =
                    a.readings.get(reading).map(|r| format!("One of the readings of “{}”.", r.words.trim()));
                (format!("option `{name}` of the reading `{reading}`"), words.into_iter().collect())
            }
            Symbol::Thing(_) => {
                let body = if let Some(term) = a.terms.get(name) {
                    vec![readback::term_in(self.language, a, name, term)]
                } else if let Some(reading) = a.readings.get(name) {
                    vec![readback::reading_in(self.language, a, name, reading)]
                } else if let Some(fact) = a.facts.get(name) {
                    let mut body: Vec<String> = [&fact.phrase, &fact.says]
                        .into_iter()
                        .filter(|text| !text.is_empty())
                        .map(|text| format!("{text}."))
                        .collect();
                    let roles: Vec<String> =
                        fact.roles.iter().map(|(role, of)| format!("`{role}`: {}", role_type(of))).collect();
                    if !roles.is_empty() {
                        body.push(format!("Carries {}.", roles.join(", ")));
                    }
                    body
                } else {
                    nothing()
                };
                (title(self.keyword_of(symbol)), body)
            }
            Symbol::Norm(_) => {
                let mut body = Vec::new();
                let row = |of: &Name| {
                    of.as_str().strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('/'))
                };
                let norms: Vec<_> = a.norms.iter().filter(|n| n.name == *name || row(&n.name)).collect();
                for norm in norms.iter().take(MOST_ROWS) {
                    let due: Vec<String> =
                        dates::deadlines(a, norm).into_iter().map(|at| a.calendar.show(at)).collect();
                    let due = match (due.is_empty(), self.language) {
                        (true, _) => String::new(),
                        (_, Language::English) => format!(" Due {}.", due.join(" and ")),
                        (_, Language::Ukrainian) => format!(" Строк: {}.", due.join(" і ")),
                    };
                    body.push(format!("{}{due}", readback::norm_in(self.language, a, norm)));
                }
                if norms.len() > MOST_ROWS {
                    let more = norms.len() - MOST_ROWS;
                    body.push(match self.language {
                        Language::English => format!("And {more} more."),
                        Language::Ukrainian => format!("І ще {more}."),
                    });
                }
                let powers = a.powers.iter().filter(|p| p.name == *name);
                body.extend(powers.map(|p| readback::power_in(self.language, a, p)));
                let word = self.keyword_of(symbol);
                if body.is_empty() && word != Keyword::Priority.word() {
                    body = nothing();
                }
                (title(word), body)
            }
        }
    }

    /// Clauses with the declarations that stand under them, in order; a deeper heading stands under the one above it.
    pub fn outline(&self) -> Vec<Outline> {
        let document = &self.checked.parse.document;
        let of_decl = |decl: &Decl| Outline {
            name: decl.name.as_ref().map_or_else(|| decl.keyword.word().to_string(), |n| n.text.to_string()),
            detail: decl.phrase.as_ref().map(|p| p.text.clone()).unwrap_or_default(),
            item: Item::Declaration(decl.keyword),
            span: decl.span.clone(),
            selection: decl.name_span(),
            children: Vec::new(),
        };
        let decls = &self.checked.file.decls;
        let mut roots: Vec<Outline> = decls.iter().filter(|d| d.clause.is_none()).map(of_decl).collect();
        // Headings that are open, the outermost first, each with its level.
        let mut open: Vec<(u8, Outline)> = Vec::new();
        fn close(open: &mut Vec<(u8, Outline)>, roots: &mut Vec<Outline>, level: u8) {
            while open.last().is_some_and(|(its, _)| *its >= level) {
                let Some((_, done)) = open.pop() else { return };
                match open.last_mut() {
                    Some((_, above)) => above.children.push(done),
                    None => roots.push(done),
                }
            }
        }
        for (index, clause) in document.clauses.iter().enumerate() {
            close(&mut open, &mut roots, clause.level);
            let goes_on = document.clauses[index + 1..].iter().find(|c| c.level <= clause.level);
            let end = goes_on.map_or(self.text.len(), |next| next.span.start);
            let name = if clause.heading.is_empty() { clause.id.to_string() } else { clause.heading.clone() };
            open.push((
                clause.level,
                Outline {
                    name,
                    detail: String::new(),
                    item: Item::Clause,
                    span: clause.span.start..end.max(clause.span.end),
                    selection: clause.span.clone(),
                    children: decls.iter().filter(|d| d.clause == Some(index)).map(of_decl).collect(),
                },
            ));
        }
        close(&mut open, &mut roots, 0);
        roots
    }
}

fn role_type(of: &RoleType) -> String {
    match of {
        RoleType::Party => "a party or group".to_string(),
        RoleType::Body => "a body".to_string(),
        RoleType::Place => "a place".to_string(),
        RoleType::Number(Dimension::Plain) => "a number".to_string(),
        RoleType::Number(dimension) => format!("a number ({})", crate::units::shown(dimension)),
        RoleType::Text => "a text".to_string(),
        RoleType::Time => "a time".to_string(),
        RoleType::Class(class) => format!("a value of the class `{class}`"),
    }
}
