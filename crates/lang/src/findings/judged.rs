//! Who reads, finds, watches and blocks: rival readings, unanimity, those who judge themselves, bans that nobody watches, findings that
//! come too late for what must follow them.

use super::is_norm;
use super::{Desk, Open, listed, patterns, say, within};
use crate::diagnostic::Severity;
use servanda_model::agreement::*;
use servanda_model::uses::Uses;
use servanda_model::{Name, Number};
use std::collections::{BTreeMap, BTreeSet};

impl Desk<'_> {
    pub(super) fn judged(&mut self) {
        self.readings();
        self.blocked();
        self.held_out();
        self.self_judged();
        self.unwatched();
        self.too_late();
    }

    /// Which norms two readers would judge differently.
    fn readings(&mut self) {
        let mut hang: BTreeMap<&Name, BTreeSet<Name>> = BTreeMap::new();
        let readings = &self.agreement.readings;
        for (norm, name) in self.norms() {
            // Content and deadline too: a reading may stand for a length of time or a way of comparing.
            let mut of = self.uses(norm).readings.clone();
            for part in &norm.parts {
                of.extend(within(&part.cond).into_iter().filter_map(|c| match c {
                    Cond::CompareBy(_, reading, _) => Some(reading.clone()),
                    _ => None,
                }));
            }
            for (reading, _) in readings.iter().filter(|(r, _)| of.contains(*r)) {
                hang.entry(reading).or_default().insert(name.clone());
            }
        }
        for (name, reading) in readings {
            let options = listed(reading.options.iter().map(|(option, _)| option));
            let wrong = match hang.get(name) {
                Some(norms) => say(
                    Severity::Info,
                    "A0708",
                    self.span_of(name),
                    format!(
                        "`{}` is read as {options}; verdicts of {} hang on it",
                        reading.words,
                        listed(norms)
                    ),
                )
                .help(
                    "agree on one reading in the text, or name who decides between them (`open … judged by`)",
                ),
                None => say(
                    Severity::Warning,
                    "A0708",
                    self.span_of(name),
                    format!("`{}` is read as {options}, and no norm hangs on it", reading.words),
                )
                .help("name the reading in the rule whose words it is about, or leave it out"),
            };
            self.found(Some(name), wrong);
        }
        let count = readings.len();
        // Whether the options ever differ depends on records.
        let mut open = Open::default();
        for (reading, norms) in &hang {
            let norms: Vec<String> = norms.iter().map(|n| format!("`{n}`")).collect();
            open.add(format!(
                "how often {} differ under `{reading}`, records decide (`servanda backtest`)",
                norms.join(", ")
            ));
        }
        self.looked(
            "rival readings",
            "the readings that the text declares, one at a time; which other words could be read in two ways, a person has to say",
            count,
            open,
        );
    }

    /// A body that cannot decide without the consent of whoever it decides on, and nobody decides failing that.
    fn blocked(&mut self) {
        let mut open = self.unstated();
        let mut count = 0;
        let agreement = self.agreement;
        for (norm, name) in self.norms() {
            let bearers = self.bearers(norm);
            let found = self.uses(norm);
            let finders = found.terms.iter().filter_map(|t| agreement.terms.get(t)?.found_by.as_ref());
            let bodies: BTreeSet<&Name> = norm.seen_by.iter().chain(finders).collect();
            for body in bodies {
                let Some(decision) =
                    agreement.bodies.get(body).and_then(|b| b.decides.as_ref().map(|d| (d, b)))
                else {
                    if agreement.bodies.contains_key(body) {
                        open.of("how {} decides the text does not say", body);
                    }
                    continue;
                };
                count += 1;
                let (decision, whole) = decision;
                if whole.members.is_empty() && !matches!(decision.quorum, Quorum::AnyOf(..)) {
                    open.of("who sits in {} the text does not say", body);
                    continue;
                }
                if whole.members.iter().any(|m| m.from.is_some() || m.until.is_some()) {
                    open.of("who sits in {} changes with time, and all who ever do were counted", body);
                }
                let members = match &decision.quorum {
                    Quorum::AnyOf(_, group) => self.parties_of([group]),
                    _ => self.parties_of(whole.members.iter().map(|m| &m.who)),
                };
                let inside: Vec<&Name> = members.intersection(&bearers).collect();
                let needed = needed(&decision.quorum, members.len());
                let can_block = inside.len() > members.len().saturating_sub(needed) && !inside.is_empty();
                if can_block && decision.failing.is_some() {
                    open.of(
                        "whether those can be kept from it too who decide where no decision comes of {}",
                        body,
                    );
                }
                if can_block && decision.failing.is_none() {
                    let who = match (inside.len(), members.len() - needed.min(members.len())) {
                        (1, _) => "can",
                        (_, 0) => "can each",
                        _ => "together can",
                    };
                    let wrong = say(
                        self.severity(norm),
                        "A0711",
                        self.span(norm),
                        format!("{} {who} keep `{body}` from deciding on `{name}`, which binds them", listed(inside)),
                    )
                    .help("say who decides when the body does not: `failing which by …`; or leave the party concerned out of the count");
                    self.found(Some(&name), wrong);
                }
            }
        }
        self.looked(
            "who can block a decision",
            "each body that establishes a rule, or finds a term of it, by its members and the number that must agree; not how they are likely to vote",
            count,
            open,
        );
    }

    /// A duty that waits for an act which somebody may leave undone without breach.
    fn held_out(&mut self) {
        let agreement = self.agreement;
        let mut count = 0;
        let mut open = Open::default();
        for (norm, name) in self.norms() {
            let own = norm.subject(agreement);
            for cond in norm.needs.iter().chain(&norm.only_if).chain(&own) {
                if !is_act(cond) {
                    open.of("a condition of {} is more than an act or a count of acts", &name);
                }
                for pattern in waited_for(cond) {
                    count += 1;
                    let who = match self.acts(pattern) {
                        Some(Value::Bearer) => self.bearers(norm),
                        Some(Value::Name(actor)) => self.parties_of([actor]),
                        Some(Value::Beneficiary) => continue,
                        Some(_) => {
                            open.add(format!("`{name}`: who does `{}` follows from a record", pattern.fact));
                            continue;
                        }
                        None => {
                            open.add(format!("`{name}`: nobody is named who does `{}`", pattern.fact));
                            continue;
                        }
                    };
                    let owed: BTreeSet<Name> = self.who(&norm.owed_to);
                    let obliged = agreement.norms.iter().any(|n| {
                        n.kind != NormKind::Ban
                            && n.name != norm.name
                            && n.parts.iter().any(|p| {
                                matches!(p.verb, Verb::Do | Verb::Ensure)
                                    && patterns(&p.cond).iter().any(|o| o.fact == pattern.fact)
                            })
                            && !self.bearers(n).is_disjoint(&who)
                    });
                    let beneficiary = who.iter().all(|w| owed.contains(w));
                    // Who is named without being bound is not made to do anything, whatever the text says.
                    let outside = who.iter().all(|w| agreement.parties.get(w).is_some_and(|p| p.outside));
                    if obliged || beneficiary || outside || who.is_empty() {
                        continue;
                    }
                    let own = who.iter().any(|w| self.bearers(norm).contains(w));
                    let (code, more) = if own {
                        ("A0717", "it bears the duty itself")
                    } else {
                        ("A0709", "nothing obliges it to")
                    };
                    let wrong = say(
                        self.severity(norm),
                        code,
                        self.span(norm),
                        format!("`{name}` waits for `{}` by {}, and {more}", pattern.fact, listed(&who)),
                    )
                    .help("oblige it to act, with a date; or say what holds when it does not");
                    self.found(Some(&name), wrong);
                }
            }
        }
        self.looked(
            "conditions that somebody may leave unfulfilled",
            "acts that a rule waits for itself, and whether any rule obliges somebody to them, however softly; what it waits for through others is looked at with what can come about",
            count,
            open,
        );
    }

    fn self_judged(&mut self) {
        let norms = self.norms();
        for (norm, name) in &norms {
            if norm.seen_by.is_empty() {
                continue;
            }
            let (eyes, bearers) = (self.parties_of(&norm.seen_by), self.bearers(norm));
            let alone = match &norm.bearer {
                Who::Jointly(_) => eyes.is_subset(&bearers),
                _ => eyes.len() == 1 && eyes.is_subset(&bearers),
            };
            if !eyes.is_empty() && alone {
                let wrong = say(
                    self.severity(norm),
                    "A0712",
                    self.span(norm),
                    format!("{} alone say whether they keep `{name}`", listed(&eyes)),
                )
                .help("let somebody else establish it, or a body in which others sit");
                self.found(Some(name), wrong);
            }
        }
        let count = norms.iter().filter(|(n, _)| !n.seen_by.is_empty()).count();
        let mut open = self.unstated();
        for (norm, name) in &norms {
            for (eye, body) in norm.seen_by.iter().filter_map(|b| Some((b, self.agreement.bodies.get(b)?))) {
                if body.members.is_empty() {
                    open.add(format!(
                        "who sits in `{eye}`, which establishes `{name}`, the text does not say"
                    ));
                }
                if body.members.iter().any(|m| m.from.is_some() || m.until.is_some()) {
                    open.of("who sits in {} changes with time, and all who ever do were counted", eye);
                }
            }
        }
        self.looked(
            "who judges itself",
            "whoever establishes a rule, bodies by all who sit in them; a body in which one other sits is not its bearer alone",
            count,
            open,
        );
    }

    /// A ban or a state to be kept at a place whose absence only watching shows, where no rule has anybody watch.
    fn unwatched(&mut self) {
        let agreement = self.agreement;
        let watched: BTreeSet<&Name> = agreement
            .norms
            .iter()
            .flat_map(|n| &n.parts)
            .flat_map(|p| within(&p.cond))
            .flat_map(|c| match c {
                Cond::Compare(a, _, b) => vec![a, b],
                _ => Vec::new(),
            })
            .filter_map(|v| match v {
                Value::Coverage(zone, _) => Some(&zone.zone),
                _ => None,
            })
            .collect();
        let mut count = 0;
        let mut open = Open::default();
        for (norm, name) in self.norms() {
            let silence_matters =
                norm.kind == NormKind::Ban || norm.parts.iter().any(|p| p.verb == Verb::Keep);
            let seen: Vec<&FactPattern> = norm.parts.iter().flat_map(|p| patterns(&p.cond)).collect();
            let of_coverage = |p: &&FactPattern| {
                agreement.facts.get(&p.fact).is_some_and(|f| f.absence == Absence::Coverage)
            };
            let Some(pattern) = seen.iter().find(|p| of_coverage(p)).filter(|_| silence_matters) else {
                continue;
            };
            count += 1;
            let zones = Uses::of_content(agreement, norm).zones;
            if !watched.is_empty() && (zones.is_empty() || zones.iter().any(|z| watched.contains(z))) {
                if zones.is_empty() {
                    open.add(format!("`{name}` names no place, and somebody watches some"));
                } else {
                    open.of(
                        "whether the watching that is owed sees all of the place, and all of the time, of {}",
                        &name,
                    );
                }
                continue;
            }
            if watched.is_empty() && self.broken.iter().any(|d| is_norm(d.keyword)) {
                open.of("who watches over {} may stand in a rule with an error", &name);
                continue;
            }
            if !watched.is_empty() {
                open.add(format!("whether {} lies in what is watched for `{name}`", listed(&zones)));
            }
            let whole =
                if watched.is_empty() { "nobody owes any watching" } else { "nobody owes watching there" };
            let wrong = say(
                self.severity(norm),
                "A0713",
                self.span(norm),
                format!("that no `{}` happened is known only where somebody watched, and {whole}: `{name}` may never be found kept", pattern.fact),
            )
            .help("oblige somebody to watch (`must keep coverage of … by … >= 90 percent`), or let a register decide (`absence register`)");
            self.found(Some(&name), wrong);
        }
        self.looked(
            "who watches",
            "bans and lasting duties whose facts are absent only where somebody watched, against the zones over which a rule owes coverage, by their names; not where zones lie",
            count,
            open,
        );
    }

    /// A response that is due before the body that finds its cause has to decide.
    fn too_late(&mut self) {
        let agreement = self.agreement;
        let mut open = Open::default();
        let mut count = 0;
        let needs_finding = |cond: &Cond| {
            within(cond).into_iter().any(|c| match c {
                Cond::Found(_) => true,
                Cond::Term(term) => agreement.terms.get(term).is_some_and(|t| t.found_by.is_some()),
                _ => false,
            })
        };
        for (norm, name) in self.norms() {
            let timed = norm.parts.iter().any(|p| matches!(p.deadline, Deadline::By(_)));
            if timed && norm.needs.iter().chain(&norm.only_if).any(needs_finding) {
                open.of("besides the beginning a finding is waited for by {}, and the times of both are not compared", &name);
            }
            let (Trigger::Begins(cond) | Trigger::Ends(cond)) = &norm.when else { continue };
            let Cond::Term(term) = cond else {
                if timed && needs_finding(cond) {
                    open.of("a finding is only a part of what begins {}", &name);
                }
                continue;
            };
            let Some(body) = agreement.terms.get(term).and_then(|t| t.found_by.as_ref()) else { continue };
            if matches!(norm.when, Trigger::Ends(_)) {
                if timed {
                    open.of("how fast the end of what a body finds is found, which begins {}, the text does not say", &name);
                }
                continue;
            }
            let Some(time) = agreement.bodies.get(body).and_then(|b| b.decides.as_ref()?.within) else {
                open.add(format!("`{name}`: the text does not say how fast `{body}` decides"));
                continue;
            };
            let due = norm.parts.iter().filter_map(|p| match &p.deadline {
                Deadline::By(Moment::After(span, from)) if **from == Moment::Trigger => Some(*span),
                _ => None,
            });
            count += 1;
            let Some(least) = due.min_by_key(|s| s.least_hours()) else {
                open.add(format!("`{name}` is not due a stated time after `{term}` begins"));
                continue;
            };
            if least.least_hours() <= time.least_hours() {
                let mut wrong = say(
                    self.severity(norm),
                    "A0714",
                    self.span(norm),
                    format!(
                        "`{name}` is due {least} after `{term}` begins, and `{body}` may take {time} from a request to find that it has begun"
                    ),
                )
                .help("let the time run from the finding (`when … found`), or give the body less time, or say what is owed before it decides");
                if let Some(place) = self.words_in(norm, "when", &format!("{term} begins")) {
                    wrong = wrong.fix(place, format!("{term} found"), "let the time run from the finding");
                }
                self.found(Some(&name), wrong);
            }
        }
        self.looked(
            "finding time against reaction time",
            "rules that begin with a term which a body finds: the least time until one is due against the time that the body has; not how long a request takes to be made",
            count,
            open,
        );
    }
}

/// Whether a condition is made of acts, and of counts of acts against a figure, and of nothing else.
fn is_act(cond: &Cond) -> bool {
    match cond {
        Cond::And(all) | Cond::Or(all) => all.iter().all(is_act),
        Cond::Fact(_) => true,
        Cond::Compare(Value::Aggregate(_), _, Value::Number(..)) => true,
        _ => false,
    }
}

/// How many of so many members must agree.
pub(super) fn needed(quorum: &Quorum, members: usize) -> usize {
    match quorum {
        Quorum::All => members,
        Quorum::Majority => members / 2 + 1,
        Quorum::Share(share) => {
            let of = share.clone() * Number::from(members as i64);
            of.ceil().to_i64().and_then(|n| usize::try_from(n).ok()).unwrap_or(members)
        }
        Quorum::AnyOf(n, _) => *n as usize,
    }
}

/// The patterns that a condition needs something of: acts, and counts and sums that must come to something. What stands behind `not`
/// holds while nobody acts.
fn waited_for(cond: &Cond) -> Vec<&FactPattern> {
    match cond {
        Cond::And(all) | Cond::Or(all) => all.iter().flat_map(waited_for).collect(),
        Cond::Run(_, cond, _) => waited_for(cond),
        Cond::Fact(pattern) => vec![pattern],
        Cond::Compare(Value::Aggregate(counted), op, Value::Number(least, _)) => {
            let needed = match op {
                Op::Ge | Op::Eq => *least > Number::zero(),
                Op::Gt => *least >= Number::zero(),
                _ => false,
            };
            if needed { vec![&counted.of] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}
