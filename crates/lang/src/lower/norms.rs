//! Terms, duties, bans, remedies, rights, powers and priorities.

use super::actors::Place;
use super::moments::Edge;
use super::{Left, Lower, Lowered, Scope};
use crate::ast::{Decl, Expr, ExprKind, Field, FieldValue, Targets as On};
use crate::diagnostic::Diagnostic;
use crate::parser::vocabulary::Keyword;
use crate::units;
use servanda_model::agreement::{
    Change, Cond, Deadline, Exception, FactKind, FactPattern, Force, Gap, Moment, Norm, NormKind, Part,
    Power, Priority, RoleType, Targets, Term, Trigger, Value, Verb, Who,
};
use servanda_model::{Name, Number};

impl<'a> Lower<'a> {
    /// All that rules: in order of the text.
    pub(super) fn norms(&mut self) {
        let decls: Vec<&'a Decl> = self.file.decls.iter().filter(|d| self.names.is_first(d)).collect();
        for decl in &decls {
            match decl.keyword {
                Keyword::Term | Keyword::Open => self.term(decl),
                Keyword::Duty => self.duty(decl, NormKind::Duty),
                Keyword::Ban => self.duty(decl, NormKind::Ban),
                Keyword::Remedy => self.duty(decl, NormKind::Remedy),
                Keyword::Right => self.right(decl),
                Keyword::Power => self.power(decl),
                Keyword::Priority => self.priority(decl),
                Keyword::Milestone => self.milestone(decl),
                Keyword::Delivery => self.delivery(decl),
                Keyword::Quota => self.quota(decl),
                Keyword::Notify => self.notify(decl),
                _ => {}
            }
        }
        self.needs_of_the_agreement();
        self.remedies_without_norm(&decls);
    }

    /// A needed field is not there; nothing is said where something in the declaration could not be read.
    pub(super) fn missing(&mut self, decl: &Decl, what: &str, help: &str) -> Left {
        if !decl.damaged {
            let name = decl.name.as_ref().map(|n| format!(" `{}`", n.text)).unwrap_or_default();
            let at = decl.name_span();
            self.report(
                Diagnostic::error("S0501", at, format!("the {}{name} has no `{what}`", decl.keyword.word()))
                    .help(help.to_string()),
            );
        }
        Left
    }

    fn term(&mut self, decl: &Decl) {
        let Some(name) = &decl.name else { return };
        let open = decl.keyword == Keyword::Open;
        let scope = Scope::default();
        let mut ok = !decl.damaged;
        let means = match decl.field(if open { "until then" } else { "means" }).map(|f| &f.value) {
            Some(FieldValue::Expr(Expr { kind: ExprKind::Pattern(p), .. }))
                if open && p.is_bare() && p.name.text == "nothing" =>
            {
                None
            }
            Some(FieldValue::Expr(e)) => self.cond(e, &scope).map_err(|_| ok = false).ok(),
            Some(_) => None,
            None if open => None,
            None => {
                self.missing(
                    decl,
                    "means",
                    "say what it means: `means COND`; where only a body can say, declare an `open`",
                );
                ok = false;
                None
            }
        };
        let found_by = match decl.field(if open { "judged by" } else { "found by" }).map(|f| &f.value) {
            Some(FieldValue::Names(names)) => match &names[..] {
                [one] => self.actor(one).map_err(|_| ok = false).ok(),
                [_, second, ..] => {
                    self.report(
                        Diagnostic::error("S0505", second.span.clone(), "only one body can find this")
                            .help("declare a `body` with these as its members"),
                    );
                    None
                }
                [] => None,
            },
            _ if open => {
                self.missing(decl, "judged by", "say whose judgement it is: `judged by BODY`");
                ok = false;
                None
            }
            _ => None,
        };
        let standard = self.standard(decl);
        let per = self.per(decl);
        if !ok {
            return;
        }
        let phrase = decl.phrase.as_ref().map(|p| p.text.clone()).unwrap_or_default();
        let term = Term {
            phrase,
            means,
            found_by,
            standard,
            open,
            clause: decl.clause,
            per,
            readback: String::new(),
        };
        self.agreement.terms.insert(name.text.clone(), term);
    }

    fn standard(&mut self, decl: &Decl) -> servanda_model::Grade {
        let stated = decl.field("standard").and_then(|f| self.grade(f).ok());
        stated.unwrap_or(self.agreement.standard)
    }

    /// The quoted words; those of an `open` are in its head.
    fn per(&mut self, decl: &Decl) -> Vec<String> {
        let mut per: Vec<String> = super::texts(decl, "per").into_iter().map(|t| t.text).collect();
        if per.is_empty() && decl.keyword == Keyword::Open {
            per.extend(decl.phrase.iter().map(|p| p.text.clone()));
        }
        per
    }

    /// `needs`, each with its own condition.
    pub(super) fn needs(&mut self, decl: &Decl, scope: &Scope) -> Lowered<Vec<Cond>> {
        let all: Vec<Lowered<Cond>> = decl
            .all("needs")
            .map(|field| match &field.value {
                FieldValue::Expr(e) => self.cond(e, scope),
                _ => Err(Left),
            })
            .collect();
        all.into_iter().collect()
    }

    fn optional_cond(&mut self, decl: &Decl, word: &str, scope: &Scope) -> Lowered<Option<Cond>> {
        match decl.field(word).map(|f| &f.value) {
            None => Ok(None),
            Some(FieldValue::Expr(e)) => Ok(Some(self.cond(e, scope)?)),
            Some(_) => Err(Left),
        }
    }

    fn optional_moment(
        &mut self,
        decl: &Decl,
        word: &str,
        edge: Edge,
        scope: &Scope,
    ) -> Lowered<Option<Moment>> {
        match decl.field(word).map(|f| &f.value) {
            None => Ok(None),
            Some(FieldValue::Moment(e)) => Ok(Some(self.moment(e, edge, scope)?)),
            Some(_) => Err(Left),
        }
    }

    fn bearer(&mut self, decl: &Decl, or: Option<Who>) -> Lowered<Who> {
        match (decl.field("bearer").map(|f| &f.value), or) {
            (Some(FieldValue::Who(who)), _) => self.who(who, Place::Bearer),
            (Some(_), _) => Err(Left),
            (None, Some(who)) => Ok(who),
            (None, None) => Err(self.missing(
                decl,
                "bearer",
                "say who must: `bearer each of …`; where the text does not say, write `bearer unstated`",
            )),
        }
    }

    /// The fields that all norms share, sugar included. Content, deadline and trigger are left open.
    pub(super) fn norm_base(&mut self, decl: &Decl, kind: NormKind, scope: &Scope) -> (Norm, bool) {
        let mut ok = !decl.damaged;
        let mut keep = |left: bool| ok &= !left;
        let or = (kind == NormKind::Remedy).then_some(Who::BreachingParty);
        let or = if decl.keyword == Keyword::Delivery { Some(Who::Unstated) } else { or };
        let bearer = self.bearer(decl, or);
        keep(bearer.is_err());
        let owed_to = match decl.field("owed to").map(|f| &f.value) {
            Some(FieldValue::Who(who)) => self.who(who, Place::OwedTo),
            Some(_) => Err(Left),
            None => Ok(Who::Unstated),
        };
        keep(owed_to.is_err());
        let only_if = self.optional_cond(decl, "if", scope);
        keep(only_if.is_err());
        let unless = self.optional_cond(decl, "unless", scope);
        keep(unless.is_err());
        let needs = self.needs(decl, scope);
        keep(needs.is_err());
        let from = self.optional_moment(decl, "from", Edge::Start, scope);
        keep(from.is_err());
        let until = self.optional_moment(decl, "until", Edge::End, scope);
        keep(until.is_err());
        let mut seen_by = Vec::new();
        if let Some(FieldValue::Names(names)) = decl.field("seen by").map(|f| &f.value) {
            for name in names {
                match self.actor(name) {
                    Ok(name) => seen_by.push(name),
                    Err(Left) => keep(true),
                }
            }
        }
        let watched = match decl.field("watched") {
            Some(field) => self.share(field),
            None => Ok(self.agreement.watched.clone()),
        };
        keep(watched.is_err());
        let force = self.force(decl);
        keep(force.is_err());
        let on_breach = self.on_breach(decl);
        keep(on_breach.is_err());
        let marking = self.marking(decl);
        keep(marking.is_err());
        let standard = self.standard(decl);
        let norm = Norm {
            name: decl.name.as_ref().map_or(Name::from(""), |n| n.text.clone()),
            phrase: decl.phrase.as_ref().map(|p| p.text.clone()).unwrap_or_default(),
            kind,
            bearer: bearer.unwrap_or(Who::Unstated),
            owed_to: owed_to.unwrap_or(Who::Unstated),
            when: if kind == NormKind::Remedy { Trigger::Breach } else { Trigger::Always },
            only_if: only_if.unwrap_or_default(),
            needs: needs.unwrap_or_default(),
            parts: Vec::new(),
            from: from.unwrap_or_default(),
            until: until.unwrap_or_default(),
            gap: None,
            except: Vec::new(),
            unless: unless.unwrap_or_default(),
            seen_by,
            force: force.unwrap_or_default(),
            standard,
            watched: watched.unwrap_or(Number::from(1)),
            on_breach: on_breach.unwrap_or_default(),
            replaces: false,
            clause: decl.clause,
            per: self.per(decl),
            marking: marking.unwrap_or_default(),
            readback: String::new(),
            line: self.line(decl.keyword_span.start),
        };
        (norm, ok && decl.name.is_some())
    }

    fn force(&mut self, decl: &Decl) -> Lowered<Force> {
        let Some(field) = decl.field("force") else { return Ok(Force::AsAgreement) };
        if let FieldValue::Words(words) = &field.value
            && let [subject, to, fact] = &words[..]
            && subject.text == "subject"
            && to.text == "to"
        {
            if self.agreement.facts.contains_key(&fact.text) {
                return Ok(Force::SubjectTo(fact.text.clone()));
            }
            let known = self.agreement.facts.keys().cloned().collect();
            return Err(self.unknown(
                "N0205",
                "the name",
                fact,
                known,
                "declare the event that gives it: `event appropriation`",
            ));
        }
        let choices = [("binding", 0), ("political", 1), ("best efforts", 2), ("where possible", 3)];
        Ok(match self.one_of(field, &choices)? {
            0 => Force::Binding,
            1 => Force::Political,
            2 => Force::BestEfforts,
            _ => Force::WherePossible,
        })
    }

    fn on_breach(&mut self, decl: &Decl) -> Lowered<Vec<Name>> {
        let mut remedies = Vec::new();
        for field in decl.all("on breach") {
            let FieldValue::Names(names) = &field.value else { return Err(Left) };
            for name in names {
                match self.names.norms.get(&name.text) {
                    Some(found) if found.keyword == Keyword::Remedy => remedies.push(name.text.clone()),
                    Some(found) => {
                        let wrong = Diagnostic::error(
                            "N0210",
                            name.span.clone(),
                            format!("`{}` cannot stand here: a remedy is needed", name.text),
                        );
                        let label = format!("`{}` is {}", name.text, found.keyword.with_article());
                        return Err(self.report(
                            wrong
                                .label(found.name_span(), label)
                                .help("what answers a breach is declared with `remedy`"),
                        ));
                    }
                    None => {
                        let known = self.names.norms.iter().filter(|(_, d)| d.keyword == Keyword::Remedy);
                        let known = known.map(|(n, _)| n.clone()).collect();
                        return Err(self.unknown(
                            "N0207",
                            "the remedy",
                            name,
                            known,
                            "declare it with `remedy`",
                        ));
                    }
                }
            }
        }
        Ok(remedies)
    }

    /// The scope of a norm's own rules, once its trigger is known.
    pub(super) fn norm_scope(&self, when: &Trigger) -> Scope {
        let trigger = match when {
            Trigger::Always => None,
            Trigger::Each(pattern) => Some(self.agreement.facts.get(&pattern.fact).map(|f| f.roles.clone())),
            _ => Some(None),
        };
        Scope { bearer: true, trigger, breach: *when == Trigger::Breach, ..Scope::default() }
    }

    fn duty(&mut self, decl: &Decl, kind: NormKind) {
        let before = Scope { bearer: true, ..Scope::default() };
        let mut ok = true;
        let mut when = if kind == NormKind::Remedy { Trigger::Breach } else { Trigger::Always };
        if let Some(field) = decl.field("when") {
            match &field.value {
                _ if kind == NormKind::Remedy => {
                    self.report(
                        Diagnostic::error(
                            "S0504",
                            field.word_span.clone(),
                            "a remedy starts with the breach of the norms that name it",
                        )
                        .help("leave `when` out; what else must hold stands after `if`"),
                    );
                    ok = false;
                }
                FieldValue::Expr(e) => match self.trigger(e, &before) {
                    Ok(trigger) => when = trigger,
                    Err(Left) => {
                        ok = false;
                        when = Trigger::Found("".into());
                    }
                },
                _ => ok = false,
            }
        }
        let scope = self.norm_scope(&when);
        let (mut norm, base_ok) = self.norm_base(decl, kind, &scope);
        norm.when = when;
        ok &= base_ok;
        match self.parts(decl, &norm, &scope) {
            Ok(parts) => norm.parts = parts,
            Err(Left) => ok = false,
        }
        match self.gap(decl, &norm) {
            Ok(gap) => norm.gap = gap,
            Err(Left) => ok = false,
        }
        match self.exceptions(decl, &norm) {
            Ok(except) => norm.except = except,
            Err(Left) => ok = false,
        }
        if kind == NormKind::Remedy {
            match decl.field("effect") {
                Some(field) => {
                    let choices = [
                        ("adds to the breached duty", false),
                        ("replaces the breached duty", true),
                        ("adds to the breached ban", false),
                        ("replaces the breached ban", true),
                    ];
                    match self.one_of(field, &choices) {
                        Ok(replaces) => norm.replaces = replaces,
                        Err(Left) => ok = false,
                    }
                }
                None => {
                    self.missing(decl, "effect", "say whether the breached duty goes on: `effect adds to the breached duty` or `effect replaces the breached duty`");
                    ok = false;
                }
            }
        }
        if ok {
            self.not_tied(decl, &norm);
            self.agreement.norms.push(norm);
        }
    }

    /// The content and the deadlines of a norm, in pairs.
    fn parts(&mut self, decl: &Decl, norm: &Norm, scope: &Scope) -> Lowered<Vec<Part>> {
        let banned = norm.kind == NormKind::Ban;
        let mut parts: Vec<(Part, Option<&Field>)> = Vec::new();
        let mut early: Option<(&Field, Deadline)> = None;
        let mut failed = decl.damaged;
        for field in &decl.fields {
            match (&field.value, field.word) {
                (FieldValue::Content { verb, cond }, word) => {
                    if (word == "must not") != banned {
                        let (is, other) = if banned { ("must not", "duty") } else { ("must", "ban") };
                        self.report(
                            Diagnostic::error(
                                "S0504",
                                field.word_span.clone(),
                                format!("a {} says `{is}`", decl.keyword.word()),
                            )
                            .help(format!("write `{is}`, or declare a `{other}`")),
                        );
                        failed = true;
                        continue;
                    }
                    if !parts.is_empty() && norm.kind != NormKind::Remedy {
                        self.report(
                            Diagnostic::error(
                                "S0505",
                                field.word_span.clone(),
                                format!("a {} has one `{word}`", decl.keyword.word()),
                            )
                            .help(format!(
                                "join them with `and`, or declare a second {}",
                                decl.keyword.word()
                            )),
                        );
                        failed = true;
                        continue;
                    }
                    let cond = match verb {
                        Verb::Do | Verb::NotDo => self.act(cond, scope),
                        _ => self.cond(cond, scope),
                    };
                    match cond {
                        Ok(cond) => {
                            let (of, deadline) = match early.take() {
                                Some((field, deadline)) => (Some(field), deadline),
                                None => (None, Deadline::None),
                            };
                            parts.push((Part { verb: *verb, cond, deadline }, of));
                        }
                        Err(Left) => failed = true,
                    }
                }
                (
                    FieldValue::Moment(_)
                    | FieldValue::Within { .. }
                    | FieldValue::Every { .. }
                    | FieldValue::NoLater { .. },
                    "by" | "within" | "every" | "no later",
                ) => {
                    let Ok(deadline) = self.deadline(field, norm, scope) else {
                        failed = true;
                        continue;
                    };
                    let second = match parts.last_mut() {
                        Some((part, of)) if of.is_none() => {
                            part.deadline = deadline;
                            *of = Some(field);
                            None
                        }
                        Some((_, of)) => *of,
                        None => early.replace((field, deadline)).map(|(field, _)| field),
                    };
                    if let Some(first) = second {
                        self.report(
                            Diagnostic::error(
                                "S0505",
                                field.word_span.clone(),
                                "a second deadline for the same content",
                            )
                            .label(first.word_span.clone(), "the first one")
                            .help("keep one; a remedy may have several pairs of `must` and deadline"),
                        );
                        failed = true;
                    }
                }
                _ => {}
            }
        }
        if failed {
            return Err(Left);
        }
        if parts.is_empty() {
            let (word, help) = match banned {
                true => ("must not", "say what is forbidden: `must not do ACT` or `must not keep STATE`"),
                false => (
                    "must",
                    "say what must be done: `must do ACT`, `must ensure RESULT` or `must keep STATE`",
                ),
            };
            return Err(self.missing(decl, word, help));
        }
        Ok(parts.into_iter().map(|(part, _)| part).collect())
    }

    /// What is done is an act.
    fn act(&mut self, e: &Expr, scope: &Scope) -> Lowered<Cond> {
        let cond = self.cond(e, scope)?;
        if let Cond::Fact(pattern) = &cond
            && let Some(fact) = self.agreement.facts.get(&pattern.fact)
            && fact.kind != FactKind::Event
        {
            return Err(self.report(
                Diagnostic::error("S0504", e.span.clone(), format!("`{}` is nothing that is done: it lasts", pattern.fact))
                    .help("write `keep` for a state throughout, `ensure` for a result at the deadline; `do` takes an event"),
            ));
        }
        Ok(cond)
    }

    fn deadline(&mut self, field: &Field, norm: &Norm, scope: &Scope) -> Lowered<Deadline> {
        let start = || match (&norm.when, &norm.from) {
            (Trigger::Always, Some(from)) => from.clone(),
            (Trigger::Always, None) => Moment::InForce,
            _ => Moment::Trigger,
        };
        Ok(match &field.value {
            FieldValue::Moment(e) => Deadline::By(self.moment(e, Edge::End, scope)?),
            FieldValue::Within { span, of } => {
                let anchor = match of {
                    Some(e) => self.moment(e, Edge::Start, scope)?,
                    None => start(),
                };
                Deadline::By(self.shifted(span, true, anchor, of.as_ref())?)
            }
            FieldValue::Every { span, from } => {
                let anchor = match from {
                    Some(e) => self.moment(e, Edge::Start, scope)?,
                    None => start(),
                };
                let length = self.fixed_span(span, from.as_ref())?;
                if matches!(
                    length,
                    servanda_model::Span::Exact(0)
                        | servanda_model::Span::Days(0)
                        | servanda_model::Span::Months(0)
                        | servanda_model::Span::WorkingDays(0)
                ) {
                    return Err(self.report(
                        Diagnostic::error("T0302", span.span.clone(), "nothing recurs after no time")
                            .help("write a length of time above zero"),
                    ));
                }
                Deadline::Every(length, anchor)
            }
            FieldValue::NoLater { span, before } => {
                let anchor = match before {
                    Some(e) => self.moment(e, Edge::Start, scope)?,
                    None if norm.when == Trigger::Always => {
                        return Err(self.report(
                            Diagnostic::error(
                                "T0313",
                                field.span.clone(),
                                "before what? this norm has no trigger",
                            )
                            .help("write the moment behind `before`, or add `when`"),
                        ));
                    }
                    None => Moment::Trigger,
                };
                Deadline::By(self.shifted(span, false, anchor, before.as_ref())?)
            }
            _ => return Err(Left),
        })
    }

    fn gap(&mut self, decl: &Decl, norm: &Norm) -> Lowered<Option<Gap>> {
        let Some(field) = decl.field("gap") else { return Ok(None) };
        let FieldValue::Gap { total, window } = &field.value else { return Err(Left) };
        let total = self.fixed_span(total, None);
        let window = self.fixed_span(window, None)?;
        if !norm.parts.is_empty() && !norm.parts.iter().any(|p| p.verb == Verb::Keep) {
            return Err(self.report(
                Diagnostic::error(
                    "S0504",
                    field.word_span.clone(),
                    "a gap is allowed only in what must be kept",
                )
                .help("write `must keep …`, or leave `gap` out"),
            ));
        }
        Ok(Some(Gap { total: total?, window }))
    }

    pub(super) fn exceptions(&mut self, decl: &Decl, norm: &Norm) -> Lowered<Vec<Exception>> {
        let mut all = Vec::new();
        let fact = norm
            .parts
            .iter()
            .find_map(|p| fact_in(&p.cond))
            .and_then(|name| self.agreement.facts.get(&name).cloned());
        for field in decl.all("except") {
            let FieldValue::Except(exceptions) = &field.value else { return Err(Left) };
            let Some(fact) = &fact else {
                if norm.parts.is_empty() {
                    return Err(Left);
                }
                return Err(self.report(
                    Diagnostic::error("S0504", field.word_span.clone(), "nothing can be excepted here").help(
                        "an exception covers records of an act or a measure; use `unless` for circumstances",
                    ),
                ));
            };
            let mut roles = fact.roles.clone();
            if fact.kind == FactKind::Measure {
                roles.push(("value".into(), RoleType::Number(fact.unit.clone())));
            }
            let scope = Scope { roles: Some(roles), bearer: true, ..Scope::default() };
            for exception in exceptions {
                let covers = self.cond(&exception.covers, &scope)?;
                let up_to = match &exception.up_to {
                    None => None,
                    Some(quantity) => {
                        let (number, dimension) = self.base(quantity);
                        if quantity.unit.is_some() && fact.kind == FactKind::Measure && dimension != fact.unit
                        {
                            return Err(self.report(
                                Diagnostic::error("T0303", quantity.span.clone(), "these do not compare")
                                    .help(format!(
                                        "the measure is {}, and this is {}",
                                        units::shown(&fact.unit),
                                        units::shown(&dimension)
                                    )),
                            ));
                        }
                        Some(number)
                    }
                };
                let until = exception.until.as_ref().map(|d| self.instant(d, true)).transpose()?;
                all.push(Exception { covers, up_to, until });
            }
        }
        Ok(all)
    }

    /// A ban on an act that says nothing about who acts is broken by anybody's act.
    fn not_tied(&mut self, decl: &Decl, norm: &Norm) {
        let [Part { verb: Verb::NotDo, cond: Cond::Fact(pattern), .. }] = &norm.parts[..] else { return };
        let carries_by =
            self.agreement.facts.get(&pattern.fact).is_some_and(|f| f.roles.iter().any(|(r, _)| *r == "by"));
        let tied = pattern.roles.iter().any(|(r, _)| *r == "by")
            || pattern.filter.as_ref().is_some_and(|f| names_by(f));
        if carries_by
            && !tied
            && let Some(field) = decl.field("must not")
        {
            let at = field.span.end;
            self.report(
                Diagnostic::warning(
                    "S0509",
                    field.span.clone(),
                    "whoever does this, every bearer is in breach",
                )
                .help("write `by bearer` behind the act, so that each answers for its own")
                .fix(at..at, " by bearer", "write `by bearer`"),
            );
        }
    }

    fn right(&mut self, decl: &Decl) {
        let before = Scope { bearer: true, swapped: true, ..Scope::default() };
        let mut ok = true;
        let mut when = Trigger::Always;
        if let Some(FieldValue::Expr(e)) = decl.field("when").map(|f| &f.value) {
            match self.trigger(e, &before) {
                Ok(trigger) => when = trigger,
                Err(Left) => ok = false,
            }
        }
        let scope = Scope { swapped: true, ..self.norm_scope(&when) };
        let (mut norm, base_ok) = self.norm_base(decl, NormKind::Right, &scope);
        ok &= base_ok;
        norm.when = when;
        // The right's bearer is owed; its addressee bears the ban on obstructing it.
        (norm.bearer, norm.owed_to) = match (norm.bearer, norm.owed_to) {
            (bearer, Who::EveryOtherOf(names)) => (
                Who::EachOf(names.clone()),
                match bearer {
                    Who::EachOf(own) => Who::EveryOtherOf(own),
                    other => other,
                },
            ),
            (bearer, owed_to) => (owed_to, bearer),
        };
        match decl.field("may").map(|f| &f.value) {
            Some(FieldValue::Content { cond, .. }) => ok &= self.cond(cond, &scope).is_ok(),
            Some(_) => ok = false,
            None => {
                self.missing(decl, "may", "say what the bearer may do: `may do ACT`");
                ok = false;
            }
        }
        if let Some(FieldValue::Expr(e)) = decl.field("obstructed by").map(|f| &f.value) {
            match self.event_pattern(e, &scope) {
                Ok(mut pattern) => {
                    let fact = self.agreement.facts.get(&pattern.fact);
                    let carries_by = fact.is_some_and(|f| f.roles.iter().any(|(r, _)| *r == "by"));
                    if carries_by
                        && !pattern.roles.iter().any(|(r, _)| *r == "by")
                        && norm.bearer != Who::Unstated
                    {
                        pattern.roles.push(("by".into(), Value::Bearer));
                    }
                    norm.parts =
                        vec![Part { verb: Verb::NotDo, cond: Cond::Fact(pattern), deadline: Deadline::None }];
                }
                Err(Left) => ok = false,
            }
        }
        if ok {
            self.agreement.norms.push(norm);
        }
    }

    fn power(&mut self, decl: &Decl) {
        let Some(name) = &decl.name else { return };
        let scope = Scope { bearer: true, ..Scope::default() };
        let mut ok = !decl.damaged;
        let bearer = self.bearer(decl, None).map_err(|_| ok = false).unwrap_or(Who::Unstated);
        let act = match decl.field("by act").map(|f| &f.value) {
            Some(FieldValue::Expr(e)) => self.event_pattern(e, &scope),
            Some(_) => Err(Left),
            None => Err(self.missing(decl, "by act", "say by which act it is used: `by act NOTICE`")),
        };
        let mut can = None;
        let mut on = Targets::Norms(Vec::new());
        match decl.field("can").map(|f| &f.value) {
            Some(FieldValue::Can { verb, by, on: targets }) => {
                can = Some(match verb.text.as_str() {
                    "start" => Change::Start,
                    "suspend" => Change::Suspend,
                    "resume" => Change::Resume,
                    "waive" => Change::Waive,
                    "object" => Change::Object,
                    "end" => Change::End,
                    _ => match by.as_ref().map(|span| self.fixed_span(span, None)) {
                        Some(Ok(span)) => Change::Extend(span),
                        _ => {
                            ok = false;
                            Change::End
                        }
                    },
                });
                on = match targets {
                    On::EveryDutyOfBearer => Targets::EveryNormOfActor,
                    On::EveryNorm => Targets::All,
                    On::Names(names) => {
                        let mut norms = Vec::new();
                        for name in names {
                            match self.norm_name(name) {
                                Ok(found) => norms.extend(found),
                                Err(Left) => ok = false,
                            }
                        }
                        Targets::Norms(norms)
                    }
                };
            }
            Some(_) => ok = false,
            None => {
                self.missing(
                    decl,
                    "can",
                    "say what the act does: `can suspend NORM`, `can end every duty of bearer`",
                );
                ok = false;
            }
        }
        let effect_after = match decl.field("effect at").map(|f| &f.value) {
            Some(FieldValue::EffectAt(Some(e))) => {
                self.effect(e, act.as_ref().ok()).map_err(|_| ok = false).ok()
            }
            _ => None,
        };
        let only_if = self.optional_cond(decl, "if", &scope).map_err(|_| ok = false).unwrap_or_default();
        let unless = self.optional_cond(decl, "unless", &scope).map_err(|_| ok = false).unwrap_or_default();
        let (mut silence, mut objection, mut addressee) = (None, None, None);
        if let Some(FieldValue::Silence { span, objection: by }) = decl.field("silence").map(|f| &f.value) {
            silence = self.fixed_span(span, None).map_err(|_| ok = false).ok();
            if let Some(e) = by {
                (objection, addressee) =
                    self.objection(e, &scope).map_err(|_| ok = false).unwrap_or_default();
            }
        }
        let clock_runs = match decl.field("clock") {
            Some(field) => self
                .one_of(field, &[("runs", true), ("stops", false)])
                .map_err(|_| ok = false)
                .unwrap_or(false),
            None => {
                if can == Some(Change::Suspend) && !decl.damaged {
                    self.report(
                        Diagnostic::warning(
                            "S0511",
                            decl.name_span(),
                            "the text does not say whether deadlines go on running during the suspension",
                        )
                        .help("add `clock runs` or `clock stops`; that they stop is taken for now"),
                    );
                }
                false
            }
        };
        let (Some(can), Ok(mut act), true) = (can, act, ok) else { return };
        // `by bearer` says once more that whoever acts must have the power. Left in, it would ask for the bearer of an act that is only
        // looked for; an act of somebody else is purported, with these words and without them.
        act.roles.retain(|(role, value)| role.as_str() != "by" || *value != Value::Bearer);
        let per = self.per(decl);
        self.agreement.powers.push(Power {
            name: name.text.clone(),
            bearer,
            can,
            on,
            act,
            effect_after,
            only_if,
            unless,
            silence,
            objection,
            addressee,
            clock_runs,
            clause: decl.clause,
            per,
            readback: String::new(),
        });
    }

    /// `12 months after withdrawal-notice`: a span after the act.
    fn effect(&mut self, e: &Expr, act: Option<&FactPattern>) -> Lowered<servanda_model::Span> {
        let ExprKind::Shift(span, true, of) = &e.kind else {
            return Err(self.report(
                Diagnostic::error(
                    "T0313",
                    e.span.clone(),
                    "the effect comes a length of time after the act, or at once",
                )
                .help("write `effect at 12 months after NOTICE` or `effect at once`"),
            ));
        };
        let names_act = match (&of.kind, act) {
            (ExprKind::Pattern(p), Some(act)) => p.name.text == act.fact,
            _ => true,
        };
        if !names_act {
            return Err(self.report(
                Diagnostic::error("T0313", of.span.clone(), "the time runs from the act of this power")
                    .help(format!("write `after {}`", act.map_or("", |a| a.fact.as_str()))),
            ));
        }
        self.fixed_span(span, None)
    }

    /// The act of objecting, and who may.
    fn objection(&mut self, e: &Expr, scope: &Scope) -> Lowered<(Option<FactPattern>, Option<Who>)> {
        let ExprKind::Pattern(p) = &e.kind else {
            return Err(self.event_pattern(e, scope).err().unwrap_or(Left));
        };
        let mut p = p.clone();
        let mut addressee = None;
        if let Some(at) = p.roles.iter().position(|(r, _)| r.text == "by") {
            match &p.roles[at].1.kind {
                ExprKind::EachOf(names) => {
                    let mut who = Vec::new();
                    for name in names {
                        who.push(self.actor(name)?);
                    }
                    addressee = Some(Who::EachOf(who));
                    p.roles.remove(at);
                }
                ExprKind::Pattern(name) if name.is_bare() && name.name.text != "bearer" => {
                    addressee = Some(Who::EachOf(vec![self.actor(&name.name)?]));
                }
                _ => {}
            }
        }
        let e = Expr { kind: ExprKind::Pattern(p), span: e.span.clone() };
        Ok((Some(self.event_pattern(&e, scope)?), addressee))
    }

    fn priority(&mut self, decl: &Decl) {
        let mut any = decl.damaged;
        for field in decl.all("rule") {
            any = true;
            let FieldValue::Rule { over, yields } = &field.value else { continue };
            let (over, yields) = (self.norm_name(over), self.norm_name(yields));
            let (Ok(over), Ok(yields)) = (over, yields) else { continue };
            for over in &over {
                for yields in &yields {
                    self.agreement.priorities.push(Priority { over: over.clone(), yields: yields.clone() });
                }
            }
        }
        if !any {
            self.missing(decl, "rule", "say which rule yields: `rule A over B`");
        }
    }

    /// `needs` of the agreement holds for every norm, unless the entry into force waits for the same.
    fn needs_of_the_agreement(&mut self) {
        let Some(decl) = self.decls(Keyword::Agreement).next() else { return };
        if decl.field("in force").is_none() || decl.field("needs").is_none() {
            return;
        }
        let seen = self.diagnostics.len();
        let needs = self.needs(decl, &Scope::default()).unwrap_or_default();
        self.diagnostics.truncate(seen);
        let waits_for = match &self.agreement.in_force {
            Some(moment) => facts_of_moment(moment),
            None => Vec::new(),
        };
        for cond in needs {
            if fact_in(&cond).is_some_and(|fact| waits_for.contains(&fact)) {
                continue;
            }
            for norm in &mut self.agreement.norms {
                norm.needs.push(cond.clone());
            }
        }
    }

    fn remedies_without_norm(&mut self, decls: &[&Decl]) {
        for decl in decls.iter().filter(|d| d.keyword == Keyword::Remedy) {
            let Some(name) = &decl.name else { continue };
            let named = decls.iter().flat_map(|d| d.all("on breach")).any(|f| match &f.value {
                FieldValue::Names(names) => names.iter().any(|n| n.text == name.text),
                _ => true,
            });
            if !named {
                self.report(
                    Diagnostic::warning(
                        "S0506",
                        name.span.clone(),
                        format!("no norm names the remedy `{}`: it never starts", name.text),
                    )
                    .help(format!("write `on breach remedy {}` in the norm that it answers", name.text)),
                );
            }
        }
    }
}

/// The first fact that a condition speaks of.
pub(super) fn fact_in(cond: &Cond) -> Option<Name> {
    match cond {
        Cond::Fact(pattern) => Some(pattern.fact.clone()),
        Cond::And(all) | Cond::Or(all) => all.iter().find_map(fact_in),
        Cond::Not(inner) | Cond::Run(_, inner, _) => fact_in(inner),
        Cond::Compare(a, _, b) | Cond::CompareBy(a, _, b) => fact_in_value(a).or_else(|| fact_in_value(b)),
        _ => None,
    }
}

fn fact_in_value(value: &Value) -> Option<Name> {
    match value {
        Value::Measure(pattern) => Some(pattern.fact.clone()),
        Value::Aggregate(aggregate) => Some(aggregate.of.fact.clone()),
        Value::Arith(a, _, b) => fact_in_value(a).or_else(|| fact_in_value(b)),
        Value::Call(_, all) => all.iter().find_map(fact_in_value),
        _ => None,
    }
}

fn facts_of_moment(moment: &Moment) -> Vec<Name> {
    match moment {
        Moment::Begins(cond) | Moment::Ends(cond) => fact_in(cond).into_iter().collect(),
        Moment::First(pattern) | Moment::AllOf(pattern, _) => vec![pattern.fact.clone()],
        Moment::After(_, of)
        | Moment::Before(_, of)
        | Moment::StartOfDay(_, of)
        | Moment::EndOfDay(_, of) => facts_of_moment(of),
        Moment::Detected(of) | Moment::Verified(of) | Moment::AfterReading(_, of) => facts_of_moment(of),
        _ => Vec::new(),
    }
}

fn names_by(cond: &Cond) -> bool {
    match cond {
        Cond::And(all) | Cond::Or(all) => all.iter().any(names_by),
        Cond::Not(inner) => names_by(inner),
        Cond::Compare(a, _, b) => [a, b].into_iter().any(|v| matches!(v, Value::Role(r) if *r == "by")),
        _ => false,
    }
}
