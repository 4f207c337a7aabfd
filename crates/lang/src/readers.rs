//! An agreement as a reader may see it: what is marked for others is not in it, and nothing in it hangs on what is not.
//!
//! What it deliberately does not do: decide who may see a marking (the store's policy does), or say that anything was left out: that an
//! agreement has a rule which this reader may not see is itself what the marking keeps from them.
//!
//! Invariants
//! - a rule bears, besides its own marking, those of all that its verdict can turn on: rules, zones and terms that it names, powers that act
//!   on it, rules that it yields to; so that no verdict is computed anew on the part of an agreement that somebody sees;
//! - what only hidden rules speak of (terms, readings, facts, zones, quoted words, clauses) is hidden with them;
//! - two agreements that differ only in what a reader may not see are the same agreement and the same text for that reader.
//!
//! Parties, groups, bodies and classes bear no marking: everybody sees them.
//!
//! Where to start reading: [`for_reader`].

use crate::document::folded;
use crate::parser::vocabulary::Keyword;
use crate::surface::Language;
use crate::syntax::SyntaxKind;
use crate::words::pieces;
use crate::{lexer, readback};
use servanda_model::agreement::*;
use servanda_model::record::Marking;
use servanda_model::uses::Uses;
use servanda_model::{Agreement, Name};
use std::collections::{BTreeMap, BTreeSet};

/// What a reader of an agreement gets.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The agreement, without what they may not see.
    pub agreement: Agreement,
    /// Its text, composed of what is left: clauses with their words, and under them the declarations as they were written, without remarks.
    /// A rule whose declaration names something hidden is said in plain words. Lines of clauses count in it.
    pub text: String,
}

/// All markings that stand in an agreement.
pub fn markings(agreement: &Agreement) -> BTreeSet<Marking> {
    let of_norms = agreement.norms.iter().map(|norm| &norm.marking);
    of_norms.chain(agreement.zones.values().map(|zone| &zone.marking)).cloned().collect()
}

/// The same with its text: where nothing in it bears a marking, everybody gets the file as it is; else it is composed.
pub fn with_text(agreement: &Agreement, text: &str, may_see: &dyn Fn(&Marking) -> bool) -> Reader {
    match markings(agreement).iter().all(|marking| *marking == Marking::default() && may_see(marking)) {
        true => Reader { agreement: agreement.clone(), text: text.to_string() },
        false => Hidden::whole(agreement, may_see).reader(&written(text)),
    }
}

/// A declaration as it stands in a text.
struct Written {
    keyword: Keyword,
    name: Option<Name>,
    clause: Option<usize>,
    language: Language,
    /// Without remarks, and without what the drafter accepts, which may speak of anything.
    text: String,
}

fn written(text: &str) -> Vec<Written> {
    let mut all = Vec::new();
    for decl in &crate::ast::file(text, &crate::parse(text)).0.decls {
        let mut source = text.get(decl.span.clone()).unwrap_or_default().to_string();
        for field in decl.all("accepted").collect::<Vec<_>>().into_iter().rev() {
            let within = |at: usize| at.saturating_sub(decl.span.start).min(source.len());
            let stretch = within(field.span.start)..within(field.span.end);
            source.replace_range(stretch, "");
        }
        let tokens = lexer::tokens(&source);
        let kept: String =
            tokens.iter().filter(|(kind, _)| *kind != SyntaxKind::Comment).map(|(_, token)| *token).collect();
        let lines = kept.lines().map(str::trim_end).filter(|line| !line.is_empty());
        let text = lines.collect::<Vec<_>>().join("\n");
        let name = decl.name.as_ref().map(|n| n.text.clone());
        all.push(Written { keyword: decl.keyword, name, clause: decl.clause, language: decl.language, text });
    }
    all
}

/// The agreement as somebody sees it who may see these markings and no others.
///
/// # Example
/// ```
/// use servanda_model::record::{Marking, Tlp};
/// let text = "# T\n\n```pact\nparty A\nparty B\nstate calm\n  says \"it is calm\"\n\
///             duty open\n  bearer A\n  must keep calm\nduty secret\n  bearer A\n  must keep calm\n  mark TLP:RED\n```\n";
/// let agreement = servanda_lang::check(text).agreement;
/// let seen = servanda_lang::readers::for_reader(&agreement, &|marking: &Marking| marking.level < Tlp::Red);
/// assert_eq!(seen.agreement.norms.len(), 1);
/// assert!(!seen.text.contains("secret"));
/// ```
pub fn for_reader(agreement: &Agreement, may_see: &dyn Fn(&Marking) -> bool) -> Reader {
    Hidden::whole(agreement, may_see).reader(&[])
}

/// What is hidden, by name; norms and powers by their place.
struct Hidden<'a> {
    agreement: &'a Agreement,
    norms: BTreeSet<usize>,
    powers: BTreeSet<usize>,
    terms: BTreeSet<Name>,
    readings: BTreeSet<Name>,
    zones: BTreeSet<Name>,
    facts: BTreeSet<Name>,
}

/// What a norm hangs on, but for whose breach starts it: that it is started by others is said by those that it can see.
fn of_norm(agreement: &Agreement, norm: &Norm) -> Uses {
    match norm.when {
        Trigger::Breach => Uses::of_norm(agreement, &Norm { when: Trigger::Always, ..norm.clone() }),
        _ => Uses::of_norm(agreement, norm),
    }
}

fn of_power(agreement: &Agreement, power: &Power) -> Uses {
    let acts = power.objection.iter().chain([&power.act]);
    let acts = acts.fold(Uses::default(), |all, act| all.and(Uses::of_pattern(agreement, act)));
    let conds = power.only_if.iter().chain(&power.unless);
    conds.fold(acts, |all, cond| all.and(Uses::of_cond(agreement, cond)))
}

fn of_reading(agreement: &Agreement, name: &Name) -> Uses {
    Uses::of_cond(agreement, &Cond::Reading(name.clone()))
}

/// Whether a rule is what a name names: milestones and quotas are several rules, `NAME/1` and so on.
fn is_or_part(norm: &Name, named: &Name) -> bool {
    norm == named || norm.as_str().strip_prefix(named.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

/// Zones that an extent is made of.
fn of_extent(extent: &Extent) -> Vec<&Name> {
    match extent {
        Extent::Given(_) | Extent::Disc { .. } => Vec::new(),
        Extent::Zone(zone) | Extent::Strip { line: zone, .. } => vec![&zone.zone],
        Extent::Union(all) => all.iter().flat_map(of_extent).collect(),
        Extent::Difference(one, other) => [one, other].into_iter().flat_map(|e| of_extent(e)).collect(),
    }
}

fn of_zone(zone: &Zone) -> impl Iterator<Item = &Name> {
    zone.cases.iter().flat_map(|case| of_extent(&case.extent))
}

impl<'a> Hidden<'a> {
    fn whole(agreement: &'a Agreement, may_see: &dyn Fn(&Marking) -> bool) -> Hidden<'a> {
        let mut hidden = Hidden::of(agreement, may_see);
        hidden.add_what_only_hidden_ones_use();
        hidden
    }

    /// Whether a declaration may be shown as it was written: what it declares is seen, and it names nothing that is not. `priority` is its
    /// place among the priorities.
    fn shows(&self, one: &Written, priority: usize) -> bool {
        let agreement = self.agreement;
        let Some(name) = &one.name else { return false };
        match one.keyword {
            Keyword::Agreement => !self.hides_when_it_holds(),
            Keyword::Party | Keyword::Group | Keyword::Body | Keyword::Class => true,
            Keyword::Zone => !self.zones.contains(name),
            Keyword::Event | Keyword::State | Keyword::Object | Keyword::Measure => {
                !self.facts.contains(name)
            }
            Keyword::Term | Keyword::Open => !self.terms.contains(name),
            Keyword::Reading => !self.readings.contains(name),
            Keyword::Power => {
                let mut its = agreement.powers.iter().enumerate().filter(|(_, p)| p.name == *name);
                its.all(|(i, power)| {
                    let names_hidden =
                        matches!(&power.on, Targets::Norms(on) if on.iter().any(|name| self.has_target(name)));
                    !self.powers.contains(&i) && !names_hidden
                })
            }
            Keyword::Priority => agreement.priorities.get(priority).is_some_and(|p| self.keeps(p)),
            Keyword::Duty
            | Keyword::Ban
            | Keyword::Remedy
            | Keyword::Right
            | Keyword::Milestone
            | Keyword::Delivery
            | Keyword::Quota
            | Keyword::Notify => {
                let mut its =
                    agreement.norms.iter().enumerate().filter(|(_, n)| n.declared() == name.as_str());
                its.all(|(i, norm)| {
                    !self.norms.contains(&i) && !norm.on_breach.iter().any(|name| self.has_norm(name))
                })
            }
        }
    }

    /// Whether neither side of a priority is hidden.
    fn keeps(&self, priority: &Priority) -> bool {
        let is_open = |name: &Name| {
            !self.has_target(name) && !self.powers.iter().any(|i| self.agreement.powers[*i].name == *name)
        };
        is_open(&priority.over) && is_open(&priority.yields)
    }

    fn of(agreement: &'a Agreement, may_see: &dyn Fn(&Marking) -> bool) -> Hidden<'a> {
        let marked = |(i, norm): (usize, &Norm)| (!may_see(&norm.marking)).then_some(i);
        let zones = agreement.zones.iter().filter(|(_, zone)| !may_see(&zone.marking));
        let mut hidden = Hidden {
            agreement,
            norms: agreement.norms.iter().enumerate().filter_map(marked).collect(),
            zones: zones.map(|(name, _)| name.clone()).collect(),
            powers: BTreeSet::new(),
            terms: BTreeSet::new(),
            readings: BTreeSet::new(),
            facts: BTreeSet::new(),
        };
        // What hangs on something hidden is hidden, and so on: there are only so many of them.
        while !hidden.is_nothing() && hidden.add_what_hangs_on_them() {}
        hidden
    }

    fn is_nothing(&self) -> bool {
        self.norms.is_empty() && self.zones.is_empty()
    }

    fn has_norm(&self, name: &Name) -> bool {
        self.norms.iter().any(|i| self.agreement.norms[*i].name == *name)
    }

    /// Whether a power that names this acts on nothing that is seen: a name stands for all rules that were made of it.
    fn has_target(&self, name: &Name) -> bool {
        let mut of =
            self.agreement.norms.iter().enumerate().filter(|(_, n)| is_or_part(&n.name, name)).peekable();
        of.peek().is_some() && of.all(|(i, _)| self.norms.contains(&i))
    }

    fn touches(&self, uses: &Uses) -> bool {
        uses.norms.iter().any(|name| self.has_norm(name))
            || uses.zones.iter().any(|name| self.zones.contains(name))
            || uses.terms.iter().any(|name| self.terms.contains(name))
            || uses.readings.iter().any(|name| self.readings.contains(name))
    }

    fn count(&self) -> usize {
        self.norms.len() + self.powers.len() + self.terms.len() + self.readings.len() + self.zones.len()
    }

    /// Whether the agreement's beginning or end hangs on something hidden.
    fn hides_when_it_holds(&self) -> bool {
        let moments = self.agreement.in_force.iter().chain(&self.agreement.ends);
        let uses = moments.fold(Uses::default(), |all, at| all.and(Uses::of_moment(self.agreement, at)));
        self.touches(&uses)
    }

    fn add_what_hangs_on_them(&mut self) -> bool {
        let (agreement, before) = (self.agreement, self.count());
        for (name, zone) in &agreement.zones {
            if of_zone(zone).any(|other| self.zones.contains(other)) {
                self.zones.insert(name.clone());
            }
        }
        for name in agreement.readings.keys() {
            if self.touches(&of_reading(agreement, name)) {
                self.readings.insert(name.clone());
            }
        }
        for name in agreement.terms.keys() {
            if self.touches(&Uses::of_term(agreement, name)) {
                self.terms.insert(name.clone());
            }
        }
        for (i, power) in agreement.powers.iter().enumerate() {
            let all_hidden = match &power.on {
                Targets::Norms(on) => !on.is_empty() && on.iter().all(|name| self.has_target(name)),
                Targets::EveryNormOfActor | Targets::All => false,
            };
            if all_hidden || self.touches(&of_power(agreement, power)) {
                self.powers.insert(i);
            }
        }
        // Where even when the agreement holds is not for this reader, no verdict is.
        let everything = self.hides_when_it_holds();
        for (i, norm) in agreement.norms.iter().enumerate() {
            if everything || self.hangs_on_hidden(norm) {
                self.norms.insert(i);
            }
        }
        self.count() > before
    }

    fn hangs_on_hidden(&self, norm: &Norm) -> bool {
        let agreement = self.agreement;
        let named = || agreement.norms.iter().enumerate().filter(|(_, n)| n.on_breach.contains(&norm.name));
        let only_of_hidden = norm.when == Trigger::Breach
            && named().next().is_some()
            && named().all(|(i, _)| self.norms.contains(&i));
        let is_replaced = norm.on_breach.iter().any(|name| {
            self.has_norm(name) && agreement.norm(name.as_str()).is_some_and(|remedy| remedy.replaces)
        });
        let is_acted_on = self.powers.iter().any(|i| match &agreement.powers[*i].on {
            Targets::Norms(on) => on.iter().any(|name| is_or_part(&norm.name, name)),
            Targets::EveryNormOfActor | Targets::All => true,
        });
        let yields = agreement.priorities.iter().any(|p| {
            p.yields == norm.name
                && agreement
                    .norms
                    .iter()
                    .enumerate()
                    .any(|(i, n)| self.norms.contains(&i) && is_or_part(&n.name, &p.over))
        });
        only_of_hidden || is_replaced || is_acted_on || yields || self.touches(&of_norm(agreement, norm))
    }

    /// Terms, readings, facts and zones of which only hidden rules speak.
    fn add_what_only_hidden_ones_use(&mut self) {
        if self.is_nothing() {
            return;
        }
        let agreement = self.agreement;
        let (mut theirs, mut open) = (Uses::default(), Uses::default());
        let add = |to: &mut Uses, more: Uses| *to = std::mem::take(to).and(more);
        for (i, norm) in agreement.norms.iter().enumerate() {
            let mut uses = of_norm(agreement, norm);
            if let Force::SubjectTo(fact) = &norm.force {
                uses.facts.insert(fact.clone());
            }
            add(if self.norms.contains(&i) { &mut theirs } else { &mut open }, uses);
        }
        for (i, power) in agreement.powers.iter().enumerate() {
            add(if self.powers.contains(&i) { &mut theirs } else { &mut open }, of_power(agreement, power));
        }
        for name in &self.terms {
            add(&mut theirs, Uses::of_term(agreement, name));
        }
        for name in &self.readings {
            add(&mut theirs, of_reading(agreement, name));
        }
        for body in agreement.bodies.values() {
            let mut decides = body.decides.as_ref();
            while let Some(decision) = decides {
                decision.request.iter().for_each(|p| add(&mut open, Uses::of_pattern(agreement, p)));
                decides = decision.failing.as_deref();
            }
        }
        for at in agreement.in_force.iter().chain(&agreement.ends) {
            add(&mut open, Uses::of_moment(agreement, at));
        }
        // What no rule speaks of stands for itself, and so does what it is made of.
        for name in agreement.terms.keys().filter(|n| !self.terms.contains(*n) && !theirs.terms.contains(*n))
        {
            add(&mut open, Uses::of_term(agreement, name));
        }
        for name in agreement.readings.keys() {
            if !self.readings.contains(name) && !theirs.readings.contains(name) {
                add(&mut open, of_reading(agreement, name));
            }
        }
        let only = |theirs: BTreeSet<Name>, open: &BTreeSet<Name>| -> BTreeSet<Name> {
            theirs.into_iter().filter(|name| !open.contains(name)).collect()
        };
        self.terms.extend(only(theirs.terms, &open.terms));
        self.readings.extend(only(theirs.readings, &open.readings));
        self.facts.extend(only(theirs.facts, &open.facts));
        // A zone that another is cut out of is spoken of with that one.
        let whole = |of: &mut BTreeSet<Name>| {
            let mut new: Vec<Name> = of.iter().cloned().collect();
            while let Some(name) = new.pop() {
                let parts = agreement.zones.get(&name).into_iter().flat_map(of_zone);
                new.extend(parts.filter(|part| of.insert((*part).clone())).cloned().collect::<Vec<_>>());
            }
        };
        let (mut theirs, mut open) = (theirs.zones, open.zones);
        theirs.extend(self.zones.iter().cloned());
        whole(&mut theirs);
        open.retain(|name| !self.zones.contains(name));
        open.extend(agreement.zones.keys().filter(|name| !theirs.contains(*name)).cloned());
        whole(&mut open);
        self.zones.extend(only(theirs, &open));
    }

    fn reader(&self, written: &[Written]) -> Reader {
        let mut agreement = self.agreement.clone();
        let kept: Vec<usize> = self.clauses();
        let moved = |clause: &mut Option<usize>| {
            *clause = clause.and_then(|old| kept.iter().position(|new| *new == old));
        };
        agreement.clauses = kept
            .iter()
            .map(|i| Clause { words: self.words(*i), ..self.agreement.clauses[*i].clone() })
            .collect();
        agreement.facts.retain(|name, _| !self.facts.contains(name));
        agreement.zones.retain(|name, _| !self.zones.contains(name));
        agreement.readings.retain(|name, _| !self.readings.contains(name));
        agreement.terms.retain(|name, _| !self.terms.contains(name));
        agreement.terms.values_mut().for_each(|term| moved(&mut term.clause));
        agreement.readings.values_mut().for_each(|reading| moved(&mut reading.clause));
        keep(&mut agreement.norms, &self.norms);
        keep(&mut agreement.powers, &self.powers);
        for norm in &mut agreement.norms {
            moved(&mut norm.clause);
            norm.on_breach.retain(|name| !self.has_norm(name));
        }
        for power in &mut agreement.powers {
            moved(&mut power.clause);
            if let Targets::Norms(on) = &mut power.on {
                on.retain(|name| !self.has_target(name));
            }
        }
        agreement.priorities.retain(|p| self.keeps(p));
        if self.count() > 0 {
            self.reword(&mut agreement);
        }
        let place = |clause: Option<usize>| clause.and_then(|old| kept.iter().position(|new| *new == old));
        let mut priorities = 0;
        let mut shown = Vec::new();
        for one in written {
            let priority = priorities;
            priorities += usize::from(one.keyword == Keyword::Priority);
            if self.shows(one, priority) {
                shown.push((place(one.clause), one));
            }
        }
        let text = composed(&mut agreement, &shown);
        Reader { agreement, text }
    }

    /// Says again in plain words what named something hidden.
    fn reword(&self, agreement: &mut Agreement) {
        let norms: Vec<String> = agreement.norms.iter().map(|n| readback::norm(agreement, n)).collect();
        let powers: Vec<String> = agreement.powers.iter().map(|p| readback::power(agreement, p)).collect();
        agreement.norms.iter_mut().zip(norms).for_each(|(n, text)| n.readback = text);
        agreement.powers.iter_mut().zip(powers).for_each(|(p, text)| p.readback = text);
    }

    /// For each clause: the words quoted by what is seen, and those quoted by what is hidden; the clause of each.
    fn quotes(&self) -> impl Iterator<Item = (usize, bool, &'a [String])> + use<'_, 'a> {
        let agreement = self.agreement;
        let norms =
            agreement.norms.iter().enumerate().map(|(i, n)| (n.clause, self.norms.contains(&i), &n.per[..]));
        let powers = agreement
            .powers
            .iter()
            .enumerate()
            .map(|(i, p)| (p.clause, self.powers.contains(&i), &p.per[..]));
        let terms = agreement.terms.iter().map(|(name, t)| (t.clause, self.terms.contains(name), &t.per[..]));
        let readings = agreement
            .readings
            .iter()
            .map(|(name, r)| (r.clause, self.readings.contains(name), std::slice::from_ref(&r.words)));
        let all = norms.chain(powers).chain(terms).chain(readings);
        all.filter_map(|(clause, is_hidden, per)| Some((clause?, is_hidden, per)))
    }

    /// Clauses that are seen, by their place: not those under which everything is hidden.
    fn clauses(&self) -> Vec<usize> {
        let of = |wanted: bool| -> BTreeSet<usize> {
            self.quotes()
                .filter(|(_, is_hidden, _)| *is_hidden == wanted)
                .map(|(clause, ..)| clause)
                .collect()
        };
        let (hidden, seen) = (of(true), of(false));
        (0..self.agreement.clauses.len()).filter(|i| !hidden.contains(i) || seen.contains(i)).collect()
    }

    /// The words of a clause, without the sentences that something hidden quotes. Of a sentence that something seen quotes too, only
    /// those words are left.
    fn words(&self, clause: usize) -> String {
        let words = &self.agreement.clauses[clause].words;
        let of = |wanted: bool| -> Vec<String> {
            let quotes = self.quotes().filter(|(of, is_hidden, _)| *of == clause && *is_hidden == wanted);
            quotes.flat_map(|(_, _, per)| per.iter().map(|quote| folded(quote))).collect()
        };
        let hidden = of(true);
        if hidden.is_empty() {
            return words.clone();
        }
        let words = folded(words);
        // A quote that is not found there, or goes over several sentences, takes no chance.
        let sentences: Vec<&str> = pieces(&words).into_iter().map(|piece| &words[piece]).collect();
        let is_within_one =
            |quote: &String| sentences.iter().any(|sentence| sentence.contains(quote.as_str()));
        let is_cut = |sentence: &str| hidden.iter().any(|quote| sentence.contains(quote.as_str()));
        let seen = of(false);
        let left = sentences.iter().filter_map(|sentence| {
            if hidden.iter().all(is_within_one) && !is_cut(sentence) {
                return Some((*sentence).to_string());
            }
            let quoted: Vec<&str> =
                seen.iter().filter(|quote| sentence.contains(quote.as_str())).map(String::as_str).collect();
            (!quoted.is_empty()).then(|| format!("… {} …", quoted.join(" … ")))
        });
        left.collect::<Vec<_>>().join(" ")
    }
}

fn keep<T>(all: &mut Vec<T>, hidden: &BTreeSet<usize>) {
    let mut at = 0;
    all.retain(|_| {
        at += 1;
        !hidden.contains(&(at - 1))
    });
}

/// The text of an agreement, from what it says and from declarations as they were written; its lines are set to that text's.
fn composed(agreement: &mut Agreement, written: &[(Option<usize>, &Written)]) -> String {
    let mut out = Composed { text: String::new(), line: 1, at: BTreeMap::new() };
    let mut clauses = std::mem::take(&mut agreement.clauses);
    if clauses.is_empty() && !agreement.title.is_empty() {
        out.say(&format!("# {}", agreement.title));
    }
    let mut said: Vec<Option<u32>> = vec![None; agreement.norms.len()];
    if !clauses.is_empty() {
        out.fence(written, None);
    }
    for (i, clause) in clauses.iter_mut().enumerate() {
        clause.line = out.say(&format!("{} {}", if i == 0 { "#" } else { "##" }, clause.heading));
        if !clause.words.is_empty() {
            out.say(&format!("> {}", clause.words));
        }
        out.fence(written, Some(i));
        for (norm, line) in agreement.norms.iter().zip(&mut said).filter(|(n, _)| n.clause == Some(i)) {
            *line = Some(out.rule(norm.declared(), &norm.readback));
        }
        for power in agreement.powers.iter().filter(|p| p.clause == Some(i)) {
            out.rule(power.name.as_str(), &power.readback);
        }
        for (name, term) in agreement.terms.iter().filter(|(_, t)| t.clause == Some(i)) {
            out.rule(name.as_str(), &term.readback);
        }
    }
    if clauses.is_empty() {
        out.fence(written, None);
    }
    for (norm, line) in agreement.norms.iter().zip(&mut said).filter(|(n, _)| n.clause.is_none()) {
        *line = Some(out.rule(norm.declared(), &norm.readback));
    }
    for (norm, line) in agreement.norms.iter_mut().zip(said) {
        norm.line = line.unwrap_or_default();
    }
    agreement.clauses = clauses;
    out.text
}

/// A text that is being composed.
struct Composed<'w> {
    text: String,
    /// The line that comes next, from 1.
    line: u32,
    /// Lines of declarations that stand in it.
    at: BTreeMap<&'w str, u32>,
}

impl<'w> Composed<'w> {
    /// A paragraph, on a line of its own whatever a phrase holds.
    fn say(&mut self, words: &str) -> u32 {
        let at = self.line;
        self.line += 2;
        self.text.push_str(&folded(words));
        self.text.push_str("\n\n");
        at
    }

    /// The declarations of a clause.
    fn fence(&mut self, written: &[(Option<usize>, &'w Written)], clause: Option<usize>) {
        let mut its = written.iter().filter(|(of, one)| *of == clause && !one.text.is_empty()).peekable();
        if its.peek().is_none() {
            return;
        }
        let mut before: Option<Language> = None;
        for (_, one) in its {
            if before == Some(one.language) {
                self.text.push('\n');
                self.line += 1;
            } else {
                if before.is_some() {
                    self.text.push_str("```\n\n");
                    self.line += 2;
                }
                self.text.push_str(&format!("```{}\n", one.language.mark()));
                self.line += 1;
            }
            before = Some(one.language);
            if let Some(name) = &one.name {
                self.at.insert(name.as_str(), self.line);
            }
            self.text.push_str(&one.text);
            self.text.push('\n');
            self.line += u32::try_from(one.text.lines().count()).unwrap_or(0);
        }
        self.text.push_str("```\n\n");
        self.line += 2;
    }

    /// A rule: where its declaration stands, or else its sentence.
    fn rule(&mut self, declared: &str, sentence: &str) -> u32 {
        match self.at.get(declared) {
            Some(line) => *line,
            None => self.say(&format!("- {sentence}")),
        }
    }
}

#[cfg(test)]
mod tests;
