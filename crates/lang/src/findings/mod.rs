//! Findings: what a drafter wants to know about a text that is correct. What it does not say, what two readers would read
//! differently, who can block it, what cannot be watched.
//!
//! A finding is no mistake: the agreement means what it says, and a party may want it so. Then it is `accepted "CODE" because
//! "…"`, and stays listed.
//!
//! Invariants
//! - verdicts do not depend on findings;
//! - an analysis says how much it looked at, how far, and what it could not decide ([`Looked`]): silence is never ambiguous;
//! - what is missing is not told as missing where a declaration with an error may hold it: then it is not decided;
//! - how bad a finding is follows from how firmly the norm binds: no remedy is a warning in a binding text and an information in a
//!   political one.
//!
//! What deliberately does not stand here: whether a text can be understood at all (`lower`), and what two versions of it differ in.
//!
//! Where to start reading: [`findings`], then a module per group of analyses. Tests: `tests/findings.rs` of this crate; the page of
//! each code.

mod elements;
mod explore;
mod judged;
mod parties;
mod sequence;
mod timing;
mod words;

use crate::ast::{Decl, FieldValue, Span};
use crate::diagnostic::{Diagnostic, Severity};
use crate::parser::vocabulary::Keyword;
use crate::syntax::SyntaxKind;
use crate::{Checked, document};
use servanda_model::Name;
use servanda_model::agreement::*;
use servanda_model::uses::Uses;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What was found, where, and what could be done.
    pub diagnostic: Diagnostic,
    /// The declaration that it is about, where it is about one.
    pub about: Option<Name>,
    /// Why the drafter keeps it so.
    pub accepted: Option<String>,
}

/// What an analysis looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Looked {
    /// What it asks, in a few words.
    pub analysis: &'static str,
    /// How far it looks: what it takes into account, and what it leaves to others.
    pub bound: &'static str,
    /// How many norms, words or parties it looked at.
    pub at: usize,
    /// What it could not decide, each with the reason. In order of the alphabet.
    pub undecided: Vec<String>,
}

/// All findings about a text, in its order, and what was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Findings {
    /// In order of the text.
    pub findings: Vec<Finding>,
    /// In order of the analyses.
    pub looked: Vec<Looked>,
}

impl Findings {
    /// What could not be decided, each with its analysis.
    pub fn undecided(&self) -> Vec<String> {
        let of = |looked: &Looked| -> Vec<String> {
            looked.undecided.iter().map(|why| format!("{}: {why}.", looked.analysis)).collect()
        };
        self.looked.iter().flat_map(of).collect()
    }
}

/// Looks for what a drafter wants to know. `text` is what was checked.
///
/// # Example
/// ```
/// let text = "# Truce\n\n```pact\nagreement truce\n  in force    2026-01-01\n  time zone   UTC\nparty A\nparty B\nevent fire\n  \
///             says \"{by} fires\"\n  carries by: party\n```\n\n## 1\n\n> A shall not fire.\n\n```pact\nban no-fire\n  bearer A\n  owed to B\n  \
///             must not do fire by bearer\n  per \"A shall not fire\"\n```\n";
/// let checked = servanda_lang::check(text);
/// let found = servanda_lang::findings::findings(text, &checked);
/// assert!(found.findings.iter().any(|f| f.diagnostic.code == "A0701"), "nobody establishes a breach");
/// ```
pub fn findings(text: &str, checked: &Checked) -> Findings {
    let mut desk = Desk {
        text,
        agreement: &checked.agreement,
        file: &checked.file,
        document: &checked.parse.document,
        declared: declared(&checked.file),
        broken: Vec::new(),
        in_broken: BTreeSet::new(),
        borne: BTreeMap::new(),
        uses: checked
            .agreement
            .norms
            .iter()
            .map(|n| (&n.name, Rc::new(Uses::of_norm(&checked.agreement, n))))
            .collect(),
        out: Findings::default(),
    };
    desk.read_broken();
    desk.borne = checked.agreement.norms.iter().map(|n| (&n.name, desk.bearers_of(n))).collect();
    desk.elements();
    desk.words();
    desk.judged();
    desk.sequence();
    desk.timing();
    desk.parties();
    desk.explore();
    desk.damaged();
    desk.accept();
    let mut out = desk.out;
    for finding in &mut out.findings {
        let one = std::slice::from_mut(&mut finding.diagnostic);
        crate::surface::in_the_words_of(text, &checked.parse.document.fences, one);
    }
    out.findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.diagnostic.span.start, f.diagnostic.span.end, f.diagnostic.code);
        key(a).cmp(&key(b)).then_with(|| a.diagnostic.message.cmp(&b.diagnostic.message))
    });
    out.findings.dedup();
    out
}

/// What the analyses read, and what they found.
struct Desk<'a> {
    text: &'a str,
    agreement: &'a Agreement,
    file: &'a crate::ast::File,
    document: &'a document::Document,
    declared: BTreeMap<Name, &'a Decl>,
    /// Declarations with an error, which are not in the agreement.
    broken: Vec<&'a Decl>,
    /// Words that stand in them.
    in_broken: BTreeSet<&'a str>,
    /// Who bears each norm: it is asked for pairs of them.
    borne: BTreeMap<&'a Name, BTreeSet<Name>>,
    /// What each norm hangs on: most analyses ask for it.
    uses: BTreeMap<&'a Name, Rc<Uses>>,
    out: Findings,
}

fn declared(file: &crate::ast::File) -> BTreeMap<Name, &Decl> {
    let named = |d: &'_ Decl| d.name.as_ref().map(|n| n.text.clone());
    file.decls.iter().filter_map(|d| Some((named(d)?, d))).collect()
}

impl<'a> Desk<'a> {
    fn found(&mut self, about: Option<&Name>, diagnostic: Diagnostic) {
        self.out.findings.push(Finding { diagnostic, about: about.cloned(), accepted: None });
    }

    fn looked(&mut self, analysis: &'static str, bound: &'static str, at: usize, open: Open) {
        self.out.looked.push(Looked { analysis, bound, at, undecided: open.lines() });
    }

    fn read_broken(&mut self) {
        let file = self.file;
        self.broken = file.decls.iter().filter(|d| d.damaged || !self.is_lowered(d)).collect();
        for decl in &self.broken {
            let tokens = crate::lexer::tokens(self.text.get(decl.span.clone()).unwrap_or_default());
            let own = decl.name.as_ref().map_or("", |n| n.text.as_str());
            self.in_broken.extend(
                tokens
                    .into_iter()
                    .filter(|(kind, word)| *kind == SyntaxKind::Word && *word != own)
                    .map(|(_, word)| word),
            );
        }
    }

    /// Whether a declaration with an error names this.
    fn may_be_named(&self, name: &Name) -> bool {
        self.in_broken.contains(name.as_str())
    }

    /// The declaration of a norm; a row of a milestone has that of the milestone.
    fn decl(&self, norm: &Norm) -> Option<&'a Decl> {
        self.declared.get(&norm.name).or_else(|| self.declared.get(norm.declared())).copied()
    }

    fn span(&self, norm: &Norm) -> Span {
        self.decl(norm).map_or(0..0, Decl::name_span)
    }

    fn span_of(&self, name: &Name) -> Span {
        self.declared.get(name).map_or(0..0, |d| d.name_span())
    }

    /// Where words stand, as whole words, in the first field of a norm whose word begins so.
    fn words_in(&self, norm: &Norm, field: &str, words: &str) -> Option<Span> {
        let inner = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '/');
        self.decl(norm)?.fields.iter().filter(|f| f.word.split(' ').next() == Some(field)).find_map(|f| {
            let text = self.text.get(f.word_span.end..f.span.end)?;
            let at = text
                .match_indices(words)
                .map(|(at, _)| at)
                .find(|at| !text[..*at].ends_with(inner) && !text[at + words.len()..].starts_with(inner))?;
            let start = f.word_span.end + at;
            Some(start..start + words.len())
        })
    }

    /// The whole lines of a stretch.
    fn lines(&self, span: &Span) -> Span {
        whole_lines(self.text, span)
    }

    /// One norm for each declaration: a milestone with ten rows is found once.
    fn norms(&self) -> Vec<(&'a Norm, Name)> {
        let mut seen = BTreeSet::new();
        let agreement = self.agreement;
        agreement
            .norms
            .iter()
            .filter_map(|norm| {
                let name = self.decl(norm)?.name.as_ref()?.text.clone();
                seen.insert(name.clone()).then_some((norm, name))
            })
            .collect()
    }

    /// How bad the lack of something is in this norm.
    fn severity(&self, norm: &Norm) -> Severity {
        let political = match &norm.force {
            Force::AsAgreement => self.agreement.status == Status::Political,
            Force::Binding | Force::SubjectTo(_) => false,
            Force::Political | Force::BestEfforts | Force::WherePossible => true,
        };
        if political { Severity::Info } else { Severity::Warning }
    }

    /// The parties behind names, as far as the text says, at any time.
    fn parties_of<'n>(&self, names: impl IntoIterator<Item = &'n Name>) -> BTreeSet<Name> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<Name> = names.into_iter().cloned().collect();
        while let Some(name) = open.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            match self.agreement.groups.get(&name) {
                Some(group) => open.extend(group.members.iter().map(|m| m.who.clone())),
                None => match self.agreement.bodies.get(&name) {
                    Some(body) => open.extend(body.members.iter().map(|m| m.who.clone())),
                    None => drop(found.insert(name)),
                },
            }
        }
        found
    }

    fn who(&self, who: &Who) -> BTreeSet<Name> {
        match who {
            Who::EachOf(names) | Who::EveryOtherOf(names) | Who::Jointly(names) => self.parties_of(names),
            Who::BreachingParty | Who::Unstated => BTreeSet::new(),
        }
    }

    /// The parties that bear a norm; for a remedy those of the norms that it follows.
    fn bearers(&self, norm: &Norm) -> BTreeSet<Name> {
        self.borne.get(&norm.name).cloned().unwrap_or_default()
    }

    /// What a norm hangs on.
    fn uses(&self, norm: &Norm) -> Rc<Uses> {
        self.uses.get(&norm.name).cloned().unwrap_or_default()
    }

    /// Whether two norms have a bearer in common.
    fn meet(&self, a: &Norm, b: &Norm) -> bool {
        match (self.borne.get(&a.name), self.borne.get(&b.name)) {
            (Some(a), Some(b)) => !a.is_disjoint(b),
            _ => false,
        }
    }

    /// Whether a party is one of a norm's bearers.
    fn bears(&self, party: &Name, norm: &Norm) -> bool {
        self.borne.get(&norm.name).is_some_and(|all| all.contains(party))
    }

    fn bearers_of(&self, norm: &Norm) -> BTreeSet<Name> {
        match &norm.bearer {
            Who::BreachingParty => {
                let causes = self.agreement.norms.iter().filter(|n| n.on_breach.contains(&norm.name));
                causes.filter(|n| n.bearer != Who::BreachingParty).flat_map(|n| self.who(&n.bearer)).collect()
            }
            who => self.who(who),
        }
    }

    /// The role of a fact whose filler acts: `by`, else `from`, else the first that is a party.
    fn actor<'f>(&self, fact: &'f Fact) -> Option<&'f Name> {
        let parties = || fact.roles.iter().filter(|(_, kind)| *kind == RoleType::Party).map(|(role, _)| role);
        parties()
            .find(|r| **r == "by")
            .or_else(|| parties().find(|r| **r == "from"))
            .or_else(|| parties().next())
    }

    /// Who acts in a pattern.
    fn acts<'p>(&self, pattern: &'p FactPattern) -> Option<&'p Value> {
        let actor = self.actor(self.agreement.facts.get(&pattern.fact)?)?;
        pattern.roles.iter().find(|(role, _)| role == actor).map(|(_, value)| value)
    }

    /// Declarations that could not be understood: no analysis saw them.
    fn damaged(&mut self) {
        let mut open = Open::default();
        for decl in &self.broken {
            open.add(match &decl.name {
                Some(name) => format!("`{}` has an error, and was not looked at", name.text),
                None => "a declaration without a name was not looked at".to_string(),
            });
        }
        self.looked(
            "declarations that were understood",
            "every declaration, also those with an error",
            self.file.decls.len() - self.broken.len(),
            open,
        );
    }

    /// Whether a declaration made it into the agreement: one with an error is left out there.
    fn is_lowered(&self, decl: &Decl) -> bool {
        use Keyword::*;
        let Some(name) = decl.name.as_ref().map(|n| &n.text) else { return decl.keyword == Agreement };
        let a = self.agreement;
        match decl.keyword {
            Party => a.parties.contains_key(name),
            Group => a.groups.contains_key(name),
            Body => a.bodies.contains_key(name),
            Zone => a.zones.contains_key(name),
            Class => a.classes.contains_key(name),
            Event | State | Object | Measure => a.facts.contains_key(name),
            Term | Open => a.terms.contains_key(name),
            Reading => a.readings.contains_key(name),
            Power => a.powers.iter().any(|p| p.name == *name),
            keyword if is_norm(keyword) => {
                a.norms.iter().any(|n| n.name == *name || n.declared() == name.as_str())
            }
            _ => true,
        }
    }

    fn accept(&mut self) {
        for decl in &self.file.decls {
            let Some(name) = decl.name.as_ref().map(|n| &n.text) else { continue };
            for field in decl.all("accepted") {
                let FieldValue::Texts(texts) = &field.value else { continue };
                let Some(code) = texts.first() else { continue };
                let reason = texts.get(1).map(|t| t.text.clone()).filter(|t| !t.trim().is_empty());
                let mut hit = false;
                for finding in &mut self.out.findings {
                    let its = finding.about.as_ref() == Some(name) && finding.diagnostic.code == code.text;
                    if its && let Some(reason) = &reason {
                        finding.accepted = Some(reason.clone());
                    }
                    hit |= its;
                }
                let wrong = match (hit, &reason) {
                    (true, Some(_)) => continue,
                    (true, None) => Diagnostic::warning(
                        "A0722",
                        field.span.clone(),
                        format!("`{name}` accepts a finding without a reason"),
                    )
                    .help(format!("write why: `accepted \"{}\" because \"…\"`", code.text)),
                    (false, _) => Diagnostic::info(
                        "A0722",
                        field.span.clone(),
                        format!("`{name}` accepts `{}`, which is not found here", code.text),
                    )
                    .help("take the line away, or write the code of a finding on this declaration")
                    .fix(whole_lines(self.text, &field.span), "", "take the line away"),
                };
                self.out.findings.push(Finding {
                    diagnostic: wrong,
                    about: Some(name.clone()),
                    accepted: None,
                });
            }
        }
    }
}

/// What an analysis could not decide, as it goes.
#[derive(Default)]
struct Open {
    lines: BTreeSet<String>,
    /// Reasons with `{}` where the names come in, and the names.
    of: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Open {
    /// A reason of its own.
    fn add(&mut self, why: impl Into<String>) {
        self.lines.insert(why.into());
    }

    /// A reason that several may share: all of them are named, in one line.
    fn of(&mut self, why: &'static str, name: &Name) {
        self.of.entry(why).or_default().insert(format!("`{name}`"));
    }

    fn lines(self) -> Vec<String> {
        let mut lines = self.lines;
        for (why, names) in self.of {
            let names: Vec<String> = names.into_iter().collect();
            lines.insert(why.replacen("{}", &enumerated(&names), 1));
        }
        lines.into_iter().collect()
    }
}

/// The moment that a moment is counted from.
fn base(moment: &Moment) -> &Moment {
    match moment {
        Moment::After(_, m)
        | Moment::Before(_, m)
        | Moment::StartOfDay(_, m)
        | Moment::EndOfDay(_, m)
        | Moment::AfterReading(_, m)
        | Moment::Detected(m)
        | Moment::Verified(m) => base(m),
        other => other,
    }
}

/// The whole lines that a stretch touches, with the end of the last.
fn whole_lines(text: &str, span: &Span) -> Span {
    let start = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |at| span.end + at + 1);
    start..end
}

/// A diagnostic of that severity.
fn say(severity: Severity, code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
    match severity {
        Severity::Error => Diagnostic::error(code, span, message),
        Severity::Warning => Diagnostic::warning(code, span, message),
        Severity::Info => Diagnostic::info(code, span, message),
    }
}

/// `a`, `b` and `c`; of more than six the number of the rest.
fn listed(names: impl IntoIterator<Item = impl ToString>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| n.to_string()).collect();
    let (shown, rest) = names.split_at(names.len().min(6));
    let shown: Vec<String> = shown.iter().map(|n| format!("`{n}`")).collect();
    match rest.len() {
        _ if shown.is_empty() => "none".to_string(),
        0 => enumerated(&shown),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// `a, b and c`.
fn enumerated(words: &[String]) -> String {
    match words.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => words.concat(),
    }
}

/// Whether a declaration makes norms.
fn is_norm(keyword: Keyword) -> bool {
    use Keyword::*;
    matches!(keyword, Duty | Ban | Remedy | Right | Milestone | Delivery | Quota | Notify)
}

/// All conditions inside a condition, itself first.
fn within(cond: &Cond) -> Vec<&Cond> {
    let mut out = Vec::new();
    let mut open = vec![cond];
    while let Some(cond) = open.pop() {
        out.push(cond);
        match cond {
            Cond::And(all) | Cond::Or(all) => open.extend(all),
            Cond::Not(c) | Cond::Run(_, c, _) => open.push(c),
            _ => {}
        }
    }
    out
}

/// The patterns of facts that a condition names itself.
fn patterns(cond: &Cond) -> Vec<&FactPattern> {
    fn of_value<'v>(value: &'v Value, out: &mut Vec<&'v FactPattern>) {
        match value {
            Value::Aggregate(a) => out.push(&a.of),
            Value::Measure(p) => out.push(p),
            Value::Arith(a, _, b) => {
                of_value(a, out);
                of_value(b, out);
            }
            Value::Call(_, all) => all.iter().for_each(|v| of_value(v, out)),
            Value::Attribute(_, v) => of_value(v, out),
            _ => {}
        }
    }
    let mut out = Vec::new();
    for cond in within(cond) {
        match cond {
            Cond::Fact(p) => out.push(p),
            Cond::Compare(a, _, b) | Cond::CompareBy(a, _, b) => {
                of_value(a, &mut out);
                of_value(b, &mut out);
            }
            _ => {}
        }
    }
    out
}
