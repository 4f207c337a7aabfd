//! What two versions of an agreement differ in, sentence by sentence: deleting one token often leaves a valid rule that means something
//! else, and the words of the text do not show it.
//!
//! What deliberately does not stand here: texts that are not encoded (`servanda compare` has them), and the verdicts of two versions,
//! which need records.
//!
//! Invariants
//! - whatever differs between the two agreements is among the changes: a difference that no sentence shows is shown as the rule
//!   itself, word for word;
//! - lines, comments, order and white space are no change.
//!
//! Where to start reading: [`changes`]. Tests: `tests/changes.rs` of this crate, `tests/mutants.rs` for the promise above.

use crate::findings::findings;
use crate::surface::Language;
use crate::{Checked, readback};
use servanda_model::agreement::*;
use servanda_model::{Agreement, Name};
use std::collections::{BTreeMap, BTreeSet};

/// A difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What is different: `duty`, `zone`, `words`.
    pub what: &'static str,
    /// Its name; of the agreement itself none.
    pub name: Name,
    /// As it was; `None`: it was not there.
    pub before: Option<String>,
    /// As it is; `None`: it is gone.
    pub after: Option<String>,
}

/// What changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// Differences of meaning: the agreement itself, then who, where and what, terms and readings, rules.
    pub meaning: Vec<Change>,
    /// Clauses whose words differ.
    pub words: Vec<Change>,
    /// Findings that are new: code and message.
    pub found: Vec<(&'static str, String)>,
    /// Findings that are gone.
    pub resolved: Vec<(&'static str, String)>,
}

impl Changes {
    /// Whether nothing at all differs.
    pub fn is_empty(&self) -> bool {
        self.meaning.is_empty() && self.words.is_empty() && self.found.is_empty() && self.resolved.is_empty()
    }
}

/// A text with what was understood of it.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// The text.
    pub text: &'a str,
    /// What [`check`](crate::check) made of it.
    pub checked: &'a Checked,
}

/// What differs.
///
/// # Example
/// ```
/// use servanda_lang::changes::{Version, changes};
/// let text = |hours| format!("# T\n\n```pact\nagreement t\n  in force 2026-01-01\n  time zone UTC\nparty A\nparty B\nevent help\n  \
///     says \"{{by}} helps {{to}}\"\n  carries by: party, to: party\n```\n\n## 1\n\n> A helps B.\n\n```pact\nduty d\n  bearer A\n  owed to B\n  \
///     when help by B\n  must do help by bearer to B\n  within {hours} hours\n  per \"A helps B\"\n```\n");
/// let (a, b) = (text(24), text(48));
/// let (x, y) = (servanda_lang::check(&a), servanda_lang::check(&b));
/// let found = changes(Version { text: &a, checked: &x }, Version { text: &b, checked: &y });
/// assert_eq!(found.meaning.len(), 1);
/// assert!(found.meaning[0].after.as_deref().unwrap().contains("48 hours"));
/// ```
pub fn changes(before: Version, after: Version) -> Changes {
    changes_in(Language::English, before, after)
}

/// The same with the sentences in a language. Codes and messages of findings are English.
pub fn changes_in(language: Language, before: Version, after: Version) -> Changes {
    let codes = |v: Version| -> BTreeSet<(&'static str, String)> {
        findings(v.text, v.checked)
            .findings
            .into_iter()
            .map(|f| (f.diagnostic.code, f.diagnostic.message))
            .collect()
    };
    let (old, new) = (codes(before), codes(after));
    Changes {
        meaning: meaning_in(language, before, after),
        words: words(before, after),
        found: new.difference(&old).cloned().collect(),
        resolved: old.difference(&new).cloned().collect(),
    }
}

/// Differences of meaning alone.
pub fn meaning(before: Version, after: Version) -> Vec<Change> {
    meaning_in(Language::English, before, after)
}

fn meaning_in(language: Language, before: Version, after: Version) -> Vec<Change> {
    let (a, b) = (quiet(&before.checked.agreement), quiet(&after.checked.agreement));
    let mut both = Both { language, before, after, a: &a, b: &b, out: Vec::new() };
    both.agreement();
    both.of("party", |x| &x.parties, |_, _, _| None);
    both.of("group", |x| &x.groups, |_, _, _| None);
    both.of("body", |x| &x.bodies, |_, _, _| None);
    both.of("zone", |x| &x.zones, |_, _, _| None);
    both.of("class", |x| &x.classes, |_, _, _| None);
    both.of("fact", |x| &x.facts, |_, _, _| None);
    both.of("reading", |x| &x.readings, |x, n, r| Some(readback::reading_in(language, x, n, r)));
    both.of("term", |x| &x.terms, |x, n, t| Some(readback::term_in(language, x, n, t)));
    both.norms();
    both.powers();
    both.priorities();
    both.out
}

/// Without what changes no meaning: lines, places of clauses, sentences made of the rest.
fn quiet(agreement: &Agreement) -> Agreement {
    let mut a = agreement.clone();
    for norm in &mut a.norms {
        (norm.line, norm.clause) = (0, None);
        norm.readback.clear();
    }
    for term in a.terms.values_mut() {
        term.clause = None;
        term.readback.clear();
    }
    for power in &mut a.powers {
        power.clause = None;
        power.readback.clear();
    }
    for reading in a.readings.values_mut() {
        reading.clause = None;
    }
    a.clauses.clear();
    a
}

struct Both<'a> {
    language: Language,
    before: Version<'a>,
    after: Version<'a>,
    a: &'a Agreement,
    b: &'a Agreement,
    out: Vec<Change>,
}

impl<'a> Both<'a> {
    fn of<T: PartialEq>(
        &mut self,
        what: &'static str,
        part: impl Fn(&Agreement) -> &BTreeMap<Name, T>,
        sentence: impl Fn(&Agreement, &Name, &T) -> Option<String>,
    ) {
        let (x, y) = (part(self.a), part(self.b));
        let names: BTreeSet<&Name> = x.keys().chain(y.keys()).collect();
        for name in names {
            let (old, new) = (x.get(name), y.get(name));
            if old == new {
                continue;
            }
            let before = old.and_then(|t| sentence(self.a, name, t));
            let after = new.and_then(|t| sentence(self.b, name, t));
            self.push(what, name, old.is_some(), new.is_some(), before, after);
        }
    }

    /// Where the sentences do not show it, the rules themselves do.
    fn push(
        &mut self,
        what: &'static str,
        name: &Name,
        was: bool,
        is: bool,
        before: Option<String>,
        after: Option<String>,
    ) {
        let told = before.is_some() != after.is_some() || before != after;
        let complete = (before.is_some() == was) && (after.is_some() == is);
        let (before, after) = if told && complete {
            (before, after)
        } else {
            (was.then(|| source(self.before, name)), is.then(|| source(self.after, name)))
        };
        self.out.push(Change { what, name: name.clone(), before, after });
    }

    fn agreement(&mut self) {
        let head = |a: &Agreement| Agreement {
            name: a.name.clone(),
            title: a.title.clone(),
            status: a.status,
            signed: a.signed,
            in_force: a.in_force.clone(),
            ends: a.ends.clone(),
            calendar: a.calendar.clone(),
            notices: a.notices,
            authentic: a.authentic.clone(),
            version: a.version.clone(),
            standard: a.standard,
            watched: a.watched.clone(),
            exercise: a.exercise,
            ..Agreement::default()
        };
        let (x, y) = (head(self.a), head(self.b));
        if x != y {
            let name = Name::from(self.b.name.as_str());
            let (before, after) =
                (readback::agreement_in(self.language, &x), readback::agreement_in(self.language, &y));
            let (before, after) = if before == after {
                let of = |v: Version, a: &Agreement| {
                    format!("{}\n{}", a.title, source(v, &Name::from(a.name.as_str())))
                };
                (of(self.before, self.a), of(self.after, self.b))
            } else {
                (before, after)
            };
            self.out.push(Change { what: "agreement", name, before: Some(before), after: Some(after) });
        }
    }

    fn norms(&mut self) {
        let by_name = |a: &'a Agreement| -> BTreeMap<&'a Name, &'a Norm> {
            a.norms.iter().map(|n| (&n.name, n)).collect()
        };
        let (x, y) = (by_name(self.a), by_name(self.b));
        // In order of the new text; what is gone last.
        let order: Vec<&Name> =
            self.b.norms.iter().map(|n| &n.name).chain(self.a.norms.iter().map(|n| &n.name)).collect();
        let mut seen = BTreeSet::new();
        for name in order {
            let (old, new) = (x.get(name), y.get(name));
            if !seen.insert(name) || old == new {
                continue;
            }
            let what = match new.or(old).map(|n| n.kind) {
                Some(NormKind::Ban) => "ban",
                Some(NormKind::Remedy) => "remedy",
                Some(NormKind::Right) => "right",
                _ => "duty",
            };
            let sentence = |of, norm: Option<&&Norm>| norm.map(|n| readback::norm_in(self.language, of, n));
            let (before, after) = (sentence(self.a, old), sentence(self.b, new));
            self.push(what, name, old.is_some(), new.is_some(), before, after);
        }
    }

    fn powers(&mut self) {
        let by_name = |a: &'a Agreement| -> BTreeMap<&'a Name, &'a Power> {
            a.powers.iter().map(|p| (&p.name, p)).collect()
        };
        let (x, y) = (by_name(self.a), by_name(self.b));
        let names: BTreeSet<&Name> = x.keys().chain(y.keys()).copied().collect();
        for name in names {
            let (old, new) = (x.get(name), y.get(name));
            if old != new {
                let sentence =
                    |of, power: Option<&&Power>| power.map(|p| readback::power_in(self.language, of, p));
                let (before, after) = (sentence(self.a, old), sentence(self.b, new));
                self.push("power", name, old.is_some(), new.is_some(), before, after);
            }
        }
    }

    fn priorities(&mut self) {
        let said = |a: &Agreement| -> BTreeSet<String> {
            a.priorities.iter().map(|p| format!("`{}` stands over `{}`.", p.over, p.yields)).collect()
        };
        let (x, y) = (said(self.a), said(self.b));
        for gone in x.difference(&y) {
            self.out.push(Change {
                what: "priority",
                name: Name::from(""),
                before: Some(gone.clone()),
                after: None,
            });
        }
        for new in y.difference(&x) {
            self.out.push(Change {
                what: "priority",
                name: Name::from(""),
                before: None,
                after: Some(new.clone()),
            });
        }
    }
}

/// A declaration as it stands in the text, white space folded. A row of a milestone stands in the milestone.
fn source(version: Version, name: &Name) -> String {
    let whole = name.as_str();
    let base = declared(name);
    let named = |wanted: &str| {
        let mut decls = version.checked.file.decls.iter();
        decls
            .find(|d| d.name.as_ref().is_some_and(|n| n.text == *wanted))
            .and_then(|d| version.text.get(d.span.clone()))
    };
    let found = named(whole).or_else(|| named(base)).unwrap_or(whole);
    crate::document::folded(found)
}

fn words(before: Version, after: Version) -> Vec<Change> {
    let of = |v: Version| -> BTreeMap<Name, String> {
        v.checked.agreement.clauses.iter().map(|c| (c.id.clone(), c.words.clone())).collect()
    };
    let (x, y) = (of(before), of(after));
    let names: BTreeSet<&Name> = x.keys().chain(y.keys()).collect();
    let differing = names.into_iter().filter(|n| x.get(*n) != y.get(*n));
    differing
        .map(|n| Change {
            what: "words",
            name: n.clone(),
            before: x.get(n).cloned(),
            after: y.get(n).cloned(),
        })
        .collect()
}
