//! Who bears what: parties without duties, duties that doing nothing fulfils, acts that anybody may do for the bearer, rules against each
//! other, and public rules that hang on what is marked.

use super::{Desk, Open, listed, patterns, say};
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
        let mut open = self.unstated();
        for (name, outside) in &parties {
            if *outside || bound.contains(*name) {
                continue;
            }
            if self.may_be_named(name) {
                open.of("what binds {} may stand in a declaration with an error", name);
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
        let mut free: Vec<&Name> = Vec::new();
        for (name, _) in parties.iter().filter(|(name, outside)| !outside && bound.contains(*name)) {
            match self.is_free(name) {
                Some(true) => free.push(name),
                Some(false) => {}
                None => open.of("what no act shows decides over whether nothing has to be done by {}", name),
            }
        }
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
        self.looked(
            "parties and balance",
            "who bears each rule and to whom it is owed, groups and bodies taken apart; what begins while a party does nothing: every act of the others, once, with one instance of each rule; not how heavy a duty is",
            count,
            open,
        );
    }

    /// Norms of which the text does not say who bears them, or says so only through a norm of which it does not.
    pub(super) fn unstated(&self) -> Open {
        let mut open = Open::default();
        for (norm, name) in self.norms() {
            match &norm.bearer {
                Who::Unstated => open.of("the text does not say who bears {}", &name),
                Who::BreachingParty if self.bearers(norm).is_empty() => {
                    open.of("who bears {} follows from who breaks another rule", &name);
                }
                _ => {}
            }
        }
        open
    }

    /// Whether each duty of a party is soft or never begins while it does nothing, and no ban binds it. `None`: where one begins, it is only
    /// because what no act shows was taken as possible.
    fn is_free(&self, party: &Name) -> Option<bool> {
        let norms = self.agreement.norms.iter().enumerate();
        let its: Vec<(usize, &Norm)> = norms.filter(|(_, n)| self.bears(party, n)).collect();
        if its.iter().any(|(_, n)| n.kind == NormKind::Ban) {
            return Some(false);
        }
        let firm: Vec<&(usize, &Norm)> = its.iter().filter(|(_, n)| !n.force.is_soft()).collect();
        let at_once = |n: &Norm| n.when == Trigger::Always && n.needs.is_empty() && n.only_if.is_none();
        if firm.iter().any(|(_, n)| at_once(n)) {
            return Some(false);
        }
        if firm.is_empty() {
            return Some(true);
        }
        let begun = self.begin_without(party);
        match firm.iter().map(|(i, _)| begun[*i]).max() {
            Some(super::explore::Begun::Surely) => Some(false),
            Some(super::explore::Begun::Possibly) => None,
            _ => Some(true),
        }
    }

    /// A threshold that nothing at all reaches.
    fn empty_floor(&mut self) {
        // Rows of a milestone have targets of their own.
        let agreement = self.agreement;
        let norms = agreement.norms.iter().filter_map(|n| Some((n, &self.decl(n)?.name.as_ref()?.text)));
        let norms: Vec<(&Norm, &Name)> = norms.collect();
        let mut count = 0;
        let mut open = Open::default();
        for (norm, name) in norms {
            for part in norm.parts.iter().filter(|p| matches!(p.verb, Verb::Ensure | Verb::Keep)) {
                let Cond::Compare(value, op, Value::Number(target, _)) = &part.cond else {
                    open.of("what is asked for is no threshold in figures in {}", name);
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
                let told = floor && nothing_does;
                if !of_acts && !told {
                    open.of(
                        "whether the level is met before anybody does anything, records decide in {}",
                        name,
                    );
                }
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
        self.looked(
            "thresholds that doing nothing reaches",
            "what is to be ensured or kept, compared with a figure; a count or a sum of acts begins at zero; months of a gap count as thirty days",
            count,
            open,
        );
    }

    /// An act that the words oblige the bearer to, and that anybody's act would fulfil.
    fn anybody(&mut self) {
        let agreement = self.agreement;
        let mut count = 0;
        let mut open = Open::default();
        for (norm, name) in self.norms() {
            for part in &norm.parts {
                for pattern in patterns(&part.cond) {
                    let Some(fact) = agreement.facts.get(&pattern.fact).filter(|f| f.kind == FactKind::Event)
                    else {
                        continue;
                    };
                    let Some(actor) = self.actor(fact) else {
                        open.add(format!("`{name}`: nobody is named who does `{}`", pattern.fact));
                        continue;
                    };
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
                        open.of("who acts is said in a condition of its own in {}", &name);
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
        self.looked(
            "acts tied to their bearer",
            "events in what a rule asks for or forbids; states and measures are nobody's act, and whoever a rule names is taken as meant",
            count,
            open,
        );
    }

    /// A duty and a ban, or two levels, that one bearer cannot keep together.
    fn against_each_other(&mut self) {
        let agreement = self.agreement;
        let mut open = Open::default();
        let norms = &agreement.norms;
        let mut count = 0;
        // Asked for each pair: of which facts the parts of each norm speak.
        let facts: Vec<BTreeSet<&Name>> = norms
            .iter()
            .map(|n| n.parts.iter().flat_map(|p| patterns(&p.cond)).map(|p| &p.fact).collect())
            .collect();
        for (i, a) in norms.iter().enumerate() {
            for (j, b) in norms.iter().enumerate().skip(i + 1) {
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
                if follows(a, b) || follows(b, a) {
                    continue;
                }
                let related = !facts[i].is_disjoint(&facts[j]);
                let how = match self.cannot_both(a, b, related) {
                    Clash::Yes(how) => how,
                    Clash::Open(why) => {
                        open.add(format!("`{}` and `{}`: {why}", a.declared(), b.declared()));
                        continue;
                    }
                    Clash::No => {
                        if by_reading(a, b) {
                            open.add(format!(
                                "`{}` and `{}`: a reading gives one of their levels",
                                a.declared(),
                                b.declared()
                            ));
                        }
                        continue;
                    }
                };
                let both: BTreeSet<Name> = self.bearers(a).intersection(&self.bearers(b)).cloned().collect();
                let excused =
                    !a.except.is_empty() || !b.except.is_empty() || a.unless.is_some() || b.unless.is_some();
                if excused {
                    open.add(format!(
                        "`{}` and `{}`: an exception may keep them apart",
                        a.declared(),
                        b.declared()
                    ));
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
        self.looked(
            "rules against each other",
            "each pair of rules with a common bearer, by the words of what they ask for and forbid; not three and more at once, and not whether the time for both is long enough (sequence and slack)",
            count,
            open,
        );
    }

    /// `related`: whether they speak of the same fact anywhere.
    fn cannot_both(&self, a: &Norm, b: &Norm, related: bool) -> Clash {
        let mut so_far = Clash::No;
        for x in &a.parts {
            for y in &b.parts {
                let (must, must_not) = match (x.verb, y.verb) {
                    (Verb::Do, Verb::NotDo) => (&x.cond, &y.cond),
                    (Verb::NotDo, Verb::Do) => (&y.cond, &x.cond),
                    (Verb::Keep | Verb::Ensure, Verb::Keep | Verb::Ensure) => {
                        match levels(&x.cond, &y.cond).filter(|_| same_time(x, y)) {
                            Some(how) => return Clash::Yes(how),
                            None if related && same_time(x, y) && are_reckoned(&x.cond, &y.cond) => {
                                so_far = Clash::Open("their levels are reckoned in different ways");
                            }
                            None => {}
                        }
                        continue;
                    }
                    (Verb::Keep | Verb::Ensure, Verb::NotKeep)
                    | (Verb::NotKeep, Verb::Keep | Verb::Ensure) => {
                        let lasts = ![x.verb, y.verb].contains(&Verb::Ensure);
                        if lasts && x.cond == y.cond {
                            return Clash::Yes("the one keeps up what the other forbids".to_string());
                        }
                        if related && shares_a_fact(&x.cond, &y.cond) {
                            so_far = Clash::Open(
                                "the one keeps up and the other forbids what is said of the same, in other words",
                            );
                        }
                        continue;
                    }
                    (Verb::Ensure | Verb::Keep, Verb::NotDo) | (Verb::NotDo, Verb::Ensure | Verb::Keep) => {
                        if related && shares_a_fact(&x.cond, &y.cond) {
                            so_far =
                                Clash::Open("the one asks for a count or a state of what the other forbids");
                        }
                        continue;
                    }
                    _ => continue,
                };
                let (Cond::Fact(must), Cond::Fact(must_not)) = (must, must_not) else {
                    if related && shares_a_fact(must, must_not) {
                        so_far = Clash::Open("they ask for and forbid the same act under conditions");
                    }
                    continue;
                };
                if must.fact != must_not.fact {
                    continue;
                }
                if self.covers(must_not, must) {
                    return Clash::Yes(format!("the one asks for `{}`, and the other forbids it", must.fact));
                }
                if !self.are_apart(must, must_not) {
                    so_far = Clash::Open(
                        "the one asks for an act of which the other forbids some, by who, where or how",
                    );
                }
            }
        }
        so_far
    }

    /// Whether no act is of both patterns, because a role names one in the one and another in the other.
    fn are_apart(&self, a: &FactPattern, b: &FactPattern) -> bool {
        a.roles.iter().any(|(role, value)| {
            b.roles.iter().any(|(other, its)| match (value, its) {
                (Value::Name(x), Value::Name(y)) if role == other => {
                    let party = |n: &Name| {
                        self.agreement.parties.contains_key(n) || self.agreement.groups.contains_key(n)
                    };
                    party(x) && party(y) && self.parties_of([x]).is_disjoint(&self.parties_of([y]))
                }
                _ => false,
            })
        })
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
        let mut undecided = Open::default();
        for (norm, name) in self.norms() {
            count += 1;
            let uses = self.uses(norm);
            for term in uses.terms.iter().filter(|t| agreement.terms.get(*t).is_some_and(|t| t.open)) {
                undecided.add(format!(
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
        self.looked(
            "marking leaks",
            "markings of the zones and rules that a verdict hangs on, as the text writes them; those that records bear are heeded when they are shown",
            count,
            undecided,
        );
    }
}

/// Whether two rules can be kept together.
enum Clash {
    No,
    Yes(String),
    /// Why it cannot be said.
    Open(&'static str),
}

/// Whether a rule has ended, on a day that the text gives, before the other begins.
fn follows(later: &Norm, earlier: &Norm) -> bool {
    let (from, until) = (later.from.as_ref(), earlier.until.as_ref());
    let day = super::timing::date_of;
    matches!((from.and_then(day), until.and_then(day)), (Some(from), Some(until)) if until < from)
}

fn shares_a_fact(a: &Cond, b: &Cond) -> bool {
    patterns(a).iter().any(|x| patterns(b).iter().any(|y| x.fact == y.fact))
}

/// Whether one of two levels is reckoned from several quantities, and both speak of the same fact.
fn are_reckoned(a: &Cond, b: &Cond) -> bool {
    let reckoned =
        |c: &Cond| !matches!(c, Cond::Compare(Value::Aggregate(_) | Value::Measure(_), _, Value::Number(..)));
    a != b && (reckoned(a) || reckoned(b)) && !is_by_reading(a) && !is_by_reading(b) && shares_a_fact(a, b)
}

fn is_by_reading(cond: &Cond) -> bool {
    matches!(cond, Cond::Compare(_, _, Value::Reading(_)) | Cond::CompareBy(..))
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
