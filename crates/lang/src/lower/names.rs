//! Names: which are known, in which list each stands, what one means that stands alone, and which is nearest to one that is not.
//!
//! The lowering and the editor (`editor/names.rs`) ask here, so that the editor goes to what the agreement means. What deliberately does not
//! stand here: the places at which names stand. The lowering gives a declaration up at its first mistake, and goes through some of them more
//! than once; an editor wants every place of a declaration that is just being written, once.

/// The candidate nearest to what was written, where one is near enough to be meant.
///
/// # Example
/// ```
/// assert_eq!(servanda_lang::closest("Ukarine", ["Ukraine", "Russia"].into_iter()), Some("Ukraine"));
/// assert_eq!(servanda_lang::closest("Paris", ["Ukraine", "Russia"].into_iter()), None);
/// ```
pub fn closest<'c>(written: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let length = written.chars().count();
    if length > 80 {
        return None;
    }
    let lower = written.to_lowercase();
    candidates
        .filter(|c| c.len() <= 200)
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&lower, &other);
            let begins =
                length >= 4 && (other.starts_with(&lower) || lower.starts_with(&other)) && other.len() >= 4;
            let far = 1 + length.min(other.chars().count()) / 4;
            (distance <= far && distance < length || begins).then_some((distance, candidate))
        })
        .min_by_key(|(distance, candidate)| (*distance, candidate.len(), *candidate))
        .map(|(_, candidate)| candidate)
}

use crate::ast::{Decl, FieldValue, File, Ident, Span};
use crate::diagnostic::Diagnostic;
use crate::parser::vocabulary::Keyword;
use crate::surface;
use servanda_model::Name;
use std::collections::BTreeMap;

/// Words that a rule uses for something else.
const RESERVED: [&str; 14] = [
    "bearer",
    "beneficiary",
    "trigger",
    "breach",
    "target",
    "in-force",
    "signed",
    "coverage",
    "finding",
    "explanation",
    "unstated",
    "nothing",
    "and",
    "or",
];

/// Whether a word is none that may be declared: rules use it for something else.
pub fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// The lists of names: a party and a zone may share one, an event and a duty too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum List {
    /// Parties, groups, bodies.
    Actors,
    Zones,
    Classes,
    /// Events, states, objects, measures, terms, `open`, readings.
    Things,
    /// Duties, bans, remedies, rights, powers, priorities, and the sugar.
    Norms,
}

impl List {
    /// The list of what a word declares; the agreement stands in none.
    pub(crate) fn of(keyword: Keyword) -> Option<List> {
        use Keyword::*;
        match keyword {
            Agreement => None,
            Party | Group | Body => Some(List::Actors),
            Zone => Some(List::Zones),
            Class => Some(List::Classes),
            Event | State | Object | Measure | Term | Open | Reading => Some(List::Things),
            Duty | Ban | Remedy | Right | Power | Priority | Milestone | Delivery | Quota | Notify => {
                Some(List::Norms)
            }
        }
    }
}

/// What a name that stands alone means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Alone {
    /// A role of the record under test, or a parameter of the zone.
    Role,
    /// A value of the class that is needed.
    Value,
    Thing,
    Actor,
    Zone,
    /// A value of this class, the first that has it.
    ValueOf(Name),
    /// A role of some fact, in the options of a reading.
    RoleOfAny,
    /// None of these; it may be a norm.
    Unknown,
}

/// What is known where a name stands.
pub(crate) trait Known {
    /// Whether it is a role of the record under test, or a parameter of the zone.
    fn is_role(&self, name: &Name) -> bool;
    /// Whether the class has this value.
    fn has_value(&self, class: &Name, name: &Name) -> bool;
    /// Whether a list has it.
    fn has(&self, list: List, name: &Name) -> bool;
    /// The first class that has this value.
    fn class_of(&self, name: &Name) -> Option<Name>;
    /// Whether roles of any fact mean something here, and some fact has this one.
    fn is_role_of_any(&self, name: &Name) -> bool;
}

/// What a name that stands alone means where a value of `class` is needed, or a `place`. The order is that of the language: what is nearest
/// first, then what is needed, then the lists.
pub(crate) fn alone(name: &Name, class: Option<&Name>, place: bool, known: &impl Known) -> Alone {
    if known.is_role(name) {
        Alone::Role
    } else if class.is_some_and(|class| known.has_value(class, name)) {
        Alone::Value
    } else if place && known.has(List::Zones, name) {
        Alone::Zone
    } else if known.has(List::Things, name) {
        Alone::Thing
    } else if known.has(List::Actors, name) {
        Alone::Actor
    } else if known.has(List::Zones, name) {
        Alone::Zone
    } else if let Some(class) = known.class_of(name) {
        Alone::ValueOf(class)
    } else if known.is_role_of_any(name) {
        Alone::RoleOfAny
    } else {
        Alone::Unknown
    }
}

/// All declared names, in separate lists, each with its declaration.
#[derive(Default)]
pub(super) struct Names<'a> {
    /// Parties, groups, bodies.
    pub(super) actors: BTreeMap<Name, &'a Decl>,
    /// Zones.
    pub(super) zones: BTreeMap<Name, &'a Decl>,
    /// Classes.
    pub(super) classes: BTreeMap<Name, &'a Decl>,
    /// Events, states, objects, measures, terms, `open`, readings.
    pub(super) things: BTreeMap<Name, &'a Decl>,
    /// Duties, bans, remedies, rights, powers, priorities, and the sugar.
    pub(super) norms: BTreeMap<Name, &'a Decl>,
    /// Norms that rows of the sugar give, with the declaration they come from.
    pub(super) rows: BTreeMap<Name, &'a Decl>,
}

impl<'a> Names<'a> {
    pub(super) fn of(file: &'a File, diagnostics: &mut Vec<Diagnostic>) -> Names<'a> {
        let mut names = Names::default();
        for decl in &file.decls {
            let Some(name) = &decl.name else { continue };
            let Some(list) = List::of(decl.keyword) else { continue };
            let list = names.list_mut(list);
            if is_reserved(name.text.as_str()) || surface::is_word(decl.language, name.text.as_str()) {
                diagnostics.push(
                    Diagnostic::error(
                        "N0211",
                        name.span.clone(),
                        format!("`{}` is a word of the language", name.text),
                    )
                    .help(format!("choose another name for this {}", decl.keyword.word())),
                );
            }
            look_alikes(name, decl, list, diagnostics);
            if let Some(first) = list.get(&name.text) {
                diagnostics.push(
                    Diagnostic::error(
                        "N0209",
                        name.span.clone(),
                        format!("`{}` is declared twice", name.text),
                    )
                    .label(
                        first.name_span(),
                        format!("first declared here, as {}", first.keyword.with_article()),
                    )
                    .help("choose another name for one of them; the first one counts"),
                );
                continue;
            }
            list.insert(name.text.clone(), decl);
            for row in rows(decl) {
                names.rows.entry(row).or_insert(decl);
            }
        }
        names
    }

    fn list_mut(&mut self, list: List) -> &mut BTreeMap<Name, &'a Decl> {
        match list {
            List::Actors => &mut self.actors,
            List::Zones => &mut self.zones,
            List::Classes => &mut self.classes,
            List::Things => &mut self.things,
            List::Norms => &mut self.norms,
        }
    }

    /// A list, with the declarations.
    pub(super) fn list(&self, list: List) -> &BTreeMap<Name, &'a Decl> {
        match list {
            List::Actors => &self.actors,
            List::Zones => &self.zones,
            List::Classes => &self.classes,
            List::Things => &self.things,
            List::Norms => &self.norms,
        }
    }

    /// Whether this is the declaration that its name stands for, and not a second one.
    pub(super) fn is_first(&self, decl: &Decl) -> bool {
        let Some(list) = List::of(decl.keyword) else { return true };
        let first = decl.name.as_ref().and_then(|name| self.list(list).get(&name.text));
        first.is_some_and(|first| std::ptr::eq(*first, decl))
    }

    /// The names of all norms, those of rows included.
    pub(super) fn all_norms(&self) -> Vec<Name> {
        let own = self.norms.iter().filter(|(_, d)| d.keyword != Keyword::Priority).map(|(n, _)| n.clone());
        own.chain(self.rows.keys().cloned()).collect()
    }

    /// The norms that a name stands for: itself, or all rows of a milestone, delivery or quota.
    pub(super) fn norms_of(&self, name: &Name) -> Vec<Name> {
        if self.rows.contains_key(name) {
            return vec![name.clone()];
        }
        match self.norms.get(name) {
            None => Vec::new(),
            Some(decl) => match rows(decl) {
                rows if rows.is_empty() => vec![name.clone()],
                rows => rows,
            },
        }
    }
}

/// Letters of two alphabets in one name, and two names that look the same.
fn look_alikes(name: &Ident, decl: &Decl, list: &BTreeMap<Name, &Decl>, diagnostics: &mut Vec<Diagnostic>) {
    if name.text.as_str().is_ascii() && list.keys().all(|other| other.as_str().is_ascii()) {
        return;
    }
    let skeleton = surface::skeleton(name.text.as_str());
    let other =
        list.iter().find(|(other, _)| **other != name.text && surface::skeleton(other.as_str()) == skeleton);
    if let Some((other, first)) = other {
        diagnostics.push(
            Diagnostic::error(
                "N0216",
                name.span.clone(),
                format!("`{}` looks like `{other}` and is another name", name.text),
            )
            .label(first.name_span(), format!("the other one, {}", first.keyword.with_article()))
            .help("one has Latin letters where the other has Cyrillic ones: write both alike, or choose another name"),
        );
    } else if let Some(meant) = surface::mixed(name.text.as_str()) {
        diagnostics.push(
            Diagnostic::warning(
                "N0217",
                name.span.clone(),
                format!("`{}` mixes Latin and Cyrillic letters that look the same", name.text),
            )
            .help(format!(
                "write `{meant}` in one alphabet here and wherever this {} is named",
                decl.keyword.word()
            )),
        );
    }
}

/// The names of the norms that the rows of a declaration give; none where it gives one norm of its own name.
pub(crate) fn rows(decl: &Decl) -> Vec<Name> {
    let Some(name) = &decl.name else { return Vec::new() };
    let of = |rest: String| Name::from(format!("{}/{rest}", name.text));
    let caps = decl.fields.iter().filter(|f| f.word == "at most").count();
    decl.fields
        .iter()
        .filter_map(|field| match &field.value {
            FieldValue::Row { date, .. } if field.word == "target" => Some(of(date.text.clone())),
            FieldValue::Row { date, .. } => Some(of(format!("{}-{}", field.word, date.text))),
            FieldValue::Item { what, .. } => Some(of(Name::slug(&what.text).to_string())),
            FieldValue::AtMost { period, .. } if caps > 1 => {
                Some(of(period.map_or("level".to_string(), |p| p.word().to_string())))
            }
            _ => None,
        })
        .collect()
}

impl super::Lower<'_> {
    /// A party, group or body.
    pub(super) fn actor(&mut self, name: &Ident) -> super::Lowered<Name> {
        if self.names.actors.contains_key(&name.text) {
            return Ok(name.text.clone());
        }
        let known = self.names.actors.keys().cloned().collect();
        let help = "declare it with `party`, `group` or `body`; a party that is only named takes `outside`";
        Err(self.unknown("N0201", "the party", name, known, help))
    }

    /// A norm or a row.
    pub(super) fn norm_name(&mut self, name: &Ident) -> super::Lowered<Vec<Name>> {
        let found = self.names.norms_of(&name.text);
        if !found.is_empty() {
            return Ok(found);
        }
        let known = self.names.all_norms();
        Err(self.unknown(
            "N0207",
            "the norm",
            name,
            known,
            "a norm is a duty, ban, remedy, right, or a row of a milestone, delivery or quota",
        ))
    }

    /// Exactly one norm.
    pub(super) fn one_norm(&mut self, name: &Ident) -> super::Lowered<Name> {
        let mut found = self.norm_name(name)?;
        if found.len() > 1 {
            let list = found.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
            return Err(self.report(
                Diagnostic::error(
                    "N0207",
                    name.span.clone(),
                    format!("`{}` stands for several norms", name.text),
                )
                .help(format!("name one of them: {list}")),
            ));
        }
        Ok(found.remove(0))
    }

    /// Where a name is declared, for labels.
    pub(super) fn declared_at(&self, name: &Name) -> Option<(Span, String)> {
        let lists = [
            &self.names.things,
            &self.names.actors,
            &self.names.zones,
            &self.names.norms,
            &self.names.rows,
            &self.names.classes,
        ];
        let decl = lists.iter().find_map(|list| list.get(name))?;
        Some((decl.name_span(), format!("`{name}` is {}", decl.keyword.with_article())))
    }
}
