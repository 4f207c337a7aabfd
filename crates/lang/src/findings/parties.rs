//! Who bears what: parties without duties, duties that doing nothing fulfils, acts that anybody may do for the bearer, rules against each
//! other, and public rules that hang on what is marked.

use super::{Desk, listed, patterns, say};
use crate::diagnostic::Severity;
use servanda_model::agreement::*;
use servanda_model::{Name, Number};
use std::collections::BTreeSet;

impl Desk<'_> {
    pub(super) fn parties(&mut self) {
        self.without_duties();
        self.empty_floor();
        self.anybody();
        self.against_each_other();
        self.leaks();
    }

    fn without_duties(&mut self) {
        let agreement = self.agreement;
        let bound: BTreeSet<Name> = agreement.norms.iter().flat_map(|n| self.bearers(n)).collect();
        let owed: BTreeSet<Name> = agreement.norms.iter().flat_map(|n| self.who(&n.owed_to)).collect();
        let parties: Vec<(&Name, bool)> =
            agreement.parties.iter().map(|(name, p)| (name, p.outside)).collect();
        for (name, outside) in &parties {
            if *outside || bound.contains(*name) {
                continue;
            }
            let more = if owed.contains(*name) {
                "it is owed something and owes nothing"
            } else {
                "nothing is owed to it either"
            };
            let mut wrong = say(
                Severity::Info,
                "A0715",
                self.span_of(name),
                format!("no rule binds {}; {more}", listed([name])),
            )
            .help("say what it owes, or mark it `outside`");
            if let Some(decl) = self.declared.get(*name) {
                let end = decl.phrase.as_ref().map_or(decl.name_span().end, |p| p.span.end);
                wrong = wrong.fix(end..end, " outside", "mark it `outside`");
            }
            self.found(Some(name), wrong);
        }
        // Bound, and yet free: nothing that they owe begins without an act of their own.
        let free: Vec<&Name> = parties
            .iter()
            .filter(|(name, outside)| !outside && bound.contains(*name) && self.is_free(name))
            .map(|(name, _)| *name)
            .collect();
        if let Some(first) = free.first() {
            let wrong = say(
                Severity::Warning,
                "A0717",
                self.span_of(first),
                format!("{} may do nothing at all and keep everything: what is owed is soft or begins with an act of one's own", listed(&free)),
            )
            .help("let a duty begin with a date, or with an act of another");
            self.found(Some(first), wrong);
        }
        let count = parties.len();
        let unstated = self.unstated();
        self.looked("parties and balance", count, unstated);
    }

    /// Norms of which the text does not say who bears them.
    pub(super) fn unstated(&self) -> Vec<String> {
        let of = |(n, name): (&Norm, Name)| {
            (n.bearer == Who::Unstated).then(|| format!("the text does not say who bears `{name}`"))
        };
        self.norms().into_iter().filter_map(of).collect()
    }

    /// Whether each duty of a party is soft or never begins while it does nothing, and no ban binds it.
    fn is_free(&self, party: &Name) -> bool {
        let norms = self.agreement.norms.iter().enumerate();
        let its: Vec<(usize, &Norm)> = norms.filter(|(_, n)| self.bears(party, n)).collect();
        if its.iter().any(|(_, n)| n.kind == NormKind::Ban) {
            return false;
        }
        let firm: Vec<&(usize, &Norm)> = its.iter().filter(|(_, n)| !n.force.is_soft()).collect();
        let at_once = |n: &Norm| n.when == Trigger::Always && n.needs.is_empty() && n.only_if.is_none();
        if firm.iter().any(|(_, n)| at_once(n)) {
            return false;
        }
        firm.is_empty() || {
            let begun = self.begin_without(party);
            firm.iter().all(|(i, _)| !begun[*i])
        }
    }

    /// A threshold that nothing at all reaches.
    fn empty_floor(&mut self) {
        let norms = self.norms();
        let mut count = 0;
        let mut undecided = Vec::new();
        for (norm, name) in &norms {
            for part in norm.parts.iter().filter(|p| matches!(p.verb, Verb::Ensure | Verb::Keep)) {
                let Cond::Compare(value, op, Value::Number(target, _)) = &part.cond else {
                    undecided.push(format!("what `{name}` asks for is no threshold in figures"));
                    continue;
                };
                count += 1;
                let zero = Number::zero();
                let nothing_does = match op {
                    Op::Ge => *target <= zero,
                    Op::Gt => *target < zero,
                    Op::Le => *target >= zero,
                    Op::Lt => *target > zero,
                    Op::Eq => *target == zero,
                    Op::Ne => *target != zero,
                };
                let floor = matches!(op, Op::Ge | Op::Gt);
                // A count or a sum of acts begins at zero; a level does not.
                let of_acts = matches!(value, Value::Aggregate(a) if matches!(a.what, Agg::Count | Agg::Sum | Agg::Distinct)
                    && self.agreement.facts.get(&a.of.fact).is_some_and(|f| f.kind == FactKind::Event));
                let most = matches!(op, Op::Le | Op::Lt) && of_acts && norm.kind != NormKind::Ban;
                if most && nothing_does {
                    let wrong = say(
                        self.severity(norm),
                        "A0717",
                        self.span(norm),
                        format!("`{name}` is met by doing nothing: {} {} is a ceiling, and nothing says how much at least", op.sign(), target.grouped()),
                    )
                    .help("set a floor as well (`>=`); or write a ban, or a quota, where no more than a ceiling is meant");
                    self.found(Some(name), wrong);
                }
                if floor && nothing_does {
                    let wrong = say(
                        self.severity(norm),
                        "A0717",
                        self.span(norm),
                        format!(
                            "`{name}` is met by doing nothing: {} {} is met at zero",
                            op.sign(),
                            target.grouped()
                        ),
                    )
                    .help("set a target above zero");
                    self.found(Some(name), wrong);
                }
            }
            if let Some(gap) = &norm.gap
                && super::timing::days(gap.total) >= super::timing::days(gap.window)
            {
                let wrong = say(
                    self.severity(norm),
                    "A0717",
                    self.span(norm),
                    format!(
                        "`{name}` may fail all the time: {} in any {} are allowed",
                        gap.total, gap.window
                    ),
                )
                .help("allow less time than the window is long");
                self.found(Some(name), wrong);
            }
        }
        undecided.sort();
        undecided.dedup();
        self.looked("thresholds that doing nothing reaches", count, undecided);
    }

    /// An act that the words oblige the bearer to, and that anybody's act would fulfil.
    fn anybody(&mut self) {
        let agreement = self.agreement;
        let mut count = 0;
        let mut undecided = Vec::new();
        for (norm, name) in self.norms() {
            for part in &norm.parts {
                for pattern in patterns(&part.cond) {
                    let Some(fact) = agreement.facts.get(&pattern.fact).filter(|f| f.kind == FactKind::Event)
                    else {
                        continue;
                    };
                    let Some(actor) = self.actor(fact) else { continue };
                    count += 1;
                    if pattern.roles.iter().any(|(role, _)| role == actor) {
                        continue;
                    }
                    // Said in the filter: `where (by = bearer …)`.
                    let filtered = pattern.filter.iter().flat_map(|c| super::within(c)).any(|c| match c {
                        Cond::Compare(a, _, b) => {
                            [a, b].into_iter().any(|v| matches!(v, Value::Role(r) if r == actor))
                        }
                        _ => false,
                    });
                    if filtered {
                        undecided.push(format!("`{name}`: who acts is said in a condition of its own"));
                        continue;
                    }
                    let message = if part.verb == Verb::NotDo {
                        format!(
                            "`{name}` is broken by anybody's `{}`, and not its bearer's alone",
                            pattern.fact
                        )
                    } else {
                        format!(
                            "`{name}` is fulfilled by anybody's `{}`, and not its bearer's alone",
                            pattern.fact
                        )
                    };
                    let mut wrong = say(self.severity(norm), "A0718", self.span(norm), message)
                        .help(format!("say whose act it is: `{} by bearer`", pattern.fact));
                    if let Some(place) = self.words_in(norm, "must", pattern.fact.as_str())
                        && actor.as_str() == "by"
                    {
                        wrong = wrong.fix(place.end..place.end, " by bearer", "write `by bearer`");
                    }
                    self.found(Some(&name), wrong);
                }
            }
        }
        undecided.sort();
        self.looked("acts tied to their bearer", count, undecided);
    }

    /// A duty and a ban, or two levels, that one bearer cannot keep together.
    fn against_each_other(&mut self) {
        let agreement = self.agreement;
        let mut undecided = Vec::new();
        let norms = &agreement.norms;
        let mut count = 0;
        for (i, a) in norms.iter().enumerate() {
            for b in &norms[i + 1..] {
                if !self.meet(a, b) {
                    continue;
                }
                count += 1;
                let settled = agreement.priorities.iter().any(|p| {
                    (p.over == a.name && p.yields == b.name) || (p.over == b.name && p.yields == a.name)
                });
                if settled {
                    continue;
                }
                let Some(how) = self.cannot_both(a, b) else {
                    if by_reading(a, b) {
                        undecided.push(format!(
                            "`{}` and `{}`: a reading gives one of their levels",
                            a.name, b.name
                        ));
                    }
                    continue;
                };
                let both: BTreeSet<Name> = self.bearers(a).intersection(&self.bearers(b)).cloned().collect();
                let excused =
                    !a.except.is_empty() || !b.except.is_empty() || a.unless.is_some() || b.unless.is_some();
                if excused {
                    undecided
                        .push(format!("`{}` and `{}`: an exception may keep them apart", a.name, b.name));
                    continue;
                }
                let day = self.a_day(a, b);
                let wrong = say(
                    Severity::Warning,
                    "A0716",
                    self.span(b),
                    format!("{} cannot keep both `{}` and `{}`{day}: {how}", listed(&both), a.name, b.name),
                )
                .label(self.span(a), "the other rule")
                .help("say which yields: `priority` with `rule … over …`; or except the one from the other");
                let about = self.decl(b).and_then(|d| d.name.as_ref()).map(|n| n.text.clone());
                self.found(about.as_ref(), wrong);
            }
        }
        undecided.sort();
        undecided.dedup();
        self.looked("rules against each other", count, undecided);
    }

    fn cannot_both(&self, a: &Norm, b: &Norm) -> Option<String> {
        for x in &a.parts {
            for y in &b.parts {
                let (must, must_not) = match (x.verb, y.verb) {
                    (Verb::Do, Verb::NotDo) => (&x.cond, &y.cond),
                    (Verb::NotDo, Verb::Do) => (&y.cond, &x.cond),
                    (Verb::Keep | Verb::Ensure, Verb::Keep | Verb::Ensure) => {
                        if let Some(how) = levels(&x.cond, &y.cond).filter(|_| same_time(x, y)) {
                            return Some(how);
                        }
                        continue;
                    }
                    (Verb::Keep, Verb::NotKeep) | (Verb::NotKeep, Verb::Keep) if x.cond == y.cond => {
                        return Some("the one keeps up what the other forbids".to_string());
                    }
                    _ => continue,
                };
                let (Cond::Fact(must), Cond::Fact(must_not)) = (must, must_not) else { continue };
                if must.fact == must_not.fact && self.covers(must_not, must) {
                    return Some(format!("the one asks for `{}`, and the other forbids it", must.fact));
                }
            }
        }
        None
    }

    /// Whether every act of the second pattern is one of the first, as far as their words show.
    fn covers(&self, wide: &FactPattern, narrow: &FactPattern) -> bool {
        let roles = wide.roles.iter().all(|(role, value)| {
            narrow.roles.iter().any(|(other, its)| {
                role == other
                    && (value == its
                        || matches!(value, Value::Bearer) && matches!(its, Value::Bearer)
                        || matches!((value, its), (Value::Name(all), Value::Name(one))
                            if self.parties_of([one]).is_subset(&self.parties_of([all]))))
            })
        });
        roles && (wide.filter.is_none() || wide.filter == narrow.filter)
    }

    /// A day on which both stand, where the text gives one.
    fn a_day(&self, a: &Norm, b: &Norm) -> String {
        let dated = |n: &Norm| {
            n.parts.iter().find_map(|p| match &p.deadline {
                Deadline::By(Moment::EndOfDate(date)) => Some(*date),
                _ => None,
            })
        };
        match dated(a).or_else(|| dated(b)) {
            Some(date) => format!(" on {date}"),
            None => String::new(),
        }
    }

    fn leaks(&mut self) {
        let agreement = self.agreement;
        let mut count = 0;
        let mut undecided = Vec::new();
        for (norm, name) in self.norms() {
            count += 1;
            let uses = self.uses(norm);
            for term in uses.terms.iter().filter(|t| agreement.terms.get(*t).is_some_and(|t| t.open)) {
                undecided.push(format!(
                    "`{name}` hangs on what is judged of `{term}`, and who sees that finding is not looked at"
                ));
            }
            let zones = uses.zones.iter().filter_map(|z| Some((z, &agreement.zones.get(z)?.marking)));
            let others = uses.norms.iter().filter(|n| **n != norm.name).filter_map(|n| {
                let other = agreement.norm(n.as_str())?;
                Some((&other.name, &other.marking))
            });
            let open: BTreeSet<&Name> = zones
                .chain(others)
                .filter(|(_, of)| {
                    let narrower = match (&of.releasable_to, &norm.marking.releasable_to) {
                        (Some(few), Some(many)) => !self.parties_of(many).is_subset(&self.parties_of(few)),
                        (Some(_), None) => true,
                        (None, _) => false,
                    };
                    of.level > norm.marking.level || narrower || !of.caveats.is_subset(&norm.marking.caveats)
                })
                .map(|(n, _)| n)
                .collect();
            if open.is_empty() {
                continue;
            }
            let wrong = say(
                Severity::Warning,
                "A0721",
                self.span(norm),
                format!(
                    "`{name}` is open to more readers than {}, which its verdict hangs on and may give away",
                    listed(&open)
                ),
            )
            .help("mark the rule as narrowly (`mark …`), or let it hang on something open");
            self.found(Some(&name), wrong);
        }
        self.looked("marking leaks", count, undecided);
    }
}

/// Whether both compare the same quantity, and one of them with what a reading gives.
fn by_reading(a: &Norm, b: &Norm) -> bool {
    let compared = |n: &Norm| -> Vec<(Value, bool)> {
        let of = |p: &Part| match &p.cond {
            Cond::Compare(x, _, Value::Reading(_)) | Cond::CompareBy(x, _, _) => Some((x.clone(), true)),
            Cond::Compare(x, _, _) => Some((x.clone(), false)),
            _ => None,
        };
        n.parts.iter().filter_map(of).collect()
    };
    let (x, y) = (compared(a), compared(b));
    a.declared() != b.declared() && x.iter().any(|(v, r)| y.iter().any(|(w, s)| v == w && (*r || *s)))
}

/// A bound, and whether it belongs to what it bounds.
type Bound = Option<(Number, bool)>;

/// The least and the greatest value that a comparison allows.
fn bounds(op: Op, n: &Number) -> (Bound, Bound) {
    let (closed, open) = (Some((n.clone(), true)), Some((n.clone(), false)));
    match op {
        Op::Ge => (closed, None),
        Op::Gt => (open, None),
        Op::Le => (None, closed),
        Op::Lt => (None, open),
        Op::Eq => (closed.clone(), closed),
        Op::Ne => (None, None),
    }
}

/// Two thresholds of the same quantity that no value meets.
fn levels(a: &Cond, b: &Cond) -> Option<String> {
    let (Cond::Compare(x, p, Value::Number(low, _)), Cond::Compare(y, q, Value::Number(high, _))) = (a, b)
    else {
        return None;
    };
    if x != y {
        return None;
    }
    let ((l1, h1), (l2, h2)) = (bounds(*p, low), bounds(*q, high));
    let apart = |least: &Bound, greatest: &Bound| match (least, greatest) {
        (Some((l, its)), Some((h, also))) => l > h || (l == h && !(*its && *also)),
        _ => false,
    };
    (apart(&l1, &h2) || apart(&l2, &h1)).then(|| {
        let (p, q) = (p.sign(), q.sign());
        format!("one asks for {p} {}, the other for {q} {}", low.grouped(), high.grouped())
    })
}

/// Whether two parts ask at one moment: one of them throughout, or both with the same deadline.
fn same_time(a: &Part, b: &Part) -> bool {
    a.verb == Verb::Keep || b.verb == Verb::Keep || a.deadline == b.deadline
}
